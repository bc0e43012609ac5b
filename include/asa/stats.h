/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters: rows of asa_stats (struct asa_count per CPU), asa_drops, asa_punts (row = reason or
 * cause number) and asa_ifstats (row = ifindex).
 *
 * XDP counts in place; the daemon adds its own share a few times a second by running the small
 * BPF program asa_account (a program of type syscall in the same object), so that one scrape shows
 * both. Law kept at any load, per interface of entry, once the daemon's share is in:
 *
 *	rx_packets = fwd_packets + host_packets + drop_packets
 *
 * (punt_packets counts hand-overs; each ends as one of the three.)
 */
#ifndef ASA_STATS_H
#define ASA_STATS_H

#include "types.h"

/* clang-format off */
/*	SYMBOL			keyword			sentence */
#define ASA_STAT_LIST(X) \
	X(STAT_RX,		"rx",			"Frames received on firewall interfaces") \
	X(STAT_HIT,		"fast-hit",		"Forwarded by the XDP program for a tracked connection") \
	X(STAT_HIT_BYPASS,	"bypass-hit",		"Forwarded by the XDP program for a state-bypass connection") \
	X(STAT_HOST,		"host",			"Passed to the Linux stack") \
	X(STAT_PUNT,		"punt",			"Handed to the daemon") \
	X(STAT_DROP,		"drop",			"Dropped by the XDP program or the daemon") \
	X(STAT_FIB,		"fib-lookup",		"Routed by a FIB lookup because the route generation changed") \
	X(STAT_SLOW_FORWARD,	"slow-forward",		"Forwarded by the daemon") \
	X(STAT_SLOW_REPLY,	"slow-reply",		"Made and sent by the daemon (RST, ICMP, ARP)") \
	X(STAT_CONN_BUILT,	"conn-built",		"Connections built") \
	X(STAT_CONN_TORN,	"conn-torn-down",	"Connections torn down") \
	X(STAT_EVENT_LOST,	"event-lost",		"Events that found the ring buffer full (found later by a timer)") \
	X(STAT_SYNCOOKIE_SENT,	"syncookie-sent",	"SYN cookies sent") \
	X(STAT_SYNCOOKIE_OK,	"syncookie-ok",		"SYN cookies that came back valid") \
	X(STAT_SYNCOOKIE_BAD,	"syncookie-bad",	"SYN cookies that came back invalid")
/* clang-format on */

enum asa_stat {
#define ASA_STAT_ENUM(sym, kw, text) sym,
	ASA_STAT_LIST(ASA_STAT_ENUM)
#undef ASA_STAT_ENUM
		ASA_STAT_MAX
};

struct asa_count {
	__u64 packets;
	__u64 bytes;
};

struct asa_ifstat {
	__u64 rx_packets;
	__u64 rx_bytes;
	__u64 tx_packets;
	__u64 tx_bytes;
	__u64 fwd_packets; /* received here and sent on, by driver or daemon */
	__u64 host_packets; /* received here and passed to Linux */
	__u64 drop_packets; /* received here and dropped */
	__u64 punt_packets; /* received here and handed to the daemon */
};
_Static_assert(sizeof(struct asa_ifstat) == 64, "asa_ifstat is one cache line");

/*
 * Input of asa_account: deltas to add on the CPU it runs on. Rows that are zero are skipped.
 * One call per interface that has deltas; the first also carries the global rows.
 */
#define ASA_ACCOUNT_ROWS 96
struct asa_account {
	__u32 ifindex; /* 0: no interface row */
	__u32 pad;
	struct asa_ifstat iface;
	struct asa_count drops[ASA_ACCOUNT_ROWS]; /* by enum asa_drop */
	struct asa_count stats[32]; /* by enum asa_stat */
};

#endif
