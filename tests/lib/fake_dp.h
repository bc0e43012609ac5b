/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A firewall without a kernel, for the tests of sessions and the slow path.
 *
 * Responsible for: the shared tables in plain memory, a frame pool, a network of routes and
 * neighbours that the test decides about, a log that keeps its lines, a worker that keeps what was
 * sent, and a clock that only the test moves. Policy, translations, index, sessions and engine are
 * the real ones.
 *
 *	inside	ifindex 11	10.1.1.254/24	2001:db8:1::fe	level 100
 *	dmz	ifindex 12	10.2.2.254/24			level 50
 *	outside	ifindex 13	192.0.2.1/24	2001:db8:f::1	level 0
 *	routes: 10.1.1.0/24 and 2001:db8:1::/64 inside, 10.2.2.0/24 dmz, the rest outside
 *
 * Use: fake_new(), change f->fw.m, fake_start(), send packets with fake_in(), look at f->sent,
 * f->log and the counters, fake_end(), which checks that nothing is left over.
 */
#ifndef TESTS_FAKE_DP_H
#define TESTS_FAKE_DP_H

#include "datapath/frame.h"
#include "engine/pipeline.h"
#include "session/session.h"
#include "session/xlate.h"
#include "tests/lib/model_build.h"

#define IF_INSIDE 11
#define IF_DMZ 12
#define IF_OUTSIDE 13
#define FAKE_FRAMES 256
#define FAKE_LOGS 128
#define FAKE_ROUTES 16
#define FAKE_PROTO_ZERO 255

/* A packet in words; zero is a sensible default everywhere. */
struct fake_pkt {
	__u32 in; /* ifindex */
	__u16 vlan;
	__u8 proto; /* 0: TCP; FAKE_PROTO_ZERO: 0 */
	const char *src, *dst; /* addresses; both of one family */
	__u16 sport, dport;
	/* TCP */
	__u8 flags;
	__u32 seq, ack;
	__u16 win; /* 0: 8192 */
	bool win_zero;
	__u8 reserved; /* bits beside the data offset */
	__u16 urgent;
	const char *options; /* bytes, a multiple of 4 */
	__u32 n_options;
	/* ICMP */
	__u8 type, code;
	__u16 id;
	/* IP */
	__u32 payload; /* bytes behind the transport header */
	__u8 ttl; /* 0: 64 */
	bool df, more;
	__u16 frag_off,
		ip_id; /* with a fragment: payload counts from the transport header's place */
	const char *ip_options;
	__u32 n_ip_options;
	/* raw bytes behind the IP header instead of all the above */
	const __u8 *raw;
	__u32 n_raw;
	const char *data; /* the bytes behind the transport header instead of a pattern: a string */
	bool bad_checksum; /* TCP, UDP, ICMP */
};

struct fake_route {
	struct asa_addr net;
	__u8 plen; /* in the 128-bit form */
	__u32 ifindex;
	struct asa_addr gateway;
	bool has_gateway, local;
	__u16 vlan; /* of the sub-interface; set after fake_route() */
};

#define FAKE_INTERCEPTS 16
struct fake_intercept {
	bool used;
	struct asa_intercept_key key;
	struct asa_intercept row;
};

struct fake {
	struct fw fw;
	struct asa asa;
	struct dp_tables t;
	struct dp *dp; /* NULL: no program, the tables are plain memory */
	void *mem;
	struct worker_ops ops;
	__u32 now;
	/* what happened */
	struct frame *sent[FAKE_FRAMES];
	int n_sent;
	char log[FAKE_LOGS][512];
	int n_log;
	struct asa_account totals; /* drops and stats given to dp_account() */
	struct asa_ifstat ifs[64];
	__u64 received[64]; /* by interface */
	struct fake_intercept intercepts[FAKE_INTERCEPTS]; /* rows given to the driver */
	struct asa_cookie_keys cookie_keys;
	/* what the test decides */
	struct fake_route routes[FAKE_ROUTES];
	int n_routes;
	struct asa_intercept_hits hits[FAKE_INTERCEPTS]; /* what the driver counted */
	bool neigh_pending; /* new next hops are not resolved */
	bool no_log;
	__u32 log_off; /* a message id that is disabled */
	__u64 rx_lost; /* frames that the outside ring had no room for, told once */
	bool send_fails; /* the worker cannot send */
};

struct fake *fake_new(__u32 n_slots);
/* On the tables of a loaded program (datapath/dp is linked); its clock is the kernel's: set f->now. */
struct fake *fake_new_on(struct dp *d);
void fake_start(struct fake *f); /* compile the policy, make the modules; again: a restart */
void fake_recompile(struct fake *f);
/* The daemon dies (nothing in the shared tables is cleaned) and a new one starts. */
void fake_restart(struct fake *f);
/* Ends all connections, checks that no frame, index entry or next-hop user is left, frees. */
void fake_end(struct fake *f);

void fake_route(struct fake *f, const char *net, int plen, __u32 ifindex, const char *gateway);
void fake_neigh(struct fake *f, bool resolved); /* resolve (or fail) all next hops */

/* Send one packet through the engine. => why it was dropped, DROP_NONE if it was not. */
enum asa_drop fake_in(struct fake *f, const struct fake_pkt *p);
#define FAKE_IN(f, ...) fake_in(f, &(struct fake_pkt){__VA_ARGS__})
/* Build only. */
struct frame *fake_frame(struct fake *f, const struct fake_pkt *p);
void fake_forget_sent(struct fake *f); /* give sent frames back */
/* The last frame sent, parsed; checks that its checksums are right. NULL: nothing was sent. */
const struct asa_pkt *fake_last(struct fake *f, __u32 *out_ifindex);
bool fake_checksums_good(const struct asa_pkt *p);
void fake_wait(struct fake *f, __u32 ms); /* let time pass, with ticks */
void fake_flush(struct fake *f); /* counters into f->totals */
__u64 fake_drops(struct fake *f, enum asa_drop why);
/* Does a line of the log contain 'text'? */
bool fake_logged(const struct fake *f, const char *text);
void fake_log_clear(struct fake *f);
/* The n-th connection in slot order, from 0. */
bool fake_view(struct fake *f, int n, struct session_view *v);
__u32 fake_in_use(const struct fake *f);
/* rx = fwd + host + drop on every interface (OBS-1). */
bool fake_law(struct fake *f);

#endif
