// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/config/%.o daemon/inspect/regex.o daemon/policy/%.o */
/*
 * From ASA's language to decisions: what an operator types, compiled, asked for packets. Where
 * the other tests of the policy build models by hand, this one holds parser and compiler to the
 * same meaning of a line (BYP-2, BYP-6, BYP-11, BYP-16, ACL-1, ACL-3, NAT-1, MPF-14).
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "lib/cunit.h"
#include "lib/model_build.h"

struct box {
	struct config *config;
	struct config_session *session;
	struct config_result result;
	struct sys_info sys;
	struct policy *p;
};

static int apply(void *arg, const struct model *m, struct policy_error *e)
{
	struct box *b = arg;
	struct policy *next = NULL;
	int err = policy_compile(m, &b->sys, b->p, &next, e);

	if (err)
		return err;
	policy_free(b->p);
	b->p = next;
	return 0;
}

static const char interfaces[] =
	"interface eth0\n nameif inside\n ip address 10.1.1.254 255.255.255.0\n no shutdown\n"
	"interface eth1\n nameif outside\n ip address 192.0.2.1 255.255.255.0\n no shutdown\n";

static struct box *box_new(void)
{
	struct box *b = calloc(1, sizeof(*b));
	struct config_ops ops = { .apply = apply, .arg = b };

	b->sys.n_ifs = 2;
	for (int i = 0; i < 2; i++) {
		snprintf(b->sys.ifs[i].dev, sizeof(b->sys.ifs[i].dev), "eth%d", i);
		b->sys.ifs[i].ifindex = 11 + i;
		b->sys.ifs[i].mtu = 1500;
		b->sys.ifs[i].up = true;
	}
	b->config = config_new(&ops);
	b->session = config_session_new(b->config, CONFIG_MODE_PRIV);
	config_result_init(&b->result);
	return b;
}

static void box_free(struct box *b)
{
	config_result_fini(&b->result);
	config_session_free(b->session);
	config_free(b->config);
	policy_free(b->p);
	free(b);
}

/* Enter lines as "asactl -f" would. => true when all were accepted. */
static bool enter(struct box *b, const char *text)
{
	config_result_fini(&b->result);
	config_result_init(&b->result);
	return config_text(b->session, text, CONFIG_TEXT_ATOMIC, NULL, &b->result) == CONFIG_OK;
}

#define ENTER(b, text)                                                              \
	do {                                                                        \
		bool ok_ = enter(b, text);                                          \
		if (!ok_)                                                           \
			fprintf(stderr, "line %d: %u: %s\n", __LINE__,              \
				(b)->result.line, (b)->result.error);               \
		CU_ASSERT_TRUE_FATAL(ok_);                                          \
	} while (0)

static struct policy_service service(struct box *b, const char *in, const char *out,
				     const char *packet)
{
	struct policy_tuple t = mb_tuple(packet);
	struct policy_service s;

	policy_service_match(b->p, policy_if_named(b->p, in), policy_if_named(b->p, out), &t, &s);
	return s;
}

static enum asa_drop access_in(struct box *b, const char *in, const char *out, const char *packet)
{
	struct policy_tuple t = mb_tuple(packet);
	struct policy_acl_match m;

	return policy_access_in(b->p, policy_if_named(b->p, in), policy_if_named(b->p, out), &t,
				&m);
}

/* The source as it leaves: "198.51.100.1:80", "pool …", or why not. */
static const char *leaves(struct box *b, const char *in, const char *out, const char *packet)
{
	static char text[160];
	struct asa_key key = mb_key(packet);
	struct asa_addr mapped;
	struct nat_pool pool;
	struct nat_match m;
	__be16 port;

	if (policy_nat_translate(b->p, policy_if_named(b->p, in), policy_if_named(b->p, out), &key,
				 &m, &mapped, &port, &pool))
		return "nat-failed";
	if (m.dynamic)
		snprintf(text, sizeof(text), "pool %s-%s%s", mb_text(&pool.first),
			 mb_text(&pool.last), pool.pat ? " pat" : "");
	else
		snprintf(text, sizeof(text), "%s:%u", mb_text(&mapped), asa_ntohs(port));
	return text;
}

/* The destination as it enters: "10.1.1.5:80". */
static const char *enters(struct box *b, const char *in, const char *packet)
{
	static char text[160];
	struct asa_key key = mb_key(packet);
	struct nat_match m;
	__u16 real_if;

	if (policy_nat_untranslate(b->p, policy_if_named(b->p, in), &key, &m, &real_if))
		return "no-xlate";
	snprintf(text, sizeof(text), "%s:%u", mb_text(&key.dst), asa_ntohs(key.dport));
	return text;
}

/* ------------------------------------------------------------------ */

static void byp2_scenario1_as_typed(void)
{
	struct box *b = box_new();

	ENTER(b, interfaces);
	ENTER(b, "ASA1(config)# access-list tcp_bypass extended permit tcp 10.1.1.0 255.255.255.0 "
		 "172.16.1.0 255.255.255.0\n"
		 "!\n"
		 "ASA1(config)# class-map tcp_bypass\n"
		 "ASA1(config-cmap)# description \"TCP traffic that bypasses stateful firewall\"\n"
		 "ASA1(config-cmap)# match access-list tcp_bypass\n"
		 "ASA1(config-cmap)# policy-map tcp_bypass_policy\n"
		 "ASA1(config-pmap)# class tcp_bypass\n"
		 "ASA1(config-pmap-c)# set connection advanced-options tcp-state-bypass\n"
		 "ASA1(config-pmap-c)# service-policy tcp_bypass_policy outside\n"
		 "ASA1(config)# object network obj-10.1.1.0\n"
		 "ASA1(config-network-object)# subnet 10.1.1.0 255.255.255.0\n"
		 "ASA1(config-network-object)# nat(inside,outside) static 192.168.1.0\n");
	CU_ASSERT_PTR_NULL(policy_warning(b->p, 0));
	CU_ASSERT_TRUE(service(b, "inside", "outside", "tcp 10.1.1.5:1 172.16.1.1:80").bypass);
	CU_ASSERT_FALSE(service(b, "inside", "outside", "tcp 10.1.1.5:1 172.16.2.1:80").bypass);
	CU_ASSERT_STRING_EQUAL(leaves(b, "inside", "outside", "tcp 10.1.1.5:1 172.16.1.1:80"), "192.168.1.5:1");
	CU_ASSERT_STRING_EQUAL(enters(b, "outside", "tcp 172.16.1.1:80 192.168.1.5:1"), "10.1.1.5:1");
	/* BYP-11: a dynamic rule behind the static one does not reach the class, one before does */
	ENTER(b, "nat (inside,outside) after-auto source dynamic any interface\n");
	CU_ASSERT_PTR_NULL(policy_warning(b->p, 0));
	ENTER(b, "nat (inside,outside) source dynamic any interface\n");
	CU_ASSERT_PTR_NOT_NULL(policy_warning(b->p, 0));
	/* BYP-6 */
	ENTER(b, "policy-map tcp_bypass_policy\n class tcp_bypass\n  inspect ftp\n");
	CU_ASSERT_PTR_NOT_NULL(policy_warning(b->p, 0));
	CU_ASSERT_PTR_NOT_NULL(strstr(policy_warning(b->p, 0), "inspect ftp"));
	box_free(b);
}

static void byp16_scenario2_as_typed(void)
{
	static const char packet[] = "tcp 192.168.2.5:1 192.168.1.5:80";
	struct box *b = box_new();

	ENTER(b, interfaces);
	ENTER(b, "access-list tcp_bypass extended permit tcp 192.168.2.0 255.255.255.0 192.168.1.0 255.255.255.0\n"
		 "class-map tcp_bypass\n match access-list tcp_bypass\n"
		 "policy-map tcp_bypass_policy\n class tcp_bypass\n"
		 "  set connection advanced-options tcp-state-bypass\n"
		 "service-policy tcp_bypass_policy inside\n");
	CU_ASSERT_EQUAL(access_in(b, "inside", "inside", packet), DROP_POLICY_INTRA);
	ENTER(b, "same-security-traffic permit intra-interface\n");
	CU_ASSERT_EQUAL(access_in(b, "inside", "inside", packet), DROP_NONE);
	CU_ASSERT_TRUE(service(b, "inside", "inside", packet).bypass);
	ENTER(b, "policy-map tcp_bypass_policy\n class tcp_bypass\n"
		 "  no set connection advanced-options tcp-state-bypass\n");
	CU_ASSERT_FALSE(service(b, "inside", "inside", packet).bypass);
	box_free(b);
}

static void acl1_lines_mean_what_they_say(void)
{
	static const struct {
		const char *packet;
		bool permit;
	} cases[] = {
		{ "tcp 198.51.100.9:1 10.1.1.80:80", true },
		{ "tcp 198.51.100.9:1 10.1.1.80:443", true },
		{ "tcp 198.51.100.9:1 10.1.1.80:22", false },
		{ "tcp 198.51.100.9:1 10.1.1.81:80", false },
		{ "udp 198.51.100.9:1 10.1.1.53:53", true },
		{ "udp 198.51.100.9:1 10.1.1.9:514", true },
		{ "udp 198.51.100.66:1 10.1.1.9:514", false },
		{ "icmp 198.51.100.9:8 10.1.1.9", true },
		{ "icmp 198.51.100.9:13 10.1.1.9", false },
		{ "tcp 203.0.113.5:1 10.1.1.7:2049", true },
		{ "47 203.0.113.5 10.1.1.7", true },
		{ "tcp [2001:db8:f::9]:1 [2001:db8:1::80]:80", true },
		{ "tcp [2001:db8:f::9]:1 [2001:db8:2::80]:80", false },
	};
	struct box *b = box_new();

	ENTER(b, interfaces);
	ENTER(b, "object network web\n host 10.1.1.80\n"
		 "object-group service web-ports tcp\n port-object eq www\n port-object eq https\n"
		 "object-group network dns-servers\n network-object host 10.1.1.53\n"
		 "object-group icmp-type pings\n icmp-object echo\n icmp-object echo-reply\n"
		 "object-group service nfs\n service-object tcp destination eq 2049\n service-object gre\n"
		 "access-list in extended permit tcp any object web object-group web-ports\n"
		 "access-list in extended permit udp any object-group dns-servers eq domain\n"
		 "access-list in extended deny udp host 198.51.100.66 any\n"
		 "access-list in extended permit udp any any eq syslog\n"
		 "access-list in extended permit icmp any any object-group pings\n"
		 "access-list in extended permit object-group nfs 203.0.113.0 255.255.255.0 any\n"
		 "access-list in extended permit tcp any6 2001:db8:1::/64 eq 80\n"
		 "access-group in in interface outside\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum asa_drop drop = access_in(b, "outside", "inside", cases[i].packet);

		if (drop != (cases[i].permit ? DROP_NONE : DROP_POLICY_ACL)) {
			fprintf(stderr, "%s: %d\n", cases[i].packet, drop);
			CU_FAIL("row");
		}
	}
	CU_ASSERT_EQUAL(access_in(b, "inside", "outside", cases[0].packet), DROP_NONE); /* levels */
	box_free(b);
}

static void nat1_acl3_pix_configuration(void)
{
	struct box *b = box_new();

	ENTER(b, interfaces);
	ENTER(b, "access-list-semantics mapped\n"
		 "access-list nonat extended permit ip 10.1.1.0 255.255.255.0 10.8.0.0 255.255.0.0\n"
		 "global (outside) 1 198.51.100.10-198.51.100.20\n"
		 "global (outside) 1 interface\n"
		 "nat (inside) 0 access-list nonat\n"
		 "nat (inside) 1 10.1.1.0 255.255.255.0\n"
		 "static (inside,outside) 198.51.100.80 10.1.1.80 netmask 255.255.255.255\n"
		 "static (inside,outside) tcp interface 2222 10.1.1.22 22 netmask 255.255.255.255\n");
	CU_ASSERT_TRUE(policy_acl_mapped(b->p));
	CU_ASSERT_STRING_EQUAL(leaves(b, "inside", "outside", "tcp 10.1.1.5:1 10.8.0.1:80"), "10.1.1.5:1");
	CU_ASSERT_STRING_EQUAL(leaves(b, "inside", "outside", "tcp 10.1.1.5:1 203.0.113.1:80"), "pool 198.51.100.10-198.51.100.20");
	CU_ASSERT_STRING_EQUAL(leaves(b, "inside", "outside", "tcp 10.1.1.80:1 203.0.113.1:80"), "198.51.100.80:1");
	CU_ASSERT_STRING_EQUAL(enters(b, "outside", "tcp 203.0.113.1:9 192.0.2.1:2222"), "10.1.1.22:22");
	CU_ASSERT_STRING_EQUAL(enters(b, "outside", "tcp 203.0.113.1:9 198.51.100.80:7"), "10.1.1.80:7");
	CU_ASSERT_STRING_EQUAL(enters(b, "outside", "tcp 203.0.113.1:9 198.51.100.12:7"), "no-xlate");
	box_free(b);
}

static void nat1_object_and_twice_configuration(void)
{
	struct box *b = box_new();

	ENTER(b, interfaces);
	ENTER(b, "object network web\n host 10.1.1.80\n nat (inside,outside) static interface service tcp www 8080\n"
		 "object network lan\n subnet 10.1.1.0 255.255.255.0\n nat (inside,outside) dynamic interface\n"
		 "object network vpn\n subnet 10.8.0.0 255.255.0.0\n"
		 "object network partner\n host 203.0.113.9\n"
		 "object network partner-inside\n host 10.9.9.9\n"
		 "object service ssh-alias\n service tcp destination eq 2222\n"
		 "object service ssh\n service tcp destination eq 22\n"
		 "object network lan2\n subnet 10.1.1.0 255.255.255.0\n"
		 "nat (inside,outside) source static lan2 lan2 destination static vpn vpn no-proxy-arp route-lookup\n"
		 "nat (inside,outside) source dynamic lan2 interface destination static partner-inside partner service ssh-alias ssh\n");
	CU_ASSERT_STRING_EQUAL(leaves(b, "inside", "outside", "tcp 10.1.1.5:1 10.8.0.1:80"), "10.1.1.5:1");
	CU_ASSERT_STRING_EQUAL(leaves(b, "inside", "outside", "tcp 10.1.1.5:1 203.0.113.1:80"), "pool 192.0.2.1-192.0.2.1 pat");
	CU_ASSERT_STRING_EQUAL(leaves(b, "inside", "outside", "tcp 10.1.1.80:80 203.0.113.1:5"), "192.0.2.1:8080");
	CU_ASSERT_STRING_EQUAL(enters(b, "outside", "tcp 203.0.113.1:5 192.0.2.1:8080"), "10.1.1.80:80");
	CU_ASSERT_STRING_EQUAL(enters(b, "inside", "tcp 10.1.1.5:1 10.9.9.9:2222"), "203.0.113.9:22");
	/* what cannot be compiled changes nothing */
	CU_ASSERT_FALSE(enter(b, "nat (inside,outside) source dynamic nothing interface\n"));
	CU_ASSERT_STRING_EQUAL(leaves(b, "inside", "outside", "tcp 10.1.1.5:1 203.0.113.1:80"), "pool 192.0.2.1-192.0.2.1 pat");
	box_free(b);
}

static void mpf14_default_policy(void)
{
	struct box *b = box_new();
	struct policy_service s;

	ENTER(b, interfaces);
	ENTER(b, "class-map inspection_default\n match default-inspection-traffic\n"
		 "class-map web\n match port tcp eq www\n"
		 "policy-map global_policy\n class inspection_default\n  inspect ftp\n  inspect icmp\n"
		 " class web\n  set connection conn-max 600 embryonic-conn-max 50\n"
		 "  set connection timeout idle 2:00:00 half-closed 0:20:00\n"
		 " class class-default\n  set connection decrement-ttl\n"
		 "service-policy global_policy global\n");
	s = service(b, "inside", "outside", "tcp 10.1.1.5:1 203.0.113.1:80");
	CU_ASSERT_EQUAL(s.conn_max, 600);
	CU_ASSERT_EQUAL(s.embryonic_max, 50);
	CU_ASSERT_EQUAL(s.per_client_max, -1);
	CU_ASSERT_EQUAL(s.idle_s, 7200);
	CU_ASSERT_EQUAL(s.half_closed_s, 1200);
	CU_ASSERT_FALSE(s.decrement_ttl);
	s = service(b, "inside", "outside", "icmp 10.1.1.5:8 203.0.113.1");
	CU_ASSERT_TRUE(s.inspect_icmp);
	CU_ASSERT_TRUE(s.decrement_ttl);
	CU_ASSERT_EQUAL(s.conn_max, -1);
	box_free(b);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "BYP-2 BYP-6 BYP-11 scenario 1 as typed", byp2_scenario1_as_typed },
		{ "BYP-2 BYP-16 scenario 2 as typed", byp16_scenario2_as_typed },
		{ "ACL-1 lines mean what they say", acl1_lines_mean_what_they_say },
		{ "NAT-1 ACL-3 PIX configuration", nat1_acl3_pix_configuration },
		{ "NAT-1 object and twice configuration", nat1_object_and_twice_configuration },
		{ "MPF-14 default policy", mpf14_default_policy },
		{ NULL, NULL },
	};

	return asa_cunit_main("policy_text", tests);
}
