// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: DNS servers and times, for "fqdn" objects.
 *
 * Responsible for: "dns server-group" and its mode, "dns name-server" (the same for the group
 * DefaultDNS), the timers; printing and clearing. Not responsible for: asking (services/resolver.c).
 *
 * Names are resolved with the group DefaultDNS; other groups are kept for what will name them. An
 * interface behind a server's address is kept, too: Linux routes decide which way a question goes.
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <string.h>

#include "config/impl.h"

static struct model_dns_group *group_find(const struct model *m, const char *name)
{
	for (size_t i = 0; i < m->dns_groups.n; i++) {
		if (!strcmp(m->dns_groups.v[i].name, name))
			return &m->dns_groups.v[i];
	}
	return NULL;
}

/* => NULL: out of memory, error is set */
static struct model_dns_group *group_edit(struct cmd_args *a, const char *name)
{
	struct model *m = cfg_edit(a);
	struct model_dns_group *g = m ? group_find(m, name) : NULL;

	if (g || !m)
		return g;
	g = MODEL_PUSH(&m->dns_groups);
	if (!g) {
		cfg_no_memory(a);
		return NULL;
	}
	name_copy(g->name, name);
	g->timeout_s = 2;
	g->retries = 2;
	return g;
}

static int do_group(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = cmd_get(a, "NAME");
	struct model_dns_group *g;
	struct model *m;

	(void)ctx;
	(void)out;
	if (!a->no) {
		if (strcmp(name, MODEL_DNS_DEFAULT) != 0)
			cmd_warn(a, "names are resolved with the group " MODEL_DNS_DEFAULT
				    ": %s is kept but has no effect yet", name);
		if (!group_edit(a, name))
			return -ENOMEM;
		cfg_enter(a, CONFIG_MODE_DNS_GROUP, name);
		return 0;
	}
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	g = group_find(m, name);
	if (!g)
		return cmd_error(a, "dns server-group %s does not exist", name);
	MODEL_REMOVE(&m->dns_groups, (size_t)(g - m->dns_groups.v));
	return 0;
}

static bool in_group(const struct cmd_args *a)
{
	return a->session->place.mode == CONFIG_MODE_DNS_GROUP && !strcmp(a->v[0].text, "name-server");
}

static void server_remove(struct model_dns_group *g, int i)
{
	g->n_servers--;
	memmove(&g->servers[i], &g->servers[i + 1],
		(size_t)(g->n_servers - i) * sizeof(g->servers[0]));
}

static int do_server(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = in_group(a) ? a->session->place.name : MODEL_DNS_DEFAULT;
	struct model_dns_group *g = group_edit(a, name);
	struct model_dns_server row = { .ifname = "" };
	bool v6;

	(void)ctx;
	(void)out;
	if (!g)
		return -ENOMEM;
	/* a name behind the last address is the interface */
	if (value_addr(a->v[a->n - 1].text, &row.addr, &v6))
		name_copy(row.ifname, a->v[a->n - 1].text);
	for (size_t i = 0; i < a->n; i++) {
		bool last = i == a->n - 1;
		int k = 0;

		if (!a->v[i].label)
			continue;
		if (value_addr(a->v[i].text, &row.addr, &v6)) {
			if (last && *row.ifname)
				break;
			return cmd_error(a, "%% %s is not an address", a->v[i].text);
		}
		while (k < g->n_servers && !asa_addr_equal(&g->servers[k].addr, &row.addr))
			k++;
		if (a->no && k == g->n_servers)
			return cmd_error(a, "%s is not a server of %s", a->v[i].text, name);
		if (a->no)
			server_remove(g, k);
		else if (k == MODEL_DNS_SERVERS)
			return cmd_error(a, "%% a group has %d servers at most", MODEL_DNS_SERVERS);
		else
			g->servers[k] = row;
		if (!a->no && k == g->n_servers)
			g->n_servers++;
	}
	return 0;
}

static int do_group_value(void *ctx, struct cmd_args *a, void *out)
{
	struct model_dns_group *g = group_edit(a, a->session->place.name);

	(void)ctx;
	(void)out;
	if (!g)
		return -ENOMEM;
	if (cmd_has(a, "timeout"))
		g->timeout_s = a->no ? 2 : (int)cmd_u32(a, "SECONDS", 2);
	else if (cmd_has(a, "retries"))
		g->retries = a->no ? 2 : (int)cmd_u32(a, "N", 2);
	else
		name_copy(g->domain, a->no ? "" : cmd_get(a, "DOMAIN"));
	return 0;
}

static int do_timer(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m = cfg_edit(a);

	(void)ctx;
	(void)out;
	if (!m)
		return -ENOMEM;
	if (cmd_has(a, "poll-timer"))
		m->dns_poll_min = a->no ? MODEL_DNS_POLL_MIN : (int)cmd_u32(a, "MINUTES", 0);
	else
		m->dns_expire_min = a->no ? MODEL_DNS_EXPIRE_MIN : (int)cmd_u32(a, "MINUTES", 0);
	return 0;
}

#define W CONFIG_IN(CONFIG_MODE_GLOBAL)
#define DG CONFIG_IN(CONFIG_MODE_DNS_GROUP)
#define HELP "Domain names"
#define GROUP_HELP "DNS servers of the group"

const struct config_command cmd_dns_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ W, "dns server-group <NAME:name>", "=", HELP, do_group },
	{ W, "dns name-server <SERVER:addr> [<MORE:word>]*", "=", HELP, do_server },
	{ W, "dns expire-entry-timer minutes <MINUTES:n:1-65535>",
	  "dns expire-entry-timer [minutes [<MINUTES:n:1-65535>]]", HELP, do_timer },
	{ W, "dns poll-timer minutes <MINUTES:n:1-65535>",
	  "dns poll-timer [minutes [<MINUTES:n:1-65535>]]", HELP, do_timer },
	{ DG, "name-server <SERVER:addr> [<MORE:word>]*", "=", GROUP_HELP, do_server },
	{ DG, "domain-name <DOMAIN:name>", "domain-name [<DOMAIN:name>]", "Domain of the group",
	  do_group_value },
	{ DG, "timeout <SECONDS:n:1-30>", "timeout [<SECONDS:n:1-30>]",
	  "How long to wait for an answer", do_group_value },
	{ DG, "retries <N:n:0-10>", "retries [<N:n:0-10>]", "How often to ask again", do_group_value },
};
const size_t n_cmd_dns_rows = ARRAY_SIZE(cmd_dns_rows);

void show_dns(const struct show *sh)
{
	char x[VALUE_TEXT_MAX];

	if (sh->m->dns_poll_min != MODEL_DNS_POLL_MIN || sh->all)
		put(sh->sink, "dns poll-timer minutes %d\n", sh->m->dns_poll_min);
	if (sh->m->dns_expire_min != MODEL_DNS_EXPIRE_MIN || sh->all)
		put(sh->sink, "dns expire-entry-timer minutes %d\n", sh->m->dns_expire_min);
	for (size_t i = 0; i < sh->m->dns_groups.n; i++) {
		const struct model_dns_group *g = &sh->m->dns_groups.v[i];

		put(sh->sink, "dns server-group %s\n", g->name);
		if (g->retries != 2 || sh->all)
			put(sh->sink, " retries %d\n", g->retries);
		if (g->timeout_s != 2 || sh->all)
			put(sh->sink, " timeout %d\n", g->timeout_s);
		for (int k = 0; k < g->n_servers; k++)
			put(sh->sink, " name-server %s%s%s\n", value_addr_text(&g->servers[k].addr, x),
			    *g->servers[k].ifname ? " " : "", g->servers[k].ifname);
		if (*g->domain)
			put(sh->sink, " domain-name %s\n", g->domain);
	}
}

int clear_dns(struct model *m, const struct model *empty)
{
	m->dns_groups.n = 0;
	m->dns_poll_min = empty->dns_poll_min;
	m->dns_expire_min = empty->dns_expire_min;
	return 0;
}
