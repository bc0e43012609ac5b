// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames and their pools.
 *
 * Responsible for: giving out and taking back the fixed frames of one memory area in constant
 * time, and finding the frame of an address inside it. Not responsible for: the memory itself
 * (the worker's UMEM, or plain memory in tests), the rings.
 *
 * Life cycle: frame_pool_new() with the area, frame_pool_free() before the area goes.
 * Callers: workers (datapath/worker.c), the engine through worker_ops.
 * Threads: a pool belongs to one worker and is not locked.
 *
 * The free list is a stack: the frame used last is the one most likely still in the cache.
 */
#include <assert.h>
#include <stdlib.h>

#include "datapath/frame.h"

struct frame_pool {
	struct frame *frames; /* row i owns FRAME_SIZE bytes at mem + i * FRAME_SIZE */
	struct frame *free;
	__u8 *mem;
	__u64 umem_base; /* UMEM address of mem */
	__u32 n_frames;
	__u32 n_free;
};

struct frame_pool *frame_pool_new_at(void *mem, __u32 n_frames, __u64 umem_base)
{
	struct frame_pool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->frames = calloc(n_frames ? n_frames : 1, sizeof(*p->frames));
	if (!p->frames) {
		free(p);
		return NULL;
	}
	p->mem = mem;
	p->umem_base = umem_base;
	p->n_frames = n_frames;
	/* Backwards, so that the first frame given out is the first of the area. */
	for (__u32 i = n_frames; i-- > 0;) {
		struct frame *f = &p->frames[i];

		f->buf = p->mem + (size_t)i * FRAME_SIZE;
		f->umem_addr = umem_base + (__u64)i * FRAME_SIZE;
		frame_put(p, f);
	}
	return p;
}

struct frame_pool *frame_pool_new(void *mem, __u32 n_frames)
{
	return frame_pool_new_at(mem, n_frames, 0);
}

void frame_pool_free(struct frame_pool *p)
{
	if (!p)
		return;
	free(p->frames);
	free(p);
}

struct frame *frame_get(struct frame_pool *p)
{
	struct frame *f = p->free;

	if (asa_unlikely(!f))
		return NULL;
	p->free = f->next;
	p->n_free--;
	f->next = NULL;
	f->data = f->buf + FRAME_HEADROOM;
	f->len = 0;
	f->in_ifindex = 0;
	f->out_ifindex = 0;
	f->in_queue = 0;
	f->meta.cause = PUNT_NONE;
	f->meta.ref = 0;
	f->meta.magic = 0;
	return f;
}

void frame_put(struct frame_pool *p, struct frame *f)
{
	assert(f >= p->frames && f < p->frames + p->n_frames);
	f->next = p->free;
	p->free = f;
	p->n_free++;
}

__u32 frame_pool_available(const struct frame_pool *p)
{
	return p->n_free;
}

void frame_prefetch(struct frame_pool *p, __u64 umem_addr)
{
	struct frame *f = frame_from_addr(p, umem_addr);
	const __u8 *data = p->mem + (umem_addr - p->umem_base);

	if (!f)
		return;
	__builtin_prefetch(data - sizeof(f->meta)); /* the driver's metadata */
	__builtin_prefetch(data); /* headers */
	for (size_t i = 0; i < sizeof(*f); i += 64)
		__builtin_prefetch((__u8 *)f + i, 1);
}

struct frame *frame_from_addr(struct frame_pool *p, __u64 umem_addr)
{
	__u64 row = (umem_addr - p->umem_base) / FRAME_SIZE;

	/* An address below the base wraps around and is refused by the same comparison. */
	return row < p->n_frames ? &p->frames[row] : NULL;
}
