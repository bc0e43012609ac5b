/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of many ranges hold a value.
 *
 * Responsible for: cutting a line (ports, addresses) at every end of a range, and keeping for each
 * piece the list of the ranges that cover it, in their order. A lookup is one binary search. It
 * is what the classifier falls back to for rules that hashing cannot tell apart, such as long
 * lists of port ranges between the same networks.
 *
 * Life cycle: built once, immutable, freed. Threads: lookups from any number of threads.
 */
#ifndef POLICY_SEGMENTS_H
#define POLICY_SEGMENTS_H

#include <stddef.h>

#include "policy/addr.h"

struct segments;

/*
 * Build over n ranges. => NULL when the lists together would have more than 'most' numbers, or
 *    without memory: the caller can do without.
 */
struct segments *segments_new(const struct addr_range *r, size_t n, size_t most);
void segments_free(struct segments *s); /* NULL accepted */
/* => numbers of the ranges that hold v, ascending, and how many. */
const __u32 *segments_find(const struct segments *s, addr_num v, __u32 *n);
/*
 * The same in one stretch of memory, for segments of ports: starts of pieces, then for each piece
 * the only range that covers it or where its list is. What is needed for a look-up is asked for
 * at once, and the list of one takes no step of its own.
 */
#define SEGMENTS_LIST 0x80000000u
#define SEGMENTS_NONE 0x7fffffffu
size_t segments_packed_words(const struct segments *s); /* => 0: cannot be packed */
void segments_pack(const struct segments *s, __u32 *words);
static inline const __u32 *segments_packed_find(const __u32 *words, __u16 port, __u32 *n)
{
	const __u16 *starts = (const __u16 *)(words + 1), *at = starts;
	const __u32 *item;

	/* No branch on what is found: the next step does not wait for a guess. */
	for (__u32 left = *words; left > 1; left -= left / 2)
		at += at[left / 2] <= port ? left / 2 : 0;
	item = words + 1 + (*words + 1) / 2 + (at - starts);
	if (*item & SEGMENTS_LIST) {
		item = words + (*item & ~SEGMENTS_LIST);
		*n = *item;
		return item + 1;
	}
	*n = *item != SEGMENTS_NONE;
	return item;
}
/* The longest list: what a lookup may have to compare. */
size_t segments_longest(const struct segments *s);

#endif
