// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration model: vectors, life cycle, lookups by name.
 *
 * Responsible for: allocating, copying and freeing models and their rows. Not responsible for:
 * the meaning of a row (config parses and prints it, policy_compile() acts on it).
 *
 * Life cycle: model_new() or model_clone(), changed by its only owner, then either given to the
 * compiler (which keeps a copy) or thrown away with model_free().
 *
 * Callers: the config module, the compiler, tests. Threads: a model has one owner, the control
 * thread; nothing here is shared.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/model.h"

/* Where names stand: row + 1, 0 empty; the first n rows of the vector are in it. */
struct places {
	__u32 *rows;
	size_t n, size;
};
struct model_names {
	struct places objects, groups;
};

/* Capacity doubles: a configuration of 100,000 lines costs 17 moves, not 100,000. */
static int vec_reserve(void **v, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap ? *cap : 4;
	void *grown;

	if (want <= *cap)
		return 0;
	while (n < want)
		n *= 2;
	grown = reallocarray(*v, n, size);
	if (!grown)
		return -ENOMEM;
	*v = grown;
	*cap = n;
	return 0;
}

void *model_insert_row(void **v, size_t *n, size_t *cap, size_t i, size_t size)
{
	char *row;

	if (i > *n || vec_reserve(v, cap, *n + 1, size))
		return NULL;
	row = (char *)*v + i * size;
	memmove(row + size, row, (*n - i) * size);
	memset(row, 0, size);
	(*n)++;
	return row;
}

void *model_push_row(void **v, size_t *n, size_t *cap, size_t size)
{
	return model_insert_row(v, n, cap, *n, size);
}

void model_remove_row(void *v, size_t *n, size_t i, size_t size)
{
	char *row = (char *)v + i * size;

	if (i >= *n)
		return;
	(*n)--;
	memmove(row, row + size, (*n - i) * size);
}

void model_group_clear(struct model_group *g)
{
	free(g->items.v);
	memset(&g->items, 0, sizeof(g->items));
}

void model_if_clear(struct model_if *i)
{
	free(i->addrs.v);
	memset(&i->addrs, 0, sizeof(i->addrs));
}

void model_imap_clear(struct model_imap *i)
{
	free(i->lines.v);
	memset(&i->lines, 0, sizeof(i->lines));
}

void model_policy_class_clear(struct model_policy_class *c)
{
	for (size_t i = 0; i < c->inspects.n; i++)
		free(c->inspects.v[i]);
	for (size_t i = 0; i < c->others.n; i++)
		free(c->others.v[i]);
	free(c->inspects.v);
	free(c->others.v);
	memset(&c->inspects, 0, sizeof(c->inspects));
	memset(&c->others, 0, sizeof(c->others));
}

void model_policy_map_clear(struct model_policy_map *pm)
{
	for (size_t i = 0; i < pm->classes.n; i++)
		model_policy_class_clear(&pm->classes.v[i]);
	free(pm->classes.v);
	memset(&pm->classes, 0, sizeof(pm->classes));
}

void model_conn_settings_init(struct model_conn_settings *c)
{
	memset(c, 0, sizeof(*c));
	c->conn_max = c->embryonic_max = -1;
	c->per_client_max = c->per_client_embryonic_max = -1;
	c->random_seq = -1;
	c->idle_s = c->half_closed_s = c->embryonic_s = -1;
	c->dcd_interval_s = c->dcd_retries = -1;
}

struct model *model_new(void)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->names = calloc(1, sizeof(*m->names));
	m->objects_refs = calloc(1, sizeof(*m->objects_refs));
	if (!m->names || !m->objects_refs) {
		free(m->names);
		free(m->objects_refs);
		free(m);
		return NULL;
	}
	*m->objects_refs = 1;
	strcpy(m->hostname, "asa");
	m->dns_poll_min = MODEL_DNS_POLL_MIN;
	m->dns_expire_min = MODEL_DNS_EXPIRE_MIN;
	m->fragment_size = 200;
	m->xlate_block_size = 512;
	m->xlate_block_max = 4;
	m->fragment_chain = 24;
	m->fragment_timeout = 5;
	m->timeouts = (struct model_timeouts){
		.conn = 3600,
		.half_closed = 600,
		.udp = 120,
		.icmp = 2,
		.xlate = 10800,
		.pat_xlate = 30,
		.floating_conn = 0,
		.tcp_proxy_reassembly = 60,
		.sctp = 120,
		.sunrpc = 600,
		.h323 = 300,
		.h225 = 3600,
		.mgcp = 300,
		.mgcp_pat = 300,
		.sip = 1800,
		.sip_media = 120,
		.sip_invite = 180,
		.sip_disconnect = 120,
		.sip_provisional_media = 120,
		.uauth_absolute = 300,
		.conn_holddown = 15,
		.igp_stale_route = 70,
	};
	m->logging.trap = m->logging.buffered = -1;
	m->logging.console = m->logging.monitor = -1;
	m->logging.facility = 20;
	m->logging.buffer_size = 4096;
	return m;
}

static void objects_put(struct model_object *v, __u32 *refs)
{
	if (__atomic_sub_fetch(refs, 1, __ATOMIC_ACQ_REL))
		return;
	free(v);
	free(refs);
}

void model_free(struct model *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->opaque.n; i++)
		free(m->opaque.v[i]);
	for (size_t i = 0; i < m->policy_maps.n; i++)
		model_policy_map_clear(&m->policy_maps.v[i]);
	for (size_t i = 0; i < m->imaps.n; i++)
		model_imap_clear(&m->imaps.v[i]);
	for (size_t i = 0; i < m->acls.n; i++)
		model_acl_clear(&m->acls.v[i]);
	for (size_t i = 0; i < m->groups.n; i++)
		model_group_clear(&m->groups.v[i]);
	for (size_t i = 0; i < m->ifs.n; i++)
		model_if_clear(&m->ifs.v[i]);
	free(m->opaque.v);
	free(m->mgmt.v);
	free(m->established.v);
	free(m->dns_groups.v);
	free(m->routes.v);
	free(m->service_policies.v);
	free(m->policy_maps.v);
	free(m->classes.v);
	free(m->tcp_maps.v);
	free(m->imaps.v);
	free(m->regexes.v);
	free(m->nats.v);
	free(m->access_groups.v);
	free(m->acls.v);
	free(m->groups.v);
	objects_put(m->objects.v, m->objects_refs);
	free(m->ifs.v);
	free(m->ip.v);
	free(m->logging.messages.v);
	model_names_forget(m);
	free(m->names);
	free(m);
}

/*
 * Replace a vector that still shares its rows with the original by a copy of its own. On failure
 * the vector is left empty, so that model_free() of a half-made clone frees nothing twice.
 */
static int vec_own(void **v, size_t *n, size_t *cap, size_t size)
{
	const void *old = *v;
	size_t rows = *n;

	*v = NULL;
	*n = *cap = 0;
	if (!rows)
		return 0;
	*v = malloc(rows * size);
	if (!*v)
		return -ENOMEM;
	memcpy(*v, old, rows * size);
	*n = *cap = rows;
	return 0;
}
#define VEC_OWN(vec) vec_own((void **)&(vec)->v, &(vec)->n, &(vec)->cap, sizeof(*(vec)->v))

int model_objects_own(struct model *m)
{
	struct model_object *v = m->objects.v;
	size_t n = m->objects.n, cap = m->objects.cap;
	__u32 *refs;

	if (__atomic_load_n(m->objects_refs, __ATOMIC_ACQUIRE) == 1)
		return 0;
	refs = calloc(1, sizeof(*refs));
	if (!refs)
		return -ENOMEM;
	if (VEC_OWN(&m->objects)) {
		free(refs);
		m->objects.v = v;
		m->objects.n = n;
		m->objects.cap = cap;
		return -ENOMEM;
	}
	objects_put(v, m->objects_refs);
	*refs = 1;
	m->objects_refs = refs;
	return 0;
}

static int strings_own(char ***v, size_t *n, size_t *cap)
{
	char **old = *v;
	int err = vec_own((void **)v, n, cap, sizeof(**v));

	if (err)
		return err;
	for (size_t i = 0; i < *n; i++)
		(*v)[i] = NULL;
	for (size_t i = 0; i < *n; i++) {
		(*v)[i] = strdup(old[i]);
		if (!(*v)[i])
			return -ENOMEM;
	}
	return 0;
}
#define STRINGS_OWN(vec) strings_own(&(vec)->v, &(vec)->n, &(vec)->cap)

static int policy_map_own(struct model_policy_map *pm)
{
	int err = VEC_OWN(&pm->classes);

	/* Every row takes its strings over even after a failure: none may stay shared. */
	for (size_t i = 0; i < pm->classes.n; i++) {
		struct model_policy_class *c = &pm->classes.v[i];

		err |= STRINGS_OWN(&c->inspects);
		err |= STRINGS_OWN(&c->others);
	}
	return err;
}

struct model *model_clone(const struct model *src)
{
	struct model *m = malloc(sizeof(*m));
	int err = 0;

	if (!m)
		return NULL;
	*m = *src;
	m->names = calloc(1, sizeof(*m->names));
	err |= m->names ? 0 : -ENOMEM;
	err |= VEC_OWN(&m->logging.messages);
	err |= VEC_OWN(&m->ip);
	err |= VEC_OWN(&m->ifs);
	for (size_t i = 0; i < m->ifs.n; i++)
		err |= VEC_OWN(&m->ifs.v[i].addrs);
	__atomic_fetch_add(m->objects_refs, 1, __ATOMIC_RELAXED);
	err |= VEC_OWN(&m->groups);
	for (size_t i = 0; i < m->groups.n; i++)
		err |= VEC_OWN(&m->groups.v[i].items);
	err |= VEC_OWN(&m->acls);
	for (size_t i = 0; i < m->acls.n; i++)
		model_aces_get(m->acls.v[i].aces);
	err |= VEC_OWN(&m->access_groups);
	err |= VEC_OWN(&m->nats);
	err |= VEC_OWN(&m->tcp_maps);
	err |= VEC_OWN(&m->regexes);
	err |= VEC_OWN(&m->imaps);
	for (size_t i = 0; i < m->imaps.n; i++)
		err |= VEC_OWN(&m->imaps.v[i].lines);
	err |= VEC_OWN(&m->classes);
	err |= VEC_OWN(&m->policy_maps);
	for (size_t i = 0; i < m->policy_maps.n; i++)
		err |= policy_map_own(&m->policy_maps.v[i]);
	err |= VEC_OWN(&m->service_policies);
	err |= VEC_OWN(&m->routes);
	err |= VEC_OWN(&m->mgmt);
	err |= VEC_OWN(&m->established);
	err |= VEC_OWN(&m->dns_groups);
	err |= STRINGS_OWN(&m->opaque);
	if (err) {
		model_free(m);
		return NULL;
	}
	return m;
}

/*
 * Most vectors are short and are walked. Objects and groups may be tens of thousands, and a line of
 * an access list names up to five: their places are kept in a hash table that grows behind its
 * vector. A place found is compared with the row, so that a stale one is never believed.
 */
#define FIND(vec, cond)                                 \
	do {                                            \
		for (size_t i = 0; i < (vec)->n; i++) { \
			typeof((vec)->v) r = &(vec)->v[i]; \
			if (cond)                       \
				return r;               \
		}                                       \
		return NULL;                            \
	} while (0)

#define PLACES_WORTH 64

static __u32 places_start(const struct places *p, const char *name)
{
	__u32 h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return (h ^ h >> 15) & (p->size - 1);
}

static void places_put(struct places *p, const char *name, size_t row)
{
	size_t i = places_start(p, name);

	while (p->rows[i])
		i = (i + 1) & (p->size - 1);
	p->rows[i] = row + 1;
}

/* Bring the places up to the n rows of a vector; 'v' is its first name. => NULL: out of memory. */
static const struct places *places_sync(struct places *p, const char *v, size_t size, size_t n)
{
	if (p->n > n || p->size < 2 * n) {
		free(p->rows);
		p->size = 256;
		while (p->size < 4 * n)
			p->size *= 2;
		p->rows = calloc(p->size, sizeof(*p->rows));
		p->n = 0;
		if (!p->rows) {
			p->size = 0;
			return NULL;
		}
	}
	for (; p->n < n; p->n++)
		places_put(p, v + p->n * size, p->n);
	return p;
}

static const struct places *places_of_objects(const struct model *m)
{
	return places_sync(&m->names->objects, m->objects.v->name, sizeof(*m->objects.v),
			   m->objects.n);
}

static const struct places *places_of_groups(const struct model *m)
{
	return places_sync(&m->names->groups, m->groups.v->name, sizeof(*m->groups.v), m->groups.n);
}

void model_names_forget(struct model *m)
{
	if (!m->names)
		return;
	free(m->names->objects.rows);
	free(m->names->groups.rows);
	memset(m->names, 0, sizeof(*m->names));
}

struct model_if *model_if_by_name(const struct model *m, const char *nameif)
{
	if (!*nameif)
		return NULL;
	FIND(&m->ifs, !strcmp(r->nameif, nameif));
}

struct model_object *model_object_find(const struct model *m, const char *name, bool service)
{
	const struct places *p = m->objects.n < PLACES_WORTH ? NULL : places_of_objects(m);

	for (size_t i = p ? places_start(p, name) : 0; p && p->rows[i]; i = (i + 1) & (p->size - 1)) {
		struct model_object *o = &m->objects.v[p->rows[i] - 1];

		if (o->service == service && !strcmp(o->name, name))
			return o;
	}
	if (p)
		return NULL;
	FIND(&m->objects, r->service == service && !strcmp(r->name, name));
}

struct model_group *model_group_find(const struct model *m, const char *name)
{
	const struct places *p = m->groups.n < PLACES_WORTH ? NULL : places_of_groups(m);

	for (size_t i = p ? places_start(p, name) : 0; p && p->rows[i]; i = (i + 1) & (p->size - 1))
		if (!strcmp(m->groups.v[p->rows[i] - 1].name, name))
			return &m->groups.v[p->rows[i] - 1];
	if (p)
		return NULL;
	FIND(&m->groups, !strcmp(r->name, name));
}

struct model_acl *model_acl_find(const struct model *m, const char *name)
{
	FIND(&m->acls, !strcmp(r->name, name));
}

struct model_tcp_map *model_tcp_map_find(const struct model *m, const char *name)
{
	FIND(&m->tcp_maps, !strcmp(r->name, name));
}

struct model_class *model_class_find(const struct model *m, const char *name)
{
	FIND(&m->classes, !strcmp(r->name, name));
}

struct model_policy_map *model_policy_map_find(const struct model *m, const char *name)
{
	FIND(&m->policy_maps, !strcmp(r->name, name));
}

struct model_regex *model_regex_find(const struct model *m, const char *name)
{
	FIND(&m->regexes, !strcmp(r->name, name));
}

struct model_imap *model_imap_find(const struct model *m, enum model_imap_kind kind, const char *name)
{
	FIND(&m->imaps, r->kind == kind && !strcmp(r->name, name));
}
