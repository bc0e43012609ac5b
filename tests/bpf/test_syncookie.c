// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/world.o tests/lib/pkt.o */
/*
 * TCP intercept in the driver, by test run: INT-1, INT-3, INT-4, INT-5.
 *
 * What goes in is a SYN or an ACK without a connection; what comes out is compared byte by byte with
 * a SYN-ACK made by the packet builder, but for the cookie, which is checked with the native code.
 */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include <asa/syncookie.h>

#include "lib/cunit.h"
#include "tests/lib/world.h"

#define CLIENT4 "203.0.113.7"
#define SERVER4 "198.51.100.80"
#define CLIENT6 "2001:db8:1::10"
#define SERVER6 "2001:db8:2::80"

static struct world w;
static struct asa_cookie_keys keys;

static int map(const char *name)
{
	return bpf_object__find_map_fd_by_name(w.obj, name);
}

/* The rows are also where the short way finds them. */
static bool hot;

static void list_hot(const struct asa_intercept_key *k, const struct asa_intercept *row)
{
	const struct asa_intercept_hot h = { .row = *row, .dst = k->dst, .in_if = k->in_if,
					     .in_vlan = k->in_vlan, .port = k->port };
	uint32_t n = asa_intercept_hot_row(&k->dst, k->port, w.cfg.hash_key);

	if (hot)
		CU_ASSERT(bpf_map_update_elem(map(ASA_MAP_INTERCEPT_HOT), &n, &h, BPF_ANY) == 0);
}

static void list(const struct pkt *p, bool client_only, uint8_t flags, uint8_t wscale)
{
	struct asa_intercept row = { .row = 3, .mss = 1380, .wscale = wscale, .flags = flags };
	struct asa_intercept_key k = { .in_if = LO };

	k.dst = pkt_addr(p->dst);
	k.port = asa_htons(p->dport);
	k.in_vlan = p->n_tags ? p->vlan[0] : 0;
	if (client_only)
		k.src = pkt_addr(p->src);
	CU_ASSERT(bpf_map_update_elem(map(ASA_MAP_INTERCEPT), &k, &row, BPF_ANY) == 0);
	if (!client_only)
		list_hot(&k, &row);
	w.cfg.intercept = ASA_INTERCEPT_ANY | (client_only ? ASA_INTERCEPT_CLIENTS : 0);
	world_config(&w);
}

static void begin(void)
{
	uint32_t zero = 0, i;
	int fd = bpf_program__fd(bpf_object__find_program_by_name(w.obj, ASA_PROGRAM_SYNCOOKIE));
	const struct asa_intercept_hot none = { 0 };
	struct asa_intercept_key k;

	world_reset(&w);
	for (i = 0; i < ASA_INTERCEPT_HOT_ROWS; i++)
		bpf_map_update_elem(map(ASA_MAP_INTERCEPT_HOT), &i, &none, BPF_ANY);
	while (!bpf_map_get_next_key(map(ASA_MAP_INTERCEPT), NULL, &k))
		bpf_map_delete_elem(map(ASA_MAP_INTERCEPT), &k);
	for (i = 0; i < 4; i++)
		keys.key[i / 2][i & 1] = 0x0123456789abcdefull * (i + 3);
	CU_ASSERT(bpf_map_update_elem(map(ASA_MAP_COOKIE_KEYS), &zero, &keys, BPF_ANY) == 0);
	CU_ASSERT(bpf_map_update_elem(map(ASA_MAP_JUMP), &zero, &fd, BPF_ANY) == 0);
}

static void run(const struct pkt *p, struct result *r)
{
	uint8_t frame[PKT_MAX];
	uint32_t size = (uint32_t)pkt_build(frame, p);

	CU_ASSERT_FATAL(world_run(&w, frame, size, LO, r) == 0);
	CU_ASSERT(r->delta.in.rx_packets == 1);
	CU_ASSERT(r->delta.in.rx_packets == r->delta.in.fwd_packets + r->delta.in.host_packets +
						    r->delta.in.drop_packets + r->delta.in.punt_packets);
}

static uint32_t number(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A SYN is answered: which bytes, and then the ACK that takes the cookie back, and its forgeries. */
static void dialogue(struct pkt syn, const char *options, bool client_only, uint8_t wscale)
{
	struct pkt ack = syn, answer = syn;
	uint8_t expected[PKT_MAX];
	struct result r;
	uint32_t size, l3 = 14 + 4u * syn.n_tags, l4 = l3 + (strchr(syn.src, ':') ? 40 : 20), cookie;

	list(&syn, client_only, ASA_INTERCEPT_ANSWER, wscale);
	run(&syn, &r);
	CU_ASSERT_FATAL(r.verdict == XDP_TX);
	CU_ASSERT(r.delta.stats[STAT_SYNCOOKIE_SENT].packets == 1);
	CU_ASSERT(r.delta.in.fwd_packets == 1 && r.delta.in.tx_packets == 1);
	CU_ASSERT(pkt_check(r.frame, r.size) == NULL);
	cookie = number(r.frame + l4 + 4);
	answer.src = syn.dst;
	answer.dst = syn.src;
	answer.sport = syn.dport;
	answer.dport = syn.sport;
	answer.flags = ASA_TCP_SYN | ASA_TCP_ACKF;
	answer.seq = cookie;
	answer.ack = syn.seq + 1;
	answer.options = options;
	answer.options_size = 12;
	answer.payload = 0;
	answer.df = 1;
	answer.window = 1;
	size = (uint32_t)pkt_build(expected, &answer);
	CU_ASSERT(r.size == size);
	/* Ethernet and the rest of the TCP header are looked at; the window is zero. */
	CU_ASSERT(memcmp(r.frame, (uint8_t[]){ 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 }, 12) == 0);
	CU_ASSERT(memcmp(r.frame + 12, expected + 12, l3 - 12) == 0);
	CU_ASSERT(memcmp(r.frame + l4, expected + l4, 14) == 0);
	CU_ASSERT(r.frame[l4 + 14] == 0 && r.frame[l4 + 15] == 0);
	CU_ASSERT(memcmp(r.frame + l4 + 20, options, 12) == 0);

	ack.flags = ASA_TCP_ACKF;
	ack.seq = syn.seq + 1;
	ack.ack = cookie + 1;
	ack.options = NULL;
	ack.options_size = 0;
	run(&ack, &r);
	CU_ASSERT(r.verdict == XDP_REDIRECT && r.meta.cause == PUNT_INTERCEPT);
	CU_ASSERT(r.delta.stats[STAT_SYNCOOKIE_OK].packets == 1);

	/* INT-4: guessed, for another port, another client, another number */
	for (int i = 0; i < 4; i++) {
		struct pkt bad = ack;

		bad.ack += i == 0;
		bad.sport += i == 1;
		bad.seq += i == 2;
		if (i == 3) {
			if (client_only || strchr(syn.src, ':'))
				continue;
			bad.src = "203.0.113.8";
		}
		run(&bad, &r);
		CU_ASSERT(r.verdict == XDP_DROP);
		CU_ASSERT(r.delta.drops[DROP_TCP_INTERCEPT_COOKIE].packets == 1);
		CU_ASSERT(r.delta.stats[STAT_SYNCOOKIE_BAD].packets == 1);
	}

	/* When it is over, cookies are still honoured and SYNs are the daemon's. */
	list(&syn, client_only, 0, wscale);
	run(&ack, &r);
	CU_ASSERT(r.verdict == XDP_REDIRECT && r.meta.cause == PUNT_INTERCEPT);
	run(&syn, &r);
	CU_ASSERT(r.verdict == XDP_REDIRECT && r.meta.cause == PUNT_NO_FLOW);
}

#define SYN4(...)                                                                              \
	{ .src = CLIENT4, .dst = SERVER4, .proto = 6, .sport = 4000, .dport = 80,                  \
	  .seq = 0xfffffffe, .flags = ASA_TCP_SYN, __VA_ARGS__ }
#define SYN6(...)                                                                              \
	{ .src = CLIENT6, .dst = SERVER6, .proto = 6, .sport = 4000, .dport = 80, .seq = 77,       \
	  .flags = ASA_TCP_SYN, __VA_ARGS__ }
#define LINUX_OPTIONS                                                                          \
	.options = "\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\1\0\0\0\0\x01\x03\x03\x0a", .options_size = 20

static void answers(void)
{
	static const char plain[] = "\x02\x04\x05\x64\x01\x01\x01\x01\x01\x01\x01\x01";
	static const char sack[] = "\x02\x04\x05\x64\x01\x01\x04\x02\x01\x01\x01\x01";
	static const char full[] = "\x02\x04\x05\x64\x01\x01\x04\x02\x01\x03\x03\x07";
	const uint8_t none = ASA_COOKIE_NO_WSCALE;

	begin();
	dialogue((struct pkt)SYN4(), plain, false, 7);
	begin();
	dialogue((struct pkt)SYN4(LINUX_OPTIONS), full, false, 7);
	begin();
	dialogue((struct pkt)SYN4(LINUX_OPTIONS), sack, false, none);
	begin();
	dialogue((struct pkt)SYN4(LINUX_OPTIONS, .payload = 100), full, false, 7);
	begin();
	dialogue((struct pkt)SYN4(LINUX_OPTIONS, .vlan = { 10, 20 }, .n_tags = 2), full, false, 7);
	begin();
	dialogue((struct pkt)SYN6(LINUX_OPTIONS), full, false, 7);
	begin();
	dialogue((struct pkt)SYN6(.vlan = { 10 }, .n_tags = 1), plain, false, 7);
	begin();
	dialogue((struct pkt)SYN4(LINUX_OPTIONS), full, true, 7);
}

/* INT-4: timestamps are offered for a server that uses them, to clients that do. */
static void timestamps(void)
{
	const struct pkt syns[] = { SYN4(LINUX_OPTIONS), SYN6(LINUX_OPTIONS, .vlan = { 10 }, .n_tags = 1) };
	struct pkt syn = SYN4(.options = "\x02\x04\x05\xb4", .options_size = 4), ack;
	struct result r;

	for (size_t i = 0; i < 2; i++) {
		const uint8_t *l4;

		begin();
		list(&syns[i], false, ASA_INTERCEPT_ANSWER | ASA_INTERCEPT_TS, 7);
		run(&syns[i], &r);
		CU_ASSERT_FATAL(r.verdict == XDP_TX);
		CU_ASSERT(pkt_check(r.frame, r.size) == NULL);
		l4 = r.frame + (i ? 18 + 40 : 14 + 20);
		CU_ASSERT_FATAL(r.size == (size_t)(l4 - r.frame) + 40 && l4[12] == 0xa0);
		CU_ASSERT(memcmp(l4 + 20, "\x02\x04\x05\x64\x04\x02\x08\x0a", 8) == 0);
		CU_ASSERT(number(l4 + 28) != 0 && number(l4 + 32) == 1);
		CU_ASSERT(memcmp(l4 + 36, "\x01\x03\x03\x07", 4) == 0);
		ack = syns[i];
		ack.flags = ASA_TCP_ACKF;
		ack.seq++;
		ack.ack = number(l4 + 4) + 1;
		run(&ack, &r);
		CU_ASSERT(r.verdict == XDP_REDIRECT && r.meta.cause == PUNT_INTERCEPT);
	}
	begin();
	list(&syn, false, ASA_INTERCEPT_ANSWER | ASA_INTERCEPT_TS, 7);
	run(&syn, &r);
	CU_ASSERT(r.verdict == XDP_TX && r.size == 14 + 20 + 32); /* did not offer them */
}

#define OPEN4                                                                                  \
	{ .src = CLIENT4, .dst = SERVER4, .proto = 6, .sport = 4000, .dport = 80, .flags = 0x18,   \
	  .seq = 1001, .ack = 5001, .payload = 5, .options_size = 12 }

/* INT-4: the server's clock is another than the one that the cookie showed to the client. */
static void joined_timestamps(void)
{
	static const struct {
		const char *before, *forward, *back; /* options, twelve bytes */
	} cases[] = {
		/* as hosts write them; both numbers wrap */
		{ "\1\1\10\12\377\377\377\370\0\0\0\5", "\1\1\10\12\377\377\377\370\377\377\377\365",
		  "\1\1\10\12\0\0\0\10\0\0\0\5" },
		/* at an odd place */
		{ "\1\10\12\0\0\1\0\0\0\2\0\1", "\1\10\12\0\0\1\0\0\0\1\360\1",
		  "\1\10\12\0\0\1\20\0\0\2\0\1" },
		/* none at all */
		{ "\1\1\5\12\0\0\20\0\0\0\20\100", "\1\1\5\12\0\0\20\0\0\0\20\100",
		  "\1\1\5\12\0\0\20\0\0\0\20\100" },
	};
	struct pkt in[2] = { OPEN4, OPEN4 }, out;
	uint8_t frame[PKT_MAX], expected[PKT_MAX];
	struct result res;

	in[1].src = SERVER4;
	in[1].dst = CLIENT4;
	in[1].sport = in[0].dport;
	in[1].dport = in[0].sport;
	in[1].seq = in[0].ack;
	in[1].ack = in[0].seq;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int d = 0; d < 2; d++) {
			struct asa_conn c;
			uint32_t size;

			world_reset(&w);
			world_conn(&w, 1, &in[0], NULL, ASA_DIR_TS);
			c = world_slot(&w, 1);
			for (int h = 0; h < 2; h++)
				c.half[h] = (struct asa_half){
					.seq_end = in[h].seq, .ack = in[h].ack, .win_max = 8192,
					.edge = in[h].ack + 8192,
					.tcp = ASA_HALF_SYN | ASA_HALF_ACKED };
			world_slot_set(&w, 1, &c);
			world_session_set(&w, 1, &(struct asa_session){
				.rest = { { .ts_add = -16u }, { .ts_add = 16 } } });
			in[d].options = cases[i].before;
			size = (uint32_t)pkt_build(frame, &in[d]);
			CU_ASSERT_FATAL(world_run(&w, frame, size, LO, &res) == 0);
			CU_ASSERT(res.delta.in.fwd_packets == 1);
			CU_ASSERT(pkt_check(res.frame, res.size) == NULL);
			out = in[d];
			out.options = d ? cases[i].back : cases[i].forward;
			pkt_build(expected, &out);
			CU_ASSERT(res.size == size && !memcmp(res.frame + 14, expected + 14, size - 14));
		}
	}
}

/* INT-1: what is not listed is not answered; nor is anything but a SYN. */
static void silent(void)
{
	struct pkt syn = SYN4(), other = syn, rst = syn, back = syn,
		   udp = { .src = CLIENT4, .dst = SERVER4, .proto = 17, .sport = 1, .dport = 2 };
	struct result r;

	other.dport = 81;
	rst.flags = ASA_TCP_RST;
	back.flags = ASA_TCP_SYN | ASA_TCP_ACKF;
	begin();
	list(&syn, false, ASA_INTERCEPT_ANSWER, 7);
	run(&other, &r);
	CU_ASSERT(r.verdict == XDP_REDIRECT && r.meta.cause == PUNT_NO_FLOW);
	run(&udp, &r);
	CU_ASSERT(r.verdict == XDP_REDIRECT && r.meta.cause == PUNT_NO_FLOW);
	run(&rst, &r);
	CU_ASSERT(r.verdict == XDP_DROP && r.delta.drops[DROP_TCP_NOT_SYN].packets == 1);
	run(&back, &r);
	CU_ASSERT(r.verdict == XDP_DROP && r.delta.drops[DROP_TCP_NOT_SYN].packets == 1);
	/* LIM-5: a row for one client is not for others */
	begin();
	list(&syn, true, ASA_INTERCEPT_ANSWER, 7);
	syn.src = "203.0.113.99";
	run(&syn, &r);
	CU_ASSERT(r.verdict == XDP_REDIRECT && r.meta.cause == PUNT_NO_FLOW);
	/* Off: nobody looks. */
	begin();
	list(&other, false, ASA_INTERCEPT_ANSWER, 7);
	w.cfg.intercept = 0;
	world_config(&w);
	run(&other, &r);
	CU_ASSERT(r.verdict == XDP_REDIRECT && r.meta.cause == PUNT_NO_FLOW);
}

/* SES-5: where ip verify reverse-path is on, only a source that is behind the interface is answered. */
static void reverse_path(void)
{
	static const struct {
		const char *src, *dst;
		uint32_t in;
		uint16_t flags;
		bool answered;
	} rows[] = {
		{ NEIGHBOUR4, "203.0.113.80", OUT_A, 0, true },
		{ NEIGHBOUR4, "203.0.113.80", OUT_A, ASA_IFACE_RPF, true },
		{ UNRESOLVED4, "203.0.113.80", OUT_A, ASA_IFACE_RPF, true }, /* neighbour not known yet */
		{ NEIGHBOUR6, "2001:db8:7::80", OUT_A, ASA_IFACE_RPF, true },
		{ NEIGHBOUR4, "203.0.113.80", LO, 0, true },
		{ NEIGHBOUR4, "203.0.113.80", LO, ASA_IFACE_RPF, false },
		{ NEIGHBOUR6, "2001:db8:7::80", LO, ASA_IFACE_RPF, false },
		{ "192.0.2.99", "203.0.113.80", LO, ASA_IFACE_RPF, false }, /* no route at all */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct pkt syn = { .src = rows[i].src, .dst = rows[i].dst, .proto = 6, .sport = 4000,
					 .dport = 80, .seq = 9, .flags = ASA_TCP_SYN };
		struct asa_intercept row = { .row = 3, .mss = 1380, .wscale = 7,
					     .flags = ASA_INTERCEPT_ANSWER };
		struct asa_intercept_key k = { .in_if = rows[i].in, .port = asa_htons(80) };
		struct asa_iface iface = { .flags = rows[i].flags };
		uint8_t frame[PKT_MAX];
		struct result r;

		begin();
		k.dst = pkt_addr(rows[i].dst);
		CU_ASSERT(bpf_map_update_elem(map(ASA_MAP_INTERCEPT), &k, &row, BPF_ANY) == 0);
		list_hot(&k, &row);
		w.cfg.intercept = ASA_INTERCEPT_ANY;
		world_config(&w);
		world_iface(&w, rows[i].in, &iface);
		CU_ASSERT_FATAL(world_run(&w, frame, (uint32_t)pkt_build(frame, &syn), rows[i].in, &r) == 0);
		if ((r.verdict == XDP_TX) != rows[i].answered)
			printf("      row %zu: verdict %d\n", i, r.verdict);
		CU_ASSERT_EQUAL(r.verdict == XDP_TX, rows[i].answered);
		if (!rows[i].answered)
			CU_ASSERT(r.verdict == XDP_REDIRECT && r.meta.cause == PUNT_NO_FLOW);
		world_iface(&w, rows[i].in, &(struct asa_iface){ 0 });
	}
}

/* Nobody whom no frame can come from gets an answer, and a SYN of a connection is not one of a flood. */
static void senders(void)
{
	static const char *const forged[] = { "127.0.0.1", "224.0.0.9", "240.0.0.1", "0.0.0.1",
					      "255.255.255.255", SERVER4, "::1", "ff02::5", "fe80::7",
					      SERVER6, "::" };
	struct result r;

	begin();
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		struct pkt syn = SYN4();

		if (strchr(forged[i], ':'))
			syn = (struct pkt)SYN6();
		syn.src = forged[i];
		list(&syn, false, ASA_INTERCEPT_ANSWER, 7);
		run(&syn, &r);
		CU_ASSERT_NOT_EQUAL(r.verdict, XDP_TX);
		CU_ASSERT_EQUAL(r.delta.stats[STAT_SYNCOOKIE_SENT].packets, 0);
	}
	for (int i = 0; i < 2; i++) {
		struct pkt syn = SYN4();

		if (i)
			syn = (struct pkt)SYN6();
		begin();
		list(&syn, false, ASA_INTERCEPT_ANSWER, 7);
		world_conn(&w, 5, &syn, NULL, 0);
		run(&syn, &r);
		CU_ASSERT(r.verdict == XDP_REDIRECT && r.meta.cause == PUNT_TCP_SYN);
	}
}

static void answers_hot(void)
{
	hot = true;
	answers();
	silent();
	reverse_path();
	senders();
	hot = false;
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-5 INT-1 reverse path", reverse_path },
		{ "INT-1 INT-4 LIM-5 SYN, SYN-ACK, ACK, forgeries", answers },
		{ "INT-4 timestamps", timestamps },
		{ "INT-4 timestamps of a joined connection", joined_timestamps },
		{ "INT-1 INT-3 what is not answered", silent },
		{ "INT-1 SES-5 senders", senders },
		{ "INT-1 INT-3 INT-4 SES-5 the short way", answers_hot },
		{ NULL, NULL },
	};
	const char *object = getenv("ASA_OBJECT"), *why;
	int status;

	why = world_open(&w, object ? object : "build/asa_xdp.bpf.o");
	if (why) {
		printf("SKIP  syncookie: %s\n0 passed, 0 failed, 5 skipped\n", why);
		return 0;
	}
	status = asa_cunit_main("syncookie", tests);
	world_close(&w);
	return status;
}
