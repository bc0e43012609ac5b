// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: "logging" (OBS-3).
 *
 * Responsible for: destinations and their severities, servers, the buffer, single messages turned
 * off or moved to another severity, and printing and clearing them. Not responsible for: making
 * and sending messages (services). Forms that have no effect yet are kept (cmd_opaque.c).
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

static int do_switch(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m = cfg_edit(a);

	(void)ctx;
	(void)out;
	if (!m)
		return -ENOMEM;
	if (cmd_has(a, "timestamp")) {
		m->logging.timestamp = !a->no;
		m->logging.rfc5424_timestamp = !a->no && cmd_has(a, "rfc5424");
	} else {
		m->logging.enable = !a->no;
	}
	return 0;
}

static const struct {
	const char *word;
	size_t offset;
} destinations[] = {
	/* in the order of the running configuration */
	{ "console", offsetof(struct model_logging, console) },
	{ "monitor", offsetof(struct model_logging, monitor) },
	{ "buffered", offsetof(struct model_logging, buffered) },
	{ "trap", offsetof(struct model_logging, trap) },
};

static int do_destination(void *ctx, struct cmd_args *a, void *out)
{
	int level = -1;
	struct model *m;

	(void)ctx;
	(void)out;
	if (!a->no)
		value_level(cmd_get(a, "LEVEL"), &level);
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(destinations); i++) {
		if (!strcmp(a->v[1].text, destinations[i].word))
			*(int *)((char *)&m->logging + destinations[i].offset) = level;
	}
	return 0;
}

static int do_number(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m = cfg_edit(a);

	(void)ctx;
	(void)out;
	if (!m)
		return -ENOMEM;
	if (cmd_has(a, "facility"))
		m->logging.facility = a->no ? 20 : (int)cmd_u32(a, "FACILITY", 20);
	else
		m->logging.buffer_size = a->no ? 4096 : (int)cmd_u32(a, "BYTES", 4096);
	return 0;
}

static int do_device_id(void *ctx, struct cmd_args *a, void *out)
{
	char words[MODEL_TEXT_MAX];
	struct model *m;
	struct text t;

	(void)ctx;
	(void)out;
	text_init(&t, words, sizeof(words));
	for (size_t i = 2; !a->no && i < a->n; i++)
		text_add(&t, "%s%s", i > 2 ? " " : "", a->v[i].text);
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	memcpy(m->logging.device_id, words, sizeof(words));
	return 0;
}

/* "udp", "tcp/1470", "17/514": the word after the address of a server. */
static int transport_read(struct cmd_args *a, const char *w, struct model_log_host *h)
{
	size_t len = strcspn(w, "/");
	uint32_t port;

	h->tcp = (len == 3 && !memcmp(w, "tcp", 3)) || (len == 1 && *w == '6');
	if (!h->tcp && !(len == 3 && !memcmp(w, "udp", 3)) && !(len == 2 && !memcmp(w, "17", 2)))
		return cmd_error(a, "%s is not udp[/PORT] or tcp[/PORT]", w);
	if (!w[len])
		return 0;
	if (value_u32(w + len + 1, 1, 65535, &port))
		return cmd_error(a, "port %s is out of range: 1 to 65535", w + len + 1);
	h->port = (uint16_t)port;
	/* The default port is not worth a word: "udp/514" is shown as nothing. */
	if (port == (h->tcp ? 1470 : 514))
		h->port = 0;
	return 0;
}

static int do_host(void *ctx, struct cmd_args *a, void *out)
{
	const char *transport = cmd_get(a, "TRANSPORT");
	struct model_log_host h;
	struct model_logging *l;
	struct model *m;
	int at = -1;
	bool v6;

	(void)ctx;
	(void)out;
	memset(&h, 0, sizeof(h));
	name_copy(h.ifname, cmd_get(a, "IF"));
	value_addr(cmd_get(a, "HOST"), &h.addr, &v6);
	if (transport && transport_read(a, transport, &h))
		return -EINVAL;
	h.rfc5424 = cmd_has(a, "rfc5424");
	if (cmd_has(a, "emblem") || cmd_has(a, "secure"))
		cmd_warn(a, "\"format emblem\" and \"secure\" are not active yet and are left out");
	for (int i = 0; i < cfg_model(a)->logging.n_hosts; i++) {
		const struct model_log_host *now = &cfg_model(a)->logging.hosts[i];

		if (!strcmp(now->ifname, h.ifname) && asa_addr_equal(&now->addr, &h.addr))
			at = i;
	}
	if (a->no && at < 0)
		return cmd_error(a, "there is no such logging host");
	if (at < 0 && cfg_model(a)->logging.n_hosts == MODEL_LOG_HOSTS)
		return cmd_error(a, "there are %d logging hosts already, the most there can be",
				 MODEL_LOG_HOSTS);
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	l = &m->logging;
	if (!a->no) {
		l->hosts[at < 0 ? l->n_hosts++ : at] = h;
		return 0;
	}
	l->n_hosts--;
	memmove(&l->hosts[at], &l->hosts[at + 1], (size_t)(l->n_hosts - at) * sizeof(h));
	return 0;
}

/* Rows stand in order of message numbers; a row that says nothing is removed. */
static int do_message(void *ctx, struct cmd_args *a, void *out)
{
	uint32_t id = cmd_u32(a, "ID", 0);
	const char *level = cmd_get(a, "LEVEL");
	struct model *m = cfg_edit(a);
	struct model_log_msg *row;
	size_t at = 0;

	(void)ctx;
	(void)out;
	if (!m)
		return -ENOMEM;
	while (at < m->logging.messages.n && m->logging.messages.v[at].id < id)
		at++;
	if (at == m->logging.messages.n || m->logging.messages.v[at].id != id) {
		row = MODEL_INSERT(&m->logging.messages, at);
		if (!row)
			return cfg_no_memory(a);
		row->id = id;
		row->level = -1;
	}
	row = &m->logging.messages.v[at];
	if (cmd_has(a, "level")) {
		row->level = -1;
		if (!a->no)
			value_level(level, &row->level);
	} else {
		row->disabled = a->no;
	}
	if (row->level < 0 && !row->disabled)
		MODEL_REMOVE(&m->logging.messages, at);
	return 0;
}

/* One row for each message or level; "unlimited" and "no" remove it. */
static int do_rate_limit(void *ctx, struct cmd_args *a, void *out)
{
	struct model_log_rate row = { .id = cmd_u32(a, "ID", 0), .level = -1 };
	const char *level = cmd_get(a, "LEVEL");
	struct model_logging *l;
	struct model *m;
	int at = 0;

	(void)ctx;
	(void)out;
	if (level)
		value_level(level, &row.level);
	row.messages = cmd_u32(a, "MESSAGES", 0);
	row.interval_s = cmd_u32(a, "SECONDS", 1);
	while (at < cfg_model(a)->logging.n_rates &&
	       (cfg_model(a)->logging.rates[at].id != row.id ||
		cfg_model(a)->logging.rates[at].level != row.level))
		at++;
	if (at == MODEL_LOG_RATES)
		return cmd_error(a, "there are %d rate limits already, the most there can be",
				 MODEL_LOG_RATES);
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	l = &m->logging;
	if (row.messages && !a->no) {
		l->n_rates += at == l->n_rates;
		l->rates[at] = row;
	} else if (at < l->n_rates) {
		l->n_rates--;
		memmove(&l->rates[at], &l->rates[at + 1],
			(size_t)(l->n_rates - at) * sizeof(row));
	}
	return 0;
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)

const struct config_command cmd_logging_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ G, "logging {enable | on}", "=", "Messages", do_switch },
	{ G, "logging timestamp [rfc5424]", "=", "Messages", do_switch },
	{ G, "logging {trap | buffered | console | monitor} <LEVEL:level>",
	  "logging {trap | buffered | console | monitor} [<LEVEL:level>]", "Messages",
	  do_destination },
	{ G, "logging facility <FACILITY:n:16-23>", "logging facility [<FACILITY:n:16-23>]",
	  "Messages", do_number },
	{ G, "logging buffer-size <BYTES:n:4096-1048576>",
	  "logging buffer-size [<BYTES:n:4096-1048576>]", "Messages", do_number },
	{ G, "logging device-id {hostname | cluster-id | context-name | ipaddress <IF:name> | "
	     "string <TEXT:line>}",
	  "logging device-id [{hostname | cluster-id | context-name | ipaddress <IF:name> | "
	  "string <TEXT:line>}]",
	  "Messages", do_device_id },
	{ G, "logging host <IF:name> <HOST:addr> [<TRANSPORT:word>] [format {emblem | rfc5424}] "
	     "[secure]",
	  "=", "Messages", do_host },
	{ G, "logging message <ID:n:100000-999999> [level <LEVEL:level>]",
	  "logging message <ID:n:100000-999999> [level [<LEVEL:level>]]", "Messages", do_message },
	{ G, "logging rate-limit {unlimited | <MESSAGES:n:1-2147483647> [<SECONDS:n:1-2147483647>]} "
	     "{message <ID:n:100000-999999> | level <LEVEL:level>}",
	  "logging rate-limit [{unlimited | <MESSAGES:n:1-2147483647> [<SECONDS:n:1-2147483647>]}] "
	  "{message <ID:n:100000-999999> | level <LEVEL:level>}", "Messages", do_rate_limit },
};
const size_t n_cmd_logging_rows = ARRAY_SIZE(cmd_logging_rows);

/* ------------------------------------------------------------------ printing, clearing */

void show_logging(const struct show *sh)
{
	const struct model_logging *l = &sh->m->logging;
	char x[VALUE_TEXT_MAX];

	if (l->enable)
		put(sh->sink, "logging enable\n");
	if (l->timestamp)
		put(sh->sink, "logging timestamp%s\n", l->rfc5424_timestamp ? " rfc5424" : "");
	show_opaque(sh, OPAQUE_LOGGING);
	if (l->buffer_size != 4096 || sh->all)
		put(sh->sink, "logging buffer-size %d\n", l->buffer_size);
	for (size_t i = 0; i < ARRAY_SIZE(destinations); i++) {
		int level = *(const int *)((const char *)l + destinations[i].offset);

		if (level >= 0)
			put(sh->sink, "logging %s %s\n", destinations[i].word, value_level_text(level));
	}
	if (l->facility != 20 || sh->all)
		put(sh->sink, "logging facility %d\n", l->facility);
	if (*l->device_id)
		put(sh->sink, "logging device-id %s\n", l->device_id);
	for (int i = 0; i < l->n_hosts; i++) {
		const struct model_log_host *h = &l->hosts[i];

		put(sh->sink, "logging host %s %s", h->ifname, value_addr_text(&h->addr, x));
		if (h->port)
			put(sh->sink, " %s/%u", h->tcp ? "tcp" : "udp", h->port);
		else if (h->tcp)
			put(sh->sink, " tcp");
		put(sh->sink, "%s\n", h->rfc5424 ? " format rfc5424" : "");
	}
	for (size_t i = 0; i < l->messages.n; i++) {
		if (l->messages.v[i].disabled)
			put(sh->sink, "no logging message %u\n", l->messages.v[i].id);
		if (l->messages.v[i].level >= 0)
			put(sh->sink, "logging message %u level %s\n", l->messages.v[i].id,
			    value_level_text(l->messages.v[i].level));
	}
	for (int i = 0; i < l->n_rates; i++) {
		const struct model_log_rate *r = &l->rates[i];

		put(sh->sink, "logging rate-limit %u %u ", r->messages, r->interval_s);
		if (r->level >= 0)
			put(sh->sink, "level %s\n", value_level_text(r->level));
		else
			put(sh->sink, "message %u\n", r->id);
	}
}

int clear_logging(struct model *m, const struct model *empty)
{
	free(m->logging.messages.v);
	m->logging = empty->logging;
	memset(&m->logging.messages, 0, sizeof(m->logging.messages));
	return opaque_clear(m, "logging");
}
