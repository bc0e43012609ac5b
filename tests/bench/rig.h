/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A rig: generator and sink around one device under test.
 *
 * Responsible for: loading the programs, attaching them in the two namespaces, setting flows up
 * through the device, measuring at the sink.
 * Not responsible for: the device itself and the cables (bench.sh made them); what the numbers
 * mean (report.py).
 *
 * Life cycle: rig_open, rig_setup for more and more flows, rig_measure any number of times,
 * rig_close. Programs are attached by links that end with the process.
 * One thread: it changes its network namespace while it works.
 */
#ifndef BENCH_RIG_H
#define BENCH_RIG_H

#include "asa/punt.h"
#include "frames.h"

#define RIG_ERR 256
#define RIG_NAME 24

struct bench_rig;

enum rig_proto {
	RIG_UDP,
	RIG_TCP,
	RIG_BYPASS, /* one direction of TCP, no handshake */
};

struct rig {
	char name[RIG_NAME];
	char gen_ns[64], gen_if[16], sink_ns[64], sink_if[16];
	char pins[128]; /* where the firewall's maps are, empty: no firewall */
	char fw_ns[64], fw_if[16]; /* for program test runs */
	__u8 nat[3];
	bool has_nat;
	double setup_rate; /* first packets a second, 0: the common one */
	bool oneway; /* the device carries no answers (C0) */
	int pid; /* of the firewall's daemon, 0 none */
	__u16 own_port; /* destination port, 0: the common one */

	enum rig_proto proto;
	bool ipv6;
	__u16 dport;
	struct bench_rig *skel;
	struct bpf_link *sink, *ear; /* where the programs are; rigs around the same device share them */
	struct bench_plan *plan;
	__u64 *flows;
	struct bench_turn *list;
	int gen_ns_fd, sink_ns_fd, gen_ifindex;
	__u32 n_ready;
	struct frame_spec spec; /* of the frame that is measured */
	struct bench_frame data;
	double rate; /* last rate, sizes the next run */
};

struct rig_result {
	double mpps;
	double arrived; /* part of the generated frames */
	__u64 packets;
	__u32 samples, bad_samples;
	const char *why; /* of the first bad sample */
};

/*
 * Read NAME=GENNS:GENIF:SINKNS:SINKIF[:pins=DIR][:nat=A.B.C][:fw=NS/IF][:rate=N][:oneway][:pid=N][:port=N].
 *
 * => 0, or -EINVAL with a sentence in err
 */
int rig_parse(struct rig *r, const char *text, char err[RIG_ERR]);

/*
 * Load the programs and attach them.
 *
 * => 'same': a rig that is open around the same device, which then takes turns with it, or NULL; to be
 *    closed after this one
 */
int rig_open(struct rig *r, struct rig *same, enum rig_proto proto, bool ipv6, __u16 dport,
	     char err[RIG_ERR]);
void rig_close(struct rig *r);

/* Use another destination port: every flow is new to the device. */
void rig_port(struct rig *r, __u16 dport);

/*
 * Make the device know flows 0 … n-1: first packets at a limited rate, again for those that did
 * not come through. They are measured in a random order, or 'in_turn'.
 *
 * => 0, or -EIO when some flows never came through (n_ready says how many did)
 */
int rig_setup(struct rig *r, __u32 n, bool in_turn, double per_second, char err[RIG_ERR]);

/* Send the flows that were set up last for about the given time. */
int rig_measure(struct rig *r, double seconds, struct rig_result *res, char err[RIG_ERR]);

/*
 * First packets of n new flows, none answered, at the given rate (0: as fast as can be).
 *
 * => res.mpps is what came through per second, in millions; res.arrived the part of the flows
 */
int rig_newconn(struct rig *r, __u32 n, double per_second, struct rig_result *res,
		char err[RIG_ERR]);

/*
 * A flood of SYNs from all addresses and ports of the bench to 'port', as fast as can be; res is about
 * what came back. With n, every second frame is one of flows 0 … n-1, which are set up, and *among is
 * the rate of those at the sink (millions a second).
 */
int rig_flood(struct rig *r, __u16 port, __u32 n, double seconds, struct rig_result *res, double *among,
	      char err[RIG_ERR]);

/* Enter a namespace by its name below /run/netns. */
int rig_enter(const char *ns, char err[RIG_ERR]);

/* Packets in the rows of the firewall's asa_punts, by cause. => their sum, -1 when it cannot be read */
long long rig_punts(const struct rig *r, __u64 causes[ASA_PUNT_MAX]);

#endif
