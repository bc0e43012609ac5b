// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/datapath/net.o daemon/datapath/net_msg.o daemon/datapath/net_set.o
 *        daemon/datapath/route.o daemon/datapath/neigh.o daemon/datapath/dp.o
 *        daemon/datapath/dp_attach.o daemon/datapath/dp_count.o daemon/datapath/dp_intercept.o daemon/datapath/dp_trial.o daemon/datapath/index.o
 *        daemon/base/log.o */
/*
 * The netlink mirror against a real kernel, in network namespaces of its own: SES-1 (addresses and
 * routes of Linux are used as they are, "ip route" takes effect without a restart), next hops in
 * step with neighbours.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>
#include <CUnit/CUnit.h>

#include "datapath/net.h"
#include "lib/cunit.h"

static struct dp_tables tables;
static struct net *net;
static int changes, resolved, failed;
static __u16 last_row;
static char err[512];

static void on_change(void *arg)
{
	changes++;
}

static void on_neigh(void *arg, __u16 row, bool ok)
{
	last_row = row;
	if (ok)
		resolved++;
	else
		failed++;
}

static void sh(const char *cmd)
{
	if (system(cmd) != 0) {
		printf("failed: %s\n", cmd);
		CU_FAIL("command");
	}
}

static __u32 tick(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return asa_tick_from_ns((__u64)ts.tv_sec * 1000000000ull + ts.tv_nsec);
}

/* Take in what the kernel has to say, for at most 'ms' or until *counter moves. */
static void wait_for(const int *counter, int ms)
{
	int before = counter ? *counter : 0;

	for (int i = 0; i < ms / 20; i++) {
		struct pollfd p = { .fd = net_fd(net), .events = POLLIN };

		poll(&p, 1, 20);
		net_poll(net);
		net_tick(net, tick());
		if (counter && *counter != before)
			return;
	}
}

/* Own namespace "here" with va (192.0.2.1/24), peer namespace behind vb (192.0.2.2). */
static void begin(void)
{
	sh("ip link add va type veth peer name vb && ip link set lo up && "
	   "ip netns add asa-dpnet && ip link set vb netns asa-dpnet && "
	   "ip addr add 192.0.2.1/24 dev va && ip addr add 2001:db8::1/64 dev va nodad && ip link set va up && "
	   "ip -n asa-dpnet addr add 192.0.2.2/24 dev vb && ip -n asa-dpnet addr add 2001:db8::2/64 dev vb nodad && "
	   "ip -n asa-dpnet link set vb address 02:00:00:00:00:02 up && sleep 0.2");
	tables.nexthops = calloc(ASA_NEXTHOPS_MAX, sizeof(*tables.nexthops));
	tables.config = calloc(1, sizeof(*tables.config));
	tables.config->route_gen = 41;
	changes = resolved = failed = 0;
	CU_ASSERT_EQUAL_FATAL(net_new(NULL, &tables, on_change, on_neigh, NULL, &net, err, sizeof(err)), 0);
	net_tick(net, tick());
	wait_for(NULL, 60);
}

static void end(void)
{
	net_free(net);
	free(tables.nexthops);
	free(tables.config);
	sh("ip link del va; ip netns del asa-dpnet");
}

static struct asa_addr v4(__u32 a)
{
	struct asa_addr out;

	asa_addr_set_v4(&out, asa_htonl(a));
	return out;
}

static const struct asa_addr v6_peer = { .b = { 0x20, 1, 0x0d, 0xb8, [15] = 2 } };
static const struct asa_addr v6_self = { .b = { 0x20, 1, 0x0d, 0xb8, [15] = 1 } };

static struct policy_if policy_va(void)
{
	struct policy_if pi = { .ifindex = if_nametoindex("va"), .mtu = 1500, .mac = { 2, 0, 0, 0, 0, 1 } };

	return pi;
}

static void system_is_mirrored(void)
{
	const struct sys_if *va = NULL;

	begin();
	for (size_t i = 0; i < net_sys(net)->n_ifs; i++)
		if (!strcmp(net_sys(net)->ifs[i].dev, "va"))
			va = &net_sys(net)->ifs[i];
	CU_ASSERT_PTR_NOT_NULL_FATAL(va);
	CU_ASSERT_EQUAL(va->ifindex, if_nametoindex("va"));
	CU_ASSERT_EQUAL(va->mtu, 1500);
	CU_ASSERT_TRUE(va->up);
	CU_ASSERT_EQUAL(va->n_addrs, 2); /* link-local ones are not in the list */
	CU_ASSERT_EQUAL(va->addrs[0].plen, 24);
	CU_ASSERT_EQUAL(changes, 0);
	sh("ip addr add 192.0.2.77/32 dev va");
	wait_for(&changes, 1000);
	CU_ASSERT_EQUAL(changes, 1);
	CU_ASSERT_EQUAL(va->n_addrs, 3);
	sh("ip link set va mtu 1400");
	wait_for(&changes, 1000);
	CU_ASSERT_EQUAL(va->mtu, 1400);
	sh("ip link set va down");
	wait_for(&changes, 1000);
	CU_ASSERT_FALSE(va->up);
	end();
}

static void routes_are_asked_and_remembered(void)
{
	struct asa_addr on_link = v4(0xc0000209), far = v4(0xc6336401), self = v4(0xc0000201),
			multicast = v4(0xe0000001), black = v4(0xcb007105);
	struct net_route r;
	bool local;
	__u32 gen;

	begin();
	CU_ASSERT(tables.config->route_gen > 41); /* what happened before we looked is unknown */
	CU_ASSERT_EQUAL(net_route(net, &on_link, &r, &local), DROP_NONE);
	CU_ASSERT_FALSE(local);
	CU_ASSERT_EQUAL(r.ifindex, if_nametoindex("va"));
	CU_ASSERT_TRUE(asa_addr_equal(&r.gateway, &on_link));
	CU_ASSERT_EQUAL(net_route(net, &v6_peer, &r, &local), DROP_NONE);
	CU_ASSERT_TRUE(asa_addr_equal(&r.gateway, &v6_peer));
	CU_ASSERT_EQUAL(net_route(net, &self, &r, &local), DROP_ROUTE_NONE);
	CU_ASSERT_TRUE(local);
	CU_ASSERT_EQUAL(net_route(net, &v6_self, &r, &local), DROP_ROUTE_NONE);
	CU_ASSERT_TRUE(local);
	CU_ASSERT_EQUAL(net_route(net, &multicast, &r, &local), DROP_ROUTE_NONE);
	CU_ASSERT_FALSE(local);
	CU_ASSERT_EQUAL(net_route(net, &far, &r, &local), DROP_ROUTE_NONE);

	/* "ip route" takes effect without a restart */
	gen = tables.config->route_gen;
	sh("ip route add 198.51.100.0/24 via 192.0.2.2 mtu 1280; ip route add blackhole 203.0.113.0/24");
	CU_ASSERT_EQUAL(net_route(net, &far, &r, &local), DROP_ROUTE_NONE); /* remembered until told */
	wait_for(NULL, 60);
	CU_ASSERT(tables.config->route_gen != gen);
	CU_ASSERT_EQUAL(net_route(net, &far, &r, &local), DROP_NONE);
	CU_ASSERT_EQUAL(asa_ntohl(r.gateway.w[3]), 0xc0000202);
	CU_ASSERT_EQUAL(r.mtu, 1280);
	CU_ASSERT_EQUAL(net_route(net, &black, &r, &local), DROP_ROUTE_NONE);
	gen = tables.config->route_gen;
	sh("ip rule add from 10.9.9.9 table 5");
	wait_for(NULL, 60);
	CU_ASSERT(tables.config->route_gen != gen); /* policy rules count as well */
	sh("ip rule del from 10.9.9.9 table 5; ip route del 198.51.100.0/24");
	wait_for(NULL, 60);
	CU_ASSERT_EQUAL(net_route(net, &far, &r, &local), DROP_ROUTE_NONE);
	end();
}

static void next_hop_follows_its_neighbour(void)
{
	static const __u8 peer[6] = { 2, 0, 0, 0, 0, 2 }, moved[6] = { 2, 0, 0, 0, 0, 3 };
	struct policy_if va = {};
	struct net_route r;
	struct asa_addr dst = v4(0xc0000202);
	__u16 row, row6;

	begin();
	va = policy_va();
	CU_ASSERT_EQUAL(net_route(net, &dst, &r, NULL), DROP_NONE);
	row = net_nexthop_get(net, &r, &va);
	CU_ASSERT_NOT_EQUAL_FATAL(row, 0);
	if (!(tables.nexthops[row].flags & ASA_NH_VALID))
		wait_for(&resolved, 3000);
	CU_ASSERT_EQUAL(tables.nexthops[row].flags, ASA_NH_VALID);
	CU_ASSERT_EQUAL(memcmp(tables.nexthops[row].dmac, peer, 6), 0);
	CU_ASSERT_EQUAL(memcmp(tables.nexthops[row].smac, va.mac, 6), 0);
	CU_ASSERT_EQUAL(tables.nexthops[row].ifindex, va.ifindex);
	CU_ASSERT_EQUAL(tables.nexthops[row].mtu, 1500);
	CU_ASSERT_EQUAL(tables.nexthops[row].users, 1);
	/* the same way is the same row */
	CU_ASSERT_EQUAL(net_nexthop_get(net, &r, &va), row);
	CU_ASSERT_EQUAL(tables.nexthops[row].users, 2);
	CU_ASSERT_EQUAL(net_route(net, &v6_peer, &r, NULL), DROP_NONE);
	row6 = net_nexthop_get(net, &r, &va);
	CU_ASSERT(row6 && row6 != row);
	if (!(tables.nexthops[row6].flags & ASA_NH_VALID))
		wait_for(&resolved, 3000);
	CU_ASSERT_EQUAL(memcmp(tables.nexthops[row6].dmac, peer, 6), 0);

	sh("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:03 dev va nud permanent");
	wait_for(NULL, 100);
	CU_ASSERT_EQUAL(tables.nexthops[row].flags, ASA_NH_VALID);
	CU_ASSERT_EQUAL(memcmp(tables.nexthops[row].dmac, moved, 6), 0);
	/* forgotten by Linux: stays in use, is asked for again, comes back right */
	sh("ip neigh del 192.0.2.2 dev va");
	wait_for(NULL, 500);
	CU_ASSERT_EQUAL(tables.nexthops[row].flags, ASA_NH_VALID);
	CU_ASSERT_EQUAL(memcmp(tables.nexthops[row].dmac, peer, 6), 0);
	/* the count never goes below zero */
	net_nexthop_put(net, row);
	net_nexthop_put(net, row);
	net_nexthop_put(net, row);
	CU_ASSERT_EQUAL(tables.nexthops[row].users, 0);
	net_nexthop_put(net, 0);
	net_nexthop_put(net, ASA_NEXTHOPS_MAX - 1);
	/* without users for a minute: free for another */
	net_tick(net, tick() + asa_ticks_from_ms(61000));
	CU_ASSERT_EQUAL(tables.nexthops[row].ifindex, 0);
	CU_ASSERT_EQUAL(tables.nexthops[row].flags, 0);
	CU_ASSERT_NOT_EQUAL(tables.nexthops[row6].ifindex, 0);
	end();
}

static void absent_neighbour_fails_and_may_come_later(void)
{
	struct asa_addr dst = v4(0xc0000263);
	struct policy_if va;
	struct net_route r;
	__u16 row;

	begin();
	va = policy_va();
	sh("sysctl -qw net.ipv4.neigh.va.retrans_time_ms=50 2>/dev/null; true");
	CU_ASSERT_EQUAL(net_route(net, &dst, &r, NULL), DROP_NONE);
	row = net_nexthop_get(net, &r, &va);
	CU_ASSERT_NOT_EQUAL_FATAL(row, 0);
	CU_ASSERT_EQUAL(tables.nexthops[row].flags, 0);
	wait_for(&failed, 5000);
	CU_ASSERT_EQUAL(failed, 1);
	CU_ASSERT_EQUAL(last_row, row);
	CU_ASSERT_EQUAL(tables.nexthops[row].flags, 0);
	sh("ip -n asa-dpnet addr add 192.0.2.99/24 dev vb");
	wait_for(NULL, 1200);
	net_nexthop_resolve(net, row); /* the next packet asks again */
	if (!(tables.nexthops[row].flags & ASA_NH_VALID))
		wait_for(&resolved, 3000);
	CU_ASSERT_EQUAL(tables.nexthops[row].flags, ASA_NH_VALID);
	end();
}

/* A flood of messages overruns the queue: nothing is wrong afterwards. */
static void overrun_reads_everything_anew(void)
{
	struct asa_addr far = v4(0x0a630001); /* 10.99.0.1 */
	struct net_route r;
	FILE *f;

	begin();
	f = fopen("/tmp/asa-dpnet.batch", "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (int i = 0; i < 20000; i++)
		fprintf(f, "route %s 10.%d.%d.0/24 via 192.0.2.2\n", i < 10000 ? "add" : "del", 50 + (i % 10000) / 250,
			i % 250);
	fprintf(f, "route add 10.99.0.0/24 via 192.0.2.2\n");
	fprintf(f, "addr add 192.0.2.66/32 dev va\n");
	fclose(f);
	sh("ip -batch /tmp/asa-dpnet.batch 2>/dev/null; rm /tmp/asa-dpnet.batch");
	for (int i = 0; i < 200; i++)
		wait_for(NULL, 20);
	CU_ASSERT_EQUAL(net_route(net, &far, &r, NULL), DROP_NONE);
	CU_ASSERT(changes >= 1);
	end();
}

static void the_table_of_next_hops_can_be_full(void)
{
	struct policy_if va;
	struct net_route r = { 0 };
	int n = 0;

	begin();
	va = policy_va();
	for (int i = 0; i < ASA_NEXTHOPS_MAX + 10; i++) {
		r.gateway = v4(0x0a000001 + i);
		r.ifindex = va.ifindex;
		n += net_nexthop_get(net, &r, &va) != 0;
	}
	CU_ASSERT_EQUAL(n, ASA_NEXTHOPS_MAX - 1);
	end();
}

static void changes_are_made_once(void)
{
	struct model_if_addr a = { .addr = v4(0xc0000233), .plen = 24 };
	struct model_route route = { .dst = v4(0xc6336400), .plen = 24, .gw = v4(0xc0000202), .metric = 1 };
	struct asa_addr far = v4(0xc6336401);
	struct net_route r;
	__u32 va;

	begin();
	va = if_nametoindex("va");
	for (int twice = 0; twice < 2; twice++) {
		CU_ASSERT_EQUAL(net_set_addr(net, va, &a, true), 0);
		CU_ASSERT_EQUAL(net_set_route(net, &route, va, true), 0);
	}
	sh("ip addr show dev va | grep -q '192.0.2.51/24 brd 192.0.2.255'");
	sh("ip route show 198.51.100.0/24 | grep -q 'via 192.0.2.2 dev va'");
	wait_for(NULL, 60);
	CU_ASSERT_EQUAL(net_route(net, &far, &r, NULL), DROP_NONE);
	for (int twice = 0; twice < 2; twice++) {
		CU_ASSERT_EQUAL(net_set_route(net, &route, va, false), 0);
		CU_ASSERT_EQUAL(net_set_addr(net, va, &a, false), 0);
	}
	sh("! ip addr show dev va | grep -q 192.0.2.51");
	CU_ASSERT_EQUAL(net_set_up(net, va, false), 0);
	CU_ASSERT_EQUAL(net_set_up(net, va, true), 0);
	CU_ASSERT_EQUAL(net_set_forwarding(net, va), 0);
	CU_ASSERT_EQUAL(net_set_forwarding(net, 3999), -ENODEV);
	route.gw = v4(0x0a0b0c0d); /* on no network of ours */
	CU_ASSERT_EQUAL(net_set_route(net, &route, va, true), -ENETUNREACH);
	end();
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-1 system_is_mirrored", system_is_mirrored },
		{ "SES-1 routes_are_asked_and_remembered", routes_are_asked_and_remembered },
		{ "next_hop_follows_its_neighbour", next_hop_follows_its_neighbour },
		{ "absent_neighbour_fails_and_may_come_later", absent_neighbour_fails_and_may_come_later },
		{ "overrun_reads_everything_anew", overrun_reads_everything_anew },
		{ "the_table_of_next_hops_can_be_full", the_table_of_next_hops_can_be_full },
		{ "SES-1 changes_are_made_once", changes_are_made_once },
		{ NULL, NULL },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* /run/netns of our own as well: names there meet nobody else's. */
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, NULL) < 0) {
		printf("SKIP  dp_net: no namespaces of our own (%s): root is needed\n", strerror(errno));
		printf("0 passed, 0 failed, %zu skipped\n", sizeof(tests) / sizeof(tests[0]) - 1);
		return 0;
	}
	return asa_cunit_main("dp_net", tests);
}
