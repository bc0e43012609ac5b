/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The grammar: syntax strings compiled into one automaton, and lines matched against it.
 *
 * Responsible for: what a line means word by word, where it stops being valid, and what could
 * stand there. Not responsible for: doing anything (handlers), modes (session.c).
 *
 * A syntax string becomes a nondeterministic automaton (Thompson's construction); a line walks all
 * its paths at once, so matching is linear in words times nodes and no input makes it backtrack.
 *
 * Life cycle: grammar_init, grammar_add per row at start, then match_line for each line; match_fini
 * and grammar_fini at the end. Callers: session.c, help.c. Control thread only.
 */
#ifndef CONFIG_GRAMMAR_H
#define CONFIG_GRAMMAR_H

#include "config/config.h"

#define GRAMMAR_LINE_MAX 4096
#define GRAMMAR_WORDS_MAX 256

enum gkind { G_NONE, G_EPSILON, G_KEYWORD, G_PARAM, G_ACCEPT };
enum gtype {
	GT_NAME,
	GT_WORD,
	GT_LINE,
	GT_NUMBER,
	GT_IP,
	GT_MASK,
	GT_IP6,
	GT_PREFIX4,
	GT_PREFIX6,
	GT_ADDR,
	GT_PROTO,
	GT_PORT,
	GT_TCP_PORT,
	GT_UDP_PORT,
	GT_ICMP,
	GT_ICMP6,
	GT_LEVEL,
	GT_TIME,
	GT_PAIR,
	GT_SINGLE,
	GT_EXACT,
};

struct gnode {
	uint8_t kind; /* enum gkind */
	uint8_t type; /* G_PARAM: enum gtype */
	uint8_t whole; /* G_KEYWORD: no abbreviation (CONFIG_WHOLE_WORDS) */
	uint32_t row; /* whose syntax it is part of */
	uint32_t out, out2; /* next nodes; out2 only of G_EPSILON; */
	uint32_t lo, hi; /* GT_NUMBER */
	const char *text; /* keyword, or label of a parameter */
};

struct grow {
	const struct config_command *command;
	void *ctx;
	bool own; /* of the language itself, not registered from outside */
	uint32_t start, no_start; /* nodes; 0: none */
};

struct grammar {
	struct gnode *nodes;
	size_t n_nodes, cap_nodes;
	struct grow *rows;
	size_t n_rows, cap_rows;
	char **strings;
	size_t n_strings, cap_strings;
};

int grammar_init(struct grammar *g);
void grammar_fini(struct grammar *g);
/* => 0, -EINVAL for a bad syntax string (with 'where' for the message), -ENOMEM. */
int grammar_add(struct grammar *g, const struct config_command *cmd, void *ctx, bool own,
		const char **where);

/* A line cut into words. Text of words lives in 'buf'. */
struct gword {
	const char *text;
	const char *rest; /* the line from here to its end, trimmed */
	unsigned int column;
};
struct gline {
	char buf[GRAMMAR_LINE_MAX * 2]; /* words, each with a NUL */
	char line[GRAMMAR_LINE_MAX]; /* the line without a pasted prompt, tabs as blanks */
	struct gword words[GRAMMAR_WORDS_MAX];
	size_t n;
	unsigned int offset; /* bytes of the text that were cut off in front (blanks, prompt) */
	bool indented, comment, trailing_blank;
};
/* => 0; -E2BIG when the line is too long or has too many words, -EINVAL for control characters. */
int gline_read(struct gline *l, const char *text);

enum gresult { GR_OK, GR_INVALID, GR_INCOMPLETE, GR_AMBIGUOUS };

struct gthread {
	uint32_t node, parent;
	uint32_t word; /* the word it consumes */
};

/* Working memory of a match, kept between lines. */
struct gmatch {
	struct gthread *threads;
	size_t n_threads, cap_threads;
	uint32_t *stamp;
	size_t n_stamp;
	uint32_t epoch;
	/* result */
	enum gresult result;
	size_t at; /* word where it stopped being valid */
	size_t expect_lo, expect_hi; /* threads that were possible there */
	const struct grow *row;
	bool no;
	bool first_exact; /* the first word is a keyword in full */
	struct cmd_arg args[GRAMMAR_WORDS_MAX];
	size_t n_args;
};
void gmatch_fini(struct gmatch *m);
/*
 * Match the first n_words words in the rows that live in one of 'modes': CONFIG_IN() bits, above
 * them (shifted by 32) the kind of map, if the mode has kinds.
 * first_whole: the first word must be a keyword in full.
 * => m->result; m->args and m->row when it is GR_OK.
 */
enum gresult grammar_match(const struct grammar *g, uint64_t modes, const struct gline *l,
			   size_t n_words, bool first_whole, struct gmatch *m);

/* Does the word fit the parameter? */
bool grammar_param_fits(const struct gnode *node, const char *word);
/* What to show for a node in help and after an error. */
const char *grammar_node_label(const struct gnode *node, char *buf, size_t size);
/* One line of help for a node; "" when there is none. first: it begins a command. */
const char *grammar_node_help(const struct grammar *g, const struct gnode *node, bool first);

/* Named parts of syntax strings ("@addr"), and help texts of keywords. */
struct grammar_fragment {
	const char *name, *syntax;
};
extern const struct grammar_fragment grammar_fragments[];
struct grammar_word_help {
	const char *word, *help;
};
extern const struct grammar_word_help grammar_word_helps[]; /* sorted by word */
extern const size_t grammar_n_word_helps;

#endif
