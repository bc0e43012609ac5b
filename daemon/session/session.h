/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection table: who is connected, since when, and when it ends.
 *
 * Responsible for: slots (free list, quarantine), creation and release, the index entries of a
 * connection, timers, driver events, the embryonic queue that gives way when the table is full,
 * recovery after a restart, build and teardown messages, and everything "show conn" prints.
 * Not responsible for: deciding whether a connection may exist (engine and policy), choosing
 * translated addresses (xlate), the packets of a connection (engine, XDP).
 *
 * Life cycle: sessions_new() after the datapath is open; sessions_recover() once if the tables
 * were there before; session_create() per connection; session_close() removes the index entries
 * at once and recycles the slot after ASA_SLOT_QUARANTINE_MS; sessions_free() leaves all
 * connections in the tables, for the next daemon.
 *
 * Threads: every function is called with asa->lock held; long work is cut into bounded pieces
 * (session_walk, sessions_tick, sessions_clear), between which the lock may be given up. Time is
 * always a parameter ('now', a tick of include/asa/types.h).
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "asa.h"
#include "datapath/dp.h"
#include "datapath/net.h"
#include "policy/policy.h"

struct sessions;

/* Why a connection ended; stored in asa_session.reason. Texts: session_close_text(). */
enum session_close {
	SESSION_CLOSE_NONE = 0,
	SESSION_CLOSE_FINS, /* both FINs acknowledged: "TCP FINs" */
	SESSION_CLOSE_RESET_I, /* RST from the higher-security side: "TCP Reset-I" */
	SESSION_CLOSE_RESET_O, /* RST from the lower-security side: "TCP Reset-O" */
	SESSION_CLOSE_SYN_TIMEOUT, /* handshake not completed: "SYN Timeout" */
	SESSION_CLOSE_FIN_TIMEOUT, /* half-closed too long: "FIN Timeout" */
	SESSION_CLOSE_IDLE, /* "Connection timeout" */
	SESSION_CLOSE_CLEARED, /* clear conn, clear xlate, clear local-host: "Xlate Clear" */
	SESSION_CLOSE_EVICTED, /* embryonic, gave way to a new connection: "SYN Control" */
	SESSION_CLOSE_REPLACED, /* the same ports were opened again: "TCP FINs" or "Unknown" */
	SESSION_CLOSE_ROUTE, /* a better route exists, floating-conn is over: "Route change" */
	SESSION_CLOSE_WINDOW, /* window-variation drop: "TCP unexpected window size variation" */
	SESSION_CLOSE_MAX
};

/* Everything that session_create() needs to know. Keys are in wire order. */
struct session_args {
	struct asa_key forward; /* as the first packet looked at ingress */
	struct asa_key
		reverse; /* as an answer will look at its ingress: after translation, reversed */
	const struct policy_if *in, *out;
	struct net_route route; /* towards reverse.src, through 'out' */
	struct net_route route_back; /* towards forward.src; ifindex 0: unknown, resolved later */
	const struct policy_if
		*back; /* interface of route_back; may differ from 'in' (asymmetric) */
	struct policy_service service;
	__u32 nat_ref; /* xlate held, 0 none; session_create() takes it over on success only */
	bool nat_static, nat_dynamic, pat, pat_extended, pat_block;
	bool randomize; /* TCP: new initial sequence numbers (SEQ-1) */
	bool clamp_mss; /* SYN-ACK must visit the daemon (SES-17) */
	bool intercept; /* opened for a SYN cookie: all goes to the daemon until the server has answered */
	bool order; /* its segments are put in order by the daemon (NRM-10, NRM-15) */
	const struct asa_pkt *first; /* the first packet as it entered (TCP state starts from it) */
};

/*
 * Table over 't' (which stays the caller's). Nothing is written to the tables yet.
 * => NULL when out of memory.
 */
struct sessions *sessions_new(struct asa *a, const struct dp_tables *t);
/*
 * From now on new connections that ask for it get other sequence numbers (SEQ-1); without it none.
 * => 0, -EIO: the system has no random numbers
 */
int sessions_randomize(struct sessions *s);
/* Connections stay in the tables. => NULL accepted. */
void sessions_free(struct sessions *s);
/*
 * Start of the daemon: empty the tables (fresh maps), or with 'reused' rebuild free list, timers,
 * counts and translations from what is there; half-written connections are dropped (SES-15).
 * Call it once the first policy is in asa->policy and net and xlates exist, before workers start.
 * => number of connections found.
 */
__u32 sessions_recover(struct sessions *s, bool reused, __u32 now);

/* What a limit said; for message 201011 or 201013. */
struct session_limit {
	bool per_client;
	__u32 count, max;
	__u32 replaces; /* asked with this slot counted as closed already; 0 none */
	__u64 *hit; /* the counter of drops that was stepped, NULL none */
};
/*
 * May a class have one more connection: conn-max, per-client-max (LIM-2, LIM-3, BYP-7)? 'key' as
 * the first packet looked.
 * => DROP_NONE, or DROP_POLICY_LIMIT and '*limit'.
 */
enum asa_drop session_limit_check(struct sessions *s, const struct policy_service *service,
				  const struct asa_key *key, struct session_limit *limit);
/*
 * May one more TCP connection of 'host' (real address) come, by the limit of the NAT rule that
 * translates it (LIM-7)? => DROP_POLICY_LIMIT and the numbers in *limit
 */
enum asa_drop session_nat_limit(struct sessions *s, const struct nat_match *m, const struct asa_key *key,
				const struct asa_addr *host, struct session_limit *limit);
/*
 * Has 'host' (real address), which rule 'm' translates, as many half-open connections as that allows
 * (LIM-7)? => true: TCP intercept has to answer
 */
bool session_nat_embryonic_full(struct sessions *s, const struct nat_match *m,
				const struct asa_addr *host, struct session_limit *limit);
/*
 * Half-open connections (LIM-4, LIM-5): has the class, or the client within it, as many as it may?
 * => true: TCP intercept has to answer; '*limit' says which limit it was
 */
bool session_embryonic_full(struct sessions *s, const struct policy_service *service,
			    const struct asa_key *key, struct session_limit *limit);
/* In the place of a class: the hosts behind translations, each asked for as a client. */
#define SESSION_HOSTS 0xffffffffu
/* Half-open connections of a class, or of one client in it. */
__u32 session_embryonic_count(const struct sessions *s, __u32 class_id,
			      const struct asa_addr *client /* NULL: all */);
/* Name of the class whose connection settings apply: what asa_session.policy_class holds. */
__u32 session_class_id(const struct sessions *s, const struct policy_service *service);
/*
 * ACL-5: 'real' is the key of a first packet, with real addresses. Does its destination have a
 * connection to its source that permits it?
 * => row of model.established, -1 none
 */
int session_established(const struct sessions *s, const struct asa_key *real);
/*
 * Create and publish a connection, log it.
 * => DROP_NONE and '*slot'; DROP_RESOURCE_FLOW when the table is full of established
 *    connections or the index has no room (counted, nothing changed). The caller has checked
 *    that a first TCP segment may open a connection (a SYN, or the class is bypassed) and has
 *    looked for its window scale option.
 */
enum asa_drop session_create(struct sessions *s, const struct session_args *args, __u32 now,
			     __u32 *slot);
/*
 * The connection that session_create() would make, into '*c', whose next hops are left open;
 * nothing is taken, published or logged. 'replaces' (0 none) is a slot that would be closed first.
 * => DROP_NONE and the connection's '*id', DROP_RESOURCE_FLOW
 */
enum asa_drop session_create_dry(struct sessions *s, const struct session_args *args, __u32 now,
				 __u32 replaces, struct asa_conn *c, __u64 *id);
/* Remove from the index, give back translation and next hops, log, recycle the slot later. */
void session_close(struct sessions *s, __u32 slot, enum session_close why, __u32 now);
const char *session_close_text(enum session_close why);
/* Log that the translation was made for a new connection (305009, 305011). */
void session_xlate_built(const struct sessions *s, __u32 nat_ref, __u32 now);

/* Connection of a key as seen on the wire. => ASA_REF(slot, dir), 0 none. */
__u32 session_find(const struct sessions *s, const struct asa_key *key);
/* Rows of a slot; valid until the lock is given up. => NULL for a slot that is not in use. */
struct asa_conn *session_conn(const struct sessions *s, __u32 slot);
struct asa_session *session_row(const struct sessions *s, __u32 slot);
const struct dp_tables *sessions_tables(const struct sessions *s);

/*
 * A segment that the firewall sends to a host in its peer's name: a probe (DCD) or a RST (TMO-4).
 */
struct session_segment {
	struct asa_key key; /* of the frames that the host sends: the segment goes the other way */
	__u32 seq, ack;
	__u32 ts_val, ts_ecr; /* both 0: without timestamps */
	__u16 window;
	__u16 nexthop; /* row; whoever took the segment gives it back: net_nexthop_put() */
	__u8 flags; /* enum asa_tcp_flag */
};
/* The next one that is to be sent. => false: there is none */
bool session_segment_take(struct sessions *s, struct session_segment *out);
/*
 * A segment from a host that may have been probed; it has passed tcp_track_check().
 * => DROP_NONE: it goes on to the other host; DROP_SESSION_PROBE: it was for us; or why not
 */
enum asa_drop session_probe_answer(struct sessions *s, __u32 slot, int dir,
				   const struct asa_tcp_seg *t, __u32 now);
/* Do frames with this key belong to a connection that timed out under "reset" (TMO-4)? */
bool session_timed_out(const struct sessions *s, const struct asa_key *key, __u32 now);

/* State changes seen by the daemon itself (punted segments): the same as a driver event. */
void session_event(struct sessions *s, __u32 slot, int dir, __u8 type, __u32 now);
/* A driver event; ignored when the slot has another user by now. */
void sessions_event(struct sessions *s, const struct asa_event *e, __u32 now);
/* Resolve the next hop of a direction again. => DROP_NONE or DROP_ROUTE_*. */
enum asa_drop session_reroute(struct sessions *s, __u32 slot, int dir);
/* The next hop that session_reroute() would choose for a direction of 'c', into '*nh'. */
enum asa_drop session_reroute_dry(struct sessions *s, const struct asa_conn *c, int dir,
				  struct asa_nexthop *nh);
/* Policy interface through which frames to a route leave. => NULL: not a firewall interface. */
const struct policy_if *session_route_if(const struct sessions *s, const struct net_route *r);
/* A direction moved to another ingress interface (asymmetric or equal routes, BYP-15). */
void session_set_ingress(struct sessions *s, __u32 slot, int dir, __u32 ifindex, __u16 vlan);

/*
 * Timers, quarantine and translation timeouts. Call every 10 ms or so.
 * => true when there is more to do at once (budget used up).
 */
bool sessions_tick(struct sessions *s, __u32 now, int budget);
/* A budget that keeps the lock for less than a millisecond when all of it ends (TMO-7). */
#define SESSIONS_PER_TURN 256

struct session_counts {
	__u32 in_use, most_used;
	__u32 tcp, udp, icmp, other; /* in use, by protocol */
	__u32 embryonic, half_closed, bypass;
	__u64 built, torn_down; /* since start */
	__u64 built_tcp, built_udp;
	__u64 refused, evicted;
};
/*
 * The first slot from 'slot' on that holds a connection or did until a moment ago.
 * => the number of slots when there is none; start with 1, and ask session_row() what it holds
 */
__u32 sessions_next(const struct sessions *s, __u32 slot);

void sessions_counts(const struct sessions *s, struct session_counts *c);
/*
 * Add to sums[i] the packets of the connections that are up and have the settings of the class of
 * row i of policy_class_row(), i < n.
 * => takes asa->lock, several times
 */
void sessions_class_packets(struct sessions *s, __u64 *sums, size_t n);
/* Counter deltas since the last call (FLOW_* reasons, STAT_CONN_*), added to 'a'. => any? */
bool sessions_take_account(struct sessions *s, struct asa_account *a);

/* ------------------------------------------------------------------ what show conn prints */

#define SESSION_FLAGS_MAX 24
/* One end: real is the host's own address, mapped how the other side sees it. */
struct session_end {
	struct asa_addr real, mapped;
	__u16 real_port,
		mapped_port; /* host order; ICMP: identifier at the initiator, 0 at the other */
	char if_name[MODEL_NAME_MAX]; /* nameif; empty when the interface is gone */
	int level;
};
struct session_view {
	__u32 slot;
	__u64 id;
	__u8 proto;
	bool v6;
	__u8 ctx;
	__u8 state; /* enum asa_session_state */
	bool bypass, inbound;
	struct session_end end[2]; /* 0 initiator, 1 responder */
	int low; /* index of the lower-security (foreign) end, printed first */
	char flags[SESSION_FLAGS_MAX]; /* as asa-cli-facts 6.2: "UIO", "b", "-" … */
	__u32 idle_s, uptime_s, timeout_s; /* timeout that applies now; 0 never */
	__u64 bytes; /* both directions, driver and daemon */
	__u64 dir_bytes[2], dir_packets[2];
	__u64 driver_packets[2], daemon_packets[2]; /* BYP-14 */
	__u32 seq_add[2];
	__u32 nat_ref;
	__u32 policy_class; /* asa_session.policy_class */
	__u32 nexthop_if[2]; /* egress ifindex of each direction, 0 unknown */
};
/* An urgent flag of the connection's direction 'dir' was cleared: 419003 (NRM-12). */
void session_log_urgent(const struct sessions *s, __u32 slot, int dir, __u32 now);
/* Fill 'v' from a slot in use. => false when the slot is not in use. */
bool session_view(const struct sessions *s, __u32 slot, __u32 now, struct session_view *v);
/* The flags alone. => length written (without NUL). */
int session_flags(const struct sessions *s, __u32 slot, char *buf, size_t size);

/* Bits of session_filter.states ("show conn state …"). */
enum session_state_bit {
	SESSION_STATE_UP = 1 << 0,
	SESSION_STATE_EMBRYONIC = 1 << 1,
	SESSION_STATE_FIN = 1 << 2, /* finin, finout: one FIN at least */
	SESSION_STATE_BYPASS = 1 << 3,
};
/* All conditions must hold; a zeroed filter matches everything. */
struct session_filter {
	bool has_addr;
	struct asa_addr addr_lo,
		addr_hi; /* one address: both the same; real or mapped of either end */
	bool has_mask;
	struct asa_addr mask; /* compare (end & mask) with (addr_lo & mask) */
	bool has_port;
	__u16 port_lo, port_hi; /* of either end */
	__u8 proto; /* 0 any */
	__u32 states; /* enum session_state_bit, any of them; 0 all */
	__u32 nat_ref; /* connections holding this translation; 0 all */
	char if_name[MODEL_NAME_MAX]; /* either end on this interface; empty all */
};
/* => false stops the walk. */
typedef bool (*session_walk_cb)(void *arg, const struct session_view *v);
/*
 * Visit matching connections from slot *pos on, looking at no more than 'max' slots.
 * => true: more to come, *pos is where to go on; false: end of the table or the callback stopped
 *    (then *pos is the slot after the last one shown).
 * Start with *pos = 0. Connections that come or go between two calls may or may not be seen.
 */
bool session_walk(const struct sessions *s, __u32 *pos, __u32 max, __u32 now,
		  const struct session_filter *f, session_walk_cb cb, void *arg);
/*
 * Close matching connections from slot *pos on, looking at no more than 'max' slots; '*closed' is
 * increased. => as session_walk().
 */
bool sessions_clear(struct sessions *s, __u32 *pos, __u32 max, __u32 now,
		    const struct session_filter *f, __u32 *closed);
/*
 * Policing. Rows of asa_police for the classes of a policy that is about to be in force.
 * => false: more classes than rows, the last ones are not policed
 */
bool sessions_police_bind(struct sessions *s, struct policy *p);
/* May a packet of that many IP bytes go on by this policer (row 0: none)? */
bool session_police(struct sessions *s, __u16 row, __u32 bytes);
struct police_numbers {
	__u64 conformed_packets, conformed_bytes, exceeded_packets, exceeded_bytes;
	__u64 conformed_bps, exceeded_bps; /* bits per second between the last two samples */
};
bool sessions_police_numbers(const struct sessions *s, __u16 row, struct police_numbers *n);
void sessions_police_clear(struct sessions *s, __u16 row);
void sessions_police_sample(struct sessions *s); /* every few seconds */

/* Forget unused dynamic translations (clear xlate, after sessions_clear()); logs 305010/305012. */
void sessions_clear_xlates(struct sessions *s, __u32 now);
/* The same for those that 'fits' says yes to. */
struct xlate;
void sessions_clear_xlates_if(struct sessions *s, bool (*fits)(void *arg, const struct xlate *t),
			      void *arg, __u32 now);

#endif
