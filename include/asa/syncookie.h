/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SYN cookies: the answer to a SYN that needs no memory (TCP intercept, INT-1 to INT-4).
 *
 * Responsible for: making and checking cookies, the segment that carries one, the rows by which the
 * daemon tells the XDP program which destinations to answer for.
 * Not responsible for: when to intercept, joining the two halves (daemon/engine/intercept*.c).
 *
 * A cookie is the initial sequence number of the SYN-ACK:
 *
 *	bits 31-24	what the client offered: MSS (index, 3 bits), SACK (1), window scale (4)
 *	bits 23-0	SipHash-1-3 (Aumasson, Bernstein) over addresses, ports, the client's own number, the
 *			eight bits above and the time in units of 34 s
 *
 * It is good for the unit it was made in and the next one: 34 to 68 s. The key changes every 32
 * units (18 min); the one before is kept, so that the change costs nobody a connection. A guess is
 * right once in 2^22 tries (two units, two numbers), and what it opens still has to pass the access
 * rules.
 *
 * Timestamps: where the server is known to use them, the SYN-ACK offers them to clients that do; the
 * client's next segment brings both values, and nothing has to be remembered. The server's clock is
 * another than the cookie's: the difference is added to its timestamps, and taken from their echoes,
 * for the connection's life (ASA_DIR_TS).
 *
 * What a cookie cannot carry: an MSS that is not in the table (the next smaller one is taken), ECN, and
 * options unknown to us: nothing is ever echoed. A server's window scale and timestamps are offered
 * only once one of its connections has shown them.
 *
 * The window in the SYN-ACK is zero: no data comes before the server has joined, and none is lost
 * or has to be stored. A client whose ACK is lost therefore sends no data that would bring the cookie
 * again, but probes of the closed window, which carry its first number instead of the next one: these
 * are as good (asa_cookie_check() tries both). Callers: bpf/syncookie.bpf.h, the daemon. No state, any thread.
 */
#ifndef ASA_SYNCOOKIE_H
#define ASA_SYNCOOKIE_H

#include "csum.h"
#include "flow.h"
#include "parse.h"
#include "tcp_options.h"

#define ASA_MAP_INTERCEPT "asa_intercept"
#define ASA_MAP_INTERCEPT_HITS "asa_intercept_hits"
#define ASA_MAP_INTERCEPT_HOT "asa_intercept_hot"
#define ASA_MAP_COOKIE_KEYS "asa_cookie_keys"
#define ASA_MAP_JUMP "asa_jump"
#define ASA_PROGRAM_SYNCOOKIE "asa_syncookie"

/* Rows of asa_intercept. With 'src' zero all clients are meant, otherwise this one (LIM-5). */
#define ASA_INTERCEPT_MAX 1024
struct asa_intercept_key {
	struct asa_addr dst; /* as on the wire at ingress */
	struct asa_addr src;
	__u32 in_if;
	__u16 in_vlan;
	__be16 port;
	__u8 ctx;
	__u8 pad[7];
};
_Static_assert(sizeof(struct asa_intercept_key) == 48, "asa_intercept_key is 48 bytes");

enum asa_intercept_flag {
	ASA_INTERCEPT_ANSWER = 1 << 0, /* answer SYNs; without it only check what still comes back */
	ASA_INTERCEPT_TS = 1 << 1, /* the server uses timestamps: offer them to clients that do */
};
struct asa_intercept {
	__u16 row; /* of asa_intercept_hits */
	__u16 mss; /* to offer in the server's name */
	__u8 wscale; /* the server's, ASA_COOKIE_NO_WSCALE: not known or none */
	__u8 flags; /* enum asa_intercept_flag */
	__u16 pad;
};
_Static_assert(sizeof(struct asa_intercept) == 8, "asa_intercept is 8 bytes");

/*
 * The rows of asa_intercept that mean all clients and answer, where one multiplication finds them: a
 * flood must not pay for a hash of 48 bytes. Two that meet in a row take turns; who is not here is
 * found in asa_intercept. The daemon writes; what is compared is behind what is used, so that a row
 * that is being written is not taken for another.
 */
#define ASA_INTERCEPT_HOT_ROWS 256
struct asa_intercept_hot {
	struct asa_intercept row;
	struct asa_addr dst; /* these as in struct asa_intercept_key */
	__u32 in_if; /* 0: nothing here */
	__u16 in_vlan;
	__be16 port;
	__u8 ctx;
	__u8 pad[7];
};
_Static_assert(sizeof(struct asa_intercept_hot) == 40, "asa_intercept_hot is 40 bytes");

/* => 'secret' is asa_config.hash_key */
asa_inline __u32 asa_intercept_hot_row(const struct asa_addr *dst, __be16 port, const __u64 secret[4])
{
	__u64 h = dst->d[0] * (secret[0] | 1) + (dst->d[1] ^ port) * (secret[1] | 1);

	return (__u32)(h >> 56);
}
_Static_assert(ASA_INTERCEPT_HOT_ROWS == 1 << (64 - 56), "a row for every hash");

/* Per-CPU counters of a row. XDP writes. */
struct asa_intercept_hits {
	__u64 sent, good, bad;
	__u32 seen; /* tick of the last SYN */
	__u32 pad;
	struct asa_addr src; /* its sender */
};
_Static_assert(sizeof(struct asa_intercept_hits) == 48, "asa_intercept_hits is 48 bytes");

/* asa_config.intercept: are there rows, and of which kind. */
#define ASA_INTERCEPT_ANY 1
#define ASA_INTERCEPT_CLIENTS 2

/* The one row of asa_cookie_keys. Written by the daemon, a key well before it is used. */
struct asa_cookie_keys {
	__u64 key[2][2]; /* of even and odd epochs */
	__u32 epoch[2]; /* for which they were made, plus one; 0 none */
	__u64 pad[3];
};
_Static_assert(sizeof(struct asa_cookie_keys) == 64, "asa_cookie_keys is one cache line");

#define ASA_COOKIE_TIME_SHIFT 15 /* ticks: 34.36 s */
#define ASA_COOKIE_TIME_MASK 0x1ffffu /* what a tick has left */
#define ASA_COOKIE_EPOCH_SHIFT 5 /* units of time to a key */
#define ASA_COOKIE_EPOCH_MASK (ASA_COOKIE_TIME_MASK >> ASA_COOKIE_EPOCH_SHIFT)
#define ASA_COOKIE_NO_WSCALE 15
#define ASA_COOKIE_MAC_MASK 0xffffffu

/* ------------------------------------------------------------------------------------- SipHash */

#define ASA_SIP_ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))
#define ASA_SIP_ROUND(v0, v1, v2, v3)                                        \
	do {                                                                 \
		v0 += v1, v1 = ASA_SIP_ROTATE(v1, 13), v1 ^= v0;             \
		v0 = ASA_SIP_ROTATE(v0, 32);                                 \
		v2 += v3, v3 = ASA_SIP_ROTATE(v3, 16), v3 ^= v2;             \
		v0 += v3, v3 = ASA_SIP_ROTATE(v3, 21), v3 ^= v0;             \
		v2 += v1, v1 = ASA_SIP_ROTATE(v1, 17), v1 ^= v2;             \
		v2 = ASA_SIP_ROTATE(v2, 32);                                 \
	} while (0)
#define ASA_SIP_WORD(m, c)                                                   \
	do {                                                                 \
		v3 ^= (m);                                                   \
		ASA_SIP_ROUND(v0, v1, v2, v3);                               \
		if ((c) > 1)                                                 \
			ASA_SIP_ROUND(v0, v1, v2, v3);                       \
		v0 ^= (m);                                                   \
	} while (0)

/*
 * SipHash-c-d (1-3 or 2-4) of n words of 64 bits and of the last block: the message's length in its top
 * byte, and the up to seven bytes of the message that the words leave. (n is a constant where it matters.)
 */
asa_inline __u64 asa_siphash_last(const __u64 key[2], const __u64 *words, int n, __u64 last, int c, int d)
{
	__u64 v0 = key[0] ^ 0x736f6d6570736575ull, v1 = key[1] ^ 0x646f72616e646f6dull;
	__u64 v2 = key[0] ^ 0x6c7967656e657261ull, v3 = key[1] ^ 0x7465646279746573ull;
	int i;

#ifdef __clang__
#pragma unroll
#endif
	for (i = 0; i < n; i++)
		ASA_SIP_WORD(words[i], c);
	ASA_SIP_WORD(last, c);
	v2 ^= 0xff;
	ASA_SIP_ROUND(v0, v1, v2, v3);
	ASA_SIP_ROUND(v0, v1, v2, v3);
	ASA_SIP_ROUND(v0, v1, v2, v3);
	if (d > 3)
		ASA_SIP_ROUND(v0, v1, v2, v3);
	return v0 ^ v1 ^ v2 ^ v3;
}

/* SipHash-2-4 of whole words. */
asa_inline __u64 asa_siphash(const __u64 key[2], const __u64 *words, int n)
{
	return asa_siphash_last(key, words, n, (__u64)n * 8 << 56, 2, 4);
}

/* ------------------------------------------------------------------------------------- cookies */

asa_inline __u32 asa_cookie_time(__u32 tick)
{
	return tick >> ASA_COOKIE_TIME_SHIFT;
}

asa_inline __u32 asa_cookie_epoch(__u32 time)
{
	return time >> ASA_COOKIE_EPOCH_SHIFT;
}

/* The eight bits: MSS index, SACK, window scale. */
#define ASA_COOKIE_MSS(i)                                                                          \
	((__u16)((i) == 0 ? 536 : (i) == 1 ? 1200 : (i) == 2 ? 1300 : (i) == 3 ? 1360 :            \
		 (i) == 4 ? 1400 : (i) == 5 ? 1440 : (i) == 6 ? 1452 : 1460))

/* 'wscale' is ASA_COOKIE_NO_WSCALE for none; mss 0: not offered, which means 536 (RFC 9293). */
asa_inline __u8 asa_cookie_data(__u16 mss, int sack, __u8 wscale)
{
	__u8 i = (mss >= 1200) + (mss >= 1300) + (mss >= 1360) + (mss >= 1400) + (mss >= 1440) +
		 (mss >= 1452) + (mss >= 1460);

	return (__u8)(i << 5 | (sack != 0) << 4 | (wscale & 15));
}
asa_inline __u16 asa_cookie_data_mss(__u8 data)
{
	__u32 i = data >> 5;

	return ASA_COOKIE_MSS(i);
}
asa_inline int asa_cookie_data_sack(__u8 data)
{
	return (data >> 4) & 1;
}
asa_inline __u8 asa_cookie_data_wscale(__u8 data)
{
	return data & 15;
}

/*
 * What a SYN's options say, as the eight bits. The options start at these offsets, -1: not there; they are
 * as long as asa_tcp_find_option() is asked for by asa_cookie_options().
 */
asa_inline __u8 asa_cookie_options_at(const __u8 options[ASA_TCP_OPTIONS_BUFFER], int mss_at, int scale_at,
				      int sack_at)
{
	__u8 shift = ASA_COOKIE_NO_WSCALE;
	__u16 mss = 0;

	if (mss_at >= 0)
		mss = (__u16)(options[asa_index64(mss_at + 2)] << 8 | options[asa_index64(mss_at + 3)]);
	if (scale_at >= 0) {
		shift = options[asa_index64(scale_at + 2)];
		if (shift > 14)
			shift = 14;
	}
	return asa_cookie_data(mss, sack_at >= 0, shift);
}

/* The same for options that are still to be looked at, as asa_tcp_find_option() wants them. */
asa_inline __u8 asa_cookie_options(const __u8 options[ASA_TCP_OPTIONS_BUFFER], __u32 size)
{
	return asa_cookie_options_at(options, asa_tcp_find_option(options, size, ASA_TCPOPT_MSS, 4),
				     asa_tcp_find_option(options, size, ASA_TCPOPT_WSCALE, 3),
				     asa_tcp_find_option(options, size, ASA_TCPOPT_SACK_PERMITTED, 2));
}

/*
 * The keyed part: SipHash-1-3, because an answer to a flood has no time to lose, the secret changes
 * every 18 minutes, and a guess of these 24 bits needs no analysis.
 * => 'k' is the key of the client's segments, 'isn' the client's first number
 */
asa_inline __u32 asa_cookie_mac(const struct asa_cookie_keys *keys, const struct asa_key *k,
				__u32 isn, __u32 time, __u8 data)
{
	const __u64 *key = keys->key[asa_cookie_epoch(time) & 1];
	__u64 ports = (__u64)k->sport | (__u64)k->dport << 16 | (__u64)isn << 32;
	__u64 rest = (__u64)time | (__u64)data << 32 | (__u64)k->ctx << 40;

	if (asa_addr_is_v4(&k->src)) {
		const __u64 words[2] = { (__u64)k->src.w[3] | (__u64)k->dst.w[3] << 32, ports };

		return (__u32)asa_siphash_last(key, words, 2, (__u64)23 << 56 | rest, 1, 3) & ASA_COOKIE_MAC_MASK;
	} else {
		const __u64 words[5] = { k->src.d[0], k->src.d[1], k->dst.d[0], k->dst.d[1], ports };

		return (__u32)asa_siphash_last(key, words, 5, (__u64)47 << 56 | rest, 1, 3) & ASA_COOKIE_MAC_MASK;
	}
}

asa_inline __u32 asa_cookie_make(const struct asa_cookie_keys *keys, const struct asa_key *k,
				 __u32 isn, __u32 tick, __u8 data)
{
	return (__u32)data << 24 | asa_cookie_mac(keys, k, isn, asa_cookie_time(tick), data);
}

/*
 * Does a segment acknowledge a cookie of ours?
 * => seq, ack: of the segment; the client's first number is seq - 1, the cookie ack - 1
 * => 1: yes, and the eight bits are (ack - 1) >> 24; 2: as a probe, whose seq is the first number
 */
asa_inline int asa_cookie_check(const struct asa_cookie_keys *keys, const struct asa_key *k,
				__u32 seq, __u32 ack, __u32 tick)
{
	__u32 cookie = ack - 1, time = asa_cookie_time(tick), mac = cookie & ASA_COOKIE_MAC_MASK;
	__u32 before = (time - 1) & ASA_COOKIE_TIME_MASK;
	__u8 data = (__u8)(cookie >> 24);

	if (asa_cookie_mac(keys, k, seq - 1, time, data) == mac ||
	    asa_cookie_mac(keys, k, seq - 1, before, data) == mac)
		return 1;
	return asa_cookie_mac(keys, k, seq, time, data) == mac ||
			       asa_cookie_mac(keys, k, seq, before, data) == mac ?
		       2 :
		       0;
}

/* ------------------------------------------------------------------------------------- segment */

#define ASA_COOKIE_OPTIONS 12 /* MSS, SACK permitted, window scale; what is not offered is padding */
#define ASA_COOKIE_L4 (ASA_TCP_SIZE + ASA_COOKIE_OPTIONS)
#define ASA_COOKIE_MORE 8 /* bytes more when a SYN has timestamps, too */

#define ASA_COOKIE_TS_START asa_htonl(0x0101080a) /* NOP, NOP, timestamps: RFC 7323 appendix A */

/* A segment without data, to be written into a frame. */
struct asa_cookie_seg {
	__u32 seq, ack;
	__u16 window;
	__u16 mss; /* 0: no such option */
	__u8 flags; /* enum asa_tcp_flag */
	__u8 wscale; /* ASA_COOKIE_NO_WSCALE: no such option */
	__u8 sack;
	__u8 ts; /* timestamps: in a SYN beside the others, otherwise alone */
	__u32 ts_val, ts_ecr;
};

/* => bytes that the segment has more than asa_cookie_l3_size() */
asa_inline __u32 asa_cookie_more(const struct asa_cookie_seg *s)
{
	return s->ts && (s->flags & ASA_TCP_SYN) ? ASA_COOKIE_MORE : 0;
}

asa_inline __u32 asa_cookie_l3_size(int v6)
{
	return (v6 ? ASA_IP6_SIZE : ASA_IP4_SIZE) + ASA_COOKIE_L4;
}

/*
 * Write IP and TCP header with options and checksums.
 * => l3: asa_cookie_l3_size(v6) + more bytes; more: asa_cookie_more(s), a constant where it matters
 * => the segment goes from k->dst to k->src if 'back', from k->src to k->dst otherwise
 */
asa_inline void asa_cookie_write_more(void *l3, int v6, __u32 more, const struct asa_key *k, int back,
				      const struct asa_cookie_seg *s)
{
	const struct asa_addr *src = back ? &k->dst : &k->src, *dst = back ? &k->src : &k->dst;
	const __u32 size = ASA_COOKIE_L4 + more;
	__u32 words[10]; /* the TCP header as it lies in memory */
	void *l4;
	__u64 sum;
	int i;

	words[0] = asa_htonl((__u32)asa_ntohs(back ? k->dport : k->sport) << 16 |
			     asa_ntohs(back ? k->sport : k->dport));
	words[1] = asa_htonl(s->seq);
	words[2] = asa_htonl(s->ack);
	words[3] = asa_htonl(size / 4 << 28 | (__u32)s->flags << 16 | s->window);
	words[4] = 0;
	words[5] = asa_htonl(s->mss ? 0x02040000u | s->mss : 0x01010101u);
	words[6] = asa_htonl(s->sack ? 0x01010402u : 0x01010101u);
	words[7] = asa_htonl(s->wscale != ASA_COOKIE_NO_WSCALE ? 0x01030300u | s->wscale :
								 0x01010101u);
	words[8] = words[9] = 0;
	if (more) {
		words[9] = words[7];
		words[6] = asa_htonl(s->sack ? 0x0402080au : 0x0101080au);
		words[7] = asa_htonl(s->ts_val);
		words[8] = asa_htonl(s->ts_ecr);
	} else if (s->ts) {
		words[5] = ASA_COOKIE_TS_START;
		words[6] = asa_htonl(s->ts_val);
		words[7] = asa_htonl(s->ts_ecr);
	}
	sum = asa_htonl(ASA_PROTO_TCP) + (__u64)asa_htonl(size);
	if (v6) {
		asa_st32(l3, asa_htonl(0x60000000));
		asa_st32(l3 + ASA_IP6_LENGTH, asa_htonl(size << 16 | ASA_PROTO_TCP << 8 | 64));
		asa_st64(l3 + ASA_IP6_SRC, src->d[0]);
		asa_st64(l3 + ASA_IP6_SRC + 8, src->d[1]);
		asa_st64(l3 + ASA_IP6_DST, dst->d[0]);
		asa_st64(l3 + ASA_IP6_DST + 8, dst->d[1]);
		sum += (__u64)src->w[0] + src->w[1] + src->w[2] + src->w[3];
		sum += (__u64)dst->w[0] + dst->w[1] + dst->w[2] + dst->w[3];
		l4 = l3 + ASA_IP6_SIZE;
	} else {
		const __u32 first = asa_htonl(0x45000000u | (ASA_IP4_SIZE + size));
		const __u32 third = asa_htonl(64u << 24 | ASA_PROTO_TCP << 16);
		const __u32 frag = asa_htonl(0x4000); /* don't fragment; needs no identification */
		__u16 check;

		check = (__u16)~asa_csum_fold((__u64)first + third + frag + src->w[3] + dst->w[3]);
		asa_st32(l3, first);
		asa_st32(l3 + ASA_IP4_ID, frag);
		asa_st32(l3 + ASA_IP4_TTL, third);
		asa_st16(l3 + ASA_IP4_CHECK, check);
		asa_st32(l3 + ASA_IP4_SRC, src->w[3]);
		asa_st32(l3 + ASA_IP4_DST, dst->w[3]);
		sum += (__u64)src->w[3] + dst->w[3];
		l4 = l3 + ASA_IP4_SIZE;
	}
	for (i = 0; i < 10; i++)
		sum += words[i];
	for (i = 0; i < 8; i++)
		asa_st32(l4 + 4 * i, words[i]);
	if (more) {
		asa_st32(l4 + 32, words[8]);
		asa_st32(l4 + 36, words[9]);
	}
	asa_st16(l4 + ASA_TCP_CHECK, (__u16)~asa_csum_fold(sum));
}

asa_inline void asa_cookie_write(void *l3, int v6, const struct asa_key *k, int back,
				 const struct asa_cookie_seg *s)
{
	asa_cookie_write_more(l3, v6, asa_cookie_more(s), k, back, s);
}

/*
 * What the SYN-ACK says but for its number, the cookie, which is asa_cookie_make() of the result.
 * => data: asa_cookie_options() of the SYN; its window scale counts only if the server's is known
 * => the eight bits to put into the cookie
 */
asa_inline __u8 asa_cookie_offer(struct asa_cookie_seg *s, const struct asa_intercept *row, __u32 isn,
				 __u8 data)
{
	__u8 wscale = row->wscale;

	if (wscale == ASA_COOKIE_NO_WSCALE)
		data |= ASA_COOKIE_NO_WSCALE;
	else if (asa_cookie_data_wscale(data) == ASA_COOKIE_NO_WSCALE)
		wscale = ASA_COOKIE_NO_WSCALE;
	s->ack = isn + 1;
	s->window = 0;
	s->mss = row->mss;
	s->flags = ASA_TCP_SYN | ASA_TCP_ACKF;
	s->wscale = wscale;
	s->sack = (__u8)asa_cookie_data_sack(data);
	s->ts = 0;
	return data;
}

/* Timestamps in a SYN-ACK to a client that sent 'client' with its SYN; 0: it sent none. */
asa_inline void asa_cookie_offer_ts(struct asa_cookie_seg *s, __u32 client, __u32 tick)
{
	s->ts = client != 0;
	s->ts_val = tick ? tick : 1;
	s->ts_ecr = client;
}

#endif
