/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map of the fast path, with its purpose and its writers.
 *
 * Responsible for: kinds, sizes, names.  Rows and names are the stable interface that asa-maps(7)
 * documents; the layouts are those of include/asa/.
 * Not responsible for: filling them.  The daemon resizes asa_conns, asa_sessions and asa_index
 * before it loads the object; the sizes here are what `ip link` gets.
 *
 * Life cycle: pinned by name, so that a second interface, a restarted daemon and bpftool find the
 * same maps.  Mapped arrays (BPF_F_MMAPABLE) are shared memory with the daemon; flow.h states who
 * writes what and what may race.
 */
#ifndef ASA_MAPS_BPF_H
#define ASA_MAPS_BPF_H

#include <asa/bytes.h>
#include <asa/drop.h>
#include <asa/flow.h>
#include <asa/host_limit.h>
#include <asa/punt.h>
#include <asa/stats.h>
#include <asa/tcp_options.h>

#define ASA_SLOTS_DEFAULT 262144
#define ASA_BUCKETS_DEFAULT 131072 /* 524,288 keys in 917,504 entries: 57 % full at most */

/* Counters by enum asa_stat.  Written by XDP, and by the daemon through asa_account. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ASA_STAT_MAX);
	__type(key, __u32);
	__type(value, struct asa_count);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_stats SEC(".maps");

/* Drops by enum asa_drop.  Written by XDP, and by the daemon through asa_account. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ASA_DROP_MAX);
	__type(key, __u32);
	__type(value, struct asa_count);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_drops SEC(".maps");

/* Punts by enum asa_punt.  Written by XDP. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ASA_PUNT_MAX);
	__type(key, __u32);
	__type(value, struct asa_count);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_punts SEC(".maps");

/* Counters by interface index.  Written by XDP, and by the daemon through asa_account. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ASA_IFINDEX_MAX);
	__type(key, __u32);
	__type(value, struct asa_ifstat);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_ifstats SEC(".maps");

/* Connection slots.  Instructions written by the daemon, facts about the senders by XDP. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASA_SLOTS_DEFAULT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_conn);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_conns SEC(".maps");

/* The daemon's part of the slots, kept here to outlive it.  Written by the daemon; of asa_rest by XDP, too. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASA_SLOTS_DEFAULT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_session);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_sessions SEC(".maps");

/* Key -> slot and direction; read by lookup.bpf.h only.  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASA_BUCKETS_DEFAULT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_bucket);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_index SEC(".maps");

/* Who is at home where: row = slot / ASA_SET_SLOTS; read by lookup.bpf.h only.  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASA_SLOTS_DEFAULT / ASA_SET_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_set);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_homes SEC(".maps");

/* Next hops; row 0 is "none".  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASA_NEXTHOPS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_nexthop);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_nexthops SEC(".maps");

/* TCP maps in use by connections; row 0 is the default.  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASA_TCP_MAPS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_tcp_map);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_tcp_maps SEC(".maps");

/* Room for the options of a segment while they are looked at.  Nobody else's business: not pinned. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct asa_tcp_list);
} asa_scratch SEC(".maps");

/* Policers; row 0 is "none".  Limits written by the daemon, tokens and counters by XDP, too. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASA_POLICE_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_police);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_police SEC(".maps");

/* Which policers a connection has, by slot; looked at for policed ones only.  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASA_SLOTS_DEFAULT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_police_refs);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_police_refs SEC(".maps");

/* The one row that both sides must agree on at run time.  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_config);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_config SEC(".maps");

/* Interfaces by index: context, MAC address.  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASA_IFINDEX_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_iface);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_ifaces SEC(".maps");

/* The box's own addresses, and exceptions from them.  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct asa_local_key);
	__type(value, struct asa_local);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_local SEC(".maps");

/* Who may talk to the box, by longest prefix; asked only where ASA_IFACE_MGMT is set.  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ASA_MGMT_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct asa_mgmt_key);
	__type(value, struct asa_mgmt);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_mgmt SEC(".maps");

/* Which connections to the box belong to which management class; two sets.  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * ASA_HOST_RULES_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_host_rule);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_host_rules SEC(".maps");

/* Management classes and the places they have left; two sets.  Written by the daemon, places taken by XDP. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * ASA_HOST_LIMITS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct asa_host_limit);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_host_limits SEC(".maps");

/* struct asa_event records.  Written by XDP, without wake-ups: the daemon polls on its timer. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_events SEC(".maps");

/*
 * Devices that frames may leave by; row = ifindex, value = ifindex.  Written by the daemon, which
 * also pins it.  Not pinned by name: the kernel adds BPF_F_RDONLY_PROG to a DEVMAP, libbpf 1.1 takes
 * that for a mismatch, and the second "ip link set … xdp obj" on a machine would be refused.
 */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, ASA_IFINDEX_MAX);
	__type(key, __u32);
	__type(value, __u32);
} asa_tx SEC(".maps");

/* Sockets of the daemon; row = ifindex * ASA_QUEUES_MAX + receive queue.  Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, ASA_IFINDEX_MAX * ASA_QUEUES_MAX);
	__type(key, __u32);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_xsks SEC(".maps");

/*
 * Where to go with frames that belong to no connection while TCP is intercepted (row 0:
 * syncookie.bpf.h), and with those for the box while a management class has limits (row 1:
 * host_limit.bpf.h).  Written by the daemon, which also pins it; `ip link` leaves it empty: then the
 * former are punted, the latter pass.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, ASA_JUMP_MAX);
	__type(key, __u32);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_jump SEC(".maps");

/*
 * Read-only data: the contract version, which the daemon compares before it adopts a program, and
 * one object of each enum and record, so that `bpftool btf dump` shows what rows and fields are called.
 */
const volatile __u32 asa_contract_version = ASA_CONTRACT_VERSION;
const volatile struct asa_names {
	enum asa_stat stat;
	enum asa_drop drop;
	enum asa_punt punt;
	enum asa_dir_flag dir_flag;
	enum asa_half_flag half_flag;
	enum asa_tcp_map_flag tcp_map_flag;
	enum asa_session_state session_state;
	enum asa_session_flag session_flag;
	enum asa_nexthop_flag nexthop_flag;
	enum asa_event_type event_type;
	enum asa_local_verdict local_verdict;
	enum asa_mgmt_verdict mgmt_verdict;
	enum asa_iface_flag iface_flag;
	struct asa_punt_meta punt_meta;
	struct asa_event event;
} asa_names = {};

#endif
