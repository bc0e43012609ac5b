// SPDX-License-Identifier: GPL-2.0-only
/*
 * asa-bench - measures forwarding devices that stand between a generator and a sink.
 *
 * Responsible for: the options, the order of the runs (A B C, B C A …, so that a slow minute of the
 * machine hits every device alike), medians, one line of text per result.
 * Not responsible for: making the namespaces and the devices (bench.sh); the table of ratios
 * (report.py).
 *
 * Life cycle: open a rig per device; for every number of flows set the flows up through each
 * device, then the rounds; close. One thread, pinned to one CPU.
 */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progns.h"
#include "rig.h"

#define DUTS_MAX 12
#define FLOWS_MAX 8
#define ROUNDS_MAX 64

struct options {
	enum rig_proto proto;
	bool ipv6, progns, round_robin;
	__u32 flows[FLOWS_MAX];
	int n_flows, rounds, cpu;
	double seconds, setup_rate;
	double rates[FLOWS_MAX];
	int n_rates;
	__u16 port;
};

static const char *const proto_names[] = { "udp", "tcp", "bypass" };

static void usage(FILE *to)
{
	fputs("usage: asa-bench run [options] NAME=GENNS:GENIF:SINKNS:SINKIF[:pins=DIR][:nat=A.B.C]"
	      "[:fw=NS/IF][:rate=N][:oneway][:pid=N][:port=N]…\n"
	      "       asa-bench newconn [options] DEVICE…\n"
	      "       asa-bench flood -p tcp [options] DEVICE…   SYNs to PORT, counted when they come back\n"
	      "       asa-bench ct0 NS DEV\n"
	      "       asa-bench c0 | c1 NS IN OUT DESTINATION-MAC SOURCE-MAC\n"
	      "  -p udp|tcp|bypass   protocol (udp)            -6          IPv6\n"
	      "  -f N,N,…            numbers of flows (1000)   -r ROUNDS   rounds (5)\n"
	      "  -t SECONDS          of one run (0.5)          -s RATE     first packets a second "
	      "(50000)\n"
	      "  -d PORT             destination port (9)      -c CPU      to run on (0)\n"
	      "  -R RATE,RATE,…      newconn: offered rates, 0 is as fast as can be\n"
	      "  -P                  also nanoseconds by test run of the firewall's program\n"
	      "  -O                  flows in turn instead of at random\n",
	      to);
}

static int list_read(const char *text, double *to, int max)
{
	char *end;
	int n = 0;

	while (n < max) {
		to[n] = strtod(text, &end);
		if (end == text || to[n] < 0)
			return -1;
		n++;
		if (!*end)
			return n;
		if (*end != ',')
			return -1;
		text = end + 1;
	}
	return -1;
}

static int options_read(struct options *o, int argc, char **argv)
{
	double v[FLOWS_MAX];
	int c, i;

	*o = (struct options){ .rounds = 5, .seconds = 0.5, .setup_rate = 50000, .port = 9 };
	o->flows[0] = 1000;
	o->n_flows = 1;
	o->n_rates = 1;
	while ((c = getopt(argc, argv, "p:6f:r:t:s:d:c:R:PO")) != -1) {
		switch (c) {
		case 'p':
			for (i = 0; i < 3 && strcmp(optarg, proto_names[i]); i++)
				;
			if (i == 3)
				return -1;
			o->proto = i;
			break;
		case '6':
			o->ipv6 = true;
			break;
		case 'f':
			o->n_flows = list_read(optarg, v, FLOWS_MAX);
			if (o->n_flows < 1)
				return -1;
			for (i = 0; i < o->n_flows; i++) {
				if (v[i] < 1 || v[i] > BENCH_FLOWS_MAX)
					return -1;
				o->flows[i] = v[i];
			}
			break;
		case 'r':
			o->rounds = atoi(optarg);
			break;
		case 't':
			o->seconds = atof(optarg);
			break;
		case 's':
			o->setup_rate = atof(optarg);
			break;
		case 'd':
			o->port = atoi(optarg);
			break;
		case 'c':
			o->cpu = atoi(optarg);
			break;
		case 'R':
			o->n_rates = list_read(optarg, o->rates, FLOWS_MAX);
			if (o->n_rates < 1)
				return -1;
			break;
		case 'P':
			o->progns = true;
			break;
		case 'O':
			o->round_robin = true;
			break;
		default:
			return -1;
		}
	}
	return o->rounds >= 1 && o->rounds <= ROUNDS_MAX && o->seconds > 0 ? 0 : -1;
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct series {
	double mpps[ROUNDS_MAX], arrived;
	int n;
	__u32 samples, bad;
	const char *why;
	long long punts;
	bool up;
};

static void series_print(const struct options *o, const struct rig *r, const struct series *s,
			 __u32 flows)
{
	double sorted[ROUNDS_MAX], median;
	int n = s->n;

	memcpy(sorted, s->mpps, sizeof(*sorted) * n);
	qsort(sorted, n, sizeof(*sorted), cmp_double);
	median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
	printf("result proto=%s af=%d dut=%s flows=%u median=%.4f best=%.4f worst=%.4f ns=%.1f "
	       "arrived=%.4f punts=%lld samples=%u bad=%u\n",
	       proto_names[o->proto], o->ipv6 ? 6 : 4, r->name, flows, median, sorted[n - 1],
	       sorted[0], median > 0 ? 1000 / median : 0, s->arrived / n, s->punts, s->samples,
	       s->bad);
	if (s->bad)
		printf("note dut=%s flows=%u a sampled frame is wrong: %s\n", r->name, flows, s->why);
	fflush(stdout);
}

/* Established flows have nothing to look for in the daemon: say what brought them there. */
static void punts_explain(const struct rig *r, __u32 flows, const __u64 *before, const __u64 *after)
{
	static const char *const names[ASA_PUNT_MAX] = {
#define PUNT_NAME(sym, kw, text) [sym] = kw,
		ASA_PUNT_LIST(PUNT_NAME)
#undef PUNT_NAME
	};

	for (int i = 0; i < ASA_PUNT_MAX; i++)
		if (after[i] != before[i])
			printf("note dut=%s flows=%u punts: %llu %s\n", r->name, flows,
			       (unsigned long long)(after[i] - before[i]), names[i] ? names[i] : "?");
}

static void flows_run(const struct options *o, struct rig *rigs, int n, __u32 flows)
{
	__u64 causes[DUTS_MAX][ASA_PUNT_MAX], after[ASA_PUNT_MAX];
	struct series series[DUTS_MAX] = { 0 };
	char err[RIG_ERR];
	int round, i, k;

	for (i = 0; i < n; i++) {
		series[i].up = rig_setup(&rigs[i], flows, o->round_robin, o->setup_rate, err) == 0;
		if (!series[i].up) {
			printf("note dut=%s flows=%u %s\n", rigs[i].name, flows, err);
			fflush(stdout);
		}
	}
	for (i = 0; i < n; i++)
		series[i].punts = rig_punts(&rigs[i], causes[i]);
	for (round = 0; round < o->rounds; round++) {
		for (k = 0; k < n; k++) {
			struct series *s;
			struct rig_result res;

			i = (round + k) % n; /* no device always begins */
			s = &series[i];
			if (!s->up)
				continue;
			if (rig_measure(&rigs[i], o->seconds, &res, err)) {
				printf("note dut=%s flows=%u %s\n", rigs[i].name, flows, err);
				s->up = false;
				continue;
			}
			s->mpps[s->n++] = res.mpps;
			s->arrived += res.arrived;
			s->samples += res.samples;
			s->bad += res.bad_samples;
			if (res.why)
				s->why = res.why;
		}
	}
	for (i = 0; i < n; i++) {
		if (!series[i].n)
			continue;
		if (series[i].punts >= 0) {
			series[i].punts = rig_punts(&rigs[i], after) - series[i].punts;
			punts_explain(&rigs[i], flows, causes[i], after);
		}
		series_print(o, &rigs[i], &series[i], flows);
	}
}

static void newconn_run(const struct options *o, struct rig *rigs, int n)
{
	struct rig_result res;
	char err[RIG_ERR];
	int i, k;

	for (k = 0; k < o->n_rates; k++) {
		for (i = 0; i < n; i++) {
			rig_port(&rigs[i], o->port + 100 + k);
			if (rig_newconn(&rigs[i], o->flows[0], o->rates[k], &res, err)) {
				printf("note dut=%s %s\n", rigs[i].name, err);
				continue;
			}
			printf("newconn proto=%s af=%d dut=%s flows=%u offered=%.0f delivered=%.0f "
			       "arrived=%.4f\n",
			       proto_names[o->proto], o->ipv6 ? 6 : 4, rigs[i].name, o->flows[0],
			       o->rates[k], res.mpps * 1e6, res.arrived);
			fflush(stdout);
		}
	}
}

/* CPU time of a process so far, in seconds; -1: not known. */
static double cpu_seconds(int pid)
{
	unsigned long user, sys;
	char path[64];
	double s = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = pid ? fopen(path, "re") : NULL;
	if (f && fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			&sys) == 2)
		s = (double)(user + sys) / sysconf(_SC_CLK_TCK);
	if (f)
		fclose(f);
	return s;
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double median_of(double *v, int n)
{
	qsort(v, n, sizeof(*v), cmp_double);
	return n ? n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2 : 0;
}

/* SYNs answered a second, device by device in turn; then frames of known connections among them. */
static void flood_run(const struct options *o, struct rig *rigs, int n)
{
	double rate[DUTS_MAX][ROUNDS_MAX], with[ROUNDS_MAX], without[ROUNDS_MAX], among, cpu[DUTS_MAX] = { 0 };
	double wall[DUTS_MAX] = { 0 };
	__u64 causes[ASA_PUNT_MAX];
	long long punts[DUTS_MAX] = { 0 }, before;
	__u32 samples[DUTS_MAX] = { 0 }, bad[DUTS_MAX] = { 0 };
	struct rig_result res;
	char err[RIG_ERR];
	int round, i, k = 0;

	for (round = 0; round < o->rounds; round++) {
		for (i = 0; i < n; i++) {
			double c = cpu_seconds(rigs[i].pid), t = seconds_now();

			before = rig_punts(&rigs[i], causes);
			if (rig_flood(&rigs[i], o->port, 0, o->seconds, &res, &among, err)) {
				printf("note dut=%s %s\n", rigs[i].name, err);
				return;
			}
			cpu[i] += cpu_seconds(rigs[i].pid) - c;
			wall[i] += seconds_now() - t;
			punts[i] += rig_punts(&rigs[i], causes) - before;
			rate[i][round] = res.mpps;
			samples[i] += res.samples;
			bad[i] += res.bad_samples;
			if (res.bad_samples)
				printf("note dut=%s an answer is wrong: %s\n", rigs[i].name, res.why);
		}
	}
	for (i = 0; i < n; i++)
		printf("flood dut=%s median=%.4f cpu=%.4f punts=%lld samples=%u bad=%u\n", rigs[i].name,
		       median_of(rate[i], o->rounds), rigs[i].pid ? cpu[i] / wall[i] : 0, punts[i],
		       samples[i], bad[i]);
	fflush(stdout);
	for (i = 0; i < n; i++) {
		if (!rigs[i].pid)
			continue;
		rig_port(&rigs[i], o->port + 1);
		if (rig_setup(&rigs[i], o->flows[0], false, o->setup_rate, err)) {
			printf("note dut=%s %s\n", rigs[i].name, err);
			continue;
		}
		for (round = k = 0; round < o->rounds; round++) {
			if (rig_flood(&rigs[i], o->port, o->flows[0], o->seconds, &res, &among, err) ||
			    rig_measure(&rigs[i], o->seconds, &res, err))
				break;
			with[k] = among;
			without[k++] = res.mpps / 2; /* of two frames one would be the flood's */
		}
		printf("floodmix dut=%s flows=%u with=%.4f without=%.4f\n", rigs[i].name, o->flows[0],
		       median_of(with, k), median_of(without, k));
	}
	fflush(stdout);
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

enum kind { RUN, NEWCONN, FLOOD };

/* => the first of n rigs around the same device as the next one; NULL: there is none */
static struct rig *same_device(struct rig *rigs, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(rigs[i].gen_ns, rigs[n].gen_ns))
			return &rigs[i];
	return NULL;
}

static int devices_run(int argc, char **argv, enum kind kind)
{
	static struct rig rigs[DUTS_MAX];
	struct options o;
	char err[RIG_ERR];
	cpu_set_t set;
	int i, n = 0, rc = 0;

	if (options_read(&o, argc, argv) || optind >= argc || argc - optind > DUTS_MAX) {
		usage(stderr);
		return 2;
	}
	CPU_ZERO(&set);
	CPU_SET(o.cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fprintf(stderr, "asa-bench: cannot stay on CPU %d: %s\n", o.cpu, strerror(errno));
	for (i = optind; i < argc && !rc; i++) {
		rc = rig_parse(&rigs[n], argv[i], err);
		if (!rc) {
			rc = rig_open(&rigs[n], same_device(rigs, n), o.proto, o.ipv6,
				      kind == FLOOD ? o.port + 1 : o.port, err);
			n++;
		}
	}
	if (rc) {
		fprintf(stderr, "asa-bench: %s\n", err);
	} else if (kind == NEWCONN) {
		newconn_run(&o, rigs, n);
	} else if (kind == FLOOD) {
		flood_run(&o, rigs, n);
	} else {
		for (i = 0; i < o.n_flows; i++)
			flows_run(&o, rigs, n, o.flows[i]);
		for (i = 0; i < n && o.progns; i++)
			if (rigs[i].fw_ns[0] &&
			    progns_run(&rigs[i], proto_names[o.proto], err))
				printf("note dut=%s %s\n", rigs[i].name, err);
	}
	while (n > 0)
		rig_close(&rigs[--n]);
	return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
	char err[RIG_ERR];

	libbpf_set_print(quiet);
	if (argc >= 2 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	if (argc == 7 && (!strcmp(argv[1], "c0") || !strcmp(argv[1], "c1"))) {
		if (!peer_attach_c0(argv[2], argv[3], argv[4], argv[5], argv[6], argv[1][1] == '1', err))
			return 0;
		fprintf(stderr, "asa-bench: %s\n", err);
		return 1;
	}
	if (argc >= 2 && !strcmp(argv[1], "run"))
		return devices_run(argc - 1, argv + 1, RUN);
	if (argc >= 2 && !strcmp(argv[1], "newconn"))
		return devices_run(argc - 1, argv + 1, NEWCONN);
	if (argc >= 2 && !strcmp(argv[1], "flood"))
		return devices_run(argc - 1, argv + 1, FLOOD);
	if (argc == 4 && !strcmp(argv[1], "ct0")) {
		if (!peer_attach_ct0(argv[2], argv[3], err))
			return 0;
		fprintf(stderr, "asa-bench: %s\n", err);
		return 1;
	}
	usage(stderr);
	return 2;
}
