// SPDX-License-Identifier: GPL-2.0-only
/*
 * show service-policy in all its forms, clearing its counters, and test regex (MPF-15).
 *
 * Responsible for: ASA's layout of policies class by class and action by action, what a flow would
 * match, and saying of what is kept without effect that it is not active. Not responsible for: the
 * counters (policy/, session/), other rules (show_policy.c).
 *
 * Callers: config/ through the table at the end. Threads: main thread, which alone replaces the
 * policy.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "control/commands.h"
#include "engine/pipeline.h"
#include "inspect/regex.h"
#include "policy/policy.h"

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

/* DCD-6: a connection that only probes keep alive shows in the counters. */
static void put_dcd(struct output *o, const struct policy_class_row *r, bool first)
{
	const struct model_conn_settings *c = &r->config->conn;
	char time[32];

	if (first)
		output_text(o, "      Set connection timeout policy:\n");
	output_format_time((uint64_t)c->dcd_interval_s, time, sizeof(time));
	output_text(o, "        DCD: enabled, retry-interval %s, max-retries %d\n", time,
		    c->dcd_retries);
	output_text(o, "        DCD: client-probe %llu, server-probe %llu, conn-expiration %llu\n",
		    (unsigned long long)counter(r->dcd_client),
		    (unsigned long long)counter(r->dcd_server),
		    (unsigned long long)counter(r->dcd_expired));
	output_object_begin(o, "dcd");
	output_int(o, "retry_interval", c->dcd_interval_s);
	output_int(o, "max_retries", c->dcd_retries);
	output_u64(o, "client_probe", counter(r->dcd_client));
	output_u64(o, "server_probe", counter(r->dcd_server));
	output_u64(o, "conn_expiration", counter(r->dcd_expired));
	output_object_end(o);
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
	if (c->dcd_interval_s >= 0)
		put_dcd(o, r, !timeouts);
	timeouts |= c->dcd_interval_s >= 0;
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

/* Which part of a class a command asks for. */
enum part { PART_ALL, PART_CONNECTION, PART_INSPECT, PART_POLICE, PART_OTHER };

/* Lines of model_policy_class.others begin with their action. */
static const char *const other_actions[] = { "priority", "csc",	 "cxsc", "flow-export",	    "ips",
					     "sfr",	 "shape", "ssm", "user-statistics" };

struct wanted {
	enum part part;
	const char *word; /* inspector, or action of PART_OTHER; NULL any */
};

static struct wanted part_wanted(const struct cmd_args *args)
{
	if (cmd_has(args, "connection"))
		return (struct wanted){ PART_CONNECTION, NULL };
	if (cmd_has(args, "inspect"))
		return (struct wanted){ PART_INSPECT, cmd_get(args, "PROTO") };
	if (cmd_has(args, "police"))
		return (struct wanted){ PART_POLICE, NULL };
	for (size_t i = 0; i < sizeof(other_actions) / sizeof(other_actions[0]); i++)
		if (cmd_has(args, other_actions[i]))
			return (struct wanted){ PART_OTHER, other_actions[i] };
	return (struct wanted){ PART_ALL, NULL };
}

static bool line_begins(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && (!line[len] || line[len] == ' ');
}

static void put_inspects(struct output *o, const struct policy_class_row *r, const char *word)
{
	output_list_begin(o, "inspect");
	for (size_t i = 0; i < r->config->inspects.n; i++) {
		const char *line = r->config->inspects.v[i];

		if (word && !line_begins(line, word))
			continue;
		if (line_begins(line, "ip-options"))
			output_text(o, "      Inspect: %s, packet %llu, lock fail 0, drop %llu, reset-drop 0\n", line,
				    (unsigned long long)*r->option_packets, (unsigned long long)*r->option_drops);
		else
			output_text(o, "      Inspect: %s (configured, not active)\n", line);
		output_str(o, NULL, line);
	}
	output_list_end(o);
}

static void put_police(struct output *o, const struct asa *a, const struct policy_class_row *r)
{
	output_list_begin(o, "police");
	for (int out = 0; out < 2; out++) {
		const struct model_police *c = &r->config->police[out];
		struct police_numbers n = {0};

		if (!c->rate)
			continue;
		output_text(o, "      %s police %s%s:\n        cir %u bps, bc %u bytes\n",
			    out ? "Output" : "Input", r->global ? "" : "Interface ",
			    r->global ? "global" : r->ifname, c->rate, policy_police_burst(c));
		if (!sessions_police_numbers(a->sessions, r->police_row[out], &n))
			output_text(o, "        (configured, not active: no free policer)\n");
		output_text(o, "        conformed %llu packets, %llu bytes; actions:  %s\n",
			    (unsigned long long)n.conformed_packets, (unsigned long long)n.conformed_bytes,
			    c->conform_drop ? "drop" : "transmit");
		output_text(o, "        exceeded %llu packets, %llu bytes; actions:  %s\n",
			    (unsigned long long)n.exceeded_packets, (unsigned long long)n.exceeded_bytes,
			    c->exceed_transmit ? "transmit" : "drop");
		output_text(o, "        conformed %llu bps, exceed %llu bps\n",
			    (unsigned long long)n.conformed_bps, (unsigned long long)n.exceeded_bps);
		output_object_begin(o, NULL);
		output_str(o, "direction", out ? "output" : "input");
		output_u64(o, "rate", c->rate);
		output_u64(o, "burst", policy_police_burst(c));
		output_str(o, "conform_action", c->conform_drop ? "drop" : "transmit");
		output_str(o, "exceed_action", c->exceed_transmit ? "transmit" : "drop");
		output_u64(o, "conformed_packets", n.conformed_packets);
		output_u64(o, "conformed_bytes", n.conformed_bytes);
		output_u64(o, "exceeded_packets", n.exceeded_packets);
		output_u64(o, "exceeded_bytes", n.exceeded_bytes);
		output_u64(o, "conformed_bps", n.conformed_bps);
		output_u64(o, "exceeded_bps", n.exceeded_bps);
		output_object_end(o);
	}
	output_list_end(o);
}

/* "ips", "csc": as ASA prints them; the numbers are the module's, of all classes together (MPF-13). */
static void put_modules(struct output *o, const struct asa *a, const struct policy_class_row *r, const char *word)
{
	output_list_begin(o, "modules");
	for (size_t i = 0; i < r->config->others.n; i++) {
		const char *line = r->config->others.v[i];
		bool csc = line_begins(line, "csc"), up;
		struct module_numbers n;

		if ((!csc && !line_begins(line, "ips")) || (word && !line_begins(line, word)))
			continue;
		up = engine_module(a->engine, csc, &n);
		output_text(o, "      %s: card status %s, mode %s\n", csc ? "CSC" : "IPS", up ? "Up" : "Down", line + 4);
		output_text(o, "        packet input %llu, packet output %llu, drop %llu, reset-drop 0\n",
			    (unsigned long long)n.sent, (unsigned long long)n.returned,
			    (unsigned long long)n.dropped);
		output_object_begin(o, NULL);
		output_str(o, "module", csc ? "csc" : "ips");
		output_str(o, "mode", line + 4);
		output_str(o, "status", up ? "up" : "down");
		output_u64(o, "sent", n.sent);
		output_u64(o, "returned", n.returned);
		output_u64(o, "dropped", n.dropped);
		output_u64(o, "passed_while_down", n.passed);
		output_object_end(o);
	}
	output_list_end(o);
}

/* What is kept without effect says so. */
static void put_others(struct output *o, const struct policy_class_row *r, const char *word)
{
	output_list_begin(o, "not_active");
	for (size_t i = 0; i < r->config->others.n; i++) {
		const char *line = r->config->others.v[i];

		if ((word && !line_begins(line, word)) || line_begins(line, "ips") || line_begins(line, "csc"))
			continue;
		if (line_begins(line, "priority"))
			output_text(o, "      Priority: (configured, not active)\n");
		else
			output_text(o, "      %s (configured, not active)\n", line);
		output_str(o, NULL, line);
	}
	output_list_end(o);
}

static void put_class(struct output *o, const struct asa *a, const struct policy_class_row *r,
		      const struct wanted *w)
{
	output_text(o, "    Class-map: %s\n", r->class_name);
	output_object_begin(o, NULL);
	output_str(o, "class_map", r->class_name);
	if (w->part == PART_ALL || w->part == PART_CONNECTION)
		put_connection_settings(o, r);
	if (w->part == PART_ALL || w->part == PART_INSPECT)
		put_inspects(o, r, w->word);
	if (w->part == PART_ALL || w->part == PART_POLICE)
		put_police(o, a, r);
	if (w->part == PART_ALL || w->part == PART_OTHER) {
		put_modules(o, a, r, w->word);
		put_others(o, r, w->word);
	}
	output_u64(o, "connections", counter(r->conns));
	output_u64(o, "embryonic", counter(r->embryonic));
	output_u64(o, "packets", counter(r->packets));
	output_u64(o, "drops", counter(r->drops));
	output_object_end(o);
}

static bool row_wanted(const struct cmd_args *args, const struct policy_class_row *r,
		       const struct wanted *w)
{
	const struct model_policy_class *c = r->config;
	const char *only = cmd_get(args, "INTERFACE");

	if ((only && (r->global || strcmp(only, r->ifname))) || (cmd_has(args, "global") && !r->global))
		return false;
	if (w->part == PART_CONNECTION)
		return has_settings(&c->conn);
	if (w->part == PART_INSPECT)
		return has_line(c->inspects.v, c->inspects.n, w->word);
	if (w->part == PART_POLICE)
		return c->police[0].rate || c->police[1].rate;
	return w->part == PART_ALL || has_line(c->others.v, c->others.n, w->word);
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

/* What is known of the flow in the policy that is looked at: one class each (MPF-6, MPF-7). */
struct taken {
	bool settings, inspect, police[2];
	size_t n_combined;
	const char *combined[POLICY_COMBINED_MAX];
};

/* => false: an inspection of that kind comes from an earlier class */
static bool inspect_takes(struct taken *t, const char *line, bool combines)
{
	if (!combines) {
		if (t->inspect)
			return false;
		t->inspect = true;
		return true;
	}
	for (size_t i = 0; i < t->n_combined; i++)
		if (!strncmp(t->combined[i], line, strcspn(line, " ")))
			return false;
	if (t->n_combined < POLICY_COMBINED_MAX)
		t->combined[t->n_combined++] = line;
	return true;
}

static void put_actions(struct output *o, const struct policy *p, size_t row,
			const struct model_policy_class *c, const struct policy_tuple *t,
			struct taken *taken)
{
	const char *line;
	bool combines;

	output_list_begin(o, "actions");
	for (size_t i = 0; (line = policy_class_inspect(p, row, t, i, &combines)); i++) {
		if (!inspect_takes(taken, line, combines))
			continue;
		output_text(o, "        Input flow:  inspect %s%s\n", line,
			    line_begins(line, "ip-options") ? "" : " (configured, not active)");
		output_str(o, NULL, line);
	}
	for (int out = 0; out < 2; out++) {
		if (!c->police[out].rate || taken->police[out])
			continue;
		taken->police[out] = true;
		output_text(o, "        %s flow:  police %s %u\n", out ? "Output" : "Input",
			    out ? "output" : "input", c->police[out].rate);
		output_str(o, NULL, out ? "police output" : "police input");
	}
	if (has_settings(&c->conn) && !taken->settings) {
		output_text(o, "        Input flow:  set connection%s\n",
			    c->conn.bypass ? " advanced-options tcp-state-bypass" : "");
		output_str(o, NULL, c->conn.bypass ? "tcp-state-bypass" : "set connection");
		taken->settings = true;
	}
	output_list_end(o);
}

static int show_service_policy_flow(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct policy_class_row r, last = {0};
	struct policy_tuple t = {0};
	struct taken taken = {0};
	bool ip, v6 = false, open = false;

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
			taken = (struct taken){0};
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
		put_actions(out, a->policy, i, r.config, &t, &taken);
		output_object_end(out);
	}
	output_list_end(out);
	return 0;
}

/* Packets of the connections of each class that are up, in the order of the rows. => NULL: no memory */
static __u64 *live_packets(const struct asa *a)
{
	struct policy_class_row r;
	__u64 *sums;
	size_t n = 0;

	while (policy_class_row(a->policy, n, &r))
		n++;
	sums = calloc(n + 1, sizeof(*sums));
	if (sums)
		sessions_class_packets(a->sessions, sums, n);
	return sums;
}

static int show_service_policy(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct policy_class_row r, last = {0};
	struct wanted w = part_wanted(args);
	__u64 *live = live_packets(a), packets;
	bool open = false;

	if (!live)
		return cmd_error(args, "out of memory");
	output_list_begin(out, "service_policies");
	for (size_t i = 0; policy_class_row(a->policy, i, &r); i++) {
		if (!row_wanted(args, &r, &w))
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
		packets = counter(r.packets) + live[i];
		r.packets = &packets;
		put_class(out, a, &r, &w);
	}
	if (open) {
		output_list_end(out);
		output_object_end(out);
	}
	output_list_end(out);
	free(live);
	return 0;
}

static int clear_service_policy(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	const char *only = cmd_get(args, "INTERFACE");
	struct policy_class_row r;
	__u64 *live = live_packets(a);

	(void)out;
	if (!live)
		return cmd_error(args, "out of memory");
	for (size_t i = 0; policy_class_row(a->policy, i, &r); i++) {
		if ((only && (r.global || strcmp(only, r.ifname))) ||
		    (cmd_has(args, "global") && !r.global))
			continue;
		/* Current counts stay: they are not history. */
		if (r.packets) /* what the live ones have forwarded until now is added later */
			__atomic_store_n(r.packets, -live[i], __ATOMIC_RELAXED);
		if (r.drops)
			__atomic_store_n(r.drops, 0, __ATOMIC_RELAXED);
		pthread_mutex_lock(&a->lock);
		sessions_police_clear(a->sessions, r.police_row[0]);
		sessions_police_clear(a->sessions, r.police_row[1]);
		pthread_mutex_unlock(&a->lock);
		if (r.client_drops)
			__atomic_store_n(r.client_drops, 0, __ATOMIC_RELAXED);
		__atomic_store_n(r.dcd_client, 0, __ATOMIC_RELAXED);
		__atomic_store_n(r.dcd_server, 0, __ATOMIC_RELAXED);
		__atomic_store_n(r.dcd_expired, 0, __ATOMIC_RELAXED);
	}
	free(live);
	return 0;
}

/* ------------------------------------------------------------------ test regex */

/* "test regex INPUT PATTERN": one word each, or in quotation marks. => the rest, NULL: no such word */
static const char *quoted_word(const char *text, char *buf, size_t size)
{
	bool quoted = *text == '"';
	size_t len = quoted ? strcspn(text + 1, "\"") : strcspn(text, " ");

	if (len >= size || (quoted && text[1 + len] != '"'))
		return NULL;
	memcpy(buf, text + quoted, len);
	buf[len] = '\0';
	text += len + 2 * quoted;
	return text + strspn(text, " ");
}

static int test_regex(void *ctx, struct cmd_args *args, void *out)
{
	char input[256], why[128];
	const char *pattern = quoted_word(cmd_get(args, "TEXT"), input, sizeof(input));
	struct regex *r;
	bool matches;

	if (!pattern || !*pattern)
		return cmd_error(args, "%% test regex needs the input, then the regular expression");
	r = regex_new(pattern, why, sizeof(why));
	if (!r)
		return cmd_error(args, "%% Invalid regular expression: %s", why);
	matches = regex_search(r, input, strlen(input));
	regex_free(r);
	output_text(out, "INFO: Regular expression match %s.\n", matches ? "succeeded" : "failed");
	output_bool(out, "matches", matches);
	return 0;
}

#define WHERE "[ { global | interface <INTERFACE:name> } ] "

COMMANDS_DEFINE(service,
		{CONFIG_IN_EXEC, "show service-policy " WHERE
				 "[ { set connection | inspect [ <PROTO:word> ] | police | priority | csc | cxsc | "
				 "flow-export | ips | sfr | shape | ssm | user-statistics } ]",
		 NULL, "Service policies with their counters", show_service_policy},
		{CONFIG_IN_EXEC, "show service-policy flow <PROTO:proto> { host <SRC:addr> | any } "
				 "[ eq <SPORT:port> ] { host <DST:addr> | any } [ eq <DPORT:port> ]",
		 NULL, "Classes that a flow would match", show_service_policy_flow},
		{CONFIG_IN_PRIV, "clear service-policy [ { global | interface <INTERFACE:name> } ]",
		 NULL, "Set the counters of service policies to zero", clear_service_policy},
		{CONFIG_IN_PRIV, "test regex <TEXT:line>", NULL,
		 "Try a regular expression: INPUT PATTERN", test_regex}, );
