// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon's share of the counters: deltas collected here, added to the maps a few times a
 * second.
 *
 * Responsible for: the law of OBS-1 on the daemon's side (every frame that was punted ends as
 * exactly one of forwarded or dropped on its interface of entry) and for frames lost in the
 * receive rings, which the XDP program counted as punted.
 * Not responsible for: adding to the maps (dp_account).
 *
 * Threads: asa->lock.
 */
#include <stdlib.h>
#include <string.h>

#include "datapath/dp.h"
#include "engine/engine_impl.h"

_Static_assert(ASA_DROP_MAX <= ASA_ACCOUNT_ROWS, "asa_account has a row for each reason");

int account_new(struct account *a)
{
	a->ifs = calloc(ASA_IFINDEX_MAX, sizeof(*a->ifs));
	a->dirty = calloc(ASA_IFINDEX_MAX, sizeof(*a->dirty));
	a->is_dirty = calloc(ASA_IFINDEX_MAX, sizeof(*a->is_dirty));
	return a->ifs && a->dirty && a->is_dirty ? 0 : -1;
}

void account_free(struct account *a)
{
	free(a->ifs);
	free(a->dirty);
	free(a->is_dirty);
}

static struct asa_ifstat *iface(struct account *a, __u32 ifindex)
{
	if (ifindex >= ASA_IFINDEX_MAX)
		ifindex = 0; /* row 0 belongs to nobody */
	if (!a->is_dirty[ifindex]) {
		a->is_dirty[ifindex] = true;
		a->dirty[a->n_dirty++] = (__u16)ifindex;
	}
	a->any = true;
	return &a->ifs[ifindex];
}

static void count(struct asa_count *c, __u32 bytes)
{
	c->packets++;
	c->bytes += bytes;
}

void account_drop(struct engine *e, __u32 ifindex, __u32 bytes, enum asa_drop why)
{
	struct account *a = &e->account;

	count(&a->drops[why], bytes);
	count(&a->stats[STAT_DROP], bytes);
	a->any = true;
	if (ifindex)
		iface(a, ifindex)->drop_packets++;
}

void account_flow(struct engine *e, enum asa_drop why)
{
	e->account.drops[why].packets++;
	e->account.any = true;
}

void account_forward(struct engine *e, __u32 ifindex, __u32 bytes)
{
	struct account *a = &e->account;

	if (!ifindex)
		return; /* made here */
	count(&a->stats[STAT_SLOW_FORWARD], bytes);
	iface(a, ifindex)->fwd_packets++;
}

void account_sent(struct engine *e, __u32 ifindex, __u32 bytes)
{
	struct asa_ifstat *s = iface(&e->account, ifindex);

	s->tx_packets++;
	s->tx_bytes += bytes;
}

void account_reply(struct engine *e, __u32 bytes)
{
	count(&e->account.stats[STAT_SLOW_REPLY], bytes);
	e->account.any = true;
}

void engine_send_failed(struct engine *e, const struct frame *f, enum asa_drop why)
{
	struct account *a = &e->account;
	struct asa_ifstat *out = iface(a, f->out_ifindex);

	/* It was counted as sent when the worker took it. Unsigned deltas wrap back in the sum. */
	out->tx_packets--;
	out->tx_bytes -= f->len;
	if (f->in_ifindex) {
		iface(a, f->in_ifindex)->fwd_packets--;
		a->stats[STAT_SLOW_FORWARD].packets--;
		a->stats[STAT_SLOW_FORWARD].bytes -= f->len;
	} else {
		a->stats[STAT_SLOW_REPLY].packets--;
		a->stats[STAT_SLOW_REPLY].bytes -= f->len;
	}
	account_drop(e, f->in_ifindex, f->len, why);
}

void frames_drop(struct engine *e, struct worker_ops *ops, struct frame *f, enum asa_drop why)
{
	struct frame *next;

	for (; f; f = next) {
		next = f->next;
		account_drop(e, f->in_ifindex, f->len, why);
		frame_put(ops->pool, f);
	}
}

/* Frames that the XDP program handed over and the receive rings had no room for. */
static void rings_lost(struct engine *e)
{
	const struct policy *p = __atomic_load_n(&e->asa->policy, __ATOMIC_ACQUIRE);
	size_t i, n;

	if (!p || !e->asa->workers)
		return;
	n = policy_n_ifs(p);
	for (i = 0; i < n; i++) {
		const struct policy_if *pif = policy_if_at(p, (__u16)i);
		__u64 lost;

		if (!pif || !pif->ifindex)
			continue;
		/* Each call returns what is new: several interfaces on one device are harmless. */
		lost = workers_rx_lost(e->asa->workers, pif->ifindex);
		if (!lost)
			continue;
		e->account.any = true;
		e->account.drops[DROP_RESOURCE_RX_QUEUE].packets += lost;
		e->account.stats[STAT_DROP].packets += lost;
		iface(&e->account, pif->ifindex)->drop_packets += lost;
	}
}

void account_flush(struct engine *e)
{
	struct account *a = &e->account;
	struct asa_account delta;
	bool first = true;
	__u32 i;

	rings_lost(e);
	memset(&delta, 0, sizeof(delta));
	if (e->asa->sessions && sessions_take_account(e->asa->sessions, &delta))
		a->any = true;
	if (!a->any)
		return;
	for (i = 0; i < ASA_DROP_MAX; i++) {
		delta.drops[i].packets += a->drops[i].packets;
		delta.drops[i].bytes += a->drops[i].bytes;
	}
	for (i = 0; i < ASA_STAT_MAX; i++) {
		delta.stats[i].packets += a->stats[i].packets;
		delta.stats[i].bytes += a->stats[i].bytes;
	}
	for (i = 0; i < a->n_dirty || first; i++) {
		__u32 ifindex = i < a->n_dirty ? a->dirty[i] : 0;

		delta.ifindex = ifindex;
		delta.iface = a->ifs[ifindex];
		(void)dp_account(e->asa->dp, &delta);
		memset(&a->ifs[ifindex], 0, sizeof(a->ifs[ifindex]));
		a->is_dirty[ifindex] = false;
		if (first) { /* the global rows went along with it */
			memset(delta.drops, 0, sizeof(delta.drops));
			memset(delta.stats, 0, sizeof(delta.stats));
			first = false;
		}
	}
	a->n_dirty = 0;
	memset(a->drops, 0, sizeof(a->drops));
	memset(a->stats, 0, sizeof(a->stats));
	a->any = false;
}
