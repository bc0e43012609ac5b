// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers that the firewall itself sends to a packet: time exceeded, fragmentation needed, packet too
 * big; and the RST for a segment of a connection that timed out (TMO-4).
 *
 * Responsible for: building them about the packet as it came in (RFC 792, RFC 1812 section 4.3.2,
 * RFC 4443), from the address of the interface it came in on, back to the neighbour it came from.
 * Bounded: about 500 a second; never about an ICMP error, a later fragment or another message of
 * ours; without an address of the right family on the interface there is no message.
 * Not responsible for: counting the packet it is about (the caller drops it).
 *
 * Threads: asa->lock.
 */
#include "engine/engine_impl.h"

#define REPLIES_PER_INTERVAL 64
#define INTERVAL_SHIFT 7 /* ticks: 134 ms */
#define IP4_REPLY_MAX 576u /* RFC 1812 section 4.3.2.3 */
#define IP6_REPLY_MAX 1280u /* RFC 4443 section 2.4 (c) */
#define REPLY_TTL 64

static bool may_reply(struct walk *w)
{
	__u32 interval = w->now >> INTERVAL_SHIFT;

	if (w->p->flags & (ASA_PKT_ICMP_ERROR | ASA_PKT_LATER))
		return false;
	if (w->e->reply_tick != interval) {
		w->e->reply_tick = interval;
		w->e->n_replies = 0;
	}
	return w->e->n_replies++ < REPLIES_PER_INTERVAL;
}

/* Own address of the interface of entry. => false: none of that family. */
static bool own_address(const struct walk *w, struct asa_addr *a)
{
	return policy_if_address(w->policy, w->in, w->p->flags & ASA_PKT_IPV6, a);
}

/* Ethernet header with the tags of the packet, back to its sender. => the IP header's place. */
static __u8 *put_l2(const struct walk *w, struct frame *f)
{
	memcpy(f->data, w->f->data, w->p->l3_off);
	memcpy(f->data + ASA_ETH_DST, w->f->data + ASA_ETH_SRC, 6);
	memcpy(f->data + ASA_ETH_SRC, w->f->data + ASA_ETH_DST, 6);
	return f->data + w->p->l3_off;
}

static void send_reply(struct walk *w, struct frame *f, __u32 ip_size)
{
	f->len = w->p->l3_off + ip_size;
	f->out_ifindex = w->returned ? w->in->ifindex : w->f->in_ifindex;
	account_reply(w->e, f->len);
	account_sent(w->e, f->out_ifindex, f->len);
	w->ops->send(w->ops->worker, f);
}

static void reply_v4(struct walk *w, __u8 type, __u8 code, __u32 word)
{
	__u32 quote = w->p->l3_size, size;
	struct frame *f;
	struct asa_addr own;
	__u8 *l3, *icmp;

	if (!own_address(w, &own) || !(f = frame_get(w->ops->pool)))
		return;
	if (quote > IP4_REPLY_MAX - ASA_IP4_SIZE - ASA_ICMP_SIZE)
		quote = IP4_REPLY_MAX - ASA_IP4_SIZE - ASA_ICMP_SIZE;
	size = ASA_IP4_SIZE + ASA_ICMP_SIZE + quote;
	l3 = put_l2(w, f);
	memset(l3, 0, ASA_IP4_SIZE + ASA_ICMP_SIZE);
	l3[ASA_IP4_VIHL] = 0x45;
	l3[ASA_IP4_TOS] = 0xc0; /* internetwork control, RFC 1812 section 4.3.2.5 */
	asa_stn16(l3 + ASA_IP4_LENGTH, (__u16)size);
	asa_stn16(l3 + ASA_IP4_ID, ++w->e->ip_id);
	l3[ASA_IP4_TTL] = REPLY_TTL;
	l3[ASA_IP4_PROTO] = ASA_PROTO_ICMP;
	asa_st32(l3 + ASA_IP4_SRC, own.w[3]);
	asa_st32(l3 + ASA_IP4_DST, w->p->key.src.w[3]);
	asa_st16(l3 + ASA_IP4_CHECK,
		 (__u16)~asa_csum_fold(asa_csum_add_bytes(0, l3, ASA_IP4_SIZE)));
	icmp = l3 + ASA_IP4_SIZE;
	icmp[ASA_ICMP_TYPE] = type;
	icmp[ASA_ICMP_CODE] = code;
	asa_stn32(icmp + ASA_ICMP_ID, word);
	memcpy(icmp + ASA_ICMP_SIZE, w->p->l3, quote);
	asa_st16(icmp + ASA_ICMP_CHECK,
		 (__u16)~asa_csum_fold(asa_csum_add_bytes(0, icmp, ASA_ICMP_SIZE + quote)));
	send_reply(w, f, size);
}

static void reply_v6(struct walk *w, __u8 type, __u8 code, __u32 word)
{
	__u32 quote = w->p->l3_size, size;
	struct asa_addr own;
	struct frame *f;
	__u8 *l3, *icmp;
	__u64 sum;

	if (!own_address(w, &own) || !(f = frame_get(w->ops->pool)))
		return;
	if (quote > IP6_REPLY_MAX - ASA_IP6_SIZE - ASA_ICMP_SIZE)
		quote = IP6_REPLY_MAX - ASA_IP6_SIZE - ASA_ICMP_SIZE;
	size = ASA_ICMP_SIZE + quote;
	l3 = put_l2(w, f);
	memset(l3, 0, ASA_IP6_SIZE + ASA_ICMP_SIZE);
	l3[ASA_IP6_VERSION] = 0x60;
	asa_stn16(l3 + ASA_IP6_LENGTH, (__u16)size);
	l3[ASA_IP6_NEXT] = ASA_PROTO_ICMPV6;
	l3[ASA_IP6_HOPS] = REPLY_TTL;
	memcpy(l3 + ASA_IP6_SRC, own.b, 16);
	memcpy(l3 + ASA_IP6_DST, w->p->key.src.b, 16);
	icmp = l3 + ASA_IP6_SIZE;
	icmp[ASA_ICMP_TYPE] = type;
	icmp[ASA_ICMP_CODE] = code;
	asa_stn32(icmp + ASA_ICMP_ID, word);
	memcpy(icmp + ASA_ICMP_SIZE, w->p->l3, quote);
	sum = asa_csum_add_bytes(0, l3 + ASA_IP6_SRC, 32);
	sum += asa_htonl(size);
	sum += asa_htonl(ASA_PROTO_ICMPV6);
	sum = asa_csum_add_bytes(sum, icmp, size);
	asa_st16(icmp + ASA_ICMP_CHECK, (__u16)~asa_csum_fold(sum));
	send_reply(w, f, ASA_IP6_SIZE + size);
}

void reply_time_exceeded(struct walk *w)
{
	if (!may_reply(w))
		return;
	if (w->p->flags & ASA_PKT_IPV4)
		reply_v4(w, 11, 0, 0);
	else
		reply_v6(w, 3, 0, 0);
}

/* RFC 9293 section 3.10.7.1: the RST for a segment to a connection that does not exist. */
void reply_reset(struct walk *w)
{
	const struct asa_tcp_seg *t = &w->p->tcp;
	struct asa_cookie_seg s = { .flags = ASA_TCP_RST, .wscale = ASA_COOKIE_NO_WSCALE };
	int v6 = !(w->p->flags & ASA_PKT_IPV4);
	struct frame *f;

	if (w->trace || t->flags & ASA_TCP_RST || w->p->flags & ASA_PKT_FRAGMENT)
		return;
	f = frame_get(w->ops->pool);
	if (!f)
		return;
	if (t->flags & ASA_TCP_ACKF) {
		s.seq = t->ack;
	} else {
		s.flags |= ASA_TCP_ACKF;
		s.ack = asa_tcp_end(t);
	}
	asa_cookie_write(put_l2(w, f), v6, &w->p->key, true, &s);
	send_reply(w, f, asa_cookie_l3_size(v6));
}

void reply_too_big(struct walk *w, __u32 mtu)
{
	if (!may_reply(w))
		return;
	if (w->p->flags & ASA_PKT_IPV4)
		reply_v4(w, 3, 4, mtu & 0xffff); /* RFC 1191 section 4 */
	else
		reply_v6(w, 2, 0, mtu);
}
