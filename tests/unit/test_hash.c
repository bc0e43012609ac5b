// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/pkt.o */
/*
 * The index's arithmetic (include/asa/hash.h): SES-10, and the bounds that the index relies on.
 */
#include <stdlib.h>

#include "lib/cunit.h"
#include "lib/pkt.h"

static const __u64 secret[4] = { 0x0123456789abcdefull, 0x1122334455667789ull,
				 0x9e3779b97f4a7c15ull, 0xfedcba9876543211ull };

static struct asa_key key_of(uint32_t i)
{
	struct asa_key k = { .proto = 17 };

	asa_addr_set_v4(&k.src, asa_htonl(0x0a000000 + (i >> 8)));
	asa_addr_set_v4(&k.dst, asa_htonl(0xc0000201));
	k.sport = asa_htons((__u16)(1024 + (i & 255)));
	k.dport = asa_htons(53);
	return k;
}

static void alternate_is_an_involution_and_never_home(void)
{
	for (__u32 mask = 1; mask < 1u << 20; mask = mask * 2 + 1) {
		for (__u32 tag = 0; tag < 200000; tag += 977) {
			__u32 home = (tag * 31) & mask;
			__u32 other = asa_hash_alternate(home, tag, mask);

			CU_ASSERT_FATAL(other <= mask);
			CU_ASSERT_FATAL(other != home);
			CU_ASSERT_FATAL(asa_hash_alternate(other, tag, mask) == home);
		}
	}
}

static void same_hosts_spread(void)
{
	/* 65,536 source ports between two hosts: 0.5 equal pairs of 32-bit tags are expected. */
	static __u32 seen[65536];
	struct asa_key k = key_of(0);
	__u32 same = 0;

	for (__u32 i = 0; i < 65536; i++) {
		k.sport = (__be16)i;
		seen[i] = asa_hash_key(&k, secret).tag;
	}
	for (__u32 i = 0; i < 65536; i += 257)
		for (__u32 j = 0; j < 65536; j++)
			same += i != j && seen[i] == seen[j];
	CU_ASSERT(same < 3);
}

static void buckets_fill_evenly(void)
{
	/* 2^16 sequential clients into 2^13 buckets: 8 expected, binomial tail ends well below 32. */
	static __u16 fill[8192];
	__u32 worst = 0, empty = 0;

	memset(fill, 0, sizeof(fill));
	for (__u32 i = 0; i < 65536; i++) {
		struct asa_key k = key_of(i);

		fill[asa_hash_home(asa_hash_key(&k, secret), 8191)]++;
	}
	for (__u32 i = 0; i < 8192; i++) {
		worst = fill[i] > worst ? fill[i] : worst;
		empty += !fill[i];
	}
	CU_ASSERT(worst < 32);
	CU_ASSERT(empty < 30); /* 8192 e^-8 = 2.7 expected */
}

static void secret_decides_where_a_key_lives(void)
{
	__u64 other[4] = { 5, 7, 9, 11 };
	__u32 same = 0;

	for (__u32 i = 0; i < 1000; i++) {
		struct asa_key k = key_of(i);

		same += asa_hash_home(asa_hash_key(&k, secret), 4095) ==
			asa_hash_home(asa_hash_key(&k, other), 4095);
	}
	CU_ASSERT(same < 10);
}

static void every_field_of_a_key_counts(void)
{
	struct asa_key a = key_of(3), b;
	struct asa_hash h = asa_hash_key(&a, secret), g;

	for (size_t byte = 0; byte < offsetof(struct asa_key, vlan); byte++) {
		b = a;
		((uint8_t *)&b)[byte] ^= 0x40;
		g = asa_hash_key(&b, secret);
		CU_ASSERT(!asa_key_equal(&a, &b));
		CU_ASSERT(g.tag != h.tag);
	}
	b = a;
	b.vlan = 7; /* its holder's */
	CU_ASSERT(asa_key_equal(&a, &b));
	CU_ASSERT(asa_hash_key(&b, secret).tag == h.tag);
}

static void reverse_of_reverse_is_the_key(void)
{
	struct asa_key a, r, rr;
	struct pkt echo = { .src = "192.0.2.1", .dst = "198.51.100.7", .proto = 1, .type = 8,
			    .sport = 77 };
	struct pkt reply = { .src = "198.51.100.7", .dst = "192.0.2.1", .proto = 1, .type = 0,
			     .sport = 77 };

	pkt_key(&a, &echo);
	asa_key_reverse(&r, &a);
	asa_key_reverse(&rr, &r);
	CU_ASSERT(asa_key_equal(&a, &rr));
	/* SES-10: the answer to an echo request is found under the reversed key */
	pkt_key(&rr, &reply);
	CU_ASSERT(asa_key_equal(&r, &rr));
	/* in place */
	asa_key_reverse(&a, &a);
	CU_ASSERT(asa_key_equal(&a, &r));
}

/*
 * Both directions of a connection lead to one home, with one tag, one of them turned; 5,000 connections
 * take at least 96 % of the places that chance takes, and within a home their tags differ.
 */
static void homes_are_shared_and_spread(void)
{
	static __u8 seen[65536], tags[65536];
	__u32 n, used = 0, n_tags = 0, wrong = 0;

	memset(seen, 0, sizeof(seen));
	memset(tags, 0, sizeof(tags));
	for (n = 0; n < 5000; n++) {
		struct asa_key k = { .proto = 6, .dport = asa_htons(443) }, r;
		struct asa_home home, back;
		__u32 set;

		asa_addr_set_v4(&k.src, asa_htonl(0xc0000200u + n % 250));
		asa_addr_set_v4(&k.dst, asa_htonl(0xc6336400u + n % 7));
		k.sport = asa_htons((__u16)(32768 + n / 250));
		asa_key_reverse(&r, &k);
		home = asa_hash_set(&k, secret, 65536);
		back = asa_hash_set(&r, secret, 65536);
		set = home.set - ASA_DENSE_SLOTS / ASA_SET_SLOTS;
		wrong += set >= 65536 || home.set != back.set || home.tag != back.tag;
		wrong += !home.tag || (home.tag & ~(__u32)ASA_SET_TAG);
		wrong += asa_key_turned(&k) + asa_key_turned(&r) != 1;
		used += !seen[set & 65535]++;
		home = asa_hash_set(&k, secret, 1);
		n_tags += !tags[home.tag & 65535]++;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(n_tags > 4000); /* of 16,384: by chance 4,300 */
	CU_ASSERT(used > 5000 * 9 / 10 * 96 / 100);
}

static int by_value(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* A proxy and its server: two hosts, three ports side by side, every port of the proxy. By chance 15 meet. */
static void connections_of_two_hosts_do_not_meet(void)
{
	static __u64 homes[3 * 60000];
	__u32 n = 0, met = 0;

	for (__u32 i = 0; i < 60000; i++)
		for (__u32 port = 98; port < 101; port++) {
			struct asa_key k = { .proto = 6, .dport = asa_htons((__u16)port) };
			struct asa_home home;

			asa_addr_set_v4(&k.src, asa_htonl(0x0a000001u));
			asa_addr_set_v4(&k.dst, asa_htonl(0x0a000002u));
			k.sport = asa_htons((__u16)(1024 + i));
			home = asa_hash_set(&k, secret, 65536);
			homes[n++] = (__u64)home.set << 16 | home.tag;
		}
	qsort(homes, n, sizeof(homes[0]), by_value);
	for (__u32 i = 1; i < n; i++)
		met += homes[i] == homes[i - 1];
	CU_ASSERT(met < 60);
}

/* Each place of a set, alone and among others, turned and not. */
static void tags_are_found_in_their_place(void)
{
	__u32 wrong = 0, found;

	for (__u32 i = 0; i < ASA_SET_SLOTS; i++)
		for (__u32 others = 0; others < 3; others++)
			for (__u32 turned = 0; turned < 2; turned++) {
				struct asa_set s = { 0 };

				for (__u32 k = 0; k < ASA_SET_SLOTS; k++) {
					__u64 bits = others == 1 ? 0x4000 + k : others == 2 ? 0xffff - k : 0;

					if (k == i)
						bits = 0x5a5a | (turned ? ASA_SET_TURNED : 0);
					s.w[k / 4] |= bits << 16 * (k % 4);
				}
				found = asa_set_find(&s, 0x5a5a);
				wrong += !found || (found >> 1 & 15) != i || (found & 1) != turned;
				wrong += asa_set_find(&s, 0x5a5b) != 0 || asa_set_find(&s, 0x7a5a) != 0;
			}
	CU_ASSERT_EQUAL(wrong, 0);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "tags are found in their place", tags_are_found_in_their_place },
		{ "alternate bucket is an involution", alternate_is_an_involution_and_never_home },
		{ "connections between two hosts never collide", same_hosts_spread },
		{ "buckets fill evenly", buckets_fill_evenly },
		{ "the secret decides", secret_decides_where_a_key_lives },
		{ "every field of a key counts", every_field_of_a_key_counts },
		{ "homes are shared by both directions, and spread", homes_are_shared_and_spread },
		{ "SES-16 connections of two hosts", connections_of_two_hosts_do_not_meet },
		{ "SES-10 reversed keys", reverse_of_reverse_is_the_key },
		{ NULL, NULL },
	};
	return asa_cunit_main("hash", tests);
}
