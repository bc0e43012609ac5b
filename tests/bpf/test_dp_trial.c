// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/datapath/dp%.o daemon/datapath/index.o daemon/base/log.o tests/lib/pkt.o */
/*
 * OBS-4: a test run goes through the program that is attached and changes nothing: the live tables,
 * counters and events are compared before and after. In namespaces of its own.
 */
#include <errno.h>
#include <linux/bpf.h>

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asa/rewrite.h"
#include "datapath/dp.h"
#include "datapath/index.h"
#include "lib/cunit.h"
#include "lib/pkt.h"

#define SLOTS 512
#define INSIDE "10.1.1.5"
#define OUTSIDE "198.51.100.7"
#define MAPPED "192.0.2.60"

static struct dp *d;
static __u32 in, out;
static int xsk = -1;

struct picture {
	struct asa_conn conns[SLOTS];
	struct asa_nexthop nexthop;
	struct asa_config config;
	struct asa_count drops[ASA_DROP_MAX], stats[ASA_STAT_MAX], punts[ASA_PUNT_MAX];
	struct asa_ifstat in, out;
	int events;
};
static struct picture before, after;

static void on_event(void *arg, const struct asa_event *e)
{
	(void)arg;
	(void)e;
}

static void picture(struct picture *p)
{
	const struct dp_tables *t = dp_tables(d);

	memset(p, 0, sizeof(*p));
	memcpy(p->conns, t->conns, sizeof(p->conns));
	p->nexthop = t->nexthops[1];
	p->config = *t->config;
	CU_ASSERT_EQUAL(dp_read_drops(d, p->drops), 0);
	CU_ASSERT_EQUAL(dp_read_stats(d, p->stats), 0);
	CU_ASSERT_EQUAL(dp_read_punts(d, p->punts), 0);
	CU_ASSERT_EQUAL(dp_read_ifstat(d, in, &p->in), 0);
	CU_ASSERT_EQUAL(dp_read_ifstat(d, out, &p->out), 0);
	p->events = dp_events(d, on_event, NULL, 100);
}

static void run_frame(const __u8 *frame, __u32 len, struct dp_test_result *r)
{
	picture(&before);
	CU_ASSERT_EQUAL_FATAL(dp_test_run(d, in, frame, len, r), 0);
	picture(&after);
	CU_ASSERT_EQUAL(after.events, 0);
	CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
}

static void run(const struct pkt *p, struct dp_test_result *r)
{
	__u8 frame[PKT_MAX];

	run_frame(frame, (__u32)pkt_build(frame, p), r);
}

/* A connection from INSIDE:port to OUTSIDE:80 that leaves as MAPPED:port, established. */
static void connection(__u32 slot, __u8 proto, __u16 port)
{
	const struct pkt there = {
		.src = INSIDE, .dst = OUTSIDE, .proto = proto, .sport = port, .dport = 80};
	const struct pkt mapped = {
		.src = MAPPED, .dst = OUTSIDE, .proto = proto, .sport = port, .dport = 80};
	struct dp_tables *t = (struct dp_tables *)dp_tables(d);
	struct asa_conn *c = &t->conns[slot];
	struct asa_key k;
	int i;

	pkt_key(&c->dir[0].key, &there);
	pkt_key(&k, &mapped);
	asa_key_reverse(&c->dir[1].key, &k);
	for (i = 0; i < 2; i++) {
		c->dir[i].flags = ASA_DIR_VALID | ASA_DIR_NAT;
		c->dir[i].nexthop = 1;
		c->dir[i].gen = (__u16)t->config->route_gen;
		c->half[i].tcp = ASA_HALF_SYN | ASA_HALF_ACKED;
		c->half[i].seq_end = c->half[i].ack = 1000;
		c->half[i].edge = 9000;
		c->half[i].win_max = 8000;
		CU_ASSERT_EQUAL(index_insert(t, &c->dir[i].key, ASA_REF(slot, i)), 0);
	}
}

static void obs4_first_packet_is_handed_up(void)
{
	const struct pkt p = {
		.src = INSIDE, .dst = OUTSIDE, .proto = IPPROTO_UDP, .sport = 1, .dport = 2};
	struct dp_test_result r;

	run(&p, &r);
	CU_ASSERT_EQUAL(r.verdict, XDP_DROP); /* nobody is there to take it */
	CU_ASSERT_EQUAL(r.why, DROP_RESOURCE_NO_DAEMON);
	CU_ASSERT_EQUAL(dp_xsk_set(d, in, 0, xsk), 0);
	run(&p, &r);
	CU_ASSERT_EQUAL(r.verdict, XDP_REDIRECT);
	CU_ASSERT_EQUAL(r.punt, PUNT_NO_FLOW);
	CU_ASSERT_EQUAL(r.ref, 0);
}

static void obs4_bad_frame_is_dropped(void)
{
	const struct pkt p = {
		.src = INSIDE, .dst = "198.51.100.7", .proto = IPPROTO_UDP, .sport = 1, .dport = 2};
	struct dp_test_result r;
	__u8 frame[PKT_MAX] = {0};
	__u32 len;

	len = (__u32)pkt_build(frame, &p);
	frame[14] ^= 0x30; /* IP version 7 */
	run_frame(frame, len, &r);
	CU_ASSERT_EQUAL(r.verdict, XDP_DROP);
	CU_ASSERT_EQUAL(r.why, DROP_IP_VERSION);
	run_frame(frame, len, &r); /* the reason is the run's own, not the last one's */
	CU_ASSERT_EQUAL(r.why, DROP_IP_VERSION);
	CU_ASSERT_EQUAL(dp_test_run(d, in, frame, DP_TEST_FRAME_MAX + 1, &r), -EINVAL);
}

static void obs4_own_address_is_the_hosts(void)
{
	const struct pkt p = {
		.src = INSIDE, .dst = "10.1.1.254", .proto = IPPROTO_UDP, .sport = 1, .dport = 2};
	struct asa_local_key k = {.addr = pkt_addr("10.1.1.254")};
	struct dp_test_result r;

	CU_ASSERT_EQUAL(dp_local_set(d, &k, ASA_LOCAL_HOST), 0);
	run(&p, &r);
	CU_ASSERT_EQUAL(r.verdict, XDP_PASS);
}

/* The frame leaves as the live program would send it; the connection does not hear of it. */
static void obs4_hit_is_rewritten_and_leaves_no_trace(void)
{
	const struct pkt p = {.src = INSIDE,
			      .dst = OUTSIDE,
			      .proto = IPPROTO_UDP,
			      .sport = 4000,
			      .dport = 80,
			      .payload = 100};
	const struct pkt q = {.src = MAPPED,
			      .dst = OUTSIDE,
			      .proto = IPPROTO_UDP,
			      .sport = 4000,
			      .dport = 80,
			      .payload = 100};
	struct dp_test_result r;
	__u8 wanted[PKT_MAX];
	size_t n = pkt_build(wanted, &q);

	connection(5, IPPROTO_UDP, 4000);
	run(&p, &r);
	CU_ASSERT_EQUAL(r.verdict, XDP_REDIRECT);
	CU_ASSERT_EQUAL(r.punt, PUNT_NONE);
	CU_ASSERT_EQUAL(r.ref, ASA_REF(5, 0));
	CU_ASSERT_EQUAL(r.out_ifindex, out);
	CU_ASSERT_EQUAL(r.len, n);
	CU_ASSERT_PTR_NULL(pkt_check(r.frame, r.len));
	CU_ASSERT_EQUAL(memcmp(r.frame + 14, wanted + 14, n - 14), 0);
	CU_ASSERT_EQUAL(memcmp(r.frame, dp_tables(d)->nexthops[1].dmac, 6), 0);
}

/* A reset that is right would end the connection: here it must not, nor may its event be sent. */
static void obs4_reset_ends_nothing(void)
{
	struct pkt p = {.src = INSIDE,
			.dst = OUTSIDE,
			.proto = IPPROTO_TCP,
			.sport = 4001,
			.dport = 80,
			.flags = ASA_TCP_RST,
			.seq = 1000};
	struct dp_test_result r;

	connection(6, IPPROTO_TCP, 4001);
	run(&p, &r);
	CU_ASSERT_EQUAL(r.verdict, XDP_REDIRECT);
	CU_ASSERT_EQUAL(r.out_ifindex, out);
	run(&p, &r); /* and once more the same answer */
	CU_ASSERT_EQUAL(r.verdict, XDP_REDIRECT);
	p.seq = 900000;
	run(&p, &r);
	CU_ASSERT_EQUAL(r.verdict, XDP_DROP);
	CU_ASSERT_EQUAL(r.why, DROP_TCP_RSTFIN_OOO);
}

static void begin(void)
{
	const struct dp_options o = {.object = "build/asa_xdp.bpf.o",
				     .pin_dir = "/sys/fs/bpf/test",
				     .n_slots = SLOTS,
				     .trial = true};
	struct asa_nexthop *nh;
	char err[1024] = "";

	CU_ASSERT_EQUAL(system("ip link set lo up; ip link add va type veth peer name vb; "
			       "ip link set va up; ip link set vb up"),
			0);
	in = if_nametoindex("va");
	out = if_nametoindex("vb");
	if (dp_open(&o, &d, err, sizeof(err))) {
		printf("      dp_open: %s\n", err);
		abort(); /* nothing to test */
	}
	dp_iface_set(d, in, 0, ASA_IFACE_USED, NULL);
	CU_ASSERT_EQUAL(dp_tx_set(d, out), 0);
	nh = &dp_tables(d)->nexthops[1];
	nh->ifindex = out;
	nh->mtu = 1500;
	memset(nh->dmac, 6, 6);
	memset(nh->smac, 2, 6);
	nh->flags = ASA_NH_VALID;
	xsk = socket(AF_XDP, SOCK_RAW, 0);
	CU_ASSERT_TRUE(xsk >= 0);
}

static void end(void)
{
	dp_unpin(d);
	dp_close(d);
	close(xsk);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{"a firewall to run in", begin},
		{"OBS-4 a first packet is handed up", obs4_first_packet_is_handed_up},
		{"OBS-4 a bad frame is dropped", obs4_bad_frame_is_dropped},
		{"OBS-4 an own address is the host's", obs4_own_address_is_the_hosts},
		{"OBS-4 a hit is rewritten and leaves no trace",
		 obs4_hit_is_rewritten_and_leaves_no_trace},
		{"OBS-4 a reset ends nothing", obs4_reset_ends_nothing},
		{"nothing is left", end},
		{NULL, NULL},
	};

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0) {
		printf("SKIP  dp_trial: no namespaces of our own (%s): root is needed\n",
		       strerror(errno));
		printf("0 passed, 0 failed, %zu skipped\n", sizeof(tests) / sizeof(tests[0]) - 1);
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	return asa_cunit_main("dp_trial", tests);
}
