// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a translation rule speaks of, in numbers.
 *
 * Responsible for: real addresses, what they are mapped to (stretches of equal size, pools, the
 * address of an interface), the destination part, services. Not responsible for: the order of
 * rules and the steps made of them (nat.c).
 *
 * Callers: nat.c. Threads: the control thread, while compiling.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/nat_impl.h"

static int fail_rule(struct compile *c, const struct nat_rule *r, const char *what)
{
	return compile_fail(c, "%s: %s", r->config->text, what);
}

static bool is_v4_only(struct addr_range r)
{
	return addr_num_is_v4(r.lo) && addr_num_is_v4(r.hi);
}

static bool is_everything(struct addr_range r)
{
	return r.lo == 0 && r.hi == ADDR_NUM_MAX;
}

/* Terms that are no plain range (any6, unresolved names) have no place in a translation. */
static int terms_plain(struct compile *c, const struct nat_rule *r, const struct addr_terms *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind != TERM_RANGE)
			return fail_rule(c, r, "any6, fqdn and interfaces without an address cannot be translated");
	return 0;
}

static int pair_push(struct compile *c, const struct nat_rule *r, struct nat_pairs *out,
		     struct nat_pair pair)
{
	struct nat_pair *row;

	if (out->n >= POLICY_NAT_SEGMENTS_MAX)
		return fail_rule(c, r, "the rule expands to too many addresses");
	if (!is_everything(pair.real) &&
	    addr_num_is_v4(pair.real.lo) != addr_num_is_v4(pair.mapped_lo))
		return fail_rule(c, r, "translation between IPv4 and IPv6 is not supported");
	row = MODEL_PUSH(out);
	if (!row)
		return -ENOMEM;
	*row = pair;
	return 0;
}

/*
 * Lay real and mapped addresses beside each other, stretch by stretch. Real addresses beyond the
 * last mapped one stay untranslated; several mapped ones for one real host all lead to it.
 */
static int pairs_make(struct compile *c, const struct nat_rule *r, const struct addr_terms *real,
		      const struct addr_terms *mapped, struct nat_pairs *out)
{
	size_t i = 0, j = 0;
	addr_num used_real = 0, used_mapped = 0;
	bool host = real->n == 1 && real->v[0].r.lo == real->v[0].r.hi;
	int err = 0;

	while (i < real->n && j < mapped->n && !err) {
		struct addr_range a = real->v[i].r, b = mapped->v[j].r;
		addr_num left_real, left_mapped, step;

		a.lo += used_real;
		b.lo += used_mapped;
		left_real = a.hi - a.lo;
		left_mapped = b.hi - b.lo;
		step = left_real < left_mapped ? left_real : left_mapped;
		err = pair_push(c, r, out,
				(struct nat_pair){ { a.lo, a.lo + step }, b.lo, b.lo + step,
						   false });
		used_real += step + 1;
		used_mapped += step + 1;
		if (step == left_real) {
			i++;
			used_real = 0;
		}
		if (step == left_mapped) {
			j++;
			used_mapped = 0;
		}
	}
	for (; host && j < mapped->n && !err; j++, used_mapped = 0)
		err = pair_push(c, r, out,
				(struct nat_pair){ real->v[0].r, mapped->v[j].r.lo + used_mapped,
						   mapped->v[j].r.hi, true });
	return err;
}

/* The address of the mapped interface; remembers when it has none (DROP_NAT_FAILED later). */
static int interface_resolve(struct compile *c, struct nat_rule *r, bool v6)
{
	r->to_interface = true;
	if (r->mapped_if == POLICY_NUM_NONE)
		return fail_rule(c, r, "\"interface\" needs a mapped interface, not any");
	if (ifaces_address(c->p, r->mapped_if, v6, &r->interface_addr))
		return 0;
	r->no_address = true;
	return compile_warn(c, "%s: interface %s has no IPv%d address now; what the rule matches is dropped",
			    r->config->text, c->p->ifs.v[r->mapped_if].name, v6 ? 6 : 4);
}

/*
 * A mapped address given as one address stands for as many as the real side has: the network of
 * the real subnet's size, or the range from there on.
 */
static struct addr_range widen(struct addr_range real, addr_num mapped)
{
	if (addr_range_is_prefix(real))
		return addr_prefix_range(mapped, addr_range_prefix(real));
	return (struct addr_range){ mapped, mapped + (real.hi - real.lo) };
}

/*
 * Policy static: each source of the access list starts at the mapped address, as often as the
 * list names it with different destinations.
 */
static int policy_pairs_make(struct compile *c, struct nat_rule *r, const struct addr_terms *mapped)
{
	int err = 0;

	for (size_t i = 0; i < r->real.n && mapped->n && !err; i++) {
		struct addr_range real = r->real.v[i].r, to = widen(real, mapped->v[0].r.lo);
		size_t seen = 0;

		while (seen < r->pairs.n && (r->pairs.v[seen].real.lo != real.lo ||
					     r->pairs.v[seen].real.hi != real.hi))
			seen++;
		if (seen == r->pairs.n)
			err = pair_push(c, r, &r->pairs,
					(struct nat_pair){ real, to.lo, to.hi, false });
	}
	return err;
}

static int static_resolve(struct compile *c, struct nat_rule *r)
{
	const struct model_nat *n = r->config;
	struct addr_terms mapped = { 0 };
	struct addr_term *term;
	int err;

	if (n->mapped_interface || (n->mapped.kind == MODEL_ADDR_INTERFACE && !*n->mapped.name)) {
		bool v6 = r->real.n && !is_v4_only(r->real.v[0].r);

		err = interface_resolve(c, r, v6);
		if (err || r->no_address)
			return err;
		term = MODEL_PUSH(&mapped);
		if (!term)
			return -ENOMEM;
		term->r = addr_prefix_range(addr_to_num(&r->interface_addr), 128);
	} else {
		err = resolve_addr(c, n->text, &n->mapped, &mapped);
		if (!err)
			err = terms_plain(c, r, &mapped);
		if (!err && n->mapped.kind == MODEL_ADDR_HOST && r->real.n == 1 && mapped.n == 1)
			mapped.v[0].r = widen(r->real.v[0].r, mapped.v[0].r.lo);
	}
	if (!err && r->acl >= 0)
		err = policy_pairs_make(c, r, &mapped);
	else if (!err)
		err = pairs_make(c, r, &r->real, &mapped, &r->pairs);
	free(mapped.v);
	r->identity = r->pairs.n > 0;
	for (size_t i = 0; i < r->pairs.n; i++)
		if (r->pairs.v[i].real.lo != r->pairs.v[i].mapped_lo || r->pairs.v[i].collapse)
			r->identity = false;
	if (r->service.maps_src && r->service.src_real_lo != r->service.src_mapped_lo)
		r->identity = false;
	return err;
}

/* Mapped addresses of a dynamic rule. */
static int pool_add(struct compile *c, struct nat_rule *r, const struct model_nat *n,
		    const struct model_addr *a, bool pat)
{
	struct addr_terms mapped = { 0 };
	int err = resolve_addr(c, n->text, a, &mapped);

	if (!err)
		err = terms_plain(c, r, &mapped);
	for (size_t i = 0; i < mapped.n && !err; i++) {
		struct addr_range m = mapped.v[i].r;
		struct nat_range *row;

		if (is_everything(m) || (is_v4_only(m) && m.hi - m.lo > 0xffffff)) {
			err = fail_rule(c, r, "the pool of mapped addresses is too large");
			break;
		}
		row = MODEL_PUSH(&r->pool);
		if (!row) {
			err = -ENOMEM;
			break;
		}
		addr_from_num(m.lo, &row->first);
		addr_from_num(m.hi, &row->last);
		/* one address for many hosts is only possible with ports */
		row->pat = pat || m.lo == m.hi;
	}
	free(mapped.v);
	return err;
}

/* Keep of the real addresses what has the family of the mapped ones. */
static int real_restrict(struct compile *c, struct nat_rule *r, bool v6)
{
	struct addr_range v4 = { ADDR_V4_FIRST, ADDR_V4_LAST };
	size_t n = r->real.n;

	for (size_t i = 0; i < n; i++) {
		struct addr_range *a = &r->real.v[i].r;

		if (is_everything(*a) && !v6) {
			*a = v4;
		} else if (is_everything(*a)) {
			struct addr_term *above = MODEL_PUSH(&r->real);

			if (!above)
				return -ENOMEM;
			above->r = (struct addr_range){ v4.hi + 1, ADDR_NUM_MAX };
			r->real.v[i].r.hi = v4.lo - 1;
		} else if (is_v4_only(*a) == v6) {
			return fail_rule(c, r, "translation between IPv4 and IPv6 is not supported");
		}
	}
	return 0;
}

static bool pix_global_of(const struct model_nat *g, const struct compile *c,
			  const struct nat_rule *r)
{
	return g->form == MODEL_NAT_PIX_GLOBAL && g->nat_id == r->config->nat_id &&
	       !strcmp(g->mapped_if, c->p->ifs.v[r->mapped_if].name);
}

static bool wants_interface(const struct model_nat *n)
{
	return n->mapped_interface || (n->mapped.kind == MODEL_ADDR_INTERFACE && !*n->mapped.name);
}

static bool has_mapped(const struct model_nat *n)
{
	return n->mapped.kind != MODEL_ADDR_ANY && n->mapped.kind != MODEL_ADDR_INTERFACE;
}

static int dynamic_resolve(struct compile *c, struct nat_rule *r)
{
	const struct model_nat *n = r->config;
	bool to_interface = false, v6;
	int err = 0;

	if (n->form == MODEL_NAT_PIX_NAT) {
		/* pools of the same id on this interface: ranges first, then single addresses */
		for (int pat = 0; pat < 2; pat++) {
			for (size_t i = 0; i < c->m->nats.n && !err; i++) {
				const struct model_nat *g = &c->m->nats.v[i];
				bool single = g->mapped.kind == MODEL_ADDR_HOST;

				if (!pix_global_of(g, c, r))
					continue;
				if (wants_interface(g))
					to_interface = true;
				else if (single == pat)
					err = pool_add(c, r, g, &g->mapped, g->pat);
			}
		}
	} else {
		to_interface = wants_interface(n);
		if (n->has_first)
			err = pool_add(c, r, n, &n->first, false);
		if (!err && has_mapped(n))
			err = pool_add(c, r, n, &n->mapped, n->pat);
	}
	if (err)
		return err;
	if (!r->pool.n && !to_interface)
		return fail_rule(c, r, "the dynamic rule has nothing to translate to");
	v6 = r->pool.n ? !asa_addr_is_v4(&r->pool.v[0].first) :
			 r->real.n && !is_everything(r->real.v[0].r) && !is_v4_only(r->real.v[0].r);
	for (size_t i = 0; i < r->pool.n; i++)
		if (v6 == !!asa_addr_is_v4(&r->pool.v[i].first))
			return fail_rule(c, r, "the pool has IPv4 and IPv6 addresses");
	if (to_interface)
		err = interface_resolve(c, r, v6);
	return err ? err : real_restrict(c, r, v6);
}

/* One service object's ports, if it names them. */
static int service_ports(struct compile *c, struct nat_rule *r, const char *name, struct svc_term *t)
{
	struct model_proto named = { .kind = MODEL_PROTO_SVC_OBJECT };
	struct svc_terms svc = { 0 };
	int err;

	snprintf(named.name, sizeof(named.name), "%s", name);
	err = resolve_service(c, r->config->text, &named, NULL, NULL, NULL, &svc);
	if (!err && (svc.n != 1 || svc.v[0].any_proto ||
		     (svc.v[0].proto != IPPROTO_TCP && svc.v[0].proto != IPPROTO_UDP &&
		      svc.v[0].proto != IPPROTO_SCTP) ||
		     svc.v[0].sport.not || svc.v[0].dport.not))
		err = fail_rule(c, r, "a service of a translation is one port or range of tcp, udp or sctp");
	if (!err)
		*t = svc.v[0];
	free(svc.v);
	return err;
}

static bool port_given(const struct port_term *p)
{
	return p->lo != 0 || p->hi != 0xffff;
}

static int service_resolve(struct compile *c, struct nat_rule *r)
{
	const struct model_nat *n = r->config;
	struct nat_service *s = &r->service;
	struct svc_term first, second;
	int err;

	*s = (struct nat_service){ .any_proto = true,
				   .src_real_hi = 0xffff,
				   .dst_mapped_hi = 0xffff };
	if (n->has_service) {
		s->any_proto = false;
		s->proto = n->proto;
		s->maps_src = true;
		s->src_real_lo = s->src_real_hi = n->real_port;
		s->src_mapped_lo = n->mapped_port;
		return 0;
	}
	if (!*n->svc_real)
		return 0;
	/* first object: real source and mapped destination; second: mapped source, real destination */
	err = service_ports(c, r, n->svc_real, &first);
	if (!err)
		err = service_ports(c, r, *n->svc_mapped ? n->svc_mapped : n->svc_real, &second);
	if (err)
		return err;
	if (first.proto != second.proto ||
	    first.sport.hi - first.sport.lo != second.sport.hi - second.sport.lo ||
	    first.dport.hi - first.dport.lo != second.dport.hi - second.dport.lo)
		return fail_rule(c, r, "both services must have the same protocol and as many ports");
	s->any_proto = false;
	s->proto = first.proto;
	s->maps_src = port_given(&first.sport);
	s->src_real_lo = first.sport.lo;
	s->src_real_hi = first.sport.hi;
	s->src_mapped_lo = second.sport.lo;
	s->maps_dst = port_given(&first.dport);
	s->dst_mapped_lo = first.dport.lo;
	s->dst_mapped_hi = first.dport.hi;
	s->dst_real_lo = second.dport.lo;
	return 0;
}

static int dst_resolve(struct compile *c, struct nat_rule *r)
{
	const struct model_nat *n = r->config;
	struct addr_terms real = { 0 }, mapped = { 0 };
	struct addr_term *term;
	int err = 0;

	if (!n->has_dst)
		return 0;
	if (n->dst_mapped.kind == MODEL_ADDR_INTERFACE && !*n->dst_mapped.name) {
		struct asa_addr own;

		/* connections to the real side's own interface address are redirected */
		if (r->real_if == POLICY_NUM_NONE)
			return fail_rule(c, r, "destination interface needs a real interface, not any");
		if (!ifaces_address(c->p, r->real_if, false, &own))
			return compile_warn(c, "%s: interface %s has no address now", n->text,
					    c->p->ifs.v[r->real_if].name);
		term = MODEL_PUSH(&mapped);
		if (!term)
			return -ENOMEM;
		term->r = addr_prefix_range(addr_to_num(&own), 128);
	} else {
		err = resolve_addr(c, n->text, &n->dst_mapped, &mapped);
	}
	if (!err)
		err = resolve_addr(c, n->text, &n->dst_real, &real);
	if (!err)
		err = terms_plain(c, r, &mapped);
	if (!err)
		err = terms_plain(c, r, &real);
	if (!err)
		err = pairs_make(c, r, &real, &mapped, &r->dst);
	free(real.v);
	free(mapped.v);
	return err;
}

/* nat 0: each real address to itself. */
static int identity_resolve(struct compile *c, struct nat_rule *r)
{
	r->identity = true;
	return pairs_make(c, r, &r->real, &r->real, &r->pairs);
}

int nat_rule_resolve(struct compile *c, struct nat_rule *r)
{
	const struct model_nat *n = r->config;
	const struct model_object *o;
	int err;

	r->acl = -1;
	if (*n->acl) {
		r->acl = names_acl(c, n->acl);
		if (r->acl < 0)
			return compile_fail(c, "%s: access-list %s does not exist", n->text,
					    n->acl);
	} else if (n->form == MODEL_NAT_OBJECT) {
		struct model_addr named = { .kind = MODEL_ADDR_OBJECT };

		o = names_object(c, n->object, false);
		if (!o || !o->set)
			return compile_fail(c, "object network %s: nat needs a host, subnet or range",
					    n->object);
		memcpy(named.name, n->object, sizeof(named.name));
		err = resolve_addr(c, n->text, &named, &r->real);
		if (err)
			return err;
	} else {
		err = resolve_addr(c, n->text, &n->real, &r->real);
		if (err)
			return err;
	}
	/* a policy rule's real addresses are the sources of its list */
	if (r->acl >= 0) {
		const struct acl_element *el;
		const struct acl_entry *entry;
		struct acl_cursor at = { 0 };

		while ((el = acl_next_element(c->p->acls.v[r->acl], &at, &entry))) {
			struct addr_term *term;

			if (!entry->ace->permit)
				continue;
			term = MODEL_PUSH(&r->real);
			if (!term)
				return -ENOMEM;
			*term = el->src;
		}
	}
	err = terms_plain(c, r, &r->real);
	if (!err)
		err = service_resolve(c, r);
	if (!err)
		err = dst_resolve(c, r);
	if (err)
		return err;
	if (n->form == MODEL_NAT_PIX_NAT0)
		return identity_resolve(c, r);
	return r->is_static ? static_resolve(c, r) : dynamic_resolve(c, r);
}
