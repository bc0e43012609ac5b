// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv4 options of a packet whose class inspects them ("inspect ip-options", MPF-7).
 *
 * Responsible for: which class that is, for the first packet of a connection and for any other; that
 * all pieces of a datagram are looked at; the class's counters.
 * Not responsible for: packets of no such class, whose options were judged at once (pipeline.c);
 * what is done with an option (policy/service_options.c says, normalize/ip_options.c does).
 *
 * Packets with options always come to the daemon, so that this needs nothing of the connection; the
 * policy of now counts. State bypass excludes inspection (BYP-6): then the built-in rules hold.
 * Threads: asa->lock, RCU read section.
 */
#include "engine/engine_impl.h"
#include "normalize/ip_options.h"

static bool has_options(const struct frame *f)
{
	for (; f; f = f->next)
		if (f->pkt.flags & ASA_PKT_OPTIONS)
			return true;
	return false;
}

bool options_inspected(const struct walk *w)
{
	return policy_has_ip_options(w->policy) && !(w->p->flags & ASA_PKT_ICMP_ERROR);
}

/* The class's row, by the real addresses of the connection's first packet. => -1 none */
static int find_row(struct walk *w)
{
	const struct policy_if *in = w->in, *out = w->out;
	struct asa_key key = w->real;
	struct policy_tuple t;

	if (w->slot) {
		const struct asa_dir *d = w->conn->dir;

		if (d[w->dir].flags & ASA_DIR_BYPASS)
			return -1;
		key = d[0].key;
		key.dst = d[1].key.src;
		key.dport = d[1].key.sport;
		in = policy_if_find(w->policy, d[0].in_if, d[0].key.vlan);
		out = policy_if_find(w->policy, d[1].in_if, d[1].key.vlan);
	} else if (w->service.bypass) {
		return -1;
	}
	tuple_fill(w, &key, &t);
	return in ? policy_ip_options_row(w->policy, in, out, &t) : -1;
}

enum asa_drop stage_options(struct walk *w)
{
	struct policy_class_row r = { 0 };
	enum asa_drop why = DROP_NONE;
	struct frame *f;
	int row;

	if (!has_options(w->f) || w->made || !options_inspected(w))
		return DROP_NONE;
	row = find_row(w);
	if (row >= 0)
		(void)policy_class_row(w->policy, (size_t)row, &r);
	for (f = w->f; f && !why; f = f->next) {
		why = f->pkt.flags & ASA_PKT_OPTIONS ? ip_options_check(&f->pkt, r.ip_options) : DROP_NONE;
		if (why)
			deny_options(w, &f->pkt);
	}
	for (f = w->f; f && !why && r.ip_options; f = f->next)
		if (f->pkt.flags & ASA_PKT_OPTIONS)
			ip_options_clear(&f->pkt, r.ip_options);
	if (row < 0 || w->trace)
		return why;
	++*r.option_packets;
	*r.option_drops += why != DROP_NONE;
	return why;
}
