// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: the box as a whole.
 *
 * Responsible for: hostname, version line and access-list semantics (ACL-3), global timeouts
 * (GTO-*), timeout-floor, MSS clamping, fail mode, lines that permit access to the box,
 * "clear configure". Not responsible for: acting on any of them.
 *
 * Global timeouts are one table: word, place in the model, range, group of the running
 * configuration. Callers: the grammar; running.c. Control thread only.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/impl.h"

/* ------------------------------------------------------------------ timeouts */

#define TIME_MAX_S (1193 * 3600)
#define T(member) offsetof(struct model_timeouts, member)

static const struct timeout {
	const char *word;
	size_t offset;
	int min, max; /* seconds */
	bool never; /* 0 is allowed: never */
	int line; /* of the running configuration */
	const char *after; /* printed behind the value */
} timeouts[] = {
	/* word                  offset                    min  max         0      line  after */
	{ "xlate",		 T(xlate),		   60,	TIME_MAX_S, true,  1,	 "" },
	{ "pat-xlate",		 T(pat_xlate),		   30,	300,	    false, 2,	 "" },
	{ "conn",		 T(conn),		   300, TIME_MAX_S, true,  3,	 "" },
	{ "half-closed",	 T(half_closed),	   30,	TIME_MAX_S, true,  3,	 "" },
	{ "udp",		 T(udp),		   60,	TIME_MAX_S, true,  3,	 "" },
	{ "sctp",		 T(sctp),		   60,	TIME_MAX_S, false, 3,	 "" },
	{ "icmp",		 T(icmp),		   2,	TIME_MAX_S, false, 3,	 "" },
	{ "icmp-error",		 T(icmp_error),		   0,	60,	    true,  3,	 "" },
	{ "sunrpc",		 T(sunrpc),		   60,	TIME_MAX_S, true,  4,	 "" },
	{ "h323",		 T(h323),		   0,	TIME_MAX_S, true,  4,	 "" },
	{ "h225",		 T(h225),		   0,	TIME_MAX_S, true,  4,	 "" },
	{ "mgcp",		 T(mgcp),		   0,	TIME_MAX_S, true,  4,	 "" },
	{ "mgcp-pat",		 T(mgcp_pat),		   30,	TIME_MAX_S, false, 4,	 "" },
	{ "sip",		 T(sip),		   300, TIME_MAX_S, true,  5,	 "" },
	{ "sip_media",		 T(sip_media),		   60,	TIME_MAX_S, true,  5,	 "" },
	{ "sip-invite",		 T(sip_invite),		   60,	1800,	    false, 5,	 "" },
	{ "sip-disconnect",	 T(sip_disconnect),	   1,	600,	    false, 5,	 "" },
	{ "sip-provisional-media", T(sip_provisional_media), 60, TIME_MAX_S, false, 6,	 "" },
	{ "uauth",		 T(uauth_absolute),	   0,	TIME_MAX_S, true,  6,	 " absolute" },
	{ "uauth",		 T(uauth_inactivity),	   0,	TIME_MAX_S, true,  6,	 " inactivity" },
	{ "tcp-proxy-reassembly", T(tcp_proxy_reassembly), 10,	TIME_MAX_S, false, 7,	 "" },
	{ "floating-conn",	 T(floating_conn),	   60,	TIME_MAX_S, true,  8,	 "" },
	{ "conn-holddown",	 T(conn_holddown),	   0,	15,	    true,  9,	 "" },
	{ "igp stale-route",	 T(igp_stale_route),	   10,	600,	    false, 10,	 "" },
};

static int *timeout_at(struct model_timeouts *t, const struct timeout *row)
{
	return (int *)((char *)t + row->offset);
}

/* "igp stale-route" is found by its first word. */
static bool is_named(const struct timeout *row, const char *word)
{
	size_t len = strcspn(row->word, " ");

	return strlen(word) == len && !memcmp(word, row->word, len);
}

static const struct timeout *timeout_find(const char *word, bool inactivity)
{
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		if (is_named(&timeouts[i], word) &&
		    (!inactivity || !strcmp(timeouts[i].after, " inactivity")))
			return &timeouts[i];
	}
	return NULL;
}

static int timeout_set(struct cmd_args *a, const struct timeout *row, const char *text, int *out)
{
	int min = cfg_model(a)->timeout_floor_none && row->min > 1 ? 1 : row->min;
	char x[VALUE_TEXT_MAX], y[VALUE_TEXT_MAX];
	uint32_t v = 0;

	if (value_time(text, &v) || (v && (int)v < min) || (int)v > row->max || (!v && !row->never))
		return cmd_error(a, "%% timeout %s %s is out of range: %s%s to %s", row->word, text,
				 row->never ? "0 or " : "", value_time_text((uint32_t)min, x),
				 value_time_text((uint32_t)row->max, y));
	*out = (int)v;
	return 0;
}

/* The others are kept for what they will be about: inspections, authentication (asa-config(5)). */
static bool acts(const struct timeout *row)
{
	static const size_t acting[] = { T(xlate), T(pat_xlate), T(conn), T(half_closed), T(udp),
					 T(sctp), T(icmp), T(tcp_proxy_reassembly), T(floating_conn) };

	for (size_t i = 0; i < ARRAY_SIZE(acting); i++)
		if (row->offset == acting[i])
			return true;
	return false;
}

static int do_timeout(void *ctx, struct cmd_args *a, void *out)
{
	struct model_timeouts v = cfg_model(a)->timeouts;
	struct cursor c = { a, 1 };
	struct model *m, *empty = model_new();
	uint32_t kept = 0; /* bits: rows that do nothing */

	_Static_assert(ARRAY_SIZE(timeouts) <= 32, "a bit each");
	(void)ctx;
	(void)out;
	if (!empty)
		return cfg_no_memory(a);
	if (a->no && cur_end(&c))
		v = empty->timeouts;
	while (!cur_end(&c)) {
		const char *word = cur_next(&c), *text = NULL;
		const struct timeout *row;
		bool inactivity;

		cur_take(&c, "stale-route");
		if (!cur_end(&c) && a->v[c.i].label)
			text = cur_next(&c);
		inactivity = cur_take(&c, "inactivity");
		cur_take(&c, "absolute");
		row = timeout_find(word, inactivity);
		if (a->no) {
			*timeout_at(&v, row) = *timeout_at(&empty->timeouts, row);
		} else if (timeout_set(a, row, text, timeout_at(&v, row))) {
			model_free(empty);
			return -EINVAL;
		}
		if (!acts(row) && *timeout_at(&v, row) != *timeout_at(&empty->timeouts, row))
			kept |= 1u << (row - timeouts);
	}
	model_free(empty);
	if ((v.uauth_absolute >= v.xlate && v.uauth_absolute && v.xlate) ||
	    (v.uauth_inactivity >= v.xlate && v.uauth_inactivity && v.xlate))
		return cmd_error(a, "%% timeout uauth must be shorter than timeout xlate");
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	m->timeouts = v;
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		if (kept & 1u << i)
			cmd_warn(a, "\"timeout %s%s\" is kept but has no effect yet",
				 timeouts[i].word, timeouts[i].after);
	}
	return 0;
}

void show_timeouts(const struct show *sh)
{
	struct model_timeouts v = sh->m->timeouts;
	int line = 0;
	char x[VALUE_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		const struct timeout *row = &timeouts[i];
		int s = *timeout_at(&v, row);

		if (*sh->filter && !is_named(row, sh->filter))
			continue;
		/* Two that ASA shows only when they are set. */
		if (!s && (row->offset == T(icmp_error) || row->offset == T(uauth_inactivity)) &&
		    !sh->all)
			continue;
		if (row->line != line)
			put(sh->sink, "%stimeout", line ? "\n" : "");
		line = row->line;
		put(sh->sink, " %s %s%s", row->word, value_time_text((uint32_t)s, x), row->after);
	}
	if (line)
		put(sh->sink, "\n");
}

/* Values that only "timeout-floor none" allows: without it they could not be read back. */
static bool below_floor(const struct model *m)
{
	struct model_timeouts v = m->timeouts;

	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		int s = *timeout_at(&v, &timeouts[i]);

		if (s && s < timeouts[i].min)
			return true;
	}
	for (size_t i = 0; i < m->policy_maps.n; i++) {
		for (size_t k = 0; k < m->policy_maps.v[i].classes.n; k++) {
			const struct model_conn_settings *c = &m->policy_maps.v[i].classes.v[k].conn;

			if ((c->idle_s > 0 && c->idle_s < 300) ||
			    (c->embryonic_s > 0 && c->embryonic_s < 5) ||
			    (c->half_closed_s > 0 && c->half_closed_s < 30))
				return true;
		}
	}
	return false;
}

static int do_floor(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m;

	(void)ctx;
	(void)out;
	if (a->no && below_floor(cfg_model(a)))
		return cmd_error(a, "%% timeouts below their minimum are configured: change them first");
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	m->timeout_floor_none = !a->no;
	return 0;
}

void show_timeout_floor(const struct show *sh)
{
	if (sh->m->timeout_floor_none)
		put(sh->sink, "timeout-floor none\n");
}

/* ------------------------------------------------------------------ hostname, version */

static int do_hostname(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = a->no ? "asa" : cmd_get(a, "NAME");
	struct model *m;

	(void)ctx;
	(void)out;
	if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") !=
		    strlen(name) ||
	    !isalnum((unsigned char)*name) || !isalnum((unsigned char)name[strlen(name) - 1]))
		return cmd_error(a, "%% Hostname must start and end with a letter or digit, and have as "
				    "interior characters only letters, digits, dots or a hyphen");
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	name_copy(m->hostname, name);
	return 0;
}

/* Before 8.3, and on every PIX, interface access lists name mapped addresses. */
static bool version_is_mapped(const char *line)
{
	unsigned long major, minor;
	const char *v = strrchr(line, ' ');
	char *end;

	if (!v)
		return false;
	if (!strncasecmp(line, "PIX", 3))
		return true;
	major = strtoul(v + 1, &end, 10);
	minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	return major && (major < 8 || (major == 8 && minor < 3));
}

static int do_version(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m;
	char line[MODEL_TEXT_MAX];

	(void)ctx;
	(void)out;
	snprintf(line, sizeof(line), "%s Version %.200s", a->v[0].text, cmd_get(a, "VERSION"));
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	memcpy(m->version_line, line, sizeof(line));
	m->acl_mapped = version_is_mapped(line);
	return 0;
}

void show_version_line(const struct show *sh)
{
	if (*sh->m->version_line)
		put(sh->sink, "%s\n!\n", sh->m->version_line);
}

void show_hostname(const struct show *sh)
{
	put(sh->sink, "hostname %s\n", sh->m->hostname);
}

static int do_semantics(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m = cfg_edit(a);

	(void)ctx;
	(void)out;
	if (!m)
		return -ENOMEM;
	m->acl_mapped = a->no ? version_is_mapped(m->version_line) : cmd_has(a, "mapped");
	return 0;
}

void show_semantics(const struct show *sh)
{
	if (sh->m->acl_mapped != version_is_mapped(sh->m->version_line) || sh->all)
		put(sh->sink, "access-list-semantics %s\n", sh->m->acl_mapped ? "mapped" : "real");
}

/* ------------------------------------------------------------------ small things */

static int do_tcpmss(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m = cfg_edit(a);
	int v = a->no ? 0 : (int)cmd_u32(a, "BYTES", 0);

	(void)ctx;
	(void)out;
	if (!m)
		return -ENOMEM;
	if (cmd_has(a, "minimum"))
		m->tcpmss_min = v;
	else
		m->tcpmss = v;
	return 0;
}

void show_sysopt(const struct show *sh)
{
	if (sh->m->tcpmss || sh->all)
		put(sh->sink, "sysopt connection tcpmss %d\n", sh->m->tcpmss);
	if (sh->m->tcpmss_min || sh->all)
		put(sh->sink, "sysopt connection tcpmss minimum %d\n", sh->m->tcpmss_min);
}

static int do_fail_mode(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m = cfg_edit(a);

	(void)ctx;
	(void)out;
	if (!m)
		return -ENOMEM;
	m->fail_open = !a->no && cmd_has(a, "open");
	return 0;
}

void show_fail_mode(const struct show *sh)
{
	if (sh->m->fail_open || sh->all)
		put(sh->sink, "fail-mode %s\n", sh->m->fail_open ? "open" : "closed");
}

/* ------------------------------------------------------------------ access to the box */

static int do_mgmt(void *ctx, struct cmd_args *a, void *out)
{
	const char *ip = cmd_get(a, "IP"), *mask = cmd_get(a, "MASK");
	struct model_mgmt row = { .text = "" }, *add;
	struct asa_addr addr;
	uint8_t plen;
	struct model *m;
	struct text t;

	(void)ctx;
	(void)out;
	if (ip && mask && !value_ip4(ip, &addr) && !value_mask(mask, &plen) &&
	    network_check(a, &addr, false, plen, mask))
		return -EINVAL;
	text_init(&t, row.text, sizeof(row.text));
	for (size_t i = 0; i < a->n; i++) {
		const char *word = a->v[i].text;

		if (a->v[i].label && *a->v[i].label == '0')
			word = "0.0.0.0";
		text_add(&t, "%s%s", i ? " " : "", word);
	}
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	for (size_t i = 0; i < m->mgmt.n; i++) {
		if (strcmp(m->mgmt.v[i].text, row.text))
			continue;
		if (a->no)
			MODEL_REMOVE(&m->mgmt, i);
		return 0;
	}
	if (a->no)
		return cmd_error(a, "there is no line \"%s\"", row.text);
	add = MODEL_PUSH(&m->mgmt);
	if (!add)
		return cfg_no_memory(a);
	*add = row;
	return 0;
}

static int do_http_server(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m = cfg_edit(a);

	(void)ctx;
	(void)out;
	if (!m)
		return -ENOMEM;
	m->http_port = a->no ? 0 : (int)cmd_u32(a, "PORT", 443);
	return 0;
}

static void show_http_server(const struct show *sh)
{
	if (sh->m->http_port == 443)
		put(sh->sink, "http server enable\n");
	else if (sh->m->http_port)
		put(sh->sink, "http server enable %d\n", sh->m->http_port);
}

/* One of "ssh", "telnet", "http", "icmp": is 'line' about it? */
static bool mgmt_is(const char *line, const char *word)
{
	size_t len = strlen(word);

	if (!strncmp(line, "ipv6 ", 5))
		line += 5;
	return !strncmp(line, word, len) && line[len] == ' ';
}

bool cfg_show_mgmt_word(const struct show *sh, const char *word)
{
	static const char *const all[] = { "ssh", "telnet", "http", "icmp" };
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		known |= !strcmp(all[i], word);
	if (known && !strcmp(word, "http"))
		show_http_server(sh);
	for (size_t i = 0; known && i < sh->m->mgmt.n; i++) {
		if (mgmt_is(sh->m->mgmt.v[i].text, word))
			put(sh->sink, "%s\n", sh->m->mgmt.v[i].text);
	}
	return known;
}

bool cfg_clear_mgmt_word(struct model *m, const char *word)
{
	bool any = !strcmp(word, "http") && m->http_port;

	if (any)
		m->http_port = 0;
	for (size_t i = m->mgmt.n; i-- > 0;) {
		if (!mgmt_is(m->mgmt.v[i].text, word))
			continue;
		MODEL_REMOVE(&m->mgmt, i);
		any = true;
	}
	return any;
}

void show_mgmt(const struct show *sh)
{
	show_http_server(sh);
	for (size_t i = 0; i < sh->m->mgmt.n; i++)
		put(sh->sink, "%s\n", sh->m->mgmt.v[i].text);
}

int clear_mgmt(struct model *m, const struct model *empty)
{
	(void)empty;
	m->mgmt.n = 0;
	m->http_port = 0;
	return 0;
}

int clear_timeouts(struct model *m, const struct model *empty)
{
	m->timeouts = empty->timeouts;
	/* The floor stays lifted while a class needs it. */
	if (!below_floor(m))
		m->timeout_floor_none = false;
	return 0;
}

int clear_sysopt(struct model *m, const struct model *empty)
{
	m->tcpmss = empty->tcpmss;
	m->tcpmss_min = empty->tcpmss_min;
	return 0;
}

int clear_hostname(struct model *m, const struct model *empty)
{
	name_copy(m->hostname, empty->hostname);
	return 0;
}

static int do_clear(void *ctx, struct cmd_args *a, void *out)
{
	const char *section = cmd_get(a, "SECTION");

	(void)ctx;
	(void)out;
	return cfg_clear_section(a, section ? section : "all");
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define TIMES(T)                                                                                 \
	"{xlate " T " | pat-xlate " T " | conn " T " | half-closed " T " | udp " T " | sctp " T      \
	" | icmp " T " | icmp-error " T " | sunrpc " T " | h323 " T " | h225 " T " | mgcp " T        \
	" | mgcp-pat " T " | sip " T " | sip_media " T " | sip-invite " T " | sip-disconnect " T     \
	" | sip-provisional-media " T " | uauth " T " [{absolute | inactivity}] | "                   \
	"tcp-proxy-reassembly " T " | floating-conn " T " | conn-holddown " T                       \
	" | igp stale-route " T "}"
#define NET4 "{<IP:ip> | <0:exact>} {<MASK:mask> | <0:exact>}"
#define ICMP_FROM "{any | any4 | any6 | host <HOST:addr> | <IP:ip> <MASK:mask> | <NET6:prefix6>}"

const struct config_command cmd_system_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ G, "hostname <NAME:name>", "hostname [<NAME:name>]", "Name of the firewall", do_hostname },
	{ G, "{ASA | PIX} Version <VERSION:line>", NULL, "Release that wrote the configuration",
	  do_version },
	{ G, "access-list-semantics {mapped | real}", "access-list-semantics [{mapped | real}]",
	  "Which addresses interface access lists name", do_semantics },
	{ G, "timeout " TIMES("<T:time>") "+", "timeout [" TIMES("[<T:time>]") "]*",
	  "Global timeouts", do_timeout },
	{ G, "timeout-floor none", "timeout-floor [none]", "Lift the minima of timeouts", do_floor },
	{ G, "sysopt connection tcpmss [minimum] {<0:exact> | <BYTES:n:48-65535>}",
	  "sysopt connection tcpmss [minimum] [<BYTES:n:0-65535>]", "Clamp the MSS of TCP",
	  do_tcpmss },
	{ G, "fail-mode {open | closed}", "fail-mode [{open | closed}]",
	  "What the fast path does without its daemon", do_fail_mode },
	{ G, "{ssh | telnet | http} {" NET4 " | <NET6:prefix6>} <IF:name>", "=",
	  "Access to the box", do_mgmt },
	{ G, "http server enable [<PORT:n:1-65535>]", "=", "Access to the box", do_http_server },
	{ G, "icmp {permit | deny} " ICMP_FROM " [<ICMP:icmp>] <IF:name>", "=", "ICMP to the box",
	  do_mgmt },
	{ G, "ipv6 icmp {permit | deny} " ICMP_FROM " [<ICMP6:icmp6>] <IF:name>", "=",
	  "ICMPv6 to the box", do_mgmt },
	{ G, "clear configure {all | <SECTION:line>}", NULL, "Remove configuration", do_clear },
};
const size_t n_cmd_system_rows = ARRAY_SIZE(cmd_system_rows);
