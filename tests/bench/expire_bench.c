// SPDX-License-Identifier: GPL-2.0-only
/*
 * A million connections that end (TMO-7): how late the last one goes, how long the lock is held.
 *
 * Responsible for: connections made by packets through the real engine and session module, over
 * tables in plain memory (tests/lib/fake_dp.h); then turns of the daemon's loop in real time: pieces
 * of SESSIONS_PER_TURN timers, for 8 of every 10 ms, as in daemon/main.c. Not responsible for: the
 * driver, the log.
 *
 * Two cases: all due within the second in which they were made, spread evenly; all due at once.
 * Run: build/expire_bench [CONNECTIONS]
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/fake_dp.h"

#define TURN_MS 8.0
#define TICK_MS 10.0

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* 'spread_ms': over which time they were made. */
static void run(__u32 n, __u32 spread_ms)
{
	struct fake *f = fake_new(n + 1000);
	double begin, worst = 0, *held = malloc(sizeof(double) * (n / 16 + 100000)), busy = 0;
	__u32 i, first, start, turns = 0;

	f->no_log = true;
	fake_start(f);
	start = f->now;
	for (i = 0; i < n; i++) {
		char src[16];

		snprintf(src, sizeof(src), "10.1.1.%u", 1 + i % 200);
		f->now = start + asa_ticks_from_ms((__u64)i * spread_ms / n);
		if (FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = src, .dst = "198.51.100.7",
			    .sport = (__u16)(1 + i / 200), .dport = (__u16)(53 + i / 10000000)))
			abort();
		fake_forget_sent(f);
	}
	/* Time goes on until just before the first is due; then it is the machine's. */
	first = start + asa_ticks_from_ms(120000);
	for (f->now = start; (__s32)(first - 20 - f->now) > 0; f->now += 10)
		while (sessions_tick(f->asa.sessions, f->now, 4096))
			;
	begin = now_ms();
	while (fake_in_use(f) && turns < n / 16 + 90000) {
		double tick = now_ms(), t = tick;
		bool more;

		do {
			double took;

			f->now = first + asa_ticks_from_ms((__u64)(t - begin));
			more = sessions_tick(f->asa.sessions, f->now, SESSIONS_PER_TURN);
			took = now_ms() - t;
			held[turns++] = took;
			busy += took;
			if (took > worst)
				worst = took;
			t = now_ms();
		} while (more && t - tick < TURN_MS);
		if (t - tick < TICK_MS)
			usleep((useconds_t)((TICK_MS - (t - tick)) * 1000));
	}
	qsort(held, turns, sizeof(*held), compare);
	printf("%8u connections made within %4u ms: the last one gone %5.0f ms after its time, %.0f ns each, "
	       "lock held %.3f ms (99.9 %%), %.3f ms (worst)\n",
	       n, spread_ms, now_ms() - begin - spread_ms, busy * 1e6 / n, held[turns * 999ull / 1000], worst);
	free(held);
	fake_end(f);
}

int main(int argc, char **argv)
{
	__u32 n = argc > 1 ? (__u32)atoi(argv[1]) : 1000000;

	run(n, 10000);
	run(n, 1);
	return 0;
}
