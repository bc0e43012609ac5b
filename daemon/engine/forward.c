// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last stages: what changes in a packet, where it goes, and off with it.
 *
 * Responsible for: normalizing what leaves, the call of an inspector, the next hop of the
 * connection's direction with TTL and MTU, rewriting by the code that the XDP program uses
 * (asa/rewrite.h). Not responsible for: neighbours that are not known yet (hold.c), pieces
 * (fragment.c), answers to the sender (reply.c).
 *
 * Threads: asa->lock.
 */
#include "engine/engine_impl.h"
#include "normalize/tcp_mss.h"

enum asa_drop stage_normalize(struct walk *w)
{
	const struct model *m = policy_model(w->policy);

	if (w->p->proto != ASA_PROTO_TCP || w->conn->dir[w->dir].flags & ASA_DIR_BYPASS)
		return DROP_NONE;
	normalize_edit(w);
	if (w->p->tcp.flags & ASA_TCP_SYN && (m->tcpmss > 0 || m->tcpmss_min > 0)) /* SES-17 */
		(void)tcp_mss_clamp(w->p, m->tcpmss > 0 ? (__u32)m->tcpmss : 0,
				    m->tcpmss_min > 0 ? (__u32)m->tcpmss_min : 0);
	return DROP_NONE;
}

/* The place where a connection's payload is shown to its inspector (inspect/inspect.h). */
enum asa_drop stage_inspect(struct walk *w)
{
	(void)w;
	return DROP_NONE;
}

static bool may_fragment(const struct asa_pkt *p)
{
	return p->flags & ASA_PKT_IPV4 && !(p->flags & ASA_PKT_DF);
}

static enum asa_drop reroute(struct walk *w)
{
	struct sessions *s = w->e->asa->sessions;
	enum asa_drop why;

	if (w->trace) {
		w->nh = &w->trace->nh;
		return session_reroute_dry(s, w->conn, w->dir, &w->trace->nh);
	}
	why = session_reroute(s, w->slot, w->dir);
	w->nh = &sessions_tables(s)->nexthops[w->conn->dir[w->dir].nexthop];
	return why;
}

enum asa_drop stage_next_hop(struct walk *w)
{
	struct sessions *s = w->e->asa->sessions;
	const struct dp_tables *t = sessions_tables(s);
	const struct asa_dir *d = &w->conn->dir[w->dir];
	const struct asa_nexthop *nh;
	const struct frame *f;
	enum asa_drop why;

	w->nh = &t->nexthops[d->nexthop];
	if (!d->nexthop || d->gen != (__u16)t->config->route_gen || !(w->nh->flags & ASA_NH_VALID)) {
		/* Asking again also starts a resolution that had failed or was never tried. */
		why = reroute(w);
		if (why)
			return why;
	}
	nh = w->nh;
	if (!w->p->ttl) /* never sent on, and its sender is not told: RFC 1812 section 5.3.1 */
		return DROP_IP_TTL;
	if (d->flags & ASA_DIR_DEC_TTL && w->p->ttl <= 1) {
		reply_time_exceeded(w);
		return DROP_IP_TTL;
	}
	for (f = w->f; nh->mtu && f; f = f->next) {
		if (f->pkt.l3_size <= nh->mtu || may_fragment(&f->pkt))
			continue;
		reply_too_big(w, nh->mtu);
		return DROP_ROUTE_MTU;
	}
	return DROP_NONE;
}

static void trace_hold(struct walk *w, struct frame *f)
{
	w->trace->held = true;
	frame_put(w->ops->pool, f);
}

void forward_out(struct walk *w, struct frame *f, __u16 row)
{
	const struct asa_nexthop *nh = w->nh;

	if (nh->mtu && f->pkt.l3_size > nh->mtu)
		fragment_send(w, f, row, nh->mtu);
	else if (__atomic_load_n(&nh->flags, __ATOMIC_ACQUIRE) & ASA_NH_VALID)
		hold_send(w->e, w->ops, f, nh);
	else if (w->trace)
		trace_hold(w, f);
	else
		hold_add(w->e, w->ops, f, row, w->now);
}

enum asa_drop stage_forward(struct walk *w)
{
	const struct asa_dir *own = &w->conn->dir[w->dir], *other = &w->conn->dir[!w->dir];
	const struct asa_half *half = &w->conn->half[w->dir], *peer = &w->conn->half[!w->dir];
	const struct asa_session *session = session_row(w->e->asa->sessions, w->slot);
	__u16 row = own->nexthop;
	struct frame *f, *next;

	existing_commit(w);
	for (f = w->f; f; f = next) {
		next = f->next;
		f->next = NULL;
		if (own->flags & ASA_DIR_SEQ && f->pkt.flags & ASA_PKT_L4 &&
		    f->pkt.proto == ASA_PROTO_TCP)
			asa_rewrite_sack(&f->pkt, peer->seq_add);
		if (own->flags & ASA_DIR_TS && session && f->pkt.flags & ASA_PKT_L4)
			asa_rewrite_ts(&f->pkt, session->rest[w->dir].ts_add, w->dir == 0);
		asa_rewrite(&f->pkt, own, other, half, peer);
		forward_out(w, f, row);
	}
	w->done = true;
	return DROP_NONE;
}
