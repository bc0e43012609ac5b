// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/world.o tests/lib/pkt.o */
/*
 * The XDP program by test run: SES-4, SES-5, SES-10, SES-12, BYP-5, BYP-14, BYP-15, OBS-1, OBS-2.
 *
 * A row is a frame, the connection it meets, a change to the world, and the one thing that must
 * happen: forwarded as the frame 'out', left to the host, dropped with a reason, or punted with a
 * cause.  Each row also checks that exactly the matching counters moved, that rx = fwd + host +
 * drop + punt, that a frame which is not forwarded changed neither itself nor the connection, and
 * punt metadata.  At the end every punt cause and every reason that the driver has must have had a row.
 */
#include <errno.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/cunit.h"
#include "lib/world.h"

#define CLIENT4 "10.1.1.10"
#define SERVER4 "198.51.100.80"
#define MAPPED4 "192.0.2.10"
#define CLIENT6 "2001:db8:1::10"
#define SERVER6 "2001:db8:2::80"
#define MAPPED6 "2001:db8:3::10"
#define BOX4 "203.0.113.1"
#define BOX6 "2001:db8:5::1"

enum expect { FORWARD, HOST, DROP, PUNT };

struct row;
typedef void (*prepare_fn)(struct world *w, const struct row *r);

struct row {
	const char *name;
	struct pkt in;
	struct pkt out; /* FORWARD: the frame that leaves; src NULL: the same, new Ethernet header */
	enum expect expect;
	int why; /* enum asa_drop or enum asa_punt */
	uint16_t flags; /* of the connection's directions */
	uint8_t no_conn; /* the frame belongs to no connection */
	prepare_fn prepare;
	uint32_t ref; /* expected in the metadata of a punt */
	uint16_t l2; /* expected Ethernet header size, 0: 14 */
};

static struct world w;
static bool drop_seen[ASA_DROP_MAX], punt_seen[ASA_PUNT_MAX];

/* Sequence state of an open connection: the client sent 1000, the server 5000 bytes' worth. */
static void tcp_open(struct world *wd, uint32_t slot)
{
	struct asa_conn c = world_slot(wd, slot);

	c.half[0] = (struct asa_half){ .isn = 1000, .seq_end = 1001, .ack = 5001,
				       .edge = 5001 + 8192, .win_max = 8192,
				       .tcp = ASA_HALF_SYN | ASA_HALF_ACKED };
	c.half[1] = (struct asa_half){ .isn = 5000, .seq_end = 5001, .ack = 1001,
				       .edge = 1001 + 8192, .win_max = 8192,
				       .tcp = ASA_HALF_SYN | ASA_HALF_ACKED };
	world_slot_set(wd, slot, &c);
}

/* ------------------------------------------------------------------------ changes to the world */

#define EDIT_SLOT(name, ...)                                         \
	static void name(struct world *wd, const struct row *r)      \
	{                                                            \
		struct asa_conn c = world_slot(wd, 1);               \
		(void)r;                                             \
		__VA_ARGS__;                                         \
		world_slot_set(wd, 1, &c);                           \
	}

EDIT_SLOT(not_valid, c.dir[0].flags = 0)
EDIT_SLOT(other_interface, c.dir[0].in_if = OUT_B)
EDIT_SLOT(other_vlan, { c.dir[0].in_if = LO; c.dir[0].key.vlan = 20; })
EDIT_SLOT(right_interface, { c.dir[0].in_if = LO; c.dir[0].key.vlan = 10; })
EDIT_SLOT(no_nexthop, c.dir[0].nexthop = 0)
EDIT_SLOT(nexthop_beyond, c.dir[0].nexthop = ASA_NEXTHOPS_MAX)
EDIT_SLOT(hold, { struct asa_session s = { .rest[0].hold_seq = 1001 + 10 }; (void)c;
	  world_session_set(wd, 1, &s); })
EDIT_SLOT(fin_sent, { c.half[0].tcp |= ASA_HALF_FIN; c.half[0].seq_end = 1002; })
EDIT_SLOT(embryonic, { memset(&c.half[1], 0, sizeof(c.half[1])); c.half[0].tcp = ASA_HALF_SYN; })
EDIT_SLOT(answered, { memset(c.half, 0, sizeof(c.half)); c.half[1] = (struct asa_half){ .isn = 1000,
	  .seq_end = 1001, .win_max = 8192, .tcp = ASA_HALF_SYN }; })
EDIT_SLOT(syn_ack_sent, c.half[0].tcp = ASA_HALF_SYN)
EDIT_SLOT(reset_sent, c.half[0].tcp |= ASA_HALF_RST)
EDIT_SLOT(reset_got, c.half[1].tcp |= ASA_HALF_RST)
EDIT_SLOT(no_syn_seen, memset(c.half, 0, sizeof(c.half)))
EDIT_SLOT(old_route, c.dir[0].gen = 6)
EDIT_SLOT(shifted, { c.half[0].seq_add = 100; c.half[1].seq_add = 7; })

static void nexthop_edit(struct world *wd, uint16_t flags, uint32_t ifindex, uint16_t mtu)
{
	struct asa_nexthop nh = {
		.ifindex = ifindex, .flags = flags, .mtu = mtu,
		.dmac = { 2, 0, 0, 0, 2, 0x80 }, .smac = { 2, 0, 0, 0, 1, 1 },
		.vlan_proto = asa_htons(flags & ASA_NH_QINQ ? 0x88a8 : 0x8100),
		.vlan_tci = asa_htons(0x2064), .vlan_inner_tci = asa_htons(7),
	};

	world_nexthop(wd, 1, &nh);
}

static void unresolved(struct world *wd, const struct row *r)
{
	(void)r;
	nexthop_edit(wd, 0, OUT_A, 1500);
}

static void no_device(struct world *wd, const struct row *r)
{
	(void)r;
	nexthop_edit(wd, ASA_NH_VALID, 103, 1500);
}

static void small_mtu(struct world *wd, const struct row *r)
{
	(void)r;
	nexthop_edit(wd, ASA_NH_VALID, OUT_A, 100);
}

static void tag_out(struct world *wd, const struct row *r)
{
	(void)r;
	nexthop_edit(wd, ASA_NH_VALID | ASA_NH_VLAN, OUT_A, 1500);
}

static void tags_out(struct world *wd, const struct row *r)
{
	(void)r;
	nexthop_edit(wd, ASA_NH_VALID | ASA_NH_VLAN | ASA_NH_QINQ, OUT_A, 1500);
}

static void box_address(struct world *wd, const struct row *r)
{
	(void)r;
	world_local(wd, BOX4, 0, 0, ASA_LOCAL_HOST);
	world_local(wd, BOX6, 0, 0, ASA_LOCAL_HOST);
}

static void box_with_static_pat(struct world *wd, const struct row *r)
{
	box_address(wd, r);
	world_local(wd, BOX4, r->in.proto, r->in.dport, ASA_LOCAL_PUNT);
	world_local(wd, BOX4, r->in.proto, 0, ASA_LOCAL_PUNT);
}

/*
 * Management rules: SSH from 10.1.1.0/24 but not .66 and from one IPv6 network; echo from anywhere,
 * no other ICMP; the same interface with VLAN 10 has none.
 */
static void managed(struct world *wd, const struct row *r)
{
	struct asa_iface i = { .flags = ASA_IFACE_MGMT };

	box_address(wd, r);
	world_iface(wd, LO, &i);
	world_xsk(wd, !r || r->why != DROP_POLICY_HOST); /* nobody who could be told */
	world_mgmt(wd, 0, 6, 0, asa_htons(22), "::", 0, ASA_MGMT_DENY);
	world_mgmt(wd, 0, 6, 0, asa_htons(22), "10.1.1.0", 24, ASA_MGMT_PERMIT);
	world_mgmt(wd, 0, 6, 0, asa_htons(22), "10.1.1.66", 32, ASA_MGMT_DENY);
	world_mgmt(wd, 0, 6, 0, asa_htons(22), "2001:db8:1::", 64, ASA_MGMT_PERMIT);
	world_mgmt(wd, 0, 1, 8, 0, "0.0.0.0", 0, ASA_MGMT_PERMIT);
	world_mgmt(wd, 0, 1, 0, ASA_MGMT_OTHER_TYPES, "::", 0, ASA_MGMT_DENY);
}

/* The same rules, on an interface whose row does not ask for them. */
static void rules_not_asked(struct world *wd, const struct row *r)
{
	static const struct asa_iface none;

	managed(wd, r);
	world_iface(wd, LO, &none);
}

static void my_mac(struct world *wd, const struct row *r)
{
	struct asa_iface i = { .flags = ASA_IFACE_MAC, .mac = { 2, 0, 0, 0, 0, 2 } };

	(void)r;
	world_iface(wd, LO, &i);
}

static void other_mac(struct world *wd, const struct row *r)
{
	struct asa_iface i = { .flags = ASA_IFACE_MAC, .mac = { 2, 0, 0, 0, 0, 3 } };

	(void)r;
	world_iface(wd, LO, &i);
}

static void other_context(struct world *wd, const struct row *r)
{
	struct asa_iface i = { .ctx = 3 };

	(void)r;
	world_iface(wd, LO, &i);
}

static void no_daemon(struct world *wd, const struct row *r)
{
	(void)r;
	world_xsk(wd, false);
}

static void no_daemon_open(struct world *wd, const struct row *r)
{
	no_daemon(wd, r);
	wd->cfg.fail_open = 1;
	world_config(wd);
}

static void unprepared(struct world *wd, const struct row *r)
{
	(void)r;
	wd->cfg.version = 0;
	world_config(wd);
}

static void other_version(struct world *wd, const struct row *r)
{
	(void)r;
	wd->cfg.version = ASA_CONTRACT_VERSION + 1;
	world_config(wd);
}

static void unattended(struct world *wd, const struct row *r)
{
	no_daemon(wd, r);
	unprepared(wd, r);
}

/* An ICMP error to the box's address; the quoted packet is one of connection 1. */
static uint8_t quote_buffer[PKT_MAX];

static void quoted_conn(struct world *wd, const struct row *r)
{
	struct pkt sent = { .src = BOX4, .dst = SERVER4, .proto = 17, .sport = 40000, .dport = 53,
			    .payload = 4 };
	struct pkt in = sent;

	(void)r;
	in.src = CLIENT4;
	in.sport = 1025;
	box_address(wd, r);
	world_conn(wd, 1, &in, &sent, 0);
}

/* ---------------------------------------------------------------------------------- the table */

/* A row overrides the defaults of its macro. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define T4(...) { .src = CLIENT4, .dst = SERVER4, .proto = 6, .sport = 1025, .dport = 80, \
		  .flags = 0x18, .seq = 1001, .ack = 5001, .payload = 5, ##__VA_ARGS__ }
#define T6(...) { .src = CLIENT6, .dst = SERVER6, .proto = 6, .sport = 1025, .dport = 80, \
		  .flags = 0x18, .seq = 1001, .ack = 5001, .payload = 5, ##__VA_ARGS__ }
#define T4N(...) { .src = MAPPED4, .dst = SERVER4, .proto = 6, .sport = 40000, .dport = 80, \
		   .flags = 0x18, .seq = 1001, .ack = 5001, .payload = 5, ##__VA_ARGS__ }
#define T4F(f, s, a) { .src = CLIENT4, .dst = SERVER4, .proto = 6, .sport = 1025, .dport = 80, \
		       .flags = f, .seq = s, .ack = a }
#define U4(...) { .src = CLIENT4, .dst = SERVER4, .proto = 17, .sport = 1025, .dport = 53, \
		  .payload = 9, ##__VA_ARGS__ }
#define U6(...) { .src = CLIENT6, .dst = SERVER6, .proto = 17, .sport = 1025, .dport = 53, \
		  .payload = 9, ##__VA_ARGS__ }
#define E4(...) { .src = CLIENT4, .dst = SERVER4, .proto = 1, .type = 8, .sport = 99, \
		  .payload = 8, ##__VA_ARGS__ }
#define BOX(p, ...) { .src = CLIENT4, .dst = BOX4, .proto = p, .sport = 1025, .dport = 22, \
		      .flags = 2, .payload = 4, ##__VA_ARGS__ }
#define ERR(d) { .src = SERVER4, .dst = d, .proto = 1, .type = 3, .quote = quote_buffer + 14, \
		 .payload = 28 }

static const struct row rows[] = {
	/* -- forwarding and rewriting -- */
	{ "SES-12 TCP segment", T4(), {}, FORWARD },
	{ "SES-12 TCP segment over IPv6", T6(), {}, FORWARD },
	{ "SES-10 UDP", U4(), {}, FORWARD },
	{ "SES-10 UDP over IPv6", U6(), {}, FORWARD },
	{ "SES-10 echo request", E4(), {}, FORWARD },
	{ "SES-10 ICMPv6 echo", { .src = CLIENT6, .dst = SERVER6, .proto = 58, .type = 128, .sport = 9 },
	  {}, FORWARD },
	{ "SES-10 GRE", { .src = CLIENT4, .dst = SERVER4, .proto = 47, .payload = 30 }, {}, FORWARD },
	{ "NAT of TCP", T4(), T4N(), FORWARD },
	{ "NAT of TCP over IPv6", T6(), { .src = MAPPED6, .dst = SERVER6, .proto = 6, .sport = 7,
	  .dport = 80, .flags = 0x18, .seq = 1001, .ack = 5001, .payload = 5 }, FORWARD },
	{ "NAT of UDP", U4(), { .src = MAPPED4, .dst = SERVER4, .proto = 17, .sport = 40000,
	  .dport = 53, .payload = 9 }, FORWARD },
	{ "NAT of UDP without checksum", U4(.no_checksum = 1), { .src = MAPPED4, .dst = SERVER4,
	  .proto = 17, .sport = 40000, .dport = 53, .payload = 9, .no_checksum = 1 }, FORWARD },
	{ "NAT of UDP over IPv6", U6(), { .src = MAPPED6, .dst = SERVER6, .proto = 17, .sport = 7,
	  .dport = 53, .payload = 9 }, FORWARD },
	{ "NAT of echo", E4(), { .src = MAPPED4, .dst = SERVER4, .proto = 1, .type = 8, .sport = 7,
	  .payload = 8 }, FORWARD },
	{ "NAT of ICMPv6 echo", { .src = CLIENT6, .dst = SERVER6, .proto = 58, .type = 128, .sport = 9 },
	  { .src = MAPPED6, .dst = SERVER6, .proto = 58, .type = 128, .sport = 1 }, FORWARD },
	{ "NAT of GRE", { .src = CLIENT4, .dst = SERVER4, .proto = 47, .payload = 30 },
	  { .src = MAPPED4, .dst = SERVER4, .proto = 47, .payload = 30 }, FORWARD },
	{ "SES-5 TTL decremented", U4(.ttl = 2), U4(.ttl = 1), FORWARD, 0, ASA_DIR_DEC_TTL },
	{ "SES-5 TTL not decremented by default", U4(.ttl = 1), {}, FORWARD },
	{ "SES-5 hop limit decremented", U6(.ttl = 2), U6(.ttl = 1), FORWARD, 0, ASA_DIR_DEC_TTL },
	{ "sequence offset with SACK", T4(.options = "\1\1\5\12\0\0\20\0\0\0\20\100", .options_size = 12),
	  { .src = CLIENT4, .dst = SERVER4, .proto = 6, .sport = 1025, .dport = 80, .flags = 0x18,
	    .seq = 1101, .ack = 4994, .payload = 5, .options = "\1\1\5\12\0\0\17\371\0\0\20\71",
	    .options_size = 12 }, FORWARD, 0, ASA_DIR_SEQ, 0, shifted },
	{ "SES-5 tag removed", U4(.vlan = { 10 }, .n_tags = 1), U4(), FORWARD },
	{ "SES-5 two tags removed", T6(.vlan = { 10, 20 }, .n_tags = 2, .outer_type = 0x88a8), T6(), FORWARD },
	{ "SES-5 tag added", U4(), U4(.vlan = { 0x2064 }, .n_tags = 1), FORWARD, 0, 0, 0, tag_out, 0, 18 },
	{ "SES-5 tag replaced", U4(.vlan = { 10 }, .n_tags = 1), U4(.vlan = { 0x2064 }, .n_tags = 1),
	  FORWARD, 0, 0, 0, tag_out, 0, 18 },
	{ "SES-5 two tags added", T4(), T4(.vlan = { 0x2064, 7 }, .n_tags = 2, .outer_type = 0x88a8),
	  FORWARD, 0, 0, 0, tags_out, 0, 22 },
	{ "SES-5 two tags replaced", T4(.vlan = { 1, 2 }, .n_tags = 2), T4(.vlan = { 0x2064, 7 },
	  .n_tags = 2, .outer_type = 0x88a8), FORWARD, 0, 0, 0, tags_out, 0, 22 },
	{ "SES-5 padded frame", U4(.pad = 9), {}, FORWARD },
	{ "frame for our station", U4(), {}, FORWARD, 0, 0, 0, my_mac },
	{ "interface and VLAN as published", U4(.vlan = { 10 }, .n_tags = 1), U4(), FORWARD, 0, 0, 0,
	  right_interface },
	{ "below the sequence number to hold at", T4(), {}, FORWARD, 0, ASA_DIR_HOLD, 0, hold },
	{ "DCD-5 data while its sender is probed", T4(), {}, FORWARD, 0, ASA_DIR_PROBE },
	{ "DCD-5 RST while its sender is probed", T4F(0x04, 1001, 0), {}, FORWARD, 0, ASA_DIR_PROBE },
	{ "SES-12 handshake ACK", T4F(0x10, 1001, 5001), {}, FORWARD, 0, 0, 0, syn_ack_sent },
	{ "route generation changed: routed by the FIB", U4(), U4(), FORWARD, 0, 0, 0, old_route },
	{ "route generation changed, IPv6", U6(), U6(), FORWARD, 0, 0, 0, old_route },
	{ "SES-15 known connections need no daemon", T4(), {}, FORWARD, 0, 0, 0, no_daemon },

	/* -- bypass -- */
	{ "BYP-5 out of window", T4(.seq = 77777), {}, FORWARD, 0, ASA_DIR_BYPASS },
	{ "BYP-5 SYN", T4F(0x02, 1, 0), {}, FORWARD, 0, ASA_DIR_BYPASS },
	{ "BYP-5 SYN-ACK", T4F(0x12, 1, 9), {}, FORWARD, 0, ASA_DIR_BYPASS },
	{ "BYP-5 FIN", T4F(0x11, 1, 9), {}, FORWARD, 0, ASA_DIR_BYPASS },
	{ "BYP-5 RST", T4F(0x04, 1, 9), {}, FORWARD, 0, ASA_DIR_BYPASS },
	{ "BYP-5 no flags at all", T4F(0, 1, 9), {}, FORWARD, 0, ASA_DIR_BYPASS },
	{ "BYP-15 no state of either side", T4(), {}, FORWARD, 0, ASA_DIR_BYPASS, 0, no_syn_seen },
	{ "BYP-14 bypass with static NAT", T4(), T4N(), FORWARD, 0, ASA_DIR_BYPASS },
	{ "BYP-5 bypass over IPv6", T6(.seq = 9), {}, FORWARD, 0, ASA_DIR_BYPASS },

	/* -- the host's -- */
	{ "SES-4 box address", BOX(6), {}, HOST, 0, 0, 1, box_address },
	{ "SES-4 box address, IPv6", { .src = CLIENT6, .dst = BOX6, .proto = 6, .sport = 9, .dport = 22 },
	  {}, HOST, 0, 0, 1, box_address },
	{ "SES-4 ping to the box", BOX(1, .type = 8), {}, HOST, 0, 0, 1, box_address },
	{ "SES-4 multicast", { .src = CLIENT4, .dst = "224.0.0.5", .proto = 89, .payload = 20 }, {}, HOST, 0, 0, 1 },
	{ "SES-4 DHCP", { .src = "0.0.0.0", .dst = "255.255.255.255", .proto = 17, .sport = 68,
	  .dport = 67 }, {}, HOST, 0, 0, 1 },
	{ "SES-4 neighbour solicitation", { .src = CLIENT6, .dst = SERVER6, .proto = 58, .type = 135,
	  .payload = 16 }, {}, HOST, 0, 0, 1 },
	{ "SES-4 link-local", { .src = "fe80::1", .dst = "fe80::2", .proto = 17, .sport = 1, .dport = 2 },
	  {}, HOST, 0, 0, 1 },
	{ "SES-4 options to the box", BOX(17, .ip_options = 4), {}, HOST, 0, 0, 1, box_address },
	{ "SES-4 fragment to the box", BOX(17, .frag = 0x2000), {}, HOST, 0, 0, 1, box_address },
	{ "SES-4 ICMP error about the box's own traffic", ERR(BOX4), {}, HOST, 0, 0, 1, box_address },
	{ "SES-4 ssh from a permitted source", BOX(6), {}, HOST, 0, 0, 1, managed },
	{ "SES-4 ssh from a permitted source, IPv6", { .src = CLIENT6, .dst = BOX6, .proto = 6, .sport = 9,
	  .dport = 22 }, {}, HOST, 0, 0, 1, managed },
	{ "SES-4 a port without rules", BOX(6, .src = "10.1.1.66", .dport = 8080), {}, HOST, 0, 0, 1, managed },
	{ "SES-4 UDP is not restricted", BOX(17, .src = "10.1.1.66"), {}, HOST, 0, 0, 1, managed },
	{ "SES-4 another VLAN without rules", BOX(6, .src = "10.1.1.66", .vlan = { 10 }, .n_tags = 1), {},
	  HOST, 0, 0, 1, managed },
	{ "SES-4 a type of ICMP that a rule names", BOX(1, .type = 8), {}, HOST, 0, 0, 1, managed },
	{ "SES-4 rules that the interface does not ask for", BOX(6, .src = "10.1.1.66"), {}, HOST, 0, 0, 1,
	  rules_not_asked },
	{ "SES-4 later fragment: nothing without its first", BOX(6, .src = "10.1.1.66", .frag = 0x0010),
	  {}, HOST, 0, 0, 1, managed },
	{ "SES-4 neighbour solicitation passes whatever the rules", { .src = CLIENT6, .dst = BOX6,
	  .proto = 58, .type = 135, .payload = 16 }, {}, HOST, 0, 0, 1, managed },
	{ "frame for another station", U4(), {}, HOST, 0, 0, 0, other_mac },
	{ "fail open: no daemon", U4(), {}, HOST, 0, 0, 1, no_daemon_open },
	{ "never prepared: no route, Linux answers", { .src = CLIENT4, .dst = "192.0.2.99", .proto = 17,
	  .sport = 1, .dport = 2 }, {}, HOST, 0, 0, 1, unprepared },
	{ "never prepared: local address", { .src = CLIENT4, .dst = "198.51.100.1", .proto = 6,
	  .sport = 9, .dport = 22 }, {}, HOST, 0, 0, 1, unprepared },

	/* -- dropped: one row at least for each reason that the driver has -- */
	{ "OBS-2 invalid-encap", U4(.vlan = { 1, 2, 3 }, .n_tags = 3), {}, DROP, DROP_L2_ENCAP },
	{ "OBS-2 land-attack", { .src = CLIENT4, .dst = CLIENT4, .proto = 17, .sport = 1, .dport = 2 },
	  {}, DROP, DROP_IP_LAND, 0, 1, no_daemon },
	{ "OBS-2 invalid-ip-address", { .src = "127.0.0.1", .dst = SERVER4, .proto = 17, .sport = 1,
	  .dport = 2 }, {}, DROP, DROP_IP_SPOOF, 0, 1, no_daemon },
	{ "OBS-2 IPv4-mapped source", { .src = "::ffff:10.1.1.10", .dst = SERVER6, .proto = 17,
	  .sport = 1, .dport = 2 }, {}, DROP, DROP_IP_SPOOF, 0, 1, no_daemon },
	{ "OBS-2 invalid-udp-length", U4(.dport = 0), {}, DROP, DROP_UDP_LENGTH, 0, 1, no_daemon },
	{ "OBS-2 invalid-tcp-hdr-length", T4(.dport = 0), {}, DROP, DROP_TCP_HEADER, 0, 1, no_daemon },
	{ "OBS-2 bad-tcp-flags", T4F(0x03, 1001, 5001), {}, DROP, DROP_TCP_FLAGS, ASA_DIR_PROBE },
	{ "NRM-21 of the handshake", T4F(0x10, 1001, 5009), {}, DROP, DROP_TCP_INVALID_ACK, 0, 0, syn_ack_sent },
	{ "tcp-discarded-ooo", T4F(0x10, 900000, 5001), {}, DROP, DROP_TCP_DISCARDED_OOO, 0, 0, syn_ack_sent },
	{ "OBS-2 tcp-3whs-failed", T4F(0x12, 1000, 5001), {}, DROP, DROP_TCP_3WHS, 0, 0, embryonic },
	{ "OBS-2 tcp-acked", T4F(0x10, 1001 - 70000, 5001), {}, DROP, DROP_TCP_ACKED },
	{ "OBS-2 tcp-not-syn: after a RST of its sender", T4(), {}, DROP, DROP_TCP_NOT_SYN, 0, 0, reset_sent },
	{ "OBS-2 tcp-not-syn: after a RST of its peer", T4(), {}, DROP, DROP_TCP_NOT_SYN, 0, 0, reset_got },
	{ "OBS-2 tcp-ack-syn-diff", { .src = SERVER4, .dst = CLIENT4, .proto = 6, .sport = 80, .dport = 1025,
	  .flags = 0x12, .seq = 5000, .ack = 1002 }, {}, DROP, DROP_TCP_ACK_SYN_DIFF, 0, 0, answered },
	{ "OBS-2 tcp-synack-ooo", T4F(0x12, 1007, 5001), {}, DROP, DROP_TCP_SYNACK_OOO },
	{ "OBS-2 tcp-seq-past-win", T4(.seq = 1001 + 8192), {}, DROP, DROP_TCP_SEQ_PAST_WIN },
	{ "OBS-2 tcp-invalid-ack", T4(.ack = 5002), {}, DROP, DROP_TCP_INVALID_ACK },
	{ "OBS-2 tcp-rstfin-ooo: RST", T4F(0x04, 1001 + 8192, 0), {}, DROP, DROP_TCP_RSTFIN_OOO },
	{ "OBS-2 tcp-rst-syn-in-win", T4F(0x04, 1002, 0), {}, DROP, DROP_TCP_RST_SYN_IN_WIN },
	{ "OBS-2 tcp-rstfin-ooo: FIN", T4F(0x11, 1005, 5001), {}, DROP, DROP_TCP_RSTFIN_OOO },
	{ "OBS-2 tcp-data-past-fin", T4(.seq = 1002), {}, DROP, DROP_TCP_PAST_FIN, 0, 0, fin_sent },
	{ "OBS-2 interface-down", U4(), {}, DROP, DROP_ROUTE_INTERFACE, 0, 0, no_device },
	{ "OBS-2 punt-no-daemon", U4(), {}, DROP, DROP_RESOURCE_NO_DAEMON, 0, 1, no_daemon },
	{ "OBS-2 punt-no-daemon: never prepared", U4(), {}, DROP, DROP_RESOURCE_NO_DAEMON, 0, 1, unattended },
	{ "OBS-2 punt-no-daemon: never prepared, IPv6", U6(), {}, DROP, DROP_RESOURCE_NO_DAEMON, 0, 1,
	  unattended },

	{ "SES-4 OBS-2 sp-security-failed: ssh, a host within the network", BOX(6, .src = "10.1.1.66"), {},
	  DROP, DROP_POLICY_HOST, 0, 1, managed },
	{ "SES-4 ssh from no rule's source", BOX(6, .src = "10.1.2.10"), {}, DROP, DROP_POLICY_HOST, 0, 1,
	  managed },
	{ "SES-4 ssh from no rule's source, IPv6", { .src = "2001:db8:9::1", .dst = BOX6, .proto = 6,
	  .sport = 9, .dport = 22 }, {}, DROP, DROP_POLICY_HOST, 0, 1, managed },
	{ "SES-4 ICMP that no rule permits", BOX(1, .type = 13), {}, DROP, DROP_POLICY_HOST, 0, 1, managed },
	{ "SES-4 ICMP error that no rule permits", ERR(BOX4), {}, DROP, DROP_POLICY_HOST, 0, 1, managed },
	{ "SES-4 ssh behind IPv4 options", BOX(6, .src = "10.1.1.66", .ip_options = 4), {}, DROP,
	  DROP_POLICY_HOST, 0, 1, managed },
	{ "SES-4 ssh in a first fragment", BOX(6, .src = "10.1.1.66", .frag = 0x2000), {}, DROP,
	  DROP_POLICY_HOST, 0, 1, managed },
	{ "SES-4 ssh behind an extension header", { .src = "2001:db8:9::1", .dst = BOX6, .proto = 6,
	  .sport = 9, .dport = 22, .ip_options = 16 }, {}, DROP, DROP_POLICY_HOST, 0, 1, managed },
	{ "SES-4 ssh in a first fragment, IPv6", { .src = "2001:db8:9::1", .dst = BOX6, .proto = 6,
	  .sport = 9, .dport = 22, .fragment6 = 1, .frag = 1 }, {}, DROP, DROP_POLICY_HOST, 0, 1, managed },

	/* -- punted: each cause -- */
	{ "no-flow", U4(), {}, PUNT, PUNT_NO_FLOW, 0, 1 },
	{ "no-flow: other context", U4(), {}, PUNT, PUNT_NO_FLOW, 0, 0, other_context },
	{ "no-flow: maps of another version", U4(), {}, PUNT, PUNT_NO_FLOW, 0, 0, other_version },
	{ "no-flow: slot taken back", U4(), {}, PUNT, PUNT_NO_FLOW, 0, 0, not_valid },
	{ "no-flow: static PAT on the box's address", BOX(6), {}, PUNT, PUNT_NO_FLOW, 0, 1,
	  box_with_static_pat },
	{ "fragment", U4(.frag = 0x2000), {}, PUNT, PUNT_FRAGMENT },
	{ "fragment, later", U4(.frag = 0x0010), {}, PUNT, PUNT_FRAGMENT },
	{ "fragment, IPv6", U6(.fragment6 = 1, .frag = 1), {}, PUNT, PUNT_FRAGMENT },
	{ "fragment to an address with static PAT", BOX(17, .frag = 0x2000), {}, PUNT, PUNT_FRAGMENT, 0,
	  1, box_with_static_pat },
	{ "ip-option", U4(.ip_options = 8), {}, PUNT, PUNT_IP_OPTION },
	{ "ip-option: extension header", U6(.ip_options = 8), {}, PUNT, PUNT_IP_OPTION },
	{ "inspect", U4(), {}, PUNT, PUNT_INSPECT, ASA_DIR_INSPECT, 0, NULL, ASA_REF(1, 0) },
	{ "inspect: NRM-10 TCP that is put in order", T4(.seq = 1001), {}, PUNT, PUNT_INSPECT,
	  ASA_DIR_ORDER, 0, NULL, ASA_REF(1, 0) },
	{ "inspect: from the number to hold at", T4(.seq = 1007), {}, PUNT, PUNT_INSPECT, ASA_DIR_HOLD, 0,
	  hold, ASA_REF(1, 0) },
	{ "probe: DCD-5 empty segment of a host that is probed", T4F(0x10, 1001, 5001), {}, PUNT,
	  PUNT_PROBE, ASA_DIR_PROBE, 0, NULL, ASA_REF(1, 0) },
	{ "normalize: NRM-20 checksum-verification", T4(), {}, PUNT, PUNT_NORMALIZE, ASA_DIR_TCPMAP, 0,
	  NULL, ASA_REF(1, 0) },
	{ "tcp-syn", T4F(0x02, 7, 0), {}, PUNT, PUNT_TCP_SYN, 0, 0, NULL, ASA_REF(1, 0) },
	{ "tcp-syn: SYN-ACK with MSS clamping", T4F(0x12, 1000, 5001), {}, PUNT, PUNT_TCP_SYN,
	  ASA_DIR_PUNT_SYN, 0, NULL, ASA_REF(1, 0) },
	{ "icmp-error to a host behind", ERR(CLIENT4), {}, PUNT, PUNT_ICMP_ERROR, 0, 1 },
	{ "icmp-error to the box about a translated connection", ERR(BOX4), {}, PUNT, PUNT_ICMP_ERROR,
	  0, 1, quoted_conn, ASA_REF(1, 1) },
	{ "nexthop: none", U4(), {}, PUNT, PUNT_NEXTHOP, 0, 0, no_nexthop, ASA_REF(1, 0) },
	{ "nexthop: beyond the table", U4(), {}, PUNT, PUNT_NEXTHOP, 0, 0, nexthop_beyond, ASA_REF(1, 0) },
	{ "nexthop: not resolved", U4(), {}, PUNT, PUNT_NEXTHOP, 0, 0, unresolved, ASA_REF(1, 0) },
	{ "nexthop: routes changed, no neighbour", { .src = CLIENT4, .dst = UNRESOLVED4, .proto = 17,
	  .sport = 1, .dport = 2 }, {}, PUNT, PUNT_NEXTHOP, 0, 0, old_route, ASA_REF(1, 0) },
	{ "nexthop: routes changed, no route", { .src = CLIENT4, .dst = "192.0.2.99", .proto = 17,
	  .sport = 1, .dport = 2 }, {}, PUNT, PUNT_NEXTHOP, 0, 0, old_route, ASA_REF(1, 0) },
	{ "mtu", { .src = CLIENT4, .dst = SERVER4, .proto = 17, .sport = 1, .dport = 2, .payload = 100 },
	  {}, PUNT, PUNT_MTU, 0, 0, small_mtu, ASA_REF(1, 0) },
	{ "mtu: routes changed", { .src = CLIENT4, .dst = SERVER4, .proto = 17, .sport = 1, .dport = 2,
	  .payload = 1500 }, {}, PUNT, PUNT_MTU, 0, 0, old_route, ASA_REF(1, 0) },
	{ "ttl", U4(.ttl = 1), {}, PUNT, PUNT_TTL, ASA_DIR_DEC_TTL, 0, NULL, ASA_REF(1, 0) },
	{ "interface", U4(), {}, PUNT, PUNT_INTERFACE, 0, 0, other_interface, ASA_REF(1, 0) },
	{ "interface: other VLAN", U4(.vlan = { 10 }, .n_tags = 1), {}, PUNT, PUNT_INTERFACE, 0, 0,
	  other_vlan, ASA_REF(1, 0) },
};

#define EXPECT(cond)                                                         \
	do {                                                                 \
		if (!(cond))                                                 \
			printf("      row \"%s\": %s\n", r->name, #cond);    \
		CU_ASSERT(cond);                                             \
	} while (0)

static void expect_counts(const struct row *r, const struct result *res, uint32_t size)
{
	const struct tally *t = &res->delta;
	uint64_t fwd = r->expect == FORWARD, host = r->expect == HOST, drop = r->expect == DROP,
		 punt = r->expect == PUNT;
	bool bypass = r->flags & ASA_DIR_BYPASS;

	/* OBS-1: rx = fwd + host + drop + punt, each exactly once */
	EXPECT(t->in.rx_packets == 1 && t->in.rx_bytes == size);
	EXPECT(t->in.fwd_packets == fwd && t->in.host_packets == host);
	EXPECT(t->in.drop_packets == drop && t->in.punt_packets == punt);
	EXPECT(t->stats[STAT_RX].packets == 1 && t->stats[STAT_RX].bytes == size);
	EXPECT(t->stats[STAT_HIT].packets == (fwd && !bypass));
	EXPECT(t->stats[STAT_HIT_BYPASS].packets == (fwd && bypass));
	EXPECT(t->stats[STAT_HOST].packets == host);
	EXPECT(t->stats[STAT_DROP].packets == drop);
	EXPECT(t->stats[STAT_PUNT].packets == punt);
	EXPECT(t->stats[STAT_FIB].packets == (fwd && r->prepare == old_route));
	EXPECT(t->out.tx_packets == fwd);
	EXPECT(t->out.tx_bytes == (fwd ? res->size - r->in.pad : 0));
	for (int i = 0; i < ASA_DROP_MAX; i++)
		EXPECT(t->drops[i].packets == (drop && i == r->why));
	for (int i = 0; i < ASA_PUNT_MAX; i++)
		EXPECT(t->punts[i].packets == (punt && i == r->why));
}

static void expect_forwarded(const struct row *r, const struct result *res,
			     const struct asa_conn *before, const struct asa_conn *after)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 2, 0x80, 2, 0, 0, 0, 1, 1 };
	static const uint8_t macs6[12] = { 2, 0, 0, 0, 2, 0x81, 2, 0, 0, 0, 1, 1 };
	const struct pkt *out = r->out.src ? &r->out : &r->in;
	bool fib6 = r->prepare == old_route && strchr(out->dst, ':');
	uint8_t expected[PKT_MAX];
	uint32_t size = (uint32_t)pkt_build(expected, out), l2 = r->l2 ? r->l2 : 14;

	memcpy(expected, fib6 ? macs6 : macs, 12);
	EXPECT(res->verdict == XDP_REDIRECT);
	EXPECT(res->size == size);
	EXPECT(memcmp(res->frame, expected, size) == 0);
	EXPECT(after->dir[0].packets == 1);
	EXPECT(after->dir[0].bytes == size - l2 - out->pad);
	EXPECT(after->dir[0].seen != 0);
	EXPECT(memcmp(&after->dir[0], &before->dir[0], offsetof(struct asa_dir, seen)) == 0);
	EXPECT(memcmp(&after->dir[1], &before->dir[1], sizeof(after->dir[1])) == 0);
	EXPECT(memcmp(&after->half[1], &before->half[1], sizeof(after->half[1])) == 0);
}

static void run_row(const struct row *r)
{
	uint8_t frame[PKT_MAX];
	struct asa_conn before, after;
	struct result res;
	uint32_t size;

	size = (uint32_t)pkt_build(frame, &r->in);
	before = world_slot(&w, 1);
	if (world_run(&w, frame, size, LO, &res)) {
		CU_FAIL("test run refused");
		return;
	}
	after = world_slot(&w, 1);
	expect_counts(r, &res, size);
	if (r->expect == FORWARD) {
		expect_forwarded(r, &res, &before, &after);
		return;
	}
	/* What does not leave leaves no trace (but for the note that a route changed). */
	EXPECT(memcmp(&before, &after, sizeof(before)) == 0);
	EXPECT(res.size == size && memcmp(res.frame, frame, size) == 0);
	switch (r->expect) {
	case HOST:
		EXPECT(res.verdict == XDP_PASS);
		break;
	case DROP:
		EXPECT(res.verdict == XDP_DROP);
		drop_seen[r->why] = true;
		break;
	default:
		EXPECT(res.verdict == XDP_REDIRECT);
		EXPECT(res.meta.magic == ASA_PUNT_MAGIC && res.meta.cause == r->why);
		EXPECT(res.meta.ifindex == LO && res.meta.ref == r->ref);
		EXPECT(res.meta.pad == 0 && res.meta.pad2 == 0 && res.meta.rx_queue == 0);
		punt_seen[r->why] = true;
	}
}

static void table(void)
{
	struct pkt quoted = { .src = BOX4, .dst = SERVER4, .proto = 17, .sport = 40000, .dport = 53,
			      .payload = 4 };

	pkt_build(quote_buffer, &quoted);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		world_reset(&w);
		if (!r->no_conn && r->in.src) {
			world_conn(&w, 1, &r->in, r->out.src ? &r->out : NULL, r->flags);
			tcp_open(&w, 1);
		}
		if (r->prepare)
			r->prepare(&w, r);
		run_row(r);
	}
}

/* Bytes that the packet builder does not make. */
static void broken_headers(void)
{
	static const struct {
		struct pkt pkt;
		int at;
		uint8_t value;
		enum asa_drop why;
	} broken[] = {
		{ U4(), 14, 0x65, DROP_IP_VERSION },	   { U4(), 14, 0x44, DROP_IP_HEADER },
		{ U4(), 17, 200, DROP_IP_LENGTH },	   { U6(), 19, 200, DROP_IP_LENGTH },
		{ U4(), 39, 7, DROP_UDP_LENGTH },	   { T4(), 46, 0x40, DROP_TCP_HEADER },
		{ E4(), 17, 27, DROP_SESSION_ICMP_BAD },
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		uint8_t frame[PKT_MAX];
		struct result res;
		uint32_t size = (uint32_t)pkt_build(frame, &broken[i].pkt);

		world_reset(&w);
		world_xsk(&w, false); /* or the daemon gets some of them, to tell */
		frame[broken[i].at] = broken[i].value;
		CU_ASSERT_FATAL(world_run(&w, frame, size, LO, &res) == 0);
		CU_ASSERT(res.verdict == XDP_DROP);
		CU_ASSERT(res.delta.drops[broken[i].why].packets == 1);
		CU_ASSERT(res.delta.in.drop_packets == 1 && res.delta.in.rx_packets == 1);
		drop_seen[broken[i].why] = true;
	}
}

/* SES-5: a packet whose time is over is the daemon's to end, whether or not the class decrements. */
static void ttl_0(void)
{
	const struct pkt p = U4();
	uint8_t frame[PKT_MAX];
	struct result res;
	uint32_t size = (uint32_t)pkt_build(frame, &p);

	world_reset(&w);
	world_conn(&w, 1, &p, NULL, 0);
	CU_ASSERT_FATAL(world_run(&w, frame, size, LO, &res) == 0);
	CU_ASSERT(res.delta.in.fwd_packets == 1);
	frame[22] = 0;
	CU_ASSERT_FATAL(world_run(&w, frame, size, LO, &res) == 0);
	CU_ASSERT(res.delta.punts[PUNT_TTL].packets == 1);
}

/* SES-5, SES-4: the daemon hears of liars and of who is refused here; a flood ends in the driver. */
static void liars_are_told_of_once_a_tick(void)
{
	const struct pkt lies[] = {
		{ .src = CLIENT4, .dst = CLIENT4, .proto = 17, .sport = 1, .dport = 2 },
		{ .src = "127.0.0.1", .dst = SERVER4, .proto = 17, .sport = 1, .dport = 2 },
		BOX(6, .src = "10.1.1.66"), BOX(1, .type = 13), ERR(BOX4), T4(.dport = 0), U4(.dport = 0),
	};
	const enum asa_drop whys[] = { DROP_IP_LAND, DROP_IP_SPOOF, [5] = DROP_TCP_HEADER, DROP_UDP_LENGTH };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct xdp_md ctx = { .ingress_ifindex = LO };
		enum asa_drop why = whys[i] ? whys[i] : DROP_POLICY_HOST;
		uint8_t frame[PKT_MAX];
		struct tally before, after;
		struct result res;
		uint64_t punted, dropped;
		uint32_t size = (uint32_t)pkt_build(frame, &lies[i]);
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = size,
			    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = 2000);

		world_reset(&w);
		managed(&w, NULL);
		usleep(20000); /* a new tick */
		CU_ASSERT_FATAL(world_run(&w, frame, size, LO, &res) == 0);
		CU_ASSERT(res.meta.magic == ASA_PUNT_MAGIC && res.meta.cause == PUNT_ADDRESS);
		punt_seen[PUNT_ADDRESS] = true;
		ctx.data_end = size;
		world_tally(&w, &before);
		CU_ASSERT_FATAL(bpf_prog_test_run_opts(w.xdp, &opts) == 0);
		world_tally(&w, &after);
		punted = after.punts[PUNT_ADDRESS].packets - before.punts[PUNT_ADDRESS].packets;
		dropped = after.drops[why].packets - before.drops[why].packets;
		CU_ASSERT_EQUAL(punted + dropped, 2000);
		CU_ASSERT(punted < 200);
	}
}

/* Frames cut at every length: one verdict each, and never a hit. */
static void truncated(void)
{
	static const struct pkt pkts[] = { T4(.vlan = { 1, 2 }, .n_tags = 2), U6(), E4() };
	uint8_t frame[PKT_MAX];
	struct result res;

	world_reset(&w);
	world_xsk(&w, false);
	for (size_t i = 0; i < sizeof(pkts) / sizeof(pkts[0]); i++) {
		uint32_t size = (uint32_t)pkt_build(frame, &pkts[i]);

		for (uint32_t cut = 14; cut < size; cut++) {
			CU_ASSERT_FATAL(world_run(&w, frame, cut, LO, &res) == 0);
			CU_ASSERT(res.verdict == XDP_DROP);
			CU_ASSERT(res.delta.stats[STAT_DROP].packets == 1);
		}
	}
}

/* Without rows of its own in the maps, an interface is refused. */
static void interface_beyond_the_maps(void)
{
	struct pkt p = U4();
	uint8_t frame[PKT_MAX];
	struct result res;
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	uint32_t size = (uint32_t)pkt_build(frame, &p);

	world_reset(&w);
	if (bpf_xdp_attach(IN_BIG, w.xdp, 0, &opts)) {
		ASA_SKIP("veth without XDP");
		drop_seen[DROP_L2_INTERFACE] = true;
		return;
	}
	CU_ASSERT_FATAL(world_run(&w, frame, size, IN_BIG, &res) == 0);
	CU_ASSERT(res.verdict == XDP_DROP);
	CU_ASSERT(res.delta.drops[DROP_L2_INTERFACE].packets == 1);
	drop_seen[DROP_L2_INTERFACE] = true;
	bpf_xdp_detach(IN_BIG, 0, &opts);
}

/*
 * SES-12: a connection at home, in the first choice or another place, is found in both directions without
 * the index; gone, it is not.
 */
static void home_slot(void)
{
	static const struct pkt way[2] = {
		U4(), { .src = SERVER4, .dst = CLIENT4, .proto = 17, .sport = 53, .dport = 1025, .payload = 9 } };
	uint8_t frame[PKT_MAX];
	struct asa_set nobody = { 0 };
	struct asa_conn c = { 0 };
	struct result res;
	uint32_t home, set, size;

	for (int first = 0; first < 2; first++) {
		world_reset(&w);
		home = world_home(&w, &way[0], first);
		set = home / ASA_SET_SLOTS;
		world_conn(&w, home, &way[0], NULL, 0);
		for (int d = 0; d < 2; d++) {
			size = (uint32_t)pkt_build(frame, &way[d]);
			CU_ASSERT_FATAL(world_run(&w, frame, size, LO, &res) == 0);
			CU_ASSERT(res.verdict == XDP_REDIRECT);
			CU_ASSERT(res.delta.stats[STAT_HIT].packets == 1);
			CU_ASSERT(world_slot(&w, home).dir[d].packets == 1);
		}
		bpf_map_update_elem(w.homes, &set, &nobody, BPF_ANY);
		world_slot_set(&w, home, &c);
		for (int d = 0; d < 2; d++) {
			size = (uint32_t)pkt_build(frame, &way[d]);
			CU_ASSERT_FATAL(world_run(&w, frame, size, LO, &res) == 0);
			CU_ASSERT(res.delta.punts[PUNT_NO_FLOW].packets == 1);
		}
	}
}

/* OBS-2: a reason or cause without a row is a failure; reasons of the daemon are listed here. */
static void every_reason_has_a_test(void)
{
	static const enum asa_drop driver[] = {
		DROP_L2_ENCAP,	       DROP_L2_INTERFACE,    DROP_IP_VERSION,	   DROP_IP_HEADER,
		DROP_IP_LENGTH,	       DROP_IP_LAND,	     DROP_IP_SPOOF,	   DROP_TCP_HEADER,
		DROP_TCP_FLAGS,	       DROP_UDP_LENGTH,	     DROP_TCP_3WHS,	   DROP_TCP_DISCARDED_OOO,
		DROP_TCP_ACK_SYN_DIFF, DROP_TCP_SYNACK_OOO,  DROP_TCP_SEQ_PAST_WIN, DROP_TCP_INVALID_ACK,
		DROP_TCP_RSTFIN_OOO,   DROP_TCP_PAST_FIN,    DROP_SESSION_ICMP_BAD, DROP_ROUTE_INTERFACE,
		DROP_TCP_RST_SYN_IN_WIN, DROP_TCP_ACKED,     DROP_TCP_NOT_SYN,
		DROP_RESOURCE_NO_DAEMON, DROP_POLICY_HOST,
		/* DROP_INTERNAL_ERROR: no room for a tag; a test run always has room */
	};

	for (size_t i = 0; i < sizeof(driver) / sizeof(driver[0]); i++) {
		if (!drop_seen[driver[i]])
			printf("      no row for drop reason %d\n", driver[i]);
		CU_ASSERT(drop_seen[driver[i]]);
	}
	punt_seen[PUNT_INTERCEPT] = true; /* SYN cookies have a test of their own */
	for (int i = 1; i < ASA_PUNT_MAX; i++) {
		if (!punt_seen[i])
			printf("      no row for punt cause %d\n", i);
		CU_ASSERT(punt_seen[i]);
	}
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-5 SES-12 BYP-5 BYP-14 OBS-1 OBS-2 table of frames", table },
		{ "OBS-2 broken headers", broken_headers },
		{ "SES-5 time to live 0", ttl_0 },
		{ "SES-5 106016 106017 500003 500004, SES-4 710003 313001: told once a tick", liars_are_told_of_once_a_tick },
		{ "SES-5 frames cut at every length", truncated },
		{ "interface beyond the maps", interface_beyond_the_maps },
		{ "SES-12 a connection in its home slot", home_slot },
		{ "OBS-2 every reason and cause has a row", every_reason_has_a_test },
		{ NULL, NULL },
	};
	const char *object = getenv("ASA_OBJECT"), *why;
	int status;

	why = world_open(&w, object ? object : "build/asa_xdp.bpf.o");
	if (why) {
		printf("SKIP  xdp: %s\n0 passed, 0 failed, 7 skipped\n", why);
		return 0;
	}
	status = asa_cunit_main("xdp", tests);
	world_close(&w);
	return status;
}
