/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the session module share; nobody else includes it.
 *
 * Life of a slot:
 *
 *	free -> EMBRYONIC (TCP) or OPEN -> HALF_CLOSED -> CLOSING -> QUARANTINE -> free
 *
 * A connection counts as "in use" until it is CLOSING: then its teardown is logged and it is gone
 * for the operator, but its index entries stay up to CLOSING_MS, so that the last segments of an
 * orderly close (a retransmitted FIN and its ACK) still pass. In QUARANTINE the index no longer
 * names it; XDP may still hold a pointer for microseconds (flow.h).
 *
 * Slots that may give way to new connections wait in two queues, oldest first: CLOSING ones and
 * EMBRYONIC ones. Their links are private memory, not shared with the XDP program.
 */
#ifndef SESSION_SESSION_IMPL_H
#define SESSION_SESSION_IMPL_H

#include "asa/drop.h"
#include "session/session.h"
#include "session/timer.h"
#include "session/xlate.h"

#define CLOSING_MS 1000
#define XLATE_EXPIRE_MS 1000
/* Timeouts that no command changes, in seconds. */
#define TIMEOUT_EMBRYONIC_S 30
#define TIMEOUT_BYPASS_S 120 /* BYP-8 */

/* A queue of slots, oldest first. */
struct slot_queue {
	__u32 head, tail;
};
struct slot_link {
	__u32 next, prev;
};

struct slots;

/* What a policer had counted at the last sample, and the rates since the one before. */
struct police_rate {
	__u64 at_ns, conformed, exceeded;
	__u64 conformed_bps, exceeded_bps;
};

struct sessions {
	struct asa *asa;
	struct dp_tables t;
	struct timer_wheel *wheel;
	struct slot_link *links; /* of 'embryonic' and 'closing', by slot */
	struct slot_queue embryonic, closing;
	struct limits *limits;
	__u32 *floating; /* by slot: tick since when a better route replaces its own; 0 none */
	__u32 now; /* of the last sessions_tick() */
	struct dcd *dcd;
	struct gone *gone;
	struct pairs *pairs; /* NULL while nobody asks */
	struct slots *slots; /* the free ones */
	__u32 reserve; /* fewer free slots than this: the old give way */
	__u32 quarantine_head, quarantine_tail; /* linked by timer_next, oldest first */
	__u32 next_xlate_expire;
	struct session_counts counts;
	__u64 flow_reasons[ASA_DROP_MAX]; /* not yet taken by sessions_take_account() */
	__u64 stat_built, stat_torn;
	__u32 sweep; /* next slot whose timeouts are to be compared with the policy, 0 none */
	__u32 swept_gen; /* of the policy */
	__u64 isn_key[2]; /* isn.c */
	bool isn_ready; /* until then numbers pass unchanged */
	struct police_rate police_rates[ASA_POLICE_MAX];
};

/* The next connection id outlives the daemon: it is kept in the unused row 0 of asa_sessions. */
static inline __u64 *session_next_id(struct sessions *s)
{
	return &s->t.sessions[0].id;
}

static inline const struct policy *session_policy(const struct sessions *s)
{
	/* rcu_dereference(): the caller is a reader or the only writer */
	return __atomic_load_n(&s->asa->policy, __ATOMIC_ACQUIRE);
}

static inline bool session_state_live(__u8 state)
{
	return state >= ASA_SESSION_EMBRYONIC && state <= ASA_SESSION_HALF_CLOSED;
}

/* The side of higher security: 0 initiator, 1 responder. */
static inline int session_inside(const struct asa_session *r)
{
	return r->flags & ASA_SESSION_INBOUND ? 1 : 0;
}

/* session.c */
void slot_queue_push(struct sessions *s, struct slot_queue *q, __u32 slot);
void slot_queue_remove(struct sessions *s, struct slot_queue *q, __u32 slot);
/* Free slots that have waited long enough, 'budget' at most. => true: there are more */
bool slot_quarantine_release(struct sessions *s, __u32 now, int budget);
void session_count(struct sessions *s, __u32 slot, int by); /* in_use and friends */
/* Log and count the end; late segments still pass. */
void session_begin_close(struct sessions *s, __u32 slot, enum session_close why, __u32 now);
/* Undo the index, give everything back, into quarantine. */
void session_release(struct sessions *s, __u32 slot, __u32 now);

/*
 * isn.c: the offsets of both directions of a new TCP connection.
 * => add[1] is 0 for a connection that TCP intercept opens: its offset follows from the cookie
 */
void session_isn_offsets(const struct sessions *s, const struct session_args *a, __u64 id,
			 __u32 add[2]);

/* events.c */
void session_set_state(struct sessions *s, __u32 slot, __u8 state, __u32 now);
/* Take over state changes whose events were lost. => false when that closed the connection. */
bool session_sync(struct sessions *s, __u32 slot, __u32 now);
void session_timeouts(const struct sessions *s, struct asa_session *r, __u8 proto,
		      const struct policy_service *service);
__u32 session_timeout_ticks(const struct asa_session *r);
__u32 session_last_seen(const struct asa_conn *c);
void session_arm(struct sessions *s, __u32 slot, __u32 now);

__u32 session_ticks_from_s(int seconds);

/* floating.c */
/* A direction that left by 'was' leaves by 'is' from now on. */
void floating_note(struct sessions *s, __u32 slot, int dir, const struct asa_nexthop *was,
		   const struct asa_nexthop *is);
/* => true: '*until' is the tick at which the connection ends whatever its packets */
bool floating_until(const struct sessions *s, __u32 slot, __u32 *until);

/* dcd.c */
struct dcd *dcd_new(__u32 n_slots);
void dcd_free(struct dcd *d);
/*
 * A connection has reached its timeout. => true: it goes on, and its timer is armed; false: it is to
 * be closed
 */
bool session_idle(struct sessions *s, __u32 slot, __u32 now);
/* Nobody is asked any more. => nothing happens to a connection that is not probed */
void session_probe_end(struct sessions *s, __u32 slot);

/* gone.c */
struct gone *gone_new(__u32 n_slots);
void gone_free(struct gone *g);
/* Frames with this key belonged to a connection that timed out. */
void gone_add(struct gone *g, const struct asa_key *k, __u32 now);
bool gone_find(const struct gone *g, const struct asa_key *k, __u32 now);

/* limits.c */
struct limits *limits_new(__u32 n_slots);
void limits_free(struct limits *l);
/* Name of the class of a row of the policy. => 0: none. */
__u32 limits_class_id(const struct policy *p, int row);
/* The row of a class in the policy now in force. => false: none, or id 0 */
bool limits_class_row(struct sessions *s, __u32 id, struct policy_class_row *r);
void limits_count(struct sessions *s, __u32 slot, int by);
void limits_embryonic(struct sessions *s, __u32 slot, int by); /* the total, too */

/* class_packets.c: a connection goes; its class keeps what it has forwarded */
void class_packets_end(struct sessions *s, __u32 slot);

/* pairs.c */
void pairs_free(struct pairs *p); /* NULL accepted */
void pairs_count(struct sessions *s, __u32 slot, int by);
void pairs_tick(struct sessions *s);

/* tcp_maps.c */
/* The row of the connection's map, before it is published. => -ENOSPC: too many different ones */
int tcp_map_take(struct sessions *s, struct asa_conn *c, const struct policy_service *service);
void tcp_map_put(struct sessions *s, struct asa_conn *c);
void tcp_maps_recover(struct sessions *s); /* nobody has one; then tcp_map_hold() for each connection */
void tcp_map_hold(struct sessions *s, const struct asa_conn *c);

/* police.c: a connection begins (before it is published) and ends; the table of the last daemon. */
void police_hold(struct sessions *s, __u32 slot, const struct policy_service *service);
void police_put(struct sessions *s, __u32 slot);
void police_recover_begin(struct sessions *s);
void police_recover(struct sessions *s, __u32 slot, bool whole);

/* messages.c */
void session_log_built(const struct sessions *s, __u32 slot, __u32 now);
void session_log_teardown(const struct sessions *s, __u32 slot, enum session_close why, __u32 now);
void session_log_xlate(const struct sessions *s, const struct xlate *x, bool built, __u32 now);
void session_log_lease(void *sessions, const struct xlate_lease *l, bool got); /* xlate_on_lease() */

#endif
