/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP tracking: is this segment one that the two ends of this connection can have sent?
 *
 * Responsible for: the handshake, sequence and acknowledgment windows, FIN and RST of a connection
 * that is not bypassed; the facts about each sender in struct asa_half.
 * Not responsible for: finding the connection, creating it (the daemon, from the SYN), timeouts,
 * what a TCP map says and PAWS (tcp_norm.h); but where a map lets a segment pass that tracking would
 * refuse, tracking asks (asa_tcp_seg.allow).
 * Callers: the XDP program, and the daemon for punted segments: the same rules for both.
 * Threads: each direction's segments write that direction's half only and read the other; see
 * flow.h for what two CPUs in one direction can lose.
 *
 * The model (RFC 9293 section 3.4 seen from the middle; G. van Rooij, "Real stateful TCP packet
 * filtering in IP Filter").  For the sender 'own' and its peer we know
 *
 *	own.seq_end	how far own has sent (FIN and SYN count one)
 *	own.ack		how far own has said that it received
 *	own.edge	how far own has allowed the peer to send: highest ack + window
 *	own.win_max	the largest window own ever offered
 *
 * and a segment [seq, end) with acknowledgment 'ack' is possible if
 *
 *	I	end <= peer.edge		nothing beyond what the receiver allowed; one byte may
 *						probe a closed window (RFC 9293 section 3.8.6.1)
 *	II	end >= own.seq_end - peer.win_max	a retransmission or keep-alive is not older than
 *						what can still be on its way
 *	III	ack <= peer.seq_end		nobody acknowledges what was never sent
 *	IV	ack >= own.ack - own.win_max	nor what is older than a window (RFC 5961 section 5.2)
 *
 * Before the peer has acknowledged anything, its edge is the first number after own's SYN plus the
 * window of the peer's SYN (never scaled, RFC 7323 section 2.2).  Scale factors count only if both
 * sides offered them.
 *
 * Numbers: seq_end, isn of a half are those that its sender put on the wire (before
 * seq_add).  A segment's acknowledgment is in the numbers of the other direction after its seq_add;
 * callers pass that offset as 'peer_add', it is subtracted here, and half.ack and half.edge are
 * stored in the peer's own numbers.  All comparisons are signed differences modulo 2^32.
 *
 * Flags of a half describe what its owner did, so that only its own segments write them:
 * ASA_HALF_ACKED = own acknowledged the peer's SYN, ASA_HALF_FIN_ACKED = own acknowledged the
 * peer's FIN.  Both halves ACKED: established.  Both halves FIN_ACKED: closed.
 *
 * Check and commit are two functions: a segment that is refused, punted or dropped later in the
 * path must leave no trace.
 */
#ifndef ASA_TCP_TRACK_H
#define ASA_TCP_TRACK_H

#include "drop.h"
#include "flow.h"
#include "parse.h"
#include "tcp_map.h"

asa_inline int asa_seq_after(__u32 a, __u32 b)
{
	return (__s32)(a - b) > 0;
}

/* SYN, RST and FIN of a segment, and the numbers it occupies. */
asa_inline __u32 asa_tcp_length(const struct asa_tcp_seg *s)
{
	return s->size + ((s->flags & ASA_TCP_SYN) != 0) + ((s->flags & ASA_TCP_FIN) != 0);
}

asa_inline __u32 asa_tcp_end(const struct asa_tcp_seg *s)
{
	return s->seq + asa_tcp_length(s);
}

/* The combinations of FIN, SYN, RST and ACK that exist (RFC 9293 section 3.10). */
#define ASA_TCP_FLAGS_VALID                                                                        \
	(1u << ASA_TCP_SYN | 1u << (ASA_TCP_SYN | ASA_TCP_ACKF) | 1u << ASA_TCP_ACKF |              \
	 1u << (ASA_TCP_FIN | ASA_TCP_ACKF) | 1u << ASA_TCP_RST |                                   \
	 1u << (ASA_TCP_RST | ASA_TCP_ACKF))

asa_inline int asa_tcp_flags_valid(__u8 flags)
{
	return (ASA_TCP_FLAGS_VALID >>
		(flags & (ASA_TCP_FIN | ASA_TCP_SYN | ASA_TCP_RST | ASA_TCP_ACKF))) & 1;
}

/* Shift of the windows that 'own' advertises, outside SYN segments. */
asa_inline __u32 asa_tcp_scale(const struct asa_half *own, const struct asa_half *peer)
{
	if (!(own->tcp & peer->tcp & ASA_HALF_WSCALE))
		return 0;
	return own->wscale > 14 ? 14 : own->wscale; /* RFC 7323 section 2.3 */
}

/*
 * Start a direction from its SYN (the daemon, when it creates a connection or reopens one).
 * => *own is cleared but for its counters and its TCP map
 * => s->wscale must have been looked for
 */
asa_inline void tcp_track_start(struct asa_half *own, const struct asa_tcp_seg *s)
{
	own->isn = s->seq;
	own->seq_end = asa_tcp_end(s);
	own->ack = 0;
	own->edge = 0;
	own->ttl = 0;
	own->ts_recent = 0;
	own->win_max = s->window ? s->window : 1;
	own->wscale = s->has_wscale ? s->wscale : 0;
	own->tcp = (__u8)(ASA_HALF_SYN | (s->has_wscale ? ASA_HALF_WSCALE : 0) |
			  (s->size ? ASA_HALF_DATA : 0));
}

/* ----------------------------------------------------------------------------------- the checks */

/*
 * SYN without ACK.  The XDP program punts it; the daemon calls this after it decided that the SYN
 * does not open a new connection in the old one's place.
 */
asa_inline enum asa_drop tcp_track_syn(const struct asa_half *own, const struct asa_half *peer,
				       const struct asa_tcp_seg *s)
{
	if (!(own->tcp & ASA_HALF_SYN))
		return peer->tcp & ASA_HALF_SYN ? DROP_TCP_DUAL_OPEN : DROP_NONE;
	if (s->seq == own->isn)
		return DROP_NONE;
	if (!(own->tcp & peer->tcp & ASA_HALF_ACKED))
		return DROP_TCP_SYN_DIFF;
	/* RFC 5961 section 4: what a blind attacker would send to be challenged. */
	return s->seq - peer->ack < peer->edge - peer->ack ? DROP_TCP_RST_SYN_IN_WIN : DROP_TCP_SYN_OOO;
}

asa_inline enum asa_drop tcp_track_syn_ack(const struct asa_half *own, const struct asa_half *peer,
					   const struct asa_tcp_seg *s, __u32 ack)
{
	if (own->tcp & ASA_HALF_SYN) {
		if (!(peer->tcp & ASA_HALF_SYN))
			return DROP_TCP_3WHS; /* the answer to a SYN that was not let through */
		/* The same SYN-ACK once more: the handshake's last segment was lost. */
		if (s->seq == own->isn && ack == own->ack)
			return DROP_NONE;
		if (s->seq == own->isn && ack == peer->isn + 1)
			return DROP_NONE;
		if (peer->tcp & ASA_HALF_ACKED)
			return DROP_TCP_SYNACK_OOO;
		return s->seq == own->isn ? DROP_TCP_ACK_SYN_DIFF : DROP_TCP_SYN_DIFF;
	}
	if (!(peer->tcp & ASA_HALF_SYN))
		return DROP_TCP_SYNACK_OOO;
	/* Data in the SYN (RFC 7413) may be acknowledged with it or not. */
	if (ack - (peer->isn + 1) > peer->seq_end - (peer->isn + 1))
		return DROP_TCP_ACK_SYN_DIFF;
	return DROP_NONE;
}

/*
 * RST: the firewall forgets the connection because of it, so it must be one that the receiver
 * accepts at once: exactly the next number it expects (RFC 5961 section 3.2).  That is either the
 * last number it acknowledged or, if all data arrived, the end of what was sent.
 * A host that is asked about a connection it has lost answers with the number of the challenge ACK
 * (same section), which is the one that the peer's half holds.
 */
asa_inline enum asa_drop tcp_track_rst(const struct asa_half *own, const struct asa_half *peer,
				       const struct asa_tcp_seg *s, __u32 ack)
{
	if (!(own->tcp & ASA_HALF_SYN) && (peer->tcp & ASA_HALF_SYN)) {
		/* Refusal of a SYN: it must acknowledge it (RFC 9293 section 3.10.7.3). */
		if ((s->flags & ASA_TCP_ACKF) &&
		    ack - (peer->isn + 1) <= peer->seq_end - (peer->isn + 1))
			return DROP_NONE;
		return DROP_TCP_RSTFIN_OOO;
	}
	if (s->seq == own->seq_end)
		return DROP_NONE;
	if (peer->tcp & (ASA_HALF_ACKED | ASA_HALF_CHALLENGE)) {
		if (s->seq == peer->ack)
			return DROP_NONE;
		if ((peer->tcp & (ASA_HALF_ACKED | ASA_HALF_CHALLENGE)) ==
			    (ASA_HALF_ACKED | ASA_HALF_CHALLENGE) &&
		    s->seq - peer->ack < peer->edge - peer->ack)
			return DROP_NONE;
	} else if (s->seq == own->isn + 1) { /* gave up before any answer */
		return DROP_NONE;
	}
	/* A blind attacker's: hosts that know RFC 5961 would only challenge it, older ones close. */
	if ((peer->tcp & ASA_HALF_ACKED) && s->seq - peer->ack < peer->edge - peer->ack)
		return DROP_TCP_RST_SYN_IN_WIN;
	return DROP_TCP_RSTFIN_OOO;
}

/* "seq-past-window allow" goes as far as windows can be (RFC 7323 section 2.3). */
#define ASA_WINDOW_FAR (1u << 30)

/* Rules I and II; 'end' is seq + length, 'edge' what the receiver allowed. */
asa_inline enum asa_drop tcp_track_bounds(const struct asa_half *own, const struct asa_half *peer,
					  const struct asa_tcp_seg *s, __u32 end, __u32 edge)
{
	if (asa_unlikely(asa_seq_after(end, edge)) &&
	    (asa_seq_after(s->seq, edge) || end - s->seq > 1) &&
	    (!(s->allow & ASA_TM_SEQ_ALLOW) || end - edge > ASA_WINDOW_FAR))
		return own->tcp & ASA_HALF_ACKED ? DROP_TCP_SEQ_PAST_WIN : DROP_TCP_DISCARDED_OOO;
	/*
	 * A window below what was sent: the receiver has said that it has this. Keep-alives
	 * (RFC 9293 section 3.8.4) are one below seq_end: win_max is at least 1.
	 */
	if (asa_unlikely(asa_seq_after(own->seq_end - peer->win_max, end)) &&
	    (!(s->allow & ASA_TM_SEQ_ALLOW) || own->seq_end - end > ASA_WINDOW_FAR))
		return own->tcp & ASA_HALF_ACKED ? DROP_TCP_ACKED : DROP_TCP_DISCARDED_OOO;
	return DROP_NONE;
}

/* The same for a connection that may not be established yet. */
asa_inline enum asa_drop tcp_track_window(const struct asa_half *own, const struct asa_half *peer,
					  const struct asa_tcp_seg *s, __u32 end)
{
	__u32 edge = peer->edge;

	if (asa_unlikely((peer->tcp & (ASA_HALF_ACKED | ASA_HALF_RST)) != ASA_HALF_ACKED)) {
		if (peer->tcp & ASA_HALF_RST)
			return DROP_TCP_NOT_SYN;
		edge = own->isn + 1 + peer->win_max;
	}
	return tcp_track_bounds(own, peer, s, end, edge);
}

/* Rules III and IV. */
asa_inline enum asa_drop tcp_track_ack(const struct asa_half *own, const struct asa_half *peer,
				       const struct asa_tcp_seg *s, __u32 ack)
{
	if (asa_unlikely(asa_seq_after(ack, peer->seq_end) ||
			 asa_seq_after(own->ack - own->win_max, ack)) &&
	    !(s->allow & ASA_TM_ACK_ALLOW))
		return DROP_TCP_INVALID_ACK;
	return DROP_NONE;
}

/* FIN in order, and nothing after it. */
asa_inline enum asa_drop tcp_track_fin(const struct asa_half *own, const struct asa_tcp_seg *s,
				       __u32 end)
{
	if (own->tcp & ASA_HALF_FIN) {
		if (asa_seq_after(end, own->seq_end))
			return DROP_TCP_PAST_FIN;
		if ((s->flags & ASA_TCP_FIN) && end != own->seq_end)
			return DROP_TCP_RSTFIN_OOO;
		return DROP_NONE;
	}
	/*
	 * First FIN: not ahead of missing data, not in the middle of what was sent. Its own number may
	 * be known already: when it was lost, acknowledgments that its sender sent after it told.
	 */
	if ((s->flags & ASA_TCP_FIN) &&
	    (asa_seq_after(s->seq, own->seq_end) || asa_seq_after(own->seq_end, end)))
		return DROP_TCP_RSTFIN_OOO;
	return DROP_NONE;
}

/*
 * Segments before the handshake is complete: who may say what. And of a connection that its sender has
 * reset, which is over: nothing but RSTs passes while it is being forgotten.
 */
asa_inline enum asa_drop tcp_track_handshake(const struct asa_half *own,
					     const struct asa_half *peer,
					     const struct asa_tcp_seg *s, __u32 ack)
{
	if (own->tcp & ASA_HALF_RST)
		return DROP_TCP_NOT_SYN;
	if (!(own->tcp & ASA_HALF_SYN)) {
		/*
		 * An answer to the SYN that is neither SYN-ACK nor RST: the server still has an older
		 * connection and challenges (RFC 9293 section 3.5.1, figure 9).  The client answers
		 * with a RST, and both get out of it; without it they hang until a timeout.
		 */
		if ((peer->tcp & ASA_HALF_SYN) && !asa_tcp_length(s))
			return DROP_NONE;
		return DROP_TCP_3WHS;
	}
	if (!(peer->tcp & ASA_HALF_SYN))
		return DROP_TCP_3WHS;
	/* The acknowledgment of the SYN-ACK, or of data that came with it. */
	if (ack - (peer->isn + 1) > peer->seq_end - (peer->isn + 1) &&
	    !(s->allow & ASA_TM_ACK_ALLOW)) /* NRM-21 */
		return DROP_TCP_INVALID_ACK;
	return DROP_NONE;
}

/*
 * May this segment pass?
 * => own: the half of the segment's direction; peer: the other one; peer_add: the other
 *    direction's seq_add
 * => changes nothing; DROP_NONE or the reason
 */
asa_inline enum asa_drop tcp_track_check(const struct asa_half *own, const struct asa_half *peer,
					 __u32 peer_add, const struct asa_tcp_seg *s)
{
	__u32 ack = s->ack - peer_add, end;
	enum asa_drop drop;

	if (asa_unlikely(!asa_tcp_flags_valid(s->flags)))
		return DROP_TCP_FLAGS;
	if (asa_unlikely(s->flags & (ASA_TCP_SYN | ASA_TCP_RST))) {
		if (s->flags & ASA_TCP_RST)
			return tcp_track_rst(own, peer, s, ack);
		if (s->flags & ASA_TCP_ACKF)
			return tcp_track_syn_ack(own, peer, s, ack);
		return tcp_track_syn(own, peer, s);
	}
	if (asa_unlikely((own->tcp & (ASA_HALF_ACKED | ASA_HALF_RST)) != ASA_HALF_ACKED)) {
		drop = tcp_track_handshake(own, peer, s, ack);
		if (drop)
			return drop;
		if (!(own->tcp & ASA_HALF_SYN))
			return DROP_NONE; /* challenge ACK: nothing to compare it with */
	} else {
		drop = tcp_track_ack(own, peer, s, ack);
		if (drop)
			return drop;
	}
	end = asa_tcp_end(s);
	if (asa_unlikely((own->tcp & ASA_HALF_FIN) || (s->flags & ASA_TCP_FIN))) {
		drop = tcp_track_fin(own, s, end);
		if (drop)
			return drop;
	}
	return tcp_track_window(own, peer, s, end);
}

/* tcp_track_check() of data and acknowledgments with tcp_norm_open(), which tells the rest. */
asa_inline int tcp_track_open_fits(const struct asa_half *own, const struct asa_half *peer,
				   __u32 peer_add, const struct asa_tcp_seg *s)
{
	return !tcp_track_ack(own, peer, s, s->ack - peer_add) &&
	       !tcp_track_bounds(own, peer, s, s->seq + s->size, peer->edge);
}

/* ---------------------------------------------------------------------------------- the changes */

/* What a SYN-ACK tells; the same one again tells nothing. */
asa_inline void tcp_track_commit_syn_ack(struct asa_half *own, const struct asa_tcp_seg *s,
					 __u32 ack)
{
	if (own->tcp & ASA_HALF_SYN)
		return;
	own->isn = s->seq;
	own->seq_end = asa_tcp_end(s);
	own->ack = ack;
	own->edge = ack + s->window;
	own->win_max = s->window ? s->window : 1;
	own->wscale = s->has_wscale ? s->wscale : 0;
	own->tcp = (__u8)(ASA_HALF_SYN | ASA_HALF_ACKED |
			  (s->has_wscale ? ASA_HALF_WSCALE : 0) | (s->size ? ASA_HALF_DATA : 0));
}

/* How far a segment went, and how far it says that its peer may go. */
asa_inline void tcp_track_sent(struct asa_half *own, __u32 end)
{
	if (asa_seq_after(end, own->seq_end))
		own->seq_end = end;
}

asa_inline void tcp_track_allowed(struct asa_half *own, __u32 ack, __u32 window)
{
	if (asa_seq_after(ack, own->ack))
		own->ack = ack;
	if (asa_seq_after(ack + window, own->edge))
		own->edge = ack + window;
}

/* tcp_track_commit() after tcp_track_open_fits(): nothing happens that is an event. */
asa_inline void tcp_track_open_commit(struct asa_half *own, const struct asa_half *peer,
				      __u32 peer_add, const struct asa_tcp_seg *s)
{
	__u32 window = (__u32)s->window << asa_tcp_scale(own, peer);

	tcp_track_sent(own, s->seq + s->size);
	tcp_track_allowed(own, s->ack - peer_add, window);
	if (window > own->win_max)
		own->win_max = window;
	if (s->size && !(own->tcp & ASA_HALF_DATA))
		own->tcp |= ASA_HALF_DATA;
}

/*
 * Take note of a segment that tcp_track_check() let pass and that will be sent on.
 * => writes *own only; *events gets 1 << ASA_EVENT_* for what happened
 */
asa_inline void tcp_track_commit(struct asa_half *own, const struct asa_half *peer, __u32 peer_add,
				 const struct asa_tcp_seg *s, __u32 *events)
{
	__u32 ack = s->ack - peer_add, end, window;
	__u8 tcp;

	if (asa_unlikely(s->flags & (ASA_TCP_SYN | ASA_TCP_RST))) {
		if (s->flags & ASA_TCP_RST) {
			if (!(own->tcp & ASA_HALF_RST)) {
				own->tcp |= ASA_HALF_RST;
				*events |= 1u << ASA_EVENT_RST;
			}
		} else if (s->flags & ASA_TCP_ACKF) {
			tcp_track_commit_syn_ack(own, s, ack);
		}
		return;
	}
	tcp = own->tcp;
	if (asa_unlikely(!(tcp & ASA_HALF_SYN))) { /* challenge ACK before the SYN-ACK */
		own->ack = ack;
		own->tcp = tcp | ASA_HALF_CHALLENGE;
		return;
	}
	end = asa_tcp_end(s);
	tcp_track_sent(own, end);
	window = (__u32)s->window << asa_tcp_scale(own, peer);
	if (asa_unlikely(asa_seq_after(ack, peer->seq_end))) {
		; /* passes because a map allows it, and says nothing */
	} else if (asa_unlikely(!(tcp & ASA_HALF_ACKED))) {
		if (ack - (peer->isn + 1) <= peer->seq_end - (peer->isn + 1)) {
			tcp |= ASA_HALF_ACKED;
			own->ack = ack;
			own->edge = ack + window;
			if (peer->tcp & ASA_HALF_ACKED)
				*events |= 1u << ASA_EVENT_ESTABLISHED;
		}
	} else {
		tcp_track_allowed(own, ack, window);
	}
	if (window > own->win_max)
		own->win_max = window;
	if (s->size)
		tcp |= ASA_HALF_DATA;
	if (asa_unlikely((s->flags & ASA_TCP_FIN) && !(tcp & ASA_HALF_FIN))) {
		tcp |= ASA_HALF_FIN;
		if (!(peer->tcp & ASA_HALF_FIN))
			*events |= 1u << ASA_EVENT_FIN;
	}
	if (asa_unlikely((peer->tcp & ASA_HALF_FIN) && (tcp & ASA_HALF_ACKED) &&
			 !(tcp & ASA_HALF_FIN_ACKED) && peer->seq_end == own->ack)) {
		tcp |= ASA_HALF_FIN_ACKED;
		if (peer->tcp & ASA_HALF_FIN_ACKED)
			*events |= 1u << ASA_EVENT_CLOSED;
	}
	if (tcp != own->tcp)
		own->tcp = tcp;
}

/*
 * Check and, if it passes, commit: for callers that have nothing to do in between.
 */
asa_inline enum asa_drop tcp_track_full(struct asa_half *own, const struct asa_half *peer,
					__u32 peer_add, const struct asa_tcp_seg *s, __u32 *events)
{
	enum asa_drop drop = tcp_track_check(own, peer, peer_add, s);

	if (drop == DROP_NONE)
		tcp_track_commit(own, peer, peer_add, s, events);
	return drop;
}

#endif
