// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/session/xlate.o daemon/session/xlate_ports.o daemon/session/xlate_lease.o */
/*
 * Dynamic translations in use: NAT-3 (ranges of ports, no scan, pools, exhaustion), timeouts,
 * SES-15 (rebuilding after a restart), SES-13 (clear xlate).
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cunit.h"
#include "policy/addr.h"
#include "session/xlate.h"
#include "session/xlate_bits.h"

static const struct policy_if inside = { .num = 0, .name = "inside" };
static const struct policy_if outside = { .num = 1, .name = "outside" };
static const struct policy_if dmz = { .num = 2, .name = "dmz" };

static struct asa_addr v4(__u32 host_order)
{
	struct asa_addr a;

	asa_addr_set_v4(&a, asa_htonl(host_order));
	return a;
}

#define REAL(n) v4(0x0a010100 + (n)) /* 10.1.1.n */
#define MAPPED(n) v4(0xc6336400 + (n)) /* 198.51.100.n */

static struct nat_pool pool_of(__u32 first, __u32 last, bool pat)
{
	return (struct nat_pool){ .first = MAPPED(first), .last = MAPPED(last), .pat = pat };
}

/* One allocation and what came out of it. */
struct got {
	enum asa_drop drop;
	__u32 ref;
	struct asa_addr mapped;
	__u16 port;
	bool created;
};

static struct got take(struct xlates *x, const struct nat_pool *pool, struct asa_addr real,
		       __u8 proto, __u16 port, __u32 now)
{
	struct asa_key key = { .src = real, .sport = asa_htons(port), .proto = proto };
	struct got g = { 0 };
	__be16 mapped_port = 0;

	g.drop = xlate_allocate(x, pool, &inside, &outside, &key, now, &g.ref, &g.mapped,
				&mapped_port, &g.created);
	g.port = asa_ntohs(mapped_port);
	return g;
}

static int freed;
static void count_freed(void *arg, const struct xlate *t)
{
	(void)arg;
	CU_ASSERT_EQUAL(t->users, 0);
	freed++;
}

static void nat3_port_is_kept_when_free(void)
{
	struct xlates *x = xlate_new(1000);
	struct nat_pool pool = pool_of(1, 1, true);
	struct got a = take(x, &pool, REAL(1), IPPROTO_TCP, 40000, 0);
	struct got b = take(x, &pool, REAL(2), IPPROTO_TCP, 40000, 0);
	struct got c = take(x, &pool, REAL(2), IPPROTO_UDP, 40000, 0);
	struct got again = take(x, &pool, REAL(1), IPPROTO_TCP, 40000, 0);

	CU_ASSERT_EQUAL(a.drop, DROP_NONE);
	CU_ASSERT_EQUAL(a.port, 40000);
	CU_ASSERT_TRUE(a.created);
	CU_ASSERT_NOT_EQUAL(b.port, 40000);
	CU_ASSERT(b.port >= 1024);
	CU_ASSERT_EQUAL(c.port, 40000); /* each protocol has its own ports */
	/* the same host and port again: the same translation */
	CU_ASSERT_FALSE(again.created);
	CU_ASSERT_EQUAL(again.ref, a.ref);
	CU_ASSERT_EQUAL(xlate_get(x, a.ref)->users, 2);
	CU_ASSERT_EQUAL(xlate_count(x), 3);
	CU_ASSERT_PTR_EQUAL(xlate_find_mapped(x, &a.mapped, asa_htons(40000), IPPROTO_TCP), xlate_get(x, a.ref));
	CU_ASSERT_PTR_NULL(xlate_find_mapped(x, &a.mapped, asa_htons(1), IPPROTO_TCP));
	xlate_free(x);
	xlate_free(NULL);
}

static void nat3_ranges_are_kept(void)
{
	static const struct {
		__u16 want, lo, hi;
		int n; /* that fit into the range */
	} ranges[] = { { 80, 1, 511, 511 }, { 600, 512, 1023, 512 }, { 5000, 1024, 65535, 2000 } };

	for (size_t r = 0; r < 3; r++) {
		struct xlates *x = xlate_new(10000);
		struct nat_pool pool = pool_of(1, 1, true);
		bool seen[65536] = { false };
		struct got g;

		for (int i = 0; i < ranges[r].n; i++) {
			g = take(x, &pool, REAL(i), IPPROTO_TCP, ranges[r].want, 0);
			CU_ASSERT_EQUAL_FATAL(g.drop, DROP_NONE);
			CU_ASSERT(g.port >= ranges[r].lo && g.port <= ranges[r].hi);
			CU_ASSERT_FALSE(seen[g.port]);
			seen[g.port] = true;
		}
		/* a low range that is full is full; another address of the pool has its own */
		g = take(x, &pool, REAL(9999), IPPROTO_TCP, ranges[r].want, 0);
		CU_ASSERT_EQUAL(g.drop, r < 2 ? DROP_NAT_FAILED : DROP_NONE);
		pool.last = MAPPED(2);
		g = take(x, &pool, REAL(9998), IPPROTO_TCP, ranges[r].want, 0);
		CU_ASSERT_EQUAL(g.drop, DROP_NONE);
		CU_ASSERT(g.port >= ranges[r].lo && g.port <= ranges[r].hi);
		xlate_free(x);
	}
}

static void nat3_exhaustion_is_a_reason(void)
{
	struct xlates *x = xlate_new(200000);
	struct nat_pool pool = pool_of(1, 1, true);
	struct got g, first = { 0 };

	for (__u32 i = 0; i < 64512; i++) {
		g = take(x, &pool, REAL(i), IPPROTO_UDP, 2000, 0);
		CU_ASSERT_EQUAL_FATAL(g.drop, DROP_NONE);
		if (!i)
			first = g;
	}
	g = take(x, &pool, REAL(70000), IPPROTO_UDP, 2000, 0);
	CU_ASSERT_EQUAL(g.drop, DROP_NAT_FAILED);
	CU_ASSERT_EQUAL(xlate_count(x), 64512);
	/* the low ranges have not been touched */
	CU_ASSERT_EQUAL(take(x, &pool, REAL(70000), IPPROTO_UDP, 80, 0).port, 80);
	/* one is given back: it is the one that comes next */
	xlate_put(x, first.ref, 0);
	xlate_expire(x, 100, 1000, 100, NULL, NULL);
	g = take(x, &pool, REAL(70001), IPPROTO_UDP, 3000, 100);
	CU_ASSERT_EQUAL(g.drop, DROP_NONE);
	CU_ASSERT_EQUAL(g.port, first.port);
	/* a second address of the pool takes over */
	pool.last = MAPPED(2);
	g = take(x, &pool, REAL(70002), IPPROTO_UDP, 2000, 0);
	CU_ASSERT_EQUAL(g.drop, DROP_NONE);
	CU_ASSERT_TRUE(asa_addr_equal(&g.mapped, &pool.last));
	xlate_free(x);
}

static void nat3_hosts_spread_over_a_pat_pool(void)
{
	struct xlates *x = xlate_new(10000);
	struct nat_pool pool = pool_of(0, 7, true);
	int per_address[8] = { 0 };

	for (int i = 0; i < 800; i++) {
		struct got a = take(x, &pool, REAL(i), IPPROTO_TCP, 5000, 0);
		struct got b = take(x, &pool, REAL(i), IPPROTO_TCP, 5001, 0);

		CU_ASSERT_EQUAL(a.drop, DROP_NONE);
		/* a host keeps its mapped address */
		CU_ASSERT_TRUE(asa_addr_equal(&a.mapped, &b.mapped));
		per_address[asa_ntohl(a.mapped.w[3]) & 7]++;
	}
	for (int i = 0; i < 8; i++)
		CU_ASSERT(per_address[i] > 40 && per_address[i] < 200);
	xlate_free(x);
}

static void nat1_one_to_one_pool_and_fallback(void)
{
	struct xlates *x = xlate_new(1000);
	struct nat_pool pool = pool_of(10, 13, false);
	bool seen[4] = { false };
	struct got g, first = { 0 };

	for (int i = 0; i < 4; i++) {
		g = take(x, &pool, REAL(i), IPPROTO_TCP, 1000, 0);
		CU_ASSERT_EQUAL_FATAL(g.drop, DROP_NONE);
		CU_ASSERT_EQUAL(g.port, 1000);
		CU_ASSERT_FALSE(xlate_get(x, g.ref)->pat);
		CU_ASSERT_EQUAL(xlate_get(x, g.ref)->proto, 0);
		seen[(asa_ntohl(g.mapped.w[3]) & 0xff) - 10] = true;
		if (!i)
			first = g;
	}
	CU_ASSERT(seen[0] && seen[1] && seen[2] && seen[3]);
	/* another connection of a host, any protocol: the same address */
	g = take(x, &pool, REAL(0), IPPROTO_UDP, 7, 0);
	CU_ASSERT_EQUAL(g.ref, first.ref);
	CU_ASSERT_EQUAL(g.port, 7);
	/* used up */
	CU_ASSERT_EQUAL(take(x, &pool, REAL(5), IPPROTO_TCP, 1, 0).drop, DROP_NAT_FAILED);
	pool.interface_fallback = true;
	pool.interface_addr = MAPPED(1);
	g = take(x, &pool, REAL(5), IPPROTO_TCP, 1234, 0);
	CU_ASSERT_EQUAL(g.drop, DROP_NONE);
	CU_ASSERT_TRUE(asa_addr_equal(&g.mapped, &pool.interface_addr));
	CU_ASSERT_TRUE(xlate_get(x, g.ref)->pat);
	/* one who has an address keeps it; a second range comes before the interface */
	CU_ASSERT_EQUAL(take(x, &pool, REAL(0), IPPROTO_TCP, 9, 0).ref, first.ref);
	{
		struct nat_range more = { MAPPED(20), MAPPED(20), false };

		pool.more = &more;
		pool.n_more = 1;
		g = take(x, &pool, REAL(6), IPPROTO_TCP, 9, 0);
		CU_ASSERT_TRUE(asa_addr_equal(&g.mapped, &more.first));
	}
	xlate_free(x);
}

/* A pool over a 65,536 boundary, and an IPv6 network as a pool. */
static void nat1_pools_of_any_size(void)
{
	struct xlates *x = xlate_new(1000);
	struct nat_pool pool = { .first = v4(0x0a01fffe), .last = v4(0x0a020001) };
	struct got g;

	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(take(x, &pool, REAL(i), IPPROTO_TCP, 1, 0).drop, DROP_NONE);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(4), IPPROTO_TCP, 1, 0).drop, DROP_NAT_FAILED);
	addr_from_num((addr_num)0x20010db8 << 96, &pool.first);
	addr_from_num(((addr_num)0x20010db8 << 96) | ~(__u64)0, &pool.last);
	for (int i = 0; i < 200; i++) {
		g = take(x, &pool, REAL(100 + i), IPPROTO_TCP, 1, 0);
		CU_ASSERT_EQUAL(g.drop, DROP_NONE);
		CU_ASSERT_EQUAL(g.mapped.d[0], pool.first.d[0]);
	}
	xlate_free(x);
}

static void nat1_protocols_without_ports(void)
{
	struct xlates *x = xlate_new(1000);
	struct nat_pool pool = pool_of(1, 1, true);
	struct got a = take(x, &pool, REAL(1), IPPROTO_GRE, 0, 0);
	struct got b = take(x, &pool, REAL(2), IPPROTO_GRE, 0, 0);

	/* one host can use the address, the second cannot be told apart */
	CU_ASSERT_EQUAL(a.drop, DROP_NONE);
	CU_ASSERT_EQUAL(b.drop, DROP_NAT_FAILED);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(1), IPPROTO_GRE, 0, 0).ref, a.ref);
	/* ICMP identifiers are translated like ports */
	a = take(x, &pool, REAL(1), IPPROTO_ICMP, 5, 0);
	b = take(x, &pool, REAL(2), IPPROTO_ICMP, 5, 0);
	CU_ASSERT_EQUAL(a.port, 5);
	CU_ASSERT(b.drop == DROP_NONE && b.port != 5 && b.port != 0);
	xlate_free(x);
}

/* "flat": a low port may become a high one, never the other way round; "include-reserve": any. */
static void nat3_flat_pool(void)
{
	struct xlates *x = xlate_new(3000);
	struct nat_pool pool = pool_of(1, 1, true);
	struct got g;

	pool.flat_lo = 1024;
	g = take(x, &pool, REAL(1), IPPROTO_TCP, 80, 0);
	CU_ASSERT(g.drop == DROP_NONE && g.port >= 1024);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(1), IPPROTO_TCP, 2000, 0).port, 2000);
	for (int i = 0; i < 600; i++) { /* more than a range of low ports has */
		g = take(x, &pool, REAL(2 + i % 200), IPPROTO_TCP, 300 + i / 200, 0);
		CU_ASSERT(g.drop == DROP_NONE && g.port >= 1024);
	}
	CU_ASSERT_EQUAL(take(x, &pool, REAL(1), IPPROTO_ICMP, 5, 0).port, 5); /* not a port */
	pool.flat_lo = 1;
	CU_ASSERT_EQUAL(take(x, &pool, REAL(9), IPPROTO_TCP, 80, 0).port, 80);
	g = take(x, &pool, REAL(10), IPPROTO_TCP, 80, 0);
	CU_ASSERT(g.drop == DROP_NONE && g.port != 80 && g.port != 0);
	xlate_free(x);
}

static void nat3_ports_of_static_pat_are_kept(void)
{
	struct xlates *x = xlate_new(1000);
	struct nat_pool pool = pool_of(1, 2, true);
	struct nat_reserved rows[2] = {
		{ .first = MAPPED(1), .last = MAPPED(1), .proto = IPPROTO_TCP, .port_lo = 8080, .port_hi = 8081 },
		{ .first = MAPPED(2), .last = MAPPED(2), .proto = IPPROTO_TCP, .port_lo = 1, .port_hi = 511 },
	};
	struct got a, held;
	struct xlate kept;

	pool.last = pool.first;
	CU_ASSERT_EQUAL(xlate_reserve(x, rows, 2), 0);
	a = take(x, &pool, REAL(1), IPPROTO_TCP, 8080, 0);
	CU_ASSERT(a.drop == DROP_NONE && a.port != 8080 && a.port != 8081 && a.port > 1023);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(1), IPPROTO_UDP, 8080, 0).port, 8080); /* UDP is not TCP */
	held = take(x, &pool, REAL(1), IPPROTO_TCP, 9000, 0);
	CU_ASSERT_EQUAL(held.port, 9000);
	/* an address whose range is all static PAT's has nothing to give */
	pool.first = pool.last = MAPPED(2);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(3), IPPROTO_TCP, 80, 0).drop, DROP_NAT_FAILED);
	/* the rules change: 9000 becomes static PAT's while a connection has it, 8080 is free again */
	pool.first = pool.last = MAPPED(1);
	rows[0].port_lo = rows[0].port_hi = 9000;
	CU_ASSERT_EQUAL(xlate_reserve(x, rows, 1), 0);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(4), IPPROTO_TCP, 8080, 0).port, 8080);
	kept = *xlate_get(x, held.ref);
	xlate_put(x, held.ref, 0);
	xlate_expire(x, 1000, 10, 10, count_freed, NULL);
	CU_ASSERT_NOT_EQUAL(take(x, &pool, REAL(5), IPPROTO_TCP, 9000, 0).port, 9000);
	/* after a restart the connection that had it goes on with it */
	CU_ASSERT_NOT_EQUAL(xlate_restore(x, &kept), 0);
	CU_ASSERT_EQUAL(xlate_restore(x, &(struct xlate){ .real = REAL(7), .mapped = MAPPED(1), .pat = true,
				.proto = IPPROTO_TCP, .real_port = 1, .mapped_port = kept.mapped_port }), 0);
	/* taken away while it is used: not free before it ends */
	CU_ASSERT_EQUAL(xlate_reserve(x, NULL, 0), 0);
	CU_ASSERT_NOT_EQUAL(take(x, &pool, REAL(6), IPPROTO_TCP, 9000, 0).port, 9000);
	xlate_free(x);
}

static void timeouts_run_from_the_last_use(void)
{
	struct xlates *x = xlate_new(100);
	struct nat_pool pat = pool_of(1, 1, true), range = pool_of(10, 19, false);
	struct got a = take(x, &pat, REAL(1), IPPROTO_TCP, 1000, 0);
	struct got b = take(x, &pat, REAL(2), IPPROTO_TCP, 1001, 0);
	struct got c = take(x, &range, REAL(3), IPPROTO_TCP, 1002, 0);

	freed = 0;
	xlate_put(x, a.ref, 50);
	xlate_put(x, c.ref, 50);
	xlate_expire(x, 79, 1000, 30, count_freed, NULL);
	CU_ASSERT_EQUAL(freed, 0);
	xlate_expire(x, 80, 1000, 30, count_freed, NULL);
	CU_ASSERT_EQUAL(freed, 1);
	CU_ASSERT_PTR_NULL(xlate_get(x, a.ref));
	CU_ASSERT_PTR_NOT_NULL(xlate_get(x, b.ref)); /* in use */
	/* used again before its end: waits anew; 0 is never */
	CU_ASSERT_EQUAL(take(x, &range, REAL(3), IPPROTO_TCP, 1, 900).ref, c.ref);
	xlate_put(x, c.ref, 900);
	xlate_expire(x, 1100, 1000, 30, count_freed, NULL);
	xlate_expire(x, 90000, 0, 0, count_freed, NULL);
	CU_ASSERT_EQUAL(freed, 1);
	xlate_expire(x, 1900, 1000, 30, count_freed, NULL);
	CU_ASSERT_EQUAL(freed, 2);
	CU_ASSERT_EQUAL(xlate_count(x), 1);
	CU_ASSERT_EQUAL(xlate_most_used(x), 3);
	/* putting what is not held changes nothing */
	xlate_put(x, a.ref, 0);
	xlate_put(x, 0, 0);
	xlate_put(x, 99, 0);
	CU_ASSERT_EQUAL(xlate_count(x), 1);
	xlate_free(x);
}

static void ses13_clear_and_walk(void)
{
	struct xlates *x = xlate_new(100);
	struct nat_pool pool = pool_of(1, 1, true);
	struct got a = take(x, &pool, REAL(1), IPPROTO_TCP, 1000, 0);
	__u32 ref = 0;
	int n = 0;

	for (int i = 2; i < 10; i++)
		xlate_put(x, take(x, &pool, REAL(i), IPPROTO_TCP, 1000, 0).ref, 0);
	while (xlate_next(x, &ref))
		n++;
	CU_ASSERT_EQUAL(n, 9);
	freed = 0;
	xlate_clear(x, count_freed, NULL);
	CU_ASSERT_EQUAL(freed, 8);
	CU_ASSERT_EQUAL(xlate_count(x), 1);
	ref = 0;
	CU_ASSERT_PTR_EQUAL(xlate_next(x, &ref), xlate_get(x, a.ref));
	CU_ASSERT_STRING_EQUAL(xlate_get(x, a.ref)->real_if_name, "inside");
	CU_ASSERT_STRING_EQUAL(xlate_get(x, a.ref)->mapped_if_name, "outside");
	xlate_free(x);
}

static void table_full_is_refused(void)
{
	struct xlates *x = xlate_new(2);
	struct nat_pool pool = pool_of(1, 1, true);
	struct got a = take(x, &pool, REAL(1), IPPROTO_TCP, 1, 0);

	take(x, &pool, REAL(2), IPPROTO_TCP, 2, 0);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(3), IPPROTO_TCP, 3, 0).drop, DROP_NAT_FAILED);
	/* the refused one has left no port marked */
	xlate_put(x, a.ref, 0);
	xlate_clear(x, NULL, NULL);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(3), IPPROTO_TCP, 3, 0).port, 3);
	xlate_free(x);
}

static void ses15_restore_after_a_restart(void)
{
	struct xlates *x = xlate_new(100);
	struct nat_pool pool = pool_of(1, 1, true);
	struct xlate kept = { .real = REAL(1),
			      .mapped = MAPPED(1),
			      .real_port = asa_htons(4000),
			      .mapped_port = asa_htons(5000),
			      .proto = IPPROTO_TCP,
			      .pat = true,
			      .real_if_name = "inside",
			      .mapped_if_name = "outside" };
	__u32 ref = xlate_restore(x, &kept);

	CU_ASSERT(ref > 0);
	/* a second connection of the same translation shares it */
	CU_ASSERT_EQUAL(xlate_restore(x, &kept), ref);
	CU_ASSERT_EQUAL(xlate_get(x, ref)->users, 2);
	/* its port is taken, and the host gets it again */
	CU_ASSERT_NOT_EQUAL(take(x, &pool, REAL(2), IPPROTO_TCP, 5000, 0).port, 5000);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(1), IPPROTO_TCP, 4000, 0).ref, ref);
	/* another host cannot have had the same port */
	kept.real = REAL(9);
	CU_ASSERT_EQUAL(xlate_restore(x, &kept), 0);
	/* one-to-one */
	kept = (struct xlate){ .real = REAL(3), .mapped = MAPPED(30), .mapped_if_name = "outside" };
	ref = xlate_restore(x, &kept);
	pool = pool_of(30, 31, false);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(3), IPPROTO_UDP, 1, 0).ref, ref);
	CU_ASSERT_NOT_EQUAL(take(x, &pool, REAL(4), IPPROTO_UDP, 1, 0).ref, ref);
	xlate_free(x);
}

static void changed_pool_or_interface_is_not_reused(void)
{
	struct xlates *x = xlate_new(100);
	struct nat_pool before = pool_of(1, 1, true), after = pool_of(2, 2, true);
	struct got a = take(x, &before, REAL(1), IPPROTO_TCP, 1000, 0);
	struct got b = take(x, &after, REAL(1), IPPROTO_TCP, 1000, 0);
	struct asa_key key = { .src = REAL(1), .sport = asa_htons(1000), .proto = IPPROTO_TCP };
	struct asa_addr mapped;
	__be16 port;
	__u32 ref;
	bool created;

	CU_ASSERT_NOT_EQUAL(a.ref, b.ref);
	CU_ASSERT_TRUE(asa_addr_equal(&b.mapped, &after.first));
	CU_ASSERT_EQUAL(xlate_allocate(x, &after, &inside, &dmz, &key, 0, &ref, &mapped, &port,
				       &created),
			DROP_NONE);
	CU_ASSERT_TRUE(created);
	CU_ASSERT_NOT_EQUAL(port, asa_htons(1000));
	xlate_free(x);
}

/* The two-level set against a plain one. */
static void nat3_bit_sets(void)
{
	struct xlate_block *b = calloc(1, sizeof(*b));
	bool *plain = calloc(65536, sizeof(*plain));
	__u32 seed = 7;

	for (int i = 0; i < 65536; i++) {
		/* nearly full, with holes far apart */
		if (i % 9973 != 17) {
			xlate_bit_take(b, i);
			plain[i] = true;
		}
	}
	for (int i = 0; i < 3000; i++) {
		__u32 lo, hi;
		int expected = -1;

		seed = seed * 1664525 + 1013904223;
		lo = seed >> 16;
		hi = lo + (seed & 0xffff) / 4;
		if (hi > 65535)
			hi = 65535;
		for (__u32 n = lo; n <= hi && expected < 0; n++)
			if (!plain[n])
				expected = n;
		if (xlate_bit_free(b, lo, hi) != expected)
			CU_FAIL("free number");
		xlate_bit_put(b, lo);
		CU_ASSERT_EQUAL(xlate_bit_free_from(b, lo, lo, lo), (int)lo);
		if (plain[lo])
			xlate_bit_take(b, lo);
	}
	free(b);
	free(plain);
}

/* ------------------------------------------------------------------ extended pools, blocks */

static struct got take_to(struct xlates *x, const struct nat_pool *pool, struct asa_addr real,
			  __u16 port, struct asa_addr dst, __u16 dport)
{
	struct asa_key key = { .src = real,
			       .dst = dst,
			       .sport = asa_htons(port),
			       .dport = asa_htons(dport),
			       .proto = IPPROTO_TCP };
	struct got g = { 0 };
	__be16 mapped_port = 0;

	g.drop = xlate_allocate(x, pool, &inside, &outside, &key, 0, &g.ref, &g.mapped,
				&mapped_port, &g.created);
	g.port = asa_ntohs(mapped_port);
	return g;
}

static void nat1_extended_ports_serve_each_destination(void)
{
	struct xlates *x = xlate_new(2000);
	struct nat_pool pool = pool_of(1, 1, true);
	struct got g, first, other;
	bool seen[512] = { false };

	pool.extended = true;
	/* 511 low ports to one destination, and 511 to another: twice what a plain pool has */
	for (int to = 0; to < 2; to++) {
		memset(seen, 0, sizeof(seen));
		for (int i = 0; i < 511; i++) {
			g = take_to(x, &pool, REAL(i), 80, REAL(900 + to), 53);
			CU_ASSERT_EQUAL_FATAL(g.drop, DROP_NONE);
			CU_ASSERT_FATAL(g.port > 0 && g.port < 512);
			CU_ASSERT_FALSE(seen[g.port]);
			seen[g.port] = true;
		}
		g = take_to(x, &pool, REAL(600), 80, REAL(900 + to), 53);
		CU_ASSERT_EQUAL(g.drop, DROP_NAT_FAILED);
	}
	/* the same host, port and destination: the same translation; another destination: another */
	first = take_to(x, &pool, REAL(1), 5000, REAL(900), 443);
	g = take_to(x, &pool, REAL(1), 5000, REAL(900), 443);
	other = take_to(x, &pool, REAL(1), 5000, REAL(900), 444);
	CU_ASSERT_EQUAL(g.ref, first.ref);
	CU_ASSERT_FALSE(g.created);
	CU_ASSERT_NOT_EQUAL(other.ref, first.ref);
	CU_ASSERT_TRUE(xlate_get(x, first.ref)->extended);
	xlate_free(x);
}

/* A port goes when its last user has gone, and plain pools never share one. */
static void nat1_extended_ports_come_back(void)
{
	struct xlates *x = xlate_new(2000);
	struct nat_pool pool = pool_of(1, 1, true), plain = pool;
	struct got a[2][511], g;
	struct xlate kept;

	pool.extended = true;
	for (int i = 0; i < 511; i++)
		a[0][i] = take_to(x, &pool, REAL(i), 80, REAL(900), 53);
	g = take(x, &plain, REAL(1), IPPROTO_TCP, 80, 0);
	CU_ASSERT_EQUAL(g.drop, DROP_NAT_FAILED); /* all are used */
	a[1][0] = take_to(x, &pool, REAL(7), 80, REAL(901), 53);
	CU_ASSERT_EQUAL(a[1][0].drop, DROP_NONE);
	for (int i = 0; i < 511; i++)
		xlate_put(x, a[0][i].ref, 0);
	xlate_clear(x, NULL, NULL);
	CU_ASSERT_EQUAL(xlate_count(x), 1);
	/* after a restart: with its destination, and not twice to the same */
	kept = *xlate_get(x, a[1][0].ref);
	kept.real = REAL(8);
	CU_ASSERT_EQUAL(xlate_restore(x, &kept), 0);
	kept.peer = REAL(902);
	CU_ASSERT_NOT_EQUAL(xlate_restore(x, &kept), 0);
	kept.extended = false;
	kept.real = REAL(9);
	CU_ASSERT_EQUAL(xlate_restore(x, &kept), 0);
	/* the one left keeps its port from plain ones */
	for (int i = 0; i < 510; i++)
		CU_ASSERT_EQUAL_FATAL(take(x, &plain, REAL(i), IPPROTO_TCP, 80, 0).drop, DROP_NONE);
	CU_ASSERT_EQUAL(take(x, &plain, REAL(600), IPPROTO_TCP, 80, 0).drop, DROP_NAT_FAILED);
	xlate_free(x);
}

static __u32 leases_of(const struct xlates *x, struct asa_addr host)
{
	return xlate_leases_of(x, &host, IPPROTO_TCP);
}

static int leases_got, leases_gone;
static struct xlate_lease last_lease;
static void count_lease(void *arg, const struct xlate_lease *l, bool got)
{
	(void)arg;
	leases_got += got;
	leases_gone += !got;
	last_lease = *l;
}

static void sum_ports(void *arg, const struct xlate_ports_used *r)
{
	__u32 *sums = arg;

	for (int i = 0; i < 3; i++)
		sums[i] += r->used[i];
}

/* NAT-2: what show nat pool adds up. */
static void nat2_ports_in_use(void)
{
	struct nat_reserved kept = { MAPPED(1), MAPPED(1), IPPROTO_TCP, 8080, 8089 };
	struct nat_pool pool = pool_of(1, 1, true), whole = pool_of(5, 5, false);
	struct xlates *x = xlate_new(1000);
	__u32 sums[3] = { 0 };

	CU_ASSERT_EQUAL(xlate_reserve(x, &kept, 1), 0);
	take(x, &pool, REAL(1), IPPROTO_TCP, 1, 0);
	take(x, &pool, REAL(1), IPPROTO_TCP, 511, 0);
	take(x, &pool, REAL(1), IPPROTO_TCP, 512, 0);
	take(x, &pool, REAL(1), IPPROTO_UDP, 1024, 0);
	take(x, &pool, REAL(1), IPPROTO_UDP, 65535, 0);
	take(x, &whole, REAL(2), IPPROTO_TCP, 7, 0); /* no port */
	xlate_ports_each(x, sum_ports, sums);
	CU_ASSERT_EQUAL(sums[0], 2);
	CU_ASSERT_EQUAL(sums[1], 1);
	CU_ASSERT_EQUAL(sums[2], 2); /* those of static PAT are nobody's */
	xlate_free(x);
}

static void nat1_hosts_get_blocks_of_ports(void)
{
	struct xlates *x = xlate_new(4000);
	struct nat_pool pool = pool_of(1, 1, true);
	struct got g, many[128];
	__u16 lo;
	struct xlate peeked;
	struct asa_key key = { .src = REAL(5), .sport = asa_htons(22), .proto = IPPROTO_UDP };
	bool created;

	pool.block_size = 64;
	pool.block_max = 2;
	leases_got = leases_gone = 0;
	xlate_on_lease(x, count_lease, NULL);
	for (int i = 0; i < 128; i++) {
		/* a low port is mapped into the block, too */
		many[i] = take(x, &pool, REAL(1), IPPROTO_TCP, i ? 2000 + i : 22, 0);
		CU_ASSERT_EQUAL_FATAL(many[i].drop, DROP_NONE);
		CU_ASSERT(many[i].port >= last_lease.lo && many[i].port <= last_lease.hi);
		CU_ASSERT_EQUAL((last_lease.lo - 1024) % 64, 0);
	}
	CU_ASSERT_EQUAL(leases_got, 2);
	CU_ASSERT_EQUAL(xlate_leases_of(x, &many[0].mapped, IPPROTO_TCP), 0);
	CU_ASSERT_EQUAL(leases_of(x, REAL(1)), 2);
	/* its share is used up; other hosts and protocols have theirs */
	CU_ASSERT_EQUAL(take(x, &pool, REAL(1), IPPROTO_TCP, 9999, 0).drop, DROP_NAT_FAILED);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(1), IPPROTO_UDP, 9999, 0).drop, DROP_NONE);
	CU_ASSERT_EQUAL(leases_got, 3);
	/* a dry run leaves no block behind and tells nobody */
	CU_ASSERT_EQUAL(xlate_peek(x, &pool, &inside, &outside, &key, 0, &peeked, &created), DROP_NONE);
	CU_ASSERT_EQUAL(leases_got, 3);
	CU_ASSERT_EQUAL(xlate_leases_of(x, &key.src, IPPROTO_UDP), 0);
	/* a block goes with its last translation */
	for (int i = 0; i < 128; i++)
		xlate_put(x, many[i].ref, 0);
	xlate_expire(x, 1000, 10, 10, NULL, NULL);
	CU_ASSERT_EQUAL(leases_gone, 2);
	CU_ASSERT_EQUAL(leases_of(x, REAL(1)), 0);
	/* blocks of an address run out: 64512 / 4096 */
	pool.block_size = 4096;
	for (int i = 0; i < 15; i++)
		CU_ASSERT_EQUAL(take(x, &pool, REAL(100 + i), IPPROTO_TCP, 1024, 0).drop, DROP_NONE);
	CU_ASSERT_EQUAL(take(x, &pool, REAL(200), IPPROTO_TCP, 1024, 0).drop, DROP_NAT_FAILED);
	pool.last = MAPPED(2);
	g = take(x, &pool, REAL(200), IPPROTO_TCP, 1024, 0);
	CU_ASSERT_EQUAL(g.drop, DROP_NONE);
	lo = last_lease.lo;
	CU_ASSERT(g.port >= lo && g.port <= lo + 4095);
	xlate_free(x);
}

/* SES-15: a restarted daemon knows whose the blocks are. */
static void ses15_blocks_are_rebuilt(void)
{
	struct xlates *x = xlate_new(100);
	struct nat_pool pool = pool_of(1, 1, true);
	struct xlate kept = { .real = REAL(1), .mapped = MAPPED(1), .real_port = asa_htons(7),
			      .mapped_port = asa_htons(2000), .proto = IPPROTO_TCP, .pat = true,
			      .block_size = 512 };
	__u32 ref = xlate_restore(x, &kept);
	struct got g;

	CU_ASSERT_NOT_EQUAL(ref, 0);
	CU_ASSERT_EQUAL(xlate_leases_of(x, &kept.real, IPPROTO_TCP), 1);
	kept.real = REAL(2);
	kept.mapped_port = asa_htons(2001);
	CU_ASSERT_EQUAL(xlate_restore(x, &kept), 0); /* the first one's block */
	pool.block_size = 512;
	pool.block_max = 1;
	g = take(x, &pool, REAL(1), IPPROTO_TCP, 1600, 0);
	CU_ASSERT(g.port >= 1536 && g.port <= 2047);
	xlate_put(x, ref, 0);
	xlate_put(x, g.ref, 0);
	xlate_clear(x, NULL, NULL);
	CU_ASSERT_EQUAL(leases_of(x, REAL(1)), 0);
	xlate_free(x);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "NAT-3 port is kept when free", nat3_port_is_kept_when_free },
		{ "NAT-3 ranges are kept", nat3_ranges_are_kept },
		{ "NAT-3 exhaustion is a reason", nat3_exhaustion_is_a_reason },
		{ "NAT-3 hosts spread over a PAT pool", nat3_hosts_spread_over_a_pat_pool },
		{ "NAT-3 bit sets", nat3_bit_sets },
		{ "NAT-1 one-to-one pool and fallback", nat1_one_to_one_pool_and_fallback },
		{ "NAT-1 pools of any size", nat1_pools_of_any_size },
		{ "NAT-1 protocols without ports", nat1_protocols_without_ports },
		{ "NAT-3 flat pool", nat3_flat_pool },
		{ "NAT-3 ports of static PAT are kept", nat3_ports_of_static_pat_are_kept },
		{ "NAT-1 changed pool or interface is not reused",
		  changed_pool_or_interface_is_not_reused },
		{ "NAT-3 timeouts run from the last use", timeouts_run_from_the_last_use },
		{ "NAT-3 table full is refused", table_full_is_refused },
		{ "SES-13 clear and walk", ses13_clear_and_walk },
		{ "SES-15 restore after a restart", ses15_restore_after_a_restart },
		{ "NAT-1 extended: ports serve each destination",
		  nat1_extended_ports_serve_each_destination },
		{ "NAT-1 extended: ports come back", nat1_extended_ports_come_back },
		{ "NAT-1 block-allocation: hosts get blocks of ports", nat1_hosts_get_blocks_of_ports },
		{ "NAT-2 ports in use", nat2_ports_in_use },
		{ "SES-15 block-allocation: blocks are rebuilt", ses15_blocks_are_rebuilt },
		{ NULL, NULL },
	};

	return asa_cunit_main("xlate", tests);
}
