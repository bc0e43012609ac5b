// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access lists in their places, and deciding by them.
 *
 * Responsible for: which list stands on which interface, ACL-2, ACL-3, security levels and
 * same-security rules (SES-2). Not responsible for: compiling a list (acl_compile.c), whether
 * addresses are real or mapped (the caller asks policy_acl_mapped() and gives the right ones),
 * logging, text (acl_rows.c).
 *
 * Callers: policy.c; the pipeline through policy.h; nat.c and service_policy.c.
 * Threads: see policy_impl.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_impl.h"

static int groups_compile(struct compile *c)
{
	struct policy_acls *acls = &c->p->acls;

	for (size_t i = 0; i < c->m->access_groups.n; i++) {
		const struct model_access_group *ag = &c->m->access_groups.v[i];
		int row = names_acl(c, ag->acl);
		const struct policy_if *pi;
		int *place;

		if (row < 0)
			return compile_fail(c, "access-group: access-list %s does not exist",
					    ag->acl);
		if (ag->global) {
			place = &acls->global;
		} else {
			pi = policy_if_named(c->p, ag->ifname);
			/* DEVIATION: as in service_compile(): it acts once an interface is named so. */
			if (!pi) {
				if (compile_warn(c, "access-group %s: no interface has the name %s yet",
						 ag->acl, ag->ifname))
					return -ENOMEM;
				continue;
			}
			place = ag->out ? &acls->out[pi->num] : &acls->in[pi->num];
		}
		if (*place >= 0)
			return compile_fail(c, "access-group %s: access-list %s is there already",
					    ag->acl, acls->v[*place]->name);
		*place = row;
	}
	return 0;
}

/* The list of that name in the snapshot before. */
static struct acl *old_acl(const struct compile *c, size_t row, const char *name)
{
	const struct policy_acls *old = c->old ? &c->old->acls : NULL;

	/* Mostly it stands where it stood. */
	if (old && row < old->n && !strcmp(old->v[row]->name, name))
		return old->v[row];
	for (size_t i = 0; old && i < old->n; i++)
		if (!strcmp(old->v[i]->name, name))
			return old->v[i];
	return NULL;
}

int acls_compile(struct compile *c)
{
	struct policy_acls *acls = &c->p->acls;

	acls->global = -1;
	for (size_t i = 0; i < POLICY_IFS_MAX; i++)
		acls->in[i] = acls->out[i] = -1;
	acls->v = calloc(c->m->acls.n + 1, sizeof(*acls->v));
	if (!acls->v)
		return -ENOMEM;
	while (acls->n < c->m->acls.n) {
		const struct model_acl *ma = &c->m->acls.v[acls->n];
		int err = acl_compile(c, ma, old_acl(c, acls->n, ma->name), &acls->v[acls->n]);

		if (err)
			return err;
		acls->n++;
	}
	return groups_compile(c);
}

void acls_fini(struct policy *p)
{
	for (size_t i = 0; i < p->acls.n; i++)
		acl_put(p->acls.v[i]);
	free(p->acls.v);
}

/* ------------------------------------------------------------------ one list */

static bool rule_lives(const void *dead, size_t rule)
{
	return !(((const __u64 *)dead)[rule / 64] >> rule % 64 & 1);
}

/* How many lines lower than in the base the entry of a rule stands. */
static int rule_shift(const struct acl *a, __u32 rule)
{
	const struct acl_shift *at = a->shifts;

	if (!a->n_shifts || at->rule > rule)
		return 0;
	for (size_t n = a->n_shifts; n > 1; n -= n / 2)
		at += at[n / 2].rule <= rule ? n / 2 : 0;
	return at->lines;
}

const struct acl_verdict *acl_classify(const struct policy *p, int row, const struct cls_key *k,
				       __u32 *line)
{
	const struct acl *a = p->acls.v[row];
	long rule = classifier_match(a->base->rules.classifier, k, a->dead ? rule_lives : NULL,
				     a->dead);
	const struct acl_verdict *v;

	if (a->delta.n) {
		long later = classifier_match(a->delta.classifier, k, NULL, NULL);

		/* It stands in front of its anchor: so it wins over that and what follows. */
		if (later >= 0 && (rule < 0 || a->anchors[later] <= rule)) {
			*line = a->delta.verdicts[later].line;
			return &a->delta.verdicts[later];
		}
	}
	if (rule < 0)
		return NULL;
	v = &a->base->rules.verdicts[rule];
	*line = v->line + rule_shift(a, rule);
	return v;
}

bool acl_permits(const struct policy *p, int row, const struct cls_key *k)
{
	__u32 line;
	const struct acl_verdict *v = acl_classify(p, row, k, &line);

	return v && v->permit;
}

const struct acl_element *acl_next_element(const struct acl *a, struct acl_cursor *at,
					   const struct acl_entry **entry)
{
	for (; at->place < a->n_places; at->place++, at->entry = 0) {
		const struct acl_leaf *l = a->places[at->place].leaf;

		for (; at->entry < l->n_entries; at->entry++, at->element = 0) {
			*entry = &l->entries[at->entry];
			if ((*entry)->active && at->element < (*entry)->n_elements)
				return &l->elements[(*entry)->first_element + at->element++];
		}
	}
	return NULL;
}

int policy_acl_test(const struct policy *p, const char *name, const struct policy_tuple *t)
{
	struct cls_key k;

	for (size_t i = 0; i < p->acls.n; i++) {
		if (strcmp(p->acls.v[i]->name, name))
			continue;
		cls_key_from_tuple(&k, t);
		return acl_permits(p, i, &k);
	}
	return -1;
}

bool policy_acl_mapped(const struct policy *p)
{
	return p->model->acl_mapped;
}

/* ------------------------------------------------------------------ decisions */

enum acl_answer { ACL_NO_MATCH, ACL_PERMIT, ACL_DENY };

/* Look in one list, count, and tell which entry decided. */
static enum acl_answer acl_decide(const struct policy *p, int row, const struct cls_key *k,
				  struct policy_acl_match *m)
{
	__u32 line = 0;
	const struct acl_verdict *v = acl_classify(p, row, k, &line);

	*m = (struct policy_acl_match){ .acl = p->acls.v[row]->name };
	if (!v)
		return ACL_NO_MATCH;
	counter_add(v->counter, COUNTER_ACL_HITS);
	m->hit = &v->counter->value[COUNTER_ACL_HITS];
	m->line = line;
	m->hash = v->hash;
	m->log = v->log;
	m->log_level = v->log_level;
	m->log_interval = v->log_interval;
	return v->permit ? ACL_PERMIT : ACL_DENY;
}

enum asa_drop policy_access_levels(const struct policy *p, const struct policy_if *in,
				   const struct policy_if *out, bool listed)
{
	if (in->num == out->num)
		return p->model->same_security_intra ? DROP_NONE : DROP_POLICY_INTRA;
	if (in->level == out->level)
		return p->model->same_security_inter ? DROP_NONE : DROP_POLICY_INTER;
	return listed || in->level > out->level ? DROP_NONE : DROP_POLICY_ACL;
}

enum asa_drop policy_access_in(const struct policy *p, const struct policy_if *in,
			       const struct policy_if *out, const struct policy_tuple *t,
			       struct policy_acl_match *m)
{
	int own = p->acls.in[in->num], global = p->acls.global;
	enum acl_answer v = ACL_NO_MATCH;
	bool listed = own >= 0 || global >= 0;
	struct cls_key k;

	*m = (struct policy_acl_match){ 0 };
	if (listed) {
		cls_key_from_tuple(&k, t);
		if (own >= 0)
			v = acl_decide(p, own, &k, m);
		if (v == ACL_NO_MATCH && global >= 0)
			v = acl_decide(p, global, &k, m);
		if (v != ACL_PERMIT)
			return DROP_POLICY_ACL;
	}
	return out ? policy_access_levels(p, in, out, listed) : DROP_NONE;
}

enum asa_drop policy_access_out(const struct policy *p, const struct policy_if *out,
				const struct policy_tuple *t, struct policy_acl_match *m)
{
	int row = p->acls.out[out->num];
	struct cls_key k;

	*m = (struct policy_acl_match){ 0 };
	if (row < 0)
		return DROP_NONE;
	cls_key_from_tuple(&k, t);
	return acl_decide(p, row, &k, m) == ACL_PERMIT ? DROP_NONE : DROP_POLICY_ACL;
}
