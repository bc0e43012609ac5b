/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dialogues: tables of packets and what must become of each, run through the fake firewall.
 *
 *	{ packet, drop reason, "interface src > dst" as it left, flags of the first connection, log }
 *
 * A reason of DROP_NONE with 'out' NULL: the packet is held, or left unobserved. Addresses with
 * ports read 10.1.1.1:80; without, the protocol has none. A failing row prints its number.
 */
#ifndef TESTS_DIALOGUE_H
#define TESTS_DIALOGUE_H

#include "lib/cunit.h"
#include "tests/lib/fake_dp.h"

/* clang-format off: macros that make table rows */
struct step {
	struct fake_pkt p;
	enum asa_drop why;
	const char *out; /* "outside 10.1.1.1:1000 > 198.51.100.1:80" */
	const char *flags; /* NULL: not looked at; "": no connection */
	const char *log; /* a line must contain it */
};

static __attribute__((unused)) const char *step_ifname(__u32 ifindex)
{
	return ifindex == IF_INSIDE ? "inside" : ifindex == IF_DMZ ? "dmz" : "outside";
}

static __attribute__((unused)) void step_left(const struct asa_pkt *p, __u32 out, char *buf,
					      size_t size)
{
	const char *src = mb_text(&p->key.src), *dst = mb_text(&p->key.dst);

	if (p->proto == ASA_PROTO_TCP || p->proto == ASA_PROTO_UDP)
		snprintf(buf, size, "%s %s:%u > %s:%u", step_ifname(out), src,
			 asa_ntohs(p->key.sport), dst, asa_ntohs(p->key.dport));
	else if (p->flags & (ASA_PKT_ICMP_REQUEST | ASA_PKT_ICMP_REPLY))
		snprintf(buf, size, "%s %s > %s id %u", step_ifname(out), src, dst,
			 asa_ntohs(p->key.sport ? p->key.sport : p->key.dport));
	else
		snprintf(buf, size, "%s %s > %s", step_ifname(out), src, dst);
}

static __attribute__((unused)) bool step_run(struct fake *f, const struct step *s)
{
	char left[160] = "nothing";
	struct session_view v;
	const struct asa_pkt *p;
	enum asa_drop why;
	bool good = true;
	__u32 out = 0;

	fake_forget_sent(f);
	fake_log_clear(f);
	why = fake_in(f, &s->p);
	if (why != s->why) {
		printf("      dropped for %d, wanted %d\n", why, s->why);
		good = false;
	}
	p = fake_last(f, &out);
	if (p)
		step_left(p, out, left, sizeof(left));
	if (s->out && strcmp(s->out, left)) {
		printf("      left as \"%s\", wanted \"%s\"\n", left, s->out);
		good = false;
	}
	if (s->flags) {
		bool any = fake_view(f, 0, &v);

		if (strcmp(s->flags, any ? v.flags : "")) {
			printf("      flags \"%s\", wanted \"%s\"\n", any ? v.flags : "", s->flags);
			good = false;
		}
	}
	if (s->log && !fake_logged(f, s->log)) {
		printf("      not logged: \"%s\"; last: \"%s\"\n", s->log,
		       f->n_log ? f->log[(f->n_log - 1) % FAKE_LOGS] : "");
		good = false;
	}
	return good;
}

static __attribute__((unused)) bool dialogue(struct fake *f, const struct step *steps, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		f->now += 10;
		if (step_run(f, &steps[i])) {
			fake_forget_sent(f);
			continue;
		}
		printf("      in row %d of the dialogue\n", i + 1);
		fake_forget_sent(f);
		return false;
	}
	return true;
}
#define DIALOGUE(f, ...)                                                        \
	do {                                                                    \
		static const struct step steps_[] = { __VA_ARGS__ };            \
		CU_ASSERT_TRUE(dialogue(f, steps_,                              \
					(int)(sizeof(steps_) / sizeof(steps_[0])))); \
	} while (0)

/* "set connection advanced-options tcp-state-bypass" for what 'acl' permits; global without a name. */
static __attribute__((unused)) void bypass_class(struct fake *f, const char *nameif, const char *acl)
{
	struct model_class *c = MODEL_PUSH(&f->fw.m->classes);
	struct model_policy_map *pm = MODEL_PUSH(&f->fw.m->policy_maps);
	struct model_service_policy *sp = MODEL_PUSH(&f->fw.m->service_policies);
	struct model_policy_class *pc = MODEL_PUSH(&pm->classes);

	snprintf(c->name, sizeof(c->name), "tcp_bypass");
	c->match = MODEL_MATCH_ACL;
	snprintf(c->acl, sizeof(c->acl), "%s", acl);
	snprintf(pm->name, sizeof(pm->name), "tcp_bypass_policy");
	snprintf(pc->class_name, sizeof(pc->class_name), "tcp_bypass");
	model_conn_settings_init(&pc->conn);
	pc->conn.bypass = true;
	snprintf(sp->policy_map, sizeof(sp->policy_map), "tcp_bypass_policy");
	sp->global = !nameif;
	if (nameif)
		snprintf(sp->ifname, sizeof(sp->ifname), "%s", nameif);
}

/* Packets by words. */
#define S ASA_TCP_SYN
#define A ASA_TCP_ACKF
#define F ASA_TCP_FIN
#define R ASA_TCP_RST
#define P ASA_TCP_PSH
#define INSIDE_HOST "10.1.1.5"
#define OUTSIDE_HOST "198.51.100.7"
#define TCP_OUT(fl, sq, ak, len)                                                          \
	{ .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 40000,           \
	  .dport = 80, .flags = (fl), .seq = (sq), .ack = (ak), .payload = (len) }
#define TCP_IN(fl, sq, ak, len)                                                           \
	{ .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,             \
	  .dport = 40000, .flags = (fl), .seq = (sq), .ack = (ak), .payload = (len) }
#define OUT_TEXT "outside " INSIDE_HOST ":40000 > " OUTSIDE_HOST ":80"
#define IN_TEXT "inside " OUTSIDE_HOST ":80 > " INSIDE_HOST ":40000"

/* A SYN from the inside host to port 80 of the outside one. */
static __attribute__((unused)) enum asa_drop dialogue_syn(struct fake *f, __u16 sport)
{
	enum asa_drop why;

	why = FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = sport,
		      .dport = 80, .flags = S, .seq = 1000);
	fake_forget_sent(f);
	return why;
}

/* Complete the handshake of a connection opened by dialogue_syn(). */
static __attribute__((unused)) void dialogue_establish(struct fake *f, __u16 sport)
{
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
				.sport = 80, .dport = sport, .flags = S | A, .seq = 7000,
				.ack = 1001),
			DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.sport = sport, .dport = 80, .flags = A, .seq = 1001, .ack = 7001),
			DROP_NONE);
	fake_forget_sent(f);
}

#endif
