// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pieces of a line and the ranges that cover them; see segments.h.
 *
 * Piece i goes from starts[i] to the value before starts[i + 1]; the first starts at 0, so that
 * every value is in a piece. Lists lie one after the other in 'lists'.
 *
 * Callers: classifier.c. Threads: see segments.h.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "policy/segments.h"

struct segments {
	__u32 n; /* pieces */
	bool narrow; /* all ends fit 16 bits, as ports do: 'ports' instead of 'starts' */
	addr_num *starts;
	__u16 *ports;
	__u32 *first; /* n + 1: where the list of a piece begins */
	__u32 *lists;
};

static int num_order(const void *a, const void *b)
{
	const addr_num *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static size_t piece_of_port(const struct segments *s, addr_num v)
{
	const __u16 *at = s->ports;
	__u16 port = v > 0xffff ? 0xffff : v;

	/* No branch on what is found: the next step does not wait for a guess. */
	for (size_t n = s->n; n > 1; n -= n / 2)
		at += at[n / 2] <= port ? n / 2 : 0;
	return at - s->ports;
}

static size_t piece_of(const struct segments *s, addr_num v)
{
	size_t lo = 0, hi = s->n;

	if (s->narrow)
		return piece_of_port(s, v);

	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;

		if (s->starts[mid] <= v)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* Starts of pieces: 0, and both ends of every range. */
static int starts_make(struct segments *s, const struct addr_range *r, size_t n)
{
	size_t kept = 1;

	s->starts = calloc(2 * n + 1, sizeof(*s->starts));
	if (!s->starts)
		return -1;
	s->n = 1;
	for (size_t i = 0; i < n; i++) {
		s->starts[s->n++] = r[i].lo;
		if (r[i].hi != ADDR_NUM_MAX)
			s->starts[s->n++] = r[i].hi + 1;
	}
	qsort(s->starts, s->n, sizeof(*s->starts), num_order);
	for (size_t i = 1; i < s->n; i++)
		if (s->starts[i] != s->starts[kept - 1])
			s->starts[kept++] = s->starts[i];
	s->n = kept;
	return 0;
}

/* Ranges of ports: a binary search over 2 bytes each stays within few cache lines. */
static int ports_make(struct segments *s)
{
	/* The end behind 65535 begins a piece that no port is in. */
	if (s->n > 1 && s->starts[s->n - 1] == 0x10000)
		s->n--;
	if (s->starts[s->n - 1] > 0xffff)
		return 0;
	s->ports = calloc(s->n, sizeof(*s->ports));
	if (!s->ports)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		s->ports[i] = s->starts[i];
	free(s->starts);
	s->starts = NULL;
	s->narrow = true;
	return 0;
}

static int lists_make(struct segments *s, const struct addr_range *r, size_t n, size_t most)
{
	size_t total = 0;
	__u32 *fill;

	s->first = calloc(s->n + 1, sizeof(*s->first));
	fill = calloc(s->n + 1, sizeof(*fill));
	if (!s->first || !fill)
		goto fail;
	for (size_t i = 0; i < n; i++) {
		size_t to = piece_of(s, r[i].hi);

		for (size_t p = piece_of(s, r[i].lo); p <= to; p++) {
			fill[p]++;
			if (++total > most)
				goto fail;
		}
	}
	for (size_t p = 0; p < s->n; p++) {
		s->first[p + 1] = s->first[p] + fill[p];
		fill[p] = s->first[p];
	}
	s->lists = calloc(total ? total : 1, sizeof(*s->lists));
	if (!s->lists)
		goto fail;
	for (size_t i = 0; i < n; i++) {
		size_t to = piece_of(s, r[i].hi);

		for (size_t p = piece_of(s, r[i].lo); p <= to; p++)
			s->lists[fill[p]++] = i;
	}
	free(fill);
	return 0;
fail:
	free(fill);
	return -1;
}

struct segments *segments_new(const struct addr_range *r, size_t n, size_t most)
{
	struct segments *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (n > UINT_MAX / 4 || most > UINT_MAX || starts_make(s, r, n) || ports_make(s) ||
	    lists_make(s, r, n, most)) {
		segments_free(s);
		return NULL;
	}
	return s;
}

void segments_free(struct segments *s)
{
	if (!s)
		return;
	free(s->starts);
	free(s->ports);
	free(s->first);
	free(s->lists);
	free(s);
}

const __u32 *segments_find(const struct segments *s, addr_num v, __u32 *n)
{
	size_t p = piece_of(s, v);

	*n = s->first[p + 1] - s->first[p];
	return s->lists + s->first[p];
}

size_t segments_packed_words(const struct segments *s)
{
	size_t words = 1 + (s->n + 1) / 2 + s->n;

	if (!s->narrow)
		return 0;
	for (size_t p = 0; p < s->n; p++)
		if (s->first[p + 1] - s->first[p] > 1)
			words += 1 + s->first[p + 1] - s->first[p];
	return words < SEGMENTS_NONE ? words : 0;
}

void segments_pack(const struct segments *s, __u32 *words)
{
	__u32 *item = words + 1 + (s->n + 1) / 2, *list = item + s->n;

	words[(s->n + 1) / 2] = 0; /* its second half may be no start */
	words[0] = s->n;
	memcpy(words + 1, s->ports, s->n * sizeof(*s->ports));
	for (size_t p = 0; p < s->n; p++) {
		__u32 n = s->first[p + 1] - s->first[p];

		item[p] = n ? s->lists[s->first[p]] : SEGMENTS_NONE;
		if (n < 2)
			continue;
		item[p] = SEGMENTS_LIST | (__u32)(list - words);
		*list = n;
		memcpy(list + 1, s->lists + s->first[p], n * sizeof(*list));
		list += 1 + n;
	}
}

size_t segments_longest(const struct segments *s)
{
	size_t longest = 0;

	for (size_t p = 0; p < s->n; p++)
		if (s->first[p + 1] - s->first[p] > longest)
			longest = s->first[p + 1] - s->first[p];
	return longest;
}
