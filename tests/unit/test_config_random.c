// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/config/%.o daemon/inspect/regex.o daemon/policy/%.o */
/*
 * Random configurations through the language and the policy compiler (CFG-2): lines in any order,
 * some with "no", most of them bad where they stand. Whatever is left of them compiles, answers
 * questions, is printed, read back, and printed again with the same bytes.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cunit.h"

#include "config/config.h"
#include "policy/policy.h"

struct fixture {
	struct config *c;
	struct config_session *s;
	struct config_result r;
	struct sys_info *sys;
	int compiled;
};

/* Any packet will do: the answers are tested elsewhere, here they must not crash. */
static void question(const struct policy *p)
{
	struct policy_tuple t = { .proto = IPPROTO_TCP, .sport = 3, .dport = 80 };
	const struct policy_if *a = policy_if_at(p, 0), *b = policy_if_at(p, policy_n_ifs(p) > 1);
	struct policy_acl_match acl;
	struct policy_service service;
	struct nat_match nat;
	struct nat_pool pool;
	struct asa_addr mapped;
	struct asa_key key;
	__be16 port;
	__u16 real_if;

	asa_addr_set_v4(&t.src, asa_htonl(0x0a000001));
	asa_addr_set_v4(&t.dst, asa_htonl(0xc0000202));
	memset(&key, 0, sizeof(key));
	key.src = t.src;
	key.dst = t.dst;
	key.proto = t.proto;
	policy_service_match(p, a, b, &t, &service);
	policy_access_in(p, a, b, &t, &acl);
	policy_access_out(p, b, &t, &acl);
	policy_nat_translate(p, a, b, &key, &nat, &mapped, &port, &pool);
	policy_nat_untranslate(p, b, &key, &nat, &real_if);
}

static int apply(void *arg, const struct model *m, struct policy_error *e)
{
	struct fixture *f = arg;
	struct policy *p;
	int err = policy_compile(m, f->sys, NULL, &p, e);

	if (err)
		return err;
	if (policy_n_ifs(p))
		question(p);
	policy_free(p);
	f->compiled++;
	return 0;
}

static void setup(struct fixture *f)
{
	struct config_ops ops = { apply, apply, f };

	memset(f, 0, sizeof(*f));
	f->sys = calloc(1, sizeof(*f->sys));
	f->c = config_new(&ops);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->c);
	f->s = config_session_new(f->c, CONFIG_MODE_GLOBAL);
	config_result_init(&f->r);
	for (unsigned int i = 0; i < 2; i++) {
		struct sys_if *d = &f->sys->ifs[f->sys->n_ifs++];

		snprintf(d->dev, sizeof(d->dev), "eth%u", i);
		d->ifindex = 10 + i;
		d->up = true;
	}
}

static void teardown(struct fixture *f)
{
	config_result_fini(&f->r);
	config_session_free(f->s);
	config_free(f->c);
	free(f->sys);
}

static enum config_status text(struct fixture *f, const char *t, unsigned int flags)
{
	config_result_fini(&f->r);
	return config_text(f->s, t, flags, NULL, &f->r);
}

static uint32_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)random_state * n) >> 32);
}

static const char *const lines[] = {
	"interface eth0", "interface eth0.7", "interface eth1", "nameif inside", "nameif outside",
	"security-level 50", "ip address 10.0.0.1 255.0.0.0", "ipv6 address 2001:db8::1/64", "shutdown",
	"description some words", "vlan 12", "hostname h1", "hostname h2", "fail-mode open",
	"same-security-traffic permit intra-interface", "same-security-traffic permit inter-interface",
	"object network o1", "object network o2", "host 192.0.2.1", "subnet 10.1.0.0 255.255.0.0",
	"range 10.0.0.1 10.0.0.9", "subnet ::/0", "nat (inside,outside) static 192.0.2.9",
	"nat (inside,outside) dynamic interface", "nat (inside,outside) static o2", "object service s1",
	"service tcp source eq www destination range 1 9", "service icmp echo 0", "service udp",
	"object-group network g1", "object-group network g2", "network-object host 10.0.0.1",
	"network-object object o1", "group-object g1", "group-object g2", "object-group service p1 tcp",
	"object-group service p2", "port-object eq ssh", "port-object range 1 www",
	"service-object tcp-udp destination eq domain", "service-object object s1", "group-object p1",
	"object-group protocol q1", "protocol-object udp", "protocol-object ip", "object-group icmp-type i1",
	"icmp-object echo", "access-list A extended permit tcp any any eq www",
	"access-list A line 1 extended deny udp object o1 object-group g1 neq syslog log 7 interval 9",
	"access-list A extended permit tcp object-group g1 object-group p1 any object-group p1",
	"access-list A permit object-group p2 any object o2 inactive",
	"access-list A permit object-group q1 any interface outside",
	"access-list A permit icmp any4 any6 object-group i1", "access-list A remark text   here ",
	"access-list S standard permit 10.0.0.0 255.0.0.0", "access-list S standard deny any",
	"access-list B extended permit 0 any any time-range t", "access-group A in interface outside",
	"access-group A out interface outside", "access-group B global", "access-group S global",
	"nat (inside,outside) source static o1 o2 destination static g1 g1 service s1 s1",
	"nat (any,any) 1 source dynamic any interface inactive",
	"nat (inside,outside) after-auto source dynamic o1 pat-pool o2 round-robin",
	"nat (inside,outside) source dynamic o1 pat-pool o2 extended flat",
	"nat (inside,outside) source dynamic o2 pat-pool o1 block-allocation",
	"xlate block-allocation size 64",
	"xlate block-allocation maximum-per-host 2",
	"nat (inside) 1 10.0.0.0 255.0.0.0 dns 10 20 norandomseq", "nat (inside) 0 access-list A",
	"global (outside) 1 192.0.2.1-192.0.2.9", "global (outside) 1 interface",
	"static (inside,outside) tcp interface www 10.0.0.1 8080", "static(a,b) 192.0.2.1 10.0.0.1 5 6",
	"route outside 0 0 192.0.2.254", "ipv6 route inside 2001:db8::/32 2001:db8::9 9",
	"timeout conn 0:5:0 half-closed 0:0:30 udp 0", "timeout uauth 0:1:0 inactivity", "timeout-floor none",
	"timeout conn 0:0:9", "logging enable", "logging timestamp rfc5424", "logging trap 3",
	"logging buffered debugging", "logging host inside 10.0.0.5 tcp/9", "logging message 302013 level 2",
	"logging message 313004", "logging device-id string a b", "logging list l level 3", "ssh 0 0 inside",
	"icmp permit any outside", "sysopt connection tcpmss 1300", "fragment chain 9", "names",
	"access-list-semantics mapped", "ASA Version 8.2(1)", "ASA Version 9.9", "tcp-map m1",
	"queue-limit 9 timeout 3", "ttl-evasion-protection", "tcp-options range 9 9 allow",
	"class-map c1", "class-map type management c2", "match any", "match access-list A",
	"match port tcp range 1 www", "match default-inspection-traffic", "match dscp ef",
	"policy-map m1", "policy-map m2", "class c1", "class c2", "class class-default",
	"set connection conn-max 5 per-client-max 0", "set connection random-sequence-number disable",
	"set connection timeout idle 0:10:0 reset dcd", "set connection timeout embryonic 0:0:1",
	"set connection advanced-options m1", "set connection advanced-options tcp-state-bypass",
	"set connection decrement-ttl", "inspect ftp strict", "police input 64000",
	"service-policy m1 outside", "service-policy m2 global fail-close", "policy-map type inspect dns d",
	"regex x1 a+b", "regex x1 (", "regex x2 [a-c]{2,3}", "class-map type regex match-any r1", "match regex x1",
	"match regex x2", "class-map type inspect http match-any h1", "match request uri regex x1",
	"match not request uri regex class r1", "policy-map type inspect http w1", "class h1", "drop log",
	"rate-limit 5", "log", "parameters", "protocol-violation action reset", "dns-guard", "message-length maximum 512",
	"match domain-name regex x2", "snmp-map s1", "deny version 2c", "inspect http w1", "inspect dns d",
	"inspect snmp s1", "inspect http",
	" parameters", "  message-length maximum 512", " match x", "  drop", "exit", "end",
	"clear configure access-list", "clear configure object", "clear configure timeout",
	"clear configure nat", "clear configure policy-map", "clear configure interface eth1",
	"clear configure all",
};

static void append(char *buf, size_t size, const char *s)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s", s);
}

/* CFG-2, NAT-1, ACL-1, BYP-1: what is printed is read back and printed the same, whatever it is. */
static void cfg_2_random_configurations_come_back(void)
{
	struct fixture f, g;

	setup(&f);
	setup(&g);
	for (uint32_t seed = 1; seed <= 300; seed++) {
		char buf[16384] = "";
		char *x, *y;

		random_state = seed;
		for (uint32_t i = 20 + random_below(120); i > 0; i--) {
			uint32_t pick = random_below(sizeof(lines) / sizeof(*lines) * 8) / 8;

			if (!strcmp(lines[pick], "clear configure all") && random_below(4))
				continue;
			if (!random_below(10))
				append(buf, sizeof(buf), "no ");
			append(buf, sizeof(buf), lines[pick]);
			append(buf, sizeof(buf), "\n");
		}
		CU_ASSERT_EQUAL_FATAL(text(&f, buf, CONFIG_TEXT_REPLACE | CONFIG_TEXT_SKIP_BAD), CONFIG_OK);
		x = config_running_text(config_model(f.c), NULL, false, NULL);
		if (text(&g, x, CONFIG_TEXT_REPLACE)) {
			printf("seed %u, line %u: %s\n%s\n", seed, g.r.line, g.r.error, x);
			CU_FAIL_FATAL("not read back");
		}
		y = config_running_text(config_model(g.c), NULL, false, NULL);
		if (strcmp(x, y)) {
			printf("seed %u:\n%s---- read back:\n%s", seed, x, y);
			CU_FAIL_FATAL("not the same bytes");
		}
		/* Entered again on top of itself it changes nothing either. */
		CU_ASSERT_EQUAL(text(&g, x, CONFIG_TEXT_SKIP_BAD), CONFIG_OK);
		free(y);
		free(x);
	}
	CU_ASSERT_TRUE(f.compiled > 300);
	teardown(&f);
	teardown(&g);
}

static const struct asa_cunit_test tests[] = {
	{ "CFG-2 NAT-1 ACL-1 random configurations come back", cfg_2_random_configurations_come_back },
	{ NULL, NULL },
};

int main(void)
{
	return asa_cunit_main("config_random", tests);
}
