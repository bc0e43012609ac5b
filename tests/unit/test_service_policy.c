// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/policy/%.o */
/*
 * Service policies: which class a new connection gets (MPF-1, MPF-2, MPF-3, MPF-5, MPF-6), state
 * bypass (BYP-1) and what it excludes (BYP-6), the warning about dynamic translation (BYP-11).
 */
#include <stdlib.h>
#include <string.h>

#include "lib/cunit.h"
#include "lib/model_build.h"

/* A class map; match: "any", "acl NAME", "tcp 80", "udp 53", "default". */
static struct model_class *class_map(struct fw *fw, const char *name, const char *match)
{
	struct model_class *c = MODEL_PUSH(&fw->m->classes);

	snprintf(c->name, sizeof(c->name), "%s", name);
	if (!strcmp(match, "any")) {
		c->match = MODEL_MATCH_ANY;
	} else if (!strcmp(match, "default")) {
		c->match = MODEL_MATCH_DEFAULT_INSPECTION;
	} else if (!strncmp(match, "acl ", 4)) {
		c->match = MODEL_MATCH_ACL;
		snprintf(c->acl, sizeof(c->acl), "%s", match + 4);
	} else if (!strcmp(match, "tunnel")) {
		snprintf(c->tunnel_group, sizeof(c->tunnel_group), "T");
	} else if (!strncmp(match, "match ", 6)) {
		c->match = MODEL_MATCH_OTHER;
		snprintf(c->other, sizeof(c->other), "%s", match);
	} else {
		c->match = MODEL_MATCH_PORT;
		c->proto = match[0] == 't' ? IPPROTO_TCP : IPPROTO_UDP;
		c->lo = c->hi = atoi(match + 4);
	}
	return c;
}

/* A class in a policy map, which is made when it is new. Valid until the next one of that map. */
static struct model_policy_class *in_map(struct fw *fw, const char *map, const char *class_name)
{
	struct model_policy_map *pm = model_policy_map_find(fw->m, map);
	struct model_policy_class *pc;

	if (!pm) {
		pm = MODEL_PUSH(&fw->m->policy_maps);
		snprintf(pm->name, sizeof(pm->name), "%s", map);
	}
	pc = MODEL_PUSH(&pm->classes);
	snprintf(pc->class_name, sizeof(pc->class_name), "%s", class_name);
	model_conn_settings_init(&pc->conn);
	return pc;
}

static void inspect(struct model_policy_class *pc, const char *words)
{
	*(char **)MODEL_PUSH(&pc->inspects) = strdup(words);
}

static void attach(struct fw *fw, const char *map, const char *ifname)
{
	struct model_service_policy *sp = MODEL_PUSH(&fw->m->service_policies);

	snprintf(sp->policy_map, sizeof(sp->policy_map), "%s", map);
	sp->global = !ifname;
	snprintf(sp->ifname, sizeof(sp->ifname), "%s", ifname ? ifname : "");
}

static struct policy_service ask(const struct fw *fw, const char *in, const char *out,
				 const char *packet)
{
	struct policy_tuple t = mb_tuple(packet);
	struct policy_service s;

	policy_service_match(fw->p, fw_named(fw, in), fw_named(fw, out), &t, &s);
	return s;
}

/* ------------------------------------------------------------------ bypass */

/* The access list, class and policy of scenario 1, on the interface that it names. */
static void scenario1(struct fw *fw, bool first)
{
	fw_ace(fw, "tcp_bypass", first ? "permit tcp 10.1.1.0/24 172.16.1.0/24" :
					 "permit tcp 172.16.1.0/24 10.1.1.0/24");
	class_map(fw, "tcp_bypass", "acl tcp_bypass");
	in_map(fw, "tcp_bypass_policy", "tcp_bypass")->conn.bypass = true;
	attach(fw, "tcp_bypass_policy", "outside");
}

static void byp1_mpf5_both_directions_of_the_interface(void)
{
	for (int first = 0; first < 2; first++) {
		struct fw fw = fw_new();
		const char *out_packet = "tcp 10.1.1.5:4000 172.16.1.1:80";
		const char *in_packet = "tcp 172.16.1.1:80 10.1.1.5:4000";

		scenario1(&fw, first);
		CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
		/* firewall 1: leaves by outside; firewall 2: enters there */
		CU_ASSERT_EQUAL(ask(&fw, "inside", "outside", out_packet).bypass, first);
		CU_ASSERT_EQUAL(ask(&fw, "outside", "inside", in_packet).bypass, !first);
		/* neither way through outside */
		CU_ASSERT_FALSE(ask(&fw, "inside", "dmz", out_packet).bypass);
		CU_ASSERT_FALSE(ask(&fw, "dmz", "inside", in_packet).bypass);
		/* off again */
		fw.m->policy_maps.v[0].classes.v[0].conn.bypass = false;
		CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
		CU_ASSERT_FALSE(ask(&fw, "inside", "outside", out_packet).bypass);
		CU_ASSERT_FALSE(ask(&fw, "outside", "inside", in_packet).bypass);
		fw_free(&fw);
	}
}

static void byp1_tcp_only_and_u_turn(void)
{
	struct fw fw = fw_new();
	struct policy_service s;

	class_map(&fw, "all", "any");
	in_map(&fw, "P", "all")->conn.bypass = true;
	attach(&fw, "P", "inside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_TRUE(ask(&fw, "inside", "inside", "tcp 192.168.2.1:1 192.168.1.1:2").bypass);
	CU_ASSERT_TRUE(ask(&fw, "inside", "outside", "tcp [2001:db8:1::1]:1 [2001:db8:e::1]:2").bypass);
	CU_ASSERT_FALSE(ask(&fw, "inside", "inside", "udp 192.168.2.1:1 192.168.1.1:2").bypass);
	s = ask(&fw, "inside", "inside", "tcp 192.168.2.1:1 192.168.1.1:2");
	CU_ASSERT_EQUAL(s.class_row, 0);
	CU_ASSERT_EQUAL(s.idle_s, -1); /* BYP-8: the session's two minutes */
	fw_free(&fw);
}

static void byp6_excludes_inspection_and_normalization(void)
{
	struct fw fw = fw_new();

	scenario1(&fw, true);
	inspect(&fw.m->policy_maps.v[0].classes.v[0], "ftp");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(policy_warning(fw.p, 0));
	CU_ASSERT_PTR_NOT_NULL(strstr(policy_warning(fw.p, 0), "inspect ftp is ignored"));
	CU_ASSERT_PTR_NULL(policy_warning(fw.p, 1));
	strcpy(fw.m->policy_maps.v[0].classes.v[0].conn.tcp_map, "strict");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "TCP map strict"));
	fw.m->policy_maps.v[0].classes.v[0].conn.tcp_map[0] = '\0';
	/* MPF-4: not for traffic to the box */
	fw.m->classes.v[0].management = true;
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	fw_free(&fw);
}

static void nat_rule(struct fw *fw, enum model_nat_form form, const char *real, const char *mapped,
		     bool dynamic)
{
	struct model_nat *n = MODEL_PUSH(&fw->m->nats);

	n->form = form;
	strcpy(n->real_if, "inside");
	strcpy(n->mapped_if, "outside");
	n->real = mb_term(real);
	n->dynamic = dynamic;
	n->mapped_interface = !strcmp(mapped, "interface");
	if (!n->mapped_interface)
		n->mapped = mb_term(mapped);
	snprintf(n->text, sizeof(n->text), "nat (inside,outside) source %s", real);
}

static void byp11_warns_of_dynamic_translation(void)
{
	static const struct {
		const char *static_real, *dynamic_real;
		bool first, warns;
	} cases[] = {
		/* static        dynamic           firewall 1?  warns */
		{ NULL,          NULL,             true,        false },
		{ NULL,          "10.1.1.0/24",    true,        true },
		{ NULL,          "10.1.1.0/24",    false,       true }, /* its answers */
		{ NULL,          "any",            true,        true },
		{ NULL,          "10.1.2.0/24",    true,        false },
		/* an earlier static rule takes all of it, or only a part */
		{ "10.1.1.0/24", "any",            true,        false },
		{ "10.1.1.0/24", "any",            false,       false },
		{ "10.1.0.0/16", "10.1.0.0/16",    false,       false },
		{ "10.1.1.0/25", "10.1.1.0/24",    true,        true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw fw = fw_new();

		scenario1(&fw, cases[i].first);
		if (cases[i].static_real)
			nat_rule(&fw, MODEL_NAT_TWICE, cases[i].static_real, "192.168.0.0/16", false);
		if (cases[i].dynamic_real)
			nat_rule(&fw, MODEL_NAT_TWICE_AFTER, cases[i].dynamic_real, "interface", true);
		CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
		if ((policy_warning(fw.p, 0) != NULL) != cases[i].warns) {
			fprintf(stderr, "row %zu: %s\n", i, policy_warning(fw.p, 0) ?: "no warning");
			CU_FAIL("row");
		}
		if (policy_warning(fw.p, 0))
			CU_ASSERT_PTR_NOT_NULL(strstr(policy_warning(fw.p, 0), "dynamic rule"));
		fw_free(&fw);
	}
}

/* ------------------------------------------------------------------ MPF */

static void mpf1_one_policy_in_each_place(void)
{
	struct fw fw = fw_new();

	in_map(&fw, "P", "class-default");
	in_map(&fw, "Q", "class-default");
	attach(&fw, "P", NULL);
	attach(&fw, "Q", NULL);
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "policy P is already active globally"));
	fw.m->service_policies.v[1].global = false;
	strcpy(fw.m->service_policies.v[1].ifname, "inside");
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	attach(&fw, "P", "inside");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "policy Q is already active on interface inside"));
	strcpy(fw.m->service_policies.v[2].policy_map, "nowhere");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	fw_free(&fw);
}

static void mpf1_interface_before_global(void)
{
	struct fw fw = fw_new();
	struct policy_service s;
	struct model_policy_class *pc;

	class_map(&fw, "web", "tcp 80");
	in_map(&fw, "G", "class-default")->conn.conn_max = 1;
	pc = in_map(&fw, "I", "web");
	pc->conn.conn_max = 2;
	in_map(&fw, "O", "class-default")->conn.conn_max = 3;
	attach(&fw, "G", NULL);
	attach(&fw, "I", "inside");
	attach(&fw, "O", "outside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(ask(&fw, "inside", "dmz", "tcp 10.1.1.1:1 10.2.2.2:80").conn_max, 2);
	CU_ASSERT_EQUAL(ask(&fw, "inside", "dmz", "tcp 10.1.1.1:1 10.2.2.2:81").conn_max, 1);
	/* interface of entry before interface of exit */
	CU_ASSERT_EQUAL(ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:80").conn_max, 2);
	s = ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:81");
	CU_ASSERT_EQUAL(s.conn_max, 3);
	CU_ASSERT_EQUAL(s.class_row, 2);
	fw_free(&fw);
}

static void mpf2_mpf6_first_class_for_each_feature(void)
{
	struct fw fw = fw_new();
	struct model_policy_class *pc;
	struct policy_service s;

	class_map(&fw, "all-tcp", "acl all-tcp");
	class_map(&fw, "web", "tcp 80");
	fw_ace(&fw, "all-tcp", "deny tcp any 203.0.113.9");
	fw_ace(&fw, "all-tcp", "permit tcp any any");
	/* class-default was entered first and still is last */
	pc = in_map(&fw, "P", "class-default");
	pc->conn.idle_s = 77;
	pc->conn.decrement_ttl = true;
	in_map(&fw, "P", "all-tcp")->conn.bypass = true;
	pc = in_map(&fw, "P", "web");
	pc->conn.conn_max = 5;
	pc->conn.random_seq = 0;
	pc->conn.idle_reset = true;
	attach(&fw, "P", NULL);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);

	s = ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:80");
	CU_ASSERT_TRUE(s.bypass); /* of all-tcp */
	CU_ASSERT_EQUAL(s.conn_max, 5); /* of web, another feature */
	CU_ASSERT_EQUAL(s.random_seq, 0);
	CU_ASSERT_TRUE(s.idle_reset);
	CU_ASSERT_EQUAL(s.idle_s, -1); /* class-default's timeout is not mixed in */
	s = ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:81");
	CU_ASSERT_TRUE(s.bypass);
	CU_ASSERT_EQUAL(s.idle_s, 77);
	CU_ASSERT_TRUE(s.decrement_ttl);
	/* MPF-3: a deny line excludes */
	CU_ASSERT_FALSE(ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.9:80").bypass);
	fw_free(&fw);
}

static void mpf3_mpf4_errors(void)
{
	struct fw fw = fw_new();

	in_map(&fw, "P", "missing");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "class-map missing does not exist"));
	class_map(&fw, "missing", "acl nolist");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "access-list nolist does not exist"));
	fw_free(&fw);
}

static void mpf10_default_inspection_traffic(void)
{
	struct fw fw = fw_new();
	struct model_policy_class *pc;

	class_map(&fw, "inspection_default", "default");
	pc = in_map(&fw, "global_policy", "inspection_default");
	inspect(pc, "icmp");
	pc->conn.conn_max = 9;
	attach(&fw, "global_policy", NULL);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:21").conn_max, 9);
	CU_ASSERT_EQUAL(ask(&fw, "inside", "outside", "udp 10.1.1.1:137 203.0.113.1:9").conn_max, 9);
	CU_ASSERT_EQUAL(ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:22").conn_max, -1);
	CU_ASSERT_TRUE(ask(&fw, "inside", "outside", "icmp 10.1.1.1:8 203.0.113.1").inspect_icmp);
	CU_ASSERT_FALSE(ask(&fw, "inside", "outside", "icmp 10.1.1.1:8 203.0.113.1").inspect_icmp_error);
	CU_ASSERT_EQUAL(ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:21").inspect, -1);
	fw_free(&fw);
}

/* What a class with 'match' says of a packet with this TOS byte. */
static bool matches(const char *match, const char *packet, __u8 tos)
{
	struct policy_tuple t = mb_tuple(packet);
	struct fw fw = fw_new();
	struct policy_service s;

	class_map(&fw, "C", match);
	in_map(&fw, "P", "C")->conn.conn_max = 7;
	attach(&fw, "P", "inside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	t.tos = tos;
	policy_service_match(fw.p, fw_named(&fw, "inside"), fw_named(&fw, "outside"), &t, &s);
	fw_free(&fw);
	return s.conn_max == 7;
}

static void mpf2_code_points_and_rtp(void)
{
	static const char udp[] = "udp 10.1.1.1:9 203.0.113.1:16384";
	static const char *const bad[] = { "match dscp ef af99", "match dscp 64", "match precedence 8",
					   "match precedence af11", "match rtp 1999 10",
					   "match rtp 2000 20000", "match rtp 16384" };

	CU_ASSERT_TRUE(matches("match dscp ef", udp, 46 << 2));
	CU_ASSERT_TRUE(matches("match dscp af11 ef 3", udp, 46 << 2 | 3)); /* the ECN bits are not DSCP */
	CU_ASSERT_TRUE(matches("match dscp af11 ef 3", udp, 3 << 2));
	CU_ASSERT_FALSE(matches("match dscp af11 ef 3", udp, 0));
	CU_ASSERT_TRUE(matches("match dscp default", udp, 0));
	CU_ASSERT_TRUE(matches("match precedence critical", udp, 46 << 2));
	CU_ASSERT_FALSE(matches("match precedence critical", udp, 0x80));
	CU_ASSERT_TRUE(matches("match precedence 1 flash-override", udp, 0x80));
	CU_ASSERT_TRUE(matches("match rtp 16384 100", udp, 0));
	CU_ASSERT_FALSE(matches("match rtp 16384 100", "udp 10.1.1.1:9 203.0.113.1:16385", 0));
	CU_ASSERT_TRUE(matches("match rtp 16384 100", "udp 10.1.1.1:9 203.0.113.1:16484", 0));
	CU_ASSERT_FALSE(matches("match rtp 16384 100", "udp 10.1.1.1:9 203.0.113.1:16486", 0));
	CU_ASSERT_FALSE(matches("match rtp 16384 100", "tcp 10.1.1.1:9 203.0.113.1:16384", 0));
	/* there are no VPN tunnels */
	CU_ASSERT_FALSE(matches("tunnel", udp, 0));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fw fw = fw_new();

		class_map(&fw, "C", bad[i]);
		in_map(&fw, "P", "C");
		attach(&fw, "P", NULL);
		CU_ASSERT_EQUAL(fw_compile(&fw), -22);
		CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, bad[i]));
		fw_free(&fw);
	}
}

/* MPF-3, MPF-4: a management class beside others; what goes through is not its. */
static void mpf3_management_class_beside_others(void)
{
	struct fw fw = fw_new();

	class_map(&fw, "M", "tcp 22")->management = true;
	class_map(&fw, "T", "tcp 22");
	in_map(&fw, "P", "M")->conn.conn_max = 1;
	in_map(&fw, "P", "T")->conn.conn_max = 2;
	attach(&fw, "P", "inside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:22").conn_max, 2);
	fw_free(&fw);
}

/* MPF-9: priority queueing and policing exclude each other, in either order, in one class only. */
static void mpf9_priority_and_police(void)
{
	struct fw fw = fw_new();
	struct model_policy_class *pc;

	class_map(&fw, "C", "any");
	class_map(&fw, "D", "any");
	pc = in_map(&fw, "P", "C");
	pc->police[1].rate = 100000;
	pc = in_map(&fw, "P", "D");
	*(char **)MODEL_PUSH(&pc->others) = strdup("priority");
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	pc->police[0].rate = 8000;
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "priority and police exclude each other"));
	fw_free(&fw);
}

/* MPF-13: which module, how, and what when it is gone; not for connections that bypass (BYP-6). */
static void mpf13_service_modules(void)
{
	struct fw fw = fw_new();
	struct model_policy_class *pc;
	struct policy_service s;

	class_map(&fw, "C", "tcp 80");
	class_map(&fw, "D", "tcp 25");
	class_map(&fw, "E", "tcp 22");
	pc = in_map(&fw, "P", "C");
	*(char **)MODEL_PUSH(&pc->others) = strdup("ips promiscuous fail-open sensor vs0");
	pc = in_map(&fw, "P", "D");
	*(char **)MODEL_PUSH(&pc->others) = strdup("csc fail-close");
	pc = in_map(&fw, "P", "E");
	*(char **)MODEL_PUSH(&pc->others) = strdup("ips inline fail-close");
	pc->conn.bypass = true;
	attach(&fw, "P", "inside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	s = ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:80");
	CU_ASSERT_TRUE(s.module && !s.module_csc && s.module_promiscuous && !s.module_fail_close);
	s = ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:25");
	CU_ASSERT_TRUE(s.module && s.module_csc && !s.module_promiscuous && s.module_fail_close);
	s = ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:22");
	CU_ASSERT_TRUE(s.bypass && !s.module);
	s = ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:23");
	CU_ASSERT_TRUE(!s.module);
	fw_free(&fw);
}

/* ------------------------------------------------------------------ inspections */

/* "ftp", "ftp+ipv6": what would be inspected of the packet; "" nothing. */
static const char *inspected(const struct fw *fw, const char *in, const char *out, const char *packet)
{
	static char text[128];
	struct policy_tuple t = mb_tuple(packet);
	struct policy_inspections r;

	policy_inspect_match(fw->p, fw_named(fw, in), fw_named(fw, out), &t, &r);
	CU_ASSERT_EQUAL(r.exclusive != NULL, r.exclusive_row >= 0);
	snprintf(text, sizeof(text), "%s", r.exclusive ? r.exclusive : "");
	for (size_t i = 0; i < r.n_combined; i++) {
		strcat(text, "+");
		strcat(text, r.combined[i]);
	}
	return text;
}

/* MPF-9: the two wrong examples of the document: both end with FTP inspection only. */
static void mpf9_two_inspections_of_the_same_traffic(void)
{
	static const char *const ports[] = { "tcp 21", "tcp 80" };
	char packet[64];

	for (size_t i = 0; i < 2; i++) {
		struct fw fw = fw_new();

		class_map(&fw, "ftp", ports[i]);
		class_map(&fw, "http", ports[i]);
		inspect(in_map(&fw, "test", "ftp"), "ftp");
		inspect(in_map(&fw, "test", "http"), "http");
		attach(&fw, "test", "inside");
		CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
		snprintf(packet, sizeof(packet), "tcp 10.1.1.1:1 203.0.113.1:%s", ports[i] + 4);
		CU_ASSERT_STRING_EQUAL(inspected(&fw, "inside", "outside", packet), "ftp");
		CU_ASSERT_STRING_EQUAL(inspected(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:8"), "");
		fw_free(&fw);
	}
}

/* MPF-6, MPF-7: exclusive ones: the first class in order; combinable ones go with it; other features too. */
static void mpf7_exclusive_and_combinable(void)
{
	struct fw fw = fw_new();
	struct model_policy_class *pc;

	class_map(&fw, "web", "tcp 80");
	class_map(&fw, "all", "any");
	class_map(&fw, "six", "any");
	inspect(in_map(&fw, "P", "web"), "http web-map");
	pc = in_map(&fw, "P", "all");
	inspect(pc, "waas");
	inspect(pc, "sip");
	pc->conn.conn_max = 7;
	pc = in_map(&fw, "P", "six");
	inspect(pc, "ipv6");
	inspect(pc, "ip-options");
	inspect(in_map(&fw, "P", "class-default"), "ftp");
	attach(&fw, "P", "inside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	/* HTTP of the first class, not SIP of the second, not FTP of the last */
	CU_ASSERT_STRING_EQUAL(inspected(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:80"),
			       "http web-map+waas+ip-options");
	CU_ASSERT_EQUAL(ask(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:80").conn_max, 7);
	/* no port chooses in such a class: SIP of any port, also UDP, but not of ICMP */
	CU_ASSERT_STRING_EQUAL(inspected(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:9"),
			       "sip+waas+ip-options");
	CU_ASSERT_STRING_EQUAL(inspected(&fw, "inside", "outside", "udp 10.1.1.1:1 203.0.113.1:9"),
			       "sip+ip-options");
	CU_ASSERT_STRING_EQUAL(inspected(&fw, "inside", "outside", "icmp 10.1.1.1:8 203.0.113.1"),
			       "+ip-options");
	CU_ASSERT_STRING_EQUAL(inspected(&fw, "inside", "outside",
					 "tcp [2001:db8:1::1]:1 [2001:db8:e::1]:80"),
			       "http web-map+waas+ip-options+ipv6");
	fw_free(&fw);
}

/* MPF-10: the destination port chooses; MPF-9: only there may a class have several. */
static void mpf10_the_port_chooses(void)
{
	static const struct {
		const char *packet, *inspected;
	} rows[] = {
		{ "tcp 10.1.1.1:1 203.0.113.1:21", "ftp" },
		{ "udp 10.1.1.1:1 203.0.113.1:69", "tftp" },
		{ "udp 10.1.1.1:1 203.0.113.1:53", "dns preset_dns_map" },
		{ "tcp 10.1.1.1:1 203.0.113.1:53", "" },
		{ "tcp 10.1.1.1:1 203.0.113.1:1720", "h323 h225" },
		{ "udp 10.1.1.1:1 203.0.113.1:1719", "h323 ras" },
		{ "udp 10.1.1.1:1 203.0.113.1:5060", "sip" },
		{ "tcp 10.1.1.1:1 203.0.113.1:5060", "sip" },
		{ "udp 10.1.1.1:138 203.0.113.1:9", "netbios" }, /* by source port */
		{ "udp 10.1.1.1:9 203.0.113.1:138", "" },
		{ "tcp 10.1.1.1:1 203.0.113.1:80", "" }, /* http is not in the list */
		{ "tcp 10.1.1.1:21 203.0.113.1:22", "" },
	};
	static const char *const lines[] = { "xdmcp", "tftp", "sip", "netbios", "h323 ras", "h323 h225", "ftp",
					     "dns preset_dns_map" };
	struct fw fw = fw_new();
	struct model_policy_class *pc;

	class_map(&fw, "inspection_default", "default");
	pc = in_map(&fw, "global_policy", "inspection_default");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		inspect(pc, lines[i]);
	attach(&fw, "global_policy", NULL);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(inspected(&fw, "inside", "outside", rows[i].packet), rows[i].inspected)) {
			fprintf(stderr, "row %zu: %s\n", i, inspected(&fw, "inside", "outside", rows[i].packet));
			CU_FAIL("row");
		}
	}
	/* the same lines in a class of another kind */
	fw.m->classes.v[0].match = MODEL_MATCH_ANY;
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "multiple inspect commands"));
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "match default-inspection-traffic"));
	fw_free(&fw);
}

/* MPF-1, MPF-5, MPF-7: interface before global, also for inspections; global acts at ingress. */
static void mpf1_inspections_of_interface_and_global(void)
{
	struct fw fw = fw_new();

	class_map(&fw, "all", "any");
	class_map(&fw, "web", "tcp 80");
	inspect(in_map(&fw, "G", "all"), "ftp");
	inspect(in_map(&fw, "I", "web"), "http");
	inspect(in_map(&fw, "O", "web"), "rtsp");
	attach(&fw, "G", NULL);
	attach(&fw, "I", "inside");
	attach(&fw, "O", "outside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_STRING_EQUAL(inspected(&fw, "inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:80"), "http");
	CU_ASSERT_STRING_EQUAL(inspected(&fw, "dmz", "outside", "tcp 10.2.2.2:1 203.0.113.1:80"), "rtsp");
	CU_ASSERT_STRING_EQUAL(inspected(&fw, "dmz", "outside", "tcp 10.2.2.2:1 203.0.113.1:81"), "ftp");
	fw_free(&fw);
}

/* MPF-5: in a global policy a class is asked for the packet as it enters, never turned round. */
static void mpf5_global_is_ingress_only(void)
{
	struct fw fw = fw_new();

	fw_ace(&fw, "answers", "permit tcp 203.0.113.0/24 eq 80 any");
	class_map(&fw, "answers", "acl answers");
	in_map(&fw, "G", "answers")->conn.conn_max = 4;
	attach(&fw, "G", NULL);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(ask(&fw, "inside", "outside", "tcp 10.1.1.1:9 203.0.113.1:80").conn_max, -1);
	CU_ASSERT_EQUAL(ask(&fw, "outside", "inside", "tcp 203.0.113.1:80 10.1.1.1:9").conn_max, 4);
	fw_free(&fw);
}

/* MPF-4: filters of event export belong to the global policy. */
static void mpf4_flow_export_is_global(void)
{
	struct fw fw = fw_new();
	struct model_policy_class *pc = in_map(&fw, "P", "class-default");

	*(char **)MODEL_PUSH(&pc->others) = strdup("flow-export event-type all destination 192.0.2.1");
	attach(&fw, "P", NULL);
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	fw.m->service_policies.v[0].global = false;
	strcpy(fw.m->service_policies.v[0].ifname, "inside");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "in the global policy only"));
	fw_free(&fw);
}

static void mpf15_counters_survive_a_recompile(void)
{
	struct fw fw = fw_new();
	struct policy_class_row r;

	scenario1(&fw, true);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_TRUE(policy_class_row(fw.p, 0, &r));
	CU_ASSERT_STRING_EQUAL(r.policy_map, "tcp_bypass_policy");
	CU_ASSERT_STRING_EQUAL(r.class_name, "tcp_bypass");
	CU_ASSERT_STRING_EQUAL(r.ifname, "outside");
	CU_ASSERT_FALSE(r.global);
	CU_ASSERT_FALSE(policy_class_row(fw.p, 1, &r));
	policy_class_row(fw.p, 0, &r);
	*r.conns = 5;
	*r.packets = 7;
	class_map(&fw, "other", "any");
	in_map(&fw, "tcp_bypass_policy", "other");
	in_map(&fw, "G", "class-default");
	attach(&fw, "G", NULL);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	policy_class_row(fw.p, 0, &r);
	CU_ASSERT_EQUAL(*r.conns, 5);
	CU_ASSERT_EQUAL(*r.packets, 7);
	CU_ASSERT_TRUE(policy_class_row(fw.p, 2, &r));
	CU_ASSERT_TRUE(r.global);
	CU_ASSERT_STRING_EQUAL(r.class_name, "class-default");
	CU_ASSERT_EQUAL(*r.conns, 0);
	fw_free(&fw);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "BYP-1 MPF-5 both directions of the interface",
		  byp1_mpf5_both_directions_of_the_interface },
		{ "BYP-1 BYP-8 TCP only, U-turn", byp1_tcp_only_and_u_turn },
		{ "BYP-6 excludes inspection and normalization",
		  byp6_excludes_inspection_and_normalization },
		{ "BYP-11 warns of dynamic translation", byp11_warns_of_dynamic_translation },
		{ "MPF-1 one policy in each place", mpf1_one_policy_in_each_place },
		{ "MPF-1 interface before global", mpf1_interface_before_global },
		{ "MPF-2 MPF-3 MPF-6 first class for each feature",
		  mpf2_mpf6_first_class_for_each_feature },
		{ "MPF-3 MPF-4 errors", mpf3_mpf4_errors },
		{ "MPF-10 default inspection traffic", mpf10_default_inspection_traffic },
		{ "MPF-2 code points and RTP", mpf2_code_points_and_rtp },
		{ "MPF-3 MPF-4 management class beside others", mpf3_management_class_beside_others },
		{ "MPF-9 priority and police", mpf9_priority_and_police },
		{ "MPF-13 service modules", mpf13_service_modules },
		{ "MPF-9 two inspections of the same traffic", mpf9_two_inspections_of_the_same_traffic },
		{ "MPF-6 MPF-7 exclusive and combinable inspections", mpf7_exclusive_and_combinable },
		{ "MPF-9 MPF-10 the port chooses the inspection", mpf10_the_port_chooses },
		{ "MPF-1 MPF-7 inspections of interface and global", mpf1_inspections_of_interface_and_global },
		{ "MPF-5 a global policy acts at ingress", mpf5_global_is_ingress_only },
		{ "MPF-4 flow-export is global", mpf4_flow_export_is_global },
		{ "MPF-15 counters survive a recompile", mpf15_counters_survive_a_recompile },
		{ NULL, NULL },
	};

	return asa_cunit_main("service_policy", tests);
}
