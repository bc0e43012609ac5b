/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flows that hit entries with "log": the first hit at once, the others summed up over an interval.
 *
 * Responsible for: which hit is a first one, counting the rest, telling when an interval of a flow
 * is over, the limit on denied flows. Not responsible for: the text of message 106100 (engine).
 *
 * Bounded: a fixed number of flows, allocated once; a flood of new flows costs a look-up each, is
 * told once per alert interval (106101), and goes unlogged beyond the limit, as on an ASA.
 *
 * Life cycle: one per engine, acl_log_new to acl_log_free. Threads: the holder of asa->lock.
 * Times are ticks (asa/types.h) and wrap around.
 */
#ifndef POLICY_ACL_LOG_H
#define POLICY_ACL_LOG_H

#include "asa/flow.h"
#include "policy/model.h"

#define ACL_LOG_DENY_MAX 4096 /* "access-list deny-flow-max", default and most */
#define ACL_LOG_PERMIT_MAX 4096
#define ACL_LOG_ALERT_S 300 /* "access-list alert-interval" */

struct acl_log;

struct acl_log_flow {
	struct asa_key key;
	__u16 from, to; /* what is printed in parentheses: ports, ICMP type and code */
	__u32 hash; /* of the entry */
	__s8 level;
	bool permitted, established;
	__u32 interval_s;
	__u32 hits; /* since the last message */
	char acl[MODEL_NAME_MAX], in[MODEL_NAME_MAX], out[MODEL_NAME_MAX];
};

enum acl_log_say {
	ACL_LOG_NOTHING, /* counted */
	ACL_LOG_FIRST, /* tell it now */
	ACL_LOG_FULL, /* say that the limit is reached (106101) */
};

struct acl_log *acl_log_new(void); /* => NULL when out of memory */
void acl_log_free(struct acl_log *l); /* NULL accepted */

/* The interval of a hit is f->interval_s; f->hits is not looked at. deny_max: denied flows kept. */
enum acl_log_say acl_log_hit(struct acl_log *l, const struct acl_log_flow *f, __u32 now,
			     __u32 deny_max, __u32 alert_s);
/*
 * A flow whose interval is over and that was hit again in it; '*out' is a copy, its count begins
 * anew. Flows without further hits are forgotten on the way. Looks at up to 'budget' flows.
 * => true while there is one.
 */
bool acl_log_due(struct acl_log *l, __u32 now, __u32 *budget, struct acl_log_flow *out);
/* Flows that are kept, for tests. */
size_t acl_log_count(const struct acl_log *l, bool permitted);

#endif
