// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * The end of idle connections, with a simulated clock: dead connection detection (DCD-1 to DCD-7),
 * "reset" (TMO-4, TMO-5), changed timeouts (TMO-8, GTO-22). Two hosts (lib/pair.h) answer, or do not.
 */
#include "lib/pair.h"
#include "policy/policy_impl.h"
#include "session/session_impl.h"

#define IDLE_S 300

struct scene {
	struct fake *f;
	struct model_conn_settings *set;
	struct pair p;
};

enum translation { PLAIN, STATIC_NAT, PAT };

static struct scene begin(enum translation nat)
{
	struct scene s = { .f = fake_new(64) };

	s.set = pair_class(s.f);
	s.set->idle_s = IDLE_S;
	s.set->dcd_interval_s = 15;
	s.set->dcd_retries = 5;
	if (nat != PLAIN)
		pair_nat(s.f, "192.0.2.60", nat == PAT);
	return s;
}

/* An open connection over which data has gone both ways. */
static void started_with(struct scene *s, __u32 client_ts, __u32 server_ts)
{
	fake_start(s->f);
	CU_ASSERT_EQUAL(sessions_randomize(s->f->asa.sessions), 0);
	s->p = pair_new(s->f);
	s->p.end[0].ts = client_ts;
	s->p.end[1].ts = server_ts;
	if (s->f->fw.m->nats.n)
		s->p.end[1].peer = "192.0.2.60";
	pair_open(&s->p);
	pair_send(&s->p, 0, A | P, 100);
	pair_send(&s->p, 1, A | P, 200);
	pair_send(&s->p, 0, A, 0);
}

static void started(struct scene *s)
{
	started_with(s, 0, 0);
}

/* The n-th frame that was sent to an end since the last time. => false: there are fewer */
static bool arrived(struct scene *s, int end, int n, struct asa_pkt *pkt)
{
	int i;

	for (i = 0; i < s->f->n_sent; i++) {
		struct frame *frame = s->f->sent[i];

		if (frame->out_ifindex != s->p.end[end].ifindex || n--)
			continue;
		CU_ASSERT_EQUAL(asa_parse(pkt, frame->data, frame->data + frame->len, 1), DROP_NONE);
		CU_ASSERT(fake_checksums_good(pkt));
		return true;
	}
	return false;
}

static void wait_s(struct scene *s, __u32 seconds)
{
	fake_forget_sent(s->f);
	fake_wait(s->f, seconds * 1000);
}

/* DCD-2, DCD-5: an empty segment, one below what the host expects, as its peer would send it. */
static void is_probe(struct scene *s, int end, int n)
{
	const struct pair_end *e = &s->p.end[end];
	struct asa_pkt pkt;

	CU_ASSERT_FATAL(arrived(s, end, n, &pkt));
	CU_ASSERT_EQUAL(pkt.tcp.flags, A);
	CU_ASSERT_EQUAL(pkt.tcp.size, 0);
	CU_ASSERT_EQUAL(pkt.tcp.seq, e->rcv - 1);
	CU_ASSERT_EQUAL(pkt.tcp.ack, e->seq);
	CU_ASSERT_EQUAL(pkt.tcp.window, 8192);
	CU_ASSERT_EQUAL(pkt.tcp.header, e->ts ? ASA_TCP_SIZE + 12 : pkt.tcp.header);
	if (e->ts) { /* what its peer has sent last, and what the peer has had of it */
		CU_ASSERT_EQUAL(asa_ld32(pkt.l4 + ASA_TCP_SIZE), asa_htonl(0x0101080a));
		CU_ASSERT_EQUAL(asa_ldn32(pkt.l4 + ASA_TCP_SIZE + 4), e->ts_peer);
		CU_ASSERT_EQUAL(asa_ldn32(pkt.l4 + ASA_TCP_SIZE + 8), e->ts);
	} else {
		CU_ASSERT_EQUAL(asa_ld32(pkt.l4 + ASA_TCP_SIZE), asa_htonl(0x01010101));
	}
	CU_ASSERT_STRING_EQUAL(mb_text(&pkt.key.src), e->peer);
	CU_ASSERT_STRING_EQUAL(mb_text(&pkt.key.dst), e->own);
	CU_ASSERT_EQUAL(asa_ntohs(pkt.key.sport), e->peer_port);
	CU_ASSERT_EQUAL(asa_ntohs(pkt.key.dport), e->own_port);
}

static void none_arrived(struct scene *s, int end)
{
	struct asa_pkt pkt;

	CU_ASSERT_FALSE(arrived(s, end, 0, &pkt));
}

static void is_reset(struct scene *s, int end, int n)
{
	const struct pair_end *e = &s->p.end[end];
	struct asa_pkt pkt;

	CU_ASSERT_FATAL(arrived(s, end, n, &pkt));
	CU_ASSERT_TRUE(pkt.tcp.flags & R);
	CU_ASSERT_EQUAL(pkt.tcp.seq, e->rcv); /* RFC 5961: only this one is accepted at once */
	CU_ASSERT_STRING_EQUAL(mb_text(&pkt.key.src), e->peer);
	CU_ASSERT_STRING_EQUAL(mb_text(&pkt.key.dst), e->own);
	CU_ASSERT_EQUAL(asa_ntohs(pkt.key.sport), e->peer_port);
	CU_ASSERT_EQUAL(asa_ntohs(pkt.key.dport), e->own_port);
}

/* What a host answers to a segment that is out of its window (RFC 9293 section 3.10.7.4). */
static void answer(struct scene *s, int from)
{
	struct fake_pkt pkt = pair_packet(&s->p, from, A, 0);
	__u64 before = fake_drops(s->f, DROP_SESSION_PROBE);

	fake_forget_sent(s->f);
	(void)fake_in(s->f, &pkt);
	CU_ASSERT_EQUAL(fake_drops(s->f, DROP_SESSION_PROBE), before + 1);
	CU_ASSERT_EQUAL(s->f->n_sent, 0); /* DCD-5: the other end sees nothing of it */
}

static void counted(struct scene *s, __u64 client, __u64 server, __u64 expired)
{
	struct policy_class_row r;

	CU_ASSERT_FATAL(policy_class_row(s->f->asa.policy, 0, &r));
	CU_ASSERT_EQUAL(*r.dcd_client, client);
	CU_ASSERT_EQUAL(*r.dcd_server, server);
	CU_ASSERT_EQUAL(*r.dcd_expired, expired);
}

static __u32 idle(struct scene *s)
{
	struct session_view v = { 0 };

	CU_ASSERT_FATAL(fake_view(s->f, 0, &v));
	return v.idle_s;
}

/* ------------------------------------------------------------------ dead connection detection */

static void live_hosts(enum translation nat)
{
	struct scene s = begin(nat);
	int i;

	started(&s);
	for (i = 0; i < 10; i++) { /* outlives many idle timeouts */
		wait_s(&s, IDLE_S - 20);
		CU_ASSERT_EQUAL(s.f->n_sent, 0);
		wait_s(&s, 21);
		is_probe(&s, 0, 0);
		is_probe(&s, 1, 0);
		CU_ASSERT_EQUAL(s.f->n_sent, 2);
		CU_ASSERT(idle(&s) >= IDLE_S);
		answer(&s, i & 1);
		CU_ASSERT(idle(&s) >= IDLE_S);
		answer(&s, !(i & 1));
		CU_ASSERT_EQUAL(idle(&s), 0); /* DCD-3 */
	}
	counted(&s, 10, 10, 0);
	/* and it is as good as ever */
	pair_send(&s.p, 0, A | P, 100);
	pair_send(&s.p, 1, A | P, 1400);
	pair_close(&s.p);
	fake_wait(s.f, 1200);
	fake_end(s.f);
}

static void dcd3_live_hosts(void)
{
	live_hosts(PLAIN);
}

static void dcd5_static_nat(void)
{
	live_hosts(STATIC_NAT);
}

static void dcd5_pat(void)
{
	live_hosts(PAT);
}

/* Their probes have them, too: a host that insists (RFC 7323 section 3.2) answers (DCD-2). */
static void dcd2_hosts_with_timestamps(void)
{
	struct scene s = begin(PAT);
	int i;

	started_with(&s, 0xfffffff0, 77000); /* a clock that wraps */
	for (i = 0; i < 3; i++) {
		wait_s(&s, IDLE_S + 2);
		is_probe(&s, 0, 0);
		is_probe(&s, 1, 0);
		answer(&s, 0);
		answer(&s, 1);
		CU_ASSERT_EQUAL(idle(&s), 0);
		s.p.end[0].ts += 0x20;
		s.p.end[1].ts += 5;
		pair_send(&s.p, 0, A | P, 100);
		pair_send(&s.p, 1, A | P, 1400);
		pair_send(&s.p, 0, A, 0);
	}
	fake_end(s.f);

	/* a connection that TCP intercept has joined: the server's clock is shown as another (INT-4) */
	s = begin(PLAIN);
	started_with(&s, 500, 77000);
	for (i = 0; i < 2; i++) {
		__u32 slot = sessions_next(s.f->asa.sessions, 1);

		s.f->t.conns[slot].dir[i].flags |= ASA_DIR_TS;
		s.f->t.sessions[slot].rest[i].ts_add = i ? 1000 : -1000u;
	}
	pair_send(&s.p, 1, A | P, 100);
	pair_send(&s.p, 0, A, 0);
	CU_ASSERT_EQUAL(s.p.end[0].ts_peer, 78000);
	wait_s(&s, IDLE_S + 2);
	is_probe(&s, 0, 0);
	is_probe(&s, 1, 0);
	answer(&s, 0);
	answer(&s, 1);
	CU_ASSERT_EQUAL(idle(&s), 0);
	fake_end(s.f);

	s = begin(PLAIN);
	started_with(&s, 5, 0); /* offered, not taken up: no option in any later segment */
	s.p.end[0].ts = 0;
	wait_s(&s, IDLE_S + 2);
	is_probe(&s, 0, 0);
	is_probe(&s, 1, 0);
	fake_end(s.f);
}

static void dcd4_one_is_cut_off(void)
{
	struct scene s = begin(PAT);
	int i;

	started(&s);
	wait_s(&s, IDLE_S + 2);
	answer(&s, 0);
	for (i = 1; i < 5; i++) {
		wait_s(&s, 15);
		none_arrived(&s, 0); /* has answered */
		is_probe(&s, 1, 0);
		CU_ASSERT_EQUAL(fake_in_use(s.f), 1);
	}
	wait_s(&s, 15);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 0);
	CU_ASSERT_TRUE(fake_logged(s.f, "Connection timeout"));
	CU_ASSERT_EQUAL(s.f->n_sent, 0); /* no "reset" */
	counted(&s, 1, 5, 1);
	fake_end(s.f);
}

static void dcd4_both_are_cut_off(void)
{
	struct scene s = begin(STATIC_NAT);
	int i;

	s.set->idle_reset = true;
	s.set->dcd_retries = 2;
	s.set->dcd_interval_s = 100;
	started(&s);
	wait_s(&s, IDLE_S + 2);
	for (i = 0; i < 2; i++) {
		is_probe(&s, 0, 0);
		is_probe(&s, 1, 0);
		CU_ASSERT_EQUAL(fake_in_use(s.f), 1);
		wait_s(&s, 100);
	}
	CU_ASSERT_EQUAL(fake_in_use(s.f), 0);
	is_reset(&s, 0, 0);
	is_reset(&s, 1, 0);
	counted(&s, 2, 2, 1);
	fake_end(s.f);
}

/* An answer to the second probe is as good, and the next round begins anew. */
static void dcd4_a_late_answer(void)
{
	struct scene s = begin(PLAIN);

	started(&s);
	wait_s(&s, IDLE_S + 2);
	answer(&s, 1);
	wait_s(&s, 15);
	is_probe(&s, 0, 0);
	answer(&s, 0);
	CU_ASSERT_EQUAL(idle(&s), 0);
	wait_s(&s, IDLE_S + 2);
	is_probe(&s, 0, 0);
	is_probe(&s, 1, 0);
	counted(&s, 3, 2, 0);
	fake_end(s.f);
}

static void dcd7_not_probed(void)
{
	struct scene s = begin(PLAIN);

	s.set->half_closed_s = 60;
	s.set->idle_reset = true;
	started(&s);
	pair_send(&s.p, 0, F | A, 0);
	wait_s(&s, 62);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 0);
	CU_ASSERT_TRUE(fake_logged(s.f, "FIN Timeout"));
	CU_ASSERT_EQUAL(s.f->n_sent, 0); /* TMO-5: neither a probe nor a RST */
	counted(&s, 0, 0, 0);
	fake_end(s.f);

	s = begin(PLAIN);
	s.set->bypass = true;
	s.set->idle_reset = true;
	started(&s);
	wait_s(&s, IDLE_S + 2);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 0);
	CU_ASSERT_EQUAL(s.f->n_sent, 0);
	fake_end(s.f);
}

static void forge(struct scene *s, int from, __u32 seq, __u32 ack, enum asa_drop why)
{
	struct fake_pkt pkt = pair_packet(&s->p, from, A, 0);

	pkt.seq += seq;
	pkt.ack += ack;
	CU_ASSERT_EQUAL(fake_in(s->f, &pkt), why);
	CU_ASSERT_EQUAL(s->f->n_sent, 0);
}

/* Who does not see the connection cannot keep it: the numbers must be the very ones. */
static void dcd4_forged_answers(void)
{
	struct scene s = begin(PLAIN);
	int i;

	s.set->dcd_retries = 1;
	started(&s);
	wait_s(&s, IDLE_S + 2);
	fake_forget_sent(s.f);
	for (i = 0; i < 2; i++) {
		forge(&s, i, 1, 0, DROP_TCP_SEQ_PAST_WIN);
		forge(&s, i, 1000, 0, DROP_TCP_SEQ_PAST_WIN);
		forge(&s, i, (__u32)-2, 0, DROP_TCP_SEQ_PAST_WIN);
		forge(&s, i, 0x40000000, 0, DROP_TCP_SEQ_PAST_WIN);
		forge(&s, i, 0, (__u32)-1, DROP_TCP_INVALID_ACK);
		forge(&s, i, 0, 1, DROP_TCP_INVALID_ACK);
	}
	CU_ASSERT(idle(&s) >= IDLE_S);
	wait_s(&s, 15);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 0);
	fake_end(s.f);
}

/* A host that meanwhile has room again says so in the same segment: its peer must hear it. */
static void dcd5_an_answer_that_opens_the_window_passes(void)
{
	struct scene s = begin(PLAIN);
	struct fake_pkt pkt;

	started(&s);
	wait_s(&s, IDLE_S + 2);
	fake_forget_sent(s.f);
	pkt = pair_packet(&s.p, 0, A, 0);
	pkt.win = 9000;
	CU_ASSERT_EQUAL(fake_in(s.f, &pkt), DROP_NONE);
	CU_ASSERT_EQUAL(s.f->n_sent, 1);
	CU_ASSERT_EQUAL(fake_last(s.f, NULL)->tcp.window, 9000);
	CU_ASSERT_EQUAL(idle(&s), 0); /* something went through: not idle */
	wait_s(&s, 30);
	none_arrived(&s, 0);
	fake_end(s.f);
}

/* Data while hosts are asked: the connection is not idle any more. */
static void dcd2_traffic_ends_the_probing(void)
{
	struct scene s = begin(PAT);

	started(&s);
	wait_s(&s, IDLE_S + 2);
	pair_send(&s.p, 0, A | P, 100);
	CU_ASSERT_EQUAL(idle(&s), 0);
	pair_send(&s.p, 1, A, 0); /* not taken for an answer */
	wait_s(&s, 100);
	CU_ASSERT_EQUAL(s.f->n_sent, 0);
	counted(&s, 1, 1, 0);
	wait_s(&s, IDLE_S - 95);
	is_probe(&s, 0, 0);
	is_probe(&s, 1, 0);
	pair_close(&s.p);
	fake_wait(s.f, 1200);
	fake_end(s.f);
}

/* A host that has restarted answers the probe with a RST, which its peer gets. */
static void dcd4_a_restarted_host(void)
{
	struct scene s = begin(STATIC_NAT);
	struct asa_pkt probe;

	started(&s);
	wait_s(&s, IDLE_S + 2);
	CU_ASSERT_FATAL(arrived(&s, 1, 0, &probe));
	s.p.end[1].seq = probe.tcp.ack;
	fake_forget_sent(s.f);
	pair_send(&s.p, 1, R, 0);
	CU_ASSERT_TRUE(fake_logged(s.f, "TCP Reset-O"));
	fake_wait(s.f, 1200);
	fake_end(s.f);
}

static void ses15_a_restart_in_the_middle(void)
{
	struct scene s = begin(PAT);

	started(&s);
	wait_s(&s, IDLE_S + 2);
	fake_forget_sent(s.f);
	CU_ASSERT_TRUE(s.f->t.conns[1].dir[0].flags & ASA_DIR_PROBE);
	fake_restart(s.f);
	CU_ASSERT_FALSE(s.f->t.conns[1].dir[0].flags & ASA_DIR_PROBE);
	wait_s(&s, 1);
	is_probe(&s, 0, 0);
	is_probe(&s, 1, 0);
	answer(&s, 0);
	answer(&s, 1);
	CU_ASSERT_EQUAL(idle(&s), 0);
	fake_end(s.f);
}

/* ------------------------------------------------------------------ reset */

static void reset_of(enum translation nat)
{
	struct scene s = begin(nat);
	struct fake_pkt pkt;
	int i;

	s.set->dcd_interval_s = -1;
	s.set->idle_reset = true;
	started(&s);
	wait_s(&s, IDLE_S + 2);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 0);
	is_reset(&s, 0, 0);
	is_reset(&s, 1, 0);
	CU_ASSERT_EQUAL(s.f->n_sent, 2);
	/* It was lost: a later segment is answered by one that fits it. */
	wait_s(&s, 60);
	for (i = 0; i < 2; i++) {
		fake_forget_sent(s.f);
		pkt = pair_packet(&s.p, i, A | P, 10);
		CU_ASSERT_EQUAL(fake_in(s.f, &pkt), DROP_TCP_NOT_SYN);
		is_reset(&s, i, 0);
		CU_ASSERT_EQUAL(s.f->n_sent, 1);
	}
	/* Never a RST for a RST, nothing for a neighbour of that flow. */
	fake_forget_sent(s.f);
	pkt = pair_packet(&s.p, 0, R, 0);
	CU_ASSERT_EQUAL(fake_in(s.f, &pkt), DROP_TCP_NOT_SYN);
	pkt = pair_packet(&s.p, 0, A, 0);
	pkt.sport++;
	CU_ASSERT_EQUAL(fake_in(s.f, &pkt), DROP_TCP_NOT_SYN);
	CU_ASSERT_EQUAL(s.f->n_sent, 0);
	/* The host may open a new one with the same ports. */
	s.p.end[1].peer_port = s.p.end[0].own_port;
	pair_open(&s.p);
	pair_close(&s.p);
	wait_s(&s, 121);
	fake_forget_sent(s.f);
	pkt = pair_packet(&s.p, 0, A, 0);
	CU_ASSERT_EQUAL(fake_in(s.f, &pkt), DROP_TCP_NOT_SYN);
	CU_ASSERT_EQUAL(s.f->n_sent, 0); /* forgotten */
	fake_end(s.f);
}

static void tmo4_reset(void)
{
	reset_of(PLAIN);
}

static void tmo4_reset_with_static_nat(void)
{
	reset_of(STATIC_NAT);
}

static void tmo4_reset_with_pat(void)
{
	reset_of(PAT);
}

static void tmo4_silent_without_reset(void)
{
	struct scene s = begin(PLAIN);
	struct fake_pkt pkt;

	s.set->dcd_interval_s = -1;
	started(&s);
	wait_s(&s, IDLE_S + 2);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 0);
	pkt = pair_packet(&s.p, 0, A | P, 10);
	CU_ASSERT_EQUAL(fake_in(s.f, &pkt), DROP_TCP_NOT_SYN);
	CU_ASSERT_EQUAL(s.f->n_sent, 0);
	fake_end(s.f);
}

/* Remembered in a table of fixed size: the oldest go first, the newest are there. */
static void tmo4_memory_is_bounded(void)
{
	struct gone *g = gone_new(64);
	struct asa_key k = { .proto = 6 };
	__u32 i, found = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	asa_addr_set_v4(&k.src, 1);
	for (i = 0; i < 100000; i++) {
		asa_addr_set_v4(&k.dst, i);
		gone_add(g, &k, i);
		CU_ASSERT_TRUE(gone_find(g, &k, i));
	}
	for (i = 0; i < 100000; i++) {
		asa_addr_set_v4(&k.dst, i);
		found += gone_find(g, &k, 100000);
		if (i < 90000)
			CU_ASSERT_EQUAL(found, 0);
	}
	CU_ASSERT(found > 400 && found <= 512); /* 64 sets of 8 */
	gone_free(g);
}

/* ------------------------------------------------------------------ changed timeouts */

static void tmo8_a_class_timeout_is_changed(void)
{
	struct scene s = begin(PLAIN);

	s.set->dcd_interval_s = -1;
	s.set->idle_s = 36000;
	started(&s);
	wait_s(&s, 100);
	s.set->idle_s = 200; /* shorter */
	fake_recompile(s.f);
	wait_s(&s, 98);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 1);
	wait_s(&s, 4);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 0);
	fake_end(s.f);

	s = begin(PLAIN);
	s.set->dcd_interval_s = -1;
	s.set->idle_s = 0; /* never */
	started(&s);
	wait_s(&s, 100);
	s.set->idle_s = 200;
	fake_recompile(s.f);
	wait_s(&s, 50);
	s.set->idle_s = 1000; /* longer */
	fake_recompile(s.f);
	wait_s(&s, 800);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 1);
	s.set->idle_s = -1; /* the global one */
	s.f->fw.m->timeouts.conn = 960;
	fake_recompile(s.f);
	wait_s(&s, 5);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 1);
	wait_s(&s, 10);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 0);
	fake_end(s.f);
}

/* "dcd" and "reset" of the class as it is when the time comes. */
static void tmo8_dcd_is_configured_later(void)
{
	struct scene s = begin(PLAIN);

	s.set->dcd_interval_s = -1;
	started(&s);
	wait_s(&s, 100);
	s.set->dcd_interval_s = 15;
	s.set->dcd_retries = 1;
	fake_recompile(s.f);
	wait_s(&s, IDLE_S - 98);
	is_probe(&s, 0, 0);
	s.set->dcd_interval_s = -1; /* and taken away */
	s.set->idle_reset = true;
	fake_recompile(s.f);
	wait_s(&s, 15);
	CU_ASSERT_EQUAL(fake_in_use(s.f), 0);
	is_reset(&s, 0, 0);
	is_reset(&s, 1, 0);
	fake_end(s.f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "DCD-2 DCD-3 DCD-6 two live hosts", dcd3_live_hosts },
		{ "DCD-5 two live hosts, static NAT", dcd5_static_nat },
		{ "DCD-5 two live hosts, PAT", dcd5_pat },
		{ "DCD-2 probes of hosts with timestamps", dcd2_hosts_with_timestamps },
		{ "DCD-1 DCD-4 one is cut off", dcd4_one_is_cut_off },
		{ "DCD-1 DCD-4 both are cut off, reset", dcd4_both_are_cut_off },
		{ "DCD-4 a late answer", dcd4_a_late_answer },
		{ "DCD-7 TMO-5 half-closed and bypassed connections", dcd7_not_probed },
		{ "DCD-4 forged answers", dcd4_forged_answers },
		{ "DCD-5 an answer that opens the window", dcd5_an_answer_that_opens_the_window_passes },
		{ "DCD-2 traffic ends the probing", dcd2_traffic_ends_the_probing },
		{ "DCD-4 a restarted host", dcd4_a_restarted_host },
		{ "SES-15 DCD-4 a restart of the daemon", ses15_a_restart_in_the_middle },
		{ "TMO-4 reset", tmo4_reset },
		{ "TMO-4 reset, static NAT", tmo4_reset_with_static_nat },
		{ "TMO-4 reset, PAT", tmo4_reset_with_pat },
		{ "TMO-4 silence without reset", tmo4_silent_without_reset },
		{ "TMO-4 the memory is bounded", tmo4_memory_is_bounded },
		{ "TMO-8 GTO-22 TMO-6 changed timeouts", tmo8_a_class_timeout_is_changed },
		{ "TMO-8 changed dcd and reset", tmo8_dcd_is_configured_later },
		{ NULL, NULL },
	};

	return asa_cunit_main("dcd", tests);
}
