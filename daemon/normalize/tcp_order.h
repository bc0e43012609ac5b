/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The in-order engine: one direction of a TCP connection, segment by segment, put in order.
 *
 * Responsible for: which segment passes now, which waits for one before it (queue-limit, NRM-10),
 * which is dropped; that of bytes that came twice the first ones win (NRM-33) or a difference is
 * found (check-retransmission, NRM-15); showing each byte once and in order to who wants to see it
 * (struct order_sink, application inspection), so that no byte passes that was not shown; bounds of
 * memory for a connection and in total (NRM-32), and of time (NRM-34).
 * Not responsible for: whether the segment is possible at all (asa/tcp_track.h: windows, flags) or
 * whole (checksum): the caller has looked; frames: a segment that waits is copied, and given back
 * as a block that the caller makes a frame of again; where any of it goes.
 *
 * Numbers are those of the sender on the wire (before seq_add). 'next' is the first number that has
 * not passed. Bytes that have passed and are not acknowledged by their receiver are kept when they
 * are to be compared or a sink saw them: their receiver may not have got them, and would believe
 * another copy. Bytes below the receiver's acknowledgment are no longer of interest: it has them
 * and does not look at another copy.
 *
 * Invariant: bytes of the same number are the same in every copy that is kept or passes.
 *
 * Life cycle: orders_new() once; tcp_stream_begin() for each direction, tcp_stream_segment() for each
 * segment with payload or FIN, tcp_stream_end() before the memory of the stream is used otherwise.
 * Callers: the engine (engine/order.c). Threads: one at a time (asa->lock).
 */
#ifndef NORMALIZE_TCP_ORDER_H
#define NORMALIZE_TCP_ORDER_H

#include "asa/drop.h"
#include "normalize/tcp_order_pool.h"

#define ORDER_LIMIT_DEFAULT 3 /* segments; queue-limit 0, adjusted to the advertised window */
#define ORDER_LIMIT_MAX 250
#define ORDER_PASSED_BLOCKS 66 /* of a stream: 256 KiB and a block that is not full at either end */
/*
 * Of the blocks that are left a stream may have one in eight for passed bytes, and two in any case:
 * many that keep much leave room for one that is new.
 */
#define ORDER_PASSED_SHARE 8
#define ORDER_PASSED_MIN 2
#define ORDER_WINDOW_MAX (256u * 1024) /* more than this cannot be kept: what a receiver may offer */

struct orders {
	struct order_pool *pool;
};

/* Who wants to see the bytes. Both may be NULL. */
struct order_sink {
	/*
	 * 'n' bytes from number 'seq' on: all before them were shown already.
	 * => DROP_NONE, or why neither these bytes nor any behind them may pass
	 */
	enum asa_drop (*bytes)(void *arg, __u32 seq, const __u8 *p, __u32 n);
	void (*fin)(void *arg); /* that was all: the FIN passes */
	void *arg;
};

/* What the class of the connection asks for. */
struct order_conf {
	__u16 queue_limit; /* 0: the system's default */
	__u8 timeout_s; /* how long a segment may wait, 1-20 */
	bool compare; /* check-retransmission */
	bool shown; /* a sink looks at it */
};

enum stream_flag {
	STREAM_BEGUN = 1 << 0,
	STREAM_FIN_PASSED = 1 << 1, /* 'next' is its number */
	STREAM_REFUSED = 1 << 2, /* the sink refused a byte: nothing passes any more */
	STREAM_WINDOW = 1 << 3, /* 'window' is known */
};

struct tcp_stream {
	__u32 next; /* first number that has not passed */
	__u32 kept_from; /* first number of 'passed' */
	__u32 window; /* last window that the receiver advertised */
	__u16 limit; /* segments that may wait */
	__u16 n_waiting, n_passed; /* blocks */
	__u16 largest; /* payload of one segment */
	__u16 refused; /* enum asa_drop */
	__u8 flags; /* enum stream_flag */
	struct order_block *waiting; /* by seq */
	struct order_block *passed, *passed_last;
};

struct order_segment {
	__u32 seq;
	__u32 size;
	__u8 *payload; /* may be written to */
	bool fin;
	bool changed; /* result: bytes were replaced by those that came first */
	/* if it has to wait: 'kept' bytes of the frame, the payload among them */
	const __u8 *frame;
	__u32 kept;
	__u32 info[6]; /* copied into the block */
};

enum order_verdict {
	ORDER_PASS, /* the segment, then all of *released, in this order */
	ORDER_WAIT, /* it was copied; its frame is the caller's to free */
	ORDER_DROP, /* for the reason *why */
};

/* Room for n_blocks blocks of ORDER_BLOCK_SIZE. => NULL when out of memory */
struct orders *orders_new(__u32 n_blocks);
/* => NULL accepted. Streams must not be used afterwards. */
void orders_free(struct orders *o);

/* The next byte has number 'next'. */
void tcp_stream_begin(struct tcp_stream *s, const struct order_conf *c, __u32 next);
/*
 * One segment of a stream that has begun.
 * => the verdict; *released: blocks that can go now, each with 'why' set if it must be dropped;
 *    give each to orders_release()
 */
enum order_verdict tcp_stream_segment(struct orders *o, struct tcp_stream *s,
				      const struct order_conf *c, const struct order_sink *sink,
				      struct order_segment *g, __u32 now,
				      struct order_block **released, enum asa_drop *why);
/* The receiver has acknowledged up to 'acked', and advertises 'window' (scaled). */
void tcp_stream_acked(struct orders *o, struct tcp_stream *s, const struct order_conf *c,
		      __u32 acked, __u32 window);
/* The connection was reset: nothing will fill a hole. => segments that waited, as below */
struct order_block *tcp_stream_discard(struct orders *o, struct tcp_stream *s);
/* Everything kept goes. => segments that waited (DROP_SESSION_EXPIRED), for orders_release() */
struct order_block *tcp_stream_end(struct orders *o, struct tcp_stream *s);
/* A segment whose time is over (DROP_TCP_BUFFER_TIMEOUT). => for orders_release(), NULL: none */
struct order_block *orders_expire(struct orders *o, __u32 now);
/* A block that was given back by the functions above. */
void orders_release(struct orders *o, struct order_block *b);

#endif
