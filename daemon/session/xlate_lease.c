// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of ports that are one host's: "block-allocation" of a PAT pool (NAT-3).
 *
 * Responsible for: which host has which stretch of the ports of a mapped address, how many of
 * them it may have, and telling when one is given out or comes back (305014, 305015), so that who
 * had a port is known from two messages and not from one for each connection. Not responsible for:
 * which ports of a block are in use (the bit set of the address), choosing the address.
 *
 * A host has blocks for each protocol. A block comes when none of its others has a free port and
 * goes with its last translation. Its ports are of 1024-65535: what a host sends from below leaves
 * from within its block, too, as on an ASA. A changed size counts for blocks that come.
 *
 * Which ports of an address are somebody's is a bit set of its own, made with the first block. To
 * find a free stretch is to look at up to 2,016 words of it, once for each block.
 *
 * Threads: asa->lock is held in every call.
 */
#include <stdlib.h>
#include <string.h>

#include "session/xlate_impl.h"

#define PORT_FIRST 1024u
#define PORTS (0x10000u - PORT_FIRST)

static struct xlate_lease **chain_of(struct xlates *x, const struct asa_addr *real, __u8 proto)
{
	return &x->leases[xlate_hash(x, real, 0, proto) % LEASE_SLOTS];
}

static bool is_of(const struct xlate_lease *l, const struct asa_addr *real, __u8 proto)
{
	return l->proto == proto && asa_addr_equal(&l->real, real);
}

/* Bits of lo to hi within word w. */
static __u64 word_bits(__u32 w, __u32 lo, __u32 hi)
{
	__u64 bits = ~0ull;

	if (w == lo / 64)
		bits &= ~0ull << (lo % 64);
	if (w == hi / 64)
		bits &= ~0ull >> (63 - hi % 64);
	return bits;
}

static bool is_owned(const struct xlate_block *b, __u32 lo, __u32 hi)
{
	for (__u32 w = lo / 64; b->owned && w <= hi / 64; w++)
		if (b->owned[w] & word_bits(w, lo, hi))
			return true;
	return false;
}

static void own(struct xlate_block *b, __u32 lo, __u32 hi, bool yes)
{
	for (__u32 w = lo / 64; w <= hi / 64; w++) {
		if (yes)
			b->owned[w] |= word_bits(w, lo, hi);
		else
			b->owned[w] &= ~word_bits(w, lo, hi);
	}
}

static struct xlate_lease *lease_new(struct xlates *x, struct xlate_block *b, __u32 lo, __u32 hi,
				     const struct xlate *t)
{
	struct xlate_lease **at = chain_of(x, &t->real, t->proto), *l = calloc(1, sizeof(*l));

	if (!b->owned)
		b->owned = calloc(1024, sizeof(*b->owned));
	if (!l || !b->owned) {
		free(l);
		return NULL;
	}
	own(b, lo, hi, true);
	l->real = t->real;
	l->mapped = t->mapped;
	l->proto = t->proto;
	l->lo = (__u16)lo;
	l->hi = (__u16)hi;
	memcpy(l->real_if_name, t->real_if_name, sizeof(l->real_if_name));
	memcpy(l->mapped_if_name, t->mapped_if_name, sizeof(l->mapped_if_name));
	l->next = *at;
	*at = l;
	if (x->on_lease && !x->dry)
		x->on_lease(x->on_lease_arg, l, true);
	return l;
}

/* A stretch that is nobody's and has a free port, from a random place on. */
static struct xlate_lease *lease_find_new(struct xlates *x, struct xlate_block *b, __u32 size,
					  const struct xlate *t)
{
	__u32 n = PORTS / size, start = xlate_random_below(x, n);

	for (__u32 i = 0; i < n; i++) {
		__u32 lo = PORT_FIRST + (start + i) % n * size, hi = lo + size - 1;

		if (!is_owned(b, lo, hi) && xlate_bit_free(b, lo, hi) >= 0)
			return lease_new(x, b, lo, hi, t);
	}
	return NULL;
}

/* A free port of the block, the host's own number if that is one. */
static int port_of(struct xlates *x, const struct xlate_block *b, const struct xlate_lease *l,
		   __u16 want)
{
	if (want >= l->lo && want <= l->hi && !xlate_bit_used(b, want))
		return want;
	return xlate_bit_free_from(b, l->lo, l->hi, l->lo + xlate_random_below(x, l->hi - l->lo + 1u));
}

int xlate_lease_take(struct xlates *x, struct xlate_block *b, const struct nat_pool *pool,
		     const struct xlate *t)
{
	__u16 want = asa_ntohs(t->real_port);
	struct xlate_lease *l;
	__u32 n = 0;
	int port;

	for (l = *chain_of(x, &t->real, t->proto); l; l = l->next) {
		if (!is_of(l, &t->real, t->proto))
			continue;
		n++;
		if (!asa_addr_equal(&l->mapped, &t->mapped))
			continue;
		port = port_of(x, b, l, want);
		if (port >= 0)
			break;
	}
	if (!l && n < pool->block_max)
		l = lease_find_new(x, b, pool->block_size, t);
	if (!l)
		return -1;
	l->users++;
	return port_of(x, b, l, want);
}

static struct xlate_lease *lease_holding(struct xlates *x, const struct xlate *t)
{
	struct xlate_lease *l = *chain_of(x, &t->real, t->proto);
	__u16 port = asa_ntohs(t->mapped_port);

	for (; l; l = l->next)
		if (is_of(l, &t->real, t->proto) && asa_addr_equal(&l->mapped, &t->mapped) &&
		    port >= l->lo && port <= l->hi)
			return l;
	return NULL;
}

bool xlate_lease_restore(struct xlates *x, struct xlate_block *b, const struct xlate *t)
{
	struct xlate_lease *l = lease_holding(x, t);
	__u32 port = asa_ntohs(t->mapped_port), lo;

	if (!l && port >= PORT_FIRST) {
		lo = port - (port - PORT_FIRST) % t->block_size;
		if (lo + t->block_size <= 0x10000 && !is_owned(b, lo, lo + t->block_size - 1))
			l = lease_new(x, b, lo, lo + t->block_size - 1, t);
	}
	if (l)
		l->users++;
	return l;
}

void xlate_lease_put(struct xlates *x, struct xlate_block *b, const struct xlate *t)
{
	struct xlate_lease *l = lease_holding(x, t), **at;

	if (!l || --l->users)
		return;
	for (at = chain_of(x, &t->real, t->proto); *at != l; at = &(*at)->next)
		;
	*at = l->next;
	own(b, l->lo, l->hi, false);
	if (x->on_lease && !x->dry)
		x->on_lease(x->on_lease_arg, l, false);
	free(l);
}

void xlate_on_lease(struct xlates *x, void (*cb)(void *arg, const struct xlate_lease *l, bool got),
		    void *arg)
{
	x->on_lease = cb;
	x->on_lease_arg = arg;
}

__u32 xlate_leases_of(const struct xlates *x, const struct asa_addr *real, __u8 proto)
{
	const struct xlate_lease *l = x->leases[xlate_hash(x, real, 0, proto) % LEASE_SLOTS];
	__u32 n = 0;

	for (; l; l = l->next)
		n += is_of(l, real, proto);
	return n;
}

void xlate_leases_free(struct xlates *x)
{
	for (int i = 0; i < LEASE_SLOTS; i++) {
		while (x->leases[i]) {
			struct xlate_lease *l = x->leases[i];

			x->leases[i] = l->next;
			free(l);
		}
	}
}
