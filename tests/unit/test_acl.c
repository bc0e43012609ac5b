// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/policy/%.o */
/*
 * Access lists and security levels: ACL-1, ACL-2, ACL-3, ACL-4, SES-1, SES-2, SES-4, BYP-16.
 * The texts of rules and packets are explained in lib/model_build.h.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/cunit.h"
#include "lib/model_build.h"
#include "policy/classifier.h"

/* ------------------------------------------------------------------ ACL-1, ACL-2 */

struct acl_case {
	const char *rules[4];
	const char *packet;
	int line; /* that decides; 0: the implicit deny */
	bool permit;
};

/* Objects and groups that the rules may name. */
static void add_groups(struct fw *fw)
{
	fw_object(fw, "web", "10.1.1.80");
	fw_object(fw, "lan", "10.1.0.0/16");
	fw_object(fw, "some", "10.1.1.10-10.1.1.19");
	fw_service(fw, "alt", "tcp", "destination eq 8080");
	fw_service(fw, "dns-src", "udp", "source eq 53");
	fw_group(fw, "inner", MODEL_GROUP_NETWORK);
	fw_member(fw, "inner", "obj:web");
	fw_member(fw, "inner", "2001:db8:1::/64");
	fw_group(fw, "outer", MODEL_GROUP_NETWORK);
	fw_member(fw, "outer", "10.9.9.9");
	fw_member(fw, "outer", "group inner");
	fw_group(fw, "empty", MODEL_GROUP_NETWORK);
	fw_group(fw, "ports", MODEL_GROUP_SERVICE);
	strcpy(fw->m->groups.v[3].svc_proto, "tcp-udp");
	fw_member(fw, "ports", "")->dport = (struct model_port){ MODEL_PORT_EQ, 53, 53, "" };
	fw_member(fw, "ports", "")->dport = (struct model_port){ MODEL_PORT_RANGE, 100, 110, "" };
	fw_group(fw, "mixed", MODEL_GROUP_SERVICE);
	fw_member(fw, "mixed", "")->proto = mb_proto("obj:alt");
	fw_member(fw, "mixed", "")->proto = mb_proto("47");
	fw_group(fw, "both", MODEL_GROUP_PROTOCOL);
	fw_member(fw, "both", "")->proto = mb_proto("tcp");
	fw_member(fw, "both", "")->proto = mb_proto("udp");
	fw_group(fw, "pings", MODEL_GROUP_ICMP);
	fw_member(fw, "pings", "")->icmp = (struct model_icmp){ true, 8, -1, "" };
	fw_member(fw, "pings", "")->icmp = (struct model_icmp){ true, 0, -1, "" };
}

static const struct acl_case acl_cases[] = {
	/* rules                                        packet                            line permit */
	/* operators */
	{ { "permit tcp any any eq 80" },		"tcp 192.0.2.9:1 10.1.1.1:80",    1, true },
	{ { "permit tcp any any eq 80" },		"tcp 192.0.2.9:1 10.1.1.1:81",    0, false },
	{ { "permit tcp any any eq 80" },		"udp 192.0.2.9:1 10.1.1.1:80",    0, false },
	{ { "permit tcp any any neq 80" },		"tcp 192.0.2.9:1 10.1.1.1:80",    0, false },
	{ { "permit tcp any any neq 80" },		"tcp 192.0.2.9:1 10.1.1.1:79",    1, true },
	{ { "permit tcp any any neq 80" },		"tcp 192.0.2.9:1 10.1.1.1:81",    1, true },
	{ { "permit tcp any any neq 0" },		"tcp 192.0.2.9:1 10.1.1.1:0",     0, false },
	{ { "permit tcp any any neq 65535" },		"tcp 192.0.2.9:1 10.1.1.1:65535", 0, false },
	{ { "permit tcp any any lt 1024" },		"tcp 192.0.2.9:1 10.1.1.1:1023",  1, true },
	{ { "permit tcp any any lt 1024" },		"tcp 192.0.2.9:1 10.1.1.1:1024",  0, false },
	{ { "permit tcp any any lt 0" },		"tcp 192.0.2.9:1 10.1.1.1:0",     0, false },
	{ { "permit tcp any any gt 1024" },		"tcp 192.0.2.9:1 10.1.1.1:1025",  1, true },
	{ { "permit tcp any any gt 1024" },		"tcp 192.0.2.9:1 10.1.1.1:1024",  0, false },
	{ { "permit tcp any any gt 65535" },		"tcp 192.0.2.9:1 10.1.1.1:65535", 0, false },
	{ { "permit tcp any any range 20 21" },		"tcp 192.0.2.9:1 10.1.1.1:21",    1, true },
	{ { "permit tcp any any range 20 21" },		"tcp 192.0.2.9:1 10.1.1.1:22",    0, false },
	{ { "permit udp any eq 53 any gt 1023" },	"udp 192.0.2.9:53 10.1.1.1:5000", 1, true },
	{ { "permit udp any eq 53 any gt 1023" },	"udp 192.0.2.9:54 10.1.1.1:5000", 0, false },
	/* addresses and families */
	{ { "permit ip 192.0.2.0/24 10.1.1.7" },	"47 192.0.2.9 10.1.1.7",          1, true },
	{ { "permit ip 192.0.2.0/25 10.1.1.7" },	"47 192.0.2.128 10.1.1.7",        0, false },
	{ { "permit ip any4 any4" },			"tcp 192.0.2.9:1 10.1.1.1:1",     1, true },
	{ { "permit ip any4 any4" },			"tcp [2001:db8:f::9]:1 [2001:db8:1::1]:1", 0, false },
	{ { "permit ip any6 any6" },			"tcp [2001:db8:f::9]:1 [2001:db8:1::1]:1", 1, true },
	{ { "permit ip any6 any6" },			"tcp 192.0.2.9:1 10.1.1.1:1",     0, false },
	{ { "permit ip any any" },			"udp [2001:db8:f::9]:1 [2001:db8:1::1]:1", 1, true },
	{ { "permit tcp any 2001:db8:1::/64 eq 22" },	"tcp [2001:db8:f::9]:1 [2001:db8:1::1]:22", 1, true },
	{ { "permit tcp any 2001:db8:1::/64 eq 22" },	"tcp [2001:db8:f::9]:1 [2001:db8:2::1]:22", 0, false },
	{ { "permit ip any if:outside" },		"tcp 198.51.100.9:1 192.0.2.1:22", 1, true },
	{ { "permit ip any if:outside" },		"tcp 198.51.100.9:1 192.0.2.2:22", 0, false },
	/* objects and groups, nested */
	{ { "permit ip any obj:some" },			"udp 192.0.2.9:1 10.1.1.19:9",    1, true },
	{ { "permit ip any obj:some" },			"udp 192.0.2.9:1 10.1.1.20:9",    0, false },
	{ { "permit ip any grp:outer" },		"udp 192.0.2.9:1 10.1.1.80:9",    1, true },
	{ { "permit ip any grp:outer" },		"udp 192.0.2.9:1 10.9.9.9:9",     1, true },
	{ { "permit ip any grp:outer" },		"udp [2001:db8:f::1]:1 [2001:db8:1::9]:9", 1, true },
	{ { "permit ip any grp:outer" },		"udp 192.0.2.9:1 10.1.1.81:9",    0, false },
	{ { "permit ip any grp:empty" },		"udp 192.0.2.9:1 10.1.1.81:9",    0, false },
	{ { "permit tcp any any ports ports" },		"tcp 192.0.2.9:1 10.1.1.1:105",   1, true },
	{ { "permit udp any any ports ports" },		"udp 192.0.2.9:1 10.1.1.1:53",    1, true },
	{ { "permit udp any any ports ports" },		"udp 192.0.2.9:1 10.1.1.1:54",    0, false },
	{ { "permit obj:alt any any" },			"tcp 192.0.2.9:1 10.1.1.1:8080",  1, true },
	{ { "permit obj:alt any any" },			"tcp 192.0.2.9:1 10.1.1.1:8081",  0, false },
	{ { "permit obj:dns-src any any" },		"udp 192.0.2.9:53 10.1.1.1:99",   1, true },
	{ { "permit grp:mixed any any" },		"47 192.0.2.9 10.1.1.1",          1, true },
	{ { "permit grp:mixed any any" },		"tcp 192.0.2.9:1 10.1.1.1:8080",  1, true },
	{ { "permit grp:mixed any any" },		"udp 192.0.2.9:1 10.1.1.1:8080",  0, false },
	{ { "permit protos:both any any eq 7" },	"udp 192.0.2.9:1 10.1.1.1:7",     1, true },
	{ { "permit protos:both any any eq 7" },	"47 192.0.2.9 10.1.1.1",          0, false },
	/* ICMP: the packet's first port is its type */
	{ { "permit icmp any any type 8" },		"icmp 192.0.2.9:8 10.1.1.1",      1, true },
	{ { "permit icmp any any type 8" },		"icmp 192.0.2.9:0 10.1.1.1",      0, false },
	{ { "permit icmp any any" },			"icmp 192.0.2.9:11 10.1.1.1",     1, true },
	{ { "permit icmp6 any any type 128" },		"icmp6 [2001:db8:f::1]:128 [2001:db8:1::1]", 1, true },
	/* ACL-2: first match, order, inactive */
	{ { "deny tcp any any eq 80", "permit tcp any any" }, "tcp 192.0.2.9:1 10.1.1.1:80", 1, false },
	{ { "deny tcp any any eq 80", "permit tcp any any" }, "tcp 192.0.2.9:1 10.1.1.1:81", 2, true },
	{ { "permit tcp any any", "deny tcp any any eq 80" }, "tcp 192.0.2.9:1 10.1.1.1:80", 1, true },
	{ { "deny tcp any any eq 80 inactive", "permit ip any any" }, "tcp 192.0.2.9:1 10.1.1.1:80", 2, true },
	{ { "permit ip any 10.1.1.1", "deny ip any 10.1.1.0/24", "permit ip any 10.0.0.0/8", "deny ip any any" },
							"udp 192.0.2.9:1 10.1.1.2:1",     2, false },
	{ { "permit ip any 10.1.1.1", "deny ip any 10.1.1.0/24", "permit ip any 10.0.0.0/8", "deny ip any any" },
							"udp 192.0.2.9:1 10.7.1.2:1",     3, true },
};

static void acl1_acl2_rules_decide(void)
{
	for (size_t i = 0; i < sizeof(acl_cases) / sizeof(acl_cases[0]); i++) {
		const struct acl_case *c = &acl_cases[i];
		struct fw fw = fw_new();
		struct policy_tuple t = mb_tuple(c->packet);
		struct policy_acl_match m;
		enum asa_drop drop;

		add_groups(&fw);
		for (int r = 0; r < 4 && c->rules[r]; r++)
			fw_ace(&fw, "A", "%s", c->rules[r]);
		fw_access_group(&fw, "A", "in", "outside");
		CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
		drop = policy_access_in(fw.p, fw_named(&fw, "outside"), fw_named(&fw, "inside"), &t,
					&m);
		if (drop != (c->permit ? DROP_NONE : DROP_POLICY_ACL) || m.line != c->line) {
			fprintf(stderr, "%s ... | %s: line %d, drop %d\n", c->rules[0], c->packet,
				m.line, drop);
			CU_FAIL("row");
		}
		CU_ASSERT_STRING_EQUAL(m.acl, "A");
		CU_ASSERT_EQUAL(policy_acl_test(fw.p, "A", &t), c->permit);
		fw_free(&fw);
	}
}

static void acl1_standard_list_names_destinations(void)
{
	struct fw fw = fw_new();
	struct policy_tuple to = mb_tuple("tcp 192.0.2.9:1 10.5.5.5:1");
	struct policy_tuple from = mb_tuple("tcp 10.5.5.5:1 192.0.2.9:1");

	fw_ace(&fw, "S", "permit ip 10.5.0.0/16 any")->standard = true;
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(policy_acl_test(fw.p, "S", &to), 1);
	CU_ASSERT_EQUAL(policy_acl_test(fw.p, "S", &from), 0);
	CU_ASSERT_EQUAL(policy_acl_test(fw.p, "T", &from), -1);
	fw_free(&fw);
}

/* A mistake is a sentence that names the rule and what is wrong. */
static void acl1_bad_names_are_refused(void)
{
	static const struct {
		const char *rule, *says;
	} cases[] = {
		{ "permit ip any obj:nowhere", "object nowhere does not exist" },
		{ "permit ip any grp:nowhere", "object-group nowhere does not exist" },
		{ "permit ip any grp:ports", "type service, not network" },
		{ "permit ip any grp:loop", "contains itself" },
		{ "permit tcp any any ports mixed", "not a group of ports" },
		{ "permit grp:ports any any", "group of ports, not of services" },
		{ "permit obj:web any any", "does not exist" },
		{ "permit ip any if:nowhere", "no interface has the name" },
		{ "permit ip any 10.1.1.9-10.1.1.1", "ends before it starts" },
		{ "permit tcp any any range 9 1", "ends before it starts" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw fw = fw_new();

		add_groups(&fw);
		fw_group(&fw, "loop", MODEL_GROUP_NETWORK);
		fw_group(&fw, "loop2", MODEL_GROUP_NETWORK);
		fw_member(&fw, "loop", "group loop2");
		fw_member(&fw, "loop2", "group loop");
		fw_ace(&fw, "A", "permit ip any any");
		fw_ace(&fw, "A", "%s", cases[i].rule);
		CU_ASSERT_EQUAL(fw_compile(&fw), -22);
		CU_ASSERT_PTR_NULL(fw.p);
		CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, cases[i].says));
		CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "access-list A line 2"));
		if (!strstr(fw.e.text, cases[i].says))
			fprintf(stderr, "%s -> %s\n", cases[i].rule, fw.e.text);
		fw_free(&fw);
	}
}

/* Groups of groups that double at each level: refused, not expanded. */
static void acl1_expansion_is_bounded(void)
{
	struct fw fw = fw_new();
	char name[16], member[32];

	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		snprintf(member, sizeof(member), i ? "group g%d" : "10.1.1.%d", i ? i - 1 : 1);
		fw_group(&fw, name, MODEL_GROUP_NETWORK);
		fw_member(&fw, name, member);
		fw_member(&fw, name, member);
	}
	fw_ace(&fw, "A", "permit ip any grp:g29");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	fw_free(&fw);
}

/* ------------------------------------------------------------------ SES-2, BYP-16 */

static void ses2_byp16_levels(void)
{
	static const struct {
		const char *in, *out, *list; /* list: NULL none, else the one rule of the in-list */
		bool inter, intra;
		enum asa_drop expected;
	} cases[] = {
		/* in        out        in-list             inter  intra  expected */
		{ "inside",  "outside", NULL,               false, false, DROP_NONE },
		{ "outside", "inside",  NULL,               false, false, DROP_POLICY_ACL },
		{ "outside", "inside",  "permit ip any any", false, false, DROP_NONE },
		{ "inside",  "outside", "deny ip any any",  false, false, DROP_POLICY_ACL },
		{ "inside",  "outside", "permit udp any any", false, false, DROP_POLICY_ACL },
		{ "dmz",     "dmz2",    NULL,               false, false, DROP_POLICY_INTER },
		{ "dmz",     "dmz2",    "permit ip any any", false, false, DROP_POLICY_INTER },
		{ "dmz",     "dmz2",    NULL,               true,  false, DROP_NONE },
		{ "dmz",     "dmz2",    NULL,               false, true,  DROP_POLICY_INTER },
		/* BYP-16: U-turn; an in-list that permits does not replace the command */
		{ "inside",  "inside",  NULL,               false, false, DROP_POLICY_INTRA },
		{ "inside",  "inside",  "permit ip any any", true, false, DROP_POLICY_INTRA },
		{ "inside",  "inside",  NULL,               false, true,  DROP_NONE },
		{ "inside",  "inside",  "permit ip any any", false, true, DROP_NONE },
		{ "outside", "outside", NULL,               false, true,  DROP_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw fw = fw_new();
		struct policy_tuple t = mb_tuple("tcp 10.1.1.5:1000 198.51.100.9:80");
		struct policy_acl_match m;
		enum asa_drop drop;

		fw_if(&fw, "eth3", "dmz2", 50, "10.3.3.254", NULL);
		fw.m->same_security_inter = cases[i].inter;
		fw.m->same_security_intra = cases[i].intra;
		if (cases[i].list) {
			fw_ace(&fw, "A", "%s", cases[i].list);
			fw_access_group(&fw, "A", "in", cases[i].in);
		}
		CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
		drop = policy_access_in(fw.p, fw_named(&fw, cases[i].in),
					fw_named(&fw, cases[i].out), &t, &m);
		CU_ASSERT_EQUAL(drop, cases[i].expected);
		CU_ASSERT_EQUAL(m.acl != NULL, cases[i].list != NULL);
		/* asked in two steps, the answer is the same */
		drop = policy_access_in(fw.p, fw_named(&fw, cases[i].in), NULL, &t, &m);
		if (!drop)
			drop = policy_access_levels(fw.p, fw_named(&fw, cases[i].in),
						    fw_named(&fw, cases[i].out), m.acl != NULL);
		CU_ASSERT_EQUAL(drop, cases[i].expected);
		fw_free(&fw);
	}
}

static void ses1_default_levels_and_numbers(void)
{
	struct fw fw = fw_new();

	fw.m->ifs.v[0].level = fw.m->ifs.v[2].level = -1;
	fw.m->ifs.v[1].vlan = 30;
	strcpy(fw.m->ifs.v[1].dev, "eth0.30");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(fw_named(&fw, "inside")->level, 100);
	CU_ASSERT_EQUAL(fw_named(&fw, "outside")->level, 0);
	CU_ASSERT_EQUAL(policy_n_ifs(fw.p), 3);
	CU_ASSERT_STRING_EQUAL(policy_if_at(fw.p, 2)->name, "outside");
	CU_ASSERT_PTR_NULL(policy_if_at(fw.p, 3));
	/* tagged frames of the parent are the sub-interface's */
	CU_ASSERT_PTR_EQUAL(policy_if_find(fw.p, 11, 0), fw_named(&fw, "inside"));
	CU_ASSERT_PTR_EQUAL(policy_if_find(fw.p, 11, 30), fw_named(&fw, "dmz"));
	CU_ASSERT_PTR_NULL(policy_if_find(fw.p, 11, 31));
	CU_ASSERT_PTR_NULL(policy_if_find(fw.p, 12, 0));
	/* a second interface of the same name */
	strcpy(fw.m->ifs.v[2].nameif, "inside");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	/* an interface that is gone keeps its name and number */
	strcpy(fw.m->ifs.v[2].nameif, "outside");
	fw.sys->n_ifs = 2;
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(fw_named(&fw, "outside")->ifindex, 0);
	CU_ASSERT_FALSE(fw_named(&fw, "outside")->up);
	CU_ASSERT_TRUE(fw_named(&fw, "inside")->up);
	fw_free(&fw);
}

/* ------------------------------------------------------------------ lists in their places */

static void acl1_global_and_out_lists(void)
{
	struct fw fw = fw_new();
	struct policy_tuple web = mb_tuple("tcp 198.51.100.9:1 10.1.1.5:80");
	struct policy_tuple dns = mb_tuple("udp 198.51.100.9:1 10.1.1.5:53");
	struct policy_tuple ssh = mb_tuple("tcp 198.51.100.9:1 10.1.1.5:22");
	const struct policy_if *outside, *inside;
	struct policy_acl_match m;

	fw_ace(&fw, "I", "permit tcp any any eq 80");
	fw_ace(&fw, "G", "permit udp any any eq 53");
	fw_ace(&fw, "O", "deny tcp any any eq 80");
	fw_ace(&fw, "O", "permit ip any any");
	fw_access_group(&fw, "I", "in", "outside");
	fw_access_group(&fw, "G", "global", "");
	fw_access_group(&fw, "O", "out", "inside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	outside = fw_named(&fw, "outside");
	inside = fw_named(&fw, "inside");
	/* interface list, then the global one, then the implicit deny */
	CU_ASSERT_EQUAL(policy_access_in(fw.p, outside, inside, &web, &m), DROP_NONE);
	CU_ASSERT_STRING_EQUAL(m.acl, "I");
	CU_ASSERT_EQUAL(policy_access_in(fw.p, outside, inside, &dns, &m), DROP_NONE);
	CU_ASSERT_STRING_EQUAL(m.acl, "G");
	CU_ASSERT_EQUAL(policy_access_in(fw.p, outside, inside, &ssh, &m), DROP_POLICY_ACL);
	CU_ASSERT_EQUAL(m.line, 0);
	/* the list on the way out */
	CU_ASSERT_EQUAL(policy_access_out(fw.p, inside, &web, &m), DROP_POLICY_ACL);
	CU_ASSERT_EQUAL(m.line, 1);
	CU_ASSERT_EQUAL(policy_access_out(fw.p, inside, &dns, &m), DROP_NONE);
	CU_ASSERT_EQUAL(policy_access_out(fw.p, outside, &web, &m), DROP_NONE);
	CU_ASSERT_PTR_NULL(m.acl);
	/* with a global list there is no implicit permit from higher to lower any more */
	CU_ASSERT_EQUAL(policy_access_in(fw.p, inside, outside, &ssh, &m), DROP_POLICY_ACL);
	/* no such list, no such interface, a second list in one place */
	fw_access_group(&fw, "I", "in", "inside");
	strcpy(fw.m->access_groups.v[3].acl, "nowhere");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	strcpy(fw.m->access_groups.v[3].acl, "I");
	strcpy(fw.m->access_groups.v[3].ifname, "nowhere");
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(policy_warning(fw.p, 0), "no interface has the name nowhere"));
	strcpy(fw.m->access_groups.v[3].ifname, "outside");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "already"));
	fw_free(&fw);
}

static void acl3_mapped_semantics_is_told(void)
{
	struct fw fw = fw_new();

	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_FALSE(policy_acl_mapped(fw.p));
	fw.m->acl_mapped = true;
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_TRUE(policy_acl_mapped(fw.p));
	fw_free(&fw);
}

/* ------------------------------------------------------------------ rows, counters */

static bool row(const struct fw *fw, size_t i, struct policy_acl_row *r)
{
	return policy_acl_row(fw->p, "A", i, r);
}

static void acl2_rows_and_counters(void)
{
	struct fw fw = fw_new();
	struct policy_tuple t = mb_tuple("tcp 198.51.100.9:1 10.1.1.80:80");
	const char *texts[] = { "",
				"remark first",
				"extended permit tcp any grp:outer eq 80",
				"extended permit tcp any host 10.9.9.9 eq 80",
				"extended permit tcp any host 10.1.1.80 eq 80",
				"extended permit tcp any 2001:db8:1::/64 eq 80",
				"extended deny ip any any" };
	struct policy_acl_match m;
	struct policy_acl_row r;
	struct model_ace *remark;
	__u32 hash;
	size_t n;

	add_groups(&fw);
	fw_ace(&fw, "Z", "permit ip any any");
	remark = fw_ace(&fw, "A", "permit ip any any");
	remark->remark = true;
	strcpy(remark->text, "first");
	fw_ace(&fw, "A", "permit tcp any grp:outer eq 80");
	fw_ace(&fw, "A", "deny ip any any");
	fw_access_group(&fw, "A", "in", "outside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	for (n = 0; row(&fw, n, &r); n++) {
		CU_ASSERT_FATAL(n < 7);
		CU_ASSERT_STRING_EQUAL(r.text, texts[n]);
		CU_ASSERT_EQUAL(r.expanded, n >= 3 && n <= 5);
	}
	CU_ASSERT_EQUAL(n, 7);
	row(&fw, 0, &r);
	CU_ASSERT_EQUAL(r.n_elements, 4);
	CU_ASSERT_EQUAL(r.line, 0);
	row(&fw, 2, &r);
	hash = r.hash;
	/* of all lists, "Z" stands before */
	CU_ASSERT_TRUE(policy_acl_row(fw.p, NULL, 2, &r));
	CU_ASSERT_STRING_EQUAL(r.acl, "A");

	policy_access_in(fw.p, fw_named(&fw, "outside"), NULL, &t, &m);
	policy_access_in(fw.p, fw_named(&fw, "outside"), NULL, &t, &m);
	CU_ASSERT_EQUAL(m.line, 2);
	CU_ASSERT_EQUAL(m.hash, hash);
	row(&fw, 2, &r);
	CU_ASSERT_EQUAL(r.hits, 2);
	row(&fw, 4, &r);
	CU_ASSERT_EQUAL(r.hits, 2);

	/* a line inserted before: numbers change, hits and hash stay with the rule */
	model_acl_insert(model_acl_find(fw.m, "A"), 0, model_acl_at(model_acl_find(fw.m, "A"), 2),
			 "deny ip any any");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	row(&fw, 3, &r);
	CU_ASSERT_EQUAL(r.line, 3);
	CU_ASSERT_EQUAL(r.hits, 2);
	CU_ASSERT_EQUAL(r.hash, hash);

	policy_acl_clear_counters(fw.p, "Z");
	row(&fw, 3, &r);
	CU_ASSERT_EQUAL(r.hits, 2);
	policy_acl_clear_counters(fw.p, "A");
	row(&fw, 3, &r);
	CU_ASSERT_EQUAL(r.hits, 0);
	fw_free(&fw);
}

static void acl1_time_range_fails_closed(void)
{
	struct fw fw = fw_new();
	struct policy_tuple t = mb_tuple("tcp 198.51.100.9:1 10.1.1.80:80");
	struct policy_acl_row r;

	strcpy(fw_ace(&fw, "A", "permit tcp any any")->time_range, "office");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(policy_acl_test(fw.p, "A", &t), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(policy_warning(fw.p, 0), "time-range office"));
	CU_ASSERT_PTR_NULL(policy_warning(fw.p, 1));
	row(&fw, 1, &r);
	CU_ASSERT_TRUE(r.inactive);
	fw_free(&fw);
}

/* ------------------------------------------------------------------ SES-4 */

static void ses4_management_lines(void)
{
	struct fw fw = fw_new();
	const char *lines[] = { "ssh 10.1.1.0 255.255.255.0 inside", "icmp permit any echo outside",
				"icmp deny any outside", "http server enable",
				"ssh 2001:db8:1::/64 inside" };
	static const struct {
		const char *in, *packet;
		bool allowed;
	} cases[] = {
		{ "inside",  "tcp 10.1.1.9:1 10.1.1.254:22", true },
		{ "inside",  "tcp 10.1.2.9:1 10.1.1.254:22", false },
		{ "inside",  "tcp [2001:db8:1::9]:1 [2001:db8:1::fe]:22", true },
		{ "inside",  "tcp [2001:db8:2::9]:1 [2001:db8:1::fe]:22", false },
		{ "inside",  "tcp 10.1.2.9:1 10.1.1.254:443", true },
		{ "outside", "tcp 192.0.2.9:1 192.0.2.1:22", true },
		{ "outside", "icmp 192.0.2.9:8 192.0.2.1", true },
		{ "outside", "icmp 192.0.2.9:13 192.0.2.1", false },
		{ "inside",  "icmp 10.1.1.9:13 10.1.1.254", true },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		strcpy(((struct model_mgmt *)MODEL_PUSH(&fw.m->mgmt))->text, lines[i]);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_tuple t = mb_tuple(cases[i].packet);

		CU_ASSERT_EQUAL(policy_host_access(fw.p, fw_named(&fw, cases[i].in), &t),
				cases[i].allowed);
	}
	fw_free(&fw);
}

/* ------------------------------------------------------------------ ACL-4 */

static __u32 seed = 12345;
static __u32 rnd(__u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Few distinct values, so that rules overlap and packets hit. */
static addr_num random_addr(void)
{
	static const char *const nets[] = { "10.1.0.0", "10.1.128.0", "192.0.2.0", "2001:db8::" };
	struct asa_addr a = mb_addr(nets[rnd(4)]);

	return addr_to_num(&a) + rnd(16) * (rnd(2) ? 1 : 16);
}

static struct addr_range random_range(void)
{
	addr_num a = random_addr();

	switch (rnd(6)) {
	case 0:
		return (struct addr_range){ 0, ADDR_NUM_MAX };
	case 1:
		return (struct addr_range){ a, a + rnd(40) };
	case 2:
		return addr_prefix_range(a, 96 + rnd(33));
	case 3:
		return (struct addr_range){ ADDR_V4_FIRST, ADDR_V4_LAST };
	default:
		return addr_prefix_range(a, 120 + rnd(9));
	}
}

static void acl4_classifier_agrees_with_linear_search(void)
{
	size_t hits = 0;

	for (int round = 0; round < 40; round++) {
		size_t n = 1 + rnd(round < 20 ? 30 : 400);
		struct cls_rule *rules = calloc(n, sizeof(*rules));
		struct classifier *c;

		for (size_t i = 0; i < n; i++) {
			cls_rule_init(&rules[i]);
			rules[i].src = random_range();
			rules[i].dst = random_range();
			rules[i].any_proto = !rnd(3);
			rules[i].proto = rnd(2) ? IPPROTO_TCP : IPPROTO_UDP;
			if (rnd(2)) {
				rules[i].dport_lo = rnd(30);
				rules[i].dport_hi = rules[i].dport_lo + (rnd(2) ? 0 : rnd(20));
			}
			if (!rnd(4))
				rules[i].sport_lo = rules[i].sport_hi = rnd(20);
			if (!rnd(8))
				rules[i].icmp_type = rnd(3);
		}
		c = classifier_new(rules, n);
		CU_ASSERT_PTR_NOT_NULL_FATAL(c);
		for (int i = 0; i < 2000; i++) {
			struct cls_key k = { .src = random_addr(),
					     .dst = random_addr(),
					     .sport = rnd(30),
					     .dport = rnd(60),
					     .proto = rnd(2) ? IPPROTO_TCP : IPPROTO_UDP,
					     .icmp_type = rnd(3) };
			long expected = -1;

			for (size_t r = 0; r < n && expected < 0; r++)
				if (cls_rule_matches(&rules[r], &k))
					expected = r;
			hits += expected >= 0;
			if (classifier_match(c, &k, NULL, NULL) != expected)
				CU_FAIL("classifier differs from linear search");
		}
		classifier_free(c);
		free(rules);
	}
	/* most packets meet a rule, or nothing was compared */
	CU_ASSERT(hits > 40 * 2000 / 2);
}

/* Rules that hashing cannot tell apart: they differ in ranges only. */
static void acl4_ranges_agree_with_linear_search(void)
{
	struct cls_rule *rules = calloc(600, sizeof(*rules));
	size_t hits = 0;

	for (int field = 0; field < 4; field++) {
		struct classifier *c;

		for (int i = 0; i < 600; i++) {
			__u16 lo = rnd(5000), hi = lo + rnd(40);
			addr_num base = ADDR_V4_FIRST | 0x0a010000;

			cls_rule_init(&rules[i]);
			rules[i].any_proto = field < 2 && !rnd(4);
			rules[i].proto = rnd(3) ? IPPROTO_TCP : IPPROTO_UDP;
			if (field == 0) {
				rules[i].dport_lo = lo;
				rules[i].dport_hi = hi;
			} else if (field == 1) {
				rules[i].sport_lo = lo;
				rules[i].sport_hi = hi;
			} else if (field == 2) {
				rules[i].dst = (struct addr_range){ base + lo, base + hi };
			} else {
				rules[i].src = (struct addr_range){ base + lo, base + hi };
			}
		}
		/* the whole line, and its end */
		rules[599].dport_lo = rules[599].sport_lo = 0;
		rules[599].dport_hi = rules[599].sport_hi = 0xffff;
		rules[598].dport_hi = rules[598].sport_hi = 0xffff;
		c = classifier_new(rules, 600);
		CU_ASSERT_PTR_NOT_NULL_FATAL(c);
		for (int i = 0; i < 4000; i++) {
			struct cls_key k = { .src = (ADDR_V4_FIRST | 0x0a010000) + rnd(5100),
					     .dst = (ADDR_V4_FIRST | 0x0a010000) + rnd(5100),
					     .sport = rnd(2) ? rnd(5100) : 65535,
					     .dport = rnd(2) ? rnd(5100) : 65535,
					     .proto = rnd(2) ? IPPROTO_TCP : IPPROTO_UDP };
			long expected = -1;

			for (size_t r = 0; r < 600 && expected < 0; r++)
				if (cls_rule_matches(&rules[r], &k))
					expected = r;
			hits += expected >= 0;
			if (classifier_match(c, &k, NULL, NULL) != expected)
				CU_FAIL("classifier differs from linear search");
		}
		classifier_free(c);
	}
	CU_ASSERT(hits > 4 * 4000 / 4);
	free(rules);
}

/* Rules of a size that a data center has: hosts, networks, services. */
static struct classifier *big_classifier(size_t n)
{
	struct cls_rule *rules = calloc(n, sizeof(*rules));
	struct classifier *c;

	for (size_t i = 0; i < n; i++) {
		cls_rule_init(&rules[i]);
		rules[i].any_proto = false;
		rules[i].proto = i % 5 ? IPPROTO_TCP : IPPROTO_UDP;
		rules[i].dst = addr_prefix_range(ADDR_V4_FIRST | (0x0a000000 + i), 128);
		if (i % 3 == 0)
			rules[i].src = addr_prefix_range(ADDR_V4_FIRST | (0xc0a80000 + (i << 8)),
							 120);
		if (i % 7 == 0)
			rules[i].dst = addr_prefix_range(rules[i].dst.lo, 124);
		rules[i].dport_lo = i % 2000;
		rules[i].dport_hi = rules[i].dport_lo + (i % 11 ? 0 : 50);
	}
	c = classifier_new(rules, n);
	free(rules);
	return c;
}

/* What a lookup visits must not grow with the number of rules of the same kinds. */
static void acl4_work_does_not_grow_with_rules(void)
{
	struct classifier *few = big_classifier(100), *many = big_classifier(50000);
	struct classifier_stats a, b;

	CU_ASSERT_PTR_NOT_NULL_FATAL(few);
	CU_ASSERT_PTR_NOT_NULL_FATAL(many);
	classifier_get_stats(few, &a);
	classifier_get_stats(many, &b);
	CU_ASSERT(b.tables <= 2 * a.tables);
	CU_ASSERT(b.longest_chain <= 16);
	classifier_free(few);
	classifier_free(many);
}

static void acl4_port_ranges_do_not_make_a_list(void)
{
	struct cls_rule *rules = calloc(5000, sizeof(*rules));
	struct classifier_stats s;
	struct classifier *c;

	for (int i = 0; i < 5000; i++) {
		cls_rule_init(&rules[i]);
		rules[i].any_proto = false;
		rules[i].proto = IPPROTO_TCP;
		rules[i].dport_lo = 10 * i;
		rules[i].dport_hi = 10 * i + 15;
	}
	c = classifier_new(rules, 5000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	classifier_get_stats(c, &s);
	CU_ASSERT_EQUAL(s.tables, 1);
	CU_ASSERT(s.longest_chain <= 2);
	classifier_free(c);
	free(rules);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "ACL-1 ACL-2 rules decide", acl1_acl2_rules_decide },
		{ "ACL-1 standard list names destinations", acl1_standard_list_names_destinations },
		{ "ACL-1 bad names are refused", acl1_bad_names_are_refused },
		{ "ACL-1 expansion is bounded", acl1_expansion_is_bounded },
		{ "ACL-1 global and out lists", acl1_global_and_out_lists },
		{ "ACL-1 time-range fails closed", acl1_time_range_fails_closed },
		{ "ACL-2 rows and counters survive a recompile", acl2_rows_and_counters },
		{ "ACL-3 mapped semantics is told", acl3_mapped_semantics_is_told },
		{ "ACL-4 classifier agrees with linear search",
		  acl4_classifier_agrees_with_linear_search },
		{ "ACL-4 ranges agree with linear search", acl4_ranges_agree_with_linear_search },
		{ "ACL-4 port ranges do not make a list", acl4_port_ranges_do_not_make_a_list },
		{ "ACL-4 work does not grow with rules", acl4_work_does_not_grow_with_rules },
		{ "SES-1 default levels and numbers", ses1_default_levels_and_numbers },
		{ "SES-2 BYP-16 security levels", ses2_byp16_levels },
		{ "SES-4 management lines", ses4_management_lines },
		{ NULL, NULL },
	};

	return asa_cunit_main("acl", tests);
}
