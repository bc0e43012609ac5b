// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv4 packets without DF that are larger than the MTU of the way out: sent in pieces (RFC 791
 * section 3.2). Works on fragments, too: offsets add up, the last piece of a fragment that has
 * more behind it says so.
 *
 * The options that pass (ip_options.c) may be in every piece, so the whole header is copied.
 * All pieces are taken from the pool before the first is sent, or the packet is dropped.
 *
 * Threads: asa->lock.
 */
#include "engine/engine_impl.h"

#define FLAG_MORE 0x2000u
#define OFFSET_MASK 0x1fffu

static void header_checksum(__u8 *l3, __u32 size)
{
	asa_st16(l3 + ASA_IP4_CHECK, 0);
	asa_st16(l3 + ASA_IP4_CHECK, (__u16)~asa_csum_fold(asa_csum_add_bytes(0, l3, size)));
}

void fragment_send(struct walk *w, struct frame *f, __u16 row, __u32 mtu)
{
	const __u8 *l3 = f->pkt.l3;
	__u32 header = (asa_ld8(l3) & 15) * 4u;
	__u32 payload = f->pkt.l3_size - header;
	__u32 step = mtu > header ? (mtu - header) & ~7u : 0;
	__u32 frag = asa_ldn16(l3 + ASA_IP4_FRAG);
	__u32 at, n;

	if (!step || !(f->pkt.flags & ASA_PKT_IPV4)) {
		frames_drop(w->e, w->ops, f, DROP_ROUTE_MTU);
		return;
	}
	n = (payload + step - 1) / step;
	if (frame_pool_available(w->ops->pool) < n) {
		frames_drop(w->e, w->ops, f, DROP_RESOURCE_TX_QUEUE);
		return;
	}
	for (at = 0; at < payload; at += step) {
		__u32 size = payload - at < step ? payload - at : step;
		bool last = at + size == payload;
		struct frame *piece = frame_get(w->ops->pool);
		__u8 *to;

		if (!piece)
			break; /* counted above: cannot be */
		to = piece->data + ASA_ETH_SIZE;
		memcpy(to, l3, header);
		memcpy(to + header, l3 + header + at, size);
		asa_stn16(to + ASA_IP4_LENGTH, (__u16)(header + size));
		asa_stn16(to + ASA_IP4_FRAG, (__u16)(((frag & OFFSET_MASK) + at / 8) |
						     (last ? frag & FLAG_MORE : FLAG_MORE)));
		header_checksum(to, header);
		memset(&piece->pkt, 0, sizeof(piece->pkt));
		piece->pkt.l3 = to;
		piece->pkt.l3_size = (__u16)(header + size);
		piece->pkt.ethertype = ASA_ETHERTYPE_IPV4;
		piece->pkt.flags = ASA_PKT_IPV4;
		piece->len = ASA_ETH_SIZE + header + size;
		/* One frame came in: the first piece stands for it in the accounts. */
		piece->in_ifindex = at ? 0 : f->in_ifindex;
		forward_out(w, piece, row);
	}
	frame_put(w->ops->pool, f);
}
