// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon's own diagnostics.
 *
 * Responsible for: one line per event on standard error (foreground) or to the system log, levels
 * chosen by -v, and a limit for each call site, so that a fault that repeats cannot fill a disk.
 * Not responsible for: the firewall's messages (services/syslog).
 *
 * Life cycle: log_init() once at start, again after becoming a daemon; usable before it (then on
 * standard error at the default level).
 * Callers: every module of the control path. Never called for a packet.
 * Threads: any. The limiter's table is shared without a lock: two threads may both pass the limit
 * by one line, which costs nothing.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define LOG_LINE_MAX 1024
#define LOG_SITES 256
#define LOG_BURST 20 /* lines of one call site … */
#define LOG_WINDOW_S 5 /* … in so many seconds */

static const char *log_program = "asad";
static bool log_foreground = true;
static enum log_level log_threshold = LOG_LEVEL_INFO;

/* A call site is known by its format string: a constant of the program text. */
static struct log_site {
	const char *fmt;
	time_t since;
	unsigned int n;
} log_sites[LOG_SITES];

void log_init(const char *program, bool foreground, int verbosity)
{
	log_program = program;
	log_foreground = foreground;
	log_threshold = verbosity > 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
	if (!foreground)
		openlog(program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

bool log_enabled(enum log_level level)
{
	return level <= log_threshold;
}

/* => true: write the line; '*suppressed' lines of this site were left out before it. */
static bool log_site_pass(const char *fmt, unsigned int *suppressed)
{
	struct log_site *s = &log_sites[((uintptr_t)fmt >> 3) % LOG_SITES];
	struct timespec ts;

	*suppressed = 0;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	if (s->fmt != fmt || ts.tv_sec - s->since >= LOG_WINDOW_S) {
		if (s->fmt == fmt && s->n > LOG_BURST)
			*suppressed = s->n - LOG_BURST;
		s->fmt = fmt;
		s->since = ts.tv_sec;
		s->n = 0;
	}
	return ++s->n <= LOG_BURST;
}

static void log_write(enum log_level level, const char *text)
{
	static const int priorities[] = { LOG_CRIT, LOG_WARNING, LOG_INFO, LOG_DEBUG };
	char line[LOG_LINE_MAX + 64];
	int n;

	if (!log_foreground) {
		syslog(priorities[level], "%s", text);
		return;
	}
	/* One write() a line, so that lines of several threads do not mix. */
	n = snprintf(line, sizeof(line), "%s: %s\n", log_program, text);
	if (n >= (int)sizeof(line))
		n = sizeof(line) - 1;
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nobody left to tell */
}

__attribute__((format(printf, 4, 0)))
static void log_line(enum log_level level, const char *prefix, int error, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX];
	unsigned int suppressed = 0;
	size_t n = 0;
	int r;

	if (!log_enabled(level))
		return;
	if (level != LOG_LEVEL_FATAL && !log_site_pass(fmt, &suppressed))
		return;
	if (prefix)
		n = snprintf(text, sizeof(text), "%s: ", prefix);
	r = vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	if (r < 0)
		return;
	n = n + r < sizeof(text) ? n + r : sizeof(text) - 1;
	while (n && text[n - 1] == '\n')
		text[--n] = '\0';
	if (error && n < sizeof(text) - 1)
		n += snprintf(text + n, sizeof(text) - n, ": %s", strerror(error));
	if (suppressed && n < sizeof(text) - 1)
		snprintf(text + n, sizeof(text) - n, " (%u like this left out)", suppressed);
	log_write(level, text);
}

void log_warn(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_WARN, NULL, error, fmt, ap);
	va_end(ap);
	errno = error;
}

void log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_WARN, NULL, 0, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_INFO, NULL, 0, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_DEBUG, NULL, 0, fmt, ap);
	va_end(ap);
}

void log_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_FATAL, NULL, 0, fmt, ap);
	va_end(ap);
	exit(1);
}

void log_library(enum log_level level, const char *library, const char *fmt, va_list ap)
{
	log_line(level, library, 0, fmt, ap);
}
