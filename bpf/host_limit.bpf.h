/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits of management classes in the driver (LIM-6, INT-6): asa/host_limit.h has the agreement.
 *
 * Responsible for: which segments to the box can make a connection, whose class that would be, and
 * whether it has a place left. Not responsible for: anything else about packets to the box
 * (host.bpf.h).
 *
 * Whether a SYN or an ACK makes a connection is Linux's to say: its socket tables are asked. A SYN
 * that comes again, one for a closed port, and each segment of a connection that exists take no
 * place. Segments of other kinds are not looked at.
 *
 * DEVIATION: sockets bound to a device that is not the one of entry (a VLAN of it) are not found;
 * of such services only a full class keeps SYNs away.
 *
 * Threads: any CPU; places are taken with atomic additions.
 */
#ifndef ASA_HOST_LIMIT_BPF_H
#define ASA_HOST_LIMIT_BPF_H

#include <asa/host_limit.h>

#include "host.bpf.h"
#include "verdict.bpf.h"

/* States of Linux's sockets (include/net/tcp_states.h). */
#define HOST_TCP_TIME_WAIT 6
#define HOST_TCP_LISTEN 10

struct host_walk {
	struct asa_host_walk walk;
	__u32 first;
};

static long host_step(__u32 i, struct host_walk *w)
{
	__u32 row = w->first + i;
	struct asa_host_rule *r = bpf_map_lookup_elem(&asa_host_rules, &row);

	return r ? asa_host_step(&w->walk, r, i) : 1;
}

/* Take one of so many places. => 0: there is none */
asa_inline int host_take(__u64 *taken, __u64 places)
{
	if (places == ASA_HOST_UNLIMITED || __sync_fetch_and_add(taken, 1) < places)
		return 1;
	__sync_fetch_and_add(taken, (__u64)-1);
	return 0;
}

/* IP header of a segment, as much as bpf_tcp_check_syncookie() reads. */
struct host_ip {
	__u8 bytes[ASA_IP6_SIZE];
};

/*
 * Can this segment make a connection? Asks Linux's sockets.
 * => tcp: 20 bytes of its header
 */
__noinline int host_makes_one(struct xdp_md *ctx, const struct asa_key *key, const struct asa_key *tcp,
			      __u32 syn)
{
	struct bpf_sock_tuple t = {};
	struct host_ip ip = {};
	struct bpf_sock *sk;
	__u32 state, size;
	int makes = 0;

	if (!key || !tcp)
		return 0;
	if (asa_addr_is_v4(&key->src)) {
		t.ipv4.saddr = key->src.w[3];
		t.ipv4.daddr = key->dst.w[3];
		t.ipv4.sport = key->sport;
		t.ipv4.dport = key->dport;
		asa_st8(ip.bytes, 0x45);
		asa_st32(ip.bytes + ASA_IP4_SRC, key->src.w[3]);
		asa_st32(ip.bytes + ASA_IP4_DST, key->dst.w[3]);
		sk = bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv4), BPF_F_CURRENT_NETNS, 0);
	} else {
		asa_memcpy(t.ipv6.saddr, &key->src, 16);
		asa_memcpy(t.ipv6.daddr, &key->dst, 16);
		t.ipv6.sport = key->sport;
		t.ipv6.dport = key->dport;
		asa_st8(ip.bytes, 0x60);
		asa_memcpy(ip.bytes + ASA_IP6_SRC, &key->src, 16);
		asa_memcpy(ip.bytes + ASA_IP6_DST, &key->dst, 16);
		sk = bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv6), BPF_F_CURRENT_NETNS, 0);
	}
	if (!sk)
		return 0;
	state = sk->state;
	size = ASA_TCP_SIZE;
	if (syn)
		makes = state == HOST_TCP_LISTEN || state == HOST_TCP_TIME_WAIT;
	else if (state == HOST_TCP_LISTEN)
		makes = bpf_tcp_check_syncookie(sk, &ip, sizeof(ip), (struct tcphdr *)tcp, size) == 0;
	bpf_sk_release(sk);
	return makes;
}

asa_inline int host_refuse(struct asa_host_limit *l, const struct asa_key *key, __u32 ifindex)
{
	__sync_fetch_and_add(&l->drops, 1);
	l->src = key->src;
	l->dst = key->dst;
	l->sport = key->sport;
	l->dport = key->dport;
	l->in_if = ifindex;
	return DROP_POLICY_LIMIT;
}

/*
 * Find the TCP header of a frame that asa_parse() has let through.
 * => *key gets addresses and ports, *tcp the header
 * => 0, or -1: not TCP, or no header in it
 */
asa_inline int host_read(struct xdp_md *ctx, struct asa_key *key, struct asa_key *tcp)
{
	__u32 off = ASA_ETH_TYPE, i;
	__u8 ip[ASA_IP6_SIZE];
	int proto;

	ASA_NO_UNROLL
	for (i = 0; i <= ASA_VLAN_TAGS_MAX; i++) {
		if (bpf_xdp_load_bytes(ctx, off, ip, 2))
			return -1;
		if (!asa_is_tag(asa_ldn16(ip)))
			break;
		off += ASA_VLAN_SIZE;
	}
	off += 2;
	if (asa_ldn16(ip) == ASA_ETHERTYPE_IPV6) {
		if (bpf_xdp_load_bytes(ctx, off, ip, ASA_IP6_SIZE))
			return -1;
		asa_memcpy(&key->src, ip + ASA_IP6_SRC, 16);
		asa_memcpy(&key->dst, ip + ASA_IP6_DST, 16);
		off += ASA_IP6_SIZE;
		proto = host_walk(ctx, ip[ASA_IP6_NEXT], &off);
	} else {
		if (bpf_xdp_load_bytes(ctx, off, ip, ASA_IP4_SIZE))
			return -1;
		asa_addr_set_v4(&key->src, asa_ld32(ip + ASA_IP4_SRC));
		asa_addr_set_v4(&key->dst, asa_ld32(ip + ASA_IP4_DST));
		off += (ip[0] & 15) * 4;
		proto = ip[ASA_IP4_PROTO];
	}
	if (proto != ASA_PROTO_TCP || bpf_xdp_load_bytes(ctx, off, tcp, ASA_TCP_SIZE))
		return -1;
	key->sport = asa_ld16((void *)tcp + ASA_TCP_SPORT);
	key->dport = asa_ld16((void *)tcp + ASA_TCP_DPORT);
	return 0;
}

/* The class of a connection to the box. => NULL: none that has limits, or nobody counts */
asa_inline struct asa_host_limit *host_class(const struct asa_config *cfg, const struct asa_key *key)
{
	__u32 set = cfg->host_rules, row;
	struct asa_host_limit *l;
	struct host_walk w = { .first = set >> 16 };

	asa_host_ask_fill(&w.walk.ask, &key->src, &key->dst, key->sport, key->dport);
	bpf_loop(set & 0xffff, host_step, &w, 0);
	row = w.walk.limit;
	l = row ? bpf_map_lookup_elem(&asa_host_limits, &row) : NULL;
	return l && tick_now() - l->fresh <= asa_ticks_from_ms(ASA_HOST_STALE_MS) ? l : NULL;
}

/* Is there a place for the connection that this segment makes? => DROP_NONE or DROP_POLICY_LIMIT */
asa_inline int host_limited(struct xdp_md *ctx, const struct asa_config *cfg)
{
	struct asa_key key = {}, tcp = {}; /* the latter lends its bytes to a header */
	struct asa_host_limit *l;
	__u32 syn;
	__u8 flags;

	if (host_read(ctx, &key, &tcp))
		return DROP_NONE;
	flags = asa_ld8((void *)&tcp + ASA_TCP_FLAGS) & (ASA_TCP_SYN | ASA_TCP_ACKF | ASA_TCP_RST);
	syn = flags == ASA_TCP_SYN;
	if (!syn && flags != ASA_TCP_ACKF)
		return DROP_NONE;
	l = host_class(cfg, &key);
	if (!l)
		return DROP_NONE;
	if (syn && l->full)
		return host_refuse(l, &key, ctx->ingress_ifindex);
	if (l->places == ASA_HOST_UNLIMITED && (!syn || l->places_half == ASA_HOST_UNLIMITED))
		return DROP_NONE;
	if (syn && cfg->host_cookies) /* takes a place when the cookie comes back */
		return DROP_NONE;
	if (!host_makes_one(ctx, &key, &tcp, syn))
		return DROP_NONE;
	if (syn && !host_take(&l->taken_half, l->places_half))
		return host_refuse(l, &key, ctx->ingress_ifindex);
	return host_take(&l->taken, l->places) ? DROP_NONE : host_refuse(l, &key, ctx->ingress_ifindex);
}

/* A frame for the box. asa_xdp has counted and parsed it and jumps here: see asa_syncookie. */
SEC("xdp")
int asa_host_limit(struct xdp_md *ctx)
{
	struct asa_run r = { .ctx = ctx, .bytes = ctx->data_end - ctx->data,
			     .ifindex = ctx->ingress_ifindex };
	struct asa_config *cfg;
	__u32 row = 0;
	int drop;

	r.ifstat = bpf_map_lookup_elem(&asa_ifstats, &r.ifindex);
	cfg = bpf_map_lookup_elem(&asa_config, &row);
	drop = cfg ? host_limited(ctx, cfg) : DROP_NONE;
	return drop ? verdict_drop(&r, drop) : verdict_host(&r);
}

#endif
