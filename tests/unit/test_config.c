// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/config/%.o daemon/inspect/regex.o daemon/policy/model%.o */
/*
 * The configuration language as the daemon uses it: what reaches apply() and when, what stays
 * after a refusal, files, rollback, registered commands.
 * The words themselves are tested by the in/ok files of tests/config.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cunit.h"

#include "config/config.h"
#include "config/grammar.h"
#include "config/value.h"
#include "policy/policy.h"

/*
 * A daemon that counts and refuses: any model with a host name that begins with "bad", and one
 * without translation rules whose host name is "keepnat".
 */
struct daemon_double {
	struct config *c;
	int applied, checked;
	char hostname[MODEL_NAME_MAX];
	const char *warning;
};

static int refuse_bad(const struct model *m, struct policy_error *e)
{
	if (strncmp(m->hostname, "bad", 3) && (strcmp(m->hostname, "keepnat") || m->nats.n))
		return 0;
	snprintf(e->text, sizeof(e->text), "the host name %s is refused", m->hostname);
	return -EINVAL;
}

static int apply(void *arg, const struct model *m, struct policy_error *e)
{
	struct daemon_double *d = arg;

	if (refuse_bad(m, e))
		return -EINVAL;
	d->applied++;
	snprintf(d->hostname, sizeof(d->hostname), "%s", m->hostname);
	if (d->warning)
		config_warn(d->c, d->warning);
	return 0;
}

static int check(void *arg, const struct model *m, struct policy_error *e)
{
	((struct daemon_double *)arg)->checked++;
	return refuse_bad(m, e);
}

struct fixture {
	struct daemon_double d;
	struct config_session *s;
	struct config_result r;
};

static void setup_with(struct fixture *f, bool with_check)
{
	struct config_ops ops = { apply, with_check ? check : NULL, &f->d };

	memset(f, 0, sizeof(*f));
	f->d.c = config_new(&ops);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->d.c);
	f->s = config_session_new(f->d.c, CONFIG_MODE_GLOBAL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->s);
	config_result_init(&f->r);
}

static void setup(struct fixture *f)
{
	setup_with(f, true);
}

static void teardown(struct fixture *f)
{
	config_result_fini(&f->r);
	config_session_free(f->s);
	config_free(f->d.c);
}

static enum config_status line(struct fixture *f, const char *text)
{
	config_result_fini(&f->r);
	return config_line(f->s, text, NULL, &f->r);
}

static enum config_status text(struct fixture *f, const char *t, unsigned int flags)
{
	config_result_fini(&f->r);
	return config_text(f->s, t, flags, NULL, &f->r);
}

static const char *hostname(struct fixture *f)
{
	return config_model(f->d.c)->hostname;
}

/* ------------------------------------------------------------------ CFG-1 */

static void cfg_1_line_is_applied_at_once(void)
{
	struct fixture f;

	setup(&f);
	CU_ASSERT_EQUAL(line(&f, "hostname one"), CONFIG_OK);
	CU_ASSERT_EQUAL(f.d.applied, 1);
	CU_ASSERT_STRING_EQUAL(f.d.hostname, "one");
	/* A question changes nothing and applies nothing. */
	CU_ASSERT_EQUAL(line(&f, "! comment"), CONFIG_OK);
	CU_ASSERT_EQUAL(line(&f, ""), CONFIG_OK);
	CU_ASSERT_EQUAL(f.d.applied, 1);
	teardown(&f);
}

static void cfg_1_refused_line_changes_nothing(void)
{
	struct fixture f;
	char prompt[64];

	setup(&f);
	line(&f, "hostname one");
	CU_ASSERT_EQUAL(line(&f, "hostname bad1"), CONFIG_REFUSED);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.r.error, "the host name bad1 is refused"));
	CU_ASSERT_STRING_EQUAL(hostname(&f), "one");
	config_prompt(f.s, prompt, sizeof(prompt));
	CU_ASSERT_STRING_EQUAL(prompt, "one(config)# ");
	teardown(&f);
}

static void cfg_1_text_is_one_change(void)
{
	struct fixture f;

	setup(&f);
	CU_ASSERT_EQUAL(text(&f, "hostname bad\nhostname good\nfail-mode open\n", 0), CONFIG_OK);
	CU_ASSERT_EQUAL(f.d.applied, 1);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "good");
	teardown(&f);
}

static void cfg_1_text_stops_at_the_first_bad_line(void)
{
	struct fixture f;

	setup(&f);
	CU_ASSERT_EQUAL(text(&f, "hostname one\n!\n  frobnicate\nhostname two\n", 0), CONFIG_SYNTAX);
	CU_ASSERT_EQUAL(f.r.line, 3);
	CU_ASSERT_EQUAL(f.r.column, 3);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "one");
	CU_ASSERT_EQUAL(f.d.applied, 1);
	teardown(&f);
}

static void cfg_1_all_or_nothing(void)
{
	struct fixture f;

	setup(&f);
	line(&f, "hostname before");
	CU_ASSERT_EQUAL(text(&f, "hostname one\nfrobnicate\n", CONFIG_TEXT_ATOMIC), CONFIG_SYNTAX);
	CU_ASSERT_EQUAL(f.r.line, 2);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "before");
	CU_ASSERT_EQUAL(f.d.applied, 1);
	/* The same when the daemon is the one that refuses, and the line is found. */
	CU_ASSERT_EQUAL(text(&f, "fail-mode open\nfragment chain 3\nhostname bad\nfragment size 9\n",
			     CONFIG_TEXT_ATOMIC), CONFIG_REFUSED);
	CU_ASSERT_EQUAL(f.r.line, 3);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "before");
	CU_ASSERT_FALSE(config_model(f.d.c)->fail_open);
	teardown(&f);
}

static void cfg_1_line_refused_by_the_daemon_is_named(void)
{
	struct fixture f;

	for (int with_check = 0; with_check < 2; with_check++) {
		setup_with(&f, with_check);
		CU_ASSERT_EQUAL(text(&f, "fail-mode open\n\nfragment chain 3\nhostname bad\n"
					 "fragment size 9\nfragment timeout 3\n", 0), CONFIG_REFUSED);
		CU_ASSERT_EQUAL(f.r.line, 4);
		CU_ASSERT_PTR_NOT_NULL(strstr(f.r.error, "is refused"));
		/* What stands before it stays applied, what comes after it was never done. */
		CU_ASSERT_TRUE(config_model(f.d.c)->fail_open);
		CU_ASSERT_EQUAL(config_model(f.d.c)->fragment_chain, 3);
		CU_ASSERT_EQUAL(config_model(f.d.c)->fragment_size, 200);
		CU_ASSERT_STRING_EQUAL(hostname(&f), "asa");
		teardown(&f);
	}
}

static void cfg_1_half_done_command_leaves_no_trace_in_a_text(void)
{
	struct fixture f;
	const char *t = "object network o\n host 10.0.0.1\n"
			"access-list A permit ip object o any\n"
			"no object network o\n";

	setup(&f);
	CU_ASSERT_EQUAL(text(&f, t, 0), CONFIG_REFUSED);
	CU_ASSERT_EQUAL(f.r.line, 4);
	CU_ASSERT_PTR_NOT_NULL(model_object_find(config_model(f.d.c), "o", false));
	CU_ASSERT_PTR_NOT_NULL(model_acl_find(config_model(f.d.c), "A"));
	teardown(&f);
}

static void cfg_1_start_up_leaves_bad_lines_out(void)
{
	struct fixture f;

	setup(&f);
	CU_ASSERT_EQUAL(text(&f, "hostname one\nfrobnicate\nfail-mode open\nhostname bad\n"
				 "fragment chain 3\n",
			     CONFIG_TEXT_REPLACE | CONFIG_TEXT_SKIP_BAD), CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "one");
	CU_ASSERT_EQUAL(config_model(f.d.c)->fragment_chain, 3);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f.r.warnings);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.r.warnings, "line 2 ignored"));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.r.warnings, "line 4 ignored"));
	teardown(&f);
}

/* A line left out takes those along that made sense only with it, without a trace of them. */
static void cfg_1_start_up_leaves_out_what_depends_on_a_bad_line(void)
{
	struct fixture f;

	setup(&f);
	CU_ASSERT_EQUAL(text(&f, "access-list A permit ip any any\nnat (inside) 0 access-list A\n"
				 "hostname keepnat\nno nat (inside) 0 access-list A\n"
				 "no access-list A\nfail-mode open\n",
			     CONFIG_TEXT_REPLACE | CONFIG_TEXT_SKIP_BAD), CONFIG_OK);
	CU_ASSERT_EQUAL(config_model(f.d.c)->nats.n, 1);
	CU_ASSERT_PTR_NOT_NULL(model_acl_find(config_model(f.d.c), "A"));
	CU_ASSERT_TRUE(config_model(f.d.c)->fail_open);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f.r.warnings);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.r.warnings, "line 4 ignored"));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.r.warnings, "line 5 ignored"));
	teardown(&f);
}

/* ------------------------------------------------------------------ CFG-2 */

static void cfg_2_check_changes_nothing(void)
{
	struct fixture f;

	setup(&f);
	CU_ASSERT_EQUAL(text(&f, "hostname one\n", CONFIG_TEXT_CHECK), CONFIG_OK);
	CU_ASSERT_EQUAL(text(&f, "hostname bad\n", CONFIG_TEXT_CHECK), CONFIG_REFUSED);
	CU_ASSERT_EQUAL(f.r.line, 1);
	CU_ASSERT_EQUAL(text(&f, "nonsense\n", CONFIG_TEXT_CHECK), CONFIG_SYNTAX);
	CU_ASSERT_EQUAL(f.d.applied, 0);
	CU_ASSERT_TRUE(f.d.checked >= 2);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "asa");
	teardown(&f);
}

static void cfg_2_replace_is_one_change(void)
{
	struct fixture f;

	setup(&f);
	line(&f, "hostname one");
	line(&f, "fail-mode open");
	CU_ASSERT_EQUAL(text(&f, "hostname two\n", CONFIG_TEXT_REPLACE), CONFIG_OK);
	CU_ASSERT_EQUAL(f.d.applied, 3);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "two");
	CU_ASSERT_FALSE(config_model(f.d.c)->fail_open);
	/* A bad file replaces nothing. */
	CU_ASSERT_EQUAL(text(&f, "hostname three\nnonsense\n", CONFIG_TEXT_REPLACE), CONFIG_SYNTAX);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "two");
	/* An empty one is a configuration too. */
	CU_ASSERT_EQUAL(text(&f, "", CONFIG_TEXT_REPLACE), CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "asa");
	teardown(&f);
}

static void cfg_2_rollback_goes_back_step_by_step(void)
{
	struct fixture f;
	char buf[32];

	setup(&f);
	for (int i = 0; i < 12; i++) {
		snprintf(buf, sizeof(buf), "hostname h%d", i);
		line(&f, buf);
	}
	CU_ASSERT_EQUAL(config_rollback(f.d.c, 1, &f.r), 0);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "h10");
	CU_ASSERT_STRING_EQUAL(f.d.hostname, "h10");
	CU_ASSERT_EQUAL(config_rollback(f.d.c, 3, &f.r), 0);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "h7");
	CU_ASSERT_EQUAL(config_rollback(f.d.c, 99, &f.r), -ENOENT);
	CU_ASSERT_EQUAL(f.r.status, CONFIG_REFUSED);
	CU_ASSERT_STRING_EQUAL(hostname(&f), "h7");
	teardown(&f);
}

/* "configure replace FILE confirm-in M": what is not confirmed in time goes. */
static void cfg_2_a_change_on_trial_goes_unless_confirmed(void)
{
	struct fixture f;

	setup(&f);
	line(&f, "hostname good");
	CU_ASSERT_EQUAL(config_confirm(f.d.c), -ENOENT);
	CU_ASSERT_EQUAL(config_trial(f.d.c, 100), 0);
	CU_ASSERT_EQUAL(text(&f, "hostname locked-out\n", CONFIG_TEXT_REPLACE), CONFIG_OK);
	CU_ASSERT_FALSE(config_tick(f.d.c, 99, &f.r));
	CU_ASSERT_STRING_EQUAL(f.d.hostname, "locked-out");
	CU_ASSERT_TRUE(config_tick(f.d.c, 100, &f.r));
	CU_ASSERT_STRING_EQUAL(hostname(&f), "good");
	CU_ASSERT_STRING_EQUAL(f.d.hostname, "good");
	CU_ASSERT_FALSE(config_tick(f.d.c, 1000, &f.r));
	CU_ASSERT_EQUAL(config_confirm(f.d.c), -ENOENT);
	/* two in a row: back to what was there before the first */
	CU_ASSERT_EQUAL(config_trial(f.d.c, 100), 0);
	line(&f, "hostname first");
	CU_ASSERT_EQUAL(config_trial(f.d.c, 200), 0);
	line(&f, "hostname second");
	CU_ASSERT_FALSE(config_tick(f.d.c, 150, &f.r));
	CU_ASSERT_TRUE(config_tick(f.d.c, 200, &f.r));
	CU_ASSERT_STRING_EQUAL(hostname(&f), "good");
	/* confirmed: it stays */
	CU_ASSERT_EQUAL(config_trial(f.d.c, 100), 0);
	line(&f, "hostname better");
	CU_ASSERT_EQUAL(config_confirm(f.d.c), 0);
	CU_ASSERT_FALSE(config_tick(f.d.c, 1000, &f.r));
	CU_ASSERT_STRING_EQUAL(hostname(&f), "better");
	teardown(&f);
}

static void cfg_2_file_written_and_read_back(void)
{
	char path[] = "/tmp/test_config.XXXXXX";
	struct fixture f, g;
	char *x, *y;
	int fd = mkstemp(path);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	close(fd);
	setup(&f);
	setup(&g);
	text(&f, "hostname one\ninterface eth0\n nameif inside\n ip address 10.0.0.1 255.0.0.0\n", 0);
	CU_ASSERT_EQUAL(config_write(f.d.c, path, &f.r), 0);
	CU_ASSERT_EQUAL(config_load(g.d.c, path, 0, &g.r), 0);
	x = config_running_text(config_model(f.d.c), NULL, false, NULL);
	y = config_running_text(config_model(g.d.c), NULL, false, NULL);
	CU_ASSERT_STRING_EQUAL(x, y);
	free(x);
	free(y);
	CU_ASSERT_EQUAL(config_load(g.d.c, "/nonexistent/file", 0, &g.r), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(g.r.error, "/nonexistent/file"));
	CU_ASSERT_EQUAL(config_write(f.d.c, "/nonexistent/file", &f.r), -ENOENT);
	CU_ASSERT_TRUE(config_load(g.d.c, "/tmp", 0, &g.r) < 0);
	unlink(path);
	teardown(&f);
	teardown(&g);
}

/* ------------------------------------------------------------------ CFG-3, CFG-4 */

/* "show running-config SECTION": what each prints; abbreviated where one section is meant. */
static void cfg_2_sections_print_their_lines_only(void)
{
	static const struct {
		const char *section, *text; /* NULL: there is no such section */
	} rows[] = {
		{ "hostname", "hostname fw\n" },
		{ "http", "http server enable 8443\nhttp 10.0.0.0 255.0.0.0 inside\n" },
		{ "ssh", "ssh 10.1.0.0 255.255.0.0 inside\n" },
		{ "telnet", "" },
		{ "icmp", "icmp permit any inside\n" },
		{ "global", "global (outside) 1 192.0.2.9\n" },
		{ "static", "static (inside,outside) 192.0.2.8 10.1.1.8 netmask 255.255.255.255\n" },
		{ "nat", "nat (inside) 1 10.1.1.0 255.255.255.0\n" },
		{ "stat", "static (inside,outside) 192.0.2.8 10.1.1.8 netmask 255.255.255.255\n" },
		{ "access-l", "access-list A extended permit ip any any\n" },
		{ "access-list B", "" },
		{ "access", NULL },
		{ "est", "established tcp 1 permitto tcp 2\n" },
		{ "dns", "dns server-group DefaultDNS\n name-server 192.0.2.53\n" },
		{ "route", "" },
		{ "nonsense", NULL },
	};
	struct fixture f;

	setup(&f);
	CU_ASSERT_EQUAL(config_text(f.s,
				    "hostname fw\nhttp server enable 8443\nhttp 10.0.0.0 255.0.0.0 inside\n"
				    "ssh 10.1.0.0 255.255.0.0 inside\nicmp permit any inside\n"
				    "global (outside) 1 192.0.2.9\nnat (inside) 1 10.1.1.0 255.255.255.0\n"
				    "static (inside,outside) 192.0.2.8 10.1.1.8 netmask 255.255.255.255\n"
				    "access-list A permit ip any any\n"
				    "established tcp 1 permitto tcp 2\ndns name-server 192.0.2.53\n",
				    0, NULL, &f.r),
			CONFIG_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *got = config_running_text(config_model(f.d.c), rows[i].section, false, NULL);

		CU_ASSERT_EQUAL(!got, !rows[i].text);
		if (got && rows[i].text)
			CU_ASSERT_STRING_EQUAL(got, rows[i].text);
		if (!got != !rows[i].text || (got && strcmp(got, rows[i].text)))
			printf("      section %s\n", rows[i].section);
		free(got);
	}
	/* cleared one by one, nothing of the others goes along */
	CU_ASSERT_EQUAL(config_text(f.s, "clear configure http\nclear configure global\n", 0, NULL, &f.r),
			CONFIG_OK);
	CU_ASSERT_EQUAL(config_model(f.d.c)->http_port, 0);
	CU_ASSERT_EQUAL(config_model(f.d.c)->mgmt.n, 2);
	CU_ASSERT_EQUAL(config_model(f.d.c)->nats.n, 2);
	teardown(&f);
}

static void cfg_3_column_counts_the_prompt_too(void)
{
	struct fixture f;

	setup(&f);
	CU_ASSERT_EQUAL(line(&f, "ASA1(config)#access-list A extended permit tcp any nobody"),
			CONFIG_SYNTAX);
	CU_ASSERT_EQUAL(f.r.column, 52);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.r.error, "\n                                      ^\n"
						 "ERROR: % Invalid input detected at '^' marker."));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.r.error, "any4"));
	CU_ASSERT_EQUAL(f.d.applied, 0);
	teardown(&f);
}

static void cfg_3_warning_of_the_daemon_is_shown_once(void)
{
	struct fixture f;

	setup(&f);
	f.d.warning = "class c asks for bypass and inspection";
	line(&f, "hostname one");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f.r.warnings);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.r.warnings, "WARNING: class c asks for bypass"));
	line(&f, "hostname two");
	CU_ASSERT_PTR_NULL(f.r.warnings);
	f.d.warning = NULL;
	line(&f, "hostname three");
	f.d.warning = "class c asks for bypass and inspection";
	line(&f, "hostname four");
	CU_ASSERT_PTR_NOT_NULL(f.r.warnings);
	teardown(&f);
}

static int do_registered(void *ctx, struct cmd_args *a, void *out)
{
	int *calls = ctx;

	(*calls)++;
	CU_ASSERT_STRING_EQUAL(cmd_get(a, "NAME"), "eth0");
	CU_ASSERT_PTR_NULL(cmd_get(a, "OTHER"));
	CU_ASSERT_TRUE(cmd_has(a, "detail"));
	CU_ASSERT_FALSE(cmd_has(a, "brief"));
	CU_ASSERT_EQUAL(cmd_u32(a, "COUNT", 7), 3);
	CU_ASSERT_EQUAL(cmd_u32(a, "MISSING", 7), 7);
	CU_ASSERT_PTR_EQUAL(out, calls);
	return 0;
}

static void cfg_4_registered_commands_share_the_grammar(void)
{
	static const struct config_command rows[] = {
		{ CONFIG_IN_EXEC, "show thing <NAME:name> [{detail | brief}] [count <COUNT:n:1-9>]", NULL,
		  "Show", do_registered },
	};
	static const struct config_command bad[] = {
		{ CONFIG_IN_EXEC, "show {thing", NULL, "Show", do_registered },
	};
	struct fixture f;
	int calls = 0;

	setup(&f);
	CU_ASSERT_EQUAL_FATAL(config_register(f.d.c, rows, 1, &calls), 0);
	config_result_fini(&f.r);
	/* From within configuration, abbreviated, without leaving the mode. */
	CU_ASSERT_EQUAL(line(&f, "policy-map p"), CONFIG_OK);
	CU_ASSERT_EQUAL(config_line(f.s, "sh th eth0 det cou 3", &calls, &f.r), CONFIG_OK);
	CU_ASSERT_EQUAL(calls, 1);
	CU_ASSERT_EQUAL(config_session_mode(f.s), CONFIG_MODE_POLICY_MAP);
	CU_ASSERT_EQUAL(line(&f, "show thing eth0 count 10"), CONFIG_SYNTAX);
	CU_ASSERT_EQUAL(f.r.column, 23);
	CU_ASSERT_EQUAL(calls, 1);
	/* Not part of texts that are all or nothing; the lines before it are in force elsewhere. */
	CU_ASSERT_EQUAL(text(&f, "hostname x\nshow thing eth0\n", CONFIG_TEXT_ATOMIC), CONFIG_OK);
	CU_ASSERT_EQUAL(calls, 1);
	fflush(stdout);
	CU_ASSERT_EQUAL(config_register(f.d.c, bad, 1, NULL), -EINVAL);
	teardown(&f);
}

static void cfg_4_pipe_is_found_in_show_commands_only(void)
{
	const char *show = "sh run | inc x", *plain = "banner motd a | b";

	CU_ASSERT_PTR_EQUAL(config_pipe(show), show + 7);
	CU_ASSERT_PTR_NULL(config_pipe(plain));
	CU_ASSERT_PTR_NULL(config_pipe("show run"));
	CU_ASSERT_STRING_EQUAL(config_pipe("asa# show conn | count b"), "| count b");
}

static void cfg_4_help_words_are_sorted_and_values_have_names(void)
{
	uint16_t port;

	for (size_t i = 1; i < grammar_n_word_helps; i++)
		CU_ASSERT_TRUE(strcmp(grammar_word_helps[i - 1].word, grammar_word_helps[i].word) < 0);
	/* ACL-1: every literal is read back as the number that prints it. */
	for (const char *kind = "tu"; *kind; kind++) {
		const char *name;
		char buf[VALUE_TEXT_MAX];
		int proto = *kind == 't' ? 6 : 17;

		for (size_t i = 0; (name = value_name_at(*kind, i)); i++) {
			uint16_t again;

			CU_ASSERT_EQUAL(value_port(name, proto, &port), 0);
			CU_ASSERT_EQUAL(value_port(value_port_text(port, proto, buf), proto, &again), 0);
			CU_ASSERT_EQUAL(port, again);
		}
	}
}

/* ------------------------------------------------------------------ values */

static void ses_1_values_are_bounded(void)
{
	static const char *const bad_masks[] = { "255.0.255.0", "0.0.0.255", "255.255.255", "", "x" };
	static const char *const bad_times[] = { "", "1", "1:2:3:4", "1:60", "0:0:60", "10000:0:0",
						 "99999:0:0", "1:", ":1", "-1:0:0", "1:2:x" };
	static const char *const bad_numbers[] = { "", "-1", "+1", "1x", "4294967296", "99999999999" };
	uint32_t v = 77;
	uint8_t plen = 77;
	struct asa_addr a;

	for (size_t i = 0; i < sizeof(bad_masks) / sizeof(*bad_masks); i++)
		CU_ASSERT_NOT_EQUAL(value_mask(bad_masks[i], &plen), 0);
	for (size_t i = 0; i < sizeof(bad_times) / sizeof(*bad_times); i++)
		CU_ASSERT_NOT_EQUAL(value_time(bad_times[i], &v), 0);
	for (size_t i = 0; i < sizeof(bad_numbers) / sizeof(*bad_numbers); i++)
		CU_ASSERT_NOT_EQUAL(value_u32(bad_numbers[i], 0, UINT32_MAX, &v), 0);
	CU_ASSERT_EQUAL(v, 77);
	CU_ASSERT_EQUAL(plen, 77);
	CU_ASSERT_EQUAL(value_mask("0.0.0.0", &plen), 0);
	CU_ASSERT_EQUAL(plen, 0);
	CU_ASSERT_EQUAL(value_mask("255.255.255.255", &plen), 0);
	CU_ASSERT_EQUAL(plen, 32);
	CU_ASSERT_EQUAL(value_time("1193:0:0", &v), 0);
	CU_ASSERT_EQUAL(v, 1193 * 3600);
	CU_ASSERT_EQUAL(value_u32("4294967295", 0, UINT32_MAX, &v), 0);
	CU_ASSERT_NOT_EQUAL(value_ip6("::ffff:192.0.2.1", &a), 0);
	CU_ASSERT_NOT_EQUAL(value_prefix("2001:db8::/129", true, &a, &plen), 0);
}

static const struct asa_cunit_test tests[] = {
	{ "CFG-1 a line is applied at once", cfg_1_line_is_applied_at_once },
	{ "CFG-1 a refused line changes nothing", cfg_1_refused_line_changes_nothing },
	{ "CFG-1 a text is one change", cfg_1_text_is_one_change },
	{ "CFG-1 a text stops at its first bad line", cfg_1_text_stops_at_the_first_bad_line },
	{ "CFG-1 all or nothing", cfg_1_all_or_nothing },
	{ "CFG-1 the line that the daemon refuses is named", cfg_1_line_refused_by_the_daemon_is_named },
	{ "CFG-1 a command half done leaves no trace", cfg_1_half_done_command_leaves_no_trace_in_a_text },
	{ "CFG-1 start-up leaves bad lines out", cfg_1_start_up_leaves_bad_lines_out },
	{ "CFG-1 start-up leaves out what depends on a bad line",
	  cfg_1_start_up_leaves_out_what_depends_on_a_bad_line },
	{ "CFG-2 check changes nothing", cfg_2_check_changes_nothing },
	{ "CFG-2 replace is one change", cfg_2_replace_is_one_change },
	{ "CFG-2 rollback", cfg_2_rollback_goes_back_step_by_step },
		{ "CFG-2 a change on trial goes unless confirmed",
		  cfg_2_a_change_on_trial_goes_unless_confirmed },
	{ "CFG-2 files", cfg_2_file_written_and_read_back },
	{ "CFG-2 sections print their lines only", cfg_2_sections_print_their_lines_only },
	{ "CFG-2 sections print their lines only", cfg_2_sections_print_their_lines_only },
	{ "CFG-3 column", cfg_3_column_counts_the_prompt_too },
	{ "CFG-3 BYP-6 BYP-11 a warning is shown once", cfg_3_warning_of_the_daemon_is_shown_once },
	{ "CFG-4 registered commands", cfg_4_registered_commands_share_the_grammar },
	{ "CFG-4 output filter", cfg_4_pipe_is_found_in_show_commands_only },
	{ "CFG-4 ACL-1 names", cfg_4_help_words_are_sorted_and_values_have_names },
	{ "SES-1 values are bounded", ses_1_values_are_bounded },
	{ NULL, NULL },
};

int main(void)
{
	return asa_cunit_main("config", tests);
}
