// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples of the counters, and differences between them.
 *
 * The counters in the shared maps only grow and outlive the daemon, so a rate is the difference of
 * two samples and "clear" is a base to subtract. A counter that went backwards (maps made anew, an
 * interface number used again) counts as zero.
 *
 * Responsible for, callers, threads: rates.h.
 */
#include "control/rates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asa.h"
#include "datapath/dp.h"
#include "policy/policy.h"
#include "session/session.h"
#include "session/xlate.h"

#define SAMPLES (300 / RATES_INTERVAL_S + 1)
#define IFS_MAX 64

struct if_row {
	__u32 ifindex; /* 0: free */
	struct asa_ifstat base;
	__u64 base_ms;
	struct asa_ifstat sample[SAMPLES];
};
struct rates {
	__u64 n; /* samples taken; the latest is (n - 1) % SAMPLES */
	__u64 at_ms[SAMPLES];
	__u64 kinds[SAMPLES][RATE_KINDS];
	__u64 first[RATE_KINDS], first_ms;
	struct if_row ifs[IFS_MAX];
};

__u64 rates_clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000 + (__u64)t.tv_nsec / 1000000;
}

struct rates *rates_new(void)
{
	return calloc(1, sizeof(struct rates));
}

void rates_free(struct rates *r)
{
	free(r);
}

static struct if_row *rates_row(struct rates *r, __u32 ifindex, bool make)
{
	struct if_row *free_row = NULL;

	for (int i = 0; i < IFS_MAX; i++) {
		if (r->ifs[i].ifindex == ifindex)
			return &r->ifs[i];
		if (!r->ifs[i].ifindex && !free_row)
			free_row = &r->ifs[i];
	}
	if (!make || !free_row)
		return NULL;
	memset(free_row, 0, sizeof(*free_row));
	free_row->ifindex = ifindex;
	return free_row;
}

static __u64 sub(__u64 a, __u64 b)
{
	return a > b ? a - b : 0;
}

static struct asa_ifstat ifstat_sub(const struct asa_ifstat *a, const struct asa_ifstat *b)
{
	return (struct asa_ifstat){
		.rx_packets = sub(a->rx_packets, b->rx_packets),
		.rx_bytes = sub(a->rx_bytes, b->rx_bytes),
		.tx_packets = sub(a->tx_packets, b->tx_packets),
		.tx_bytes = sub(a->tx_bytes, b->tx_bytes),
		.fwd_packets = sub(a->fwd_packets, b->fwd_packets),
		.host_packets = sub(a->host_packets, b->host_packets),
		.drop_packets = sub(a->drop_packets, b->drop_packets),
		.punt_packets = sub(a->punt_packets, b->punt_packets),
	};
}

static void rates_sample_kinds(struct asa *a, __u64 *k)
{
	struct asa_count stats[ASA_STAT_MAX] = {{0}};
	struct session_counts c = {0};

	pthread_mutex_lock(&a->lock);
	sessions_counts(a->sessions, &c);
	sessions_police_sample(a->sessions);
	k[RATE_XLATES] = xlate_count(a->xlates);
	pthread_mutex_unlock(&a->lock);
	dp_read_stats(a->dp, stats);
	k[RATE_CONNS] = c.built;
	k[RATE_TCP] = c.built_tcp;
	k[RATE_UDP] = c.built_udp;
	k[RATE_TORN] = c.torn_down;
	k[RATE_PUNTS] = stats[STAT_PUNT].packets;
	k[RATE_DROPS] = stats[STAT_DROP].packets;
}

/* An interface that is in no policy any more gives its row back. */
static void rates_forget(struct rates *r, const struct policy *p)
{
	for (int i = 0; i < IFS_MAX; i++) {
		bool used = false;

		for (size_t k = 0; p && k < policy_n_ifs(p); k++) {
			const struct policy_if *f = policy_if_at(p, (__u16)k);

			used |= f && f->ifindex == r->ifs[i].ifindex;
		}
		if (!used)
			r->ifs[i].ifindex = 0;
	}
}

void rates_sample(struct rates *r, struct asa *a, __u64 now_ms)
{
	unsigned int at = (unsigned int)(r->n % SAMPLES);
	const struct policy *p = a->policy;

	rates_forget(r, p);
	for (size_t i = 0; p && i < policy_n_ifs(p); i++) {
		const struct policy_if *f = policy_if_at(p, (__u16)i);
		struct asa_ifstat now = {0};
		struct if_row *row;

		if (!f || !f->ifindex || dp_read_ifstat(a->dp, f->ifindex, &now))
			continue;
		row = rates_row(r, f->ifindex, false);
		if (!row) {
			row = rates_row(r, f->ifindex, true);
			if (!row)
				continue;
			row->base_ms = now_ms;
			for (int k = 0; k < SAMPLES; k++)
				row->sample[k] = now;
		}
		row->sample[at] = now;
	}
	rates_sample_kinds(a, r->kinds[at]);
	r->at_ms[at] = now_ms;
	if (r->n == 0) {
		memcpy(r->first, r->kinds[at], sizeof(r->first));
		r->first_ms = now_ms;
	}
	r->n++;
}

int rates_if_now(struct rates *r, struct asa *a, __u32 ifindex, __u64 now_ms, struct asa_ifstat *s,
		 __u64 *for_ms)
{
	struct if_row *row = rates_row(r, ifindex, true);
	int ret = dp_read_ifstat(a->dp, ifindex, s);

	*for_ms = 0;
	if (ret || !row)
		return ret;
	if (!row->base_ms)
		row->base_ms = now_ms;
	*for_ms = now_ms - row->base_ms;
	*s = ifstat_sub(s, &row->base);
	return 0;
}

/* Samples to compare for a window. => false: there are not two samples yet. */
static bool rates_window(const struct rates *r, unsigned int seconds, unsigned int *now,
			 unsigned int *then, __u64 *ms)
{
	__u64 back = seconds / RATES_INTERVAL_S;

	if (r->n < 2)
		return false;
	if (back > r->n - 1)
		back = r->n - 1;
	if (back > SAMPLES - 1)
		back = SAMPLES - 1;
	*now = (unsigned int)((r->n - 1) % SAMPLES);
	*then = (unsigned int)((r->n - 1 - back) % SAMPLES);
	*ms = sub(r->at_ms[*now], r->at_ms[*then]);
	return *ms > 0;
}

void rates_if(const struct rates *r, __u32 ifindex, unsigned int seconds, struct asa_ifstat *per_s)
{
	const struct if_row *row = rates_row((struct rates *)r, ifindex, false);
	unsigned int now, then;
	__u64 ms;

	memset(per_s, 0, sizeof(*per_s));
	if (!row || !rates_window(r, seconds, &now, &then, &ms))
		return;
	*per_s = ifstat_sub(&row->sample[now], &row->sample[then]);
	for (size_t i = 0; i < sizeof(*per_s) / sizeof(__u64); i++)
		((__u64 *)per_s)[i] = ((__u64 *)per_s)[i] * 1000 / ms;
}

void rates_if_clear(struct rates *r, struct asa *a, __u32 ifindex, __u64 now_ms)
{
	for (int i = 0; i < IFS_MAX; i++) {
		struct if_row *row = &r->ifs[i];

		if (!row->ifindex || (ifindex && row->ifindex != ifindex))
			continue;
		if (dp_read_ifstat(a->dp, row->ifindex, &row->base) == 0)
			row->base_ms = now_ms;
	}
}

void rates_kind(const struct rates *r, enum rate_kind kind, double *current, double *average)
{
	unsigned int now, then;
	__u64 ms;

	*current = *average = 0;
	if (!rates_window(r, RATES_INTERVAL_S, &now, &then, &ms))
		return;
	*current = (double)sub(r->kinds[now][kind], r->kinds[then][kind]) * 1000 / (double)ms;
	ms = sub(r->at_ms[now], r->first_ms);
	if (ms)
		*average = (double)sub(r->kinds[now][kind], r->first[kind]) * 1000 / (double)ms;
}
