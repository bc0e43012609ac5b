// SPDX-License-Identifier: GPL-2.0-only
/*
 * show asp drop, clear asp drop, show asp punt, show perfmon, show metrics (OpenMetrics).
 *
 * Responsible for: the drop reasons of XDP program and daemon in one list, ASA's layout; the
 * counters of the datapath for a collector. Not responsible for: counting.
 *
 * Callers: config/ through the table at the end. Threads: main thread; asa->lock for counts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/commands.h"
#include "control/rates.h"
#include "datapath/dp.h"
#include "policy/policy.h"
#include "session/xlate.h"

enum reason_kind { FRAME, FLOW };

static const struct reason {
	const char *keyword, *text;
	enum reason_kind kind;
	const char *stage;
} reasons[ASA_DROP_MAX] = {
#define REASON_ROW(sym, kw, reason_kind, reason_stage, sentence)                                   \
	[sym] = {kw, sentence, reason_kind, #reason_stage},
	ASA_DROP_LIST(REASON_ROW)
#undef REASON_ROW
};

static const char *const stat_keywords[ASA_STAT_MAX] = {
#define STAT_ROW(sym, kw, sentence) [sym] = kw,
	ASA_STAT_LIST(STAT_ROW)
#undef STAT_ROW
};

static const struct {
	const char *keyword, *text;
} punts[ASA_PUNT_MAX] = {
#define PUNT_ROW(sym, kw, sentence) [sym] = {kw, sentence},
	ASA_PUNT_LIST(PUNT_ROW)
#undef PUNT_ROW
};

/* ASA prints "acl-drop" for flows, too; our own list needs one name for each row. */
static const char *reason_keyword(const struct reason *r)
{
	return strcmp(r->keyword, "flow-acl-drop") == 0 ? "acl-drop" : r->keyword;
}

/* ------------------------------------------------------------------ show asp drop */

#define COUNTER_COLUMN 78

static void asp_row(struct output *o, const struct reason *r, const struct asa_count *c)
{
	char left[256];

	if (c->packets) {
		snprintf(left, sizeof(left), "  %s (%s)", r->text, reason_keyword(r));
		/* The counter ends at column 78; a long description pushes it to the right. */
		output_text(o, "%-64s%*llu\n", left, COUNTER_COLUMN - 64,
			    (unsigned long long)c->packets);
	}
	output_object_begin(o, NULL);
	output_str(o, "reason", reason_keyword(r));
	output_str(o, "description", r->text);
	output_str(o, "stage", r->stage);
	output_u64(o, "packets", c->packets);
	output_u64(o, "bytes", c->bytes);
	output_object_end(o);
}

static void asp_last_clearing(struct output *o, const struct command_state *st)
{
	char when[64];
	struct tm tm;

	if (!st->drops_cleared) {
		output_text(o, "Last clearing: Never\n");
		return;
	}
	localtime_r(&st->drops_cleared, &tm);
	strftime(when, sizeof(when), "%H:%M:%S %Z %b %d %Y", &tm);
	output_text(o, "Last clearing: %s by enable_15\n", when);
}

static void asp_kind(struct output *o, const struct command_state *st, const struct asa_count *rows,
		     enum reason_kind kind, const char *only)
{
	output_text(o, "%s drop:\n", kind == FRAME ? "Frame" : "Flow");
	output_list_begin(o, kind == FRAME ? "frame" : "flow");
	for (int i = DROP_NONE + 1; i < ASA_DROP_MAX; i++)
		if (reasons[i].kind == kind &&
		    (!only || strcmp(only, reason_keyword(&reasons[i])) == 0))
			asp_row(o, &reasons[i], &rows[i]);
	output_list_end(o);
	output_text(o, "\n");
	asp_last_clearing(o, st);
}

static int show_asp_drop(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	const struct command_state *st = control_state(a->control);
	const char *only = cmd_get(args, "REASON");
	struct asa_count rows[ASA_DROP_MAX] = {{0}};
	bool frame = !cmd_has(args, "flow"), flow = !cmd_has(args, "frame"), known = !only;
	int ret = dp_read_drops(a->dp, rows);

	if (ret)
		return cmd_error(args, "the drop counters cannot be read: %s", strerror(-ret));
	for (int i = DROP_NONE + 1; i < ASA_DROP_MAX && !known; i++)
		known = strcmp(only, reason_keyword(&reasons[i])) == 0 &&
			(reasons[i].kind == FRAME ? frame : flow);
	if (!known)
		return cmd_error(args, "%s is not a %s drop reason", only,
				 frame ? "frame" : "flow");
	if (frame)
		asp_kind(out, st, rows, FRAME, only);
	if (frame && flow)
		output_text(out, "\n");
	if (flow)
		asp_kind(out, st, rows, FLOW, only);
	if (st->drops_cleared)
		output_int(out, "last_clearing", (int64_t)st->drops_cleared);
	else
		output_str(out, "last_clearing", NULL);
	return 0;
}

static int clear_asp_drop(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	int ret = dp_clear_drops(a->dp);

	if (ret)
		return cmd_error(args, "the drop counters cannot be cleared: %s", strerror(-ret));
	control_state(a->control)->drops_cleared = time(NULL);
	return 0;
}

static int show_asp_punt(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct asa_count rows[ASA_PUNT_MAX] = {{0}};
	char left[256];
	int ret = dp_read_punts(a->dp, rows);

	if (ret)
		return cmd_error(args, "the punt counters cannot be read: %s", strerror(-ret));
	output_text(out, "Packets handed to the daemon:\n");
	output_list_begin(out, "punt");
	for (int i = PUNT_NONE + 1; i < ASA_PUNT_MAX; i++) {
		snprintf(left, sizeof(left), "  %s (%s)", punts[i].text, punts[i].keyword);
		if (rows[i].packets)
			output_text(out, "%-64s%14llu\n", left,
				    (unsigned long long)rows[i].packets);
		output_object_begin(out, NULL);
		output_str(out, "cause", punts[i].keyword);
		output_str(out, "description", punts[i].text);
		output_u64(out, "packets", rows[i].packets);
		output_u64(out, "bytes", rows[i].bytes);
		output_object_end(out);
	}
	output_list_end(out);
	return 0;
}

/* ------------------------------------------------------------------ show perfmon */

static int show_perfmon(void *ctx, struct cmd_args *args, void *out)
{
	static const struct {
		enum rate_kind kind;
		const char *name, *key;
	} rows[] = {
		{RATE_XLATES, "Xlates", "xlates"},
		{RATE_CONNS, "Connections", "connections"},
		{RATE_TCP, "TCP Conns", "tcp_conns"},
		{RATE_UDP, "UDP Conns", "udp_conns"},
		{RATE_TORN, "Teardowns", "teardowns"},
		{RATE_PUNTS, "Punted packets", "punted_packets"},
		{RATE_DROPS, "Dropped packets", "dropped_packets"},
	};
	struct asa *a = ctx;
	double current, average;

	output_text(out, "%-30s %12s %12s\n", "PERFMON STATS:", "Current", "Average");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rates_kind(control_state(a->control)->rates, rows[i].kind, &current, &average);
		output_text(out, "%-30s %10.0f/s %10.0f/s\n", rows[i].name, current, average);
		output_object_begin(out, rows[i].key);
		output_u64(out, "current", (uint64_t)(current + 0.5));
		output_u64(out, "average", (uint64_t)(average + 0.5));
		output_object_end(out);
	}
	return 0;
}

static void resource_row(struct output *o, const char *name, const char *key, __u64 current,
			 __u64 peak, __u64 limit, __u64 denied)
{
	char limit_text[32] = "N/A";

	if (limit)
		snprintf(limit_text, sizeof(limit_text), "%llu", (unsigned long long)limit);
	output_text(o, "%-22s %12llu %12llu %12s %12llu System\n", name,
		    (unsigned long long)current, (unsigned long long)peak, limit_text,
		    (unsigned long long)denied);
	output_object_begin(o, key);
	output_u64(o, "current", current);
	output_u64(o, "peak", peak);
	output_u64(o, "limit", limit);
	output_u64(o, "denied", denied);
	output_object_end(o);
}

static int show_resource_usage(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct session_counts c;
	__u32 xlates, xlates_most;

	pthread_mutex_lock(&a->lock);
	sessions_counts(a->sessions, &c);
	xlates = xlate_count(a->xlates);
	xlates_most = xlate_most_used(a->xlates);
	pthread_mutex_unlock(&a->lock);
	output_text(out, "%-22s %12s %12s %12s %12s %s\n", "Resource", "Current", "Peak", "Limit",
		    "Denied", "Context");
	resource_row(out, "Conns", "conns", c.in_use, c.most_used, dp_tables(a->dp)->n_slots - 1,
		     c.refused);
	resource_row(out, "Xlates", "xlates", xlates, xlates_most, 0, 0);
	return 0;
}

/* ------------------------------------------------------------------ show metrics */

/* A label value: backslash, quote and newline are escaped (OpenMetrics 1.0, ABNF of label-value).
 */
static void label_value(const char *s, char *buf, size_t size)
{
	size_t n = 0;

	for (; *s && n + 3 < size; s++) {
		if (*s == '\\' || *s == '"')
			buf[n++] = '\\';
		buf[n++] = *s;
	}
	buf[n] = 0;
}

static void metric_head(struct output *o, const char *name, const char *type, const char *help)
{
	output_text(o, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

static void metric(struct output *o, const char *name, const char *label, const char *value,
		   __u64 n)
{
	char escaped[160];

	if (output_is_json(o)) {
		output_object_begin(o, NULL);
		output_str(o, "name", name);
		if (label)
			output_str(o, label, value);
		output_u64(o, "value", n);
		output_object_end(o);
		return;
	}
	if (!label) {
		output_text(o, "%s %llu\n", name, (unsigned long long)n);
		return;
	}
	label_value(value, escaped, sizeof(escaped));
	output_text(o, "%s{%s=\"%s\"} %llu\n", name, label, escaped, (unsigned long long)n);
}

static void metrics_rows(struct output *o, struct asa *a)
{
	struct asa_count drops[ASA_DROP_MAX] = {{0}}, stats[ASA_STAT_MAX] = {{0}};
	struct asa_count causes[ASA_PUNT_MAX] = {{0}};

	dp_read_drops(a->dp, drops);
	dp_read_stats(a->dp, stats);
	dp_read_punts(a->dp, causes);
	metric_head(o, "asa_packets", "counter",
		    "Packets and events by kind, as in the map asa_stats.");
	for (int i = 0; i < ASA_STAT_MAX; i++)
		metric(o, "asa_packets_total", "kind", stat_keywords[i], stats[i].packets);
	metric_head(o, "asa_bytes", "counter", "Bytes by kind, as in the map asa_stats.");
	for (int i = 0; i < ASA_STAT_MAX; i++)
		metric(o, "asa_bytes_total", "kind", stat_keywords[i], stats[i].bytes);
	metric_head(o, "asa_drops", "counter", "Dropped packets and ended flows by reason.");
	for (int i = DROP_NONE + 1; i < ASA_DROP_MAX; i++)
		metric(o, "asa_drops_total", "reason", reasons[i].keyword, drops[i].packets);
	metric_head(o, "asa_punts", "counter", "Packets handed to the daemon by cause.");
	for (int i = PUNT_NONE + 1; i < ASA_PUNT_MAX; i++)
		metric(o, "asa_punts_total", "cause", punts[i].keyword, causes[i].packets);
}

static void metrics_interfaces(struct output *o, struct asa *a)
{
	static const char *const fields[] = {"rx_packets",   "rx_bytes",    "tx_packets",
					     "tx_bytes",     "fwd_packets", "host_packets",
					     "drop_packets", "punt_packets"};
	char name[64];

	_Static_assert(sizeof(struct asa_ifstat) == 8 * sizeof(__u64), "one name for each counter");
	for (size_t k = 0; k < 8; k++) {
		snprintf(name, sizeof(name), "asa_interface_%s", fields[k]);
		metric_head(o, name, "counter", "Interface counter, as in the map asa_ifstats.");
		snprintf(name, sizeof(name), "asa_interface_%s_total", fields[k]);
		for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
			const struct policy_if *f = policy_if_at(a->policy, (__u16)i);
			struct asa_ifstat s = {0};

			if (f->ifindex && dp_read_ifstat(a->dp, f->ifindex, &s) == 0)
				metric(o, name, "nameif", f->name, ((const __u64 *)&s)[k]);
		}
	}
}

static int show_metrics(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct session_counts c;
	__u32 xlates;

	pthread_mutex_lock(&a->lock);
	sessions_counts(a->sessions, &c);
	xlates = xlate_count(a->xlates);
	pthread_mutex_unlock(&a->lock);
	output_list_begin(out, "metrics");
	metrics_rows(out, a);
	metrics_interfaces(out, a);
	metric_head(out, "asa_connections", "gauge", "Connections in use by protocol.");
	metric(out, "asa_connections", "protocol", "tcp", c.tcp);
	metric(out, "asa_connections", "protocol", "udp", c.udp);
	metric(out, "asa_connections", "protocol", "icmp", c.icmp);
	metric(out, "asa_connections", "protocol", "other", c.other);
	metric_head(out, "asa_connections_embryonic", "gauge",
		    "TCP connections before the end of the handshake.");
	metric(out, "asa_connections_embryonic", NULL, NULL, c.embryonic);
	metric_head(out, "asa_connections_bypass", "gauge", "TCP state bypass connections.");
	metric(out, "asa_connections_bypass", NULL, NULL, c.bypass);
	metric_head(out, "asa_connections_most_used", "gauge", "Most connections at one time.");
	metric(out, "asa_connections_most_used", NULL, NULL, c.most_used);
	metric_head(out, "asa_xlates", "gauge", "Dynamic translations in use.");
	metric(out, "asa_xlates", NULL, NULL, xlates);
	output_list_end(out);
	output_text(out, "# EOF\n");
	return 0;
}

COMMANDS_DEFINE(
	stats,
	{CONFIG_IN_EXEC, "show asp drop [ { frame [ <REASON:word> ] | flow [ <REASON:word> ] } ]",
	 NULL, "Dropped packets and flows by reason", show_asp_drop},
	{CONFIG_IN_PRIV, "clear asp drop", NULL, "Set the drop counters to zero", clear_asp_drop},
	{CONFIG_IN_EXEC, "show asp punt", NULL, "Packets handed to the daemon by cause",
	 show_asp_punt},
	{CONFIG_IN_EXEC, "show perfmon", NULL, "Rates of connections and translations",
	 show_perfmon},
	{CONFIG_IN_EXEC, "show resource usage", NULL, "Use of connections and translations",
	 show_resource_usage},
	{CONFIG_IN_EXEC, "show metrics", NULL, "All counters in OpenMetrics text", show_metrics}, );
