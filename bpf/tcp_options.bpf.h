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

/*
 * Copy the options out of the frame.
 * => 0, or -1 if there are none
 * => the empty asm ties the checks to the register that the helper gets: left alone, the compiler
 *    checks one copy of 'size' and passes another, and the verifier refuses it
 */
asa_inline int tcp_options_load(struct xdp_md *ctx, __u32 off, __u8 *options, __u32 size)
{
	size &= 63;
	asm volatile("" : "+r"(size));
	if (size > ASA_TCP_OPTIONS_MAX)
		return -1;
	asm volatile("" : "+r"(size));
	if (size == 0)
		return -1;
	return bpf_xdp_load_bytes(ctx, off, options, size) ? -1 : 0;
}

/*
 * Window scale of the options at 'off': 0 if not offered, else 0x100 + shift, so that the caller
 * needs no branch (each doubles what the verifier has to walk behind it).
 */
__noinline int tcp_options_wscale(struct xdp_md *ctx, __u32 off, __u32 size)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = {};
	int shift;

	if (tcp_options_load(ctx, off, options, size))
		return 0;
	shift = asa_tcp_find_wscale(options, size);
	return shift < 0 ? 0 : 0x100 + shift;
}

/*
 * Two NOPs and timestamps (RFC 7323 appendix A) are the options of nearly every segment: told by
 * one look, because a copy to the stack and back costs more than the rest of the rewriting.
 */
asa_inline int tcp_options_timestamps(struct xdp_md *ctx, __u32 off, __u32 size)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;

	if (size != 12 || off > 255)
		return 0;
	data += off;
	return asa_fits(data, 4, data_end) && asa_ld32(data) == asa_htonl(0x0101080a);
}

/* Subtract 'add' from the SACK blocks of the options at 'off'; the checksum delta. */
__noinline int tcp_options_shift(struct xdp_md *ctx, __u32 off, __u32 size, __u32 add)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = {};
	__u16 delta;

	if (asa_likely(tcp_options_timestamps(ctx, off, size)))
		return 0;
	if (tcp_options_load(ctx, off, options, size))
		return 0;
	delta = asa_sack_shift(options, size, add);
	size &= 63;
	asm volatile("" : "+r"(size));
	if (size == 0 || bpf_xdp_store_bytes(ctx, off, options, size))
		return 0;
	return delta;
}

#endif
