/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP options in the driver: read the window scale of a SYN-ACK, shift SACK blocks.
 *
 * Responsible for: getting the options out of the frame and back.  They are copied to the stack,
 * where the shared loop of asa/tcp_options.h walks them: walking in the frame would need a bounds
 * check per byte.
 * Not responsible for: when to do it.  A SYN-ACK, and a connection that shifts sequence numbers:
 * no other frame pays for it.
 *
 * Both functions are global, so that the verifier looks at each once and not on every path that
 * leads here.
 */
#ifndef ASA_TCP_OPTIONS_BPF_H
#define ASA_TCP_OPTIONS_BPF_H

#include <asa/tcp_options.h>

/* Window scale of the options at 'off', or -1. */
__noinline int tcp_options_wscale(struct xdp_md *ctx, __u32 off, __u32 size)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = {};

	if (!size || size > ASA_TCP_OPTIONS_MAX)
		return -1;
	if (bpf_xdp_load_bytes(ctx, off, options, size))
		return -1;
	return asa_tcp_find_wscale(options, size);
}

/* Subtract 'add' from the SACK blocks of the options at 'off'; the checksum delta. */
__noinline int tcp_options_shift(struct xdp_md *ctx, __u32 off, __u32 size, __u32 add)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = {};
	__u16 delta;

	if (!size || size > ASA_TCP_OPTIONS_MAX)
		return 0;
	if (bpf_xdp_load_bytes(ctx, off, options, size))
		return 0;
	delta = asa_sack_shift(options, size, add);
	if (delta && bpf_xdp_store_bytes(ctx, off, options, size))
		return 0;
	return delta;
}

#endif
