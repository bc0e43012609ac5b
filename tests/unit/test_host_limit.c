// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/policy/%.o */
/*
 * Management classes as rules of the driver (LIM-6, MPF-3): which class a connection to the box has.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/cunit.h"
#include "lib/model_build.h"

/* A class of a policy map; match: "any", "acl NAME", "tcp LO HI", "udp LO HI". */
static struct model_conn_settings *in_map(struct fw *fw, const char *map, const char *name,
					  const char *match, bool management)
{
	struct model_class *c = MODEL_PUSH(&fw->m->classes);
	struct model_policy_map *pm = model_policy_map_find(fw->m, map);
	struct model_policy_class *pc;
	unsigned int lo, hi;

	snprintf(c->name, sizeof(c->name), "%s", name);
	c->management = management;
	if (!strcmp(match, "any")) {
		c->match = MODEL_MATCH_ANY;
	} else if (!strncmp(match, "acl ", 4)) {
		c->match = MODEL_MATCH_ACL;
		snprintf(c->acl, sizeof(c->acl), "%s", match + 4);
	} else {
		CU_ASSERT_EQUAL_FATAL(sscanf(match + 4, "%u %u", &lo, &hi), 2);
		c->match = MODEL_MATCH_PORT;
		c->proto = match[0] == 't' ? IPPROTO_TCP : IPPROTO_UDP;
		c->lo = (__u16)lo;
		c->hi = (__u16)hi;
	}
	if (!pm) {
		pm = MODEL_PUSH(&fw->m->policy_maps);
		snprintf(pm->name, sizeof(pm->name), "%s", map);
	}
	pc = MODEL_PUSH(&pm->classes);
	snprintf(pc->class_name, sizeof(pc->class_name), "%s", name);
	model_conn_settings_init(&pc->conn);
	return &pc->conn;
}

static void attach(struct fw *fw, const char *map, const char *ifname)
{
	struct model_service_policy *sp = MODEL_PUSH(&fw->m->service_policies);

	snprintf(sp->policy_map, sizeof(sp->policy_map), "%s", map);
	sp->global = !ifname;
	snprintf(sp->ifname, sizeof(sp->ifname), "%s", ifname ? ifname : "");
}

/* => name of the class with limits, "" none */
static const char *class_of(const struct fw *fw, const struct policy_host_classes *h, const char *src,
			    const char *dst, __u16 port)
{
	struct asa_addr from = mb_addr(src), to = mb_addr(dst);
	struct asa_host_walk w = { .limit = 0 };
	struct policy_class_row r;

	asa_host_ask_fill(&w.ask, &from, &to, asa_htons(1025), asa_htons(port));
	for (__u32 i = 0; i < h->n_rules; i++)
		if (asa_host_step(&w, &h->rules[i], i))
			break;
	if (!w.limit)
		return "";
	CU_ASSERT_FATAL(w.limit <= h->n);
	CU_ASSERT_FATAL(policy_class_row(fw->p, h->class_row[w.limit - 1], &r));
	return r.class_name;
}

static void classes(void)
{
	static const struct {
		const char *src, *dst;
		__u16 port;
		const char *name;
	} rows[] = {
		{ "10.1.1.5", "10.1.1.254", 22, "admin" },
		{ "10.1.1.66", "10.1.1.254", 22, "range" }, /* an entry that denies: the next class */
		{ "10.1.2.5", "10.1.1.254", 22, "range" },
		{ "2001:db8:1::9", "2001:db8:1::fe", 22, "admin" },
		{ "10.1.2.5", "10.1.1.254", 29, "range" },
		{ "10.1.2.5", "10.1.1.254", 30, "rest" },
		{ "10.1.2.5", "10.1.1.254", 53, "rest" }, /* a UDP class is not one of TCP */
		{ "10.1.2.5", "10.1.1.254", 80, "" }, /* first match: without a limit */
		{ "198.51.100.9", "192.0.2.1", 80, "rest" }, /* outside has the global policy only */
		{ "198.51.100.9", "192.0.2.1", 22, "rest" },
		{ "10.1.1.5", "192.0.2.1", 22, "rest" }, /* the address decides about the interface */
		{ "198.51.100.9", "203.0.113.1", 22, "rest" }, /* an address of no interface */
		{ "2001:db8:1::9", "2001:db8:f::1", 443, "rest" },
		{ "fe80::9", "fe80::1", 22, "range" }, /* link-local: of the first policy */
		{ "fe80::9", "fe80::1", 443, "rest" },
	};
	struct fw fw = fw_new();
	struct policy_host_classes *h = malloc(sizeof(*h));

	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	fw_ace(&fw, "admin", "deny tcp 10.1.1.66 any");
	fw_ace(&fw, "admin", "permit tcp 10.1.1.0/24 any eq 22");
	fw_ace(&fw, "admin", "permit tcp 2001:db8:1::/64 any eq 22");
	in_map(&fw, "I", "through", "any", false)->conn_max = 1; /* MPF-3: both kinds in one policy */
	in_map(&fw, "I", "unset", "any", true);
	in_map(&fw, "I", "admin", "acl admin", true)->conn_max = 3;
	in_map(&fw, "I", "dns", "udp 53 53", true)->conn_max = 3;
	in_map(&fw, "I", "range", "tcp 20 29", true)->embryonic_max = 3;
	in_map(&fw, "I", "free", "tcp 80 80", true)->conn_max = 0;
	in_map(&fw, "G", "rest", "any", true)->conn_max = 9;
	attach(&fw, "G", NULL);
	attach(&fw, "I", "inside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_FATAL(policy_host_classes(fw.p, h));
	CU_ASSERT_EQUAL(h->n, 4); /* admin, dns, range, rest */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_STRING_EQUAL(class_of(&fw, h, rows[i].src, rows[i].dst, rows[i].port),
				       rows[i].name);
	free(h);
	fw_free(&fw);
}

/* More rules than the driver takes: none, and the caller says so. */
static void too_many(void)
{
	struct fw fw = fw_new();
	struct policy_host_classes *h = malloc(sizeof(*h));
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	for (i = 0; i < ASA_HOST_RULES_MAX; i++)
		fw_ace(&fw, "long", "permit tcp any any eq %u", i + 1);
	in_map(&fw, "G", "all", "acl long", true)->conn_max = 9;
	attach(&fw, "G", NULL);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_TRUE(policy_host_classes(fw.p, h));
	CU_ASSERT_EQUAL(h->n_rules, ASA_HOST_RULES_MAX);
	CU_ASSERT_STRING_EQUAL(class_of(&fw, h, "10.1.1.1", "10.1.1.254", ASA_HOST_RULES_MAX), "all");
	CU_ASSERT_STRING_EQUAL(class_of(&fw, h, "10.1.1.1", "10.1.1.254", ASA_HOST_RULES_MAX + 1), "");
	fw_ace(&fw, "long", "permit tcp any any eq 5000");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_FALSE(policy_host_classes(fw.p, h));
	CU_ASSERT_EQUAL(h->n, 0);
	CU_ASSERT_EQUAL(h->n_rules, 0);
	free(h);
	fw_free(&fw);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "LIM-6 MPF-3 which class a connection to the box has", classes },
		{ "LIM-6 more rules than there is room for", too_many },
		{ NULL, NULL },
	};

	return asa_cunit_main("host_limit", tests);
}
