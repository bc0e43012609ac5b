/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading and writing header fields in a frame, on both sides.
 *
 * Responsible for: loads and stores of any alignment, and the one form of bounds check that both
 * compilers' rules accept.  The BPF target reads fields directly (frames start 2 bytes off, the
 * machine does not mind, and byte-wise code would cost three instructions per field); the native
 * side goes through memcpy, so that UBSan stays silent and the compiler emits the same single load.
 *
 * Not responsible for: what the fields mean (parse.h) and checksums (csum.h).
 *
 * Offsets of header fields are the ASA_*_ constants below, named after the RFC's field names.
 * Callers: parse.h, rewrite.h, the daemon's frame code.  No state, any thread.
 */
#ifndef ASA_BYTES_H
#define ASA_BYTES_H

#include "types.h"

#ifdef __BPF__
#define asa_fits(p, n, end) ((void *)(p) + (n) <= (void *)(end))
#define ASA_BYTES_LOAD(bits) (*(const __u##bits *)(p))
#define ASA_BYTES_STORE(bits) (*(__u##bits *)(p) = v)
#else
#define asa_fits(p, n, end) ((const char *)(end) - (const char *)(p) >= (long)(n))
#define ASA_BYTES_LOAD(bits)                                                                       \
	({                                                                                         \
		__u##bits v_;                                                                      \
		memcpy(&v_, p, sizeof(v_));                                                        \
		v_;                                                                                \
	})
#define ASA_BYTES_STORE(bits) ((void)memcpy(p, &v, sizeof(v)))
#endif

/* The compiler forgets what it knows about a value, and where that came from. */
#define asa_opaque(x) asm volatile("" : "+r"(x))

/*
 * An index into a buffer of 64 bytes.  The verifier wants to see the bound at the access itself, and
 * a compiler that has proved it removes the mask.
 */
#ifdef __BPF__
#define asa_index64(i)                                                                             \
	({                                                                                         \
		__u32 i_ = (i);                                                                    \
		asa_opaque(i_);                                                                            \
		i_ & 63;                                                                           \
	})
#else
#define asa_index64(i) (i)
#endif

/* Values are in the order of the bytes in memory: wire order where the field is a number. */
asa_inline __u8 asa_ld8(const void *p)
{
	return *(const __u8 *)p;
}
asa_inline __u16 asa_ld16(const void *p)
{
	return ASA_BYTES_LOAD(16);
}
asa_inline __u32 asa_ld32(const void *p)
{
	return ASA_BYTES_LOAD(32);
}
asa_inline __u64 asa_ld64(const void *p)
{
	return ASA_BYTES_LOAD(64);
}
asa_inline void asa_st8(void *p, __u8 v)
{
	*(__u8 *)p = v;
}
asa_inline void asa_st16(void *p, __u16 v)
{
	ASA_BYTES_STORE(16);
}
asa_inline void asa_st32(void *p, __u32 v)
{
	ASA_BYTES_STORE(32);
}
asa_inline void asa_st64(void *p, __u64 v)
{
	ASA_BYTES_STORE(64);
}

/* Wire to host and back for the numbers read with asa_ld16() and asa_ld32(). */
asa_inline __u16 asa_ldn16(const void *p)
{
	return asa_ntohs(asa_ld16(p));
}
asa_inline __u32 asa_ldn32(const void *p)
{
	return asa_ntohl(asa_ld32(p));
}
asa_inline void asa_stn16(void *p, __u16 host)
{
	asa_st16(p, asa_htons(host));
}
asa_inline void asa_stn32(void *p, __u32 host)
{
	asa_st32(p, asa_htonl(host));
}

/* Byte offsets of header fields and header sizes. */
enum {
	ASA_ETH_DST = 0,
	ASA_ETH_SRC = 6,
	ASA_ETH_TYPE = 12,
	ASA_ETH_SIZE = 14,
	ASA_VLAN_SIZE = 4,
	ASA_VLAN_TAGS_MAX = 2,

	ASA_IP4_VIHL = 0, /* version, header length */
	ASA_IP4_TOS = 1,
	ASA_IP4_LENGTH = 2,
	ASA_IP4_ID = 4,
	ASA_IP4_FRAG = 6,
	ASA_IP4_TTL = 8,
	ASA_IP4_PROTO = 9,
	ASA_IP4_CHECK = 10,
	ASA_IP4_SRC = 12,
	ASA_IP4_DST = 16,
	ASA_IP4_SIZE = 20,

	ASA_IP6_VERSION = 0,
	ASA_IP6_LENGTH = 4,
	ASA_IP6_NEXT = 6,
	ASA_IP6_HOPS = 7,
	ASA_IP6_SRC = 8,
	ASA_IP6_DST = 24,
	ASA_IP6_SIZE = 40,

	ASA_TCP_SPORT = 0,
	ASA_TCP_DPORT = 2,
	ASA_TCP_SEQ = 4,
	ASA_TCP_ACK = 8,
	ASA_TCP_DOFF = 12,
	ASA_TCP_FLAGS = 13,
	ASA_TCP_WINDOW = 14,
	ASA_TCP_CHECK = 16,
	ASA_TCP_URGENT = 18,
	ASA_TCP_SIZE = 20,
	ASA_TCP_OPTIONS_MAX = 40,
	ASA_TCP_OPTIONS_BUFFER = 64, /* for copies, see asa_index64() */

	ASA_UDP_SPORT = 0,
	ASA_UDP_DPORT = 2,
	ASA_UDP_LENGTH = 4,
	ASA_UDP_CHECK = 6,
	ASA_UDP_SIZE = 8,

	ASA_ICMP_TYPE = 0,
	ASA_ICMP_CODE = 1,
	ASA_ICMP_CHECK = 2,
	ASA_ICMP_ID = 4,
	ASA_ICMP_SIZE = 8,
};

/* EtherTypes and protocol numbers, host order; our names, because libc and kernel headers clash. */
enum {
	ASA_ETHERTYPE_IPV4 = 0x0800,
	ASA_ETHERTYPE_ARP = 0x0806,
	ASA_ETHERTYPE_VLAN = 0x8100, /* IEEE 802.1Q */
	ASA_ETHERTYPE_QINQ = 0x88a8, /* IEEE 802.1ad */
	ASA_ETHERTYPE_IPV6 = 0x86dd,

	ASA_PROTO_HOPOPTS = 0,
	ASA_PROTO_ICMP = 1,
	ASA_PROTO_TCP = 6,
	ASA_PROTO_UDP = 17,
	ASA_PROTO_ROUTING = 43,
	ASA_PROTO_FRAGMENT = 44,
	ASA_PROTO_AH = 51,
	ASA_PROTO_ICMPV6 = 58,
	ASA_PROTO_NONE = 59,
	ASA_PROTO_DSTOPTS = 60,
	ASA_PROTO_MOBILITY = 135,
	ASA_PROTO_HIP = 139,
	ASA_PROTO_SHIM6 = 140,
};

#endif
