/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Regular expressions of inspection maps: ASA's language, matched in linear time.
 *
 * Responsible for: "regex NAME PATTERN" being checked when it is entered, and searching bytes that
 * an attacker chose: the work is at most states times bytes, nothing backtracks, nothing is
 * allocated. Not responsible for: names and classes of expressions (the model).
 *
 * The language: . any byte; [abc] [^abc] [a-c] sets; ( ) groups; | alternatives; ? * + {x} {x,}
 * {x,y} repetition; ^ the beginning of a line; \r \n \t \f \xHH \OOO bytes; \ before any other
 * character takes its meaning away. "$" has no meaning. Quotation marks around the whole pattern
 * keep blanks at its ends and do not belong to it. Matching is case-sensitive.
 *
 * Life cycle: regex_new once per pattern, regex_search any number of times, regex_free.
 * Callers: config (the check), control (test regex), inspectors. Threads: a compiled expression is
 * immutable; searches by several threads at once are fine.
 */
#ifndef INSPECT_REGEX_H
#define INSPECT_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#define REGEX_PATTERN_MAX 100 /* characters, as on an ASA */
#define REGEX_STATES_MAX 2048

struct regex;

/*
 * Compile a pattern.
 * => NULL with a sentence in 'err': not a pattern, longer than REGEX_PATTERN_MAX, more than
 *    REGEX_STATES_MAX states, or out of memory.
 */
struct regex *regex_new(const char *pattern, char *err, size_t err_size);
void regex_free(struct regex *r); /* NULL accepted */

/* Does the expression match anywhere in the bytes? */
bool regex_search(const struct regex *r, const void *bytes, size_t len);

#endif
