// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/config/%.o daemon/inspect/regex.o daemon/policy/model%.o */
/*
 * Timeouts as they are configured: a row for each global one (GTO-1 to GTO-20) with default, range,
 * what is refused and how it is shown; those of a class (TMO-1 to TMO-3).
 */
#include <errno.h>
#include <stddef.h>
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
};

static int apply(void *arg, const struct model *m, struct policy_error *e)
{
	return 0;
}

static void setup(struct fixture *f)
{
	struct config_ops ops = { apply, NULL, NULL };

	memset(f, 0, sizeof(*f));
	f->c = config_new(&ops);
	f->s = config_session_new(f->c, CONFIG_MODE_GLOBAL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->s);
	config_result_init(&f->r);
}

static void teardown(struct fixture *f)
{
	config_result_fini(&f->r);
	config_session_free(f->s);
	config_free(f->c);
}

static bool line(struct fixture *f, const char *text)
{
	config_result_fini(&f->r);
	return config_line(f->s, text, NULL, &f->r) == CONFIG_OK;
}

#define M(member) offsetof(struct model_timeouts, member)
#define ACTS NULL
#define KEPT "is kept but has no effect yet"

/* A row: what is accepted (two values), what is refused (two), the words of the range. */
static const struct row {
	const char *id, *name;
	size_t at;
	int standard; /* seconds */
	const char *good[2];
	const char *bad[2];
	const char *range;
	const char *warning;
} rows[] = {
	/* id, name, place, default, good, bad, range, warning */
	{ "GTO-1", "conn", M(conn), 3600, { "0:0:0", "0:5:0" }, { "0:4:59", "1193:0:1" }, "0 or 0:05:00 to 1193:00:00", ACTS },
	{ "GTO-2", "half-closed", M(half_closed), 600, { "0:0:0", "0:0:30" }, { "0:0:29", "1193:0:1" }, "0 or 0:00:30 to 1193:00:00", ACTS },
	{ "GTO-3", "udp", M(udp), 120, { "0:0:0", "0:1:0" }, { "0:0:59", "1193:0:1" }, "0 or 0:01:00 to 1193:00:00", ACTS },
	{ "GTO-4", "icmp", M(icmp), 2, { "0:0:2", "1193:0:0" }, { "0:0:1", "0:0:0" }, "0:00:02 to 1193:00:00", ACTS },
	{ "GTO-5", "sunrpc", M(sunrpc), 600, { "0:0:0", "0:1:0" }, { "0:0:59", "1193:0:1" }, "0 or 0:01:00 to 1193:00:00", KEPT },
	{ "GTO-6", "h323", M(h323), 300, { "0:0:0", "0:0:1" }, { "1193:0:1", "2000:0:0" }, "0 or 0:00:00 to 1193:00:00", KEPT },
	{ "GTO-7", "h225", M(h225), 3600, { "0:0:0", "0:0:1" }, { "1193:0:1", "2000:0:0" }, "0 or 0:00:00 to 1193:00:00", KEPT },
	{ "GTO-8", "mgcp", M(mgcp), 300, { "0:0:0", "0:0:1" }, { "1193:0:1", "2000:0:0" }, "0 or 0:00:00 to 1193:00:00", KEPT },
	{ "GTO-9", "mgcp-pat", M(mgcp_pat), 300, { "0:0:30", "1193:0:0" }, { "0:0:29", "0:0:0" }, "0:00:30 to 1193:00:00", KEPT },
	{ "GTO-10", "tcp-proxy-reassembly", M(tcp_proxy_reassembly), 60, { "0:0:10", "1193:0:0" }, { "0:0:9", "0:0:0" }, "0:00:10 to 1193:00:00", ACTS },
	{ "GTO-11", "floating-conn", M(floating_conn), 0, { "0:0:0", "0:1:0" }, { "0:0:59", "1193:0:1" }, "0 or 0:01:00 to 1193:00:00", ACTS },
	{ "GTO-12", "sip", M(sip), 1800, { "0:0:0", "0:5:0" }, { "0:4:59", "1193:0:1" }, "0 or 0:05:00 to 1193:00:00", KEPT },
	{ "GTO-13", "sip_media", M(sip_media), 120, { "0:0:0", "0:1:0" }, { "0:0:59", "1193:0:1" }, "0 or 0:01:00 to 1193:00:00", KEPT },
	{ "GTO-14", "sip-provisional-media", M(sip_provisional_media), 120, { "0:1:0", "1193:0:0" }, { "0:0:59", "0:0:0" }, "0:01:00 to 1193:00:00", KEPT },
	{ "GTO-15", "sip-invite", M(sip_invite), 180, { "0:1:0", "0:30:0" }, { "0:30:1", "0:0:0" }, "0:01:00 to 0:30:00", KEPT },
	{ "GTO-16", "sip-disconnect", M(sip_disconnect), 120, { "0:0:1", "0:10:0" }, { "0:10:1", "0:0:0" }, "0:00:01 to 0:10:00", KEPT },
	{ "GTO-17", "uauth", M(uauth_absolute), 300, { "0:0:0 absolute", "2:59:59 absolute" }, { "1193:0:1", "2000:0:0" }, "0 or 0:00:00 to 1193:00:00", KEPT },
	{ "GTO-19", "xlate", M(xlate), 10800, { "0:0:0", "0:6:0" }, { "0:0:59", "1193:0:1" }, "0 or 0:01:00 to 1193:00:00", ACTS },
	{ "GTO-20", "pat-xlate", M(pat_xlate), 30, { "0:0:30", "0:5:0" }, { "0:0:29", "0:5:1" }, "0:00:30 to 0:05:00", ACTS },
};

static int value(struct fixture *f, const struct row *r)
{
	const struct model_timeouts *t = &config_model(f->c)->timeouts;

	return *(const int *)((const char *)t + r->at);
}

static int seconds(const char *text)
{
	int h, m, s;

	CU_ASSERT_EQUAL_FATAL(sscanf(text, "%d:%d:%d", &h, &m, &s), 3);
	return h * 3600 + m * 60 + s;
}

static bool row_check(const struct row *r)
{
	char text[128];
	struct fixture f;
	bool good = true;

	setup(&f);
	good &= value(&f, r) == r->standard;
	for (int i = 0; i < 2; i++) {
		int before;

		snprintf(text, sizeof(text), "timeout %s %s", r->name, r->good[i]);
		good &= line(&f, text) && value(&f, r) == seconds(r->good[i]);
		if (r->warning && value(&f, r) != r->standard)
			good &= f.r.warnings && strstr(f.r.warnings, r->warning);
		if (!r->warning)
			good &= !f.r.warnings || !*f.r.warnings;
		before = value(&f, r);
		snprintf(text, sizeof(text), "timeout %s %s", r->name, r->bad[i]);
		good &= !line(&f, text) && strstr(f.r.error, "out of range") && strstr(f.r.error, r->range);
		good &= value(&f, r) == before; /* nothing changes */
	}
	snprintf(text, sizeof(text), "no timeout %s", r->name);
	good &= line(&f, text) && value(&f, r) == r->standard;
	if (!good)
		printf("      %s %s: %s\n", r->id, r->name, f.r.error);
	teardown(&f);
	return good;
}

static void each_has_its_default_and_range(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_TRUE(row_check(&rows[i]));
}

/* Both are shorter than xlate, and the two do not touch each other. */
static void gto_17_18_uauth(void)
{
	const struct model_timeouts *t;
	struct fixture f;

	setup(&f);
	CU_ASSERT_EQUAL(config_model(f.c)->timeouts.uauth_inactivity, 0);
	CU_ASSERT_TRUE(line(&f, "timeout uauth 0:0:0 absolute"));
	CU_ASSERT_TRUE(line(&f, "timeout uauth 1:0:0 inactivity"));
	t = &config_model(f.c)->timeouts;
	CU_ASSERT_EQUAL(t->uauth_inactivity, 3600);
	CU_ASSERT_EQUAL(t->uauth_absolute, 0);
	CU_ASSERT_FALSE(line(&f, "timeout uauth 3:0:0 absolute"));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.r.error, "shorter than timeout xlate"));
	CU_ASSERT_FALSE(line(&f, "timeout xlate 0:59:0")); /* from the other side */
	CU_ASSERT_TRUE(line(&f, "no timeout uauth 1:0:0 inactivity"));
	CU_ASSERT_EQUAL(config_model(f.c)->timeouts.uauth_inactivity, 0);
	teardown(&f);
}

static void expect_section(struct fixture *f, const char *section, const char *text)
{
	char *shown = config_running_text(config_model(f->c), section, false, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(shown);
	CU_ASSERT_STRING_EQUAL(shown, text);
	if (strcmp(shown, text))
		printf("%s", shown);
	free(shown);
}

#define ALL_STANDARD                                                                                   \
	"timeout xlate 3:00:00\n"                                                                      \
	"timeout pat-xlate 0:00:30\n"                                                                  \
	"timeout conn 1:00:00 half-closed 0:10:00 udp 0:02:00 sctp 0:02:00 icmp 0:00:02\n"             \
	"timeout sunrpc 0:10:00 h323 0:05:00 h225 1:00:00 mgcp 0:05:00 mgcp-pat 0:05:00\n"             \
	"timeout sip 0:30:00 sip_media 0:02:00 sip-invite 0:03:00 sip-disconnect 0:02:00\n"            \
	"timeout sip-provisional-media 0:02:00 uauth 0:05:00 absolute\n"                               \
	"timeout tcp-proxy-reassembly 0:01:00\n"                                                       \
	"timeout floating-conn 0:00:00\n"                                                              \
	"timeout conn-holddown 0:00:15\n"                                                              \
	"timeout igp stale-route 0:01:10\n"

/* GTO: "show running-config timeout" in ASA's grouping, by name, back to the defaults. */
static void shown_in_groups_and_back(void)
{
	struct fixture f;

	setup(&f);
	expect_section(&f, "timeout", ALL_STANDARD);
	CU_ASSERT_TRUE(line(&f, "timeout conn 2:0:0 udp 0:3:0 floating-conn 0:1:30"));
	expect_section(&f, "timeout conn", "timeout conn 2:00:00\n");
	expect_section(&f, "timeout udp", "timeout udp 0:03:00\n");
	expect_section(&f, "timeout sip", "timeout sip 0:30:00\n"); /* not sip_media */
	expect_section(&f, "timeout igp", "timeout igp stale-route 0:01:10\n");
	expect_section(&f, "timeout nonsense", "");
	/* one word wrong: none of the line is taken */
	CU_ASSERT_FALSE(line(&f, "timeout conn 3:0:0 udp 0:0:1"));
	expect_section(&f, "timeout conn", "timeout conn 2:00:00\n");
	CU_ASSERT_FALSE(line(&f, "timeout nonsense 1:0:0"));
	CU_ASSERT_TRUE(line(&f, "no timeout conn"));
	expect_section(&f, "timeout conn", "timeout conn 1:00:00\n");
	expect_section(&f, "timeout udp", "timeout udp 0:03:00\n");
	CU_ASSERT_TRUE(line(&f, "clear configure timeout"));
	expect_section(&f, "timeout", ALL_STANDARD);
	CU_ASSERT_TRUE(line(&f, "timeout udp 0:3:0"));
	CU_ASSERT_TRUE(line(&f, "no timeout"));
	expect_section(&f, "timeout", ALL_STANDARD);
	teardown(&f);
}

/* The minima go with "timeout-floor none", the maxima do not. */
static void tmo2_floor(void)
{
	struct fixture f;

	setup(&f);
	CU_ASSERT_TRUE(line(&f, "timeout-floor none"));
	CU_ASSERT_TRUE(line(&f, "timeout conn 0:0:1 floating-conn 0:0:3 pat-xlate 0:0:1"));
	CU_ASSERT_FALSE(line(&f, "timeout pat-xlate 0:5:1"));
	CU_ASSERT_FALSE(line(&f, "timeout pat-xlate 0:0:0"));
	CU_ASSERT_FALSE(line(&f, "no timeout-floor none"));
	CU_ASSERT_TRUE(line(&f, "no timeout"));
	CU_ASSERT_TRUE(line(&f, "no timeout-floor none"));
	teardown(&f);
}

static void in_class(struct fixture *f)
{
	CU_ASSERT_TRUE(line(f, "class-map C"));
	CU_ASSERT_TRUE(line(f, "match any"));
	CU_ASSERT_TRUE(line(f, "policy-map P"));
	CU_ASSERT_TRUE(line(f, "class C"));
}

static void tmo1_tmo2_tmo3_ranges_of_a_class(void)
{
	static const struct {
		const char *words, *range; /* NULL: accepted */
	} tries[] = {
		{ "embryonic 0:0:5", NULL }, { "embryonic 1193:0:0", NULL }, { "embryonic 0:0:0", NULL },
		{ "embryonic 0:0:4", "0 or 0:00:05 to 1193:00:00" },
		{ "embryonic 1193:0:1", "0 or 0:00:05 to 1193:00:00" },
		{ "idle 0:5:0", NULL }, { "tcp 1193:0:0", NULL }, { "idle 0:0:0", NULL },
		{ "idle 0:4:59", "0 or 0:05:00 to 1193:00:00" }, { "tcp 0:4:59", "0 or 0:05:00 to 1193" },
		{ "half-closed 0:0:30", NULL }, { "half-closed 1193:0:0", NULL },
		{ "half-closed 0:0:29", "0 or 0:00:30 to 1193:00:00" },
	};
	char text[128];
	struct fixture f;

	setup(&f);
	in_class(&f);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		snprintf(text, sizeof(text), "set connection timeout %s", tries[i].words);
		CU_ASSERT_EQUAL(line(&f, text), !tries[i].range);
		if (tries[i].range)
			CU_ASSERT_PTR_NOT_NULL(strstr(f.r.error, tries[i].range));
	}
	/* shown as idle, whichever word was used */
	CU_ASSERT_TRUE(line(&f, "set connection timeout tcp 2:0:0"));
	expect_section(&f, "policy-map P", "policy-map P\n class C\n  set connection timeout embryonic "
					   "0:00:00 half-closed 1193:00:00 idle 2:00:00\n");
	teardown(&f);
}

/* LIM-1: the range, and that nothing changes outside of it. */
static void lim1_ranges_of_limits(void)
{
	static const char *const words[] = { "conn-max", "embryonic-conn-max", "per-client-max",
					     "per-client-embryonic-max" };
	char text[128];
	struct fixture f;

	setup(&f);
	in_class(&f);
	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "set connection %s 2000000", words[i]);
		CU_ASSERT_TRUE(line(&f, text));
		snprintf(text, sizeof(text), "set connection %s 2000001", words[i]);
		CU_ASSERT_FALSE(line(&f, text));
		snprintf(text, sizeof(text), "set connection %s -1", words[i]);
		CU_ASSERT_FALSE(line(&f, text));
	}
	expect_section(&f, "policy-map P",
		       "policy-map P\n class C\n  set connection conn-max 2000000 embryonic-conn-max "
		       "2000000 per-client-max 2000000 per-client-embryonic-max 2000000\n");
	CU_ASSERT_TRUE(line(&f, "no set connection conn-max"));
	CU_ASSERT_TRUE(line(&f, "set connection per-client-max 0"));
	expect_section(&f, "policy-map P",
		       "policy-map P\n class C\n  set connection embryonic-conn-max 2000000 "
		       "per-client-max 0 per-client-embryonic-max 2000000\n");
	teardown(&f);
}

/* LIM-6: two limits and nothing else for what goes to the box. */
static void lim6_management_class(void)
{
	static const char *const refused[] = {
		"set connection per-client-max 5", "set connection per-client-embryonic-max 5",
		"set connection conn-max 5 per-client-max 5",
		"set connection random-sequence-number disable", "set connection timeout idle 1:0:0",
		"set connection timeout embryonic 0:0:30", "set connection decrement-ttl",
		"set connection advanced-options tcp-state-bypass",
	};
	struct fixture f;

	setup(&f);
	CU_ASSERT_TRUE(line(&f, "class-map type management box"));
	CU_ASSERT_TRUE(line(&f, "match port tcp eq 443"));
	CU_ASSERT_TRUE(line(&f, "policy-map P"));
	CU_ASSERT_TRUE(line(&f, "class box"));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		CU_ASSERT_FALSE(line(&f, refused[i]));
		CU_ASSERT_PTR_NOT_NULL(strstr(f.r.error, "management class"));
	}
	expect_section(&f, "policy-map P", "policy-map P\n class box\n");
	CU_ASSERT_TRUE(line(&f, "set connection conn-max 5 embryonic-conn-max 3"));
	expect_section(&f, "policy-map P",
		       "policy-map P\n class box\n  set connection conn-max 5 embryonic-conn-max 3\n");
	teardown(&f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "GTO-1 to GTO-20 default and range of each", each_has_its_default_and_range },
		{ "GTO-17 GTO-18 uauth", gto_17_18_uauth },
		{ "GTO-1 to GTO-20 shown in groups, by name, reset", shown_in_groups_and_back },
		{ "TMO-2 timeout-floor", tmo2_floor },
		{ "TMO-1 TMO-2 TMO-3 ranges of a class", tmo1_tmo2_tmo3_ranges_of_a_class },
		{ "LIM-1 ranges of limits", lim1_ranges_of_limits },
		{ "LIM-6 what a management class refuses", lim6_management_class },
		{ NULL, NULL },
	};

	return asa_cunit_main("config_timeout", tests);
}
