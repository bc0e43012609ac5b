/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection of the control socket: bytes in, requests, answers, bytes out.
 *
 * Responsible for: framing with bounds, running one request at a time, producing long output only
 * as fast as the client reads, interruption, the connection's configuration mode.
 * Not responsible for: accepting connections, polling (control.c).
 *
 * Life cycle: client_new for an accepted socket, client_event when it is ready, client_free.
 * Threads: main thread only; nothing blocks.
 */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

struct asa;
struct client;
struct config_session;

/* Takes over 'fd' (non-blocking). => NULL without memory (fd stays the caller's). */
struct client *client_new(struct asa *a, int fd);
void client_free(struct client *c);
int client_fd(const struct client *c);
/* Events (EPOLLIN, EPOLLOUT) that the connection waits for. */
uint32_t client_wants(const struct client *c);
/* Handle readiness, bounded. => false: the connection is over, free it. */
bool client_event(struct client *c, uint32_t events);
bool client_has_session(const struct client *c, const struct config_session *s);
/* "terminal monitor" / "terminal no monitor". => 0 or -errno. */
int client_monitor(struct client *c, bool on);

#endif
