/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place in the driver that knows how the connection index is built.
 *
 * Responsible for: key -> connection and direction.  One cache line of the index, a second one only
 * if the home bucket has entries elsewhere, then the line of the slot that holds the key.
 * Not responsible for: the arithmetic (include/asa/hash.h), writing (the daemon's index module).
 *
 * Races with the writer: an entry's tag and reference are read one after the other and may be of
 * two different connections; a slot may be in the middle of being reused.  The comparison with the
 * key in the slot decides, so the worst result is a miss, and the frame goes to the daemon, which
 * looks again.  The same for a program that read the mask just before the index doubled.
 *
 * A miss in the cache costs as much as all instructions of a frame together, so the lines of the
 * slot that will be needed are asked for at once, before the key has been compared.
 */
#ifndef ASA_LOOKUP_BPF_H
#define ASA_LOOKUP_BPF_H

#include <asa/hash.h>

#include "maps.bpf.h"

struct asa_found {
	struct asa_conn *conn; /* NULL: no such connection */
	__u32 ref; /* ASA_REF */
};

/* Start the load of a cache line whose content nobody waits for here. */
asa_inline void touch(const void *p)
{
	(void)*(volatile const __u64 *)p;
}

asa_inline struct asa_conn *lookup_bucket(const struct asa_bucket *b, const struct asa_key *key,
					  __u32 tag, __u32 *found)
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
		touch(&conn->half[ASA_REF_DIR(ref)].packets);
		if (key->proto == ASA_PROTO_TCP)
			touch(&conn->half[ASA_REF_DIR(ref) ^ 1].packets);
		if (asa_key_equal(&conn->dir[ASA_REF_DIR(ref)].key, key)) {
			*found = ref;
			return conn;
		}
	}
	return NULL;
}

/*
 * Find the connection that a key belongs to.
 * => f->conn is NULL if there is none
 */
asa_inline void lookup_conn(struct asa_found *f, const struct asa_config *cfg,
			    const struct asa_key *key)
{
	struct asa_hash h = asa_hash_key(key, cfg->hash_key);
	__u32 mask = *(volatile const __u32 *)&cfg->index_mask; /* once: it may grow under us */
	__u32 row = asa_hash_home(h, mask);
	struct asa_bucket *b;

	f->conn = NULL;
	f->ref = 0;
	b = bpf_map_lookup_elem(&asa_index, &row);
	if (!b)
		return;
	f->conn = lookup_bucket(b, key, h.tag, &f->ref);
	if (asa_likely(f->conn || !b->overflow))
		return;
	row = asa_hash_alternate(row, h.tag, mask);
	b = bpf_map_lookup_elem(&asa_index, &row);
	if (b)
		f->conn = lookup_bucket(b, key, h.tag, &f->ref);
}

#endif
