// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: access lists and where they apply.
 *
 * Responsible for: "access-list" (extended, standard, remark; insertion by line, removal by line
 * or text; ACL-1), "access-group", and printing and clearing them. Not responsible for: matching
 * packets (policy/acl.c).
 *
 * A rule is known by its canonical text: the same rule entered in another spelling is the same
 * rule. To find doubles in a list of 100,000 rules the text hashes of the list that is being
 * filled are kept between lines, as long as nothing else changes the list.
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

/* A rule as it was read, before it becomes a row. */
struct ace_read {
	char text[MODEL_TEXT_MAX];
	struct model_ace e;
};

/* ------------------------------------------------------------------ one rule */

static int ace_proto(struct cmd_args *a, struct cursor *c, struct model_ace *e)
{
	const struct model_group *g;
	const char *w;

	if (cur_take(c, "object")) {
		w = cur_next(c);
		if (!model_object_find(cfg_model(a), w, true))
			return cmd_error(a, "object service %s does not exist", w);
		e->proto.kind = MODEL_PROTO_SVC_OBJECT;
		name_copy(e->proto.name, w);
		return 0;
	}
	if (!cur_take(c, "object-group")) {
		term_proto(c, &e->proto);
		return 0;
	}
	w = cur_next(c);
	g = model_group_find(cfg_model(a), w);
	if (!g)
		return cmd_error(a, "object-group %s does not exist", w);
	if (g->kind == MODEL_GROUP_PROTOCOL)
		e->proto.kind = MODEL_PROTO_GROUP;
	else if (g->kind == MODEL_GROUP_SERVICE && !*g->svc_proto)
		e->proto.kind = MODEL_PROTO_SVC_GROUP;
	else
		return cmd_error(a, "object-group %s is not a group of protocols or services", w);
	name_copy(e->proto.name, w);
	return 0;
}

/* How ports of the rule are named: by the protocol, or numbers that any protocol has. */
static int ace_port_names(const struct model_ace *e)
{
	return e->proto.kind == MODEL_PROTO_NUM ? e->proto.num : 0;
}

static int ace_icmp(struct cmd_args *a, struct cursor *c, struct model_ace *e)
{
	const struct model_group *g;

	e->icmp = (struct model_icmp){ .type = -1, .code = -1 };
	if (e->proto.kind != MODEL_PROTO_NUM ||
	    (e->proto.num != IPPROTO_ICMP && e->proto.num != IPPROTO_ICMPV6))
		return 0;
	if (!cur_take(c, "object-group"))
		return term_icmp(c, e->proto.num == IPPROTO_ICMPV6, &e->icmp);
	g = model_group_find(cfg_model(a), cur_peek(c));
	if (!g || g->kind != MODEL_GROUP_ICMP)
		return cmd_error(a, "object-group %s is not of type icmp-type", cur_peek(c));
	name_copy(e->icmp.group, cur_next(c));
	e->icmp.set = true;
	return 0;
}

static void ace_end(struct cursor *c, struct model_ace *e)
{
	uint32_t v;

	e->log_level = e->log_interval = -1;
	while (!cur_end(c)) {
		if (cur_take(c, "log")) {
			e->log = true;
			if (cur_take(c, "disable")) {
				e->log_level = 8;
			} else if (cur_take(c, "default")) {
				e->log = false;
			} else if (!cur_end(c) && c->a->v[c->i].label &&
				   !strcmp(c->a->v[c->i].label, "LEVEL")) {
				value_level(cur_next(c), &e->log_level);
			}
			if (cur_take(c, "interval") && !value_u32(cur_next(c), 1, 600, &v))
				e->log_interval = (int)v;
		} else if (cur_take(c, "time-range")) {
			name_copy(e->time_range, cur_next(c));
		} else {
			e->inactive |= cur_take(c, "inactive");
			if (!e->inactive)
				cur_next(c);
		}
	}
}

static int ace_text(struct cmd_args *a, struct ace_read *r)
{
	const struct model_ace *e = &r->e;
	int names = ace_port_names(e);
	char x[VALUE_TEXT_MAX];
	struct text t;

	text_init(&t, r->text, sizeof(r->text));
	text_add(&t, "%s", e->permit ? "permit" : "deny");
	if (e->standard) {
		text_addr(&t, &e->src);
		return 0;
	}
	if (e->proto.kind == MODEL_PROTO_SVC_OBJECT)
		text_add(&t, " object %s", e->proto.name);
	else if (e->proto.kind == MODEL_PROTO_GROUP || e->proto.kind == MODEL_PROTO_SVC_GROUP)
		text_add(&t, " object-group %s", e->proto.name);
	else
		text_add(&t, " %s", value_proto_text(e->proto.num, x));
	text_addr(&t, &e->src);
	text_port(&t, &e->sport, names);
	text_addr(&t, &e->dst);
	text_port(&t, &e->dport, names);
	text_icmp(&t, &e->icmp, names == IPPROTO_ICMPV6);
	if (e->log) {
		text_add(&t, " log");
		if (e->log_level == 8)
			text_add(&t, " disable");
		else if (e->log_level >= 0)
			text_add(&t, " %s", value_level_text(e->log_level));
		if (e->log_interval > 0)
			text_add(&t, " interval %d", e->log_interval);
	}
	if (*e->time_range)
		text_add(&t, " time-range %s", e->time_range);
	if (e->inactive)
		text_add(&t, " inactive");
	return t.full ? cmd_error(a, "the rule is too long") : 0;
}

static int ace_read(struct cmd_args *a, struct cursor *c, struct ace_read *r)
{
	const struct model *m = cfg_model(a);
	struct model_ace *e = &r->e;

	e->permit = cur_take(c, "permit");
	if (!e->permit)
		cur_next(c);
	if (e->standard) {
		if (term_addr(a, c, &e->src))
			return -EINVAL;
		if (e->src.kind == MODEL_ADDR_ANY)
			e->src.kind = MODEL_ADDR_ANY4;
		e->log_level = e->log_interval = -1;
		return ace_text(a, r);
	}
	if (ace_proto(a, c, e) || term_addr(a, c, &e->src))
		return -EINVAL;
	if (term_is_port(m, c) && term_port(a, c, ace_port_names(e), &e->sport))
		return -EINVAL;
	if (term_addr(a, c, &e->dst))
		return -EINVAL;
	if (term_is_port(m, c) && term_port(a, c, ace_port_names(e), &e->dport))
		return -EINVAL;
	if (ace_icmp(a, c, e))
		return -EINVAL;
	ace_end(c, e);
	return ace_text(a, r);
}

/* ------------------------------------------------------------------ doubles */

/* Same kind and same words. */
static bool ace_same(const struct model_ace *x, const struct ace_read *y)
{
	return x->remark == y->e.remark && x->standard == y->e.standard &&
	       !strcmp(x->text, y->text);
}

static void index_put(struct ace_index *x, uint32_t hash, uint32_t row)
{
	size_t i = hash & (x->size - 1);

	while (x->rows[i])
		i = (i + 1) & (x->size - 1);
	x->rows[i] = row + 1;
}

static bool index_build(struct ace_index *x, const struct model *m, const struct model_acl *l)
{
	size_t size = 64;
	uint32_t *rows;

	while (size < model_acl_n(l) * 4)
		size *= 2;
	rows = calloc(size, sizeof(*rows));
	free(x->rows);
	x->rows = rows;
	x->size = rows ? size : 0;
	x->model = m;
	name_copy(x->acl, l->name);
	x->n = model_acl_n(l);
	for (size_t i = 0; rows && i < x->n; i++)
		index_put(x, model_text_hash(model_acl_at(l, i)->text), (uint32_t)i);
	return rows;
}

/* Is the rule in the list already? => its row, or -1. */
static long ace_find(struct config_session *s, const struct model *m, const struct model_acl *l,
		     const struct ace_read *e)
{
	struct ace_index *x = &s->aces;
	size_t n = model_acl_n(l);

	/* Short lists and other models (nothing was changed yet) are not worth an index. */
	if (n < 64 || m != s->work) {
		long i = model_acl_find_text(l, 0, e->text);

		while (i >= 0 && !ace_same(model_acl_at(l, (size_t)i), e))
			i = model_acl_find_text(l, (size_t)i + 1, e->text);
		return i;
	}
	if (x->model != m || x->n != n || strcmp(x->acl, l->name) || x->size < n * 2) {
		if (!index_build(x, m, l))
			return -1;
	}
	for (size_t i = model_text_hash(e->text) & (x->size - 1); x->rows[i]; i = (i + 1) & (x->size - 1)) {
		if (ace_same(model_acl_at(l, x->rows[i] - 1), e))
			return (long)x->rows[i] - 1;
	}
	return -1;
}

void cfg_ace_index_drop(struct config_session *s)
{
	free(s->aces.rows);
	memset(&s->aces, 0, sizeof(s->aces));
}

/* ------------------------------------------------------------------ the list */

static int acl_remove(struct cmd_args *a, const struct model_acl *l, const struct ace_read *e,
		      uint32_t line)
{
	struct model *m;
	struct model_acl *edit;
	long row = -1;

	if (!l)
		return cmd_error(a, "access-list %s does not exist", cmd_get(a, "ACL"));
	if (e)
		row = ace_find(a->session, cfg_model(a), l, e);
	if (e && (row < 0 || (line && row != (long)line - 1)))
		return cmd_error(a, "the access list element does not exist in %s", l->name);
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	cfg_ace_index_drop(a->session);
	edit = model_acl_find(m, cmd_get(a, "ACL"));
	if (e && model_acl_remove(edit, (size_t)row))
		return cfg_no_memory(a);
	if (!e || !model_acl_n(edit)) {
		model_acl_clear(edit);
		MODEL_REMOVE(&m->acls, (size_t)(edit - m->acls.v));
		return cfg_check_references(a);
	}
	return 0;
}

static int acl_insert(struct cmd_args *a, const struct ace_read *e, uint32_t line)
{
	const char *name = cmd_get(a, "ACL");
	struct model *m = cfg_edit(a);
	struct model_acl *l;
	struct ace_index *x = &a->session->aces;
	size_t n;

	if (!m)
		return -ENOMEM;
	l = model_acl_find(m, name);
	if (!l) {
		l = MODEL_PUSH(&m->acls);
		if (!l)
			return cfg_no_memory(a);
		name_copy(l->name, name);
	}
	n = model_acl_n(l);
	if (!line || line > n)
		line = n + 1;
	if (!model_acl_insert(l, line - 1, &e->e, e->text))
		return cfg_no_memory(a);
	if (x->model == m && x->n == n && line == n + 1 && !strcmp(x->acl, name) &&
	    x->size > (n + 1) * 2) {
		index_put(x, model_text_hash(e->text), (uint32_t)x->n);
		x->n++;
	} else {
		x->model = NULL;
	}
	return 0;
}

static int do_access_list(void *ctx, struct cmd_args *a, void *out)
{
	const struct model_acl *l = model_acl_find(cfg_model(a), cmd_get(a, "ACL"));
	uint32_t line = cmd_u32(a, "LINE", 0);
	struct cursor c = { a, line ? 4 : 2 };
	struct ace_read e;

	(void)ctx;
	(void)out;
	memset(&e, 0, sizeof(e));
	e.e.log_level = e.e.log_interval = -1;
	if (c.i >= a->n) /* "no access-list NAME" */
		return acl_remove(a, l, NULL, 0);
	if (cur_take(&c, "remark")) {
		e.e.remark = true;
		if (strlen(cur_peek(&c)) >= sizeof(e.text))
			return cmd_error(a, "the remark is longer than %zu characters",
					 sizeof(e.text) - 1);
		snprintf(e.text, sizeof(e.text), "%s", cur_peek(&c));
	} else {
		e.e.standard = cur_take(&c, "standard");
		cur_take(&c, "extended");
		if (ace_read(a, &c, &e))
			return -EINVAL;
	}
	if (a->no)
		return acl_remove(a, l, &e, line);
	for (size_t i = 0; l && !e.e.remark && i < model_acl_n(l); i++) {
		if (model_acl_at(l, i)->remark)
			continue;
		if (model_acl_at(l, i)->standard != e.e.standard)
			return cmd_error(a, "access-list %s is %s", l->name,
					 e.e.standard ? "extended" : "standard");
		break;
	}
	if (l && !e.e.remark && ace_find(a->session, cfg_model(a), l, &e) >= 0) {
		cmd_warn(a, "access-list %s already has this element", l->name);
		return 0;
	}
	return acl_insert(a, &e, line);
}

static int do_log_limits(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m = cfg_edit(a);

	(void)ctx;
	(void)out;
	if (!m)
		return -ENOMEM;
	if (cmd_has(a, "deny-flow-max"))
		m->deny_flow_max = a->no ? 0 : (int)cmd_u32(a, "FLOWS", 0);
	else
		m->alert_interval = a->no ? 0 : (int)cmd_u32(a, "SECONDS", 0);
	return 0;
}

static int do_access_group(void *ctx, struct cmd_args *a, void *out)
{
	struct model_access_group g = { .global = cmd_has(a, "global"), .out = cmd_has(a, "out") };
	const struct model_acl *l;
	struct model_access_group *row;
	struct model *m;

	(void)ctx;
	(void)out;
	name_copy(g.acl, cmd_get(a, "ACL"));
	if (!g.global)
		name_copy(g.ifname, cmd_get(a, "IF"));
	l = model_acl_find(cfg_model(a), g.acl);
	if (!a->no && !l)
		return cmd_error(a, "access-list %s does not exist", g.acl);
	for (size_t i = 0; !a->no && i < model_acl_n(l); i++) {
		if (model_acl_at(l, i)->standard)
			return cmd_error(a, "access-list %s is standard: an interface needs an "
					    "extended list", g.acl);
		if (!model_acl_at(l, i)->remark)
			break;
	}
	if (cmd_has(a, "per-user-override") || cmd_has(a, "control-plane"))
		cmd_warn(a, "\"per-user-override\" and \"control-plane\" are not active yet and are "
			    "left out");
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	for (size_t i = 0; i < m->access_groups.n; i++) {
		row = &m->access_groups.v[i];
		if (row->global != g.global || row->out != g.out || strcmp(row->ifname, g.ifname))
			continue;
		if (a->no && strcmp(row->acl, g.acl))
			continue;
		if (a->no)
			MODEL_REMOVE(&m->access_groups, i);
		else
			*row = g;
		return 0;
	}
	if (a->no)
		return cmd_error(a, "access-list %s is not applied there", g.acl);
	row = MODEL_PUSH(&m->access_groups);
	if (!row)
		return cfg_no_memory(a);
	*row = g;
	return 0;
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define LINE_TERM "[line <LINE:n:1-2147483647>] "

const struct config_command cmd_acl_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ G, "access-list <ACL:name> " LINE_TERM "[extended] @ace",
	  "access-list <ACL:name> [" LINE_TERM "[extended] @ace]", "Access list", do_access_list },
	{ G, "access-list <ACL:name> " LINE_TERM "standard {permit | deny} @stdaddr", "=",
	  "Access list", do_access_list },
	{ G, "access-list <ACL:name> " LINE_TERM "remark <TEXT:line>", "=", "Access list",
	  do_access_list },
	{ G | CONFIG_WHOLE_WORDS, "access-list deny-flow-max <FLOWS:n:1-4096>",
	  "access-list deny-flow-max [<FLOWS:n:1-4096>]", "Access list", do_log_limits },
	{ G | CONFIG_WHOLE_WORDS, "access-list alert-interval <SECONDS:n:1-3600>",
	  "access-list alert-interval [<SECONDS:n:1-3600>]", "Access list", do_log_limits },
	{ G, "access-group <ACL:name> {in | out} interface <IF:name> "
	     "[{per-user-override | control-plane}]",
	  "=", "Apply an access list to an interface", do_access_group },
	{ G, "access-group <ACL:name> global", "=", "Apply an access list to all interfaces",
	  do_access_group },
};
const size_t n_cmd_acl_rows = ARRAY_SIZE(cmd_acl_rows);

/* ------------------------------------------------------------------ printing, clearing */

void show_access_lists(const struct show *sh)
{
	if (!*sh->filter && sh->m->deny_flow_max)
		put(sh->sink, "access-list deny-flow-max %d\n", sh->m->deny_flow_max);
	if (!*sh->filter && sh->m->alert_interval)
		put(sh->sink, "access-list alert-interval %d\n", sh->m->alert_interval);
	for (size_t i = 0; i < sh->m->acls.n; i++) {
		const struct model_acl *l = &sh->m->acls.v[i];

		if (*sh->filter && strcmp(sh->filter, l->name))
			continue;
		for (size_t k = 0; k < model_acl_n(l); k++) {
			const struct model_ace *e = model_acl_at(l, k);

			put(sh->sink, "access-list %s %s %s\n", l->name,
			    e->remark ? "remark" : e->standard ? "standard" : "extended", e->text);
		}
	}
}

void show_access_groups(const struct show *sh)
{
	for (size_t i = 0; i < sh->m->access_groups.n; i++) {
		const struct model_access_group *g = &sh->m->access_groups.v[i];

		if (g->global)
			put(sh->sink, "access-group %s global\n", g->acl);
		else
			put(sh->sink, "access-group %s %s interface %s\n", g->acl,
			    g->out ? "out" : "in", g->ifname);
	}
}

int clear_access_lists(struct model *m, const struct model *empty)
{
	(void)empty;
	for (size_t i = 0; i < m->acls.n; i++)
		model_acl_clear(&m->acls.v[i]);
	m->acls.n = 0;
	m->deny_flow_max = m->alert_interval = 0;
	return 0;
}

int clear_access_groups(struct model *m, const struct model *empty)
{
	(void)empty;
	m->access_groups.n = 0;
	return 0;
}
