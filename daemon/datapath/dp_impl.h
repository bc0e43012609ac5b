/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the datapath object, shared by dp.c (open, pins, tables), dp_attach.c (interfaces) and
 * dp_count.c (counters). Nobody else includes it.
 */
#ifndef DATAPATH_DP_IMPL_H
#define DATAPATH_DP_IMPL_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <limits.h>

#include "datapath/dp.h"

#define DP_PROGRAM "asa_xdp"
#define DP_ACCOUNT_PROGRAM "asa_account"
#define DP_PROGRAM_PIN "prog"
#define DP_IFS_MAX 256 /* interfaces attached at once */

/* Rows of dp.maps, in the order of dp_map_names. */
enum dp_map {
	DP_MAP_CONFIG,
	DP_MAP_STATS,
	DP_MAP_DROPS,
	DP_MAP_PUNTS,
	DP_MAP_IFSTATS,
	DP_MAP_CONNS,
	DP_MAP_SESSIONS,
	DP_MAP_INDEX,
	DP_MAP_HOMES,
	DP_MAP_NEXTHOPS,
	DP_MAP_LOCAL,
	DP_MAP_IFACES,
	DP_MAP_EVENTS,
	DP_MAP_TX,
	DP_MAP_XSKS,
	DP_MAP_INTERCEPT,
	DP_MAP_INTERCEPT_HITS,
	DP_MAP_INTERCEPT_HOT,
	DP_MAP_COOKIE_KEYS,
	DP_MAP_JUMP,
	DP_MAP_MGMT,
	DP_MAP_TCP_MAPS,
	DP_MAP_POLICE,
	DP_MAP_POLICE_REFS,
	DP_MAP_HOST_RULES,
	DP_MAP_HOST_LIMITS,
	DP_MAP_MAX
};

struct dp_trial; /* dp_trial.c */

struct dp_attachment {
	__u32 ifindex; /* 0: free row */
	enum dp_mode mode;
};

/* A program that runs on an interface and that we may not look into: see dp_attach.c. */
struct dp_stranger {
	__u32 ifindex; /* 0: free row */
	__u32 program_id;
	__u64 rx_packets; /* counted in our maps when it was first met */
};

/* Counter deltas that no BPF program could add (kernels without syscall programs). */
struct dp_kept {
	struct asa_count drops[ASA_DROP_MAX];
	struct asa_count stats[ASA_STAT_MAX];
	struct asa_ifstat *ifs; /* ASA_IFINDEX_MAX rows */
};

struct dp {
	struct bpf_object *object;
	char pin_dir[PATH_MAX - 64];
	struct dp_tables tables;
	size_t mapped[DP_MAP_MAX]; /* bytes mmapped, 0 none */
	void *memory[DP_MAP_MAX];
	int fd[DP_MAP_MAX]; /* owned by object */
	__u32 config_map_id, tx_map_id;
	int program_fd; /* what is attached: owned */
	__u32 program_id;
	__u8 program_tag[BPF_TAG_SIZE];
	int lock_fd; /* of the pin directory */
	int account_fd; /* -1: kept in the process */
	struct dp_kept *kept;
	struct dp_trial *trial; /* NULL: none could be had */
	struct ring_buffer *events;
	int events_left;
	void (*event_cb)(void *arg, const struct asa_event *e);
	void *event_arg;
	int n_cpus;
	void *percpu; /* one row of every CPU, as read from a per-CPU map */
	bool reused;
	struct dp_attachment attached[DP_IFS_MAX];
	struct dp_stranger strangers[DP_IFS_MAX];
};

/* Text into a caller's buffer; returns 'code' so that a caller can return both at once. */
int dp_error(char *err, size_t err_size, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * dp_attach.c: put this program in the place of those that `ip link set … xdp obj` loaded over the
 * same pinned maps. At start, because looking into another program takes CAP_SYS_ADMIN, which the
 * daemon gives up before the first interface may be named.
 */
void dp_adopt(struct dp *d);

/* dp_trial.c: an instance of the program in 'path' for test runs. => 0 or -errno (told in the log) */
int dp_trial_init(struct dp *d, const char *path);
void dp_trial_fini(struct dp *d);

/* dp_intercept.c: let the XDP program jump to those that go on where it ends. => 0 or -errno */
int dp_intercept_init(struct dp *d, char *err, size_t err_size);

/* dp_count.c: allocate and free what the readers need. => 0 or -ENOMEM. */
int dp_count_init(struct dp *d);
void dp_count_fini(struct dp *d);

#endif
