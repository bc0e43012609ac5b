// SPDX-License-Identifier: GPL-2.0-only
/*
 * Servers of "logging host".
 *
 * UDP: a connected socket and sendmmsg(); a full socket buffer or an unreachable server loses the
 * message, counted. TCP: lines end with a newline (RFC 6587 3.4.2); while the server is slow or
 * away they wait in a backlog of fixed size, and what does not fit is lost, counted. After a
 * reconnection a line that was sent in part is sent again from its beginning.
 *
 * Responsible for, callers, threads: syslog_send.h.
 */
#include "services/syslog_send.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UDP_PORT 514
#define TCP_PORT 1470
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 30000

static socklen_t server_address(const struct model_log_host *h, struct sockaddr_storage *ss)
{
	uint16_t port = h->port ? h->port : h->tcp ? TCP_PORT : UDP_PORT;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (asa_addr_is_v4(&h->addr)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, &h->addr.b[12], 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, h->addr.b, 16);
	return sizeof(*v6);
}

static int server_socket(const struct model_log_host *h)
{
	int family = asa_addr_is_v4(&h->addr) ? AF_INET : AF_INET6;
	int fd = socket(family, (h->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);

	return fd < 0 ? -errno : fd;
}

static void server_hang_up(struct syslog_server *v)
{
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
	v->connected = v->connecting = false;
	v->sent = 0;
}

/* UDP "connect" needs a route; without one it is tried again at the next send. */
static int server_open_udp(struct syslog_server *v)
{
	struct sockaddr_storage ss;
	socklen_t len = server_address(&v->host, &ss);
	int buffer = 1 << 20;
	int err;

	v->fd = server_socket(&v->host);
	if (v->fd < 0) {
		err = v->fd;
		v->fd = -1;
		return err;
	}
	/* A burst of one tick must fit; the kernel's limit may make it less. */
	setsockopt(v->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	if (connect(v->fd, (struct sockaddr *)&ss, len) < 0) {
		err = -errno;
		server_hang_up(v);
		return err;
	}
	return 0;
}

int syslog_server_open(struct syslog_server *v, const struct model_log_host *h)
{
	memset(v, 0, sizeof(*v));
	v->host = *h;
	v->used = true;
	v->fd = -1;
	if (!h->tcp)
		return server_open_udp(v);
	v->backlog = malloc(SYSLOG_BACKLOG);
	return v->backlog ? 0 : -ENOMEM;
}

void syslog_server_close(struct syslog_server *v)
{
	if (!v->used)
		return;
	server_hang_up(v);
	free(v->backlog);
	memset(v, 0, sizeof(*v));
	v->fd = -1;
}

static void server_send_udp(struct syslog_server *v, const struct syslog_line *lines, int n)
{
	struct mmsghdr msgs[SYSLOG_BATCH];
	struct iovec iov[SYSLOG_BATCH];
	int done = 0, failures = 0;

	if (v->fd < 0 && server_open_udp(v) < 0) {
		v->n_lost += (uint64_t)n;
		return;
	}
	memset(msgs, 0, sizeof(msgs));
	for (int i = 0; i < n; i++) {
		iov[i].iov_base = (void *)lines[i].text;
		iov[i].iov_len = lines[i].len;
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	while (done < n) {
		int r = sendmmsg(v->fd, msgs + done, (unsigned int)(n - done), MSG_DONTWAIT);

		if (r > 0) {
			done += r;
			continue;
		}
		/* An ICMP error about an earlier datagram is reported once; this one is fine. */
		if (errno == ECONNREFUSED && failures++ < 2)
			continue;
		break;
	}
	v->n_sent += (uint64_t)done;
	v->n_lost += (uint64_t)(n - done);
}

static void server_queue(struct syslog_server *v, const struct syslog_line *line)
{
	if (!v->backlog) {
		v->n_lost++;
		return;
	}
	if (v->end + line->len + 1 > SYSLOG_BACKLOG && v->start) {
		memmove(v->backlog, v->backlog + v->start, v->end - v->start);
		v->end -= v->start;
		v->start = 0;
	}
	if (v->end + line->len + 1 > SYSLOG_BACKLOG) {
		v->n_lost++;
		return;
	}
	memcpy(v->backlog + v->end, line->text, line->len);
	v->backlog[v->end + line->len] = '\n';
	v->end += line->len + 1;
}

void syslog_server_send(struct syslog_server *v, const struct syslog_line *lines, int n)
{
	if (!v->used || n <= 0)
		return;
	if (!v->host.tcp) {
		server_send_udp(v, lines, n);
		return;
	}
	for (int i = 0; i < n; i++)
		server_queue(v, &lines[i]);
}

static void server_retry_later(struct syslog_server *v, uint64_t now_ms)
{
	server_hang_up(v);
	v->wait_ms = v->wait_ms ? v->wait_ms * 2 : RETRY_MIN_MS;
	if (v->wait_ms > RETRY_MAX_MS)
		v->wait_ms = RETRY_MAX_MS;
	v->next_try_ms = now_ms + v->wait_ms;
}

static void server_connect(struct syslog_server *v, uint64_t now_ms)
{
	struct sockaddr_storage ss;
	socklen_t len = server_address(&v->host, &ss);

	if (now_ms < v->next_try_ms)
		return;
	v->fd = server_socket(&v->host);
	if (v->fd < 0) {
		v->fd = -1;
		server_retry_later(v, now_ms);
		return;
	}
	if (connect(v->fd, (struct sockaddr *)&ss, len) == 0)
		v->connected = true;
	else if (errno == EINPROGRESS)
		v->connecting = true;
	else
		server_retry_later(v, now_ms);
}

static void server_check_connect(struct syslog_server *v, uint64_t now_ms)
{
	struct pollfd p = {.fd = v->fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int err = 0;

	if (poll(&p, 1, 0) <= 0)
		return;
	if (getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 || err) {
		server_retry_later(v, now_ms);
		return;
	}
	v->connecting = false;
	v->connected = true;
	v->wait_ms = 0;
}

/* Account for n bytes that the kernel has taken: whole lines leave the backlog. */
static void server_taken(struct syslog_server *v, size_t n)
{
	const char *nl;

	v->sent += n;
	while (v->sent) {
		nl = memchr(v->backlog + v->start, '\n', v->sent);
		if (!nl)
			return;
		n = (size_t)(nl + 1 - (v->backlog + v->start));
		v->start += n;
		v->sent -= n;
		v->n_sent++;
	}
}

static void server_drain(struct syslog_server *v, uint64_t now_ms)
{
	char scrap[256];
	ssize_t n;

	/* A server says nothing; 0 means that it has closed the connection. */
	n = recv(v->fd, scrap, sizeof(scrap), MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		server_retry_later(v, now_ms);
		return;
	}
	while (v->start + v->sent < v->end) {
		n = send(v->fd, v->backlog + v->start + v->sent, v->end - v->start - v->sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR)
				server_retry_later(v, now_ms);
			return;
		}
		server_taken(v, (size_t)n);
	}
	v->start = v->end = 0;
}

void syslog_server_poll(struct syslog_server *v, uint64_t now_ms)
{
	if (!v->used || !v->host.tcp)
		return;
	if (v->fd < 0)
		server_connect(v, now_ms);
	if (v->connecting)
		server_check_connect(v, now_ms);
	if (v->connected)
		server_drain(v, now_ms);
}
