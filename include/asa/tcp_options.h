/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP options: the one loop that walks them, and what is done with two of them.
 *
 * Responsible for: finding an option (RFC 9293 section 3.1), the window scale (RFC 7323), shifting
 * the edges of SACK blocks (RFC 2018).
 * Not responsible for: getting the options out of a frame and back.  Everything here works on a
 * copy of ASA_TCP_OPTIONS_BUFFER bytes, zero behind the options: 40 at most are used, the rest lets
 * the verifier accept any index of six bits.
 *
 * Hostile lists (length 0 or 1, beyond the end) end the walk; what was found before counts.
 * Callers: tcp_options.bpf.h, rewrite.h, the daemon (first segments, MSS).  No state, any thread.
 */
#ifndef ASA_TCP_OPTIONS_H
#define ASA_TCP_OPTIONS_H

#include "csum.h"

enum asa_tcp_option {
	ASA_TCPOPT_END = 0,
	ASA_TCPOPT_NOP = 1,
	ASA_TCPOPT_MSS = 2,
	ASA_TCPOPT_WSCALE = 3,
	ASA_TCPOPT_SACK_PERMITTED = 4,
	ASA_TCPOPT_SACK = 5,
	ASA_TCPOPT_TIMESTAMP = 8,
};

#define ASA_SACK_EDGES_MAX 8 /* four blocks fill 40 bytes */

/* Unrolled loops multiply the verifier's work. */
#ifdef __clang__
#define ASA_NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define ASA_NO_UNROLL
#endif

/*
 * Find the first option of a kind.
 * => its offset, with at + length <= size; the length is options[at + 1] and at least 'min'
 * => -1 if it is not there, or shorter than 'min', or the list ends or breaks before it
 * => visits every byte and acts where an option starts: so that the verifier always knows the index,
 *    and needs a tenth of the work that jumping from option to option costs it
 */
asa_inline int asa_tcp_find_option(const __u8 options[ASA_TCP_OPTIONS_BUFFER], __u32 size, __u8 kind,
				   __u32 min)
{
	__u32 at, next = 0, length;

	ASA_NO_UNROLL
	for (at = 0; at < ASA_TCP_OPTIONS_MAX; at++) {
		if (at != next)
			continue;
		if (at >= size || options[at] == ASA_TCPOPT_END)
			break;
		if (options[at] == ASA_TCPOPT_NOP) {
			next = at + 1;
			continue;
		}
		length = options[at + 1];
		if (at + 1 >= size || length < 2 || at + length > size)
			break;
		if (options[at] == kind)
			return length >= min ? (int)at : -1;
		next = at + length;
	}
	return -1;
}

/* The window scale of a SYN or SYN-ACK, -1 if not offered. */
asa_inline int asa_tcp_find_wscale(const __u8 options[ASA_TCP_OPTIONS_BUFFER], __u32 size)
{
	int at = asa_tcp_find_option(options, size, ASA_TCPOPT_WSCALE, 3);

	return at < 0 ? -1 : options[asa_index64(at + 2)];
}

asa_inline __u64 asa_tcp_options_sum(const __u8 options[ASA_TCP_OPTIONS_BUFFER])
{
	__u64 sum = 0;
	int i;

	ASA_NO_UNROLL
	for (i = 0; i < ASA_TCP_OPTIONS_MAX; i += 4)
		sum += asa_ld32(options + i);
	return sum;
}

/*
 * Subtract 'add' from the edges of the SACK blocks.
 * => the checksum delta of the change
 */
asa_inline __u16 asa_sack_shift(__u8 options[ASA_TCP_OPTIONS_BUFFER], __u32 size, __u32 add)
{
	int at = asa_tcp_find_option(options, size, ASA_TCPOPT_SACK, 10), i;
	__u64 before, after;
	__u32 edge, n, v;

	if (at < 0)
		return 0;
	before = asa_tcp_options_sum(options);
	n = (options[asa_index64(at + 1)] - 2u) / 4;
	edge = at + 2;
	ASA_NO_UNROLL
	for (i = 0; i < ASA_SACK_EDGES_MAX; i++) {
		if ((__u32)i >= n)
			break;
		v = (__u32)options[asa_index64(edge)] << 24 |
		    (__u32)options[asa_index64(edge + 1)] << 16 |
		    (__u32)options[asa_index64(edge + 2)] << 8 | options[asa_index64(edge + 3)];
		v -= add;
		options[asa_index64(edge)] = (__u8)(v >> 24);
		options[asa_index64(edge + 1)] = (__u8)(v >> 16);
		options[asa_index64(edge + 2)] = (__u8)(v >> 8);
		options[asa_index64(edge + 3)] = (__u8)v;
		edge += 4;
	}
	after = asa_tcp_options_sum(options);
	return asa_csum_delta((__u16)~asa_csum_fold(before) + (__u64)asa_csum_fold(after));
}

#endif
