/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Punts: why the XDP program handed a frame to the daemon, and the metadata in front of it.
 *
 * A punt is not a drop: the two lists never mix. The metadata is a hint (a driver may not carry
 * it): the daemon re-parses and must come to the same result without it. Bytes from the network
 * never reach it: XDP writes all of it or none, and the daemon checks magic and clears it after
 * reading, because receive buffers are used again.
 */
#ifndef ASA_PUNT_H
#define ASA_PUNT_H

#include "types.h"

/* clang-format off */
/*	SYMBOL			keyword			sentence */
#define ASA_PUNT_LIST(X) \
	X(PUNT_NO_FLOW,		"no-flow",		"Belongs to no connection") \
	X(PUNT_FRAGMENT,	"fragment",		"IP fragment") \
	X(PUNT_IP_OPTION,	"ip-option",		"IPv4 options or IPv6 extension headers") \
	X(PUNT_INSPECT,		"inspect",		"Connection under application inspection") \
	X(PUNT_TCP_SYN,		"tcp-syn",		"SYN on an existing connection") \
	X(PUNT_ICMP_ERROR,	"icmp-error",		"ICMP error about a connection") \
	X(PUNT_NEXTHOP,		"nexthop",		"Next hop not resolved") \
	X(PUNT_MTU,		"mtu",			"Larger than the MTU of the way out") \
	X(PUNT_TTL,		"ttl",			"TTL expired on a connection that decrements it") \
	X(PUNT_INTERFACE,	"interface",		"Connection seen on another interface") \
	X(PUNT_INTERCEPT,	"intercept",		"Valid SYN cookie: a client to be joined with its server") \
	X(PUNT_PROBE,		"probe",		"Empty segment of a host that dead connection detection probes") \
	X(PUNT_ADDRESS,		"address",		"Certainly bad, or refused at the box itself: to be logged and dropped") \
	X(PUNT_NORMALIZE,	"normalize",		"TCP segment that the normalizer wants to see whole")
/* clang-format on */

enum asa_punt {
	PUNT_NONE = 0,
#define ASA_PUNT_ENUM(sym, kw, text) sym,
	ASA_PUNT_LIST(ASA_PUNT_ENUM)
#undef ASA_PUNT_ENUM
		ASA_PUNT_MAX
};

#define ASA_PUNT_MAGIC 0xa5a0001u

/* In front of the frame (XDP metadata area), 24 bytes, a multiple of 4. */
struct asa_punt_meta {
	__u16 cause; /* enum asa_punt */
	__u16 ifindex;
	__u32 ref; /* ASA_REF of the connection found, 0 none */
	__u32 tick;
	__u16 rx_queue;
	__u16 pad;
	__u32 pad2;
	__u32 magic; /* ASA_PUNT_MAGIC: last, next to the frame */
};
_Static_assert(sizeof(struct asa_punt_meta) == 24, "asa_punt_meta is 24 bytes");

#endif
