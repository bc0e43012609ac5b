// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test runs of the XDP program that leave the live tables alone.
 *
 * Responsible for: a second instance of the attached program (the same instructions: their tags are
 * compared), which shares the maps that it only reads and has small ones of its own for all that it
 * writes: counters, connections, events, the index in front of them. A run copies the one
 * connection that the frame can belong to. So nothing has to be undone, whatever runs at the same
 * time. Not responsible for: making frames, saying what a verdict means (control/show_tracer.c).
 *
 * Life cycle: dp_trial_init() with dp_open(), while the privileges to load programs are there. The
 * kernel's verifier takes a second or so, for which the start of the daemon does not wait: a thread
 * loads, keeps its privileges as long as that lasts, and is joined by the first run or the end. An
 * instance that cannot be had costs packet-tracer its first phase and nothing else.
 * Callers: dp.c; the control module. Threads: main thread, asa->lock for the copy; the loading
 * thread touches nothing of struct dp but what is constant since before it was started.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asa/parse.h"
#include "base/log.h"
#include "datapath/dp_impl.h"
#include "datapath/index.h"

#define TRIAL_SLOT 1
#define TRIAL_BUCKETS 16
#define TRIAL_RINGBUF 4096
#define TRIAL_HEADROOM 256 /* room that a frame may grow by */

struct dp_trial {
	pthread_t loader;
	bool loading; /* the thread is to be joined */
	struct dp *dp;
	char *path;
	struct bpf_object *object; /* NULL after loading: there is none */
	int program_fd;
	int config_fd, conns_fd, sessions_fd, index_fd, drops_fd;
};

/* Maps that the program reads and the daemon writes: the live ones. */
static const struct {
	const char *name;
	enum dp_map map;
} trial_shared[] = {
	{ASA_MAP_NEXTHOPS, DP_MAP_NEXTHOPS},   {ASA_MAP_LOCAL, DP_MAP_LOCAL},
	{ASA_MAP_IFACES, DP_MAP_IFACES},       {ASA_MAP_TX, DP_MAP_TX},
	{ASA_MAP_XSKS, DP_MAP_XSKS},	       {ASA_MAP_MGMT, DP_MAP_MGMT},
	{ASA_MAP_INTERCEPT, DP_MAP_INTERCEPT}, {ASA_MAP_INTERCEPT_HOT, DP_MAP_INTERCEPT_HOT},
	{ASA_MAP_COOKIE_KEYS, DP_MAP_COOKIE_KEYS},
};

/* Those whose own copy needs few rows. */
static const struct {
	const char *name;
	__u32 rows;
} trial_small[] = {
	{ASA_MAP_CONNS, TRIAL_SLOT + 1},
	{ASA_MAP_SESSIONS, TRIAL_SLOT + 1},
	{ASA_MAP_INDEX, TRIAL_BUCKETS},
	{ASA_MAP_HOMES, 1},
	{ASA_MAP_IFSTATS, 1},
	{ASA_MAP_EVENTS, TRIAL_RINGBUF},
	{ASA_MAP_POLICE, 1}, /* and so no packet of a test run takes tokens */
	{ASA_MAP_POLICE_REFS, TRIAL_SLOT + 1},
};

static int trial_map(struct dp *d, struct bpf_map *map)
{
	char name[64];
	int r = bpf_map__set_pin_path(map, NULL);

	snprintf(name, sizeof(name), "%s", bpf_map__name(map)); /* reuse_fd() replaces it */
	for (size_t i = 0; !r && i < sizeof(trial_shared) / sizeof(trial_shared[0]); i++)
		if (!strcmp(name, trial_shared[i].name))
			return bpf_map__reuse_fd(map, d->fd[trial_shared[i].map]);
	for (size_t i = 0; !r && i < sizeof(trial_small) / sizeof(trial_small[0]); i++)
		if (!strcmp(name, trial_small[i].name))
			return bpf_map__set_max_entries(map, trial_small[i].rows);
	return r;
}

/* The same instructions as those attached? */
static bool trial_is_same(const struct dp *d, int fd)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
	       memcmp(info.tag, d->program_tag, sizeof(info.tag)) == 0;
}

static int trial_fd(const struct dp_trial *t, const char *name)
{
	return bpf_object__find_map_fd_by_name(t->object, name);
}

static int trial_load(struct dp_trial *t)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	int r;

	t->object = bpf_object__open_file(t->path, NULL);
	if (!t->object)
		return -errno;
	bpf_object__for_each_map(map, t->object)
	{
		r = trial_map(t->dp, map);
		if (r)
			return r;
	}
	/* A run ends where the program would jump to another: only this one is needed. */
	bpf_object__for_each_program(prog, t->object)
	{
		if (strcmp(bpf_program__name(prog), DP_PROGRAM))
			bpf_program__set_autoload(prog, false);
	}
	r = bpf_object__load(t->object);
	if (r)
		return r;
	prog = bpf_object__find_program_by_name(t->object, DP_PROGRAM);
	t->program_fd = prog ? bpf_program__fd(prog) : -1;
	t->config_fd = trial_fd(t, ASA_MAP_CONFIG);
	t->conns_fd = trial_fd(t, ASA_MAP_CONNS);
	t->sessions_fd = trial_fd(t, ASA_MAP_SESSIONS);
	t->index_fd = trial_fd(t, ASA_MAP_INDEX);
	t->drops_fd = trial_fd(t, ASA_MAP_DROPS);
	return prog && trial_is_same(t->dp, t->program_fd) ? 0 : -ESTALE;
}

static void *trial_main(void *arg)
{
	struct dp_trial *t = arg;
	int r = trial_load(t);

	if (r) {
		log_info("no second instance of the XDP program for packet-tracer: %s",
			 strerror(-r));
		bpf_object__close(t->object);
		t->object = NULL;
	}
	return NULL;
}

int dp_trial_init(struct dp *d, const char *path)
{
	struct dp_trial *t = calloc(1, sizeof(*t));
	sigset_t all, before;
	int r = ENOMEM;

	if (!t)
		return -ENOMEM;
	t->dp = d;
	t->path = strdup(path);
	if (t->path) { /* signals are the main thread's */
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		r = pthread_create(&t->loader, NULL, trial_main, t);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	if (r) {
		free(t->path);
		free(t);
		return -r;
	}
	t->loading = true;
	d->trial = t;
	return 0;
}

/* => false: there is no instance */
static bool trial_ready(struct dp *d)
{
	if (!d->trial)
		return false;
	if (d->trial->loading)
		pthread_join(d->trial->loader, NULL);
	d->trial->loading = false;
	return d->trial->object != NULL;
}

void dp_trial_fini(struct dp *d)
{
	if (trial_ready(d))
		bpf_object__close(d->trial->object);
	if (d->trial)
		free(d->trial->path);
	free(d->trial);
	d->trial = NULL;
}

/* ------------------------------------------------------------------ a run */

/* The connection that a frame belongs to, or is an ICMP error about. => ASA_REF, 0 none */
static __u32 trial_find(const struct dp *d, const __u8 *frame, __u32 len, __u32 ifindex)
{
	void *data = (void *)frame, *end = data + len;
	struct asa_key quoted;
	struct asa_pkt p;
	__u8 ctx = ifindex < ASA_IFINDEX_MAX ? d->tables.ifaces[ifindex].ctx : 0;

	if (asa_parse(&p, data, end, 0) || !(p.flags & ASA_PKT_L4))
		return 0;
	p.key.ctx = ctx;
	if (!(p.flags & ASA_PKT_ICMP_ERROR))
		return index_find(&d->tables, &p.key);
	if (!asa_parse_quoted(&p, end, &quoted))
		return 0;
	quoted.ctx = ctx;
	return index_find(&d->tables, &quoted);
}

/* A world with this connection in it, or none. */
static int trial_prepare(const struct dp *d, __u32 ref)
{
	const struct dp_trial *t = d->trial;
	struct asa_config config = *d->tables.config;
	struct asa_bucket index[TRIAL_BUCKETS] = {0};
	struct asa_conn conns[TRIAL_SLOT + 1] = {0};
	struct asa_session session = {0};
	struct dp_tables world = {
		.conns = conns,
		.n_slots = TRIAL_SLOT + 1,
		.index = index,
		.n_buckets = TRIAL_BUCKETS,
		.config = &config,
	};
	const __u32 zero = 0, slot = TRIAL_SLOT;

	config.index_mask = TRIAL_BUCKETS - 1;
	config.homes = 0;
	if (ref) {
		conns[slot] = d->tables.conns[ASA_REF_SLOT(ref)];
		session = d->tables.sessions[ASA_REF_SLOT(ref)];
		for (__u32 dir = 0; dir < 2; dir++)
			(void)index_insert(&world, &conns[slot].dir[dir].key, ASA_REF(slot, dir));
	}
	if (bpf_map_update_elem(t->config_fd, &zero, &config, BPF_ANY) < 0 ||
	    bpf_map_update_elem(t->conns_fd, &slot, &conns[slot], BPF_ANY) < 0 ||
	    bpf_map_update_elem(t->sessions_fd, &slot, &session, BPF_ANY) < 0)
		return -errno;
	for (__u32 i = 0; i < TRIAL_BUCKETS; i++)
		if (bpf_map_update_elem(t->index_fd, &i, &index[i], BPF_ANY) < 0)
			return -errno;
	return 0;
}

/* Which reason was counted: its row is not zero; set to zero for the next run. */
static enum asa_drop trial_reason(const struct dp *d)
{
	struct asa_count *cpu = d->percpu;
	enum asa_drop why = DROP_NONE;

	for (__u32 i = 1; i < ASA_DROP_MAX; i++) {
		__u64 n = 0;

		if (bpf_map_lookup_elem(d->trial->drops_fd, &i, cpu) < 0)
			continue;
		for (int c = 0; c < d->n_cpus; c++)
			n += cpu[c].packets;
		if (!n)
			continue;
		why = (enum asa_drop)i;
		memset(cpu, 0, (size_t)d->n_cpus * sizeof(*cpu));
		bpf_map_update_elem(d->trial->drops_fd, &i, cpu, BPF_ANY);
	}
	return why;
}

static void trial_forwarded(const struct dp *d, __u32 ref, struct dp_test_result *r)
{
	const struct asa_dir *dir = &d->tables.conns[ASA_REF_SLOT(ref)].dir[ASA_REF_DIR(ref)];

	/* With other routes since, the kernel was asked: the answer is in the frame only. */
	if (ref && dir->gen == (__u16)d->tables.config->route_gen)
		r->out_ifindex = d->tables.nexthops[dir->nexthop].ifindex;
}

int dp_test_run(struct dp *d, __u32 ifindex, const __u8 *frame, __u32 len, struct dp_test_result *r)
{
	__u8 out[DP_TEST_FRAME_MAX + TRIAL_HEADROOM];
	struct xdp_md ctx = {.data_end = len, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .data_out = out,
		    .data_size_out = sizeof(out), .ctx_in = &ctx, .ctx_size_in = sizeof(ctx),
		    .ctx_out = &ctx, .ctx_size_out = sizeof(ctx), .repeat = 1);
	struct asa_punt_meta meta;
	__u32 ref;
	int err;

	memset(r, 0, sizeof(*r));
	if (!trial_ready(d))
		return -EOPNOTSUPP;
	if (len > DP_TEST_FRAME_MAX)
		return -EINVAL;
	ref = trial_find(d, frame, len, ifindex);
	err = trial_prepare(d, ref);
	if (!err)
		err = bpf_prog_test_run_opts(d->trial->program_fd, &opts);
	if (err < 0)
		return err;
	r->verdict = opts.retval;
	r->why = trial_reason(d);
	r->ref = ref;
	if (ctx.data == sizeof(meta)) {
		memcpy(&meta, out, sizeof(meta));
		if (meta.magic == ASA_PUNT_MAGIC)
			r->punt = (enum asa_punt)meta.cause;
	}
	r->len = opts.data_size_out - ctx.data;
	if (r->len > sizeof(r->frame))
		r->len = sizeof(r->frame);
	memcpy(r->frame, out + ctx.data, r->len);
	if (r->verdict == XDP_REDIRECT && !r->punt)
		trial_forwarded(d, ref, r);
	return 0;
}
