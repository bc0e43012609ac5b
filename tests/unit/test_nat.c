// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/policy/%.o */
/*
 * Translation rules: NAT-1, NAT-2, NAT-4, NAT-6 and the rule of scenario 1 (BYP-2).
 *
 * A flow's outcome is a text: "SRC:PORT > DST:PORT" as it leaves, "pool A-B pat … > DST:PORT" for
 * a dynamic source, or why it is dropped. The steps are those of the pipeline: untranslate,
 * translate, reverse-path check when the destination was not translated.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/cunit.h"
#include "lib/model_build.h"

static struct model_nat *nat(struct fw *fw, enum model_nat_form form, const char *real_if,
			     const char *mapped_if, const char *real, const char *mapped)
{
	struct model_nat *n = MODEL_PUSH(&fw->m->nats);

	n->form = form;
	snprintf(n->real_if, sizeof(n->real_if), "%s", real_if);
	snprintf(n->mapped_if, sizeof(n->mapped_if), "%s", mapped_if);
	if (form == MODEL_NAT_OBJECT)
		snprintf(n->object, sizeof(n->object), "%s", real);
	else if (*real)
		n->real = mb_term(real);
	if (!strcmp(mapped, "interface"))
		n->mapped_interface = true;
	else if (*mapped)
		n->mapped = mb_term(mapped);
	snprintf(n->text, sizeof(n->text), "nat (%s,%s) %s %s", real_if, mapped_if, real, mapped);
	return n;
}

static struct model_nat *object_nat(struct fw *fw, const char *object, const char *term,
				    const char *mapped)
{
	fw_object(fw, object, term);
	return nat(fw, MODEL_NAT_OBJECT, "inside", "outside", object, mapped);
}

static const char *outcome(const struct fw *fw, const char *in_name, const char *out_name,
			   const char *packet)
{
	static char text[256];
	const struct policy_if *in = fw_named(fw, in_name), *out = fw_named(fw, out_name);
	struct asa_key key = mb_key(packet);
	struct nat_match un, src;
	struct asa_addr mapped;
	struct nat_pool pool;
	__be16 port;
	__u16 real_if;
	enum asa_drop drop;
	char from[128];

	if (policy_nat_untranslate(fw->p, in, &key, &un, &real_if))
		return "no-xlate";
	drop = policy_nat_translate(fw->p, in, out, &key, &src, &mapped, &port, &pool);
	if (drop)
		return "nat-failed";
	if (un.rule < 0 && policy_nat_rpf_check(fw->p, in, out, &key, &src))
		return "rpf-failed";
	if (src.dynamic)
		snprintf(from, sizeof(from), "pool %s-%s%s%s%s", mb_text(&pool.first),
			 mb_text(&pool.last), pool.pat ? " pat" : "", pool.n_more ? " more" : "",
			 pool.interface_fallback ? " interface" : "");
	else
		snprintf(from, sizeof(from), "%s:%u", mb_text(&mapped), asa_ntohs(port));
	snprintf(text, sizeof(text), "%s > %s:%u", from, mb_text(&key.dst), asa_ntohs(key.dport));
	return text;
}

#define FLOW(in, out, packet, expected)                                               \
	do {                                                                          \
		const char *got_ = outcome(&fw, in, out, packet);                     \
		if (strcmp(got_, expected))                                           \
			fprintf(stderr, "line %d: %s: %s\n", __LINE__, packet, got_); \
		CU_ASSERT_STRING_EQUAL(got_, expected);                               \
	} while (0)

#define COMPILE()                                                     \
	do {                                                          \
		int err_ = fw_compile(&fw);                           \
		if (err_)                                             \
			fprintf(stderr, "compile: %s\n", fw.e.text);  \
		CU_ASSERT_EQUAL_FATAL(err_, 0);                       \
	} while (0)

/* ------------------------------------------------------------------ object NAT */

static void byp2_nat1_network_static_with_one_address(void)
{
	struct fw fw = fw_new();

	object_nat(&fw, "obj-10.1.1.0", "10.1.1.0/24", "192.168.1.0");
	COMPILE();
	FLOW("inside", "outside", "tcp 10.1.1.5:4000 172.16.1.1:80", "192.168.1.5:4000 > 172.16.1.1:80");
	FLOW("outside", "inside", "tcp 172.16.1.1:80 192.168.1.255:9", "172.16.1.1:80 > 10.1.1.255:9");
	FLOW("inside", "outside", "tcp 10.1.2.5:4000 172.16.1.1:80", "10.1.2.5:4000 > 172.16.1.1:80");
	FLOW("inside", "dmz", "tcp 10.1.1.5:4000 10.2.2.1:80", "10.1.1.5:4000 > 10.2.2.1:80");
	FLOW("inside", "inside", "tcp 10.1.1.5:4000 10.1.1.6:80", "10.1.1.5:4000 > 10.1.1.6:80");
	FLOW("dmz", "outside", "tcp 10.2.2.2:4000 192.168.1.5:80", "10.2.2.2:4000 > 192.168.1.5:80");
	fw_free(&fw);
}

static void nat1_host_range_and_service(void)
{
	struct fw fw = fw_new();
	struct model_nat *n;

	object_nat(&fw, "h", "10.1.1.5", "198.51.100.5");
	object_nat(&fw, "r", "10.1.1.10-10.1.1.19", "198.51.100.20");
	n = object_nat(&fw, "w", "10.1.1.80", "interface");
	n->has_service = true;
	n->proto = IPPROTO_TCP;
	n->real_port = 80;
	n->mapped_port = 8080;
	COMPILE();
	FLOW("inside", "outside", "udp 10.1.1.5:1 203.0.113.1:2", "198.51.100.5:1 > 203.0.113.1:2");
	FLOW("outside", "inside", "47 203.0.113.1 198.51.100.5", "203.0.113.1:0 > 10.1.1.5:0");
	FLOW("inside", "outside", "udp 10.1.1.13:1 203.0.113.1:2", "198.51.100.23:1 > 203.0.113.1:2");
	FLOW("outside", "inside", "udp 203.0.113.1:2 198.51.100.29:1", "203.0.113.1:2 > 10.1.1.19:1");
	FLOW("outside", "inside", "udp 203.0.113.1:2 198.51.100.30:1", "203.0.113.1:2 > 198.51.100.30:1");
	/* port redirection: only this port, only this protocol */
	FLOW("outside", "inside", "tcp 203.0.113.1:9 192.0.2.1:8080", "203.0.113.1:9 > 10.1.1.80:80");
	FLOW("outside", "inside", "udp 203.0.113.1:9 192.0.2.1:8080", "203.0.113.1:9 > 192.0.2.1:8080");
	FLOW("outside", "inside", "tcp 203.0.113.1:9 192.0.2.1:80", "203.0.113.1:9 > 192.0.2.1:80");
	FLOW("inside", "outside", "tcp 10.1.1.80:80 203.0.113.1:9", "192.0.2.1:8080 > 203.0.113.1:9");
	FLOW("inside", "outside", "tcp 10.1.1.80:81 203.0.113.1:9", "10.1.1.80:81 > 203.0.113.1:9");
	fw_free(&fw);
}

static void nat1_dynamic_forms(void)
{
	struct fw fw = fw_new();

	object_nat(&fw, "a", "10.1.1.0/24", "interface")->dynamic = true;
	object_nat(&fw, "b", "10.1.2.0/24", "198.51.100.7")->dynamic = true;
	object_nat(&fw, "c", "10.1.3.0/24", "198.51.100.10-198.51.100.19")->dynamic = true;
	fw.m->nats.v[2].mapped_interface = true;
	object_nat(&fw, "d", "10.1.4.0/24", "198.51.100.30-198.51.100.39")->dynamic = true;
	fw.m->nats.v[3].pat = true;
	COMPILE();
	FLOW("inside", "outside", "tcp 10.1.1.5:1 203.0.113.1:2", "pool 192.0.2.1-192.0.2.1 pat > 203.0.113.1:2");
	FLOW("inside", "outside", "tcp 10.1.2.5:1 203.0.113.1:2", "pool 198.51.100.7-198.51.100.7 pat > 203.0.113.1:2");
	FLOW("inside", "outside", "tcp 10.1.3.5:1 203.0.113.1:2", "pool 198.51.100.10-198.51.100.19 interface > 203.0.113.1:2");
	FLOW("inside", "outside", "tcp 10.1.4.5:1 203.0.113.1:2", "pool 198.51.100.30-198.51.100.39 pat > 203.0.113.1:2");
	/* nobody's port without a connection; the interface address is the box's own */
	FLOW("outside", "inside", "tcp 203.0.113.1:2 198.51.100.7:99", "no-xlate");
	FLOW("outside", "inside", "tcp 203.0.113.1:2 198.51.100.15:99", "no-xlate");
	FLOW("outside", "inside", "tcp 203.0.113.1:2 192.0.2.1:99", "203.0.113.1:2 > 192.0.2.1:99");
	/* an interface without an address: dropped, not sent with the real address */
	fw.m->ifs.v[2].addrs.n = 0;
	COMPILE();
	FLOW("inside", "outside", "tcp 10.1.1.5:1 203.0.113.1:2", "nat-failed");
	CU_ASSERT_PTR_NOT_NULL(strstr(policy_warning(fw.p, 0), "has no IPv4 address"));
	fw_free(&fw);
}

static void nat1_nat66(void)
{
	struct fw fw = fw_new();

	object_nat(&fw, "n6", "2001:db8:1::/64", "2001:db8:ff::");
	object_nat(&fw, "p6", "2001:db8:2::/64", "interface")->dynamic = true;
	COMPILE();
	FLOW("inside", "outside", "tcp [2001:db8:1::5]:7 [2001:db8:e::1]:8", "2001:db8:ff::5:7 > 2001:db8:e::1:8");
	FLOW("outside", "inside", "tcp [2001:db8:e::1]:8 [2001:db8:ff::5]:7", "2001:db8:e::1:8 > 2001:db8:1::5:7");
	FLOW("inside", "outside", "tcp [2001:db8:2::5]:7 [2001:db8:e::1]:8", "pool 2001:db8:f::1-2001:db8:f::1 pat > 2001:db8:e::1:8");
	/* from one family to the other: refused with a sentence */
	object_nat(&fw, "x", "2001:db8:3::5", "198.51.100.5");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "IPv4 and IPv6"));
	fw_free(&fw);
}

/* ------------------------------------------------------------------ twice NAT */

static void nat1_twice_translates_both_ends(void)
{
	struct fw fw = fw_new();
	struct model_nat *n = nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "10.1.1.0/24",
				  "198.51.100.0/24");

	n->has_dst = true;
	n->dst_mapped = mb_term("10.9.9.9");
	n->dst_real = mb_term("203.0.113.9");
	COMPILE();
	FLOW("inside", "outside", "tcp 10.1.1.5:7 10.9.9.9:80", "198.51.100.5:7 > 203.0.113.9:80");
	/* the other end opens: both are translated back */
	FLOW("outside", "inside", "tcp 203.0.113.9:80 198.51.100.5:7", "10.9.9.9:80 > 10.1.1.5:7");
	/* another destination is not the rule's */
	FLOW("inside", "outside", "tcp 10.1.1.5:7 203.0.113.8:80", "10.1.1.5:7 > 203.0.113.8:80");
	FLOW("outside", "inside", "tcp 203.0.113.8:80 198.51.100.5:7", "203.0.113.8:80 > 198.51.100.5:7");
	/* one way only */
	n->unidirectional = true;
	COMPILE();
	FLOW("inside", "outside", "tcp 10.1.1.5:7 10.9.9.9:80", "198.51.100.5:7 > 203.0.113.9:80");
	FLOW("outside", "inside", "tcp 203.0.113.9:80 198.51.100.5:7", "203.0.113.9:80 > 198.51.100.5:7");
	fw_free(&fw);
}

static void nat1_twice_services(void)
{
	struct fw fw = fw_new();
	struct model_nat *n;

	/* source: the server's port 80 is 8080 outside */
	fw_service(&fw, "s80", "tcp", "source eq 80");
	fw_service(&fw, "s8080", "tcp", "source eq 8080");
	n = nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "10.1.1.80", "198.51.100.80");
	strcpy(n->svc_real, "s80");
	strcpy(n->svc_mapped, "s8080");
	/* destination: what goes to 10.9.9.9:2222 reaches 203.0.113.9:22 */
	fw_service(&fw, "d2222", "tcp", "destination eq 2222");
	fw_service(&fw, "d22", "tcp", "destination eq 22");
	n = nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "10.1.1.0/24", "interface");
	n->dynamic = n->has_dst = true;
	n->dst_mapped = mb_term("10.9.9.9");
	n->dst_real = mb_term("203.0.113.9");
	strcpy(n->svc_real, "d2222");
	strcpy(n->svc_mapped, "d22");
	COMPILE();
	FLOW("outside", "inside", "tcp 203.0.113.1:5 198.51.100.80:8080", "203.0.113.1:5 > 10.1.1.80:80");
	FLOW("inside", "outside", "tcp 10.1.1.80:80 203.0.113.1:5", "198.51.100.80:8080 > 203.0.113.1:5");
	FLOW("inside", "outside", "tcp 10.1.1.5:7 10.9.9.9:2222", "pool 192.0.2.1-192.0.2.1 pat > 203.0.113.9:22");
	FLOW("inside", "outside", "tcp 10.1.1.5:7 10.9.9.9:2223", "10.1.1.5:7 > 10.9.9.9:2223");
	FLOW("inside", "outside", "tcp 10.1.1.5:7 203.0.113.9:23", "10.1.1.5:7 > 203.0.113.9:23");
	strcpy(n->svc_mapped, "nowhere");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	fw_free(&fw);
}

static void nat1_groups_are_laid_side_by_side(void)
{
	struct fw fw = fw_new();

	fw_group(&fw, "real", MODEL_GROUP_NETWORK);
	fw_member(&fw, "real", "10.1.1.1");
	fw_member(&fw, "real", "10.1.1.16/30");
	fw_member(&fw, "real", "10.1.1.99");
	nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "grp:real", "198.51.100.1-198.51.100.4");
	/* several addresses of one host: the first is used on the way out, all lead in */
	nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "10.1.1.50", "198.51.100.60-198.51.100.63");
	COMPILE();
	FLOW("inside", "outside", "tcp 10.1.1.1:1 203.0.113.1:2", "198.51.100.1:1 > 203.0.113.1:2");
	FLOW("inside", "outside", "tcp 10.1.1.18:1 203.0.113.1:2", "198.51.100.4:1 > 203.0.113.1:2");
	FLOW("inside", "outside", "tcp 10.1.1.19:1 203.0.113.1:2", "10.1.1.19:1 > 203.0.113.1:2");
	FLOW("inside", "outside", "tcp 10.1.1.99:1 203.0.113.1:2", "10.1.1.99:1 > 203.0.113.1:2");
	FLOW("inside", "outside", "tcp 10.1.1.50:1 203.0.113.1:2", "198.51.100.60:1 > 203.0.113.1:2");
	FLOW("outside", "inside", "tcp 203.0.113.1:2 198.51.100.63:1", "203.0.113.1:2 > 10.1.1.50:1");
	fw_free(&fw);
}

static void nat1_identity_exempts(void)
{
	struct fw fw = fw_new();
	struct model_nat *n = nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "10.1.1.0/24",
				  "10.1.1.0/24");
	struct nat_match m;
	struct asa_key key = mb_key("tcp 10.8.0.5:80 10.1.1.5:7");
	__u16 real_if;

	n->has_dst = true;
	n->dst_mapped = n->dst_real = mb_term("10.8.0.0/16");
	object_nat(&fw, "lan", "10.1.1.0/24", "interface")->dynamic = true;
	COMPILE();
	FLOW("inside", "outside", "tcp 10.1.1.5:7 10.8.0.5:80", "10.1.1.5:7 > 10.8.0.5:80");
	FLOW("outside", "inside", "tcp 10.8.0.5:80 10.1.1.5:7", "10.8.0.5:80 > 10.1.1.5:7");
	FLOW("inside", "outside", "tcp 10.1.1.5:7 10.7.0.5:80", "pool 192.0.2.1-192.0.2.1 pat > 10.7.0.5:80");
	FLOW("outside", "inside", "tcp 10.7.0.5:80 10.1.1.5:7", "rpf-failed");
	CU_ASSERT_EQUAL(policy_nat_untranslate(fw.p, fw_named(&fw, "outside"), &key, &m, &real_if), DROP_NONE);
	CU_ASSERT_TRUE(m.identity);
	CU_ASSERT_EQUAL(real_if, fw_named(&fw, "inside")->num);
	fw_free(&fw);
}

/* ------------------------------------------------------------------ PIX and 8.2 forms */

static void nat1_pix_forms(void)
{
	struct fw fw = fw_new();
	struct model_nat *n;

	fw_ace(&fw, "exempt", "permit ip 10.1.1.0/24 10.8.0.0/16");
	fw_ace(&fw, "policy", "permit tcp 10.1.1.5 203.0.113.7 eq 25");
	nat(&fw, MODEL_NAT_PIX_NAT, "inside", "", "10.0.0.0/8", "")->nat_id = 1;
	nat(&fw, MODEL_NAT_PIX_NAT, "inside", "", "10.1.1.128/25", "")->nat_id = 2;
	nat(&fw, MODEL_NAT_PIX_GLOBAL, "", "outside", "", "198.51.100.9")->nat_id = 1;
	nat(&fw, MODEL_NAT_PIX_GLOBAL, "", "outside", "", "198.51.100.10-198.51.100.19")->nat_id = 1;
	nat(&fw, MODEL_NAT_PIX_GLOBAL, "", "outside", "", "interface")->nat_id = 2;
	nat(&fw, MODEL_NAT_PIX_GLOBAL, "", "dmz", "", "10.2.2.77")->nat_id = 1;
	nat(&fw, MODEL_NAT_PIX_STATIC, "inside", "outside", "10.1.1.20", "198.51.100.20");
	n = nat(&fw, MODEL_NAT_PIX_STATIC, "inside", "outside", "10.1.1.21", "interface");
	n->has_service = true;
	n->proto = IPPROTO_TCP;
	n->real_port = 22;
	n->mapped_port = 2222;
	n = nat(&fw, MODEL_NAT_PIX_STATIC, "inside", "outside", "", "198.51.100.99");
	strcpy(n->acl, "policy");
	n = nat(&fw, MODEL_NAT_PIX_NAT0, "inside", "", "", "");
	strcpy(n->acl, "exempt");
	COMPILE();
	/* exemption, before all, both ways */
	FLOW("inside", "outside", "tcp 10.1.1.20:1 10.8.0.1:2", "10.1.1.20:1 > 10.8.0.1:2");
	FLOW("outside", "inside", "tcp 10.8.0.1:2 10.1.1.20:1", "10.8.0.1:2 > 10.1.1.20:1");
	FLOW("outside", "inside", "tcp 10.7.0.1:2 10.1.1.20:1", "rpf-failed");
	/* statics */
	FLOW("inside", "outside", "tcp 10.1.1.20:1 203.0.113.1:2", "198.51.100.20:1 > 203.0.113.1:2");
	FLOW("outside", "inside", "tcp 203.0.113.1:2 192.0.2.1:2222", "203.0.113.1:2 > 10.1.1.21:22");
	/* policy static: only for the traffic of its list */
	FLOW("inside", "outside", "tcp 10.1.1.5:1 203.0.113.7:25", "198.51.100.99:1 > 203.0.113.7:25");
	FLOW("outside", "inside", "tcp 203.0.113.7:25 198.51.100.99:1", "203.0.113.7:25 > 10.1.1.5:1");
	FLOW("outside", "inside", "tcp 203.0.113.8:25 198.51.100.99:1", "203.0.113.8:25 > 198.51.100.99:1");
	/* dynamic: ranges before single addresses, the smaller network first */
	FLOW("inside", "outside", "tcp 10.1.1.5:1 203.0.113.7:80", "pool 198.51.100.10-198.51.100.19 more > 203.0.113.7:80");
	FLOW("inside", "outside", "tcp 10.1.1.200:1 203.0.113.7:80", "pool 192.0.2.1-192.0.2.1 pat > 203.0.113.7:80");
	FLOW("inside", "dmz", "tcp 10.1.1.5:1 10.2.2.1:80", "pool 10.2.2.77-10.2.2.77 pat > 10.2.2.1:80");
	fw_free(&fw);
}

/* ------------------------------------------------------------------ order, rows, hits */

static void nat2_order_rows_and_hits(void)
{
	static const struct {
		int section, index;
		const char *text;
	} expected[] = {
		{ 1, 1, "source static 10.1.1.7 198.51.100.7" },
		{ 1, 2, "source static 10.1.1.8 198.51.100.8 inactive" },
		{ 2, 1, "source static one 198.51.100.1" },
		{ 2, 2, "source static other 198.51.100.2" },
		{ 2, 3, "source static net 198.51.101.0" },
		{ 2, 4, "source dynamic small interface" },
		{ 2, 5, "source dynamic large interface" },
		{ 3, 1, "source dynamic any interface" },
	};
	struct fw fw = fw_new();
	struct policy_nat_row r;
	size_t i;

	nat(&fw, MODEL_NAT_TWICE_AFTER, "any", "outside", "any", "interface")->dynamic = true;
	object_nat(&fw, "large", "10.0.0.0/8", "interface")->dynamic = true;
	object_nat(&fw, "net", "10.1.1.0/24", "198.51.101.0");
	object_nat(&fw, "small", "10.1.0.0/16", "interface")->dynamic = true;
	object_nat(&fw, "other", "10.1.1.2", "198.51.100.2");
	object_nat(&fw, "one", "10.1.1.1", "198.51.100.1");
	nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "10.1.1.7", "198.51.100.7");
	nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "10.1.1.8", "198.51.100.8")->inactive = true;
	COMPILE();
	for (i = 0; policy_nat_row(fw.p, i, &r); i++) {
		CU_ASSERT_FATAL(i < 8);
		CU_ASSERT_EQUAL(r.section, expected[i].section);
		CU_ASSERT_EQUAL(r.index, expected[i].index);
		CU_ASSERT_STRING_EQUAL(r.text, expected[i].text);
	}
	CU_ASSERT_EQUAL(i, 8);
	CU_ASSERT_STRING_EQUAL(r.real_if, "any");
	CU_ASSERT_STRING_EQUAL(r.mapped_if, "outside");

	FLOW("inside", "outside", "tcp 10.1.1.7:1 203.0.113.1:2", "198.51.100.7:1 > 203.0.113.1:2");
	FLOW("inside", "outside", "tcp 10.1.1.8:1 203.0.113.1:2", "198.51.101.8:1 > 203.0.113.1:2");
	FLOW("outside", "inside", "tcp 203.0.113.1:2 198.51.100.1:1", "203.0.113.1:2 > 10.1.1.1:1");
	FLOW("dmz", "outside", "tcp 10.2.2.2:1 203.0.113.1:2", "pool 192.0.2.1-192.0.2.1 pat > 203.0.113.1:2");
	/* hits stay with their rule over a recompile that moves it */
	MODEL_REMOVE(&fw.m->nats, 7);
	COMPILE();
	policy_nat_row(fw.p, 0, &r);
	CU_ASSERT_EQUAL(r.translate_hits, 1);
	CU_ASSERT_EQUAL(r.untranslate_hits, 0);
	policy_nat_row(fw.p, 1, &r);
	CU_ASSERT_EQUAL(r.translate_hits, 0);
	CU_ASSERT_EQUAL(r.untranslate_hits, 1);
	policy_nat_row(fw.p, 6, &r);
	CU_ASSERT_EQUAL(r.translate_hits, 1);
	policy_nat_clear_counters(fw.p);
	policy_nat_row(fw.p, 6, &r);
	CU_ASSERT_EQUAL(r.translate_hits, 0);
	fw_free(&fw);
}

static void nat2_detail(void)
{
	static const struct {
		const char *origin, *translated, *dst_origin, *dst_translated, *service;
	} expected[] = {
		{ "10.1.1.7/32", "198.51.100.7/32", "203.0.113.9/32", "10.2.2.9/32", "" },
		{ "10.1.1.80/32", "192.0.2.1/32", "", "", "Protocol: tcp Real: 80 Mapped: 8080" },
		{ "10.1.1.10-10.1.1.19", "198.51.100.20-198.51.100.29", "", "", "" },
		{ "2001:db8:1::/64", "2001:db8:ff::/64", "", "", "" },
		{ "0.0.0.0/0", "192.0.2.1/32", "", "", "" },
	};
	struct fw fw = fw_new();
	struct policy_nat_detail d;
	struct model_nat *n;
	size_t i;

	nat(&fw, MODEL_NAT_TWICE_AFTER, "any", "outside", "any", "interface")->dynamic = true;
	object_nat(&fw, "six", "2001:db8:1::/64", "2001:db8:ff::");
	object_nat(&fw, "r", "10.1.1.10-10.1.1.19", "198.51.100.20");
	n = object_nat(&fw, "w", "10.1.1.80", "interface");
	n->has_service = true;
	n->proto = IPPROTO_TCP;
	n->real_port = 80;
	n->mapped_port = 8080;
	n = nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "10.1.1.7", "198.51.100.7");
	n->has_dst = true;
	n->dst_mapped = mb_term("203.0.113.9");
	n->dst_real = mb_term("10.2.2.9");
	COMPILE();
	for (i = 0; policy_nat_detail(fw.p, i, &d); i++) {
		CU_ASSERT_FATAL(i < 5);
		CU_ASSERT_STRING_EQUAL(d.origin, expected[i].origin);
		CU_ASSERT_STRING_EQUAL(d.translated, expected[i].translated);
		CU_ASSERT_STRING_EQUAL(d.dst_origin, expected[i].dst_origin);
		CU_ASSERT_STRING_EQUAL(d.dst_translated, expected[i].dst_translated);
		CU_ASSERT_STRING_EQUAL(d.service, expected[i].service);
	}
	CU_ASSERT_EQUAL(i, 5);
	fw_free(&fw);
}

static void nat2_static_xlate_rows(void)
{
	struct fw fw = fw_new();
	struct policy_static_xlate x;
	size_t n = 0;
	__u32 addresses = 0;

	object_nat(&fw, "net", "10.1.1.0/24", "192.168.1.0");
	object_nat(&fw, "range", "10.1.2.1-10.1.2.10", "198.51.100.1");
	object_nat(&fw, "dyn", "10.1.3.0/24", "interface")->dynamic = true;
	COMPILE();
	for (; policy_static_xlate(fw.p, n, &x); n++) {
		if (x.plen == 120) {
			CU_ASSERT_STRING_EQUAL(mb_text(&x.real), "10.1.1.0");
			CU_ASSERT_STRING_EQUAL(mb_text(&x.mapped), "192.168.1.0");
			CU_ASSERT_FALSE(x.identity);
			continue;
		}
		/* a range is shown as the networks it consists of */
		CU_ASSERT_EQUAL(asa_ntohl(x.mapped.w[3]) - asa_ntohl(x.real.w[3]), 0xc6336400u - 0x0a010200u);
		addresses += 1u << (128 - x.plen);
	}
	CU_ASSERT_EQUAL(addresses, 10);
	CU_ASSERT(n > 2);
	fw_free(&fw);
}

/* Many host statics: found without walking them (the classifier has one table of them). */
static void nat2_thousands_of_statics(void)
{
	struct fw fw = fw_new();
	char name[16], real[32], mapped[32];

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "h%d", i);
		snprintf(real, sizeof(real), "10.1.%d.%d", i / 250, i % 250);
		snprintf(mapped, sizeof(mapped), "10.77.%d.%d", i / 250, i % 250);
		object_nat(&fw, name, real, mapped);
	}
	COMPILE();
	FLOW("inside", "outside", "tcp 10.1.11.249:1 203.0.113.1:2", "10.77.11.249:1 > 203.0.113.1:2");
	FLOW("outside", "inside", "tcp 203.0.113.1:2 10.77.7.7:1", "203.0.113.1:2 > 10.1.7.7:1");
	fw_free(&fw);
}

/* ------------------------------------------------------------------ NAT-4, NAT-6 */

static void nat4_proxy_arp(void)
{
	static const struct {
		const char *in, *addr;
		bool answers;
	} cases[] = {
		{ "outside", "198.51.100.5", true },  { "outside", "198.51.100.6", false },
		{ "inside", "198.51.100.5", false },  { "outside", "192.168.1.77", true },
		{ "outside", "198.51.100.12", true }, { "outside", "198.51.100.40", false },
		{ "outside", "192.0.2.1", false },    { "outside", "10.8.0.1", false },
		{ "inside", "10.9.9.9", true },	      { "outside", "10.9.9.9", false },
		{ "outside", "2001:db8:ff::1", true }, { "outside", "10.1.1.5", false },
	};
	struct fw fw = fw_new();
	struct model_nat *n;

	object_nat(&fw, "h", "10.1.1.5", "198.51.100.5");
	object_nat(&fw, "n", "10.1.2.0/24", "192.168.1.0");
	object_nat(&fw, "p", "10.1.3.0/24", "198.51.100.10-198.51.100.19")->dynamic = true;
	object_nat(&fw, "q", "10.1.4.1", "198.51.100.40")->no_proxy_arp = true;
	object_nat(&fw, "i", "10.1.5.0/24", "interface")->dynamic = true;
	object_nat(&fw, "v6", "2001:db8:1::/64", "2001:db8:ff::");
	nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "10.8.0.0/16", "10.8.0.0/16");
	n = nat(&fw, MODEL_NAT_TWICE, "inside", "outside", "10.1.6.0/24", "interface");
	n->dynamic = n->has_dst = true;
	n->dst_mapped = mb_term("10.9.9.9");
	n->dst_real = mb_term("203.0.113.9");
	COMPILE();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct asa_addr a = mb_addr(cases[i].addr);

		CU_ASSERT_EQUAL(policy_proxy_arp(fw.p, fw_named(&fw, cases[i].in), &a), cases[i].answers);
	}
	fw_free(&fw);
}

static void nat4_redirected_ports_of_the_box(void)
{
	struct fw fw = fw_new();
	struct model_nat *n = object_nat(&fw, "w", "10.1.1.80", "interface");
	struct nat_reserved kept;
	struct asa_addr a;
	__u8 proto;
	__u16 port;

	n->has_service = true;
	n->proto = IPPROTO_TCP;
	n->real_port = 80;
	n->mapped_port = 8080;
	object_nat(&fw, "x", "10.1.1.81", "198.51.100.81");
	COMPILE();
	CU_ASSERT_TRUE(policy_local_punt(fw.p, 0, &a, &proto, &port));
	CU_ASSERT_STRING_EQUAL(mb_text(&a), "192.0.2.1");
	CU_ASSERT_EQUAL(proto, IPPROTO_TCP);
	CU_ASSERT_EQUAL(port, 8080);
	CU_ASSERT_FALSE(policy_local_punt(fw.p, 1, &a, &proto, &port));
	/* NAT-3: dynamic PAT to the interface leaves the port alone */
	CU_ASSERT_TRUE(policy_nat_reserved(fw.p, 0, &kept));
	CU_ASSERT_STRING_EQUAL(mb_text(&kept.first), "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(mb_text(&kept.last), "192.0.2.1");
	CU_ASSERT(kept.proto == IPPROTO_TCP && kept.port_lo == 8080 && kept.port_hi == 8080);
	CU_ASSERT_FALSE(policy_nat_reserved(fw.p, 1, &kept));
	fw_free(&fw);
}

static void nat6_reverse_path(void)
{
	struct fw fw = fw_new();

	object_nat(&fw, "h", "10.1.1.5", "198.51.100.5");
	object_nat(&fw, "d", "10.1.2.0/24", "interface")->dynamic = true;
	COMPILE();
	/* from outside straight to a real address whose answers would be translated */
	FLOW("outside", "inside", "tcp 203.0.113.1:2 10.1.1.5:80", "rpf-failed");
	FLOW("outside", "inside", "tcp 203.0.113.1:2 10.1.2.5:80", "rpf-failed");
	FLOW("outside", "inside", "tcp 203.0.113.1:2 10.1.3.5:80", "203.0.113.1:2 > 10.1.3.5:80");
	FLOW("dmz", "inside", "tcp 10.2.2.2:2 10.1.1.5:80", "10.2.2.2:2 > 10.1.1.5:80");
	FLOW("outside", "inside", "tcp 203.0.113.1:2 198.51.100.5:80", "203.0.113.1:2 > 10.1.1.5:80");
	fw_free(&fw);
}

static void nat1_mistakes_are_refused(void)
{
	struct fw fw = fw_new();
	struct model_nat *n = object_nat(&fw, "a", "10.1.1.5", "198.51.100.5");

	strcpy(n->mapped_if, "nowhere");
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(policy_warning(fw.p, 0), "no interface has the name nowhere"));
	strcpy(n->mapped_if, "any");
	n->mapped_interface = true;
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "needs a mapped interface"));
	n->mapped_interface = false;
	n->mapped = mb_term("obj:missing");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "object missing does not exist"));
	n->mapped = mb_term("198.51.100.5");
	fw.m->objects.v[0].set = false;
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "needs a host, subnet or range"));
	fw.m->objects.v[0].set = true;
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	fw_free(&fw);
}

/* "dynamic REAL FIRST pat-pool POOL": whole addresses, and when they are used up ports of the pool. */
static void nat1_addresses_before_the_pool(void)
{
	struct fw fw = fw_new();
	struct model_nat *n = object_nat(&fw, "net", "10.1.1.0/24", "198.51.100.90-198.51.100.91");

	n->form = MODEL_NAT_TWICE;
	n->dynamic = n->pat = n->has_first = true;
	n->first = mb_term("198.51.100.10-198.51.100.11");
	COMPILE();
	FLOW("inside", "outside", "tcp 10.1.1.5:4000 172.16.1.1:80",
	     "pool 198.51.100.10-198.51.100.11 more > 172.16.1.1:80");
	n->first = mb_term("obj:missing");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	fw_free(&fw);
}

/* What an address in a DNS answer becomes, for an inspector of DNS. */
static const char *doctored(const struct fw *fw, const char *from, const char *to, const char *addr)
{
	struct asa_addr a = mb_addr(addr), b;
	static char text[64];

	if (!policy_nat_dns(fw->p, fw_named(fw, from), fw_named(fw, to), &a, &b))
		return "as it is";
	snprintf(text, sizeof(text), "%s", mb_text(&b));
	return text;
}

static void nat1_dns_keyword(void)
{
	struct fw fw = fw_new();
	struct model_nat *n;

	object_nat(&fw, "web", "10.1.1.80", "198.51.100.80")->dns = true;
	object_nat(&fw, "net", "10.1.2.0/24", "198.51.101.0")->dns = true;
	object_nat(&fw, "plain", "10.1.1.90", "198.51.100.90");
	n = object_nat(&fw, "port", "10.1.1.70", "198.51.100.70");
	n->dns = n->has_service = true;
	n->proto = IPPROTO_TCP;
	n->real_port = n->mapped_port = 80;
	COMPILE();
	/* the server of names is outside, who asks is inside; and the other way round */
	CU_ASSERT_STRING_EQUAL(doctored(&fw, "outside", "inside", "198.51.100.80"), "10.1.1.80");
	CU_ASSERT_STRING_EQUAL(doctored(&fw, "inside", "outside", "10.1.1.80"), "198.51.100.80");
	CU_ASSERT_STRING_EQUAL(doctored(&fw, "outside", "inside", "198.51.101.7"), "10.1.2.7");
	CU_ASSERT_STRING_EQUAL(doctored(&fw, "inside", "outside", "10.1.2.255"), "198.51.101.255");
	/* between other interfaces, without the keyword, for one port, of nobody */
	CU_ASSERT_STRING_EQUAL(doctored(&fw, "outside", "dmz", "198.51.100.80"), "as it is");
	CU_ASSERT_STRING_EQUAL(doctored(&fw, "inside", "outside", "198.51.100.80"), "as it is");
	CU_ASSERT_STRING_EQUAL(doctored(&fw, "outside", "inside", "198.51.100.90"), "as it is");
	CU_ASSERT_STRING_EQUAL(doctored(&fw, "outside", "inside", "198.51.100.70"), "as it is");
	CU_ASSERT_STRING_EQUAL(doctored(&fw, "outside", "inside", "192.0.2.1"), "as it is");
	fw_free(&fw);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "BYP-2 NAT-1 network static with one address", byp2_nat1_network_static_with_one_address },
		{ "NAT-1 host, range, service", nat1_host_range_and_service },
		{ "NAT-1 dynamic forms", nat1_dynamic_forms },
		{ "NAT-1 NAT66", nat1_nat66 },
		{ "NAT-1 twice translates both ends", nat1_twice_translates_both_ends },
		{ "NAT-1 twice services", nat1_twice_services },
		{ "NAT-1 groups are laid side by side", nat1_groups_are_laid_side_by_side },
		{ "NAT-1 identity exempts", nat1_identity_exempts },
		{ "NAT-1 PIX forms", nat1_pix_forms },
		{ "NAT-1 addresses before the pat-pool", nat1_addresses_before_the_pool },
		{ "NAT-1 dns keyword: addresses in answers", nat1_dns_keyword },
		{ "NAT-1 mistakes are refused", nat1_mistakes_are_refused },
		{ "NAT-2 order, rows, hits", nat2_order_rows_and_hits },
		{ "NAT-2 show nat detail", nat2_detail },
		{ "NAT-2 static xlate rows", nat2_static_xlate_rows },
		{ "NAT-2 thousands of statics", nat2_thousands_of_statics },
		{ "NAT-4 proxy ARP", nat4_proxy_arp },
		{ "NAT-4 redirected ports of the box", nat4_redirected_ports_of_the_box },
		{ "NAT-6 reverse path", nat6_reverse_path },
		{ NULL, NULL },
	};

	return asa_cunit_main("nat", tests);
}
