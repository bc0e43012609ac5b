// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tuple space search with merged tuples; what and why is in classifier.h.
 *
 * Build: rules are placed one by one, in order. A rule may live in any table whose tuple asks for
 * no more bits than the rule fixes. It goes to the most specific such table in which its key has
 * fewer than CHAIN_GOOD rules; when there is none a table is opened for it, first with rounded
 * prefix lengths, then with the exact ones. After that all rules of one key are laid out side by
 * side, so that a probe costs two cache misses (slot, rules).
 *
 * Rules of one key that remain many even so (port ranges between the same networks) are searched
 * by the pieces that their ranges cut a field into (segments.h).
 *
 * Two keys of one table that hash to the same 31 bits share a slot. That is harmless, since every
 * rule is compared in full; it only makes a chain longer.
 *
 * Callers: acl.c, nat.c, service_policy.c. Threads: see classifier.h.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/huge.h"
#include "policy/classifier.h"
#include "policy/segments.h"

#define CHAIN_GOOD 3
#define CHAIN_FAT 24 /* more than these under one key are searched by their ranges */
#define FAT_COPIES_MAX 64 /* list entries for each rule that this may cost */

/* Which bits of a key a table looks at. */
struct tuple {
	__u8 src_plen, dst_plen;
	bool proto, sport, dport;
};

/*
 * A rule in its final place, in one cache line. Ranges of addresses that are no prefixes do not fit
 * in it: 'wide' is the whole rule's place in classifier.wide, + 1.
 */
struct placed {
	addr_num src, dst;
	__u16 sport_lo, sport_hi, dport_lo, dport_hi;
	__s16 icmp_type, icmp_code;
	__u8 src_plen, dst_plen, proto;
	bool any_proto;
	__u32 number, wide;
	const void *use;
} __attribute__((aligned(64)));

struct slot {
	__u32 hash; /* 0: empty */
	__u32 first, n; /* in classifier.placed */
	__u32 fat; /* in classifier.fats, + 1; 0: short */
};
#define PACKED 0x80000000u /* in slot.fat: in classifier.packs instead, in units of PACK_WORDS */
#define PACK_SOURCE 0x40000000u /* … by source port */
#define PACK_WORDS 16 /* a cache line */
#define PACK_AHEAD 4 /* lines that are asked for before the slot is looked into */

/* A key with many rules: which of them to compare, by the field in which they differ most. */
enum field { FIELD_DPORT, FIELD_SPORT, FIELD_DST, FIELD_SRC, FIELD_MAX };
struct fat {
	enum field field;
	struct segments *segments;
};

struct table {
	struct tuple tuple;
	__u8 src_part, dst_part; /* in classifier.src_plens, .dst_plens */
	__u32 best; /* lowest rule number in it */
	bool v4, v6; /* families its rules can match */
	__u32 mask;
	struct slot *slots;
	size_t n_keys;
};

/* Where a rule went; while the tables are filled. */
struct home {
	__u32 table, hash;
};

/* Prefix lengths that any table uses: each is hashed once for a packet, not once for a table. */
struct plens {
	size_t n;
	__u8 v[129];
};

struct classifier {
	size_t n_rules, n_tables;
	struct plens src_plens, dst_plens;
	struct table *tables; /* by 'best' */
	struct placed *placed;
	struct cls_rule *wide;
	size_t n_wide;
	struct fat *fats;
	size_t n_fats;
	__u32 *packs;
	size_t n_packs, cap_packs; /* words */
};

void cls_rule_init(struct cls_rule *r)
{
	*r = (struct cls_rule){
		.src = { 0, ADDR_NUM_MAX },
		.dst = { 0, ADDR_NUM_MAX },
		.sport_hi = 0xffff,
		.dport_hi = 0xffff,
		.icmp_type = -1,
		.icmp_code = -1,
		.any_proto = true,
	};
}

void cls_key_from_tuple(struct cls_key *k, const struct policy_tuple *t)
{
	k->src = addr_to_num(&t->src);
	k->dst = addr_to_num(&t->dst);
	k->sport = t->sport;
	k->dport = t->dport;
	k->proto = t->proto;
	k->icmp_type = t->icmp_type;
	k->icmp_code = t->icmp_code;
}

bool cls_rule_matches(const struct cls_rule *r, const struct cls_key *k)
{
	if (!r->any_proto && r->proto != k->proto)
		return false;
	if (!addr_range_has(r->dst, k->dst) || !addr_range_has(r->src, k->src))
		return false;
	if (k->dport < r->dport_lo || k->dport > r->dport_hi || k->sport < r->sport_lo ||
	    k->sport > r->sport_hi)
		return false;
	if (r->icmp_type >= 0 && r->icmp_type != k->icmp_type)
		return false;
	return r->icmp_code < 0 || r->icmp_code == k->icmp_code;
}

static __u64 mix(__u64 h, __u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 29);
}

static __u64 part_hash(addr_num a, __u8 plen, __u64 seed)
{
	a &= addr_mask(plen);
	return mix(mix(seed, a >> 64), (__u64)a);
}
#define SRC_SEED 0x51ed270b
#define DST_SEED 0xb5297a4d

/* Never 0, which means an empty slot. */
static __u32 join_hash(const struct tuple *t, __u64 src, __u64 dst, const struct cls_key *k)
{
	__u64 rest = 0;

	if (t->proto)
		rest = 1ull << 40 | (__u64)k->proto << 32;
	if (t->sport)
		rest |= (__u64)k->sport << 16;
	if (t->dport)
		rest |= k->dport;
	return (mix(src ^ (dst << 1 | dst >> 63), rest) >> 32) | 1u << 31;
}

static __u32 rule_hash(const struct table *t, const struct cls_rule *r)
{
	struct cls_key k = { .sport = r->sport_lo, .dport = r->dport_lo, .proto = r->proto };

	return join_hash(&t->tuple, part_hash(r->src.lo, t->tuple.src_plen, SRC_SEED),
			 part_hash(r->dst.lo, t->tuple.dst_plen, DST_SEED), &k);
}

static __u8 plen_part(struct plens *p, __u8 plen)
{
	size_t i = 0;

	while (i < p->n && p->v[i] != plen)
		i++;
	if (i == p->n)
		p->v[p->n++] = plen;
	return i;
}

static struct tuple rule_tuple(const struct cls_rule *r)
{
	return (struct tuple){
		.src_plen = addr_range_prefix(r->src),
		.dst_plen = addr_range_prefix(r->dst),
		.proto = !r->any_proto,
		.sport = r->sport_lo == r->sport_hi,
		.dport = r->dport_lo == r->dport_hi,
	};
}

/* Prefix lengths that tables start with; IPv4 /8, /16, /24 and hosts are 104 to 128. */
static __u8 plen_round(__u8 plen)
{
	static const __u8 levels[] = { 128, 120, 112, 104, 96, 64, 48, 32, 0 };
	size_t i = 0;

	while (levels[i] > plen)
		i++;
	return levels[i];
}

static bool tuple_admits(const struct tuple *table, const struct tuple *rule)
{
	return table->src_plen <= rule->src_plen && table->dst_plen <= rule->dst_plen &&
	       table->proto <= rule->proto && table->sport <= rule->sport &&
	       table->dport <= rule->dport;
}

static int tuple_weight(const struct tuple *t)
{
	return t->src_plen + t->dst_plen + 8 * t->proto + 16 * t->sport + 16 * t->dport;
}

static bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
	return tuple_admits(a, b) && tuple_admits(b, a);
}

/* The slot of a hash, or the empty one where it belongs. There always is an empty one. */
static struct slot *slot_find(const struct table *t, __u32 hash)
{
	__u32 i = hash & t->mask;

	while (t->slots[i].hash && t->slots[i].hash != hash)
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

static int table_grow(struct table *t)
{
	struct slot *old = t->slots;
	__u32 n_old = old ? t->mask + 1 : 0;
	__u32 n = old ? n_old * 2 : 16;

	t->slots = huge_zalloc(n * sizeof(*t->slots));
	if (!t->slots) {
		t->slots = old;
		return -1;
	}
	t->mask = n - 1;
	for (__u32 i = 0; i < n_old; i++)
		if (old[i].hash)
			*slot_find(t, old[i].hash) = old[i];
	free(old);
	return 0;
}

static struct table *table_open(struct classifier *c, const struct tuple *tuple)
{
	struct table *grown = reallocarray(c->tables, c->n_tables + 1, sizeof(*grown));
	struct table *t;

	if (!grown)
		return NULL;
	c->tables = grown;
	t = &grown[c->n_tables];
	*t = (struct table){
		.tuple = *tuple,
		.src_part = plen_part(&c->src_plens, tuple->src_plen),
		.dst_part = plen_part(&c->dst_plens, tuple->dst_plen),
		.best = UINT_MAX,
	};
	if (table_grow(t))
		return NULL;
	c->n_tables++;
	return t;
}

static struct table *table_named(struct classifier *c, const struct tuple *tuple)
{
	for (size_t i = 0; i < c->n_tables; i++)
		if (tuple_equal(&c->tables[i].tuple, tuple))
			return &c->tables[i];
	return NULL;
}

/* Where rule r should live; opens a table when no present one suits. */
static struct table *table_choose(struct classifier *c, const struct cls_rule *r)
{
	struct tuple exact = rule_tuple(r), rounded = exact;
	struct table *best = NULL;

	rounded.src_plen = plen_round(exact.src_plen);
	rounded.dst_plen = plen_round(exact.dst_plen);
	for (size_t i = 0; i < c->n_tables; i++) {
		struct table *t = &c->tables[i];

		if (!tuple_admits(&t->tuple, &exact))
			continue;
		if (slot_find(t, rule_hash(t, r))->n >= CHAIN_GOOD)
			continue;
		if (!best || tuple_weight(&t->tuple) > tuple_weight(&best->tuple))
			best = t;
	}
	if (best)
		return best;
	if (!table_named(c, &rounded))
		return table_open(c, &rounded);
	best = table_named(c, &exact);
	return best ? best : table_open(c, &exact);
}

static int rule_place(struct classifier *c, const struct cls_rule *r, __u32 number,
		      struct home *home)
{
	struct table *t = table_choose(c, r);
	struct addr_range v4 = { ADDR_V4_FIRST, ADDR_V4_LAST };
	struct slot *s;
	__u32 hash;

	if (!t || (2 * t->n_keys > t->mask && table_grow(t)))
		return -1;
	hash = rule_hash(t, r);
	s = slot_find(t, hash);
	if (!s->hash) {
		s->hash = hash;
		t->n_keys++;
	}
	s->n++;
	if (number < t->best)
		t->best = number;
	if (addr_range_overlaps(r->src, v4) && addr_range_overlaps(r->dst, v4))
		t->v4 = true;
	if (r->src.lo < v4.lo || r->src.hi > v4.hi || r->dst.lo < v4.lo || r->dst.hi > v4.hi)
		t->v6 = true;
	*home = (struct home){ t - c->tables, hash };
	return 0;
}

static struct placed placed_make(struct classifier *c, const struct cls_rule *r, __u32 number)
{
	struct placed p = {
		.src = r->src.lo,
		.dst = r->dst.lo,
		.sport_lo = r->sport_lo,
		.sport_hi = r->sport_hi,
		.dport_lo = r->dport_lo,
		.dport_hi = r->dport_hi,
		.icmp_type = r->icmp_type,
		.icmp_code = r->icmp_code,
		.src_plen = addr_range_prefix(r->src),
		.dst_plen = addr_range_prefix(r->dst),
		.proto = r->proto,
		.any_proto = r->any_proto,
		.number = number,
		.use = r->use,
	};

	if (!addr_range_is_prefix(r->src) || !addr_range_is_prefix(r->dst)) {
		c->wide[c->n_wide++] = *r;
		p.wide = c->n_wide;
	}
	return p;
}

static bool placed_matches(const struct classifier *c, const struct placed *p,
			   const struct cls_key *k)
{
	if (!p->any_proto && p->proto != k->proto)
		return false;
	if (k->dport < p->dport_lo || k->dport > p->dport_hi || k->sport < p->sport_lo ||
	    k->sport > p->sport_hi)
		return false;
	if (p->wide)
		return cls_rule_matches(&c->wide[p->wide - 1], k);
	if (((k->dst ^ p->dst) & addr_mask(p->dst_plen)) ||
	    ((k->src ^ p->src) & addr_mask(p->src_plen)))
		return false;
	if (p->icmp_type >= 0 && p->icmp_type != k->icmp_type)
		return false;
	return p->icmp_code < 0 || p->icmp_code == k->icmp_code;
}

/* Give each slot its stretch of 'placed' and fill the stretches in order of the rules. */
static void rules_lay_out(struct classifier *c, const struct cls_rule *rules,
			  const struct home *homes)
{
	__u32 next = 0;

	for (size_t i = 0; i < c->n_tables; i++) {
		struct table *t = &c->tables[i];

		for (__u32 s = 0; s <= t->mask; s++) {
			t->slots[s].first = next;
			next += t->slots[s].n;
			t->slots[s].n = 0;
		}
	}
	for (size_t i = 0; i < c->n_rules; i++) {
		struct slot *s = slot_find(&c->tables[homes[i].table], homes[i].hash);

		c->placed[s->first + s->n++] = placed_make(c, &rules[i], i);
	}
}

/* ------------------------------------------------------------------ fat keys */

static struct addr_range rule_field(const struct cls_rule *r, enum field f)
{
	switch (f) {
	case FIELD_DPORT:
		return (struct addr_range){ r->dport_lo, r->dport_hi };
	case FIELD_SPORT:
		return (struct addr_range){ r->sport_lo, r->sport_hi };
	case FIELD_DST:
		return r->dst;
	default:
		return r->src;
	}
}

static addr_num key_field(const struct cls_key *k, enum field f)
{
	switch (f) {
	case FIELD_DPORT:
		return k->dport;
	case FIELD_SPORT:
		return k->sport;
	case FIELD_DST:
		return k->dst;
	default:
		return k->src;
	}
}

/* Segments of ports go into one area with all others: few pages, one search, no pointers. */
static int pack_make(struct classifier *c, struct slot *s, const struct fat *fat)
{
	size_t words = segments_packed_words(fat->segments) + PACK_WORDS - 1;

	words -= words % PACK_WORDS;
	if (c->n_packs + words > c->cap_packs) {
		size_t cap = 2 * (c->n_packs + words);
		__u32 *grown = huge_zalloc(cap * sizeof(*grown));

		if (!grown || cap / PACK_WORDS >= PACK_SOURCE) {
			free(grown);
			return -1;
		}
		if (c->n_packs)
			memcpy(grown, c->packs, c->n_packs * sizeof(*grown));
		free(c->packs);
		c->packs = grown;
		c->cap_packs = cap;
	}
	segments_pack(fat->segments, c->packs + c->n_packs);
	s->fat = PACKED | (fat->field == FIELD_SPORT ? PACK_SOURCE : 0) | c->n_packs / PACK_WORDS;
	c->n_packs += words;
	return 0;
}

static const __u32 *slot_pack(const struct classifier *c, const struct slot *s)
{
	return c->packs + (size_t)(s->fat & (PACK_SOURCE - 1)) * PACK_WORDS;
}

/* Find the field that leaves the fewest rules to compare. => 0, also when none is worth it. */
static int fat_make(struct classifier *c, struct slot *s, const struct cls_rule *rules,
		    struct addr_range *ranges)
{
	struct fat best = { FIELD_MAX, NULL }, *grown;
	size_t left = s->n / 2;

	for (enum field f = 0; f < FIELD_MAX; f++) {
		struct segments *seg;

		for (__u32 i = 0; i < s->n; i++)
			ranges[i] = rule_field(&rules[c->placed[s->first + i].number], f);
		seg = segments_new(ranges, s->n, (size_t)s->n * FAT_COPIES_MAX);
		if (!seg || segments_longest(seg) >= left) {
			segments_free(seg);
			continue;
		}
		segments_free(best.segments);
		best = (struct fat){ f, seg };
		left = segments_longest(seg);
	}
	if (!best.segments)
		return 0;
	if (best.field <= FIELD_SPORT && segments_packed_words(best.segments)) {
		int err = pack_make(c, s, &best);

		segments_free(best.segments);
		return err;
	}
	grown = reallocarray(c->fats, c->n_fats + 1, sizeof(*grown));
	if (!grown) {
		segments_free(best.segments);
		return -1;
	}
	c->fats = grown;
	c->fats[c->n_fats++] = best;
	s->fat = c->n_fats;
	return 0;
}

static int fats_make(struct classifier *c, const struct cls_rule *rules)
{
	struct addr_range *ranges = calloc(c->n_rules + 1, sizeof(*ranges));
	int err = ranges ? 0 : -1;

	for (size_t i = 0; i < c->n_tables && !err; i++)
		for (__u32 j = 0; j <= c->tables[i].mask && !err; j++)
			if (c->tables[i].slots[j].n > CHAIN_FAT)
				err = fat_make(c, &c->tables[i].slots[j], rules, ranges);
	free(ranges);
	return err;
}

/* ------------------------------------------------------------------ life cycle, lookup */

static int table_order(const void *a, const void *b)
{
	const struct table *x = a, *y = b;

	return x->best < y->best ? -1 : x->best > y->best;
}

static void tables_sort(struct classifier *c)
{
	if (c->n_tables)
		qsort(c->tables, c->n_tables, sizeof(*c->tables), table_order);
}

struct classifier *classifier_new(const struct cls_rule *rules, size_t n)
{
	struct classifier *c = calloc(1, sizeof(*c));
	struct home *homes = huge_alloc((n + 1) * sizeof(*homes));
	size_t wide = 0;

	if (!c || !homes || n >= UINT_MAX)
		goto fail;
	c->n_rules = n;
	for (size_t i = 0; i < n; i++)
		wide += !addr_range_is_prefix(rules[i].src) || !addr_range_is_prefix(rules[i].dst);
	c->placed = huge_alloc((n + 1) * sizeof(*c->placed));
	c->wide = malloc((wide + 1) * sizeof(*c->wide));
	if (!c->placed || !c->wide)
		goto fail;
	for (size_t i = 0; i < n; i++)
		if (rule_place(c, &rules[i], i, &homes[i]))
			goto fail;
	rules_lay_out(c, rules, homes);
	if (fats_make(c, rules))
		goto fail;
	tables_sort(c);
	free(homes);
	return c;
fail:
	free(homes);
	classifier_free(c);
	return NULL;
}

void classifier_free(struct classifier *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_tables; i++)
		free(c->tables[i].slots);
	for (size_t i = 0; i < c->n_fats; i++)
		segments_free(c->fats[i].segments);
	free(c->fats);
	free(c->packs);
	free(c->tables);
	free(c->placed);
	free(c->wide);
	free(c);
}

/* The first rule of a slot before 'best' that matches. => its number, or best. */
static __u32 slot_match(const struct classifier *c, const struct slot *s, const struct cls_key *k,
			classifier_pred pred, const void *arg, __u32 best)
{
	const __u32 *list = NULL;
	__u32 n = s->n;

	if (s->fat & PACKED) {
		list = segments_packed_find(slot_pack(c, s),
					    s->fat & PACK_SOURCE ? k->sport : k->dport, &n);
	} else if (s->fat) {
		const struct fat *fat = &c->fats[s->fat - 1];

		list = segments_find(fat->segments, key_field(k, fat->field), &n);
	}
	for (__u32 i = 0; i < n; i++) {
		const struct placed *e = &c->placed[s->first + (list ? list[i] : i)];

		if (e->number >= best)
			break;
		if (placed_matches(c, e, k) && (!pred || pred(arg, e->number))) {
			__builtin_prefetch(e->use, 1);
			return e->number;
		}
	}
	return best;
}

/* Tables that are looked at together: the memory of all of them is asked for before any is used. */
#define TOGETHER 16

static __u32 tables_match(const struct classifier *c, const struct table *t, size_t n,
			  const __u64 *src, const __u64 *dst, const struct cls_key *k,
			  classifier_pred pred, const void *arg, __u32 best)
{
	bool v4 = addr_num_is_v4(k->src) && addr_num_is_v4(k->dst);
	const struct slot *slots[TOGETHER];
	__u32 hashes[TOGETHER], order[TOGETHER], found = 0, m = 0;

	for (size_t i = 0; i < n && t[i].best < best; i++) {
		if (v4 ? !t[i].v4 : !t[i].v6)
			continue;
		order[m] = i;
		hashes[m] = join_hash(&t[i].tuple, src[t[i].src_part], dst[t[i].dst_part], k);
		__builtin_prefetch(&t[i].slots[hashes[m] & t[i].mask]);
		m++;
	}
	for (__u32 i = 0; i < m; i++) {
		const struct slot *s = slot_find(&t[order[i]], hashes[i]);

		if (!s->n)
			continue;
		if (s->fat & PACKED)
			for (__u32 w = 0; w < PACK_AHEAD; w++)
				__builtin_prefetch(slot_pack(c, s) + w * PACK_WORDS);
		else if (!s->fat)
			for (__u32 w = 0; w < s->n && w < PACK_AHEAD; w++)
				__builtin_prefetch(&c->placed[s->first + w]);
		order[found] = order[i];
		slots[found++] = s;
	}
	for (__u32 i = 0; i < found && t[order[i]].best < best; i++)
		best = slot_match(c, slots[i], k, pred, arg, best);
	return best;
}

long classifier_match(const struct classifier *c, const struct cls_key *k, classifier_pred pred,
		      const void *arg)
{
	__u64 src[129], dst[129];
	__u32 best = UINT_MAX;

	for (size_t i = 0; i < c->src_plens.n; i++)
		src[i] = part_hash(k->src, c->src_plens.v[i], SRC_SEED);
	for (size_t i = 0; i < c->dst_plens.n; i++)
		dst[i] = part_hash(k->dst, c->dst_plens.v[i], DST_SEED);
	for (size_t i = 0; i < c->n_tables && c->tables[i].best < best; i += TOGETHER)
		best = tables_match(c, &c->tables[i],
				    c->n_tables - i < TOGETHER ? c->n_tables - i : TOGETHER, src, dst,
				    k, pred, arg, best);
	return best == UINT_MAX ? -1 : (long)best;
}

static size_t pack_longest(const __u32 *words)
{
	size_t longest = 0;
	__u32 n;

	for (__u32 port = 0; port < 0x10000; port++) {
		segments_packed_find(words, port, &n);
		longest = n > longest ? n : longest;
	}
	return longest;
}

void classifier_get_stats(const struct classifier *c, struct classifier_stats *s)
{
	*s = (struct classifier_stats){ .tables = c->n_tables };
	for (size_t i = 0; i < c->n_tables; i++) {
		for (__u32 j = 0; j <= c->tables[i].mask; j++) {
			const struct slot *slot = &c->tables[i].slots[j];
			size_t n = slot->n;

			if (slot->fat & PACKED)
				n = pack_longest(slot_pack(c, slot));
			else if (slot->fat)
				n = segments_longest(c->fats[slot->fat - 1].segments);

			if (n > s->longest_chain)
				s->longest_chain = n;
		}
	}
}
