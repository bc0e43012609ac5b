// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regular expressions: a pattern becomes a nondeterministic automaton, which is walked with all its
 * states at once (Thompson's construction and simulation).
 *
 * Responsible for: see regex.h. Not responsible for: anything beyond one pattern and one text.
 *
 * The parser is recursive descent over at most 100 characters, so its depth is bounded by them. A
 * counted repetition parses its atom again for every copy; the limit on states bounds that, too.
 * A fragment under construction has a start and a list of exits still without a target; the list is
 * threaded through the exits themselves.
 *
 * Callers and threads: see regex.h.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/regex.h"

enum node_kind { NODE_SET, NODE_ANY, NODE_SPLIT, NODE_EMPTY, NODE_LINE_START, NODE_MATCH };

/* Exits: number of the next node; while open, a link: node * 2 + which exit + 1, 0 ends the list. */
struct node {
	uint8_t kind;
	uint16_t set; /* NODE_SET: row of sets */
	uint16_t out[2]; /* the second one of NODE_SPLIT only */
};

struct byte_set {
	uint32_t bits[8];
};

struct regex {
	uint16_t start, n_nodes, n_sets;
	struct byte_set *sets;
	struct node nodes[];
};

struct fragment {
	uint16_t start;
	uint16_t open; /* first link of the open exits */
};

struct parser {
	const char *p, *end;
	struct node nodes[REGEX_STATES_MAX];
	struct byte_set sets[REGEX_STATES_MAX];
	uint16_t n_nodes, n_sets;
	const char *error; /* the first one; NULL: none */
};

static void fail(struct parser *ps, const char *sentence)
{
	if (!ps->error)
		ps->error = sentence;
}

/* ------------------------------------------------------------------ fragments */

static uint16_t node_new(struct parser *ps, enum node_kind kind)
{
	if (ps->n_nodes == REGEX_STATES_MAX) {
		fail(ps, "the pattern repeats too much: it needs more than 2048 states");
		return 0;
	}
	ps->nodes[ps->n_nodes] = (struct node){ .kind = kind };
	return ps->n_nodes++;
}

static uint16_t link_of(uint16_t node, unsigned int which)
{
	return (uint16_t)(node * 2 + which + 1);
}

static uint16_t *exit_of(struct parser *ps, uint16_t link)
{
	return &ps->nodes[(link - 1) / 2].out[(link - 1) % 2];
}

/* All open exits lead to 'node'. */
static void close_exits(struct parser *ps, uint16_t open, uint16_t node)
{
	while (open) {
		uint16_t *e = exit_of(ps, open);

		open = *e;
		*e = node;
	}
}

static uint16_t join_exits(struct parser *ps, uint16_t a, uint16_t b)
{
	uint16_t *e, at = a;

	if (!a)
		return b;
	while (*(e = exit_of(ps, at)))
		at = *e;
	*e = b;
	return a;
}

static struct fragment single(struct parser *ps, enum node_kind kind)
{
	uint16_t n = node_new(ps, kind);

	return (struct fragment){ n, ps->error ? 0 : link_of(n, 0) };
}

static struct fragment chain(struct parser *ps, struct fragment a, struct fragment b)
{
	close_exits(ps, a.open, b.start);
	return (struct fragment){ a.start, b.open };
}

/* a?, a*, a+ */
static struct fragment repeat(struct parser *ps, struct fragment a, bool optional, bool again)
{
	uint16_t n = node_new(ps, NODE_SPLIT);

	if (ps->error)
		return a;
	ps->nodes[n].out[0] = a.start;
	if (again) {
		close_exits(ps, a.open, n);
		return (struct fragment){ optional ? n : a.start, link_of(n, 1) };
	}
	return (struct fragment){ n, join_exits(ps, a.open, link_of(n, 1)) };
}

/* ------------------------------------------------------------------ bytes and sets */

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Behind a backslash. => the byte, -1 after fail() */
static int escaped(struct parser *ps)
{
	size_t left = (size_t)(ps->end - ps->p);
	char c;

	if (!left) {
		fail(ps, "the pattern ends with a backslash");
		return -1;
	}
	c = *ps->p++;
	if (c == 'x') {
		if (left < 3 || !isxdigit((unsigned char)ps->p[0]) || !isxdigit((unsigned char)ps->p[1])) {
			fail(ps, "\\x needs two hexadecimal digits");
			return -1;
		}
		ps->p += 2;
		return hex_digit(ps->p[-2]) * 16 + hex_digit(ps->p[-1]);
	}
	if (c >= '0' && c <= '3' && left >= 3 && ps->p[0] >= '0' && ps->p[0] <= '7' &&
	    ps->p[1] >= '0' && ps->p[1] <= '7') {
		ps->p += 2;
		return (c - '0') * 64 + (ps->p[-2] - '0') * 8 + (ps->p[-1] - '0');
	}
	switch (c) {
	case 'r':
		return '\r';
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'f':
		return '\f';
	default:
		return (unsigned char)c;
	}
}

static void set_add(struct byte_set *s, int from, int to)
{
	for (int c = from; c <= to; c++)
		s->bits[c / 32] |= 1u << (c % 32);
}

/* The same set again takes no room of its own. */
static struct fragment set_node(struct parser *ps, const struct byte_set *s)
{
	struct fragment f = single(ps, NODE_SET);
	uint16_t i = 0;

	while (i < ps->n_sets && memcmp(&ps->sets[i], s, sizeof(*s)))
		i++;
	if (i == REGEX_STATES_MAX)
		return f;
	if (i == ps->n_sets)
		ps->sets[ps->n_sets++] = *s;
	if (!ps->error)
		ps->nodes[f.start].set = i;
	return f;
}

static int set_byte(struct parser *ps)
{
	char c = *ps->p++;

	return c == '\\' ? escaped(ps) : (unsigned char)c;
}

/* Behind "[". A "]" that comes first, and a "-" at either end, stand for themselves. */
static struct fragment bracket(struct parser *ps)
{
	struct byte_set s = { { 0 } };
	bool not = ps->p < ps->end && *ps->p == '^', first = true;

	ps->p += not;
	for (;; first = false) {
		int from, to;

		if (ps->p == ps->end) {
			fail(ps, "\"[\" has no \"]\"");
			break;
		}
		if (*ps->p == ']' && !first) {
			ps->p++;
			break;
		}
		from = to = set_byte(ps);
		if (ps->end - ps->p >= 2 && ps->p[0] == '-' && ps->p[1] != ']') {
			ps->p++;
			to = set_byte(ps);
		}
		if (ps->error)
			break;
		if (to < from) {
			fail(ps, "a range in \"[ ]\" ends before it begins");
			break;
		}
		set_add(&s, from, to);
	}
	for (int i = 0; not && i < 8; i++)
		s.bits[i] = ~s.bits[i];
	return set_node(ps, &s);
}

static struct fragment byte_node(struct parser *ps, int c)
{
	struct byte_set s = { { 0 } };

	if (c >= 0)
		set_add(&s, c, c);
	return set_node(ps, &s);
}

/* ------------------------------------------------------------------ the grammar */

static struct fragment alternatives(struct parser *ps);

static struct fragment atom(struct parser *ps)
{
	struct fragment f;
	char c = *ps->p++;

	switch (c) {
	case '.':
		return single(ps, NODE_ANY);
	case '^':
		return single(ps, NODE_LINE_START);
	case '[':
		return bracket(ps);
	case '\\':
		return byte_node(ps, escaped(ps));
	case '(':
		f = alternatives(ps);
		if (ps->p < ps->end)
			ps->p++; /* ")": nothing else ends alternatives() before the end */
		else
			fail(ps, "\"(\" has no \")\"");
		return f;
	case '*':
	case '+':
	case '?':
	case '{':
		fail(ps, "there is nothing to repeat before \"*\", \"+\", \"?\" or \"{\"");
		break;
	default:
		return byte_node(ps, (unsigned char)c);
	}
	return single(ps, NODE_EMPTY);
}

static bool number(struct parser *ps, int *n)
{
	int digits = 0;

	for (*n = 0; ps->p < ps->end && isdigit((unsigned char)*ps->p) && digits < 4; digits++)
		*n = *n * 10 + (*ps->p++ - '0');
	return digits && digits < 4;
}

/* Behind "{": x} x,} x,y}; 'hi' -1: no end. */
static bool counts(struct parser *ps, int *lo, int *hi)
{
	bool good = number(ps, lo);

	*hi = *lo;
	if (good && ps->p < ps->end && *ps->p == ',') {
		ps->p++;
		*hi = -1;
		if (ps->p < ps->end && *ps->p != '}')
			good = number(ps, hi);
	}
	if (!good || ps->p == ps->end || *ps->p != '}' || (*hi >= 0 && *hi < *lo) || *hi == 0) {
		fail(ps, "\"{\" needs a number, \"{x}\", \"{x,}\" or \"{x,y}\"");
		return false;
	}
	ps->p++;
	return true;
}

/* The atom that begins at 'from', x to y times. */
static struct fragment counted(struct parser *ps, const char *from, int lo, int hi)
{
	struct fragment f = single(ps, NODE_EMPTY), one;
	const char *behind = ps->p;

	for (int i = 0; i < (hi < 0 ? lo + 1 : hi) && !ps->error; i++) {
		ps->p = from;
		one = atom(ps);
		if (i >= lo)
			one = repeat(ps, one, true, hi < 0);
		if (!ps->error)
			f = chain(ps, f, one);
	}
	ps->p = behind;
	return f;
}

static struct fragment repeated(struct parser *ps)
{
	const char *from = ps->p;
	uint16_t nodes_before = ps->n_nodes;
	struct fragment f = atom(ps);
	int lo, hi;

	if (ps->p < ps->end && *ps->p == '{' && !ps->error) {
		ps->p++;
		ps->n_nodes = nodes_before;
		if (counts(ps, &lo, &hi))
			f = counted(ps, from, lo, hi);
	}
	while (ps->p < ps->end && strchr("*+?", *ps->p) && !ps->error) {
		char c = *ps->p++;

		f = repeat(ps, f, c != '+', c != '?');
	}
	return f;
}

static struct fragment sequence(struct parser *ps)
{
	struct fragment f = single(ps, NODE_EMPTY);

	while (ps->p < ps->end && *ps->p != '|' && *ps->p != ')' && !ps->error) {
		struct fragment next = repeated(ps);

		if (!ps->error)
			f = chain(ps, f, next);
	}
	return f;
}

static struct fragment alternatives(struct parser *ps)
{
	struct fragment f = sequence(ps);

	while (ps->p < ps->end && *ps->p == '|' && !ps->error) {
		struct fragment other;
		uint16_t n;

		ps->p++;
		other = sequence(ps);
		n = node_new(ps, NODE_SPLIT);
		if (ps->error)
			break;
		ps->nodes[n].out[0] = f.start;
		ps->nodes[n].out[1] = other.start;
		f = (struct fragment){ n, join_exits(ps, f.open, other.open) };
	}
	return f;
}

static struct regex *finish(const struct parser *ps, uint16_t start)
{
	struct regex *r = malloc(sizeof(*r) + ps->n_nodes * sizeof(r->nodes[0]));

	if (!r)
		return NULL;
	r->start = start;
	r->n_nodes = ps->n_nodes;
	r->n_sets = ps->n_sets;
	r->sets = malloc((ps->n_sets + 1u) * sizeof(*r->sets));
	if (!r->sets) {
		free(r);
		return NULL;
	}
	memcpy(r->sets, ps->sets, ps->n_sets * sizeof(*r->sets));
	memcpy(r->nodes, ps->nodes, ps->n_nodes * sizeof(*r->nodes));
	return r;
}

struct regex *regex_new(const char *pattern, char *err, size_t err_size)
{
	size_t len = strlen(pattern);
	struct parser *ps = malloc(sizeof(*ps));
	struct regex *r = NULL;
	struct fragment f;
	uint16_t match;

	if (!ps) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	ps->n_nodes = ps->n_sets = 0;
	ps->error = NULL;
	if (len >= 2 && pattern[0] == '"' && pattern[len - 1] == '"') {
		pattern++;
		len -= 2;
	}
	ps->p = pattern;
	ps->end = pattern + len;
	if (!len || len > REGEX_PATTERN_MAX)
		fail(ps, "a pattern has 1 to 100 characters");
	f = alternatives(ps);
	if (!ps->error && ps->p < ps->end)
		fail(ps, "\")\" has no \"(\"");
	match = node_new(ps, NODE_MATCH);
	if (!ps->error) {
		close_exits(ps, f.open, match);
		r = finish(ps, f.start);
		if (!r)
			fail(ps, "out of memory");
	}
	if (!r)
		snprintf(err, err_size, "%s", ps->error);
	free(ps);
	return r;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	free(r->sets);
	free(r);
}

/* ------------------------------------------------------------------ searching */

/* States that are alive; 'in' has a bit per state, so that each is entered once per byte. */
struct alive {
	uint16_t v[REGEX_STATES_MAX], n;
	uint64_t in[REGEX_STATES_MAX / 64];
};

/*
 * Enter a state and all that is reached from it without a byte. => was the match reached?
 * Every state enters the list once, so the list itself is the stack of what is still to follow.
 */
static bool enter(const struct regex *r, struct alive *a, uint16_t state, bool line_start)
{
	uint16_t next = a->n;

#define ADD(s)                                                      \
	do {                                                        \
		uint16_t to = (s);                                  \
		if (!(a->in[to / 64] >> (to % 64) & 1)) {           \
			a->in[to / 64] |= 1ull << (to % 64);        \
			a->v[a->n++] = to;                          \
		}                                                   \
	} while (0)

	ADD(state);
	for (; next < a->n; next++) {
		const struct node *n = &r->nodes[a->v[next]];

		if (n->kind == NODE_MATCH)
			return true;
		if (n->kind == NODE_EMPTY || n->kind == NODE_SPLIT ||
		    (n->kind == NODE_LINE_START && line_start))
			ADD(n->out[0]);
		if (n->kind == NODE_SPLIT)
			ADD(n->out[1]);
	}
#undef ADD
	return false;
}

bool regex_search(const struct regex *r, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;
	struct alive lists[2], *now = &lists[0], *then = &lists[1];
	bool line_start = true;

	now->n = 0;
	memset(now->in, 0, sizeof(now->in));
	for (size_t i = 0;; i++) {
		/* A match may begin at every byte. */
		if (enter(r, now, r->start, line_start))
			return true;
		if (i == len)
			return false;
		line_start = b[i] == '\n';
		then->n = 0;
		memset(then->in, 0, sizeof(then->in));
		for (uint16_t k = 0; k < now->n; k++) {
			const struct node *n = &r->nodes[now->v[k]];
			const struct byte_set *s = &r->sets[n->set];
			bool fits = n->kind == NODE_ANY ||
				    (n->kind == NODE_SET && s->bits[b[i] / 32] >> (b[i] % 32) & 1);

			if (fits && enter(r, then, n->out[0], line_start))
				return true;
		}
		now = then;
		then = now == &lists[0] ? &lists[1] : &lists[0];
	}
}
