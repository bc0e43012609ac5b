// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/session/slots.o */
/* Free slots of the connection table: home first, else the next one, all of them, none twice (SES-16). */
#include <stdlib.h>
#include <string.h>

#include "asa/flow.h"
#include "lib/cunit.h"
#include "session/slots.h"

static void home_first_else_the_next(void)
{
	struct slots *s = slots_new(200);

	CU_ASSERT_EQUAL(slots_available(s), 199);
	CU_ASSERT_EQUAL(slots_take(s, 77), 77);
	CU_ASSERT_FALSE(slots_is_free(s, 77));
	CU_ASSERT_EQUAL(slots_take(s, 77), 78);
	CU_ASSERT_EQUAL(slots_take(s, 63), 63);
	CU_ASSERT_EQUAL(slots_take(s, 63), 64); /* over the edge of a word */
	CU_ASSERT_EQUAL(slots_take(s, 199), 199);
	CU_ASSERT_EQUAL(slots_take(s, 199), 1); /* round; 0 is never given */
	CU_ASSERT_EQUAL(slots_take(s, 0), 2);
	CU_ASSERT_EQUAL(slots_take(s, 4000000000u), 3); /* any home is accepted */
	slots_give(s, 77);
	CU_ASSERT_TRUE(slots_is_free(s, 77));
	CU_ASSERT_EQUAL(slots_take(s, 77), 77);
	slots_free(s);
}

static void free_ones_in_a_set(void)
{
	struct slots *s = slots_new(200);
	__u32 i;

	for (i = 0; i < ASA_SET_SLOTS; i++) {
		CU_ASSERT_TRUE(slots_free_in_set(s, 5));
		CU_ASSERT_EQUAL(slots_take(s, 5 * ASA_SET_SLOTS), 5 * ASA_SET_SLOTS + i);
	}
	CU_ASSERT_FALSE(slots_free_in_set(s, 5));
	CU_ASSERT_TRUE(slots_free_in_set(s, 4));
	CU_ASSERT_TRUE(slots_free_in_set(s, 6));
	slots_give(s, 5 * ASA_SET_SLOTS + 7);
	CU_ASSERT_TRUE(slots_free_in_set(s, 5));
	CU_ASSERT_FALSE(slots_free_in_set(s, 4000000u));
	slots_free(s);
}

static void walk_sees_what_is_taken(void)
{
	struct slots *s = slots_new(5000);
	__u32 want[] = { 1, 2, 64, 4095, 4096, 4999 }, at = 0, i;

	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(slots_take(s, want[i]), want[i]);
	for (i = 0; i < 6; i++) {
		at = slots_next_taken(s, at + 1);
		CU_ASSERT_EQUAL(at, want[i]);
	}
	CU_ASSERT_EQUAL(slots_next_taken(s, at + 1), 5000);
	slots_free(s);
}

/* Against a plain array, over two levels of the bitmap, full and empty. */
static void like_a_plain_array(void)
{
	enum { N = 9000 };
	struct slots *s = slots_new(N);
	char *taken = calloc(1, N);
	__u32 n = 0, slot, i, wrong = 0;

	srand(1);
	for (i = 0; i < 200000; i++) {
		__u32 home = (__u32)rand() % N;

		if (rand() % 1000 < (i / 50000 % 2 ? 300 : 700)) {
			slot = slots_take(s, home);
			if (!slot) {
				wrong += n != N - 1;
				continue;
			}
			wrong += taken[slot];
			wrong += home && !taken[home] && slot != home;
			taken[slot] = 1;
			n++;
		} else if (taken[home]) {
			slots_give(s, home);
			taken[home] = 0;
			n--;
		}
		wrong += slots_available(s) != N - 1 - n;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	free(taken);
	slots_free(s);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "home first, else the next", home_first_else_the_next },
		{ "SES-16 free slots in a set", free_ones_in_a_set },
		{ "a walk sees what is taken", walk_sees_what_is_taken },
		{ "SES-16 like a plain array, full and empty", like_a_plain_array },
		{ NULL, NULL },
	};
	return asa_cunit_main("slots", tests);
}
