// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/world.o tests/lib/pkt.o */
/*
 * The TCP normalizer in the XDP program by test run: NRM-11 to NRM-23, NRM-30, NRM-31, RFC 7323.
 *
 * A row is a segment, the one line of a TCP map that its connection has, and what leaves: the same
 * bytes, the bytes of 'out', or nothing and a reason. Checksums are verified by full recomputation
 * and left out of the comparison. Each option stands alone, at each of its values.
 * A negative 'why' is a punt cause.
 */
#include <linux/bpf.h>
#include <stdlib.h>

#include <asa/tcp_norm.h>

#include "lib/cunit.h"
#include "lib/world.h"

#define CLIENT4 "10.1.1.10"
#define SERVER4 "198.51.100.80"
#define CLIENT6 "2001:db8:1::10"
#define SERVER6 "2001:db8:2::80"

static struct world w;

struct seg {
	uint8_t flags; /* 0: ACK PSH */
	uint8_t reserved;
	uint16_t urgent;
	uint8_t ttl; /* 0: 64 */
	uint16_t window; /* 0: 8192 */
	uint32_t seq, ack; /* relative; 0: the next */
	const char *options;
	uint8_t options_size;
	uint16_t payload; /* 0: 5, 0xffff: none */
	const char *data; /* what it is, if that matters */
};

struct row {
	const char *name;
	struct seg in;
	void (*map)(struct asa_tcp_map *m); /* NULL: the default map */
	int why;
	struct seg out; /* forwarded: what differs; flags 0: nothing */
	void (*conn)(struct asa_conn *c);
	bool v6, syn_ack;
	uint16_t mss; /* what the receiver announced */
	uint8_t ttl_after; /* 0: not looked at */
	int wscale_after; /* 1: must be set, -1: must not */
};

#define MAP(name, ...) static void name(struct asa_tcp_map *m) { __VA_ARGS__; }
#define FLAG(name, flag) MAP(name, m->flags = flag)
FLAG(urgent_allow, ASA_TM_URGENT_ALLOW)
FLAG(reserved_clear, ASA_TM_RESERVED_CLEAR)
FLAG(reserved_drop, ASA_TM_RESERVED_DROP)
FLAG(mss_drop, ASA_TM_MSS_DROP)
FLAG(ttl_off, ASA_TM_TTL_OFF)
FLAG(seq_allow, ASA_TM_SEQ_ALLOW)
FLAG(ack_allow, ASA_TM_ACK_ALLOW)
FLAG(window_drop, ASA_TM_WINDOW_DROP)
FLAG(synack_allow, ASA_TM_SYNACK_DATA_ALLOW)
MAP(range_allow, asa_tcp_option_set(m->clear, 30, 0))
MAP(range_drop, asa_tcp_option_set(m->drop, 30, 1))
MAP(other_range_drop, asa_tcp_option_set(m->drop, 31, 1))
MAP(sack_clear, asa_tcp_option_set(m->clear, 4, 1); asa_tcp_option_set(m->clear, 5, 1))
MAP(ts_clear, asa_tcp_option_set(m->clear, 8, 1))
MAP(wscale_clear, asa_tcp_option_set(m->clear, 3, 1))

#define CONN(name, ...) static void name(struct asa_conn *c) { __VA_ARGS__; }
CONN(ttl_60, c->half[0].ttl = 60)
CONN(ttl_60_decrement, c->half[0].ttl = 60; c->dir[0].flags |= ASA_DIR_DEC_TTL)
CONN(ts_1000, c->half[0].ts_recent = 1000)
CONN(ts_1000_usual, c->half[0].ts_recent = 1000; c->half[0].ttl = 64) /* told by one look */
CONN(ts_wrapping, c->half[0].ts_recent = 0xfffffff0)
CONN(shifted, c->dir[0].flags |= ASA_DIR_SEQ; c->half[0].seq_add = 7)
CONN(peer_shifted, c->dir[0].flags |= ASA_DIR_SEQ; c->half[0].ttl = 64; c->half[1].seq_add = 7)
CONN(bypass, c->dir[0].flags |= ASA_DIR_BYPASS; c->half[0].ttl = 60; c->half[0].ts_recent = 5000)

#define TS(v) "\1\1\10\12\0\0" v "\0\0\0\1" /* two bytes of the value */
#define TS999 TS("\3\347")
#define TS1000 TS("\3\350")
#define TS1001 TS("\3\351")
#define SACK "\1\1\5\12\0\0\23\211\0\0\23\222"
#define BLOCK "\0\0\23\211\0\0\23\222" /* 5001 to 5010 */
#define LESS7 "\0\0\23\202\0\0\23\213"
#define WRAPS "\0\0\0\3\377\377\0\6"
#define WRAPS7 "\377\377\377\374\377\376\377\377"
#define NOPS "\1\1\1\1\1\1\1\1\1\1\1\1"
#define OPT(text, n) .options = text, .options_size = n
#define SAME { .flags = 0 }
#define U 0x38 /* URG PSH ACK */
#define D 0x18 /* PSH ACK */
#define SA 0x12

static const struct row rows[] = {
	/*  name			segment				map		why	leaves as */
	{ "NRM-12 urgent-flag clear", { .flags = U, .urgent = 7 }, NULL, 0, { .flags = D } },
	{ "NRM-12 urgent-flag clear, IPv6", { .flags = U, .urgent = 7 }, NULL, 0, { .flags = D }, .v6 = true },
	{ "NRM-12 urgent-flag allow", { .flags = U, .urgent = 7 }, urgent_allow, 0, SAME },
	{ "NRM-12 urgent with a sequence offset", { .flags = U, .urgent = 7 }, NULL, 0,
	  { .flags = D, .seq = 7 }, shifted },

	{ "NRM-11 reserved-bits allow", { .reserved = 15 }, NULL, 0, SAME },
	{ "NRM-11 reserved-bits clear", { .reserved = 15 }, reserved_clear, 0, { .flags = D } },
	{ "NRM-11 reserved-bits clear, one", { .reserved = 4 }, reserved_clear, 0, { .flags = D } },
	{ "NRM-11 tcp-reserved-set", { .reserved = 2 }, reserved_drop, DROP_TCP_RESERVED },
	{ "NRM-11 reserved-bits drop: none is set", {}, reserved_drop, 0, SAME },

	{ "NRM-13 window-variation allow", { .window = 100 }, NULL, 0, SAME },
	{ "NRM-13 window-variation drop", { .window = 100 }, window_drop, -PUNT_NORMALIZE },
	{ "NRM-13 window-variation drop: data fills it", { .window = 8192 }, window_drop, 0, SAME },
	{ "NRM-13 window-variation drop: an older segment", { .window = 100, .seq = -3u }, window_drop, 0, SAME },

	{ "NRM-14 exceed-mss allow", {}, NULL, 0, SAME, .mss = 4 },
	{ "NRM-14 tcp-mss-exceeded", {}, mss_drop, DROP_TCP_MSS, SAME, .mss = 4 },
	{ "NRM-14 exceed-mss drop: as long as it may be", {}, mss_drop, 0, SAME, .mss = 5 },
	{ "NRM-14 exceed-mss drop: none was announced", {}, mss_drop, 0, SAME },

	{ "NRM-16 seq-past-window drop", { .seq = 8192 }, NULL, DROP_TCP_SEQ_PAST_WIN },
	{ "NRM-16 seq-past-window allow", { .seq = 8192 }, seq_allow, 0, SAME },
	{ "NRM-16 seq-past-window allow: older than a window", { .seq = -9000u }, seq_allow, 0, SAME },
	{ "NRM-16 seq-past-window allow: farther than windows are", { .seq = 0x40004000 }, seq_allow,
	  DROP_TCP_SEQ_PAST_WIN },

	{ "NRM-18 tcp-synack-data", { .flags = SA }, NULL, DROP_TCP_SYNACK_DATA, .syn_ack = true },
	{ "NRM-18 synack-data allow", { .flags = SA }, synack_allow, 0, SAME, .syn_ack = true },
	{ "NRM-18 synack-data drop: there is none", { .flags = SA, .payload = 0xffff }, NULL, 0, SAME,
	  .syn_ack = true },

	{ "NRM-19 ttl-evasion-protection", { .ttl = 64 }, NULL, 0, { .flags = D, .ttl = 60 }, ttl_60,
	  .ttl_after = 60 },
	{ "NRM-19 ttl-evasion-protection, hop limit", { .ttl = 64 }, NULL, 0, { .flags = D, .ttl = 60 }, ttl_60,
	  .v6 = true, .ttl_after = 60 },
	{ "NRM-19 ttl-evasion-protection: the same", { .ttl = 60 }, NULL, 0, SAME, ttl_60, .ttl_after = 60 },
	{ "NRM-19 ttl-evasion-protection: a lower one counts from now on", { .ttl = 50 }, NULL, 0, SAME,
	  ttl_60, .ttl_after = 50 },
	{ "NRM-19 ttl-evasion-protection: the first one", { .ttl = 99 }, NULL, 0, SAME, .ttl_after = 99 },
	{ "NRM-19 with decrement-ttl", { .ttl = 64 }, NULL, 0, { .flags = D, .ttl = 59 }, ttl_60_decrement,
	  .ttl_after = 60 },
	{ "NRM-19 no ttl-evasion-protection", { .ttl = 64 }, ttl_off, 0, SAME, ttl_60, .ttl_after = 60 },

	{ "NRM-21 invalid-ack drop", { .ack = 1 }, NULL, DROP_TCP_INVALID_ACK },
	{ "NRM-21 invalid-ack allow", { .ack = 1 }, ack_allow, 0, SAME },

	{ "NRM-22 selective-ack allow", { OPT(SACK, 12) }, NULL, 0, SAME },
	{ "NRM-22 selective-ack clear", { OPT(SACK, 12) }, sack_clear, 0, { .flags = D, OPT(NOPS, 12) } },
	{ "NRM-22 selective-ack clear on SYN-ACK", { .flags = SA, .payload = 0xffff, OPT("\2\4\5\264\4\2\0\0", 8) },
	  sack_clear, 0, { .flags = SA, .payload = 0xffff, OPT("\2\4\5\264\1\1\0\0", 8) }, .syn_ack = true },
	{ "NRM-22 timestamp allow", { OPT(TS1000, 12) }, NULL, 0, SAME },
	{ "NRM-22 timestamp clear", { OPT(TS1000, 12) }, ts_clear, 0, { .flags = D, OPT(NOPS, 12) } },
	{ "NRM-22 timestamp clear: no PAWS", { OPT(TS999, 12) }, ts_clear, 0, { .flags = D, OPT(NOPS, 12) },
	  ts_1000 },
	{ "NRM-22 window-scale allow", { .flags = SA, .payload = 0xffff, OPT("\3\3\7\1", 4) }, NULL, 0, SAME,
	  .syn_ack = true, .wscale_after = 1 },
	{ "NRM-22 window-scale clear", { .flags = SA, .payload = 0xffff, OPT("\3\3\7\1", 4) }, wscale_clear, 0,
	  { .flags = SA, .payload = 0xffff, OPT("\1\1\1\1", 4) }, .syn_ack = true, .wscale_after = -1 },

	{ "NRM-23 tcp-options range clear (default)", { OPT("\36\4ab", 4) }, NULL, 0,
	  { .flags = D, OPT("\1\1\1\1", 4) } },
	{ "NRM-23 range clear at an odd place", { OPT("\1\36\5abc\1\1", 8) }, NULL, 0,
	  { .flags = D, OPT("\1\1\1\1\1\1\1\1", 8) } },
	{ "NRM-23 range clear: what stands around stays", { OPT(TS1000 "\6\6abcd\1\0", 20) }, NULL, 0,
	  { .flags = D, OPT(TS1000 "\1\1\1\1\1\1\1\0", 20) } },
	{ "NRM-23 range clear: behind the end of the list", { OPT("\1\1\0\36", 4) }, NULL, 0, SAME },
	{ "NRM-23 range clear: all 40 bytes", { OPT("\36\50abcdefghijklmnopqrstuvwxyz0123456789-+", 40) }, NULL, 0,
	  { .flags = D, OPT(NOPS NOPS NOPS "\1\1\1\1", 40) } },
	{ "NRM-23 range clear with a sequence offset and SACK", { OPT("\36\4ab" SACK, 16) }, NULL, 0,
	  { .flags = D, .seq = 7, OPT("\1\1\1\1" SACK, 16) }, shifted },
	{ "NRM-23 tcp-options range allow", { OPT("\36\4ab", 4) }, range_allow, 0, SAME },
	{ "NRM-23 tcp-options range drop", { OPT("\36\4ab", 4) }, range_drop, DROP_TCP_OPTIONS },
	{ "NRM-23 tcp-options range drop: another number", { OPT("\36\4ab", 4) }, other_range_drop, 0,
	  { .flags = D, OPT("\1\1\1\1", 4) } },

	{ "tcp-bad-option-list: length 0", { OPT("\36\0\1\1", 4) }, NULL, DROP_TCP_OPTIONS },
	{ "tcp-bad-option-list: length 1", { OPT("\36\1\1\1", 4) }, NULL, DROP_TCP_OPTIONS },
	{ "tcp-bad-option-list: beyond the header", { OPT("\36\5\1\1", 4) }, NULL, DROP_TCP_OPTIONS },
	{ "tcp-bad-option-list: no room for a length", { OPT("\1\1\1\36", 4) }, NULL, DROP_TCP_OPTIONS },
	{ "tcp-bad-option-list: MSS of 3 bytes", { OPT("\2\3\1\1", 4) }, NULL, DROP_TCP_OPTIONS },
	{ "tcp-bad-option-list: timestamp of 8 bytes", { OPT("\10\10abcdef", 8) }, NULL, DROP_TCP_OPTIONS },
	{ "tcp-bad-option-list: empty SACK", { OPT("\5\2\1\1", 4) }, NULL, DROP_TCP_OPTIONS },
	{ "tcp-bad-option-list: SACK of half a block", { OPT("\5\6abcd\1\1", 8) }, NULL, DROP_TCP_OPTIONS },
	{ "tcp-bad-option-list: window scale twice", { .flags = SA, .payload = 0xffff,
	  OPT("\3\3\1\3\3\7\1\1", 8) }, NULL, DROP_TCP_OPTIONS, .syn_ack = true },

	{ "RFC 7323 tcp-paws-fail", { OPT(TS999, 12) }, NULL, DROP_TCP_PAWS, SAME, ts_1000 },
	{ "RFC 7323 PAWS behind another option", { OPT("\1\1\1\1" TS999, 16) }, NULL, DROP_TCP_PAWS, SAME, ts_1000 },
	{ "RFC 7323 PAWS: the same", { OPT(TS1000, 12) }, NULL, 0, SAME, ts_1000 },
	{ "RFC 7323 PAWS: later", { OPT(TS1001, 12) }, NULL, 0, SAME, ts_1000 },
	{ "RFC 7323 PAWS: later, over the wrap", { OPT(TS1000, 12) }, NULL, 0, SAME, ts_wrapping },
	{ "RFC 7323 PAWS: nothing is known", { OPT(TS999, 12) }, NULL, 0, SAME },
	{ "RFC 7323 PAWS: a RST has any", { .flags = 0x14, .payload = 0xffff, OPT(TS999, 12) }, NULL, 0, SAME, ts_1000 },

	{ "RFC 7323 PAWS before SACK", { OPT(TS999 SACK, 24) }, NULL, DROP_TCP_PAWS, SAME, ts_1000 },
	{ "timestamp and SACK, no payload", { .payload = 0xffff, OPT(TS1000 SACK, 24) }, NULL, 0, SAME },
	{ "timestamp, no payload", { .payload = 0xffff, OPT(TS1000, 12) }, NULL, 0, SAME, ts_1000 },
	{ "tcp-bad-option-list: SACK longer than the header", { OPT(TS1000 "\1\1\5\22\0\0\23\211\0\0\23\222", 24) },
	  NULL, DROP_TCP_OPTIONS },
	{ "tcp-bad-option-list: half a block behind a timestamp", { OPT(TS1000 "\1\1\5\6abcd", 20) }, NULL,
	  DROP_TCP_OPTIONS },

	{ "tcp-bad-option-list: timestamp longer than the header, its end and SACK's in the payload",
	  { OPT("\1\1\10\12\0\0\3\350", 8), .payload = 8, .data = "\0\0\0\1\377\377\377\372" }, NULL, DROP_TCP_OPTIONS, SAME,
	  ts_1000_usual },
	{ "RFC 7323 PAWS: payload that looks like a timestamp", { .payload = 12, .data = TS999 }, NULL, 0, SAME, ts_1000_usual },
	{ "RFC 7323 PAWS before SACK, told by one look", { OPT(TS999 SACK, 24) }, NULL, DROP_TCP_PAWS, SAME, ts_1000_usual },
	{ "SACK alone, told by one look", { OPT(SACK, 12) }, NULL, 0, SAME, ts_1000_usual },

	{ "SEQ-2 one SACK block", { .ack = 7, OPT("\1\1\5\12" BLOCK, 12) }, NULL, 0,
	  { .flags = D, OPT("\1\1\5\12" LESS7, 12) }, peer_shifted },
	{ "SEQ-2 four SACK blocks", { .ack = 7, OPT("\1\1\5\42" BLOCK WRAPS BLOCK WRAPS, 36) }, NULL, 0,
	  { .flags = D, OPT("\1\1\5\42" LESS7 WRAPS7 LESS7 WRAPS7, 36) }, peer_shifted },
	{ "SEQ-2 timestamp and one SACK block", { .ack = 7, OPT(TS1000 "\1\1\5\12" WRAPS, 24) }, NULL, 0,
	  { .flags = D, OPT(TS1000 "\1\1\5\12" WRAPS7, 24) }, peer_shifted },
	{ "SEQ-2 timestamp and three SACK blocks, IPv6",
	  { .ack = 7, OPT(TS1000 "\1\1\5\32" WRAPS BLOCK BLOCK, 40) }, NULL, 0,
	  { .flags = D, OPT(TS1000 "\1\1\5\32" WRAPS7 LESS7 LESS7, 40) }, peer_shifted, .v6 = true },
	{ "SEQ-2 SACK blocks with nothing in front", { .ack = 7, OPT("\5\22" BLOCK WRAPS "\1\1", 20) }, NULL, 0,
	  { .flags = D, OPT("\5\22" LESS7 WRAPS7 "\1\1", 20) }, peer_shifted },
	{ "SEQ-2 SACK blocks in front of timestamps", { .ack = 7, OPT("\1\1\5\12" BLOCK TS1000, 24) }, NULL, 0,
	  { .flags = D, OPT("\1\1\5\12" LESS7 TS1000, 24) }, peer_shifted },
	{ "SEQ-2 SACK in the payload", { .ack = 7, .payload = 12, .data = "\1\1\5\12" BLOCK }, NULL, 0,
	  { .flags = D, .payload = 12, .data = "\1\1\5\12" BLOCK }, peer_shifted },

	{ "BYP-5 bypass: nothing of it", { .flags = U, .urgent = 7, .reserved = 15, OPT("\36\0ab" TS999, 16) },
	  NULL, 0, SAME, bypass },
};

/* Full recomputation of the TCP checksum of a frame without VLAN tag. */
static void fix_checksum(uint8_t *frame, size_t size)
{
	bool v6 = frame[12] == 0x86;
	uint32_t l4 = v6 ? 54 : 34, n = (uint32_t)size - l4;
	uint64_t sum = asa_htons(6) + (uint64_t)asa_htons((uint16_t)n);

	sum = asa_csum_add_bytes(sum, frame + (v6 ? 22 : 26), v6 ? 32 : 8);
	frame[l4 + 16] = frame[l4 + 17] = 0;
	sum = asa_csum_add_bytes(sum, frame + l4, n);
	asa_st16(frame + l4 + 16, (uint16_t)~asa_csum_fold(sum));
}

static struct pkt describe(const struct row *r, const struct seg *s)
{
	/* a connection that the client opened; the SYN-ACK is its direction 0 all the same */
	struct pkt p = { .src = r->v6 ? CLIENT6 : CLIENT4, .dst = r->v6 ? SERVER6 : SERVER4, .proto = 6,
			 .sport = 1025, .dport = 80, .flags = s->flags ? s->flags : D,
			 .ttl = s->ttl, .window = s->window, .options = s->options,
			 .options_size = s->options_size };

	p.seq = (r->syn_ack ? 1000 : 1001) + s->seq;
	p.ack = 5001 + s->ack;
	p.payload = s->payload == 0xffff ? 0 : s->payload ? s->payload : 5;
	p.quote = s->data;
	return p;
}

static uint32_t build(uint8_t *frame, const struct row *r, const struct seg *s)
{
	struct pkt p = describe(r, s);
	uint32_t size = (uint32_t)pkt_build(frame, &p), l4 = r->v6 ? 54 : 34;

	frame[l4 + 12] |= s->reserved;
	asa_stn16(frame + l4 + 18, s->urgent);
	fix_checksum(frame, size);
	return size;
}

static void prepare(const struct row *r, const struct pkt *p)
{
	struct asa_tcp_map m;
	struct asa_conn c;

	world_reset(&w);
	world_xsk(&w, r->why < 0); /* none of the others needs a daemon */
	world_conn(&w, 1, p, NULL, 0);
	c = world_slot(&w, 1);
	if (r->syn_ack) {
		c.half[1] = (struct asa_half){ .isn = 5000, .seq_end = 5001, .win_max = 8192,
					       .tcp = ASA_HALF_SYN };
	} else {
		c.half[0] = (struct asa_half){ .isn = 1000, .seq_end = 1001, .ack = 5001,
					       .edge = 5001 + 8192, .win_max = 8192,
					       .tcp = ASA_HALF_SYN | ASA_HALF_ACKED };
		c.half[1] = (struct asa_half){ .isn = 5000, .seq_end = 5001, .ack = 1001,
					       .edge = 1001 + 8192, .win_max = 8192,
					       .tcp = ASA_HALF_SYN | ASA_HALF_ACKED };
	}
	if (r->conn)
		r->conn(&c);
	world_session_set(&w, 1, &(struct asa_session){ .id = WORLD_ID, .rest[1].mss = r->mss });
	if (r->map) {
		asa_tcp_map_default(&m);
		r->map(&m);
		world_tcp_map(&w, 1, &m);
		c.half[0].tcp_map = 1;
		c.half[1].tcp_map = 1;
	}
	world_slot_set(&w, 1, &c);
}

#define EXPECT(cond)                                                         \
	do {                                                                 \
		if (!(cond))                                                 \
			printf("      row \"%s\": %s\n", r->name, #cond);    \
		CU_ASSERT(cond);                                             \
	} while (0)

static void expect_bytes(const struct row *r, const struct result *res)
{
	struct seg out = r->out.flags ? r->out : r->in;
	uint8_t expected[PKT_MAX], got[PKT_MAX];
	uint32_t size, l4 = r->v6 ? 54 : 34;

	if (!out.ttl)
		out.ttl = r->in.ttl;
	size = build(expected, r, &out);
	memcpy(got, res->frame, res->size);
	EXPECT(pkt_check(got, res->size) == NULL);
	EXPECT(res->size == size);
	memset(expected + l4 + 16, 0, 2);
	memset(got + l4 + 16, 0, 2);
	if (!r->v6) {
		memset(expected + 24, 0, 2);
		memset(got + 24, 0, 2);
	}
	EXPECT(memcmp(got + 14, expected + 14, size - 14) == 0);
}

static void table(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct pkt p = describe(r, &r->in);
		struct asa_conn before, after;
		uint8_t frame[PKT_MAX];
		struct result res;
		uint32_t size = build(frame, r, &r->in);

		prepare(r, &p);
		before = world_slot(&w, 1);
		if (world_run(&w, frame, size, LO, &res)) {
			CU_FAIL("test run refused");
			return;
		}
		after = world_slot(&w, 1);
		for (int k = 1; k < ASA_DROP_MAX; k++)
			EXPECT(res.delta.drops[k].packets == (k == r->why));
		for (int k = 1; k < ASA_PUNT_MAX; k++)
			EXPECT(res.delta.punts[k].packets == (k == -r->why));
		if (r->why) {
			EXPECT(memcmp(&before, &after, sizeof(before)) == 0);
			EXPECT(res.verdict == (r->why > 0 ? XDP_DROP : XDP_REDIRECT));
			EXPECT(memcmp(res.frame, frame, size) == 0);
			continue;
		}
		EXPECT(res.verdict == XDP_REDIRECT && res.delta.in.fwd_packets == 1);
		expect_bytes(r, &res);
		EXPECT(!r->ttl_after || after.half[0].ttl == r->ttl_after);
		EXPECT(!r->wscale_after ||
		       !(after.half[0].tcp & ASA_HALF_WSCALE) == (r->wscale_after < 0));
	}
}

/* What a SYN-ACK announces is remembered as it was sent on; timestamps move with what was acknowledged. */
static void memory(void)
{
	static const struct row syn_ack = { "SYN-ACK", { .flags = SA, .payload = 0xffff,
		OPT("\2\4\5\264" TS1000, 16) }, .syn_ack = true };
	static const struct row in_order = { "in order", { OPT(TS1001, 12) }, .conn = ts_1000 };
	static const struct row ahead = { "ahead", { OPT(TS1001, 12), .seq = 100 }, .conn = ts_1000 };
	static const struct { const struct row *r; uint32_t ts; uint16_t mss; } cases[] = {
		{ &syn_ack, 1000, 1460 }, { &in_order, 1001, 0 }, { &ahead, 1000, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct row *r = cases[i].r;
		struct pkt p = describe(r, &r->in);
		uint8_t frame[PKT_MAX];
		struct asa_session session;
		struct asa_conn after;
		struct result res;
		uint32_t size = build(frame, r, &r->in);

		prepare(r, &p);
		CU_ASSERT_FATAL(world_run(&w, frame, size, LO, &res) == 0);
		after = world_slot(&w, 1);
		session = world_session(&w, 1);
		EXPECT(after.half[0].ts_recent == cases[i].ts && session.rest[0].mss == cases[i].mss);
	}
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "NRM-11 to NRM-23, NRM-31: each option at each value", table },
		{ "NRM-14 RFC 7323 what is remembered", memory },
		{ NULL, NULL },
	};
	const char *object = getenv("ASA_OBJECT"), *why;
	int status;

	why = world_open(&w, object ? object : "build/asa_xdp.bpf.o");
	if (why) {
		printf("SKIP  xdp_norm: %s\n0 passed, 0 failed, 2 skipped\n", why);
		return 0;
	}
	status = asa_cunit_main("xdp_norm", tests);
	world_close(&w);
	return status;
}
