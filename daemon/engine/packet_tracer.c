// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dry run of the slow path: see packet_tracer.h. The words of the phases are trace_phases.c's.
 *
 * Responsible for: the scratch engine, pool and worker in which the walk takes place, so that
 * whatever is counted, sent or put aside there ends with it. Not responsible for: what stages leave
 * alone when the walk is dry (struct trace in engine_impl.h).
 *
 * The scratch engine starts with the numbers of the real one (identification of datagrams made
 * here, the budget of ICMP messages), so that messages come out as they would.
 *
 * Threads: asa->lock held.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/packet_tracer.h"
#include "engine/trace_phases.h"

struct tracer_phase *tracer_phase(struct tracer *t, const char *type, const char *subtype,
				  enum asa_drop why)
{
	struct tracer_phase *ph;

	if (t->n_phases < TRACER_PHASES_MAX)
		t->n_phases++;
	ph = &t->phases[t->n_phases - 1];
	memset(ph, 0, sizeof(*ph));
	ph->type = type;
	ph->subtype = subtype;
	ph->why = why;
	return ph;
}

static void keep_frame(void *worker, struct frame *f)
{
	struct tracer *t = worker;

	if (t->n_frames < TRACER_FRAMES_MAX)
		t->frames[t->n_frames++] = f;
	else
		frame_put(t->pool, f);
}

void tracer_free(struct tracer *t)
{
	if (!t)
		return;
	frame_pool_free(t->pool);
	free(t->mem);
	free(t);
}

static struct tracer *tracer_new(void)
{
	struct tracer *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->mem = calloc(TRACER_FRAMES_MAX, FRAME_SIZE);
	if (t->mem)
		t->pool = frame_pool_new(t->mem, TRACER_FRAMES_MAX);
	if (t->pool)
		return t;
	tracer_free(t);
	return NULL;
}

/* A frame may also be dropped behind the stages (pieces that find no room): the accounts tell. */
static enum asa_drop counted_drop(const struct engine *e)
{
	int i;

	for (i = 1; i < FLOW_ACL; i++)
		if (e->account.drops[i].packets)
			return (enum asa_drop)i;
	return DROP_NONE;
}

int tracer_run(struct asa *a, __u32 ifindex, const __u8 *data, __u32 len, __u32 now,
	       struct tracer **out)
{
	struct tracer *t;
	struct trace trace = {.after = trace_phases_after};
	struct worker_ops ops = {.send = keep_frame};
	struct engine *e = NULL;
	struct frame *f;

	if (len > FRAME_SIZE - FRAME_HEADROOM)
		return -EINVAL;
	t = tracer_new();
	if (!t || engine_new(a, &e)) {
		tracer_free(t);
		return -ENOMEM;
	}
	e->ip_id = a->engine->ip_id;
	e->reply_tick = a->engine->reply_tick;
	e->n_replies = a->engine->n_replies;
	ops.pool = t->pool;
	ops.worker = t;
	trace.arg = t;
	f = frame_get(t->pool);
	memcpy(f->data, data, len);
	f->len = len;
	f->in_ifindex = ifindex;
	t->why = engine_dry(e, &ops, f, now, &trace);
	if (!t->why)
		t->why = counted_drop(e);
	t->held = trace.held;
	engine_free(e); /* frames in it are the pool's, which ends with the tracer */
	*out = t;
	return 0;
}
