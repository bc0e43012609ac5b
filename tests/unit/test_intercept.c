// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * TCP intercept in the slow path, with a simulated clock: a SYN over the limit gets a cookie, the ACK
 * that brings it back opens the server, both halves are joined; dead servers, resets, forgeries.
 * INT-1, INT-2, INT-4, LIM-4.
 */
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
		{ "LIM-4 INT-1 INT-2 cookie, client, server, data", joined },
		{ "INT-2 a probe of the closed window instead of the ACK", probe_of_the_window },
		{ "INT-4 guessed and replayed", refused },
		{ "INT-2 a server that does not answer: the client gets a RST", server_is_dead },
		{ "INT-2 a server that refuses: the client gets a RST", server_refuses },
		{ "INT-2 what the client sends too early", too_early },
		{ NULL, NULL },
	};

	return asa_cunit_main("intercept", tests);
}
