// SPDX-License-Identifier: GPL-2.0-only
/*
 * From names to numbers: objects, object-groups, port operators, protocols.
 *
 * Responsible for: flattening the address, service and ICMP terms of a rule into lists of plain
 * terms; refusing what is missing, of the wrong kind, or contains itself. Not responsible for:
 * combining the lists into rules (acl.c, nat.c).
 *
 * Life cycle: the name indexes live as long as one compile. Callers: acl.c, nat.c.
 * Threads: the control thread only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_impl.h"

/* ------------------------------------------------------------------ name index */

static int index_init(struct name_index *ix, size_t n)
{
	ix->size = 16;
	while (ix->size < 2 * n + 2)
		ix->size *= 2;
	ix->rows = calloc(ix->size, sizeof(*ix->rows));
	return ix->rows ? 0 : -ENOMEM;
}

static void index_add(struct name_index *ix, const char *name, size_t row)
{
	size_t i = policy_hash_text(POLICY_HASH_START, name) & (ix->size - 1);

	while (ix->rows[i])
		i = (i + 1) & (ix->size - 1);
	ix->rows[i] = row + 1;
}

#define INDEX_FIND(ix, vec, wanted)                                                        \
	({                                                                                 \
		size_t i_ = policy_hash_text(POLICY_HASH_START, wanted) & ((ix)->size - 1); \
		long found_ = -1;                                                          \
		for (; (ix)->rows[i_]; i_ = (i_ + 1) & ((ix)->size - 1)) {                 \
			if (!strcmp((vec)->v[(ix)->rows[i_] - 1].name, wanted)) {          \
				found_ = (ix)->rows[i_] - 1;                               \
				break;                                                     \
			}                                                                  \
		}                                                                          \
		found_;                                                                    \
	})

int names_init(struct compile *c)
{
	const struct model *m = c->m;

	if (index_init(&c->objects, m->objects.n) || index_init(&c->services, m->objects.n) ||
	    index_init(&c->groups, m->groups.n) || index_init(&c->acls, m->acls.n))
		return -ENOMEM;
	for (size_t i = 0; i < m->objects.n; i++)
		index_add(m->objects.v[i].service ? &c->services : &c->objects,
			  m->objects.v[i].name, i);
	for (size_t i = 0; i < m->groups.n; i++)
		index_add(&c->groups, m->groups.v[i].name, i);
	for (size_t i = 0; i < m->acls.n; i++)
		index_add(&c->acls, m->acls.v[i].name, i);
	return 0;
}

void names_fini(struct compile *c)
{
	free(c->objects.rows);
	free(c->services.rows);
	free(c->groups.rows);
	free(c->acls.rows);
}

const struct model_object *names_object(const struct compile *c, const char *name, bool service)
{
	const struct name_index *ix = service ? &c->services : &c->objects;
	long row = INDEX_FIND(ix, &c->m->objects, name);

	return row < 0 ? NULL : &c->m->objects.v[row];
}

const struct model_group *names_group(const struct compile *c, const char *name)
{
	long row = INDEX_FIND(&c->groups, &c->m->groups, name);

	return row < 0 ? NULL : &c->m->groups.v[row];
}

int names_acl(const struct compile *c, const char *name)
{
	return INDEX_FIND(&c->acls, &c->m->acls, name);
}

/* A group by name and kind, one level deeper. => NULL with the error set. */
static const struct model_group *group_enter(struct compile *c, const char *who, const char *name,
					     enum model_group_kind kind, int depth)
{
	static const char *const kinds[] = {
		[MODEL_GROUP_NETWORK] = "network",
		[MODEL_GROUP_SERVICE] = "service",
		[MODEL_GROUP_PROTOCOL] = "protocol",
		[MODEL_GROUP_ICMP] = "icmp-type",
	};
	const struct model_group *g = names_group(c, name);

	if (acl_depends(c, DEP_GROUP, name))
		return NULL;
	if (!g)
		compile_fail(c, "%s: object-group %s does not exist", who, name);
	else if (g->kind != kind)
		compile_fail(c, "%s: object-group %s is of type %s, not %s", who, name,
			     kinds[g->kind], kinds[kind]);
	else if (++c->group_visits > POLICY_VISITS_MAX)
		compile_fail(c, "%s: object-groups are nested too widely to expand", who);
	else if (depth >= POLICY_NEST_MAX)
		compile_fail(c, "%s: object-group %s contains itself or is nested deeper than %d",
			     who, name, POLICY_NEST_MAX);
	else
		return g;
	return NULL;
}

/* ------------------------------------------------------------------ addresses */

struct addr_range resolve_literal(const struct model_addr *a)
{
	switch (a->kind) {
	case MODEL_ADDR_HOST:
		return addr_prefix_range(addr_to_num(&a->addr), 128);
	case MODEL_ADDR_SUBNET:
		return addr_prefix_range(addr_to_num(&a->addr),
					 a->plen + (asa_addr_is_v4(&a->addr) ? 96 : 0));
	case MODEL_ADDR_RANGE:
		return (struct addr_range){ addr_to_num(&a->addr), addr_to_num(&a->addr_end) };
	case MODEL_ADDR_ANY4:
		return (struct addr_range){ ADDR_V4_FIRST, ADDR_V4_LAST };
	default:
		return (struct addr_range){ 0, ADDR_NUM_MAX };
	}
}

static int term_add(struct compile *c, const char *who, struct addr_terms *out, enum term_kind kind,
		    struct addr_range r, const char *name)
{
	struct addr_term *t;

	if (out->n >= POLICY_ELEMENTS_MAX)
		return compile_fail(c, "%s: expands to more than %d addresses", who,
				    POLICY_ELEMENTS_MAX);
	t = MODEL_PUSH(out);
	if (!t)
		return -ENOMEM;
	*t = (struct addr_term){ kind, r, name, false };
	return 0;
}

static int interface_terms(struct compile *c, const char *who, const char *name,
			   struct addr_terms *out)
{
	const struct policy_if *pi = policy_if_named(c->p, name);

	if (!pi)
		return compile_fail(c, "%s: no interface has the name %s", who, name);
	if (acl_depends(c, DEP_INTERFACE, name))
		return -ENOMEM;
	for (size_t i = 0; i < c->p->ifs.n_addrs[pi->num]; i++) {
		addr_num own = addr_to_num(&c->p->ifs.addrs[pi->num][i].addr);
		int err = term_add(c, who, out, TERM_RANGE, addr_prefix_range(own, 128), NULL);

		if (err)
			return err;
	}
	if (!c->p->ifs.n_addrs[pi->num])
		return term_add(c, who, out, TERM_NOTHING, (struct addr_range){ 1, 0 }, pi->name);
	return 0;
}

const struct sys_name *resolve_name(const struct compile *c, const char *name)
{
	const struct sys_names *s = c->sys->names;
	size_t lo = 0, hi = s ? s->n : 0;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int order = strcasecmp(name, s->v[mid]->name);

		if (!order)
			return s->v[mid];
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* The name itself, which matches nothing, and each of its addresses. */
static int name_terms(struct compile *c, const char *who, const struct model_addr *a,
		      struct addr_terms *out)
{
	const struct sys_name *s = resolve_name(c, a->name);
	size_t at = out->n;
	int err;

	if (acl_depends(c, DEP_NAME, a->name))
		return -ENOMEM;
	err = term_add(c, who, out, TERM_NOTHING, (struct addr_range){ 1, 0 }, a->name);
	for (size_t i = 0; s && i < s->n && !err; i++) {
		addr_num n = addr_to_num(&s->addrs[i]);

		if (a->plen && (a->plen == 4) != asa_addr_is_v4(&s->addrs[i]))
			continue;
		out->v[at].resolved = true;
		err = term_add(c, who, out, TERM_RANGE, addr_prefix_range(n, 128), a->name);
	}
	return err;
}

static int addr_terms_at(struct compile *c, const char *who, const struct model_addr *a,
			 struct addr_terms *out, int depth)
{
	const struct model_object *o;
	const struct model_group *g;
	struct addr_range r;
	int err = 0;

	switch (a->kind) {
	case MODEL_ADDR_ANY6:
		return term_add(c, who, out, TERM_ANY6, (struct addr_range){ 0, ADDR_NUM_MAX },
				NULL);
	case MODEL_ADDR_FQDN:
		return name_terms(c, who, a, out);
	case MODEL_ADDR_INTERFACE:
		return interface_terms(c, who, a->name, out);
	case MODEL_ADDR_OBJECT:
		o = names_object(c, a->name, false);
		if (acl_depends(c, DEP_OBJECT, a->name))
			return -ENOMEM;
		if (!o)
			return compile_fail(c, "%s: object %s does not exist", who, a->name);
		if (!o->set)
			return compile_fail(c, "%s: object %s has no host, subnet, range or fqdn",
					    who, a->name);
		if (o->addr.kind == MODEL_ADDR_OBJECT || o->addr.kind == MODEL_ADDR_GROUP)
			return compile_fail(c, "%s: object %s names another object", who, a->name);
		return addr_terms_at(c, who, &o->addr, out, depth);
	case MODEL_ADDR_GROUP:
		g = group_enter(c, who, a->name, MODEL_GROUP_NETWORK, depth);
		if (!g)
			return -EINVAL;
		for (size_t i = 0; i < g->items.n && !err; i++) {
			struct model_addr nested = g->items.v[i].addr;

			if (g->items.v[i].description)
				continue;
			if (g->items.v[i].nested)
				nested.kind = MODEL_ADDR_GROUP;
			err = addr_terms_at(c, who, &nested, out, depth + 1);
		}
		return err;
	default:
		r = resolve_literal(a);
		if (r.lo > r.hi || addr_num_is_v4(r.lo) != addr_num_is_v4(r.hi))
			if (a->kind != MODEL_ADDR_ANY)
				return compile_fail(c, "%s: the range of addresses ends before it starts",
						    who);
		return term_add(c, who, out, TERM_RANGE, r, NULL);
	}
}

int resolve_addr(struct compile *c, const char *who, const struct model_addr *a,
		 struct addr_terms *out)
{
	return addr_terms_at(c, who, a, out, 0);
}

/* ------------------------------------------------------------------ ports */

static const struct port_term any_port = { 0, 0xffff, false, false };

static int port_terms_at(struct compile *c, const char *who, const struct model_port *p, __u8 proto,
			 struct port_terms *out, int depth)
{
	struct port_term t = any_port, *row;
	const struct model_group *g;
	int err = 0;

	switch (p->op) {
	case MODEL_PORT_ANY:
		break;
	case MODEL_PORT_EQ:
	case MODEL_PORT_NEQ:
		t = (struct port_term){ p->lo, p->lo, p->op == MODEL_PORT_NEQ, false };
		break;
	case MODEL_PORT_LT:
		t = (struct port_term){ 0, p->lo ? p->lo - 1 : 0, false, !p->lo };
		break;
	case MODEL_PORT_GT:
		t = (struct port_term){ p->lo == 0xffff ? 0xffff : p->lo + 1, 0xffff, false,
					p->lo == 0xffff };
		break;
	case MODEL_PORT_RANGE:
		if (p->lo > p->hi)
			return compile_fail(c, "%s: port range %u %u ends before it starts", who,
					    p->lo, p->hi);
		t = (struct port_term){ p->lo, p->hi, false, false };
		break;
	case MODEL_PORT_GROUP:
		g = group_enter(c, who, p->group, MODEL_GROUP_SERVICE, depth);
		if (!g)
			return -EINVAL;
		if (!*g->svc_proto)
			return compile_fail(c, "%s: object-group %s is not a group of ports", who,
					    p->group);
		if ((proto == IPPROTO_TCP && !strstr(g->svc_proto, "tcp")) ||
		    (proto == IPPROTO_UDP && !strstr(g->svc_proto, "udp")))
			return compile_fail(c, "%s: object-group %s has %s ports", who, p->group,
					    g->svc_proto);
		for (size_t i = 0; i < g->items.n && !err; i++) {
			const struct model_group_item *item = &g->items.v[i];
			struct model_port nested = item->dport;

			if (item->description)
				continue;
			if (item->nested) {
				nested.op = MODEL_PORT_GROUP;
				memcpy(nested.group, item->addr.name, sizeof(nested.group));
			}
			err = port_terms_at(c, who, &nested, proto, out, depth + 1);
		}
		return err;
	}
	if (out->n >= POLICY_ELEMENTS_MAX)
		return compile_fail(c, "%s: expands to too many ports", who);
	row = MODEL_PUSH(out);
	if (!row)
		return -ENOMEM;
	*row = t;
	return 0;
}

int resolve_port(struct compile *c, const char *who, const struct model_port *p, __u8 proto,
		 struct port_terms *out)
{
	return port_terms_at(c, who, p, proto, out, 0);
}

/* ------------------------------------------------------------------ protocols and services */

/* The ICMP types of a term. => 0 or an error; appends to out. */
static int icmp_terms_at(struct compile *c, const char *who, const struct svc_term *base,
			 const struct model_icmp *icmp, struct svc_terms *out, int depth)
{
	const struct model_group *g;
	struct svc_term *row;
	int err = 0;

	if (*icmp->group) {
		g = group_enter(c, who, icmp->group, MODEL_GROUP_ICMP, depth);
		if (!g)
			return -EINVAL;
		for (size_t i = 0; i < g->items.n && !err; i++) {
			struct model_icmp nested = g->items.v[i].icmp;

			if (g->items.v[i].description)
				continue;
			if (g->items.v[i].nested)
				memcpy(nested.group, g->items.v[i].addr.name, sizeof(nested.group));
			err = icmp_terms_at(c, who, base, &nested, out, depth + 1);
		}
		return err;
	}
	row = MODEL_PUSH(out);
	if (!row)
		return -ENOMEM;
	*row = *base;
	row->icmp_type = icmp->set ? icmp->type : -1;
	row->icmp_code = icmp->set ? icmp->code : -1;
	return 0;
}

/* A protocol number with ports or ICMP types: every combination. */
static int number_terms(struct compile *c, const char *who, __u8 proto, bool any_proto,
			const struct model_port *sport, const struct model_port *dport,
			const struct model_icmp *icmp, struct svc_terms *out)
{
	struct svc_term base = { proto, any_proto, any_port, any_port, -1, -1 };
	struct port_terms s = { 0 }, d = { 0 };
	int err;

	if (!any_proto && (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6))
		return icmp_terms_at(c, who, &base, icmp, out, 0);
	err = port_terms_at(c, who, sport, proto, &s, 0);
	if (!err)
		err = port_terms_at(c, who, dport, proto, &d, 0);
	for (size_t i = 0; i < s.n && !err; i++) {
		for (size_t j = 0; j < d.n && !err; j++) {
			struct svc_term *row = MODEL_PUSH(out);

			if (!row) {
				err = -ENOMEM;
				break;
			}
			*row = base;
			row->sport = s.v[i];
			row->dport = d.v[j];
			if (out->n > POLICY_ELEMENTS_MAX)
				err = compile_fail(c, "%s: expands to too many services", who);
		}
	}
	free(s.v);
	free(d.v);
	return err;
}

static int service_terms_at(struct compile *c, const char *who, const struct model_proto *proto,
			    const struct model_port *sport, const struct model_port *dport,
			    const struct model_icmp *icmp, struct svc_terms *out, int depth)
{
	bool mixed = proto->kind == MODEL_PROTO_SVC_GROUP;
	const struct model_object *o;
	const struct model_group *g;
	int err = 0;

	switch (proto->kind) {
	case MODEL_PROTO_IP:
		return number_terms(c, who, 0, true, sport, dport, icmp, out);
	case MODEL_PROTO_NUM:
		return number_terms(c, who, proto->num, false, sport, dport, icmp, out);
	case MODEL_PROTO_SVC_OBJECT:
		o = names_object(c, proto->name, true);
		if (acl_depends(c, DEP_SERVICE, proto->name))
			return -ENOMEM;
		if (!o || !o->set)
			return compile_fail(c, "%s: object service %s %s", who, proto->name,
					    o ? "has no service line" : "does not exist");
		if (o->proto.kind != MODEL_PROTO_IP && o->proto.kind != MODEL_PROTO_NUM)
			return compile_fail(c, "%s: object service %s names another object", who,
					    proto->name);
		return service_terms_at(c, who, &o->proto, &o->sport, &o->dport, &o->icmp, out,
					depth);
	case MODEL_PROTO_GROUP:
	case MODEL_PROTO_SVC_GROUP:
		break;
	}
	g = group_enter(c, who, proto->name, mixed ? MODEL_GROUP_SERVICE : MODEL_GROUP_PROTOCOL,
			depth);
	if (!g)
		return -EINVAL;
	if (mixed && *g->svc_proto)
		return compile_fail(c, "%s: object-group %s is a group of ports, not of services",
				    who, proto->name);
	for (size_t i = 0; i < g->items.n && !err; i++) {
		const struct model_group_item *item = &g->items.v[i];
		struct model_proto nested = item->proto;

		if (item->description)
			continue;
		if (item->nested) {
			nested.kind = proto->kind;
			memcpy(nested.name, item->addr.name, sizeof(nested.name));
		}
		/* a protocol group takes its ports from the rule, a service group has its own */
		if (mixed)
			err = service_terms_at(c, who, &nested, &item->sport, &item->dport,
					       &item->icmp, out, depth + 1);
		else
			err = service_terms_at(c, who, &nested, sport, dport, icmp, out,
					       depth + 1);
	}
	return err;
}

int resolve_service(struct compile *c, const char *who, const struct model_proto *proto,
		    const struct model_port *sport, const struct model_port *dport,
		    const struct model_icmp *icmp, struct svc_terms *out)
{
	return service_terms_at(c, who, proto, sport, dport, icmp, out, 0);
}
