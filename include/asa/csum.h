/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Internet checksums: incremental changes (RFC 1624) and full sums.
 *
 * A "delta" is a 16-bit ones-complement sum of (~old + new) over all changed 16-bit words.  Deltas
 * add up in any order: what changes in a frame is summed up and folded once.
 *
 * All words are taken as they lie in memory; a ones-complement sum does not care about byte order
 * (RFC 1071 section 2), so nothing here swaps.
 *
 * Not responsible for: which fields a checksum covers (rewrite.h).  No state, any thread.
 */
#ifndef ASA_CSUM_H
#define ASA_CSUM_H

#include "bytes.h"

/* => sum: below 2^48, which is 65,536 words of 32 bits */
asa_inline __u16 asa_csum_fold(__u64 sum)
{
	sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)(sum + (sum >> 16));
}

/* Sum of (~before + after) for a changed field; add up, then fold with asa_csum_delta(). */
asa_inline __u64 asa_csum_diff16(__u16 before, __u16 after)
{
	return (__u64)(__u16)~before + after;
}
asa_inline __u64 asa_csum_diff32(__u32 before, __u32 after)
{
	return (__u64)(__u32)~before + after;
}

/* Change a field of a frame. => the difference, to be added up */
asa_inline __u64 asa_csum_put16(void *at, __u16 value)
{
	__u64 diff = asa_csum_diff16(asa_ld16(at), value);

	asa_st16(at, value);
	return diff;
}
asa_inline __u64 asa_csum_put32(void *at, __u32 value)
{
	__u64 diff = asa_csum_diff32(asa_ld32(at), value);

	asa_st32(at, value);
	return diff;
}

/*
 * A sum of differences as a delta.
 * => 0xffff, the other zero of ones-complement arithmetic, comes out as 0: "nothing changed".
 */
asa_inline __u16 asa_csum_delta(__u64 sum)
{
	__u16 d = asa_csum_fold(sum);

	return d == 0xffff ? 0 : d;
}

/* The checksum field after a delta: HC' = ~(~HC + ~m + m'), RFC 1624 equation 3. */
asa_inline __u16 asa_csum_apply(__u16 check, __u16 delta)
{
	__u32 sum = (__u32)(__u16)~check + delta; /* one carry at most */

	return (__u16)~((sum & 0xffff) + (sum >> 16));
}

/*
 * The same for a sum of differences.
 * => where they make up nothing, a field of 0xffff becomes 0, the same number
 */
asa_inline __u16 asa_csum_change(__u16 check, __u64 sum)
{
	return (__u16)~asa_csum_fold((__u16)~check + sum);
}

/* Plain sum of bytes that start at an even offset; an odd last byte is padded with zero. */
asa_inline __u64 asa_csum_add_bytes(__u64 sum, const void *from, __u32 size)
{
	const __u8 *p = (const __u8 *)from;
	__u32 i;

	for (i = 0; i + 1 < size; i += 2)
		sum += asa_ld16(p + i);
	if (size & 1)
		sum += asa_htons((__u16)(p[size - 1] << 8));
	return sum;
}

#endif
