// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of the in-order engine: see tcp_order_pool.h.
 *
 * Responsible for: giving out and taking back in constant time, the two bounds, and the waiting
 * lists: one for each number of seconds, so that each is in the order in which its times end.
 * Not responsible for: what is in a block, whose it is.
 *
 * Threads: one at a time.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "normalize/tcp_order_pool.h"

_Static_assert(ORDER_BLOCK_BYTES >= 3840, "a frame of the largest size fits in a block");

struct wait_list {
	struct order_block *oldest, *newest;
};

struct order_pool {
	__u8 *area;
	struct order_block *free;
	__u32 n_blocks, fresh; /* blocks below 'fresh' have been used before */
	__u32 used, waiting, waiting_max;
	struct wait_list wait[ORDER_TIMEOUT_MAX_S + 1];
};

struct order_pool *order_pool_new(__u32 n_blocks)
{
	struct order_pool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->n_blocks = n_blocks;
	p->waiting_max = n_blocks - n_blocks / 4;
	p->area = mmap(NULL, (size_t)n_blocks * ORDER_BLOCK_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p->area == MAP_FAILED) {
		free(p);
		return NULL;
	}
	return p;
}

void order_pool_free(struct order_pool *p)
{
	if (!p)
		return;
	munmap(p->area, (size_t)p->n_blocks * ORDER_BLOCK_SIZE);
	free(p);
}

struct order_block *order_block_get(struct order_pool *p, bool waits)
{
	struct order_block *b = p->free;

	if (waits && p->waiting == p->waiting_max)
		return NULL;
	if (b)
		p->free = b->next;
	else if (p->fresh < p->n_blocks)
		b = (struct order_block *)(p->area + (size_t)p->fresh++ * ORDER_BLOCK_SIZE);
	else
		return NULL;
	p->used++;
	p->waiting += waits;
	b->next = NULL;
	b->why = 0;
	b->fin = false;
	b->changed = false;
	return b;
}

void order_block_put(struct order_pool *p, struct order_block *b, bool waits)
{
	b->next = p->free;
	p->free = b;
	p->used--;
	p->waiting -= waits;
}

void order_wait_begin(struct order_pool *p, struct order_block *b, __u32 now)
{
	struct wait_list *l = &p->wait[b->timeout_s];

	b->began = now;
	b->newer = NULL;
	b->older = l->newest;
	if (l->newest)
		l->newest->newer = b;
	else
		l->oldest = b;
	l->newest = b;
}

void order_wait_end(struct order_pool *p, struct order_block *b)
{
	struct wait_list *l = &p->wait[b->timeout_s];

	if (b->older)
		b->older->newer = b->newer;
	else
		l->oldest = b->newer;
	if (b->newer)
		b->newer->older = b->older;
	else
		l->newest = b->older;
}

struct order_block *order_wait_over(const struct order_pool *p, __u32 now)
{
	__u32 s;

	for (s = 0; s <= ORDER_TIMEOUT_MAX_S; s++) {
		struct order_block *b = p->wait[s].oldest;

		if (b && (__s32)(now - (b->began + asa_ticks_from_ms((__u64)s * 1000))) >= 0)
			return b;
	}
	return NULL;
}

__u32 order_pool_left(const struct order_pool *p)
{
	return p->n_blocks - p->used;
}

void order_pool_count(const struct order_pool *p, __u32 *used, __u32 *waiting)
{
	*used = p->used;
	*waiting = p->waiting;
}
