// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket: one epoll set of its own, which the main loop sees as one descriptor.
 *
 * Responsible for: the listening socket and its file, the set of clients.
 * Not responsible for: what is said on a connection (client.c), commands (commands.c).
 *
 * Life cycle, callers, threads: control.h.
 */
#include "control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "asa.h"
#include "control/client.h"
#include "control/commands.h"
#include "control/output.h"
#include "control/rates.h"
#include "datapath/net.h"
#include "services/syslog.h"

#define CLIENTS_MAX 64
#define EVENTS_MAX 16

struct control {
	struct asa *a;
	int epfd, listen_fd;
	int spare_fd; /* given up for a moment when the process has no descriptor left */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	ino_t ino; /* of the socket file, so that only our own is removed */
	struct client *clients[CLIENTS_MAX];
	int n_clients;
	int timer_fd; /* samples for rates */
	struct command_state state;
};

/* Somebody who answers on 'sun', or a file that nobody listens on? => 0 or -errno with err. */
static int control_clear_path(const struct sockaddr_un *sun, char *err, size_t err_size)
{
	struct stat st;
	int fd, ret = 0;

	if (lstat(sun->sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(err, err_size,
			 "cannot listen on %s: the file is not a socket; remove it or use another "
			 "-s",
			 sun->sun_path);
		return -EEXIST;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 || errno == EAGAIN) {
		snprintf(err, err_size,
			 "cannot listen on %s: another asad answers there; stop it, or give this "
			 "one its own -s and -p",
			 sun->sun_path);
		ret = -EADDRINUSE;
	} else if (unlink(sun->sun_path) < 0) {
		ret = -errno;
		snprintf(err, err_size, "cannot remove the stale socket %s: %s", sun->sun_path,
			 strerror(errno));
	}
	close(fd);
	return ret;
}

static int control_listen(struct control *c, const char *path, char *err, size_t err_size)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t mask;
	int ret;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		snprintf(err, err_size, "control socket path is longer than %zu bytes: %s",
			 sizeof(sun.sun_path) - 1, path);
		return -ENAMETOOLONG;
	}
	strcpy(sun.sun_path, path);
	ret = control_clear_path(&sun, err, err_size);
	if (ret)
		return ret;
	c->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->listen_fd < 0)
		return -errno;
	mask = umask(0117);
	ret = bind(c->listen_fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ? -errno : 0;
	umask(mask);
	if (ret == 0 && listen(c->listen_fd, 16) < 0)
		ret = -errno;
	if (ret) {
		snprintf(err, err_size, "cannot listen on %s: %s%s", path, strerror(-ret),
			 ret == -ENOENT ? "; its directory does not exist" : "");
		return ret;
	}
	strcpy(c->path, path);
	if (stat(path, &st) == 0)
		c->ino = st.st_ino;
	return 0;
}

/* What epoll gives back for the descriptors that are no clients. */
static char listen_tag, timer_tag;

static int control_watch(struct control *c, int fd, void *tag)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = tag};

	return epoll_ctl(c->epfd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static int control_start_timer(struct control *c)
{
	struct itimerspec every = {{RATES_INTERVAL_S, 0}, {0, 1}};

	c->state.started = time(NULL);
	c->state.rates = rates_new();
	c->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (!c->state.rates || c->timer_fd < 0 || timerfd_settime(c->timer_fd, 0, &every, NULL) < 0)
		return -ENOMEM;
	return control_watch(c, c->timer_fd, &timer_tag);
}

int control_new(struct asa *a, const char *path, struct control **out, char *err, size_t err_size)
{
	struct control *c = calloc(1, sizeof(*c));
	int ret;

	snprintf(err, err_size, "cannot open the control socket: out of memory");
	if (!c)
		return -ENOMEM;
	c->a = a;
	c->listen_fd = c->timer_fd = -1;
	c->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	c->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (c->epfd < 0) {
		ret = -errno;
		snprintf(err, err_size, "cannot open the control socket: %s", strerror(errno));
		goto fail;
	}
	ret = control_listen(c, path, err, err_size);
	if (ret)
		goto fail;
	ret = control_watch(c, c->listen_fd, &listen_tag);
	if (!ret)
		ret = control_start_timer(c);
	if (ret)
		goto fail;
	ret = control_register(a, a->config);
	if (ret) {
		snprintf(err, err_size, "cannot register the commands: %s", strerror(-ret));
		goto fail;
	}
	*out = c;
	return 0;
fail:
	control_free(c);
	return ret;
}

void control_free(struct control *c)
{
	struct stat st;

	if (!c)
		return;
	for (int i = 0; i < c->n_clients; i++)
		client_free(c->clients[i]);
	if (c->path[0] && stat(c->path, &st) == 0 && st.st_ino == c->ino)
		unlink(c->path);
	if (c->listen_fd >= 0)
		close(c->listen_fd);
	if (c->timer_fd >= 0)
		close(c->timer_fd);
	rates_free(c->state.rates);
	if (c->epfd >= 0)
		close(c->epfd);
	if (c->spare_fd >= 0)
		close(c->spare_fd);
	free(c);
}

int control_fd(const struct control *c)
{
	return c->epfd;
}

struct command_state *control_state(struct control *c)
{
	return &c->state;
}

struct client *control_client(struct control *c, const struct config_session *s)
{
	for (int i = 0; c && i < c->n_clients; i++)
		if (client_has_session(c->clients[i], s))
			return c->clients[i];
	return NULL;
}

static void control_drop(struct control *c, struct client *client)
{
	for (int i = 0; i < c->n_clients; i++)
		if (c->clients[i] == client)
			c->clients[i] = c->clients[--c->n_clients];
	client_free(client); /* closing the descriptor takes it out of the set */
}

static void control_add(struct control *c, int fd)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct client *client;

	if (c->n_clients == CLIENTS_MAX) {
		close(fd);
		return;
	}
	client = client_new(c->a, fd);
	if (!client) {
		close(fd);
		return;
	}
	e.data.ptr = client;
	if (epoll_ctl(c->epfd, EPOLL_CTL_ADD, fd, &e) < 0) {
		client_free(client);
		return;
	}
	c->clients[c->n_clients++] = client;
}

static void control_accept(struct control *c)
{
	for (int i = 0; i < EVENTS_MAX; i++) {
		int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			control_add(c, fd);
			continue;
		}
		if ((errno != EMFILE && errno != ENFILE) || c->spare_fd < 0)
			return;
		/* Out of descriptors: turn the caller away instead of spinning on the listener. */
		close(c->spare_fd);
		fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			close(fd);
		c->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
}

/* "logging device-id ipaddress IF": the address that the interface has now. */
static void control_refresh_device_id(struct asa *a)
{
	const struct model_logging *l = &config_model(a->config)->logging;
	const struct sys_info *sys = a->net ? net_sys(a->net) : NULL;
	const struct policy_if *f;
	char addr[64] = "";

	if (strncmp(l->device_id, "ipaddress ", 10) != 0)
		return;
	f = policy_if_named(a->policy, l->device_id + 10);
	for (size_t i = 0; f && sys && i < sys->n_ifs; i++)
		if (sys->ifs[i].ifindex == f->ifindex && sys->ifs[i].n_addrs)
			output_format_addr(&sys->ifs[i].addrs[0].addr, addr, sizeof(addr));
	syslog_set_device_address(a->syslog, addr);
}

static void control_tick(struct control *c)
{
	uint64_t expirations;

	control_refresh_device_id(c->a);

	if (read(c->timer_fd, &expirations, sizeof(expirations)) > 0)
		rates_sample(c->state.rates, c->a, rates_clock_ms());
}

void control_poll(struct control *c)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(c->epfd, events, EVENTS_MAX, 0);

	for (int i = 0; i < n; i++) {
		struct client *client = events[i].data.ptr;
		struct epoll_event e = {.data.ptr = client};

		if (events[i].data.ptr == &listen_tag || events[i].data.ptr == &timer_tag) {
			if (events[i].data.ptr == &listen_tag)
				control_accept(c);
			else
				control_tick(c);
			continue;
		}
		bool alive = client_event(client, events[i].events);

		control_refresh_device_id(c->a); /* a command may have set it */
		if (!alive) {
			control_drop(c, client);
			continue;
		}
		e.events = client_wants(client);
		if (epoll_ctl(c->epfd, EPOLL_CTL_MOD, client_fd(client), &e) < 0)
			control_drop(c, client);
	}
}
