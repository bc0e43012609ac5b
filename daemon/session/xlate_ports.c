// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses and ports that translations take from pools (NAT-3).
 *
 * Responsible for: which addresses and ports are in use, those that static PAT keeps, choosing a
 * free one. Not responsible for: entries and their life (xlate.c), which host has which block of
 * ports (xlate_lease.c).
 *
 * Which ports of a PAT address are taken is kept in bit sets, one for each address and protocol,
 * which also serve one-to-one pools: there a number is the low half of the address.
 *
 * Choice of a port: its own number when free; else a random place in its range (0-511, 512-1023,
 * 1024-65535); else the next address of the pool. As on an ASA a port never leaves its range,
 * since services trust low source ports, so that 511 of them are all that one address has.
 * Choice of an address: by a hash of the real one, so that a host keeps its
 * mapped address and hosts spread over the pool.
 *
 * An extended pool gives a port to several connections, if they have different destinations: the
 * answers tell them apart. As long as a port is free at all, that is taken; then one that has
 * not this destination yet is looked for at up to EXTENDED_TRIES places: to a destination that has
 * 99% of the ports of an address one connection in 170 goes to the next one. A port counts its users.
 *
 * Threads: asa->lock is held in every call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session/xlate_impl.h"

#define BLOCKS_MAX 65536 /* 530 MB; more distinct PAT addresses are refused */
#define TRIES_MAX 64 /* addresses of a pool that one call looks at */
#define EXTENDED_TRIES 512 /* as many as a low range has */

/* ------------------------------------------------------------------ bit sets */

bool xlate_range_has(const struct asa_addr *first, const struct asa_addr *last,
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

		if (r->proto != b->kind || !xlate_range_has(&r->first, &r->last, &b->addr))
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

static bool port_in_use(const struct xlates *x, const struct xlate_block *b, __u32 n)
{
	struct xlate plain = { .mapped = b->addr,
			       .mapped_port = asa_htons((__u16)n),
			       .proto = (__u8)b->kind };

	return (b->counts && b->counts[n]) || xlate_mapped_taken(x, &plain);
}

/* Ports that are static PAT's no longer are free, unless a connection has them since before. */
static void block_release(const struct xlates *x, struct xlate_block *b)
{
	__u64 *kept = b->kept;

	b->kept = NULL;
	for (__u32 n = 1; kept && n <= 0xffff; n++)
		if ((kept[n / 64] >> (n % 64) & 1) && !port_in_use(x, b, n))
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
	struct xlate_block **at = &x->blocks[xlate_hash(x, a, 0, kind) % BLOCK_SLOTS], *b;

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

bool xlate_proto_has_ports(__u8 proto)
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

bool xlate_proto_extends(__u8 proto)
{
	return xlate_proto_has_ports(proto) && !proto_is_icmp(proto);
}

/* ------------------------------------------------------------------ taking and giving back */

/* How many use a port of an extended pool. => false without memory */
static bool counts_get(struct xlate_block *b)
{
	if (!b->counts)
		b->counts = calloc(65536, sizeof(*b->counts));
	return b->counts;
}

static void port_take(struct xlate_block *b, __u16 n, bool extended)
{
	if (extended)
		b->counts[n]++;
	xlate_bit_take(b, n);
}

static void port_put(struct xlate_block *b, __u16 n, bool extended)
{
	if (extended && --b->counts[n])
		return;
	xlate_bit_put(b, n);
}

bool xlate_bits_change(struct xlates *x, const struct xlate *t, bool take)
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
	if (!b || (t->extended && !counts_get(b)))
		return false;
	if (!take) {
		port_put(b, n, t->extended);
		if (t->block_size)
			xlate_lease_put(x, b, t);
		return true;
	}
	/* after a restart a connection may have a port that became static PAT's since it began */
	if (xlate_bit_used(b, n) && !xlate_bit_kept(b, n) && !(t->extended && b->counts[n]))
		return false;
	if (t->block_size && !xlate_lease_restore(x, b, t))
		return false;
	port_take(b, n, t->extended);
	return true;
}

/* A port that others have, none of them for this destination. => -1 not found */
static int port_share(struct xlates *x, const struct xlate_block *b, __u32 lo, __u32 hi,
		      const struct xlate *t)
{
	__u32 n = hi - lo + 1, start = xlate_random_below(x, n);
	struct xlate like = *t;

	for (__u32 i = 0; i < n && i < EXTENDED_TRIES; i++) {
		/* small ranges are gone through; in a large one neighbours would clump together */
		__u32 port = lo + (n > EXTENDED_TRIES ? xlate_random_below(x, n) : (start + i) % n);

		like.mapped_port = asa_htons((__u16)port);
		if (b->counts[port] && !xlate_mapped_taken(x, &like))
			return (int)port;
	}
	return -1;
}

/* A port of 'mapped' for the connection. => DROP_NONE and t->mapped_port. */
static enum asa_drop port_choose(struct xlates *x, const struct nat_pool *pool, struct xlate *t)
{
	static const __u16 ranges[][2] = { { 1, 511 }, { 512, 1023 }, { 1024, 65535 } };
	__u16 want = asa_ntohs(t->real_port);
	int r = want < 512 ? 0 : want < 1024 ? 1 : 2, n = -1;
	__u32 lo = pool->flat_lo ? pool->flat_lo : ranges[r][0];
	__u32 hi = pool->flat_lo ? 65535 : ranges[r][1];
	struct xlate_block *b;

	t->block_size = 0;
	if (!xlate_proto_has_ports(t->proto)) {
		t->mapped_port = 0;
		return xlate_mapped_taken(x, t) ? DROP_NAT_FAILED : DROP_NONE;
	}
	b = block_get(x, &t->mapped, t->proto);
	if (!b || (t->extended && !counts_get(b)))
		return DROP_NAT_FAILED;
	if (pool->block_size) {
		n = xlate_lease_take(x, b, pool, t);
		t->block_size = pool->block_size;
	} else if (!xlate_bit_used(b, want) && (want >= lo || proto_is_icmp(t->proto))) {
		n = want;
	} else if (proto_is_icmp(t->proto)) {
		n = xlate_bit_free_from(b, 1, 65535, 1 + xlate_random_below(x, 65535));
	} else {
		n = xlate_bit_free_from(b, lo, hi, lo + xlate_random_below(x, hi - lo + 1));
	}
	if (n < 0 && t->extended)
		n = port_share(x, b, lo, hi, t);
	if (n < 0)
		return DROP_NAT_FAILED;
	port_take(b, n, t->extended);
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

enum asa_drop xlate_range_choose(struct xlates *x, const struct nat_pool *from,
				 const struct asa_addr *first, const struct asa_addr *last, bool pat,
				 struct xlate *t)
{
	struct addr_range pool = { addr_to_num(first), addr_to_num(last) };
	__u32 spread = xlate_hash(x, &t->real, 0, KIND_ADDRESS);
	addr_num size = pool.hi - pool.lo, at;

	at = pool.lo + (size ? spread % (size + 1 ? size + 1 : size) : 0);
	t->pat = pat;
	if (!pat) {
		t->real_port = 0;
		t->proto = 0;
		t->extended = false;
		return address_choose(x, pool, at, t);
	}
	for (addr_num i = 0; i < TRIES_MAX && i <= size; i++) {
		addr_from_num(at, &t->mapped);
		if (!port_choose(x, from, t))
			return DROP_NONE;
		at = at == pool.hi ? pool.lo : at + 1;
	}
	return DROP_NAT_FAILED;
}


void xlate_blocks_free(struct xlates *x)
{
	for (int i = 0; i < BLOCK_SLOTS; i++) {
		while (x->blocks[i]) {
			struct xlate_block *b = x->blocks[i];

			x->blocks[i] = b->next;
			free(b->kept);
			free(b->owned);
			free(b->counts);
			free(b);
		}
	}
}

void xlate_ports_each(const struct xlates *x, void (*cb)(void *arg, const struct xlate_ports_used *r),
		      void *arg)
{
	for (int i = 0; i < BLOCK_SLOTS; i++) {
		for (const struct xlate_block *b = x->blocks[i]; b; b = b->next) {
			struct xlate_ports_used r = { .addr = b->addr, .proto = (__u8)b->kind };

			for (__u32 w = 0; w < 1024 && b->kind != KIND_ADDRESS; w++) {
				__u64 used = b->used[w] & (b->kept ? ~b->kept[w] : ~0ull);

				if (!w)
					used &= ~1ull; /* 0 is no port */
				r.used[w < 8 ? 0 : w < 16 ? 1 : 2] += __builtin_popcountll(used);
			}
			if (b->kind != KIND_ADDRESS)
				cb(arg, &r);
		}
	}
}
