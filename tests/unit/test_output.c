// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/control/output.o */
/*
 * Command output: text and JSON behind one set of calls (SES-11 "--json", interface.md), hostile
 * strings, long outputs in steps. Documents are read back with json-c.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "asa/types.h"
#include "control/output.h"
#include "lib/cunit.h"

static char *take(struct output *o)
{
	const char *data;
	size_t len;
	char *text;

	output_finish(o);
	data = output_data(o, &len);
	text = strndup(data, len);
	output_free(o);
	return text;
}

/* The document as json-c understands it, NULL when it is none. */
static struct json_object *parse(struct output *o)
{
	char *text = take(o);
	struct json_object *j = json_tokener_parse(text);

	free(text);
	return j;
}

static void text_mode_hears_text_only(void)
{
	struct output *o = output_new(false);
	char *text;

	output_object_begin(o, "a");
	output_str(o, "key", "value");
	output_object_end(o);
	output_text(o, "%d in use, %d most used\n", 1, 3);
	text = take(o);
	CU_ASSERT_STRING_EQUAL(text, "1 in use, 3 most used\n");
	free(text);
}

static void json_mode_is_one_document(void)
{
	struct output *o = output_new(true);
	struct json_object *j, *list, *row;

	output_text(o, "not heard");
	output_u64(o, "big", UINT64_MAX);
	output_int(o, "negative", -5);
	output_bool(o, "yes", true);
	output_str(o, "nothing", NULL);
	output_list_begin(o, "list");
	for (int i = 0; i < 3; i++) {
		output_object_begin(o, NULL);
		output_int(o, "i", i);
		output_object_end(o);
	}
	output_list_end(o);
	output_strf(o, "hash", "0x%08x", 0xcb4257a3);
	j = parse(o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(j);
	CU_ASSERT_EQUAL(json_object_get_uint64(json_object_object_get(j, "big")), UINT64_MAX);
	CU_ASSERT_EQUAL(json_object_get_int(json_object_object_get(j, "negative")), -5);
	CU_ASSERT_TRUE(json_object_get_boolean(json_object_object_get(j, "yes")));
	CU_ASSERT_PTR_NULL(json_object_object_get(j, "nothing"));
	CU_ASSERT_STRING_EQUAL(json_object_get_string(json_object_object_get(j, "hash")),
			       "0xcb4257a3");
	list = json_object_object_get(j, "list");
	CU_ASSERT_EQUAL_FATAL(json_object_array_length(list), 3);
	row = json_object_array_get_idx(list, 2);
	CU_ASSERT_EQUAL(json_object_get_int(json_object_object_get(row, "i")), 2);
	json_object_put(j);
}

static void json_escapes_every_byte(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		/* in				out */
		{"plain", "plain"},
		{"quote\" back\\slash", "quote\" back\\slash"},
		{"line\nbreak\ttab\x01", "line\nbreak\ttab\x01"},
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
		{"bad\xff", "bad\xef\xbf\xbd"},
		{"overlong\xc0\xaf", "overlong\xef\xbf\xbd\xef\xbf\xbd"},
		{"overlong\xe0\x80\xaf", "overlong\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"surrogate\xed\xa0\x80", "surrogate\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"cut\xe2\x82", "cut\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf0\x9f\x98\x80 four", "\xf0\x9f\x98\x80 four"},
		{"high\xf4\x90\x80\x80", "high\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct output *o = output_new(true);
		struct json_object *j;

		output_str(o, rows[i].in, rows[i].in);
		j = parse(o);
		CU_ASSERT_PTR_NOT_NULL(j);
		if (!j)
			continue;
		json_object_object_foreach(j, key, value)
		{
			CU_ASSERT_STRING_EQUAL(key, rows[i].out);
			CU_ASSERT_STRING_EQUAL(json_object_get_string(value), rows[i].out);
		}
		json_object_put(j);
	}
}

static void lines_come_in_any_pieces(void)
{
	static const char text[] = "hostname asa\n!\naccess-list A remark \"x\"\nlast";

	for (size_t piece = 1; piece < sizeof(text); piece++) {
		struct output *o = output_new(true);
		struct json_object *j, *list;

		output_lines_begin(o, "lines");
		for (size_t at = 0; at < sizeof(text) - 1; at += piece)
			output_lines_put(o, text + at,
					 piece < sizeof(text) - 1 - at ? piece
								       : sizeof(text) - 1 - at);
		output_lines_end(o);
		j = parse(o);
		CU_ASSERT_PTR_NOT_NULL_FATAL(j);
		list = json_object_object_get(j, "lines");
		CU_ASSERT_EQUAL_FATAL(json_object_array_length(list), 4);
		CU_ASSERT_STRING_EQUAL(json_object_get_string(json_object_array_get_idx(list, 2)),
				       "access-list A remark \"x\"");
		CU_ASSERT_STRING_EQUAL(json_object_get_string(json_object_array_get_idx(list, 3)),
				       "last");
		json_object_put(j);
	}
}

static int freed;
static void state_free(void *state)
{
	freed++;
	free(state);
}

static bool count_step(struct output *o, void *state)
{
	int *n = state;

	output_int(o, NULL, *n);
	output_text(o, "%d\n", *n);
	return ++*n < 3;
}

static void deferred_steps_run_to_the_end(void)
{
	struct output *o = output_new(false);
	char *text;
	int steps = 0;

	freed = 0;
	output_defer(o, count_step, calloc(1, sizeof(int)), state_free);
	CU_ASSERT_TRUE(output_pending(o));
	for (; output_pending(o); steps++)
		output_step(o);
	CU_ASSERT_EQUAL(steps, 3);
	CU_ASSERT_EQUAL(freed, 1);
	text = take(o);
	CU_ASSERT_STRING_EQUAL(text, "0\n1\n2\n");
	free(text);
}

/* A client that goes away or interrupts: state is freed once, the document is closed. */
static void interruption_leaves_valid_json(void)
{
	struct output *o = output_new(true);
	struct json_object *j;

	freed = 0;
	output_object_begin(o, "deep");
	output_list_begin(o, "list");
	output_defer(o, count_step, calloc(1, sizeof(int)), state_free);
	output_step(o);
	j = parse(o);
	CU_ASSERT_PTR_NOT_NULL(j);
	CU_ASSERT_EQUAL(freed, 1);
	json_object_put(j);
}

static void consumed_bytes_do_not_come_again(void)
{
	struct output *o = output_new(false);
	const char *data;
	size_t len;

	for (int i = 0; i < 5000; i++) {
		output_text(o, "%04d", i);
		data = output_data(o, &len);
		if (i % 3 == 0) {
			CU_ASSERT_FATAL(len >= 4);
			output_consume(o, 4);
		}
	}
	data = output_data(o, &len);
	CU_ASSERT_EQUAL(len, 4 * (5000 - 1667));
	CU_ASSERT_EQUAL(memcmp(data, "1667", 4), 0);
	CU_ASSERT_FALSE(output_failed(o));
	output_free(o);
}

static void nesting_is_bounded(void)
{
	struct output *o = output_new(true);

	for (int i = 0; i < 100; i++)
		output_list_begin(o, "x");
	CU_ASSERT_TRUE(output_failed(o));
	for (int i = 0; i < 200; i++)
		output_list_end(o);
	output_finish(o);
	output_free(o);
}

static void addresses_and_times(void)
{
	struct asa_addr v4, v6 = {.b = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	char buf[64];

	asa_addr_set_v4(&v4, asa_htonl(0xc0000201));
	CU_ASSERT_STRING_EQUAL(output_format_addr(&v4, buf, sizeof(buf)), "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(output_format_addr(&v6, buf, sizeof(buf)), "2001:db8::1");
	CU_ASSERT_STRING_EQUAL(output_format_time(70, buf, sizeof(buf)), "0:01:10");
	CU_ASSERT_STRING_EQUAL(output_format_time(1193 * 3600, buf, sizeof(buf)), "1193:00:00");
}

static const struct asa_cunit_test tests[] = {
	{"text_mode_hears_text_only", text_mode_hears_text_only},
	{"json_mode_is_one_document_ses_11", json_mode_is_one_document},
	{"json_escapes_every_byte", json_escapes_every_byte},
	{"lines_come_in_any_pieces", lines_come_in_any_pieces},
	{"deferred_steps_run_to_the_end", deferred_steps_run_to_the_end},
	{"interruption_leaves_valid_json", interruption_leaves_valid_json},
	{"consumed_bytes_do_not_come_again", consumed_bytes_do_not_come_again},
	{"nesting_is_bounded", nesting_is_bounded},
	{"addresses_and_times", addresses_and_times},
	{NULL, NULL},
};

int main(void)
{
	return asa_cunit_main("output", tests);
}
