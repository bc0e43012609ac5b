// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/pkt.o */
/*
 * Rewriting (include/asa/rewrite.h, tcp_options.h): SES-5, SES-10, SES-12, BYP-14.
 *
 * A row says what a frame looks like before and after.  The frame "before" is rewritten with
 * instructions made from the two descriptions, and must become, byte for byte, the frame that the
 * packet builder makes of "after": so incremental checksums are compared with full sums.
 */
#include <stdlib.h>

#include "lib/cunit.h"
#include "lib/pkt.h"

#include <asa/rewrite.h>

struct row {
	const char *name;
	struct pkt before;
	struct pkt after;
	uint16_t flags; /* enum asa_dir_flag besides NAT */
	uint32_t own_add;
	uint32_t other_add;
};

#define A4 .src = "10.1.1.10", .dst = "192.0.2.80"
#define B4 .src = "198.51.100.1", .dst = "203.0.113.9"
#define A6 .src = "2001:db8:1::10", .dst = "2001:db8:2::80"
#define B6 .src = "2001:db8:ffff::1", .dst = "2001:db8:3::9"
#define T .proto = 6, .flags = 0x18, .payload = 33, .seq = 77, .ack = 99
#define U .proto = 17, .payload = 21

static const char sack1[] = "\x01\x01\x05\x0a\x00\x00\x10\x00\x00\x00\x20\x00";
static const char sack1_minus[] = "\x01\x01\x05\x0a\x00\x00\x0f\x00\x00\x00\x1f\x00";
static const char sack_odd[] = "\x01\x05\x12\x00\x00\x00\x05\x00\x00\x20\x00"
			       "\x80\x00\x00\x00\xff\xff\xff\xff\x01";
static const char sack_odd_minus[] = "\x01\x05\x12\xff\xff\xff\x05\x00\x00\x1f\x00"
				     "\x7f\xff\xff\x00\xff\xff\xfe\xff\x01";

static const struct row rows[] = {
	{ "TCP, both addresses and ports", { A4, T, .sport = 1025, .dport = 80 },
	  { B4, T, .sport = 40000, .dport = 8080 } },
	{ "TCP over IPv6", { A6, T, .sport = 1025, .dport = 80 }, { B6, T, .sport = 4, .dport = 5 } },
	{ "UDP", { A4, U, .sport = 1025, .dport = 53 }, { B4, U, .sport = 40000, .dport = 53 } },
	{ "UDP over IPv6", { A6, U, .sport = 1025, .dport = 53 }, { B6, U, .sport = 9, .dport = 53 } },
	{ "UDP without checksum stays without", { A4, U, .sport = 1, .dport = 2, .no_checksum = 1 },
	  { B4, U, .sport = 3, .dport = 4, .no_checksum = 1 } },
	{ "echo request: identifier", { A4, .proto = 1, .type = 8, .sport = 7, .payload = 12 },
	  { B4, .proto = 1, .type = 8, .sport = 60000, .payload = 12 } },
	{ "echo reply: identifier", { A4, .proto = 1, .type = 0, .sport = 7, .payload = 12 },
	  { B4, .proto = 1, .type = 0, .sport = 60000, .payload = 12 } },
	{ "ICMPv6 echo", { A6, .proto = 58, .type = 128, .sport = 7, .payload = 12 },
	  { B6, .proto = 58, .type = 128, .sport = 60000, .payload = 12 } },
	{ "ICMPv6 echo reply", { A6, .proto = 58, .type = 129, .sport = 7, .payload = 12 },
	  { B6, .proto = 58, .type = 129, .sport = 1, .payload = 12 } },
	{ "GRE: addresses only", { A4, .proto = 47, .payload = 40 }, { B4, .proto = 47, .payload = 40 } },
	{ "SES-5 behind a tag", { A4, T, .sport = 1025, .dport = 80, .vlan = { 10 }, .n_tags = 1 },
	  { B4, T, .sport = 40000, .dport = 80, .vlan = { 10 }, .n_tags = 1 } },
	{ "SES-5 with IPv4 options", { A4, T, .sport = 1025, .dport = 80, .ip_options = 12 },
	  { B4, T, .sport = 40000, .dport = 80, .ip_options = 12 } },
	{ "SES-5 with an IPv6 options header", { A6, U, .sport = 1, .dport = 53, .ip_options = 16 },
	  { B6, U, .sport = 2, .dport = 53, .ip_options = 16 } },
	{ "SES-5 decrement TTL", { A4, T, .sport = 1025, .dport = 80, .ttl = 2 },
	  { B4, T, .sport = 1025, .dport = 80, .ttl = 1 }, ASA_DIR_DEC_TTL },
	{ "SES-5 decrement hop limit", { A6, T, .sport = 1025, .dport = 80, .ttl = 255 },
	  { B6, T, .sport = 1025, .dport = 80, .ttl = 254 }, ASA_DIR_DEC_TTL },
	{ "SES-5 TTL alone", { A4, U, .sport = 1, .dport = 2, .ttl = 200 },
	  { A4, U, .sport = 1, .dport = 2, .ttl = 199 }, ASA_DIR_DEC_TTL },
	{ "nothing translated", { A4, T, .sport = 1025, .dport = 80 }, { A4, T, .sport = 1025, .dport = 80 } },
	{ "sequence offset", { A4, .proto = 6, .flags = 0x18, .sport = 1, .dport = 2, .seq = 0xfffffff0,
			       .ack = 0x10, .payload = 5 },
	  { A4, .proto = 6, .flags = 0x18, .sport = 1, .dport = 2, .seq = 0xf0, .ack = 0xffffff10,
	    .payload = 5 }, ASA_DIR_SEQ, 0x100, 0x100 },
	{ "sequence offset leaves the ACK field of a bare RST", { A4, .proto = 6, .flags = 0x04,
								  .sport = 1, .dport = 2, .seq = 5 },
	  { A4, .proto = 6, .flags = 0x04, .sport = 1, .dport = 2, .seq = 0x105 }, ASA_DIR_SEQ, 0x100,
	  0x100 },
	{ "sequence offset and NAT with SACK", { A4, .proto = 6, .flags = 0x10, .sport = 1, .dport = 2,
						 .seq = 1, .ack = 0x1000, .options = sack1,
						 .options_size = 12 },
	  { B4, .proto = 6, .flags = 0x10, .sport = 3, .dport = 4, .seq = 0x51, .ack = 0xf00,
	    .options = sack1_minus, .options_size = 12 }, ASA_DIR_SEQ, 0x50, 0x100 },
	{ "SACK blocks at an odd offset, wrapping", { A6, .proto = 6, .flags = 0x10, .sport = 1,
						      .dport = 2, .seq = 1, .ack = 0x1000,
						      .options = sack_odd, .options_size = 20 },
	  { A6, .proto = 6, .flags = 0x10, .sport = 1, .dport = 2, .seq = 1, .ack = 0xf00,
	    .options = sack_odd_minus, .options_size = 20 }, ASA_DIR_SEQ, 0, 0x100 },
};

/* A connection whose forward frames look like 'before' and then 'after'. */
static void conn_of(struct asa_conn *c, const struct row *r)
{
	struct asa_dir *dir = c->dir;
	struct asa_key out;

	memset(c, 0, sizeof(*c));
	pkt_key(&dir[0].key, &r->before);
	pkt_key(&out, &r->after);
	asa_key_reverse(&dir[1].key, &out);
	dir[0].flags = ASA_DIR_VALID | r->flags;
	if (!asa_key_equal(&dir[0].key, &out) || !r->flags)
		dir[0].flags |= ASA_DIR_NAT;
	c->half[0].seq_add = r->own_add;
	c->half[1].seq_add = r->other_add;
}

static enum asa_drop rewrite(uint8_t *frame, size_t size, const struct asa_conn *c)
{
	uint8_t *copy = malloc(size);
	struct asa_pkt p;
	enum asa_drop drop;

	memcpy(copy, frame, size);
	drop = asa_parse(&p, copy, copy + size, 1);
	if (!drop) {
		if ((c->dir[0].flags & ASA_DIR_SEQ) && (p.flags & ASA_PKT_TCP))
			asa_rewrite_sack(&p, c->half[1].seq_add);
		asa_rewrite(&p, &c->dir[0], &c->dir[1], &c->half[0], &c->half[1]);
	}
	memcpy(frame, copy, size);
	free(copy);
	return drop;
}

static void table(void)
{
	uint8_t frame[PKT_MAX], expected[PKT_MAX];
	struct asa_conn c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size = pkt_build(frame, &rows[i].before);
		int bad;

		CU_ASSERT_FATAL(pkt_build(expected, &rows[i].after) == size);
		conn_of(&c, &rows[i]);
		CU_ASSERT_FATAL(rewrite(frame, size, &c) == DROP_NONE);
		bad = memcmp(frame, expected, size) != 0;
		if (bad)
			printf("      row \"%s\": %s\n", rows[i].name,
			       pkt_check(frame, size) ? pkt_check(frame, size) : "bytes differ");
		CU_ASSERT(!bad);
	}
}

/* And back: rewriting the answer gives what the client sent, seen from the other side. */
static void there_and_back(void)
{
	uint8_t frame[PKT_MAX], expected[PKT_MAX];
	struct asa_conn c, back = { 0 };
	struct pkt answer, seen;

	for (size_t i = 0; i < 4; i++) {
		size_t size;

		conn_of(&c, &rows[i]);
		answer = rows[i].after;
		answer.src = rows[i].after.dst;
		answer.dst = rows[i].after.src;
		answer.sport = rows[i].after.dport;
		answer.dport = rows[i].after.sport;
		seen = rows[i].before;
		seen.src = rows[i].before.dst;
		seen.dst = rows[i].before.src;
		seen.sport = rows[i].before.dport;
		seen.dport = rows[i].before.sport;
		back.dir[0] = c.dir[1];
		back.dir[0].flags = ASA_DIR_VALID | ASA_DIR_NAT;
		back.dir[1] = c.dir[0];
		size = pkt_build(frame, &answer);
		pkt_build(expected, &seen);
		CU_ASSERT(rewrite(frame, size, &back) == DROP_NONE);
		CU_ASSERT(memcmp(frame, expected, size) == 0);
	}
}

/* Random addresses, ports and payload sizes: the checksum is right. */
static void random_checksums(void)
{
	uint8_t frame[PKT_MAX];
	char a[4][16];

	srand(4711);
	for (int i = 0; i < 60000; i++) {
		static const uint8_t protos[] = { 6, 17, 1 };
		struct row r = { 0 };
		struct asa_conn c;
		size_t size;

		for (int k = 0; k < 4; k++)
			snprintf(a[k], sizeof(a[k]), "10.%d.%d.%d", rand() & 255, rand() & 255,
				 (rand() & 254) + (k & 1));
		r.before = (struct pkt){ .src = a[0], .dst = a[1], .proto = protos[i % 3], .type = 8,
					 .sport = (uint16_t)(1 + rand() % 65535),
					 .dport = (uint16_t)(1 + rand() % 65535), .flags = 0x10,
					 .payload = (uint16_t)(rand() % 3) };
		r.after = r.before;
		r.after.src = a[2];
		r.after.dst = a[3];
		r.after.sport = (uint16_t)(1 + rand() % 65535);
		conn_of(&c, &r);
		size = pkt_build(frame, &r.before);
		CU_ASSERT_FATAL(rewrite(frame, size, &c) == DROP_NONE);
		CU_ASSERT_FATAL(pkt_check(frame, size) == NULL);
	}
}

/* A ones-complement sum is the number modulo 0xffff; 0 comes out of nothing but 0. */
static void folding(void)
{
	static const uint64_t edges[] = { 0, 1, 0xfffe, 0xffff, 0x10000, 0x1fffe, 0xffffffff, 0x100000000,
					  0x1ffffffff, 0xffffffff0000, 0xfffffffffffe, 0xffffffffffff };
	uint64_t sum;
	uint16_t want;
	int i;

	srandom(9);
	for (i = 0; i < 200000; i++) {
		if (i < (int)(sizeof(edges) / sizeof(edges[0])))
			sum = edges[i];
		else
			sum = ((uint64_t)random() << 31 ^ (uint64_t)random()) >> (random() % 48) & 0xffffffffffff;
		want = (uint16_t)(sum ? (sum - 1) % 0xffff + 1 : 0);
		CU_ASSERT_EQUAL_FATAL(asa_csum_fold(sum), want);
		/* what is left of a checksum and a sum of differences is the new checksum's complement */
		CU_ASSERT_EQUAL_FATAL(asa_csum_change((uint16_t)~0x1234, sum), (uint16_t)~asa_csum_fold(0x1234 + sum));
		CU_ASSERT_EQUAL_FATAL(asa_csum_change((uint16_t)~0x1234, sum),
				      asa_csum_apply((uint16_t)~0x1234, asa_csum_delta(sum)));
	}
}

/* Over all new source ports, one sum is zero: it must be sent as 0xffff (RFC 768). */
static void udp_zero_is_sent_as_ffff(void)
{
	struct row r = { .before = { A4, U, .sport = 1025, .dport = 53 },
			 .after = { B4, U, .sport = 1, .dport = 53 } };
	uint8_t frame[PKT_MAX];
	struct asa_conn c;
	int ffff = 0;

	for (int port = 1; port < 65536; port++) {
		size_t size = pkt_build(frame, &r.before);

		r.after.sport = (uint16_t)port;
		conn_of(&c, &r);
		CU_ASSERT_FATAL(rewrite(frame, size, &c) == DROP_NONE);
		CU_ASSERT_FATAL(frame[40] || frame[41]);
		CU_ASSERT_FATAL(pkt_check(frame, size) == NULL);
		ffff += frame[40] == 0xff && frame[41] == 0xff;
	}
	CU_ASSERT(ffff == 1);
}

static void later_fragment_keeps_its_payload(void)
{
	struct row r = { .before = { A4, U, .sport = 1025, .dport = 53, .frag = 0x2010 },
			 .after = { B4, U, .sport = 1025, .dport = 53, .frag = 0x2010 } };
	uint8_t frame[PKT_MAX], original[PKT_MAX];
	struct asa_conn c;
	size_t size = pkt_build(frame, &r.before);

	memcpy(original, frame, size);
	conn_of(&c, &r);
	CU_ASSERT(rewrite(frame, size, &c) == DROP_NONE);
	CU_ASSERT(memcmp(frame + 34, original + 34, size - 34) == 0);
	pkt_build(original, &r.after);
	CU_ASSERT(memcmp(frame, original, 34) == 0);
}

static void hostile_options(void)
{
	static const struct {
		const char *bytes;
		uint32_t size;
	} lists[] = {
		{ "\x05\x00", 2 },	{ "\x05\x01", 2 },	      { "\x05", 1 },
		{ "\x05\x0a\x01", 3 },	{ "\x03\x02\x05\x0a", 4 }, { "\x08\xff\x05\x0a", 4 },
		{ "\x00\x05\x0a\x01\x02\x03\x04\x05\x06\x07\x08\x09", 12 },
		{ "\x01\x01\x08\x0a", 4 }, { "\x01\x01\x08\x0a\x01\x02\x03\x04", 8 },
		{ "\x01\x01\x05\x0a", 4 }, { "\x01\x01\x05\x12\x01\x02\x03\x04\x05\x06\x07\x08", 12 },
		{ "\x05\x02\x01\x01", 4 }, { "\x05\x09\x01\x02\x03\x04\x05\x06\x07\x08\x01\x01", 12 },
	};
	uint8_t options[ASA_TCP_OPTIONS_BUFFER], before[ASA_TCP_OPTIONS_BUFFER], *exact;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		memset(options, 0, sizeof(options));
		memcpy(options, lists[i].bytes, lists[i].size);
		memcpy(before, options, sizeof(options));
		CU_ASSERT(asa_sack_shift(options, lists[i].size, 0x100) == 0);
		CU_ASSERT(memcmp(before, options, sizeof(options)) == 0);
		CU_ASSERT(asa_tcp_find_wscale(options, lists[i].size) == -1);
		/* in the frame: nothing is read behind the end */
		exact = malloc(lists[i].size);
		memcpy(exact, before, lists[i].size);
		CU_ASSERT(asa_sack_shift_usual(exact, exact + lists[i].size, lists[i].size, 0x100) == -1);
		CU_ASSERT(memcmp(before, exact, lists[i].size) == 0);
		free(exact);
	}
	memset(options, 1, sizeof(options)); /* 37 times no operation, then the option at the very end */
	memcpy(options + 37, "\x03\x03\x09", 3);
	CU_ASSERT(asa_tcp_find_wscale(options, 40) == 9);
	CU_ASSERT(asa_tcp_find_wscale(options, 39) == -1);
}

static void ethernet(void)
{
	struct asa_nexthop nh = { .dmac = { 2, 0, 0, 0, 0, 9 }, .smac = { 2, 0, 0, 0, 0, 8 } };
	uint8_t out[32];

	memset(out, 0xee, sizeof(out));
	CU_ASSERT(asa_l2_size(&nh) == 14);
	asa_l2_write(out, &nh, 0x0800);
	CU_ASSERT(memcmp(out, "\x02\0\0\0\0\x09\x02\0\0\0\0\x08\x08\0\xee", 15) == 0);
	nh.flags = ASA_NH_VLAN;
	nh.vlan_proto = asa_htons(0x8100);
	nh.vlan_tci = asa_htons(0x2064);
	CU_ASSERT(asa_l2_size(&nh) == 18);
	asa_l2_write(out, &nh, 0x86dd);
	CU_ASSERT(memcmp(out + 12, "\x81\0\x20\x64\x86\xdd\xee", 7) == 0);
	nh.flags |= ASA_NH_QINQ;
	nh.vlan_proto = asa_htons(0x88a8);
	nh.vlan_inner_tci = asa_htons(7);
	CU_ASSERT(asa_l2_size(&nh) == 22);
	asa_l2_write(out, &nh, 0x0800);
	CU_ASSERT(memcmp(out + 12, "\x88\xa8\x20\x64\x81\0\0\x07\x08\0\xee", 11) == 0);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-5 SES-10 BYP-14 frames before and after", table },
		{ "the answer is rewritten back", there_and_back },
		{ "incremental checksums against full sums", random_checksums },
		{ "sums are folded", folding },
		{ "UDP checksum zero", udp_zero_is_sent_as_ffff },
		{ "SES-5 later fragments: addresses only", later_fragment_keeps_its_payload },
		{ "hostile TCP options", hostile_options },
		{ "SES-5 Ethernet header and tags", ethernet },
		{ NULL, NULL },
	};
	return asa_cunit_main("rewrite", tests);
}
