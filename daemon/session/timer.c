// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timer wheel: see timer.h.
 *
 * Three rings of 256, 256 and 64 buckets. A step is 64 ticks. Ring 0 holds what is due within 256
 * steps, one bucket a step; ring 1 what is due within 256 x 256 steps, one bucket per turn of
 * ring 0; ring 2 the rest. When ring 0 has turned once, the next bucket of ring 1 is dealt out
 * again ("cascade"), and so on.
 *
 * A bucket is a doubly linked list of slots. The first element's timer_prev is HEAD | bucket, so
 * that a slot can be unlinked without knowing where it is; timer_prev 0 means not armed (slot 0 is
 * never used). A cascade and a due bucket are worked off element by element and can be interrupted
 * at any element when the budget is used up.
 */
#include <stdlib.h>

#include "session/timer.h"

#define STEP_SHIFT 6
#define RING0 256u
#define RING1 256u
#define RING2 64u
#define BUCKETS (RING0 + RING1 + RING2)
#define HEAD 0x80000000u

struct timer_wheel {
	struct asa_session *rows;
	__u32 base; /* tick at which step 0 began */
	__u32 step; /* steps done, from 'base' on; never wraps before the tick does */
	bool cascaded; /* the rings above have been dealt out for 'step' */
	__u32 bucket[BUCKETS];
};

struct timer_wheel *timer_new(struct asa_session *rows, __u32 now)
{
	struct timer_wheel *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->rows = rows;
	w->base = now;
	w->cascaded = true;
	return w;
}

void timer_free(struct timer_wheel *w)
{
	free(w);
}

static void link_slot(struct timer_wheel *w, __u32 slot, __u32 bucket)
{
	struct asa_session *r = &w->rows[slot];

	r->timer_next = w->bucket[bucket];
	r->timer_prev = HEAD | bucket;
	if (r->timer_next)
		w->rows[r->timer_next].timer_prev = slot;
	w->bucket[bucket] = slot;
}

void timer_disarm(struct timer_wheel *w, __u32 slot)
{
	struct asa_session *r = &w->rows[slot];

	if (!r->timer_prev)
		return;
	if (r->timer_prev & HEAD)
		w->bucket[r->timer_prev & ~HEAD] = r->timer_next;
	else
		w->rows[r->timer_prev].timer_next = r->timer_next;
	if (r->timer_next)
		w->rows[r->timer_next].timer_prev = r->timer_prev;
	r->timer_next = 0;
	r->timer_prev = 0;
}

/* Put 'slot' where its time belongs, seen from the present step. */
static void place(struct timer_wheel *w, __u32 slot)
{
	__u32 now = w->base + (w->step << STEP_SHIFT);
	__s32 ahead = (__s32)(w->rows[slot].expires - now);
	__u32 steps, at;

	/* Rounded up: never early. The present bucket is still to be worked off. */
	steps = ahead <= 0 ? 0 : ((__u32)ahead + (1u << STEP_SHIFT) - 1) >> STEP_SHIFT;
	at = w->step + steps;
	if (steps < RING0) {
		link_slot(w, slot, at % RING0);
		return;
	}
	/*
	 * Distances in the upper rings count whole turns of the ring below, from the turn that is
	 * under way; at least one, at most all but one, so that a bucket is never the current one.
	 */
	if ((at / RING0) - (w->step / RING0) < RING1) {
		link_slot(w, slot, RING0 + (at / RING0) % RING1);
		return;
	}
	steps = at / (RING0 * RING1) - w->step / (RING0 * RING1);
	if (steps >= RING2)
		steps = RING2 - 1;
	link_slot(w, slot, RING0 + RING1 + (w->step / (RING0 * RING1) + steps) % RING2);
}

void timer_arm(struct timer_wheel *w, __u32 slot, __u32 expires)
{
	timer_disarm(w, slot);
	w->rows[slot].expires = expires;
	place(w, slot);
}

/* Deal bucket out again to the rings below. => false when the budget ran out. */
static bool cascade(struct timer_wheel *w, __u32 bucket, int *budget)
{
	__u32 slot;

	while ((slot = w->bucket[bucket]) != 0) {
		if (--*budget < 0)
			return false;
		timer_disarm(w, slot);
		place(w, slot);
	}
	return true;
}

static bool cascade_all(struct timer_wheel *w, int *budget)
{
	if (w->step % RING0)
		return true;
	if (w->step % (RING0 * RING1) == 0 &&
	    !cascade(w, RING0 + RING1 + (w->step / (RING0 * RING1)) % RING2, budget))
		return false;
	return cascade(w, RING0 + (w->step / RING0) % RING1, budget);
}

bool timer_run(struct timer_wheel *w, __u32 now, int *budget, timer_cb cb, void *arg)
{
	for (;;) {
		__u32 slot, at = w->base + (w->step << STEP_SHIFT);

		if ((__s32)(now - at) < 0)
			return false;
		if (!w->cascaded) {
			if (!cascade_all(w, budget))
				return true;
			w->cascaded = true;
		}
		/*
		 * The callback may arm a slot for this very step: rows whose time has not come
		 * (a cascade parks them at most one step early) are put back one step ahead.
		 */
		while ((slot = w->bucket[w->step % RING0]) != 0) {
			if (--*budget < 0)
				return true;
			timer_disarm(w, slot);
			if ((__s32)(w->rows[slot].expires - now) > 0)
				link_slot(w, slot, (w->step + 1) % RING0);
			else
				cb(arg, slot);
		}
		w->step++;
		w->cascaded = false;
	}
}
