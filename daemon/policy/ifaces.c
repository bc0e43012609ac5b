// SPDX-License-Identifier: GPL-2.0-only
/*
 * Named interfaces of a snapshot.
 *
 * Responsible for: dense numbers, security levels, own addresses, finding the interface of a
 * frame by Linux index and VLAN. Not responsible for: putting addresses on Linux interfaces, or
 * learning of them (struct sys_info is given by the caller).
 *
 * A sub-interface is the tagged frames of its parent: its index is the parent's, since that is
 * where the XDP program sees them, also when Linux has a VLAN device of the same name.
 *
 * Callers: policy.c, the pipeline. Threads: see policy_impl.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/policy_impl.h"

static const struct sys_if *sys_find(const struct sys_info *sys, const char *dev)
{
	for (size_t i = 0; i < sys->n_ifs; i++)
		if (!strcmp(sys->ifs[i].dev, dev))
			return &sys->ifs[i];
	return NULL;
}

static __u32 if_slot(__u32 ifindex, __u16 vlan)
{
	return ((ifindex * 0x9e3779b1u) ^ (vlan * 0x85ebca6bu)) >> 16 & (IF_SLOTS - 1);
}

/* The Linux device whose frames are the interface's. */
static void carrier_name(const struct model_if *mi, char dev[MODEL_IF_MAX])
{
	const char *dot = strrchr(mi->dev, '.');

	if (!mi->vlan || (!*mi->parent && !dot)) {
		memcpy(dev, mi->dev, MODEL_IF_MAX);
	} else if (*mi->parent) {
		memcpy(dev, mi->parent, MODEL_IF_MAX);
	} else {
		memset(dev, 0, MODEL_IF_MAX);
		memcpy(dev, mi->dev, dot - mi->dev);
	}
}

static void addrs_add(struct policy_ifs *ifs, size_t num, const struct model_if_addr *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t j = 0;

		while (j < ifs->n_addrs[num] &&
		       !asa_addr_equal(&ifs->addrs[num][j].addr, &v[i].addr))
			j++;
		if (j == ifs->n_addrs[num])
			ifs->addrs[num][ifs->n_addrs[num]++] = v[i];
	}
}

/* What "fragment" and "ip verify" say of the interface. */
static void ip_settings(const struct model *m, struct policy_if *pi)
{
	pi->fragment_size = (__u32)m->fragment_size;
	pi->fragment_chain = (__u32)m->fragment_chain;
	pi->fragment_timeout_s = (__u32)m->fragment_timeout;
	for (size_t i = 0; i < m->ip.n; i++) {
		const struct model_ip *row = &m->ip.v[i];

		if (strcmp(row->ifname, pi->name))
			continue;
		if (row->fragment_size)
			pi->fragment_size = (__u32)row->fragment_size;
		if (row->fragment_chain)
			pi->fragment_chain = (__u32)row->fragment_chain;
		if (row->fragment_timeout)
			pi->fragment_timeout_s = (__u32)row->fragment_timeout;
		pi->reverse_path = row->reverse_path;
		pi->module = row->module;
	}
}

static int iface_compile(struct compile *c, const struct model_if *mi)
{
	struct policy_ifs *ifs = &c->p->ifs;
	struct policy_if *pi = &ifs->v[ifs->n];
	const struct sys_if *carrier, *own;
	char dev[MODEL_IF_MAX];
	__u32 s;

	if (ifs->n == POLICY_IFS_MAX)
		return compile_fail(c, "More than %d interfaces have a nameif", POLICY_IFS_MAX);
	for (size_t i = 0; i < ifs->n; i++)
		if (!strcmp(ifs->v[i].name, mi->nameif))
			return compile_fail(c, "nameif %s is used by interfaces %s and %s",
					    mi->nameif, ifs->v[i].dev, mi->dev);
	carrier_name(mi, dev);
	carrier = sys_find(c->sys, dev);
	own = mi->vlan ? sys_find(c->sys, mi->dev) : NULL;

	pi->num = ifs->n;
	pi->vlan = mi->vlan;
	pi->level = mi->level >= 0 ? mi->level : strcasecmp(mi->nameif, "inside") ? 0 : 100;
	memcpy(pi->name, mi->nameif, sizeof(pi->name));
	memcpy(pi->dev, mi->dev, sizeof(pi->dev));
	ip_settings(c->m, pi);
	if (carrier) {
		pi->ifindex = carrier->ifindex;
		pi->mtu = carrier->mtu;
		memcpy(pi->mac, carrier->mac, sizeof(pi->mac));
		pi->up = carrier->up && !mi->shutdown;
	}

	ifs->addrs[ifs->n] = calloc(mi->addrs.n + 32, sizeof(*ifs->addrs[0]));
	if (!ifs->addrs[ifs->n])
		return -ENOMEM;
	addrs_add(ifs, ifs->n, mi->addrs.v, mi->addrs.n);
	if (carrier && !mi->vlan)
		addrs_add(ifs, ifs->n, carrier->addrs, carrier->n_addrs);
	if (own)
		addrs_add(ifs, ifs->n, own->addrs, own->n_addrs);

	ifs->n++;
	if (!pi->ifindex)
		return 0;
	if (policy_if_find(c->p, pi->ifindex, pi->vlan))
		return compile_fail(c, "Interfaces %s and %s have the same frames (VLAN %d of %s)",
				    policy_if_find(c->p, pi->ifindex, pi->vlan)->dev, mi->dev,
				    mi->vlan, dev);
	s = if_slot(pi->ifindex, pi->vlan);
	while (ifs->slots[s])
		s = (s + 1) & (IF_SLOTS - 1);
	ifs->slots[s] = pi->num + 1;
	return 0;
}

int ifaces_compile(struct compile *c)
{
	for (size_t i = 0; i < c->m->ifs.n; i++) {
		int err = 0;

		if (*c->m->ifs.v[i].nameif)
			err = iface_compile(c, &c->m->ifs.v[i]);
		if (err)
			return err;
	}
	return 0;
}

void ifaces_fini(struct policy *p)
{
	for (size_t i = 0; i < POLICY_IFS_MAX; i++)
		free(p->ifs.addrs[i]);
}

bool ifaces_address(const struct policy *p, __u16 num, bool v6, struct asa_addr *a)
{
	for (size_t i = 0; i < p->ifs.n_addrs[num]; i++) {
		const struct asa_addr *own = &p->ifs.addrs[num][i].addr;

		if (v6 == !!asa_addr_is_v4(own))
			continue;
		/* fe80::/10 is of no use beyond the link */
		if (v6 && own->b[0] == 0xfe && (own->b[1] & 0xc0) == 0x80)
			continue;
		*a = *own;
		return true;
	}
	return false;
}

size_t policy_n_ifs(const struct policy *p)
{
	return p->ifs.n;
}

const struct policy_if *policy_if_at(const struct policy *p, __u16 num)
{
	return num < p->ifs.n ? &p->ifs.v[num] : NULL;
}

const struct policy_if *policy_if_find(const struct policy *p, __u32 ifindex, __u16 vlan)
{
	for (__u32 s = if_slot(ifindex, vlan); p->ifs.slots[s]; s = (s + 1) & (IF_SLOTS - 1)) {
		const struct policy_if *pi = &p->ifs.v[p->ifs.slots[s] - 1];

		if (pi->ifindex == ifindex && pi->vlan == vlan)
			return pi;
	}
	return NULL;
}

const struct policy_if *policy_if_module(const struct policy *p, int kind, int from)
{
	for (size_t i = 0; i < p->ifs.n; i++)
		if (p->ifs.v[i].module & MODEL_MODULE(kind, from))
			return &p->ifs.v[i];
	return NULL;
}

const struct policy_if *policy_if_named(const struct policy *p, const char *nameif)
{
	for (size_t i = 0; i < p->ifs.n; i++)
		if (!strcmp(p->ifs.v[i].name, nameif))
			return &p->ifs.v[i];
	return NULL;
}

bool policy_if_address(const struct policy *p, const struct policy_if *pi, bool v6,
		       struct asa_addr *a)
{
	return ifaces_address(p, pi->num, v6, a);
}

/* The last address of an IPv4 network (RFC 3021: a /31 has none). */
static bool is_broadcast(const struct model_if_addr *own, const struct asa_addr *a)
{
	__u32 host;

	if (!asa_addr_is_v4(&own->addr) || !asa_addr_is_v4(a) || !own->plen || own->plen > 30)
		return false;
	host = 0xffffffffu >> own->plen;
	return asa_ntohl(a->w[3]) == (asa_ntohl(own->addr.w[3]) | host);
}

bool policy_source_forged(const struct policy *p, const struct policy_if *in,
			  const struct asa_addr *src)
{
	for (size_t i = 0; i < p->ifs.n_addrs[in->num]; i++) {
		const struct model_if_addr *own = &p->ifs.addrs[in->num][i];

		if (asa_addr_equal(&own->addr, src) || is_broadcast(own, src))
			return true;
	}
	return false;
}
