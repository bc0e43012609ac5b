// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/normalize/tcp_order.c daemon/normalize/tcp_order_pool.c */
/*
 * The in-order engine against a naive model that has all the memory of the world (NRM-10, NRM-15,
 * NRM-32, NRM-33).
 *
 * The model is a map from sequence number to byte: written by whoever brings the byte first, and
 * erased again when the segment that brought it goes without having passed. What must hold for any
 * sequence of segments, acknowledgments and timeouts:
 *	- every byte that passes is that of the map, and was shown before it passes
 *	- bytes are shown once each, in order, without a hole
 *	- nothing of a refused segment stays
 *	- with check-retransmission nothing is changed; what differs does not pass
 *	- no more segments wait than the limit says, none longer than its time
 *	- at the end every block is back
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asa/parse.h"
#include "normalize/tcp_order.h"

#define CHECK(cond)                                                                 \
	do {                                                                        \
		if (!(cond)) {                                                      \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                    \
		}                                                                   \
	} while (0)

#define SPACE 2048 /* numbers that a segment can have, relative to the first */
#define BLOCKS 24

struct record {
	uint16_t seq; /* modulo SPACE */
	uint8_t size;
	uint8_t fill; /* which version of the bytes; most are version 0 */
	uint8_t flags; /* 1 FIN; 2 an acknowledgment instead; 4 time goes by; 8 far away */
};

struct model {
	uint8_t byte[SPACE + 256];
	uint8_t copies[SPACE + 256]; /* segments that wait, with this byte */
	uint8_t state[SPACE + 256]; /* 0 not seen, 1 in a segment that waits, 2 passed */
	uint32_t base, shown, refuse_at;
	bool fin_shown;
	int n_waiting;
};

static struct model m;

static uint8_t original(uint32_t at)
{
	return (uint8_t)(at * 7 + (at >> 8));
}

static enum asa_drop on_bytes(void *arg, __u32 seq, const __u8 *p, __u32 n)
{
	(void)arg;
	CHECK(n && seq == m.base + m.shown && !m.fin_shown);
	if (m.shown + n > m.refuse_at)
		return DROP_INTERNAL_ERROR;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = m.shown + i;

		if (m.state[at]) /* it waited, in this segment or another */
			CHECK(p[i] == m.byte[at]);
		m.byte[at] = p[i];
		m.state[at] = 2;
	}
	m.shown += n;
	return DROP_NONE;
}

static void on_fin(void *arg)
{
	(void)arg;
	CHECK(!m.fin_shown);
	m.fin_shown = true;
}

static void model_waits(uint32_t at, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (m.state[at + i])
			CHECK(m.byte[at + i] == p[i]);
		else
			m.state[at + i] = 1;
		m.byte[at + i] = p[i];
		m.copies[at + i]++;
	}
	m.n_waiting++;
}

static void model_gone(const struct order_block *b)
{
	uint32_t at = b->seq - m.base;

	for (uint32_t i = 0; i < b->size; i++)
		if (!--m.copies[at + i] && m.state[at + i] == 1)
			m.state[at + i] = 0;
	m.n_waiting--;
}

/* Bytes leave: all of them shown, all of them the ones that came first. */
static void model_passes(uint32_t at, const uint8_t *p, uint32_t n, uint32_t acked, bool kept)
{
	CHECK(at + n <= m.shown);
	for (uint32_t i = 0; i < n && kept; i++)
		if (at + i >= acked)
			CHECK(p[i] == m.byte[at + i]);
}

static void take(struct orders *o, struct order_block *b, uint32_t acked, bool kept)
{
	struct order_block *next;

	for (; b; b = next) {
		next = b->next;
		if (!b->why)
			model_passes(b->seq - m.base, b->bytes + b->payload, b->size, acked, kept);
		model_gone(b);
		orders_release(o, b);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct order_sink sink = { .bytes = on_bytes, .fin = on_fin };
	struct order_conf c = { .timeout_s = 4 };
	struct tcp_stream s;
	uint8_t payload[256], before[256];
	uint32_t acked = 0, now = 0xfffff000u, used, waiting;
	struct orders *o;
	struct record r;

	if (size < 8)
		return 0;
	memset(&m, 0, sizeof(m));
	c.queue_limit = data[0] % 12;
	c.compare = data[1] & 1;
	c.shown = data[1] & 2;
	m.refuse_at = data[1] & 4 ? data[2] * 8u : UINT32_MAX;
	memcpy(&m.base, data + 4, 4);
	o = orders_new(BLOCKS);
	CHECK(o);
	tcp_stream_begin(&s, &c, m.base);
	for (data += 8, size -= 8; size >= sizeof(r); data += sizeof(r), size -= sizeof(r)) {
		struct order_block *released = NULL, *b;
		enum asa_drop why = DROP_NONE;
		struct order_segment g = { 0 };
		enum order_verdict v;
		uint32_t at, i;

		memcpy(&r, data, sizeof(r));
		if (r.flags & 2) {
			acked += r.size % 64;
			if (acked > m.shown)
				acked = m.shown;
			tcp_stream_acked(o, &s, &c, m.base + acked, r.seq);
			continue;
		}
		if (r.flags & 4) {
			now += asa_ticks_from_ms(r.size * 20u);
			while ((b = orders_expire(o, now)) != NULL) {
				CHECK(b->why == DROP_TCP_BUFFER_TIMEOUT);
				take(o, b, acked, true);
			}
			for (b = s.waiting; b; b = b->next)
				CHECK((int32_t)(now - b->began) < (int32_t)asa_ticks_from_ms(4000));
			continue;
		}
		at = r.flags & 8 ? r.seq % SPACE : (m.shown + r.seq % 128 - 40) % SPACE;
		for (i = 0; i < r.size; i++)
			payload[i] = original(at + i) ^ (r.fill & 7 ? 0 : (r.fill >> 3));
		memcpy(before, payload, sizeof(before));
		g.seq = m.base + at;
		g.size = r.size;
		g.payload = payload;
		g.fin = r.flags & 1;
		g.frame = payload;
		g.kept = r.size;
		if (!g.size && !g.fin)
			continue;
		v = tcp_stream_segment(o, &s, &c, &sink, &g, now, &released, &why);
		CHECK(s.next == m.base + m.shown);
		CHECK(g.changed == (memcmp(before, payload, r.size) != 0) || v == ORDER_DROP);
		CHECK(!g.changed || !c.compare);
		switch (v) {
		case ORDER_PASS:
			CHECK(!why);
			model_passes(at, payload, r.size, acked, c.compare || c.shown);
			take(o, released, acked, c.compare || c.shown);
			break;
		case ORDER_WAIT:
			CHECK(!why && !released && at > m.shown);
			model_waits(at, payload, r.size);
			CHECK(m.n_waiting <= (c.queue_limit ? c.queue_limit : ORDER_LIMIT_MAX));
			break;
		case ORDER_DROP: CHECK(why && !released); break;
		}
		CHECK(s.n_waiting == m.n_waiting);
		order_pool_count(o->pool, &used, &waiting);
		CHECK(used <= BLOCKS && waiting == s.n_waiting && used == waiting + s.n_passed);
	}
	take(o, tcp_stream_end(o, &s), acked, false);
	order_pool_count(o->pool, &used, &waiting);
	CHECK(!used && !waiting && !m.n_waiting);
	orders_free(o);
	return 0;
}
