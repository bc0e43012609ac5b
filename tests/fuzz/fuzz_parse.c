// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any bytes as a frame through asa_parse() and asa_parse_quoted(), both modes (SES-5).
 *
 * The input block is exactly as long as the frame, so that ASan sees reads behind it.  Beyond that:
 * what the parser says about sizes must be true, and the driver's mode and the daemon's must agree
 * wherever both give a verdict.
 */
#include <stdint.h>
#include <stdlib.h>

#include <asa/parse.h>

#define CHECK(cond)              \
	do {                     \
		if (!(cond))     \
			abort(); \
	} while (0)

static void check_pkt(const struct asa_pkt *p, const uint8_t *data, size_t size)
{
	struct asa_key key;

	CHECK(p->l3_off <= size);
	if (!(p->flags & (ASA_PKT_IPV4 | ASA_PKT_IPV6))) {
		CHECK(!p->l3 && !p->l4 && (p->flags & ASA_PKT_HOST));
		return;
	}
	CHECK((const uint8_t *)p->l3 == data + p->l3_off);
	CHECK((size_t)p->l3_off + p->l3_size <= size);
	CHECK(p->l4_off + p->l4_size == p->l3_off + p->l3_size);
	CHECK(p->l4_off >= p->l3_off + 20 && p->payload_off >= p->l4_off);
	CHECK(p->payload_off <= p->l4_off + p->l4_size);
	if (p->flags & ASA_PKT_TCP)
		CHECK(p->payload_off + p->tcp.size == p->l4_off + p->l4_size);
	/* IPv4 and IPv6 keys never meet */
	CHECK(asa_addr_is_v4(&p->key.src) == !!(p->flags & ASA_PKT_IPV4));
	CHECK(asa_addr_is_v4(&p->key.dst) == !!(p->flags & ASA_PKT_IPV4));
	if (p->flags & ASA_PKT_ICMP_ERROR)
		asa_parse_quoted(p, (void *)(data + size), &key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct asa_pkt driver, daemon;
	enum asa_drop a, b;

	a = asa_parse(&driver, (void *)data, (void *)(data + size), 0);
	b = asa_parse(&daemon, (void *)data, (void *)(data + size), 1);
	if (!a)
		check_pkt(&driver, data, size);
	if (!b)
		check_pkt(&daemon, data, size);
	/* Only fragments and extension headers are looked at more closely by the daemon. */
	if (a || !(driver.flags & (ASA_PKT_FRAGMENT | ASA_PKT_EXTHDR)))
		CHECK(a == b);
	if (!a && !b && !(driver.flags & ASA_PKT_UNUSUAL))
		CHECK(driver.flags == daemon.flags && driver.l4 == daemon.l4);
	return 0;
}
