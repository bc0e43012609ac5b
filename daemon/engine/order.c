// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP connections whose segments are put in order (ASA_DIR_ORDER): what lies between the pipeline
 * and the in-order engine (normalize/tcp_order.h).
 *
 * Responsible for: which connections (a TCP map with queue-limit of 1 or more, or
 * check-retransmission), their state by slot, the payload of a packet, be it in fragments; that only
 * what its receiver will accept is looked at (checksum); segments that had to wait, on their way
 * again; what putting in order does to other fields:
 *	- bytes that were replaced: the checksum
 *	- timestamps: a segment that waited leaves behind one that was sent later, and would be
 *	  refused for its older timestamp (RFC 7323 section 5.3): it gets the later one
 *	- windows: a receiver may not offer more than can be kept until it is acknowledged
 * Not responsible for: the order itself; whether a segment may pass (tracked before it comes here,
 * and once more when it has waited).
 *
 * A segment that waits is a copy: its frame goes back to the worker at once, and a new one is taken
 * when it may go. So a hole costs no receive buffer, and the copy leaves through whatever worker
 * brought the segment it waited for. What came in fragments waits as the datagram that they make, and
 * leaves as such; in order, it leaves in the fragments that came.
 *
 * After a restart of the daemon streams go on where the last segment passed (asa_half.seq_end);
 * bytes before it are not compared any more, and what waited is sent again by its sender.
 *
 * Threads: asa->lock.
 */
#include <stdlib.h>

#include "engine/engine_impl.h"
#include "inspect/inspect.h"
#include "normalize/tcp_order.h"

#define ORDER_BLOCKS 16384u /* 64 MiB, touched as far as needed (NRM-32) */
#define ORDER_SWEEP 1024 /* connections looked at in a tick, whether they are still there */
#define LINEAR_HEADERS 512
#define LINEAR_MAX (65536 + LINEAR_HEADERS)

struct order_conn {
	__u64 id; /* of the connection, 0 none */
	struct tcp_stream stream[2];
	__u32 start[2]; /* number of the first byte */
	struct order_conf conf;
	__u32 active; /* place in order_table.active */
};

/* Made when the first connection needs it. */
struct order_table {
	struct orders *orders;
	struct order_conn *conns; /* by slot; rows that were never used cost nothing */
	__u32 *active; /* slots with state */
	__u32 n_active, sweep, n_slots;
	const struct inspect_stream *watch;
	__u8 linear[LINEAR_MAX]; /* a datagram in fragments, put together */
};

/* What a block remembers of its frame (order_block.info). */
enum info { INFO_IFINDEX, INFO_QUEUE, INFO_MADE };

/* Of what the daemon made itself nothing was received that could be dropped. */
static void block_dropped(struct engine *e, const struct order_block *b, enum asa_drop why)
{
	account_drop(e, b->info[INFO_MADE] ? 0 : b->info[INFO_IFINDEX], b->kept, why);
}

static struct order_table *table_new(__u32 n_slots)
{
	struct order_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->n_slots = n_slots;
	t->orders = orders_new(ORDER_BLOCKS);
	t->conns = calloc(n_slots, sizeof(*t->conns));
	t->active = calloc(n_slots, sizeof(*t->active));
	if (!t->orders || !t->conns || !t->active) {
		order_table_free(t);
		return NULL;
	}
	return t;
}

void order_table_free(struct order_table *t)
{
	if (!t)
		return;
	orders_free(t->orders);
	free(t->conns);
	free(t->active);
	free(t);
}

int engine_watch_streams(struct engine *e, const struct inspect_stream *watch)
{
	if (!e->order)
		e->order = table_new(sessions_tables(e->asa->sessions)->n_slots);
	if (!e->order)
		return -1;
	e->order->watch = watch;
	return 0;
}

bool order_wanted(const struct policy_service *service)
{
	const struct asa_tcp_map *m = service->tcp_map;

	return m && !service->bypass &&
	       (m->queue_limit || m->flags & ASA_TM_CHECK_RETRANSMISSION);
}

/* ------------------------------------------------------------------ checksum, timestamp */

/* Over pseudo-header, header and payload; all ones if the checksum is right. */
static __u64 tcp_sum(const struct asa_pkt *p, const __u8 *payload)
{
	__u32 size = p->tcp.header + (__u32)p->tcp.size;
	__u64 sum = asa_htons(p->proto) + (__u64)asa_htonl(size);

	if (p->flags & ASA_PKT_IPV4)
		sum = asa_csum_add_bytes(sum, (__u8 *)p->l3 + ASA_IP4_SRC, 8);
	else
		sum = asa_csum_add_bytes(sum, (__u8 *)p->l3 + ASA_IP6_SRC, 32);
	sum = asa_csum_add_bytes(sum, p->l4, p->tcp.header);
	return asa_csum_add_bytes(sum, payload, p->tcp.size);
}

static void tcp_checksum_write(struct asa_pkt *p, const __u8 *payload)
{
	asa_st16((__u8 *)p->l4 + ASA_TCP_CHECK, 0);
	asa_st16((__u8 *)p->l4 + ASA_TCP_CHECK, (__u16)~asa_csum_fold(tcp_sum(p, payload)));
}

/* The timestamp option of a segment. => its value's place, NULL: none */
static __u8 *find_timestamp(struct asa_pkt *p)
{
	__u8 *o = (__u8 *)p->l4 + ASA_TCP_SIZE, *end = (__u8 *)p->l4 + p->tcp.header;

	while (o < end && *o != 0) {
		if (*o == 1) {
			o++;
			continue;
		}
		if (end - o < 2 || o[1] < 2 || o[1] > end - o)
			return NULL;
		if (*o == 8)
			return o[1] == 10 ? o + 2 : NULL;
		o += o[1];
	}
	return NULL;
}

/* ------------------------------------------------------------------ segments that waited */

/* Count and free what cannot go any more. */
static void give_up(struct engine *e, struct order_block *b)
{
	struct order_block *next;

	for (; b; b = next) {
		next = b->next;
		block_dropped(e, b, b->why);
		orders_release(e->order->orders, b);
	}
}

static void conn_end(struct engine *e, struct order_conn *c)
{
	struct order_table *t = e->order;
	__u32 last = t->active[--t->n_active];

	give_up(e, tcp_stream_end(t->orders, &c->stream[0]));
	give_up(e, tcp_stream_end(t->orders, &c->stream[1]));
	t->conns[last].active = c->active;
	t->active[c->active] = last;
	c->id = 0;
}

/* One that waited, as a frame again. => NULL: dropped */
static struct frame *block_frame(struct engine *e, struct worker_ops *ops, struct order_block *b)
{
	struct frame *f = b->why ? NULL : frame_get(ops->pool);

	if (!f) {
		block_dropped(e, b, b->why ? b->why : DROP_RESOURCE_TX_QUEUE);
		return NULL;
	}
	memcpy(f->data, b->bytes, b->kept);
	f->len = b->kept;
	f->in_ifindex = b->info[INFO_IFINDEX];
	f->in_queue = (__u16)b->info[INFO_QUEUE];
	return f;
}

void order_release(struct engine *e, struct worker_ops *ops, struct order_block *b,
		   const struct order_stamp *stamp, __u32 now)
{
	struct order_block *next;
	struct frame *f;
	__u8 *ts;

	for (; b; b = next) {
		bool fix = b->changed, made = b->info[INFO_MADE];

		next = b->next;
		f = block_frame(e, ops, b);
		orders_release(e->order->orders, b);
		if (!f)
			continue;
		if (asa_parse(&f->pkt, f->data, f->data + f->len, 1)) { /* it was parsed before */
			frames_drop(e, ops, f, DROP_INTERNAL_ERROR);
			continue;
		}
		ts = stamp->any ? find_timestamp(&f->pkt) : NULL;
		if (ts && (__s32)(stamp->value - asa_ldn32(ts)) > 0) {
			asa_stn32(ts, stamp->value);
			fix = true;
		}
		if (fix)
			tcp_checksum_write(&f->pkt, (__u8 *)f->pkt.l4 + f->pkt.tcp.header);
		engine_ordered(e, ops, f, now, made);
	}
}

void order_tick(struct engine *e, __u32 now)
{
	struct order_table *t = e->order;
	const struct asa_session *row;
	struct order_block *b;
	int i;

	if (!t)
		return;
	while ((b = orders_expire(t->orders, now)) != NULL)
		give_up(e, b);
	for (i = 0; i < ORDER_SWEEP && t->n_active; i++) {
		__u32 slot;

		if (t->sweep >= t->n_active)
			t->sweep = 0;
		slot = t->active[t->sweep++];
		row = session_row(e->asa->sessions, slot);
		if (!row || row->id != t->conns[slot].id)
			conn_end(e, &t->conns[slot]);
	}
}

__u32 order_held(const struct engine *e)
{
	__u32 used = 0, waiting = 0;

	if (e->order)
		order_pool_count(e->order->orders->pool, &used, &waiting);
	return waiting;
}

/* ------------------------------------------------------------------ the state of a connection */

static void conf_fill(const struct walk *w, struct order_conf *c)
{
	const struct dp_tables *t = sessions_tables(w->e->asa->sessions);
	const struct asa_tcp_map *m = &t->tcp_maps[w->conn->half[0].tcp_map];

	memset(c, 0, sizeof(*c));
	c->queue_limit = m->queue_limit;
	c->timeout_s = (__u8)m->queue_timeout;
	c->compare = m->flags & ASA_TM_CHECK_RETRANSMISSION;
	c->shown = w->e->order->watch != NULL;
}

/* => NULL: no memory */
static struct order_conn *conn_of(struct walk *w)
{
	const struct asa_session *row = session_row(w->e->asa->sessions, w->slot);
	struct order_table *t = w->e->order;
	struct order_conn *c;

	if (!t)
		t = w->e->order = table_new(sessions_tables(w->e->asa->sessions)->n_slots);
	if (!t || !row)
		return NULL;
	c = &t->conns[w->slot];
	if (c->id == row->id)
		return c;
	if (c->id)
		conn_end(w->e, c);
	memset(c, 0, sizeof(*c));
	conf_fill(w, &c->conf);
	c->id = row->id;
	c->active = t->n_active;
	t->active[t->n_active++] = w->slot;
	return c;
}

/* Where the stream of this packet's direction begins, if that is known now. */
static void stream_begin(struct walk *w, struct order_conn *c)
{
	const struct asa_half *own = &w->conn->half[w->dir];
	struct tcp_stream *s = &c->stream[w->dir];
	__u32 start;

	if (w->p->tcp.flags & ASA_TCP_SYN) {
		start = w->p->tcp.seq + 1;
		if (s->flags & STREAM_BEGUN && c->start[w->dir] == start)
			return; /* once more */
		give_up(w->e, tcp_stream_end(w->e->order->orders, s));
	} else if (s->flags & STREAM_BEGUN || !(own->tcp & ASA_HALF_SYN)) {
		return;
	} else { /* a stream without bytes begins behind the SYN, another one where we take over */
		start = own->tcp & ASA_HALF_DATA ? own->seq_end : own->isn + 1;
	}
	c->start[w->dir] = start;
	tcp_stream_begin(s, &c->conf, start);
}

/* ------------------------------------------------------------------ bytes of a packet */

/* Payload between the frames of a chain and one piece of memory; with 'back' the other way. */
static void chain_copy(struct walk *w, __u8 *linear, bool back)
{
	__u32 left = w->p->tcp.size, n;
	struct frame *f;

	for (f = w->f; f && left; f = f->next) {
		__u32 header = f == w->f ? w->p->tcp.header : 0;
		__u8 *at = (__u8 *)f->pkt.l3 + (f->pkt.l4_off - f->pkt.l3_off) + header;

		n = f->pkt.l4_size - header;
		n = n < left ? n : left;
		if (back)
			memcpy(at, linear, n);
		else
			memcpy(linear, at, n);
		linear += n;
		left -= n;
	}
}

/* The header of a first fragment becomes that of a whole datagram of 'size' bytes. => bytes removed from it */
static __u32 unfragment_ip4(struct walk *w, __u8 *l3, __u32 size)
{
	__u32 header = (asa_ld8(l3) & 15) * 4u;

	asa_stn16(l3 + ASA_IP4_LENGTH, (__u16)size);
	asa_stn16(l3 + ASA_IP4_FRAG, asa_ldn16(l3 + ASA_IP4_FRAG) & 0x4000);
	asa_st8(l3 + ASA_IP4_TTL, w->p->tcp.ttl); /* the lowest of all fragments */
	asa_st16(l3 + ASA_IP4_CHECK, 0);
	asa_st16(l3 + ASA_IP4_CHECK, (__u16)~asa_csum_fold(asa_csum_add_bytes(0, l3, header)));
	return 0;
}

static __u32 unfragment_ip6(struct walk *w, __u8 *l3, __u32 size)
{
	__u8 *next = l3 + ASA_IP6_NEXT, *h = l3 + ASA_IP6_SIZE, *l4 = l3 + (w->p->l4_off - w->p->l3_off);

	while (*next != ASA_PROTO_FRAGMENT) { /* asa_parse() has walked here */
		if (!asa_ip6_is_exthdr(*next) || h + 8 > l4)
			return 0;
		next = h;
		h += (h[1] + 1) * 8;
	}
	*next = h[0];
	memmove(h, h + 8, (size_t)(l3 + size - (h + 8)));
	asa_stn16(l3 + ASA_IP6_LENGTH, (__u16)(size - 8 - ASA_IP6_SIZE));
	asa_st8(l3 + ASA_IP6_HOPS, w->p->tcp.ttl);
	return 8;
}

/* The frame and the payload in it; of fragments, a copy of the whole. */
static void segment_bytes(struct walk *w, struct order_segment *g)
{
	__u8 *linear = w->e->order->linear, *data = w->f->data, *l3;
	__u32 headers = (__u32)((__u8 *)w->p->l4 - data) + w->p->tcp.header, link, size, removed;

	g->frame = data;
	g->kept = w->f->len;
	g->payload = data + headers;
	if (!w->f->next)
		return;
	link = (__u32)((__u8 *)w->p->l3 - data);
	g->kept = FRAME_SIZE; /* if there is no frame for it */
	if (headers > LINEAR_HEADERS) /* cannot be: headers fit into a frame's */
		headers = LINEAR_HEADERS;
	memcpy(linear, data, headers);
	chain_copy(w, linear + headers, false);
	l3 = linear + link;
	size = headers + w->p->tcp.size - link;
	removed = w->p->flags & ASA_PKT_IPV4 ? unfragment_ip4(w, l3, size) : unfragment_ip6(w, l3, size);
	g->frame = linear;
	g->payload = linear + headers - removed;
	size += link - removed;
	if (size <= FRAME_SIZE - FRAME_HEADROOM)
		g->kept = size;
}

/* The frames of a packet that waits go back; those behind the first count as sent on with it. */
static void give_back(struct walk *w)
{
	struct frame *f, *next;

	for (f = w->f; f; f = next) {
		next = f->next;
		if (f != w->f)
			account_forward(w->e, f->in_ifindex, f->len);
		frame_put(w->ops->pool, f);
	}
}

/* Bytes were replaced: into the frames, and into the checksum. */
static void payload_changed(struct walk *w, __u8 *payload)
{
	if (w->f->next)
		chain_copy(w, payload, true);
	tcp_checksum_write(w->p, payload);
}

/* ------------------------------------------------------------------ the stage */

struct shown {
	const struct inspect_stream *watch;
	__u32 slot;
	int dir;
};

static enum asa_drop show_bytes(void *arg, __u32 seq, const __u8 *p, __u32 n)
{
	const struct shown *s = arg;

	return s->watch->bytes(s->watch->arg, s->slot, s->dir, seq, p, n);
}

static void show_fin(void *arg)
{
	const struct shown *s = arg;

	s->watch->fin(s->watch->arg, s->slot, s->dir);
}

/* Nothing fills a hole any more; what waits in either direction has no receiver. */
static void reset_seen(struct walk *w, struct order_conn *c)
{
	struct orders *o = w->e->order->orders;

	give_up(w->e, tcp_stream_discard(o, &c->stream[0]));
	give_up(w->e, tcp_stream_discard(o, &c->stream[1]));
}

/* What this segment says about the other direction: acknowledged, and how much may follow. */
static void acknowledge(struct walk *w, struct order_conn *c)
{
	const struct asa_half *own = &w->conn->half[w->dir], *peer = &w->conn->half[!w->dir];
	struct tcp_stream *s = &c->stream[!w->dir];
	struct asa_tcp_seg *t = &w->p->tcp;
	__u32 scale = t->flags & ASA_TCP_SYN ? 0 : asa_tcp_scale(own, peer);
	__u8 *l4 = w->p->l4;
	__u16 most;

	if (!(t->flags & ASA_TCP_ACKF) || t->flags & ASA_TCP_RST || !(s->flags & STREAM_BEGUN))
		return;
	tcp_stream_acked(w->e->order->orders, s, &c->conf, t->ack - w->conn->half[!w->dir].seq_add,
			 (__u32)t->window << scale);
	most = (__u16)(ORDER_WINDOW_MAX >> scale);
	if ((!c->conf.compare && !c->conf.shown) || ORDER_WINDOW_MAX >> scale >= t->window)
		return;
	asa_st16(l4 + ASA_TCP_CHECK,
		 asa_csum_change(asa_ld16(l4 + ASA_TCP_CHECK),
				 asa_csum_diff16(asa_htons(t->window), asa_htons(most))));
	asa_stn16(l4 + ASA_TCP_WINDOW, most);
	t->window = most;
}

/* The segment, its payload without a SYN's number. */
static enum asa_drop put_in_order(struct walk *w, struct order_conn *c)
{
	struct asa_tcp_seg *t = &w->p->tcp;
	struct shown shown = { w->e->order->watch, w->slot, w->dir };
	struct order_sink sink = { show_bytes, show_fin, &shown };
	struct order_segment g = {
		.seq = t->seq + ((t->flags & ASA_TCP_SYN) != 0),
		.size = t->size,
		.fin = t->flags & ASA_TCP_FIN,
		.info = { w->in->ifindex, w->f->in_queue, w->made },
	};
	int most = policy_model(w->policy)->timeouts.tcp_proxy_reassembly;
	struct order_conf conf = c->conf;
	enum asa_drop why;
	__u8 *ts;

	if (most > 0 && conf.timeout_s > most) /* GTO-10, GTO-22: the value of now */
		conf.timeout_s = (__u8)most;
	segment_bytes(w, &g);
	if (asa_csum_fold(tcp_sum(w->p, g.payload)) != 0xffff)
		return DROP_TCP_CHECKSUM;
	acknowledge(w, c); /* even if there is no room for the payload: it may make some */
	switch (tcp_stream_segment(w->e->order->orders, &c->stream[w->dir], &conf,
				   w->e->order->watch ? &sink : NULL, &g, w->now, &w->released,
				   &why)) {
	case ORDER_DROP: return why;
	case ORDER_WAIT:
		give_back(w);
		w->done = true;
		return DROP_NONE;
	case ORDER_PASS: break;
	}
	if (g.changed)
		payload_changed(w, g.payload);
	ts = w->released ? find_timestamp(w->p) : NULL;
	w->stamp.any = ts != NULL;
	w->stamp.value = ts ? asa_ldn32(ts) : 0;
	return DROP_NONE;
}

enum asa_drop stage_order(struct walk *w)
{
	struct order_conn *c;

	if (!(w->conn->dir[w->dir].flags & ASA_DIR_ORDER) || w->ordered || w->trace ||
	    w->p->proto != ASA_PROTO_TCP)
		return DROP_NONE;
	c = conn_of(w);
	if (!c)
		return DROP_TCP_GLOBAL_BUFFER_FULL;
	stream_begin(w, c);
	if (w->p->tcp.flags & ASA_TCP_RST) {
		reset_seen(w, c);
		return DROP_NONE;
	}
	if ((w->p->tcp.size || w->p->tcp.flags & ASA_TCP_FIN) &&
	    c->stream[w->dir].flags & STREAM_BEGUN)
		return put_in_order(w, c);
	acknowledge(w, c);
	return DROP_NONE;
}
