// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/services/syslog_ids.o */
/*
 * The manual says what the programs do: every drop reason, punt cause, counter and message id is
 * in its page with the number that the compiler gave it, and the pages that are made from the
 * sources are not older than these (interface.md: asa-maps(7) is a stable interface).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asa/drop.h"
#include "asa/punt.h"
#include "asa/stats.h"
#include "lib/cunit.h"
#include "services/syslog.h"

static char *page(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, 1 << 20);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_TRUE(fread(text, 1, (1 << 20) - 1, f) > 1000);
	fclose(f);
	return text;
}

/* Is there a row with this number, symbol and keyword? */
static void expect_row(const char *text, int number, const char *symbol, const char *keyword)
{
	char row[256];
	int n = snprintf(row, sizeof(row), ".It \"%d\" Ta \"%s\" Ta \"", number, symbol);

	for (const char *k = keyword; *k; k++)
		n += snprintf(row + n, sizeof(row) - (size_t)n, *k == '-' ? "\\-" : "%c", *k);
	snprintf(row + n, sizeof(row) - (size_t)n, "\"\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, row));
	if (!strstr(text, row))
		printf("      doc/asa-maps.7 has no row %s", row);
}

static void maps_page_has_every_row(void)
{
	char *text = page("doc/asa-maps.7");

#define ROW5(sym, kw, kind, stage, sentence) expect_row(text, sym, #sym, kw);
#define ROW3(sym, kw, sentence) expect_row(text, sym, #sym, kw);
	ASA_DROP_LIST(ROW5)
	ASA_PUNT_LIST(ROW3)
	ASA_STAT_LIST(ROW3)
	free(text);
}

static void messages_page_has_every_id(void)
{
	char *text = page("doc/asa-messages.7"), row[64];
	const char *form;
	uint32_t id;
	int severity;

	for (size_t i = 0; syslog_message_at(i, &id, &severity, &form); i++) {
		snprintf(row, sizeof(row), ".It %06u, severity %d (", id, severity);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, row));
	}
	free(text);
}

static void made_pages_are_up_to_date(void)
{
	if (system("test -x /usr/bin/python3") != 0) {
		ASA_SKIP("python3 is not installed");
		return;
	}
	CU_ASSERT_EQUAL(system("scripts/gen-manual.py --check"), 0);
}

static const struct asa_cunit_test tests[] = {
	{ "maps_page_has_every_row_obs_2", maps_page_has_every_row },
	{ "messages_page_has_every_id_obs_3", messages_page_has_every_id },
	{ "made_pages_are_up_to_date", made_pages_are_up_to_date },
	{ NULL, NULL },
};

int main(void)
{
	return asa_cunit_main("manual", tests);
}
