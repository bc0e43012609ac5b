// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of management classes. See host_limit.h, and asa/host_limit.h for the agreement with XDP.
 *
 * A round takes two ticks: in the first, 'taken' of each class is noted; in the second, all sockets
 * of the box are counted (a segment that XDP had let through before the note is a socket by then).
 * Rounds follow each other while connections come or a class is near its limit, otherwise there is
 * one a second; and never so often that counting takes more than a twentieth of the time.
 *
 * What counts: connections to a port that somebody listens on, half-open, open and half-closed ones;
 * not those that the box itself opens, not TIME_WAIT.
 *
 * Threads: main thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "asa/host_limit.h"
#include "base/log.h"
#include "datapath/dp.h"
#include "services/host_limit.h"
#include "services/syslog.h"

#define SYNCOOKIES "/proc/sys/net/ipv4/tcp_syncookies"
#define ROUND_TICKS 2 /* of the main loop */
#define IDLE_ROUND_TICKS 100
#define COUNT_SHARE 20 /* counting takes at most one part in so many */
#define COOKIES_MIN_MS 5000
#define MESSAGE_MS 1000
/* Linux's numbers of TCP states (include/net/tcp_states.h). */
#define STATE_SYN_RECV 3
#define STATE_LISTEN 10
#define STATES_OPEN (1u << 1 | 1u << STATE_SYN_RECV | 1u << 4 | 1u << 5 | 1u << 8 | 1u << 9 | 1u << 11)

struct host_class {
	size_t row; /* policy_class_row() */
	__u32 max, max_half; /* 0: none */
	__u64 noted, noted_half; /* 'taken' before the count */
	__u32 count, half;
	__u64 drops; /* reported already */
	__u32 next_message;
};
struct host_limits {
	struct asa *asa;
	struct dp_tables *t;
	struct mnl_socket *nl;
	struct policy_host_classes rules; /* those in force */
	struct host_class classes[ASA_HOST_LIMITS_MAX];
	__u32 first_limit; /* row of class 0 in asa_host_limits, less one */
	bool second_set;
	__u64 listening[65536 / 64]; /* ports */
	__u32 wait; /* ticks until the next note */
	bool noted;
	bool no_cookies; /* Linux did not let us; told once */
	bool blind; /* the sockets could not be counted the last time: nothing is limited */
	__u32 cookies_since;
	__u32 seq;
	__u8 buf[32768];
};

static struct asa_host_limit *limit_of(const struct host_limits *h, size_t i)
{
	return &h->t->host_limits[h->first_limit + i + 1];
}

static __u64 taken_now(const __u64 *taken)
{
	return __atomic_load_n(taken, __ATOMIC_ACQUIRE);
}

/* ------------------------------------------------------------------ counting */

static int on_listening(const struct nlmsghdr *n, void *arg)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(n);
	struct host_limits *h = arg;
	__u16 port;

	if (mnl_nlmsg_get_payload_len(n) < sizeof(*m))
		return MNL_CB_OK;
	port = asa_ntohs(m->id.idiag_sport);
	h->listening[port / 64] |= 1ull << port % 64;
	return MNL_CB_OK;
}

static void addr_of(struct asa_addr *a, const struct inet_diag_msg *m, const __be32 from[4])
{
	if (m->idiag_family == AF_INET)
		asa_addr_set_v4(a, from[0]);
	else
		memcpy(a, from, sizeof(*a));
}

static int on_socket(const struct nlmsghdr *n, void *arg)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(n);
	struct host_limits *h = arg;
	struct asa_host_walk w = { .limit = 0 };
	struct asa_addr own, peer;
	__u16 port;

	if (mnl_nlmsg_get_payload_len(n) < sizeof(*m))
		return MNL_CB_OK;
	port = asa_ntohs(m->id.idiag_sport);
	if (!(h->listening[port / 64] >> port % 64 & 1))
		return MNL_CB_OK; /* opened by the box itself */
	addr_of(&own, m, m->id.idiag_src);
	addr_of(&peer, m, m->id.idiag_dst);
	asa_host_ask_fill(&w.ask, &peer, &own, m->id.idiag_dport, m->id.idiag_sport);
	for (__u32 i = 0; i < h->rules.n_rules; i++)
		if (asa_host_step(&w, &h->rules.rules[i], i))
			break;
	if (!w.limit || w.limit > h->rules.n)
		return MNL_CB_OK;
	h->classes[w.limit - 1].count++;
	if (m->idiag_state == STATE_SYN_RECV)
		h->classes[w.limit - 1].half++;
	return MNL_CB_OK;
}

static int dump(struct host_limits *h, __u8 family, __u32 states, mnl_cb_t cb)
{
	struct nlmsghdr *n = mnl_nlmsg_put_header(h->buf);
	struct inet_diag_req_v2 *req;
	unsigned int port = mnl_socket_get_portid(h->nl);
	ssize_t len;
	int r = MNL_CB_OK;

	n->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	n->nlmsg_seq = ++h->seq; /* what a dump that failed has left is none of this one */
	req = mnl_nlmsg_put_extra_header(n, sizeof(*req));
	req->sdiag_family = family;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = states;
	if (mnl_socket_sendto(h->nl, n, n->nlmsg_len) < 0)
		return -errno;
	while (r == MNL_CB_OK) {
		len = mnl_socket_recvfrom(h->nl, h->buf, sizeof(h->buf));
		r = len < 0 ? -1 : mnl_cb_run(h->buf, (size_t)len, h->seq, port, cb, h);
	}
	return r < 0 ? -errno : 0;
}

/* => false: the counts are of no use */
static bool count(struct host_limits *h)
{
	static const __u8 families[] = { AF_INET, AF_INET6 };
	int r = 0;

	memset(h->listening, 0, sizeof(h->listening));
	for (size_t i = 0; i < h->rules.n; i++)
		h->classes[i].count = h->classes[i].half = 0;
	for (int i = 0; i < 2 && !r; i++)
		r = dump(h, families[i], 1u << STATE_LISTEN, on_listening);
	for (int i = 0; i < 2 && !r; i++)
		r = dump(h, families[i], STATES_OPEN, on_socket);
	if (r && !h->blind)
		log_warnx("the sockets of the box cannot be counted, management classes limit nothing: %s",
			  strerror(-r));
	h->blind = r != 0;
	return !r;
}

/* ------------------------------------------------------------------ cookies of Linux */

/* => what it was, -1: could not be read */
static int syncookies_get(void)
{
	int fd = open(SYNCOOKIES, O_RDONLY | O_CLOEXEC);
	char c = '0';
	ssize_t n = fd < 0 ? -1 : read(fd, &c, 1);

	if (fd >= 0)
		close(fd);
	return n == 1 && c >= '0' && c <= '2' ? c - '0' : -1;
}

static bool syncookies_set(int value)
{
	int fd = open(SYNCOOKIES, O_WRONLY | O_CLOEXEC);
	char c = (char)('0' + value);
	ssize_t n = fd < 0 ? -1 : write(fd, &c, 1);

	if (fd >= 0)
		close(fd);
	return n == 1;
}

/* The setting before is kept in asa_config, for a daemon that follows one that was killed. */
static void cookies_begin(struct host_limits *h, __u32 now)
{
	int before = syncookies_get();

	if (before < 0 || !syncookies_set(2)) {
		if (!h->no_cookies)
			log_warnx("%s cannot be set: while a management class has too many half-open connections, "
				  "SYNs to it are dropped", SYNCOOKIES);
		h->no_cookies = true;
		return;
	}
	h->cookies_since = now;
	__atomic_store_n(&h->t->config->host_cookies, (__u8)(before + 1), __ATOMIC_RELEASE);
}

static void cookies_end(struct host_limits *h)
{
	__u8 before = h->t->config->host_cookies;

	__atomic_store_n(&h->t->config->host_cookies, 0, __ATOMIC_RELEASE);
	if (before && syncookies_get() == 2)
		(void)syncookies_set(before - 1);
}

/* ------------------------------------------------------------------ messages and numbers */

static const char *addr_text(const struct asa_addr *a, char *buf)
{
	return asa_addr_is_v4(a) ? inet_ntop(AF_INET, &a->w[3], buf, INET6_ADDRSTRLEN) :
				   inet_ntop(AF_INET6, a->b, buf, INET6_ADDRSTRLEN);
}

static void tell(struct host_limits *h, size_t i, __u32 id, __u32 n, __u32 max)
{
	const struct asa_host_limit *l = limit_of(h, i);
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	const struct policy_if *in = policy_if_find(h->asa->policy, l->in_if, 0);

	if (!syslog_wants(h->asa->syslog, id))
		return;
	syslog_msg(h->asa->syslog, id,
		   "%s limit exceeded %u/%u for %s packet from %s/%u to %s/%u on interface %s",
		   id == 201010 ? "Embryonic connection" : "Connection", n, max,
		   id == 201010 ? "inbound" : "input", addr_text(&l->src, src), asa_ntohs(l->sport),
		   addr_text(&l->dst, dst), asa_ntohs(l->dport), in ? in->name : "unknown");
}

static void class_report(struct host_limits *h, size_t i, __u32 now)
{
	struct host_class *c = &h->classes[i];
	__u64 drops = __atomic_load_n(&limit_of(h, i)->drops, __ATOMIC_RELAXED);
	struct policy_class_row r;

	if (!policy_class_row(h->asa->policy, c->row, &r))
		return;
	__atomic_store_n(r.conns, c->count, __ATOMIC_RELAXED);
	__atomic_store_n(r.embryonic, c->half, __ATOMIC_RELAXED);
	if (drops == c->drops)
		return;
	__atomic_fetch_add(r.drops, drops - c->drops, __ATOMIC_RELAXED);
	c->drops = drops;
	if ((__s32)(now - c->next_message) < 0)
		return;
	c->next_message = now + asa_ticks_from_ms(MESSAGE_MS);
	if (c->max && c->count >= c->max)
		tell(h, i, 201011, c->count, c->max);
	else if (c->max_half)
		tell(h, i, 201010, c->half, c->max_half);
}

/* ------------------------------------------------------------------ rounds */

static void note(struct host_limits *h)
{
	for (size_t i = 0; i < h->rules.n; i++) {
		h->classes[i].noted = taken_now(&limit_of(h, i)->taken);
		h->classes[i].noted_half = taken_now(&limit_of(h, i)->taken_half);
	}
}

static __u64 places(__u64 noted, __u32 max, __u32 n)
{
	if (!max)
		return ASA_HOST_UNLIMITED;
	return n < max ? noted + (max - n) : noted;
}

/* What was counted, for the XDP program. => near: a class may be full before the second is over */
static bool publish(struct host_limits *h)
{
	bool near = false;

	for (size_t i = 0; i < h->rules.n; i++) {
		struct asa_host_limit *l = limit_of(h, i);
		struct host_class *c = &h->classes[i];

		__atomic_store_n(&l->places, places(c->noted, c->max, c->count), __ATOMIC_RELEASE);
		__atomic_store_n(&l->places_half, places(c->noted_half, c->max_half, c->half),
				 __ATOMIC_RELEASE);
		__atomic_store_n(&l->full, c->max && c->count >= c->max, __ATOMIC_RELEASE);
		near |= c->noted != taken_now(&l->taken) || (c->max && c->count >= c->max - c->max / 8) ||
			(c->max_half && c->half >= c->max_half - c->max_half / 8);
	}
	return near;
}

/* Does a class have all the half-open connections that it may have? */
static bool half_full(const struct host_limits *h)
{
	for (size_t i = 0; i < h->rules.n; i++)
		if (h->classes[i].max_half &&
		    (h->classes[i].half >= h->classes[i].max_half ||
		     taken_now(&limit_of(h, i)->taken_half) >= limit_of(h, i)->places_half))
			return true;
	return false;
}

static void cookies_decide(struct host_limits *h, __u32 now)
{
	bool on = h->t->config->host_cookies != 0, full = half_full(h);

	if (full && !on)
		cookies_begin(h, now);
	else if (!full && on && now - h->cookies_since >= asa_ticks_from_ms(COOKIES_MIN_MS))
		cookies_end(h);
}

static __u64 now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * 1000000 + (__u64)ts.tv_nsec / 1000;
}

void host_limits_tick(struct host_limits *h, __u32 now)
{
	__u64 begin, took;
	bool near;

	if (!h || !h->rules.n)
		return;
	for (size_t i = 0; i < h->rules.n; i++) {
		const struct asa_host_limit *l = limit_of(h, i);

		if (!h->blind)
			limit_of(h, i)->fresh = now;
		/* Whoever comes ends a long wait. */
		if (h->wait > ROUND_TICKS && taken_now(&l->taken) != h->classes[i].noted)
			h->wait = ROUND_TICKS;
	}
	cookies_decide(h, now);
	if (!h->noted) {
		if (h->wait && --h->wait)
			return;
		note(h);
		h->noted = true;
		return;
	}
	h->noted = false;
	begin = now_us();
	near = count(h) && publish(h);
	took = now_us() - begin;
	h->wait = near ? ROUND_TICKS : IDLE_ROUND_TICKS;
	if (h->wait * 10000ull < took * COUNT_SHARE)
		h->wait = (__u32)(took * COUNT_SHARE / 10000);
	for (size_t i = 0; i < h->rules.n; i++)
		class_report(h, i, now);
}

/* ------------------------------------------------------------------ life cycle */

static __u32 tick_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return asa_tick_from_ns((__u64)ts.tv_sec * 1000000000ull + (__u64)ts.tv_nsec);
}

/* Rows without any place: that is safe until the sockets have been counted. */
static void classes_fill(struct host_limits *h, const struct policy *p)
{
	struct policy_class_row r;

	memset(h->classes, 0, sizeof(h->classes));
	for (size_t i = 0; i < h->rules.n; i++) {
		struct host_class *c = &h->classes[i];

		c->row = h->rules.class_row[i];
		if (!policy_class_row(p, c->row, &r))
			continue;
		c->max = r.config->conn.conn_max > 0 ? (__u32)r.config->conn.conn_max : 0;
		c->max_half = r.config->conn.embryonic_max > 0 ? (__u32)r.config->conn.embryonic_max : 0;
		memset(limit_of(h, i), 0, sizeof(struct asa_host_limit));
		limit_of(h, i)->fresh = tick_now();
	}
}

bool host_limits_update(struct host_limits *h, const struct policy *p)
{
	__u32 first_rule;
	bool all;

	if (!h)
		return true;
	all = policy_host_classes(p, &h->rules);
	h->second_set = !h->second_set;
	h->first_limit = h->second_set ? ASA_HOST_LIMITS_MAX : 0;
	first_rule = h->second_set ? ASA_HOST_RULES_MAX : 0;
	classes_fill(h, p);
	for (size_t i = 0; i < h->rules.n_rules; i++) {
		struct asa_host_rule *to = &h->t->host_rules[first_rule + i];

		*to = h->rules.rules[i];
		if (to->limit)
			to->limit = (__u16)(to->limit + h->first_limit);
	}
	h->noted = false;
	h->wait = 0;
	__atomic_store_n(&h->t->config->host_rules,
			 h->rules.n ? ASA_HOST_SET(first_rule, h->rules.n_rules) : 0, __ATOMIC_RELEASE);
	/* Until here nothing could take a place of the new rows, and there was none to take. */
	note(h);
	if (h->rules.n && count(h))
		(void)publish(h);
	for (__u16 i = 0; i < policy_n_ifs(p); i++)
		dp_iface_flag(h->asa->dp, policy_if_at(p, i)->ifindex, ASA_IFACE_LIMIT, h->rules.n != 0);
	if (!h->rules.n)
		cookies_end(h);
	return all;
}

struct host_limits *host_limits_new(struct asa *a)
{
	struct host_limits *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->asa = a;
	h->t = (struct dp_tables *)dp_tables(a->dp);
	h->nl = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!h->nl || mnl_socket_bind(h->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		host_limits_free(h);
		return NULL;
	}
	h->t->config->host_rules = 0; /* those of a daemon before us */
	cookies_end(h);
	return h;
}

void host_limits_free(struct host_limits *h)
{
	if (!h)
		return;
	cookies_end(h);
	if (h->nl)
		mnl_socket_close(h->nl);
	free(h);
}
