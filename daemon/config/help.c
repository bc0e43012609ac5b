// SPDX-License-Identifier: GPL-2.0-only
/*
 * Help and completion, read from the same automaton as the commands (CFG-4).
 *
 * Responsible for: "?" at any place of a line, the candidates for a half-typed word, and where an
 * output filter begins. Not responsible for: line editing (asactl).
 *
 * Both match the words before the one under the cursor and list what could stand next: in the
 * session's mode, and behind the first word also in the modes around it.
 *
 * Callers: control. Control thread only.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/impl.h"

#define HELP_ROWS_MAX 512

struct candidates {
	struct {
		char label[64];
		const char *help;
		bool keyword;
	} v[HELP_ROWS_MAX];
	size_t n;
};

static const char *const filters[] = { "begin", "count", "exclude", "grep", "include" };

const char *config_pipe(const char *line)
{
	static const char *const verbs[] = { "show", "more" };
	const char *s = line + strspn(line, " \t"), *hash = strpbrk(s, "#> ");
	const char *bar = strchr(line, '|');
	size_t len;

	if (hash && *hash != ' ' && bar && hash < bar)
		s = hash + 1 + strspn(hash + 1, " \t");
	len = strcspn(s, " \t|");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (len >= 2 && len <= strlen(verbs[i]) && !strncasecmp(s, verbs[i], len))
			return bar;
	}
	return NULL;
}

static void candidate_add(struct candidates *c, const struct gnode *node, const char *help,
			  const char *prefix)
{
	char buf[64];
	const char *label = grammar_node_label(node, buf, sizeof(buf));
	bool keyword = node->kind == G_KEYWORD;

	if (!*label || node->whole || c->n == HELP_ROWS_MAX)
		return;
	if (keyword && strncasecmp(label, prefix, strlen(prefix)))
		return;
	if (!keyword && *prefix && (node->kind == G_ACCEPT || !grammar_param_fits(node, prefix)))
		return;
	for (size_t i = 0; i < c->n; i++) {
		if (!strcmp(c->v[i].label, label))
			return;
	}
	snprintf(c->v[c->n].label, sizeof(c->v[c->n].label), "%s", label);
	c->v[c->n].help = help;
	c->v[c->n++].keyword = keyword;
}

/* A parameter SECTION takes the names of sections of the running configuration. */
static void sections_add(struct candidates *c, const char *prefix)
{
	struct gnode word = { .kind = G_KEYWORD };

	for (size_t i = 0; (word.text = config_section_at(i)); i++)
		candidate_add(c, &word, "Section of the configuration", prefix);
}

/* The well-known names that a parameter takes. */
static void names_add(struct candidates *c, const struct gnode *node, const char *prefix)
{
	static const char kinds[] = {
		[GT_PROTO] = 'p',    [GT_TCP_PORT] = 't', [GT_UDP_PORT] = 'u',
		[GT_ICMP] = 'i',     [GT_ICMP6] = '6',	  [GT_LEVEL] = 'l',
	};
	struct gnode word = { .kind = G_KEYWORD };

	if (node->kind != G_PARAM || node->type >= sizeof(kinds) || !kinds[node->type])
		return;
	for (size_t i = 0; (word.text = value_name_at(kinds[node->type], i)); i++)
		candidate_add(c, &word, "", prefix);
}

static int candidate_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Fill in what may stand at the last word of the line ("" after a blank). */
static void candidates_find(struct config_session *s, const char *line, struct candidates *c)
{
	const struct grammar *g = &s->cfg->grammar;
	uint64_t chain[6];
	size_t n_chain = cfg_mode_chain(&s->place, chain), n;
	const char *prefix = "";
	bool whole = false;

	c->n = 0;
	if (gline_read(&s->line, line))
		return;
	n = s->line.n;
	if (n && !s->line.trailing_blank)
		prefix = s->line.words[--n].text;
	for (size_t i = 0; i < n_chain; i++) {
		/* At the first word: the mode's own commands; further out only if none fits. */
		if (!n && i && c->n)
			break;
		if (grammar_match(g, chain[i], &s->line, n, whole, &s->match) != GR_OK &&
		    s->match.result != GR_INCOMPLETE) {
			whole |= s->match.first_exact;
			continue;
		}
		whole |= s->match.first_exact;
		for (size_t t = s->match.expect_lo; t < s->match.expect_hi; t++) {
			const struct gnode *node = &g->nodes[s->match.threads[t].node];

			if (node->kind == G_PARAM && !strcmp(node->text, "SECTION"))
				sections_add(c, prefix);
			candidate_add(c, node, grammar_node_help(g, node, n == s->match.no), prefix);
			names_add(c, node, prefix);
		}
	}
	if (!n && s->place.mode >= CONFIG_MODE_GLOBAL) {
		struct gnode no = { .kind = G_KEYWORD, .text = "no" };

		candidate_add(c, &no, "Undo a command or restore the default", prefix);
	}
	qsort(c->v, c->n, sizeof(c->v[0]), candidate_compare);
}

/* Behind a '|' the words are the filters. */
static bool filter_word(const char *line, const char **prefix)
{
	const char *bar = config_pipe(line);

	if (!bar)
		return false;
	bar += 1 + strspn(bar + 1, " ");
	*prefix = strchr(bar, ' ') ? NULL : bar;
	return true;
}

void config_help(struct config_session *s, const char *line, struct config_sink *sink)
{
	struct candidates *c;
	const char *prefix;
	int width = 8;

	if (filter_word(line, &prefix)) {
		for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
			if (prefix && !strncmp(filters[i], prefix, strlen(prefix)))
				put(sink, "  %-8s  Output filter\n", filters[i]);
		}
		if (!prefix)
			put(sink, "  LINE      Regular expression\n");
		return;
	}
	c = malloc(sizeof(*c));
	if (!c)
		return;
	candidates_find(s, line, c);
	for (size_t i = 0; i < c->n; i++) {
		int len = (int)strlen(c->v[i].label);

		if (len > width && len <= 32)
			width = len;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (*c->v[i].help)
			put(sink, "  %-*s  %s\n", width, c->v[i].label, c->v[i].help);
		else
			put(sink, "  %s\n", c->v[i].label);
	}
	if (!c->n)
		put(sink, "ERROR: %% Unrecognized command\n");
	free(c);
}

void config_complete(struct config_session *s, const char *line, struct config_sink *sink)
{
	struct candidates *c;
	const char *prefix;

	if (filter_word(line, &prefix)) {
		for (size_t i = 0; prefix && i < ARRAY_SIZE(filters); i++) {
			if (!strncmp(filters[i], prefix, strlen(prefix)))
				put(sink, "%s\n", filters[i]);
		}
		return;
	}
	c = malloc(sizeof(*c));
	if (!c)
		return;
	candidates_find(s, line, c);
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].keyword)
			put(sink, "%s\n", c->v[i].label);
	}
	free(c);
}
