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
	if (named && n->pat && n->mapped.kind != MODEL_ADDR_HOST)
		return add(text, " pat-pool %s%s", name, n->mapped_interface ? " interface" : "");
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
		.twice = r->config->form == MODEL_NAT_TWICE ||
			 r->config->form == MODEL_NAT_TWICE_AFTER,
	};
	addr_from_num(row->real.lo, &x->real);
	addr_from_num(row->mapped_lo, &x->mapped);
	return true;
}
