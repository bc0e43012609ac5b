/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A loaded XDP object in a network namespace of its own, for tests with BPF_PROG_TEST_RUN.
 *
 * Responsible for: the namespace with three veth pairs, addresses, routes and neighbours; loading
 * the object with small maps and no pins; writing connections, next hops and local addresses the way
 * the daemon does; running one frame; what the counters, events and slots say afterwards.
 * Not responsible for: what should happen (the tests' tables).
 *
 * Life cycle: world_open() once; world_reset() before each case; world_close().  Needs root.  The
 * namespace belongs to the process and goes with it.
 *
 * Ways into the program: loopback (ifindex 1) and IN_BIG (ifindex beyond the maps).
 * Ways out: OUT_A, OUT_B.  OUT_A's network is 198.51.100.0/24 and 2001:db8:2::/64 with one
 * resolved neighbour each.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <stdbool.h>

#include <bpf/libbpf.h>

#include <asa/punt.h>
#include <asa/rewrite.h>
#include <asa/stats.h>

#include "pkt.h"

enum {
	LO = 1,
	OUT_A = 101,
	OUT_B = 102,
	IN_BIG = 5000,
	MTU_A = 1500,
	WORLD_SLOTS = ASA_DENSE_SLOTS + 1024,
	WORLD_BUCKETS = 16,
	WORLD_ID = 0x125a5a,
};

#define NEIGHBOUR4 "198.51.100.80" /* resolved, behind OUT_A */
#define NEIGHBOUR6 "2001:db8:2::80"
#define UNRESOLVED4 "198.51.100.81"

struct world {
	struct bpf_object *obj;
	int xdp;
	int account;
	int stats, drops, punts, ifstats, conns, sessions, index, homes, nexthops, config, ifaces, tcp_maps, local, mgmt, tx, xsks;
	int xsk; /* a socket that punts can go to */
	struct ring_buffer *ring;
	struct asa_config cfg;
	int n_cpus;
	struct asa_event events[16];
	int n_events;
};

/* What a frame did to the counters, summed over CPUs. */
struct tally {
	struct asa_count stats[ASA_STAT_MAX];
	struct asa_count drops[ASA_DROP_MAX];
	struct asa_count punts[ASA_PUNT_MAX];
	struct asa_ifstat in; /* LO */
	struct asa_ifstat out; /* OUT_A */
};

struct result {
	int verdict; /* XDP_* */
	uint8_t frame[PKT_MAX];
	uint32_t size;
	struct asa_punt_meta meta; /* of a punt; magic 0: none */
	struct tally delta;
};

/* => NULL, or why not (no privilege …) */
const char *world_open(struct world *w, const char *object);
/* Another object in the namespace of 'first', with maps of its own. */
const char *world_open_beside(struct world *w, const struct world *first, const char *object);
void world_close(struct world *w);

/* Empty slots, index, next hops and local addresses; configuration as a daemon would have it. */
void world_reset(struct world *w);

/*
 * A connection in 'slot': frames that look like 'in' leave like 'out' (NULL: not translated).
 * => both directions get 'flags', next hop 1, and NAT if 'out' is given
 */
/* A slot in which a connection that begins with this frame is at home: the first choice, or another. */
uint32_t world_home(const struct world *w, const struct pkt *in, bool first);
void world_conn(struct world *w, uint32_t slot, const struct pkt *in, const struct pkt *out,
		uint16_t flags);
/* Read or write a slot. */
struct asa_conn world_slot(const struct world *w, uint32_t slot);
void world_slot_set(const struct world *w, uint32_t slot, const struct asa_conn *c);
/* The same of the daemon's row of the connection; its id is WORLD_ID. */
struct asa_session world_session(const struct world *w, uint32_t slot);
void world_session_set(const struct world *w, uint32_t slot, const struct asa_session *s);
void world_nexthop(const struct world *w, uint32_t row, const struct asa_nexthop *nh);
void world_config(struct world *w);
void world_local(const struct world *w, const char *addr, uint8_t proto, uint16_t port,
		 uint32_t verdict);
/* A row of asa_mgmt for LO: sources in addr/plen (plen as of the address's own family). */
void world_mgmt(const struct world *w, uint16_t vlan, uint8_t proto, uint8_t icmp_type, __be16 port,
		const char *addr, uint32_t plen, uint32_t verdict);
void world_iface(const struct world *w, uint32_t ifindex, const struct asa_iface *row);
/* A row of asa_tcp_maps. */
void world_tcp_map(const struct world *w, uint32_t row, const struct asa_tcp_map *m);
void world_xsk(const struct world *w, bool present);

/* Run one frame; *r gets the verdict, the frame as it is now, and what was counted. */
int world_run(struct world *w, const uint8_t *frame, uint32_t size, uint32_t ifindex,
	      struct result *r);
void world_tally(const struct world *w, struct tally *t);

#endif
