// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of the connections of a class, for "show service-policy" (MPF-15).
 *
 * Responsible for: giving what a connection has forwarded to the counter of its class when the
 * connection goes, and adding up those that are up when somebody asks. Not responsible for: the
 * counts of connections and the limits (limits.c).
 *
 * The packets of the fast path are counted in the slots and nowhere else: so asking looks at every
 * connection, in pieces, while packets cost nothing more. A restarted daemon begins with those of
 * the connections that it found.
 *
 * A connection that ends between its piece and the reading of its class's counter is in both for
 * that one answer.
 *
 * Threads: class_packets_end() has asa->lock held; the main thread takes it for each piece in
 * sessions_class_packets().
 */
#include <pthread.h>
#include <stdlib.h>

#include "session/session_impl.h"

#define ROWS_PER_LOCK 4096

static __u64 packets_of(const struct sessions *s, __u32 slot)
{
	const struct asa_rest *rest = s->t.sessions[slot].rest;
	const struct asa_dir *dir = s->t.conns[slot].dir;
	__u64 sum = 0;

	for (int d = 0; d < 2; d++)
		sum += asa_count_packets(dir[d].packets, dir[d].bytes) +
		       asa_count_packets(rest[d].slow_packets, rest[d].slow_bytes);
	return sum;
}

void class_packets_end(struct sessions *s, __u32 slot)
{
	struct policy_class_row r;

	if (limits_class_row(s, s->t.sessions[slot].policy_class, &r) && r.packets)
		__atomic_fetch_add(r.packets, packets_of(s, slot), __ATOMIC_RELAXED);
}

/* A piece of the table. => false at its end */
static bool add_piece(const struct sessions *s, __u32 *pos, const __u32 *ids, __u64 *sums, size_t n)
{
	for (__u32 left = ROWS_PER_LOCK; left; left--) {
		__u32 slot = sessions_next(s, *pos);
		const struct asa_session *r = &s->t.sessions[slot];
		size_t i = 0;

		if (slot == s->t.n_slots)
			return false;
		*pos = slot + 1;
		if (!r->policy_class ||
		    (!session_state_live(r->state) && r->state != ASA_SESSION_CLOSING))
			continue;
		while (i < n && ids[i] != r->policy_class)
			i++;
		if (i < n)
			sums[i] += packets_of(s, slot);
	}
	return *pos < s->t.n_slots;
}

void sessions_class_packets(struct sessions *s, __u64 *sums, size_t n)
{
	const struct policy *p = session_policy(s);
	__u32 *ids = calloc(n ? n : 1, sizeof(*ids)), pos = 1;
	bool more = ids && p && n;

	for (size_t i = 0; more && i < n; i++)
		ids[i] = limits_class_id(p, (int)i);
	while (more) {
		pthread_mutex_lock(&s->asa->lock);
		more = add_piece(s, &pos, ids, sums, n);
		pthread_mutex_unlock(&s->asa->lock);
	}
	free(ids);
}
