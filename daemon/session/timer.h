/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hierarchical timer wheel over slot numbers.
 *
 * Responsible for: calling back, for each armed slot, once at or after its time, in work bounded
 * by the caller. Not responsible for: what a time means; the session module arms a slot for the
 * earliest moment at which it could be idle, and arms it again when packets were seen meanwhile
 * (lazily: no packet ever touches the wheel).
 *
 * The links live in struct asa_session (timer_next, timer_prev, expires), so the wheel costs no
 * memory per connection. Resolution: 64 ticks (67 ms). Times beyond the horizon (about 78 hours)
 * are parked in the last ring and looked at again when it comes round.
 *
 * Threads: asa->lock. Links of a former daemon in recovered rows are not trusted: the session
 * module clears them before it arms a row.
 */
#ifndef SESSION_TIMER_H
#define SESSION_TIMER_H

#include <stdbool.h>

#include "asa/flow.h"

struct timer_wheel;

/* A wheel over 'rows' that starts at 'now'. => NULL when out of memory. */
struct timer_wheel *timer_new(struct asa_session *rows, __u32 now);
/* => NULL accepted; rows stay as they are. */
void timer_free(struct timer_wheel *w);

/* (Re-)arm 'slot' for tick 'expires'; a time in the past fires at the next run. */
void timer_arm(struct timer_wheel *w, __u32 slot, __u32 expires);
/* => nothing happens when the slot is not armed. */
void timer_disarm(struct timer_wheel *w, __u32 slot);

typedef void (*timer_cb)(void *arg, __u32 slot);
/*
 * Advance to 'now', calling back for slots that are due (disarmed before the call; the callback
 * may arm any slot again). At most '*budget' slots are touched, moved ones included; '*budget' is
 * decreased.
 * => true when the budget ran out before 'now' was reached.
 */
bool timer_run(struct timer_wheel *w, __u32 now, int *budget, timer_cb cb, void *arg);

#endif
