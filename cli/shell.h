/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running commands for a user: one, a list, or interactively.
 *
 * Responsible for: the answers on standard output and standard error, filters, pages, line
 * editing, history, completion, "?". Not responsible for: grammar, modes, prompts (the daemon's).
 * One thread; SIGINT interrupts the running command.
 */
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include <stdbool.h>

#include "link.h"

struct shell {
	struct link link;
	const char *socket_path;
	bool json;
	const char *file; /* -f: name for messages; NULL: none */
	/* interactive */
	bool paging; /* the output goes to a terminal */
	int page_lines; /* 0: no pages; -1: the terminal's height */
	int line; /* on the present page */
	bool quit; /* the user has seen enough */
};

/* Exit statuses of asactl. */
enum { SHELL_OK = 0, SHELL_REFUSED = 1, SHELL_USAGE = 2, SHELL_UNREACHABLE = 3 };

/* => 0 or SHELL_UNREACHABLE after a message. */
int shell_connect(struct shell *s, const char *path);
/* One command line with its filters. => exit status. */
int shell_command(struct shell *s, const char *line);
/* A request without filters. => exit status. */
int shell_send(struct shell *s, enum asa_ctl_type type, uint32_t flags, const char *text);
/* Until the end of standard input or "exit". => exit status. */
int shell_interactive(struct shell *s);

/* Page output: => false when the user wants no more. (pager.c) */
bool pager_put(struct shell *s, const char *text, size_t len);
void shell_catch_interrupt(void);
extern volatile sig_atomic_t shell_interrupted;

/* The editor (edit.c): until the end of input. => exit status. */
int edit_loop(struct shell *s);

#endif
