// SPDX-License-Identifier: GPL-2.0-only
/*
 * All workers: their memory, their threads, the sockets of every interface.
 *
 * Responsible for: opening one socket for each receive queue of an interface and entering it into
 * the XSKMAP, closing them, running calls of the main thread on workers, sums for show commands.
 * Not responsible for: turns and rings (worker.c, xsk.c), attaching programs (dp_attach.c).
 *
 * Life cycle: workers_new() after the engine; workers_free() first when the daemon stops. The XDP
 * program goes on: with the sockets closed it follows the fail mode for what it would punt.
 * Threads: main thread, without asa->lock, because a worker takes it in the turn we wait for.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "base/log.h"
#include "datapath/dp.h"
#include "datapath/xsk_impl.h"

/* Receive queues in use. Asked by ioctl: sysfs may show another network namespace's devices. */
static __u32 workers_count_queues(const char *name)
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_GCHANNELS };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr;
	__u32 n = 1;

	if (fd < 0)
		return 1;
	memset(&ifr, 0, sizeof(ifr));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_data = (void *)&ch;
	if (ioctl(fd, SIOCETHTOOL, &ifr) == 0)
		n = ch.rx_count + ch.combined_count;
	close(fd);
	return n ? n : 1;
}

static int workers_library_print(enum libxdp_print_level level, const char *fmt, va_list ap)
{
	log_library(level == LIBXDP_WARN ? LOG_LEVEL_DEBUG : LOG_LEVEL_DEBUG + 1, "libxdp", fmt, ap);
	return 0;
}

int workers_new(struct asa *a, const struct worker_hooks *hooks, int n, struct workers **out, char *err,
		size_t err_size)
{
	struct workers *ws;
	int r = -ENOMEM;

	*out = NULL;
	if (n < 1 || n > WORKERS_MAX) {
		snprintf(err, err_size, "--workers must be between 1 and %d", WORKERS_MAX);
		return -EINVAL;
	}
	libxdp_set_print(workers_library_print);
	ws = calloc(1, sizeof(*ws));
	if (!ws)
		goto no_memory;
	ws->asa = a;
	ws->hooks = *hooks;
	ws->n = n;
	ws->frames = a->opt.n_frames ? a->opt.n_frames : WORKER_FRAMES;
	pthread_mutex_init(&ws->list, NULL);
	ws->area_size = (size_t)n * ws->frames * FRAME_SIZE;
	ws->area = mmap(NULL, ws->area_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ws->area == MAP_FAILED) {
		ws->area = NULL;
		goto no_memory;
	}
	ws->lent = calloc((size_t)n * ws->frames, sizeof(*ws->lent));
	ws->rx_lost = calloc(ASA_IFINDEX_MAX, sizeof(*ws->rx_lost));
	ws->sockets = calloc((size_t)n * WORKER_SOCKETS_MAX, sizeof(*ws->sockets));
	if (!ws->lent || !ws->rx_lost || !ws->sockets)
		goto no_memory;
	for (int i = 0; i < n; i++) {
		struct worker *w = &ws->w[i];
		const size_t part = (size_t)ws->frames * FRAME_SIZE;

		w->all = ws;
		w->number = i;
		pthread_mutex_init(&w->mailbox, NULL);
		pthread_cond_init(&w->answered, NULL);
		w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		w->pool = frame_pool_new_at(ws->area + i * part, ws->frames, i * part);
		if (w->wake_fd < 0 || !w->pool)
			goto no_memory;
		worker_set_ops(w);
	}
	for (int i = 0; i < n; i++) {
		r = -pthread_create(&ws->w[i].thread, NULL, worker_main, &ws->w[i]);
		if (r < 0) {
			snprintf(err, err_size, "cannot start a worker thread: %s", strerror(-r));
			goto free_workers;
		}
		ws->w[i].running = true;
	}
	*out = ws;
	return 0;
no_memory:
	r = -ENOMEM;
	snprintf(err, err_size, "no memory for the workers' frames (%zu MB each)",
		 (size_t)(a->opt.n_frames ? a->opt.n_frames : WORKER_FRAMES) * FRAME_SIZE >> 20);
free_workers:
	workers_free(ws);
	return r;
}

void workers_free(struct workers *ws)
{
	if (!ws)
		return;
	__atomic_store_n(&ws->stop, true, __ATOMIC_RELEASE);
	for (int i = 0; i < ws->n; i++) {
		if (!ws->w[i].running)
			continue;
		worker_wake(&ws->w[i]);
		pthread_join(ws->w[i].thread, NULL);
	}
	for (size_t i = 0; i < ws->n_sockets; i++) {
		xsk_close(ws->sockets[i]);
		free(ws->sockets[i]);
	}
	for (int i = 0; i < ws->n; i++) {
		struct worker *w = &ws->w[i];

		frame_pool_free(w->pool);
		if (w->all && w->wake_fd >= 0)
			close(w->wake_fd);
	}
	if (ws->area)
		munmap(ws->area, ws->area_size);
	free(ws->lent);
	free(ws->rx_lost);
	free(ws->sockets);
	free(ws);
}

/* ------------------------------------------------------------------ interfaces */

static __u16 workers_new_id(struct workers *ws)
{
	for (;;) {
		bool taken = ++ws->last_id == 0;

		for (size_t i = 0; i < ws->n_sockets && !taken; i++)
			taken = ws->sockets[i]->id == ws->last_id;
		if (!taken)
			return ws->last_id;
	}
}

static int workers_add_queue(struct workers *ws, __u32 ifindex, const char *name, __u32 queue, char *err,
			     size_t err_size)
{
	struct worker *w = &ws->w[queue % ws->n];
	struct worker_call call = { .internal = worker_add_socket };
	struct xsk *x;
	int r;

	if (ws->n_sockets == (size_t)ws->n * WORKER_SOCKETS_MAX) {
		snprintf(err, err_size, "no more than %d sockets", ws->n * WORKER_SOCKETS_MAX);
		return -ENOSPC;
	}
	x = calloc(1, sizeof(*x));
	if (!x) {
		snprintf(err, err_size, "out of memory");
		return -ENOMEM;
	}
	x->ifindex = ifindex;
	x->queue = queue;
	x->id = workers_new_id(ws);
	r = xsk_open(x, name, ws->area, ws->area_size, err, err_size);
	if (r < 0) {
		free(x);
		return r;
	}
	pthread_mutex_lock(&ws->list);
	ws->sockets[ws->n_sockets++] = x;
	pthread_mutex_unlock(&ws->list);
	call.arg = x;
	worker_run(w, &call);
	/* Only now, with frames in its fill ring, may the XDP program use it. */
	r = ws->asa->dp ? dp_xsk_set(ws->asa->dp, ifindex, queue, x->fd) : 0;
	if (r < 0) {
		snprintf(err, err_size, "cannot enter the socket of %s queue %u into asa_xsks: %s", name, queue,
			 strerror(-r));
		return r;
	}
	log_debug("%s queue %u: AF_XDP socket, %s, worker %d", name, queue, x->zero_copy ? "zero copy" : "copy",
		  w->number);
	return 0;
}

int workers_add_if(struct workers *ws, __u32 ifindex, char *err, size_t err_size)
{
	char name[IF_NAMESIZE];
	__u32 n;
	int r;

	if (!if_indextoname(ifindex, name)) {
		snprintf(err, err_size, "there is no interface with number %u", ifindex);
		return -ENODEV;
	}
	n = workers_count_queues(name);
	if (n > ASA_QUEUES_MAX) {
		log_warnx("%s has %u receive queues, sockets for the first %d only: set fewer with ethtool -L",
			  name, n, ASA_QUEUES_MAX);
		n = ASA_QUEUES_MAX;
	}
	for (__u32 q = 0; q < n; q++) {
		r = workers_add_queue(ws, ifindex, name, q, err, err_size);
		if (r < 0) {
			workers_del_if(ws, ifindex);
			return r;
		}
	}
	return 0;
}

void workers_del_if(struct workers *ws, __u32 ifindex)
{
	for (size_t i = 0; i < ws->n_sockets;) {
		struct worker_call call = { .internal = worker_del_socket };
		struct xsk *x = ws->sockets[i];

		if (x->ifindex != ifindex) {
			i++;
			continue;
		}
		pthread_mutex_lock(&ws->list);
		ws->sockets[i] = ws->sockets[--ws->n_sockets];
		pthread_mutex_unlock(&ws->list);
		call.arg = x;
		worker_run(&ws->w[x->queue % ws->n], &call); /* closing it empties its row of asa_xsks */
		free(x);
	}
}

bool workers_has_if(struct workers *ws, __u32 ifindex)
{
	for (size_t i = 0; i < ws->n_sockets; i++)
		if (ws->sockets[i]->ifindex == ifindex)
			return true;
	return false;
}

/* ------------------------------------------------------------------ calls and sums */

void workers_call(struct workers *ws, void (*fn)(void *arg, struct worker_ops *ops), void *arg)
{
	struct worker_call call = { .fn = fn, .arg = arg };

	worker_run(&ws->w[0], &call);
}

void workers_call_all(struct workers *ws, void (*fn)(void *arg, struct worker_ops *ops), void *arg)
{
	for (int i = 0; i < ws->n; i++) {
		struct worker_call call = { .fn = fn, .arg = arg };

		worker_run(&ws->w[i], &call);
	}
}

__u64 workers_rx_lost(struct workers *ws, __u32 ifindex)
{
	if (!ws || ifindex >= ASA_IFINDEX_MAX)
		return 0;
	return __atomic_exchange_n(&ws->rx_lost[ifindex], 0, __ATOMIC_RELAXED);
}

bool workers_xsk_info(struct workers *ws, size_t i, struct xsk_info *info)
{
	const struct xsk *x;
	bool found = false;

	pthread_mutex_lock(&ws->list);
	if (i < ws->n_sockets) {
		x = ws->sockets[i];
		*info = (struct xsk_info){
			.ifindex = x->ifindex,
			.queue = x->queue,
			.zero_copy = x->zero_copy,
			.need_wakeup = true,
			.rx = x->n_rx,
			.tx = x->n_tx,
			.rx_lost = x->n_lost,
			.tx_failed = x->n_failed,
			.kicks = x->n_kicks,
		};
		found = true;
	}
	pthread_mutex_unlock(&ws->list);
	return found;
}

static void workers_count_frames(struct worker *w, void *arg)
{
	__u32 *at_rest = arg;

	*at_rest += frame_pool_available(w->pool);
}

void workers_frames(struct workers *ws, __u32 *total, __u32 *at_rest)
{
	*total = ws->n * ws->frames;
	*at_rest = 0;
	for (int i = 0; i < ws->n; i++) {
		struct worker_call call = { .internal = workers_count_frames, .arg = at_rest };

		worker_run(&ws->w[i], &call);
	}
	for (__u32 i = 0; i < *total; i++)
		*at_rest += ws->lent[i] != 0;
}
