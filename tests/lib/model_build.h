/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Models and packets in a few words, for the tests of the compiled policy.
 *
 * Responsible for: a firewall with three interfaces (inside 100, dmz 50, outside 0), rules from
 * short texts, tuples and keys from short texts. Not responsible for: ASA's language; the texts
 * here are the tests' own, so that a test of the policy does not depend on the parser.
 *
 *	address		any any4 any6 10.1.1.1 10.1.1.0/24 10.1.1.1-10.1.1.9 2001:db8::/64
 *			obj:NAME grp:NAME if:NAME
 *	rule		permit|deny PROTO SRC [OP PORT] DST [OP PORT] [type N]
 *	packet		PROTO SRC[:PORT] DST[:PORT]	(IPv6 with port: [2001:db8::1]:80)
 *
 * Use: fw_new(), change fw.m, fw_compile(), ask, fw_free(). A mistake in a text aborts.
 */
#ifndef TESTS_MODEL_BUILD_H
#define TESTS_MODEL_BUILD_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

#define MB_UNUSED __attribute__((unused))

struct fw {
	struct model *m;
	struct sys_info *sys;
	struct policy *p;
	struct policy_error e;
};

static MB_UNUSED void mb_bad(const char *what, const char *text)
{
	fprintf(stderr, "test text not understood: %s: \"%s\"\n", what, text);
	abort();
}

static MB_UNUSED struct asa_addr mb_addr(const char *text)
{
	struct asa_addr a = { 0 };
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		asa_addr_set_v4(&a, v4.s_addr);
	else if (inet_pton(AF_INET6, text, a.b) != 1)
		mb_bad("address", text);
	return a;
}

static MB_UNUSED const char *mb_text(const struct asa_addr *a)
{
	static char bufs[4][INET6_ADDRSTRLEN];
	static int n;
	char *buf = bufs[n++ % 4];

	if (asa_addr_is_v4(a))
		return inet_ntop(AF_INET, &a->w[3], buf, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, a->b, buf, INET6_ADDRSTRLEN);
}

static MB_UNUSED struct model_addr mb_term(const char *text)
{
	struct model_addr t = { 0 };
	char copy[128], *sep;

	snprintf(copy, sizeof(copy), "%s", text);
	if (!strcmp(text, "any")) {
		t.kind = MODEL_ADDR_ANY;
	} else if (!strcmp(text, "any4")) {
		t.kind = MODEL_ADDR_ANY4;
	} else if (!strcmp(text, "any6")) {
		t.kind = MODEL_ADDR_ANY6;
	} else if (!strncmp(text, "obj:", 4) || !strncmp(text, "grp:", 4)) {
		t.kind = text[0] == 'o' ? MODEL_ADDR_OBJECT : MODEL_ADDR_GROUP;
		snprintf(t.name, sizeof(t.name), "%s", text + 4);
	} else if (!strncmp(text, "if:", 3)) {
		t.kind = MODEL_ADDR_INTERFACE;
		snprintf(t.name, sizeof(t.name), "%s", text + 3);
	} else if ((sep = strchr(copy, '/'))) {
		*sep = '\0';
		t.kind = MODEL_ADDR_SUBNET;
		t.addr = mb_addr(copy);
		t.plen = atoi(sep + 1);
		t.v6 = !asa_addr_is_v4(&t.addr);
	} else if ((sep = strchr(copy, '-'))) {
		*sep = '\0';
		t.kind = MODEL_ADDR_RANGE;
		t.addr = mb_addr(copy);
		t.addr_end = mb_addr(sep + 1);
		t.v6 = !asa_addr_is_v4(&t.addr);
	} else {
		t.kind = MODEL_ADDR_HOST;
		t.addr = mb_addr(copy);
		t.v6 = !asa_addr_is_v4(&t.addr);
	}
	return t;
}

static MB_UNUSED struct model_proto mb_proto(const char *text)
{
	struct model_proto p = { .kind = MODEL_PROTO_NUM };

	if (!strcmp(text, "ip"))
		p.kind = MODEL_PROTO_IP;
	else if (!strcmp(text, "tcp"))
		p.num = IPPROTO_TCP;
	else if (!strcmp(text, "udp"))
		p.num = IPPROTO_UDP;
	else if (!strcmp(text, "icmp"))
		p.num = IPPROTO_ICMP;
	else if (!strcmp(text, "icmp6"))
		p.num = IPPROTO_ICMPV6;
	else if (!strncmp(text, "obj:", 4))
		p.kind = MODEL_PROTO_SVC_OBJECT;
	else if (!strncmp(text, "grp:", 4))
		p.kind = MODEL_PROTO_SVC_GROUP;
	else if (!strncmp(text, "protos:", 7))
		p.kind = MODEL_PROTO_GROUP;
	else if (atoi(text) > 0)
		p.num = atoi(text);
	else
		mb_bad("protocol", text);
	if (strchr(text, ':'))
		snprintf(p.name, sizeof(p.name), "%s", strchr(text, ':') + 1);
	return p;
}

/* An operator at words[*i], if there is one. */
static MB_UNUSED struct model_port mb_port(char **words, size_t n, size_t *i)
{
	static const char *const ops[] = { [MODEL_PORT_EQ] = "eq",   [MODEL_PORT_NEQ] = "neq",
					   [MODEL_PORT_LT] = "lt",   [MODEL_PORT_GT] = "gt",
					   [MODEL_PORT_RANGE] = "range", [MODEL_PORT_GROUP] = "ports" };
	struct model_port p = { .op = MODEL_PORT_ANY };

	for (int op = MODEL_PORT_EQ; op <= MODEL_PORT_GROUP && *i < n; op++) {
		if (strcmp(words[*i], ops[op]))
			continue;
		p.op = op;
		if (op == MODEL_PORT_GROUP)
			snprintf(p.group, sizeof(p.group), "%s", words[*i + 1]);
		p.lo = p.hi = atoi(words[*i + 1]);
		*i += 2;
		if (op == MODEL_PORT_RANGE)
			p.hi = atoi(words[(*i)++]);
		break;
	}
	return p;
}

static MB_UNUSED size_t mb_split(char *text, char **words, size_t max)
{
	size_t n = 0;
	char *save;

	for (char *w = strtok_r(text, " ", &save); w && n < max; w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	return n;
}

static MB_UNUSED struct model_ace *fw_ace(struct fw *fw, const char *acl, const char *fmt, ...)
{
	struct model_acl *a = model_acl_find(fw->m, acl);
	char text[MODEL_TEXT_MAX], copy[MODEL_TEXT_MAX], *words[16];
	struct model_ace *ace;
	size_t n, i = 4;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(copy, text, sizeof(copy));
	n = mb_split(copy, words, 16);
	if (n < 4)
		mb_bad("rule", text);
	if (!a) {
		a = MODEL_PUSH(&fw->m->acls);
		snprintf(a->name, sizeof(a->name), "%s", acl);
	}
	ace = model_acl_insert(a, model_acl_n(a), &(struct model_ace){ 0 }, text);
	ace->permit = !strcmp(words[0], "permit");
	ace->log_level = ace->log_interval = -1;
	ace->proto = mb_proto(words[1]);
	ace->src = mb_term(words[2]);
	i = 3;
	ace->sport = mb_port(words, n, &i);
	if (i >= n)
		mb_bad("rule without destination", text);
	ace->dst = mb_term(words[i++]);
	ace->dport = mb_port(words, n, &i);
	if (i + 1 < n && !strcmp(words[i], "type")) {
		ace->icmp.set = true;
		ace->icmp.type = atoi(words[i + 1]);
		ace->icmp.code = -1;
		i += 2;
	}
	if (i < n && !strcmp(words[i], "inactive")) {
		ace->inactive = true;
		i++;
	}
	if (i != n)
		mb_bad("rule", text);
	return ace;
}

static MB_UNUSED struct model_object *fw_object(struct fw *fw, const char *name, const char *term)
{
	struct model_object *o = model_objects_own(fw->m) ? NULL : MODEL_PUSH(&fw->m->objects);

	if (!o)
		abort();
	snprintf(o->name, sizeof(o->name), "%s", name);
	o->addr = mb_term(term);
	o->set = true;
	return o;
}

static MB_UNUSED struct model_object *fw_service(struct fw *fw, const char *name, const char *proto,
						 const char *ports)
{
	struct model_object *o = model_objects_own(fw->m) ? NULL : MODEL_PUSH(&fw->m->objects);
	char copy[128], *words[8];
	size_t n, i = 0;

	if (!o)
		abort();
	snprintf(o->name, sizeof(o->name), "%s", name);
	o->service = o->set = true;
	o->proto = mb_proto(proto);
	snprintf(copy, sizeof(copy), "%s", ports);
	n = mb_split(copy, words, 8);
	while (i < n) {
		bool source = !strcmp(words[i++], "source");
		struct model_port p = mb_port(words, n, &i);

		*(source ? &o->sport : &o->dport) = p;
	}
	return o;
}

static MB_UNUSED struct model_group *fw_group(struct fw *fw, const char *name,
					      enum model_group_kind kind)
{
	struct model_group *g = MODEL_PUSH(&fw->m->groups);

	snprintf(g->name, sizeof(g->name), "%s", name);
	g->kind = kind;
	return g;
}

/* A member: an address, or "group NAME". */
static MB_UNUSED struct model_group_item *fw_member(struct fw *fw, const char *group,
						    const char *text)
{
	struct model_group_item *item = MODEL_PUSH(&model_group_find(fw->m, group)->items);

	if (!strncmp(text, "group ", 6)) {
		item->nested = true;
		snprintf(item->addr.name, sizeof(item->addr.name), "%s", text + 6);
	} else if (*text) {
		item->addr = mb_term(text);
	}
	return item;
}

static MB_UNUSED void fw_access_group(struct fw *fw, const char *acl, const char *where,
				      const char *ifname)
{
	struct model_access_group *ag = MODEL_PUSH(&fw->m->access_groups);

	snprintf(ag->acl, sizeof(ag->acl), "%s", acl);
	ag->global = !strcmp(where, "global");
	ag->out = !strcmp(where, "out");
	snprintf(ag->ifname, sizeof(ag->ifname), "%s", ifname);
}

static MB_UNUSED void fw_if(struct fw *fw, const char *dev, const char *nameif, int level,
			    const char *v4, const char *v6)
{
	struct model_if *i = MODEL_PUSH(&fw->m->ifs);
	struct sys_if *s = &fw->sys->ifs[fw->sys->n_ifs++];
	struct model_if_addr *a;

	snprintf(i->dev, sizeof(i->dev), "%s", dev);
	snprintf(i->nameif, sizeof(i->nameif), "%s", nameif);
	i->level = level;
	a = v4 ? MODEL_PUSH(&i->addrs) : NULL;
	if (a)
		*a = (struct model_if_addr){ mb_addr(v4), 24, false };
	a = v6 ? MODEL_PUSH(&i->addrs) : NULL;
	if (a)
		*a = (struct model_if_addr){ mb_addr(v6), 64, true };
	snprintf(s->dev, sizeof(s->dev), "%s", dev);
	s->ifindex = 10 + fw->sys->n_ifs;
	s->mtu = 1500;
	s->up = true;
}

/* inside, dmz and outside, without any rule. */
static MB_UNUSED struct fw fw_new(void)
{
	struct fw fw = { .m = model_new(), .sys = calloc(1, sizeof(struct sys_info)) };

	fw_if(&fw, "eth0", "inside", 100, "10.1.1.254", "2001:db8:1::fe");
	fw_if(&fw, "eth1", "dmz", 50, "10.2.2.254", NULL);
	fw_if(&fw, "eth2", "outside", 0, "192.0.2.1", "2001:db8:f::1");
	return fw;
}

/* Compile as a successor of the snapshot before. => 0 or an error; the old one stays then. */
static MB_UNUSED int fw_compile(struct fw *fw)
{
	struct policy *next = NULL;
	int err = policy_compile(fw->m, fw->sys, fw->p, &next, &fw->e);

	if (err)
		return err;
	policy_free(fw->p);
	fw->p = next;
	return 0;
}

static MB_UNUSED void fw_free(struct fw *fw)
{
	policy_free(fw->p);
	model_free(fw->m);
	free(fw->sys);
}

static MB_UNUSED const struct policy_if *fw_named(const struct fw *fw, const char *name)
{
	return policy_if_named(fw->p, name);
}

/* "10.1.1.1:80", "[2001:db8::1]:80", without port as well. */
static MB_UNUSED __u16 mb_end(const char *text, struct asa_addr *a)
{
	char copy[64], *addr = copy, *port;

	snprintf(copy, sizeof(copy), "%s", text);
	if (*addr == '[') {
		addr++;
		port = strchr(addr, ']');
		*port++ = '\0';
		port = *port == ':' ? port : NULL;
	} else {
		port = strchr(addr, ':');
		if (port && strchr(port + 1, ':'))
			port = NULL;
	}
	if (port)
		*port++ = '\0';
	*a = mb_addr(addr);
	return port ? atoi(port) : 0;
}

static MB_UNUSED struct policy_tuple mb_tuple(const char *text)
{
	struct policy_tuple t = { 0 };
	char copy[160], *words[4];

	snprintf(copy, sizeof(copy), "%s", text);
	if (mb_split(copy, words, 4) < 3)
		mb_bad("packet", text);
	t.proto = mb_proto(words[0]).num;
	t.sport = mb_end(words[1], &t.src);
	t.dport = mb_end(words[2], &t.dst);
	if (t.proto == IPPROTO_ICMP || t.proto == IPPROTO_ICMPV6) {
		t.icmp_type = t.sport;
		t.sport = 0;
	}
	return t;
}

static MB_UNUSED struct asa_key mb_key(const char *text)
{
	struct policy_tuple t = mb_tuple(text);

	return (struct asa_key){ .src = t.src,
				 .dst = t.dst,
				 .sport = asa_htons(t.sport),
				 .dport = asa_htons(t.dport),
				 .proto = t.proto };
}

#endif
