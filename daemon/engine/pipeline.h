/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The slow path: one readable function that takes a punted frame through every stage in order.
 *
 *	parse -> fragments -> existing connection? -> normalize -> inspect -> rewrite -> send
 *	     no -> first-packet checks -> un-translate -> access in -> route -> levels -> access out
 *	        -> service policy -> translate source -> create -> inspect -> publish -> send
 *
 * The engine knows neither AF_XDP nor sockets: frames come in, frames go out through worker_ops.
 * Every frame ends exactly once: sent, held (neighbour pending or reassembly, later sent or
 * dropped), passed to the host by XDP before it came here, or dropped with one reason, counted
 * per interface of entry (OBS-1).
 *
 * Threads: engine_batch() runs in a worker with asa->lock held and inside an RCU read section.
 */
#ifndef ENGINE_PIPELINE_H
#define ENGINE_PIPELINE_H

#include "asa.h"
#include "datapath/xsk.h"
#include "normalize/ip_frag.h"

struct engine;
struct trace;

int engine_new(struct asa *a, struct engine **out);
void engine_free(struct engine *e);
/* Take n frames through the pipeline; takes ownership of all. */
void engine_batch(struct engine *e, struct worker_ops *ops, struct frame **frames, int n,
		  __u32 now);
/*
 * Take one frame through the pipeline dry, with 't' (engine_impl.h) and a scratch engine 'e': what
 * the packet would become is sent with 'ops', what it would change is not. With asa->lock held.
 * => why it would be dropped
 */
enum asa_drop engine_dry(struct engine *e, struct worker_ops *ops, struct frame *f, __u32 now,
			 struct trace *t);
/*
 * Frames of this worker that waited for next hop 'row'. Frames belong to the worker that received
 * them: with several workers this and engine_tick() are to be called by each.
 */
void engine_neigh_done(struct engine *e, struct worker_ops *ops, __u16 row, bool resolved);
/* Every 100 ms: time out held frames, flush counter deltas to the maps (dp_account). */
void engine_tick(struct engine *e, struct worker_ops *ops, __u32 now);

/*
 * The worker could not send f (taken by worker_ops.send before): it counts as dropped for 'why'
 * (DROP_RESOURCE_TX_QUEUE, DROP_ROUTE_INTERFACE), not as forwarded. With asa->lock held. The frame
 * stays the worker's.
 */
void engine_send_failed(struct engine *e, const struct frame *f, enum asa_drop why);
struct inspect_stream;
/* Show the streams of all connections that are put in order to 'watch'. => -1: out of memory */
int engine_watch_streams(struct engine *e, const struct inspect_stream *watch);
struct intercepts;
/* TCP intercept: rows and statistics (engine/intercept.h). => NULL: it has not begun yet */
struct intercepts *engine_intercepts(const struct engine *e);
/* Virtual reassembly: statistics of interfaces (normalize/ip_frag.h). With asa->lock held. */
struct ip_frags *engine_fragments(const struct engine *e);
/* Packets that "ip verify reverse-path" refused on an interface; forget them all. */
__u64 engine_source_drops(struct engine *e, __u32 ifindex, __u16 vlan);
void engine_source_clear(struct engine *e);
/* Frames held now: waiting for a neighbour, and in reassembly (of datagrams, of TCP streams). */
void engine_held(const struct engine *e, __u32 *neighbour, __u32 *fragments);

/* A service module (0 IPS, 1 CSC; MPF-13). */
struct module_numbers {
	__u64 sent, returned, dropped, passed; /* passed: by fail-open, while it was not there */
};
/* => false: it is not there */
bool engine_module(const struct engine *e, int kind, struct module_numbers *n);

#endif
