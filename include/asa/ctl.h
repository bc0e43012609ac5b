/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control protocol between asactl and asad: frames on a stream socket (AF_UNIX).
 *
 * A frame is a header and 'length' bytes of UTF-8 text (no terminating NUL). The client sends one
 * request and reads frames until ASA_CTL_END; requests of one connection are answered in order.
 * The daemon keeps the configuration mode (prompt, "class tcp_bypass" entered …) per connection,
 * so that the client needs no grammar. Byte order: the machine's.
 */
#ifndef ASA_CTL_H
#define ASA_CTL_H

#include "types.h"

#define ASA_CTL_MAGIC 0x41534143u
#define ASA_CTL_VERSION 1
#define ASA_CTL_LENGTH_MAX (16u << 20)
#define ASA_CTL_SOCKET_DEFAULT "/run/asa/asad.sock"

enum asa_ctl_type {
	/* requests */
	ASA_CTL_EXEC = 1, /* one command line in the connection's current mode */
	ASA_CTL_CONFIG, /* configuration lines separated by newlines, applied in order; text = lines */
	ASA_CTL_HELP, /* line up to the cursor: what may follow ("?") */
	ASA_CTL_COMPLETE, /* line up to the cursor: candidates, one a line */
	ASA_CTL_INTERRUPT, /* stop the output of the running command */
	/* answers */
	ASA_CTL_OUTPUT = 64, /* a piece of output */
	ASA_CTL_ERROR, /* message for standard error */
	ASA_CTL_WARNING, /* message for standard error; the command was done */
	ASA_CTL_PROMPT, /* the prompt of the mode the connection is in now, e.g. "asa(config)# " */
	ASA_CTL_END, /* last frame; status in 'status' */
};

enum asa_ctl_flag {
	ASA_CTL_JSON = 1 << 0, /* show commands answer with one JSON document */
	ASA_CTL_ALL_OR_NOTHING = 1 << 1, /* ASA_CTL_CONFIG: roll back at the first bad line */
	ASA_CTL_CHECK = 1 << 2, /* ASA_CTL_CONFIG: parse and validate only */
};

struct asa_ctl_header {
	__u32 magic;
	__u16 version;
	__u16 type; /* enum asa_ctl_type */
	__u32 flags; /* enum asa_ctl_flag */
	__u32 length; /* of the text that follows */
	__u32 status; /* ASA_CTL_END: exit status 0 done, 1 refused, 2 usage; ASA_CTL_ERROR: column, from 1 */
	__u32 line; /* ASA_CTL_ERROR in answer to ASA_CTL_CONFIG: line number, from 1 */
};
_Static_assert(sizeof(struct asa_ctl_header) == 24, "asa_ctl_header is 24 bytes");

#endif
