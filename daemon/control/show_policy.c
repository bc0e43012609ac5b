// SPDX-License-Identifier: GPL-2.0-only
/*
 * show access-list, show service-policy, show nat, and clearing their counters.
 *
 * Responsible for: ASA's layout of what the compiled policy tells row by row.
 * Not responsible for: the texts of rules (policy/), translations in use (show_xlate.c).
 *
 * Callers: config/ through the table at the end. Threads: main thread, which alone replaces the
 * policy; a deferred step looks the policy up again, so a list that changes under a slow reader
 * goes on at the same row number of the new one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "control/commands.h"
#include "policy/policy.h"

/* ------------------------------------------------------------------ show access-list */

struct acl_list {
	struct asa *a;
	char name[MODEL_NAME_MAX]; /* empty: all */
	bool brief;
	size_t i;
	bool in_list; /* JSON: a list's object is open */
	__u32 parent; /* hash of the entry whose elements follow */
};

static const char *acl_name(const struct acl_list *l)
{
	return l->name[0] ? l->name : NULL;
}

static void acl_heading(struct output *o, struct acl_list *l, const struct policy_acl_row *r)
{
	output_text(o, "access-list %s; %d elements; name hash: 0x%08x\n", r->acl, r->n_elements,
		    r->hash);
	if (l->in_list) {
		output_list_end(o);
		output_object_end(o);
	}
	l->in_list = true;
	output_object_begin(o, NULL);
	output_str(o, "name", r->acl);
	output_int(o, "elements", r->n_elements);
	output_strf(o, "hash", "0x%08x", r->hash);
	output_list_begin(o, "entries");
}

static void acl_entry(struct output *o, struct acl_list *l, const struct policy_acl_row *r)
{
	if (!r->expanded)
		l->parent = r->hash;
	if (l->brief && !r->remark && r->hits)
		output_text(o, "%08x %08x %08llx\n", r->hash, r->expanded ? l->parent : 0,
			    (unsigned long long)r->hits);
	else if (!l->brief && r->remark)
		output_text(o, "access-list %s line %d %s\n", r->acl, r->line, r->text);
	else if (!l->brief)
		output_text(o, "%saccess-list %s line %d %s (hitcnt=%llu)%s 0x%08x \n",
			    r->expanded ? "  " : "", r->acl, r->line, r->text,
			    (unsigned long long)r->hits, r->inactive ? " (inactive)" : "", r->hash);
	output_object_begin(o, NULL);
	output_int(o, "line", r->line);
	output_bool(o, "remark", r->remark);
	output_bool(o, "expanded", r->expanded);
	output_bool(o, "inactive", r->inactive);
	output_str(o, "text", r->text);
	if (!r->remark) {
		output_u64(o, "hitcnt", r->hits);
		output_strf(o, "hash", "0x%08x", r->hash);
	}
	output_object_end(o);
}

static bool acl_step(struct output *o, void *state)
{
	struct acl_list *l = state;
	struct policy_acl_row r;
	size_t len = 0;

	while (len < OUTPUT_CHUNK) {
		if (!policy_acl_row(l->a->policy, acl_name(l), l->i, &r)) {
			if (l->in_list) {
				output_list_end(o);
				output_object_end(o);
			}
			output_list_end(o);
			return false;
		}
		if (r.line == 0)
			acl_heading(o, l, &r);
		else
			acl_entry(o, l, &r);
		l->i++;
		output_data(o, &len);
	}
	return true;
}

static int show_access_list(void *ctx, struct cmd_args *args, void *out)
{
	struct acl_list *l = calloc(1, sizeof(*l));
	const char *name = cmd_get(args, "NAME");
	struct policy_acl_row r;

	if (!l)
		return cmd_error(args, "out of memory");
	l->a = ctx;
	l->brief = cmd_has(args, "brief");
	snprintf(l->name, sizeof(l->name), "%s", name ? name : "");
	if (name && !policy_acl_row(l->a->policy, name, 0, &r)) {
		free(l);
		return cmd_error(args, "access-list %s does not exist", name);
	}
	output_list_begin(out, "access_lists");
	output_defer(out, acl_step, l, free);
	return 0;
}

static int clear_access_list(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	const char *name = cmd_get(args, "NAME");
	struct policy_acl_row r;

	if (name && !policy_acl_row(a->policy, name, 0, &r))
		return cmd_error(args, "access-list %s does not exist", name);
	policy_acl_clear_counters(a->policy, name);
	return 0;
}

/* ------------------------------------------------------------------ show nat */

static void nat_section_text(struct output *o, int section)
{
	static const char *const names[] = {"", "Manual NAT Policies (Section 1)",
					    "Auto NAT Policies (Section 2)",
					    "Manual NAT Policies (Section 3)"};

	if (section >= 1 && section <= 3)
		output_text(o, "%s\n", names[section]);
}

static int show_nat(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	bool detail = cmd_has(args, "detail");
	struct policy_nat_row r;
	int section = 0;

	output_list_begin(out, "rules");
	for (size_t i = 0; policy_nat_row(a->policy, i, &r); i++) {
		if (r.section != section) {
			if (section)
				output_text(out, "\n");
			nat_section_text(out, r.section);
			section = r.section;
		}
		output_text(out, "%d (%s) to (%s) %s%s\n", r.index, r.real_if, r.mapped_if, r.text,
			    r.inactive ? " inactive" : "");
		output_text(out, "    translate_hits = %llu, untranslate_hits = %llu\n",
			    (unsigned long long)r.translate_hits,
			    (unsigned long long)r.untranslate_hits);
		if (detail && r.config)
			output_text(out, "    Configured: %s\n", r.config);
		output_object_begin(out, NULL);
		output_int(out, "section", r.section);
		output_int(out, "index", r.index);
		output_str(out, "real_interface", r.real_if);
		output_str(out, "mapped_interface", r.mapped_if);
		output_str(out, "type", r.is_static ? "static" : "dynamic");
		output_bool(out, "inactive", r.inactive);
		output_str(out, "text", r.text);
		output_str(out, "config", r.config);
		output_u64(out, "translate_hits", r.translate_hits);
		output_u64(out, "untranslate_hits", r.untranslate_hits);
		output_object_end(out);
	}
	output_list_end(out);
	return 0;
}

static int clear_nat_counters(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	policy_nat_clear_counters(a->policy);
	return 0;
}

/* ------------------------------------------------------------------ show service-policy */

static void put_limit(struct output *o, const char *key, const char *words, int value, bool *any)
{
	if (value < 0)
		return;
	if (!*any)
		output_text(o, "      Set connection policy:");
	*any = true;
	output_text(o, " %s %d", words, value);
	output_int(o, key, value);
}

static void put_timeout(struct output *o, const char *key, int value, bool *any)
{
	char time[32];

	if (value < 0)
		return;
	if (!*any)
		output_text(o, "      Set connection timeout policy:\n       ");
	*any = true;
	output_text(o, " %s %s", key, output_format_time((uint64_t)value, time, sizeof(time)));
	output_int(o, key, value);
}

static __u64 counter(const __u64 *c)
{
	return c ? __atomic_load_n(c, __ATOMIC_RELAXED) : 0;
}

static void put_connection_settings(struct output *o, const struct policy_class_row *r)
{
	const struct model_conn_settings *c = &r->config->conn;
	bool policy = false, timeouts = false;

	output_object_begin(o, "set_connection");
	put_limit(o, "conn_max", "conn-max", c->conn_max, &policy);
	put_limit(o, "embryonic_conn_max", "embryonic-conn-max", c->embryonic_max, &policy);
	put_limit(o, "per_client_max", "per-client-max", c->per_client_max, &policy);
	put_limit(o, "per_client_embryonic_max", "per-client-embryonic-max",
		  c->per_client_embryonic_max, &policy);
	if (c->random_seq >= 0) {
		output_text(o, "%s random-sequence-number %s",
			    policy ? "" : "      Set connection policy:",
			    c->random_seq ? "enable" : "disable");
		output_bool(o, "random_sequence_number", c->random_seq);
		policy = true;
	}
	if (policy)
		output_text(
			o,
			"\n        current embryonic conns %llu, current conns %llu, drop %llu\n",
			(unsigned long long)counter(r->embryonic),
			(unsigned long long)counter(r->conns),
			(unsigned long long)counter(r->drops));
	if (c->per_client_max >= 0)
		output_text(o, "        per-client drop %llu\n",
			    (unsigned long long)counter(r->client_drops));
	put_timeout(o, "embryonic", c->embryonic_s, &timeouts);
	put_timeout(o, "half-closed", c->half_closed_s, &timeouts);
	put_timeout(o, "idle", c->idle_s, &timeouts);
	if (timeouts)
		output_text(o, "%s\n", c->idle_reset ? " reset" : "");
	if (c->bypass)
		output_text(o, "      Set connection advanced-options: tcp-state-bypass\n");
	if (c->decrement_ttl)
		output_text(o, "      Set connection decrement-ttl\n");
	if (!policy && (timeouts || c->bypass || c->decrement_ttl))
		output_text(o, "        current conns %llu, packets %llu, drop %llu\n",
			    (unsigned long long)counter(r->conns),
			    (unsigned long long)counter(r->packets),
			    (unsigned long long)counter(r->drops));
	output_bool(o, "tcp_state_bypass", c->bypass);
	output_bool(o, "decrement_ttl", c->decrement_ttl);
	output_object_end(o);
}

static void put_class(struct output *o, const struct policy_class_row *r)
{
	output_text(o, "    Class-map: %s\n", r->class_name);
	output_object_begin(o, NULL);
	output_str(o, "class_map", r->class_name);
	put_connection_settings(o, r);
	output_list_begin(o, "inspect");
	for (size_t i = 0; i < r->config->inspects.n; i++) {
		output_text(o, "      Inspect: %s (configured, not active)\n",
			    r->config->inspects.v[i]);
		output_str(o, NULL, r->config->inspects.v[i]);
	}
	output_list_end(o);
	output_u64(o, "connections", counter(r->conns));
	output_u64(o, "embryonic", counter(r->embryonic));
	output_u64(o, "packets", counter(r->packets));
	output_u64(o, "drops", counter(r->drops));
	output_u64(o, "per_client_drops", counter(r->client_drops));
	output_object_end(o);
}

static bool same_place(const struct policy_class_row *a, const struct policy_class_row *b)
{
	return a->global == b->global && strcmp(a->policy_map, b->policy_map) == 0 &&
	       (a->global || strcmp(a->ifname, b->ifname) == 0);
}

static bool has_settings(const struct model_conn_settings *c)
{
	return c->conn_max >= 0 || c->embryonic_max >= 0 || c->per_client_max >= 0 ||
	       c->per_client_embryonic_max >= 0 || c->random_seq >= 0 || c->idle_s >= 0 ||
	       c->half_closed_s >= 0 || c->embryonic_s >= 0 || c->dcd_interval_s >= 0 || c->bypass ||
	       c->decrement_ttl || *c->tcp_map;
}

/* Does one of the lines start with this word (NULL: any line)? */
static bool has_line(char *const *v, size_t n, const char *word)
{
	size_t len = word ? strlen(word) : 0;

	for (size_t i = 0; i < n; i++)
		if (!word || (!strncmp(v[i], word, len) && (!v[i][len] || v[i][len] == ' ')))
			return true;
	return false;
}

/* "show service-policy [global | interface IF] [set connection | inspect [PROTO] | police | …]" */
static bool row_wanted(const struct cmd_args *args, const struct policy_class_row *r)
{
	const struct model_policy_class *c = r->config;
	const char *only = cmd_get(args, "INTERFACE");

	if ((only && (r->global || strcmp(only, r->ifname))) || (cmd_has(args, "global") && !r->global))
		return false;
	if (cmd_has(args, "connection"))
		return has_settings(&c->conn);
	if (cmd_has(args, "inspect"))
		return has_line(c->inspects.v, c->inspects.n, cmd_get(args, "PROTO"));
	if (cmd_has(args, "police"))
		return has_line(c->others.v, c->others.n, "police");
	return !cmd_has(args, "priority") || has_line(c->others.v, c->others.n, "priority");
}

/* ------------------------------------------------------------------ show service-policy flow */

static bool flow_end(const struct cmd_args *args, const char *host, const char *port, int proto,
		     struct asa_addr *a, __u16 *n, bool *v6)
{
	const char *text = cmd_get(args, host);

	*n = 0;
	if (text && value_addr(text, a, v6))
		return false;
	text = cmd_get(args, port);
	return !text || !value_port(text, proto, n);
}

static void put_match(struct output *o, const struct asa *a, const char *name)
{
	const struct model_class *c = model_class_find(policy_model(a->policy), name);
	const char *what = "any", *more = "";
	char buf[64];

	if (c && c->match == MODEL_MATCH_ACL) {
		what = "access-list";
		more = c->acl;
	} else if (c && c->match == MODEL_MATCH_PORT) {
		snprintf(buf, sizeof(buf), "port %s %s %u", c->proto == 6 ? "tcp" : c->proto == 17 ? "udp" : "sctp",
			 c->lo == c->hi ? "eq" : "range", c->lo);
		what = buf;
		if (c->lo != c->hi)
			snprintf(buf + strlen(buf), sizeof(buf) - strlen(buf), " %u", c->hi);
	} else if (c && c->match == MODEL_MATCH_DEFAULT_INSPECTION) {
		what = "default-inspection-traffic";
		more = c->acl;
	} else if (c && c->match == MODEL_MATCH_OTHER) {
		what = c->other + strlen("match ");
	}
	output_text(o, "      Match: %s%s%s\n      Action:\n", what, *more ? " " : "", more);
	output_str(o, "match", what);
}

/* What the class does to the flow; each kind of feature comes from one class only (MPF-6, MPF-7). */
static void put_actions(struct output *o, const struct model_policy_class *c, bool *settings,
			bool *inspect)
{
	output_list_begin(o, "actions");
	for (size_t i = 0; i < c->inspects.n && !*inspect; i++) {
		output_text(o, "        Input flow:  inspect %s (configured, not active)\n", c->inspects.v[i]);
		output_str(o, NULL, c->inspects.v[i]);
	}
	*inspect |= c->inspects.n > 0;
	if (has_settings(&c->conn) && !*settings) {
		output_text(o, "        Input flow:  set connection%s\n",
			    c->conn.bypass ? " advanced-options tcp-state-bypass" : "");
		output_str(o, NULL, c->conn.bypass ? "tcp-state-bypass" : "set connection");
		*settings = true;
	}
	output_list_end(o);
}

static int show_service_policy_flow(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct policy_class_row r, last = {0};
	struct policy_tuple t = {0};
	bool ip, v6 = false, settings = false, inspect = false, open = false;

	asa_addr_set_v4(&t.src, 0);
	asa_addr_set_v4(&t.dst, 0);
	if (value_proto(cmd_get(args, "PROTO"), &t.proto, &ip) || ip)
		return cmd_error(args, "one protocol is needed: tcp, udp, icmp or a number");
	if (!flow_end(args, "SRC", "SPORT", t.proto, &t.src, &t.sport, &v6) ||
	    !flow_end(args, "DST", "DPORT", t.proto, &t.dst, &t.dport, &v6))
		return cmd_error(args, "an address or port is not understood");
	output_list_begin(out, "flow");
	for (size_t i = 0; policy_class_row(a->policy, i, &r); i++) {
		if (!open || !same_place(&r, &last)) {
			output_text(out, r.global ? "Global policy:\n" : "Interface %s:\n", r.ifname);
			output_text(out, "  Service-policy: %s\n", r.policy_map);
			settings = inspect = false;
		}
		open = true;
		last = r;
		if (!policy_class_matches(a->policy, i, &t))
			continue;
		output_object_begin(out, NULL);
		output_bool(out, "global", r.global);
		output_str(out, "interface", r.global ? NULL : r.ifname);
		output_str(out, "policy_map", r.policy_map);
		output_str(out, "class_map", r.class_name);
		output_text(out, "    Class-map: %s\n", r.class_name);
		put_match(out, a, r.class_name);
		put_actions(out, r.config, &settings, &inspect);
		output_object_end(out);
	}
	output_list_end(out);
	return 0;
}

static int show_service_policy(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct policy_class_row r, last = {0};
	bool open = false;

	output_list_begin(out, "service_policies");
	for (size_t i = 0; policy_class_row(a->policy, i, &r); i++) {
		if (!row_wanted(args, &r))
			continue;
		if (!open || !same_place(&r, &last)) {
			if (open) {
				output_list_end(out);
				output_object_end(out);
			}
			if (r.global)
				output_text(out, "%sGlobal policy:\n", open ? "\n" : "");
			else
				output_text(out, "%sInterface %s:\n", open ? "\n" : "", r.ifname);
			output_text(out, "  Service-policy: %s\n", r.policy_map);
			output_object_begin(out, NULL);
			output_bool(out, "global", r.global);
			output_str(out, "interface", r.global ? NULL : r.ifname);
			output_str(out, "policy_map", r.policy_map);
			output_list_begin(out, "classes");
			open = true;
		}
		last = r;
		put_class(out, &r);
	}
	if (open) {
		output_list_end(out);
		output_object_end(out);
	}
	output_list_end(out);
	return 0;
}

static int clear_service_policy(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	const char *only = cmd_get(args, "INTERFACE");
	struct policy_class_row r;

	for (size_t i = 0; policy_class_row(a->policy, i, &r); i++) {
		if ((only && (r.global || strcmp(only, r.ifname))) ||
		    (cmd_has(args, "global") && !r.global))
			continue;
		/* Current counts stay: they are not history. */
		if (r.packets)
			__atomic_store_n(r.packets, 0, __ATOMIC_RELAXED);
		if (r.drops)
			__atomic_store_n(r.drops, 0, __ATOMIC_RELAXED);
		if (r.client_drops)
			__atomic_store_n(r.client_drops, 0, __ATOMIC_RELAXED);
	}
	return 0;
}

COMMANDS_DEFINE(policy,
		{CONFIG_IN_EXEC, "show access-list [ <NAME:name> ] [ brief ]", NULL,
		 "Access lists with hit counts", show_access_list},
		{CONFIG_IN_PRIV, "clear access-list [ <NAME:name> ] counters", NULL,
		 "Set the hit counts to zero", clear_access_list},
		{CONFIG_IN_EXEC, "show nat [ detail ]", NULL,
		 "Translation rules in order of evaluation", show_nat},
		{CONFIG_IN_PRIV, "clear nat counters", NULL,
		 "Set the hit counts of translation rules to zero", clear_nat_counters},
		{CONFIG_IN_EXEC, "show service-policy [ { global | interface <INTERFACE:name> } ] "
				 "[ { set connection | inspect [ <PROTO:word> ] | police | priority } ]",
		 NULL, "Service policies with their counters", show_service_policy},
		{CONFIG_IN_EXEC, "show service-policy flow <PROTO:proto> { host <SRC:addr> | any } "
				 "[ eq <SPORT:port> ] { host <DST:addr> | any } [ eq <DPORT:port> ]",
		 NULL, "Classes that a flow would match", show_service_policy_flow},
		{CONFIG_IN_PRIV, "clear service-policy [ { global | interface <INTERFACE:name> } ]",
		 NULL, "Set the counters of service policies to zero", clear_service_policy}, );
