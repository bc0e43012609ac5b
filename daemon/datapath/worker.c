// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker: one thread, its frames, its sockets, its turns.
 *
 * Responsible for: the turn (completions, refill, receive, engine, send, sleep), sending for the
 * engine, frames that cross between workers, the watchdog of rings that make no progress.
 * Not responsible for: what happens to a frame (engine), the list of interfaces (workers.c).
 *
 * Frames belong to the worker whose part of the memory they are. A frame that must leave by an
 * interface where only another worker has a socket goes to that worker's inbox, and comes back to
 * 'returned' when it has been sent. Both are short lists under a mutex, touched once per turn.
 *
 * Threads: everything here runs on the worker's own thread, except worker_run() and worker_wake().
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <urcu.h>

#include "base/log.h"
#include "datapath/xsk_impl.h"

#define WORKER_SLEEP_MS 100
#define WORKER_WATCHDOG_MS 500

static __u32 worker_tick(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return asa_tick_from_ns((__u64)ts.tv_sec * 1000000000ull + ts.tv_nsec);
}

void worker_wake(struct worker *w)
{
	const __u64 one = 1;

	if (write(w->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_warn("cannot wake worker %d", w->number);
}

/* ------------------------------------------------------------------ frames at their end */

/* Back to the pool it came from, whoever's it is. */
static void worker_release(struct worker *w, struct frame *f, __u64 addr)
{
	struct worker *home;
	size_t number = addr / ((__u64)w->all->frames * FRAME_SIZE);

	if (number >= (size_t)w->all->n)
		return;
	home = &w->all->w[number];
	if (!f)
		f = frame_from_addr(home->pool, addr); /* reads only what never changes */
	if (!f)
		return;
	if (home == w) {
		frame_put(w->pool, f);
		return;
	}
	pthread_mutex_lock(&home->mailbox);
	f->next = home->returned;
	home->returned = f;
	pthread_mutex_unlock(&home->mailbox);
}

static void worker_completed(void *arg, __u64 addr)
{
	struct worker *w = arg;

	addr -= addr % FRAME_SIZE;
	if (addr >= w->all->area_size)
		return;
	w->all->lent[addr / FRAME_SIZE] = 0;
	worker_release(w, NULL, addr);
}

/* ------------------------------------------------------------------ sending */

static struct xsk *worker_socket(struct worker *w, __u32 ifindex, __u32 queue)
{
	struct xsk *found = NULL;

	for (int i = 0; i < w->n_sockets; i++) {
		struct xsk *x = w->sockets[i];

		if (x->ifindex != ifindex || x->dead)
			continue;
		if (x->queue == queue)
			return x;
		if (!found)
			found = x;
	}
	return found;
}

static void worker_send_failed(struct worker *w, struct frame *f, enum asa_drop why)
{
	w->all->hooks.send_failed(w->all->hooks.arg, f, why);
	worker_release(w, f, f->umem_addr);
}

/* worker_ops.send: called by the engine, with asa->lock held. */
static void worker_send(void *worker, struct frame *f)
{
	struct worker *w = worker;
	struct xsk *x = worker_socket(w, f->out_ifindex, f->in_queue);

	if (x) {
		if (xsk_queue(x, f, w->all->lent))
			return;
		/* Full: give the kernel a chance, look at what came back, try once more. */
		xsk_kick(x, true);
		xsk_complete(x, worker_completed, w);
		if (xsk_queue(x, f, w->all->lent))
			return;
		x->n_failed++;
		worker_send_failed(w, f, DROP_RESOURCE_TX_QUEUE);
		return;
	}
	for (int i = 0; i < w->all->n; i++) {
		struct worker *other = &w->all->w[i];

		/* sockets[] of another worker changes only while we hold asa->lock: see workers.c */
		if (other == w || !worker_socket(other, f->out_ifindex, f->in_queue))
			continue;
		pthread_mutex_lock(&other->mailbox);
		f->next = other->inbox;
		other->inbox = f;
		pthread_mutex_unlock(&other->mailbox);
		worker_wake(other);
		return;
	}
	worker_send_failed(w, f, DROP_ROUTE_INTERFACE);
}

/* ------------------------------------------------------------------ mailbox */

static void worker_take_mail(struct worker *w)
{
	struct frame *inbox, *returned, *f;
	struct worker_call *calls, *c;

	pthread_mutex_lock(&w->mailbox);
	calls = w->calls;
	inbox = w->inbox;
	returned = w->returned;
	w->calls = NULL;
	w->inbox = w->returned = NULL;
	pthread_mutex_unlock(&w->mailbox);

	while ((f = returned)) {
		returned = f->next;
		frame_put(w->pool, f);
	}
	if (!inbox && !calls)
		return;
	pthread_mutex_lock(&w->all->asa->lock);
	rcu_read_lock();
	while ((f = inbox)) {
		inbox = f->next;
		f->next = NULL;
		worker_send(w, f);
	}
	for (c = calls; c; c = c->next) {
		if (c->internal)
			c->internal(w, c->arg);
		else
			c->fn(c->arg, &w->ops);
	}
	rcu_read_unlock();
	pthread_mutex_unlock(&w->all->asa->lock);
	if (!calls)
		return;
	pthread_mutex_lock(&w->mailbox);
	while ((c = calls)) {
		calls = c->next;
		c->done = true; /* the caller's from here on */
	}
	pthread_cond_broadcast(&w->answered);
	pthread_mutex_unlock(&w->mailbox);
}

void worker_run(struct worker *w, struct worker_call *c)
{
	struct worker_call **last;

	c->done = false;
	c->next = NULL;
	pthread_mutex_lock(&w->mailbox);
	for (last = &w->calls; *last; last = &(*last)->next)
		;
	*last = c;
	worker_wake(w);
	while (!c->done)
		pthread_cond_wait(&w->answered, &w->mailbox);
	pthread_mutex_unlock(&w->mailbox);
}

static void worker_share_fill(struct worker *w)
{
	/* A quarter stays for frames that wait, are sent or are made. */
	__u32 share = w->n_sockets ? w->all->frames * 3 / 4 / w->n_sockets : 0;
	/* What a ring has it does not give back: the first socket must leave some to the next. */
	__u32 most = w->all->frames * 3 / 8;

	if (most > XSK_FILL_RING)
		most = XSK_FILL_RING;
	for (int i = 0; i < w->n_sockets; i++) {
		w->sockets[i]->fill_target = share < most ? share : most;
		w->sockets[i]->keep = w->all->frames / 8;
	}
}

void worker_add_socket(struct worker *w, void *xsk)
{
	struct xsk *x = xsk;

	if (w->n_sockets == WORKER_SOCKETS_MAX) {
		log_warnx("worker %d has %d sockets already", w->number, w->n_sockets);
		return;
	}
	w->sockets[w->n_sockets++] = x;
	worker_share_fill(w);
	xsk_refill(x, w->pool, w->all->lent);
}

/* Closes the socket here, on the thread that uses it, and takes all of its frames back. */
void worker_del_socket(struct worker *w, void *xsk)
{
	struct xsk *x = xsk;

	for (int i = 0; i < w->n_sockets; i++) {
		if (w->sockets[i] != x)
			continue;
		w->sockets[i] = w->sockets[--w->n_sockets];
		break;
	}
	x->dead = true;
	xsk_close(x);
	for (size_t i = 0; i < w->all->area_size / FRAME_SIZE; i++) {
		if (w->all->lent[i] != x->id)
			continue;
		w->all->lent[i] = 0;
		worker_release(w, NULL, (__u64)i * FRAME_SIZE);
	}
	worker_share_fill(w);
}

/* ------------------------------------------------------------------ turn */

static void worker_watchdog(struct worker *w, __u32 now)
{
	if (now - w->watchdog_tick < asa_ticks_from_ms(WORKER_WATCHDOG_MS))
		return;
	w->watchdog_tick = now;
	for (int i = 0; i < w->n_sockets; i++) {
		struct xsk *x = w->sockets[i];

		if (x->dead)
			continue;
		if (x->ifindex < ASA_IFINDEX_MAX)
			__atomic_fetch_add(&w->all->rx_lost[x->ifindex], xsk_read_lost(x), __ATOMIC_RELAXED);
		/* Frames wait and none has come back: a wakeup was lost, by us or by the driver. */
		if (x->in_tx && !x->completed)
			xsk_kick(x, true);
		x->completed = false;
	}
}

/* => frames received. */
static int worker_turn(struct worker *w, struct frame **frames)
{
	__u32 now = worker_tick();
	int n = 0;

	for (int i = 0; i < w->n_sockets; i++) {
		xsk_complete(w->sockets[i], worker_completed, w);
		xsk_refill(w->sockets[i], w->pool, w->all->lent);
	}
	if (w->n_sockets)
		w->turn_sockets = (w->turn_sockets + 1) % w->n_sockets;
	for (int k = 0; k < w->n_sockets && n + XSK_BATCH <= WORKER_TURN_FRAMES; k++) {
		struct xsk *x = w->sockets[(w->turn_sockets + k) % w->n_sockets];

		n += xsk_receive(x, w->pool, frames + n, XSK_BATCH, w->all->lent);
	}
	if (n) {
		__atomic_fetch_add(&w->all->asa->waiting, 1, __ATOMIC_RELAXED);
		pthread_mutex_lock(&w->all->asa->lock);
		__atomic_fetch_sub(&w->all->asa->waiting, 1, __ATOMIC_RELAXED);
		rcu_read_lock();
		w->all->hooks.batch(w->all->hooks.arg, &w->ops, frames, n, now);
		rcu_read_unlock();
		pthread_mutex_unlock(&w->all->asa->lock);
	}
	worker_take_mail(w);
	for (int i = 0; i < w->n_sockets; i++)
		xsk_kick(w->sockets[i], false);
	worker_watchdog(w, now);
	return n;
}

static void worker_sleep(struct worker *w)
{
	struct pollfd fds[WORKER_SOCKETS_MAX + 1];
	int timeout = WORKER_SLEEP_MS;
	__u64 count;
	int n = 0;

	fds[n].fd = w->wake_fd;
	fds[n++].events = POLLIN;
	for (int i = 0; i < w->n_sockets; i++) {
		fds[n].fd = w->sockets[i]->dead ? -1 : w->sockets[i]->fd;
		fds[n++].events = POLLIN;
		/* Completions do not wake poll(): look again soon while some are due. */
		if (w->sockets[i]->in_tx && timeout > 10)
			timeout = 10;
	}
	poll(fds, n, timeout);
	if (fds[0].revents & POLLIN && read(w->wake_fd, &count, sizeof(count)) < 0)
		return; /* somebody else's read cannot be: the descriptor is ours */
	for (int i = 0; i < w->n_sockets; i++)
		if (fds[i + 1].revents & (POLLERR | POLLHUP | POLLNVAL))
			w->sockets[i]->dead = true;
}

void *worker_main(void *arg)
{
	struct frame *frames[WORKER_TURN_FRAMES];
	struct worker *w = arg;

	rcu_register_thread();
	while (!__atomic_load_n(&w->all->stop, __ATOMIC_ACQUIRE)) {
		if (!worker_turn(w, frames))
			worker_sleep(w);
	}
	rcu_unregister_thread();
	return NULL;
}

/* ------------------------------------------------------------------ for the engine */

void worker_set_ops(struct worker *w)
{
	w->ops.send = worker_send;
	w->ops.pool = w->pool;
	w->ops.worker = w;
}
