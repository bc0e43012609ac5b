// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/pkt.o */
/*
 * Header parsing (include/asa/parse.h): SES-4, SES-5, SES-10.
 *
 * Rows describe a frame, patch some of its bytes, and say what must come out.  Each frame lies in a
 * heap block of exactly its size, so that ASan sees any read behind it; each is also cut at every
 * length, which must never crash and never parse more than is there.
 */
#include <stdlib.h>

#include "lib/cunit.h"
#include "lib/pkt.h"

#define IN4 "10.1.1.10"
#define OUT4 "192.0.2.80"
#define IN6 "2001:db8:1::10"
#define OUT6 "2001:db8:2::80"

struct patch {
	int16_t at; /* from the start of the IP header; 0 with value 0 ends the list */
	uint8_t value;
};

struct row {
	const char *name;
	struct pkt pkt;
	struct patch patch[4];
	enum asa_drop drop;
	uint32_t flags; /* all of these */
	uint32_t not_flags; /* none of these */
	int walk;
};

#define TCP(a, b, ...) { .src = a, .dst = b, .proto = 6, .sport = 1025, .dport = 80, .flags = 0x18, \
			 .payload = 5, ##__VA_ARGS__ }
#define UDP(a, b, ...) { .src = a, .dst = b, .proto = 17, .sport = 1025, .dport = 53, .payload = 9, \
			 ##__VA_ARGS__ }
#define ICMP(a, b, t, ...) { .src = a, .dst = b, .proto = 1, .type = t, .sport = 99, .payload = 8, \
			     ##__VA_ARGS__ }
#define ICMP6(a, b, t, ...) { .src = a, .dst = b, .proto = 58, .type = t, .sport = 99, \
			      .payload = 8, ##__VA_ARGS__ }
#define OK DROP_NONE

static const struct row rows[] = {
	/* name				frame					patch	result */
	{ "SES-10 TCP over IPv4", TCP(IN4, OUT4), {}, OK, ASA_PKT_IPV4 | ASA_PKT_TCP, ASA_PKT_UNUSUAL },
	{ "SES-10 UDP over IPv4", UDP(IN4, OUT4), {}, OK, ASA_PKT_IPV4 | ASA_PKT_UDP, ASA_PKT_HOST },
	{ "SES-10 TCP over IPv6", TCP(IN6, OUT6), {}, OK, ASA_PKT_IPV6 | ASA_PKT_TCP, ASA_PKT_HOST },
	{ "SES-10 UDP over IPv6", UDP(IN6, OUT6), {}, OK, ASA_PKT_IPV6 | ASA_PKT_UDP, ASA_PKT_HOST },
	{ "SES-10 echo request", ICMP(IN4, OUT4, 8), {}, OK, ASA_PKT_ICMP_REQUEST, ASA_PKT_ICMP_REPLY },
	{ "SES-10 echo reply", ICMP(IN4, OUT4, 0), {}, OK, ASA_PKT_ICMP_REPLY, ASA_PKT_ICMP_REQUEST },
	{ "SES-10 timestamp", ICMP(IN4, OUT4, 13), {}, OK, ASA_PKT_ICMP_REQUEST, 0 },
	{ "SES-10 timestamp reply", ICMP(IN4, OUT4, 14), {}, OK, ASA_PKT_ICMP_REPLY, 0 },
	{ "SES-10 mask request", ICMP(IN4, OUT4, 17), {}, OK, ASA_PKT_ICMP_REQUEST, 0 },
	{ "SES-10 mask reply", ICMP(IN4, OUT4, 18), {}, OK, ASA_PKT_ICMP_REPLY, 0 },
	{ "SES-10 unreachable", ICMP(IN4, OUT4, 3), {}, OK, ASA_PKT_ICMP_ERROR, ASA_PKT_ICMP_REQUEST },
	{ "SES-10 time exceeded", ICMP(IN4, OUT4, 11), {}, OK, ASA_PKT_ICMP_ERROR, 0 },
	{ "SES-10 unknown ICMP type", ICMP(IN4, OUT4, 42), {}, OK, ASA_PKT_ICMP, ASA_PKT_ICMP_ERROR },
	{ "SES-10 ICMPv6 echo", ICMP6(IN6, OUT6, 128), {}, OK, ASA_PKT_ICMP_REQUEST, ASA_PKT_HOST },
	{ "SES-10 ICMPv6 echo reply", ICMP6(IN6, OUT6, 129), {}, OK, ASA_PKT_ICMP_REPLY, 0 },
	{ "SES-10 packet too big", ICMP6(IN6, OUT6, 2), {}, OK, ASA_PKT_ICMP_ERROR, 0 },
	{ "SES-10 GRE by number", { .src = IN4, .dst = OUT4, .proto = 47, .payload = 8 }, {}, OK,
	  ASA_PKT_L4, ASA_PKT_TCP | ASA_PKT_UDP | ASA_PKT_ICMP },
	{ "SES-10 ESP over IPv6", { .src = IN6, .dst = OUT6, .proto = 50, .payload = 8 }, {}, OK,
	  ASA_PKT_L4, ASA_PKT_EXTHDR },
	{ "SES-10 AH is a protocol", { .src = IN6, .dst = OUT6, .proto = 51, .payload = 24 }, {}, OK,
	  ASA_PKT_L4, ASA_PKT_EXTHDR },
	{ "ICMP in IPv6 is only a number", { .src = IN6, .dst = OUT6, .proto = 1, .payload = 8 }, {}, OK,
	  ASA_PKT_L4, ASA_PKT_ICMP },

	{ "SES-5 one tag", TCP(IN4, OUT4, .vlan = { 10 }, .n_tags = 1), {}, OK, ASA_PKT_TCP, 0 },
	{ "SES-5 two tags", UDP(IN6, OUT6, .vlan = { 10, 20 }, .n_tags = 2, .outer_type = 0x88a8), {},
	  OK, ASA_PKT_UDP, 0 },
	{ "SES-5 priority tag", TCP(IN4, OUT4, .vlan = { 0xa000 }, .n_tags = 1), {}, OK, ASA_PKT_TCP, 0 },
	{ "SES-5 three tags", TCP(IN4, OUT4, .vlan = { 1, 2, 3 }, .n_tags = 3), {}, DROP_L2_ENCAP },
	{ "SES-5 reserved VLAN id", TCP(IN4, OUT4, .vlan = { 0xfff }, .n_tags = 1), {}, DROP_L2_ENCAP },
	{ "SES-5 reserved inner id", TCP(IN4, OUT4, .vlan = { 1, 0xfff }, .n_tags = 2), {}, DROP_L2_ENCAP },

	{ "SES-5 IPv4 options", TCP(IN4, OUT4, .ip_options = 8), {}, OK, ASA_PKT_OPTIONS | ASA_PKT_TCP, 0 },
	{ "SES-5 don't fragment is no fragment", TCP(IN4, OUT4, .df = 1), {}, OK, ASA_PKT_DF,
	  ASA_PKT_FRAGMENT },
	{ "SES-5 first fragment, driver", UDP(IN4, OUT4, .frag = 0x2000), {}, OK, ASA_PKT_FRAGMENT,
	  ASA_PKT_L4 | ASA_PKT_LATER },
	{ "SES-5 first fragment, daemon", UDP(IN4, OUT4, .frag = 0x2000), {}, OK,
	  ASA_PKT_FRAGMENT | ASA_PKT_UDP, ASA_PKT_LATER, 1 },
	{ "SES-5 later fragment", UDP(IN4, OUT4, .frag = 0x2010), {}, OK,
	  ASA_PKT_FRAGMENT | ASA_PKT_LATER, ASA_PKT_L4, 1 },
	{ "SES-5 last fragment", UDP(IN4, OUT4, .frag = 0x0010), {}, OK,
	  ASA_PKT_FRAGMENT | ASA_PKT_LATER, ASA_PKT_L4, 0 },
	{ "SES-5 first fragment shorter than its datagram", UDP(IN4, OUT4, .frag = 0x2000),
	  { { 24, 0x05 } }, OK, ASA_PKT_UDP, 0, 1 },
	{ "SES-5 options header, driver", TCP(IN6, OUT6, .ip_options = 16), {}, OK, ASA_PKT_EXTHDR,
	  ASA_PKT_L4 },
	{ "SES-5 options header, daemon", TCP(IN6, OUT6, .ip_options = 16), {}, OK,
	  ASA_PKT_EXTHDR | ASA_PKT_TCP, 0, 1 },
	{ "SES-5 IPv6 fragment, driver", UDP(IN6, OUT6, .fragment6 = 1, .frag = 1), {}, OK,
	  ASA_PKT_EXTHDR | ASA_PKT_FRAGMENT, ASA_PKT_L4 },
	{ "SES-5 IPv6 first fragment, daemon", UDP(IN6, OUT6, .fragment6 = 1, .frag = 1), {}, OK,
	  ASA_PKT_FRAGMENT | ASA_PKT_UDP, ASA_PKT_LATER, 1 },
	{ "SES-5 IPv6 later fragment", UDP(IN6, OUT6, .fragment6 = 1, .frag = 0x81), {}, OK,
	  ASA_PKT_FRAGMENT | ASA_PKT_LATER, ASA_PKT_L4, 1 },
	{ "SES-5 options and fragment header", UDP(IN6, OUT6, .ip_options = 8, .fragment6 = 1, .frag = 1),
	  {}, OK, ASA_PKT_FRAGMENT | ASA_PKT_UDP, 0, 1 },
	{ "SES-5 options header beyond the packet", TCP(IN6, OUT6, .ip_options = 8), { { 41, 200 } },
	  DROP_IP_HEADER, 0, 0, 1 },
	{ "SES-5 hop-by-hop not first", TCP(IN6, OUT6, .ip_options = 8), { { 40, 0 }, { 48, 6 } },
	  DROP_IP_HEADER, 0, 0, 1 },
	{ "SES-5 two fragment headers", UDP(IN6, OUT6, .fragment6 = 1, .frag = 1),
	  { { 40, 44 } }, DROP_IP_HEADER, 0, 0, 1 },
	{ "SES-5 padding behind the packet", TCP(IN4, OUT4, .pad = 6), {}, OK, ASA_PKT_TCP, 0 },

	{ "version 5", TCP(IN4, OUT4), { { 0, 0x55 } }, DROP_IP_VERSION },
	{ "version 4 in an IPv6 frame", TCP(IN6, OUT6), { { 0, 0x40 } }, DROP_IP_VERSION },
	{ "header length 16", TCP(IN4, OUT4), { { 0, 0x44 } }, DROP_IP_HEADER },
	{ "header longer than the packet", UDP(IN4, OUT4), { { 0, 0x4f }, { 3, 40 } }, DROP_IP_LENGTH },
	{ "total length below the header", TCP(IN4, OUT4), { { 3, 19 } }, DROP_IP_LENGTH },
	{ "total length beyond the frame", TCP(IN4, OUT4), { { 3, 46 } }, DROP_IP_LENGTH },
	{ "IPv6 length beyond the frame", TCP(IN6, OUT6), { { 5, 26 } }, DROP_IP_LENGTH },
	{ "IPv6 length near 64 KiB", TCP(IN6, OUT6), { { 4, 0xff }, { 5, 0xff } }, DROP_IP_LENGTH },
	{ "TCP data offset 4", TCP(IN4, OUT4), { { 32, 0x40 } }, DROP_TCP_HEADER },
	{ "TCP options beyond the packet", TCP(IN4, OUT4), { { 32, 0x70 } }, DROP_TCP_HEADER },
	{ "TCP cut short", TCP(IN4, OUT4), { { 3, 39 } }, DROP_TCP_HEADER },
	{ "TCP port 0", TCP("10.1.1.10", OUT4), { { 22, 0 }, { 23, 0 } }, DROP_TCP_HEADER },
	{ "UDP to port 0", UDP(IN4, OUT4), { { 23, 0 } }, DROP_UDP_LENGTH },
	{ "UDP length 7", UDP(IN4, OUT4), { { 25, 7 } }, DROP_UDP_LENGTH },
	{ "UDP length beyond the packet", UDP(IN4, OUT4), { { 25, 18 } }, DROP_UDP_LENGTH },
	{ "UDP shorter than the packet", UDP(IN4, OUT4), { { 25, 10 } }, OK, ASA_PKT_UDP, 0 },
	{ "UDP cut short", UDP(IN4, OUT4), { { 3, 27 } }, DROP_UDP_LENGTH },
	{ "ICMP cut short", ICMP(IN4, OUT4, 8), { { 3, 27 } }, DROP_SESSION_ICMP_BAD },

	{ "land attack", TCP(IN4, IN4), {}, DROP_IP_LAND },
	{ "land attack IPv6", TCP(IN6, IN6), {}, DROP_IP_LAND },
	{ "multicast source", UDP("224.0.0.5", OUT4), {}, DROP_IP_SPOOF },
	{ "class E source", UDP("240.0.0.1", OUT4), {}, DROP_IP_SPOOF },
	{ "broadcast source", UDP("255.255.255.255", OUT4), {}, DROP_IP_SPOOF },
	{ "loopback source", UDP("127.0.0.1", OUT4), {}, DROP_IP_SPOOF },
	{ "loopback destination", UDP(IN4, "127.0.0.1"), {}, DROP_IP_SPOOF },
	{ "network 0 source", UDP("0.1.2.3", OUT4), {}, DROP_IP_SPOOF },
	{ "no source address to a unicast address", UDP("0.0.0.0", OUT4), {}, DROP_IP_SPOOF },
	{ "destination 0.0.0.0", UDP(IN4, "0.0.0.0"), {}, DROP_IP_SPOOF },
	{ "class E destination", UDP(IN4, "240.0.0.1"), {}, DROP_IP_SPOOF },
	{ "multicast source IPv6", UDP("ff02::1", OUT6), {}, DROP_IP_SPOOF },
	{ "loopback source IPv6", UDP("::1", OUT6), {}, DROP_IP_SPOOF },
	{ "loopback destination IPv6", UDP(IN6, "::1"), {}, DROP_IP_SPOOF },
	{ "unspecified source to unicast", UDP("::", OUT6), {}, DROP_IP_SPOOF },
	{ "unspecified destination", UDP(IN6, "::"), {}, DROP_IP_SPOOF },
	{ "IPv4-mapped source on the wire", UDP("::ffff:10.1.1.10", OUT6), {}, DROP_IP_SPOOF },
	{ "IPv4-mapped destination", UDP(IN6, "::ffff:192.0.2.80"), {}, DROP_IP_SPOOF },

	{ "SES-4 DHCP discover", UDP("0.0.0.0", "255.255.255.255"), {}, OK, ASA_PKT_HOST, 0 },
	{ "SES-4 multicast", UDP(IN4, "224.0.0.5"), {}, OK, ASA_PKT_HOST, 0 },
	{ "SES-4 multicast IPv6", UDP(IN6, "ff02::fb"), {}, OK, ASA_PKT_HOST, 0 },
	{ "SES-4 link-local", TCP("fe80::1", "fe80::2"), {}, OK, ASA_PKT_HOST, 0 },
	{ "SES-4 duplicate address detection", ICMP6("::", "ff02::1:ff00:10", 135), {}, OK, ASA_PKT_HOST, 0 },
	{ "SES-4 neighbour solicitation, unicast", ICMP6(IN6, OUT6, 135), {}, OK, ASA_PKT_HOST, 0 },
	{ "SES-4 MLDv2 report", ICMP6("fe80::1", "ff02::16", 143), {}, OK, ASA_PKT_HOST, 0 },
	{ "SES-4 Ethernet broadcast", UDP(IN4, OUT4, .dmac = (const uint8_t *)"\xff\xff\xff\xff\xff\xff"),
	  {}, OK, ASA_PKT_HOST, 0 },
};

/* Parse a copy that ends where the frame ends. */
static enum asa_drop parse_exact(struct asa_pkt *p, const uint8_t *frame, size_t size, int walk)
{
	uint8_t *copy = malloc(size ? size : 1);
	enum asa_drop drop;

	memcpy(copy, frame, size);
	drop = walk ? asa_parse(p, copy, copy + size, 1) : asa_parse(p, copy, copy + size, 0);
	if (p->l3)
		p->l3 = (void *)frame + ((uint8_t *)p->l3 - copy);
	if (p->l4)
		p->l4 = (void *)frame + ((uint8_t *)p->l4 - copy);
	free(copy);
	return drop;
}

static size_t row_build(const struct row *r, uint8_t *frame)
{
	size_t size = pkt_build(frame, &r->pkt);
	uint8_t *ip = frame + 14 + 4 * r->pkt.n_tags;

	for (int i = 0; i < 4 && (r->patch[i].at || r->patch[i].value); i++)
		ip[r->patch[i].at] = r->patch[i].value;
	return size;
}

#define EXPECT(cond)                                                                \
	do {                                                                        \
		if (!(cond))                                                        \
			printf("      row \"%s\": %s\n", r->name, #cond);           \
		CU_ASSERT(cond);                                                    \
	} while (0)

static void table(void)
{
	uint8_t frame[PKT_MAX];
	struct asa_pkt p;
	struct asa_key key;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		size_t size = row_build(r, frame);
		enum asa_drop drop = parse_exact(&p, frame, size, r->walk);

		EXPECT(drop == r->drop);
		if (drop)
			continue;
		EXPECT((p.flags & r->flags) == r->flags);
		EXPECT(!(p.flags & r->not_flags));
		EXPECT(p.n_tags == r->pkt.n_tags);
		EXPECT(p.l3_off == 14 + 4 * r->pkt.n_tags);
		EXPECT(p.l3 == frame + p.l3_off);
		EXPECT(p.vlan == (r->pkt.n_tags ? r->pkt.vlan[0] & 0xfff : 0));
		EXPECT(p.vlan_inner == (r->pkt.n_tags > 1 ? r->pkt.vlan[1] : 0));
		EXPECT(size == (size_t)p.l3_off + p.l3_size + r->pkt.pad);
		EXPECT(p.l4_off + p.l4_size == p.l3_off + p.l3_size);
		EXPECT(p.ttl == 64);
		if (!(p.flags & ASA_PKT_L4))
			continue;
		pkt_key(&key, &r->pkt);
		EXPECT(asa_key_equal(&key, &p.key));
		EXPECT(p.l4 == frame + p.l4_off);
		EXPECT(p.proto == r->pkt.proto);
	}
}

/* Cut every frame of the table at every length, in both modes. */
static void truncated(void)
{
	uint8_t frame[PKT_MAX];
	struct asa_pkt p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		size_t size = row_build(r, frame) - r->pkt.pad;

		for (size_t cut = 0; cut < size; cut++) {
			enum asa_drop drop = parse_exact(&p, frame, cut, r->walk);

			/* the IP length says that bytes are missing */
			EXPECT(drop != DROP_NONE);
			parse_exact(&p, frame, cut, !r->walk);
		}
	}
}

static void tcp_fields(void)
{
	uint8_t frame[PKT_MAX];
	struct pkt d = TCP(IN4, OUT4, .seq = 0xfffffff0, .ack = 0x80000001, .window = 0x1234,
			   .options = "\x01\x01\x01\x01", .options_size = 4);
	size_t size = pkt_build(frame, &d);
	struct asa_pkt p;

	CU_ASSERT_FATAL(parse_exact(&p, frame, size, 0) == DROP_NONE);
	CU_ASSERT(p.tcp.seq == 0xfffffff0 && p.tcp.ack == 0x80000001);
	CU_ASSERT(p.tcp.window == 0x1234 && p.tcp.flags == 0x18);
	CU_ASSERT(p.tcp.header == 24 && p.tcp.size == 5);
	CU_ASSERT(p.payload_off == 14 + 20 + 24);
}

static void not_ip_is_the_hosts(void)
{
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6 };
	struct asa_pkt p;

	CU_ASSERT(parse_exact(&p, frame, sizeof(frame), 0) == DROP_NONE); /* SES-4 ARP */
	CU_ASSERT(p.flags == ASA_PKT_HOST && !p.l3);
	frame[12] = 0; /* 802.3 length: spanning tree */
	frame[13] = 38;
	CU_ASSERT(parse_exact(&p, frame, sizeof(frame), 0) == DROP_NONE);
	CU_ASSERT(p.flags == ASA_PKT_HOST);
	CU_ASSERT(parse_exact(&p, frame, 13, 0) == DROP_L2_ENCAP);
	CU_ASSERT(parse_exact(&p, frame, 0, 0) == DROP_L2_ENCAP);
}

/* SES-10: an ICMP error is found under the key of the answers to what it quotes. */
static void quoted(void)
{
	static const struct pkt inner[] = {
		UDP(IN4, OUT4), TCP(IN4, OUT4), ICMP(IN4, OUT4, 8), ICMP(IN4, OUT4, 0),
		{ .src = IN4, .dst = OUT4, .proto = 47, .payload = 8 },
		UDP(IN6, OUT6), TCP(IN6, OUT6), ICMP6(IN6, OUT6, 128),
	};
	uint8_t q[PKT_MAX], frame[PKT_MAX], *copy;
	struct asa_key sent, answer, found;
	struct asa_pkt p;
	size_t size;

	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++) {
		int v6 = strchr(inner[i].src, ':') != NULL;
		struct pkt e = { .src = v6 ? "2001:db8:9::1" : "198.51.100.1", .dst = inner[i].src,
				 .proto = v6 ? 58 : 1, .type = v6 ? 1 : 3, .code = 1,
				 .quote = q + 14, .payload = v6 ? 48 : 28 };

		pkt_build(q, &inner[i]);
		size = pkt_build(frame, &e);
		copy = malloc(size);
		memcpy(copy, frame, size);
		CU_ASSERT_FATAL(asa_parse(&p, copy, copy + size, 0) == DROP_NONE);
		CU_ASSERT_FATAL(p.flags & ASA_PKT_ICMP_ERROR);
		CU_ASSERT(asa_parse_quoted(&p, copy + size, &found) == 1);
		pkt_key(&sent, &inner[i]);
		asa_key_reverse(&answer, &sent);
		CU_ASSERT(asa_key_equal(&answer, &found));
		/* too short a quotation */
		CU_ASSERT(asa_parse_quoted(&p, copy + size - 1, &found) == 0);
		free(copy);
	}
}

static void quoted_errors_and_fragments_have_no_key(void)
{
	struct pkt inner = ICMP(IN4, OUT4, 3), e = { .src = "198.51.100.1", .dst = IN4, .proto = 1,
						     .type = 3, .payload = 28 };
	uint8_t q[PKT_MAX], frame[PKT_MAX];
	struct asa_key found;
	struct asa_pkt p;
	size_t size;

	e.quote = q + 14;
	pkt_build(q, &inner);
	size = pkt_build(frame, &e);
	CU_ASSERT_FATAL(asa_parse(&p, frame, frame + size, 0) == DROP_NONE);
	CU_ASSERT(asa_parse_quoted(&p, frame + size, &found) == 0);
	inner = (struct pkt)UDP(IN4, OUT4, .frag = 0x10);
	pkt_build(q, &inner);
	size = pkt_build(frame, &e);
	CU_ASSERT_FATAL(asa_parse(&p, frame, frame + size, 0) == DROP_NONE);
	CU_ASSERT(asa_parse_quoted(&p, frame + size, &found) == 0);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-4 SES-5 SES-10 table of frames", table },
		{ "SES-5 every frame cut at every length", truncated },
		{ "TCP fields", tcp_fields },
		{ "SES-4 frames that are not IP", not_ip_is_the_hosts },
		{ "SES-10 packets quoted in ICMP errors", quoted },
		{ "quoted errors and fragments have no key", quoted_errors_and_fragments_have_no_key },
		{ NULL, NULL },
	};
	return asa_cunit_main("parse", tests);
}
