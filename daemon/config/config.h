/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration language: command lines in, a new model out, and back to text.
 *
 * Responsible for: the grammar (one table for parsing, abbreviations, caret errors, help and
 * completion), the operator's modes and prompts, changing the model, the running configuration,
 * and the order "copy the model, change the copy, apply it, keep it" that makes a command take
 * effect completely or not at all (CFG-1).
 * Not responsible for: what a model means (policy_compile()), showing state, files and sockets of
 * the control connection. Commands of other modules enter through config_register().
 *
 * Life cycle: config_new, config_register (any number), config_load or nothing, then sessions;
 * config_free last. A session belongs to one control connection.
 * Threads: all of it runs in the control thread.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/model.h"

struct policy_error;
struct config;
struct config_session;

/* Takes pieces of text (running configuration, help, completion); 'len' bytes, no NUL promised. */
struct config_sink {
	void (*put)(struct config_sink *s, const char *text, size_t len);
};

/* ------------------------------------------------------------------ results */

enum config_status {
	CONFIG_OK = 0,
	CONFIG_REFUSED = 1, /* valid words, but it cannot be done: 'error' is a sentence */
	CONFIG_SYNTAX = 2, /* 'error' has the line, the caret and what would have been valid */
};

/* Outcome of a line or a text. Init before use, fini after; may be reused after another init. */
struct config_result {
	enum config_status status;
	unsigned int line; /* config_text: line of the first error, from 1; else 0 */
	unsigned int column; /* of the offending token, from 1; 0: the line as a whole */
	bool closed; /* "exit" in the lowest mode: the connection should end */
	char error[2048]; /* one or more lines without a final newline; empty when status is CONFIG_OK */
	char *warnings; /* lines, each ended by a newline; NULL: none */
	size_t warnings_size;
};
void config_result_init(struct config_result *r);
void config_result_fini(struct config_result *r);
/* Append one warning line ("WARNING: " is put in front when it is missing). */
void config_result_warn(struct config_result *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ------------------------------------------------------------------ modes */

/* Modes a command row may name; a row lives in every mode whose bit it has. */
enum config_mode {
	CONFIG_MODE_EXEC, /* asa> */
	CONFIG_MODE_PRIV, /* asa# */
	CONFIG_MODE_GLOBAL, /* asa(config)# */
	CONFIG_MODE_IF,
	CONFIG_MODE_OBJECT_NETWORK,
	CONFIG_MODE_OBJECT_SERVICE,
	CONFIG_MODE_GROUP_NETWORK,
	CONFIG_MODE_GROUP_SERVICE,
	CONFIG_MODE_GROUP_PROTOCOL,
	CONFIG_MODE_GROUP_ICMP,
	CONFIG_MODE_CLASS_MAP,
	CONFIG_MODE_POLICY_MAP,
	CONFIG_MODE_POLICY_CLASS,
	CONFIG_MODE_TCP_MAP,
	CONFIG_MODE_TIME_RANGE,
	CONFIG_MODE_INSPECT_CLASS, /* class-map type inspect */
	CONFIG_MODE_REGEX_CLASS, /* class-map type regex */
	CONFIG_MODE_INSPECT_MAP, /* policy-map type inspect */
	CONFIG_MODE_INSPECT_PARAM, /* its "parameters" */
	CONFIG_MODE_INSPECT_ACTION, /* its "match" and "class" */
	CONFIG_MODE_SNMP_MAP,
	CONFIG_MODE_DNS_GROUP,
	CONFIG_MODE_BLOCK, /* a block that is kept but not acted on yet */
	CONFIG_MODE_COUNT
};
#define CONFIG_IN(mode) (1u << (mode))
/*
 * Rows for show, clear, write, copy, ping … : they also work in every configuration mode
 * without leaving it, as on an ASA.
 */
#define CONFIG_IN_EXEC (CONFIG_IN(CONFIG_MODE_EXEC) | CONFIG_IN(CONFIG_MODE_PRIV))
#define CONFIG_IN_PRIV CONFIG_IN(CONFIG_MODE_PRIV)
/* Added to the modes of a row: its keywords are not abbreviated, so that they never take a word */
/* meant for a command that matters ("sh run" is show, not shun). */
#define CONFIG_WHOLE_WORDS (1u << 31)

/* ------------------------------------------------------------------ commands */

/*
 * Syntax of a row, words separated by blanks:
 *   word            keyword; any unique prefix is accepted
 *   <LABEL:type>    parameter, read back with cmd_get(args, "LABEL"); types:
 *                     name       a word of 1-63 characters
 *                     word       any word of up to 255 characters
 *                     line       the rest of the line, at least one character (last in a row)
 *                     n:LO-HI    a decimal number in the range
 *                     ip         IPv4 address          mask    IPv4 netmask (contiguous)
 *                     ip6        IPv6 address          prefix6 IPv6 address/length
 *                     addr       IPv4 or IPv6 address  prefix4 IPv4 address/length
 *                     proto      protocol name or number; port: port name or number
 *                     time       h:mm:ss, h:mm or 0    pair    (NAME,NAME)   single  (NAME)
 *   [ x ]           x may be absent           { a | b }       one of them
 *   [ x ]*          x any number of times     { a | b }+      one or more, in any order
 *   @fragment       a named part, see grammar_fragments[] (@addr: any|host A|A M|object N …)
 * A keyword that fits wins over a parameter that would fit too, and exact over abbreviated.
 */
struct cmd_args;
typedef int config_handler(void *ctx, struct cmd_args *args, void *out);

struct config_command {
	uint32_t modes; /* CONFIG_IN(…) bits */
	const char *syntax;
	const char *no_syntax; /* after "no "; NULL: no such form; "=": the same words */
	const char *help; /* one line, for the first word */
	config_handler *handler;
	uint32_t kinds; /* in modes of inspection maps: of which inspectors (config/impl.h); 0: all */
};

/* A word of the line as the grammar understood it. */
struct cmd_arg {
	const char *text; /* keywords in full, parameters as entered */
	const char *label; /* of the parameter; NULL: keyword */
	unsigned int column; /* in the line, from 1 */
};
struct cmd_args {
	struct config_session *session;
	const struct config_command *command;
	struct config_result *result;
	bool no; /* the "no" form; v does not contain the "no" */
	size_t n;
	const struct cmd_arg *v;
};
/* => text of the first parameter with that label, NULL when it was not given. */
const char *cmd_get(const struct cmd_args *a, const char *label);
/* => number of the parameter, or 'fallback' when it was not given. */
uint32_t cmd_u32(const struct cmd_args *a, const char *label, uint32_t fallback);
/* => true when the keyword was given (in full or abbreviated). */
bool cmd_has(const struct cmd_args *a, const char *keyword);
/* Refuse the command with a sentence ("ERROR: " is put in front). => -EINVAL, to be returned. */
int cmd_error(struct cmd_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Accept the command with a warning. */
void cmd_warn(struct cmd_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ------------------------------------------------------------------ the configuration */

/*
 * What the daemon does with a model. Both may call config_warn() for what policy_warning() says
 * (a warning is shown to the operator once, when it appears). They must not keep 'm'.
 */
struct config_ops {
	/* Compile and publish. => 0, or -errno with e->text, and then nothing has changed. */
	int (*apply)(void *arg, const struct model *m, struct policy_error *e);
	/* Compile only ("configure check"). NULL: no check beyond the language. */
	int (*check)(void *arg, const struct model *m, struct policy_error *e);
	void *arg;
};

/* 'ops' is copied; NULL members are skipped. => NULL when out of memory. */
struct config *config_new(const struct config_ops *ops);
void config_free(struct config *c); /* NULL accepted */
/*
 * Add rows (kept by reference, must outlive the configuration). Handlers get 'ctx', the parsed
 * words, and the 'out' of config_line() unchanged; they return 0 or -errno after cmd_error().
 * => 0; -EINVAL with the bad row's syntax on standard error (a programming error); -ENOMEM.
 */
int config_register(struct config *c, const struct config_command *rows, size_t n, void *ctx);
/* The model in force; valid until the next change. */
const struct model *config_model(const struct config *c);
/* Called from within ops.apply or ops.check. */
void config_warn(struct config *c, const char *text);

/* ------------------------------------------------------------------ sessions */

/* A session in 'mode' (CONFIG_MODE_PRIV for asactl). => NULL when out of memory. */
struct config_session *config_session_new(struct config *c, enum config_mode mode);
void config_session_free(struct config_session *s); /* NULL accepted */
struct config *config_session_config(struct config_session *s);
enum config_mode config_session_mode(const struct config_session *s);
/* Write the prompt ("asa(config-pmap-c)# ") => its length. */
size_t config_prompt(const struct config_session *s, char *buf, size_t size);

/*
 * Execute one line in the session's mode. A pasted prompt in front, comments ("!", ":") and blank
 * lines are tolerated. A command of a higher configuration mode leaves the present one.
 * The line must not contain the output filter: see config_pipe().
 * => r->status; r must be initialized.
 */
enum config_status config_line(struct config_session *s, const char *line, void *out,
			       struct config_result *r);
/*
 * => where the output filter ("| include x") of a show or more command starts: the '|';
 *    NULL when there is none.
 */
const char *config_pipe(const char *line);

enum config_text_flag {
	CONFIG_TEXT_ATOMIC = 1 << 0, /* first bad line: nothing stays */
	CONFIG_TEXT_CHECK = 1 << 1, /* parse, validate, compile; change nothing */
	CONFIG_TEXT_REPLACE = 1 << 2, /* start from an empty model: the text is the whole configuration */
	CONFIG_TEXT_SKIP_BAD = 1 << 3, /* report bad lines as warnings and go on (start-up) */
};
/*
 * Execute many lines, from global configuration mode, in one change where possible. Stops at the
 * first bad line; without CONFIG_TEXT_ATOMIC the lines before it stay applied. A command that ends too early is
 * joined with the next line if that one begins with a digit (lines broken by a document).
 * The session's own mode is the same afterwards. => r->status.
 */
enum config_status config_text(struct config_session *s, const char *text, unsigned int flags,
			       void *out, struct config_result *r);

/* What may follow the text before the cursor ("?"): lines "  word   help". */
void config_help(struct config_session *s, const char *line, struct config_sink *sink);
/* Candidates for the word before the cursor, one a line, whole words. */
void config_complete(struct config_session *s, const char *line, struct config_sink *sink);

/* ------------------------------------------------------------------ whole configurations */

/*
 * The running configuration as text. section: NULL for all, else the words after
 * "show running-config" ("access-list", "object network", "policy-map NAME" …); all: with the
 * defaults. => 0, -ENOENT when no such section exists.
 */
int config_running(const struct model *m, const char *section, bool all, struct config_sink *sink);
/* Names of sections, i from 0 until NULL; a name may come twice. */
const char *config_section_at(size_t i);
/* The same into memory. => NULL when out of memory or no such section; free() it. */
char *config_running_text(const struct model *m, const char *section, bool all, size_t *len);
/* "clear configure all|SECTION". Usable from handlers; refused sections are named in r. */
enum config_status config_clear(struct config_session *s, const char *section,
				struct config_result *r);
/* Read a file as the whole configuration (start-up, "configure replace"). => 0, -errno with r. */
int config_load(struct config *c, const char *path, unsigned int flags, struct config_result *r);
/*
 * What a firewall without a start-up configuration has: ASA's default policy global_policy (MPF-14).
 * => 0; -EINVAL: the daemon refused it, -ENOMEM
 */
int config_load_default(struct config *c);
/* Write the running configuration to a file: temporary, sync, rename. => 0, -errno with r. */
int config_write(const struct config *c, const char *path, struct config_result *r);
/* Back to the model before the last change (up to 8 steps). => 0, -ENOENT, -EINVAL with r. */
int config_rollback(struct config *c, unsigned int steps, struct config_result *r);

/*
 * A change on trial ("configure replace FILE confirm-in M"): config_trial() takes down the model in
 * force before the change; config_tick() brings it back at 'deadline' (seconds of any clock that
 * the caller uses for both) unless config_confirm() was called. A trial during a trial keeps the
 * first model and takes the new deadline.
 */
int config_trial(struct config *c, int64_t deadline); /* => 0, -ENOMEM */
bool config_on_trial(const struct config *c);
int config_confirm(struct config *c); /* => 0, -ENOENT: nothing is on trial */
/* => true when the former configuration was tried to be brought back; r says with what success. */
bool config_tick(struct config *c, int64_t now, struct config_result *r);

#endif
