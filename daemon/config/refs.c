// SPDX-License-Identifier: GPL-2.0-only
/*
 * References: does everything that the configuration names exist?
 *
 * Responsible for: refusing a removal that would leave a name without its object, because such a
 * configuration could be printed but not read back (CFG-2). Not responsible for: names of
 * interfaces and of access lists in class maps, which may come later.
 *
 * A removing command changes its copy first and asks then; a refusal throws the copy away.
 * Callers: cmd_object.c, cmd_acl.c, cmd_opaque.c, running.c. Control thread only.
 */
#include <errno.h>
#include <string.h>

#include "config/impl.h"

struct refs {
	const struct model *m;
	char missing[MODEL_NAME_MAX + 32]; /* empty: all found */
	char user[MODEL_NAME_MAX + 32];
};

static void miss(struct refs *r, const char *kind, const char *name)
{
	if (!*r->missing)
		snprintf(r->missing, sizeof(r->missing), "%s %.*s", kind, MODEL_NAME_MAX - 1, name);
}

static void need_group(struct refs *r, const char *name)
{
	if (*name && !model_group_find(r->m, name))
		miss(r, "object-group", name);
}

static void need_service(struct refs *r, const char *name)
{
	if (*name && !model_object_find(r->m, name, true))
		miss(r, "object service", name);
}

static void need_addr(struct refs *r, const struct model_addr *a)
{
	if (a->kind == MODEL_ADDR_OBJECT && !model_object_find(r->m, a->name, false))
		miss(r, "object network", a->name);
	if (a->kind == MODEL_ADDR_GROUP)
		need_group(r, a->name);
}

static void need_port(struct refs *r, const struct model_port *p)
{
	if (p->op == MODEL_PORT_GROUP)
		need_group(r, p->group);
}

static void need_proto(struct refs *r, const struct model_proto *p)
{
	if (p->kind == MODEL_PROTO_SVC_OBJECT)
		need_service(r, p->name);
	if (p->kind == MODEL_PROTO_GROUP || p->kind == MODEL_PROTO_SVC_GROUP)
		need_group(r, p->name);
}

static void need_acl(struct refs *r, const char *name)
{
	if (*name && !model_acl_find(r->m, name))
		miss(r, "access-list", name);
}

static bool user_is(struct refs *r, const char *kind, const char *name)
{
	if (!*r->missing)
		return false;
	snprintf(r->user, sizeof(r->user), "%s %.*s", kind, MODEL_NAME_MAX, name);
	return true;
}

static bool check_lists(struct refs *r)
{
	for (size_t i = 0; i < r->m->acls.n; i++) {
		const struct model_acl *l = &r->m->acls.v[i];

		for (size_t k = 0; k < model_acl_n(l); k++) {
			const struct model_ace *e = model_acl_at(l, k);

			need_proto(r, &e->proto);
			need_addr(r, &e->src);
			need_addr(r, &e->dst);
			need_port(r, &e->sport);
			need_port(r, &e->dport);
			need_group(r, e->icmp.group);
		}
		if (user_is(r, "access-list", l->name))
			return true;
	}
	for (size_t i = 0; i < r->m->access_groups.n; i++) {
		need_acl(r, r->m->access_groups.v[i].acl);
		if (user_is(r, "access-group", r->m->access_groups.v[i].acl))
			return true;
	}
	return false;
}

static bool check_groups(struct refs *r)
{
	for (size_t i = 0; i < r->m->groups.n; i++) {
		const struct model_group *g = &r->m->groups.v[i];

		for (size_t k = 0; k < g->items.n; k++) {
			const struct model_group_item *it = &g->items.v[k];

			if (it->nested)
				need_group(r, it->addr.name);
			need_addr(r, &it->addr);
			need_proto(r, &it->proto);
		}
		if (user_is(r, "object-group", g->name))
			return true;
	}
	return false;
}

static bool check_nat(struct refs *r)
{
	for (size_t i = 0; i < r->m->nats.n; i++) {
		const struct model_nat *n = &r->m->nats.v[i];

		need_addr(r, &n->real);
		need_addr(r, &n->mapped);
		need_addr(r, &n->dst_real);
		need_addr(r, &n->dst_mapped);
		need_addr(r, &n->first);
		need_service(r, n->svc_real);
		need_service(r, n->svc_mapped);
		need_acl(r, n->acl);
		if (user_is(r, "the translation rule", n->text))
			return true;
	}
	return false;
}

static bool check_policies(struct refs *r)
{
	for (size_t i = 0; i < r->m->policy_maps.n; i++) {
		const struct model_policy_map *pm = &r->m->policy_maps.v[i];

		for (size_t k = 0; k < pm->classes.n; k++) {
			const struct model_policy_class *pc = &pm->classes.v[k];

			if (strcmp(pc->class_name, "class-default") &&
			    !model_class_find(r->m, pc->class_name))
				miss(r, "class-map", pc->class_name);
			if (*pc->conn.tcp_map && !model_tcp_map_find(r->m, pc->conn.tcp_map))
				miss(r, "tcp-map", pc->conn.tcp_map);
			for (size_t l = 0; l < pc->inspects.n; l++) {
				char key[MODEL_NAME_MAX], map[MODEL_NAME_MAX];

				cfg_inspect_parts(pc->inspects.v[l], key, map);
				if (!cfg_inspect_map_exists(r->m, pc->inspects.v[l]))
					miss(r, !strcmp(key, "snmp") ? "snmp-map" : "policy-map", map);
			}
		}
		if (user_is(r, "policy-map", pm->name))
			return true;
	}
	for (size_t i = 0; i < r->m->service_policies.n; i++) {
		const char *name = r->m->service_policies.v[i].policy_map;

		if (!model_policy_map_find(r->m, name))
			miss(r, "policy-map", name);
		if (user_is(r, "service-policy", name))
			return true;
	}
	return false;
}

/* Classes of expressions and inspection maps: what their matches name. */
static bool check_imaps(struct refs *r)
{
	for (size_t i = 0; i < r->m->imaps.n; i++) {
		const struct model_imap *im = &r->m->imaps.v[i];

		for (size_t k = 0; k < im->lines.n; k++) {
			const struct model_iline *l = &im->lines.v[k];
			char name[MODEL_NAME_MAX];
			bool is_class;

			if (l->kind == MODEL_ILINE_CLASS && !model_imap_find(r->m, MODEL_IMAP_CLASS, l->text))
				miss(r, "class-map", l->text);
			for (size_t x = 0; l->kind == MODEL_ILINE_MATCH && cfg_iline_regex(l->text, x, name, &is_class);
			     x++) {
				if (is_class && !model_imap_find(r->m, MODEL_IMAP_REGEX, name))
					miss(r, "class-map type regex", name);
				if (!is_class && !model_regex_find(r->m, name))
					miss(r, "regex", name);
			}
		}
		if (user_is(r, im->kind == MODEL_IMAP_POLICY ? "policy-map" : "class-map", im->name))
			return true;
	}
	return false;
}

int cfg_check_references(struct cmd_args *a)
{
	struct refs r = { .m = cfg_model(a) };

	if (!check_lists(&r) && !check_groups(&r) && !check_nat(&r) && !check_policies(&r) &&
	    !check_imaps(&r))
		return 0;
	return cmd_error(a, "%s cannot be removed: it is used by %s", r.missing, r.user);
}
