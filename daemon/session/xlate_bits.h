/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of 65,536 numbers in use: the ports of a PAT address, or the low half of pool addresses.
 *
 * Responsible for: taking a given number, finding a free one in a range in bounded time (two
 * levels: at most 17 words of the summary and 2 of the set are read), giving it back. Not
 * responsible for: who uses a number (xlate.c).
 *
 * Life cycle: a block is made when its address is first used and kept. Threads: the owner's lock.
 */
#ifndef SESSION_XLATE_BITS_H
#define SESSION_XLATE_BITS_H

#include <stdbool.h>

#include "asa/types.h"

struct xlate_block {
	struct asa_addr addr;
	__u16 kind;
	struct xlate_block *next; /* in its hash chain */
	__u64 full[16]; /* bit w: word w has no free number */
	__u64 used[1024];
	__u64 *kept; /* numbers that are never given out, used as well; NULL: none */
	__u64 *owned; /* numbers of blocks that hosts have (xlate_lease.c); NULL: none */
	__u32 *counts; /* users of each number in an extended pool; NULL: none */
};

static inline bool xlate_bit_used(const struct xlate_block *b, __u16 n)
{
	return b->used[n / 64] >> (n % 64) & 1;
}

static inline bool xlate_bit_kept(const struct xlate_block *b, __u16 n)
{
	return b->kept && (b->kept[n / 64] >> (n % 64) & 1);
}

static inline void xlate_bit_take(struct xlate_block *b, __u16 n)
{
	b->used[n / 64] |= 1ull << (n % 64);
	if (b->used[n / 64] == ~0ull)
		b->full[n / 4096] |= 1ull << (n / 64 % 64);
}

static inline void xlate_bit_put(struct xlate_block *b, __u16 n)
{
	if (xlate_bit_kept(b, n))
		return;
	b->used[n / 64] &= ~(1ull << (n % 64));
	b->full[n / 4096] &= ~(1ull << (n / 64 % 64));
}

/* => the first free number from lo to hi, -1 none. */
static inline int xlate_bit_free(const struct xlate_block *b, __u32 lo, __u32 hi)
{
	__u64 open = ~b->used[lo / 64] >> (lo % 64) << (lo % 64);
	__u32 w = lo / 64, n;

	if (!open) {
		/* the next word that is not full, by the summary */
		__u32 s = (w + 1) / 64;
		__u64 words;

		if (w + 1 == 1024)
			return -1;
		words = ~b->full[s] >> ((w + 1) % 64) << ((w + 1) % 64);
		while (!words) {
			if (++s == 16)
				return -1;
			words = ~b->full[s];
		}
		w = s * 64 + __builtin_ctzll(words);
		open = ~b->used[w];
	}
	n = w * 64 + __builtin_ctzll(open);
	return n <= hi ? (int)n : -1;
}

/* The same, from 'start' on and round. */
static inline int xlate_bit_free_from(const struct xlate_block *b, __u32 lo, __u32 hi, __u32 start)
{
	int n = xlate_bit_free(b, start, hi);

	return n < 0 && start > lo ? xlate_bit_free(b, lo, start - 1) : n;
}

#endif
