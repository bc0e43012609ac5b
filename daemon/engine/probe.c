// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments that the firewall sends to the hosts of an idle connection, and what they answer.
 *
 * Responsible for: frames for the probes and RSTs that the session module asks for (session/dcd.c),
 * and taking the answers out of the stream. Not responsible for: when, to whom, with which numbers.
 *
 * A segment leaves as if its peer had sent it through the firewall: addresses and numbers are those
 * that the receiving host knows. It waits for a neighbour like any other frame. A few hundred are
 * sent in a tick of each worker; the rest stays in the queue.
 *
 * Threads: asa->lock; each worker's tick takes from the same queue.
 */
#include "engine/engine_impl.h"

#define SEGMENTS_PER_TICK 512

enum asa_drop stage_probe(struct walk *w)
{
	if (!(w->conn->dir[w->dir].flags & ASA_DIR_PROBE) || w->trace ||
	    w->p->proto != ASA_PROTO_TCP)
		return DROP_NONE;
	return session_probe_answer(w->e->asa->sessions, w->slot, w->dir, &w->p->tcp, w->now);
}

static bool segment_build(struct frame *f, const struct session_segment *seg)
{
	const struct asa_cookie_seg s = {
		.seq = seg->seq,
		.ack = seg->ack,
		.window = seg->window,
		.flags = seg->flags,
		.wscale = ASA_COOKIE_NO_WSCALE,
		.ts = seg->ts_val || seg->ts_ecr,
		.ts_val = seg->ts_val,
		.ts_ecr = seg->ts_ecr,
	};
	int v6 = !asa_addr_is_v4(&seg->key.src);

	memset(f->data, 0, ASA_ETH_SIZE);
	asa_stn16(f->data + ASA_ETH_TYPE, v6 ? ASA_ETHERTYPE_IPV6 : ASA_ETHERTYPE_IPV4);
	asa_cookie_write(f->data + ASA_ETH_SIZE, v6, &seg->key, true, &s);
	f->len = ASA_ETH_SIZE + asa_cookie_l3_size(v6);
	f->in_ifindex = 0;
	f->in_queue = 0;
	f->next = NULL;
	return asa_parse(&f->pkt, f->data, f->data + f->len, 1) == DROP_NONE;
}

static void segment_send(struct engine *e, struct worker_ops *ops,
			 const struct session_segment *seg, __u32 now)
{
	const struct asa_nexthop *nh =
		&sessions_tables(e->asa->sessions)->nexthops[seg->nexthop];
	struct frame *f = frame_get(ops->pool);

	if (!segment_build(f, seg))
		frames_drop(e, ops, f, DROP_INTERNAL_ERROR);
	else if (__atomic_load_n(&nh->flags, __ATOMIC_ACQUIRE) & ASA_NH_VALID)
		hold_send(e, ops, f, nh);
	else
		hold_add(e, ops, f, seg->nexthop, now);
}

void probe_tick(struct engine *e, struct worker_ops *ops, __u32 now)
{
	struct session_segment seg;
	int i;

	/* Without a frame it stays in the queue: a host must not pass for dead because of us. */
	for (i = 0; i < SEGMENTS_PER_TICK && frame_pool_available(ops->pool) &&
		    session_segment_take(e->asa->sessions, &seg);
	     i++) {
		segment_send(e, ops, &seg, now);
		net_nexthop_put(e->asa->net, seg.nexthop);
	}
}
