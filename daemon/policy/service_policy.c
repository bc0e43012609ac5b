// SPDX-License-Identifier: GPL-2.0-only
/*
 * Service policies: which class of which policy map a new connection belongs to.
 *
 * Responsible for: class maps (MPF-2, MPF-3, MPF-10), the first matching class for each feature
 * type (MPF-6), interface before global policy and the directions (MPF-1, MPF-5), the checks and
 * warnings of BYP-6, BYP-11 and MPF-4. Not responsible for: carrying the actions out (session,
 * normalize, inspect), keeping a connection's class for its life (MPF-11; the session does).
 *
 * Features are looked for one by one: connection settings (limits, timeouts, sequence
 * randomization), state bypass, TCP maps, inspection of ICMP. A class may bring several.
 *
 * Callers: policy.c; the pipeline and show service-policy through policy.h.
 * Threads: see policy_impl.h.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_impl.h"

enum feature { FEATURE_CONN, FEATURE_BYPASS, FEATURE_TCP_MAP, FEATURE_ICMP, FEATURE_ICMP_ERROR, FEATURE_POLICE_IN,
	       FEATURE_POLICE_OUT, FEATURE_IPS, FEATURE_CSC,
	       /* inspections without ports of their own: see portless_match() */
	       FEATURE_OPTIONS, FEATURE_WAAS, FEATURE_MAX };

struct service_class {
	const struct model_policy_class *config;
	const struct model_class *match; /* NULL: class-default */
	const struct model_tcp_map *tcp_map; /* NULL: none */
	int acl; /* row, -1 none */
	__u64 dscps; /* "match dscp", "match precedence": bit per code point */
	__u32 rtp_lo, rtp_hi; /* "match rtp": even UDP ports; rtp_hi 0: not said */
	__u16 police_row[2]; /* of asa_police: input, output; set before the snapshot is in force */
	struct policy_ip_options *ip_options; /* NULL: the built-in map */
	bool has[FEATURE_MAX];
	struct policy_counter *counter;
};

/* One attached policy map. Its class rows follow those of the policies before it. */
struct service {
	const struct model_service_policy *config;
	int num; /* interface, -1 global */
	size_t first_row, n;
	struct service_class *v;
};

struct policy_services {
	size_t n;
	struct service *v;
	int global; /* index, -1 none */
	int by_if[POLICY_IFS_MAX];
	bool polices; /* some class does */
	bool modules; /* some class asks for a service module */
	bool options; /* some class inspects IPv4 options */
	bool waas; /* some class has "inspect waas" */
};

/* ------------------------------------------------------------------ compiling */

static bool has_conn_settings(const struct model_conn_settings *s)
{
	return s->conn_max >= 0 || s->embryonic_max >= 0 || s->per_client_max >= 0 ||
	       s->per_client_embryonic_max >= 0 || s->random_seq >= 0 || s->idle_s >= 0 ||
	       s->half_closed_s >= 0 || s->embryonic_s >= 0 || s->dcd_interval_s >= 0 ||
	       s->decrement_ttl;
}

static bool has_inspect(const struct model_policy_class *pc, const char *words)
{
	for (size_t i = 0; i < pc->inspects.n; i++)
		if (!strcmp(pc->inspects.v[i], words))
			return true;
	return false;
}

static bool has_other(const struct model_policy_class *pc, const char *start)
{
	for (size_t i = 0; i < pc->others.n; i++)
		if (!strncmp(pc->others.v[i], start, strlen(start)))
			return true;
	return false;
}

static bool is_default_class(const struct model_policy_class *pc)
{
	return !strcmp(pc->class_name, "class-default");
}

/* A code point or a precedence: a number or its name. => -1 */
static int dscp_value(const char *word, bool precedence)
{
	static const struct {
		const char *name;
		int dscp, precedence;
	} names[] = {
		{ "af11", 10, -1 },   { "af12", 12, -1 },      { "af13", 14, -1 },
		{ "af21", 18, -1 },   { "af22", 20, -1 },      { "af23", 22, -1 },
		{ "af31", 26, -1 },   { "af32", 28, -1 },      { "af33", 30, -1 },
		{ "af41", 34, -1 },   { "af42", 36, -1 },      { "af43", 38, -1 },
		{ "cs1", 8, -1 },     { "cs2", 16, -1 },       { "cs3", 24, -1 },
		{ "cs4", 32, -1 },    { "cs5", 40, -1 },       { "cs6", 48, -1 },
		{ "cs7", 56, -1 },    { "default", 0, -1 },    { "ef", 46, -1 },
		{ "routine", -1, 0 }, { "priority", -1, 1 },   { "immediate", -1, 2 },
		{ "flash", -1, 3 },   { "flash-override", -1, 4 }, { "critical", -1, 5 },
		{ "internet", -1, 6 }, { "network", -1, 7 },
	};
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (end != word && !*end)
		return n <= (precedence ? 7 : 63) ? (int)n : -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(word, names[i].name))
			return precedence ? names[i].precedence : names[i].dscp;
	return -1;
}

/*
 * "match {dscp|precedence} VALUE…", "match rtp START RANGE".
 */
static int other_compile(struct compile *c, struct service_class *sc)
{
	char text[MODEL_TEXT_MAX], *save, *word, *end;
	unsigned long start, range;
	bool precedence;

	memcpy(text, sc->match->other, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	strtok_r(text, " ", &save); /* match */
	word = strtok_r(NULL, " ", &save);
	if (!word)
		return 0;
	if (!strcmp(word, "rtp")) {
		word = strtok_r(NULL, " ", &save);
		start = word ? strtoul(word, &end, 10) : 0;
		if (!word || *end || start < 2000 || start > 65535)
			goto bad;
		word = strtok_r(NULL, " ", &save);
		range = word ? strtoul(word, &end, 10) : 0;
		if (!word || *end || range > 16383)
			goto bad;
		sc->rtp_lo = start;
		sc->rtp_hi = start + range;
		return 0;
	}
	precedence = !strcmp(word, "precedence");
	if (!precedence && strcmp(word, "dscp"))
		return 0;
	while ((word = strtok_r(NULL, " ", &save))) {
		int value = dscp_value(word, precedence);

		if (value < 0)
			goto bad;
		/* a precedence is the upper three bits of eight code points (RFC 2474 section 4.2.2) */
		sc->dscps |= precedence ? 0xffull << (value * 8) : 1ull << value;
	}
	return 0;
bad:
	return compile_fail(c, "class-map %s: \"%s\": %s", sc->match->name, sc->match->other,
			    word ? "no such value, or out of range" : "a value is missing");
}

static int class_compile(struct compile *c, struct service *s, const char *map,
			 const struct model_policy_class *pc)
{
	struct service_class *sc = &s->v[s->n++];
	__u64 key = policy_hash_text(POLICY_HASH_START, "service-policy ");

	sc->config = pc;
	sc->acl = -1;
	if (!is_default_class(pc)) {
		sc->match = model_class_find(c->m, pc->class_name);
		if (*sc->match->acl)
			sc->acl = names_acl(c, sc->match->acl);
		if (sc->match->match == MODEL_MATCH_OTHER && other_compile(c, sc))
			return -EINVAL;
	}
	sc->has[FEATURE_CONN] = has_conn_settings(&pc->conn);
	sc->has[FEATURE_BYPASS] = pc->conn.bypass;
	sc->tcp_map = model_tcp_map_find(c->m, pc->conn.tcp_map);
	sc->has[FEATURE_TCP_MAP] = sc->tcp_map != NULL;
	sc->has[FEATURE_ICMP] = has_inspect(pc, "icmp");
	sc->has[FEATURE_ICMP_ERROR] = has_inspect(pc, "icmp error");
	sc->has[FEATURE_POLICE_IN] = pc->police[0].rate != 0;
	sc->has[FEATURE_POLICE_OUT] = pc->police[1].rate != 0;
	c->p->services->polices |= pc->police[0].rate || pc->police[1].rate;
	sc->has[FEATURE_IPS] = has_other(pc, "ips ") && !pc->conn.bypass;
	sc->has[FEATURE_CSC] = has_other(pc, "csc ") && !pc->conn.bypass;
	sc->has[FEATURE_OPTIONS] = options_inspect_line(pc) && !pc->conn.bypass;
	c->p->services->modules |= sc->has[FEATURE_IPS] || sc->has[FEATURE_CSC];
	c->p->services->options |= sc->has[FEATURE_OPTIONS];
	sc->has[FEATURE_WAAS] = has_inspect(pc, "waas");
	c->p->services->waas |= sc->has[FEATURE_WAAS];
	if (options_compile(c, pc, &sc->ip_options))
		return -ENOMEM;

	key = policy_hash_text(key, s->config->global ? "" : s->config->ifname);
	key = policy_hash_text(key, map);
	key = policy_hash_text(key ^ 1, pc->class_name);
	sc->counter = counter_get(&c->p->counters, c->old ? &c->old->counters : NULL, key,
				  COUNTER_CLASS_N);
	return sc->counter ? 0 : -ENOMEM;
}

static int service_compile(struct compile *c, const struct model_service_policy *sp)
{
	struct policy_services *all = c->p->services;
	struct service *s = &all->v[all->n];
	const struct model_policy_map *pm = model_policy_map_find(c->m, sp->policy_map);
	const struct policy_if *pi = NULL;
	int *place = &all->global, err = 0;

	if (!pm)
		return compile_fail(c, "service-policy: policy-map %s does not exist",
				    sp->policy_map);
	for (size_t i = 0; !sp->global && i < pm->classes.n; i++) {
		if (has_other(&pm->classes.v[i], "flow-export ")) /* MPF-4 */
			return compile_fail(c, "service-policy %s interface %s: flow-export (class %s) can be in the global policy only",
					    sp->policy_map, sp->ifname, pm->classes.v[i].class_name);
	}
	if (!sp->global) {
		pi = policy_if_named(c->p, sp->ifname);
		/*
		 * DEVIATION: an ASA refuses the name. Here the documented configurations, which begin
		 * behind the interfaces, load by themselves (BYP-2) and act once the name is given.
		 */
		if (!pi)
			return compile_warn(c, "service-policy %s: no interface has the name %s yet",
					    sp->policy_map, sp->ifname);
		place = &all->by_if[pi->num];
	}
	if (*place >= 0)
		return compile_fail(c, "service-policy %s: policy %s is already active %s%s",
				    sp->policy_map, all->v[*place].config->policy_map,
				    pi ? "on interface " : "globally", pi ? pi->name : "");
	s->v = calloc(pm->classes.n + 1, sizeof(*s->v));
	if (!s->v)
		return -ENOMEM;
	*place = all->n++;
	s->config = sp;
	s->num = pi ? pi->num : -1;
	s->first_row = *place ? s[-1].first_row + s[-1].n : 0;
	/* class-default is what no other class matched, wherever it was entered (MPF-2) */
	for (int last = 0; last < 2; last++)
		for (size_t i = 0; i < pm->classes.n && !err; i++)
			if (is_default_class(&pm->classes.v[i]) == last)
				err = class_compile(c, s, pm->name, &pm->classes.v[i]);
	return err;
}

/* What no class of any policy map may be, attached or not. */
static int class_check(struct compile *c, const struct model_policy_map *pm,
		       const struct model_policy_class *pc)
{
	const struct model_class *mc = model_class_find(c->m, pc->class_name);
	int err = 0;

	if (!mc && !is_default_class(pc))
		return compile_fail(c, "policy-map %s: class-map %s does not exist", pm->name,
				    pc->class_name);
	if (mc && *mc->acl && names_acl(c, mc->acl) < 0)
		return compile_fail(c, "class-map %s: access-list %s does not exist", mc->name,
				    mc->acl);
	if (inspect_class_check(c, pm, pc, mc))
		return -EINVAL;
	if (has_other(pc, "priority") && (pc->police[0].rate || pc->police[1].rate))
		return compile_fail(c, "policy-map %s class %s: priority and police exclude each other for the same traffic",
				    pm->name, pc->class_name); /* MPF-9 */
	if (!pc->conn.bypass && *pc->conn.tcp_map && !model_tcp_map_find(c->m, pc->conn.tcp_map))
		return compile_fail(c, "policy-map %s class %s: tcp-map %s does not exist", pm->name,
				    pc->class_name, pc->conn.tcp_map);
	if (!pc->conn.bypass)
		return 0;
	if (mc && mc->management)
		return compile_fail(c, "policy-map %s class %s: tcp-state-bypass is not possible for a management class",
				    pm->name, pc->class_name);
	if (*pc->conn.tcp_map)
		return compile_fail(c, "policy-map %s class %s: tcp-state-bypass and TCP map %s exclude each other; bypassed connections are not normalized",
				    pm->name, pc->class_name, pc->conn.tcp_map);
	for (size_t i = 0; i < pc->inspects.n && !err; i++)
		err = compile_warn(c, "policy-map %s class %s: inspect %s is ignored, tcp-state-bypass of the same class wins",
				   pm->name, pc->class_name, pc->inspects.v[i]);
	return err;
}

int services_compile(struct compile *c)
{
	struct policy_services *all = calloc(1, sizeof(*all));
	int err = 0;

	c->p->services = all;
	if (!all)
		return -ENOMEM;
	all->global = -1;
	for (size_t i = 0; i < POLICY_IFS_MAX; i++)
		all->by_if[i] = -1;
	all->v = calloc(c->m->service_policies.n + 1, sizeof(*all->v));
	if (!all->v)
		return -ENOMEM;
	for (size_t i = 0; i < c->m->policy_maps.n; i++) {
		const struct model_policy_map *pm = &c->m->policy_maps.v[i];

		for (size_t j = 0; j < pm->classes.n && !err; j++)
			err = class_check(c, pm, &pm->classes.v[j]);
	}
	for (size_t i = 0; i < c->m->service_policies.n && !err; i++)
		err = service_compile(c, &c->m->service_policies.v[i]);
	return err ? err : bypass_nat_check(c);
}

void services_fini(struct policy *p)
{
	if (!p->services)
		return;
	for (size_t i = 0; i < p->services->n; i++) {
		for (size_t k = 0; k < p->services->v[i].n; k++)
			free(p->services->v[i].v[k].ip_options);
		free(p->services->v[i].v);
	}
	free(p->services->v);
	free(p->services);
}

/* ------------------------------------------------------------------ matching */

static bool other_matches(const struct service_class *sc, const struct cls_key *k, __u8 tos)
{
	if (sc->rtp_hi) /* RTP has the even ports, RTCP the odd ones (RFC 3550 section 11) */
		return k->proto == IPPROTO_UDP && k->dport >= sc->rtp_lo && k->dport <= sc->rtp_hi &&
		       !(k->dport & 1);
	return sc->dscps >> (tos >> 2) & 1;
}

static bool class_matches(const struct policy *p, const struct service_class *sc,
			  const struct cls_key *k, __u8 tos)
{
	if (!sc->match)
		return true;
	if (sc->match->management || *sc->match->tunnel_group || sc->match->flow)
		return false; /* there are no VPN tunnels */
	switch (sc->match->match) {
	case MODEL_MATCH_ANY:
		return true;
	case MODEL_MATCH_ACL:
		return sc->acl >= 0 && acl_permits(p, sc->acl, k);
	case MODEL_MATCH_PORT:
		return k->proto == sc->match->proto && k->dport >= sc->match->lo &&
		       k->dport <= sc->match->hi;
	case MODEL_MATCH_DEFAULT_INSPECTION:
		return inspect_default_matches(k) &&
		       (sc->acl < 0 || acl_permits(p, sc->acl, k));
	case MODEL_MATCH_OTHER:
		return other_matches(sc, k, tos);
	case MODEL_MATCH_NONE:
		break;
	}
	return false;
}

/* The default traffic of an inspection without ports of its own is all (MPF-10). */
static bool portless_match(const struct policy *p, const struct service_class *sc,
			  const struct cls_key *k, __u8 tos)
{
	if (sc->match && sc->match->match == MODEL_MATCH_DEFAULT_INSPECTION && !sc->match->management)
		return sc->acl < 0 || acl_permits(p, sc->acl, k);
	return class_matches(p, sc, k, tos);
}

/* The first class of a policy that has the feature and matches. => its row, -1 none. */
static int service_find(const struct policy *p, int index, enum feature f, const struct cls_key *k,
			__u8 tos, const struct model_policy_class **pc)
{
	const struct service *s;

	if (index < 0)
		return -1;
	s = &p->services->v[index];
	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i].has[f] || !(f >= FEATURE_OPTIONS ? portless_match : class_matches)(p, &s->v[i], k, tos))
			continue;
		*pc = s->v[i].config;
		return s->first_row + i;
	}
	return -1;
}

static int feature_find(const struct policy *p, const struct policy_if *in,
			const struct policy_if *out, enum feature f, const struct cls_key *k,
			__u8 tos, const struct model_policy_class **pc)
{
	const struct policy_services *all = p->services;
	int row = service_find(p, all->by_if[in->num], f, k, tos, pc);

	if (row < 0 && out && out->num != in->num)
		row = service_find(p, all->by_if[out->num], f, k, tos, pc);
	return row < 0 ? service_find(p, all->global, f, k, tos, pc) : row;
}

static const struct service_class *class_at(const struct policy *p, int row)
{
	const struct policy_services *all = p->services;
	size_t i = 0;

	while ((size_t)row >= all->v[i].first_row + all->v[i].n)
		i++;
	return &all->v[i].v[(size_t)row - all->v[i].first_row];
}

static const char *class_inspect(const struct service_class *sc, const struct policy_tuple *t,
				 size_t i, bool *combines)
{
	bool by_port = sc->match && sc->match->match == MODEL_MATCH_DEFAULT_INSPECTION;

	return inspect_choose(sc->config, by_port, t, i, combines);
}

/* Policing has one direction: it asks the interface of entry, or of exit, and the global policy. */
static __u16 police_at(const struct policy *p, const struct policy_if *at, int out,
		       const struct cls_key *k, __u8 tos)
{
	enum feature f = out ? FEATURE_POLICE_OUT : FEATURE_POLICE_IN;
	const struct model_policy_class *pc;
	int row = at ? service_find(p, p->services->by_if[at->num], f, k, tos, &pc) : -1;

	if (row < 0)
		row = service_find(p, p->services->global, f, k, tos, &pc);
	return row < 0 ? 0 : class_at(p, row)->police_row[out];
}

/* Each direction of the flow by itself: the answers enter where the questions leave (MPF-5, MPF-8). */
static void police_match(const struct policy *p, const struct policy_if *in,
			 const struct policy_if *out, const struct policy_tuple *t,
			 struct policy_service *s)
{
	struct policy_tuple back = *t;
	struct cls_key k;

	cls_key_from_tuple(&k, t);
	s->police[0][0] = police_at(p, in, 0, &k, t->tos);
	s->police[0][1] = police_at(p, out, 1, &k, t->tos);
	back.src = t->dst;
	back.dst = t->src;
	back.sport = t->dport;
	back.dport = t->sport;
	cls_key_from_tuple(&k, &back);
	s->police[1][0] = police_at(p, out, 0, &k, t->tos);
	s->police[1][1] = police_at(p, in, 1, &k, t->tos);
}

__u32 policy_police_burst(const struct model_police *c)
{
	__u64 burst = c->burst ? c->burst : (__u64)c->rate * 3 / 16; /* what 1.5 seconds fill */

	return burst < 1500 && !c->burst ? 1500 : (__u32)burst;
}

void policy_police_set(struct policy *p, size_t i, int out, __u16 row)
{
	for (size_t j = 0; j < p->services->n; j++) {
		struct service *s = &p->services->v[j];

		if (i >= s->first_row && i < s->first_row + s->n)
			s->v[i - s->first_row].police_row[out] = row;
	}
}

/* "ips {inline|promiscuous} {fail-open|fail-close} …", "csc {fail-open|fail-close}": IPS goes before CSC. */
static void module_match(const struct policy *p, const struct policy_if *in,
			 const struct policy_if *out, const struct cls_key *k, __u8 tos,
			 struct policy_service *s)
{
	const struct model_policy_class *pc;
	int row = feature_find(p, in, out, FEATURE_IPS, k, tos, &pc);

	if (row < 0) {
		row = feature_find(p, in, out, FEATURE_CSC, k, tos, &pc);
		s->module_csc = row >= 0;
	}
	s->module = row >= 0;
	for (size_t i = 0; row >= 0 && i < pc->others.n; i++) {
		const char *line = pc->others.v[i];

		if (strncmp(line, s->module_csc ? "csc " : "ips ", 4))
			continue;
		s->module_promiscuous = strstr(line, " promiscuous ") != NULL;
		s->module_fail_close = strstr(line, " fail-close") != NULL;
	}
}

static void conn_settings_copy(struct policy_service *s, const struct model_conn_settings *c)
{
	s->decrement_ttl = c->decrement_ttl;
	s->idle_reset = c->idle_reset;
	s->idle_s = c->idle_s;
	s->half_closed_s = c->half_closed_s;
	s->embryonic_s = c->embryonic_s;
	s->conn_max = c->conn_max;
	s->per_client_max = c->per_client_max;
	s->embryonic_max = c->embryonic_max;
	s->per_client_embryonic_max = c->per_client_embryonic_max;
	s->random_seq = c->random_seq;
}

void policy_service_match(const struct policy *p, const struct policy_if *in,
			  const struct policy_if *out, const struct policy_tuple *t,
			  struct policy_service *s)
{
	const struct model_policy_class *pc;
	struct cls_key k;
	int row;

	*s = (struct policy_service){
		.class_row = -1,
		.bypass_row = -1,
		.idle_s = -1,
		.half_closed_s = -1,
		.embryonic_s = -1,
		.conn_max = -1,
		.per_client_max = -1,
		.embryonic_max = -1,
		.per_client_embryonic_max = -1,
		.random_seq = -1,
		.inspect = -1,
	};
	if (!p->services->n)
		return;
	cls_key_from_tuple(&k, t);
	s->class_row = feature_find(p, in, out, FEATURE_CONN, &k, t->tos, &pc);
	if (s->class_row >= 0)
		conn_settings_copy(s, &pc->conn);
	if (t->proto == IPPROTO_TCP) {
		row = feature_find(p, in, out, FEATURE_BYPASS, &k, t->tos, &pc);
		s->bypass = row >= 0;
		s->bypass_row = row;
		if (s->class_row < 0)
			s->class_row = row;
		/* what is bypassed is not normalized, whichever class said so (BYP-5) */
		row = s->bypass ? -1 : feature_find(p, in, out, FEATURE_TCP_MAP, &k, t->tos, &pc);
		if (row >= 0)
			s->tcp_map = &class_at(p, row)->tcp_map->map;
		s->invalid_ack = !s->bypass && p->services->waas &&
				 feature_find(p, in, out, FEATURE_WAAS, &k, t->tos, &pc) >= 0;
	}
	if (p->services->polices)
		police_match(p, in, out, t, s);
	if (p->services->modules && !s->bypass)
		module_match(p, in, out, &k, t->tos, s);
	if (t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6) {
		s->inspect_icmp = feature_find(p, in, out, FEATURE_ICMP, &k, t->tos, &pc) >= 0;
		s->inspect_icmp_error = feature_find(p, in, out, FEATURE_ICMP_ERROR, &k, t->tos, &pc) >= 0;
	}
}

bool policy_has_ip_options(const struct policy *p)
{
	return p->services->options;
}

int policy_ip_options_row(const struct policy *p, const struct policy_if *in,
			  const struct policy_if *out, const struct policy_tuple *t)
{
	const struct model_policy_class *pc;
	struct cls_key k;

	cls_key_from_tuple(&k, t);
	return feature_find(p, in, out, FEATURE_OPTIONS, &k, t->tos, &pc);
}

/* Adds what the classes of one policy mean for t to what is known already. */
static void inspections_add(const struct policy *p, int index, const struct policy_tuple *t,
			    const struct cls_key *k, struct policy_inspections *r)
{
	const struct service *s = index < 0 ? NULL : &p->services->v[index];
	const char *words;
	bool combines;

	for (size_t i = 0; s && i < s->n; i++) {
		const struct service_class *sc = &s->v[i];

		if (!sc->config->inspects.n || !class_matches(p, sc, k, t->tos))
			continue;
		for (size_t n = 0; (words = class_inspect(sc, t, n, &combines)); n++) {
			bool known = false;

			for (size_t j = 0; j < r->n_combined; j++)
				known |= !strncmp(r->combined[j], words, strcspn(words, " "));
			if (combines && !known && r->n_combined < POLICY_COMBINED_MAX)
				r->combined[r->n_combined++] = words;
			if (!combines && !r->exclusive) {
				r->exclusive = words;
				r->exclusive_row = (int)(s->first_row + i);
			}
		}
	}
}

void policy_inspect_match(const struct policy *p, const struct policy_if *in,
			  const struct policy_if *out, const struct policy_tuple *t,
			  struct policy_inspections *r)
{
	const struct policy_services *all = p->services;
	struct cls_key k;

	*r = (struct policy_inspections){ .exclusive_row = -1 };
	cls_key_from_tuple(&k, t);
	inspections_add(p, all->by_if[in->num], t, &k, r);
	if (out && out->num != in->num)
		inspections_add(p, all->by_if[out->num], t, &k, r);
	inspections_add(p, all->global, t, &k, r);
}

const char *policy_class_inspect(const struct policy *p, size_t row, const struct policy_tuple *t,
				 size_t i, bool *combines)
{
	return class_inspect(class_at(p, (int)row), t, i, combines);
}

bool policy_class_row(const struct policy *p, size_t i, struct policy_class_row *r)
{
	const struct policy_services *all = p->services;

	for (size_t j = 0; j < all->n; j++) {
		const struct service *s = &all->v[j];
		const struct service_class *sc;

		if (i >= s->first_row + s->n)
			continue;
		sc = &s->v[i - s->first_row];
		*r = (struct policy_class_row){
			.policy_map = s->config->policy_map,
			.class_name = sc->config->class_name,
			.global = s->num < 0,
			.ifname = s->num < 0 ? NULL : s->config->ifname,
			.config = sc->config,
			.packets = &sc->counter->value[COUNTER_CLASS_PACKETS],
			.drops = &sc->counter->value[COUNTER_CLASS_DROPS],
			.conns = &sc->counter->value[COUNTER_CLASS_CONNS],
			.embryonic = &sc->counter->value[COUNTER_CLASS_EMBRYONIC],
			.police_row = { sc->police_row[0], sc->police_row[1] },
			.client_drops = &sc->counter->value[COUNTER_CLASS_CLIENT_DROPS],
			.dcd_client = &sc->counter->value[COUNTER_CLASS_DCD_CLIENT],
			.dcd_server = &sc->counter->value[COUNTER_CLASS_DCD_SERVER],
			.dcd_expired = &sc->counter->value[COUNTER_CLASS_DCD_EXPIRED],
			.ip_options = sc->ip_options,
			.option_packets = &sc->counter->value[COUNTER_CLASS_OPTION_PACKETS],
			.option_drops = &sc->counter->value[COUNTER_CLASS_OPTION_DROPS],
		};
		return true;
	}
	return false;
}

bool policy_class_matches(const struct policy *p, size_t i, const struct policy_tuple *t)
{
	const struct policy_services *all = p->services;
	struct cls_key k;

	cls_key_from_tuple(&k, t);
	for (size_t j = 0; j < all->n; j++) {
		const struct service *s = &all->v[j];

		if (i >= s->first_row && i < s->first_row + s->n)
			return class_matches(p, &s->v[i - s->first_row], &k, t->tos);
	}
	return false;
}
