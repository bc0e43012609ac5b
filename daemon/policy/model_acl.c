// SPDX-License-Identifier: GPL-2.0-only
/*
 * The entries of access lists in a model.
 *
 * Responsible for: lists of 100,000 entries of which one is changed while others (the running
 * configuration, its history, compiled snapshots) still hold the list as it was. A list is cut
 * into stretches; who changes an entry gets a stretch of its own and shares the others, so that
 * a change costs some hundred pointers whatever the length of the list. Not responsible for: what
 * an entry means.
 *
 * Life cycle: stretches and entries are counted; they go with the last model or compiled list
 * that holds them.
 *
 * Callers: the config module, the compiler. Threads: lists belong to the control thread; holders
 * may let go in any.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/model.h"

static void ace_put(struct model_ace *e)
{
	if (__atomic_sub_fetch(&e->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(e);
}

struct model_stretch *model_stretch_get(struct model_stretch *s)
{
	__atomic_fetch_add(&s->refs, 1, __ATOMIC_RELAXED);
	return s;
}

void model_stretch_put(struct model_stretch *s)
{
	if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (__u32 i = 0; i < s->n; i++)
		ace_put(s->v[i]);
	free(s);
}

struct model_aces *model_aces_get(struct model_aces *a)
{
	if (a)
		__atomic_fetch_add(&a->refs, 1, __ATOMIC_RELAXED);
	return a;
}

void model_aces_put(struct model_aces *a)
{
	if (!a || __atomic_sub_fetch(&a->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = 0; i < a->n_places; i++)
		model_stretch_put(a->places[i].stretch);
	free(a->places);
	free(a);
}

void model_acl_clear(struct model_acl *l)
{
	model_aces_put(l->aces);
	l->aces = NULL;
}

size_t model_aces_place(const struct model_aces *a, size_t i)
{
	size_t at = 0;

	/* Mostly all stretches are full, and the first guess is right. */
	if (a->n_places * MODEL_STRETCH_MAX == a->n)
		return i / MODEL_STRETCH_MAX;
	for (size_t n = a->n_places; n > 1; n -= n / 2)
		at += a->places[at + n / 2].first <= i ? n / 2 : 0;
	return at;
}

long model_acl_find_text(const struct model_acl *l, size_t from, const char *text)
{
	const struct model_aces *a = l->aces;
	__u32 hash = model_text_hash(text);

	for (size_t p = a && from < a->n ? model_aces_place(a, from) : 0; a && p < a->n_places; p++) {
		const struct model_stretch *s = a->places[p].stretch;
		size_t first = a->places[p].first;

		for (__u32 i = first < from ? from - first : 0; i < s->n; i++)
			if (s->hash[i] == hash && !strcmp(s->v[i]->text, text))
				return (long)(first + i);
	}
	return -1;
}

/* ------------------------------------------------------------------ changes */

static int places_room(struct model_aces *a)
{
	size_t cap = a->cap ? a->cap * 2 : 8;
	struct model_aces_place *grown;

	if (a->n_places < a->cap)
		return 0;
	grown = reallocarray(a->places, cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	a->places = grown;
	a->cap = cap;
	return 0;
}

/* The list for changing; its stretches are still shared. => NULL when out of memory. */
static struct model_aces *aces_own(struct model_acl *l)
{
	struct model_aces *old = l->aces, *a;

	if (old && __atomic_load_n(&old->refs, __ATOMIC_ACQUIRE) == 1)
		return old;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->refs = 1;
	if (old) {
		a->cap = old->n_places + 1;
		a->places = calloc(a->cap, sizeof(*a->places));
		if (!a->places) {
			free(a);
			return NULL;
		}
		a->n = old->n;
		for (; a->n_places < old->n_places; a->n_places++) {
			a->places[a->n_places] = old->places[a->n_places];
			model_stretch_get(a->places[a->n_places].stretch);
		}
		model_aces_put(old);
	}
	l->aces = a;
	return a;
}

/* The stretch of a place for changing. => NULL when out of memory. */
static struct model_stretch *stretch_own(struct model_aces *a, size_t place)
{
	struct model_stretch *old = a->places[place].stretch, *s;

	if (__atomic_load_n(&old->refs, __ATOMIC_ACQUIRE) == 1)
		return old;
	s = malloc(sizeof(*s));
	if (!s)
		return NULL;
	memcpy(s, old, sizeof(*s));
	s->refs = 1;
	for (__u32 i = 0; i < s->n; i++)
		__atomic_fetch_add(&s->v[i]->refs, 1, __ATOMIC_RELAXED);
	model_stretch_put(old);
	a->places[place].stretch = s;
	return s;
}

static int place_add(struct model_aces *a, size_t place, size_t first)
{
	struct model_stretch *s = calloc(1, sizeof(*s));

	if (!s || places_room(a)) {
		free(s);
		return -ENOMEM;
	}
	s->refs = 1;
	memmove(&a->places[place + 1], &a->places[place],
		(a->n_places - place) * sizeof(*a->places));
	a->places[place] = (struct model_aces_place){ s, first };
	a->n_places++;
	return 0;
}

static void place_remove(struct model_aces *a, size_t place)
{
	model_stretch_put(a->places[place].stretch);
	a->n_places--;
	memmove(&a->places[place], &a->places[place + 1],
		(a->n_places - place) * sizeof(*a->places));
}

/* The place in which row i is to be put, with room and of our own. => false: out of memory */
static bool place_for(struct model_aces *a, size_t i, size_t *place)
{
	struct model_stretch *s, *next;
	__u32 half = MODEL_STRETCH_MAX / 2;

	*place = a->n_places ? model_aces_place(a, i < a->n ? i : a->n - 1) : 0;
	if (!a->n_places || (i == a->n && a->places[*place].stretch->n == MODEL_STRETCH_MAX)) {
		*place = a->n_places;
		return place_add(a, a->n_places, a->n) == 0;
	}
	s = stretch_own(a, *place);
	if (!s || s->n < MODEL_STRETCH_MAX)
		return s;
	if (place_add(a, *place + 1, a->places[*place].first + half))
		return false;
	next = a->places[*place + 1].stretch;
	next->n = s->n - half;
	memcpy(next->v, s->v + half, next->n * sizeof(*s->v));
	memcpy(next->hash, s->hash + half, next->n * sizeof(*s->hash));
	s->n = half;
	if (i >= a->places[*place + 1].first)
		++*place;
	return true;
}

struct model_ace *model_acl_insert(struct model_acl *l, size_t i, const struct model_ace *e,
				   const char *text)
{
	size_t size = strlen(text) + 1, place = 0, at;
	struct model_ace *row = malloc(sizeof(*row) + size);
	struct model_aces *a = row && i <= model_acl_n(l) ? aces_own(l) : NULL;
	struct model_stretch *s;

	if (!a || !place_for(a, i, &place)) {
		free(row);
		return NULL;
	}
	*row = *e;
	row->refs = 1;
	memcpy(row->text, text, size);
	s = a->places[place].stretch;
	at = i - a->places[place].first;
	memmove(s->v + at + 1, s->v + at, (s->n - at) * sizeof(*s->v));
	memmove(s->hash + at + 1, s->hash + at, (s->n - at) * sizeof(*s->hash));
	s->v[at] = row;
	s->hash[at] = model_text_hash(text);
	s->n++;
	for (size_t p = place + 1; p < a->n_places; p++)
		a->places[p].first++;
	a->n++;
	return row;
}

/* Stretches that became short are joined, so that edits do not leave thousands of them. */
static void place_join(struct model_aces *a, size_t place)
{
	struct model_stretch *s = a->places[place].stretch, *next;

	if (!s->n) {
		place_remove(a, place);
		return;
	}
	if (place + 1 == a->n_places)
		return;
	next = a->places[place + 1].stretch;
	if (s->n + next->n > MODEL_STRETCH_MAX / 2)
		return;
	for (__u32 i = 0; i < next->n; i++) {
		s->v[s->n] = next->v[i];
		__atomic_fetch_add(&next->v[i]->refs, 1, __ATOMIC_RELAXED);
		s->hash[s->n++] = next->hash[i];
	}
	place_remove(a, place + 1);
}

int model_acl_remove(struct model_acl *l, size_t i)
{
	struct model_stretch *s;
	struct model_aces *a;
	size_t place, at;

	if (i >= model_acl_n(l))
		return 0;
	a = aces_own(l);
	if (!a)
		return -ENOMEM;
	place = model_aces_place(a, i);
	s = stretch_own(a, place);
	if (!s)
		return -ENOMEM;
	at = i - a->places[place].first;
	ace_put(s->v[at]);
	s->n--;
	memmove(s->v + at, s->v + at + 1, (s->n - at) * sizeof(*s->v));
	memmove(s->hash + at, s->hash + at + 1, (s->n - at) * sizeof(*s->hash));
	for (size_t p = place + 1; p < a->n_places; p++)
		a->places[p].first--;
	a->n--;
	place_join(a, place);
	return 0;
}
