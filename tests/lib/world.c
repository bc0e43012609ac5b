// SPDX-License-Identifier: GPL-2.0-only
/*
 * A loaded XDP object in a namespace of its own, see world.h.
 *
 * Responsible for: everything around a test run; the index is written here with the arithmetic of
 * include/asa/hash.h, home bucket first, then the alternate one, like the daemon's.
 * Not responsible for: expectations.
 */
#include "world.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/bpf.h>

static const char *const topology[] = {
	"ip link set lo up",
	"ip link add veth-a index 101 type veth peer name far-a",
	"ip link add veth-b index 102 type veth peer name far-b",
	"ip link add veth-big index 5000 type veth peer name far-big",
	"ip link set veth-a address 02:00:00:00:01:01 up",
	"ip link set veth-b address 02:00:00:00:01:02 up",
	"ip link set veth-big up",
	"ip link set far-a up",
	"ip link set far-b up",
	"ip link set far-big up",
	"sysctl -qw net.ipv4.conf.all.forwarding=1",
	"sysctl -qw net.ipv6.conf.all.forwarding=1",
	"ip addr add 198.51.100.1/24 dev veth-a",
	"ip -6 addr add 2001:db8:2::1/64 dev veth-a nodad",
	"ip neigh add " NEIGHBOUR4 " lladdr 02:00:00:00:02:80 dev veth-a nud permanent",
	"ip neigh add " NEIGHBOUR6 " lladdr 02:00:00:00:02:81 dev veth-a nud permanent",
	NULL,
};

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN && getenv("V") ? vfprintf(stderr, format, args) : 0;
}

static int map_fd(const struct world *w, const char *name)
{
	return bpf_object__find_map_fd_by_name(w->obj, name);
}

static int on_event(void *ctx, void *data, size_t size)
{
	struct world *w = ctx;

	if (size == sizeof(struct asa_event) && w->n_events < 16)
		memcpy(&w->events[w->n_events++], data, size);
	return 0;
}

static const char *world_load(struct world *w, const char *object)
{
	struct bpf_map *m;

	w->obj = bpf_object__open_file(object, NULL);
	if (!w->obj)
		return "the object cannot be opened";
	bpf_object__for_each_map(m, w->obj) {
		const char *name = bpf_map__name(m);

		bpf_map__set_pin_path(m, NULL);
		if (!strcmp(name, ASA_MAP_CONNS) || !strcmp(name, ASA_MAP_SESSIONS))
			bpf_map__set_max_entries(m, WORLD_SLOTS);
		if (!strcmp(name, ASA_MAP_INDEX))
			bpf_map__set_max_entries(m, WORLD_BUCKETS);
		if (!strcmp(name, ASA_MAP_HOMES))
			bpf_map__set_max_entries(m, WORLD_SLOTS / ASA_SET_SLOTS);
	}
	if (bpf_object__load(w->obj))
		return "the object cannot be loaded";
	w->xdp = bpf_program__fd(bpf_object__find_program_by_name(w->obj, "asa_xdp"));
	w->account = bpf_program__fd(bpf_object__find_program_by_name(w->obj, "asa_account"));
	w->stats = map_fd(w, ASA_MAP_STATS);
	w->drops = map_fd(w, ASA_MAP_DROPS);
	w->punts = map_fd(w, ASA_MAP_PUNTS);
	w->ifstats = map_fd(w, ASA_MAP_IFSTATS);
	w->conns = map_fd(w, ASA_MAP_CONNS);
	w->sessions = map_fd(w, ASA_MAP_SESSIONS);
	w->index = map_fd(w, ASA_MAP_INDEX);
	w->homes = map_fd(w, ASA_MAP_HOMES);
	w->nexthops = map_fd(w, ASA_MAP_NEXTHOPS);
	w->config = map_fd(w, ASA_MAP_CONFIG);
	w->ifaces = map_fd(w, ASA_MAP_IFACES);
	w->tcp_maps = map_fd(w, ASA_MAP_TCP_MAPS);
	w->local = map_fd(w, ASA_MAP_LOCAL);
	w->mgmt = map_fd(w, ASA_MAP_MGMT);
	w->tx = map_fd(w, ASA_MAP_TX);
	w->xsks = map_fd(w, ASA_MAP_XSKS);
	w->ring = ring_buffer__new(map_fd(w, ASA_MAP_EVENTS), on_event, w, NULL);
	return w->ring ? NULL : "the event ring cannot be mapped";
}

const char *world_open(struct world *w, const char *object)
{
	memset(w, 0, sizeof(*w));
	if (geteuid())
		return "needs root";
	libbpf_set_print(quiet);
	if (unshare(CLONE_NEWNET))
		return "no network namespace";
	for (int i = 0; topology[i]; i++)
		if (system(topology[i]))
			return topology[i];
	w->n_cpus = libbpf_num_possible_cpus();
	w->xsk = socket(AF_XDP, SOCK_RAW, 0);
	if (w->xsk < 0)
		return "no AF_XDP";
	return world_load(w, object);
}

const char *world_open_beside(struct world *w, const struct world *first, const char *object)
{
	memset(w, 0, sizeof(*w));
	w->n_cpus = first->n_cpus;
	w->xsk = dup(first->xsk);
	return world_load(w, object);
}

void world_close(struct world *w)
{
	ring_buffer__free(w->ring);
	bpf_object__close(w->obj);
	if (w->xsk > 0)
		close(w->xsk);
}

void world_config(struct world *w)
{
	uint32_t row = 0;

	bpf_map_update_elem(w->config, &row, &w->cfg, BPF_ANY);
}

void world_nexthop(const struct world *w, uint32_t row, const struct asa_nexthop *nh)
{
	bpf_map_update_elem(w->nexthops, &row, nh, BPF_ANY);
}

void world_iface(const struct world *w, uint32_t ifindex, const struct asa_iface *row)
{
	bpf_map_update_elem(w->ifaces, &ifindex, row, BPF_ANY);
}

void world_tcp_map(const struct world *w, uint32_t row, const struct asa_tcp_map *m)
{
	bpf_map_update_elem(w->tcp_maps, &row, m, BPF_ANY);
}

void world_xsk(const struct world *w, bool present)
{
	uint32_t row = LO * ASA_QUEUES_MAX;

	if (present)
		bpf_map_update_elem(w->xsks, &row, &w->xsk, BPF_ANY);
	else
		bpf_map_delete_elem(w->xsks, &row);
}

void world_local(const struct world *w, const char *addr, uint8_t proto, uint16_t port,
		 uint32_t verdict)
{
	struct asa_local_key key = { .addr = pkt_addr(addr), .proto = proto,
				     .port = asa_htons(port) };
	struct asa_local row = { .verdict = verdict };

	bpf_map_update_elem(w->local, &key, &row, BPF_ANY);
}

void world_mgmt(const struct world *w, uint16_t vlan, uint8_t proto, uint8_t icmp_type, __be16 port,
		const char *addr, uint32_t plen, uint32_t verdict)
{
	struct asa_mgmt_key key = { .ifindex = LO, .vlan = vlan, .proto = proto,
				    .icmp_type = icmp_type, .port = port, .src = pkt_addr(addr) };
	struct asa_mgmt row = { .verdict = verdict };

	key.prefixlen = 96 + plen + (asa_addr_is_v4(&key.src) ? 96 : 0);
	bpf_map_update_elem(w->mgmt, &key, &row, BPF_ANY);
}

void world_reset(struct world *w)
{
	static const struct asa_nexthop plain = {
		.ifindex = OUT_A, .flags = ASA_NH_VALID, .mtu = MTU_A,
		.dmac = { 2, 0, 0, 0, 2, 0x80 }, .smac = { 2, 0, 0, 0, 1, 1 },
	};
	static const struct asa_nexthop none;
	static const struct asa_iface iface;
	static const struct asa_set nobody;
	struct asa_conn conn = { 0 };
	struct asa_tcp_map map;
	struct asa_bucket bucket = { 0 };
	struct asa_local_key key;
	struct asa_mgmt_key mgmt;
	uint32_t i, devices[] = { OUT_A, OUT_B };

	for (i = 0; i < WORLD_SLOTS; i++)
		world_slot_set(w, i, &conn);
	for (i = 0; i < WORLD_SLOTS / ASA_SET_SLOTS; i++)
		bpf_map_update_elem(w->homes, &i, &nobody, BPF_ANY);
	for (i = 0; i < WORLD_BUCKETS; i++)
		bpf_map_update_elem(w->index, &i, &bucket, BPF_ANY);
	for (i = 0; i < 8; i++)
		world_nexthop(w, i, i == 1 ? &plain : &none);
	while (!bpf_map_get_next_key(w->local, NULL, &key))
		bpf_map_delete_elem(w->local, &key);
	while (!bpf_map_get_next_key(w->mgmt, NULL, &mgmt))
		bpf_map_delete_elem(w->mgmt, &mgmt);
	for (i = 0; i < 2; i++)
		bpf_map_update_elem(w->tx, &devices[i], &devices[i], BPF_ANY);
	world_iface(w, LO, &iface);
	asa_tcp_map_default(&map);
	for (i = 0; i < 4; i++)
		world_tcp_map(w, i, &map);
	world_xsk(w, true);
	w->cfg = (struct asa_config){
		.version = ASA_CONTRACT_VERSION,
		.index_mask = WORLD_BUCKETS - 1,
		.hash_key = { 0x0123456789abcdefull, 0x1122334455667789ull, 0x9e3779b97f4a7c15ull,
			      0xfedcba9876543211ull },
		.slots = WORLD_SLOTS,
		.homes = (WORLD_SLOTS - ASA_DENSE_SLOTS) / ASA_SET_SLOTS,
		.route_gen = 0x10007,
	};
	world_config(w);
}

struct asa_conn world_slot(const struct world *w, uint32_t slot)
{
	struct asa_conn c = { 0 };

	bpf_map_lookup_elem(w->conns, &slot, &c);
	return c;
}

void world_slot_set(const struct world *w, uint32_t slot, const struct asa_conn *c)
{
	bpf_map_update_elem(w->conns, &slot, c, BPF_ANY);
}

struct asa_session world_session(const struct world *w, uint32_t slot)
{
	struct asa_session s = { 0 };

	bpf_map_lookup_elem(w->sessions, &slot, &s);
	return s;
}

void world_session_set(const struct world *w, uint32_t slot, const struct asa_session *s)
{
	bpf_map_update_elem(w->sessions, &slot, s, BPF_ANY);
}

static bool bucket_put(const struct world *w, uint32_t row, struct asa_ref e)
{
	struct asa_bucket b;

	bpf_map_lookup_elem(w->index, &row, &b);
	for (int i = 0; i < ASA_BUCKET_ENTRIES; i++)
		if (!b.e[i].ref) {
			b.e[i] = e;
			bpf_map_update_elem(w->index, &row, &b, BPF_ANY);
			return true;
		}
	return false;
}

static bool home_put(const struct world *w, const struct asa_key *key, uint32_t ref)
{
	uint32_t slot = ASA_REF_SLOT(ref), i = slot % ASA_SET_SLOTS;
	struct asa_home home;
	struct asa_set s;

	if (!w->cfg.homes)
		return false;
	home = asa_hash_set(key, w->cfg.hash_key, w->cfg.homes);
	if (home.set != slot / ASA_SET_SLOTS)
		return false;
	bpf_map_lookup_elem(w->homes, &home.set, &s);
	s.w[i / 4] &= ~(0xffffull << 16 * (i % 4));
	s.w[i / 4] |= (__u64)(home.tag | (asa_key_turned(key) ^ ASA_REF_DIR(ref)) * ASA_SET_TURNED) << 16 * (i % 4);
	bpf_map_update_elem(w->homes, &home.set, &s, BPF_ANY);
	return true;
}

static void index_put(const struct world *w, const struct asa_key *key, uint32_t ref)
{
	struct asa_hash h = asa_hash_key(key, w->cfg.hash_key);
	uint32_t home = asa_hash_home(h, w->cfg.index_mask);
	struct asa_ref e = { .tag = h.tag, .ref = ref };
	struct asa_bucket b;

	if (home_put(w, key, ref) || bucket_put(w, home, e))
		return;
	if (!bucket_put(w, asa_hash_alternate(home, h.tag, w->cfg.index_mask), e))
		abort();
	bpf_map_lookup_elem(w->index, &home, &b);
	b.overflow++;
	bpf_map_update_elem(w->index, &home, &b, BPF_ANY);
}

uint32_t world_home(const struct world *w, const struct pkt *in, bool first)
{
	struct asa_home home;
	struct asa_key k;

	pkt_key(&k, in);
	home = asa_hash_set(&k, w->cfg.hash_key, w->cfg.homes);
	return first ? home.slot : home.slot ^ 7;
}

void world_conn(struct world *w, uint32_t slot, const struct pkt *in, const struct pkt *out,
		uint16_t flags)
{
	struct asa_conn c = { 0 };
	struct asa_key k;
	int d;

	pkt_key(&c.dir[0].key, in);
	pkt_key(&k, out ? out : in);
	asa_key_reverse(&c.dir[1].key, &k);
	for (d = 0; d < 2; d++) {
		struct asa_dir *dir = &c.dir[d];

		dir->flags = ASA_DIR_VALID | flags | (out ? ASA_DIR_NAT : 0);
		dir->nexthop = 1;
		dir->gen = (uint16_t)w->cfg.route_gen;
	}
	world_slot_set(w, slot, &c);
	world_session_set(w, slot, &(struct asa_session){ .id = WORLD_ID });
	index_put(w, &c.dir[0].key, ASA_REF(slot, 0));
	index_put(w, &c.dir[1].key, ASA_REF(slot, 1));
}

/* Sum a row of n 64-bit counters over all CPUs into *out. */
static void sum_row(const struct world *w, int fd, uint32_t row, void *out, int n)
{
	uint64_t values[8 * 256], sum[8] = { 0 };

	if (w->n_cpus <= 256 && !bpf_map_lookup_elem(fd, &row, values))
		for (int i = 0; i < w->n_cpus * n; i++)
			sum[i % n] += values[i];
	memcpy(out, sum, sizeof(sum[0]) * (size_t)n);
}

void world_tally(const struct world *w, struct tally *t)
{
	uint32_t i;

	for (i = 0; i < ASA_STAT_MAX; i++)
		sum_row(w, w->stats, i, &t->stats[i], 2);
	for (i = 0; i < ASA_DROP_MAX; i++)
		sum_row(w, w->drops, i, &t->drops[i], 2);
	for (i = 0; i < ASA_PUNT_MAX; i++)
		sum_row(w, w->punts, i, &t->punts[i], 2);
	sum_row(w, w->ifstats, LO, &t->in, 8);
	sum_row(w, w->ifstats, OUT_A, &t->out, 8);
}

int world_run(struct world *w, const uint8_t *frame, uint32_t size, uint32_t ifindex,
	      struct result *r)
{
	uint8_t out[PKT_MAX + 64];
	struct xdp_md ctx = { .data_end = size, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = size,
		    .data_out = out, .data_size_out = sizeof(out), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .ctx_out = &ctx, .ctx_size_out = sizeof(ctx),
		    .repeat = 1);
	struct tally before;
	uint64_t *a, *b;
	int err;

	world_tally(w, &before);
	memset(r, 0, sizeof(*r));
	err = bpf_prog_test_run_opts(w->xdp, &opts);
	if (err)
		return err;
	r->verdict = (int)opts.retval;
	if (ctx.data == sizeof(r->meta))
		memcpy(&r->meta, out, sizeof(r->meta));
	r->size = opts.data_size_out - ctx.data;
	memcpy(r->frame, out + ctx.data, r->size <= PKT_MAX ? r->size : PKT_MAX);
	world_tally(w, &r->delta);
	a = (uint64_t *)&r->delta;
	b = (uint64_t *)&before;
	for (size_t i = 0; i < sizeof(before) / sizeof(*a); i++)
		a[i] -= b[i];
	w->n_events = 0;
	ring_buffer__consume(w->ring);
	return 0;
}
