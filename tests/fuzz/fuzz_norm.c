// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/normalize/tcp_norm.o */
/*
 * libFuzzer: any TCP header through the normalizer (NRM-11, NRM-12, NRM-19, NRM-22, NRM-23).
 *
 * The input is a TCP map (flags, one option to allow and one to drop, one named option to clear), the
 * lowest TTL so far, then an IPv4 or IPv6 packet's TTL and the TCP header with its options. Checked:
 * nothing outside of the frame is touched; the checksums are right afterwards (full recomputation);
 * what leaves is normal: a second look finds nothing to do; only the fields in question changed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "normalize/tcp_norm.h"

#define CHECK(cond)              \
	do {                     \
		if (!(cond))     \
			abort(); \
	} while (0)

static uint16_t sum(const uint8_t *p, size_t n, uint64_t start)
{
	for (size_t i = 0; i < n; i++)
		start += i & 1 ? p[i] : (uint64_t)p[i] << 8;
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return (uint16_t)start;
}

/* Pseudo-header and segment; 0xffff if the checksum is right. */
static uint16_t tcp_sum(const uint8_t *l3, bool v6, size_t size)
{
	return sum(l3 + (v6 ? 40 : 20), size,
		   sum(l3 + (v6 ? 8 : 12), v6 ? 32 : 8, 6 + (uint64_t)size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t frame[14 + 40 + 60 + 8] = { 0 }, before[sizeof(frame)], *l3 = frame + 14, *l4;
	struct asa_half own = { .tcp = ASA_HALF_SYN | ASA_HALF_ACKED };
	struct asa_tcp_map m;
	struct asa_pkt p;
	size_t n, ip;
	uint16_t check;
	bool v6;

	if (size < 8 + 20)
		return 0;
	asa_tcp_map_default(&m);
	m.flags = data[0] | (uint32_t)data[1] << 8;
	asa_tcp_option_set(m.clear, data[2], 0);
	asa_tcp_option_set(m.drop, data[3], data[3] > 1);
	asa_tcp_option_set(m.clear, 2 + (data[4] & 7), data[4] & 8);
	own.ttl = data[5];
	v6 = data[6] & 1;
	ip = v6 ? 40 : 20;
	l4 = l3 + ip;
	n = size - 8 > 68 ? 68 : size - 8;
	memcpy(l4, data + 8, n);
	frame[12] = v6 ? 0x86 : 8;
	frame[13] = v6 ? 0xdd : 0;
	l3[0] = v6 ? 0x60 : 0x45;
	asa_stn16(l3 + (v6 ? 4 : 2), (uint16_t)(v6 ? n : n + 20));
	l3[v6 ? 6 : 9] = 6;
	l3[v6 ? 7 : 8] = data[7];
	memset(l3 + (v6 ? 8 : 12), 0x21, v6 ? 32 : 8);
	l3[v6 ? 39 : 19] = 0x22;
	if (!v6)
		asa_stn16(l3 + 10, (uint16_t)~sum(l3, 20, 0));
	asa_stn16(l4 + 16, 0);
	check = (uint16_t)~tcp_sum(l3, v6, n);
	asa_stn16(l4 + 16, check);
	memcpy(before, frame, sizeof(frame));
	if (asa_parse(&p, frame, frame + 14 + ip + n, 1) || !(p.flags & ASA_PKT_TCP))
		return 0;
	if (tcp_normalize_look(&p, &own, &m)) {
		CHECK(!memcmp(before, frame, sizeof(frame)));
		return 0;
	}
	if (p.tcp.edits & ASA_NORM_TTL)
		p.ttl = own.ttl;
	tcp_normalize_edit(&p, &m);
	CHECK(tcp_sum(l3, v6, n) == 0xffff);
	CHECK(v6 || sum(l3, 20, 0) == 0xffff);
	CHECK(!(m.flags & ASA_TM_RESERVED_CLEAR) || !(l4[12] & 15));
	CHECK(m.flags & ASA_TM_URGENT_ALLOW || !(l4[13] & ASA_TCP_URG));
	CHECK(m.flags & ASA_TM_TTL_OFF || !own.ttl || l3[v6 ? 7 : 8] <= own.ttl);
	for (size_t i = 0; i < sizeof(frame); i++) {
		size_t at = i - (size_t)(l4 - frame);

		if (frame[i] == before[i])
			continue;
		CHECK((i > 14 && i < 14 + ip) || (at >= 12 && at < (size_t)p.tcp.header));
		CHECK(at < 20 || at >= (size_t)p.tcp.header || frame[i] == ASA_TCPOPT_NOP);
	}
	CHECK(!asa_parse(&p, frame, frame + 14 + ip + n, 1));
	CHECK(!tcp_normalize_look(&p, &own, &m) && !p.tcp.edits);
	return 0;
}
