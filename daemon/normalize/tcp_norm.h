/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TCP normalizer in the daemon: the rules of asa/tcp_norm.h for frames in memory, and checksums.
 *
 * Responsible for: getting options out of a frame and back, verifying the TCP checksum (NRM-20).
 * Not responsible for: the rules, when to apply them (engine). No state, any thread.
 */
#ifndef NORMALIZE_TCP_NORM_H
#define NORMALIZE_TCP_NORM_H

#include <stdbool.h>

#include "asa/tcp_norm.h"

/*
 * What the map says about a TCP segment: asa/tcp_norm.h, step 2.
 * => own: the half of its direction; all zero for the first segment of a connection
 * => p->tcp is filled in; DROP_NONE or the reason
 */
enum asa_drop tcp_normalize_look(struct asa_pkt *p, const struct asa_half *own,
				 const struct asa_tcp_map *m);

/* Carry out p->tcp.edits: step 5, options included. */
void tcp_normalize_edit(struct asa_pkt *p, const struct asa_tcp_map *m);

/*
 * Start of a TCP checksum: the sum over the pseudo-header of a segment of 'size' bytes in all.
 * => add the bytes of the segment with asa_csum_add_bytes(); it is good if the fold is 0xffff
 */
__u64 tcp_normalize_sum(const struct asa_pkt *p, __u32 size);

#endif
