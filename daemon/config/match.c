// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines against the grammar: cutting a line into words, and walking the automaton with them.
 *
 * Responsible for: pasted prompts, comments, "nat(a,b)" without a blank, abbreviations, the place
 * where a line stops being valid. Not responsible for: the text of an error (session.c), help and
 * completion (help.c), which read the result of a match.
 *
 * All paths are followed at once: threads[] holds, word after word, the nodes that could take the
 * word, each with the thread that led to it; the words' meaning is read back from the end. A stamp
 * per node keeps a node from being entered twice for one word, which bounds the work.
 *
 * Callers: session.c, help.c. Control thread only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/grammar.h"
#include "config/value.h"

/* ------------------------------------------------------------------ words */

static bool is_word_of(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && !strncasecmp(s, word, len);
}

/*
 * "ASA1(config-pmap)#", "asa>", "host/ctx/pri#" in front of a command, also "ASA(config)" that lost
 * its last character in a document. => its length, 0: none.
 */
static size_t prompt_length(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/");
	bool config = false;

	if (!n)
		return 0;
	if (!strncmp(s + n, "(config", 7)) {
		size_t close = n + strcspn(s + n, ") ");

		if (s[close] != ')')
			return 0;
		n = close + 1;
		config = true;
	}
	if (s[n] == '#' || s[n] == '>')
		return n + 1;
	return config ? n : 0;
}

static int word_add(struct gline *l, size_t *used, const char *from, const char *to)
{
	char *text = l->buf + *used;
	size_t len = 0;

	if (l->n == GRAMMAR_WORDS_MAX)
		return -E2BIG;
	for (const char *p = from; p < to; p++) {
		if (*p != ' ') /* "( inside, outside )" is one word */
			text[len++] = *p;
	}
	text[len] = '\0';
	*used += len + 1;
	l->words[l->n++] = (struct gword){
		.text = text,
		.rest = from,
		.column = (unsigned int)(from - l->line) + 1,
	};
	return 0;
}

/* nat(inside,outside): the commands whose interfaces may follow without a blank. */
static bool takes_interfaces(const struct gline *l, const char *from, size_t len)
{
	if (l->n > 1 || (l->n == 1 && strcasecmp(l->words[0].text, "no")))
		return false;
	return is_word_of(from, len, "nat") || is_word_of(from, len, "static") ||
	       is_word_of(from, len, "global");
}

static int words_cut(struct gline *l)
{
	size_t used = 0;
	bool interfaces = false;

	for (const char *p = l->line; *p;) {
		const char *from = p;
		int err;

		if (*p == ' ') {
			p++;
			continue;
		}
		p += strcspn(p, " ");
		if (interfaces && *from == '(') {
			const char *close = strchr(from, ')');

			if (close)
				p = close + 1;
			interfaces = false;
		} else {
			const char *open = memchr(from, '(', (size_t)(p - from));
			size_t len = (size_t)((open ? open : p) - from);

			interfaces = takes_interfaces(l, from, len);
			if (open && interfaces)
				p = open;
		}
		err = word_add(l, &used, from, p);
		if (err)
			return err;
	}
	return 0;
}

int gline_read(struct gline *l, const char *text)
{
	const char *s = text;
	size_t len;

	l->n = 0;
	l->comment = false;
	l->indented = *s == ' ' || *s == '\t';
	s += strspn(s, " \t");
	/* All of them: the line that is kept must not begin with what the next reading cuts off. */
	while ((len = prompt_length(s))) {
		s += len;
		s += strspn(s, " \t");
		l->indented = false;
	}
	len = strcspn(s, "\r\n");
	l->trailing_blank = len && (s[len - 1] == ' ' || s[len - 1] == '\t');
	while (len && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	l->offset = (unsigned int)(s - text);
	l->line[0] = '\0';
	if (len >= sizeof(l->line))
		return -E2BIG;
	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)s[i];

		if (ch != '\t' && (ch < 0x20 || ch == 0x7f))
			return -EINVAL;
		l->line[i] = ch == '\t' ? ' ' : (char)ch;
	}
	l->line[len] = '\0';
	/* The check sum at the end of a saved configuration says nothing about ours. */
	if (!len || *l->line == '!' || *l->line == ':' ||
	    !strncmp(l->line, "Cryptochecksum:", 15)) {
		l->comment = true;
		return 0;
	}
	/* Documents print the command so, too; no other command begins with "access". */
	if (!strncmp(l->line, "access list ", 12))
		l->line[6] = '-';
	return words_cut(l);
}

/* ------------------------------------------------------------------ parameters */

static bool pair_fits(const char *w, bool single)
{
	size_t len = strlen(w), commas = 0;

	if (len < 3 || *w != '(' || w[len - 1] != ')')
		return false;
	for (size_t i = 1; i < len - 1; i++) {
		if (w[i] == '(' || w[i] == ')')
			return false;
		commas += w[i] == ',';
	}
	if (single)
		return !commas && len - 2 < MODEL_NAME_MAX;
	if (commas != 1)
		return false;
	len = (size_t)(strchr(w, ',') - w);
	return len > 1 && len - 1 < MODEL_NAME_MAX && w[len + 1] != ')' &&
	       strlen(w + len + 1) - 1 < MODEL_NAME_MAX;
}

bool grammar_param_fits(const struct gnode *node, const char *w)
{
	struct asa_addr a;
	uint32_t v;
	uint16_t port;
	uint8_t b;
	bool flag;
	int level;

	switch (node->type) {
	case GT_NAME:
		return strlen(w) < MODEL_NAME_MAX;
	case GT_WORD:
		return strlen(w) < 256;
	case GT_LINE:
		return true;
	case GT_NUMBER:
		return !value_u32(w, node->lo, node->hi, &v);
	case GT_IP:
		return !value_ip4(w, &a);
	case GT_MASK:
		return !value_mask(w, &b);
	case GT_IP6:
		return !value_ip6(w, &a);
	case GT_PREFIX4:
		return !value_prefix(w, false, &a, &b);
	case GT_PREFIX6:
		return !value_prefix(w, true, &a, &b);
	case GT_ADDR:
		return !value_addr(w, &a, &flag);
	case GT_PROTO:
		return !value_proto(w, &b, &flag);
	case GT_PORT:
		return !value_port(w, 6, &port) || !value_port(w, 17, &port);
	case GT_TCP_PORT:
		return !value_port(w, 6, &port);
	case GT_UDP_PORT:
		return !value_port(w, 17, &port);
	case GT_ICMP:
		return !value_icmp(w, false, &b);
	case GT_ICMP6:
		return !value_icmp(w, true, &b);
	case GT_LEVEL:
		return !value_level(w, &level);
	case GT_TIME:
		return !value_time(w, &v);
	case GT_PAIR:
		return pair_fits(w, false);
	case GT_SINGLE:
		return pair_fits(w, true);
	case GT_EXACT:
		return !strcmp(w, node->text);
	default:
		return false;
	}
}

/* ------------------------------------------------------------------ the walk */

void gmatch_fini(struct gmatch *m)
{
	free(m->threads);
	free(m->stamp);
	memset(m, 0, sizeof(*m));
}

static int thread_add(struct gmatch *m, uint32_t node, uint32_t parent, uint32_t word)
{
	if (m->n_threads == m->cap_threads) {
		size_t cap = m->cap_threads ? m->cap_threads * 2 : 1024;
		struct gthread *t = reallocarray(m->threads, cap, sizeof(*t));

		if (!t)
			return -ENOMEM;
		m->threads = t;
		m->cap_threads = cap;
	}
	m->threads[m->n_threads++] = (struct gthread){ node, parent, word };
	return 0;
}

/* Enter a node: follow empty steps, first alternatives first, and note the nodes that take words. */
static int enter(const struct grammar *g, struct gmatch *m, uint32_t node, uint32_t parent,
		 uint32_t word)
{
	while (node && m->stamp[node] != m->epoch) {
		const struct gnode *n = &g->nodes[node];

		m->stamp[node] = m->epoch;
		if (n->kind != G_EPSILON)
			return thread_add(m, node, parent, word);
		if (n->out2) {
			int err = enter(g, m, n->out, parent, word);

			if (err)
				return err;
			node = n->out2;
		} else {
			node = n->out;
		}
	}
	return 0;
}

static int stamps_reserve(const struct grammar *g, struct gmatch *m)
{
	uint32_t *s;

	if (m->n_stamp >= g->n_nodes)
		return 0;
	s = reallocarray(m->stamp, g->n_nodes, sizeof(*s));
	if (!s)
		return -ENOMEM;
	memset(s, 0, g->n_nodes * sizeof(*s));
	m->stamp = s;
	m->n_stamp = g->n_nodes;
	m->epoch = 0;
	return 0;
}

static void next_epoch(struct gmatch *m)
{
	if (++m->epoch == 0) {
		memset(m->stamp, 0, m->n_stamp * sizeof(*m->stamp));
		m->epoch = 1;
	}
}

enum fit { FIT_NONE, FIT_PARAM, FIT_PREFIX, FIT_EXACT };

static enum fit word_fits(const struct gnode *n, const char *word)
{
	if (n->kind == G_KEYWORD) {
		size_t len;

		/* Most keywords are ruled out by their first letter, in either case. */
		if ((n->text[0] ^ word[0]) & 0xdf)
			return FIT_NONE;
		len = strlen(word);
		if (strncasecmp(n->text, word, len) || (n->whole && n->text[len]))
			return FIT_NONE;
		return n->text[len] ? FIT_PREFIX : FIT_EXACT;
	}
	if (n->kind == G_PARAM && grammar_param_fits(n, word))
		return FIT_PARAM;
	return FIT_NONE;
}

/* What counts for a word; keyword NULL: all keywords that fit. */
struct verdict {
	bool exact_only, param_only;
	const char *keyword;
};

/*
 * Which kinds of fit count for this word: an exact keyword excludes all else; two different
 * keywords with this beginning are ambiguous unless a parameter takes the word.
 * DEVIATION: a keyword that the others only extend is meant ("access-l" is access-list, not
 * access-list-semantics); an ASA calls that ambiguous.
 */
static enum gresult judge(const struct grammar *g, const struct gmatch *m, size_t lo, size_t hi,
			  const char *word, struct verdict *v)
{
	const char *prefix = NULL;
	bool param = false, two = false, split = false;

	*v = (struct verdict){ false, false, NULL };
	for (size_t i = lo; i < hi; i++) {
		const struct gnode *n = &g->nodes[m->threads[i].node];

		switch (word_fits(n, word)) {
		case FIT_EXACT:
			v->exact_only = true;
			return GR_OK;
		case FIT_PREFIX:
			if (!prefix || !strncasecmp(prefix, n->text, strlen(n->text))) {
				two |= prefix && strcasecmp(prefix, n->text);
				prefix = n->text;
			} else {
				two = true;
				split |= strncasecmp(prefix, n->text, strlen(prefix)) != 0;
			}
			break;
		case FIT_PARAM:
			param = true;
			break;
		case FIT_NONE:
			break;
		}
	}
	if (!prefix && !param)
		return GR_INVALID;
	if (split && !param)
		return GR_AMBIGUOUS;
	v->param_only = two && param;
	v->keyword = two ? prefix : NULL;
	return GR_OK;
}

static void read_back(const struct grammar *g, const struct gline *l, struct gmatch *m, size_t i)
{
	size_t n = 0;

	m->row = &g->rows[g->nodes[m->threads[i].node].row];
	for (size_t t = m->threads[i].parent; t != UINT32_MAX; t = m->threads[t].parent)
		n++;
	m->n_args = n;
	for (size_t t = m->threads[i].parent; t != UINT32_MAX; t = m->threads[t].parent) {
		const struct gnode *node = &g->nodes[m->threads[t].node];
		const struct gword *w = &l->words[m->threads[t].word];
		bool param = node->kind == G_PARAM;

		m->args[--n] = (struct cmd_arg){
			.text = !param ? node->text : node->type == GT_LINE ? w->rest : w->text,
			.label = param ? node->text : NULL,
			.column = w->column,
		};
	}
}

static bool lives_in(const struct config_command *c, uint64_t modes)
{
	return (c->modes & modes) && (!c->kinds || c->kinds & modes >> 32);
}

enum gresult grammar_match(const struct grammar *g, uint64_t modes, const struct gline *l,
			   size_t n_words, bool first_whole, struct gmatch *m)
{
	size_t lo = 0, word = 0, n_rest = 0;
	uint32_t rest[16]; /* threads whose parameter took the rest of the line */

	m->n_threads = 0;
	m->row = NULL;
	m->n_args = 0;
	m->no = m->first_exact = false;
	m->at = 0;
	m->expect_lo = m->expect_hi = 0;
	if (stamps_reserve(g, m))
		return m->result = GR_INVALID;
	if (n_words && !strcasecmp(l->words[0].text, "no")) {
		m->no = true;
		word = 1;
	}
	next_epoch(m);
	for (size_t r = 0; r < g->n_rows; r++) {
		if (lives_in(g->rows[r].command, modes) &&
		    enter(g, m, m->no ? g->rows[r].no_start : g->rows[r].start, UINT32_MAX,
			  (uint32_t)word))
			return m->result = GR_INVALID;
	}
	for (; word < n_words; word++) {
		const char *text = l->words[word].text;
		size_t hi = m->n_threads;
		struct verdict v;
		enum gresult res = judge(g, m, lo, hi, text, &v);

		if (word == (size_t)m->no) {
			m->first_exact = res == GR_OK && v.exact_only;
			if (first_whole && !m->first_exact && res == GR_OK)
				res = GR_INVALID;
		}
		if (res != GR_OK && n_rest)
			break;
		m->at = word;
		m->expect_lo = lo;
		m->expect_hi = hi;
		if (res != GR_OK)
			return m->result = res;
		next_epoch(m);
		for (size_t i = lo; i < hi; i++) {
			const struct gnode *n = &g->nodes[m->threads[i].node];
			enum fit fit = word_fits(n, text);

			if (fit == FIT_NONE || (v.exact_only && fit != FIT_EXACT) ||
			    (v.param_only && fit != FIT_PARAM) ||
			    (fit == FIT_PREFIX && v.keyword && strcasecmp(v.keyword, n->text)))
				continue;
			if (n->kind == G_PARAM && n->type == GT_LINE) {
				if (n_rest < sizeof(rest) / sizeof(*rest))
					rest[n_rest++] = (uint32_t)i;
				continue;
			}
			if (enter(g, m, n->out, (uint32_t)i, (uint32_t)word + 1))
				return m->result = GR_INVALID;
		}
		lo = hi;
	}
	if (word < n_words)
		lo = m->n_threads;
	if (n_rest) {
		if (word < n_words)
			next_epoch(m);
		for (size_t i = 0; i < n_rest; i++) {
			uint32_t out = g->nodes[m->threads[rest[i]].node].out;

			if (enter(g, m, out, rest[i], (uint32_t)n_words))
				return m->result = GR_INVALID;
		}
	}
	m->at = n_words;
	m->expect_lo = lo;
	m->expect_hi = m->n_threads;
	for (size_t i = lo; i < m->n_threads; i++) {
		if (g->nodes[m->threads[i].node].kind == G_ACCEPT) {
			read_back(g, l, m, i);
			return m->result = GR_OK;
		}
	}
	return m->result = GR_INCOMPLETE;
}
