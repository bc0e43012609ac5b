/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP maps: what the normalizer does with the segments of a connection (NRM-10 to NRM-23).
 *
 * Responsible for: the one form in which a map is configured, compiled, shared with the XDP program
 * (asa_tcp_maps, a pinned array) and asked.  A flag is set where the map differs from the default,
 * so that no flag at all is what connections of no class get: row 0.
 * Not responsible for: acting (tcp_norm.h), words and ranges (daemon/config/cmd_tcp_map.c).
 *
 * Life cycle of a row: written by the daemon before the first connection that uses it is published,
 * not changed while one does (a changed map is another row, so that a connection keeps what it began
 * with, MPF-11).  asa_half.tcp_map is the row.
 */
#ifndef ASA_TCP_MAP_H
#define ASA_TCP_MAP_H

#include "types.h"

enum asa_tcp_map_flag {
	ASA_TM_CHECK_RETRANSMISSION = 1 << 0,
	ASA_TM_CHECKSUM = 1 << 1, /* checksum-verification */
	ASA_TM_MSS_DROP = 1 << 2, /* exceed-mss drop */
	ASA_TM_RESERVED_CLEAR = 1 << 3, /* reserved-bits clear */
	ASA_TM_RESERVED_DROP = 1 << 4, /* reserved-bits drop */
	ASA_TM_SYN_DATA_DROP = 1 << 5, /* syn-data drop */
	ASA_TM_SYNACK_DATA_ALLOW = 1 << 6, /* synack-data allow */
	ASA_TM_ACK_ALLOW = 1 << 7, /* invalid-ack allow */
	ASA_TM_SEQ_ALLOW = 1 << 8, /* seq-past-window allow */
	ASA_TM_TTL_OFF = 1 << 9, /* no ttl-evasion-protection */
	ASA_TM_URGENT_ALLOW = 1 << 10, /* urgent-flag allow */
	ASA_TM_WINDOW_DROP = 1 << 11, /* window-variation drop */
};

struct asa_tcp_map {
	__u32 flags; /* enum asa_tcp_map_flag */
	__u16 queue_limit; /* segments; 0: the system's default (NRM-10) */
	__u16 queue_timeout; /* seconds */
	__u32 clear[8]; /* options to replace by NOPs: a bit for each number */
	__u32 drop[8]; /* options that condemn the segment */
	__u32 users; /* connections with this row (daemon only) */
	__u32 pad[13];
};
_Static_assert(sizeof(struct asa_tcp_map) == 128, "asa_tcp_map is two cache lines");

#define ASA_TCP_MAPS_MAX 256 /* asa_half.tcp_map has 8 bits */
#define ASA_TCP_QUEUE_TIMEOUT_S 4

/* The options that have no meaning to the normalizer (NRM-23): 6, 7, 9 to 255. */
asa_inline int asa_tcp_option_ranged(__u32 kind)
{
	return kind == 6 || kind == 7 || kind >= 9;
}

asa_inline int asa_tcp_option_bit(const __u32 bits[8], __u32 kind)
{
	return bits[(kind >> 5) & 7] >> (kind & 31) & 1;
}

asa_inline void asa_tcp_option_set(__u32 bits[8], __u32 kind, int on)
{
	if (on)
		bits[(kind >> 5) & 7] |= 1u << (kind & 31);
	else
		bits[(kind >> 5) & 7] &= ~(1u << (kind & 31));
}

/* The map of connections that no class gives another. */
asa_inline void asa_tcp_map_default(struct asa_tcp_map *m)
{
	__u32 kind;

	asa_memset(m, 0, sizeof(*m));
	m->queue_timeout = ASA_TCP_QUEUE_TIMEOUT_S;
	for (kind = 0; kind < 256; kind++)
		asa_tcp_option_set(m->clear, kind, asa_tcp_option_ranged(kind));
}

#define ASA_MAP_TCP_MAPS "asa_tcp_maps"

#endif
