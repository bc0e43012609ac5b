// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rig; see rig.h.
 *
 * Measuring: one call of BPF_PROG_RUN sends for about half a second; the sink stamps every 1024th
 * packet, and the rate is taken between its first and last stamp, so the sleep that the kernel does
 * at the end of a live-frame run does not count. Generator, device and sink work in one softirq
 * chain on one CPU (serial mode), so the rate is 1 / (generator + device + sink).
 */
#define _GNU_SOURCE
#include "rig.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "asa/punt.h"
#include "asa/stats.h"
#include "rig.skel.h"

#define RIG_BATCH 64
#define SETUP_PASSES 24
#define SETUP_CHUNK 400000u /* frames, paused ones included, of one call while setting up */

int rig_enter(const char *ns, char err[RIG_ERR])
{
	char path[96];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET)) {
		rc = -errno;
		snprintf(err, RIG_ERR, "cannot enter namespace %s: %s", ns, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static int field_copy(char *to, size_t size, const char *from)
{
	return from && *from && (size_t)snprintf(to, size, "%s", from) < size ? 0 : -EINVAL;
}

int rig_parse(struct rig *r, const char *text, char err[RIG_ERR])
{
	char buf[512], *save = NULL, *eq, *p;
	int bad;

	memset(r, 0, sizeof(*r));
	r->gen_ns_fd = r->sink_ns_fd = -1;
	snprintf(buf, sizeof(buf), "%s", text);
	eq = strchr(buf, '=');
	if (!eq) {
		snprintf(err, RIG_ERR, "%s: expected NAME=GENNS:GENIF:SINKNS:SINKIF", text);
		return -EINVAL;
	}
	*eq = 0;
	bad = field_copy(r->name, sizeof(r->name), buf);
	bad |= field_copy(r->gen_ns, sizeof(r->gen_ns), strtok_r(eq + 1, ":", &save));
	bad |= field_copy(r->gen_if, sizeof(r->gen_if), strtok_r(NULL, ":", &save));
	bad |= field_copy(r->sink_ns, sizeof(r->sink_ns), strtok_r(NULL, ":", &save));
	bad |= field_copy(r->sink_if, sizeof(r->sink_if), strtok_r(NULL, ":", &save));
	while (!bad && (p = strtok_r(NULL, ":", &save))) {
		if (!strncmp(p, "pins=", 5)) {
			bad = field_copy(r->pins, sizeof(r->pins), p + 5);
		} else if (!strcmp(p, "oneway")) {
			r->oneway = true;
		} else if (!strncmp(p, "pid=", 4)) {
			r->pid = atoi(p + 4);
		} else if (!strncmp(p, "port=", 5)) {
			r->own_port = (__u16)atoi(p + 5);
			bad = !r->own_port;
		} else if (!strncmp(p, "rate=", 5)) {
			r->setup_rate = atof(p + 5);
			bad = r->setup_rate <= 0;
		} else if (!strncmp(p, "nat=", 4)) {
			r->has_nat = true;
			bad = sscanf(p + 4, "%3hhu.%3hhu.%3hhu", &r->nat[0], &r->nat[1],
				     &r->nat[2]) != 3;
		} else if (!strncmp(p, "fw=", 3) && (eq = strchr(p, '/'))) {
			*eq = 0;
			bad = field_copy(r->fw_ns, sizeof(r->fw_ns), p + 3) |
			      field_copy(r->fw_if, sizeof(r->fw_if), eq + 1);
		} else {
			bad = 1;
		}
	}
	if (bad) {
		snprintf(err, RIG_ERR, "%s: not a device under test", text);
		return -EINVAL;
	}
	return 0;
}

/* The templates of the protocol: what is measured, and what completes a handshake. */
static void rig_frames(struct rig *r)
{
	struct frame_spec *s = &r->spec;

	memset(s, 0, sizeof(*s));
	s->ipv6 = r->ipv6;
	s->tcp = r->proto != RIG_UDP;
	s->dport = r->dport;
	s->tcp_flags = FRAME_ACK | FRAME_PSH;
	s->seq = BENCH_CLIENT_ISN + 1;
	s->ack = r->proto == RIG_BYPASS ? BENCH_SERVER_ISN + 1 : 0;
	frame_build(&r->data, s);
	r->plan->data = r->data;
	r->plan->frame = r->data;
	r->plan->dport = htons(r->dport);
}

void rig_port(struct rig *r, __u16 dport)
{
	r->dport = dport;
	rig_frames(r);
	memset(r->flows, 0, BENCH_FLOWS_MAX * sizeof(*r->flows));
	r->n_ready = 0;
}

static void *map_memory(struct bpf_map *m, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(m), 0);
}

static int attach(struct bpf_program *prog, const char *ns, const char *dev, struct bpf_link **link,
		  int *ifindex, char err[RIG_ERR])
{
	int rc = rig_enter(ns, err);

	if (rc)
		return rc;
	*ifindex = if_nametoindex(dev);
	if (!*ifindex) {
		snprintf(err, RIG_ERR, "no interface %s in namespace %s", dev, ns);
		return -ENODEV;
	}
	*link = bpf_program__attach_xdp(prog, *ifindex);
	if (!*link) {
		rc = -errno;
		snprintf(err, RIG_ERR, "cannot attach to %s in %s: %s", dev, ns, strerror(errno));
	}
	return rc;
}

int rig_open(struct rig *r, struct rig *same, enum rig_proto proto, bool ipv6, __u16 dport,
	     char err[RIG_ERR])
{
	int rc, ifindex;

	r->proto = proto;
	r->ipv6 = ipv6;
	r->skel = bench_rig__open();
	if (!r->skel) {
		snprintf(err, RIG_ERR, "cannot open the bench's BPF object: %s", strerror(errno));
		return -errno;
	}
	r->skel->rodata->ipv6 = ipv6;
	r->skel->rodata->tcp = proto != RIG_UDP;
	rc = bench_rig__load(r->skel);
	if (rc) {
		snprintf(err, RIG_ERR, "cannot load the bench's BPF object: %s", strerror(-rc));
		return rc;
	}
	r->plan = &r->skel->bss->plan;
	r->flows = map_memory(r->skel->maps.flows, BENCH_FLOWS_MAX * sizeof(*r->flows));
	r->list = map_memory(r->skel->maps.list, BENCH_LIST_MAX * sizeof(*r->list));
	if (r->flows == MAP_FAILED || r->list == MAP_FAILED) {
		snprintf(err, RIG_ERR, "cannot map the flow table: %s", strerror(errno));
		return -errno;
	}
	r->plan->seed = BENCH_SEED;
	rig_port(r, r->own_port ? r->own_port : dport);
	if (same) {
		r->sink = same->sink;
		r->ear = same->ear;
		r->gen_ifindex = same->gen_ifindex;
		return 0;
	}
	rc = attach(r->skel->progs.sink, r->sink_ns, r->sink_if, &r->skel->links.sink, &ifindex,
		    err);
	if (!rc)
		rc = attach(r->skel->progs.gen_rx, r->gen_ns, r->gen_if, &r->skel->links.gen_rx,
			    &r->gen_ifindex, err);
	r->sink = r->skel->links.sink;
	r->ear = r->skel->links.gen_rx;
	return rc;
}

/* It is this rig's turn. */
static int rig_plug(struct rig *r, char err[RIG_ERR])
{
	int rc = bpf_link__update_program(r->sink, r->skel->progs.sink);

	if (!rc)
		rc = bpf_link__update_program(r->ear, r->skel->progs.gen_rx);
	if (rc)
		snprintf(err, RIG_ERR, "cannot put the programs of %s in place: %s", r->name, strerror(-rc));
	return rc;
}

void rig_close(struct rig *r)
{
	if (r->flows && r->flows != MAP_FAILED)
		munmap(r->flows, BENCH_FLOWS_MAX * sizeof(*r->flows));
	if (r->list && r->list != MAP_FAILED)
		munmap(r->list, BENCH_LIST_MAX * sizeof(*r->list));
	bench_rig__destroy(r->skel);
	r->skel = NULL;
}

/* One call into the kernel: repeat frames, all from this CPU. */
static int rig_send(struct rig *r, __u32 repeat, char err[RIG_ERR])
{
	__u8 data[BENCH_LEN6] = { 0 };
	struct xdp_md ctx = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int rc = rig_enter(r->gen_ns, err);

	if (rc)
		return rc;
	opts.data_in = data;
	opts.data_size_in = r->ipv6 ? BENCH_LEN6 : BENCH_LEN4;
	ctx.data_end = opts.data_size_in;
	ctx.ingress_ifindex = r->gen_ifindex;
	opts.ctx_in = &ctx;
	opts.ctx_size_in = sizeof(ctx);
	opts.repeat = repeat < RIG_BATCH ? RIG_BATCH : repeat;
	opts.batch_size = RIG_BATCH;
	opts.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	rc = bpf_prog_test_run_opts(bpf_program__fd(r->skel->progs.gen), &opts);
	if (rc)
		snprintf(err, RIG_ERR, "live-frame test run failed on %s: %s", r->gen_if,
			 strerror(-rc));
	return rc;
}

static int counts_read_row(struct rig *r, __u32 row, struct bench_count *sum)
{
	int n = libbpf_num_possible_cpus(), i;
	struct bench_count c[n];

	memset(sum, 0, sizeof(*sum));
	if (bpf_map_lookup_elem(bpf_map__fd(r->skel->maps.counts), &row, c))
		return -errno;
	for (i = 0; i < n; i++) {
		sum->packets += c[i].packets;
		sum->other += c[i].other;
		if (!c[i].first_ns)
			continue;
		if (!sum->first_ns || c[i].first_ns < sum->first_ns)
			sum->first_ns = c[i].first_ns;
		if (c[i].last_ns > sum->last_ns)
			sum->last_ns = c[i].last_ns;
		sum->last_packets += c[i].last_packets - c[i].first_packets;
	}
	return 0;
}

static int counts_read(struct rig *r, struct bench_count *sum)
{
	return counts_read_row(r, BENCH_COUNT_SINK, sum);
}

static double count_mpps(const struct bench_count *c)
{
	return c->last_ns > c->first_ns ? c->last_packets * 1e3 / (c->last_ns - c->first_ns) : 0;
}

static void counts_clear(struct rig *r)
{
	int n = libbpf_num_possible_cpus();
	struct bench_count c[n];
	struct bench_sample s = { 0 };
	__u32 i = 0;

	memset(c, 0, sizeof(c));
	for (; i <= BENCH_COUNT_EAR; i++)
		bpf_map_update_elem(bpf_map__fd(r->skel->maps.counts), &i, c, BPF_ANY);
	for (i = 0; i < BENCH_SAMPLES; i++)
		bpf_map_update_elem(bpf_map__fd(r->skel->maps.samples), &i, &s, BPF_ANY);
}

static __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000000000u + t.tv_nsec;
}

/* Send the list once at a pace. */
static int rig_send_list(struct rig *r, __u32 n, double per_second, char err[RIG_ERR])
{
	int rc = 0;

	r->plan->order = BENCH_ONCE;
	r->plan->list_n = n;
	r->plan->list_pos = 0;
	r->plan->pace_ns = per_second > 0 ? (__u64)(1e9 / per_second) : 0;
	r->plan->next_ns = now_ns();
	while (!rc && r->plan->list_pos < n)
		rc = rig_send(r, per_second > 0 ? SETUP_CHUNK : n - r->plan->list_pos, err);
	r->plan->pace_ns = 0;
	return rc;
}

/* What is measured: the first n flows, at random each time unless 'in_turn'. */
static void list_draw(struct rig *r, __u32 n, bool in_turn)
{
	__u32 size = in_turn ? n : n < 1024 ? 4096 : 4 * n, seed = BENCH_SEED, i, flow;

	for (i = 0; i < size; i++) {
		flow = in_turn ? i : bench_random(&seed, n);
		r->list[i] = (struct bench_turn){ flow, r->proto == RIG_TCP ? (__u32)r->flows[flow] : 0 };
	}
	r->plan->list_n = size;
	r->plan->list_pos = 0;
}

static __u32 list_missing(struct rig *r, __u32 n)
{
	__u32 i, k = 0;

	for (i = 0; i < n; i++)
		if (!r->flows[i])
			r->list[k++] = (struct bench_turn){ .flow = i };
	return k;
}

int rig_setup(struct rig *r, __u32 n, bool in_turn, double per_second, char err[RIG_ERR])
{
	struct frame_spec syn = r->spec;
	__u32 missing, before;
	int rc, pass, still = 0;

	rc = rig_plug(r, err);
	if (rc)
		return rc;
	if (r->proto == RIG_TCP) {
		syn.tcp_flags = FRAME_SYN;
		syn.seq = BENCH_CLIENT_ISN;
		syn.ack = 0;
		frame_build(&r->plan->frame, &syn);
	}
	r->plan->sink = r->proto == RIG_BYPASS || r->oneway ? BENCH_SINK_MARK : BENCH_SINK_ANSWER;
	if (r->setup_rate > 0)
		per_second = r->setup_rate;
	missing = list_missing(r, n);
	for (pass = 0; missing && pass < SETUP_PASSES && still < 5; pass++) {
		rc = rig_send_list(r, missing, per_second, err);
		if (rc)
			return rc;
		usleep(missing > 1000 ? 200000 : 20000);
		before = missing;
		missing = list_missing(r, n);
		still = missing == before ? still + 1 : 0;
		/* More than a tenth lost: the device cannot set up so fast. */
		if (missing > before / 10 && per_second > 4000)
			per_second /= 2;
	}
	r->plan->sink = BENCH_SINK_COUNT;
	r->plan->frame = r->data;
	r->n_ready = n - missing;
	if (missing) {
		snprintf(err, RIG_ERR, "%s: %u of %u flows never came through", r->name, missing, n);
		return -EIO;
	}
	list_draw(r, n, in_turn);
	return 0;
}

static void samples_check(struct rig *r, struct rig_result *res)
{
	struct bench_sample s;
	const char *why;
	__u32 i;

	for (i = 0; i < BENCH_SAMPLES; i++) {
		if (bpf_map_lookup_elem(bpf_map__fd(r->skel->maps.samples), &i, &s) || !s.len)
			continue;
		res->samples++;
		why = frame_check(s.bytes, &r->spec, r->has_nat ? r->nat : NULL);
		if (why) {
			res->bad_samples++;
			res->why = why;
		}
	}
}

int rig_measure(struct rig *r, double seconds, struct rig_result *res, char err[RIG_ERR])
{
	struct bench_count c;
	__u32 repeat;
	int rc;

	memset(res, 0, sizeof(*res));
	rc = rig_plug(r, err);
	if (rc)
		return rc;
	r->plan->order = BENCH_AGAIN;
	r->plan->sink = BENCH_SINK_COUNT;
	if (r->rate <= 0) {
		/* A short run first: it sizes the others and warms the caches. */
		counts_clear(r);
		rc = rig_send(r, 100000, err);
		if (rc)
			return rc;
		counts_read(r, &c);
		if (c.last_ns > c.first_ns)
			r->rate = c.last_packets * 1e9 / (c.last_ns - c.first_ns);
		if (r->rate < 20000)
			r->rate = 20000;
	}
	repeat = r->rate * seconds;
	counts_clear(r);
	rc = rig_send(r, repeat, err);
	if (rc)
		return rc;
	rc = counts_read(r, &c);
	if (rc)
		return rc;
	res->packets = c.packets;
	res->arrived = (double)c.packets / repeat;
	if (c.last_ns > c.first_ns) {
		res->mpps = c.last_packets * 1e3 / (c.last_ns - c.first_ns);
		r->rate = res->mpps * 1e6;
	}
	samples_check(r, res);
	return 0;
}

int rig_newconn(struct rig *r, __u32 n, double per_second, struct rig_result *res,
		char err[RIG_ERR])
{
	struct bench_count c;
	__u32 i;
	int rc;

	memset(res, 0, sizeof(*res));
	for (i = 0; i < n; i++)
		r->list[i] = (struct bench_turn){ .flow = i };
	counts_clear(r);
	r->plan->sink = BENCH_SINK_MARK;
	rc = rig_send_list(r, n, per_second, err);
	usleep(300000);
	if (!rc)
		rc = counts_read(r, &c);
	r->plan->sink = BENCH_SINK_COUNT;
	if (rc)
		return rc;
	res->packets = n - list_missing(r, n);
	res->arrived = (double)res->packets / n;
	if (c.last_ns > c.first_ns)
		res->mpps = c.last_packets * 1e3 / (c.last_ns - c.first_ns);
	return 0;
}

/* A SYN-ACK that carries what the device made up: its checksums, its ends. */
static void heard_check(struct rig *r, __u16 port, struct rig_result *res)
{
	struct bench_sample s;
	const char *why;
	__u32 i;

	for (i = 0; i < BENCH_SAMPLES; i++) {
		if (bpf_map_lookup_elem(bpf_map__fd(r->skel->maps.samples), &i, &s) || !s.len)
			continue;
		res->samples++;
		why = frame_check_answer(s.bytes, port);
		if (why) {
			res->bad_samples++;
			res->why = why;
		}
	}
}

int rig_flood(struct rig *r, __u16 port, __u32 n, double seconds, struct rig_result *res, double *among,
	      char err[RIG_ERR])
{
	struct frame_spec syn = { .tcp = true, .tcp_flags = FRAME_SYN, .seq = BENCH_CLIENT_ISN,
				  .dport = port };
	struct bench_count ear, sink;
	__u32 repeat;
	int rc, pass;

	memset(res, 0, sizeof(*res));
	frame_build(&r->plan->flood, &syn);
	r->plan->flood_port = htons(port);
	r->plan->sink = BENCH_SINK_FLOOD;
	r->plan->mix = n != 0;
	r->plan->order = n ? BENCH_AGAIN : BENCH_FORGED;
	/* First a few, at a rate at which a daemon can hear of them; then two runs that size the third. */
	r->plan->pace_ns = 20000;
	r->plan->next_ns = now_ns();
	rc = rig_send(r, 200000, err);
	r->plan->pace_ns = 0;
	usleep(300000);
	repeat = 200000;
	for (pass = 0; pass < 2 && !rc; pass++) {
		counts_clear(r);
		rc = rig_send(r, repeat, err);
		if (!rc)
			rc = counts_read_row(r, BENCH_COUNT_EAR, &ear);
		if (count_mpps(&ear) > 0.02)
			repeat = count_mpps(&ear) * 1e6 * seconds * (n ? 2 : 1);
	}
	usleep(20000);
	if (!rc)
		rc = counts_read_row(r, BENCH_COUNT_EAR, &ear);
	if (!rc)
		rc = counts_read_row(r, BENCH_COUNT_SINK, &sink);
	r->plan->mix = 0;
	r->plan->sink = BENCH_SINK_COUNT;
	rig_frames(r);
	if (rc)
		return rc;
	res->packets = ear.packets;
	res->arrived = (double)ear.packets / repeat * (n ? 2 : 1);
	res->mpps = count_mpps(&ear);
	*among = count_mpps(&sink);
	heard_check(r, port, res);
	return 0;
}

long long rig_punts(const struct rig *r, __u64 causes[ASA_PUNT_MAX])
{
	int n = libbpf_num_possible_cpus(), fd, i;
	struct asa_count v[n];
	long long sum = 0;
	char path[160];
	__u32 row;

	memset(causes, 0, ASA_PUNT_MAX * sizeof(*causes));
	if (!r->pins[0])
		return -1;
	snprintf(path, sizeof(path), "%s/asa_punts", r->pins);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -1;
	for (row = 0; row < ASA_PUNT_MAX; row++) {
		if (bpf_map_lookup_elem(fd, &row, v))
			break;
		for (i = 0; i < n; i++)
			causes[row] += v[i].packets;
		sum += (long long)causes[row];
	}
	close(fd);
	return sum;
}
