// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/normalize/tcp_order.o daemon/normalize/tcp_order_pool.o */
/*
 * The in-order engine alone: tables of segments of one direction, what becomes of each, and which
 * bytes leave because of it. The numbers begin shortly before 2^32 and wrap on the way.
 */
#include <stdlib.h>
#include <string.h>

#include "asa/parse.h"
#include "lib/cunit.h"
#include "normalize/tcp_order.h"

#define START 0xfffffffau
#define BLOCKS 64

struct row {
	__u32 at; /* relative to START */
	const char *bytes;
	int why; /* enum asa_drop, or WAITS */
	const char *left; /* what leaves with it, segments separated by | ; NULL: nothing */
	bool fin;
};
#define WAITS (-1)

struct flow {
	struct orders *o;
	struct tcp_stream s;
	struct order_conf c;
	struct order_sink sink;
	char shown[4096];
	__u32 n_shown;
	int fins;
	__u32 refuse_at; /* 0: never */
	__u32 now;
};

static enum asa_drop on_bytes(void *arg, __u32 seq, const __u8 *p, __u32 n)
{
	struct flow *f = arg;

	CU_ASSERT_EQUAL(seq, START + f->n_shown);
	CU_ASSERT_FALSE(f->fins);
	if (f->refuse_at && f->n_shown + n > f->refuse_at)
		return DROP_INTERNAL_ERROR;
	if (f->n_shown + n < sizeof(f->shown))
		memcpy(f->shown + f->n_shown, p, n);
	f->n_shown += n;
	return DROP_NONE;
}

static void on_fin(void *arg)
{
	((struct flow *)arg)->fins++;
}

static struct flow *flow_new(__u16 queue_limit, bool compare, bool shown)
{
	struct flow *f = calloc(1, sizeof(*f));

	f->o = orders_new(BLOCKS);
	f->c = (struct order_conf){ queue_limit, 4, compare, shown };
	f->sink = (struct order_sink){ on_bytes, on_fin, f };
	f->now = 0xffffff00u;
	tcp_stream_begin(&f->s, &f->c, START);
	return f;
}

static void blocks_free(struct flow *f, struct order_block *b)
{
	struct order_block *next;

	for (; b; b = next) {
		next = b->next;
		orders_release(f->o, b);
	}
}

static void flow_free(struct flow *f)
{
	__u32 used, waiting;

	blocks_free(f, tcp_stream_end(f->o, &f->s));
	order_pool_count(f->o->pool, &used, &waiting);
	CU_ASSERT_EQUAL(used, 0);
	CU_ASSERT_EQUAL(waiting, 0);
	orders_free(f->o);
	free(f);
}

/* What leaves because of row r. => the reason, WAITS */
static int put(struct flow *f, const struct row *r, char *left)
{
	__u8 frame[4096] = "headers ";
	struct order_segment g = { .seq = START + r->at, .size = (__u32)strlen(r->bytes),
				   .payload = frame + 8, .fin = r->fin, .frame = frame };
	struct order_block *released, *b;
	enum order_verdict v;
	enum asa_drop why;

	memcpy(g.payload, r->bytes, g.size);
	g.kept = 8 + g.size;
	v = tcp_stream_segment(f->o, &f->s, &f->c, f->c.shown ? &f->sink : NULL, &g, f->now,
			       &released, &why);
	*left = 0;
	if (v == ORDER_DROP)
		return why;
	if (v == ORDER_WAIT)
		return WAITS;
	left += sprintf(left, "%.*s%s", (int)g.size, g.payload, g.fin ? "$" : "");
	for (b = released; b; b = b->next)
		left += b->why ? sprintf(left, "|%s", b->why == DROP_INTERNAL_ERROR ? "refused" : "?") :
				 sprintf(left, "|%.*s%s", (int)b->size, b->bytes + b->payload,
					 b->fin ? "$" : "");
	blocks_free(f, released);
	return DROP_NONE;
}

static bool rows(struct flow *f, const struct row *r, size_t n)
{
	char left[4096];
	size_t i;

	for (i = 0; i < n; i++) {
		int why = put(f, &r[i], left);

		if (why == r[i].why && !strcmp(left, r[i].left ? r[i].left : ""))
			continue;
		printf("      row %zu: %d \"%s\", wanted %d \"%s\"\n", i + 1, why, left, r[i].why,
		       r[i].left ? r[i].left : "");
		return false;
	}
	return true;
}
#define ROWS(f, ...)                                                                           \
	do {                                                                                   \
		static const struct row rows_[] = { __VA_ARGS__ };                             \
		CU_ASSERT_TRUE(rows(f, rows_, sizeof(rows_) / sizeof(rows_[0])));              \
	} while (0)
#define SHOWN(f, text)                                                                         \
	do {                                                                                   \
		CU_ASSERT_STRING_EQUAL((f)->shown, text);                                      \
		CU_ASSERT_EQUAL((f)->n_shown, strlen(text));                                   \
	} while (0)

/* clang-format off: tables of segments */

/* ------------------------------------------------------------------ order and its limits */

static void nrm10_segments_are_put_in_order(void)
{
	struct flow *f = flow_new(10, false, true);

	ROWS(f, { 0, "ab", 0, "ab" },
		{ 6, "gh", WAITS, NULL },
		{ 4, "ef", WAITS, NULL },
		{ 10, "kl", WAITS, NULL },
		{ 2, "cd", 0, "cd|ef|gh" },
		{ 8, "ij", 0, "ij|kl" },
		{ 12, "mn", 0, "mn" });
	SHOWN(f, "abcdefghijklmn");
	flow_free(f);
}

static void nrm10_exactly_queue_limit_segments_wait(void)
{
	struct flow *f = flow_new(2, false, false);

	tcp_stream_acked(f->o, &f->s, &f->c, START, 1000);
	tcp_stream_acked(f->o, &f->s, &f->c, START, 60000); /* ignored: the limit is set */
	ROWS(f, { 2, "c", WAITS, NULL }, { 4, "e", WAITS, NULL },
		{ 6, "g", DROP_TCP_BUFFER_FULL, NULL },
		{ 3, "d", DROP_TCP_BUFFER_FULL, NULL },
		{ 0, "ab", 0, "ab|c" },
		{ 6, "g", WAITS, NULL },
		{ 3, "d", 0, "d|e" }, { 5, "f", 0, "f|g" });
	flow_free(f);
}

static void nrm10_default_is_three_until_the_window_changes(void)
{
	struct flow *f = flow_new(0, true, false);

	tcp_stream_acked(f->o, &f->s, &f->c, START, 20);
	ROWS(f, { 0, "abcd", 0, "abcd" },
		{ 6, "g", WAITS, NULL }, { 8, "i", WAITS, NULL }, { 10, "k", WAITS, NULL },
		{ 12, "m", DROP_TCP_BUFFER_FULL, NULL });
	tcp_stream_acked(f->o, &f->s, &f->c, START, 20); /* the same window: nothing new */
	ROWS(f, { 12, "m", DROP_TCP_BUFFER_FULL, NULL });
	tcp_stream_acked(f->o, &f->s, &f->c, START, 22); /* room for five of 4 bytes */
	ROWS(f, { 12, "m", WAITS, NULL }, { 14, "o", WAITS, NULL },
		{ 16, "q", DROP_TCP_BUFFER_FULL, NULL });
	tcp_stream_acked(f->o, &f->s, &f->c, START, 1); /* never below three */
	ROWS(f, { 4, "efghijklmn", 0, "efghijklmn|g|i|k|m|o" }, { 17, "r", WAITS, NULL },
		{ 19, "t", WAITS, NULL }, { 21, "v", WAITS, NULL }, { 23, "x", DROP_TCP_BUFFER_FULL, NULL });
	flow_free(f);
}

static void nrm10_what_waits_too_long_is_dropped(void)
{
	struct flow *f = flow_new(10, false, true), *g = flow_new(10, false, true);
	struct order_block *b;

	ROWS(f, { 4, "ef", WAITS, NULL });
	f->now += asa_ticks_from_ms(2000);
	ROWS(f, { 2, "cd", WAITS, NULL });
	f->now += asa_ticks_from_ms(1999);
	CU_ASSERT_PTR_NULL(orders_expire(f->o, f->now));
	f->now += 2;
	b = orders_expire(f->o, f->now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(b->seq, START + 4);
	CU_ASSERT_EQUAL(b->why, DROP_TCP_BUFFER_TIMEOUT);
	orders_release(f->o, b);
	CU_ASSERT_PTR_NULL(orders_expire(f->o, f->now));
	ROWS(f, { 0, "ab", 0, "ab|cd" }, { 4, "EF", 0, "EF" }); /* its bytes count no more */
	SHOWN(f, "abcdEF");
	flow_free(f);
	/* each class has its own time */
	f = g;
	f->c.timeout_s = 20;
	ROWS(f, { 2, "c", WAITS, NULL });
	f->c.timeout_s = 1;
	ROWS(f, { 4, "e", WAITS, NULL });
	f->now += asa_ticks_from_ms(1001);
	b = orders_expire(f->o, f->now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(b->seq, START + 4);
	orders_release(f->o, b);
	CU_ASSERT_PTR_NULL(orders_expire(f->o, f->now + asa_ticks_from_ms(18000)));
	flow_free(f);
}

/* ------------------------------------------------------------------ overlaps */

/* Later copies of bytes, in every position to what is there: the first ones leave. */
static void nrm33_first_bytes_win(void)
{
	struct flow *f = flow_new(10, false, true);

	/* against what waits */
	ROWS(f, { 4, "efgh", WAITS, NULL },
		{ 4, "EFGH", DROP_TCP_DUP_IN_QUEUE, NULL },
		{ 5, "FG", DROP_TCP_DUP_IN_QUEUE, NULL },
		{ 6, "GHIJ", WAITS, NULL }, /* behind it */
		{ 2, "CDEF", WAITS, NULL }, /* before it */
		{ 1, "1234567890X", WAITS, NULL }, /* around all of it */
		{ 0, "abc", 0, "a1C|1CDefghIJ0X|CDef|efgh|ghIJ" });
	SHOWN(f, "a1CDefghIJ0X");
	/* against what has passed */
	ROWS(f, { 0, "abc", 0, "a1C" }, /* not acknowledged: the receiver may not have it */
		{ 10, "zzyy", 0, "0Xyy" },
		{ 3, "!", 0, "D" });
	flow_free(f);
}

static void nrm33_first_bytes_win_over_many_blocks(void)
{
	struct flow *f = flow_new(10, false, true);
	char big[1001], other[1001], left[4096];
	struct row r;
	__u32 i, k;

	for (k = 0; k < 20; k++) { /* five blocks of passed bytes */
		for (i = 0; i < 1000; i++)
			big[i] = (char)('a' + (k * 1000 + i) % 26);
		big[1000] = 0;
		r = (struct row){ k * 1000, big };
		CU_ASSERT_EQUAL(put(f, &r, left), 0);
	}
	CU_ASSERT_EQUAL(f->s.n_passed, 20000 / ORDER_BLOCK_BYTES + 1);
	memset(other, 'X', 1000);
	other[1000] = 0;
	for (k = 0; k + 1000 <= 20000; k += 777) {
		r = (struct row){ k, other };
		CU_ASSERT_EQUAL(put(f, &r, left), 0);
		for (i = 0; i < 1000; i++)
			if (left[i] != (char)('a' + (k + i) % 26))
				break;
		CU_ASSERT_EQUAL(i, 1000);
	}
	flow_free(f);
}

/* What the receiver has said that it has is not looked at: a keep-alive brings any byte. */
static void nrm33_acknowledged_bytes_are_of_no_interest(void)
{
	struct flow *f = flow_new(10, true, true);

	ROWS(f, { 0, "abcdef", 0, "abcdef" }, { 5, "?", DROP_TCP_DUP_DATA, NULL });
	tcp_stream_acked(f->o, &f->s, &f->c, START + 4, 100);
	ROWS(f, { 3, "?", 0, "?" }, { 3, "?e", 0, "?e" }, { 3, "?!", DROP_TCP_DUP_DATA, NULL });
	tcp_stream_acked(f->o, &f->s, &f->c, START + 6, 100);
	CU_ASSERT_EQUAL(f->s.n_passed, 0);
	ROWS(f, { 5, "?", 0, "?" }, { 5, "?g", 0, "?g" });
	tcp_stream_acked(f->o, &f->s, &f->c, START + 900, 100); /* never sent: not more than all */
	CU_ASSERT_EQUAL(f->s.kept_from, START + 7);
	SHOWN(f, "abcdefg");
	flow_free(f);
}

static void nrm15_a_different_retransmission_is_dropped(void)
{
	struct flow *f = flow_new(10, true, false);

	ROWS(f, { 0, "abcd", 0, "abcd" },
		{ 0, "abcd", 0, "abcd" },
		{ 0, "abXd", DROP_TCP_DUP_DATA, NULL },
		{ 2, "cd", 0, "cd" },
		{ 2, "cX", DROP_TCP_DUP_DATA, NULL },
		{ 3, "def", 0, "def" }, /* repeats one byte, brings two */
		{ 3, "dEg", DROP_TCP_DUP_DATA, NULL },
		{ 8, "ij", WAITS, NULL },
		{ 8, "iJ", DROP_TCP_DUP_DATA, NULL },
		{ 6, "ghI", DROP_TCP_DUP_DATA, NULL }, /* nothing of it stays */
		{ 6, "ghi", 0, "ghi|ij" });
	flow_free(f);
}

/* Without check-retransmission and without an inspector a retransmission is nobody's business. */
static void nrm10_queue_limit_alone_keeps_nothing_that_passed(void)
{
	struct flow *f = flow_new(5, false, false);

	ROWS(f, { 0, "abcd", 0, "abcd" }, { 0, "abXd", 0, "abXd" }, { 2, "XXef", 0, "XXef" },
		{ 8, "ij", WAITS, NULL }, { 6, "ghX", 0, "ghi|ij" });
	CU_ASSERT_EQUAL(f->s.n_passed, 0);
	flow_free(f);
}

/* ------------------------------------------------------------------ FIN */

static void nrm10_fin_waits_for_what_is_missing(void)
{
	struct flow *f = flow_new(5, false, true);

	ROWS(f, { 0, "ab", 0, "ab" },
		{ 4, "", WAITS, NULL, true },
		{ 4, "", DROP_TCP_DUP_IN_QUEUE, NULL, true },
		{ 4, "e", DROP_TCP_PAST_FIN, NULL }, /* the FIN came first */
		{ 2, "cde", DROP_TCP_PAST_FIN, NULL },
		{ 3, "", DROP_TCP_RSTFIN_OOO, NULL, true },
		{ 2, "cd", 0, "cd|$" });
	CU_ASSERT_EQUAL(f->fins, 1);
	ROWS(f, { 4, "", 0, "$", true }, { 2, "cd", 0, "cd$", true }, { 5, "f", DROP_TCP_PAST_FIN, NULL },
		{ 6, "g", DROP_TCP_PAST_FIN, NULL });
	CU_ASSERT_EQUAL(f->fins, 1);
	SHOWN(f, "abcd");
	flow_free(f);
}

static void nrm33_fin_before_bytes_that_came_first(void)
{
	struct flow *f = flow_new(5, false, true);
	struct order_block *b;

	ROWS(f, { 0, "ab", 0, "ab" }, { 4, "ef", WAITS, NULL },
		{ 2, "cd", DROP_TCP_RSTFIN_OOO, NULL, true },
		{ 1, "", DROP_TCP_RSTFIN_OOO, NULL, true });
	f->now += asa_ticks_from_ms(5000);
	b = orders_expire(f->o, f->now);
	CU_ASSERT_PTR_NOT_NULL(b);
	blocks_free(f, b);
	ROWS(f, { 2, "cd", 0, "cd$", true }); /* what never passed does not stand in its way */
	CU_ASSERT_EQUAL(f->fins, 1);
	flow_free(f);
}

/* ------------------------------------------------------------------ the inspector refuses */

static void nrm33_nothing_passes_behind_a_refused_byte(void)
{
	struct flow *f = flow_new(5, false, true);

	f->refuse_at = 6;
	ROWS(f, { 0, "ab", 0, "ab" }, { 4, "efgh", WAITS, NULL }, { 8, "ij", WAITS, NULL },
		{ 2, "cd", 0, "cd|refused" },
		{ 4, "ef", DROP_INTERNAL_ERROR, NULL }, { 10, "kl", DROP_INTERNAL_ERROR, NULL },
		{ 4, "", DROP_INTERNAL_ERROR, NULL, true });
	SHOWN(f, "abcd");
	CU_ASSERT_EQUAL(f->fins, 0);
	flow_free(f);
}

/* ------------------------------------------------------------------ memory */

static void nrm32_a_connection_keeps_at_most_256_kib(void)
{
	struct flow *f = flow_new(5, true, false);
	char kib[1025], left[4096];
	struct row r = { 0, kib };
	int why = 0;

	orders_free(f->o);
	f->o = orders_new(1000);
	memset(kib, 'k', 1024);
	kib[1024] = 0;
	while (!why) {
		why = put(f, &r, left);
		r.at += 1024;
		CU_ASSERT_FATAL(r.at < 1024 * 1024);
	}
	CU_ASSERT_EQUAL(why, DROP_TCP_BUFFER_FULL);
	CU_ASSERT_TRUE(r.at > ORDER_WINDOW_MAX && r.at < ORDER_WINDOW_MAX + 8192);
	r.at -= 1024;
	tcp_stream_acked(f->o, &f->s, &f->c, START + 8192, 1000);
	CU_ASSERT_EQUAL(put(f, &r, left), 0);
	flow_free(f);
}

static void nrm32_all_blocks_used_is_a_reason_of_its_own(void)
{
	struct flow *f = flow_new(250, false, false);
	char left[4096];
	struct row r = { 2, "x" };
	__u32 used, waiting, n = 0;

	while (put(f, &r, left) == WAITS) {
		r.at += 2;
		n++;
	}
	CU_ASSERT_EQUAL(n, BLOCKS - BLOCKS / 4);
	CU_ASSERT_EQUAL(put(f, &r, left), DROP_TCP_GLOBAL_BUFFER_FULL);
	order_pool_count(f->o->pool, &used, &waiting);
	CU_ASSERT_EQUAL(used, n);
	CU_ASSERT_EQUAL(waiting, n);
	flow_free(f);
}

/* Many connections whose receivers acknowledge nothing do not stop one that begins. */
static void nrm32_what_others_keep_leaves_room(void)
{
	struct order_conf c = { 10, 4, true, false };
	struct orders *o = orders_new(1000);
	struct tcp_stream s[101] = { 0 };
	__u8 frame[1500] = { 0 };
	struct order_segment g = { .size = 1400, .payload = frame + 100, .frame = frame, .kept = 1500 };
	struct order_block *released;
	enum order_verdict v;
	enum asa_drop why = 0;
	__u32 i, k;

	for (k = 0; k < 101; k++)
		tcp_stream_begin(&s[k], &c, START);
	for (i = 0; i < 100; i++) { /* 140 KB each: more than there is room for */
		for (k = 0; k < 100; k++) {
			g.seq = s[k].next;
			v = tcp_stream_segment(o, &s[k], &c, NULL, &g, 1, &released, &why);
			CU_ASSERT_TRUE(v == ORDER_PASS || why == DROP_TCP_GLOBAL_BUFFER_FULL);
		}
	}
	CU_ASSERT_TRUE(order_pool_left(o->pool) > 50);
	for (i = 0; i < 5; i++) { /* two blocks */
		g.seq = s[100].next;
		v = tcp_stream_segment(o, &s[100], &c, NULL, &g, 1, &released, &why);
		CU_ASSERT_EQUAL(v, ORDER_PASS);
	}
	for (k = 0; k < 101; k++)
		tcp_stream_end(o, &s[k]);
	CU_ASSERT_EQUAL(order_pool_left(o->pool), 1000);
	orders_free(o);
}

/*
 * One missing segment in each of 100,000 connections: as many segments wait as there is room, the
 * others are refused with their reason, and a connection without a hole goes on all the time.
 */
#define HOLES 100000
#define HOLE_BLOCKS 16384
static void nrm32_hole_attack_stays_within_its_bounds(void)
{
	struct tcp_stream *s = calloc(HOLES, sizeof(*s));
	struct order_conf c = { 10, 4, true, false };
	struct orders *o = orders_new(HOLE_BLOCKS);
	__u8 frame[1500] = { 0 };
	struct order_segment g = { .size = 1000, .payload = frame + 100, .frame = frame, .kept = 1100 };
	struct order_block *released, *b;
	__u32 i, used, waiting, most = 0, waits = 0, refused = 0, good = START, now = 1;
	struct tcp_stream honest;
	enum order_verdict v;
	enum asa_drop why;

	tcp_stream_begin(&honest, &c, good);
	for (i = 0; i < HOLES; i++) {
		tcp_stream_begin(&s[i], &c, START);
		g.seq = START + 1000;
		v = tcp_stream_segment(o, &s[i], &c, NULL, &g, now, &released, &why);
		waits += v == ORDER_WAIT;
		refused += v == ORDER_DROP && why == DROP_TCP_GLOBAL_BUFFER_FULL;
		order_pool_count(o->pool, &used, &waiting);
		most = used > most ? used : most;
		g.seq = good;
		v = tcp_stream_segment(o, &honest, &c, NULL, &g, now, &released, &why);
		if (v != ORDER_PASS || why)
			break;
		good += 1000;
		tcp_stream_acked(o, &honest, &c, good - 4000, 65535);
	}
	CU_ASSERT_EQUAL(i, HOLES);
	CU_ASSERT_EQUAL(waits, HOLE_BLOCKS - HOLE_BLOCKS / 4);
	CU_ASSERT_EQUAL(waits + refused, HOLES);
	CU_ASSERT_TRUE(most <= HOLE_BLOCKS);
	/* and all of it is over after four seconds */
	now += asa_ticks_from_ms(4000);
	for (i = 0; (b = orders_expire(o, now)) != NULL; i++)
		orders_release(o, b);
	CU_ASSERT_EQUAL(i, waits);
	CU_ASSERT_PTR_NULL(tcp_stream_end(o, &honest));
	order_pool_count(o->pool, &used, &waiting);
	CU_ASSERT_EQUAL(used, 0);
	orders_free(o);
	free(s);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "nrm10_segments_are_put_in_order", nrm10_segments_are_put_in_order },
		{ "nrm10_exactly_queue_limit_segments_wait", nrm10_exactly_queue_limit_segments_wait },
		{ "nrm10_default_is_three_until_the_window_changes", nrm10_default_is_three_until_the_window_changes },
		{ "nrm10_nrm34_what_waits_too_long_is_dropped", nrm10_what_waits_too_long_is_dropped },
		{ "nrm33_first_bytes_win", nrm33_first_bytes_win },
		{ "nrm33_first_bytes_win_over_many_blocks", nrm33_first_bytes_win_over_many_blocks },
		{ "nrm33_acknowledged_bytes_are_of_no_interest", nrm33_acknowledged_bytes_are_of_no_interest },
		{ "nrm15_a_different_retransmission_is_dropped", nrm15_a_different_retransmission_is_dropped },
		{ "nrm10_queue_limit_alone_keeps_nothing_that_passed", nrm10_queue_limit_alone_keeps_nothing_that_passed },
		{ "nrm10_fin_waits_for_what_is_missing", nrm10_fin_waits_for_what_is_missing },
		{ "nrm33_fin_before_bytes_that_came_first", nrm33_fin_before_bytes_that_came_first },
		{ "nrm33_nothing_passes_behind_a_refused_byte", nrm33_nothing_passes_behind_a_refused_byte },
		{ "nrm32_a_connection_keeps_at_most_256_kib", nrm32_a_connection_keeps_at_most_256_kib },
		{ "nrm32_all_blocks_used_is_a_reason_of_its_own", nrm32_all_blocks_used_is_a_reason_of_its_own },
		{ "nrm32_what_others_keep_leaves_room", nrm32_what_others_keep_leaves_room },
		{ "nrm32_hole_attack_stays_within_its_bounds", nrm32_hole_attack_stays_within_its_bounds },
		{ NULL, NULL },
	};

	return asa_cunit_main("tcp_order", tests);
}
