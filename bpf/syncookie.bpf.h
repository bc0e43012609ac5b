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

#include "intercept.bpf.h"
#include "tcp_options.bpf.h"
#include "verdict.bpf.h"

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

/* A frame, as far as it matters here. */
struct syncookie_work {
	struct asa_key key;
	struct asa_intercept_key row;
	struct asa_cookie_seg seg;
	__u32 seq, ack; /* of the frame */
	__u32 l3_off;
	__u32 v6;
	__u32 flags; /* SYN, ACK, RST, FIN */
	__u32 header; /* bytes of the TCP header */
};

/* What the options of the SYN at 'off' say, as the eight bits of a cookie. */
__noinline int syncookie_options(struct xdp_md *ctx, __u32 off, __u32 size)
{
	struct asa_tcp_list *o = tcp_options_buffer();

	if (!o || tcp_options_load(ctx, off, o->bytes, size))
		return asa_cookie_data(0, 0, ASA_COOKIE_NO_WSCALE);
	o->size = size;
	return asa_cookie_options_at(o->bytes, tcp_options_find(o, ASA_TCPOPT_MSS, 4),
				     tcp_options_find(o, ASA_TCPOPT_WSCALE, 3),
				     tcp_options_find(o, ASA_TCPOPT_SACK_PERMITTED, 2));
}

/* The timestamp among the options that syncookie_options() has just loaded. => 0: none */
__noinline __u32 syncookie_timestamp(void)
{
	__u32 row = 0;
	struct asa_tcp_list *o = bpf_map_lookup_elem(&asa_scratch, &row);
	int at = o ? tcp_options_find(o, ASA_TCPOPT_TIMESTAMP, 10) : -1;

	return at < 0 ? 0 : asa_tcp_options_ld32(o->bytes, (__u32)at + 2);
}

/*
 * Read a frame that asa_parse() has found to be plain: no fragment, options or extension headers.
 * => 0, or -1: not TCP
 */
asa_inline int syncookie_read(struct syncookie_work *w, void *data, void *data_end)
{
	__u16 type;
	void *l3 = data + ASA_ETH_SIZE, *l4;
	__u32 off = ASA_ETH_SIZE;
	int i;

	if (!asa_fits(data, ASA_ETH_SIZE + 2 * ASA_VLAN_SIZE, data_end))
		return -1;
	type = asa_ldn16(data + ASA_ETH_TYPE);
#pragma unroll
	for (i = 0; i < ASA_VLAN_TAGS_MAX; i++) {
		if (!asa_is_tag(type))
			break;
		if (i == 0)
			w->row.in_vlan = asa_ldn16(l3) & 0x0fff;
		type = asa_ldn16(l3 + 2);
		l3 += ASA_VLAN_SIZE;
		off += ASA_VLAN_SIZE;
	}
	w->l3_off = off;
	w->v6 = type == ASA_ETHERTYPE_IPV6;
	if (w->v6) {
		if (!asa_fits(l3, ASA_IP6_SIZE + ASA_TCP_SIZE, data_end) ||
		    asa_ld8(l3 + ASA_IP6_NEXT) != ASA_PROTO_TCP)
			return -1;
		w->key.src.d[0] = asa_ld64(l3 + ASA_IP6_SRC);
		w->key.src.d[1] = asa_ld64(l3 + ASA_IP6_SRC + 8);
		w->key.dst.d[0] = asa_ld64(l3 + ASA_IP6_DST);
		w->key.dst.d[1] = asa_ld64(l3 + ASA_IP6_DST + 8);
		l4 = l3 + ASA_IP6_SIZE;
	} else {
		if (!asa_fits(l3, ASA_IP4_SIZE + ASA_TCP_SIZE, data_end) ||
		    asa_ld8(l3 + ASA_IP4_PROTO) != ASA_PROTO_TCP)
			return -1;
		asa_addr_set_v4(&w->key.src, asa_ld32(l3 + ASA_IP4_SRC));
		asa_addr_set_v4(&w->key.dst, asa_ld32(l3 + ASA_IP4_DST));
		l4 = l3 + ASA_IP4_SIZE;
	}
	w->key.sport = asa_ld16(l4 + ASA_TCP_SPORT);
	w->key.dport = asa_ld16(l4 + ASA_TCP_DPORT);
	w->seq = asa_ldn32(l4 + ASA_TCP_SEQ);
	w->ack = asa_ldn32(l4 + ASA_TCP_ACK);
	w->header = (asa_ld8(l4 + ASA_TCP_DOFF) >> 4) * 4;
	w->flags = asa_ld8(l4 + ASA_TCP_FLAGS) &
		   (ASA_TCP_SYN | ASA_TCP_ACKF | ASA_TCP_RST | ASA_TCP_FIN);
	return 0;
}

/* The row for this segment: that of all clients, or of its own. */
asa_inline struct asa_intercept *syncookie_row(struct syncookie_work *w, const struct asa_config *cfg,
					       __u32 ifindex)
{
	struct asa_intercept *row, *own;

	row = intercept_hot(cfg, &w->key, ifindex, w->row.in_vlan);
	if (row)
		return row;
	w->row.dst = w->key.dst;
	w->row.in_if = ifindex;
	w->row.port = w->key.dport;
	w->row.ctx = w->key.ctx;
	row = bpf_map_lookup_elem(&asa_intercept, &w->row);
	if (!(cfg->intercept & ASA_INTERCEPT_CLIENTS) || (row && (row->flags & ASA_INTERCEPT_ANSWER)))
		return row;
	w->row.src = w->key.src;
	own = bpf_map_lookup_elem(&asa_intercept, &w->row);
	return own ? own : row;
}

/* => 0: there is no room */
asa_inline int syncookie_write_at(struct syncookie_work *w, void *l3, void *data_end, __u32 more)
{
	if (w->v6) {
		if (!asa_fits(l3, ASA_IP6_SIZE + ASA_COOKIE_L4 + more, data_end))
			return 0;
		asa_cookie_write_more(l3, 1, more, &w->key, 1, &w->seg);
	} else {
		if (!asa_fits(l3, ASA_IP4_SIZE + ASA_COOKIE_L4 + more, data_end))
			return 0;
		asa_cookie_write_more(l3, 0, more, &w->key, 1, &w->seg);
	}
	return 1;
}

/*
 * The frame becomes the segment w->seg, back to its sender. It grows or shrinks at its head, where
 * every driver has room; the whole of it is written anew.
 * => its size, or 0: there is no room
 */
asa_inline __u32 syncookie_write(struct xdp_md *ctx, struct syncookie_work *w, __u64 bytes)
{
	__u32 off = w->l3_off & 31, size = off + asa_cookie_l3_size(w->v6) + asa_cookie_more(&w->seg);
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	__u64 a, b, c, d;

	if (!asa_fits(data, ASA_ETH_SIZE + 2 * ASA_VLAN_SIZE, data_end))
		return 0;
	a = asa_ld64(data); /* destination, and the first two bytes of the source */
	b = asa_ld32(data + 8);
	c = asa_ld64(data + ASA_ETH_TYPE); /* with the tags, and what the IP header will cover */
	d = asa_ld16(data + ASA_ETH_TYPE + 8);
	if (bpf_xdp_adjust_head(ctx, (int)bytes - (int)size))
		return 0;
	data = (void *)(long)ctx->data;
	data_end = (void *)(long)ctx->data_end;
	if (!asa_fits(data, ASA_ETH_SIZE + 2 * ASA_VLAN_SIZE, data_end))
		return 0;
	asa_st32(data, (__u32)(a >> 48) | (__u32)b << 16);
	asa_st16(data + 4, (__u16)(b >> 16));
	asa_st32(data + 6, (__u32)a);
	asa_st16(data + 10, (__u16)(a >> 32));
	asa_st64(data + ASA_ETH_TYPE, c);
	asa_st16(data + ASA_ETH_TYPE + 8, (__u16)d);
	data += off;
	if (w->seg.ts)
		return syncookie_write_at(w, data, data_end, ASA_COOKIE_MORE) ? size : 0;
	return syncookie_write_at(w, data, data_end, 0) ? size : 0;
}

/* SYN: answered with a cookie. */
asa_inline int syncookie_answer(struct asa_run *r, struct syncookie_work *w,
				struct asa_intercept_hits *hits, __u32 tick)
{
	__u32 size;

	hits->sent++;
	hits->seen = tick;
	hits->src = w->key.src;
	size = syncookie_write(r->ctx, w, r->bytes);
	if (!size)
		return verdict_drop(r, DROP_INTERNAL_ERROR);
	(void)verdict_forward(r, r->ifindex, size, STAT_SYNCOOKIE_SENT);
	return XDP_TX;
}

asa_inline int syncookie_judge(struct asa_run *r, const struct asa_config *cfg,
			       struct syncookie_work *w)
{
	__u32 n = 0, tick = tick_now(), time, isn, mac = 0;
	struct asa_intercept *row = syncookie_row(w, cfg, r->ifindex);
	struct asa_cookie_keys *keys = bpf_map_lookup_elem(&asa_cookie_keys, &n);
	struct asa_intercept_hits *hits;
	__u8 data, syn = w->flags == ASA_TCP_SYN, good = 0, answer;
	int i;

	if (!row || !keys)
		return verdict_punt(r, cfg, PUNT_NO_FLOW, 0);
	n = row->row;
	hits = bpf_map_lookup_elem(&asa_intercept_hits, &n);
	answer = row->flags & ASA_INTERCEPT_ANSWER; /* not set: it is over */
	if (!hits || (!answer && w->flags != ASA_TCP_ACKF))
		return verdict_punt(r, cfg, PUNT_NO_FLOW, 0);
	if (!syn && w->flags != ASA_TCP_ACKF)
		return verdict_drop(r, DROP_TCP_NOT_SYN);
	if (syn) {
		data = asa_cookie_data(0, 0, ASA_COOKIE_NO_WSCALE);
		if (w->header > ASA_TCP_SIZE)
			data = (__u8)syncookie_options(r->ctx,
						       (w->l3_off & 31) + ASA_TCP_SIZE +
							       (w->v6 ? ASA_IP6_SIZE : ASA_IP4_SIZE),
						       w->header - ASA_TCP_SIZE);
		data = asa_cookie_offer(&w->seg, row, w->seq, data);
		if ((row->flags & ASA_INTERCEPT_TS) && w->header > ASA_TCP_SIZE)
			asa_cookie_offer_ts(&w->seg, syncookie_timestamp(), tick);
		isn = w->seq;
	} else {
		data = (__u8)((w->ack - 1) >> 24);
		isn = w->seq - 1;
	}
	/*
	 * One copy of the hash for all: a SYN needs it once, an ACK may be of the time before, or a
	 * probe with the number before (asa_cookie_check()).
	 */
	time = asa_cookie_time(tick);
	ASA_NO_UNROLL
	for (i = 0; i < 4 && !good; i++) {
		mac = asa_cookie_mac(keys, &w->key, isn + (i >> 1),
				     (time - (i & 1)) & ASA_COOKIE_TIME_MASK, data);
		good = syn || mac == ((w->ack - 1) & ASA_COOKIE_MAC_MASK);
	}
	if (syn) {
		w->seg.seq = (__u32)data << 24 | mac;
		return syncookie_answer(r, w, hits, tick);
	}
	if (good) {
		hits->good++;
		count_stat(STAT_SYNCOOKIE_OK, r->bytes);
		return verdict_punt(r, cfg, PUNT_INTERCEPT, 0);
	}
	if (!answer)
		return verdict_punt(r, cfg, PUNT_NO_FLOW, 0);
	hits->bad++;
	count_stat(STAT_SYNCOOKIE_BAD, r->bytes);
	return verdict_drop(r, DROP_TCP_INTERCEPT_COOKIE);
}

/*
 * ip verify reverse-path: does the route back to the sender leave by another interface?  A cookie
 * would be sent to whom he names, so that the daemon is to refuse the SYN.
 */
__noinline int syncookie_elsewhere(struct xdp_md *ctx, const struct asa_key *key)
{
	struct bpf_fib_lookup fib = {};
	long answer;

	if (!key)
		return 0;
	fib.ifindex = ctx->ingress_ifindex;
	fib.l4_protocol = ASA_PROTO_TCP;
	if (asa_addr_is_v4(&key->src)) {
		fib.family = AF_INET;
		fib.ipv4_src = key->dst.w[3];
		fib.ipv4_dst = key->src.w[3];
	} else {
		fib.family = AF_INET6;
		asa_memcpy(fib.ipv6_src, &key->dst, sizeof(key->dst));
		asa_memcpy(fib.ipv6_dst, &key->src, sizeof(key->src));
	}
	answer = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	return (answer != BPF_FIB_LKUP_RET_SUCCESS && answer != BPF_FIB_LKUP_RET_NO_NEIGH) ||
	       fib.ifindex != ctx->ingress_ifindex;
}

/*
 * A frame that belongs to no connection, while something is intercepted. asa_xdp has counted and
 * parsed it and jumps here: a program of its own has a stack of its own, and the verifier looks at
 * each alone.
 */
SEC("xdp")
int asa_syncookie(struct xdp_md *ctx)
{
	struct asa_run r = { .ctx = ctx, .bytes = ctx->data_end - ctx->data,
			     .ifindex = ctx->ingress_ifindex };
	struct syncookie_work w = {};
	struct asa_config *cfg;
	struct asa_iface *iface;
	__u32 row = 0;

	r.ifstat = bpf_map_lookup_elem(&asa_ifstats, &r.ifindex);
	cfg = bpf_map_lookup_elem(&asa_config, &row);
	iface = bpf_map_lookup_elem(&asa_ifaces, &r.ifindex);
	if (!cfg || !iface)
		return verdict_drop(&r, DROP_L2_INTERFACE);
	if (syncookie_read(&w, (void *)(long)ctx->data, (void *)(long)ctx->data_end))
		return verdict_punt(&r, cfg, PUNT_NO_FLOW, 0);
	w.key.ctx = iface->ctx;
	w.key.proto = ASA_PROTO_TCP;
	/* The route of tagged frames leaves by a device that is not known here. */
	if (asa_unlikely(iface->flags & ASA_IFACE_RPF) && w.flags == ASA_TCP_SYN &&
	    w.l3_off == ASA_ETH_SIZE && syncookie_elsewhere(ctx, &w.key))
		return verdict_punt(&r, cfg, PUNT_NO_FLOW, 0);
	return syncookie_judge(&r, cfg, &w);
}

#endif
