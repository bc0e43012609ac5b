/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The place of application inspection in the slow path.
 *
 * A connection gets its inspector when it is created (policy_service.inspect, kept in
 * asa_session.inspect), never when it is bypassed (BYP-6). What an inspector sees:
 *
 *	datagrams	stage_inspect() of the engine, after the normalizer and before rewriting, for
 *			every packet of a connection whose directions carry ASA_DIR_INSPECT
 *	TCP		a stream: each byte of a direction once and in order, whatever the segments
 *			looked like. The in-order engine shows them (normalize/tcp_order.h: struct
 *			order_sink) before it lets the segment pass, and lets no byte pass that it did
 *			not show. A reason instead of DROP_NONE stops that direction for good.
 *
 * An inspector reads messages and asks for things (another connection's pinhole, a replacement);
 * translation, lengths, sequence shifts and checksums are the framework's. None exists yet: no
 * connection is marked for inspection, and policy_service.inspect only chooses a message.
 */
#ifndef INSPECT_INSPECT_H
#define INSPECT_INSPECT_H

#include "asa/drop.h"
#include "asa/types.h"

#define INSPECT_NONE 0 /* value of asa_session.inspect without an inspector */

/*
 * Who looks at the streams of connections that are put in order. With asa->lock held.
 * => of a connection: bytes() any number of times in each direction, fin() once at most in each,
 *    over() once at its end
 */
struct inspect_stream {
	/* n bytes of direction 'dir' from sequence number seq on. => why no byte from here on may pass */
	enum asa_drop (*bytes)(void *arg, __u32 slot, int dir, __u32 seq, const __u8 *p, __u32 n);
	void (*fin)(void *arg, __u32 slot, int dir); /* all bytes of the direction were shown */
	void *arg;
};

#endif
