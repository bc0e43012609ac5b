// SPDX-License-Identifier: GPL-2.0-only
/*
 * "inspect ip-options": what a class does with the options of IPv4 packets.
 *
 * Responsible for: the action for each of the 256 types of options, from the parameters of
 * "policy-map type inspect ip-options". What the map does not name is refused, or gets its "default
 * action"; without a map of its own a class has the built-in one. Not responsible for: which class a
 * packet belongs to (service_policy.c), the bytes (normalize/ip_options.c).
 *
 * Source routes (types 131 and 137) can be cleared by "default action clear", but nothing lets them
 * pass: the way through a firewall is not the sender's to choose.
 * Callers: service_policy.c. Threads: see policy_impl.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_impl.h"

static const struct {
	const char *word;
	__u8 type;
} names[] = {
	{ "basic-security", 130 }, { "commercial-security", 134 }, { "eool", 0 },
	{ "exp-measure", 10 },	   { "extended-security", 133 },   { "imi-traffic-descriptor", 144 },
	{ "nop", 1 },		   { "quick-start", 25 },	   { "record-route", 7 },
	{ "router-alert", 148 },   { "timestamp", 68 },
};

const char *options_inspect_line(const struct model_policy_class *pc)
{
	for (size_t i = 0; i < pc->inspects.n; i++)
		if (!strcmp(pc->inspects.v[i], "ip-options") || !strncmp(pc->inspects.v[i], "ip-options ", 11))
			return pc->inspects.v[i];
	return NULL;
}

/* "WORD action {allow|clear}". => false: not such a line */
static bool parameter(const struct model_iline *l, const char *word, __u8 *action)
{
	size_t len = strlen(word);

	if (l->kind != MODEL_ILINE_PARAMETER || strncmp(l->text, word, len) || strncmp(l->text + len, " action ", 8))
		return false;
	*action = !strcmp(l->text + len + 8, "clear") ? POLICY_OPTION_CLEAR : POLICY_OPTION_ALLOW;
	return true;
}

int options_compile(struct compile *c, const struct model_policy_class *pc,
		    struct policy_ip_options **options)
{
	const char *line = options_inspect_line(pc);
	const struct model_imap *map = line && line[10] ?
					       model_imap_find(c->m, MODEL_IMAP_POLICY, line + 11) : NULL;
	struct policy_ip_options *o;
	__u8 action;

	*options = NULL;
	if (!map)
		return 0;
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	for (size_t i = 0; i < map->lines.n; i++)
		if (parameter(&map->lines.v[i], "default", &action))
			memset(o->action, action, sizeof(o->action));
	for (size_t i = 0; i < map->lines.n; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (parameter(&map->lines.v[i], names[k].word, &action))
				o->action[names[k].type] = action;
	for (size_t type = 131; type <= 137; type += 6)
		if (o->action[type] == POLICY_OPTION_ALLOW)
			o->action[type] = POLICY_OPTION_DROP;
	*options = o;
	return 0;
}
