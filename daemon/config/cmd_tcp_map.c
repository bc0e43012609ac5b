// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: "tcp-map" and what may be said in it (NRM-1, NRM-10 to NRM-23).
 *
 * Responsible for: ranges, defaults, what excludes what, printing in the order of an ASA. Not
 * responsible for: giving a map to a class (cmd_conn.c), acting on it (asa/tcp_norm.h, the engine).
 *
 * A map is kept in the form that the normalizer asks (asa/tcp_map.h): flags for what differs from
 * the default, and for each option number what becomes of it. So ranges that overlap need no rule:
 * the latest line about a number counts, and equal neighbours are printed as one range.
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <string.h>

#include "config/impl.h"

/* Maps may live on in connections after they were changed: room for as many former ones. */
#define TCP_MAPS_CONFIGURED_MAX (ASA_TCP_MAPS_MAX / 2)

/* One of two or three values; the value without flags is the default. */
struct setting {
	const char *word, *value, *shown;
	__u32 mask, flags;
};
#define RESERVED (ASA_TM_RESERVED_CLEAR | ASA_TM_RESERVED_DROP)
static const struct setting settings[] = {
	/* word			given as	printed as	bits			values */
	{ "exceed-mss",		"allow",	"allow",	ASA_TM_MSS_DROP,	0 },
	{ "exceed-mss",		"drop",		"drop",		ASA_TM_MSS_DROP,	ASA_TM_MSS_DROP },
	{ "reserved-bits",	"allow",	"allow",	RESERVED,		0 },
	{ "reserved-bits",	"clear",	"clear",	RESERVED,		ASA_TM_RESERVED_CLEAR },
	{ "reserved-bits",	"drop",		"drop",		RESERVED,		ASA_TM_RESERVED_DROP },
	{ "syn-data",		"allow",	"allow",	ASA_TM_SYN_DATA_DROP,	0 },
	{ "syn-data",		"drop",		"drop",		ASA_TM_SYN_DATA_DROP,	ASA_TM_SYN_DATA_DROP },
	{ "synack-data",	"drop",		"drop",		ASA_TM_SYNACK_DATA_ALLOW, 0 },
	{ "synack-data",	"allow",	"allow",	ASA_TM_SYNACK_DATA_ALLOW, ASA_TM_SYNACK_DATA_ALLOW },
	{ "invalid-ack",	"drop",		"drop",		ASA_TM_ACK_ALLOW,	0 },
	{ "invalid-ack",	"allow",	"allow",	ASA_TM_ACK_ALLOW,	ASA_TM_ACK_ALLOW },
	{ "seq-past-window",	"drop",		"drop",		ASA_TM_SEQ_ALLOW,	0 },
	{ "seq-past-window",	"allow",	"allow",	ASA_TM_SEQ_ALLOW,	ASA_TM_SEQ_ALLOW },
	{ "urgent-flag",	"clear",	"clear",	ASA_TM_URGENT_ALLOW,	0 },
	{ "urgent-flag",	"allow",	"allow",	ASA_TM_URGENT_ALLOW,	ASA_TM_URGENT_ALLOW },
	{ "window-variation",	"allow",	"allow-connection", ASA_TM_WINDOW_DROP,	0 },
	{ "window-variation",	"drop",		"drop-connection", ASA_TM_WINDOW_DROP,	ASA_TM_WINDOW_DROP },
	{ "window-variation",	"allow-connection", NULL,	ASA_TM_WINDOW_DROP,	0 },
	{ "window-variation",	"drop-connection", NULL,	ASA_TM_WINDOW_DROP,	ASA_TM_WINDOW_DROP },
};

/* Options with a name of their own. */
static const struct {
	const char *word;
	__u8 kinds[2]; /* 0: none */
} named_options[] = {
	{ "selective-ack", { 4, 5 } },
	{ "timestamp", { 8, 0 } },
	{ "window-scale", { 3, 0 } },
	{ "mss", { 2, 0 } },
	{ "md5", { 19, 0 } }, /* in the range 9 to 255, and printed with it */
};
#define MD5 4 /* row above */

/* ------------------------------------------------------------------ the map itself */

static int map_remove(struct cmd_args *a, const char *name)
{
	struct model *m;

	if (!model_tcp_map_find(cfg_model(a), name))
		return cmd_error(a, "%% tcp-map %s not configured", name);
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	MODEL_REMOVE(&m->tcp_maps, (size_t)(model_tcp_map_find(m, name) - m->tcp_maps.v));
	return cfg_check_references(a);
}

static int do_tcp_map(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = cmd_get(a, "NAME");
	struct model_tcp_map *t;
	struct model *m;

	(void)ctx;
	(void)out;
	if (a->no)
		return map_remove(a, name);
	if (!model_tcp_map_find(cfg_model(a), name)) {
		if (cfg_model(a)->tcp_maps.n >= TCP_MAPS_CONFIGURED_MAX)
			return cmd_error(a, "%% there can be %d TCP maps", TCP_MAPS_CONFIGURED_MAX);
		m = cfg_edit(a);
		t = m ? MODEL_PUSH(&m->tcp_maps) : NULL;
		if (!t)
			return cfg_no_memory(a);
		name_copy(t->name, name);
		asa_tcp_map_default(&t->map);
	}
	cfg_enter(a, CONFIG_MODE_TCP_MAP, name);
	return 0;
}

/* What the line is about, as it is now; error after NULL. */
static const struct asa_tcp_map *map_now(struct cmd_args *a)
{
	const struct model_tcp_map *t = model_tcp_map_find(cfg_model(a), a->session->place.name);

	if (t)
		return &t->map;
	cmd_error(a, "%% tcp-map %s was removed", a->session->place.name);
	return NULL;
}

static int map_store(struct cmd_args *a, const struct asa_tcp_map *v)
{
	struct model *m = cfg_edit(a);

	if (!m)
		return -ENOMEM;
	model_tcp_map_find(m, a->session->place.name)->map = *v;
	return 0;
}

/* ------------------------------------------------------------------ its lines */

static int do_switch(void *ctx, struct cmd_args *a, void *out)
{
	const struct asa_tcp_map *now = map_now(a);
	struct asa_tcp_map v;
	__u32 flag;

	(void)ctx;
	(void)out;
	if (!now)
		return -EINVAL;
	v = *now;
	flag = cmd_has(a, "check-retransmission")  ? ASA_TM_CHECK_RETRANSMISSION :
	       cmd_has(a, "checksum-verification") ? ASA_TM_CHECKSUM :
						     ASA_TM_TTL_OFF;
	/* protection against TTL tricks is on unless it is turned off */
	if (a->no == (flag == ASA_TM_TTL_OFF))
		v.flags |= flag;
	else
		v.flags &= ~flag;
	return map_store(a, &v);
}

static int do_value(void *ctx, struct cmd_args *a, void *out)
{
	const char *word = a->v[0].text, *value = a->n > 1 && !a->no ? a->v[1].text : NULL;
	const struct asa_tcp_map *now = map_now(a);
	struct asa_tcp_map v;
	size_t i;

	(void)ctx;
	(void)out;
	if (!now)
		return -EINVAL;
	v = *now;
	/* "no" leads back to the first row of the word, the default. */
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(settings[i].word, word) && (!value || !strcmp(settings[i].value, value)))
			break;
	if (i == ARRAY_SIZE(settings))
		return cmd_error(a, "%% %s cannot be %s", word, value);
	if (settings[i].flags == ASA_TM_SEQ_ALLOW && v.queue_limit)
		return cmd_error(a, "%% seq-past-window allow needs queue-limit 0: tcp-map %s buffers %u segments",
				 a->session->place.name, v.queue_limit); /* NRM-16 */
	v.flags = (v.flags & ~settings[i].mask) | settings[i].flags;
	return map_store(a, &v);
}

static int do_queue(void *ctx, struct cmd_args *a, void *out)
{
	const struct asa_tcp_map *now = map_now(a);
	__u32 n = a->no ? 0 : cmd_u32(a, "N", 0);
	struct asa_tcp_map v;

	(void)ctx;
	(void)out;
	if (!now)
		return -EINVAL;
	if (!n && cmd_get(a, "SECONDS") && !a->no)
		return cmd_error(a, "%% timeout can be set with a queue-limit of 1 or more only"); /* NRM-10 */
	if (n && now->flags & ASA_TM_SEQ_ALLOW)
		return cmd_error(a, "%% tcp-map %s has seq-past-window allow, which needs queue-limit 0",
				 a->session->place.name);
	v = *now;
	v.queue_limit = (__u16)n;
	v.queue_timeout = a->no ? ASA_TCP_QUEUE_TIMEOUT_S :
				  (__u16)cmd_u32(a, "SECONDS", ASA_TCP_QUEUE_TIMEOUT_S);
	return map_store(a, &v);
}

/* "" is the default: clear for numbers without a name, allow for the others. */
static void option_set(struct asa_tcp_map *v, __u32 kind, const char *action)
{
	bool fallback = !*action && asa_tcp_option_ranged(kind);

	asa_tcp_option_set(v->clear, kind, fallback || !strcmp(action, "clear"));
	asa_tcp_option_set(v->drop, kind, !strcmp(action, "drop"));
}

static int do_option(void *ctx, struct cmd_args *a, void *out)
{
	const struct asa_tcp_map *now = map_now(a);
	const char *action = a->no ? "" : a->v[a->n - 1].text;
	struct asa_tcp_map v;

	(void)ctx;
	(void)out;
	if (!now)
		return -EINVAL;
	v = *now;
	for (size_t i = 0; i < ARRAY_SIZE(named_options); i++) {
		if (strcmp(a->v[1].text, named_options[i].word))
			continue;
		for (size_t k = 0; k < 2; k++)
			if (named_options[i].kinds[k])
				option_set(&v, named_options[i].kinds[k], action);
	}
	return map_store(a, &v);
}

static int do_range(void *ctx, struct cmd_args *a, void *out)
{
	__u32 lo = cmd_u32(a, "LOWER", 0), hi = cmd_u32(a, "UPPER", 0);
	const char *action = a->no ? "" : a->v[a->n - 1].text;
	const struct asa_tcp_map *now = map_now(a);
	struct asa_tcp_map v;

	(void)ctx;
	(void)out;
	if (!now)
		return -EINVAL;
	if (lo > hi)
		return cmd_error(a, "%% the range of options is empty: the lower number comes first");
	if (!asa_tcp_option_ranged(lo) || (lo < 8 && hi > 7)) /* NRM-23 */
		return cmd_error(a, "%% ranges of options lie in 6 to 7 or in 9 to 255");
	v = *now;
	for (__u32 kind = lo; kind <= hi; kind++)
		option_set(&v, kind, action);
	return map_store(a, &v);
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define TM CONFIG_IN(CONFIG_MODE_TCP_MAP)

const struct config_command cmd_tcp_map_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ G, "tcp-map <NAME:name>", "=", "Options of TCP normalization", do_tcp_map },
	{ TM, "{check-retransmission | checksum-verification | ttl-evasion-protection}", "=",
	  "TCP normalization", do_switch },
	{ TM, "{exceed-mss | invalid-ack | seq-past-window | syn-data | synack-data} {allow | drop}",
	  "{exceed-mss | invalid-ack | seq-past-window | syn-data | synack-data} [{allow | drop}]",
	  "TCP normalization", do_value },
	{ TM, "queue-limit <N:n:0-250> [timeout <SECONDS:n:1-20>]",
	  "queue-limit [<N:n:0-250> [timeout <SECONDS:n:1-20>]]", "TCP normalization", do_queue },
	{ TM, "reserved-bits {allow | clear | drop}", "reserved-bits [{allow | clear | drop}]",
	  "TCP normalization", do_value },
	{ TM, "tcp-options {selective-ack | timestamp | window-scale} {allow | clear}",
	  "tcp-options {selective-ack | timestamp | window-scale} [{allow | clear}]",
	  "TCP normalization", do_option },
	{ TM, "tcp-options {mss | md5} {allow | clear | drop}",
	  "tcp-options {mss | md5} [{allow | clear | drop}]", "TCP normalization", do_option },
	{ TM, "tcp-options range <LOWER:n:6-255> <UPPER:n:6-255> {allow | clear | drop}",
	  "tcp-options range <LOWER:n:6-255> <UPPER:n:6-255> [{allow | clear | drop}]",
	  "TCP normalization", do_range },
	{ TM, "urgent-flag {allow | clear}", "urgent-flag [{allow | clear}]", "TCP normalization",
	  do_value },
	{ TM, "window-variation {allow | drop | allow-connection | drop-connection}",
	  "window-variation [{allow | drop | allow-connection | drop-connection}]",
	  "TCP normalization", do_value },
};
const size_t n_cmd_tcp_map_rows = ARRAY_SIZE(cmd_tcp_map_rows);

/* ------------------------------------------------------------------ printing, clearing */

static const char *option_action(const struct asa_tcp_map *v, __u32 kind)
{
	return asa_tcp_option_bit(v->drop, kind)  ? "drop" :
	       asa_tcp_option_bit(v->clear, kind) ? "clear" :
						    "allow";
}

/* Neighbours with the same fate, from lo to hi at most. */
static void show_ranges(const struct show *sh, const struct asa_tcp_map *v, __u32 lo, __u32 hi)
{
	while (lo <= hi) {
		const char *action = option_action(v, lo);
		__u32 end = lo;

		while (end < hi && !strcmp(option_action(v, end + 1), action))
			end++;
		if (sh->all || strcmp(action, "clear"))
			put(sh->sink, " tcp-options range %u %u %s\n", lo, end, action);
		lo = end + 1;
	}
}

static void show_value(const struct show *sh, const struct asa_tcp_map *v, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		if (strcmp(s->word, word) || (v->flags & s->mask) != s->flags)
			continue;
		if (sh->all || s->flags)
			put(sh->sink, " %s %s\n", word, s->shown);
		return;
	}
}

static void show_switch(const struct show *sh, bool on, bool usual, const char *word)
{
	if (sh->all || on != usual)
		put(sh->sink, " %s%s\n", on ? "" : "no ", word);
}

static void show_map(const struct show *sh, const struct asa_tcp_map *v)
{
	show_switch(sh, v->flags & ASA_TM_CHECK_RETRANSMISSION, false, "check-retransmission");
	show_switch(sh, v->flags & ASA_TM_CHECKSUM, false, "checksum-verification");
	show_value(sh, v, "exceed-mss");
	if (sh->all || (v->queue_limit && v->queue_timeout != ASA_TCP_QUEUE_TIMEOUT_S))
		put(sh->sink, " queue-limit %u timeout %u\n", v->queue_limit, v->queue_timeout);
	else if (v->queue_limit)
		put(sh->sink, " queue-limit %u\n", v->queue_limit);
	show_value(sh, v, "reserved-bits");
	show_value(sh, v, "syn-data");
	show_value(sh, v, "synack-data");
	show_value(sh, v, "invalid-ack");
	show_value(sh, v, "seq-past-window");
	show_ranges(sh, v, 6, 7);
	show_ranges(sh, v, 9, 255);
	for (size_t i = 0; i < MD5; i++)
		if (sh->all || strcmp(option_action(v, named_options[i].kinds[0]), "allow"))
			put(sh->sink, " tcp-options %s %s\n", named_options[i].word,
			    option_action(v, named_options[i].kinds[0]));
	show_switch(sh, !(v->flags & ASA_TM_TTL_OFF), true, "ttl-evasion-protection");
	show_value(sh, v, "urgent-flag");
	show_value(sh, v, "window-variation");
}

void show_tcp_maps(const struct show *sh)
{
	if (!*sh->filter)
		show_opaque(sh, OPAQUE_TCP_MAP);
	for (size_t i = 0; i < sh->m->tcp_maps.n; i++) {
		const struct model_tcp_map *t = &sh->m->tcp_maps.v[i];

		if (*sh->filter && strcmp(sh->filter, t->name))
			continue;
		put(sh->sink, "tcp-map %s\n", t->name);
		show_map(sh, &t->map);
	}
}

int clear_tcp_maps(struct model *m, const struct model *empty)
{
	(void)empty;
	m->tcp_maps.n = 0;
	return 0;
}
