/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * asa_account: the daemon's share of the counters.
 *
 * Responsible for: adding the deltas of struct asa_account to the rows of the per-CPU maps on the
 * CPU it runs on, with atomic additions, because XDP may interrupt it there.
 * Not responsible for: XDP's own counting (verdict.bpf.h).
 *
 * Life cycle: a program of type syscall, run by the daemon with BPF_PROG_RUN a few times a second.
 * User space cannot add to a per-CPU map (only overwrite a row on all CPUs), hence this program.
 * `ip link` does not load it: it loads the section it is told.
 */
#ifndef ASA_ACCOUNT_BPF_H
#define ASA_ACCOUNT_BPF_H

#include "maps.bpf.h"

_Static_assert((int)ASA_DROP_MAX <= ASA_ACCOUNT_ROWS, "asa_account has a row for every reason");
_Static_assert((int)ASA_STAT_MAX <= 32, "asa_account has a row for every counter");

asa_inline void account_add(__u64 *counter, __u64 delta)
{
	if (delta)
		__sync_fetch_and_add(counter, delta);
}

asa_inline void account_row(void *map, __u32 row, const struct asa_count *delta)
{
	struct asa_count *c;

	if (!delta->packets && !delta->bytes)
		return;
	c = bpf_map_lookup_elem(map, &row);
	if (!c)
		return;
	account_add(&c->packets, delta->packets);
	account_add(&c->bytes, delta->bytes);
}

/* => returns 0; -1 for an interface number that has no row */
SEC("syscall")
int asa_account(struct asa_account *a)
{
	struct asa_ifstat *s;
	__u32 row;

	/* One call per row, from the lists: the context can only be read at constant offsets. */
#define ACCOUNT_DROP(sym, kw, kind, stage, text) account_row(&asa_drops, sym, &a->drops[sym]);
#define ACCOUNT_STAT(sym, kw, text) account_row(&asa_stats, sym, &a->stats[sym]);
	ASA_DROP_LIST(ACCOUNT_DROP)
	ASA_STAT_LIST(ACCOUNT_STAT)
#undef ACCOUNT_DROP
#undef ACCOUNT_STAT
	row = a->ifindex;
	if (!row)
		return 0;
	s = bpf_map_lookup_elem(&asa_ifstats, &row);
	if (!s)
		return -1;
	account_add(&s->rx_packets, a->iface.rx_packets);
	account_add(&s->rx_bytes, a->iface.rx_bytes);
	account_add(&s->tx_packets, a->iface.tx_packets);
	account_add(&s->tx_bytes, a->iface.tx_bytes);
	account_add(&s->fwd_packets, a->iface.fwd_packets);
	account_add(&s->host_packets, a->iface.host_packets);
	account_add(&s->drop_packets, a->iface.drop_packets);
	account_add(&s->punt_packets, a->iface.punt_packets);
	return 0;
}

#endif
