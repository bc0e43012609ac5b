/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits of management classes: how many TCP connections the box itself may have (LIM-6, INT-6).
 *
 * Responsible for: the rules that say which class a connection to the box belongs to, the places
 * that a class has left, and the agreement by which neither side can exceed them. Not responsible
 * for: making the rules (policy/host_classes.c), counting sockets (services/host_limit.c).
 *
 * The box's connections are Linux's: nobody but its socket tables knows their number. So the daemon
 * counts them every few hundredths of a second and says how many more may come; in between the XDP
 * program takes one of these places for each segment that can make a connection: a SYN for a
 * listening socket, or the ACK that brings one of Linux's own SYN cookies back. 'taken' only grows;
 * the daemon sets 'places' to what 'taken' was before the sockets were counted, plus the limit,
 * minus their number. A connection that came meanwhile is counted twice until the next time, none
 * is ever forgotten.
 *
 * Half-open ones have places of their own. When these are gone the daemon makes Linux answer every
 * SYN with a cookie (net.ipv4.tcp_syncookies = 2) and sets asa_config.host_cookies: SYNs then take
 * no memory and no place. Until it has (a tick), further SYNs are dropped.
 *
 * A daemon that has gone counts nothing: rows that are not fresh limit nothing.
 * Callers: bpf/host_limit.bpf.h, the daemon. Threads: as the fields say.
 */
#ifndef ASA_HOST_LIMIT_H
#define ASA_HOST_LIMIT_H

#include "flow.h"

#define ASA_PROGRAM_HOST_LIMIT "asa_host_limit"
#define ASA_MAP_HOST_RULES "asa_host_rules"
#define ASA_MAP_HOST_LIMITS "asa_host_limits"

/* Two sets of each, in turns: the new one is complete before asa_config.host_rules names it. */
#define ASA_HOST_RULES_MAX 256
#define ASA_HOST_LIMITS_MAX 32
#define ASA_HOST_STALE_MS 2000

/* A range of addresses: numbers, the upper half first. */
struct asa_host_range {
	__u64 lo[2];
	__u64 hi[2];
};

/* The first rule that fits decides; ports 0-65535 are any. Daemon writes. */
struct asa_host_rule {
	struct asa_host_range src, dst;
	__u16 sport_lo, sport_hi, dport_lo, dport_hi;
	__u16 limit; /* row of asa_host_limits; 0: not this class */
	__u16 next; /* with limit 0: the rule of the set to go on with */
	__u32 pad;
};
_Static_assert(sizeof(struct asa_host_rule) == 80, "asa_host_rule is 80 bytes");

/* A class; row 0 is none. */
struct asa_host_limit {
	/* XDP writes, atomically */
	__u64 taken; /* places taken since the row was made */
	__u64 taken_half;
	__u64 drops;
	/* The last packet dropped, for a message; races: parts of two packets. */
	struct asa_addr src, dst;
	__be16 sport, dport;
	__u32 in_if;
	/* daemon writes */
	__u64 places; /* 'taken' may come to this; ASA_HOST_UNLIMITED */
	__u64 places_half;
	__u32 fresh; /* tick at which the daemon was alive */
	__u32 full; /* there are as many connections as there may be */
	__u64 pad2[5];
};
_Static_assert(sizeof(struct asa_host_limit) == 128, "asa_host_limit is two cache lines");
#define ASA_HOST_UNLIMITED (~0ull)

/* A connection to the box, as its client's segments have it. */
struct asa_host_ask {
	__u64 src[2], dst[2];
	__u16 sport, dport;
};

asa_inline __u64 asa_host_half(const struct asa_addr *a, int half)
{
	return (__u64)asa_ntohl(a->w[2 * half]) << 32 | asa_ntohl(a->w[2 * half + 1]);
}

asa_inline void asa_host_ask_fill(struct asa_host_ask *q, const struct asa_addr *src,
				  const struct asa_addr *dst, __be16 sport, __be16 dport)
{
	q->src[0] = asa_host_half(src, 0);
	q->src[1] = asa_host_half(src, 1);
	q->dst[0] = asa_host_half(dst, 0);
	q->dst[1] = asa_host_half(dst, 1);
	q->sport = asa_ntohs(sport);
	q->dport = asa_ntohs(dport);
}

asa_inline int asa_host_in(const struct asa_host_range *r, const __u64 a[2])
{
	if (a[0] < r->lo[0] || (a[0] == r->lo[0] && a[1] < r->lo[1]))
		return 0;
	return a[0] < r->hi[0] || (a[0] == r->hi[0] && a[1] <= r->hi[1]);
}

asa_inline int asa_host_rule_fits(const struct asa_host_rule *r, const struct asa_host_ask *q)
{
	return q->dport >= r->dport_lo && q->dport <= r->dport_hi && q->sport >= r->sport_lo &&
	       q->sport <= r->sport_hi && asa_host_in(&r->dst, q->dst) && asa_host_in(&r->src, q->src);
}

/* A walk over the rules, one step for each. */
struct asa_host_walk {
	struct asa_host_ask ask;
	__u32 at; /* rules before this one are passed over */
	__u32 limit; /* what was found */
};

/* => 1 at the end of the walk */
asa_inline int asa_host_step(struct asa_host_walk *w, const struct asa_host_rule *r, __u32 i)
{
	if (i < w->at || !asa_host_rule_fits(r, &w->ask))
		return 0;
	w->limit = r->limit;
	w->at = r->next;
	return w->limit != 0;
}

/* asa_config.host_rules: the first rule of the set in force and how many there are; 0: none. */
#define ASA_HOST_SET(first, n) ((__u32)(first) << 16 | (__u32)(n))

#endif
