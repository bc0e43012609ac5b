// SPDX-License-Identifier: GPL-2.0-only
/*
 * show interface [ip brief], show nameif, show ip address, show traffic, show route, show arp and
 * clearing the interface counters.
 *
 * Responsible for: interfaces as the policy, Linux and the counters of the datapath see them; the
 * kernel's routes and neighbours with the firewall's interface names.
 * Not responsible for: counting (XDP and the engine), rates (rates.c).
 *
 * Callers: config/ through the table at the end. Threads: main thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/commands.h"
#include "control/rates.h"
#include "datapath/dp.h"
#include "datapath/net.h"
#include "datapath/xsk.h"
#include "policy/policy.h"

static const char *mode_text(enum dp_mode mode)
{
	switch (mode) {
	case DP_MODE_NATIVE: return "native";
	case DP_MODE_GENERIC: return "generic";
	case DP_MODE_OFFLOAD: return "offload";
	default: return "none";
	}
}

/* Own addresses of a Linux device. => NULL when it is absent. */
static const struct sys_if *sys_find(struct asa *a, const struct policy_if *f)
{
	const struct sys_info *sys = net_sys(a->net);

	for (size_t i = 0; sys && i < sys->n_ifs; i++)
		if (strcmp(sys->ifs[i].dev, f->dev) == 0 ||
		    (f->ifindex && sys->ifs[i].ifindex == f->ifindex))
			return &sys->ifs[i];
	return NULL;
}

/* Netmask of an IPv4 address; empty for IPv6. */
static void mask_text(const struct model_if_addr *a, char *buf, size_t size)
{
	struct asa_addr mask;

	buf[0] = 0;
	if (a->v6 || a->plen > 32)
		return;
	asa_addr_set_v4(&mask, asa_htonl(a->plen ? ~0u << (32 - a->plen) : 0));
	output_format_addr(&mask, buf, size);
}

static bool nameif_matches(const struct policy_if *f, const char *name)
{
	return !name || strcmp(name, f->name) == 0 || strcmp(name, f->dev) == 0;
}

/* ------------------------------------------------------------------ show interface */

static void if_addresses(struct output *o, const struct sys_if *sys)
{
	char addr[64], mask[64];

	output_list_begin(o, "addresses");
	for (size_t i = 0; sys && i < sys->n_addrs; i++) {
		const struct model_if_addr *a = &sys->addrs[i];

		output_format_addr(&a->addr, addr, sizeof(addr));
		mask_text(a, mask, sizeof(mask));
		if (a->v6)
			output_text(o, "\tIPv6 address %s/%u\n", addr, a->plen);
		else
			output_text(o, "\tIP address %s, subnet mask %s\n", addr, mask);
		output_strf(o, NULL, "%s/%u", addr, a->plen);
	}
	output_list_end(o);
	if (!sys || !sys->n_addrs)
		output_text(o, "\tIP address unassigned\n");
}

static void if_sockets(struct output *o, struct asa *a, __u32 ifindex)
{
	struct xsk_info x;

	output_list_begin(o, "sockets");
	for (size_t i = 0; workers_xsk_info(a->workers, i, &x); i++) {
		if (x.ifindex != ifindex)
			continue;
		output_text(o,
			    "\tAF_XDP socket queue %u: %s mode%s, %llu received, %llu sent, %llu "
			    "receive lost, %llu send failed\n",
			    x.queue, x.zero_copy ? "zero-copy" : "copy",
			    x.need_wakeup ? ", need-wakeup" : "", (unsigned long long)x.rx,
			    (unsigned long long)x.tx, (unsigned long long)x.rx_lost,
			    (unsigned long long)x.tx_failed);
		output_object_begin(o, NULL);
		output_u64(o, "queue", x.queue);
		output_str(o, "mode", x.zero_copy ? "zero-copy" : "copy");
		output_bool(o, "need_wakeup", x.need_wakeup);
		output_u64(o, "rx", x.rx);
		output_u64(o, "tx", x.tx);
		output_u64(o, "rx_lost", x.rx_lost);
		output_u64(o, "tx_failed", x.tx_failed);
		output_u64(o, "kicks", x.kicks);
		output_object_end(o);
	}
	output_list_end(o);
}

static void put_rate(struct output *o, const struct asa_ifstat *s, int minutes)
{
	output_text(o, "      %d minute input rate %llu pkts/sec,  %llu bytes/sec\n", minutes,
		    (unsigned long long)s->rx_packets, (unsigned long long)s->rx_bytes);
	output_text(o, "      %d minute output rate %llu pkts/sec,  %llu bytes/sec\n", minutes,
		    (unsigned long long)s->tx_packets, (unsigned long long)s->tx_bytes);
	output_text(o, "      %d minute drop rate, %llu pkts/sec\n", minutes,
		    (unsigned long long)s->drop_packets);
	output_object_begin(o, minutes == 1 ? "rate_1_minute" : "rate_5_minutes");
	output_u64(o, "rx_packets", s->rx_packets);
	output_u64(o, "rx_bytes", s->rx_bytes);
	output_u64(o, "tx_packets", s->tx_packets);
	output_u64(o, "tx_bytes", s->tx_bytes);
	output_u64(o, "drop_packets", s->drop_packets);
	output_object_end(o);
}

static void put_rates(struct output *o, struct asa *a, __u32 ifindex)
{
	struct rates *r = control_state(a->control)->rates;
	struct asa_ifstat s;

	rates_if(r, ifindex, 60, &s);
	put_rate(o, &s, 1);
	rates_if(r, ifindex, 300, &s);
	put_rate(o, &s, 5);
}

static void if_counters_json(struct output *o, const struct asa_ifstat *s)
{
	output_object_begin(o, "counters");
	output_u64(o, "rx_packets", s->rx_packets);
	output_u64(o, "rx_bytes", s->rx_bytes);
	output_u64(o, "tx_packets", s->tx_packets);
	output_u64(o, "tx_bytes", s->tx_bytes);
	output_u64(o, "fwd_packets", s->fwd_packets);
	output_u64(o, "host_packets", s->host_packets);
	output_u64(o, "drop_packets", s->drop_packets);
	output_u64(o, "punt_packets", s->punt_packets);
	output_object_end(o);
}

static void show_one_interface(struct output *o, struct asa *a, const struct policy_if *f)
{
	const struct sys_if *sys = sys_find(a, f);
	enum dp_mode mode = f->ifindex ? dp_mode(a->dp, f->ifindex) : DP_MODE_NONE;
	struct asa_ifstat s = {0};
	const __u8 *m = f->mac;
	__u64 for_ms;

	rates_if_now(control_state(a->control)->rates, a, f->ifindex, rates_clock_ms(), &s,
		     &for_ms);
	output_text(o, "Interface %s \"%s\", is %s, line protocol is %s\n", f->dev, f->name,
		    f->up	 ? "up"
		    : f->ifindex ? "administratively down"
				 : "not present",
		    sys && sys->up ? "up" : "down");
	output_text(o, "  Security level %u", f->level);
	if (f->vlan)
		output_text(o, ", VLAN identifier %u", f->vlan);
	output_text(o, ", XDP mode %s\n", mode_text(mode));
	output_text(o, "\tMAC address %02x%02x.%02x%02x.%02x%02x, MTU %u\n", m[0], m[1], m[2], m[3],
		    m[4], m[5], f->mtu);
	output_object_begin(o, NULL);
	output_str(o, "interface", f->dev);
	output_str(o, "nameif", f->name);
	output_int(o, "security_level", f->level);
	output_bool(o, "up", f->up);
	output_bool(o, "line_protocol", sys && sys->up);
	output_str(o, "xdp_mode", mode_text(mode));
	output_u64(o, "ifindex", f->ifindex);
	output_int(o, "vlan", f->vlan);
	output_u64(o, "mtu", f->mtu);
	output_strf(o, "mac", "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	if_addresses(o, sys);
	if_sockets(o, a, f->ifindex);
	output_text(o, "  Traffic Statistics for \"%s\":\n", f->name);
	output_text(o, "\t%llu packets input, %llu bytes\n", (unsigned long long)s.rx_packets,
		    (unsigned long long)s.rx_bytes);
	output_text(o, "\t%llu packets output, %llu bytes\n", (unsigned long long)s.tx_packets,
		    (unsigned long long)s.tx_bytes);
	output_text(o, "\t%llu packets dropped\n", (unsigned long long)s.drop_packets);
	output_text(o, "\t%llu packets forwarded, %llu to the host, %llu handed to the daemon\n",
		    (unsigned long long)s.fwd_packets, (unsigned long long)s.host_packets,
		    (unsigned long long)s.punt_packets);
	if_counters_json(o, &s);
	put_rates(o, a, f->ifindex);
	output_object_end(o);
}

static int show_interface(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	const char *name = cmd_get(args, "NAME");
	bool found = false;

	output_list_begin(out, "interfaces");
	for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
		const struct policy_if *f = policy_if_at(a->policy, (__u16)i);

		if (!nameif_matches(f, name))
			continue;
		found = true;
		show_one_interface(out, a, f);
	}
	output_list_end(out);
	if (name && !found)
		return cmd_error(args, "there is no interface %s with a name (nameif)", name);
	return 0;
}

static int show_interface_brief(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	output_text(out, "%-26s %-15s %-3s %-6s %-21s %s\n", "Interface", "IP-Address", "OK?",
		    "Method", "Status", "Protocol");
	output_list_begin(out, "interfaces");
	for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
		const struct policy_if *f = policy_if_at(a->policy, (__u16)i);
		const struct sys_if *sys = sys_find(a, f);
		char addr[64] = "unassigned";

		for (size_t k = 0; sys && k < sys->n_addrs; k++) {
			output_format_addr(&sys->addrs[k].addr, addr, sizeof(addr));
			if (!sys->addrs[k].v6)
				break;
		}
		output_text(out, "%-26s %-15s %-3s %-6s %-21s %s\n", f->dev, addr, "YES",
			    sys && sys->n_addrs ? "CONFIG" : "unset",
			    f->up ? "up" : "administratively down", sys && sys->up ? "up" : "down");
		output_object_begin(out, NULL);
		output_str(out, "interface", f->dev);
		output_str(out, "nameif", f->name);
		output_str(out, "address", sys && sys->n_addrs ? addr : NULL);
		output_bool(out, "up", f->up);
		output_bool(out, "line_protocol", sys && sys->up);
		output_object_end(out);
	}
	output_list_end(out);
	return 0;
}

static int show_nameif(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	output_text(out, "%-24s %-24s %s\n", "Interface", "Name", "Security");
	output_list_begin(out, "interfaces");
	for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
		const struct policy_if *f = policy_if_at(a->policy, (__u16)i);

		output_text(out, "%-24s %-24s %3u\n", f->dev, f->name, f->level);
		output_object_begin(out, NULL);
		output_str(out, "interface", f->dev);
		output_str(out, "nameif", f->name);
		output_int(out, "security_level", f->level);
		output_object_end(out);
	}
	output_list_end(out);
	return 0;
}

static void ip_address_row(struct output *o, const struct policy_if *f,
			   const struct model_if_addr *a)
{
	char addr[64], mask[64];

	output_format_addr(&a->addr, addr, sizeof(addr));
	mask_text(a, mask, sizeof(mask));
	if (a->v6)
		output_text(o, "%-24s %-22s %s/%u\n", f->dev, f->name, addr, a->plen);
	else
		output_text(o, "%-24s %-22s %-15s %-15s CONFIG\n", f->dev, f->name, addr, mask);
	output_object_begin(o, NULL);
	output_str(o, "interface", f->dev);
	output_str(o, "nameif", f->name);
	output_str(o, "address", addr);
	output_int(o, "prefix_length", a->plen);
	output_object_end(o);
}

static int show_ip_address(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	output_text(out, "Current IP Addresses:\n%-24s %-22s %-15s %-15s %s\n", "Interface", "Name",
		    "IP address", "Subnet mask", "Method");
	output_list_begin(out, "addresses");
	for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
		const struct policy_if *f = policy_if_at(a->policy, (__u16)i);
		const struct sys_if *sys = sys_find(a, f);

		for (size_t k = 0; sys && k < sys->n_addrs; k++)
			ip_address_row(out, f, &sys->addrs[k]);
	}
	output_list_end(out);
	return 0;
}

/* ------------------------------------------------------------------ show traffic */

static void traffic_direction(struct output *o, const char *word, __u64 packets, __u64 bytes,
			      __u64 ms)
{
	__u64 s_ms = ms ? ms : 1;

	output_text(o,
		    "\t%s (in %llu.%03llu secs):\n\t\t%llu packets\t%llu bytes\n\t\t%llu "
		    "pkts/sec\t%llu bytes/sec\n",
		    word, (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000),
		    (unsigned long long)packets, (unsigned long long)bytes,
		    (unsigned long long)(packets * 1000 / s_ms),
		    (unsigned long long)(bytes * 1000 / s_ms));
}

static int show_traffic(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	struct asa_ifstat s;
	__u64 ms;

	output_list_begin(out, "interfaces");
	for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
		const struct policy_if *f = policy_if_at(a->policy, (__u16)i);

		memset(&s, 0, sizeof(s));
		rates_if_now(control_state(a->control)->rates, a, f->ifindex, rates_clock_ms(), &s,
			     &ms);
		output_text(out, "%s:\n", f->name);
		traffic_direction(out, "received", s.rx_packets, s.rx_bytes, ms);
		traffic_direction(out, "transmitted", s.tx_packets, s.tx_bytes, ms);
		output_object_begin(out, NULL);
		output_str(out, "nameif", f->name);
		output_u64(out, "milliseconds", ms);
		if_counters_json(out, &s);
		put_rates(out, a, f->ifindex);
		output_object_end(out);
	}
	output_list_end(out);
	return 0;
}

static int clear_interface(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	const char *name = cmd_get(args, "NAME");
	struct rates *r = control_state(a->control)->rates;
	bool found = false;

	if (!name) {
		rates_if_clear(r, a, 0, rates_clock_ms());
		return 0;
	}
	for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
		const struct policy_if *f = policy_if_at(a->policy, (__u16)i);

		if (!nameif_matches(f, name))
			continue;
		found = true;
		rates_if_clear(r, a, f->ifindex, rates_clock_ms());
	}
	return found ? 0 : cmd_error(args, "there is no interface %s with a name (nameif)", name);
}

/* ------------------------------------------------------------------ show route, show arp */

static const char *name_of_dev(struct asa *a, const char *dev)
{
	for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
		const struct policy_if *f = policy_if_at(a->policy, (__u16)i);

		if (strcmp(f->dev, dev) == 0)
			return f->name;
	}
	return dev;
}

static void route_row(struct output *o, char code, const char *dst, const char *mask,
		      const char *via, const char *name, unsigned int metric)
{
	if (via)
		output_text(o, "%c        %s%s%s [1/%u] via %s, %s\n", code, dst,
			    mask[0] ? " " : "", mask, metric, via, name);
	else
		output_text(o, "%c        %s%s%s is directly connected, %s\n", code, dst,
			    mask[0] ? " " : "", mask, name);
	output_object_begin(o, NULL);
	output_strf(o, "code", "%c", code);
	output_str(o, "destination", dst);
	output_str(o, "mask", mask[0] ? mask : NULL);
	output_str(o, "gateway", via);
	output_str(o, "interface", name);
	output_u64(o, "metric", metric);
	output_object_end(o);
}

/* The kernel's main table, as /proc shows it for this network namespace. */
static void show_routes_v4(struct asa *a, struct output *o)
{
	FILE *f = fopen("/proc/thread-self/net/route", "re");
	char line[512], dev[64], dst[32], mask[32], gw[32];
	unsigned int d, g, flags, m, metric;

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		struct in_addr addr[3];

		if (sscanf(line, "%63s %x %x %x %*d %*d %u %x", dev, &d, &g, &flags, &metric, &m) !=
		    6)
			continue;
		addr[0].s_addr = d;
		addr[1].s_addr = m;
		addr[2].s_addr = g;
		inet_ntop(AF_INET, &addr[0], dst, sizeof(dst));
		inet_ntop(AF_INET, &addr[1], mask, sizeof(mask));
		inet_ntop(AF_INET, &addr[2], gw, sizeof(gw));
		if (!(flags & 1) || strcmp(dev, "lo") == 0)
			continue;
		route_row(o, flags & 2 ? 'S' : 'C', dst, mask, flags & 2 ? gw : NULL,
			  name_of_dev(a, dev), metric);
	}
	fclose(f);
}

static int hex_addr(const char *hex, struct in6_addr *addr)
{
	for (int i = 0; i < 16; i++) {
		unsigned int byte;

		if (sscanf(hex + i * 2, "%2x", &byte) != 1)
			return -1;
		addr->s6_addr[i] = (uint8_t)byte;
	}
	return 0;
}

static void show_routes_v6(struct asa *a, struct output *o)
{
	FILE *f = fopen("/proc/thread-self/net/ipv6_route", "re");
	char line[512], dev[64], dst[40], gw[40], text[80], via[64], prefix[96];
	unsigned int plen, metric, flags;
	struct in6_addr addr;

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%32s %x %*s %*x %32s %x %*x %*x %x %63s", dst, &plen, gw, &metric,
			   &flags, dev) != 6)
			continue;
		/* Only RTF_UP, no RTF_LOCAL and RTF_ANYCAST; no multicast and link-local prefixes.
		 */
		if (!(flags & 1) || flags & 0x80100000u || strcmp(dev, "lo") == 0 ||
		    strncmp(dst, "ff", 2) == 0 || strncmp(dst, "fe80", 4) == 0)
			continue;
		if (hex_addr(dst, &addr))
			continue;
		inet_ntop(AF_INET6, &addr, text, sizeof(text));
		snprintf(prefix, sizeof(prefix), "%s/%u", text, plen);
		if (hex_addr(gw, &addr))
			continue;
		inet_ntop(AF_INET6, &addr, via, sizeof(via));
		route_row(o, flags & 2 ? 'S' : 'C', prefix, "", flags & 2 ? via : NULL,
			  name_of_dev(a, dev), metric);
	}
	fclose(f);
}

static int show_route(void *ctx, struct cmd_args *args, void *out)
{
	output_text(out, "Codes: C - connected, S - static or learned by the kernel\n\n");
	output_list_begin(out, "routes");
	show_routes_v4(ctx, out);
	show_routes_v6(ctx, out);
	output_list_end(out);
	return 0;
}

static int show_arp(void *ctx, struct cmd_args *args, void *out)
{
	FILE *f = fopen("/proc/thread-self/net/arp", "re");
	char line[256], addr[64], mac[32], dev[64];
	unsigned int flags, m[6];

	output_list_begin(out, "arp");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %*x %x %31s %*s %63s", addr, &flags, mac, dev) != 4 ||
		    !(flags & 2))
			continue;
		if (sscanf(mac, "%x:%x:%x:%x:%x:%x", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5]) != 6)
			continue;
		output_text(out, "\t%s %s %02x%02x.%02x%02x.%02x%02x\n", name_of_dev(ctx, dev),
			    addr, m[0], m[1], m[2], m[3], m[4], m[5]);
		output_object_begin(out, NULL);
		output_str(out, "interface", name_of_dev(ctx, dev));
		output_str(out, "address", addr);
		output_str(out, "mac", mac);
		output_object_end(out);
	}
	if (f)
		fclose(f);
	output_list_end(out);
	return 0;
}

COMMANDS_DEFINE(
	interface,
	{CONFIG_IN_EXEC, "show interface [ <NAME:word> ]", NULL, "Interfaces and their counters",
	 show_interface},
	{CONFIG_IN_EXEC, "show interface ip brief", NULL, "One line for each interface",
	 show_interface_brief},
	{CONFIG_IN_EXEC, "show nameif", NULL, "Names and security levels", show_nameif},
	{CONFIG_IN_EXEC, "show ip address", NULL, "Addresses of the interfaces", show_ip_address},
	{CONFIG_IN_EXEC, "show traffic", NULL, "Packets and bytes by interface, with rates",
	 show_traffic},
	{CONFIG_IN_EXEC, "show route", NULL, "Routes of the kernel's main table", show_route},
	{CONFIG_IN_EXEC, "show arp", NULL, "Resolved IPv4 neighbours", show_arp},
	{CONFIG_IN_PRIV, "clear interface [ <NAME:word> ]", NULL, "Set interface counters to zero",
	 clear_interface},
	{CONFIG_IN_PRIV, "clear traffic", NULL, "Set traffic counters to zero", clear_interface}, );
