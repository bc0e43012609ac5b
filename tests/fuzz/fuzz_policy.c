// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/config/%.o daemon/inspect/regex.o daemon/policy/%.o */
/*
 * Fuzz target of the compiled policy: configuration lines in, a packet's worth of questions out
 * (ACL-1, NAT-1, NAT-6, MPF-6).
 *
 * Whatever lines are accepted: the compiler gives a policy or a sentence, and every question that
 * the pipeline may ask of the policy has an answer, within bounds. The first 48
 * bytes are the packet, the rest is configuration.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "policy/policy.h"

#define PACKET 48

static const char interfaces[] =
	"interface eth0\n nameif inside\n ip address 10.1.1.254 255.255.255.0\n"
	"interface eth1\n nameif outside\n ip address 192.0.2.1 255.255.255.0\n"
	" ipv6 address 2001:db8::1/64\n";

static struct sys_info sys;
static struct policy *policy;
static struct config *c;
static struct config_session *s;

static int apply(void *arg, const struct model *m, struct policy_error *e)
{
	struct policy *next = NULL;
	int err = policy_compile(m, &sys, policy, &next, e);

	(void)arg;
	if (err) {
		if (!*e->text)
			abort(); /* refused without a reason */
		return err;
	}
	policy_free(policy);
	policy = next;
	return 0;
}

static void start(void)
{
	struct config_ops ops = { .apply = apply };

	sys.n_ifs = 2;
	for (int i = 0; i < 2; i++) {
		snprintf(sys.ifs[i].dev, sizeof(sys.ifs[i].dev), "eth%d", i);
		sys.ifs[i].ifindex = 11 + i;
		sys.ifs[i].up = true;
	}
	c = config_new(&ops);
	s = config_session_new(c, CONFIG_MODE_PRIV);
}

static void tuple_read(const uint8_t *d, struct policy_tuple *t)
{
	memset(t, 0, sizeof(*t));
	memcpy(&t->src, d, 16);
	memcpy(&t->dst, d + 16, 16);
	if (d[47] & 1) {
		asa_addr_set_v4(&t->src, t->src.w[3]);
		asa_addr_set_v4(&t->dst, t->dst.w[3]);
	}
	memcpy(&t->sport, d + 32, 2);
	memcpy(&t->dport, d + 34, 2);
	t->proto = d[46] & 1 ? 6 : d[36];
	t->icmp_type = d[37];
	t->icmp_code = d[38];
}

static void ask_rules(const struct policy_if *in, const struct policy_if *out,
		      const struct policy_tuple *t)
{
	struct policy_acl_match m;
	struct policy_service service;

	policy_access_in(policy, in, out, t, &m);
	policy_access_out(policy, out, t, &m);
	policy_service_match(policy, in, out, t, &service);
	policy_host_access(policy, in, t);
	policy_proxy_arp(policy, out, &t->dst);
}

static void ask_nat(const struct policy_if *in, const struct policy_if *out,
		    const struct policy_tuple *t)
{
	struct asa_key key = { .src = t->src,
			       .dst = t->dst,
			       .sport = t->sport,
			       .dport = t->dport,
			       .proto = t->proto };
	struct nat_match m;
	struct nat_pool pool;
	struct asa_addr mapped;
	__be16 port;
	__u16 real_if;

	policy_nat_untranslate(policy, in, &key, &m, &real_if);
	if (!policy_nat_translate(policy, in, out, &key, &m, &mapped, &port, &pool) &&
	    m.rule < 0 && (!asa_addr_equal(&mapped, &key.src) || port != key.sport))
		abort(); /* no rule, and yet another source */
	policy_nat_rpf_check(policy, out, in, &key, &m);
}

static void ask_rows(void)
{
	struct policy_acl_row acl;
	struct policy_nat_row nat;
	struct policy_static_xlate x;
	struct policy_class_row row;
	struct asa_addr a;
	__u16 port;
	__u8 proto;

	for (size_t i = 0; i < 300 && policy_acl_row(policy, NULL, i, &acl); i++)
		if (strlen(acl.text) >= sizeof(acl.buf))
			abort();
	for (size_t i = 0; policy_nat_row(policy, i, &nat); i++)
		if (nat.section < 1 || nat.section > 3)
			abort();
	for (size_t i = 0; i < 300 && policy_static_xlate(policy, i, &x); i++)
		if (x.plen > 128)
			abort();
	for (size_t i = 0; policy_class_row(policy, i, &row); i++)
		if (!row.conns)
			abort();
	for (size_t i = 0; i < 300 && policy_local_punt(policy, i, &a, &proto, &port); i++)
		if (!proto)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct policy_if *in, *out;
	struct config_result r;
	struct policy_tuple t;
	char *text;

	if (size < PACKET || size > 8192)
		return 0;
	if (!c)
		start();
	text = malloc(sizeof(interfaces) + size - PACKET);
	memcpy(text, interfaces, sizeof(interfaces) - 1);
	memcpy(text + sizeof(interfaces) - 1, data + PACKET, size - PACKET);
	text[sizeof(interfaces) - 1 + size - PACKET] = '\0';
	config_result_init(&r);
	config_text(s, text, CONFIG_TEXT_REPLACE | CONFIG_TEXT_SKIP_BAD, NULL, &r);
	config_result_fini(&r);
	free(text);
	in = policy ? policy_if_named(policy, "inside") : NULL;
	out = policy ? policy_if_named(policy, "outside") : NULL;
	if (!in || !out)
		return 0;
	tuple_read(data, &t);
	ask_rules(in, out, &t);
	ask_rules(out, in, &t);
	ask_nat(in, out, &t);
	ask_nat(out, in, &t);
	ask_rows();
	return 0;
}
