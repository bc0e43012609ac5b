// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policers: rows of asa_police for the classes of a policy, and which row a connection has.
 *
 * Responsible for: a row for each class and direction with "police", found again by its key after a
 * restart or a change of something else; the rows of each direction of a connection, one where it
 * enters and one where it leaves; how many directions use a row; rates for show service-policy.
 * Not responsible for: tokens (asa/police.h), which class matches (policy/service_policy.c).
 *
 * A row's limits never change: another rate in the configuration is another key and another row, so
 * that connections which exist keep what they had (MPF-12). A row is given to another key when no
 * connection uses it and the policy that comes into force does not name it.
 *
 * Callers: apply (with asa->lock), session.c, recover.c, the engine, control. Threads: asa->lock.
 */
#include <string.h>
#include <time.h>

#include "asa/police.h"
#include "session/session_impl.h"

static __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000000000ull + (__u64)t.tv_nsec;
}

/* ------------------------------------------------------------------ rows for a policy */

static __u64 mix(__u64 h, const void *data, size_t size)
{
	const __u8 *b = data;

	for (size_t i = 0; i < size; i++)
		h = (h ^ b[i]) * 0x100000001b3ull;
	return h ^ h >> 32;
}

static __u64 police_key(const struct policy_class_row *r, int out)
{
	const struct model_police *c = &r->config->police[out];
	const __u32 numbers[] = { (__u32)out, c->rate, c->burst, c->conform_drop, c->exceed_transmit };
	const char *names[] = { r->global ? "" : r->ifname, r->policy_map, r->class_name };
	__u64 h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < 3; i++)
		h = mix(h, names[i], strlen(names[i]) + 1);
	return mix(h, numbers, sizeof(numbers)) | 1;
}

static __u16 police_find(const struct sessions *s, __u64 key)
{
	for (__u16 i = 1; i < ASA_POLICE_MAX; i++)
		if (s->t.police[i].key == key)
			return i;
	return 0;
}

static __u16 police_free_row(const struct sessions *s, const bool *wanted)
{
	for (__u16 i = 1; i < ASA_POLICE_MAX; i++)
		if (!wanted[i] && !s->t.police[i].users)
			return i;
	return 0;
}

static void police_fill(struct asa_police *p, __u64 key, const struct model_police *c)
{
	__u32 burst = policy_police_burst(c);

	memset(p, 0, sizeof(*p));
	p->ns_per_byte = asa_police_ns_per_byte(c->rate);
	p->burst_us = asa_police_burst_us(burst, c->rate);
	p->flags = (c->conform_drop ? ASA_POLICE_CONFORM_DROP : 0) |
		   (c->exceed_transmit ? 0 : ASA_POLICE_EXCEED_DROP);
	p->key = key;
}

bool sessions_police_bind(struct sessions *s, struct policy *p)
{
	bool wanted[ASA_POLICE_MAX] = { false }, all = true;
	struct policy_class_row r;

	if (!s->t.police)
		return true;
	/* First those that are there: none of them may be given away below. */
	for (int fresh = 0; fresh < 2; fresh++) {
		for (size_t i = 0; policy_class_row(p, i, &r); i++) {
			for (int out = 0; out < 2; out++) {
				__u16 row;

				if (!r.config->police[out].rate || r.police_row[out])
					continue;
				row = police_find(s, police_key(&r, out));
				if (!row && fresh) {
					row = police_free_row(s, wanted);
					all &= row != 0;
					if (row)
						police_fill(&s->t.police[row], police_key(&r, out),
							    &r.config->police[out]);
				}
				wanted[row] = true;
				policy_police_set(p, i, out, row);
			}
		}
	}
	return all;
}

/* ------------------------------------------------------------------ connections */

static void police_use(struct sessions *s, const struct asa_police_ref *ref, __u32 by)
{
	if (ref->in && ref->in < ASA_POLICE_MAX)
		s->t.police[ref->in].users += by;
	if (ref->out && ref->out < ASA_POLICE_MAX)
		s->t.police[ref->out].users += by;
}

void police_hold(struct sessions *s, __u32 slot, const struct policy_service *service)
{
	struct asa_conn *c = &s->t.conns[slot];
	struct asa_police_refs *refs;

	if (!s->t.police)
		return;
	refs = &s->t.police_refs[slot];
	for (int d = 0; d < 2; d++) {
		refs->dir[d] = (struct asa_police_ref){ service->police[d][0], service->police[d][1] };
		police_use(s, &refs->dir[d], 1);
		if (refs->dir[d].in || refs->dir[d].out)
			c->dir[d].flags |= ASA_DIR_POLICE;
	}
}

void police_put(struct sessions *s, __u32 slot)
{
	struct asa_police_refs *refs;

	if (!s->t.police)
		return;
	refs = &s->t.police_refs[slot];
	for (int d = 0; d < 2; d++)
		police_use(s, &refs->dir[d], (__u32)-1);
	memset(refs, 0, sizeof(*refs));
}

void police_recover_begin(struct sessions *s)
{
	for (__u32 i = 0; s->t.police && i < ASA_POLICE_MAX; i++)
		s->t.police[i].users = 0;
}

void police_recover(struct sessions *s, __u32 slot, bool whole)
{
	if (!s->t.police)
		return;
	if (!whole)
		memset(&s->t.police_refs[slot], 0, sizeof(s->t.police_refs[slot]));
	for (int d = 0; d < 2; d++)
		police_use(s, &s->t.police_refs[slot].dir[d], 1);
}

/* ------------------------------------------------------------------ packets of the slow path */

bool session_police(struct sessions *s, __u16 row, __u32 bytes)
{
	return !row || !s->t.police || row >= ASA_POLICE_MAX ||
	       asa_police_pass(&s->t.police[row], bytes, now_ns());
}

/* ------------------------------------------------------------------ numbers */

bool sessions_police_numbers(const struct sessions *s, __u16 row, struct police_numbers *n)
{
	const struct asa_police *p;

	if (!row || row >= ASA_POLICE_MAX || !s->t.police)
		return false;
	p = &s->t.police[row];
	*n = (struct police_numbers){
		.conformed_packets = __atomic_load_n(&p->conformed_packets, __ATOMIC_RELAXED),
		.conformed_bytes = __atomic_load_n(&p->conformed_bytes, __ATOMIC_RELAXED),
		.exceeded_packets = __atomic_load_n(&p->exceeded_packets, __ATOMIC_RELAXED),
		.exceeded_bytes = __atomic_load_n(&p->exceeded_bytes, __ATOMIC_RELAXED),
		.conformed_bps = s->police_rates[row].conformed_bps,
		.exceeded_bps = s->police_rates[row].exceeded_bps,
	};
	return true;
}

void sessions_police_clear(struct sessions *s, __u16 row)
{
	struct asa_police *p;

	if (!row || row >= ASA_POLICE_MAX || !s->t.police)
		return;
	p = &s->t.police[row];
	__atomic_store_n(&p->conformed_packets, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&p->conformed_bytes, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&p->exceeded_packets, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&p->exceeded_bytes, 0, __ATOMIC_RELAXED);
	memset(&s->police_rates[row], 0, sizeof(s->police_rates[row]));
}

static __u64 per_second(__u64 now, __u64 before, __u64 ns)
{
	return now < before ? 0 : (__u64)((double)(now - before) * 8e9 / (double)ns);
}

void sessions_police_sample(struct sessions *s)
{
	__u64 now = now_ns();

	for (__u32 i = 1; s->t.police && i < ASA_POLICE_MAX; i++) {
		struct police_rate *r = &s->police_rates[i];
		struct asa_police *p = &s->t.police[i];
		__u64 conformed, exceeded;

		if (!p->key)
			continue;
		conformed = __atomic_load_n(&p->conformed_bytes, __ATOMIC_RELAXED);
		exceeded = __atomic_load_n(&p->exceeded_bytes, __ATOMIC_RELAXED);
		if (r->at_ns && now > r->at_ns) {
			r->conformed_bps = per_second(conformed, r->conformed, now - r->at_ns);
			r->exceeded_bps = per_second(exceeded, r->exceeded, now - r->at_ns);
		}
		r->at_ns = now;
		r->conformed = conformed;
		r->exceeded = exceeded;
	}
}
