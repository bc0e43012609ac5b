// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test runs of the firewall's program and the bare references; see progns.h.
 *
 * The program rewrites the frame, and a second run over the rewritten bytes would be another frame:
 * every run is one system call with repeat 1, and the median of many is taken. The empty program is
 * measured the same way, so the cost of the call and of the clock cancels.
 */
#define _GNU_SOURCE
#include "progns.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.skel.h"

#define RUNS 20001

static int cmp_u32(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return x < y ? -1 : x > y;
}

static int run_median(int prog, const __u8 *frame, size_t len, int ifindex, __u32 *ns, __u32 *verdict,
		      char err[RIG_ERR])
{
	static __u32 took[RUNS];
	__u8 out[BENCH_LEN6 + 64];
	struct xdp_md ctx = { .data_end = len, .ingress_ifindex = ifindex };
	int i, rc;

	for (i = 0; i < RUNS; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts);

		opts.data_in = frame;
		opts.data_size_in = len;
		opts.data_out = out;
		opts.data_size_out = sizeof(out);
		opts.ctx_in = &ctx;
		opts.ctx_size_in = sizeof(ctx);
		opts.repeat = 1;
		rc = bpf_prog_test_run_opts(prog, &opts);
		if (rc) {
			snprintf(err, RIG_ERR, "test run failed: %s", strerror(-rc));
			return rc;
		}
		took[i] = opts.duration;
		*verdict = opts.retval;
	}
	qsort(took, RUNS, sizeof(*took), cmp_u32);
	*ns = took[RUNS / 2];
	return 0;
}

static const char *verdict_name(__u32 v)
{
	static const char *const names[] = { "ABORTED", "DROP", "PASS", "TX", "REDIRECT" };

	return v < 5 ? names[v] : "?";
}

/* 'line': with the table of C1, 64 MB. */
static struct bench_peer *peer_load(bool line)
{
	struct bench_peer *peer = bench_peer__open();

	if (!peer)
		return NULL;
	if (!line)
		bpf_map__set_max_entries(peer->maps.lines, 1);
	if (!bench_peer__load(peer))
		return peer;
	bench_peer__destroy(peer);
	return NULL;
}

int progns_run(struct rig *r, const char *label, char err[RIG_ERR])
{
	struct frame_spec other = r->spec;
	struct bench_frame f;
	struct bench_peer *peer;
	__u8 hit[BENCH_LEN6], punt[BENCH_LEN6], drop[BENCH_LEN6];
	__u32 ns, empty_ns, verdict;
	char path[160];
	size_t len;
	int prog, rc, ifindex;

	rc = rig_enter(r->fw_ns, err);
	if (rc)
		return rc;
	ifindex = if_nametoindex(r->fw_if);
	snprintf(path, sizeof(path), "%s/prog", r->pins);
	prog = bpf_obj_get(path);
	if (prog < 0) {
		snprintf(err, RIG_ERR, "cannot open %s: %s", path, strerror(errno));
		return -errno;
	}
	peer = peer_load(false);
	if (!peer) {
		snprintf(err, RIG_ERR, "cannot load the empty program");
		rc = -EIO;
		goto out_prog;
	}
	len = frame_write(hit, &r->data, &r->spec, 0, r->proto == RIG_TCP ? r->flows[0] : 0);
	other.dport = r->dport + 1000;
	frame_build(&f, &other);
	frame_write(punt, &f, &other, 0, 0);
	memcpy(drop, hit, len);
	drop[14] = r->ipv6 ? 0x40 : 0x43; /* wrong version; header shorter than a header */

	rc = run_median(bpf_program__fd(peer->progs.empty), hit, len, ifindex, &empty_ns, &verdict,
			err);
	if (!rc)
		rc = run_median(prog, hit, len, ifindex, &ns, &verdict, err);
	if (!rc)
		printf("progns dut=%s kind=%s-hit af=%d ns=%d raw=%u empty=%u verdict=%s\n", r->name,
		       label, r->ipv6 ? 6 : 4, (int)(ns - empty_ns), ns, empty_ns,
		       verdict_name(verdict));
	if (!rc)
		rc = run_median(prog, punt, len, ifindex, &ns, &verdict, err);
	if (!rc)
		printf("progns dut=%s kind=%s-punt af=%d ns=%d raw=%u empty=%u verdict=%s\n", r->name,
		       label, r->ipv6 ? 6 : 4, (int)(ns - empty_ns), ns, empty_ns,
		       verdict_name(verdict));
	if (!rc)
		rc = run_median(prog, drop, len, ifindex, &ns, &verdict, err);
	if (!rc)
		printf("progns dut=%s kind=%s-drop af=%d ns=%d raw=%u empty=%u verdict=%s\n", r->name,
		       label, r->ipv6 ? 6 : 4, (int)(ns - empty_ns), ns, empty_ns,
		       verdict_name(verdict));
	bench_peer__destroy(peer);
out_prog:
	close(prog);
	return rc;
}

static int mac_read(const char *text, __u64 *mac)
{
	__u8 b[8] = { 0 };

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &b[0], &b[1], &b[2], &b[3], &b[4],
		   &b[5]) != 6)
		return -EINVAL;
	memcpy(mac, b, 8);
	return 0;
}

int peer_attach_c0(const char *ns, const char *in, const char *out, const char *dmac,
		   const char *smac, bool line, char err[RIG_ERR])
{
	struct bench_peer *peer;
	__u32 zero = 0, to;
	int rc;

	rc = rig_enter(ns, err);
	if (rc)
		return rc;
	peer = peer_load(line);
	if (!peer) {
		snprintf(err, RIG_ERR, "cannot load the redirect program: %s", strerror(errno));
		return -errno;
	}
	to = if_nametoindex(out);
	rc = mac_read(dmac, &peer->bss->macs[0]) | mac_read(smac, &peer->bss->macs[1]);
	if (!rc)
		rc = bpf_map_update_elem(bpf_map__fd(peer->maps.port), &zero, &to, BPF_ANY);
	if (!rc)
		rc = bpf_xdp_attach(if_nametoindex(in), bpf_program__fd(line ? peer->progs.c1 : peer->progs.c0),
				    XDP_FLAGS_DRV_MODE, NULL);
	if (rc)
		snprintf(err, RIG_ERR, "cannot attach the redirect to %s in %s: %s", in, ns,
			 strerror(-rc));
	bench_peer__destroy(peer);
	return rc;
}

int peer_attach_ct0(const char *ns, const char *dev, char err[RIG_ERR])
{
	struct bench_peer *peer;
	int rc = rig_enter(ns, err);

	if (rc)
		return rc;
	peer = peer_load(false);
	if (!peer) {
		snprintf(err, RIG_ERR, "cannot load the program that sends back: %s", strerror(errno));
		return -errno;
	}
	rc = bpf_xdp_attach(if_nametoindex(dev), bpf_program__fd(peer->progs.ct0), XDP_FLAGS_DRV_MODE,
			    NULL);
	if (rc)
		snprintf(err, RIG_ERR, "cannot attach to %s in %s: %s", dev, ns, strerror(-rc));
	bench_peer__destroy(peer);
	return rc;
}
