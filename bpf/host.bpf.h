/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may talk to the box itself (SES-4): the "ssh", "telnet", "http" and "icmp" lines.
 *
 * Responsible for: asking asa_mgmt about a frame that is about to be left to Linux, with the port or
 * the ICMP type found behind any extension headers and in first fragments.
 * Of what it refuses the daemon is told now and then (710003, 313001), as of forged senders.
 * Not responsible for: which frames are the box's (asa_xdp.bpf.c), making the rows (the daemon's
 * policy/host_rows.c): a row's prefix holds the decision of the first line that covers it, so that the
 * longest match decides as the list would.
 *
 * Only interfaces with ASA_IFACE_MGMT come here; the others pay one test of a flag.
 * Later fragments pass: Linux drops the datagram without its first one, and any that overlap.
 */
#ifndef ASA_HOST_BPF_H
#define ASA_HOST_BPF_H

#include "verdict.bpf.h"

#define MGMT_FIXED 96 /* bits of the key in front of the address */
#define MGMT_DENIED 1

/*
 * The transport header of an IPv6 packet: its protocol, and its offset in *off.
 * => -1: a later fragment; -2: not to be understood
 */
asa_inline int host_walk(struct xdp_md *ctx, __u8 proto, __u32 *off)
{
	__u8 h[8];
	int i;

	for (i = 0; i < ASA_IP6_CHAIN_MAX && asa_ip6_is_exthdr(proto); i++) {
		if (bpf_xdp_load_bytes(ctx, *off, h, sizeof(h)))
			return -2;
		*off += 8;
		if (proto != ASA_PROTO_FRAGMENT)
			*off += h[1] * 8u;
		else if (h[2] || (h[3] & 0xf8))
			return -1;
		proto = h[0];
	}
	return asa_ip6_is_exthdr(proto) ? -2 : proto;
}

/*
 * Does a management rule forbid this packet to the box?
 * => ask: ifindex, vlan, src and the protocol of the IP header; off: what follows that header
 * => a global function: the verifier looks at it once
 */
__noinline int host_denied(struct xdp_md *ctx, const struct asa_mgmt_key *ask, __u32 off)
{
	struct asa_mgmt_key key;
	struct asa_mgmt *row;
	__u8 h[4];
	int proto;

	if (!ask)
		return MGMT_DENIED;
	key = *ask;
	proto = key.proto;
	if (!asa_addr_is_v4(&key.src))
		proto = host_walk(ctx, key.proto, &off);
	if (proto < 0)
		return proto == -1 ? 0 : MGMT_DENIED;
	if (proto != ASA_PROTO_TCP && proto != ASA_PROTO_ICMP && proto != ASA_PROTO_ICMPV6)
		return 0;
	if (bpf_xdp_load_bytes(ctx, off, h, sizeof(h)))
		return MGMT_DENIED;
	/* Without its neighbours and groups (RFC 4861, 2710, 3810) no host has IPv6. */
	if (proto == ASA_PROTO_ICMPV6 && ((h[0] >= 130 && h[0] <= 137) || h[0] == 143))
		return 0;
	key.prefixlen = MGMT_FIXED + 128;
	key.proto = (__u8)proto;
	if (proto == ASA_PROTO_TCP) {
		key.port = asa_ld16(h + 2);
	} else {
		key.icmp_type = h[0];
		row = bpf_map_lookup_elem(&asa_mgmt, &key);
		if (row)
			return row->verdict == ASA_MGMT_DENY;
		key.icmp_type = 0;
		key.port = ASA_MGMT_OTHER_TYPES;
	}
	row = bpf_map_lookup_elem(&asa_mgmt, &key);
	return row && row->verdict == ASA_MGMT_DENY;
}

static volatile __u32 told; /* tick of the last frame that the daemon was told of */

/*
 * Is the daemon to be told of a frame that is dropped?  One in a tick (worst race: one for each
 * CPU): a flood must not keep it from its work.
 * => a global function: the verifier looks at it once
 */
__noinline int tell_wanted(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index, ifindex = ctx->ingress_ifindex, row = 0;
	__u32 tick = tick_now();
	struct asa_config *cfg = bpf_map_lookup_elem(&asa_config, &row);

	if (told == tick || !cfg || cfg->version != ASA_CONTRACT_VERSION ||
	    ifindex >= ASA_IFINDEX_MAX || queue >= ASA_QUEUES_MAX)
		return 0;
	row = ifindex * ASA_QUEUES_MAX + queue;
	if (!bpf_map_lookup_elem(&asa_xsks, &row))
		return 0;
	told = tick;
	return 1;
}

/* Drop with a reason that has a message: the daemon gets the frame, to say so and to drop it. */
asa_inline int drop_told(const struct asa_run *r, enum asa_drop drop)
{
	__u32 row = 0;
	struct asa_config *cfg = bpf_map_lookup_elem(&asa_config, &row);

	if (!cfg || !tell_wanted(r->ctx))
		return verdict_drop(r, drop);
	return verdict_punt(r, cfg, PUNT_ADDRESS, 0);
}

/* Leave a frame for the box to Linux, unless a management rule or the limit of a class forbids it. */
asa_inline int to_host(const struct asa_run *r, const struct asa_iface *iface,
		       const struct asa_pkt *p)
{
	if (asa_unlikely((iface->flags & ASA_IFACE_MGMT) && !(p->flags & ASA_PKT_LATER))) {
		struct asa_mgmt_key ask = {
			.ifindex = (__u16)r->ifindex,
			.vlan = p->vlan,
			.proto = p->proto,
			.src = p->key.src,
		};

		if (host_denied(r->ctx, &ask, p->l4_off))
			/* a fragment would wait for the others */
			return p->flags & (ASA_PKT_UNUSUAL | ASA_PKT_HOST) ? verdict_drop(r, DROP_POLICY_HOST) :
							    drop_told(r, DROP_POLICY_HOST);
	}
	if (asa_unlikely((iface->flags & ASA_IFACE_LIMIT) && !(p->flags & ASA_PKT_LATER)))
		bpf_tail_call(r->ctx, &asa_jump, ASA_JUMP_HOST_LIMIT); /* host_limit.bpf.h */
	return verdict_host(r);
}

#endif
