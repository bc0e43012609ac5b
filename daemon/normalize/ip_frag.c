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
 * keyed with random bits. Interfaces have different timeouts, so that the list of all sets is not
 * in the order of their ends: it is walked, ten times a second.
 *
 * Interfaces get a row each, first come, first served; those that find none left share the last.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "asa/hash.h"
#include "normalize/ip_frag.h"

#define SETS_MAX 1024
#define BUCKETS 256
#define DATAGRAM_MAX 65535u
#define FRAMES_MAX 4096 /* of all interfaces: a worker must have frames left to receive with */
#define ROWS 256 /* interfaces */

struct row {
	__u32 ifindex; /* 0: free */
	__u16 vlan;
	struct ip_frag_stats stats;
};

struct set {
	struct asa_key key; /* ports 0 */
	__u32 id;
	__u32 ifindex;
	__u16 vlan;
	const void *owner;
	struct row *row; /* of the interface */
	struct frame *frames; /* by offset */
	__u32 n_frames;
	__u32 have; /* payload bytes held */
	__u32 total; /* payload bytes of the datagram; 0: last fragment not seen */
	__u32 end; /* tick: its time is over */
	struct set *next; /* in its bucket, or free */
	struct set *older, *newer;
};

struct ip_frags {
	struct set sets[SETS_MAX];
	struct set *free;
	struct set *bucket[BUCKETS];
	struct set *oldest, *newest;
	__u32 n_frames;
	struct row rows[ROWS];
	__u64 secret[4];
};

static struct row *row_find(const struct ip_frags *t, __u32 ifindex, __u16 vlan)
{
	const struct row *r = t->rows;

	while (r < &t->rows[ROWS - 1] && r->ifindex && (r->ifindex != ifindex || r->vlan != vlan))
		r++;
	return (struct row *)r;
}

/* => the row of an interface, taken if there was none */
static struct row *row_get(struct ip_frags *t, __u32 ifindex, __u16 vlan)
{
	struct row *r = row_find(t, ifindex, vlan);

	if (!r->ifindex) {
		r->ifindex = ifindex;
		r->vlan = vlan;
	}
	return r;
}

void ip_frag_stats(const struct ip_frags *t, __u32 ifindex, __u16 vlan, struct ip_frag_stats *s)
{
	*s = row_find(t, ifindex, vlan)->stats;
}

void ip_frag_clear_stats(struct ip_frags *t, __u32 ifindex, __u16 vlan)
{
	struct row *r = row_find(t, ifindex, vlan);

	r->stats = (struct ip_frag_stats){.queue = r->stats.queue};
}

void ip_frag_clear_queue(struct ip_frags *t, __u32 ifindex, __u16 vlan, __u32 now)
{
	struct set *s;

	for (s = t->oldest; s; s = s->newer)
		if (s->ifindex == ifindex && s->vlan == vlan)
			s->end = now;
}

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
			     const void *owner, struct row *row, __u32 end)
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
	s->row = row;
	s->end = end;
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
	s->row->stats.queue -= s->n_frames;
	s->next = t->free;
	t->free = s;
	return frames;
}

static __u32 frag_end(const struct frame *f)
{
	return f->pkt.frag_off + (__u32)f->pkt.frag_size;
}

enum place { PLACE_OK, PLACE_COPY, PLACE_OVERLAP, PLACE_WITHIN };

/* Where in the list does it go? */
static enum place set_place(const struct set *s, const struct frame *f, struct frame ***where)
{
	struct frame **at = (struct frame **)&s->frames;

	while (*at && (*at)->pkt.frag_off < f->pkt.frag_off) {
		if (frag_end(*at) > f->pkt.frag_off)
			return frag_end(*at) >= frag_end(f) ? PLACE_WITHIN : PLACE_OVERLAP;
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

/* Bytes of the packet in front of that part, as the length field of the whole would count them. */
static __u32 frag_head(const struct frame *f)
{
	__u32 head = f->pkt.l3_size - (__u32)f->pkt.frag_size;

	return f->pkt.flags & ASA_PKT_IPV4 ? head : head - ASA_IP6_SIZE - 8;
}

/* A fragment that no datagram can have. */
static enum asa_drop frag_check(const struct frame *f, enum ip_frag_note *note)
{
	if (f->pkt.frag_size == 0)
		return DROP_FRAG_FAILED;
	if (frag_head(f) + frag_end(f) > DATAGRAM_MAX) {
		*note = IP_FRAG_NOTE_TOO_BIG;
		return DROP_FRAG_FAILED;
	}
	if (f->pkt.more_fragments && f->pkt.frag_size % 8) /* RFC 791 section 3.2 */
		return DROP_FRAG_FAILED;
	/* The first fragment holds the header (asa_parse()): this would rewrite it, RFC 3128. */
	if (f->pkt.proto == ASA_PROTO_TCP && f->pkt.frag_off && f->pkt.frag_off < ASA_TCP_SIZE)
		return DROP_FRAG_FAILED;
	return DROP_NONE;
}

/* Why the limits of the interface refuse one more fragment. 's': its datagram, NULL a new one. */
static enum ip_frag_note frag_limit(const struct row *r, __u32 n_all,
				    const struct ip_frag_limits *limits, const struct set *s)
{
	__u32 n = r->stats.queue + 1;

	if (s ? s->n_frames + 1 > limits->chain : limits->chain < 2)
		return IP_FRAG_NOTE_CHAIN;
	if (n > limits->size || n_all == FRAMES_MAX)
		return IP_FRAG_NOTE_SIZE;
	if (!s && n * 3 > limits->size * 2)
		return IP_FRAG_NOTE_THRESHOLD;
	return IP_FRAG_NOTE_NONE;
}

/* => what becomes of the fragment, *drop_set: of all of its datagram. */
static enum asa_drop set_add(struct ip_frags *t, struct set *s, struct frame *f, bool *drop_set,
			     enum ip_frag_note *note)
{
	struct frame **where;

	switch (set_place(s, f, &where)) {
	case PLACE_COPY:
		*drop_set = false;
		return DROP_FRAG_OVERLAP;
	case PLACE_WITHIN: *note = IP_FRAG_NOTE_TEARDROP; return DROP_FRAG_OVERLAP;
	case PLACE_OVERLAP: return DROP_FRAG_OVERLAP;
	case PLACE_OK: break;
	}
	if (!f->pkt.more_fragments) {
		if (s->total || *where) /* a second end, or data behind the end */
			return DROP_FRAG_FAILED;
		s->total = frag_end(f);
	} else if (s->total && frag_end(f) > s->total) {
		return DROP_FRAG_FAILED;
	}
	f->next = *where;
	*where = f;
	s->n_frames++;
	t->n_frames++;
	s->row->stats.queue++;
	s->have += f->pkt.frag_size;
	return DROP_NONE;
}

static enum ip_frag_result drop(struct row *r, struct frame *f, struct frame *rest,
				struct frame **chain, enum asa_drop why)
{
	__u64 *count = why == DROP_FRAG_LIMIT ? &r->stats.overflow : &r->stats.failed;

	f->next = rest;
	*chain = f;
	for (; f; f = f->next)
		(*count)++;
	return IP_FRAG_DROP;
}

enum ip_frag_result ip_frag_add(struct ip_frags *t, const struct ip_frag_limits *limits,
				const void *owner, struct frame *f, __u32 now, struct frame **chain,
				enum asa_drop *why, enum ip_frag_note *note)
{
	struct row *r = row_get(t, f->in_ifindex, f->pkt.vlan);
	struct asa_key key;
	bool all = true;
	struct set *s;

	*note = IP_FRAG_NOTE_NONE;
	*why = frag_check(f, note);
	if (*why)
		return drop(r, f, NULL, chain, *why);
	frag_key(f, &key);
	s = set_find(t, f, &key);
	if (s && s->owner != owner) {
		*why = DROP_FRAG_FAILED;
		return drop(r, f, NULL, chain, *why);
	}
	*note = frag_limit(r, t->n_frames, limits, s);
	if (!*note && !s) {
		s = set_begin(t, f, &key, owner, r, now + limits->timeout);
		*note = s ? IP_FRAG_NOTE_NONE : IP_FRAG_NOTE_SIZE;
	}
	if (*note) {
		*why = DROP_FRAG_LIMIT;
		return drop(r, f, s ? set_end(t, s) : NULL, chain, *why);
	}
	*why = set_add(t, s, f, &all, note);
	if (*why)
		return drop(r, f, all ? set_end(t, s) : NULL, chain, *why);
	if (!s->total || s->have != s->total)
		return IP_FRAG_HELD;
	/* No overlaps, nothing behind the end, all bytes there: whole. */
	r->stats.assembled++;
	*chain = set_end(t, s);
	return IP_FRAG_WHOLE;
}

struct frame *ip_frag_expire(struct ip_frags *t, const void *owner, __u32 now)
{
	struct set *s;

	for (s = t->oldest; s; s = s->newer) {
		if (s->owner != owner || (__s32)(now - s->end) < 0)
			continue;
		s->row->stats.failed += s->n_frames;
		return set_end(t, s);
	}
	return NULL;
}
