/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AF_XDP sockets and the worker threads that own them.
 *
 * One worker has one UMEM, shared by its sockets on all interfaces, so that a frame received on
 * one interface is sent on another without a copy. Queue q of every interface belongs to worker
 * q % n_workers. Zero copy is tried first, copy mode used otherwise; need_wakeup is honoured;
 * a watchdog re-kicks rings that make no progress.
 *
 * Per turn a worker: takes completions back, refills, receives a batch from every ready socket,
 * hands it to the engine (engine_batch) with asa->lock held once, sends what the engine queued
 * (one wakeup per socket), then sleeps in poll() if nothing came.
 */
#ifndef DATAPATH_XSK_H
#define DATAPATH_XSK_H

#include "datapath/frame.h"

struct asa;
struct workers;

/* What the engine may ask of the worker that runs it. */
struct worker_ops {
	/* Queue f for f->out_ifindex; takes ownership, also on failure (then counted there). */
	void (*send)(void *worker, struct frame *f);
	struct frame_pool *pool;
	void *worker;
};

/* What workers call with received frames: the engine, which is above this folder. */
struct worker_hooks {
	/* Take n frames; with asa->lock held and inside an RCU read section. */
	void (*batch)(void *arg, struct worker_ops *ops, struct frame **frames, int n, __u32 now);
	/* A frame taken by worker_ops.send could not be sent (asa->lock held); it stays the worker's. */
	void (*send_failed)(void *arg, const struct frame *f, enum asa_drop why);
	void *arg;
};

/*
 * The functions below are the main thread's. Those that talk to a worker (add, del, call, free)
 * wait for its next turn, which takes asa->lock: the caller must not hold it.
 */
int workers_new(struct asa *a, const struct worker_hooks *hooks, int n, struct workers **out, char *err,
		size_t err_size);
void workers_free(struct workers *w); /* stops the threads */
/* Open sockets for every queue of an interface, or close them. Called by the main thread. */
int workers_add_if(struct workers *w, __u32 ifindex, char *err, size_t err_size);
void workers_del_if(struct workers *w, __u32 ifindex);
bool workers_has_if(struct workers *w, __u32 ifindex);
/* Run fn on worker 0's thread with its ops and asa->lock held (main thread sends frames this way). */
void workers_call(struct workers *w, void (*fn)(void *arg, struct worker_ops *ops), void *arg);
/* The same on every worker, one after the other. */
void workers_call_all(struct workers *w, void (*fn)(void *arg, struct worker_ops *ops), void *arg);
/* Frames lost in receive rings since the last call, by interface (for dispatch-queue-limit). */
__u64 workers_rx_lost(struct workers *w, __u32 ifindex);

struct xsk_info {
	__u32 ifindex, queue;
	bool zero_copy, need_wakeup;
	__u64 rx, tx, rx_lost, tx_failed, kicks;
};
/* Row i of the open sockets, from 0 until false. */
bool workers_xsk_info(struct workers *w, size_t i, struct xsk_info *info);

/* All frames there are, and those at rest: in pools and in the kernel's rings (leak test). */
void workers_frames(struct workers *w, __u32 *total, __u32 *at_rest);

#endif
