// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/datapath/dp.o daemon/datapath/dp_attach.o daemon/datapath/dp_count.o daemon/datapath/dp_intercept.o daemon/datapath/dp_trial.o
 *        daemon/datapath/index.o daemon/base/log.o */
/*
 * The datapath object against the kernel: load, pin, take over, refuse, attach, adopt, count.
 * Runs in a network and a mount namespace of its own, with a BPF file system of its own: nothing
 * is left behind. Proves SES-3 (attach, adopt), SES-15 (what restart relies on) and the sentences
 * that bad starts must give.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CUnit/CUnit.h>

#include "datapath/dp.h"
#include "datapath/index.h"
#include "lib/cunit.h"

#define OBJECT "build/asa_xdp.bpf.o"
#define PINS "/sys/fs/bpf/test"
#define SLOTS 512

static char err[1024];

static struct dp *open_at(const char *pins, __u32 slots, int *result)
{
	const struct dp_options o = { .object = OBJECT, .pin_dir = pins, .n_slots = slots };
	struct dp *d = NULL;
	int r;

	err[0] = '\0';
	r = dp_open(&o, &d, err, sizeof(err));
	if (result)
		*result = r;
	return d;
}

static struct dp *open_ok(void)
{
	int r;
	struct dp *d = open_at(PINS, SLOTS, &r);

	if (r)
		printf("dp_open: %s\n", err);
	CU_ASSERT_EQUAL(r, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	return d;
}

static void finish(struct dp *d)
{
	dp_unpin(d);
	dp_close(d);
	CU_ASSERT_EQUAL(access(PINS, F_OK), -1);
}

static int foreign_program(void)
{
	static const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL", pass, 2, NULL);
}

static __u32 attached_id(__u32 ifindex)
{
	__u32 id = 0;

	CU_ASSERT_EQUAL(bpf_xdp_query_id(ifindex, 0, &id), 0);
	return id;
}

static __u32 veth(const char *name, const char *peer)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "ip link add %s type veth peer name %s", name, peer);
	CU_ASSERT_EQUAL(system(cmd), 0);
	return if_nametoindex(name);
}

static void remove_link(const char *name)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "ip link del %s", name);
	CU_ASSERT_EQUAL(system(cmd), 0);
}

/* ------------------------------------------------------------------ open */

static void load_pins_everything(void)
{
	static const char *const names[] = {
		ASA_MAP_STATS, ASA_MAP_DROPS, ASA_MAP_PUNTS, ASA_MAP_IFSTATS, ASA_MAP_CONNS,
		ASA_MAP_SESSIONS, ASA_MAP_INDEX, ASA_MAP_HOMES, ASA_MAP_NEXTHOPS, ASA_MAP_CONFIG, ASA_MAP_LOCAL,
		ASA_MAP_IFACES, ASA_MAP_EVENTS, ASA_MAP_TX, ASA_MAP_XSKS, "prog",
	};
	struct dp *d = open_ok();
	const struct dp_tables *t = dp_tables(d);
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), PINS "/%s", names[i]);
		CU_ASSERT_EQUAL(access(path, F_OK), 0);
	}
	CU_ASSERT_FALSE(dp_reused(d));
	CU_ASSERT_EQUAL(t->n_slots, SLOTS);
	CU_ASSERT_EQUAL(t->n_buckets, index_buckets_for(SLOTS));
	CU_ASSERT_EQUAL(t->config->version, ASA_CONTRACT_VERSION);
	CU_ASSERT_EQUAL(t->config->index_mask, index_buckets_initial(t->n_buckets) - 1);
	CU_ASSERT_EQUAL(t->config->slots, SLOTS);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(t->config->hash_key[i] & 1, 1);
	/* the tables are memory: both ends of each can be written */
	t->conns[SLOTS - 1].half[1].seq_add = 7;
	t->sessions[SLOTS - 1].id = 7;
	t->index[t->n_buckets - 1].overflow = 0;
	t->nexthops[ASA_NEXTHOPS_MAX - 1].users = 0;
	finish(d);
}

/* SES-15: a second start finds the first one's rows, secret, geometry and program. */
static void restart_takes_over(void)
{
	struct dp *d = open_ok();
	__u32 ifindex = veth("va", "vb"), id;
	struct asa_config before;
	enum dp_mode mode;
	int r;

	dp_tables(d)->conns[5].half[0].isn = 4711;
	dp_tables(d)->sessions[5].id = 99;
	before = *dp_tables(d)->config;
	CU_ASSERT_EQUAL(dp_attach(d, ifindex, &mode, err, sizeof(err)), 0);
	id = attached_id(ifindex);
	dp_close(d);
	CU_ASSERT_EQUAL(attached_id(ifindex), id); /* goes on without a daemon */

	d = open_at(PINS, 4 * SLOTS, &r);
	CU_ASSERT_EQUAL(r, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	CU_ASSERT_TRUE(dp_reused(d));
	CU_ASSERT_EQUAL(dp_tables(d)->n_slots, SLOTS); /* pinned geometry wins */
	CU_ASSERT_EQUAL(dp_tables(d)->conns[5].half[0].isn, 4711);
	CU_ASSERT_EQUAL(dp_tables(d)->sessions[5].id, 99);
	CU_ASSERT_EQUAL(memcmp(&before, dp_tables(d)->config, sizeof(before)), 0);
	CU_ASSERT_EQUAL(dp_attach(d, ifindex, &mode, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(mode, DP_MODE_NATIVE);
	CU_ASSERT_EQUAL(attached_id(ifindex), id); /* same program: the interface was not touched */
	CU_ASSERT_EQUAL(dp_detach(d, ifindex), 0);
	CU_ASSERT_EQUAL(attached_id(ifindex), 0);
	remove_link("va");
	finish(d);
}

static void other_version_is_refused(void)
{
	struct dp *d = open_ok();
	struct asa_config before, after;
	const __u32 zero = 0;
	char said[32];
	int r, fd;

	snprintf(said, sizeof(said), "version %u,", ASA_CONTRACT_VERSION + 41);
	dp_tables(d)->config->version = ASA_CONTRACT_VERSION + 41;
	before = *dp_tables(d)->config;
	dp_close(d);
	d = open_at(PINS, SLOTS, &r);
	CU_ASSERT_EQUAL(r, -EPROTO);
	CU_ASSERT_PTR_NULL(d);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, said));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "rm -r " PINS));
	fd = bpf_obj_get(PINS "/" ASA_MAP_CONFIG);
	CU_ASSERT_EQUAL(bpf_map_lookup_elem(fd, &zero, &after), 0);
	CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0); /* nothing was written */
	close(fd);
	CU_ASSERT_EQUAL(system("rm -r " PINS), 0);
}

static void foreign_pin_is_refused(void)
{
	int fd, r;

	CU_ASSERT_EQUAL(mkdir(PINS, 0700), 0);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "x", 4, 8, 16, NULL);
	CU_ASSERT_EQUAL(bpf_obj_pin(fd, PINS "/" ASA_MAP_CONNS), 0);
	close(fd);
	CU_ASSERT_PTR_NULL(open_at(PINS, SLOTS, &r));
	CU_ASSERT_EQUAL(r, -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, ASA_MAP_CONNS));
	CU_ASSERT_EQUAL(system("rm -r " PINS), 0);
}

static void second_daemon_is_refused(void)
{
	struct dp *d = open_ok();
	int r;

	CU_ASSERT_PTR_NULL(open_at(PINS, SLOTS, &r));
	CU_ASSERT_EQUAL(r, -EBUSY);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "another asad"));
	finish(d);
	d = open_ok(); /* the lock went with the first */
	finish(d);
}

static void bad_places_give_sentences(void)
{
	struct dp_options o = { .object = "/nonexistent.o", .pin_dir = PINS };
	struct dp *d;
	int r;

	CU_ASSERT_EQUAL(dp_open(&o, &d, err, sizeof(err)), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "/nonexistent.o"));
	CU_ASSERT_EQUAL(access(PINS, F_OK), -1);
	CU_ASSERT_PTR_NULL(open_at("/tmp/asa-test-not-bpffs", SLOTS, &r));
	CU_ASSERT_EQUAL(r, -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "mount -t bpf"));
	CU_ASSERT_EQUAL(access("/tmp/asa-test-not-bpffs", F_OK), -1);
	CU_ASSERT_PTR_NULL(open_at(PINS, 3, &r));
	CU_ASSERT_EQUAL(r, -EINVAL);
}

static void missing_bpffs_is_mounted(void)
{
	struct dp *d;

	CU_ASSERT_EQUAL(umount2("/sys/fs/bpf", MNT_DETACH), 0);
	/* our mount lay over the system's: hide that one as well */
	CU_ASSERT_EQUAL(mount("none", "/sys/fs/bpf", "tmpfs", 0, NULL), 0);
	d = open_ok();
	finish(d);
}

/* ------------------------------------------------------------------ interfaces */

static void foreign_program_stays(void)
{
	struct dp *d = open_ok();
	__u32 ifindex = veth("va", "vb"), id;
	enum dp_mode mode = DP_MODE_NONE;
	char number[16];
	int fd = foreign_program();

	CU_ASSERT(fd >= 0);
	CU_ASSERT_EQUAL(bpf_xdp_attach(ifindex, fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	id = attached_id(ifindex);
	CU_ASSERT_EQUAL(dp_attach(d, ifindex, &mode, err, sizeof(err)), -EBUSY);
	snprintf(number, sizeof(number), "%u", id);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, number));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "foreign"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "ip link set dev va xdp off"));
	CU_ASSERT_EQUAL(attached_id(ifindex), id);
	CU_ASSERT_EQUAL(dp_mode(d, ifindex), DP_MODE_NONE);
	CU_ASSERT_EQUAL(dp_detach(d, ifindex), -ENOENT);
	CU_ASSERT_EQUAL(attached_id(ifindex), id);

	/* taken off by hand: ours comes; replaced behind our back: detaching leaves the other one */
	CU_ASSERT_EQUAL(bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, NULL), 0);
	CU_ASSERT_EQUAL(dp_attach(d, ifindex, &mode, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(bpf_xdp_attach(ifindex, fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	id = attached_id(ifindex);
	CU_ASSERT(dp_detach(d, ifindex) < 0);
	CU_ASSERT_EQUAL(attached_id(ifindex), id);
	close(fd);
	remove_link("va");
	finish(d);
}

/* SES-3: generic mode where the driver has no XDP. */
static void generic_where_native_is_missing(void)
{
	struct dp *d = open_ok();
	enum dp_mode mode = DP_MODE_NONE;
	__u32 ifindex;

	if (system("ip link add br0 type bridge 2>/dev/null") != 0 || !(ifindex = if_nametoindex("br0"))) {
		ASA_SKIP("this kernel has no bridges: generic mode is not exercised");
		finish(d);
		return;
	}
	CU_ASSERT_EQUAL(dp_attach(d, ifindex, &mode, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(mode, DP_MODE_GENERIC);
	CU_ASSERT_EQUAL(dp_mode(d, ifindex), DP_MODE_GENERIC);
	CU_ASSERT_EQUAL(dp_detach(d, ifindex), 0);
	CU_ASSERT_EQUAL(attached_id(ifindex), 0);
	remove_link("br0");
	finish(d);
}

/* SES-3: interfaces that iproute2 attached before are adopted, without a moment without program. */
static void iproute2_is_adopted(void)
{
	static const char globals[] = "/sys/fs/bpf/xdp/globals";
	__u32 a = veth("va", "vb"), b = veth("vc", "vd"), id_a, id_b;
	enum dp_mode mode;
	struct dp *d;
	int r;

	CU_ASSERT_EQUAL(system("ip link set dev va xdp obj " OBJECT " sec xdp"), 0);
	CU_ASSERT_EQUAL(system("ip link set dev vc xdp obj " OBJECT " sec xdp"), 0);
	id_a = attached_id(a);
	id_b = attached_id(b);
	CU_ASSERT(id_a && id_b && id_a != id_b);
	d = open_at(globals, 0, &r);
	if (r)
		printf("dp_open: %s\n", err);
	CU_ASSERT_EQUAL(r, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	CU_ASSERT_FALSE(dp_reused(d)); /* no daemon had been there: nothing to recover */
	CU_ASSERT_EQUAL(dp_attach(d, a, &mode, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(mode, DP_MODE_NATIVE);
	CU_ASSERT_EQUAL(dp_attach(d, b, &mode, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(attached_id(a), attached_id(b));
	/* and the other way: off, and on again from our pin */
	CU_ASSERT_EQUAL(system("ip link set dev va xdp off"), 0);
	CU_ASSERT_EQUAL(attached_id(a), 0);
	CU_ASSERT_EQUAL(system("ip link set dev va xdp pinned /sys/fs/bpf/xdp/globals/prog"), 0);
	CU_ASSERT_EQUAL(attached_id(a), attached_id(b));
	CU_ASSERT_EQUAL(dp_attach(d, a, &mode, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(dp_detach(d, a), 0);
	CU_ASSERT_EQUAL(dp_detach(d, b), 0);
	remove_link("va");
	remove_link("vc");
	dp_unpin(d);
	dp_close(d);
}

static void absent_interface(void)
{
	struct dp *d = open_ok();
	enum dp_mode mode;

	CU_ASSERT_EQUAL(dp_attach(d, 3999, &mode, err, sizeof(err)), -ENODEV);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "3999"));
	finish(d);
}

/* ------------------------------------------------------------------ rows and counters */

static void local_rows(void)
{
	struct dp *d = open_ok();
	struct asa_local_key k = { 0 }, found;
	enum asa_local_verdict v;

	asa_addr_set_v4(&k.addr, asa_htonl(0xc0000201));
	CU_ASSERT_EQUAL(dp_local_next(d, NULL, &found, &v), -ENOENT);
	CU_ASSERT_EQUAL(dp_local_set(d, &k, ASA_LOCAL_PUNT), 0);
	CU_ASSERT_EQUAL(dp_local_set(d, &k, ASA_LOCAL_HOST), 0);
	CU_ASSERT_EQUAL(dp_local_next(d, NULL, &found, &v), 0);
	CU_ASSERT_EQUAL(v, ASA_LOCAL_HOST);
	CU_ASSERT_EQUAL(memcmp(&k, &found, sizeof(k)), 0);
	CU_ASSERT_EQUAL(dp_local_next(d, &k, &found, &v), -ENOENT);
	CU_ASSERT_EQUAL(dp_local_del(d, &k), 0);
	CU_ASSERT_EQUAL(dp_local_del(d, &k), -ENOENT);
	/* device and socket rows beyond the tables are refused, not wrapped */
	CU_ASSERT_EQUAL(dp_tx_set(d, ASA_IFINDEX_MAX), -E2BIG);
	CU_ASSERT_EQUAL(dp_xsk_set(d, ASA_IFINDEX_MAX, 0, 1), -E2BIG);
	CU_ASSERT_EQUAL(dp_xsk_set(d, 1, ASA_QUEUES_MAX, 1), -E2BIG);
	finish(d);
}

static void iface_rows(void)
{
	static const __u8 mac[6] = { 2, 0, 0, 0, 0, 1 }, none[6];
	struct dp *d = open_ok();
	const struct asa_iface *row = &dp_tables(d)->ifaces[7];

	dp_iface_set(d, 7, 3, ASA_IFACE_USED, mac);
	CU_ASSERT_EQUAL(row->ctx, 3);
	CU_ASSERT_EQUAL(row->flags, ASA_IFACE_USED | ASA_IFACE_MAC);
	CU_ASSERT_EQUAL(memcmp(row->mac, mac, 6), 0);
	dp_iface_set(d, 7, 0, ASA_IFACE_USED, none);
	CU_ASSERT_EQUAL(row->flags, ASA_IFACE_USED);
	dp_iface_set(d, 7, 0, 0, NULL);
	CU_ASSERT_EQUAL(row->flags, 0);
	dp_iface_set(d, ASA_IFINDEX_MAX, 0, 1, NULL); /* outside: ignored */
	finish(d);
}

/* What the driver finds in the place where 'k' belongs. => its row of hits; 0: another's, or nothing */
static __u16 hot_hits(struct dp *d, const struct asa_intercept_key *k)
{
	__u32 n = asa_intercept_hot_row(&k->dst, k->port, dp_tables(d)->config->hash_key);
	struct asa_intercept_hot hot = { 0 };
	int fd = bpf_obj_get(PINS "/" ASA_MAP_INTERCEPT_HOT);

	CU_ASSERT_EQUAL(bpf_map_lookup_elem(fd, &n, &hot), 0);
	close(fd);
	return hot.in_if == k->in_if && hot.port == k->port && asa_addr_equal(&hot.dst, &k->dst) ? hot.row.row : 0;
}

/* INT-1: rows that answer for all clients are where a flood finds them, and no others. */
static void intercept_rows_for_a_flood(void)
{
	struct dp *d = open_ok();
	const struct asa_intercept answers = { .row = 5, .flags = ASA_INTERCEPT_ANSWER }, checks = { .row = 5 };
	struct asa_intercept_key k = { .in_if = 7, .port = asa_htons(80) }, one, meets;

	asa_addr_set_v4(&k.dst, asa_htonl(0xc6336409));
	CU_ASSERT_EQUAL(dp_intercept_set(d, &k, &checks), 0);
	CU_ASSERT_EQUAL(hot_hits(d, &k), 0);
	CU_ASSERT_EQUAL(dp_intercept_set(d, &k, &answers), 0);
	CU_ASSERT_EQUAL(hot_hits(d, &k), 5);
	/* one client's row does not displace that of all */
	one = k;
	asa_addr_set_v4(&one.src, asa_htonl(0x0a010105));
	CU_ASSERT_EQUAL(dp_intercept_set(d, &one, &(struct asa_intercept){ .row = 6, .flags = ASA_INTERCEPT_ANSWER }), 0);
	CU_ASSERT_EQUAL(dp_intercept_del(d, &one), 0);
	CU_ASSERT_EQUAL(hot_hits(d, &k), 5);
	/* another that meets it there takes its turn; the first one's end is not the second one's */
	meets = k;
	do
		meets.port++;
	while (asa_intercept_hot_row(&meets.dst, meets.port, dp_tables(d)->config->hash_key) !=
	       asa_intercept_hot_row(&k.dst, k.port, dp_tables(d)->config->hash_key));
	CU_ASSERT_EQUAL(dp_intercept_set(d, &meets, &(struct asa_intercept){ .row = 8, .flags = ASA_INTERCEPT_ANSWER }), 0);
	CU_ASSERT_EQUAL(hot_hits(d, &meets), 8);
	CU_ASSERT_EQUAL(hot_hits(d, &k), 0);
	CU_ASSERT_EQUAL(dp_intercept_del(d, &k), 0);
	CU_ASSERT_EQUAL(hot_hits(d, &meets), 8);
	/* it only checks what still comes back from now on */
	CU_ASSERT_EQUAL(dp_intercept_set(d, &meets, &checks), 0);
	CU_ASSERT_EQUAL(hot_hits(d, &meets), 0);
	CU_ASSERT_EQUAL(dp_intercept_del(d, &meets), 0);
	finish(d);
}

/* OBS-1: the daemon's share appears in the same maps; sums go over all CPUs; drops can be cleared. */
static void account_adds_to_the_maps(void)
{
	struct dp *d = open_ok();
	struct asa_account a = { .ifindex = 9 };
	struct asa_count drops[ASA_DROP_MAX], stats[ASA_STAT_MAX], punts[ASA_PUNT_MAX];
	struct asa_ifstat s;

	a.iface.fwd_packets = 5;
	a.iface.drop_packets = 2;
	a.iface.tx_bytes = 1ull << 40;
	a.drops[DROP_POLICY_ACL].packets = 2;
	a.drops[DROP_POLICY_ACL].bytes = 120;
	a.drops[ASA_DROP_MAX - 1].packets = 1;
	a.stats[STAT_SLOW_FORWARD].packets = 5;
	CU_ASSERT_EQUAL(dp_account(d, &a), 0);
	CU_ASSERT_EQUAL(dp_account(d, &a), 0);
	CU_ASSERT_EQUAL(dp_read_drops(d, drops), 0);
	CU_ASSERT_EQUAL(drops[DROP_POLICY_ACL].packets, 4);
	CU_ASSERT_EQUAL(drops[DROP_POLICY_ACL].bytes, 240);
	CU_ASSERT_EQUAL(drops[ASA_DROP_MAX - 1].packets, 2);
	CU_ASSERT_EQUAL(drops[DROP_NAT_FAILED].packets, 0);
	CU_ASSERT_EQUAL(dp_read_stats(d, stats), 0);
	CU_ASSERT_EQUAL(stats[STAT_SLOW_FORWARD].packets, 10);
	CU_ASSERT_EQUAL(dp_read_punts(d, punts), 0);
	CU_ASSERT_EQUAL(dp_read_ifstat(d, 9, &s), 0);
	CU_ASSERT_EQUAL(s.fwd_packets, 10);
	CU_ASSERT_EQUAL(s.drop_packets, 4);
	CU_ASSERT_EQUAL(s.tx_bytes, 2ull << 40);
	CU_ASSERT_EQUAL(dp_read_ifstat(d, 10, &s), 0);
	CU_ASSERT_EQUAL(s.fwd_packets, 0);
	CU_ASSERT(dp_read_ifstat(d, ASA_IFINDEX_MAX, &s) < 0);
	/* unsigned deltas may take back what was counted too early */
	memset(&a, 0, sizeof(a));
	a.ifindex = 9;
	a.iface.fwd_packets = -1;
	CU_ASSERT_EQUAL(dp_account(d, &a), 0);
	CU_ASSERT_EQUAL(dp_read_ifstat(d, 9, &s), 0);
	CU_ASSERT_EQUAL(s.fwd_packets, 9);
	CU_ASSERT_EQUAL(dp_clear_drops(d), 0);
	CU_ASSERT_EQUAL(dp_read_drops(d, drops), 0);
	CU_ASSERT_EQUAL(drops[DROP_POLICY_ACL].packets, 0);
	finish(d);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "load_pins_everything", load_pins_everything },
		{ "SES-15 restart_takes_over", restart_takes_over },
		{ "other_version_is_refused", other_version_is_refused },
		{ "foreign_pin_is_refused", foreign_pin_is_refused },
		{ "second_daemon_is_refused", second_daemon_is_refused },
		{ "bad_places_give_sentences", bad_places_give_sentences },
		{ "SES-3 foreign_program_stays", foreign_program_stays },
		{ "SES-3 generic_where_native_is_missing", generic_where_native_is_missing },
		{ "SES-3 iproute2_is_adopted", iproute2_is_adopted },
		{ "absent_interface", absent_interface },
		{ "local_rows", local_rows },
		{ "iface_rows", iface_rows },
		{ "INT-1 rows for a flood", intercept_rows_for_a_flood },
		{ "OBS-1 account_adds_to_the_maps", account_adds_to_the_maps },
		{ "missing_bpffs_is_mounted", missing_bpffs_is_mounted }, /* last: changes the mounts */
		{ NULL, NULL },
	};

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0) {
		printf("SKIP  dp: no namespaces of our own (%s): root is needed\n", strerror(errno));
		printf("0 passed, 0 failed, %zu skipped\n", sizeof(tests) / sizeof(tests[0]) - 1);
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	return asa_cunit_main("dp", tests);
}
