/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of the commands of this folder, and what their handlers share.
 *
 * A handler's ctx is struct asa, its out is struct output (NULL when a configuration file contains
 * the command). Handlers run in the main thread, which alone replaces a->policy, so they may use
 * the policy without a read section as long as they do not return to the main loop in between;
 * deferred steps fetch it again each time. Connections and translations need a->lock.
 */
#ifndef CONTROL_COMMANDS_H
#define CONTROL_COMMANDS_H

#include <time.h>

#include "asa.h"
#include "config/config.h"
#include "control/output.h"
#include "session/session.h"

#define COMMANDS(name)                                                                             \
	extern const struct config_command name##_commands[];                                      \
	extern const size_t name##_n_commands

COMMANDS(conn);
COMMANDS(xlate);
COMMANDS(policy);
COMMANDS(service);
COMMANDS(interface);
COMMANDS(ip);
COMMANDS(stats);
COMMANDS(threat);
COMMANDS(system);
COMMANDS(logging);
COMMANDS(tracer);
COMMANDS(dns);
COMMANDS(files);

#define COMMANDS_DEFINE(name, ...)                                                                 \
	const struct config_command name##_commands[] = {__VA_ARGS__};                             \
	const size_t name##_n_commands = sizeof(name##_commands) / sizeof(name##_commands[0])

struct client;
struct control;
/* => the client that owns session 's', NULL when it is none of the control socket's. */
struct client *control_client(struct control *c, const struct config_session *s);

/* Tick of now, for the session module. */
__u32 commands_now(void);

/*
 * Fill 'f' from the parameters ADDRESS, MASK, PORT, PROTOCOL, STATE and INTERFACE of a command.
 * 'letters' (COMMANDS_LETTERS bytes, zeroed) gets the flags that STATE asks for besides f->states;
 * NULL: such states are refused.
 * => 0, or -EINVAL after cmd_error().
 */
#define COMMANDS_LETTERS 24
int commands_filter(struct cmd_args *args, struct session_filter *f, char *letters);

/* One connection in the forms of "show conn". Text only; see show_conn.c. */
enum conn_form { CONN_SHORT, CONN_LONG, CONN_DETAIL };
void conn_print(struct output *o, const struct session_view *v, enum conn_form form);

/*
 * What the commands remember between calls: samples for rates, the bases that "clear" commands
 * subtract (the shared counters themselves only ever grow), when that was.
 */
struct rates;
struct command_state {
	time_t started, drops_cleared; /* 0: never */
	struct rates *rates;
};
struct command_state *control_state(struct control *c);

/* "tcp", "TCP", "gre" or the number. => buf or a constant */
const char *commands_proto(__u8 proto, bool upper, char *buf, size_t size);
/* Sentences of a struct config_result that a handler made, passed on to its own. => 0 or -EINVAL */
int commands_result(struct cmd_args *args, struct config_result *r);

#endif
