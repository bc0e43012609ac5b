// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/world.o tests/lib/pkt.o */
/*
 * Limits of management classes in the driver (LIM-6, LIM-8): which segments to the box take a place,
 * and what becomes of them when there is none.  A real listening socket is asked.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include <asa/host_limit.h>
#include <asa/syncookie.h>

#include "lib/cunit.h"
#include "lib/world.h"

#define CLIENT4 "10.1.1.10"
#define CLIENT6 "2001:db8:1::10"
#define BOX4 "203.0.113.1"
#define BOX6 "2001:db8:3::1"
#define TO4(port, fl, ...)                                                                       \
	{ .src = CLIENT4, .dst = BOX4, .proto = 6, .sport = 4000, .dport = port, .seq = 9,           \
	  .flags = fl, __VA_ARGS__ }
#define SYN4(...) TO4(22, ASA_TCP_SYN, __VA_ARGS__)
#define SYN6(...)                                                                                \
	{ .src = CLIENT6, .dst = BOX6, .proto = 6, .sport = 4000, .dport = 22, .seq = 9,             \
	  .flags = ASA_TCP_SYN, __VA_ARGS__ }

static struct world w;

static int map(const char *name)
{
	return bpf_object__find_map_fd_by_name(w.obj, name);
}

static __u32 tick(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return asa_tick_from_ns((__u64)ts.tv_sec * 1000000000ull + (__u64)ts.tv_nsec);
}

/* One class, port 22 of every address, with this row. */
static void begin(struct asa_host_limit l)
{
	struct asa_host_rule r = { .src = { { 0 }, { ~0ull, ~0ull } }, .dst = { { 0 }, { ~0ull, ~0ull } },
				   .sport_hi = 65535, .dport_lo = 22, .dport_hi = 22, .limit = 2 };
	struct asa_iface iface = { .flags = ASA_IFACE_USED | ASA_IFACE_LIMIT };
	int fd = bpf_program__fd(bpf_object__find_program_by_name(w.obj, ASA_PROGRAM_HOST_LIMIT));
	__u32 row = 2, first = 5, jump = ASA_JUMP_HOST_LIMIT;

	world_reset(&w);
	world_local(&w, BOX4, 0, 0, ASA_LOCAL_HOST);
	world_local(&w, BOX6, 0, 0, ASA_LOCAL_HOST);
	world_iface(&w, LO, &iface);
	CU_ASSERT(bpf_map_update_elem(map(ASA_MAP_JUMP), &jump, &fd, BPF_ANY) == 0);
	CU_ASSERT(bpf_map_update_elem(map(ASA_MAP_HOST_RULES), &first, &r, BPF_ANY) == 0);
	CU_ASSERT(bpf_map_update_elem(map(ASA_MAP_HOST_LIMITS), &row, &l, BPF_ANY) == 0);
	w.cfg.host_rules = ASA_HOST_SET(first, 1);
	w.cfg.host_cookies = 0;
	world_config(&w);
}

static struct asa_host_limit limit(void)
{
	struct asa_host_limit l = { 0 };
	__u32 row = 2;

	CU_ASSERT(bpf_map_lookup_elem(map(ASA_MAP_HOST_LIMITS), &row, &l) == 0);
	return l;
}

/* => is it let through? Otherwise it is dropped and counted, as conn-limit and in the row. */
static bool passes(const struct pkt *p)
{
	__u64 drops = limit().drops;
	struct result r;
	uint8_t frame[PKT_MAX];
	uint32_t size = (uint32_t)pkt_build(frame, p);

	CU_ASSERT_FATAL(world_run(&w, frame, size, LO, &r) == 0);
	CU_ASSERT(r.delta.in.rx_packets == 1);
	CU_ASSERT(r.delta.in.host_packets + r.delta.in.drop_packets == 1);
	if (r.verdict == XDP_PASS) {
		CU_ASSERT(limit().drops == drops);
		return true;
	}
	CU_ASSERT(r.verdict == XDP_DROP && r.delta.drops[DROP_POLICY_LIMIT].packets == 1);
	CU_ASSERT(limit().drops == drops + 1);
	return false;
}

/* LIM-6: however a SYN is dressed, it is one. */
static void full(void)
{
	static const struct pkt syns[] = {
		SYN4(), SYN6(), SYN4(.options = "\x02\x04\x05\xb4", .options_size = 4),
		SYN4(.vlan = { 10 }, .n_tags = 1), SYN6(.vlan = { 10, 20 }, .n_tags = 2),
		SYN4(.ip_options = 8), SYN6(.ip_options = 8), SYN4(.payload = 100),
		SYN4(.payload = 40, .frag = 0x2000), SYN6(.fragment6 = 1, .frag = 1, .payload = 40),
		TO4(22, ASA_TCP_SYN | 0xc0), /* ECE, CWR */
	};
	const struct pkt others[] = {
		TO4(23, ASA_TCP_SYN), TO4(22, ASA_TCP_ACKF), TO4(22, ASA_TCP_RST),
		TO4(22, ASA_TCP_SYN | ASA_TCP_ACKF), SYN4(.frag = 0x2005),
		{ .src = CLIENT4, .dst = BOX4, .proto = 17, .sport = 4000, .dport = 22 },
		{ .src = CLIENT4, .dst = BOX4, .proto = 1, .type = 8, .sport = 22 },
	};
	struct asa_host_limit l = { .places = 5, .places_half = ASA_HOST_UNLIMITED, .fresh = tick(),
				    .full = 1 };

	begin(l);
	for (size_t i = 0; i < sizeof(syns) / sizeof(syns[0]); i++)
		CU_ASSERT_FALSE(passes(&syns[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CU_ASSERT_TRUE(passes(&others[i]));
	CU_ASSERT_EQUAL(asa_ntohs(limit().dport), 22);
	l.fresh -= asa_ticks_from_ms(ASA_HOST_STALE_MS) + 100; /* nobody counts any more */
	begin(l);
	CU_ASSERT_TRUE(passes(&syns[0]));
}

/* LIM-8: a place for each SYN to a listening socket, none for other segments; half-open ones apart. */
static void places(void)
{
	const struct pkt syn = SYN4(), six = SYN6(), ack = TO4(22, ASA_TCP_ACKF, .ack = 77);
	struct asa_host_limit l = { .taken = 7, .places = 10, .places_half = ASA_HOST_UNLIMITED };
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(22) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	l.fresh = tick();
	begin(l);
	CU_ASSERT_TRUE(passes(&syn)); /* a closed port: Linux refuses */
	CU_ASSERT_EQUAL(limit().taken, 7);
	CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 5) == 0);
	CU_ASSERT_TRUE(passes(&syn));
	CU_ASSERT_TRUE(passes(&six));
	CU_ASSERT_TRUE(passes(&ack)); /* no cookie of Linux's: it will refuse */
	CU_ASSERT_EQUAL(limit().taken, 9);
	CU_ASSERT_TRUE(passes(&syn));
	CU_ASSERT_FALSE(passes(&syn));
	CU_ASSERT_FALSE(passes(&six));
	CU_ASSERT_EQUAL(limit().taken, 10); /* who is refused takes none */
	w.cfg.host_cookies = 2; /* INT-6: Linux answers with cookies, and keeps nothing */
	world_config(&w);
	CU_ASSERT_TRUE(passes(&syn));
	CU_ASSERT_EQUAL(limit().taken, 10);

	l.taken_half = 3;
	l.places_half = 4;
	l.fresh = tick();
	begin(l);
	CU_ASSERT_TRUE(passes(&syn));
	CU_ASSERT_FALSE(passes(&syn)); /* until Linux does */
	CU_ASSERT_EQUAL(limit().taken_half, 4);
	CU_ASSERT_EQUAL(limit().taken, 8);
	close(fd);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "LIM-6 a full class", full },
		{ "LIM-8 INT-6 places", places },
		{ NULL, NULL },
	};
	const char *object = getenv("ASA_OBJECT"), *why;
	int status;

	why = world_open(&w, object ? object : "build/asa_xdp.bpf.o");
	if (why) {
		printf("SKIP  host_limit: %s\n0 passed, 0 failed, 2 skipped\n", why);
		return 0;
	}
	status = asa_cunit_main("xdp_host_limit", tests);
	world_close(&w);
	return status;
}
