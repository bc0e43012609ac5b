// SPDX-License-Identifier: GPL-2.0-only
/*
 * The maps of TCP intercept: small updates and sums, no decisions (engine/intercept.c has them).
 *
 * Responsible for: rows of asa_intercept and which of them are in asa_intercept_hot, the sums of
 * asa_intercept_hits over all CPUs, the keys.
 * Not responsible for: what the rows mean (asa/syncookie.h). Callers: the engine, with asa->lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asa/parse.h"
#include "datapath/dp_impl.h"

static int jump_set(struct dp *d, __u32 row, const char *name, char *err, size_t err_size)
{
	struct bpf_program *p = bpf_object__find_program_by_name(d->object, name);
	int fd = p ? bpf_program__fd(p) : -1;

	if (fd < 0 || bpf_map_update_elem(d->fd[DP_MAP_JUMP], &row, &fd, BPF_ANY) < 0)
		return dp_error(err, err_size, -EINVAL,
				"the XDP object has no program %s: rebuild it (make) so that it fits this program",
				name);
	return 0;
}

int dp_intercept_init(struct dp *d, char *err, size_t err_size)
{
	int r = jump_set(d, ASA_JUMP_SYNCOOKIE, ASA_PROGRAM_SYNCOOKIE, err, err_size);

	return r ? r : jump_set(d, ASA_JUMP_HOST_LIMIT, ASA_PROGRAM_HOST_LIMIT, err, err_size);
}

/* The row leaves its place among the hot ones, if it has that. => the place */
static __u32 hot_clear(struct dp *d, const struct asa_intercept_key *k)
{
	__u32 n = asa_intercept_hot_row(&k->dst, k->port, d->tables.config->hash_key);
	const struct asa_intercept_hot none = { 0 };
	struct asa_intercept_hot hot;

	if (bpf_map_lookup_elem(d->fd[DP_MAP_INTERCEPT_HOT], &n, &hot) == 0 && hot.in_if == k->in_if &&
	    hot.in_vlan == k->in_vlan && hot.port == k->port && hot.ctx == k->ctx &&
	    asa_addr_equal(&hot.dst, &k->dst))
		(void)bpf_map_update_elem(d->fd[DP_MAP_INTERCEPT_HOT], &n, &none, BPF_ANY);
	return n;
}

int dp_intercept_set(struct dp *d, const struct asa_intercept_key *k, const struct asa_intercept *row)
{
	const struct asa_intercept_hot hot = { .row = *row, .dst = k->dst, .in_if = k->in_if,
					       .in_vlan = k->in_vlan, .port = k->port, .ctx = k->ctx };
	const struct asa_intercept_hot none = { 0 };
	__u32 n;

	if (asa_ip6_is_unspecified(&k->src)) {
		n = hot_clear(d, k);
		if (row->flags & ASA_INTERCEPT_ANSWER) {
			(void)bpf_map_update_elem(d->fd[DP_MAP_INTERCEPT_HOT], &n, &none, BPF_ANY);
			(void)bpf_map_update_elem(d->fd[DP_MAP_INTERCEPT_HOT], &n, &hot, BPF_ANY);
		}
	}
	return bpf_map_update_elem(d->fd[DP_MAP_INTERCEPT], k, row, BPF_ANY) < 0 ? -errno : 0;
}

int dp_intercept_del(struct dp *d, const struct asa_intercept_key *k)
{
	if (asa_ip6_is_unspecified(&k->src))
		(void)hot_clear(d, k);
	return bpf_map_delete_elem(d->fd[DP_MAP_INTERCEPT], k) < 0 ? -errno : 0;
}

int dp_intercept_next(struct dp *d, const struct asa_intercept_key *after,
		      struct asa_intercept_key *k, struct asa_intercept *row)
{
	if (bpf_map_get_next_key(d->fd[DP_MAP_INTERCEPT], after, k) < 0)
		return -errno;
	return bpf_map_lookup_elem(d->fd[DP_MAP_INTERCEPT], k, row) < 0 ? -errno : 0;
}

/* The sender is the last one that any CPU saw. */
int dp_intercept_hits(struct dp *d, __u32 row, struct asa_intercept_hits *sum)
{
	const struct asa_intercept_hits *h = d->percpu;

	_Static_assert(sizeof(*h) <= sizeof(struct asa_ifstat), "d->percpu has room for the rows");
	memset(sum, 0, sizeof(*sum));
	if (bpf_map_lookup_elem(d->fd[DP_MAP_INTERCEPT_HITS], &row, d->percpu) < 0)
		return -errno;
	for (int i = 0; i < d->n_cpus; i++) {
		if (h[i].sent && (!sum->sent || (__s32)(h[i].seen - sum->seen) > 0)) {
			sum->seen = h[i].seen;
			sum->src = h[i].src;
		}
		sum->sent += h[i].sent;
		sum->good += h[i].good;
		sum->bad += h[i].bad;
	}
	return 0;
}

int dp_cookie_keys_get(struct dp *d, struct asa_cookie_keys *keys)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(d->fd[DP_MAP_COOKIE_KEYS], &zero, keys) < 0 ? -errno : 0;
}

int dp_cookie_keys_set(struct dp *d, const struct asa_cookie_keys *keys)
{
	const __u32 zero = 0;

	return bpf_map_update_elem(d->fd[DP_MAP_COOKIE_KEYS], &zero, keys, BPF_ANY) < 0 ? -errno : 0;
}
