// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interactive editor: libedit, with the daemon's prompt, help ("?") and completion (Tab).
 *
 * Responsible for: the edited line, the history file, messages of "terminal monitor" that arrive
 * while the user types. Not responsible for: running the line (shell.c).
 *
 * libedit's callbacks get the shell as client data. One thread.
 */
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "shell.h"

#define HISTORY_LINES 1000
#define CANDIDATES_MAX 256

static struct shell *edit_shell(EditLine *el)
{
	void *s = NULL;

	el_get(el, EL_CLIENTDATA, &s);
	return s;
}

static char *edit_prompt(EditLine *el)
{
	return edit_shell(el)->link.prompt;
}

/* The line up to the cursor. => malloc'ed */
static char *edit_line(EditLine *el)
{
	const LineInfo *li = el_line(el);

	return strndup(li->buffer, (size_t)(li->cursor - li->buffer));
}

static bool print_all(void *arg, const char *text, size_t len)
{
	(void)arg;
	return fwrite(text, 1, len, stdout) == len;
}

static void print_error(void *arg, const char *text, uint32_t line, uint32_t column)
{
	(void)arg;
	(void)line;
	(void)column;
	fprintf(stderr, "%s\n", text);
}

/* ------------------------------------------------------------------ "?" */

static unsigned char edit_help(EditLine *el, int ch)
{
	struct link_handler h = {print_all, print_error, NULL, NULL};
	struct shell *s = edit_shell(el);
	char *line = edit_line(el);

	(void)ch;
	if (!line)
		return CC_ERROR;
	printf("?\n");
	if (link_request(&s->link, ASA_CTL_HELP, 0, line, &h, NULL) == LINK_LOST) {
		free(line);
		return CC_EOF;
	}
	fflush(stdout);
	free(line);
	return CC_REDISPLAY;
}

/* ------------------------------------------------------------------ Tab */

struct candidates {
	char *text; /* all of them, one a line */
	size_t len;
};

static bool collect(void *arg, const char *text, size_t len)
{
	struct candidates *c = arg;
	char *more = realloc(c->text, c->len + len + 1);

	if (!more)
		return false;
	c->text = more;
	memcpy(c->text + c->len, text, len);
	c->len += len;
	c->text[c->len] = 0;
	return true;
}

/* Split in place. => number of candidates. */
static int candidates_split(struct candidates *c, char **v, int max)
{
	int n = 0;

	for (char *line = strtok(c->text, "\n"); line && n < max; line = strtok(NULL, "\n"))
		v[n++] = line;
	return n;
}

static size_t common_prefix(char **v, int n)
{
	size_t len = strlen(v[0]);

	for (int i = 1; i < n; i++) {
		size_t k = 0;

		while (k < len && v[i][k] == v[0][k])
			k++;
		len = k;
	}
	return len;
}

/* Replace the word before the cursor, which is 'typed' bytes long. */
static unsigned char edit_insert(EditLine *el, size_t typed, const char *word, size_t len,
				 bool whole)
{
	char text[300];

	if (len < typed || len + 2 > sizeof(text))
		return CC_ERROR;
	el_deletestr(el, (int)typed);
	snprintf(text, sizeof(text), "%.*s%s", (int)len, word, whole ? " " : "");
	return el_insertstr(el, text) == 0 ? CC_REFRESH : CC_ERROR;
}

static unsigned char edit_complete_with(EditLine *el, const char *line, struct candidates *c)
{
	size_t typed = strlen(line), prefix;
	char *v[CANDIDATES_MAX];
	int n = c->text ? candidates_split(c, v, CANDIDATES_MAX) : 0;

	while (typed && line[strlen(line) - typed] != 0 &&
	       strpbrk(line + strlen(line) - typed, " \t"))
		typed--;
	if (n == 0)
		return CC_ERROR;
	prefix = common_prefix(v, n);
	if (n == 1 || prefix > typed)
		return edit_insert(el, typed, v[0], prefix, n == 1);
	printf("\n");
	for (int i = 0; i < n; i++)
		printf("%s%s", v[i], i + 1 < n ? "  " : "\n");
	fflush(stdout);
	return CC_REDISPLAY;
}

static unsigned char edit_complete(EditLine *el, int ch)
{
	struct candidates c = {NULL, 0};
	struct link_handler h = {collect, NULL, NULL, &c};
	struct shell *s = edit_shell(el);
	char *line = edit_line(el);
	unsigned char ret = CC_ERROR;

	(void)ch;
	if (!line)
		return CC_ERROR;
	if (link_request(&s->link, ASA_CTL_COMPLETE, 0, line, &h, NULL) == LINK_LOST)
		ret = CC_EOF;
	else
		ret = edit_complete_with(el, line, &c);
	free(c.text);
	free(line);
	return ret;
}

/* ------------------------------------------------------------------ keys */

/* Wait for a key or for a message of the daemon; a message is shown above the edited line. */
static int edit_getc(EditLine *el, wchar_t *out)
{
	struct shell *s = edit_shell(el);
	struct link_handler h = {print_all, print_error, NULL, NULL};
	struct pollfd p[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
			      {.fd = s->link.fd, .events = POLLIN}};
	mbstate_t state;
	char byte;
	size_t n;

	memset(&state, 0, sizeof(state));
	for (;;) {
		if (poll(p, 2, -1) < 0) {
			if (errno != EINTR)
				return 0;
			shell_interrupted = 0;
			continue;
		}
		if (p[1].revents) {
			printf("\r");
			if (link_idle(&s->link, &h) == LINK_LOST)
				return 0;
			fflush(stdout);
			el_set(el, EL_REFRESH);
			continue;
		}
		if (!p[0].revents)
			continue;
		if (read(STDIN_FILENO, &byte, 1) != 1)
			return 0;
		n = mbrtowc(out, &byte, 1, &state);
		if (n == (size_t)-1) {
			*out = (unsigned char)byte;
			return 1;
		}
		if (n != (size_t)-2)
			return 1;
	}
}

/* ------------------------------------------------------------------ loop */

static void history_path(char *buf, size_t size)
{
	const char *home = getenv("HOME");

	snprintf(buf, size, "%s/.asactl_history", home ? home : "/root");
}

static EditLine *edit_start(struct shell *s, History *hist)
{
	EditLine *el = el_init("asactl", stdin, stdout, stderr);

	if (!el)
		return NULL;
	el_set(el, EL_CLIENTDATA, s);
	el_set(el, EL_PROMPT, edit_prompt);
	el_set(el, EL_SIGNAL, 1);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_HIST, history, hist);
	el_set(el, EL_ADDFN, "asa-help", "What may follow", edit_help);
	el_set(el, EL_ADDFN, "asa-complete", "Complete the word", edit_complete);
	el_set(el, EL_BIND, "?", "asa-help", NULL);
	el_set(el, EL_BIND, "\t", "asa-complete", NULL);
	el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_set(el, EL_GETCFN, edit_getc);
	return el;
}

static int edit_run(struct shell *s, EditLine *el, History *hist, const char *path)
{
	int status = SHELL_OK, count;
	HistEvent ev;

	/* The first, empty command brings the prompt. */
	if (shell_send(s, ASA_CTL_EXEC, 0, "") == SHELL_UNREACHABLE)
		return SHELL_UNREACHABLE;
	for (;;) {
		const char *line = el_gets(el, &count);
		char copy[4096];

		if (!line || count <= 0)
			break;
		snprintf(copy, sizeof(copy), "%s", line);
		copy[strcspn(copy, "\r\n")] = 0;
		if (!copy[strspn(copy, " \t")])
			continue;
		history(hist, &ev, H_ENTER, copy);
		history(hist, &ev, H_SAVE, path);
		status = shell_command(s, copy);
		if (status == SHELL_UNREACHABLE)
			break;
		/* "exit" in the lowest mode: the daemon hangs up after its answer. */
		struct pollfd p = {.fd = s->link.fd, .events = POLLIN};
		char peek;

		if (poll(&p, 1, 20) > 0 && recv(s->link.fd, &peek, 1, MSG_PEEK) <= 0)
			break;
	}
	printf("\n");
	return status;
}

int edit_loop(struct shell *s)
{
	History *hist = history_init();
	char path[512];
	EditLine *el;
	HistEvent ev;
	mode_t mask;
	int status;

	if (!hist)
		return SHELL_REFUSED;
	history_path(path, sizeof(path));
	history(hist, &ev, H_SETSIZE, HISTORY_LINES);
	history(hist, &ev, H_SETUNIQUE, 1);
	history(hist, &ev, H_LOAD, path);
	el = edit_start(s, hist);
	if (!el) {
		history_end(hist);
		return SHELL_REFUSED;
	}
	mask = umask(077); /* commands may contain secrets */
	status = edit_run(s, el, hist, path);
	umask(mask);
	el_end(el);
	history_end(hist);
	return status;
}
