// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policing in the slow path (MPF-8): the first and the last thing that happens to a packet of a
 * class with a rate limit.
 *
 * Responsible for: taking the tokens of packets that the daemon forwards from the buckets that the
 * XDP program uses, and of each packet only once. Not responsible for: buckets (session/police.c).
 *
 * The XDP program takes input tokens right before the checks of TCP; what it hands over later than
 * that, because of the way out, has paid. A segment that waited to be put in order paid when it
 * came; what the firewall makes itself did not enter at all. A packet-tracer packet takes nothing.
 *
 * Threads: asa->lock.
 */
#include "engine/engine_impl.h"

static bool has_paid(const struct walk *w)
{
	__u16 cause = w->f->meta.cause;

	return w->slot && !w->created &&
	       (cause == PUNT_NEXTHOP || cause == PUNT_MTU || cause == PUNT_TTL);
}

static const struct asa_police_ref *policers(const struct walk *w)
{
	const struct dp_tables *t = sessions_tables(w->e->asa->sessions);

	if (!(w->conn->dir[w->dir].flags & ASA_DIR_POLICE) || !t->police_refs)
		return NULL;
	return &t->police_refs[w->slot].dir[w->dir];
}

enum asa_drop stage_police_in(struct walk *w)
{
	const struct asa_police_ref *ref;
	__u16 row = w->service.police[0][0];

	if (w->trace || w->made || w->ordered || has_paid(w))
		return DROP_NONE;
	if (w->slot) {
		ref = policers(w);
		row = ref ? ref->in : 0;
	}
	return session_police(w->e->asa->sessions, row, w->bytes) ? DROP_NONE : DROP_POLICE;
}

enum asa_drop stage_police_out(struct walk *w)
{
	const struct asa_police_ref *ref = w->trace ? NULL : policers(w);

	if (!ref || session_police(w->e->asa->sessions, ref->out, w->bytes))
		return DROP_NONE;
	return DROP_POLICE;
}
