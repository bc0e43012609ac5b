// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections whose route has been replaced by a better one: "timeout floating-conn" (GTO-11).
 *
 * Responsible for: noticing that a direction of a connection moved to another interface although the
 * way that it had went is still there, and until when such a connection may stay. Not responsible
 * for: moving it (session_reroute()), ending it (events.c).
 *
 * Linux routes every frame as the tables of now say, so the connection goes on over the better
 * route; but the way that its answers take, its translation and its class were chosen for the old
 * one. With floating-conn set it ends after that time, and is made anew by the next packet of its
 * hosts. A route that is withdrawn, not surpassed, moves the connection and ends nothing.
 *
 * The time counts from the first packet after the change, which is when the connection moves; one
 * without packets has its idle timeout. What is noted here is lost with the daemon: the next one
 * sees the connection where it is now.
 *
 * Threads: asa->lock.
 */
#include "session/session_impl.h"

void floating_note(struct sessions *s, __u32 slot, int dir, const struct asa_nexthop *was,
		   const struct asa_nexthop *is)
{
	const struct asa_conn *c = &s->t.conns[slot];

	if (was->ifindex == is->ifindex && was->vlan_tci == is->vlan_tci)
		return;
	s->floating[slot] = 0;
	if (net_route_remains(s->asa->net, &c->dir[!dir].key.src, was))
		s->floating[slot] = s->now ? s->now : 1;
	session_arm(s, slot, s->now);
}

bool floating_until(const struct sessions *s, __u32 slot, __u32 *until)
{
	const struct policy *p = session_policy(s);
	__u32 limit;

	if (!s->floating[slot] || !p)
		return false;
	limit = session_ticks_from_s(policy_model(p)->timeouts.floating_conn);
	*until = s->floating[slot] + limit;
	return limit != 0;
}
