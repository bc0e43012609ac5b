// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/dp%.o
 * daemon/datapath/index.o daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o
 * daemon/session/%.o daemon/policy/%.o */
/*
 * OBS-4: what packet-tracer says is what the firewall does, the XDP program included.
 *
 * 10,000 random packets in 200 random firewalls. Each is traced as the command does it: a test run
 * of the program's other instance and a dry walk of the pipeline. Then the very same frame goes
 * through the program that is in force, on the live maps, and if that hands it up, through the real
 * pipeline. Verdict, drop reason, punt cause, frames and bytes have to be the same, and the trace
 * must not have changed anything. Routes and neighbours are the fake world's; the rest is real.
 *
 * Needs root and namespaces of its own.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine/packet_tracer.h"
#include "lib/random_world.h"

#define SLOTS 128
#define PINS "/sys/fs/bpf/test"

static struct dp *d;
static int program = -1, xsk = -1;

static __u32 kernel_tick(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return asa_tick_from_ns((__u64)ts.tv_sec * 1000000000ull + (__u64)ts.tv_nsec);
}

/* ------------------------------------------------------------------ pictures */

static __u64 mix(__u64 h, const void *data, size_t size)
{
	const __u64 *w = data;

	for (size /= sizeof(*w); size--; w++) {
		h = (h ^ *w) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return h;
}

static void nothing(void *arg, const struct asa_event *e)
{
	(void)arg;
	(void)e;
}

/* Tables, counters, events and translations, in one number. */
static __u64 picture(struct fake *f)
{
	struct asa_count drops[ASA_DROP_MAX] = {0}, punts[ASA_PUNT_MAX] = {0};
	struct session_counts counts;
	__u64 h = 1, n;

	h = mix(h, f->t.conns, f->t.n_slots * sizeof(*f->t.conns));
	h = mix(h, f->t.sessions, f->t.n_slots * sizeof(*f->t.sessions));
	h = mix(h, f->t.index, f->t.n_buckets * sizeof(*f->t.index));
	h = mix(h, f->t.homes, f->t.n_slots / ASA_SET_SLOTS * sizeof(*f->t.homes));
	h = mix(h, f->t.nexthops, 64 * sizeof(*f->t.nexthops));
	h = mix(h, f->t.config, sizeof(*f->t.config));
	CU_ASSERT_EQUAL(dp_read_drops(d, drops), 0);
	CU_ASSERT_EQUAL(dp_read_punts(d, punts), 0);
	h = mix(h, drops, sizeof(drops));
	h = mix(h, punts, sizeof(punts));
	sessions_counts(f->asa.sessions, &counts);
	h = mix(h, &counts, sizeof(counts) / 8 * 8);
	n = xlate_count(f->asa.xlates) + 1000u * (__u64)f->n_log;
	h = mix(h, &n, sizeof(n));
	n = (__u64)dp_events(d, nothing, NULL, 1000) + 1000u * frame_pool_available(f->ops.pool);
	return mix(h, &n, sizeof(n));
}

/* ------------------------------------------------------------------ both ways */

#define OUT_MAX 8
/* What became of a frame. */
struct fate {
	__u32 verdict; /* of the program */
	enum asa_punt punt;
	enum asa_drop why;
	int n; /* frames that leave */
	__u32 len[OUT_MAX], out[OUT_MAX]; /* out: 0 is not compared */
	__u8 bytes[OUT_MAX][FRAME_SIZE];
};

static void fate_add(struct fate *r, const __u8 *bytes, __u32 len, __u32 out)
{
	if (r->n < OUT_MAX && len <= FRAME_SIZE) {
		memcpy(r->bytes[r->n], bytes, len);
		r->len[r->n] = len;
		r->out[r->n] = out;
	}
	r->n++;
}

/* As control/show_tracer.c does it. */
static void traced(struct fake *f, const struct frame *frame, struct fate *r)
{
	struct dp_test_result x;
	struct tracer *t = NULL;
	int i;

	memset(r, 0, sizeof(*r));
	CU_ASSERT_EQUAL_FATAL(dp_test_run(d, frame->in_ifindex, frame->data, frame->len, &x), 0);
	r->verdict = x.verdict;
	r->punt = x.punt;
	r->why = x.why;
	if (x.verdict == XDP_TX)
		fate_add(r, x.frame, x.len, 0);
	if (x.verdict != XDP_REDIRECT)
		return;
	CU_ASSERT_EQUAL_FATAL(
		tracer_run(&f->asa, frame->in_ifindex, frame->data, frame->len, f->now, &t), 0);
	if (!x.punt) {
		fate_add(r, x.frame, x.len, x.out_ifindex);
		/* the pipeline, which is asked for the phases, says the same */
		CU_ASSERT_EQUAL(t->why, DROP_NONE);
		CU_ASSERT_EQUAL(t->n_frames, 1);
		if (t->n_frames == 1 && (t->frames[0]->len != x.len || t->frames[0]->out_ifindex != x.out_ifindex ||
					 memcmp(t->frames[0]->data, x.frame, x.len) != 0)) {
			printf("      driver and pipeline send different frames\n");
			CU_FAIL("driver and pipeline differ");
		}
	} else {
		r->why = t->why;
		for (i = 0; i < t->n_frames; i++)
			fate_add(r, t->frames[i]->data, t->frames[i]->len, t->frames[i]->out_ifindex);
	}
	tracer_free(t);
}

static enum asa_drop counted(const struct asa_count *before)
{
	struct asa_count after[ASA_DROP_MAX] = {0};
	int i;

	(void)dp_read_drops(d, after);
	for (i = 1; i < ASA_DROP_MAX; i++)
		if (reason_kind[i] == KIND_FRAME && after[i].packets != before[i].packets)
			return (enum asa_drop)i;
	return DROP_NONE;
}

/* Through the program in force, and what it hands up through the pipeline; 'frame' is consumed. */
static void forwarded(struct fake *f, struct frame *frame, struct fate *r)
{
	static __u8 out[FRAME_SIZE + 256];
	struct xdp_md ctx = {.data_end = frame->len, .ingress_ifindex = frame->in_ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data, .data_size_in = frame->len,
		    .data_out = out, .data_size_out = sizeof(out), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .ctx_out = &ctx, .ctx_size_out = sizeof(ctx), .repeat = 1);
	struct asa_count before[ASA_DROP_MAX] = {0};
	struct asa_punt_meta meta = {0};
	int i;

	memset(r, 0, sizeof(*r));
	fake_flush(f);
	(void)dp_read_drops(d, before);
	CU_ASSERT_EQUAL_FATAL(bpf_prog_test_run_opts(program, &opts), 0);
	r->verdict = opts.retval;
	if (ctx.data == sizeof(meta))
		memcpy(&meta, out, sizeof(meta));
	if (meta.magic == ASA_PUNT_MAGIC)
		r->punt = (enum asa_punt)meta.cause;
	if (r->punt) { /* the frame as it was handed up */
		memcpy(frame->data, out + ctx.data, opts.data_size_out - ctx.data);
		frame->len = opts.data_size_out - ctx.data;
		engine_batch(f->asa.engine, &f->ops, &frame, 1, f->now);
		fake_flush(f);
		for (i = 0; i < f->n_sent; i++)
			fate_add(r, f->sent[i]->data, f->sent[i]->len, f->sent[i]->out_ifindex);
	} else {
		frame_put(f->ops.pool, frame);
		if (r->verdict == XDP_REDIRECT || r->verdict == XDP_TX)
			fate_add(r, out + ctx.data, opts.data_size_out - ctx.data, 0);
	}
	r->why = counted(before);
}

static bool same(const struct fate *a, const struct fate *b)
{
	int i;

	/* One forged sender a tick is told to the daemon: which one it is, is the clock's. */
	if ((a->punt == PUNT_ADDRESS || b->punt == PUNT_ADDRESS) && a->why && a->why == b->why)
		return !a->n && !b->n;
	if (a->verdict != b->verdict || a->punt != b->punt || a->why != b->why || a->n != b->n)
		return false;
	for (i = 0; i < a->n && i < OUT_MAX; i++)
		if (a->len[i] != b->len[i] || memcmp(a->bytes[i], b->bytes[i], a->len[i]) != 0 ||
		    (a->out[i] && b->out[i] && a->out[i] != b->out[i]))
			return false;
	return true;
}

static int by_driver, answered, to_host, by_reason[ASA_DROP_MAX], by_punt[ASA_PUNT_MAX];

/* => did it leave? */
static bool both(struct fake *f, const struct fake_pkt *p)
{
	static struct fate told, done;
	struct frame *frame = fake_frame(f, p);
	__u64 before, after;

	f->now = kernel_tick();
	while (frame->len < ETH_ZLEN) /* as on a wire */
		frame->data[frame->len++] = 0;
	if (frame->len > DP_TEST_FRAME_MAX) {
		frame_put(f->ops.pool, frame);
		return false;
	}
	(void)dp_events(d, nothing, NULL, 1000);
	before = picture(f);
	traced(f, frame, &told);
	after = picture(f);
	CU_ASSERT_EQUAL(before, after);
	forwarded(f, frame, &done);
	if (!same(&told, &done))
		printf("      traced: verdict %u punt %u reason %u, %d frames; done: %u %u %u, %d\n",
		       told.verdict, told.punt, told.why, told.n, done.verdict, done.punt, done.why,
		       done.n);
	CU_ASSERT_TRUE(same(&told, &done));
	by_reason[done.why]++;
	by_punt[done.punt]++;
	by_driver += done.verdict == XDP_REDIRECT && !done.punt;
	to_host += done.verdict == XDP_PASS;
	answered += done.verdict == XDP_TX;
	fake_forget_sent(f);
	return done.n > 0;
}

static void turn_round(struct fake_pkt *p)
{
	const char *src = p->src;
	__u16 port = p->sport;

	p->src = p->dst;
	p->dst = src;
	p->sport = p->dport;
	p->dport = port;
	p->in = p->in == IF_OUTSIDE ? IF_INSIDE : IF_OUTSIDE;
}

/* A whole handshake with the real answers, so that the driver has something to forward. */
static void connection(struct fake *f, struct fake_pkt p)
{
	p.proto = ASA_PROTO_TCP;
	p.flags = S;
	p.seq = 1000;
	p.payload = 0;
	if (!both(f, &p))
		return;
	turn_round(&p);
	p.flags = S | A;
	p.seq = 5000;
	p.ack = 1001;
	p.options = NULL;
	p.n_options = 0;
	both(f, &p);
	turn_round(&p);
	p.flags = A;
	p.seq = 1001;
	p.ack = 5001;
	both(f, &p);
	p.flags = A | P;
	p.payload = 10 + rnd(1000);
	both(f, &p);
	turn_round(&p);
	p.seq = 5001;
	p.ack = 1001 + p.payload;
	p.payload = rnd(100);
	p.flags = rnd(3) ? A : rnd(2) ? F | A : R | A;
	both(f, &p);
	p.seq += rnd(200000); /* and one that may be wrong */
	both(f, &p);
}

static void rows_local(struct fake *f)
{
	static const char *const own[] = {"10.1.1.254", "10.2.2.254", "192.0.2.1"};
	struct asa_local_key k;
	__u8 proto;
	__u16 port;
	size_t i;

	while (!dp_local_next(d, NULL, &k, &(enum asa_local_verdict){0}))
		dp_local_del(d, &k);
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		k = (struct asa_local_key){.addr = mb_addr(own[i])};
		CU_ASSERT_EQUAL(dp_local_set(d, &k, ASA_LOCAL_HOST), 0);
	}
	for (i = 0; policy_local_punt(f->asa.policy, i, &k.addr, &proto, &port); i++) {
		k.proto = proto;
		k.port = asa_htons(port);
		if (proto || port)
			CU_ASSERT_EQUAL(dp_local_set(d, &k, ASA_LOCAL_PUNT), 0);
	}
}

static void obs4_trace_and_driver_agree(void)
{
	unsigned int before = CU_get_number_of_failures();
	int i, k, seen = 0, punts = 0;

	for (i = 0; i < 200; i++) {
		struct fake *f;

		seed = 815u + (__u32)i;
		f = random_firewall(fake_new_on(d));
		f->now = kernel_tick();
		rows_local(f);
		for (k = 0; k < 40; k++) {
			struct fake_pkt p;

			random_packet(&p);
			if (p.in > IF_OUTSIDE)
				p.in = IF_INSIDE; /* a device that is not there cannot be run with */
			if (!rnd(4)) {
				connection(f, p);
			} else if (both(f, &p) && rnd(2)) {
				turn_round(&p);
				both(f, &p);
			}
			if (f->neigh_pending && !rnd(4)) {
				fake_neigh(f, true);
				fake_forget_sent(f);
			}
		}
		if (CU_get_number_of_failures() != before) {
			printf("      firewall %d\n", i);
			before = CU_get_number_of_failures();
		}
		fake_end(f);
	}
	for (i = 1; i < ASA_DROP_MAX; i++)
		seen += by_reason[i] != 0;
	for (k = 0, i = 1; i < ASA_PUNT_MAX; i++) {
		punts += by_punt[i] != 0;
		k += by_punt[i];
	}
	printf("      %d by the driver, %d handed up for %d causes, %d to the host, %d drop reasons\n",
	       by_driver, k, punts, to_host, seen);
	CU_ASSERT_TRUE(by_driver > 500);
	CU_ASSERT_TRUE(k > 3000);
	CU_ASSERT_TRUE(to_host > 10);
	CU_ASSERT_TRUE(seen > 15);
}

static void begin(void)
{
	const struct dp_options o = {.object = "build/asa_xdp.bpf.o", .pin_dir = PINS,
				     .n_slots = SLOTS, .trial = true};
	char err[1024] = "", cmd[160];
	int i;

	for (i = IF_INSIDE; i <= IF_OUTSIDE; i++) {
		snprintf(cmd, sizeof(cmd),
			 "ip link add v%d index %d type veth peer name w%d index %d && ip link set v%d up"
			 " && ip link set w%d up", i, i, i, i + 20, i, i);
		CU_ASSERT_EQUAL_FATAL(system(cmd), 0);
	}
	if (dp_open(&o, &d, err, sizeof(err))) {
		printf("      dp_open: %s\n", err);
		abort(); /* nothing to test */
	}
	xsk = socket(AF_XDP, SOCK_RAW, 0);
	for (i = IF_INSIDE; i <= IF_OUTSIDE; i++) {
		dp_iface_set(d, (__u32)i, 0, ASA_IFACE_USED, NULL);
		CU_ASSERT_EQUAL(dp_tx_set(d, (__u32)i), 0);
		CU_ASSERT_EQUAL(dp_xsk_set(d, (__u32)i, 0, xsk), 0);
	}
	program = bpf_obj_get(PINS "/prog");
	CU_ASSERT_TRUE_FATAL(program >= 0);
}

static void end(void)
{
	dp_unpin(d);
	dp_close(d);
	close(program);
	close(xsk);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{"a firewall to run in", begin},
		{"OBS-4 ten thousand random packets: trace, driver and pipeline agree",
		 obs4_trace_and_driver_agree},
		{"nothing is left", end},
		{NULL, NULL},
	};

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0) {
		printf("SKIP  trace: no namespaces of our own (%s): root is needed\n", strerror(errno));
		printf("0 passed, 0 failed, %zu skipped\n", sizeof(tests) / sizeof(tests[0]) - 1);
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	return asa_cunit_main("trace", tests);
}
