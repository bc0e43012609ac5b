// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: policy maps and where they apply.
 *
 * Responsible for: "policy-map" and "class" (MPF-2), "inspect" and its map (MPF-7, MPF-16), actions
 * that are kept without effect, "service-policy" in its three spellings (BYP-2, MPF-1), printing and
 * clearing them. Not responsible for: class maps (cmd_class.c), "set connection" (cmd_conn.c), maps
 * of inspectors (cmd_inspect.c), matching (policy).
 *
 * class-default exists always and is matched last; it is printed in its place of entry.
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

/* ------------------------------------------------------------------ policy maps */

static int do_policy_map(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = cmd_get(a, "NAME");
	struct model_policy_map *pm = model_policy_map_find(cfg_model(a), name);
	struct model *m;

	(void)ctx;
	(void)out;
	if (a->no) {
		if (!pm)
			return cmd_error(a, "%% policy-map %s not configured", name);
		for (size_t i = 0; i < cfg_model(a)->service_policies.n; i++) {
			if (!strcmp(cfg_model(a)->service_policies.v[i].policy_map, name))
				return cmd_error(a, "%% policy-map %s is used by a service-policy", name);
		}
		m = cfg_edit(a);
		if (!m)
			return -ENOMEM;
		pm = model_policy_map_find(m, name);
		model_policy_map_clear(pm);
		MODEL_REMOVE(&m->policy_maps, (size_t)(pm - m->policy_maps.v));
		return 0;
	}
	if (model_imap_find(cfg_model(a), MODEL_IMAP_POLICY, name))
		return cmd_error(a, "%% policy-map %s exists already and is of another type", name);
	if (!pm) {
		m = cfg_edit(a);
		pm = m ? MODEL_PUSH(&m->policy_maps) : NULL;
		if (!pm)
			return cfg_no_memory(a);
		name_copy(pm->name, name);
	}
	cfg_enter(a, CONFIG_MODE_POLICY_MAP, name);
	return 0;
}

static int do_description(void *ctx, struct cmd_args *a, void *out)
{
	const char *text = a->no ? "" : cmd_get(a, "TEXT");
	struct model_policy_map *pm;
	struct model *m;

	(void)ctx;
	(void)out;
	if (strlen(text) >= MODEL_TEXT_MAX)
		return cmd_error(a, "the description is longer than %d characters",
				 MODEL_TEXT_MAX - 1);
	m = cfg_edit(a);
	pm = m ? model_policy_map_find(m, a->session->place.name) : NULL;
	if (!pm)
		return m ? cmd_error(a, "%% policy-map %s was removed", a->session->place.name) :
			   -ENOMEM;
	snprintf(pm->description, sizeof(pm->description), "%s", text);
	return 0;
}

struct model_policy_class *cfg_policy_class(const struct model *m, const struct cfg_place *p)
{
	const struct model_policy_map *pm = model_policy_map_find(m, p->name);

	for (size_t i = 0; pm && i < pm->classes.n; i++) {
		if (!strcmp(pm->classes.v[i].class_name, p->class_name))
			return &pm->classes.v[i];
	}
	return NULL;
}

struct model_policy_class *cfg_policy_class_edit(struct cmd_args *a)
{
	struct model *m = cfg_edit(a);
	struct model_policy_class *pc = m ? cfg_policy_class(m, &a->session->place) : NULL;

	if (m && !pc)
		cmd_error(a, "%% class %s of policy-map %s was removed", a->session->place.class_name,
			  a->session->place.name);
	return pc;
}

static int do_class(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = cmd_get(a, "NAME");
	struct cfg_place place = a->session->place;
	struct model_policy_class *pc;
	struct model_policy_map *pm;
	struct model *m;

	(void)ctx;
	(void)out;
	name_copy(place.class_name, name);
	if (strcmp(name, "class-default") && !model_class_find(cfg_model(a), name))
		return cmd_error(a, "%% class-map %s not configured", name);
	if (!model_policy_map_find(cfg_model(a), place.name))
		return cmd_error(a, "%% policy-map %s was removed", place.name);
	pc = cfg_policy_class(cfg_model(a), &place);
	if (a->no && !pc)
		return cmd_error(a, "%% class %s is not in policy-map %s", name, place.name);
	if (a->no || !pc) {
		m = cfg_edit(a);
		if (!m)
			return -ENOMEM;
		pm = model_policy_map_find(m, place.name);
		if (a->no) {
			pc = cfg_policy_class(m, &place);
			model_policy_class_clear(pc);
			MODEL_REMOVE(&pm->classes, (size_t)(pc - pm->classes.v));
			return 0;
		}
		pc = MODEL_PUSH(&pm->classes);
		if (!pc)
			return cfg_no_memory(a);
		name_copy(pc->class_name, name);
		model_conn_settings_init(&pc->conn);
	}
	cfg_enter(a, CONFIG_MODE_POLICY_CLASS, name);
	return 0;
}

static bool class_is_management(const struct cmd_args *a)
{
	const struct model_class *c = model_class_find(cfg_model(a), a->session->place.class_name);

	return c && c->management;
}

static int line_text(struct cmd_args *a, size_t from, char *buf, size_t size)
{
	struct text t;

	text_init(&t, buf, size);
	for (size_t i = from; i < a->n; i++)
		text_add(&t, "%s%s", t.len ? " " : "", a->v[i].text);
	return t.full ? cmd_error(a, "the line is too long") : 0;
}

/* Lines of a class that are kept as words. 'list' is a vector of model_policy_class. */
static int line_push(struct cmd_args *a, char ***v, size_t *n, size_t *cap, const char *text)
{
	char *copy = strdup(text), **row = copy ? model_push_row((void **)v, n, cap, sizeof(**v)) : NULL;

	if (!row) {
		free(copy);
		return cfg_no_memory(a);
	}
	*row = copy;
	return 0;
}

/* The line that inspects the same as 'words', whatever its map. => n: none */
static size_t inspect_find(const struct model_policy_class *pc, const char *words)
{
	char key[MODEL_NAME_MAX], other[MODEL_NAME_MAX], map[MODEL_NAME_MAX];
	size_t i = 0;

	cfg_inspect_parts(words, key, map);
	for (; i < pc->inspects.n; i++) {
		cfg_inspect_parts(pc->inspects.v[i], other, map);
		if (!strcmp(key, other))
			break;
	}
	return i;
}

/* "no inspect sip" also means "inspect sip MAP"; with a map or an option it must be the same line. */
static int inspect_remove(struct cmd_args *a, const char *words)
{
	struct model_policy_class *pc = cfg_policy_class_edit(a);
	size_t i = pc ? inspect_find(pc, words) : 0;

	if (!pc)
		return -EINVAL;
	if (i == pc->inspects.n || (strlen(words) < strlen(pc->inspects.v[i]) ?
				    strncmp(words, pc->inspects.v[i], strlen(words)) :
				    strcmp(words, pc->inspects.v[i])))
		return cmd_error(a, "%% class %s has no such action", pc->class_name);
	free(pc->inspects.v[i]);
	MODEL_REMOVE(&pc->inspects, i);
	return 0;
}

static int do_inspect(void *ctx, struct cmd_args *a, void *out)
{
	char words[MODEL_TEXT_MAX], key[MODEL_NAME_MAX], map[MODEL_NAME_MAX];
	struct model_policy_class *pc;
	size_t i;

	(void)ctx;
	(void)out;
	if (!a->no && class_is_management(a) != cmd_has(a, "radius-accounting"))
		return cmd_error(a, "%% inspect %s cannot be used with this type of class",
				 a->v[1].text);
	if (line_text(a, 1, words, sizeof(words)))
		return -EINVAL;
	if (a->no)
		return inspect_remove(a, words);
	cfg_inspect_parts(words, key, map);
	if (!cfg_inspect_map_exists(cfg_model(a), words))
		return cmd_error(a, "%% %s %s not configured",
				 !strcmp(key, "snmp") ? "snmp-map" : "policy-map", map);
	pc = cfg_policy_class_edit(a);
	if (!pc)
		return -EINVAL;
	i = inspect_find(pc, words);
	if (i < pc->inspects.n && strcmp(pc->inspects.v[i], words))
		return cmd_error(a, "%% Inspect configuration of this type exists (inspect %s), first "
				    "remove that configuration and then add the new configuration",
				 pc->inspects.v[i]);
	if (i < pc->inspects.n)
		return 0;
	if (strcmp(key, "ip-options"))
		cmd_warn(a, "\"inspect %s\" is not active yet: the line is kept", words);
	return line_push(a, &pc->inspects.v, &pc->inspects.n, &pc->inspects.cap, words);
}

/* Actions of which a class has one: the words that name it. */
static bool replaces(const char *now, const char *line)
{
	static const char *const singles[] = { "ips", "csc", "cxsc",
					       "sfr", "shape", "user-statistics" };

	for (size_t i = 0; i < ARRAY_SIZE(singles); i++) {
		size_t len = strlen(singles[i]);

		if (!strncmp(now, singles[i], len) && !strncmp(line, singles[i], len))
			return true;
	}
	return !strcmp(now, line);
}

static int do_police(void *ctx, struct cmd_args *a, void *out)
{
	struct model_police v = { .rate = cmd_u32(a, "RATE", 0), .burst = cmd_u32(a, "BURST", 0) };
	struct model_policy_class *pc;
	int output = cmd_has(a, "output");

	(void)ctx;
	(void)out;
	if (!a->no && class_is_management(a))
		return cmd_error(a, "%% police cannot be used with a management class");
	for (size_t i = 3; i + 1 < a->n && !a->no; i++) {
		v.conform_drop |= !strcmp(a->v[i].text, "conform-action") && !strcmp(a->v[i + 1].text, "drop");
		v.exceed_transmit |= !strcmp(a->v[i].text, "exceed-action") &&
				     !strcmp(a->v[i + 1].text, "transmit");
	}
	pc = cfg_policy_class_edit(a);
	if (!pc)
		return -EINVAL;
	if (a->no && !pc->police[output].rate)
		return cmd_error(a, "%% class %s has no such action", pc->class_name);
	pc->police[output] = a->no ? (struct model_police){ 0 } : v;
	return 0;
}

static int do_action(void *ctx, struct cmd_args *a, void *out)
{
	struct model_policy_class *pc;
	char line[MODEL_TEXT_MAX];
	bool found = false;

	(void)ctx;
	(void)out;
	if (!a->no && class_is_management(a) && !cmd_has(a, "flow-export") &&
	    !cmd_has(a, "user-statistics"))
		return cmd_error(a, "%% %s cannot be used with a management class", a->v[0].text);
	if (line_text(a, 0, line, sizeof(line)))
		return -EINVAL;
	pc = cfg_policy_class_edit(a);
	for (size_t i = pc ? pc->others.n : 0; i-- > 0;) {
		const char *now = pc->others.v[i];
		bool same = !strcmp(now, line);

		/* "no police input" is enough; "no ips" too */
		if (a->no ? strncmp(now, line, strlen(line)) : !replaces(now, line))
			continue;
		if (!a->no && same)
			return 0;
		free(pc->others.v[i]);
		MODEL_REMOVE(&pc->others, i);
		found = true;
	}
	if (!pc)
		return -EINVAL;
	if (a->no)
		return found ? 0 : cmd_error(a, "%% class %s has no such action", pc->class_name);
	if (strcmp(a->v[0].text, "ips") && strcmp(a->v[0].text, "csc"))
		cmd_warn(a, "\"%s\" is not active yet: the line is kept", line);
	return line_push(a, &pc->others.v, &pc->others.n, &pc->others.cap, line);
}

/* ------------------------------------------------------------------ service policies */

static int do_service_policy(void *ctx, struct cmd_args *a, void *out)
{
	struct model_service_policy sp = { .global = cmd_has(a, "global"),
					   .fail_close = cmd_has(a, "fail-close") };
	const char *ifname = cmd_get(a, "IF");
	struct model_service_policy *row;
	struct model *m;

	(void)ctx;
	(void)out;
	name_copy(sp.policy_map, cmd_get(a, "NAME"));
	if (ifname)
		name_copy(sp.ifname, ifname);
	if (!a->no && !model_policy_map_find(cfg_model(a), sp.policy_map))
		return cmd_error(a, "%% policy-map %s not configured", sp.policy_map);
	if (!a->no && sp.fail_close)
		cmd_warn(a, "fail-close is not active yet: IPv6 passes where an inspection is for IPv4 only");
	for (size_t i = 0; i < cfg_model(a)->service_policies.n; i++) {
		const struct model_service_policy *now = &cfg_model(a)->service_policies.v[i];
		bool same = !strcmp(now->policy_map, sp.policy_map);

		/* "no service-policy NAME" alone means wherever it is. */
		if ((ifname || sp.global || !a->no) &&
		    (now->global != sp.global || strcmp(now->ifname, sp.ifname)))
			continue;
		if (a->no && !same)
			continue;
		if (!same)
			return cmd_error(a, "%% Policy map %s is already configured %s%s: remove it "
					    "first", now->policy_map,
					 now->global ? "as a service policy for all interfaces (global)" :
						       "as a service policy on interface ",
					 now->ifname);
		m = cfg_edit(a);
		if (!m)
			return -ENOMEM;
		if (a->no)
			MODEL_REMOVE(&m->service_policies, i);
		else
			m->service_policies.v[i] = sp;
		return 0;
	}
	if (a->no)
		return cmd_error(a, "%% policy-map %s is not applied there", sp.policy_map);
	m = cfg_edit(a);
	row = m ? MODEL_PUSH(&m->service_policies) : NULL;
	if (!row)
		return cfg_no_memory(a);
	*row = sp;
	return 0;
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define PM CONFIG_IN(CONFIG_MODE_POLICY_MAP)
#define PC CONFIG_IN(CONFIG_MODE_POLICY_CLASS)
#define W (PC | CONFIG_WHOLE_WORDS)
#define INSPECT "Application inspection"

const struct config_command cmd_mpf_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ PM, "description <TEXT:line>", "description [<TEXT:line>]", "Description",
	  do_description },
	{ G, "policy-map <NAME:name>", "=", "Actions for classes of traffic", do_policy_map },
	{ PM, "class <NAME:name>", "=", "A class of traffic and its actions", do_class },
	{ PC, "inspect {ctiqbe | ils | mmp | pptp | rsh | smtp | sqlnet | sunrpc | tftp | waas | xdmcp}",
	  "=", INSPECT, do_inspect },
	{ PC, "inspect {dcerpc | esmtp | gtp | http | im | ip-options | ipsec-pass-thru | ipv6 | mgcp | "
	      "netbios | radius-accounting | rtsp | sctp | snmp} [<MAP:name>]", "=", INSPECT, do_inspect },
	{ PC, "inspect {sip | skinny} [<MAP:name>] [tls-proxy <PROXY:name>]", "=", INSPECT, do_inspect },
	{ PC, "inspect dns [<MAP:name>] [dynamic-filter-snoop]", "=", INSPECT, do_inspect },
	{ PC, "inspect ftp [strict [<MAP:name>]]", "=", INSPECT, do_inspect },
	{ PC, "inspect h323 [{h225 | ras} [<MAP:name>]]", "=", INSPECT, do_inspect },
	{ PC, "inspect icmp [error]", "=", INSPECT, do_inspect },
	{ PC, "police {input | output} <RATE:n:8000-2000000000> [<BURST:n:1000-512000000>] "
	      "[conform-action {drop | transmit}] [exceed-action {drop | transmit}]",
	  "police {input | output} [<TEXT:line>]", "Limit the rate of the class", do_police },
	{ PC, "priority", "=", "Strict priority queueing", do_action },
	{ W, "ips {inline | promiscuous} {fail-close | fail-open} [sensor <SENSOR:name>]",
	  "ips [<TEXT:line>]", "Hand packets to an intrusion prevention module", do_action },
	{ W, "{csc | sfr | cxsc} {fail-close | fail-open} [{monitor-only | auth-proxy}]",
	  "{csc | sfr | cxsc} [<TEXT:line>]", "Hand packets to a service module", do_action },
	{ W, "flow-export event-type {all | flow-create | flow-denied | flow-teardown | flow-update} "
	     "destination <HOST:addr> [<HOST:addr>]*", "=", "Export of events of connections", do_action },
	{ W, "{shape | ssm} <TEXT:line>", "=", "Action kept without effect", do_action },
	{ W, "user-statistics {accounting | scanning}", "user-statistics [{accounting | scanning}]",
	  "Statistics per user", do_action },
	{ G, "service-policy <NAME:name> {global | interface <IF:name> | <IF:name>} [fail-close]",
	  "service-policy <NAME:name> [{global | interface <IF:name> | <IF:name>} [fail-close]]",
	  "Apply a policy map", do_service_policy },
};
const size_t n_cmd_mpf_rows = ARRAY_SIZE(cmd_mpf_rows);

/* ------------------------------------------------------------------ printing, clearing */

static void show_police(const struct show *sh, const struct model_policy_class *pc)
{
	for (int out = 0; out < 2; out++) {
		const struct model_police *p = &pc->police[out];

		if (!p->rate)
			continue;
		put(sh->sink, "  police %s %u", out ? "output" : "input", p->rate);
		if (p->burst)
			put(sh->sink, " %u", p->burst);
		if (p->conform_drop)
			put(sh->sink, " conform-action drop");
		if (p->exceed_transmit)
			put(sh->sink, " exceed-action transmit");
		put(sh->sink, "\n");
	}
}

void show_policy_maps(const struct show *sh)
{
	show_inspect_maps(sh);
	show_opaque(sh, OPAQUE_POLICY);
	for (size_t i = 0; i < sh->m->policy_maps.n; i++) {
		const struct model_policy_map *pm = &sh->m->policy_maps.v[i];

		if (*sh->filter && strcmp(sh->filter, pm->name))
			continue;
		put(sh->sink, "policy-map %s\n", pm->name);
		if (*pm->description)
			put(sh->sink, " description %s\n", pm->description);
		for (size_t k = 0; k < pm->classes.n; k++) {
			const struct model_policy_class *pc = &pm->classes.v[k];

			put(sh->sink, " class %s\n", pc->class_name);
			show_conn_settings(sh, &pc->conn);
			for (size_t j = 0; j < pc->inspects.n; j++)
				put(sh->sink, "  inspect %s\n", pc->inspects.v[j]);
			show_police(sh, pc);
			for (size_t j = 0; j < pc->others.n; j++)
				put(sh->sink, "  %s\n", pc->others.v[j]);
		}
	}
}

void show_service_policies(const struct show *sh)
{
	for (size_t i = 0; i < sh->m->service_policies.n; i++) {
		const struct model_service_policy *sp = &sh->m->service_policies.v[i];

		put(sh->sink, "service-policy %s %s%s%s\n", sp->policy_map,
		    sp->global ? "global" : "interface ", sp->ifname,
		    sp->fail_close ? " fail-close" : "");
	}
}

int clear_policy_maps(struct model *m, const struct model *empty)
{
	(void)empty;
	for (size_t i = 0; i < m->policy_maps.n; i++)
		model_policy_map_clear(&m->policy_maps.v[i]);
	m->policy_maps.n = 0;
	cfg_imaps_clear(m, MODEL_IMAP_POLICY);
	return opaque_clear(m, "policy-map");
}

int clear_service_policies(struct model *m, const struct model *empty)
{
	(void)empty;
	m->service_policies.n = 0;
	return 0;
}
