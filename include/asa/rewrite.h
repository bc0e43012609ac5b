/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rewriting is data: apply a direction's instructions (struct asa_dir) to a parsed frame.
 *
 * Responsible for: addresses, ports, ICMP identifiers, sequence numbers with SACK blocks, TTL, and
 * the checksums over them, all incremental; the Ethernet header with its tag.
 * Not responsible for: deciding what to translate (policy/nat), payload, room for a longer Ethernet
 * header (bpf_xdp_adjust_head() in the driver, headroom in the daemon).
 * Callers: the XDP program; the daemon for punted frames.
 *
 * The new addresses are not stored: a frame of direction d leaves with the reverse of dir[!d].key,
 * for that is what its answer must carry when it comes.  Nor is what they do to checksums: the old
 * fields are at hand in the frame.
 *
 * Order for a frame: asa_rewrite_sack() if the connection shifts sequence numbers, asa_rewrite(),
 * then the frame may be moved, then asa_l2_write().  No state; the frame is the caller's.
 */
#ifndef ASA_REWRITE_H
#define ASA_REWRITE_H

#include "csum.h"
#include "parse.h"
#include "tcp_options.h"

/* ------------------------------------------------------------------------------- sequence numbers */

#ifndef __BPF__
/*
 * Shift the SACK blocks of a frame in place (the driver does the same through a copy of its own,
 * bpf/tcp_options.bpf.h).
 * => 'add' is the other direction's seq_add; to be called before asa_rewrite()
 */
static inline void asa_rewrite_sack(struct asa_pkt *p, __u32 add)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = { 0 };
	__u32 size = p->tcp.header - ASA_TCP_SIZE;
	__u8 *l4 = (__u8 *)p->l4;
	int delta;

	if (!size)
		return;
	delta = asa_sack_shift_usual(l4 + ASA_TCP_SIZE, l4 + p->tcp.header, size, add);
	if (delta < 0) {
		memcpy(options, l4 + ASA_TCP_SIZE, size);
		delta = asa_sack_shift(options, size, add);
		memcpy(l4 + ASA_TCP_SIZE, options, size);
	}
	asa_st16(l4 + ASA_TCP_CHECK, asa_csum_apply(asa_ld16(l4 + ASA_TCP_CHECK), (__u16)delta));
}

/* The timestamp, or its echo, of a frame with ASA_DIR_TS; as asa_rewrite_sack(). */
static inline void asa_rewrite_ts(struct asa_pkt *p, __u32 add, int echo)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = { 0 };
	__u32 size = p->tcp.header - ASA_TCP_SIZE, before, place;
	__u8 *l4 = (__u8 *)p->l4;
	int at;

	memcpy(options, l4 + ASA_TCP_SIZE, size);
	at = asa_tcp_find_option(options, size, ASA_TCPOPT_TIMESTAMP, 10);
	if (at < 0)
		return;
	place = asa_ts_place(at, echo);
	before = asa_ldn32(l4 + ASA_TCP_SIZE + place);
	asa_stn32(l4 + ASA_TCP_SIZE + place, before + add);
	asa_st16(l4 + ASA_TCP_CHECK, asa_csum_apply(asa_ld16(l4 + ASA_TCP_CHECK),
						    asa_ts_delta(before, before + add, place)));
}
#endif

/* --------------------------------------------------------------------------------------- headers */

/* Sequence and acknowledgment numbers: the sum of differences for the TCP checksum. */
asa_inline __u64 asa_rewrite_seq(struct asa_pkt *p, __u32 own_add, __u32 other_add)
{
	__u32 before, after;
	__u64 sum;

	before = asa_ld32(p->l4 + ASA_TCP_SEQ);
	after = asa_htonl(asa_ntohl(before) + own_add);
	sum = asa_csum_diff32(before, after);
	asa_st32(p->l4 + ASA_TCP_SEQ, after);
	if (p->tcp.flags & ASA_TCP_ACKF) {
		before = asa_ld32(p->l4 + ASA_TCP_ACK);
		after = asa_htonl(asa_ntohl(before) - other_add);
		sum += asa_csum_diff32(before, after);
		asa_st32(p->l4 + ASA_TCP_ACK, after);
	}
	return sum;
}

/* => the delta of a checksum over the addresses */
asa_inline __u16 asa_rewrite_l3(struct asa_pkt *p, const struct asa_dir *other)
{
	const struct asa_addr *src = &other->key.dst, *dst = &other->key.src;
	__u64 sum = 0;
	__u16 delta;
	int i;

	if (p->flags & ASA_PKT_IPV4) {
		delta = asa_csum_delta(asa_csum_put32(p->l3 + ASA_IP4_SRC, src->w[3]) +
				       asa_csum_put32(p->l3 + ASA_IP4_DST, dst->w[3]));
		asa_st16(p->l3 + ASA_IP4_CHECK, asa_csum_apply(asa_ld16(p->l3 + ASA_IP4_CHECK), delta));
		return delta;
	}
	for (i = 0; i < 4; i++) {
		sum += asa_csum_put32(p->l3 + ASA_IP6_SRC + 4 * i, src->w[i]);
		sum += asa_csum_put32(p->l3 + ASA_IP6_DST + 4 * i, dst->w[i]);
		/* word for word: 512 bytes of stack do not hold all eight at once */
		asa_opaque(sum);
	}
	return asa_csum_delta(sum);
}

/* Ports of TCP and UDP, where they lie in both. => the sum of differences */
asa_inline __u64 asa_rewrite_ports(struct asa_pkt *p, const struct asa_dir *other)
{
	return asa_csum_put16(p->l4, other->key.dport) +
	       asa_csum_put16(p->l4 + ASA_TCP_DPORT, other->key.sport);
}

asa_inline void asa_rewrite_udp(struct asa_pkt *p, const struct asa_dir *other, __u64 sum)
{
	__u16 check = asa_ld16(p->l4 + ASA_UDP_CHECK);

	sum += asa_rewrite_ports(p, other);
	if (!check) /* none, RFC 768 */
		return;
	check = asa_csum_change(check, sum);
	asa_st16(p->l4 + ASA_UDP_CHECK, check ? check : 0xffff);
}

/* ICMPv6 has a pseudo-header (RFC 4443 section 2.3), ICMP has none. */
asa_inline void asa_rewrite_icmp(struct asa_pkt *p, const struct asa_dir *other, __u64 sum)
{
	if (p->flags & ASA_PKT_IPV4)
		sum = 0;
	/* Answers to a request carry its identifier as dport, to a reply as sport (flow.h). */
	if (p->flags & ASA_PKT_ICMP_REQUEST)
		sum += asa_csum_put16(p->l4 + ASA_ICMP_ID, other->key.dport);
	else if (p->flags & ASA_PKT_ICMP_REPLY)
		sum += asa_csum_put16(p->l4 + ASA_ICMP_ID, other->key.sport);
	asa_st16(p->l4 + ASA_ICMP_CHECK,
		 asa_csum_change(asa_ld16(p->l4 + ASA_ICMP_CHECK), sum));
}

asa_inline void asa_rewrite_ttl(struct asa_pkt *p)
{
	__u16 before, after;

	if (p->flags & ASA_PKT_IPV4) {
		before = asa_ld16(p->l3 + ASA_IP4_TTL); /* TTL and protocol */
		after = asa_htons((__u16)(asa_ntohs(before) - 0x0100));
		asa_st16(p->l3 + ASA_IP4_TTL, after);
		asa_st16(p->l3 + ASA_IP4_CHECK,
			 asa_csum_change(asa_ld16(p->l3 + ASA_IP4_CHECK), asa_csum_diff16(before, after)));
	} else {
		asa_st8(p->l3 + ASA_IP6_HOPS, (__u8)(p->ttl - 1));
	}
}

/*
 * Apply a direction's instructions to the IP and transport headers of a frame.
 * => own: the direction of the frame; other: the opposite one; half, peer: the same of the TCP senders,
 *    looked at with ASA_DIR_SEQ only
 * => a later fragment has only its addresses rewritten
 * => with ASA_DIR_DEC_TTL the caller has checked that the TTL is above 1
 */
asa_inline void asa_rewrite(struct asa_pkt *p, const struct asa_dir *own, const struct asa_dir *other,
			    const struct asa_half *half, const struct asa_half *peer)
{
	__u64 sum = 0;

	if (own->flags & ASA_DIR_NAT) {
		sum = asa_rewrite_l3(p, other);
		if (p->flags & ASA_PKT_UDP)
			asa_rewrite_udp(p, other, sum);
		else if (p->flags & ASA_PKT_ICMP)
			asa_rewrite_icmp(p, other, sum);
		else if (p->flags & ASA_PKT_TCP)
			sum += asa_rewrite_ports(p, other);
	}
	if ((own->flags & (ASA_DIR_NAT | ASA_DIR_SEQ)) && (p->flags & ASA_PKT_TCP)) {
		if (own->flags & ASA_DIR_SEQ)
			sum += asa_rewrite_seq(p, half->seq_add, peer->seq_add);
		asa_st16(p->l4 + ASA_TCP_CHECK,
			 asa_csum_change(asa_ld16(p->l4 + ASA_TCP_CHECK), sum));
	}
	if (own->flags & ASA_DIR_DEC_TTL)
		asa_rewrite_ttl(p);
}

/* -------------------------------------------------------------------------------------- Ethernet */

/* Bytes of the Ethernet header towards a next hop. */
asa_inline __u32 asa_l2_size(const struct asa_nexthop *nh)
{
	if (asa_likely(!(nh->flags & (ASA_NH_VLAN | ASA_NH_QINQ))))
		return ASA_ETH_SIZE;
	return nh->flags & ASA_NH_QINQ ? ASA_ETH_SIZE + 2 * ASA_VLAN_SIZE :
					 ASA_ETH_SIZE + ASA_VLAN_SIZE;
}

/*
 * Write the Ethernet header towards a next hop.
 * => data: asa_l2_size(nh) bytes in front of the IP header
 * => ethertype in host order: asa_pkt.ethertype
 */
asa_inline void asa_l2_write(void *data, const struct asa_nexthop *nh, __u16 ethertype)
{
	/* dmac and smac lie as in the frame */
	asa_st64(data, asa_ld64((const __u8 *)nh + 8));
	asa_st32(data + 8, asa_ld32((const __u8 *)nh + 16));
	data += ASA_ETH_TYPE;
	if (asa_unlikely(nh->flags & (ASA_NH_VLAN | ASA_NH_QINQ))) {
		asa_st16(data, nh->vlan_proto);
		asa_st16(data + 2, nh->vlan_tci);
		data += ASA_VLAN_SIZE;
		if (nh->flags & ASA_NH_QINQ) {
			asa_stn16(data, ASA_ETHERTYPE_VLAN);
			asa_st16(data + 2, nh->vlan_inner_tci);
			data += ASA_VLAN_SIZE;
		}
	}
	asa_stn16(data, ethertype);
}

_Static_assert(__builtin_offsetof(struct asa_nexthop, dmac) == 8, "asa_l2_write() reads 8 bytes");
_Static_assert(__builtin_offsetof(struct asa_nexthop, smac) == 14, "smac follows dmac");

#endif
