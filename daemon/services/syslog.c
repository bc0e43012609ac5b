// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages: filter, ring, lines, destinations.
 *
 * Any thread: syslog_msg() looks the id up in a small hash table whose rows say, as one atomic
 * byte, which destinations want it; nobody: the call ends there. Otherwise it claims a record of
 * the ring, formats into it and publishes it. The ring is bounded; a producer that finds it full
 * counts the loss and goes on.
 * Main thread: syslog_flush() takes records out, makes the lines and hands them to the buffer, the
 * console, the terminal sessions and the servers.
 *
 * Races: a message that is being logged while the filter changes goes by the old or the new one.
 * A producer that is descheduled between claim and publication holds back the records behind it;
 * worst result: they are delivered later, or lost and counted when the ring fills.
 *
 * Life cycle, threads: syslog.h.
 */
#include "services/syslog.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "services/logbuf.h"
#include "services/syslog_send.h"

#define TABLE_SIZE 512 /* power of two, several times the number of ids */
#define MONITORS_MAX 16
#define LINE_MAX_BYTES 1024
#define FLUSH_MAX 8192 /* records per call */
#define BUFFER_MAX (1 << 20)

enum { DEST_TRAP = 1, DEST_BUFFER = 2, DEST_CONSOLE = 4, DEST_MONITOR = 8 };

struct syslog_id {
	uint32_t id; /* 0: free row */
	uint8_t severity; /* by default */
	/* Main thread writes, all read. Bits: 0x80 disabled, 0x70 severity, 0x0f destinations. */
	_Atomic uint8_t filter;
	_Atomic uint8_t rate; /* row of 'rates' + 1; 0: not limited */
};

/* "logging rate-limit": so many messages in an interval that begins with the first. */
struct syslog_rate {
	_Atomic uint32_t messages, interval_s; /* main thread writes */
	_Atomic uint64_t window; /* start in seconds << 32 | messages so far */
};

struct syslog_record {
	_Atomic uint32_t turn; /* whose turn the record is: see ring_claim() */
	uint32_t id;
	int64_t sec;
	int32_t nsec;
	uint16_t len;
	uint8_t severity;
	uint8_t dest;
	char text[SYSLOG_TEXT_MAX];
};
_Static_assert(sizeof(struct syslog_record) == 512, "a record is eight cache lines");

struct syslog_monitor {
	syslog_monitor_cb *cb;
	void *arg;
};

struct syslog {
	struct syslog_id table[TABLE_SIZE];
	/* ring */
	struct syslog_record *ring;
	uint32_t mask;
	_Alignas(64) _Atomic uint32_t head; /* producers */
	struct syslog_rate rates[MODEL_LOG_RATES];
	_Atomic uint8_t level_dest[8]; /* destinations of each severity */
	_Atomic uint64_t lost_ring;
	_Atomic uint64_t limited;
	_Atomic uint64_t logged;
	_Alignas(64) uint32_t tail; /* main thread */
	/* settings, main thread only */
	struct model_logging conf; /* without the vector */
	char hostname[MODEL_NAME_MAX];
	char device_address[64];
	struct syslog_server servers[MODEL_LOG_HOSTS];
	struct logbuf *buffer;
	struct syslog_monitor monitors[MONITORS_MAX];
	int n_monitors;
	uint64_t n_trap, n_buffer, n_console, n_monitor, lost_console;
	uint64_t closed_sent, closed_lost_udp, closed_lost_tcp; /* of servers that are gone */
	time_t stamp_sec;
	char stamp[40];
};

/* ------------------------------------------------------------------ ids */

static uint32_t table_hash(uint32_t id)
{
	return (id * 2654435761u) >> 23 & (TABLE_SIZE - 1);
}

static const struct syslog_id *table_find(const struct syslog *s, uint32_t id)
{
	for (uint32_t i = table_hash(id);; i = (i + 1) & (TABLE_SIZE - 1)) {
		if (s->table[i].id == id)
			return &s->table[i];
		if (s->table[i].id == 0)
			return NULL;
	}
}

static void table_fill(struct syslog *s)
{
	const char *form;
	uint32_t id, at;
	int severity;

	for (size_t i = 0; syslog_message_at(i, &id, &severity, &form); i++) {
		for (at = table_hash(id); s->table[at].id; at = (at + 1) & (TABLE_SIZE - 1))
			;
		s->table[at].id = id;
		s->table[at].severity = (uint8_t)severity;
	}
}

/* Which destinations want a message of this severity now. */
static uint8_t syslog_destinations(const struct syslog *s, int severity)
{
	const struct model_logging *l = &s->conf;
	uint8_t dest = 0;

	if (!l->enable)
		return 0;
	if (l->n_hosts && severity <= l->trap)
		dest |= DEST_TRAP;
	if (severity <= l->buffered)
		dest |= DEST_BUFFER;
	if (severity <= l->console)
		dest |= DEST_CONSOLE;
	if (s->n_monitors && severity <= l->monitor)
		dest |= DEST_MONITOR;
	return dest;
}

/* Work the filter of every id out again; changes by id are in the model at configure time only. */
static void syslog_refilter(struct syslog *s)
{
	for (int level = 0; level < 8; level++)
		atomic_store_explicit(&s->level_dest[level], syslog_destinations(s, level),
				      memory_order_relaxed);
	for (int i = 0; i < TABLE_SIZE; i++) {
		struct syslog_id *t = &s->table[i];
		uint8_t f = atomic_load_explicit(&t->filter, memory_order_relaxed);
		int severity = f >> 4 & 7;
		bool disabled = f & 0x80;

		if (!t->id)
			continue;
		f = (uint8_t)(severity << 4 | (disabled ? 0x80 : syslog_destinations(s, severity)));
		atomic_store_explicit(&t->filter, f, memory_order_relaxed);
	}
}

static void syslog_apply_changes(struct syslog *s, const struct model_logging *l)
{
	for (int i = 0; i < TABLE_SIZE; i++) {
		struct syslog_id *t = &s->table[i];
		uint8_t f = (uint8_t)(t->severity << 4);

		for (size_t k = 0; t->id && k < l->messages.n; k++) {
			if (l->messages.v[k].id != t->id)
				continue;
			if (l->messages.v[k].level >= 0 && l->messages.v[k].level <= 7)
				f = (uint8_t)(l->messages.v[k].level << 4 | (f & 0x80));
			if (l->messages.v[k].disabled)
				f |= 0x80;
		}
		atomic_store_explicit(&t->filter, f, memory_order_relaxed);
	}
	syslog_refilter(s);
}

/* The limit of each id: its own, or else that of its severity. */
static void syslog_apply_rates(struct syslog *s, const struct model_logging *l)
{
	for (int k = 0; k < l->n_rates; k++) {
		atomic_store_explicit(&s->rates[k].messages, l->rates[k].messages,
				      memory_order_relaxed);
		atomic_store_explicit(&s->rates[k].interval_s, l->rates[k].interval_s,
				      memory_order_relaxed);
	}
	for (int i = 0; i < TABLE_SIZE; i++) {
		struct syslog_id *t = &s->table[i];
		int severity = atomic_load_explicit(&t->filter, memory_order_relaxed) >> 4 & 7;
		int row = 0;

		for (int k = 0; t->id && k < l->n_rates; k++)
			if (l->rates[k].id == t->id || (!row && l->rates[k].level == severity))
				row = k + 1;
		atomic_store_explicit(&t->rate, (uint8_t)row, memory_order_relaxed);
	}
}

/* Severity and destinations of a message, as in syslog_id.filter. */
static uint8_t filter_at(const struct syslog *s, const struct syslog_id *t, int level)
{
	uint8_t f = atomic_load_explicit(&t->filter, memory_order_relaxed);

	if (level < 0 || level > 7 || f & 0x80)
		return f;
	return (uint8_t)(level << 4 |
			 atomic_load_explicit(&s->level_dest[level], memory_order_relaxed));
}

bool syslog_wants_level(const struct syslog *s, uint32_t id, int level)
{
	const struct syslog_id *t = s && id ? table_find(s, id) : NULL;

	return t && (filter_at(s, t, level) & 0x0f);
}

bool syslog_wants(const struct syslog *s, uint32_t id)
{
	return syslog_wants_level(s, id, -1);
}

/* ------------------------------------------------------------------ ring, any thread */

/*
 * Record r may be filled by the producer that claims position p when turn == p, and read when
 * turn == p + 1; the reader sets p + size, which is the turn of the next round.
 */
static struct syslog_record *ring_claim(struct syslog *s, uint32_t *position)
{
	uint32_t p = atomic_load_explicit(&s->head, memory_order_relaxed);

	for (;;) {
		struct syslog_record *r = &s->ring[p & s->mask];
		int32_t turn = (int32_t)(atomic_load_explicit(&r->turn, memory_order_acquire) - p);

		if (turn < 0)
			return NULL;
		if (turn > 0) {
			p = atomic_load_explicit(&s->head, memory_order_relaxed);
			continue;
		}
		if (atomic_compare_exchange_weak_explicit(&s->head, &p, p + 1, memory_order_relaxed,
							  memory_order_relaxed)) {
			*position = p;
			return r;
		}
	}
}

static bool rate_allows(struct syslog_rate *r)
{
	uint32_t max = atomic_load_explicit(&r->messages, memory_order_relaxed);
	uint32_t interval = atomic_load_explicit(&r->interval_s, memory_order_relaxed);
	uint64_t w = atomic_load_explicit(&r->window, memory_order_relaxed), next;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	do {
		if ((uint32_t)now.tv_sec - (uint32_t)(w >> 32) >= interval)
			next = (uint64_t)(uint32_t)now.tv_sec << 32 | 1;
		else if ((uint32_t)w >= max)
			return false;
		else
			next = w + 1;
	} while (!atomic_compare_exchange_weak_explicit(&r->window, &w, next, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

static void msg_va(struct syslog *s, uint32_t id, int level, const char *fmt, va_list ap)
{
	const struct syslog_id *t = s && id ? table_find(s, id) : NULL;
	struct syslog_record *r;
	struct timespec now;
	uint32_t position;
	uint8_t filter, rate;
	int n;

	if (!t)
		return;
	filter = filter_at(s, t, level);
	if (!(filter & 0x0f))
		return;
	rate = atomic_load_explicit(&t->rate, memory_order_relaxed);
	if (rate && !rate_allows(&s->rates[rate - 1])) {
		atomic_fetch_add_explicit(&s->limited, 1, memory_order_relaxed);
		return;
	}
	r = ring_claim(s, &position);
	if (!r) {
		atomic_fetch_add_explicit(&s->lost_ring, 1, memory_order_relaxed);
		return;
	}
	clock_gettime(CLOCK_REALTIME_COARSE, &now); /* read from the vdso: no system call */
	r->id = id;
	r->sec = now.tv_sec;
	r->nsec = (int32_t)now.tv_nsec;
	r->severity = filter >> 4 & 7;
	r->dest = filter & 0x0f;
	n = vsnprintf(r->text, sizeof(r->text), fmt, ap);
	if (n < 0)
		n = 0;
	if (n >= (int)sizeof(r->text))
		n = sizeof(r->text) - 1;
	r->len = (uint16_t)n;
	atomic_fetch_add_explicit(&s->logged, 1, memory_order_relaxed);
	atomic_store_explicit(&r->turn, position + 1, memory_order_release);
}

void syslog_msg(struct syslog *s, uint32_t id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	msg_va(s, id, -1, fmt, ap);
	va_end(ap);
}

void syslog_msg_level(struct syslog *s, uint32_t id, int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	msg_va(s, id, level, fmt, ap);
	va_end(ap);
}

/* ------------------------------------------------------------------ lines, main thread */

/* Names and texts may come from the network: a line must stay a line. */
static void text_clean(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = '.';
}

static const char *syslog_stamp(struct syslog *s, const struct syslog_record *r)
{
	time_t t = (time_t)r->sec;
	struct tm tm;

	if (!s->conf.timestamp)
		return "";
	if (t == s->stamp_sec && s->stamp[0])
		return s->stamp;
	if (s->conf.rfc5424_timestamp) {
		gmtime_r(&t, &tm);
		strftime(s->stamp, sizeof(s->stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	} else {
		localtime_r(&t, &tm);
		strftime(s->stamp, sizeof(s->stamp), "%b %d %Y %H:%M:%S", &tm);
	}
	s->stamp_sec = t;
	return s->stamp;
}

/* What "logging device-id" puts in front of the colon; "" for nothing. */
static const char *syslog_device_id(const struct syslog *s)
{
	const char *words = s->conf.device_id;

	if (strncmp(words, "hostname", 8) == 0)
		return s->hostname;
	if (strncmp(words, "string ", 7) == 0)
		return words + 7;
	if (strncmp(words, "ipaddress", 9) == 0)
		return s->device_address;
	if (strncmp(words, "context-name", 12) == 0)
		return "system";
	return "";
}

/* "Jul 23 2025 23:59:09 HOST : %ASA-6-302013: text"; without the parts that are not configured. */
static int syslog_format(struct syslog *s, const struct syslog_record *r, const char *device,
			 char *buf, size_t size)
{
	const char *stamp = syslog_stamp(s, r);
	const char *colon = "";
	int n;

	if (device[0])
		colon = " : ";
	else if (stamp[0])
		colon = ": ";
	n = snprintf(buf, size, "%s%s%s%s%%ASA-%d-%06u: %s", stamp,
		     stamp[0] && device[0] ? " " : "", device, colon, r->severity, r->id, r->text);
	return n < (int)size ? n : (int)size - 1;
}

/* RFC 5424 section 6: PRI VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID SD MSG */
static int syslog_format_5424(struct syslog *s, const struct syslog_record *r, char *buf,
			      size_t size)
{
	const char *device = syslog_device_id(s);
	const char *host = device[0] ? device : s->hostname;
	time_t t = (time_t)r->sec;
	char stamp[32];
	struct tm tm;
	int n;

	gmtime_r(&t, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(buf, size, "<%d>1 %s.%06dZ %s ASA - %06u - %%ASA-%d-%06u: %s",
		     s->conf.facility * 8 + r->severity, stamp, r->nsec / 1000,
		     host[0] && !strchr(host, ' ') ? host : "-", r->id, r->severity, r->id,
		     r->text);
	return n < (int)size ? n : (int)size - 1;
}

/* The terminal may be stopped; it must not stop the daemon. */
static void syslog_console(struct syslog *s, const char *line, int len)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
	char buf[LINE_MAX_BYTES + 1];

	/* A writable pipe takes PIPE_BUF (4096) bytes at once: more than a line. */
	if (poll(&p, 1, 0) <= 0 || !(p.revents & POLLOUT)) {
		s->lost_console++;
		return;
	}
	memcpy(buf, line, (size_t)len);
	buf[len] = '\n';
	if (write(STDERR_FILENO, buf, (size_t)len + 1) != len + 1)
		s->lost_console++;
	else
		s->n_console++;
}

struct syslog_batch {
	char classic[SYSLOG_BATCH][LINE_MAX_BYTES], rfc5424[SYSLOG_BATCH][LINE_MAX_BYTES];
	struct syslog_line line[SYSLOG_BATCH], line5424[SYSLOG_BATCH];
	int n;
};

static void syslog_send_batch(struct syslog *s, struct syslog_batch *b)
{
	for (int i = 0; i < MODEL_LOG_HOSTS && b->n; i++) {
		struct syslog_server *v = &s->servers[i];

		if (v->used)
			syslog_server_send(v, v->host.rfc5424 ? b->line5424 : b->line, b->n);
	}
	s->n_trap += (uint64_t)b->n;
	b->n = 0;
}

static void syslog_add_trap(struct syslog *s, const struct syslog_record *r, struct syslog_batch *b)
{
	char *line = b->classic[b->n];
	int n = snprintf(line, LINE_MAX_BYTES, "<%d>", s->conf.facility * 8 + r->severity);

	n += syslog_format(s, r, syslog_device_id(s), line + n, LINE_MAX_BYTES - (size_t)n);
	b->line[b->n] = (struct syslog_line){line, (size_t)n};
	n = syslog_format_5424(s, r, b->rfc5424[b->n], LINE_MAX_BYTES);
	b->line5424[b->n] = (struct syslog_line){b->rfc5424[b->n], (size_t)n};
	if (++b->n == SYSLOG_BATCH)
		syslog_send_batch(s, b);
}

static void syslog_deliver(struct syslog *s, struct syslog_record *r, struct syslog_batch *b)
{
	char line[LINE_MAX_BYTES];
	int n;

	text_clean(r->text, r->len);
	if (r->dest & (DEST_BUFFER | DEST_CONSOLE | DEST_MONITOR)) {
		n = syslog_format(s, r, "", line, sizeof(line));
		if (r->dest & DEST_BUFFER && s->buffer) {
			logbuf_add(s->buffer, line, (size_t)n);
			s->n_buffer++;
		}
		if (r->dest & DEST_CONSOLE)
			syslog_console(s, line, n);
		for (int i = 0; r->dest & DEST_MONITOR && i < s->n_monitors; i++)
			s->monitors[i].cb(s->monitors[i].arg, line);
		if (r->dest & DEST_MONITOR)
			s->n_monitor++;
	}
	if (r->dest & DEST_TRAP)
		syslog_add_trap(s, r, b);
}

static uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void syslog_flush(struct syslog *s)
{
	static struct syslog_batch batch; /* 64 KB; main thread only, empty between calls */
	uint64_t now_ms;
	int i;

	if (!s)
		return;
	for (i = 0; i < FLUSH_MAX; i++) {
		struct syslog_record *r = &s->ring[s->tail & s->mask];

		if (atomic_load_explicit(&r->turn, memory_order_acquire) != s->tail + 1)
			break;
		syslog_deliver(s, r, &batch);
		atomic_store_explicit(&r->turn, s->tail + s->mask + 1, memory_order_release);
		s->tail++;
	}
	syslog_send_batch(s, &batch);
	now_ms = clock_ms();
	for (i = 0; i < MODEL_LOG_HOSTS; i++)
		syslog_server_poll(&s->servers[i], now_ms);
}

/* ------------------------------------------------------------------ life cycle, settings */

struct syslog *syslog_new(unsigned int n_records)
{
	struct syslog *s = aligned_alloc(64, sizeof(*s));
	uint32_t size = 2;

	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	while (size < (n_records ? n_records : SYSLOG_RECORDS_DEFAULT) && size < 1u << 20)
		size *= 2;
	s->mask = size - 1;
	s->ring = calloc(size, sizeof(*s->ring));
	s->buffer = logbuf_new(4096);
	if (!s->ring || !s->buffer) {
		free(s->ring);
		logbuf_free(s->buffer);
		free(s);
		return NULL;
	}
	for (uint32_t i = 0; i < size; i++)
		atomic_init(&s->ring[i].turn, i);
	for (int i = 0; i < MODEL_LOG_HOSTS; i++)
		s->servers[i].fd = -1;
	s->conf.trap = s->conf.buffered = s->conf.console = s->conf.monitor = -1;
	s->conf.facility = 20;
	table_fill(s);
	return s;
}

static void syslog_drop_server(struct syslog *s, struct syslog_server *v)
{
	if (!v->used)
		return;
	s->closed_sent += v->n_sent;
	if (v->host.tcp)
		s->closed_lost_tcp += v->n_lost;
	else
		s->closed_lost_udp += v->n_lost;
	syslog_server_close(v);
}

void syslog_free(struct syslog *s)
{
	if (!s)
		return;
	syslog_flush(s);
	for (int i = 0; i < MODEL_LOG_HOSTS; i++)
		syslog_drop_server(s, &s->servers[i]);
	logbuf_free(s->buffer);
	free(s->ring);
	free(s);
}

static bool same_host(const struct model_log_host *a, const struct model_log_host *b)
{
	return asa_addr_equal(&a->addr, &b->addr) && a->tcp == b->tcp && a->port == b->port;
}

/* Servers that stay keep their socket and backlog, in whatever row they are. */
static int syslog_configure_servers(struct syslog *s, const struct model_logging *l)
{
	bool known[MODEL_LOG_HOSTS] = {false};
	int err = 0, ret;

	for (int i = 0; i < MODEL_LOG_HOSTS; i++) {
		struct syslog_server *v = &s->servers[i];
		bool keep = false;

		for (int k = 0; v->used && k < l->n_hosts && !keep; k++) {
			if (known[k] || !same_host(&v->host, &l->hosts[k]))
				continue;
			v->host = l->hosts[k];
			known[k] = keep = true;
		}
		if (!keep)
			syslog_drop_server(s, v);
	}
	for (int k = 0; k < l->n_hosts && k < MODEL_LOG_HOSTS; k++) {
		for (int i = 0; !known[k] && i < MODEL_LOG_HOSTS; i++) {
			if (s->servers[i].used)
				continue;
			ret = syslog_server_open(&s->servers[i], &l->hosts[k]);
			if (ret)
				err = ret;
			known[k] = true;
		}
	}
	return err;
}

int syslog_configure(struct syslog *s, const struct model_logging *l, const char *hostname)
{
	size_t size = l->buffer_size > 0 ? (size_t)l->buffer_size : 4096;
	int err, ret;

	s->conf = *l;
	memset(&s->conf.messages, 0, sizeof(s->conf.messages));
	snprintf(s->hostname, sizeof(s->hostname), "%s", hostname ? hostname : "");
	s->stamp[0] = 0;
	err = syslog_configure_servers(s, l);
	ret = logbuf_resize(s->buffer, size < BUFFER_MAX ? size : BUFFER_MAX);
	if (ret)
		err = ret;
	syslog_apply_changes(s, l);
	syslog_apply_rates(s, l);
	return err;
}

void syslog_set_device_address(struct syslog *s, const char *address)
{
	snprintf(s->device_address, sizeof(s->device_address), "%s", address);
}

int syslog_monitor_add(struct syslog *s, syslog_monitor_cb *cb, void *arg)
{
	if (s->n_monitors == MONITORS_MAX)
		return -ENOSPC;
	s->monitors[s->n_monitors++] = (struct syslog_monitor){cb, arg};
	syslog_refilter(s);
	return 0;
}

void syslog_monitor_del(struct syslog *s, void *arg)
{
	for (int i = 0; i < s->n_monitors; i++) {
		if (s->monitors[i].arg != arg)
			continue;
		s->monitors[i--] = s->monitors[--s->n_monitors];
	}
	syslog_refilter(s);
}

void syslog_clear_buffer(struct syslog *s)
{
	logbuf_clear(s->buffer);
}

void syslog_counters(const struct syslog *s, struct syslog_counters *c)
{
	*c = (struct syslog_counters){
		.logged = atomic_load_explicit(&s->logged, memory_order_relaxed),
		.lost_ring = atomic_load_explicit(&s->lost_ring, memory_order_relaxed),
		.limited = atomic_load_explicit(&s->limited, memory_order_relaxed),
		.sent = s->closed_sent,
		.lost_udp = s->closed_lost_udp,
		.lost_tcp = s->closed_lost_tcp,
		.lost_console = s->lost_console,
		.to_servers = s->n_trap,
		.to_buffer = s->n_buffer,
		.to_console = s->n_console,
		.to_monitor = s->n_monitor,
	};
	for (int i = 0; i < MODEL_LOG_HOSTS; i++) {
		c->sent += s->servers[i].n_sent;
		*(s->servers[i].host.tcp ? &c->lost_tcp : &c->lost_udp) += s->servers[i].n_lost;
	}
}

/* ------------------------------------------------------------------ for show logging */

const struct model_logging *syslog_settings(const struct syslog *s)
{
	return &s->conf;
}

bool syslog_server_at(const struct syslog *s, size_t i, struct syslog_server_info *info)
{
	for (size_t k = 0; k < MODEL_LOG_HOSTS; k++) {
		const struct syslog_server *v = &s->servers[k];

		if (!v->used || i--)
			continue;
		info->host = &v->host;
		info->sent = v->n_sent;
		info->lost = v->n_lost;
		info->connected = v->connected;
		return true;
	}
	return false;
}

size_t syslog_buffer_piece(const struct syslog *s, int i, const char **text)
{
	return logbuf_piece(s->buffer, i, text);
}
