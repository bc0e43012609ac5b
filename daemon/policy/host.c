// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may talk to the box itself: "ssh", "telnet", "http" and "icmp" lines.
 *
 * Responsible for: turning the kept lines into rules and answering policy_host_access(). Not
 * responsible for: recognizing what is to the box, the services (Linux has them), or stopping
 * packets: the XDP program does, with the rows that host_rows.c makes of these rules.
 *
 * A service or ICMP on an interface is restricted as soon as one line speaks of it; with no line
 * all is allowed.
 * DEVIATION: ASA forbids ssh, telnet and http until a line permits them; here the box is a Linux
 * host whose operator may be logged in by just that.
 *
 * Callers: policy.c, packet-tracer, tests. Threads: see policy_impl.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_impl.h"

#define WORDS_MAX 8

static size_t split(char *text, char *words[WORDS_MAX])
{
	size_t n = 0;
	char *save;

	for (char *w = strtok_r(text, " ", &save); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	return n;
}

static bool parse_addr(const char *text, struct asa_addr *a)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		asa_addr_set_v4(a, v4.s_addr);
		return true;
	}
	return inet_pton(AF_INET6, text, a->b) == 1;
}

static bool parse_prefix(char *text, struct addr_range *r)
{
	char *slash = strchr(text, '/'), *end;
	struct asa_addr a;
	unsigned long plen;
	bool ok;

	if (!slash)
		return false;
	*slash = '\0';
	ok = parse_addr(text, &a);
	*slash = '/';
	plen = strtoul(slash + 1, &end, 10);
	if (!ok || end == slash + 1 || *end || plen > 128 || asa_addr_is_v4(&a))
		return false;
	*r = addr_prefix_range(addr_to_num(&a), plen);
	return true;
}

/* A source: "any", "host A", "A M", "P/L". => words used, 0 when it is none. */
static size_t parse_from(char **words, size_t n, bool v6, struct addr_range *r)
{
	struct asa_addr a, mask;

	if (n >= 1 && !strncmp(words[0], "any", 3)) {
		*r = v6 ? (struct addr_range){ 0, ADDR_NUM_MAX } :
			  (struct addr_range){ ADDR_V4_FIRST, ADDR_V4_LAST };
		return 1;
	}
	if (n >= 2 && !strcmp(words[0], "host") && parse_addr(words[1], &a)) {
		*r = addr_prefix_range(addr_to_num(&a), 128);
		return 2;
	}
	if (n >= 1 && parse_prefix(words[0], r))
		return 1;
	if (n >= 2 && parse_addr(words[0], &a) && parse_addr(words[1], &mask) &&
	    asa_addr_is_v4(&mask)) {
		__u32 m = asa_ntohl(mask.w[3]);

		*r = addr_prefix_range(addr_to_num(&a), 96 + __builtin_popcount(m));
		return 2;
	}
	return 0;
}

/* The ICMP type of a line: a number or a name. => -1: none of them */
static int parse_icmp_type(const char *word, bool v6)
{
	static const struct {
		const char *name;
		int v4, v6;
	} names[] = {
		{ "alternate-address", 6, -1 },
		{ "conversion-error", 31, -1 },
		{ "echo", 8, 128 },
		{ "echo-reply", 0, 129 },
		{ "information-reply", 16, -1 },
		{ "information-request", 15, -1 },
		{ "mask-reply", 18, -1 },
		{ "mask-request", 17, -1 },
		{ "membership-query", -1, 130 },
		{ "membership-reduction", -1, 132 },
		{ "membership-report", -1, 131 },
		{ "mobile-redirect", 32, -1 },
		{ "neighbor-advertisement", -1, 136 },
		{ "neighbor-redirect", -1, 137 },
		{ "neighbor-solicitation", -1, 135 },
		{ "packet-too-big", -1, 2 },
		{ "parameter-problem", 12, 4 },
		{ "redirect", 5, -1 },
		{ "router-advertisement", 9, 134 },
		{ "router-renumbering", -1, 138 },
		{ "router-solicitation", 10, 133 },
		{ "source-quench", 4, -1 },
		{ "time-exceeded", 11, 3 },
		{ "timestamp-reply", 14, -1 },
		{ "timestamp-request", 13, -1 },
		{ "traceroute", 30, -1 },
		{ "unreachable", 3, 1 },
	};
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (end != word && !*end && n <= 255)
		return n;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(word, names[i].name))
			return v6 ? names[i].v6 : names[i].v4;
	return -1;
}

/* => 1 and the rule, 0 when the line is not one that restricts access, -EINVAL: not understood. */
static int parse_rule(const struct compile *c, char **words, size_t n, struct host_rule *r)
{
	const struct {
		const char *word;
		__u16 port;
	} services[] = { { "ssh", 22 }, { "telnet", 23 },
			 { "http", c->m->http_port ? (__u16)c->m->http_port : 443 } };
	const struct policy_if *pi;
	size_t at = 1, used;

	*r = (struct host_rule){ .permit = true, .icmp_type = -1 };
	if (n >= 2 && !strcmp(words[0], "ipv6")) {
		r->v6 = true;
		words++;
		n--;
	}
	if (n >= 3 && !strcmp(words[0], "icmp") &&
	    (!strcmp(words[1], "permit") || !strcmp(words[1], "deny"))) {
		r->proto = r->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		r->permit = !strcmp(words[1], "permit");
		at = 2;
	}
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]) && n; i++) {
		if (!r->proto && !strcmp(words[0], services[i].word)) {
			r->proto = IPPROTO_TCP;
			r->port = services[i].port;
		}
	}
	if (!r->proto)
		return 0;
	used = parse_from(words + at, n - at, r->v6, &r->from);
	at += used;
	if (!used || at >= n)
		return 0;
	if (r->proto != IPPROTO_TCP && at + 1 < n) {
		r->icmp_type = parse_icmp_type(words[at++], r->v6);
		if (r->icmp_type < 0)
			return -EINVAL;
	}
	pi = policy_if_named(c->p, words[at]);
	if (!pi)
		return 0;
	r->num = pi->num;
	return 1;
}

int host_compile(struct compile *c)
{
	for (size_t i = 0; i < c->m->mgmt.n; i++) {
		char text[MODEL_TEXT_MAX], *words[WORDS_MAX];
		struct host_rule r, *row;
		int known;

		memcpy(text, c->m->mgmt.v[i].text, sizeof(text));
		text[sizeof(text) - 1] = '\0';
		known = parse_rule(c, words, split(text, words), &r);
		if (known < 0 && compile_warn(c, "%s: the ICMP type is not known, the line does nothing",
					      c->m->mgmt.v[i].text))
			return -ENOMEM;
		if (known <= 0)
			continue;
		row = MODEL_PUSH(&c->p->host);
		if (!row)
			return -ENOMEM;
		*row = r;
	}
	return 0;
}

bool policy_host_access(const struct policy *p, const struct policy_if *in,
			const struct policy_tuple *t)
{
	addr_num src = addr_to_num(&t->src);
	bool spoken_of = false;

	for (size_t i = 0; i < p->host.n; i++) {
		const struct host_rule *r = &p->host.v[i];

		if (r->num != in->num || r->proto != t->proto)
			continue;
		if (r->proto == IPPROTO_TCP && r->port != t->dport)
			continue;
		spoken_of = true;
		if (addr_range_has(r->from, src) &&
		    (r->icmp_type < 0 || r->icmp_type == t->icmp_type))
			return r->permit;
	}
	return !spoken_of;
}
