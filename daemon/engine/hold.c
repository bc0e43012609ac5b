// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that wait for a neighbour's address, and the sending of frames.
 *
 * Responsible for: at most HOLD_MAX frames, HOLD_PER_NEXTHOP of one next hop, for HOLD_MS; then
 * they are dropped as "no-adjacency". Frames leave in the order in which they came.
 * Not responsible for: resolving (datapath/net).
 *
 * A held frame has been rewritten already; only its Ethernet header is missing. While it waits the
 * row may be given to another neighbour: gateway and interface are compared before it is sent.
 *
 * Threads: asa->lock. A frame belongs to the worker that received it; only that worker's calls
 * send or free it.
 */
#include "engine/engine_impl.h"

#define ETH_MIN 60u /* without the checksum, IEEE 802.3 clause 4.2.3.3 */

void hold_send(struct engine *e, struct worker_ops *ops, struct frame *f,
	       const struct asa_nexthop *nh)
{
	__u32 size = asa_l2_size(nh);

	/* Headroom for two tags is always there: frames start FRAME_HEADROOM into the buffer. */
	f->data = (__u8 *)f->pkt.l3 - size;
	f->len = size + f->pkt.l3_size;
	asa_l2_write(f->data, nh, f->pkt.ethertype);
	if (f->len < ETH_MIN) {
		memset(f->data + f->len, 0, ETH_MIN - f->len);
		f->len = ETH_MIN;
	}
	f->out_ifindex = nh->ifindex;
	if (f->in_ifindex)
		account_forward(e, f->in_ifindex, f->len);
	else
		account_reply(e, f->len);
	account_sent(e, nh->ifindex, f->len);
	ops->send(ops->worker, f);
}

void hold_add(struct engine *e, struct worker_ops *ops, struct frame *f, __u16 row, __u32 now)
{
	const struct asa_nexthop *nh = &sessions_tables(e->asa->sessions)->nexthops[row];
	struct hold *h;
	__u32 i, n = 0;

	for (i = 0; i < e->n_hold; i++)
		n += e->hold[i].row == row;
	if (e->n_hold == HOLD_MAX || n >= HOLD_PER_NEXTHOP) {
		frames_drop(e, ops, f, DROP_ROUTE_ADJACENCY);
		return;
	}
	h = &e->hold[e->n_hold++];
	h->f = f;
	h->ops = ops;
	h->row = row;
	h->ifindex = nh->ifindex;
	h->gateway = nh->gateway;
	h->until = now + asa_ticks_from_ms(HOLD_MS);
}

static bool row_is_theirs(const struct hold *h, const struct asa_nexthop *nh)
{
	return nh->ifindex == h->ifindex && asa_addr_equal(&nh->gateway, &h->gateway);
}

void hold_done(struct engine *e, struct worker_ops *ops, __u16 row, bool resolved)
{
	const struct asa_nexthop *nh = &sessions_tables(e->asa->sessions)->nexthops[row];
	__u32 i, kept = 0, n = e->n_hold;

	for (i = 0; i < n; i++) {
		struct hold h = e->hold[i];

		if (h.row != row || h.ops != ops) {
			e->hold[kept++] = h;
			continue;
		}
		if (resolved && nh->flags & ASA_NH_VALID && row_is_theirs(&h, nh))
			hold_send(e, ops, h.f, nh);
		else
			frames_drop(e, ops, h.f, DROP_ROUTE_ADJACENCY);
	}
	e->n_hold = kept;
}

void hold_expire(struct engine *e, struct worker_ops *ops, __u32 now)
{
	const struct asa_nexthop *rows = sessions_tables(e->asa->sessions)->nexthops;
	__u32 i, kept = 0, n = e->n_hold;

	for (i = 0; i < n; i++) {
		struct hold h = e->hold[i];
		const struct asa_nexthop *nh = &rows[h.row];

		if (h.ops != ops)
			e->hold[kept++] = h;
		else if (nh->flags & ASA_NH_VALID && row_is_theirs(&h, nh))
			hold_send(e, ops, h.f, nh); /* resolved without our having been told */
		else if ((__s32)(now - h.until) >= 0)
			frames_drop(e, ops, h.f, DROP_ROUTE_ADJACENCY);
		else
			e->hold[kept++] = h;
	}
	e->n_hold = kept;
}
