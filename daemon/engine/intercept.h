/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP intercept: which destinations are answered for, with what keys, and what came of it.
 *
 * Responsible for: the rows of asa_intercept (a destination is listed when one of its SYNs has been
 * let through the access rules while its class, or the client, has too many half-open connections),
 * their end, the keys of the cookies and their change, what is known of the servers' window scale,
 * the statistics of "show threat-detection statistics top tcp-intercept".
 * Not responsible for: counting half-open connections (session), answering SYNs in the driver
 * (bpf/syncookie.bpf.h), joining client and server (intercept_join.c).
 *
 * Interception ends when the half-open connections and the cookies of the last second that nobody
 * brought back are together fewer than the limit. DEVIATION: an ASA looks at the connections alone;
 * but then each of them that times out during a flood would let the flood in again for a moment.
 * After the end, cookies that are still on their way are honoured for as long as they are good.
 *
 * Life cycle: with the engine. Threads: asa->lock.
 */
#ifndef ENGINE_INTERCEPT_H
#define ENGINE_INTERCEPT_H

#include "asa.h"
#include "asa/syncookie.h"
#include "session/session.h"

#define INTERCEPT_SERVERS 256 /* kept for the statistics */
#define INTERCEPT_SAMPLES 60
#define INTERCEPT_SAMPLE_S 30

struct intercepts;

/* What was found out when a SYN met its limit. */
struct intercept_found {
	struct asa_intercept_key key; /* key.src only for a client's limit */
	struct asa_intercept row;
	__u32 class_id; /* or SESSION_HOSTS */
	struct asa_addr counted; /* whose half-open connections are counted; zero: all of the class */
	__u32 max;
	struct asa_key real; /* with the server's own address, for the statistics */
	const char *ifname; /* of the server */
};

struct intercepts *intercepts_new(struct asa *a);
void intercepts_free(struct intercepts *t);
/* Ends, counters, keys. Call it a few times a second. */
void intercepts_tick(struct intercepts *t, __u32 now);

/*
 * A SYN must be answered with a cookie: have the driver do it from now on.
 * => true: it is the first, or the first for a second: time for a message
 */
bool intercept_start(struct intercepts *t, const struct intercept_found *found, __u32 now);
/* Count a cookie that the daemon sent itself. */
void intercept_sent(struct intercepts *t, const struct intercept_found *found,
		    const struct asa_addr *client, __u32 now);
/* Row that speaks for segments with this key and interface. => NULL: none. */
const struct asa_intercept *intercept_find(struct intercepts *t, const struct asa_key *k, __u32 in_if,
					   __u16 in_vlan);
const struct asa_cookie_keys *intercept_keys(const struct intercepts *t);

/* A server's SYN-ACK was seen, or the half of one: learn its window scale, whether it uses timestamps. */
void intercept_learn(struct intercepts *t, const struct asa_addr *server, __be16 port,
		     int wscale /* ASA_COOKIE_NO_WSCALE: none; -1: not known */, int ts /* -1 */);
/* What may be offered in a server's name: row->wscale, ASA_INTERCEPT_TS. */
void intercept_known(const struct intercepts *t, const struct asa_addr *server, __be16 port,
		     struct asa_intercept *row);

/* ------------------------------------------------------------------ statistics */

struct intercept_server {
	struct asa_addr addr; /* the server's own */
	__be16 port;
	char ifname[MODEL_NAME_MAX];
	__u64 total;
	__u64 sample[INTERCEPT_SAMPLES]; /* ring, INTERCEPT_SAMPLE_S each */
	__u64 current; /* of the sample under way */
	__u64 rate; /* of the last second */
	__u64 second; /* count of this second, so far */
	struct asa_addr src; /* last attacker */
	__u32 seen; /* tick */
	__u32 since;
};
/* The n servers with the highest average, first to last. => how many. */
int intercepts_top(const struct intercepts *t, const struct intercept_server **top, int n);
__u64 intercept_average(const struct intercept_server *s, __u32 now); /* per second */
void intercepts_clear(struct intercepts *t);
__u32 intercepts_active(const struct intercepts *t);

#endif
