/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CUnit glue: a table of tests in, failures and one countable line out.
 *
 * Responsible for: running the table, "N passed, N failed, N skipped" (by test functions) as the
 * last line, exit status 1 on failure. A test that cannot run here calls ASA_SKIP("why") and
 * returns: skips are loud and counted.
 *
 * Use: end main() with  return asa_cunit_main("suite", tests);  the table ends with an empty row.
 */
#ifndef TESTS_CUNIT_H
#define TESTS_CUNIT_H

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>
#include <stdbool.h>
#include <stdio.h>

struct asa_cunit_test {
	const char *name;
	void (*fn)(void);
};

static bool asa_cunit_skipped __attribute__((unused));

#define ASA_SKIP(why)                             \
	do {                                      \
		printf("SKIP  %s\n", why);        \
		asa_cunit_skipped = true;         \
	} while (0)

static inline int asa_cunit_main(const char *suite, const struct asa_cunit_test *tests)
{
	unsigned int passed = 0, failed = 0, skipped = 0;
	CU_pSuite s;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	s = CU_add_suite(suite, NULL, NULL);
	for (; s && tests->fn; tests++) {
		CU_pTest t = CU_add_test(s, tests->name, tests->fn);

		asa_cunit_skipped = false;
		if (!t || CU_run_test(s, t) != CUE_SUCCESS || CU_get_number_of_failures()) {
			printf("FAIL  %s: %s\n", suite, tests->name);
			for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext)
				printf("      %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
			failed++;
		} else if (asa_cunit_skipped) {
			skipped++;
		} else {
			passed++;
		}
	}
	CU_cleanup_registry();
	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed ? 1 : 0;
}

#endif
