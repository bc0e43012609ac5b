// SPDX-License-Identifier: GPL-2.0-only
/*
 * What access lists depend on besides their own entries.
 *
 * Responsible for: noting every name (object, group, interface, time range) that is looked at
 * while a stretch of a list is compiled, with a hash of what it meant then, and telling whether
 * all of them still mean the same. Not responsible for: resolving names (resolve.c), what is done
 * about a change (acl_compile.c).
 *
 * Life cycle: a set belongs to one compiled stretch. Callers: resolve.c, acl_leaf.c,
 * acl_compile.c. Threads: the control thread; sets are freed in any.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_impl.h"
#include "policy/time_range.h"

static __u64 hash_term(__u64 h, const void *bytes, size_t n)
{
	const __u8 *b = bytes;

	while (n--)
		h = (h ^ *b++) * 0x100000001b3ull;
	return h;
}

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
	const struct sys_name *s;
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
	case DEP_NAME:
		s = resolve_name(c, name);
		return s ? hash_bytes(h, s->addrs, s->n * sizeof(s->addrs[0])) : 0;
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

/* Models share their objects until one is changed: then none has to be looked at. */
static bool objects_same(const struct compile *c)
{
	return c->old && c->old->model->objects.v == c->m->objects.v &&
	       c->old->model->objects.n == c->m->objects.n;
}

bool acl_deps_hold(const struct compile *c, const struct acl_deps *d)
{
	bool same = objects_same(c);

	for (size_t i = 0; i < d->size; i++) {
		const struct acl_dep *dep = &d->v[i];

		if (!dep->name || (same && (dep->kind == DEP_OBJECT || dep->kind == DEP_SERVICE)))
			continue;
		if (dep->content != dep_content(c, dep->kind, dep->name))
			return false;
	}
	return true;
}

int acl_deps_copy(struct acl_deps *to, const struct acl_deps *from)
{
	int err = 0;

	for (size_t i = 0; i < from->size && !err; i++)
		if (from->v[i].name &&
		    !(to->size && dep_place(to, from->v[i].kind, from->v[i].name)->name))
			err = dep_add(to, from->v[i].kind, from->v[i].name, from->v[i].content);
	return err;
}

void acl_deps_fini(struct acl_deps *d)
{
	for (size_t i = 0; i < d->size; i++)
		free(d->v[i].name);
	free(d->v);
	*d = (struct acl_deps){ 0 };
}
