// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP intercept: the rows of the driver, keys and statistics. See intercept.h.
 *
 * Rows are few (a protected service each) and are looked through one after the other: only segments
 * without a connection come here, and those that a flood consists of stay in the driver.
 *
 * Threads: asa->lock.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "datapath/dp.h"
#include "engine/intercept.h"
#include "policy/policy.h"

#define SECOND_TICKS asa_ticks_from_ms(1000)
#define COOKIE_LIFE_MS 70000 /* two units of time, and a little */
#define LEARNED 1024
#define LOOK_SLOTS 4096u

struct entry {
	bool used;
	struct asa_intercept_key key;
	struct asa_intercept row;
	__u32 class_id, max;
	struct asa_addr counted; /* zero: all of the class */
	__u32 until; /* tick at which it is removed, once nothing is answered any more */
	__u32 next_log;
	__u32 policy_gen;
	__u32 server; /* row of servers[] + 1 */
	struct asa_intercept_hits seen; /* what the driver had counted when we looked last */
};
struct learned {
	struct asa_addr addr;
	__be16 port;
	__u8 wscale;
	bool ts;
	bool used;
};
struct intercepts {
	struct asa *asa;
	struct entry entries[ASA_INTERCEPT_MAX];
	__u32 n; /* used ones */
	__u32 top; /* those in use are below */
	struct asa_cookie_keys keys;
	bool have_keys;
	struct learned learned[LEARNED];
	struct intercept_server servers[INTERCEPT_SERVERS];
	__u32 n_servers;
	__u32 next_second;
	bool ticking; /* next_second is set: any tick may be the first */
	__u32 n_seconds;
	__u32 n_samples;
};

/* ------------------------------------------------------------------ keys */

/* The key of the next epoch is made in the middle of this one, when the one before has gone. */
static void keys_tick(struct intercepts *t, __u32 now)
{
	__u32 time = asa_cookie_time(now), epoch = asa_cookie_epoch(time), i;
	__u32 half = 1u << (ASA_COOKIE_EPOCH_SHIFT - 1);
	bool late = (time & (2 * half - 1)) >= half, changed = false;

	for (i = 0; i < 2; i++) {
		__u32 e = (epoch + i) & ASA_COOKIE_EPOCH_MASK;

		if (i && !late && t->keys.epoch[e & 1])
			continue;
		if (t->keys.epoch[e & 1] == e + 1)
			continue;
		if (getrandom(t->keys.key[e & 1], sizeof(t->keys.key[0]), GRND_NONBLOCK) !=
		    sizeof(t->keys.key[0]))
			return; /* next time */
		t->keys.epoch[e & 1] = e + 1;
		changed = true;
	}
	if (changed || !t->have_keys)
		t->have_keys = dp_cookie_keys_set(t->asa->dp, &t->keys) == 0;
}

const struct asa_cookie_keys *intercept_keys(const struct intercepts *t)
{
	return &t->keys;
}

/* ------------------------------------------------------------------ rows */

static void publish_kinds(struct intercepts *t)
{
	const struct dp_tables *tables = sessions_tables(t->asa->sessions);
	static const struct asa_addr nobody;
	__u8 kinds = 0;
	__u32 i;

	for (i = 0; i < t->top; i++) {
		if (!t->entries[i].used)
			continue;
		kinds |= ASA_INTERCEPT_ANY;
		if (!asa_addr_equal(&t->entries[i].key.src, &nobody))
			kinds |= ASA_INTERCEPT_CLIENTS;
	}
	__atomic_store_n(&tables->config->intercept, kinds, __ATOMIC_RELEASE);
}

static struct entry *entry_find(struct intercepts *t, const struct asa_intercept_key *k)
{
	__u32 i;

	for (i = 0; i < t->top; i++)
		if (t->entries[i].used && !memcmp(&t->entries[i].key, k, sizeof(*k)))
			return &t->entries[i];
	return NULL;
}

static void entry_remove(struct intercepts *t, struct entry *e)
{
	(void)dp_intercept_del(t->asa->dp, &e->key);
	memset(e, 0, sizeof(*e));
	t->n--;
	while (t->top && !t->entries[t->top - 1].used)
		t->top--;
	publish_kinds(t);
}

static void entry_stop(struct intercepts *t, struct entry *e, __u32 now)
{
	e->row.flags &= (__u8)~ASA_INTERCEPT_ANSWER;
	e->until = now + asa_ticks_from_ms(COOKIE_LIFE_MS);
	(void)dp_intercept_set(t->asa->dp, &e->key, &e->row);
}

const struct asa_intercept *intercept_find(struct intercepts *t, const struct asa_key *k, __u32 in_if,
					   __u16 in_vlan)
{
	struct asa_intercept_key key;
	struct entry *e;

	if (!t->n)
		return NULL;
	memset(&key, 0, sizeof(key));
	key.dst = k->dst;
	key.port = k->dport;
	key.ctx = k->ctx;
	key.in_if = in_if;
	key.in_vlan = in_vlan;
	e = entry_find(t, &key);
	if (!e) {
		key.src = k->src;
		e = entry_find(t, &key);
	}
	return e ? &e->row : NULL;
}

/* ------------------------------------------------------------------ statistics */

static struct intercept_server *server_of(struct intercepts *t, const struct intercept_found *f,
					  __u32 now)
{
	struct intercept_server *s, *oldest = NULL;
	__u32 i;

	for (i = 0; i < t->n_servers; i++) {
		s = &t->servers[i];
		if (s->port == f->real.dport && asa_addr_equal(&s->addr, &f->real.dst))
			return s;
		if (!oldest || (__s32)(s->seen - oldest->seen) < 0)
			oldest = s;
	}
	s = t->n_servers < INTERCEPT_SERVERS ? &t->servers[t->n_servers++] : oldest;
	memset(s, 0, sizeof(*s));
	s->addr = f->real.dst;
	s->port = f->real.dport;
	strncpy(s->ifname, f->ifname, sizeof(s->ifname) - 1);
	s->since = now;
	s->seen = now;
	return s;
}

static void server_count(struct intercept_server *s, __u64 n, const struct asa_addr *src, __u32 seen)
{
	s->total += n;
	s->second += n;
	s->current += n;
	s->src = *src;
	s->seen = seen;
}

static void servers_second(struct intercepts *t)
{
	bool sample = ++t->n_seconds % INTERCEPT_SAMPLE_S == 0;
	__u32 i;

	for (i = 0; i < t->n_servers; i++) {
		struct intercept_server *s = &t->servers[i];

		s->rate = s->second;
		s->second = 0;
		if (!sample)
			continue;
		s->sample[t->n_samples % INTERCEPT_SAMPLES] = s->current;
		s->current = 0;
	}
	t->n_samples += sample;
}

__u64 intercept_average(const struct intercept_server *s, __u32 now)
{
	__u64 sum = s->current, age = asa_ms_from_ticks(now - s->since) / 1000 + 1;
	int i;

	for (i = 0; i < INTERCEPT_SAMPLES; i++)
		sum += s->sample[i];
	if (age > INTERCEPT_SAMPLES * INTERCEPT_SAMPLE_S)
		age = INTERCEPT_SAMPLES * INTERCEPT_SAMPLE_S;
	return sum / age;
}

int intercepts_top(const struct intercepts *t, const struct intercept_server **top, int n)
{
	int found = 0, at;
	__u32 i;

	for (i = 0; i < t->n_servers; i++) {
		const struct intercept_server *s = &t->servers[i];

		if (!s->total)
			continue;
		for (at = found; at > 0 && top[at - 1]->total < s->total; at--)
			if (at < n)
				top[at] = top[at - 1];
		if (at < n)
			top[at] = s;
		if (found < n)
			found++;
	}
	return found;
}

void intercepts_clear(struct intercepts *t)
{
	__u32 i;

	for (i = 0; i < t->n_servers; i++) {
		struct intercept_server *s = &t->servers[i];

		memset(s->sample, 0, sizeof(s->sample));
		s->total = s->current = s->second = s->rate = 0;
	}
}

__u32 intercepts_active(const struct intercepts *t)
{
	__u32 i, n = 0;

	for (i = 0; i < t->top; i++)
		n += t->entries[i].used && t->entries[i].row.flags & ASA_INTERCEPT_ANSWER;
	return n;
}

/* ------------------------------------------------------------------ start and end */

bool intercept_start(struct intercepts *t, const struct intercept_found *found, __u32 now)
{
	struct entry *e = entry_find(t, &found->key);
	struct asa_intercept before = { 0 };
	bool log;

	if (e)
		before = e->row;
	if (!e) {
		__u32 i = 0;

		while (i < t->top && t->entries[i].used)
			i++;
		if (i == ASA_INTERCEPT_MAX)
			return false; /* the daemon answers each itself */
		e = &t->entries[i];
		memset(e, 0, sizeof(*e));
		e->used = true;
		e->key = found->key;
		e->row = found->row;
		e->row.row = (__u16)i;
		e->next_log = now;
		(void)dp_intercept_hits(t->asa->dp, e->row.row, &e->seen);
		if (i == t->top)
			t->top++;
		t->n++;
	}
	e->class_id = found->class_id;
	e->counted = found->counted;
	e->max = found->max;
	e->policy_gen = policy_generation(t->asa->policy);
	e->server = (__u32)(server_of(t, found, now) - t->servers) + 1;
	e->row.mss = found->row.mss;
	e->row.wscale = found->row.wscale;
	e->row.flags = found->row.flags | ASA_INTERCEPT_ANSWER;
	if (memcmp(&before, &e->row, sizeof(before))) {
		(void)dp_intercept_set(t->asa->dp, &e->key, &e->row);
		publish_kinds(t);
	}
	log = (__s32)(now - e->next_log) >= 0;
	if (log)
		e->next_log = now + SECOND_TICKS;
	return log;
}

void intercept_sent(struct intercepts *t, const struct intercept_found *found,
		    const struct asa_addr *client, __u32 now)
{
	server_count(server_of(t, found, now), 1, client, now);
}

/* Connections that the server has answered tell its options. Looks at some only. */
static void look_for_options(struct intercepts *t, const struct intercept_server *s)
{
	const struct dp_tables *tables = sessions_tables(t->asa->sessions);
	const struct asa_conn *c;
	__u32 slot = 0, i;
	int wscale = -1, ts = -1;

	for (i = 0; i < LOOK_SLOTS; i++) {
		slot = sessions_next(t->asa->sessions, slot + 1);
		if (slot == tables->n_slots)
			break;
		c = &tables->conns[slot];
		if (!(c->half[1].tcp & ASA_HALF_SYN) || c->dir[1].key.sport != s->port ||
		    c->dir[1].key.proto != ASA_PROTO_TCP || !asa_addr_equal(&c->dir[1].key.src, &s->addr))
			continue;
		/* What the client has not offered the server cannot show. */
		if (c->half[0].tcp & c->half[1].tcp & ASA_HALF_WSCALE && c->half[1].wscale <= 14)
			wscale = c->half[1].wscale;
		if (c->half[0].ts_recent)
			ts = c->half[1].ts_recent != 0;
		if (wscale >= 0 && ts >= 0)
			break;
	}
	if (wscale >= 0 || ts >= 0)
		intercept_learn(t, &s->addr, s->port, wscale, ts);
}

/* Once a second: what the driver did, and whether it has to go on. */
static void entry_tick(struct intercepts *t, struct entry *e, __u32 now)
{
	static const struct asa_addr nobody;
	struct asa_intercept_hits hits = { 0 };
	const struct asa_addr *client = asa_addr_equal(&e->counted, &nobody) ? NULL : &e->counted;
	__u64 sent, good;
	struct asa_intercept known = e->row;
	const struct intercept_server *of;
	__u32 half_open;

	if (dp_intercept_hits(t->asa->dp, e->row.row, &hits))
		return;
	sent = hits.sent - e->seen.sent;
	good = hits.good - e->seen.good;
	e->seen = hits;
	if (sent && e->server)
		server_count(&t->servers[e->server - 1], sent, &hits.src, hits.seen);
	if (!(e->row.flags & ASA_INTERCEPT_ANSWER)) {
		if ((__s32)(now - e->until) >= 0)
			entry_remove(t, e);
		return;
	}
	/* Another configuration may deny what is answered here: the next SYN asks again. */
	half_open = session_embryonic_count(t->asa->sessions, e->class_id, client);
	if (e->policy_gen != policy_generation(t->asa->policy) ||
	    half_open + (sent > good ? sent - good : 0) < e->max) {
		entry_stop(t, e, now);
		return;
	}
	if (!e->server)
		return;
	of = &t->servers[e->server - 1];
	if (e->row.wscale == ASA_COOKIE_NO_WSCALE || !(e->row.flags & ASA_INTERCEPT_TS))
		look_for_options(t, of);
	intercept_known(t, &of->addr, of->port, &known);
	if (memcmp(&known, &e->row, sizeof(known))) {
		e->row = known;
		(void)dp_intercept_set(t->asa->dp, &e->key, &e->row);
	}
}

void intercepts_tick(struct intercepts *t, __u32 now)
{
	__u32 i;

	keys_tick(t, now);
	if (!t->ticking)
		t->next_second = now;
	t->ticking = true;
	if ((__s32)(now - t->next_second) < 0)
		return;
	t->next_second = now + SECOND_TICKS;
	for (i = 0; i < t->top; i++)
		if (t->entries[i].used)
			entry_tick(t, &t->entries[i], now);
	servers_second(t);
}

/* ------------------------------------------------------------------ servers */

static __u32 learned_row(const struct asa_addr *a, __be16 port)
{
	__u64 h = (a->d[0] ^ a->d[1] ^ port) * 0x9e3779b97f4a7c15ull;

	return (__u32)(h >> 54) % LEARNED;
}

static bool is_of(const struct learned *l, const struct asa_addr *server, __be16 port)
{
	return l->used && l->port == port && asa_addr_equal(&l->addr, server);
}

void intercept_learn(struct intercepts *t, const struct asa_addr *server, __be16 port, int wscale, int ts)
{
	struct learned *l = &t->learned[learned_row(server, port)];

	if (!is_of(l, server, port))
		*l = (struct learned){ .addr = *server, .port = port, .used = true,
				       .wscale = ASA_COOKIE_NO_WSCALE };
	if (wscale >= 0)
		l->wscale = (__u8)wscale;
	if (ts >= 0)
		l->ts = ts;
}

void intercept_known(const struct intercepts *t, const struct asa_addr *server, __be16 port,
		     struct asa_intercept *row)
{
	const struct learned *l = &t->learned[learned_row(server, port)];
	bool known = is_of(l, server, port);

	row->wscale = known ? l->wscale : ASA_COOKIE_NO_WSCALE;
	row->flags = (__u8)(known && l->ts ? row->flags | ASA_INTERCEPT_TS :
					     row->flags & ~ASA_INTERCEPT_TS);
}

/* ------------------------------------------------------------------ life cycle */

/* Rows that a daemon before us has left: their cookies are still good, their SYNs ask again. */
static void take_over(struct intercepts *t)
{
	struct asa_intercept_key k;
	struct asa_intercept row;

	while (!dp_intercept_next(t->asa->dp, NULL, &k, &row))
		if (dp_intercept_del(t->asa->dp, &k))
			return;
}

struct intercepts *intercepts_new(struct asa *a)
{
	struct intercepts *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->asa = a;
	(void)dp_cookie_keys_get(a->dp, &t->keys);
	take_over(t);
	sessions_tables(a->sessions)->config->intercept = 0;
	return t;
}

void intercepts_free(struct intercepts *t)
{
	free(t);
}
