/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TCP normalizer, as far as it needs no payload: what a TCP map says about a segment, and what
 * changes in it (NRM-10 to NRM-23), PAWS (RFC 7323 section 5).
 *
 * Responsible for: urgent and reserved bits, options, data in SYN and SYN-ACK, TTL evasion, MSS,
 * window variation, timestamps.  The rules are those of the connection's map (asa/tcp_map.h).
 * Not responsible for: sequence numbers and states (tcp_track.h), checksums of what arrives, the
 * order of segments (the daemon's, for connections that ask for it), bypass (BYP-5: nothing here).
 * Callers: the XDP program, and the daemon for punted and first segments: the same rules for both.
 * Threads: as tcp_track.h; each direction's segments write that direction's half only.
 *
 * Steps for a segment:
 *	1. tcp_norm_usual()	nothing about it needs a look, as with nearly all of them
 *	2. tcp_norm_begin(), asa_tcp_options_step(), tcp_norm_look()
 *				else: its options and flags, and what the map says about them
 *	3. tcp_track_check()	may it be sent now? (tcp_track.h)
 *	4. tcp_norm_check(), tcp_norm_exceeds()	what needs to know the connection: timestamps, window, MSS
 *	5. tcp_norm_edit()	when it leaves: the changes, checksums with them
 *	6. tcp_norm_commit()	what is remembered of it
 *
 * What is not known drops nothing: a half without ttl or ts_recent, no MSS (0) has none to compare with.
 */
#ifndef ASA_TCP_NORM_H
#define ASA_TCP_NORM_H

#include "tcp_map.h"
#include "tcp_options.h"
#include "tcp_track.h"

enum asa_norm_edit {
	ASA_NORM_URGENT = 1 << 0, /* flag and pointer become zero */
	ASA_NORM_RESERVED = 1 << 1, /* reserved bits become zero */
	ASA_NORM_OPTIONS = 1 << 2, /* asa_tcp_options_clear(): the caller's, who has the bytes */
	ASA_NORM_TTL = 1 << 3, /* becomes the lowest one seen */
};

/* The header of a segment with nothing but timestamps, as most segments of most hosts are. */
#define ASA_NORM_TS_HEADER (ASA_TCP_SIZE + ASA_TS_USUAL_SIZE)

/* Timestamps are not compared after so long a silence: they may have wrapped (RFC 7323 section 5.5). */
#define ASA_PAWS_IDLE_TICKS ((__u32)((24ull * 86400 * 1000000000) >> ASA_TICK_SHIFT))

/*
 * Is there nothing to look at but the options?
 * => s->ttl is that of the segment; its options are the caller's to judge, who can see them
 */
asa_inline int tcp_norm_usual(const struct asa_half *own, const struct asa_tcp_seg *s)
{
	return !((s->flags & (ASA_TCP_URG | ASA_TCP_SYN)) | own->tcp_map | (s->ttl ^ own->ttl));
}

/* wscale, tcp, ttl and tcp_map of a half in one load */
asa_inline __u32 tcp_norm_kind(const struct asa_half *half)
{
	return asa_ld32((const __u8 *)half + __builtin_offsetof(struct asa_half, wscale));
}
_Static_assert(__builtin_offsetof(struct asa_half, tcp_map) == __builtin_offsetof(struct asa_half, wscale) + 3,
	       "the four bytes lie together");

/*
 * The connection is open in both directions and no end has closed it, and tcp_norm_usual() of data and
 * acknowledgments: all that is left to look at are numbers.
 */
asa_inline int tcp_norm_open(const struct asa_half *own, const struct asa_half *peer, __u8 ttl)
{
	const __u8 open = ASA_HALF_SYN | ASA_HALF_ACKED, states = open | ASA_HALF_FIN | ASA_HALF_RST;
	const struct asa_half own_is = { .tcp = open, .ttl = ttl }, peer_is = { .tcp = open };
	const struct asa_half own_mask = { .tcp = states, .ttl = 0xff, .tcp_map = 0xff };
	const struct asa_half peer_mask = { .tcp = states };

	return !((tcp_norm_kind(own) ^ tcp_norm_kind(&own_is)) & tcp_norm_kind(&own_mask)) &&
	       !((tcp_norm_kind(peer) ^ tcp_norm_kind(&peer_is)) & tcp_norm_kind(&peer_mask));
}

/* Before the options are read: nothing was found yet. */
asa_inline void tcp_norm_begin(struct asa_tcp_seg *s, const struct asa_tcp_map *m)
{
	s->looked = 1;
	s->options = 0;
	s->ts = 0;
	s->mss = 0;
	s->wscale = 0;
	s->edits = 0;
	s->allow = (__u16)m->flags;
}

/*
 * What the map says about the segment as it is; its options have been read.
 * => *s gets edits; DROP_NONE or the reason
 */
asa_inline enum asa_drop tcp_norm_look(const struct asa_half *own, struct asa_tcp_seg *s,
				       const struct asa_tcp_map *m)
{
	__u32 flags = m->flags;
	__u8 edits = 0;

	s->has_wscale = (s->options & ASA_OPT_WSCALE) != 0;
	if (s->options & (ASA_OPT_BAD | ASA_OPT_DROP))
		return DROP_TCP_OPTIONS;
	if (s->reserved && (flags & ASA_TM_RESERVED_DROP))
		return DROP_TCP_RESERVED;
	if ((s->flags & ASA_TCP_SYN) && s->size) {
		if (!(s->flags & ASA_TCP_ACKF) && (flags & ASA_TM_SYN_DATA_DROP))
			return DROP_TCP_SYN_DATA;
		if ((s->flags & ASA_TCP_ACKF) && !(flags & ASA_TM_SYNACK_DATA_ALLOW))
			return DROP_TCP_SYNACK_DATA;
	}
	if (s->options & ASA_OPT_CLEAR)
		edits |= ASA_NORM_OPTIONS;
	if (s->reserved && (flags & ASA_TM_RESERVED_CLEAR))
		edits |= ASA_NORM_RESERVED;
	if ((s->flags & ASA_TCP_URG) && !(flags & ASA_TM_URGENT_ALLOW))
		edits |= ASA_NORM_URGENT;
	if (own->ttl && s->ttl > own->ttl && !(flags & ASA_TM_TTL_OFF))
		edits |= ASA_NORM_TTL;
	s->edits = edits;
	return DROP_NONE;
}

/*
 * A window that shrinks although nothing was received that fills it: the right edge moves left
 * (RFC 9293 section 3.8.6).
 * => only the newest segment tells: one that was overtaken shows an older window
 * => scaled windows lose their low bits, so that the edge may seem to move by those (RFC 7323 2.4)
 */
asa_inline int tcp_norm_shrinks(const struct asa_half *own, const struct asa_half *peer,
				__u32 peer_add, const struct asa_tcp_seg *s)
{
	__u32 ack = s->ack - peer_add, shift = asa_tcp_scale(own, peer);
	__u32 edge = ack + ((__u32)s->window << shift) + (1u << shift) - 1;

	if (!(own->tcp & ASA_HALF_ACKED) || (s->flags & (ASA_TCP_SYN | ASA_TCP_RST)))
		return 0;
	return !asa_seq_after(own->ack, ack) && !asa_seq_after(own->seq_end, s->seq) &&
	       asa_seq_after(own->edge, edge);
}

/*
 * What can be said of a segment only with the connection at hand; after tcp_track_check().
 * => idle: ticks since the direction's last packet
 * => changes nothing; DROP_NONE or the reason
 */
asa_inline enum asa_drop tcp_norm_check(const struct asa_half *own, const struct asa_half *peer,
					__u32 peer_add, const struct asa_tcp_seg *s, __u32 idle)
{
	if (asa_likely(!s->looked))
		return DROP_NONE;
	/* A RST may carry any timestamp (RFC 7323 section 5.2). */
	if ((s->options & ASA_OPT_TS) && own->ts_recent &&
	    asa_unlikely(asa_seq_after(own->ts_recent, s->ts)) &&
	    !(s->flags & (ASA_TCP_RST | ASA_TCP_SYN)) && idle < ASA_PAWS_IDLE_TICKS)
		return DROP_TCP_PAWS;
	if (asa_unlikely(s->allow & ASA_TM_WINDOW_DROP) && tcp_norm_shrinks(own, peer, peer_add, s))
		return DROP_TCP_WINDOW;
	return DROP_NONE;
}

/*
 * "exceed-mss drop" (with ASA_TM_MSS_DROP, after tcp_norm_check()): more data than its receiver takes?
 * => mss: asa_rest.mss of the receiver's direction; 0: not known
 */
asa_inline int tcp_norm_exceeds(__u32 size, __u16 mss)
{
	return mss && size > mss;
}

/*
 * Take note of a segment that is sent on; next to tcp_track_commit(), before it.
 * => writes *own only; the MSS of a SYN (s->mss) is the caller's to keep, in asa_rest
 */
asa_inline void tcp_norm_commit(struct asa_half *own, const struct asa_half *peer,
				const struct asa_tcp_seg *s)
{
	if (asa_likely(!s->looked)) /* then the TTL is the known one */
		return;
	if (asa_unlikely(s->ttl != own->ttl) && (!own->ttl || s->ttl < own->ttl))
		own->ttl = s->ttl;
	if (asa_unlikely(s->flags & ASA_TCP_SYN)) {
		own->ts_recent = s->options & ASA_OPT_TS ? (s->ts ? s->ts : 1) : 0;
		return;
	}
	/*
	 * As the receiver does it (RFC 7323 section 4.3): a segment that begins at or before what was
	 * acknowledged. Data that overtook other data must not make the slower one look old.
	 */
	if ((s->options & ASA_OPT_TS) && own->ts_recent != s->ts && own->ts_recent &&
	    (peer->tcp & ASA_HALF_ACKED) && !asa_seq_after(s->seq, peer->ack) &&
	    asa_seq_after(s->ts, own->ts_recent))
		own->ts_recent = s->ts ? s->ts : 1;
}

/*
 * Apply the edits to the headers, all but options, before asa_rewrite().
 * => with ASA_NORM_TTL the caller has put the value into p->ttl
 */
asa_inline void tcp_norm_edit(struct asa_pkt *p)
{
	__u16 before, after;
	__u64 sum = 0;

	if (p->tcp.edits & (ASA_NORM_URGENT | ASA_NORM_RESERVED)) {
		before = asa_ld16(p->l4 + ASA_TCP_DOFF); /* data offset, reserved bits, flags */
		after = before;
		if (p->tcp.edits & ASA_NORM_RESERVED)
			after &= asa_htons(0xf0ff);
		if (p->tcp.edits & ASA_NORM_URGENT) {
			after &= asa_htons((__u16)~ASA_TCP_URG);
			sum += asa_csum_diff16(asa_ld16(p->l4 + ASA_TCP_URGENT), 0);
			asa_st16(p->l4 + ASA_TCP_URGENT, 0);
		}
		sum += asa_csum_diff16(before, after);
		asa_st16(p->l4 + ASA_TCP_DOFF, after);
		asa_st16(p->l4 + ASA_TCP_CHECK,
			 asa_csum_change(asa_ld16(p->l4 + ASA_TCP_CHECK), sum));
	}
	if (!(p->tcp.edits & ASA_NORM_TTL))
		return;
	if (p->flags & ASA_PKT_IPV4) {
		before = asa_ld16(p->l3 + ASA_IP4_TTL); /* TTL and protocol */
		after = asa_htons((__u16)((__u32)p->ttl << 8 | (asa_ntohs(before) & 0xff)));
		asa_st16(p->l3 + ASA_IP4_TTL, after);
		asa_st16(p->l3 + ASA_IP4_CHECK, asa_csum_change(asa_ld16(p->l3 + ASA_IP4_CHECK),
								asa_csum_diff16(before, after)));
	} else {
		asa_st8(p->l3 + ASA_IP6_HOPS, p->ttl);
	}
}

#endif
