/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the netlink mirror, shared by net.c (links, addresses, events), route.c (lookups),
 * neigh.c (next hops), net_msg.c (messages) and net_set.c (changes). Nobody else includes it,
 * except the unit test of the message parser.
 */
#ifndef DATAPATH_NET_IMPL_H
#define DATAPATH_NET_IMPL_H

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "datapath/net.h"

#define NET_BUFFER 32768
#define NET_LINKS_MAX POLICY_IFS_MAX

/* ------------------------------------------------------------------ net_msg.c */

/* What a message says; parsers accept any bytes. => 0, or -EBADMSG when it cannot be meant. */
struct net_link_msg {
	__u32 ifindex, mtu, parent;
	__u16 vlan; /* a VLAN device: its id, on 'parent' */
	__u8 mac[6];
	bool up;
	char name[16];
};
int net_parse_link(const struct nlmsghdr *h, struct net_link_msg *m);

struct net_addr_msg {
	__u32 ifindex;
	__u8 plen;
	bool v6;
	struct asa_addr addr;
};
int net_parse_addr(const struct nlmsghdr *h, struct net_addr_msg *m);

struct net_route_msg {
	__u8 type; /* RTN_UNICAST, RTN_LOCAL … */
	bool cloned, has_gateway;
	__u32 ifindex, mtu;
	struct asa_addr gateway;
};
int net_parse_route(const struct nlmsghdr *h, struct net_route_msg *m);

struct net_neigh_msg {
	__u32 ifindex;
	__u16 state; /* NUD_… */
	bool has_mac;
	struct asa_addr addr;
	__u8 mac[6];
};
int net_parse_neigh(const struct nlmsghdr *h, struct net_neigh_msg *m);

struct nlmsghdr *net_put_header(void *buf, __u16 type, __u16 flags, size_t body);
/* Address attribute in the family's size. */
void net_put_addr(struct nlmsghdr *h, __u16 attr, const struct asa_addr *a);

/* ------------------------------------------------------------------ state */

/* One way out of the box that was looked up. */
struct net_cached {
	struct asa_addr dst;
	struct net_route route;
	__u32 gen; /* 0: empty */
	__u8 drop; /* enum asa_drop */
	bool local;
};
#define NET_CACHE_SETS 4096
#define NET_CACHE_WAYS 4

/* The daemon's half of a next-hop row. */
struct net_hop {
	__u32 neigh_ifindex; /* device whose neighbour table knows the gateway */
	__u32 next; /* row in the same hash chain, 0 end */
	__u32 probed; /* tick of the last NTF_USE */
	__u32 released; /* tick at which the last user went */
	bool used; /* the row is taken */
	bool wanted; /* a packet waits for it */
	bool fixed; /* Linux's entry is permanent: NTF_USE would take that from it */
};
#define NET_HOP_HEADS 1024

struct net {
	struct dp *dp;
	struct dp_tables *t;
	net_change_cb change;
	net_neigh_cb neigh;
	void *arg;
	struct mnl_socket *events; /* multicast groups, not blocking */
	struct mnl_socket *requests; /* questions and answers */
	__u32 sequence;
	__u32 gen; /* route generation, copied to asa_config */
	struct sys_info sys, sys_new;
	struct net_link_msg links[NET_LINKS_MAX];
	size_t n_links;
	struct asa_addr *locals; /* what is in asa_local as HOST */
	size_t n_locals;
	struct asa_addr *locals_new;
	size_t n_locals_new, locals_cap;
	struct net_cached cache[NET_CACHE_SETS][NET_CACHE_WAYS];
	struct net_hop hops[ASA_NEXTHOPS_MAX];
	__u32 heads[NET_HOP_HEADS];
	__u32 hops_end; /* rows from here on were never used */
	__u32 now; /* of the last net_tick() */
	__u8 buffer[NET_BUFFER];
};

/* Send a request and hand its answers to cb. => 0 or -errno (the kernel's word on it). */
int net_transact(struct net *n, struct nlmsghdr *h, mnl_cb_t cb, void *arg);

/* route.c */
void net_routes_changed(struct net *n);

/* neigh.c */
void net_hops_adopt(struct net *n);
void net_hops_links_changed(struct net *n);
void net_neigh_event(struct net *n, const struct net_neigh_msg *m, bool deleted);
int net_neigh_dump(struct net *n);
/* Device whose neighbour table serves (device, VLAN). */
__u32 net_neigh_device(const struct net *n, __u32 ifindex, __u16 vlan);

#endif
