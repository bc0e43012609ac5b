// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of a connection that exists, punted for one reason or another.
 *
 * Responsible for: judging them by the very rules of the XDP program (asa/tcp_track.h); a SYN on
 * a connection that is over; a connection that shows up on another interface; keeping the slot's
 * facts up to date for what is sent on.
 * Not responsible for: why the driver punted it; every rule is applied to every packet.
 *
 * Threads: asa->lock; XDP may handle other packets of the connection at the same time (flow.h).
 */
#include "asa/tcp_norm.h"
#include "engine/engine_impl.h"

static bool is_tracked(const struct walk *w)
{
	return w->p->proto == ASA_PROTO_TCP && !(w->conn->dir[w->dir].flags & ASA_DIR_BYPASS);
}

/* The next packet opens a connection of its own. */
static void forget(struct walk *w, enum session_close why)
{
	if (w->trace)
		w->trace->replaces = w->slot;
	else
		session_close(w->e->asa->sessions, w->slot, why, w->now);
	w->slot = 0;
	w->conn = NULL;
	w->dir = 0;
	w->map = NULL;
	w->norm_why = DROP_NONE;
}

/*
 * A SYN on a connection that is over (both FINs, a RST, or being forgotten) opens a new one: the
 * same ports again, RFC 9293 section 3.6.1. While the old one is alive only its own SYN, repeated,
 * passes: anybody could forge another. A handshake that nobody answered yet may start again with
 * another number (a client that was restarted).
 */
enum asa_drop stage_reopen(struct walk *w)
{
	const struct asa_session *row = session_row(w->e->asa->sessions, w->slot);
	struct asa_half *own, *peer;
	bool reset;

	if (!is_tracked(w)) /* BYP-5: nothing ends it but time */
		return DROP_NONE;
	own = &w->conn->half[w->dir];
	peer = &w->conn->half[!w->dir];
	if ((w->p->tcp.flags & (ASA_TCP_SYN | ASA_TCP_ACKF | ASA_TCP_RST | ASA_TCP_FIN)) !=
	    ASA_TCP_SYN)
		return DROP_NONE;
	reset = (own->tcp | peer->tcp) & ASA_HALF_RST;
	if (reset && !w->trace) /* the driver's event may still be on its way */
		session_event(w->e->asa->sessions, w->slot,
			      own->tcp & ASA_HALF_RST ? w->dir : !w->dir, ASA_EVENT_RST, w->now);
	if (!row || row->state == ASA_SESSION_CLOSING || reset) {
		forget(w, SESSION_CLOSE_REPLACED);
		return DROP_NONE;
	}
	if (own->tcp & peer->tcp & ASA_HALF_FIN) {
		forget(w, SESSION_CLOSE_FINS);
		return DROP_NONE;
	}
	if (w->dir == 0 && !(peer->tcp & ASA_HALF_SYN) && w->p->tcp.seq != own->isn) {
		deny_syn_diff(w);
		tcp_track_start(own, &w->p->tcp);
	}
	return DROP_NONE;
}

/*
 * The interface that the direction used is gone (it may be back under another number): the one
 * that the packet came from must be where its source is, by level.
 */
static bool source_is_there(const struct walk *w)
{
	const struct policy_if *back;
	struct net_route r = {0};
	bool local = false;

	if (net_route(w->e->asa->net, &w->conn->dir[w->dir].key.src, &r, &local))
		return false;
	back = session_route_if(w->e->asa->sessions, &r);
	return back && back->level == w->in->level;
}

static enum asa_drop refused(const struct walk *w)
{
	deny_interface(w);
	return DROP_SESSION_INTERFACE;
}

/*
 * Asymmetric or equal routes bring a direction in on another interface (BYP-15). It may, if that
 * interface plays the same part: same security level. The connection moves there once the packet
 * has passed all checks (existing_commit).
 */
enum asa_drop stage_interface(struct walk *w)
{
	const struct asa_dir *d = &w->conn->dir[w->dir];
	const struct policy_if *before;

	if (d->in_if == w->in->ifindex && d->key.vlan == w->in->vlan)
		return DROP_NONE;
	if (d->in_if) {
		before = policy_if_find(w->policy, d->in_if, d->key.vlan);
		if (before ? before->level != w->in->level : !source_is_there(w))
			return refused(w);
	}
	w->moved = true;
	return source_reverse_path(w);
}

enum asa_drop stage_track(struct walk *w)
{
	struct asa_tcp_seg s = w->p->tcp;
	enum asa_drop why;

	if (!is_tracked(w))
		return DROP_NONE;
	if (w->norm_why)
		return w->norm_why;
	/* A FIN ahead of its time may wait for what is missing; then it is looked at again. */
	if (s.flags & ASA_TCP_FIN && !w->ordered && w->conn->dir[w->dir].flags & ASA_DIR_ORDER &&
	    asa_seq_after(s.seq, w->conn->half[w->dir].seq_end))
		s.flags &= (__u8)~ASA_TCP_FIN;
	why = tcp_track_check(&w->conn->half[w->dir], &w->conn->half[!w->dir],
			      w->conn->half[!w->dir].seq_add, &s);
	return why ? why : normalize_track(w);
}

/* Nothing of a packet that was refused is remembered, so this comes when it leaves. */
void existing_commit(struct walk *w)
{
	struct asa_rest *rest;
	struct asa_half *own = &w->conn->half[w->dir];
	struct asa_half *peer = &w->conn->half[!w->dir];
	__u32 events = 0;
	__u8 type;

	if (w->trace)
		return;
	if (w->moved)
		session_set_ingress(w->e->asa->sessions, w->slot, w->dir, w->in->ifindex,
				    w->in->vlan);
	rest = &session_row(w->e->asa->sessions, w->slot)->rest[w->dir];
	w->conn->dir[w->dir].seen = w->now;
	asa_count_add(&rest->slow_packets, &rest->slow_bytes, w->n_frames, w->bytes);
	if (!is_tracked(w))
		return;
	if (w->made) /* no TTL of the client's */
		w->p->tcp.ttl = own->ttl;
	if (w->p->tcp.flags & ASA_TCP_SYN)
		rest->mss = w->p->tcp.mss;
	tcp_norm_commit(own, peer, &w->p->tcp);
	if (w->created) /* session_create() began with this segment */
		return;
	tcp_track_commit(own, peer, peer->seq_add, &w->p->tcp, &events);
	for (type = ASA_EVENT_ESTABLISHED; type <= ASA_EVENT_RST; type++)
		if (events & 1u << type)
			session_event(w->e->asa->sessions, w->slot, w->dir, type, w->now);
}
