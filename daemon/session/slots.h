/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which slots of the connection table are free.
 *
 * Responsible for: handing out the slot a connection wants (in its home, asa/hash.h) or, if that is
 * taken, the next free one behind it, in constant time for all practical tables: one bit per slot,
 * and one bit per word of those.
 * Not responsible for: what a slot holds, quarantine (session.c).
 *
 * Why the next one: it lies in the same page, mostly, so that a connection away from home costs the
 * XDP program no further address translation.
 *
 * Life cycle: made with the sessions; all slots free, except 0, which is never used.
 * Threads: asa->lock.
 */
#ifndef SESSION_SLOTS_H
#define SESSION_SLOTS_H

#include <stdbool.h>

#include "asa/types.h"

struct slots;

struct slots *slots_new(__u32 n); /* NULL: no memory */
void slots_free(struct slots *s); /* NULL accepted */

__u32 slots_available(const struct slots *s);
/* How many are taken that can be somebody's home (asa/flow.h). */
__u32 slots_far(const struct slots *s);

/*
 * Take 'home' or a free slot near it.
 * => 0: none is free; any 'home' is accepted
 */
__u32 slots_take(struct slots *s, __u32 home);

bool slots_is_free(const struct slots *s, __u32 slot);
/* Is one of the slots free that row 'set' of asa_homes is about? */
bool slots_free_in_set(const struct slots *s, __u32 set);

/* Give a slot back. => it was taken before */
void slots_give(struct slots *s, __u32 slot);

/*
 * The first slot from 'slot' on that is taken.
 * => the number of slots when there is none; start a walk with 1
 */
__u32 slots_next_taken(const struct slots *s, __u32 slot);

#endif
