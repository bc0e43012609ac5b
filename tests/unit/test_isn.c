// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * Sequence-number randomization in the slow path (SEQ-1 to SEQ-6): two hosts talk through the fake
 * firewall, and see each other's numbers as the firewall shows them.
 */
#include "asa/tcp_options.h"
#include "lib/pair.h"

static struct fake *begin(struct fake *f)
{
	fake_start(f);
	CU_ASSERT_EQUAL(sessions_randomize(f->asa.sessions), 0);
	return f;
}

/* Open, talk, close; what the two hosts take each other's first numbers for. */
static void talk(struct pair *p, __u32 isn[2])
{
	pair_open(p);
	isn[0] = p->end[1].rcv - 1;
	isn[1] = p->end[0].rcv - 1;
	pair_send(p, 0, A | P, 100);
	pair_send(p, 1, A | P, 1400);
	pair_send(p, 0, A, 0);
	pair_close(p);
	fake_wait(p->f, 1200);
}

static void seq1_both_numbers_are_replaced(void)
{
	struct fake *f = begin(fake_new(64));
	__u32 isn[8][2], i, n;

	for (i = 0; i < 8; i++) {
		struct pair p = pair_new(f);

		p.end[0].own_port = (__u16)(40000 + i);
		p.end[1].peer_port = p.end[0].own_port;
		talk(&p, isn[i]);
		CU_ASSERT_NOT_EQUAL(isn[i][0], 1000);
		CU_ASSERT_NOT_EQUAL(isn[i][1], 7000);
		for (n = 0; n < i; n++) { /* each its own: 2^-32 that one of these fails */
			CU_ASSERT_NOT_EQUAL(isn[i][0], isn[n][0]);
			CU_ASSERT_NOT_EQUAL(isn[i][1], isn[n][1]);
		}
	}
	fake_end(f);
}

/* RFC 6528: of one pair of ports the numbers rise slowly, so that TIME-WAIT is no obstacle. */
static void seq1_the_same_ports_rise(void)
{
	struct fake *f = begin(fake_new(64));
	__u32 first[2], second[2], back;
	struct pair p = pair_new(f);

	talk(&p, first);
	back = p.end[0].rcv;
	p.end[0].seq = 0x80000000; /* the host's own number may be anywhere */
	p.end[1].seq = 0x90000000;
	talk(&p, second);
	CU_ASSERT(second[0] - first[0] > 0);
	CU_ASSERT(second[0] - first[0] < 0x01000000); /* 68 s of the clock */
	CU_ASSERT_NOT_EQUAL(second[1], back);
	fake_end(f);
}

/* A firewall with another secret chooses other numbers. */
static void seq1_another_secret_other_numbers(void)
{
	__u32 a[2], b[2];
	int i;

	for (i = 0; i < 2; i++) {
		struct fake *f = begin(fake_new(64));
		struct pair p = pair_new(f);

		talk(&p, i ? b : a);
		fake_end(f);
	}
	CU_ASSERT(b[0] - a[0] > 0x1000); /* else only the clock went on */
	CU_ASSERT_NOT_EQUAL(a[1], b[1]);
}

static void seq2_sack_blocks_follow(void)
{
	static char options[12] = "\x01\x01\x05\x0a";
	struct fake *f = begin(fake_new(64));
	struct pair p = pair_new(f);
	const struct asa_pkt *got;
	struct fake_pkt pkt;
	__u8 *at;

	pair_open(&p);
	pair_send(&p, 1, A | P, 100);
	p.end[1].seq += 100; /* lost on the way */
	p.end[0].rcv += 100;
	pair_send(&p, 1, A | P, 100);
	p.end[0].rcv -= 200;
	pkt = pair_packet(&p, 0, A, 0);
	asa_stn32((__u8 *)options + 4, p.end[0].rcv + 100);
	asa_stn32((__u8 *)options + 8, p.end[0].rcv + 200);
	pkt.options = options;
	pkt.n_options = 12;
	CU_ASSERT_EQUAL(fake_in(f, &pkt), DROP_NONE);
	got = fake_last(f, NULL); /* its checksum is checked there */
	CU_ASSERT_EQUAL(got->tcp.ack, p.end[1].seq - 200);
	at = (__u8 *)got->l4 + ASA_TCP_SIZE;
	CU_ASSERT_EQUAL(asa_ldn32(at + 4), p.end[1].seq - 100);
	CU_ASSERT_EQUAL(asa_ldn32(at + 8), p.end[1].seq);
	fake_forget_sent(f);
	fake_end(f);
}

static void unchanged(struct fake *f, const char *mapped)
{
	struct pair p = pair_new(begin(f));
	__u32 isn[2];

	if (mapped)
		p.end[1].peer = mapped;
	talk(&p, isn);
	CU_ASSERT_EQUAL(isn[0], 1000);
	CU_ASSERT_EQUAL(isn[1], 7000);
	fake_end(f);
}

static void seq3_off_by_class(void)
{
	struct fake *f = fake_new(64);

	pair_class(f)->random_seq = 0;
	unchanged(f, NULL);
}

static void seq3_off_by_nat_rule(void)
{
	struct fake *f = fake_new(64);

	pair_nat(f, "192.0.2.60", false)->norandomseq = true;
	unchanged(f, "192.0.2.60");
}

/* The connections that exist go on as they began. */
static void seq3_for_new_connections(void)
{
	struct fake *f = fake_new(64);
	struct model_conn_settings *c = pair_class(f);
	struct pair p;

	p = pair_new(begin(f));
	pair_open(&p);
	c->random_seq = 0;
	fake_recompile(f);
	pair_send(&p, 0, A | P, 100);
	pair_send(&p, 1, A | P, 100);
	pair_close(&p);
	fake_wait(f, 1200);
	fake_end(f);
}

static void byp5_bypass_is_left_alone(void)
{
	struct fake *f = fake_new(64);

	pair_class(f)->bypass = true;
	unchanged(f, NULL);
}

static void seq1_with_translation(void)
{
	int dynamic;

	for (dynamic = 0; dynamic < 2; dynamic++) {
		struct fake *f = fake_new(64);
		struct pair p;
		__u32 isn[2];

		pair_nat(f, "192.0.2.60", dynamic);
		p = pair_new(begin(f));
		p.end[1].peer = "192.0.2.60";
		talk(&p, isn);
		CU_ASSERT_NOT_EQUAL(isn[0], 1000);
		CU_ASSERT_NOT_EQUAL(isn[1], 7000);
		fake_end(f);
	}
}

static void ses15_a_restart_keeps_the_offsets(void)
{
	struct fake *f = begin(fake_new(64));
	struct pair p = pair_new(f);

	pair_open(&p);
	pair_send(&p, 0, A | P, 100);
	fake_restart(f);
	CU_ASSERT_EQUAL(sessions_randomize(f->asa.sessions), 0);
	pair_send(&p, 1, A | P, 100);
	pair_send(&p, 0, A | P, 100);
	pair_close(&p);
	fake_wait(f, 1200);
	fake_end(f);
}

/* A refusal of the server, and a client that gives up, are what the other end accepts. */
static void seq2_resets_fit(void)
{
	struct fake *f = begin(fake_new(64));
	struct pair p = pair_new(f);

	pair_send(&p, 0, S, 0);
	p.end[1].seq = 0;
	p.end[0].rcv = f->t.conns[1].half[1].seq_add;
	pair_send(&p, 1, R | A, 0);
	CU_ASSERT_TRUE(fake_logged(f, "TCP Reset-O"));
	fake_wait(f, 1200);
	p = pair_new(f);
	pair_open(&p);
	pair_send(&p, 0, R, 0);
	CU_ASSERT_TRUE(fake_logged(f, "TCP Reset-I"));
	fake_wait(f, 1200);
	fake_end(f);
}

/* TCP intercept: the client has acknowledged a cookie, the server has its own number. */
static void int2_joined_connections_are_randomized_towards_the_server(void)
{
	struct fake *f = fake_new(64);
	struct pair p;
	__u32 cookie;

	pair_class(f)->embryonic_max = 1;
	begin(f);
	fake_wait(f, 200);
	p = pair_new(f);
	p.end[0].own_port = 999;
	pair_send(&p, 0, S, 0); /* one half-open connection is all that may be */
	p = pair_new(f);
	CU_ASSERT_EQUAL(fake_in(f, &(struct fake_pkt)TCP_OUT(S, 1000, 0, 0)), DROP_NONE);
	cookie = fake_last(f, NULL)->tcp.seq;
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(fake_in(f, &(struct fake_pkt)TCP_OUT(A, 1001, cookie + 1, 0)), DROP_NONE);
	CU_ASSERT_EQUAL(fake_last(f, NULL)->tcp.flags, S);
	CU_ASSERT_NOT_EQUAL(fake_last(f, NULL)->tcp.seq, 1000);
	p.end[1].rcv = fake_last(f, NULL)->tcp.seq + 1;
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(fake_in(f, &(struct fake_pkt)TCP_IN(S | A, 7000, p.end[1].rcv, 0)), DROP_NONE);
	fake_forget_sent(f);
	p.end[0].seq = 1001;
	p.end[0].rcv = cookie + 1;
	p.end[1].seq = 7001;
	pair_send(&p, 0, A | P, 100);
	pair_send(&p, 1, A | P, 100);
	pair_close(&p);
	fake_wait(f, 1200);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SEQ-1 SEQ-2 both initial numbers are replaced", seq1_both_numbers_are_replaced },
		{ "SEQ-1 the numbers of the same ports rise", seq1_the_same_ports_rise },
		{ "SEQ-1 another secret, other numbers", seq1_another_secret_other_numbers },
		{ "SEQ-2 SACK blocks follow", seq2_sack_blocks_follow },
		{ "SEQ-2 resets fit", seq2_resets_fit },
		{ "SEQ-3 random-sequence-number disable", seq3_off_by_class },
		{ "SEQ-3 LIM-7 norandomseq", seq3_off_by_nat_rule },
		{ "SEQ-3 for new connections", seq3_for_new_connections },
		{ "SEQ-1 BYP-5 bypass is left alone", byp5_bypass_is_left_alone },
		{ "SEQ-1 static NAT and PAT", seq1_with_translation },
		{ "SES-15 SEQ-2 a restart keeps the offsets", ses15_a_restart_keeps_the_offsets },
		{ "SEQ-1 INT-2 joined connections", int2_joined_connections_are_randomized_towards_the_server },
		{ NULL, NULL },
	};

	return asa_cunit_main("isn", tests);
}
