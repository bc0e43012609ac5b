// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets for the fake firewall: built from words, read back with their checksums checked.
 */
#include <stdlib.h>
#include <string.h>

#include "asa/csum.h"
#include "tests/lib/fake_dp.h"

static __u64 pseudo(const __u8 *l3, bool v6, __u8 proto, __u32 size)
{
	__u64 sum;

	if (v6)
		sum = asa_csum_add_bytes(0, l3 + ASA_IP6_SRC, 32);
	else
		sum = asa_csum_add_bytes(0, l3 + ASA_IP4_SRC, 8);
	return sum + asa_htonl(size) + asa_htonl(proto);
}

static __u32 put_l4(const struct fake_pkt *p, __u8 proto, bool v6, const __u8 *l3, __u8 *l4)
{
	__u32 size = p->data ? (__u32)strlen(p->data) : p->payload, i, header = 0;
	__u8 *check = NULL;
	__u64 sum;

	if (p->raw) {
		memcpy(l4, p->raw, p->n_raw);
		return p->n_raw;
	}
	if (p->frag_off) { /* later fragment: payload only */
		for (i = 0; i < size; i++)
			l4[i] = (__u8)(p->frag_off + i);
		return size;
	}
	switch (proto) {
	case ASA_PROTO_TCP:
		header = ASA_TCP_SIZE + p->n_options;
		memset(l4, 0, header);
		asa_stn16(l4, p->sport);
		asa_stn16(l4 + 2, p->dport);
		asa_stn32(l4 + ASA_TCP_SEQ, p->seq);
		asa_stn32(l4 + ASA_TCP_ACK, p->ack);
		l4[ASA_TCP_DOFF] = (__u8)(header / 4 << 4 | p->reserved);
		asa_stn16(l4 + ASA_TCP_URGENT, p->urgent);
		l4[ASA_TCP_FLAGS] = p->flags;
		asa_stn16(l4 + ASA_TCP_WINDOW, p->win_zero ? 0 : p->win ? p->win : 8192);
		if (p->n_options)
			memcpy(l4 + ASA_TCP_SIZE, p->options, p->n_options);
		check = l4 + ASA_TCP_CHECK;
		break;
	case ASA_PROTO_UDP:
		header = ASA_UDP_SIZE;
		memset(l4, 0, header);
		asa_stn16(l4, p->sport);
		asa_stn16(l4 + 2, p->dport);
		asa_stn16(l4 + ASA_UDP_LENGTH, (__u16)(header + size));
		check = l4 + ASA_UDP_CHECK;
		break;
	case ASA_PROTO_ICMP:
	case ASA_PROTO_ICMPV6:
		header = ASA_ICMP_SIZE;
		memset(l4, 0, header);
		l4[0] = p->type;
		l4[1] = p->code;
		asa_stn16(l4 + ASA_ICMP_ID, p->id);
		check = l4 + ASA_ICMP_CHECK;
		break;
	default: break;
	}
	for (i = 0; i < size; i++)
		l4[header + i] = p->data ? (__u8)p->data[i] : (__u8)(header + i);
	size += header;
	if (check && !p->more) { /* a fragment's checksum is over what the test sends later */
		sum = proto == ASA_PROTO_ICMP ? 0 : pseudo(l3, v6, proto, size);
		asa_st16(check, (__u16)(~asa_csum_fold(asa_csum_add_bytes(sum, l4, size)) +
					p->bad_checksum));
	}
	return size;
}

struct frame *fake_frame(struct fake *f, const struct fake_pkt *p)
{
	struct frame *frame = frame_get(f->ops.pool);
	struct asa_addr src = mb_addr(p->src), dst = mb_addr(p->dst);
	__u8 proto = p->proto ? p->proto : ASA_PROTO_TCP, *d, *l3;
	bool v6 = !asa_addr_is_v4(&src);
	__u32 size;

	if (!frame)
		abort();
	if (proto == FAKE_PROTO_ZERO)
		proto = 0;
	frame->in_ifindex = p->in;
	d = frame->data;
	memset(d, 0x0a, 12);
	d += 12;
	if (p->vlan) {
		asa_stn16(d, ASA_ETHERTYPE_VLAN);
		asa_stn16(d + 2, p->vlan);
		d += 4;
	}
	asa_stn16(d, v6 ? ASA_ETHERTYPE_IPV6 : ASA_ETHERTYPE_IPV4);
	l3 = d + 2;
	if (v6) {
		memset(l3, 0, ASA_IP6_SIZE);
		l3[0] = 0x60;
		l3[ASA_IP6_NEXT] = proto;
		l3[ASA_IP6_HOPS] = p->ttl ? p->ttl : 64;
		memcpy(l3 + ASA_IP6_SRC, src.b, 16);
		memcpy(l3 + ASA_IP6_DST, dst.b, 16);
		size = put_l4(p, proto, true, l3, l3 + ASA_IP6_SIZE);
		asa_stn16(l3 + ASA_IP6_LENGTH, (__u16)size);
		size += ASA_IP6_SIZE;
	} else {
		__u32 header = ASA_IP4_SIZE + p->n_ip_options;

		memset(l3, 0, header);
		l3[0] = (__u8)(0x40 | header / 4);
		l3[ASA_IP4_TTL] = p->ttl ? p->ttl : 64;
		l3[ASA_IP4_PROTO] = proto;
		asa_st32(l3 + ASA_IP4_SRC, src.w[3]);
		asa_st32(l3 + ASA_IP4_DST, dst.w[3]);
		asa_stn16(l3 + ASA_IP4_ID, p->ip_id);
		asa_stn16(l3 + ASA_IP4_FRAG,
			  (__u16)((p->df ? 0x4000 : 0) | (p->more ? 0x2000 : 0) | p->frag_off / 8));
		if (p->n_ip_options)
			memcpy(l3 + ASA_IP4_SIZE, p->ip_options, p->n_ip_options);
		size = header + put_l4(p, proto, false, l3, l3 + header);
		asa_stn16(l3 + ASA_IP4_LENGTH, (__u16)size);
		asa_st16(l3 + ASA_IP4_CHECK,
			 (__u16)~asa_csum_fold(asa_csum_add_bytes(0, l3, header)));
	}
	frame->len = (__u32)(l3 - frame->data) + size;
	return frame;
}

/* FLOW reasons come along with a frame's; the frame's own is what is asked for. */
static bool is_flow(int why)
{
#define FLOW 1
#define FRAME 0
	switch (why) {
#define KIND(sym, kw, kind, stage, text) case sym: return kind;
		ASA_DROP_LIST(KIND)
	}
	return true;
#undef KIND
#undef FLOW
#undef FRAME
}

enum asa_drop fake_in(struct fake *f, const struct fake_pkt *p)
{
	struct frame *frame = fake_frame(f, p);
	struct asa_count before[ASA_DROP_MAX];
	int i;

	fake_flush(f);
	memcpy(before, f->totals.drops, sizeof(before));
	f->received[p->in]++;
	engine_batch(f->asa.engine, &f->ops, &frame, 1, f->now);
	fake_flush(f);
	for (i = 1; i < ASA_DROP_MAX; i++)
		if (!is_flow(i) && f->totals.drops[i].packets != before[i].packets)
			return (enum asa_drop)i;
	return DROP_NONE;
}

void fake_forget_sent(struct fake *f)
{
	while (f->n_sent)
		frame_put(f->ops.pool, f->sent[--f->n_sent]);
}

bool fake_checksums_good(const struct asa_pkt *p)
{
	bool v6 = p->flags & ASA_PKT_IPV6;
	__u32 header;

	if (!v6) {
		header = (asa_ld8(p->l3) & 15) * 4u;
		if (asa_csum_fold(asa_csum_add_bytes(0, p->l3, header)) != 0xffff)
			return false;
	}
	if (!(p->flags & ASA_PKT_L4) || p->flags & ASA_PKT_FRAGMENT)
		return true;
	switch (p->proto) {
	case ASA_PROTO_UDP:
		if (!asa_ld16((__u8 *)p->l4 + ASA_UDP_CHECK))
			return true;
		/* fall through */
	case ASA_PROTO_TCP:
	case ASA_PROTO_ICMPV6:
		return asa_csum_fold(asa_csum_add_bytes(pseudo(p->l3, v6, p->proto, p->l4_size),
							p->l4, p->l4_size)) == 0xffff;
	case ASA_PROTO_ICMP:
		return asa_csum_fold(asa_csum_add_bytes(0, p->l4, p->l4_size)) == 0xffff;
	default: return true;
	}
}

const struct asa_pkt *fake_last(struct fake *f, __u32 *out_ifindex)
{
	static struct asa_pkt pkt;
	struct frame *frame;

	if (!f->n_sent)
		return NULL;
	frame = f->sent[f->n_sent - 1];
	if (asa_parse(&pkt, frame->data, frame->data + frame->len, 1) ||
	    !fake_checksums_good(&pkt)) {
		fprintf(stderr, "a frame was sent that is not right\n");
		abort();
	}
	if (out_ifindex)
		*out_ifindex = frame->out_ifindex;
	return &pkt;
}
