// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual reassembly: see ip_frag.h.
 *
 * A datagram under construction ("set") is named by addresses, protocol, identification, context
 * and VLAN, hangs in a hash bucket, and in the list of all sets, oldest first, for the timeout.
 * IPv6 names it without the protocol (RFC 8200 section 4.5). Its frames are a list in order of
 * offset, so that an overlap shows against the two neighbours.
 *
 * Cost is bounded: a set holds at most 'chain' fragments, a bucket few sets because the hash is
 * keyed with random bits.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "asa/hash.h"
#include "normalize/ip_frag.h"

#define SETS_MAX 1024
#define BUCKETS 256
#define DATAGRAM_MAX 65535u

struct set {
	struct asa_key key; /* ports 0 */
	__u32 id;
	__u32 ifindex;
	__u16 vlan;
	const void *owner;
	struct frame *frames; /* by offset */
	__u32 n_frames;
	__u32 have; /* payload bytes held */
	__u32 total; /* payload bytes of the datagram; 0: last fragment not seen */
	__u32 began; /* tick */
	struct set *next; /* in its bucket, or free */
	struct set *older, *newer;
};

struct ip_frags {
	struct set sets[SETS_MAX];
	struct set *free;
	struct set *bucket[BUCKETS];
	struct set *oldest, *newest;
	__u32 n_frames;
	__u64 secret[4];
};

struct ip_frags *ip_frag_new(void)
{
	struct ip_frags *t = calloc(1, sizeof(*t));
	int i;

	if (!t)
		return NULL;
	if (getrandom(t->secret, sizeof(t->secret), 0) != (ssize_t)sizeof(t->secret)) {
		free(t);
		return NULL;
	}
	for (i = SETS_MAX - 1; i >= 0; i--) {
		t->sets[i].next = t->free;
		t->free = &t->sets[i];
	}
	return t;
}

void ip_frag_free(struct ip_frags *t)
{
	free(t);
}

__u32 ip_frag_held(const struct ip_frags *t)
{
	return t->n_frames;
}

static __u32 bucket_of(const struct ip_frags *t, const struct asa_key *key, __u32 id)
{
	return (asa_hash_key(key, t->secret).tag ^ (id * 0x9e3779b1u) >> 16) % BUCKETS;
}

static void frag_key(const struct frame *f, struct asa_key *key)
{
	*key = f->pkt.key;
	key->sport = 0;
	key->dport = 0;
	if (f->pkt.flags & ASA_PKT_IPV6)
		key->proto = 0;
}

static struct set *set_find(struct ip_frags *t, const struct frame *f, const struct asa_key *key)
{
	struct set *s = t->bucket[bucket_of(t, key, f->pkt.frag_id)];

	for (; s; s = s->next)
		if (s->id == f->pkt.frag_id && s->ifindex == f->in_ifindex &&
		    s->vlan == f->pkt.vlan && asa_key_equal(&s->key, key))
			return s;
	return NULL;
}

static struct set *set_begin(struct ip_frags *t, const struct frame *f, const struct asa_key *key,
			     const void *owner, __u32 now)
{
	struct set *s = t->free;
	__u32 b = bucket_of(t, key, f->pkt.frag_id);

	if (!s)
		return NULL;
	t->free = s->next;
	memset(s, 0, sizeof(*s));
	s->key = *key;
	s->id = f->pkt.frag_id;
	s->ifindex = f->in_ifindex;
	s->vlan = f->pkt.vlan;
	s->owner = owner;
	s->began = now;
	s->next = t->bucket[b];
	t->bucket[b] = s;
	s->older = t->newest;
	if (t->newest)
		t->newest->newer = s;
	else
		t->oldest = s;
	t->newest = s;
	return s;
}

/* Forget the set. => its frames. */
static struct frame *set_end(struct ip_frags *t, struct set *s)
{
	struct set **at = &t->bucket[bucket_of(t, &s->key, s->id)];
	struct frame *frames = s->frames;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (s->older)
		s->older->newer = s->newer;
	else
		t->oldest = s->newer;
	if (s->newer)
		s->newer->older = s->older;
	else
		t->newest = s->older;
	t->n_frames -= s->n_frames;
	s->next = t->free;
	t->free = s;
	return frames;
}

/* Payload of a fragment, from the end of the unfragmentable part on. */
static __u32 frag_size(const struct frame *f)
{
	return f->pkt.l4_size;
}

static __u32 frag_end(const struct frame *f)
{
	return f->pkt.frag_off + frag_size(f);
}

enum place { PLACE_OK, PLACE_COPY, PLACE_OVERLAP };

/* Where in the list does it go? */
static enum place set_place(const struct set *s, const struct frame *f, struct frame ***where)
{
	struct frame **at = (struct frame **)&s->frames;

	while (*at && (*at)->pkt.frag_off < f->pkt.frag_off) {
		if (frag_end(*at) > f->pkt.frag_off)
			return PLACE_OVERLAP;
		at = &(*at)->next;
	}
	*where = at;
	if (!*at)
		return PLACE_OK;
	if ((*at)->pkt.frag_off == f->pkt.frag_off && frag_end(*at) == frag_end(f) &&
	    (*at)->pkt.more_fragments == f->pkt.more_fragments)
		return PLACE_COPY;
	return frag_end(f) > (*at)->pkt.frag_off ? PLACE_OVERLAP : PLACE_OK;
}

/* A fragment that no datagram can have. */
static enum asa_drop frag_check(const struct frame *f)
{
	if (frag_size(f) == 0 || frag_end(f) > DATAGRAM_MAX)
		return DROP_FRAG_FAILED;
	if (f->pkt.more_fragments && frag_size(f) % 8) /* RFC 791 section 3.2 */
		return DROP_FRAG_FAILED;
	return DROP_NONE;
}

static enum ip_frag_result drop_one(struct frame *f, struct frame **chain, enum asa_drop *why,
				    enum asa_drop reason)
{
	f->next = NULL;
	*chain = f;
	*why = reason;
	return IP_FRAG_DROP;
}

static enum ip_frag_result drop_set(struct ip_frags *t, struct set *s, struct frame *f,
				    struct frame **chain, enum asa_drop *why, enum asa_drop reason)
{
	f->next = set_end(t, s);
	*chain = f;
	*why = reason;
	return IP_FRAG_DROP;
}

enum ip_frag_result ip_frag_add(struct ip_frags *t, const struct ip_frag_limits *limits,
				const void *owner, struct frame *f, __u32 now, struct frame **chain,
				enum asa_drop *why)
{
	struct frame **where;
	struct asa_key key;
	struct set *s;

	*why = frag_check(f);
	if (*why)
		return drop_one(f, chain, why, *why);
	frag_key(f, &key);
	s = set_find(t, f, &key);
	if (!s) {
		if (limits->chain < 2 || (t->n_frames + 1) * 3 > limits->size * 2)
			return drop_one(f, chain, why, DROP_FRAG_LIMIT);
		s = set_begin(t, f, &key, owner, now);
		if (!s)
			return drop_one(f, chain, why, DROP_FRAG_LIMIT);
	} else if (s->owner != owner) {
		return drop_one(f, chain, why, DROP_FRAG_FAILED);
	}
	switch (set_place(s, f, &where)) {
	case PLACE_COPY: return drop_one(f, chain, why, DROP_FRAG_OVERLAP);
	case PLACE_OVERLAP: return drop_set(t, s, f, chain, why, DROP_FRAG_OVERLAP);
	case PLACE_OK: break;
	}
	if (s->n_frames + 1 > limits->chain || t->n_frames + 1 > limits->size)
		return drop_set(t, s, f, chain, why, DROP_FRAG_LIMIT);
	if (!f->pkt.more_fragments) {
		if (s->total || *where) /* a second end, or data behind the end */
			return drop_set(t, s, f, chain, why, DROP_FRAG_FAILED);
		s->total = frag_end(f);
	} else if (s->total && frag_end(f) > s->total) {
		return drop_set(t, s, f, chain, why, DROP_FRAG_FAILED);
	}
	f->next = *where;
	*where = f;
	s->n_frames++;
	t->n_frames++;
	s->have += frag_size(f);
	if (!s->total || s->have != s->total)
		return IP_FRAG_HELD;
	/* No overlaps, nothing behind the end, all bytes there: whole. */
	*chain = set_end(t, s);
	return IP_FRAG_WHOLE;
}

struct frame *ip_frag_expire(struct ip_frags *t, const void *owner, __u32 now, __u32 timeout)
{
	struct set *s;

	for (s = t->oldest; s; s = s->newer) {
		if ((__s32)(now - (s->began + timeout)) < 0)
			return NULL;
		if (s->owner == owner)
			return set_end(t, s);
	}
	return NULL;
}
