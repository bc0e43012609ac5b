// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * Connection limits: per class, per client, of translation rules; exact, under load from several
 * threads, released at once, lowered under the present count (LIM-2 to LIM-10).
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "lib/dialogue.h"

/* clang-format off: packets in words */

static struct model_conn_settings *limited(struct fake *f)
{
	fw_ace(&f->fw, "all", "permit ip any any");
	bypass_class(f, NULL, "all");
	f->fw.m->policy_maps.v[0].classes.v[0].conn.bypass = false;
	return &f->fw.m->policy_maps.v[0].classes.v[0].conn;
}

static enum asa_drop syn_from(struct fake *f, const char *src, __u16 sport)
{
	enum asa_drop why = FAKE_IN(f, .in = IF_INSIDE, .src = src, .dst = OUTSIDE_HOST,
				    .sport = sport, .dport = 80, .flags = S, .seq = 1000);

	fake_forget_sent(f);
	return why;
}

static enum asa_drop udp_from(struct fake *f, const char *src, __u16 sport)
{
	enum asa_drop why = FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = src, .dst = OUTSIDE_HOST,
				    .sport = sport, .dport = 53);

	fake_forget_sent(f);
	return why;
}

static void establish(struct fake *f, const char *src, __u16 sport)
{
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = src, .sport = 80,
				.dport = sport, .flags = S | A, .seq = 7000, .ack = 1001), DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = src, .dst = OUTSIDE_HOST, .sport = sport,
				.dport = 80, .flags = A, .seq = 1001, .ack = 7001), DROP_NONE);
	fake_forget_sent(f);
}

static void end(struct fake *f, __u16 sport)
{
	struct session_filter x = { .has_port = true, .port_lo = sport, .port_hi = sport };
	__u32 pos = 0, closed = 0;

	while (sessions_clear(f->asa.sessions, &pos, 64, f->now, &x, &closed))
		;
	CU_ASSERT_EQUAL(closed, 1);
}

/* TCP and UDP together; a connection's end lets the next one in at once. */
static void lim2_tcp_and_udp_of_a_class(void)
{
	struct fake *f = fake_new(64);
	struct policy_class_row row;

	limited(f)->conn_max = 3;
	fake_start(f);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.5", 1), DROP_NONE);
	CU_ASSERT_EQUAL(udp_from(f, "10.1.1.6", 2), DROP_NONE);
	CU_ASSERT_EQUAL(udp_from(f, "10.1.1.7", 3), DROP_NONE);
	CU_ASSERT_EQUAL(udp_from(f, "10.1.1.8", 4), DROP_POLICY_LIMIT);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.8", 5), DROP_POLICY_LIMIT);
	CU_ASSERT_TRUE(fake_logged(f, "201011: Connection limit exceeded 3/3 for input packet from "
				      "10.1.1.8/5 to 198.51.100.7/80 on interface inside"));
	establish(f, "10.1.1.5", 1); /* the others go on */
	CU_ASSERT_EQUAL(udp_from(f, "10.1.1.6", 2), DROP_NONE);
	/* ICMP is not counted, and not refused */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 1, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.type = 8, .id = 5), DROP_NONE);
	fake_forget_sent(f);
	end(f, 2);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.8", 5), DROP_NONE);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.8", 6), DROP_POLICY_LIMIT);
	CU_ASSERT_TRUE(policy_class_row(f->fw.p, 0, &row));
	CU_ASSERT_EQUAL(*row.conns, 3);
	CU_ASSERT_EQUAL(*row.embryonic, 1);
	fake_end(f);
}

static void lim3_lim10_per_client(void)
{
	struct fake *f = fake_new(64);
	struct model_conn_settings *c = limited(f);
	struct policy_class_row row;

	c->conn_max = 4;
	c->per_client_max = 2;
	fake_start(f);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.5", 1), DROP_NONE);
	CU_ASSERT_EQUAL(udp_from(f, "10.1.1.5", 2), DROP_NONE);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.5", 3), DROP_POLICY_LIMIT);
	CU_ASSERT_TRUE(fake_logged(f, "201013: Per-client connection limit exceeded 2/2 for input packet "
				      "from 10.1.1.5/3 to 198.51.100.7/80 on interface inside"));
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.6", 1), DROP_NONE);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.7", 1), DROP_NONE);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.8", 1), DROP_POLICY_LIMIT); /* the class */
	/* LIM-10: what show service-policy prints */
	CU_ASSERT_TRUE(policy_class_row(f->fw.p, 0, &row));
	CU_ASSERT_EQUAL(*row.conns, 4);
	CU_ASSERT_EQUAL(*row.embryonic, 3);
	CU_ASSERT_EQUAL(*row.drops, 2);
	CU_ASSERT_EQUAL(*row.client_drops, 1);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_POLICY_LIMIT), 2);
	fake_end(f);
}

/* ------------------------------------------------------------------ half-open, per client */

static void lim5_one_client_is_intercepted(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;
	__u32 out = 0;

	limited(f)->per_client_embryonic_max = 2;
	fake_start(f);
	fake_wait(f, 200); /* keys */
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.5", 1), DROP_NONE);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.5", 2), DROP_NONE);
	CU_ASSERT_EQUAL(fake_in_use(f), 2);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = "10.1.1.5", .dst = OUTSIDE_HOST, .sport = 3,
				.dport = 80, .flags = S, .seq = 1000), DROP_NONE);
	p = fake_last(f, &out);
	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT_EQUAL(out, IF_INSIDE); /* answered, not forwarded */
	CU_ASSERT_EQUAL(p->tcp.flags, S | A);
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(fake_in_use(f), 2);
	CU_ASSERT_TRUE(fake_logged(f, "201012: Per-client embryonic connection limit exceeded 2/2 for input "
				      "packet from 10.1.1.5/3 to 198.51.100.7/80 on interface inside"));
	/* the driver is told of this client only; another one is served */
	CU_ASSERT_TRUE(f->intercepts[0].used);
	CU_ASSERT_STRING_EQUAL(mb_text(&f->intercepts[0].key.src), "10.1.1.5");
	CU_ASSERT_EQUAL(f->t.config->intercept, ASA_INTERCEPT_ANY | ASA_INTERCEPT_CLIENTS);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.6", 1), DROP_NONE);
	CU_ASSERT_EQUAL(fake_in_use(f), 3);
	/* its half-open ones become whole: intercept ends */
	establish(f, "10.1.1.5", 1);
	fake_wait(f, 2200);
	CU_ASSERT_FALSE(f->intercepts[0].row.flags & ASA_INTERCEPT_ANSWER);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.5", 4), DROP_NONE);
	CU_ASSERT_EQUAL(fake_in_use(f), 4);
	fake_end(f);
}

/* ------------------------------------------------------------------ limits of translation rules */

static struct model_nat *static_rule(struct fake *f, const char *real, const char *mapped)
{
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);

	n->form = MODEL_NAT_PIX_STATIC;
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->real = mb_term(real);
	n->mapped = mb_term(mapped);
	return n;
}

static enum asa_drop come_in(struct fake *f, __u8 proto, const char *src, __u16 sport, __u16 dport)
{
	enum asa_drop why = FAKE_IN(f, .in = IF_OUTSIDE, .proto = proto, .src = src, .dst = "192.0.2.80",
				    .sport = sport, .dport = dport, .flags = S, .seq = 1000);

	return why;
}

static struct fake *behind_static(struct model_nat **n)
{
	struct fake *f = fake_new(64);

	fw_ace(&f->fw, "in", "permit ip any any");
	fw_access_group(&f->fw, "in", "in", "outside");
	*n = static_rule(f, "10.1.1.80", "192.0.2.80");
	return f;
}

static void lim7_udp_limit_of_a_rule(void)
{
	struct model_nat *n;
	struct fake *f = behind_static(&n);

	n->udp_max = 2;
	n->max_conns = 1;
	fake_start(f);
	CU_ASSERT_EQUAL(come_in(f, 17, OUTSIDE_HOST, 1, 53), DROP_NONE);
	CU_ASSERT_EQUAL(come_in(f, 17, OUTSIDE_HOST, 2, 53), DROP_NONE);
	CU_ASSERT_EQUAL(come_in(f, 17, OUTSIDE_HOST, 3, 53), DROP_POLICY_LIMIT);
	/* each protocol has its own */
	CU_ASSERT_EQUAL(come_in(f, 6, OUTSIDE_HOST, 1, 80), DROP_NONE);
	CU_ASSERT_EQUAL(come_in(f, 6, OUTSIDE_HOST, 2, 80), DROP_POLICY_LIMIT);
	fake_forget_sent(f);
	end(f, 2);
	CU_ASSERT_EQUAL(come_in(f, 17, OUTSIDE_HOST, 3, 53), DROP_NONE);
	/* the same host going out is the same host */
	CU_ASSERT_EQUAL(udp_from(f, "10.1.1.80", 9), DROP_POLICY_LIMIT);
	CU_ASSERT_EQUAL(udp_from(f, "10.1.1.81", 9), DROP_NONE);
	fake_forget_sent(f);
	fake_end(f);
}

/* The limit of the rule starts intercept for the server behind it, whatever the class says. */
static void lim7_embryonic_limit_of_a_rule(void)
{
	struct model_nat *n;
	struct fake *f = behind_static(&n);
	const struct asa_pkt *p;
	__u32 out = 0, cookie;

	n->emb_limit = 2;
	limited(f)->embryonic_max = 5; /* LIM-7: the smaller one wins */
	fake_start(f);
	fake_wait(f, 200);
	CU_ASSERT_EQUAL(come_in(f, 6, OUTSIDE_HOST, 1, 80), DROP_NONE);
	CU_ASSERT_EQUAL(come_in(f, 6, "198.51.100.8", 1, 80), DROP_NONE);
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(fake_in_use(f), 2);
	CU_ASSERT_EQUAL(come_in(f, 6, "198.51.100.9", 1, 80), DROP_NONE);
	p = fake_last(f, &out);
	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT_EQUAL(out, IF_OUTSIDE);
	CU_ASSERT_EQUAL(p->tcp.flags, S | A);
	CU_ASSERT_STRING_EQUAL(mb_text(&p->key.src), "192.0.2.80"); /* as the client knows it */
	cookie = p->tcp.seq;
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(fake_in_use(f), 2);
	CU_ASSERT_TRUE(fake_logged(f, "201010: Embryonic connection limit exceeded 2/2 for inbound packet "
				      "from 198.51.100.9/1 to 192.0.2.80/80 on interface outside"));
	/* the row is for the mapped address and all clients */
	CU_ASSERT_TRUE(f->intercepts[0].used);
	CU_ASSERT_STRING_EQUAL(mb_text(&f->intercepts[0].key.dst), "192.0.2.80");
	CU_ASSERT_EQUAL(f->t.config->intercept, ASA_INTERCEPT_ANY);
	/* who answers is connected, through the translation */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = "198.51.100.9", .dst = "192.0.2.80", .sport = 1,
				.dport = 80, .flags = A, .seq = 1001, .ack = cookie + 1), DROP_NONE);
	p = fake_last(f, &out);
	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT_EQUAL(out, IF_INSIDE);
	CU_ASSERT_EQUAL(p->tcp.flags, S);
	CU_ASSERT_STRING_EQUAL(mb_text(&p->key.dst), "10.1.1.80");
	fake_forget_sent(f);
	/* enough of them end: the driver stops answering */
	fake_wait(f, 31000);
	CU_ASSERT_FALSE(f->intercepts[0].used && f->intercepts[0].row.flags & ASA_INTERCEPT_ANSWER);
	fake_forget_sent(f);
	CU_ASSERT_TRUE(fake_law(f));
	fake_end(f);
}

/* Going out: one host behind the rule is intercepted, its neighbours are not. */
static void lim7_embryonic_limit_of_a_host_going_out(void)
{
	struct fake *f = fake_new(64);
	struct model_nat *n = static_rule(f, "10.1.1.0/24", "203.0.113.0/24");
	const struct asa_pkt *p;
	__u32 out = 0;

	n->emb_limit = 1;
	fake_start(f);
	fake_wait(f, 200);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.5", 1), DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = "10.1.1.5", .dst = OUTSIDE_HOST, .sport = 2,
				.dport = 80, .flags = S, .seq = 1), DROP_NONE);
	p = fake_last(f, &out);
	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT_EQUAL(out, IF_INSIDE);
	CU_ASSERT_EQUAL(p->tcp.flags, S | A);
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.6", 1), DROP_NONE);
	CU_ASSERT_EQUAL(fake_in_use(f), 2);
	fake_end(f);
}

/* ------------------------------------------------------------------ exact */

#define THREADS 4
#define ROUNDS 3000
#define LIMIT 7

struct crowd {
	struct fake *f;
	__u32 most; /* connections of the class seen at a time */
	__u32 accepted, refused, ended;
	bool over; /* never set */
};
struct member {
	struct crowd *c;
	int number;
};

/*
 * What a worker does: take the lock, put a batch through the engine, give it up. Between batches
 * anybody may come in, which sched_yield() makes likely.
 */
static void *member_run(void *arg)
{
	const struct member *m = arg;
	struct crowd *c = m->c;
	struct fake *f = c->f;
	unsigned int seed = (unsigned int)m->number;
	char src[16];
	int i, k;

	for (i = 0; i < ROUNDS; i++) {
		__u16 port = (__u16)(1000 + m->number * 8 + rand_r(&seed) % 8);

		snprintf(src, sizeof(src), "10.1.1.%d", 5 + rand_r(&seed) % 3);
		pthread_mutex_lock(&f->asa.lock);
		for (k = 0; k < 3; k++) {
			enum asa_drop why = udp_from(f, src, (__u16)(port + 100 * k));

			c->accepted += why == DROP_NONE;
			c->refused += why == DROP_POLICY_LIMIT;
			if (fake_in_use(f) > LIMIT)
				c->over = true;
			if (fake_in_use(f) > c->most)
				c->most = fake_in_use(f);
		}
		if (rand_r(&seed) % 2) {
			struct session_filter x = { .has_port = true, .port_lo = port, .port_hi = port };
			__u32 pos = 0;

			while (sessions_clear(f->asa.sessions, &pos, 64, f->now, &x, &c->ended))
				;
		}
		f->now += 30; /* slots leave quarantine */
		pthread_mutex_unlock(&f->asa.lock);
		sched_yield();
	}
	return NULL;
}

static void lim8_exact_from_several_threads(void)
{
	struct fake *f = fake_new(512);
	struct crowd c = { .f = f };
	struct member m[THREADS];
	pthread_t t[THREADS];
	struct policy_class_row row;
	struct session_counts n;
	int i;

	limited(f)->conn_max = LIMIT;
	pthread_mutex_init(&f->asa.lock, NULL);
	fake_start(f);
	for (i = 0; i < THREADS; i++) {
		m[i] = (struct member){ &c, i };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&t[i], NULL, member_run, &m[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	CU_ASSERT_FALSE(c.over);
	CU_ASSERT_EQUAL(c.most, LIMIT); /* not one less, either */
	CU_ASSERT_TRUE(c.refused > 1000);
	CU_ASSERT_TRUE(c.ended > 100);
	/* an accepted packet opened a connection or belonged to one */
	sessions_counts(f->asa.sessions, &n);
	CU_ASSERT_EQUAL(n.built - n.torn_down, n.in_use);
	CU_ASSERT_EQUAL(n.torn_down, c.ended);
	CU_ASSERT_TRUE(policy_class_row(f->fw.p, 0, &row));
	CU_ASSERT_EQUAL(*row.conns, n.in_use);
	CU_ASSERT_EQUAL(*row.drops, c.refused);
	fake_end(f);
}

static void lim9_lowered_under_the_present_count(void)
{
	struct fake *f = fake_new(64);
	__u16 i;

	limited(f)->conn_max = 5;
	fake_start(f);
	for (i = 1; i <= 5; i++)
		CU_ASSERT_EQUAL(udp_from(f, INSIDE_HOST, i), DROP_NONE);
	f->fw.m->policy_maps.v[0].classes.v[0].conn.conn_max = 2;
	fake_recompile(f);
	CU_ASSERT_EQUAL(fake_in_use(f), 5); /* none is torn down */
	for (i = 1; i <= 5; i++)
		CU_ASSERT_EQUAL(udp_from(f, INSIDE_HOST, i), DROP_NONE);
	for (i = 1; i <= 3; i++) {
		CU_ASSERT_EQUAL(udp_from(f, INSIDE_HOST, 9), DROP_POLICY_LIMIT);
		end(f, i);
	}
	CU_ASSERT_EQUAL(udp_from(f, INSIDE_HOST, 9), DROP_POLICY_LIMIT); /* two are there: full */
	end(f, 4);
	CU_ASSERT_EQUAL(udp_from(f, INSIDE_HOST, 9), DROP_NONE);
	/* 0 is no limit (LIM-1) */
	f->fw.m->policy_maps.v[0].classes.v[0].conn.conn_max = 0;
	fake_recompile(f);
	for (i = 20; i <= 30; i++)
		CU_ASSERT_EQUAL(udp_from(f, INSIDE_HOST, i), DROP_NONE);
	fake_end(f);
}

/* What show service-policy adds up: connections that are up, and those that have ended. */
static void mpf15_packets_of_a_class(void)
{
	struct fake *f = fake_new(64);
	struct policy_class_row row;
	__u64 live[2] = {0};

	limited(f)->conn_max = 10;
	fake_start(f);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(udp_from(f, "10.1.1.6", 2), DROP_NONE);
	CU_ASSERT_EQUAL(syn_from(f, "10.1.1.5", 1), DROP_NONE);
	establish(f, "10.1.1.5", 1);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 1, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.type = 8, .id = 5), DROP_NONE);
	sessions_class_packets(f->asa.sessions, live, 2);
	CU_ASSERT_EQUAL(live[0], 3 + 3 + 1);
	CU_ASSERT_EQUAL(live[1], 0);
	for (__u32 slot = 1; slot < 64; slot++)
		session_close(f->asa.sessions, slot, SESSION_CLOSE_CLEARED, f->now);
	live[0] = 0;
	sessions_class_packets(f->asa.sessions, live, 2);
	CU_ASSERT_EQUAL(live[0], 0);
	CU_ASSERT_TRUE(policy_class_row(f->fw.p, 0, &row));
	CU_ASSERT_EQUAL(*row.packets, 7);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "LIM-2 TCP and UDP of a class, released at once", lim2_tcp_and_udp_of_a_class },
		{ "LIM-3 LIM-10 per client, with its own count of drops", lim3_lim10_per_client },
		{ "LIM-5 one client is intercepted", lim5_one_client_is_intercepted },
		{ "LIM-7 UDP limit of a rule", lim7_udp_limit_of_a_rule },
		{ "LIM-7 embryonic limit of a rule", lim7_embryonic_limit_of_a_rule },
		{ "LIM-7 embryonic limit of a host going out", lim7_embryonic_limit_of_a_host_going_out },
		{ "LIM-8 exact from several threads", lim8_exact_from_several_threads },
		{ "LIM-1 LIM-9 lowered under the present count", lim9_lowered_under_the_present_count },
		{ "MPF-15 packets of a class", mpf15_packets_of_a_class },
		{ NULL, NULL },
	};

	return asa_cunit_main("limits", tests);
}
