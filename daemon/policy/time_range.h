/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time ranges: is it that time now?
 *
 * Responsible for: reading the lines of a "time-range" block and comparing them with the local
 * time. A range is active within its absolute part (if it has one) and within any of its periodic
 * parts (if it has some). Not responsible for: the language (config), when to compile again (the
 * caller asks policy_times_changed() once a second).
 *
 * Pure functions of a model and a time. Callers: acl_compile.c, policy.c. Any thread.
 */
#ifndef POLICY_TIME_RANGE_H
#define POLICY_TIME_RANGE_H

#include <stdbool.h>
#include <time.h>

#include "policy/model.h"

bool time_range_exists(const struct model *m, const char *name);
/* => false also when there is no such range. */
bool time_range_active(const struct model *m, const char *name, time_t now);
/*
 * Which of the model's ranges are active: a hash that changes when any of them begins or ends.
 * => 0 when there are no ranges.
 */
__u64 time_ranges_state(const struct model *m, time_t now);

#endif
