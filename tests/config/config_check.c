// SPDX-License-Identifier: GPL-2.0-only
/*
 * config_check: the configuration language alone, without a daemon.
 *
 *   config_check FILE        read FILE as a whole configuration; print the running configuration
 *   config_check -i FILE     type FILE line by line: prompts, errors, warnings; then the result
 *   config_check -q FILE     for each line: help ("?" at the end) or completion (TAB at the end)
 *
 * Warnings and errors go to standard output too, so that one file holds all that is expected.
 * Exit status: 0, 1 refused, 2 usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

static void stdout_put(struct config_sink *s, const char *text, size_t len)
{
	(void)s;
	fwrite(text, 1, len, stdout);
}

static struct config_sink out = { stdout_put };

/* A stand-in for the commands of other modules. */
static int do_show(void *ctx, struct cmd_args *a, void *o)
{
	(void)ctx;
	(void)o;
	printf("[show");
	for (size_t i = 1; i < a->n; i++)
		printf(" %s%s%s", a->v[i].label ? a->v[i].label : "", a->v[i].label ? "=" : "",
		       a->v[i].text);
	printf("]\n");
	return 0;
}

static int do_show_running(void *ctx, struct cmd_args *a, void *o)
{
	const char *section = cmd_get(a, "SECTION");

	(void)ctx;
	(void)o;
	if (config_running(config_model(config_session_config(a->session)), section, cmd_has(a, "all"),
			   &out))
		return cmd_error(a, "there is no section %s", section);
	return 0;
}

static const struct config_command rows[] = {
	{ CONFIG_IN_EXEC, "show conn [count] [detail] [address <ADDR:addr> [netmask <MASK:mask>]]", NULL,
	  "Show the state of the firewall", do_show },
	{ CONFIG_IN_EXEC, "show version", NULL, "Show the state of the firewall", do_show },
	{ CONFIG_IN_PRIV, "show running-config [all] [<SECTION:line>]", NULL,
	  "Show the state of the firewall", do_show_running },
	{ CONFIG_IN_PRIV, "write memory", NULL, "Save the configuration", do_show },
};

static void result_print(const struct config_result *r)
{
	if (r->warnings)
		fputs(r->warnings, stdout);
	if (r->status && r->line)
		printf("line %u, column %u:\n", r->line, r->column);
	if (r->status)
		printf("%s\n", r->error);
}

static int whole(struct config *c, struct config_session *s, const char *text)
{
	struct config_result r;
	int status;

	config_result_init(&r);
	status = config_text(s, text, CONFIG_TEXT_REPLACE | CONFIG_TEXT_ATOMIC, NULL, &r);
	result_print(&r);
	config_result_fini(&r);
	if (!status)
		config_running(config_model(c), NULL, false, &out);
	return status ? 1 : 0;
}

static void typed(struct config *c, struct config_session *s, char *text)
{
	char prompt[128];

	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct config_result r;

		config_prompt(s, prompt, sizeof(prompt));
		printf("%s%s\n", prompt, line);
		config_result_init(&r);
		if (!strncmp(line, "@rollback", 9))
			config_rollback(c, 1, &r);
		else
			config_line(s, line, NULL, &r);
		result_print(&r);
		if (r.closed)
			printf("[closed]\n");
		config_result_fini(&r);
	}
}

static void queries(struct config_session *s, char *text)
{
	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t len = strlen(line);
		char last = len ? line[len - 1] : 0;
		struct config_result r;

		printf("> %s\n", line);
		if (last == '?' || last == '~') {
			line[len - 1] = '\0';
			if (last == '?')
				config_help(s, line, &out);
			else
				config_complete(s, line, &out);
			continue;
		}
		config_result_init(&r);
		config_line(s, line, NULL, &r);
		result_print(&r);
		config_result_fini(&r);
	}
}

static char *slurp(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char *text = NULL;
	size_t len = 0, cap = 0;
	int ch;

	if (!f)
		return NULL;
	while ((ch = getc(f)) != EOF) {
		if (len + 2 > cap) {
			cap = cap ? cap * 2 : 4096;
			text = realloc(text, cap);
			if (!text)
				abort();
		}
		text[len++] = (char)ch;
	}
	if (f != stdin)
		fclose(f);
	if (!text)
		text = calloc(1, 1);
	else
		text[len] = '\0';
	return text;
}

int main(int argc, char **argv)
{
	char mode = argc == 3 && argv[1][0] == '-' ? argv[1][1] : 0;
	struct config_session *s;
	struct config *c;
	char *text;
	int status = 0;

	if (argc < 2 || argc > 3 || (argc == 3 && mode != 'i' && mode != 'q')) {
		fprintf(stderr, "usage: config_check [-i|-q] FILE\n");
		return 2;
	}
	text = slurp(argv[argc - 1]);
	c = config_new(NULL);
	if (!text || !c || config_register(c, rows, sizeof(rows) / sizeof(*rows), NULL)) {
		fprintf(stderr, "config_check: %s\n", text ? "cannot start" : strerror(errno));
		return 2;
	}
	s = config_session_new(c, mode == 'i' ? CONFIG_MODE_PRIV : CONFIG_MODE_GLOBAL);
	if (mode == 'i')
		typed(c, s, text);
	else if (mode == 'q')
		queries(s, text);
	else
		status = whole(c, s, text);
	config_session_free(s);
	config_free(c);
	free(text);
	return status;
}
