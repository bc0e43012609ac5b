// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * The TCP normalizer through the slow path: what the driver cannot do (first segments, checksums, the
 * end of a connection, fragments), and the rows that connections keep of their maps: NRM-1, NRM-3,
 * NRM-11 to NRM-23, NRM-30, MPF-11. Segments of open connections in the driver: tests/bpf/test_xdp_norm.c.
 */
#include "asa/tcp_norm.h"
#include "lib/dialogue.h"

#define U ASA_TCP_URG
#define SYN_OPTIONS "\2\4\5\264\4\2\10\12\0\0\3\350\0\0\0\0\1\3\3\7"
#define TS(v) "\1\1\10\12\0\0" v "\0\0\0\1"
#define OPT(text, n) .options = text, .n_options = n

static struct asa_tcp_map *map_of(struct fake *f, const char *name)
{
	return &model_tcp_map_find(f->fw.m, name)->map;
}

/* A class for all TCP with TCP map "m". */
static struct asa_tcp_map *map_class(struct fake *f)
{
	struct model_tcp_map *map = MODEL_PUSH(&f->fw.m->tcp_maps);
	struct model_policy_class *pc;

	snprintf(map->name, sizeof(map->name), "m");
	asa_tcp_map_default(&map->map);
	fw_ace(&f->fw, "all", "permit tcp any any");
	bypass_class(f, NULL, "all");
	pc = &f->fw.m->policy_maps.v[0].classes.v[0];
	pc->conn.bypass = false;
	pc->conn.random_seq = 0; /* numbers are not what these tests are about */
	snprintf(pc->conn.tcp_map, sizeof(pc->conn.tcp_map), "m");
	return &map->map;
}

/* The firewall with one map that differs by 'flags'. */
static struct fake *with(__u32 flags)
{
	struct fake *f = fake_new(64);

	map_class(f)->flags = flags;
	fake_start(f);
	return f;
}

static struct fake_pkt out(struct fake_pkt p)
{
	p.in = IF_INSIDE;
	p.src = INSIDE_HOST;
	p.dst = OUTSIDE_HOST;
	p.sport = p.sport ? p.sport : 40000;
	p.dport = 80;
	return p;
}

static struct fake_pkt in(struct fake_pkt p)
{
	p.in = IF_OUTSIDE;
	p.src = OUTSIDE_HOST;
	p.dst = INSIDE_HOST;
	p.sport = 80;
	p.dport = p.dport ? p.dport : 40000;
	return p;
}

static enum asa_drop pass(struct fake *f, struct fake_pkt p)
{
	fake_forget_sent(f);
	return fake_in(f, &p);
}
#define OUT(...) pass(f, out((struct fake_pkt){ __VA_ARGS__ }))
#define IN(...) pass(f, in((struct fake_pkt){ __VA_ARGS__ }))

static void open_connection(struct fake *f)
{
	CU_ASSERT_EQUAL_FATAL(OUT(.flags = S, .seq = 1000), DROP_NONE);
	CU_ASSERT_EQUAL_FATAL(IN(.flags = S | A, .seq = 5000, .ack = 1001), DROP_NONE);
	CU_ASSERT_EQUAL_FATAL(OUT(.flags = A, .seq = 1001, .ack = 5001), DROP_NONE);
}

/* The options of the last frame sent are these bytes; its checksums are right. */
static bool options_are(struct fake *f, const char *bytes, __u32 n)
{
	const struct asa_pkt *p = fake_last(f, NULL);

	return p && fake_checksums_good(p) && p->tcp.header == ASA_TCP_SIZE + n &&
	       !memcmp((const __u8 *)p->l4 + ASA_TCP_SIZE, bytes, n);
}

static const struct asa_half *half(struct fake *f, int dir)
{
	__u32 i;

	for (i = 1; i < f->t.n_slots; i++)
		if (f->t.conns[i].dir[0].flags & ASA_DIR_VALID)
			return &f->t.conns[i].half[dir];
	return NULL;
}

/* ------------------------------------------------------------------ SYN and SYN-ACK */

static void nrm17_syn_data(void)
{
	struct fake *f = with(0);

	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, .payload = 9), DROP_NONE);
	fake_end(f);
	f = with(ASA_TM_SYN_DATA_DROP);
	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, .payload = 9), DROP_TCP_SYN_DATA);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, .payload = 9), DROP_TCP_SYN_DATA); /* once more */
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_SYN_DATA), 2);
	fake_end(f);
}

static void nrm18_synack_data(void)
{
	struct fake *f = with(0);

	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000), DROP_NONE);
	CU_ASSERT_EQUAL(IN(.flags = S | A, .seq = 5000, .ack = 1001, .payload = 9), DROP_TCP_SYNACK_DATA);
	CU_ASSERT_EQUAL(IN(.flags = S | A, .seq = 5000, .ack = 1001), DROP_NONE);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_SYNACK_DATA), 1);
	fake_end(f);
	f = with(ASA_TM_SYNACK_DATA_ALLOW);
	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000), DROP_NONE);
	CU_ASSERT_EQUAL(IN(.flags = S | A, .seq = 5000, .ack = 1001, .payload = 9), DROP_NONE);
	fake_end(f);
}

static void nrm22_nrm23_options_of_a_syn(void)
{
	static const struct {
		const char *name;
		int kind; /* -1: the default map */
		bool drop, allow;
		const char *in, *out;
		__u32 n;
		enum asa_drop why;
	} rows[] = {
		{ "default", -1, false, false, SYN_OPTIONS, SYN_OPTIONS, 20, 0 },
		{ "window-scale clear", 3, false, false, SYN_OPTIONS,
		  "\2\4\5\264\4\2\10\12\0\0\3\350\0\0\0\0\1\1\1\1", 20, 0 },
		{ "selective-ack clear", 4, false, false, SYN_OPTIONS,
		  "\2\4\5\264\1\1\10\12\0\0\3\350\0\0\0\0\1\3\3\7", 20, 0 },
		{ "timestamp clear", 8, false, false, SYN_OPTIONS,
		  "\2\4\5\264\4\2\1\1\1\1\1\1\1\1\1\1\1\3\3\7", 20, 0 },
		{ "range clear: fast open cookie", -1, false, false, "\42\12abcdefgh\1\1",
		  "\1\1\1\1\1\1\1\1\1\1\1\1", 12, 0 },
		{ "range allow", 34, false, true, "\42\12abcdefgh\1\1", "\42\12abcdefgh\1\1", 12, 0 },
		{ "range drop", 34, true, false, "\42\12abcdefgh\1\1", NULL, 12, DROP_TCP_OPTIONS },
		{ "tcp-bad-option-list", -1, false, false, "\42\0abcdefgh\1\1", NULL, 12, DROP_TCP_OPTIONS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *f = fake_new(64);
		struct asa_tcp_map *m = map_class(f);

		if (rows[i].kind >= 0) {
			asa_tcp_option_set(m->clear, (__u32)rows[i].kind, !rows[i].allow && !rows[i].drop);
			asa_tcp_option_set(m->drop, (__u32)rows[i].kind, rows[i].drop);
		}
		fake_start(f);
		CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, OPT(rows[i].in, rows[i].n)), rows[i].why);
		if (!rows[i].why) {
			if (!options_are(f, rows[i].out, rows[i].n))
				printf("      %s: other bytes\n", rows[i].name);
			CU_ASSERT_TRUE(options_are(f, rows[i].out, rows[i].n));
			/* what was taken away was not offered */
			CU_ASSERT_EQUAL(!(half(f, 0)->tcp & ASA_HALF_WSCALE),
					rows[i].n != 20 || rows[i].kind == 3);
			CU_ASSERT_EQUAL(!half(f, 0)->ts_recent, rows[i].n != 20 || rows[i].kind == 8);
		}
		fake_end(f);
	}
}

/* ------------------------------------------------------------------ open connections */

static void nrm11_nrm12_bits(void)
{
	static const struct { __u32 flags; enum asa_drop why; __u8 reserved, urg; } rows[] = {
		{ 0, 0, 15, 0 },
		{ ASA_TM_RESERVED_CLEAR, 0, 0, 0 },
		{ ASA_TM_RESERVED_DROP, DROP_TCP_RESERVED, 0, 0 },
		{ ASA_TM_URGENT_ALLOW, 0, 15, U },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *f = with(rows[i].flags);
		const struct asa_pkt *p;

		open_connection(f);
		CU_ASSERT_EQUAL(OUT(.flags = A | P | U, .seq = 1001, .ack = 5001, .payload = 10,
				    .reserved = 15, .urgent = 3), rows[i].why);
		p = fake_last(f, NULL);
		if (!rows[i].why) {
			CU_ASSERT_TRUE(p && fake_checksums_good(p));
			CU_ASSERT_EQUAL(p->tcp.reserved, rows[i].reserved);
			CU_ASSERT_EQUAL(p->tcp.flags & U, rows[i].urg);
			CU_ASSERT_EQUAL(asa_ldn16((__u8 *)p->l4 + ASA_TCP_URGENT), rows[i].urg ? 3 : 0);
		}
		fake_end(f);
	}
}

/* Payload matters, so the driver hands over every segment. */
static void nrm20_checksum_verification(void)
{
	struct fake *f = with(0);
	__u8 part[28];

	open_connection(f);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 10, .bad_checksum = true), DROP_NONE);
	CU_ASSERT_FALSE(f->t.conns[1].dir[0].flags & ASA_DIR_TCPMAP);
	fake_end(f);

	f = with(ASA_TM_CHECKSUM);
	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, .bad_checksum = true), DROP_TCP_CHECKSUM);
	open_connection(f);
	CU_ASSERT_TRUE(f->t.conns[1].dir[0].flags & f->t.conns[1].dir[1].flags & ASA_DIR_TCPMAP);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 11, .bad_checksum = true),
			DROP_TCP_CHECKSUM);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 11), DROP_NONE);
	CU_ASSERT_EQUAL(IN(.flags = A, .seq = 5001, .ack = 1012, .bad_checksum = true), DROP_TCP_CHECKSUM);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_CHECKSUM), 3);
	/* in fragments: a header with zero for a checksum, and eight bytes behind it */
	memset(part, 0, sizeof(part));
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1012, .ack = 5001, .payload = 4, .more = true, .ip_id = 7),
			DROP_NONE); /* held */
	CU_ASSERT_EQUAL(OUT(.frag_off = 24, .ip_id = 7, .payload = 8), DROP_TCP_CHECKSUM);
	fake_end(f);
}

static void nrm13_window_variation(void)
{
	struct fake *f = with(0);

	open_connection(f);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .win = 100), DROP_NONE);
	CU_ASSERT_EQUAL(fake_in_use(f), 1);
	fake_end(f);
	f = with(ASA_TM_WINDOW_DROP);
	open_connection(f);
	CU_ASSERT_EQUAL(IN(.flags = A, .seq = 5001, .ack = 1001, .payload = 92), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5093, .win = 8100), DROP_NONE); /* filled */
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5093, .win = 8100), DROP_NONE);
	fake_log_clear(f);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5093, .win = 8099), DROP_TCP_WINDOW);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	CU_ASSERT_TRUE(fake_logged(f, "TCP unexpected window size variation"));
	CU_ASSERT_EQUAL(IN(.flags = A, .seq = 5093, .ack = 1001), DROP_TCP_NOT_SYN);
	fake_end(f);
}

/* The MSS that counts is the one that the peer was told: after sysopt connection tcpmss. */
static void nrm14_exceed_mss(void)
{
	struct fake *f = fake_new(64);

	map_class(f)->flags = ASA_TM_MSS_DROP;
	f->fw.m->tcpmss = 1380;
	fake_start(f);
	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, OPT("\2\4\5\264", 4)), DROP_NONE); /* 1460 */
	CU_ASSERT_TRUE(options_are(f, "\2\4\5\144", 4));
	CU_ASSERT_EQUAL(IN(.flags = S | A, .seq = 5000, .ack = 1001), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001), DROP_NONE);
	CU_ASSERT_EQUAL(IN(.flags = A, .seq = 5001, .ack = 1001, .payload = 1381), DROP_TCP_MSS);
	CU_ASSERT_EQUAL(IN(.flags = A, .seq = 5001, .ack = 1001, .payload = 1380), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 1400), DROP_NONE);
	fake_end(f);
	f = with(0);
	open_connection(f);
	CU_ASSERT_EQUAL(IN(.flags = A, .seq = 5001, .ack = 1001, .payload = 1400), DROP_NONE);
	fake_end(f);
}

static int ttl_left(struct fake *f)
{
	const struct asa_pkt *p = fake_last(f, NULL);

	return p && fake_checksums_good(p) ? p->ttl : -1;
}

static void nrm19_ttl_evasion(void)
{
	struct fake *f = with(0);

	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, .ttl = 60), DROP_NONE);
	CU_ASSERT_EQUAL(ttl_left(f), 60);
	CU_ASSERT_EQUAL(IN(.flags = S | A, .seq = 5000, .ack = 1001, .ttl = 200), DROP_NONE);
	CU_ASSERT_EQUAL(ttl_left(f), 200); /* each direction has its own */
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .ttl = 64), DROP_NONE);
	CU_ASSERT_EQUAL(ttl_left(f), 60);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 5, .ttl = 3), DROP_NONE);
	CU_ASSERT_EQUAL(ttl_left(f), 3); /* the one that dies on its way */
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 5, .ttl = 64), DROP_NONE);
	CU_ASSERT_EQUAL(ttl_left(f), 3); /* and so does the one that looks like it */
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 900000, .ack = 5001, .payload = 5, .ttl = 1), DROP_TCP_SEQ_PAST_WIN);
	CU_ASSERT_EQUAL(half(f, 0)->ttl, 3); /* what is refused counts for nothing */
	fake_restart(f);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1006, .ack = 5001, .payload = 5, .ttl = 64), DROP_NONE);
	CU_ASSERT_EQUAL(ttl_left(f), 3);
	fake_end(f);
	f = with(ASA_TM_TTL_OFF);
	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, .ttl = 3), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, .ttl = 64), DROP_NONE);
	CU_ASSERT_EQUAL(ttl_left(f), 64);
	fake_end(f);
}

static void nrm16_nrm21_window_and_ack(void)
{
	struct fake *f = with(ASA_TM_SEQ_ALLOW);

	open_connection(f);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001 + 70000, .ack = 5001, .payload = 5), DROP_NONE);
	CU_ASSERT_EQUAL(IN(.flags = A, .seq = 5001, .ack = 1001 + 70005), DROP_NONE); /* it was sent */
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 5), DROP_NONE); /* and these are not too old */
	fake_end(f);
	f = with(ASA_TM_ACK_ALLOW);
	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000), DROP_NONE);
	CU_ASSERT_EQUAL(IN(.flags = S | A, .seq = 5000, .ack = 1001), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 7777), DROP_NONE);
	CU_ASSERT_EQUAL(half(f, 0)->tcp & ASA_HALF_ACKED, 0); /* passes, and says nothing */
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 7777), DROP_NONE);
	CU_ASSERT_EQUAL(half(f, 0)->ack, 5001);
	CU_ASSERT_EQUAL(IN(.flags = A, .seq = 5001, .ack = 1001, .payload = 10), DROP_NONE);
	fake_end(f);
	f = with(0);
	open_connection(f);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 7777), DROP_TCP_INVALID_ACK);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001 + 70000, .ack = 5001, .payload = 5), DROP_TCP_SEQ_PAST_WIN);
	fake_end(f);
}

/* RFC 7323 section 5.2: an old duplicate that numbers alone cannot tell; nothing known drops nothing. */
static void rfc7323_paws(void)
{
	struct fake *f = with(0);

	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, OPT(SYN_OPTIONS, 20)), DROP_NONE); /* 1000 */
	CU_ASSERT_EQUAL(IN(.flags = S | A, .seq = 5000, .ack = 1001, OPT(SYN_OPTIONS, 20)), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, OPT(TS("\3\360"), 12)), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 5, OPT(TS("\3\350"), 12)),
			DROP_TCP_PAWS);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_PAWS), 1);
	/* data that was overtaken by later data is older, and passes */
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1011, .ack = 5001, .payload = 10, OPT(TS("\4\20"), 12)), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 10, OPT(TS("\4\0"), 12)), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = R, .seq = 1021, OPT(TS("\0\1"), 12)), DROP_NONE);
	fake_end(f);
	f = with(0); /* the SYN had none: whatever comes later is not compared */
	open_connection(f);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 5, OPT(TS("\3\360"), 12)), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 5, OPT(TS("\0\1"), 12)), DROP_NONE);
	fake_end(f);
}

/* A connection that idled longer than timestamps are good for (RFC 7323 section 5.5). */
static void rfc7323_paws_after_24_days(void)
{
	struct asa_half own = { .tcp = ASA_HALF_SYN | ASA_HALF_ACKED, .ts_recent = 1000 };
	struct asa_half peer = { .tcp = ASA_HALF_SYN | ASA_HALF_ACKED };
	struct asa_tcp_seg s = { .looked = 1, .options = ASA_OPT_TS, .ts = 999, .flags = A };

	CU_ASSERT_EQUAL(tcp_norm_check(&own, &peer, 0, &s, asa_ticks_from_ms(23ull * 86400000)), DROP_TCP_PAWS);
	CU_ASSERT_EQUAL(tcp_norm_check(&own, &peer, 0, &s, asa_ticks_from_ms(25ull * 86400000)), DROP_NONE);
}

/* ------------------------------------------------------------------ rows of maps */

static void mpf11_a_connection_keeps_its_map(void)
{
	struct fake *f = with(ASA_TM_URGENT_ALLOW);
	const struct asa_pkt *p;
	__u8 row;

	open_connection(f);
	row = half(f, 0)->tcp_map;
	CU_ASSERT_NOT_EQUAL(row, 0);
	CU_ASSERT_EQUAL(half(f, 1)->tcp_map, row);
	map_of(f, "m")->flags = ASA_TM_RESERVED_DROP;
	fake_recompile(f);
	CU_ASSERT_EQUAL(OUT(.flags = A | U, .seq = 1001, .ack = 5001, .reserved = 1, .urgent = 1), DROP_NONE);
	p = fake_last(f, NULL);
	CU_ASSERT_TRUE(p && p->tcp.flags & U);
	CU_ASSERT_EQUAL(OUT(.sport = 40001, .flags = S, .seq = 1, .reserved = 1), DROP_TCP_RESERVED);
	CU_ASSERT_EQUAL(OUT(.sport = 40001, .flags = S, .seq = 1), DROP_NONE);
	CU_ASSERT_EQUAL(f->t.tcp_maps[row].users, 1);
	fake_restart(f);
	CU_ASSERT_EQUAL(f->t.tcp_maps[row].users, 1);
	CU_ASSERT_EQUAL(OUT(.flags = A | U, .seq = 1001, .ack = 5001, .reserved = 1, .urgent = 1), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = R, .seq = 1001), DROP_NONE);
	fake_wait(f, 1500);
	CU_ASSERT_EQUAL(f->t.tcp_maps[row].users, 0);
	fake_end(f);
}

/* Equal maps share a row; when all rows are in use, a connection with yet another is refused. */
static void nrm1_rows_are_bounded(void)
{
	struct fake *f = with(ASA_TM_URGENT_ALLOW);
	__u32 i;

	f->no_log = true;
	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.sport = 40001, .flags = S, .seq = 1), DROP_NONE);
	CU_ASSERT_EQUAL(f->t.tcp_maps[half(f, 0)->tcp_map].users, 2);
	for (i = 1; i < ASA_TCP_MAPS_MAX; i++)
		if (!f->t.tcp_maps[i].users)
			f->t.tcp_maps[i].users = 1000; /* somebody's */
	map_of(f, "m")->flags = ASA_TM_ACK_ALLOW;
	fake_recompile(f);
	CU_ASSERT_EQUAL(OUT(.sport = 40002, .flags = S, .seq = 1), DROP_RESOURCE_FLOW);
	map_of(f, "m")->flags = 0; /* the default needs none */
	fake_recompile(f);
	CU_ASSERT_EQUAL(OUT(.sport = 40003, .flags = S, .seq = 1), DROP_NONE);
	fake_end(f);
}

static void byp5_bypass_is_not_normalized(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;

	fw_ace(&f->fw, "all", "permit tcp any any");
	bypass_class(f, NULL, "all");
	fake_start(f);
	CU_ASSERT_EQUAL(OUT(.flags = A | U, .seq = 1, .reserved = 15, .urgent = 2, OPT("\36\0ab", 4), .ttl = 9), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A | U, .seq = 1, .reserved = 15, .urgent = 2, OPT("\36\0ab", 4), .ttl = 70), DROP_NONE);
	p = fake_last(f, NULL);
	CU_ASSERT_TRUE(p && p->tcp.flags & U && p->tcp.reserved == 15 && p->ttl == 70);
	CU_ASSERT_TRUE(options_are(f, "\36\0ab", 4));
	fake_end(f);
}

/* NRM-12 for the two ends of a translated connection with other numbers: edits and rewriting add up. */
static void nrm4_with_fragments(void)
{
	struct fake *f = with(0);
	const struct asa_pkt *p;

	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000, .ttl = 50), DROP_NONE);
	CU_ASSERT_EQUAL(IN(.flags = S | A, .seq = 5000, .ack = 1001), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A | U, .seq = 1001, .ack = 5001, .payload = 4, .more = true, .ip_id = 9), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.frag_off = 24, .ip_id = 9, .payload = 8), DROP_NONE);
	CU_ASSERT_EQUAL(f->n_sent, 2);
	p = fake_last(f, NULL); /* the second half: its TTL is lowered as that of the first */
	CU_ASSERT_TRUE(p && p->ttl == 50);
	fake_end(f);
}

/* What "inspect waas" means for the normalizer, with a map of the class and without. */
static void nrm21_always_allowed_on_waas_connections(void)
{
	int with_map, waas;

	for (with_map = 0; with_map < 2; with_map++)
		for (waas = 0; waas < 2; waas++) {
			struct fake *f = fake_new(64);
			struct model_policy_class *pc;

			map_class(f)->flags = ASA_TM_RESERVED_DROP;
			pc = &f->fw.m->policy_maps.v[0].classes.v[0];
			if (!with_map)
				pc->conn.tcp_map[0] = '\0';
			if (waas)
				*(char **)MODEL_PUSH(&pc->inspects) = strdup("waas");
			fake_start(f);
			open_connection(f);
			CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 9999, .payload = 5),
					waas ? DROP_NONE : DROP_TCP_INVALID_ACK);
			CU_ASSERT_EQUAL(fake_drops(f, DROP_TCP_INVALID_ACK), !waas);
			fake_forget_sent(f);
			fake_end(f);
		}
}

/* How many SYNs are let through to the server, and how many are answered in its name? */
static void flood(struct fake *f, __u16 port, int n, int *through, int *answered)
{
	*through = *answered = 0;
	for (; n > 0; n--, port++) {
		__u32 to = 0;

		CU_ASSERT_EQUAL(OUT(.flags = S, .seq = port * 7919u, .sport = port), DROP_NONE);
		CU_ASSERT_EQUAL(f->n_sent, 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(fake_last(f, &to));
		*through += to == IF_OUTSIDE;
		*answered += to == IF_INSIDE;
	}
	fake_forget_sent(f);
}

/* The strictest map lets a flood of well-formed SYNs through, all of it; a limit answers with cookies. */
static void nrm2_only_intercept_stops_a_syn_flood(void)
{
	struct fake *f = fake_new(512);
	struct asa_tcp_map *m = map_class(f);
	int through, answered;

	m->flags = ASA_TM_RESERVED_DROP | ASA_TM_SYN_DATA_DROP | ASA_TM_MSS_DROP | ASA_TM_WINDOW_DROP |
		   ASA_TM_CHECKSUM | ASA_TM_CHECK_RETRANSMISSION;
	m->queue_limit = 250;
	fake_start(f);
	fake_wait(f, 200); /* keys of cookies */
	flood(f, 10000, 200, &through, &answered);
	CU_ASSERT_EQUAL(through, 200);
	CU_ASSERT_EQUAL(answered, 0);
	CU_ASSERT_EQUAL(fake_in_use(f), 200);
	f->fw.m->policy_maps.v[0].classes.v[0].conn.embryonic_max = 210;
	fake_recompile(f);
	flood(f, 20000, 200, &through, &answered);
	CU_ASSERT_EQUAL(through, 10);
	CU_ASSERT_EQUAL(answered, 190);
	CU_ASSERT_EQUAL(fake_in_use(f), 210);
	CU_ASSERT_TRUE(fake_law(f));
	fake_end(f);
}

/* What is refused or changed says so where an ASA does. */
static void messages_of_the_normalizer(void)
{
	struct fake *f = with(ASA_TM_MSS_DROP);

	CU_ASSERT_EQUAL(OUT(.flags = S, .seq = 1000), DROP_NONE);
	CU_ASSERT_EQUAL(IN(.flags = S | A, .seq = 5000, .ack = 1001, OPT("\2\4\0\144", 4)), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001), DROP_NONE);
	CU_ASSERT_EQUAL(OUT(.flags = A, .seq = 1001, .ack = 5001, .payload = 101), DROP_TCP_MSS);
	CU_ASSERT_TRUE(fake_logged(f, "419001: Dropping TCP packet from inside:10.1.1.5/40000 to "
				      "outside:198.51.100.7/80, reason: MSS exceeded, MSS 100, data 101"));
	CU_ASSERT_EQUAL(OUT(.flags = A | U, .seq = 1001, .ack = 5001, .payload = 5), DROP_NONE);
	CU_ASSERT_TRUE(fake_logged(f, "419003: Cleared TCP urgent flag from inside:10.1.1.5/40000 to "
				      "outside:198.51.100.7/80"));
	CU_ASSERT_EQUAL(IN(.flags = A | U, .seq = 5001, .ack = 1006, .payload = 5), DROP_NONE);
	CU_ASSERT_TRUE(fake_logged(f, "419003: Cleared TCP urgent flag from outside:198.51.100.7/80 to "
				      "inside:10.1.1.5/40000"));
	/* the driver's word for it */
	fake_log_clear(f);
	sessions_event(f->asa.sessions,
		       &(struct asa_event){ .type = ASA_EVENT_URGENT, .dir = 1, .slot = 1,
					    .serial = (__u16)f->t.sessions[1].id }, f->now);
	CU_ASSERT_TRUE(fake_logged(f, "419003: Cleared TCP urgent flag from outside:198.51.100.7/80"));
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.raw = (const __u8 *)"\x9c\x40\0\120\0\0\0\1\0\0\0\0\x40\x02\x20\0\0\0\0\0x", .n_raw = 21),
			DROP_TCP_HEADER);
	CU_ASSERT_TRUE(fake_logged(f, "500003: Bad TCP hdr length (hdrlen=16, pktlen=21) from 10.1.1.5/40000 to "
				      "198.51.100.7/80, flags: SYN, on interface inside"));
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.raw = (const __u8 *)"\0\0\0\120\0\0\0\1\0\0\0\0\x50\x02\x20\0\0\0\0\0", .n_raw = 20),
			DROP_TCP_HEADER);
	CU_ASSERT_TRUE(fake_logged(f, "500004: Invalid transport field for protocol=6, from 10.1.1.5/0 to "
				      "198.51.100.7/80"));
	/* nothing to read the ports from */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.raw = (const __u8 *)"\1", .n_raw = 1), DROP_TCP_HEADER);
	CU_ASSERT_TRUE(fake_logged(f, "500003: Bad TCP hdr length (hdrlen=0, pktlen=1) from 10.1.1.5/0 to"));
	CU_ASSERT_TRUE(fake_law(f));
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "NRM-12 NRM-14 OBS messages of the normalizer", messages_of_the_normalizer },
		{ "NRM-21 always allowed on WAAS connections", nrm21_always_allowed_on_waas_connections },
		{ "NRM-2 only intercept stops a SYN flood", nrm2_only_intercept_stops_a_syn_flood },
		{ "nrm17_syn_data", nrm17_syn_data },
		{ "nrm18_synack_data", nrm18_synack_data },
		{ "nrm22_nrm23_options_of_a_syn", nrm22_nrm23_options_of_a_syn },
		{ "nrm11_nrm12_bits", nrm11_nrm12_bits },
		{ "nrm20_checksum_verification", nrm20_checksum_verification },
		{ "nrm13_window_variation", nrm13_window_variation },
		{ "nrm14_exceed_mss", nrm14_exceed_mss },
		{ "nrm19_ttl_evasion", nrm19_ttl_evasion },
		{ "nrm16_nrm21_window_and_ack", nrm16_nrm21_window_and_ack },
		{ "rfc7323_paws", rfc7323_paws },
		{ "rfc7323_paws_after_24_days", rfc7323_paws_after_24_days },
		{ "mpf11_a_connection_keeps_its_map", mpf11_a_connection_keeps_its_map },
		{ "nrm1_rows_are_bounded", nrm1_rows_are_bounded },
		{ "byp5_bypass_is_not_normalized", byp5_bypass_is_not_normalized },
		{ "nrm4_with_fragments", nrm4_with_fragments },
		{ NULL, NULL },
	};
	return asa_cunit_main("normalize", tests);
}
