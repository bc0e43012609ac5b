// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiling one access list into flat rules.
 *
 * Responsible for: ACL-1. An entry becomes elements (one per combination of what its groups hold:
 * the rows of "show access-list" and its counters); an element becomes one or more classifier
 * rules ("neq" and "any6" are two ranges). Not responsible for: where lists apply and what they
 * decide (acl.c).
 *
 * A change of configuration touches few lists, and few lines of a list: a list whose entries and
 * whose names (acl_deps) are what they were is shared with the snapshot before; else the entries
 * in front of and behind the changed ones keep their elements, counters and places in the
 * classifier. Entries are compared by address: models share the rows that did not change.
 *
 * A counter goes from the old list to the new one with its entry, or by the stable key of what
 * it counts when the entry was compiled again.
 *
 * Callers: acl.c. Threads: compiled in the control thread, read by all, dropped after a grace
 * period.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_impl.h"
#include "policy/time_range.h"

struct cls_rules {
	struct cls_rule *v;
	size_t n, cap;
};
struct numbers {
	__u32 *v;
	size_t n, cap;
};
struct elements {
	struct acl_element *v;
	size_t n, cap;
};
struct verdicts {
	struct acl_verdict *v;
	size_t n, cap;
};

/* What grows while a list is compiled. */
struct acl_build {
	struct acl *acl;
	const struct acl *old; /* may be NULL */
	struct counter_set counters; /* of the old list's entries that are not taken over */
	struct elements elements;
	struct numbers element_entry;
	struct verdicts verdicts;
	struct cls_rules rules;
};

static __u64 hash_term(__u64 h, const void *bytes, size_t n)
{
	const __u8 *b = bytes;

	while (n--)
		h = (h ^ *b++) * 0x100000001b3ull;
	return h;
}

/* Stable over recompiles: depends on what the element matches, not on where it stands. */
static __u64 element_key(const struct acl_entry *entry, const char *acl,
			 const struct acl_element *el)
{
	__u64 h = policy_hash_text(POLICY_HASH_START, acl);
	int svc[] = { el->svc.any_proto ? -1 : el->svc.proto,
		      el->svc.sport.lo,	 el->svc.sport.hi,  el->svc.sport.not,
		      el->svc.dport.lo,	 el->svc.dport.hi,  el->svc.dport.not,
		      el->svc.icmp_type, el->svc.icmp_code, el->src.kind,
		      el->dst.kind };

	h = policy_hash_text(h, entry->ace->text);
	h = hash_term(h, &el->src.r, sizeof(el->src.r));
	h = hash_term(h, &el->dst.r, sizeof(el->dst.r));
	if (el->src.name)
		h = policy_hash_text(h, el->src.name);
	if (el->dst.name)
		h = policy_hash_text(h, el->dst.name);
	return hash_term(h, svc, sizeof(svc));
}

/* The one or two ranges of an address term. */
static size_t term_ranges(const struct addr_term *t, struct addr_range r[2])
{
	switch (t->kind) {
	case TERM_RANGE:
		r[0] = t->r;
		return 1;
	case TERM_ANY6:
		r[0] = (struct addr_range){ 0, ADDR_V4_FIRST - 1 };
		r[1] = (struct addr_range){ ADDR_V4_LAST + 1, ADDR_NUM_MAX };
		return 2;
	case TERM_NOTHING:
		break;
	}
	return 0;
}

static size_t port_ranges(const struct port_term *t, __u16 lo[2], __u16 hi[2])
{
	size_t n = 0;

	if (t->nothing)
		return 0;
	if (!t->not) {
		lo[0] = t->lo;
		hi[0] = t->hi;
		return 1;
	}
	if (t->lo > 0) {
		lo[n] = 0;
		hi[n++] = t->lo - 1;
	}
	if (t->hi < 0xffff) {
		lo[n] = t->hi + 1;
		hi[n++] = 0xffff;
	}
	return n;
}

static bool one_family_each(struct addr_range a, struct addr_range b)
{
	struct addr_range v4 = { ADDR_V4_FIRST, ADDR_V4_LAST };
	bool a4 = a.lo >= v4.lo && a.hi <= v4.hi, b4 = b.lo >= v4.lo && b.hi <= v4.hi;

	return (a4 && !addr_range_overlaps(b, v4)) || (b4 && !addr_range_overlaps(a, v4));
}

/* The classifier rules of one element. */
static int element_rules(struct acl_build *b, const struct acl_element *el,
			 const struct acl_entry *entry)
{
	struct addr_range src[2], dst[2];
	__u16 slo[2], shi[2], dlo[2], dhi[2];
	size_t n[4] = { term_ranges(&el->src, src), term_ranges(&el->dst, dst),
			port_ranges(&el->svc.sport, slo, shi),
			port_ranges(&el->svc.dport, dlo, dhi) };

	for (size_t i = 0; i < n[0] * n[1] * n[2] * n[3]; i++) {
		size_t s = i % n[0], d = i / n[0] % n[1];
		size_t sp = i / n[0] / n[1] % n[2], dp = i / n[0] / n[1] / n[2];
		struct acl_verdict *v;
		struct cls_rule *r;

		/* no packet has one IPv4 and one IPv6 address */
		if (one_family_each(src[s], dst[d]))
			continue;
		r = MODEL_PUSH(&b->rules);
		v = MODEL_PUSH(&b->verdicts);
		if (!r || !v)
			return -ENOMEM;
		*v = (struct acl_verdict){
			.counter = el->counter,
			.line = entry->line,
			.hash = entry->hash,
			.log_interval = entry->ace->log_interval,
			.log_level = entry->ace->log_level,
			.permit = entry->ace->permit,
			.log = entry->ace->log,
		};
		*r = (struct cls_rule){
			.src = src[s],
			.dst = dst[d],
			.sport_lo = slo[sp],
			.sport_hi = shi[sp],
			.dport_lo = dlo[dp],
			.dport_hi = dhi[dp],
			.icmp_type = el->svc.icmp_type,
			.icmp_code = el->svc.icmp_code,
			.proto = el->svc.proto,
			.any_proto = el->svc.any_proto,
		};
	}
	return 0;
}

static const char *acl_name_keep(struct acl *a, const char *name)
{
	char **row;

	if (a->names.n && !strcmp(a->names.v[a->names.n - 1], name))
		return a->names.v[a->names.n - 1];
	row = MODEL_PUSH(&a->names);
	if (!row)
		return NULL;
	*row = strdup(name);
	if (!*row)
		a->names.n--;
	return row ? a->names.v[a->names.n - 1] : NULL;
}

/* One more element of the entry, its counter held already. Takes the counter over, or not. */
static int element_add(struct acl_build *b, const struct acl_entry *entry,
		       const struct acl_element *from)
{
	struct acl *a = b->acl;
	__u32 *of = MODEL_PUSH(&b->element_entry);
	struct acl_element *el = of ? MODEL_PUSH(&b->elements) : NULL;

	if (!el) {
		counter_put(from->counter);
		return -ENOMEM;
	}
	*el = *from;
	*of = entry - a->entries;
	if (el->src.name && !(el->src.name = acl_name_keep(a, el->src.name)))
		return -ENOMEM;
	if (el->dst.name && !(el->dst.name = acl_name_keep(a, el->dst.name)))
		return -ENOMEM;
	return entry->active ? element_rules(b, el, entry) : 0;
}

static int entry_elements(struct compile *c, struct acl_build *b, struct acl_entry *entry,
			  const struct addr_terms *src, const struct addr_terms *dst,
			  const struct svc_terms *svc)
{
	size_t total = src->n * dst->n * svc->n;

	if (total > POLICY_ELEMENTS_MAX || b->elements.n + total > POLICY_ELEMENTS_MAX)
		return compile_fail(c, "access-list %s line %u expands to %zu elements; a list may have %d",
				    b->acl->name, entry->line, total, POLICY_ELEMENTS_MAX);
	for (size_t i = 0; i < total; i++) {
		struct acl_element el = {
			.svc = svc->v[i / dst->n / src->n],
			.src = src->v[i / dst->n % src->n],
			.dst = dst->v[i % dst->n],
		};
		__u64 key = element_key(entry, b->acl->name, &el);
		int err;

		el.counter = counter_set_take(&b->counters, key);
		if (!el.counter)
			el.counter = counter_new(key, COUNTER_ACL_N);
		if (!el.counter)
			return -ENOMEM;
		err = element_add(b, entry, &el);
		if (err)
			return err;
	}
	entry->n_elements = total;
	return 0;
}

static bool addr_is_named(const struct model_addr *a)
{
	return a->kind == MODEL_ADDR_OBJECT || a->kind == MODEL_ADDR_GROUP;
}

/* A range that does not exist is never active, which for a permit is the safe side. */
static int entry_time(struct compile *c, struct acl_build *b, struct acl_entry *entry)
{
	const char *name = entry->ace->time_range;
	char **row;

	if (acl_depends(c, DEP_TIME, name))
		return -ENOMEM;
	if (time_range_exists(c->m, name)) {
		entry->active = time_range_active(c->m, name, c->now);
		return 0;
	}
	if (entry->ace->permit)
		entry->active = false;
	row = MODEL_PUSH(&b->acl->warnings);
	if (!row || asprintf(row, "access-list %s line %u: there is no time-range %s, the entry is %s",
			     b->acl->name, entry->line, name,
			     entry->active ? "always active" : "inactive") < 0) {
		b->acl->warnings.n -= row ? 1 : 0;
		return -ENOMEM;
	}
	return 0;
}

static int entry_compile(struct compile *c, struct acl_build *b, struct acl_entry *entry)
{
	const struct model_ace *ace = entry->ace;
	const struct model_addr any = { .kind = MODEL_ADDR_ANY };
	const struct model_proto ip = { .kind = MODEL_PROTO_IP };
	struct addr_terms src = { 0 }, dst = { 0 };
	struct svc_terms svc = { 0 };
	char who[MODEL_NAME_MAX + 40];
	int err = 0;

	if (ace->remark)
		return 0;
	snprintf(who, sizeof(who), "access-list %s line %u", b->acl->name, entry->line);
	entry->active = !ace->inactive;
	if (entry->active && *ace->time_range)
		err = entry_time(c, b, entry);
	/* a standard list names destinations only */
	if (!err)
		err = resolve_addr(c, who, ace->standard ? &any : &ace->src, &src);
	if (!err)
		err = resolve_addr(c, who, ace->standard ? &ace->src : &ace->dst, &dst);
	if (!err)
		err = resolve_service(c, who, ace->standard ? &ip : &ace->proto, &ace->sport,
				      &ace->dport, &ace->icmp, &svc);
	if (!err)
		err = entry_elements(c, b, entry, &src, &dst, &svc);
	entry->expanded = entry->n_elements != 1 || addr_is_named(&ace->src) ||
			  addr_is_named(&ace->dst) || ace->proto.kind > MODEL_PROTO_NUM;
	free(src.v);
	free(dst.v);
	free(svc.v);
	return err;
}

/* The entry as it is in the old list. */
static int entry_take_over(struct acl_build *b, struct acl_entry *entry, const struct acl_entry *was)
{
	const struct acl_element *v = b->old->elements + was->first_element;

	entry->active = was->active;
	entry->expanded = was->expanded;
	entry->n_elements = was->n_elements;
	for (size_t i = 0; i < was->n_elements; i++) {
		int err;

		counter_hold(v[i].counter);
		err = element_add(b, entry, &v[i]);
		if (err)
			return err;
	}
	return 0;
}

/* ------------------------------------------------------------------ what a list depends on */

static __u64 hash_bytes(__u64 h, const void *bytes, size_t n)
{
	const __u8 *b = bytes;
	__u64 w;

	for (; n >= sizeof(w); n -= sizeof(w), b += sizeof(w)) {
		memcpy(&w, b, sizeof(w));
		h = (h ^ w) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return hash_term(h, b, n);
}

/* Whatever of a name can change what an entry means. */
static __u64 dep_content(const struct compile *c, enum acl_dep_kind kind, const char *name)
{
	const struct model_object *o;
	const struct model_group *g;
	const struct policy_if *pi;
	__u64 h = kind + 1;

	switch (kind) {
	case DEP_OBJECT:
	case DEP_SERVICE:
		o = names_object(c, name, kind == DEP_SERVICE);
		return o ? hash_bytes(h, &o->set, sizeof(*o) - offsetof(struct model_object, set)) : 0;
	case DEP_GROUP:
		g = names_group(c, name);
		if (!g)
			return 0;
		h = hash_bytes(h + g->kind, g->svc_proto, sizeof(g->svc_proto));
		for (size_t i = 0; i < g->items.n; i++)
			h = hash_bytes(h, &g->items.v[i], offsetof(struct model_group_item, text));
		return h + g->items.n;
	case DEP_INTERFACE:
		pi = policy_if_named(c->p, name);
		for (size_t i = 0; pi && i < c->p->ifs.n_addrs[pi->num]; i++)
			h = hash_bytes(h, &c->p->ifs.addrs[pi->num][i].addr, sizeof(struct asa_addr));
		return pi ? h : 0;
	case DEP_TIME:
		return time_range_exists(c->m, name) + 2 * time_range_active(c->m, name, c->now);
	}
	return 0;
}

static struct acl_dep *dep_place(const struct acl_deps *d, enum acl_dep_kind kind, const char *name)
{
	size_t i = policy_hash_text(POLICY_HASH_START + kind, name) & (d->size - 1);

	while (d->v[i].name && (d->v[i].kind != kind || strcmp(d->v[i].name, name)))
		i = (i + 1) & (d->size - 1);
	return &d->v[i];
}

static int deps_grow(struct acl_deps *d)
{
	struct acl_deps grown = { .n = d->n, .size = d->size ? d->size * 2 : 16 };

	grown.v = calloc(grown.size, sizeof(*grown.v));
	if (!grown.v)
		return -ENOMEM;
	for (size_t i = 0; i < d->size; i++)
		if (d->v[i].name)
			*dep_place(&grown, d->v[i].kind, d->v[i].name) = d->v[i];
	free(d->v);
	*d = grown;
	return 0;
}

static int dep_add(struct acl_deps *d, enum acl_dep_kind kind, const char *name, __u64 content)
{
	struct acl_dep *dep;

	if (2 * (d->n + 1) > d->size && deps_grow(d))
		return -ENOMEM;
	dep = dep_place(d, kind, name);
	dep->kind = kind;
	dep->content = content;
	dep->name = strdup(name);
	if (!dep->name)
		return -ENOMEM;
	d->n++;
	return 0;
}

int acl_depends(struct compile *c, enum acl_dep_kind kind, const char *name)
{
	struct acl_deps *d = c->deps;

	if (!d || (d->size && dep_place(d, kind, name)->name))
		return 0;
	return dep_add(d, kind, name, dep_content(c, kind, name));
}

static bool deps_hold(const struct compile *c, const struct acl_deps *d)
{
	for (size_t i = 0; i < d->size; i++)
		if (d->v[i].name && d->v[i].content != dep_content(c, d->v[i].kind, d->v[i].name))
			return false;
	return true;
}

static int deps_copy(struct acl_deps *to, const struct acl_deps *from)
{
	int err = 0;

	for (size_t i = 0; i < from->size && !err; i++)
		if (from->v[i].name)
			err = dep_add(to, from->v[i].kind, from->v[i].name, from->v[i].content);
	return err;
}

/* ------------------------------------------------------------------ the list */

/* Entries at both ends that are the old list's. */
struct kept {
	size_t front, back;
};

static struct kept entries_kept(const struct model_aces *now, const struct acl *old)
{
	size_t n = now ? now->n : 0, most = n < old->n_entries ? n : old->n_entries;
	struct kept k = { 0, 0 };

	while (k.front < most && now->v[k.front] == old->entries[k.front].ace)
		k.front++;
	while (k.back < most - k.front &&
	       now->v[n - 1 - k.back] == old->entries[old->n_entries - 1 - k.back].ace)
		k.back++;
	return k;
}

/* The counters of the old entries that are not taken over, to be found by what they count. */
static int counters_offer(struct acl_build *b, struct kept k)
{
	const struct acl *old = b->old;
	int err = 0;

	for (size_t i = k.front; i < old->n_entries - k.back && !err; i++) {
		const struct acl_entry *e = &old->entries[i];

		for (size_t n = 0; n < e->n_elements && !err; n++)
			err = counter_set_offer(&b->counters,
						old->elements[e->first_element + n].counter);
	}
	return err;
}

static int entries_compile(struct compile *c, struct acl_build *b, struct kept k,
			   struct cls_reuse *reuse)
{
	struct acl *a = b->acl;
	const struct model_aces *source = a->source;
	size_t n = source ? source->n : 0;
	__u64 start = policy_hash_text(policy_hash_text(POLICY_HASH_START, a->name), " ");
	int err = 0;

	a->n_rows = 1;
	for (size_t i = 0; i < n && !err; i++) {
		struct acl_entry *entry = &a->entries[a->n_entries++];

		entry->ace = source->v[i];
		entry->line = i + 1;
		entry->first_row = a->n_rows;
		entry->first_element = b->elements.n;
		if (i == n - k.back)
			reuse->back_from = b->rules.n;
		if (i < k.front || i >= n - k.back) {
			const struct acl_entry *was =
				&b->old->entries[i < k.front ? i : b->old->n_entries - (n - i)];

			entry->hash = was->hash;
			err = entry_take_over(b, entry, was);
		} else {
			entry->hash = policy_hash_text(start, entry->ace->text);
			err = entry_compile(c, b, entry);
		}
		if (i + 1 == k.front)
			reuse->front = b->rules.n;
		a->n_rows += 1 + (entry->expanded ? entry->n_elements : 0);
	}
	reuse->back = k.back ? b->rules.n - reuse->back_from : 0;
	return err;
}

/* Room for about what the old list has: it is not moved while it grows. Nothing depends on it. */
static void build_reserve(struct acl_build *b, const struct acl *old)
{
	size_t elements = old->n_elements + 64, rules = old->n_rules + 64;

	b->elements.v = malloc(elements * sizeof(*b->elements.v));
	b->elements.cap = b->elements.v ? elements : 0;
	b->element_entry.v = malloc(elements * sizeof(*b->element_entry.v));
	b->element_entry.cap = b->element_entry.v ? elements : 0;
	b->rules.v = malloc(rules * sizeof(*b->rules.v));
	b->rules.cap = b->rules.v ? rules : 0;
	b->verdicts.v = malloc(rules * sizeof(*b->verdicts.v));
	b->verdicts.cap = b->verdicts.v ? rules : 0;
}

static int acl_build(struct compile *c, struct acl *a, const struct acl *old)
{
	struct acl_build b = { .acl = a, .old = old };
	struct cls_reuse reuse = { .old = NULL };
	struct kept k = { 0, 0 };
	int err = 0;

	a->entries = calloc((a->source ? a->source->n : 0) + 1, sizeof(*a->entries));
	if (!a->entries)
		return -ENOMEM;
	if (old && deps_hold(c, &old->deps)) {
		k = entries_kept(a->source, old);
		err = deps_copy(&a->deps, &old->deps);
		reuse.old = old->classifier;
	}
	/* A sentence of a list's warnings names a line: lines move. */
	if (old && old->warnings.n)
		k = (struct kept){ 0, 0 };
	if (old)
		build_reserve(&b, old);
	if (old && !err)
		err = counters_offer(&b, k);
	c->deps = &a->deps;
	if (!err)
		err = entries_compile(c, &b, k, &reuse);
	c->deps = NULL;
	counter_set_drop(&b.counters);
	a->elements = b.elements.v;
	a->n_elements = b.elements.n;
	a->element_entry = b.element_entry.v;
	a->verdicts = b.verdicts.v;
	a->n_rules = b.rules.n;
	if (!err) {
		a->classifier = classifier_new_like(b.rules.v, b.rules.n, &reuse);
		if (!a->classifier)
			err = -ENOMEM;
	}
	free(b.rules.v);
	return err;
}

static int acl_tell(struct compile *c, const struct acl *a)
{
	for (size_t i = 0; i < a->warnings.n; i++)
		if (compile_warn(c, "%s", a->warnings.v[i]))
			return -ENOMEM;
	return 0;
}

int acl_compile(struct compile *c, const struct model_acl *ma, struct acl *old, struct acl **out)
{
	struct acl *a;
	int err;

	if (old && old->source == ma->aces && deps_hold(c, &old->deps)) {
		__atomic_fetch_add(&old->refs, 1, __ATOMIC_RELAXED);
		*out = old;
		err = acl_tell(c, old);
		if (err)
			acl_put(old);
		return err;
	}
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->refs = 1;
	memcpy(a->name, ma->name, sizeof(a->name));
	a->hash = policy_hash_text(POLICY_HASH_START, ma->name);
	a->source = model_aces_get(ma->aces);
	err = acl_build(c, a, old);
	if (!err)
		err = acl_tell(c, a);
	if (err) {
		acl_put(a);
		return err;
	}
	*out = a;
	return 0;
}

void acl_put(struct acl *a)
{
	if (!a || __atomic_sub_fetch(&a->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = 0; i < a->n_elements; i++)
		counter_put(a->elements[i].counter);
	for (size_t i = 0; i < a->deps.size; i++)
		free(a->deps.v[i].name);
	for (size_t i = 0; i < a->names.n; i++)
		free(a->names.v[i]);
	for (size_t i = 0; i < a->warnings.n; i++)
		free(a->warnings.v[i]);
	classifier_free(a->classifier);
	free(a->deps.v);
	free(a->names.v);
	free(a->warnings.v);
	free(a->verdicts);
	free(a->element_entry);
	free(a->elements);
	free(a->entries);
	model_aces_put(a->source);
	free(a);
}
