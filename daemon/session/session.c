// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection table: slots, creation, release, look-up. See session.h.
 *
 * Responsible for: where a connection lives and who owns what it holds (index entries, next-hop
 * rows, a translation). Not responsible for: state changes and timers (events.c), texts
 * (messages.c), views (view.c), restarts (recover.c).
 *
 * Table full (SES-16): when fewer than 'reserve' slots are free, each creation sends the oldest
 * connection that is closing or embryonic through quarantine, so that a free slot is there in time
 * for the next one. Established connections never give way; without a free slot a new connection
 * is refused and counted.
 *
 * Threads: asa->lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asa/parse.h"
#include "asa/hash.h"
#include "asa/rewrite.h"
#include "asa/tcp_track.h"
#include "datapath/index.h"
#include "session/session_impl.h"
#include "session/slots.h"

/* Bounds of the reserve: slots needed for the new connections of one quarantine. */
#define RESERVE_MAX 4096u
#define RESERVE_MIN 4u
#define RELEASE_PER_PACKET 64 /* the tick does the rest */

/* ------------------------------------------------------------------ life cycle */

struct sessions *sessions_new(struct asa *a, const struct dp_tables *t)
{
	struct sessions *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->asa = a;
	s->t = *t;
	s->links = calloc(t->n_slots, sizeof(*s->links));
	s->slots = slots_new(t->n_slots);
	s->limits = limits_new(t->n_slots);
	s->floating = calloc(t->n_slots, sizeof(*s->floating));
	s->dcd = dcd_new(t->n_slots);
	s->gone = gone_new(t->n_slots);
	if (!s->links || !s->slots || !s->limits || !s->floating || !s->dcd || !s->gone) {
		sessions_free(s);
		return NULL;
	}
	s->reserve = t->n_slots / 16;
	if (s->reserve > RESERVE_MAX)
		s->reserve = RESERVE_MAX;
	if (s->reserve < RESERVE_MIN)
		s->reserve = t->n_slots > 2 * RESERVE_MIN ? RESERVE_MIN : 1;
	return s;
}

void sessions_free(struct sessions *s)
{
	if (!s)
		return;
	timer_free(s->wheel);
	pairs_free(s->pairs);
	gone_free(s->gone);
	dcd_free(s->dcd);
	limits_free(s->limits);
	slots_free(s->slots);
	free(s->links);
	free(s->floating);
	free(s);
}

const struct dp_tables *sessions_tables(const struct sessions *s)
{
	return &s->t;
}

/* ------------------------------------------------------------------ slots */

void slot_queue_push(struct sessions *s, struct slot_queue *q, __u32 slot)
{
	s->links[slot].next = 0;
	s->links[slot].prev = q->tail;
	if (q->tail)
		s->links[q->tail].next = slot;
	else
		q->head = slot;
	q->tail = slot;
}

void slot_queue_remove(struct sessions *s, struct slot_queue *q, __u32 slot)
{
	struct slot_link *l = &s->links[slot];

	if (l->prev)
		s->links[l->prev].next = l->next;
	else
		q->head = l->next;
	if (l->next)
		s->links[l->next].prev = l->prev;
	else
		q->tail = l->prev;
	l->next = 0;
	l->prev = 0;
}

/* Homes lie far apart: they are for more connections than the caches hold anyway. */
static void homes_use(struct sessions *s, __u32 homes)
{
	__atomic_store_n(&s->t.config->homes, homes, __ATOMIC_RELEASE);
}

static void quarantine_push(struct sessions *s, __u32 slot, __u32 now)
{
	struct asa_session *r = &s->t.sessions[slot];

	r->state = ASA_SESSION_QUARANTINE;
	r->expires = now + asa_ticks_from_ms(ASA_SLOT_QUARANTINE_MS) + 1;
	r->timer_next = 0;
	if (s->quarantine_tail)
		s->t.sessions[s->quarantine_tail].timer_next = slot;
	else
		s->quarantine_head = slot;
	s->quarantine_tail = slot;
}

bool slot_quarantine_release(struct sessions *s, __u32 now, int budget)
{
	__u32 slot;

	while ((slot = s->quarantine_head) != 0) {
		struct asa_session *r = &s->t.sessions[slot];

		if ((__s32)(now - r->expires) < 0)
			return false;
		if (budget-- == 0)
			return true;
		s->quarantine_head = r->timer_next;
		if (!s->quarantine_head)
			s->quarantine_tail = 0;
		s->floating[slot] = 0;
		memset(r, 0, sizeof(*r));
		slots_give(s->slots, slot);
		if (!slots_far(s->slots) && s->t.config->homes)
			homes_use(s, 0);
	}
	return false;
}

/* Let the oldest connection that may go, go. => false: there is none. */
static bool slot_give_way(struct sessions *s, __u32 now)
{
	__u32 slot;

	if (s->closing.head) {
		session_release(s, s->closing.head, now);
		return true;
	}
	while ((slot = s->embryonic.head) != 0) {
		/* its handshake may be complete without our having heard */
		if (!session_sync(s, slot, now))
			return true;
		if (s->t.sessions[slot].state != ASA_SESSION_EMBRYONIC)
			continue;
		s->counts.evicted++;
		session_close(s, slot, SESSION_CLOSE_EVICTED, now);
		return true;
	}
	return false;
}

/*
 * Where XDP finds the connection without the index: the first choice at home, or the first slot of it.
 * One that is translated has two homes, one for each direction: for the clients of dynamic translation
 * the answers are most of the traffic.
 * => 0: homes are not in use
 */
static __u32 slot_home(const struct sessions *s, const struct session_args *a)
{
	const struct asa_config *cfg = s->t.config;
	bool answers = a->nat_dynamic || a->pat;
	struct asa_home home;

	if (!cfg->homes)
		return 0;
	home = asa_hash_set(answers ? &a->reverse : &a->forward, cfg->hash_key, cfg->homes);
	if (!slots_free_in_set(s->slots, home.set))
		home = asa_hash_set(answers ? &a->forward : &a->reverse, cfg->hash_key, cfg->homes);
	return slots_is_free(s->slots, home.slot) ? home.slot : home.set * ASA_SET_SLOTS;
}

/* => 0 when there is none. */
static __u32 slot_take(struct sessions *s, const struct session_args *a, __u32 now)
{
	__u32 slot;

	if (slots_available(s->slots) < s->reserve) {
		(void)slot_quarantine_release(s, now, RELEASE_PER_PACKET);
		if (slots_available(s->slots) < s->reserve)
			(void)slot_give_way(s, now);
	}
	slot = slots_take(s->slots, slot_home(s, a));
	if (slot >= ASA_DENSE_SLOTS && !s->t.config->homes) {
		slots_give(s->slots, slot);
		homes_use(s, (s->t.n_slots - ASA_DENSE_SLOTS) / ASA_SET_SLOTS);
		slot = slots_take(s->slots, slot_home(s, a));
	}
	return slot;
}

/* ------------------------------------------------------------------ creation */

void session_count(struct sessions *s, __u32 slot, int by)
{
	const struct asa_session *r = &s->t.sessions[slot];
	struct session_counts *n = &s->counts;

	n->in_use += by;
	if (n->in_use > n->most_used)
		n->most_used = n->in_use;
	switch (s->t.conns[slot].dir[0].key.proto) {
	case ASA_PROTO_TCP: n->tcp += by; break;
	case ASA_PROTO_UDP: n->udp += by; break;
	case ASA_PROTO_ICMP:
	case ASA_PROTO_ICMPV6: n->icmp += by; break;
	default: n->other += by; break;
	}
	if (r->flags & ASA_SESSION_BYPASS)
		n->bypass += by;
	limits_count(s, slot, by);
	pairs_count(s, slot, by);
}

const struct policy_if *session_route_if(const struct sessions *s, const struct net_route *r)
{
	const struct policy *p = session_policy(s);
	const struct sys_info *sys;
	const struct policy_if *found;
	size_t i, n;

	if (!p || !r->ifindex)
		return NULL;
	found = policy_if_find(p, r->ifindex, r->vlan);
	if (found)
		return found;
	/* A VLAN device of Linux: its frames enter and leave on the parent, with a tag. */
	sys = net_sys(s->asa->net);
	for (i = 0; sys && i < sys->n_ifs; i++) {
		if (sys->ifs[i].ifindex != r->ifindex)
			continue;
		for (n = 0; n < policy_n_ifs(p); n++) {
			found = policy_if_at(p, (__u16)n);
			if (found && !strcmp(found->dev, sys->ifs[i].dev))
				return found;
		}
	}
	return NULL;
}

static __u16 conn_nexthop(struct sessions *s, const struct net_route *route,
			  const struct policy_if *out)
{
	struct net_route r = *route;

	if (!r.ifindex || !out)
		return 0;
	r.vlan = out->vlan;
	return net_nexthop_get(s->asa->net, &r, out);
}

static bool key_translated(const struct session_args *a)
{
	struct asa_key back;

	asa_key_reverse(&back, &a->reverse);
	return !asa_key_equal(&back, &a->forward);
}

/* All but the next hops and the marks that make the directions valid. */
static void conn_fill(struct sessions *s, struct asa_conn *c, const struct session_args *a,
		      __u64 id, __u32 now)
{
	__u16 gen = (__u16)s->t.config->route_gen;
	int tcp = a->forward.proto == ASA_PROTO_TCP;
	__u16 flags = 0;
	__u32 add[2] = { 0 };
	int d;

	memset(c, 0, sizeof(*c));
	if (tcp && a->service.bypass)
		flags |= ASA_DIR_BYPASS;
	if (key_translated(a))
		flags |= ASA_DIR_NAT;
	if (a->service.decrement_ttl)
		flags |= ASA_DIR_DEC_TTL;
	if (tcp && a->clamp_mss)
		flags |= ASA_DIR_PUNT_SYN;
	if (a->intercept || a->service.module)
		flags |= ASA_DIR_INSPECT;
	if (tcp && a->randomize && !a->service.bypass && s->isn_ready) {
		session_isn_offsets(s, a, id, add);
		flags |= ASA_DIR_SEQ;
	}
	if (tcp && a->order)
		flags |= ASA_DIR_ORDER;
	if (!asa_addr_is_v4(&a->forward.src))
		flags |= ASA_DIR_V6;
	c->dir[0].key = a->forward;
	c->dir[1].key = a->reverse;
	c->dir[0].in_if = (__u16)a->in->ifindex;
	c->dir[0].key.vlan = a->in->vlan;
	c->dir[1].in_if = (__u16)a->out->ifindex;
	c->dir[1].key.vlan = a->out->vlan;
	for (d = 0; d < 2; d++) {
		c->dir[d].flags = flags;
		c->dir[d].gen = gen;
		c->dir[d].seen = now;
		c->half[d].seq_add = add[d];
	}
}

static void conn_undo(struct sessions *s, struct asa_conn *c)
{
	int d;

	for (d = 0; d < 2; d++) {
		if (c->dir[d].nexthop)
			net_nexthop_put(s->asa->net, c->dir[d].nexthop);
		c->dir[d].nexthop = 0;
		c->dir[d].flags = 0;
	}
	tcp_map_put(s, c);
}

static void row_fill(struct sessions *s, struct asa_session *r, const struct session_args *a,
		     __u64 id, __u32 now)
{
	memset(r, 0, sizeof(*r));
	r->id = id;
	r->created = now;
	r->nat_ref = a->nat_ref;
	r->rest[0].rerouted_gen = r->rest[1].rerouted_gen = (__u16)s->t.config->route_gen;
	r->if_ifindex[0] = (__u16)a->in->ifindex;
	r->if_ifindex[1] = (__u16)a->out->ifindex;
	r->if_vlan[0] = a->in->vlan;
	r->if_vlan[1] = a->out->vlan;
	r->policy_class = limits_class_id(session_policy(s), a->service.class_row);
	r->policy_gen = policy_generation(session_policy(s));
	if (a->forward.proto == ASA_PROTO_TCP && a->service.bypass)
		r->flags |= ASA_SESSION_BYPASS;
	if (a->in->level < a->out->level)
		r->flags |= ASA_SESSION_INBOUND;
	if (a->nat_static)
		r->flags |= ASA_SESSION_NAT_STATIC;
	if (a->nat_dynamic)
		r->flags |= ASA_SESSION_NAT_DYNAMIC;
	if (a->pat)
		r->flags |= ASA_SESSION_PAT;
	if (a->pat_extended)
		r->flags |= ASA_SESSION_PAT_EXTENDED;
	if (a->pat_block)
		r->flags |= ASA_SESSION_PAT_BLOCK;
	if (a->intercept)
		r->flags |= ASA_SESSION_INTERCEPT;
	if (a->service.module)
		r->flags |= ASA_SESSION_MODULE | (a->service.module_csc ? ASA_SESSION_MODULE_CSC : 0) |
			    (a->service.module_promiscuous ? ASA_SESSION_MODULE_COPY : 0) |
			    (a->service.module_fail_close ? ASA_SESSION_MODULE_CLOSE : 0);
	session_timeouts(s, r, a->forward.proto, &a->service);
}

/* Both keys into the index, or none. */
static int conn_publish(struct sessions *s, __u32 slot)
{
	struct asa_conn *c = &s->t.conns[slot];
	int rc, d;

	/* XDP, which looks into a key's first choice before it knows who lives there, must find it complete. */
	for (d = 0; d < 2; d++)
		__atomic_store_n(&c->dir[d].flags, c->dir[d].flags | ASA_DIR_VALID,
				 __ATOMIC_RELEASE);
	rc = index_insert(&s->t, &c->dir[0].key, ASA_REF(slot, 0));
	if (rc)
		return rc;
	/*
	 * A connection between the two ends of itself (same key both ways) cannot happen: such a
	 * packet is a land attack. -EEXIST here is another connection's port.
	 */
	rc = index_insert(&s->t, &c->dir[1].key, ASA_REF(slot, 1));
	if (rc)
		(void)index_remove(&s->t, &c->dir[0].key, ASA_REF(slot, 0));
	return rc;
}

enum asa_drop session_create(struct sessions *s, const struct session_args *a, __u32 now,
			     __u32 *out_slot)
{
	bool tracked = a->forward.proto == ASA_PROTO_TCP && !a->service.bypass;
	__u32 slot = slot_take(s, a, now);
	struct asa_session *r;
	struct asa_conn *c;
	__u64 id;

	if (!slot) {
		s->counts.refused++;
		return DROP_RESOURCE_FLOW;
	}
	c = &s->t.conns[slot];
	r = &s->t.sessions[slot];
	id = ++*session_next_id(s);
	conn_fill(s, c, a, id, now);
	c->dir[0].nexthop = conn_nexthop(s, &a->route, a->out);
	c->dir[1].nexthop = conn_nexthop(s, &a->route_back, a->back);
	if (tracked)
		tcp_track_start(&c->half[0], &a->first->tcp);
	police_hold(s, slot, &a->service);
	if (tcp_map_take(s, c, &a->service) || conn_publish(s, slot)) {
		police_put(s, slot);
		conn_undo(s, c);
		quarantine_push(s, slot, now);
		s->counts.refused++;
		return DROP_RESOURCE_FLOW;
	}
	row_fill(s, r, a, id, now);
	/* The state is written last: a row that a crash left half-written is found free. */
	__atomic_store_n(&r->state, tracked ? ASA_SESSION_EMBRYONIC : ASA_SESSION_OPEN,
			 __ATOMIC_RELEASE);
	session_count(s, slot, 1);
	if (tracked) {
		slot_queue_push(s, &s->embryonic, slot);
		limits_embryonic(s, slot, 1); /* after the count, which makes the client known */
	}
	s->counts.built++;
	s->counts.built_tcp += a->forward.proto == ASA_PROTO_TCP;
	s->counts.built_udp += a->forward.proto == ASA_PROTO_UDP;
	s->stat_built++;
	session_arm(s, slot, now);
	session_log_built(s, slot, now);
	*out_slot = slot;
	return DROP_NONE;
}

/* Would slot_take() find one? */
static bool slot_possible(const struct sessions *s, __u32 now)
{
	__u32 oldest = s->quarantine_head;

	return slots_available(s->slots) ||
	       (oldest && (__s32)(now - s->t.sessions[oldest].expires) >= 0);
}

static bool key_possible(const struct sessions *s, const struct asa_key *k, __u32 replaces)
{
	__u32 ref = index_find(&s->t, k);

	return !ref || ASA_REF_SLOT(ref) == replaces;
}

enum asa_drop session_create_dry(struct sessions *s, const struct session_args *a, __u32 now,
				 __u32 replaces, struct asa_conn *c, __u64 *id)
{
	if (!slot_possible(s, now) || asa_key_equal(&a->forward, &a->reverse) ||
	    !key_possible(s, &a->forward, replaces) || !key_possible(s, &a->reverse, replaces))
		return DROP_RESOURCE_FLOW;
	*id = *session_next_id(s) + 1;
	conn_fill(s, c, a, *id, now);
	c->dir[0].flags |= ASA_DIR_VALID;
	c->dir[1].flags |= ASA_DIR_VALID;
	if (a->forward.proto == ASA_PROTO_TCP && !a->service.bypass)
		tcp_track_start(&c->half[0], &a->first->tcp);
	return DROP_NONE;
}

/* ------------------------------------------------------------------ end */

void session_begin_close(struct sessions *s, __u32 slot, enum session_close why, __u32 now)
{
	static const __u16 flow_reason[SESSION_CLOSE_MAX] = {
		[SESSION_CLOSE_SYN_TIMEOUT] = FLOW_SYN_TIMEOUT,
		[SESSION_CLOSE_FIN_TIMEOUT] = FLOW_FIN_TIMEOUT,
		[SESSION_CLOSE_IDLE] = FLOW_CONN_TIMEOUT,
		[SESSION_CLOSE_CLEARED] = FLOW_CLEARED,
		[SESSION_CLOSE_EVICTED] = FLOW_EVICTED,
		[SESSION_CLOSE_ROUTE] = FLOW_CONN_TIMEOUT,
	};
	struct asa_session *r = &s->t.sessions[slot];

	if (!session_state_live(r->state))
		return;
	session_log_teardown(s, slot, why, now);
	s->flow_reasons[flow_reason[why]]++;
	s->counts.torn_down++;
	s->stat_torn++;
	session_count(s, slot, -1);
	r->reason = (__u8)why;
	session_set_state(s, slot, ASA_SESSION_CLOSING, now);
	slot_queue_push(s, &s->closing, slot);
}

void session_release(struct sessions *s, __u32 slot, __u32 now)
{
	struct asa_session *r = &s->t.sessions[slot];
	struct asa_conn *c = &s->t.conns[slot];

	timer_disarm(s->wheel, slot);
	if (r->state == ASA_SESSION_CLOSING)
		slot_queue_remove(s, &s->closing, slot);
	(void)index_remove(&s->t, &c->dir[0].key, ASA_REF(slot, 0));
	(void)index_remove(&s->t, &c->dir[1].key, ASA_REF(slot, 1));
	if (r->nat_ref)
		xlate_put(s->asa->xlates, r->nat_ref, now);
	r->nat_ref = 0;
	police_put(s, slot);
	class_packets_end(s, slot);
	conn_undo(s, c);
	quarantine_push(s, slot, now);
}

void session_close(struct sessions *s, __u32 slot, enum session_close why, __u32 now)
{
	struct asa_session *r = session_row(s, slot);

	if (!r)
		return;
	session_begin_close(s, slot, why, now);
	session_release(s, slot, now);
}

/* ------------------------------------------------------------------ look-up */

__u32 session_find(const struct sessions *s, const struct asa_key *key)
{
	return index_find(&s->t, key);
}

struct asa_session *session_row(const struct sessions *s, __u32 slot)
{
	struct asa_session *r;

	if (!slot || slot >= s->t.n_slots)
		return NULL;
	r = &s->t.sessions[slot];
	return session_state_live(r->state) || r->state == ASA_SESSION_CLOSING ? r : NULL;
}

struct asa_conn *session_conn(const struct sessions *s, __u32 slot)
{
	return session_row(s, slot) ? &s->t.conns[slot] : NULL;
}

__u32 sessions_next(const struct sessions *s, __u32 slot)
{
	return slots_next_taken(s->slots, slot);
}

void sessions_counts(const struct sessions *s, struct session_counts *c)
{
	*c = s->counts;
}

bool sessions_take_account(struct sessions *s, struct asa_account *a)
{
	bool any = s->stat_built || s->stat_torn;
	int i;

	for (i = 1; i < ASA_DROP_MAX && i < ASA_ACCOUNT_ROWS; i++) {
		a->drops[i].packets += s->flow_reasons[i];
		s->flow_reasons[i] = 0;
	}
	a->stats[STAT_CONN_BUILT].packets += s->stat_built;
	a->stats[STAT_CONN_TORN].packets += s->stat_torn;
	s->stat_built = 0;
	s->stat_torn = 0;
	return any; /* an end with a FLOW_* reason is a torn one, too */
}
