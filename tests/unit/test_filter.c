// SPDX-License-Identifier: GPL-2.0-only
/* links: cli/filter.o */
/*
 * Output filters of asactl (CFG-4): "| include|exclude|begin|grep|count REGEX", on text that comes
 * in pieces of any size.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../cli/filter.h"

#include "lib/cunit.h"

static char got[1024];
static size_t got_len;

static bool keep(void *arg, const char *line, size_t len)
{
	memcpy(got + got_len, line, len);
	got_len += len;
	got[got_len] = 0;
	return true;
}

static const char text[] =
	"TCP outside a flags U\nUDP outside b flags -\nTCP dmz c flags UIO\nlast TCP";

static void filters(void)
{
	static const struct {
		const char *line, *command, *out;
	} rows[] = {
		/* line					command left	output */
		{"show conn", "show conn", NULL},
		{"show conn | include TCP", "show conn ",
		 "TCP outside a flags U\nTCP dmz c flags UIO\nlast TCP\n"},
		{"sh conn | inc UDP|dmz", "sh conn ",
		 "UDP outside b flags -\nTCP dmz c flags UIO\n"},
		{"show conn | exclude TCP", "show conn ", "UDP outside b flags -\n"},
		{"show conn|grep -v TCP", "show conn", "UDP outside b flags -\n"},
		{"show conn | begin dmz", "show conn ", "TCP dmz c flags UIO\nlast TCP\n"},
		{"show conn | count ^TCP", "show conn ", "2\n"},
		{"show conn | count", "show conn ", "4\n"},
		{"show conn | include TCP | exclude dmz | count .", "show conn ", "2\n"},
		{"show conn | grep nothing", "show conn ", ""},
		/* not an output filter: the bar belongs to the line */
		{"access-list A remark a | include b", "access-list A remark a | include b", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t piece = 1; piece < sizeof(text); piece += 7) {
			char line[128], err[256] = "";
			struct filter *f;

			strcpy(line, rows[i].line);
			CU_ASSERT_EQUAL(filter_take(line, &f, err, sizeof(err)), 0);
			CU_ASSERT_STRING_EQUAL(line, rows[i].command);
			CU_ASSERT_EQUAL(f != NULL, rows[i].out != NULL);
			if (!f)
				continue;
			got_len = 0;
			got[0] = 0;
			for (size_t at = 0; at < sizeof(text) - 1; at += piece)
				CU_ASSERT_TRUE(filter_put(f, text + at,
							  piece < sizeof(text) - 1 - at
								  ? piece
								  : sizeof(text) - 1 - at,
							  keep, NULL));
			filter_end(f, keep, NULL);
			CU_ASSERT_STRING_EQUAL(got, rows[i].out);
			filter_free(f);
		}
	}
}

static void bad_filters_are_sentences(void)
{
	static const char *const rows[] = {"show conn |",	    "show conn | bogus x",
					   "show conn | include",   "show conn | grep -v ",
					   "show conn | include (", "show conn | grep [z",
					   "show conn | redirect",  "show conn | tee a b",
					   "show conn | redirect /nowhere/x",
					   "show conn | redirect /dev/null | include x"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[128], err[256] = "";
		struct filter *f;

		strcpy(line, rows[i]);
		CU_ASSERT_NOT_EQUAL(filter_take(line, &f, err, sizeof(err)), 0);
		CU_ASSERT_EQUAL(strncmp(err, "ERROR: ", 7), 0);
		CU_ASSERT_PTR_NULL(f);
	}
}

static void files(void)
{
	static const struct {
		const char *filters, *shown, *kept;
	} rows[] = {
		/* filters, %s is the file	what is shown	what the file has then */
		{"| redirect %s", "", "TCP outside a flags U\nUDP outside b flags -\nTCP dmz c flags UIO\nlast TCP\n"},
		{"| include UDP | redirect %s", "", "UDP outside b flags -\n"},
		{"| include dmz | append %s", "", "UDP outside b flags -\nTCP dmz c flags UIO\n"},
		{"| include last | tee %s", "last TCP\n", "last TCP\n"},
	};
	char name[] = "/tmp/test_filter.XXXXXX", line[256], tail[200], err[256], kept[512];
	int fd = mkstemp(name);

	CU_ASSERT_FATAL(fd >= 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter *f;
		ssize_t n;

		snprintf(tail, sizeof(tail), rows[i].filters, name);
		snprintf(line, sizeof(line), "show conn %s", tail);
		CU_ASSERT_FATAL(filter_take(line, &f, err, sizeof(err)) == 0);
		got_len = 0;
		got[0] = 0;
		CU_ASSERT_TRUE(filter_put(f, text, sizeof(text) - 1, keep, NULL));
		filter_end(f, keep, NULL);
		filter_free(f);
		CU_ASSERT_STRING_EQUAL(got, rows[i].shown);
		n = pread(fd, kept, sizeof(kept) - 1, 0);
		kept[n > 0 ? n : 0] = 0;
		CU_ASSERT_STRING_EQUAL(kept, rows[i].kept);
	}
	close(fd);
	unlink(name);
}

static bool stop(void *arg, const char *line, size_t len)
{
	return ++*(int *)arg < 2;
}

static void the_reader_can_stop(void)
{
	char line[] = "show conn | include flags", err[64];
	struct filter *f;
	int n = 0;

	CU_ASSERT_FATAL(filter_take(line, &f, err, sizeof(err)) == 0);
	CU_ASSERT_FALSE(filter_put(f, text, sizeof(text) - 1, stop, &n));
	CU_ASSERT_EQUAL(n, 2);
	filter_free(f);
}

static const struct asa_cunit_test tests[] = {
	{"filters_cfg_4", filters},
	{"bad_filters_are_sentences_cfg_4", bad_filters_are_sentences},
	{"files_cfg_4", files},
	{"the_reader_can_stop", the_reader_can_stop},
	{NULL, NULL},
};

int main(void)
{
	return asa_cunit_main("filter", tests);
}
