// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses of domain names, asked for with c-ares: see resolver.h.
 *
 * A name is asked for again when the TTL of its answer is over, at the latest after "dns
 * poll-timer". An address stays good for its TTL and "dns expire-entry-timer" beyond it, so that
 * connections to servers that answer with some of their addresses at a time keep being permitted,
 * and an unreachable server does no harm at once. While a name has no answer it is tried every
 * RETRY_S seconds.
 *
 * Nothing here waits: queries are sent and answers read when resolver_tick() is called, at most
 * QUERIES_MAX at a time. Without "name-server" lines the servers of the system are asked.
 *
 * Answers are not trusted with anything but addresses of the names that were asked for, at most
 * SYS_NAME_ADDRS of a name; c-ares matches them to questions.
 */
#include <ares.h>
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "services/resolver.h"

#define QUERIES_MAX 32
#define RETRY_S 10
#define TTL_ZERO_S 60 /* how often to ask for what may not be kept */

struct name {
	struct resolver *r;
	struct sys_name pub;
	__u64 until[SYS_NAME_ADDRS]; /* when the TTL of pub.addrs is over */
	__u64 next; /* when to ask */
	bool asking, wanted;
	bool v4, v6;
};
struct resolver {
	ares_channel channel;
	bool ready;
	char servers[MODEL_DNS_SERVERS * (INET6_ADDRSTRLEN + 4)]; /* of the channel */
	int timeout_s, retries;
	struct name **names; /* sorted */
	size_t n;
	const struct sys_name **rows; /* what names has, for the compiler */
	struct sys_names pub;
	__u64 now, expire_s, poll_s;
	int n_asking;
	bool changed;
};

struct resolver *resolver_new(void)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (r && ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		free(r);
		return NULL;
	}
	return r;
}

static void channel_close(struct resolver *r)
{
	if (r->ready)
		ares_destroy(r->channel); /* ends the queries that are open */
	r->ready = false;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	channel_close(r);
	for (size_t i = 0; i < r->n; i++)
		free(r->names[i]);
	free(r->names);
	free(r->rows);
	free(r);
	ares_library_cleanup();
}

/* ------------------------------------------------------------------ answers */

static void addr_drop(struct name *n, size_t i)
{
	n->pub.n--;
	memmove(&n->pub.addrs[i], &n->pub.addrs[i + 1], (n->pub.n - i) * sizeof(n->pub.addrs[0]));
	memmove(&n->until[i], &n->until[i + 1], (n->pub.n - i) * sizeof(n->until[0]));
	n->r->changed = true;
}

static void addr_add(struct name *n, const struct asa_addr *a, __u64 until)
{
	size_t i = 0;

	/* Sorted: the order of an answer means nothing, and a row must not move for it. */
	while (i < n->pub.n && memcmp(&n->pub.addrs[i], a, sizeof(*a)) < 0)
		i++;
	if (i < n->pub.n && asa_addr_equal(&n->pub.addrs[i], a)) {
		n->until[i] = until;
		return;
	}
	if (n->pub.n == SYS_NAME_ADDRS)
		return;
	memmove(&n->pub.addrs[i + 1], &n->pub.addrs[i], (n->pub.n - i) * sizeof(n->pub.addrs[0]));
	memmove(&n->until[i + 1], &n->until[i], (n->pub.n - i) * sizeof(n->until[0]));
	n->pub.addrs[i] = *a;
	n->until[i] = until;
	n->pub.n++;
	n->r->changed = true;
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *answer)
{
	struct name *n = arg;
	struct resolver *r = n->r;
	__u64 ttl = r->poll_s;
	bool any = false;

	n->asking = false;
	r->n_asking--;
	n->next = r->now + RETRY_S;
	if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) {
		n->next = 0;
		return;
	}
	if (status != ARES_SUCCESS || !answer) {
		log_debug("%s: %s", n->pub.name, ares_strerror(status));
		return;
	}
	for (const struct ares_addrinfo_cname *c = answer->cnames; c; c = c->next)
		if (c->ttl >= 0 && (__u64)c->ttl < ttl && c->alias)
			ttl = (__u64)c->ttl;
	for (const struct ares_addrinfo_node *a = answer->nodes; a; a = a->ai_next)
		if (a->ai_ttl >= 0 && (__u64)a->ai_ttl < ttl)
			ttl = (__u64)a->ai_ttl;
	for (const struct ares_addrinfo_node *a = answer->nodes; a; a = a->ai_next) {
		struct asa_addr addr = { 0 };

		if (a->ai_family == AF_INET)
			asa_addr_set_v4(&addr, ((const struct sockaddr_in *)(void *)a->ai_addr)->sin_addr.s_addr);
		else if (a->ai_family == AF_INET6)
			memcpy(&addr, &((const struct sockaddr_in6 *)(void *)a->ai_addr)->sin6_addr, 16);
		else
			continue;
		addr_add(n, &addr, r->now + ttl);
		any = true;
	}
	if (any)
		n->next = r->now + (ttl ? ttl : r->poll_s < TTL_ZERO_S ? r->poll_s : TTL_ZERO_S);
	ares_freeaddrinfo(answer);
}

/* ------------------------------------------------------------------ names wanted */

static int name_order(const void *a, const void *b)
{
	return strcasecmp((*(struct name *const *)a)->pub.name, (*(struct name *const *)b)->pub.name);
}

static struct name *name_find(const struct resolver *r, const char *name)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcasecmp(name, r->names[mid]->pub.name);

		if (!c)
			return r->names[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* => false when out of memory; the name is not resolved then. */
static bool name_want(struct resolver *r, const struct model_addr *a, size_t sorted)
{
	struct resolver known = { .names = r->names, .n = sorted };
	struct name *n = name_find(&known, a->name), **more;

	for (size_t i = sorted; !n && i < r->n; i++) /* new ones, few at a time */
		if (!strcasecmp(r->names[i]->pub.name, a->name))
			n = r->names[i];
	if (!n) {
		more = realloc(r->names, (r->n + 1) * sizeof(*more));
		if (!more)
			return false;
		r->names = more;
		n = calloc(1, sizeof(*n));
		if (!n)
			return false;
		n->r = r;
		snprintf(n->pub.name, sizeof(n->pub.name), "%s", a->name);
		r->names[r->n++] = n;
	}
	n->v4 |= a->plen != 6;
	n->v6 |= a->plen != 4;
	n->wanted = true;
	return true;
}

static void names_publish(struct resolver *r)
{
	const struct sys_name **rows = calloc(r->n + 1, sizeof(*rows));

	if (!rows) {
		r->pub = (struct sys_names){ 0 };
		return;
	}
	for (size_t i = 0; i < r->n; i++)
		rows[i] = &r->names[i]->pub;
	free(r->rows);
	r->rows = rows;
	r->pub = (struct sys_names){ .n = r->n, .v = rows };
}

/* The channel's servers; a new one when they changed, for a channel with open queries keeps its. */
static void channel_open(struct resolver *r, const struct model_dns_group *g)
{
	char servers[sizeof(r->servers)] = "", text[INET6_ADDRSTRLEN];
	int timeout_s = g ? g->timeout_s : 2, retries = g ? g->retries : 2;
	struct ares_options o = { .flags = ARES_FLAG_NOSEARCH, .timeout = timeout_s * 1000,
				  .tries = retries + 1 };
	size_t len = 0;

	for (int i = 0; g && i < g->n_servers; i++) {
		const struct asa_addr *a = &g->servers[i].addr;
		bool v4 = asa_addr_is_v4(a);

		inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (const void *)&a->w[3] : a->b, text, sizeof(text));
		len += (size_t)snprintf(servers + len, sizeof(servers) - len, v4 ? "%s%s" : "%s[%s]",
					len ? "," : "", text);
	}
	if (r->ready && !strcmp(servers, r->servers) && timeout_s == r->timeout_s &&
	    retries == r->retries)
		return;
	channel_close(r);
	r->ready = ares_init_options(&r->channel, &o,
				     ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) == ARES_SUCCESS;
	if (r->ready && len && ares_set_servers_csv(r->channel, servers) != ARES_SUCCESS)
		log_warnx("DNS servers %s cannot be used", servers);
	if (!r->ready)
		log_warnx("names cannot be resolved: no resolver could be made");
	memcpy(r->servers, servers, sizeof(servers));
	r->timeout_s = timeout_s;
	r->retries = retries;
	for (size_t i = 0; i < r->n; i++)
		r->names[i]->next = 0;
}

void resolver_configure(struct resolver *r, const struct model *m)
{
	const struct model_dns_group *group = NULL;
	size_t sorted = r->n, kept = 0;

	for (size_t i = 0; i < m->dns_groups.n; i++)
		if (!strcmp(m->dns_groups.v[i].name, MODEL_DNS_DEFAULT))
			group = &m->dns_groups.v[i];
	r->expire_s = 60ull * (__u64)m->dns_expire_min;
	r->poll_s = 60ull * (__u64)m->dns_poll_min;
	for (size_t i = 0; i < r->n; i++)
		r->names[i]->wanted = r->names[i]->v4 = r->names[i]->v6 = false;
	for (size_t i = 0; i < m->objects.n; i++) {
		const struct model_object *o = &m->objects.v[i];

		if (!o->service && o->set && o->addr.kind == MODEL_ADDR_FQDN &&
		    !name_want(r, &o->addr, sorted))
			log_warnx("%s cannot be resolved: out of memory", o->addr.name);
	}
	for (size_t i = 0; i < r->n; i++) {
		struct name *n = r->names[i];

		/* one whose answer is awaited goes with the next configuration */
		if (n->wanted || n->asking)
			r->names[kept++] = n;
		else
			free(n);
	}
	r->n = kept;
	if (kept) {
		qsort(r->names, kept, sizeof(*r->names), name_order);
		channel_open(r, group);
	}
	names_publish(r);
}

/* ------------------------------------------------------------------ time */

static void channel_read(struct resolver *r)
{
	ares_socket_t fds[ARES_GETSOCK_MAXNUM];
	unsigned int bits = (unsigned int)ares_getsock(r->channel, fds, ARES_GETSOCK_MAXNUM);

	/* the macros for these bits shift into the sign */
	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		struct pollfd p = { .fd = -1 };

		if (bits >> i & 1)
			p = (struct pollfd){ fds[i], POLLIN, 0 };
		if (bits >> (i + ARES_GETSOCK_MAXNUM) & 1)
			p = (struct pollfd){ fds[i], (short)(p.events | POLLOUT), 0 };
		if (p.fd < 0 || poll(&p, 1, 0) <= 0)
			continue;
		ares_process_fd(r->channel, p.revents & (POLLIN | POLLERR | POLLHUP) ? p.fd : ARES_SOCKET_BAD,
				p.revents & POLLOUT ? p.fd : ARES_SOCKET_BAD);
	}
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* timeouts */
}

static void name_ask(struct resolver *r, struct name *n)
{
	struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT,
		.ai_family = n->v4 && n->v6 ? AF_UNSPEC : n->v6 ? AF_INET6 : AF_INET,
	};

	n->asking = true;
	r->n_asking++;
	ares_getaddrinfo(r->channel, n->pub.name, NULL, &hints, on_answer, n);
}

bool resolver_tick(struct resolver *r, __u64 now_s)
{
	bool changed;

	r->now = now_s;
	if (r->ready && r->n_asking)
		channel_read(r);
	for (size_t i = 0; i < r->n; i++) {
		struct name *n = r->names[i];

		for (size_t k = n->pub.n; k-- > 0;)
			if (now_s >= n->until[k] + r->expire_s)
				addr_drop(n, k);
		if (r->ready && n->wanted && !n->asking && now_s >= n->next && r->n_asking < QUERIES_MAX)
			name_ask(r, n);
	}
	changed = r->changed;
	r->changed = false;
	return changed;
}

bool resolver_refresh(struct resolver *r, const char *name)
{
	bool any = !name;

	for (size_t i = 0; i < r->n; i++) {
		if (name && strcasecmp(name, r->names[i]->pub.name))
			continue;
		r->names[i]->next = 0;
		any = true;
	}
	return any;
}

const struct sys_names *resolver_names(const struct resolver *r)
{
	return &r->pub;
}

__u64 resolver_ttl(const struct resolver *r, const char *name, size_t i)
{
	const struct name *n = name_find(r, name);

	return n && i < n->pub.n && n->until[i] > r->now ? n->until[i] - r->now : 0;
}
