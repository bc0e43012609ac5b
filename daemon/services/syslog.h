/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The firewall's messages: "%ASA-6-302013: Built outbound TCP connection …" to syslog servers, a
 * local buffer, the console and terminal sessions.
 *
 * Responsible for: the list of message ids and their severities, filtering, formatting, the ring
 * between the threads that log and the main loop, sending, counting what was lost.
 * Not responsible for: the daemon's own diagnostics (base/log.h), rate limiting of denied packets.
 *
 * Life cycle: syslog_new, syslog_configure at every change of the configuration, syslog_flush
 * every tick, syslog_free. A message nobody wants ends before it is formatted.
 * Threads: syslog_wants() and syslog_msg() from any thread, at any time, without a lock, without
 * allocation and without a system call. Everything else belongs to the main thread.
 * A slow or dead server never delays anybody: full ring, full socket and full backlog are counted.
 */
#ifndef SERVICES_SYSLOG_H
#define SERVICES_SYSLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/model.h"

struct syslog;

#define SYSLOG_TEXT_MAX 488 /* longest message text with its NUL; longer ones are cut */
#define SYSLOG_RECORDS_DEFAULT 16384

/* 'n_records': size of the ring, rounded up to a power of two; 0: the default. => NULL without
 * memory. */
struct syslog *syslog_new(unsigned int n_records);
/* Sends what is still in the ring (without waiting), closes the sockets. => NULL accepted. */
void syslog_free(struct syslog *s);

/*
 * Take over settings; connections to servers that stay are kept.
 * => 0, or -errno when a socket could not be made (the rest is in force, the next flush retries).
 */
int syslog_configure(struct syslog *s, const struct model_logging *l, const char *hostname);
/* Address that "logging device-id ipaddress IF" prints; "" none. Call after configure. */
void syslog_set_device_address(struct syslog *s, const char *address);

/*
 * Would message 'id' go anywhere? One table look-up; use it before work that only a message needs.
 * => false for NULL, ids that are disabled, too low in severity for every destination, or unknown.
 */
bool syslog_wants(const struct syslog *s, uint32_t id);
/* Log message 'id'; the text is what follows "%ASA-sev-id: ". => NULL accepted. */
void syslog_msg(struct syslog *s, uint32_t id, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * The same at a severity that the caller brings along ("access-list … log LEVEL"), which goes
 * before the message's own; -1: the message's own.
 */
bool syslog_wants_level(const struct syslog *s, uint32_t id, int level);
void syslog_msg_level(struct syslog *s, uint32_t id, int level, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Deliver what is in the ring: bounded work, never blocks. Every tick of the main loop. */
void syslog_flush(struct syslog *s);

/* "clear logging buffer". */
void syslog_clear_buffer(struct syslog *s);

/* Lines for "terminal monitor"; 'line' ends without a newline. => 0, -ENOSPC. */
typedef void syslog_monitor_cb(void *arg, const char *line);
int syslog_monitor_add(struct syslog *s, syslog_monitor_cb *cb, void *arg);
void syslog_monitor_del(struct syslog *s, void *arg);

/* Severity of 'id' by default. => 0-7, -1 for an id this firewall does not send. */
int syslog_severity(uint32_t id);
/* Rows of the list of messages, i from 0 until false (manual, tests). */
bool syslog_message_at(size_t i, uint32_t *id, int *severity, const char **form);

struct syslog_counters {
	uint64_t logged; /* into the ring */
	uint64_t lost_ring; /* ring full */
	uint64_t limited; /* left out by "logging rate-limit" */
	uint64_t sent; /* to servers: handed to the kernel */
	uint64_t lost_udp; /* socket buffer full or no route */
	uint64_t lost_tcp; /* backlog full while the server was slow or away */
	uint64_t lost_console; /* terminal too slow */
	uint64_t to_servers, to_buffer, to_console, to_monitor; /* messages by destination */
};
void syslog_counters(const struct syslog *s, struct syslog_counters *c);

/* What "show logging" prints: settings in force, servers (i from 0 until false), the buffer. */
const struct model_logging *syslog_settings(const struct syslog *s);
struct syslog_server_info {
	const struct model_log_host *host;
	uint64_t sent, lost;
	bool connected; /* TCP */
};
bool syslog_server_at(const struct syslog *s, size_t i, struct syslog_server_info *info);
/* Oldest lines first, in two pieces (i 0 and 1). => length */
size_t syslog_buffer_piece(const struct syslog *s, int i, const char **text);

#endif
