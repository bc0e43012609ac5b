// SPDX-License-Identifier: GPL-2.0-only
/*
 * show version, clock, timeout, running-config, startup-config; terminal commands.
 *
 * Responsible for: the box as a whole. Not responsible for: files being written (files.c).
 *
 * Callers: config/ through the table at the end. Threads: main thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "control/client.h"
#include "control/commands.h"
#include "datapath/dp.h"
#include "policy/policy.h"

/* ------------------------------------------------------------------ configurations */

struct lines_sink {
	struct config_sink sink;
	struct output *o;
};

static void lines_put(struct config_sink *s, const char *text, size_t len)
{
	output_lines_put(((struct lines_sink *)s)->o, text, len);
}

static int print_running(struct cmd_args *args, struct output *o, const char *section, bool all)
{
	struct lines_sink s = {{lines_put}, o};
	const struct model *m = config_model(config_session_config(args->session));
	int ret;

	output_lines_begin(o, "lines");
	ret = config_running(m, section, all, &s.sink);
	output_lines_end(o);
	if (ret == -ENOENT)
		return cmd_error(args, "there is no section %s in the configuration", section);
	return ret ? cmd_error(args, "the configuration cannot be shown: %s", strerror(-ret)) : 0;
}

static int show_running(void *ctx, struct cmd_args *args, void *out)
{
	const char *section = cmd_get(args, "SECTION");
	bool all = cmd_has(args, "all");

	return print_running(args, out, section, all);
}

static int show_startup(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	FILE *f = fopen(a->opt.config_path, "re");
	char buf[4096];
	size_t n;

	if (!f)
		return cmd_error(args, "%s: %s", a->opt.config_path,
				 errno == ENOENT ? "no configuration has been saved"
						 : strerror(errno));
	output_lines_begin(out, "lines");
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		output_lines_put(out, buf, n);
	output_lines_end(out);
	fclose(f);
	return 0;
}

static int show_timeout(void *ctx, struct cmd_args *args, void *out)
{
	char section[96];

	snprintf(section, sizeof(section), "timeout%s%s", args->n > 2 ? " " : "",
		 args->n > 2 ? args->v[2].text : "");
	return print_running(args, out, section, true);
}

/* ------------------------------------------------------------------ version, clock */

static void up_text(__u64 s, char *buf, size_t size)
{
	__u64 days = s / 86400, hours = s / 3600 % 24, minutes = s / 60 % 60;

	if (days)
		snprintf(buf, size, "%llu days %llu hours", (unsigned long long)days,
			 (unsigned long long)hours);
	else if (hours)
		snprintf(buf, size, "%llu hours %llu mins", (unsigned long long)hours,
			 (unsigned long long)minutes);
	else
		snprintf(buf, size, "%llu mins %llu secs", (unsigned long long)minutes,
			 (unsigned long long)(s % 60));
}

static int show_version(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	const struct model *m = config_model(config_session_config(args->session));
	const struct dp_tables *t = dp_tables(a->dp);
	__u64 up = (__u64)(time(NULL) - control_state(a->control)->started);
	struct utsname u = {0};
	char text[64];

	uname(&u);
	up_text(up, text, sizeof(text));
	output_text(out, "Adaptive security firewall, asad Version %s\n", ASA_VERSION);
	output_text(out, "Map contract version %u\n\n", ASA_CONTRACT_VERSION);
	output_text(out, "%s up %s\n\n", m->hostname, text);
	output_text(out, "Kernel:      %s %s %s\n", u.sysname, u.release, u.machine);
	output_text(out, "Datapath:    %u connections at most, %u index buckets, pinned in %s\n",
		    t->n_slots ? t->n_slots - 1 : 0, t->n_buckets, a->opt.pin_dir);
	output_text(out, "             maps %s\n",
		    dp_reused(a->dp) ? "taken over from an earlier daemon" : "made by this daemon");
	output_text(out, "Start-up configuration: %s\n", a->opt.config_path);
	output_str(out, "version", ASA_VERSION);
	output_u64(out, "contract_version", ASA_CONTRACT_VERSION);
	output_str(out, "hostname", m->hostname);
	output_u64(out, "uptime", up);
	output_str(out, "kernel", u.release);
	output_str(out, "machine", u.machine);
	output_u64(out, "connections_limit", t->n_slots ? t->n_slots - 1 : 0);
	output_u64(out, "index_buckets", t->n_buckets);
	output_str(out, "pin_directory", a->opt.pin_dir);
	output_bool(out, "maps_reused", dp_reused(a->dp));
	output_str(out, "startup_config", a->opt.config_path);
	return 0;
}

static int show_clock(void *ctx, struct cmd_args *args, void *out)
{
	struct timespec now;
	char time_text[32], date[64];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(time_text, sizeof(time_text), "%H:%M:%S", &tm);
	strftime(date, sizeof(date), "%Z %a %b %d %Y", &tm);
	output_text(out, "%s.%03ld %s\n", time_text, now.tv_nsec / 1000000, date);
	output_int(out, "seconds", now.tv_sec);
	output_strf(out, "text", "%s.%03ld %s", time_text, now.tv_nsec / 1000000, date);
	return 0;
}

/* ------------------------------------------------------------------ terminal */

/* The pager is the client's; the row is here for help and completion. */
static int terminal_pager(void *ctx, struct cmd_args *args, void *out)
{
	return 0;
}

static int terminal_monitor(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct client *c = control_client(a->control, args->session);

	if (!c)
		return cmd_error(args, "this is not a terminal");
	if (client_monitor(c, !cmd_has(args, "no")))
		return cmd_error(args, "too many terminals watch the messages already");
	return 0;
}

COMMANDS_DEFINE(system,
		{CONFIG_IN_EXEC, "show version", NULL, "Version, time since start, sizes",
		 show_version},
		{CONFIG_IN_EXEC, "show clock", NULL, "Time of day", show_clock},
		{CONFIG_IN_EXEC, "show timeout [ { xlate | pat-xlate | conn | half-closed | udp | sctp | icmp | "
				 "icmp-error | sunrpc | h323 | h225 | mgcp | mgcp-pat | sip | sip_media | "
				 "sip-invite | sip-disconnect | sip-provisional-media | uauth | "
				 "tcp-proxy-reassembly | floating-conn | conn-holddown | igp } ]",
		 NULL, "Timeouts in force", show_timeout},
		{CONFIG_IN_PRIV, "show running-config [ all ] [ <SECTION:line> ]", NULL,
		 "Configuration in force", show_running},
		{CONFIG_IN_PRIV, "show startup-config", NULL, "Saved configuration", show_startup},
		{CONFIG_IN_EXEC, "terminal pager <LINES:n:0-2147483647>", NULL,
		 "Lines of a page, 0 for no paging", terminal_pager},
		{CONFIG_IN_EXEC, "terminal [ no ] monitor", NULL, "Show messages on this terminal",
		 terminal_monitor}, );
