/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rates for show traffic, show interface and show perfmon: counters sampled every few seconds.
 *
 * Responsible for: a ring of samples that covers five minutes, the base that "clear traffic"
 * subtracts. Not responsible for: printing.
 * Callers: control.c samples by a timer; show commands read. Threads: main thread.
 */
#ifndef CONTROL_RATES_H
#define CONTROL_RATES_H

#include "asa/stats.h"
#include "asa/types.h"

struct asa;
struct rates;

#define RATES_INTERVAL_S 5

enum rate_kind {
	RATE_XLATES,
	RATE_CONNS,
	RATE_TCP,
	RATE_UDP,
	RATE_TORN,
	RATE_PUNTS,
	RATE_DROPS,
	RATE_KINDS
};

/* => NULL without memory. */
struct rates *rates_new(void);
void rates_free(struct rates *r); /* NULL accepted */
/* Take a sample of everything. 'now_ms': monotonic milliseconds. */
void rates_sample(struct rates *r, struct asa *a, __u64 now_ms);

/* Counters of an interface since it was cleared, and for how many milliseconds. => 0 or -errno */
int rates_if_now(struct rates *r, struct asa *a, __u32 ifindex, __u64 now_ms, struct asa_ifstat *s,
		 __u64 *for_ms);
/* Per second over the last 'seconds' (60, 300), or over the shorter time there are samples of. */
void rates_if(const struct rates *r, __u32 ifindex, unsigned int seconds, struct asa_ifstat *per_s);
/* Start counting from zero again; ifindex 0: every interface. */
void rates_if_clear(struct rates *r, struct asa *a, __u32 ifindex, __u64 now_ms);

/* Events per second, over the last interval and since the start. */
void rates_kind(const struct rates *r, enum rate_kind kind, double *current, double *average);

/* Monotonic milliseconds. */
__u64 rates_clock_ms(void);

#endif
