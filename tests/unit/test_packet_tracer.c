// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * OBS-4: what the tracer says is what forwarding does, and the tracer changes nothing.
 *
 * The random test takes a picture of all state, traces a frame, compares the picture, gives the
 * very same frame to the real pipeline and compares reason, frames and bytes.
 */
#include <stdlib.h>

#include "engine/packet_tracer.h"
#include "lib/dialogue.h"
#include "lib/random_world.h"

/* ------------------------------------------------------------------ pictures */

static __u64 mix(__u64 h, const void *data, size_t size)
{
	const __u8 *b = data;

	while (size--)
		h = (h ^ *b++) * 0x100000001b3ull;
	return h;
}

/* Everything that outlives a packet, in one number. */
static __u64 picture(struct fake *f)
{
	struct policy_class_row c;
	struct policy_acl_row a;
	struct policy_nat_row n;
	struct session_counts counts;
	const struct xlate *x;
	__u64 h = 0xcbf29ce484222325ull;
	__u32 ref = 0, held[2];
	size_t i;

	fake_flush(f); /* first: it ticks, which ends what is held for too long */
	h = mix(h, f->t.conns, f->t.n_slots * sizeof(*f->t.conns));
	h = mix(h, f->t.sessions, f->t.n_slots * sizeof(*f->t.sessions));
	h = mix(h, f->t.index, f->t.n_buckets * sizeof(*f->t.index));
	h = mix(h, f->t.nexthops, 64 * sizeof(*f->t.nexthops));
	h = mix(h, f->t.config, sizeof(*f->t.config));
	for (i = 0; policy_acl_row(f->asa.policy, NULL, i, &a); i++)
		h = mix(h, &a.hits, sizeof(a.hits));
	for (i = 0; policy_nat_row(f->asa.policy, i, &n); i++) {
		h = mix(h, &n.translate_hits, sizeof(n.translate_hits));
		h = mix(h, &n.untranslate_hits, sizeof(n.untranslate_hits));
	}
	for (i = 0; policy_class_row(f->asa.policy, i, &c); i++) {
		h = mix(h, c.packets, sizeof(*c.packets));
		h = mix(h, c.drops, sizeof(*c.drops));
		h = mix(h, c.conns, sizeof(*c.conns));
		h = mix(h, c.embryonic, sizeof(*c.embryonic));
	}
	sessions_counts(f->asa.sessions, &counts);
	h = mix(h, &counts, sizeof(counts));
	while ((x = xlate_next(f->asa.xlates, &ref))) {
		h = mix(h, &x->real, sizeof(x->real));
		h = mix(h, &x->mapped, sizeof(x->mapped));
		h = mix(h, &x->mapped_port, sizeof(x->mapped_port));
		h = mix(h, &x->last_used, sizeof(x->last_used));
		h = mix(h, &x->users, sizeof(x->users));
	}
	ref = xlate_most_used(f->asa.xlates);
	h = mix(h, &ref, sizeof(ref));
	engine_held(f->asa.engine, &held[0], &held[1]);
	h = mix(h, held, sizeof(held));
	h = mix(h, &f->totals, sizeof(f->totals));
	h = mix(h, f->ifs, sizeof(f->ifs));
	h = mix(h, &f->n_log, sizeof(f->n_log));
	ref = frame_pool_available(f->ops.pool);
	return mix(h, &ref, sizeof(ref));
}

/* ------------------------------------------------------------------ trace, then forward */

static const char *words(const struct tracer *t)
{
	static char text[256];
	size_t n = 0;
	int i;

	text[0] = '\0';
	for (i = 0; i < t->n_phases && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s%s", i ? " " : "",
				      t->phases[i].type, *t->phases[i].subtype ? "/" : "",
				      t->phases[i].subtype);
	return text;
}

static struct tracer *trace(struct fake *f, const struct frame *frame)
{
	__u64 before = picture(f), after;
	struct tracer *t = NULL;

	CU_ASSERT_EQUAL_FATAL(
		tracer_run(&f->asa, frame->in_ifindex, frame->data, frame->len, f->now, &t), 0);
	after = picture(f);
	CU_ASSERT_EQUAL(before, after);
	if (before != after)
		printf("      a trace changed something: %s\n", words(t));
	return t;
}

/* The real thing. => why it was dropped */
static enum asa_drop forward(struct fake *f, struct frame *frame)
{
	struct asa_count before[ASA_DROP_MAX];
	int i;

	fake_flush(f);
	memcpy(before, f->totals.drops, sizeof(before));
	f->received[frame->in_ifindex]++;
	engine_batch(f->asa.engine, &f->ops, &frame, 1, f->now);
	fake_flush(f);
	for (i = 1; i < ASA_DROP_MAX; i++)
		if ((i < FLOW_ACL || i > FLOW_EVICTED) && f->totals.drops[i].packets != before[i].packets)
			return (enum asa_drop)i;
	return DROP_NONE;
}

static bool same(struct fake *f, const struct tracer *t, enum asa_drop why)
{
	int i;

	if (t->why != why || t->n_frames != f->n_sent)
		return false;
	for (i = 0; i < f->n_sent; i++)
		if (t->frames[i]->len != f->sent[i]->len ||
		    t->frames[i]->out_ifindex != f->sent[i]->out_ifindex ||
		    memcmp(t->frames[i]->data, f->sent[i]->data, f->sent[i]->len) != 0)
			return false;
	return true;
}

/* => what became of it; the record is the caller's when it wants it */
static enum asa_drop both(struct fake *f, const struct fake_pkt *p, struct tracer **keep)
{
	struct frame *frame = fake_frame(f, p);
	struct tracer *t = trace(f, frame);
	enum asa_drop why;

	fake_forget_sent(f);
	why = forward(f, frame);
	if (!same(f, t, why))
		printf("      traced %d with %d frames, forwarded %d with %d: %s\n", t->why,
		       t->n_frames, why, f->n_sent, words(t));
	CU_ASSERT_TRUE(same(f, t, why));
	fake_forget_sent(f);
	if (keep)
		*keep = t;
	else
		tracer_free(t);
	return why;
}

/* ------------------------------------------------------------------ random policies and packets */

static void obs4_ten_thousand_random_packets(void)
{
	int reasons[ASA_DROP_MAX] = {0}, forwarded = 0, seen = 0, i, k;
	unsigned int before = CU_get_number_of_failures();

	for (i = 0; i < 200; i++) {
		struct fake *f;

		seed = 4711u + (__u32)i;
		f = random_firewall(fake_new(rnd(4) ? 128 : 24));
		for (k = 0; k < 50; k++) {
			struct fake_pkt p;
			enum asa_drop why;

			random_packet(&p);
			why = both(f, &p, NULL);
			reasons[why]++;
			forwarded += !why;
			/* its answer, so that there are connections to be continued */
			if (!why && rnd(2)) {
				const char *src = p.src;

				p.src = p.dst;
				p.dst = src;
				p.in = IF_INSIDE + rnd(3);
				p.flags = rnd(2) ? S | A : A;
				p.ack = p.seq + 1;
				reasons[both(f, &p, NULL)]++;
			}
			f->now += rnd(30);
			if (!rnd(10))
				fake_wait(f, 1 + rnd(1500));
			if (f->neigh_pending && !rnd(4)) {
				fake_neigh(f, true);
				fake_forget_sent(f);
			}
		}
		if (CU_get_number_of_failures() != before) {
			printf("      firewall %d\n", i);
			before = CU_get_number_of_failures();
		}
		fake_end(f);
	}
	for (i = 1; i < ASA_DROP_MAX; i++)
		seen += reasons[i] != 0;
	/* The random world must be one in which things happen. */
	CU_ASSERT_TRUE(forwarded > 1000);
	CU_ASSERT_TRUE(seen > 15);
	CU_ASSERT_TRUE(reasons[DROP_POLICY_LIMIT] && reasons[DROP_RESOURCE_FLOW] &&
		       reasons[DROP_NAT_RPF] && reasons[DROP_POLICY_ACL] &&
		       reasons[DROP_TCP_NOT_SYN]);
}

/* ------------------------------------------------------------------ phases */

static void obs4_phases_of_a_new_connection(void)
{
	struct fake *f = fake_new(64);
	struct fake_pkt p = TCP_OUT(S, 1000, 0, 0);
	struct tracer *t = NULL;

	random_nat(f, "10.1.1.0/25", "inside", "192.0.2.60", true);
	fw_ace(&f->fw, "class", "permit tcp any any");
	bypass_class(f, "outside", "class");
	f->fw.m->policy_maps.v[0].classes.v[0].conn.bypass = false;
	f->fw.m->policy_maps.v[0].classes.v[0].conn.conn_max = 5;
	fake_start(f);
	CU_ASSERT_EQUAL(both(f, &p, &t), DROP_NONE);
	CU_ASSERT_STRING_EQUAL(words(t),
			       "FLOW-LOOKUP ROUTE-LOOKUP/Resolve Egress Interface ACCESS-LIST "
			       "CONN-SETTINGS NAT/dynamic NAT/rpf-check FLOW-CREATION "
			       "ADJACENCY-LOOKUP/Resolve Nexthop IP address to MAC");
	CU_ASSERT_STRING_EQUAL(t->phases[0].info, "Found no matching flow, creating a new flow\n");
	CU_ASSERT_STRING_EQUAL(t->phases[1].info,
			       "found next-hop 192.0.2.254 using egress ifc  outside\n");
	CU_ASSERT_STRING_EQUAL(t->phases[2].config, "Implicit Rule\n");
	CU_ASSERT_STRING_EQUAL(t->phases[3].config,
			       "class-map tcp_bypass\n match access-list class\n"
			       "policy-map tcp_bypass_policy\n class tcp_bypass\n"
			       "  set connection conn-max 5\n"
			       "service-policy tcp_bypass_policy interface outside\n");
	CU_ASSERT_STRING_EQUAL(t->phases[4].info,
			       "Dynamic translate 10.1.1.5/40000 to 192.0.2.60/40000\n");
	CU_ASSERT_STRING_EQUAL(t->phases[6].info,
			       "New flow created with id 1, packet dispatched to next module\n");
	CU_ASSERT_STRING_EQUAL(t->in, "inside");
	CU_ASSERT_STRING_EQUAL(t->out, "outside");
	CU_ASSERT_TRUE(t->created && t->in_up && t->out_up);
	tracer_free(t);
	/* the same packet again belongs to what the first one made */
	CU_ASSERT_EQUAL(both(f, &p, &t), DROP_NONE);
	CU_ASSERT_STRING_EQUAL(t->phases[0].info, "Found flow with id 1, using existing flow\n");
	CU_ASSERT_FALSE(t->created);
	tracer_free(t);
	fake_end(f);
}

static void obs4_phases_name_the_rule_that_refuses(void)
{
	struct fake *f = fake_new(64);
	struct fake_pkt p = {.in = IF_OUTSIDE,
			     .src = OUTSIDE_HOST,
			     .dst = "192.0.2.80",
			     .sport = 999,
			     .dport = 81,
			     .flags = S};
	struct tracer *t = NULL;

	random_nat(f, "10.2.2.80", "dmz", "192.0.2.80", false);
	fw_ace(&f->fw, "in", "permit tcp any 10.2.2.80 eq 80");
	fw_ace(&f->fw, "in", "deny tcp any 10.2.2.80 eq 81");
	fw_access_group(&f->fw, "in", "in", "outside");
	fake_start(f);
	CU_ASSERT_EQUAL(both(f, &p, &t), DROP_POLICY_ACL);
	CU_ASSERT_STRING_EQUAL(words(t), "FLOW-LOOKUP UN-NAT/static ROUTE-LOOKUP/Resolve Egress "
					 "Interface ACCESS-LIST");
	CU_ASSERT_PTR_NOT_NULL(
		strstr(t->phases[1].info, "Untranslate 192.0.2.80/81 to 10.2.2.80/81\n"));
	CU_ASSERT_EQUAL(t->phases[3].why, DROP_POLICY_ACL);
	CU_ASSERT_STRING_EQUAL(t->phases[3].config,
			       "access-group in in interface outside\n"
			       "access-list in extended deny tcp any 10.2.2.80 eq 81\n");
	tracer_free(t);
	p.dport = 82; /* no line: the end of the list */
	CU_ASSERT_EQUAL(both(f, &p, &t), DROP_POLICY_ACL);
	CU_ASSERT_STRING_EQUAL(t->phases[3].config,
			       "access-group in in interface outside\nImplicit Rule\n");
	tracer_free(t);
	p.dport = 80;
	CU_ASSERT_EQUAL(both(f, &p, NULL), DROP_NONE);
	fake_end(f);
}

/* The driver saw a reset and its event is still on the way: the next SYN takes the place. */
static void obs4_a_syn_takes_the_place_of_a_closed_connection(void)
{
	struct fake *f = fake_new(64);
	struct fake_pkt p = TCP_OUT(S, 1000, 0, 0);
	struct tracer *t = NULL;

	random_nat(f, "10.1.1.0/25", "inside", "192.0.2.60", true);
	fw_ace(&f->fw, "class", "permit tcp any any");
	bypass_class(f, "outside", "class");
	f->fw.m->policy_maps.v[0].classes.v[0].conn.bypass = false;
	f->fw.m->policy_maps.v[0].classes.v[0].conn.conn_max = 1;
	f->fw.m->policy_maps.v[0].classes.v[0].conn.per_client_max = 1;
	fake_start(f);
	CU_ASSERT_EQUAL(both(f, &p, NULL), DROP_NONE);
	p.sport++;
	CU_ASSERT_EQUAL(both(f, &p, NULL), DROP_POLICY_LIMIT);
	p.sport--;
	p.seq = 9000;
	f->t.conns[1].half[1].tcp |= ASA_HALF_RST;
	CU_ASSERT_EQUAL(both(f, &p, &t), DROP_NONE);
	CU_ASSERT_STRING_EQUAL(t->phases[0].info,
			       "Found flow with id 1, using existing flow\n"
			       "The connection is over, a new flow takes its place\n");
	CU_ASSERT_EQUAL(t->flow, 2);
	tracer_free(t);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{"OBS-4 ten thousand random packets: trace and forwarding agree, traces change "
		 "nothing",
		 obs4_ten_thousand_random_packets},
		{"OBS-4 phases of a new connection", obs4_phases_of_a_new_connection},
		{"OBS-4 phases name the rule that refuses", obs4_phases_name_the_rule_that_refuses},
		{"OBS-4 LIM-2 a SYN takes the place of a closed connection",
		 obs4_a_syn_takes_the_place_of_a_closed_connection},
		{NULL, NULL},
	};

	return asa_cunit_main("packet_tracer", tests);
}
