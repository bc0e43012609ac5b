// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows of asa_mgmt: the rules of host.c as the XDP program can look them up (SES-4).
 *
 * Responsible for: one row per prefix that a rule names, with the decision of the first rule that
 * covers it, so that the longest match decides as the first match of the list; the deny at the end.
 * Not responsible for: putting the rows into the map (datapath/dp_mgmt.c).
 *
 * Why that is the same: let P be the longest prefix with a row that has an address. The first rule
 * that has the address names a prefix which has it too, so it is P or holds P: it covers P, and no
 * rule before it does.
 *
 * A type of ICMP that a rule names gets rows of its own, made of the rules for it and for any type;
 * the rules for any type make the rows of all other types.
 *
 * Callers: apply.c, tests. Threads: pure.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "policy/policy_impl.h"

#define FIXED_BITS 96 /* of the key, in front of the address */

/* What one list of rules is about. */
struct subject {
	__u16 num; /* interface */
	__u8 proto;
	__u16 port;
	int icmp_type; /* -1: the types that no rule names */
};

struct rows {
	struct asa_mgmt_row *v;
	size_t n, cap;
};

static bool subject_has(const struct subject *s, const struct host_rule *r)
{
	return r->num == s->num && r->proto == s->proto && r->port == s->port &&
	       (r->icmp_type < 0 || r->icmp_type == s->icmp_type);
}

static int rows_add(struct rows *rows, const struct policy_if *pi, const struct subject *s,
		    struct addr_range prefix, bool permit)
{
	struct asa_mgmt_row *row;

	row = MODEL_PUSH(rows);
	if (!row)
		return -ENOMEM;
	memset(row, 0, sizeof(*row));
	row->key.prefixlen = FIXED_BITS + addr_range_prefix(prefix);
	row->key.ifindex = pi->ifindex;
	row->key.vlan = pi->vlan;
	row->key.proto = s->proto;
	if (s->proto == IPPROTO_TCP)
		row->key.port = asa_htons(s->port);
	else if (s->icmp_type < 0)
		row->key.port = ASA_MGMT_OTHER_TYPES;
	else
		row->key.icmp_type = s->icmp_type;
	addr_from_num(prefix.lo, &row->key.src);
	row->value.verdict = permit ? ASA_MGMT_PERMIT : ASA_MGMT_DENY;
	return 0;
}

/* Is one range within the other? */
static bool covers(struct addr_range outer, struct addr_range inner)
{
	return outer.lo <= inner.lo && inner.hi <= outer.hi;
}

static int rows_of_subject(const struct policy *p, const struct subject *s, struct rows *rows)
{
	const struct addr_range all = { 0, ADDR_NUM_MAX };
	const struct policy_if *pi = policy_if_at(p, s->num);
	bool end = true; /* the deny of whatever no rule has */
	int err = 0;

	if (!pi || !pi->ifindex || pi->ifindex >= ASA_IFINDEX_MAX)
		return 0;
	for (size_t i = 0; i < p->host.n && !err; i++) {
		const struct host_rule *r = &p->host.v[i], *first = NULL;
		bool again = false;

		if (!subject_has(s, r))
			continue;
		/* Rules before this one with the same prefix, or around it, decide. */
		for (size_t k = 0; k < i; k++) {
			const struct host_rule *o = &p->host.v[k];

			if (!subject_has(s, o))
				continue;
			again |= o->from.lo == r->from.lo && o->from.hi == r->from.hi;
			if (!first && covers(o->from, r->from))
				first = o;
		}
		if (again)
			continue;
		end &= !covers(r->from, all);
		err = rows_add(rows, pi, s, r->from, first ? first->permit : r->permit);
	}
	return !err && end ? rows_add(rows, pi, s, all, false) : err;
}

/* Has an earlier rule brought this subject up? */
static bool seen_before(const struct policy *p, size_t i, const struct subject *s, bool any_type)
{
	for (size_t k = 0; k < i; k++) {
		const struct host_rule *o = &p->host.v[k];

		if (o->num == s->num && o->proto == s->proto && o->port == s->port &&
		    (any_type || o->icmp_type == s->icmp_type))
			return true;
	}
	return false;
}

int policy_mgmt_rows(const struct policy *p, struct asa_mgmt_row **out, size_t *n)
{
	struct rows rows = { 0 };
	int err = 0;

	for (size_t i = 0; i < p->host.n && !err; i++) {
		const struct host_rule *r = &p->host.v[i];
		struct subject s = { r->num, r->proto, r->port, r->icmp_type };

		if (s.icmp_type >= 0 && !seen_before(p, i, &s, false))
			err = rows_of_subject(p, &s, &rows);
		s.icmp_type = -1;
		if (!err && !seen_before(p, i, &s, true))
			err = rows_of_subject(p, &s, &rows);
	}
	if (err) {
		free(rows.v);
		return err;
	}
	*out = rows.v;
	*n = rows.n;
	return 0;
}
