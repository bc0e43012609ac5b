/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's side of the flow index (asa_index, asa_homes): find, insert, remove.
 *
 * The single writer is whoever holds asa->lock. Readers are XDP programs on any CPU at any time:
 * an entry becomes visible by one store of its ref and disappears by one store of 0; an entry that
 * must move to its alternate bucket is written there first. Layout and rules: include/asa/flow.h;
 * hash: include/asa/hash.h.
 */
#ifndef DATAPATH_INDEX_H
#define DATAPATH_INDEX_H

#include "datapath/dp.h"

/* => ASA_REF(slot, dir) or 0. */
__u32 index_find(const struct dp_tables *t, const struct asa_key *key);
/* => 0, -EEXIST (key is there), -ENOSPC (both buckets full and no entry could move). */
int index_insert(struct dp_tables *t, const struct asa_key *key, __u32 ref);
/*
 * => 0 or -ENOENT
 * => a connection at home is away with the first of its keys: nothing is there of the second any more
 */
int index_remove(struct dp_tables *t, const struct asa_key *key, __u32 ref);
/* Start-up: how many buckets a new index uses, and the count of entries of one that was there. */
__u32 index_buckets_initial(__u32 n_buckets);
void index_recount(struct dp_tables *t);
/* Buckets for n slots (power of two), each slot needing two entries. */
__u32 index_buckets_for(__u32 n_slots);

#endif
