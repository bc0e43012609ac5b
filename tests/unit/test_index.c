// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/datapath/index.o */
/*
 * The connection index against a model: every key that was inserted and not removed is found, no
 * other is, overflow counts are exact at every moment (an XDP reader depends on them), and a full
 * table refuses without damage (SES-16).
 */
#include <errno.h>
#include <stdlib.h>
#include <CUnit/CUnit.h>

#include "asa/hash.h"
#include "datapath/index.h"
#include "lib/cunit.h"

static __u64 rng_state;
static __u32 rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (__u32)(rng_state >> 16);
}

static struct dp_tables tables;

static void tables_make(__u32 n_slots, __u32 n_buckets)
{
	rng_state = 0x1234567890abcdefull + n_slots;
	tables.n_slots = n_slots;
	tables.n_buckets = n_buckets;
	tables.index_used = 0;
	tables.conns = aligned_alloc(64, n_slots * sizeof(*tables.conns));
	memset(tables.conns, 0, n_slots * sizeof(*tables.conns));
	tables.index = aligned_alloc(64, n_buckets * sizeof(*tables.index));
	memset(tables.index, 0, n_buckets * sizeof(*tables.index));
	tables.homes = calloc(n_slots / ASA_SET_SLOTS + 1, sizeof(*tables.homes));
	tables.config = aligned_alloc(64, sizeof(*tables.config));
	memset(tables.config, 0, sizeof(*tables.config));
	for (int i = 0; i < 4; i++)
		tables.config->hash_key[i] = ((__u64)rng() << 32 | rng()) | 1;
	/* most tests fill the whole index; SES-16's table grows (index_grows_with_its_entries) */
	tables.config->index_mask = n_buckets - 1;
}

static void tables_drop(void)
{
	free(tables.conns);
	free(tables.index);
	free(tables.homes);
	free(tables.config);
}

static struct asa_key *key_of(__u32 ref)
{
	return &tables.conns[ASA_REF_SLOT(ref)].dir[ASA_REF_DIR(ref)].key;
}

/* Give a slot two keys, forward and reverse, that differ from those of every other slot. */
static void slot_fill(__u32 slot, __u32 unique)
{
	struct asa_key *k = &tables.conns[slot].dir[0].key;

	memset(k, 0, sizeof(*k));
	asa_addr_set_v4(&k->src, asa_htonl(0xc0000200u + (unique & 0xff)));
	asa_addr_set_v4(&k->dst, asa_htonl(0xc6336400u + (unique >> 24)));
	k->sport = asa_htons((__u16)(unique >> 8));
	k->dport = asa_htons(443);
	k->proto = 6;
	asa_key_reverse(&tables.conns[slot].dir[1].key, k);
}

/* The overflow count of each bucket equals the entries at home there that live elsewhere. */
static int overflow_wrong(void)
{
	__u32 *count = calloc(tables.n_buckets, sizeof(*count));
	int wrong = 0;

	for (__u32 b = 0; b < tables.n_buckets; b++) {
		for (int i = 0; i < ASA_BUCKET_ENTRIES; i++) {
			__u32 ref = tables.index[b].e[i].ref;
			struct asa_hash h;
			__u32 home;

			if (!ref)
				continue;
			h = asa_hash_key(key_of(ref), tables.config->hash_key);
			home = asa_hash_home(h, tables.config->index_mask);
			if (home == b)
				continue;
			if (asa_hash_alternate(home, h.tag, tables.config->index_mask) != b)
				wrong++;
			count[home]++;
		}
	}
	for (__u32 b = 0; b < tables.n_buckets; b++)
		wrong += count[b] != tables.index[b].overflow;
	free(count);
	return wrong;
}

static void find_insert_remove(void)
{
	struct asa_key other;

	tables_make(16, 16);
	slot_fill(1, 7);
	slot_fill(2, 8);
	CU_ASSERT_EQUAL(index_find(&tables, key_of(ASA_REF(1, 0))), 0);
	CU_ASSERT_EQUAL(index_insert(&tables, key_of(ASA_REF(1, 0)), ASA_REF(1, 0)), 0);
	CU_ASSERT_EQUAL(index_insert(&tables, key_of(ASA_REF(1, 1)), ASA_REF(1, 1)), 0);
	CU_ASSERT_EQUAL(index_find(&tables, key_of(ASA_REF(1, 0))), ASA_REF(1, 0));
	CU_ASSERT_EQUAL(index_find(&tables, key_of(ASA_REF(1, 1))), ASA_REF(1, 1));
	/* a second user of the same key is refused, and the first one stays */
	other = *key_of(ASA_REF(1, 0));
	CU_ASSERT_EQUAL(index_insert(&tables, &other, ASA_REF(2, 0)), -EEXIST);
	CU_ASSERT_EQUAL(index_find(&tables, &other), ASA_REF(1, 0));
	/* context is part of the key */
	other.ctx = 1;
	CU_ASSERT_EQUAL(index_find(&tables, &other), 0);
	CU_ASSERT_EQUAL(index_remove(&tables, key_of(ASA_REF(2, 0)), ASA_REF(2, 0)), -ENOENT);
	CU_ASSERT_EQUAL(index_remove(&tables, key_of(ASA_REF(1, 0)), ASA_REF(1, 0)), 0);
	CU_ASSERT_EQUAL(index_remove(&tables, key_of(ASA_REF(1, 0)), ASA_REF(1, 0)), -ENOENT);
	CU_ASSERT_EQUAL(index_find(&tables, key_of(ASA_REF(1, 0))), 0);
	CU_ASSERT_EQUAL(index_find(&tables, key_of(ASA_REF(1, 1))), ASA_REF(1, 1));
	CU_ASSERT_EQUAL(overflow_wrong(), 0);
	tables_drop();
}

/* All slots of a table of the advised size fit, at several sizes. */
static void advised_size_holds_every_slot(void)
{
	static const __u32 sizes[] = { 2, 64, 1000, 6000, 43000 };

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		__u32 n = sizes[s], failed = 0, lost = 0;

		tables_make(n, index_buckets_for(n));
		CU_ASSERT_EQUAL(tables.n_buckets & (tables.n_buckets - 1), 0);
		for (__u32 slot = 1; slot < n; slot++) {
			slot_fill(slot, slot * 2654435761u);
			for (int d = 0; d < 2; d++)
				failed += index_insert(&tables, key_of(ASA_REF(slot, d)), ASA_REF(slot, d)) != 0;
		}
		CU_ASSERT_EQUAL(failed, 0);
		for (__u32 slot = 1; slot < n; slot++)
			for (int d = 0; d < 2; d++)
				lost += index_find(&tables, key_of(ASA_REF(slot, d))) != ASA_REF(slot, d);
		CU_ASSERT_EQUAL(lost, 0);
		CU_ASSERT_EQUAL(overflow_wrong(), 0);
		tables_drop();
	}
}

/* SES-16: a table too small refuses with -ENOSPC; everything in it stays findable; it recovers. */
static void full_refuses_without_damage(void)
{
	__u32 n = 400, refused = 0, lost = 0, left = 0;
	unsigned char in[400] = { 0 };

	tables_make(n, 16); /* 112 entries for 399 keys */
	for (__u32 slot = 1; slot < n; slot++) {
		int r;

		slot_fill(slot, slot * 2654435761u);
		r = index_insert(&tables, key_of(ASA_REF(slot, 0)), ASA_REF(slot, 0));
		CU_ASSERT(r == 0 || r == -ENOSPC);
		in[slot] = r == 0;
		refused += r == -ENOSPC;
	}
	CU_ASSERT(refused >= n - 1 - 112);
	CU_ASSERT(n - 1 - refused > 90); /* displacement fills more than a single choice would */
	for (__u32 slot = 1; slot < n; slot++)
		lost += index_find(&tables, key_of(ASA_REF(slot, 0))) != (in[slot] ? ASA_REF(slot, 0) : 0);
	CU_ASSERT_EQUAL(lost, 0);
	CU_ASSERT_EQUAL(overflow_wrong(), 0);
	for (__u32 slot = 1; slot < n; slot++)
		if (in[slot])
			CU_ASSERT_EQUAL(index_remove(&tables, key_of(ASA_REF(slot, 0)), ASA_REF(slot, 0)), 0);
	for (__u32 b = 0; b < tables.n_buckets; b++) {
		left += tables.index[b].overflow;
		for (int i = 0; i < ASA_BUCKET_ENTRIES; i++)
			left += tables.index[b].e[i].ref != 0;
	}
	CU_ASSERT_EQUAL(left, 0);
	tables_drop();
}

/* Random insertions and removals near full load, compared with a plain array. */
static void random_against_model(void)
{
	enum { SLOTS = 512 };
	unsigned char in[SLOTS] = { 0 };
	__u32 wrong = 0, unique = 1;

	tables_make(SLOTS, 128); /* 896 entries for up to 511 keys */
	for (int step = 0; step < 60000; step++) {
		__u32 slot = 1 + rng() % (SLOTS - 1);
		__u32 ref = ASA_REF(slot, step & 1);
		struct asa_key *k = key_of(ref);

		if (!in[slot]) {
			slot_fill(slot, unique++ * 40503u);
			if (index_insert(&tables, k, ref) == 0)
				in[slot] = 1 + (step & 1);
		} else {
			ref = ASA_REF(slot, in[slot] - 1);
			k = key_of(ref);
			wrong += index_find(&tables, k) != ref;
			wrong += index_remove(&tables, k, ref) != 0;
			wrong += index_find(&tables, k) != 0;
			in[slot] = 0;
		}
		if (step % 5000 == 0) {
			for (__u32 i = 1; i < SLOTS; i++)
				if (in[i]) {
					__u32 r = ASA_REF(i, in[i] - 1);

					wrong += index_find(&tables, key_of(r)) != r;
				}
			wrong += overflow_wrong();
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	tables_drop();
}

/*
 * An index that starts with two buckets holds a whole table in the end, and after each doubling
 * every entry is found and every overflow count is right; entries removed on the way stay away.
 */
static void index_grows_with_its_entries(void)
{
	enum { SLOTS = 6000 };
	__u32 lost = 0, failed = 0, grown = 0, wrong = 0, mask, used;

	tables_make(SLOTS, index_buckets_for(SLOTS));
	tables.config->index_mask = mask = 1;
	for (__u32 slot = 1; slot < SLOTS; slot++) {
		slot_fill(slot, slot * 2654435761u);
		for (int d = 0; d < 2; d++)
			failed += index_insert(&tables, key_of(ASA_REF(slot, d)), ASA_REF(slot, d)) != 0;
		if (slot % 3 == 0) /* one of three leaves again, by one direction */
			failed += index_remove(&tables, key_of(ASA_REF(slot, 1)), ASA_REF(slot, 1)) != 0;
		if (tables.config->index_mask == mask)
			continue;
		CU_ASSERT_EQUAL(tables.config->index_mask, mask * 2 + 1);
		mask = tables.config->index_mask;
		grown++;
		wrong += overflow_wrong();
		for (__u32 i = 1; i <= slot; i++) {
			lost += index_find(&tables, key_of(ASA_REF(i, 0))) != ASA_REF(i, 0);
			if (i % 3 == 0)
				wrong += index_find(&tables, key_of(ASA_REF(i, 1))) != 0;
		}
	}
	CU_ASSERT(grown >= 8);
	CU_ASSERT_EQUAL(failed, 0);
	CU_ASSERT_EQUAL(lost, 0);
	CU_ASSERT_EQUAL(wrong, 0);
	used = tables.index_used;
	CU_ASSERT_EQUAL(used, 2 * (SLOTS - 1) - (SLOTS - 1) / 3);
	index_recount(&tables); /* what a restarted daemon does */
	CU_ASSERT_EQUAL(tables.index_used, used);
	tables_drop();
}

/* A ref beyond the table (a damaged pin) is never followed. */
static void damaged_ref_is_not_followed(void)
{
	struct asa_hash h;
	__u32 home;

	tables_make(16, 16);
	slot_fill(1, 5);
	h = asa_hash_key(key_of(ASA_REF(1, 0)), tables.config->hash_key);
	home = asa_hash_home(h, 15);
	tables.index[home].e[0].tag = h.tag;
	tables.index[home].e[0].ref = ASA_REF(1u << 20, 0);
	CU_ASSERT_EQUAL(index_find(&tables, key_of(ASA_REF(1, 0))), 0);
	tables_drop();
}

/* A connection in a slot of its home is found by its tag, without an entry; the others have one. */
static void home_needs_no_entry(void)
{
	struct asa_key key, other;
	struct asa_home home;
	__u32 slot;

	tables_make(ASA_DENSE_SLOTS + 64, 16);
	tables.config->homes = 64 / ASA_SET_SLOTS;
	slot_fill(63, 7);
	key = tables.conns[63].dir[0].key;
	home = asa_hash_set(&key, tables.config->hash_key, tables.config->homes);
	slot = home.set * ASA_SET_SLOTS + 9;
	CU_ASSERT_FATAL(slot >= ASA_DENSE_SLOTS && slot < ASA_DENSE_SLOTS + 64);
	slot_fill(slot, 7);
	CU_ASSERT_EQUAL(index_find(&tables, &key), 0); /* not there yet */
	CU_ASSERT_EQUAL(index_insert(&tables, &key, ASA_REF(slot, 0)), 0);
	CU_ASSERT_EQUAL(index_insert(&tables, key_of(ASA_REF(slot, 1)), ASA_REF(slot, 1)), 0);
	CU_ASSERT_EQUAL(tables.index_used, 0);
	CU_ASSERT_EQUAL(index_find(&tables, &key), ASA_REF(slot, 0));
	CU_ASSERT_EQUAL(index_find(&tables, key_of(ASA_REF(slot, 1))), ASA_REF(slot, 1));
	CU_ASSERT_EQUAL(index_insert(&tables, &key, ASA_REF(5, 0)), -EEXIST);
	/* one whose tag the set has already, however that came, has entries, and both are found */
	slot_fill(slot ^ 1, 7);
	other = tables.conns[slot ^ 1].dir[0].key;
	tables.conns[slot ^ 1].dir[0].key.ctx = other.ctx = 1;
	for (__u16 port = 1; asa_hash_set(&other, tables.config->hash_key, 4).tag != home.tag ||
			     asa_hash_set(&other, tables.config->hash_key, 4).set != home.set; port++) {
		CU_ASSERT_FATAL(port);
		other.sport = port;
		other.src.b[14] ^= (__u8)(port >> 8);
		other.src.b[13] += (__u8)!(port & 15);
	}
	tables.conns[slot ^ 1].dir[0].key = other;
	CU_ASSERT_EQUAL(index_insert(&tables, &other, ASA_REF(slot ^ 1, 0)), 0);
	CU_ASSERT_EQUAL(tables.index_used, 1);
	CU_ASSERT_EQUAL(index_find(&tables, &other), ASA_REF(slot ^ 1, 0));
	CU_ASSERT_EQUAL(index_find(&tables, &key), ASA_REF(slot, 0));
	CU_ASSERT_EQUAL(index_remove(&tables, &key, ASA_REF(slot, 0)), 0);
	CU_ASSERT_EQUAL(index_find(&tables, &key), 0);
	CU_ASSERT_EQUAL(index_find(&tables, key_of(ASA_REF(slot, 1))), 0);
	CU_ASSERT_EQUAL(index_find(&tables, &other), ASA_REF(slot ^ 1, 0));
	CU_ASSERT_EQUAL(index_remove(&tables, &other, ASA_REF(slot ^ 1, 0)), 0);
	CU_ASSERT_EQUAL(tables.index_used, 0);
	tables_drop();
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "find_insert_remove", find_insert_remove },
		{ "advised_size_holds_every_slot", advised_size_holds_every_slot },
		{ "SES-16 full_refuses_without_damage", full_refuses_without_damage },
		{ "random_against_model", random_against_model },
		{ "index_grows_with_its_entries", index_grows_with_its_entries },
		{ "damaged_ref_is_not_followed", damaged_ref_is_not_followed },
		{ "SES-12 a key at home needs no entry", home_needs_no_entry },
		{ NULL, NULL },
	};

	return asa_cunit_main("index", tests);
}
