// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation of first packets: untranslate, translate, reverse-path check, proxy ARP.
 *
 * Responsible for: choosing the step that applies and computing addresses and ports from it.
 * Not responsible for: compiling the steps (nat.c), giving out dynamic addresses and ports
 * (session/xlate), rewriting packets.
 *
 * Callers: the pipeline through policy.h, packet-tracer, the ARP responder; service_policy.c for
 * BYP-11. Threads: any number; nothing is written but hit counters.
 */
#include <netinet/in.h>
#include <string.h>

#include "policy/nat_impl.h"

/* What a step must agree with besides its match. */
struct step_query {
	const struct policy *p;
	const struct nat_side *side;
	const struct cls_key *key;
	__u16 in, out; /* out: POLICY_NUM_NONE while not known */
};

/*
 * A policy rule's list speaks of real addresses as its real side sends them; a step of the other
 * direction turns the packet round first.
 */
static bool acl_agrees(const struct step_query *q, const struct nat_step *s, int acl)
{
	struct cls_key k = *q->key;

	if (s->swapped) {
		k.src = q->key->dst;
		k.dst = q->key->src;
		k.sport = q->key->dport;
		k.dport = q->key->sport;
		/* untranslate: the list has the real address, the packet still the mapped one */
		if (q->side == &q->p->nats->untranslate)
			k.src = s->to + (s->collapse ? 0 : q->key->dst - s->from);
		if (q->side == &q->p->nats->untranslate && s->has_port)
			k.sport = q->key->dport - s->port_from + s->port_to;
	}
	return acl_permits(q->p, acl, &k);
}

static bool step_agrees(const void *arg, size_t i)
{
	const struct step_query *q = arg;
	const struct nat_step *s = &q->side->steps.v[i];
	int acl = q->p->nats->v[s->rule].acl;

	if (s->in != POLICY_NUM_NONE && s->in != q->in)
		return false;
	if (q->side == &q->p->nats->translate && s->out != POLICY_NUM_NONE && s->out != q->out)
		return false;
	return acl < 0 || acl_agrees(q, s, acl);
}

static void key_convert(struct cls_key *k, const struct asa_key *key)
{
	*k = (struct cls_key){
		.src = addr_to_num(&key->src),
		.dst = addr_to_num(&key->dst),
		.sport = asa_ntohs(key->sport),
		.dport = asa_ntohs(key->dport),
		.proto = key->proto,
	};
}

static const struct nat_step *step_find(const struct policy *p, const struct nat_side *side,
					const struct cls_key *k, __u16 in, __u16 out)
{
	struct step_query q = { p, side, k, in, out };
	long i = classifier_match(side->classifier, k, step_agrees, &q);

	return i < 0 ? NULL : &side->steps.v[i];
}

static addr_num step_addr(const struct nat_step *s, addr_num a)
{
	return s->collapse ? s->to : s->to + (a - s->from);
}

static __u16 step_port(const struct nat_step *s, __u16 port)
{
	return s->has_port ? port - s->port_from + s->port_to : port;
}

static void match_fill(struct nat_match *m, const struct nat_rule *r, __u32 rule)
{
	*m = (struct nat_match){
		.rule = rule,
		.identity = r->identity,
		.is_static = r->is_static,
		.dynamic = !r->is_static,
		.pat = r->is_static ? r->service.maps_src : !r->pool.n || r->pool.v[0].pat,
		.norandomseq = r->config->norandomseq,
		.max_conns = r->config->max_conns,
		.emb_limit = r->config->emb_limit,
		.udp_max = r->config->udp_max,
	};
}

enum asa_drop policy_nat_untranslate(const struct policy *p, const struct policy_if *in,
				     struct asa_key *key, struct nat_match *m, __u16 *real_if)
{
	const struct nat_step *s;
	struct cls_key k;

	*m = (struct nat_match){ .rule = -1 };
	*real_if = POLICY_NUM_NONE;
	key_convert(&k, key);
	s = step_find(p, &p->nats->untranslate, &k, in->num, POLICY_NUM_NONE);
	if (!s)
		return DROP_NONE;
	match_fill(m, &p->nats->v[s->rule], s->rule);
	if (s->dynamic)
		return DROP_NAT_NO_XLATE;
	addr_from_num(step_addr(s, k.dst), &key->dst);
	key->dport = asa_htons(step_port(s, k.dport));
	*real_if = s->out;
	if (s->swapped) {
		struct policy_counter *c = p->nats->v[s->rule].counter;

		counter_add(c, COUNTER_NAT_UNTRANSLATE);
		m->hit = &c->value[COUNTER_NAT_UNTRANSLATE];
	}
	return DROP_NONE;
}

static void pool_fill(const struct policy *p, struct nat_pool *pool, const struct nat_rule *r)
{
	*pool = (struct nat_pool){ .interface_fallback = r->to_interface && !r->no_address,
				   .interface_addr = r->interface_addr };
	pool->extended = r->config->extended;
	if (*r->config->mapped.name)
		pool->name = r->config->mapped.name;
	if (r->config->block_allocation) {
		pool->block_size = (__u16)policy_model(p)->xlate_block_size;
		pool->block_max = (__u16)policy_model(p)->xlate_block_max;
	}
	if (r->config->flat)
		pool->flat_lo = r->config->include_reserve ? 1 : 1024;
	if (r->pool.n) {
		pool->first = r->pool.v[0].first;
		pool->last = r->pool.v[0].last;
		pool->pat = r->pool.v[0].pat;
		pool->more = r->pool.v + 1;
		pool->n_more = r->pool.n - 1;
	} else {
		pool->first = pool->last = r->interface_addr;
		pool->pat = true;
		pool->interface_fallback = false;
	}
}

enum asa_drop policy_nat_translate(const struct policy *p, const struct policy_if *in,
				   const struct policy_if *out, const struct asa_key *key,
				   struct nat_match *m, struct asa_addr *mapped,
				   __be16 *mapped_port, struct nat_pool *pool)
{
	const struct nat_rule *r;
	const struct nat_step *s;
	struct cls_key k;

	*m = (struct nat_match){ .rule = -1 };
	*mapped = key->src;
	*mapped_port = key->sport;
	memset(pool, 0, sizeof(*pool));
	key_convert(&k, key);
	s = step_find(p, &p->nats->translate, &k, in->num, out->num);
	if (!s)
		return DROP_NONE;
	r = &p->nats->v[s->rule];
	match_fill(m, r, s->rule);
	if (!s->swapped) {
		counter_add(r->counter, COUNTER_NAT_TRANSLATE);
		m->hit = &r->counter->value[COUNTER_NAT_TRANSLATE];
	}
	if (s->dynamic && (r->is_static || (!r->pool.n && r->no_address)))
		return DROP_NAT_FAILED;
	if (s->dynamic) {
		pool_fill(p, pool, r);
		return DROP_NONE;
	}
	/* the destination part of a rule is static, whatever its source part is */
	m->is_static = true;
	m->dynamic = false;
	addr_from_num(step_addr(s, k.src), mapped);
	*mapped_port = asa_htons(step_port(s, k.sport));
	return DROP_NONE;
}

enum asa_drop policy_nat_rpf_check(const struct policy *p, const struct policy_if *in,
				   const struct policy_if *out, const struct asa_key *real,
				   const struct nat_match *src_match)
{
	struct cls_key there, back;
	const struct nat_step *s;

	(void)src_match;
	key_convert(&there, real);
	back = there;
	back.src = there.dst;
	back.dst = there.src;
	back.sport = there.dport;
	back.dport = there.sport;
	s = step_find(p, &p->nats->translate, &back, out->num, in->num);
	if (!s)
		return DROP_NONE;
	if (s->dynamic || step_addr(s, back.src) != back.src ||
	    step_port(s, back.sport) != back.sport)
		return DROP_NAT_RPF;
	return DROP_NONE;
}

bool policy_proxy_arp(const struct policy *p, const struct policy_if *in, const struct asa_addr *a)
{
	const struct policy_nats *nats = p->nats;
	addr_num n = addr_to_num(a);
	size_t lo = 0, hi = nats->arps.n;

	for (size_t i = 0; i < p->ifs.n_addrs[in->num]; i++)
		if (asa_addr_equal(&p->ifs.addrs[in->num][i].addr, a))
			return false; /* Linux answers */
	/* rows from lo on start behind the address */
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (nats->arps.v[mid].r.lo <= n)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo-- > 0 && nats->arp_reach[lo] >= n) {
		const struct nat_arp *row = &nats->arps.v[lo];

		if (row->r.hi >= n && (row->num == POLICY_NUM_NONE || row->num == in->num))
			return true;
	}
	return false;
}

static bool side_is(__u16 side, const struct policy_if *pi)
{
	return side == POLICY_NUM_NONE || side == pi->num;
}

bool policy_nat_dns(const struct policy *p, const struct policy_if *in, const struct policy_if *out,
		    const struct asa_addr *a, struct asa_addr *to)
{
	addr_num n = addr_to_num(a);

	for (size_t i = 0; i < p->nats->n; i++) {
		const struct nat_rule *r = &p->nats->v[i];

		if (!r->config->dns || r->inactive || !r->is_static || r->service.maps_src)
			continue;
		for (size_t k = 0; k < r->pairs.n; k++) {
			const struct nat_pair *pair = &r->pairs.v[k];
			struct addr_range mapped = { pair->mapped_lo, pair->mapped_hi };

			if (side_is(r->mapped_if, in) && side_is(r->real_if, out) &&
			    addr_range_has(mapped, n)) {
				addr_from_num(pair->real.lo + (pair->collapse ? 0 : n - mapped.lo), to);
				return true;
			}
			if (side_is(r->mapped_if, out) && side_is(r->real_if, in) &&
			    !pair->collapse && addr_range_has(pair->real, n)) {
				addr_from_num(mapped.lo + (n - pair->real.lo), to);
				return true;
			}
		}
	}
	return false;
}

bool policy_nat_reserved(const struct policy *p, size_t i, struct nat_reserved *r)
{
	if (i >= p->nats->reserved.n)
		return false;
	*r = p->nats->reserved.v[i];
	return true;
}

bool policy_local_punt(const struct policy *p, size_t i, struct asa_addr *addr, __u8 *proto,
		       __u16 *port)
{
	if (i >= p->nats->punts.n)
		return false;
	*addr = p->nats->punts.v[i].addr;
	*proto = p->nats->punts.v[i].proto;
	*port = p->nats->punts.v[i].port;
	return true;
}

/* ------------------------------------------------------------------ BYP-11 */

static bool may_meet(__u16 a, __u16 b)
{
	return a == b || a == POLICY_NUM_NONE || b == POLICY_NUM_NONE;
}

/* The first earlier static step that translates a whatever it is sent to and by. */
static const struct cls_rule *step_over(const struct nat_side *side, size_t before, addr_num a)
{
	const struct nat_step *d = &side->steps.v[before];

	for (size_t i = 0; i < before; i++) {
		const struct nat_step *s = &side->steps.v[i];
		const struct cls_rule *m = &side->rules.v[i];

		if (s->dynamic || !m->any_proto || m->dst.lo != 0 || m->dst.hi != ADDR_NUM_MAX)
			continue;
		if ((s->in != POLICY_NUM_NONE && s->in != d->in) ||
		    (s->out != POLICY_NUM_NONE && s->out != d->out))
			continue;
		if (addr_range_has(m->src, a))
			return m;
	}
	return NULL;
}

/* Do earlier static rules leave nothing of r to the dynamic step? */
static bool covered_before(const struct nat_side *side, size_t before, struct addr_range r)
{
	const struct cls_rule *m;

	while ((m = step_over(side, before, r.lo))) {
		if (m->src.hi >= r.hi)
			return true;
		r.lo = m->src.hi + 1;
	}
	return false;
}

/*
 * A class says "from a to b", not which of them is inside. If earlier static rules translate all
 * of one end, that end is meant, and the other way round is not looked at.
 */
static bool dynamic_takes(const struct nat_side *side, size_t i, struct addr_range a,
			  struct addr_range b)
{
	const struct addr_range ways[2][2] = { { a, b }, { b, a } };
	const struct cls_rule *m = &side->rules.v[i];
	bool takes = false;

	for (int w = 0; w < 2; w++) {
		struct addr_range src = ways[w][0], both;

		if (!addr_range_overlaps(m->src, src) || !addr_range_overlaps(m->dst, ways[w][1]))
			continue;
		both.lo = m->src.lo > src.lo ? m->src.lo : src.lo;
		both.hi = m->src.hi < src.hi ? m->src.hi : src.hi;
		if (covered_before(side, i, both))
			return false;
		takes = true;
	}
	return takes;
}

int nats_dynamic_for(const struct policy *p, struct addr_range a, struct addr_range b, int num)
{
	const struct nat_side *side = &p->nats->translate;

	for (size_t i = 0; i < side->steps.n; i++) {
		const struct nat_step *s = &side->steps.v[i];
		const struct cls_rule *m = &side->rules.v[i];

		if (!s->dynamic || (!m->any_proto && m->proto != IPPROTO_TCP))
			continue;
		if (num >= 0 && !may_meet(s->in, num) && !may_meet(s->out, num))
			continue;
		if (dynamic_takes(side, i, a, b))
			return s->rule;
	}
	return -1;
}
