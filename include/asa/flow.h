/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection = one slot: the memory that the XDP program and the daemon share.
 *
 * A frame waits for the memory of its connection longer than it takes to handle it, so that a slot is
 * arranged by what a frame needs, in three cache lines:
 *
 *	dir[0], dir[1]	all that a frame of that direction needs which is neither TCP's nor translated:
 *			key and instructions, written by the daemon before the slot is published; the
 *			counters behind them by XDP
 *	half[0], half[1] together one line: what XDP (or, for punted packets, the daemon through the same
 *			code) knows of the TCP sender of that direction. Each segment needs both.
 *
 * What is asked for rarely is in the daemon's own row of the connection, struct asa_session.
 *
 * Direction 0 is the direction of the first packet (forward), 1 the other (reverse).
 * The addresses and ports that a frame of direction d leaves with are those of dir[!d].key,
 * reversed; no translated address is stored twice.
 *
 * The first ASA_DENSE_SLOTS are taken in order, so that few connections lie close together, and are
 * found by the index (asa_index). When those are full, a connection mostly lives at home: in one of the
 * 16 slots that its keys' hash names (asa/hash.h). Which of them it is, and in which direction a key
 * goes there, say 16 bits a slot in a table of their own (asa_homes), which the caches hold. The index
 * maps the keys that are not at home to slot and direction. Bucket: 7 entries in one cache line;
 * an entry whose home bucket is full lives in the alternate bucket, and the home bucket's
 * 'overflow' counts those, so that a lookup needs the second line only if it is not zero.
 *
 * Races (all tolerated):
 *  - A slot is freed while XDP reads it: the daemon removes both index entries first and reuses
 *    the slot only after ASA_SLOT_QUARANTINE_MS; XDP holds a pointer for microseconds.
 *  - The daemon changes instructions (next hop, generation) under XDP: each is one aligned store.
 *  - Two CPUs handle the same direction at once: counters may lose an increment, sequence state
 *    may lose a (monotone) advance, repaired by the next packet. The two directions never write
 *    the same word.
 */
#ifndef ASA_FLOW_H
#define ASA_FLOW_H

#include "types.h"

/*
 * A direction as seen on the wire at ingress. Ports: TCP, UDP: as they are. ICMP and ICMPv6
 * queries: request: sport = identifier, dport = 0; reply: sport = 0, dport = identifier. Others: 0.
 */
struct asa_key {
	struct asa_addr src;
	struct asa_addr dst;
	__be16 sport;
	__be16 dport;
	__u8 proto; /* IP protocol number */
	__u8 ctx; /* security context; 0 in single mode */
	__u16 vlan; /* not part of the key, for its holder to use: see asa_dir; 0 elsewhere */
};
_Static_assert(sizeof(struct asa_key) == 40, "asa_key is 40 bytes");

/*
 * Packets and bytes in 96 bits: 44 of packets, 52 of bytes, so that neither comes round in the life of
 * a connection. A carry out of the word of packets goes to the top of the other.
 */
#define ASA_COUNT_BYTES 52
asa_inline void asa_count_add(__u32 *packets, __u64 *bytes, __u32 n, __u64 size)
{
	__u64 sum = (__u64)*packets + n;

	*bytes += size + (sum >> 32 << ASA_COUNT_BYTES);
	*packets = (__u32)sum;
}

asa_inline __u64 asa_count_packets(__u32 packets, __u64 bytes)
{
	return packets | bytes >> ASA_COUNT_BYTES << 32;
}

asa_inline __u64 asa_count_bytes(__u64 bytes)
{
	return bytes & ((1ull << ASA_COUNT_BYTES) - 1);
}

/* Instructions of a direction (asa_dir.flags). */
enum asa_dir_flag {
	ASA_DIR_VALID = 1 << 0,
	ASA_DIR_BYPASS = 1 << 1, /* TCP state bypass: no TCP check at all (BYP-5) */
	ASA_DIR_INSPECT = 1 << 2, /* every frame goes to the daemon */
	ASA_DIR_HOLD = 1 << 3, /* go to the daemon from sequence number hold_seq on */
	ASA_DIR_NAT = 1 << 4, /* rewrite addresses and ports to the reverse of the other key */
	ASA_DIR_SEQ = 1 << 5, /* add seq_add to sequence numbers, subtract the other direction's from ACKs */
	ASA_DIR_DEC_TTL = 1 << 6, /* set connection decrement-ttl */
	ASA_DIR_PUNT_SYN = 1 << 7, /* segments with SYN go to the daemon (MSS clamping) */
	ASA_DIR_V6 = 1 << 8,
	ASA_DIR_TCPMAP = 1 << 9, /* every segment goes to the daemon: its TCP map asks about payload */
	ASA_DIR_ORDER = 1 << 10, /* TCP put in order by the daemon: every frame goes there */
	ASA_DIR_POLICE = 1 << 11, /* policed: asa_police_refs says by which rows */
	ASA_DIR_PROBE = 1 << 12, /* DCD asks the sender for life: empty segments go to the daemon */
	ASA_DIR_TS = 1 << 13, /* add asa_rest.ts_add to the timestamp (direction 1) or its echo (0): TCP intercept; no HOLD */
};

struct asa_dir {
	/* daemon writes */
	struct asa_key key; /* its vlan: id on which this direction enters, 0 untagged */
	__u16 flags; /* enum asa_dir_flag */
	__u16 nexthop; /* row of asa_nexthops for frames of this direction; 0: none, punt */
	__u16 gen; /* low bits of asa_config.route_gen when nexthop was resolved */
	__u16 in_if; /* ifindex on which this direction enters; 0: not yet known, any */
	/* XDP writes (the daemon only before publishing, and 'seen' for packets punted to it) */
	__u32 seen; /* tick of the last packet, by whichever side */
	__u32 packets; /* forwarded by the XDP program: low 32 bits; asa_count_packets() */
	__u64 bytes; /* low 52 bits: IP bytes of those packets; above: bits 32 to 43 of packets */
};
_Static_assert(sizeof(struct asa_dir) == 64, "asa_dir is one cache line");

/* TCP facts about the sender of a direction (asa_half.tcp). */
enum asa_half_flag {
	ASA_HALF_SYN = 1 << 0, /* sent SYN (forward) or SYN-ACK (reverse); isn is valid */
	ASA_HALF_ACKED = 1 << 1, /* acknowledged the peer's SYN; both halves: established */
	ASA_HALF_FIN = 1 << 2, /* sent FIN; nothing comes behind seq_end */
	ASA_HALF_FIN_ACKED = 1 << 3, /* acknowledged the peer's FIN; both halves: closed */
	ASA_HALF_RST = 1 << 4, /* sent a valid RST */
	ASA_HALF_DATA = 1 << 5, /* sent payload */
	ASA_HALF_CHALLENGE = 1 << 6, /* sent a challenge ACK; the RST answering it may pass */
	ASA_HALF_WSCALE = 1 << 7, /* offered window scaling in its SYN */
};

struct asa_half {
	/* XDP writes (the daemon only before publishing, or for packets punted to it) */
	__u32 seq_end; /* highest sequence number + length sent, before seq_add */
	__u32 ack; /* highest acknowledgment sent, in the peer's numbers before its seq_add */
	__u32 edge; /* right edge of the window advertised: highest ack + window; as ack */
	__u32 win_max; /* largest window advertised, scaled, at least 1 */
	__u32 isn;
	__u32 ts_recent; /* last timestamp value in order, for PAWS; 0: it sends none */
	__u8 wscale;
	__u8 tcp; /* enum asa_half_flag */
	__u8 ttl; /* lowest TTL or hop limit of its segments; 0: none yet */
	/* daemon writes, before publishing */
	__u8 tcp_map; /* row of asa_tcp_maps */
	__u32 seq_add; /* sequence offset of this direction, modulo 2^32 */
};
_Static_assert(sizeof(struct asa_half) == 32, "two asa_half are one cache line");

struct asa_conn {
	struct asa_dir dir[2];
	struct asa_half half[2];
};
_Static_assert(sizeof(struct asa_conn) == 192, "asa_conn is three cache lines");

/* Slots below this are nobody's home. As many as the caches hold together with their index entries. */
#define ASA_DENSE_SLOTS 4096u

#define ASA_SET_SLOTS 16u
#define ASA_SET_TAG 0x7fff /* from the keys' hash, never 0; 0: nobody is at home */
#define ASA_SET_TURNED 0x8000 /* asa_key_turned() of direction 0's key */

/*
 * What is at home in 16 slots in a row: slot 16 * row + i has bits 16 * (i % 4) and up of w[i / 4]; no
 * two of a row have the same tag. The daemon writes; stored after the slot was filled, cleared first.
 */
struct asa_set {
	__u64 w[4];
};
_Static_assert(sizeof(struct asa_set) == 32, "asa_set is 32 bytes");

/* Slot 0 is never used, so that reference 0 means empty. */
#define ASA_REF(slot, dir) (((__u32)(slot) << 1) | (dir))
#define ASA_REF_SLOT(ref) ((ref) >> 1)
#define ASA_REF_DIR(ref) ((ref) & 1)

#define ASA_BUCKET_ENTRIES 7
struct asa_ref {
	__u32 tag; /* the key's hash; its low bits are the home bucket */
	__u32 ref; /* ASA_REF(slot, dir); 0: empty. Stored last, cleared first. */
};
struct asa_bucket {
	struct asa_ref e[ASA_BUCKET_ENTRIES];
	__u32 overflow; /* entries at home here that live in their alternate bucket */
	__u32 pad;
};
_Static_assert(sizeof(struct asa_bucket) == 64, "asa_bucket is one cache line");

#define ASA_SLOT_QUARANTINE_MS 20

/* What is rarely asked about a direction. */
struct asa_rest {
	union { /* daemon writes */
		__u32 hold_seq; /* with ASA_DIR_HOLD */
		__u32 ts_add; /* with ASA_DIR_TS */
	};
	__u32 slow_packets; /* forwarded by the daemon, as asa_dir.packets */
	__u64 slow_bytes; /* as asa_dir.bytes */
	/* XDP writes, too */
	__u16 mss; /* announced in its SYN, as that was sent on; 0: not */
	__u16 rerouted_gen; /* route generation last reported by an event */
	__u8 pad[12];
};
_Static_assert(sizeof(struct asa_rest) == 32, "two asa_rest are one cache line");

/*
 * The daemon's part of a connection, in a pinned array of its own (asa_sessions, same row number
 * as the slot), so that a restarted daemon finds all it knew. XDP looks at it only where asa_rest is
 * concerned, and for the id in its events.
 */
enum asa_session_state {
	ASA_SESSION_FREE = 0,
	ASA_SESSION_QUARANTINE,
	ASA_SESSION_EMBRYONIC, /* TCP, three-way handshake not complete */
	ASA_SESSION_OPEN,
	ASA_SESSION_HALF_CLOSED, /* one FIN */
	ASA_SESSION_CLOSING, /* both FINs or RST seen: only late segments matter */
};
enum asa_session_flag {
	ASA_SESSION_BYPASS = 1 << 0,
	ASA_SESSION_INBOUND = 1 << 1, /* opened from the lower-security side */
	ASA_SESSION_NAT_STATIC = 1 << 2,
	ASA_SESSION_NAT_DYNAMIC = 1 << 3,
	ASA_SESSION_PAT = 1 << 4, /* holds a PAT port, to be given back */
	ASA_SESSION_INSPECT = 1 << 5,
	ASA_SESSION_LOGGED = 1 << 6, /* "Built" was logged; "Teardown" is owed */
	ASA_SESSION_INTERCEPT = 1 << 7, /* the client is connected to us, the server not yet */
	ASA_SESSION_PROBE = 1 << 8, /* idle: DCD probes both ends */
	ASA_SESSION_PAT_EXTENDED = 1 << 9, /* with PAT: other destinations may share the port */
	ASA_SESSION_PAT_BLOCK = 1 << 10, /* with PAT: the port is out of a block of the host's own */
	ASA_SESSION_MODULE = 1 << 11, /* goes through a service module: IPS, or */
	ASA_SESSION_MODULE_CSC = 1 << 12,
	ASA_SESSION_MODULE_COPY = 1 << 13, /* with MODULE: it gets copies (promiscuous) */
	ASA_SESSION_MODULE_CLOSE = 1 << 14, /* with MODULE: fail-close */
};
struct asa_session {
	__u64 id; /* connection id of the log messages, never reused */
	__u32 created; /* tick */
	__u32 idle; /* idle timeout in ticks; 0 never */
	__u32 expires; /* tick at which the timer looks again */
	__u32 timer_next; /* timer-wheel links: slot numbers */
	__u32 timer_prev;
	__u32 nat_ref; /* translation entry held by this connection, 0 none */
	__u16 if_ifindex[2]; /* ingress interface of direction 0 and of direction 1 */
	__u16 if_vlan[2];
	__u32 policy_class; /* the class whose connection settings apply: hash of its names; 0 none */
	__u8 state; /* enum asa_session_state */
	__u8 reason; /* why it is closing: enum session_close */
	__u16 flags; /* enum asa_session_flag */
	__u32 policy_gen; /* snapshot that created it */
	__u16 inspect; /* inspector number + 1; 0 none */
	__u16 pad2;
	__u32 half_closed; /* timeout in ticks after the first FIN; 0 never */
	__u32 embryonic; /* timeout in ticks before the handshake is complete; 0 never */
	struct asa_rest rest[2];
};
_Static_assert(sizeof(struct asa_session) == 128, "asa_session is two cache lines");

/* A next hop: where frames go and what their Ethernet header becomes. Written by the daemon. */
enum asa_nexthop_flag {
	ASA_NH_VALID = 1 << 0, /* neighbour resolved */
	ASA_NH_VLAN = 1 << 1, /* push vlan_tci with vlan_proto */
	ASA_NH_QINQ = 1 << 2, /* with ASA_NH_VLAN: push vlan_inner_tci (802.1Q) behind it */
};
struct asa_nexthop {
	__u32 ifindex; /* egress device; also the row of asa_tx (DEVMAP) */
	__u16 flags; /* enum asa_nexthop_flag; cleared first, set last */
	__u16 mtu; /* IP bytes; 0: no check */
	__u8 dmac[6];
	__u8 smac[6];
	__be16 vlan_proto;
	__be16 vlan_tci;
	__u32 users; /* connections that name this row (daemon only) */
	struct asa_addr gateway; /* neighbour address */
	__be16 vlan_inner_tci;
	__u8 pad[14];
};
_Static_assert(sizeof(struct asa_nexthop) == 64, "asa_nexthop is one cache line");
#define ASA_NEXTHOPS_MAX 4096

/* A policer of one class in one direction (asa_police): a token bucket and what it counted (asa/police.h). */
enum asa_police_flag {
	ASA_POLICE_CONFORM_DROP = 1 << 0, /* conform-action drop */
	ASA_POLICE_EXCEED_DROP = 1 << 1, /* exceed-action drop, the default */
};
struct asa_police {
	__u64 full_ns; /* when the bucket will be full again; whoever forwards writes */
	/* daemon writes, constant while connections use the row */
	__u32 ns_per_byte; /* the rate: nanoseconds per byte, 10 binary places */
	__u32 burst_us; /* the depth: time in which the rate fills it */
	__u32 flags; /* enum asa_police_flag */
	__u32 users; /* directions of connections that name the row */
	__u64 key; /* class, direction and limits; 0: the row was never used */
	/* whoever forwards writes */
	__u64 conformed_packets;
	__u64 conformed_bytes; /* IP bytes */
	__u64 exceeded_packets;
	__u64 exceeded_bytes;
};
_Static_assert(sizeof(struct asa_police) == 64, "asa_police is one cache line");
#define ASA_POLICE_MAX 1024 /* row 0: none */

/* The policers of a connection (asa_police_refs, row number of its slot). Daemon writes. */
struct asa_police_ref {
	__u16 in; /* row of asa_police where the direction enters, 0 none */
	__u16 out; /* the same where it leaves */
};
struct asa_police_refs {
	struct asa_police_ref dir[2];
};
_Static_assert(sizeof(struct asa_police_refs) == 8, "asa_police_refs is 8 bytes");

/* What happened to a connection in the driver; one record in the asa_events ring buffer. */
enum asa_event_type {
	ASA_EVENT_ESTABLISHED = 1, /* handshake complete */
	ASA_EVENT_FIN, /* first FIN */
	ASA_EVENT_CLOSED, /* both FINs acknowledged */
	ASA_EVENT_RST, /* valid RST */
	ASA_EVENT_REROUTE, /* next hop older than the route generation (once per generation) */
	ASA_EVENT_URGENT, /* an urgent flag was cleared; one in a tick is told */
};
struct asa_event {
	__u8 type; /* enum asa_event_type */
	__u8 dir;
	__u16 serial; /* low bits of asa_session.id, to discard events of its former user */
	__u32 slot;
	__u32 tick;
	__u32 pad;
};
_Static_assert(sizeof(struct asa_event) == 16, "asa_event is 16 bytes");

/* The one row of asa_config: what both sides must agree on at run time. Written by the daemon. */
struct asa_config {
	__u32 version; /* ASA_CONTRACT_VERSION; 0: no daemon has ever run on these maps */
	__u32 index_mask; /* buckets in use - 1; doubles as connections come (daemon/datapath/index.c) */
	__u64 hash_key[4]; /* random, odd */
	__u32 slots; /* rows of asa_conns */
	__u32 route_gen; /* bumped by the daemon on every route change */
	__u8 fail_open; /* no socket to punt to: 0 drop (punt-no-daemon), 1 XDP_PASS */
	__u8 intercept; /* ASA_INTERCEPT_*: asa_intercept has rows (asa/syncookie.h); 0 none */
	__u8 host_cookies; /* Linux answers every SYN to the box with a cookie */
	__u8 pad;
	__u32 host_rules; /* ASA_HOST_SET(): rules of management classes (asa/host_limit.h); 0 none */
	__u32 homes; /* rows of asa_homes behind the dense slots over which homes are spread; 0: nobody has one */
	__u32 pad2;
};
_Static_assert(sizeof(struct asa_config) == 64, "asa_config is one cache line");

/*
 * Addresses that belong to the box (asa_local). An address row has proto and port 0 and says
 * HOST. A row with proto and port set to PUNT takes precedence: a static PAT on an interface
 * address, or a PAT port range is tried as a connection by the daemon before it is the host's.
 */
struct asa_local_key {
	struct asa_addr addr;
	__u8 proto;
	__u8 pad;
	__be16 port;
	__u32 pad2;
};
enum asa_local_verdict { ASA_LOCAL_HOST = 1, ASA_LOCAL_PUNT = 2 };
struct asa_local {
	__u32 verdict; /* enum asa_local_verdict */
};

/* Per-interface row (asa_ifaces, by ifindex): what XDP must know of the interface of entry. */
enum asa_iface_flag {
	ASA_IFACE_USED = 1 << 0, /* the daemon knows this interface (has nameif or a VLAN child) */
	ASA_IFACE_MAC = 1 << 1, /* frames for another station than 'mac' are left to Linux */
	ASA_IFACE_MGMT = 1 << 2, /* asa_mgmt has rows for this interface */
	ASA_IFACE_RPF = 1 << 3, /* ip verify reverse-path: no SYN cookie for a source not behind it */
	ASA_IFACE_LIMIT = 1 << 4, /* management classes have limits: asa_config.host_rules */
};
struct asa_iface {
	__u8 ctx; /* security context */
	__u8 pad2;
	__u16 flags; /* enum asa_iface_flag */
	__u8 mac[6]; /* a bridge floods frames for others: without this check they are forwarded twice */
	__u8 pad[6];
};
_Static_assert(sizeof(struct asa_iface) == 16, "asa_iface is 16 bytes");

/*
 * Who may talk to the box (asa_mgmt, a longest-prefix-match trie): a row says what becomes of packets
 * from the sources in its prefix that no longer prefix covers. TCP: 'port' is the destination port.
 * ICMP and ICMPv6: a type that a rule names has rows of its own with that 'icmp_type'; all others are
 * in the rows with ASA_MGMT_OTHER_TYPES. Protocols, ports and types without rows are not restricted.
 */
struct asa_mgmt_key {
	__u32 prefixlen; /* 96 (all up to 'src') + bits of 'src' that count */
	__u16 ifindex; /* host order, as all but port and src */
	__u16 vlan; /* 0 untagged */
	__u8 proto;
	__u8 icmp_type;
	__be16 port;
	__u32 pad;
	struct asa_addr src;
};
_Static_assert(sizeof(struct asa_mgmt_key) == 32, "asa_mgmt_key is 32 bytes");
#define ASA_MGMT_OTHER_TYPES ((__be16)0xffff)
enum asa_mgmt_verdict { ASA_MGMT_PERMIT = 1, ASA_MGMT_DENY = 2 };
struct asa_mgmt {
	__u32 verdict; /* enum asa_mgmt_verdict */
};
/* A row as the daemon makes it. */
struct asa_mgmt_row {
	struct asa_mgmt_key key;
	struct asa_mgmt value;
};
#define ASA_MGMT_MAX 16384

/* Rows of asa_jump: programs that go on where asa_xdp ends. */
enum asa_jump_row {
	ASA_JUMP_SYNCOOKIE, /* asa_syncookie: belongs to no connection */
	ASA_JUMP_HOST_LIMIT, /* asa_host_limit: for the box */
	ASA_JUMP_MAX
};

/* Names of the maps below the pin directory, the stable interface of asa-maps(7). */
#define ASA_MAP_STATS "asa_stats"
#define ASA_MAP_DROPS "asa_drops"
#define ASA_MAP_PUNTS "asa_punts"
#define ASA_MAP_IFSTATS "asa_ifstats"
#define ASA_MAP_CONNS "asa_conns"
#define ASA_MAP_SESSIONS "asa_sessions"
#define ASA_MAP_INDEX "asa_index"
#define ASA_MAP_HOMES "asa_homes"
#define ASA_MAP_NEXTHOPS "asa_nexthops"
#define ASA_MAP_CONFIG "asa_config"
#define ASA_MAP_LOCAL "asa_local"
#define ASA_MAP_MGMT "asa_mgmt"
#define ASA_MAP_IFACES "asa_ifaces"
#define ASA_MAP_EVENTS "asa_events"
#define ASA_MAP_TX "asa_tx"
#define ASA_MAP_XSKS "asa_xsks"
#define ASA_MAP_POLICE "asa_police"
#define ASA_MAP_POLICE_REFS "asa_police_refs"

#endif
