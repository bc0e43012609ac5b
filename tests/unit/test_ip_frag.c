// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * Virtual reassembly (SES-5): order, overlap, holes, limits, time; and datagrams in pieces through
 * the whole slow path.
 */
#include <stdlib.h>

#include "asa/csum.h"
#include "lib/dialogue.h"

/* clang-format off: tables of packets */
#include "normalize/ip_frag.h"

static const struct ip_frag_limits limits = { .size = 200, .chain = 24, .timeout = 5000 };

struct piece {
	__u16 off, size;
	bool more;
};

/* Offer pieces in a given order. => what happened at the last one; frames given back are freed. */
static enum ip_frag_result offer(struct fake *f, struct ip_frags *t, const struct piece *v, int n,
				 __u16 id, enum asa_drop *why, int *frames)
{
	enum ip_frag_result result = IP_FRAG_HELD;
	enum ip_frag_note note;
	int i;

	*frames = 0;
	for (i = 0; i < n; i++) {
		struct fake_pkt p = { .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				      .dst = OUTSIDE_HOST, .sport = 1, .dport = 2, .more = v[i].more,
				      .frag_off = v[i].off, .ip_id = id,
				      .payload = v[i].off ? v[i].size : v[i].size - 8u };
		struct frame *frame = fake_frame(f, &p), *chain = NULL, *next;
		__u32 last = 0;

		(void)asa_parse(&frame->pkt, frame->data, frame->data + frame->len, 1);
		frame->next = NULL;
		result = ip_frag_add(t, &limits, f, frame, f->now, &chain, why, &note);
		for (; chain; chain = next) {
			next = chain->next;
			if (result == IP_FRAG_WHOLE)
				CU_ASSERT_EQUAL(chain->pkt.frag_off, last); /* in order */
			last = chain->pkt.frag_off + chain->pkt.l4_size;
			frame_put(f->ops.pool, chain);
			(*frames)++;
		}
	}
	return result;
}

static void drain(struct fake *f, struct ip_frags *t)
{
	struct frame *chain, *next;

	while ((chain = ip_frag_expire(t, f, f->now + 10000)) != NULL)
		for (; chain; chain = next) {
			next = chain->next;
			frame_put(f->ops.pool, chain);
		}
	CU_ASSERT_EQUAL(ip_frag_held(t), 0);
	CU_ASSERT_EQUAL(frame_pool_available(f->ops.pool), FAKE_FRAMES);
}

static enum asa_drop fragment_in(struct fake *f, __u32 in, const char *src, const char *dst,
				 __u16 sport, __u16 dport, __u16 off, __u32 payload, bool more)
{
	return FAKE_IN(f, .in = in, .proto = 17, .src = src, .dst = dst, .sport = sport,
		       .dport = dport, .payload = payload, .frag_off = off, .more = more,
		       .ip_id = 99);
}

static void ses5_verdicts(void)
{
	static const struct {
		const char *what;
		struct piece v[4];
		int n;
		enum ip_frag_result result;
		enum asa_drop why;
		int frames; /* given back at the last piece */
	} rows[] = {
		{ "in order", { { 0, 64, 1 }, { 64, 64, 1 }, { 128, 10, 0 } }, 3, IP_FRAG_WHOLE, 0, 3 },
		{ "backwards", { { 128, 10, 0 }, { 64, 64, 1 }, { 0, 64, 1 } }, 3, IP_FRAG_WHOLE, 0, 3 },
		{ "last first", { { 128, 10, 0 }, { 0, 64, 1 }, { 64, 64, 1 } }, 3, IP_FRAG_WHOLE, 0, 3 },
		{ "hole", { { 0, 64, 1 }, { 128, 10, 0 } }, 2, IP_FRAG_HELD, 0, 0 },
		{ "no end", { { 0, 64, 1 }, { 64, 64, 1 } }, 2, IP_FRAG_HELD, 0, 0 },
		{ "teardrop", { { 0, 64, 1 }, { 48, 8, 0 } }, 2, IP_FRAG_DROP, DROP_FRAG_OVERLAP, 2 },
		{ "overlap from below", { { 64, 64, 1 }, { 0, 72, 1 } }, 2, IP_FRAG_DROP,
		  DROP_FRAG_OVERLAP, 2 },
		{ "overlap of all", { { 0, 64, 1 }, { 64, 64, 1 }, { 0, 128, 1 } }, 3, IP_FRAG_DROP,
		  DROP_FRAG_OVERLAP, 3 },
		{ "rewritten header", { { 0, 64, 1 }, { 8, 56, 1 } }, 2, IP_FRAG_DROP, DROP_FRAG_OVERLAP,
		  2 },
		{ "the same again", { { 0, 64, 1 }, { 0, 64, 1 } }, 2, IP_FRAG_DROP, DROP_FRAG_OVERLAP,
		  1 },
		{ "two ends", { { 64, 8, 0 }, { 128, 8, 0 } }, 2, IP_FRAG_DROP, DROP_FRAG_FAILED, 2 },
		{ "behind the end", { { 64, 8, 0 }, { 128, 8, 1 } }, 2, IP_FRAG_DROP, DROP_FRAG_FAILED,
		  2 },
		{ "end before data", { { 128, 8, 1 }, { 64, 8, 0 } }, 2, IP_FRAG_DROP, DROP_FRAG_FAILED,
		  2 },
		{ "odd size in the middle", { { 0, 65, 1 } }, 1, IP_FRAG_DROP, DROP_FRAG_FAILED, 1 },
		{ "ping of death", { { 65528, 100, 0 } }, 1, IP_FRAG_DROP, DROP_FRAG_FAILED, 1 },
		{ "nothing in it", { { 64, 0, 0 } }, 1, IP_FRAG_DROP, DROP_FRAG_FAILED, 1 },
	};
	struct fake *f = fake_new(64);
	struct ip_frags *t = ip_frag_new();
	size_t i;

	fake_start(f);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum asa_drop why = DROP_NONE;
		int frames;
		enum ip_frag_result r =
			offer(f, t, rows[i].v, rows[i].n, (__u16)i, &why, &frames);

		if (r != rows[i].result || (r == IP_FRAG_DROP && why != rows[i].why) ||
		    frames != rows[i].frames) {
			printf("      %s: result %d reason %d frames %d\n", rows[i].what, r, why, frames);
			CU_FAIL("wrong verdict");
		}
		drain(f, t);
	}
	ip_frag_free(t);
	fake_end(f);
}

static void ses5_chain_and_size_limits(void)
{
	struct fake *f = fake_new(64);
	struct ip_frags *t = ip_frag_new();
	struct piece v[25];
	enum asa_drop why;
	int i, frames, begun = 0;

	fake_start(f);
	for (i = 0; i < 25; i++)
		v[i] = (struct piece){ (__u16)(i * 8 + 8), 8, true };
	CU_ASSERT_EQUAL(offer(f, t, v, 24, 1, &why, &frames), IP_FRAG_HELD);
	CU_ASSERT_EQUAL(offer(f, t, v + 24, 1, 1, &why, &frames), IP_FRAG_DROP);
	CU_ASSERT_EQUAL(why, DROP_FRAG_LIMIT);
	CU_ASSERT_EQUAL(frames, 25); /* the whole datagram is lost */
	/* new datagrams are begun up to two thirds of 200 fragments */
	for (i = 0; i < 200; i++)
		begun += offer(f, t, v, 1, (__u16)(100 + i), &why, &frames) == IP_FRAG_HELD;
	CU_ASSERT_EQUAL(begun, 133);
	CU_ASSERT_EQUAL(why, DROP_FRAG_LIMIT);
	/* one that was begun can still be completed */
	CU_ASSERT_EQUAL(offer(f, t, v + 1, 1, 100, &why, &frames), IP_FRAG_HELD);
	drain(f, t);
	ip_frag_free(t);
	fake_end(f);
}

/* Each limit says which it was, for its message; the counters of "show fragment" follow. */
static void ses5_limits_are_told_by_interface(void)
{
	struct fake *f = fake_new(64);
	struct model_ip *row = MODEL_PUSH(&f->fw.m->ip);
	struct ip_frag_stats s;
	int i;

	snprintf(row->ifname, sizeof(row->ifname), "outside");
	row->fragment_size = 6;
	row->fragment_chain = 3;
	row->fragment_timeout = 1;
	fake_start(f);
#define PIECE(off, n, id_, last) \
	FAKE_IN(f, .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 1, \
		.dport = 2, .frag_off = (off), .payload = (n), .more = !(last), .ip_id = (id_))
	for (i = 1; i < 4; i++)
		CU_ASSERT_EQUAL(PIECE((__u16)(i * 8), 8, 1, false), DROP_NONE);
	CU_ASSERT_EQUAL(PIECE(40, 8, 1, false), DROP_FRAG_LIMIT);
	CU_ASSERT_TRUE(fake_logged(f, "209005: Discard IP fragment set with more than 3 elements: "
				      "src = 198.51.100.7, dest = 10.1.1.5, proto = udp, id = 1"));
	for (i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(PIECE(8, 8, (__u16)(10 + i), false), DROP_NONE);
	CU_ASSERT_EQUAL(PIECE(8, 8, 20, false), DROP_FRAG_LIMIT); /* 4 of 6 held */
	CU_ASSERT_TRUE(fake_logged(f, "209006: Fragment queue threshold exceeded, dropped udp fragment "
				      "from 198.51.100.7 to 10.1.1.5 on outside interface."));
	CU_ASSERT_EQUAL(PIECE(16, 8, 10, false), DROP_NONE);
	CU_ASSERT_EQUAL(PIECE(16, 8, 11, false), DROP_NONE);
	CU_ASSERT_EQUAL(PIECE(16, 8, 12, false), DROP_FRAG_LIMIT); /* all of 6 */
	CU_ASSERT_TRUE(fake_logged(f, "209003: Fragment database limit of 6 exceeded"));
	CU_ASSERT_EQUAL(PIECE(65528, 100, 30, true), DROP_FRAG_FAILED);
	CU_ASSERT_TRUE(fake_logged(f, "209004: Invalid IP fragment, size = 65628 exceeds maximum size = "
				      "65535: src = 198.51.100.7"));
	ip_frag_stats(engine_fragments(f->asa.engine), IF_OUTSIDE, 0, &s);
	CU_ASSERT_EQUAL(s.queue, 5); /* the datagram of the one too many went along */
	CU_ASSERT_EQUAL(s.overflow, 4 + 1 + 2);
	CU_ASSERT_EQUAL(s.failed, 1);
	/* the other interface has its own limits, and the timeout here is one second */
	CU_ASSERT_EQUAL(fragment_in(f, IF_INSIDE, INSIDE_HOST, OUTSIDE_HOST, 0, 0, 64, 8, false),
			DROP_NONE);
	fake_wait(f, 1200);
	ip_frag_stats(engine_fragments(f->asa.engine), IF_OUTSIDE, 0, &s);
	CU_ASSERT_EQUAL(s.queue, 0);
	CU_ASSERT_EQUAL(s.failed, 6);
	ip_frag_stats(engine_fragments(f->asa.engine), IF_INSIDE, 0, &s);
	CU_ASSERT_EQUAL(s.queue, 1);
	/* clear fragment */
	ip_frag_clear_stats(engine_fragments(f->asa.engine), IF_OUTSIDE, 0);
	ip_frag_stats(engine_fragments(f->asa.engine), IF_OUTSIDE, 0, &s);
	CU_ASSERT_EQUAL(s.failed + s.overflow, 0);
	ip_frag_clear_queue(engine_fragments(f->asa.engine), IF_INSIDE, 0, f->now);
	fake_wait(f, 100);
	ip_frag_stats(engine_fragments(f->asa.engine), IF_INSIDE, 0, &s);
	CU_ASSERT_EQUAL(s.queue, 0);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_FRAG_TIMEOUT), 6);
	fake_end(f);
}

/* A piece within another is told with 106020; one that begins within the TCP header never waits. */
static void ses5_teardrop_and_tiny_fragments(void)
{
	struct fake *f = fake_new(64);
	struct ip_frag_stats s;

	fake_start(f);
	CU_ASSERT_EQUAL(fragment_in(f, IF_OUTSIDE, OUTSIDE_HOST, INSIDE_HOST, 1, 2, 0, 56, true),
			DROP_NONE);
	CU_ASSERT_EQUAL(fragment_in(f, IF_OUTSIDE, OUTSIDE_HOST, INSIDE_HOST, 0, 0, 24, 4, false),
			DROP_FRAG_OVERLAP);
	CU_ASSERT_TRUE(fake_logged(f, "106020: Deny IP teardrop fragment (size = 4, offset = 24) from "
				      "198.51.100.7 to 10.1.1.5"));
	/* RFC 1858: flags in a second fragment */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
				.raw = (const __u8 *)"\0\1\0\2\0\0\0", .n_raw = 8, .more = true),
			DROP_TCP_HEADER);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
				.frag_off = 8, .payload = 16),
			DROP_FRAG_FAILED);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
				.frag_off = 16, .payload = 16),
			DROP_FRAG_FAILED);
	ip_frag_stats(engine_fragments(f->asa.engine), IF_OUTSIDE, 0, &s);
	CU_ASSERT_EQUAL(s.queue, 0);
	CU_ASSERT_EQUAL(s.failed, 4);
	fake_end(f);
}

static void ses5_time_is_up(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .sport = 1, .dport = 2, .payload = 56,
				.more = true),
			DROP_NONE);
	fake_wait(f, 4800);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_FRAG_TIMEOUT), 0);
	fake_wait(f, 400);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_FRAG_TIMEOUT), 1);
	fake_end(f);
}

/* Random sizes, order, copies: exactly the whole ones come out whole. */
static void ses5_random_order(void)
{
	struct fake *f = fake_new(64);
	struct ip_frags *t = ip_frag_new();
	int round;

	fake_start(f);
	srandom(3);
	for (round = 0; round < 2000; round++) {
		struct piece v[12], x;
		int n = 2 + (int)(random() % 11), i, j, frames;
		__u16 off = 0;
		enum asa_drop why;

		for (i = 0; i < n; i++) {
			v[i].off = off;
			v[i].size = (__u16)(8 + 8 * (random() % 8));
			v[i].more = i < n - 1;
			off += v[i].size;
		}
		for (i = n - 1; i > 0; i--) {
			j = (int)(random() % (i + 1));
			x = v[i];
			v[i] = v[j];
			v[j] = x;
		}
		CU_ASSERT_EQUAL(offer(f, t, v, n - 1, (__u16)round, &why, &frames), IP_FRAG_HELD);
		CU_ASSERT_EQUAL(offer(f, t, v + n - 1, 1, (__u16)round, &why, &frames), IP_FRAG_WHOLE);
		CU_ASSERT_EQUAL(frames, n);
	}
	drain(f, t);
	ip_frag_free(t);
	fake_end(f);
}

/* ------------------------------------------------------------------ through the pipeline */

/* The access list sees the ports of the first fragment and speaks for all of them. */
static void ses5_access_rules_apply_to_all_fragments(void)
{
	struct fake *f = fake_new(64);
	const __u8 *l4;
	__u8 raw[64] = { 0 };

	fw_ace(&f->fw, "in", "permit udp any 10.1.1.5 eq 53");
	fw_access_group(&f->fw, "in", "in", "outside");
	fake_start(f);
	/* the later one first; the UDP length says 72 */
	CU_ASSERT_EQUAL(fragment_in(f, IF_OUTSIDE, OUTSIDE_HOST, INSIDE_HOST, 0, 0, 64, 8, false),
			DROP_NONE);
	CU_ASSERT_EQUAL(f->n_sent, 0);
	asa_stn16(raw, 7);
	asa_stn16(raw + 2, 53);
	asa_stn16(raw + 4, 72);
	asa_stn16(raw + 6, 0x1234);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST,
				.dst = INSIDE_HOST, .raw = raw, .n_raw = 64, .more = true, .ip_id = 99),
			DROP_NONE);
	CU_ASSERT_EQUAL(f->n_sent, 2);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	l4 = f->sent[0]->data + 14 + 20;
	CU_ASSERT_EQUAL(asa_ldn16(l4 + 2), 53); /* first first */
	CU_ASSERT_EQUAL(asa_ldn16(f->sent[1]->data + 14 + ASA_IP4_FRAG), 8);
	fake_forget_sent(f);
	/* another port: refused, both of them, one reason each */
	asa_stn16(raw + 2, 54);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST,
				.dst = INSIDE_HOST, .raw = raw, .n_raw = 64, .more = true, .ip_id = 99),
			DROP_NONE);
	CU_ASSERT_EQUAL(fragment_in(f, IF_OUTSIDE, OUTSIDE_HOST, INSIDE_HOST, 0, 0, 64, 8, false),
			DROP_POLICY_ACL);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_POLICY_ACL), 2);
	CU_ASSERT_EQUAL(f->n_sent, 0);
	/* a datagram that claims more than its fragments hold */
	asa_stn16(raw + 2, 53);
	asa_stn16(raw + 4, 200);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST,
				.dst = INSIDE_HOST, .raw = raw, .n_raw = 64, .more = true, .ip_id = 99),
			DROP_NONE);
	CU_ASSERT_EQUAL(fragment_in(f, IF_OUTSIDE, OUTSIDE_HOST, INSIDE_HOST, 0, 0, 64, 8, false),
			DROP_UDP_LENGTH);
	fake_end(f);
}

/* Addresses change in every fragment, ports and checksum in the first only. */
static void nat5_fragments_are_translated(void)
{
	struct fake *f = fake_new(64);
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);
	__u8 datagram[72], *ip0, *ip1, whole[72];
	__u64 sum;
	int i;

	fw_object(&f->fw, "net", "10.1.1.0/24");
	n->form = MODEL_NAT_OBJECT;
	snprintf(n->object, sizeof(n->object), "net");
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->dynamic = true;
	n->pat = true;
	n->real = mb_term("obj:net");
	n->mapped = mb_term("192.0.2.60");
	fake_start(f);
	for (i = 8; i < 72; i++)
		datagram[i] = (__u8)i;
	asa_stn16(datagram, 7);
	asa_stn16(datagram + 2, 53);
	asa_stn16(datagram + 4, 72);
	asa_stn16(datagram + 6, 0);
	sum = asa_htonl(72) + asa_htonl(17) + mb_addr(INSIDE_HOST).w[3] + mb_addr(OUTSIDE_HOST).w[3];
	asa_st16(datagram + 6, (__u16)~asa_csum_fold(asa_csum_add_bytes(sum, datagram, 72)));
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .raw = datagram, .n_raw = 40, .more = true),
			DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .raw = datagram + 40, .n_raw = 32,
				.frag_off = 40),
			DROP_NONE);
	CU_ASSERT_EQUAL_FATAL(f->n_sent, 2);
	ip0 = f->sent[0]->data + 14;
	ip1 = f->sent[1]->data + 14;
	for (i = 0; i < 2; i++) {
		__u8 *ip = i ? ip1 : ip0;

		CU_ASSERT_EQUAL(asa_ld32(ip + ASA_IP4_SRC), mb_addr("192.0.2.60").w[3]);
		CU_ASSERT_EQUAL(asa_csum_fold(asa_csum_add_bytes(0, ip, 20)), 0xffff);
	}
	memcpy(whole, ip0 + 20, 40);
	memcpy(whole + 40, ip1 + 20, 32);
	sum = asa_htonl(72) + asa_htonl(17) + mb_addr("192.0.2.60").w[3] +
	      mb_addr(OUTSIDE_HOST).w[3];
	CU_ASSERT_EQUAL(asa_csum_fold(asa_csum_add_bytes(sum, whole, 72)), 0xffff);
	CU_ASSERT_EQUAL(memcmp(whole + 8, datagram + 8, 64), 0);
	fake_end(f);
}

static void ses5_ipv6_fragments(void)
{
	struct fake *f = fake_new(64);
	/* fragment header, UDP 7 > 53 with 16 bytes of payload, in two pieces */
	__u8 first[8 + 16] = { 17, 0, 0, 1, 0, 0, 0, 9, 0, 7, 0, 53, 0, 24, 0x12, 0x34 };
	__u8 second[8 + 8] = { 17, 0, 0, 16, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8 };
	/* destination options behind the fragment header are payload of the fragments, too */
	__u8 options[8 + 8 + 16] = { 60, 0, 0, 1, 0, 0, 0, 11, 17, 0, 1, 4, 0, 0, 0, 0,
				     0,	 7, 0, 53, 0, 24, 0x12, 0x34 };
	__u8 rest[8 + 8] = { 60, 0, 0, 24, 0, 0, 0, 11, 1, 2, 3, 4, 5, 6, 7, 8 };
	__u8 atomic[8 + 16] = { 17, 0, 0, 0, 0, 0, 0, 10, 0, 7, 0, 53, 0, 16, 0x12, 0x34 };

	fake_start(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = ASA_PROTO_FRAGMENT,
				.src = "2001:db8:1::5", .dst = "2001:db8:9::7", .raw = second,
				.n_raw = sizeof(second)),
			DROP_NONE);
	CU_ASSERT_EQUAL(f->n_sent, 0);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = ASA_PROTO_FRAGMENT,
				.src = "2001:db8:1::5", .dst = "2001:db8:9::7", .raw = first,
				.n_raw = sizeof(first)),
			DROP_NONE);
	CU_ASSERT_EQUAL(f->n_sent, 2);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = ASA_PROTO_FRAGMENT,
				.src = "2001:db8:1::5", .dst = "2001:db8:9::7", .raw = atomic,
				.n_raw = sizeof(atomic)),
			DROP_NONE); /* RFC 6946: whole already */
	CU_ASSERT_EQUAL(f->n_sent, 1);
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = ASA_PROTO_FRAGMENT,
				.src = "2001:db8:1::5", .dst = "2001:db8:9::7", .raw = options,
				.n_raw = sizeof(options)),
			DROP_NONE);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = ASA_PROTO_FRAGMENT,
				.src = "2001:db8:1::5", .dst = "2001:db8:9::7", .raw = rest,
				.n_raw = sizeof(rest)),
			DROP_NONE);
	CU_ASSERT_EQUAL(f->n_sent, 2);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-5 fragment-overlap fragment-reassembly-failed: verdicts", ses5_verdicts },
		{ "SES-5 fragment-limit: chain and size", ses5_chain_and_size_limits },
		{ "SES-5 fragment: limits and counters of each interface, 209003-209006",
		  ses5_limits_are_told_by_interface },
		{ "SES-5 fragment: teardrop 106020, tiny fragments", ses5_teardrop_and_tiny_fragments },
		{ "SES-5 fragment-timeout", ses5_time_is_up },
		{ "SES-5 random order", ses5_random_order },
		{ "SES-5 access rules apply to all fragments", ses5_access_rules_apply_to_all_fragments },
		{ "SES-5 NAT-1 fragments are translated", nat5_fragments_are_translated },
		{ "SES-5 IPv6 fragments", ses5_ipv6_fragments },
		{ NULL, NULL },
	};

	return asa_cunit_main("ip_frag", tests);
}
