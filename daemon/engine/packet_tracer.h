/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packet-tracer: what would the slow path do with this frame, and why?
 *
 * Responsible for: walking a frame through the stages of pipeline.c dry, a record of each stage in
 * ASA's words (phases), the frames that would leave. Connections, translations, counters, routes'
 * next hops, log and neighbours are the same afterwards (OBS-4).
 * Not responsible for: what the XDP program does before (dp_test_run), making the frame and
 * printing (control/show_tracer.c).
 *
 * Life cycle: tracer_run() makes a record, tracer_free() ends it. Callers: the control module.
 * Threads: tracer_run() with asa->lock held, in the thread that replaces the policy.
 */
#ifndef ENGINE_PACKET_TRACER_H
#define ENGINE_PACKET_TRACER_H

#include "asa.h"
#include "datapath/xsk.h"
#include "policy/policy.h"

#define TRACER_PHASES_MAX 16
#define TRACER_FRAMES_MAX 64

struct tracer_phase {
	const char *type, *subtype;
	enum asa_drop why; /* DROP_NONE: ALLOW */
	char config[2048]; /* lines, each with its end */
	char info[512];
};

struct tracer {
	int n_phases;
	struct tracer_phase phases[TRACER_PHASES_MAX];
	enum asa_drop why;
	char in[MODEL_NAME_MAX], out[MODEL_NAME_MAX]; /* nameif; empty: unknown */
	bool in_up, out_up;
	bool held; /* it would wait for its neighbour, or for other fragments */
	__u64 flow; /* connection it belongs to, or that would be created; 0 none */
	bool created;
	/* What would leave, in order; ICMP messages about the packet among them. */
	int n_frames;
	struct frame *frames[TRACER_FRAMES_MAX];
	struct frame_pool *pool;
	void *mem;
};

/*
 * Trace a frame that enters Linux interface 'ifindex' at tick 'now'.
 * => 0 and '*out'; -EINVAL when it is longer than a frame can be; -ENOMEM
 */
int tracer_run(struct asa *a, __u32 ifindex, const __u8 *data, __u32 len, __u32 now,
	       struct tracer **out);
void tracer_free(struct tracer *t); /* NULL accepted */
/* Begin a phase. => never NULL: beyond the last row the last one is used again */
struct tracer_phase *tracer_phase(struct tracer *t, const char *type, const char *subtype,
				  enum asa_drop why);

#endif
