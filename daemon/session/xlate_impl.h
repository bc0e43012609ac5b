/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files of the translations in use; nobody else includes this.
 *
 * xlate.c has the entries, their hashes, queues and life; xlate_ports.c the addresses and ports
 * that they take from pools; xlate_lease.c the blocks of ports that hosts have (block-allocation).
 *
 * Threads: asa->lock is held in every call.
 */
#ifndef SESSION_XLATE_IMPL_H
#define SESSION_XLATE_IMPL_H

#include "policy/addr.h"
#include "session/xlate.h"
#include "session/xlate_bits.h"

#define BLOCK_SLOTS 4096
#define LEASE_SLOTS 16384
#define KIND_ADDRESS 0x100 /* block of addresses; else the protocol */

enum { QUEUE_ADDRESS, QUEUE_PAT, QUEUE_N };

struct entry {
	struct xlate x;
	bool live;
	__u32 next_real, next_mapped; /* hash chains; next_real also links free entries */
	__u32 older, newer; /* in the queue of unused ones */
};

struct xlates {
	__u32 max, fresh, free_head;
	__u32 count, most;
	struct entry *entries; /* max + 1 rows; untouched ones cost no memory */
	__u32 *by_real, *by_mapped, mask;
	__u32 oldest[QUEUE_N], newest[QUEUE_N];
	struct xlate_block *blocks[BLOCK_SLOTS];
	__u32 n_blocks;
	struct xlate_lease *leases[LEASE_SLOTS]; /* by host and protocol */
	struct nat_reserved *reserved;
	size_t n_reserved;
	__u64 seed, random;
	void (*on_lease)(void *arg, const struct xlate_lease *l, bool got);
	void *on_lease_arg;
	bool dry; /* what happens now is undone at once */
};

/* xlate.c */
__u32 xlate_hash(const struct xlates *x, const struct asa_addr *a, __be16 port, __u16 kind);
/* With the destination, if that belongs to what is found. */
__u32 xlate_hash_mapped(const struct xlates *x, const struct xlate *t);
/* Does another entry stand for the same on the mapped side? */
bool xlate_mapped_taken(const struct xlates *x, const struct xlate *t);
__u32 xlate_random_below(struct xlates *x, __u32 n); /* good enough to spread ports */

/* xlate_ports.c */
bool xlate_proto_has_ports(__u8 proto);
/* Can two destinations tell apart what has the same mapped port? */
bool xlate_proto_extends(__u8 proto);
/* Mark or free what the entry takes from its pool. => false: not possible */
bool xlate_bits_change(struct xlates *x, const struct xlate *t, bool take);
/* Choose what t becomes out of one range of the pool, and take it. */
enum asa_drop xlate_range_choose(struct xlates *x, const struct nat_pool *pool,
				 const struct asa_addr *first, const struct asa_addr *last, bool pat,
				 struct xlate *t);
bool xlate_range_has(const struct asa_addr *first, const struct asa_addr *last,
		     const struct asa_addr *a);
void xlate_blocks_free(struct xlates *x);

/* xlate_lease.c */
/* A port of t->mapped out of the host's blocks, or of a new one. => -1 there is none */
int xlate_lease_take(struct xlates *x, struct xlate_block *b, const struct nat_pool *pool,
		     const struct xlate *t);
/* Count t in the block that its port is in, made if there is none. => false: another host has it */
bool xlate_lease_restore(struct xlates *x, struct xlate_block *b, const struct xlate *t);
/* t gave its port back; a block with no port in use is free. */
void xlate_lease_put(struct xlates *x, struct xlate_block *b, const struct xlate *t);
void xlate_leases_free(struct xlates *x);

#endif
