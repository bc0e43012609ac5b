/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's own diagnostics (standard error or the system log), not the firewall's messages
 * (those are services/syslog). Never called for a packet. Each call site is rate limited.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

void log_init(const char *program, bool foreground, int verbosity);
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* adds strerror(errno) */
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Start-up only: logs and exits with status 1. */
void log_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
