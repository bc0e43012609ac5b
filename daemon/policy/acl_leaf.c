// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiling a stretch of entries of an access list into a leaf.
 *
 * Responsible for: ACL-1. An entry becomes elements (one per combination of what its groups hold:
 * the rows of "show access-list" and its counters); an element becomes one or more classifier
 * rules ("neq" and "any6" are two ranges), made when they are asked for. Not responsible for:
 * how leaves make a list (acl_compile.c), where lists apply and what they decide (acl.c).
 *
 * An entry that the older list has, and whose names mean what they meant, is taken over with its
 * counters. A counter of what is compiled again is found by the stable key of what it counts.
 *
 * Life cycle: leaves are counted; lists of several snapshots hold them. Callers: acl_compile.c.
 * Threads: compiled in the control thread, read by all, dropped after a grace period.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_impl.h"
#include "policy/time_range.h"

/* What grows while a leaf is compiled. */
struct leaf_build {
	struct acl_leaf *leaf;
	const char *list;
	__u64 start; /* of the hashes of entries */
	__u32 line; /* of the first entry */
	struct counter_set *counters; /* of the older list's entries that are not taken over */
	struct {
		struct acl_element *v;
		size_t n, cap;
	} elements;
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

/* ------------------------------------------------------------------ rules */

static __u32 element_rules(const struct acl_element *el, struct cls_rule *r)
{
	struct addr_range src[2], dst[2];
	__u16 slo[2], shi[2], dlo[2], dhi[2];
	size_t n[4] = { term_ranges(&el->src, src), term_ranges(&el->dst, dst),
			port_ranges(&el->svc.sport, slo, shi),
			port_ranges(&el->svc.dport, dlo, dhi) };
	__u32 made = 0;

	for (size_t i = 0; i < n[0] * n[1] * n[2] * n[3]; i++) {
		size_t s = i % n[0], d = i / n[0] % n[1];
		size_t sp = i / n[0] / n[1] % n[2], dp = i / n[0] / n[1] / n[2];

		/* no packet has one IPv4 and one IPv6 address */
		if (one_family_each(src[s], dst[d]))
			continue;
		if (r)
			r[made] = (struct cls_rule){
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
				.use = el->counter,
			};
		made++;
	}
	return made;
}

__u32 acl_entry_rules(const struct acl_leaf *l, const struct acl_entry *e, __u32 line,
		      struct cls_rule *r, struct acl_verdict *v)
{
	__u32 n = 0;

	for (__u32 i = 0; e->active && i < e->n_elements; i++) {
		const struct acl_element *el = &l->elements[e->first_element + i];
		__u32 more = element_rules(el, r ? r + n : NULL);

		for (__u32 k = n; v && k < n + more; k++)
			v[k] = (struct acl_verdict){
				.counter = el->counter,
				.line = line,
				.hash = e->hash,
				.log_interval = e->ace->log_interval,
				.log_level = e->ace->log_level,
				.permit = e->ace->permit,
				.log = e->ace->log,
			};
		n += more;
	}
	return n;
}

/* ------------------------------------------------------------------ elements */

static const char *leaf_name_keep(struct acl_leaf *l, const char *name)
{
	char **row;

	if (l->names.n && !strcmp(l->names.v[l->names.n - 1], name))
		return l->names.v[l->names.n - 1];
	row = MODEL_PUSH(&l->names);
	if (!row)
		return NULL;
	*row = strdup(name);
	if (!*row)
		l->names.n--;
	return *row;
}

/* One more element, its counter held already. Takes the counter over, or not. */
static int element_add(struct leaf_build *b, const struct acl_element *from)
{
	struct acl_leaf *l = b->leaf;
	struct acl_element *el = MODEL_PUSH(&b->elements);

	if (!el) {
		counter_put(from->counter);
		return -ENOMEM;
	}
	*el = *from;
	if (el->src.name && !(el->src.name = leaf_name_keep(l, el->src.name)))
		return -ENOMEM;
	if (el->dst.name && !(el->dst.name = leaf_name_keep(l, el->dst.name)))
		return -ENOMEM;
	return 0;
}

static bool term_same(const struct addr_term *a, const struct addr_term *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == TERM_RANGE)
		return a->r.lo == b->r.lo && a->r.hi == b->r.hi;
	return !a->name == !b->name && (!a->name || !strcmp(a->name, b->name));
}

static bool port_same(const struct port_term *a, const struct port_term *b)
{
	return a->lo == b->lo && a->hi == b->hi && a->not == b->not && a->nothing == b->nothing;
}

static bool element_same(const struct acl_element *a, const struct acl_element *b)
{
	return term_same(&a->src, &b->src) && term_same(&a->dst, &b->dst) &&
	       a->svc.proto == b->svc.proto && a->svc.any_proto == b->svc.any_proto &&
	       port_same(&a->svc.sport, &b->svc.sport) && port_same(&a->svc.dport, &b->svc.dport) &&
	       a->svc.icmp_type == b->svc.icmp_type && a->svc.icmp_code == b->svc.icmp_code;
}

static bool entry_same(const struct acl_entry *a, const struct acl_element *ea,
		       const struct acl_entry *b, const struct acl_element *eb)
{
	if (a->ace != b->ace || a->active != b->active || a->n_elements != b->n_elements)
		return false;
	for (__u32 i = 0; i < a->n_elements; i++)
		if (!element_same(&ea[i], &eb[i]))
			return false;
	return true;
}

bool acl_leaf_same(const struct acl_leaf *l, __u32 i, const struct acl_was *was)
{
	const struct acl_entry *e = &l->entries[i];

	if (!was->leaf || (!was->holds && !entry_same(e, &l->elements[e->first_element], was->entry,
						      &was->leaf->elements[was->entry->first_element])))
		return false;
	/* The verdicts of its rules count in the counters that it had. */
	for (__u32 k = 0; k < e->n_elements; k++)
		if (l->elements[e->first_element + k].counter !=
		    was->leaf->elements[was->entry->first_element + k].counter)
			return false;
	return true;
}

static int entry_elements(struct compile *c, struct leaf_build *b, struct acl_entry *entry,
			  __u32 line, const struct addr_terms *src, const struct addr_terms *dst,
			  const struct svc_terms *svc)
{
	size_t total = src->n * dst->n * svc->n;

	if (total > POLICY_ELEMENTS_MAX || b->elements.n + total > POLICY_ELEMENTS_MAX)
		return compile_fail(c, "access-list %s line %u expands to %zu elements; a list may have %d",
				    b->list, line, total, POLICY_ELEMENTS_MAX);
	for (size_t i = 0; i < total; i++) {
		struct acl_element el = {
			.svc = svc->v[i / dst->n / src->n],
			.src = src->v[i / dst->n % src->n],
			.dst = dst->v[i % dst->n],
		};
		__u64 key = element_key(entry, b->list, &el);
		int err;

		el.counter = counter_set_take(b->counters, key);
		if (!el.counter)
			el.counter = counter_pool_get(&c->counters, key);
		if (!el.counter)
			return -ENOMEM;
		err = element_add(b, &el);
		if (err)
			return err;
	}
	entry->n_elements = total;
	return 0;
}

/* ------------------------------------------------------------------ entries */

static bool addr_is_named(const struct model_addr *a)
{
	return a->kind == MODEL_ADDR_OBJECT || a->kind == MODEL_ADDR_GROUP;
}

/* A range that does not exist is never active, which for a permit is the safe side. */
static int entry_time(struct compile *c, struct leaf_build *b, struct acl_entry *entry)
{
	const char *name = entry->ace->time_range;
	struct acl_warning *w;

	if (acl_depends(c, DEP_TIME, name))
		return -ENOMEM;
	if (time_range_exists(c->m, name)) {
		entry->active = time_range_active(c->m, name, c->now);
		return 0;
	}
	if (entry->ace->permit)
		entry->active = false;
	w = MODEL_PUSH(&b->leaf->warnings);
	if (!w)
		return -ENOMEM;
	w->entry = entry - b->leaf->entries;
	if (asprintf(&w->text, "there is no time-range %s, the entry is %s", name,
		     entry->active ? "always active" : "inactive") < 0) {
		b->leaf->warnings.n--;
		return -ENOMEM;
	}
	return 0;
}

static int entry_compile(struct compile *c, struct leaf_build *b, struct acl_entry *entry)
{
	const struct model_ace *ace = entry->ace;
	const struct model_addr any = { .kind = MODEL_ADDR_ANY };
	const struct model_proto ip = { .kind = MODEL_PROTO_IP };
	__u32 line = b->line + (entry - b->leaf->entries);
	struct addr_terms src = { 0 }, dst = { 0 };
	struct svc_terms svc = { 0 };
	char who[MODEL_NAME_MAX + 40];
	int err = 0;

	if (ace->remark)
		return 0;
	snprintf(who, sizeof(who), "access-list %s line %u", b->list, line);
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
		err = entry_elements(c, b, entry, line, &src, &dst, &svc);
	entry->expanded = entry->n_elements != 1 || addr_is_named(&ace->src) ||
			  addr_is_named(&ace->dst) || ace->proto.kind > MODEL_PROTO_NUM;
	free(src.v);
	free(dst.v);
	free(svc.v);
	return err;
}

/* The entry as it is in the older list. */
static int entry_take_over(struct leaf_build *b, struct acl_entry *entry, const struct acl_was *was)
{
	const struct acl_element *v = was->leaf->elements + was->entry->first_element;

	entry->active = was->entry->active;
	entry->expanded = was->entry->expanded;
	entry->n_elements = was->entry->n_elements;
	for (__u32 i = 0; i < entry->n_elements; i++) {
		int err;

		counter_hold(v[i].counter);
		err = element_add(b, &v[i]);
		if (err)
			return err;
	}
	for (size_t i = 0; i < was->leaf->warnings.n; i++) {
		const struct acl_warning *from = &was->leaf->warnings.v[i];
		struct acl_warning *w;

		if (from->entry != (__u32)(was->entry - was->leaf->entries))
			continue;
		w = MODEL_PUSH(&b->leaf->warnings);
		if (!w)
			return -ENOMEM;
		w->entry = entry - b->leaf->entries;
		w->text = strdup(from->text);
		if (!w->text) {
			b->leaf->warnings.n--;
			return -ENOMEM;
		}
	}
	return 0;
}

/* Compiled again, and it means what it meant: its counters are those of the older one. */
static void entry_keep_counters(struct leaf_build *b, const struct acl_entry *e,
				const struct acl_was *was)
{
	const struct acl_element *from = was->leaf->elements + was->entry->first_element;
	struct acl_element *to = b->elements.v + e->first_element;

	if (!entry_same(e, to, was->entry, from))
		return;
	for (__u32 i = 0; i < e->n_elements; i++) {
		counter_hold(from[i].counter);
		counter_put(to[i].counter);
		to[i].counter = from[i].counter;
	}
}

static int entry_make(struct compile *c, struct leaf_build *b, __u32 i, const struct acl_was *was)
{
	struct acl_leaf *l = b->leaf;
	struct acl_entry *e = &l->entries[i];
	int err;

	*e = (struct acl_entry){
		.ace = l->source->v[i],
		.first_element = b->elements.n,
		.first_row = l->n_rows,
		.first_rule = l->n_rules,
	};
	l->n_entries++;
	if (was && was->leaf) {
		e->hash = was->entry->hash;
	} else {
		e->hash = policy_hash_text(b->start, e->ace->text);
	}
	if (was && was->leaf && was->holds) {
		err = entry_take_over(b, e, was);
	} else {
		err = entry_compile(c, b, e);
		if (!err && was && was->leaf)
			entry_keep_counters(b, e, was);
	}
	l->elements = b->elements.v;
	l->n_elements = b->elements.n;
	if (err)
		return err;
	e->n_rules = acl_entry_rules(l, e, 0, NULL, NULL);
	l->n_rules += e->n_rules;
	l->n_rows += 1 + (e->expanded ? e->n_elements : 0);
	return 0;
}

/* ------------------------------------------------------------------ the leaf */

int acl_leaf_compile(struct compile *c, const char *name, struct model_stretch *source, __u32 line,
		     const struct acl_was *was, struct counter_set *counters, struct acl_leaf **out)
{
	struct acl_leaf *l = calloc(1, sizeof(*l));
	struct leaf_build b = { .leaf = l, .list = name, .line = line, .counters = counters };
	const struct acl_leaf *last = NULL;
	int err = -ENOMEM;

	if (!l)
		return -ENOMEM;
	b.start = policy_hash_text(policy_hash_text(POLICY_HASH_START, name), " ");
	l->refs = 1;
	l->source = model_stretch_get(source);
	l->entries = calloc(source->n + 1, sizeof(*l->entries));
	b.elements.v = malloc((source->n + 1) * sizeof(*b.elements.v));
	b.elements.cap = b.elements.v ? source->n + 1 : 0;
	l->elements = b.elements.v;
	if (l->entries)
		err = 0;
	c->deps = &l->deps;
	for (__u32 i = 0; i < source->n && !err; i++) {
		/* What is taken over is not resolved again: its names come along. */
		if (was && was[i].leaf && was[i].holds && was[i].leaf != last) {
			last = was[i].leaf;
			err = acl_deps_copy(&l->deps, &last->deps);
		}
		if (!err)
			err = entry_make(c, &b, i, was ? &was[i] : NULL);
	}
	c->deps = NULL;
	if (err) {
		acl_leaf_put(l);
		return err;
	}
	/* Room that was kept for growing goes back. */
	if (b.elements.cap > l->n_elements + 8) {
		b.elements.v = realloc(l->elements, (l->n_elements + 1) * sizeof(*l->elements));
		l->elements = b.elements.v ? b.elements.v : l->elements;
	}
	*out = l;
	return 0;
}

struct acl_leaf *acl_leaf_get(struct acl_leaf *l)
{
	__atomic_fetch_add(&l->refs, 1, __ATOMIC_RELAXED);
	return l;
}

void acl_leaf_put(struct acl_leaf *l)
{
	if (!l || __atomic_sub_fetch(&l->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (__u32 i = 0; i < l->n_elements; i++)
		counter_put(l->elements[i].counter);
	for (size_t i = 0; i < l->names.n; i++)
		free(l->names.v[i]);
	for (size_t i = 0; i < l->warnings.n; i++)
		free(l->warnings.v[i].text);
	acl_deps_fini(&l->deps);
	free(l->names.v);
	free(l->warnings.v);
	free(l->elements);
	free(l->entries);
	model_stretch_put(l->source);
	free(l);
}
