// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/world.o tests/lib/pkt.o */
/*
 * The maps as an interface, and what frames leave behind in them: SES-12, SES-16, OBS-1.
 *
 * Layouts of the loaded object against the compiled headers; the accounting program; events of a
 * connection's life through the driver; a route change told once; a full ring; a full bucket.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "lib/cunit.h"
#include <asa/host_limit.h>
#include <asa/tcp_track.h>

#include "lib/world.h"

#define CLIENT "10.1.1.10"
#define SERVER "198.51.100.80"

static struct world w;

static int run(const struct pkt *p, struct result *res)
{
	uint8_t frame[PKT_MAX];
	uint32_t size = (uint32_t)pkt_build(frame, p);

	CU_ASSERT_FATAL(world_run(&w, frame, size, LO, res) == 0);
	return res->verdict;
}

static void btf_sizes(void)
{
	static const struct {
		const char *name;
		size_t size;
	} types[] = {
		{ "asa_count", sizeof(struct asa_count) },   { "asa_ifstat", sizeof(struct asa_ifstat) },
		{ "asa_conn", sizeof(struct asa_conn) },     { "asa_dir", sizeof(struct asa_dir) },
		{ "asa_half", sizeof(struct asa_half) },     { "asa_key", sizeof(struct asa_key) },
		{ "asa_session", sizeof(struct asa_session) }, { "asa_bucket", sizeof(struct asa_bucket) },
		{ "asa_nexthop", sizeof(struct asa_nexthop) }, { "asa_config", sizeof(struct asa_config) },
		{ "asa_iface", sizeof(struct asa_iface) },   { "asa_local_key", sizeof(struct asa_local_key) },
		{ "asa_local", sizeof(struct asa_local) },
		{ "asa_mgmt_key", sizeof(struct asa_mgmt_key) }, { "asa_mgmt", sizeof(struct asa_mgmt) },
		{ "asa_account", sizeof(struct asa_account) }, { "asa_punt_meta", sizeof(struct asa_punt_meta) },
		{ "asa_event", sizeof(struct asa_event) },
	};
	const struct btf *btf = bpf_object__btf(w.obj);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		int id = btf__find_by_name_kind(btf, types[i].name, BTF_KIND_STRUCT);

		if (id < 0 || (size_t)btf__resolve_size(btf, (__u32)id) != types[i].size)
			printf("      %s: BTF id %d\n", types[i].name, id);
		CU_ASSERT_FATAL(id > 0);
		CU_ASSERT((size_t)btf__resolve_size(btf, (__u32)id) == types[i].size);
	}
}

/* The names of rows are in the object's BTF (interface.md, "With bpftool"). */
static void btf_enums(void)
{
	static const char *const enums[] = { "asa_drop", "asa_punt", "asa_stat", "asa_event_type",
					     "asa_half_flag", "asa_dir_flag" };
	const struct btf *btf = bpf_object__btf(w.obj);
	int id;

	for (size_t i = 0; i < sizeof(enums) / sizeof(enums[0]); i++)
		CU_ASSERT(btf__find_by_name_kind(btf, enums[i], BTF_KIND_ENUM) > 0);
	id = btf__find_by_name_kind(btf, "asa_drop", BTF_KIND_ENUM);
	if (id > 0)
		CU_ASSERT(btf_vlen(btf__type_by_id(btf, (__u32)id)) == ASA_DROP_MAX + 1);
}

/* Kinds and flags that the daemon and bpftool rely on. */
static void map_kinds(void)
{
	static const struct {
		const char *name;
		enum bpf_map_type type;
		uint32_t flags, key, value;
	} maps[] = {
		{ ASA_MAP_STATS, BPF_MAP_TYPE_PERCPU_ARRAY, 0, 4, 16 },
		{ ASA_MAP_DROPS, BPF_MAP_TYPE_PERCPU_ARRAY, 0, 4, 16 },
		{ ASA_MAP_PUNTS, BPF_MAP_TYPE_PERCPU_ARRAY, 0, 4, 16 },
		{ ASA_MAP_IFSTATS, BPF_MAP_TYPE_PERCPU_ARRAY, 0, 4, 64 },
		{ ASA_MAP_CONNS, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 192 },
		{ ASA_MAP_SESSIONS, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 128 },
		{ ASA_MAP_INDEX, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 64 },
		{ ASA_MAP_HOMES, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 32 },
		{ ASA_MAP_NEXTHOPS, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 64 },
		{ ASA_MAP_CONFIG, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 64 },
		{ ASA_MAP_IFACES, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 16 },
		{ ASA_MAP_POLICE, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 64 },
		{ ASA_MAP_POLICE_REFS, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 8 },
		{ ASA_MAP_HOST_RULES, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 80 },
		{ ASA_MAP_HOST_LIMITS, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 4, 128 },
		{ ASA_MAP_LOCAL, BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, 24, 4 },
		{ ASA_MAP_MGMT, BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, 32, 4 },
		{ ASA_MAP_EVENTS, BPF_MAP_TYPE_RINGBUF, 0, 0, 0 },
		{ ASA_MAP_TX, BPF_MAP_TYPE_DEVMAP, BPF_F_RDONLY_PROG, 4, 4 },
		{ ASA_MAP_XSKS, BPF_MAP_TYPE_XSKMAP, 0, 4, 4 },
	};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		int fd = bpf_object__find_map_fd_by_name(w.obj, maps[i].name);
		struct bpf_map_info info = { 0 };
		__u32 size = sizeof(info);

		CU_ASSERT_FATAL(bpf_obj_get_info_by_fd(fd, &info, &size) == 0);
		CU_ASSERT(info.type == maps[i].type);
		CU_ASSERT(info.map_flags == maps[i].flags);
		CU_ASSERT(info.key_size == maps[i].key && info.value_size == maps[i].value);
	}
}

static void account(void)
{
	struct asa_account a = { .ifindex = LO };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &a, .ctx_size_in = sizeof(a));
	struct tally before, after;

	a.iface = (struct asa_ifstat){ 1, 2, 3, 4, 5, 6, 7, 8 };
	a.drops[DROP_POLICY_ACL] = (struct asa_count){ 10, 1000 };
	a.drops[ASA_DROP_MAX - 1] = (struct asa_count){ 11, 1100 };
	a.stats[STAT_SLOW_FORWARD] = (struct asa_count){ 12, 1200 };
	a.stats[ASA_STAT_MAX - 1] = (struct asa_count){ 13, 0 };
	world_tally(&w, &before);
	CU_ASSERT_FATAL(bpf_prog_test_run_opts(w.account, &opts) == 0);
	CU_ASSERT(opts.retval == 0);
	world_tally(&w, &after);
	CU_ASSERT(after.in.rx_packets - before.in.rx_packets == 1);
	CU_ASSERT(after.in.rx_bytes - before.in.rx_bytes == 2);
	CU_ASSERT(after.in.tx_packets - before.in.tx_packets == 3);
	CU_ASSERT(after.in.tx_bytes - before.in.tx_bytes == 4);
	CU_ASSERT(after.in.fwd_packets - before.in.fwd_packets == 5);
	CU_ASSERT(after.in.host_packets - before.in.host_packets == 6);
	CU_ASSERT(after.in.drop_packets - before.in.drop_packets == 7);
	CU_ASSERT(after.in.punt_packets - before.in.punt_packets == 8);
	for (int i = 0; i < ASA_DROP_MAX; i++) {
		CU_ASSERT(after.drops[i].packets - before.drops[i].packets == a.drops[i].packets);
		CU_ASSERT(after.drops[i].bytes - before.drops[i].bytes == a.drops[i].bytes);
	}
	for (int i = 0; i < ASA_STAT_MAX; i++) {
		CU_ASSERT(after.stats[i].packets - before.stats[i].packets == a.stats[i].packets);
		CU_ASSERT(after.stats[i].bytes - before.stats[i].bytes == a.stats[i].bytes);
	}
	memset(&a, 0, sizeof(a)); /* no interface, nothing to add */
	CU_ASSERT(bpf_prog_test_run_opts(w.account, &opts) == 0 && opts.retval == 0);
	a.ifindex = ASA_IFINDEX_MAX; /* beyond the map */
	CU_ASSERT(bpf_prog_test_run_opts(w.account, &opts) == 0 && (int)opts.retval == -1);
}

/* SES-12: from SYN-ACK to both FINs acknowledged, nothing but the SYN needs the daemon. */
static void life_of_a_connection(void)
{
	static const struct {
		uint8_t from_server, flags;
		uint32_t seq, ack;
		uint16_t payload;
		const char *options;
		int event;
	} life[] = {
		{ 1, 0x12, 5000, 1001, 0, "\2\4\5\264\1\3\3\7", 0 },
		{ 0, 0x10, 1001, 5001, 0, NULL, ASA_EVENT_ESTABLISHED },
		{ 0, 0x18, 1001, 5001, 100, NULL, 0 },
		{ 1, 0x10, 5001, 1101, 1000, NULL, 0 },
		{ 0, 0x11, 1101, 6001, 0, NULL, ASA_EVENT_FIN },
		{ 1, 0x11, 6001, 1102, 0, NULL, 0 },
		{ 0, 0x10, 1102, 6002, 0, NULL, ASA_EVENT_CLOSED },
	};
	struct pkt in = { .src = CLIENT, .dst = SERVER, .proto = 6, .sport = 1025, .dport = 80 };
	struct pkt out = { .src = "192.0.2.10", .dst = SERVER, .proto = 6, .sport = 40000, .dport = 80 };
	struct asa_tcp_seg syn = { .seq = 1000, .flags = ASA_TCP_SYN, .window = 8192,
				   .has_wscale = 1, .wscale = 2 };
	struct asa_conn c;
	struct result res;

	world_reset(&w);
	world_conn(&w, 5, &in, &out, 0);
	c = world_slot(&w, 5);
	tcp_track_start(&c.half[0], &syn);
	world_slot_set(&w, 5, &c);
	for (size_t i = 0; i < sizeof(life) / sizeof(life[0]); i++) {
		struct pkt p = life[i].from_server ?
				       (struct pkt){ .src = SERVER, .dst = "192.0.2.10",
						     .sport = 80, .dport = 40000 } :
				       in;

		p.proto = 6;
		p.flags = life[i].flags;
		p.seq = life[i].seq;
		p.ack = life[i].ack;
		p.payload = life[i].payload;
		p.options = life[i].options;
		p.options_size = life[i].options ? 8 : 0;
		CU_ASSERT(run(&p, &res) == XDP_REDIRECT);
		CU_ASSERT(res.delta.in.fwd_packets == 1);
		CU_ASSERT(pkt_check(res.frame, res.size) == NULL);
		CU_ASSERT(w.n_events == (life[i].event != 0));
		if (!life[i].event)
			continue;
		CU_ASSERT(w.events[0].type == life[i].event && w.events[0].slot == 5);
		CU_ASSERT(w.events[0].dir == life[i].from_server && w.events[0].serial == 0x5a5a);
	}
	c = world_slot(&w, 5);
	CU_ASSERT(c.half[1].wscale == 7 && (c.half[1].tcp & ASA_HALF_WSCALE));
	CU_ASSERT(c.half[1].win_max == 8192u << 7);
	CU_ASSERT(c.dir[0].packets == 4 && c.dir[1].packets == 3);
	CU_ASSERT(c.dir[0].bytes == 4 * 40 + 100 && c.dir[1].bytes == 3 * 40 + 8 + 1000);
	CU_ASSERT((c.half[0].tcp & c.half[1].tcp) ==
		  (ASA_HALF_SYN | ASA_HALF_ACKED | ASA_HALF_FIN | ASA_HALF_FIN_ACKED |
		   ASA_HALF_DATA | ASA_HALF_WSCALE));
	/* and a RST is told as such */
	in.flags = 0x14;
	in.seq = 1102;
	in.ack = 6002;
	CU_ASSERT(run(&in, &res) == XDP_REDIRECT);
	CU_ASSERT(w.n_events == 1 && w.events[0].type == ASA_EVENT_RST);
}

/* Packets from 2^32 on are counted above the bytes. */
static void counters_of_a_long_connection(void)
{
	const struct pkt p = { .src = CLIENT, .dst = SERVER, .proto = 17, .sport = 1, .dport = 2,
			       .payload = 20 };
	struct result res;
	struct asa_conn c;

	world_reset(&w);
	world_conn(&w, 1, &p, NULL, 0);
	c = world_slot(&w, 1);
	c.dir[0].packets = 0xfffffffe;
	c.dir[0].bytes = 1000;
	world_slot_set(&w, 1, &c);
	for (unsigned i = 1; i <= 3; i++) {
		CU_ASSERT(run(&p, &res) == XDP_REDIRECT);
		c = world_slot(&w, 1);
		CU_ASSERT(asa_count_packets(c.dir[0].packets, c.dir[0].bytes) == 0xfffffffeull + i);
		CU_ASSERT(asa_count_bytes(c.dir[0].bytes) == 1000 + 48 * i);
	}
}

static void reroute_is_told_once_per_generation(void)
{
	struct pkt in = { .src = CLIENT, .dst = SERVER, .proto = 17, .sport = 1025, .dport = 53 };
	struct result res;

	world_reset(&w);
	world_conn(&w, 5, &in, NULL, 0);
	for (int generation = 0; generation < 3; generation++) {
		w.cfg.route_gen++;
		world_config(&w);
		for (int i = 0; i < 3; i++) {
			CU_ASSERT(run(&in, &res) == XDP_REDIRECT);
			CU_ASSERT(res.delta.stats[STAT_FIB].packets == 1);
			CU_ASSERT(w.n_events == (i == 0));
		}
		CU_ASSERT(w.events[0].type == ASA_EVENT_REROUTE && w.events[0].slot == 5);
	}
}

/* A ring that nobody reads: traffic goes on, the loss is counted. */
static void full_ring(void)
{
	struct pkt in = { .src = CLIENT, .dst = SERVER, .proto = 17, .sport = 1025, .dport = 53 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .repeat = 1);
	uint8_t frame[PKT_MAX];
	struct tally before, after;
	uint32_t lost = 0;

	world_reset(&w);
	world_conn(&w, 5, &in, NULL, 0);
	opts.data_in = frame;
	opts.data_size_in = (uint32_t)pkt_build(frame, &in);
	world_tally(&w, &before);
	for (int i = 0; i < 50000 && !lost; i++) { /* 1 MiB / 24 bytes = 43,690 records */
		w.cfg.route_gen++;
		world_config(&w);
		CU_ASSERT_FATAL(bpf_prog_test_run_opts(w.xdp, &opts) == 0);
		CU_ASSERT_FATAL(opts.retval == XDP_REDIRECT);
		if (i < 43600)
			continue;
		world_tally(&w, &after);
		lost = (uint32_t)(after.stats[STAT_EVENT_LOST].packets -
				  before.stats[STAT_EVENT_LOST].packets);
	}
	CU_ASSERT(lost == 1);
	ring_buffer__consume(w.ring);
}

/* More connections in a bucket than it has entries: found in the alternate one (SES-16). */
static void full_buckets(void)
{
	struct pkt in = { .src = CLIENT, .dst = SERVER, .proto = 17, .sport = 1, .dport = 53 };
	struct asa_bucket b;
	struct result res;
	uint32_t overflow = 0, n = 0;

	world_reset(&w);
	/* 16 buckets of 7 entries: 46 connections are 92 keys */
	for (uint32_t slot = 1; slot <= 46; slot++) {
		in.sport = (uint16_t)(1000 + slot);
		world_conn(&w, slot, &in, NULL, 0);
	}
	for (uint32_t i = 0; i < WORLD_BUCKETS; i++) {
		bpf_map_lookup_elem(w.index, &i, &b);
		overflow += b.overflow;
	}
	CU_ASSERT(overflow > 0);
	for (uint32_t slot = 1; slot <= 46; slot++) {
		in.sport = (uint16_t)(1000 + slot);
		CU_ASSERT(run(&in, &res) == XDP_REDIRECT);
		n += (uint32_t)world_slot(&w, slot).dir[0].packets;
	}
	CU_ASSERT(n == 46);
	in.sport = 999;
	CU_ASSERT(run(&in, &res) == XDP_REDIRECT && res.meta.cause == PUNT_NO_FLOW);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "layouts of the object and the headers", btf_sizes },
		{ "enums in the object's BTF", btf_enums },
		{ "kinds of maps", map_kinds },
		{ "OBS-1 the accounting program", account },
		{ "SES-12 a connection's life in the driver", life_of_a_connection },
		{ "OBS-1 more than 2^32 packets", counters_of_a_long_connection },
		{ "SES-1 a route change is told once", reroute_is_told_once_per_generation },
		{ "a full event ring", full_ring },
		{ "SES-16 full buckets", full_buckets },
		{ NULL, NULL },
	};
	const char *object = getenv("ASA_OBJECT"), *why;
	int status;

	why = world_open(&w, object ? object : "build/asa_xdp.bpf.o");
	if (why) {
		printf("SKIP  maps: %s\n0 passed, 0 failed, 8 skipped\n", why);
		return 0;
	}
	status = asa_cunit_main("maps", tests);
	world_close(&w);
	return status;
}
