// SPDX-License-Identifier: GPL-2.0-only
/*
 * BYP-11: state bypass and dynamic translation do not go together.
 *
 * Responsible for: the warning when a class that bypasses TCP state can match traffic which a
 * dynamic NAT or PAT rule translates. Each of two firewalls translates by itself, so only static
 * rules give the same result on both. Not responsible for: refusing; the command is accepted.
 *
 * A policy map that is not attached is checked as if it were attached everywhere, so that the
 * warning comes with the command that causes it.
 *
 * Callers: service_policy.c. Threads: the control thread, while compiling.
 */
#include <netinet/in.h>
#include <string.h>

#include "policy/policy_impl.h"

/* Work bound: elements of the list times steps of the rules. */
#define CHECK_ELEMENTS_MAX 2000

/* The dynamic rule that could translate what a class matches, -1 none. */
static int class_dynamic_rule(const struct compile *c, const struct model_class *mc, int num)
{
	const struct addr_range all = { 0, ADDR_NUM_MAX };
	const struct acl_element *el;
	const struct acl_entry *entry;
	struct acl_cursor at = { 0 };
	const struct acl *acl;
	int rule = -1;

	if (!mc || !*mc->acl)
		return nats_dynamic_for(c->p, all, all, num);
	acl = c->p->acls.v[names_acl(c, mc->acl)];
	for (int i = 0; i < CHECK_ELEMENTS_MAX && rule < 0; i++) {
		el = acl_next_element(acl, &at, &entry);
		if (!el)
			break;
		if (!entry->ace->permit || el->src.kind == TERM_NOTHING || el->dst.kind == TERM_NOTHING)
			continue;
		if (!el->svc.any_proto && el->svc.proto != IPPROTO_TCP)
			continue;
		rule = nats_dynamic_for(c->p, el->src.r, el->dst.r, num);
	}
	return rule;
}

static int attachment_check(struct compile *c, const struct model_policy_map *pm, int num)
{
	int err = 0;

	for (size_t i = 0; i < pm->classes.n && !err; i++) {
		const struct model_policy_class *pc = &pm->classes.v[i];
		int rule = -1;

		if (pc->conn.bypass)
			rule = class_dynamic_rule(c, model_class_find(c->m, pc->class_name), num);
		if (rule >= 0)
			err = compile_warn(c, "policy-map %s class %s: tcp-state-bypass can match traffic that the dynamic rule \"%s\" translates; use static translation on both firewalls",
					   pm->name, pc->class_name, nats_config_text(c->p, rule));
	}
	return err;
}

int bypass_nat_check(struct compile *c)
{
	int err = 0;

	for (size_t i = 0; i < c->m->policy_maps.n && !err; i++) {
		const struct model_policy_map *pm = &c->m->policy_maps.v[i];
		bool attached = false;

		for (size_t j = 0; j < c->m->service_policies.n && !err; j++) {
			const struct model_service_policy *sp = &c->m->service_policies.v[j];
			const struct policy_if *pi = policy_if_named(c->p, sp->ifname);

			if (strcmp(sp->policy_map, pm->name) || (!sp->global && !pi))
				continue;
			attached = true;
			err = attachment_check(c, pm, sp->global ? -1 : pi->num);
		}
		if (!attached && !err)
			err = attachment_check(c, pm, -1);
	}
	return err;
}
