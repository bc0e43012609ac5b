/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP options in the driver: read them against a TCP map, replace them, shift SACK blocks.
 *
 * Responsible for: getting the options out of the frame and back.  They are copied to a
 * buffer of the CPU, where the shared loop of asa/tcp_options.h walks them: walking in the frame
 * would need a bounds check per byte, and the stack is short.
 * Not responsible for: when to do it.  A SYN-ACK, a segment that is not the usual one, a connection
 * that shifts sequence numbers: no other frame pays for it.
 *
 * The functions are global, so that the verifier looks at each once and not on every path that
 * leads here.
 */
#ifndef ASA_TCP_OPTIONS_BPF_H
#define ASA_TCP_OPTIONS_BPF_H

#include <asa/tcp_norm.h>

#include "maps.bpf.h"

/* The CPU's buffer, zeroed. */
asa_inline struct asa_tcp_list *tcp_options_buffer(void)
{
	__u32 row = 0;
	struct asa_tcp_list *o = bpf_map_lookup_elem(&asa_scratch, &row);

	if (o)
		__builtin_memset(o, 0, sizeof(*o));
	return o;
}

/*
 * Copy the options out of the frame.
 * => 0, or -1 if there are none
 * => the empty asm ties the checks to the register that the helper gets: left alone, the compiler
 *    checks one copy of 'size' and passes another, and the verifier refuses it
 */
asa_inline int tcp_options_load(struct xdp_md *ctx, __u32 off, __u8 *options, __u32 size)
{
	size &= 63;
	asa_opaque(size);
	if (size > ASA_TCP_OPTIONS_MAX)
		return -1;
	asa_opaque(size);
	if (size == 0)
		return -1;
	return bpf_xdp_load_bytes(ctx, off, options, size) ? -1 : 0;
}

/*
 * asa_tcp_find_option() behind a call: the verifier looks at the walk once; three in a row are half a
 * million instructions to it.
 */
__noinline int tcp_options_find(const struct asa_tcp_list *o, __u32 kind, __u32 min)
{
	return o ? asa_tcp_find_option(o->bytes, o->size, (__u8)kind, min) : -1;
}

struct tcp_options_walk {
	struct asa_tcp_list *options;
	struct asa_tcp_map *map;
	struct asa_tcp_seg *seg;
};

static long tcp_options_step(__u32 i, struct tcp_options_walk *w)
{
	(void)i;
	return asa_tcp_options_step(w->options, w->map, w->seg);
}

static long tcp_options_clear(__u32 i, struct tcp_options_walk *w)
{
	return asa_tcp_options_clear(w->options, w->map, i);
}

/*
 * Look at a segment against the TCP map of its connection (asa/tcp_norm.h, step 2).
 * => 'off' is the start of its TCP header; *s as the parser left it
 */
__noinline int tcp_options_look(struct xdp_md *ctx, __u32 off, struct asa_tcp_seg *s,
				struct asa_half *own)
{
	struct tcp_options_walk w = { .options = tcp_options_buffer(), .seg = s };
	__u32 row, size;

	if (!s || !own || !w.options)
		return DROP_INTERNAL_ERROR;
	row = own->tcp_map;
	w.map = bpf_map_lookup_elem(&asa_tcp_maps, &row);
	if (!w.map)
		return DROP_INTERNAL_ERROR;
	tcp_norm_begin(s, w.map);
	size = (__u32)s->header - ASA_TCP_SIZE;
	if (!tcp_options_load(ctx, off + ASA_TCP_SIZE, w.options->bytes, size)) {
		w.options->size = size;
		bpf_loop(ASA_TCP_OPTIONS_MAX, tcp_options_step, &w, 0);
	}
	return tcp_norm_look(own, s, w.map);
}

/* Replace the options that TCP map 'row' clears; the checksum delta. */
__noinline int tcp_options_replace(struct xdp_md *ctx, __u32 off, __u32 size, __u32 row)
{
	struct tcp_options_walk w = { .options = tcp_options_buffer() };
	__u64 before;

	w.map = bpf_map_lookup_elem(&asa_tcp_maps, &row);
	if (!w.map || !w.options || tcp_options_load(ctx, off, w.options->bytes, size))
		return 0;
	w.options->size = size;
	before = asa_tcp_options_sum(w.options->bytes);
	bpf_loop(ASA_TCP_OPTIONS_MAX, tcp_options_clear, &w, 0);
	size &= 63;
	asa_opaque(size);
	if (size == 0 || bpf_xdp_store_bytes(ctx, off, w.options->bytes, size))
		return 0;
	return asa_tcp_options_delta(w.options->bytes, before);
}

/* Subtract 'add' from the SACK blocks of the options at 'off'; the checksum delta. */
__noinline int tcp_options_shift(struct xdp_md *ctx, __u32 off, __u32 size, __u32 add)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct asa_tcp_list *o;
	int delta = off <= 255 ? asa_sack_shift_usual(data + off, data_end, size, add) : -1;

	if (asa_likely(delta >= 0))
		return delta;
	o = tcp_options_buffer();
	if (!o || tcp_options_load(ctx, off, o->bytes, size))
		return 0;
	o->size = size;
	delta = asa_sack_shift_at(o->bytes, tcp_options_find(o, ASA_TCPOPT_SACK, 10), add);
	size &= 63;
	asa_opaque(size);
	if (size == 0 || bpf_xdp_store_bytes(ctx, off, o->bytes, size))
		return 0;
	return delta;
}

#endif
