/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two TCP hosts on either side of the fake firewall, each of which knows only what it has sent and
 * what has reached it: translated addresses and shifted numbers show up as they would in a host.
 *
 * End 0 is the client. pair_send() delivers one segment and checks what the other end gets: the
 * number it expects, and an acknowledgment of just what it has sent.
 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "lib/dialogue.h"

struct pair_end {
	__u32 ifindex;
	const char *own, *peer; /* addresses as this end writes them */
	__u16 own_port, peer_port;
	__u32 seq; /* next to send */
	__u32 rcv; /* next expected, as it arrives */
	__u32 ts; /* its clock; 0: no timestamps */
	__u32 ts_peer; /* the newest that has arrived */
};
struct pair {
	struct fake *f;
	struct pair_end end[2];
};

static __attribute__((unused)) struct pair pair_new(struct fake *f)
{
	struct pair p = {
		.f = f,
		.end = { { IF_INSIDE, INSIDE_HOST, OUTSIDE_HOST, 40000, 80, 1000, 0, 0, 0 },
			 { IF_OUTSIDE, OUTSIDE_HOST, INSIDE_HOST, 80, 40000, 7000, 0, 0, 0 } },
	};

	return p;
}

static __attribute__((unused)) struct fake_pkt pair_packet(const struct pair *p, int from,
							   __u8 flags, __u32 len)
{
	const struct pair_end *e = &p->end[from];
	static char options[12];

	memcpy(options, "\1\1\10\12", 4);
	asa_stn32(options + 4, e->ts);
	asa_stn32(options + 8, flags & ASA_TCP_ACKF ? e->ts_peer : 0);
	return (struct fake_pkt){ .in = e->ifindex, .src = e->own, .dst = e->peer,
				  .sport = e->own_port, .dport = e->peer_port, .flags = flags,
				  .seq = e->seq, .ack = flags & ASA_TCP_ACKF ? e->rcv : 0,
				  .payload = len, .options = options,
				  .n_options = e->ts ? sizeof(options) : 0 };
}

static __attribute__((unused)) void pair_send(struct pair *p, int from, __u8 flags, __u32 len)
{
	struct pair_end *e = &p->end[from], *to = &p->end[!from];
	struct fake_pkt pkt = pair_packet(p, from, flags, len);
	__u32 used = len + ((flags & (ASA_TCP_SYN | ASA_TCP_FIN)) != 0), out = 0;
	const struct asa_pkt *got;

	fake_forget_sent(p->f);
	CU_ASSERT_EQUAL_FATAL(fake_in(p->f, &pkt), DROP_NONE);
	got = fake_last(p->f, &out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(got);
	CU_ASSERT_EQUAL(out, to->ifindex);
	CU_ASSERT_STRING_EQUAL(mb_text(&got->key.dst), to->own);
	CU_ASSERT_STRING_EQUAL(mb_text(&got->key.src), to->peer);
	if (!(flags & ASA_TCP_SYN))
		CU_ASSERT_EQUAL(got->tcp.seq, to->rcv);
	if (flags & ASA_TCP_ACKF)
		CU_ASSERT_EQUAL(got->tcp.ack, to->seq);
	e->seq += used;
	to->rcv = got->tcp.seq + used;
	to->peer_port = asa_ntohs(got->key.sport);
	if (e->ts)
		to->ts_peer = asa_ldn32((const __u8 *)got->l4 + ASA_TCP_SIZE + 4);
	fake_forget_sent(p->f);
}

static __attribute__((unused)) void pair_open(struct pair *p)
{
	pair_send(p, 0, S, 0);
	pair_send(p, 1, S | A, 0);
	pair_send(p, 0, A, 0);
}

static __attribute__((unused)) void pair_close(struct pair *p)
{
	pair_send(p, 0, F | A, 0);
	pair_send(p, 1, F | A, 0);
	pair_send(p, 0, A, 0);
}

/* "class NAME / set connection …" for everything, global. => settings to fill in before the start */
static __attribute__((unused)) struct model_conn_settings *pair_class(struct fake *f)
{
	struct model_class *c = MODEL_PUSH(&f->fw.m->classes);
	struct model_policy_map *pm = MODEL_PUSH(&f->fw.m->policy_maps);
	struct model_service_policy *sp = MODEL_PUSH(&f->fw.m->service_policies);
	struct model_policy_class *pc = MODEL_PUSH(&pm->classes);

	snprintf(c->name, sizeof(c->name), "all");
	c->match = MODEL_MATCH_ANY;
	snprintf(pm->name, sizeof(pm->name), "settings");
	snprintf(pc->class_name, sizeof(pc->class_name), "all");
	model_conn_settings_init(&pc->conn);
	snprintf(sp->policy_map, sizeof(sp->policy_map), "settings");
	sp->global = true;
	return &pc->conn;
}

/* "object network R / nat (inside,outside) {static|dynamic} MAPPED" for the client. */
static __attribute__((unused)) struct model_nat *pair_nat(struct fake *f, const char *mapped,
							  bool dynamic)
{
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);

	fw_object(&f->fw, "real", INSIDE_HOST);
	n->form = MODEL_NAT_OBJECT;
	snprintf(n->object, sizeof(n->object), "real");
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->dynamic = dynamic;
	n->pat = dynamic;
	n->real = mb_term(INSIDE_HOST);
	n->real.kind = MODEL_ADDR_OBJECT;
	snprintf(n->real.name, sizeof(n->real.name), "real");
	n->mapped = mb_term(mapped);
	return n;
}

#endif
