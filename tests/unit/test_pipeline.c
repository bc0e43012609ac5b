// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * The slow path, in dialogues: connections of every protocol from first packet to last, with
 * policy, translation and bypass as compiled by the real policy code.
 */
#include "lib/dialogue.h"

/* clang-format off: tables of packets */

/* ------------------------------------------------------------------ TCP */

static void ses12_outbound_tcp_walks_through_all_states(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f,
		 { TCP_OUT(S, 1000, 0, 0), 0, OUT_TEXT, "saA",
		   "302013: Built outbound TCP connection 1 for outside:198.51.100.7/80 "
		   "(198.51.100.7/80) to inside:10.1.1.5/40000 (10.1.1.5/40000)" },
		 { TCP_OUT(S, 1000, 0, 0), 0, OUT_TEXT, "saA", NULL }, /* once more: lost answer */
		 { TCP_IN(S | A, 7000, 1001, 0), 0, IN_TEXT, "A", NULL },
		 { TCP_OUT(A, 1001, 7001, 0), 0, OUT_TEXT, "U", NULL },
		 { TCP_OUT(A | P, 1001, 7001, 100), 0, OUT_TEXT, "UO", NULL },
		 { TCP_IN(A | P, 7001, 1101, 200), 0, IN_TEXT, "UIO", NULL },
		 { TCP_OUT(F | A, 1101, 7201, 0), 0, OUT_TEXT, "UfIO", NULL },
		 { TCP_IN(A, 7201, 1102, 0), 0, IN_TEXT, "UfrIO", NULL },
		 { TCP_IN(F | A, 7201, 1102, 0), 0, IN_TEXT, "UfFrIO", NULL },
		 { TCP_OUT(A, 1102, 7202, 0), 0, OUT_TEXT, "",
		   "302014: Teardown TCP connection 1 for outside:198.51.100.7/80 to "
		   "inside:10.1.1.5/40000 duration 0:00:00 bytes 700 TCP FINs" });
	/* the last FIN once more, because its ACK was lost: still passes (GTO-21) */
	DIALOGUE(f, { TCP_IN(F | A, 7201, 1102, 0), 0, IN_TEXT, "", NULL },
		 { TCP_OUT(A, 1102, 7202, 0), 0, OUT_TEXT, "", NULL });
	fake_wait(f, 1200);
	DIALOGUE(f, { TCP_IN(F | A, 7201, 1102, 0), DROP_TCP_NOT_SYN, NULL, "",
		      "106015: Deny TCP (no connection) from 198.51.100.7/80 to 10.1.1.5/40000 "
		      "flags FIN ACK  on interface outside" });
	fake_end(f);
}

static void ses12_inbound_tcp_has_flag_b(void)
{
	struct fake *f = fake_new(64);

	fw_ace(&f->fw, "in", "permit tcp any 10.1.1.5 eq 80");
	fw_access_group(&f->fw, "in", "in", "outside");
	fake_start(f);
	DIALOGUE(f,
		 { { .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 999,
		     .dport = 80, .flags = S, .seq = 5 },
		   0, "inside 198.51.100.7:999 > 10.1.1.5:80", "SaAB",
		   "302013: Built inbound TCP connection 1 for outside:198.51.100.7/999 "
		   "(198.51.100.7/999) to inside:10.1.1.5/80 (10.1.1.5/80)" },
		 { { .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 80,
		     .dport = 999, .flags = S | A, .seq = 9, .ack = 6 },
		   0, "outside 10.1.1.5:80 > 198.51.100.7:999", "aB", NULL },
		 { { .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 999,
		     .dport = 80, .flags = A, .seq = 6, .ack = 10 },
		   0, "inside 198.51.100.7:999 > 10.1.1.5:80", "UB", NULL },
		 { { .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 80,
		     .dport = 999, .flags = A, .seq = 10, .ack = 6, .payload = 5 },
		   0, "outside 10.1.1.5:80 > 198.51.100.7:999", "UOB", NULL });
	fake_end(f);
}

/* The rules of asa/tcp_track.h act on punted segments, one drop reason a row; nothing sticks. */
static void ses12_bad_segments_are_dropped_and_change_nothing(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f, { TCP_OUT(S, 1000, 0, 0), 0, OUT_TEXT, "saA", NULL },
		 { TCP_IN(S | A, 7000, 1500, 0), DROP_TCP_ACK_SYN_DIFF, NULL, "saA", NULL },
		 { TCP_IN(S, 7000, 0, 0), DROP_TCP_DUAL_OPEN, NULL, "saA", NULL },
		 { TCP_IN(A, 7000, 1001, 10), DROP_TCP_3WHS, NULL, "saA", NULL },
		 { TCP_IN(R, 7000, 0, 0), DROP_TCP_RSTFIN_OOO, NULL, "saA", NULL },
		 { TCP_IN(S | A, 7000, 1001, 0), 0, IN_TEXT, "A", NULL },
		 { TCP_OUT(A, 1001, 7001, 0), 0, OUT_TEXT, "U", NULL },
		 { TCP_OUT(S, 5555, 0, 0), DROP_TCP_RST_SYN_IN_WIN, NULL, "U", NULL },
		 { TCP_OUT(S, 555555, 0, 0), DROP_TCP_SYN_OOO, NULL, "U", NULL },
		 { TCP_IN(S | A, 9999, 1001, 0), DROP_TCP_SYNACK_OOO, NULL, "U", NULL },
		 { TCP_IN(A, 7001 + 70000, 1001, 1), DROP_TCP_SEQ_PAST_WIN, NULL, "U", NULL },
		 { TCP_IN(A, 7001, 2000000, 0), DROP_TCP_INVALID_ACK, NULL, "U", NULL },
		 { TCP_IN(R, 7500, 0, 0), DROP_TCP_RST_SYN_IN_WIN, NULL, "U", NULL },
		 { TCP_IN(S | F, 7001, 1001, 0), DROP_TCP_FLAGS, NULL, "U", NULL },
		 { TCP_IN(F | A, 7001, 1001, 0), 0, IN_TEXT, "UF", NULL },
		 { TCP_IN(A, 7002, 1001, 10), DROP_TCP_PAST_FIN, NULL, "UF", NULL });
	fake_end(f);
}

static void ses12_reset_ends_the_connection(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f, { TCP_OUT(S, 1000, 0, 0), 0, OUT_TEXT, "saA", NULL },
		 { TCP_IN(R | A, 0, 1001, 0), 0, IN_TEXT, "", "bytes 80 TCP Reset-O" });
	DIALOGUE(f, { TCP_OUT(S, 2000, 0, 0), 0, OUT_TEXT, "saA", "Built outbound TCP connection 2" },
		 { TCP_IN(S | A, 7000, 2001, 0), 0, IN_TEXT, "A", NULL },
		 { TCP_OUT(A, 2001, 7001, 0), 0, OUT_TEXT, "U", NULL },
		 { TCP_OUT(R, 2001, 0, 0), 0, OUT_TEXT, "", "TCP Reset-I" });
	fake_end(f);
}

/* The same ports again while the old connection is closing: a new connection at once. */
static void ses12_ports_are_used_again(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f, { TCP_OUT(S, 1000, 0, 0), 0, OUT_TEXT, "saA", NULL },
		 { TCP_IN(S | A, 7000, 1001, 0), 0, IN_TEXT, "A", NULL },
		 { TCP_OUT(A, 1001, 7001, 0), 0, OUT_TEXT, "U", NULL },
		 { TCP_OUT(F | A, 1001, 7001, 0), 0, OUT_TEXT, "Uf", NULL },
		 { TCP_IN(F | A, 7001, 1002, 0), 0, IN_TEXT, "UfFr", NULL },
		 /* TIME_WAIT: both FINs seen, the last ACK was lost */
		 { TCP_OUT(S, 50000, 0, 0), 0, OUT_TEXT, "saA", "302014: Teardown TCP connection 1" },
		 { TCP_IN(S | A, 90000, 50001, 0), 0, IN_TEXT, "A", NULL },
		 { TCP_IN(R | A, 90001, 50001, 0), 0, IN_TEXT, "", NULL },
		 { TCP_OUT(S, 60000, 0, 0), 0, OUT_TEXT, "saA", "Built outbound TCP connection 3" });
	/* a client that was restarted before anybody answered: the handshake starts again */
	DIALOGUE(f, { TCP_OUT(S, 77000, 0, 0), 0, OUT_TEXT, "saA",
		      "419002: Duplicate TCP SYN from inside:10.1.1.5/40000 to outside:198.51.100.7/80 "
		      "with different initial sequence number" },
		 { TCP_IN(S | A, 5, 77001, 0), 0, IN_TEXT, "A", NULL });
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_end(f);
}

static void ses12_first_segment_must_be_a_syn(void)
{
	static const struct {
		__u8 flags;
		enum asa_drop why;
		const char *log;
	} rows[] = {
		{ A, DROP_TCP_NOT_SYN, "flags ACK  on" },
		{ S | A, DROP_TCP_NOT_SYN, "flags SYN ACK  on" },
		{ F | A, DROP_TCP_NOT_SYN, "flags FIN ACK  on" },
		{ R, DROP_TCP_NOT_SYN, "flags RST  on" },
		{ R | A, DROP_TCP_NOT_SYN, "flags RST ACK  on" },
		{ P | A, DROP_TCP_NOT_SYN, "flags PSH ACK  on" },
		{ 0, DROP_TCP_NOT_SYN, "flags   on" },
		{ S | F, DROP_TCP_FLAGS, NULL },
		{ S | R, DROP_TCP_FLAGS, NULL },
	};
	struct fake *f = fake_new(64);
	size_t i;

	fake_start(f);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct step s = { TCP_OUT(rows[i].flags, 1, 1, 0), rows[i].why, NULL, "", rows[i].log };

		CU_ASSERT_TRUE(step_run(f, &s));
	}
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_NOT_SYN), 7);
	fake_end(f);
}

/* ------------------------------------------------------------------ bypass */

/* Every first segment opens one, any order passes afterwards, nothing but time ends it. */
static void byp3_byp5_any_segment_opens_and_passes(void)
{
	static const __u8 first[] = { S, S | A, A, F | A, R, P | A, 0, S | F };
	size_t i;

	for (i = 0; i < sizeof(first); i++) {
		struct fake *f = fake_new(64);
		struct step s = { TCP_OUT(first[i], 1, 1, 0), 0, OUT_TEXT, "b",
				  "302303: Built TCP state-bypass connection 1 from "
				  "inside:10.1.1.5/40000 (10.1.1.5/40000) to "
				  "outside:198.51.100.7/80 (198.51.100.7/80)" };

		fw_ace(&f->fw, "bypass", "permit tcp 10.1.1.0/24 any");
		bypass_class(f, "outside", "bypass");
		fake_start(f);
		CU_ASSERT_TRUE(step_run(f, &s));
		DIALOGUE(f, { TCP_IN(F | A, 99, 12345678, 10), 0, IN_TEXT, "b", NULL },
			 { TCP_OUT(R, 7, 0, 0), 0, OUT_TEXT, "b", NULL },
			 { TCP_IN(S, 3, 0, 0), 0, IN_TEXT, "b", NULL },
			 { TCP_OUT(A, 0x80000000u, 0x90000000u, 1000), 0, OUT_TEXT, "b", NULL },
			 { TCP_IN(R | A, 5, 5, 0), 0, IN_TEXT, "b", NULL },
			 { TCP_OUT(F | S | R, 5, 5, 0), 0, OUT_TEXT, "b", NULL });
		CU_ASSERT_EQUAL(f->t.conns[1].dir[0].flags & ASA_DIR_BYPASS, ASA_DIR_BYPASS);
		CU_ASSERT_EQUAL(f->t.conns[1].dir[1].flags & ASA_DIR_BYPASS, ASA_DIR_BYPASS);
		fake_end(f);
	}
}

static void byp3_denied_segment_creates_nothing(void)
{
	struct fake *f = fake_new(64);

	fw_ace(&f->fw, "bypass", "permit tcp any any");
	bypass_class(f, NULL, "bypass");
	fw_ace(&f->fw, "out-in", "deny tcp any any");
	fw_access_group(&f->fw, "out-in", "in", "outside");
	fake_start(f);
	DIALOGUE(f, { TCP_IN(A, 1, 1, 10), DROP_POLICY_ACL, NULL, "",
		      "106023: Deny tcp src outside:198.51.100.7/80 dst inside:10.1.1.5/40000 by "
		      "access-group \"out-in\" [0x" });
	fake_end(f);
}

static void byp4_no_bypass_class_no_connection(void)
{
	struct fake *f = fake_new(64);

	fw_ace(&f->fw, "bypass", "permit tcp 10.1.1.99 any");
	bypass_class(f, "outside", "bypass");
	fake_start(f);
	DIALOGUE(f, { TCP_OUT(A, 1, 1, 0), DROP_TCP_NOT_SYN, NULL, "", "106015" });
	fake_end(f);
}

static void byp8_idles_out_after_two_minutes(void)
{
	struct fake *f = fake_new(64);
	struct session_view v;

	fw_ace(&f->fw, "bypass", "permit tcp any any");
	bypass_class(f, "outside", "bypass");
	fake_start(f);
	DIALOGUE(f, { TCP_OUT(A, 1, 1, 10), 0, OUT_TEXT, "b", NULL });
	fake_wait(f, 100000);
	CU_ASSERT_TRUE(fake_view(f, 0, &v));
	CU_ASSERT_EQUAL(v.idle_s, 100);
	CU_ASSERT_EQUAL(v.timeout_s, 120);
	f->t.conns[1].dir[1].seen = f->now; /* the driver saw the other direction */
	fake_wait(f, 119000);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_log_clear(f);
	fake_wait(f, 2000);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	CU_ASSERT_TRUE(fake_logged(f, "302304: Teardown TCP state-bypass connection 1 from "
				      "inside:10.1.1.5/40000 to outside:198.51.100.7/80 duration "
				      "0:03:40 bytes 50 Connection timeout"));
	CU_ASSERT_EQUAL(fake_drops(f, FLOW_CONN_TIMEOUT), 1);
	fake_end(f);
}

static void byp8_class_idle_wins(void)
{
	struct fake *f = fake_new(64);
	struct session_view v;

	fw_ace(&f->fw, "bypass", "permit tcp any any");
	bypass_class(f, "outside", "bypass");
	f->fw.m->policy_maps.v[0].classes.v[0].conn.idle_s = 600;
	fake_start(f);
	DIALOGUE(f, { TCP_OUT(A, 1, 1, 10), 0, OUT_TEXT, "b", NULL });
	CU_ASSERT_TRUE(fake_view(f, 0, &v));
	CU_ASSERT_EQUAL(v.timeout_s, 600);
	fake_wait(f, 590000);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_wait(f, 11000);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	fake_end(f);
}

static void byp13_icmp_without_session_is_refused_under_bypass(void)
{
	struct fake *f = fake_new(64);

	fw_ace(&f->fw, "bypass", "permit tcp any any");
	bypass_class(f, NULL, "bypass");
	fw_ace(&f->fw, "all", "permit ip any any");
	fw_access_group(&f->fw, "all", "in", "outside");
	fake_start(f);
	DIALOGUE(f, { { .in = IF_OUTSIDE, .proto = 1, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
			.type = 0, .id = 77 },
		      DROP_SESSION_ICMP, NULL, "",
		      "313004: Denied ICMP type=0, from laddr 198.51.100.7 on interface outside to "
		      "10.1.1.5: no matching session" });
	f->log_off = 313004;
	DIALOGUE(f, { { .in = IF_OUTSIDE, .proto = 1, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
			.type = 0, .id = 77 },
		      DROP_SESSION_ICMP, NULL, "", NULL });
	CU_ASSERT_FALSE(fake_logged(f, "313004"));
	fake_end(f);
}

/* The two counters that prove that the driver does the work. */
static void byp14_driver_and_daemon_packets_are_told_apart(void)
{
	struct fake *f = fake_new(64);
	struct session_view v;

	fw_ace(&f->fw, "bypass", "permit tcp any any");
	bypass_class(f, "outside", "bypass");
	fake_start(f);
	DIALOGUE(f, { TCP_OUT(A, 1, 1, 10), 0, OUT_TEXT, "b", NULL });
	f->t.conns[1].dir[0].packets = 1000; /* as the driver counts */
	f->t.conns[1].dir[0].bytes = 60000;
	f->t.conns[1].dir[1].packets = 500;
	f->t.conns[1].dir[1].bytes = 700000;
	CU_ASSERT_TRUE(fake_view(f, 0, &v));
	CU_ASSERT_EQUAL(v.driver_packets[0], 1000);
	CU_ASSERT_EQUAL(v.daemon_packets[0], 1);
	CU_ASSERT_EQUAL(v.driver_packets[1], 500);
	CU_ASSERT_EQUAL(v.daemon_packets[1], 0);
	CU_ASSERT_EQUAL(v.bytes, 760050);
	f->t.conns[1].dir[0].bytes += 3ull << ASA_COUNT_BYTES; /* it has carried three times */
	f->t.sessions[1].rest[0].slow_packets = 0xffffffff;
	DIALOGUE(f, { TCP_OUT(A, 11, 1, 10), 0, OUT_TEXT, "b", NULL });
	CU_ASSERT_TRUE(fake_view(f, 0, &v));
	CU_ASSERT_EQUAL(v.driver_packets[0], (3ull << 32) + 1000);
	CU_ASSERT_EQUAL(v.daemon_packets[0], 1ull << 32);
	CU_ASSERT_EQUAL(v.dir_packets[0], (4ull << 32) + 1000);
	CU_ASSERT_EQUAL(v.bytes, 760100);
	/* everything is in place for it: valid next hops both ways, no flag that asks for the daemon */
	CU_ASSERT_TRUE(f->t.nexthops[f->t.conns[1].dir[0].nexthop].flags & ASA_NH_VALID);
	CU_ASSERT_TRUE(f->t.nexthops[f->t.conns[1].dir[1].nexthop].flags & ASA_NH_VALID);
	CU_ASSERT_EQUAL(f->t.conns[1].dir[0].flags, ASA_DIR_VALID | ASA_DIR_BYPASS);
	CU_ASSERT_EQUAL(f->t.conns[1].dir[1].flags, ASA_DIR_VALID | ASA_DIR_BYPASS);
	fake_end(f);
}

static void byp15_one_direction_only_and_the_other_elsewhere(void)
{
	struct fake *f = fake_new(64);

	f->fw.m->ifs.v[1].level = 0; /* dmz is a second way outside */
	fw_ace(&f->fw, "bypass", "permit tcp any any");
	bypass_class(f, NULL, "bypass");
	fake_start(f);
	DIALOGUE(f, { TCP_OUT(A, 1, 1, 10), 0, OUT_TEXT, "b", NULL },
		 { TCP_OUT(A, 11, 1, 10), 0, OUT_TEXT, "b", NULL });
	CU_ASSERT_EQUAL(f->t.conns[1].dir[1].in_if, IF_OUTSIDE);
	/* answers come in through the other interface of the same level: the connection follows */
	DIALOGUE(f, { { .in = IF_DMZ, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,
			.dport = 40000, .flags = A, .payload = 5 },
		      0, IN_TEXT, "b", NULL });
	CU_ASSERT_EQUAL(f->t.conns[1].dir[1].in_if, IF_DMZ);
	/* but not through one that plays another part */
	DIALOGUE(f, { { .in = IF_INSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,
			.dport = 40000, .flags = A, .payload = 5 },
		      DROP_SESSION_INTERFACE, NULL, "b", NULL });
	CU_ASSERT_EQUAL(f->t.conns[1].dir[1].in_if, IF_DMZ);
	fake_end(f);
}

/* The key has a context from the first day: the same addresses twice are two connections. */
static void byp9_the_key_carries_the_context(void)
{
	struct fake *f = fake_new(64);
	struct asa_key key = mb_key("tcp 10.1.1.5:40000 198.51.100.7:80");

	fw_ace(&f->fw, "bypass", "permit tcp any any");
	bypass_class(f, NULL, "bypass");
	fake_start(f);
	f->t.ifaces[IF_INSIDE].ctx = 3;
	f->t.ifaces[IF_OUTSIDE].ctx = 3;
	DIALOGUE(f, { TCP_OUT(A, 1, 1, 10), 0, OUT_TEXT, "b", NULL },
		 { TCP_IN(A, 1, 1, 10), 0, IN_TEXT, "b", NULL });
	CU_ASSERT_EQUAL(session_find(f->asa.sessions, &key), 0);
	key.ctx = 3;
	CU_ASSERT_EQUAL(session_find(f->asa.sessions, &key), ASA_REF(1, 0));
	f->t.ifaces[IF_INSIDE].ctx = 0;
	DIALOGUE(f, { TCP_OUT(A, 1, 1, 10), 0, OUT_TEXT, "b", "302303" });
	CU_ASSERT_EQUAL(fake_in_use(f), 2);
	fake_end(f);
}

/* Scenario 2: out of the interface of entry, one direction only. */
static void byp16_u_turn_needs_intra_interface(void)
{
	int permitted;

	for (permitted = 0; permitted < 2; permitted++) {
		struct fake *f = fake_new(64);

		fake_route(f, "192.168.1.0", 24, IF_INSIDE, "10.1.1.2");
		fake_route(f, "192.168.2.0", 24, IF_INSIDE, "10.1.1.3");
		fw_ace(&f->fw, "tcp_bypass", "permit tcp 192.168.2.0/24 192.168.1.0/24");
		bypass_class(f, "inside", "tcp_bypass");
		f->fw.m->same_security_intra = permitted;
		fake_start(f);
		if (permitted)
			DIALOGUE(f, { { .in = IF_INSIDE, .src = "192.168.2.9", .dst = "192.168.1.9",
					.sport = 5, .dport = 23, .flags = A, .payload = 9 },
				      0, "inside 192.168.2.9:5 > 192.168.1.9:23", "b", "302303" });
		else
			DIALOGUE(f, { { .in = IF_INSIDE, .src = "192.168.2.9", .dst = "192.168.1.9",
					.sport = 5, .dport = 23, .flags = A, .payload = 9 },
				      DROP_POLICY_INTRA, NULL, "", NULL });
		fake_end(f);
	}
}

static void byp17_bypass_has_its_own_messages(void)
{
	struct fake *f = fake_new(64);

	fw_ace(&f->fw, "bypass", "permit tcp any any");
	bypass_class(f, "outside", "bypass");
	fake_start(f);
	DIALOGUE(f, { TCP_OUT(S, 1, 0, 0), 0, OUT_TEXT, "b", "302303: Built TCP state-bypass" });
	CU_ASSERT_FALSE(fake_logged(f, "302013"));
	fake_end(f);
}

/* ------------------------------------------------------------------ UDP, ICMP, others, IPv6 */

static void ses10_udp_icmp_and_other_protocols(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f,
		 { { .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
		     .sport = 53000, .dport = 53, .payload = 20 },
		   0, "outside 10.1.1.5:53000 > 198.51.100.7:53", "-",
		   "302015: Built outbound UDP connection 1 for outside:198.51.100.7/53 "
		   "(198.51.100.7/53) to inside:10.1.1.5/53000 (10.1.1.5/53000)" },
		 { { .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
		     .sport = 53, .dport = 53000, .payload = 30 },
		   0, "inside 198.51.100.7:53 > 10.1.1.5:53000", "-", NULL },
		 { { .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
		     .sport = 54, .dport = 53000, .payload = 30 },
		   DROP_POLICY_ACL, NULL, "-",
		   "106006: Deny inbound UDP from 198.51.100.7/54 to 10.1.1.5/53000 on interface "
		   "outside" });
	fake_wait(f, 121000);
	CU_ASSERT_TRUE(fake_logged(f, "302016: Teardown UDP connection 1 for outside:198.51.100.7/53 "
				      "to inside:10.1.1.5/53000 duration 0:02:00 bytes 106"));
	DIALOGUE(f,
		 { { .in = IF_INSIDE, .proto = 1, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .type = 8,
		     .id = 9, .payload = 56 },
		   0, "outside 10.1.1.5 > 198.51.100.7 id 9", "-",
		   "302020: Built outbound ICMP connection for faddr 198.51.100.7/0 gaddr 10.1.1.5/9 "
		   "laddr 10.1.1.5/9" },
		 { { .in = IF_OUTSIDE, .proto = 1, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .type = 0,
		     .id = 9, .payload = 56 },
		   0, "inside 198.51.100.7 > 10.1.1.5 id 9", "-", NULL },
		 { { .in = IF_OUTSIDE, .proto = 1, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .type = 0,
		     .id = 10, .payload = 56 },
		   DROP_SESSION_ICMP, NULL, "-", "313004" },
		 { { .in = IF_INSIDE, .proto = 1, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .type = 8,
		     .code = 3, .id = 11 },
		   DROP_SESSION_ICMP_BAD, NULL, "-", NULL });
	fake_wait(f, 2200);
	CU_ASSERT_TRUE(fake_logged(f, "302021: Teardown ICMP connection for faddr 198.51.100.7/0 gaddr "
				      "10.1.1.5/9 laddr 10.1.1.5/9"));
	DIALOGUE(f,
		 { { .in = IF_INSIDE, .proto = 47, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
		     .payload = 40 },
		   0, "outside 10.1.1.5 > 198.51.100.7", "-", "302017: Built outbound GRE" },
		 { { .in = IF_OUTSIDE, .proto = 47, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
		     .payload = 40 },
		   0, "inside 198.51.100.7 > 10.1.1.5", "-", NULL },
		 { { .in = IF_OUTSIDE, .proto = 50, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
		     .payload = 40 },
		   DROP_POLICY_ACL, NULL, "-",
		   "106010: Deny inbound protocol esp src outside:198.51.100.7 dst inside:10.1.1.5" });
	fake_end(f);
}

static void ses10_ipv6(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f,
		 { { .in = IF_INSIDE, .src = "2001:db8:1::5", .dst = "2001:db8:9::7", .sport = 4000,
		     .dport = 80, .flags = S, .seq = 10 },
		   0, "outside 2001:db8:1::5:4000 > 2001:db8:9::7:80", "saA",
		   "302013: Built outbound TCP connection 1 for outside:2001:db8:9::7/80 "
		   "(2001:db8:9::7/80) to inside:2001:db8:1::5/4000 (2001:db8:1::5/4000)" },
		 { { .in = IF_OUTSIDE, .src = "2001:db8:9::7", .dst = "2001:db8:1::5", .sport = 80,
		     .dport = 4000, .flags = S | A, .seq = 10, .ack = 11 },
		   0, "inside 2001:db8:9::7:80 > 2001:db8:1::5:4000", "A", NULL });
	DIALOGUE(f, { { .in = IF_INSIDE, .proto = 58, .src = "2001:db8:1::5", .dst = "2001:db8:9::7",
			.type = 128, .id = 5, .payload = 8 },
		      0, "outside 2001:db8:1::5 > 2001:db8:9::7 id 5", NULL, "302020" },
		 { { .in = IF_OUTSIDE, .proto = 58, .src = "2001:db8:9::7", .dst = "2001:db8:1::5",
		     .type = 129, .id = 5, .payload = 8 },
		   0, "inside 2001:db8:9::7 > 2001:db8:1::5 id 5", NULL, NULL });
	fake_end(f);
}

/* ------------------------------------------------------------------ policy */

static void ses2_levels_decide_without_a_list(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f,
		 { TCP_IN(S, 1, 0, 0), DROP_POLICY_ACL, NULL, "",
		   "106001: Inbound TCP connection denied from 198.51.100.7/80 to 10.1.1.5/40000 flags "
		   "SYN  on interface outside" },
		 { { .in = IF_OUTSIDE, .proto = 1, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .type = 8 },
		   DROP_POLICY_ACL, NULL, "",
		   "106014: Deny inbound icmp src outside:198.51.100.7 dst inside:10.1.1.5 "
		   "(type 8, code 0)" },
		 { { .in = IF_DMZ, .src = "10.2.2.9", .dst = INSIDE_HOST, .sport = 1, .dport = 2,
		     .flags = S },
		   DROP_POLICY_ACL, NULL, "", "106001" },
		 { { .in = IF_DMZ, .src = "10.2.2.9", .dst = OUTSIDE_HOST, .sport = 1, .dport = 2,
		     .flags = S },
		   0, "outside 10.2.2.9:1 > 198.51.100.7:2", "saA", NULL });
	CU_ASSERT_EQUAL(fake_drops(f, FLOW_ACL), 3);
	fake_end(f);
}

static void ses2_equal_levels_need_inter_interface(void)
{
	struct fake *f = fake_new(64);

	f->fw.m->ifs.v[1].level = 100;
	fake_start(f);
	DIALOGUE(f, { { .in = IF_DMZ, .src = "10.2.2.9", .dst = INSIDE_HOST, .sport = 1, .dport = 2,
			.flags = S },
		      DROP_POLICY_INTER, NULL, "", NULL });
	f->fw.m->same_security_inter = true;
	fake_recompile(f);
	DIALOGUE(f, { { .in = IF_DMZ, .src = "10.2.2.9", .dst = INSIDE_HOST, .sport = 1, .dport = 2,
			.flags = S },
		      0, "inside 10.2.2.9:1 > 10.1.1.5:2", "saA", NULL });
	fake_end(f);
}

static void acl1_outbound_list_refuses(void)
{
	struct fake *f = fake_new(64);

	fw_ace(&f->fw, "out", "deny tcp any any eq 80");
	fw_ace(&f->fw, "out", "permit ip any any");
	fw_access_group(&f->fw, "out", "out", "outside");
	fake_start(f);
	DIALOGUE(f, { TCP_OUT(S, 1, 0, 0), DROP_POLICY_ACL, NULL, "",
		      "106023: Deny tcp src inside:10.1.1.5/40000 dst outside:198.51.100.7/80 by "
		      "access-group \"out\"" });
	fake_end(f);
}

/* "log": the first packet of a flow is told, the others after the interval, with their number. */
static void acl5_log_tells_the_first_and_the_sum(void)
{
	struct fake *f = fake_new(64);
	struct model_ace *deny, *quiet;

	deny = fw_ace(&f->fw, "out", "deny tcp any any eq 80");
	deny->log = true;
	deny->log_level = 4;
	deny->log_interval = 60;
	quiet = fw_ace(&f->fw, "out", "deny udp any any");
	quiet->log = true;
	quiet->log_level = 8; /* log disable */
	fw_access_group(&f->fw, "out", "out", "outside");
	fake_start(f);
	DIALOGUE(f, { TCP_OUT(S, 1, 0, 0), DROP_POLICY_ACL, NULL, "",
		      "106100: access-list out denied tcp inside/10.1.1.5(40000) -> "
		      "outside/198.51.100.7(80) hit-cnt 1 first hit [0x" });
	for (int i = 0; i < 3; i++) {
		DIALOGUE(f, { TCP_OUT(S, 1, 0, 0), DROP_POLICY_ACL, NULL, "", NULL });
		CU_ASSERT_FALSE(fake_logged(f, "106100"));
	}
	DIALOGUE(f, { { .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
			.sport = 1, .dport = 2 },
		      DROP_POLICY_ACL, NULL, "", NULL });
	CU_ASSERT_EQUAL(f->n_log, 0);
	fake_wait(f, 61000);
	CU_ASSERT_TRUE(fake_logged(f, "outside/198.51.100.7(80) hit-cnt 3 60-second interval [0x"));
	fake_log_clear(f);
	fake_wait(f, 61000);
	CU_ASSERT_FALSE(fake_logged(f, "106100"));
	fake_end(f);
}

static void no_way_out(void)
{
	struct fake *f = fake_new(64);

	f->n_routes = 0;
	fake_route(f, "10.1.1.0", 24, IF_INSIDE, NULL);
	fake_route(f, "203.0.113.0", 24, 40, NULL); /* a Linux interface without nameif */
	fake_start(f);
	DIALOGUE(f, { TCP_OUT(S, 1, 0, 0), DROP_ROUTE_NONE, NULL, "", NULL },
		 { { .in = IF_INSIDE, .src = INSIDE_HOST, .dst = "203.0.113.5", .sport = 1, .dport = 2,
		     .flags = S },
		   DROP_ROUTE_NONE, NULL, "", NULL },
		 { { .in = 30, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1, .dport = 2,
		     .flags = S },
		   DROP_L2_INTERFACE, NULL, "", NULL });
	fake_end(f);
}

static void interface_that_is_down(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	f->fw.m->ifs.v[2].shutdown = true;
	fake_recompile(f);
	DIALOGUE(f, { TCP_OUT(S, 1, 0, 0), DROP_ROUTE_INTERFACE, NULL, "", NULL },
		 { TCP_IN(S, 1, 0, 0), DROP_ROUTE_INTERFACE, NULL, "", NULL });
	fake_end(f);
}

static void bad_headers_are_dropped_with_their_reason(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f,
		 { { .in = IF_OUTSIDE, .src = "127.0.0.1", .dst = INSIDE_HOST, .sport = 1, .dport = 2 },
		   DROP_IP_SPOOF, NULL, "",
		   "106016: Deny IP spoof from (127.0.0.1) to 10.1.1.5 on interface outside" },
		 { { .in = IF_OUTSIDE, .src = INSIDE_HOST, .dst = INSIDE_HOST, .sport = 1, .dport = 2 },
		   DROP_IP_LAND, NULL, "", "106017: Deny IP due to Land Attack from 10.1.1.5" });
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-12 outbound TCP walks through all states", ses12_outbound_tcp_walks_through_all_states },
		{ "SES-12 inbound TCP has flag B", ses12_inbound_tcp_has_flag_b },
		{ "SES-12 bad segments are dropped and change nothing", ses12_bad_segments_are_dropped_and_change_nothing },
		{ "SES-12 reset ends the connection", ses12_reset_ends_the_connection },
		{ "SES-12 ports are used again", ses12_ports_are_used_again },
		{ "SES-12 BYP-4 first segment must be a SYN", ses12_first_segment_must_be_a_syn },
		{ "BYP-3 BYP-5 any segment opens and passes", byp3_byp5_any_segment_opens_and_passes },
		{ "BYP-3 denied segment creates nothing", byp3_denied_segment_creates_nothing },
		{ "BYP-4 no bypass class, no connection", byp4_no_bypass_class_no_connection },
		{ "BYP-8 idles out after two minutes", byp8_idles_out_after_two_minutes },
		{ "BYP-8 idle of the class wins", byp8_class_idle_wins },
		{ "BYP-9 the key carries the context", byp9_the_key_carries_the_context },
		{ "BYP-13 ICMP without session is refused under bypass", byp13_icmp_without_session_is_refused_under_bypass },
		{ "BYP-14 driver and daemon packets are told apart", byp14_driver_and_daemon_packets_are_told_apart },
		{ "BYP-15 one direction only, the other elsewhere", byp15_one_direction_only_and_the_other_elsewhere },
		{ "BYP-16 U-turn needs intra-interface", byp16_u_turn_needs_intra_interface },
		{ "BYP-17 bypass has its own messages", byp17_bypass_has_its_own_messages },
		{ "SES-10 SES-14 UDP, ICMP and other protocols", ses10_udp_icmp_and_other_protocols },
		{ "SES-10 IPv6", ses10_ipv6 },
		{ "SES-2 levels decide without a list", ses2_levels_decide_without_a_list },
		{ "ACL-5 log tells the first hit and the sum", acl5_log_tells_the_first_and_the_sum },
		{ "SES-2 equal levels need inter-interface", ses2_equal_levels_need_inter_interface },
		{ "ACL-1 outbound list refuses", acl1_outbound_list_refuses },
		{ "no-route: no way out", no_way_out },
		{ "interface-down", interface_that_is_down },
		{ "bad headers are dropped with their reason", bad_headers_are_dropped_with_their_reason },
		{ NULL, NULL },
		{ NULL, NULL },
	};

	return asa_cunit_main("pipeline", tests);
}
