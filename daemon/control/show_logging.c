// SPDX-License-Identifier: GPL-2.0-only
/*
 * show logging, clear logging buffer, show messages.
 *
 * Responsible for: ASA's layout of the message settings, what was lost, the local buffer, the list
 * of message ids. Not responsible for: filtering and sending (services/syslog).
 *
 * Callers: config/ through the table at the end. Threads: main thread.
 */
#include <stdio.h>

#include "control/commands.h"
#include "services/syslog.h"

static const char *const level_names[] = {"emergencies",   "alerts",   "critical",
					  "errors",	   "warnings", "notifications",
					  "informational", "debugging"};

static void show_destination(struct output *o, const char *name, const char *key, bool enabled,
			     int level, const char *more, uint64_t n)
{
	bool on = enabled && level >= 0 && level <= 7;

	if (on)
		output_text(o, "    %s logging: level %s, %s%llu messages logged\n", name,
			    level_names[level], more, (unsigned long long)n);
	else
		output_text(o, "    %s logging: disabled\n", name);
	output_object_begin(o, key);
	output_bool(o, "enabled", on);
	if (on)
		output_str(o, "level", level_names[level]);
	output_u64(o, "messages", n);
	output_object_end(o);
}

static void show_servers(const struct syslog *s, struct output *o)
{
	struct syslog_server_info v;
	char addr[64];

	output_list_begin(o, "servers");
	for (size_t i = 0; syslog_server_at(s, i, &v); i++) {
		const char *state = !v.host->tcp  ? ""
				    : v.connected ? ", connected"
						  : ", not connected";

		output_format_addr(&v.host->addr, addr, sizeof(addr));
		output_text(o, "        Logging to %s %s%s, %llu sent, %llu lost%s\n",
			    v.host->ifname, addr, v.host->tcp ? " tcp" : "",
			    (unsigned long long)v.sent, (unsigned long long)v.lost, state);
		output_object_begin(o, NULL);
		output_str(o, "interface", v.host->ifname);
		output_str(o, "address", addr);
		output_str(o, "protocol", v.host->tcp ? "tcp" : "udp");
		output_u64(o, "sent", v.sent);
		output_u64(o, "lost", v.lost);
		if (v.host->tcp)
			output_bool(o, "connected", v.connected);
		output_object_end(o);
	}
	output_list_end(o);
}

static void show_log(const struct syslog *s, struct output *o)
{
	const struct model_logging *l = syslog_settings(s);
	struct syslog_counters c;
	const char *text;
	char more[32];
	size_t n;

	syslog_counters(s, &c);
	output_text(o, "Syslog logging: %s\n", l->enable ? "enabled" : "disabled");
	output_text(o, "    Facility: %d\n", l->facility);
	output_text(o, "    Timestamp logging: %s\n", l->timestamp ? "enabled" : "disabled");
	output_bool(o, "enabled", l->enable);
	output_int(o, "facility", l->facility);
	output_bool(o, "timestamp", l->timestamp);
	show_destination(o, "Console", "console", l->enable, l->console, "", c.to_console);
	show_destination(o, "Monitor", "monitor", l->enable, l->monitor, "", c.to_monitor);
	show_destination(o, "Buffer", "buffer", l->enable, l->buffered, "", c.to_buffer);
	snprintf(more, sizeof(more), "facility %d, ", l->facility);
	show_destination(o, "Trap", "trap", l->enable, l->trap, more, c.to_servers);
	show_servers(s, o);
	output_text(o, "    Device ID: %s\n", l->device_id[0] ? l->device_id : "disabled");
	output_text(
		o,
		"    Lost: %llu ring, %llu UDP, %llu TCP, %llu console; %llu over a rate limit\n",
		(unsigned long long)c.lost_ring, (unsigned long long)c.lost_udp,
		(unsigned long long)c.lost_tcp, (unsigned long long)c.lost_console,
		(unsigned long long)c.limited);
	output_str(o, "device_id", l->device_id);
	output_object_begin(o, "lost");
	output_u64(o, "ring", c.lost_ring);
	output_u64(o, "udp", c.lost_udp);
	output_u64(o, "tcp", c.lost_tcp);
	output_u64(o, "console", c.lost_console);
	output_u64(o, "rate_limit", c.limited);
	output_object_end(o);
	output_lines_begin(o, "lines");
	for (int i = 0; i < 2; i++) {
		n = syslog_buffer_piece(s, i, &text);
		output_lines_put(o, text, n);
	}
	output_lines_end(o);
}

static int show_logging(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	syslog_flush(a->syslog);
	show_log(a->syslog, out);
	return 0;
}

static int clear_logging(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	syslog_flush(a->syslog);
	syslog_clear_buffer(a->syslog);
	return 0;
}

static void show_message(struct output *o, const struct model_logging *l, __u32 id, int severity,
			 const char *form)
{
	bool disabled = false;
	int level = severity;

	for (size_t i = 0; i < l->messages.n; i++) {
		if (l->messages.v[i].id != id)
			continue;
		disabled = l->messages.v[i].disabled;
		if (l->messages.v[i].level >= 0 && l->messages.v[i].level <= 7)
			level = l->messages.v[i].level;
	}
	output_text(o, "syslog %06u: default-level %s%s%s (%s)\n", id, level_names[severity],
		    level != severity ? ", current-level " : "",
		    level != severity ? level_names[level] : "", disabled ? "disabled" : "enabled");
	output_object_begin(o, NULL);
	output_u64(o, "id", id);
	output_str(o, "default_level", level_names[severity]);
	output_str(o, "level", level_names[level]);
	output_bool(o, "enabled", !disabled);
	output_str(o, "form", form);
	output_object_end(o);
}

static int show_logging_message(void *ctx, struct cmd_args *args, void *out)
{
	const struct model_logging *l =
		&config_model(config_session_config(args->session))->logging;
	__u32 only = cmd_u32(args, "ID", 0), id;
	const char *form;
	int severity;

	if (only && syslog_severity(only) < 0)
		return cmd_error(args, "there is no message %u", only);
	output_list_begin(out, "messages");
	for (size_t i = 0; syslog_message_at(i, &id, &severity, &form); i++)
		if (!only || id == only)
			show_message(out, l, id, severity, form);
	output_list_end(out);
	return 0;
}

COMMANDS_DEFINE(logging,
		{CONFIG_IN_EXEC, "show logging", NULL, "Message settings and the local buffer",
		 show_logging},
		{CONFIG_IN_EXEC, "show logging message [ <ID:n:100000-999999> ]", NULL,
		 "Messages with their levels", show_logging_message},
		{CONFIG_IN_PRIV, "clear logging buffer", NULL, "Empty the local message buffer",
		 clear_logging}, );
