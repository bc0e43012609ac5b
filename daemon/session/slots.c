// SPDX-License-Identifier: GPL-2.0-only
/* Which slots of the connection table are free: a bitmap and a bitmap of its words. See slots.h. */
#include <stdlib.h>

#include "asa/flow.h"
#include "session/slots.h"

#define BITS 64u

struct slots {
	__u32 n, available;
	__u32 far; /* taken ones behind the dense slots */
	__u32 n_words, n_groups;
	__u64 *words; /* bit: the slot is free */
	__u64 *groups; /* bit: the word is not zero */
};

struct slots *slots_new(__u32 n)
{
	struct slots *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->n = n;
	s->far = n > ASA_DENSE_SLOTS ? n - ASA_DENSE_SLOTS : 0;
	s->n_words = n / BITS + 1;
	s->n_groups = s->n_words / BITS + 1;
	s->words = calloc(s->n_words, sizeof(*s->words));
	s->groups = calloc(s->n_groups, sizeof(*s->groups));
	if (!s->words || !s->groups) {
		slots_free(s);
		return NULL;
	}
	for (__u32 slot = 1; slot < n; slot++)
		slots_give(s, slot);
	return s;
}

void slots_free(struct slots *s)
{
	if (!s)
		return;
	free(s->words);
	free(s->groups);
	free(s);
}

__u32 slots_available(const struct slots *s)
{
	return s->available;
}

__u32 slots_far(const struct slots *s)
{
	return s->far;
}

bool slots_is_free(const struct slots *s, __u32 slot)
{
	return slot < s->n && s->words[slot / BITS] >> slot % BITS & 1;
}

bool slots_free_in_set(const struct slots *s, __u32 set)
{
	__u32 slot = set * ASA_SET_SLOTS;

	return slot < s->n && (s->words[slot / BITS] >> slot % BITS & ((1u << ASA_SET_SLOTS) - 1));
}

void slots_give(struct slots *s, __u32 slot)
{
	__u32 word = slot / BITS;

	s->words[word] |= 1ull << slot % BITS;
	s->groups[word / BITS] |= 1ull << word % BITS;
	s->available++;
	s->far -= slot >= ASA_DENSE_SLOTS;
}

static __u32 slots_mark_taken(struct slots *s, __u32 slot)
{
	__u32 word = slot / BITS;

	s->words[word] &= ~(1ull << slot % BITS);
	if (!s->words[word])
		s->groups[word / BITS] &= ~(1ull << word % BITS);
	s->available--;
	s->far += slot >= ASA_DENSE_SLOTS;
	return slot;
}

/* The bits of 'map' from number 'from' on. */
static __u64 bits_from(__u64 map, __u32 from)
{
	return map & ~0ull << from;
}

/* The first word from 'word' on that is not zero. => n_words: none */
static __u32 slots_word_from(const struct slots *s, __u32 word)
{
	__u32 group = word / BITS;
	__u64 map = group < s->n_groups ? bits_from(s->groups[group], word % BITS) : 0;

	while (!map && ++group < s->n_groups)
		map = s->groups[group];
	return map ? group * BITS + (__u32)__builtin_ctzll(map) : s->n_words;
}

__u32 slots_take(struct slots *s, __u32 home)
{
	__u32 word;
	__u64 map;

	if (!s->available)
		return 0;
	if (home >= s->n)
		home = 0;
	word = home / BITS;
	map = bits_from(s->words[word], home % BITS);
	if (!map) {
		word = slots_word_from(s, word + 1);
		if (word == s->n_words)
			word = slots_word_from(s, 0); /* round: something is free */
		map = s->words[word];
	}
	return slots_mark_taken(s, word * BITS + (__u32)__builtin_ctzll(map));
}

__u32 slots_next_taken(const struct slots *s, __u32 slot)
{
	while (slot < s->n) {
		__u64 map = bits_from(~s->words[slot / BITS], slot % BITS);

		if (map) {
			slot = slot / BITS * BITS + (__u32)__builtin_ctzll(map);
			return slot < s->n ? slot : s->n;
		}
		slot = (slot / BITS + 1) * BITS;
	}
	return s->n;
}
