/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dynamic translations in use: PAT ports and one-to-one dynamic addresses.
 *
 * Responsible for: giving out mapped addresses and ports without scanning (NAT-3: ranges 0-511,
 * 512-1023, 1024-65535 are kept where possible; pool addresses are spread), counting users,
 * freeing after the last connection and the timeout, rebuilding from sessions after a restart,
 * and the rows of "show xlate". Static translations live in the policy (policy_static_xlate).
 *
 * Threads: every call is made with asa->lock held. No allocation per call once a pool address has
 * been seen; exhaustion is a counted reason (DROP_NAT_FAILED, message 305006).
 */
#ifndef SESSION_XLATE_H
#define SESSION_XLATE_H

#include "asa/drop.h"
#include "policy/policy.h"

struct xlates;

struct xlates *xlate_new(__u32 max);
void xlate_free(struct xlates *x);

/* One translation in use. Read-only for callers. */
struct xlate {
	struct asa_addr real, mapped;
	__be16 real_port, mapped_port; /* 0 for address-only translations */
	__u8 proto; /* 0 for address-only */
	bool pat;
	bool extended; /* others have the same mapped port for other destinations than 'peer' */
	__u16 block_size; /* the mapped port is out of a block of so many that the host has; 0: not */
	__be16 peer_port;
	struct asa_addr peer;
	__u16 real_if, mapped_if; /* policy_if.num at creation */
	char real_if_name[MODEL_NAME_MAX], mapped_if_name[MODEL_NAME_MAX];
	__u32 created, last_used; /* ticks */
	__u32 users; /* connections */
};

/* A block of ports that is one host's (block-allocation). Read-only for callers. */
struct xlate_lease {
	struct asa_addr real, mapped;
	__u8 proto;
	__u16 lo, hi;
	__u32 users; /* translations */
	char real_if_name[MODEL_NAME_MAX], mapped_if_name[MODEL_NAME_MAX];
	struct xlate_lease *next;
};
/* Call cb(arg, block, true) when a host gets a block, with false when it gives it back. */
void xlate_on_lease(struct xlates *x, void (*cb)(void *arg, const struct xlate_lease *l, bool got),
		    void *arg);
/* How many blocks of ports the host has for the protocol. */
__u32 xlate_leases_of(const struct xlates *x, const struct asa_addr *real, __u8 proto);

/*
 * Get the translation of real:port from 'in' to 'out' out of 'pool', sharing an existing one for
 * the same real address (and, for PAT, the same real port and protocol; for an extended pool, the
 * same destination as well).
 * => DROP_NONE and '*ref' (never 0), '*mapped', '*mapped_port', '*created' true when it is new
 *    (the caller logs 305011 / 305009); the reference is held until xlate_put().
 * => DROP_NAT_FAILED when the pool is exhausted (caller logs 305006).
 */
enum asa_drop xlate_allocate(struct xlates *x, const struct nat_pool *pool,
			     const struct policy_if *in, const struct policy_if *out,
			     const struct asa_key *key, __u32 now, __u32 *ref,
			     struct asa_addr *mapped, __be16 *mapped_port, bool *created);
/*
 * What xlate_allocate() would answer now, leaving no trace: the translation goes to '*t', '*created'
 * tells whether it would be a new one.
 */
enum asa_drop xlate_peek(struct xlates *x, const struct nat_pool *pool, const struct policy_if *in,
			 const struct policy_if *out, const struct asa_key *key, __u32 now,
			 struct xlate *t, bool *created);
const struct xlate *xlate_get(const struct xlates *x, __u32 ref);
/*
 * Who uses a mapped address now; port and protocol 0: a one-to-one translation. Not for the
 * translations of extended pools, which have no one user.
 * => NULL when nobody does.
 */
const struct xlate *xlate_find_mapped(const struct xlates *x, const struct asa_addr *mapped,
				      __be16 port, __u8 proto);
/* A connection ended. The entry itself goes after the xlate / pat-xlate timeout. */
void xlate_put(struct xlates *x, __u32 ref, __u32 now);
/*
 * Free entries whose timeout is over; calls cb(arg, xlate) for each (log 305012). Bounded work per
 * call. Timeouts in ticks; 0: never.
 */
void xlate_expire(struct xlates *x, __u32 now, __u32 xlate_timeout, __u32 pat_timeout,
		  void (*cb)(void *arg, const struct xlate *t), void *arg);
/* Restart: re-create the entry of a recovered connection. => the reference, 0 when impossible. */
__u32 xlate_restore(struct xlates *x, const struct xlate *t);
/*
 * Ports that static PAT uses from now on: none of them is given out, and those reserved before are
 * free again. A connection that has one keeps it. => 0 or -ENOMEM (some may be given out).
 */
int xlate_reserve(struct xlates *x, const struct nat_reserved *rows, size_t n);
/* Free all unused (and, with 'force', mark used ones; the caller closes their connections). */
void xlate_clear(struct xlates *x, void (*cb)(void *arg, const struct xlate *t), void *arg);
/* Free the unused ones that 'fits' says yes to. */
void xlate_clear_if(struct xlates *x, bool (*fits)(void *arg, const struct xlate *t), void *fits_arg,
		    void (*cb)(void *arg, const struct xlate *t), void *arg);
__u32 xlate_count(const struct xlates *x);
__u32 xlate_most_used(const struct xlates *x);
/* Ports of a PAT address and protocol that are in use: 1-511, 512-1023, 1024-65535. */
struct xlate_ports_used {
	struct asa_addr addr;
	__u8 proto;
	__u32 used[3];
};
/* Call cb for each PAT address and protocol that was ever used, in no order. */
void xlate_ports_each(const struct xlates *x, void (*cb)(void *arg, const struct xlate_ports_used *r),
		      void *arg);
/* Walk: next entry with ref > *ref. */
const struct xlate *xlate_next(const struct xlates *x, __u32 *ref);

#endif
