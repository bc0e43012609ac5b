// SPDX-License-Identifier: GPL-2.0-only
/*
 * order_bench - the in-order engine on one core: a stream of full segments, one in a hundred of them late.
 *
 * Each segment is written into a frame as a network would bring it, its checksum is verified as the slow path does, it goes
 * through tcp_stream_segment(), what waited is copied back into a frame, and every 16 segments the receiver acknowledges.
 * Not in the figure: the rest of the slow path and the sockets.
 *
 * Output: a line for each kind of class; status 1 when one is below the floor of 1 Gbit/s (a sanitized build does not gate).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asa/csum.h"
#include "asa/parse.h"
#include "normalize/tcp_order.h"

#define SEGMENT 1448u
#define HEADERS 66u
#define LATE_BY 5 /* segments that come before a late one */
#define SEGMENTS 2000000u
#define FLOOR_GBIT 1.0

static __u64 shown_sum, shown_bytes;

static enum asa_drop show(void *arg, __u32 seq, const __u8 *p, __u32 n)
{
	shown_sum += p[0] + p[n - 1];
	shown_bytes += n;
	return DROP_NONE;
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct run {
	struct orders *o;
	struct tcp_stream s;
	struct order_conf c;
	struct order_sink sink;
	__u8 network[64][SEGMENT]; /* payloads, used in turn */
	__u8 frame[2048], out[2048];
	__u64 passed, waited, check;
};

static void bring(struct run *r, __u32 i, __u32 now)
{
	struct order_segment g = { .seq = i * SEGMENT, .size = SEGMENT, .payload = r->frame + HEADERS,
				   .frame = r->frame, .kept = HEADERS + SEGMENT };
	struct order_block *released = NULL, *b;
	enum asa_drop why = DROP_NONE;
	enum order_verdict v;

	memcpy(g.payload, r->network[i & 63], SEGMENT);
	r->check += asa_csum_fold(asa_csum_add_bytes(0, r->frame + 14, HEADERS - 14 + SEGMENT));
	v = tcp_stream_segment(r->o, &r->s, &r->c, &r->sink, &g, now, &released, &why);
	r->passed += v == ORDER_PASS;
	r->waited += v == ORDER_WAIT;
	while ((b = released) != NULL) {
		released = b->next;
		memcpy(r->out, b->bytes, b->kept);
		r->passed += !b->why;
		orders_release(r->o, b);
	}
	if ((i & 15) == 15)
		tcp_stream_acked(r->o, &r->s, &r->c, r->s.next, 262144);
}

static int measure(const char *what, struct order_conf c)
{
	struct run *r = calloc(1, sizeof(*r));
	__u32 i, late = 0, due = 0;
	double began, took, gbit;
	bool waiting = false;

	r->o = orders_new(16384);
	r->c = c;
	r->sink.bytes = c.shown ? show : NULL;
	for (i = 0; i < sizeof(r->network); i++)
		r->network[i / SEGMENT][i % SEGMENT] = (__u8)(i * 31);
	tcp_stream_begin(&r->s, &c, 0);
	began = now_s();
	for (i = 0; i < SEGMENTS; i++) {
		if (i % 100 == 50) { /* this one comes later */
			late = i;
			due = i + LATE_BY;
			waiting = true;
			continue;
		}
		bring(r, i, i >> 7);
		if (waiting && i == due) {
			bring(r, late, i >> 7);
			waiting = false;
		}
	}
	took = now_s() - began;
	gbit = (double)r->passed * SEGMENT * 8 / took / 1e9;
	printf("order_bench %-22s %6.2f Gbit/s  %5.0f ns a segment  %.1f %% waited  %s\n", what, gbit,
	       took / SEGMENTS * 1e9, 100.0 * (double)r->waited / SEGMENTS,
	       r->passed == SEGMENTS ? "all passed" : "SOME DID NOT PASS");
	i = r->passed == SEGMENTS && gbit >= FLOOR_GBIT;
	tcp_stream_end(r->o, &r->s);
	orders_free(r->o);
	free(r);
	return i ? 0 : 1;
}

int main(void)
{
	int bad = 0;

	bad |= measure("queue-limit 10", (struct order_conf){ .queue_limit = 10, .timeout_s = 4 });
	bad |= measure("check-retransmission",
		       (struct order_conf){ .queue_limit = 10, .timeout_s = 4, .compare = true });
	bad |= measure("with an inspector",
		       (struct order_conf){ .queue_limit = 10, .timeout_s = 4, .shown = true });
	return bad;
}
