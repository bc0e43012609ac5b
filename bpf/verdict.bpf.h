/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The four ends of a frame: dropped with a reason, left to Linux, handed to the daemon with a cause,
 * or sent on; and the counters that keep the law of stats.h:  rx = fwd + host + drop + punt.
 *
 * Responsible for: every counter that the driver writes (but for those in the slots), punt metadata,
 * the fail mode, event records.
 * Not responsible for: deciding which end it is (asa_xdp.bpf.c).
 *
 * A punt that finds no socket is not a punt: it is counted as what becomes of it, a drop with
 * punt-no-daemon (fail closed) or a frame for Linux (fail open).
 *
 * Counters are per CPU and XDP cannot be interrupted by itself, so plain additions do; the daemon's
 * share comes in by asa_account with atomic ones.
 */
#ifndef ASA_VERDICT_BPF_H
#define ASA_VERDICT_BPF_H

#include "maps.bpf.h"

/* What all verdicts need to know of the frame. */
struct asa_run {
	struct xdp_md *ctx;
	struct asa_ifstat *ifstat; /* of the interface of entry; NULL: ifindex beyond the map */
	__u64 bytes;
	__u32 ifindex;
};

asa_inline void count_stat(__u32 row, __u64 bytes)
{
	struct asa_count *c = bpf_map_lookup_elem(&asa_stats, &row);

	if (c) {
		c->packets++;
		c->bytes += bytes;
	}
}

/*
 * The current tick.  The coarse clock moves with the timer interrupt, like jiffies, which cost one
 * load, where asking the clock costs 12 ns: so it is asked once per jiffy, by whichever CPU comes
 * first.  One word holds both numbers, so that they belong together; the worst race repeats a
 * question or gives the tick of the jiffy before.
 */
static volatile __u64 clock_cache; /* low half of jiffies << 32 | tick */

asa_inline __u32 tick_now(void)
{
	__u64 cached = clock_cache, now = bpf_jiffies64() << 32;

	if (asa_unlikely((cached & 0xffffffff00000000ull) != now)) {
		cached = now | asa_tick_from_ns(bpf_ktime_get_coarse_ns());
		clock_cache = cached;
	}
	return (__u32)cached;
}

asa_inline void run_set(struct asa_run *r, struct xdp_md *ctx)
{
	r->ctx = ctx;
	r->bytes = (void *)(long)ctx->data_end - (void *)(long)ctx->data;
	r->ifindex = ctx->ingress_ifindex;
	r->ifstat = bpf_map_lookup_elem(&asa_ifstats, &r->ifindex);
}

/* The frame has come: once for each. */
asa_inline void count_arrival(const struct asa_run *r)
{
	if (r->ifstat) {
		r->ifstat->rx_packets++;
		r->ifstat->rx_bytes += r->bytes;
	}
	count_stat(STAT_RX, r->bytes);
}

asa_inline int verdict_drop(const struct asa_run *r, enum asa_drop reason)
{
	__u32 row = reason;
	struct asa_count *c = bpf_map_lookup_elem(&asa_drops, &row);

	if (c) {
		c->packets++;
		c->bytes += r->bytes;
	}
	if (r->ifstat)
		r->ifstat->drop_packets++;
	count_stat(STAT_DROP, r->bytes);
	return XDP_DROP;
}

asa_inline int verdict_host(const struct asa_run *r)
{
	if (r->ifstat)
		r->ifstat->host_packets++;
	count_stat(STAT_HOST, r->bytes);
	return XDP_PASS;
}

/*
 * Write the metadata of a punt in front of the frame.
 * => invalidates packet pointers; where the driver has no room for it, nothing is written
 */
asa_inline void punt_describe(const struct asa_run *r, enum asa_punt cause, __u32 ref)
{
	struct asa_punt_meta *m;
	void *data;

	if (bpf_xdp_adjust_meta(r->ctx, -(int)sizeof(*m)))
		return;
	m = (void *)(long)r->ctx->data_meta;
	data = (void *)(long)r->ctx->data;
	if ((void *)(m + 1) > data)
		return;
	m->cause = cause;
	m->ifindex = (__u16)r->ifindex;
	m->ref = ref;
	m->tick = tick_now();
	m->rx_queue = (__u16)r->ctx->rx_queue_index;
	m->pad = 0;
	m->pad2 = 0;
	m->magic = ASA_PUNT_MAGIC;
}

/*
 * Hand the frame to the daemon.
 * => ref: the connection it belongs to, 0 if it was not found
 */
asa_inline int verdict_punt(const struct asa_run *r, const struct asa_config *cfg,
			    enum asa_punt cause, __u32 ref)
{
	__u32 queue = r->ctx->rx_queue_index, row = cause;
	struct asa_count *c;

	if (r->ifindex >= ASA_IFINDEX_MAX || queue >= ASA_QUEUES_MAX ||
	    bpf_redirect_map(&asa_xsks, r->ifindex * ASA_QUEUES_MAX + queue, 0) != XDP_REDIRECT)
		return cfg->fail_open ? verdict_host(r) : verdict_drop(r, DROP_RESOURCE_NO_DAEMON);
	punt_describe(r, cause, ref);
	c = bpf_map_lookup_elem(&asa_punts, &row);
	if (c) {
		c->packets++;
		c->bytes += r->bytes;
	}
	if (r->ifstat)
		r->ifstat->punt_packets++;
	count_stat(STAT_PUNT, r->bytes);
	return XDP_REDIRECT;
}

/* Count a frame that leaves by 'out' with 'bytes' on the wire. */
asa_inline int verdict_forward(const struct asa_run *r, __u32 out, __u64 bytes, __u32 stat)
{
	struct asa_ifstat *tx = bpf_map_lookup_elem(&asa_ifstats, &out);

	if (r->ifstat)
		r->ifstat->fwd_packets++;
	if (tx) {
		tx->tx_packets++;
		tx->tx_bytes += bytes;
	}
	count_stat(stat, r->bytes);
	return XDP_REDIRECT;
}

/* Tell the daemon what happened to a connection. */
asa_inline void event_submit(__u8 type, __u32 ref, __u16 serial, __u32 tick)
{
	struct asa_event e = {
		.type = type,
		.dir = ASA_REF_DIR(ref),
		.serial = serial,
		.slot = ASA_REF_SLOT(ref),
		.tick = tick,
	};

	if (bpf_ringbuf_output(&asa_events, &e, sizeof(e), BPF_RB_NO_WAKEUP))
		count_stat(STAT_EVENT_LOST, 0);
}

#endif
