// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic translations in use; the contract is in xlate.h.
 *
 * Entries live in one array and are named by their row (never 0). Two hashes find them: by what
 * is real (an inside host comes back) and by what is mapped. Which ports of a PAT address are
 * taken is kept in bit sets, one for each address and protocol, which also serve one-to-one
 * pools: there a number is the low half of the address.
 *
 * An entry without users waits in one of two queues, oldest first, for its timeout: xlate_expire()
 * only looks at their heads.
 *
 * Choice of a port: its own number when free; else a random place in its range (0-511, 512-1023,
 * 1024-65535); else the next address of the pool. As on an ASA a port never leaves its range,
 * since services trust low source ports, so that 511 of them are all that one address has.
 * Choice of an address: by a hash of the real one, so that a host keeps its
 * mapped address and hosts spread over the pool.
 *
 * Threads: asa->lock is held in every call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "policy/addr.h"
#include "session/xlate.h"
#include "session/xlate_bits.h"

#define BLOCK_SLOTS 4096
#define BLOCKS_MAX 65536 /* 530 MB; more distinct PAT addresses are refused */
#define KIND_ADDRESS 0x100 /* block of addresses; else the protocol */
#define TRIES_MAX 64 /* addresses of a pool that one call looks at */
#define EXPIRE_MAX 1024 /* entries that one call frees */

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
	struct nat_reserved *reserved;
	size_t n_reserved;
	__u64 seed, random;
};

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
	for (int i = 0; i < BLOCK_SLOTS; i++) {
		while (x->blocks[i]) {
			struct xlate_block *b = x->blocks[i];

			x->blocks[i] = b->next;
			free(b->kept);
			free(b);
		}
	}
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

static __u32 hash(const struct xlates *x, const struct asa_addr *a, __be16 port, __u16 kind)
{
	__u64 h = mix(x->seed, a->d[0]);

	h = mix(h, a->d[1]);
	return mix(h, (__u64)kind << 16 | port);
}

/* Good enough to spread ports: xorshift64. */
static __u32 random_below(struct xlates *x, __u32 n)
{
	x->random ^= x->random << 13;
	x->random ^= x->random >> 7;
	x->random ^= x->random << 17;
	return (__u32)((x->random >> 32) * n >> 32);
}

static __u32 *real_chain(const struct xlates *x, const struct xlate *t)
{
	return &x->by_real[hash(x, &t->real, t->real_port, t->proto) & x->mask];
}

static __u32 *mapped_chain(const struct xlates *x, const struct xlate *t)
{
	return &x->by_mapped[hash(x, &t->mapped, t->mapped_port, t->proto) & x->mask];
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

static bool mapped_taken(const struct xlates *x, const struct asa_addr *a, __be16 port, __u8 proto)
{
	__u32 ref = x->by_mapped[hash(x, a, port, proto) & x->mask];

	for (; ref; ref = x->entries[ref].next_mapped) {
		const struct xlate *t = &x->entries[ref].x;

		if (t->mapped_port == port && t->proto == proto && asa_addr_equal(&t->mapped, a))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ bit sets */

static bool range_has(const struct asa_addr *first, const struct asa_addr *last,
		      const struct asa_addr *a)
{
	struct addr_range r = { addr_to_num(first), addr_to_num(last) };

	return addr_range_has(r, addr_to_num(a));
}

/* Keep the ports of static PAT from being given out. => false without memory */
static bool block_reserve(const struct xlates *x, struct xlate_block *b)
{
	for (size_t i = 0; i < x->n_reserved; i++) {
		const struct nat_reserved *r = &x->reserved[i];

		if (r->proto != b->kind || !range_has(&r->first, &r->last, &b->addr))
			continue;
		if (!b->kept)
			b->kept = calloc(1024, sizeof(*b->kept));
		if (!b->kept)
			return false;
		for (__u32 n = r->port_lo; n <= r->port_hi; n++) {
			b->kept[n / 64] |= 1ull << (n % 64);
			xlate_bit_take(b, n);
		}
	}
	return true;
}

/* Ports that are static PAT's no longer are free, unless a connection has them since before. */
static void block_release(const struct xlates *x, struct xlate_block *b)
{
	__u64 *kept = b->kept;

	b->kept = NULL;
	for (__u32 n = 1; kept && n <= 0xffff; n++)
		if ((kept[n / 64] >> (n % 64) & 1) &&
		    !mapped_taken(x, &b->addr, asa_htons(n), (__u8)b->kind))
			xlate_bit_put(b, n);
	free(kept);
}

int xlate_reserve(struct xlates *x, const struct nat_reserved *rows, size_t n)
{
	struct nat_reserved *copy = calloc(n ? n : 1, sizeof(*copy));
	int err = 0;

	if (!copy)
		return -ENOMEM;
	if (n)
		memcpy(copy, rows, n * sizeof(*copy));
	free(x->reserved);
	x->reserved = copy;
	x->n_reserved = n;
	for (int i = 0; i < BLOCK_SLOTS; i++) {
		for (struct xlate_block *b = x->blocks[i]; b; b = b->next) {
			if (b->kind == KIND_ADDRESS)
				continue;
			block_release(x, b);
			if (!block_reserve(x, b))
				err = -ENOMEM;
		}
	}
	return err;
}

/* => the set of an address and kind, made when it is new; NULL when there is no more memory. */
static struct xlate_block *block_get(struct xlates *x, const struct asa_addr *a, __u16 kind)
{
	struct xlate_block **at = &x->blocks[hash(x, a, 0, kind) % BLOCK_SLOTS], *b;

	for (b = *at; b; b = b->next)
		if (b->kind == kind && asa_addr_equal(&b->addr, a))
			return b;
	if (x->n_blocks == BLOCKS_MAX)
		return NULL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->addr = *a;
	b->kind = kind;
	if (!block_reserve(x, b)) {
		free(b);
		return NULL;
	}
	b->next = *at;
	*at = b;
	x->n_blocks++;
	/* port 0 stands for "no port" */
	if (kind != KIND_ADDRESS)
		xlate_bit_take(b, 0);
	return b;
}

/* The set that holds a one-to-one address, and its number there. */
static struct xlate_block *address_block(struct xlates *x, addr_num a, __u16 *number)
{
	struct asa_addr base;

	*number = (__u16)a;
	addr_from_num(a & ~(addr_num)0xffff, &base);
	return block_get(x, &base, KIND_ADDRESS);
}

static bool proto_has_ports(__u8 proto)
{
	switch (proto) {
	case 6: /* TCP */
	case 17: /* UDP */
	case 132: /* SCTP */
	case 136: /* UDP-Lite */
	case 1: /* ICMP: the identifier of a query */
	case 58: /* ICMPv6 */
		return true;
	}
	return false;
}

static bool proto_is_icmp(__u8 proto)
{
	return proto == 1 || proto == 58;
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

/* Mark or free what the entry takes from its pool. */
static bool bits_change(struct xlates *x, const struct xlate *t, bool take)
{
	struct xlate_block *b;
	__u16 n;

	if (t->pat && !t->mapped_port)
		return true; /* a protocol without ports: by_mapped alone tells */
	if (t->pat) {
		n = asa_ntohs(t->mapped_port);
		b = block_get(x, &t->mapped, t->proto);
	} else {
		b = address_block(x, addr_to_num(&t->mapped), &n);
	}
	/* after a restart a connection may have a port that became static PAT's since it began */
	if (!b || (take && xlate_bit_used(b, n) && !xlate_bit_kept(b, n)))
		return false;
	if (take)
		xlate_bit_take(b, n);
	else
		xlate_bit_put(b, n);
	return true;
}

static void entry_free(struct xlates *x, __u32 ref)
{
	struct entry *e = &x->entries[ref];

	if (!e->x.users)
		queue_remove(x, ref);
	bits_change(x, &e->x, false);
	chains_remove(x, ref);
	e->live = false;
	e->next_real = x->free_head;
	x->free_head = ref;
	x->count--;
}

/* ------------------------------------------------------------------ choosing */

/* A port of 'mapped' for the connection. => DROP_NONE and t->mapped_port. */
static enum asa_drop port_choose(struct xlates *x, __u16 flat_lo, struct xlate *t)
{
	static const __u16 ranges[][2] = { { 1, 511 }, { 512, 1023 }, { 1024, 65535 } };
	__u16 want = asa_ntohs(t->real_port);
	int r = want < 512 ? 0 : want < 1024 ? 1 : 2, n = -1;
	__u32 lo = flat_lo ? flat_lo : ranges[r][0], hi = flat_lo ? 65535 : ranges[r][1];
	struct xlate_block *b;

	if (!proto_has_ports(t->proto)) {
		t->mapped_port = 0;
		return mapped_taken(x, &t->mapped, 0, t->proto) ? DROP_NAT_FAILED : DROP_NONE;
	}
	b = block_get(x, &t->mapped, t->proto);
	if (!b)
		return DROP_NAT_FAILED;
	if (!xlate_bit_used(b, want) && (want >= lo || proto_is_icmp(t->proto))) {
		n = want;
	} else if (proto_is_icmp(t->proto)) {
		n = xlate_bit_free_from(b, 1, 65535, 1 + random_below(x, 65535));
	} else {
		n = xlate_bit_free_from(b, lo, hi, lo + random_below(x, hi - lo + 1));
	}
	if (n < 0)
		return DROP_NAT_FAILED;
	xlate_bit_take(b, n);
	t->mapped_port = asa_htons((__u16)n);
	return DROP_NONE;
}

/* A whole address between lo and hi, near 'start'. => DROP_NONE and t->mapped. */
static enum asa_drop address_choose(struct xlates *x, struct addr_range pool, addr_num start,
				    struct xlate *t)
{
	addr_num at = start;

	for (int i = 0; i < TRIES_MAX; i++) {
		/* the part of the pool that lies in one set */
		addr_num first = at & ~(addr_num)0xffff, last = first | 0xffff;
		struct xlate_block *b;
		__u16 low;
		int n;

		if (first < pool.lo)
			first = pool.lo;
		if (last > pool.hi)
			last = pool.hi;
		b = address_block(x, at, &low);
		if (!b)
			return DROP_NAT_FAILED;
		n = xlate_bit_free_from(b, (__u16)first, (__u16)last, low);
		if (n >= 0) {
			xlate_bit_take(b, n);
			addr_from_num((at & ~(addr_num)0xffff) | (__u16)n, &t->mapped);
			return DROP_NONE;
		}
		at = last == pool.hi ? pool.lo : last + 1;
		if (at >= (start & ~(addr_num)0xffff) && at <= start && i > 0)
			break;
	}
	return DROP_NAT_FAILED;
}

/* Take from one range of a pool. */
static enum asa_drop range_choose(struct xlates *x, const struct asa_addr *first,
				  const struct asa_addr *last, bool pat, __u16 flat_lo,
				  struct xlate *t)
{
	struct addr_range pool = { addr_to_num(first), addr_to_num(last) };
	__u32 spread = hash(x, &t->real, 0, KIND_ADDRESS);
	addr_num size = pool.hi - pool.lo, at;

	at = pool.lo + (size ? spread % (size + 1 ? size + 1 : size) : 0);
	t->pat = pat;
	if (!pat) {
		t->real_port = 0;
		t->proto = 0;
		return address_choose(x, pool, at, t);
	}
	for (addr_num i = 0; i < TRIES_MAX && i <= size; i++) {
		addr_from_num(at, &t->mapped);
		if (!port_choose(x, flat_lo, t))
			return DROP_NONE;
		at = at == pool.hi ? pool.lo : at + 1;
	}
	return DROP_NAT_FAILED;
}

/* Could the pool have given out t? A changed pool must not keep handing out old addresses. */
static bool pool_owns(const struct nat_pool *pool, const struct xlate *t)
{
	if (pool->pat == t->pat && range_has(&pool->first, &pool->last, &t->mapped))
		return true;
	for (size_t i = 0; i < pool->n_more; i++)
		if (pool->more[i].pat == t->pat &&
		    range_has(&pool->more[i].first, &pool->more[i].last, &t->mapped))
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
		    asa_addr_equal(&t->real, &like->real) &&
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
	const __be16 port = proto_has_ports(key->proto) ? key->sport : 0;
	enum asa_drop drop;

	*t = (struct xlate){ .real = key->src,
			     .real_if = in->num,
			     .mapped_if = out->num,
			     .created = now,
			     .last_used = now };
	*ref = pool_has_addresses(pool) ? real_find(x, pool, out, t) : 0;
	t->real_port = port;
	t->proto = key->proto;
	if (!*ref)
		*ref = real_find(x, pool, out, t);
	if (*ref)
		return DROP_NONE;
	if (!has_room(x))
		return DROP_NAT_FAILED;
	drop = range_choose(x, &pool->first, &pool->last, pool->pat, pool->flat_lo, t);
	for (size_t i = 0; drop && i < pool->n_more; i++) {
		t->real_port = port;
		t->proto = key->proto;
		drop = range_choose(x, &pool->more[i].first, &pool->more[i].last,
				    pool->more[i].pat, pool->flat_lo, t);
	}
	if (drop && pool->interface_fallback) {
		t->real_port = port;
		t->proto = key->proto;
		drop = range_choose(x, &pool->interface_addr, &pool->interface_addr, true, pool->flat_lo,
				    t);
	}
	if (drop)
		return drop;
	memcpy(t->real_if_name, in->name, sizeof(t->real_if_name));
	memcpy(t->mapped_if_name, out->name, sizeof(t->mapped_if_name));
	return DROP_NONE;
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
	__u32 ref;
	enum asa_drop drop = choose(x, pool, in, out, key, now, &ref, t);

	x->random = random; /* the next allocation makes the same choice */
	*created = !drop && !ref;
	if (ref)
		*t = x->entries[ref].x;
	else if (!drop)
		bits_change(x, t, false);
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
	__u32 ref = x->by_mapped[hash(x, mapped, port, proto) & x->mask];

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

	if (!kept.pat) {
		kept.proto = 0;
		kept.real_port = kept.mapped_port = 0;
	} else if (!proto_has_ports(kept.proto)) {
		kept.real_port = kept.mapped_port = 0;
	}
	for (ref = *real_chain(x, &kept); ref; ref = x->entries[ref].next_real) {
		const struct xlate *other = &x->entries[ref].x;

		if (other->real_port == kept.real_port && other->proto == kept.proto &&
		    other->mapped_port == kept.mapped_port &&
		    asa_addr_equal(&other->real, &kept.real) &&
		    asa_addr_equal(&other->mapped, &kept.mapped)) {
			entry_hold(x, ref, kept.last_used);
			return ref;
		}
	}
	if (!has_room(x) || mapped_taken(x, &kept.mapped, kept.mapped_port, kept.proto) ||
	    !bits_change(x, &kept, true))
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
