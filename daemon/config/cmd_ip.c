// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: what may be an IP packet on an interface.
 *
 * Responsible for: "fragment" (SES-5), for one interface or all of them, and "ip verify
 * reverse-path interface", and printing and clearing them. Not responsible for: acting on them
 * (engine/source.c, normalize/ip_frag.c), the counters (control/show_ip.c).
 *
 * "fragment" without an interface is for all: what was said of single ones is forgotten, as on an
 * ASA. Interfaces are named by nameif, and need not be there yet.
 *
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

/* The values that "fragment" sets, and where they are. */
#define AT(type, member) offsetof(type, member)
static const struct fragment_word {
	const char *word, *param;
	int normal;
	size_t all, one;
} fragment_words[] = {
	/* word	     parameter	 default  for all				one interface's */
	{ "size",    "PACKETS",	 200,	  AT(struct model, fragment_size),	AT(struct model_ip, fragment_size) },
	{ "chain",   "PIECES",	 24,	  AT(struct model, fragment_chain),	AT(struct model_ip, fragment_chain) },
	{ "timeout", "SECONDS",	 5,	  AT(struct model, fragment_timeout),	AT(struct model_ip, fragment_timeout) },
};

static int *value_at(void *row, size_t offset)
{
	return (int *)((char *)row + offset);
}

/* => the interface's row, a new one if there is none; NULL: out of memory */
static struct model_ip *row_of(struct model *m, const char *ifname)
{
	struct model_ip *row;

	for (size_t i = 0; i < m->ip.n; i++)
		if (!strcmp(m->ip.v[i].ifname, ifname))
			return &m->ip.v[i];
	row = MODEL_PUSH(&m->ip);
	if (row)
		name_copy(row->ifname, ifname);
	return row;
}

/* Rows that say nothing are not kept. */
static void rows_trim(struct model *m)
{
	for (size_t i = m->ip.n; i-- > 0;) {
		const struct model_ip *r = &m->ip.v[i];

		if (!r->fragment_size && !r->fragment_chain && !r->fragment_timeout &&
		    !r->reverse_path && !r->module)
			MODEL_REMOVE(&m->ip, i);
	}
}

static void warn_unknown(struct cmd_args *a, const char *ifname)
{
	if (!a->no && !model_if_by_name(cfg_model(a), ifname))
		cmd_warn(a, "there is no interface named %s yet", ifname);
}

static int do_fragment(void *ctx, struct cmd_args *a, void *out)
{
	const char *ifname = cmd_get(a, "IF");
	const struct fragment_word *w = fragment_words;
	struct model_ip *row = NULL;
	struct model *m;

	(void)ctx;
	(void)out;
	if (ifname)
		warn_unknown(a, ifname);
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	while (!cmd_has(a, w->word))
		w++;
	if (ifname) {
		row = row_of(m, ifname);
		if (!row)
			return cfg_no_memory(a);
		*value_at(row, w->one) = a->no ? 0 : (int)cmd_u32(a, w->param, 0);
	} else {
		*value_at(m, w->all) = a->no ? w->normal : (int)cmd_u32(a, w->param, 0);
		for (size_t i = 0; i < m->ip.n; i++)
			*value_at(&m->ip.v[i], w->one) = 0;
	}
	rows_trim(m);
	return 0;
}

static int do_verify(void *ctx, struct cmd_args *a, void *out)
{
	const char *ifname = cmd_get(a, "IF");
	struct model_ip *row;
	struct model *m;

	(void)ctx;
	(void)out;
	warn_unknown(a, ifname);
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	row = row_of(m, ifname);
	if (!row)
		return cfg_no_memory(a);
	row->reverse_path = !a->no;
	rows_trim(m);
	return 0;
}

/* An interface is one end of one module; a module has one interface of each kind. */
static int do_module(void *ctx, struct cmd_args *a, void *out)
{
	const char *ifname = cmd_get(a, "IF");
	__u8 bit = MODEL_MODULE(cmd_has(a, "csc"), cmd_has(a, "from"));
	struct model_ip *row;
	struct model *m;

	(void)ctx;
	(void)out;
	for (size_t i = 0; i < cfg_model(a)->ip.n && !a->no; i++) {
		const struct model_ip *now = &cfg_model(a)->ip.v[i];

		if (!strcmp(now->ifname, ifname) ? now->module & ~bit : now->module & bit)
			return cmd_error(a, "%% interface %s is a service module's already", now->ifname);
	}
	warn_unknown(a, ifname);
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	row = row_of(m, ifname);
	if (!row)
		return cfg_no_memory(a);
	row->module = a->no ? row->module & ~bit : bit;
	rows_trim(m);
	return 0;
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)

const struct config_command cmd_ip_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ G, "fragment size <PACKETS:n:1-30000> [<IF:name>]", "fragment size [<PACKETS:n:1-30000>] "
	     "[<IF:name>]", "Reassembly of fragments", do_fragment },
	{ G, "fragment chain <PIECES:n:1-8200> [<IF:name>]", "fragment chain [<PIECES:n:1-8200>] "
	     "[<IF:name>]", "Reassembly of fragments", do_fragment },
	{ G, "fragment timeout <SECONDS:n:1-30> [<IF:name>]", "fragment timeout [<SECONDS:n:1-30>] "
	     "[<IF:name>]", "Reassembly of fragments", do_fragment },
	{ G, "ip verify reverse-path interface <IF:name>", "=",
	  "Packets must come from where their source is", do_verify },
	{ G, "service-module {ips | csc} {to | from} interface <IF:name>", "=",
	  "The interfaces that lead to a service module and back", do_module },
};
const size_t n_cmd_ip_rows = ARRAY_SIZE(cmd_ip_rows);

/* ------------------------------------------------------------------ printing, clearing */

void show_fragment(const struct show *sh)
{
	for (size_t w = 0; w < ARRAY_SIZE(fragment_words); w++) {
		int value = *value_at((void *)sh->m, fragment_words[w].all);

		if (value != fragment_words[w].normal || sh->all)
			put(sh->sink, "fragment %s %d\n", fragment_words[w].word, value);
	}
	for (size_t i = 0; i < sh->m->ip.n; i++)
		for (size_t w = 0; w < ARRAY_SIZE(fragment_words); w++) {
			struct model_ip *row = &sh->m->ip.v[i];
			int value = *value_at(row, fragment_words[w].one);

			if (value)
				put(sh->sink, "fragment %s %d %s\n", fragment_words[w].word, value,
				    row->ifname);
		}
}

void show_verify(const struct show *sh)
{
	for (size_t i = 0; i < sh->m->ip.n; i++)
		if (sh->m->ip.v[i].reverse_path)
			put(sh->sink, "ip verify reverse-path interface %s\n",
			    sh->m->ip.v[i].ifname);
}

void show_service_module(const struct show *sh)
{
	for (size_t i = 0; i < sh->m->ip.n; i++)
		for (int k = 0; k < 4; k++)
			if (sh->m->ip.v[i].module & MODEL_MODULE(k >> 1, k & 1))
				put(sh->sink, "service-module %s %s interface %s\n", k >> 1 ? "csc" : "ips",
				    k & 1 ? "from" : "to", sh->m->ip.v[i].ifname);
}

int clear_service_module(struct model *m, const struct model *empty)
{
	(void)empty;
	for (size_t i = 0; i < m->ip.n; i++)
		m->ip.v[i].module = 0;
	rows_trim(m);
	return 0;
}

int clear_fragment(struct model *m, const struct model *empty)
{
	for (size_t w = 0; w < ARRAY_SIZE(fragment_words); w++) {
		*value_at(m, fragment_words[w].all) =
			*value_at((void *)empty, fragment_words[w].all);
		for (size_t i = 0; i < m->ip.n; i++)
			*value_at(&m->ip.v[i], fragment_words[w].one) = 0;
	}
	rows_trim(m);
	return 0;
}

int clear_verify(struct model *m, const struct model *empty)
{
	(void)empty;
	for (size_t i = 0; i < m->ip.n; i++)
		m->ip.v[i].reverse_path = false;
	rows_trim(m);
	return 0;
}
