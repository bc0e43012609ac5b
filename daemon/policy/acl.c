// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access lists: compiling entries into flat rules, and deciding by them.
 *
 * Responsible for: ACL-1 to ACL-3, security levels and same-security rules (SES-2). An entry
 * becomes elements (one per combination of what its groups hold: the rows of "show access-list"
 * and its counters); an element becomes one or more classifier rules ("neq" and "any6" are two
 * ranges). Not responsible for: whether addresses are real or mapped (the caller asks
 * policy_acl_mapped() and gives the right ones), logging, text (acl_rows.c).
 *
 * Callers: policy.c; the pipeline through policy.h; nat.c and service_policy.c.
 * Threads: see policy_impl.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_impl.h"

struct cls_rules {
	struct cls_rule *v;
	size_t n, cap;
};
struct numbers {
	__u32 *v;
	size_t n, cap;
};
struct elements {
	struct acl_element *v;
	size_t n, cap;
};
struct verdicts {
	struct acl_verdict *v;
	size_t n, cap;
};

/* What grows while a list is compiled. */
struct acl_build {
	struct acl *acl;
	struct elements elements;
	struct numbers element_entry;
	struct verdicts verdicts;
	struct cls_rules rules;
};

static __u64 hash_term(__u64 h, const void *bytes, size_t n)
{
	const __u8 *b = bytes;

	while (n--)
		h = (h ^ *b++) * 0x100000001b3ull;
	return h;
}

/* Stable over recompiles: depends on what the element matches, not on where it stands. */
static __u64 element_key(const struct acl_entry *entry, const char *acl,
			 const struct acl_element *el)
{
	__u64 h = policy_hash_text(POLICY_HASH_START, acl);
	int svc[] = { el->svc.any_proto ? -1 : el->svc.proto,
		      el->svc.sport.lo,	 el->svc.sport.hi,  el->svc.sport.not,
		      el->svc.dport.lo,	 el->svc.dport.hi,  el->svc.dport.not,
		      el->svc.icmp_type, el->svc.icmp_code, el->src.kind,
		      el->dst.kind };

	h = policy_hash_text(h, entry->ace->text);
	h = hash_term(h, &el->src.r, sizeof(el->src.r));
	h = hash_term(h, &el->dst.r, sizeof(el->dst.r));
	if (el->src.name)
		h = policy_hash_text(h, el->src.name);
	if (el->dst.name)
		h = policy_hash_text(h, el->dst.name);
	return hash_term(h, svc, sizeof(svc));
}

/* The one or two ranges of an address term. */
static size_t term_ranges(const struct addr_term *t, struct addr_range r[2])
{
	switch (t->kind) {
	case TERM_RANGE:
		r[0] = t->r;
		return 1;
	case TERM_ANY6:
		r[0] = (struct addr_range){ 0, ADDR_V4_FIRST - 1 };
		r[1] = (struct addr_range){ ADDR_V4_LAST + 1, ADDR_NUM_MAX };
		return 2;
	case TERM_NOTHING:
		break;
	}
	return 0;
}

static size_t port_ranges(const struct port_term *t, __u16 lo[2], __u16 hi[2])
{
	size_t n = 0;

	if (t->nothing)
		return 0;
	if (!t->not) {
		lo[0] = t->lo;
		hi[0] = t->hi;
		return 1;
	}
	if (t->lo > 0) {
		lo[n] = 0;
		hi[n++] = t->lo - 1;
	}
	if (t->hi < 0xffff) {
		lo[n] = t->hi + 1;
		hi[n++] = 0xffff;
	}
	return n;
}

static bool one_family_each(struct addr_range a, struct addr_range b)
{
	struct addr_range v4 = { ADDR_V4_FIRST, ADDR_V4_LAST };
	bool a4 = a.lo >= v4.lo && a.hi <= v4.hi, b4 = b.lo >= v4.lo && b.hi <= v4.hi;

	return (a4 && !addr_range_overlaps(b, v4)) || (b4 && !addr_range_overlaps(a, v4));
}

/* The classifier rules of one element. */
static int element_rules(struct acl_build *b, const struct acl_element *el,
			 const struct acl_entry *entry)
{
	struct addr_range src[2], dst[2];
	__u16 slo[2], shi[2], dlo[2], dhi[2];
	size_t n[4] = { term_ranges(&el->src, src), term_ranges(&el->dst, dst),
			port_ranges(&el->svc.sport, slo, shi),
			port_ranges(&el->svc.dport, dlo, dhi) };

	for (size_t i = 0; i < n[0] * n[1] * n[2] * n[3]; i++) {
		size_t s = i % n[0], d = i / n[0] % n[1];
		size_t sp = i / n[0] / n[1] % n[2], dp = i / n[0] / n[1] / n[2];
		struct acl_verdict *v;
		struct cls_rule *r;

		/* no packet has one IPv4 and one IPv6 address */
		if (one_family_each(src[s], dst[d]))
			continue;
		r = MODEL_PUSH(&b->rules);
		v = MODEL_PUSH(&b->verdicts);
		if (!r || !v)
			return -ENOMEM;
		*v = (struct acl_verdict){
			.counter = el->counter,
			.line = entry->line,
			.hash = entry->hash,
			.log_interval = entry->ace->log_interval,
			.log_level = entry->ace->log_level,
			.permit = entry->ace->permit,
			.log = entry->ace->log,
		};
		*r = (struct cls_rule){
			.src = src[s],
			.dst = dst[d],
			.sport_lo = slo[sp],
			.sport_hi = shi[sp],
			.dport_lo = dlo[dp],
			.dport_hi = dhi[dp],
			.icmp_type = el->svc.icmp_type,
			.icmp_code = el->svc.icmp_code,
			.proto = el->svc.proto,
			.any_proto = el->svc.any_proto,
		};
	}
	return 0;
}

static int entry_elements(struct compile *c, struct acl_build *b, struct acl_entry *entry,
			  const struct addr_terms *src, const struct addr_terms *dst,
			  const struct svc_terms *svc)
{
	size_t total = src->n * dst->n * svc->n;

	if (total > POLICY_ELEMENTS_MAX || b->elements.n + total > POLICY_ELEMENTS_MAX)
		return compile_fail(c, "access-list %s line %u expands to %zu elements; a list may have %d",
				    b->acl->name, entry->line, total, POLICY_ELEMENTS_MAX);
	for (size_t i = 0; i < total; i++) {
		__u32 *of = MODEL_PUSH(&b->element_entry);
		struct acl_element *el = MODEL_PUSH(&b->elements);
		int err;

		if (!of || !el)
			return -ENOMEM;
		*of = entry - b->acl->entries;
		el->svc = svc->v[i / dst->n / src->n];
		el->src = src->v[i / dst->n % src->n];
		el->dst = dst->v[i % dst->n];
		el->counter = counter_get(&c->p->counters, c->old ? &c->old->counters : NULL,
					  element_key(entry, b->acl->name, el), COUNTER_ACL_N);
		if (!el->counter)
			return -ENOMEM;
		err = entry->active ? element_rules(b, el, entry) : 0;
		if (err)
			return err;
	}
	entry->n_elements = total;
	return 0;
}

static bool addr_is_named(const struct model_addr *a)
{
	return a->kind == MODEL_ADDR_OBJECT || a->kind == MODEL_ADDR_GROUP;
}

static int entry_compile(struct compile *c, struct acl_build *b, struct acl_entry *entry)
{
	const struct model_ace *ace = entry->ace;
	const struct model_addr any = { .kind = MODEL_ADDR_ANY };
	const struct model_proto ip = { .kind = MODEL_PROTO_IP };
	struct addr_terms src = { 0 }, dst = { 0 };
	struct svc_terms svc = { 0 };
	char who[MODEL_NAME_MAX + 40];
	int err;

	entry->first_element = b->elements.n;
	if (ace->remark)
		return 0;
	snprintf(who, sizeof(who), "access-list %s line %u", b->acl->name, entry->line);
	entry->active = !ace->inactive;
	if (entry->active && *ace->time_range && ace->permit) {
		/* Times are not evaluated: what may be forbidden now is not permitted. */
		entry->active = false;
		err = compile_warn(c, "%s: time-range %s is not evaluated, the permit is inactive",
				   who, ace->time_range);
		if (err)
			return err;
	}
	/* a standard list names destinations only */
	err = resolve_addr(c, who, ace->standard ? &any : &ace->src, &src);
	if (!err)
		err = resolve_addr(c, who, ace->standard ? &ace->src : &ace->dst, &dst);
	if (!err)
		err = resolve_service(c, who, ace->standard ? &ip : &ace->proto, &ace->sport,
				      &ace->dport, &ace->icmp, &svc);
	if (!err)
		err = entry_elements(c, b, entry, &src, &dst, &svc);
	entry->expanded = entry->n_elements != 1 || addr_is_named(&ace->src) ||
			  addr_is_named(&ace->dst) || ace->proto.kind > MODEL_PROTO_NUM;
	free(src.v);
	free(dst.v);
	free(svc.v);
	return err;
}

static int acl_compile(struct compile *c, struct acl *acl, const struct model_acl *ma)
{
	struct acl_build b = { .acl = acl };
	int err = 0;

	acl->name = ma->name;
	acl->hash = policy_hash_text(POLICY_HASH_START, ma->name);
	acl->entries = calloc(ma->aces.n + 1, sizeof(*acl->entries));
	if (!acl->entries)
		return -ENOMEM;
	acl->n_rows = 1;
	for (size_t i = 0; i < ma->aces.n && !err; i++) {
		struct acl_entry *entry = &acl->entries[acl->n_entries++];
		__u64 h = policy_hash_text(POLICY_HASH_START, ma->name);

		entry->ace = &ma->aces.v[i];
		entry->line = i + 1;
		h = policy_hash_text(h, " ");
		entry->hash = policy_hash_text(h, ma->aces.v[i].text);
		entry->first_row = acl->n_rows;
		err = entry_compile(c, &b, entry);
		acl->n_rows += 1 + (entry->expanded ? entry->n_elements : 0);
	}
	acl->elements = b.elements.v;
	acl->n_elements = b.elements.n;
	acl->element_entry = b.element_entry.v;
	acl->verdicts = b.verdicts.v;
	acl->n_rules = b.rules.n;
	if (!err) {
		acl->classifier = classifier_new(b.rules.v, b.rules.n);
		if (!acl->classifier)
			err = -ENOMEM;
	}
	free(b.rules.v);
	return err;
}

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
					    ag->acl, acls->v[*place].name);
		*place = row;
	}
	return 0;
}

int acls_compile(struct compile *c)
{
	struct policy_acls *acls = &c->p->acls;
	int err = 0;

	acls->global = -1;
	for (size_t i = 0; i < POLICY_IFS_MAX; i++)
		acls->in[i] = acls->out[i] = -1;
	acls->v = calloc(c->m->acls.n + 1, sizeof(*acls->v));
	if (!acls->v)
		return -ENOMEM;
	while (acls->n < c->m->acls.n && !err) {
		err = acl_compile(c, &acls->v[acls->n], &c->m->acls.v[acls->n]);
		acls->n++;
	}
	return err ? err : groups_compile(c);
}

void acls_fini(struct policy *p)
{
	for (size_t i = 0; i < p->acls.n; i++) {
		struct acl *a = &p->acls.v[i];

		classifier_free(a->classifier);
		free(a->verdicts);
		free(a->element_entry);
		free(a->elements);
		free(a->entries);
	}
	free(p->acls.v);
}

const struct acl_verdict *acl_classify(const struct policy *p, int row, const struct cls_key *k)
{
	const struct acl *a = &p->acls.v[row];
	long rule = classifier_match(a->classifier, k, NULL, NULL);

	return rule < 0 ? NULL : &a->verdicts[rule];
}

bool acl_permits(const struct policy *p, int row, const struct cls_key *k)
{
	const struct acl_verdict *v = acl_classify(p, row, k);

	return v && v->permit;
}

int policy_acl_test(const struct policy *p, const char *name, const struct policy_tuple *t)
{
	struct cls_key k;

	for (size_t i = 0; i < p->acls.n; i++) {
		if (strcmp(p->acls.v[i].name, name))
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
	const struct acl_verdict *v = acl_classify(p, row, k);

	*m = (struct policy_acl_match){ .acl = p->acls.v[row].name };
	if (!v)
		return ACL_NO_MATCH;
	counter_add(v->counter, COUNTER_ACL_HITS);
	m->hit = &v->counter->value[COUNTER_ACL_HITS];
	m->line = v->line;
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
