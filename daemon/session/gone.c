// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that ended because they were idle too long: what is kept of them (TMO-4).
 *
 * Responsible for: knowing, for two minutes, the two directions of each connection that timed out
 * under "set connection timeout idle ... reset", so that a segment which comes later is answered
 * with a RST instead of silence. Not responsible for: the RST (engine/reply.c).
 *
 * Bounded: a table of fixed size with two rows per slot of the connection table, in sets of eight.
 * A row is a keyed 64-bit hash of the direction and the tick; a full set gives up its oldest row.
 * Pages are not touched before they are used. A restarted daemon has forgotten all of it.
 *
 * Threads: asa->lock.
 */
#include <stdlib.h>
#include <sys/random.h>

#include "asa/hash.h"
#include "asa/syncookie.h"
#include "session/session_impl.h"

#define GONE_MS 120000
#define WAYS 8u
#define SETS_MAX (1u << 19)

struct gone {
	__u64 key[2];
	__u32 mask; /* of sets */
	__u64 *hash; /* WAYS to a set; 0: free */
	__u32 *tick;
};

struct gone *gone_new(__u32 n_slots)
{
	struct gone *g = calloc(1, sizeof(*g));
	__u32 sets = 64;

	if (!g)
		return NULL;
	while (sets < SETS_MAX && sets * WAYS < 2 * (__u64)n_slots)
		sets *= 2;
	g->mask = sets - 1;
	g->hash = calloc((size_t)sets * WAYS, sizeof(*g->hash));
	g->tick = calloc((size_t)sets * WAYS, sizeof(*g->tick));
	if (!g->hash || !g->tick || getrandom(g->key, sizeof(g->key), 0) != sizeof(g->key)) {
		gone_free(g);
		return NULL;
	}
	return g;
}

void gone_free(struct gone *g)
{
	if (!g)
		return;
	free(g->hash);
	free(g->tick);
	free(g);
}

static __u64 gone_hash(const struct gone *g, const struct asa_key *k)
{
	const __u64 words[5] = { k->src.d[0], k->src.d[1], k->dst.d[0], k->dst.d[1],
				 asa_key_word(k) };

	return asa_siphash(g->key, words, 5) | 1;
}

void gone_add(struct gone *g, const struct asa_key *k, __u32 now)
{
	__u64 hash = gone_hash(g, k);
	__u32 set = (__u32)(hash >> 32 & g->mask) * WAYS, i, at = set;

	for (i = set; i < set + WAYS; i++) {
		if (g->hash[i] == hash || !g->hash[i]) {
			at = i;
			break;
		}
		if (now - g->tick[i] > now - g->tick[at])
			at = i;
	}
	g->hash[at] = hash;
	g->tick[at] = now;
}

bool gone_find(const struct gone *g, const struct asa_key *k, __u32 now)
{
	__u64 hash = gone_hash(g, k);
	__u32 set = (__u32)(hash >> 32 & g->mask) * WAYS, i;

	for (i = set; i < set + WAYS; i++)
		if (g->hash[i] == hash)
			return now - g->tick[i] <= asa_ticks_from_ms(GONE_MS);
	return false;
}
