// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generator, its ear and the sink: one instance of this object is one rig around one device
 * under test.
 *
 * Responsible for: making frames in live-frame test runs (gen), taking the answers of a set-up
 * (gen_rx), counting, marking, sampling or answering at the far end (sink).
 * Not responsible for: speed of arrival; the kernel recycles the frames, so every byte that the
 * device may have changed is written again each time, from the plan, in 8-byte words.
 *
 * Life cycle: user space fills the plan (mapped memory), then runs gen with BPF_PROG_RUN. One rig
 * is run from one CPU at a time, so the generator's own state is plain memory.
 * Races: gen_rx and sink may run on another CPU when softirqs move; they write only per-CPU
 * counters and one word of the flow map, which user space reads after the run.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench.h"

/* Offsets behind the Ethernet header are constants: the bench sends no options. */
#define OFF_SADDR4 26
#define OFF_DADDR4 30
#define OFF_L4_4 34
#define OFF_SADDR6 22
#define OFF_DADDR6 38
#define OFF_L4_6 54
#define TCP_FLAGS_SYN 0x02
#define TCP_FLAGS_ACK 0x10

struct bench_plan plan;

/* Fixed when the rig is loaded, so that the other case costs nothing. */
const volatile __u8 ipv6;
const volatile __u8 tcp;

/* Written when a flow is through: the acknowledgement to use for TCP, else 1. 0: not yet. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BENCH_FLOWS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BENCH_LIST_MAX);
	__type(key, __u32);
	__type(value, struct bench_turn);
} list SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct bench_count);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BENCH_SAMPLES);
	__type(key, __u32);
	__type(value, struct bench_sample);
} samples SEC(".maps");

/* Frame without data and padding: a router takes the padding of a SYN off. */
#define LEN_FULL (ipv6 ? BENCH_LEN6 : BENCH_LEN4)
#define LEN_LEAST (tcp ? (ipv6 ? OFF_L4_6 : OFF_L4_4) + 20 : LEN_FULL)

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

static __always_inline void flow_mark(__u32 flow, __u32 value)
{
	__u64 *state = bpf_map_lookup_elem(&flows, &flow);

	if (state)
		*state = value;
}

static __always_inline void put16(void *p, __u16 host_order)
{
	*(__u16 *)p = bpf_htons(host_order);
}

/*
 * Write the frame of a flow over the buffer.
 *
 * => 'ack' 0: the acknowledgement of the template stays
 * => the caller has checked that BENCH_LEN6 (or BENCH_LEN4) bytes are there
 */
static __always_inline void frame_fill(__u8 *p, const struct bench_frame *f, __u32 flow, __u32 ack)
{
	__u32 host = BENCH_HOST_BASE + (flow >> BENCH_PORT_BITS);
	__u32 port = BENCH_PORT_BASE + (flow & (BENCH_PORTS - 1));
	__u32 sum = f->l4_sum + host + port;
	__u8 *l4 = p + (ipv6 ? OFF_L4_6 : OFF_L4_4);
	__u64 *to = (__u64 *)p;

	to[0] = f->words[0];
	to[1] = f->words[1];
	to[2] = f->words[2];
	to[3] = f->words[3];
	to[4] = f->words[4];
	to[5] = f->words[5];
	to[6] = f->words[6];
	if (ipv6) {
		to[7] = f->words[7];
		to[8] = f->words[8];
		to[9] = f->words[9];
		p[OFF_SADDR6 + 15] = host;
	} else {
		*(__u32 *)&to[7] = (__u32)f->words[7];
		p[OFF_SADDR4 + 3] = host;
		put16(p + 24, fold(f->ip_sum + host));
	}
	put16(l4, port);
	if (!tcp) {
		__u16 csum = fold(sum);

		put16(l4 + 6, csum ? csum : 0xffff);
		return;
	}
	if (ack) {
		put16(l4 + 8, ack >> 16);
		put16(l4 + 10, ack);
		sum += (ack >> 16) + (ack & 0xffff);
	}
	put16(l4 + 16, fold(sum));
}

/* => the next of the list; NULL: there is none */
static __always_inline const struct bench_turn *turn_next(void)
{
	__u32 x = plan.list_pos;

	if (x >= plan.list_n) {
		if (plan.order == BENCH_ONCE)
			return NULL;
		x = 0;
	}
	plan.list_pos = x + 1;
	return bpf_map_lookup_elem(&list, &x);
}

SEC("xdp")
int gen(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *p = (void *)(long)ctx->data;
	const struct bench_turn *turn;

	if (plan.pace_ns) {
		__u64 now = bpf_ktime_get_ns();

		if (now < plan.next_ns)
			return XDP_DROP;
		plan.next_ns += plan.pace_ns;
		/* After a pause go on at the pace, do not catch up in one burst. */
		if (plan.next_ns + 1000000 < now)
			plan.next_ns = now;
	}
	if (p + LEN_FULL > (__u8 *)end)
		return XDP_ABORTED;
	if (plan.order == BENCH_FORGED || (plan.mix && (plan.turn++ & 1))) {
		frame_fill(p, &plan.flood, bench_random(&plan.seed, BENCH_FLOWS_MAX), 0);
		return XDP_TX;
	}
	turn = turn_next();
	if (!turn)
		return XDP_DROP;
	frame_fill(p, &plan.frame, turn->flow, turn->ack);
	return XDP_TX;
}

/* Is it a frame of the bench, with this port at that place? Offsets as in frame_fill(). */
static __always_inline int frame_ours(const __u8 *p, int l4_port_off)
{
	__u16 type = *(const __u16 *)(p + 12);

	if (type != (ipv6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)))
		return 0;
	if (p[ipv6 ? 20 : 23] != (tcp ? IPPROTO_TCP : IPPROTO_UDP))
		return 0;
	return *(const __u16 *)(p + (ipv6 ? OFF_L4_6 : OFF_L4_4) + l4_port_off) == plan.dport;
}

static __always_inline __u32 flow_of(__u8 host, __u16 port_be)
{
	__u32 port = bpf_ntohs(port_be) - BENCH_PORT_BASE;

	return ((__u32)(host - BENCH_HOST_BASE) << BENCH_PORT_BITS | port) &
	       (BENCH_FLOWS_MAX - 1);
}

/*
 * Back out of the interface of entry. A redirect and not XDP_TX: veth delivers an XDP_TX only to a
 * peer that has an XDP program, a redirect also to one that has just NAPI.
 */
static __always_inline int send_back(struct xdp_md *ctx)
{
	return bpf_redirect(ctx->ingress_ifindex, 0);
}

static __always_inline void stamp(struct bench_count *c)
{
	__u64 now;

	if ((c->packets & 1023) == 0) {
		now = bpf_ktime_get_ns();
		if (!c->first_ns) {
			c->first_ns = now;
			c->first_packets = c->packets;
		}
		c->last_ns = now;
		c->last_packets = c->packets;
	}
	c->packets++;
}

/* The first bytes of a frame that came back: 66 of a SYN-ACK with twelve of options, 58 with four. */
static __always_inline void answer_take(struct xdp_md *ctx, __u8 *p, __u64 n)
{
	__u32 slot = (n / BENCH_SAMPLE_EVERY) % BENCH_SAMPLES;
	struct bench_sample *s = bpf_map_lookup_elem(&samples, &slot);
	__u8 *end = (void *)(long)ctx->data_end;
	int i;

	if (!s)
		return;
	if (p + 66 <= end) {
		s->len = 66;
		for (i = 0; i < 66; i++)
			s->bytes[i] = p[i];
	} else if (p + 58 <= end) {
		s->len = 58;
		for (i = 0; i < 58; i++)
			s->bytes[i] = p[i];
	}
}

/*
 * What comes back of a flood: SYN-ACKs, or from a device that only turns frames round the SYNs
 * themselves. Frames to others than the forged senders are a real client's.
 */
static __always_inline int flood_heard(struct xdp_md *ctx, __u8 *p)
{
	__u8 *l4 = p + (ipv6 ? OFF_L4_6 : OFF_L4_4);
	__u32 row = BENCH_COUNT_EAR;
	struct bench_count *c;

	if (*(__u16 *)(p + 12) != (ipv6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)) ||
	    (*(__u16 *)l4 != plan.flood_port && *(__u16 *)(l4 + 2) != plan.flood_port) ||
	    (!ipv6 && *(__u16 *)(p + OFF_DADDR4) == bpf_htons(0x0a09)))
		return XDP_PASS;
	c = bpf_map_lookup_elem(&counts, &row);
	if (!c)
		return XDP_DROP;
	if (l4[13] != (TCP_FLAGS_SYN | TCP_FLAGS_ACK))
		c->other++;
	else if (c->packets % BENCH_SAMPLE_EVERY == 0)
		answer_take(ctx, p, c->packets);
	stamp(c);
	return XDP_DROP;
}

/* The generator's ear: an answer makes the flow known; a SYN-ACK is answered with the first data. */
SEC("xdp")
int gen_rx(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *p = (void *)(long)ctx->data;
	__u32 value = 1;
	__u32 flow, len;
	__u8 *l4;

	if (p + LEN_LEAST > (__u8 *)end)
		return XDP_PASS;
	if (tcp && plan.sink == BENCH_SINK_FLOOD)
		return flood_heard(ctx, p);
	if (!frame_ours(p, 0))
		return XDP_PASS;
	l4 = p + (ipv6 ? OFF_L4_6 : OFF_L4_4);
	flow = flow_of(p[ipv6 ? OFF_DADDR6 + 15 : OFF_DADDR4 + 3], *(__u16 *)(l4 + 2));
	if (tcp) {
		if (l4[13] != (TCP_FLAGS_SYN | TCP_FLAGS_ACK))
			return XDP_DROP;
		value = (__u32)(bpf_ntohl(*(__u32 *)(l4 + 4)) + 1);
	}
	flow_mark(flow, value);
	if (!tcp)
		return XDP_DROP;
	len = ctx->data_end - ctx->data;
	if (len < LEN_FULL && bpf_xdp_adjust_tail(ctx, LEN_FULL - len))
		return XDP_DROP;
	p = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (p + LEN_FULL > (__u8 *)end)
		return XDP_DROP;
	frame_fill(p, &plan.data, flow, value);
	return send_back(ctx);
}

static __always_inline void swap_addresses(__u8 *p, __u8 *l4)
{
	__u16 *m = (__u16 *)p, *s = (__u16 *)(p + (ipv6 ? OFF_SADDR6 : OFF_SADDR4));
	int i;
	__u16 t;

#pragma unroll
	for (i = 0; i < 3; i++) {
		t = m[i];
		m[i] = m[i + 3];
		m[i + 3] = t;
	}
	if (ipv6) {
#pragma unroll
		for (i = 0; i < 8; i++) {
			t = s[i];
			s[i] = s[i + 8];
			s[i + 8] = t;
		}
	} else {
#pragma unroll
		for (i = 0; i < 2; i++) {
			t = s[i];
			s[i] = s[i + 2];
			s[i + 2] = t;
		}
	}
	t = *(__u16 *)l4;
	*(__u16 *)l4 = *(__u16 *)(l4 + 2);
	*(__u16 *)(l4 + 2) = t;
}

/* SYN in, SYN-ACK out: sequence, acknowledgement and flags change, the checksum with them. */
static __always_inline void syn_answer(__u8 *l4)
{
	__u32 isn = bpf_ntohl(*(__u32 *)(l4 + 4)), ack = isn + 1, sum;
	__u16 old_flags = *(__u16 *)(l4 + 12), new_flags;

	sum = (__u16)~bpf_ntohs(*(__u16 *)(l4 + 16));
	/* The old words leave the sum as their complement (RFC 1624, equation 3). */
	sum += (__u16) ~(isn >> 16) + (__u16)~isn + (__u16)~bpf_ntohs(old_flags);
	l4[13] = TCP_FLAGS_SYN | TCP_FLAGS_ACK;
	new_flags = *(__u16 *)(l4 + 12);
	sum += (BENCH_SERVER_ISN >> 16) + (BENCH_SERVER_ISN & 0xffff) + (ack >> 16) +
	       (ack & 0xffff) + bpf_ntohs(new_flags);
	put16(l4 + 4, BENCH_SERVER_ISN >> 16);
	put16(l4 + 6, BENCH_SERVER_ISN & 0xffff);
	put16(l4 + 8, ack >> 16);
	put16(l4 + 10, ack);
	put16(l4 + 16, fold(sum));
}

static __always_inline void sample_take(struct xdp_md *ctx, __u8 *p, __u64 n)
{
	__u32 slot = (n / BENCH_SAMPLE_EVERY) % BENCH_SAMPLES;
	struct bench_sample *s = bpf_map_lookup_elem(&samples, &slot);
	int i;

	if (!s || p + LEN_FULL > (__u8 *)(long)ctx->data_end)
		return;
	s->len = LEN_FULL;
	for (i = 0; i < LEN_FULL; i++)
		s->bytes[i] = p[i];
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *p = (void *)(long)ctx->data;
	struct bench_count *c;
	__u32 zero = 0, flow;
	__u8 *l4;

	c = bpf_map_lookup_elem(&counts, &zero);
	if (!c || p + LEN_LEAST > (__u8 *)end)
		return XDP_PASS;
	if (!frame_ours(p, 2)) {
		c->other++;
		return XDP_PASS;
	}
	if (c->packets % BENCH_SAMPLE_EVERY == 0)
		sample_take(ctx, p, c->packets);
	stamp(c);
	if (plan.sink == BENCH_SINK_COUNT || plan.sink == BENCH_SINK_FLOOD)
		return XDP_DROP;

	l4 = p + (ipv6 ? OFF_L4_6 : OFF_L4_4);
	flow = flow_of(p[ipv6 ? OFF_SADDR6 + 15 : OFF_SADDR4 + 3], *(__u16 *)l4);
	if (plan.sink == BENCH_SINK_ANSWER && (!tcp || l4[13] == TCP_FLAGS_SYN)) {
		swap_addresses(p, l4);
		if (tcp)
			syn_answer(l4);
		return send_back(ctx);
	}
	if (plan.sink == BENCH_SINK_MARK)
		flow_mark(flow, 1);
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
