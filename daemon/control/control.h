/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket: clients in, commands to the configuration language, answers out.
 *
 * Responsible for: the listening socket, frames (include/asa/ctl.h), one config_session for each
 * client, output that waits for slow readers, registering the show, clear and file commands.
 * Not responsible for: what a command means (config/, control/show_*.c).
 *
 * Any client may be hostile or stuck: lengths are bounded, nothing blocks, a reader that does not
 * read makes its own command wait and nobody else's.
 *
 * Life cycle: control_new after the configuration, session and datapath modules exist; the main
 * loop polls control_fd() and calls control_poll(); control_free first at the end.
 * Threads: main thread.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

struct asa;
struct config;
struct control;

/*
 * Listen on 'path' (mode 0660; a stale socket is replaced) and register the commands with
 * a->config. => 0; -EADDRINUSE when another daemon answers there, -errno; a sentence in err.
 */
int control_new(struct asa *a, const char *path, struct control **out, char *err, size_t err_size);
/* Disconnects clients, removes the socket. => NULL accepted. */
void control_free(struct control *c);
/* Readable (poll, epoll) when control_poll() has work. */
int control_fd(const struct control *c);
/* Handle what is ready; bounded work, then returns: call again when control_fd() is readable. */
void control_poll(struct control *c);

/* Register all commands of this folder with 'ctx' = a (done by control_new; separate for tests). */
int control_register(struct asa *a, struct config *c);

#endif
