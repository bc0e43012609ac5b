// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * The connection table: full, idle, half-closed, lost events, late events, restart, walks, clear.
 */
#include <stdlib.h>

#include "datapath/index.h"
#include "lib/dialogue.h"

/* clang-format off: tables of packets */

static bool find_port(struct fake *f, __u16 sport, struct session_view *v)
{
	int i;

	for (i = 0; fake_view(f, i, v); i++)
		if (v->end[0].real_port == sport)
			return true;
	return false;
}

/* ------------------------------------------------------------------ table full */

static void ses16_oldest_embryonic_gives_way(void)
{
	struct fake *f = fake_new(33); /* 32 slots, 4 in reserve */
	struct session_counts c;
	struct session_view v;
	__u16 i;

	fake_start(f);
	for (i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(dialogue_syn(f, (__u16)(1000 + i)), DROP_NONE);
		dialogue_establish(f, (__u16)(1000 + i));
	}
	/* a flood, one every 15 ms: each new one is let in, the oldest of the flood go */
	for (i = 0; i < 200; i++) {
		f->now += 15;
		CU_ASSERT_EQUAL(dialogue_syn(f, (__u16)(2000 + i)), DROP_NONE);
	}
	sessions_counts(f->asa.sessions, &c);
	CU_ASSERT_TRUE(c.in_use >= 26 && c.in_use <= 32);
	CU_ASSERT_EQUAL(c.evicted + c.in_use, 210);
	CU_ASSERT_EQUAL(c.refused, 0);
	CU_ASSERT_EQUAL(fake_drops(f, FLOW_EVICTED), c.evicted);
	CU_ASSERT_TRUE(fake_logged(f, "SYN Control"));
	for (i = 0; i < 10; i++)
		CU_ASSERT_TRUE(find_port(f, (__u16)(1000 + i), &v)); /* established ones stay */
	CU_ASSERT_TRUE(find_port(f, 2199, &v)); /* the newest is there */
	CU_ASSERT_FALSE(find_port(f, 2100, &v)); /* an old one is not */
	fake_end(f);
}

static void ses16_full_of_established_refuses(void)
{
	struct fake *f = fake_new(9);
	struct session_counts c;
	struct session_view v;
	__u16 i;

	fake_start(f);
	for (i = 0; i < 8; i++) {
		f->now += 100;
		CU_ASSERT_EQUAL(dialogue_syn(f, (__u16)(1000 + i)), DROP_NONE);
		dialogue_establish(f, (__u16)(1000 + i));
	}
	for (i = 0; i < 20; i++) {
		f->now += 100;
		CU_ASSERT_EQUAL(dialogue_syn(f, (__u16)(2000 + i)), DROP_RESOURCE_FLOW);
	}
	sessions_counts(f->asa.sessions, &c);
	CU_ASSERT_EQUAL(c.in_use, 8);
	CU_ASSERT_EQUAL(c.refused, 20);
	for (i = 0; i < 8; i++)
		CU_ASSERT_TRUE(find_port(f, (__u16)(1000 + i), &v));
	/* one ends: its slot is used again, but not before XDP can have let go of it */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.sport = 1003, .dport = 80, .flags = R, .seq = 1001),
			DROP_NONE);
	CU_ASSERT_EQUAL(dialogue_syn(f, 3000), DROP_RESOURCE_FLOW); /* closing one gave way: in quarantine */
	f->now += asa_ticks_from_ms(ASA_SLOT_QUARANTINE_MS) + 2;
	CU_ASSERT_EQUAL(dialogue_syn(f, 3000), DROP_NONE);
	fake_end(f);
}

/* The handshake was completed in the driver, but the event was lost: it is not evicted. */
static void ses16_lost_event_does_not_cost_an_established_connection(void)
{
	struct fake *f = fake_new(9);
	struct session_view v;
	__u16 i;

	fake_start(f);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1000), DROP_NONE);
	f->t.conns[1].half[0].tcp |= ASA_HALF_ACKED;
	f->t.conns[1].half[1].tcp |= ASA_HALF_SYN | ASA_HALF_ACKED;
	for (i = 0; i < 30; i++) {
		f->now += 50;
		(void)dialogue_syn(f, (__u16)(2000 + i));
	}
	CU_ASSERT_TRUE(find_port(f, 1000, &v));
	CU_ASSERT_STRING_EQUAL(v.flags, "U");
	fake_end(f);
}

/* ------------------------------------------------------------------ timers, events */

static void ses12_embryonic_half_closed_and_idle_timeouts(void)
{
	struct fake *f = fake_new(64);
	struct session_view v;

	fake_start(f);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1000), DROP_NONE);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1001), DROP_NONE);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1002), DROP_NONE);
	dialogue_establish(f, 1001);
	dialogue_establish(f, 1002);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
				.sport = 80, .dport = 1002, .flags = F | A, .seq = 7001, .ack = 1001),
			DROP_NONE);
	fake_wait(f, 20000);
	(void)dialogue_syn(f, 1000); /* a repeated SYN does not make the handshake's time longer */
	fake_wait(f, 9500);
	CU_ASSERT_EQUAL(fake_in_use(f), 3);
	fake_wait(f, 700);
	CU_ASSERT_EQUAL(fake_in_use(f), 2);
	CU_ASSERT_TRUE(fake_logged(f, "duration 0:00:30 bytes 80 SYN Timeout"));
	CU_ASSERT_TRUE(find_port(f, 1002, &v));
	CU_ASSERT_EQUAL(v.timeout_s, 600);
	fake_wait(f, 571000);
	CU_ASSERT_FALSE(find_port(f, 1002, &v));
	CU_ASSERT_TRUE(fake_logged(f, "FIN Timeout"));
	CU_ASSERT_EQUAL(fake_drops(f, FLOW_FIN_TIMEOUT), 1);
	CU_ASSERT_TRUE(find_port(f, 1001, &v));
	CU_ASSERT_EQUAL(v.timeout_s, 3600);
	f->t.conns[v.slot].dir[0].seen = f->now; /* the driver stamps; nothing else happens */
	fake_wait(f, 3599000);
	CU_ASSERT_TRUE(find_port(f, 1001, &v));
	fake_wait(f, 2000); /* TMO-7: at most a second late */
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	CU_ASSERT_TRUE(fake_logged(f, "Connection timeout"));
	fake_end(f);
}

static struct asa_event event(const struct fake *f, __u32 slot, int dir, __u8 type)
{
	return (struct asa_event){ .type = type,
				   .dir = (__u8)dir,
				   .slot = slot,
				   .serial = (__u16)f->t.sessions[slot].id };
}

static void ses12_driver_events_change_states(void)
{
	struct fake *f = fake_new(64);
	struct session_counts c;
	struct asa_event e;

	fake_start(f);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1000), DROP_NONE);
	e = event(f, 1, 0, ASA_EVENT_ESTABLISHED);
	sessions_event(f->asa.sessions, &e, f->now);
	CU_ASSERT_EQUAL(f->t.sessions[1].state, ASA_SESSION_OPEN);
	e = event(f, 1, 1, ASA_EVENT_FIN);
	sessions_event(f->asa.sessions, &e, f->now);
	sessions_counts(f->asa.sessions, &c);
	CU_ASSERT_EQUAL(c.half_closed, 1);
	CU_ASSERT_EQUAL(c.embryonic, 0);
	e = event(f, 1, 0, ASA_EVENT_CLOSED);
	sessions_event(f->asa.sessions, &e, f->now);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	CU_ASSERT_TRUE(fake_logged(f, "TCP FINs"));
	sessions_event(f->asa.sessions, &e, f->now); /* twice: once is enough */
	sessions_counts(f->asa.sessions, &c);
	CU_ASSERT_EQUAL(c.torn_down, 1);
	/* still found for a second, then not */
	CU_ASSERT_NOT_EQUAL(index_find(&f->t, &f->t.conns[1].dir[0].key), 0);
	fake_wait(f, 1200);
	CU_ASSERT_EQUAL(index_find(&f->t, &f->t.conns[1].dir[0].key), 0);
	fake_end(f);
}

static void ses12_events_of_a_former_user_and_nonsense_are_ignored(void)
{
	struct fake *f = fake_new(64);
	struct asa_event e;
	int i;

	fake_start(f);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1000), DROP_NONE);
	e = event(f, 1, 0, ASA_EVENT_RST);
	e.serial++;
	sessions_event(f->asa.sessions, &e, f->now);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	srandom(5);
	for (i = 0; i < 10000; i++) {
		struct asa_event x = { .type = (__u8)random(), .dir = (__u8)random(),
				       .serial = (__u16)(random() | 2), .slot = (__u32)random() % 100 };

		x.serial ^= (__u16)f->t.sessions[1].id; /* never the right one */
		sessions_event(f->asa.sessions, &x, f->now);
	}
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_end(f);
}

/* The event ring was full: a timer finds what the slot says. */
static void ses12_lost_events_are_found_by_the_timer(void)
{
	struct fake *f = fake_new(64);
	struct session_view v;

	fake_start(f);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1000), DROP_NONE);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1001), DROP_NONE);
	f->t.conns[1].half[0].tcp |= ASA_HALF_ACKED;
	f->t.conns[1].half[1].tcp |= ASA_HALF_SYN | ASA_HALF_ACKED;
	f->t.conns[2].half[1].tcp |= ASA_HALF_RST;
	fake_wait(f, 31000);
	CU_ASSERT_TRUE(find_port(f, 1000, &v)); /* no SYN timeout: it is up */
	CU_ASSERT_EQUAL(v.state, ASA_SESSION_OPEN);
	CU_ASSERT_FALSE(find_port(f, 1001, &v));
	CU_ASSERT_TRUE(fake_logged(f, "TCP Reset-O"));
	fake_end(f);
}

static void gto22_a_new_global_value_acts_at_the_next_evaluation(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .sport = 1, .dport = 2),
			DROP_NONE);
	f->fw.m->timeouts.udp = 300;
	fake_recompile(f);
	fake_wait(f, 130000);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_wait(f, 172000);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	fake_end(f);
}

/* ------------------------------------------------------------------ limits */

static enum asa_drop segment(struct fake *f, const char *src, __u16 sport)
{
	enum asa_drop why = FAKE_IN(f, .in = IF_INSIDE, .src = src, .dst = OUTSIDE_HOST,
				    .sport = sport, .dport = 80, .flags = A);

	fake_forget_sent(f);
	return why;
}

static void byp7_limits_count_bypass_connections(void)
{
	struct fake *f = fake_new(64);
	struct model_conn_settings *c;
	struct policy_class_row row;
	__u32 pos = 0, closed = 0;
	struct session_filter x = { .has_port = true, .port_lo = 1, .port_hi = 1 };

	fw_ace(&f->fw, "bypass", "permit tcp any any");
	bypass_class(f, "outside", "bypass");
	c = &f->fw.m->policy_maps.v[0].classes.v[0].conn;
	c->conn_max = 4;
	c->per_client_max = 2;
	fake_start(f);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 1), DROP_NONE);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 2), DROP_NONE);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 3), DROP_POLICY_LIMIT);
	CU_ASSERT_TRUE(fake_logged(f, "201013: Per-client connection limit exceeded 2/2 for input packet "
				      "from 10.1.1.5/3 to 198.51.100.7/80 on interface inside"));
	CU_ASSERT_EQUAL(segment(f, "10.1.1.6", 1), DROP_NONE);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.7", 1), DROP_NONE);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.8", 1), DROP_POLICY_LIMIT);
	CU_ASSERT_TRUE(fake_logged(f, "201011: Connection limit exceeded 4/4 for input packet from "
				      "10.1.1.8/1 to 198.51.100.7/80 on interface inside"));
	CU_ASSERT_TRUE(policy_class_row(f->fw.p, 0, &row));
	CU_ASSERT_EQUAL(*row.conns, 4);
	CU_ASSERT_EQUAL(*row.drops, 2);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_POLICY_LIMIT), 2);
	/* the counts outlive a restart of the daemon (SES-15) and a change of the policy (LIM-9) */
	fake_restart(f);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.8", 1), DROP_POLICY_LIMIT);
	f->fw.m->policy_maps.v[0].classes.v[0].conn.conn_max = 1;
	fake_recompile(f);
	CU_ASSERT_EQUAL(fake_in_use(f), 4); /* lowering tears nothing down */
	CU_ASSERT_EQUAL(segment(f, "10.1.1.8", 1), DROP_POLICY_LIMIT);
	f->fw.m->policy_maps.v[0].classes.v[0].conn.conn_max = 4;
	fake_recompile(f);
	/* one ends: one more may come at once (LIM-2) */
	x.has_addr = true;
	x.addr_lo = x.addr_hi = mb_addr("10.1.1.5");
	CU_ASSERT_FALSE(sessions_clear(f->asa.sessions, &pos, 1000, f->now, &x, &closed));
	CU_ASSERT_EQUAL(closed, 1);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 9), DROP_NONE);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 10), DROP_POLICY_LIMIT);
	CU_ASSERT_TRUE(policy_class_row(f->fw.p, 0, &row));
	CU_ASSERT_EQUAL(*row.conns, 4);
	fake_end(f);
}

/* ------------------------------------------------------------------ service policies */

static __u32 idle_of(struct fake *f, __u16 sport)
{
	struct session_view v;

	CU_ASSERT_TRUE_FATAL(find_port(f, sport, &v));
	return f->t.sessions[v.slot].idle;
}

static enum asa_drop datagram(struct fake *f, bool answer, __u16 sport)
{
	enum asa_drop why;

	if (answer)
		why = FAKE_IN(f, .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
			      .sport = 53, .dport = sport);
	else
		why = FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
			      .sport = sport, .dport = 53);
	fake_forget_sent(f);
	return why;
}

static void mpf11_mpf12_a_connection_keeps_its_class(void)
{
	struct fake *f = fake_new(64);
	struct model_conn_settings *in, *out;
	__u32 first;

	fw_ace(&f->fw, "there", "permit udp any any eq 53");
	fw_ace(&f->fw, "back", "permit udp any eq 53 any");
	bypass_class(f, "inside", "there");
	strcpy(f->fw.m->classes.v[0].name, "there");
	strcpy(f->fw.m->policy_maps.v[0].name, "P");
	strcpy(f->fw.m->policy_maps.v[0].classes.v[0].class_name, "there");
	strcpy(f->fw.m->service_policies.v[0].policy_map, "P");
	bypass_class(f, "outside", "back");
	in = &f->fw.m->policy_maps.v[0].classes.v[0].conn;
	out = &f->fw.m->policy_maps.v[1].classes.v[0].conn;
	in->idle_s = 100;
	out->idle_s = 500;
	fake_start(f);
	CU_ASSERT_EQUAL(datagram(f, false, 1000), DROP_NONE);
	first = idle_of(f, 1000);
	CU_ASSERT_EQUAL(asa_ms_from_ticks(first) / 1000, 100);
	/* MPF-11: the answer matches the other interface's class, and does not ask it */
	CU_ASSERT_EQUAL(datagram(f, true, 1000), DROP_NONE);
	CU_ASSERT_EQUAL(idle_of(f, 1000), first);
	/* MPF-12: a change is for new connections */
	in->idle_s = 200;
	fake_recompile(f);
	CU_ASSERT_EQUAL(datagram(f, false, 1000), DROP_NONE);
	CU_ASSERT_EQUAL(datagram(f, false, 1001), DROP_NONE);
	CU_ASSERT_EQUAL(idle_of(f, 1000), first);
	CU_ASSERT_EQUAL(asa_ms_from_ticks(idle_of(f, 1001)) / 1000, 200);
	fake_end(f);
}

/* ------------------------------------------------------------------ restart */

static void nat_dynamic(struct fake *f)
{
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);

	fw_object(&f->fw, "net", "10.1.1.0/24");
	n->form = MODEL_NAT_OBJECT;
	snprintf(n->object, sizeof(n->object), "net");
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->dynamic = true;
	n->pat = true;
	n->real = mb_term("obj:net");
	n->mapped = mb_term("192.0.2.60");
}

/* LIM-7: the limit of a translation rule, for each host behind it; the smaller of two wins. */
static void lim7_limit_of_a_translation_rule(void)
{
	struct fake *f = fake_new(64);
	struct session_filter x = { .has_port = true, .port_lo = 1, .port_hi = 1 };
	__u32 pos = 0, closed = 0;

	fw_ace(&f->fw, "bypass", "permit tcp any any");
	bypass_class(f, "outside", "bypass");
	nat_dynamic(f);
	f->fw.m->nats.v[f->fw.m->nats.n - 1].max_conns = 2;
	fake_start(f);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 1), DROP_NONE);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 2), DROP_NONE);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 3), DROP_POLICY_LIMIT);
	CU_ASSERT_TRUE(fake_logged(f, "201013: Per-client connection limit exceeded 2/2 for input packet "
				      "from 10.1.1.5/3 to 198.51.100.7/80 on interface inside"));
	CU_ASSERT_EQUAL(segment(f, "10.1.1.6", 1), DROP_NONE);
	fake_restart(f); /* SES-15 */
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 3), DROP_POLICY_LIMIT);
	CU_ASSERT_FALSE(sessions_clear(f->asa.sessions, &pos, 1000, f->now, &x, &closed));
	CU_ASSERT_EQUAL(closed, 2);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 3), DROP_NONE);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.5", 4), DROP_POLICY_LIMIT);
	/* a class allows less: the smaller number counts, whichever is asked first */
	f->fw.m->policy_maps.v[0].classes.v[0].conn.per_client_max = 1;
	fake_recompile(f);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.9", 1), DROP_NONE);
	CU_ASSERT_EQUAL(segment(f, "10.1.1.9", 2), DROP_POLICY_LIMIT);
	fake_end(f);
}

static void ses15_all_is_as_before_after_a_restart(void)
{
	struct fake *f = fake_new(64);
	struct session_counts before, after;
	struct session_view a[12], b[12];
	int i, n;

	fw_ace(&f->fw, "in", "permit tcp any any");
	fw_access_group(&f->fw, "in", "in", "outside");
	fake_start(f);
	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(dialogue_syn(f, (__u16)(1000 + i)), DROP_NONE);
	dialogue_establish(f, 1001);
	dialogue_establish(f, 1002);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
				.sport = 80, .dport = 1002, .flags = F | A, .seq = 7001, .ack = 1001),
			DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .sport = 1, .dport = 2),
			DROP_NONE);
	fake_forget_sent(f);
	session_close(f->asa.sessions, 4, SESSION_CLOSE_CLEARED, f->now); /* in quarantine */
	for (n = 0; n < 12 && fake_view(f, n, &a[n]); n++)
		;
	sessions_counts(f->asa.sessions, &before);
	fake_restart(f);
	sessions_counts(f->asa.sessions, &after);
	CU_ASSERT_EQUAL(n, 6);
	CU_ASSERT_EQUAL(after.in_use, before.in_use);
	CU_ASSERT_EQUAL(after.tcp, before.tcp);
	CU_ASSERT_EQUAL(after.udp, before.udp);
	CU_ASSERT_EQUAL(after.embryonic, before.embryonic);
	CU_ASSERT_EQUAL(after.half_closed, before.half_closed);
	for (i = 0; i < n; i++) {
		CU_ASSERT_TRUE(fake_view(f, i, &b[i]));
		CU_ASSERT_EQUAL(memcmp(&a[i], &b[i], sizeof(a[i])), 0);
	}
	/* it goes on: the next id is new, packets pass, timers run */
	CU_ASSERT_EQUAL(dialogue_syn(f, 1100), DROP_NONE);
	CU_ASSERT_TRUE(find_port(f, 1100, &b[0]));
	CU_ASSERT_EQUAL(b[0].id, 8);
	dialogue_establish(f, 1004);
	fake_wait(f, 31000);
	CU_ASSERT_FALSE(find_port(f, 1000, &b[0])); /* embryonic: SYN timeout */
	CU_ASSERT_TRUE(find_port(f, 1004, &b[0]));
	fake_end(f);
}

static void ses15_what_happened_meanwhile_is_taken_over(void)
{
	struct fake *f = fake_new(64);
	struct session_view v;

	fake_start(f);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1000), DROP_NONE);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1001), DROP_NONE);
	f->t.conns[1].half[0].tcp |= ASA_HALF_ACKED;
	f->t.conns[1].half[1].tcp |= ASA_HALF_SYN | ASA_HALF_ACKED;
	f->t.conns[2].half[1].tcp |= ASA_HALF_RST;
	fake_restart(f);
	CU_ASSERT_TRUE(find_port(f, 1000, &v));
	CU_ASSERT_EQUAL(v.state, ASA_SESSION_OPEN);
	CU_ASSERT_FALSE(find_port(f, 1001, &v));
	CU_ASSERT_TRUE(fake_logged(f, "TCP Reset-O"));
	fake_end(f);
}

/* Killed in the middle of a creation or a release, at every step. */
static void ses15_half_done_work_is_undone(void)
{
	int step;

	for (step = 0; step < 5; step++) {
		struct fake *f = fake_new(64);
		struct asa_conn *c;
		struct session_view v;

		fake_start(f);
		CU_ASSERT_EQUAL(dialogue_syn(f, 1000), DROP_NONE);
		CU_ASSERT_EQUAL(dialogue_syn(f, 1001), DROP_NONE);
		c = &f->t.conns[2];
		switch (step) {
		case 0: /* both keys in the index, no state yet */
			f->t.sessions[2].state = ASA_SESSION_FREE;
			break;
		case 1: /* only the first key */
			f->t.sessions[2].state = ASA_SESSION_FREE;
			index_remove(&f->t, &c->dir[1].key, ASA_REF(2, 1));
			break;
		case 2: /* filled, not published */
			f->t.sessions[2].state = ASA_SESSION_FREE;
			index_remove(&f->t, &c->dir[0].key, ASA_REF(2, 0));
			index_remove(&f->t, &c->dir[1].key, ASA_REF(2, 1));
			break;
		case 3: /* being released: out of the index, state still there */
			index_remove(&f->t, &c->dir[0].key, ASA_REF(2, 0));
			break;
		default: /* released, in quarantine */
			session_close(f->asa.sessions, 2, SESSION_CLOSE_CLEARED, f->now);
			break;
		}
		fake_restart(f);
		CU_ASSERT_EQUAL(fake_in_use(f), 1);
		CU_ASSERT_TRUE(find_port(f, 1000, &v));
		CU_ASSERT_EQUAL(dialogue_syn(f, 1001), DROP_NONE); /* its ports are free again */
		CU_ASSERT_EQUAL(fake_in_use(f), 2);
		fake_end(f);
	}
}

static void ses15_translations_are_restored(void)
{
	struct fake *f = fake_new(64);
	struct session_view v;
	const struct xlate *x;
	__u32 ref = 0;

	nat_dynamic(f);
	fake_start(f);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1000), DROP_NONE);
	CU_ASSERT_EQUAL(dialogue_syn(f, 40000), DROP_NONE);
	fake_restart(f);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 2);
	x = xlate_next(f->asa.xlates, &ref);
	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	CU_ASSERT_EQUAL(x->users, 1);
	CU_ASSERT_STRING_EQUAL(mb_text(&x->mapped), "192.0.2.60");
	CU_ASSERT_STRING_EQUAL(x->real_if_name, "inside");
	CU_ASSERT_TRUE(find_port(f, 40000, &v));
	CU_ASSERT_NOT_EQUAL(v.nat_ref, 0);
	/* the port is taken: another host does not get it */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = "10.1.1.9", .dst = OUTSIDE_HOST,
				.sport = 40000, .dport = 80, .flags = S),
			DROP_NONE);
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(fake_in_use(f), 3);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 3);
	fake_wait(f, 70000); /* SYN timeout, pat-xlate */
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 0);
	fake_end(f);
}

/* ------------------------------------------------------------------ walks, clear */

struct collect {
	int n, stop_at;
	__u64 ids;
};

static bool on_view(void *arg, const struct session_view *v)
{
	struct collect *c = arg;

	c->n++;
	c->ids += v->id;
	return c->n != c->stop_at;
}

static int count(struct fake *f, const struct session_filter *filter)
{
	struct collect c = { 0 };
	__u32 pos = 0;

	while (session_walk(f->asa.sessions, &pos, 3, f->now, filter, on_view, &c))
		;
	return c.n;
}

static void ses11_walks_and_filters(void)
{
	struct fake *f = fake_new(64);
	struct session_filter x = { 0 };
	struct collect c = { .stop_at = 2 };
	__u32 pos = 0;

	fw_ace(&f->fw, "bypass", "permit tcp any any eq 99");
	bypass_class(f, "outside", "bypass");
	fake_start(f);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1000), DROP_NONE);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1001), DROP_NONE);
	dialogue_establish(f, 1001);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = "10.1.1.77",
				.dst = "198.51.100.200", .sport = 1, .dport = 53),
			DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = "10.1.1.9", .dst = OUTSIDE_HOST,
				.sport = 5, .dport = 99, .flags = A),
			DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_DMZ, .proto = 1, .src = "10.2.2.9", .dst = OUTSIDE_HOST,
				.type = 8, .id = 3),
			DROP_NONE);
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(count(f, NULL), 5);
	CU_ASSERT_EQUAL(count(f, &x), 5);
	x.proto = 6;
	CU_ASSERT_EQUAL(count(f, &x), 3);
	x.states = SESSION_STATE_EMBRYONIC;
	CU_ASSERT_EQUAL(count(f, &x), 1);
	x.states = SESSION_STATE_BYPASS;
	CU_ASSERT_EQUAL(count(f, &x), 1);
	x.states = SESSION_STATE_UP;
	CU_ASSERT_EQUAL(count(f, &x), 2);
	x = (struct session_filter){ .has_addr = true };
	x.addr_lo = x.addr_hi = mb_addr("198.51.100.200");
	CU_ASSERT_EQUAL(count(f, &x), 1);
	x.addr_lo = mb_addr("10.1.1.1");
	x.addr_hi = mb_addr("10.1.1.10");
	CU_ASSERT_EQUAL(count(f, &x), 3);
	x.has_mask = true;
	memset(&x.mask, 0xff, sizeof(x.mask));
	x.mask.b[15] = 0;
	CU_ASSERT_EQUAL(count(f, &x), 4);
	x = (struct session_filter){ .has_port = true, .port_lo = 50, .port_hi = 60 };
	CU_ASSERT_EQUAL(count(f, &x), 1);
	x.port_hi = 99;
	CU_ASSERT_EQUAL(count(f, &x), 4);
	x = (struct session_filter){ .if_name = "dmz" };
	CU_ASSERT_EQUAL(count(f, &x), 1);
	/* a callback that stops leaves the place where to go on */
	while (session_walk(f->asa.sessions, &pos, 3, f->now, NULL, on_view, &c))
		;
	CU_ASSERT_EQUAL(c.n, 2);
	c.stop_at = 0;
	while (session_walk(f->asa.sessions, &pos, 3, f->now, NULL, on_view, &c))
		;
	CU_ASSERT_EQUAL(c.n, 5);
	CU_ASSERT_EQUAL(c.ids, 1 + 2 + 3 + 4 + 5);
	fake_end(f);
}

static void ses13_clear_conn_and_xlate(void)
{
	struct fake *f = fake_new(64);
	struct session_filter x = { .has_port = true, .port_lo = 1001, .port_hi = 1002 };
	__u32 pos = 0, closed = 0;

	nat_dynamic(f);
	fake_start(f);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1000), DROP_NONE);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1001), DROP_NONE);
	CU_ASSERT_EQUAL(dialogue_syn(f, 1002), DROP_NONE);
	while (sessions_clear(f->asa.sessions, &pos, 2, f->now, &x, &closed))
		;
	CU_ASSERT_EQUAL(closed, 2);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	CU_ASSERT_TRUE(fake_logged(f, "Xlate Clear"));
	CU_ASSERT_EQUAL(fake_drops(f, FLOW_CLEARED), 2);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 3);
	sessions_clear_xlates(f->asa.sessions, f->now);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 1); /* the one in use stays */
	CU_ASSERT_TRUE(fake_logged(f, "305012"));
	fake_end(f);
}

/* ------------------------------------------------------------------ hostile bytes */

/* Any frame ends exactly once, whatever is in it: OBS-1, and nothing leaks (fake_end). */
static void obs1_garbage_is_accounted_for(void)
{
	static const __u32 ifs[] = { IF_INSIDE, IF_DMZ, IF_OUTSIDE, 20 };
	struct fake *f = fake_new(64);
	struct fake_pkt kinds[6] = {
		TCP_OUT(S, 1, 0, 40),
		{ .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1, .dport = 2,
		  .payload = 40 },
		{ .proto = 1, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .type = 8, .payload = 40 },
		{ .src = "2001:db8:1::5", .dst = "2001:db8:9::7", .sport = 1, .dport = 2, .flags = A },
		{ .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .frag_off = 8, .payload = 40,
		  .more = true },
		{ .proto = 1, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .type = 3, .payload = 60 },
	};
	int i, j;

	fw_ace(&f->fw, "all", "permit ip any any");
	fw_access_group(&f->fw, "all", "global", "");
	fake_start(f);
	srandom(11);
	for (i = 0; i < 30000; i++) {
		struct fake_pkt *p = &kinds[random() % 6];
		struct frame *frame = fake_frame(f, p);

		frame->in_ifindex = ifs[random() % 4];
		for (j = (int)(random() % 4); j > 0; j--)
			frame->data[random() % frame->len] ^= (__u8)random();
		if (random() % 8 == 0)
			frame->len = (__u32)random() % (frame->len + 1);
		f->received[frame->in_ifindex]++;
		engine_batch(f->asa.engine, &f->ops, &frame, 1, f->now);
		fake_forget_sent(f);
		if (i % 100 == 0)
			fake_wait(f, 150);
	}
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-16 the oldest embryonic gives way", ses16_oldest_embryonic_gives_way },
		{ "SES-16 full of established ones refuses", ses16_full_of_established_refuses },
		{ "SES-16 a lost event does not cost a connection", ses16_lost_event_does_not_cost_an_established_connection },
		{ "SES-12 SES-14 embryonic, half-closed and idle timeouts", ses12_embryonic_half_closed_and_idle_timeouts },
		{ "SES-12 driver events change states", ses12_driver_events_change_states },
		{ "SES-12 events of a former user are ignored", ses12_events_of_a_former_user_and_nonsense_are_ignored },
		{ "SES-12 lost events are found by the timer", ses12_lost_events_are_found_by_the_timer },
		{ "GTO-22 a new global value acts", gto22_a_new_global_value_acts_at_the_next_evaluation },
		{ "BYP-7 limits count bypass connections", byp7_limits_count_bypass_connections },
		{ "MPF-11 MPF-12 a connection keeps its class", mpf11_mpf12_a_connection_keeps_its_class },
		{ "LIM-7 limit of a translation rule", lim7_limit_of_a_translation_rule },
		{ "SES-15 all is as before after a restart", ses15_all_is_as_before_after_a_restart },
		{ "SES-15 what happened meanwhile is taken over", ses15_what_happened_meanwhile_is_taken_over },
		{ "SES-15 half-done work is undone", ses15_half_done_work_is_undone },
		{ "SES-15 translations are restored", ses15_translations_are_restored },
		{ "SES-11 walks and filters", ses11_walks_and_filters },
		{ "SES-13 clear conn and xlate", ses13_clear_conn_and_xlate },
		{ "OBS-1 garbage is accounted for", obs1_garbage_is_accounted_for },
		{ NULL, NULL },
	};

	return asa_cunit_main("session", tests);
}
