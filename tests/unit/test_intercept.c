// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * TCP intercept in the slow path, with a simulated clock: a SYN over the limit gets a cookie, the ACK
 * that brings it back opens the server, both halves are joined; dead servers, resets, forgeries.
 * INT-1, INT-2, INT-4, INT-8, LIM-4.
 */
#include "engine/intercept.h"
#include "lib/dialogue.h"

static struct fake *begin(void)
{
	struct fake *f = fake_new(64);
	struct model_class *c = MODEL_PUSH(&f->fw.m->classes);
	struct model_policy_map *pm = MODEL_PUSH(&f->fw.m->policy_maps);
	struct model_service_policy *sp = MODEL_PUSH(&f->fw.m->service_policies);
	struct model_policy_class *pc = MODEL_PUSH(&pm->classes);

	snprintf(c->name, sizeof(c->name), "web");
	c->match = MODEL_MATCH_ANY;
	snprintf(pm->name, sizeof(pm->name), "protect");
	snprintf(pc->class_name, sizeof(pc->class_name), "web");
	model_conn_settings_init(&pc->conn);
	pc->conn.embryonic_max = 1;
	snprintf(sp->policy_map, sizeof(sp->policy_map), "protect");
	sp->global = true;
	fake_start(f);
	fake_wait(f, 200); /* keys */
	return f;
}

#define CLIENT(port, fl, sq, ak, len)                                                       \
	FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = (port), \
		.dport = 80, .flags = (fl), .seq = (sq), .ack = (ak), .payload = (len))
#define SERVER(port, fl, sq, ak, len)                                                       \
	FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,    \
		.dport = (port), .flags = (fl), .seq = (sq), .ack = (ak), .payload = (len))

/* The last frame that left by an interface; its flags. */
static const struct asa_pkt *left(struct fake *f, __u32 ifindex, __u8 flags)
{
	const struct asa_pkt *p;
	__u32 out = 0;

	p = fake_last(f, &out);
	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT(out == ifindex);
	CU_ASSERT((p->tcp.flags & ~ASA_TCP_PSH) == flags);
	return p;
}

/* One half-open connection is all that may be; the next SYN is answered. => the cookie */
static __u32 cookie_of(struct fake *f)
{
	__u32 cookie;

	CU_ASSERT(CLIENT(1000, S, 1, 0, 0) == DROP_NONE);
	(void)left(f, IF_OUTSIDE, S);
	fake_forget_sent(f);
	CU_ASSERT(CLIENT(1001, S, 500, 0, 0) == DROP_NONE);
	cookie = left(f, IF_INSIDE, S | A)->tcp.seq;
	CU_ASSERT(left(f, IF_INSIDE, S | A)->tcp.ack == 501);
	CU_ASSERT(fake_logged(f, "mbryonic connection limit exceeded 1/1 for "));
	CU_ASSERT(fake_in_use(f) == 1);
	fake_forget_sent(f);
	return cookie;
}

static void joined(void)
{
	struct fake *f = begin();
	__u32 cookie = cookie_of(f);

	CU_ASSERT(CLIENT(1001, A, 501, cookie + 1, 10) == DROP_NONE);
	CU_ASSERT(left(f, IF_OUTSIDE, S)->tcp.seq == 500);
	CU_ASSERT(fake_in_use(f) == 2);
	fake_forget_sent(f);
	CU_ASSERT(SERVER(1001, S | A, 9000, 501, 0) == DROP_NONE);
	CU_ASSERT(f->n_sent == 2);
	CU_ASSERT(f->sent[0]->out_ifindex == IF_OUTSIDE);
	CU_ASSERT(f->sent[0]->pkt.tcp.size == 10); /* INT-2 */
	CU_ASSERT(asa_ldn32((__u8 *)f->sent[0]->pkt.l4 + ASA_TCP_ACK) == 9001);
	CU_ASSERT(left(f, IF_INSIDE, A)->tcp.seq == cookie + 1);
	fake_forget_sent(f);
	CU_ASSERT(SERVER(1001, A, 9001, 511, 20) == DROP_NONE);
	CU_ASSERT(left(f, IF_INSIDE, A)->tcp.seq == cookie + 1);
	fake_forget_sent(f);
	CU_ASSERT(CLIENT(1001, A, 511, cookie + 21, 0) == DROP_NONE);
	CU_ASSERT(left(f, IF_OUTSIDE, A)->tcp.ack == 9021);
	fake_forget_sent(f);
	CU_ASSERT(fake_law(f));
	fake_end(f);
}

/* The client's ACK was lost: its probe of the closed window does the same. */
static void probe_of_the_window(void)
{
	struct fake *f = begin();
	__u32 cookie = cookie_of(f);

	(void)CLIENT(1001, A, 500, cookie + 1, 1); /* a probe carries nothing */
	CU_ASSERT(fake_drops(f, DROP_TCP_INTERCEPT_COOKIE) == 1);
	CU_ASSERT(CLIENT(1001, A, 500, cookie + 1, 0) == DROP_NONE);
	CU_ASSERT(left(f, IF_OUTSIDE, S)->tcp.seq == 500);
	fake_forget_sent(f);
	CU_ASSERT(SERVER(1001, S | A, 9000, 501, 0) == DROP_NONE);
	CU_ASSERT(f->n_sent == 2);
	CU_ASSERT(f->sent[0]->pkt.tcp.seq == 501); /* the ACK that was lost */
	CU_ASSERT(f->sent[0]->pkt.tcp.size == 0);
	CU_ASSERT(asa_ldn32((__u8 *)f->sent[0]->pkt.l4 + ASA_TCP_ACK) == 9001);
	CU_ASSERT(left(f, IF_INSIDE, A)->tcp.seq == cookie + 1);
	fake_forget_sent(f);
	CU_ASSERT(CLIENT(1001, A, 501, cookie + 1, 10) == DROP_NONE);
	CU_ASSERT(left(f, IF_OUTSIDE, A)->tcp.ack == 9001);
	fake_forget_sent(f);
	CU_ASSERT(fake_law(f));
	fake_end(f);
}

static void refused(void)
{
	struct fake *f = begin();
	__u32 cookie = cookie_of(f);

	(void)CLIENT(1001, A, 501, cookie + 2, 0);
	CU_ASSERT(fake_drops(f, DROP_TCP_INTERCEPT_COOKIE) == 1);
	(void)CLIENT(1002, A, 501, cookie + 1, 0);
	CU_ASSERT(fake_drops(f, DROP_TCP_INTERCEPT_COOKIE) == 2);
	CU_ASSERT(f->n_sent == 0);
	CU_ASSERT(fake_in_use(f) == 1);
	CU_ASSERT(fake_law(f));
	fake_end(f);
}

/* ------------------------------------------------------------------ options, statistics */

/* MSS 1400, SACK permitted, timestamps, window scale 5, and an option nobody knows. */
#define FULL "\x02\x04\x05\x78\x04\x02\x08\x0a\x11\x22\x33\x44\x00\x00\x00\x00\x01\x03\x03\x05\x01\x01\xfd\x02"

static int option(const struct asa_pkt *p, __u8 kind, __u8 size)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = { 0 };
	__u32 n = p->tcp.header - ASA_TCP_SIZE;

	memcpy(options, (__u8 *)p->l4 + ASA_TCP_SIZE, n);
	return asa_tcp_find_option(options, n, kind, size);
}

static int shift(const struct asa_pkt *p)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = { 0 };
	__u32 n = p->tcp.header - ASA_TCP_SIZE;

	memcpy(options, (__u8 *)p->l4 + ASA_TCP_SIZE, n);
	return asa_tcp_find_wscale(options, n);
}

/* INT-4: what a cookie carries, what it does not: neither ECN nor what is unknown, and nothing unlearned. */
static void what_survives(void)
{
	const __u8 ecn = 0xc0; /* ECE, CWR */
	struct fake *f = begin();
	const struct asa_pkt *p;
	__u32 cookie;

	CU_ASSERT(CLIENT(1000, S, 1, 0, 0) == DROP_NONE);
	fake_forget_sent(f);
	CU_ASSERT(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1001,
			  .dport = 80, .flags = S | ecn, .seq = 500, .options = FULL, .n_options = 24) ==
		  DROP_NONE);
	p = left(f, IF_INSIDE, S | A); /* no ECE: without ECN */
	cookie = p->tcp.seq;
	CU_ASSERT(option(p, ASA_TCPOPT_MSS, 4) >= 0);
	CU_ASSERT(option(p, ASA_TCPOPT_SACK_PERMITTED, 2) >= 0);
	CU_ASSERT(option(p, 8, 10) < 0); /* nor whether it uses timestamps */
	CU_ASSERT(option(p, 0xfd, 2) < 0);
	CU_ASSERT(shift(p) < 0); /* the server's is not known yet */
	fake_forget_sent(f);
	CU_ASSERT(CLIENT(1001, A, 501, cookie + 1, 0) == DROP_NONE);
	p = left(f, IF_OUTSIDE, S);
	CU_ASSERT(option(p, ASA_TCPOPT_MSS, 4) >= 0);
	CU_ASSERT(asa_ldn16((__u8 *)p->l4 + ASA_TCP_SIZE + option(p, ASA_TCPOPT_MSS, 4) + 2) == 1400);
	CU_ASSERT(option(p, ASA_TCPOPT_SACK_PERMITTED, 2) >= 0);
	CU_ASSERT(option(p, 8, 10) < 0);
	CU_ASSERT(shift(p) < 0); /* what the client was not offered it does not use */
	fake_forget_sent(f);
	fake_end(f);
}

/* A server shows its window scale in a connection of its own; cookies after that offer it. */
static void window_scale_is_learned(void)
{
	struct fake *f = begin();
	const struct asa_pkt *p;
	__u32 cookie;

	CU_ASSERT(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1000,
			  .dport = 80, .flags = S, .seq = 1, .options = FULL, .n_options = 24) == DROP_NONE);
	fake_forget_sent(f);
	CU_ASSERT(CLIENT(1001, S, 500, 0, 0) == DROP_NONE); /* intercept begins */
	fake_forget_sent(f);
	CU_ASSERT(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,
			  .dport = 1000, .flags = S | A, .seq = 7000, .ack = 2,
			  .options = "\x01\x03\x03\x09", .n_options = 4) == DROP_NONE);
	fake_forget_sent(f);
	f->hits[0].sent = 1000; /* the flood goes on in the driver */
	fake_wait(f, 2200);
	CU_ASSERT(f->intercepts[0].row.wscale == 9);
	CU_ASSERT(CLIENT(1002, S, 1, 0, 0) == DROP_NONE); /* half-open again */
	CU_ASSERT(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1003,
			  .dport = 80, .flags = S, .seq = 900, .options = FULL, .n_options = 24) == DROP_NONE);
	p = left(f, IF_INSIDE, S | A);
	CU_ASSERT(shift(p) == 9);
	cookie = p->tcp.seq;
	fake_forget_sent(f);
	CU_ASSERT(CLIENT(1003, A, 901, cookie + 1, 0) == DROP_NONE);
	CU_ASSERT(shift(left(f, IF_OUTSIDE, S)) == 5); /* the client's own, out of the cookie */
	fake_forget_sent(f);
	fake_end(f);
}

/* Timestamps as hosts write them; in memory that lives as long as a call. */
static const char *ts_options(__u32 val, __u32 ecr)
{
	static char bytes[12];

	memcpy(bytes, "\1\1\10\12", 4);
	asa_stn32(bytes + 4, val);
	asa_stn32(bytes + 8, ecr);
	return bytes;
}

#define CLIENT_TS(port, fl, sq, ak, len, val, ecr)                                              \
	FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = (port),     \
		.dport = 80, .flags = (fl), .seq = (sq), .ack = (ak), .payload = (len),           \
		.options = ts_options(val, ecr), .n_options = 12)
#define SERVER_TS(port, fl, sq, ak, len, val, ecr)                                              \
	FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,        \
		.dport = (port), .flags = (fl), .seq = (sq), .ack = (ak), .payload = (len),       \
		.options = ts_options(val, ecr), .n_options = 12)

/* The timestamps of a segment must be these. */
static void stamps(const struct asa_pkt *p, __u32 val, __u32 ecr)
{
	int at = option(p, ASA_TCPOPT_TIMESTAMP, 10);

	CU_ASSERT_FATAL(at >= 0);
	CU_ASSERT(asa_ldn32((__u8 *)p->l4 + ASA_TCP_SIZE + at + 2) == val);
	CU_ASSERT(asa_ldn32((__u8 *)p->l4 + ASA_TCP_SIZE + at + 6) == ecr);
	CU_ASSERT(fake_checksums_good(p));
}

/* INT-4: a server that uses timestamps is answered for with them; its clock goes on where the cookie's was. */
static void timestamps_survive(void)
{
	struct fake *f = begin();
	const struct asa_pkt *p;
	const struct asa_rest *rest;
	const struct asa_conn *c;
	__u32 cookie, shown;

	CU_ASSERT(CLIENT_TS(1000, S, 1, 0, 0, 50, 0) == DROP_NONE);
	fake_forget_sent(f);
	CU_ASSERT(CLIENT(1001, S, 500, 0, 0) == DROP_NONE); /* intercept begins */
	fake_forget_sent(f);
	CU_ASSERT(SERVER_TS(1000, S | A, 7000, 2, 0, 0xfffffff0, 50) == DROP_NONE);
	fake_forget_sent(f);
	f->hits[0].sent = 1000; /* the flood goes on in the driver */
	fake_wait(f, 2200);
	CU_ASSERT(f->intercepts[0].row.flags == (ASA_INTERCEPT_ANSWER | ASA_INTERCEPT_TS));
	CU_ASSERT(CLIENT(1002, S, 1, 0, 0) == DROP_NONE); /* half-open again */
	fake_forget_sent(f);
	CU_ASSERT(CLIENT(1004, S, 77, 0, 0) == DROP_NONE);
	CU_ASSERT(option(left(f, IF_INSIDE, S | A), ASA_TCPOPT_TIMESTAMP, 10) < 0); /* it has none */
	fake_forget_sent(f);

	CU_ASSERT(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1003,
			  .dport = 80, .flags = S, .seq = 900, .options = FULL, .n_options = 24) == DROP_NONE);
	p = left(f, IF_INSIDE, S | A);
	cookie = p->tcp.seq;
	shown = asa_ldn32((__u8 *)p->l4 + ASA_TCP_SIZE + option(p, ASA_TCPOPT_TIMESTAMP, 10) + 2);
	stamps(p, shown, 0x11223344);
	CU_ASSERT(option(p, ASA_TCPOPT_MSS, 4) >= 0 && option(p, ASA_TCPOPT_SACK_PERMITTED, 2) >= 0);
	fake_forget_sent(f);
	CU_ASSERT(CLIENT_TS(1003, A, 901, cookie + 1, 10, 0x11223350, shown) == DROP_NONE);
	stamps(left(f, IF_OUTSIDE, S), 0x11223350, 0); /* no older than the SYN's, and what comes next */
	fake_forget_sent(f);
	CU_ASSERT(SERVER_TS(1003, S | A, 9000, 901, 0, 5, 0x11223350) == DROP_NONE);
	CU_ASSERT_FATAL(f->n_sent == 2);
	CU_ASSERT(f->sent[0]->pkt.tcp.size == 10);
	stamps(&f->sent[0]->pkt, 0x11223350, 5); /* the server's own, not the cookie's */
	stamps(left(f, IF_INSIDE, A), shown, 0x11223350);
	fake_forget_sent(f);
	CU_ASSERT(SERVER_TS(1003, A, 9001, 911, 20, 25, 0x11223350) == DROP_NONE);
	stamps(left(f, IF_INSIDE, A), shown + 20, 0x11223350);
	fake_forget_sent(f);
	CU_ASSERT(CLIENT_TS(1003, A, 911, cookie + 21, 0, 0x11223360, shown + 20) == DROP_NONE);
	stamps(left(f, IF_OUTSIDE, A), 0x11223360, 25);
	fake_forget_sent(f);
	/* an old segment is old by the server's clock */
	CU_ASSERT(SERVER_TS(1003, A, 9021, 911, 20, 4, 0x11223360) == DROP_TCP_PAWS);
	c = &f->t.conns[f->t.n_slots - 1];
	while (c > f->t.conns && !(c->dir[0].flags & ASA_DIR_TS))
		c--;
	CU_ASSERT_FATAL(c > f->t.conns); /* XDP does the same: tests/bpf */
	rest = f->t.sessions[c - f->t.conns].rest;
	CU_ASSERT(rest[1].ts_add == shown - 5 && rest[0].ts_add == 5 - shown);
	CU_ASSERT(!(c->dir[0].flags & ASA_DIR_INSPECT));
	CU_ASSERT(fake_law(f));
	fake_end(f);
}

/* INT-8: total, the last second, the average of the window; the most attacked first. */
static void rates(void)
{
	struct fake *f = begin();
	const struct intercept_server *top[10];
	struct intercepts *t;
	int i;

	(void)cookie_of(f);
	t = engine_intercepts(f->asa.engine);
	for (i = 1; i <= 120; i++) {
		f->hits[0].sent += 300;
		f->hits[0].src = mb_addr("203.0.113.66");
		f->hits[0].seen = f->now;
		fake_wait(f, 1000);
	}
	CU_ASSERT(intercepts_top(t, top, 10) == 1);
	CU_ASSERT_STRING_EQUAL(mb_text(&top[0]->addr), OUTSIDE_HOST);
	CU_ASSERT(top[0]->port == asa_htons(80));
	CU_ASSERT(top[0]->total >= 119 * 300 && top[0]->total <= 120 * 300 + 1);
	CU_ASSERT(top[0]->rate == 300);
	CU_ASSERT(intercept_average(top[0], f->now) >= 280 && intercept_average(top[0], f->now) <= 310);
	CU_ASSERT_STRING_EQUAL(mb_text(&top[0]->src), "203.0.113.66");
	fake_wait(f, 60000); /* it is over: the present rate says so at once, the average falls */
	CU_ASSERT(top[0]->rate == 0);
	CU_ASSERT(intercept_average(top[0], f->now) < 220);
	intercepts_clear(t);
	CU_ASSERT(intercepts_top(t, top, 10) == 0);
	fake_end(f);
}

/* INT-4: good for its own time only, at its own port and address only; each refusal is counted. */
static void old_and_elsewhere(void)
{
	struct fake *f = begin();
	__u32 cookie = cookie_of(f);

	f->hits[0].sent = 1;
	(void)FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1002, .dport = 80,
		      .flags = A, .seq = 501, .ack = cookie + 1);
	CU_ASSERT(fake_drops(f, DROP_TCP_INTERCEPT_COOKIE) == 1); /* replayed from another port */
	(void)FAKE_IN(f, .in = IF_INSIDE, .src = "10.1.1.99", .dst = OUTSIDE_HOST, .sport = 1001, .dport = 80,
		      .flags = A, .seq = 501, .ack = cookie + 1);
	CU_ASSERT(fake_drops(f, DROP_TCP_INTERCEPT_COOKIE) == 2); /* by another host */
	(void)FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1001, .dport = 81,
		      .flags = A, .seq = 501, .ack = cookie + 1);
	CU_ASSERT(fake_drops(f, DROP_TCP_NOT_SYN) == 1); /* to a port that nobody answers for */
	/* two units of time later; the flood has gone on, so that the row still answers */
	while (fake_in_use(f) == 1 && f->hits[0].sent < 90) {
		f->hits[0].sent += 1;
		fake_wait(f, 1000);
	}
	while (f->hits[0].sent < 90) {
		f->hits[0].sent += 1;
		fake_wait(f, 1000);
	}
	(void)CLIENT(1001, A, 501, cookie + 1, 0);
	CU_ASSERT(fake_drops(f, DROP_TCP_INTERCEPT_COOKIE) == 3);
	CU_ASSERT(f->n_sent == 0);
	CU_ASSERT(fake_law(f));
	fake_end(f);
}

static void server_is_dead(void)
{
	struct fake *f = begin();
	__u32 cookie = cookie_of(f);

	CU_ASSERT(CLIENT(1001, A, 501, cookie + 1, 0) == DROP_NONE);
	fake_forget_sent(f);
	fake_wait(f, 9000);
	CU_ASSERT(left(f, IF_INSIDE, R | A)->tcp.seq == cookie + 1);
	fake_forget_sent(f);
	fake_end(f);
}

static void server_refuses(void)
{
	struct fake *f = begin();
	__u32 cookie = cookie_of(f);

	CU_ASSERT(CLIENT(1001, A, 501, cookie + 1, 0) == DROP_NONE);
	fake_forget_sent(f);
	CU_ASSERT(SERVER(1001, R | A, 0, 501, 0) == DROP_NONE);
	CU_ASSERT(left(f, IF_INSIDE, R | A)->tcp.seq == cookie + 1);
	fake_forget_sent(f);
	fake_end(f);
}

/* Until the server has answered, only the client's next data is of use. */
static void too_early(void)
{
	struct fake *f = begin();
	__u32 cookie = cookie_of(f);

	CU_ASSERT(CLIENT(1001, A, 501, cookie + 1, 0) == DROP_NONE);
	fake_forget_sent(f);
	(void)CLIENT(1001, A, 501, cookie + 1, 0); /* the same once more */
	CU_ASSERT(fake_drops(f, DROP_TCP_INTERCEPT_WAIT) == 1);
	(void)CLIENT(1001, A, 601, cookie + 1, 10); /* not the next data */
	CU_ASSERT(fake_drops(f, DROP_TCP_INTERCEPT_WAIT) == 2);
	CU_ASSERT(f->n_sent == 0);
	CU_ASSERT(fake_law(f));
	CU_ASSERT(SERVER(1001, S | A, 9000, 501, 0) == DROP_NONE); /* and it still works */
	CU_ASSERT(left(f, IF_INSIDE, A)->tcp.seq == cookie + 1);
	fake_forget_sent(f);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "LIM-4 INT-1 INT-2 INT-9 cookie, client, server, data; no TCP map", joined },
		{ "INT-2 a probe of the closed window instead of the ACK", probe_of_the_window },
		{ "INT-4 guessed and replayed", refused },
		{ "INT-4 what survives an interception", what_survives },
		{ "INT-4 the server's window scale is learned", window_scale_is_learned },
		{ "INT-4 timestamps survive", timestamps_survive },
		{ "INT-4 old cookies, and cookies at another place", old_and_elsewhere },
		{ "INT-8 total, rate and average", rates },
		{ "INT-2 a server that does not answer: the client gets a RST", server_is_dead },
		{ "INT-2 a server that refuses: the client gets a RST", server_refuses },
		{ "INT-2 what the client sends too early", too_early },
		{ NULL, NULL },
	};

	return asa_cunit_main("intercept", tests);
}
