/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a command prints: text for people or one JSON document, behind one set of calls.
 *
 * A handler writes both forms next to each other: output_text() is heard in text mode only, the
 * structured calls (objects, lists, values) in JSON mode only. The document is always one object,
 * opened by output_new() and closed by output_finish(), so a handler only adds members.
 *
 * Long outputs are produced as the client reads: the handler stores its position in a step
 * function with output_defer() and returns; the control module calls it again whenever there is
 * room, so a million connections are never in memory. The step takes asa->lock for itself.
 *
 * A handler may be called without an output (a configuration file that contains its command): then
 * 'o' is NULL, and all calls for handlers do nothing.
 *
 * Life cycle: output_new, handler, output_step until it is done, output_finish, output_free.
 * Callers: every show and clear handler; control.c owns the object. Threads: main thread only.
 */
#ifndef CONTROL_OUTPUT_H
#define CONTROL_OUTPUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asa_addr;
struct output;

/* => NULL without memory. */
struct output *output_new(bool json);
void output_free(struct output *o); /* NULL accepted */
bool output_is_json(const struct output *o);

/* ------------------------------------------------------------------ text */

void output_text(struct output *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * A command whose output is lines of text by nature (a configuration): in text mode as it is, in
 * JSON mode the list of lines under 'key'. The text may come in pieces; end with output_lines_end.
 */
void output_lines_begin(struct output *o, const char *key);
void output_lines_put(struct output *o, const char *text, size_t len);
void output_lines_end(struct output *o);

/* ------------------------------------------------------------------ JSON */

/* 'key' is NULL inside a list. */
void output_object_begin(struct output *o, const char *key);
void output_object_end(struct output *o);
void output_list_begin(struct output *o, const char *key);
void output_list_end(struct output *o);
void output_str(struct output *o, const char *key, const char *value); /* NULL value: null */
void output_strf(struct output *o, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void output_u64(struct output *o, const char *key, uint64_t value);
void output_int(struct output *o, const char *key, int64_t value);
void output_bool(struct output *o, const char *key, bool value);

/* ------------------------------------------------------------------ formats */

/* "192.0.2.1" or "2001:db8::1". => buf */
const char *output_format_addr(const struct asa_addr *a, char *buf, size_t size);
/* "0:01:10" */
const char *output_format_time(uint64_t seconds, char *buf, size_t size);

/* ------------------------------------------------------------------ long outputs */

/*
 * One piece of a long output, about OUTPUT_CHUNK bytes. Called in the main thread without a lock.
 * => true: call again; false: done.
 */
typedef bool output_step_fn(struct output *o, void *state);
#define OUTPUT_CHUNK 65536
/*
 * Go on with 'step' after the handler has returned. 'state' is freed with 'free_state' (NULL:
 * nothing to free) when the output ends, also when the client goes away in the middle.
 */
void output_defer(struct output *o, output_step_fn *step, void *state,
		  void (*free_state)(void *state));
/* Several commands share this output: run deferred steps at once, so that they do not mix. */
void output_set_immediate(struct output *o);
/* => true while a deferred step is left. */
bool output_pending(const struct output *o);
/* Run one step. */
void output_step(struct output *o);

/* ------------------------------------------------------------------ for control.c and tests */

/* Close what is open (also after an interruption): the document stays valid JSON. */
void output_finish(struct output *o);
/* What has been produced and not yet consumed. */
const char *output_data(const struct output *o, size_t *len);
void output_consume(struct output *o, size_t len);
/* => true when memory ran out; the output is not complete then. */
bool output_failed(const struct output *o);

#endif
