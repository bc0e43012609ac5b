/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual reassembly of IPv4 and IPv6 fragments (SES-5).
 *
 * Responsible for: keeping the fragments of a datagram until all are there, in order, so that the
 * pipeline can judge the datagram as a whole by its first fragment and then send every fragment
 * on; limits for each interface (fragments held, fragments per datagram, time) and its statistics;
 * refusing overlaps, holes that cannot be filled, datagrams larger than 65,535 bytes and fragments
 * that begin within a TCP header. Fragments are never glued together.
 * Not responsible for: what happens to frames it gives back (the caller counts and frees them).
 *
 * Overlaps: nobody fragments so; the whole datagram goes (RFC 5722, and the same for IPv4). A
 * second copy of a fragment that is here already goes alone: the first bytes received win.
 *
 * Callers: the engine. Threads: asa->lock. Frames belong to the worker ('owner') that received
 * them; a fragment that reaches another worker than its siblings is refused.
 */
#ifndef NORMALIZE_IP_FRAG_H
#define NORMALIZE_IP_FRAG_H

#include "datapath/frame.h"

struct ip_frags;

/* "fragment size | chain | timeout" of an interface; ASA's defaults are 200, 24 and 5 s. */
struct ip_frag_limits {
	__u32 size; /* fragments held at once; above two thirds no new datagram is begun */
	__u32 chain; /* fragments of a datagram */
	__u32 timeout; /* ticks */
};

enum ip_frag_result {
	IP_FRAG_HELD, /* the frame waits for others */
	IP_FRAG_WHOLE, /* *chain: all fragments, first to last */
	IP_FRAG_DROP, /* *chain: frames to drop for the reason *why, the new one first */
};

/* What a message can say of a refusal beyond its reason. */
enum ip_frag_note {
	IP_FRAG_NOTE_NONE,
	IP_FRAG_NOTE_SIZE, /* DROP_FRAG_LIMIT: fragments held */
	IP_FRAG_NOTE_THRESHOLD, /* two thirds of them, and a new datagram */
	IP_FRAG_NOTE_CHAIN, /* fragments of one datagram */
	IP_FRAG_NOTE_TOO_BIG, /* DROP_FRAG_FAILED: ends behind 65,535 */
	IP_FRAG_NOTE_TEARDROP, /* DROP_FRAG_OVERLAP: lies within another */
};

/* Of one interface, as "show fragment" prints it. */
struct ip_frag_stats {
	__u32 queue; /* held now */
	__u64 assembled; /* datagrams that became whole */
	__u64 failed; /* fragments refused or timed out, but for a limit */
	__u64 overflow; /* fragments refused because of a limit */
};

/* => NULL when out of memory. */
struct ip_frags *ip_frag_new(void);
/* Frames still held are not freed: expire them first. => NULL accepted. */
void ip_frag_free(struct ip_frags *t);

/* Add a parsed fragment (f->pkt). Frames of a chain are linked by frame.next. */
enum ip_frag_result ip_frag_add(struct ip_frags *t, const struct ip_frag_limits *limits,
				const void *owner, struct frame *f, __u32 now, struct frame **chain,
				enum asa_drop *why, enum ip_frag_note *note);
/* => the frames of one datagram of 'owner' whose time is over, NULL when there is none. */
struct frame *ip_frag_expire(struct ip_frags *t, const void *owner, __u32 now);
__u32 ip_frag_held(const struct ip_frags *t);

/* What was seen on an interface (device and VLAN tag); zeroes if nothing was. */
void ip_frag_stats(const struct ip_frags *t, __u32 ifindex, __u16 vlan, struct ip_frag_stats *s);
void ip_frag_clear_stats(struct ip_frags *t, __u32 ifindex, __u16 vlan);
/* The time of all that is held of an interface is over: ip_frag_expire() gives it back. */
void ip_frag_clear_queue(struct ip_frags *t, __u32 ifindex, __u16 vlan, __u32 now);

#endif
