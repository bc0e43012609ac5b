/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the bench's BPF programs and asa-bench share: the frame plan, the sink's counters.
 *
 * Responsible for: layouts on both sides, one definition each.
 * Not responsible for: the product's contract (include/asa); nothing here is seen by the firewall.
 *
 * A flow is a number. Its frame is the template with the source host and the source port (and for
 * TCP the acknowledgement) put in, so that any number of flows costs the generator the same and a
 * reply tells its flow from the destination address and port:
 *
 *	source host = template host + (flow >> BENCH_PORT_BITS)
 *	source port = BENCH_PORT_BASE + (flow & (BENCH_PORTS - 1))
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/types.h>

#define BENCH_FLOWS_MAX (1u << 20)
#define BENCH_PORT_BITS 15
#define BENCH_PORTS (1u << BENCH_PORT_BITS)
#define BENCH_PORT_BASE 1024
#define BENCH_HOST_BASE 10 /* last byte of the source address of flow 0 */

#define BENCH_LEN4 60 /* frame lengths without the FCS */
#define BENCH_LEN6 80
#define BENCH_WORDS 10 /* BENCH_LEN6 in 8-byte words */

#define BENCH_CLIENT_ISN 1000u
#define BENCH_SERVER_ISN 5000u

/* Which flow is next. */
enum bench_order {
	BENCH_AGAIN, /* those of the list, from the start again at its end */
	BENCH_ONCE, /* those of the list; at its end every run drops */
	BENCH_FORGED, /* any, which need not exist */
};

/*
 * An element of the list. Drawn before the measurement and read in order, so that the generator does
 * not wait for memory: what it waits for is counted as time of every device.
 */
struct bench_turn {
	__u32 flow;
	__u32 ack; /* the acknowledgement to send; 0: that of the template */
};
#define BENCH_LIST_MAX (4 * BENCH_FLOWS_MAX)

#define BENCH_SEED 0x9e3779b9u

/* => a random number below n; the state goes on (xorshift, Marsaglia 2003) */
static inline __attribute__((always_inline)) __u32 bench_random(__u32 *state, __u32 n)
{
	__u32 x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return ((__u64)x * n) >> 32;
}

/* How the far end treats what it gets. */
enum bench_sink {
	BENCH_SINK_COUNT, /* count and drop */
	BENCH_SINK_MARK, /* count, note the flow as seen, drop */
	BENCH_SINK_ANSWER, /* echo UDP, answer SYN with SYN-ACK, else as MARK */
	BENCH_SINK_FLOOD, /* count and drop; the generator's ear counts what comes back of a flood */
};

struct bench_frame {
	__u64 words[BENCH_WORDS];
	__u32 ip_sum; /* sum of the IPv4 header without host and checksum, not folded */
	__u32 l4_sum; /* the same of the transport header, pseudo header and payload */
};

struct bench_plan {
	struct bench_frame frame; /* what the generator sends */
	struct bench_frame data; /* what follows a SYN-ACK: the first data segment */
	struct bench_frame flood; /* with 'mix': every second frame, of any flow */
	__u32 order; /* enum bench_order */
	__u32 list_n;
	__u32 list_pos; /* the generator writes */
	__u32 pad3;
	__u64 pace_ns; /* least time between two frames, 0 as fast as can be */
	__u64 next_ns; /* the generator writes */
	__u32 seed; /* the generator writes */
	__u32 turn; /* the generator writes */
	__u16 dport; /* network order: other frames are not counted */
	__u8 sink; /* enum bench_sink */
	__u8 mix;
	__u8 pad[4];
	__u16 flood_port; /* network order: what comes back from there is counted */
	__u8 pad2[6];
};

/* Rows of the counters. */
#define BENCH_COUNT_SINK 0
#define BENCH_COUNT_EAR 1

/* One per CPU. */
struct bench_count {
	__u64 packets;
	__u64 first_ns; /* of the first stamp, taken every 1024 packets */
	__u64 first_packets;
	__u64 last_ns;
	__u64 last_packets;
	__u64 other; /* frames that were not ours */
};

#define BENCH_SAMPLES 64
#define BENCH_SAMPLE_EVERY 4096

struct bench_sample {
	__u32 len; /* 0: empty; shortest frame length else */
	__u8 bytes[84];
};

#endif
