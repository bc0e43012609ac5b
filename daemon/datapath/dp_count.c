// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of the datapath: adding the daemon's share, reading sums.
 *
 * Responsible for: running asa_account with the daemon's deltas, so that one scrape of the pinned
 * maps shows driver and daemon together (OBS-1), and summing per-CPU rows.
 * Not responsible for: what is counted when (engine, XDP program).
 *
 * Where the kernel has no BPF programs of type syscall the deltas stay in the process and are added
 * by the readers here: show commands stay right, a scrape of the maps lacks the daemon's share.
 *
 * Callers: engine_tick (deltas), show commands. Threads: with asa->lock held.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "datapath/dp_impl.h"

#define DP_CPUS_MAX 1024

int dp_count_init(struct dp *d)
{
	if (d->n_cpus < 1 || d->n_cpus > DP_CPUS_MAX)
		return -EINVAL;
	d->percpu = malloc((size_t)d->n_cpus * sizeof(struct asa_ifstat));
	if (!d->percpu)
		return -ENOMEM;
	if (d->account_fd >= 0)
		return 0;
	d->kept = calloc(1, sizeof(*d->kept));
	if (d->kept)
		d->kept->ifs = calloc(ASA_IFINDEX_MAX, sizeof(*d->kept->ifs));
	return d->kept && d->kept->ifs ? 0 : -ENOMEM;
}

void dp_count_fini(struct dp *d)
{
	if (d->kept)
		free(d->kept->ifs);
	free(d->kept);
	free(d->percpu);
}

static void dp_ifstat_add(struct asa_ifstat *sum, const struct asa_ifstat *s)
{
	sum->rx_packets += s->rx_packets;
	sum->rx_bytes += s->rx_bytes;
	sum->tx_packets += s->tx_packets;
	sum->tx_bytes += s->tx_bytes;
	sum->fwd_packets += s->fwd_packets;
	sum->host_packets += s->host_packets;
	sum->drop_packets += s->drop_packets;
	sum->punt_packets += s->punt_packets;
}

static void dp_keep(struct dp *d, const struct asa_account *a)
{
	for (int i = 0; i < ASA_DROP_MAX; i++) {
		d->kept->drops[i].packets += a->drops[i].packets;
		d->kept->drops[i].bytes += a->drops[i].bytes;
	}
	for (int i = 0; i < ASA_STAT_MAX; i++) {
		d->kept->stats[i].packets += a->stats[i].packets;
		d->kept->stats[i].bytes += a->stats[i].bytes;
	}
	if (a->ifindex && a->ifindex < ASA_IFINDEX_MAX)
		dp_ifstat_add(&d->kept->ifs[a->ifindex], &a->iface);
}

_Static_assert((int)ASA_DROP_MAX <= ASA_ACCOUNT_ROWS, "all drop reasons fit in struct asa_account");
_Static_assert(ASA_STAT_MAX <= 32, "all counters fit in struct asa_account");

int dp_account(struct dp *d, const struct asa_account *a)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = a, .ctx_size_in = sizeof(*a));
	int r;

	if (d->kept) {
		dp_keep(d, a);
		return 0;
	}
	r = bpf_prog_test_run_opts(d->account_fd, &opts);
	if (r == 0 && opts.retval != 0)
		r = -EIO;
	if (r < 0)
		log_warnx("the daemon's counters could not be added to the maps: %s", strerror(-r));
	return r;
}

static int dp_read_counts(struct dp *d, enum dp_map m, struct asa_count *rows, __u32 n)
{
	const struct asa_count *cpu = d->percpu;

	for (__u32 i = 0; i < n; i++) {
		rows[i].packets = rows[i].bytes = 0;
		if (bpf_map_lookup_elem(d->fd[m], &i, d->percpu) < 0)
			return -errno;
		for (int c = 0; c < d->n_cpus; c++) {
			rows[i].packets += cpu[c].packets;
			rows[i].bytes += cpu[c].bytes;
		}
	}
	return 0;
}

static void dp_add_kept(struct asa_count *rows, const struct asa_count *kept, int n)
{
	for (int i = 0; i < n; i++) {
		rows[i].packets += kept[i].packets;
		rows[i].bytes += kept[i].bytes;
	}
}

int dp_read_drops(struct dp *d, struct asa_count *rows)
{
	int r = dp_read_counts(d, DP_MAP_DROPS, rows, ASA_DROP_MAX);

	if (!r && d->kept)
		dp_add_kept(rows, d->kept->drops, ASA_DROP_MAX);
	return r;
}

int dp_read_stats(struct dp *d, struct asa_count *rows)
{
	int r = dp_read_counts(d, DP_MAP_STATS, rows, ASA_STAT_MAX);

	if (!r && d->kept)
		dp_add_kept(rows, d->kept->stats, ASA_STAT_MAX);
	return r;
}

int dp_read_punts(struct dp *d, struct asa_count *rows)
{
	return dp_read_counts(d, DP_MAP_PUNTS, rows, ASA_PUNT_MAX);
}

int dp_read_ifstat(struct dp *d, __u32 ifindex, struct asa_ifstat *s)
{
	const struct asa_ifstat *cpu = d->percpu;

	memset(s, 0, sizeof(*s));
	if (ifindex >= ASA_IFINDEX_MAX)
		return -ERANGE;
	if (bpf_map_lookup_elem(d->fd[DP_MAP_IFSTATS], &ifindex, d->percpu) < 0)
		return -errno;
	for (int c = 0; c < d->n_cpus; c++)
		dp_ifstat_add(s, &cpu[c]);
	if (d->kept)
		dp_ifstat_add(s, &d->kept->ifs[ifindex]);
	return 0;
}

int dp_clear_drops(struct dp *d)
{
	memset(d->percpu, 0, (size_t)d->n_cpus * sizeof(struct asa_ifstat));
	for (__u32 i = 0; i < ASA_DROP_MAX; i++)
		if (bpf_map_update_elem(d->fd[DP_MAP_DROPS], &i, d->percpu, BPF_ANY) < 0)
			return -errno;
	if (d->kept)
		memset(d->kept->drops, 0, sizeof(d->kept->drops));
	return 0;
}
