// SPDX-License-Identifier: GPL-2.0-only
/*
 * Management classes as the XDP program can look them up (LIM-6, MPF-3).
 *
 * Responsible for: the list of rules (asa/host_limit.h) that gives a connection to the box the class
 * that the service policies give it: the policy of its interface before the global one, the first
 * class with connection limits that matches, entries of access lists in their order.
 * Not responsible for: what is counted (services/host_limit.c).
 *
 * The interface of a connection to the box is the one that has the address it goes to: so the sockets
 * of Linux, which do not know where their segments entered, can be counted by the same rules. On an
 * ASA no other is possible: it answers at the address of the interface of entry only. Link-local
 * addresses, which every interface has, are taken for the first one's with such a policy.
 *
 * Callers: services/host_limit.c, tests. Threads: pure.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_impl.h"

struct build {
	const struct policy *p;
	struct policy_host_classes *out;
	struct addr_range at; /* own addresses that the rules are made for */
	size_t first; /* rule of the class being done */
	__u16 limit;
};

static void range_fill(struct asa_host_range *to, struct addr_range r)
{
	to->lo[0] = (__u64)(r.lo >> 64);
	to->lo[1] = (__u64)r.lo;
	to->hi[0] = (__u64)(r.hi >> 64);
	to->hi[1] = (__u64)r.hi;
}

/* => false: there are too many */
static bool rule_add(struct build *b, const struct cls_rule *r, bool permit)
{
	struct addr_range dst = r->dst;
	struct asa_host_rule *to;

	if (!r->any_proto && r->proto != IPPROTO_TCP)
		return true;
	if (!addr_range_overlaps(dst, b->at))
		return true;
	dst.lo = dst.lo > b->at.lo ? dst.lo : b->at.lo;
	dst.hi = dst.hi < b->at.hi ? dst.hi : b->at.hi;
	if (b->out->n_rules == ASA_HOST_RULES_MAX)
		return false;
	to = &b->out->rules[b->out->n_rules++];
	memset(to, 0, sizeof(*to));
	range_fill(&to->src, r->src);
	range_fill(&to->dst, dst);
	to->sport_lo = r->sport_lo;
	to->sport_hi = r->sport_hi;
	to->dport_lo = r->dport_lo;
	to->dport_hi = r->dport_hi;
	to->limit = permit ? b->limit : 0;
	/* A class without a limit ends the search; an entry that denies goes on with the next class. */
	to->next = permit ? ASA_HOST_RULES_MAX : 0;
	return true;
}

static bool acl_add(struct build *b, const struct acl *acl)
{
	bool room = true;

	for (size_t i = 0; i < acl->n_places && room; i++) {
		const struct acl_leaf *leaf = acl->places[i].leaf;

		for (__u32 k = 0; k < leaf->n_entries && room; k++) {
			const struct acl_entry *e = &leaf->entries[k];
			__u32 n = acl_entry_rules(leaf, e, 0, NULL, NULL);
			struct cls_rule *r = calloc(n + 1, sizeof(*r));

			if (!r)
				return false;
			acl_entry_rules(leaf, e, 0, r, NULL);
			for (__u32 j = 0; j < n && room; j++)
				room = rule_add(b, &r[j], e->ace->permit);
			free(r);
		}
	}
	return room;
}

static bool match_add(struct build *b, const struct model_class *mc)
{
	struct cls_rule r;

	cls_rule_init(&r);
	switch (mc->match) {
	case MODEL_MATCH_ACL:
		for (size_t i = 0; i < b->p->acls.n; i++)
			if (!strcmp(b->p->acls.v[i]->name, mc->acl))
				return acl_add(b, b->p->acls.v[i]);
		return true;
	case MODEL_MATCH_PORT:
		r.any_proto = false;
		r.proto = mc->proto;
		r.dport_lo = mc->lo;
		r.dport_hi = mc->hi;
		return rule_add(b, &r, true);
	case MODEL_MATCH_ANY:
		return rule_add(b, &r, true);
	default:
		return true;
	}
}

/* => false: there are no more; i-th range of addresses that an interface (NULL: the global policy) has */
static bool own_range(const struct build *b, const struct policy_if *pi, size_t i, struct addr_range *r)
{
	static const struct asa_addr link_local = { .b = { 0xfe, 0x80 } };
	addr_num a;

	if (!pi) {
		*r = (struct addr_range){ 0, ADDR_NUM_MAX };
		return i == 0;
	}
	if (i > b->p->ifs.n_addrs[pi->num])
		return false;
	if (i == b->p->ifs.n_addrs[pi->num]) {
		*r = addr_prefix_range(addr_to_num(&link_local), 10);
		return true;
	}
	a = addr_to_num(&b->p->ifs.addrs[pi->num][i].addr);
	*r = (struct addr_range){ a, a };
	return true;
}

/* The rules of one class, for each own address of its interface. */
static bool class_add(struct build *b, size_t row, const struct policy_class_row *c,
		      const struct model_class *mc)
{
	const struct policy_if *pi = c->global ? NULL : policy_if_named(b->p, c->ifname);
	struct policy_host_classes *out = b->out;
	bool room = true;

	b->limit = 0;
	b->first = out->n_rules;
	if (c->config->conn.conn_max > 0 || c->config->conn.embryonic_max > 0) {
		if (out->n == ASA_HOST_LIMITS_MAX - 1)
			return false;
		out->class_row[out->n++] = row;
		b->limit = (__u16)out->n;
	}
	for (size_t i = 0; room && (pi || c->global) && own_range(b, pi, i, &b->at); i++)
		room = match_add(b, mc);
	for (size_t i = b->first; i < out->n_rules; i++)
		if (!out->rules[i].next)
			out->rules[i].next = (__u16)out->n_rules;
	return room;
}

bool policy_host_classes(const struct policy *p, struct policy_host_classes *out)
{
	struct build b = { .p = p, .out = out };
	const struct model_class *mc;
	struct policy_class_row c;

	out->n = out->n_rules = 0;
	for (int global = 0; global < 2; global++) {
		for (size_t i = 0; policy_class_row(p, i, &c); i++) {
			const struct model_conn_settings *set = &c.config->conn;

			mc = model_class_find(p->model, c.class_name);
			if (c.global != global || !mc || !mc->management ||
			    (set->conn_max < 0 && set->embryonic_max < 0))
				continue;
			if (!class_add(&b, i, &c, mc)) {
				out->n = out->n_rules = 0;
				return false;
			}
		}
	}
	return true;
}
