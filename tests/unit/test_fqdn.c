// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/policy/%.o */
/*
 * ACL-1: "fqdn" objects in access lists, by what the resolver says of their names.
 */
#include "lib/cunit.h"
#include "lib/model_build.h"

static struct sys_name www = { .name = "www.example.com" }, mail = { .name = "mail.example.com" };
static const struct sys_name *const rows[] = { &mail, &www }; /* sorted */
static const struct sys_names names = { 2, rows };

static void answer(struct sys_name *n, const char *const *addrs)
{
	for (n->n = 0; addrs[n->n]; n->n++)
		n->addrs[n->n] = mb_addr(addrs[n->n]);
}

static void object(struct fw *fw, const char *name, const char *domain, int family)
{
	struct model_object *o = fw_object(fw, name, "any");

	o->addr = (struct model_addr){ .kind = MODEL_ADDR_FQDN, .plen = (__u8)family };
	snprintf(o->addr.name, sizeof(o->addr.name), "%s", domain);
}

static int permitted(struct fw *fw, const char *packet)
{
	struct policy_tuple t = mb_tuple(packet);

	return policy_acl_test(fw->p, "acl", &t);
}

/* Row i of "show access-list", hits left out. */
static bool row_is(struct fw *fw, size_t i, bool expanded, const char *text)
{
	struct policy_acl_row r;

	if (!policy_acl_row(fw->p, "acl", i, &r))
		return false;
	if (r.expanded == expanded && !strcmp(r.text, text))
		return true;
	printf("      row %zu is \"%s\"\n", i, r.text);
	return false;
}

static void acl1_a_name_matches_its_addresses(void)
{
	struct fw fw = fw_new();
	struct policy_acl_row r;

	fw.sys->names = &names;
	www.n = mail.n = 0;
	object(&fw, "web", "WWW.example.com", 0);
	fw_ace(&fw, "acl", "permit tcp any obj:web eq 80");
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(permitted(&fw, "tcp 10.1.1.1:1 198.51.100.1:80"), 0);
	CU_ASSERT_TRUE(row_is(&fw, 2, true, "extended permit tcp any fqdn WWW.example.com (unresolved) eq 80"));

	answer(&www, (const char *const[]){ "198.51.100.1", "198.51.100.9", "2001:db8::1", NULL });
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(permitted(&fw, "tcp 10.1.1.1:1 198.51.100.1:80"), 1);
	CU_ASSERT_EQUAL(permitted(&fw, "tcp 10.1.1.1:1 198.51.100.9:80"), 1);
	CU_ASSERT_EQUAL(permitted(&fw, "tcp 10.1.1.1:1 198.51.100.2:80"), 0);
	CU_ASSERT_EQUAL(permitted(&fw, "tcp 10.1.1.1:1 198.51.100.1:81"), 0);
	CU_ASSERT_EQUAL(permitted(&fw, "tcp [2001:db8:1::5]:1 [2001:db8::1]:80"), 1);
	CU_ASSERT_TRUE(row_is(&fw, 2, true, "extended permit tcp any fqdn WWW.example.com (resolved) eq 80"));
	CU_ASSERT_TRUE(row_is(&fw, 3, true,
			      "extended permit tcp any host 198.51.100.1 (WWW.example.com) eq 80"));
	CU_ASSERT_TRUE(row_is(&fw, 5, true,
			      "extended permit tcp any host 2001:db8::1 (WWW.example.com) eq 80"));
	CU_ASSERT_TRUE(policy_acl_row(fw.p, "acl", 1, &r));
	CU_ASSERT_EQUAL(r.hits, 0);
	fw_free(&fw);
}

static void acl1_families(void)
{
	struct fw fw = fw_new();

	fw.sys->names = &names;
	answer(&mail, (const char *const[]){ "198.51.100.25", "2001:db8::25", NULL });
	object(&fw, "four", "mail.example.com", 4);
	object(&fw, "six", "mail.example.com", 6);
	fw_group(&fw, "both", MODEL_GROUP_NETWORK);
	fw_member(&fw, "both", "obj:six");
	fw_ace(&fw, "acl", "permit tcp any obj:four eq 25");
	fw_ace(&fw, "acl", "permit tcp any grp:both eq 26");
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(permitted(&fw, "tcp 10.1.1.1:1 198.51.100.25:25"), 1);
	CU_ASSERT_EQUAL(permitted(&fw, "tcp [2001:db8:1::5]:1 [2001:db8::25]:25"), 0);
	CU_ASSERT_EQUAL(permitted(&fw, "tcp 10.1.1.1:1 198.51.100.25:26"), 0);
	CU_ASSERT_EQUAL(permitted(&fw, "tcp [2001:db8:1::5]:1 [2001:db8::25]:26"), 1);
	fw_free(&fw);
}

/* ACL-2: another answer changes the list, and the counters of what stays stay. */
static void acl2_hits_survive_an_answer(void)
{
	struct fw fw = fw_new();
	struct policy_acl_match m;
	struct policy_tuple t = mb_tuple("tcp 198.51.100.1:1 10.1.1.1:80");
	struct policy_acl_row r;

	fw.sys->names = &names;
	answer(&www, (const char *const[]){ "198.51.100.1", NULL });
	object(&fw, "web", "www.example.com", 0);
	fw_ace(&fw, "acl", "permit tcp obj:web any eq 80");
	fw_access_group(&fw, "acl", "in", "outside");
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(policy_access_in(fw.p, fw_named(&fw, "outside"), NULL, &t, &m), 0);
	answer(&www, (const char *const[]){ "198.51.100.1", "198.51.100.2", NULL });
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	CU_ASSERT_TRUE(policy_acl_row(fw.p, "acl", 3, &r));
	CU_ASSERT_EQUAL(r.hits, 3);
	answer(&www, (const char *const[]){ "198.51.100.2", NULL });
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(policy_access_in(fw.p, fw_named(&fw, "outside"), NULL, &t, &m), DROP_POLICY_ACL);
	fw_free(&fw);
}

/* A name has no place in a translation: the answer of tomorrow may be longer. */
static void nat1_names_are_refused_in_translations(void)
{
	struct fw fw = fw_new();
	struct model_nat *n = MODEL_PUSH(&fw.m->nats);

	fw.sys->names = &names;
	answer(&www, (const char *const[]){ "198.51.100.1", NULL });
	object(&fw, "web", "www.example.com", 0);
	snprintf(n->object, sizeof(n->object), "web");
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->real = mb_term("obj:web");
	n->mapped = mb_term("192.0.2.9");
	CU_ASSERT_NOT_EQUAL(fw_compile(&fw), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(fw.e.text, "fqdn"));
	fw_free(&fw);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "ACL-1 a name matches its addresses", acl1_a_name_matches_its_addresses },
		{ "ACL-1 families of a name", acl1_families },
		{ "ACL-2 hits survive an answer", acl2_hits_survive_an_answer },
		{ "NAT-1 names are refused in translations", nat1_names_are_refused_in_translations },
		{ NULL, NULL },
	};

	return asa_cunit_main("fqdn", tests);
}
