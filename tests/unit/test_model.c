// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/policy/model%.o */
/*
 * The configuration model: vectors keep their order, a clone shares nothing with its original
 * (CFG-1: a command changes a copy), lookups find by kind and name. Leaks show under ASan.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/cunit.h"
#include "lib/model_build.h"

static void defaults_are_those_of_asa(void)
{
	struct model *m = model_new();

	CU_ASSERT_EQUAL(m->timeouts.conn, 3600);
	CU_ASSERT_EQUAL(m->timeouts.half_closed, 600);
	CU_ASSERT_EQUAL(m->timeouts.udp, 120);
	CU_ASSERT_EQUAL(m->timeouts.xlate, 10800);
	CU_ASSERT_EQUAL(m->timeouts.pat_xlate, 30);
	CU_ASSERT_EQUAL(m->logging.facility, 20);
	CU_ASSERT_EQUAL(m->logging.trap, -1);
	CU_ASSERT_EQUAL(m->fragment_chain, 24);
	model_free(m);
	model_free(NULL);
}

static void acl2_rows_keep_their_order(void)
{
	struct model *m = model_new();
	struct model_acl *a = MODEL_PUSH(&m->acls);
	const char *expected[] = { "first", "between", "second", "fourth" };
	const char *texts[] = { "first", "second", "third", "fourth" };
	const struct model_ace none = { 0 };

	for (int i = 0; i < 4; i++)
		model_acl_insert(a, i, &none, texts[i]);
	model_acl_insert(a, 1, &none, "between");
	model_acl_remove(a, 3);
	CU_ASSERT_EQUAL_FATAL(model_acl_n(a), 4);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_STRING_EQUAL(model_acl_at(a, i)->text, expected[i]);
	CU_ASSERT_PTR_NULL(model_acl_insert(a, 6, &none, "behind the end"));
	model_acl_remove(a, 9);
	CU_ASSERT_EQUAL(model_acl_n(a), 4);
	model_free(m);
}

static void cfg1_clone_is_independent(void)
{
	struct fw fw = fw_new();
	struct model_policy_map *pm = MODEL_PUSH(&fw.m->policy_maps);
	struct model_policy_class *pc = MODEL_PUSH(&pm->classes);
	struct model *copy;

	model_conn_settings_init(&pc->conn);
	*(char **)MODEL_PUSH(&pc->inspects) = strdup("ftp strict");
	*(char **)MODEL_PUSH(&pc->others) = strdup("police input 8000");
	*(char **)MODEL_PUSH(&fw.m->opaque) = strdup("names");
	fw_ace(&fw, "A", "permit ip any any");
	fw_object(&fw, "O", "10.1.1.1");
	fw_group(&fw, "G", MODEL_GROUP_NETWORK);
	fw_member(&fw, "G", "10.1.1.1");
	((struct model_log_msg *)MODEL_PUSH(&fw.m->logging.messages))->id = 313004;

	copy = model_clone(fw.m);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	fw.m->policy_maps.v[0].classes.v[0].inspects.v[0][0] = 'X';
	model_acl_insert(&fw.m->acls.v[0], 0, &(struct model_ace){ 0 }, "deny");
	model_acl_remove(&fw.m->acls.v[0], 1);
	CU_ASSERT_EQUAL(model_objects_own(fw.m), 0);
	fw.m->objects.v[0].addr = mb_term("10.9.9.9");
	fw.m->groups.v[0].items.v[0].nested = true;
	fw.m->ifs.v[0].addrs.v[0].plen = 1;
	fw.m->opaque.v[0][0] = 'X';
	fw.m->logging.messages.v[0].id = 0;

	CU_ASSERT_STRING_EQUAL(copy->policy_maps.v[0].classes.v[0].inspects.v[0], "ftp strict");
	CU_ASSERT_STRING_EQUAL(copy->policy_maps.v[0].classes.v[0].others.v[0],
			       "police input 8000");
	CU_ASSERT_EQUAL(copy->policy_maps.v[0].classes.v[0].conn.conn_max, -1);
	CU_ASSERT_EQUAL(model_acl_n(&copy->acls.v[0]), 1);
	CU_ASSERT_STRING_EQUAL(model_acl_at(&copy->acls.v[0], 0)->text, "permit ip any any");
	CU_ASSERT_TRUE(model_acl_at(&copy->acls.v[0], 0)->permit);
	CU_ASSERT_TRUE(asa_addr_equal(&copy->objects.v[0].addr.addr, (struct asa_addr[]){ mb_addr("10.1.1.1") }));
	CU_ASSERT_FALSE(copy->groups.v[0].items.v[0].nested);
	CU_ASSERT_EQUAL(copy->ifs.v[0].addrs.v[0].plen, 24);
	CU_ASSERT_STRING_EQUAL(copy->opaque.v[0], "names");
	CU_ASSERT_EQUAL(copy->logging.messages.v[0].id, 313004);
	model_free(copy);
	fw_free(&fw);
}

#define EDITS 3000
/* Rows come and go anywhere in a list while clones hold it as it was. */
static void lists_keep_their_order_under_edits(void)
{
	static char texts[EDITS][24], then[EDITS][24];
	struct fw fw = fw_new();
	struct model *copy = NULL;
	struct model_acl *l;
	size_t n = 1, n_then = 0, bad = 0;
	__u32 seed = 7;

	fw_ace(&fw, "A", "permit ip any any");
	strcpy(texts[0], model_acl_at(&fw.m->acls.v[0], 0)->text);
	for (int round = 0; round < EDITS; round++) {
		size_t at;

		seed = seed * 1664525 + 1013904223;
		at = (seed >> 8) % (n + 1);
		l = &fw.m->acls.v[0];
		/* grow, shrink, grow: stretches are cut and joined */
		if (at < n && (round / 700 % 2 ? (seed >> 28) < 10 : (seed >> 28) < 2) && n > 2) {
			CU_ASSERT_EQUAL(model_acl_remove(l, at), 0);
			memmove(texts[at], texts[at + 1], (n - at - 1) * sizeof(texts[0]));
			n--;
		} else {
			memmove(texts[at + 1], texts[at], (n - at) * sizeof(texts[0]));
			snprintf(texts[at], sizeof(texts[at]), "row %d", round);
			CU_ASSERT_PTR_NOT_NULL(
				model_acl_insert(l, at, &(struct model_ace){ 0 }, texts[at]));
			n++;
		}
		if (round % 250 == 100) {
			for (size_t i = 0; copy && i < n_then; i++)
				bad += strcmp(model_acl_at(&copy->acls.v[0], i)->text, then[i]) != 0;
			model_free(copy);
			copy = model_clone(fw.m);
			memcpy(then, texts, sizeof(then));
			n_then = n;
			CU_ASSERT_EQUAL(model_acl_n(&copy->acls.v[0]), n);
		}
	}
	l = &fw.m->acls.v[0];
	CU_ASSERT_EQUAL_FATAL(model_acl_n(l), n);
	CU_ASSERT(n > 2 * MODEL_STRETCH_MAX);
	for (size_t i = 0; i < n; i++) {
		bad += strcmp(model_acl_at(l, i)->text, texts[i]) != 0;
		bad += model_acl_find_text(l, 0, texts[i]) != (long)i;
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT_EQUAL(model_acl_find_text(l, 0, "row"), -1);
	CU_ASSERT_EQUAL(model_acl_find_text(l, n - 1, texts[0]), -1);
	CU_ASSERT_PTR_NULL(model_acl_insert(l, n + 1, &(struct model_ace){ 0 }, "x"));
	model_free(copy);
	fw_free(&fw);
}

static void lookups_are_by_kind_and_name(void)
{
	struct fw fw = fw_new();

	fw_object(&fw, "web", "10.1.1.1");
	fw_service(&fw, "web", "tcp", "destination eq 80");
	CU_ASSERT_PTR_EQUAL(model_object_find(fw.m, "web", false), &fw.m->objects.v[0]);
	CU_ASSERT_PTR_EQUAL(model_object_find(fw.m, "web", true), &fw.m->objects.v[1]);
	CU_ASSERT_PTR_NULL(model_object_find(fw.m, "WEB", false));
	CU_ASSERT_PTR_NOT_NULL(model_if_by_name(fw.m, "outside"));
	CU_ASSERT_PTR_NULL(model_if_by_name(fw.m, ""));
	CU_ASSERT_PTR_NULL(model_acl_find(fw.m, "A"));
	CU_ASSERT_PTR_NULL(model_group_find(fw.m, "G"));
	CU_ASSERT_PTR_NULL(model_class_find(fw.m, "C"));
	CU_ASSERT_PTR_NULL(model_policy_map_find(fw.m, "P"));
	fw_free(&fw);
}

/* Many names are found by hash, also after rows came, went and were cloned. */
static void lookups_of_many_names(void)
{
	struct fw fw = fw_new();
	struct model *copy;
	char name[16];

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		fw_object(&fw, name, "10.1.1.1");
		fw_group(&fw, name, MODEL_GROUP_NETWORK);
		CU_ASSERT_PTR_EQUAL(model_object_find(fw.m, name, false), &fw.m->objects.v[i]);
		CU_ASSERT_PTR_EQUAL(model_group_find(fw.m, name), &fw.m->groups.v[i]);
		CU_ASSERT_PTR_NULL(model_object_find(fw.m, name, true));
		CU_ASSERT_PTR_NULL(model_group_find(fw.m, "nowhere"));
	}
	model_objects_own(fw.m);
	MODEL_REMOVE(&fw.m->objects, 100);
	model_names_forget(fw.m);
	copy = model_clone(fw.m);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		CU_ASSERT_PTR_EQUAL(model_object_find(fw.m, name, false),
				    i == 100 ? NULL : &fw.m->objects.v[i - (i > 100)]);
		CU_ASSERT_PTR_EQUAL(model_object_find(copy, name, false),
				    i == 100 ? NULL : &copy->objects.v[i - (i > 100)]);
	}
	/* the same name again, at the end */
	fw_object(&fw, "n100", "10.1.1.2");
	CU_ASSERT_PTR_EQUAL(model_object_find(fw.m, "n100", false), &fw.m->objects.v[499]);
	CU_ASSERT_PTR_NULL(model_object_find(copy, "n100", false));
	model_free(copy);
	fw_free(&fw);
}

/* Only model.o is linked: fw_free() must not need the compiler here. */
void policy_free(struct policy *p)
{
	CU_ASSERT_PTR_NULL(p);
}
int policy_compile(const struct model *m, const struct sys_info *sys, struct policy *old,
		   struct policy **out, struct policy_error *e)
{
	(void)m, (void)sys, (void)old, (void)out, (void)e;
	return -1;
}
const struct policy_if *policy_if_named(const struct policy *p, const char *nameif)
{
	(void)p, (void)nameif;
	return NULL;
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "defaults are those of ASA", defaults_are_those_of_asa },
		{ "ACL-2 rows keep their order", acl2_rows_keep_their_order },
		{ "CFG-1 clone is independent", cfg1_clone_is_independent },
		{ "CFG-1 lists keep their order under edits", lists_keep_their_order_under_edits },
		{ "lookups are by kind and name", lookups_are_by_kind_and_name },
		{ "ACL-1 lookups of many names", lookups_of_many_names },
		{ NULL, NULL },
	};

	return asa_cunit_main("model", tests);
}
