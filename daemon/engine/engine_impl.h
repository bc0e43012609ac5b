/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the stages of the slow path share; nobody outside daemon/engine includes it.
 *
 * A packet's way is a struct walk on the stack of engine_batch(). A stage returns the reason why
 * the packet must not go on, or DROP_NONE; it may set w->done when the packet has found its end
 * otherwise (sent, held). Stages are called by the pipeline only, in its order.
 *
 * A packet is one frame, or a chain of them: the first fragment in w->f, the others behind it
 * (frame.next), when virtual reassembly has the datagram together.
 */
#ifndef ENGINE_ENGINE_IMPL_H
#define ENGINE_ENGINE_IMPL_H

#include "asa/hash.h"
#include "asa/rewrite.h"
#include "asa/tcp_track.h"
#include "engine/intercept.h"
#include "engine/pipeline.h"
#include "normalize/ip_frag.h"
#include "normalize/tcp_order.h"
#include "policy/policy.h"
#include "session/session.h"
#include "session/xlate.h"

/* Frames that wait for a neighbour. */
#define HOLD_MAX 512
#define HOLD_PER_NEXTHOP 8
#define HOLD_MS 1000

struct hold {
	struct frame *f;
	struct worker_ops *ops; /* whose frame it is */
	struct asa_addr gateway; /* the row must still be this neighbour's */
	__u32 ifindex;
	__u32 until; /* tick */
	__u16 row;
};

/* Counter deltas since the last flush. */
struct account {
	struct asa_count drops[ASA_DROP_MAX];
	struct asa_count stats[ASA_STAT_MAX];
	struct asa_ifstat *ifs; /* ASA_IFINDEX_MAX rows */
	__u16 *dirty; /* interfaces with deltas */
	__u32 n_dirty;
	bool *is_dirty;
	bool any;
};

/* Packets that "ip verify reverse-path" refused on an interface. */
struct source_row {
	__u32 ifindex; /* 0: free */
	__u16 vlan;
	__u64 drops;
};

/* A service module: is it there, and what went through it. */
struct module_state {
	__u64 secret; /* of the questions; 0: none was sent */
	__u32 asked, answered; /* ticks; 0 never */
	struct module_numbers numbers;
};

struct engine {
	struct asa *asa;
	struct account account;
	struct ip_frags *frags;
	struct hold hold[HOLD_MAX]; /* oldest first */
	__u32 n_hold;
	__u32 reply_tick; /* replies made by the daemon in this interval of 128 ticks */
	__u32 n_replies;
	__u16 ip_id; /* of datagrams made here */
	struct acl_log *acl_log; /* NULL in the engine of a dry walk, which logs nothing */
	struct intercepts *intercepts; /* intercept.c */
	struct joins *joins; /* intercept_join.c */
	struct source_row sources[POLICY_IFS_MAX]; /* source.c */
	struct module_state modules[2]; /* module.c: IPS, CSC */
	struct order_table *order; /* order.c; NULL: no connection needed it yet */
};

struct walk;
typedef enum asa_drop stage_fn(struct walk *w);

/*
 * A walk with a trace is dry (packet_tracer.c): stages answer as ever and change the frame, which
 * is the tracer's own, but nothing that outlives the walk. The engine of a dry walk is a scratch
 * one, so that what is counted, sent or held in it is heard of nowhere else.
 */
struct trace {
	void (*after)(struct walk *w, stage_fn *stage, enum asa_drop why);
	void *arg;
	struct asa_conn conn; /* the connection: a copy, or the one that would be created */
	struct asa_nexthop nh; /* what w->nh points to */
	__u64 id; /* of the connection that would be created */
	__u32 replaces; /* slot of a connection that would be closed for it, 0 none */
	struct xlate xlate; /* that would be given out */
	bool xlate_new;
	bool held; /* a frame would wait: for its neighbour, or for other fragments */
};

/* Timestamp (RFC 7323) of a segment that others waited for. */
struct order_stamp {
	__u32 value;
	bool any;
};

struct walk {
	struct engine *e;
	struct worker_ops *ops;
	struct frame *f; /* the packet, or its first fragment */
	struct asa_pkt *p; /* &f->pkt */
	__u32 now;
	bool done; /* sent or held: the frame is no longer ours */
	bool made; /* by the daemon, in a client's name */
	bool cookie; /* a SYN made for a client that brought a cookie back */
	bool returned; /* by a service module (module.c) */
	bool ordered; /* it waited for one before it, and was put in order (order.c) */
	struct order_block *released; /* segments that can go behind this one */
	struct order_stamp stamp;
	const struct policy *policy;
	const struct policy_if *in, *out;
	__u32 bytes; /* IP bytes of all frames, as received */
	__u32 n_frames;

	/* existing connection, or the new one after stage_create() */
	__u32 slot; /* 0 none */
	int dir;
	struct asa_conn *conn;
	bool created;
	bool moved; /* seen on another interface than before, and may be */
	const struct asa_nexthop *nh; /* after stage_next_hop() */
	const struct asa_tcp_map *map; /* what the segment was held against; NULL: not normalized */
	enum asa_drop norm_why; /* what the normalizer says against it */
	struct trace *trace; /* NULL: the packet is real */

	/* first packet of a connection */
	struct asa_key real; /* key with the destination's real address */
	struct policy_tuple tuple; /* what access rules see */
	struct nat_match dst_nat, src_nat;
	struct policy_acl_match acl_in, acl_out; /* lines that decided */
	int established; /* row + 1 of model.established that permits what acl_in denies, 0 none */
	enum asa_drop nat_why; /* destination that cannot be un-translated */
	struct net_route route;
	enum asa_drop route_why;
	bool local; /* destination is the box itself */
	struct policy_service service;
	struct asa_key answer; /* key of the other direction */
	__u32 nat_ref; /* translation taken, not yet a connection's */
};

/* ------------------------------------------------------------------ stages, in order */

/* pipeline.c */
stage_fn stage_parse;
stage_fn stage_fragments;
stage_fn stage_ip_options;
stage_fn stage_find;
/* source.c */
stage_fn stage_source;
stage_fn stage_host; /* host.c */
enum asa_drop source_reverse_path(struct walk *w); /* of a packet that is not a connection's first */
/* icmp_error.c */
stage_fn stage_icmp_error;
/* existing.c */
stage_fn stage_reopen;
stage_fn stage_interface;
stage_fn stage_track;
void existing_commit(struct walk *w); /* the packet leaves: take note of it */
/* probe.c */
stage_fn stage_probe;
void probe_tick(struct engine *e, struct worker_ops *ops, __u32 now);
/* first_packet.c */
stage_fn stage_untranslate;
stage_fn stage_route;
stage_fn stage_service;
stage_fn stage_first_checks;
stage_fn stage_access;
stage_fn stage_limits;
stage_fn stage_translate;
stage_fn stage_create;
void tuple_fill(const struct walk *w, const struct asa_key *key, struct policy_tuple *t);
/* options.c */
stage_fn stage_options;
bool options_inspected(const struct walk *w); /* by stage_options(), not at once */
/* module.c */
bool module_gave(struct walk *w); /* the frame comes from a service module */
stage_fn stage_module_back;
stage_fn stage_module;
void module_tick(struct engine *e, struct worker_ops *ops, __u32 now);
/* police.c */
stage_fn stage_police_in;
stage_fn stage_police_out;
/* intercept_join.c */
stage_fn stage_cookie;
stage_fn stage_embryonic;
enum asa_drop intercept_nat(struct walk *w); /* of stage_translate: the limits of translation rules */
stage_fn stage_join;
struct joins *joins_new(void);
void joins_free(struct joins *j);
void joins_tick(struct engine *e, struct worker_ops *ops, __u32 now);
/* order.c */
stage_fn stage_order;
bool order_wanted(const struct policy_service *service); /* of a new connection */
void order_table_free(struct order_table *t);
/* Segments that waited leave behind one with timestamp 'stamp'. */
void order_release(struct engine *e, struct worker_ops *ops, struct order_block *b,
		   const struct order_stamp *stamp, __u32 now);
void order_tick(struct engine *e, __u32 now);
__u32 order_held(const struct engine *e); /* segments that wait */
/* forward.c */
stage_fn stage_normalize;
stage_fn stage_inspect;
stage_fn stage_next_hop;
stage_fn stage_forward;

/* ------------------------------------------------------------------ helpers */

/*
 * pipeline.c: take a frame through the pipeline that was made here in the name of a client on
 * f->in_ifindex. It counts as a reply, not as received. => why it was dropped
 */
enum asa_drop engine_made(struct engine *e, struct worker_ops *ops, struct frame *f, __u32 now,
			  bool cookie);

/* pipeline.c: the same for a segment that waited ('made': by the daemon). Takes the frame. */
void engine_ordered(struct engine *e, struct worker_ops *ops, struct frame *f, __u32 now, bool made);

/* The connection of a slot; a dry walk gets a copy to write to. => NULL: not in use */
static inline struct asa_conn *walk_conn(struct walk *w, __u32 slot)
{
	struct asa_conn *c = session_conn(w->e->asa->sessions, slot);

	if (!c || !w->trace)
		return c;
	w->trace->conn = *c;
	return &w->trace->conn;
}

/* A counter was stepped: not for a dry walk. Nobody reads between, the lock is held. */
static inline void walk_hit(const struct walk *w, __u64 *hit)
{
	if (w->trace && hit)
		__atomic_fetch_sub(hit, 1, __ATOMIC_RELAXED);
}

/* normalize.c */
void normalize_existing(struct walk *w); /* look at a segment of a connection: w->norm_why */
enum asa_drop normalize_first(struct walk *w); /* at a first one, with the map of its class */
enum asa_drop normalize_track(struct walk *w); /* after tcp_track_check() */
void normalize_edit(struct walk *w); /* it leaves */

/* forward.c: send, hold or fragment one frame that has been rewritten, over w->nh, row 'row'. */
void forward_out(struct walk *w, struct frame *f, __u16 row);

/* hold.c */
void hold_add(struct engine *e, struct worker_ops *ops, struct frame *f, __u16 row, __u32 now);
void hold_done(struct engine *e, struct worker_ops *ops, __u16 row, bool resolved);
void hold_expire(struct engine *e, struct worker_ops *ops, __u32 now);
/* Put the Ethernet header of the next hop in front and send. */
void hold_send(struct engine *e, struct worker_ops *ops, struct frame *f,
	       const struct asa_nexthop *nh);

/* account.c */
int account_new(struct account *a);
void account_free(struct account *a);
void account_drop(struct engine *e, __u32 ifindex, __u32 bytes, enum asa_drop why);
void account_flow(struct engine *e, enum asa_drop why); /* FLOW_* */
void account_forward(struct engine *e, __u32 ifindex, __u32 bytes);
void account_sent(struct engine *e, __u32 ifindex, __u32 bytes);
void account_reply(struct engine *e, __u32 bytes);
void account_flush(struct engine *e);
/* Drop a chain of frames: each is counted on its interface of entry and goes back to the pool. */
void frames_drop(struct engine *e, struct worker_ops *ops, struct frame *f, enum asa_drop why);

/* reply.c: messages that the daemon makes itself, sent back to where the packet came from. */
void reply_time_exceeded(struct walk *w);
void reply_too_big(struct walk *w, __u32 mtu);
void reply_reset(struct walk *w); /* a segment that belongs to nothing */

/* fragment.c: send one IPv4 frame larger than the MTU in pieces. The frame is consumed. */
void fragment_send(struct walk *w, struct frame *f, __u16 row, __u32 mtu);

/* deny.c: messages about packets that were refused. */
void deny_not_syn(const struct walk *w); /* 106015 */
void deny_access(const struct walk *w, const struct policy_acl_match *m, bool outbound);
void permit_access(const struct walk *w, const struct policy_acl_match *m); /* 106100 */
void deny_log_tick(struct engine *e, __u32 now); /* 106100 of intervals that are over */
void deny_icmp_reply(const struct walk *w); /* 313004 */
void deny_icmp_error(const struct walk *w, const struct asa_key *quoted); /* 313005 */
void deny_limit(const struct walk *w, const struct session_limit *l); /* 201011, 201013 */
void deny_embryonic(const struct walk *w, const struct session_limit *l); /* 201010, 201012 */
void deny_translation(const struct walk *w, const struct nat_pool *pool); /* 305006, 305016 */
void deny_rpf(const struct walk *w); /* 305013 */
void deny_syn_diff(const struct walk *w); /* 419002 */
void deny_options(const struct walk *w, const struct asa_pkt *p); /* 106012 */
void deny_parse(const struct walk *w, enum asa_drop why); /* 106016, 106017, 500003, 500004 */
void deny_mss(const struct walk *w, __u32 mss); /* 419001: of a connection */
void deny_host(const struct walk *w); /* 710003, 313001, 313008 */
void deny_reverse_path(const struct walk *w); /* 106021 */
void deny_interface(const struct walk *w); /* 106022 */
/* 209003, 209004, 209005, 209006, 106020 */
void deny_fragment(const struct walk *w, const struct ip_frag_limits *limits,
		   enum ip_frag_note note);

#endif
