/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the compiled translation rules, shared by nat.c, nat_terms.c, nat_lookup.c and
 * nat_rows.c.
 *
 * A rule becomes steps. A step says: a packet like this, from this interface (to that one), has
 * its source (translate) or destination (untranslate) moved from one range to another of the same
 * size. A rule with both a source and a destination part gives steps for both directions:
 *
 *	translate	real_if -> mapped_if	source: real -> mapped
 *			mapped_if -> real_if	source: dst_real -> dst_mapped
 *	untranslate	enters mapped_if	destination: mapped -> real
 *			enters real_if		destination: dst_mapped -> dst_real
 *
 * Steps stand in order of evaluation and are found by a classifier, so that thousands of host
 * statics cost one probe. Pools of dynamic rules stand behind all others among the untranslate
 * steps: they only tell that an address is nobody's without a connection.
 */
#ifndef POLICY_NAT_IMPL_H
#define POLICY_NAT_IMPL_H

#include "policy/policy_impl.h"

struct nat_step {
	__u32 rule;
	__u16 in, out; /* POLICY_NUM_NONE: any */
	bool dynamic; /* translate: take from the pool; untranslate: of the pool */
	bool collapse; /* many mapped addresses, one real */
	bool has_port; /* ports move, too */
	bool swapped; /* the rule's access list sees the packet in the other direction */
	addr_num from, to; /* first addresses */
	__u16 port_from, port_to;
};
struct nat_side {
	MODEL_VEC(struct nat_step) steps;
	MODEL_VEC(struct cls_rule) rules; /* of the steps, for nats_dynamic_for() */
	struct classifier *classifier;
};

/* A stretch of addresses mapped one to one (or, collapse, many to one). */
struct nat_pair {
	struct addr_range real;
	addr_num mapped_lo, mapped_hi;
	bool collapse;
};
struct nat_pairs {
	struct nat_pair *v;
	size_t n, cap;
};
struct nat_ranges {
	struct nat_range *v;
	size_t n, cap;
};

/* The service part of a rule; whole ranges: any. */
struct nat_service {
	bool any_proto, maps_src, maps_dst;
	__u8 proto;
	__u16 src_real_lo, src_real_hi, src_mapped_lo;
	__u16 dst_mapped_lo, dst_mapped_hi, dst_real_lo;
};

struct nat_rule {
	const struct model_nat *config; /* in policy.model */
	int section, index;
	__u16 real_if, mapped_if;
	bool is_static, identity, inactive;
	int acl; /* row of a policy rule's list, -1 none */
	int order; /* of PIX forms among each other */
	struct addr_terms real; /* resolved real addresses */
	struct nat_pairs pairs; /* static */
	struct nat_pairs dst; /* destination part */
	struct nat_ranges pool; /* dynamic, without the interface address */
	bool to_interface, no_address; /* PAT to the interface; it has no address now */
	struct asa_addr interface_addr;
	struct nat_service service;
	struct policy_counter *counter;
	char *text; /* "source static A B …" */
};

/* An address that the firewall answers for. */
struct nat_arp {
	struct addr_range r;
	__u16 num; /* POLICY_NUM_NONE: any interface */
};
struct nat_static_row {
	__u32 rule;
	struct addr_range real;
	addr_num mapped_lo;
};
struct nat_punt {
	struct asa_addr addr;
	__u8 proto;
	__u16 port;
};

struct policy_nats {
	size_t n;
	struct nat_rule *v; /* in order of evaluation */
	struct nat_side translate, untranslate;
	MODEL_VEC(struct nat_arp) arps; /* by r.lo */
	addr_num *arp_reach; /* highest r.hi of arps[0..i] */
	MODEL_VEC(struct nat_static_row) statics;
	MODEL_VEC(struct nat_punt) punts;
	MODEL_VEC(struct nat_reserved) reserved;
};

/* Resolve the addresses, pools and services of a rule (nat_terms.c). */
int nat_rule_resolve(struct compile *c, struct nat_rule *r);
/* "source static A B destination static C D", for show nat (nat_rows.c). => NULL without memory. */
char *nat_rule_text(const struct model_nat *n);

#endif
