// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct output: one growing buffer, a stack of open JSON containers, and the deferred step.
 *
 * Responsible for: correct JSON whatever a handler or a network peer put into a string, line lists,
 * closing what an interrupted command left open.
 * Not responsible for: frames and sockets (control.c), what is printed (show_*.c).
 *
 * Life cycle, callers, threads: output.h.
 */
#include "control/output.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asa/types.h"

#define DEPTH_MAX 16

struct output {
	bool json;
	bool failed;
	bool immediate; /* deferred steps run at once */
	char *data;
	size_t start, end, cap; /* data[start..end) is not consumed yet */
	/* JSON: containers that are open; [0] is the document */
	unsigned int depth;
	char close[DEPTH_MAX];
	bool empty[DEPTH_MAX];
	/* lines in progress (output_lines_put) */
	bool lines, line_open;
	/* deferred */
	output_step_fn *step;
	void *state;
	void (*free_state)(void *state);
};

static bool output_reserve(struct output *o, size_t more)
{
	size_t cap;
	char *data;

	if (o->failed)
		return false;
	if (o->end + more <= o->cap)
		return true;
	if (o->start) {
		memmove(o->data, o->data + o->start, o->end - o->start);
		o->end -= o->start;
		o->start = 0;
		if (o->end + more <= o->cap)
			return true;
	}
	cap = o->cap ? o->cap : 4096;
	while (cap < o->end + more)
		cap *= 2;
	data = realloc(o->data, cap);
	if (!data) {
		o->failed = true;
		return false;
	}
	o->data = data;
	o->cap = cap;
	return true;
}

static void output_put(struct output *o, const char *s, size_t len)
{
	if (!len || !output_reserve(o, len))
		return;
	memcpy(o->data + o->end, s, len);
	o->end += len;
}

static void output_vprintf(struct output *o, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n <= 0 || !output_reserve(o, (size_t)n + 1))
		return;
	vsnprintf(o->data + o->end, (size_t)n + 1, fmt, ap);
	o->end += (size_t)n;
}

static void output_raw(struct output *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void output_raw(struct output *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	output_vprintf(o, fmt, ap);
	va_end(ap);
}

struct output *output_new(bool json)
{
	struct output *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->json = json;
	if (json) {
		output_put(o, "{", 1);
		o->close[0] = '}';
		o->empty[0] = true;
		o->depth = 1;
	}
	return o;
}

static void output_drop_step(struct output *o)
{
	if (o->step && o->free_state)
		o->free_state(o->state);
	o->step = NULL;
}

void output_free(struct output *o)
{
	if (!o)
		return;
	output_drop_step(o);
	free(o->data);
	free(o);
}

bool output_is_json(const struct output *o)
{
	return o && o->json;
}

/* ------------------------------------------------------------------ text */

void output_text(struct output *o, const char *fmt, ...)
{
	va_list ap;

	if (!o || o->json)
		return;
	va_start(ap, fmt);
	output_vprintf(o, fmt, ap);
	va_end(ap);
}

/* ------------------------------------------------------------------ JSON */

/* Length of the valid UTF-8 sequence at s (RFC 3629 section 4), 0 when there is none. */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	static const unsigned char second_min[] = {[0x0] = 0xa0, [0x10] = 0x90};
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (len < n)
		return 0;
	if (s[0] == 0xe0 || s[0] == 0xf0)
		lo = second_min[s[0] - 0xe0];
	else if (s[0] == 0xed)
		hi = 0x9f; /* surrogates are not characters */
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Bytes that stand for themselves at the start of s. */
static size_t plain_length(const unsigned char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static void output_escape(struct output *o, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	while (len) {
		n = plain_length(s, len);
		if (n) {
			output_put(o, (const char *)s, n);
			s += n;
			len -= n;
			continue;
		}
		n = utf8_length(s, len);
		if (n == 0) {
			output_put(o, "\\ufffd", 6);
			n = 1;
		} else if (*s == '"' || *s == '\\') {
			output_raw(o, "\\%c", *s);
		} else if (*s == '\n') {
			output_put(o, "\\n", 2);
		} else if (*s == '\t') {
			output_put(o, "\\t", 2);
		} else if (*s < 0x20 || *s == 0x7f) {
			output_raw(o, "\\u%04x", *s);
		} else {
			output_put(o, (const char *)s, n);
		}
		s += n;
		len -= n;
	}
}

/* Comma, key and colon of the next member of the container that is open. */
static void output_member(struct output *o, const char *key)
{
	bool *empty = &o->empty[o->depth - 1];

	if (!*empty)
		output_put(o, ",", 1);
	*empty = false;
	if (o->close[o->depth - 1] == ']')
		return;
	output_put(o, "\"", 1);
	output_escape(o, key ? key : "", key ? strlen(key) : 0);
	output_put(o, "\":", 2);
}

static void output_open(struct output *o, const char *key, const char *open, char close)
{
	if (!o || !o->json)
		return;
	if (o->depth == DEPTH_MAX) {
		o->failed = true;
		return;
	}
	output_member(o, key);
	output_put(o, open, 1);
	o->close[o->depth] = close;
	o->empty[o->depth] = true;
	o->depth++;
}

static void output_close(struct output *o)
{
	if (!o || !o->json || o->depth == 0)
		return;
	o->depth--;
	output_put(o, &o->close[o->depth], 1);
}

void output_object_begin(struct output *o, const char *key)
{
	output_open(o, key, "{", '}');
}

void output_object_end(struct output *o)
{
	output_close(o);
}

void output_list_begin(struct output *o, const char *key)
{
	output_open(o, key, "[", ']');
}

void output_list_end(struct output *o)
{
	output_close(o);
}

void output_str(struct output *o, const char *key, const char *value)
{
	if (!o || !o->json)
		return;
	output_member(o, key);
	if (!value) {
		output_put(o, "null", 4);
		return;
	}
	output_put(o, "\"", 1);
	output_escape(o, value, strlen(value));
	output_put(o, "\"", 1);
}

void output_strf(struct output *o, const char *key, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!o || !o->json)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	output_str(o, key, text);
}

/* Most of a long list is numbers: no printf for them. */
void output_u64(struct output *o, const char *key, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	if (!o || !o->json)
		return;
	output_member(o, key);
	do
		digits[--at] = (char)('0' + value % 10);
	while (value /= 10);
	output_put(o, digits + at, sizeof(digits) - at);
}

void output_int(struct output *o, const char *key, int64_t value)
{
	if (!o || !o->json)
		return;
	output_member(o, key);
	output_raw(o, "%lld", (long long)value);
}

void output_bool(struct output *o, const char *key, bool value)
{
	if (!o || !o->json)
		return;
	output_member(o, key);
	output_put(o, value ? "true" : "false", value ? 4 : 5);
}

/* ------------------------------------------------------------------ lists of lines */

void output_lines_begin(struct output *o, const char *key)
{
	if (!o)
		return;
	o->lines = true;
	o->line_open = false;
	output_list_begin(o, key);
}

void output_lines_put(struct output *o, const char *text, size_t len)
{
	if (!o)
		return;
	if (!o->json) {
		output_put(o, text, len);
		return;
	}
	while (len) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;

		if (!o->line_open) {
			output_member(o, NULL);
			output_put(o, "\"", 1);
			o->line_open = true;
		}
		output_escape(o, text, n);
		if (nl) {
			output_put(o, "\"", 1);
			o->line_open = false;
			n++;
		}
		text += n;
		len -= n;
	}
}

void output_lines_end(struct output *o)
{
	if (!o)
		return;
	if (o->json && o->line_open)
		output_put(o, "\"", 1);
	o->line_open = false;
	o->lines = false;
	output_list_end(o);
}

/* ------------------------------------------------------------------ formats */

const char *output_format_addr(const struct asa_addr *a, char *buf, size_t size)
{
	if (asa_addr_is_v4(a))
		inet_ntop(AF_INET, &a->b[12], buf, (socklen_t)size);
	else
		inet_ntop(AF_INET6, a->b, buf, (socklen_t)size);
	return buf;
}

const char *output_format_time(uint64_t seconds, char *buf, size_t size)
{
	snprintf(buf, size, "%llu:%02u:%02u", (unsigned long long)(seconds / 3600),
		 (unsigned int)(seconds / 60 % 60), (unsigned int)(seconds % 60));
	return buf;
}

/* ------------------------------------------------------------------ long outputs */

void output_defer(struct output *o, output_step_fn *step, void *state,
		  void (*free_state)(void *state))
{
	if (!o) {
		if (free_state)
			free_state(state);
		return;
	}
	output_drop_step(o); /* NULL 'step': the output ends here */
	o->step = step;
	o->state = state;
	o->free_state = free_state;
	while (o->immediate && o->step)
		output_step(o);
}

void output_set_immediate(struct output *o)
{
	o->immediate = true;
}

bool output_pending(const struct output *o)
{
	return o->step != NULL;
}

void output_step(struct output *o)
{
	if (o->step && (o->failed || !o->step(o, o->state)))
		output_drop_step(o);
}

void output_finish(struct output *o)
{
	output_drop_step(o);
	if (!o || !o->json)
		return;
	if (o->lines)
		output_lines_end(o);
	if (o->depth == 0)
		return;
	while (o->depth)
		output_close(o);
	output_put(o, "\n", 1);
}

const char *output_data(const struct output *o, size_t *len)
{
	*len = o->end - o->start;
	return o->data ? o->data + o->start : "";
}

void output_consume(struct output *o, size_t len)
{
	o->start += len;
	if (o->start >= o->end)
		o->start = o->end = 0;
}

bool output_failed(const struct output *o)
{
	return o->failed;
}
