// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes that the configuration makes on Linux: addresses, routes, link state, forwarding.
 *
 * Responsible for: one change at a time, idempotent: adding what is there and removing what is
 * not there succeed. Not responsible for: what differs from the configuration (main.c); the
 * result comes back as an event like anybody's change.
 *
 * Callers: main thread applying a configuration, asa->lock held. Needs CAP_NET_ADMIN.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "datapath/net_impl.h"

/* Protocol number of our routes ("ip route" shows it): tells them from other people's. */
#define NET_ROUTE_PROTO 191

static int net_change(struct net *n, struct nlmsghdr *h, bool add)
{
	int r;

	h->nlmsg_flags |= NLM_F_ACK;
	r = net_transact(n, h, NULL, NULL);
	if (add && r == -EEXIST)
		return 0;
	if (!add && (r == -ESRCH || r == -EADDRNOTAVAIL || r == -ENODEV || r == -ENOENT))
		return 0;
	return r;
}

int net_set_addr(struct net *n, __u32 ifindex, const struct model_if_addr *a, bool add)
{
	struct nlmsghdr *h;
	struct ifaddrmsg *i;
	__u8 buf[256];

	h = net_put_header(buf, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(*i));
	i = mnl_nlmsg_get_payload(h);
	i->ifa_family = a->v6 ? AF_INET6 : AF_INET;
	i->ifa_prefixlen = a->plen;
	i->ifa_index = ifindex;
	/* A firewall's address is used at once, without waiting for duplicates to speak up. */
	if (a->v6)
		i->ifa_flags = IFA_F_NODAD;
	net_put_addr(h, IFA_LOCAL, &a->addr);
	net_put_addr(h, IFA_ADDRESS, &a->addr);
	if (add && !a->v6 && a->plen < 31) {
		__be32 mask = a->plen ? asa_htonl(~0u << (32 - a->plen)) : 0;

		mnl_attr_put_u32(h, IFA_BROADCAST, a->addr.w[3] | ~mask);
	}
	return net_change(n, h, add);
}

int net_set_route(struct net *n, const struct model_route *r, __u32 ifindex, bool add)
{
	struct nlmsghdr *h;
	struct rtmsg *rt;
	__u8 buf[256];

	h = net_put_header(buf, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(*rt));
	rt = mnl_nlmsg_get_payload(h);
	rt->rtm_family = r->v6 ? AF_INET6 : AF_INET;
	rt->rtm_dst_len = r->plen;
	rt->rtm_table = RT_TABLE_MAIN;
	rt->rtm_protocol = NET_ROUTE_PROTO;
	rt->rtm_type = RTN_UNICAST;
	rt->rtm_scope = add ? RT_SCOPE_UNIVERSE : RT_SCOPE_NOWHERE;
	if (r->plen)
		net_put_addr(h, RTA_DST, &r->dst);
	net_put_addr(h, RTA_GATEWAY, &r->gw);
	mnl_attr_put_u32(h, RTA_OIF, ifindex);
	mnl_attr_put_u32(h, RTA_PRIORITY, r->metric > 0 ? r->metric : 1);
	return net_change(n, h, add);
}

int net_set_up(struct net *n, __u32 ifindex, bool up)
{
	struct nlmsghdr *h;
	struct ifinfomsg *i;
	__u8 buf[256];

	h = net_put_header(buf, RTM_NEWLINK, 0, sizeof(*i));
	i = mnl_nlmsg_get_payload(h);
	i->ifi_family = AF_UNSPEC;
	i->ifi_index = ifindex;
	i->ifi_change = IFF_UP;
	i->ifi_flags = up ? IFF_UP : 0;
	return net_change(n, h, true);
}

int net_add_vlan(struct net *n, const char *name, __u32 parent, __u16 vlan)
{
	struct nlattr *info, *data;
	struct nlmsghdr *h;
	__u8 buf[512];

	h = net_put_header(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(h, IFLA_LINK, parent);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "vlan");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	mnl_attr_put_u16(h, IFLA_VLAN_ID, vlan);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	return net_change(n, h, true);
}

static int net_write_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/*
 * bpf_fib_lookup() answers only for devices that forward. Linux itself gets no packet to forward:
 * everything that is not the box's own ends in the XDP program or the daemon.
 */
int net_set_forwarding(struct net *n, __u32 ifindex)
{
	static const char *const forms[] = { "/proc/sys/net/ipv4/conf/%s/forwarding",
					     "/proc/sys/net/ipv6/conf/%s/forwarding" };
	char name[IF_NAMESIZE], path[128];
	int result = 0;

	(void)n;
	if (!if_indextoname(ifindex, name))
		return -ENODEV;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		int r;

		snprintf(path, sizeof(path), forms[i], name);
		r = net_write_sysctl(path, "1");
		if (r < 0 && r != -ENOENT)
			result = r;
	}
	return result;
}
