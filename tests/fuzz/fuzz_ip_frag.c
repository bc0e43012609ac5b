// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/normalize/ip_frag.c */
/*
 * Virtual reassembly against a naive model (SES-5).
 *
 * The model keeps the pieces of every datagram in the order in which they came and compares each
 * new one with all of them. What must hold for any sequence of pieces and time:
 *	- held, whole or refused exactly as the model says, with the same reason
 *	- whole: all pieces of the datagram, in order, without a hole, each byte once
 *	- refused: the piece alone, or with all that was held of its datagram, as the model says
 *	- never more held than the limits say; what is held longer than its time comes back
 *	- at the end nothing is left, and no frame came back twice
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "normalize/ip_frag.h"

#define CHECK(cond)                                                                 \
	do {                                                                        \
		if (!(cond)) {                                                      \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                    \
		}                                                                   \
	} while (0)

#define DATAGRAMS 4
#define PIECES 12
#define FRAMES 64
#define TIMEOUT 100

static const struct ip_frag_limits limits = { .size = 24, .chain = 9, .timeout = TIMEOUT };

struct record {
	uint8_t what; /* 0-1 datagram, 4 more fragments, 8 time goes by, 16 any size */
	uint8_t off; /* in units of 8, modulo 8: most pieces meet others */
	uint8_t size; /* 8 or 16 bytes, or anything up to 62 */
};

struct datagram {
	struct frame *v[PIECES];
	int n;
	uint32_t end; /* tick */
};

static struct frame frames[FRAMES];
static bool used[FRAMES];
static struct datagram model[DATAGRAMS];

static uint32_t end_of(const struct frame *f)
{
	return f->pkt.frag_off + (uint32_t)f->pkt.frag_size;
}

static int held(void)
{
	int n = 0, i;

	for (i = 0; i < DATAGRAMS; i++)
		n += model[i].n;
	return n;
}

/* What must become of a piece. *all: its datagram goes with it. */
static enum ip_frag_result judge(const struct datagram *d, const struct frame *f, enum asa_drop *why,
				 bool *all)
{
	uint32_t total = 0, have = f->pkt.frag_size;
	int i;

	*all = false;
	*why = DROP_FRAG_FAILED;
	if (!f->pkt.frag_size || (f->pkt.more_fragments && f->pkt.frag_size % 8))
		return IP_FRAG_DROP;
	if (f->pkt.proto == ASA_PROTO_TCP && f->pkt.frag_off && f->pkt.frag_off < ASA_TCP_SIZE)
		return IP_FRAG_DROP;
	*why = DROP_FRAG_LIMIT;
	*all = d->n > 0;
	if (d->n ? d->n + 1 > (int)limits.chain : (held() + 1) * 3 > (int)limits.size * 2)
		return IP_FRAG_DROP;
	if (held() + 1 > (int)limits.size)
		return IP_FRAG_DROP;
	*why = DROP_FRAG_OVERLAP;
	for (i = 0; i < d->n; i++) {
		const struct frame *o = d->v[i];

		if (end_of(o) <= f->pkt.frag_off || end_of(f) <= o->pkt.frag_off)
			continue;
		*all = o->pkt.frag_off != f->pkt.frag_off || end_of(o) != end_of(f) ||
		       o->pkt.more_fragments != f->pkt.more_fragments;
		return IP_FRAG_DROP;
	}
	*why = DROP_FRAG_FAILED;
	for (i = 0; i < d->n; i++) {
		const struct frame *o = d->v[i];

		have += o->pkt.frag_size;
		if (!o->pkt.more_fragments)
			total = end_of(o);
		if (!f->pkt.more_fragments && (!o->pkt.more_fragments || o->pkt.frag_off > f->pkt.frag_off))
			return IP_FRAG_DROP;
	}
	if (total && end_of(f) > total)
		return IP_FRAG_DROP;
	if (!f->pkt.more_fragments)
		total = end_of(f);
	*why = DROP_NONE;
	return total && have == total ? IP_FRAG_WHOLE : IP_FRAG_HELD;
}

static void give_back(struct frame *f)
{
	CHECK(used[f - frames]);
	used[f - frames] = false;
}

/* => how many; each is given back */
static int count(struct frame *chain)
{
	struct frame *next;
	int n = 0;

	for (; chain; chain = next, n++) {
		next = chain->next;
		give_back(chain);
	}
	return n;
}

static void expire(struct ip_frags *t, uint32_t now)
{
	struct frame *chain;
	int i;

	while ((chain = ip_frag_expire(t, model, now))) {
		struct datagram *d = &model[chain->pkt.frag_id];

		CHECK(d->n && (int32_t)(now - d->end) >= 0);
		CHECK(count(chain) == d->n);
		d->n = 0;
	}
	for (i = 0; i < DATAGRAMS; i++)
		CHECK(!model[i].n || (int32_t)(now - model[i].end) < 0);
}

static void piece(struct ip_frags *t, const struct record *r, uint32_t now)
{
	struct datagram *d = &model[r->what % DATAGRAMS];
	enum ip_frag_result wanted, got;
	enum asa_drop reason, why;
	struct frame *f = frames, *chain = NULL, *at;
	enum ip_frag_note note;
	uint32_t off = 0;
	bool all;

	while (used[f - frames])
		f++;
	used[f - frames] = true;
	memset(f, 0, sizeof(*f));
	f->in_ifindex = 7;
	f->pkt.flags = ASA_PKT_IPV4 | ASA_PKT_FRAGMENT;
	f->pkt.proto = f->pkt.key.proto = r->what & 1 ? ASA_PROTO_TCP : ASA_PROTO_UDP;
	f->pkt.frag_id = r->what % DATAGRAMS;
	f->pkt.frag_off = (__u16)(r->off % 8 * 8);
	f->pkt.frag_size = (__u16)(r->what & 16 ? r->size % 32 * 2 : (r->size % 2 + 1) * 8);
	f->pkt.l3_size = (__u16)(f->pkt.frag_size + 20);
	f->pkt.more_fragments = !!(r->what & 4);
	wanted = judge(d, f, &reason, &all);
	got = ip_frag_add(t, &limits, model, f, now, &chain, &why, &note);
	CHECK(got == wanted);
	switch (got) {
	case IP_FRAG_HELD:
		if (!d->n)
			d->end = now + TIMEOUT;
		d->v[d->n++] = f;
		break;
	case IP_FRAG_WHOLE:
		for (at = chain; at; at = at->next) {
			CHECK(at->pkt.frag_off == off);
			CHECK((at->next != NULL) == at->pkt.more_fragments);
			off = end_of(at);
		}
		CHECK(count(chain) == d->n + 1);
		d->n = 0;
		break;
	case IP_FRAG_DROP:
		CHECK(why == reason && chain == f);
		CHECK(count(chain) == (all ? d->n : 0) + 1);
		d->n = all ? 0 : d->n;
		break;
	}
	CHECK((int)ip_frag_held(t) == held());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ip_frags *t; /* empty after each input */
	struct ip_frag_stats s;
	uint32_t now = 0xffffff80u; /* the tick wraps */
	int i;

	if (!t)
		t = ip_frag_new();
	CHECK(t);
	memset(model, 0, sizeof(model));
	memset(used, 0, sizeof(used));
	for (; size >= sizeof(struct record); data += sizeof(struct record), size -= sizeof(struct record)) {
		struct record r;

		memcpy(&r, data, sizeof(r));
		if (r.what & 8)
			now += r.size % 64;
		expire(t, now);
		piece(t, &r, now);
	}
	ip_frag_stats(t, 7, 0, &s);
	CHECK((int)s.queue == held());
	ip_frag_clear_queue(t, 7, 0, now);
	for (i = 0; i < DATAGRAMS; i++)
		model[i].end = now;
	expire(t, now);
	CHECK(ip_frag_held(t) == 0);
	for (i = 0; i < FRAMES; i++)
		CHECK(!used[i]);
	return 0;
}
