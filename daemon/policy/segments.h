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
/* The longest list: what a lookup may have to compare. */
size_t segments_longest(const struct segments *s);

#endif
