// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/config/%.o daemon/inspect/regex.o daemon/policy/%.o */
/*
 * The configuration language with the real policy compiler behind it: what an operator types
 * becomes a policy that answers as the text says, and the compiler's warnings and refusals come
 * back to the operator (BYP-1, BYP-2, BYP-6, BYP-11, BYP-16, SES-2, ACL-1, NAT-1).
 */
#include <arpa/inet.h>
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
	struct policy *p;
	struct sys_info *sys;
};

static int compile(struct fixture *f, const struct model *m, struct policy_error *e, struct policy **out)
{
	int err = policy_compile(m, f->sys, f->p, out, e);
	const char *w;

	for (size_t i = 0; !err && (w = policy_warning(*out, i)); i++)
		config_warn(f->c, w);
	return err;
}

static int apply(void *arg, const struct model *m, struct policy_error *e)
{
	struct fixture *f = arg;
	struct policy *fresh;
	int err = compile(f, m, e, &fresh);

	if (err)
		return err;
	policy_free(f->p);
	f->p = fresh;
	return 0;
}

static int check(void *arg, const struct model *m, struct policy_error *e)
{
	struct policy *fresh;
	int err = compile(arg, m, e, &fresh);

	if (!err)
		policy_free(fresh);
	return err;
}

static void setup(struct fixture *f)
{
	struct config_ops ops = { apply, check, f };

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
		d->mtu = 1500;
		d->up = true;
	}
}

static void teardown(struct fixture *f)
{
	config_result_fini(&f->r);
	config_session_free(f->s);
	config_free(f->c);
	policy_free(f->p);
	free(f->sys);
}

static void must(struct fixture *f, const char *text)
{
	config_result_fini(&f->r);
	if (config_text(f->s, text, 0, NULL, &f->r) != CONFIG_OK) {
		printf("line %u: %s\n", f->r.line, f->r.error);
		CU_FAIL_FATAL("the text was refused");
	}
}

static bool warned(const struct fixture *f, const char *part)
{
	return f->r.warnings && strstr(f->r.warnings, part);
}

static const char interfaces[] = "interface eth0\n nameif inside\n ip address 10.1.1.1 255.255.255.0\n"
				 "interface eth1\n nameif outside\n ip address 172.16.1.9 255.255.255.0\n";

static struct policy_tuple tuple(const char *src, const char *dst, int sport, int dport)
{
	struct policy_tuple t = { .proto = IPPROTO_TCP, .sport = (__u16)sport, .dport = (__u16)dport };

	asa_addr_set_v4(&t.src, inet_addr(src));
	asa_addr_set_v4(&t.dst, inet_addr(dst));
	return t;
}

static bool bypassed(const struct fixture *f, const char *in, const char *out,
		     const struct policy_tuple *t)
{
	struct policy_service s;

	policy_service_match(f->p, policy_if_named(f->p, in), policy_if_named(f->p, out), t, &s);
	return s.bypass;
}

static char *slurp(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 65536);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_TRUE(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

/* BYP-2: as typed, with prompts and comments, before any interface has a name and after. */
static void byp_2_scenarios_load_and_act(void)
{
	static const char *const files[] = {
		"tests/config/byp-2-scenario1-fw1.in", "tests/config/byp-2-scenario1-fw2.in",
		"tests/config/byp-2-scenario2.in",     "tests/config/byp-2-plain.in",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char *text = slurp(files[i]);
		struct fixture f;

		setup(&f);
		must(&f, text);
		CU_ASSERT_TRUE(warned(&f, "no interface has the name"));
		teardown(&f);
		setup(&f);
		must(&f, interfaces);
		must(&f, text);
		CU_ASSERT_FALSE(warned(&f, "no interface has the name"));
		teardown(&f);
		free(text);
	}
}

static void byp_1_bypass_is_off_until_it_is_set(void)
{
	struct policy_tuple t = tuple("10.1.1.5", "172.16.1.1", 40000, 80);
	struct policy_tuple other = tuple("10.1.2.5", "172.16.1.1", 40000, 80);
	char *text = slurp("tests/config/byp-2-scenario1-fw1.in");
	struct fixture f;

	setup(&f);
	must(&f, interfaces);
	CU_ASSERT_FALSE(bypassed(&f, "inside", "outside", &t));
	must(&f, text);
	CU_ASSERT_TRUE(bypassed(&f, "inside", "outside", &t));
	CU_ASSERT_FALSE(bypassed(&f, "inside", "outside", &other));
	must(&f, "policy-map tcp_bypass_policy\n class tcp_bypass\n"
		 "  no set connection advanced-options tcp-state-bypass\n");
	CU_ASSERT_FALSE(bypassed(&f, "inside", "outside", &t));
	free(text);
	teardown(&f);
}

static void byp_2_all_spellings_apply_the_policy(void)
{
	static const char *const forms[] = { "service-policy p outside\n",
					     "service-policy p interface outside\n",
					     "service-policy p global\n" };
	struct policy_tuple t = tuple("10.1.1.5", "172.16.1.1", 40000, 80);

	for (size_t i = 0; i < 3; i++) {
		struct fixture f;

		setup(&f);
		must(&f, interfaces);
		must(&f, "class-map c\n match any\npolicy-map p\n class c\n"
			 "  set connection advanced-options tcp-state-bypass\n");
		CU_ASSERT_FALSE(bypassed(&f, "inside", "outside", &t));
		must(&f, forms[i]);
		CU_ASSERT_TRUE(bypassed(&f, "inside", "outside", &t));
		teardown(&f);
	}
}

static void byp_6_ignored_inspection_is_named(void)
{
	struct fixture f;

	setup(&f);
	must(&f, interfaces);
	must(&f, "class-map c\n match any\npolicy-map p\n class c\n  inspect ftp\n"
		 "service-policy p global\n");
	must(&f, "policy-map p\n class c\n  set connection advanced-options tcp-state-bypass\n");
	CU_ASSERT_TRUE(warned(&f, "ftp"));
	teardown(&f);
}

static void byp_11_dynamic_translation_is_warned_of(void)
{
	struct fixture f;

	setup(&f);
	must(&f, interfaces);
	must(&f, "object network n\n subnet 10.1.1.0 255.255.255.0\n"
		 " nat (inside,outside) dynamic interface\n");
	must(&f, "access-list b extended permit tcp 10.1.1.0 255.255.255.0 any\n"
		 "class-map c\n match access-list b\npolicy-map p\n class c\n"
		 "  set connection advanced-options tcp-state-bypass\nservice-policy p outside\n");
	CU_ASSERT_PTR_NOT_NULL(f.r.warnings);
	teardown(&f);
}

static void ses_2_acl_1_rules_decide(void)
{
	struct policy_tuple in = tuple("172.16.1.1", "10.1.1.5", 40000, 443);
	struct policy_tuple ssh = tuple("172.16.1.1", "10.1.1.5", 40000, 22);
	const struct policy_if *o, *i;
	struct policy_acl_match m;
	struct fixture f;

	setup(&f);
	must(&f, interfaces);
	o = policy_if_named(f.p, "outside");
	i = policy_if_named(f.p, "inside");
	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(i);
	CU_ASSERT_NOT_EQUAL(policy_access_in(f.p, o, i, &in, &m), DROP_NONE);
	CU_ASSERT_EQUAL(policy_access_in(f.p, i, o, &in, &m), DROP_NONE);
	must(&f, "object-group service web tcp\n port-object range 80 443\n"
		 "object-group network srv\n network-object host 10.1.1.5\n"
		 "access-list in extended deny tcp any any eq ssh\n"
		 "access-list in extended permit tcp any4 object-group srv object-group web\n"
		 "access-group in in interface outside\n");
	o = policy_if_named(f.p, "outside");
	i = policy_if_named(f.p, "inside");
	CU_ASSERT_EQUAL(policy_access_in(f.p, o, i, &in, &m), DROP_NONE);
	CU_ASSERT_EQUAL(m.line, 2);
	CU_ASSERT_EQUAL(policy_access_in(f.p, o, i, &ssh, &m), DROP_POLICY_ACL);
	teardown(&f);
}

static void nat_1_every_form_compiles(void)
{
	char *text = slurp("tests/config/nat-1-forms.in");
	struct policy_nat_row row;
	struct fixture f;
	size_t n = 0;

	setup(&f);
	must(&f, interfaces);
	must(&f, text);
	while (policy_nat_row(f.p, n, &row))
		n++;
	CU_ASSERT_TRUE(n >= 12);
	free(text);
	teardown(&f);
}

static bool running_has(const struct fixture *f, bool all, const char *words)
{
	char *text = config_running_text(config_model(f->c), NULL, all, NULL);
	bool has = text && strstr(text, words);

	free(text);
	return has;
}

/* MPF-14: a fresh start has the default policy; it is edited, replaced and removed like any other. */
static void mpf_14_default_policy(void)
{
	struct fixture f;
	struct policy_inspections r;
	struct policy_tuple t = { .proto = IPPROTO_TCP, .dport = 21 };
	char *text;

	setup(&f);
	asa_addr_set_v4(&t.src, htonl(0x0a010101));
	asa_addr_set_v4(&t.dst, htonl(0xcb007101));
	CU_ASSERT_EQUAL_FATAL(config_load_default(f.c), 0);
	CU_ASSERT_TRUE(running_has(&f, false, "policy-map global_policy\n class inspection_default\n"
					      "  inspect dns preset_dns_map\n  inspect ftp\n"));
	CU_ASSERT_TRUE(running_has(&f, false, "service-policy global_policy global\n"));
	must(&f, "interface eth0\n nameif outside\n");
	policy_inspect_match(f.p, policy_if_named(f.p, "outside"), NULL, &t, &r);
	CU_ASSERT_STRING_EQUAL(r.exclusive, "ftp");
	t.dport = 80; /* HTTP is not in ASA's default set */
	policy_inspect_match(f.p, policy_if_named(f.p, "outside"), NULL, &t, &r);
	CU_ASSERT_PTR_NULL(r.exclusive);
	/* built-in maps: only with "all", and nobody's to change */
	CU_ASSERT_FALSE(running_has(&f, false, "policy-map type inspect esmtp _default_esmtp_map"));
	CU_ASSERT_TRUE(running_has(&f, true, "policy-map type inspect esmtp _default_esmtp_map"));
	config_result_fini(&f.r);
	config_result_init(&f.r);
	CU_ASSERT_EQUAL(config_text(f.s, "policy-map type inspect esmtp _default_esmtp_map\n", 0, NULL, &f.r),
			CONFIG_REFUSED);
	/* edited */
	must(&f, "policy-map global_policy\n class inspection_default\n  no inspect ftp\n  inspect http\n");
	policy_inspect_match(f.p, policy_if_named(f.p, "outside"), NULL, &t, &r);
	CU_ASSERT_STRING_EQUAL(r.exclusive, "http");
	/* what is printed is the whole of it: read back, it is the same */
	text = config_running_text(config_model(f.c), NULL, false, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	must(&f, "clear configure all\n");
	must(&f, text);
	CU_ASSERT_TRUE(running_has(&f, false, text));
	free(text);
	/* removed */
	must(&f, "no service-policy global_policy global\nno policy-map global_policy\n"
		 "no policy-map type inspect dns preset_dns_map\nno class-map inspection_default\n");
	CU_ASSERT_FALSE(running_has(&f, false, "inspect"));
	teardown(&f);
}

static void all_input_files_compile(void)
{
	static const char *const files[] = {
		"tests/config/acl-1-lists.in", "tests/config/lim-mpf.in", "tests/config/obs-3-system.in",
		"tests/config/ses-1-interfaces.in", "tests/config/byp-2-spellings.in",
		"doc/examples/edge.conf",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char *text = slurp(files[i]);
		struct fixture f;

		setup(&f);
		must(&f, text);
		teardown(&f);
		free(text);
	}
}

static const struct asa_cunit_test tests[] = {
	{ "BYP-2 both scenarios load", byp_2_scenarios_load_and_act },
	{ "BYP-1 off until set", byp_1_bypass_is_off_until_it_is_set },
	{ "BYP-2 all spellings apply", byp_2_all_spellings_apply_the_policy },
	{ "BYP-6 ignored inspection is named", byp_6_ignored_inspection_is_named },
	{ "BYP-11 dynamic translation", byp_11_dynamic_translation_is_warned_of },
	{ "SES-2 ACL-1 rules decide", ses_2_acl_1_rules_decide },
	{ "NAT-1 every form compiles", nat_1_every_form_compiles },
	{ "MPF-14 default policy", mpf_14_default_policy },
	{ "MPF-2 OBS-3 SES-1 ACL-1 input files compile", all_input_files_compile },
	{ NULL, NULL },
};

int main(void)
{
	return asa_cunit_main("config_policy", tests);
}
