// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection to asad.
 *
 * Responsible for, trust: link.h. Callers: asactl.c, shell.c, unit tests with a false server.
 */
#include "link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int link_lost(struct link *l, const char *why)
{
	snprintf(l->failure, sizeof(l->failure), "%s", why);
	link_close(l);
	return LINK_LOST;
}

int link_open(struct link *l, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int err;

	memset(l, 0, sizeof(*l));
	l->fd = -1;
	if (strlen(path) >= sizeof(sun.sun_path)) {
		snprintf(l->failure, sizeof(l->failure), "the socket path is too long");
		return -ENAMETOOLONG;
	}
	strcpy(sun.sun_path, path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd >= 0 && connect(l->fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return 0;
	err = errno;
	link_lost(l, err == ENOENT || err == ECONNREFUSED ? "asad is not running there"
							  : strerror(err));
	return -err;
}

void link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static int link_send(struct link *l, enum asa_ctl_type type, uint32_t flags, const char *text,
		     size_t len)
{
	struct asa_ctl_header h = {
		.magic = ASA_CTL_MAGIC,
		.version = ASA_CTL_VERSION,
		.type = (uint16_t)type,
		.flags = flags,
		.length = (uint32_t)len,
	};
	struct iovec {
		const char *at;
		size_t left;
	} part[2] = {{(const char *)&h, sizeof(h)}, {text, len}};

	for (int i = 0; i < 2; i++) {
		while (part[i].left) {
			ssize_t n = send(l->fd, part[i].at, part[i].left, MSG_NOSIGNAL);

			if (n < 0 && errno != EINTR)
				return -1;
			if (n > 0) {
				part[i].at += n;
				part[i].left -= (size_t)n;
			}
		}
	}
	return 0;
}

/* Read exactly len bytes; meanwhile the user may interrupt. => 0 or -1. */
static int link_read(struct link *l, void *buf, size_t len, volatile sig_atomic_t *interrupted)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};
	char *at = buf;
	ssize_t n;

	while (len) {
		if (interrupted && *interrupted) {
			*interrupted = 0;
			if (link_send(l, ASA_CTL_INTERRUPT, 0, NULL, 0))
				return -1;
		}
		/* A signal between the test and the call is seen after this time at the latest. */
		if (poll(&p, 1, 200) <= 0)
			continue;
		n = recv(l->fd, at, len, 0);
		if (n == 0 || (n < 0 && errno != EINTR))
			return -1;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* => 0 and a frame (text with a NUL, to be freed), LINK_LOST. */
static int link_frame(struct link *l, struct asa_ctl_header *h, char **text,
		      volatile sig_atomic_t *interrupted)
{
	if (link_read(l, h, sizeof(*h), interrupted))
		return link_lost(l, "asad has closed the connection");
	if (h->magic != ASA_CTL_MAGIC || h->length > ASA_CTL_LENGTH_MAX)
		return link_lost(l, "what answers there is not asad");
	if (h->version != ASA_CTL_VERSION)
		return link_lost(l, "asactl and asad are of different versions; install the same");
	*text = malloc((size_t)h->length + 1);
	if (!*text)
		return link_lost(l, "out of memory");
	if (link_read(l, *text, h->length, interrupted)) {
		free(*text);
		return link_lost(l, "asad has closed the connection");
	}
	(*text)[h->length] = 0;
	return 0;
}

/* => true when the rest of the output is not wanted. */
static bool link_deliver(struct link *l, const struct link_handler *h,
			 const struct asa_ctl_header *f, const char *text)
{
	switch (f->type) {
	case ASA_CTL_OUTPUT: return h->output && !h->output(h->arg, text, f->length);
	case ASA_CTL_ERROR:
		if (h->error)
			h->error(h->arg, text, f->line, f->status);
		return false;
	case ASA_CTL_WARNING:
		if (h->warning)
			h->warning(h->arg, text);
		return false;
	case ASA_CTL_PROMPT: snprintf(l->prompt, sizeof(l->prompt), "%s", text); return false;
	}
	return false; /* an answer of a later version: nothing to do with it */
}

int link_request(struct link *l, enum asa_ctl_type type, uint32_t flags, const char *text,
		 const struct link_handler *h, volatile sig_atomic_t *interrupted)
{
	struct link_handler quiet = *h;
	struct asa_ctl_header f;
	char *answer;

	if (l->fd < 0)
		return LINK_LOST;
	if (strlen(text) > ASA_CTL_LENGTH_MAX)
		return link_lost(l, "the text is longer than 16 MB");
	/* A refused request may come with its reason and end while we still send: read it anyway.
	 */
	if (link_send(l, type, flags, text, strlen(text)) && errno != EPIPE)
		return link_lost(l, strerror(errno));
	for (;;) {
		if (link_frame(l, &f, &answer, interrupted))
			return LINK_LOST;
		if (f.type == ASA_CTL_END) {
			free(answer);
			return (int)(f.status <= 2 ? f.status : 1);
		}
		if (link_deliver(l, &quiet, &f, answer) && quiet.output) {
			quiet.output = NULL;
			if (link_send(l, ASA_CTL_INTERRUPT, 0, NULL, 0)) {
				free(answer);
				return link_lost(l, "asad has closed the connection");
			}
		}
		free(answer);
	}
}

int link_idle(struct link *l, const struct link_handler *h)
{
	struct asa_ctl_header f;
	char *text;

	if (link_frame(l, &f, &text, NULL))
		return LINK_LOST;
	link_deliver(l, h, &f, text);
	free(text);
	return 0;
}
