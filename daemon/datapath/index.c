// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing the connection index.
 *
 * A key whose connection lives in one of the slots that the key's hash names (its home, asa/hash.h) is
 * found by the tag of that slot and gets no entry. Homes are switched on and off only while nobody has
 * one.
 *
 * Responsible for: who is at home; where an entry goes (home bucket, else alternate bucket, else another
 * entry moves), the overflow counts, the growth of the index, and the order of stores that lets XDP
 * programs read at any moment.
 * Not responsible for: what a slot holds (session), reading in XDP (bpf/lookup.bpf.h).
 *
 * Growth: the map has room for a full table, but only the first buckets are used, twice as many
 * each time they are half full: few connections then touch few cache lines and pages. Doubling
 * reads the buckets once, in order, and no key: bucket b's entries belong to b or to b + n.
 *
 * Callers: session module, with asa->lock held: the single writer.
 * Threads: XDP programs read without a lock. What can race: a reader that scanned the home bucket
 * before an entry moved to its alternate and looks there after it moved back. Worst result: a
 * miss, the packet is punted and the daemon finds the connection. Moves are rare: they need two
 * full buckets. A reader with the mask from before a growth may miss likewise.
 */
#include <errno.h>
#include <string.h>

#include "asa/hash.h"
#include "datapath/index.h"

/* With seven entries and two choices, insertion does not fail below this load in practice. */
#define INDEX_LOAD_PERCENT 75
#define INDEX_BUCKETS_MIN 16
#define INDEX_BUCKETS_INITIAL 1024
#define INDEX_GROW_PERCENT 55

/* Where a key may live. */
struct index_place {
	__u32 home, alternate;
	__u32 tag;
};

static struct index_place index_place(const struct dp_tables *t, const struct asa_key *key)
{
	struct asa_hash h = asa_hash_key(key, t->config->hash_key);
	__u32 mask = t->config->index_mask;
	struct index_place p;

	p.tag = h.tag;
	p.home = asa_hash_home(h, mask);
	p.alternate = asa_hash_alternate(p.home, h.tag, mask);
	return p;
}

static const struct asa_key *index_key_of(const struct dp_tables *t, __u32 ref)
{
	return &t->conns[ASA_REF_SLOT(ref)].dir[ASA_REF_DIR(ref)].key;
}

/* ------------------------------------------------------------------ homes */

/* => 0: the key's connection is not at home */
static __u32 home_find(const struct dp_tables *t, const struct asa_key *key)
{
	struct asa_home home;
	__u32 ref;

	if (!t->config->homes)
		return 0;
	home = asa_hash_set(key, t->config->hash_key, t->config->homes);
	ref = asa_set_ref(&t->homes[home.set], &home, key);
	return ref && asa_key_equal(index_key_of(t, ref), key) ? ref : 0;
}

/* Write the 16 bits of a slot; 0: nobody is at home. */
static void home_store(struct dp_tables *t, __u32 slot, __u64 bits)
{
	__u32 i = slot % ASA_SET_SLOTS;
	__u64 *w = &t->homes[slot / ASA_SET_SLOTS].w[i / 4];

	__atomic_store_n(w, (*w & ~(0xffffull << 16 * (i % 4))) | bits << 16 * (i % 4), __ATOMIC_RELEASE);
}

static __u32 home_load(const struct dp_tables *t, __u32 slot)
{
	__u32 i = slot % ASA_SET_SLOTS;

	return t->homes[slot / ASA_SET_SLOTS].w[i / 4] >> 16 * (i % 4) & 0xffff;
}

/* => true: the slot is a home of the key's, and is marked as that; no entry is needed */
static bool home_take(struct dp_tables *t, const struct asa_key *key, __u32 ref)
{
	__u32 slot = ASA_REF_SLOT(ref), turned = asa_key_turned(key) ^ ASA_REF_DIR(ref);
	struct asa_home home;

	if (!t->config->homes)
		return false;
	home = asa_hash_set(key, t->config->hash_key, t->config->homes);
	if (home.set != slot / ASA_SET_SLOTS)
		return false;
	if (!home_load(t, slot) && !asa_set_find(&t->homes[home.set], home.tag))
		home_store(t, slot, home.tag | turned * ASA_SET_TURNED);
	return home_load(t, slot) == (home.tag | turned * ASA_SET_TURNED);
}

/* ------------------------------------------------------------------ index */

static int index_free_entry(const struct asa_bucket *b)
{
	for (int i = 0; i < ASA_BUCKET_ENTRIES; i++)
		if (!b->e[i].ref)
			return i;
	return -1;
}

/* A reader that sees the ref sees the tag: the ref is stored last. */
static void index_store(struct asa_bucket *b, int i, __u32 tag, __u32 ref)
{
	b->e[i].tag = tag;
	__atomic_store_n(&b->e[i].ref, ref, __ATOMIC_RELEASE);
}

static void index_clear(struct asa_bucket *b, int i)
{
	__atomic_store_n(&b->e[i].ref, 0, __ATOMIC_RELEASE);
}

static void index_overflow_add(struct asa_bucket *b, int n)
{
	__atomic_store_n(&b->overflow, b->overflow + n, __ATOMIC_RELEASE);
}

static struct asa_ref *index_search(const struct dp_tables *t, __u32 bucket, __u32 tag,
				    const struct asa_key *key)
{
	struct asa_bucket *b = &t->index[bucket];

	for (int i = 0; i < ASA_BUCKET_ENTRIES; i++) {
		struct asa_ref *e = &b->e[i];

		if (!e->ref || e->tag != tag || ASA_REF_SLOT(e->ref) >= t->n_slots)
			continue;
		if (asa_key_equal(index_key_of(t, e->ref), key))
			return e;
	}
	return NULL;
}

__u32 index_find(const struct dp_tables *t, const struct asa_key *key)
{
	__u32 ref = home_find(t, key);
	struct index_place p;
	struct asa_ref *e;

	if (ref)
		return ref;
	p = index_place(t, key);
	e = index_search(t, p.home, p.tag, key);
	if (!e && t->index[p.home].overflow)
		e = index_search(t, p.alternate, p.tag, key);
	return e ? e->ref : 0;
}

/*
 * Make room in a full bucket: move one entry to the other bucket in which it may live.
 * => row that is free now, -1 when no entry can move.
 */
static int index_make_room(struct dp_tables *t, __u32 bucket)
{
	struct asa_bucket *from = &t->index[bucket];

	for (int i = 0; i < ASA_BUCKET_ENTRIES; i++) {
		struct asa_ref e = from->e[i];
		__u32 other = asa_hash_alternate(bucket, e.tag, t->config->index_mask);
		struct asa_bucket *to = &t->index[other];
		struct index_place p;
		int row;

		if (other == bucket || ASA_REF_SLOT(e.ref) >= t->n_slots)
			continue;
		row = index_free_entry(to);
		if (row < 0)
			continue;
		/* Written there first, announced by the overflow count, then cleared here. */
		index_store(to, row, e.tag, e.ref);
		p = index_place(t, index_key_of(t, e.ref));
		if (p.home == bucket)
			index_overflow_add(from, 1);
		index_clear(from, i);
		if (p.home == other)
			index_overflow_add(to, -1);
		return i;
	}
	return -1;
}

/* Where the entry that is in bucket 'b' of n belongs when there are 2n; its home bucket then in *home. */
static __u32 index_place_grown(struct asa_ref e, __u32 b, __u32 n, __u32 *home)
{
	__u32 mask = 2 * n - 1;

	*home = e.tag & mask;
	return (*home & (n - 1)) == b ? *home : asa_hash_alternate(*home, e.tag, mask);
}

/* Twice the buckets. Every entry is where either mask looks for it when the mask changes. */
static void index_grow(struct dp_tables *t)
{
	__u32 n = t->config->index_mask + 1, home, at;

	memset(&t->index[n], 0, n * sizeof(*t->index));
	for (__u32 b = 0; b < n; b++) {
		for (int i = 0; i < ASA_BUCKET_ENTRIES; i++) {
			struct asa_ref e = t->index[b].e[i];

			if (!e.ref)
				continue;
			at = index_place_grown(e, b, n, &home);
			if (at != home && home >= n)
				index_overflow_add(&t->index[home], 1);
			if (at >= n) /* at == b + n: the same row there is free */
				index_store(&t->index[at], i, e.tag, e.ref);
		}
	}
	__atomic_store_n(&t->config->index_mask, 2 * n - 1, __ATOMIC_RELEASE);
	for (__u32 b = 0; b < n; b++) {
		for (int i = 0; i < ASA_BUCKET_ENTRIES; i++) {
			struct asa_ref e = t->index[b].e[i];

			if (!e.ref)
				continue;
			at = index_place_grown(e, b, n, &home);
			if (at != home && home >= n)
				index_overflow_add(&t->index[home & (n - 1)], -1);
			if (at >= n)
				index_clear(&t->index[b], i);
		}
	}
}

static bool index_crowded(const struct dp_tables *t)
{
	__u32 n = t->config->index_mask + 1;

	return n < t->n_buckets &&
	       (__u64)t->index_used * 100 > (__u64)n * ASA_BUCKET_ENTRIES * INDEX_GROW_PERCENT;
}

int index_insert(struct dp_tables *t, const struct asa_key *key, __u32 ref)
{
	__u32 bucket, known = index_find(t, key);
	struct index_place p;
	int row;

	if (known && known != ref)
		return -EEXIST;
	if (home_take(t, key, ref))
		return 0;
	if (index_crowded(t))
		index_grow(t);
	p = index_place(t, key);
	bucket = p.home;
	row = index_free_entry(&t->index[p.home]);
	if (row < 0) {
		bucket = p.alternate;
		row = index_free_entry(&t->index[p.alternate]);
	}
	if (row < 0) {
		bucket = p.home;
		row = index_make_room(t, p.home);
	}
	if (row < 0) {
		bucket = p.alternate;
		row = index_make_room(t, p.alternate);
	}
	if (row < 0)
		return -ENOSPC;
	if (bucket != p.home) {
		/* Counted before it can be found, so that a reader never misses it once stored. */
		index_overflow_add(&t->index[p.home], 1);
	}
	index_store(&t->index[bucket], row, p.tag, ref);
	t->index_used++;
	return 0;
}

int index_remove(struct dp_tables *t, const struct asa_key *key, __u32 ref)
{
	struct index_place p = index_place(t, key);
	const __u32 buckets[2] = { p.home, p.alternate };

	if (home_find(t, key) == ref) {
		home_store(t, ASA_REF_SLOT(ref), 0);
		return 0;
	}
	for (int k = 0; k < 2; k++) {
		struct asa_bucket *b = &t->index[buckets[k]];

		for (int i = 0; i < ASA_BUCKET_ENTRIES; i++) {
			if (b->e[i].ref != ref)
				continue;
			index_clear(b, i);
			if (buckets[k] != p.home)
				index_overflow_add(&t->index[p.home], -1);
			t->index_used--;
			return 0;
		}
	}
	return -ENOENT;
}

__u32 index_buckets_initial(__u32 n_buckets)
{
	return n_buckets < INDEX_BUCKETS_INITIAL ? n_buckets : INDEX_BUCKETS_INITIAL;
}

void index_recount(struct dp_tables *t)
{
	t->index_used = 0;
	for (__u32 b = 0; b <= t->config->index_mask; b++)
		for (int i = 0; i < ASA_BUCKET_ENTRIES; i++)
			t->index_used += t->index[b].e[i].ref != 0;
}

__u32 index_buckets_for(__u32 n_slots)
{
	__u64 entries = 2ull * n_slots * 100 / INDEX_LOAD_PERCENT;
	__u32 n = INDEX_BUCKETS_MIN;

	while ((__u64)n * ASA_BUCKET_ENTRIES < entries)
		n <<= 1;
	return n;
}
