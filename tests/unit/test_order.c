// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * Connections that are put in order, through the whole slow path: which ones they are, what leaves
 * and when, what an inspector behind would see (a recorder stands in for it), and the counters.
 */
#include "inspect/inspect.h"
#include "lib/dialogue.h"

struct recorder {
	char text[2][512];
	int n[2], fins[2];
};

static enum asa_drop record(void *arg, __u32 slot, int dir, __u32 seq, const __u8 *p, __u32 n)
{
	struct recorder *r = arg;

	CU_ASSERT_FATAL(r->n[dir] + n < sizeof(r->text[0]));
	memcpy(r->text[dir] + r->n[dir], p, n);
	r->n[dir] += (int)n;
	return DROP_NONE;
}

static void record_fin(void *arg, __u32 slot, int dir)
{
	((struct recorder *)arg)->fins[dir]++;
}

/* A TCP map for everything. */
static void map_class(struct fake *f, __u16 queue_limit, __u16 timeout, __u32 flags)
{
	struct model_tcp_map *map = MODEL_PUSH(&f->fw.m->tcp_maps);
	struct model_policy_class *pc;

	fw_ace(&f->fw, "all", "permit tcp any any");
	bypass_class(f, NULL, "all");
	pc = &f->fw.m->policy_maps.v[0].classes.v[0];
	pc->conn.bypass = false;
	snprintf(pc->conn.tcp_map, sizeof(pc->conn.tcp_map), "order");
	snprintf(map->name, sizeof(map->name), "order");
	asa_tcp_map_default(&map->map);
	map->map.queue_limit = queue_limit;
	map->map.queue_timeout = timeout;
	map->map.flags |= flags;
}

/* "bytes|bytes" of what has left since fake_forget_sent(), and the checksums of it. */
static const char *left(struct fake *f)
{
	static char text[1024];
	int i, at = 0;

	text[0] = 0;
	for (i = 0; i < f->n_sent; i++) {
		struct asa_pkt p;
		struct frame *fr = f->sent[i];

		CU_ASSERT_EQUAL_FATAL(asa_parse(&p, fr->data, fr->data + fr->len, 1), 0);
		CU_ASSERT_TRUE(fake_checksums_good(&p));
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%.*s%s", i ? "|" : "", p.tcp.size,
			       (char *)p.l4 + p.tcp.header, p.tcp.flags & F ? "$" : "");
	}
	fake_forget_sent(f);
	return text;
}

/* What is said in the call replaces the default. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define OUT(sq, text, ...)                                                                    \
	FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 40000,      \
		.dport = 80, .flags = A, .seq = 1001 + (sq), .ack = 7001, .data = (text), ##__VA_ARGS__)
#define IN(sq, ak, text, ...)                                                                 \
	FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,        \
		.dport = 40000, .flags = A, .seq = 7001 + (sq), .ack = 1001 + (ak), .data = (text),   \
		##__VA_ARGS__)
#define LEFT(text) CU_ASSERT_STRING_EQUAL(left(f), text)

static void handshake(struct fake *f)
{
	DIALOGUE(f, { TCP_OUT(S, 1000, 0, 0), 0, OUT_TEXT, NULL, NULL },
		 { TCP_IN(S | A, 7000, 1001, 0), 0, IN_TEXT, NULL, NULL },
		 { TCP_OUT(A, 1001, 7001, 0), 0, OUT_TEXT, "U", NULL });
}

static __u16 dir_flags(struct fake *f, int dir)
{
	struct session_view v;

	CU_ASSERT_TRUE_FATAL(fake_view(f, 0, &v));
	return f->t.conns[v.slot].dir[dir].flags;
}

/* ------------------------------------------------------------------ */

static void nrm10_only_connections_that_need_it_visit_the_daemon(void)
{
	static const struct {
		__u16 limit;
		__u32 flags;
		bool order;
	} t[] = {
		{ 0, 0, false }, { 1, 0, true }, { 250, 0, true },
		{ 0, ASA_TM_CHECK_RETRANSMISSION, true }, { 0, ASA_TM_RESERVED_CLEAR, false },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct fake *f = fake_new(64);

		map_class(f, t[i].limit, 4, t[i].flags);
		fake_start(f);
		handshake(f);
		CU_ASSERT_EQUAL(!!(dir_flags(f, 0) & ASA_DIR_ORDER), t[i].order);
		CU_ASSERT_EQUAL(!!(dir_flags(f, 1) & ASA_DIR_ORDER), t[i].order);
		/* with queue-limit 0 and nothing else segments pass as they come */
		CU_ASSERT_EQUAL(OUT(4, "ef"), 0);
		LEFT(t[i].order ? "" : "ef");
		CU_ASSERT_EQUAL(OUT(0, "abcd"), 0);
		LEFT(t[i].order ? "abcd|ef" : "abcd");
		fake_end(f);
	}
}

static void nrm10_segments_wait_and_leave_in_order(void)
{
	struct fake *f = fake_new(64);
	struct recorder r = { 0 };
	const struct inspect_stream watch = { record, record_fin, &r };
	__u32 neighbour, waiting;

	map_class(f, 3, 4, 0);
	fake_start(f);
	engine_watch_streams(f->asa.engine, &watch);
	handshake(f);
	OUT(0, "ab");
	LEFT("ab");
	OUT(6, "gh");
	OUT(4, "ef");
	OUT(8, "ij");
	LEFT("");
	engine_held(f->asa.engine, &neighbour, &waiting);
	CU_ASSERT_EQUAL(waiting, 3);
	CU_ASSERT_EQUAL(OUT(10, "kl"), DROP_TCP_BUFFER_FULL);
	CU_ASSERT_EQUAL(OUT(4, "ef"), DROP_TCP_DUP_IN_QUEUE);
	OUT(4, ""); /* an acknowledgment does not wait */
	LEFT("");
	OUT(2, "cd");
	LEFT("cd|ef|gh|ij");
	/* the other direction, with its own hole */
	IN(3, 10, "DEF");
	IN(0, 10, "ABC");
	LEFT("ABC|DEF");
	CU_ASSERT_STRING_EQUAL(r.text[0], "abcdefghij");
	CU_ASSERT_STRING_EQUAL(r.text[1], "ABCDEF");
	/* the FIN comes before the last byte */
	OUT(11, "", .flags = A | F);
	LEFT("");
	OUT(10, "k");
	LEFT("k|$");
	CU_ASSERT_EQUAL(r.fins[0], 1);
	IN(6, 12, "", .flags = A | F);
	LEFT("$");
	DIALOGUE(f, { TCP_OUT(A, 1013, 7008, 0), 0, OUT_TEXT, "", "TCP FINs" });
	fake_end(f);
}

static void nrm10_what_waits_is_dropped_after_its_time(void)
{
	struct fake *f = fake_new(64);

	map_class(f, 3, 2, 0);
	fake_start(f);
	handshake(f);
	OUT(4, "ef");
	fake_wait(f, 1900);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_BUFFER_TIMEOUT), 0);
	fake_wait(f, 200);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_BUFFER_TIMEOUT), 1);
	CU_ASSERT_TRUE(fake_law(f));
	OUT(0, "abcd");
	LEFT("abcd");
	fake_end(f);
}

/* GTO-10, NRM-34: no segment waits longer than "timeout tcp-proxy-reassembly" says. */
static void gto10_tcp_proxy_reassembly_bounds_the_waiting(void)
{
	struct fake *f = fake_new(64);

	map_class(f, 3, 20, 0);
	f->fw.m->timeouts.tcp_proxy_reassembly = 10;
	fake_start(f);
	handshake(f);
	OUT(4, "ef");
	fake_wait(f, 9900);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_BUFFER_TIMEOUT), 0);
	fake_wait(f, 300);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_BUFFER_TIMEOUT), 1);
	f->fw.m->timeouts.tcp_proxy_reassembly = 60; /* GTO-22: for the next that waits */
	fake_recompile(f);
	OUT(4, "ef");
	fake_wait(f, 19800);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_BUFFER_TIMEOUT), 1);
	fake_wait(f, 300);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_BUFFER_TIMEOUT), 2);
	fake_end(f);
}

static void nrm15_different_bytes_do_not_pass(void)
{
	struct fake *f = fake_new(64);

	map_class(f, 0, 4, ASA_TM_CHECK_RETRANSMISSION);
	fake_start(f);
	handshake(f);
	OUT(0, "abcd");
	LEFT("abcd");
	CU_ASSERT_EQUAL(OUT(0, "abXd"), DROP_TCP_DUP_DATA);
	CU_ASSERT_EQUAL(OUT(0, "abcd"), 0);
	LEFT("abcd");
	CU_ASSERT_EQUAL(OUT(2, "Xdef"), DROP_TCP_DUP_DATA);
	CU_ASSERT_EQUAL(OUT(2, "cdef"), 0);
	LEFT("cdef");
	IN(0, 6, "");
	CU_ASSERT_EQUAL(OUT(5, "?"), 0); /* acknowledged: a keep-alive */
	LEFT("|?");
	fake_end(f);
}

/* The evasion cases: what the recorder sees is what leaves, whatever the order of the tricks. */
static void nrm33_the_receiver_sees_what_the_inspector_saw(void)
{
	struct fake *f = fake_new(64);
	struct recorder r = { 0 };
	const struct inspect_stream watch = { record, record_fin, &r };

	map_class(f, 10, 4, 0);
	fake_start(f);
	engine_watch_streams(f->asa.engine, &watch);
	/* data in the SYN: the receiver may ignore it, and gets the same when it comes again */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.sport = 40000, .dport = 80, .flags = S, .seq = 1000, .data = "sy"), 0);
	LEFT("sy");
	CU_ASSERT_STRING_EQUAL(r.text[0], "sy");
	DIALOGUE(f, { TCP_IN(S | A, 7000, 1001, 0), 0, IN_TEXT, NULL, NULL },
		 { TCP_OUT(A, 1001, 7001, 0), 0, OUT_TEXT, NULL, NULL });
	OUT(0, "XYcd");
	LEFT("sycd");
	/* bad checksum: the receiver drops it, so it must not be seen */
	CU_ASSERT_EQUAL(OUT(4, "BAD", .bad_checksum = true), DROP_TCP_CHECKSUM);
	CU_ASSERT_EQUAL(OUT(6, "BAD", .bad_checksum = true), DROP_TCP_CHECKSUM);
	OUT(4, "ef");
	LEFT("ef");
	/* a decoy with a TTL that dies on the way, then the real one: the decoy's bytes go on */
	OUT(6, "decoy", .ttl = 2);
	OUT(6, "REALx");
	LEFT("decoy|decoy");
	/* overlaps, new over old and old over new, in and out of order */
	OUT(13, "NOP");
	OUT(12, "mnopq");
	OUT(11, "l");
	LEFT("l|mNOPq|NOP");
	/* out of the window, impossible acknowledgment, reset in the window */
	CU_ASSERT_EQUAL(OUT(900000, "zz"), DROP_TCP_SEQ_PAST_WIN);
	CU_ASSERT_EQUAL(OUT(17, "zz", .ack = 999999), DROP_TCP_INVALID_ACK);
	CU_ASSERT_EQUAL(OUT(400, "zz", .flags = R), DROP_TCP_RST_SYN_IN_WIN);
	OUT(17, "r");
	LEFT("r");
	CU_ASSERT_STRING_EQUAL(r.text[0], "sycdefdecoylmNOPqr");
	fake_end(f);
}

static void nrm33_a_reset_leaves_nothing_waiting(void)
{
	struct fake *f = fake_new(64);
	__u32 neighbour, waiting;

	map_class(f, 10, 4, 0);
	fake_start(f);
	handshake(f);
	OUT(4, "ef");
	IN(3, 0, "DEF");
	fake_forget_sent(f);
	OUT(0, "", .flags = R);
	CU_ASSERT_EQUAL(f->n_sent, 1);
	engine_held(f->asa.engine, &neighbour, &waiting);
	CU_ASSERT_EQUAL(waiting, 0);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_SESSION_EXPIRED), 2);
	CU_ASSERT_TRUE(fake_law(f));
	fake_end(f);
}

/* The connection goes while a segment waits: cleared by the operator, or its ports used again. */
static void nrm32_nothing_is_kept_for_a_connection_that_is_gone(void)
{
	struct fake *f = fake_new(64);
	struct session_view v;

	map_class(f, 10, 20, ASA_TM_CHECK_RETRANSMISSION);
	fake_start(f);
	handshake(f);
	OUT(0, "ab");
	OUT(4, "ef");
	CU_ASSERT_TRUE_FATAL(fake_view(f, 0, &v));
	session_close(f->asa.sessions, v.slot, SESSION_CLOSE_CLEARED, f->now);
	fake_wait(f, 200);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_SESSION_EXPIRED), 1);
	fake_forget_sent(f);
	handshake(f);
	OUT(0, "AB");
	LEFT("AB");
	fake_end(f);
}

static void nrm10_timestamps_of_what_waited_do_not_go_back(void)
{
#define TS(n) .options = "\1\1\x8\xa\0\0\0" n "\0\0\0\0", .n_options = 12
	static const __u8 after[] = { 9, 9, 9, 0x20 };
	struct fake *f = fake_new(64);
	int i;

	map_class(f, 10, 4, 0);
	fake_start(f);
	handshake(f);
	OUT(2, "cd", TS("\5"));
	OUT(4, "ef", TS("\6"));
	OUT(6, "gh", TS("\x20")); /* later than what fills the hole: stays */
	CU_ASSERT_EQUAL(f->n_sent, 0);
	OUT(0, "ab", TS("\x9"));
	CU_ASSERT_EQUAL(f->n_sent, 4);
	for (i = 0; i < f->n_sent; i++) {
		struct asa_pkt p;

		asa_parse(&p, f->sent[i]->data, f->sent[i]->data + f->sent[i]->len, 1);
		CU_ASSERT_EQUAL(((__u8 *)p.l4)[ASA_TCP_SIZE + 7], after[i]);
	}
	LEFT("ab|cd|ef|gh");
	fake_end(f);
}

/* Only as much may be on its way as can be kept: more is not offered. */
static void nrm32_windows_are_bounded_where_bytes_are_kept(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;

	map_class(f, 0, 4, ASA_TM_CHECK_RETRANSMISSION);
	fake_start(f);
	DIALOGUE(f, { { .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 40000,
			.dport = 80, .flags = S, .seq = 1000, .options = "\3\3\7\0", .n_options = 4 },
		      0, OUT_TEXT, NULL, NULL },
		 { { .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 80,
		     .dport = 40000, .flags = S | A, .seq = 7000, .ack = 1001, .win = 65535,
		     .options = "\3\3\7\0", .n_options = 4 },
		   0, IN_TEXT, NULL, NULL },
		 { TCP_OUT(A, 1001, 7001, 0), 0, OUT_TEXT, NULL, NULL });
	IN(0, 0, "", .win = 65535); /* 8 MiB */
	p = fake_last(f, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(p->tcp.window, 262144 >> 7);
	fake_forget_sent(f);
	IN(0, 0, "", .win = 100);
	p = fake_last(f, NULL);
	CU_ASSERT_EQUAL(p->tcp.window, 100);
	fake_end(f);
}

static void nrm33_payload_in_fragments_is_put_in_order_too(void)
{
	struct fake *f = fake_new(64);
	struct recorder r = { 0 };
	const struct inspect_stream watch = { record, record_fin, &r };
	static __u8 seg[20 + 24] = { 0x9c, 0x40, 0, 80, 0, 0, 3, 0xe9, 0, 0, 0x1b, 0x59, 0x50, 0x10,
				     0x20, 0 };
	__u32 sum = 0;
	int i;

	map_class(f, 10, 4, 0);
	fake_start(f);
	engine_watch_streams(f->asa.engine, &watch);
	handshake(f);
	OUT(8, "ijklmnop"); /* waits: its bytes come first */
	memcpy(seg + 20, "abcdefghIJKLMNOPqrstuvwx", 24);
	for (i = 0; i < 44; i += 2)
		sum += (__u32)seg[i] << 8 | seg[i + 1];
	sum += 0x0a01 + 0x0105 + 0xc633 + 0x6407 + 6 + 44;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	seg[16] = (__u8)(~sum >> 8);
	seg[17] = (__u8)~sum;
	FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .raw = seg, .n_raw = 32,
		.more = true, .ip_id = 9);
	CU_ASSERT_EQUAL(f->n_sent, 0);
	FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .raw = seg + 32,
		.n_raw = 12, .frag_off = 32, .ip_id = 9);
	CU_ASSERT_EQUAL_FATAL(f->n_sent, 3); /* both fragments, and what waited */
	CU_ASSERT_EQUAL(memcmp(f->sent[0]->data + 14 + 40, "abcdefghijkl", 12), 0);
	CU_ASSERT_EQUAL(memcmp(f->sent[1]->data + 14 + 20, "mnopqrstuvwx", 12), 0);
	CU_ASSERT_STRING_EQUAL(r.text[0], "abcdefghijklmnopqrstuvwx");
	sum = 0x0a01 + 0x0105 + 0xc633 + 0x6407 + 6 + 44;
	for (i = 0; i < 32; i += 2)
		sum += (__u32)f->sent[0]->data[34 + i] << 8 | f->sent[0]->data[35 + i];
	for (i = 0; i < 12; i += 2)
		sum += (__u32)f->sent[1]->data[34 + i] << 8 | f->sent[1]->data[35 + i];
	sum = (sum & 0xffff) + (sum >> 16);
	CU_ASSERT_EQUAL((sum & 0xffff) + (sum >> 16), 0xffff);
	fake_forget_sent(f);
	fake_end(f);
}

static __u32 add_words(__u32 sum, const __u8 *p, __u32 n)
{
	for (; n > 1; p += 2, n -= 2)
		sum += (__u32)p[0] << 8 | p[1];
	return sum + (n ? (__u32)p[0] << 8 : 0);
}

/* A segment of the client in two fragments, the second one first if 'turned'. */
static void in_fragments(struct fake *f, bool v6, __u32 at, const char *text, bool turned)
{
	static __u8 seg[20 + 4000 + 16], part[2][4100];
	__u32 size = 20 + (__u32)strlen(text), cut = 24, n[2], sum = 0;
	struct asa_addr src, dst;
	int i, k;

	memcpy(seg, "\x9c\x40\0\120\0\0\0\0\0\0\x1b\x59\x50\x10\x20\0\0\0\0\0", 20);
	asa_stn32(seg + 4, 1001 + at);
	memcpy(seg + 20, text, size - 20);
	src = mb_addr(v6 ? "2001:db8:1::5" : INSIDE_HOST);
	dst = mb_addr(v6 ? "2001:db8:9::7" : OUTSIDE_HOST);
	sum = add_words(add_words(6 + size, src.b + (v6 ? 0 : 12), v6 ? 16 : 4), dst.b + (v6 ? 0 : 12), v6 ? 16 : 4);
	sum = add_words(sum, seg, size);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	asa_stn16(seg + 16, (__u16)~sum);
	for (i = 0; i < 2; i++) {
		const __u8 *from = i ? seg + cut : seg;

		n[i] = i ? size - cut : cut;
		if (v6) { /* fragment header */
			memcpy(part[i], "\6\0\0\0\0\0\0\x2a", 8);
			asa_stn16(part[i] + 2, (__u16)(i ? cut : 1));
		}
		memcpy(part[i] + (v6 ? 8 : 0), from, n[i]);
	}
	for (k = 0; k < 2; k++) {
		i = k ^ turned;
		if (v6)
			FAKE_IN(f, .in = IF_INSIDE, .proto = ASA_PROTO_FRAGMENT, .src = "2001:db8:1::5",
				.dst = "2001:db8:9::7", .raw = part[i], .n_raw = 8 + n[i], .ttl = i ? 40 : 64);
		else
			FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .raw = part[i],
				.n_raw = n[i], .more = !i, .frag_off = i ? cut : 0, .ip_id = 77,
				.ttl = i ? 40 : 64);
	}
}

/* What came in fragments and out of order waits as one datagram, and is one when it leaves. */
static void nrm10_fragments_wait_as_one_datagram(void)
{
	static char big[3981];
	int v6;

	for (v6 = 0; v6 < 2; v6++) {
		struct fake *f = fake_new(64);
		struct recorder r = { 0 };
		const struct inspect_stream watch = { record, record_fin, &r };
		__u32 neighbour, waiting;
		const struct asa_pkt *p;

		map_class(f, 10, 4, 0);
		fake_start(f);
		engine_watch_streams(f->asa.engine, &watch);
		if (!v6) {
			handshake(f);
		} else {
			FAKE_IN(f, .in = IF_INSIDE, .src = "2001:db8:1::5", .dst = "2001:db8:9::7",
				.sport = 40000, .dport = 80, .flags = S, .seq = 1000);
			FAKE_IN(f, .in = IF_OUTSIDE, .src = "2001:db8:9::7", .dst = "2001:db8:1::5",
				.sport = 80, .dport = 40000, .flags = S | A, .seq = 7000, .ack = 1001);
			FAKE_IN(f, .in = IF_INSIDE, .src = "2001:db8:1::5", .dst = "2001:db8:9::7",
				.sport = 40000, .dport = 80, .flags = A, .seq = 1001, .ack = 7001);
		}
		fake_forget_sent(f);
		in_fragments(f, v6, 12, "mnopqrst", v6);
		CU_ASSERT_EQUAL(f->n_sent, 0);
		engine_held(f->asa.engine, &neighbour, &waiting);
		CU_ASSERT_EQUAL(waiting, 1);
		in_fragments(f, v6, 8, "ijklMNOP", !v6); /* overlaps: the first bytes win */
		in_fragments(f, v6, 8, "ijklMNOP", false);
		CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_DUP_IN_QUEUE), 2); /* both fragments of it */
		CU_ASSERT_EQUAL(f->n_sent, 0);
		in_fragments(f, v6, 0, "abcdefgh", false); /* in order: its own fragments leave */
		CU_ASSERT_EQUAL_FATAL(f->n_sent, 4);
		p = &f->sent[2]->pkt;
		CU_ASSERT_EQUAL(p->flags & (ASA_PKT_FRAGMENT | ASA_PKT_EXTHDR), 0);
		CU_ASSERT_EQUAL(v6 ? asa_ld8(p->l3 + ASA_IP6_HOPS) : asa_ld8(p->l3 + ASA_IP4_TTL), 40);
		frame_put(f->ops.pool, f->sent[0]);
		frame_put(f->ops.pool, f->sent[1]);
		f->sent[0] = f->sent[2]; /* LEFT() wants whole datagrams */
		f->sent[1] = f->sent[3];
		f->n_sent = 2;
		LEFT("ijklmnop|mnopqrst");
		CU_ASSERT_STRING_EQUAL(r.text[0], "abcdefghijklmnopqrst");
		CU_ASSERT_TRUE(fake_law(f));
		/* more than a frame holds cannot wait */
		memset(big, 'x', sizeof(big) - 1);
		in_fragments(f, v6, 1000, big, false);
		CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_BUFFER_FULL), 2);
		CU_ASSERT_TRUE(fake_law(f));
		fake_end(f);
	}
}

/* A new daemon goes on where the old one's last segment passed; what waited is sent again. */
static void nrm10_streams_go_on_after_a_restart(void)
{
	struct fake *f = fake_new(64);

	map_class(f, 2, 20, ASA_TM_CHECK_RETRANSMISSION);
	fake_start(f);
	handshake(f);
	OUT(0, "abcd");
	LEFT("abcd");
	fake_restart(f);
	OUT(6, "gh");
	OUT(9, "jk");
	LEFT("");
	CU_ASSERT_EQUAL(OUT(12, "mn"), DROP_TCP_BUFFER_FULL); /* by the same map */
	CU_ASSERT_EQUAL(OUT(6, "Gh"), DROP_TCP_DUP_DATA);
	fake_wait(f, 10000);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_BUFFER_TIMEOUT), 0);
	OUT(4, "ef");
	LEFT("ef|gh");
	OUT(8, "i");
	LEFT("i|jk");
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "nrm10_only_connections_that_need_it_visit_the_daemon",
		  nrm10_only_connections_that_need_it_visit_the_daemon },
		{ "nrm10_nrm4_segments_wait_and_leave_in_order", nrm10_segments_wait_and_leave_in_order },
		{ "nrm10_what_waits_is_dropped_after_its_time", nrm10_what_waits_is_dropped_after_its_time },
		{ "gto10_nrm34_tcp_proxy_reassembly_bounds_the_waiting",
		  gto10_tcp_proxy_reassembly_bounds_the_waiting },
		{ "nrm15_different_bytes_do_not_pass", nrm15_different_bytes_do_not_pass },
		{ "nrm33_the_receiver_sees_what_the_inspector_saw",
		  nrm33_the_receiver_sees_what_the_inspector_saw },
		{ "nrm33_a_reset_leaves_nothing_waiting", nrm33_a_reset_leaves_nothing_waiting },
		{ "nrm32_nothing_is_kept_for_a_connection_that_is_gone",
		  nrm32_nothing_is_kept_for_a_connection_that_is_gone },
		{ "nrm10_timestamps_of_what_waited_do_not_go_back",
		  nrm10_timestamps_of_what_waited_do_not_go_back },
		{ "nrm32_windows_are_bounded_where_bytes_are_kept",
		  nrm32_windows_are_bounded_where_bytes_are_kept },
		{ "nrm33_payload_in_fragments_is_put_in_order_too",
		  nrm33_payload_in_fragments_is_put_in_order_too },
		{ "nrm10_nrm33_fragments_wait_as_one_datagram", nrm10_fragments_wait_as_one_datagram },
		{ "nrm10_streams_go_on_after_a_restart", nrm10_streams_go_on_after_a_restart },
		{ NULL, NULL },
	};

	return asa_cunit_main("order", tests);
}
