/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses as numbers, for the compiler and its matchers.
 *
 * Responsible for: one ordered 128-bit space in which IPv4 is ::ffff:0:0/96, so that a host, a
 * subnet and a range of either family are all "from lo to hi" and need no case of their own.
 * Not responsible for: text (config prints and parses).
 *
 * Callers: daemon/policy and session/xlate. Pure functions, any thread.
 */
#ifndef POLICY_ADDR_H
#define POLICY_ADDR_H

#include <stdbool.h>

#include "asa/types.h"

typedef unsigned __int128 addr_num;

#define ADDR_NUM_MAX (~(addr_num)0)
#define ADDR_V4_FIRST ((addr_num)0xffff << 32)
#define ADDR_V4_LAST (ADDR_V4_FIRST | 0xffffffffu)

struct addr_range {
	addr_num lo, hi;
};

static inline addr_num addr_to_num(const struct asa_addr *a)
{
	return ((addr_num)asa_ntohl(a->w[0]) << 96) | ((addr_num)asa_ntohl(a->w[1]) << 64) |
	       ((addr_num)asa_ntohl(a->w[2]) << 32) | asa_ntohl(a->w[3]);
}

static inline void addr_from_num(addr_num n, struct asa_addr *a)
{
	for (int i = 3; i >= 0; i--, n >>= 32)
		a->w[i] = asa_htonl((__u32)n);
}

static inline bool addr_num_is_v4(addr_num n)
{
	return n >= ADDR_V4_FIRST && n <= ADDR_V4_LAST;
}

/* The mask of a prefix of 0-128 bits. */
static inline addr_num addr_mask(unsigned int plen)
{
	return plen ? ADDR_NUM_MAX << (128 - plen) : 0;
}

static inline struct addr_range addr_prefix_range(addr_num base, unsigned int plen)
{
	addr_num mask = addr_mask(plen);

	return (struct addr_range){ base & mask, base | ~mask };
}

/* Length of the longest prefix that holds the whole range. */
static inline unsigned int addr_range_prefix(struct addr_range r)
{
	addr_num differ = r.lo ^ r.hi;
	__u64 high = differ >> 64, low = differ;

	if (high)
		return __builtin_clzll(high);
	return low ? 64 + __builtin_clzll(low) : 128;
}

/* Is the range exactly one prefix? */
static inline bool addr_range_is_prefix(struct addr_range r)
{
	addr_num mask = addr_mask(addr_range_prefix(r));

	return (r.lo & ~mask) == 0 && (r.hi | mask) == ADDR_NUM_MAX;
}

static inline bool addr_range_has(struct addr_range r, addr_num a)
{
	return a >= r.lo && a <= r.hi;
}

static inline bool addr_range_overlaps(struct addr_range a, struct addr_range b)
{
	return a.lo <= b.hi && b.lo <= a.hi;
}

#endif
