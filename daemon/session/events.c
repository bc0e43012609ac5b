// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to a connection after its creation: driver events, state changes, timers.
 *
 * Responsible for: turning events (from the XDP program's ring, or from the engine for punted
 * segments) into states; the timeout that applies in a state; the tick that works off timers,
 * quarantine and translation timeouts in bounded pieces; next hops that must be resolved again.
 * Not responsible for: the TCP rules that produce events (asa/tcp_track.h).
 *
 * An event may be lost (full ring) or come late (the slot has another user: the serial number
 * tells). Nothing depends on it: session_sync() reads the same facts from the halves of the slot
 * when a timer fires and before an embryonic connection gives way.
 *
 * Threads: asa->lock.
 */
#include "session/session_impl.h"

#define SWEEP 1024 /* connections looked at in a tick after a change of the policy */

/* ------------------------------------------------------------------ states */

/* A reset's text names the side that sent it. */
static enum session_close reset_reason(const struct asa_session *r, int dir)
{
	return dir == session_inside(r) ? SESSION_CLOSE_RESET_I : SESSION_CLOSE_RESET_O;
}

void session_set_state(struct sessions *s, __u32 slot, __u8 state, __u32 now)
{
	struct asa_session *r = &s->t.sessions[slot];

	if (r->state == state)
		return;
	session_probe_end(s, slot);
	if (r->state == ASA_SESSION_EMBRYONIC) {
		slot_queue_remove(s, &s->embryonic, slot);
		limits_embryonic(s, slot, -1);
	}
	if (r->state == ASA_SESSION_HALF_CLOSED)
		s->counts.half_closed--;
	if (state == ASA_SESSION_HALF_CLOSED)
		s->counts.half_closed++;
	r->state = state;
	session_arm(s, slot, now);
}

void session_event(struct sessions *s, __u32 slot, int dir, __u8 type, __u32 now)
{
	struct asa_session *r = &s->t.sessions[slot];

	if (type == ASA_EVENT_REROUTE) {
		(void)session_reroute(s, slot, dir);
		return;
	}
	if (!session_state_live(r->state) || r->flags & ASA_SESSION_BYPASS)
		return; /* BYP-5: no state machine */
	switch (type) {
	case ASA_EVENT_ESTABLISHED:
		if (r->state == ASA_SESSION_EMBRYONIC)
			session_set_state(s, slot, ASA_SESSION_OPEN, now);
		break;
	case ASA_EVENT_FIN: session_set_state(s, slot, ASA_SESSION_HALF_CLOSED, now); break;
	case ASA_EVENT_CLOSED: session_begin_close(s, slot, SESSION_CLOSE_FINS, now); break;
	case ASA_EVENT_URGENT: session_log_urgent(s, slot, dir, now); break;
	case ASA_EVENT_RST: session_begin_close(s, slot, reset_reason(r, dir), now); break;
	default: break;
	}
}

void sessions_event(struct sessions *s, const struct asa_event *e, __u32 now)
{
	if (e->slot == 0 || e->slot >= s->t.n_slots || e->dir > 1)
		return;
	if (!session_state_live(s->t.sessions[e->slot].state))
		return;
	if ((__u16)s->t.sessions[e->slot].id != e->serial)
		return;
	session_event(s, e->slot, e->dir, e->type, now);
}

bool session_sync(struct sessions *s, __u32 slot, __u32 now)
{
	struct asa_session *r = &s->t.sessions[slot];
	const struct asa_conn *c = &s->t.conns[slot];
	__u8 a = c->half[0].tcp, b = c->half[1].tcp;

	if (c->dir[0].key.proto != 6 || r->flags & ASA_SESSION_BYPASS)
		return true;
	if ((a | b) & ASA_HALF_RST) {
		session_begin_close(s, slot, reset_reason(r, a & ASA_HALF_RST ? 0 : 1), now);
		return false;
	}
	if (a & b & ASA_HALF_FIN_ACKED) {
		session_begin_close(s, slot, SESSION_CLOSE_FINS, now);
		return false;
	}
	if ((a | b) & ASA_HALF_FIN)
		session_set_state(s, slot, ASA_SESSION_HALF_CLOSED, now);
	else if (r->state == ASA_SESSION_EMBRYONIC && a & b & ASA_HALF_ACKED)
		session_set_state(s, slot, ASA_SESSION_OPEN, now);
	return true;
}

/* ------------------------------------------------------------------ timers */

__u32 session_ticks_from_s(int seconds)
{
	__u64 ticks;

	if (seconds <= 0)
		return 0;
	ticks = (((__u64)seconds * 1000000000ull) + (1u << ASA_TICK_SHIFT) - 1) >> ASA_TICK_SHIFT;
	/* Compared by signed difference: half the range is the longest (1193 hours is more). */
	return ticks > 0x7fff0000u ? 0x7fff0000u : (__u32)ticks;
}

/* The class's value if it sets one, the global one otherwise (TMO-6, GTO-1 … GTO-4, BYP-8). */
void session_timeouts(const struct sessions *s, struct asa_session *r, __u8 proto,
		      const struct policy_service *service)
{
	const struct policy *p = session_policy(s);
	const struct model_timeouts *m = &policy_model(p)->timeouts;
	int idle;

	if (r->flags & ASA_SESSION_BYPASS)
		idle = TIMEOUT_BYPASS_S;
	else if (proto == 6)
		idle = m->conn;
	else if (proto == 17)
		idle = m->udp;
	else if (proto == 1 || proto == 58)
		idle = m->icmp;
	else
		idle = proto == 132 ? m->sctp : m->conn; /* GTO-1 */
	if (service && service->idle_s >= 0)
		idle = service->idle_s;
	r->idle = session_ticks_from_s(idle);
	r->half_closed = session_ticks_from_s(
		service && service->half_closed_s >= 0 ? service->half_closed_s : m->half_closed);
	r->embryonic = session_ticks_from_s(service && service->embryonic_s >= 0 ? service->embryonic_s
									 : TIMEOUT_EMBRYONIC_S);
}

/* TMO-8, GTO-22: what the policy says now of the class that the connection belongs to. */
static void timeouts_refresh(struct sessions *s, __u32 slot)
{
	struct policy_service now = { .idle_s = -1, .half_closed_s = -1, .embryonic_s = -1 };
	struct asa_session *r = &s->t.sessions[slot];
	struct policy_class_row class;

	if (!session_policy(s))
		return;
	if (limits_class_row(s, r->policy_class, &class)) {
		now.idle_s = class.config->conn.idle_s;
		now.half_closed_s = class.config->conn.half_closed_s;
		now.embryonic_s = class.config->conn.embryonic_s;
	}
	session_timeouts(s, r, s->t.conns[slot].dir[0].key.proto, &now);
}

__u32 session_timeout_ticks(const struct asa_session *r)
{
	switch (r->state) {
	case ASA_SESSION_EMBRYONIC: return r->embryonic;
	case ASA_SESSION_HALF_CLOSED: return r->half_closed;
	case ASA_SESSION_CLOSING: return asa_ticks_from_ms(CLOSING_MS);
	default: return r->idle;
	}
}

__u32 session_last_seen(const struct asa_conn *c)
{
	__u32 a = __atomic_load_n(&c->dir[0].seen, __ATOMIC_RELAXED);
	__u32 b = __atomic_load_n(&c->dir[1].seen, __ATOMIC_RELAXED);

	return (__s32)(a - b) > 0 ? a : b;
}

/* When its time is over, as far as is known now. A handshake's time counts from the first SYN. */
static __u32 session_deadline(const struct sessions *s, __u32 slot, __u32 limit)
{
	const struct asa_session *r = &s->t.sessions[slot];

	if (r->state == ASA_SESSION_EMBRYONIC)
		return r->created + limit;
	return session_last_seen(&s->t.conns[slot]) + limit;
}

void session_arm(struct sessions *s, __u32 slot, __u32 now)
{
	struct asa_session *r = &s->t.sessions[slot];
	__u32 limit = session_timeout_ticks(r), at = session_deadline(s, slot, limit), until;
	bool floats = floating_until(s, slot, &until);

	if (floats && (!limit || (__s32)(until - at) < 0))
		at = until;
	if (r->state == ASA_SESSION_CLOSING)
		timer_arm(s->wheel, slot, now + limit);
	else if (limit || floats)
		timer_arm(s->wheel, slot, at);
	else
		timer_disarm(s->wheel, slot);
}

struct tick_args {
	struct sessions *s;
	__u32 now;
};

static void on_timer(void *arg, __u32 slot)
{
	static const enum session_close reason[] = {
		[ASA_SESSION_EMBRYONIC] = SESSION_CLOSE_SYN_TIMEOUT,
		[ASA_SESSION_OPEN] = SESSION_CLOSE_IDLE,
		[ASA_SESSION_HALF_CLOSED] = SESSION_CLOSE_FIN_TIMEOUT,
	};
	struct tick_args *a = arg;
	struct sessions *s = a->s;
	struct asa_session *r = &s->t.sessions[slot];
	__u32 limit, until;
	bool probed = false; /* armed for the next probe */

	if (r->state == ASA_SESSION_CLOSING) {
		session_release(s, slot, a->now);
		return;
	}
	if (!session_state_live(r->state) || !session_sync(s, slot, a->now))
		return;
	timeouts_refresh(s, slot);
	limit = session_timeout_ticks(r);
	if (limit && (__s32)(a->now - session_deadline(s, slot, limit)) >= 0) {
		if (!session_idle(s, slot, a->now)) {
			session_close(s, slot, reason[r->state], a->now);
			return;
		}
		probed = true;
	}
	if (floating_until(s, slot, &until) && (__s32)(a->now - until) >= 0) {
		session_close(s, slot, SESSION_CLOSE_ROUTE, a->now);
	} else if (!probed) {
		session_probe_end(s, slot); /* used since */
		session_arm(s, slot, a->now);
	}
}

/*
 * A new policy may have changed timeouts: look at every connection once, in pieces of 'budget', so
 * that TMO-8 and GTO-22 need not wait for the end of the former timeout.
 */
static void sweep(struct sessions *s, __u32 now, int budget)
{
	__u32 gen = session_policy(s) ? policy_generation(session_policy(s)) : s->swept_gen;

	if (gen != s->swept_gen) {
		s->swept_gen = gen;
		s->sweep = 1;
	}
	for (; s->sweep && budget > 0; budget--) {
		struct asa_session *r;

		s->sweep = sessions_next(s, s->sweep);
		if (s->sweep == s->t.n_slots) {
			s->sweep = 0;
			return;
		}
		r = &s->t.sessions[s->sweep];
		if (session_state_live(r->state)) {
			__u32 before = session_timeout_ticks(r);

			timeouts_refresh(s, s->sweep);
			if (session_timeout_ticks(r) != before && !(r->flags & ASA_SESSION_PROBE))
				session_arm(s, s->sweep, now);
		}
		s->sweep++;
	}
}

static void on_xlate_expired(void *arg, const struct xlate *x)
{
	struct tick_args *a = arg;

	session_log_xlate(a->s, x, false, a->now);
}

bool sessions_tick(struct sessions *s, __u32 now, int budget)
{
	struct tick_args a = {s, now};
	bool more, released;

	s->now = now;
	released = slot_quarantine_release(s, now, budget);
	pairs_tick(s);
	sweep(s, now, SWEEP);
	more = timer_run(s->wheel, now, &budget, on_timer, &a);
	if (s->asa->xlates && session_policy(s) && (__s32)(now - s->next_xlate_expire) >= 0) {
		const struct model_timeouts *m = &policy_model(session_policy(s))->timeouts;

		xlate_expire(s->asa->xlates, now, session_ticks_from_s(m->xlate),
			     session_ticks_from_s(m->pat_xlate), on_xlate_expired, &a);
		s->next_xlate_expire = now + asa_ticks_from_ms(XLATE_EXPIRE_MS);
	}
	return more || released;
}

/* ------------------------------------------------------------------ routes and interfaces */

/* Where frames of a direction go by the routes of now. */
static enum asa_drop way_out(struct sessions *s, const struct asa_conn *c, int dir,
			     struct net_route *r, const struct policy_if **out)
{
	bool local = false;
	enum asa_drop why;

	why = net_route(s->asa->net, &c->dir[!dir].key.src, r, &local);
	if (why)
		return why;
	*out = session_route_if(s, r);
	if (!*out)
		return DROP_ROUTE_NONE;
	r->vlan = (*out)->vlan;
	return DROP_NONE;
}

enum asa_drop session_reroute_dry(struct sessions *s, const struct asa_conn *c, int dir,
				  struct asa_nexthop *nh)
{
	const struct policy_if *out = NULL;
	struct net_route r = {0};
	enum asa_drop why = way_out(s, c, dir, &r, &out);

	if (why)
		return why;
	return net_nexthop_peek(s->asa->net, &r, out, nh) ? DROP_NONE : DROP_ROUTE_ADJACENCY;
}

enum asa_drop session_reroute(struct sessions *s, __u32 slot, int dir)
{
	struct asa_conn *c = &s->t.conns[slot];
	struct asa_dir *d = &c->dir[dir];
	/* read before the lookup: a change in between leaves the direction stale, not wrong */
	__u16 gen = (__u16)s->t.config->route_gen, row, before = d->nexthop;
	const struct policy_if *out = NULL;
	struct net_route r = {0};
	enum asa_drop why;

	why = way_out(s, c, dir, &r, &out);
	if (why)
		return why;
	row = net_nexthop_get(s->asa->net, &r, out);
	if (!row)
		return DROP_ROUTE_ADJACENCY;
	if (before)
		floating_note(s, slot, dir, &s->t.nexthops[before], &s->t.nexthops[row]);
	/* XDP believes 'nexthop' once 'gen' is current: in this order. */
	__atomic_store_n(&d->nexthop, row, __ATOMIC_RELEASE);
	__atomic_store_n(&d->gen, gen, __ATOMIC_RELEASE);
	if (before)
		net_nexthop_put(s->asa->net, before);
	return DROP_NONE;
}

void session_set_ingress(struct sessions *s, __u32 slot, int dir, __u32 ifindex, __u16 vlan)
{
	struct asa_session *r = &s->t.sessions[slot];
	struct asa_dir *d = &s->t.conns[slot].dir[dir];

	r->if_ifindex[dir] = (__u16)ifindex;
	r->if_vlan[dir] = vlan;
	/*
	 * XDP may see the new interface with the old VLAN: it punts that frame, which comes back
	 * here and changes nothing.
	 */
	__atomic_store_n(&d->key.vlan, vlan, __ATOMIC_RELAXED);
	__atomic_store_n(&d->in_if, (__u16)ifindex, __ATOMIC_RELEASE);
}
