// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/base/log.o */
/* The daemon's diagnostics: one line each, levels, errno kept, a site that repeats is limited. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <CUnit/CUnit.h>

#include "base/log.h"
#include "lib/cunit.h"

static char text[65536];
static int saved, pipe_fd;

static void capture(void)
{
	int fds[2];

	CU_ASSERT_EQUAL(pipe2(fds, O_NONBLOCK), 0);
	fcntl(fds[1], F_SETPIPE_SZ, 65536);
	saved = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	pipe_fd = fds[0];
}

static void release(void)
{
	ssize_t n;

	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(pipe_fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(pipe_fd);
}

static int count_lines(void)
{
	int n = 0;

	for (const char *p = text; *p; p++)
		n += *p == '\n';
	return n;
}

static void lines_and_errno(void)
{
	log_init("prog", true, 0);
	capture();
	errno = ENOENT;
	log_warn("cannot open %s", "it");
	CU_ASSERT_EQUAL(errno, ENOENT);
	log_warnx("plain");
	log_info("for your information\n");
	log_debug("not at this level");
	release();
	CU_ASSERT_STRING_EQUAL(text, "prog: cannot open it: No such file or directory\nprog: plain\n"
				     "prog: for your information\n");
	log_init("prog", true, 1);
	capture();
	log_debug("now");
	release();
	CU_ASSERT_STRING_EQUAL(text, "prog: now\n");
}

static void a_repeating_site_is_limited(void)
{
	log_init("prog", true, 0);
	capture();
	for (int i = 0; i < 1000; i++)
		log_warnx("again %d", i);
	log_warnx("another site");
	release();
	CU_ASSERT(count_lines() <= 22); /* a burst, and the other site's line */
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "another site"));
}

static void a_long_line_is_cut(void)
{
	static char big[8000];

	memset(big, 'x', sizeof(big) - 1);
	capture();
	log_warnx("%s", big);
	release();
	CU_ASSERT(strlen(text) < 1200);
	CU_ASSERT_EQUAL(count_lines(), 1);
}

__attribute__((format(printf, 1, 2)))
static void library(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_library(LOG_LEVEL_WARN, "lib", fmt, ap);
	va_end(ap);
}

static void library_text_has_its_name(void)
{
	capture();
	library("said %d\n", 5);
	release();
	CU_ASSERT_STRING_EQUAL(text, "prog: lib: said 5\n");
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "lines_and_errno", lines_and_errno },
		{ "a_repeating_site_is_limited", a_repeating_site_is_limited },
		{ "a_long_line_is_cut", a_long_line_is_cut },
		{ "library_text_has_its_name", library_text_has_its_name },
		{ NULL, NULL },
	};

	return asa_cunit_main("log", tests);
}
