// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv4 options and IPv6 extension headers: see ip_options.h.
 *
 * asa_parse() has checked that the header lengths fit the frame; what is inside is hostile.
 */
#include <stdbool.h>
#include <string.h>

#include "asa/csum.h"

#include "normalize/ip_options.h"

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_ROUTER_ALERT = 148 };
enum { IP6_PAD1 = 0, IP6_JUMBO = 0xc2 };

static const struct policy_ip_options built_in = { .action = {
	[OPTION_END] = POLICY_OPTION_ALLOW,
	[OPTION_NOP] = POLICY_OPTION_ALLOW,
	[OPTION_ROUTER_ALERT] = POLICY_OPTION_ALLOW,
} };

static enum asa_drop ip4_check(const struct asa_pkt *p, const struct policy_ip_options *m)
{
	const __u8 *at = (const __u8 *)p->l3 + ASA_IP4_SIZE;
	__u32 left = (asa_ld8(p->l3) & 15) * 4u - ASA_IP4_SIZE;

	while (left) {
		__u8 action = m->action[at[0]];
		__u32 size;

		if (at[0] <= OPTION_NOP && action == POLICY_OPTION_DROP)
			return DROP_IP_OPTION;
		if (at[0] == OPTION_END)
			return DROP_NONE;
		if (at[0] == OPTION_NOP) {
			at++;
			left--;
			continue;
		}
		if (left < 2 || at[1] < 2 || at[1] > left)
			return DROP_IP_HEADER;
		size = at[1];
		if (action == POLICY_OPTION_DROP ||
		    (action == POLICY_OPTION_ALLOW && at[0] == OPTION_ROUTER_ALERT && size != 4)) /* RFC 2113 */
			return DROP_IP_OPTION;
		at += size;
		left -= size;
	}
	return DROP_NONE;
}

void ip_options_clear(struct asa_pkt *p, const struct policy_ip_options *m)
{
	__u8 *l3 = p->l3, *at = l3 + ASA_IP4_SIZE, before[40];
	__u32 size, all = (asa_ld8(l3) & 15) * 4u - ASA_IP4_SIZE, left = all, i;
	__u64 sum = 0;

	memcpy(before, at, all);
	while (left) {
		size = at[0] == OPTION_END ? left : at[0] == OPTION_NOP ? 1 : at[1];
		if (m->action[at[0]] == POLICY_OPTION_CLEAR)
			memset(at, OPTION_NOP, size);
		at += size;
		left -= size;
	}
	for (i = 0; i < all; i += 2)
		sum += asa_csum_diff16(asa_ld16(before + i), asa_ld16(l3 + ASA_IP4_SIZE + i));
	asa_st16(l3 + ASA_IP4_CHECK, asa_csum_change(asa_ld16(l3 + ASA_IP4_CHECK), sum));
}

/* Options of a hop-by-hop or destination options header: type, length, value (RFC 8200 4.2). */
static enum asa_drop ip6_options(const __u8 *at, __u32 left)
{
	while (left) {
		__u32 size;

		if (at[0] == IP6_PAD1) {
			at++;
			left--;
			continue;
		}
		if (left < 2 || at[1] + 2u > left)
			return DROP_IP_HEADER;
		if (at[0] == IP6_JUMBO) /* its length contradicts the header's, RFC 2675 section 3 */
			return DROP_IP_OPTION;
		size = at[1] + 2u;
		at += size;
		left -= size;
	}
	return DROP_NONE;
}

/*
 * Where a header may stand: hop-by-hop first (asa_parse() sees to that), each once, destination
 * options also in front of a routing header (RFC 8200 section 4.1). => false: not there
 */
static bool ip6_in_order(__u8 next, __u32 *seen)
{
	static const __u8 order[] = {
		ASA_PROTO_HOPOPTS, ASA_PROTO_DSTOPTS, ASA_PROTO_ROUTING, ASA_PROTO_FRAGMENT,
		ASA_PROTO_DSTOPTS, ASA_PROTO_MOBILITY, ASA_PROTO_HIP, ASA_PROTO_SHIM6,
	};

	for (; *seen < sizeof(order); (*seen)++)
		if (order[*seen] == next) {
			(*seen)++;
			return true;
		}
	return false;
}

static enum asa_drop ip6_check(const struct asa_pkt *p)
{
	const __u8 *l3 = p->l3, *h = l3 + ASA_IP6_SIZE, *end = l3 + p->l3_size;
	__u8 next = asa_ld8(l3 + ASA_IP6_NEXT);
	enum asa_drop why;
	__u32 seen = 0;
	int i;

	for (i = 0; i < ASA_IP6_CHAIN_MAX && asa_ip6_is_exthdr(next); i++) {
		__u32 size = 8;

		if ((size_t)(end - h) < 8 || !ip6_in_order(next, &seen))
			return DROP_IP_HEADER;
		if (next == ASA_PROTO_ROUTING && h[2] == 0)
			return DROP_IP_OPTION;
		if (next != ASA_PROTO_FRAGMENT)
			size += h[1] * 8u;
		else if (asa_ldn16(h + 2) & 0xfff8)
			return DROP_NONE; /* later fragment: payload follows */
		if ((size_t)(end - h) < size)
			return DROP_IP_HEADER;
		if (next == ASA_PROTO_HOPOPTS || next == ASA_PROTO_DSTOPTS) {
			why = ip6_options(h + 2, size - 2);
			if (why)
				return why;
		}
		next = h[0];
		h += size;
	}
	return DROP_NONE;
}

enum asa_drop ip_options_check(const struct asa_pkt *p, const struct policy_ip_options *m)
{
	if (p->flags & ASA_PKT_OPTIONS)
		return ip4_check(p, m ? m : &built_in);
	if (p->flags & ASA_PKT_EXTHDR)
		return ip6_check(p);
	return DROP_NONE;
}
