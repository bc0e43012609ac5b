// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/services/proxy_arp.o daemon/base/log.o */
/*
 * NAT-4: answers to ARP requests and neighbour solicitations for translated addresses, byte by byte,
 * and silence for everything else, hostile frames included (built with ASan). The policy is made of
 * one claimed address of each family.
 */
#include <stdlib.h>
#include <CUnit/CUnit.h>

#include "asa/bytes.h"
#include "datapath/net.h"
#include "lib/cunit.h"
#include "services/proxy_arp.h"

static const struct policy_if outside = { .ifindex = 3, .mac = { 2, 0, 0, 0, 0, 0xfe } };
static const struct policy_if *asked_on;
static const __u8 claimed6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 0x50 };

bool policy_proxy_arp(const struct policy *p, const struct policy_if *in, const struct asa_addr *a)
{
	asked_on = in;
	if (asa_addr_is_v4(a))
		return asa_ntohl(a->w[3]) == 0xc0000232; /* 192.0.2.50 */
	return memcmp(a, claimed6, 16) == 0;
}

/* What the sockets' side of the module refers to. */
bool policy_nat_row(const struct policy *p, size_t i, struct policy_nat_row *r) { return false; }
size_t policy_n_ifs(const struct policy *p) { return 0; }
const struct policy_if *policy_if_at(const struct policy *p, __u16 num) { return NULL; }
const struct policy_if *policy_if_find(const struct policy *p, __u32 ifindex, __u16 vlan) { return NULL; }
const struct sys_info *net_sys(const struct net *n) { return NULL; }

static const __u8 arp_request[42] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6,
	0, 1, 8, 0, 6, 4, 0, 1,
	2, 0, 0, 0, 0, 1, 192, 0, 2, 10,
	0, 0, 0, 0, 0, 0, 192, 0, 2, 50,
};

static __u8 out[160];

/* From a heap block of exactly the frame's size. */
static size_t answer(const __u8 *frame, size_t len)
{
	__u8 *copy = malloc(len ? len : 1);
	size_t n;

	memcpy(copy, frame, len);
	memset(out, 0xaa, sizeof(out));
	n = proxy_arp_answer(NULL, &outside, copy, len, out);
	free(copy);
	CU_ASSERT_EQUAL(out[128], 0xaa); /* stays within the promise */
	return n;
}

static void arp_is_answered(void)
{
	static const __u8 reply[42] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0xfe, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 2,
		2, 0, 0, 0, 0, 0xfe, 192, 0, 2, 50,
		2, 0, 0, 0, 0, 1, 192, 0, 2, 10,
	};

	CU_ASSERT_EQUAL(answer(arp_request, sizeof(arp_request)), sizeof(reply));
	CU_ASSERT_EQUAL(memcmp(out, reply, sizeof(reply)), 0);
	CU_ASSERT_PTR_EQUAL(asked_on, &outside);
}

static void other_arp_is_not(void)
{
	static const struct {
		int at;
		__u8 value;
	} changes[] = {
		{ 41, 51 }, /* an address nobody claims */
		{ 21, 2 }, /* a reply */
		{ 15, 6 }, /* not Ethernet */
		{ 17, 1 }, /* not IPv4 */
		{ 18, 8 }, /* address sizes */
		{ 19, 16 },
		{ 22, 3 }, /* a multicast sender */
		{ 31, 50 }, /* an announcement: sender and target are the same */
		{ 13, 7 }, /* not ARP */
	};
	__u8 frame[42];

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memcpy(frame, arp_request, sizeof(frame));
		frame[changes[i].at] = changes[i].value;
		CU_ASSERT_EQUAL(answer(frame, sizeof(frame)), 0);
	}
	for (size_t n = 0; n < sizeof(arp_request); n++)
		CU_ASSERT_EQUAL(answer(arp_request, n), 0);
}

static __u16 checksum(const __u8 *ip, size_t size)
{
	__u32 sum = (__u32)size + 58;

	for (size_t i = 0; i < 32; i += 2)
		sum += ip[8 + i] << 8 | ip[9 + i];
	for (size_t i = 0; i < size; i += 2)
		sum += ip[40 + i] << 8 | ip[41 + i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* => length. 'from' NULL: duplicate address detection. */
static size_t solicitation(__u8 *f, bool probe)
{
	static const __u8 head[] = {
		0x33, 0x33, 0xff, 0, 0, 0x50, 2, 0, 0, 0, 0, 1, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, 32, 58, 255,
	};
	__u8 *ip = f + 14;
	__u16 sum;

	memset(f, 0, 86);
	memcpy(f, head, sizeof(head));
	if (!probe) {
		memcpy(ip + 8, claimed6, 16);
		ip[23] = 0x10;
	}
	memcpy(ip + 24, (__u8[]){ 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0x50 }, 16);
	ip[40] = 135;
	memcpy(ip + 48, claimed6, 16);
	memcpy(ip + 64, (__u8[]){ 1, 1, 2, 0, 0, 0, 0, 1 }, 8);
	sum = checksum(ip, 32);
	ip[42] = sum >> 8;
	ip[43] = sum;
	return 86;
}

static void nd_is_answered(void)
{
	__u8 frame[86];
	size_t n = solicitation(frame, false);

	CU_ASSERT_EQUAL(answer(frame, n), 86);
	CU_ASSERT_EQUAL(memcmp(out, frame + 6, 6), 0); /* to who asked */
	CU_ASSERT_EQUAL(memcmp(out + 6, outside.mac, 6), 0);
	CU_ASSERT_EQUAL(out[14 + 7], 255);
	CU_ASSERT_EQUAL(memcmp(out + 14 + 8, claimed6, 16), 0);
	CU_ASSERT_EQUAL(memcmp(out + 14 + 24, frame + 14 + 8, 16), 0);
	CU_ASSERT_EQUAL(out[54], 136);
	CU_ASSERT_EQUAL(out[58], 0x40); /* solicited, no override */
	CU_ASSERT_EQUAL(memcmp(out + 62, claimed6, 16), 0);
	CU_ASSERT_EQUAL(memcmp(out + 80, outside.mac, 6), 0);
	CU_ASSERT_EQUAL(checksum(out + 14, 32), 0);
	/* an address being claimed by somebody else is defended, before all nodes */
	n = solicitation(frame, true);
	CU_ASSERT_EQUAL(answer(frame, n), 86);
	CU_ASSERT_EQUAL(out[0], 0x33);
	CU_ASSERT_EQUAL(out[14 + 24], 0xff);
	CU_ASSERT_EQUAL(out[58], 0);
	CU_ASSERT_EQUAL(checksum(out + 14, 32), 0);
}

static void other_nd_is_not(void)
{
	__u8 frame[86];
	static const int at[] = { 14 /* version */, 20 /* next header */, 21 /* hop limit: routed here */,
				  54 /* type */, 55 /* code */, 56 /* checksum */, 77 /* target */ };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		solicitation(frame, false);
		frame[at[i]] ^= 0x11;
		CU_ASSERT_EQUAL(answer(frame, sizeof(frame)), 0);
	}
	solicitation(frame, false);
	for (size_t n = 0; n < 78; n++)
		CU_ASSERT_EQUAL(answer(frame, n), 0);
}

/* The length in the header may say more than there is. */
static void lengths_are_not_believed(void)
{
	unsigned int seed = 7;
	__u8 frame[256];

	for (int i = 0; i < 20000; i++) {
		size_t n = solicitation(frame, i & 1);

		memset(frame + 86, 0, sizeof(frame) - 86);
		frame[18 + rand_r(&seed) % 2] = rand_r(&seed);
		frame[14 + rand_r(&seed) % 72] = rand_r(&seed);
		n = rand_r(&seed) % 160;
		CU_ASSERT(answer(frame, n) <= 86);
	}
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "NAT-4 arp_is_answered", arp_is_answered },
		{ "NAT-4 other_arp_is_not", other_arp_is_not },
		{ "NAT-4 nd_is_answered", nd_is_answered },
		{ "NAT-4 other_nd_is_not", other_nd_is_not },
		{ "NAT-4 lengths_are_not_believed", lengths_are_not_believed },
		{ NULL, NULL },
	};

	return asa_cunit_main("proxy_arp", tests);
}
