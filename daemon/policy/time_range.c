// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time ranges, see time_range.h.
 *
 * The model keeps a block as its lines: "time-range NAME", then lines that begin with a blank, in
 * canonical words. A line that cannot be read is never true: a rule in doubt is inactive.
 *
 *	 absolute [start HH:MM DAY MONTH YEAR] [end HH:MM DAY MONTH YEAR]
 *	 periodic DAY… HH:MM to [DAY] HH:MM
 *
 * The end minute itself still belongs to the range, as on an ASA. A periodic part that ends
 * before it starts goes over midnight, or over the end of the week.
 *
 * Callers: see time_range.h. Threads: any (localtime_r).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/policy_impl.h"
#include "policy/time_range.h"

#define WORDS_MAX 20
#define DAY_MINUTES (24 * 60)
#define WEEK_MINUTES (7 * DAY_MINUTES)

struct words {
	char text[MODEL_TEXT_MAX];
	size_t n, at;
	char *v[WORDS_MAX];
};

static void words_split(struct words *w, const char *line)
{
	char *save;

	snprintf(w->text, sizeof(w->text), "%s", line);
	w->n = w->at = 0;
	for (char *p = strtok_r(w->text, " ", &save); p && w->n < WORDS_MAX;
	     p = strtok_r(NULL, " ", &save))
		w->v[w->n++] = p;
}

static const char *word(const struct words *w)
{
	return w->at < w->n ? w->v[w->at] : "";
}

static bool word_take(struct words *w, const char *text)
{
	if (strcasecmp(word(w), text))
		return false;
	w->at++;
	return true;
}

/* "8:00" => minutes of the day, -1 when it is none. */
static int take_clock(struct words *w)
{
	unsigned int h, m;
	char end;

	if (sscanf(word(w), "%2u:%2u%c", &h, &m, &end) != 2 || h > 23 || m > 59)
		return -1;
	w->at++;
	return h * 60 + m;
}

/* Bits of the week from Sunday; 0 when the word names no day. */
static unsigned int take_days(struct words *w)
{
	static const struct {
		const char *name;
		unsigned int days;
	} names[] = {
		{ "sunday", 1 },    { "monday", 2 },  { "tuesday", 4 },	  { "wednesday", 8 },
		{ "thursday", 16 }, { "friday", 32 }, { "saturday", 64 }, { "daily", 127 },
		{ "weekdays", 62 }, { "weekend", 65 },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (word_take(w, names[i].name))
			return names[i].days;
	return 0;
}

/* "8:00 1 january 2026" => false when it is none. */
static bool take_date(struct words *w, time_t *t)
{
	static const char *const months[] = { "january", "february", "march",	  "april",
					      "may",	 "june",     "july",	  "august",
					      "september", "october", "november", "december" };
	int clock = take_clock(w);
	struct tm tm = { .tm_isdst = -1, .tm_mon = -1 };

	if (clock < 0)
		return false;
	tm.tm_hour = clock / 60;
	tm.tm_min = clock % 60;
	tm.tm_mday = atoi(word(w));
	w->at++;
	for (int i = 0; i < 12; i++)
		if (!strcasecmp(word(w), months[i]))
			tm.tm_mon = i;
	w->at++;
	tm.tm_year = atoi(word(w)) - 1900;
	w->at++;
	if (tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_year < 70)
		return false;
	*t = mktime(&tm);
	return *t != (time_t)-1;
}

static bool absolute_active(struct words *w, time_t now)
{
	time_t t;

	if (word_take(w, "start") && (!take_date(w, &t) || now < t))
		return false;
	if (word_take(w, "end") && (!take_date(w, &t) || now >= t + 60))
		return false;
	return w->at == w->n;
}

/* Is minute 'm' of the week within [from, to], around the end of the week if need be? */
static bool week_has(int from, int to, int m)
{
	return from <= to ? m >= from && m <= to : m >= from || m <= to;
}

static bool periodic_active(struct words *w, time_t now)
{
	unsigned int days = 0, d, last;
	struct tm tm;
	int from, to, m;

	while ((d = take_days(w)))
		days |= d;
	from = take_clock(w);
	if (from < 0 || !word_take(w, "to"))
		return false;
	last = take_days(w);
	to = take_clock(w);
	if (to < 0 || w->at != w->n || !days || !localtime_r(&now, &tm))
		return false;
	m = tm.tm_wday * DAY_MINUTES + tm.tm_hour * 60 + tm.tm_min;
	for (int day = 0; day < 7; day++) {
		int start = day * DAY_MINUTES + from, end = day * DAY_MINUTES + to;

		if (!(days & 1u << day))
			continue;
		if (last)
			end = __builtin_ctz(last) * DAY_MINUTES + to;
		else if (to < from)
			end = (end + DAY_MINUTES) % WEEK_MINUTES;
		if (week_has(start, end, m))
			return true;
	}
	return false;
}

/* The row of the block's first line, or the number of rows. */
static size_t block_find(const struct model *m, const char *name)
{
	size_t i = 0;

	while (i < m->opaque.n && (strncmp(m->opaque.v[i], "time-range ", 11) ||
				   strcmp(m->opaque.v[i] + 11, name)))
		i++;
	return i;
}

static bool block_active(const struct model *m, size_t head, time_t now)
{
	bool absolute = true, periodic = false, any_periodic = false;

	for (size_t i = head + 1; i < m->opaque.n && *m->opaque.v[i] == ' '; i++) {
		struct words w;

		words_split(&w, m->opaque.v[i]);
		if (word_take(&w, "absolute")) {
			absolute = absolute_active(&w, now);
		} else if (word_take(&w, "periodic")) {
			any_periodic = true;
			periodic |= periodic_active(&w, now);
		} else {
			return false;
		}
	}
	return absolute && (periodic || !any_periodic);
}

bool time_range_exists(const struct model *m, const char *name)
{
	return block_find(m, name) < m->opaque.n;
}

bool time_range_active(const struct model *m, const char *name, time_t now)
{
	size_t head = block_find(m, name);

	return head < m->opaque.n && block_active(m, head, now);
}

__u64 time_ranges_state(const struct model *m, time_t now)
{
	__u64 h = 0;

	for (size_t i = 0; i < m->opaque.n; i++)
		if (!strncmp(m->opaque.v[i], "time-range ", 11))
			h = (h ^ (block_active(m, i, now) + 2)) * 0x100000001b3ull;
	return h;
}
