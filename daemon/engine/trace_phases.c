// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a walk to phases: see trace_phases.h. Types, subtypes and remarks are ASA's where it has
 * them; a stage without an answer of its own makes no phase.
 *
 * The order is that of the stages, but for two answers that count later than they are found: that
 * there is no route is told behind the access list, and what the classes ask for behind it, too.
 *
 * Threads: asa->lock held.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/packet_tracer.h"
#include "engine/trace_phases.h"

#define ADDR_TEXT INET6_ADDRSTRLEN

static const char *addr_text(const struct asa_addr *a, char *buf)
{
	if (asa_addr_is_v4(a))
		inet_ntop(AF_INET, &a->w[3], buf, ADDR_TEXT);
	else
		inet_ntop(AF_INET6, a->b, buf, ADDR_TEXT);
	return buf;
}

static void add_text(char *buf, size_t size, const char *fmt, va_list ap)
{
	size_t n = strlen(buf);

	vsnprintf(buf + n, size - n, fmt, ap);
}

__attribute__((format(printf, 2, 3))) static void config(struct tracer_phase *ph, const char *fmt,
							 ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_text(ph->config, sizeof(ph->config), fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3))) static void info(struct tracer_phase *ph, const char *fmt,
						       ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_text(ph->info, sizeof(ph->info), fmt, ap);
	va_end(ap);
}

static void name_copy(char to[MODEL_NAME_MAX], bool *up, const struct policy_if *pi)
{
	if (!pi)
		return;
	snprintf(to, MODEL_NAME_MAX, "%s", pi->name);
	*up = pi->up;
}

/* ------------------------------------------------------------------ connection */

static void flow_found(struct walk *w, struct tracer *t, enum asa_drop why)
{
	const struct asa_session *row = session_row(w->e->asa->sessions, w->slot);
	struct tracer_phase *ph = tracer_phase(t, "FLOW-LOOKUP", "", why);

	if (!row) {
		info(ph, why ? "Found no matching flow\n"
			     : "Found no matching flow, creating a new flow\n");
		return;
	}
	t->flow = row->id;
	info(ph, "Found flow with id %llu, using existing flow\n", (unsigned long long)row->id);
}

static void flow_replaced(struct walk *w, struct tracer *t)
{
	if (!w->trace->replaces)
		return;
	t->flow = 0;
	info(&t->phases[t->n_phases - 1], "The connection is over, a new flow takes its place\n");
}

static void flow_created(struct walk *w, struct tracer *t, enum asa_drop why)
{
	struct tracer_phase *ph = tracer_phase(t, "FLOW-CREATION", "", why);

	if (why)
		return;
	t->flow = w->trace->id;
	t->created = true;
	info(ph, "New flow created with id %llu, packet dispatched to next module\n",
	     (unsigned long long)t->flow);
}

/* ------------------------------------------------------------------ access lists */

static void group_text(const struct walk *w, struct tracer_phase *ph, const char *acl, bool out)
{
	const struct model *m = policy_model(w->policy);
	const char *ifname = out ? w->out->name : w->in->name;
	size_t i;

	for (i = 0; i < m->access_groups.n; i++) {
		const struct model_access_group *g = &m->access_groups.v[i];

		if (g->global || g->out != out || strcmp(g->acl, acl) || strcmp(g->ifname, ifname))
			continue;
		config(ph, "access-group %s %s interface %s\n", acl, out ? "out" : "in", ifname);
		return;
	}
	config(ph, "access-group %s global\n", acl);
}

static void access_phase(const struct walk *w, struct tracer *t, const struct policy_acl_match *m,
			 bool out, enum asa_drop why)
{
	struct tracer_phase *ph = tracer_phase(t, "ACCESS-LIST", m->log ? "log" : "", why);
	struct policy_acl_row r;
	size_t i;

	if (!m->acl) {
		if (w->established && !out)
			config(ph, "established %s\n",
			       policy_model(w->policy)->established.v[w->established - 1].text);
		config(ph, "Implicit Rule\n");
		return;
	}
	group_text(w, ph, m->acl, out);
	if (w->established && !out) /* the list denies it */
		config(ph, "established %s\n",
		       policy_model(w->policy)->established.v[w->established - 1].text);
	for (i = 0; m->line && policy_acl_row(w->policy, m->acl, i, &r); i++) {
		if (r.line != m->line || r.expanded || r.remark)
			continue;
		config(ph, "access-list %s %s\n", m->acl, r.text);
		return;
	}
	config(ph, "Implicit Rule\n");
}

static void access(struct walk *w, struct tracer *t, enum asa_drop why)
{
	static const struct policy_acl_match implicit;
	bool routed = why != DROP_ROUTE_NONE && why != DROP_ROUTE_INTERFACE;
	bool by_list = why == DROP_POLICY_ACL && w->acl_in.acl && !w->acl_out.acl;

	if (!routed) {
		access_phase(w, t, &w->acl_in, false, DROP_NONE);
		tracer_phase(t, "ROUTE-LOOKUP", "Resolve Egress Interface", why);
		return;
	}
	if (w->acl_out.acl) {
		access_phase(w, t, &w->acl_in, false, DROP_NONE);
		access_phase(w, t, &w->acl_out, true, why);
	} else if (why && w->acl_in.acl && !by_list) { /* the levels refuse what the list lets in */
		access_phase(w, t, &w->acl_in, false, DROP_NONE);
		access_phase(w, t, &implicit, false, why);
	} else {
		access_phase(w, t, &w->acl_in, false, why);
	}
}

/* ------------------------------------------------------------------ service policy */

static void put_number(struct tracer_phase *ph, const char *words, int value)
{
	if (value >= 0)
		config(ph, "  set connection %s %d\n", words, value);
}

static void put_time(struct tracer_phase *ph, const char *words, int s, const char *more)
{
	if (s >= 0)
		config(ph, "  set connection timeout %s %d:%02d:%02d%s\n", words, s / 3600,
		       s / 60 % 60, s % 60, more);
}

static void settings_text(struct tracer_phase *ph, const struct model_conn_settings *c)
{
	put_number(ph, "conn-max", c->conn_max);
	put_number(ph, "embryonic-conn-max", c->embryonic_max);
	put_number(ph, "per-client-max", c->per_client_max);
	put_number(ph, "per-client-embryonic-max", c->per_client_embryonic_max);
	if (c->random_seq >= 0)
		config(ph, "  set connection random-sequence-number %s\n",
		       c->random_seq ? "enable" : "disable");
	put_time(ph, "idle", c->idle_s, c->idle_reset ? " reset" : "");
	put_time(ph, "half-closed", c->half_closed_s, "");
	put_time(ph, "embryonic", c->embryonic_s, "");
	if (c->dcd_interval_s >= 0) {
		char retries[16];

		snprintf(retries, sizeof(retries), " %d", c->dcd_retries);
		put_time(ph, "dcd", c->dcd_interval_s, retries);
	}
	if (c->decrement_ttl)
		config(ph, "  set connection decrement-ttl\n");
	if (c->bypass)
		config(ph, "  set connection advanced-options tcp-state-bypass\n");
}

static void class_phase(const struct walk *w, struct tracer *t, int row, enum asa_drop why)
{
	const struct model_class *class;
	struct policy_class_row r;
	struct tracer_phase *ph;

	if (row < 0 || !policy_class_row(w->policy, (size_t)row, &r))
		return;
	ph = tracer_phase(t, "CONN-SETTINGS", "", why);
	class = model_class_find(policy_model(w->policy), r.class_name);
	config(ph, "class-map %s\n", r.class_name);
	if (class && class->acl[0])
		config(ph, " match access-list %s\n", class->acl);
	else if (class && class->match == MODEL_MATCH_ANY)
		config(ph, " match any\n");
	config(ph, "policy-map %s\n class %s\n", r.policy_map, r.class_name);
	settings_text(ph, &r.config->conn);
	if (r.global)
		config(ph, "service-policy %s global\n", r.policy_map);
	else
		config(ph, "service-policy %s interface %s\n", r.policy_map, r.ifname);
}

/* Limits and timeouts come from one class, the bypass may come from another (MPF-6). */
static void conn_settings(const struct walk *w, struct tracer *t, enum asa_drop why)
{
	const struct policy_service *s = &w->service;

	if (w->p->proto == ASA_PROTO_TCP && s->bypass_row != s->class_row)
		class_phase(w, t, s->bypass_row, DROP_NONE);
	class_phase(w, t, s->class_row, why);
}

/* ------------------------------------------------------------------ translation */

static struct tracer_phase *nat_phase(const struct walk *w, struct tracer *t, const char *type,
				      const char *subtype, const struct nat_match *m,
				      enum asa_drop why)
{
	struct tracer_phase *ph = tracer_phase(t, type, subtype, why);
	struct policy_nat_row r;

	if (m->rule >= 0 && policy_nat_row(w->policy, (size_t)m->rule, &r) && r.config)
		config(ph, "%s\n", r.config);
	return ph;
}

static void untranslated(struct walk *w, struct tracer *t)
{
	char from[ADDR_TEXT], to[ADDR_TEXT];
	struct policy_nat_row r;
	struct tracer_phase *ph;

	if (w->nat_why || w->dst_nat.rule < 0)
		return; /* that it failed counts in the first packet's checks */
	ph = nat_phase(w, t, "UN-NAT", "static", &w->dst_nat, DROP_NONE);
	if (policy_nat_row(w->policy, (size_t)w->dst_nat.rule, &r) && strcmp(r.real_if, "any") != 0)
		info(ph, "NAT divert to egress interface %s\n", r.real_if);
	info(ph, "Untranslate %s/%u to %s/%u\n", addr_text(&w->p->key.dst, from),
	     asa_ntohs(w->p->key.dport), addr_text(&w->real.dst, to), asa_ntohs(w->real.dport));
}

static void translated(struct walk *w, struct tracer *t, enum asa_drop why)
{
	bool dynamic = w->src_nat.dynamic;
	char from[ADDR_TEXT], to[ADDR_TEXT];
	struct tracer_phase *ph;

	if (w->src_nat.rule >= 0) {
		ph = nat_phase(w, t, "NAT", dynamic ? "dynamic" : "static", &w->src_nat,
			       why == DROP_NAT_RPF ? DROP_NONE : why);
		if (!why)
			info(ph, "%s translate %s/%u to %s/%u\n", dynamic ? "Dynamic" : "Static",
			     addr_text(&w->real.src, from), asa_ntohs(w->real.sport),
			     addr_text(&w->answer.dst, to), asa_ntohs(w->answer.dport));
	}
	if (why == DROP_NAT_RPF || (!why && (w->src_nat.rule >= 0 || w->dst_nat.rule >= 0)))
		nat_phase(w, t, "NAT", "rpf-check",
			  w->src_nat.rule >= 0 ? &w->src_nat : &w->dst_nat, why);
}

/* ------------------------------------------------------------------ way out */

static void routed(struct walk *w, struct tracer *t)
{
	char gateway[ADDR_TEXT];
	struct tracer_phase *ph;

	if (w->route_why)
		return; /* told where it counts: access() */
	ph = tracer_phase(t, "ROUTE-LOOKUP", "Resolve Egress Interface", DROP_NONE);
	info(ph, "found next-hop %s using egress ifc  %s\n", addr_text(&w->route.gateway, gateway),
	     w->out->name);
}

static void next_hop(struct walk *w, struct tracer *t, enum asa_drop why)
{
	const struct asa_nexthop *nh = w->nh;
	const struct policy_if *out;
	char gateway[ADDR_TEXT];
	struct tracer_phase *ph;

	if (!nh || !nh->ifindex) {
		if (why)
			tracer_phase(t, "ADJACENCY-LOOKUP", "Resolve Nexthop IP address to MAC",
				     why);
		return;
	}
	out = policy_if_find(w->policy, nh->ifindex, asa_ntohs(nh->vlan_tci));
	name_copy(t->out, &t->out_up, out);
	ph = tracer_phase(t, "ADJACENCY-LOOKUP", "Resolve Nexthop IP address to MAC", why);
	addr_text(&nh->gateway, gateway);
	if (nh->flags & ASA_NH_VALID)
		info(ph,
		     "Found adjacency entry for Next-hop %s on interface  %s\n"
		     "Adjacency :Active\n"
		     "MAC address %02x%02x.%02x%02x.%02x%02x\n",
		     gateway, out ? out->name : "", nh->dmac[0], nh->dmac[1], nh->dmac[2],
		     nh->dmac[3], nh->dmac[4], nh->dmac[5]);
	else
		info(ph, "Next-hop %s on interface  %s is not resolved yet\n", gateway,
		     out ? out->name : "");
}

/* ------------------------------------------------------------------ the hook */

static void first_checks(struct walk *w, struct tracer *t, enum asa_drop why)
{
	if (!why)
		return;
	if (why == w->nat_why || why == DROP_NAT_NO_XLATE)
		nat_phase(w, t, "UN-NAT", "", &w->dst_nat, why);
	else
		tracer_phase(t, "FLOW-CREATION", "first-packet", why);
}

void trace_phases_after(struct walk *w, stage_fn *stage, enum asa_drop why)
{
	struct tracer *t = w->trace->arg;

	if (stage == stage_parse)
		name_copy(t->in, &t->in_up, w->in);
	else if ((stage == stage_ip_options && w->p->flags & (ASA_PKT_OPTIONS | ASA_PKT_EXTHDR)) ||
		 (stage == stage_options && why))
		tracer_phase(t, "IP-OPTIONS", "", why);
	else if (stage == stage_find || stage == stage_icmp_error)
		flow_found(w, t, why);
	else if (stage == stage_reopen)
		flow_replaced(w, t);
	else if (stage == stage_interface || stage == stage_track) {
		if (why)
			tracer_phase(t, "TCP-STATE", "", why);
	} else if (stage == stage_host) {
		if (why)
			tracer_phase(t, "ACCESS-LIST", "to-the-box", why);
	} else if (stage == stage_source) {
		if (why)
			tracer_phase(t, "ROUTE-LOOKUP", "reverse-path", why);
	} else if (stage == stage_untranslate)
		untranslated(w, t);
	else if (stage == stage_route) {
		name_copy(t->out, &t->out_up, w->out);
		routed(w, t);
	} else if (stage == stage_first_checks)
		first_checks(w, t, why);
	else if (stage == stage_access)
		access(w, t, why);
	else if (stage == stage_limits)
		conn_settings(w, t, why);
	else if (stage == stage_translate)
		translated(w, t, why);
	else if (stage == stage_create)
		flow_created(w, t, why);
	else if (stage == stage_next_hop)
		next_hop(w, t, why);
	if (stage == stage_icmp_error && w->nh)
		next_hop(w, t, DROP_NONE);
}
