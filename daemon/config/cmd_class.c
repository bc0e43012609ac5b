// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: class maps, which say what traffic a rule of a policy map is about.
 *
 * Responsible for: "class-map [type management]" and its one "match" (MPF-2), also with the access
 * list that narrows "match default-inspection-traffic"; printing and clearing them. Not responsible
 * for: class maps of inspectors (cmd_inspect.c), matching packets (policy).
 *
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

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
	if (model_imap_find(cfg_model(a), MODEL_IMAP_CLASS, name) ||
	    model_imap_find(cfg_model(a), MODEL_IMAP_REGEX, name))
		return cmd_error(a, "%% class-map %s exists already and is of another type", name);
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

/* A class has one match; these may stand beside it (MPF-2). */
static bool match_goes_with(const struct model_class *now, const struct model_class *v)
{
	if (now->match == MODEL_MATCH_NONE)
		return true;
	/* default-inspection-traffic may be narrowed by one access list, in either order */
	if (v->match == MODEL_MATCH_ACL)
		return now->match == MODEL_MATCH_DEFAULT_INSPECTION &&
		       (!*now->acl || !strcmp(now->acl, v->acl));
	return now->match == MODEL_MATCH_ACL && v->match == MODEL_MATCH_DEFAULT_INSPECTION;
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
	if (!a->no && ((!match_goes_with(now, &v) && !match_same(now, &v)) ||
		       ((*now->tunnel_group || now->flow) && v.match != MODEL_MATCH_OTHER)))
		return cmd_error(a, "%% Multiple match commands are not supported except for the "
				    "\"match default-inspection-traffic\" and \"match tunnel-group\" "
				    "commands: class-map %s has one already", now->name);
	if (!a->no && now->management && v.match != MODEL_MATCH_ACL && v.match != MODEL_MATCH_PORT &&
	    v.match != MODEL_MATCH_ANY)
		return cmd_error(a, "%% a management class matches an access list or a port");
	narrows = now->match != v.match && now->match != MODEL_MATCH_NONE;
	c = class_edit(a);
	if (!c)
		return -EINVAL;
	if (a->no)
		return match_remove(a, c, &v);
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

/* "match tunnel-group NAME" and "match flow ip destination-address" */
static int do_match_tunnel(void *ctx, struct cmd_args *a, void *out)
{
	const char *group = cmd_get(a, "GROUP");
	const struct model_class *now = model_class_find(cfg_model(a), a->session->place.name);
	struct model_class *c;

	(void)ctx;
	(void)out;
	if (!now)
		return cmd_error(a, "%% class-map %s was removed", a->session->place.name);
	if (a->no && (group ? strcmp(now->tunnel_group, group) != 0 : !now->flow))
		return cmd_error(a, "%% class-map %s has no such match", now->name);
	if (!a->no && (now->management ||
		       (now->match != MODEL_MATCH_NONE && now->match != MODEL_MATCH_OTHER) ||
		       (group && *now->tunnel_group && strcmp(now->tunnel_group, group))))
		return cmd_error(a, "%% class-map %s has a match already that does not go with this one",
				 now->name);
	c = class_edit(a);
	if (!c)
		return -EINVAL;
	if (group)
		name_copy(c->tunnel_group, a->no ? "" : group);
	else
		c->flow = !a->no;
	if (!a->no)
		cmd_warn(a, "there are no VPN tunnels: class-map %s matches nothing", c->name);
	return 0;
}

static int do_description(void *ctx, struct cmd_args *a, void *out)
{
	const char *text = a->no ? "" : cmd_get(a, "TEXT");
	struct model_class *c;

	(void)ctx;
	(void)out;
	if (strlen(text) >= MODEL_TEXT_MAX)
		return cmd_error(a, "the description is longer than %d characters",
				 MODEL_TEXT_MAX - 1);
	c = class_edit(a);
	if (!c)
		return -EINVAL;
	snprintf(c->description, sizeof(c->description), "%s", text);
	return 0;
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define CM CONFIG_IN(CONFIG_MODE_CLASS_MAP)
#define DSCP                                                                                       \
	"af11 | af12 | af13 | af21 | af22 | af23 | af31 | af32 | af33 | af41 | af42 | af43 | cs1 | " \
	"cs2 | cs3 | cs4 | cs5 | cs6 | cs7 | default | ef"
#define PRECEDENCE                                                                                 \
	"critical | flash | flash-override | immediate | internet | network | priority | routine"

const struct config_command cmd_class_rows[] = {
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
	{ CM, "match dscp {" DSCP " | <DSCP:n:0-63>}+", "=", "What the class matches", do_match },
	{ CM, "match precedence {" PRECEDENCE " | <PRECEDENCE:n:0-7>}+", "=", "What the class matches",
	  do_match },
	{ CM, "match rtp <START:n:2000-65535> <RANGE:n:0-16383>", "=", "What the class matches", do_match },
	{ CM, "match tunnel-group <GROUP:name>", "=", "What the class matches", do_match_tunnel },
	{ CM, "match flow ip destination-address", "=", "What the class matches", do_match_tunnel },
	{ CM, "description <TEXT:line>", "description [<TEXT:line>]", "Description", do_description },
};
const size_t n_cmd_class_rows = ARRAY_SIZE(cmd_class_rows);

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
	if (*c->tunnel_group)
		put(sh->sink, " match tunnel-group %s\n", c->tunnel_group);
	if (c->flow)
		put(sh->sink, " match flow ip destination-address\n");
}

void show_class_maps(const struct show *sh)
{
	show_inspect_classes(sh);
	show_opaque(sh, OPAQUE_CLASS);
	for (size_t i = 0; i < sh->m->classes.n; i++) {
		const struct model_class *c = &sh->m->classes.v[i];

		if (*sh->filter && strcmp(sh->filter, c->name))
			continue;
		put(sh->sink, "class-map %s%s\n", c->management ? "type management " : "", c->name);
		if (*c->description)
			put(sh->sink, " description %s\n", c->description);
		show_match(sh, c);
	}
}

int clear_class_maps(struct model *m, const struct model *empty)
{
	(void)empty;
	m->classes.n = 0;
	cfg_imaps_clear(m, MODEL_IMAP_REGEX);
	cfg_imaps_clear(m, MODEL_IMAP_CLASS);
	return opaque_clear(m, "class-map");
}
