/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the AF_XDP side, shared by xsk.c (one socket and its rings), worker.c (a thread and its
 * turns) and workers.c (all of them, interfaces, calls from the main thread). Nobody else includes it.
 */
#ifndef DATAPATH_XSK_IMPL_H
#define DATAPATH_XSK_IMPL_H

#include <pthread.h>
#include <xdp/xsk.h>

#include "asa.h"
#include "datapath/xsk.h"

#define XSK_RX_RING 4096
#define XSK_TX_RING 2048
#define XSK_FILL_RING 4096
#define XSK_COMPLETION_RING 2048
#define XSK_BATCH 64

/*
 * Frames of a worker unless --frames says another number. The kernel pins all of them with the first
 * socket, so they cost their memory used or not; 15 ms of first packets at 250,000 a second fit.
 */
#define WORKER_FRAMES 4608
#define WORKER_SOCKETS_MAX 256
#define WORKER_TURN_FRAMES 256 /* frames handed to the engine at once */
#define WORKERS_MAX 16

/*
 * One socket. The UMEM of every socket is the same memory, registered by each of them: so a
 * frame received on one is sent on another without a copy, each can be zero-copy or not, and one
 * that goes away with its interface takes nothing with it.
 */
struct xsk {
	__u32 ifindex, queue;
	__u16 id; /* in workers.lent; never 0 */
	struct xsk_umem *umem;
	struct xsk_socket *socket;
	struct xsk_ring_cons rx, completion;
	struct xsk_ring_prod tx, fill;
	int fd;
	bool zero_copy, dead; /* dead: its interface has gone, the main thread will close it */
	__u32 in_fill; /* frames lent to the kernel */
	__u32 in_tx;
	__u32 queued; /* of in_tx: since the last wakeup */
	__u32 fill_target;
	__u32 keep; /* frames that its ring leaves in the pool */
	__u32 stuck_tx; /* in_tx at the last look of the watchdog, unless something completed since */
	bool completed;
	__u64 n_rx, n_tx, n_lost, n_failed, n_kicks;
	__u64 lost_seen; /* what XDP_STATISTICS said last */
};

/* => 0; -errno with a sentence in err. The rings are empty then. */
int xsk_open(struct xsk *x, const char *name, void *area, __u64 size, char *err, size_t err_size);
void xsk_close(struct xsk *x);
void xsk_refill(struct xsk *x, struct frame_pool *pool, __u16 *lent);
/* Completed frames, each handed to done(). */
void xsk_complete(struct xsk *x, void (*done)(void *arg, __u64 addr), void *arg);
__u32 xsk_receive(struct xsk *x, struct frame_pool *pool, struct frame **out, __u32 max,
		  __u16 *lent);
/* => false: the ring is full. */
bool xsk_queue(struct xsk *x, const struct frame *f, __u16 *lent);
void xsk_kick(struct xsk *x, bool force);
/* Read the kernel's loss counters. => frames lost since the last call. */
__u64 xsk_read_lost(struct xsk *x);

struct worker;

/* A request of another thread to a worker, done at the start of its next turn. */
struct worker_call {
	void (*fn)(void *arg, struct worker_ops *ops);
	void (*internal)(struct worker *w, void *arg);
	void *arg;
	bool done;
	struct worker_call *next;
};

struct worker {
	struct workers *all;
	int number;
	pthread_t thread;
	bool running;
	int wake_fd;
	struct frame_pool *pool;
	struct worker_ops ops;
	struct xsk *sockets[WORKER_SOCKETS_MAX]; /* own thread only */
	int n_sockets;
	__u32 watchdog_tick;
	int turn_sockets; /* socket with which the next turn begins: every one comes first at times */

	pthread_mutex_t mailbox;
	pthread_cond_t answered;
	struct worker_call *calls;
	struct frame *inbox; /* frames of other workers to be sent here */
	struct frame *returned; /* own frames that other workers are done with */
};

struct workers {
	struct asa *asa;
	struct worker_hooks hooks;
	int n;
	struct worker w[WORKERS_MAX];
	__u32 frames; /* of each worker */
	__u8 *area; /* frames * FRAME_SIZE bytes for each worker, one after the other */
	size_t area_size;
	__u16 *lent; /* by frame: id of the socket whose rings hold it, 0 none */
	__u64 *rx_lost; /* by ifindex, since the last workers_rx_lost(): atomic */
	pthread_mutex_t list; /* sockets[], for lookups of other threads */
	struct xsk **sockets;
	size_t n_sockets;
	__u16 last_id;
	bool stop;
};

void *worker_main(void *arg);
void worker_set_ops(struct worker *w);
void worker_wake(struct worker *w);
/* Run 'c' on w's thread and wait for it. */
void worker_run(struct worker *w, struct worker_call *c);
void worker_add_socket(struct worker *w, void *xsk);
void worker_del_socket(struct worker *w, void *xsk);

#endif
