// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which inspections a class means for a flow.
 *
 * Responsible for: the inspectors in their fixed order with their default ports (MPF-9, MPF-10),
 * which of them can be combined (MPF-7), and how many a class may have. Not responsible for: which
 * class a flow belongs to (service_policy.c), inspecting (inspect/).
 *
 * In a class with "match default-inspection-traffic" the destination port chooses the inspector; in
 * any other class the one inspector that is there gets all traffic of its transport protocol.
 *
 * Callers: service_policy.c; show service-policy through policy.h. Threads: see policy_impl.h.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "policy/policy_impl.h"

/* In the order in which inspectors are tried; several rows of one stand together. */
static const struct inspector_port {
	const char *name; /* words after "inspect" */
	__u8 proto;
	__u16 lo, hi;
	bool source; /* the port is the source port */
	bool combines; /* goes with any other inspection */
} ports[] = {
	{ "ctiqbe", IPPROTO_TCP, 2748, 2748 },
	{ "dcerpc", IPPROTO_TCP, 135, 135 },
	{ "dns", IPPROTO_UDP, 53, 53 },
	{ "esmtp", IPPROTO_TCP, 25, 25 },
	{ "ftp", IPPROTO_TCP, 21, 21 },
	{ "gtp", IPPROTO_UDP, 2123, 2123 },
	{ "gtp", IPPROTO_UDP, 3386, 3386 },
	{ "h323 h225", IPPROTO_TCP, 1720, 1720 },
	{ "h323 ras", IPPROTO_UDP, 1718, 1719 },
	{ "http", IPPROTO_TCP, 80, 80 },
	{ "icmp error", IPPROTO_ICMP, 0, 65535, .combines = true },
	{ "icmp error", IPPROTO_ICMPV6, 0, 65535, .combines = true },
	{ "icmp", IPPROTO_ICMP, 0, 65535 },
	{ "icmp", IPPROTO_ICMPV6, 0, 65535 },
	{ "ils", IPPROTO_TCP, 389, 389 },
	{ "im", IPPROTO_TCP, 1, 0 }, /* no port of its own */
	{ "ip-options", 0, 0, 65535, .combines = true },
	{ "ipsec-pass-thru", IPPROTO_UDP, 500, 500 },
	{ "ipv6", 0, 0, 65535, .combines = true },
	{ "mgcp", IPPROTO_UDP, 2427, 2427 },
	{ "mgcp", IPPROTO_UDP, 2727, 2727 },
	{ "mmp", IPPROTO_TCP, 5443, 5443 },
	{ "netbios", IPPROTO_UDP, 137, 138, .source = true },
	{ "pptp", IPPROTO_TCP, 1723, 1723 },
	{ "radius-accounting", IPPROTO_UDP, 1646, 1646 },
	{ "rsh", IPPROTO_TCP, 514, 514 },
	{ "rtsp", IPPROTO_TCP, 554, 554 },
	{ "sctp", IPPROTO_SCTP, 0, 65535 },
	{ "sip", IPPROTO_TCP, 5060, 5060 },
	{ "sip", IPPROTO_UDP, 5060, 5060 },
	{ "skinny", IPPROTO_TCP, 2000, 2000 },
	{ "smtp", IPPROTO_TCP, 25, 25 },
	{ "snmp", IPPROTO_UDP, 161, 162 },
	{ "sqlnet", IPPROTO_TCP, 1521, 1521 },
	{ "sunrpc", IPPROTO_UDP, 111, 111 },
	{ "tftp", IPPROTO_UDP, 69, 69 },
	{ "waas", IPPROTO_TCP, 0, 65535, .combines = true },
	{ "xdmcp", IPPROTO_UDP, 177, 177 },
};
#define N_PORTS (sizeof(ports) / sizeof(ports[0]))

/* Do the words after "inspect" mean this inspector? "h323" alone is both of its halves. */
static bool is_words_of(const struct inspector_port *p, const char *words)
{
	size_t len = strlen(p->name);

	if (!strncmp(words, p->name, len) && (!words[len] || words[len] == ' '))
		return strcmp(p->name, "icmp") || strncmp(words, "icmp error", 10);
	return !strcmp(words, "h323") && !strncmp(p->name, "h323 ", 5);
}

static bool is_port_of(const struct inspector_port *p, const struct cls_key *k)
{
	__u16 port = p->source ? k->sport : k->dport;

	return (!p->proto || p->proto == k->proto) && port >= p->lo && port <= p->hi;
}

/*
 * The inspectors of default-inspection-traffic; those that look at every packet of a kind
 * (ip-options, ipv6, waas, sctp) do not make all traffic of the kind theirs.
 */
bool inspect_default_matches(const struct cls_key *k)
{
	for (size_t i = 0; i < N_PORTS; i++) {
		if (ports[i].proto && strcmp(ports[i].name, "waas") && strcmp(ports[i].name, "sctp") &&
		    is_port_of(&ports[i], k))
			return true;
	}
	return false;
}

static bool is_v6(const struct policy_tuple *t)
{
	return !asa_addr_is_v4(&t->dst);
}

static const char *line_of(const struct model_policy_class *pc, const struct inspector_port *p)
{
	for (size_t i = 0; i < pc->inspects.n; i++) {
		if (is_words_of(p, pc->inspects.v[i]))
			return pc->inspects.v[i];
	}
	return NULL;
}

const char *inspect_choose(const struct model_policy_class *pc, bool by_port,
			   const struct policy_tuple *t, size_t i, bool *combines)
{
	struct cls_key k;

	cls_key_from_tuple(&k, t);
	for (size_t p = 0; p < N_PORTS; p++) {
		const char *line = line_of(pc, &ports[p]);

		if (!line || (ports[p].proto && ports[p].proto != k.proto) ||
		    (by_port && !is_port_of(&ports[p], &k)) ||
		    (!strcmp(ports[p].name, "ipv6") && !is_v6(t)))
			continue;
		/* the next row of the same line is the same inspection */
		while (p + 1 < N_PORTS && !strcmp(ports[p + 1].name, ports[p].name))
			p++;
		if (i--)
			continue;
		*combines = ports[p].combines;
		return line;
	}
	return NULL;
}

/* The inspector of a line: its first word, which h323's halves have in common. */
static size_t first_word(const char *words)
{
	return strcspn(words, " ");
}

static bool line_combines(const char *words)
{
	for (size_t p = 0; p < N_PORTS; p++) {
		if (is_words_of(&ports[p], words))
			return ports[p].combines;
	}
	return false;
}

int inspect_class_check(struct compile *c, const struct model_policy_map *pm,
			const struct model_policy_class *pc, const struct model_class *mc)
{
	const char *one = NULL;

	if (mc && mc->match == MODEL_MATCH_DEFAULT_INSPECTION)
		return 0;
	for (size_t i = 0; i < pc->inspects.n; i++) {
		const char *words = pc->inspects.v[i];

		if (line_combines(words))
			continue;
		if (one && (first_word(one) != first_word(words) || strncmp(one, words, first_word(one))))
			return compile_fail(c, "policy-map %s class %s: multiple inspect commands (%s, %s) need \"match default-inspection-traffic\" in the class, which chooses by port",
					    pm->name, pc->class_name, one, words);
		one = words;
	}
	return 0;
}
