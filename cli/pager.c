// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages on a terminal: "<--- More --->" after each, blank for the next, Return for one line, q or
 * Ctrl-C to stop.
 *
 * Responsible for: counting lines, asking, wiping the question away. Not responsible for: anything
 * that does not go to a terminal. Callers: shell.c.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "shell.h"

#define QUESTION "<--- More --->"

static int page_lines(const struct shell *s)
{
	struct winsize w;

	if (s->page_lines >= 0)
		return s->page_lines;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 1)
		return w.ws_row - 1;
	return 23;
}

/* One key, without echo. => 'q' also for an interrupt or the end of input. */
static char pager_key(void)
{
	struct termios old, raw;
	char key = 'q';

	if (tcgetattr(STDIN_FILENO, &old) < 0)
		return 'q';
	raw = old;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	if (read(STDIN_FILENO, &key, 1) != 1)
		key = 'q';
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	return key;
}

/* => false: the user has seen enough. */
static bool pager_ask(struct shell *s)
{
	char key;

	printf(QUESTION);
	fflush(stdout);
	for (;;) {
		key = pager_key();
		if (key == ' ')
			s->line = 0;
		else if (key == '\n' || key == '\r')
			s->line--;
		else if (key != 'q' && key != 'Q' && key != 3 && !shell_interrupted)
			continue;
		break;
	}
	printf("\r%*s\r", (int)strlen(QUESTION), "");
	shell_interrupted = 0;
	s->quit = key == 'q' || key == 'Q' || key == 3;
	return !s->quit;
}

bool pager_put(struct shell *s, const char *text, size_t len)
{
	int lines = page_lines(s);

	while (len) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl + 1 - text) : len;

		if (s->quit || (lines && s->line >= lines && !pager_ask(s)))
			return false;
		fwrite(text, 1, n, stdout);
		s->line += nl != NULL;
		text += n;
		len -= n;
	}
	return true;
}
