// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cost of access lists by their size (ACL-4): a look-up, a compile, a change of one line, memory.
 *
 * Responsible for: lists of 10 to 100,000 entries in mixes that real configurations have, packets
 * that hit them evenly (1,024 of them in turn, so that the caches are shared with nobody else but
 * the list), a table on standard output. Not responsible for: what the packet path costs around
 * it (asa-bench.c).
 *
 * "x10" is the look-up compared to the same mix with 10 entries. Run: build/acl_bench [MIX]
 */
#include <malloc.h>
#include <time.h>

#include "policy/policy_impl.h"
#include "tests/lib/model_build.h"

#define PACKETS 1024

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static __u32 seed;
static __u32 rnd(__u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (__u32)(((__u64)(seed >> 4) * n) >> 28);
}

/* Rule i of a mix, and a packet that it matches. */
static void host_port(__u32 i, char *rule, char *packet)
{
	sprintf(rule, "permit tcp any 10.%u.%u.%u eq %u", i >> 16 & 255, i >> 8 & 255, i & 255,
		80 + i % 7);
	sprintf(packet, "tcp 198.51.100.%u:%u 10.%u.%u.%u:%u", rnd(255), 1024 + rnd(60000),
		i >> 16 & 255, i >> 8 & 255, i & 255, 80 + i % 7);
}

static void host_host(__u32 i, char *rule, char *packet)
{
	sprintf(rule, "permit udp 172.16.%u.%u 10.%u.%u.%u", i >> 8 & 255, i & 255, i >> 16 & 255,
		i >> 8 & 255, i & 255);
	sprintf(packet, "udp 172.16.%u.%u:%u 10.%u.%u.%u:%u", i >> 8 & 255, i & 255, rnd(60000),
		i >> 16 & 255, i >> 8 & 255, i & 255, rnd(60000));
}

static void prefixes(__u32 i, char *rule, char *packet)
{
	static const int lengths[] = { 16, 20, 22, 23, 24, 24, 24, 24, 25, 26, 27, 28, 30, 32 };
	__u32 h = i * 2654435761u, plen = lengths[i % 14], dst = 10u << 24 | (h >> 8);

	sprintf(rule, "permit ip 172.%u.0.0/16 %u.%u.%u.%u/%u", 16 + i % 16, dst >> 24, dst >> 16 & 255,
		dst >> 8 & 255, dst & 255, plen);
	sprintf(packet, "tcp 172.%u.1.%u:1000 %u.%u.%u.%u:%u", 16 + i % 16, rnd(255), dst >> 24,
		dst >> 16 & 255, dst >> 8 & 255, dst & 255, rnd(60000));
}

static void ranges(__u32 i, char *rule, char *packet)
{
	__u32 lo = 1024 + i % 50 * 1000, net = i / 50;

	sprintf(rule, "permit tcp any 10.%u.%u.0/24 range %u %u", net >> 8 & 255, net & 255, lo,
		lo + 500);
	sprintf(packet, "tcp 198.51.100.%u:1000 10.%u.%u.9:%u", rnd(255), net >> 8 & 255, net & 255,
		lo + rnd(500));
}

static void mixed(__u32 i, char *rule, char *packet)
{
	switch (i % 10) {
	case 0 ... 4: host_port(i, rule, packet); break;
	case 5 ... 6: host_host(i, rule, packet); break;
	case 7 ... 8: prefixes(i, rule, packet); break;
	default: ranges(i, rule, packet); break;
	}
}

static const struct mix {
	const char *name;
	void (*make)(__u32 i, char *rule, char *packet);
} mixes[] = {
	{ "host+port", host_port }, { "host-host", host_host }, { "prefixes", prefixes },
	{ "port-ranges", ranges },  { "mixed", mixed },
};

static size_t memory(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* The best of several runs: what disturbs a run only makes it slower. */
static double lookup_ns(const struct fw *fw, const struct policy_tuple *packets)
{
	const struct policy_if *in = fw_named(fw, "outside");
	struct policy_acl_match m;
	double best = 1e18;

	for (int run = 0; run < 100; run++) {
		double start = now_ns(), ns;

		for (int i = 0; i < 8 * PACKETS; i++)
			if (policy_access_in(fw->p, in, NULL, &packets[i % PACKETS], &m))
				mb_bad("a packet that its rule should permit", m.acl);
		ns = (now_ns() - start) / (8 * PACKETS);
		if (ns < best)
			best = ns;
	}
	return best;
}

static double bench(const struct mix *mix, __u32 n, double base)
{
	struct policy_tuple *packets = calloc(PACKETS, sizeof(*packets));
	char rule[128], packet[128];
	struct fw fw = fw_new();
	double compile, change, ns;
	struct classifier_stats stats;
	struct model_ace *last;
	size_t before, rows;

	seed = 4711;
	before = memory();
	for (__u32 i = 0; i < n; i++) {
		mix->make(i, rule, packet);
		fw_ace(&fw, "A", "%s", rule);
	}
	rows = memory() - before;
	fw_access_group(&fw, "A", "in", "outside");
	for (__u32 i = 0; i < PACKETS; i++) {
		mix->make(rnd(n), rule, packet);
		packets[i] = mb_tuple(packet);
	}
	before = memory();
	compile = now_ns();
	if (fw_compile(&fw))
		mb_bad(fw.e.text, mix->name);
	compile = now_ns() - compile;
	before = memory() - before;
	ns = lookup_ns(&fw, packets);
	last = fw_ace(&fw, "A", "permit udp 203.0.113.1 203.0.113.2 eq 1");
	change = now_ns();
	if (fw_compile(&fw) || !last)
		mb_bad(fw.e.text, mix->name);
	change = now_ns() - change;
	classifier_get_stats(fw.p->acls.v[0]->base->rules.classifier, &stats);
	printf("%-12s %7u %9.1f %6.2f %6zu %5zu %11.1f %11.2f %9.2f %9.2f\n", mix->name, n, ns,
	       base > 0 ? ns / base : 1.0, stats.tables, stats.longest_chain, compile / 1e6,
	       change / 1e6, rows / 1e6, before / 1e6);
	fw_free(&fw);
	free(packets);
	return ns;
}

int main(int argc, char **argv)
{
	printf("%-12s %7s %9s %6s %6s %5s %11s %11s %9s %9s\n", "mix", "entries", "ns/lookup",
	       "x10", "tables", "chain", "compile ms", "1 line ms", "rows MB", "compiled");
	for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++) {
		double base = 0;

		if (argc > 1 && strcmp(argv[1], mixes[i].name))
			continue;
		for (__u32 n = 10; n <= 100000; n *= 10) {
			double ns = bench(&mixes[i], n, base);

			base = base > 0 ? base : ns;
		}
	}
	return 0;
}
