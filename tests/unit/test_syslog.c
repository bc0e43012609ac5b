// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/services/syslog.o daemon/services/syslog_ids.o daemon/services/syslog_send.o
 * daemon/services/logbuf.o */
/*
 * Messages (OBS-3): forms on the wire, filters, level changes, the ring when it overflows, servers
 * that are slow or away. Servers are sockets of this process on the loopback address.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/cunit.h"
#include "services/syslog.h"

static struct model_logging logging_on(void)
{
	return (struct model_logging){
		.enable = true,
		.trap = -1,
		.buffered = 7,
		.console = -1,
		.monitor = -1,
		.facility = 20,
		.buffer_size = 4096,
	};
}

/* A server's socket; its port goes into 'h'. */
static int server(struct model_log_host *h, bool tcp)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0);

	CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&sin, len) == 0);
	CU_ASSERT_FATAL(!tcp || listen(fd, 4) == 0);
	getsockname(fd, (struct sockaddr *)&sin, &len);
	memset(h, 0, sizeof(*h));
	asa_addr_set_v4(&h->addr, htonl(INADDR_LOOPBACK));
	h->port = ntohs(sin.sin_port);
	h->tcp = tcp;
	return fd;
}

static void nap(void)
{
	nanosleep(&(struct timespec){0, 2000000}, NULL);
}

static bool matches(const char *text, const char *pattern)
{
	regex_t re;
	bool ok;

	CU_ASSERT_FATAL(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) == 0);
	ok = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	if (!ok)
		printf("      \"%s\" is not like \"%s\"\n", text, pattern);
	return ok;
}

/* The buffer as one string. */
static const char *buffer(struct syslog *s)
{
	static char all[1 << 16];
	const char *text;
	size_t at = 0, n;

	syslog_flush(s);
	for (int i = 0; i < 2; i++) {
		n = syslog_buffer_piece(s, i, &text);
		memcpy(all + at, text, n);
		at += n;
	}
	all[at] = 0;
	return all;
}

static void ids_are_sorted_and_known(void)
{
	uint32_t id, last = 0;
	const char *form;
	int severity;

	for (size_t i = 0; syslog_message_at(i, &id, &severity, &form); i++) {
		CU_ASSERT_TRUE(id > last);
		CU_ASSERT_TRUE(severity >= 0 && severity <= 7);
		CU_ASSERT_EQUAL(syslog_severity(id), severity);
		CU_ASSERT_TRUE(strlen(form) > 5);
		last = id;
	}
	CU_ASSERT_EQUAL(syslog_severity(302013), 6);
	CU_ASSERT_EQUAL(syslog_severity(106023), 4);
	CU_ASSERT_EQUAL(syslog_severity(106001), 2);
	CU_ASSERT_EQUAL(syslog_severity(313004), 4);
	CU_ASSERT_EQUAL(syslog_severity(302303), 6);
	CU_ASSERT_EQUAL(syslog_severity(123456), -1);
	CU_ASSERT_EQUAL(syslog_severity(0), -1);
}

/* OBS-3: what one message looks like at a server under each setting. */
static void forms_on_the_wire(void)
{
	static const struct {
		bool timestamp, rfc_stamp, rfc5424;
		const char *device_id;
		int facility;
		const char *pattern;
	} rows[] = {
		/* stamp  5424st  5424   device-id          fac  what the server gets */
		{false, false, false, "", 20, "^<166>%ASA-6-302013: Built x$"},
		{true, false, false, "", 20,
		 "^<166>[A-Z][a-z][a-z] [0-9]{2} [0-9]{4} [0-9:]{8}: %ASA-6-302013: Built x$"},
		{true, false, false, "hostname", 20,
		 "^<166>[A-Z][a-z][a-z] [0-9]{2} [0-9]{4} [0-9:]{8} fw1 : %ASA-6-302013: Built x$"},
		{false, false, false, "string edge-1", 20,
		 "^<166>edge-1 : %ASA-6-302013: Built x$"},
		{true, true, false, "", 20,
		 "^<166>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z: %ASA-6-302013: Built x$"},
		{false, false, true, "", 16,
		 "^<134>1 [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}Z fw1 ASA - 302013 - "
		 "%ASA-6-302013: Built x$"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct model_logging l = logging_on();
		struct syslog *s = syslog_new(0);
		char got[1024];
		ssize_t n;
		int fd;

		l.trap = 6;
		l.n_hosts = 1;
		l.timestamp = rows[i].timestamp;
		l.rfc5424_timestamp = rows[i].rfc_stamp;
		l.facility = rows[i].facility;
		strcpy(l.device_id, rows[i].device_id);
		fd = server(&l.hosts[0], false);
		l.hosts[0].rfc5424 = rows[i].rfc5424;
		CU_ASSERT_EQUAL(syslog_configure(s, &l, "fw1"), 0);
		syslog_msg(s, 302013, "Built %s", "x");
		syslog_flush(s);
		n = recv(fd, got, sizeof(got) - 1, 0);
		CU_ASSERT_FATAL(n > 0);
		got[n] = 0;
		CU_ASSERT_TRUE(matches(got, rows[i].pattern));
		syslog_free(s);
		close(fd);
	}
}

/* OBS-3: enable, levels, "no logging message ID", "logging message ID level N". */
static void filters(void)
{
	struct model_log_msg disabled = {313004, -1, true}, changed = {302013, 3, false};
	struct model_logging l = logging_on();
	struct syslog *s = syslog_new(64);

	CU_ASSERT_FALSE(syslog_wants(s, 302013));
	CU_ASSERT_FALSE(syslog_wants(NULL, 302013));
	syslog_msg(NULL, 302013, "nobody");
	syslog_configure(s, &l, "fw1");
	CU_ASSERT_TRUE(syslog_wants(s, 302013));
	CU_ASSERT_TRUE(syslog_wants(s, 609001));
	CU_ASSERT_FALSE(syslog_wants(s, 999999));
	CU_ASSERT_FALSE(syslog_wants(s, 0));
	l.buffered = 4;
	syslog_configure(s, &l, "fw1");
	CU_ASSERT_FALSE(syslog_wants(s, 302013));
	CU_ASSERT_TRUE(syslog_wants(s, 313004));
	l.messages.v = (void *)&disabled;
	l.messages.n = 1;
	syslog_configure(s, &l, "fw1");
	CU_ASSERT_FALSE(syslog_wants(s, 313004));
	CU_ASSERT_TRUE(syslog_wants(s, 106023));
	l.messages.v = (void *)&changed;
	syslog_configure(s, &l, "fw1");
	CU_ASSERT_TRUE(syslog_wants(s, 302013));
	CU_ASSERT_TRUE(syslog_wants(s, 313004));
	syslog_msg(s, 302013, "raised");
	syslog_msg(s, 302014, "still too low");
	CU_ASSERT_STRING_EQUAL(buffer(s), "%ASA-3-302013: raised\n");
	l.enable = false;
	syslog_configure(s, &l, "fw1");
	CU_ASSERT_FALSE(syslog_wants(s, 302013));
	/* Servers count as a destination only when there is one. */
	l = logging_on();
	l.buffered = -1;
	l.trap = 7;
	syslog_configure(s, &l, "fw1");
	CU_ASSERT_FALSE(syslog_wants(s, 302013));
	syslog_free(s);
}

/* OBS-3: "logging rate-limit": by id, by level; an id's own limit comes first. */
static void rate_limits(void)
{
	struct model_logging l = logging_on();
	struct syslog *s = syslog_new(1024);
	struct syslog_counters c;

	l.n_rates = 2;
	l.rates[0] = (struct model_log_rate){.level = 6, .messages = 10, .interval_s = 1000};
	l.rates[1] = (struct model_log_rate){
		.id = 302013, .level = -1, .messages = 3, .interval_s = 1000};
	syslog_configure(s, &l, "fw1");
	for (int i = 0; i < 20; i++) {
		syslog_msg(s, 302013, "own limit");
		syslog_msg(s, 302014, "limit of the level");
		syslog_msg(s, 302015, "limit of the level, too");
		syslog_msg(s, 106023, "no limit");
	}
	syslog_flush(s);
	syslog_counters(s, &c);
	CU_ASSERT_EQUAL(c.to_buffer, 3 + 10 + 20);
	CU_ASSERT_EQUAL(c.limited, 80 - 33);
	CU_ASSERT_EQUAL(c.lost_ring, 0);
	/* A limit of one second is over after it; without limits everything passes. */
	l.rates[1].interval_s = 1;
	syslog_configure(s, &l, "fw1");
	nanosleep(&(struct timespec){1, 20000000}, NULL);
	syslog_msg(s, 302013, "again");
	l.n_rates = 0;
	syslog_configure(s, &l, "fw1");
	for (int i = 0; i < 20; i++)
		syslog_msg(s, 302013, "free");
	syslog_flush(s);
	syslog_counters(s, &c);
	CU_ASSERT_EQUAL(c.to_buffer, 33 + 21);
	syslog_free(s);
}

static void ring_overflow_is_counted(void)
{
	struct model_logging l = logging_on();
	struct syslog *s = syslog_new(64);
	struct syslog_counters c;

	syslog_configure(s, &l, "fw1");
	for (int i = 0; i < 100; i++)
		syslog_msg(s, 302013, "n %d", i);
	syslog_counters(s, &c);
	CU_ASSERT_EQUAL(c.logged, 64);
	CU_ASSERT_EQUAL(c.lost_ring, 36);
	CU_ASSERT_TRUE(strstr(buffer(s), "n 63\n") != NULL);
	CU_ASSERT_TRUE(strstr(buffer(s), "n 64\n") == NULL);
	/* Room again after the flush, many rounds of the ring. */
	for (int i = 0; i < 1000; i++) {
		syslog_msg(s, 302013, "m %d", i);
		syslog_flush(s);
	}
	syslog_counters(s, &c);
	CU_ASSERT_EQUAL(c.logged, 1064);
	CU_ASSERT_EQUAL(c.lost_ring, 36);
	CU_ASSERT_EQUAL(c.to_buffer, 1064);
	CU_ASSERT_TRUE(strstr(buffer(s), "m 999\n") != NULL);
	syslog_free(s);
}

static void *producer(void *arg)
{
	for (int i = 0; i < 20000; i++)
		syslog_msg(arg, 302013, "%0100d", i);
	return NULL;
}

/* Several threads log while the main thread delivers: every message is delivered or counted. */
static void threads_lose_nothing_uncounted(void)
{
	struct model_logging l = logging_on();
	struct syslog *s = syslog_new(256);
	struct syslog_counters c;
	pthread_t t[3];

	syslog_configure(s, &l, "fw1");
	for (int i = 0; i < 3; i++)
		CU_ASSERT_FATAL(pthread_create(&t[i], NULL, producer, s) == 0);
	for (int i = 0; i < 200; i++) {
		syslog_flush(s);
		sched_yield();
	}
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	syslog_flush(s);
	syslog_counters(s, &c);
	CU_ASSERT_EQUAL(c.logged + c.lost_ring, 60000);
	CU_ASSERT_EQUAL(c.to_buffer, c.logged);
	syslog_free(s);
}

static void long_and_hostile_texts_stay_one_line(void)
{
	struct model_logging l = logging_on();
	struct syslog *s = syslog_new(64);
	char text[2000];

	syslog_configure(s, &l, "fw1");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	syslog_msg(s, 302013, "%s", text);
	CU_ASSERT_EQUAL(strlen(buffer(s)), strlen("%ASA-6-302013: ") + SYSLOG_TEXT_MAX - 1 + 1);
	syslog_clear_buffer(s);
	syslog_msg(s, 302013, "a\nb\x1b[2Jc\r");
	CU_ASSERT_STRING_EQUAL(buffer(s), "%ASA-6-302013: a.b.[2Jc.\n");
	syslog_free(s);
}

/* The buffer keeps the newest whole lines, also when its size changes. */
static void buffer_keeps_the_newest_lines(void)
{
	struct model_logging l = logging_on();
	struct syslog *s = syslog_new(1024);
	const char *text;

	l.buffer_size = 200;
	syslog_configure(s, &l, "fw1");
	for (int i = 0; i < 100; i++)
		syslog_msg(s, 302013, "number %02d", i);
	text = buffer(s);
	CU_ASSERT_TRUE(strlen(text) <= 200 && strlen(text) > 150);
	CU_ASSERT_EQUAL(strncmp(text, "%ASA-6-302013: number ", 22), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "number 99\n"));
	l.buffer_size = 60;
	syslog_configure(s, &l, "fw1");
	CU_ASSERT_STRING_EQUAL(buffer(s), "%ASA-6-302013: number 98\n%ASA-6-302013: number 99\n");
	l.buffer_size = 4096;
	syslog_configure(s, &l, "fw1");
	syslog_msg(s, 302013, "more");
	CU_ASSERT_STRING_EQUAL(
		buffer(s),
		"%ASA-6-302013: number 98\n%ASA-6-302013: number 99\n%ASA-6-302013: more\n");
	syslog_clear_buffer(s);
	CU_ASSERT_STRING_EQUAL(buffer(s), "");
	syslog_free(s);
}

/* OBS-3: a dead UDP server costs nothing; it is heard of again when it comes back. */
static void udp_server_away_and_back(void)
{
	struct model_logging l = logging_on();
	struct syslog *s = syslog_new(64);
	struct model_log_host h;
	char got[256];
	int fd;

	fd = server(&l.hosts[0], false);
	h = l.hosts[0];
	l.n_hosts = 1;
	l.trap = 6;
	syslog_configure(s, &l, "fw1");
	close(fd);
	for (int i = 0; i < 20; i++) {
		syslog_msg(s, 302013, "lost %d", i);
		syslog_flush(s);
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in sin = {.sin_family = AF_INET,
				  .sin_port = htons(h.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	for (int i = 0; i < 3; i++)
		syslog_msg(s, 302013, "heard %d", i);
	syslog_flush(s);
	CU_ASSERT_TRUE(recv(fd, got, sizeof(got), 0) > 0);
	close(fd);
	syslog_free(s);
}

/* OBS-3: TCP: waits for the server, then delivers in order; lines end with a newline. */
static void tcp_server_comes_late(void)
{
	struct model_logging l = logging_on();
	struct syslog *s = syslog_new(1024);
	struct syslog_counters c;
	char got[8192];
	int fd, peer = -1;
	ssize_t n = 0, more;

	fd = server(&l.hosts[0], true);
	l.n_hosts = 1;
	l.trap = 6;
	syslog_configure(s, &l, "fw1");
	for (int i = 0; i < 50; i++)
		syslog_msg(s, 302013, "t %d", i);
	for (int i = 0; i < 500 && n < 50 * 20; i++) {
		syslog_flush(s);
		if (peer < 0)
			peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
		more = peer < 0 ? 0 : recv(peer, got + n, sizeof(got) - 1 - (size_t)n, 0);
		if (more > 0)
			n += more;
		got[n] = 0;
		if (strstr(got, "t 49\n"))
			break;
		nap();
	}
	CU_ASSERT_EQUAL(strncmp(got, "<166>%ASA-6-302013: t 0\n<166>%ASA-6-302013: t 1\n", 48), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "t 49\n"));
	syslog_counters(s, &c);
	CU_ASSERT_EQUAL(c.lost_tcp, 0);
	CU_ASSERT_EQUAL(c.sent, 50);
	close(peer);
	close(fd);
	syslog_free(s);
}

/* OBS-3: a TCP server that never reads: the backlog fills, the rest is counted, nobody waits. */
static void tcp_server_that_does_not_read(void)
{
	struct model_logging l = logging_on();
	struct syslog *s = syslog_new(4096);
	struct timespec from, to;
	struct syslog_counters c;
	int fd, peer;

	l.buffered = -1;
	fd = server(&l.hosts[0], true);
	l.n_hosts = 1;
	l.trap = 6;
	syslog_configure(s, &l, "fw1");
	syslog_flush(s);
	peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < 40000; i++) {
		syslog_msg(s, 302013, "%0400d", i);
		if (i % 1000 == 0)
			syslog_flush(s);
	}
	syslog_flush(s);
	clock_gettime(CLOCK_MONOTONIC, &to);
	syslog_counters(s, &c);
	CU_ASSERT_EQUAL(c.lost_ring, 0);
	CU_ASSERT_TRUE(c.lost_tcp > 1000);
	CU_ASSERT_TRUE(c.sent + c.lost_tcp <= 40000);
	CU_ASSERT_TRUE(to.tv_sec - from.tv_sec < 20);
	close(peer);
	close(fd);
	syslog_free(s);
}

static char monitored[256];
static void monitor(void *arg, const char *line)
{
	snprintf(monitored, sizeof(monitored), "%s/%s", (const char *)arg, line);
}

static void monitor_sessions(void)
{
	struct model_logging l = logging_on();
	struct syslog *s = syslog_new(64);
	char tag[] = "tag";

	l.buffered = -1;
	l.monitor = 6;
	syslog_configure(s, &l, "fw1");
	CU_ASSERT_FALSE(syslog_wants(s, 302013));
	CU_ASSERT_EQUAL(syslog_monitor_add(s, monitor, tag), 0);
	CU_ASSERT_TRUE(syslog_wants(s, 302013));
	syslog_msg(s, 302013, "hello");
	syslog_flush(s);
	CU_ASSERT_STRING_EQUAL(monitored, "tag/%ASA-6-302013: hello");
	syslog_monitor_del(s, tag);
	CU_ASSERT_FALSE(syslog_wants(s, 302013));
	for (int i = 0; i < 16; i++)
		CU_ASSERT_EQUAL(syslog_monitor_add(s, monitor, monitored + i), 0);
	CU_ASSERT_EQUAL(syslog_monitor_add(s, monitor, tag), -ENOSPC);
	syslog_free(s);
}

static const struct asa_cunit_test tests[] = {
	{"ids_are_sorted_and_known", ids_are_sorted_and_known},
	{"forms_on_the_wire_obs_3", forms_on_the_wire},
	{"filters_obs_3", filters},
	{"rate_limits_obs_3", rate_limits},
	{"ring_overflow_is_counted_obs_3", ring_overflow_is_counted},
	{"threads_lose_nothing_uncounted", threads_lose_nothing_uncounted},
	{"long_and_hostile_texts_stay_one_line", long_and_hostile_texts_stay_one_line},
	{"buffer_keeps_the_newest_lines", buffer_keeps_the_newest_lines},
	{"udp_server_away_and_back_obs_3", udp_server_away_and_back},
	{"tcp_server_comes_late_obs_3", tcp_server_comes_late},
	{"tcp_server_that_does_not_read_obs_3", tcp_server_that_does_not_read},
	{"monitor_sessions", monitor_sessions},
	{NULL, NULL},
};

int main(void)
{
	return asa_cunit_main("syslog", tests);
}
