// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: class maps, policy maps and where policies apply.
 *
 * Responsible for: "class-map" and "match" (MPF-2), "policy-map" and "class", actions that are
 * kept without effect, "service-policy" in its three spellings (BYP-2, MPF-1), printing and
 * clearing them. Not responsible for: "set connection" (cmd_conn.c), matching (policy).
 *
 * class-default exists always and is matched last; it is printed in its place of entry.
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

/* ------------------------------------------------------------------ class maps */

static int do_class_map(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = cmd_get(a, "NAME");
	struct model_class *c = model_class_find(cfg_model(a), name);
	bool management = cmd_has(a, "management");
	struct model *m;

	(void)ctx;
	(void)out;
	if (a->no) {
		if (!c)
			return cmd_error(a, "%% class-map %s not configured", name);
		for (size_t i = 0; i < cfg_model(a)->policy_maps.n; i++) {
			const struct model_policy_map *pm = &cfg_model(a)->policy_maps.v[i];

			for (size_t k = 0; k < pm->classes.n; k++) {
				if (!strcmp(pm->classes.v[k].class_name, name))
					return cmd_error(a, "%% class-map %s is used by policy-map %s",
							 name, pm->name);
			}
		}
		m = cfg_edit(a);
		if (!m)
			return -ENOMEM;
		MODEL_REMOVE(&m->classes, (size_t)(model_class_find(m, name) - m->classes.v));
		return 0;
	}
	if (!strcmp(name, "class-default"))
		return cmd_error(a, "%% class-default is reserved");
	if (c && management && !c->management)
		return cmd_error(a, "%% class-map %s exists already and is of another type", name);
	if (!c) {
		m = cfg_edit(a);
		c = m ? MODEL_PUSH(&m->classes) : NULL;
		if (!c)
			return cfg_no_memory(a);
		name_copy(c->name, name);
		c->management = management;
	}
	cfg_enter(a, CONFIG_MODE_CLASS_MAP, name);
	return 0;
}

static struct model_class *class_edit(struct cmd_args *a)
{
	struct model *m = cfg_edit(a);
	struct model_class *c = m ? model_class_find(m, a->session->place.name) : NULL;

	if (m && !c)
		cmd_error(a, "%% class-map %s was removed", a->session->place.name);
	return c;
}

static int match_read(struct cmd_args *a, struct model_class *v)
{
	struct cursor c = { a, 3 };
	struct model_port port;
	struct text t;

	if (cmd_has(a, "access-list")) {
		v->match = MODEL_MATCH_ACL;
		name_copy(v->acl, cmd_get(a, "ACL"));
	} else if (cmd_has(a, "any")) {
		v->match = MODEL_MATCH_ANY;
	} else if (cmd_has(a, "default-inspection-traffic")) {
		v->match = MODEL_MATCH_DEFAULT_INSPECTION;
	} else if (cmd_has(a, "port")) {
		v->match = MODEL_MATCH_PORT;
		v->proto = !strcmp(a->v[2].text, "tcp") ? IPPROTO_TCP :
			   !strcmp(a->v[2].text, "udp") ? IPPROTO_UDP :
							  IPPROTO_SCTP;
		if (term_port(a, &c, v->proto, &port))
			return -EINVAL;
		v->lo = port.lo;
		v->hi = port.hi;
	} else {
		v->match = MODEL_MATCH_OTHER;
		text_init(&t, v->other, sizeof(v->other));
		for (size_t i = 0; i < a->n; i++)
			text_add(&t, "%s%s", i ? " " : "", a->v[i].text);
		if (t.full)
			return cmd_error(a, "the line is too long");
	}
	return 0;
}

static bool match_same(const struct model_class *x, const struct model_class *y)
{
	return x->match == y->match && x->proto == y->proto && x->lo == y->lo && x->hi == y->hi &&
	       !strcmp(x->acl, y->acl) && !strcmp(x->other, y->other);
}

static int match_remove(struct cmd_args *a, struct model_class *c, const struct model_class *v)
{
	if (c->match == MODEL_MATCH_DEFAULT_INSPECTION && v->match == MODEL_MATCH_ACL &&
	    !strcmp(c->acl, v->acl)) {
		c->acl[0] = '\0';
		return 0;
	}
	if (c->match != v->match || (v->match != MODEL_MATCH_DEFAULT_INSPECTION && !match_same(c, v)))
		return cmd_error(a, "%% class-map %s has no such match", c->name);
	c->match = MODEL_MATCH_NONE;
	c->proto = 0;
	c->lo = c->hi = 0;
	c->acl[0] = c->other[0] = '\0';
	return 0;
}

static int do_match(void *ctx, struct cmd_args *a, void *out)
{
	struct model_class v, *c;
	const struct model_class *now = model_class_find(cfg_model(a), a->session->place.name);
	bool narrows;

	(void)ctx;
	(void)out;
	memset(&v, 0, sizeof(v));
	if (match_read(a, &v))
		return -EINVAL;
	if (!now)
		return cmd_error(a, "%% class-map %s was removed", a->session->place.name);
	/* default-inspection-traffic may be narrowed by one access list, in either order (MPF-2). */
	narrows = (now->match == MODEL_MATCH_DEFAULT_INSPECTION && v.match == MODEL_MATCH_ACL) ||
		  (now->match == MODEL_MATCH_ACL && v.match == MODEL_MATCH_DEFAULT_INSPECTION);
	if (!a->no && now->match != MODEL_MATCH_NONE && !narrows && !match_same(now, &v))
		return cmd_error(a, "%% Multiple match commands are not supported except for the "
				    "\"match default-inspection-traffic\" command: class-map %s "
				    "has one already", now->name);
	if (!a->no && now->management && v.match != MODEL_MATCH_ACL && v.match != MODEL_MATCH_PORT &&
	    v.match != MODEL_MATCH_ANY)
		return cmd_error(a, "%% a management class matches an access list or a port");
	c = class_edit(a);
	if (!c)
		return -EINVAL;
	if (a->no)
		return match_remove(a, c, &v);
	/* dscp, precedence and rtp act on the first packet; the others are about VPN tunnels. */
	if (v.match == MODEL_MATCH_OTHER && (cmd_has(a, "flow") || cmd_has(a, "tunnel-group")))
		cmd_warn(a, "\"%s\" is not active yet: the class matches nothing", v.other);
	if (narrows) {
		if (v.match == MODEL_MATCH_ACL)
			name_copy(c->acl, v.acl);
		c->match = MODEL_MATCH_DEFAULT_INSPECTION;
		return 0;
	}
	c->match = v.match;
	c->proto = v.proto;
	c->lo = v.lo;
	c->hi = v.hi;
	memcpy(c->acl, v.acl, sizeof(c->acl));
	memcpy(c->other, v.other, sizeof(c->other));
	return 0;
}

static int do_map_description(void *ctx, struct cmd_args *a, void *out)
{
	const char *text = a->no ? "" : cmd_get(a, "TEXT");
	struct model_policy_map *pm;
	struct model_class *c;
	struct model *m;

	(void)ctx;
	(void)out;
	if (strlen(text) >= MODEL_TEXT_MAX)
		return cmd_error(a, "the description is longer than %d characters",
				 MODEL_TEXT_MAX - 1);
	if (a->session->place.mode == CONFIG_MODE_CLASS_MAP) {
		c = class_edit(a);
		if (!c)
			return -EINVAL;
		snprintf(c->description, sizeof(c->description), "%s", text);
		return 0;
	}
	m = cfg_edit(a);
	pm = m ? model_policy_map_find(m, a->session->place.name) : NULL;
	if (!pm)
		return m ? cmd_error(a, "%% policy-map %s was removed", a->session->place.name) :
			   -ENOMEM;
	snprintf(pm->description, sizeof(pm->description), "%s", text);
	return 0;
}

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

/* Lines of a class that are kept as words: inspections and other actions. */
static int line_keep(struct cmd_args *a, bool inspect)
{
	struct model_policy_class *pc = cfg_policy_class_edit(a);
	char buf[MODEL_TEXT_MAX], **v, ***list;
	size_t *n, *cap;
	struct text t;

	if (!pc)
		return -EINVAL;
	text_init(&t, buf, sizeof(buf));
	for (size_t i = inspect; i < a->n; i++)
		text_add(&t, "%s%s", t.len ? " " : "", a->v[i].text);
	if (t.full)
		return cmd_error(a, "the line is too long");
	list = inspect ? &pc->inspects.v : &pc->others.v;
	n = inspect ? &pc->inspects.n : &pc->others.n;
	cap = inspect ? &pc->inspects.cap : &pc->others.cap;
	for (size_t i = 0; i < *n; i++) {
		if (strcmp((*list)[i], buf))
			continue;
		if (a->no) {
			free((*list)[i]);
			model_remove_row(*list, n, i, sizeof(**list));
		}
		return 0;
	}
	if (a->no)
		return cmd_error(a, "%% class %s has no such action", pc->class_name);
	cmd_warn(a, "\"%s%s\" is not active yet: the line is kept", inspect ? "inspect " : "", buf);
	v = model_push_row((void **)list, n, cap, sizeof(**list));
	if (!v)
		return cfg_no_memory(a);
	*v = strdup(buf);
	if (!*v) {
		(*n)--;
		return cfg_no_memory(a);
	}
	return 0;
}

static int do_inspect(void *ctx, struct cmd_args *a, void *out)
{
	(void)ctx;
	(void)out;
	if (!a->no && class_is_management(a) != cmd_has(a, "radius-accounting"))
		return cmd_error(a, "%% inspect %s cannot be used with this type of class",
				 a->v[1].text);
	return line_keep(a, true);
}

static int do_action(void *ctx, struct cmd_args *a, void *out)
{
	(void)ctx;
	(void)out;
	if (!a->no && class_is_management(a) && !cmd_has(a, "flow-export") &&
	    !cmd_has(a, "user-statistics"))
		return cmd_error(a, "%% %s cannot be used with a management class", a->v[0].text);
	return line_keep(a, false);
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
#define CM CONFIG_IN(CONFIG_MODE_CLASS_MAP)
#define PM CONFIG_IN(CONFIG_MODE_POLICY_MAP)
#define PC CONFIG_IN(CONFIG_MODE_POLICY_CLASS)
#define INSPECTORS                                                                               \
	"ctiqbe | dcerpc | dns | esmtp | ftp | gtp | h323 | http | icmp | ils | im | ip-options | " \
	"ipsec-pass-thru | ipv6 | mgcp | mmp | netbios | pptp | radius-accounting | rsh | rtsp | "  \
	"sctp | sip | skinny | smtp | snmp | sqlnet | sunrpc | tftp | waas | xdmcp"

const struct config_command cmd_mpf_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ G, "class-map [type management] [{match-any | match-all}] <NAME:name>",
	  "class-map [type management] [{match-any | match-all}] <NAME:name>", "Class of traffic",
	  do_class_map },
	{ CM, "match any", "=", "What the class matches", do_match },
	{ CM, "match access-list <ACL:name>", "=", "What the class matches", do_match },
	{ CM, "match port tcp {eq <PORT:tport> | range <PORT:tport> <PORT:tport>}", "=",
	  "What the class matches", do_match },
	{ CM, "match port udp {eq <PORT:uport> | range <PORT:uport> <PORT:uport>}", "=",
	  "What the class matches", do_match },
	{ CM, "match port sctp {eq <PORT:port> | range <PORT:port> <PORT:port>}", "=",
	  "What the class matches", do_match },
	{ CM, "match default-inspection-traffic", "=", "What the class matches", do_match },
	{ CM, "match {dscp | precedence | rtp | flow | tunnel-group} <TEXT:line>", "=",
	  "What the class matches", do_match },
	{ CM | PM, "description <TEXT:line>", "description [<TEXT:line>]", "Description",
	  do_map_description },
	{ G, "policy-map <NAME:name>", "=", "Actions for classes of traffic", do_policy_map },
	{ PM, "class <NAME:name>", "=", "A class of traffic and its actions", do_class },
	{ PC, "inspect {" INSPECTORS "} [<TEXT:line>]", "=", "Application inspection", do_inspect },
	{ PC | CONFIG_WHOLE_WORDS, "police {input | output} <TEXT:line>", "=", "Limit the rate", do_action },
	{ PC | CONFIG_WHOLE_WORDS, "priority", "=", "Strict priority queueing", do_action },
	{ PC | CONFIG_WHOLE_WORDS, "{flow-export | ips | csc | cxsc | sfr | shape | ssm} <TEXT:line>", "=",
	  "Action kept without effect", do_action },
	{ PC | CONFIG_WHOLE_WORDS, "user-statistics {accounting | scanning}", "=", "Statistics per user", do_action },
	{ G, "service-policy <NAME:name> {global | interface <IF:name> | <IF:name>} [fail-close]",
	  "service-policy <NAME:name> [{global | interface <IF:name> | <IF:name>} [fail-close]]",
	  "Apply a policy map", do_service_policy },
};
const size_t n_cmd_mpf_rows = ARRAY_SIZE(cmd_mpf_rows);

/* ------------------------------------------------------------------ printing, clearing */

static void show_match(const struct show *sh, const struct model_class *c)
{
	static const char *const any = " match any\n";
	const char *proto = c->proto == IPPROTO_TCP ? "tcp" : c->proto == IPPROTO_UDP ? "udp" : "sctp";
	char x[VALUE_TEXT_MAX], y[VALUE_TEXT_MAX];

	switch (c->match) {
	case MODEL_MATCH_ANY:
		put(sh->sink, "%s", any);
		break;
	case MODEL_MATCH_ACL:
		put(sh->sink, " match access-list %s\n", c->acl);
		break;
	case MODEL_MATCH_PORT:
		if (c->lo == c->hi)
			put(sh->sink, " match port %s eq %s\n", proto,
			    value_port_text(c->lo, c->proto, x));
		else
			put(sh->sink, " match port %s range %s %s\n", proto,
			    value_port_text(c->lo, c->proto, x), value_port_text(c->hi, c->proto, y));
		break;
	case MODEL_MATCH_DEFAULT_INSPECTION:
		put(sh->sink, " match default-inspection-traffic\n");
		if (*c->acl)
			put(sh->sink, " match access-list %s\n", c->acl);
		break;
	case MODEL_MATCH_OTHER:
		put(sh->sink, " %s\n", c->other);
		break;
	case MODEL_MATCH_NONE:
		break;
	}
}

void show_class_maps(const struct show *sh)
{
	for (size_t i = 0; i < sh->m->classes.n; i++) {
		const struct model_class *c = &sh->m->classes.v[i];

		if (*sh->filter && strcmp(sh->filter, c->name))
			continue;
		put(sh->sink, "class-map %s%s\n", c->management ? "type management " : "", c->name);
		if (*c->description)
			put(sh->sink, " description %s\n", c->description);
		show_match(sh, c);
	}
	show_opaque(sh, OPAQUE_CLASS);
}

void show_policy_maps(const struct show *sh)
{
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

int clear_class_maps(struct model *m, const struct model *empty)
{
	(void)empty;
	m->classes.n = 0;
	return opaque_clear(m, "class-map");
}

int clear_policy_maps(struct model *m, const struct model *empty)
{
	(void)empty;
	for (size_t i = 0; i < m->policy_maps.n; i++)
		model_policy_map_clear(&m->policy_maps.v[i]);
	m->policy_maps.n = 0;
	return opaque_clear(m, "policy-map");
}

int clear_service_policies(struct model *m, const struct model *empty)
{
	(void)empty;
	m->service_policies.n = 0;
	return 0;
}
