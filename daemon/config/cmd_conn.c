// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: "set connection" of a policy-map class, and TCP maps.
 *
 * Responsible for: limits, timeouts, dead connection detection, sequence randomization, state
 * bypass (BYP-1) and the name of the TCP map of a class, in any order and on any number of lines;
 * the mode of "tcp-map". Not responsible for: acting on them (policy, session, normalize).
 *
 * All parameters of a line are checked before the first is changed. The running configuration has
 * one line per family with all parameters of the class. TCP maps are kept as lines (cmd_opaque.c).
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <string.h>

#include "config/impl.h"

#define TIME_MAX_S (1193 * 3600)

/* ------------------------------------------------------------------ limits */

static const struct limit {
	const char *word;
	size_t offset;
	bool management; /* may be set for traffic to the box (LIM-6) */
} limits[] = {
	/* in the order of the running configuration */
	{ "conn-max", offsetof(struct model_conn_settings, conn_max), true },
	{ "embryonic-conn-max", offsetof(struct model_conn_settings, embryonic_max), true },
	{ "per-client-max", offsetof(struct model_conn_settings, per_client_max), false },
	{ "per-client-embryonic-max", offsetof(struct model_conn_settings, per_client_embryonic_max),
	  false },
};

static int *setting(struct model_conn_settings *c, size_t offset)
{
	return (int *)((char *)c + offset);
}

static const struct limit *limit_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (!strcmp(limits[i].word, word))
			return &limits[i];
	}
	return NULL;
}

static bool is_management(const struct cmd_args *a)
{
	const struct model_class *c = model_class_find(cfg_model(a), a->session->place.class_name);

	return c && c->management;
}

/* The settings of the class as they are now; a missing class is an error. */
static int settings_now(struct cmd_args *a, struct model_conn_settings *v)
{
	const struct model_policy_class *pc = cfg_policy_class(cfg_model(a), &a->session->place);

	if (!pc)
		return cmd_error(a, "%% class %s was removed", a->session->place.class_name);
	*v = pc->conn;
	return 0;
}

static int settings_store(struct cmd_args *a, const struct model_conn_settings *v)
{
	struct model_policy_class *pc = cfg_policy_class_edit(a);

	if (!pc)
		return -EINVAL;
	pc->conn = *v;
	return 0;
}

static int do_limits(void *ctx, struct cmd_args *a, void *out)
{
	struct model_conn_settings v;
	struct cursor c = { a, 2 };
	uint32_t n;

	(void)ctx;
	(void)out;
	if (settings_now(a, &v))
		return -EINVAL;
	if (a->no && cur_end(&c)) {
		for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
			*setting(&v, limits[i].offset) = -1;
		v.random_seq = -1;
	}
	while (!cur_end(&c)) {
		const char *word = cur_next(&c);
		const struct limit *l = limit_find(word);

		if (is_management(a) && (!l || !l->management))
			return cmd_error(a, "%% %s cannot be set for a management class: only conn-max "
					    "and embryonic-conn-max", word);
		if (l) {
			*setting(&v, l->offset) = -1;
			if (!cur_end(&c) && c.a->v[c.i].label && !value_u32(cur_next(&c), 0, 2000000, &n) &&
			    !a->no)
				*setting(&v, l->offset) = (int)n;
		} else {
			bool disable = cur_take(&c, "disable");

			if (!disable)
				cur_take(&c, "enable");
			/* "enable" is the default: the running configuration does not show it. */
			v.random_seq = disable && !a->no ? 0 : -1;
		}
	}
	if (v.conn_max > 0 && v.embryonic_max > v.conn_max)
		cmd_warn(a, "embryonic-conn-max %d is above conn-max %d and is never reached",
			 v.embryonic_max, v.conn_max);
	return settings_store(a, &v);
}

/* ------------------------------------------------------------------ timeouts */

static int time_check(struct cmd_args *a, const char *word, const char *text, uint32_t floor,
		      int *out)
{
	uint32_t min = cfg_model(a)->timeout_floor_none ? 1 : floor, v = 0;
	char x[VALUE_TEXT_MAX], y[VALUE_TEXT_MAX];

	if (value_time(text, &v) || (v && (v < min || v > TIME_MAX_S)))
		return cmd_error(a, "%% %s timeout %s is out of range: 0 or %s to %s", word, text,
				 value_time_text(min, x), value_time_text(TIME_MAX_S, y));
	*out = (int)v;
	return 0;
}

static int dcd_read(struct cmd_args *a, struct cursor *c, struct model_conn_settings *v)
{
	uint32_t n = 15;

	v->dcd_interval_s = 15;
	v->dcd_retries = 5;
	if (cur_end(c) || !c->a->v[c->i].label)
		return 0;
	if (value_time(cur_next(c), &n) || n < 1 || n > 86400)
		return cmd_error(a, "%% dcd retry-interval is out of range: 0:00:01 to 24:00:00");
	v->dcd_interval_s = (int)n;
	if (!cur_end(c) && c->a->v[c->i].label && !value_u32(cur_next(c), 1, 255, &n))
		v->dcd_retries = (int)n;
	return 0;
}

static int timeout_set(struct cmd_args *a, struct cursor *c, struct model_conn_settings *v)
{
	if (cur_take(c, "embryonic"))
		return time_check(a, "embryonic", cur_next(c), 5, &v->embryonic_s);
	if (cur_take(c, "half-closed"))
		return time_check(a, "half-closed", cur_next(c), 30, &v->half_closed_s);
	if (cur_take(c, "dcd"))
		return dcd_read(a, c, v);
	cur_next(c); /* idle, or tcp as 8.2 called it */
	if (time_check(a, "idle", cur_next(c), 300, &v->idle_s))
		return -EINVAL;
	v->idle_reset = cur_take(c, "reset");
	return 0;
}

static void timeout_unset(struct cursor *c, struct model_conn_settings *v)
{
	if (cur_take(c, "embryonic")) {
		v->embryonic_s = -1;
	} else if (cur_take(c, "half-closed")) {
		v->half_closed_s = -1;
	} else if (cur_take(c, "dcd")) {
		v->dcd_interval_s = v->dcd_retries = -1;
	} else {
		cur_next(c);
		v->idle_s = -1;
		v->idle_reset = false;
	}
	/* The values may be repeated; they do not matter. */
	while (!cur_end(c) && (c->a->v[c->i].label || !strcmp(cur_peek(c), "reset")))
		c->i++;
}

static int do_timeout(void *ctx, struct cmd_args *a, void *out)
{
	struct model_conn_settings v;
	struct cursor c = { a, 3 };

	(void)ctx;
	(void)out;
	if (settings_now(a, &v))
		return -EINVAL;
	if (!a->no && is_management(a))
		return cmd_error(a, "%% set connection timeout cannot be used with a management class");
	if (a->no && cur_end(&c)) {
		v.embryonic_s = v.half_closed_s = v.idle_s = -1;
		v.dcd_interval_s = v.dcd_retries = -1;
		v.idle_reset = false;
	}
	while (!cur_end(&c)) {
		if (a->no)
			timeout_unset(&c, &v);
		else if (timeout_set(a, &c, &v))
			return -EINVAL;
	}
	return settings_store(a, &v);
}

/* ------------------------------------------------------------------ advanced options */

static int do_advanced(void *ctx, struct cmd_args *a, void *out)
{
	const char *map = cmd_get(a, "TCPMAP");
	struct model_conn_settings v;

	(void)ctx;
	(void)out;
	if (settings_now(a, &v))
		return -EINVAL;
	if (!a->no && is_management(a))
		return cmd_error(a, "%% advanced-options cannot be used with a management class");
	if (!map) {
		/* BYP-6: nothing of a bypass connection is normalized, so both make no sense. */
		if (!a->no && *v.tcp_map)
			return cmd_error(a, "%% class %s has tcp-map %s: tcp-state-bypass and a "
					    "tcp-map exclude each other", a->session->place.class_name,
					 v.tcp_map);
		v.bypass = !a->no;
		return settings_store(a, &v);
	}
	if (a->no && strcmp(v.tcp_map, map))
		return cmd_error(a, "%% tcp-map %s is not set for this class", map);
	if (!a->no && !model_tcp_map_find(cfg_model(a), map))
		return cmd_error(a, "%% tcp-map %s not configured", map);
	if (!a->no && v.bypass)
		return cmd_error(a, "%% class %s has tcp-state-bypass: TCP normalization (tcp-map %s) "
				    "does not apply to bypass connections",
				 a->session->place.class_name, map);
	name_copy(v.tcp_map, a->no ? "" : map);
	return settings_store(a, &v);
}

static int do_ttl(void *ctx, struct cmd_args *a, void *out)
{
	struct model_conn_settings v;

	(void)ctx;
	(void)out;
	if (settings_now(a, &v))
		return -EINVAL;
	if (!a->no && is_management(a))
		return cmd_error(a, "%% decrement-ttl cannot be used with a management class");
	v.decrement_ttl = !a->no;
	return settings_store(a, &v);
}

#define PC CONFIG_IN(CONFIG_MODE_POLICY_CLASS)
#define N "<N:n:0-2000000>"
#define N_OPT "[<N:n:0-2000000>]"

const struct config_command cmd_conn_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ PC, "set connection {conn-max " N " | embryonic-conn-max " N " | per-client-max " N
	      " | per-client-embryonic-max " N " | random-sequence-number {enable | disable}}+",
	  "set connection [conn-max " N_OPT " | embryonic-conn-max " N_OPT " | per-client-max " N_OPT
	  " | per-client-embryonic-max " N_OPT
	  " | random-sequence-number [{enable | disable}]]*",
	  "Connection settings of the class", do_limits },
	{ PC, "set connection timeout {embryonic <T:time> | {idle | tcp} <T:time> [reset] | "
	      "half-closed <T:time> | dcd [<INTERVAL:time> [<RETRIES:n:1-255>]]}+",
	  "set connection timeout [embryonic [<T:time>] | {idle | tcp} [<T:time>] [reset] | "
	  "half-closed [<T:time>] | dcd [<INTERVAL:time> [<RETRIES:n:1-255>]]]*",
	  "Connection settings of the class", do_timeout },
	{ PC, "set connection advanced-options {tcp-state-bypass | <TCPMAP:name>}", "=",
	  "Connection settings of the class", do_advanced },
	{ PC, "set connection decrement-ttl", "=", "Connection settings of the class", do_ttl },
};
const size_t n_cmd_conn_rows = ARRAY_SIZE(cmd_conn_rows);

/* ------------------------------------------------------------------ printing */

static bool timeouts_any(const struct model_conn_settings *c)
{
	return c->embryonic_s >= 0 || c->half_closed_s >= 0 || c->idle_s >= 0 ||
	       c->dcd_interval_s >= 0;
}

void show_conn_settings(const struct show *sh, const struct model_conn_settings *c)
{
	struct model_conn_settings copy = *c;
	char x[VALUE_TEXT_MAX];
	bool any = c->random_seq >= 0;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		any |= *setting(&copy, limits[i].offset) >= 0;
	if (any)
		put(sh->sink, "  set connection");
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (*setting(&copy, limits[i].offset) >= 0)
			put(sh->sink, " %s %d", limits[i].word, *setting(&copy, limits[i].offset));
	}
	if (c->random_seq >= 0)
		put(sh->sink, " random-sequence-number %s", c->random_seq ? "enable" : "disable");
	if (any)
		put(sh->sink, "\n");
	if (timeouts_any(c)) {
		put(sh->sink, "  set connection timeout");
		if (c->embryonic_s >= 0)
			put(sh->sink, " embryonic %s", value_time_text((uint32_t)c->embryonic_s, x));
		if (c->half_closed_s >= 0)
			put(sh->sink, " half-closed %s",
			    value_time_text((uint32_t)c->half_closed_s, x));
		if (c->idle_s >= 0)
			put(sh->sink, " idle %s%s", value_time_text((uint32_t)c->idle_s, x),
			    c->idle_reset ? " reset" : "");
		if (c->dcd_interval_s >= 0)
			put(sh->sink, " dcd %s %d", value_time_text((uint32_t)c->dcd_interval_s, x),
			    c->dcd_retries);
		put(sh->sink, "\n");
	}
	if (*c->tcp_map)
		put(sh->sink, "  set connection advanced-options %s\n", c->tcp_map);
	if (c->bypass)
		put(sh->sink, "  set connection advanced-options tcp-state-bypass\n");
	if (c->decrement_ttl)
		put(sh->sink, "  set connection decrement-ttl\n");
}
