/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection to asad: requests out, frames in.
 *
 * Responsible for: framing (include/asa/ctl.h), waiting, interruption by the user.
 * Not responsible for: what is done with the answers (struct link_handler), the terminal.
 *
 * The link trusts the daemon no further than needed: lengths are checked, an answer that is not
 * one ends the connection with a message. One thread.
 */
#ifndef CLI_LINK_H
#define CLI_LINK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asa/ctl.h"

/* What happens with an answer; NULL members are skipped. */
struct link_handler {
	/* => false: enough, interrupt the command (what still comes is not delivered) */
	bool (*output)(void *arg, const char *text, size_t len);
	void (*error)(void *arg, const char *text, uint32_t line, uint32_t column);
	void (*warning)(void *arg, const char *text);
	void *arg;
};

struct link {
	int fd;
	char prompt[256]; /* the daemon's latest */
	char failure[256]; /* why the last call returned LINK_LOST */
};

enum { LINK_LOST = -1 };

/* => 0, or -errno with l->failure. */
int link_open(struct link *l, const char *path);
void link_close(struct link *l);
/*
 * Send a request and deliver its answer. '*interrupted' (may be NULL) is looked at while waiting:
 * when a signal handler sets it, the daemon is asked to stop.
 * => exit status of the command (0, 1, 2), LINK_LOST when the connection is over.
 */
int link_request(struct link *l, enum asa_ctl_type type, uint32_t flags, const char *text,
		 const struct link_handler *h, volatile sig_atomic_t *interrupted);
/* A frame that came between commands (terminal monitor). => 0 or LINK_LOST. */
int link_idle(struct link *l, const struct link_handler *h);

#endif
