// SPDX-License-Identifier: GPL-2.0-only
/*
 * show access-list, show nat, and clearing their counters.
 *
 * Responsible for: ASA's layout of what the compiled policy tells row by row.
 * Not responsible for: the texts of rules (policy/), service policies (show_service.c),
 * translations in use (show_xlate.c).
 *
 * Callers: config/ through the table at the end. Threads: main thread, which alone replaces the
 * policy; a deferred step looks the policy up again, so a list that changes under a slow reader
 * goes on at the same row number of the new one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/commands.h"
#include "policy/policy.h"

/* ------------------------------------------------------------------ show access-list */

struct acl_list {
	struct asa *a;
	char name[MODEL_NAME_MAX]; /* empty: all */
	bool brief;
	size_t i;
	bool in_list; /* JSON: a list's object is open */
	__u32 parent; /* hash of the entry whose elements follow */
};

static const char *acl_name(const struct acl_list *l)
{
	return l->name[0] ? l->name : NULL;
}

static void acl_heading(struct output *o, struct acl_list *l, const struct policy_acl_row *r)
{
	output_text(o, "access-list %s; %d elements; name hash: 0x%08x\n", r->acl, r->n_elements,
		    r->hash);
	if (l->in_list) {
		output_list_end(o);
		output_object_end(o);
	}
	l->in_list = true;
	output_object_begin(o, NULL);
	output_str(o, "name", r->acl);
	output_int(o, "elements", r->n_elements);
	output_strf(o, "hash", "0x%08x", r->hash);
	output_list_begin(o, "entries");
}

static void acl_entry(struct output *o, struct acl_list *l, const struct policy_acl_row *r)
{
	if (!r->expanded)
		l->parent = r->hash;
	if (l->brief && !r->remark && r->hits)
		output_text(o, "%08x %08x %08llx\n", r->hash, r->expanded ? l->parent : 0,
			    (unsigned long long)r->hits);
	else if (!l->brief && r->remark)
		output_text(o, "access-list %s line %d %s\n", r->acl, r->line, r->text);
	else if (!l->brief)
		output_text(o, "%saccess-list %s line %d %s (hitcnt=%llu)%s 0x%08x \n",
			    r->expanded ? "  " : "", r->acl, r->line, r->text,
			    (unsigned long long)r->hits, r->inactive ? " (inactive)" : "", r->hash);
	output_object_begin(o, NULL);
	output_int(o, "line", r->line);
	output_bool(o, "remark", r->remark);
	output_bool(o, "expanded", r->expanded);
	output_bool(o, "inactive", r->inactive);
	output_str(o, "text", r->text);
	if (!r->remark) {
		output_u64(o, "hitcnt", r->hits);
		output_strf(o, "hash", "0x%08x", r->hash);
	}
	output_object_end(o);
}

static bool acl_step(struct output *o, void *state)
{
	struct acl_list *l = state;
	struct policy_acl_row r;
	size_t len = 0;

	while (len < OUTPUT_CHUNK) {
		if (!policy_acl_row(l->a->policy, acl_name(l), l->i, &r)) {
			if (l->in_list) {
				output_list_end(o);
				output_object_end(o);
			}
			output_list_end(o);
			return false;
		}
		if (r.line == 0)
			acl_heading(o, l, &r);
		else
			acl_entry(o, l, &r);
		l->i++;
		output_data(o, &len);
	}
	return true;
}

static int show_access_list(void *ctx, struct cmd_args *args, void *out)
{
	struct acl_list *l = calloc(1, sizeof(*l));
	const char *name = cmd_get(args, "NAME");
	struct policy_acl_row r;

	if (!l)
		return cmd_error(args, "out of memory");
	l->a = ctx;
	l->brief = cmd_has(args, "brief");
	snprintf(l->name, sizeof(l->name), "%s", name ? name : "");
	if (name && !policy_acl_row(l->a->policy, name, 0, &r)) {
		free(l);
		return cmd_error(args, "access-list %s does not exist", name);
	}
	output_list_begin(out, "access_lists");
	output_defer(out, acl_step, l, free);
	return 0;
}

static int clear_access_list(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	const char *name = cmd_get(args, "NAME");
	struct policy_acl_row r;

	if (name && !policy_acl_row(a->policy, name, 0, &r))
		return cmd_error(args, "access-list %s does not exist", name);
	policy_acl_clear_counters(a->policy, name);
	return 0;
}

/* ------------------------------------------------------------------ show nat */

static void nat_section_text(struct output *o, int section)
{
	static const char *const names[] = {"", "Manual NAT Policies (Section 1)",
					    "Auto NAT Policies (Section 2)",
					    "Manual NAT Policies (Section 3)"};

	if (section >= 1 && section <= 3)
		output_text(o, "%s\n", names[section]);
}

static void nat_detail(struct output *o, const struct policy *p, size_t i)
{
	struct policy_nat_detail d;

	if (!policy_nat_detail(p, i, &d))
		return;
	output_text(o, "    Source - Origin: %s, Translated: %s\n", d.origin, d.translated);
	output_str(o, "source_origin", d.origin);
	output_str(o, "source_translated", d.translated);
	if (*d.dst_origin) {
		output_text(o, "    Destination - Origin: %s, Translated: %s\n", d.dst_origin,
			    d.dst_translated);
		output_str(o, "destination_origin", d.dst_origin);
		output_str(o, "destination_translated", d.dst_translated);
	}
	if (*d.service) {
		output_text(o, "    Service - %s\n", d.service);
		output_str(o, "service", d.service);
	}
}

static int show_nat(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	bool detail = cmd_has(args, "detail");
	struct policy_nat_row r;
	int section = 0;

	output_list_begin(out, "rules");
	for (size_t i = 0; policy_nat_row(a->policy, i, &r); i++) {
		if (r.section != section) {
			if (section)
				output_text(out, "\n");
			nat_section_text(out, r.section);
			section = r.section;
		}
		output_text(out, "%d (%s) to (%s) %s%s\n", r.index, r.real_if, r.mapped_if, r.text,
			    r.inactive ? " inactive" : "");
		output_text(out, "    translate_hits = %llu, untranslate_hits = %llu\n",
			    (unsigned long long)r.translate_hits,
			    (unsigned long long)r.untranslate_hits);
		output_object_begin(out, NULL);
		if (detail)
			nat_detail(out, a->policy, i);
		output_int(out, "section", r.section);
		output_int(out, "index", r.index);
		output_str(out, "real_interface", r.real_if);
		output_str(out, "mapped_interface", r.mapped_if);
		output_str(out, "type", r.is_static ? "static" : "dynamic");
		output_bool(out, "inactive", r.inactive);
		output_str(out, "text", r.text);
		output_str(out, "config", r.config);
		output_u64(out, "translate_hits", r.translate_hits);
		output_u64(out, "untranslate_hits", r.untranslate_hits);
		output_object_end(out);
	}
	output_list_end(out);
	return 0;
}

static int clear_nat_counters(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	policy_nat_clear_counters(a->policy);
	return 0;
}

COMMANDS_DEFINE(policy,
		{CONFIG_IN_EXEC, "show access-list [ <NAME:name> ] [ brief ]", NULL,
		 "Access lists with hit counts", show_access_list},
		{CONFIG_IN_PRIV, "clear access-list [ <NAME:name> ] counters", NULL,
		 "Set the hit counts to zero", clear_access_list},
		{CONFIG_IN_EXEC, "show nat [ detail ]", NULL,
		 "Translation rules in order of evaluation", show_nat},
		{CONFIG_IN_PRIV, "clear nat counters", NULL,
		 "Set the hit counts of translation rules to zero", clear_nat_counters}, );
