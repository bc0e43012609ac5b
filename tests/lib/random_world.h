/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random policies and packets for the fake firewall: the world of the tracer's tests (OBS-4).
 *
 * Responsible for: access lists, translations, classes and interfaces of a firewall, and packets
 * for it, few enough in values that they meet. 'seed' decides all of it. Not responsible for: what
 * should happen. Included by one file of a test.
 */
#ifndef TESTS_RANDOM_WORLD_H
#define TESTS_RANDOM_WORLD_H

#include "lib/dialogue.h"

/* Reasons about packets; the others are about connections. */
enum { KIND_FRAME, KIND_FLOW };
static const __u8 reason_kind[ASA_DROP_MAX] = {
#define KIND_OF(sym, keyword, kind, stage, sentence) [sym] = KIND_##kind,
	ASA_DROP_LIST(KIND_OF)
#undef KIND_OF
};

static __u32 seed;

static __u32 rnd(__u32 n)
{
	seed = seed * 1664525u + 1013904223u;
	return (__u32)(((__u64)(seed >> 4) * n) >> 28);
}

static const char *const inside[] = {"10.1.1.5", "10.1.1.6", "10.1.1.200", "10.1.1.130"};
static const char *const dmz[] = {"10.2.2.5", "10.2.2.80", "10.2.2.81"};
static const char *const outside[] = {"198.51.100.7", "198.51.100.8", "192.0.2.60", "192.0.2.80",
				      "192.0.2.70",   "203.0.113.9",  "192.0.2.1"};
static const char *const six[] = {"2001:db8:1::5", "2001:db8:1::6", "2001:db8:9::7",
				  "2001:db8:f::8"};
#define PICK(list) list[rnd(sizeof(list) / sizeof(list[0]))]

static void random_nat(struct fake *f, const char *real, const char *real_if, const char *mapped,
		       bool dynamic)
{
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);

	fw_object(&f->fw, real, real);
	n->form = MODEL_NAT_OBJECT;
	snprintf(n->object, sizeof(n->object), "%s", real);
	snprintf(n->real_if, sizeof(n->real_if), "%s", real_if);
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->dynamic = dynamic;
	n->real = mb_term(real);
	n->real.kind = MODEL_ADDR_OBJECT;
	snprintf(n->real.name, sizeof(n->real.name), "%s", real);
	n->mapped = mb_term(mapped);
	n->pat = dynamic && !strchr(mapped, '-');
	n->extended = n->pat && !rnd(3);
	n->block_allocation = n->pat && !n->extended && !rnd(3);
	n->mapped_interface = dynamic && !n->block_allocation && rnd(2);
}

static void random_list(struct fake *f, const char *name, const char *where, const char *ifname)
{
	static const char *const terms[] = {"any",	    "10.1.1.0/24", "10.2.2.0/24",
					    "198.51.100.7", "any6",	   "10.2.2.80"};
	static const char *const protos[] = {"ip", "tcp", "udp", "icmp"};
	__u32 n = 1 + rnd(4);

	while (n--) {
		const char *proto = PICK(protos), *src = PICK(terms), *dst = PICK(terms);
		const char *what = rnd(4) ? "permit" : "deny";

		if (*proto == 't' && rnd(2))
			fw_ace(&f->fw, name, "%s tcp %s %s eq %u", what, src, dst, 80 + rnd(2))
				->log = rnd(2);
		else
			fw_ace(&f->fw, name, "%s %s %s %s", what, proto, src, dst)->log = rnd(2);
	}
	fw_access_group(&f->fw, name, where, ifname);
}

static struct fake *random_firewall(struct fake *f)
{
	struct model *m = f->fw.m;

	if (rnd(2))
		random_list(f, "from-out", "in", "outside");
	if (!rnd(3))
		random_list(f, "from-in", "in", "inside");
	if (!rnd(4))
		random_list(f, "to-out", "out", "outside");
	if (!rnd(3))
		random_list(f, "all", "global", "");
	if (rnd(2))
		random_nat(f, "10.1.1.0/25", "inside", "192.0.2.60", true);
	if (rnd(2))
		random_nat(f, "10.1.1.128/25", "inside", "192.0.2.70-192.0.2.71", true);
	if (rnd(2))
		random_nat(f, "10.2.2.80", "dmz", "192.0.2.80", false);
	if (rnd(2)) {
		struct model_conn_settings *c;

		fw_ace(&f->fw, "class", "permit %s any any", rnd(2) ? "tcp" : "ip");
		bypass_class(f, rnd(2) ? "outside" : NULL, "class");
		c = &m->policy_maps.v[0].classes.v[0].conn;
		c->bypass = rnd(2);
		c->decrement_ttl = rnd(2);
		c->conn_max = rnd(3) ? -1 : (int)rnd(4);
		c->per_client_max = rnd(3) ? -1 : (int)rnd(3);
		if (rnd(2)) {
			struct model_imap *i = MODEL_PUSH(&m->imaps);
			struct model_iline *l = MODEL_PUSH(&i->lines);

			i->kind = MODEL_IMAP_POLICY;
			snprintf(i->name, sizeof(i->name), "m");
			snprintf(i->proto, sizeof(i->proto), "ip-options");
			l->kind = MODEL_ILINE_PARAMETER;
			snprintf(l->text, sizeof(l->text), "%s action %s", rnd(2) ? "default" : "nop",
				 rnd(2) ? "allow" : "clear");
			*(char **)MODEL_PUSH(&m->policy_maps.v[0].classes.v[0].inspects) =
				strdup(rnd(2) ? "ip-options m" : "ip-options");
		}
	}
	if (!rnd(4)) {
		struct model_established *e = MODEL_PUSH(&m->established);

		e->proto = rnd(2) ? ASA_PROTO_TCP : ASA_PROTO_UDP;
		e->to_proto = e->from_proto = rnd(2) ? ASA_PROTO_TCP : ASA_PROTO_UDP;
		e->to_lo = e->to_hi = (__u16)(rnd(2) ? 0 : 81);
	}
	m->same_security_intra = rnd(2);
	m->acl_mapped = rnd(2);
	m->tcpmss = rnd(2) ? 1380 : 0;
	if (!rnd(3))
		f->fw.sys->ifs[2].mtu = 576;
	f->neigh_pending = !rnd(8);
	fake_start(f);
	return f;
}

static void random_packet(struct fake_pkt *p)
{
	static const __u8 flags[] = {S, S, S | A, A, A | P, F | A, R, R | A, S | F, 0};
	static const __u8 types[] = {8, 8, 0, 3, 11, 13, 5};
	bool usual = rnd(2); /* what most hosts do: connect to the outside */
	__u32 from = usual ? 0 : rnd(3), to = usual ? 2 : rnd(3);

	memset(p, 0, sizeof(*p));
	p->in = rnd(20) ? IF_INSIDE + from : 20;
	p->src = from == 0 ? PICK(inside) : from == 1 ? PICK(dmz) : PICK(outside);
	p->dst = to == 0 ? PICK(inside) : to == 1 ? PICK(dmz) : PICK(outside);
	if (!rnd(8)) {
		p->src = PICK(six);
		p->dst = PICK(six);
	}
	switch (rnd(6)) {
	case 0:
		p->proto = ASA_PROTO_UDP;
		break;
	case 1:
		p->proto = strchr(p->src, ':') ? ASA_PROTO_ICMPV6 : ASA_PROTO_ICMP;
		break;
	case 2:
		p->proto = rnd(2) ? 47 : ASA_PROTO_UDP;
		break;
	default:
		p->proto = ASA_PROTO_TCP;
		break;
	}
	p->sport = 80 + rnd(3);
	p->dport = 80 + rnd(3);
	p->flags = usual && rnd(2) ? S : PICK(flags);
	p->seq = 1000 + rnd(3);
	p->ack = 1000 + rnd(3);
	p->type = PICK(types);
	if (p->proto == ASA_PROTO_ICMPV6)
		p->type = rnd(2) ? 128 : 129;
	p->id = (__u16)rnd(3);
	p->payload = rnd(4) ? rnd(50) : rnd(1400);
	p->ttl = rnd(10) ? 64 : 1;
	p->df = rnd(2);
	if (!rnd(30) && !strchr(p->src, ':')) {
		p->ip_options = rnd(2) ? "\1\1\1\1" : "\x83\3\4\0";
		p->n_ip_options = 4;
	}
	if (p->proto == ASA_PROTO_TCP && p->flags & S && rnd(2)) {
		p->options = "\2\4\5\xb4\3\3\7\0";
		p->n_options = 8;
	}
}

#endif
