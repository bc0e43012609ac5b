// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/pkt.o */
/*
 * TCP tracking (include/asa/tcp_track.h): SES-12, NRM-16, NRM-21, BYP-5.
 *
 * A dialogue is a list of segments as a capture in the middle would show them, with numbers relative
 * to the sender's initial sequence number, and what becomes of each.  Every dialogue is run with
 * several initial numbers, some about to wrap, and with sequence offsets between the two sides.
 * After a refused segment both halves must be what they were.
 */
#include "lib/cunit.h"
#include "lib/pkt.h"

#include <asa/tcp_track.h>

enum { C = 0, S = 1 }; /* client: direction 0; server: direction 1 */

struct seg {
	uint8_t from;
	const char *flags; /* S F R P . (ACK) U, or "" */
	uint32_t seq; /* relative to the sender's ISN */
	uint32_t ack; /* relative to the peer's ISN */
	uint16_t size;
	uint16_t window;
	enum asa_drop drop;
	uint32_t events; /* 1 << ASA_EVENT_* */
	int wscale; /* -1 none */
};

#define EV(x) (1u << ASA_EVENT_##x)
#define NO_WS -1
#define END { .flags = NULL }

/* The handshake of most dialogues: windows 1000 (client) and 2000 (server), no scaling. */
#define HANDSHAKE                                                  \
	{ C, "S", 0, 0, 0, 1000, 0, 0, NO_WS },                    \
	{ S, "S.", 0, 1, 0, 2000, 0, 0, NO_WS },                   \
	{ C, ".", 1, 1, 0, 1000, 0, EV(ESTABLISHED), NO_WS }

struct dialogue {
	const char *name;
	struct seg segs[24];
};

static const struct dialogue dialogues[] = {
	/*	  from	flags	seq	ack	size	window	result			events */
	{ "SES-12 open, data both ways, close", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	100,	1000 },
		{ S, ".",	1,	101,	0,	2000 },
		{ S, "P.",	1,	101,	500,	2000 },
		{ C, ".",	101,	501,	0,	1000 },
		{ C, "F.",	101,	501,	0,	1000,	0,	EV(FIN) },
		{ S, ".",	501,	102,	0,	2000 },
		{ S, "P.",	501,	102,	10,	2000 },	/* half closed: the server may go on */
		{ C, ".",	102,	511,	0,	1000 },
		{ S, "F.",	511,	102,	0,	2000 },
		{ C, ".",	102,	512,	0,	1000,	0,	EV(CLOSED) },
		{ C, ".",	102,	512,	0,	1000 },	/* the last ACK once more */
		{ S, "F.",	511,	102,	0,	2000 },	/* retransmitted FIN */
		END } },
	{ "SES-12 both close at once", {
		HANDSHAKE,
		{ C, "F.",	1,	1,	0,	1000,	0,	EV(FIN) },
		{ S, "F.",	1,	1,	0,	2000 },
		{ C, ".",	2,	2,	0,	1000 },
		{ S, ".",	2,	2,	0,	2000,	0,	EV(CLOSED) },
		END } },
	{ "SES-12 FIN with data, FIN answered with FIN", {
		HANDSHAKE,
		{ C, "FP.",	1,	1,	50,	1000,	0,	EV(FIN) },
		{ S, "F.",	1,	52,	0,	2000 },
		{ C, ".",	52,	2,	0,	1000,	0,	EV(CLOSED) },
		END } },
	{ "SES-12 handshake ACK lost, data brings it", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, "S.",	0,	1,	0,	2000,	0,	0,	NO_WS },
		{ C, "P.",	1,	1,	20,	1000,	0,	EV(ESTABLISHED) },
		END } },
	{ "tcp-ack-syn-diff: SYN-ACK must acknowledge the SYN", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, "S.",	0,	0,	0,	2000,	DROP_TCP_ACK_SYN_DIFF },
		{ S, "S.",	0,	2,	0,	2000,	DROP_TCP_ACK_SYN_DIFF },
		{ S, "S.",	0,	1,	0,	2000,	0,	0,	NO_WS },
		END } },
	{ "SYN with data (RFC 7413): the SYN-ACK may take it or leave it", {
		{ C, "S",	0,	0,	10,	1000,	0,	0,	NO_WS },
		{ S, "S.",	0,	12,	0,	2000,	DROP_TCP_ACK_SYN_DIFF },
		{ S, "S.",	0,	11,	0,	2000,	0,	0,	NO_WS },
		{ C, ".",	11,	1,	0,	1000,	0,	EV(ESTABLISHED) },
		END } },
	{ "tcp-invalid-ack: NRM-21 the handshake ACK must be the next number", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, "S.",	0,	1,	0,	2000,	0,	0,	NO_WS },
		{ C, ".",	1,	0,	0,	1000,	DROP_TCP_INVALID_ACK },
		{ C, ".",	1,	2,	0,	1000,	DROP_TCP_INVALID_ACK },
		{ C, ".",	1,	1,	0,	1000,	0,	EV(ESTABLISHED) },
		END } },
	{ "tcp-discarded-ooo: the handshake ACK with a number that is not the client's", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, "S.",	0,	1,	0,	2000,	0,	0,	NO_WS },
		{ C, ".",	5000,	1,	0,	1000,	DROP_TCP_DISCARDED_OOO },
		{ C, "P.",	2001,	1,	10,	1000,	DROP_TCP_DISCARDED_OOO },
		{ C, ".",	0x80000000, 1,	0,	1000,	DROP_TCP_DISCARDED_OOO },
		{ C, ".",	1,	1,	0,	1000,	0,	EV(ESTABLISHED) },
		END } },
	{ "tcp-3whs-failed: data before the answer", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ C, ".",	1,	1,	10,	1000,	DROP_TCP_3WHS },
		{ S, "P.",	1,	1,	10,	1000,	DROP_TCP_3WHS },
		{ S, "F.",	1,	1,	0,	1000,	DROP_TCP_3WHS },
		END } },
	{ "tcp-dual-open: simultaneous open; tcp-3whs-failed: SYN-ACK of a client", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, "S",	0,	0,	0,	1000,	DROP_TCP_DUAL_OPEN },
		{ C, "S.",	0,	1,	0,	1000,	DROP_TCP_3WHS },
		/* refused in both directions, the one that asked first is answered in the end */
		{ S, "S.",	0,	1,	0,	2000,	0,	0,	NO_WS },
		{ C, ".",	1,	1,	0,	1000,	0,	EV(ESTABLISHED) },
		END } },
	{ "SYN again: the same passes, another one is tcp-seq-syn-diff", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ C, "S",	0,	0,	0,	1000 },
		{ C, "S",	5,	0,	0,	1000,	DROP_TCP_SYN_DIFF },
		{ S, "S.",	0,	1,	0,	2000,	0,	0,	NO_WS },
		{ C, "S",	5,	0,	0,	1000,	DROP_TCP_SYN_DIFF },
		{ C, "S",	0,	0,	0,	1000 },
		END } },
	{ "tcp-syn-ooo, tcp-rst-syn-in-win: SYN on an open connection (RFC 5961 section 4)", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	100,	1000 },
		{ S, ".",	1,	101,	0,	2000 },
		{ C, "S",	0,	0,	0,	1000 },	/* the one that opened it, late */
		{ C, "S",	100,	0,	0,	1000,	DROP_TCP_SYN_OOO },
		{ C, "S",	101,	0,	0,	1000,	DROP_TCP_RST_SYN_IN_WIN },
		{ C, "S",	2100,	0,	0,	1000,	DROP_TCP_RST_SYN_IN_WIN },
		{ C, "S",	2101,	0,	0,	1000,	DROP_TCP_SYN_OOO },
		{ S, "S",	1,	0,	0,	1000,	DROP_TCP_RST_SYN_IN_WIN },
		{ S, "S",	0x40000000, 0,	0,	1000,	DROP_TCP_SYN_OOO },
		{ C, "P.",	101,	1,	10,	1000 },
		END } },
	{ "tcp-seq-syn-diff, tcp-ack-syn-diff: a second SYN-ACK before the first is acknowledged", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, "S.",	0,	1,	0,	2000,	0,	0,	NO_WS },
		{ S, "S.",	0,	1,	0,	2000 },
		{ S, "S.",	7,	1,	0,	2000,	DROP_TCP_SYN_DIFF },
		{ S, "S.",	0,	9,	0,	2000,	DROP_TCP_ACK_SYN_DIFF },
		{ C, ".",	1,	1,	0,	1000,	0,	EV(ESTABLISHED) },
		END } },
	{ "tcp-synack-ooo: on an open connection; the same SYN-ACK passes", {
		HANDSHAKE,
		{ S, "S.",	0,	1,	0,	2000 },
		{ S, "S.",	7,	1,	0,	2000,	DROP_TCP_SYNACK_OOO },
		{ S, "S.",	0,	9,	0,	2000,	DROP_TCP_SYNACK_OOO },
		{ C, "P.",	1,	1,	10,	1000 },
		END } },
	{ "NRM-16 tcp-seq-past-win: beyond the receiver's window", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	2000,	1000 },	/* fills the server's window */
		{ C, "P.",	2001,	1,	2,	1000,	DROP_TCP_SEQ_PAST_WIN },
		{ C, "P.",	2002,	1,	1,	1000,	DROP_TCP_SEQ_PAST_WIN },
		{ C, "P.",	2001,	1,	1,	1000 },	/* window probe */
		{ S, ".",	1,	2001,	0,	2000 },
		{ C, "P.",	2001,	1,	2000,	1000 },
		END } },
	{ "data before the client has acknowledged anything", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, "S.",	0,	1,	0,	2000,	0,	0,	NO_WS },
		{ S, "P.",	1,	1,	1001,	2000,	DROP_TCP_SEQ_PAST_WIN },
		{ S, "P.",	1,	1,	1000,	2000 },
		{ C, ".",	1,	1001,	0,	1000,	0,	EV(ESTABLISHED) },
		END } },
	{ "a window that closes and opens; probes with and without data", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	2000,	1000 },
		{ S, ".",	1,	2001,	0,	0 },
		{ C, ".",	2000,	1,	1,	1000 },
		{ C, ".",	2001,	1,	1,	1000 },
		{ S, ".",	1,	2001,	0,	0 },
		{ C, "P.",	2001,	1,	100,	1000,	DROP_TCP_SEQ_PAST_WIN },
		{ S, ".",	1,	2001,	0,	2000 },
		{ C, "P.",	2001,	1,	100,	1000 },
		END } },
	{ "FIN into a full window", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	2000,	1000 },
		{ C, "F.",	2001,	1,	0,	1000,	0,	EV(FIN) },
		END } },
	{ "retransmissions within a window pass, older ones are tcp-acked", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	1000,	1000 },
		{ C, "P.",	1001,	1,	1000,	1000 },
		{ S, ".",	1,	2001,	0,	2000 },
		{ C, "P.",	2001,	1,	2000,	1000 },
		{ S, ".",	1,	4001,	0,	2000 },
		{ C, "P.",	2001,	1,	1000,	1000 },
		{ C, "P.",	1001,	1,	1000,	1000 },	/* ends at seq_end - window */
		{ C, "P.",	1,	1,	1000,	1000,	DROP_TCP_ACKED },
		{ C, ".",	1,	1,	0,	1000,	DROP_TCP_ACKED },
		END } },
	{ "keep-alives: one below the end, with and without a byte", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	100,	1000 },
		{ S, ".",	1,	101,	0,	2000 },
		{ C, ".",	100,	1,	0,	1000 },
		{ C, ".",	100,	1,	1,	1000 },
		{ S, ".",	0,	101,	0,	2000 },
		END } },
	{ "NRM-21 tcp-invalid-ack: above what was sent, or older than a window", {
		HANDSHAKE,
		{ S, ".",	1,	2,	0,	2000,	DROP_TCP_INVALID_ACK },
		{ C, "P.",	1,	1,	2000,	1000 },
		{ S, ".",	1,	2001,	0,	2000 },
		{ C, "P.",	2001,	1,	2000,	1000 },
		{ S, ".",	1,	4001,	0,	2000 },
		{ S, ".",	1,	2001,	0,	2000 },	/* old duplicate */
		{ S, ".",	1,	2000,	0,	2000,	DROP_TCP_INVALID_ACK },
		END } },
	{ "RFC 7323 scaling counts if both offered it", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	3 },
		{ S, "S.",	0,	1,	0,	1000,	0,	0,	2 },
		{ C, ".",	1,	1,	0,	1000,	0,	EV(ESTABLISHED) },
		/* the SYN-ACK's own window is not scaled */
		{ C, "P.",	1,	1,	1001,	1000,	DROP_TCP_SEQ_PAST_WIN },
		{ S, ".",	1,	1,	0,	1000 },
		{ C, "P.",	1,	1,	4000,	1000 },
		{ C, "P.",	4001,	1,	2,	1000,	DROP_TCP_SEQ_PAST_WIN },
		{ S, "P.",	1,	1,	8000,	1000 },
		{ S, "P.",	8001,	1,	2,	1000,	DROP_TCP_SEQ_PAST_WIN },
		END } },
	{ "RFC 7323 scaling offered by one side only does not count", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	7 },
		{ S, "S.",	0,	1,	0,	1000,	0,	0,	NO_WS },
		{ C, ".",	1,	1,	0,	1000,	0,	EV(ESTABLISHED) },
		{ S, "P.",	1,	1,	1000,	1000 },
		{ S, "P.",	1001,	1,	2,	1000,	DROP_TCP_SEQ_PAST_WIN },
		END } },
	{ "RFC 7323 a shift above 14 counts as 14", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	0 },
		{ S, "S.",	0,	1,	0,	1000,	0,	0,	30 },
		{ C, ".",	1,	1,	0,	1000,	0,	EV(ESTABLISHED) },
		{ S, ".",	1,	1,	0,	1 },
		{ C, "P.",	1,	1,	16384,	1000 },
		{ C, "P.",	16385,	1,	2,	1000,	DROP_TCP_SEQ_PAST_WIN },
		END } },
	{ "SES-12 RST: refusal of a SYN must acknowledge it", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, "R",	0,	0,	0,	0,	DROP_TCP_RSTFIN_OOO },
		{ S, "R.",	0,	0,	0,	0,	DROP_TCP_RSTFIN_OOO },
		{ S, "R.",	77,	2,	0,	0,	DROP_TCP_RSTFIN_OOO },
		{ S, "R.",	77,	1,	0,	0,	0,	EV(RST) },
		END } },
	{ "SES-12 RST: the client gives up before any answer", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ C, "R",	500,	0,	0,	0,	DROP_TCP_RSTFIN_OOO },
		{ C, "R",	1,	0,	0,	0,	0,	EV(RST) },
		END } },
	{ "tcp-rstfin-ooo, tcp-rst-syn-in-win: only the exact next number resets (RFC 5961)", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	100,	1000 },
		{ C, "R.",	0,	1,	0,	0,	DROP_TCP_RSTFIN_OOO },
		{ C, "R.",	50,	1,	0,	0,	DROP_TCP_RST_SYN_IN_WIN },
		{ C, "R.",	102,	1,	0,	0,	DROP_TCP_RST_SYN_IN_WIN },
		{ C, "R.",	2000,	1,	0,	0,	DROP_TCP_RST_SYN_IN_WIN },
		{ C, "R.",	2001,	1,	0,	0,	DROP_TCP_RSTFIN_OOO },	/* at the edge: outside */
		{ S, "R",	2,	0,	0,	0,	DROP_TCP_RST_SYN_IN_WIN },
		{ C, "R.",	101,	1,	0,	0,	0,	EV(RST) },	/* all that was sent */
		{ C, "R.",	101,	1,	0,	0 },	/* told once */
		END } },
	{ "RST at the number that the receiver still expects", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	100,	1000 },	/* lost behind the firewall */
		{ C, "R",	1,	0,	0,	0,	0,	EV(RST) },
		END } },
	{ "RST that answers a challenge ACK of a half-open server", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, ".",	9000,	7000,	0,	2000 },
		{ C, "R",	6999,	0,	0,	0,	DROP_TCP_RSTFIN_OOO },
		{ C, "R",	7000,	0,	0,	0,	0,	EV(RST) },
		END } },
	{ "RFC 9293 RST in SYN-RECEIVED: of the server at its next number, of the client at its own", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, "S.",	0,	1,	0,	2000,	0,	0,	NO_WS },
		{ S, "R.",	2,	1,	0,	0,	DROP_TCP_RSTFIN_OOO },
		{ C, "R",	2,	0,	0,	0,	DROP_TCP_RST_SYN_IN_WIN },
		{ C, "R",	2001,	0,	0,	0,	DROP_TCP_RSTFIN_OOO },
		{ S, "R.",	1,	1,	0,	0,	0,	EV(RST) },
		END } },
	{ "RFC 9293 RST in SYN-RECEIVED: the client aborts", {
		{ C, "S",	0,	0,	0,	1000,	0,	0,	NO_WS },
		{ S, "S.",	0,	1,	0,	2000,	0,	0,	NO_WS },
		{ C, "R",	1,	0,	0,	0,	0,	EV(RST) },
		END } },
	{ "RFC 9293 RST in FIN-WAIT-1 and CLOSE-WAIT", {
		HANDSHAKE,
		{ C, "F.",	1,	1,	0,	1000,	0,	EV(FIN) },
		{ S, "R",	2,	0,	0,	0,	DROP_TCP_RST_SYN_IN_WIN },
		{ C, "R",	3,	0,	0,	0,	DROP_TCP_RST_SYN_IN_WIN },
		{ S, ".",	1,	2,	0,	2000 },		/* FIN-WAIT-2, CLOSE-WAIT */
		{ C, "R",	1,	0,	0,	0,	DROP_TCP_RSTFIN_OOO },
		{ C, "R",	2,	0,	0,	0,	0,	EV(RST) },
		{ S, "P.",	1,	2,	10,	2000,	DROP_TCP_NOT_SYN },
		END } },
	{ "RFC 9293 RST in FIN-WAIT-2: the server aborts with data on its way", {
		HANDSHAKE,
		{ C, "F.",	1,	1,	0,	1000,	0,	EV(FIN) },
		{ S, "P.",	1,	2,	100,	2000 },
		{ S, "R.",	50,	2,	0,	0,	DROP_TCP_RST_SYN_IN_WIN },
		{ S, "R.",	101,	2,	0,	0,	0,	EV(RST) },
		{ C, ".",	2,	101,	0,	1000,	DROP_TCP_NOT_SYN },
		END } },
	{ "RFC 9293 RST in CLOSING and LAST-ACK", {
		HANDSHAKE,
		{ C, "F.",	1,	1,	0,	1000,	0,	EV(FIN) },
		{ S, "F.",	1,	1,	0,	2000 },		/* both CLOSING */
		{ S, "R",	3,	0,	0,	0,	DROP_TCP_RST_SYN_IN_WIN },
		{ S, ".",	2,	2,	0,	2000 },
		{ S, "R",	2,	0,	0,	0,	0,	EV(RST) },
		END } },
	{ "RFC 9293 TIME-WAIT: the last FIN again, its ACK again, a RST for a late one", {
		HANDSHAKE,
		{ C, "F.",	1,	1,	0,	1000,	0,	EV(FIN) },
		{ S, "F.",	1,	2,	0,	2000 },
		{ C, ".",	2,	2,	0,	1000,	0,	EV(CLOSED) },
		{ S, "F.",	1,	2,	0,	2000 },
		{ C, ".",	2,	2,	0,	1000 },
		{ S, "P.",	2,	2,	1,	2000,	DROP_TCP_PAST_FIN },
		{ C, "P.",	2,	2,	1,	1000,	DROP_TCP_PAST_FIN },
		{ S, "R",	2,	0,	0,	0,	0,	EV(RST) },
		END } },
	{ "RFC 9293 half-closed by the server, the client goes on and closes", {
		HANDSHAKE,
		{ S, "FP.",	1,	1,	10,	2000,	0,	EV(FIN) },
		{ C, ".",	1,	12,	0,	1000 },
		{ C, "P.",	1,	12,	1500,	1000 },
		{ S, ".",	12,	1501,	0,	2000 },
		{ S, "P.",	12,	1501,	1,	2000,	DROP_TCP_PAST_FIN },
		{ C, "F.",	1501,	12,	0,	1000 },
		{ S, ".",	12,	1502,	0,	2000,	0,	EV(CLOSED) },
		END } },
	{ "NRM tcp-not-syn: nothing but RSTs after a RST, from either side", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	100,	1000 },
		{ C, "R.",	101,	1,	0,	0,	0,	EV(RST) },
		{ C, "P.",	101,	1,	10,	1000,	DROP_TCP_NOT_SYN },
		{ C, "F.",	101,	1,	0,	1000,	DROP_TCP_NOT_SYN },
		{ C, ".",	101,	1,	0,	1000,	DROP_TCP_NOT_SYN },
		{ S, ".",	1,	101,	0,	2000,	DROP_TCP_NOT_SYN },
		{ S, "P.",	1,	101,	10,	2000,	DROP_TCP_NOT_SYN },
		{ S, "R",	1,	0,	0,	0,	0,	EV(RST) },	/* crossed the other */
		END } },
	{ "RFC 5961 challenge ACK on an open connection, and the RST that answers it", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	100,	1000 },
		{ S, ".",	1,	101,	0,	2000 },
		/* the client was restarted: its SYN is not let through, data of the server is */
		{ C, "S",	77777,	0,	0,	1000,	DROP_TCP_SYN_OOO },
		{ S, "P.",	1,	101,	10,	2000 },
		{ C, "R",	101,	0,	0,	0,	0,	EV(RST) },
		END } },
	{ "RFC 9293 a RST with data is one", {
		HANDSHAKE,
		{ S, "R.",	1,	1,	30,	0,	0,	EV(RST) },
		END } },
	{ "tcp-rstfin-ooo: FIN ahead of missing data, or in its middle", {
		HANDSHAKE,
		{ C, "F.",	100,	1,	0,	1000,	DROP_TCP_RSTFIN_OOO },
		{ C, "P.",	1,	1,	200,	1000 },
		{ C, "F.",	100,	1,	0,	1000,	DROP_TCP_RSTFIN_OOO },
		{ C, "F.",	199,	1,	0,	1000,	DROP_TCP_RSTFIN_OOO },
		{ C, "F.",	201,	1,	0,	1000,	0,	EV(FIN) },
		{ C, "F.",	201,	1,	0,	1000 },
		{ C, "FP.",	101,	1,	100,	1000 },	/* retransmission that ends in the FIN */
		{ C, "F.",	200,	1,	0,	1000,	DROP_TCP_RSTFIN_OOO },
		END } },
	{ "a lost FIN comes again although later acknowledgments told its number", {
		HANDSHAKE,
		{ C, "P.",	1,	1,	100,	1000 },
		/* FIN 101 is lost before it comes here */
		{ S, "P.",	1,	101,	50,	2000 },
		{ C, ".",	102,	51,	0,	1000 },
		{ C, "F.",	101,	51,	0,	1000,	0,	EV(FIN) },
		{ C, "FP.",	51,	51,	50,	1000 },
		END } },
	{ "tcp-data-past-fin", {
		HANDSHAKE,
		{ C, "F.",	1,	1,	0,	1000,	0,	EV(FIN) },
		{ C, "P.",	2,	1,	10,	1000,	DROP_TCP_PAST_FIN },
		{ C, "P.",	1,	1,	2,	1000,	DROP_TCP_PAST_FIN },
		{ C, ".",	2,	1,	0,	1000 },
		END } },
	{ "bad-tcp-flags: combinations that no sender makes", {
		HANDSHAKE,
		{ C, "",	1,	1,	0,	1000,	DROP_TCP_FLAGS },
		{ C, "F",	1,	1,	0,	1000,	DROP_TCP_FLAGS },
		{ C, "P",	1,	1,	10,	1000,	DROP_TCP_FLAGS },
		{ C, "SF",	1,	1,	0,	1000,	DROP_TCP_FLAGS },
		{ C, "SF.",	1,	1,	0,	1000,	DROP_TCP_FLAGS },
		{ C, "SR",	1,	1,	0,	1000,	DROP_TCP_FLAGS },
		{ C, "SR.",	1,	1,	0,	1000,	DROP_TCP_FLAGS },
		{ C, "FR.",	1,	1,	0,	1000,	DROP_TCP_FLAGS },
		{ C, "FPU",	1,	1,	0,	1000,	DROP_TCP_FLAGS },
		{ C, "SFRPU.",	1,	1,	0,	1000,	DROP_TCP_FLAGS },
		{ C, "PU.",	1,	1,	10,	1000 },
		END } },
	{ "no SYN of either side was seen: nothing passes", {
		{ C, ".",	1,	1,	0,	1000,	DROP_TCP_3WHS },
		{ S, "S.",	0,	1,	0,	1000,	DROP_TCP_SYNACK_OOO },
		END } },
};

static uint8_t flags_of(const char *s)
{
	static const char letters[] = "FSRP.U";
	uint8_t flags = 0;

	for (; *s; s++)
		flags |= (uint8_t)(1u << (strchr(letters, *s) - letters));
	return flags;
}

struct world {
	struct asa_half half[2];
	uint32_t isn[2];
	uint32_t add[2]; /* seq_add of the directions */
};

static struct asa_tcp_seg seg_of(const struct world *w, const struct seg *s)
{
	struct asa_tcp_seg t = {
		.seq = w->isn[s->from] + s->seq,
		.ack = w->isn[!s->from] + w->add[!s->from] + s->ack,
		.window = s->window,
		.size = s->size,
		.flags = flags_of(s->flags),
		.header = 20,
	};

	if (t.flags & ASA_TCP_SYN) {
		t.has_wscale = s->wscale >= 0;
		t.wscale = (uint8_t)s->wscale;
	}
	return t;
}

static void run(const struct dialogue *d, struct world *w)
{
	struct asa_half before[2];

	for (int i = 0; d->segs[i].flags; i++) {
		const struct seg *s = &d->segs[i];
		struct asa_tcp_seg t = seg_of(w, s);
		uint32_t events = 0;
		enum asa_drop drop;
		int bad;

		/* The first SYN makes the connection: the daemon's part. */
		if (i == 0 && t.flags == ASA_TCP_SYN) {
			tcp_track_start(&w->half[s->from], &t);
			continue;
		}
		memcpy(before, w->half, sizeof(before));
		drop = tcp_track_full(&w->half[s->from], &w->half[!s->from], w->add[!s->from], &t,
				      &events);
		bad = drop != s->drop || events != s->events ||
		      /* each direction writes its own half, and none for what does not pass */
		      memcmp(&before[!s->from], &w->half[!s->from], sizeof(before[0])) ||
		      (drop && memcmp(before, w->half, sizeof(before)));
		if (bad)
			printf("      \"%s\" segment %d: drop %d (expected %d), events %x (%x)\n",
			       d->name, i, drop, s->drop, events, s->events);
		CU_ASSERT(!bad);
	}
}

static void table(void)
{
	static const struct world starts[] = {
		{ .isn = { 1000, 500000 } },
		{ .isn = { 0xfffffff0, 0xffffff00 } },
		{ .isn = { 0x7ffffff0, 0x80000010 } },
		{ .isn = { 0xffffffff, 0 } },
		{ .isn = { 1000, 500000 }, .add = { 0x12345678, 0xfedcba98 } },
		{ .isn = { 0xfffffc00, 3 }, .add = { 900, 0x7fffffff } },
	};

	for (size_t i = 0; i < sizeof(dialogues) / sizeof(dialogues[0]); i++)
		for (size_t k = 0; k < sizeof(starts) / sizeof(starts[0]); k++) {
			struct world w = starts[k];

			run(&dialogues[i], &w);
		}
}

/* Exactly six combinations of the four flags exist. */
static void flag_combinations(void)
{
	int valid = 0;

	for (int flags = 0; flags < 256; flags++) {
		int f = flags & 1, s = flags >> 1 & 1, r = flags >> 2 & 1, a = flags >> 4 & 1;
		int expected = f + s + r <= 1 && (f ? a : 1) && (f || s || r || a);

		CU_ASSERT(asa_tcp_flags_valid((uint8_t)flags) == expected);
		valid += expected;
	}
	CU_ASSERT(valid == 6 * 16);
}

static void challenge_flag_widens_the_rst_window(void)
{
	struct world w = { .isn = { 1000, 5000 } };
	static const struct dialogue open = { "open", { HANDSHAKE, END } };
	struct asa_tcp_seg rst = { .seq = 1001 + 10, .flags = ASA_TCP_RST };
	uint32_t events = 0;

	run(&open, &w);
	CU_ASSERT(tcp_track_full(&w.half[C], &w.half[S], 0, &rst, &events) ==
		  DROP_TCP_RST_SYN_IN_WIN);
	w.half[S].tcp |= ASA_HALF_CHALLENGE;
	rst.seq = 1001 + 2000; /* at the edge: outside */
	CU_ASSERT(tcp_track_full(&w.half[C], &w.half[S], 0, &rst, &events) == DROP_TCP_RSTFIN_OOO);
	rst.seq = 1001 + 10;
	CU_ASSERT(tcp_track_full(&w.half[C], &w.half[S], 0, &rst, &events) == DROP_NONE);
	CU_ASSERT(events == EV(RST));
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-12 NRM-16 NRM-21 dialogues", table },
		{ "TCP flag combinations", flag_combinations },
		{ "RFC 5961 challenge and RST", challenge_flag_widens_the_rst_window },
		{ NULL, NULL },
	};
	return asa_cunit_main("tcp_track", tests);
}
