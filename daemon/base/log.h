/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's own diagnostics (standard error or the system log), not the firewall's messages
 * (those are services/syslog). Never called for a packet. Each call site is rate limited.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level { LOG_LEVEL_FATAL, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_init(const char *program, bool foreground, int verbosity);
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* adds strerror(errno) */
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Start-up only: logs and exits with status 1. */
void log_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Text of a library (libbpf, libxdp) that comes with its own va_list; a trailing newline is cut. */
void log_library(enum log_level level, const char *library, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
/* Would a line of this level be written? */
bool log_enabled(enum log_level level);

#endif
