// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mirror of what Linux knows: links and own addresses, and the events that keep all of the
 * netlink mirror (route.c, neigh.c) up to date.
 *
 * Responsible for: the two netlink sockets, the interface list that the policy is compiled
 * against, asa_local in step with own addresses, telling the daemon that either changed, starting
 * over when the kernel's message queue overran (ENOBUFS).
 * Not responsible for: routes and next hops themselves, changes on behalf of the configuration
 * (net_set.c).
 *
 * Life cycle: net_new() after the datapath is open; net_poll() whenever net_fd() is readable;
 * net_tick() every 100 ms or so; net_free() leaves all rows in the maps.
 * Threads: asa->lock held, as net.h says.
 *
 * Links and addresses are read anew as a whole after any message about them: the lists are short,
 * and a state put together from differences goes wrong one day.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "datapath/net_impl.h"

#define NET_POLL_MESSAGES 256 /* receive calls in one net_poll() */
#define NET_EVENT_QUEUE (2 << 20)
#define NET_LOCALS_MAX 16384

int net_transact(struct net *n, struct nlmsghdr *h, mnl_cb_t cb, void *arg)
{
	unsigned int port, sequence;
	ssize_t got;
	int r, stale = 0;

	if (!n->requests)
		return -ENOTCONN;
	port = mnl_socket_get_portid(n->requests);
	sequence = h->nlmsg_seq = ++n->sequence;
	if (mnl_socket_sendto(n->requests, h, h->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		got = mnl_socket_recvfrom(n->requests, n->buffer, sizeof(n->buffer));
		if (got < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		errno = 0;
		r = mnl_cb_run(n->buffer, got, sequence, port, cb, arg);
		if (r > MNL_CB_STOP)
			continue;
		if (r == MNL_CB_STOP)
			return 0;
		/* Errors of requests that wanted no answer are still in the queue: not ours. */
		if ((errno == EPROTO || errno == ESRCH) && stale++ < 64 &&
		    ((struct nlmsghdr *)n->buffer)->nlmsg_seq != sequence)
			continue;
		return errno ? -errno : -EBADMSG;
	}
}

static int net_dump(struct net *n, __u16 type, size_t body, mnl_cb_t cb)
{
	__u8 buf[256];
	int r = 0;

	/* The kernel marks a dump that changed under it (EINTR): read it once more. */
	for (int tries = 0; tries < 4; tries++) {
		if (type == RTM_GETLINK)
			n->n_links = 0;
		else
			n->n_locals_new = 0;
		for (size_t i = 0; type == RTM_GETADDR && i < n->sys_new.n_ifs; i++)
			n->sys_new.ifs[i].n_addrs = 0;
		r = net_transact(n, net_put_header(buf, type, NLM_F_DUMP, body), cb, n);
		if (r != -EINTR)
			break;
	}
	return r;
}

/* ------------------------------------------------------------------ links and addresses */

static int net_link_answer(const struct nlmsghdr *h, void *arg)
{
	struct net *n = arg;

	if (h->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	if (n->n_links == NET_LINKS_MAX) {
		log_warnx("more than %d network interfaces: the rest is not seen", NET_LINKS_MAX);
		return MNL_CB_OK;
	}
	if (net_parse_link(h, &n->links[n->n_links]) == 0)
		n->n_links++;
	return MNL_CB_OK;
}

static bool net_add_local(struct net *n, const struct asa_addr *a)
{
	if (n->n_locals_new == n->locals_cap) {
		size_t cap = n->locals_cap ? n->locals_cap * 2 : 64;
		struct asa_addr *p, *q;

		if (cap > NET_LOCALS_MAX)
			return false;
		p = realloc(n->locals_new, cap * sizeof(*p));
		if (!p)
			return false;
		n->locals_new = p;
		q = realloc(n->locals, cap * sizeof(*q));
		if (!q)
			return false;
		n->locals = q;
		n->locals_cap = cap;
	}
	n->locals_new[n->n_locals_new++] = *a;
	return true;
}

static int net_addr_answer(const struct nlmsghdr *h, void *arg)
{
	struct net *n = arg;
	struct net_addr_msg m;

	if (h->nlmsg_type != RTM_NEWADDR || net_parse_addr(h, &m) < 0)
		return MNL_CB_OK;
	if (!net_add_local(n, &m.addr))
		log_warnx("too many own addresses: traffic to the rest is not recognised");
	for (size_t i = 0; i < n->sys_new.n_ifs; i++) {
		struct sys_if *s = &n->sys_new.ifs[i];

		if (s->ifindex != m.ifindex || s->n_addrs == sizeof(s->addrs) / sizeof(s->addrs[0]))
			continue;
		/* Link-local addresses are nobody's translation and nobody's gateway source. */
		if (m.v6 && m.addr.b[0] == 0xfe && (m.addr.b[1] & 0xc0) == 0x80)
			continue;
		s->addrs[s->n_addrs].addr = m.addr;
		s->addrs[s->n_addrs].plen = m.plen;
		s->addrs[s->n_addrs++].v6 = m.v6;
	}
	return MNL_CB_OK;
}

static int net_addr_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct asa_addr));
}

static void net_local_key(struct asa_local_key *k, const struct asa_addr *a)
{
	memset(k, 0, sizeof(*k));
	k->addr = *a;
}

/* Make asa_local's HOST rows the list just read; both lists are sorted. */
static void net_sync_locals(struct net *n)
{
	struct asa_local_key k;
	struct asa_addr *swap;
	size_t i = 0, j = 0;
	int r;

	if (n->n_locals_new)
		qsort(n->locals_new, n->n_locals_new, sizeof(*n->locals_new), net_addr_order);
	while (n->dp && (i < n->n_locals || j < n->n_locals_new)) {
		int order = i == n->n_locals ? 1 : j == n->n_locals_new ? -1 :
			    net_addr_order(&n->locals[i], &n->locals_new[j]);

		if (order < 0) {
			net_local_key(&k, &n->locals[i++]);
			dp_local_del(n->dp, &k);
		} else if (order > 0) {
			net_local_key(&k, &n->locals_new[j++]);
			r = dp_local_set(n->dp, &k, ASA_LOCAL_HOST);
			if (r < 0)
				log_warnx("cannot put an own address into asa_local: %s", strerror(-r));
		} else {
			i++;
			j++;
		}
	}
	swap = n->locals;
	n->locals = n->locals_new;
	n->n_locals = n->n_locals_new;
	n->locals_new = swap;
}

/* Addresses that an earlier daemon put there are our starting point: what is gone is removed. */
static void net_adopt_locals(struct net *n)
{
	struct asa_local_key k, *after = NULL, last;
	enum asa_local_verdict v;

	if (!n->dp)
		return;
	n->n_locals_new = 0;
	while (n->n_locals_new < NET_LOCALS_MAX && dp_local_next(n->dp, after, &k, &v) == 0) {
		if (v == ASA_LOCAL_HOST && !k.proto && !k.port)
			net_add_local(n, &k.addr);
		last = k;
		after = &last;
	}
	if (n->n_locals_new) {
		qsort(n->locals_new, n->n_locals_new, sizeof(*n->locals_new), net_addr_order);
		memcpy(n->locals, n->locals_new, n->n_locals_new * sizeof(*n->locals));
	}
	n->n_locals = n->n_locals_new;
}

/* Read links and addresses. => 1 when the interface list differs from before, 0, -errno. */
static int net_read_system(struct net *n)
{
	int r = net_dump(n, RTM_GETLINK, sizeof(struct ifinfomsg), net_link_answer);

	if (r < 0)
		return r;
	memset(&n->sys_new, 0, sizeof(n->sys_new));
	n->sys_new.names = n->sys.names;
	for (size_t i = 0; i < n->n_links; i++) {
		struct sys_if *s = &n->sys_new.ifs[n->sys_new.n_ifs++];

		snprintf(s->dev, sizeof(s->dev), "%s", n->links[i].name);
		s->ifindex = n->links[i].ifindex;
		s->mtu = n->links[i].mtu;
		memcpy(s->mac, n->links[i].mac, 6);
		s->up = n->links[i].up;
	}
	r = net_dump(n, RTM_GETADDR, sizeof(struct ifaddrmsg), net_addr_answer);
	if (r < 0)
		return r;
	net_sync_locals(n);
	if (memcmp(&n->sys, &n->sys_new, sizeof(n->sys)) == 0)
		return 0;
	memcpy(&n->sys, &n->sys_new, sizeof(n->sys));
	return 1;
}

/* ------------------------------------------------------------------ events */

struct net_dirty {
	struct net *n;
	bool system, routes;
};

static int net_event(const struct nlmsghdr *h, void *arg)
{
	struct net_dirty *dirty = arg;
	struct net_route_msg route;
	struct net_neigh_msg neigh;

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		dirty->system = dirty->routes = true;
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (net_parse_route(h, &route) == 0 && !route.cloned)
			dirty->routes = true;
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		dirty->routes = true;
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (net_parse_neigh(h, &neigh) == 0)
			net_neigh_event(dirty->n, &neigh, h->nlmsg_type == RTM_DELNEIGH);
		break;
	}
	return MNL_CB_OK;
}

void net_poll(struct net *n)
{
	struct net_dirty dirty = { .n = n };
	bool overrun = false;
	__u8 buf[NET_BUFFER];
	int changed;

	for (int i = 0; i < NET_POLL_MESSAGES; i++) {
		ssize_t got = mnl_socket_recvfrom(n->events, buf, sizeof(buf));

		if (got < 0 && errno == ENOBUFS) {
			overrun = true;
			continue;
		}
		if (got < 0 && errno == ENOSPC)
			continue; /* a message larger than the buffer: none that we read */
		if (got <= 0)
			break;
		mnl_cb_run(buf, got, 0, 0, net_event, &dirty);
	}
	if (overrun) {
		log_info("the kernel's netlink queue overran: reading everything anew");
		dirty.system = dirty.routes = true;
	}
	if (dirty.system) {
		changed = net_read_system(n);
		if (changed < 0) {
			log_warnx("cannot read interfaces and addresses: %s", strerror(-changed));
		} else if (changed) {
			net_hops_links_changed(n);
			if (n->change)
				n->change(n->arg);
		}
	}
	if (overrun)
		net_neigh_dump(n);
	if (dirty.routes)
		net_routes_changed(n);
}

int net_fd(const struct net *n)
{
	return mnl_socket_get_fd(n->events);
}

const struct sys_info *net_sys(const struct net *n)
{
	return &n->sys;
}

void net_set_names(struct net *n, const struct sys_names *names)
{
	n->sys.names = names;
}

/* ------------------------------------------------------------------ life */

static struct mnl_socket *net_open(unsigned int groups)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0));
	const struct timeval patience = { .tv_sec = 2 };
	const int queue = NET_EVENT_QUEUE, on = 1;
	int fd, error;

	if (!s)
		return NULL;
	if (mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID) < 0) {
		error = errno;
		mnl_socket_close(s);
		errno = error;
		return NULL;
	}
	fd = mnl_socket_get_fd(s);
	if (groups) {
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue, sizeof(queue)) < 0)
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof(queue));
	} else {
		/* Errors of unacknowledged requests would quote them in full otherwise. */
		setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	}
	return s;
}

int net_new(struct dp *d, struct dp_tables *t, net_change_cb change, net_neigh_cb neigh, void *arg,
	    struct net **out, char *err, size_t err_size)
{
	const unsigned int groups = RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
				    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE |
				    1u << (RTNLGRP_IPV6_RULE - 1);
	struct net *n = calloc(1, sizeof(*n));
	struct timespec ts;
	int r;

	*out = NULL;
	if (!n) {
		snprintf(err, err_size, "out of memory");
		return -ENOMEM;
	}
	n->dp = d;
	n->t = t;
	n->change = change;
	n->neigh = neigh;
	n->arg = arg;
	n->gen = t && t->config ? t->config->route_gen : 0;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	n->now = asa_tick_from_ns((__u64)ts.tv_sec * 1000000000ull + ts.tv_nsec);
	/* Listening first, reading second: nothing falls between. */
	n->events = net_open(groups);
	n->requests = n->events ? net_open(0) : NULL;
	if (!n->requests) {
		r = -errno;
		snprintf(err, err_size, "cannot open a netlink socket: %s", strerror(-r));
		goto free_net;
	}
	net_adopt_locals(n);
	r = net_read_system(n);
	if (r < 0) {
		snprintf(err, err_size, "cannot read interfaces and addresses from the kernel: %s", strerror(-r));
		goto free_net;
	}
	/* Routes may have changed while no daemon looked. */
	net_routes_changed(n);
	if (t && t->nexthops)
		net_hops_adopt(n);
	net_neigh_dump(n);
	*out = n;
	return 0;
free_net:
	net_free(n);
	return r;
}

void net_free(struct net *n)
{
	if (!n)
		return;
	if (n->events)
		mnl_socket_close(n->events);
	if (n->requests)
		mnl_socket_close(n->requests);
	free(n->locals);
	free(n->locals_new);
	free(n);
}
