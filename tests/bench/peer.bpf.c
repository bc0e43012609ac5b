// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bare references: C0, a redirect between two ports that only writes the MAC addresses, C1, which also
 * reads and writes one cache line of each flow, CT0, which sends every frame back, and an empty program,
 * the floor of a test run.
 *
 * Responsible for: what the least possible XDP forwarder costs.
 * Not responsible for: any decision; C0 sends everything out of one port.
 * Life cycle: attached by asa-bench in the namespace of the peer, gone with the namespace.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} port SEC(".maps");

/* Destination and source MAC, as they stand in the frame; mapped memory, written once. */
__u64 macs[2];

/* A line for each flow, side by side: no table of connections can be smaller. */
struct line {
	__u64 packets;
	__u64 rest[7];
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BENCH_FLOWS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE); /* so that rows are lines */
	__type(key, __u32);
	__type(value, struct line);
} lines SEC(".maps");

static __always_inline int redirect(__u8 *p)
{
	*(__u32 *)p = (__u32)macs[0];
	*(__u16 *)(p + 4) = (__u16)(macs[0] >> 32);
	*(__u32 *)(p + 6) = (__u32)macs[1];
	*(__u16 *)(p + 10) = (__u16)(macs[1] >> 32);
	return bpf_redirect_map(&port, 0, XDP_DROP);
}

SEC("xdp")
int c0(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *p = (void *)(long)ctx->data;

	return p + 14 > (__u8 *)end ? XDP_DROP : redirect(p);
}

/* C1: what one miss in the cache costs on the way.  IPv4 frames of the generator only. */
SEC("xdp")
int c1(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *p = (void *)(long)ctx->data;
	struct line *line;
	__u32 flow;

	if (p + 14 + 20 + 4 > (__u8 *)end)
		return XDP_DROP;
	flow = (__u32)(p[29] - BENCH_HOST_BASE) << BENCH_PORT_BITS |
	       (((__u32)p[34] << 8 | p[35]) - BENCH_PORT_BASE);
	line = bpf_map_lookup_elem(&lines, &flow);
	if (!line || line->rest[0])
		return XDP_DROP;
	line->packets++;
	return redirect(p);
}

/* CT0: back to the sender with the MAC addresses turned round, the floor of any answer. */
SEC("xdp")
int ct0(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *p = (void *)(long)ctx->data;
	__u32 a;
	__u16 b;

	if (p + 14 > (__u8 *)end)
		return XDP_DROP;
	a = *(__u32 *)p;
	b = *(__u16 *)(p + 4);
	*(__u32 *)p = *(__u32 *)(p + 6);
	*(__u16 *)(p + 4) = *(__u16 *)(p + 10);
	*(__u32 *)(p + 6) = a;
	*(__u16 *)(p + 10) = b;
	return XDP_TX;
}

SEC("xdp")
int empty(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
