/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A firewall of fixed rows, for test_show.c alone: what the show and clear handlers call in other
 * modules (sessions, translations, policy, datapath, the language) answers from constants here.
 *
 * Not a model of those modules: each answers just enough that every form of output occurs.
 */
#ifndef TESTS_SHOW_WORLD_H
#define TESTS_SHOW_WORLD_H

#include <errno.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/rates.h"
#include "lib/cunit.h"
#include "engine/pipeline.h"
#include "normalize/ip_frag.h"
#include "session/xlate.h"
#include "services/syslog.h"
#include "datapath/xsk.h"

/* packet-tracer needs the engine and the datapath: tests/net/40-packet-tracer.sh runs it. */
const struct config_command tracer_commands[1];
const size_t tracer_n_commands;
/* So does TCP intercept: tests/net/31-intercept.sh. */
const struct config_command dns_commands[1];
const size_t dns_n_commands;
const struct config_command threat_commands[1];
const size_t threat_n_commands;

/* ------------------------------------------------------------------ a firewall of fixed rows */

static struct asa_addr addr(const char *text)
{
	struct asa_addr a;
	bool v6;

	extern int value_addr(const char *s, struct asa_addr *a, bool *v6);
	CU_ASSERT_FATAL(value_addr(text, &a, &v6) == 0);
	return a;
}

#define N_VIEWS 3
static struct session_view views[N_VIEWS];

static struct session_end end(const char *if_name, const char *real, __u16 port, const char *mapped,
			      __u16 mapped_port)
{
	struct session_end e = {.real = addr(real),
				.mapped = addr(mapped),
				.real_port = port,
				.mapped_port = mapped_port};

	snprintf(e.if_name, sizeof(e.if_name), "%s", if_name);
	return e;
}

static void make_views(void)
{
	views[0] = (struct session_view){
		.slot = 5,
		.id = 41,
		.proto = IPPROTO_TCP,
		.state = ASA_SESSION_OPEN,
		.bypass = true,
		.low = 1,
		.flags = "b",
		.idle_s = 70,
		.uptime_s = 200,
		.timeout_s = 120,
		.bytes = 230,
		.driver_packets = {3, 2},
		.daemon_packets = {1, 0},
		.dir_packets = {4, 2},
		.dir_bytes = {130, 100},
	};
	views[0].end[0] = end("inside", "10.1.1.1", 49525, "10.1.1.1", 49525);
	views[0].end[1] = end("outside", "172.16.1.1", 21, "172.16.1.1", 21);
	views[1] = (struct session_view){
		.slot = 6,
		.id = 42,
		.proto = IPPROTO_TCP,
		.v6 = true,
		.state = ASA_SESSION_OPEN,
		.inbound = true,
		.low = 0,
		.flags = "UIOB",
		.idle_s = 0,
		.uptime_s = 3700,
		.timeout_s = 3600,
		.bytes = 1000,
		.nat_ref = 9,
	};
	views[1].end[0] = end("outside", "2001:db8:2::9", 40000, "2001:db8:2::9", 40000);
	views[1].end[1] = end("inside", "2001:db8:1::80", 80, "2001:db8:2::80", 8080);
	views[2] = (struct session_view){
		.slot = 7,
		.id = 43,
		.proto = IPPROTO_UDP,
		.state = ASA_SESSION_OPEN,
		.low = 1,
		.flags = "-",
		.idle_s = 14,
		.uptime_s = 90000,
		.timeout_s = 0,
		.bytes = 0,
		.nat_ref = 9,
	};
	views[2].end[0] = end("in", "10.1.1.15", 1028, "192.0.2.15", 1028);
	views[2].end[1] = end("out", "10.10.49.10", 31649, "10.10.49.10", 31649);
}

static int closed_slots;
static bool drops_clear, acl_clear;

void sessions_counts(const struct sessions *s, struct session_counts *c)
{
	*c = (struct session_counts){.in_use = 54, .most_used = 123, .embryonic = 2, .bypass = 1};
}

static struct session_filter last_filter;
bool session_walk(const struct sessions *s, __u32 *pos, __u32 max, __u32 now,
		  const struct session_filter *f, session_walk_cb cb, void *arg)
{
	last_filter = *f;
	if (*pos < N_VIEWS)
		cb(arg, &views[*pos]);
	return ++*pos < N_VIEWS;
}

bool sessions_clear(struct sessions *s, __u32 *pos, __u32 max, __u32 now,
		    const struct session_filter *f, __u32 *closed)
{
	last_filter = *f;
	*closed += 2;
	return ++*pos < 3;
}

void session_close(struct sessions *s, __u32 slot, enum session_close why, __u32 now)
{
	CU_ASSERT_EQUAL(why, SESSION_CLOSE_CLEARED);
	closed_slots++;
}

static struct xlate the_xlate(void)
{
	return (struct xlate){.real = addr("10.1.1.5"),
			      .mapped = addr("192.0.2.1"),
			      .real_port = htons(1025),
			      .mapped_port = htons(1025),
			      .proto = IPPROTO_TCP,
			      .pat = true,
			      .users = 1,
			      .real_if_name = "inside",
			      .mapped_if_name = "outside"};
}

static bool clear_fits; /* would the unused translation that is like the_xlate() go? */

void sessions_clear_xlates_if(struct sessions *s, bool (*fits)(void *arg, const struct xlate *t),
			      void *arg, __u32 now)
{
	struct xlate x = the_xlate();

	clear_fits = fits(arg, &x);
}

const struct xlate *xlate_get(const struct xlates *x, __u32 ref)
{
	static struct xlate row;

	row = the_xlate();
	return ref ? &row : NULL;
}

bool policy_nat_detail(const struct policy *p, size_t i, struct policy_nat_detail *d)
{
	*d = (struct policy_nat_detail){.origin = "10.1.1.0/24", .translated = "192.0.2.0/24"};
	if (i == 0)
		*d = (struct policy_nat_detail){"10.1.1.1/32", "192.0.2.1/32", "192.0.2.9/32",
						"198.51.100.9/32", "Protocol: tcp Real: 80 Mapped: 81"};
	return i < 2;
}

__u32 xlate_count(const struct xlates *x)
{
	return 1;
}

__u32 xlate_most_used(const struct xlates *x)
{
	return 7;
}

const struct xlate *xlate_next(const struct xlates *x, __u32 *ref)
{
	static struct xlate row;

	if (*ref)
		return NULL;
	*ref = 9;
	row = the_xlate();
	return &row;
}

void xlate_ports_each(const struct xlates *x, void (*cb)(void *arg, const struct xlate_ports_used *r),
		      void *arg)
{
	struct xlate_ports_used r = {.proto = 17, .used = {1, 0, 60000}};

	asa_addr_set_v4(&r.addr, asa_htonl(0xc0000202));
	cb(arg, &r);
	asa_addr_set_v4(&r.addr, asa_htonl(0xc0000201));
	cb(arg, &r);
	r.proto = 6;
	cb(arg, &r);
}

bool policy_pool_of(const struct policy *p, const struct asa_addr *a, const char **mapped_if,
		    const char **name)
{
	*mapped_if = "outside";
	*name = a->w[3] == asa_htonl(0xc0000201) ? "pool" : "";
	return true;
}

bool policy_static_xlate(const struct policy *p, size_t i, struct policy_static_xlate *x)
{
	if (i == 0)
		*x = (struct policy_static_xlate){.real_if = "inside",
						  .mapped_if = "outside",
						  .plen = 128,
						  .real = addr("192.168.1.150"),
						  .mapped = addr("172.18.254.252")};
	else if (i == 1)
		*x = (struct policy_static_xlate){.real_if = "dmz",
						  .mapped_if = "outside",
						  .plen = 120,
						  .real = addr("10.2.0.0"),
						  .mapped = addr("192.0.2.0")};
	return i < 2;
}

static struct model *the_model;
const struct model *policy_model(const struct policy *p)
{
	return the_model;
}

bool policy_acl_row(const struct policy *p, const char *acl, size_t i, struct policy_acl_row *r)
{
	static const struct policy_acl_row rows[] = {
		{.acl = "OUT", .n_elements = 51, .hash = 0xcb4257a3, .text = ""},
		{.acl = "OUT",
		 .line = 1,
		 .text = "extended permit tcp any any eq www",
		 .hash = 0x20db5032,
		 .hits = 4},
		{.acl = "OUT", .line = 2, .remark = true, .text = "remark for the web"},
		{.acl = "OUT",
		 .line = 3,
		 .text = "extended permit ip object-group G any",
		 .hash = 0x11,
		 .hits = 7},
		{.acl = "OUT",
		 .line = 3,
		 .expanded = true,
		 .text = "extended permit ip host 10.0.0.1 any",
		 .hash = 0x12,
		 .hits = 7},
		{.acl = "OUT",
		 .line = 4,
		 .inactive = true,
		 .text = "extended deny ip any any",
		 .hash = 0x13},
	};

	if ((acl && strcmp(acl, "OUT")) || i >= sizeof(rows) / sizeof(rows[0]))
		return false;
	*r = rows[i];
	return true;
}

void policy_acl_clear_counters(const struct policy *p, const char *acl)
{
	acl_clear = true;
}

bool policy_nat_row(const struct policy *p, size_t i, struct policy_nat_row *r)
{
	static const struct policy_nat_row rows[] = {
		{1, 1, "inside", "outside", true, false, "source static A B",
		 "nat (inside,outside) source static A B", 3, 4},
		{2, 1, "inside", "any", false, false, "source dynamic C interface",
		 "nat (inside,any) dynamic interface", 0, 0},
	};

	if (i >= 2)
		return false;
	*r = rows[i];
	return true;
}

void policy_nat_clear_counters(const struct policy *p)
{
}

bool policy_class_row(const struct policy *p, size_t i, struct policy_class_row *r)
{
	static __u64 conns = 11, embryonic = 2, drops = 1, packets = 300;
	static struct model_policy_class a, b;
	static char *inspects[] = {"ftp strict", "http", "ip-options _default_ip_options_map"};
	static __u64 option_packets = 7, option_drops = 2;
	static char *others[] = {"priority", "user-statistics accounting", "ips inline fail-open",
				 "csc fail-close"};

	model_conn_settings_init(&a.conn);
	a.conn.conn_max = 1000;
	a.conn.embryonic_max = 3000;
	a.conn.embryonic_s = 2400;
	a.conn.half_closed_s = 1200;
	a.conn.idle_s = 7200;
	model_conn_settings_init(&b.conn);
	b.conn.bypass = true;
	b.inspects.v = inspects;
	b.inspects.n = 3;
	b.others.v = others;
	b.others.n = 4;
	b.police[1] = (struct model_police){.rate = 56000, .burst = 10500};
	*r = (struct policy_class_row){.policy_map = i ? "BYP" : "CONNS",
				       .class_name = i ? "tcp_bypass" : "CONNS",
				       .global = i == 0,
				       .ifname = i ? "outside" : NULL,
				       .config = i ? &b : &a,
				       .packets = &packets,
				       .drops = &drops,
				       .conns = &conns,
				       .embryonic = &embryonic,
				       .option_packets = &option_packets,
				       .option_drops = &option_drops,
				       .police_row = {0, i ? 3 : 0}};
	return i < 2;
}

__u32 policy_police_burst(const struct model_police *c)
{
	return c->burst;
}

bool sessions_police_numbers(const struct sessions *s, __u16 row, struct police_numbers *n)
{
	*n = (struct police_numbers){10065, 12621510, 499, 625146, 5600, 5016};
	return row == 3;
}

static __u16 police_cleared;
void sessions_police_clear(struct sessions *s, __u16 row)
{
	police_cleared = row ? row : police_cleared;
}

void sessions_class_packets(struct sessions *s, __u64 *sums, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sums[i] += 1000 * (i + 1);
}

void sessions_police_sample(struct sessions *s)
{
}

const char *policy_class_inspect(const struct policy *p, size_t row, const struct policy_tuple *t, size_t i,
				 bool *combines)
{
	*combines = false;
	return row == 1 && i == 0 ? "http" : NULL;
}

bool policy_class_matches(const struct policy *p, size_t i, const struct policy_tuple *t)
{
	return i == 0 || t->dport == 80;
}

static struct policy_if iface = {.ifindex = 4,
				 .mtu = 1500,
				 .mac = {2, 0, 0, 0, 0, 1},
				 .level = 0,
				 .up = true,
				 .reverse_path = true,
				 .fragment_size = 200,
				 .fragment_chain = 24,
				 .fragment_timeout_s = 5,
				 .name = "outside",
				 .dev = "eth0"};
const struct policy_if *policy_if_named(const struct policy *p, const char *nameif)
{
	return strcmp(nameif, iface.name) ? NULL : &iface;
}

/* Reassembly and reverse path: what was seen on "outside". */
static struct ip_frag_stats fragments = {.queue = 2, .assembled = 30, .failed = 4, .overflow = 5};
static __u64 source_drops = 7;
struct ip_frags *engine_fragments(const struct engine *e)
{
	return NULL;
}
void ip_frag_stats(const struct ip_frags *t, __u32 ifindex, __u16 vlan, struct ip_frag_stats *s)
{
	*s = fragments;
}
void ip_frag_clear_stats(struct ip_frags *t, __u32 ifindex, __u16 vlan)
{
	fragments = (struct ip_frag_stats){.queue = fragments.queue};
}
void ip_frag_clear_queue(struct ip_frags *t, __u32 ifindex, __u16 vlan, __u32 now)
{
	fragments.queue = 0;
}
bool engine_module(const struct engine *e, int kind, struct module_numbers *n)
{
	*n = (struct module_numbers){.sent = 90, .returned = 80, .dropped = 3};
	return !kind;
}
__u64 engine_source_drops(struct engine *e, __u32 ifindex, __u16 vlan)
{
	return source_drops;
}
void engine_source_clear(struct engine *e)
{
	source_drops = 0;
}

size_t policy_n_ifs(const struct policy *p)
{
	return 1;
}
const struct policy_if *policy_if_at(const struct policy *p, __u16 num)
{
	return &iface;
}
const struct sys_info *net_sys(const struct net *n)
{
	static struct sys_info sys = {.n_ifs = 1};

	sys.ifs[0] = (struct sys_if){.dev = "eth0", .ifindex = 4, .up = true, .n_addrs = 1};
	sys.ifs[0].addrs[0] = (struct model_if_addr){addr("192.0.2.1"), 24, false};
	sys.ifs[0].addrs[1] = (struct model_if_addr){ addr("2001:db8:2::1"), 64, true };
	return &sys;
}
bool workers_xsk_info(struct workers *w, size_t i, struct xsk_info *info)
{
	*info = (struct xsk_info){.ifindex = 4, .queue = (__u32)i, .zero_copy = i == 0, .rx = 10};
	return i < 2;
}
enum dp_mode dp_mode(const struct dp *d, __u32 ifindex)
{
	return DP_MODE_GENERIC;
}
const struct dp_tables *dp_tables(const struct dp *d)
{
	static const struct dp_tables t = {.n_slots = 1001, .n_buckets = 512};

	return &t;
}
bool dp_reused(const struct dp *d)
{
	return true;
}
int dp_read_drops(struct dp *d, struct asa_count *rows)
{
	rows[DROP_POLICY_ACL] = (struct asa_count){29, 2900};
	rows[DROP_NAT_NO_XLATE] = (struct asa_count){6, 600};
	rows[FLOW_ACL] = (struct asa_count){5, 0};
	return 0;
}
int dp_read_stats(struct dp *d, struct asa_count *rows)
{
	rows[STAT_RX] = (struct asa_count){100, 6400};
	return 0;
}
int dp_read_punts(struct dp *d, struct asa_count *rows)
{
	rows[PUNT_NO_FLOW] = (struct asa_count){12, 1200};
	return 0;
}
static struct asa_ifstat ifstat;
int dp_read_ifstat(struct dp *d, __u32 ifindex, struct asa_ifstat *s)
{
	*s = ifstat;
	return 0;
}
int dp_clear_drops(struct dp *d)
{
	drops_clear = true;
	return 0;
}

/* ------------------------------------------------------------------ the language, as far as
 * handlers see it */

static struct config_command const *registered[128];
static size_t n_registered;
static void *registered_ctx;
static const struct {
	const char *label, *value;
} * given;
static const char *keywords;
static char error[512];

int config_register(struct config *c, const struct config_command *rows, size_t n, void *ctx)
{
	for (size_t i = 0; i < n; i++)
		registered[n_registered++] = &rows[i];
	registered_ctx = ctx;
	return 0;
}
const char *cmd_get(const struct cmd_args *a, const char *label)
{
	for (size_t i = 0; given && given[i].label; i++)
		if (strcmp(given[i].label, label) == 0)
			return given[i].value;
	return NULL;
}
uint32_t cmd_u32(const struct cmd_args *a, const char *label, uint32_t fallback)
{
	return cmd_get(a, label) ? (uint32_t)atoi(cmd_get(a, label)) : fallback;
}
bool cmd_has(const struct cmd_args *a, const char *keyword)
{
	char word[64];

	snprintf(word, sizeof(word), " %s ", keyword);
	return keywords && strstr(keywords, word);
}
int cmd_error(struct cmd_args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, sizeof(error), fmt, ap);
	va_end(ap);
	return -EINVAL;
}
void cmd_warn(struct cmd_args *a, const char *fmt, ...)
{
}
void config_result_init(struct config_result *r)
{
	memset(r, 0, sizeof(*r));
}
void config_result_fini(struct config_result *r)
{
}
struct config *config_session_config(struct config_session *s)
{
	return NULL;
}
const struct model *config_model(const struct config *c)
{
	return the_model;
}
int config_running(const struct model *m, const char *section, bool all, struct config_sink *sink)
{
	sink->put(sink, "hostname asa\n", 13);
	return section && strcmp(section, "absent") == 0 ? -ENOENT : 0;
}
int config_load(struct config *c, const char *path, unsigned int flags, struct config_result *r)
{
	return -ENOENT;
}
int config_write(const struct config *c, const char *path, struct config_result *r)
{
	return 0;
}
int config_trial(struct config *c, int64_t deadline)
{
	return 0;
}
bool config_on_trial(const struct config *c)
{
	return false;
}
int config_confirm(struct config *c)
{
	return -ENOENT;
}
int config_rollback(struct config *c, unsigned int steps, struct config_result *r)
{
	return -ENOENT;
}
static struct command_state state;
struct command_state *control_state(struct control *c)
{
	return &state;
}
struct client *control_client(struct control *c, const struct config_session *s)
{
	return NULL;
}
int client_monitor(struct client *c, bool on)
{
	return 0;
}

#endif
