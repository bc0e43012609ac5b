/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place in the driver that knows how the connection index is built.
 *
 * Responsible for: key -> connection and direction.  Few connections: one cache line of the index and
 * the lines of one slot, close together and in the caches.  Many: a connection mostly lives at home, in
 * one of 16 slots that follow from the key, and a small table says in which; the index has the keys that
 * are not at home.  A second line of the index only if the first bucket has entries elsewhere.
 * Not responsible for: the arithmetic (include/asa/hash.h), writing (the daemon's index module),
 * who gets his home (its session module).
 *
 * Races with the writer: an entry's tag and reference are read one after the other and may be of
 * two different connections; a slot may be in the middle of being reused.  The comparison with the
 * key in the slot decides, so the worst result is a miss, and the frame goes to the daemon, which
 * looks again.  The same for a program that read the mask just before the index doubled.  The first
 * choice counts only while its direction is marked valid, which the daemon does last.
 *
 * A miss in the cache costs as much as all instructions of a frame together: lines are asked for before
 * the first has come, and who lives in his first choice waits once.
 */
#ifndef ASA_LOOKUP_BPF_H
#define ASA_LOOKUP_BPF_H

#include <asa/hash.h>

#include "maps.bpf.h"

/* Start the load of a cache line whose content nobody waits for here. */
asa_inline void touch(const void *p)
{
	(void)*(volatile const __u64 *)p;
}

/* Ask for what a segment needs once the connection is known. */
asa_inline void touch_halves(const struct asa_conn *conn, const struct asa_key *key)
{
	if (key->proto == ASA_PROTO_TCP)
		touch(conn->half);
}

/* => ASA_REF of the key's connection, 0: not in this bucket */
asa_inline __u32 lookup_bucket(const struct asa_bucket *b, const struct asa_key *key, __u32 tag)
{
	struct asa_conn *conn;
	__u32 ref, slot;
	int i;

#pragma unroll
	for (i = 0; i < ASA_BUCKET_ENTRIES; i++) {
		if (asa_likely(b->e[i].tag != tag))
			continue;
		ref = *(volatile const __u32 *)&b->e[i].ref;
		if (!ref)
			continue;
		slot = ASA_REF_SLOT(ref);
		conn = bpf_map_lookup_elem(&asa_conns, &slot);
		if (!conn)
			continue;
		touch_halves(conn, key);
		if (asa_key_equal(&conn->dir[ASA_REF_DIR(ref)].key, key))
			return ref;
	}
	return 0;
}

/* => ASA_REF, 0: the index does not have the key */
asa_inline __u32 lookup_index(const struct asa_config *cfg, const struct asa_key *key)
{
	struct asa_hash h = asa_hash_key(key, cfg->hash_key);
	__u32 mask = *(volatile const __u32 *)&cfg->index_mask; /* once: it may grow under us */
	__u32 row = asa_hash_home(h, mask), ref;
	struct asa_bucket *b;

	b = bpf_map_lookup_elem(&asa_index, &row);
	if (!b)
		return 0;
	ref = lookup_bucket(b, key, h.tag);
	if (asa_likely(ref || !b->overflow))
		return ref;
	row = asa_hash_alternate(row, h.tag, mask);
	b = bpf_map_lookup_elem(&asa_index, &row);
	return b ? lookup_bucket(b, key, h.tag) : 0;
}

/* Who of the set is it? => ASA_REF, 0: nobody */
asa_inline __u32 lookup_set(const struct asa_set *set, const struct asa_home *home,
			    const struct asa_key *key)
{
	__u32 ref = asa_set_ref(set, home, key), slot = ASA_REF_SLOT(ref), d = ASA_REF_DIR(ref);
	struct asa_conn *conn;

	if (!ref)
		return 0;
	conn = bpf_map_lookup_elem(&asa_conns, &slot);
	if (!conn)
		return 0;
	touch(&conn->dir[d ^ 1]); /* for addresses */
	touch_halves(conn, key);
	return asa_key_equal(&conn->dir[d].key, key) ? ref : 0;
}

/* => ASA_REF, 0: the key's connection is not at home, or homes are not in use */
asa_inline __u32 lookup_home(const struct asa_config *cfg, const struct asa_key *key)
{
	__u32 homes = *(volatile const __u32 *)&cfg->homes, slot, d;
	const struct asa_set *set;
	struct asa_conn *conn;
	struct asa_home home;

	if (!homes)
		return 0;
	home = asa_hash_set(key, cfg->hash_key, homes);
	slot = home.slot;
	conn = bpf_map_lookup_elem(&asa_conns, &slot);
	set = bpf_map_lookup_elem(&asa_homes, &home.set);
	if (!conn || !set)
		return 0;
	touch(&conn->dir[1]);
	touch_halves(conn, key);
	touch(set);
	d = !asa_key_equal(&conn->dir[0].key, key);
	if (asa_unlikely(d && !asa_key_equal(&conn->dir[1].key, key)))
		return lookup_set(set, &home, key);
	return *(volatile const __u16 *)&conn->dir[d].flags & ASA_DIR_VALID ? ASA_REF(slot, d) : 0;
}

#define LOOKUP_ELSEWHERE 1 /* no reference: slot 0 is never used */

/*
 * The same without the second bucket, for the frames of usual.bpf.h: no call, a key in registers.
 * => ASA_REF; 0: there is none; LOOKUP_ELSEWHERE: lookup_key() knows
 */
asa_inline __u32 lookup_usual(const struct asa_config *cfg, const struct asa_key *key)
{
	__u32 ref = lookup_home(cfg, key), row;
	struct asa_bucket *b;
	struct asa_hash h;

	if (ref)
		return ref;
	h = asa_hash_key(key, cfg->hash_key);
	row = asa_hash_home(h, cfg->index_mask);
	b = bpf_map_lookup_elem(&asa_index, &row);
	if (!b)
		return 0;
	ref = lookup_bucket(b, key, h.tag);
	return ref || !b->overflow ? ref : LOOKUP_ELSEWHERE;
}

/*
 * Find the connection that a key belongs to.
 * => ASA_REF, 0: there is none
 *
 * A global function: the verifier looks at its many ways out once, not once for each way in.
 */
__noinline __u32 lookup_key(const struct asa_key *key)
{
	struct asa_config *cfg;
	__u32 row = 0, ref;

	cfg = key ? bpf_map_lookup_elem(&asa_config, &row) : NULL;
	if (!cfg)
		return 0;
	ref = lookup_home(cfg, key);
	return asa_likely(ref) ? ref : lookup_index(cfg, key);
}

struct asa_found {
	struct asa_conn *conn; /* NULL: no such connection */
	__u32 ref; /* ASA_REF */
};

asa_inline void lookup_conn(struct asa_found *f, const struct asa_key *key)
{
	__u32 slot;

	f->ref = lookup_key(key);
	slot = ASA_REF_SLOT(f->ref);
	f->conn = f->ref ? bpf_map_lookup_elem(&asa_conns, &slot) : NULL;
}

#endif
