// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots: compile, free, counters that survive, warnings.
 *
 * Responsible for: the order of compilation, the life of a snapshot and of the counters that it
 * shares with the one before. Not responsible for: publishing (the caller, with RCU) and what
 * the steps do (ifaces.c, acl.c, nat.c, service_policy.c, host.c).
 *
 * A counter belongs to all snapshots that hold its rule, under the rule's stable key, so that a
 * recompile loses no hit, not even those that workers count in the old snapshot meanwhile.
 *
 * Threads: compile in the control thread; policy_free() in any, after a grace period.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/huge.h"
#include "policy/policy_impl.h"
#include "policy/time_range.h"

__u64 policy_hash_text(__u64 h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (__u8)*text) * 0x100000001b3ull;
	/* fold: FNV's low bits alone are weak, and tables use the low bits */
	return h ^ h >> 32;
}

/* ------------------------------------------------------------------ counters */

static struct policy_counter **counter_slot(const struct counter_set *s, __u64 key)
{
	size_t i = (key ^ key >> 29) & (s->size - 1);

	while (s->slots[i] && s->slots[i]->key != key)
		i = (i + 1) & (s->size - 1);
	return &s->slots[i];
}

static int counter_set_grow(struct counter_set *s)
{
	struct counter_set grown = { .n = s->n, .size = s->size ? s->size * 2 : 64 };

	grown.slots = calloc(grown.size, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < s->size; i++)
		if (s->slots[i])
			*counter_slot(&grown, s->slots[i]->key) = s->slots[i];
	free(s->slots);
	*s = grown;
	return 0;
}

struct policy_counter *counter_new(__u64 key, __u32 n)
{
	struct policy_counter *c = calloc(1, sizeof(*c) + n * sizeof(c->value[0]));

	if (c) {
		c->key = key;
		c->refs = 1;
		c->n = n;
	}
	return c;
}

struct policy_counter *counter_hold(struct policy_counter *c)
{
	__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

struct counter_block {
	__u32 refs; /* counters in use, and the pool that still gives out of it */
	__u32 used, size;
};
#define BLOCK_ROW (sizeof(struct policy_counter) + sizeof(__u64))
#define BLOCK_ROWS_MAX 65535
#define BLOCK_HEAD 64

static void counter_block_put(struct counter_block *b)
{
	if (b && __atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(b);
}

void counter_put(struct policy_counter *c)
{
	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (c->block)
		counter_block_put((void *)((char *)c - (c->block - 1) * BLOCK_ROW - BLOCK_HEAD));
	else
		free(c);
}

struct policy_counter *counter_pool_get(struct counter_pool *p, __u64 key)
{
	struct counter_block *b = p->block;
	struct policy_counter *c;

	if (!b || b->used == b->size) {
		counter_block_put(b);
		p->next = p->next ? p->next * 4 : 16;
		if (p->next > BLOCK_ROWS_MAX)
			p->next = BLOCK_ROWS_MAX;
		b = p->block = huge_zalloc(BLOCK_HEAD + p->next * BLOCK_ROW);
		if (!b)
			return NULL;
		b->refs = 1;
		b->size = p->next;
	}
	__atomic_fetch_add(&b->refs, 1, __ATOMIC_RELAXED);
	c = (void *)((char *)b + BLOCK_HEAD + b->used++ * BLOCK_ROW);
	c->key = key;
	c->refs = 1;
	c->n = 1;
	c->block = b->used;
	return c;
}

void counter_pool_fini(struct counter_pool *p)
{
	counter_block_put(p->block);
	p->block = NULL;
}

struct policy_counter *counter_get(struct counter_set *s, const struct counter_set *old, __u64 key,
				   __u32 n)
{
	struct policy_counter **slot, *kept;

	if (2 * (s->n + 1) > s->size && counter_set_grow(s))
		return NULL;
	/* The same rule twice: the second one counts by itself, under the next key. */
	while (*(slot = counter_slot(s, key)))
		key++;
	kept = old && old->size ? *counter_slot(old, key) : NULL;
	kept = kept && kept->n == n ? counter_hold(kept) : counter_new(key, n);
	if (!kept)
		return NULL;
	*slot = kept;
	s->n++;
	return kept;
}

void counter_set_fini(struct counter_set *s)
{
	for (size_t i = 0; i < s->size; i++)
		counter_put(s->slots[i]);
	free(s->slots);
}

/* Stands where a counter was taken from: no rule has this key. */
static struct policy_counter taken = { .refs = 1 };

int counter_set_offer(struct counter_set *s, struct policy_counter *c)
{
	struct policy_counter **slot;

	if (2 * (s->n + 1) > s->size && counter_set_grow(s))
		return -ENOMEM;
	slot = counter_slot(s, c->key);
	if (!*slot) {
		*slot = c;
		s->n++;
	}
	return 0;
}

struct policy_counter *counter_set_take(struct counter_set *s, __u64 key)
{
	struct policy_counter **slot = s->size ? counter_slot(s, key) : NULL, *c;

	if (!slot || !*slot || *slot == &taken)
		return NULL;
	c = *slot;
	*slot = &taken;
	return counter_hold(c);
}

void counter_set_drop(struct counter_set *s)
{
	free(s->slots);
	*s = (struct counter_set){ 0 };
}

/* ------------------------------------------------------------------ sentences */

int compile_fail(struct compile *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->e->text, sizeof(c->e->text), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int compile_warn(struct compile *c, const char *fmt, ...)
{
	char **row, *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	for (size_t i = 0; i < c->p->warnings.n; i++) {
		if (!strcmp(c->p->warnings.v[i], text)) {
			free(text);
			return 0;
		}
	}
	row = MODEL_PUSH(&c->p->warnings);
	if (!row) {
		free(text);
		return -ENOMEM;
	}
	*row = text;
	return 0;
}

const char *policy_warning(const struct policy *p, size_t i)
{
	return i < p->warnings.n ? p->warnings.v[i] : NULL;
}

/* ------------------------------------------------------------------ life cycle */

int policy_compile(const struct model *m, const struct sys_info *sys, struct policy *old,
		   struct policy **out, struct policy_error *e)
{
	static __u32 generation;
	struct policy *p = calloc(1, sizeof(*p));
	struct compile c = { .p = p, .sys = sys, .old = old, .e = e };
	int err = -ENOMEM;

	snprintf(e->text, sizeof(e->text), "Not enough memory to compile the configuration");
	if (!p)
		return -ENOMEM;
	p->model = model_clone(m);
	if (!p->model)
		goto out;
	c.m = p->model;
	c.now = sys->now ? sys->now : time(NULL);
	p->times = time_ranges_state(c.m, c.now);
	err = names_init(&c);
	if (!err)
		err = ifaces_compile(&c);
	if (!err)
		err = acls_compile(&c);
	if (!err)
		err = nats_compile(&c);
	if (!err)
		err = services_compile(&c);
	if (!err)
		err = host_compile(&c);
	names_fini(&c);
	counter_pool_fini(&c.counters);
out:
	if (err) {
		policy_free(p);
		return err;
	}
	p->generation = __atomic_add_fetch(&generation, 1, __ATOMIC_RELAXED);
	e->text[0] = '\0';
	*out = p;
	return 0;
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	free(p->host.v);
	services_fini(p);
	nats_fini(p);
	acls_fini(p);
	ifaces_fini(p);
	counter_set_fini(&p->counters);
	for (size_t i = 0; i < p->warnings.n; i++)
		free(p->warnings.v[i]);
	free(p->warnings.v);
	model_free(p->model);
	free(p);
}

bool policy_times_changed(const struct policy *p, time_t now)
{
	return time_ranges_state(p->model, now) != p->times;
}

__u32 policy_generation(const struct policy *p)
{
	return p->generation;
}

const struct model *policy_model(const struct policy *p)
{
	return p->model;
}
