// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiling one access list.
 *
 * Responsible for: making a list of compiled stretches (acl_leaf.c) and of what packets are judged
 * by, at a cost that follows the change and not the length of the list (CFG-1, ACL-4). Models share
 * the stretches that did not change, so a compiled one is found by the address of its source, and
 * entries in between by theirs.
 *
 * Packets are judged by the rules of the base, all arranged at once, without those that are dead,
 * and by the few rules that came later. When these become many the base is made anew: that costs
 * what a first compile does, once for every BASE_SHARE-th of the list that was changed.
 *
 * Callers: acl.c. Threads: compiled in the control thread, read by all, dropped after a grace
 * period.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/huge.h"
#include "policy/policy_impl.h"

#define BASE_SHARE 32 /* a delta has at most this part of the base's rules … */
#define DELTA_FREE 64 /* … and so many more */

/* One way through the old and the new list, side by side; gone twice. */
struct walk {
	struct compile *c;
	struct acl *a;
	const struct acl *old; /* may be NULL */
	const bool *holds; /* by place of the old list: what it names is what it was */
	struct counter_set counters; /* of entries that are not taken over: found the first time */
	bool build; /* the second time */
};

/* ------------------------------------------------------------------ places */

static __u32 place_rule(const struct acl_place *p, __u32 entry)
{
	if (p->own)
		return p->own[entry];
	return p->base_rule == ACL_RULE_NONE ? ACL_RULE_NONE :
					       p->base_rule + p->leaf->entries[entry].first_rule;
}

/* Takes the leaf over. own: taken over, too. */
static int place_push(struct walk *w, struct acl_leaf *leaf, __u32 base_rule, __u32 *own)
{
	struct acl *a = w->a;

	a->places[a->n_places++] = (struct acl_place){
		.leaf = leaf,
		.first_entry = a->n_entries,
		.first_element = a->n_elements,
		.first_row = a->n_rows,
		.base_rule = base_rule,
		.own = own,
	};
	a->n_entries += leaf->n_entries;
	a->n_elements += leaf->n_elements;
	a->n_rows += leaf->n_rows;
	a->n_rules += leaf->n_rules;
	if (a->n_elements > POLICY_ELEMENTS_MAX)
		return compile_fail(w->c, "access-list %s expands to more than %d elements", a->name,
				    POLICY_ELEMENTS_MAX);
	return 0;
}

static int place_share(struct walk *w, const struct acl_place *from)
{
	size_t n = from->leaf->n_entries;
	__u32 *own = NULL;

	if (from->own) {
		own = malloc((n + 1) * sizeof(*own));
		if (!own)
			return -ENOMEM;
		memcpy(own, from->own, n * sizeof(*own));
	}
	return place_push(w, acl_leaf_get(from->leaf), from->base_rule, own);
}

static int place_compile(struct walk *w, struct model_stretch *source, const struct acl_was *was)
{
	struct acl_leaf *leaf = NULL;
	__u32 *own = NULL;
	int err;

	err = acl_leaf_compile(w->c, w->a->name, source, w->a->n_entries + 1, was, &w->counters, &leaf);
	if (err)
		return err;
	if (was) {
		own = malloc((leaf->n_entries + 1) * sizeof(*own));
		if (!own) {
			acl_leaf_put(leaf);
			return -ENOMEM;
		}
		for (__u32 i = 0; i < leaf->n_entries; i++)
			own[i] = acl_leaf_same(leaf, i, &was[i]) ? was[i].base_rule : ACL_RULE_NONE;
	}
	return place_push(w, leaf, ACL_RULE_NONE, own);
}

/* ------------------------------------------------------------------ the walk */

static int was_offer(struct walk *w, const struct acl_was *was)
{
	const struct acl_element *v = was->leaf->elements + was->entry->first_element;
	int err = 0;

	for (__u32 i = 0; i < was->entry->n_elements && !err; i++)
		err = counter_set_offer(&w->counters, v[i].counter);
	return err;
}

/* All entries of old places, one after the other. => NULL when out of memory. */
static struct acl_was *was_list(const struct walk *w, size_t from, size_t to, size_t *n)
{
	struct acl_was *v;
	size_t room = 0;

	*n = 0;
	for (size_t i = from; i < to; i++)
		room += w->old->places[i].leaf->n_entries;
	v = calloc(room + 1, sizeof(*v));
	for (size_t i = from; i < to && v; i++) {
		const struct acl_place *p = &w->old->places[i];

		for (__u32 k = 0; k < p->leaf->n_entries; k++)
			v[(*n)++] = (struct acl_was){
				.leaf = p->leaf,
				.entry = &p->leaf->entries[k],
				.base_rule = place_rule(p, k),
				.holds = w->holds[i],
			};
	}
	return v;
}

static const struct model_ace **ace_list(const struct walk *w, size_t from, size_t to, size_t *n)
{
	const struct model_aces *s = w->a->source;
	const struct model_ace **v;
	size_t room = 0;

	*n = 0;
	for (size_t i = from; i < to; i++)
		room += s->places[i].stretch->n;
	v = calloc(room + 1, sizeof(*v));
	for (size_t i = from; i < to && v; i++)
		for (__u32 k = 0; k < s->places[i].stretch->n; k++)
			v[(*n)++] = s->places[i].stretch->v[k];
	return v;
}

static int gap_build(struct walk *w, size_t from, size_t to, const struct acl_was *was)
{
	int err = 0;

	for (size_t i = from; i < to && !err; i++) {
		struct model_stretch *s = w->a->source->places[i].stretch;

		err = place_compile(w, s, was);
		if (was)
			was += s->n;
	}
	return err;
}

/*
 * New stretches where the old list has others: entries at both ends of the gap that are the old
 * list's are taken over.
 */
static int walk_gap(struct walk *w, size_t from, size_t to, size_t old_from, size_t old_to)
{
	size_t n = 0, n_old = 0, front = 0, back = 0, most;
	const struct model_ace **aces = NULL;
	struct acl_was *old = NULL, *was = NULL;
	int err = -ENOMEM;

	if (from == to && old_from == old_to)
		return 0;
	if (!w->old)
		return w->build ? gap_build(w, from, to, NULL) : 0;
	aces = ace_list(w, from, to, &n);
	old = was_list(w, old_from, old_to, &n_old);
	was = calloc(n + 1, sizeof(*was));
	if (!aces || !old || !was)
		goto out;
	err = 0;
	most = n < n_old ? n : n_old;
	while (front < most && aces[front] == old[front].entry->ace)
		front++;
	while (back < most - front && aces[n - 1 - back] == old[n_old - 1 - back].entry->ace)
		back++;
	for (size_t i = 0; i < n; i++)
		if (i < front || i >= n - back)
			was[i] = old[i < front ? i : n_old - (n - i)];
	if (w->build)
		err = gap_build(w, from, to, was);
	for (size_t i = 0; i < n_old && !w->build && !err; i++)
		if ((i >= front && i < n_old - back) || !old[i].holds)
			err = was_offer(w, &old[i]);
out:
	free(aces);
	free(old);
	free(was);
	return err;
}

/* The same stretch in both lists. */
static int walk_match(struct walk *w, size_t place, size_t old_place)
{
	if (!w->holds[old_place])
		return walk_gap(w, place, place + 1, old_place, old_place + 1);
	return w->build ? place_share(w, &w->old->places[old_place]) : 0;
}

static int walk_lists(struct walk *w, bool build)
{
	const struct model_aces *s = w->a->source;
	size_t n = s ? s->n_places : 0, n_old = w->old ? w->old->n_places : 0, i = 0, j = 0;
	int err = 0;

	w->build = build;
	while ((i < n || j < n_old) && !err) {
		size_t to = i, old_to = n_old;

		/* The next stretch that both have. */
		for (; to < n; to++) {
			for (old_to = j; old_to < n_old; old_to++)
				if (w->old->places[old_to].leaf->source == s->places[to].stretch)
					break;
			if (old_to < n_old)
				break;
		}
		err = walk_gap(w, i, to, j, to < n ? old_to : n_old);
		if (!err && to < n)
			err = walk_match(w, to, old_to);
		i = to + 1;
		j = to < n ? old_to + 1 : n_old;
	}
	return err;
}

/* ------------------------------------------------------------------ rules */

static void rules_fini(struct acl_rules *r)
{
	classifier_free(r->classifier);
	free(r->verdicts);
}

static void base_put(struct acl_base *b)
{
	if (!b || __atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL))
		return;
	rules_fini(&b->rules);
	free(b);
}

/* All rules of the list, arranged anew. */
static int base_make(struct acl *a)
{
	struct cls_rule *rules = huge_alloc((a->n_rules + 1) * sizeof(*rules));
	struct acl_base *b = calloc(1, sizeof(*b));
	__u32 at = 0;

	a->base = b;
	if (b) {
		b->refs = 1;
		b->rules.verdicts = huge_alloc((a->n_rules + 1) * sizeof(*b->rules.verdicts));
	}
	if (!rules || !b || !b->rules.verdicts) {
		free(rules);
		return -ENOMEM;
	}
	for (size_t i = 0; i < a->n_places; i++) {
		struct acl_place *p = &a->places[i];

		free(p->own);
		p->own = NULL;
		p->base_rule = at;
		for (__u32 k = 0; k < p->leaf->n_entries; k++)
			at += acl_entry_rules(p->leaf, &p->leaf->entries[k], p->first_entry + k + 1,
					      rules + at, b->rules.verdicts + at);
	}
	b->rules.n = at;
	b->rules.classifier = classifier_new(rules, at);
	free(rules);
	return b->rules.classifier ? 0 : -ENOMEM;
}

/* How many rules are not in the base. */
static size_t rules_later(const struct acl *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_places; i++) {
		const struct acl_place *p = &a->places[i];

		if (!p->own && p->base_rule == ACL_RULE_NONE)
			n += p->leaf->n_rules;
		for (__u32 k = 0; p->own && k < p->leaf->n_entries; k++)
			n += p->own[k] == ACL_RULE_NONE ? p->leaf->entries[k].n_rules : 0;
	}
	return n;
}

static void bits_clear(__u64 *bits, size_t from, size_t n)
{
	for (; n && from % 64; from++, n--)
		bits[from / 64] &= ~(1ull << from % 64);
	for (; n >= 64; from += 64, n -= 64)
		bits[from / 64] = 0;
	for (; n; from++, n--)
		bits[from / 64] &= ~(1ull << from % 64);
}

static int shift_push(struct acl *a, __u32 rule, __u32 line)
{
	int lines = (int)line - (int)a->base->rules.verdicts[rule].line;

	if (lines == (a->n_shifts ? a->shifts[a->n_shifts - 1].lines : 0))
		return 0;
	if (a->n_shifts % 64 == 0) {
		struct acl_shift *grown =
			reallocarray(a->shifts, a->n_shifts + 64, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		a->shifts = grown;
	}
	a->shifts[a->n_shifts++] = (struct acl_shift){ rule, lines };
	return 0;
}

/* What is filled while the list is gone through in order. */
struct delta_build {
	struct acl *a;
	struct cls_rule *rules;
	size_t n, anchored; /* rules that are there; that know what stands behind them */
	size_t live;
};

static int delta_entry(struct delta_build *b, const struct acl_place *p, __u32 k)
{
	const struct acl_entry *e = &p->leaf->entries[k];
	__u32 line = p->first_entry + k + 1, rule = place_rule(p, k);
	struct acl *a = b->a;

	if (!e->n_rules)
		return 0;
	if (rule == ACL_RULE_NONE) {
		b->n += acl_entry_rules(p->leaf, e, line, b->rules + b->n, a->delta.verdicts + b->n);
		return 0;
	}
	while (b->anchored < b->n)
		a->anchors[b->anchored++] = rule;
	bits_clear(a->dead, rule, e->n_rules);
	b->live += e->n_rules;
	return shift_push(a, rule, line);
}

static int delta_place(struct delta_build *b, const struct acl_place *p)
{
	const struct acl_leaf *l = p->leaf;
	int err = 0;

	/* A whole leaf of the base is like its first entry with a rule. */
	if (!p->own && l->n_rules) {
		__u32 k = 0;

		while (!l->entries[k].n_rules)
			k++;
		err = delta_entry(b, p, k);
		bits_clear(b->a->dead, p->base_rule, l->n_rules);
		b->live += l->n_rules - l->entries[k].n_rules;
		return err;
	}
	for (__u32 k = 0; p->own && k < l->n_entries && !err; k++)
		err = delta_entry(b, p, k);
	return err;
}

/* The base is the old list's: what is not in it any more, and what came since. */
static int delta_make(struct acl *a, struct acl_base *base, size_t later)
{
	struct delta_build b = { .a = a };
	size_t words = base->rules.n / 64 + 1;
	int err = -ENOMEM;

	__atomic_fetch_add(&base->refs, 1, __ATOMIC_RELAXED);
	a->base = base;
	a->dead = malloc(words * sizeof(*a->dead));
	a->delta.verdicts = calloc(later + 1, sizeof(*a->delta.verdicts));
	a->anchors = calloc(later + 1, sizeof(*a->anchors));
	b.rules = aligned_alloc(64, ((later + 1) * sizeof(*b.rules) + 63) & ~(size_t)63);
	if (!a->dead || !a->delta.verdicts || !a->anchors || !b.rules)
		goto out;
	memset(a->dead, 0xff, words * sizeof(*a->dead));
	err = 0;
	for (size_t i = 0; i < a->n_places && !err; i++)
		err = delta_place(&b, &a->places[i]);
	while (b.anchored < b.n)
		a->anchors[b.anchored++] = ACL_RULE_NONE;
	a->delta.n = b.n;
	if (!err && b.n && !(a->delta.classifier = classifier_new(b.rules, b.n)))
		err = -ENOMEM;
	if (b.live == base->rules.n) {
		free(a->dead);
		a->dead = NULL;
	}
out:
	free(b.rules);
	return err;
}

static int rules_make(struct acl *a, const struct acl *old)
{
	struct acl_base *base = old ? old->base : NULL;
	size_t later = rules_later(a);

	if (!base || later > base->rules.n / BASE_SHARE + DELTA_FREE ||
	    a->n_rules - later < base->rules.n / 2)
		return base_make(a);
	return delta_make(a, base, later);
}

/* ------------------------------------------------------------------ the list */

static bool *places_hold(const struct compile *c, const struct acl *old)
{
	bool *v = calloc(old->n_places + 1, sizeof(*v));

	for (size_t i = 0; i < old->n_places && v; i++)
		v[i] = acl_deps_hold(c, &old->places[i].leaf->deps);
	return v;
}

static int list_build(struct compile *c, struct acl *a, const struct acl *old, const bool *holds)
{
	struct walk w = { .c = c, .a = a, .old = old, .holds = holds };
	int err;

	a->n_rows = 1; /* the heading */
	a->places = calloc((a->source ? a->source->n_places : 0) + 1, sizeof(*a->places));
	if (!a->places)
		return -ENOMEM;
	err = walk_lists(&w, false);
	if (!err)
		err = walk_lists(&w, true);
	counter_set_drop(&w.counters);
	return err ? err : rules_make(a, old);
}

static int acl_tell(struct compile *c, const struct acl *a)
{
	for (size_t i = 0; i < a->n_places; i++) {
		const struct acl_place *p = &a->places[i];

		for (size_t k = 0; k < p->leaf->warnings.n; k++) {
			const struct acl_warning *w = &p->leaf->warnings.v[k];

			if (compile_warn(c, "access-list %s line %u: %s", a->name,
					 p->first_entry + w->entry + 1, w->text))
				return -ENOMEM;
		}
	}
	return 0;
}

int acl_compile(struct compile *c, const struct model_acl *ma, struct acl *old, struct acl **out)
{
	bool *holds = old ? places_hold(c, old) : NULL;
	size_t held = 0;
	struct acl *a;
	int err = -ENOMEM;

	if (old && !holds)
		return -ENOMEM;
	while (old && held < old->n_places && holds[held])
		held++;
	if (old && old->source == ma->aces && held == old->n_places) {
		__atomic_fetch_add(&old->refs, 1, __ATOMIC_RELAXED);
		a = old;
		err = 0;
	} else {
		a = calloc(1, sizeof(*a));
		if (!a)
			goto out;
		a->refs = 1;
		memcpy(a->name, ma->name, sizeof(a->name));
		a->hash = policy_hash_text(POLICY_HASH_START, ma->name);
		a->source = model_aces_get(ma->aces);
		err = list_build(c, a, old, holds);
	}
	if (!err)
		err = acl_tell(c, a);
	if (err)
		acl_put(a);
	else
		*out = a;
out:
	free(holds);
	return err;
}

void acl_put(struct acl *a)
{
	if (!a || __atomic_sub_fetch(&a->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = 0; i < a->n_places; i++) {
		acl_leaf_put(a->places[i].leaf);
		free(a->places[i].own);
	}
	rules_fini(&a->delta);
	base_put(a->base);
	free(a->anchors);
	free(a->shifts);
	free(a->dead);
	free(a->places);
	model_aces_put(a->source);
	free(a);
}
