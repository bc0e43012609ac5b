/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keyed hashes that lead to a connection: key -> the set of slots that are its home, and a tag;
 * key -> home bucket of the index, alternate bucket, tag.
 *
 * Responsible for: the one definition of this arithmetic.  The XDP program reads the tables with it
 * (bpf/lookup.bpf.h), the daemon writes them with the same functions.
 * Not responsible for: storage, insertion, moving entries (the daemon's index module); which slot a
 * connection gets (its session module).
 *
 * The home comes from a cheap hash that is the same for a key and its reverse, so that both directions
 * of a connection that is not translated lead to the same slots: a sum over the two ends, each the
 * product of port and address, so that many connections of two hosts to a few ports do not meet. Who likes
 * can make connections that do; they are then found by the index, that is all.
 *
 * The index must withstand that, so its hash is another one: the four address words go through NH (UMAC, RFC 4418 section 5.2.2): each 64-bit word is
 * split in halves, a secret half is added to each modulo 2^32 and the halves are multiplied to 64
 * bits.  NH of two different address pairs collides with probability 2^-32 over the secret; the
 * four products are independent, so the CPU does them at once.  The fifth word (ports, protocol,
 * context) is added by XOR, and a bijective mixer spreads all bits.  A peer who does not know
 * hash_key cannot choose addresses and ports that meet in one bucket.  It is not a MAC: cookies need
 * SipHash.
 *
 * The tag is 32 bits of it, and the home bucket is the tag's low bits, so that an index that grows
 * moves its entries without looking at a single key.  The alternate bucket is home XOR an odd
 * function of the tag: each is the other's alternate, and both only gain a bit when the mask does.
 */
#ifndef ASA_HASH_H
#define ASA_HASH_H

#include "flow.h"

struct asa_hash {
	__u32 tag;
};

asa_inline __u64 asa_hash_nh(__u64 word, __u64 secret)
{
	return (__u64)((__u32)word + (__u32)secret) *
	       (__u64)((__u32)(word >> 32) + (__u32)(secret >> 32));
}

/* The fifth word of a key: ports, protocol, context. */
asa_inline __u64 asa_key_word(const struct asa_key *k)
{
	return (__u64)k->sport | (__u64)k->dport << 16 | (__u64)k->proto << 32 | (__u64)k->ctx << 40;
}

struct asa_home {
	__u32 slot; /* of these the first choice */
	__u32 set; /* row of asa_homes */
	__u32 tag; /* within ASA_SET_TAG, not 0 */
};

/*
 * The slots in which a connection is looked for before the index is asked.
 * => the same for the reverse key
 * => 'homes' is asa_config.homes; not to be asked when that is 0
 */
asa_inline struct asa_home asa_hash_set(const struct asa_key *k, const __u64 secret[4], __u32 homes)
{
	__u64 h = asa_hash_nh(k->src.d[1] ^ k->sport, secret[1]) + asa_hash_nh(k->dst.d[1] ^ k->dport, secret[1]) +
		  (k->src.d[0] + k->dst.d[0] + ((__u64)(k->proto ^ k->ctx) << 17)) * (secret[0] | 1);
	struct asa_home out;

	h = (h ^ h >> 32) * (secret[2] | 1);
	out.slot = ASA_DENSE_SLOTS + (__u32)((h >> 32) * homes * ASA_SET_SLOTS >> 32);
	out.set = out.slot / ASA_SET_SLOTS;
	out.tag = (__u32)(h * 0x9e3779b97f4a7c15ull >> 50) | 0x4000;
	return out;
}

/*
 * Which way round is a key?
 * => 0 or 1, for the reverse the other one; or, which is rare, the same: such a connection has no home
 */
asa_inline __u32 asa_key_turned(const struct asa_key *k)
{
	return (__u32)((k->src.d[1] - k->dst.d[1]) >> 63);
}

/* Four tags at once: one in each 16 bits of a word. */
#define ASA_SET_ALL 0x0001000100010001ull

/* => the sign bit of each 16 bits of 'w' whose tag is 'tags' */
asa_inline __u64 asa_set_match(__u64 w, __u64 tags)
{
	__u64 differs = (w ^ tags) & (ASA_SET_TAG * ASA_SET_ALL);

	return ~(differs + ASA_SET_TAG * ASA_SET_ALL) & (ASA_SET_TURNED * ASA_SET_ALL);
}

/*
 * Who has this tag?
 * => 0: nobody; else 2 * slot in the row + ASA_SET_TURNED as 0 or 1, + 0x100
 */
asa_inline __u32 asa_set_find(const struct asa_set *s, __u32 tag)
{
	__u64 tags = tag * ASA_SET_ALL;
	__u64 w0 = s->w[0], w1 = s->w[1], w2 = s->w[2], w3 = s->w[3];
	__u64 m0 = asa_set_match(w0, tags), m1 = asa_set_match(w1, tags);
	__u64 m2 = asa_set_match(w2, tags), m3 = asa_set_match(w3, tags);
	__u64 any = (m0 | m1 | m2 | m3) >> 15, word, turned;

	if (asa_unlikely(!any))
		return 0;
	/* At most one bit is set: sums over the four 16 bits by multiplication. */
	word = (m1 >> 15) + (m2 >> 14) + (m3 >> 15) + (m3 >> 14);
	turned = ((w0 & m0) | (w1 & m1) | (w2 & m2) | (w3 & m3)) >> 15;
	return 0x100 + (__u32)((any * 0x0000000200040006ull + (word * 8 + turned) * ASA_SET_ALL) >> 48);
}

/* Whose key may it be? => ASA_REF, for the key there to be compared; 0: nobody's of the set */
asa_inline __u32 asa_set_ref(const struct asa_set *s, const struct asa_home *home,
			     const struct asa_key *key)
{
	__u32 found = asa_set_find(s, home->tag);
	__u32 slot = home->set * ASA_SET_SLOTS + (found >> 1 & (ASA_SET_SLOTS - 1));

	return found ? ASA_REF(slot, (found ^ asa_key_turned(key)) & 1) : 0;
}

/*
 * Hash a key.
 * => 'secret' is asa_config.hash_key: four random 64-bit numbers, the second of them odd.
 */
asa_inline struct asa_hash asa_hash_key(const struct asa_key *k, const __u64 secret[4])
{
	struct asa_hash out;
	__u64 h;

	h = asa_hash_nh(k->src.d[0], secret[0]) + asa_hash_nh(k->src.d[1], secret[1]) +
	    asa_hash_nh(k->dst.d[0], secret[2]) + asa_hash_nh(k->dst.d[1], secret[3]);
	h ^= asa_key_word(k);
	h ^= h >> 32;
	h *= secret[1] | 1;
	h ^= h >> 29;
	h *= 0x9e3779b97f4a7c15ull; /* 2^64 / golden ratio, odd */
	out.tag = (__u32)(h >> 32);
	return out;
}

asa_inline __u32 asa_hash_home(struct asa_hash h, __u32 mask)
{
	return h.tag & mask;
}

/*
 * The other bucket in which an entry with this tag may live.
 * => its own inverse: alternate(alternate(b)) = b; never b itself while mask is not 0
 */
asa_inline __u32 asa_hash_alternate(__u32 bucket, __u32 tag, __u32 mask)
{
	/* The upper half of the product: bits that the home bucket does not have must count. */
	return (bucket ^ ((__u32)(((__u64)tag * 0x9e3779b97f4a7c15ull) >> 32) | 1)) & mask;
}

asa_inline int asa_key_equal(const struct asa_key *a, const struct asa_key *b)
{
	return ((a->src.d[0] ^ b->src.d[0]) | (a->src.d[1] ^ b->src.d[1]) |
		(a->dst.d[0] ^ b->dst.d[0]) | (a->dst.d[1] ^ b->dst.d[1]) |
		(asa_key_word(a) ^ asa_key_word(b))) == 0;
}

/*
 * The key under which an answer to a packet with key 'k' arrives when nothing is translated.
 * => ICMP queries: identifier and zero change places like ports, which is what flow.h asks for
 */
asa_inline void asa_key_reverse(struct asa_key *out, const struct asa_key *k)
{
	struct asa_key r = *k;

	r.src = k->dst;
	r.dst = k->src;
	r.sport = k->dport;
	r.dport = k->sport;
	*out = r;
}

#endif
