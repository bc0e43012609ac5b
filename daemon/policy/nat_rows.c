// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows of "show nat" and of the static part of "show xlate".
 *
 * Responsible for: texts and counters of translation rules. Not responsible for: printing, and
 * dynamic translations in use (session/xlate).
 *
 * Callers: nat.c while compiling (texts), control/show. Threads: any.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/nat_impl.h"

/* Append to a text that grows. => 0, -1 without memory (the text is gone then). */
static __attribute__((format(printf, 2, 3))) int add(char **text, const char *fmt, ...)
{
	char *more, *joined;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&more, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	n = asprintf(&joined, "%s%s", *text ? *text : "", more);
	free(more);
	if (n < 0)
		return -1;
	free(*text);
	*text = joined;
	return 0;
}

static void addr_name(const struct model_addr *a, char buf[2 * INET6_ADDRSTRLEN + 8])
{
	char lo[INET6_ADDRSTRLEN], hi[INET6_ADDRSTRLEN];
	size_t size = 2 * INET6_ADDRSTRLEN + 8;
	bool v4 = asa_addr_is_v4(&a->addr);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (void *)&a->addr.w[3] : (void *)&a->addr, lo,
		  sizeof(lo));
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (void *)&a->addr_end.w[3] : (void *)&a->addr_end,
		  hi, sizeof(hi));
	switch (a->kind) {
	case MODEL_ADDR_ANY:
		snprintf(buf, size, "any");
		break;
	case MODEL_ADDR_ANY4:
		snprintf(buf, size, "any4");
		break;
	case MODEL_ADDR_ANY6:
		snprintf(buf, size, "any6");
		break;
	case MODEL_ADDR_HOST:
		snprintf(buf, size, "%s", lo);
		break;
	case MODEL_ADDR_SUBNET:
		snprintf(buf, size, "%s/%u", lo, a->plen);
		break;
	case MODEL_ADDR_RANGE:
		snprintf(buf, size, "%s-%s", lo, hi);
		break;
	case MODEL_ADDR_INTERFACE:
		snprintf(buf, size, "interface");
		break;
	default:
		snprintf(buf, size, "%s", a->name);
		break;
	}
}

static int add_mapped(char **text, const struct model_nat *n, const char *real)
{
	char name[2 * INET6_ADDRSTRLEN + 8];
	bool named = n->mapped.kind != MODEL_ADDR_ANY && n->mapped.kind != MODEL_ADDR_INTERFACE;

	addr_name(&n->mapped, name);
	if (n->form == MODEL_NAT_PIX_NAT)
		return add(text, " pool %u", n->nat_id);
	if (n->form == MODEL_NAT_PIX_NAT0)
		return add(text, " %s", real);
	if (n->has_first) {
		char first[2 * INET6_ADDRSTRLEN + 8];

		addr_name(&n->first, first);
		if (add(text, " %s", first))
			return -1;
	}
	if (named && n->pat && n->mapped.kind != MODEL_ADDR_HOST)
		return add(text, " pat-pool %s%s%s%s%s%s", name, n->flat ? " flat" : "",
			   n->include_reserve ? " include-reserve" : "",
			   n->extended ? " extended" : "",
			   n->block_allocation ? " block-allocation" : "",
			   n->mapped_interface ? " interface" : "");
	if (named || (n->mapped.kind == MODEL_ADDR_ANY && !n->mapped_interface))
		return add(text, " %s%s", name, n->mapped_interface ? " interface" : "");
	return add(text, " interface");
}

char *nat_rule_text(const struct model_nat *n)
{
	char name[2 * INET6_ADDRSTRLEN + 8];
	bool dynamic = n->dynamic || n->form == MODEL_NAT_PIX_NAT;
	char *text = NULL;
	int bad;

	addr_name(&n->real, name);
	if (*n->acl)
		snprintf(name, sizeof(name), "access-list %s", n->acl);
	bad = add(&text, "source %s %s", dynamic ? "dynamic" : "static",
		  n->form == MODEL_NAT_OBJECT ? n->object : name);
	bad |= add_mapped(&text, n, name);
	if (n->has_service)
		bad |= add(&text, " service %s %u %u",
			   n->proto == IPPROTO_TCP ? "tcp" : n->proto == IPPROTO_UDP ? "udp" : "sctp",
			   n->real_port, n->mapped_port);
	if (n->has_dst) {
		addr_name(&n->dst_mapped, name);
		bad |= add(&text, " destination static %s", name);
		addr_name(&n->dst_real, name);
		bad |= add(&text, " %s", name);
	}
	if (*n->svc_real)
		bad |= add(&text, " service %s %s", n->svc_real,
			   *n->svc_mapped ? n->svc_mapped : n->svc_real);
	if (n->dns)
		bad |= add(&text, " dns");
	if (n->unidirectional)
		bad |= add(&text, " unidirectional");
	if (n->no_proxy_arp)
		bad |= add(&text, " no-proxy-arp");
	if (n->route_lookup)
		bad |= add(&text, " route-lookup");
	if (n->inactive)
		bad |= add(&text, " inactive");
	if (bad) {
		free(text);
		return NULL;
	}
	return text;
}

static const char *if_name(const struct policy *p, __u16 num)
{
	return num == POLICY_NUM_NONE ? "any" : p->ifs.v[num].name;
}

bool policy_nat_row(const struct policy *p, size_t i, struct policy_nat_row *r)
{
	const struct nat_rule *rule;

	if (i >= p->nats->n)
		return false;
	rule = &p->nats->v[i];
	*r = (struct policy_nat_row){
		.section = rule->section,
		.index = rule->index,
		.real_if = if_name(p, rule->real_if),
		.mapped_if = if_name(p, rule->mapped_if),
		.is_static = rule->is_static,
		.inactive = rule->inactive,
		.text = rule->text,
		.config = rule->config->text,
		.translate_hits = counter_read(rule->counter, COUNTER_NAT_TRANSLATE),
		.untranslate_hits = counter_read(rule->counter, COUNTER_NAT_UNTRANSLATE),
	};
	return true;
}

/* ------------------------------------------------------------------ show nat detail */

/* Append a range to a list of them; one that does not fit any more is "...". */
static void put_range(char *buf, size_t size, addr_num lo, addr_num hi)
{
	struct addr_range r = { lo, hi };
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN], text[2 * INET6_ADDRSTRLEN + 8];
	bool v4 = addr_num_is_v4(lo);
	size_t n = strlen(buf);
	struct asa_addr x;

	addr_from_num(lo, &x);
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (void *)&x.w[3] : (void *)&x, a, sizeof(a));
	addr_from_num(hi, &x);
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (void *)&x.w[3] : (void *)&x, b, sizeof(b));
	if (lo == 0 && hi == ADDR_NUM_MAX)
		snprintf(text, sizeof(text), "any");
	else if (lo == ADDR_V4_FIRST && hi == ADDR_V4_LAST)
		snprintf(text, sizeof(text), "0.0.0.0/0");
	else if (addr_range_is_prefix(r))
		snprintf(text, sizeof(text), "%s/%u", a, addr_range_prefix(r) - (v4 ? 96 : 0));
	else
		snprintf(text, sizeof(text), "%s-%s", a, b);
	if (n + strlen(text) + 6 >= size)
		snprintf(buf + n, size - n, "%s", n >= 3 && !strcmp(buf + n - 3, "...") ? "" : " ...");
	else
		snprintf(buf + n, size - n, "%s%s", n ? ", " : "", text);
}

static void put_pairs(const struct nat_pairs *v, bool mapped, char *buf, size_t size)
{
	for (size_t i = 0; i < v->n; i++) {
		if (mapped)
			put_range(buf, size, v->v[i].mapped_lo, v->v[i].mapped_hi);
		else if (!i || v->v[i].real.lo != v->v[i - 1].real.lo)
			put_range(buf, size, v->v[i].real.lo, v->v[i].real.hi);
	}
}

static void put_service(const struct nat_service *s, char *buf, size_t size)
{
	const char *proto = s->proto == IPPROTO_TCP ? "tcp" : s->proto == IPPROTO_UDP ? "udp" : "sctp";

	if (s->maps_src)
		snprintf(buf, size, "Protocol: %s Real: %u Mapped: %u", proto, s->src_real_lo,
			 s->src_mapped_lo);
	else if (s->maps_dst)
		snprintf(buf, size, "Protocol: %s Real: %u Mapped: %u", proto, s->dst_real_lo,
			 s->dst_mapped_lo);
}

bool policy_nat_detail(const struct policy *p, size_t i, struct policy_nat_detail *d)
{
	const struct nat_rule *r;

	memset(d, 0, sizeof(*d));
	if (i >= p->nats->n)
		return false;
	r = &p->nats->v[i];
	for (size_t k = 0; k < r->real.n; k++)
		put_range(d->origin, sizeof(d->origin), r->real.v[k].r.lo, r->real.v[k].r.hi);
	put_pairs(&r->pairs, true, d->translated, sizeof(d->translated));
	for (size_t k = 0; k < r->pool.n; k++)
		put_range(d->translated, sizeof(d->translated), addr_to_num(&r->pool.v[k].first),
			  addr_to_num(&r->pool.v[k].last));
	if (r->to_interface && !r->no_address && !r->is_static)
		put_range(d->translated, sizeof(d->translated), addr_to_num(&r->interface_addr),
			  addr_to_num(&r->interface_addr));
	/* of the destination the mapped side is what packets come with */
	put_pairs(&r->dst, true, d->dst_origin, sizeof(d->dst_origin));
	put_pairs(&r->dst, false, d->dst_translated, sizeof(d->dst_translated));
	put_service(&r->service, d->service, sizeof(d->service));
	return true;
}

void policy_nat_clear_counters(const struct policy *p)
{
	for (size_t i = 0; i < p->nats->n; i++)
		for (int n = 0; n < COUNTER_NAT_N; n++)
			__atomic_store_n(&p->nats->v[i].counter->value[n], 0, __ATOMIC_RELAXED);
}

const char *nats_config_text(const struct policy *p, int rule)
{
	return p->nats->v[rule].config->text;
}

bool policy_pool_of(const struct policy *p, const struct asa_addr *a, const char **mapped_if,
		    const char **name)
{
	addr_num n = addr_to_num(a);

	for (size_t i = 0; i < p->nats->n; i++) {
		const struct nat_rule *r = &p->nats->v[i];
		bool has = false;

		if (r->is_static)
			continue;
		for (size_t k = 0; k < r->pool.n && !has; k++)
			has = n >= addr_to_num(&r->pool.v[k].first) && n <= addr_to_num(&r->pool.v[k].last);
		*name = has ? r->config->mapped.name : "";
		if (!has)
			has = r->to_interface && !r->no_address && asa_addr_equal(&r->interface_addr, a);
		*mapped_if = if_name(p, r->mapped_if);
		if (has)
			return true;
	}
	return false;
}

bool policy_static_xlate(const struct policy *p, size_t i, struct policy_static_xlate *x)
{
	const struct nat_static_row *row;
	const struct nat_rule *r;

	if (i >= p->nats->statics.n)
		return false;
	row = &p->nats->statics.v[i];
	r = &p->nats->v[row->rule];
	*x = (struct policy_static_xlate){
		.real_if = if_name(p, r->real_if),
		.mapped_if = if_name(p, r->mapped_if),
		.plen = addr_range_prefix(row->real),
		.proto = r->service.maps_src ? r->service.proto : 0,
		.real_port = r->service.maps_src ? r->service.src_real_lo : 0,
		.mapped_port = r->service.maps_src ? r->service.src_mapped_lo : 0,
		.identity = r->identity,
		.dns = r->config->dns,
		.twice = r->config->form == MODEL_NAT_TWICE ||
			 r->config->form == MODEL_NAT_TWICE_AFTER,
	};
	addr_from_num(row->real.lo, &x->real);
	addr_from_num(row->mapped_lo, &x->mapped);
	return true;
}
