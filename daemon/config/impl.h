/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the configuration module: what its files share.
 *
 * Responsible for: the place of a session in the modes, the model being changed, and the helpers
 * that command handlers use. Not for other modules: they include config.h.
 *
 * A handler first reads and checks all its words against cfg_model(), then asks for the copy with
 * cfg_edit() and changes it; so a refused command has changed nothing even within a text of many
 * lines. Control thread only.
 */
#ifndef CONFIG_IMPL_H
#define CONFIG_IMPL_H

#include <stdio.h>

#include "config/config.h"
#include "config/grammar.h"
#include "config/value.h"
#include "policy/policy.h"

#define CONFIG_HISTORY_MAX 8
#define CONFIG_EXPECTED_MAX 256

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Where in the modes a session is. */
struct cfg_place {
	enum config_mode mode;
	char name[MODEL_NAME_MAX]; /* interface, object, group, class map, policy map */
	char class_name[MODEL_NAME_MAX]; /* class of the policy map */
	char block[MODEL_TEXT_MAX]; /* first line of a kept block */
	char part[MODEL_TEXT_MAX]; /* line of the block that further indented lines belong to */
	uint32_t kinds; /* modes of inspection maps: bit of the inspector (enum cfg_inspector) */
	size_t iline; /* CONFIG_MODE_INSPECT_ACTION: line of the map */
};

struct cfg_strings {
	char **v;
	size_t n, cap;
};

struct config {
	struct config_ops ops;
	struct grammar grammar;
	struct model *current;
	struct model *history[CONFIG_HISTORY_MAX]; /* [0] is the latest */
	size_t n_history;
	struct model *trusted; /* to come back at 'deadline'; NULL: nothing is on trial */
	int64_t deadline;
	struct cfg_strings warned; /* warnings of the model in force */
	struct cfg_strings warning; /* warnings of the apply that is running */
};

/* Where a line that fits no command stopped being valid. */
struct cfg_failure {
	enum gresult result;
	size_t at; /* word */
	uint32_t expected[CONFIG_EXPECTED_MAX]; /* nodes */
	size_t n_expected;
};

/* Text hashes of the access list that is being filled; 'rows' holds row numbers plus one. */
struct ace_index {
	const struct model *model; /* NULL: nothing indexed */
	char acl[MODEL_NAME_MAX];
	size_t n, size;
	uint32_t *rows;
};

struct config_session {
	struct config *cfg;
	struct cfg_place place;
	struct model *work; /* copy being changed, NULL: none yet */
	bool edited; /* by the line that runs now */
	struct gline line;
	struct gmatch match;
	struct cfg_failure failure;
	struct ace_index aces;
	bool empty_start; /* the next copy is an empty model (CONFIG_TEXT_REPLACE) */
	bool in_text; /* a text of many lines: no hints that the next line may overtake */
	bool skip_registered; /* rows of other modules are not run (atomic and check texts) */
};

/* ---- session.c */

/* Chain of mode sets a line is tried in, nearest first. => how many. */
size_t cfg_mode_chain(const struct cfg_place *p, uint64_t chain[6]);
/* Find the row for s->line. => true; or false with s->failure. '*chain_index': mode it was found in. */
bool cfg_resolve(struct config_session *s, enum config_mode *mode);
/* Read and run one line on s->work without committing. */
enum config_status cfg_execute(struct config_session *s, const char *text, void *out,
			       struct config_result *r);
/* Apply s->work and make it the model in force. check: ops.check only, s->work is dropped. */
enum config_status cfg_commit(struct config_session *s, bool check, struct config_result *r);
void cfg_discard(struct config_session *s);
void cfg_ace_index_drop(struct config_session *s);
enum config_status cfg_refuse(struct config_result *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

int cfg_strings_add(struct cfg_strings *v, const char *text);
void cfg_strings_clear(struct cfg_strings *v);
bool cfg_strings_have(const struct cfg_strings *v, const char *text);
/* Put 'm' in force and keep the previous model for rollback. */
void cfg_model_commit(struct config *c, struct model *m);
/* Run ops.apply or ops.check and collect its warnings into r. => 0 or -errno with r. */
int cfg_model_apply(struct config *c, const struct model *m, bool check, struct config_result *r);

/* ---- for handlers */

const struct model *cfg_model(const struct cmd_args *a); /* with the changes made so far */
struct model *cfg_edit(struct cmd_args *a); /* => NULL: out of memory, error is set */
int cfg_no_memory(struct cmd_args *a); /* => -ENOMEM */
void cfg_enter(struct cmd_args *a, enum config_mode mode, const char *name);

/* Walks the words of a command from left to right. */
struct cursor {
	const struct cmd_args *a;
	size_t i;
};
/* => the next word or "" at the end; does not move. */
const char *cur_peek(const struct cursor *c);
const char *cur_next(struct cursor *c);
bool cur_take(struct cursor *c, const char *keyword); /* moves when the next word is that */
bool cur_end(const struct cursor *c);

/* Terms: => 0, or -EINVAL after cmd_error(). */
int term_addr(struct cmd_args *a, struct cursor *c, struct model_addr *out);
int term_port(struct cmd_args *a, struct cursor *c, int proto, struct model_port *out);
int term_icmp(struct cursor *c, bool v6, struct model_icmp *out);
bool term_is_port(const struct model *m, const struct cursor *c);
/* The protocol word itself. */
void term_proto(struct cursor *c, struct model_proto *out);
int term_service(struct cmd_args *a, struct cursor *c, struct model_proto *p,
		 struct model_port *sport, struct model_port *dport, struct model_icmp *icmp);
/* Name with its final NUL; cannot be too long after the grammar has seen it. */
void name_copy(char dst[MODEL_NAME_MAX], const char *src);
/* "(a,b)" */
void pair_split(const char *pair, char a[MODEL_NAME_MAX], char b[MODEL_NAME_MAX]);
/* A network must not have bits outside of its mask. */
int network_check(struct cmd_args *a, const struct asa_addr *addr, bool v6, uint8_t plen,
		  const char *mask);

/* Text under construction; silently stops at its end, 'full' tells. */
struct text {
	char *buf;
	size_t size, len;
	bool full;
};
void text_init(struct text *t, char *buf, size_t size);
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_addr(struct text *t, const struct model_addr *a); /* with a leading blank */
void text_port(struct text *t, const struct model_port *p, int proto);
void text_icmp(struct text *t, const struct model_icmp *i, bool v6);
void text_service(struct text *t, const struct model_proto *p, const struct model_port *sport,
		  const struct model_port *dport, const struct model_icmp *icmp);

/* refs.c: after a removal: is anything named that is gone? => 0, -EINVAL after cmd_error() */
int cfg_check_references(struct cmd_args *a);

/* ---- printing */

void put(struct config_sink *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What a section printer gets. */
struct show {
	const struct model *m;
	struct config_sink *sink;
	bool all;
	const char *filter; /* further words of the section ("NAME"), "" for all */
};
typedef void show_fn(const struct show *sh);
show_fn show_version_line, show_semantics, show_hostname, show_head, show_timeout_floor,
	show_fail_mode, show_interfaces, show_same_security, show_time_ranges, show_objects,
	show_groups, show_access_lists, show_logging, show_fragment, show_verify, show_service_module, show_pix_nat, show_twice_nat,
	show_object_nat, show_after_auto, show_access_groups, show_routes, show_timeouts, show_mgmt,
	show_sysopt, show_tail, show_tcp_maps, show_regexes, show_snmp_maps, show_class_maps,
	show_policy_maps, show_service_policies, show_established;
show_fn show_dns, show_pix_static, show_pix_global, show_xlate_blocks;
/* "ssh", "telnet", "http", "icmp": the lines about it. => false: another word */
bool cfg_show_mgmt_word(const struct show *sh, const char *word);
bool cfg_clear_mgmt_word(struct model *m, const char *word);

/* Sections for "clear configure": change m so that the section is as in an empty model. */
typedef int clear_fn(struct model *m, const struct model *empty);
clear_fn clear_interfaces, clear_objects, clear_groups, clear_access_lists, clear_access_groups,
	clear_nat, clear_static, clear_global, clear_routes, clear_timeouts, clear_logging, clear_tcp_maps, clear_class_maps,
	clear_policy_maps, clear_regexes, clear_snmp_maps, clear_service_policies, clear_mgmt, clear_sysopt, clear_fragment, clear_verify, clear_service_module,
	clear_hostname, clear_same_security, clear_established;
clear_fn clear_dns, clear_xlate_blocks;

/* Inspectors that have maps of their own (cmd_inspect.c); config_command.kinds is a bit mask. */
enum cfg_inspector {
	CFG_DCERPC, CFG_DNS, CFG_ESMTP, CFG_FTP, CFG_GTP, CFG_H323, CFG_HTTP, CFG_IM, CFG_IP_OPTIONS,
	CFG_IPSEC, CFG_IPV6, CFG_MGCP, CFG_NETBIOS, CFG_RADIUS, CFG_RTSP, CFG_SIP, CFG_SKINNY,
	CFG_INSPECTORS
};
/* What is inspected by "inspect WORDS" ("h323 ras"), and the map it names, "" for none. */
void cfg_inspect_parts(const char *words, char key[MODEL_NAME_MAX], char map[MODEL_NAME_MAX]);
/* Is there such a map? SNMP maps and built-in maps ("_default_sip_map") count. */
bool cfg_inspect_map_exists(const struct model *m, const char *words);
/* Regular expressions that a match line names, i from 0. => false behind the last one */
bool cfg_iline_regex(const char *text, size_t i, char name[MODEL_NAME_MAX], bool *is_class);
void show_inspect_classes(const struct show *sh);
void show_inspect_maps(const struct show *sh);
void show_built_in_maps(const struct show *sh); /* default_policy.c */
void cfg_imaps_clear(struct model *m, enum model_imap_kind kind);

/* cmd_mpf.c, cmd_conn.c: the class whose mode a session is in; error after the second */
struct model_policy_class *cfg_policy_class(const struct model *m, const struct cfg_place *p);
struct model_policy_class *cfg_policy_class_edit(struct cmd_args *a);
void show_conn_settings(const struct show *sh, const struct model_conn_settings *c);

/* ---- opaque lines (cmd_opaque.c) */

/* Is this kept line (or block) to be printed at 'place'? */
enum opaque_place { OPAQUE_HEAD, OPAQUE_TIME_RANGE, OPAQUE_TCP_MAP, OPAQUE_CLASS, OPAQUE_POLICY, OPAQUE_LOGGING, OPAQUE_XLATE, OPAQUE_TAIL };
void show_opaque(const struct show *sh, enum opaque_place place);
int cfg_clear_section(struct cmd_args *a, const char *section);
int opaque_clear(struct model *m, const char *first_words);
/* Is a block with this first line present? */
bool opaque_has(const struct model *m, const char *line);

/* ---- tables of commands */

#define CFG_TABLE(name) extern const struct config_command name[]; extern const size_t n_##name
CFG_TABLE(cmd_session_rows);
CFG_TABLE(cmd_if_rows);
CFG_TABLE(cmd_acl_rows);
CFG_TABLE(cmd_established_rows);
CFG_TABLE(cmd_dns_rows);
CFG_TABLE(cmd_object_rows);
CFG_TABLE(cmd_nat_rows);
CFG_TABLE(cmd_class_rows);
CFG_TABLE(cmd_mpf_rows);
CFG_TABLE(cmd_conn_rows);
CFG_TABLE(cmd_ip_rows);
CFG_TABLE(cmd_inspect_rows);
CFG_TABLE(cmd_inspect_line_rows);
CFG_TABLE(cmd_system_rows);
CFG_TABLE(cmd_logging_rows);
CFG_TABLE(cmd_tcp_map_rows);
CFG_TABLE(cmd_opaque_rows);

#endif
