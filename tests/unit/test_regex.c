// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/inspect/regex.o */
/*
 * Regular expressions of inspection maps (MPF-16's language, "regex" and "test regex"): what each
 * construct matches, which patterns are refused, and that no text makes a search slow.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "inspect/regex.h"
#include "lib/cunit.h"

static void constructs(void)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
		/* pattern              text                       matches */
		{ "example",            "www.example.com",         true },
		{ "example",            "www.EXAMPLE.com",         false },
		{ "[Ee]xample",         "Example",                 true },
		{ "a.c",                "xabcx",                   true },
		{ "a.c",                "ac",                      false },
		{ "a\\.c",              "abc",                     false },
		{ "a\\.c",              "a.c",                     true },
		{ "ab?c",               "ac",                      true },
		{ "ab?c",               "abbc",                    false },
		{ "ab*c",               "abbbbc",                  true },
		{ "ab+c",               "ac",                      false },
		{ "ab+c",               "abc",                     true },
		{ "^(ab){3}d",          "ababd",                   false },
		{ "^(ab){3}d",          "abababd",                 true },
		{ "^(ab){3}d",          "ababababd",               false },
		{ "^x{2,}y",            "xy",                      false },
		{ "^x{2,}y",            "xxxxxy",                  true },
		{ "^x{2,3}y",           "xxxy",                    true },
		{ "^x{2,3}y",           "xxxxy",                   false },
		{ "^x{1}y",             "xy",                      true },
		{ "dog|cat",            "the cat",                 true },
		{ "d(o|u)g",            "dag",                     false },
		{ "d(o|u|)g",           "dg",                      true },
		{ "[^a-c]z",            "bz",                      false },
		{ "[^a-c]z",            "dz",                      true },
		{ "[]x]y",              "]y",                      true },
		{ "[a-]y",              "-y",                      true },
		{ "^GET ",              "GET /",                   true },
		{ "^GET ",              "a GET /",                 false },
		{ "^Host:",             "GET /\r\nHost: x",        true },
		{ "\\x41\\102\\t",      "AB\t",                    true },
		{ "\\r\\n\\f",          "\r\n\f",                  true },
		{ "\" two \"",          "one two three",           true },
		{ "\" two \"",          "onetwothree",             false },
		{ "cost\\$",            "cost$",                   true },
		{ "x$",                 "x$",                      true },
		{ ".+\\.[Ee][Xx][Ee]",  "/setup.EXE HTTP/1.1",     true },
		{ ".+\\.[Ee][Xx][Ee]",  "/setup.txt",              false },
		{ "(a|b)*c",            "ababbac",                 true },
		{ "((a*)*)*b",          "aaaaab",                  true },
		{ "(a?){3}b",           "b",                       true },
		{ "()b",                "b",                       true },
	};
	char err[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct regex *r = regex_new(rows[i].pattern, err, sizeof(err));

		CU_ASSERT_PTR_NOT_NULL(r);
		if (!r || regex_search(r, rows[i].text, strlen(rows[i].text)) != rows[i].matches) {
			fprintf(stderr, "row %zu: %s\n", i, rows[i].pattern);
			CU_FAIL("row");
		}
		regex_free(r);
	}
}

static void bytes_of_any_value(void)
{
	char err[128];
	struct regex *r = regex_new("\\x00[\\x80-\\xff].", err, sizeof(err));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_TRUE(regex_search(r, "ab\0\x90z", 5));
	CU_ASSERT_FALSE(regex_search(r, "ab\0\x90z", 4));
	CU_ASSERT_FALSE(regex_search(r, "ab\0\x7fz", 5));
	CU_ASSERT_FALSE(regex_search(r, "", 0));
	regex_free(r);
}

static void refused(void)
{
	static const struct {
		const char *pattern, *sentence;
	} rows[] = {
		{ "", "1 to 100 characters" },
		{ "\"\"", "1 to 100 characters" },
		{ "(a", "\"(\" has no \")\"" },
		{ "a)", "\")\" has no \"(\"" },
		{ "a)(b", "\")\" has no \"(\"" },
		{ "[abc", "\"[\" has no \"]\"" },
		{ "[", "\"[\" has no \"]\"" },
		{ "[c-a]", "ends before it begins" },
		{ "*a", "nothing to repeat" },
		{ "a|+", "nothing to repeat" },
		{ "(?a)", "nothing to repeat" },
		{ "{2}", "nothing to repeat" },
		{ "a{", "needs a number" },
		{ "a{x}", "needs a number" },
		{ "a{3,2}", "needs a number" },
		{ "a{0}", "needs a number" },
		{ "a{99999}", "needs a number" },
		{ "a\\", "ends with a backslash" },
		{ "\\xg1", "two hexadecimal digits" },
		{ "\\x1", "two hexadecimal digits" },
		{ "[\\x1]", "two hexadecimal digits" },
		{ "(a{900}){900}", "more than 2048 states" },
		{ "((((a{20}){20}){20}){20}){20}", "more than 2048 states" },
	};
	char err[128], longest[REGEX_PATTERN_MAX + 2];
	struct regex *r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		*err = '\0';
		r = regex_new(rows[i].pattern, err, sizeof(err));
		if (r || !strstr(err, rows[i].sentence)) {
			fprintf(stderr, "row %zu: %s: %s\n", i, rows[i].pattern, err);
			CU_FAIL("row");
		}
		regex_free(r);
	}
	memset(longest, 'a', sizeof(longest));
	longest[REGEX_PATTERN_MAX + 1] = '\0';
	CU_ASSERT_PTR_NULL(regex_new(longest, err, sizeof(err)));
	longest[REGEX_PATTERN_MAX] = '\0';
	r = regex_new(longest, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL(r);
	regex_free(r);
}

/* What makes backtracking matchers run for ages costs states times bytes here. */
static void no_text_makes_it_slow(void)
{
	static char text[65536];
	char err[128];
	struct regex *r = regex_new("(a*)*(a|aa)+(.*)*b", err, sizeof(err));
	struct timespec from, to;

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	memset(text, 'a', sizeof(text));
	clock_gettime(CLOCK_MONOTONIC, &from);
	CU_ASSERT_FALSE(regex_search(r, text, sizeof(text)));
	clock_gettime(CLOCK_MONOTONIC, &to);
	CU_ASSERT_TRUE(to.tv_sec - from.tv_sec < 5);
	regex_free(r);
}

/* Every string over a small alphabet, up to five characters: compiled or refused, never worse. */
static void every_short_pattern(void)
{
	static const char alphabet[] = "a()[]{}*|\\^-1,";
	size_t n = sizeof(alphabet) - 1, total = 1, good = 0;
	char pattern[6], err[128];

	for (int len = 1; len <= 5; len++) {
		total *= n;
		for (size_t i = 0; i < total; i += len < 5 ? 1 : 7) {
			size_t v = i;
			struct regex *r;

			for (int k = 0; k < len; k++, v /= n)
				pattern[k] = alphabet[v % n];
			pattern[len] = '\0';
			*err = '\0';
			r = regex_new(pattern, err, sizeof(err));
			CU_ASSERT_TRUE_FATAL(r || *err);
			if (r) {
				regex_search(r, "a1^-,a", 6);
				good++;
			}
			regex_free(r);
		}
	}
	CU_ASSERT_TRUE(good > 1000);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "MPF-16 regex: constructs", constructs },
		{ "MPF-16 regex: bytes of any value", bytes_of_any_value },
		{ "MPF-16 regex: refused patterns", refused },
		{ "MPF-16 regex: no text makes it slow", no_text_makes_it_slow },
		{ "MPF-16 regex: every short pattern", every_short_pattern },
		{ NULL, NULL },
	};

	return asa_cunit_main("regex", tests);
}
