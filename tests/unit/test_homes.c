// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * Where connections live: close together while they are few, at home when they are many (SES-16).
 */
#include "datapath/index.h"
#include "lib/dialogue.h"

/* The first ones lie close together; more than those live at home, and are found the same way. */
static void ses16_homes_are_for_many(void)
{
	enum { MANY = ASA_DENSE_SLOTS + 1000 };
	struct fake *f = fake_new(2 * ASA_DENSE_SLOTS);
	struct session_filter all = { 0 };
	__u32 pos = 0, closed = 0, missing = 0, far = 0;

	fake_start(f);
	for (__u32 i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL(dialogue_syn(f, (__u16)(1024 + i)), DROP_NONE);
		dialogue_establish(f, (__u16)(1024 + i));
		if (i == ASA_DENSE_SLOTS - 2)
			CU_ASSERT_EQUAL(f->t.config->homes, 0);
	}
	CU_ASSERT_EQUAL(f->t.config->homes, ASA_DENSE_SLOTS / ASA_SET_SLOTS);
	for (int restart = 0; restart < 2; restart++) {
		for (__u32 i = 0; i < MANY; i++) {
			struct asa_key k = { .proto = 6, .sport = asa_htons((__u16)(1024 + i)),
					     .dport = asa_htons(80) };
			__u32 ref;

			k.src = mb_addr(INSIDE_HOST);
			k.dst = mb_addr(OUTSIDE_HOST);
			ref = index_find(&f->t, &k);
			missing += !ref;
			far += ASA_REF_SLOT(ref) >= ASA_DENSE_SLOTS;
		}
		CU_ASSERT_EQUAL(missing, 0);
		CU_ASSERT(far > 900);
		far = 0;
		fake_restart(f);
	}
	while (sessions_clear(f->asa.sessions, &pos, 1000, f->now, &all, &closed))
		;
	CU_ASSERT_EQUAL(closed, MANY);
	for (int i = 0; i < 40; i++)
		fake_wait(f, 150);
	CU_ASSERT_EQUAL(f->t.config->homes, 0);
	CU_ASSERT_EQUAL(dialogue_syn(f, 999), DROP_NONE);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-16 homes are for many connections", ses16_homes_are_for_many },
		{ NULL, NULL },
	};

	return asa_cunit_main("homes", tests);
}
