/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Linux knows: links, own addresses, routes and neighbours, mirrored over netlink.
 *
 * Responsible for: answering route lookups from a cache (one RTM_GETROUTE per destination and
 * generation), keeping the next-hop rows (asa_nexthops) in step with neighbours, bumping
 * asa_config.route_gen when routes or links change, keeping asa_local in step with own addresses.
 * Not responsible for: policy; attaching.
 *
 * Threads: all functions are called with asa->lock held, except net_fd()/net_poll() callers, which
 * take it themselves around net_poll().
 */
#ifndef DATAPATH_NET_H
#define DATAPATH_NET_H

#include "datapath/dp.h"
#include "policy/policy.h"

struct net;

/* Called when links or addresses changed (the policy must be recompiled), from net_poll(). */
typedef void (*net_change_cb)(void *arg);
/* Called when the next hop 'nexthop' became resolved (or failed), to release waiting frames. */
typedef void (*net_neigh_cb)(void *arg, __u16 nexthop, bool resolved);

int net_new(struct dp *d /* NULL in tests */, struct dp_tables *t, net_change_cb change, net_neigh_cb neigh,
	    void *arg, struct net **out, char *err, size_t err_size);
void net_free(struct net *n);
int net_fd(const struct net *n); /* for poll: readable when kernel messages wait */
void net_poll(struct net *n); /* handle what is there; bounded */
void net_tick(struct net *n, __u32 now); /* keep used neighbours confirmed, free unused next-hop rows */
const struct sys_info *net_sys(const struct net *n);
/* What the resolver knows becomes part of net_sys(); it stays the resolver's. */
void net_set_names(struct net *n, const struct sys_names *names);

struct net_route {
	__u32 ifindex; /* egress Linux device */
	__u16 vlan; /* set by the caller from the policy interface */
	struct asa_addr gateway; /* next hop; the destination itself when on-link */
	__u32 mtu;
};
/* => DROP_NONE, DROP_ROUTE_NONE. A local destination is DROP_ROUTE_NONE with *local true. */
enum asa_drop net_route(struct net *n, const struct asa_addr *dst, struct net_route *r, bool *local);

/*
 * Is there still a route to 'dst' by the device and gateway of next hop 'nh', whatever better ones
 * there are? Asks the kernel each time.
 */
bool net_route_remains(struct net *n, const struct asa_addr *dst, const struct asa_nexthop *nh);

/*
 * Row of asa_nexthops for a route through policy interface 'out' (device, VLAN tag, MTU), taken
 * into use (users + 1). If its neighbour is unknown, resolution is started and the row is not
 * VALID yet. => row number, 0 when the table is full.
 */
__u16 net_nexthop_get(struct net *n, const struct net_route *r, const struct policy_if *out);
/*
 * What the row would be that net_nexthop_get() returns, VALID if Linux knows the neighbour now;
 * no row is taken and nobody is asked on the wire. => false when the table is full.
 */
bool net_nexthop_peek(struct net *n, const struct net_route *r, const struct policy_if *out,
		      struct asa_nexthop *nh);
void net_nexthop_put(struct net *n, __u16 row);
/* A frame waits for the row: ask for its neighbour again (at most once a second). */
void net_nexthop_resolve(struct net *n, __u16 row);

/* Configuration puts addresses, routes, link state on Linux interfaces. => 0 or -errno. */
int net_set_addr(struct net *n, __u32 ifindex, const struct model_if_addr *a, bool add);
int net_set_route(struct net *n, const struct model_route *r, __u32 ifindex, bool add);
int net_set_up(struct net *n, __u32 ifindex, bool up);
/* Make VLAN device 'name' on 'parent'. => -EOPNOTSUPP on kernels without VLAN devices. */
int net_add_vlan(struct net *n, const char *name, __u32 parent, __u16 vlan);
/* net.ipv4/ipv6 forwarding of the device on, so that bpf_fib_lookup answers (see doc). */
int net_set_forwarding(struct net *n, __u32 ifindex);

#endif
