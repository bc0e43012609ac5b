/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transport of messages to servers: UDP in batches, TCP with a bounded backlog and reconnection.
 *
 * Responsible for: sockets, never blocking, counting what could not be sent.
 * Not responsible for: which messages go where, how a line looks (syslog.c).
 * Threads: main thread only.
 */
#ifndef SERVICES_SYSLOG_SEND_H
#define SERVICES_SYSLOG_SEND_H

#include <stdint.h>

#include "policy/model.h"

#define SYSLOG_BATCH 32
#define SYSLOG_BACKLOG (256 * 1024)

struct syslog_line {
	const char *text; /* without newline */
	size_t len;
};

/* A server. Zeroed: not in use. */
struct syslog_server {
	struct model_log_host host;
	bool used;
	int fd; /* -1: none */
	/* TCP */
	bool connecting, connected;
	uint64_t next_try_ms, wait_ms;
	char *backlog;
	size_t start, end; /* backlog[start..end): whole lines, the first may be sent in part */
	size_t sent; /* bytes of the first line that are sent */
	/* counters since it was configured */
	uint64_t n_sent, n_lost;
};

/* Make the socket (TCP: on the first send). => 0 or -errno; the server is usable either way. */
int syslog_server_open(struct syslog_server *v, const struct model_log_host *h);
void syslog_server_close(struct syslog_server *v);
/* Send or queue n lines (at most SYSLOG_BATCH). */
void syslog_server_send(struct syslog_server *v, const struct syslog_line *lines, int n);
/* TCP: connect, reconnect, drain the backlog. Every flush. */
void syslog_server_poll(struct syslog_server *v, uint64_t now_ms);

#endif
