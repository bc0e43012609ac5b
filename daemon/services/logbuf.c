// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local message buffer: bytes in a ring, lines as the unit of eviction.
 *
 * Responsible for: keeping whole lines within a fixed number of bytes.
 * Not responsible for: filtering, formatting, printing.
 *
 * Life cycle: owned by struct syslog. Callers: syslog.c. Threads: main thread only.
 */
#include "services/logbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct logbuf {
	char *data;
	size_t size; /* of data */
	size_t start; /* oldest byte */
	size_t used;
};

struct logbuf *logbuf_new(size_t size)
{
	struct logbuf *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->data = malloc(size ? size : 1);
	b->size = size ? size : 1;
	if (!b->data) {
		free(b);
		return NULL;
	}
	return b;
}

void logbuf_free(struct logbuf *b)
{
	if (!b)
		return;
	free(b->data);
	free(b);
}

size_t logbuf_size(const struct logbuf *b)
{
	return b->size;
}

void logbuf_clear(struct logbuf *b)
{
	b->start = b->used = 0;
}

static void logbuf_drop_line(struct logbuf *b)
{
	while (b->used) {
		char c = b->data[b->start];

		b->start = (b->start + 1) % b->size;
		b->used--;
		if (c == '\n')
			return;
	}
}

static void logbuf_put(struct logbuf *b, const char *s, size_t len)
{
	size_t at = (b->start + b->used) % b->size;
	size_t first = len < b->size - at ? len : b->size - at;

	memcpy(b->data + at, s, first);
	memcpy(b->data, s + first, len - first);
	b->used += len;
}

void logbuf_add(struct logbuf *b, const char *line, size_t len)
{
	if (len + 1 > b->size) {
		line += len + 1 - b->size;
		len = b->size - 1;
	}
	while (b->size - b->used < len + 1)
		logbuf_drop_line(b);
	logbuf_put(b, line, len);
	logbuf_put(b, "\n", 1);
}

size_t logbuf_piece(const struct logbuf *b, int i, const char **text)
{
	size_t first = b->used < b->size - b->start ? b->used : b->size - b->start;

	*text = i == 0 ? b->data + b->start : b->data;
	return i == 0 ? first : b->used - first;
}

int logbuf_resize(struct logbuf *b, size_t size)
{
	struct logbuf fresh = {.size = size ? size : 1};
	const char *text;
	size_t n;

	if (fresh.size == b->size)
		return 0;
	fresh.data = malloc(fresh.size);
	if (!fresh.data)
		return -ENOMEM;
	while (b->used > fresh.size)
		logbuf_drop_line(b);
	for (int i = 0; i < 2; i++) {
		n = logbuf_piece(b, i, &text);
		logbuf_put(&fresh, text, n);
	}
	free(b->data);
	*b = fresh;
	return 0;
}
