// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a configuration does to the machine.
 *
 * Order of one change: compile (nothing has changed if that fails), put addresses and routes on
 * Linux, read back what the system is now, compile against that, attach and open sockets where
 * interfaces are new, publish, take away what is not used any more. So a packet finds the old
 * policy or the new one, and never a new interface without its rules.
 *
 * Trouble with one interface (somebody else's XDP program, no such device) does not refuse the
 * configuration: it is a warning to the operator, a line in the log, and is tried again.
 *
 * Callers: config/ through config_ops, main.c. Threads: main thread. The policy is published with
 * rcu_assign_pointer() and the old one freed after synchronize_rcu(), outside asa->lock.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <urcu.h>

#include "apply.h"
#include "base/log.h"
#include "datapath/dp.h"
#include "datapath/net.h"
#include "datapath/xsk.h"
#include "services/host_limit.h"
#include "services/proxy_arp.h"
#include "services/resolver.h"
#include "services/syslog.h"
#include "session/session.h"
#include "session/xlate.h"

#define DOWN_SECONDS 2

/* A Linux interface that the firewall uses. */
struct apply_if {
	__u32 ifindex;
	bool attached, sockets;
	bool keep; /* scratch: still wanted */
	bool told; /* its trouble has been reported */
};

struct apply {
	struct asa *asa;
	struct apply_if ifs[POLICY_IFS_MAX];
	size_t n_ifs;
	struct asa_local_key *punts; /* PUNT rows of asa_local that are ours */
	size_t n_punts;
	struct model *applied; /* what was put on Linux last */
	bool attach; /* apply_start_attach() was called */
	bool open; /* apply_start_sockets() was called */
	bool in_config; /* within a configuration command: trouble is the operator's news */
	bool set_up; /* interfaces are set up at once, not after DOWN_SECONDS */
	bool trouble;
	__u8 down_for[POLICY_IFS_MAX]; /* seconds, by row of the model's interfaces */
};

struct apply *apply_new(struct asa *a)
{
	struct apply *p = calloc(1, sizeof(*p));

	if (p)
		p->asa = a;
	return p;
}

void apply_free(struct apply *p)
{
	if (!p)
		return;
	model_free(p->applied);
	free(p->punts);
	free(p);
}

__attribute__((format(printf, 2, 3)))
static void apply_warn(struct apply *p, const char *fmt, ...)
{
	char text[MODEL_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_warnx("%s", text);
	if (p->in_config)
		config_warn(p->asa->config, text);
}

/* ------------------------------------------------------------------ Linux */

static const struct sys_if *apply_sys_if(const struct apply *p, const char *dev)
{
	const struct sys_info *sys = net_sys(p->asa->net);

	for (size_t i = 0; i < sys->n_ifs; i++)
		if (!strcmp(sys->ifs[i].dev, dev))
			return &sys->ifs[i];
	return NULL;
}

static bool apply_has_addr(const struct model_if_addr *v, size_t n, const struct model_if_addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].plen == a->plen && asa_addr_equal(&v[i].addr, &a->addr))
			return true;
	return false;
}

static const struct model_if *apply_model_if(const struct model *m, const char *dev)
{
	for (size_t i = 0; m && i < m->ifs.n; i++)
		if (!strcmp(m->ifs.v[i].dev, dev))
			return &m->ifs.v[i];
	return NULL;
}

static void apply_set_up(struct apply *p, const struct model_if *mi, __u32 ifindex)
{
	int r = net_set_up(p->asa->net, ifindex, !mi->shutdown);

	if (r < 0)
		apply_warn(p, "%s cannot be set %s: %s", mi->dev, mi->shutdown ? "down" : "up", strerror(-r));
}

/*
 * An interface that comes while the daemon runs is left for a moment to whoever made it, and set up
 * then, once: a veth whose peer is still being prepared would never become a target of redirects.
 */
static void apply_set_up_late(struct apply *p)
{
	const struct model *m = config_model(p->asa->config);

	for (size_t i = 0; i < m->ifs.n && i < POLICY_IFS_MAX; i++) {
		const struct model_if *mi = &m->ifs.v[i];
		const struct sys_if *s = apply_sys_if(p, mi->dev);

		if (!s || s->up || mi->shutdown || !mi->nameif[0])
			p->down_for[i] = 0;
		else if (p->down_for[i] <= DOWN_SECONDS && p->down_for[i]++ == DOWN_SECONDS)
			apply_set_up(p, mi, s->ifindex);
	}
}

/* Addresses and state of one interface. */
static void apply_linux_if(struct apply *p, const struct model_if *mi)
{
	const struct model_if *was = apply_model_if(p->applied, mi->dev);
	const struct sys_if *s = apply_sys_if(p, mi->dev), *parent;
	struct net *n = p->asa->net;
	int r;

	if (!s && mi->vlan && mi->parent[0] && (parent = apply_sys_if(p, mi->parent))) {
		r = net_add_vlan(n, mi->dev, parent->ifindex, mi->vlan);
		if (r < 0)
			apply_warn(p, "%s: no VLAN device could be made: %s. Linux cannot use its addresses",
				   mi->dev, strerror(-r));
		net_poll(n);
		s = apply_sys_if(p, mi->dev);
	}
	if (!s)
		return; /* put there when the interface comes */
	for (size_t i = 0; was && i < was->addrs.n; i++)
		if (!apply_has_addr(mi->addrs.v, mi->addrs.n, &was->addrs.v[i]))
			net_set_addr(n, s->ifindex, &was->addrs.v[i], false);
	for (size_t i = 0; i < mi->addrs.n; i++) {
		if (apply_has_addr(s->addrs, s->n_addrs, &mi->addrs.v[i]))
			continue;
		r = net_set_addr(n, s->ifindex, &mi->addrs.v[i], true);
		if (r < 0)
			apply_warn(p, "%s: the address could not be set: %s", mi->dev, strerror(-r));
	}
	if (mi->shutdown ? s->up : p->set_up && mi->nameif[0] && !s->up)
		apply_set_up(p, mi, s->ifindex);
}

static bool apply_same_route(const struct model_route *a, const struct model_route *b)
{
	return !strcmp(a->ifname, b->ifname) && a->v6 == b->v6 && a->plen == b->plen &&
	       a->metric == b->metric && asa_addr_equal(&a->dst, &b->dst) && asa_addr_equal(&a->gw, &b->gw);
}

static void apply_linux_routes(struct apply *p, const struct model *m)
{
	const struct model *was = p->applied;
	const struct model_if *mi;
	const struct sys_if *s;
	int r;

	for (size_t i = 0; was && i < was->routes.n; i++) {
		bool kept = false;

		for (size_t j = 0; j < m->routes.n && !kept; j++)
			kept = apply_same_route(&was->routes.v[i], &m->routes.v[j]);
		mi = model_if_by_name(was, was->routes.v[i].ifname);
		s = !kept && mi ? apply_sys_if(p, mi->dev) : NULL;
		if (s)
			net_set_route(p->asa->net, &was->routes.v[i], s->ifindex, false);
	}
	for (size_t i = 0; i < m->routes.n; i++) {
		mi = model_if_by_name(m, m->routes.v[i].ifname);
		s = mi ? apply_sys_if(p, mi->dev) : NULL;
		if (!s || !s->up)
			continue; /* added when the interface is up */
		r = net_set_route(p->asa->net, &m->routes.v[i], s->ifindex, true);
		if (r < 0)
			apply_warn(p, "route %s: %s%s", m->routes.v[i].ifname, strerror(-r),
				   r == -ENETUNREACH ? " (the gateway is on no connected network)" : "");
	}
}

static void apply_linux(struct apply *p, const struct model *m)
{
	for (size_t i = 0; i < m->ifs.n; i++)
		apply_linux_if(p, &m->ifs.v[i]);
	/* An interface that the configuration dropped gives back what it was given. */
	for (size_t i = 0; p->applied && i < p->applied->ifs.n; i++) {
		const struct model_if *was = &p->applied->ifs.v[i];
		const struct sys_if *s = apply_sys_if(p, was->dev);

		if (apply_model_if(m, was->dev) || !s)
			continue;
		for (size_t k = 0; k < was->addrs.n; k++)
			net_set_addr(p->asa->net, s->ifindex, &was->addrs.v[k], false);
	}
	net_poll(p->asa->net); /* up and addressed before routes */
	apply_linux_routes(p, m);
	net_poll(p->asa->net);
}

/* ------------------------------------------------------------------ datapath */

static struct apply_if *apply_if_find(struct apply *p, __u32 ifindex)
{
	for (size_t i = 0; i < p->n_ifs; i++)
		if (p->ifs[i].ifindex == ifindex)
			return &p->ifs[i];
	return NULL;
}

static const char *apply_dev_name(const struct apply *p, __u32 ifindex)
{
	const struct sys_info *sys = net_sys(p->asa->net);

	for (size_t i = 0; i < sys->n_ifs; i++)
		if (sys->ifs[i].ifindex == ifindex)
			return sys->ifs[i].dev;
	return "?";
}

/* Interfaces that 'pol' uses: rows, program, sockets. What fails is tried again by apply_retry(). */
static void apply_use_if(struct apply *p, const struct policy *pol, const struct policy_if *pi)
{
	const struct policy_if *plain = policy_if_find(pol, pi->ifindex, 0);
	struct apply_if *f = apply_if_find(p, pi->ifindex);
	char err[MODEL_TEXT_MAX] = "";
	enum dp_mode mode;
	int r;

	if (!f) {
		if (p->n_ifs == POLICY_IFS_MAX)
			return;
		f = &p->ifs[p->n_ifs++];
		memset(f, 0, sizeof(*f));
		f->ifindex = pi->ifindex;
	}
	f->keep = true;
	dp_iface_set(p->asa->dp, pi->ifindex, 0,
		     ASA_IFACE_USED | (plain && plain->reverse_path ? ASA_IFACE_RPF : 0),
		     plain && plain->module ? NULL : pi->mac); /* a module gives frames back as they went */
	if (!f->attached && p->attach) {
		net_set_forwarding(p->asa->net, pi->ifindex);
		r = dp_attach(p->asa->dp, pi->ifindex, &mode, err, sizeof(err));
		if (r == 0) {
			log_info("%s: XDP program attached, %s mode", apply_dev_name(p, pi->ifindex),
				 mode == DP_MODE_GENERIC ? "generic" : "native");
			f->attached = true;
			f->told = false;
			r = dp_tx_set(p->asa->dp, pi->ifindex);
			if (r < 0)
				apply_warn(p, "%s: no row in asa_tx: %s", apply_dev_name(p, pi->ifindex),
					   strerror(-r));
		}
	}
	if (f->attached && !f->sockets && p->open) {
		r = workers_add_if(p->asa->workers, pi->ifindex, err, sizeof(err));
		f->sockets = r == 0;
	}
	if (err[0] && !f->told)
		apply_warn(p, "%s", err);
	f->told = f->told || err[0];
	if (!f->attached || (p->open && !f->sockets))
		p->trouble = true;
}

static bool apply_if_exists(const struct apply *p, __u32 ifindex)
{
	const struct sys_info *sys = net_sys(p->asa->net);

	for (size_t i = 0; i < sys->n_ifs; i++)
		if (sys->ifs[i].ifindex == ifindex)
			return true;
	return false;
}

static void apply_drop_if(struct apply *p, struct apply_if *f)
{
	dp_iface_set(p->asa->dp, f->ifindex, 0, 0, NULL);
	if (f->sockets)
		workers_del_if(p->asa->workers, f->ifindex);
	if (apply_if_exists(p, f->ifindex)) {
		dp_tx_del(p->asa->dp, f->ifindex);
		if (f->attached)
			dp_detach(p->asa->dp, f->ifindex);
	} else {
		dp_tx_del(p->asa->dp, f->ifindex);
		dp_forget(p->asa->dp, f->ifindex);
	}
}

static void apply_use(struct apply *p, const struct policy *pol)
{
	p->trouble = false;
	for (size_t i = 0; i < p->n_ifs; i++)
		p->ifs[i].keep = false;
	for (size_t i = 0; i < policy_n_ifs(pol); i++) {
		const struct policy_if *pi = policy_if_at(pol, i);

		if (pi->ifindex)
			apply_use_if(p, pol, pi);
	}
}

static void apply_drop_unused(struct apply *p)
{
	for (size_t i = 0; i < p->n_ifs;) {
		if (p->ifs[i].keep) {
			i++;
			continue;
		}
		apply_drop_if(p, &p->ifs[i]);
		p->ifs[i] = p->ifs[--p->n_ifs];
	}
}

/* PUNT rows of asa_local: ports of the box that belong to translations. */
static void apply_punts(struct apply *p, const struct policy *pol)
{
	struct asa_local_key *rows = NULL, *more;
	size_t n = 0, cap = 0;
	struct asa_addr addr;
	__u16 port;
	__u8 proto;

	for (size_t i = 0; policy_local_punt(pol, i, &addr, &proto, &port); i++) {
		if (!proto && !port)
			continue; /* would hide the box's own address */
		if (n == cap) {
			cap = cap ? cap * 2 : 64;
			more = realloc(rows, cap * sizeof(*rows));
			if (!more)
				break;
			rows = more;
		}
		memset(&rows[n], 0, sizeof(rows[n]));
		rows[n].addr = addr;
		rows[n].proto = proto;
		rows[n++].port = asa_htons(port);
	}
	for (size_t i = 0; i < n; i++)
		if (dp_local_set(p->asa->dp, &rows[i], ASA_LOCAL_PUNT) < 0)
			log_warnx("asa_local is full: a static translation of an own address cannot work");
	for (size_t i = 0; i < p->n_punts; i++) {
		bool kept = false;

		for (size_t k = 0; k < n && !kept; k++)
			kept = memcmp(&p->punts[i], &rows[k], sizeof(rows[k])) == 0;
		if (!kept)
			dp_local_del(p->asa->dp, &p->punts[i]);
	}
	free(p->punts);
	p->punts = rows;
	p->n_punts = n;
}

/* Rows that an earlier daemon left: they are ours, to be kept or removed by the first policy. */
static void apply_adopt_punts(struct apply *p)
{
	struct asa_local_key k, last, *after = NULL, *more;
	enum asa_local_verdict v;

	while (dp_local_next(p->asa->dp, after, &k, &v) == 0) {
		if (v == ASA_LOCAL_PUNT) {
			more = realloc(p->punts, (p->n_punts + 1) * sizeof(*more));
			if (!more)
				return;
			p->punts = more;
			p->punts[p->n_punts++] = k;
		}
		last = k;
		after = &last;
	}
}

/* Management rules (SES-4), in force before the program is attached to an interface. */
static void apply_mgmt(struct apply *p, const struct policy *pol)
{
	struct asa_mgmt_row *rows;
	size_t n;
	int r;

	r = policy_mgmt_rows(pol, &rows, &n);
	if (r == 0) {
		r = dp_mgmt_replace(p->asa->dp, rows, n);
		/* Rows first, then the interfaces that ask for them. */
		for (size_t i = 0; r == 0 && i < policy_n_ifs(pol); i++) {
			__u32 ifindex = policy_if_at(pol, i)->ifindex;
			bool on = false;

			for (size_t k = 0; k < n && !on; k++)
				on = rows[k].key.ifindex == ifindex;
			dp_iface_flag(p->asa->dp, ifindex, ASA_IFACE_MGMT, on);
		}
		free(rows);
	}
	if (r < 0)
		apply_warn(p, "management rules could not be brought into force, the former ones stay: %s",
			   strerror(-r));
}

/* ------------------------------------------------------------------ policy */

/* Without the lock: what it reads (interfaces, the snapshot in force) only this thread changes. */
static int apply_compile(struct apply *p, const struct model *m, struct policy **out, struct policy_error *e)
{
	return policy_compile(m, net_sys(p->asa->net), p->asa->policy, out, e);
}

/* Before the policy is in force: no port is given out that static PAT has from now on. */
static void apply_reserve(struct apply *p, const struct policy *pol)
{
	struct nat_reserved *rows;
	size_t n = 0;
	int r = -ENOMEM;

	if (!p->asa->xlates)
		return;
	while (policy_nat_reserved(pol, n, &(struct nat_reserved){ 0 }))
		n++;
	rows = calloc(n + 1, sizeof(*rows));
	for (size_t i = 0; rows && i < n; i++)
		policy_nat_reserved(pol, i, &rows[i]);
	if (rows) {
		pthread_mutex_lock(&p->asa->lock);
		r = xlate_reserve(p->asa->xlates, rows, n);
		pthread_mutex_unlock(&p->asa->lock);
	}
	free(rows);
	if (r < 0)
		apply_warn(p, "no memory to keep the ports of static PAT: dynamic PAT may use them");
}

/* Rows for the classes with rate limits: the last thing that is changed in a snapshot. */
static void apply_police(struct apply *p, struct policy *pol)
{
	bool all = true;

	if (!p->asa->sessions)
		return;
	pthread_mutex_lock(&p->asa->lock);
	all = sessions_police_bind(p->asa->sessions, pol);
	pthread_mutex_unlock(&p->asa->lock);
	if (!all)
		apply_warn(p, "police: more classes than the %d that can be policed; the last ones are not",
			   ASA_POLICE_MAX - 1);
}

static void apply_publish(struct apply *p, struct policy *pol)
{
	struct asa *a = p->asa;
	struct policy *old = a->policy;
	struct dp_tables *t = (struct dp_tables *)dp_tables(a->dp);
	const struct model *m = policy_model(pol);

	t->config->fail_open = m->fail_open;
	apply_reserve(p, pol);
	apply_police(p, pol);
	rcu_assign_pointer(a->policy, pol);
	if (old) {
		synchronize_rcu();
		policy_free(old);
	}
	if (a->resolver)
		resolver_configure(a->resolver, m);
	if (a->syslog && syslog_configure(a->syslog, &m->logging, m->hostname) < 0)
		log_warnx("a syslog server's socket could not be opened; it is tried again");
}

static int apply_check(void *arg, const struct model *m, struct policy_error *e)
{
	struct apply *p = arg;
	struct policy *pol;
	int r;

	r = apply_compile(p, m, &pol, e);
	if (r < 0)
		return r;
	for (size_t i = 0; policy_warning(pol, i); i++)
		config_warn(p->asa->config, policy_warning(pol, i));
	policy_free(pol);
	return 0;
}

/* What the system is, to be compared with later. => NULL without memory: taken for changed. */
static struct sys_info *apply_sys_copy(const struct apply *p)
{
	struct sys_info *copy = malloc(sizeof(*copy));

	return copy ? memcpy(copy, net_sys(p->asa->net), sizeof(*copy)) : NULL;
}

/* Compile and bring into force; on failure nothing has changed but addresses. */
static int apply_do(struct apply *p, const struct model *m, struct policy_error *e, bool linux_too)
{
	struct asa *a = p->asa;
	struct policy *pol, *again;
	struct sys_info *before;
	struct model *copy;
	int r;

	r = apply_compile(p, m, &pol, e);
	if (r < 0)
		return r;
	if (linux_too && p->attach) {
		before = apply_sys_copy(p);
		copy = model_clone(m);
		if (!copy) {
			free(before);
			policy_free(pol);
			snprintf(e->text, sizeof(e->text), "out of memory");
			return -ENOMEM;
		}
		pthread_mutex_lock(&a->lock);
		apply_linux(p, m);
		pthread_mutex_unlock(&a->lock);
		model_free(p->applied);
		p->applied = copy;
		/* The same model against the addresses it has now, if these are others. */
		if ((!before || memcmp(before, net_sys(p->asa->net), sizeof(*before))) &&
		    policy_compile(m, net_sys(p->asa->net), pol, &again, e) == 0) {
			policy_free(pol);
			pol = again;
		}
		free(before);
	}
	if (p->attach) {
		apply_mgmt(p, pol);
		apply_use(p, pol);
	}
	apply_publish(p, pol);
	if (!host_limits_update(a->host_limits, pol))
		apply_warn(p, "management classes: more rules than the %d that the driver takes; none of them "
			   "limits anything", ASA_HOST_RULES_MAX);
	if (p->attach) {
		apply_drop_unused(p);
		apply_punts(p, pol);
		proxy_arp_update(a->proxy_arp, pol);
	}
	return 0;
}

static bool apply_same_police(const struct model_police *a, const struct model_police *b)
{
	return a->rate == b->rate && a->burst == b->burst && a->conform_drop == b->conform_drop &&
	       a->exceed_transmit == b->exceed_transmit;
}

static bool apply_same_classes(const struct model *a, const struct model *b)
{
	if (a->classes.n != b->classes.n)
		return true; /* one more or less is in no policy yet */
	for (size_t i = 0; i < a->classes.n; i++) {
		const struct model_class *x = &a->classes.v[i], *y = &b->classes.v[i];

		if (!strcmp(x->name, y->name) &&
		    (x->match != y->match || x->proto != y->proto || x->lo != y->lo || x->hi != y->hi ||
		     strcmp(x->acl, y->acl) || strcmp(x->other, y->other)))
			return false;
	}
	return true;
}

static bool apply_same_services(const struct model *a, const struct model *b)
{
	if (!apply_same_classes(a, b))
		return false;
	if (a->service_policies.n != b->service_policies.n || a->policy_maps.n != b->policy_maps.n)
		return false;
	for (size_t i = 0; i < a->service_policies.n; i++)
		if (memcmp(&a->service_policies.v[i], &b->service_policies.v[i],
			   sizeof(a->service_policies.v[i])))
			return false;
	for (size_t i = 0; i < a->policy_maps.n; i++) {
		const struct model_policy_map *x = &a->policy_maps.v[i], *y = &b->policy_maps.v[i];

		if (strcmp(x->name, y->name) || x->classes.n != y->classes.n)
			return false;
		for (size_t k = 0; k < x->classes.n; k++)
			if (strcmp(x->classes.v[k].class_name, y->classes.v[k].class_name) ||
			    memcmp(&x->classes.v[k].conn, &y->classes.v[k].conn,
				   sizeof(x->classes.v[k].conn)) ||
			    !apply_same_police(&x->classes.v[k].police[0], &y->classes.v[k].police[0]) ||
			    !apply_same_police(&x->classes.v[k].police[1], &y->classes.v[k].police[1]))
				return false;
	}
	return true;
}

/* MPF-12: a change of a service policy is for new connections, and the command says so. */
static void apply_say_new_only(struct apply *p)
{
	struct session_counts n = { 0 };

	if (!p->asa->sessions)
		return;
	pthread_mutex_lock(&p->asa->lock);
	sessions_counts(p->asa->sessions, &n);
	pthread_mutex_unlock(&p->asa->lock);
	if (n.in_use)
		config_warn(p->asa->config, "the connections that exist keep the policy they began with; "
					    "\"clear conn\" ends them");
}

static int apply_config(void *arg, const struct model *m, struct policy_error *e)
{
	struct apply *p = arg;
	bool services = p->applied && !apply_same_services(p->applied, m);
	int r;

	p->in_config = p->set_up = true;
	r = apply_do(p, m, e, true);
	if (r == 0 && services)
		apply_say_new_only(p);
	if (r == 0)
		for (size_t i = 0; policy_warning(p->asa->policy, i); i++)
			config_warn(p->asa->config, policy_warning(p->asa->policy, i));
	p->in_config = p->set_up = false;
	return r;
}

struct config_ops apply_ops(struct apply *p)
{
	return (struct config_ops){ .apply = apply_config, .check = apply_check, .arg = p };
}

void apply_system_changed(struct apply *p)
{
	struct policy_error e = { "" };

	if (apply_do(p, config_model(p->asa->config), &e, true) < 0)
		log_warnx("interfaces changed and the configuration does not compile any more: %s", e.text);
}

/*
 * Interfaces that the daemon before us used and the configuration no longer names. One that the
 * operator attached by hand has no such mark and stays.
 */
static void apply_drop_leftovers(struct apply *p)
{
	const struct dp_tables *t = dp_tables(p->asa->dp);
	char err[MODEL_TEXT_MAX];
	enum dp_mode mode;

	for (__u32 ifindex = 1; ifindex < ASA_IFINDEX_MAX; ifindex++) {
		if (!(t->ifaces[ifindex].flags & ASA_IFACE_USED) || apply_if_find(p, ifindex))
			continue;
		dp_iface_set(p->asa->dp, ifindex, 0, 0, NULL);
		dp_tx_del(p->asa->dp, ifindex);
		if (apply_if_exists(p, ifindex) &&
		    dp_attach(p->asa->dp, ifindex, &mode, err, sizeof(err)) == 0) {
			log_info("%s: no longer in the configuration, detached", apply_dev_name(p, ifindex));
			dp_detach(p->asa->dp, ifindex);
		}
	}
}

void apply_start_attach(struct apply *p)
{
	apply_adopt_punts(p);
	p->attach = true;
	p->set_up = true; /* the start-up configuration was a command */
	apply_system_changed(p);
	p->set_up = false;
	apply_drop_leftovers(p);
}

void apply_start_sockets(struct apply *p)
{
	p->open = true;
	apply_use(p, p->asa->policy);
}

void apply_retry(struct apply *p)
{
	if (policy_times_changed(p->asa->policy, time(NULL)))
		apply_system_changed(p);
	if (p->trouble)
		apply_use(p, p->asa->policy);
	pthread_mutex_lock(&p->asa->lock);
	apply_set_up_late(p);
	pthread_mutex_unlock(&p->asa->lock);
}

void apply_detach_all(struct apply *p)
{
	for (size_t i = 0; i < p->n_ifs; i++)
		if (p->ifs[i].attached)
			dp_detach(p->asa->dp, p->ifs[i].ifindex);
	p->n_ifs = 0;
}
