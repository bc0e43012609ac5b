// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who inside talks to whom outside: what the "established" command asks (ACL-5).
 *
 * Responsible for: finding an outbound TCP or UDP connection between two hosts that one of the
 * "established" lines names, and so permits one back from the other host. Not responsible for:
 * when that is asked (engine/first_packet.c).
 *
 * Outbound connections hang in lists by the pair of their hosts' real addresses. The lists exist
 * only while the configuration has such lines: they are made on the next tick and filled from the
 * connection table in bounded pieces, so that other firewalls do not pay for them.
 *
 * A question looks at LOOK_MAX connections of the pair, the latest first: a host with more than
 * that to one other host may have to open a new one before it is answered.
 *
 * Threads: asa->lock.
 */
#include <stdlib.h>

#include "session/session_impl.h"

#define SCAN_PER_TICK 16384u
#define LOOK_MAX 1024

struct pair_link {
	__u32 next, prev; /* slots, 0 the end */
	bool in;
};
struct pairs {
	struct pair_link *links; /* by slot */
	__u32 *buckets; /* first slot */
	__u32 mask;
	__u32 scan; /* slots below were looked at */
};

static struct pairs *pairs_new(__u32 n_slots)
{
	struct pairs *p = calloc(1, sizeof(*p));
	__u32 n = 64;

	if (!p)
		return NULL;
	while (n < n_slots / 2)
		n *= 2;
	p->mask = n - 1;
	p->scan = 1;
	p->links = calloc(n_slots, sizeof(*p->links));
	p->buckets = calloc(n, sizeof(*p->buckets));
	if (!p->links || !p->buckets) {
		pairs_free(p);
		return NULL;
	}
	return p;
}

void pairs_free(struct pairs *p)
{
	if (!p)
		return;
	free(p->links);
	free(p->buckets);
	free(p);
}

static __u32 *bucket_of(const struct pairs *p, const struct asa_addr *inside,
			const struct asa_addr *outside)
{
	__u64 h = (inside->d[0] ^ (outside->d[1] << 7 | outside->d[1] >> 57)) *
		  0x9e3779b97f4a7c15ull;

	h = (h ^ h >> 29 ^ inside->d[1] ^ outside->d[0]) * 0xbf58476d1ce4e5b9ull;
	return &p->buckets[(h >> 32) & p->mask];
}

static __u32 *bucket_of_slot(const struct sessions *s, __u32 slot)
{
	const struct asa_conn *c = &s->t.conns[slot];

	/* real addresses: of the initiator as it entered, of the responder as it answers */
	return bucket_of(s->pairs, &c->dir[0].key.src, &c->dir[1].key.src);
}

static void pair_add(struct sessions *s, __u32 slot)
{
	struct pair_link *l = &s->pairs->links[slot];
	__u32 *head = bucket_of_slot(s, slot);

	l->in = true;
	l->prev = 0;
	l->next = *head;
	if (*head)
		s->pairs->links[*head].prev = slot;
	*head = slot;
}

static void pair_remove(struct sessions *s, __u32 slot)
{
	struct pair_link *l = &s->pairs->links[slot];

	if (l->prev)
		s->pairs->links[l->prev].next = l->next;
	else
		*bucket_of_slot(s, slot) = l->next;
	if (l->next)
		s->pairs->links[l->next].prev = l->prev;
	l->in = false;
}

void pairs_count(struct sessions *s, __u32 slot, int by)
{
	__u8 proto = s->t.conns[slot].dir[0].key.proto;

	if (!s->pairs)
		return;
	if (by < 0 && s->pairs->links[slot].in)
		pair_remove(s, slot);
	else if (by > 0 && !s->pairs->links[slot].in &&
		 (proto == ASA_PROTO_TCP || proto == ASA_PROTO_UDP) &&
		 !(s->t.sessions[slot].flags & ASA_SESSION_INBOUND))
		pair_add(s, slot);
}

void pairs_tick(struct sessions *s)
{
	const struct policy *p = session_policy(s);
	__u32 n;

	if (!p)
		return;
	if (!policy_model(p)->established.n) {
		pairs_free(s->pairs);
		s->pairs = NULL;
		return;
	}
	if (!s->pairs)
		s->pairs = pairs_new(s->t.n_slots); /* without memory: again on the next tick */
	for (n = 0; s->pairs && n < SCAN_PER_TICK && s->pairs->scan < s->t.n_slots; n++) {
		__u32 slot = sessions_next(s, s->pairs->scan);

		s->pairs->scan = slot + 1;
		if (slot < s->t.n_slots && session_state_live(s->t.sessions[slot].state))
			pairs_count(s, slot, 1);
	}
}

static bool port_fits(__u16 port, __u16 lo, __u16 hi)
{
	return !hi || (port >= lo && port <= hi);
}

/* Both ends have shown that they want the connection, or the protocol has no handshake. */
static bool is_established(const struct sessions *s, __u32 slot)
{
	const struct asa_conn *c = &s->t.conns[slot];

	return s->t.sessions[slot].state != ASA_SESSION_EMBRYONIC ||
	       c->half[0].tcp & c->half[1].tcp & ASA_HALF_ACKED;
}

int session_established(const struct sessions *s, const struct asa_key *real)
{
	__u16 to = asa_ntohs(real->dport), from = asa_ntohs(real->sport);
	const struct policy *p = session_policy(s);
	const struct model *m = p ? policy_model(p) : NULL;
	int looked = 0;
	__u32 slot;

	if (!s->pairs || !m || !m->established.n)
		return -1;
	slot = *bucket_of(s->pairs, &real->dst, &real->src);
	for (; slot && looked < LOOK_MAX; slot = s->pairs->links[slot].next, looked++) {
		const struct asa_conn *c = &s->t.conns[slot];
		const struct asa_key *k = &c->dir[0].key;
		size_t i;

		if (!asa_addr_equal(&k->src, &real->dst) ||
		    !asa_addr_equal(&c->dir[1].key.src, &real->src) || !is_established(s, slot))
			continue;
		for (i = 0; i < m->established.n; i++) {
			const struct model_established *e = &m->established.v[i];

			if (e->proto == k->proto && e->to_proto == real->proto &&
			    e->from_proto == real->proto &&
			    port_fits(asa_ntohs(k->dport), e->dport, e->dport) &&
			    port_fits(asa_ntohs(k->sport), e->sport, e->sport) &&
			    port_fits(to, e->to_lo, e->to_hi) &&
			    port_fits(from, e->from_lo, e->from_hi))
				return (int)i;
		}
	}
	return -1;
}
