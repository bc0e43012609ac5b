// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections counted per class, and per client within a class: conn-max and per-client-max.
 *
 * Responsible for: exact counts of TCP and UDP connections (bypassed ones included, BYP-7) of every
 * class with connection settings, the question whether one more may come, and the current numbers
 * of "show service-policy". Half-open ones are counted, too;
 * their limits start TCP intercept (engine/intercept.c) and refuse nothing.
 *
 * A class is named by a hash of policy map, class and interface, which is kept in the connection's
 * row (asa_session.policy_class): it outlives a recompile of the policy and a restart of the
 * daemon, so the counts do, too (LIM-9, SES-15). Lowering a limit tears nothing down.
 *
 * TCP and UDP connections of hosts behind translations are counted as well, for the limits that NAT
 * rules carry (LIM-7). The smaller limit wins, because each is asked.
 *
 * Counting needs no allocation: a client's entry is taken from an array with three rows per slot, for
 * a connection has one client and at most two ends that are translated.
 *
 * Threads: asa->lock, hence exact at any number of workers (LIM-8).
 */
#include <stdlib.h>

#include "asa/bytes.h"
#include "session/session_impl.h"

#define CLASSES 1024u /* a power of two, above what a configuration can have */
#define ROW_NONE 0xffffffffu
/* In the place of a class: hosts behind translations (LIM-7). */
#define HOSTS_TCP SESSION_HOSTS
#define HOSTS_UDP (SESSION_HOSTS - 1)

struct class_count {
	__u32 id; /* 0: free */
	__u32 conns, embryonic;
	__u32 gen; /* of the policy that 'row' belongs to */
	__u32 row;
};
struct client_count {
	struct asa_addr addr;
	__u32 class_id;
	__u32 n, embryonic;
	__u32 next; /* in its bucket, or free; row + 1 */
};
struct limits {
	struct class_count classes[CLASSES];
	struct client_count *clients; /* n_clients rows */
	__u32 *buckets; /* row + 1 */
	__u32 n_clients, fresh, free;
};

struct limits *limits_new(__u32 n_slots)
{
	struct limits *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->n_clients = 3 * n_slots; /* as client of a class, and as translated hosts */
	l->clients = calloc(l->n_clients, sizeof(*l->clients));
	l->buckets = calloc(l->n_clients, sizeof(*l->buckets));
	if (!l->clients || !l->buckets) {
		limits_free(l);
		return NULL;
	}
	return l;
}

void limits_free(struct limits *l)
{
	if (!l)
		return;
	free(l->clients);
	free(l->buckets);
	free(l);
}

/* ------------------------------------------------------------------ names of classes */

static __u32 hash_text(__u32 h, const char *text)
{
	for (; text && *text; text++)
		h = (h ^ (__u8)*text) * 16777619u;
	return (h ^ 0xff) * 16777619u; /* end of a word */
}

__u32 limits_class_id(const struct policy *p, int row)
{
	struct policy_class_row r;
	__u32 h = 2166136261u;

	if (row < 0 || !policy_class_row(p, (size_t)row, &r))
		return 0;
	h = hash_text(h, r.policy_map);
	h = hash_text(h, r.class_name);
	h = hash_text(h, r.global ? "" : r.ifname);
	return h && h < HOSTS_UDP ? h : 1;
}

/* => NULL when the table is full (more classes than a configuration can have). */
static struct class_count *class_find(struct limits *l, __u32 id, bool make)
{
	__u32 i, at = id;

	for (i = 0; i < CLASSES; i++, at++) {
		struct class_count *c = &l->classes[at % CLASSES];

		if (c->id == id)
			return c;
		if (c->id)
			continue;
		if (!make)
			return NULL;
		c->id = id;
		c->row = ROW_NONE;
		return c;
	}
	return NULL;
}

/* The row of the policy now in force. => false: the class is gone; its connections are not */
static bool class_row(const struct policy *p, struct class_count *c, struct policy_class_row *r)
{
	__u32 i;

	if (!p)
		return false;
	if (c->row == ROW_NONE || c->gen != policy_generation(p)) {
		c->gen = policy_generation(p);
		c->row = ROW_NONE;
		for (i = 0; policy_class_row(p, i, r) && c->row == ROW_NONE; i++)
			if (limits_class_id(p, (int)i) == c->id)
				c->row = i;
	}
	return c->row != ROW_NONE && policy_class_row(p, c->row, r);
}

bool limits_class_row(struct sessions *s, __u32 id, struct policy_class_row *r)
{
	struct class_count *c = id ? class_find(s->limits, id, true) : NULL;

	return c && class_row(session_policy(s), c, r);
}

/* Show the numbers there. */
static void class_publish(const struct policy *p, struct class_count *c)
{
	struct policy_class_row r;

	if (!class_row(p, c, &r))
		return;
	if (r.conns)
		__atomic_store_n(r.conns, c->conns, __ATOMIC_RELAXED);
	if (r.embryonic)
		__atomic_store_n(r.embryonic, c->embryonic, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------ clients */

static __u32 *client_bucket(const struct limits *l, __u32 class_id, const struct asa_addr *a)
{
	__u64 h = (a->d[0] ^ class_id) * 0x9e3779b97f4a7c15ull;

	h = (h ^ h >> 29 ^ a->d[1]) * 0xbf58476d1ce4e5b9ull;
	return &l->buckets[(h >> 32) % l->n_clients];
}

/* => link that points to the client's row, or to 0 at the end of its bucket. */
static __u32 *client_find(const struct limits *l, __u32 class_id, const struct asa_addr *a)
{
	__u32 *at = client_bucket(l, class_id, a);

	while (*at) {
		struct client_count *c = &l->clients[*at - 1];

		if (c->class_id == class_id && asa_addr_equal(&c->addr, a))
			break;
		at = &c->next;
	}
	return at;
}

static void client_add(struct limits *l, __u32 class_id, const struct asa_addr *a)
{
	__u32 *at = client_find(l, class_id, a), row = *at;
	struct client_count *c;

	if (!row) {
		row = l->free;
		if (row)
			l->free = l->clients[row - 1].next;
		else if (l->fresh < l->n_clients)
			row = ++l->fresh;
		else
			return; /* cannot be: a row per connection */
		c = &l->clients[row - 1];
		c->addr = *a;
		c->class_id = class_id;
		c->n = 0;
		c->embryonic = 0;
		c->next = 0;
		*at = row;
	}
	l->clients[row - 1].n++;
}

static void client_remove(struct limits *l, __u32 class_id, const struct asa_addr *a)
{
	__u32 *at = client_find(l, class_id, a), row = *at;
	struct client_count *c;

	if (!row)
		return;
	c = &l->clients[row - 1];
	if (--c->n)
		return;
	*at = c->next;
	c->next = l->free;
	l->free = row;
}

/* ------------------------------------------------------------------ the module's side */

static bool is_counted(__u8 proto)
{
	return proto == ASA_PROTO_TCP || proto == ASA_PROTO_UDP; /* LIM-2 */
}

/*
 * The hosts whose translation may have a limit: each end that is translated; of an identity
 * translation, which changes nothing, the end with the higher level.
 * => how many
 */
static int translated_hosts(const struct asa_session *r, const struct asa_dir *dir,
			    const struct asa_addr *hosts[2])
{
	const struct asa_key *f = &dir[0].key, *b = &dir[1].key;
	int n = 0;

	if (!is_counted(f->proto) || !(r->flags & (ASA_SESSION_NAT_STATIC | ASA_SESSION_NAT_DYNAMIC)))
		return 0;
	if (f->sport != b->dport || !asa_addr_equal(&f->src, &b->dst))
		hosts[n++] = &f->src;
	if (f->dport != b->sport || !asa_addr_equal(&f->dst, &b->src))
		hosts[n++] = &b->src;
	if (!n)
		hosts[n++] = &dir[session_inside(r)].key.src;
	return n;
}

static __u32 hosts_class(__u8 proto)
{
	return proto == ASA_PROTO_TCP ? HOSTS_TCP : HOSTS_UDP;
}

static void hosts_count(struct sessions *s, __u32 slot, int by)
{
	const struct asa_dir *dir = s->t.conns[slot].dir;
	__u32 class_id = hosts_class(dir[0].key.proto);
	const struct asa_addr *hosts[2];
	int i, n = translated_hosts(&s->t.sessions[slot], dir, hosts);

	for (i = 0; i < n; i++) {
		if (by > 0)
			client_add(s->limits, class_id, hosts[i]);
		else
			client_remove(s->limits, class_id, hosts[i]);
	}
}

enum asa_drop session_nat_limit(struct sessions *s, const struct nat_match *m, const struct asa_key *key,
				const struct asa_addr *host, struct session_limit *limit)
{
	__u32 max = key->proto == ASA_PROTO_TCP ? m->max_conns : m->udp_max, row;

	if (!max || !is_counted(key->proto))
		return DROP_NONE;
	row = *client_find(s->limits, hosts_class(key->proto), host);
	limit->per_client = true;
	limit->count = row ? s->limits->clients[row - 1].n : 0;
	limit->max = max;
	return limit->count < limit->max ? DROP_NONE : DROP_POLICY_LIMIT;
}

bool session_nat_embryonic_full(struct sessions *s, const struct nat_match *m,
				const struct asa_addr *host, struct session_limit *limit)
{
	if (!m->emb_limit)
		return false;
	limit->per_client = false;
	limit->count = session_embryonic_count(s, SESSION_HOSTS, host);
	limit->max = m->emb_limit;
	return limit->count >= limit->max;
}

void limits_count(struct sessions *s, __u32 slot, int by)
{
	const struct asa_session *r = &s->t.sessions[slot];
	const struct asa_key *k = &s->t.conns[slot].dir[0].key;
	struct class_count *c;

	hosts_count(s, slot, by);
	if (!r->policy_class || !is_counted(k->proto))
		return;
	c = class_find(s->limits, r->policy_class, by > 0);
	if (!c)
		return;
	c->conns += by;
	if (by > 0)
		client_add(s->limits, r->policy_class, &k->src);
	else
		client_remove(s->limits, r->policy_class, &k->src);
	class_publish(session_policy(s), c);
}

/* At its end a connection leaves the client's count first, and the client may be forgotten. */
static void client_embryonic(struct limits *l, __u32 class_id, const struct asa_addr *a, int by)
{
	__u32 row = *client_find(l, class_id, a);

	if (row && (by > 0 || l->clients[row - 1].embryonic))
		l->clients[row - 1].embryonic += by;
}

void limits_embryonic(struct sessions *s, __u32 slot, int by)
{
	const struct asa_session *r = &s->t.sessions[slot];
	const struct asa_dir *dir = s->t.conns[slot].dir;
	const struct asa_addr *hosts[2];
	struct class_count *c;
	int i, n = translated_hosts(r, dir, hosts);

	s->counts.embryonic += by;
	for (i = 0; i < n; i++)
		client_embryonic(s->limits, HOSTS_TCP, hosts[i], by);
	if (!r->policy_class)
		return;
	c = class_find(s->limits, r->policy_class, by > 0);
	if (!c)
		return;
	c->embryonic += by;
	client_embryonic(s->limits, r->policy_class, &dir[0].key.src, by);
	class_publish(session_policy(s), c);
}

enum asa_drop session_limit_check(struct sessions *s, const struct policy_service *service,
				  const struct asa_key *key, struct session_limit *limit)
{
	const struct policy *p = session_policy(s);
	struct policy_class_row r;
	struct class_count *c;
	__u32 id, *at, own = 0;

	if ((service->conn_max <= 0 && service->per_client_max <= 0) || !is_counted(key->proto))
		return DROP_NONE;
	id = limits_class_id(p, service->class_row);
	c = id ? class_find(s->limits, id, false) : NULL;
	if (!c)
		return DROP_NONE; /* no connection yet */
	limit->per_client = false;
	limit->count = c->conns;
	if (limit->replaces) {
		const struct asa_session *old = session_row(s, limit->replaces);

		/* one that is closing is not counted any more */
		if (old && session_state_live(old->state) && old->policy_class == id) {
			limit->count--;
			if (asa_addr_equal(&s->t.conns[limit->replaces].dir[0].key.src, &key->src))
				own = 1;
		}
	}
	limit->max = (__u32)service->conn_max;
	if (service->conn_max <= 0 || limit->count < limit->max) {
		at = client_find(s->limits, id, &key->src);
		limit->per_client = true;
		limit->count = *at ? s->limits->clients[*at - 1].n - own : 0;
		limit->max = (__u32)service->per_client_max;
		if (service->per_client_max <= 0 || limit->count < limit->max)
			return DROP_NONE;
	}
	if (policy_class_row(p, (size_t)service->class_row, &r) && r.drops) {
		__atomic_fetch_add(r.drops, 1, __ATOMIC_RELAXED);
		limit->hit = r.drops;
		if (limit->per_client && r.client_drops)
			__atomic_fetch_add(r.client_drops, 1, __ATOMIC_RELAXED);
	}
	return DROP_POLICY_LIMIT;
}

/* ------------------------------------------------------------------ half-open connections */

__u32 session_class_id(const struct sessions *s, const struct policy_service *service)
{
	return limits_class_id(session_policy(s), service->class_row);
}

__u32 session_embryonic_count(const struct sessions *s, __u32 class_id, const struct asa_addr *client)
{
	const struct class_count *c;
	__u32 row;

	if (!client) {
		c = class_find(s->limits, class_id, false);
		return c ? c->embryonic : 0;
	}
	row = *client_find(s->limits, class_id, client);
	return row ? s->limits->clients[row - 1].embryonic : 0;
}

bool session_embryonic_full(struct sessions *s, const struct policy_service *service,
			    const struct asa_key *key, struct session_limit *limit)
{
	__u32 id;

	if (service->embryonic_max <= 0 && service->per_client_embryonic_max <= 0)
		return false;
	id = session_class_id(s, service);
	limit->per_client = false;
	limit->count = session_embryonic_count(s, id, NULL);
	limit->max = (__u32)service->embryonic_max;
	if (service->embryonic_max > 0 && limit->count >= limit->max)
		return true;
	limit->per_client = true;
	limit->count = session_embryonic_count(s, id, &key->src);
	limit->max = (__u32)service->per_client_embryonic_max;
	return service->per_client_embryonic_max > 0 && limit->count >= limit->max;
}
