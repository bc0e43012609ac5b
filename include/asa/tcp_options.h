/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP options: the loop that walks them, and what is done with some of them.
 *
 * Responsible for: finding an option (RFC 9293 section 3.1), reading all of them against a TCP map,
 * replacing those that the map clears, shifting the edges of SACK blocks (RFC 2018).
 * Not responsible for: getting the options out of a frame and back.  What walks works on a copy of
 * ASA_TCP_OPTIONS_BUFFER bytes, zero behind the options: 40 at most are used, the rest lets the
 * verifier accept any index of six bits.  Options the way that hosts write them are told in the frame.
 *
 * Hostile lists (length 0 or 1, beyond the end) end the walk; asa_tcp_options_step() says so.
 * Callers: tcp_options.bpf.h, rewrite.h, the daemon (first segments, MSS).  No state, any thread.
 */
#ifndef ASA_TCP_OPTIONS_H
#define ASA_TCP_OPTIONS_H

#include "csum.h"
#include "parse.h"
#include "tcp_map.h"

enum asa_tcp_option {
	ASA_TCPOPT_END = 0,
	ASA_TCPOPT_NOP = 1,
	ASA_TCPOPT_MSS = 2,
	ASA_TCPOPT_WSCALE = 3,
	ASA_TCPOPT_SACK_PERMITTED = 4,
	ASA_TCPOPT_SACK = 5,
	ASA_TCPOPT_TIMESTAMP = 8,
};

/* What asa_tcp_options_step() has found; bits of asa_tcp_seg.options. */
enum asa_tcp_seen {
	ASA_OPT_MSS = 1 << 0,
	ASA_OPT_WSCALE = 1 << 1,
	ASA_OPT_SACK_PERMITTED = 1 << 2,
	ASA_OPT_SACK = 1 << 3,
	ASA_OPT_TS = 1 << 4,
	ASA_OPT_CLEAR = 1 << 5, /* the map wants one replaced */
	ASA_OPT_DROP = 1 << 6, /* the map does not want the segment */
	ASA_OPT_BAD = 1 << 7, /* the list is broken, or a length does not fit its option */
};

#define ASA_SACK_EDGES_MAX 8 /* four blocks fill 40 bytes */

/*
 * The way that hosts write timestamps (RFC 7323 appendix A): the first four of twelve bytes,
 * "NOP, NOP, timestamps of 10 bytes".  For SACK blocks see asa_sack_usual().
 */
#define ASA_TS_USUAL_START asa_htonl(0x0101080a)
#define ASA_TS_USUAL_SIZE 12

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

/*
 * Which option is this, and does its length fit? (RFC 9293 section 3.2, 7323 sections 2.2 and 3.2,
 * 2018 sections 2 and 3) => a bit of enum asa_tcp_seen, 0 for those without meaning here
 */
asa_inline __u32 asa_tcp_option_known(__u32 kind, __u32 length)
{
	switch (kind) {
	case ASA_TCPOPT_MSS:
		return length == 4 ? ASA_OPT_MSS : ASA_OPT_BAD;
	case ASA_TCPOPT_WSCALE:
		return length == 3 ? ASA_OPT_WSCALE : ASA_OPT_BAD;
	case ASA_TCPOPT_SACK_PERMITTED:
		return length == 2 ? ASA_OPT_SACK_PERMITTED : ASA_OPT_BAD;
	case ASA_TCPOPT_SACK:
		return length >= 10 && (length & 7) == 2 ? ASA_OPT_SACK : ASA_OPT_BAD;
	case ASA_TCPOPT_TIMESTAMP:
		return length == 10 ? ASA_OPT_TS : ASA_OPT_BAD;
	default:
		return 0;
	}
}

asa_inline __u32 asa_tcp_options_ld32(const __u8 options[ASA_TCP_OPTIONS_BUFFER], __u32 at)
{
	return (__u32)options[asa_index64(at)] << 24 | (__u32)options[asa_index64(at + 1)] << 16 |
	       (__u32)options[asa_index64(at + 2)] << 8 | options[asa_index64(at + 3)];
}

/*
 * A walk over the options of one segment.  In the driver it lives in memory that the verifier knows
 * nothing of, and each step is a callback of bpf_loop(): so it looks at one step only.
 */
struct asa_tcp_list {
	__u8 bytes[ASA_TCP_OPTIONS_BUFFER]; /* a copy, zero behind 'size' */
	__u32 size;
	__u32 at; /* where the next option starts */
	__u32 clearing; /* asa_tcp_options_clear(): this option is being replaced */
	__u32 pad;
};

/*
 * Read the option at o->at, and ask the map about it.
 * => s: options, ts, mss, wscale; an option that the map clears counts as not there, but for
 *    ASA_OPT_CLEAR; one that stands twice makes the list bad: two hosts need not read it alike
 * => 1 at the end of the list, else 0
 */
asa_inline long asa_tcp_options_step(struct asa_tcp_list *o, const struct asa_tcp_map *m,
				     struct asa_tcp_seg *s)
{
	__u32 at = o->at, length, kind, what;

	if (at >= ASA_TCP_OPTIONS_MAX || at >= o->size)
		return 1;
	kind = o->bytes[asa_index64(at)];
	if (kind == ASA_TCPOPT_END)
		return 1;
	o->at = at + 1;
	if (kind == ASA_TCPOPT_NOP)
		return 0;
	length = o->bytes[asa_index64(at + 1)];
	if (at + 1 >= o->size || length < 2 || at + length > o->size) {
		s->options |= ASA_OPT_BAD;
		return 1;
	}
	o->at = at + length;
	what = asa_tcp_option_known(kind, length);
	if (what & s->options & (__u32)~ASA_OPT_SACK)
		what = ASA_OPT_BAD;
	if (asa_tcp_option_bit(m->drop, kind))
		what = ASA_OPT_DROP;
	else if (asa_tcp_option_bit(m->clear, kind))
		what = ASA_OPT_CLEAR;
	s->options |= (__u8)what;
	if (what == ASA_OPT_TS)
		s->ts = asa_tcp_options_ld32(o->bytes, at + 2);
	else if (what == ASA_OPT_MSS)
		s->mss = (__u16)(asa_tcp_options_ld32(o->bytes, at) & 0xffff);
	else if (what == ASA_OPT_WSCALE)
		s->wscale = o->bytes[asa_index64(at + 2)];
	return 0;
}

/*
 * Byte 'i' of the options, from 0 upwards: a NOP if its option is one that the map clears.
 * => 1 at the end of the list, else 0; the list has been read before and is not bad
 */
asa_inline long asa_tcp_options_clear(struct asa_tcp_list *o, const struct asa_tcp_map *m, __u32 i)
{
	__u32 kind, length;

	if (i >= ASA_TCP_OPTIONS_MAX || i >= o->size)
		return 1;
	if (i == o->at) {
		kind = o->bytes[asa_index64(i)];
		length = kind == ASA_TCPOPT_NOP ? 1 : o->bytes[asa_index64(i + 1)];
		if (kind == ASA_TCPOPT_END || !length)
			return 1;
		o->at = i + length;
		o->clearing = kind != ASA_TCPOPT_NOP && asa_tcp_option_bit(m->clear, kind);
	}
	if (o->clearing)
		o->bytes[asa_index64(i)] = ASA_TCPOPT_NOP;
	return 0;
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

/* The checksum delta of what changed since the sum was 'before'. */
asa_inline __u16 asa_tcp_options_delta(const __u8 options[ASA_TCP_OPTIONS_BUFFER], __u64 before)
{
	__u64 after = asa_tcp_options_sum(options);

	return asa_csum_delta((__u16)~asa_csum_fold(before) + (__u64)asa_csum_fold(after));
}

#ifndef __BPF__
/* The driver has the same two walks in bpf/tcp_options.bpf.h. */
static inline void asa_tcp_options_read(struct asa_tcp_list *o, const struct asa_tcp_map *m,
					struct asa_tcp_seg *s)
{
	while (!asa_tcp_options_step(o, m, s))
		;
}

/* => the checksum delta of the change */
static inline __u16 asa_tcp_options_replace(struct asa_tcp_list *o, const struct asa_tcp_map *m)
{
	__u64 before = asa_tcp_options_sum(o->bytes);
	__u32 i;

	for (i = 0; !asa_tcp_options_clear(o, m, i); i++)
		;
	return asa_tcp_options_delta(o->bytes, before);
}
#endif

/*
 * Do SACK blocks behind two NOPs fill 'size' bytes? That is how hosts write them (RFC 2018 section 3).
 * => start: the first four of these bytes
 */
asa_inline int asa_sack_usual(__be32 start, __u32 size)
{
	return size - 12 <= ASA_TCP_OPTIONS_MAX - 12 && (size & 7) == 4 &&
	       start == asa_htonl(0x01010000 | ASA_TCPOPT_SACK << 8 | (size - 2));
}

/*
 * Subtract 'add' from the edges of SACK blocks in a frame, if the options are timestamps, SACK blocks, or
 * both, the way that hosts write them: a copy to a buffer and back costs more than all else that is done.
 * => options, size: those of the header; end: of the frame
 * => the checksum delta; -1: something else, nothing was changed
 */
asa_inline int asa_sack_shift_usual(void *options, const void *end, __u32 size, __u32 add)
{
	__u8 *p = (__u8 *)options;
	__u64 sum = 0;
	__u32 i;

	if (size >= ASA_TS_USUAL_SIZE && asa_fits(p, 4, end) && asa_ld32(p) == ASA_TS_USUAL_START) {
		if (size == ASA_TS_USUAL_SIZE)
			return 0;
		p += ASA_TS_USUAL_SIZE;
		size -= ASA_TS_USUAL_SIZE;
	}
	if (!asa_fits(p, 4, end) || !asa_sack_usual(asa_ld32(p), size))
		return -1;
	for (i = 4; i < 4 + 4 * ASA_SACK_EDGES_MAX && i < size; i += 4) {
		p += 4;
		if (!asa_fits(p, 4, end)) /* for the verifier: the header is whole */
			break;
		sum += asa_csum_put32(p, asa_htonl(asa_ldn32(p) - add));
	}
	return asa_csum_delta(sum);
}

/*
 * Subtract 'add' from the edges of the SACK blocks in the option at 'at'; -1: there is none.
 * => the checksum delta of the change
 */
asa_inline __u16 asa_sack_shift_at(__u8 options[ASA_TCP_OPTIONS_BUFFER], int at, __u32 add)
{
	int i;
	__u32 edge, n, v;
	__u64 before;

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
	return asa_tcp_options_delta(options, before);
}

/* The same for options that are still to be looked at. */
asa_inline __u16 asa_sack_shift(__u8 options[ASA_TCP_OPTIONS_BUFFER], __u32 size, __u32 add)
{
	return asa_sack_shift_at(options, asa_tcp_find_option(options, size, ASA_TCPOPT_SACK, 10), add);
}

/* Where the number lies that ASA_DIR_TS changes, in the timestamps option at 'at'. */
asa_inline __u32 asa_ts_place(int at, int echo)
{
	return (__u32)at + (echo ? 6 : 2);
}

/* The checksum delta of a number that changes at 'place' of the options, which may be odd. */
asa_inline __u16 asa_ts_delta(__u32 before, __u32 after, __u32 place)
{
	__u16 delta = asa_csum_delta(asa_csum_diff32(asa_htonl(before), asa_htonl(after)));

	return place & 1 ? (__u16)(delta << 8 | delta >> 8) : delta;
}

#endif
