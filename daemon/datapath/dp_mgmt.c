// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rows of asa_mgmt: who may talk to the box (SES-4).
 *
 * Responsible for: exchanging one set of rows for another, row by row, so that at no moment a packet
 * passes that neither set permits. Not responsible for: what the rows say (policy/host_rows.c).
 *
 * The order makes it so. New rows come first, the most specific before the less specific: until the
 * row that decides about a packet is there, none is that it could meet instead, and the old ones
 * decide. Then the old rows that the new set lacks go, the least specific first: what is left of them
 * above a new row is what decided before.
 *
 * Callers: apply.c, at start (rows that an earlier daemon left are replaced like any) and with
 * every policy. Threads: main thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/dp_impl.h"

/* Rows of named ICMP types hide those of all others, whatever the prefix. */
static bool dp_mgmt_is_other(const struct asa_mgmt_key *k)
{
	return k->port == ASA_MGMT_OTHER_TYPES && k->proto != 6;
}

static int dp_mgmt_specific_first(const void *a, const void *b)
{
	const struct asa_mgmt_key *x = a, *y = b;

	if (dp_mgmt_is_other(x) != dp_mgmt_is_other(y))
		return dp_mgmt_is_other(x) - dp_mgmt_is_other(y);
	return (int)y->prefixlen - (int)x->prefixlen;
}

/* Everything in the map. => rows, -ENOMEM */
static int dp_mgmt_list(struct dp *d, struct asa_mgmt_key **out)
{
	struct asa_mgmt_key key, last, *rows, *after = NULL;
	int n = 0;

	rows = calloc(ASA_MGMT_MAX, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	while (n < ASA_MGMT_MAX && bpf_map_get_next_key(d->fd[DP_MAP_MGMT], after, &key) == 0) {
		rows[n++] = key;
		last = key;
		after = &last;
	}
	*out = rows;
	return n;
}

static bool dp_mgmt_wanted(const struct asa_mgmt_key *k, const struct asa_mgmt_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(&rows[i].key, k, sizeof(*k)) == 0)
			return true;
	return false;
}

int dp_mgmt_replace(struct dp *d, struct asa_mgmt_row *rows, size_t n)
{
	struct asa_mgmt_key *old = NULL;
	int n_old, err = 0;

	if (n > ASA_MGMT_MAX)
		return -E2BIG;
	n_old = dp_mgmt_list(d, &old);
	if (n_old < 0)
		return n_old;
	if (n)
		qsort(rows, n, sizeof(*rows), dp_mgmt_specific_first);
	qsort(old, n_old, sizeof(*old), dp_mgmt_specific_first);
	for (size_t i = 0; i < n && !err; i++) {
		if (bpf_map_update_elem(d->fd[DP_MAP_MGMT], &rows[i].key, &rows[i].value, BPF_ANY) < 0)
			err = -errno;
	}
	for (int i = n_old - 1; i >= 0 && !err; i--)
		if (!dp_mgmt_wanted(&old[i], rows, n))
			bpf_map_delete_elem(d->fd[DP_MAP_MGMT], &old[i]);
	free(old);
	return err;
}

void dp_iface_flag(struct dp *d, __u32 ifindex, enum asa_iface_flag flag, bool on)
{
	if (ifindex >= ASA_IFINDEX_MAX)
		return;
	if (on)
		__atomic_fetch_or(&d->tables.ifaces[ifindex].flags, (__u16)flag, __ATOMIC_RELEASE);
	else
		__atomic_fetch_and(&d->tables.ifaces[ifindex].flags, (__u16)~flag,
				   __ATOMIC_RELEASE);
}
