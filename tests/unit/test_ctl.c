// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/control/client.o daemon/control/output.o cli/link.o */
/*
 * The control protocol (CFG-1, SES-11): asactl's link and the daemon's client against each other
 * and against hostile bytes. The configuration language is replaced by a few fixed commands:
 * "echo TEXT", "rows N" (a deferred list), "bad", "warn", "exit".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../cli/link.h"
#include "asa.h"
#include "config/config.h"
#include "control/client.h"
#include "control/output.h"
#include "lib/cunit.h"
#include "services/syslog.h"

/* ------------------------------------------------------------------ a small language */

struct config_session {
	int lines;
};
static int sessions_alive, steps_run, states_alive;

struct config_session *config_session_new(struct config *c, enum config_mode mode)
{
	sessions_alive++;
	return calloc(1, sizeof(struct config_session));
}

void config_session_free(struct config_session *s)
{
	sessions_alive -= s != NULL;
	free(s);
}

size_t config_prompt(const struct config_session *s, char *buf, size_t size)
{
	return (size_t)snprintf(buf, size, "asa%d# ", s->lines);
}

void config_result_init(struct config_result *r)
{
	memset(r, 0, sizeof(*r));
}

void config_result_fini(struct config_result *r)
{
	free(r->warnings);
	memset(r, 0, sizeof(*r));
}

static bool rows_step(struct output *o, void *state)
{
	int *left = state;

	steps_run++;
	for (int i = 0; i < 1000 && *left; i++) {
		output_text(o, "row %d of the list\n", (*left)--);
		output_int(o, NULL, *left);
	}
	return *left > 0;
}

static void rows_free(void *state)
{
	states_alive--;
	free(state);
}

enum config_status config_line(struct config_session *s, const char *line, void *out,
			       struct config_result *r)
{
	int *n;

	s->lines++;
	if (strncmp(line, "echo ", 5) == 0) {
		output_text(out, "%s\n", line + 5);
		output_str(out, "echo", line + 5);
	} else if (strncmp(line, "rows ", 5) == 0) {
		n = malloc(sizeof(*n));
		*n = atoi(line + 5);
		states_alive++;
		output_list_begin(out, "rows");
		output_defer(out, rows_step, n, rows_free);
	} else if (strcmp(line, "warn") == 0) {
		r->warnings = strdup("WARNING: careful\n");
	} else if (strcmp(line, "exit") == 0) {
		r->closed = true;
	} else if (*line) {
		r->status = CONFIG_SYNTAX;
		r->column = 3;
		strcpy(r->error, "ERROR: % Invalid input detected at '^' marker.");
	}
	return r->status;
}

enum config_status config_text(struct config_session *s, const char *text, unsigned int flags,
			       void *out, struct config_result *r)
{
	output_text(out, "%u %zu\n", flags, strlen(text));
	if (strstr(text, "bad")) {
		r->status = CONFIG_REFUSED;
		r->line = 7;
		r->column = 4;
		strcpy(r->error, "ERROR: bad");
	}
	return r->status;
}

void config_help(struct config_session *s, const char *line, struct config_sink *sink)
{
	sink->put(sink, line, strlen(line));
	sink->put(sink, " help\n", 6);
}

void config_complete(struct config_session *s, const char *line, struct config_sink *sink)
{
	sink->put(sink, "one\ntwo\n", 8);
}

bool syslog_wants(const struct syslog *s, uint32_t id)
{
	return false;
}
void syslog_msg(struct syslog *s, uint32_t id, const char *fmt, ...)
{
}
int syslog_monitor_add(struct syslog *s, syslog_monitor_cb *cb, void *arg)
{
	return 0;
}
void syslog_monitor_del(struct syslog *s, void *arg)
{
}

/* ------------------------------------------------------------------ a daemon in a thread */

struct server {
	struct asa a;
	struct client *c;
	pthread_t thread;
	int fd; /* the user's end */
	volatile bool over;
};

static void *server_run(void *arg)
{
	struct server *s = arg;

	for (;;) {
		uint32_t wants = client_wants(s->c);
		struct pollfd p = {.fd = client_fd(s->c),
				   .events = (short)((wants & EPOLLIN ? POLLIN : 0) |
						     (wants & EPOLLOUT ? POLLOUT : 0))};

		if (poll(&p, 1, 5000) <= 0)
			break;
		if (!client_event(s->c, (p.revents & POLLIN ? EPOLLIN : 0) |
						(p.revents & POLLOUT ? EPOLLOUT : 0) |
						(p.revents & POLLHUP ? EPOLLHUP : 0) |
						(p.revents & POLLERR ? EPOLLERR : 0)))
			break;
	}
	client_free(s->c);
	s->over = true;
	return NULL;
}

static void server_start(struct server *s)
{
	int pair[2];

	memset(s, 0, sizeof(*s));
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	fcntl(pair[1], F_SETFL, O_NONBLOCK);
	s->c = client_new(&s->a, pair[1]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->c);
	s->fd = pair[0];
	CU_ASSERT_FATAL(pthread_create(&s->thread, NULL, server_run, s) == 0);
}

/* Hang up; whatever happened, the daemon's side must end and free everything. */
static void server_stop(struct server *s)
{
	if (s->fd >= 0)
		close(s->fd);
	pthread_join(s->thread, NULL);
	CU_ASSERT_EQUAL(sessions_alive, 0);
	CU_ASSERT_EQUAL(states_alive, 0);
}

struct seen {
	char output[65536], error[256], warning[256];
	size_t len, total;
	uint32_t line, column;
	size_t enough; /* stop after so many bytes; 0: never */
};

static bool on_output(void *arg, const char *text, size_t len)
{
	struct seen *s = arg;
	size_t room = sizeof(s->output) - 1 - s->len, n = len < room ? len : room;

	memcpy(s->output + s->len, text, n);
	s->len += n;
	s->total += len;
	return !s->enough || s->total < s->enough;
}

static void on_error(void *arg, const char *text, uint32_t line, uint32_t column)
{
	struct seen *s = arg;

	snprintf(s->error, sizeof(s->error), "%s", text);
	s->line = line;
	s->column = column;
}

static void on_warning(void *arg, const char *text)
{
	snprintf(((struct seen *)arg)->warning, 256, "%s", text);
}

static int request(struct link *l, enum asa_ctl_type type, uint32_t flags, const char *text,
		   struct seen *seen)
{
	struct link_handler h = {on_output, on_error, on_warning, seen};
	size_t enough = seen->enough;

	memset(seen, 0, sizeof(*seen));
	seen->enough = enough;
	return link_request(l, type, flags, text, &h, NULL);
}

static void commands_and_answers(void)
{
	static struct seen seen;
	struct server s;
	struct link l = {0};

	seen.enough = 0;
	server_start(&s);
	l.fd = s.fd;
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, 0, "echo hello", &seen), 0);
	CU_ASSERT_STRING_EQUAL(seen.output, "hello\n");
	CU_ASSERT_STRING_EQUAL(l.prompt, "asa1# ");
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, ASA_CTL_JSON, "echo hello", &seen), 0);
	CU_ASSERT_STRING_EQUAL(seen.output, "{\"echo\":\"hello\"}\n");
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, ASA_CTL_JSON, "nonsense", &seen), 1);
	CU_ASSERT_STRING_EQUAL(seen.output, "");
	CU_ASSERT_STRING_EQUAL(seen.error, "ERROR: % Invalid input detected at '^' marker.");
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, 0, "warn", &seen), 0);
	CU_ASSERT_STRING_EQUAL(seen.warning, "WARNING: careful\n");
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, 0, "echo a\necho b", &seen), 1);
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_CONFIG, ASA_CTL_ALL_OR_NOTHING, "a\nb\n", &seen), 0);
	CU_ASSERT_STRING_EQUAL(seen.output, "1 4\n");
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_CONFIG, ASA_CTL_CHECK, "bad", &seen), 1);
	CU_ASSERT_EQUAL(seen.line, 7);
	CU_ASSERT_EQUAL(seen.column, 4);
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_HELP, 0, "show", &seen), 0);
	CU_ASSERT_STRING_EQUAL(seen.output, "show help\n");
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_COMPLETE, 0, "sh", &seen), 0);
	CU_ASSERT_STRING_EQUAL(seen.output, "one\ntwo\n");
	/* "exit": the answer, then the end of the connection. */
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, 0, "exit", &seen), 0);
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, 0, "echo x", &seen), LINK_LOST);
	s.fd = l.fd;
	server_stop(&s);
}

static void long_lists_arrive_whole(void)
{
	static struct seen seen;
	struct server s;
	struct link l = {0};

	seen.enough = 0;
	server_start(&s);
	l.fd = s.fd;
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, 0, "rows 200000", &seen), 0);
	CU_ASSERT_TRUE(seen.total > 200000 * 16);
	CU_ASSERT_EQUAL(strncmp(seen.output, "row 200000 of the list\nrow 199999", 33), 0);
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, 0, "echo next", &seen), 0);
	CU_ASSERT_STRING_EQUAL(seen.output, "next\n");
	server_stop(&s);
}

/* A user who has seen enough: the command ends early, the connection goes on. */
static void interrupted_list(void)
{
	static struct seen seen;
	struct server s;
	struct link l = {0};

	server_start(&s);
	l.fd = s.fd;
	steps_run = 0;
	seen.enough = 1;
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, 0, "rows 100000000", &seen), 0);
	CU_ASSERT_TRUE(steps_run < 10000);
	seen.enough = 0;
	CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, 0, "echo next", &seen), 0);
	CU_ASSERT_STRING_EQUAL(seen.output, "next\n");
	server_stop(&s);
}

static void put_frame(int fd, uint32_t magic, uint16_t version, uint16_t type, uint32_t length,
		      const char *text)
{
	struct asa_ctl_header h = {
		.magic = magic, .version = version, .type = type, .length = length};

	CU_ASSERT_EQUAL(send(fd, &h, sizeof(h), MSG_NOSIGNAL), sizeof(h));
	if (text)
		send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* A reader that does not read: memory stays bounded, work stops, and starts again with it. */
static void slow_reader_is_not_served_ahead(void)
{
	struct server s;
	char buf[65536];
	size_t total = 0;
	ssize_t n;
	int before;

	server_start(&s);
	steps_run = 0;
	put_frame(s.fd, ASA_CTL_MAGIC, ASA_CTL_VERSION, ASA_CTL_EXEC, 12, "rows 1000000");
	for (int i = 0; i < 50; i++)
		nanosleep(&(struct timespec){0, 2000000}, NULL);
	before = steps_run;
	CU_ASSERT_TRUE(before > 0 && before < 100);
	nanosleep(&(struct timespec){0, 50000000}, NULL);
	CU_ASSERT_EQUAL(steps_run, before);
	while (total < 16000000) {
		n = recv(s.fd, buf, sizeof(buf), 0);
		CU_ASSERT_FATAL(n > 0);
		total += (size_t)n;
	}
	CU_ASSERT_TRUE(steps_run > before);
	server_stop(&s);
}

/* Frames that break the rules end the connection, with a sentence. */
static void hostile_frames(void)
{
	static const struct {
		uint32_t magic;
		uint16_t version, type;
		uint32_t length;
	} rows[] = {
		/* magic	version			type		length */
		{0x47455420, 0x202f, 0x5448, 0x312e3150}, /* "GET / HTTP/1.1" */
		{ASA_CTL_MAGIC, ASA_CTL_VERSION + 1, ASA_CTL_EXEC, 0},
		{ASA_CTL_MAGIC, ASA_CTL_VERSION, 0, 0},
		{ASA_CTL_MAGIC, ASA_CTL_VERSION, ASA_CTL_INTERRUPT + 1, 0},
		{ASA_CTL_MAGIC, ASA_CTL_VERSION, ASA_CTL_OUTPUT, 0},
		{ASA_CTL_MAGIC, ASA_CTL_VERSION, ASA_CTL_EXEC, ASA_CTL_LENGTH_MAX + 1},
		{ASA_CTL_MAGIC, ASA_CTL_VERSION, ASA_CTL_CONFIG, 0xffffffff},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char got[1024];
		struct server s;
		ssize_t n, total = 0;

		server_start(&s);
		put_frame(s.fd, rows[i].magic, rows[i].version, rows[i].type, rows[i].length, NULL);
		while ((n = recv(s.fd, got + total, sizeof(got) - (size_t)total, 0)) > 0)
			total += n;
		CU_ASSERT_EQUAL(n, 0);
		CU_ASSERT_TRUE(total > (ssize_t)sizeof(struct asa_ctl_header) &&
			       memmem(got, (size_t)total, "ERROR: ", 7) != NULL);
		server_stop(&s);
	}
}

/* Half frames, NUL bytes, a hang-up at every byte of a request, garbage: nothing leaks or hangs. */
static void half_frames_and_garbage(void)
{
	static const char text[] = "rows 5000";
	struct asa_ctl_header h = {.magic = ASA_CTL_MAGIC,
				   .version = ASA_CTL_VERSION,
				   .type = ASA_CTL_EXEC,
				   .length = sizeof(text) - 1};
	char frame[sizeof(h) + sizeof(text) - 1], garbage[4096];
	unsigned int seed = 42;
	struct server s;

	memcpy(frame, &h, sizeof(h));
	memcpy(frame + sizeof(h), text, sizeof(text) - 1);
	for (size_t cut = 0; cut <= sizeof(frame); cut++) {
		server_start(&s);
		send(s.fd, frame, cut, MSG_NOSIGNAL);
		server_stop(&s);
	}
	for (int i = 0; i < 100; i++) {
		server_start(&s);
		for (size_t k = 0; k < sizeof(garbage); k++)
			garbage[k] = (char)rand_r(&seed);
		if (i & 1)
			memcpy(garbage, &h, 8);
		send(s.fd, garbage, sizeof(garbage), MSG_NOSIGNAL);
		server_stop(&s);
	}
	server_start(&s);
	h.length = 8;
	send(s.fd, &h, sizeof(h), MSG_NOSIGNAL);
	send(s.fd, "echo\0abc", 8, MSG_NOSIGNAL);
	CU_ASSERT_TRUE(recv(s.fd, garbage, sizeof(garbage), 0) > 0);
	CU_ASSERT_PTR_NOT_NULL(memmem(garbage, sizeof(garbage), "NUL byte", 8));
	server_stop(&s);
}

/* Requests one after the other without waiting, byte by byte, then half-closed: all answered. */
static void pipelined_requests(void)
{
	struct server s;
	size_t total = 0;
	char got[65536];
	ssize_t n;
	int ends = 0;

	server_start(&s);
	for (int i = 0; i < 60; i++)
		put_frame(s.fd, ASA_CTL_MAGIC, ASA_CTL_VERSION, ASA_CTL_EXEC, 6, "echo x");
	shutdown(s.fd, SHUT_WR);
	while ((n = recv(s.fd, got + total, sizeof(got) - total, 0)) > 0)
		total += (size_t)n;
	CU_ASSERT_EQUAL(n, 0);
	for (size_t at = 0; at + sizeof(struct asa_ctl_header) <= total;) {
		struct asa_ctl_header h;

		memcpy(&h, got + at, sizeof(h));
		ends += h.type == ASA_CTL_END;
		at += sizeof(h) + h.length;
	}
	CU_ASSERT_EQUAL(ends, 60);
	server_stop(&s);
}

/* asactl against a false daemon: bad frames and hang-ups are a message, never a crash. */
static void link_against_false_daemon(void)
{
	static struct seen seen;
	struct asa_ctl_header good = {
		.magic = ASA_CTL_MAGIC, .version = ASA_CTL_VERSION, .type = ASA_CTL_OUTPUT};
	struct asa_ctl_header rows[6];

	for (size_t i = 0; i < 6; i++)
		rows[i] = good;
	rows[0].magic = 1;
	rows[1].version = 9;
	rows[2].length = ASA_CTL_LENGTH_MAX + 1;
	rows[3].length = 100; /* never sent */
	rows[4].type = 999; /* unknown, skipped; then the hang-up */
	rows[5].length = 0;
	seen.enough = 0;
	for (size_t i = 0; i < 6; i++) {
		struct link l = {0};
		int pair[2];

		CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		l.fd = pair[0];
		send(pair[1], &rows[i], sizeof(rows[i]), MSG_NOSIGNAL);
		shutdown(pair[1], SHUT_WR);
		CU_ASSERT_EQUAL(request(&l, ASA_CTL_EXEC, 0, "show conn", &seen), LINK_LOST);
		CU_ASSERT_TRUE(strlen(l.failure) > 10);
		CU_ASSERT_EQUAL(l.fd, -1);
		close(pair[1]);
	}
}

static void link_without_daemon(void)
{
	char path[200];
	struct link l;

	snprintf(path, sizeof(path), "/tmp/asa-ctl-%d-absent.sock", getpid());
	CU_ASSERT_EQUAL(link_open(&l, path), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(l.failure, "not running"));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	CU_ASSERT_EQUAL(link_open(&l, path), -ENAMETOOLONG);
}

static const struct asa_cunit_test tests[] = {
	{"commands_and_answers_cfg_3", commands_and_answers},
	{"long_lists_arrive_whole_ses_11", long_lists_arrive_whole},
	{"interrupted_list", interrupted_list},
	{"slow_reader_is_not_served_ahead", slow_reader_is_not_served_ahead},
	{"hostile_frames", hostile_frames},
	{"half_frames_and_garbage", half_frames_and_garbage},
	{"pipelined_requests", pipelined_requests},
	{"link_against_false_daemon", link_against_false_daemon},
	{"link_without_daemon", link_without_daemon},
	{NULL, NULL},
};

int main(void)
{
	return asa_cunit_main("ctl", tests);
}
