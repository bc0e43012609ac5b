// SPDX-License-Identifier: GPL-2.0-only
/*
 * A firewall without a kernel: see fake_dp.h.
 *
 * The functions of datapath/net, datapath/dp, datapath/workers and services/syslog that sessions
 * and engine call are defined here; 'struct net' and 'struct syslog' are the fake itself.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "asa/hash.h"
#include "asa/rewrite.h"
#include "datapath/index.h"
#include "services/syslog.h"
#include "tests/lib/fake_dp.h"

#define CHECK(cond, what)                                                                          \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, what);                  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* With a loaded program (fake_new_on) the real datapath/dp is linked, and is the one that counts. */
#define WEAK __attribute__((weak))

/* ------------------------------------------------------------------ the network */

void fake_route(struct fake *f, const char *net, int plen, __u32 ifindex, const char *gateway)
{
	struct fake_route *r = &f->routes[f->n_routes++];

	CHECK(f->n_routes <= FAKE_ROUTES, "too many routes");
	memset(r, 0, sizeof(*r));
	r->net = mb_addr(net);
	r->plen = (__u8)(asa_addr_is_v4(&r->net) ? plen + 96 : plen);
	r->ifindex = ifindex;
	r->has_gateway = gateway != NULL;
	if (gateway)
		r->gateway = mb_addr(gateway);
	r->local = ifindex == 0;
}

static bool in_net(const struct asa_addr *a, const struct fake_route *r)
{
	int i;

	if (asa_addr_is_v4(a) != asa_addr_is_v4(&r->net))
		return false;
	for (i = 0; i < r->plen; i++)
		if ((a->b[i / 8] ^ r->net.b[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

enum asa_drop net_route(struct net *n, const struct asa_addr *dst, struct net_route *r, bool *local)
{
	struct fake *f = (struct fake *)n;
	const struct fake_route *best = NULL;
	int i;

	memset(r, 0, sizeof(*r));
	*local = false;
	for (i = 0; i < f->n_routes; i++)
		if (in_net(dst, &f->routes[i]) && (!best || f->routes[i].plen >= best->plen))
			best = &f->routes[i];
	if (!best)
		return DROP_ROUTE_NONE;
	if (best->local) {
		*local = true;
		return DROP_ROUTE_NONE;
	}
	r->ifindex = best->ifindex;
	r->vlan = best->vlan;
	r->gateway = best->has_gateway ? best->gateway : *dst;
	r->mtu = 1500;
	return DROP_NONE;
}

bool net_route_remains(struct net *n, const struct asa_addr *dst, const struct asa_nexthop *nh)
{
	const struct fake *f = (const struct fake *)n;
	int i;

	for (i = 0; i < f->n_routes; i++)
		if (in_net(dst, &f->routes[i]) && f->routes[i].ifindex == nh->ifindex &&
		    asa_addr_equal(f->routes[i].has_gateway ? &f->routes[i].gateway : dst,
				   &nh->gateway))
			return true;
	return false;
}

/* Row 'row' as it would be for this neighbour. */
static void nexthop_fill(const struct fake *f, const struct net_route *r,
			 const struct policy_if *out, __u16 row, struct asa_nexthop *nh)
{
	nh->ifindex = out->ifindex;
	nh->mtu = (__u16)out->mtu;
	nh->gateway = r->gateway;
	memset(nh->smac, 0x02, 6);
	memset(nh->dmac, 0x06, 6);
	nh->dmac[5] = (__u8)row;
	if (out->vlan) {
		nh->vlan_proto = asa_htons(0x8100);
		nh->vlan_tci = asa_htons(out->vlan);
		nh->flags |= ASA_NH_VLAN;
	}
	if (!f->neigh_pending)
		nh->flags |= ASA_NH_VALID;
}

/* => the row of this neighbour; a free one in '*fresh' when there is none yet */
static __u16 nexthop_find(const struct fake *f, const struct net_route *r,
			  const struct policy_if *out, __u16 *fresh)
{
	__u16 row;

	*fresh = 0;
	for (row = 1; row < 64; row++) {
		const struct asa_nexthop *nh = &f->t.nexthops[row];

		if (!nh->ifindex && !*fresh)
			*fresh = row;
		if (nh->ifindex == out->ifindex && asa_ntohs(nh->vlan_tci) == out->vlan &&
		    asa_addr_equal(&nh->gateway, &r->gateway))
			return row;
	}
	return 0;
}

__u16 net_nexthop_get(struct net *n, const struct net_route *r, const struct policy_if *out)
{
	struct fake *f = (struct fake *)n;
	__u16 fresh, row = nexthop_find(f, r, out, &fresh);

	if (row) {
		f->t.nexthops[row].users++;
		return row;
	}
	if (fresh) {
		nexthop_fill(f, r, out, fresh, &f->t.nexthops[fresh]);
		f->t.nexthops[fresh].users = 1;
	}
	return fresh;
}

bool net_nexthop_peek(struct net *n, const struct net_route *r, const struct policy_if *out,
		      struct asa_nexthop *nh)
{
	const struct fake *f = (const struct fake *)n;
	__u16 fresh, row = nexthop_find(f, r, out, &fresh);

	memset(nh, 0, sizeof(*nh));
	if (row)
		*nh = f->t.nexthops[row];
	else if (fresh)
		nexthop_fill(f, r, out, fresh, nh);
	return row || fresh;
}

void net_nexthop_put(struct net *n, __u16 row)
{
	struct fake *f = (struct fake *)n;

	CHECK(row && f->t.nexthops[row].users, "next hop given back twice");
	f->t.nexthops[row].users--;
}

const struct sys_info *net_sys(const struct net *n)
{
	return ((const struct fake *)n)->fw.sys;
}

void fake_neigh(struct fake *f, bool resolved)
{
	__u16 row;

	f->neigh_pending = !resolved;
	for (row = 1; row < 64; row++) {
		if (!f->t.nexthops[row].ifindex)
			continue;
		if (resolved)
			f->t.nexthops[row].flags |= ASA_NH_VALID;
		else
			f->t.nexthops[row].flags &= (__u16)~ASA_NH_VALID;
		engine_neigh_done(f->asa.engine, &f->ops, row, resolved);
	}
}

/* ------------------------------------------------------------------ counters, worker, log */

WEAK int dp_account(struct dp *d, const struct asa_account *a)
{
	struct fake *f = (struct fake *)d;
	__u64 *to, *from;
	size_t i;

	for (i = 0; i < ASA_ACCOUNT_ROWS; i++) {
		f->totals.drops[i].packets += a->drops[i].packets;
		f->totals.drops[i].bytes += a->drops[i].bytes;
	}
	for (i = 0; i < 32; i++) {
		f->totals.stats[i].packets += a->stats[i].packets;
		f->totals.stats[i].bytes += a->stats[i].bytes;
	}
	if (!a->ifindex)
		return 0;
	CHECK(a->ifindex < 64, "interface out of range");
	to = (__u64 *)&f->ifs[a->ifindex];
	from = (__u64 *)&a->iface;
	for (i = 0; i < sizeof(a->iface) / sizeof(__u64); i++)
		to[i] += from[i];
	return 0;
}

/* ------------------------------------------------------------------ TCP intercept */

static struct fake_intercept *intercept_row(struct fake *f, const struct asa_intercept_key *k)
{
	int i;

	for (i = 0; i < FAKE_INTERCEPTS; i++)
		if (f->intercepts[i].used && !memcmp(&f->intercepts[i].key, k, sizeof(*k)))
			return &f->intercepts[i];
	return NULL;
}

WEAK int dp_intercept_set(struct dp *d, const struct asa_intercept_key *k, const struct asa_intercept *row)
{
	struct fake *f = (struct fake *)d;
	struct fake_intercept *to = intercept_row(f, k);
	int i;

	for (i = 0; !to && i < FAKE_INTERCEPTS; i++)
		if (!f->intercepts[i].used)
			to = &f->intercepts[i];
	CHECK(to != NULL, "too many intercepted destinations");
	to->used = true;
	to->key = *k;
	to->row = *row;
	return 0;
}

WEAK int dp_intercept_del(struct dp *d, const struct asa_intercept_key *k)
{
	struct fake_intercept *row = intercept_row((struct fake *)d, k);

	if (!row)
		return -ENOENT;
	row->used = false;
	return 0;
}

WEAK int dp_intercept_next(struct dp *d, const struct asa_intercept_key *after,
		      struct asa_intercept_key *k, struct asa_intercept *row)
{
	struct fake *f = (struct fake *)d;
	int i = after ? (int)(intercept_row(f, after) - f->intercepts) + 1 : 0;

	while (i < FAKE_INTERCEPTS && !f->intercepts[i].used)
		i++;
	if (i >= FAKE_INTERCEPTS)
		return -ENOENT;
	*k = f->intercepts[i].key;
	*row = f->intercepts[i].row;
	return 0;
}

WEAK int dp_intercept_hits(struct dp *d, __u32 row, struct asa_intercept_hits *sum)
{
	struct fake *f = (struct fake *)d;

	*sum = f->hits[row % FAKE_INTERCEPTS];
	return 0;
}

WEAK int dp_cookie_keys_get(struct dp *d, struct asa_cookie_keys *keys)
{
	*keys = ((struct fake *)d)->cookie_keys;
	return 0;
}

WEAK int dp_cookie_keys_set(struct dp *d, const struct asa_cookie_keys *keys)
{
	((struct fake *)d)->cookie_keys = *keys;
	return 0;
}

__u64 workers_rx_lost(struct workers *w, __u32 ifindex)
{
	struct fake *f = (struct fake *)w;
	__u64 lost = ifindex == IF_OUTSIDE ? f->rx_lost : 0;

	if (lost)
		f->rx_lost = 0;
	return lost;
}

static void fake_send(void *worker, struct frame *frame)
{
	struct fake *f = worker;

	if (f->send_fails) {
		engine_send_failed(f->asa.engine, frame, DROP_RESOURCE_TX_QUEUE);
		frame_put(f->ops.pool, frame);
		return;
	}
	CHECK(f->n_sent < FAKE_FRAMES, "too many frames sent");
	f->sent[f->n_sent++] = frame;
}

bool syslog_wants(const struct syslog *s, uint32_t id)
{
	const struct fake *f = (const struct fake *)s;

	return f && !f->no_log && id != f->log_off;
}

bool syslog_wants_level(const struct syslog *s, uint32_t id, int level)
{
	return syslog_wants(s, id) && level < 8;
}

static void fake_log(struct syslog *s, uint32_t id, const char *fmt, va_list ap)
{
	struct fake *f = (struct fake *)s;
	char *to;
	int n;

	if (!syslog_wants(s, id))
		return;
	to = f->log[f->n_log % FAKE_LOGS];
	n = snprintf(to, sizeof(f->log[0]), "%u: ", id);
	vsnprintf(to + n, sizeof(f->log[0]) - (size_t)n, fmt, ap);
	f->n_log++;
}

void syslog_msg(struct syslog *s, uint32_t id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fake_log(s, id, fmt, ap);
	va_end(ap);
}

void syslog_msg_level(struct syslog *s, uint32_t id, int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fake_log(s, id, fmt, ap);
	va_end(ap);
}

bool fake_logged(const struct fake *f, const char *text)
{
	int i;

	for (i = 0; i < FAKE_LOGS && i < f->n_log; i++)
		if (strstr(f->log[i], text))
			return true;
	return false;
}

void fake_log_clear(struct fake *f)
{
	memset(f->log, 0, sizeof(f->log));
	f->n_log = 0;
}

/* ------------------------------------------------------------------ life cycle */

static void tables_new(struct fake *f, __u32 n_slots)
{
	f->t.n_slots = n_slots;
	f->t.n_buckets = index_buckets_for(n_slots);
	f->t.conns = aligned_alloc(64, n_slots * sizeof(*f->t.conns));
	f->t.sessions = aligned_alloc(64, n_slots * sizeof(*f->t.sessions));
	f->t.index = aligned_alloc(64, f->t.n_buckets * sizeof(*f->t.index));
	f->t.homes = calloc(n_slots / ASA_SET_SLOTS + 1, sizeof(*f->t.homes));
	f->t.nexthops = calloc(ASA_NEXTHOPS_MAX, sizeof(*f->t.nexthops));
	f->t.police = calloc(ASA_POLICE_MAX, sizeof(*f->t.police));
	f->t.police_refs = calloc(n_slots, sizeof(*f->t.police_refs));
	f->t.config = calloc(1, sizeof(*f->t.config));
	f->t.ifaces = calloc(ASA_IFINDEX_MAX, sizeof(*f->t.ifaces));
	f->t.tcp_maps = calloc(ASA_TCP_MAPS_MAX, sizeof(*f->t.tcp_maps));
	memset(f->t.conns, 0, n_slots * sizeof(*f->t.conns));
	memset(f->t.sessions, 0, n_slots * sizeof(*f->t.sessions));
	memset(f->t.index, 0, f->t.n_buckets * sizeof(*f->t.index));
	f->t.config->version = ASA_CONTRACT_VERSION;
	f->t.config->index_mask = f->t.n_buckets - 1;
	f->t.config->route_gen = 1;
	f->t.config->hash_key[0] = 0x9e3779b97f4a7c15ull;
	f->t.config->hash_key[1] = 0xbf58476d1ce4e5b9ull;
	f->t.config->hash_key[2] = 0x94d049bb133111ebull;
	f->t.config->hash_key[3] = 0xd6e8feb86659fd93ull;
}

static struct fake *fake_make(__u32 n_slots, struct dp *d)
{
	struct fake *f = calloc(1, sizeof(*f));
	size_t i;

	CHECK(f, "no memory");
	setvbuf(stdout, NULL, _IOLBF, 0); /* what was printed before an abort is seen */
	f->fw = fw_new();
	for (i = 0; i < f->fw.m->ifs.n; i++) { /* what is configured is on the Linux interface */
		const struct model_if *mi = &f->fw.m->ifs.v[i];
		struct sys_if *si = &f->fw.sys->ifs[i];

		si->n_addrs = mi->addrs.n;
		memcpy(si->addrs, mi->addrs.v, mi->addrs.n * sizeof(*mi->addrs.v));
	}
	f->dp = d;
	if (d)
		f->t = *dp_tables(d);
	else
		tables_new(f, n_slots);
	f->mem = malloc((size_t)FAKE_FRAMES * FRAME_SIZE);
	f->ops.pool = frame_pool_new(f->mem, FAKE_FRAMES);
	f->ops.send = fake_send;
	f->ops.worker = f;
	f->now = 0xfffff000u; /* the tick wraps during the tests */
	fake_route(f, "10.1.1.0", 24, IF_INSIDE, NULL);
	fake_route(f, "10.2.2.0", 24, IF_DMZ, NULL);
	fake_route(f, "0.0.0.0", 0, IF_OUTSIDE, "192.0.2.254");
	fake_route(f, "192.0.2.0", 24, IF_OUTSIDE, NULL);
	fake_route(f, "2001:db8:1::", 64, IF_INSIDE, NULL);
	fake_route(f, "2001:db8::", 32, IF_OUTSIDE, "2001:db8:f::fe");
	fake_route(f, "192.0.2.1", 32, 0, NULL);
	fake_route(f, "10.1.1.254", 32, 0, NULL);
	return f;
}

struct fake *fake_new(__u32 n_slots)
{
	return fake_make(n_slots, NULL);
}

struct fake *fake_new_on(struct dp *d)
{
	struct fake *f = fake_make(0, d);

	memset(f->t.nexthops, 0, ASA_NEXTHOPS_MAX * sizeof(*f->t.nexthops));
	return f;
}

/* Only with a loaded program. */
WEAK const struct dp_tables *dp_tables(const struct dp *d)
{
	return &((const struct fake *)d)->t;
}

void fake_recompile(struct fake *f)
{
	if (fw_compile(&f->fw)) {
		fprintf(stderr, "policy refused: %s\n", f->fw.e.text);
		abort();
	}
	f->asa.policy = f->fw.p;
	if (f->asa.sessions)
		CHECK(sessions_police_bind(f->asa.sessions, f->fw.p), "too many policers");
}

static void modules_new(struct fake *f, bool reused)
{
	f->asa.net = (struct net *)f;
	f->asa.dp = f->dp ? f->dp : (struct dp *)f;
	f->asa.syslog = (struct syslog *)f;
	f->asa.workers = (struct workers *)f;
	f->asa.xlates = xlate_new(4096);
	f->asa.sessions = sessions_new(&f->asa, &f->t);
	CHECK(f->asa.xlates && f->asa.sessions, "no memory");
	CHECK(engine_new(&f->asa, &f->asa.engine) == 0, "no engine");
	CHECK(sessions_police_bind(f->asa.sessions, f->fw.p), "too many policers");
	sessions_recover(f->asa.sessions, reused, f->now);
}

static void modules_free(struct fake *f)
{
	engine_free(f->asa.engine);
	sessions_free(f->asa.sessions);
	xlate_free(f->asa.xlates);
}

void fake_start(struct fake *f)
{
	fake_recompile(f);
	modules_new(f, false);
}

void fake_restart(struct fake *f)
{
	fake_flush(f);
	modules_free(f);
	modules_new(f, true);
}

void fake_end(struct fake *f)
{
	struct session_counts c;
	__u32 pos = 0, closed = 0, i, neighbour, fragments;

	while (sessions_clear(f->asa.sessions, &pos, 64, f->now, NULL, &closed))
		;
	fake_wait(f, 6000);
	fake_forget_sent(f);
	sessions_counts(f->asa.sessions, &c);
	CHECK(!c.in_use && !c.tcp && !c.udp && !c.icmp && !c.other && !c.embryonic &&
		      !c.half_closed && !c.bypass,
	      "connections left");
	CHECK(c.built == c.torn_down || c.built < c.torn_down, "more built than torn down");
	engine_held(f->asa.engine, &neighbour, &fragments);
	CHECK(!neighbour && !fragments, "frames held");
	CHECK(frame_pool_available(f->ops.pool) == FAKE_FRAMES, "frames lost");
	for (i = 0; i < f->t.n_buckets; i++) {
		int e;

		for (e = 0; e < ASA_BUCKET_ENTRIES; e++)
			CHECK(!f->t.index[i].e[e].ref, "index entry left");
		CHECK(!f->t.index[i].overflow, "overflow count left");
	}
	for (i = 0; i < f->t.n_slots / ASA_SET_SLOTS; i++)
		CHECK(!(f->t.homes[i].w[0] | f->t.homes[i].w[1] | f->t.homes[i].w[2] | f->t.homes[i].w[3]),
		      "somebody left at home");
	for (i = 0; i < ASA_NEXTHOPS_MAX; i++)
		CHECK(!f->t.nexthops[i].users, "next-hop users left");
	for (i = 0; f->t.police && i < ASA_POLICE_MAX; i++)
		CHECK(!f->t.police[i].users, "policer users left");
	CHECK(f->dp || fake_law(f), "frames unaccounted for");
	sessions_clear_xlates(f->asa.sessions, f->now);
	CHECK(!xlate_count(f->asa.xlates), "translations left");
	modules_free(f);
	frame_pool_free(f->ops.pool);
	free(f->mem);
	if (!f->dp) {
		free(f->t.conns);
		free(f->t.sessions);
		free(f->t.index);
		free(f->t.homes);
		free(f->t.nexthops);
		free(f->t.police);
		free(f->t.police_refs);
		free(f->t.config);
		free(f->t.ifaces);
		free(f->t.tcp_maps);
	}
	fw_free(&f->fw);
	free(f);
}

void fake_flush(struct fake *f)
{
	engine_tick(f->asa.engine, &f->ops, f->now);
}

void fake_wait(struct fake *f, __u32 ms)
{
	__u32 end = f->now + asa_ticks_from_ms(ms) + 1;

	while ((__s32)(end - f->now) > 0) {
		__u32 step = end - f->now > 100 ? 100 : end - f->now;

		f->now += step;
		while (sessions_tick(f->asa.sessions, f->now, 256))
			;
		engine_tick(f->asa.engine, &f->ops, f->now);
	}
}

__u64 fake_drops(struct fake *f, enum asa_drop why)
{
	fake_flush(f);
	return f->totals.drops[why].packets;
}

bool fake_law(struct fake *f)
{
	int i;

	fake_flush(f);
	for (i = 0; i < 64; i++)
		if (f->received[i] !=
		    f->ifs[i].fwd_packets + f->ifs[i].host_packets + f->ifs[i].drop_packets)
			return false;
	return true;
}

__u32 fake_in_use(const struct fake *f)
{
	struct session_counts c;

	sessions_counts(f->asa.sessions, &c);
	return c.in_use;
}

bool fake_view(struct fake *f, int n, struct session_view *v)
{
	__u32 slot;

	for (slot = 1; slot < f->t.n_slots; slot++)
		if (session_view(f->asa.sessions, slot, f->now, v) && n-- == 0)
			return true;
	return false;
}
