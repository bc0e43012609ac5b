// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/config/%.o daemon/inspect/regex.o daemon/policy/model%.o */
/*
 * Fuzz target of the configuration language (CFG-2, CFG-3).
 *
 * Whatever lines come: no crash, no read out of bounds; and what the running configuration prints
 * afterwards is read without an error and printed again with the same bytes. Help and completion
 * are asked for the first line. Bad lines are left out, so that one does not hide the rest.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

static void discard(struct config_sink *sink, const char *text, size_t len)
{
	(void)sink;
	(void)text;
	(void)len;
}

/* Made once: compiling the grammar costs more than most inputs. Every text replaces the model. */
static struct config *c;
static struct config_session *s;

static char *load(const char *text, unsigned int flags, const char *what)
{
	struct config_result r;
	char *running;

	config_result_init(&r);
	if (config_text(s, text, flags, NULL, &r) != CONFIG_OK) {
		fprintf(stderr, "%s: line %u: %s\n%s", what, r.line, r.error, text);
		abort();
	}
	running = config_running_text(config_model(c), NULL, false, NULL);
	config_result_fini(&r);
	return running;
}

static void ask(const char *text)
{
	struct config_sink sink = { discard };
	char line[256];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	config_help(s, line, &sink);
	config_complete(s, line, &sink);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *first, *second;

	if (size > 1 << 16)
		return 0;
	if (!c) {
		c = config_new(NULL);
		s = config_session_new(c, CONFIG_MODE_GLOBAL);
	}
	text = strndup((const char *)data, size);
	ask(text);
	first = load(text, CONFIG_TEXT_REPLACE | CONFIG_TEXT_SKIP_BAD, "input");
	second = load(first, CONFIG_TEXT_REPLACE | CONFIG_TEXT_ATOMIC, "running configuration");
	if (strcmp(first, second)) {
		fprintf(stderr, "not the same bytes:\n%s\n---- read back:\n%s", first, second);
		abort();
	}
	free(text);
	free(first);
	free(second);
	return 0;
}
