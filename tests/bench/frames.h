/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of the bench: building the templates that the generator sends, whole frames for test
 * runs, and checking what arrived.
 *
 * Responsible for: addresses and ports of the bench (RFC 5737 and 3849), sums, checksums.
 * Not responsible for: sending; the layout of the plan (bench.h).
 * Called by rig.c and progns.c; pure functions, any thread.
 */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "bench.h"

struct frame_spec {
	bool ipv6;
	bool tcp;
	__u8 tcp_flags;
	__u32 seq;
	__u32 ack;
	__u16 dport; /* host order */
};

#define FRAME_SYN 0x02
#define FRAME_ACK 0x10
#define FRAME_PSH 0x08

/*
 * Build the template of a kind of frame.
 *
 * => a SYN carries no data (the frame is padded), everything else carries some
 */
void frame_build(struct bench_frame *f, const struct frame_spec *s);

/*
 * Write the whole frame of one flow, as the generator would.
 *
 * => returns its length, BENCH_LEN4 or BENCH_LEN6
 */
size_t frame_write(__u8 *buf, const struct bench_frame *f, const struct frame_spec *s, __u32 flow,
		   __u32 ack);

/*
 * Check a frame that arrived: both checksums, and that the source network is the expected one.
 *
 * => net is the first three bytes of the expected IPv4 source, NULL: not translated
 * => returns NULL when all is well, else what is wrong
 */
const char *frame_check(const __u8 *buf, const struct frame_spec *s, const __u8 net[3]);

/* Check an IPv4 SYN-ACK from 'port' that came back: checksums and ends. => NULL, or what is wrong */
const char *frame_check_answer(const __u8 *buf, __u16 port);

#endif
