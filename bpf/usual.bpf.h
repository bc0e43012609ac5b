/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The usual frame: TCP or UDP, without tags, fragments, IP options or extension headers, of a
 * connection that nothing is special about.  Nearly all frames are.
 *
 * Responsible for: recognizing one, and forwarding it with as few instructions as that takes.
 * Not responsible for: anything that is unusual.  Whatever raises a doubt, a frame that must be dropped
 * included, is left as it is, without a trace, to the full path (asa_xdp.bpf.c, forward.bpf.h), which
 * decides by looking at everything.  So nothing can be lost here but time.
 *
 * The rules are those of the full path, from the same functions: tcp_track.h, tcp_norm.h, rewrite.h.
 * What is not checked: addresses that nobody can have.  The daemon creates no connection for them, and a
 * frame whose key is that of a connection has the addresses of its first packet.
 * tests/bpf/test_usual.c runs frames through both and compares everything.
 */
#ifndef ASA_USUAL_BPF_H
#define ASA_USUAL_BPF_H

#include "forward.bpf.h"
#include "intercept.bpf.h"

#define USUAL_NOT (-1)
#define USUAL_UNKNOWN (-2) /* a usual frame of no connection */
#define USUAL_SYN (-3) /* a SYN of no connection, to a destination that asa_syncookie answers for */

/* Instructions that are followed here. */
#define USUAL_DIR                                                                                  \
	(ASA_DIR_VALID | ASA_DIR_BYPASS | ASA_DIR_NAT | ASA_DIR_SEQ | ASA_DIR_DEC_TTL |            \
	 ASA_DIR_PUNT_SYN | ASA_DIR_V6)

/* What an IP header says, when it is the usual one. => 0: it is not */
asa_inline int usual_ip4(struct asa_pkt *p, void *l3, void *data_end)
{
	__u32 size;

	if (!asa_fits(l3, ASA_IP4_SIZE, data_end))
		return 0;
	size = asa_ldn16(l3 + ASA_IP4_LENGTH);
	if (asa_ld8(l3) != 0x45 || (asa_ld16(l3 + ASA_IP4_FRAG) & asa_htons(0x3fff)) ||
	    size < ASA_IP4_SIZE || size > (__u64)(data_end - l3))
		return 0;
	p->flags = ASA_PKT_IPV4;
	p->l3 = l3;
	p->l3_size = (__u16)size;
	p->l4_size = (__u16)(size - ASA_IP4_SIZE);
	p->ttl = asa_ld8(l3 + ASA_IP4_TTL);
	asa_addr_set_v4(&p->key.src, asa_ld32(l3 + ASA_IP4_SRC));
	asa_addr_set_v4(&p->key.dst, asa_ld32(l3 + ASA_IP4_DST));
	return 1;
}

asa_inline int usual_ip6(struct asa_pkt *p, void *l3, void *data_end)
{
	__u32 size;

	if (!asa_fits(l3, ASA_IP6_SIZE, data_end))
		return 0;
	size = asa_ldn16(l3 + ASA_IP6_LENGTH) + ASA_IP6_SIZE;
	if ((asa_ld8(l3) >> 4) != 6 || size > 0xffff || size > (__u64)(data_end - l3))
		return 0;
	p->flags = ASA_PKT_IPV6;
	p->l3 = l3;
	p->l3_size = (__u16)size;
	p->l4_size = (__u16)(size - ASA_IP6_SIZE);
	p->ttl = asa_ld8(l3 + ASA_IP6_HOPS);
	p->key.src.d[0] = asa_ld64(l3 + ASA_IP6_SRC);
	p->key.src.d[1] = asa_ld64(l3 + ASA_IP6_SRC + 8);
	p->key.dst.d[0] = asa_ld64(l3 + ASA_IP6_DST);
	p->key.dst.d[1] = asa_ld64(l3 + ASA_IP6_DST + 8);
	/* would be taken for an IPv4 connection's */
	return !asa_addr_is_v4(&p->key.src);
}

asa_inline int usual_udp(struct asa_pkt *p, void *l4, void *data_end)
{
	__u32 size;

	if (!asa_fits(l4, ASA_UDP_SIZE, data_end))
		return 0;
	size = asa_ldn16(l4 + ASA_UDP_LENGTH);
	if (size < ASA_UDP_SIZE || size > p->l4_size)
		return 0;
	p->flags |= ASA_PKT_UDP;
	return 1;
}

/* Data and acknowledgments, with no option or nothing but a timestamp in its usual place. */
asa_inline int usual_tcp(struct asa_pkt *p, void *l4, void *data_end)
{
	__u32 header, flags;

	if (!asa_fits(l4, ASA_TCP_SIZE, data_end))
		return 0;
	header = (asa_ld8(l4 + ASA_TCP_DOFF) >> 4) * 4;
	flags = asa_ld8(l4 + ASA_TCP_FLAGS);
	if ((flags & ~(ASA_TCP_PSH | ASA_TCP_ECE | ASA_TCP_CWR)) != ASA_TCP_ACKF ||
	    (header != ASA_TCP_SIZE && header != ASA_NORM_TS_HEADER) || header > p->l4_size)
		return 0;
	p->flags |= ASA_PKT_TCP;
	p->tcp.flags = ASA_TCP_ACKF; /* of the others nobody asks */
	p->tcp.header = (__u8)header;
	p->tcp.seq = asa_ldn32(l4 + ASA_TCP_SEQ);
	p->tcp.ack = asa_ldn32(l4 + ASA_TCP_ACK);
	p->tcp.window = asa_ldn16(l4 + ASA_TCP_WINDOW);
	p->tcp.size = (__u16)(p->l4_size - header);
	p->tcp.ttl = p->ttl;
	p->tcp.looked = 0;
	p->tcp.allow = 0;
	p->tcp.edits = 0;
	return 1;
}

/* May the segment pass, as far as can be seen at a glance? */
asa_inline int usual_segment(const struct asa_flow *f, const void *data_end)
{
	struct asa_pkt *p = f->pkt;

	if (!tcp_norm_open(f->half, f->peer, p->ttl))
		return 0;
	if (p->tcp.header != ASA_TCP_SIZE && !options_timestamps(p, data_end))
		return 0;
	return tcp_track_open_fits(f->half, f->peer, f->peer->seq_add, &p->tcp) &&
	       !tcp_norm_check(f->half, f->peer, f->peer->seq_add, &p->tcp, f->tick - f->own->seen);
}

/* A frame that was recognized, of connection 'ref'. */
asa_inline int usual_forward(const struct asa_run *r, const struct asa_config *cfg,
			     struct asa_pkt *p, __u32 ref)
{
	void *data = (void *)(long)r->ctx->data, *data_end = (void *)(long)r->ctx->data_end;
	__u32 d = ASA_REF_DIR(ref), slot = ASA_REF_SLOT(ref), row, out;
	struct asa_conn *conn = bpf_map_lookup_elem(&asa_conns, &slot);
	struct asa_nexthop *nh;
	struct asa_flow f;
	__u16 flags;

	if (!conn)
		return USUAL_NOT;
	f.pkt = p;
	f.own = &conn->dir[d];
	f.other = &conn->dir[d ^ 1];
	f.half = &conn->half[d];
	f.peer = &conn->half[d ^ 1];
	/* Keep the four pointers: the compiler would calculate them anew for each field. */
	asa_opaque(f.own);
	asa_opaque(f.other);
	asa_opaque(f.half);
	asa_opaque(f.peer);
	f.ref = ref;
	flags = f.own->flags;
	row = f.own->nexthop;
	if ((flags & (ASA_DIR_VALID | ~USUAL_DIR)) != ASA_DIR_VALID || !row ||
	    f.own->gen != (__u16)cfg->route_gen ||
	    (f.own->in_if && (f.own->in_if != r->ifindex || f.own->key.vlan)))
		return USUAL_NOT;
	nh = bpf_map_lookup_elem(&asa_nexthops, &row);
	if (!nh || nh->flags != ASA_NH_VALID || (nh->mtu && p->l3_size > nh->mtu))
		return USUAL_NOT;
	f.tick = tick_now();
	/* Nobody looks at the options of a bypassed segment: none that would have to be shifted. */
	if ((p->flags & ASA_PKT_TCP) &&
	    (flags & ASA_DIR_BYPASS ? flags & ASA_DIR_SEQ : !usual_segment(&f, data_end)))
		return USUAL_NOT;
	out = nh->ifindex;
	if (!asa_fits(data, ASA_ETH_SIZE, data_end) ||
	    bpf_redirect_map(&asa_tx, out, 0) != XDP_REDIRECT)
		return USUAL_NOT;
	asa_rewrite(p, f.own, f.other, f.half, f.peer);
	asa_st64(data, *(const __u64 *)nh->dmac);
	asa_st32(data + 8, *(const __u32 *)(nh->dmac + 8));
	commit_count(&f);
	if ((p->flags & ASA_PKT_TCP) && !(flags & ASA_DIR_BYPASS)) {
		tcp_norm_commit(f.half, f.peer, &p->tcp);
		tcp_track_open_commit(f.half, f.peer, f.peer->seq_add, &p->tcp);
	}
	return verdict_forward(r, out, p->l3_size + ASA_ETH_SIZE,
			       flags & ASA_DIR_BYPASS ? STAT_HIT_BYPASS : STAT_HIT);
}

/*
 * A SYN: while servers are protected from a flood, most frames are. It belongs to no connection, so
 * that its sender must be one that exists.
 */
asa_inline int usual_syn(struct asa_pkt *p, void *l4, void *data_end, int ipv6)
{
	__be32 src = p->key.src.w[3];
	__u32 header;

	if (!asa_fits(l4, ASA_TCP_SIZE, data_end) || asa_ld8(l4 + ASA_TCP_FLAGS) != ASA_TCP_SYN ||
	    !asa_ld16(l4 + ASA_TCP_SPORT))
		return 0;
	header = (asa_ld8(l4 + ASA_TCP_DOFF) >> 4) * 4;
	if (header < ASA_TCP_SIZE || header > p->l4_size)
		return 0;
	if (ipv6)
		return !asa_ip6_addresses(p) && !(p->flags & ASA_PKT_HOST);
	return asa_ip4_top(src) - 1 < 223 && asa_ip4_top(src) != 127 && src != p->key.dst.w[3];
}

/* The rest of the key: addresses are there. */
asa_inline void usual_key(struct asa_key *key, const void *l4, __u8 proto,
			  const struct asa_iface *iface)
{
	key->sport = asa_ld16(l4); /* the same place in both */
	key->dport = asa_ld16(l4 + ASA_UDP_DPORT);
	key->proto = proto;
	key->ctx = iface->ctx;
	key->vlan = 0;
}

/* 'ipv6' and 'proto' are constants: a copy for each, in which nothing asks for the others. */
asa_inline int usual_ip(const struct asa_run *r, const struct asa_config *cfg,
			const struct asa_iface *iface, int ipv6, __u8 proto)
{
	void *data = (void *)(long)r->ctx->data, *data_end = (void *)(long)r->ctx->data_end;
	void *l3 = data + ASA_ETH_SIZE, *l4 = l3 + (ipv6 ? ASA_IP6_SIZE : ASA_IP4_SIZE);
	struct asa_pkt p;
	__u32 ref;

	if (!(ipv6 ? usual_ip6(&p, l3, data_end) : usual_ip4(&p, l3, data_end)) || p.ttl <= 1)
		return USUAL_NOT;
	p.l4 = l4;
	if (proto == ASA_PROTO_TCP && asa_unlikely(cfg->intercept) && usual_syn(&p, l4, data_end, ipv6)) {
		usual_key(&p.key, l4, proto, iface);
		if (lookup_usual(cfg, &p.key) || !intercept_hot(cfg, &p.key, r->ifindex, 0))
			return USUAL_NOT;
		return USUAL_SYN;
	}
	if (!(proto == ASA_PROTO_TCP ? usual_tcp(&p, l4, data_end) : usual_udp(&p, l4, data_end)))
		return USUAL_NOT;
	usual_key(&p.key, l4, proto, iface);
	ref = lookup_usual(cfg, &p.key);
	if (!ref)
		return USUAL_UNKNOWN;
	return ref != LOOKUP_ELSEWHERE ? usual_forward(r, cfg, &p, ref) : USUAL_NOT;
}

/*
 * Count a frame, and forward it if it is usual.
 * => XDP_REDIRECT: forwarded, with all that belongs to it
 * => USUAL_NOT, USUAL_UNKNOWN, USUAL_SYN: nothing was done
 *
 * Global, as full(): the verifier looks at each by itself.
 */
__noinline int usual(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	const struct asa_iface *iface;
	const struct asa_config *cfg;
	__u16 ethertype;
	struct asa_run r;
	__u32 row = 0;
	__u8 proto;

	run_set(&r, ctx);
	count_arrival(&r);
	cfg = bpf_map_lookup_elem(&asa_config, &row);
	iface = bpf_map_lookup_elem(&asa_ifaces, &r.ifindex);
	/* No TCP or UDP without these bytes. */
	if (!cfg || !iface || !asa_fits(data, ASA_ETH_SIZE + ASA_IP4_SIZE, data_end) || (asa_ld8(data) & 1) ||
	    cfg->version != ASA_CONTRACT_VERSION || other_station(iface, data))
		return USUAL_NOT;
	ethertype = asa_ld16(data + ASA_ETH_TYPE);
	if (ethertype == asa_htons(ASA_ETHERTYPE_IPV4)) {
		proto = asa_ld8(data + ASA_ETH_SIZE + ASA_IP4_PROTO);
		if (proto == ASA_PROTO_TCP)
			return usual_ip(&r, cfg, iface, 0, ASA_PROTO_TCP);
		if (proto == ASA_PROTO_UDP)
			return usual_ip(&r, cfg, iface, 0, ASA_PROTO_UDP);
	} else if (ethertype == asa_htons(ASA_ETHERTYPE_IPV6)) {
		proto = asa_ld8(data + ASA_ETH_SIZE + ASA_IP6_NEXT);
		if (proto == ASA_PROTO_TCP)
			return usual_ip(&r, cfg, iface, 1, ASA_PROTO_TCP);
		if (proto == ASA_PROTO_UDP)
			return usual_ip(&r, cfg, iface, 1, ASA_PROTO_UDP);
	}
	return USUAL_NOT;
}

#endif
