// SPDX-License-Identifier: GPL-2.0-only
/*
 * The session management path: a packet that belongs to no connection.
 *
 * Responsible for: asking policy, routes and translation in ASA's order and, when all agree,
 * creating the connection with both keys, both ways out and both directions' instructions.
 * Not responsible for: the answers (policy, net, xlate), the table (session).
 *
 * The way out is looked up before the access rules, because security levels need it, but that
 * there is none counts only when the rules have let the packet pass. The classes are asked before
 * that, too: whether a segment without SYN may open a connection depends on them (BYP-3, BYP-4).
 *
 * DEVIATION: ICMP echo, timestamp and mask requests always make a connection (2 s idle), so that
 * the reply needs no access rule; on an ASA that takes "inspect icmp". Replies without one are
 * refused (BYP-13).
 *
 * Threads: asa->lock, RCU read section.
 */
#include "engine/engine_impl.h"

static bool is_icmp(const struct walk *w)
{
	return w->p->proto == ASA_PROTO_ICMP || w->p->proto == ASA_PROTO_ICMPV6;
}

void tuple_fill(const struct walk *w, const struct asa_key *key, struct policy_tuple *t)
{
	t->src = key->src;
	t->dst = key->dst;
	t->proto = key->proto;
	t->icmp_type = w->p->icmp_type;
	t->icmp_code = w->p->icmp_code;
	t->tos = w->p->flags & ASA_PKT_IPV4 ? asa_ld8((__u8 *)w->p->l3 + 1) :
					      (__u8)(asa_ldn16(w->p->l3) >> 4);
	if (is_icmp(w)) { /* the identifier is no port */
		t->sport = 0;
		t->dport = 0;
	} else {
		t->sport = asa_ntohs(key->sport);
		t->dport = asa_ntohs(key->dport);
	}
}

enum asa_drop stage_untranslate(struct walk *w)
{
	__u16 real_if = POLICY_NUM_NONE;

	w->real = w->p->key;
	w->dst_nat.rule = -1;
	w->src_nat.rule = -1;
	/* That it failed counts after the question whether this packet may open anything. */
	w->nat_why = policy_nat_untranslate(w->policy, w->in, &w->real, &w->dst_nat, &real_if);
	walk_hit(w, w->dst_nat.hit);
	if (w->nat_why)
		w->real = w->p->key;
	return DROP_NONE;
}

enum asa_drop stage_route(struct walk *w)
{
	w->route_why = net_route(w->e->asa->net, &w->real.dst, &w->route, &w->local);
	if (w->route_why)
		return DROP_NONE;
	w->out = session_route_if(w->e->asa->sessions, &w->route);
	if (!w->out)
		w->route_why = DROP_ROUTE_NONE;
	else if (!w->out->up)
		w->route_why = DROP_ROUTE_INTERFACE;
	return DROP_NONE;
}

enum asa_drop stage_service(struct walk *w)
{
	struct policy_tuple t;

	tuple_fill(w, &w->real, &t);
	policy_service_match(w->policy, w->in, w->out, &t, &w->service);
	if (w->p->proto != ASA_PROTO_TCP)
		w->service.bypass = false;
	return DROP_NONE;
}

static enum asa_drop check_tcp(struct walk *w)
{
	__u8 flags = w->p->tcp.flags & (ASA_TCP_SYN | ASA_TCP_ACKF | ASA_TCP_RST | ASA_TCP_FIN);

	if (w->service.bypass)
		return DROP_NONE;
	if (flags == ASA_TCP_SYN)
		return normalize_first(w);
	if (flags & ASA_TCP_SYN && flags & (ASA_TCP_FIN | ASA_TCP_RST))
		return DROP_TCP_FLAGS;
	deny_not_syn(w);
	if (session_timed_out(w->e->asa->sessions, &w->p->key, w->now))
		reply_reset(w); /* TMO-4 */
	return DROP_TCP_NOT_SYN; /* BYP-4 */
}

static enum asa_drop check_icmp(struct walk *w)
{
	if (w->p->flags & ASA_PKT_ICMP_REPLY) {
		deny_icmp_reply(w);
		return DROP_SESSION_ICMP; /* BYP-13 */
	}
	if (!(w->p->flags & ASA_PKT_ICMP_REQUEST) || w->p->icmp_code)
		return DROP_SESSION_ICMP_BAD;
	return DROP_NONE;
}

enum asa_drop stage_first_checks(struct walk *w)
{
	enum asa_drop why = DROP_NONE;

	if (w->p->proto == ASA_PROTO_TCP)
		why = check_tcp(w);
	else if (is_icmp(w))
		why = check_icmp(w);
	if (why)
		return why;
	if (w->nat_why)
		return w->nat_why;
	/* The XDP program gives the box its own; what comes here was to match a translation. */
	return w->local ? DROP_NAT_NO_XLATE : DROP_NONE;
}

enum asa_drop stage_access(struct walk *w)
{
	const struct policy_acl_match *m = &w->acl_in;
	enum asa_drop why;

	tuple_fill(w, policy_acl_mapped(w->policy) ? &w->p->key : &w->real, &w->tuple); /* ACL-3 */
	why = policy_access_in(w->policy, w->in, w->out, &w->tuple, &w->acl_in);
	walk_hit(w, m->hit);
	if (why == DROP_POLICY_ACL) {
		w->established = session_established(w->e->asa->sessions, &w->real) + 1;
		why = w->established ? DROP_NONE : why; /* ACL-5 */
	}
	if (why) {
		deny_access(w, m, false);
		account_flow(w->e, FLOW_ACL);
		return why;
	}
	if (m->acl && m->log)
		permit_access(w, m);
	if (w->route_why)
		return w->route_why;
	tuple_fill(w, &w->real, &w->tuple);
	why = policy_access_out(w->policy, w->out, &w->tuple, &w->acl_out);
	walk_hit(w, w->acl_out.hit);
	if (why) {
		deny_access(w, &w->acl_out, true);
		account_flow(w->e, FLOW_ACL);
	}
	return why;
}

enum asa_drop stage_limits(struct walk *w)
{
	struct session_limit limit = {.replaces = w->trace ? w->trace->replaces : 0};
	enum asa_drop why;

	why = session_limit_check(w->e->asa->sessions, &w->service, &w->p->key, &limit);
	walk_hit(w, limit.hit);
	if (why)
		deny_limit(w, &limit);
	return why;
}

/* A translation out of the pool; a dry walk only looks which it would be. */
static enum asa_drop take_xlate(struct walk *w, const struct nat_pool *pool,
				struct asa_addr *mapped, __be16 *port, bool *created)
{
	struct xlates *x = w->e->asa->xlates;
	enum asa_drop why;

	if (!w->trace)
		return xlate_allocate(x, pool, w->in, w->out, &w->real, w->now, &w->nat_ref, mapped,
				      port, created);
	why = xlate_peek(x, pool, w->in, w->out, &w->real, w->now, &w->trace->xlate,
			 &w->trace->xlate_new);
	if (why)
		return why;
	*mapped = w->trace->xlate.mapped;
	if (w->trace->xlate.pat)
		*port = w->trace->xlate.mapped_port;
	return DROP_NONE;
}

/* LIM-7: what the rules that translate either end allow. */
static enum asa_drop check_nat_limits(struct walk *w)
{
	struct sessions *s = w->e->asa->sessions;
	struct session_limit limit = {0};
	enum asa_drop why = DROP_NONE;

	if (w->src_nat.rule >= 0)
		why = session_nat_limit(s, &w->src_nat, &w->real, &w->real.src, &limit);
	if (!why && w->dst_nat.rule >= 0)
		why = session_nat_limit(s, &w->dst_nat, &w->real, &w->real.dst, &limit);
	if (why)
		deny_limit(w, &limit);
	return why;
}

enum asa_drop stage_translate(struct walk *w)
{
	struct asa_addr mapped = w->real.src;
	__be16 port = w->real.sport;
	struct nat_pool pool = {0};
	bool created = false;
	enum asa_drop why;

	why = policy_nat_translate(w->policy, w->in, w->out, &w->real, &w->src_nat, &mapped, &port,
				   &pool);
	walk_hit(w, w->src_nat.hit);
	if (!why) {
		why = check_nat_limits(w);
		if (!why)
			why = intercept_nat(w);
		if (why || w->done)
			return why;
	}
	if (!why && w->src_nat.rule >= 0 && w->src_nat.dynamic) {
		why = take_xlate(w, &pool, &mapped, &port, &created);
		if (why)
			deny_translation(w, &pool);
		else if (created)
			session_xlate_built(w->e->asa->sessions, w->nat_ref, w->now);
	}
	if (!why && w->dst_nat.rule < 0) {
		why = policy_nat_rpf_check(w->policy, w->in, w->out, &w->real, &w->src_nat);
		if (why)
			deny_rpf(w); /* NAT-6 */
	}
	if (why) {
		account_flow(w->e, FLOW_NAT);
		return why;
	}
	w->answer = w->real;
	w->answer.src = w->real.dst;
	w->answer.sport = w->real.dport;
	w->answer.dst = mapped;
	w->answer.dport = port;
	return DROP_NONE;
}

/* SEQ-3, LIM-7: off if the class or a rule that translates either end says so. */
static bool randomize(const struct walk *w)
{
	return w->service.random_seq != 0 && !(w->src_nat.rule >= 0 && w->src_nat.norandomseq) &&
	       !(w->dst_nat.rule >= 0 && w->dst_nat.norandomseq);
}

enum asa_drop stage_create(struct walk *w)
{
	const struct model *m = policy_model(w->policy);
	struct sessions *s = w->e->asa->sessions;
	struct session_args a = {
		.forward = w->p->key,
		.reverse = w->answer,
		.in = w->in,
		.out = w->out,
		.route = w->route,
		.service = w->service,
		.nat_ref = w->nat_ref,
		.nat_static = (w->dst_nat.rule >= 0 && w->dst_nat.is_static) ||
			      (w->src_nat.rule >= 0 && w->src_nat.is_static),
		.nat_dynamic = w->nat_ref != 0,
		.randomize = randomize(w),
		.clamp_mss = !w->service.bypass && (m->tcpmss > 0 || m->tcpmss_min > 0),
		.intercept = w->cookie,
		.order = order_wanted(&w->service),
		.first = w->p,
	};
	enum asa_drop why;
	bool local = false;

	if (w->nat_ref) {
		const struct xlate *x = xlate_get(w->e->asa->xlates, w->nat_ref);

		a.pat = x && x->pat;
		a.pat_extended = x && x->extended;
		a.pat_block = x && x->block_size;
	}
	/* The way back may be another one than the packet came (asymmetric routes, BYP-15). */
	if (!net_route(w->e->asa->net, &w->p->key.src, &a.route_back, &local))
		a.back = session_route_if(s, &a.route_back);
	if (!a.back)
		a.route_back.ifindex = 0;
	if (w->trace)
		why = session_create_dry(s, &a, w->now, w->trace->replaces, &w->trace->conn,
					 &w->trace->id);
	else
		why = session_create(s, &a, w->now, &w->slot);
	if (why)
		return why;
	w->nat_ref = 0; /* the connection's now */
	w->conn = w->trace ? &w->trace->conn : session_conn(s, w->slot);
	w->dir = 0;
	w->created = true;
	return DROP_NONE;
}
