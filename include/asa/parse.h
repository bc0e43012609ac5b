/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Headers of a frame, parsed once into struct asa_pkt.
 *
 * Responsible for: Ethernet, 0-2 VLAN tags, IPv4, IPv6, TCP, UDP, ICMP and ICMPv6 headers; the
 * flow key; the checks that need nothing but the frame: lengths, versions, addresses that cannot
 * be a sender's or a destination.
 * Not responsible for: payload, L4 checksums (the normalizer's business), TCP flag combinations
 * (tcp_track.h: bypass connections are exempt), whose address it is, options beyond TCP's.
 *
 * Result: DROP_NONE, or the reason why the frame is certainly bad.  Anything legal but unusual is
 * a flag, and the caller decides.  IPv4 without options and without a tag is the straight path.
 *
 * 'walk' tells the two callers apart: the XDP program passes 0, a constant, and punts frames with
 * IPv6 extension headers or fragments before it needs their transport header; the daemon passes 1
 * and gets the chain walked and the first fragment's ports.
 *
 * Life cycle: struct asa_pkt is the caller's, lives as long as the frame and points into it.  After
 * the frame has moved (adjust_head, reassembly) it must be parsed again.  No state, any thread.
 */
#ifndef ASA_PARSE_H
#define ASA_PARSE_H

#include "bytes.h"
#include "drop.h"
#include "flow.h"

enum asa_pkt_flag {
	ASA_PKT_IPV4 = 1 << 0,
	ASA_PKT_IPV6 = 1 << 1, /* neither: not IP, and ASA_PKT_HOST is set */
	ASA_PKT_HOST = 1 << 2, /* Linux's business whoever the destination is, see asa_parse() */
	ASA_PKT_FRAGMENT = 1 << 3,
	ASA_PKT_LATER = 1 << 4, /* fragment with an offset: no transport header */
	ASA_PKT_OPTIONS = 1 << 5, /* IPv4 options */
	ASA_PKT_EXTHDR = 1 << 6, /* IPv6 extension headers (fragment header included) */
	ASA_PKT_L4 = 1 << 7, /* the transport header was parsed; ports, tcp, icmp_* are valid */
	ASA_PKT_ICMP_REQUEST = 1 << 8, /* echo, timestamp, address mask */
	ASA_PKT_ICMP_REPLY = 1 << 9,
	ASA_PKT_ICMP_ERROR = 1 << 10, /* quotes the packet that it is about */
	ASA_PKT_DF = 1 << 11,
	ASA_PKT_TCP = 1 << 12, /* with ASA_PKT_L4: the header is there, whole */
	ASA_PKT_UDP = 1 << 13,
	ASA_PKT_ICMP = 1 << 14, /* ICMP or ICMPv6 */
	ASA_PKT_UNUSUAL = ASA_PKT_FRAGMENT | ASA_PKT_OPTIONS | ASA_PKT_EXTHDR,
};

enum asa_tcp_flag {
	ASA_TCP_FIN = 1 << 0,
	ASA_TCP_SYN = 1 << 1,
	ASA_TCP_RST = 1 << 2,
	ASA_TCP_PSH = 1 << 3,
	ASA_TCP_ACKF = 1 << 4,
	ASA_TCP_URG = 1 << 5,
	ASA_TCP_ECE = 1 << 6,
	ASA_TCP_CWR = 1 << 7,
};

/* What tracking needs to know of a segment; numbers in host order. */
struct asa_tcp_seg {
	__u32 seq;
	__u32 ack;
	__u16 window; /* as in the header, not scaled */
	__u16 size; /* payload bytes */
	__u8 flags; /* enum asa_tcp_flag */
	__u8 header; /* bytes */
	__u8 wscale; /* option, valid if has_wscale; only looked for on SYN and SYN-ACK */
	__u8 has_wscale;
	/* Found out by the normalizer (tcp_norm.h); all zero: nothing was looked for. */
	__u32 ts; /* timestamp value, with ASA_OPT_TS */
	__u16 mss; /* 0: not announced */
	__u16 allow; /* enum asa_tcp_map_flag of the connection's map */
	__u8 options; /* enum asa_tcp_seen */
	__u8 edits; /* enum asa_norm_edit: what changes before it is sent on */
	__u8 reserved; /* reserved bits of the header */
	__u8 ttl; /* or hop limit, as it arrived */
	__u8 looked; /* there is something above; 0: a usual segment without timestamp */
	__u8 pad[3];
};

struct asa_pkt {
	struct asa_key key; /* key.ctx is the caller's to set */
	struct asa_tcp_seg tcp;
	void *l3; /* IP header; NULL if not IP */
	void *l4; /* transport header; NULL without ASA_PKT_L4 */
	__u16 flags; /* enum asa_pkt_flag */
	__u16 l3_off; /* also the size of the Ethernet header with its tags */
	__u16 l3_size; /* IP bytes, header included; padding of short frames is not in it */
	__u16 l4_off; /* end of the IP header(s) */
	__u16 l4_size; /* IP bytes from l4_off on */
	__u16 payload_off; /* behind TCP, UDP or 8 bytes of ICMP header */
	__u16 ethertype; /* behind the tags */
	__u16 vlan; /* VLAN id of the outer tag; 0 untagged or priority tag */
	__u16 vlan_inner; /* VLAN id of the second tag */
	__u8 n_tags;
	__u8 proto; /* transport protocol, behind any extension headers */
	__u8 ttl; /* or hop limit */
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 more_fragments;
	__u16 frag_off; /* bytes */
	__u16 frag_size; /* bytes of the datagram's fragmentable part in this fragment */
	__u32 frag_id; /* in wire order, only compared */
};

#define ASA_IP6_CHAIN_MAX 8 /* extension headers looked at */

/* ------------------------------------------------------------------------------------ transport */

asa_inline enum asa_drop asa_parse_tcp(struct asa_pkt *p, void *l4, void *data_end)
{
	__u32 header;

	if (!asa_fits(l4, ASA_TCP_SIZE, data_end) || p->l4_size < ASA_TCP_SIZE)
		return DROP_TCP_HEADER;
	header = asa_ld8(l4 + ASA_TCP_DOFF);
	p->tcp.reserved = header & 15;
	header = (header >> 4) * 4;
	if (header < ASA_TCP_SIZE || header > p->l4_size)
		return DROP_TCP_HEADER;
	p->key.sport = asa_ld16(l4 + ASA_TCP_SPORT);
	p->key.dport = asa_ld16(l4 + ASA_TCP_DPORT);
	if (!p->key.sport || !p->key.dport) /* port 0 is reserved, RFC 6335 section 6 */
		return DROP_TCP_HEADER;
	p->tcp.seq = asa_ldn32(l4 + ASA_TCP_SEQ);
	p->tcp.ack = asa_ldn32(l4 + ASA_TCP_ACK);
	p->tcp.window = asa_ldn16(l4 + ASA_TCP_WINDOW);
	p->tcp.flags = asa_ld8(l4 + ASA_TCP_FLAGS);
	p->tcp.header = (__u8)header;
	p->tcp.ttl = p->ttl;
	p->tcp.size = (__u16)(p->l4_size - header);
	p->payload_off = (__u16)(p->l4_off + header);
	p->flags |= ASA_PKT_L4 | ASA_PKT_TCP;
	p->l4 = l4;
	return DROP_NONE;
}

asa_inline enum asa_drop asa_parse_udp(struct asa_pkt *p, void *l4, void *data_end)
{
	__u32 size;

	if (!asa_fits(l4, ASA_UDP_SIZE, data_end) || p->l4_size < ASA_UDP_SIZE)
		return DROP_UDP_LENGTH;
	size = asa_ldn16(l4 + ASA_UDP_LENGTH);
	/* A first fragment holds less than the datagram's length says. */
	if (size < ASA_UDP_SIZE || (size > p->l4_size && !(p->flags & ASA_PKT_FRAGMENT)))
		return DROP_UDP_LENGTH;
	p->key.sport = asa_ld16(l4 + ASA_UDP_SPORT); /* 0: no answer wanted, RFC 768 */
	p->key.dport = asa_ld16(l4 + ASA_UDP_DPORT);
	if (!p->key.dport)
		return DROP_UDP_LENGTH;
	p->payload_off = (__u16)(p->l4_off + ASA_UDP_SIZE);
	p->flags |= ASA_PKT_L4 | ASA_PKT_UDP;
	p->l4 = l4;
	return DROP_NONE;
}

/* What kind of ICMP message a type is: flags of enum asa_pkt_flag, 0 for the rest. */
asa_inline __u16 asa_icmp_kind(__u8 type)
{
	switch (type) {
	case 8: /* echo */
	case 13: /* timestamp */
	case 17: /* address mask */
		return ASA_PKT_ICMP_REQUEST;
	case 0:
	case 14:
	case 18:
		return ASA_PKT_ICMP_REPLY;
	case 3: /* unreachable */
	case 4: /* source quench */
	case 5: /* redirect */
	case 11: /* time exceeded */
	case 12: /* parameter problem */
		return ASA_PKT_ICMP_ERROR;
	default:
		return 0;
	}
}

asa_inline __u16 asa_icmp6_kind(__u8 type)
{
	if (type == 128)
		return ASA_PKT_ICMP_REQUEST;
	if (type == 129)
		return ASA_PKT_ICMP_REPLY;
	return type < 128 ? ASA_PKT_ICMP_ERROR : 0; /* RFC 4443 section 2.1 */
}

asa_inline enum asa_drop asa_parse_icmp(struct asa_pkt *p, void *l4, void *data_end)
{
	__u16 kind;

	if (!asa_fits(l4, ASA_ICMP_SIZE, data_end) || p->l4_size < ASA_ICMP_SIZE)
		return DROP_SESSION_ICMP_BAD;
	p->icmp_type = asa_ld8(l4 + ASA_ICMP_TYPE);
	p->icmp_code = asa_ld8(l4 + ASA_ICMP_CODE);
	if (p->proto == ASA_PROTO_ICMP) {
		kind = asa_icmp_kind(p->icmp_type);
	} else {
		kind = asa_icmp6_kind(p->icmp_type);
		/* Router and neighbour discovery, MLDv2: never forwarded (RFC 4861 section 3.1). */
		if ((p->icmp_type >= 133 && p->icmp_type <= 137) || p->icmp_type == 143)
			p->flags |= ASA_PKT_HOST;
	}
	if (kind & ASA_PKT_ICMP_REQUEST)
		p->key.sport = asa_ld16(l4 + ASA_ICMP_ID);
	else if (kind & ASA_PKT_ICMP_REPLY)
		p->key.dport = asa_ld16(l4 + ASA_ICMP_ID);
	p->payload_off = (__u16)(p->l4_off + ASA_ICMP_SIZE);
	p->flags |= kind | ASA_PKT_L4 | ASA_PKT_ICMP;
	p->l4 = l4;
	return DROP_NONE;
}

asa_inline enum asa_drop asa_parse_l4(struct asa_pkt *p, void *l4, void *data_end)
{
	p->payload_off = p->l4_off;
	if (p->proto == ASA_PROTO_TCP)
		return asa_parse_tcp(p, l4, data_end);
	if (p->proto == ASA_PROTO_UDP)
		return asa_parse_udp(p, l4, data_end);
	if (p->proto == (p->flags & ASA_PKT_IPV4 ? ASA_PROTO_ICMP : ASA_PROTO_ICMPV6))
		return asa_parse_icmp(p, l4, data_end);
	p->flags |= ASA_PKT_L4; /* known by its number only */
	p->l4 = l4;
	return DROP_NONE;
}

/* ----------------------------------------------------------------------------------------- IPv4 */

/* First byte of an address in wire order. */
asa_inline __u32 asa_ip4_top(__be32 a)
{
	return asa_ntohl(a) >> 24;
}

/* Cold half of the address check: the source or destination is a special one. */
asa_inline enum asa_drop asa_ip4_special(struct asa_pkt *p, __be32 src, __be32 dst)
{
	__u32 s = asa_ip4_top(src), d = asa_ip4_top(dst);

	if (s >= 224 || s == 127 || d == 127 || d == 0) /* RFC 1812 section 5.3.7 */
		return DROP_IP_SPOOF;
	if (d >= 224 && (d < 240 || dst == 0xffffffff)) /* multicast, limited broadcast */
		p->flags |= ASA_PKT_HOST;
	else if (d >= 240)
		return DROP_IP_SPOOF;
	/* A host without an address yet (DHCP, IGMP) can only speak to its own link. */
	if (s == 0 && (src || !(p->flags & ASA_PKT_HOST)))
		return DROP_IP_SPOOF;
	return DROP_NONE;
}

asa_inline enum asa_drop asa_parse_ipv4(struct asa_pkt *p, void *l3, void *data_end, int walk)
{
	__u32 vihl, header, size, frag;
	enum asa_drop drop;
	__be32 src, dst;

	if (!asa_fits(l3, ASA_IP4_SIZE, data_end))
		return DROP_IP_LENGTH;
	vihl = asa_ld8(l3 + ASA_IP4_VIHL);
	if (asa_unlikely((vihl >> 4) != 4))
		return DROP_IP_VERSION;
	header = (vihl & 15) * 4;
	if (asa_unlikely(header < ASA_IP4_SIZE))
		return DROP_IP_HEADER;
	size = asa_ldn16(l3 + ASA_IP4_LENGTH);
	if (asa_unlikely(size < header || size > (__u64)(data_end - l3)))
		return DROP_IP_LENGTH;

	p->flags |= ASA_PKT_IPV4;
	p->l3 = l3;
	p->l3_size = (__u16)size;
	p->l4_off = (__u16)(p->l3_off + header);
	p->l4_size = (__u16)(size - header);
	p->ttl = asa_ld8(l3 + ASA_IP4_TTL);
	p->proto = asa_ld8(l3 + ASA_IP4_PROTO);
	p->key.proto = p->proto;
	src = asa_ld32(l3 + ASA_IP4_SRC);
	dst = asa_ld32(l3 + ASA_IP4_DST);
	asa_addr_set_v4(&p->key.src, src);
	asa_addr_set_v4(&p->key.dst, dst);
	if (asa_unlikely(src == dst))
		return DROP_IP_LAND;
	/* 1..223 without 127 is ordinary: one unsigned comparison for the first two tests. */
	if (asa_unlikely(asa_ip4_top(src) - 1 >= 223 || asa_ip4_top(dst) - 1 >= 223 ||
			 asa_ip4_top(src) == 127 || asa_ip4_top(dst) == 127)) {
		drop = asa_ip4_special(p, src, dst);
		if (drop)
			return drop;
	}

	if (asa_unlikely(header > ASA_IP4_SIZE))
		p->flags |= ASA_PKT_OPTIONS;
	frag = asa_ldn16(l3 + ASA_IP4_FRAG);
	if (frag & 0x4000)
		p->flags |= ASA_PKT_DF;
	if (asa_unlikely(frag & 0x3fff)) { /* more fragments, or an offset */
		p->flags |= ASA_PKT_FRAGMENT;
		p->frag_id = asa_ld16(l3 + ASA_IP4_ID);
		p->frag_off = (__u16)((frag & 0x1fff) * 8);
		p->frag_size = p->l4_size;
		p->more_fragments = (frag & 0x2000) != 0;
		if (p->frag_off)
			p->flags |= ASA_PKT_LATER;
		if (p->frag_off || !walk) {
			p->payload_off = p->l4_off;
			return DROP_NONE;
		}
	}
	return asa_parse_l4(p, l3 + header, data_end);
}

/* ----------------------------------------------------------------------------------------- IPv6 */

asa_inline int asa_ip6_is_exthdr(__u8 next)
{
	return next == ASA_PROTO_HOPOPTS || next == ASA_PROTO_ROUTING ||
	       next == ASA_PROTO_FRAGMENT || next == ASA_PROTO_DSTOPTS ||
	       next == ASA_PROTO_MOBILITY || next == ASA_PROTO_HIP || next == ASA_PROTO_SHIM6;
}

/* Zero in the first 8 bytes: unspecified, loopback, and the IPv4-mapped form that keys use. */
asa_inline int asa_ip6_is_mapped(const struct asa_addr *a)
{
	return a->d[0] == 0 && a->w[2] == asa_htonl(0x0000ffff);
}

asa_inline int asa_ip6_is_loopback(const struct asa_addr *a)
{
	return a->d[0] == 0 && a->w[2] == 0 && a->w[3] == asa_htonl(1);
}

asa_inline int asa_ip6_is_unspecified(const struct asa_addr *a)
{
	return (a->d[0] | a->d[1]) == 0;
}

asa_inline int asa_ip6_is_link_local(const struct asa_addr *a)
{
	return (a->h[0] & asa_htons(0xffc0)) == asa_htons(0xfe80);
}

asa_inline enum asa_drop asa_ip6_addresses(struct asa_pkt *p)
{
	const struct asa_addr *src = &p->key.src, *dst = &p->key.dst;

	/*
	 * An IPv4-mapped address never appears on a wire (RFC 6890 table 20), and here it would be
	 * taken for an IPv4 connection's.
	 */
	if (asa_ip6_is_mapped(src) || asa_ip6_is_mapped(dst) || asa_ip6_is_loopback(src) ||
	    asa_ip6_is_loopback(dst) || asa_ip6_is_unspecified(dst) || src->b[0] == 0xff)
		return DROP_IP_SPOOF;
	if (asa_addr_equal(src, dst))
		return DROP_IP_LAND;
	if (dst->b[0] == 0xff || asa_ip6_is_link_local(dst) || asa_ip6_is_link_local(src))
		p->flags |= ASA_PKT_HOST;
	if (asa_ip6_is_unspecified(src) && dst->b[0] != 0xff) /* RFC 4291 section 2.5.2 */
		return DROP_IP_SPOOF;
	return DROP_NONE;
}

/*
 * Walk the extension headers (daemon only).
 * => p->proto, l4_off and l4_size are those of the transport header, or of the first header after
 *    the fragment header if this is a later fragment
 */
static inline enum asa_drop asa_ip6_walk(struct asa_pkt *p, void *l3, void *data_end, void **l4)
{
	__u8 *h = (__u8 *)l3 + ASA_IP6_SIZE;
	__u32 left = p->l4_size, size, frag;
	__u8 next = p->proto;
	int i;

	for (i = 0; i < ASA_IP6_CHAIN_MAX && asa_ip6_is_exthdr(next); i++) {
		if (left < 8 || !asa_fits(h, 8, data_end))
			return DROP_IP_HEADER;
		size = 8;
		if (next != ASA_PROTO_FRAGMENT)
			size += h[1] * 8u;
		if (size > left || !asa_fits(h, size, data_end))
			return DROP_IP_HEADER;
		if (next == ASA_PROTO_FRAGMENT) {
			frag = asa_ldn16(h + 2);
			if (p->flags & ASA_PKT_FRAGMENT) /* a second fragment header */
				return DROP_IP_HEADER;
			/* "Atomic" fragments are whole packets (RFC 6946): the flag stays. */
			p->flags |= ASA_PKT_FRAGMENT;
			p->frag_off = (__u16)(frag & 0xfff8);
			p->frag_size = (__u16)(left - size);
			p->more_fragments = frag & 1;
			p->frag_id = asa_ld32(h + 4);
		} else if (next == ASA_PROTO_HOPOPTS && i) { /* RFC 8200 section 4.1 */
			return DROP_IP_HEADER;
		}
		next = h[0];
		h += size;
		left -= size;
		if (p->frag_off) {
			p->flags |= ASA_PKT_LATER;
			break;
		}
	}
	if (!(p->flags & ASA_PKT_LATER) && asa_ip6_is_exthdr(next))
		return DROP_IP_HEADER; /* chain too long */
	p->proto = next;
	p->key.proto = next;
	p->l4_size = (__u16)left;
	p->l4_off = (__u16)(p->l3_off + (h - (__u8 *)l3));
	*l4 = h;
	return DROP_NONE;
}

asa_inline enum asa_drop asa_parse_ipv6(struct asa_pkt *p, void *l3, void *data_end, int walk)
{
	void *l4 = l3 + ASA_IP6_SIZE;
	enum asa_drop drop;
	__u32 size;

	if (!asa_fits(l3, ASA_IP6_SIZE, data_end))
		return DROP_IP_LENGTH;
	if ((asa_ld8(l3 + ASA_IP6_VERSION) >> 4) != 6)
		return DROP_IP_VERSION;
	/* Jumbograms (length 0) do not fit any frame that gets here. */
	size = asa_ldn16(l3 + ASA_IP6_LENGTH) + ASA_IP6_SIZE;
	if (size > 0xffff || size > (__u64)(data_end - l3))
		return DROP_IP_LENGTH;

	p->flags |= ASA_PKT_IPV6 | ASA_PKT_DF;
	p->l3 = l3;
	p->l3_size = (__u16)size;
	p->l4_off = (__u16)(p->l3_off + ASA_IP6_SIZE);
	p->l4_size = (__u16)(size - ASA_IP6_SIZE);
	p->ttl = asa_ld8(l3 + ASA_IP6_HOPS);
	p->proto = asa_ld8(l3 + ASA_IP6_NEXT);
	p->key.proto = p->proto;
	p->key.src.d[0] = asa_ld64(l3 + ASA_IP6_SRC);
	p->key.src.d[1] = asa_ld64(l3 + ASA_IP6_SRC + 8);
	p->key.dst.d[0] = asa_ld64(l3 + ASA_IP6_DST);
	p->key.dst.d[1] = asa_ld64(l3 + ASA_IP6_DST + 8);
	drop = asa_ip6_addresses(p);
	if (drop)
		return drop;

	if (asa_unlikely(asa_ip6_is_exthdr(p->proto))) {
		p->flags |= ASA_PKT_EXTHDR;
		if (p->proto == ASA_PROTO_FRAGMENT)
			p->flags |= walk ? 0 : ASA_PKT_FRAGMENT;
		p->payload_off = p->l4_off;
		if (!walk)
			return DROP_NONE;
		drop = asa_ip6_walk(p, l3, data_end, &l4);
		p->payload_off = p->l4_off;
		if (drop || (p->flags & ASA_PKT_LATER))
			return drop;
	}
	return asa_parse_l4(p, l4, data_end);
}

/* ------------------------------------------------------------------------------------- Ethernet */

asa_inline enum asa_drop asa_parse_tag(struct asa_pkt *p, void *l3, void *data_end, __u16 *id)
{
	if (!asa_fits(l3, ASA_VLAN_SIZE, data_end))
		return DROP_L2_ENCAP;
	*id = asa_ldn16(l3) & 0x0fff;
	p->ethertype = asa_ldn16(l3 + 2);
	p->l3_off += ASA_VLAN_SIZE;
	p->n_tags++;
	return *id == 0x0fff ? DROP_L2_ENCAP : DROP_NONE; /* reserved, IEEE 802.1Q table 9-2 */
}

asa_inline int asa_is_tag(__u16 ethertype)
{
	return ethertype == ASA_ETHERTYPE_VLAN || ethertype == ASA_ETHERTYPE_QINQ;
}

/* IPv4 or IPv6 header at l3, when there is no Ethernet header: quoted and inner packets too. */
asa_inline enum asa_drop asa_parse_ip(struct asa_pkt *p, void *l3, void *data_end, int walk)
{
	if (asa_likely(p->ethertype == ASA_ETHERTYPE_IPV4))
		return asa_parse_ipv4(p, l3, data_end, walk);
	if (p->ethertype == ASA_ETHERTYPE_IPV6)
		return asa_parse_ipv6(p, l3, data_end, walk);
	p->flags |= ASA_PKT_HOST;
	return DROP_NONE;
}

/*
 * Parse a frame.
 * => fills all of *p; on a drop only the part that was reached
 * => ASA_PKT_HOST: not IP; multicast or broadcast destination (also of the Ethernet frame); IPv6
 *    link-local; neighbour discovery
 * => DROP_NONE, or the reason to drop it
 */
asa_inline enum asa_drop asa_parse(struct asa_pkt *p, void *data, void *data_end, int walk)
{
	enum asa_drop drop;
	void *l3 = data + ASA_ETH_SIZE;

	asa_memset(p, 0, sizeof(*p));
	if (!asa_fits(data, ASA_ETH_SIZE, data_end))
		return DROP_L2_ENCAP;
	p->l3_off = ASA_ETH_SIZE;
	p->ethertype = asa_ldn16(data + ASA_ETH_TYPE);
	if (asa_ld8(data + ASA_ETH_DST) & 1) /* group address: never forwarded by a router */
		p->flags |= ASA_PKT_HOST;
	if (asa_unlikely(asa_is_tag(p->ethertype))) {
		drop = asa_parse_tag(p, l3, data_end, &p->vlan);
		if (drop)
			return drop;
		l3 += ASA_VLAN_SIZE;
		if (asa_is_tag(p->ethertype)) {
			drop = asa_parse_tag(p, l3, data_end, &p->vlan_inner);
			if (drop)
				return drop;
			l3 += ASA_VLAN_SIZE;
			if (asa_is_tag(p->ethertype))
				return DROP_L2_ENCAP;
		}
	}
	return asa_parse_ip(p, l3, data_end, walk);
}

/*
 * The key of the connection that an ICMP error is about, as its answers would arrive: the quoted
 * packet's addresses and ports, reversed.
 * => 1 and *key, or 0 if the quotation is too short, a later fragment, has options or is an error
 */
asa_inline int asa_parse_quoted(const struct asa_pkt *p, void *data_end, struct asa_key *key)
{
	void *q = p->l4 + ASA_ICMP_SIZE, *l4;
	__u16 kind = 0, first, second;

	if (!p->l4)
		return 0;
	asa_memset(key, 0, sizeof(*key));
	if (p->flags & ASA_PKT_IPV4) {
		if (!asa_fits(q, ASA_IP4_SIZE + 8, data_end) || asa_ld8(q) != 0x45 ||
		    (asa_ldn16(q + ASA_IP4_FRAG) & 0x1fff))
			return 0;
		asa_addr_set_v4(&key->dst, asa_ld32(q + ASA_IP4_SRC));
		asa_addr_set_v4(&key->src, asa_ld32(q + ASA_IP4_DST));
		key->proto = asa_ld8(q + ASA_IP4_PROTO);
		l4 = q + ASA_IP4_SIZE;
		if (key->proto == ASA_PROTO_ICMP)
			kind = asa_icmp_kind(asa_ld8(l4)) | ASA_PKT_L4;
	} else {
		if (!asa_fits(q, ASA_IP6_SIZE + 8, data_end) || (asa_ld8(q) >> 4) != 6)
			return 0;
		key->dst.d[0] = asa_ld64(q + ASA_IP6_SRC);
		key->dst.d[1] = asa_ld64(q + ASA_IP6_SRC + 8);
		key->src.d[0] = asa_ld64(q + ASA_IP6_DST);
		key->src.d[1] = asa_ld64(q + ASA_IP6_DST + 8);
		key->proto = asa_ld8(q + ASA_IP6_NEXT);
		if (asa_ip6_is_exthdr(key->proto))
			return 0;
		l4 = q + ASA_IP6_SIZE;
		if (key->proto == ASA_PROTO_ICMPV6)
			kind = asa_icmp6_kind(asa_ld8(l4)) | ASA_PKT_L4;
	}
	first = asa_ld16(l4);
	second = asa_ld16(l4 + 2);
	if (kind & ASA_PKT_ICMP_ERROR)
		return 0;
	if (kind & ASA_PKT_ICMP_REQUEST) {
		key->dport = asa_ld16(l4 + ASA_ICMP_ID); /* its answer is a reply */
	} else if (kind & ASA_PKT_ICMP_REPLY) {
		key->sport = asa_ld16(l4 + ASA_ICMP_ID);
	} else if (key->proto == ASA_PROTO_TCP || key->proto == ASA_PROTO_UDP) {
		key->sport = second;
		key->dport = first;
	}
	return 1;
}

#endif
