/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which destinations SYNs are answered for (asa/syncookie.h).
 *
 * Responsible for: the two maps that say it, and the quick look that the short way of a SYN takes.
 * Not responsible for: what becomes of the SYN (syncookie.bpf.h); the daemon writes the rows.
 */
#ifndef ASA_INTERCEPT_BPF_H
#define ASA_INTERCEPT_BPF_H

#include <asa/syncookie.h>

#include "maps.bpf.h"

/* Destinations to answer for. Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ASA_INTERCEPT_MAX);
	__type(key, struct asa_intercept_key);
	__type(value, struct asa_intercept);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_intercept SEC(".maps");

/* Those of them that every SYN is compared with first. Written by the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASA_INTERCEPT_HOT_ROWS);
	__type(key, __u32);
	__type(value, struct asa_intercept_hot);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} asa_intercept_hot SEC(".maps");

/* => the row for a SYN with this key, NULL: asa_intercept may have one */
asa_inline struct asa_intercept *intercept_hot(const struct asa_config *cfg, const struct asa_key *key,
					       __u32 ifindex, __u16 vlan)
{
	__u32 n = asa_intercept_hot_row(&key->dst, key->dport, cfg->hash_key);
	struct asa_intercept_hot *hot = bpf_map_lookup_elem(&asa_intercept_hot, &n);

	if (!hot || hot->in_if != ifindex || hot->in_vlan != vlan || hot->port != key->dport ||
	    hot->ctx != key->ctx || !asa_addr_equal(&hot->dst, &key->dst))
		return NULL;
	return &hot->row;
}

#endif
