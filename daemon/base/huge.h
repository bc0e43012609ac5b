/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for large tables that are read at random.
 *
 * Responsible for: asking Linux to back large allocations with large pages. A table of some
 * megabytes in pages of 4 KB costs a walk of the page tables for nearly every access, which in a
 * virtual machine takes longer than the access itself; it also takes a thousand page faults to
 * fill. Not responsible for: small tables, which come from the heap as they always did.
 *
 * Where the system has no large pages to give (transparent_hugepage=never) nothing but the time
 * changes. Callers: anybody with a table. Ownership: free(). Threads: any.
 */
#ifndef BASE_HUGE_H
#define BASE_HUGE_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

/* => size bytes, aligned to a cache line, contents unknown; NULL when out of memory. */
static inline void *huge_alloc(size_t size)
{
	size_t rest = size % HUGE_PAGE;
	void *p = NULL;

	if (size < HUGE_PAGE / 2)
		return posix_memalign(&p, 64, size) ? NULL : p;
	/* A tail of less than half a large page is left to small ones. */
	if (rest >= HUGE_PAGE / 2)
		size += HUGE_PAGE - rest;
	if (posix_memalign(&p, HUGE_PAGE, size))
		return NULL;
	madvise(p, size, MADV_HUGEPAGE);
	return p;
}

/* The same, all zero. */
static inline void *huge_zalloc(size_t size)
{
	void *p = huge_alloc(size);

	return p ? memset(p, 0, size) : NULL;
}

#endif
