// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic translations in use; the contract is in xlate.h.
 *
 * Entries live in one array and are named by their row (never 0). Two hashes find them: by what
 * is real (an inside host comes back) and by what is mapped; those of extended pools with their
 * destination. What they take from a pool is chosen in xlate_ports.c.
 *
 * An entry without users waits in one of two queues, oldest first, for its timeout: xlate_expire()
 * only looks at their heads.
 *
 * Threads: asa->lock is held in every call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "session/xlate_impl.h"

#define EXPIRE_MAX 1024 /* entries that one call frees */

struct xlates *xlate_new(__u32 max)
{
	struct xlates *x = calloc(1, sizeof(*x));
	__u32 size = 1024;

	if (!x)
		return NULL;
	while (size < max && size < 1u << 30)
		size *= 2;
	x->max = max;
	x->fresh = 1;
	x->mask = size - 1;
	x->entries = calloc((size_t)max + 1, sizeof(*x->entries));
	x->by_real = calloc(size, sizeof(*x->by_real));
	x->by_mapped = calloc(size, sizeof(*x->by_mapped));
	if (!x->entries || !x->by_real || !x->by_mapped ||
	    getrandom(&x->seed, sizeof(x->seed), 0) != sizeof(x->seed)) {
		xlate_free(x);
		return NULL;
	}
	x->random = x->seed | 1;
	return x;
}

void xlate_free(struct xlates *x)
{
	if (!x)
		return;
	xlate_blocks_free(x);
	xlate_leases_free(x);
	free(x->entries);
	free(x->by_real);
	free(x->by_mapped);
	free(x->reserved);
	free(x);
}

/* ------------------------------------------------------------------ hashes */

static __u64 mix(__u64 h, __u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 32;
}

__u32 xlate_hash(const struct xlates *x, const struct asa_addr *a, __be16 port, __u16 kind)
{
	__u64 h = mix(x->seed, a->d[0]);

	h = mix(h, a->d[1]);
	return mix(h, (__u64)kind << 16 | port);
}

/* xorshift64 */
__u32 xlate_random_below(struct xlates *x, __u32 n)
{
	x->random ^= x->random << 13;
	x->random ^= x->random >> 7;
	x->random ^= x->random << 17;
	return (__u32)((x->random >> 32) * n >> 32);
}

/* An extended translation is one for its destination only. */
static __u32 with_peer(const struct xlate *t, __u32 h)
{
	if (!t->extended)
		return h;
	return (__u32)mix(mix(mix(h, t->peer.d[0]), t->peer.d[1]), t->peer_port);
}

static bool same_peer(const struct xlate *a, const struct xlate *b)
{
	return a->extended == b->extended &&
	       (!a->extended || (a->peer_port == b->peer_port && asa_addr_equal(&a->peer, &b->peer)));
}

static __u32 *real_chain(const struct xlates *x, const struct xlate *t)
{
	return &x->by_real[with_peer(t, xlate_hash(x, &t->real, t->real_port, t->proto)) & x->mask];
}

static __u32 *mapped_chain(const struct xlates *x, const struct xlate *t)
{
	return &x->by_mapped[with_peer(t, xlate_hash(x, &t->mapped, t->mapped_port, t->proto)) & x->mask];
}

static void chains_add(struct xlates *x, __u32 ref)
{
	struct entry *e = &x->entries[ref];
	__u32 *real = real_chain(x, &e->x), *mapped = mapped_chain(x, &e->x);

	e->next_real = *real;
	*real = ref;
	e->next_mapped = *mapped;
	*mapped = ref;
}

static void chains_remove(struct xlates *x, __u32 ref)
{
	struct entry *e = &x->entries[ref];
	__u32 *at = real_chain(x, &e->x);

	while (*at != ref)
		at = &x->entries[*at].next_real;
	*at = e->next_real;
	at = mapped_chain(x, &e->x);
	while (*at != ref)
		at = &x->entries[*at].next_mapped;
	*at = e->next_mapped;
}

bool xlate_mapped_taken(const struct xlates *x, const struct xlate *like)
{
	__u32 ref = *mapped_chain(x, like);

	for (; ref; ref = x->entries[ref].next_mapped) {
		const struct xlate *t = &x->entries[ref].x;

		if (t->mapped_port == like->mapped_port && t->proto == like->proto &&
		    same_peer(t, like) && asa_addr_equal(&t->mapped, &like->mapped))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ entries */

static void queue_push(struct xlates *x, __u32 ref)
{
	struct entry *e = &x->entries[ref];
	int q = e->x.pat ? QUEUE_PAT : QUEUE_ADDRESS;

	e->older = x->newest[q];
	e->newer = 0;
	if (e->older)
		x->entries[e->older].newer = ref;
	else
		x->oldest[q] = ref;
	x->newest[q] = ref;
}

static void queue_remove(struct xlates *x, __u32 ref)
{
	struct entry *e = &x->entries[ref];
	int q = e->x.pat ? QUEUE_PAT : QUEUE_ADDRESS;

	if (e->older)
		x->entries[e->older].newer = e->newer;
	else
		x->oldest[q] = e->newer;
	if (e->newer)
		x->entries[e->newer].older = e->older;
	else
		x->newest[q] = e->older;
}

static void entry_hold(struct xlates *x, __u32 ref, __u32 now)
{
	struct entry *e = &x->entries[ref];

	if (e->x.users++ == 0)
		queue_remove(x, ref);
	e->x.last_used = now;
}

static bool has_room(const struct xlates *x)
{
	return x->free_head || x->fresh <= x->max;
}

/* Keep 't', in use by one connection. The caller saw room. */
static __u32 entry_add(struct xlates *x, const struct xlate *t)
{
	__u32 ref = x->free_head;
	struct entry *e;

	if (ref)
		x->free_head = x->entries[ref].next_real;
	else
		ref = x->fresh++;
	e = &x->entries[ref];
	*e = (struct entry){ .x = *t, .live = true };
	e->x.users = 1;
	chains_add(x, ref);
	if (++x->count > x->most)
		x->most = x->count;
	return ref;
}

static void entry_free(struct xlates *x, __u32 ref)
{
	struct entry *e = &x->entries[ref];

	if (!e->x.users)
		queue_remove(x, ref);
	xlate_bits_change(x, &e->x, false);
	chains_remove(x, ref);
	e->live = false;
	e->next_real = x->free_head;
	x->free_head = ref;
	x->count--;
}

/* ------------------------------------------------------------------ choosing */

/* Could the pool have given out t? A changed pool must not keep handing out old addresses. */
static bool pool_owns(const struct nat_pool *pool, const struct xlate *t)
{
	if (pool->pat == t->pat && xlate_range_has(&pool->first, &pool->last, &t->mapped))
		return true;
	for (size_t i = 0; i < pool->n_more; i++)
		if (pool->more[i].pat == t->pat &&
		    xlate_range_has(&pool->more[i].first, &pool->more[i].last, &t->mapped))
			return true;
	return pool->interface_fallback && t->pat &&
	       asa_addr_equal(&pool->interface_addr, &t->mapped);
}

/* A translation that the real host has already. */
static __u32 real_find(const struct xlates *x, const struct nat_pool *pool,
		       const struct policy_if *out, const struct xlate *like)
{
	__u32 ref = *real_chain(x, like);

	for (; ref; ref = x->entries[ref].next_real) {
		const struct xlate *t = &x->entries[ref].x;

		if (t->real_port == like->real_port && t->proto == like->proto &&
		    same_peer(t, like) && asa_addr_equal(&t->real, &like->real) &&
		    !strcmp(t->mapped_if_name, out->name) && pool_owns(pool, t))
			return ref;
	}
	return 0;
}

static bool pool_has_addresses(const struct nat_pool *pool)
{
	bool any = !pool->pat;

	for (size_t i = 0; i < pool->n_more; i++)
		any |= !pool->more[i].pat;
	return any;
}

/*
 * The translation that the host has, or a free one, which is taken from its pool.
 * => '*ref' 0 and '*t' for a new one
 */
static enum asa_drop choose(struct xlates *x, const struct nat_pool *pool,
			    const struct policy_if *in, const struct policy_if *out,
			    const struct asa_key *key, __u32 now, __u32 *ref, struct xlate *t)
{
	const __be16 port = xlate_proto_has_ports(key->proto) ? key->sport : 0;
	const bool extended = pool->extended && xlate_proto_extends(key->proto);
	enum asa_drop drop;

	*t = (struct xlate){ .real = key->src,
			     .real_if = in->num,
			     .mapped_if = out->num,
			     .created = now,
			     .last_used = now };
	memcpy(t->real_if_name, in->name, sizeof(t->real_if_name));
	memcpy(t->mapped_if_name, out->name, sizeof(t->mapped_if_name));
	*ref = pool_has_addresses(pool) ? real_find(x, pool, out, t) : 0;
	t->real_port = port;
	t->proto = key->proto;
	if (extended) {
		t->extended = true;
		t->peer = key->dst;
		t->peer_port = key->dport;
	}
	if (!*ref)
		*ref = real_find(x, pool, out, t);
	if (*ref)
		return DROP_NONE;
	if (!has_room(x))
		return DROP_NAT_FAILED;
	drop = xlate_range_choose(x, pool, &pool->first, &pool->last, pool->pat, t);
	for (size_t i = 0; drop && i < pool->n_more; i++) {
		t->real_port = port;
		t->proto = key->proto;
		t->extended = extended;
		drop = xlate_range_choose(x, pool, &pool->more[i].first, &pool->more[i].last,
					  pool->more[i].pat, t);
	}
	if (drop && pool->interface_fallback) {
		t->real_port = port;
		t->proto = key->proto;
		t->extended = extended;
		drop = xlate_range_choose(x, pool, &pool->interface_addr, &pool->interface_addr, true, t);
	}
	return drop;
}

enum asa_drop xlate_allocate(struct xlates *x, const struct nat_pool *pool,
			     const struct policy_if *in, const struct policy_if *out,
			     const struct asa_key *key, __u32 now, __u32 *ref,
			     struct asa_addr *mapped, __be16 *mapped_port, bool *created)
{
	struct xlate t;
	enum asa_drop drop = choose(x, pool, in, out, key, now, ref, &t);

	*created = !drop && !*ref;
	if (drop)
		return drop;
	if (*ref)
		entry_hold(x, *ref, now);
	else
		*ref = entry_add(x, &t);
	*mapped = x->entries[*ref].x.mapped;
	*mapped_port = x->entries[*ref].x.pat ? x->entries[*ref].x.mapped_port : key->sport;
	return DROP_NONE;
}

enum asa_drop xlate_peek(struct xlates *x, const struct nat_pool *pool, const struct policy_if *in,
			 const struct policy_if *out, const struct asa_key *key, __u32 now,
			 struct xlate *t, bool *created)
{
	__u64 random = x->random;
	enum asa_drop drop;
	__u32 ref;

	x->dry = true;
	drop = choose(x, pool, in, out, key, now, &ref, t);
	x->random = random; /* the next allocation makes the same choice */
	*created = !drop && !ref;
	if (ref)
		*t = x->entries[ref].x;
	else if (!drop)
		xlate_bits_change(x, t, false);
	x->dry = false;
	return drop;
}

/* ------------------------------------------------------------------ life */

const struct xlate *xlate_get(const struct xlates *x, __u32 ref)
{
	return ref && ref < x->fresh && x->entries[ref].live ? &x->entries[ref].x : NULL;
}

const struct xlate *xlate_find_mapped(const struct xlates *x, const struct asa_addr *mapped,
				      __be16 port, __u8 proto)
{
	__u32 ref = x->by_mapped[xlate_hash(x, mapped, port, proto) & x->mask];

	for (; ref; ref = x->entries[ref].next_mapped) {
		const struct xlate *t = &x->entries[ref].x;

		if (t->mapped_port == port && t->proto == proto &&
		    asa_addr_equal(&t->mapped, mapped))
			return t;
	}
	return NULL;
}

void xlate_put(struct xlates *x, __u32 ref, __u32 now)
{
	struct entry *e = &x->entries[ref];

	if (!xlate_get(x, ref) || !e->x.users)
		return;
	e->x.last_used = now;
	if (--e->x.users == 0)
		queue_push(x, ref);
}

void xlate_expire(struct xlates *x, __u32 now, __u32 xlate_timeout, __u32 pat_timeout,
		  void (*cb)(void *arg, const struct xlate *t), void *arg)
{
	const __u32 timeout[QUEUE_N] = { xlate_timeout, pat_timeout };

	for (int q = 0; q < QUEUE_N; q++) {
		for (int i = 0; i < EXPIRE_MAX && x->oldest[q] && timeout[q]; i++) {
			__u32 ref = x->oldest[q];

			if (now - x->entries[ref].x.last_used < timeout[q])
				break;
			if (cb)
				cb(arg, &x->entries[ref].x);
			entry_free(x, ref);
		}
	}
}

__u32 xlate_restore(struct xlates *x, const struct xlate *t)
{
	struct xlate kept = *t;
	__u32 ref;

	kept.extended = kept.extended && kept.pat && xlate_proto_extends(kept.proto);
	if (!kept.pat) {
		kept.proto = 0;
		kept.real_port = kept.mapped_port = 0;
	} else if (!xlate_proto_has_ports(kept.proto)) {
		kept.real_port = kept.mapped_port = 0;
	}
	for (ref = *real_chain(x, &kept); ref; ref = x->entries[ref].next_real) {
		const struct xlate *other = &x->entries[ref].x;

		if (other->real_port == kept.real_port && other->proto == kept.proto &&
		    other->mapped_port == kept.mapped_port && same_peer(other, &kept) &&
		    asa_addr_equal(&other->real, &kept.real) &&
		    asa_addr_equal(&other->mapped, &kept.mapped)) {
			entry_hold(x, ref, kept.last_used);
			return ref;
		}
	}
	if (!has_room(x) || xlate_mapped_taken(x, &kept) || !xlate_bits_change(x, &kept, true))
		return 0;
	return entry_add(x, &kept);
}

void xlate_clear_if(struct xlates *x, bool (*fits)(void *arg, const struct xlate *t), void *fits_arg,
		    void (*cb)(void *arg, const struct xlate *t), void *arg)
{
	for (int q = 0; q < QUEUE_N; q++) {
		for (__u32 ref = x->oldest[q], newer; ref; ref = newer) {
			newer = x->entries[ref].newer;
			if (fits && !fits(fits_arg, &x->entries[ref].x))
				continue;
			if (cb)
				cb(arg, &x->entries[ref].x);
			entry_free(x, ref);
		}
	}
}

void xlate_clear(struct xlates *x, void (*cb)(void *arg, const struct xlate *t), void *arg)
{
	xlate_clear_if(x, NULL, NULL, cb, arg);
}

__u32 xlate_count(const struct xlates *x)
{
	return x->count;
}

__u32 xlate_most_used(const struct xlates *x)
{
	return x->most;
}

const struct xlate *xlate_next(const struct xlates *x, __u32 *ref)
{
	while (++*ref < x->fresh)
		if (x->entries[*ref].live)
			return &x->entries[*ref].x;
	return NULL;
}
