// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets to the box itself that its management rules refuse.
 *
 * Responsible for: finding out that a packet is one, saying so (710003, 313001, 313008) and its
 * reason. Not responsible for: stopping them, which the XDP program does: it hands up one in a
 * tick for the message (bpf/host.bpf.h); the rules (policy/host.c).
 *
 * What else comes up for an own address is about translations of its ports: an exception of
 * asa_local sent it, and the same exceptions are asked here. Only interfaces with rules pay.
 *
 * Threads: asa->lock.
 */
#include "engine/engine_impl.h"

/* Does a translation take this port of an own address? */
static bool is_translated(const struct walk *w)
{
	const struct asa_key *k = &w->p->key;
	struct asa_addr addr;
	__u16 port;
	__u8 proto;

	for (size_t i = 0; policy_local_punt(w->policy, i, &addr, &proto, &port); i++)
		if (proto == k->proto && port == asa_ntohs(k->dport) && asa_addr_equal(&addr, &k->dst))
			return true;
	return false;
}

enum asa_drop stage_host(struct walk *w)
{
	const struct asa_key *k = &w->p->key;
	struct policy_tuple t = {
		.src = k->src,
		.dst = k->dst,
		.dport = asa_ntohs(k->dport),
		.proto = k->proto,
		.icmp_type = w->p->icmp_type,
	};
	struct net_route r = {0};
	bool local = false;

	if (policy_host_access(w->policy, w->in, &t))
		return DROP_NONE;
	(void)net_route(w->e->asa->net, &k->dst, &r, &local);
	if (!local || is_translated(w))
		return DROP_NONE;
	deny_host(w);
	return DROP_POLICY_HOST;
}
