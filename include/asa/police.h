/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policing (MPF-8): may a packet of a class that has a rate limit go on?
 *
 * Responsible for: the token bucket of a row of asa_police (flow.h), kept as one number: the time at
 * which the bucket would be full again. A packet costs the time that its bytes take at the rate; it
 * conforms while that does not reach further into the future than the bucket is deep. One
 * compare-and-swap takes tokens, so XDP on all CPUs and the daemon share one bucket.
 * Not responsible for: which row a connection has (daemon/session/police.c).
 *
 * Race: after four lost swaps in a row the packet conforms and is charged without looking again;
 * a bucket that so many CPUs want at once is charged for all of them, so the rate holds.
 */
#ifndef ASA_POLICE_H
#define ASA_POLICE_H

#include "flow.h"

#define ASA_POLICE_SHIFT 10 /* ns_per_byte has that many binary places */
#define ASA_POLICE_TRIES 4

/* => a rate in bits per second as time per byte */
asa_inline __u32 asa_police_ns_per_byte(__u32 rate)
{
	return (__u32)((8000000000ull << ASA_POLICE_SHIFT) / rate);
}

/* => the depth of a bucket of 'burst' bytes in microseconds, about 71 minutes at most */
asa_inline __u32 asa_police_burst_us(__u32 burst, __u32 rate)
{
	__u64 us = (__u64)burst * 8000000ull / rate;

	return us > 0xffffffffull ? 0xffffffffu : (__u32)us;
}

/* A packet of that many IP bytes at 'now' (ns of CLOCK_MONOTONIC). => 1: it goes on, 0: dropped */
asa_inline int asa_police_pass(struct asa_police *p, __u32 bytes, __u64 now)
{
	__u64 cost = ((__u64)bytes * p->ns_per_byte) >> ASA_POLICE_SHIFT;
	__u64 limit = now + (__u64)p->burst_us * 1000, full, start, seen;
	int i, conforms = 1;

	for (i = 0; i < ASA_POLICE_TRIES; i++) {
		full = *(volatile __u64 *)&p->full_ns;
		start = full > now ? full : now;
		if (start + cost > limit) {
			conforms = 0;
			break;
		}
		seen = __sync_val_compare_and_swap(&p->full_ns, full, start + cost);
		if (seen == full)
			break;
	}
	if (asa_unlikely(i == ASA_POLICE_TRIES))
		__sync_fetch_and_add(&p->full_ns, cost);
	if (conforms) {
		__sync_fetch_and_add(&p->conformed_packets, 1);
		__sync_fetch_and_add(&p->conformed_bytes, bytes);
		return !(p->flags & ASA_POLICE_CONFORM_DROP);
	}
	__sync_fetch_and_add(&p->exceeded_packets, 1);
	__sync_fetch_and_add(&p->exceeded_bytes, bytes);
	return !(p->flags & ASA_POLICE_EXCEED_DROP);
}

#endif
