/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stream log (asad --stream-log FILE): what an inspector sees of TCP, written down.
 *
 * Responsible for: a line in a file for each piece of payload of a connection that is put in order, as
 * it is shown: once, in order, before it may pass. Made to find out what an inspection was given, and
 * to compare it with what a receiver's application read (NRM-33).
 * Not responsible for: which connections are put in order (engine/order.c); judging anything: no byte
 * is ever refused. That somebody looks has the effects that an inspector has: passed bytes are kept
 * until they are acknowledged, and the first ones win.
 *
 * A line:  ID forward|reverse SRC/PORT DST/PORT SEQUENCE BYTES     bytes in hex; "fin" after the last
 * Both ends are those of the connection's first packet as it came in, for either direction; ID counts
 * connections, SEQUENCE is the sender's number of the first byte.
 *
 * Life cycle: opened before privileges are given up, appended to, flushed by the event loop, closed at
 * the end. A file that is too large or cannot be written ends the log and not the daemon.
 * Threads: shown() with asa->lock; stream_log_flush() any (stdio locks the file).
 */
#ifndef INSPECT_STREAM_LOG_H
#define INSPECT_STREAM_LOG_H

#include <stddef.h>

#include "inspect/inspect.h"

#define STREAM_LOG_MAX (1ull << 30) /* bytes of one run: somebody has forgotten it */

struct dp_tables;
struct stream_log;

/* => NULL: err says why */
struct stream_log *stream_log_open(const char *path, const struct dp_tables *t, char *err, size_t err_size);
/* For engine_watch_streams(); valid until stream_log_close(). */
const struct inspect_stream *stream_log_watch(const struct stream_log *l);
/* => NULL accepted. */
void stream_log_flush(struct stream_log *l);
/* => NULL accepted. */
void stream_log_close(struct stream_log *l);

#endif
