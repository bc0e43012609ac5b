// SPDX-License-Identifier: GPL-2.0-only
/*
 * The grammar compiler: syntax strings of command rows into one automaton.
 *
 * Responsible for: the notation of config.h (keywords, <LABEL:type>, [ ], { | }, *, +, @fragment)
 * and the nodes it becomes. Not responsible for: matching (match.c), the fragments and the help
 * of words (words.c).
 *
 * A part of a syntax string is compiled into a start node and an end node; the end node is an
 * empty step whose successor is filled in by what follows. Node 0 is never used, so that 0 means
 * "nowhere". Rows are added at start-up only. Callers: config_new, config_register.
 * Control thread only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/grammar.h"

#define FRAGMENT_DEPTH_MAX 8

struct part {
	uint32_t start, end;
};
struct compiler {
	struct grammar *g;
	const char *p;
	int depth;
	bool whole;
	uint32_t row;
	int err;
};

static uint32_t node_new(struct compiler *c, enum gkind kind)
{
	struct grammar *g = c->g;
	struct gnode *n;

	if (g->n_nodes == g->cap_nodes) {
		size_t cap = g->cap_nodes ? g->cap_nodes * 2 : 1024;

		n = reallocarray(g->nodes, cap, sizeof(*n));
		if (!n) {
			c->err = -ENOMEM;
			return 0;
		}
		g->nodes = n;
		g->cap_nodes = cap;
	}
	n = &g->nodes[g->n_nodes];
	memset(n, 0, sizeof(*n));
	n->kind = (uint8_t)kind;
	n->row = c->row;
	return (uint32_t)g->n_nodes++;
}

static const char *string_keep(struct compiler *c, const char *s, size_t len)
{
	struct grammar *g = c->g;
	char *copy;

	for (size_t i = g->n_strings; i > 0 && i + 16 > g->n_strings; i--) {
		if (!strncmp(g->strings[i - 1], s, len) && !g->strings[i - 1][len])
			return g->strings[i - 1];
	}
	if (g->n_strings == g->cap_strings) {
		size_t cap = g->cap_strings ? g->cap_strings * 2 : 512;
		char **v = reallocarray(g->strings, cap, sizeof(*v));

		if (!v) {
			c->err = -ENOMEM;
			return "";
		}
		g->strings = v;
		g->cap_strings = cap;
	}
	copy = strndup(s, len);
	if (!copy) {
		c->err = -ENOMEM;
		return "";
	}
	g->strings[g->n_strings++] = copy;
	return copy;
}

static void skip_blanks(struct compiler *c)
{
	while (*c->p == ' ')
		c->p++;
}

static struct part part_leaf(struct compiler *c, uint32_t node)
{
	struct part f = { node, node_new(c, G_EPSILON) };

	if (!c->err)
		c->g->nodes[node].out = f.end;
	return f;
}

static const struct {
	const char *name;
	enum gtype type;
} type_names[] = {
	{ "name", GT_NAME },	   { "word", GT_WORD },	    { "line", GT_LINE },
	{ "ip", GT_IP },	   { "mask", GT_MASK },	    { "ip6", GT_IP6 },
	{ "prefix4", GT_PREFIX4 }, { "prefix6", GT_PREFIX6 }, { "addr", GT_ADDR },
	{ "proto", GT_PROTO },	   { "port", GT_PORT },	    { "tport", GT_TCP_PORT },
	{ "uport", GT_UDP_PORT },  { "icmp", GT_ICMP },	    { "icmp6", GT_ICMP6 },
	{ "level", GT_LEVEL },	   { "time", GT_TIME },	    { "pair", GT_PAIR },
	{ "single", GT_SINGLE },   { "exact", GT_EXACT },
};

/* "n:LO-HI" */
static int number_type(struct gnode *node, const char *s, size_t len)
{
	char *end;
	unsigned long long lo, hi;

	if (len < 5 || s[0] != 'n' || s[1] != ':')
		return -EINVAL;
	lo = strtoull(s + 2, &end, 10);
	if (*end != '-')
		return -EINVAL;
	hi = strtoull(end + 1, &end, 10);
	if (end != s + len || lo > hi || hi > UINT32_MAX)
		return -EINVAL;
	node->type = GT_NUMBER;
	node->lo = (uint32_t)lo;
	node->hi = (uint32_t)hi;
	return 0;
}

static struct part compile_param(struct compiler *c)
{
	const char *close = strchr(c->p, '>');
	const char *colon = strchr(c->p, ':');
	uint32_t node = node_new(c, G_PARAM);
	struct gnode *n = &c->g->nodes[node];
	size_t len;
	bool known = false;

	if (c->err || !close || !colon || colon > close) {
		c->err = c->err ? c->err : -EINVAL;
		return (struct part){ 0, 0 };
	}
	len = (size_t)(close - colon) - 1;
	for (size_t i = 0; i < sizeof(type_names) / sizeof(*type_names); i++) {
		if (strlen(type_names[i].name) == len &&
		    !memcmp(type_names[i].name, colon + 1, len)) {
			n->type = (uint8_t)type_names[i].type;
			known = true;
		}
	}
	if (!known && number_type(n, colon + 1, len))
		c->err = -EINVAL;
	n->text = string_keep(c, c->p + 1, (size_t)(colon - c->p) - 1);
	c->p = close + 1;
	return part_leaf(c, node);
}

static struct part compile_keyword(struct compiler *c)
{
	size_t len = strcspn(c->p, " []{}|<>@*+");
	uint32_t node = node_new(c, G_KEYWORD);

	if (c->err || !len) {
		c->err = c->err ? c->err : -EINVAL;
		return (struct part){ 0, 0 };
	}
	c->g->nodes[node].text = string_keep(c, c->p, len);
	c->g->nodes[node].whole = c->whole;
	c->p += len;
	return part_leaf(c, node);
}

static struct part compile_choice(struct compiler *c, char close);

static struct part compile_fragment(struct compiler *c)
{
	size_t len = strcspn(++c->p, " []{}|<>@*+");
	const struct grammar_fragment *f = grammar_fragments;
	const char *after = c->p + len;
	struct part p = { 0, 0 };

	while (f->name && (strlen(f->name) != len || memcmp(f->name, c->p, len)))
		f++;
	if (!f->name || c->depth >= FRAGMENT_DEPTH_MAX) {
		c->err = -EINVAL;
		return p;
	}
	c->depth++;
	c->p = f->syntax;
	p = compile_choice(c, '\0');
	c->depth--;
	c->p = after;
	return p;
}

/* [ x ], [ x ]*, { a | b }, { a | b }+ */
static struct part compile_group(struct compiler *c)
{
	bool optional = *c->p == '[', repeat;
	struct part p;
	uint32_t fork;

	c->p++;
	p = compile_choice(c, optional ? ']' : '}');
	if (c->err)
		return p;
	repeat = *c->p == (optional ? '*' : '+');
	if (repeat)
		c->p++;
	if (!optional && !repeat)
		return p;
	fork = node_new(c, G_EPSILON);
	if (c->err)
		return p;
	if (repeat) {
		uint32_t end = node_new(c, G_EPSILON);

		if (c->err)
			return p;
		/* The fork stands behind the part: round again, or on. */
		c->g->nodes[p.end].out = fork;
		c->g->nodes[fork].out = p.start;
		c->g->nodes[fork].out2 = end;
		return (struct part){ optional ? fork : p.start, end };
	}
	c->g->nodes[fork].out = p.start;
	c->g->nodes[fork].out2 = p.end;
	return (struct part){ fork, p.end };
}

static struct part compile_sequence(struct compiler *c)
{
	uint32_t first = node_new(c, G_EPSILON);
	struct part all = { first, first };

	for (;;) {
		struct part p;

		skip_blanks(c);
		if (c->err || !*c->p || strchr("]}|", *c->p))
			return all;
		if (*c->p == '<')
			p = compile_param(c);
		else if (*c->p == '@')
			p = compile_fragment(c);
		else if (*c->p == '[' || *c->p == '{')
			p = compile_group(c);
		else
			p = compile_keyword(c);
		if (c->err)
			return all;
		c->g->nodes[all.end].out = p.start;
		all.end = p.end;
	}
}

static struct part compile_choice(struct compiler *c, char close)
{
	struct part all = compile_sequence(c);

	while (!c->err && *c->p == '|') {
		struct part p;
		uint32_t fork, end;

		c->p++;
		p = compile_sequence(c);
		fork = node_new(c, G_EPSILON);
		end = node_new(c, G_EPSILON);
		if (c->err)
			return all;
		c->g->nodes[fork].out = all.start;
		c->g->nodes[fork].out2 = p.start;
		c->g->nodes[all.end].out = end;
		c->g->nodes[p.end].out = end;
		all = (struct part){ fork, end };
	}
	if (!c->err && *c->p != close)
		c->err = -EINVAL;
	if (!c->err && close)
		c->p++;
	return all;
}

static int compile_row(struct grammar *g, const char *syntax, bool whole, uint32_t row,
		       uint32_t *start, const char **where)
{
	struct compiler c = { .g = g, .p = syntax, .whole = whole, .row = row };
	struct part p = compile_choice(&c, '\0');
	uint32_t accept = node_new(&c, G_ACCEPT);

	if (c.err) {
		*where = syntax;
		return c.err;
	}
	g->nodes[p.end].out = accept;
	*start = p.start;
	return 0;
}

int grammar_add(struct grammar *g, const struct config_command *cmd, void *ctx, bool own,
		const char **where)
{
	bool whole = cmd->modes & CONFIG_WHOLE_WORDS;
	struct grow *r;
	int err = 0;

	*where = cmd->syntax;
	if (g->n_rows == g->cap_rows) {
		size_t cap = g->cap_rows ? g->cap_rows * 2 : 256;

		r = reallocarray(g->rows, cap, sizeof(*r));
		if (!r)
			return -ENOMEM;
		g->rows = r;
		g->cap_rows = cap;
	}
	r = &g->rows[g->n_rows];
	*r = (struct grow){ .command = cmd, .ctx = ctx, .own = own };
	if (*cmd->syntax)
		err = compile_row(g, cmd->syntax, whole, (uint32_t)g->n_rows, &r->start, where);
	if (!err && cmd->no_syntax)
		err = compile_row(g, strcmp(cmd->no_syntax, "=") ? cmd->no_syntax : cmd->syntax,
				  whole, (uint32_t)g->n_rows, &r->no_start, where);
	if (!err)
		g->n_rows++;
	return err;
}

int grammar_init(struct grammar *g)
{
	struct compiler c = { .g = g };

	memset(g, 0, sizeof(*g));
	node_new(&c, G_NONE);
	return c.err;
}

void grammar_fini(struct grammar *g)
{
	for (size_t i = 0; i < g->n_strings; i++)
		free(g->strings[i]);
	free(g->strings);
	free(g->nodes);
	free(g->rows);
	memset(g, 0, sizeof(*g));
}
