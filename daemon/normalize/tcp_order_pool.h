/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of the in-order engine: blocks of one size, all of them counted (NRM-32).
 *
 * A block holds either a segment that waits for one before it, or bytes that have passed and that
 * their receiver has not acknowledged. There are as many as orders_new() was told and never more;
 * segments that wait may take three quarters of them, so that a flood of holes cannot keep
 * connections without holes from going on.
 *
 * The area is taken at once and touched only as far as it was ever needed.
 *
 * Callers: tcp_order.c. Threads: one at a time (asa->lock).
 */
#ifndef NORMALIZE_TCP_ORDER_POOL_H
#define NORMALIZE_TCP_ORDER_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "asa/types.h"

#define ORDER_BLOCK_SIZE 4096
#define ORDER_TIMEOUT_MAX_S 20 /* queue-limit N timeout 1-20: one list of waiting segments for each */

struct tcp_stream;

struct order_block {
	struct order_block *next; /* of the stream, by sequence number; or of the free list */
	struct order_block *older, *newer; /* waiting segments with the same timeout */
	struct tcp_stream *owner;
	__u32 seq, size; /* payload: size bytes from seq on */
	__u32 began; /* tick */
	__u32 info[6]; /* the caller's, unchanged */
	__u16 kept; /* bytes of the frame */
	__u16 payload; /* offset of the payload in it */
	__u16 why; /* enum asa_drop: released, but must not be sent */
	__u8 timeout_s;
	bool fin;
	bool changed; /* some of the payload was replaced by bytes that came first */
	__u8 bytes[]; /* the frame, or passed bytes */
};
#define ORDER_BLOCK_BYTES (ORDER_BLOCK_SIZE - offsetof(struct order_block, bytes))

struct order_pool;

/* => NULL when out of memory. */
struct order_pool *order_pool_new(__u32 n_blocks);
/* => NULL accepted. */
void order_pool_free(struct order_pool *p);
/* A block for passed bytes, or for a segment that waits. => NULL: no more of them. */
struct order_block *order_block_get(struct order_pool *p, bool waits);
void order_block_put(struct order_pool *p, struct order_block *b, bool waits);
/* Begin and end the waiting time of b (b->timeout_s). */
void order_wait_begin(struct order_pool *p, struct order_block *b, __u32 now);
void order_wait_end(struct order_pool *p, struct order_block *b);
/* => a block whose time is over, still waiting; NULL when there is none */
struct order_block *order_wait_over(const struct order_pool *p, __u32 now);
__u32 order_pool_left(const struct order_pool *p);
void order_pool_count(const struct order_pool *p, __u32 *used, __u32 *waiting);

#endif
