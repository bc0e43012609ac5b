// SPDX-License-Identifier: GPL-2.0-only
/*
 * asactl: the command line of asad.
 *
 *	asactl [-s SOCKET] [--json] COMMAND…	one command
 *	asactl [-s SOCKET] -f FILE		configuration lines from a file
 *	asactl [-s SOCKET]			interactive
 *
 * Responsible for: options, turning arguments into one request, the exit status. Not responsible
 * for: the language (the daemon's), terminals and answers (shell.c, edit.c). It needs no privilege
 * but the right to open the socket.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell.h"

enum { OPT_JSON = 256, OPT_ATOMIC, OPT_CHECK, OPT_VERSION, OPT_HELP, OPT_COMPLETE };

static const struct option options[] = {
	{"socket", required_argument, NULL, 's'},
	{"file", required_argument, NULL, 'f'},
	{"json", no_argument, NULL, OPT_JSON},
	{"all-or-nothing", no_argument, NULL, OPT_ATOMIC},
	{"check", no_argument, NULL, OPT_CHECK},
	{"complete", required_argument, NULL, OPT_COMPLETE},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static void usage(FILE *f)
{
	fprintf(f,
		"usage: asactl [-s SOCKET] [--json] COMMAND...\n"
		"       asactl [-s SOCKET] [--all-or-nothing] [--check] -f FILE\n"
		"       asactl [-s SOCKET]\n"
		"\n"
		"  -s, --socket SOCKET  control socket of asad (default %s)\n"
		"  -f, --file FILE      apply configuration lines from FILE; - is standard input\n"
		"      --all-or-nothing with -f or configure: a bad line undoes the lines before "
		"it\n"
		"      --check          with -f or configure: check the lines, change nothing\n"
		"      --json           show commands answer with one JSON document\n"
		"      --complete LINE  print what LINE can be completed with, one a line\n"
		"      --version        print the version\n"
		"      --help           print this text\n"
		"\n"
		"Without a command and without -f: interactive; ? lists what may follow.\n"
		"Exit status: 0 done, 1 the command was refused, 2 wrong usage, 3 no daemon.\n",
		ASA_CTL_SOCKET_DEFAULT);
}

/* All of a stream as text. => NULL with errno; free() it. */
static char *read_all(FILE *f)
{
	size_t len = 0, cap = 65536, n;
	char *text = malloc(cap);

	while (text && (n = fread(text + len, 1, cap - len - 1, f)) > 0) {
		len += n;
		if (len > ASA_CTL_LENGTH_MAX) {
			free(text);
			errno = EFBIG;
			return NULL;
		}
		if (len + 1 == cap) {
			char *more = realloc(text, cap *= 2);

			if (!more)
				free(text);
			text = more;
		}
	}
	if (text && (ferror(f) || memchr(text, 0, len))) {
		int err = ferror(f) ? errno : EILSEQ;

		free(text);
		errno = err;
		return NULL;
	}
	if (text)
		text[len] = 0;
	return text;
}

static int send_file(struct shell *s, const char *path, uint32_t flags)
{
	bool in = strcmp(path, "-") == 0;
	FILE *f = in ? stdin : fopen(path, "re");
	char *text = f ? read_all(f) : NULL;
	int status;

	s->file = in ? "<stdin>" : path;
	if (!text) {
		fprintf(stderr, "asactl: %s: %s\n", s->file,
			errno == EILSEQ ? "not a text file" : strerror(errno));
		if (f && !in)
			fclose(f);
		return SHELL_REFUSED;
	}
	if (!in)
		fclose(f);
	status = shell_send(s, ASA_CTL_CONFIG, flags, text);
	free(text);
	return status;
}

/* Arguments joined by blanks. => malloc'ed */
static char *join(char **argv, int argc)
{
	size_t len = 1;
	char *line;

	for (int i = 0; i < argc; i++)
		len += strlen(argv[i]) + 1;
	line = calloc(1, len);
	for (int i = 0; line && i < argc; i++) {
		strcat(line, argv[i]);
		if (i + 1 < argc)
			strcat(line, " ");
	}
	return line;
}

static bool abbreviates(const char *word, const char *keyword, size_t least)
{
	size_t n = strlen(word);

	return n >= least && strncmp(keyword, word, n) == 0;
}

/* "configure" of configuration lines, and not of the commands that begin with the same word. */
static bool is_configure_lines(char **argv, int argc)
{
	if (argc < 2 || !abbreviates(argv[0], "configure", 4))
		return false;
	return !abbreviates(argv[1], "terminal", 1) && !abbreviates(argv[1], "replace", 3) &&
	       !abbreviates(argv[1], "check", 2) && !abbreviates(argv[1], "rollback", 3) &&
	       !abbreviates(argv[1], "confirm", 2);
}

/* The daemon works in another directory: a file name becomes absolute. => malloc'ed or NULL */
static char *absolute_file(char **argv, int argc)
{
	char *file;

	if (argc < 3 || !abbreviates(argv[0], "configure", 4) || argv[2][0] == '/')
		return NULL;
	if (!abbreviates(argv[1], "replace", 3) && !abbreviates(argv[1], "check", 2))
		return NULL;
	file = realpath(argv[2], NULL);
	return file;
}

static int run_command(struct shell *s, char **argv, int argc, uint32_t flags)
{
	char *file = absolute_file(argv, argc);
	char *line;
	int status;

	if (file)
		argv[2] = file;
	if (is_configure_lines(argv, argc)) {
		line = join(argv + 1, argc - 1);
		s->file = "configure";
		status = line ? shell_send(s, ASA_CTL_CONFIG, flags, line) : SHELL_REFUSED;
	} else {
		line = join(argv, argc);
		status = line ? shell_command(s, line) : SHELL_REFUSED;
	}
	free(line);
	free(file);
	return status;
}

static int bad_usage(const char *why)
{
	fprintf(stderr, "asactl: %s\n", why);
	usage(stderr);
	return SHELL_USAGE;
}

int main(int argc, char **argv)
{
	const char *path = ASA_CTL_SOCKET_DEFAULT, *file = NULL, *complete = NULL;
	struct shell s = {.page_lines = 0};
	uint32_t flags = 0;
	int opt, status;

	setlocale(LC_CTYPE, "");
	while ((opt = getopt_long(argc, argv, "+s:f:h", options, NULL)) != -1) {
		switch (opt) {
		case 's': path = optarg; break;
		case 'f': file = optarg; break;
		case OPT_JSON: s.json = true; break;
		case OPT_ATOMIC: flags |= ASA_CTL_ALL_OR_NOTHING; break;
		case OPT_CHECK: flags |= ASA_CTL_CHECK; break;
		case OPT_COMPLETE: complete = optarg; break;
		case OPT_VERSION: printf("asactl %s\n", ASA_VERSION); return SHELL_OK;
		case 'h':
		case OPT_HELP: usage(stdout); return SHELL_OK;
		default: usage(stderr); return SHELL_USAGE;
		}
	}
	argv += optind;
	argc -= optind;
	/* "asactl show conn --json" is understood, too. */
	while (argc && strcmp(argv[argc - 1], "--json") == 0) {
		s.json = true;
		argc--;
	}
	if (file && argc)
		return bad_usage("-f takes no command");
	if (flags && !file && !is_configure_lines(argv, argc))
		return bad_usage("--all-or-nothing and --check are for -f and configure");
	status = shell_connect(&s, path);
	if (status)
		return status;
	shell_catch_interrupt();
	if (complete)
		status = shell_send(&s, ASA_CTL_COMPLETE, 0, complete);
	else if (file)
		status = send_file(&s, file, flags);
	else if (argc)
		status = run_command(&s, argv, argc, flags);
	else
		status = shell_interactive(&s);
	link_close(&s.link);
	return status;
}
