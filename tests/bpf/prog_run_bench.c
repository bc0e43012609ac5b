// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/world.o tests/lib/pkt.o */
/*
 * Nanoseconds of the XDP program by test run, minus an empty program: a table by kind of frame.
 *
 * Responsible for: a quick regression figure without traffic.  Hot in every cache, nothing is sent:
 * rates are tests/bench's business.
 * How: BPF_PROG_RUN with repeat, best of several runs.  A frame that is rewritten stays rewritten
 * for the next turn, so that a NAT case has a second connection that translates back.  A punt's
 * metadata finds no room after a few turns: its cost is that of the refusal.
 */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <asa/tcp_track.h>

#include "lib/world.h"

enum { REPEAT = 20000, RUNS = 60 };

static struct world w;

static int empty_program(void)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "empty", "GPL", insns, 2, NULL);
}

static double measure(int prog, const struct pkt *p, int expected)
{
	uint8_t frame[PKT_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .repeat = REPEAT);
	double best = 1e9;

	opts.data_size_in = (uint32_t)pkt_build(frame, p);
	for (int i = 0; i < RUNS; i++) {
		if (bpf_prog_test_run_opts(prog, &opts) || (int)opts.retval != expected)
			return -1;
		best = opts.duration < best ? opts.duration : best;
	}
	return best;
}

static void open_tcp(uint32_t slot)
{
	struct asa_conn c = world_slot(&w, slot);

	for (int d = 0; d < 2; d++)
		c.half[d] = (struct asa_half){ .isn = d ? 5000 : 1000, .seq_end = d ? 5001 : 1001,
					       .ack = d ? 1001 : 5001, .win_max = 8192,
					       .edge = (d ? 1001 : 5001) + 8192, .ts_recent = 1,
					       .tcp = ASA_HALF_SYN | ASA_HALF_ACKED };
	world_slot_set(&w, slot, &c);
}

#define V4 .src = "10.1.1.10", .dst = "198.51.100.80"
#define N4 .src = "192.0.2.10", .dst = "198.51.100.80"
#define V6 .src = "2001:db8:1::10", .dst = "2001:db8:2::80"
#define N6 .src = "2001:db8:3::10", .dst = "2001:db8:2::80"
#define TCP .proto = 6, .sport = 1025, .dport = 80, .flags = 0x10, .seq = 1001, .ack = 5001, .payload = 10
#define TIMESTAMPS .options = (const uint8_t *)"\x01\x01\x08\x0a\0\0\0\1\0\0\0\2", .options_size = 12
#define SACK .options = (const uint8_t *)"\x01\x01\x05\x0a\0\0\x20\0\0\0\x30\0", .options_size = 12
#define TS_SACK "\1\1\10\12\0\0\0\1\0\0\0\2\1\1\5\12\0\0\23\211\0\0\23\222"
#define UDP .proto = 17, .sport = 1026, .dport = 53, .payload = 22

static const struct {
	const char *name;
	struct pkt in, out;
	uint16_t flags;
	int verdict; /* XDP_REDIRECT and no connection: a punt */
	int no_conn;
} cases[] = {
	{ "UDP hit", { V4, UDP }, {}, 0, XDP_REDIRECT },
	{ "UDP hit, NAT", { V4, UDP }, { N4, UDP }, 0, XDP_REDIRECT },
	{ "UDP hit, IPv6", { V6, UDP }, {}, 0, XDP_REDIRECT },
	{ "TCP hit", { V4, TCP }, {}, 0, XDP_REDIRECT },
	{ "TCP hit, NAT", { V4, TCP }, { N4, TCP }, 0, XDP_REDIRECT },
	{ "TCP hit, IPv6", { V6, TCP }, {}, 0, XDP_REDIRECT },
	{ "TCP hit, IPv6, NAT", { V6, TCP }, { N6, TCP }, 0, XDP_REDIRECT },
	/* Offsets of zero: the same work, and the frame may come again. */
	{ "TCP hit, randomized", { V4, TCP }, {}, ASA_DIR_SEQ, XDP_REDIRECT },
	{ "TCP hit, timestamps", { V4, TCP, TIMESTAMPS }, {}, 0, XDP_REDIRECT },
	{ "the same, randomized", { V4, TCP, TIMESTAMPS }, {}, ASA_DIR_SEQ, XDP_REDIRECT },
	{ "SACK, randomized", { V4, TCP, SACK }, {}, ASA_DIR_SEQ, XDP_REDIRECT },
	{ "TCP hit, timestamps, SACK", { V4, TCP, .options = TS_SACK, .options_size = 24 }, {}, 0, XDP_REDIRECT },
	{ "TS, SACK, randomized", { V4, TCP, .options = TS_SACK, .options_size = 24 }, {}, ASA_DIR_SEQ, XDP_REDIRECT },
	{ "TCP hit, option cleared", { V4, TCP, .options = "\36\4ab", .options_size = 4 }, {}, 0,
	  XDP_REDIRECT },
	{ "bypass hit", { V4, TCP }, {}, ASA_DIR_BYPASS, XDP_REDIRECT },
	{ "bypass hit, NAT", { V4, TCP }, { N4, TCP }, ASA_DIR_BYPASS, XDP_REDIRECT },
	{ "punt, no flow", { V4, UDP }, {}, 0, XDP_REDIRECT, 1 },
	{ "drop, land attack", { .src = "10.1.1.10", .dst = "10.1.1.10", UDP }, {}, 0, XDP_DROP, 1 },
	{ "drop, out of window", { V4, .proto = 6, .sport = 1025, .dport = 80, .flags = 0x10,
	  .seq = 99999, .ack = 5001 }, {}, 0, XDP_DROP },
	{ "host, multicast", { .src = "10.1.1.10", .dst = "224.0.0.5", UDP }, {}, 0, XDP_PASS, 1 },
};

/* Few connections, found by the index, or many, which are at home. => ns; below 0: another verdict */
static double run_case(size_t i, bool many)
{
	const struct pkt *in = &cases[i].in, *out = cases[i].out.src ? &cases[i].out : NULL;
	uint32_t slot[2] = { 1, 2 };

	world_reset(&w);
	if (many) {
		slot[0] = world_home(&w, in, true);
		slot[1] = out ? world_home(&w, out, true) : 0;
	} else {
		w.cfg.homes = 0;
		world_config(&w);
	}
	if (!cases[i].no_conn) {
		world_conn(&w, slot[0], in, out, cases[i].flags);
		open_tcp(slot[0]);
		if (out) {
			world_conn(&w, slot[1], out, in, cases[i].flags);
			open_tcp(slot[1]);
		}
	}
	return measure(w.xdp, in, cases[i].verdict);
}

int main(void)
{
	const char *object = getenv("ASA_OBJECT"), *why;
	double base, ns;
	int empty;

	why = world_open(&w, object ? object : "build/asa_xdp.bpf.o");
	if (why) {
		fprintf(stderr, "prog_run_bench: %s\n", why);
		return 1;
	}
	empty = empty_program();
	base = measure(empty, &cases[0].in, XDP_PASS);
	printf("%-24s %8s %8s   ns; empty program: %.0f\n", "connections:", "few", "many", base);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		printf("%-24s", cases[i].name);
		for (int many = 0; many < 2; many++) {
			ns = run_case(i, many);
			if (ns < 0)
				printf(" %8s", "failed");
			else
				printf(" %8.0f", ns - base);
		}
		printf("\n");
	}
	close(empty);
	world_close(&w);
	return 0;
}
