// SPDX-License-Identifier: GPL-2.0-only
/*
 * show and clear threat-detection statistics: the servers under most attack (INT-8).
 *
 * Responsible for: the layout. Not responsible for: the numbers (engine/intercept.c).
 * Callers: config/ through the table at the end. Threads: main thread; asa->lock for the numbers.
 */
#include <stdio.h>

#include "control/commands.h"
#include "engine/intercept.h"
#include "engine/pipeline.h"

#define TOP 10

static void server_row(struct output *o, int rank, const struct intercept_server *s, __u32 now)
{
	char addr[64], src[64];
	__u64 average = intercept_average(s, now), ago = asa_ms_from_ticks(now - s->seen) / 1000;

	output_format_addr(&s->addr, addr, sizeof(addr));
	output_format_addr(&s->src, src, sizeof(src));
	output_text(o, "%-4d %s:%u %s %llu %llu %llu %s (%llu secs ago)\n", rank, addr,
		    asa_ntohs(s->port), s->ifname, (unsigned long long)average,
		    (unsigned long long)s->rate, (unsigned long long)s->total, src,
		    (unsigned long long)ago);
	output_object_begin(o, NULL);
	output_str(o, "server", addr);
	output_u64(o, "port", asa_ntohs(s->port));
	output_str(o, "interface", s->ifname);
	output_u64(o, "average_rate", average);
	output_u64(o, "current_rate", s->rate);
	output_u64(o, "total", s->total);
	output_str(o, "source", src);
	output_u64(o, "last_attack_seconds_ago", ago);
	output_object_end(o);
}

static int show_top(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	const struct intercept_server *top[TOP];
	struct intercept_server rows[TOP];
	struct intercepts *t;
	__u32 now = commands_now();
	int i, n = 0;

	(void)args;
	pthread_mutex_lock(&a->lock);
	t = engine_intercepts(a->engine);
	if (t)
		n = intercepts_top(t, top, TOP);
	for (i = 0; i < n; i++)
		rows[i] = *top[i];
	pthread_mutex_unlock(&a->lock);
	output_text(out, "Top %d protected servers under attack (sorted by total)\n", TOP);
	output_text(out, "Monitoring window size: %d mins    Sampling interval: %d secs\n",
		    INTERCEPT_SAMPLES * INTERCEPT_SAMPLE_S / 60, INTERCEPT_SAMPLE_S);
	output_text(out, "<Rank> <Server IP:Port> <Interface> <Ave Rate> <Cur Rate> <Total> <Source IP (Last Attack Time)>\n");
	output_text(out, "----------------------------------------------------------------------------------\n");
	output_list_begin(out, "servers");
	for (i = 0; i < n; i++)
		server_row(out, i + 1, &rows[i], now);
	output_list_end(out);
	return 0;
}

static int clear_top(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct intercepts *t;

	(void)args;
	(void)out;
	pthread_mutex_lock(&a->lock);
	t = engine_intercepts(a->engine);
	if (t)
		intercepts_clear(t);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

COMMANDS_DEFINE(
	threat,
	{CONFIG_IN_EXEC, "show threat-detection statistics top tcp-intercept", NULL,
	 "Servers under most attack by half-open connections", show_top},
	{CONFIG_IN_PRIV, "clear threat-detection statistics tcp-intercept", NULL,
	 "Forget the statistics of TCP intercept", clear_top}, );
