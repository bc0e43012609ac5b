// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/pkt.o */
/*
 * SYN cookies: SipHash against its published vectors, what a cookie carries, and which ones are
 * refused: old, guessed, replayed to another port or address, of another key. INT-4.
 */
#include <asa/syncookie.h>

#include "lib/cunit.h"
#include "tests/lib/pkt.h"

static struct asa_cookie_keys keys = { .key = { { 1, 2 }, { 3, 4 } } };

#define UNIT (1u << ASA_COOKIE_TIME_SHIFT)

static struct asa_key key_of(const char *src, const char *dst)
{
	struct asa_key k = { .sport = asa_htons(4000), .dport = asa_htons(80), .proto = 6 };

	k.src = pkt_addr(src);
	k.dst = pkt_addr(dst);
	return k;
}

/* Vectors of the SipHash paper's reference code: key 00..0f, messages 00, 00 01, … */
static void siphash_vectors(void)
{
	const __u64 key[2] = { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull };
	const __u64 words[2] = { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull };

	CU_ASSERT(asa_siphash(key, words, 0) == 0x726fdb47dd0e0e31ull);
	CU_ASSERT(asa_siphash(key, words, 1) == 0x93f5f5799a932462ull);
	CU_ASSERT(asa_siphash(key, words, 2) == 0x3f2acc7f57c29bdbull);
	CU_ASSERT(asa_siphash_last(key, words, 0, 0, 1, 3) == 0xabac0158050fc4dcull);
}

static void what_a_cookie_carries(void)
{
	static const struct {
		__u16 mss, kept;
	} rows[] = { { 0, 536 },     { 536, 536 },   { 1199, 536 },   { 1200, 1200 }, { 1380, 1360 },
		     { 1400, 1400 }, { 1440, 1440 }, { 1452, 1452 }, { 1460, 1460 }, { 8960, 1460 } };
	int i, wscale;

	for (i = 0; i < (int)(sizeof(rows) / sizeof(rows[0])); i++)
		for (wscale = 0; wscale <= 15; wscale++) {
			__u8 data = asa_cookie_data(rows[i].mss, i & 1, (__u8)wscale);

			CU_ASSERT(asa_cookie_data_mss(data) == rows[i].kept);
			CU_ASSERT(asa_cookie_data_sack(data) == (i & 1));
			CU_ASSERT(asa_cookie_data_wscale(data) == wscale);
		}
}

static void refused(const char *src, const char *dst, const char *other)
{
	struct asa_key k = key_of(src, dst), bad;
	struct asa_cookie_keys changed = keys;
	__u32 tick = 10 * UNIT + 5, isn = 0xffffffff, cookie;
	__u8 data = asa_cookie_data(1460, 1, 7);

	cookie = asa_cookie_make(&keys, &k, isn, tick, data);
	CU_ASSERT(cookie >> 24 == data);
	CU_ASSERT(asa_cookie_check(&keys, &k, isn + 1, cookie + 1, tick));
	CU_ASSERT(asa_cookie_check(&keys, &k, isn + 1, cookie + 1, tick + UNIT));
	/* old */
	CU_ASSERT(!asa_cookie_check(&keys, &k, isn + 1, cookie + 1, tick + 2 * UNIT));
	CU_ASSERT(!asa_cookie_check(&keys, &k, isn + 1, cookie + 1, tick - UNIT));
	/* guessed: another number, other options claimed */
	/* a probe of the closed window: the ACK was lost */
	CU_ASSERT(asa_cookie_check(&keys, &k, isn + 1, cookie + 1, tick) == 1);
	CU_ASSERT(asa_cookie_check(&keys, &k, isn, cookie + 1, tick) == 2);
	CU_ASSERT(asa_cookie_check(&keys, &k, isn, cookie + 1, tick + UNIT) == 2);
	CU_ASSERT(!asa_cookie_check(&keys, &k, isn, cookie + 1, tick + 2 * UNIT));
	CU_ASSERT(!asa_cookie_check(&keys, &k, isn - 1, cookie + 1, tick));
	CU_ASSERT(!asa_cookie_check(&keys, &k, isn + 1, cookie + 2, tick));
	CU_ASSERT(!asa_cookie_check(&keys, &k, isn + 2, cookie + 1, tick));
	CU_ASSERT(!asa_cookie_check(&keys, &k, isn + 1, cookie + 1 + (1u << 24), tick));
	/* replayed */
	bad = k;
	bad.sport++;
	CU_ASSERT(!asa_cookie_check(&keys, &bad, isn + 1, cookie + 1, tick));
	bad = k;
	bad.dport++;
	CU_ASSERT(!asa_cookie_check(&keys, &bad, isn + 1, cookie + 1, tick));
	bad = k;
	bad.src = pkt_addr(other);
	CU_ASSERT(!asa_cookie_check(&keys, &bad, isn + 1, cookie + 1, tick));
	bad = k;
	bad.dst = pkt_addr(other);
	CU_ASSERT(!asa_cookie_check(&keys, &bad, isn + 1, cookie + 1, tick));
	bad = k;
	bad.ctx = 1;
	CU_ASSERT(!asa_cookie_check(&keys, &bad, isn + 1, cookie + 1, tick));
	/* another key */
	changed.key[0][1]++;
	CU_ASSERT(!asa_cookie_check(&changed, &k, isn + 1, cookie + 1, tick));
}

static void refused_cookies(void)
{
	refused("203.0.113.7", "198.51.100.80", "203.0.113.8");
	refused("2001:db8:1::10", "2001:db8:2::80", "2001:db8:1::11");
}

/* A cookie made in the last moment of a key is good in the first of the next; the tick wraps. */
static void keys_change(void)
{
	struct asa_key k = key_of("203.0.113.7", "198.51.100.80");
	__u32 last = (UNIT << ASA_COOKIE_EPOCH_SHIFT) - 1, cookie;

	cookie = asa_cookie_make(&keys, &k, 9, last, 0);
	CU_ASSERT(asa_cookie_epoch(asa_cookie_time(last)) != asa_cookie_epoch(asa_cookie_time(last + 1)));
	CU_ASSERT(asa_cookie_check(&keys, &k, 10, cookie + 1, last + 1));
	cookie = asa_cookie_make(&keys, &k, 9, 0xffffffff, 0);
	CU_ASSERT(asa_cookie_check(&keys, &k, 10, cookie + 1, 0));
}

/* The server's window scale is offered only when it is known and the client offers one. */
static void offers(void)
{
	struct asa_intercept row = { .mss = 1380, .wscale = 7 };
	struct asa_cookie_seg s;

	CU_ASSERT(asa_cookie_offer(&s, &row, 5, asa_cookie_data(1460, 1, 10)) ==
		  asa_cookie_data(1460, 1, 10));
	CU_ASSERT(s.wscale == 7 && s.sack == 1 && s.mss == 1380 && s.window == 0 && s.ack == 6);
	(void)asa_cookie_offer(&s, &row, 5, asa_cookie_data(1460, 0, ASA_COOKIE_NO_WSCALE));
	CU_ASSERT(s.wscale == ASA_COOKIE_NO_WSCALE && s.sack == 0);
	row.wscale = ASA_COOKIE_NO_WSCALE;
	CU_ASSERT(asa_cookie_offer(&s, &row, 5, asa_cookie_data(1460, 1, 10)) ==
		  asa_cookie_data(1460, 1, ASA_COOKIE_NO_WSCALE));
	CU_ASSERT(s.wscale == ASA_COOKIE_NO_WSCALE);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SipHash-2-4 and 1-3 vectors", siphash_vectors },
		{ "INT-4 what a cookie carries", what_a_cookie_carries },
		{ "INT-4 old, guessed, replayed, other key", refused_cookies },
		{ "INT-4 keys change, time wraps", keys_change },
		{ "INT-4 offers", offers },
		{ NULL, NULL },
	};

	return asa_cunit_main("syncookie", tests);
}
