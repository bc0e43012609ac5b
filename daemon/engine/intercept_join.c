// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP intercept, packet by packet: a SYN over the limit, the ACK that brings a cookie back, and the
 * connection to the server that is opened for it (INT-1 to INT-4).
 *
 * The life of an intercepted connection:
 *
 *	client SYN	class or client over its limit: SYN-ACK with a cookie, nothing is remembered; from
 *			now on the driver does the same
 *	client ACK	cookie good: a SYN in the client's name goes through the pipeline like any first
 *			packet (access rules, limits, translation) and opens the connection; the ACK, with
 *			any data in it, is kept. Both directions come to the daemon
 *	server SYN-ACK	the difference of the two first numbers becomes the direction's seq_add, the driver
 *			takes over, the ACK is sent on, and the SYN-ACK goes to the client as the ACK that
 *			opens its window
 *	server RST, or nothing for 7 s	the client gets a RST
 *
 * Not responsible for: when to intercept, rows and statistics (intercept.c), cookies (syncookie.h).
 * Frames made here count as "slow-reply"; a client's ACK counts as forwarded when it is kept.
 *
 * Threads: asa->lock.
 */
#include <stdlib.h>

#include "asa/tcp_norm.h"
#include "engine/engine_impl.h"

#define JOINS 1024 /* clients that wait for their server at a time */
#define KEPT 2048 /* bytes of a client's segment */
#define TRIES 3 /* of the SYN: at 0, 1 and 3 s; given up at 7 s */

struct join {
	__u32 slot; /* 0: free */
	__u64 id; /* of the session: tells whether the slot is still the same connection */
	__u32 cookie, isn;
	__u32 next; /* tick */
	__u32 in_ifindex;
	__u16 in_queue;
	__u16 tries;
	__u16 window; /* of the ACK, for the SYN */
	__u16 len;
	bool data; /* the kept segment has some */
	bool ts; /* the client was offered timestamps and uses them */
	__u32 ts_val, ts_ecr; /* its own, and what the cookie showed it */
	__u8 bytes[KEPT];
};
struct joins {
	struct join v[JOINS];
	__u32 top; /* those in use are below */
};

struct joins *joins_new(void)
{
	return calloc(1, sizeof(struct joins));
}

void joins_free(struct joins *j)
{
	free(j);
}

static struct join *join_get(struct joins *all)
{
	__u32 i = 0;

	while (i < all->top && all->v[i].slot)
		i++;
	if (i == JOINS)
		return NULL;
	if (i == all->top)
		all->top++;
	return &all->v[i];
}

static void join_put(struct joins *all, struct join *j)
{
	j->slot = 0;
	while (all->top && !all->v[all->top - 1].slot)
		all->top--;
}

static struct join *join_find(struct joins *all, __u32 slot, __u64 id)
{
	__u32 i;

	for (i = 0; i < all->top; i++)
		if (all->v[i].slot == slot && all->v[i].id == id)
			return &all->v[i];
	return NULL;
}

/* ------------------------------------------------------------------ frames */

/* A segment of the connection with key 'k', with the Ethernet header of 'like'. */
static struct frame *make_segment(struct worker_ops *ops, const __u8 *like, __u32 l3_off,
				  const struct asa_key *k, bool back, const struct asa_cookie_seg *s)
{
	int v6 = !asa_addr_is_v4(&k->src);
	struct frame *f = frame_get(ops->pool);

	if (!f)
		return NULL;
	memcpy(f->data, like, l3_off);
	if (back) {
		memcpy(f->data + ASA_ETH_DST, like + ASA_ETH_SRC, 6);
		memcpy(f->data + ASA_ETH_SRC, like + ASA_ETH_DST, 6);
	}
	asa_cookie_write(f->data + l3_off, v6, k, back, s);
	f->len = l3_off + asa_cookie_l3_size(v6) + asa_cookie_more(s);
	return f;
}

/* Straight back to the client. */
static void send_back(struct engine *e, struct worker_ops *ops, struct frame *f, __u32 ifindex)
{
	f->in_ifindex = 0;
	f->out_ifindex = ifindex;
	account_reply(e, f->len);
	account_sent(e, ifindex, f->len);
	ops->send(ops->worker, f);
}

/* 'p' is what the client sent to acknowledge the cookie: what it expects next is its 'ack'. */
static void reset_client(struct engine *e, struct worker_ops *ops, const __u8 *bytes,
			 const struct asa_pkt *p, __u32 ifindex)
{
	const struct asa_cookie_seg s = {
		.seq = p->tcp.ack,
		.ack = p->tcp.seq + p->tcp.size,
		.flags = ASA_TCP_RST | ASA_TCP_ACKF,
		.wscale = ASA_COOKIE_NO_WSCALE,
	};
	struct frame *f = make_segment(ops, bytes, p->l3_off, &p->key, true, &s);

	if (f)
		send_back(e, ops, f, ifindex);
}

/* The SYN that the client would have sent, as far as the cookie and its own segment remember it. */
static struct frame *make_syn(struct worker_ops *ops, const __u8 *bytes, const struct asa_pkt *p,
			      const struct join *j)
{
	__u8 data = (__u8)(j->cookie >> 24), wscale = asa_cookie_data_wscale(data);
	__u32 wide = (__u32)j->window << (wscale == ASA_COOKIE_NO_WSCALE ? 0 : wscale);
	const struct asa_cookie_seg s = {
		.seq = j->isn,
		.window = (__u16)(wide > 0xffff ? 0xffff : wide), /* never scaled in a SYN */
		.mss = asa_cookie_data_mss(data),
		.flags = ASA_TCP_SYN,
		.wscale = wscale,
		.sack = (__u8)asa_cookie_data_sack(data),
		.ts = j->ts,
		.ts_val = j->ts_val,
	};

	return make_segment(ops, bytes, p->l3_off, &p->key, false, &s);
}

/* ------------------------------------------------------------------ SYN over the limit */

static __u8 syn_data(const struct asa_pkt *p)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = { 0 };
	__u32 size = p->tcp.header - ASA_TCP_SIZE;

	memcpy(options, (__u8 *)p->l4 + ASA_TCP_SIZE, size);
	return asa_cookie_options(options, size);
}

/* The timestamp and its echo in a segment. => false: it has none */
static bool timestamps(const struct asa_pkt *p, __u32 *val, __u32 *ecr)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = { 0 };
	__u32 size = p->tcp.header - ASA_TCP_SIZE;
	int at;

	memcpy(options, (const __u8 *)p->l4 + ASA_TCP_SIZE, size);
	at = asa_tcp_find_option(options, size, ASA_TCPOPT_TIMESTAMP, 10);
	if (at < 0)
		return false;
	*val = asa_ldn32(options + at + 2);
	*ecr = asa_ldn32(options + at + 6);
	return true;
}

/* The server's MSS is not known: what fits its interface, and the clamp of SES-17. */
static __u16 offered_mss(const struct walk *w)
{
	const struct model *m = policy_model(w->policy);
	__u32 header = (w->p->flags & ASA_PKT_IPV4 ? ASA_IP4_SIZE : ASA_IP6_SIZE) + ASA_TCP_SIZE;
	__u32 mss = w->out && w->out->mtu > header + 536 ? w->out->mtu - header : 1500 - header;

	if (m->tcpmss > 0 && mss > (__u32)m->tcpmss)
		mss = (__u32)m->tcpmss;
	return (__u16)(mss > 0xffff ? 0xffff : mss);
}

/*
 * Answer the SYN with a cookie; from now on the driver does the same, for all clients or for one.
 * => limit: the one that was met; class_id, counted: of what (see intercept_found)
 */
static enum asa_drop answer(struct walk *w, const struct session_limit *limit, __u32 class_id,
			    const struct asa_addr *counted, bool one_client)
{
	struct intercepts *t = w->e->intercepts;
	struct intercept_found found;
	struct asa_cookie_seg s;
	struct frame *f;
	__u32 val = 0, ecr;
	__u8 data;

	memset(&found, 0, sizeof(found));
	found.key.dst = w->p->key.dst;
	found.key.port = w->p->key.dport;
	found.key.ctx = w->p->key.ctx;
	found.key.in_if = w->in->ifindex;
	found.key.in_vlan = w->in->vlan;
	if (one_client)
		found.key.src = w->p->key.src;
	if (counted)
		found.counted = *counted;
	found.row.mss = offered_mss(w);
	intercept_known(t, &w->real.dst, w->real.dport, &found.row);
	found.class_id = class_id;
	found.max = limit->max;
	found.real = w->real;
	found.ifname = w->out ? w->out->name : "unknown";
	if (intercept_start(t, &found, w->now))
		deny_embryonic(w, limit);
	intercept_sent(t, &found, &w->p->key.src, w->now);
	data = asa_cookie_offer(&s, &found.row, w->p->tcp.seq, syn_data(w->p));
	if (found.row.flags & ASA_INTERCEPT_TS && timestamps(w->p, &val, &ecr))
		asa_cookie_offer_ts(&s, val, w->now);
	s.seq = asa_cookie_make(intercept_keys(t), &w->p->key, w->p->tcp.seq, w->now, data);
	f = make_segment(w->ops, w->f->data, w->p->l3_off, &w->p->key, true, &s);
	if (!f)
		return DROP_RESOURCE_TX_QUEUE;
	w->e->account.stats[STAT_SYNCOOKIE_SENT].packets++;
	w->e->account.stats[STAT_SYNCOOKIE_SENT].bytes += f->len;
	account_forward(w->e, w->f->in_ifindex, w->f->len);
	send_back(w->e, w->ops, f, w->f->in_ifindex);
	frame_put(w->ops->pool, w->f);
	w->done = true;
	return DROP_NONE;
}

static bool may_intercept(const struct walk *w)
{
	return w->p->proto == ASA_PROTO_TCP && !w->service.bypass && !w->cookie && !w->trace &&
	       w->e->intercepts;
}

enum asa_drop stage_embryonic(struct walk *w)
{
	struct sessions *s = w->e->asa->sessions;
	struct session_limit limit = { 0 };

	if (!may_intercept(w) || !session_embryonic_full(s, &w->service, &w->p->key, &limit))
		return DROP_NONE;
	return answer(w, &limit, session_class_id(s, &w->service),
		      limit.per_client ? &w->p->key.src : NULL, limit.per_client);
}

enum asa_drop intercept_nat(struct walk *w)
{
	struct sessions *s = w->e->asa->sessions;
	struct session_limit limit = { 0 };

	if (!may_intercept(w))
		return DROP_NONE;
	if (w->dst_nat.rule >= 0 &&
	    session_nat_embryonic_full(s, &w->dst_nat, &w->real.dst, &limit))
		return answer(w, &limit, SESSION_HOSTS, &w->real.dst, false);
	if (w->src_nat.rule >= 0 &&
	    session_nat_embryonic_full(s, &w->src_nat, &w->real.src, &limit))
		return answer(w, &limit, SESSION_HOSTS, &w->real.src, true);
	return DROP_NONE;
}

/* ------------------------------------------------------------------ ACK with a cookie */

/*
 * The segment as it came; too long for us: without its data, which will come again. A probe of the
 * closed window becomes the ACK that was lost.
 */
static void keep(struct join *j, const struct walk *w)
{
	bool whole = w->f->len <= KEPT && w->p->tcp.seq == j->isn + 1;
	const struct asa_cookie_seg bare = {
		.seq = j->isn + 1,
		.ack = w->p->tcp.ack,
		.window = w->p->tcp.window,
		.flags = ASA_TCP_ACKF,
		.wscale = ASA_COOKIE_NO_WSCALE,
		.ts = j->ts,
		.ts_val = j->ts_val,
		.ts_ecr = j->ts_ecr,
	};
	int v6 = !(w->p->flags & ASA_PKT_IPV4);

	j->data = whole && w->p->tcp.size;
	if (whole) {
		memcpy(j->bytes, w->f->data, w->f->len);
		j->len = (__u16)w->f->len;
		return;
	}
	memcpy(j->bytes, w->f->data, w->p->l3_off);
	asa_cookie_write(j->bytes + w->p->l3_off, v6, &w->p->key, false, &bare);
	j->len = (__u16)(w->p->l3_off + asa_cookie_l3_size(v6));
}

/* The kept segment is on its way on: it counts as forwarded. */
static void consumed(struct walk *w)
{
	account_forward(w->e, w->f->in_ifindex, w->f->len);
	frame_put(w->ops->pool, w->f);
	w->done = true;
}

/* 'isn': the client's first number. */
static enum asa_drop open_server(struct walk *w, __u32 isn)
{
	struct sessions *s = w->e->asa->sessions;
	__u32 cookie = w->p->tcp.ack - 1, slot;
	__u16 queue = w->f->in_queue;
	struct join *j = join_get(w->e->joins);
	const struct asa_session *row;
	enum asa_drop why;
	struct frame *f;

	if (!j)
		return DROP_RESOURCE_FLOW;
	j->cookie = cookie;
	j->isn = isn;
	j->window = w->p->tcp.window;
	j->ts = timestamps(w->p, &j->ts_val, &j->ts_ecr);
	f = make_syn(w->ops, w->f->data, w->p, j);
	if (!f)
		return DROP_RESOURCE_TX_QUEUE;
	f->in_ifindex = w->f->in_ifindex;
	f->in_queue = queue;
	why = engine_made(w->e, w->ops, f, w->now, true);
	slot = ASA_REF_SLOT(session_find(s, &w->p->key));
	row = session_row(s, slot);
	if (!row || !(row->flags & ASA_SESSION_INTERCEPT)) {
		reset_client(w->e, w->ops, w->f->data, w->p, w->f->in_ifindex);
		return why ? why : DROP_RESOURCE_FLOW;
	}
	j->slot = slot;
	j->id = row->id;
	j->in_ifindex = w->f->in_ifindex;
	j->in_queue = queue;
	j->tries = 1;
	j->next = w->now + asa_ticks_from_ms(1000);
	keep(j, w);
	consumed(w);
	return DROP_NONE;
}

enum asa_drop stage_cookie(struct walk *w)
{
	const struct asa_intercept *row;
	int good;

	if (w->p->proto != ASA_PROTO_TCP || w->made || w->trace || !w->e->joins ||
	    (w->p->tcp.flags & (ASA_TCP_SYN | ASA_TCP_ACKF | ASA_TCP_RST | ASA_TCP_FIN)) !=
		    ASA_TCP_ACKF)
		return DROP_NONE;
	row = intercept_find(w->e->intercepts, &w->p->key, w->in->ifindex, w->in->vlan);
	if (!row)
		return DROP_NONE;
	good = asa_cookie_check(intercept_keys(w->e->intercepts), &w->p->key, w->p->tcp.seq,
				w->p->tcp.ack, w->now);
	if (!good || (good == 2 && w->p->tcp.size)) {
		/* The driver drops those of a flood; this one came while it ended. */
		return row->flags & ASA_INTERCEPT_ANSWER ? DROP_TCP_INTERCEPT_COOKIE : DROP_NONE;
	}
	return open_server(w, w->p->tcp.seq - (good == 1));
}

/* ------------------------------------------------------------------ the server's answer */

/* The client's next segment came before the server's answer: the one with data is kept. */
static enum asa_drop from_client(struct walk *w, struct join *j)
{
	const struct asa_tcp_seg *s = &w->p->tcp;

	if (w->made)
		return DROP_NONE; /* our SYN, once more */
	if (s->flags & ASA_TCP_RST)
		return s->seq == j->isn + 1 ? DROP_NONE : DROP_TCP_RSTFIN_OOO;
	if (s->flags & ASA_TCP_SYN || s->seq != j->isn + 1 || s->ack != j->cookie + 1 || !s->size ||
	    j->data || w->f->len > KEPT)
		return DROP_TCP_INTERCEPT_WAIT;
	keep(j, w);
	consumed(w);
	return DROP_NONE;
}

/* The client's numbers: a RST must be the one that it expects. */
static void reset_as_client_expects(struct walk *w, const struct join *j)
{
	__u8 *l4 = w->p->l4;
	__u32 before = asa_ld32(l4 + ASA_TCP_SEQ), after = asa_htonl(j->cookie + 1);

	asa_st32(l4 + ASA_TCP_SEQ, after);
	asa_st16(l4 + ASA_TCP_CHECK,
		 asa_csum_change(asa_ld16(l4 + ASA_TCP_CHECK), asa_csum_diff32(before, after)));
	w->p->tcp.seq = j->cookie + 1;
}

/* The SYN-ACK becomes the ACK that opens the client's window. */
static enum asa_drop open_window(struct walk *w, const struct join *j)
{
	struct asa_tcp_seg *t = &w->p->tcp;
	__u8 shift = asa_cookie_data_wscale((__u8)(j->cookie >> 24));
	struct asa_cookie_seg s = {
		.seq = t->seq + 1,
		.ack = t->ack,
		.window = t->window,
		.flags = ASA_TCP_ACKF,
		.wscale = ASA_COOKIE_NO_WSCALE,
	};
	struct asa_key k = w->p->key;
	int v6 = !(w->p->flags & ASA_PKT_IPV4);

	s.ts = timestamps(w->p, &s.ts_val, &s.ts_ecr);
	if (shift != ASA_COOKIE_NO_WSCALE && t->has_wscale)
		s.window = (__u16)(t->window >> (t->wscale > 14 ? 14 : t->wscale));
	asa_cookie_write(w->p->l3, v6, &k, false, &s);
	w->f->len = w->p->l3_off + asa_cookie_l3_size(v6);
	if (asa_parse(w->p, w->f->data, w->f->data + w->f->len, 1))
		return DROP_INTERNAL_ERROR;
	w->p->key.ctx = k.ctx;
	w->p->tcp.ttl = w->conn->half[w->dir].ttl; /* ours is no measure of the server's */
	w->bytes = w->p->l3_size;
	return DROP_NONE;
}

/* A server that was not offered something says nothing about it. */
static void learn(struct walk *w, const struct join *j)
{
	const struct asa_tcp_seg *t = &w->p->tcp;
	int wscale = -1;

	if (asa_cookie_data_wscale((__u8)(j->cookie >> 24)) != ASA_COOKIE_NO_WSCALE)
		wscale = t->has_wscale ? (t->wscale > 14 ? 14 : t->wscale) : ASA_COOKIE_NO_WSCALE;
	intercept_learn(w->e->intercepts, &w->p->key.src, w->p->key.sport, wscale,
			j->ts ? (t->options & ASA_OPT_TS) != 0 : -1);
}

/* The server's clock begins where the cookie showed it to the client. */
static void splice_timestamps(struct walk *w, const struct join *j)
{
	struct asa_session *row = session_row(w->e->asa->sessions, w->slot);
	struct asa_dir *d = w->conn->dir;
	__u32 add;
	int i;

	if (!j->ts || !(w->p->tcp.options & ASA_OPT_TS))
		return;
	add = j->ts_ecr - w->p->tcp.ts;
	row->rest[1].ts_add = add;
	row->rest[0].ts_add = -add;
	for (i = 0; i < 2; i++)
		d[i].flags |= ASA_DIR_TS;
}

/* From here on the driver can do all of it. */
static void splice(struct walk *w, struct join *j)
{
	struct asa_session *row = session_row(w->e->asa->sessions, w->slot);
	struct asa_half *half = w->conn->half;
	struct asa_dir *d = w->conn->dir;
	__u16 drop = row->flags & ASA_SESSION_MODULE ? 0 : ASA_DIR_INSPECT;
	__u32 events = 0;
	int i;

	row->rest[1].mss = w->p->tcp.mss;
	tcp_norm_commit(&half[1], &half[0], &w->p->tcp);
	tcp_track_commit(&half[1], &half[0], half[0].seq_add, &w->p->tcp, &events);
	half[1].seq_add = j->cookie - w->p->tcp.seq;
	splice_timestamps(w, j);
	row->flags &= (__u16)~ASA_SESSION_INTERCEPT;
	/* The offsets first: XDP reads them once it no longer sees INSPECT (a service module's stays). */
	for (i = 1; i >= 0; i--)
		__atomic_store_n(&d[i].flags, (__u16)((d[i].flags & ~drop) | ASA_DIR_SEQ),
				 __ATOMIC_RELEASE);
}

static enum asa_drop from_server(struct walk *w, struct join *j)
{
	enum asa_drop why;
	struct frame *f;

	why = tcp_track_check(&w->conn->half[1], &w->conn->half[0], w->conn->half[0].seq_add,
			      &w->p->tcp);
	if (why)
		return why;
	if (w->p->tcp.flags & ASA_TCP_RST) {
		reset_as_client_expects(w, j);
		join_put(w->e->joins, j);
		return DROP_NONE;
	}
	if (!(w->p->tcp.flags & ASA_TCP_SYN))
		return DROP_TCP_INTERCEPT_WAIT;
	learn(w, j);
	splice(w, j);
	f = frame_get(w->ops->pool);
	if (f) { /* without it the client's next segment does the same */
		memcpy(f->data, j->bytes, j->len);
		f->len = j->len;
		f->in_ifindex = j->in_ifindex;
		f->in_queue = j->in_queue;
		(void)engine_made(w->e, w->ops, f, w->now, false);
	}
	why = open_window(w, j);
	join_put(w->e->joins, j);
	return why;
}

enum asa_drop stage_join(struct walk *w)
{
	const struct asa_session *row = session_row(w->e->asa->sessions, w->slot);
	struct join *j;

	if (!row || !(row->flags & ASA_SESSION_INTERCEPT) || w->trace || !w->e->joins)
		return DROP_NONE;
	if (w->made && w->dir == 0)
		return DROP_NONE;
	j = join_find(w->e->joins, w->slot, row->id);
	if (!j) /* a daemon before us began it: the client will try again */
		return DROP_TCP_INTERCEPT_WAIT;
	return w->dir == 0 ? from_client(w, j) : from_server(w, j);
}

/* ------------------------------------------------------------------ servers that do not answer */

static void join_again(struct engine *e, struct worker_ops *ops, struct join *j, __u32 now)
{
	struct asa_pkt p;
	struct frame *f;

	if (asa_parse(&p, j->bytes, j->bytes + j->len, 1)) {
		join_put(e->joins, j);
		return;
	}
	if (j->tries == TRIES) {
		__u32 slot = j->slot;

		reset_client(e, ops, j->bytes, &p, j->in_ifindex);
		join_put(e->joins, j);
		session_close(e->asa->sessions, slot, SESSION_CLOSE_SYN_TIMEOUT, now);
		return;
	}
	j->next = now + asa_ticks_from_ms(1000u << j->tries);
	j->tries++;
	f = make_syn(ops, j->bytes, &p, j);
	if (!f)
		return;
	f->in_ifindex = j->in_ifindex;
	f->in_queue = j->in_queue;
	(void)engine_made(e, ops, f, now, true);
}

void joins_tick(struct engine *e, struct worker_ops *ops, __u32 now)
{
	struct joins *all = e->joins;
	const struct asa_session *row;
	__u32 i;

	for (i = 0; i < all->top; i++) {
		struct join *j = &all->v[i];

		if (!j->slot)
			continue;
		row = session_row(e->asa->sessions, j->slot);
		if (!row || row->id != j->id || !(row->flags & ASA_SESSION_INTERCEPT) ||
		    row->state != ASA_SESSION_EMBRYONIC)
			join_put(all, j); /* cleared, or it gave way */
		else if ((__s32)(now - j->next) >= 0)
			join_again(e, ops, j, now);
	}
}
