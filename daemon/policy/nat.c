// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation rules: collecting them from all forms, ordering, making steps of them.
 *
 * Responsible for: ASA's order (NAT-2): twice rules as entered; then the forms of PIX and 8.2
 * (exemption, statics, policy dynamic, dynamic from the smallest network up); then object rules
 * (static before dynamic, fewer addresses first, lower address, name); then twice rules
 * "after-auto". Not responsible for: what a rule's terms mean (nat_terms.c), lookups
 * (nat_lookup.c), rows (nat_rows.c).
 *
 * Life cycle: nats_compile() within policy_compile(), nats_fini() with the snapshot.
 * Threads: the control thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/nat_impl.h"

/* ------------------------------------------------------------------ collecting */

/* => false: no interface has the name, and the operator is warned. */
static bool if_resolve(struct compile *c, const struct model_nat *n, const char *name, __u16 *num,
		       int *err)
{
	const struct policy_if *pi;

	*num = POLICY_NUM_NONE;
	if (!*name || !strcmp(name, "any"))
		return true;
	pi = policy_if_named(c->p, name);
	if (pi)
		*num = pi->num;
	else
		*err = compile_warn(c, "%s: no interface has the name %s yet", n->text, name);
	return pi;
}

static int pix_order(const struct model_nat *n)
{
	switch (n->form) {
	case MODEL_NAT_PIX_NAT0:
		return *n->acl ? 0 : 3;
	case MODEL_NAT_PIX_STATIC:
		return 1;
	default:
		return *n->acl ? 2 : 3;
	}
}

/* Group of evaluation; the sections of "show nat" are coarser. */
static int form_rank(const struct nat_rule *r)
{
	switch (r->config->form) {
	case MODEL_NAT_TWICE:
		return 0;
	case MODEL_NAT_OBJECT:
		return 2;
	case MODEL_NAT_TWICE_AFTER:
		return 3;
	default:
		return 1;
	}
}

static int rule_add(struct compile *c, const struct model_nat *n, const char *mapped_if)
{
	struct policy_nats *nats = c->p->nats;
	struct nat_rule *r = &nats->v[nats->n++];
	__u64 key = policy_hash_text(POLICY_HASH_START, n->object);
	int err = 0;

	r->config = n;
	r->acl = -1;
	r->inactive = n->inactive;
	r->is_static = !n->dynamic && n->form != MODEL_NAT_PIX_NAT;
	r->order = pix_order(n);
	r->section = (n->form == MODEL_NAT_OBJECT) ? 2 : n->form == MODEL_NAT_TWICE_AFTER ? 3 : 1;
	/* DEVIATION: as in service_compile(): the rule acts once its interfaces are named. */
	if (!if_resolve(c, n, n->real_if, &r->real_if, &err) ||
	    !if_resolve(c, n, mapped_if, &r->mapped_if, &err)) {
		nats->n--;
		memset(r, 0, sizeof(*r));
		return err;
	}
	err = nat_rule_resolve(c, r);
	if (err)
		return err;
	key = policy_hash_text(key, n->real_if);
	key = policy_hash_text(key, mapped_if);
	key = policy_hash_text(key, n->text);
	r->counter = counter_get(&c->p->counters, c->old ? &c->old->counters : NULL, key,
				 COUNTER_NAT_N);
	r->text = nat_rule_text(n);
	return r->counter && r->text ? 0 : -ENOMEM;
}

/* nat (if) id: one rule for each interface that has a "global" of the same id. */
static int pix_nat_add(struct compile *c, const struct model_nat *n)
{
	int err = 0;

	for (size_t i = 0; i < c->m->nats.n && !err; i++) {
		const struct model_nat *g = &c->m->nats.v[i];
		size_t j = 0;

		if (g->form != MODEL_NAT_PIX_GLOBAL || g->nat_id != n->nat_id)
			continue;
		while (c->m->nats.v[j].form != MODEL_NAT_PIX_GLOBAL ||
		       c->m->nats.v[j].nat_id != n->nat_id ||
		       strcmp(c->m->nats.v[j].mapped_if, g->mapped_if))
			j++;
		if (j == i)
			err = rule_add(c, n, g->mapped_if);
	}
	return err;
}

static int rules_collect(struct compile *c)
{
	size_t most = 0, globals = 1;
	int err = 0;

	for (size_t i = 0; i < c->m->nats.n; i++)
		globals += c->m->nats.v[i].form == MODEL_NAT_PIX_GLOBAL;
	if (globals > POLICY_IFS_MAX)
		globals = POLICY_IFS_MAX;
	for (size_t i = 0; i < c->m->nats.n; i++)
		most += c->m->nats.v[i].form == MODEL_NAT_PIX_NAT ? globals : 1;
	c->p->nats->v = calloc(most + 1, sizeof(*c->p->nats->v));
	if (!c->p->nats->v)
		return -ENOMEM;
	for (size_t i = 0; i < c->m->nats.n && !err; i++) {
		const struct model_nat *n = &c->m->nats.v[i];

		if (n->form == MODEL_NAT_PIX_NAT)
			err = pix_nat_add(c, n);
		else if (n->form == MODEL_NAT_PIX_NAT0)
			err = rule_add(c, n, "any");
		else if (n->form != MODEL_NAT_PIX_GLOBAL)
			err = rule_add(c, n, n->mapped_if);
	}
	return err;
}

/* ------------------------------------------------------------------ order */

static addr_num real_size(const struct nat_rule *r)
{
	addr_num total = 0;

	for (size_t i = 0; i < r->real.n; i++) {
		addr_num size = r->real.v[i].r.hi - r->real.v[i].r.lo;

		total = total + size < total ? ADDR_NUM_MAX : total + size;
	}
	return total;
}

static int compare(addr_num a, addr_num b)
{
	return a < b ? -1 : a > b;
}

static int rule_order(const void *a, const void *b)
{
	const struct nat_rule *x = a, *y = b;
	int rank = form_rank(x), diff = rank - form_rank(y);

	if (!diff && rank == 1) {
		diff = x->order - y->order;
		if (!diff && x->order == 3)
			diff = compare(real_size(x), real_size(y));
	} else if (!diff && rank == 2) {
		diff = y->is_static - x->is_static;
		if (!diff)
			diff = compare(real_size(x), real_size(y));
		if (!diff && x->real.n && y->real.n)
			diff = compare(x->real.v[0].r.lo, y->real.v[0].r.lo);
		if (!diff)
			diff = strcmp(x->config->object, y->config->object);
	}
	/* as entered: rows of one model lie in one vector */
	return diff ? diff : x->config < y->config ? -1 : x->config > y->config;
}

static void rules_order(struct policy_nats *nats)
{
	int index[4] = { 0 };

	qsort(nats->v, nats->n, sizeof(*nats->v), rule_order);
	for (size_t i = 0; i < nats->n; i++)
		nats->v[i].index = ++index[nats->v[i].section];
}

/* ------------------------------------------------------------------ steps */

static const struct addr_range everything = { 0, ADDR_NUM_MAX };

static int step_push(struct compile *c, struct nat_side *side, const struct nat_step *step,
		     const struct cls_rule *match)
{
	struct nat_step *s;
	struct cls_rule *m;

	if (side->steps.n >= POLICY_NAT_SEGMENTS_MAX)
		return compile_fail(c, "The translation rules expand to more than %d steps",
				    POLICY_NAT_SEGMENTS_MAX);
	s = MODEL_PUSH(&side->steps);
	m = MODEL_PUSH(&side->rules);
	if (!s || !m)
		return -ENOMEM;
	*s = *step;
	*m = *match;
	return 0;
}

/* A match with the protocol of the rule's service. */
static void match_init(struct cls_rule *m, const struct nat_service *s, struct addr_range src,
		       struct addr_range dst)
{
	cls_rule_init(m);
	m->src = src;
	m->dst = dst;
	m->any_proto = s->any_proto;
	m->proto = s->proto;
}

/* The two steps between one stretch of sources and one of destinations, as real_if sees them. */
static int forward_steps(struct compile *c, const struct nat_rule *r, __u32 rule,
			 const struct nat_pair *src, struct addr_range real,
			 const struct nat_pair *dst)
{
	struct policy_nats *nats = c->p->nats;
	const struct nat_service *s = &r->service;
	__u16 dst_span = s->dst_mapped_hi - s->dst_mapped_lo;
	struct nat_step step = { .rule = rule, .in = r->real_if, .out = r->mapped_if };
	struct cls_rule m;
	int err = 0;

	if (!src || !src->collapse) {
		match_init(&m, s, real, dst ? dst->real : everything);
		m.sport_lo = s->src_real_lo;
		m.sport_hi = s->src_real_hi;
		m.dport_lo = s->dst_real_lo;
		m.dport_hi = s->dst_real_lo + dst_span;
		step.dynamic = !src;
		step.from = real.lo;
		step.to = src ? src->mapped_lo : 0;
		step.has_port = s->maps_src;
		step.port_from = s->src_real_lo;
		step.port_to = s->src_mapped_lo;
		err = step_push(c, &nats->translate, &step, &m);
	}
	if (err || !dst)
		return err;
	match_init(&m, s, real, (struct addr_range){ dst->mapped_lo, dst->mapped_hi });
	m.sport_lo = s->src_real_lo;
	m.sport_hi = s->src_real_hi;
	m.dport_lo = s->dst_mapped_lo;
	m.dport_hi = s->dst_mapped_hi;
	step.dynamic = false;
	step.collapse = dst->collapse;
	step.from = dst->mapped_lo;
	step.to = dst->real.lo;
	step.has_port = s->maps_dst;
	step.port_from = s->dst_mapped_lo;
	step.port_to = s->dst_real_lo;
	return step_push(c, &nats->untranslate, &step, &m);
}

/* The same for connections that come from the mapped side (static rules only). */
static int reverse_steps(struct compile *c, const struct nat_rule *r, __u32 rule,
			 const struct nat_pair *src, const struct nat_pair *dst)
{
	struct policy_nats *nats = c->p->nats;
	const struct nat_service *s = &r->service;
	__u16 src_span = s->src_real_hi - s->src_real_lo;
	__u16 dst_span = s->dst_mapped_hi - s->dst_mapped_lo;
	struct nat_step step = { .rule = rule,
				 .in = r->mapped_if,
				 .out = r->real_if,
				 .swapped = true };
	struct cls_rule m;
	int err;

	match_init(&m, s, dst ? dst->real : everything,
		   (struct addr_range){ src->mapped_lo, src->mapped_hi });
	m.sport_lo = s->dst_real_lo;
	m.sport_hi = s->dst_real_lo + dst_span;
	m.dport_lo = s->src_mapped_lo;
	m.dport_hi = s->src_mapped_lo + src_span;
	step.collapse = src->collapse;
	step.from = src->mapped_lo;
	step.to = src->real.lo;
	step.has_port = s->maps_src;
	step.port_from = s->src_mapped_lo;
	step.port_to = s->src_real_lo;
	err = step_push(c, &nats->untranslate, &step, &m);
	if (err || !dst || dst->collapse)
		return err;
	match_init(&m, s, dst->real, src->real);
	m.sport_lo = s->dst_real_lo;
	m.sport_hi = s->dst_real_lo + dst_span;
	m.dport_lo = s->src_real_lo;
	m.dport_hi = s->src_real_hi;
	step.collapse = false;
	step.from = dst->real.lo;
	step.to = dst->mapped_lo;
	step.has_port = s->maps_dst;
	step.port_from = s->dst_real_lo;
	step.port_to = s->dst_mapped_lo;
	return step_push(c, &nats->translate, &step, &m);
}

static int rule_steps(struct compile *c, const struct nat_rule *r, __u32 rule)
{
	/* What should get an address that is not there must not leave with its own. */
	bool paired = r->is_static && !r->no_address;
	size_t n_src = paired ? r->pairs.n : r->real.n;
	size_t n_dst = r->config->has_dst ? r->dst.n : 1;
	int err = 0;

	for (size_t i = 0; i < n_src * n_dst && !err; i++) {
		const struct nat_pair *dst = r->config->has_dst ? &r->dst.v[i % n_dst] : NULL;
		const struct nat_pair *src = paired ? &r->pairs.v[i / n_dst] : NULL;
		struct addr_range real = paired ? src->real : r->real.v[i / n_dst].r;

		err = forward_steps(c, r, rule, src, real, dst);
		if (!err && src && !r->config->unidirectional)
			err = reverse_steps(c, r, rule, src, dst);
	}
	return err;
}

static bool is_own(const struct policy *p, addr_num a)
{
	for (size_t i = 0; i < p->ifs.n; i++)
		for (size_t j = 0; j < p->ifs.n_addrs[i]; j++)
			if (addr_to_num(&p->ifs.addrs[i][j].addr) == a)
				return true;
	return false;
}

/* Pools of dynamic rules, behind everything: what comes to them without a connection is refused. */
static int pool_steps(struct compile *c, const struct nat_rule *r, __u32 rule)
{
	struct nat_step step = { .rule = rule,
				 .in = r->mapped_if,
				 .out = r->real_if,
				 .dynamic = true };
	struct cls_rule m;
	int err = 0;

	for (size_t i = 0; i < r->pool.n && !err; i++) {
		cls_rule_init(&m);
		m.dst.lo = addr_to_num(&r->pool.v[i].first);
		m.dst.hi = addr_to_num(&r->pool.v[i].last);
		if (m.dst.lo != m.dst.hi || !is_own(c->p, m.dst.lo))
			err = step_push(c, &c->p->nats->untranslate, &step, &m);
	}
	return err;
}

/* ------------------------------------------------------------------ side tables */

static int arp_push(struct compile *c, addr_num lo, addr_num hi, __u16 num)
{
	struct nat_arp *a;

	if (lo == 0 || (lo <= ADDR_V4_FIRST && hi >= ADDR_V4_LAST))
		return 0; /* nobody means to answer for everything */
	a = MODEL_PUSH(&c->p->nats->arps);
	if (!a)
		return -ENOMEM;
	*a = (struct nat_arp){ { lo, hi }, num };
	return 0;
}

static int rule_arps(struct compile *c, const struct nat_rule *r)
{
	int err = 0;

	if (r->config->no_proxy_arp)
		return 0;
	/*
	 * DEVIATION: ASA answers ARP for the addresses of identity rules, too, which takes other
	 * hosts' addresses on a shared network; we do not.
	 */
	for (size_t i = 0; i < r->pairs.n && !err; i++)
		if (r->pairs.v[i].collapse || r->pairs.v[i].real.lo != r->pairs.v[i].mapped_lo)
			err = arp_push(c, r->pairs.v[i].mapped_lo, r->pairs.v[i].mapped_hi,
				       r->mapped_if);
	for (size_t i = 0; i < r->pool.n && !err; i++)
		err = arp_push(c, addr_to_num(&r->pool.v[i].first),
			       addr_to_num(&r->pool.v[i].last), r->mapped_if);
	for (size_t i = 0; i < r->dst.n && !err; i++)
		if (r->dst.v[i].collapse || r->dst.v[i].real.lo != r->dst.v[i].mapped_lo)
			err = arp_push(c, r->dst.v[i].mapped_lo, r->dst.v[i].mapped_hi, r->real_if);
	return err;
}

static int arp_order(const void *a, const void *b)
{
	return compare(((const struct nat_arp *)a)->r.lo, ((const struct nat_arp *)b)->r.lo);
}

static int arps_finish(struct policy_nats *nats)
{
	addr_num reach = 0;

	if (!nats->arps.n)
		return 0;
	qsort(nats->arps.v, nats->arps.n, sizeof(*nats->arps.v), arp_order);
	nats->arp_reach = calloc(nats->arps.n, sizeof(*nats->arp_reach));
	if (!nats->arp_reach)
		return -ENOMEM;
	for (size_t i = 0; i < nats->arps.n; i++) {
		if (nats->arps.v[i].r.hi > reach)
			reach = nats->arps.v[i].r.hi;
		nats->arp_reach[i] = reach;
	}
	return 0;
}

/* Rows of "show xlate": one for each network that a stretch consists of. */
static int pair_rows(struct policy_nats *nats, const struct nat_pair *pair, __u32 rule)
{
	struct addr_range left = pair->real, block;
	addr_num to = pair->mapped_lo;

	do {
		struct nat_static_row *row = MODEL_PUSH(&nats->statics);
		unsigned int plen = 128;

		if (!row)
			return -ENOMEM;
		/* the largest network that starts here and does not go too far */
		while (plen && addr_prefix_range(left.lo, plen - 1).lo == left.lo &&
		       addr_prefix_range(left.lo, plen - 1).hi <= left.hi)
			plen--;
		block = addr_prefix_range(left.lo, plen);
		*row = (struct nat_static_row){ rule, block, to };
		to += block.hi - block.lo + 1;
		left.lo = block.hi + 1;
	} while (block.hi != left.hi);
	return 0;
}

/* Ports of the box's own addresses that are redirected inside. */
static int pair_punts(struct compile *c, const struct nat_rule *r, const struct nat_pair *pair)
{
	const struct nat_service *s = &r->service;
	__u32 last = s->src_mapped_lo + (s->src_real_hi - s->src_real_lo);

	if (!s->maps_src || !is_own(c->p, pair->mapped_lo))
		return 0;
	for (__u32 port = s->src_mapped_lo; port <= last && port <= 0xffff; port++) {
		struct nat_punt *punt = MODEL_PUSH(&c->p->nats->punts);

		if (!punt)
			return -ENOMEM;
		addr_from_num(pair->mapped_lo, &punt->addr);
		punt->proto = s->proto;
		punt->port = port;
	}
	return 0;
}

static int pair_reserved(struct compile *c, const struct nat_rule *r, const struct nat_pair *pair)
{
	const struct nat_service *s = &r->service;
	__u32 last = s->src_mapped_lo + (s->src_real_hi - s->src_real_lo);
	struct nat_reserved *row;

	if (!s->maps_src)
		return 0;
	row = MODEL_PUSH(&c->p->nats->reserved);
	if (!row)
		return -ENOMEM;
	addr_from_num(pair->mapped_lo, &row->first);
	addr_from_num(pair->mapped_hi, &row->last);
	row->proto = s->proto;
	row->port_lo = s->src_mapped_lo;
	row->port_hi = last > 0xffff ? 0xffff : last;
	return 0;
}

static int rule_statics(struct compile *c, const struct nat_rule *r, __u32 rule)
{
	int err = 0;

	for (size_t i = 0; r->is_static && i < r->pairs.n && !err; i++) {
		err = pair_rows(c->p->nats, &r->pairs.v[i], rule);
		if (!err)
			err = pair_punts(c, r, &r->pairs.v[i]);
		if (!err)
			err = pair_reserved(c, r, &r->pairs.v[i]);
	}
	return err;
}

/* ------------------------------------------------------------------ life cycle */

static int side_finish(struct nat_side *s)
{
	s->classifier = classifier_new(s->rules.v, s->rules.n);
	return s->classifier ? 0 : -ENOMEM;
}

int nats_compile(struct compile *c)
{
	struct policy_nats *nats = calloc(1, sizeof(*nats));
	int err;

	c->p->nats = nats;
	if (!nats)
		return -ENOMEM;
	err = rules_collect(c);
	if (err)
		return err;
	rules_order(nats);
	for (size_t i = 0; i < nats->n && !err; i++) {
		const struct nat_rule *r = &nats->v[i];

		if (r->inactive)
			continue;
		err = rule_steps(c, r, i);
		if (!err)
			err = rule_arps(c, r);
		if (!err)
			err = rule_statics(c, r, i);
	}
	for (size_t i = 0; i < nats->n && !err; i++)
		if (!nats->v[i].inactive)
			err = pool_steps(c, &nats->v[i], i);
	if (!err)
		err = arps_finish(nats);
	if (!err)
		err = side_finish(&nats->translate);
	return err ? err : side_finish(&nats->untranslate);
}

static void side_fini(struct nat_side *s)
{
	classifier_free(s->classifier);
	free(s->rules.v);
	free(s->steps.v);
}

void nats_fini(struct policy *p)
{
	struct policy_nats *nats = p->nats;

	if (!nats)
		return;
	side_fini(&nats->translate);
	side_fini(&nats->untranslate);
	for (size_t i = 0; i < nats->n; i++) {
		free(nats->v[i].real.v);
		free(nats->v[i].pairs.v);
		free(nats->v[i].dst.v);
		free(nats->v[i].pool.v);
		free(nats->v[i].text);
	}
	free(nats->v);
	free(nats->arps.v);
	free(nats->arp_reach);
	free(nats->statics.v);
	free(nats->punts.v);
	free(nats->reserved.v);
	free(nats);
}
