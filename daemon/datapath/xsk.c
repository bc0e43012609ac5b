// SPDX-License-Identifier: GPL-2.0-only
/*
 * One AF_XDP socket: its UMEM registration, its four rings, its wakeups.
 *
 * Responsible for: zero copy where the driver has it, copy mode elsewhere; keeping the fill ring
 * full; taking completions back; reading punt metadata in front of received frames; asking the
 * kernel to work only when it wants to be asked (need_wakeup).
 * Not responsible for: which frames go where (worker.c), the XSKMAP (workers.c).
 *
 * A frame lent to the kernel is written down in 'lent' (id of the socket), so that nothing is lost
 * when a socket goes away with its interface.
 *
 * Callers: worker.c on the worker's thread; xsk_open() on the main thread before the worker knows
 * the socket. Threads: one at a time.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "datapath/xsk_impl.h"

#ifndef SOL_XDP
#define SOL_XDP 283
#endif
#define XSK_AHEAD 4 /* frames whose memory is asked for while others are looked at */
#define XSK_KICKS_MAX 8 /* sendto() calls for one wakeup: copy mode takes 32 frames at a time */

static int xsk_try(struct xsk *x, const char *name, void *area, __u64 size, __u16 bind_flags)
{
	const struct xsk_umem_config umem = {
		.fill_size = XSK_FILL_RING,
		.comp_size = XSK_COMPLETION_RING,
		.frame_size = FRAME_SIZE,
		.frame_headroom = 0, /* the kernel adds XDP_PACKET_HEADROOM itself */
	};
	const struct xsk_socket_config socket = {
		.rx_size = XSK_RX_RING,
		.tx_size = XSK_TX_RING,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_USE_NEED_WAKEUP | bind_flags,
	};
	int r;

	r = xsk_umem__create(&x->umem, area, size, &x->fill, &x->completion, &umem);
	if (r)
		return r;
	r = xsk_socket__create(&x->socket, name, x->queue, x->umem, &x->rx, &x->tx, &socket);
	if (r) {
		xsk_umem__delete(x->umem);
		x->umem = NULL;
		return r;
	}
	x->fd = xsk_socket__fd(x->socket);
	return 0;
}

int xsk_open(struct xsk *x, const char *name, void *area, __u64 size, char *err, size_t err_size)
{
	int zc, r;

	zc = xsk_try(x, name, area, size, XDP_ZEROCOPY);
	x->zero_copy = zc == 0;
	if (zc == 0)
		return 0;
	r = xsk_try(x, name, area, size, XDP_COPY);
	if (r == 0)
		return 0;
	snprintf(err, err_size, "no AF_XDP socket on %s queue %u: %s%s", name, x->queue, strerror(-r),
		 r == -EBUSY ? " (another program's socket has this queue)" :
		 r == -EPERM ? " (it takes CAP_NET_RAW)" :
		 r == -ENOBUFS ? " (the locked-memory limit; it takes CAP_IPC_LOCK)" : "");
	return r;
}

void xsk_close(struct xsk *x)
{
	if (x->socket)
		xsk_socket__delete(x->socket);
	if (x->umem)
		xsk_umem__delete(x->umem);
	x->socket = NULL;
	x->umem = NULL;
}

void xsk_refill(struct xsk *x, struct frame_pool *pool, __u16 *lent)
{
	__u32 want = x->fill_target > x->in_fill ? x->fill_target - x->in_fill : 0;
	__u32 spare = frame_pool_available(pool), row, n = 0;

	/* In lots: a ring that lacks a few is full enough. */
	if (x->dead || (want < XSK_BATCH && x->in_fill >= XSK_BATCH))
		return;
	/* The last frames are for what is sent and made, but a ring with nothing in it hears nothing. */
	if (x->in_fill >= XSK_BATCH)
		spare = spare > x->keep ? spare - x->keep : 0;
	else if (spare > XSK_BATCH)
		spare = spare > x->keep + XSK_BATCH ? spare - x->keep : XSK_BATCH;
	if (want > spare)
		want = spare;
	while (want && xsk_ring_prod__reserve(&x->fill, want, &row) != want)
		want /= 2;
	for (; n < want; n++) {
		struct frame *f = frame_get(pool);

		/* What stood there last must not pass for metadata of the next frame. */
		memset(f->buf + FRAME_HEADROOM - sizeof(struct asa_punt_meta), 0, sizeof(struct asa_punt_meta));
		*xsk_ring_prod__fill_addr(&x->fill, row + n) = f->umem_addr;
		lent[f->umem_addr / FRAME_SIZE] = x->id;
	}
	if (n) {
		xsk_ring_prod__submit(&x->fill, n);
		x->in_fill += n;
	}
	if (xsk_ring_prod__needs_wakeup(&x->fill))
		recvfrom(x->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

void xsk_complete(struct xsk *x, void (*done)(void *arg, __u64 addr), void *arg)
{
	__u32 row, n;

	if (!x->in_tx)
		return;
	n = xsk_ring_cons__peek(&x->completion, XSK_COMPLETION_RING, &row);
	for (__u32 i = 0; i < n; i++)
		done(arg, *xsk_ring_cons__comp_addr(&x->completion, row + i));
	if (n) {
		xsk_ring_cons__release(&x->completion, n);
		x->in_tx -= n < x->in_tx ? n : x->in_tx;
		x->completed = true;
	}
}

/* The metadata is a hint: anything odd about it, and the frame is taken without. */
static void xsk_read_meta(struct frame *f)
{
	__u8 *at = f->data - sizeof(f->meta);

	if (f->data < f->buf + sizeof(f->meta))
		return;
	memcpy(&f->meta, at, sizeof(f->meta));
	memset(at, 0, sizeof(f->meta));
	if (f->meta.magic != ASA_PUNT_MAGIC || f->meta.cause >= ASA_PUNT_MAX)
		memset(&f->meta, 0, sizeof(f->meta));
}

__u32 xsk_receive(struct xsk *x, struct frame_pool *pool, struct frame **out, __u32 max, __u16 *lent)
{
	__u32 row, n, taken = 0;

	n = xsk_ring_cons__peek(&x->rx, max, &row);
	/* Packets were written by another CPU: each would be waited for, one after the other. */
	for (__u32 i = 0; i < n && i < XSK_AHEAD; i++)
		frame_prefetch(pool, xsk_ring_cons__rx_desc(&x->rx, row + i)->addr);
	for (__u32 i = 0; i < n; i++) {
		const struct xdp_desc *d = xsk_ring_cons__rx_desc(&x->rx, row + i);
		__u64 addr = xsk_umem__add_offset_to_addr(d->addr);
		struct frame *f = frame_from_addr(pool, addr);

		if (i + XSK_AHEAD < n)
			frame_prefetch(pool, xsk_ring_cons__rx_desc(&x->rx, row + i + XSK_AHEAD)->addr);
		if (!f)
			continue; /* not of this pool: cannot be, and must not be followed */
		lent[f->umem_addr / FRAME_SIZE] = 0;
		f->data = f->buf + (addr - f->umem_addr);
		f->len = d->len;
		f->in_ifindex = x->ifindex;
		f->out_ifindex = 0;
		f->in_queue = (__u16)x->queue;
		f->next = NULL;
		xsk_read_meta(f);
		out[taken++] = f;
	}
	if (n) {
		xsk_ring_cons__release(&x->rx, n);
		x->in_fill -= n < x->in_fill ? n : x->in_fill;
		x->n_rx += n;
	}
	return taken;
}

bool xsk_queue(struct xsk *x, const struct frame *f, __u16 *lent)
{
	struct xdp_desc *d;
	__u32 row;

	/* No more than the completion ring can take back. */
	if (x->dead || x->in_tx >= XSK_COMPLETION_RING || !xsk_ring_prod__reserve(&x->tx, 1, &row))
		return false;
	d = xsk_ring_prod__tx_desc(&x->tx, row);
	d->addr = f->umem_addr + (__u64)(f->data - f->buf);
	d->len = f->len;
	d->options = 0;
	lent[f->umem_addr / FRAME_SIZE] = x->id;
	x->in_tx++;
	x->queued++;
	return true;
}

void xsk_kick(struct xsk *x, bool force)
{
	if (x->queued) {
		xsk_ring_prod__submit(&x->tx, x->queued);
		x->n_tx += x->queued;
		x->queued = 0;
	} else if (!force) {
		return;
	}
	if (x->dead || (!force && !xsk_ring_prod__needs_wakeup(&x->tx)))
		return;
	for (int i = 0; i < XSK_KICKS_MAX; i++) {
		x->n_kicks++;
		if (sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
			return;
		/* EAGAIN: its lot is done and there is more. ENOBUFS, EBUSY: the device is full. */
		if (errno != EAGAIN && errno != EBUSY && errno != ENOBUFS)
			return;
	}
}

__u64 xsk_read_lost(struct xsk *x)
{
	struct xdp_statistics st;
	socklen_t len = sizeof(st);
	__u64 now, lost;

	memset(&st, 0, sizeof(st));
	if (getsockopt(x->fd, SOL_XDP, XDP_STATISTICS, &st, &len) < 0)
		return 0;
	now = st.rx_dropped + st.rx_ring_full;
	lost = now - x->lost_seen;
	x->lost_seen = now;
	x->n_lost += lost;
	return lost;
}
