// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/datapath/net_msg.o */
/*
 * Netlink messages as the kernel sends them, and as nobody should: cut anywhere, attributes with
 * wrong lengths, unknown types. Built with ASan: a read past the message fails the test. SES-1.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdlib.h>
#include <CUnit/CUnit.h>

#include "datapath/net_impl.h"
#include "lib/cunit.h"

static __u8 buf[2048];

static const __u8 mac[6] = { 2, 0, 0, 0, 0, 9 };

static struct asa_addr v4(__u32 a)
{
	struct asa_addr out;

	asa_addr_set_v4(&out, asa_htonl(a));
	return out;
}

static struct asa_addr v6(__u8 last)
{
	return (struct asa_addr){ .b = { 0x20, 1, 0x0d, 0xb8, [15] = last } };
}

/* The message in a heap block of exactly its size. */
static struct nlmsghdr *exact(const struct nlmsghdr *h, size_t size)
{
	struct nlmsghdr *copy = malloc(size ? size : 1);

	memcpy(copy, h, size);
	if (size >= sizeof(*copy))
		copy->nlmsg_len = size;
	return copy;
}

static struct nlmsghdr *link_message(bool vlan)
{
	struct nlmsghdr *h = net_put_header(buf, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	struct nlattr *info, *data;

	i->ifi_index = 7;
	i->ifi_flags = IFF_UP | IFF_RUNNING;
	mnl_attr_put_strz(h, IFLA_IFNAME, "eth0.20");
	mnl_attr_put_u32(h, IFLA_MTU, 1400);
	mnl_attr_put(h, IFLA_ADDRESS, 6, mac);
	mnl_attr_put_u32(h, IFLA_LINK, 3);
	if (vlan) {
		info = mnl_attr_nest_start(h, IFLA_LINKINFO);
		mnl_attr_put_strz(h, IFLA_INFO_KIND, "vlan");
		data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
		mnl_attr_put_u16(h, IFLA_VLAN_ID, 20);
		mnl_attr_nest_end(h, data);
		mnl_attr_nest_end(h, info);
	}
	return h;
}

static struct nlmsghdr *route_message(void)
{
	struct nlmsghdr *h = net_put_header(buf, RTM_NEWROUTE, 0, sizeof(struct rtmsg));
	struct rtmsg *rt = mnl_nlmsg_get_payload(h);
	struct asa_addr gw = v4(0xc0000201);
	struct nlattr *metrics;

	rt->rtm_family = AF_INET;
	rt->rtm_type = RTN_UNICAST;
	net_put_addr(h, RTA_GATEWAY, &gw);
	mnl_attr_put_u32(h, RTA_OIF, 4);
	metrics = mnl_attr_nest_start(h, RTA_METRICS);
	mnl_attr_put_u32(h, RTAX_MTU, 1280);
	mnl_attr_nest_end(h, metrics);
	return h;
}

static struct nlmsghdr *neigh_message(void)
{
	struct nlmsghdr *h = net_put_header(buf, RTM_NEWNEIGH, 0, sizeof(struct ndmsg));
	struct ndmsg *nd = mnl_nlmsg_get_payload(h);
	struct asa_addr a = v6(5);

	nd->ndm_family = AF_INET6;
	nd->ndm_ifindex = 4;
	nd->ndm_state = NUD_REACHABLE;
	net_put_addr(h, NDA_DST, &a);
	mnl_attr_put(h, NDA_LLADDR, 6, mac);
	return h;
}

static struct nlmsghdr *addr_message(bool local)
{
	struct nlmsghdr *h = net_put_header(buf, RTM_NEWADDR, 0, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *i = mnl_nlmsg_get_payload(h);
	struct asa_addr own = v4(0xc0000201), peer = v4(0xc0000202);

	i->ifa_family = AF_INET;
	i->ifa_index = 4;
	i->ifa_prefixlen = 30;
	net_put_addr(h, IFA_ADDRESS, local ? &peer : &own);
	if (local)
		net_put_addr(h, IFA_LOCAL, &own);
	return h;
}

static void links(void)
{
	struct net_link_msg m;

	CU_ASSERT_EQUAL(net_parse_link(link_message(true), &m), 0);
	CU_ASSERT_STRING_EQUAL(m.name, "eth0.20");
	CU_ASSERT_EQUAL(m.ifindex, 7);
	CU_ASSERT_EQUAL(m.mtu, 1400);
	CU_ASSERT_EQUAL(m.parent, 3);
	CU_ASSERT_EQUAL(m.vlan, 20);
	CU_ASSERT_TRUE(m.up);
	CU_ASSERT_EQUAL(memcmp(m.mac, mac, 6), 0);
	CU_ASSERT_EQUAL(net_parse_link(link_message(false), &m), 0);
	CU_ASSERT_EQUAL(m.vlan, 0); /* a veth's peer is a link as well, and no parent with a tag */
}

static void addresses(void)
{
	struct asa_addr own = v4(0xc0000201);
	struct net_addr_msg m;

	CU_ASSERT_EQUAL(net_parse_addr(addr_message(false), &m), 0);
	CU_ASSERT_TRUE(asa_addr_equal(&m.addr, &own));
	CU_ASSERT_EQUAL(m.plen, 30);
	CU_ASSERT_FALSE(m.v6);
	/* point to point: ours is IFA_LOCAL */
	CU_ASSERT_EQUAL(net_parse_addr(addr_message(true), &m), 0);
	CU_ASSERT_TRUE(asa_addr_equal(&m.addr, &own));
	((struct ifaddrmsg *)mnl_nlmsg_get_payload(addr_message(false)))->ifa_prefixlen = 33;
	CU_ASSERT_EQUAL(net_parse_addr((struct nlmsghdr *)buf, &m), -EBADMSG);
}

static void routes(void)
{
	struct asa_addr gw = v4(0xc0000201), gw6 = v6(1);
	struct net_route_msg m;
	struct nlmsghdr *h;
	struct rtmsg *rt;
	struct {
		__u16 family;
		__u8 addr[16];
	} __attribute__((packed)) via = { .family = AF_INET6 };

	CU_ASSERT_EQUAL(net_parse_route(route_message(), &m), 0);
	CU_ASSERT_EQUAL(m.type, RTN_UNICAST);
	CU_ASSERT_EQUAL(m.ifindex, 4);
	CU_ASSERT_EQUAL(m.mtu, 1280);
	CU_ASSERT_TRUE(m.has_gateway && asa_addr_equal(&m.gateway, &gw));
	/* IPv4 by way of an IPv6 neighbour (RFC 5549) */
	h = net_put_header(buf, RTM_NEWROUTE, 0, sizeof(*rt));
	rt = mnl_nlmsg_get_payload(h);
	rt->rtm_family = AF_INET;
	rt->rtm_type = RTN_UNICAST;
	rt->rtm_flags = RTM_F_CLONED;
	memcpy(via.addr, &gw6, 16);
	mnl_attr_put(h, RTA_VIA, sizeof(via), &via);
	CU_ASSERT_EQUAL(net_parse_route(h, &m), 0);
	CU_ASSERT_TRUE(m.cloned);
	CU_ASSERT_TRUE(m.has_gateway && asa_addr_equal(&m.gateway, &gw6));
	rt->rtm_family = AF_PACKET;
	CU_ASSERT_EQUAL(net_parse_route(h, &m), -EBADMSG);
}

static void neighbours(void)
{
	struct asa_addr a = v6(5);
	struct net_neigh_msg m;
	struct nlmsghdr *h;

	CU_ASSERT_EQUAL(net_parse_neigh(neigh_message(), &m), 0);
	CU_ASSERT_TRUE(asa_addr_equal(&m.addr, &a));
	CU_ASSERT_EQUAL(m.state, NUD_REACHABLE);
	CU_ASSERT_TRUE(m.has_mac);
	/* a link-layer address of another length (IPoIB) is none that we can send to */
	h = neigh_message();
	h->nlmsg_len -= 12;
	mnl_attr_put(h, NDA_LLADDR, 20, buf);
	CU_ASSERT_EQUAL(net_parse_neigh(h, &m), 0);
	CU_ASSERT_FALSE(m.has_mac);
}

static void parse_all(const struct nlmsghdr *h)
{
	struct net_link_msg link;
	struct net_addr_msg addr;
	struct net_route_msg route;
	struct net_neigh_msg neigh;

	net_parse_link(h, &link);
	CU_ASSERT_EQUAL(link.name[sizeof(link.name) - 1], '\0');
	net_parse_addr(h, &addr);
	net_parse_route(h, &route);
	net_parse_neigh(h, &neigh);
}

/* Every message, cut at every length, read as every kind. */
static void cut_anywhere(void)
{
	for (int kind = 0; kind < 5; kind++) {
		struct nlmsghdr *h = kind == 0 ? link_message(true) : kind == 1 ? route_message() :
				     kind == 2 ? neigh_message() : addr_message(kind == 3);
		size_t full = h->nlmsg_len;

		for (size_t n = sizeof(*h); n <= full; n++) {
			struct nlmsghdr *copy = exact(h, n);

			parse_all(copy);
			free(copy);
		}
	}
}

/* Attributes that lie about their length or type, nested ones included. */
static void bytes_changed_anywhere(void)
{
	unsigned int seed = 1;

	for (int round = 0; round < 20000; round++) {
		struct nlmsghdr *h = round % 4 == 0 ? link_message(true) : round % 4 == 1 ? route_message() :
				     round % 4 == 2 ? neigh_message() : addr_message(true);
		struct nlmsghdr *copy;
		size_t full = h->nlmsg_len;
		int changes = 1 + rand_r(&seed) % 4;

		copy = exact(h, full);
		while (changes--)
			((__u8 *)copy)[sizeof(*h) + rand_r(&seed) % (full - sizeof(*h))] = rand_r(&seed);
		parse_all(copy);
		free(copy);
	}
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-1 links", links },
		{ "SES-1 addresses", addresses },
		{ "SES-1 routes", routes },
		{ "SES-1 neighbours", neighbours },
		{ "cut_anywhere", cut_anywhere },
		{ "bytes_changed_anywhere", bytes_changed_anywhere },
		{ NULL, NULL },
	};

	return asa_cunit_main("net", tests);
}
