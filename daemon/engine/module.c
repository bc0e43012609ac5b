// SPDX-License-Identifier: GPL-2.0-only
/*
 * Service modules: "ips" and "csc" of a policy class (MPF-13).
 *
 * Responsible for: handing packets to an engine on this host and taking them back, and what happens
 * when it is not there. Inline, the frame leaves as it came by the interface "to" the module, behind
 * all checks and before translation; what comes back by the one "from" it belongs to the connection
 * whose key it has, and goes through the checks of TCP again, since nothing was noted of it before.
 * Promiscuous, the module gets a copy. What it does not give back is dropped by it.
 * Not responsible for: which class a connection is of (policy), and that all its frames come here
 * (ASA_DIR_INSPECT, set with the connection; kept over a restart with its row).
 *
 * A module is there if its interfaces are up and, inline, if a datagram sent through it each second came
 * back within the last three: one that drops what it does not like is not taken for one that is gone.
 * Threads: asa->lock.
 */
#include <string.h>
#include <sys/random.h>

#include "engine/engine_impl.h"

#define ASK_MS 1000
#define GONE_MS 3000
#define ASK_L2 14
#define ASK_SIZE (ASK_L2 + ASA_IP4_SIZE + ASA_UDP_SIZE + 8)
#define ASK_PORT 9 /* discard (RFC 863) */
#define ASK_FROM 0xa9fe0101u /* 169.254.1.1 and .2: link-local, RFC 3927 */
#define ASK_TO 0xa9fe0102u

bool module_gave(struct walk *w)
{
	const struct policy_if *pi = policy_if_find(w->policy, w->f->in_ifindex, 0);

	w->returned = pi && pi->module;
	return w->returned;
}

static bool is_there(const struct engine *e, const struct policy *p, int kind, bool copies, __u32 now)
{
	const struct policy_if *to = policy_if_module(p, kind, 0), *from = policy_if_module(p, kind, 1);
	const struct module_state *m = &e->modules[kind];

	if (!to || !to->up)
		return false;
	return copies || (from && from->up && m->answered &&
			  (__s32)(now - m->answered - asa_ticks_from_ms(GONE_MS)) < 0);
}

bool engine_module(const struct engine *e, int kind, struct module_numbers *n)
{
	const struct policy *p = __atomic_load_n(&e->asa->policy, __ATOMIC_ACQUIRE);
	const struct policy_if *from = p ? policy_if_module(p, kind, 1) : NULL;

	*n = e->modules[kind].numbers;
	/* Asked a moment ago: the time, near enough. */
	return p && is_there(e, p, kind, !from, e->modules[kind].asked);
}

/* ------------------------------------------------------------------ is it there? */

static void ask(struct engine *e, struct worker_ops *ops, const struct policy_if *to, struct module_state *m)
{
	struct frame *f = frame_get(ops->pool);
	__u8 *ip, *udp;

	if (!f)
		return;
	memset(f->data, 0, ASK_SIZE < 60 ? 60 : ASK_SIZE);
	f->data[ASA_ETH_DST] = 2; /* a station that nobody has: a bridge passes it on; not a broadcast, which is Linux's */
	memcpy(f->data + ASA_ETH_SRC, to->mac, 6);
	asa_stn16(f->data + ASA_ETH_TYPE, ASA_ETHERTYPE_IPV4);
	ip = f->data + ASK_L2;
	udp = ip + ASA_IP4_SIZE;
	ip[ASA_IP4_VIHL] = 0x45;
	asa_stn16(ip + ASA_IP4_LENGTH, ASK_SIZE - ASK_L2);
	ip[ASA_IP4_TTL] = 1;
	ip[ASA_IP4_PROTO] = ASA_PROTO_UDP;
	asa_stn32(ip + ASA_IP4_SRC, ASK_FROM);
	asa_stn32(ip + ASA_IP4_DST, ASK_TO);
	asa_st16(ip + ASA_IP4_CHECK, (__u16)~asa_csum_fold(asa_csum_add_bytes(0, ip, ASA_IP4_SIZE)));
	asa_stn16(udp, ASK_PORT);
	asa_stn16(udp + 2, ASK_PORT);
	asa_stn16(udp + 4, ASA_UDP_SIZE + 8);
	memcpy(udp + ASA_UDP_SIZE, &m->secret, sizeof(m->secret));
	f->len = 60;
	f->in_ifindex = 0;
	f->out_ifindex = to->ifindex;
	account_reply(e, f->len);
	account_sent(e, to->ifindex, f->len);
	ops->send(ops->worker, f);
}

void module_tick(struct engine *e, struct worker_ops *ops, __u32 now)
{
	const struct policy *p = __atomic_load_n(&e->asa->policy, __ATOMIC_ACQUIRE);

	for (int kind = 0; p && kind < 2; kind++) {
		const struct policy_if *to = policy_if_module(p, kind, 0);
		struct module_state *m = &e->modules[kind];

		if (!to || !to->up || !policy_if_module(p, kind, 1) ||
		    (m->asked && (__s32)(now - m->asked - asa_ticks_from_ms(ASK_MS)) < 0))
			continue;
		if (!m->secret && getrandom(&m->secret, sizeof(m->secret), 0) != sizeof(m->secret))
			continue;
		m->asked = now ? now : 1;
		ask(e, ops, to, m);
	}
}

static bool is_question(const struct walk *w, const struct module_state *m)
{
	const __u8 *data = w->f->data + w->p->l4_off + ASA_UDP_SIZE;

	return m->secret && w->p->proto == ASA_PROTO_UDP && asa_addr_is_v4(&w->p->key.dst) &&
	       w->p->key.dst.w[3] == asa_htonl(ASK_TO) && w->p->l3_size == ASK_SIZE - ASK_L2 &&
	       !memcmp(data, &m->secret, sizeof(m->secret));
}

/* ------------------------------------------------------------------ packets */

enum asa_drop stage_module_back(struct walk *w)
{
	const struct asa_session *row;
	const struct asa_dir *d;
	struct module_state *m;
	int kind;

	if (!w->returned)
		return DROP_NONE;
	kind = w->in->module & (MODEL_MODULE_CSC_FROM | MODEL_MODULE_CSC_TO) ? 1 : 0;
	m = &w->e->modules[kind];
	if (!(w->in->module & MODEL_MODULE(kind, 1)) || w->p->flags & ASA_PKT_ICMP_ERROR)
		return DROP_MODULE_INVALID;
	if (is_question(w, m)) {
		m->answered = w->now ? w->now : 1;
		return DROP_MODULE_ALIVE;
	}
	row = w->slot ? session_row(w->e->asa->sessions, w->slot) : NULL;
	if (!row || !(row->flags & ASA_SESSION_MODULE) || row->flags & ASA_SESSION_MODULE_COPY ||
	    !!(row->flags & ASA_SESSION_MODULE_CSC) != kind)
		return DROP_MODULE_INVALID;
	d = &w->conn->dir[w->dir];
	w->in = policy_if_find(w->policy, d->in_if, d->key.vlan);
	if (!w->in)
		return DROP_MODULE_INVALID;
	m->numbers.returned++;
	return DROP_NONE;
}

static void hand_over(struct walk *w, struct frame *f, __u32 ifindex)
{
	f->out_ifindex = ifindex;
	f->next = NULL;
	if (f->in_ifindex)
		account_forward(w->e, f->in_ifindex, f->len);
	else /* nothing was received for it */
		account_reply(w->e, f->len);
	account_sent(w->e, ifindex, f->len);
	w->ops->send(w->ops->worker, f);
}

static void copy(struct walk *w, const struct frame *f, __u32 ifindex)
{
	struct frame *c = frame_get(w->ops->pool);

	if (!c)
		return;
	memcpy(c->data, f->data, f->len);
	c->len = f->len;
	c->in_ifindex = 0;
	c->out_ifindex = ifindex;
	account_reply(w->e, c->len);
	account_sent(w->e, ifindex, c->len);
	w->ops->send(w->ops->worker, c);
}

enum asa_drop stage_module(struct walk *w)
{
	const struct asa_session *row = w->trace ? NULL : session_row(w->e->asa->sessions, w->slot);
	const struct policy_if *to;
	struct module_state *m;
	struct frame *f, *next;
	bool copies;
	int kind;

	if (!row || !(row->flags & ASA_SESSION_MODULE) || w->returned || w->made)
		return DROP_NONE;
	copies = row->flags & ASA_SESSION_MODULE_COPY;
	kind = !!(row->flags & ASA_SESSION_MODULE_CSC);
	m = &w->e->modules[kind];
	to = policy_if_module(w->policy, kind, 0);
	if (!is_there(w->e, w->policy, kind, copies, w->now)) {
		if (!(row->flags & ASA_SESSION_MODULE_CLOSE)) {
			m->numbers.passed++;
			return DROP_NONE;
		}
		m->numbers.dropped++;
		return kind ? DROP_MODULE_CSC : DROP_MODULE_IPS;
	}
	m->numbers.sent++;
	for (f = w->f; f; f = next) {
		next = f->next;
		if (copies)
			copy(w, f, to->ifindex);
		else
			hand_over(w, f, to->ifindex);
	}
	w->done = !copies;
	return DROP_NONE;
}
