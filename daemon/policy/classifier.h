/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packet classification: the first of many rules that matches.
 *
 * Responsible for: lookups whose cost depends on how many *kinds* of rules there are (which
 * fields they fix, how long their prefixes are), not on how many rules (ACL-4). Access lists,
 * class maps and translation rules all are such ordered rule sets. Not responsible for: what a
 * rule means; the caller keeps its own array beside and gets the number of the rule back.
 *
 * Method: rules whose fields are fixed to the same extent share a hash table, keyed by the fixed
 * bits; prefix lengths are first rounded down so that few tables are needed, and a rule for which
 * its key is crowded goes to a table of its exact lengths (tuple space search with merged
 * tuples). Every candidate is compared in full. Tables are visited by their best rule, so the
 * search ends as soon as no remaining table can hold an earlier rule.
 *
 * Life cycle: classifier_new() copies the rules; immutable afterwards; classifier_free().
 * Threads: lookups from any number of threads.
 */
#ifndef POLICY_CLASSIFIER_H
#define POLICY_CLASSIFIER_H

#include <stddef.h>

#include "policy/addr.h"
#include "policy/policy.h"

struct cls_rule {
	struct addr_range src, dst;
	__u16 sport_lo, sport_hi, dport_lo, dport_hi; /* whole range: any, also without ports */
	__s16 icmp_type, icmp_code; /* -1: any */
	__u8 proto;
	bool any_proto;
	const void *use; /* what is read or written when the rule is met: asked for early; NULL: nothing */
};

/* The packet, converted once for any number of lookups. */
struct cls_key {
	addr_num src, dst;
	__u16 sport, dport;
	__u8 proto, icmp_type, icmp_code;
};

struct classifier;

/* A rule without any condition. */
void cls_rule_init(struct cls_rule *r);
void cls_key_from_tuple(struct cls_key *k, const struct policy_tuple *t);
bool cls_rule_matches(const struct cls_rule *r, const struct cls_key *k);

/* Build over n rules, earlier ones first. => NULL when out of memory. */
struct classifier *classifier_new(const struct cls_rule *rules, size_t n);
void classifier_free(struct classifier *c);

/* A further condition on a rule that matches; NULL: none. */
typedef bool (*classifier_pred)(const void *arg, size_t rule);

/* => the number of the first matching rule, -1 none. */
long classifier_match(const struct classifier *c, const struct cls_key *k, classifier_pred pred,
		      const void *arg);

/* How the rules were arranged, for tests and diagnosis. */
struct classifier_stats {
	size_t tables, longest_chain; /* rules that one probe may have to compare */
};
void classifier_get_stats(const struct classifier *c, struct classifier_stats *s);

#endif
