// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rows of "show access-list": headings, entries, elements of object-groups, counters.
 *
 * Responsible for: finding row i of a list without walking it, and writing an element as ASA
 * would. Not responsible for: printing (the control module), deciding (acl.c).
 *
 * Callers: control/show through policy.h. Threads: any; an element's text is written into the
 * caller's row.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/policy_impl.h"

/* A text under construction; what does not fit is cut. */
struct text {
	char *at;
	size_t left;
};

static __attribute__((format(printf, 2, 3))) void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= t->left)
		n = t->left - 1;
	t->at += n;
	t->left -= n;
}

static const char *addr_text(addr_num n, char buf[INET6_ADDRSTRLEN])
{
	struct asa_addr a;

	addr_from_num(n, &a);
	if (addr_num_is_v4(n))
		inet_ntop(AF_INET, &a.w[3], buf, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, a.b, buf, INET6_ADDRSTRLEN);
	return buf;
}

static void put_addr(struct text *t, const struct addr_term *term)
{
	char lo[INET6_ADDRSTRLEN], hi[INET6_ADDRSTRLEN];
	unsigned int plen = addr_range_prefix(term->r);

	if (term->kind == TERM_ANY6)
		put(t, " any6");
	else if (term->kind == TERM_NOTHING)
		put(t, " fqdn %s (%s)", term->name, term->resolved ? "resolved" : "unresolved");
	else if (term->r.lo == 0 && term->r.hi == ADDR_NUM_MAX)
		put(t, " any");
	else if (term->r.lo == ADDR_V4_FIRST && term->r.hi == ADDR_V4_LAST)
		put(t, " any4");
	else if (term->r.lo == term->r.hi)
		put(t, term->name ? " host %s (%s)" : " host %s", addr_text(term->r.lo, lo), term->name);
	else if (!addr_range_is_prefix(term->r))
		put(t, " range %s %s", addr_text(term->r.lo, lo), addr_text(term->r.hi, hi));
	else if (addr_num_is_v4(term->r.lo))
		put(t, " %s %s", addr_text(term->r.lo, lo),
		    addr_text(ADDR_V4_FIRST | (__u32)addr_mask(plen), hi));
	else
		put(t, " %s/%u", addr_text(term->r.lo, lo), plen);
}

static void put_port(struct text *t, const struct port_term *p)
{
	if (p->nothing)
		put(t, " lt 0");
	else if (p->not)
		put(t, " neq %u", p->lo);
	else if (p->lo == p->hi)
		put(t, " eq %u", p->lo);
	else if (p->lo == 0 && p->hi == 0xffff)
		return;
	else if (p->lo == 0)
		put(t, " lt %u", p->hi + 1);
	else if (p->hi == 0xffff)
		put(t, " gt %u", p->lo - 1);
	else
		put(t, " range %u %u", p->lo, p->hi);
}

static void put_proto(struct text *t, const struct svc_term *s)
{
	if (s->any_proto)
		put(t, " ip");
	else if (s->proto == IPPROTO_TCP)
		put(t, " tcp");
	else if (s->proto == IPPROTO_UDP)
		put(t, " udp");
	else if (s->proto == IPPROTO_ICMP)
		put(t, " icmp");
	else if (s->proto == IPPROTO_ICMPV6)
		put(t, " icmp6");
	else
		put(t, " %u", s->proto);
}

static void element_text(const struct acl_entry *entry, const struct acl_element *el,
			 struct policy_acl_row *r)
{
	struct text t = { r->buf, sizeof(r->buf) };

	put(&t, "%s %s", entry->ace->standard ? "standard" : "extended",
	    entry->ace->permit ? "permit" : "deny");
	put_proto(&t, &el->svc);
	put_addr(&t, &el->src);
	put_port(&t, &el->svc.sport);
	put_addr(&t, &el->dst);
	put_port(&t, &el->svc.dport);
	if (el->svc.icmp_type >= 0)
		put(&t, " %d", el->svc.icmp_type);
	if (el->svc.icmp_code >= 0)
		put(&t, " %d", el->svc.icmp_code);
	r->text = r->buf;
	r->hash = el->counter->key ^ el->counter->key >> 32;
	r->hits = counter_read(el->counter, COUNTER_ACL_HITS);
}

/* The last place whose first row is not after i. */
static const struct acl_place *place_of_row(const struct acl *a, size_t i)
{
	const struct acl_place *p = a->places;

	for (size_t n = a->n_places; n > 1; n -= n / 2)
		p += p[n / 2].first_row <= i ? n / 2 : 0;
	return p;
}

/* The last entry of a leaf whose first row is not after i, counted in the leaf. */
static __u32 entry_of_row(const struct acl_leaf *l, size_t i)
{
	__u32 at = 0;

	for (__u32 n = l->n_entries; n > 1; n -= n / 2)
		at += l->entries[at + n / 2].first_row <= i ? n / 2 : 0;
	return at;
}

static void row_of_list(const struct acl *a, size_t i, struct policy_acl_row *r)
{
	const struct acl_entry *entry;
	const struct acl_place *p;
	struct text t;
	__u32 at;

	r->acl = a->name;
	r->n_elements = a->n_elements;
	if (i == 0) {
		r->hash = a->hash;
		r->text = "";
		return;
	}
	p = place_of_row(a, i);
	i -= p->first_row;
	at = entry_of_row(p->leaf, i);
	entry = &p->leaf->entries[at];
	r->line = p->first_entry + at + 1;
	r->remark = entry->ace->remark;
	r->inactive = !entry->active && !r->remark;
	if (i > entry->first_row) {
		r->expanded = true;
		element_text(entry,
			     &p->leaf->elements[entry->first_element + i - entry->first_row - 1],
			     r);
		return;
	}
	t = (struct text){ r->buf, sizeof(r->buf) };
	put(&t, "%s %s", r->remark ? "remark" : entry->ace->standard ? "standard" : "extended",
	    entry->ace->text);
	r->text = r->buf;
	r->hash = entry->hash;
	r->n_elements = entry->n_elements;
	for (__u32 e = 0; e < entry->n_elements; e++)
		r->hits += counter_read(p->leaf->elements[entry->first_element + e].counter,
					COUNTER_ACL_HITS);
}

bool policy_acl_row(const struct policy *p, const char *acl, size_t i, struct policy_acl_row *r)
{
	memset(r, 0, sizeof(*r));
	for (size_t l = 0; l < p->acls.n; l++) {
		const struct acl *a = p->acls.v[l];

		if (acl && strcmp(a->name, acl))
			continue;
		if (i < a->n_rows) {
			row_of_list(a, i, r);
			return true;
		}
		i -= a->n_rows;
	}
	return false;
}

void policy_acl_clear_counters(const struct policy *p, const char *acl)
{
	for (size_t l = 0; l < p->acls.n; l++) {
		const struct acl *a = p->acls.v[l];

		if (acl && strcmp(a->name, acl))
			continue;
		for (size_t i = 0; i < a->n_places; i++) {
			const struct acl_leaf *leaf = a->places[i].leaf;

			for (__u32 e = 0; e < leaf->n_elements; e++)
				__atomic_store_n(&leaf->elements[e].counter->value[COUNTER_ACL_HITS],
						 0, __ATOMIC_RELAXED);
		}
	}
}
