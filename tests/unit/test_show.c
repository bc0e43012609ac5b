// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/control/show_conn.o daemon/control/show_xlate.o daemon/control/show_policy.o daemon/control/show_service.o daemon/inspect/regex.o
 * daemon/control/show_stats.o daemon/control/show_ip.o daemon/control/show_interface.o daemon/control/commands.o
 * daemon/control/show_system.o daemon/control/show_logging.o daemon/control/files.o
 * daemon/control/rates.o daemon/control/output.o daemon/policy/model%.o
 * daemon/services/syslog.o daemon/services/syslog_ids.o daemon/services/syslog_send.o
 * daemon/services/logbuf.o daemon/config/names.o daemon/config/value.o */
/*
 * Show and clear commands by table (SES-11, SES-13, BYP-12, BYP-14, ACL-2, NAT-2, OBS-2, OBS-7):
 * the state of the firewall is a few fixed rows, a command is called as the grammar would call it,
 * and its text is compared as a whole.
 */
#include <json-c/json.h>

#include "show_world.h"

/* ------------------------------------------------------------------ calling commands */

static struct asa asa = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char *run_mode(const char *syntax, bool json)
{
	struct cmd_args args = {0};
	struct output *o = output_new(json);
	const char *data;
	char *text;
	size_t len, i;
	int ret;

	if (!n_registered) {
		make_views();
		the_model = model_new();
		state.rates = rates_new();
		asa.syslog = syslog_new(64);
		asa.policy = (void *)&asa; /* never looked into */
		asa.opt.config_path = "/nonexistent";
		asa.opt.pin_dir = "/sys/fs/bpf/asa";
		CU_ASSERT_EQUAL(control_register(&asa, NULL), 0);
	}
	error[0] = 0;
	for (i = 0; i < n_registered; i++)
		if (strncmp(registered[i]->syntax, syntax, strlen(syntax)) == 0 &&
		    strchr(" ", registered[i]->syntax[strlen(syntax)]) &&
		    strcmp(registered[i]->syntax + strlen(syntax), " pool")) /* not "show nat pool" */
			break;
	CU_ASSERT_FATAL(i < n_registered);
	ret = registered[i]->handler(registered_ctx, &args, o);
	CU_ASSERT_EQUAL(ret != 0, error[0] != 0);
	while (output_pending(o))
		output_step(o);
	output_finish(o);
	data = output_data(o, &len);
	text = strndup(data, len);
	output_free(o);
	return text;
}

static void expect(const char *syntax, const char *words, const void *args, const char *text)
{
	char *got;

	keywords = words;
	given = args;
	got = run_mode(syntax, false);
	CU_ASSERT_STRING_EQUAL(got, text);
	if (strcmp(got, text))
		printf("--- %s: got\n%s--- expected\n%s---\n", syntax, got, text);
	free(got);
}

static struct json_object *json(const char *syntax)
{
	char *text;
	struct json_object *j;

	keywords = NULL;
	given = NULL;
	text = run_mode(syntax, true);
	j = json_tokener_parse(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(j);
	free(text);
	return j;
}

#define ARGS(...)                                                                                  \
	(const void *)(const char *const[])                                                        \
	{                                                                                          \
		__VA_ARGS__, NULL, NULL                                                            \
	}

/* SES-11, BYP-12: first line, lower security first, mapped in parentheses, IPv6 likewise. */
static void show_conn_forms(void)
{
	expect("show conn", NULL, NULL,
	       "54 in use, 123 most used\n"
	       "TCP outside 172.16.1.1:21 inside 10.1.1.1:49525, idle 0:01:10, bytes 230, flags b\n"
	       "TCP outside 2001:db8:2::9:40000 inside 2001:db8:1::80(2001:db8:2::80):80, idle "
	       "0:00:00, bytes 1000, flags UIOB\n"
	       "UDP out 10.10.49.10:31649 in 10.1.1.15(192.0.2.15):1028, idle 0:00:14, bytes 0, "
	       "flags -\n");
	expect("show conn", " count ", NULL, "54 in use, 123 most used\n");
}

/* SES-11: "state": any of the list; flags are looked at in the list itself. */
static void show_conn_states(void)
{
	static const struct {
		const char *states;
		int rows;
	} rows[] = {
		/* states		connections that are shown */
		{"data_in", 1},	     {"conn_inbound,tcp_state_bypass", 2},
		{"data_out,up", 3},  {"h323,sip", 0},
		{"finin,finout", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *got;
		int n = -1; /* the first line has the counts */

		keywords = NULL;
		given = ARGS("STATE", rows[i].states);
		got = run_mode("show conn", false);
		for (const char *c = got; *c; c++)
			n += *c == '\n';
		CU_ASSERT_EQUAL(n, rows[i].rows);
		CU_ASSERT_STRING_EQUAL(error, "");
		free(got);
	}
	given = ARGS("STATE", "data_in");
	free(run_mode("clear conn", false));
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "cannot be chosen by the state data_in"));
}

/* BYP-14: driver and daemon packets of a connection. */
static void show_conn_detail_and_long(void)
{
	char *got;

	keywords = " detail ";
	given = NULL;
	got = run_mode("show conn", false);
	CU_ASSERT_PTR_NOT_NULL(strstr(
		got, "TCP outside:172.16.1.1/21 inside:10.1.1.1/49525,\n"
		     "    flags b, idle 1m10s, uptime 3m20s, timeout 2m0s, bytes 230, conn id 41"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "driver packets 5 (forward 3, reverse 2), daemon "
					   "packets 1 (forward 1, reverse 0)\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "inside:2001:db8:1::80/80,(2001:db8:2::80/8080),\n"));
	free(got);
	keywords = " long ";
	got = run_mode("show conn", false);
	CU_ASSERT_PTR_NOT_NULL(strstr(got,
				      "TCP outside: 2001:db8:2::9/40000 (2001:db8:2::9/40000) "
				      "inside: 2001:db8:1::80/80 (2001:db8:2::80/8080), flags UIOB "
				      ", idle 0s, uptime 1h1m, timeout 1h0m, bytes 1000\n"
				      "  Initiator: 2001:db8:2::9, Responder: 2001:db8:1::80\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "uptime 1d1h, timeout -"));
	free(got);
}

static void show_conn_json(void)
{
	struct json_object *j = json("show conn"), *list, *row;

	CU_ASSERT_EQUAL(json_object_get_int(json_object_object_get(j, "in_use")), 54);
	list = json_object_object_get(j, "connections");
	CU_ASSERT_EQUAL_FATAL(json_object_array_length(list), N_VIEWS);
	row = json_object_array_get_idx(list, 1);
	CU_ASSERT_STRING_EQUAL(json_object_get_string(json_object_object_get(row, "flags")),
			       "UIOB");
	row = json_object_object_get(row, "responder");
	CU_ASSERT_STRING_EQUAL(
		json_object_get_string(json_object_object_get(row, "mapped_address")),
		"2001:db8:2::80");
	json_object_put(j);
}

/* SES-11: filters reach the session table as ranges; bad ones are sentences. */
static void conn_filters(void)
{
	static const struct {
		const char *const args[7];
		const char *error; /* part of it; NULL: none */
	} rows[] = {
		/* filter							error */
		{{"ADDRESS", "10.1.1.1-10.1.1.9", "PORT", "80-443"}, NULL},
		{{"ADDRESS", "10.1.1.9-10.1.1.1"}, "ends before it begins"},
		{{"ADDRESS", "10.1.1.300"}, "not an address"},
		{{"ADDRESS", "10.1.1.1-"}, "not an address"},
		{{"PORT", "443-80"}, "ends before it begins"},
		{{"PORT", "70000"}, "not a port"},
		{{"PORT", "-"}, "not a port"},
		{{"PORT", "https"}, NULL},
		{{"PORT", "ftp-data"}, NULL},
		{{"MASK", "255.255.255.0"}, "needs an address"},
		{{"STATE", "up,finin"}, NULL},
		{{"STATE", "up,bogus"}, "is not a state"},
		{{"PROTOCOL", "udp"}, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		keywords = NULL;
		given = (const void *)rows[i].args;
		free(run_mode("show conn", false));
		if (rows[i].error)
			CU_ASSERT_PTR_NOT_NULL(strstr(error, rows[i].error));
		if (!rows[i].error)
			CU_ASSERT_STRING_EQUAL(error, "");
	}
	given = ARGS("ADDRESS", "10.1.1.0", "MASK", "255.255.255.0", "PORT", "80-443");
	free(run_mode("show conn", false));
	CU_ASSERT_TRUE(last_filter.has_addr && last_filter.has_mask && last_filter.has_port);
	CU_ASSERT_EQUAL(last_filter.port_lo, 80);
	CU_ASSERT_EQUAL(last_filter.port_hi, 443);
	CU_ASSERT_EQUAL(last_filter.mask.w[3], htonl(0xffffff00));
	CU_ASSERT_EQUAL(last_filter.mask.w[2], 0xffffffffu);
}

/* SES-13 */
static void clear_commands(void)
{
	expect("clear conn", NULL, NULL, "6 connection(s) deleted.\n");
	closed_slots = 0;
	expect("clear xlate", NULL, NULL, "0 xlate(s) deleted.\n");
	CU_ASSERT_EQUAL(closed_slots, 2); /* those that hold a translation */
	expect("clear local-host", NULL, ARGS("ADDRESS", "10.1.1.1"), "6 connection(s) deleted.\n");
	CU_ASSERT_TRUE(last_filter.has_addr);
	acl_clear = false;
	expect("clear access-list", NULL, ARGS("NAME", "OUT"), "");
	CU_ASSERT_TRUE(acl_clear);
	expect("clear access-list", NULL, ARGS("NAME", "ABSENT"), "");
	CU_ASSERT_STRING_EQUAL(error, "access-list ABSENT does not exist");
}

/* NAT-2 */
static void show_xlate_forms(void)
{
	expect("show xlate", NULL, NULL,
	       "3 in use, 9 most used\n"
	       "Flags: D - DNS, e - extended, I - identity, i - dynamic, r - portmap,\n"
	       "       s - static, T - twice, N - net-to-net\n"
	       "NAT from inside:192.168.1.150 to outside:172.18.254.252\n"
	       "    flags s idle 0:00:00 timeout 0:00:00\n"
	       "NAT from dmz:10.2.0.0/24 to outside:192.0.2.0/24\n"
	       "    flags sN idle 0:00:00 timeout 0:00:00\n"
	       "TCP PAT from inside:10.1.1.5/1025 to outside:192.0.2.1/1025 flags ri idle 0:00:00 "
	       "timeout 0:00:30\n");
	expect("show xlate count", " count ", NULL, "3 in use, 9 most used\n");
}

/* NAT-2: what of the three translations a filter leaves, by the first letters of their lines. */
static void show_xlate_filters(void)
{
	static const struct {
		const char *args[5], *lines, *error;
	} rows[] = {
		{ { "LOCAL", "10.1.1.5" }, "T", NULL },
		{ { "LOCAL", "10.2.0.77" }, "N", NULL }, /* of a network */
		{ { "LOCAL", "10.1.1.0-10.2.1.0" }, "NT", NULL },
		{ { "LOCAL", "10.0.0.0", "LMASK", "255.0.0.0" }, "NT", NULL },
		{ { "GLOBAL", "192.0.2.1" }, "NT", NULL },
		{ { "GLOBAL", "192.0.3.0" }, "", NULL },
		{ { "GLOBAL", "172.18.254.252", "LOCAL", "192.168.1.150" }, "N", NULL },
		{ { "GPORT", "1025" }, "T", NULL },
		{ { "LPORT", "1-1024" }, "", NULL },
		{ { "LPORT", "1000-2000", "INTERFACE", "outside" }, "T", NULL },
		{ { "INTERFACE", "dmz" }, "N", NULL },
		{ { "LOCAL", "10.1.1.9-x" }, NULL, "is not an address" },
		{ { "LOCAL", "10.1.1.9-2001:db8::1" }, NULL, "is not an address" },
		{ { "GPORT", "9-8" }, NULL, "is not a port" },
		{ { "GPORT", "0" }, NULL, "port 0" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char lines[8] = "";
		char *text, *at;

		keywords = NULL;
		given = (const void *)rows[i].args;
		text = run_mode("show xlate", false);
		for (at = text; (at = strstr(at, " from ")); at++)
			if (strlen(lines) < 7)
				lines[strlen(lines)] = at[-3] == 'N' ? 'N' : 'T';
		if (rows[i].error)
			CU_ASSERT_PTR_NOT_NULL(strstr(error, rows[i].error));
		if (rows[i].lines)
			CU_ASSERT_STRING_EQUAL(lines, rows[i].lines);
		free(text);
	}
	closed_slots = 0;
	expect("clear xlate", NULL, ARGS("LOCAL", "10.1.1.6"), "0 xlate(s) deleted.\n");
	CU_ASSERT_EQUAL(closed_slots, 0);
	CU_ASSERT_FALSE(clear_fits);
	expect("clear xlate", NULL, ARGS("LOCAL", "10.1.1.5", "GPORT", "1025"), "0 xlate(s) deleted.\n");
	CU_ASSERT_EQUAL(closed_slots, 2);
	CU_ASSERT_TRUE(clear_fits);
}

/* NAT-2 */
static void show_nat_forms(void)
{
	expect("show nat", NULL, NULL,
	       "Manual NAT Policies (Section 1)\n"
	       "1 (inside) to (outside) source static A B\n"
	       "    translate_hits = 3, untranslate_hits = 4\n"
	       "\n"
	       "Auto NAT Policies (Section 2)\n"
	       "1 (inside) to (any) source dynamic C interface\n"
	       "    translate_hits = 0, untranslate_hits = 0\n");
	expect("show nat pool", NULL, NULL,
	       "TCP PAT pool outside:pool, address 192.0.2.1, range 1-511, allocated 1\n"
	       "TCP PAT pool outside:pool, address 192.0.2.1, range 512-1023, allocated 0\n"
	       "TCP PAT pool outside:pool, address 192.0.2.1, range 1024-65535, allocated 60000\n"
	       "UDP PAT pool outside:pool, address 192.0.2.1, range 1-511, allocated 1\n"
	       "UDP PAT pool outside:pool, address 192.0.2.1, range 512-1023, allocated 0\n"
	       "UDP PAT pool outside:pool, address 192.0.2.1, range 1024-65535, allocated 60000\n"
	       "UDP PAT pool outside, address 192.0.2.2, range 1-511, allocated 1\n"
	       "UDP PAT pool outside, address 192.0.2.2, range 512-1023, allocated 0\n"
	       "UDP PAT pool outside, address 192.0.2.2, range 1024-65535, allocated 60000\n");
	expect("show nat", " detail ", NULL,
	       "Manual NAT Policies (Section 1)\n"
	       "1 (inside) to (outside) source static A B\n"
	       "    translate_hits = 3, untranslate_hits = 4\n"
	       "    Source - Origin: 10.1.1.1/32, Translated: 192.0.2.1/32\n"
	       "    Destination - Origin: 192.0.2.9/32, Translated: 198.51.100.9/32\n"
	       "    Service - Protocol: tcp Real: 80 Mapped: 81\n"
	       "\n"
	       "Auto NAT Policies (Section 2)\n"
	       "1 (inside) to (any) source dynamic C interface\n"
	       "    translate_hits = 0, untranslate_hits = 0\n"
	       "    Source - Origin: 10.1.1.0/24, Translated: 192.0.2.0/24\n");
}

/* ACL-2 */
static void show_access_list_forms(void)
{
	struct json_object *j, *list;

	expect("show access-list", NULL, NULL,
	       "access-list OUT; 51 elements; name hash: 0xcb4257a3\n"
	       "access-list OUT line 1 extended permit tcp any any eq www (hitcnt=4) 0x20db5032 \n"
	       "access-list OUT line 2 remark for the web\n"
	       "access-list OUT line 3 extended permit ip object-group G any (hitcnt=7) 0x00000011 "
	       "\n"
	       "  access-list OUT line 3 extended permit ip host 10.0.0.1 any (hitcnt=7) "
	       "0x00000012 \n"
	       "access-list OUT line 4 extended deny ip any any (hitcnt=0) (inactive) 0x00000013 "
	       "\n");
	expect("show access-list", " brief ", ARGS("NAME", "OUT"),
	       "access-list OUT; 51 elements; name hash: 0xcb4257a3\n"
	       "20db5032 00000000 00000004\n"
	       "00000011 00000000 00000007\n"
	       "00000012 00000011 00000007\n");
	expect("show access-list", NULL, ARGS("NAME", "ABSENT"), "");
	CU_ASSERT_STRING_EQUAL(error, "access-list ABSENT does not exist");
	j = json("show access-list");
	list = json_object_array_get_idx(json_object_object_get(j, "access_lists"), 0);
	CU_ASSERT_EQUAL(json_object_array_length(json_object_object_get(list, "entries")), 5);
	json_object_put(j);
}

static void show_service_policy_forms(void)
{
	expect("show service-policy", NULL, NULL,
	       "Global policy:\n"
	       "  Service-policy: CONNS\n"
	       "    Class-map: CONNS\n"
	       "      Set connection policy: conn-max 1000 embryonic-conn-max 3000\n"
	       "        current embryonic conns 2, current conns 11, drop 1\n"
	       "      Set connection timeout policy:\n"
	       "        embryonic 0:40:00 half-closed 0:20:00 idle 2:00:00\n"
	       "\n"
	       "Interface outside:\n"
	       "  Service-policy: BYP\n"
	       "    Class-map: tcp_bypass\n"
	       "      Set connection advanced-options: tcp-state-bypass\n"
	       "        current conns 11, packets 2300, drop 1\n"
	       "      Inspect: ftp strict (configured, not active)\n"
	       "      Inspect: http (configured, not active)\n"
	       "      Inspect: ip-options _default_ip_options_map, packet 7, lock fail 0, drop 2, reset-drop 0\n"
	       "      Output police Interface outside:\n"
	       "        cir 56000 bps, bc 10500 bytes\n"
	       "        conformed 10065 packets, 12621510 bytes; actions:  transmit\n"
	       "        exceeded 499 packets, 625146 bytes; actions:  drop\n"
	       "        conformed 5600 bps, exceed 5016 bps\n"
	       "      IPS: card status Up, mode inline fail-open\n"
	       "        packet input 90, packet output 80, drop 3, reset-drop 0\n"
	       "      CSC: card status Down, mode fail-close\n"
	       "        packet input 90, packet output 80, drop 3, reset-drop 0\n"
	       "      Priority: (configured, not active)\n"
	       "      user-statistics accounting (configured, not active)\n");
	expect("show service-policy", " global ", NULL,
	       "Global policy:\n"
	       "  Service-policy: CONNS\n"
	       "    Class-map: CONNS\n"
	       "      Set connection policy: conn-max 1000 embryonic-conn-max 3000\n"
	       "        current embryonic conns 2, current conns 11, drop 1\n"
	       "      Set connection timeout policy:\n"
	       "        embryonic 0:40:00 half-closed 0:20:00 idle 2:00:00\n");
	expect("show service-policy", NULL, ARGS("INTERFACE", "dmz"), "");
}

/* Not of a firewall's state, but like a show command. */
static void test_regex_command(void)
{
	expect("test regex", NULL, ARGS("TEXT", "www.example.com .*\\.example\\.(com|net)"),
	       "INFO: Regular expression match succeeded.\n");
	expect("test regex", NULL, ARGS("TEXT", "\"two words\" \"o w\""),
	       "INFO: Regular expression match succeeded.\n");
	expect("test regex", NULL, ARGS("TEXT", "abc b+d"), "INFO: Regular expression match failed.\n");
	expect("test regex", NULL, ARGS("TEXT", "abc (b"), "");
	CU_ASSERT_STRING_EQUAL(error, "% Invalid regular expression: \"(\" has no \")\"");
	expect("test regex", NULL, ARGS("TEXT", "abc"), "");
	CU_ASSERT_STRING_EQUAL(error, "% test regex needs the input, then the regular expression");
}

/* MPF-15: by action, and which classes a flow would match. */
static void show_service_policy_parts(void)
{
	expect("show service-policy", " set connection ", NULL,
	       "Global policy:\n"
	       "  Service-policy: CONNS\n"
	       "    Class-map: CONNS\n"
	       "      Set connection policy: conn-max 1000 embryonic-conn-max 3000\n"
	       "        current embryonic conns 2, current conns 11, drop 1\n"
	       "      Set connection timeout policy:\n"
	       "        embryonic 0:40:00 half-closed 0:20:00 idle 2:00:00\n"
	       "\n"
	       "Interface outside:\n"
	       "  Service-policy: BYP\n"
	       "    Class-map: tcp_bypass\n"
	       "      Set connection advanced-options: tcp-state-bypass\n"
	       "        current conns 11, packets 2300, drop 1\n");
	expect("show service-policy", " inspect ", NULL, "Interface outside:\n"
	       "  Service-policy: BYP\n"
	       "    Class-map: tcp_bypass\n"
	       "      Inspect: ftp strict (configured, not active)\n"
	       "      Inspect: http (configured, not active)\n"
	       "      Inspect: ip-options _default_ip_options_map, packet 7, lock fail 0, drop 2, reset-drop 0\n");
	expect("show service-policy", " inspect ", ARGS("PROTO", "ftp"), "Interface outside:\n"
	       "  Service-policy: BYP\n"
	       "    Class-map: tcp_bypass\n"
	       "      Inspect: ftp strict (configured, not active)\n");
	expect("show service-policy", " inspect ", ARGS("PROTO", "sip"), "");
	expect("show service-policy", " police ", NULL, "Interface outside:\n"
	       "  Service-policy: BYP\n"
	       "    Class-map: tcp_bypass\n"
	       "      Output police Interface outside:\n"
	       "        cir 56000 bps, bc 10500 bytes\n"
	       "        conformed 10065 packets, 12621510 bytes; actions:  transmit\n"
	       "        exceeded 499 packets, 625146 bytes; actions:  drop\n"
	       "        conformed 5600 bps, exceed 5016 bps\n");
	expect("show service-policy", " priority ", NULL, "Interface outside:\n"
	       "  Service-policy: BYP\n"
	       "    Class-map: tcp_bypass\n"
	       "      Priority: (configured, not active)\n");
	expect("show service-policy", " csc ", NULL, "Interface outside:\n" /* MPF-13, MPF-15 */
	       "  Service-policy: BYP\n"
	       "    Class-map: tcp_bypass\n"
	       "      CSC: card status Down, mode fail-close\n"
	       "        packet input 90, packet output 80, drop 3, reset-drop 0\n");
	expect("show service-policy", " global user-statistics ", NULL, "");
	expect("show service-policy flow", NULL,
	       ARGS("PROTO", "tcp", "SRC", "10.1.1.1", "DST", "198.51.100.7", "DPORT", "www"),
	       "Global policy:\n"
	       "  Service-policy: CONNS\n"
	       "    Class-map: CONNS\n"
	       "      Match: any\n"
	       "      Action:\n"
	       "        Input flow:  set connection\n"
	       "Interface outside:\n"
	       "  Service-policy: BYP\n"
	       "    Class-map: tcp_bypass\n"
	       "      Match: any\n"
	       "      Action:\n"
	       "        Input flow:  inspect http (configured, not active)\n"
	       "        Output flow:  police output 56000\n"
	       "        Input flow:  set connection advanced-options tcp-state-bypass\n");
	expect("show service-policy flow", NULL, ARGS("PROTO", "17", "SRC", "10.1.1.1", "DST", "198.51.100.7"),
	       "Global policy:\n"
	       "  Service-policy: CONNS\n"
	       "    Class-map: CONNS\n"
	       "      Match: any\n"
	       "      Action:\n"
	       "        Input flow:  set connection\n"
	       "Interface outside:\n"
	       "  Service-policy: BYP\n");
	expect("show service-policy flow", NULL, ARGS("PROTO", "ip"), "");
	CU_ASSERT_STRING_EQUAL(error, "one protocol is needed: tcp, udp, icmp or a number");
}

/* OBS-2: the layout of ASA, counters ending at column 78. */
static void show_asp_drop_layout(void)
{
	struct json_object *j;

	state.drops_cleared = 0;
	expect("show asp drop", NULL, NULL,
	       "Frame drop:\n"
	       "  Flow is denied by configured rule (acl-drop)                              29\n"
	       "  Connection to PAT address without pre-existing xlate (nat-no-xlate-to-pat-pool)  "
	       "           6\n"
	       "\n"
	       "Last clearing: Never\n"
	       "\n"
	       "Flow drop:\n"
	       "  Flow is denied by access rule (acl-drop)                                   5\n"
	       "\n"
	       "Last clearing: Never\n");
	expect("show asp drop", " frame ", ARGS("REASON", "acl-drop"),
	       "Frame drop:\n"
	       "  Flow is denied by configured rule (acl-drop)                              29\n"
	       "\n"
	       "Last clearing: Never\n");
	expect("show asp drop", " flow ", ARGS("REASON", "tcp-not-syn"), "");
	CU_ASSERT_STRING_EQUAL(error, "tcp-not-syn is not a flow drop reason");
	drops_clear = false;
	expect("clear asp drop", NULL, NULL, "");
	CU_ASSERT_TRUE(drops_clear);
	given = NULL;
	keywords = NULL;
	char *got = run_mode("show asp drop", false);
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "Last clearing: "));
	CU_ASSERT_PTR_NULL(strstr(got, "Never"));
	free(got);
	/* Every reason has a row for scripts, counted or not. */
	j = json("show asp drop");
	CU_ASSERT_EQUAL(json_object_array_length(json_object_object_get(j, "frame")) +
				json_object_array_length(json_object_object_get(j, "flow")),
			ASA_DROP_MAX - 1);
	json_object_put(j);
}

/* OBS-7: rates and "clear traffic" are differences; a counter that goes back counts as zero. */
static void interface_counters_and_rates(void)
{
	struct asa_ifstat s;
	__u64 ms;

	rates_free(state.rates);
	state.rates = rates_new();
	memset(&ifstat, 0, sizeof(ifstat));
	for (__u64 t = 0; t <= 60; t += 5) {
		ifstat.rx_packets = t * 100;
		ifstat.rx_bytes = t * 6400;
		rates_sample(state.rates, &asa, 1000000 + t * 1000);
	}
	rates_if(state.rates, 4, 60, &s);
	CU_ASSERT_EQUAL(s.rx_packets, 100);
	CU_ASSERT_EQUAL(s.rx_bytes, 6400);
	rates_if(state.rates, 4, 300, &s);
	CU_ASSERT_EQUAL(s.rx_packets, 100);
	rates_if_clear(state.rates, &asa, 0, 1060000);
	ifstat.rx_packets += 7;
	CU_ASSERT_EQUAL(rates_if_now(state.rates, &asa, 4, 1062500, &s, &ms), 0);
	CU_ASSERT_EQUAL(s.rx_packets, 7);
	CU_ASSERT_EQUAL(ms, 2500);
	ifstat.rx_packets = 1;
	rates_if_now(state.rates, &asa, 4, 1063000, &s, &ms);
	CU_ASSERT_EQUAL(s.rx_packets, 0);
	rates_sample(state.rates, &asa, 1065000);
	rates_if(state.rates, 4, 60, &s);
	CU_ASSERT_EQUAL(s.rx_packets, 0);
}

static void show_interface_forms(void)
{
	char *got;

	rates_free(state.rates);
	state.rates = rates_new();
	ifstat = (struct asa_ifstat){.rx_packets = 10, .rx_bytes = 640, .drop_packets = 1};
	keywords = NULL;
	given = NULL;
	got = run_mode("show interface", false);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(got, "Interface eth0 \"outside\", is up, line protocol is up\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "XDP mode generic\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "\tMAC address 0200.0000.0001, MTU 1500\n"
					   "\tIP address 192.0.2.1, subnet mask 255.255.255.0\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "queue 0: zero-copy mode"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "queue 1: copy mode"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "\t10 packets input, 640 bytes\n"));
	free(got);
	expect("show nameif", NULL, NULL,
	       "Interface                Name                     Security\n"
	       "eth0                     outside                    0\n");
	expect("show interface", NULL, ARGS("NAME", "dmz"), "");
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "no interface dmz"));
}

/* OBS-7: OpenMetrics: every row has its TYPE, the text ends with "# EOF". */
static void metrics_are_openmetrics(void)
{
	char *got, family[128] = "", name[128];
	int rows = 0;

	keywords = NULL;
	given = NULL;
	got = run_mode("show metrics", false);
	CU_ASSERT_TRUE(strlen(got) > 6 && strcmp(got + strlen(got) - 6, "# EOF\n") == 0);
	for (char *line = strtok(got, "\n"); line; line = strtok(NULL, "\n")) {
		if (sscanf(line, "# TYPE %127s", family) == 1 || line[0] == '#')
			continue;
		CU_ASSERT_EQUAL_FATAL(sscanf(line, "%127[a-z_]", name), 1);
		CU_ASSERT_EQUAL(strncmp(name, family, strlen(family)), 0);
		rows++;
	}
	CU_ASSERT_TRUE(rows >= ASA_STAT_MAX * 2 + ASA_DROP_MAX - 1 + ASA_PUNT_MAX - 1 + 8);
	free(got);
}

static void commands_of_the_system(void)
{
	struct json_object *j;

	expect("show running-config", NULL, NULL, "hostname asa\n");
	expect("show running-config", NULL, ARGS("SECTION", "absent"), "hostname asa\n");
	CU_ASSERT_STRING_EQUAL(error, "there is no section absent in the configuration");
	expect("show startup-config", NULL, NULL, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "no configuration has been saved"));
	expect("configure replace", NULL, ARGS("FILE", "/x"), "");
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "/x: No such file"));
	expect("configure rollback", NULL, NULL, "");
	CU_ASSERT_TRUE(error[0] != 0);
	expect("terminal [ no ] monitor", NULL, NULL, "");
	CU_ASSERT_STRING_EQUAL(error, "this is not a terminal");
	j = json("show running-config");
	CU_ASSERT_EQUAL(json_object_array_length(json_object_object_get(j, "lines")), 1);
	json_object_put(j);
	for (const char *const *c = (const char *const[]){"show version",
							  "show clock",
							  "show logging",
							  "show logging message",
							  "show perfmon",
							  "show resource usage",
							  "show traffic",
							  "show local-host",
							  "show xlate",
							  "show nat",
							  "show service-policy",
							  "show interface",
							  "show interface ip brief",
							  "show nameif",
							  "show ip address",
							  "show route",
							  "show arp",
							  "show asp punt",
							  "show metrics",
							  "show timeout",
							  NULL};
	     *c; c++)
		json_object_put(json(*c));
}

/* SES-5: reassembly and reverse path, by interface. */
static void fragments_and_reverse_path(void)
{
	expect("show fragment", NULL, NULL,
	       "Interface: outside\n"
	       "    Size: 200, Chain: 24, Timeout: 5, Threshold: 133\n"
	       "    Queue: 2, Assembled: 30, Fail: 4, Overflow: 5\n");
	json_object_put(json("show fragment"));
	expect("clear fragment", " statistics ", NULL, "");
	CU_ASSERT_EQUAL(fragments.queue, 2);
	CU_ASSERT_EQUAL(fragments.assembled, 0);
	expect("clear fragment", " queue ", NULL, "");
	CU_ASSERT_EQUAL(fragments.queue, 0);
	expect("show ip verify statistics", NULL, NULL,
	       "interface outside: 7 unicast rpf drops\n");
	expect("clear ip verify statistics", NULL, NULL, "");
	expect("show ip verify statistics", NULL, NULL,
	       "interface outside: 0 unicast rpf drops\n");
}

static const struct asa_cunit_test tests[] = {
	{"fragments_and_reverse_path_ses_5", fragments_and_reverse_path},
	{"show_conn_forms_ses_11_byp_12", show_conn_forms},
	{"show_conn_states_ses_11", show_conn_states},
	{"show_conn_detail_and_long_byp_14", show_conn_detail_and_long},
	{"show_conn_json_ses_11", show_conn_json},
	{"conn_filters_ses_11", conn_filters},
	{"clear_commands_ses_13", clear_commands},
	{"show_xlate_forms_nat_2", show_xlate_forms},
	{"show_xlate_filters_nat_2_ses_13", show_xlate_filters},
	{"show_nat_forms_nat_2", show_nat_forms},
	{"show_access_list_forms_acl_2", show_access_list_forms},
	{"show_service_policy_forms", show_service_policy_forms},
	{"MPF-15 show_service_policy_parts", show_service_policy_parts},
	{"MPF-16 test_regex_command", test_regex_command},
	{"show_asp_drop_layout_obs_2", show_asp_drop_layout},
	{"interface_counters_and_rates_obs_7", interface_counters_and_rates},
	{"show_interface_forms_ses_3", show_interface_forms},
	{"metrics_are_openmetrics_obs_7", metrics_are_openmetrics},
	{"commands_of_the_system", commands_of_the_system},
	{NULL, NULL},
};

int main(void)
{
	return asa_cunit_main("show", tests);
}
