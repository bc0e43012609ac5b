// SPDX-License-Identifier: GPL-2.0-only
/*
 * Next-hop rows (asa_nexthops) in step with Linux's neighbour tables.
 *
 * Responsible for: one row for each (device, VLAN tag, neighbour, MTU) in use, its MAC addresses,
 * its VALID flag; starting resolution; keeping rows in use confirmed, because traffic that XDP
 * forwards does not pass Linux's neighbour code; giving rows back.
 * Not responsible for: frames that wait (engine), which connections use a row (session).
 *
 * XDP reads a row at any moment: flags go to 0 first, addresses change, flags come back last. What
 * can race: a frame leaves with the old address in the same microsecond. Acceptable: the neighbour
 * changed while the frame was on its way.
 *
 * Linux does the ARP and ND. We ask it with NTF_USE, which means "I have traffic for it", and
 * listen. A neighbour that Linux forgets is asked for again and stays in use until it fails.
 *
 * Callers: session (get, put), net.c (events, tick). Threads: asa->lock held.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "datapath/net_impl.h"

#define HOP_CONFIRM_MS 20000 /* used rows are confirmed this often */
#define HOP_RETRY_MS 1000 /* unresolved rows are asked for this often */
#define HOP_IDLE_MS 60000 /* rows without users are given back after it */
#define HOP_NUD_FIXED (NUD_PERMANENT | NUD_NOARP)
#define HOP_NUD_VALID \
	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

static __u32 hop_head(const struct asa_addr *gateway)
{
	__u64 h = (gateway->d[0] ^ (gateway->d[1] * 0x9e3779b97f4a7c15ull)) * 0xff51afd7ed558ccdull;

	return (h >> 40) % NET_HOP_HEADS;
}

__u32 net_neigh_device(const struct net *n, __u32 ifindex, __u16 vlan)
{
	if (!vlan)
		return ifindex;
	for (size_t i = 0; i < n->n_links; i++)
		if (n->links[i].parent == ifindex && n->links[i].vlan == vlan)
			return n->links[i].ifindex;
	return 0;
}

static void hop_link(struct net *n, __u32 row)
{
	__u32 *head = &n->heads[hop_head(&n->t->nexthops[row].gateway)];

	n->hops[row].next = *head;
	*head = row;
	n->hops[row].used = true;
	if (row >= n->hops_end)
		n->hops_end = row + 1;
}

static void hop_unlink(struct net *n, __u32 row)
{
	__u32 *p = &n->heads[hop_head(&n->t->nexthops[row].gateway)];

	while (*p && *p != row)
		p = &n->hops[*p].next;
	if (*p)
		*p = n->hops[row].next;
	memset(&n->hops[row], 0, sizeof(n->hops[row]));
}

static void hop_flags(struct asa_nexthop *nh, __u16 flags)
{
	__atomic_store_n(&nh->flags, flags, __ATOMIC_RELEASE);
}

static void hop_set_macs(struct asa_nexthop *nh, const __u8 dmac[6], const __u8 smac[6])
{
	__u16 vlan = nh->flags & ASA_NH_VLAN;

	hop_flags(nh, 0);
	memcpy(nh->dmac, dmac, 6);
	memcpy(nh->smac, smac, 6);
	hop_flags(nh, vlan | ASA_NH_VALID);
}

/* Tell Linux that there is traffic for the neighbour; it resolves or confirms it. */
static void hop_probe(struct net *n, __u32 row)
{
	const struct asa_nexthop *nh = &n->t->nexthops[row];
	struct net_hop *hop = &n->hops[row];
	struct nlmsghdr *h;
	struct ndmsg *nd;
	__u8 buf[256];

	hop->probed = n->now;
	if (!n->requests || !hop->neigh_ifindex || hop->fixed)
		return;
	h = net_put_header(buf, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*nd));
	nd = mnl_nlmsg_get_payload(h);
	nd->ndm_family = asa_addr_is_v4(&nh->gateway) ? AF_INET : AF_INET6;
	nd->ndm_ifindex = hop->neigh_ifindex;
	nd->ndm_state = NUD_NONE;
	nd->ndm_flags = NTF_USE;
	net_put_addr(h, NDA_DST, &nh->gateway);
	h->nlmsg_seq = ++n->sequence;
	/* No answer is asked for: what comes of it arrives as an event. */
	if (mnl_socket_sendto(n->requests, h, h->nlmsg_len) < 0)
		log_debug("neighbour request failed: %s", strerror(errno));
}

static int hop_answer(const struct nlmsghdr *h, void *arg)
{
	struct net_neigh_msg *m = arg;

	if (h->nlmsg_type == RTM_NEWNEIGH && net_parse_neigh(h, m) < 0)
		m->state = NUD_NONE;
	return MNL_CB_STOP;
}

/* What Linux knows at this moment of a neighbour. => true and '*m' with its MAC address. */
static bool hop_ask(struct net *n, __u32 ifindex, const struct asa_addr *gateway, struct net_neigh_msg *m)
{
	struct nlmsghdr *h;
	struct ndmsg *nd;
	__u8 buf[256];

	memset(m, 0, sizeof(*m));
	if (!n->requests || !ifindex)
		return false;
	h = net_put_header(buf, RTM_GETNEIGH, 0, sizeof(*nd));
	nd = mnl_nlmsg_get_payload(h);
	nd->ndm_family = asa_addr_is_v4(gateway) ? AF_INET : AF_INET6;
	nd->ndm_ifindex = ifindex;
	net_put_addr(h, NDA_DST, gateway);
	return net_transact(n, h, hop_answer, m) == 0 && (m->state & HOP_NUD_VALID) && m->has_mac;
}

static void hop_look_up(struct net *n, __u32 row)
{
	struct asa_nexthop *nh = &n->t->nexthops[row];
	struct net_hop *hop = &n->hops[row];
	struct net_neigh_msg m;

	if (hop_ask(n, hop->neigh_ifindex, &nh->gateway, &m)) {
		hop_set_macs(nh, m.mac, nh->smac);
		hop->fixed = m.state & HOP_NUD_FIXED;
	}
}

static __u32 hop_find(const struct net *n, __u32 ifindex, __u16 vlan, __u16 mtu,
		      const struct asa_addr *gateway)
{
	for (__u32 row = n->heads[hop_head(gateway)]; row; row = n->hops[row].next) {
		const struct asa_nexthop *nh = &n->t->nexthops[row];

		if (nh->ifindex == ifindex && asa_ntohs(nh->vlan_tci) == vlan && nh->mtu == mtu &&
		    asa_addr_equal(&nh->gateway, gateway))
			return row;
	}
	return 0;
}

/* A row without its flags, which come last. => the flags it has before it is resolved */
static __u16 hop_fill(struct asa_nexthop *nh, __u16 mtu, const struct asa_addr *gateway,
		      const struct policy_if *out)
{
	memset(nh, 0, sizeof(*nh));
	nh->ifindex = out->ifindex;
	nh->mtu = mtu;
	nh->gateway = *gateway;
	memcpy(nh->smac, out->mac, 6);
	if (!out->vlan)
		return 0;
	nh->vlan_proto = asa_htons(0x8100);
	nh->vlan_tci = asa_htons(out->vlan);
	return ASA_NH_VLAN;
}

static __u32 hop_free_row(const struct net *n)
{
	__u32 row = 1;

	while (row < ASA_NEXTHOPS_MAX && n->hops[row].used)
		row++;
	return row < ASA_NEXTHOPS_MAX ? row : 0;
}

static __u32 hop_new(struct net *n, __u16 mtu, const struct asa_addr *gateway, const struct policy_if *out)
{
	__u32 row = hop_free_row(n);

	if (!row)
		return 0;
	hop_flags(&n->t->nexthops[row], 0);
	hop_flags(&n->t->nexthops[row], hop_fill(&n->t->nexthops[row], mtu, gateway, out));
	hop_link(n, row);
	n->hops[row].neigh_ifindex = net_neigh_device(n, out->ifindex, out->vlan);
	hop_look_up(n, row);
	return row;
}

static __u16 hop_mtu(const struct net_route *r, const struct policy_if *out)
{
	__u32 mtu = r->mtu && r->mtu < out->mtu ? r->mtu : out->mtu;

	return mtu > 0xffff ? 0xffff : (__u16)mtu;
}

bool net_nexthop_peek(struct net *n, const struct net_route *r, const struct policy_if *out,
		      struct asa_nexthop *nh)
{
	__u16 mtu = hop_mtu(r, out);
	struct net_neigh_msg m;
	__u32 row;

	if (!out->ifindex)
		return false;
	row = hop_find(n, out->ifindex, out->vlan, mtu, &r->gateway);
	if (row) {
		*nh = n->t->nexthops[row];
		return true;
	}
	nh->flags = hop_fill(nh, mtu, &r->gateway, out);
	if (hop_ask(n, net_neigh_device(n, out->ifindex, out->vlan), &r->gateway, &m))
		hop_set_macs(nh, m.mac, nh->smac);
	return hop_free_row(n) != 0;
}

__u16 net_nexthop_get(struct net *n, const struct net_route *r, const struct policy_if *out)
{
	__u16 mtu = hop_mtu(r, out);
	__u32 row;

	if (!out->ifindex)
		return 0;
	row = hop_find(n, out->ifindex, out->vlan, mtu, &r->gateway);
	if (!row)
		row = hop_new(n, mtu, &r->gateway, out);
	if (!row)
		return 0;
	n->t->nexthops[row].users++;
	net_nexthop_resolve(n, row);
	return row;
}

void net_nexthop_resolve(struct net *n, __u16 row)
{
	struct net_hop *hop = &n->hops[row];

	if (!row || row >= ASA_NEXTHOPS_MAX || !hop->used || (n->t->nexthops[row].flags & ASA_NH_VALID))
		return;
	if (!hop->wanted || n->now - hop->probed >= asa_ticks_from_ms(HOP_RETRY_MS))
		hop_probe(n, row);
	hop->wanted = true;
}

void net_nexthop_put(struct net *n, __u16 row)
{
	struct asa_nexthop *nh;

	if (!row || row >= ASA_NEXTHOPS_MAX || !n->hops[row].used)
		return;
	nh = &n->t->nexthops[row];
	if (nh->users)
		nh->users--;
	if (!nh->users)
		n->hops[row].released = n->now;
}

void net_neigh_event(struct net *n, const struct net_neigh_msg *m, bool deleted)
{
	__u32 next;

	for (__u32 row = n->heads[hop_head(&m->addr)]; row; row = next) {
		struct asa_nexthop *nh = &n->t->nexthops[row];
		struct net_hop *hop = &n->hops[row];
		bool valid = nh->flags & ASA_NH_VALID;

		next = hop->next;
		if (hop->neigh_ifindex != m->ifindex || !asa_addr_equal(&nh->gateway, &m->addr))
			continue;
		hop->fixed = !deleted && (m->state & HOP_NUD_FIXED);
		if (deleted) {
			/* Forgotten is not failed: traffic goes on while Linux asks again. */
			if (nh->users)
				hop_probe(n, row);
		} else if ((m->state & HOP_NUD_VALID) && m->has_mac) {
			if (!valid || memcmp(nh->dmac, m->mac, 6) != 0)
				hop_set_macs(nh, m->mac, nh->smac);
			hop->wanted = false;
			if (!valid && n->neigh)
				n->neigh(n->arg, row, true);
		} else if (m->state & NUD_FAILED) {
			hop_flags(nh, nh->flags & ~ASA_NH_VALID);
			hop->wanted = false;
			if (n->neigh)
				n->neigh(n->arg, row, false);
		}
	}
}

static int hop_dump_answer(const struct nlmsghdr *h, void *arg)
{
	struct net *n = arg;
	struct net_neigh_msg m;

	if (h->nlmsg_type == RTM_NEWNEIGH && net_parse_neigh(h, &m) == 0)
		net_neigh_event(n, &m, false);
	return MNL_CB_OK;
}

int net_neigh_dump(struct net *n)
{
	struct nlmsghdr *h;
	__u8 buf[256];

	h = net_put_header(buf, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg));
	return net_transact(n, h, hop_dump_answer, n);
}

/* After a restart: the rows are there, our half of them is not. */
void net_hops_adopt(struct net *n)
{
	for (__u32 row = 1; row < ASA_NEXTHOPS_MAX; row++) {
		struct asa_nexthop *nh = &n->t->nexthops[row];

		if (!nh->ifindex)
			continue;
		hop_link(n, row);
		n->hops[row].neigh_ifindex = net_neigh_device(n, nh->ifindex, asa_ntohs(nh->vlan_tci));
		n->hops[row].released = n->now;
		n->hops[row].probed = n->now - asa_ticks_from_ms(HOP_CONFIRM_MS);
	}
}

/* Own MAC addresses may have changed; VLAN devices may have come. */
void net_hops_links_changed(struct net *n)
{
	for (__u32 row = 1; row < n->hops_end; row++) {
		struct asa_nexthop *nh = &n->t->nexthops[row];

		if (!n->hops[row].used)
			continue;
		n->hops[row].neigh_ifindex = net_neigh_device(n, nh->ifindex, asa_ntohs(nh->vlan_tci));
		for (size_t i = 0; i < n->n_links; i++) {
			if (n->links[i].ifindex != nh->ifindex || !memcmp(n->links[i].mac, nh->smac, 6))
				continue;
			if (nh->flags & ASA_NH_VALID)
				hop_set_macs(nh, nh->dmac, n->links[i].mac);
			else
				memcpy(nh->smac, n->links[i].mac, 6);
		}
	}
}

void net_tick(struct net *n, __u32 now)
{
	n->now = now;
	for (__u32 row = 1; row < n->hops_end; row++) {
		struct asa_nexthop *nh = &n->t->nexthops[row];
		struct net_hop *hop = &n->hops[row];
		__u32 age = now - hop->probed;

		if (!hop->used)
			continue;
		if (!nh->users) {
			if (now - hop->released < asa_ticks_from_ms(HOP_IDLE_MS))
				continue;
			hop_flags(nh, 0);
			hop_unlink(n, row);
			memset(nh, 0, sizeof(*nh));
		} else if (nh->flags & ASA_NH_VALID) {
			if (age >= asa_ticks_from_ms(HOP_CONFIRM_MS))
				hop_probe(n, row);
		} else if (hop->wanted && age >= asa_ticks_from_ms(HOP_RETRY_MS)) {
			hop_probe(n, row);
		}
	}
}
