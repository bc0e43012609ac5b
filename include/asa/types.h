/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Basic types of the contract between the XDP program and the daemon.
 *
 * Everything below include/asa/ is compiled twice: by clang for the BPF target and by the
 * system compiler for the daemon. It uses fixed-width types only, no bit-fields, explicit and
 * zeroed padding, and asserts its sizes, so that both sides see the same bytes.
 *
 * Not here: anything that only one side needs.
 */
#ifndef ASA_TYPES_H
#define ASA_TYPES_H

#include <linux/types.h>

/* Bumped whenever the layout or the meaning of a pinned map changes (see asa_config.version). */
#define ASA_CONTRACT_VERSION 6u

#define asa_inline static inline __attribute__((always_inline))
#define asa_likely(x) __builtin_expect(!!(x), 1)
#define asa_unlikely(x) __builtin_expect(!!(x), 0)

#ifndef __BPF__
#include <string.h>
#define asa_memcpy memcpy
#define asa_memset memset
#else
#define asa_memcpy __builtin_memcpy
#define asa_memset __builtin_memset
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define asa_htons(x) ((__be16)__builtin_bswap16((__u16)(x)))
#define asa_htonl(x) ((__be32)__builtin_bswap32((__u32)(x)))
#else
#define asa_htons(x) ((__be16)(x))
#define asa_htonl(x) ((__be32)(x))
#endif
#define asa_ntohs(x) ((__u16)asa_htons(x))
#define asa_ntohl(x) ((__u32)asa_htonl(x))

/* An IPv4 or IPv6 address in wire order; IPv4 is kept as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
struct asa_addr {
	union {
		__u8 b[16];
		__be16 h[8];
		__be32 w[4];
		__u64 d[2];
	};
};

_Static_assert(sizeof(struct asa_addr) == 16, "asa_addr is 16 bytes");

/* The second half of the address that an IPv4 address in wire order is kept as. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ASA_V4_MAPPED(v4) ((__u64)(v4) << 32 | 0xffff0000u)
#else
#define ASA_V4_MAPPED(v4) (0xffffull << 32 | (v4))
#endif

asa_inline void asa_addr_set_v4(struct asa_addr *a, __be32 v4)
{
	a->d[0] = 0;
	a->d[1] = ASA_V4_MAPPED(v4); /* one store: it is read as one word */
}

asa_inline int asa_addr_is_v4(const struct asa_addr *a)
{
	return a->d[0] == 0 && a->w[2] == asa_htonl(0x0000ffff);
}

asa_inline int asa_addr_equal(const struct asa_addr *a, const struct asa_addr *b)
{
	return ((a->d[0] ^ b->d[0]) | (a->d[1] ^ b->d[1])) == 0;
}

/*
 * Time in the shared maps: CLOCK_MONOTONIC nanoseconds >> 20 ("ticks" of 1.048576 ms), 32 bits,
 * which wrap after 52 days. Compare by signed difference only. XDP stamps with the coarse clock.
 */
#define ASA_TICK_SHIFT 20
asa_inline __u32 asa_tick_from_ns(__u64 ns)
{
	return (__u32)(ns >> ASA_TICK_SHIFT);
}
asa_inline __u32 asa_ticks_from_ms(__u64 ms)
{
	return (__u32)((ms * 1000000ull) >> ASA_TICK_SHIFT);
}
asa_inline __u64 asa_ms_from_ticks(__u32 ticks)
{
	return ((__u64)ticks << ASA_TICK_SHIFT) / 1000000ull;
}

/* Interfaces are used as array indexes in the shared maps; larger numbers are refused at attach. */
#define ASA_IFINDEX_MAX 4096
/* Receive queues per interface that can have a socket (row = ifindex * ASA_QUEUES_MAX + queue). */
#define ASA_QUEUES_MAX 64

#endif
