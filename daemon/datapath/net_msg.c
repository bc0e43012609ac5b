// SPDX-License-Identifier: GPL-2.0-only
/*
 * rtnetlink messages: from bytes to small structs, and the pieces to build requests.
 *
 * Responsible for: bounds. The kernel is trusted to mean well, not to be the version we know: an
 * attribute that is missing, short, of another kind or unknown must not hurt.
 * Not responsible for: what the messages cause (net.c, route.c, neigh.c).
 *
 * No state. Callers: the other files of the netlink mirror, the unit test. Any thread.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#include "datapath/net_impl.h"

/* The fixed part of a message. => NULL when the message is too short to have it. */
static const void *net_body(const struct nlmsghdr *h, size_t size)
{
	if (h->nlmsg_len < NLMSG_HDRLEN || mnl_nlmsg_get_payload_len(h) < size)
		return NULL;
	return mnl_nlmsg_get_payload(h);
}

struct net_attrs {
	const struct nlattr **tb;
	__u16 max;
};

static int net_attr_cb(const struct nlattr *a, void *arg)
{
	struct net_attrs *t = arg;
	__u16 type = mnl_attr_get_type(a);

	if (type <= t->max)
		t->tb[type] = a;
	return MNL_CB_OK;
}

static void net_attrs(const struct nlmsghdr *h, size_t body, const struct nlattr **tb, __u16 max)
{
	size_t size = mnl_nlmsg_get_payload_len(h), fixed = MNL_ALIGN(body);
	struct net_attrs t = { tb, max };

	memset(tb, 0, (max + 1) * sizeof(*tb));
	/* Bounded by the length itself: mnl_attr_parse() would round it up. */
	if (size > fixed)
		mnl_attr_parse_payload((const char *)mnl_nlmsg_get_payload(h) + fixed, size - fixed, net_attr_cb, &t);
}

static void net_attrs_nested(const struct nlattr *nest, const struct nlattr **tb, __u16 max)
{
	struct net_attrs t = { tb, max };

	memset(tb, 0, (max + 1) * sizeof(*tb));
	if (nest)
		mnl_attr_parse_nested(nest, net_attr_cb, &t);
}

static bool net_attr_u32(const struct nlattr *a, __u32 *v)
{
	if (!a || mnl_attr_get_payload_len(a) < sizeof(*v))
		return false;
	memcpy(v, mnl_attr_get_payload(a), sizeof(*v));
	return true;
}

static bool net_attr_addr(const struct nlattr *a, __u8 family, struct asa_addr *out)
{
	__be32 v4;

	if (!a)
		return false;
	if (family == AF_INET && mnl_attr_get_payload_len(a) >= sizeof(v4)) {
		memcpy(&v4, mnl_attr_get_payload(a), sizeof(v4));
		asa_addr_set_v4(out, v4);
		return true;
	}
	if (family == AF_INET6 && mnl_attr_get_payload_len(a) >= sizeof(*out)) {
		memcpy(out, mnl_attr_get_payload(a), sizeof(*out));
		return true;
	}
	return false;
}

static bool net_attr_mac(const struct nlattr *a, __u8 mac[6])
{
	if (!a || mnl_attr_get_payload_len(a) != 6)
		return false;
	memcpy(mac, mnl_attr_get_payload(a), 6);
	return true;
}

/* IFLA_LINKINFO { kind "vlan", data { id } } */
static __u16 net_link_vlan(const struct nlattr *info)
{
	const struct nlattr *tb[IFLA_INFO_MAX + 1], *data[IFLA_VLAN_MAX + 1];
	__u16 id = 0;

	net_attrs_nested(info, tb, IFLA_INFO_MAX);
	if (!tb[IFLA_INFO_KIND] || mnl_attr_get_payload_len(tb[IFLA_INFO_KIND]) < 4 ||
	    memcmp(mnl_attr_get_payload(tb[IFLA_INFO_KIND]), "vlan", 4) != 0)
		return 0;
	net_attrs_nested(tb[IFLA_INFO_DATA], data, IFLA_VLAN_MAX);
	if (data[IFLA_VLAN_ID] && mnl_attr_get_payload_len(data[IFLA_VLAN_ID]) >= sizeof(id))
		memcpy(&id, mnl_attr_get_payload(data[IFLA_VLAN_ID]), sizeof(id));
	return id & 0xfff;
}

int net_parse_link(const struct nlmsghdr *h, struct net_link_msg *m)
{
	const struct ifinfomsg *i = net_body(h, sizeof(*i));
	const struct nlattr *tb[IFLA_MAX + 1];
	size_t n;

	memset(m, 0, sizeof(*m));
	if (!i || i->ifi_index <= 0)
		return -EBADMSG;
	net_attrs(h, sizeof(*i), tb, IFLA_MAX);
	if (!tb[IFLA_IFNAME])
		return -EBADMSG;
	n = mnl_attr_get_payload_len(tb[IFLA_IFNAME]);
	if (n == 0 || n > sizeof(m->name))
		return -EBADMSG;
	memcpy(m->name, mnl_attr_get_payload(tb[IFLA_IFNAME]), n);
	m->name[sizeof(m->name) - 1] = '\0';
	m->ifindex = i->ifi_index;
	m->up = (i->ifi_flags & IFF_UP) && (i->ifi_flags & IFF_RUNNING);
	net_attr_u32(tb[IFLA_MTU], &m->mtu);
	net_attr_u32(tb[IFLA_LINK], &m->parent);
	net_attr_mac(tb[IFLA_ADDRESS], m->mac);
	m->vlan = net_link_vlan(tb[IFLA_LINKINFO]);
	return 0;
}

int net_parse_addr(const struct nlmsghdr *h, struct net_addr_msg *m)
{
	const struct ifaddrmsg *i = net_body(h, sizeof(*i));
	const struct nlattr *tb[IFA_MAX + 1];

	memset(m, 0, sizeof(*m));
	if (!i || (i->ifa_family != AF_INET && i->ifa_family != AF_INET6))
		return -EBADMSG;
	net_attrs(h, sizeof(*i), tb, IFA_MAX);
	m->ifindex = i->ifa_index;
	m->v6 = i->ifa_family == AF_INET6;
	m->plen = i->ifa_prefixlen;
	if (m->plen > (m->v6 ? 128 : 32))
		return -EBADMSG;
	/* On a point-to-point link IFA_ADDRESS is the other end's, IFA_LOCAL ours. */
	if (!net_attr_addr(tb[IFA_LOCAL], i->ifa_family, &m->addr) &&
	    !net_attr_addr(tb[IFA_ADDRESS], i->ifa_family, &m->addr))
		return -EBADMSG;
	return 0;
}

int net_parse_route(const struct nlmsghdr *h, struct net_route_msg *m)
{
	const struct rtmsg *i = net_body(h, sizeof(*i));
	const struct nlattr *tb[RTA_MAX + 1], *metrics[RTAX_MAX + 1];

	memset(m, 0, sizeof(*m));
	if (!i || (i->rtm_family != AF_INET && i->rtm_family != AF_INET6))
		return -EBADMSG;
	net_attrs(h, sizeof(*i), tb, RTA_MAX);
	m->type = i->rtm_type;
	m->cloned = i->rtm_flags & RTM_F_CLONED;
	net_attr_u32(tb[RTA_OIF], &m->ifindex);
	m->has_gateway = net_attr_addr(tb[RTA_GATEWAY], i->rtm_family, &m->gateway);
	if (!m->has_gateway && tb[RTA_VIA]) {
		/* IPv4 route by way of an IPv6 neighbour: family, then the address. */
		const __u8 *via = mnl_attr_get_payload(tb[RTA_VIA]);
		__u16 family;

		if (mnl_attr_get_payload_len(tb[RTA_VIA]) >= sizeof(family) + sizeof(m->gateway)) {
			memcpy(&family, via, sizeof(family));
			if (family == AF_INET6) {
				memcpy(&m->gateway, via + sizeof(family), sizeof(m->gateway));
				m->has_gateway = true;
			}
		}
	}
	net_attrs_nested(tb[RTA_METRICS], metrics, RTAX_MAX);
	net_attr_u32(metrics[RTAX_MTU], &m->mtu);
	return 0;
}

int net_parse_neigh(const struct nlmsghdr *h, struct net_neigh_msg *m)
{
	const struct ndmsg *i = net_body(h, sizeof(*i));
	const struct nlattr *tb[NDA_MAX + 1];

	memset(m, 0, sizeof(*m));
	if (!i || (i->ndm_family != AF_INET && i->ndm_family != AF_INET6))
		return -EBADMSG;
	net_attrs(h, sizeof(*i), tb, NDA_MAX);
	m->ifindex = i->ndm_ifindex;
	m->state = i->ndm_state;
	m->has_mac = net_attr_mac(tb[NDA_LLADDR], m->mac);
	return net_attr_addr(tb[NDA_DST], i->ndm_family, &m->addr) ? 0 : -EBADMSG;
}

struct nlmsghdr *net_put_header(void *buf, __u16 type, __u16 flags, size_t body)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	memset(mnl_nlmsg_put_extra_header(h, body), 0, body);
	return h;
}

void net_put_addr(struct nlmsghdr *h, __u16 attr, const struct asa_addr *a)
{
	if (asa_addr_is_v4(a))
		mnl_attr_put(h, attr, sizeof(a->w[3]), &a->w[3]);
	else
		mnl_attr_put(h, attr, sizeof(*a), a);
}
