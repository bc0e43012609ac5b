// SPDX-License-Identifier: GPL-2.0-only
/*
 * show xlate, clear xlate, show nat pool.
 *
 * Responsible for: static translations of the policy and dynamic ones in use, in one list.
 * Not responsible for: rules and their hits (show nat in show_policy.c).
 *
 * Callers: config/ through the table at the end. Threads: main thread; asa->lock per piece.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "control/commands.h"
#include "policy/policy.h"
#include "session/xlate.h"

#define ROWS_PER_LOCK 1024
#define LOCKS_PER_STEP 64

/* What "local", "global", "lport", "gport" and "interface" ask for; zeroed: everything. */
struct xlate_filter {
	bool local, global;
	struct asa_addr local_lo, local_hi, global_lo, global_hi;
	__u16 lport_lo, lport_hi, gport_lo, gport_hi; /* hi 0: any */
	char ifname[MODEL_NAME_MAX];
};

struct xlate_list {
	struct asa *a;
	struct xlate_filter filter;
	size_t i_static;
	__u32 ref;
	bool statics_done;
	/* clear xlate */
	__u32 pos, closed, n_slots;
	__u32 slots[ROWS_PER_LOCK];
};

/* ------------------------------------------------------------------ filters */

static bool addr_fits(const struct asa_addr *a, __u8 plen, const struct asa_addr *lo,
		      const struct asa_addr *hi)
{
	struct asa_addr last = *a;

	for (int bit = plen; bit < 128; bit++) /* a network: any of its addresses */
		last.b[bit / 8] |= (__u8)(0x80 >> bit % 8);
	return memcmp(&last, lo, sizeof(last)) >= 0 && memcmp(a, hi, sizeof(*a)) <= 0;
}

static bool port_fits(__u16 port, __u16 lo, __u16 hi)
{
	return !hi || (port >= lo && port <= hi);
}

static bool static_fits(const struct xlate_filter *f, const struct policy_static_xlate *x)
{
	return (!f->local || addr_fits(&x->real, x->plen, &f->local_lo, &f->local_hi)) &&
	       (!f->global || addr_fits(&x->mapped, x->plen, &f->global_lo, &f->global_hi)) &&
	       port_fits(x->real_port, f->lport_lo, f->lport_hi) &&
	       port_fits(x->mapped_port, f->gport_lo, f->gport_hi) &&
	       (!*f->ifname || !strcmp(f->ifname, x->real_if) || !strcmp(f->ifname, x->mapped_if));
}

static bool dynamic_fits(void *arg, const struct xlate *x)
{
	const struct xlate_filter *f = arg;

	return (!f->local || addr_fits(&x->real, 128, &f->local_lo, &f->local_hi)) &&
	       (!f->global || addr_fits(&x->mapped, 128, &f->global_lo, &f->global_hi)) &&
	       port_fits(asa_ntohs(x->real_port), f->lport_lo, f->lport_hi) &&
	       port_fits(asa_ntohs(x->mapped_port), f->gport_lo, f->gport_hi) &&
	       (!*f->ifname || !strcmp(f->ifname, x->real_if_name) ||
		!strcmp(f->ifname, x->mapped_if_name));
}

/* "A" or "A-B", with "netmask M" all of the network. */
static int read_addrs(struct cmd_args *args, const char *word, const char *mask, struct asa_addr *lo,
		      struct asa_addr *hi)
{
	const char *dash = strchr(word, '-');
	char first[VALUE_TEXT_MAX];
	__u8 plen = 128;
	bool v6, v6_hi;

	snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - word) : (int)strlen(word), word);
	if (value_addr(first, lo, &v6))
		return cmd_error(args, "%s is not an address or a range A-B", word);
	*hi = *lo;
	if (dash && (value_addr(dash + 1, hi, &v6_hi) || v6_hi != v6))
		return cmd_error(args, "%s is not an address or a range A-B", word);
	if (mask && (dash || v6 || value_mask(mask, &plen)))
		return cmd_error(args, "%s is not a netmask of %s", mask, word);
	for (int bit = mask ? 96 + plen : 128; bit < 128; bit++) {
		lo->b[bit / 8] &= (__u8)~(0x80 >> bit % 8);
		hi->b[bit / 8] |= (__u8)(0x80 >> bit % 8);
	}
	return 0;
}

static int read_ports(struct cmd_args *args, const char *word, __u16 *lo, __u16 *hi)
{
	const char *dash = strchr(word, '-');
	char first[8] = "";

	if (!value_port(word, 0, lo)) {
		*hi = *lo;
	} else {
		snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - word) : 0, word);
		if (!dash || value_port(first, 0, lo) || value_port(dash + 1, 0, hi) || *lo > *hi)
			return cmd_error(args, "%s is not a port or a range LOW-HIGH", word);
	}
	return *hi ? 0 : cmd_error(args, "port 0 is nobody's");
}

static int read_filter(struct cmd_args *args, struct xlate_filter *f)
{
	const char *local = cmd_get(args, "LOCAL"), *global = cmd_get(args, "GLOBAL");
	const char *lport = cmd_get(args, "LPORT"), *gport = cmd_get(args, "GPORT");

	memset(f, 0, sizeof(*f));
	f->local = local;
	f->global = global;
	if (cmd_get(args, "INTERFACE"))
		snprintf(f->ifname, sizeof(f->ifname), "%s", cmd_get(args, "INTERFACE"));
	if ((local && read_addrs(args, local, cmd_get(args, "LMASK"), &f->local_lo, &f->local_hi)) ||
	    (global && read_addrs(args, global, cmd_get(args, "GMASK"), &f->global_lo, &f->global_hi)) ||
	    (lport && read_ports(args, lport, &f->lport_lo, &f->lport_hi)) ||
	    (gport && read_ports(args, gport, &f->gport_lo, &f->gport_hi)))
		return -EINVAL;
	return 0;
}

/* ------------------------------------------------------------------ show xlate */

static __u32 static_count(const struct policy *p)
{
	struct policy_static_xlate x;
	__u32 n = 0;

	while (policy_static_xlate(p, n, &x))
		n++;
	return n;
}

/* "10.1.1.1", "10.1.1.0/24", "10.1.1.1/80". */
static const char *place_text(const struct asa_addr *a, __u8 plen, bool has_port, __u16 port,
			      char *buf, size_t size)
{
	char addr[64];
	int base = asa_addr_is_v4(a) ? 96 : 0;

	output_format_addr(a, addr, sizeof(addr));
	if (has_port)
		snprintf(buf, size, "%s/%u", addr, port);
	else if (plen < 128)
		snprintf(buf, size, "%s/%u", addr, plen > base ? plen - base : 0);
	else
		snprintf(buf, size, "%s", addr);
	return buf;
}

struct xlate_row {
	const char *proto; /* "TCP PAT", "NAT" */
	const char *real_if, *mapped_if;
	char real[96], mapped[96];
	const char *flags;
	__u32 idle_s, timeout_s, users;
	bool is_static;
};

static void xlate_print(struct output *o, const struct xlate_row *r, bool one_line)
{
	char idle[32], timeout[32];

	output_text(o, "%s from %s:%s to %s:%s%sflags %s idle %s timeout %s\n", r->proto,
		    r->real_if, r->real, r->mapped_if, r->mapped, one_line ? " " : "\n    ",
		    r->flags, output_format_time(r->idle_s, idle, sizeof(idle)),
		    output_format_time(r->timeout_s, timeout, sizeof(timeout)));
	output_object_begin(o, NULL);
	output_str(o, "type", r->proto);
	output_str(o, "real_interface", r->real_if);
	output_str(o, "real", r->real);
	output_str(o, "mapped_interface", r->mapped_if);
	output_str(o, "mapped", r->mapped);
	output_str(o, "flags", r->flags);
	output_u64(o, "idle", r->idle_s);
	output_u64(o, "timeout", r->timeout_s);
	output_u64(o, "connections", r->users);
	output_bool(o, "static", r->is_static);
	output_object_end(o);
}

static void static_print(struct output *o, const struct policy_static_xlate *x)
{
	struct xlate_row r = {.real_if = x->real_if, .mapped_if = x->mapped_if, .is_static = true};
	char flags[8], proto[16], kind[24] = "NAT";

	if (x->proto)
		snprintf(kind, sizeof(kind), "%s PAT",
			 commands_proto(x->proto, true, proto, sizeof(proto)));
	r.proto = kind;
	snprintf(flags, sizeof(flags), "%ss%s%s%s%s", x->dns ? "D" : "", x->proto ? "r" : "",
		 x->identity ? "I" : "", x->twice ? "T" : "", x->plen < 128 && !x->proto && !x->identity ? "N" : "");
	r.flags = flags;
	place_text(&x->real, x->plen, x->proto, x->real_port, r.real, sizeof(r.real));
	place_text(&x->mapped, x->plen, x->proto, x->mapped_port, r.mapped, sizeof(r.mapped));
	xlate_print(o, &r, false);
}

static void dynamic_print(struct output *o, const struct xlate *x, __u32 now,
			  const struct model_timeouts *t)
{
	struct xlate_row r = {
		.real_if = x->real_if_name, .mapped_if = x->mapped_if_name, .users = x->users};
	char proto[16], kind[24] = "NAT";

	if (x->pat)
		snprintf(kind, sizeof(kind), "%s PAT",
			 commands_proto(x->proto, true, proto, sizeof(proto)));
	r.proto = kind;
	r.flags = x->extended ? "rie" : x->pat ? "ri" : "i";
	r.idle_s = x->users ? 0 : (__u32)(asa_ms_from_ticks(now - x->last_used) / 1000);
	r.timeout_s = (__u32)(x->pat ? t->pat_xlate : t->xlate);
	place_text(&x->real, 128, x->pat, asa_ntohs(x->real_port), r.real, sizeof(r.real));
	place_text(&x->mapped, 128, x->pat, asa_ntohs(x->mapped_port), r.mapped, sizeof(r.mapped));
	xlate_print(o, &r, x->pat);
}

/* A piece of the dynamic ones. => false at the end. */
static bool dynamic_piece(struct output *o, struct xlate_list *l)
{
	const struct model_timeouts *t = &policy_model(l->a->policy)->timeouts;
	const struct xlate *x = NULL;
	__u32 now = commands_now();

	pthread_mutex_lock(&l->a->lock);
	for (int i = 0; i < ROWS_PER_LOCK && (x = xlate_next(l->a->xlates, &l->ref)); i++)
		if (dynamic_fits(&l->filter, x))
			dynamic_print(o, x, now, t);
	pthread_mutex_unlock(&l->a->lock);
	return x != NULL;
}

static bool show_xlate_step(struct output *o, void *state)
{
	struct xlate_list *l = state;
	struct policy_static_xlate x;
	size_t len = 0;
	bool more = true;

	while (!l->statics_done && len < OUTPUT_CHUNK) {
		if (!policy_static_xlate(l->a->policy, l->i_static, &x))
			l->statics_done = true;
		else if (static_fits(&l->filter, &x))
			static_print(o, &x);
		l->i_static++;
		output_data(o, &len);
	}
	while (more && len < OUTPUT_CHUNK) {
		more = dynamic_piece(o, l);
		output_data(o, &len);
	}
	if (!more)
		output_list_end(o);
	return more;
}

static int show_xlate(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct xlate_list *l;
	__u32 used, most, statics = static_count(a->policy);
	struct xlate_filter filter;

	if (read_filter(args, &filter))
		return -EINVAL;
	pthread_mutex_lock(&a->lock);
	used = xlate_count(a->xlates) + statics;
	most = xlate_most_used(a->xlates) + statics;
	pthread_mutex_unlock(&a->lock);
	output_text(out, "%u in use, %u most used\n", used, most);
	output_u64(out, "in_use", used);
	output_u64(out, "most_used", most);
	if (cmd_has(args, "count"))
		return 0;
	l = calloc(1, sizeof(*l));
	if (!l)
		return cmd_error(args, "out of memory");
	l->a = a;
	l->filter = filter;
	output_text(out, "Flags: D - DNS, e - extended, I - identity, i - dynamic, r - portmap,\n"
			 "       s - static, T - twice, N - net-to-net\n");
	output_list_begin(out, "xlates");
	output_defer(out, show_xlate_step, l, free);
	return 0;
}

/* ------------------------------------------------------------------ show nat pool */

static int ports_order(const void *a, const void *b)
{
	const struct xlate_ports_used *x = a, *y = b;
	int diff = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	return diff ? diff : x->proto - y->proto;
}

static void pool_print(struct output *o, const struct policy *p, const struct xlate_ports_used *r)
{
	static const char *const ranges[] = {"1-511", "512-1023", "1024-65535"};
	const char *ifname = "unused", *name = "", *proto;
	char buf[16], addr[64];

	if (!policy_pool_of(p, &r->addr, &ifname, &name)) {
		ifname = "unused"; /* of a rule that is gone */
		name = "";
	}
	proto = commands_proto(r->proto, true, buf, sizeof(buf));
	output_format_addr(&r->addr, addr, sizeof(addr));
	for (int i = 0; i < 3; i++) {
		output_text(o, "%s PAT pool %s%s%s, address %s, range %s, allocated %u\n", proto, ifname,
			    *name ? ":" : "", name, addr, ranges[i], r->used[i]);
		output_object_begin(o, NULL);
		output_str(o, "protocol", proto);
		output_str(o, "interface", ifname);
		output_str(o, "pool", name);
		output_str(o, "address", addr);
		output_str(o, "range", ranges[i]);
		output_u64(o, "allocated", r->used[i]);
		output_object_end(o);
	}
}

struct pool_rows {
	MODEL_VEC(struct xlate_ports_used) rows;
	bool full; /* no memory for all of them */
};

static void pool_keep(void *arg, const struct xlate_ports_used *r)
{
	struct pool_rows *p = arg;
	struct xlate_ports_used *row = MODEL_PUSH(&p->rows);

	if (row)
		*row = *r;
	else
		p->full = true;
}

static int show_nat_pool(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct pool_rows p = {0};

	pthread_mutex_lock(&a->lock);
	xlate_ports_each(a->xlates, pool_keep, &p);
	pthread_mutex_unlock(&a->lock);
	if (p.full) {
		free(p.rows.v);
		return cmd_error(args, "out of memory");
	}
	if (p.rows.n)
		qsort(p.rows.v, p.rows.n, sizeof(*p.rows.v), ports_order);
	output_list_begin(out, "pools");
	for (size_t i = 0; i < p.rows.n; i++)
		pool_print(out, a->policy, &p.rows.v[i]);
	output_list_end(out);
	free(p.rows.v);
	return 0;
}

/* ------------------------------------------------------------------ clear xlate */

static bool clear_xlate_row(void *arg, const struct session_view *v)
{
	struct xlate_list *l = arg;
	const struct xlate *x = v->nat_ref ? xlate_get(l->a->xlates, v->nat_ref) : NULL;

	if (x && dynamic_fits(&l->filter, x))
		l->slots[l->n_slots++] = v->slot;
	return true;
}

/* Connections first: only then the translations that they hold are free. */
static bool clear_xlate_step(struct output *o, void *state)
{
	static const struct session_filter all;
	struct xlate_list *l = state;
	struct asa *a = l->a;
	bool more = true;
	__u32 now = commands_now(), before;

	for (int i = 0; i < LOCKS_PER_STEP && more; i++) {
		pthread_mutex_lock(&a->lock);
		l->n_slots = 0;
		more = session_walk(a->sessions, &l->pos, ROWS_PER_LOCK, now, &all, clear_xlate_row,
				    l);
		for (__u32 k = 0; k < l->n_slots; k++)
			session_close(a->sessions, l->slots[k], SESSION_CLOSE_CLEARED, now);
		l->closed += l->n_slots;
		pthread_mutex_unlock(&a->lock);
	}
	if (more)
		return true;
	pthread_mutex_lock(&a->lock);
	before = xlate_count(a->xlates);
	sessions_clear_xlates_if(a->sessions, dynamic_fits, &l->filter, now);
	before -= xlate_count(a->xlates);
	pthread_mutex_unlock(&a->lock);
	output_text(o, "%u xlate(s) deleted.\n", before);
	output_u64(o, "deleted", before);
	output_u64(o, "connections_closed", l->closed);
	return false;
}

static int clear_xlate(void *ctx, struct cmd_args *args, void *out)
{
	struct xlate_list *l = calloc(1, sizeof(*l));

	if (!l)
		return cmd_error(args, "out of memory");
	if (read_filter(args, &l->filter)) {
		free(l);
		return -EINVAL;
	}
	l->a = ctx;
	output_defer(out, clear_xlate_step, l, free);
	return 0;
}

#define FILTERS                                                                                    \
	"[ { local <LOCAL:word> [ netmask <LMASK:mask> ] | global <GLOBAL:word> [ netmask "        \
	"<GMASK:mask> ] | lport <LPORT:word> | gport <GPORT:word> | interface <INTERFACE:name> }+ ]"

COMMANDS_DEFINE(xlate,
		{CONFIG_IN_EXEC, "show xlate " FILTERS, NULL, "Translations in use", show_xlate},
		{CONFIG_IN_EXEC, "show xlate count", NULL, "Translations in use", show_xlate},
		{CONFIG_IN_EXEC, "show nat pool", NULL, "Ports of PAT addresses in use", show_nat_pool},
		{CONFIG_IN_PRIV, "clear xlate " FILTERS, NULL,
		 "Remove dynamic translations and their connections", clear_xlate}, );
