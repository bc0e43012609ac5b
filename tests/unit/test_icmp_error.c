// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * ICMP errors (NAT-5, SES-10): the byte vectors of RFC 792 packets through static NAT and PAT,
 * every refusal, IPv6.
 */
#include "asa/csum.h"
#include "lib/dialogue.h"

/* clang-format off: tables of packets */

/* ------------------------------------------------------------------ connections to speak of */

static __u32 conn_make(struct fake *f, const char *in, const char *out, const char *forward,
		     const char *answer, const char *way, const char *back)
{
	struct session_args a = {
		.forward = mb_key(forward),
		.reverse = mb_key(answer),
		.in = fw_named(&f->fw, in),
		.out = fw_named(&f->fw, out),
		.back = fw_named(&f->fw, in),
		.service = { .class_row = -1, .idle_s = -1, .half_closed_s = -1, .embryonic_s = -1 },
	};
	struct asa_pkt first = { 0 };
	__u32 slot = 0;

	first.tcp.seq = 1000;
	first.tcp.flags = S;
	first.tcp.window = 8192;
	a.first = &first;
	a.route.ifindex = a.out->ifindex;
	a.route.gateway = mb_addr(way);
	a.route_back.ifindex = a.in->ifindex;
	a.route_back.gateway = mb_addr(back);
	CU_ASSERT_EQUAL_FATAL(session_create(f->asa.sessions, &a, f->now, &slot), DROP_NONE);
	return slot;
}

/* UDP 10.1.1.5:1053 > 203.0.113.9:33434, leaves as 198.51.100.1:20053 */
static __u32 conn_pat(struct fake *f)
{
	return conn_make(f, "inside", "outside", "udp 10.1.1.5:1053 203.0.113.9:33434",
		       "udp 203.0.113.9:33434 198.51.100.1:20053", "192.0.2.254", "10.1.1.5");
}

/* UDP 203.0.113.9:40000 > 198.51.100.5:33436, which is 10.1.1.5 */
static __u32 conn_static(struct fake *f)
{
	return conn_make(f, "outside", "inside", "udp 203.0.113.9:40000 198.51.100.5:33436",
		       "udp 10.1.1.5:33436 203.0.113.9:40000", "10.1.1.5", "192.0.2.254");
}

static enum asa_drop in_bytes(struct fake *f, __u32 ifindex, const void *ip, __u32 size, bool v6)
{
	struct frame *frame = frame_get(f->ops.pool);
	struct asa_count before[ASA_DROP_MAX];
	int i;

	memset(frame->data, 0x0a, 12);
	asa_stn16(frame->data + 12, v6 ? ASA_ETHERTYPE_IPV6 : ASA_ETHERTYPE_IPV4);
	memcpy(frame->data + 14, ip, size);
	frame->len = 14 + size;
	frame->in_ifindex = ifindex;
	fake_forget_sent(f);
	fake_flush(f);
	memcpy(before, f->totals.drops, sizeof(before));
	f->received[ifindex]++;
	engine_batch(f->asa.engine, &f->ops, &frame, 1, f->now);
	fake_flush(f);
	for (i = 1; i < FLOW_ACL; i++)
		if (f->totals.drops[i].packets != before[i].packets)
			return (enum asa_drop)i;
	return DROP_NONE;
}

static bool left_as(const struct fake *f, __u32 ifindex, const __u8 *ip, __u32 size)
{
	const struct frame *fr = f->n_sent == 1 ? f->sent[0] : NULL;
	__u32 i;

	if (!fr || fr->out_ifindex != ifindex || fr->len < 14 + size)
		return false;
	for (i = 0; i < size; i++) {
		if (fr->data[14 + i] == ip[i])
			continue;
		printf("      byte %u is %02x, wanted %02x\n", i, fr->data[14 + i], ip[i]);
		return false;
	}
	return true;
}

/* ------------------------------------------------------------------ vectors */

static const __u8 pat_before[] = {
	0x45, 0x00, 0x00, 0x38, 0x22, 0x22, 0x00, 0x00, 0x37, 0x01, 0xfb, 0x64, 0xcb, 0x00,
	0x71, 0x09, 0xc6, 0x33, 0x64, 0x01, 0x03, 0x03, 0x74, 0x72, 0x00, 0x00, 0x00, 0x00,
	0x45, 0x00, 0x00, 0x24, 0x01, 0x01, 0x00, 0x00, 0x39, 0x11, 0x1a, 0x8a, 0xc6, 0x33,
	0x64, 0x01, 0xcb, 0x00, 0x71, 0x09, 0x4e, 0x55, 0x82, 0x9a, 0x00, 0x10, 0xb7, 0x8a,
};
static const __u8 pat_after[] = {
	0x45, 0x00, 0x00, 0x38, 0x22, 0x22, 0x00, 0x00, 0x37, 0x01, 0x1a, 0x94, 0xcb, 0x00,
	0x71, 0x09, 0x0a, 0x01, 0x01, 0x05, 0x03, 0x03, 0x55, 0x43, 0x00, 0x00, 0x00, 0x00,
	0x45, 0x00, 0x00, 0x24, 0x01, 0x01, 0x00, 0x00, 0x39, 0x11, 0x39, 0xb9, 0x0a, 0x01,
	0x01, 0x05, 0xcb, 0x00, 0x71, 0x09, 0x04, 0x1d, 0x82, 0x9a, 0x00, 0x10, 0x20, 0xf2,
};
static const __u8 hop_before[] = {
	0x45, 0x00, 0x00, 0x38, 0x33, 0x33, 0x00, 0x00, 0xfe, 0x01, 0x3a, 0x86, 0x0a, 0x01,
	0x09, 0x01, 0xcb, 0x00, 0x71, 0x09, 0x0b, 0x00, 0x4d, 0x46, 0x00, 0x00, 0x00, 0x00,
	0x45, 0x00, 0x00, 0x24, 0x03, 0x03, 0x00, 0x00, 0x01, 0x11, 0x6f, 0xb7, 0xcb, 0x00,
	0x71, 0x09, 0x0a, 0x01, 0x01, 0x05, 0x9c, 0x40, 0x82, 0x9c, 0x00, 0x10, 0x88, 0xcc,
};
static const __u8 hop_after[] = {
	0x45, 0x00, 0x00, 0x38, 0x33, 0x33, 0x00, 0x00, 0xfe, 0x01, 0x23, 0x4f, 0xc6, 0x33,
	0x64, 0x05, 0xcb, 0x00, 0x71, 0x09, 0x0b, 0x00, 0x6c, 0x79, 0x00, 0x00, 0x00, 0x00,
	0x45, 0x00, 0x00, 0x24, 0x03, 0x03, 0x00, 0x00, 0x01, 0x11, 0x50, 0x84, 0xcb, 0x00,
	0x71, 0x09, 0xc6, 0x33, 0x64, 0x05, 0x9c, 0x40, 0x82, 0x9c, 0x00, 0x10, 0x69, 0x99,
};

static void nat5_port_unreachable_through_pat(void)
{
	struct fake *f = fake_new(64);
	__u32 seen;

	fake_start(f);
	conn_pat(f);
	seen = f->t.conns[1].dir[1].seen;
	f->now += 50;
	CU_ASSERT_EQUAL(in_bytes(f, IF_OUTSIDE, pat_before, sizeof(pat_before), false), DROP_NONE);
	CU_ASSERT_TRUE(left_as(f, IF_INSIDE, pat_after, sizeof(pat_after)));
	CU_ASSERT_EQUAL(f->t.conns[1].dir[1].seen, seen); /* keeps nothing alive */
	CU_ASSERT_EQUAL(f->t.conns[1].dir[0].seen, seen);
	fake_end(f);
}

static void nat5_hop_inside_hides_behind_the_target(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	conn_static(f);
	CU_ASSERT_EQUAL(in_bytes(f, IF_INSIDE, hop_before, sizeof(hop_before), false), DROP_NONE);
	CU_ASSERT_TRUE(left_as(f, IF_OUTSIDE, hop_after, sizeof(hop_after)));
	fake_end(f);
}

/* ------------------------------------------------------------------ built errors */

struct error {
	const char *src, *dst; /* of the error */
	__u8 type, code;
	__u32 word; /* bytes 4-7 of the ICMP header */
	struct fake_pkt quoted; /* as the receiver of the quoted packet saw it */
	__u32 quote_size; /* 0: all of it */
	__u32 cut; /* bytes missing at the end */
	bool bad_sum;
	const char *extension; /* 8 bytes behind 128 quoted ones (RFC 4884) */
};

static enum asa_drop error_in(struct fake *f, __u32 ifindex, const struct error *e)
{
	struct frame *q = fake_frame(f, &e->quoted);
	__u32 quote = q->len - 14, size;
	bool v6 = strchr(e->src, ':');
	__u8 raw[1400] = { 0 };
	enum asa_drop why;
	struct fake_pkt p = { .in = ifindex, .proto = v6 ? 58 : 1, .src = e->src, .dst = e->dst,
			      .raw = raw };
	struct frame *fr;
	__u8 *l3, *l4;
	__u64 sum = 0;

	if (e->quote_size)
		quote = e->quote_size;
	raw[0] = e->type;
	raw[1] = e->code;
	asa_stn32(raw + 4, e->word);
	memcpy(raw + 8, q->data + 14, quote);
	frame_put(f->ops.pool, q);
	size = 8 + quote - e->cut;
	if (e->extension) {
		size = 8 + 128 + 8;
		memcpy(raw + 8 + 128, e->extension, 8);
	}
	p.n_raw = size;
	fr = fake_frame(f, &p);
	l3 = fr->data + 14;
	l4 = l3 + (v6 ? 40 : 20);
	if (v6)
		sum = asa_csum_add_bytes(0, l3 + 8, 32) + asa_htonl(size) + asa_htonl(58);
	asa_st16(l4 + 2, (__u16)~asa_csum_fold(asa_csum_add_bytes(sum, l4, size)));
	if (e->bad_sum)
		l4[2] ^= 1;
	why = in_bytes(f, ifindex, l3, fr->len - 14, v6);
	frame_put(f->ops.pool, fr);
	return why;
}

#define QUOTED_UDP                                                                              \
	{ .src = "198.51.100.1", .dst = "203.0.113.9", .proto = 17, .sport = 20053,             \
	  .dport = 33434, .payload = 200 }
#define ERROR(...) &(struct error){ .src = "203.0.113.9", .dst = "198.51.100.1", .type = 3,     \
				    .code = 3, .quoted = QUOTED_UDP, __VA_ARGS__ }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static void nat5_refusals(void)
{
	static const struct {
		const char *what;
		enum asa_drop why;
		struct error e;
	} rows[] = {
#define ROW(what, why, ...)                                                                     \
	{ what, why, { .src = "203.0.113.9", .dst = "198.51.100.1", .type = 3, .code = 3,       \
		       .quoted = QUOTED_UDP, __VA_ARGS__ } }
		ROW("good", DROP_NONE, .word = 0),
		ROW("M2 fewer than 8 bytes", DROP_SESSION_ICMP_ERROR, .quote_size = 27),
		ROW("M1 shorter than the header", DROP_SESSION_ICMP_ERROR, .quote_size = 19),
		ROW("M3 no connection", DROP_SESSION_ICMP_ERROR,
		    .quoted = { .src = "198.51.100.1", .dst = "203.0.113.9", .proto = 17, .sport = 9,
				.dport = 33434 }),
		ROW("M4 quoted source is not the destination", DROP_SESSION_ICMP_ERROR,
		    .dst = "198.51.100.2"),
		ROW("M5 later fragment quoted", DROP_SESSION_ICMP_ERROR,
		    .quoted = { .src = "198.51.100.1", .dst = "203.0.113.9", .proto = 17,
				.frag_off = 64, .payload = 32 }),
		ROW("M6 bad checksum", DROP_SESSION_ICMP_ERROR, .bad_sum = true),
		ROW("M7 redirect", DROP_SESSION_ICMP_ERROR, .type = 5),
		ROW("M8 error quotes an error", DROP_SESSION_ICMP_ERROR,
		    .quoted = { .src = "198.51.100.1", .dst = "203.0.113.9", .proto = 1, .type = 3,
				.payload = 40 }),
		ROW("M9 MTU 0 of an old router", DROP_NONE, .code = 4),
		ROW("M9 MTU 67", DROP_SESSION_ICMP_ERROR, .code = 4, .word = 67),
		ROW("M9 MTU 1400", DROP_NONE, .code = 4, .word = 1400),
		ROW("source quench", DROP_NONE, .type = 4, .code = 0),
		ROW("time exceeded", DROP_NONE, .type = 11, .code = 0),
		ROW("parameter problem", DROP_NONE, .type = 12, .code = 0),
	};
	struct fake *f = fake_new(64);
	size_t i;

	fake_start(f);
	conn_pat(f);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum asa_drop why = error_in(f, IF_OUTSIDE, &rows[i].e);

		if (why != rows[i].why || f->n_sent != (why ? 0 : 1)) {
			printf("      %s: dropped for %d, wanted %d\n", rows[i].what, why, rows[i].why);
			CU_FAIL("wrong verdict");
		}
	}
	CU_ASSERT_TRUE(fake_logged(f, "313005: No matching connection for ICMP error message: icmp src "
				      "outside:203.0.113.9 dst unknown:198.51.100.1 (type 3, code 3) on "
				      "outside interface. Original IP payload: udp src 198.51.100.1/9 dst "
				      "203.0.113.9/33434."));
	/* M11: in a fragment */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .proto = 1, .src = "203.0.113.9",
				.dst = "198.51.100.1", .type = 3, .payload = 56, .more = true,
				.ip_id = 7),
			DROP_NONE); /* waits for the rest */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .proto = 1, .src = "203.0.113.9",
				.dst = "198.51.100.1", .frag_off = 64, .payload = 16, .ip_id = 7),
			DROP_SESSION_ICMP_ERROR);
	/* from a side where the peer is not */
	CU_ASSERT_EQUAL(error_in(f, IF_DMZ, ERROR(.word = 0)), DROP_SESSION_INTERFACE);
	fake_end(f);
}
#pragma GCC diagnostic pop

/* M10, and a router on the way whose own address is not translated. */
static void nat5_checksum_zero_and_a_router_on_the_way(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;
	__u8 bytes[sizeof(pat_before)];
	__u64 sum;

	fake_start(f);
	conn_pat(f);
	memcpy(bytes, pat_before, sizeof(bytes));
	bytes[54] = bytes[55] = 0; /* quoted UDP checksum: none */
	bytes[12] = 192; /* from another address: 192.0.113.9 */
	bytes[10] = bytes[11] = bytes[22] = bytes[23] = 0;
	sum = asa_csum_add_bytes(0, bytes, 20);
	asa_st16(bytes + 10, (__u16)~asa_csum_fold(sum));
	sum = asa_csum_add_bytes(0, bytes + 20, sizeof(bytes) - 20);
	asa_st16(bytes + 22, (__u16)~asa_csum_fold(sum));
	CU_ASSERT_EQUAL(in_bytes(f, IF_OUTSIDE, bytes, sizeof(bytes), false), DROP_NONE);
	p = fake_last(f, NULL); /* with right checksums */
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_STRING_EQUAL(mb_text(&p->key.src), "192.0.113.9");
	CU_ASSERT_STRING_EQUAL(mb_text(&p->key.dst), "10.1.1.5");
	CU_ASSERT_EQUAL(asa_ld16((__u8 *)p->l4 + 8 + 20 + 6), 0);
	fake_end(f);
}

/* Blind attacks: a quoted TCP number must have been sent lately. TCP checksum is followed. */
static void nat5_tcp_number_must_be_plausible(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;
	const __u8 *q;
	struct error e = {
		.src = "203.0.113.9", .dst = "198.51.100.1", .type = 3, .code = 4, .word = 1300,
		.quoted = { .src = "198.51.100.1", .dst = "203.0.113.9", .sport = 20053, .dport = 80,
			    .flags = A, .seq = 900, .ack = 5, .payload = 40 },
	};
	__u64 sum;

	fake_start(f);
	conn_make(f, "inside", "outside", "tcp 10.1.1.5:1053 203.0.113.9:80",
		"tcp 203.0.113.9:80 198.51.100.1:20053", "192.0.2.254", "10.1.1.5");
	CU_ASSERT_EQUAL(error_in(f, IF_OUTSIDE, &e), DROP_NONE);
	p = fake_last(f, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(asa_ldn16((__u8 *)p->l4 + 6), 1300); /* REQ-ICMP-8 */
	q = (__u8 *)p->l4 + 8;
	CU_ASSERT_EQUAL(asa_ldn16(q + 20), 1053);
	sum = asa_csum_add_bytes(0, q + 12, 8) + asa_htonl(60) + asa_htonl(6);
	CU_ASSERT_EQUAL(asa_csum_fold(asa_csum_add_bytes(sum, q + 20, 60)), 0xffff);
	e.quoted.seq = 1000000; /* not sent yet */
	CU_ASSERT_EQUAL(error_in(f, IF_OUTSIDE, &e), DROP_SESSION_ICMP_ERROR);
	e.quoted.seq = 1001 - 200000; /* long ago */
	CU_ASSERT_EQUAL(error_in(f, IF_OUTSIDE, &e), DROP_SESSION_ICMP_ERROR);
	fake_end(f);
}

/* Sequence numbers that the firewall shifted are shifted back for the host (SEQ-6). */
static void nat5_shifted_numbers_are_mapped_back(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;
	const __u8 *q;
	struct error e = {
		.src = "203.0.113.9", .dst = "10.1.1.5", .type = 3, .code = 4, .word = 1300,
		.quoted = { .src = "10.1.1.5", .dst = "203.0.113.9", .sport = 1053, .dport = 80,
			    .flags = A, .seq = 1001 + 5000, .ack = 77, .payload = 0 },
	};
	__u64 sum;
	int d;

	fake_start(f);
	conn_make(f, "inside", "outside", "tcp 10.1.1.5:1053 203.0.113.9:80",
		"tcp 203.0.113.9:80 10.1.1.5:1053", "192.0.2.254", "10.1.1.5");
	for (d = 0; d < 2; d++)
		f->t.conns[1].dir[d].flags |= ASA_DIR_SEQ;
	f->t.conns[1].half[0].seq_add = 5000;
	f->t.conns[1].half[1].seq_add = 300;
	CU_ASSERT_EQUAL(error_in(f, IF_OUTSIDE, &e), DROP_NONE);
	p = fake_last(f, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	q = (__u8 *)p->l4 + 8;
	CU_ASSERT_EQUAL(asa_ldn32(q + 24), 1001);
	CU_ASSERT_EQUAL(asa_ldn32(q + 28), 377);
	sum = asa_csum_add_bytes(0, q + 12, 8) + asa_htonl(20) + asa_htonl(6);
	CU_ASSERT_EQUAL(asa_csum_fold(asa_csum_add_bytes(sum, q + 20, 20)), 0xffff);
	fake_end(f);
}

/* RFC 4884 extensions could name real addresses: cut where the sender hides. */
static void nat5_extensions_are_cut_where_the_sender_hides(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;
	struct error e = {
		.src = "10.1.9.1", .dst = "203.0.113.9", .type = 11, .word = 32u << 16,
		.quoted = { .src = "203.0.113.9", .dst = "10.1.1.5", .proto = 17, .sport = 40000,
			    .dport = 33436, .payload = 100 },
		.extension = "\x20\0\0\0\0\x04\x01\x01",
	};

	fake_start(f);
	conn_static(f);
	CU_ASSERT_EQUAL(error_in(f, IF_INSIDE, &e), DROP_NONE);
	p = fake_last(f, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(p->l4_size, 8 + 128);
	CU_ASSERT_EQUAL(asa_ld8((__u8 *)p->l4 + 5), 0);
	CU_ASSERT_STRING_EQUAL(mb_text(&p->key.src), "198.51.100.5");
	fake_end(f);
}

static void nat5_echo_identifier_and_ipv6(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;
	struct error echo = {
		.src = "203.0.113.9", .dst = "192.0.2.60", .type = 3, .code = 1,
		.quoted = { .src = "192.0.2.60", .dst = "203.0.113.9", .proto = 1, .type = 8,
			    .id = 4711, .payload = 16 },
	};
	struct error six = {
		.src = "2001:db8:9::9", .dst = "2001:db8:f::60", .type = 1, .code = 4,
		.quoted = { .src = "2001:db8:f::60", .dst = "2001:db8:9::7", .proto = 17,
			    .sport = 99, .dport = 53, .payload = 30 },
	};
	struct asa_key key = mb_key("icmp 10.1.1.5 203.0.113.9");
	__u32 slot;

	fake_start(f);
	slot = conn_make(f, "inside", "outside", "icmp 10.1.1.5 203.0.113.9",
		       "icmp 203.0.113.9 192.0.2.60", "192.0.2.254", "10.1.1.5");
	/* mb_key() knows no identifiers: make the connection anew with them */
	session_close(f->asa.sessions, slot, SESSION_CLOSE_CLEARED, f->now);
	{
		struct session_args a = {
			.forward = key, .in = fw_named(&f->fw, "inside"),
			.out = fw_named(&f->fw, "outside"), .back = fw_named(&f->fw, "inside"),
			.service = { .class_row = -1, .idle_s = -1, .half_closed_s = -1,
				     .embryonic_s = -1 },
			.route = { .ifindex = IF_OUTSIDE, .gateway = mb_addr("192.0.2.254") },
			.route_back = { .ifindex = IF_INSIDE, .gateway = mb_addr("10.1.1.5") },
		};

		a.forward.sport = asa_htons(9);
		a.forward.dport = 0;
		a.reverse = mb_key("icmp 203.0.113.9 192.0.2.60");
		a.reverse.sport = 0;
		a.reverse.dport = asa_htons(4711);
		CU_ASSERT_EQUAL_FATAL(session_create(f->asa.sessions, &a, f->now, &slot), DROP_NONE);
	}
	CU_ASSERT_EQUAL(error_in(f, IF_OUTSIDE, &echo), DROP_NONE);
	p = fake_last(f, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(asa_ldn16((__u8 *)p->l4 + 8 + 20 + 4), 9);
	CU_ASSERT_EQUAL(asa_csum_fold(asa_csum_add_bytes(0, (__u8 *)p->l4 + 8 + 20, 24)), 0xffff);

	conn_make(f, "inside", "outside", "udp [2001:db8:1::5]:99 [2001:db8:9::7]:53",
		"udp [2001:db8:9::7]:53 [2001:db8:f::60]:99", "2001:db8:f::fe", "2001:db8:1::5");
	CU_ASSERT_EQUAL(error_in(f, IF_OUTSIDE, &six), DROP_NONE);
	p = fake_last(f, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_STRING_EQUAL(mb_text(&p->key.dst), "2001:db8:1::5");
	CU_ASSERT_STRING_EQUAL(mb_text(&p->key.src), "2001:db8:9::9");
	CU_ASSERT_EQUAL(memcmp((__u8 *)p->l4 + 8 + 8, p->key.dst.b, 16), 0);
	six.type = 2; /* packet too big, below what IPv6 allows */
	six.word = 1000;
	CU_ASSERT_EQUAL(error_in(f, IF_OUTSIDE, &six), DROP_SESSION_ICMP_ERROR);
	six.word = 1400;
	CU_ASSERT_EQUAL(error_in(f, IF_OUTSIDE, &six), DROP_NONE);
	fake_end(f);
}

/* SES-5, NAT-5: "packet too big" about the first fragment of an IPv6 datagram, or with options. */
static void nat5_quoted_extension_headers(void)
{
	static const struct {
		__u8 next, header[8];
		enum asa_drop why;
	} rows[] = {
		{ ASA_PROTO_FRAGMENT, { 17, 0, 0, 1, 0, 0, 0, 9 }, DROP_NONE },
		{ ASA_PROTO_FRAGMENT, { 17, 0, 0, 9, 0, 0, 0, 9 }, DROP_SESSION_ICMP_ERROR }, /* a later one */
		{ ASA_PROTO_DSTOPTS, { 17, 0, 1, 4, 0, 0, 0, 0 }, DROP_NONE },
		{ ASA_PROTO_DSTOPTS, { 17, 9, 1, 4, 0, 0, 0, 0 }, DROP_SESSION_ICMP_ERROR }, /* cut off */
		{ ASA_PROTO_DSTOPTS, { 60, 0, 1, 4, 0, 0, 0, 0 }, DROP_SESSION_ICMP_ERROR },
	};
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;
	size_t i;

	fake_start(f);
	conn_make(f, "inside", "outside", "udp [2001:db8:1::5]:99 [2001:db8:9::7]:53",
		"udp [2001:db8:9::7]:53 [2001:db8:f::60]:20099", "2001:db8:f::fe", "2001:db8:1::5");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		__u8 raw[8 + 24] = { 0 };
		struct error e = {
			.src = "2001:db8:9::9", .dst = "2001:db8:f::60", .type = 2, .word = 1400,
			.quoted = { .src = "2001:db8:f::60", .dst = "2001:db8:9::7",
				    .proto = rows[i].next, .raw = raw, .n_raw = sizeof(raw) },
		};

		memcpy(raw, rows[i].header, 8);
		asa_stn16(raw + 8, 20099);
		asa_stn16(raw + 10, 53);
		asa_stn16(raw + 12, 24);
		asa_stn16(raw + 14, 0x1234);
		CU_ASSERT_EQUAL(error_in(f, IF_OUTSIDE, &e), rows[i].why);
		p = rows[i].why ? NULL : fake_last(f, NULL);
		if (!p)
			continue;
		CU_ASSERT_STRING_EQUAL(mb_text(&p->key.dst), "2001:db8:1::5");
		CU_ASSERT_EQUAL(memcmp((__u8 *)p->l4 + 8 + ASA_IP6_SRC, p->key.dst.b, 16), 0);
		CU_ASSERT_EQUAL(asa_ldn16((__u8 *)p->l4 + 8 + ASA_IP6_SIZE + 8), 99);
	}
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "NAT-5 port unreachable through PAT", nat5_port_unreachable_through_pat },
		{ "NAT-5 a hop inside hides behind the target", nat5_hop_inside_hides_behind_the_target },
		{ "NAT-5 refusals", nat5_refusals },
		{ "NAT-5 checksum zero, and a router on the way", nat5_checksum_zero_and_a_router_on_the_way },
		{ "NAT-5 TCP number must be plausible", nat5_tcp_number_must_be_plausible },
		{ "NAT-5 SEQ-6 shifted numbers are mapped back", nat5_shifted_numbers_are_mapped_back },
		{ "NAT-5 extensions are cut where the sender hides", nat5_extensions_are_cut_where_the_sender_hides },
		{ "SES-5 NAT-5 quoted IPv6 extension headers", nat5_quoted_extension_headers },
		{ "NAT-5 echo identifier, and IPv6", nat5_echo_identifier_and_ipv6 },
		{ NULL, NULL },
	};

	return asa_cunit_main("icmp_error", tests);
}
