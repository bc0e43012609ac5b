// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * Timeouts that act, with a simulated clock: the global ones whose protocols are here (GTO-1 to
 * GTO-4, GTO-11, GTO-19 to GTO-21), those of a class (TMO-1 to TMO-3, TMO-6), and many connections
 * that end together (TMO-7).
 */
#include <stdlib.h>

#include "lib/dialogue.h"

/* clang-format off: packets in words */

static enum asa_drop udp(struct fake *f, __u16 sport)
{
	enum asa_drop why = FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				    .sport = sport, .dport = 53);

	fake_forget_sent(f);
	return why;
}

static void connect_tcp(struct fake *f, __u16 sport)
{
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = sport,
				.dport = 80, .flags = S, .seq = 1000), DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,
				.dport = sport, .flags = S | A, .seq = 7000, .ack = 1001), DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = sport,
				.dport = 80, .flags = A, .seq = 1001, .ack = 7001), DROP_NONE);
	fake_forget_sent(f);
}

/* It is there just before the time and gone a second after. */
static void ends_after(struct fake *f, int seconds)
{
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_wait(f, (__u32)seconds * 1000 - 100);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_wait(f, 1000);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
}

static void gto1_conn(void)
{
	struct fake *f = fake_new(64);

	f->fw.m->timeouts.conn = 400;
	fake_start(f);
	connect_tcp(f, 1);
	ends_after(f, 400);
	CU_ASSERT_TRUE(fake_logged(f, "Connection timeout"));
	/* a protocol without a value of its own */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 47, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.payload = 8), DROP_NONE);
	fake_forget_sent(f);
	ends_after(f, 400);
	/* 0: never */
	f->fw.m->timeouts.conn = 0;
	fake_recompile(f);
	connect_tcp(f, 2);
	fake_wait(f, 4000000);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_end(f);
}

static void gto2_half_closed(void)
{
	struct fake *f = fake_new(64);

	f->fw.m->timeouts.half_closed = 60;
	fake_start(f);
	connect_tcp(f, 1);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1,
				.dport = 80, .flags = F | A, .seq = 1001, .ack = 7001), DROP_NONE);
	fake_forget_sent(f);
	ends_after(f, 60);
	CU_ASSERT_TRUE(fake_logged(f, "FIN Timeout"));
	fake_end(f);
}

static void gto3_gto4_udp_and_icmp(void)
{
	struct fake *f = fake_new(64);

	f->fw.m->timeouts.udp = 90;
	f->fw.m->timeouts.icmp = 7;
	fake_start(f);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	ends_after(f, 90);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 1, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.type = 8, .id = 3), DROP_NONE);
	fake_forget_sent(f);
	ends_after(f, 7);
	fake_end(f);
}

/* GTO-21: the end of an orderly close is the end for the operator, the slot goes a second later. */
static void gto21_normal_close(void)
{
	struct fake *f = fake_new(64);
	struct session_counts n;

	fake_start(f);
	connect_tcp(f, 1);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1,
				.dport = 80, .flags = F | A, .seq = 1001, .ack = 7001), DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,
				.dport = 1, .flags = F | A, .seq = 7001, .ack = 1002), DROP_NONE);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1,
				.dport = 80, .flags = A, .seq = 1002, .ack = 7002), DROP_NONE);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	/* the last ACK was lost: it comes again and passes */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,
				.dport = 1, .flags = F | A, .seq = 7001, .ack = 1002), DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1,
				.dport = 80, .flags = A, .seq = 1002, .ack = 7002), DROP_NONE);
	fake_forget_sent(f);
	fake_wait(f, 2000);
	CU_ASSERT_EQUAL(f->t.sessions[1].state, ASA_SESSION_FREE);
	/* a RST: the same */
	connect_tcp(f, 2);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,
				.dport = 2, .flags = R | A, .seq = 7001, .ack = 1001), DROP_NONE);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	fake_forget_sent(f);
	sessions_counts(f->asa.sessions, &n);
	CU_ASSERT_EQUAL(n.torn_down, 2);
	fake_end(f);
}

/* ------------------------------------------------------------------ translations */

static void dynamic(struct fake *f, bool pat)
{
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);

	fw_object(&f->fw, "net", "10.1.1.0/24");
	n->form = MODEL_NAT_OBJECT;
	snprintf(n->object, sizeof(n->object), "net");
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->dynamic = true;
	n->pat = pat;
	n->real = mb_term("obj:net");
	n->mapped = mb_term(pat ? "192.0.2.60" : "203.0.113.10-203.0.113.20");
}

static void xlate_ends_after(struct fake *f, int seconds)
{
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 1);
	fake_wait(f, (__u32)seconds * 1000 - 2500);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 1);
	fake_wait(f, 4000);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 0);
}

static void clear_all(struct fake *f)
{
	__u32 pos = 0, closed = 0;

	while (sessions_clear(f->asa.sessions, &pos, 64, f->now, NULL, &closed))
		;
}

static void gto19_xlate(void)
{
	struct fake *f = fake_new(64);

	f->fw.m->timeouts.xlate = 300;
	dynamic(f, false);
	fake_start(f);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	fake_wait(f, 100000);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 1); /* in use */
	clear_all(f);
	xlate_ends_after(f, 300);
	fake_end(f);
}

static void gto20_pat_xlate(void)
{
	struct fake *f = fake_new(64);

	f->fw.m->timeouts.pat_xlate = 40;
	dynamic(f, true);
	fake_start(f);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	fake_wait(f, 100000);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 1);
	clear_all(f);
	xlate_ends_after(f, 40);
	fake_end(f);
}

/* ------------------------------------------------------------------ better routes */

static void routes_change(struct fake *f)
{
	f->t.config->route_gen++;
}

static void gto11_floating(void)
{
	struct fake *f = fake_new(64);

	f->fw.m->timeouts.floating_conn = 60;
	f->fw.m->timeouts.udp = 3600;
	f->fw.m->same_security_inter = true;
	fake_start(f);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	CU_ASSERT_EQUAL(udp(f, 2), DROP_NONE);
	/* a better route by another interface; the old one stays */
	fake_route(f, "198.51.100.0", 24, IF_DMZ, "10.2.2.9");
	routes_change(f);
	fake_wait(f, 100000);
	CU_ASSERT_EQUAL(fake_in_use(f), 2); /* no packet: not moved */
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	fake_wait(f, 50000);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE); /* packets do not prolong it */
	CU_ASSERT_EQUAL(fake_in_use(f), 2);
	fake_wait(f, 11000);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_log_clear(f);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE); /* made anew, over the better route */
	CU_ASSERT_TRUE(fake_logged(f, "for dmz:198.51.100.7/53"));
	fake_wait(f, 200000);
	CU_ASSERT_EQUAL(fake_in_use(f), 2);
	fake_end(f);
}

/* The route is withdrawn, a worse one is taken: nothing ends. */
static void gto11_withdrawn_is_not_surpassed(void)
{
	struct fake *f = fake_new(64);

	f->fw.m->timeouts.floating_conn = 60;
	f->fw.m->timeouts.udp = 3600;
	fake_start(f);
	fake_route(f, "198.51.100.0", 24, IF_DMZ, "10.2.2.9");
	routes_change(f);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	f->n_routes--;
	routes_change(f);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	fake_wait(f, 200000);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	/* it comes back: better again, and now the time runs */
	fake_route(f, "198.51.100.0", 24, IF_DMZ, "10.2.2.9");
	routes_change(f);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	fake_wait(f, 61000);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	fake_end(f);
}

/* 0, the default: never. A value that is set later acts, too (GTO-22). */
static void gto11_off_and_on(void)
{
	struct fake *f = fake_new(64);

	f->fw.m->timeouts.udp = 300;
	fake_start(f);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	fake_route(f, "198.51.100.0", 24, IF_DMZ, "10.2.2.9");
	routes_change(f);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	fake_wait(f, 250000);
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	f->fw.m->timeouts.floating_conn = 60;
	fake_recompile(f);
	fake_wait(f, 100000); /* its next evaluation is where the former idle time would end */
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	fake_end(f);
}

/* ------------------------------------------------------------------ classes */

static struct model_conn_settings *class_of_all(struct fake *f)
{
	fw_ace(&f->fw, "all", "permit ip any any");
	bypass_class(f, NULL, "all");
	f->fw.m->policy_maps.v[0].classes.v[0].conn.bypass = false;
	return &f->fw.m->policy_maps.v[0].classes.v[0].conn;
}

static void tmo6_class_wins(void)
{
	struct fake *f = fake_new(64);
	struct model_conn_settings *c = class_of_all(f);

	f->fw.m->timeouts.conn = 1000;
	f->fw.m->timeouts.half_closed = 900;
	f->fw.m->timeouts.udp = 1100;
	c->idle_s = 500;
	c->half_closed_s = 50;
	c->embryonic_s = 20;
	fake_start(f);
	connect_tcp(f, 1);
	ends_after(f, 500); /* TMO-2 */
	CU_ASSERT_EQUAL(udp(f, 1), DROP_NONE);
	ends_after(f, 500); /* all protocols */
	connect_tcp(f, 2);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 2,
				.dport = 80, .flags = F | A, .seq = 1001, .ack = 7001), DROP_NONE);
	fake_forget_sent(f);
	ends_after(f, 50); /* TMO-3 */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 3,
				.dport = 80, .flags = S, .seq = 1000), DROP_NONE);
	fake_forget_sent(f);
	ends_after(f, 20); /* TMO-1 */
	fake_end(f);
}

/* A class that sets one value leaves the others to the global ones; 0 is never. */
static void tmo6_what_a_class_does_not_say(void)
{
	struct fake *f = fake_new(64);
	struct model_conn_settings *c = class_of_all(f);

	f->fw.m->timeouts.conn = 400;
	c->half_closed_s = 50;
	fake_start(f);
	connect_tcp(f, 1);
	ends_after(f, 400);
	c->idle_s = 0;
	fake_recompile(f);
	connect_tcp(f, 2);
	fake_wait(f, 4000000);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_end(f);
}

/* ------------------------------------------------------------------ many */

#define MANY 30000u

/*
 * All are due within one step of the wheel. Each turn of the daemon's loop touches so many timers
 * and no more, and they are gone within a second of turns (make expire-bench measures a million).
 */
static void tmo7_many_end_together(void)
{
	struct fake *f = fake_new(MANY + 1000);
	__u32 i, before, due, turns = 0, most = 0;

	f->no_log = true;
	fake_start(f);
	for (i = 0; i < MANY; i++) {
		char src[16];

		snprintf(src, sizeof(src), "10.1.1.%u", 1 + i % 200);
		CU_ASSERT_EQUAL_FATAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = src,
					      .dst = OUTSIDE_HOST, .sport = (__u16)(1 + i / 200), .dport = 53),
				      DROP_NONE);
		fake_forget_sent(f);
	}
	due = f->now + asa_ticks_from_ms(120000);
	while ((__s32)(due - f->now) > 0) {
		f->now += 10;
		while (sessions_tick(f->asa.sessions, f->now, SESSIONS_PER_TURN))
			;
	}
	before = fake_in_use(f);
	while (fake_in_use(f) && turns < 4 * MANY) {
		bool more;

		before = fake_in_use(f);
		more = sessions_tick(f->asa.sessions, f->now, SESSIONS_PER_TURN);
		if (before - fake_in_use(f) > most)
			most = before - fake_in_use(f);
		turns++;
		if (!more)
			f->now += 10; /* the loop sleeps */
	}
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	CU_ASSERT_TRUE(most <= SESSIONS_PER_TURN);
	CU_ASSERT_TRUE(f->now - due <= asa_ticks_from_ms(1000));
	CU_ASSERT_TRUE(turns >= MANY / SESSIONS_PER_TURN);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "GTO-1 conn", gto1_conn },
		{ "GTO-2 half-closed", gto2_half_closed },
		{ "GTO-3 GTO-4 udp and icmp", gto3_gto4_udp_and_icmp },
		{ "GTO-11 floating-conn", gto11_floating },
		{ "GTO-11 withdrawn is not surpassed", gto11_withdrawn_is_not_surpassed },
		{ "GTO-11 GTO-22 off and on", gto11_off_and_on },
		{ "GTO-19 xlate", gto19_xlate },
		{ "GTO-20 pat-xlate", gto20_pat_xlate },
		{ "GTO-21 normal close", gto21_normal_close },
		{ "TMO-1 TMO-2 TMO-3 TMO-6 the class wins", tmo6_class_wins },
		{ "TMO-6 what a class does not say", tmo6_what_a_class_does_not_say },
		{ "TMO-7 many end together", tmo7_many_end_together },
		{ NULL, NULL },
	};

	return asa_cunit_main("timeouts", tests);
}
