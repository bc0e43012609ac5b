// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a packet says that it comes from, and whether it can.
 *
 * Responsible for: sources that nobody behind the interface can have (an address of the firewall's
 * own, a directed broadcast; what no packet on earth can have is asa_parse()'s), and "ip verify
 * reverse-path": the route back to the source must leave by the interface of entry. Counts of the
 * latter for each interface. Not responsible for: which interface a connection's packets may use
 * (stage_interface).
 *
 * Asked for first packets, and for packets of a connection that show up on an interface which that
 * direction did not use before; the others have been asked. A default route counts: then any
 * source that has no better route may be behind that interface.
 *
 * Threads: asa->lock.
 */
#include "engine/engine_impl.h"

static struct source_row *row_find(struct engine *e, __u32 ifindex, __u16 vlan, bool take)
{
	struct source_row *r = e->sources, *end = r + POLICY_IFS_MAX;

	while (r < end && r->ifindex && (r->ifindex != ifindex || r->vlan != vlan))
		r++;
	if (r == end)
		return NULL;
	if (take && !r->ifindex) {
		r->ifindex = ifindex;
		r->vlan = vlan;
	}
	return r;
}

__u64 engine_source_drops(struct engine *e, __u32 ifindex, __u16 vlan)
{
	const struct source_row *r = row_find(e, ifindex, vlan, false);

	return r ? r->drops : 0;
}

void engine_source_clear(struct engine *e)
{
	memset(e->sources, 0, sizeof(e->sources));
}

enum asa_drop source_reverse_path(struct walk *w)
{
	const struct policy_if *back = NULL;
	struct net_route r = {0};
	struct source_row *row;
	bool local = false;

	if (!w->in->reverse_path)
		return DROP_NONE;
	if (!net_route(w->e->asa->net, &w->p->key.src, &r, &local))
		back = session_route_if(w->e->asa->sessions, &r);
	if (back == w->in)
		return DROP_NONE;
	row = w->trace ? NULL : row_find(w->e, w->in->ifindex, w->in->vlan, true);
	if (row)
		row->drops++;
	deny_reverse_path(w);
	return DROP_ROUTE_RPF;
}

enum asa_drop stage_source(struct walk *w)
{
	if (policy_source_forged(w->policy, w->in, &w->p->key.src)) {
		deny_parse(w, DROP_IP_SPOOF);
		return DROP_IP_SPOOF;
	}
	return source_reverse_path(w);
}
