// SPDX-License-Identifier: GPL-2.0-only
/*
 * show dns: the names of "fqdn" objects with their addresses and what is left of their TTL.
 *
 * Responsible for: ASA's layout of it, "clear dns". Not responsible for: asking
 * (services/resolver.c). Callers: config/ through the table at the end. Threads: main thread.
 */
#include <errno.h>
#include <strings.h>

#include "config/value.h"
#include "control/commands.h"
#include "services/resolver.h"

static void put_name(struct output *o, const struct resolver *r, const struct sys_name *n)
{
	char addr[VALUE_TEXT_MAX];

	output_text(o, "Name: %s\n", n->name);
	output_object_begin(o, NULL);
	output_str(o, "name", n->name);
	output_list_begin(o, "addresses");
	for (size_t i = 0; i < n->n; i++) {
		unsigned long long ttl = resolver_ttl(r, n->name, i);

		value_addr_text(&n->addrs[i], addr);
		output_text(o, "  Address: %-39s TTL %02llu:%02llu:%02llu\n", addr, ttl / 3600,
			    ttl / 60 % 60, ttl % 60);
		output_object_begin(o, NULL);
		output_str(o, "address", addr);
		output_u64(o, "ttl", ttl);
		output_object_end(o);
	}
	if (!n->n)
		output_text(o, "  (unresolved)\n");
	output_list_end(o);
	output_object_end(o);
}

static int show_dns_names(void *ctx, struct cmd_args *args, void *out)
{
	const struct asa *a = ctx;
	const struct sys_names *names = resolver_names(a->resolver);
	const char *host = cmd_get(args, "HOST");
	bool any = !host;

	output_list_begin(out, "names");
	for (size_t i = 0; i < names->n; i++) {
		if (host && strcasecmp(host, names->v[i]->name))
			continue;
		put_name(out, a->resolver, names->v[i]);
		any = true;
	}
	output_list_end(out);
	return any ? 0 : cmd_error(args, "no fqdn object has the name %s", host);
}

static int clear_dns_names(void *ctx, struct cmd_args *args, void *out)
{
	const struct asa *a = ctx;
	const char *host = cmd_get(args, "HOST");

	(void)out;
	if (!resolver_refresh(a->resolver, host))
		return cmd_error(args, "no fqdn object has the name %s", host);
	return 0;
}

COMMANDS_DEFINE(dns,
		{CONFIG_IN_EXEC, "show dns [ host <HOST:name> ]", NULL,
		 "Addresses of the names of fqdn objects", show_dns_names},
		{CONFIG_IN_PRIV, "clear dns [ host <HOST:name> ]", NULL,
		 "Ask for the names of fqdn objects again", clear_dns_names}, );
