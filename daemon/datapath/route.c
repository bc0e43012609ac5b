// SPDX-License-Identifier: GPL-2.0-only
/*
 * Route lookups: Linux decides, a cache remembers.
 *
 * Responsible for: one RTM_GETROUTE for each destination and route generation; the generation
 * itself, which XDP compares with that of a connection's next hop.
 * Not responsible for: next-hop rows (neigh.c), re-resolving connections (session).
 *
 * The kernel is asked rather than imitated: policy rules, multipath, metrics and route types are
 * right by construction. A cached answer costs a hash and a compare; the cache is set-associative
 * and never grows. Any change of routes, rules, links or addresses makes all of it old at once.
 *
 * Callers: first packets of connections, with asa->lock held.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "datapath/net_impl.h"

void net_routes_changed(struct net *n)
{
	n->gen++;
	/* Connections keep only 16 bits of it; 0 marks a direction that was never resolved. */
	if ((__u16)n->gen == 0)
		n->gen++;
	if (n->t && n->t->config)
		__atomic_store_n(&n->t->config->route_gen, n->gen, __ATOMIC_RELEASE);
}

static struct net_cached *net_cache_set(struct net *n, const struct asa_addr *dst)
{
	__u64 h = (dst->d[0] ^ (dst->d[1] * 0x9e3779b97f4a7c15ull)) * 0xff51afd7ed558ccdull;

	return n->cache[(h >> 40) % NET_CACHE_SETS];
}

static int net_route_answer(const struct nlmsghdr *h, void *arg)
{
	struct net_route_msg *m = arg;

	if (h->nlmsg_type == RTM_NEWROUTE && net_parse_route(h, m) < 0)
		m->type = RTN_UNSPEC;
	return MNL_CB_STOP;
}

/* Multicast, unspecified and link-local destinations are never routed. */
static bool net_routable(const struct asa_addr *dst)
{
	if (asa_addr_is_v4(dst))
		return dst->b[12] != 0 && dst->b[12] < 224;
	if (dst->b[0] == 0xff || (dst->b[0] == 0xfe && (dst->b[1] & 0xc0) == 0x80))
		return false;
	return dst->d[0] || dst->w[2];
}

static const struct net_link_msg *net_link(const struct net *n, __u32 ifindex)
{
	for (size_t i = 0; i < n->n_links; i++)
		if (n->links[i].ifindex == ifindex)
			return &n->links[i];
	return NULL;
}

/* One question; oif 0: by any device. => 0 with the answer in *m, or the kernel's -errno */
static int net_route_query(struct net *n, const struct asa_addr *dst, __u32 oif, struct net_route_msg *m)
{
	bool v4 = asa_addr_is_v4(dst);
	__u8 buf[256];
	struct nlmsghdr *h;
	struct rtmsg *rt;

	h = net_put_header(buf, RTM_GETROUTE, 0, sizeof(*rt));
	rt = mnl_nlmsg_get_payload(h);
	rt->rtm_family = v4 ? AF_INET : AF_INET6;
	rt->rtm_dst_len = v4 ? 32 : 128;
	net_put_addr(h, RTA_DST, dst);
	if (oif)
		mnl_attr_put_u32(h, RTA_OIF, oif);
	return net_transact(n, h, net_route_answer, m);
}

static void net_route_ask(struct net *n, const struct asa_addr *dst, struct net_cached *c)
{
	const struct net_link_msg *link;
	struct net_route_msg m = { 0 };
	int r;

	memset(c, 0, sizeof(*c));
	c->dst = *dst;
	c->gen = n->gen;
	c->drop = DROP_ROUTE_NONE;
	if (!net_routable(dst))
		return;
	r = net_route_query(n, dst, 0, &m);
	if (r < 0) {
		/* Unreachable, prohibited and "no such route" come as errors; only ours are news. */
		if (r == -ENOBUFS || r == -EAGAIN || r == -EBADMSG) {
			c->gen = 0;
			log_warnx("route lookup failed: %s", strerror(-r));
		}
		return;
	}
	if (m.type == RTN_LOCAL || m.type == RTN_ANYCAST) {
		c->local = true;
		return;
	}
	if (m.type != RTN_UNICAST || !m.ifindex)
		return;
	link = net_link(n, m.ifindex);
	c->drop = DROP_NONE;
	c->route.ifindex = m.ifindex;
	c->route.gateway = m.has_gateway ? m.gateway : *dst;
	c->route.mtu = link ? link->mtu : 0;
	if (m.mtu && (!c->route.mtu || m.mtu < c->route.mtu))
		c->route.mtu = m.mtu;
	/* A VLAN device is its parent with a tag: that is how frames leave. */
	if (link && link->vlan && link->parent) {
		c->route.ifindex = link->parent;
		c->route.vlan = link->vlan;
	}
}

enum asa_drop net_route(struct net *n, const struct asa_addr *dst, struct net_route *r, bool *local)
{
	struct net_cached *set = net_cache_set(n, dst), *c = NULL;

	for (int i = 0; i < NET_CACHE_WAYS && !c; i++)
		if (set[i].gen == n->gen && asa_addr_equal(&set[i].dst, dst))
			c = &set[i];
	if (!c) {
		/* The row asked for longest ago makes room; the newest is first. */
		memmove(&set[1], &set[0], (NET_CACHE_WAYS - 1) * sizeof(set[0]));
		c = &set[0];
		net_route_ask(n, dst, c);
	}
	if (local)
		*local = c->local;
	*r = c->route;
	return c->drop;
}

bool net_route_remains(struct net *n, const struct asa_addr *dst, const struct asa_nexthop *nh)
{
	__u16 vlan = nh->flags & ASA_NH_VLAN ? asa_ntohs(nh->vlan_tci) & 0x0fff : 0;
	struct net_route_msg m = { 0 };
	__u32 oif = nh->ifindex;

	for (size_t i = 0; vlan && i < n->n_links; i++)
		if (n->links[i].parent == nh->ifindex && n->links[i].vlan == vlan)
			oif = n->links[i].ifindex;
	if (!net_routable(dst) || net_route_query(n, dst, oif, &m) < 0 || m.type != RTN_UNICAST ||
	    m.ifindex != oif)
		return false;
	return asa_addr_equal(m.has_gateway ? &m.gateway : dst, &nh->gateway);
}
