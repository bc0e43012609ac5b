// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of the bench; see frames.h.
 *
 * The template leaves out of its sums what differs from flow to flow (host byte, source port, for
 * TCP the acknowledgement when the flow map has it), so that the generator adds these and folds.
 */
#include "frames.h"

#include <arpa/inet.h>
#include <string.h>

#define ETH_LEN 14
#define OFF_HOST4 29
#define OFF_HOST6 37

static const __u8 mac_gen[6] = { 2, 0, 0, 0, 0, 1 };
static const __u8 mac_in[6] = { 2, 0, 0, 0, 0, 2 };
static const __u8 src4[4] = { 192, 0, 2, 0 };
static const __u8 dst4[4] = { 198, 51, 100, 9 };
static const __u8 src6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 0 };
static const __u8 dst6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 9 };

static void put16(__u8 *p, __u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(__u8 *p, __u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static __u32 sum_bytes(const __u8 *p, size_t n)
{
	__u32 sum = 0;
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		sum += (__u32)p[i] << 8 | p[i + 1];
	if (n & 1)
		sum += (__u32)p[n - 1] << 8;
	return sum;
}

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static size_t l4_off(const struct frame_spec *s)
{
	return ETH_LEN + (s->ipv6 ? 40 : 20);
}

static size_t frame_len(const struct frame_spec *s)
{
	return s->ipv6 ? BENCH_LEN6 : BENCH_LEN4;
}

static size_t l4_len(const struct frame_spec *s)
{
	if (s->tcp && (s->tcp_flags & FRAME_SYN))
		return 20;
	return frame_len(s) - l4_off(s);
}

void frame_build(struct bench_frame *f, const struct frame_spec *s)
{
	__u8 b[BENCH_LEN6] = { 0 };
	__u8 *ip = b + ETH_LEN, *l4 = b + l4_off(s);
	size_t n = l4_len(s), hdr = s->tcp ? 20 : 8, i;

	memcpy(b, mac_in, 6);
	memcpy(b + 6, mac_gen, 6);
	put16(b + 12, s->ipv6 ? 0x86dd : 0x0800);
	if (s->ipv6) {
		ip[0] = 0x60;
		put16(ip + 4, n);
		ip[6] = s->tcp ? IPPROTO_TCP : IPPROTO_UDP;
		ip[7] = 64;
		memcpy(ip + 8, src6, 16);
		memcpy(ip + 24, dst6, 16);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, 20 + n);
		put16(ip + 6, 0x4000);
		ip[8] = 64;
		ip[9] = s->tcp ? IPPROTO_TCP : IPPROTO_UDP;
		memcpy(ip + 12, src4, 4);
		memcpy(ip + 16, dst4, 4);
	}
	put16(l4 + 2, s->dport);
	if (s->tcp) {
		put32(l4 + 4, s->seq);
		put32(l4 + 8, s->ack);
		l4[12] = 5 << 4;
		l4[13] = s->tcp_flags;
		put16(l4 + 14, 0xffff);
	} else {
		put16(l4 + 4, n);
	}
	for (i = hdr; i < n; i++)
		l4[i] = 'a' + i % 26;

	f->ip_sum = s->ipv6 ? 0 : sum_bytes(ip, 20);
	f->l4_sum = sum_bytes(l4, n) + n + (s->tcp ? IPPROTO_TCP : IPPROTO_UDP) +
		    (s->ipv6 ? sum_bytes(ip + 8, 32) : sum_bytes(ip + 12, 8));
	memcpy(f->words, b, sizeof(b));
}

size_t frame_write(__u8 *buf, const struct bench_frame *f, const struct frame_spec *s, __u32 flow,
		   __u32 ack)
{
	__u32 host = BENCH_HOST_BASE + (flow >> BENCH_PORT_BITS);
	__u32 port = BENCH_PORT_BASE + (flow & (BENCH_PORTS - 1));
	__u32 sum = f->l4_sum + host + port;
	__u8 *l4 = buf + l4_off(s);
	size_t len = frame_len(s);
	__u16 csum;

	memcpy(buf, f->words, len);
	buf[s->ipv6 ? OFF_HOST6 : OFF_HOST4] = host;
	if (!s->ipv6)
		put16(buf + 24, ~fold(f->ip_sum + host));
	put16(l4, port);
	if (s->tcp) {
		if (ack) {
			put32(l4 + 8, ack);
			sum += (ack >> 16) + (ack & 0xffff);
		}
		put16(l4 + 16, ~fold(sum));
	} else {
		csum = ~fold(sum);
		put16(l4 + 6, csum ? csum : 0xffff);
	}
	return len;
}

const char *frame_check(const __u8 *buf, const struct frame_spec *s, const __u8 net[3])
{
	const __u8 *ip = buf + ETH_LEN, *l4 = buf + l4_off(s);
	size_t n = l4_len(s);
	__u32 pseudo = n + (s->tcp ? IPPROTO_TCP : IPPROTO_UDP);

	if (s->ipv6) {
		if (memcmp(ip + 24, dst6, 16) || memcmp(ip + 8, src6, 15))
			return "an address is not the expected one";
		pseudo += sum_bytes(ip + 8, 32);
	} else {
		if (memcmp(ip + 16, dst4, 4) || memcmp(ip + 12, net ? net : src4, 3))
			return "an address is not the expected one";
		if (fold(sum_bytes(ip, 20)) != 0xffff)
			return "IPv4 header checksum";
		pseudo += sum_bytes(ip + 12, 8);
	}
	if (fold(sum_bytes(l4, n) + pseudo) != 0xffff)
		return s->tcp ? "TCP checksum" : "UDP checksum";
	return NULL;
}

const char *frame_check_answer(const __u8 *buf, __u16 port)
{
	const __u8 *ip = buf + ETH_LEN, *l4 = ip + 20;
	__u32 n = ((__u32)ip[2] << 8 | ip[3]) - 20;

	if (memcmp(buf, mac_gen, 6))
		return "not sent to the generator's MAC address";
	if (ip[0] != 0x45 || n < 20 || n > 40)
		return "not a SYN-ACK of a usual size";
	if (memcmp(ip + 12, dst4, 4) || memcmp(ip + 16, src4, 3))
		return "an address is not the expected one";
	if ((l4[0] << 8 | l4[1]) != port)
		return "not from the port that was asked";
	if (fold(sum_bytes(ip, 20)) != 0xffff)
		return "IPv4 header checksum";
	if (fold(sum_bytes(l4, n) + sum_bytes(ip + 12, 8) + n + IPPROTO_TCP) != 0xffff)
		return "TCP checksum";
	return NULL;
}
