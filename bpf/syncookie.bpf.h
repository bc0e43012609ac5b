/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP intercept in the driver: SYNs of a flood get a cookie for an answer, and what comes back is
 * checked, without the daemon and without memory (INT-1, INT-5).
 *
 * Responsible for: segments that belong to no connection and go to a destination that the daemon
 * has listed in asa_intercept. It lists only what it has itself let through the access rules, so
 * that a port which they deny never answers.
 * Not responsible for: when that is (the daemon's limits), cookies (asa/syncookie.h), what follows
 * a good one (the daemon joins client and server).
 *
 *	SYN			SYN-ACK with a cookie, back by the same interface
 *	ACK with a good cookie	punt intercept
 *	ACK with a bad one	drop tcp-intercept-bad-cookie
 *	anything else		drop tcp-not-syn: backscatter of the flood is part of it
 *
 * Life cycle: called for misses only, and only while asa_config.intercept says that there are rows.
 * Threads: any CPU; the rows are read-only here, the counters per CPU.
 */
#ifndef ASA_SYNCOOKIE_BPF_H
#define ASA_SYNCOOKIE_BPF_H

#include <asa/syncookie.h>

#include "tcp_options.bpf.h"
#include "verdict.bpf.h"

/* Destinations to answer for. Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ASA_INTERCEPT_MAX);
	__type(key, struct asa_intercept_key);
	__type(value, struct asa_intercept);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_intercept SEC(".maps");

/* Counters of those rows. Written by XDP. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ASA_INTERCEPT_MAX);
	__type(key, __u32);
	__type(value, struct asa_intercept_hits);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_intercept_hits SEC(".maps");

/* Keys of the cookies. Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct asa_cookie_keys);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_cookie_keys SEC(".maps");

/* What the options of a SYN at 'off' say, as the eight bits of a cookie. */
__noinline int syncookie_options(struct xdp_md *ctx, __u32 off, __u32 size)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = {};

	if (tcp_options_load(ctx, off, options, size))
		return asa_cookie_data(0, 0, ASA_COOKIE_NO_WSCALE);
	return asa_cookie_options(options, size);
}

/* The frame, as the one global function below gets it: scalars and keys, no packet pointers. */
struct syncookie_frame {
	struct asa_run run;
	const struct asa_key *key;
	const struct asa_tcp_seg *tcp;
	__u32 l3_off;
	__u32 l4_off;
	__u16 vlan;
	__u8 v6;
	__u8 kinds; /* asa_config.intercept */
};

/* The row for this segment: that of all clients, or of its own. */
asa_inline struct asa_intercept *syncookie_row(const struct syncookie_frame *f)
{
	struct asa_intercept_key k = {
		.dst = f->key->dst,
		.in_if = f->run.ifindex,
		.in_vlan = f->vlan,
		.port = f->key->dport,
		.ctx = f->key->ctx,
	};
	struct asa_intercept *row = bpf_map_lookup_elem(&asa_intercept, &k), *own;

	if (!(f->kinds & ASA_INTERCEPT_CLIENTS) || (row && (row->flags & ASA_INTERCEPT_ANSWER)))
		return row;
	k.src = f->key->src;
	own = bpf_map_lookup_elem(&asa_intercept, &k);
	return own ? own : row;
}

/*
 * Turn the SYN into the SYN-ACK.
 * => 0, or -1: there is no room, and the frame may have changed
 */
asa_inline int syncookie_write(const struct syncookie_frame *f, const struct asa_cookie_seg *s)
{
	__u32 off = f->l3_off, size = off + asa_cookie_l3_size(f->v6);
	struct xdp_md *ctx = f->run.ctx;
	void *data, *data_end;
	__u64 a, b;

	if (off > ASA_ETH_SIZE + ASA_VLAN_TAGS_MAX * ASA_VLAN_SIZE)
		return -1;
	if (f->run.bytes != size && bpf_xdp_adjust_tail(ctx, (int)size - (int)f->run.bytes))
		return -1;
	data = (void *)(long)ctx->data;
	data_end = (void *)(long)ctx->data_end;
	if (!asa_fits(data, ASA_ETH_SIZE, data_end))
		return -1;
	a = asa_ld64(data); /* destination, and the first two bytes of the source */
	b = asa_ld32(data + 8);
	asa_st32(data, (__u32)(a >> 48) | (__u32)b << 16);
	asa_st16(data + 4, (__u16)(b >> 16));
	asa_st32(data + 6, (__u32)a);
	asa_st16(data + 10, (__u16)(a >> 32));
	data += off;
	if (f->v6) {
		if (!asa_fits(data, ASA_IP6_SIZE + ASA_COOKIE_L4, data_end))
			return -1;
		asa_cookie_write(data, 1, f->key, 1, s);
	} else {
		if (!asa_fits(data, ASA_IP4_SIZE + ASA_COOKIE_L4, data_end))
			return -1;
		asa_cookie_write(data, 0, f->key, 1, s);
	}
	return 0;
}

asa_inline int syncookie_answer(const struct syncookie_frame *f, const struct asa_intercept *row,
				struct asa_intercept_hits *hits, const struct asa_cookie_keys *keys,
				__u32 tick)
{
	struct asa_cookie_seg s;
	__u8 data;

	data = (__u8)syncookie_options(f->run.ctx, f->l4_off + ASA_TCP_SIZE,
				       f->tcp->header - ASA_TCP_SIZE);
	(void)asa_cookie_syn_ack(&s, keys, row, f->key, f->tcp->seq, tick, data);
	if (hits) {
		hits->sent++;
		hits->seen = tick;
		hits->src = f->key->src;
	}
	if (syncookie_write(f, &s))
		return verdict_drop(&f->run, DROP_INTERNAL_ERROR);
	(void)verdict_forward(&f->run, f->run.ifindex, f->l3_off + asa_cookie_l3_size(f->v6),
			      STAT_SYNCOOKIE_SENT);
	return XDP_TX;
}

/* => the verdict, or -1: this destination is not intercepted */
asa_inline int syncookie_judge(const struct syncookie_frame *f)
{
	__u8 flags = f->tcp->flags & (ASA_TCP_SYN | ASA_TCP_ACKF | ASA_TCP_RST | ASA_TCP_FIN);
	__u32 zero = 0, n, tick = tick_now();
	struct asa_intercept *row = syncookie_row(f);
	struct asa_intercept_hits *hits;
	struct asa_cookie_keys *keys;

	keys = bpf_map_lookup_elem(&asa_cookie_keys, &zero);
	if (!row || !keys)
		return -1;
	n = row->row;
	hits = bpf_map_lookup_elem(&asa_intercept_hits, &n);
	if (flags == ASA_TCP_ACKF &&
	    asa_cookie_check(keys, f->key, f->tcp->seq, f->tcp->ack, tick)) {
		if (hits)
			hits->good++;
		count_stat(STAT_SYNCOOKIE_OK, f->run.bytes);
		return verdict_punt(&f->run, PUNT_INTERCEPT, 0);
	}
	if (!(row->flags & ASA_INTERCEPT_ANSWER)) /* it is over */
		return -1;
	if (flags == ASA_TCP_SYN)
		return syncookie_answer(f, row, hits, keys, tick);
	if (flags != ASA_TCP_ACKF)
		return verdict_drop(&f->run, DROP_TCP_NOT_SYN);
	if (hits)
		hits->bad++;
	count_stat(STAT_SYNCOOKIE_BAD, f->run.bytes);
	return verdict_drop(&f->run, DROP_TCP_INTERCEPT_COOKIE);
}

/*
 * A TCP segment without a connection; 'where': offset of the IP header, bit 7: IPv6, bits 8-15: size
 * of the IP header, bits 16-31: VLAN.
 * => a global function: the verifier looks at it once
 */
__noinline int syncookie_frame(struct xdp_md *ctx, const struct asa_key *key,
			       const struct asa_tcp_seg *tcp, __u32 where, __u32 kinds)
{
	struct syncookie_frame f = {
		.run = { .ctx = ctx, .bytes = ctx->data_end - ctx->data,
			 .ifindex = ctx->ingress_ifindex },
		.key = key,
		.tcp = tcp,
		.l3_off = where & 127,
		.l4_off = (where & 127) + ((where >> 8) & 255),
		.vlan = (__u16)(where >> 16),
		.v6 = (where >> 7) & 1,
		.kinds = (__u8)kinds,
	};

	if (!key || !tcp)
		return -1;
	f.run.ifstat = bpf_map_lookup_elem(&asa_ifstats, &f.run.ifindex);
	return syncookie_judge(&f);
}

asa_inline int syncookie(const struct asa_run *r, const struct asa_pkt *p, __u8 kinds)
{
	return syncookie_frame(r->ctx, &p->key, &p->tcp,
			       p->l3_off | (p->flags & ASA_PKT_IPV4 ? 0 : 128) |
				       (__u32)(p->l4_off - p->l3_off) << 8 | (__u32)p->vlan << 16,
			       kinds);
}

#endif
