// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running commands: requests over the link, answers to standard output and standard error.
 *
 * Responsible for, callers: shell.h. The editor is in edit.c, pages in pager.c.
 */
#include "shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filter.h"

/* The one thing that a signal handler can reach. */
volatile sig_atomic_t shell_interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	shell_interrupted = 1;
}

void shell_catch_interrupt(void)
{
	struct sigaction sa = {.sa_handler = on_interrupt};

	sigaction(SIGINT, &sa, NULL);
}

int shell_connect(struct shell *s, const char *path)
{
	s->socket_path = path;
	if (link_open(&s->link, path) == 0)
		return SHELL_OK;
	fprintf(stderr, "asactl: cannot reach asad at %s: %s\n", path, s->link.failure);
	return SHELL_UNREACHABLE;
}

/* ------------------------------------------------------------------ answers */

struct answer {
	struct shell *s;
	struct filter *filter;
};

/* A reader that is gone (a closed pipe) ends the command. */
static bool print(void *arg, const char *text, size_t len)
{
	struct answer *a = arg;

	if (a->s->paging)
		return pager_put(a->s, text, len);
	return fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0;
}

static bool on_output(void *arg, const char *text, size_t len)
{
	struct answer *a = arg;

	if (a->filter)
		return filter_put(a->filter, text, len, print, a);
	return print(a, text, len);
}

static void put_line(FILE *f, const char *text)
{
	size_t n = strlen(text);

	fprintf(f, "%s%s", text, n && text[n - 1] == '\n' ? "" : "\n");
}

static void on_error(void *arg, const char *text, uint32_t line, uint32_t column)
{
	struct answer *a = arg;

	fflush(stdout);
	if (a->s->file && line && column)
		fprintf(stderr, "%s:%u:%u:", a->s->file, line, column);
	else if (a->s->file && line)
		fprintf(stderr, "%s:%u:", a->s->file, line);
	/* A caret must stay below its word. */
	if (a->s->file && line)
		fputc(strchr(text, '\n') ? '\n' : ' ', stderr);
	put_line(stderr, text);
}

static void on_warning(void *arg, const char *text)
{
	(void)arg;
	fflush(stdout);
	put_line(stderr, text);
}

static int shell_request(struct shell *s, enum asa_ctl_type type, uint32_t flags, const char *text,
			 struct filter *filter)
{
	struct answer a = {s, filter};
	struct link_handler h = {on_output, on_error, on_warning, &a};
	int status;

	s->line = 0;
	s->quit = false;
	shell_interrupted = 0;
	status = link_request(&s->link, type, flags, text, &h, &shell_interrupted);
	if (filter && !s->quit)
		filter_end(filter, print, &a);
	fflush(stdout);
	if (status != LINK_LOST)
		return status;
	fprintf(stderr, "asactl: %s (%s)\n", s->link.failure, s->socket_path);
	return SHELL_UNREACHABLE;
}

int shell_send(struct shell *s, enum asa_ctl_type type, uint32_t flags, const char *text)
{
	return shell_request(s, type, flags | (s->json ? ASA_CTL_JSON : 0), text, NULL);
}

/* "terminal pager N" (abbreviated or not) is ours; the daemon checks its syntax. */
static void shell_take_pager(struct shell *s, const char *line)
{
	char first[16], second[16];
	int n;

	if (sscanf(line, "%15s %15s %d", first, second, &n) != 3 || strlen(first) < 4)
		return;
	if (strncmp("terminal", first, strlen(first)) == 0 &&
	    strncmp("pager", second, strlen(second)) == 0 && n >= 0)
		s->page_lines = n;
}

int shell_command(struct shell *s, const char *line)
{
	struct filter *filter = NULL;
	char *copy = strdup(line);
	size_t n = copy ? strlen(copy) : 0;
	char err[256];
	int status;

	if (!copy)
		return SHELL_REFUSED;
	if (n && copy[n - 1] == '?') {
		copy[n - 1] = 0;
		status = shell_request(s, ASA_CTL_HELP, 0, copy, NULL);
	} else if (filter_take(copy, &filter, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		status = SHELL_REFUSED;
	} else {
		status = shell_request(s, ASA_CTL_EXEC, s->json ? ASA_CTL_JSON : 0, copy, filter);
		if (status == SHELL_OK)
			shell_take_pager(s, copy);
	}
	filter_free(filter);
	free(copy);
	return status;
}

/* ------------------------------------------------------------------ many commands */

/* Commands from a pipe: no prompt, no editing; the status is that of the last refusal. */
static int shell_batch(struct shell *s)
{
	char *line = NULL;
	size_t cap = 0;
	int status = SHELL_OK, ret;

	while (getline(&line, &cap, stdin) > 0) {
		line[strcspn(line, "\r\n")] = 0;
		ret = shell_command(s, line);
		if (ret != SHELL_OK)
			status = ret;
		if (ret == SHELL_UNREACHABLE)
			break;
	}
	free(line);
	return status;
}

int shell_interactive(struct shell *s)
{
	s->paging = isatty(STDOUT_FILENO);
	s->page_lines = -1;
	if (!isatty(STDIN_FILENO))
		return shell_batch(s);
	return edit_loop(s);
}
