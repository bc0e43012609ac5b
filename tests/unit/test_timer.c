// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/session/timer.o */
/*
 * The timer wheel: nobody fires early, everybody fires within a step, over all rings, with slots
 * armed again and disarmed at random, across the wrap of the tick, with any budget (SES-12, GTO-1).
 */
#include <stdlib.h>
#include <string.h>

#include "lib/cunit.h"
#include "session/timer.h"

#define SLOTS 600
#define STEP 64 /* ticks: the wheel's resolution */

struct world {
	struct asa_session rows[SLOTS];
	__u32 due[SLOTS]; /* 0: not armed */
	__u32 now;
	struct timer_wheel *w;
	int fired, early, late;
	__u32 slack;
};

static void on_fire(void *arg, __u32 slot)
{
	struct world *w = arg;

	w->fired++;
	if (!w->due[slot] || (__s32)(w->now - w->due[slot]) < 0)
		w->early++;
	else if (w->now - w->due[slot] > w->slack)
		w->late++;
	w->due[slot] = 0;
}

static struct world *world_new(__u32 now)
{
	struct world *w = calloc(1, sizeof(*w));

	w->now = now;
	w->w = timer_new(w->rows, now);
	return w;
}

static void world_free(struct world *w)
{
	timer_free(w->w);
	free(w);
}

static void arm(struct world *w, __u32 slot, __u32 at)
{
	w->due[slot] = at ? at : 1;
	timer_arm(w->w, slot, w->due[slot]);
}

static int overdue(const struct world *w)
{
	int slot, n = 0;

	for (slot = 1; slot < SLOTS; slot++)
		n += w->due[slot] && (__s32)(w->now - w->due[slot]) > (__s32)w->slack;
	return n;
}

static void ses12_each_fires_once_and_in_time(void)
{
	static const __u32 ahead[] = {1,       63,	64,	  65,	    1000,    16383,
				      16384,   16448,	100000,	  1000000,  4194303, 4194304,
				      4259840, 5000000, 50000000, 268000000};
	const int n = sizeof(ahead) / sizeof(ahead[0]);
	int i, budget;

	for (i = 0; i < n; i++) {
		struct world *w = world_new(0xffffff00u); /* wraps at once */
		__u32 begin = w->now;

		arm(w, 1, begin + ahead[i]);
		w->slack = STEP;
		w->now = begin + ahead[i] - 1;
		budget = 1 << 20;
		CU_ASSERT_FALSE(timer_run(w->w, w->now, &budget, on_fire, w));
		CU_ASSERT_EQUAL(w->fired, 0);
		w->now = begin + ahead[i] + STEP;
		budget = 1 << 20;
		CU_ASSERT_FALSE(timer_run(w->w, w->now, &budget, on_fire, w));
		CU_ASSERT_EQUAL(w->fired, 1);
		CU_ASSERT_EQUAL(w->early, 0);
		CU_ASSERT_EQUAL(w->late, 0);
		world_free(w);
	}
}

static void ses12_random_arming_loses_nobody(void)
{
	struct world *w = world_new(0xfff00000u);
	int round, budget;

	w->slack = 2000 + 2 * STEP; /* the longest jump below, and a step */
	srandom(7);
	for (round = 0; round < 40000; round++) {
		__u32 slot = 1 + (__u32)random() % (SLOTS - 1);

		switch (random() % 4) {
		case 0:
			timer_disarm(w->w, slot);
			w->due[slot] = 0;
			break;
		case 1: arm(w, slot, w->now + (__u32)random() % 5000000); break;
		default: arm(w, slot, w->now + 1 + (__u32)random() % 30000); break;
		}
		if (round % 8)
			continue;
		w->now += (__u32)random() % 2000;
		do
			budget = 1 + (int)(random() % 16);
		while (timer_run(w->w, w->now, &budget, on_fire, w));
		CU_ASSERT_EQUAL(overdue(w), 0);
	}
	CU_ASSERT_TRUE(w->fired > 1000);
	CU_ASSERT_EQUAL(w->early, 0);
	CU_ASSERT_EQUAL(w->late, 0);
	world_free(w);
}

static void ses12_beyond_the_horizon(void)
{
	struct world *w = world_new(5);
	__u32 due = 5 + 0x7fff0000u; /* the longest idle timeout, 26 days */
	int budget;

	arm(w, 1, due);
	w->slack = 1 << 23;
	while ((__s32)(due - w->now) > 0) {
		CU_ASSERT_EQUAL(w->fired, 0);
		w->now += 1 << 22;
		do
			budget = 1 << 16;
		while (timer_run(w->w, w->now, &budget, on_fire, w));
	}
	CU_ASSERT_EQUAL(w->fired, 1);
	CU_ASSERT_EQUAL(w->early, 0);
	world_free(w);
}

static void tmo7_budget_bounds_the_work(void)
{
	struct world *w = world_new(1000);
	int budget, calls = 0;
	__u32 i;

	for (i = 1; i < SLOTS; i++)
		arm(w, i, 1100);
	w->now = 2000;
	w->slack = 1000;
	do {
		int before = w->fired;

		budget = 10;
		calls++;
		if (!timer_run(w->w, w->now, &budget, on_fire, w))
			break;
		CU_ASSERT_TRUE(w->fired - before <= 10);
	} while (calls < 1000);
	CU_ASSERT_EQUAL(w->fired, SLOTS - 1);
	CU_ASSERT_TRUE(calls >= (SLOTS - 1) / 10);
	world_free(w);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{"SES-12 each slot fires once and in time", ses12_each_fires_once_and_in_time},
		{"SES-12 random arming loses nobody", ses12_random_arming_loses_nobody},
		{"SES-12 times beyond the horizon", ses12_beyond_the_horizon},
		{"TMO-7 the budget bounds the work", tmo7_budget_bounds_the_work},
		{NULL, NULL},
	};

	return asa_cunit_main("timer", tests);
}
