/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local message buffer ("logging buffered", "show logging"): a ring of whole lines, bounded in
 * bytes; a new line pushes out as many of the oldest as it needs.
 *
 * Not responsible for: which messages enter (syslog.c). Threads: main thread only.
 */
#ifndef SERVICES_LOGBUF_H
#define SERVICES_LOGBUF_H

#include <stddef.h>

struct logbuf;

/* => NULL without memory. */
struct logbuf *logbuf_new(size_t size);
void logbuf_free(struct logbuf *b); /* NULL accepted */
/* Change the size, keeping the newest lines that fit. => 0 or -ENOMEM (then nothing has changed).
 */
int logbuf_resize(struct logbuf *b, size_t size);
size_t logbuf_size(const struct logbuf *b);
/* Add a line; a newline is added. Longer than the buffer: its end is kept. */
void logbuf_add(struct logbuf *b, const char *line, size_t len);
void logbuf_clear(struct logbuf *b);
/* All lines, oldest first, in at most two pieces. => length of piece 'i' (0 or 1), 0: none. */
size_t logbuf_piece(const struct logbuf *b, int i, const char **text);

#endif
