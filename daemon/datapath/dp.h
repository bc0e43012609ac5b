/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The datapath object: load, pin, reuse, attach, adopt; and the mmapped tables.
 *
 * The only folder that includes libbpf/libxdp headers is daemon/datapath. Everything here is
 * called by the control thread; the table pointers in struct dp_tables may be used by any thread
 * under the rules of include/asa/flow.h.
 */
#ifndef DATAPATH_DP_H
#define DATAPATH_DP_H

#include <stdbool.h>
#include <stddef.h>

#include "asa/drop.h"
#include "asa/flow.h"
#include "asa/host_limit.h"
#include "asa/punt.h"
#include "asa/stats.h"
#include "asa/syncookie.h"
#include "asa/tcp_map.h"

/* Shared tables, mmapped (daemon writes where flow.h says so). In unit tests: plain memory. */
struct dp_tables {
	struct asa_conn *conns; /* n_slots rows; row 0 unused */
	struct asa_session *sessions; /* n_slots rows */
	__u32 n_slots;
	struct asa_bucket *index;
	__u32 n_buckets; /* power of two; config->index_mask says how many are in use */
	__u32 index_used; /* entries in the index, index.c's own */
	struct asa_set *homes; /* n_slots / ASA_SET_SLOTS rows; NULL where config->homes stays 0 */
	struct asa_nexthop *nexthops; /* ASA_NEXTHOPS_MAX rows; row 0 unused */
	struct asa_config *config;
	struct asa_iface *ifaces; /* ASA_IFINDEX_MAX rows */
	struct asa_tcp_map *tcp_maps; /* ASA_TCP_MAPS_MAX rows; row 0 the default */
	struct asa_police *police; /* ASA_POLICE_MAX rows; row 0 unused. NULL in tests without policing */
	struct asa_police_refs *police_refs; /* n_slots rows */
	struct asa_host_rule *host_rules; /* management classes; NULL in tests without them */
	struct asa_host_limit *host_limits;
};

struct dp;

struct dp_options {
	const char *object; /* path of asa_xdp.bpf.o; NULL: search build/, PREFIX/lib/asa */
	const char *pin_dir;
	__u32 n_slots; /* wished; pinned maps of another size win and are reported */
	bool trial; /* with an instance for dp_test_run() */
};

/*
 * Load the object or take over pinned maps and program of the same contract version.
 * => 0; -errno with a sentence in err (what was tried, what failed, likely cause): no bpffs, no
 *    privilege, version mismatch, object not found …
 */
int dp_open(const struct dp_options *o, struct dp **out, char *err, size_t err_size);
/* Unmaps and closes; programs, pins and connections stay. => NULL accepted. */
void dp_close(struct dp *d);
const struct dp_tables *dp_tables(const struct dp *d);
/* true: the maps were there before (restart or adoption): sessions must be recovered. */
bool dp_reused(const struct dp *d);

enum dp_mode { DP_MODE_NONE, DP_MODE_NATIVE, DP_MODE_GENERIC, DP_MODE_OFFLOAD };
/*
 * Attach to an interface: native first, generic where the driver has none. An interface that runs
 * our program already (same maps) is adopted and its program replaced atomically if it differs.
 * => -EBUSY with the id and name of the other program in err; nothing is changed then.
 */
int dp_attach(struct dp *d, __u32 ifindex, enum dp_mode *mode, char *err, size_t err_size);
int dp_detach(struct dp *d, __u32 ifindex);
enum dp_mode dp_mode(const struct dp *d, __u32 ifindex);
/* The interface is gone (the kernel detached the program): forget its row. */
void dp_forget(struct dp *d, __u32 ifindex);
/* Remove pins (with --detach-on-exit, after detaching). */
void dp_unpin(struct dp *d);

/* asa_local and asa_ifaces rows. => 0 or -errno. */
int dp_local_set(struct dp *d, const struct asa_local_key *k, enum asa_local_verdict v);
int dp_local_del(struct dp *d, const struct asa_local_key *k);
/* Rows of asa_local: the one after 'after' (NULL: the first). => 0, -ENOENT at the end. */
int dp_local_next(struct dp *d, const struct asa_local_key *after, struct asa_local_key *k,
		  enum asa_local_verdict *v);
/*
 * Make asa_mgmt these rows (sorts them). Meanwhile, and when it fails half-way, each packet is decided
 * as by the old or as by the new rows. => 0 or -errno.
 */
int dp_mgmt_replace(struct dp *d, struct asa_mgmt_row *rows, size_t n);
/* Set or clear a flag of an interface: ASA_IFACE_MGMT, ASA_IFACE_LIMIT. */
void dp_iface_flag(struct dp *d, __u32 ifindex, enum asa_iface_flag flag, bool on);
/* mac: frames for other stations are left to Linux; NULL or all zero: no check. */
void dp_iface_set(struct dp *d, __u32 ifindex, __u8 ctx, __u16 flags, const __u8 *mac);
/* Allow redirects to ifindex (row in asa_tx). */
int dp_tx_set(struct dp *d, __u32 ifindex);
int dp_tx_del(struct dp *d, __u32 ifindex);
/* Socket of (ifindex, queue) into asa_xsks. */
int dp_xsk_set(struct dp *d, __u32 ifindex, __u32 queue, int xsk_fd);

/* TCP intercept: rows of asa_intercept, their counters (summed), the keys. => 0 or -errno. */
int dp_intercept_set(struct dp *d, const struct asa_intercept_key *k, const struct asa_intercept *row);
int dp_intercept_del(struct dp *d, const struct asa_intercept_key *k);
/* The row after 'after' (NULL: the first). => -ENOENT at the end. */
int dp_intercept_next(struct dp *d, const struct asa_intercept_key *after,
		      struct asa_intercept_key *k, struct asa_intercept *row);
int dp_intercept_hits(struct dp *d, __u32 row, struct asa_intercept_hits *sum);
int dp_cookie_keys_get(struct dp *d, struct asa_cookie_keys *keys);
int dp_cookie_keys_set(struct dp *d, const struct asa_cookie_keys *keys);

/* Drain up to 'max' events. => number handled. Called every tick. */
int dp_events(struct dp *d, void (*cb)(void *arg, const struct asa_event *e), void *arg, int max);

/*
 * Run the XDP program on a copy of a frame, as if it came in on 'ifindex', in an instance of its own:
 * connections, counters and events of the live one stay as they are (OBS-4).
 * => 0; -EOPNOTSUPP without such an instance; -EINVAL for a frame that is too long; -errno
 */
#define DP_TEST_FRAME_MAX 3520
struct dp_test_result {
	__u32 verdict; /* enum xdp_action */
	enum asa_drop why; /* with XDP_DROP */
	enum asa_punt punt; /* with XDP_REDIRECT: handed to the daemon; PUNT_NONE: sent on */
	__u32 ref; /* ASA_REF of the connection that was found, 0 none */
	__u32 out_ifindex; /* sent on: where to; 0 unknown */
	__u32 len;
	__u8 frame[DP_TEST_FRAME_MAX]; /* as it would leave */
};
int dp_test_run(struct dp *d, __u32 ifindex, const __u8 *frame, __u32 len, struct dp_test_result *r);

/* Add the daemon's counter deltas to the per-CPU maps (runs asa_account). => 0 or -errno. */
int dp_account(struct dp *d, const struct asa_account *a);
/* Sums over CPUs. rows: ASA_DROP_MAX / ASA_STAT_MAX / ASA_PUNT_MAX. => 0 or -errno. */
int dp_read_drops(struct dp *d, struct asa_count *rows);
int dp_read_stats(struct dp *d, struct asa_count *rows);
int dp_read_punts(struct dp *d, struct asa_count *rows);
int dp_read_ifstat(struct dp *d, __u32 ifindex, struct asa_ifstat *s);
int dp_clear_drops(struct dp *d);

#endif
