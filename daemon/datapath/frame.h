/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A frame on its way through the daemon, and the pool it comes from.
 *
 * The engine sees only this: it knows neither AF_XDP nor sockets, so unit tests feed it frames
 * from plain memory. A frame owns FRAME_SIZE bytes; 'data' points into them with headroom in
 * front, so that a header can grow by a VLAN tag and punt metadata fits.
 *
 * Ownership: frame_get() gives it, frame_put() returns it; frame_send() (a callback of the worker)
 * takes it. Pools belong to one worker and are not locked.
 */
#ifndef DATAPATH_FRAME_H
#define DATAPATH_FRAME_H

#include "asa/flow.h"
#include "asa/parse.h"
#include "asa/punt.h"

#define FRAME_SIZE 4096
#define FRAME_HEADROOM 256

struct frame {
	__u8 *data; /* Ethernet header */
	__u32 len;
	__u32 in_ifindex; /* 0: made by the daemon */
	__u32 out_ifindex; /* set by the pipeline */
	__u16 in_queue;
	struct asa_punt_meta meta; /* cause PUNT_NONE when the driver gave none */
	struct asa_pkt pkt; /* filled by asa_parse() in the pipeline */
	__u8 *buf; /* start of the FRAME_SIZE bytes */
	__u64 umem_addr; /* of buf in the UMEM; ~0 outside one */
	struct frame *next; /* queue link (pending neighbour, reassembly, free list) */
};

struct frame_pool;

/* A pool over caller's memory (a UMEM or, in tests, malloc). => NULL without memory. */
struct frame_pool *frame_pool_new(void *mem, __u32 n_frames);
/* The same for a part of a larger UMEM: 'umem_base' is the UMEM address of 'mem'. */
struct frame_pool *frame_pool_new_at(void *mem, __u32 n_frames, __u64 umem_base);
void frame_pool_free(struct frame_pool *p);
/* => NULL when empty (caller counts DROP_RESOURCE_TX_QUEUE). data is set behind the headroom, len 0. */
struct frame *frame_get(struct frame_pool *p);
void frame_put(struct frame_pool *p, struct frame *f);
__u32 frame_pool_available(const struct frame_pool *p);
/* The frame that owns an address of the UMEM. => NULL when it is outside the pool. */
struct frame *frame_from_addr(struct frame_pool *p, __u64 umem_addr);
/* Ask for the memory of the frame whose packet starts at that address, to be used soon. */
void frame_prefetch(struct frame_pool *p, __u64 umem_addr);

#endif
