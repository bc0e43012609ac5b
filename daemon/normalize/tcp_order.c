// SPDX-License-Identifier: GPL-2.0-only
/*
 * The in-order engine: see tcp_order.h.
 *
 * Responsible for: the verdict about a segment. It comes in this order:
 *	1. where the stream ends	data behind a FIN, a FIN inside of data
 *	2. bytes that passed already	the same, or made the same, or refused
 *	3. bytes that wait already	likewise
 *	4. no hole before it		shown, kept if need be; it passes, and what it was waited for
 *	5. a hole before it		waits, if there is room
 * Nothing is changed before the last reason to refuse the segment is out of the way.
 * Not responsible for: memory (tcp_order_pool.c).
 *
 * All comparisons are signed differences modulo 2^32; the windows that were checked before keep
 * distances far below half of that.
 *
 * Threads: one at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "asa/parse.h"
#include "normalize/tcp_order.h"

static bool after(__u32 a, __u32 b)
{
	return (__s32)(a - b) > 0;
}

static __u32 later(__u32 a, __u32 b)
{
	return after(a, b) ? a : b;
}

static __u32 earlier(__u32 a, __u32 b)
{
	return after(a, b) ? b : a;
}

static __u32 block_end(const struct order_block *b)
{
	return b->seq + b->size;
}

/* Are passed bytes kept? */
static bool keeps(const struct order_conf *c)
{
	return c->compare || c->shown;
}

struct orders *orders_new(__u32 n_blocks)
{
	struct orders *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->pool = order_pool_new(n_blocks);
	if (!o->pool) {
		free(o);
		return NULL;
	}
	return o;
}

void orders_free(struct orders *o)
{
	if (!o)
		return;
	order_pool_free(o->pool);
	free(o);
}

void tcp_stream_begin(struct tcp_stream *s, const struct order_conf *c, __u32 next)
{
	memset(s, 0, sizeof(*s));
	s->next = next;
	s->kept_from = next;
	s->limit = c->queue_limit ? c->queue_limit : ORDER_LIMIT_DEFAULT;
	s->flags = STREAM_BEGUN;
}

/* ------------------------------------------------------------------ bytes that have passed */

static void passed_put(struct orders *o, struct tcp_stream *s)
{
	struct order_block *b = s->passed;

	s->passed = b->next;
	if (!s->passed)
		s->passed_last = NULL;
	s->n_passed--;
	order_block_put(o->pool, b, false);
}

/* Forget what lies before 'acked'. */
static void passed_forget(struct orders *o, struct tcp_stream *s, __u32 acked)
{
	acked = earlier(acked, s->next);
	if (!after(acked, s->kept_from))
		return;
	s->kept_from = acked;
	while (s->passed && !after(block_end(s->passed), acked))
		passed_put(o, s);
}

/* Blocks that 'size' more bytes need. */
static __u32 passed_blocks(const struct tcp_stream *s, __u32 size)
{
	__u32 room = s->passed_last ? ORDER_BLOCK_BYTES - s->passed_last->size : 0;

	return size <= room ? 0 : (size - room + ORDER_BLOCK_BYTES - 1) / ORDER_BLOCK_BYTES;
}

/* Take the blocks first, so that bytes are kept all or not at all. */
static enum asa_drop passed_room(struct orders *o, const struct tcp_stream *s, __u32 size,
				 struct order_block **fresh)
{
	__u32 n = passed_blocks(s, size);
	struct order_block *b;

	*fresh = NULL;
	if (s->n_passed + n > ORDER_PASSED_BLOCKS)
		return DROP_TCP_BUFFER_FULL;
	if (n && s->n_passed + n > ORDER_PASSED_MIN &&
	    s->n_passed + n > order_pool_left(o->pool) / ORDER_PASSED_SHARE)
		return DROP_TCP_GLOBAL_BUFFER_FULL;
	while (n--) {
		b = order_block_get(o->pool, false);
		if (!b) {
			while ((b = *fresh) != NULL) {
				*fresh = b->next;
				order_block_put(o->pool, b, false);
			}
			return DROP_TCP_GLOBAL_BUFFER_FULL;
		}
		b->next = *fresh;
		*fresh = b;
	}
	return DROP_NONE;
}

/* Bytes from s->next on, into the last block and the fresh ones. */
static void passed_add(struct tcp_stream *s, const __u8 *p, __u32 size, struct order_block *fresh)
{
	__u32 seq = s->next, n;

	while (size) {
		struct order_block *b = s->passed_last;

		if (!b || b->size == ORDER_BLOCK_BYTES) {
			b = fresh;
			fresh = b->next;
			b->next = NULL;
			b->seq = seq;
			b->size = 0;
			if (s->passed_last)
				s->passed_last->next = b;
			else
				s->passed = b;
			s->passed_last = b;
			s->n_passed++;
		}
		n = (__u32)ORDER_BLOCK_BYTES - b->size;
		n = n < size ? n : size;
		memcpy(b->bytes + b->size, p, n);
		b->size += n;
		p += n;
		seq += n;
		size -= n;
	}
}

/* ------------------------------------------------------------------ bytes that came before */

/*
 * Bytes 'from' that begin at number 'seq' came first: compare them with those of the segment where
 * both have some, and with 'write' put them there instead. => are they the same?
 */
static bool first_bytes(struct order_segment *g, const __u8 *from, __u32 seq, __u32 size, bool write)
{
	__u32 lo = later(seq, g->seq), hi = earlier(seq + size, g->seq + g->size);

	if (!after(hi, lo) || !memcmp(g->payload + (lo - g->seq), from + (lo - seq), hi - lo))
		return true;
	if (write) {
		memcpy(g->payload + (lo - g->seq), from + (lo - seq), hi - lo);
		g->changed = true;
	}
	return false;
}

/* Against all that is kept. => do the bytes differ anywhere? */
static bool differs(const struct tcp_stream *s, struct order_segment *g, bool write)
{
	__u32 end = g->seq + g->size;
	const struct order_block *b;
	bool differ = false;

	/* Not what is acknowledged: a keep-alive may bring any byte (RFC 9293 section 3.8.4). */
	for (b = after(s->next, g->seq) ? s->passed : NULL; b && after(end, b->seq); b = b->next) {
		__u32 skip = after(s->kept_from, b->seq) ? s->kept_from - b->seq : 0;

		differ |= !first_bytes(g, b->bytes + skip, b->seq + skip, b->size - skip, write);
	}
	for (b = s->waiting; b && after(end, b->seq); b = b->next)
		differ |= !first_bytes(g, b->bytes + b->payload, b->seq, b->size, write);
	return differ;
}

/* ------------------------------------------------------------------ segments that wait */

static void waiting_take_first(struct orders *o, struct tcp_stream *s)
{
	struct order_block *b = s->waiting;

	s->waiting = b->next;
	s->n_waiting--;
	b->next = NULL;
	order_wait_end(o->pool, b);
}

/* Does all of it wait already? */
static bool waits_already(const struct tcp_stream *s, const struct order_segment *g)
{
	__u32 have = g->seq, end = g->seq + g->size;
	const struct order_block *b;
	bool fin = !g->fin;

	for (b = s->waiting; b && !after(b->seq, have); b = b->next) {
		have = later(have, block_end(b));
		fin |= b->fin;
	}
	return fin && !after(end, have);
}

static enum asa_drop wait(struct orders *o, struct tcp_stream *s, const struct order_conf *c,
			  struct order_segment *g, __u32 now)
{
	struct order_block **at = &s->waiting, *b;

	if (waits_already(s, g))
		return DROP_TCP_DUP_IN_QUEUE;
	if (s->n_waiting >= s->limit || g->kept > ORDER_BLOCK_BYTES)
		return DROP_TCP_BUFFER_FULL;
	b = order_block_get(o->pool, true);
	if (!b)
		return DROP_TCP_GLOBAL_BUFFER_FULL;
	(void)differs(s, g, true);
	b->changed = g->changed;
	b->owner = s;
	b->seq = g->seq;
	b->size = g->size;
	b->fin = g->fin;
	b->kept = (__u16)g->kept;
	b->payload = g->size ? (__u16)(g->payload - g->frame) : 0;
	b->timeout_s = c->timeout_s <= ORDER_TIMEOUT_MAX_S ? c->timeout_s : ORDER_TIMEOUT_MAX_S;
	memcpy(b->info, g->info, sizeof(b->info));
	memcpy(b->bytes, g->frame, g->kept);
	order_wait_begin(o->pool, b, now);
	/* Of two that begin alike the one that came first stays in front. */
	while (*at && !after((*at)->seq, g->seq))
		at = &(*at)->next;
	b->next = *at;
	*at = b;
	s->n_waiting++;
	return DROP_NONE;
}

/* ------------------------------------------------------------------ what passes */

/*
 * Payload at 'seq' that has no hole before it: show and keep what of it is new.
 * => why it must not pass
 */
static enum asa_drop advance(struct orders *o, struct tcp_stream *s, const struct order_conf *c,
			     const struct order_sink *sink, __u32 seq, const __u8 *payload,
			     __u32 size, bool fin)
{
	__u32 end = seq + size, n = after(end, s->next) ? end - s->next : 0;
	const __u8 *p = n ? payload + (s->next - seq) : NULL;
	struct order_block *fresh = NULL, *b;
	enum asa_drop why = DROP_NONE;

	if (n && keeps(c)) {
		why = passed_room(o, s, n, &fresh);
		if (why)
			return why;
	}
	if (n && sink && sink->bytes)
		why = sink->bytes(sink->arg, s->next, p, n);
	if (why) {
		while ((b = fresh) != NULL) {
			fresh = b->next;
			order_block_put(o->pool, b, false);
		}
		s->flags |= STREAM_REFUSED;
		s->refused = (__u16)why;
		return why;
	}
	if (n && keeps(c))
		passed_add(s, p, n, fresh);
	s->next += n;
	if (fin && !(s->flags & STREAM_FIN_PASSED)) {
		s->flags |= STREAM_FIN_PASSED;
		if (sink && sink->fin)
			sink->fin(sink->arg);
	}
	return DROP_NONE;
}

/* What waited for the number that has just passed. */
static struct order_block *release(struct orders *o, struct tcp_stream *s,
				   const struct order_conf *c, const struct order_sink *sink)
{
	struct order_block *first = NULL, **last = &first, *b;

	while ((b = s->waiting) != NULL && !after(b->seq, s->next)) {
		waiting_take_first(o, s);
		b->why = s->flags & STREAM_REFUSED ?
				 s->refused :
				 (__u16)advance(o, s, c, sink, b->seq, b->bytes + b->payload,
						b->size, b->fin);
		*last = b;
		last = &b->next;
	}
	return first;
}

/* 1. Nothing behind a FIN, and no FIN before what came already. */
static enum asa_drop check_end(const struct tcp_stream *s, const struct order_segment *g)
{
	bool known = s->flags & STREAM_FIN_PASSED;
	__u32 end = g->seq + g->size, high = s->next, fin = s->next;
	const struct order_block *b;

	for (b = s->waiting; b; b = b->next) {
		high = later(high, block_end(b));
		if (b->fin) {
			known = true;
			fin = block_end(b);
		}
	}
	if (known) {
		if (after(end, fin))
			return DROP_TCP_PAST_FIN;
		return g->fin && end != fin ? DROP_TCP_RSTFIN_OOO : DROP_NONE;
	}
	return g->fin && after(high, end) ? DROP_TCP_RSTFIN_OOO : DROP_NONE;
}

enum order_verdict tcp_stream_segment(struct orders *o, struct tcp_stream *s,
				      const struct order_conf *c, const struct order_sink *sink,
				      struct order_segment *g, __u32 now,
				      struct order_block **released, enum asa_drop *why)
{
	bool hole = after(g->seq, s->next);

	*released = NULL;
	g->changed = false;
	*why = s->flags & STREAM_REFUSED ? s->refused : check_end(s, g);
	if (!*why && c->compare && differs(s, g, false))
		*why = DROP_TCP_DUP_DATA;
	if (*why)
		return ORDER_DROP;
	if (hole) {
		*why = wait(o, s, c, g, now);
		if (*why)
			return ORDER_DROP;
	} else {
		(void)differs(s, g, true);
		*why = advance(o, s, c, sink, g->seq, g->payload, g->size, g->fin);
		if (*why)
			return ORDER_DROP;
		*released = release(o, s, c, sink);
	}
	if (g->size > s->largest)
		s->largest = (__u16)g->size;
	return hole ? ORDER_WAIT : ORDER_PASS;
}

/* ------------------------------------------------------------------ the receiver, time, the end */

void tcp_stream_acked(struct orders *o, struct tcp_stream *s, const struct order_conf *c,
		      __u32 acked, __u32 window)
{
	__u32 n;

	passed_forget(o, s, acked);
	if (c->queue_limit)
		return; /* exactly that many, whatever is advertised */
	if (s->flags & STREAM_WINDOW && window != s->window) {
		n = window / (s->largest ? s->largest : 536);
		s->limit = (__u16)(n < ORDER_LIMIT_DEFAULT ? ORDER_LIMIT_DEFAULT :
				   n > ORDER_LIMIT_MAX	   ? ORDER_LIMIT_MAX :
							     n);
	}
	s->window = window;
	s->flags |= STREAM_WINDOW;
}

struct order_block *tcp_stream_discard(struct orders *o, struct tcp_stream *s)
{
	struct order_block *all = s->waiting;

	while (s->waiting) {
		order_wait_end(o->pool, s->waiting);
		s->waiting->why = DROP_SESSION_EXPIRED;
		s->waiting = s->waiting->next;
	}
	s->n_waiting = 0;
	return all;
}

struct order_block *tcp_stream_end(struct orders *o, struct tcp_stream *s)
{
	struct order_block *all = tcp_stream_discard(o, s);

	while (s->passed)
		passed_put(o, s);
	memset(s, 0, sizeof(*s));
	return all;
}

struct order_block *orders_expire(struct orders *o, __u32 now)
{
	struct order_block *b = order_wait_over(o->pool, now), **at;

	if (!b)
		return NULL;
	for (at = &b->owner->waiting; *at != b; at = &(*at)->next)
		;
	*at = b->next;
	b->owner->n_waiting--;
	b->next = NULL;
	order_wait_end(o->pool, b);
	b->why = DROP_TCP_BUFFER_TIMEOUT;
	return b;
}

void orders_release(struct orders *o, struct order_block *b)
{
	order_block_put(o->pool, b, true);
}
