// SPDX-License-Identifier: GPL-2.0-only
/*
 * Output filters: a chain of conditions that every line passes.
 *
 * Responsible for, callers: filter.h.
 */
#include "filter.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum filter_kind { INCLUDE, EXCLUDE, BEGIN, COUNT, REDIRECT, APPEND, TEE };

static const struct {
	const char *word;
	enum filter_kind kind;
} words[] = {
	{"include", INCLUDE}, {"exclude", EXCLUDE}, {"begin", BEGIN},
	{"grep", INCLUDE},    {"count", COUNT},	    {"redirect", REDIRECT},
	{"append", APPEND},   {"tee", TEE},
};

struct filter {
	struct stage {
		enum filter_kind kind;
		regex_t re;
		FILE *file; /* of redirect, append and tee, which have no regular expression */
		bool begun;
		unsigned long n;
	} stage[FILTERS_MAX];
	int n;
	char *line; /* the line that is not complete yet */
	size_t len, cap;
};

/* Does a filter start here (just after a "|")? => its kind and the position after the word. */
static const char *filter_word(const char *s, enum filter_kind *kind)
{
	size_t n;

	s += strspn(s, " \t");
	n = strcspn(s, " \t");
	if (!n)
		return NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strncmp(words[i].word, s, n) != 0)
			continue;
		*kind = words[i].kind;
		return s + n;
	}
	return NULL;
}

/* The next "|" that is followed by a filter word; others belong to a regular expression. */
static char *filter_find(char *s)
{
	enum filter_kind kind;

	for (s = strchr(s, '|'); s; s = strchr(s + 1, '|'))
		if (filter_word(s + 1, &kind))
			return s;
	return NULL;
}

/* Is the command one whose output can be filtered: "show" or "more", abbreviated or not? */
static bool filter_allowed(const char *line)
{
	size_t n;

	line += strspn(line, " \t");
	n = strcspn(line, " \t|");
	return n >= 2 && (strncmp("show", line, n) == 0 || strncmp("more", line, n) == 0);
}

static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	for (n = strlen(s); n && isspace((unsigned char)s[n - 1]); n--)
		s[n - 1] = 0;
	return s;
}

/* The file of the one who types, with his rights. */
static int filter_open(struct filter *f, const char *name, char *err, size_t err_size)
{
	struct stage *st = &f->stage[f->n];

	if (!*name || strpbrk(name, " \t")) {
		snprintf(err, err_size, "ERROR: after | redirect, append and tee comes one file name");
		return -EINVAL;
	}
	st->file = fopen(name, st->kind == APPEND ? "ae" : "we");
	if (!st->file) {
		snprintf(err, err_size, "ERROR: %s cannot be written: %s", name, strerror(errno));
		return -EINVAL;
	}
	f->n++;
	return 0;
}

static int filter_compile(struct filter *f, char *text, char *err, size_t err_size)
{
	struct stage *st = &f->stage[f->n];
	char *re = (char *)filter_word(text, &st->kind);
	char why[128];
	int ret;

	if (!re) {
		snprintf(err, err_size,
			 "ERROR: after | comes include, exclude, begin, grep, count, "
			 "redirect, append or tee");
		return -EINVAL;
	}
	re = trim(re);
	if (st->kind >= REDIRECT)
		return filter_open(f, re, err, err_size);
	if (st->kind == INCLUDE && strncmp(re, "-v", 2) == 0 && (!re[2] || re[2] == ' ')) {
		st->kind = EXCLUDE;
		re = trim(re + 2);
	}
	if (!*re && st->kind != COUNT) {
		snprintf(err, err_size, "ERROR: the filter after | needs a regular expression");
		return -EINVAL;
	}
	ret = regcomp(&st->re, re, REG_EXTENDED | REG_NOSUB);
	if (ret) {
		regerror(ret, &st->re, why, sizeof(why));
		snprintf(err, err_size, "ERROR: %s is not a regular expression: %s", re, why);
		return -EINVAL;
	}
	f->n++;
	return 0;
}

int filter_take(char *line, struct filter **out, char *err, size_t err_size)
{
	struct filter *f;
	char *bar, *next;

	*out = NULL;
	if (!filter_allowed(line))
		return 0;
	bar = strchr(line, '|');
	if (!bar)
		return 0;
	f = calloc(1, sizeof(*f));
	if (!f) {
		snprintf(err, err_size, "ERROR: out of memory");
		return -ENOMEM;
	}
	*bar = 0;
	for (char *text = bar + 1; text; text = next) {
		next = filter_find(text);
		if (next)
			*next++ = 0;
		if (f->n && f->stage[f->n - 1].file) {
			snprintf(err, err_size, "ERROR: nothing can come after redirect, append or tee");
			filter_free(f);
			return -EINVAL;
		}
		if (f->n == FILTERS_MAX)
			snprintf(err, err_size, "ERROR: more than %d filters", FILTERS_MAX);
		if (f->n == FILTERS_MAX || filter_compile(f, text, err, err_size)) {
			filter_free(f);
			return -EINVAL;
		}
	}
	*out = f;
	return 0;
}

static bool stage_pass(struct stage *st, const char *line)
{
	bool match;

	if (st->file) {
		fprintf(st->file, "%s\n", line);
		return st->kind == TEE;
	}
	match = st->begun || regexec(&st->re, line, 0, NULL, 0) == 0;

	switch (st->kind) {
	case INCLUDE: return match;
	case EXCLUDE: return !match;
	case BEGIN: st->begun |= match; return match;
	case COUNT: st->n += match; return false;
	default: break;
	}
	return true;
}

/* f->line is complete, without newline. */
static bool filter_line(struct filter *f, filter_sink *sink, void *arg)
{
	f->line[f->len] = 0;
	for (int i = 0; i < f->n; i++) {
		if (!stage_pass(&f->stage[i], f->line)) {
			f->len = 0;
			return true;
		}
	}
	f->line[f->len++] = '\n';
	bool more = sink(arg, f->line, f->len);

	f->len = 0;
	return more;
}

bool filter_put(struct filter *f, const char *text, size_t len, filter_sink *sink, void *arg)
{
	while (len) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;

		if (f->len + n + 2 > f->cap) {
			size_t cap = (f->len + n + 2) * 2;
			char *line = realloc(f->line, cap);

			if (!line)
				return false;
			f->line = line;
			f->cap = cap;
		}
		memcpy(f->line + f->len, text, n);
		f->len += n;
		if (!nl)
			return true;
		if (!filter_line(f, sink, arg))
			return false;
		text = nl + 1;
		len -= n + 1;
	}
	return true;
}

void filter_end(struct filter *f, filter_sink *sink, void *arg)
{
	char text[32];
	int n;

	if (f->len)
		filter_line(f, sink, arg);
	for (int i = 0; i < f->n; i++) {
		if (f->stage[i].file && (fflush(f->stage[i].file) || ferror(f->stage[i].file)))
			fprintf(stderr, "ERROR: the file is not complete: %s\n", strerror(errno));
		if (f->stage[i].kind != COUNT)
			continue;
		n = snprintf(text, sizeof(text), "%lu\n", f->stage[i].n);
		sink(arg, text, (size_t)n);
	}
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (int i = 0; i < f->n; i++) {
		if (f->stage[i].file)
			fclose(f->stage[i].file);
		else
			regfree(&f->stage[i].re);
	}
	free(f->line);
	free(f);
}
