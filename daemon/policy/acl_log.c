// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows that hit entries with "log", see acl_log.h.
 *
 * A table of fixed size with chains by index, and a clock hand that goes round over all rows and
 * finds the intervals that are over: a row is looked at about once a second. The hash is keyed,
 * so that nobody outside can choose flows that share a chain.
 *
 * Callers: engine/deny.c. Threads: see acl_log.h.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "policy/acl_log.h"

#define ROWS (ACL_LOG_DENY_MAX + ACL_LOG_PERMIT_MAX)
#define BUCKETS 8192 /* a power of two */

struct row {
	struct acl_log_flow flow;
	__u32 due;
	__u16 next; /* in its chain or the free list, + 1 */
	bool used;
};

struct acl_log {
	__u64 key;
	__u32 n[2]; /* by 'permitted' */
	__u32 alerted; /* when the limit was told last */
	bool alert; /* it was */
	__u16 free; /* + 1 */
	__u32 fresh; /* rows from here on were never used */
	__u32 hand;
	__u16 buckets[BUCKETS]; /* + 1 */
	struct row rows[ROWS];
};

struct acl_log *acl_log_new(void)
{
	/* zeroed pages come when they are touched: who logs nothing pays nothing */
	struct acl_log *l = calloc(1, sizeof(*l));

	if (l && getrandom(&l->key, sizeof(l->key), GRND_NONBLOCK) != sizeof(l->key))
		l->key = (__u64)(size_t)l * 0x9e3779b97f4a7c15ull;
	return l;
}

void acl_log_free(struct acl_log *l)
{
	free(l);
}

size_t acl_log_count(const struct acl_log *l, bool permitted)
{
	return l->n[permitted];
}

static __u16 *bucket_of(struct acl_log *l, const struct acl_log_flow *f)
{
	const __u8 *b = (const __u8 *)&f->key;
	__u64 h = l->key ^ f->hash, w;

	for (size_t i = 0; i < sizeof(f->key); i += sizeof(w)) {
		memcpy(&w, b + i, sizeof(w));
		h = (h ^ w) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 32;
	}
	return &l->buckets[(h ^ h >> 17) & (BUCKETS - 1)];
}

static bool same_flow(const struct acl_log_flow *a, const struct acl_log_flow *b)
{
	return a->hash == b->hash && a->permitted == b->permitted && a->from == b->from &&
	       a->to == b->to && !memcmp(&a->key, &b->key, sizeof(a->key));
}

static struct row *row_take(struct acl_log *l)
{
	struct row *r;

	if (l->free) {
		r = &l->rows[l->free - 1];
		l->free = r->next;
		return r;
	}
	return l->fresh < ROWS ? &l->rows[l->fresh++] : NULL;
}

static void row_drop(struct acl_log *l, struct row *r)
{
	__u16 *at = bucket_of(l, &r->flow), me = r - l->rows + 1;

	while (*at != me)
		at = &l->rows[*at - 1].next;
	*at = r->next;
	l->n[r->flow.permitted]--;
	r->used = false;
	r->next = l->free;
	l->free = me;
}

static enum acl_log_say limit_reached(struct acl_log *l, __u32 now, __u32 alert_s)
{
	if (l->alert && now - l->alerted < asa_ticks_from_ms(1000ull * alert_s))
		return ACL_LOG_NOTHING;
	l->alert = true;
	l->alerted = now;
	return ACL_LOG_FULL;
}

enum acl_log_say acl_log_hit(struct acl_log *l, const struct acl_log_flow *f, __u32 now,
			     __u32 deny_max, __u32 alert_s)
{
	__u16 *bucket = bucket_of(l, f);
	struct row *r;

	for (__u16 i = *bucket; i; i = l->rows[i - 1].next) {
		r = &l->rows[i - 1];
		if (!same_flow(&r->flow, f))
			continue;
		if (r->flow.hits < ~0u)
			r->flow.hits++;
		return ACL_LOG_NOTHING;
	}
	if (!f->permitted && l->n[0] >= (deny_max < ACL_LOG_DENY_MAX ? deny_max : ACL_LOG_DENY_MAX))
		return limit_reached(l, now, alert_s);
	/* Permitted ones make connections, which are bounded themselves: told, not summed up. */
	if (f->permitted && l->n[1] >= ACL_LOG_PERMIT_MAX)
		return ACL_LOG_FIRST;
	r = row_take(l);
	if (!r)
		return ACL_LOG_FIRST;
	r->flow = *f;
	r->flow.hits = 0;
	r->due = now + asa_ticks_from_ms(1000ull * f->interval_s);
	r->used = true;
	r->next = *bucket;
	*bucket = r - l->rows + 1;
	l->n[f->permitted]++;
	return ACL_LOG_FIRST;
}

bool acl_log_due(struct acl_log *l, __u32 now, __u32 *budget, struct acl_log_flow *out)
{
	while (*budget && l->fresh) {
		struct row *r = &l->rows[l->hand];

		(*budget)--;
		l->hand = l->hand + 1 < l->fresh ? l->hand + 1 : 0;
		if (!r->used || (__s32)(now - r->due) < 0)
			continue;
		if (!r->flow.hits) {
			row_drop(l, r);
			continue;
		}
		*out = r->flow;
		r->flow.hits = 0;
		r->due = now + asa_ticks_from_ms(1000ull * r->flow.interval_s);
		return true;
	}
	return false;
}
