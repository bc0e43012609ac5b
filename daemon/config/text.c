// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many lines as one change.
 *
 * Responsible for: files and pasted texts: lines in order onto one copy of the model, applied
 * once; the line of the first error; lines broken by a document; what stays when a line is bad.
 * Not responsible for: single lines (session.c).
 *
 * Lines already done are remembered: a handler that failed half-way, or a daemon that refuses the
 * whole, must not leave traces, so the good lines are simply run again onto a fresh copy. When the
 * daemon refuses the sum of lines, halving finds the first line that it refuses (the prefix
 * before it compiles, the prefix with it does not).
 *
 * Callers: control (asactl -f, configure), config_load. Control thread only.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

struct done_line {
	char *text;
	unsigned int number;
};
struct batch {
	struct config_session *s;
	struct cfg_place start; /* place before the first line of 'done' */
	unsigned int flags;
	void *out;
	struct config_result *r;
	struct {
		struct done_line *v;
		size_t n, cap;
	} done;
};

static void done_clear(struct batch *b)
{
	for (size_t i = 0; i < b->done.n; i++)
		free(b->done.v[i].text);
	b->done.n = 0;
}

/* Run the first n remembered lines onto a fresh copy. They were good, their warnings are known. */
static void replay(struct batch *b, size_t n)
{
	struct config_result r;

	cfg_discard(b->s);
	b->s->place = b->start;
	config_result_init(&r);
	for (size_t i = 0; i < n; i++)
		cfg_execute(b->s, b->done.v[i].text, b->out, &r);
	config_result_fini(&r);
}

/* Would the daemon take the first n lines? Commits them when there is no other way to know. */
static bool prefix_good(struct batch *b, size_t n, struct config_result *r)
{
	struct config *c = b->s->cfg;
	bool good;

	replay(b, n);
	if (!b->s->work)
		return true;
	good = !cfg_model_apply(c, b->s->work, c->ops.check != NULL, r);
	cfg_discard(b->s);
	return good;
}

static bool keeps_good_lines(const struct batch *b)
{
	return !(b->flags & (CONFIG_TEXT_ATOMIC | CONFIG_TEXT_CHECK | CONFIG_TEXT_REPLACE));
}

/*
 * The first of the remembered lines that the daemon refuses, with its reason in b->r->error.
 * Without a check the only trial is a real apply, which an atomic text must not do.
 * => its index plus one; 0: cannot be told.
 */
static size_t first_bad(struct batch *b)
{
	size_t good = 0, bad = b->done.n;
	struct config_result r;

	if (!b->s->cfg->ops.check && !keeps_good_lines(b))
		return 0;
	while (bad - good > 1) {
		size_t mid = good + (bad - good) / 2;

		config_result_init(&r);
		if (prefix_good(b, mid, &r)) {
			good = mid;
		} else {
			bad = mid;
			memcpy(b->r->error, r.error, sizeof(r.error));
		}
		config_result_fini(&r);
	}
	return bad;
}

/* The daemon refused the sum: name the line, keep what stands before it if that is wished. */
static void blame(struct batch *b)
{
	size_t bad = first_bad(b);
	struct config_result r;

	if (!bad)
		return;
	b->r->line = b->done.v[bad - 1].number;
	if (!keeps_good_lines(b))
		return;
	config_result_init(&r);
	replay(b, bad - 1);
	cfg_commit(b->s, false, &r);
	config_result_fini(&r);
}

static void leave_out(struct batch *b, size_t i, const char *why)
{
	config_result_warn(b->r, "line %u ignored: %s", b->done.v[i].number, why);
	free(b->done.v[i].text);
	MODEL_REMOVE(&b->done, i);
}

/* After a line was left out, others may make no sense any more: they are left out as well. */
static void replay_without_bad(struct batch *b)
{
	struct config_result r;
	size_t i = 0;

	config_result_init(&r);
	while (i < b->done.n || !i) {
		if (!i) {
			cfg_discard(b->s);
			b->s->place = b->start;
		}
		if (i < b->done.n && cfg_execute(b->s, b->done.v[i].text, b->out, &r) != CONFIG_OK) {
			leave_out(b, i, r.error);
			i = 0;
			continue;
		}
		i++;
	}
	config_result_fini(&r);
}

/* Start-up: leave out, one by one, the lines that the daemon refuses. => what is left applied? */
static enum config_status commit_without_bad(struct batch *b)
{
	bool check = b->flags & CONFIG_TEXT_CHECK;
	size_t bad;

	for (;;) {
		enum config_status st = cfg_commit(b->s, check, b->r);

		bad = st == CONFIG_OK || !b->done.n ? 0 : first_bad(b);
		if (!bad)
			return st;
		leave_out(b, bad - 1, b->r->error);
		b->r->status = CONFIG_OK;
		b->r->error[0] = '\0';
		replay_without_bad(b);
	}
}

static enum config_status flush(struct batch *b)
{
	enum config_status st;

	if (b->flags & CONFIG_TEXT_SKIP_BAD) {
		st = commit_without_bad(b);
	} else {
		st = cfg_commit(b->s, b->flags & CONFIG_TEXT_CHECK, b->r);
		if (st != CONFIG_OK && b->done.n)
			blame(b);
	}
	done_clear(b);
	b->start = b->s->place;
	b->s->empty_start = false;
	return st;
}

static int remember(struct batch *b, const char *text, unsigned int number)
{
	struct done_line *d = MODEL_PUSH(&b->done);

	if (!d)
		return -ENOMEM;
	d->number = number;
	d->text = strdup(text);
	if (!d->text) {
		b->done.n--;
		return -ENOMEM;
	}
	return 0;
}

/* Rows of other modules act on the running system: what was configured before must be in force. */
static bool is_registered(struct config_session *s, const char *text)
{
	enum config_mode mode;

	return !gline_read(&s->line, text) && !s->line.comment && cfg_resolve(s, &mode) &&
	       !s->match.row->own;
}

static enum config_status run_one(struct batch *b, const char *text, unsigned int number)
{
	struct config_session *s = b->s;
	enum config_status st;

	if (!s->skip_registered && b->done.n && is_registered(s, text)) {
		st = flush(b);
		if (st != CONFIG_OK)
			return st;
	}
	st = cfg_execute(s, text, b->out, b->r);
	if (st == CONFIG_OK) {
		if (s->place.mode < CONFIG_MODE_GLOBAL)
			s->place.mode = CONFIG_MODE_GLOBAL;
		if (!s->line.comment && remember(b, text, number))
			st = cfg_refuse(b->r, "out of memory");
	}
	if (st != CONFIG_OK)
		b->r->line = number;
	return st;
}

/* Physical lines of the text. */
struct reader {
	const char *p;
	unsigned int number;
};

static bool read_line(struct reader *rd, char *buf, size_t size, bool *cut)
{
	size_t len = strcspn(rd->p, "\n");

	if (!*rd->p)
		return false;
	*cut = len >= size;
	memcpy(buf, rd->p, *cut ? size - 1 : len);
	buf[*cut ? size - 1 : len] = '\0';
	rd->p += len + (rd->p[len] == '\n');
	rd->number++;
	return true;
}

/* => true when the next line that is not blank begins with a digit; it is appended to buf. */
static bool join_next(struct reader *rd, char *buf, size_t size)
{
	struct reader ahead = *rd;
	char next[GRAMMAR_LINE_MAX * 2];
	size_t len = strlen(buf);
	const char *s;
	bool cut;

	do {
		if (!read_line(&ahead, next, sizeof(next), &cut))
			return false;
		s = next + strspn(next, " \t\r");
	} while (!*s);
	if (!isdigit((unsigned char)*s) || cut || len + strlen(s) + 2 > size)
		return false;
	while (len && (buf[len - 1] == ' ' || buf[len - 1] == '\r'))
		len--;
	snprintf(buf + len, size - len, " %s", s);
	*rd = ahead;
	return true;
}

/*
 * A line that no command begins with may be the end of the command before it, broken by a document
 * ("… idle 1:00:00" / "reset dcd 0:15:00 5"). Only if both together are one command without free
 * text, of which anything could become a part, and the lines stand next to each other.
 * => true: done as one command, in place of the first half.
 */
static bool join_previous(struct batch *b, const char *text, unsigned int number)
{
	struct config_session *s = b->s;
	size_t n = b->done.n, size;
	enum config_mode mode;
	enum config_status st;
	struct done_line first;
	char *both;
	bool whole;

	if (s->failure.result != GR_INVALID || s->failure.at || !n ||
	    b->done.v[n - 1].number + 1 != number)
		return false;
	first = b->done.v[n - 1];
	size = strlen(first.text) + strlen(text) + 2;
	both = malloc(size);
	if (!both)
		return false;
	snprintf(both, size, "%s %s", first.text, text + strspn(text, " \t"));
	whole = !gline_read(&s->line, both) && cfg_resolve(s, &mode) && s->match.row->own &&
		s->match.n_args + s->match.no == s->line.n;
	if (!whole) {
		free(both);
		return false;
	}
	b->done.n--;
	replay(b, b->done.n);
	st = run_one(b, both, first.number);
	if (st == CONFIG_OK) {
		free(first.text);
	} else {
		b->done.v[b->done.n++] = first;
		replay(b, b->done.n);
	}
	free(both);
	return st == CONFIG_OK;
}

static enum config_status run_all(struct batch *b, const char *text)
{
	struct config_result was;

	struct reader rd = { text, 0 };
	char line[GRAMMAR_LINE_MAX * 2];
	bool cut;

	while (read_line(&rd, line, sizeof(line), &cut)) {
		unsigned int number = rd.number;
		enum config_status st = run_one(b, line, number);

		if (st == CONFIG_SYNTAX && b->s->failure.result == GR_INCOMPLETE && b->s->line.n &&
		    join_next(&rd, line, sizeof(line)))
			st = run_one(b, line, number);
		if (st == CONFIG_SYNTAX) {
			was = *b->r;
			if (join_previous(b, line, number))
				continue;
			was.warnings = b->r->warnings;
			was.warnings_size = b->r->warnings_size;
			*b->r = was;
		}
		if (st == CONFIG_OK)
			continue;
		/* A handler may have stopped half-way: back to the state before this line. */
		if (b->s->edited)
			replay(b, b->done.n);
		if (!(b->flags & CONFIG_TEXT_SKIP_BAD))
			return st;
		config_result_warn(b->r, "line %u ignored: %s", number, b->r->error);
		b->r->line = b->r->column = 0;
	}
	b->r->status = CONFIG_OK;
	b->r->error[0] = '\0';
	return CONFIG_OK;
}

enum config_status config_text(struct config_session *s, const char *text, unsigned int flags,
			       void *out, struct config_result *r)
{
	const unsigned int whole = CONFIG_TEXT_ATOMIC | CONFIG_TEXT_CHECK | CONFIG_TEXT_REPLACE;
	struct cfg_place saved = s->place;
	struct batch b = { .s = s, .flags = flags, .out = out, .r = r };
	enum config_status st;

	s->place = (struct cfg_place){ .mode = CONFIG_MODE_GLOBAL };
	s->empty_start = flags & CONFIG_TEXT_REPLACE;
	s->in_text = true;
	s->skip_registered = flags & whole;
	b.start = s->place;
	r->line = 0;
	st = run_all(&b, text);
	if (st == CONFIG_OK) {
		flush(&b);
	} else if (!(flags & whole)) {
		struct config_result good;

		/* The lines before the bad one stay; the error to report is the one at hand. */
		config_result_init(&good);
		if (cfg_commit(s, false, &good) != CONFIG_OK) {
			memcpy(r->error, good.error, sizeof(r->error));
			r->status = good.status;
			r->line = r->column = 0;
			if (b.done.n)
				blame(&b);
		} else if (good.warnings) {
			config_result_warn(r, "%s", good.warnings);
		}
		config_result_fini(&good);
	}
	cfg_discard(s);
	done_clear(&b);
	free(b.done.v);
	s->place = saved;
	s->in_text = s->empty_start = s->skip_registered = false;
	return r->status;
}
