// SPDX-License-Identifier: GPL-2.0-only
/*
 * The idle timeout has come: dead connection detection (DCD-1 to DCD-7) and "reset" (TMO-4).
 *
 * Responsible for: asking both hosts of an idle TCP connection whether they still know it, judging
 * what they say, keeping or ending the connection by it; the segments that this takes, in a queue
 * for the engine, which can send. Not responsible for: when a connection is idle (events.c), frames
 * (engine/probe.c).
 *
 *	idle timeout		ASA_SESSION_PROBE; a probe to each host; empty segments of both
 *				directions come to the daemon from now on (ASA_DIR_PROBE)
 *	answer of a host	consumed, it is asked no more; of the last one: idle time zero, all as before
 *	retry interval		once more to each host that has not answered
 *	after the last retry	the connection is over, with a RST to each host under "reset"
 *	any other traffic	the connection is not idle: all as before
 *
 * A probe is a keep-alive (RFC 9293 section 3.8.4): one below the number that the host expects, with
 * the acknowledgment and the window that the other host last sent, so that nothing is acknowledged
 * and no window moves that the other has not. An answer must have exactly the numbers that the host
 * has reached: a forger who does not see the connection has to guess 64 bits. An answer that opens
 * the window goes on to the other host; it would miss it.
 *
 * Data, FIN and RST stay the driver's business while hosts are probed, so that a daemon which dies in
 * the middle costs the connection nothing but the answer.
 *
 * Where the hosts use timestamps, a probe has the newest one of each that was in order, which is what a
 * keep-alive of the other host would have at least (RFC 7323 sections 3.2 and 5.3).
 *
 * Threads: asa->lock. The queue is bounded; when it is full, timers wait for it.
 */
#include <stdlib.h>

#include "asa/tcp_track.h"
#include "session/session_impl.h"

#define SEGMENTS 8192u /* a power of two */
#define QUEUE_FULL_MS 100

struct probe {
	__u8 tries;
	__u8 answered; /* bit: direction that its host sends in */
};
struct dcd {
	struct probe *probes; /* by slot */
	struct session_segment *queue;
	__u32 head, tail;
};

struct dcd *dcd_new(__u32 n_slots)
{
	struct dcd *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->probes = calloc(n_slots, sizeof(*d->probes));
	d->queue = calloc(SEGMENTS, sizeof(*d->queue));
	if (!d->probes || !d->queue) {
		dcd_free(d);
		return NULL;
	}
	return d;
}

void dcd_free(struct dcd *d)
{
	if (!d)
		return;
	free(d->probes);
	free(d->queue);
	free(d);
}

/* ------------------------------------------------------------------ segments */

static bool queue_has_room(const struct dcd *d)
{
	return d->tail - d->head <= SEGMENTS - 2;
}

bool session_segment_take(struct sessions *s, struct session_segment *out)
{
	if (s->dcd->head == s->dcd->tail)
		return false;
	*out = s->dcd->queue[s->dcd->head++ % SEGMENTS];
	return true;
}

/* The window that 'own' offered last, as it stands in a segment. */
static __u16 last_window(const struct asa_half *own, const struct asa_half *peer)
{
	__u32 window = asa_seq_after(own->edge, own->ack) ? own->edge - own->ack : 0;

	window >>= asa_tcp_scale(own, peer);
	return (__u16)(window > 0xffff ? 0xffff : window);
}

/* Row of the next hop towards the host that sends in direction 'd'. => 0: there is no way */
static __u16 way_back(struct sessions *s, __u32 slot, int d)
{
	const struct asa_dir *dir = &s->t.conns[slot].dir[!d];

	if ((!dir->nexthop || dir->gen != (__u16)s->t.config->route_gen ||
	     !(s->t.nexthops[dir->nexthop].flags & ASA_NH_VALID)) &&
	    session_reroute(s, slot, !d))
		return 0;
	return dir->nexthop;
}

/* Both SYNs had them, and no TCP map clears them. */
static bool timestamps(const struct asa_conn *c)
{
	return c->half[0].ts_recent && c->half[1].ts_recent;
}

/*
 * To the host that sends in direction 'd', in the other one's name.
 * => back: so many numbers below the one that it expects
 */
static void segment_push(struct sessions *s, __u32 slot, int d, __u8 flags, __u32 back)
{
	const struct asa_conn *c = &s->t.conns[slot];
	__u16 row = way_back(s, slot, d);
	struct session_segment *to;

	if (!row)
		return;
	to = &s->dcd->queue[s->dcd->tail++ % SEGMENTS];
	to->key = c->dir[d].key;
	to->seq = c->half[d].ack + c->half[!d].seq_add - back;
	to->ack = c->half[!d].ack;
	to->window = flags & ASA_TCP_RST ? 0 : last_window(&c->half[!d], &c->half[d]);
	to->ts_val = timestamps(c) ? c->half[!d].ts_recent : 0;
	if (to->ts_val && d == 0 && c->dir[1].flags & ASA_DIR_TS)
		to->ts_val += s->t.sessions[slot].rest[1].ts_add;
	to->ts_ecr = timestamps(c) ? c->half[d].ts_recent : 0;
	to->flags = flags;
	to->nexthop = row;
	s->t.nexthops[row].users++; /* the connection may end before the segment leaves */
}

/* ------------------------------------------------------------------ probing */

static void probe_flags(struct sessions *s, __u32 slot, bool on)
{
	struct asa_session *r = &s->t.sessions[slot];
	struct asa_dir *dir = s->t.conns[slot].dir;
	int d;

	r->flags = (__u16)(on ? r->flags | ASA_SESSION_PROBE : r->flags & ~ASA_SESSION_PROBE);
	for (d = 0; d < 2; d++)
		__atomic_store_n(&dir[d].flags,
				 (__u16)(on ? dir[d].flags | ASA_DIR_PROBE :
					      dir[d].flags & ~ASA_DIR_PROBE),
				 __ATOMIC_RELEASE);
}

void session_probe_end(struct sessions *s, __u32 slot)
{
	if (s->t.sessions[slot].flags & ASA_SESSION_PROBE)
		probe_flags(s, slot, false);
}

/* Both hosts know the connection: it begins to be idle now (DCD-3). */
static void both_alive(struct sessions *s, __u32 slot, __u32 now)
{
	struct asa_conn *c = &s->t.conns[slot];
	int d;

	session_probe_end(s, slot);
	for (d = 0; d < 2; d++)
		__atomic_store_n(&c->dir[d].seen, now, __ATOMIC_RELAXED);
	session_arm(s, slot, now);
}

/* => false: a host has not answered in time */
static bool probe_again(struct sessions *s, __u32 slot, const struct policy_class_row *class,
			__u32 now)
{
	const struct model_conn_settings *set = &class->config->conn;
	struct probe *p = &s->dcd->probes[slot];
	__u64 *counters[2] = { class->dcd_client, class->dcd_server };
	int d;

	if (!(s->t.sessions[slot].flags & ASA_SESSION_PROBE)) {
		*p = (struct probe){ 0 };
		probe_flags(s, slot, true);
	} else if (p->tries >= set->dcd_retries) {
		__atomic_fetch_add(class->dcd_expired, 1, __ATOMIC_RELAXED);
		return false;
	}
	p->tries++;
	for (d = 0; d < 2; d++) {
		if (p->answered & 1 << d)
			continue;
		segment_push(s, slot, d, ASA_TCP_ACKF, 1);
		__atomic_fetch_add(counters[d], 1, __ATOMIC_RELAXED);
	}
	timer_arm(s->wheel, slot, now + session_ticks_from_s(set->dcd_interval_s));
	return true;
}

enum asa_drop session_probe_answer(struct sessions *s, __u32 slot, int dir,
				   const struct asa_tcp_seg *t, __u32 now)
{
	const struct asa_session *r = &s->t.sessions[slot];
	const struct asa_conn *c = &s->t.conns[slot];
	const struct asa_half *own = &c->half[dir], *peer = &c->half[!dir];
	struct probe *p = &s->dcd->probes[slot];
	__u32 ack = t->ack - c->half[!dir].seq_add;
	bool opens;

	if (!(r->flags & ASA_SESSION_PROBE))
		return DROP_NONE;
	if ((__s32)(now - session_last_seen(c) - session_timeout_ticks(r)) < 0) {
		session_probe_end(s, slot); /* used since */
		session_arm(s, slot, now);
		return DROP_NONE;
	}
	if (t->size || t->flags & (ASA_TCP_SYN | ASA_TCP_FIN | ASA_TCP_RST))
		return DROP_NONE;
	if (t->seq == own->seq_end - 1)
		return DROP_NONE; /* a keep-alive of its own */
	if (t->seq != own->seq_end)
		return DROP_TCP_SEQ_PAST_WIN;
	if (asa_seq_after(own->ack, ack))
		return DROP_TCP_INVALID_ACK;
	opens = asa_seq_after(ack + ((__u32)t->window << asa_tcp_scale(own, peer)), own->edge);
	p->answered |= 1 << dir;
	if (p->answered == 3)
		both_alive(s, slot, now);
	return ack != own->ack || opens ? DROP_NONE : DROP_SESSION_PROBE;
}

/* ------------------------------------------------------------------ the end */

/* Tell both hosts, and whatever they send later (TMO-4). */
static void reset(struct sessions *s, __u32 slot, __u32 now)
{
	const struct asa_conn *c = &s->t.conns[slot];
	int d;

	for (d = 0; d < 2; d++) {
		segment_push(s, slot, d, ASA_TCP_RST | ASA_TCP_ACKF, 0);
		gone_add(s->gone, &c->dir[d].key, now);
	}
}

bool session_idle(struct sessions *s, __u32 slot, __u32 now)
{
	const struct asa_session *r = &s->t.sessions[slot];
	struct policy_class_row class;

	/* TMO-5, DCD-7: half-open, half-closed and bypassed ones just end. */
	if (r->state != ASA_SESSION_OPEN || s->t.conns[slot].dir[0].key.proto != ASA_PROTO_TCP ||
	    r->flags & ASA_SESSION_BYPASS || !limits_class_row(s, r->policy_class, &class))
		return false;
	if (class.config->conn.dcd_interval_s < 0 && !class.config->conn.idle_reset)
		return false;
	if (!queue_has_room(s->dcd)) {
		timer_arm(s->wheel, slot, now + asa_ticks_from_ms(QUEUE_FULL_MS));
		return true;
	}
	if (class.config->conn.dcd_interval_s >= 0 && probe_again(s, slot, &class, now))
		return true;
	if (class.config->conn.idle_reset)
		reset(s, slot, now);
	return false;
}

bool session_timed_out(const struct sessions *s, const struct asa_key *key, __u32 now)
{
	return gone_find(s->gone, key, now);
}
