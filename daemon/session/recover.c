// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table at the start of the daemon: empty, or what the last one left (SES-15).
 *
 * Responsible for: finding every connection in the shared tables again, with its timer, its place
 * in the queues, its translation and its share of the counts; removing what a crash left half done.
 * Not responsible for: whether the maps are ours and of this version (datapath/dp).
 *
 * How a crash in the middle shows: session_create() sets ASA_DIR_VALID, then the two index
 * entries, then the row's state; session_release() goes the other way. So a connection is whole if
 * its row has a state and both index entries lead to it. Everything else with a trace in the slot
 * is taken out of the index and freed. While the daemon was away XDP went on: states are taken
 * over from the halves of the slot (session_sync).
 *
 * Called once, by the main thread, before workers start; one pass over the rows, no packet waits.
 * The policy must be in force already: timeouts and the interfaces of translations come from it.
 */
#include <stdlib.h>
#include <string.h>

#include "asa/bytes.h"
#include "base/log.h"
#include "datapath/index.h"
#include "session/session_impl.h"
#include "session/slots.h"

static bool conn_whole(const struct sessions *s, __u32 slot)
{
	const struct asa_conn *c = &s->t.conns[slot];
	const struct asa_session *r = &s->t.sessions[slot];

	if (!session_state_live(r->state) && r->state != ASA_SESSION_CLOSING)
		return false;
	if (!(c->dir[0].flags & c->dir[1].flags & ASA_DIR_VALID))
		return false;
	return index_find(&s->t, &c->dir[0].key) == ASA_REF(slot, 0) &&
	       index_find(&s->t, &c->dir[1].key) == ASA_REF(slot, 1);
}

static void conn_discard(struct sessions *s, __u32 slot)
{
	struct asa_conn *c = &s->t.conns[slot];
	int d;

	for (d = 0; d < 2; d++) {
		(void)index_remove(&s->t, &c->dir[d].key, ASA_REF(slot, d));
		c->dir[d].flags = 0;
		c->dir[d].nexthop = 0;
	}
}

/* The dynamic translation that the last daemon held for this connection. */
static void xlate_recover(struct sessions *s, __u32 slot)
{
	struct asa_session *r = &s->t.sessions[slot];
	const struct asa_conn *c = &s->t.conns[slot];
	const struct policy *p = session_policy(s);
	const struct policy_if *in, *out;
	struct xlate x = {0};

	r->nat_ref = 0; /* a number of the former process */
	if (!(r->flags & ASA_SESSION_NAT_DYNAMIC) || !s->asa->xlates || !p)
		return;
	in = policy_if_find(p, r->if_ifindex[0], r->if_vlan[0]);
	out = policy_if_find(p, r->if_ifindex[1], r->if_vlan[1]);
	x.real = c->dir[0].key.src;
	x.mapped = c->dir[1].key.dst;
	x.pat = r->flags & ASA_SESSION_PAT;
	if (x.pat) {
		x.proto = c->dir[0].key.proto;
		x.real_port = c->dir[0].key.sport;
		x.mapped_port = c->dir[1].key.dport;
		x.extended = r->flags & ASA_SESSION_PAT_EXTENDED;
		x.peer = c->dir[1].key.src;
		x.peer_port = c->dir[1].key.sport;
		if (r->flags & ASA_SESSION_PAT_BLOCK)
			x.block_size = (__u16)policy_model(p)->xlate_block_size;
	}
	x.real_if = in ? in->num : POLICY_NUM_NONE;
	x.mapped_if = out ? out->num : POLICY_NUM_NONE;
	if (in)
		memcpy(x.real_if_name, in->name, sizeof(x.real_if_name));
	if (out)
		memcpy(x.mapped_if_name, out->name, sizeof(x.mapped_if_name));
	x.created = r->created;
	x.last_used = session_last_seen(c);
	r->nat_ref = xlate_restore(s->asa->xlates, &x);
}

static void nexthop_recover(struct sessions *s, __u32 slot)
{
	int d;

	for (d = 0; d < 2; d++) {
		struct asa_dir *dir = &s->t.conns[slot].dir[d];

		if (dir->nexthop >= ASA_NEXTHOPS_MAX || !s->t.nexthops[dir->nexthop].ifindex)
			dir->nexthop = 0; /* the next packet is punted and resolves it */
		else
			s->t.nexthops[dir->nexthop].users++;
	}
}

static void conn_recover(struct sessions *s, __u32 slot)
{
	struct asa_session *r = &s->t.sessions[slot];
	__u64 *next_id = session_next_id(s);

	r->timer_next = 0;
	r->timer_prev = 0;
	if (r->id > *next_id)
		*next_id = r->id;
	xlate_recover(s, slot);
	nexthop_recover(s, slot);
	tcp_map_hold(s, &s->t.conns[slot]);
	session_probe_end(s, slot); /* what was asked is forgotten; the timer asks again */
	if (r->state == ASA_SESSION_CLOSING) {
		slot_queue_push(s, &s->closing, slot);
		return;
	}
	session_count(s, slot, 1);
	if (r->state == ASA_SESSION_EMBRYONIC)
		limits_embryonic(s, slot, 1);
	else if (r->state == ASA_SESSION_HALF_CLOSED)
		s->counts.half_closed++;
}

struct embryo {
	__u64 id;
	__u32 slot;
};

static int embryo_compare(const void *a, const void *b)
{
	const struct embryo *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* The queue that gives way holds the oldest first; ids are given out in that order. */
static void embryos_recover(struct sessions *s)
{
	struct embryo *list;
	__u32 slot, n = 0;

	if (!s->counts.embryonic)
		return;
	list = malloc(s->counts.embryonic * sizeof(*list));
	for (slot = sessions_next(s, 1); slot < s->t.n_slots; slot = sessions_next(s, slot + 1)) {
		if (s->t.sessions[slot].state != ASA_SESSION_EMBRYONIC)
			continue;
		if (list && n < s->counts.embryonic)
			list[n++] = (struct embryo){s->t.sessions[slot].id, slot};
		else
			slot_queue_push(s, &s->embryonic, slot); /* no memory: order by slot */
	}
	if (!list)
		return;
	qsort(list, n, sizeof(*list), embryo_compare);
	for (slot = 0; slot < n; slot++)
		slot_queue_push(s, &s->embryonic, list[slot].slot);
	free(list);
}

static __u32 recover_rows(struct sessions *s, __u32 now)
{
	__u32 slot, found = 0, discarded = 0, row;

	for (row = 0; row < ASA_NEXTHOPS_MAX; row++)
		s->t.nexthops[row].users = 0;
	police_recover_begin(s);
	for (slot = 1; slot < s->t.n_slots; slot++) {
		struct asa_session *r = &s->t.sessions[slot];
		bool whole = conn_whole(s, slot);

		police_recover(s, slot, whole);
		if (whole) {
			conn_recover(s, slot);
			found += r->state != ASA_SESSION_CLOSING;
			(void)slots_take(s->slots, slot);
			continue;
		}
		if ((s->t.conns[slot].dir[0].flags | s->t.conns[slot].dir[1].flags) &
		    ASA_DIR_VALID) {
			conn_discard(s, slot);
			discarded++;
		}
		if (r->state != ASA_SESSION_FREE || r->timer_next || r->timer_prev)
			memset(r, 0, sizeof(*r));
	}
	embryos_recover(s);
	for (slot = sessions_next(s, 1); slot < s->t.n_slots; slot = sessions_next(s, slot + 1)) {
		struct asa_session *r = &s->t.sessions[slot];

		session_arm(s, slot, now);
		if (r->state != ASA_SESSION_CLOSING)
			(void)session_sync(s, slot, now);
	}
	if (discarded)
		log_info("removed %u connections that were not completely written", discarded);
	return found;
}

__u32 sessions_recover(struct sessions *s, bool reused, __u32 now)
{
	__u32 found = 0;

	s->wheel = timer_new(s->t.sessions, now);
	s->next_xlate_expire = now;
	tcp_maps_recover(s);
	if (!s->wheel)
		return 0;
	if (reused)
		found = recover_rows(s, now);
	else
		memset(&s->t.sessions[0], 0, sizeof(s->t.sessions[0]));
	if (s->asa->xlates)
		xlate_on_lease(s->asa->xlates, session_log_lease, s);
	return found;
}
