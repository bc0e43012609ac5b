// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/policy/%.o */
/*
 * Access lists while they are edited: what a snapshot shares with the one before is what a fresh
 * compile would have made (ACL-2, CFG-1), hits stay with their entries, names that change reach
 * the lists that use them; time ranges (ACL-1).
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/cunit.h"
#include "lib/model_build.h"
#include "policy/acl_log.h"
#include "policy/policy_impl.h"
#include "policy/time_range.h"

static __u32 seed = 4711;
static __u32 rnd(__u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static const char *random_term(char *buf, size_t size)
{
	switch (rnd(7)) {
	case 0: return "any";
	case 1: return "obj:o";
	case 2: return "grp:g";
	case 3: return "if:dmz";
	case 4: snprintf(buf, size, "10.1.%u.0/24", rnd(4)); break;
	case 5: snprintf(buf, size, "10.1.1.%u-10.1.1.%u", rnd(100), 100 + rnd(100)); break;
	default: snprintf(buf, size, "10.1.%u.%u", rnd(3), rnd(8)); break;
	}
	return buf;
}

static void random_text(char *text, size_t size)
{
	static const char *const ports[] = { "", " eq 80", " neq 53", " range 20 90", " gt 1023" };
	char a[64], b[64];
	const char *src = random_term(a, sizeof(a)), *dst = random_term(b, sizeof(b));

	snprintf(text, size, "%s %s %s %s%s", rnd(3) ? "permit" : "deny", rnd(2) ? "tcp" : "udp",
		 src, dst, ports[rnd(5)]);
}

/* Insert a rule at 'at' through the parser of the tests, which appends. */
static void insert_at(struct fw *fw, size_t at)
{
	struct model_acl *l;
	struct model_ace copy;
	char text[MODEL_TEXT_MAX];
	size_t n;

	random_text(text, sizeof(text));
	fw_ace(fw, "A", "%s", text);
	l = model_acl_find(fw->m, "A");
	n = model_acl_n(l) - 1;
	copy = *model_acl_at(l, n);
	model_acl_remove(l, n);
	CU_ASSERT_PTR_NOT_NULL(model_acl_insert(l, at, &copy, text));
}

static void change(struct fw *fw)
{
	struct model_acl *l = model_acl_find(fw->m, "A");
	struct model_object *o;
	char text[32];

	switch (rnd(6)) {
	case 0:
		if (model_acl_n(l) > 5)
			model_acl_remove(l, rnd(model_acl_n(l)));
		break;
	case 1: /* what an object is */
		model_objects_own(fw->m);
		o = model_object_find(fw->m, "o", false);
		snprintf(text, sizeof(text), "10.1.2.%u", rnd(8));
		o->addr = mb_term(text);
		break;
	case 2: /* who is in the inner group */
		snprintf(text, sizeof(text), "10.1.0.%u", rnd(8));
		fw_member(fw, "inner", text);
		break;
	case 3: /* what the interface's address is */
		fw->m->ifs.v[1].addrs.v[0].addr.b[15] = rnd(8);
		break;
	default:
		insert_at(fw, rnd(model_acl_n(l) + 1));
		break;
	}
}

static void compare(struct fw *fw, const struct policy *fresh)
{
	struct policy_acl_row x, y;
	size_t i;

	for (i = 0; policy_acl_row(fw->p, "A", i, &x); i++) {
		if (!policy_acl_row(fresh, "A", i, &y) || strcmp(x.text, y.text) || x.line != y.line ||
		    x.hash != y.hash || x.n_elements != y.n_elements || x.expanded != y.expanded) {
			CU_FAIL("a row differs from a fresh compile");
			return;
		}
	}
	CU_ASSERT_FALSE(policy_acl_row(fresh, "A", i, &y));
	for (int n = 0; n < 200; n++) {
		struct policy_acl_match m1, m2;
		struct policy_tuple t;
		char text[96];

		snprintf(text, sizeof(text), "%s 10.1.%u.%u:%u 10.1.%u.%u:%u", rnd(2) ? "tcp" : "udp",
			 rnd(4), rnd(120), rnd(3000), rnd(4), rnd(120), rnd(2) ? 80 : rnd(3000));
		t = mb_tuple(text);
		if (policy_access_in(fw->p, fw_named(fw, "outside"), NULL, &t, &m1) !=
			    policy_access_in(fresh, policy_if_named(fresh, "outside"), NULL, &t, &m2) ||
		    m1.line != m2.line || m1.hash != m2.hash)
			CU_FAIL("a packet is judged differently than by a fresh compile");
	}
}

static void edits_equal_a_fresh_compile(int entries, int rounds, int changes)
{
	struct fw fw = fw_new();
	char text[MODEL_TEXT_MAX];

	fw_object(&fw, "o", "10.1.1.1");
	fw_group(&fw, "inner", MODEL_GROUP_NETWORK);
	fw_member(&fw, "inner", "10.1.0.7");
	fw_group(&fw, "g", MODEL_GROUP_NETWORK);
	fw_member(&fw, "g", "10.1.2.0/24");
	fw_member(&fw, "g", "group inner");
	for (int i = 0; i < entries; i++) {
		random_text(text, sizeof(text));
		fw_ace(&fw, "A", "%s", text);
	}
	fw_access_group(&fw, "A", "in", "outside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	for (int round = 0; round < rounds; round++) {
		struct policy *fresh = NULL;

		for (int i = rnd(changes); i >= 0; i--)
			change(&fw);
		CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
		CU_ASSERT_EQUAL_FATAL(policy_compile(fw.m, fw.sys, NULL, &fresh, &fw.e), 0);
		compare(&fw, fresh);
		policy_free(fresh);
	}
	fw_free(&fw);
}

static void acl2_cfg1_edits_equal_a_fresh_compile(void)
{
	edits_equal_a_fresh_compile(40, 150, 1);
}

/* Several stretches, several changes at once, bases made anew now and then. */
static void acl2_cfg1_edits_of_a_long_list(void)
{
	edits_equal_a_fresh_compile(2 * MODEL_STRETCH_MAX + 10, 25, 12);
}

/* One line of many: all other stretches, and the arrangement for packets, stay what they are. */
static void cfg1_a_change_costs_its_own_stretch(void)
{
	struct fw fw = fw_new();
	const struct acl *a, *b;
	struct policy *before;
	size_t shared = 0;
	char text[MODEL_TEXT_MAX];

	fw_object(&fw, "o", "10.1.1.1");
	fw_group(&fw, "g", MODEL_GROUP_NETWORK);
	fw_member(&fw, "g", "10.1.2.0/24");
	for (int i = 0; i < 20 * MODEL_STRETCH_MAX; i++) {
		snprintf(text, sizeof(text), "permit tcp any 10.%d.%d.1 eq 80", i / 256, i % 256);
		fw_ace(&fw, "A", "%s", text);
	}
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	before = fw.p;
	insert_at(&fw, 1000);
	CU_ASSERT_EQUAL_FATAL(policy_compile(fw.m, fw.sys, before, &fw.p, &fw.e), 0);
	a = before->acls.v[0];
	b = fw.p->acls.v[0];
	CU_ASSERT_PTR_EQUAL(a->base, b->base);
	for (size_t i = 0; i < a->n_places; i++)
		for (size_t k = 0; k < b->n_places; k++)
			shared += a->places[i].leaf == b->places[k].leaf;
	CU_ASSERT_TRUE(shared >= a->n_places - 2);
	policy_free(before);
	fw_free(&fw);
}

static __u64 hits_of(const struct fw *fw, const char *acl, const char *text)
{
	struct policy_acl_row r;

	for (size_t i = 0; policy_acl_row(fw->p, acl, i, &r); i++)
		if (!r.expanded && !strcmp(r.text, text))
			return r.hits;
	return 999999;
}

/* Hits stay when lines move, when names change, when the entry's list is compiled again. */
static void acl2_hits_survive_edits(void)
{
	struct fw fw = fw_new();
	struct policy_tuple t = mb_tuple("tcp 10.1.0.7:1000 10.1.1.5:80");
	struct policy_acl_match m;
	struct policy *before;

	fw_object(&fw, "o", "10.1.1.1");
	fw_ace(&fw, "A", "deny ip any obj:o");
	fw_ace(&fw, "A", "permit tcp any 10.1.1.5 eq 80");
	fw_ace(&fw, "B", "permit ip any any");
	fw_access_group(&fw, "A", "in", "outside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	for (int i = 0; i < 5; i++)
		policy_access_in(fw.p, fw_named(&fw, "outside"), NULL, &t, &m);
	CU_ASSERT_EQUAL(hits_of(&fw, "A", "extended permit tcp any 10.1.1.5 eq 80"), 5);
	before = fw.p;
	CU_ASSERT_EQUAL_FATAL(policy_compile(fw.m, fw.sys, before, &fw.p, &fw.e), 0);
	/* nothing changed: the very same list, so that a late hit in the old snapshot counts */
	CU_ASSERT_PTR_EQUAL(before->acls.v[0], fw.p->acls.v[0]);
	policy_access_in(before, policy_if_named(before, "outside"), NULL, &t, &m);
	CU_ASSERT_EQUAL(hits_of(&fw, "A", "extended permit tcp any 10.1.1.5 eq 80"), 6);
	policy_free(before);
	/* a line in front, then an object that another line names */
	insert_at(&fw, 0);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(hits_of(&fw, "A", "extended permit tcp any 10.1.1.5 eq 80"), 6);
	model_objects_own(fw.m);
	model_object_find(fw.m, "o", false)->addr = mb_term("10.1.1.2");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(hits_of(&fw, "A", "extended permit tcp any 10.1.1.5 eq 80"), 6);
	policy_acl_clear_counters(fw.p, "A");
	CU_ASSERT_EQUAL(hits_of(&fw, "A", "extended permit tcp any 10.1.1.5 eq 80"), 0);
	fw_free(&fw);
}

/* A change that is refused leaves the snapshot, and what it shares, as it was. */
static void cfg1_a_refused_change_leaves_the_list(void)
{
	struct fw fw = fw_new();
	struct policy_tuple t = mb_tuple("tcp 10.1.0.7:1000 10.1.1.5:80");

	fw_ace(&fw, "A", "permit tcp any 10.1.1.5 eq 80");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	fw_ace(&fw, "A", "permit ip any obj:missing");
	CU_ASSERT_EQUAL(fw_compile(&fw), -22);
	CU_ASSERT_EQUAL(policy_acl_test(fw.p, "A", &t), 1);
	CU_ASSERT_EQUAL(fw.p->acls.v[0]->n_entries, 1);
	/* the object comes: now it compiles, from the same entries */
	fw_object(&fw, "missing", "10.1.1.9");
	CU_ASSERT_EQUAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(fw.p->acls.v[0]->n_entries, 2);
	fw_free(&fw);
}

/* ------------------------------------------------------------------ time ranges */

static time_t at(int year, int month, int day, int hour, int minute)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
			 .tm_hour = hour,	 .tm_min = minute,    .tm_isdst = -1 };

	return mktime(&tm);
}

static void acl1_time_ranges(void)
{
	static const struct {
		const char *lines[3];
		int year, month, day, hour, minute; /* 2026-06-01 is a Monday */
		bool active;
	} cases[] = {
		{ { NULL }, 2026, 6, 1, 12, 0, true },
		{ { " absolute start 8:00 1 june 2026" }, 2026, 6, 1, 7, 59, false },
		{ { " absolute start 8:00 1 june 2026" }, 2026, 6, 1, 8, 0, true },
		{ { " absolute end 8:00 1 june 2026" }, 2026, 6, 1, 8, 0, true },
		{ { " absolute end 8:00 1 june 2026" }, 2026, 6, 1, 8, 1, false },
		{ { " absolute start 8:00 1 may 2026 end 8:00 2 june 2026" }, 2026, 6, 1, 8, 1, true },
		{ { " periodic weekdays 8:00 to 18:00" }, 2026, 6, 1, 8, 0, true },
		{ { " periodic weekdays 8:00 to 18:00" }, 2026, 6, 1, 18, 1, false },
		{ { " periodic weekdays 8:00 to 18:00" }, 2026, 6, 6, 12, 0, false },
		{ { " periodic weekend 8:00 to 18:00" }, 2026, 6, 7, 12, 0, true },
		{ { " periodic daily 22:00 to 6:00" }, 2026, 6, 1, 23, 0, true },
		{ { " periodic daily 22:00 to 6:00" }, 2026, 6, 1, 5, 0, true },
		{ { " periodic daily 22:00 to 6:00" }, 2026, 6, 1, 7, 0, false },
		{ { " periodic saturday 22:00 to 6:00" }, 2026, 6, 7, 5, 0, true },
		{ { " periodic friday 18:00 to monday 7:00" }, 2026, 6, 1, 6, 59, true },
		{ { " periodic friday 18:00 to monday 7:00" }, 2026, 6, 1, 7, 1, false },
		{ { " periodic monday wednesday 8:00 to 9:00" }, 2026, 6, 3, 8, 30, true },
		{ { " periodic monday wednesday 8:00 to 9:00" }, 2026, 6, 2, 8, 30, false },
		{ { " periodic monday 8:00 to 9:00", " periodic tuesday 8:00 to 9:00" }, 2026, 6, 2, 8, 30,
		  true },
		{ { " absolute end 8:00 1 may 2026", " periodic daily 0:00 to 23:59" }, 2026, 6, 2, 8, 30,
		  false },
		/* what cannot be read is never true */
		{ { " periodic someday 8:00 to 9:00" }, 2026, 6, 2, 8, 30, false },
		{ { " absolute start 8:00 1 nomonth 2020" }, 2026, 6, 2, 8, 30, false },
		{ { " whenever" }, 2026, 6, 2, 8, 30, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct model *m = model_new();
		bool active;

		*(char **)MODEL_PUSH(&m->opaque) = strdup("time-range other");
		*(char **)MODEL_PUSH(&m->opaque) = strdup("time-range office");
		for (int l = 0; l < 3 && cases[i].lines[l]; l++)
			*(char **)MODEL_PUSH(&m->opaque) = strdup(cases[i].lines[l]);
		active = time_range_active(m, "office",
					   at(cases[i].year, cases[i].month, cases[i].day,
					      cases[i].hour, cases[i].minute));
		if (active != cases[i].active) {
			fprintf(stderr, "%s at row %zu: %d\n", cases[i].lines[0], i, active);
			CU_FAIL("row");
		}
		CU_ASSERT_FALSE(time_range_active(m, "nowhere", 0));
		model_free(m);
	}
}

/* The entry acts within its time, is shown "(inactive)" outside, and keeps its hits. */
static void acl1_entries_follow_their_time(void)
{
	struct fw fw = fw_new();
	struct policy_tuple t = mb_tuple("tcp 198.51.100.9:1 10.1.1.80:80");
	struct policy_acl_match m;
	struct policy_acl_row r;

	*(char **)MODEL_PUSH(&fw.m->opaque) = strdup("time-range office");
	*(char **)MODEL_PUSH(&fw.m->opaque) = strdup(" periodic weekdays 8:00 to 18:00");
	strcpy(fw_ace(&fw, "A", "permit tcp any any")->time_range, "office");
	fw_access_group(&fw, "A", "in", "outside");
	fw.sys->now = at(2026, 6, 1, 12, 0);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_PTR_NULL(policy_warning(fw.p, 0));
	CU_ASSERT_EQUAL(policy_access_in(fw.p, fw_named(&fw, "outside"), NULL, &t, &m), DROP_NONE);
	CU_ASSERT_FALSE(policy_times_changed(fw.p, at(2026, 6, 1, 18, 0)));
	CU_ASSERT_TRUE(policy_times_changed(fw.p, at(2026, 6, 1, 18, 1)));
	fw.sys->now = at(2026, 6, 1, 18, 1);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(policy_access_in(fw.p, fw_named(&fw, "outside"), NULL, &t, &m), DROP_POLICY_ACL);
	CU_ASSERT_TRUE(policy_acl_row(fw.p, "A", 1, &r));
	CU_ASSERT_TRUE(r.inactive);
	CU_ASSERT_EQUAL(r.hits, 1);
	fw.sys->now = at(2026, 6, 2, 8, 0);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL(policy_access_in(fw.p, fw_named(&fw, "outside"), NULL, &t, &m), DROP_NONE);
	policy_acl_row(fw.p, "A", 1, &r);
	CU_ASSERT_FALSE(r.inactive);
	CU_ASSERT_EQUAL(r.hits, 2);
	fw_free(&fw);
}

/* ------------------------------------------------------------------ message 106100 */

static struct acl_log_flow log_flow(__u32 client, bool permitted)
{
	struct acl_log_flow f = { .hash = 7, .permitted = permitted, .interval_s = 60, .level = 4 };
	char text[64];

	snprintf(text, sizeof(text), "tcp 10.%u.%u.%u:1000 192.0.2.1:80", client >> 16 & 255,
		 client >> 8 & 255, client & 255);
	f.key = mb_key(text);
	strcpy(f.acl, "A");
	return f;
}

static void acl5_log_sums_up_over_an_interval(void)
{
	struct acl_log *l = acl_log_new();
	struct acl_log_flow a = log_flow(1, false), b = log_flow(2, true), got;
	__u32 minute = asa_ticks_from_ms(60000), start = 0u - minute / 2, all = 8192;

	/* over the wrap of the clock */
	CU_ASSERT_EQUAL(acl_log_hit(l, &a, start, 4096, 300), ACL_LOG_FIRST);
	CU_ASSERT_EQUAL(acl_log_hit(l, &b, start, 4096, 300), ACL_LOG_FIRST);
	for (int i = 0; i < 9; i++)
		CU_ASSERT_EQUAL(acl_log_hit(l, &a, start + 5, 4096, 300), ACL_LOG_NOTHING);
	CU_ASSERT_FALSE(acl_log_due(l, start + minute - 1, &all, &got));
	all = 8192;
	CU_ASSERT_TRUE(acl_log_due(l, start + minute, &all, &got));
	CU_ASSERT_EQUAL(got.hits, 9);
	CU_ASSERT_EQUAL(got.interval_s, 60);
	CU_ASSERT_STRING_EQUAL(got.acl, "A");
	CU_ASSERT_FALSE(acl_log_due(l, start + minute, &all, &got));
	/* the other had no further hit: forgotten, its next one is a first one */
	CU_ASSERT_EQUAL(acl_log_count(l, true), 0);
	CU_ASSERT_EQUAL(acl_log_count(l, false), 1);
	CU_ASSERT_EQUAL(acl_log_hit(l, &b, start + minute, 4096, 300), ACL_LOG_FIRST);
	all = 8192;
	CU_ASSERT_FALSE(acl_log_due(l, start + 2 * minute, &all, &got));
	CU_ASSERT_EQUAL(acl_log_count(l, false), 0);
	acl_log_free(l);
}

/* A flood of flows: the table stays as it is, the operator hears of it once per interval. */
static void acl5_log_is_bounded(void)
{
	struct acl_log *l = acl_log_new();
	__u32 alert = asa_ticks_from_ms(300000), full = 0, first = 0, budget = 8192;
	struct acl_log_flow f;

	for (__u32 i = 0; i < 20000; i++) {
		f = log_flow(i, false);
		switch (acl_log_hit(l, &f, 5, 1000, 300)) {
		case ACL_LOG_FIRST: first++; break;
		case ACL_LOG_FULL: full++; break;
		default: break;
		}
	}
	CU_ASSERT_EQUAL(first, 1000);
	CU_ASSERT_EQUAL(full, 1);
	CU_ASSERT_EQUAL(acl_log_count(l, false), 1000);
	f = log_flow(50000, false);
	CU_ASSERT_EQUAL(acl_log_hit(l, &f, 5 + alert, 1000, 300), ACL_LOG_FULL);
	/* permitted ones have room of their own, and are told beyond it */
	for (__u32 i = 0; i < 5000; i++) {
		f = log_flow(i, true);
		CU_ASSERT_EQUAL(acl_log_hit(l, &f, 5, 1000, 300), ACL_LOG_FIRST);
	}
	CU_ASSERT_EQUAL(acl_log_count(l, true), ACL_LOG_PERMIT_MAX);
	/* all over: every row is free again */
	CU_ASSERT_FALSE(acl_log_due(l, 5 + alert, &budget, &f));
	CU_ASSERT_EQUAL(acl_log_count(l, true) + acl_log_count(l, false), 0);
	for (__u32 i = 0; i < 3000; i++) {
		f = log_flow(i, false);
		CU_ASSERT_EQUAL(acl_log_hit(l, &f, 5 + alert, 4096, 300), ACL_LOG_FIRST);
	}
	acl_log_free(l);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "ACL-2 CFG-1 edits equal a fresh compile", acl2_cfg1_edits_equal_a_fresh_compile },
		{ "ACL-2 CFG-1 edits of a long list", acl2_cfg1_edits_of_a_long_list },
		{ "CFG-1 a change costs its own stretch", cfg1_a_change_costs_its_own_stretch },
		{ "ACL-2 hits survive edits", acl2_hits_survive_edits },
		{ "CFG-1 a refused change leaves the list", cfg1_a_refused_change_leaves_the_list },
		{ "ACL-1 time ranges", acl1_time_ranges },
		{ "ACL-1 entries follow their time", acl1_entries_follow_their_time },
		{ "ACL-5 log sums up over an interval", acl5_log_sums_up_over_an_interval },
		{ "ACL-5 log is bounded", acl5_log_is_bounded },
		{ NULL, NULL },
	};

	return asa_cunit_main("acl_change", tests);
}
