/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Output filters of a command line: "show conn | include 10.1.1 | count".
 *
 * Responsible for: taking the filters off the line, applying them to text that comes in pieces of
 * any size, line by line. Not responsible for: printing what is left (a callback). One thread.
 */
#ifndef CLI_FILTER_H
#define CLI_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#define FILTERS_MAX 8

struct filter;
/* Gets lines with their newline. => false: no more is wanted. */
typedef bool filter_sink(void *arg, const char *line, size_t len);

/*
 * Cut the filters off 'line' (of show and more commands only: "|" is an ordinary character
 * elsewhere) and compile them. '*out' is NULL when there are none.
 * => 0, or -EINVAL with a sentence in err.
 */
int filter_take(char *line, struct filter **out, char *err, size_t err_size);
/* => false: no more is wanted. */
bool filter_put(struct filter *f, const char *text, size_t len, filter_sink *sink, void *arg);
/* A last line without newline, and the counts. */
void filter_end(struct filter *f, filter_sink *sink, void *arg);
void filter_free(struct filter *f); /* NULL accepted */

#endif
