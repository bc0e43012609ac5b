// SPDX-License-Identifier: GPL-2.0-only
/*
 * A control connection.
 *
 * A client may send anything, at any speed, and may stop reading. What bounds it:
 *	input	grows with what has really arrived, to one frame of ASA_CTL_LENGTH_MAX at most
 *	output	a command is stepped only while less than OUT_HIGH bytes wait for the socket
 *	turns	STEPS_MAX pieces of work for each readiness event, then the others get their turn
 * A frame that breaks the rules ends the connection with a sentence.
 *
 * Responsible for, callers, threads: client.h.
 */
#include "control/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asa.h"
#include "asa/ctl.h"
#include "config/config.h"
#include "control/output.h"
#include "services/syslog.h"

#define OUT_HIGH (256 * 1024)
#define OUT_FRAME 65536
#define READ_MAX 65536
#define STEPS_MAX 16
#define AUDIT_MAX 256 /* lines of one text that are logged */

struct bytes {
	char *data;
	size_t start, end, cap;
};

struct client {
	struct asa *a;
	int fd;
	unsigned int uid;
	struct config_session *session;
	struct bytes in, out;
	bool eof; /* nothing more to read */
	bool closing; /* end when everything is written */
	bool broken; /* memory or socket: end at once */
	bool monitor;
	uint64_t monitor_lost;
	/* the request in progress; NULL: none */
	struct output *output;
	struct config_result result;
};

/* ------------------------------------------------------------------ bytes */

static bool bytes_reserve(struct bytes *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 4096;
	char *data;

	if (b->end + more <= b->cap)
		return true;
	if (b->start) {
		memmove(b->data, b->data + b->start, b->end - b->start);
		b->end -= b->start;
		b->start = 0;
		if (b->end + more <= b->cap)
			return true;
	}
	while (cap < b->end + more)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data)
		return false;
	b->data = data;
	b->cap = cap;
	return true;
}

static void bytes_consume(struct bytes *b, size_t n)
{
	b->start += n;
	if (b->start < b->end)
		return;
	b->start = b->end = 0;
	/* One large request must not stay in memory for the life of the connection. */
	if (b->cap > 2 * OUT_HIGH) {
		free(b->data);
		memset(b, 0, sizeof(*b));
	}
}

static size_t bytes_left(const struct bytes *b)
{
	return b->end - b->start;
}

/* ------------------------------------------------------------------ answers */

static void client_answer(struct client *c, enum asa_ctl_type type, const char *text, size_t len,
			  uint32_t status, uint32_t line)
{
	struct asa_ctl_header h = {
		.magic = ASA_CTL_MAGIC,
		.version = ASA_CTL_VERSION,
		.type = (uint16_t)type,
		.length = (uint32_t)len,
		.status = status,
		.line = line,
	};

	if (c->broken || !bytes_reserve(&c->out, sizeof(h) + len)) {
		c->broken = true;
		return;
	}
	memcpy(c->out.data + c->out.end, &h, sizeof(h));
	if (len)
		memcpy(c->out.data + c->out.end + sizeof(h), text, len);
	c->out.end += sizeof(h) + len;
}

static void client_answer_text(struct client *c, enum asa_ctl_type type, const char *text)
{
	client_answer(c, type, text, strlen(text), 0, 0);
}

/* Prompt and end of an answer. */
static void client_end(struct client *c, uint32_t status)
{
	char prompt[256];
	size_t len = config_prompt(c->session, prompt, sizeof(prompt));

	client_answer(c, ASA_CTL_PROMPT, prompt, len < sizeof(prompt) ? len : sizeof(prompt) - 1, 0,
		      0);
	client_answer(c, ASA_CTL_END, NULL, 0, status, 0);
}

/* The other side does not speak our protocol: say so, and end. */
static void client_refuse(struct client *c, const char *sentence)
{
	client_answer_text(c, ASA_CTL_ERROR, sentence);
	client_answer(c, ASA_CTL_END, NULL, 0, 2, 0);
	c->closing = true;
	c->in.start = c->in.end = 0;
}

/* Move what the command has produced into frames, no more than the queue should hold. */
static void client_take_output(struct client *c)
{
	const char *data;
	size_t len;

	while (!c->broken && bytes_left(&c->out) < OUT_HIGH) {
		data = output_data(c->output, &len);
		if (!len)
			return;
		if (len > OUT_FRAME)
			len = OUT_FRAME;
		client_answer(c, ASA_CTL_OUTPUT, data, len, 0, 0);
		output_consume(c->output, len);
	}
}

static void client_finish_request(struct client *c)
{
	struct config_result *r = &c->result;
	bool failed = output_failed(c->output);

	if (r->warnings)
		client_answer_text(c, ASA_CTL_WARNING, r->warnings);
	if (r->error[0])
		client_answer(c, ASA_CTL_ERROR, r->error, strlen(r->error), r->column, r->line);
	if (failed)
		client_answer_text(c, ASA_CTL_ERROR,
				   "ERROR: out of memory, the output is not complete");
	client_end(c, r->status != CONFIG_OK || failed ? 1 : 0);
	if (r->closed)
		c->closing = true;
	config_result_fini(r);
	output_free(c->output);
	c->output = NULL;
}

/* ------------------------------------------------------------------ requests */

struct output_sink {
	struct config_sink sink;
	struct output *output;
};

static void output_sink_put(struct config_sink *s, const char *text, size_t len)
{
	output_lines_put(((struct output_sink *)s)->output, text, len);
}

/* 111008 for what changes something, as an ASA does. */
static void client_audit(struct client *c, const char *line)
{
	static const char *const quiet[] = {"show", "more",	"help",	  "exit",
					    "end",  "terminal", "logout", "quit"};
	size_t skip = strspn(line, " \t"), n = strcspn(line + skip, " \t");

	if (n == 0 || line[skip] == '!' || !syslog_wants(c->a->syslog, 111008))
		return;
	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		if (strncmp(quiet[i], line + skip, n) == 0)
			return;
	if (c->uid == 0)
		syslog_msg(c->a->syslog, 111008, "User 'root' executed the '%.200s' command.",
			   line + skip);
	else
		syslog_msg(c->a->syslog, 111008, "User 'uid %u' executed the '%.200s' command.",
			   c->uid, line + skip);
}

static void client_exec(struct client *c, const char *line)
{
	if (strpbrk(line, "\r\n")) {
		snprintf(c->result.error, sizeof(c->result.error),
			 "ERROR: one command is one line; configuration lines are sent as such");
		c->result.status = CONFIG_REFUSED;
		return;
	}
	if (config_line(c->session, line, c->output, &c->result) == CONFIG_OK)
		client_audit(c, line);
}

/* 111008 for each line that took effect; of a long text the first AUDIT_MAX. */
static void client_audit_text(struct client *c, const char *text)
{
	unsigned int last = c->result.status == CONFIG_OK ? ~0u : c->result.line;
	char line[256];

	for (unsigned int n = 1; *text && n < last && n <= AUDIT_MAX; n++) {
		size_t len = strcspn(text, "\r\n");

		snprintf(line, sizeof(line), "%.*s",
			 (int)(len < sizeof(line) ? len : sizeof(line) - 1), text);
		client_audit(c, line);
		text += len;
		text += *text == '\r';
		text += *text == '\n';
	}
}

static void client_config(struct client *c, const char *text, uint32_t flags)
{
	unsigned int how = 0;

	if (flags & ASA_CTL_ALL_OR_NOTHING)
		how |= CONFIG_TEXT_ATOMIC;
	if (flags & ASA_CTL_CHECK)
		how |= CONFIG_TEXT_CHECK;
	output_set_immediate(c->output);
	if (config_text(c->session, text, how, c->output, &c->result) == CONFIG_OK || !how)
		if (!(how & CONFIG_TEXT_CHECK))
			client_audit_text(c, text);
}

static void client_request(struct client *c, const struct asa_ctl_header *h, char *text)
{
	struct output_sink sink = {{output_sink_put}, NULL};
	bool json =
		h->flags & ASA_CTL_JSON && (h->type == ASA_CTL_EXEC || h->type == ASA_CTL_CONFIG);

	c->output = output_new(json);
	if (!c->output) {
		c->broken = true;
		return;
	}
	sink.output = c->output;
	config_result_init(&c->result);
	if (strlen(text) != h->length) {
		c->result.status = CONFIG_REFUSED;
		snprintf(c->result.error, sizeof(c->result.error), "ERROR: NUL byte in the text");
		return;
	}
	switch (h->type) {
	case ASA_CTL_EXEC: client_exec(c, text); break;
	case ASA_CTL_CONFIG: client_config(c, text, h->flags); break;
	case ASA_CTL_HELP: config_help(c->session, text, &sink.sink); break;
	case ASA_CTL_COMPLETE: config_complete(c->session, text, &sink.sink); break;
	}
	/* A refused command shows no empty document. */
	if (c->result.status != CONFIG_OK) {
		size_t len;

		output_finish(c->output);
		output_data(c->output, &len);
		if (json)
			output_consume(c->output, len);
	}
}

/* => true: there is a whole frame at the start of the input; false: wait for more, or refused. */
static bool client_next_frame(struct client *c, struct asa_ctl_header *h)
{
	size_t n = bytes_left(&c->in);

	if (n < sizeof(*h))
		return false;
	memcpy(h, c->in.data + c->in.start, sizeof(*h));
	if (h->magic != ASA_CTL_MAGIC) {
		client_refuse(c, "ERROR: this is the control socket of asad; use asactl");
		return false;
	}
	if (h->version != ASA_CTL_VERSION) {
		client_refuse(c,
			      "ERROR: asactl and asad are of different versions; install the same");
		return false;
	}
	if (h->type < ASA_CTL_EXEC || h->type > ASA_CTL_INTERRUPT) {
		client_refuse(c, "ERROR: unknown request");
		return false;
	}
	if (h->length > ASA_CTL_LENGTH_MAX) {
		client_refuse(c, "ERROR: request too long");
		return false;
	}
	return n - sizeof(*h) >= h->length;
}

static void client_interrupt(struct client *c)
{
	size_t len;

	output_defer(c->output, NULL, NULL, NULL);
	output_data(c->output, &len);
	if (!output_is_json(c->output)) /* a document is completed instead */
		output_consume(c->output, len);
}

/* => true when something was done. */
static bool client_take_request(struct client *c)
{
	struct asa_ctl_header h;
	char *text;

	if (c->closing || !client_next_frame(c, &h))
		return false;
	if (h.type == ASA_CTL_INTERRUPT) {
		/* Also the answer to an interrupt that came just after the end of its command. */
		bytes_consume(&c->in, sizeof(h) + h.length);
		if (c->output)
			client_interrupt(c);
		return true;
	}
	if (c->output)
		return false;
	text = malloc((size_t)h.length + 1);
	if (!text) {
		c->broken = true;
		return false;
	}
	memcpy(text, c->in.data + c->in.start + sizeof(h), h.length);
	text[h.length] = 0;
	bytes_consume(&c->in, sizeof(h) + h.length);
	client_request(c, &h, text);
	free(text);
	return true;
}

/* ------------------------------------------------------------------ readiness */

static void client_read(struct client *c)
{
	struct asa_ctl_header h;
	ssize_t n;

	/* A whole frame that waits for its turn is enough; the socket's buffer keeps the rest. */
	if (c->output && bytes_left(&c->in) > sizeof(h) + READ_MAX)
		return;
	if (!bytes_reserve(&c->in, READ_MAX)) {
		c->broken = true;
		return;
	}
	n = recv(c->fd, c->in.data + c->in.end, READ_MAX, MSG_DONTWAIT);
	if (n > 0)
		c->in.end += (size_t)n;
	else if (n == 0)
		c->eof = true;
	else if (errno != EAGAIN && errno != EINTR)
		c->broken = true;
}

static void client_write(struct client *c)
{
	ssize_t n;

	while (!c->broken && bytes_left(&c->out)) {
		n = send(c->fd, c->out.data + c->out.start, bytes_left(&c->out),
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			bytes_consume(&c->out, (size_t)n);
		else if (n < 0 && errno == EAGAIN)
			return;
		else if (n < 0 && errno != EINTR)
			c->broken = true;
	}
}

/* One piece of work. => false: nothing to do now. */
static bool client_work(struct client *c)
{
	size_t len;

	if (bytes_left(&c->out) >= OUT_HIGH)
		return false;
	if (client_take_request(c))
		return true;
	if (!c->output)
		return false;
	output_data(c->output, &len);
	if (len < OUTPUT_CHUNK && output_pending(c->output))
		output_step(c->output);
	if (!output_pending(c->output))
		output_finish(c->output);
	client_take_output(c);
	output_data(c->output, &len);
	if (!len && !output_pending(c->output))
		client_finish_request(c);
	return true;
}

bool client_event(struct client *c, uint32_t events)
{
	if (events & EPOLLERR)
		return false;
	if (events & (EPOLLIN | EPOLLHUP) && !c->eof)
		client_read(c);
	for (int i = 0; i < STEPS_MAX && !c->broken && client_work(c); i++)
		client_write(c);
	client_write(c);
	if (c->broken || (events & EPOLLHUP && c->eof))
		return false;
	if (bytes_left(&c->out) || c->output)
		return true;
	/* All answers are written; half a frame in the input will never be completed after EOF. */
	return !c->closing && !(c->eof && !client_work(c));
}

uint32_t client_wants(const struct client *c)
{
	struct asa_ctl_header h;
	uint32_t events = 0;
	bool stuffed = c->output && bytes_left(&c->in) > sizeof(h) + READ_MAX;

	if (!c->eof && !c->closing && !stuffed)
		events |= EPOLLIN;
	/* While a command runs or waits, room in the socket is what lets it go on. */
	if (bytes_left(&c->out) || c->output || c->eof || c->closing)
		events |= EPOLLOUT;
	if (bytes_left(&c->in) >= sizeof(h)) {
		memcpy(&h, c->in.data + c->in.start, sizeof(h));
		if (bytes_left(&c->in) - sizeof(h) >= h.length)
			events |= EPOLLOUT;
	}
	return events;
}

int client_fd(const struct client *c)
{
	return c->fd;
}

bool client_has_session(const struct client *c, const struct config_session *s)
{
	return c->session == s;
}

/* ------------------------------------------------------------------ terminal monitor */

static void client_monitor_line(void *arg, const char *line)
{
	struct client *c = arg;
	char text[1100];
	int n;

	/* Between commands only, and a terminal that does not read loses lines, not the daemon. */
	if (c->output || bytes_left(&c->out) > OUT_HIGH / 4) {
		c->monitor_lost++;
		return;
	}
	n = snprintf(text, sizeof(text), "%s\n", line);
	client_answer(c, ASA_CTL_OUTPUT, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1,
		      0, 0);
	client_write(c);
}

int client_monitor(struct client *c, bool on)
{
	int err = 0;

	if (on == c->monitor)
		return 0;
	if (on)
		err = syslog_monitor_add(c->a->syslog, client_monitor_line, c);
	else
		syslog_monitor_del(c->a->syslog, c);
	if (!err)
		c->monitor = on;
	return err;
}

/* ------------------------------------------------------------------ life cycle */

struct client *client_new(struct asa *a, int fd)
{
	struct client *c = calloc(1, sizeof(*c));
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t len = sizeof(cred);

	if (!c)
		return NULL;
	c->a = a;
	c->fd = fd;
	c->session = config_session_new(a->config, CONFIG_MODE_PRIV);
	if (!c->session) {
		free(c);
		return NULL;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
		c->uid = cred.uid;
	return c;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	client_monitor(c, false);
	if (c->output) {
		output_free(c->output);
		config_result_fini(&c->result);
	}
	config_session_free(c->session);
	close(c->fd);
	free(c->in.data);
	free(c->out.data);
	free(c);
}
