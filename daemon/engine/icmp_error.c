// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP errors: they belong to the connection of the packet that they quote (RFC 5508).
 *
 * Responsible for: finding that connection by the quoted packet, refusing errors that cannot be
 * about it, translating header and quotation (NAT-5), sending it on.
 * Not responsible for: creating connections or keeping one alive; an error does neither.
 *
 * Directions: the quoted packet left this side in direction !d; its answers come in direction d,
 * and so does the error. A packet of direction d leaves with the addresses of dir[!d].key
 * reversed; the quotation is the other way round.
 *
 *	outer source		the peer itself, or a router on the way. If direction d translates
 *its source, both are shown as the peer's mapped address (icmp error disabled: no translation of
 *its own for a hop); a router's own address stays if nothing on its side is translated outer
 *destination	quoted source as this side knows it -> real quotation		both addresses and
 *ports as the receiver wrote them; IP, UDP, ICMP and (if quoted) TCP checksums follow by
 *difference, so that a wrong one stays wrong
 *
 * Refused: no connection (313005), redirects, errors about errors, about later fragments, about
 * a TCP number that was not sent lately (blind attacks, RFC 5927), a bad checksum, an MTU that IP
 * cannot have, and errors in fragments.
 *
 * Threads: asa->lock.
 */
#include "engine/engine_impl.h"

#define TCP_SLACK 131072u /* bytes behind the highest number sent that may still be quoted */

/* Where things are in the quoted packet. */
struct quote {
	__u8 *l3, *l4;
	__u32 l4_size; /* bytes quoted from l4 on */
	struct asa_key key; /* of the answers to the quoted packet */
	bool v6;
	bool request; /* ICMP: request, else reply */
	__u8 proto;
};

/* ------------------------------------------------------------------ reading the quotation */

static bool quote_ports(struct quote *q)
{
	__u16 kind;

	switch (q->proto) {
	case ASA_PROTO_TCP:
	case ASA_PROTO_UDP:
		q->key.dport = asa_ld16(q->l4);
		q->key.sport = asa_ld16(q->l4 + 2);
		return true;
	case ASA_PROTO_ICMP:
	case ASA_PROTO_ICMPV6:
		if (q->v6 != (q->proto == ASA_PROTO_ICMPV6))
			return false;
		kind = q->v6 ? asa_icmp6_kind(q->l4[0]) : asa_icmp_kind(q->l4[0]);
		if (kind & ASA_PKT_ICMP_REQUEST)
			q->key.dport = asa_ld16(q->l4 + ASA_ICMP_ID);
		else if (kind & ASA_PKT_ICMP_REPLY)
			q->key.sport = asa_ld16(q->l4 + ASA_ICMP_ID);
		else
			return false; /* about an error: REQ-ICMP-7 */
		q->request = kind & ASA_PKT_ICMP_REQUEST;
		return true;
	default: return true; /* addresses only */
	}
}

static bool quote_parse_v4(struct quote *q, __u32 size)
{
	__u32 header;

	if (size < ASA_IP4_SIZE || q->l3[0] >> 4 != 4)
		return false;
	header = (q->l3[0] & 15) * 4u;
	if (header < ASA_IP4_SIZE || size < header + 8)
		return false;
	if (asa_ldn16(q->l3 + ASA_IP4_FRAG) & 0x1fff)
		return false;
	asa_addr_set_v4(&q->key.dst, asa_ld32(q->l3 + ASA_IP4_SRC));
	asa_addr_set_v4(&q->key.src, asa_ld32(q->l3 + ASA_IP4_DST));
	q->proto = q->l3[ASA_IP4_PROTO];
	q->l4 = q->l3 + header;
	q->l4_size = size - header;
	return true;
}

/* Extension headers included: "packet too big" is about first fragments, too. */
static bool quote_parse_v6(struct quote *q, __u32 size)
{
	__u32 at = ASA_IP6_SIZE;
	int i;

	if (size < ASA_IP6_SIZE + 8 || q->l3[0] >> 4 != 6)
		return false;
	memcpy(q->key.dst.b, q->l3 + ASA_IP6_SRC, 16);
	memcpy(q->key.src.b, q->l3 + ASA_IP6_DST, 16);
	q->proto = q->l3[ASA_IP6_NEXT];
	for (i = 0; i < ASA_IP6_CHAIN_MAX && asa_ip6_is_exthdr(q->proto); i++) {
		const __u8 *h = q->l3 + at;

		if (size < at + 16)
			return false;
		if (q->proto != ASA_PROTO_FRAGMENT)
			at += h[1] * 8u;
		else if (asa_ldn16(h + 2) & 0xfff8)
			return false;
		at += 8;
		q->proto = h[0];
	}
	if (asa_ip6_is_exthdr(q->proto) || size < at + 8)
		return false;
	q->v6 = true;
	q->l4 = q->l3 + at;
	q->l4_size = size - at;
	return true;
}

static bool quote_parse(const struct asa_pkt *p, struct quote *q)
{
	memset(q, 0, sizeof(*q));
	q->l3 = (__u8 *)p->l4 + ASA_ICMP_SIZE;
	if (!(p->flags & ASA_PKT_IPV4 ? quote_parse_v4(q, p->l4_size - ASA_ICMP_SIZE)
				      : quote_parse_v6(q, p->l4_size - ASA_ICMP_SIZE)))
		return false;
	q->key.proto = q->proto;
	q->key.ctx = p->key.ctx;
	return quote_ports(q);
}

/* ------------------------------------------------------------------ checks */

static __u64 pseudo_header(const struct asa_pkt *p, __u32 size)
{
	__u64 sum;

	if (p->flags & ASA_PKT_IPV4)
		return 0;
	sum = asa_csum_add_bytes(0, (__u8 *)p->l3 + ASA_IP6_SRC, 32);
	return sum + asa_htonl(size) + asa_htonl(ASA_PROTO_ICMPV6);
}

static bool checksum_good(const struct asa_pkt *p)
{
	return asa_csum_fold(asa_csum_add_bytes(pseudo_header(p, p->l4_size), p->l4, p->l4_size)) ==
	       0xffff;
}

/* Types that cross the firewall, and what their numbers may be. */
static bool type_passes(const struct asa_pkt *p)
{
	__u32 mtu;

	if (p->flags & ASA_PKT_IPV6) {
		if (p->icmp_type == 2 && asa_ldn32((__u8 *)p->l4 + ASA_ICMP_ID) < 1280)
			return false; /* RFC 8201 section 4 */
		return p->icmp_type >= 1 && p->icmp_type <= 4;
	}
	if (p->icmp_type == 3 && p->icmp_code == 4) {
		mtu = asa_ldn16((__u8 *)p->l4 + 6);
		return mtu == 0 || mtu >= 68; /* 0: routers older than RFC 1191 */
	}
	return p->icmp_type != 5;
}

/* A quoted TCP number must be one that its sender has used lately. */
static bool seq_plausible(const struct walk *w, const struct quote *q)
{
	const struct asa_half *h = &w->conn->half[!w->dir];
	const struct asa_half *peer = &w->conn->half[w->dir];
	__u32 seq, slack = TCP_SLACK;

	if (q->proto != ASA_PROTO_TCP || w->conn->dir[w->dir].flags & ASA_DIR_BYPASS ||
	    !(h->tcp & ASA_HALF_SYN))
		return true;
	if (peer->win_max > slack)
		slack = peer->win_max;
	seq = asa_ldn32(q->l4 + ASA_TCP_SEQ) - w->conn->half[!w->dir].seq_add;
	return h->seq_end - seq <= slack;
}

/* ------------------------------------------------------------------ translation */

/* => the sum of differences for a checksum */
static __u64 put_addr(__u8 *at, const struct asa_addr *a, bool v6)
{
	__u64 diff = 0;
	int i;

	if (!v6)
		return asa_csum_put32(at, a->w[3]);
	for (i = 0; i < 4; i++)
		diff += asa_csum_put32(at + i * 4, a->w[i]);
	return diff;
}

static void apply(__u8 *check, __u64 diff)
{
	asa_st16(check, asa_csum_change(asa_ld16(check), diff));
}

static void quote_transport(struct quote *q, const struct asa_conn *c, int dir, __u64 addresses)
{
	const struct asa_dir *own = &c->dir[dir], *other = &c->dir[!dir];
	const struct asa_half *half = c->half;
	__u64 diff = addresses;
	__u16 check;

	switch (q->proto) {
	case ASA_PROTO_TCP:
		diff += asa_csum_put16(q->l4, other->key.sport);
		diff += asa_csum_put16(q->l4 + 2, other->key.dport);
		if (own->flags & ASA_DIR_SEQ) { /* SEQ-6: the numbers of the host it goes to */
			diff += asa_csum_put32(q->l4 + ASA_TCP_SEQ,
					       asa_htonl(asa_ldn32(q->l4 + ASA_TCP_SEQ) - half[!dir].seq_add));
			if (q->l4_size >= ASA_TCP_ACK + 4)
				diff += asa_csum_put32(q->l4 + ASA_TCP_ACK,
						       asa_htonl(asa_ldn32(q->l4 + ASA_TCP_ACK) +
								 half[dir].seq_add));
		}
		if (q->l4_size >= ASA_TCP_CHECK + 2)
			apply(q->l4 + ASA_TCP_CHECK, diff);
		break;
	case ASA_PROTO_UDP:
		diff += asa_csum_put16(q->l4, other->key.sport);
		diff += asa_csum_put16(q->l4 + 2, other->key.dport);
		check = asa_ld16(q->l4 + ASA_UDP_CHECK);
		if (!check)
			break;
		check = asa_csum_change(check, diff);
		asa_st16(q->l4 + ASA_UDP_CHECK, check ? check : 0xffff);
		break;
	case ASA_PROTO_ICMP:
		diff = 0; /* no pseudo-header */
		/* fall through */
	case ASA_PROTO_ICMPV6:
		diff += asa_csum_put16(q->l4 + ASA_ICMP_ID, q->request ? other->key.sport : other->key.dport);
		apply(q->l4 + ASA_ICMP_CHECK, diff);
		break;
	default: break;
	}
}

static void quote_translate(struct quote *q, const struct asa_conn *c, int dir)
{
	const struct asa_dir *other = &c->dir[!dir];
	__u64 addresses = 0;

	addresses += put_addr(q->l3 + (q->v6 ? ASA_IP6_SRC : ASA_IP4_SRC), &other->key.src, q->v6);
	addresses += put_addr(q->l3 + (q->v6 ? ASA_IP6_DST : ASA_IP4_DST), &other->key.dst, q->v6);
	if (!q->v6)
		apply(q->l3 + ASA_IP4_CHECK, addresses);
	quote_transport(q, c, dir, addresses);
}

/*
 * RFC 4884 extensions behind the quotation may name interfaces and real addresses: cut off where
 * the sender hides behind a mapped address.
 */
static void cut_extensions(struct asa_pkt *p)
{
	__u8 *icmp = p->l4, *length;
	__u32 quoted;

	if (p->flags & ASA_PKT_IPV4) {
		length = icmp + 5;
		quoted = *length * 4u;
	} else {
		if (p->icmp_type != 1 && p->icmp_type != 3)
			return;
		length = icmp + 4;
		quoted = *length * 8u;
	}
	if (!quoted || ASA_ICMP_SIZE + quoted >= p->l4_size)
		return;
	*length = 0;
	p->l3_size = (__u16)(p->l3_size - (p->l4_size - ASA_ICMP_SIZE - quoted));
	p->l4_size = (__u16)(ASA_ICMP_SIZE + quoted);
	if (p->flags & ASA_PKT_IPV4) {
		__u64 diff = 0;

		diff += asa_csum_put16((__u8 *)p->l3 + ASA_IP4_LENGTH, asa_htons(p->l3_size));
		apply((__u8 *)p->l3 + ASA_IP4_CHECK, diff);
	} else {
		asa_stn16((__u8 *)p->l3 + ASA_IP6_LENGTH, (__u16)(p->l3_size - ASA_IP6_SIZE));
	}
}

static void error_translate(struct walk *w, struct quote *q)
{
	const struct asa_dir *own = &w->conn->dir[w->dir], *other = &w->conn->dir[!w->dir];
	struct asa_pkt *p = w->p;
	__u8 *l3 = p->l3, *icmp = p->l4;
	bool v6 = p->flags & ASA_PKT_IPV6;
	__u64 diff = 0;

	if (!asa_addr_equal(&own->key.src, &other->key.dst)) { /* the peer is translated */
		diff += put_addr(l3 + (v6 ? ASA_IP6_SRC : ASA_IP4_SRC), &other->key.dst, v6);
		cut_extensions(p);
	}
	diff += put_addr(l3 + (v6 ? ASA_IP6_DST : ASA_IP4_DST), &other->key.src, v6);
	if (!v6)
		apply(l3 + ASA_IP4_CHECK, diff);
	quote_translate(q, w->conn, w->dir);
	/* It was right when it came: compute it anew. */
	asa_st16(icmp + ASA_ICMP_CHECK, 0);
	asa_st16(icmp + ASA_ICMP_CHECK, (__u16)~asa_csum_fold(asa_csum_add_bytes(
						pseudo_header(p, p->l4_size), icmp, p->l4_size)));
}

/* ------------------------------------------------------------------ the stage */

enum asa_drop stage_icmp_error(struct walk *w)
{
	struct sessions *s = w->e->asa->sessions;
	struct quote q;
	enum asa_drop why;
	bool known;
	__u32 ref;

	if (w->p->flags & ASA_PKT_FRAGMENT)
		return DROP_SESSION_ICMP_ERROR;
	known = quote_parse(w->p, &q);
	why = known && session_find(s, &q.key) ? DROP_NONE : stage_host(w);
	if (why)
		return why;
	if (!known || !type_passes(w->p) || !checksum_good(w->p))
		return DROP_SESSION_ICMP_ERROR;
	if (!asa_addr_equal(&q.key.dst, &w->p->key.dst)) /* not sent to the quoted sender */
		return DROP_SESSION_ICMP_ERROR;
	ref = session_find(s, &q.key);
	w->conn = walk_conn(w, ASA_REF_SLOT(ref));
	if (!w->conn) {
		deny_icmp_error(w, &q.key);
		return DROP_SESSION_ICMP_ERROR;
	}
	w->slot = ASA_REF_SLOT(ref);
	w->dir = ASA_REF_DIR(ref);
	why = stage_interface(w); /* from a side where the peer can be; the connection stays */
	if (!why && !w->moved)
		why = source_reverse_path(w); /* a router's own address: not one that was asked */
	if (why)
		return why;
	if (!seq_plausible(w, &q))
		return DROP_SESSION_ICMP_ERROR;
	why = stage_next_hop(w);
	if (why)
		return why;
	if (w->conn->dir[w->dir].flags & (ASA_DIR_NAT | ASA_DIR_SEQ))
		error_translate(w, &q);
	forward_out(w, w->f, w->conn->dir[w->dir].nexthop);
	w->done = true;
	return DROP_NONE;
}
