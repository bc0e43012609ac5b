// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames for tests, see pkt.h.
 *
 * Responsible for: laying out headers and computing checksums the slow way, byte by byte, so that
 * a mistake in the product's incremental arithmetic cannot hide in here too.
 * Not responsible for: parsing; pkt_check() reads only frames of the kinds that pkt_build() makes.
 */
#include "pkt.h"

#include <arpa/inet.h>
#include <string.h>

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t sum_bytes(uint32_t sum, const uint8_t *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

struct asa_addr pkt_addr(const char *text)
{
	struct asa_addr a = { 0 };
	__be32 v4;

	if (strchr(text, ':')) {
		inet_pton(AF_INET6, text, a.b);
	} else {
		inet_pton(AF_INET, text, &v4);
		asa_addr_set_v4(&a, v4);
	}
	return a;
}

void pkt_key(struct asa_key *key, const struct pkt *p)
{
	memset(key, 0, sizeof(*key));
	key->src = pkt_addr(p->src);
	key->dst = pkt_addr(p->dst);
	key->proto = p->proto;
	switch (p->proto) {
	case 6:
	case 17:
		key->sport = htons(p->sport);
		key->dport = htons(p->dport);
		break;
	case 1:
		if (p->type == 8 || p->type == 13 || p->type == 17)
			key->sport = htons(p->sport);
		else if (p->type == 0 || p->type == 14 || p->type == 18)
			key->dport = htons(p->sport);
		break;
	case 58:
		if (p->type == 128)
			key->sport = htons(p->sport);
		else if (p->type == 129)
			key->dport = htons(p->sport);
		break;
	}
}

static uint32_t pseudo_sum(const uint8_t *ip, int v6, uint8_t proto, size_t size)
{
	uint32_t sum = v6 ? sum_bytes(0, ip + 8, 32) : sum_bytes(0, ip + 12, 8);

	return sum + proto + (uint32_t)size;
}

/* Where the checksum of a protocol lies, -1 if it has none. */
static int check_offset(uint8_t proto, int v6)
{
	switch (proto) {
	case 6:
		return 16;
	case 17:
		return 6;
	case 1:
		return v6 ? -1 : 2;
	case 58:
		return v6 ? 2 : -1;
	}
	return -1;
}

static size_t build_l4(uint8_t *l4, const struct pkt *p)
{
	size_t size = 0, options = (p->options_size + 3u) & ~3u;

	switch (p->proto) {
	case 6:
		put16(l4, p->sport);
		put16(l4 + 2, p->dport);
		put32(l4 + 4, p->seq);
		put32(l4 + 8, p->ack);
		l4[12] = (uint8_t)((20 + options) / 4 << 4);
		l4[13] = p->flags;
		put16(l4 + 14, p->window ? p->window : 8192);
		if (options)
			memcpy(l4 + 20, p->options, p->options_size);
		size = 20 + options;
		break;
	case 17:
		put16(l4, p->sport);
		put16(l4 + 2, p->dport);
		put16(l4 + 4, (uint16_t)(8 + p->payload));
		size = 8;
		break;
	case 1:
	case 58:
		l4[0] = p->type;
		l4[1] = p->code;
		put16(l4 + 4, p->sport);
		put16(l4 + 6, (uint16_t)p->seq);
		size = 8;
		break;
	}
	for (size_t i = 0; i < p->payload; i++)
		l4[size + i] = p->quote ? ((const uint8_t *)p->quote)[i] : (uint8_t)(i * 7 + 1);
	return size + p->payload;
}

static uint8_t *build_ip4(uint8_t *ip, const struct pkt *p, size_t *header)
{
	*header = 20 + p->ip_options;
	ip[0] = (uint8_t)(0x40 | *header / 4);
	ip[1] = p->tos;
	put16(ip + 4, 0x1234);
	put16(ip + 6, (uint16_t)(p->frag | (p->df ? 0x4000 : 0)));
	ip[8] = p->ttl ? p->ttl : 64;
	ip[9] = p->proto;
	inet_pton(AF_INET, p->src, ip + 12);
	inet_pton(AF_INET, p->dst, ip + 16);
	memset(ip + 20, 1, p->ip_options);
	return ip + *header;
}

static uint8_t *build_ip6(uint8_t *ip, const struct pkt *p, size_t *header)
{
	uint8_t *next = ip + 6, *h = ip + 40;

	ip[0] = 0x60;
	ip[7] = p->ttl ? p->ttl : 64;
	inet_pton(AF_INET6, p->src, ip + 8);
	inet_pton(AF_INET6, p->dst, ip + 24);
	if (p->ip_options) {
		*next = p->ip6_next ? p->ip6_next : 60;
		next = h;
		h[1] = (uint8_t)(p->ip_options / 8 - 1);
		h[2] = 1; /* PadN */
		h[3] = (uint8_t)(p->ip_options - 4);
		h += p->ip_options;
	}
	if (p->fragment6) {
		*next = 44;
		next = h;
		put16(h + 2, p->frag);
		put32(h + 4, 0x01020304);
		h += 8;
	}
	*next = p->proto;
	*header = (size_t)(h - ip);
	return h;
}

size_t pkt_build(uint8_t *frame, const struct pkt *p)
{
	static const uint8_t dmac[6] = { 2, 0, 0, 0, 0, 2 }, smac[6] = { 2, 0, 0, 0, 0, 1 };
	int v6 = strchr(p->src, ':') != NULL, at;
	uint8_t *ip = frame + 12, *l4;
	size_t header, size;
	uint16_t sum;

	memset(frame, 0, PKT_MAX);
	memcpy(frame, p->dmac ? p->dmac : dmac, 6);
	memcpy(frame + 6, smac, 6);
	for (int i = 0; i < p->n_tags; i++, ip += 4) {
		put16(ip, i || !p->outer_type ? 0x8100 : p->outer_type);
		put16(ip + 2, p->vlan[i]);
	}
	put16(ip, v6 ? 0x86dd : 0x0800);
	ip += 2;
	l4 = v6 ? build_ip6(ip, p, &header) : build_ip4(ip, p, &header);
	size = build_l4(l4, p);
	at = check_offset(p->proto, v6);
	if (at >= 0 && !p->no_checksum) {
		uint32_t s = v6 || p->proto != 1 ? pseudo_sum(ip, v6, p->proto, size) : 0;

		sum = (uint16_t)~sum_fold(sum_bytes(s, l4, size));
		put16(l4 + at, p->proto == 17 && !sum ? 0xffff : sum);
	}
	if (v6) {
		put16(ip + 4, (uint16_t)(header - 40 + size));
	} else {
		put16(ip + 2, (uint16_t)(header + size));
		put16(ip + 10, (uint16_t)~sum_fold(sum_bytes(0, ip, header)));
	}
	return (size_t)(l4 - frame) + size + p->pad;
}

const char *pkt_check(const uint8_t *frame, size_t size)
{
	const uint8_t *ip = frame + 12, *l4;
	uint8_t proto;
	size_t bytes;
	int v6, at;
	uint32_t s;

	while (get16(ip) == 0x8100 || get16(ip) == 0x88a8)
		ip += 4;
	v6 = get16(ip) == 0x86dd;
	ip += 2;
	if (v6) {
		proto = ip[6];
		bytes = get16(ip + 4);
		l4 = ip + 40;
		while (proto == 60 || proto == 44 || proto == 0) {
			bytes -= proto == 44 ? 8 : (l4[1] + 1u) * 8;
			at = proto == 44 ? 8 : (l4[1] + 1) * 8;
			proto = l4[0];
			l4 += at;
		}
	} else {
		proto = ip[9];
		l4 = ip + (ip[0] & 15) * 4;
		bytes = get16(ip + 2) - (size_t)(l4 - ip);
		if (sum_fold(sum_bytes(0, ip, (size_t)(l4 - ip))) != 0xffff)
			return "IPv4 header checksum";
	}
	if (l4 + bytes > frame + size)
		return "longer than the frame";
	at = check_offset(proto, v6);
	if (at < 0 || (proto == 17 && !get16(l4 + at)))
		return NULL;
	s = v6 || proto != 1 ? pseudo_sum(ip, v6, proto, bytes) : 0;
	return sum_fold(sum_bytes(s, l4, bytes)) == 0xffff ? NULL : "transport checksum";
}
