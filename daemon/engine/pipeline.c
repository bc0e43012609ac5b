// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slow path, in order: see pipeline.h. The function to read is pipeline().
 *
 * Responsible for: the order of the stages and for every frame ending exactly once. Not
 * responsible for: what a stage does (its own file), what the XDP program said about the frame:
 * the punt's metadata is a hint that is not needed, everything is found out again here.
 *
 * Threads: engine_batch() in a worker, with asa->lock held and inside an RCU read section.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_impl.h"
#include "policy/acl_log.h"
#include "normalize/ip_options.h"

static enum asa_drop run(struct walk *w, stage_fn *stage)
{
	enum asa_drop why = stage(w);

	if (w->trace)
		w->trace->after(w, stage, why);
	return why;
}

/* A stage that refuses the packet, or has brought it to its end, is the last one. */
#define STAGE(stage)                                                                               \
	do {                                                                                       \
		enum asa_drop why_ = run(w, stage);                                                \
		if (why_ || w->done)                                                               \
			return why_;                                                               \
	} while (0)

static enum asa_drop pipeline(struct walk *w)
{
	STAGE(stage_parse); /* headers; which interface it came from */
	STAGE(stage_fragments); /* wait until the datagram is whole */
	STAGE(stage_ip_options); /* IPv4 options, IPv6 extension headers */
	if (w->p->flags & ASA_PKT_ICMP_ERROR && !w->returned)
		return run(w, stage_icmp_error); /* belongs to the connection that it quotes */
	STAGE(stage_find); /* the connection of this packet */
	STAGE(stage_module_back); /* a service module gives it back: on from there */
	if (!w->slot)
		STAGE(stage_cookie); /* TCP intercept: an ACK that brings a cookie back */
	if (w->slot && !w->returned)
		STAGE(stage_reopen); /* a SYN may take the place of a closed connection */
	if (w->returned) {
		STAGE(stage_track);
	} else if (w->slot) {
		STAGE(stage_interface); /* seen where it may be seen */
		STAGE(stage_police_in); /* within the rate of its class where it enters? */
		STAGE(stage_join); /* TCP intercept: the server's answer */
		STAGE(stage_track); /* TCP: possible now? */
		STAGE(stage_options); /* IPv4 options, where a class inspects them */
		STAGE(stage_probe); /* dead connection detection: the answer of a host? */
	} else {
		STAGE(stage_host); /* to the box itself, against its rules? */
		STAGE(stage_source); /* can the sender be there? reverse path */
		STAGE(stage_untranslate); /* destination: mapped to real */
		STAGE(stage_route); /* way out; no route counts after access rules */
		STAGE(stage_service); /* what the classes ask for: bypass, timeouts … */
		STAGE(stage_first_checks); /* may such a packet open a connection? */
		STAGE(stage_access); /* access lists in and out, security levels */
		STAGE(stage_options);
		STAGE(stage_police_in);
		STAGE(stage_limits); /* conn-max, per-client-max */
		STAGE(stage_embryonic); /* too many half-open ones: a cookie instead */
		STAGE(stage_translate); /* source: real to mapped; reverse path */
		STAGE(stage_create); /* slot, index, message: XDP takes over */
	}
	STAGE(stage_normalize); /* MSS of SYN and SYN-ACK */
	if (!w->returned)
		STAGE(stage_order); /* TCP payload: in order, the first bytes; may have to wait */
	STAGE(stage_module); /* to a service module, which gives it back or not */
	STAGE(stage_inspect); /* payload, for connections under inspection */
	STAGE(stage_next_hop); /* neighbour, TTL, MTU */
	STAGE(stage_police_out); /* within the rate of its class where it leaves? */
	return run(w, stage_forward); /* rewrite, send or hold */
}

static enum asa_drop engine_frame(struct engine *e, struct worker_ops *ops, struct frame *f,
				  __u32 now, struct trace *trace, bool made, bool cookie,
				  bool ordered)
{
	struct walk walk, *w = &walk;
	enum asa_drop why;

	memset(w, 0, sizeof(*w));
	w->made = made;
	w->cookie = cookie;
	w->ordered = ordered;
	w->e = e;
	w->ops = ops;
	w->f = f;
	w->p = &f->pkt;
	w->now = now;
	w->trace = trace;
	w->policy = __atomic_load_n(&e->asa->policy, __ATOMIC_ACQUIRE);
	f->next = NULL;
	why = w->policy ? pipeline(w) : DROP_L2_INTERFACE;
	if (w->nat_ref) /* taken, but no connection came of it */
		xlate_put(e->asa->xlates, w->nat_ref, now);
	if (!w->done) {
		why = why ? why : DROP_INTERNAL_ERROR;
		frames_drop(e, ops, w->f, why);
	}
	if (w->released) /* they cannot have released others */
		order_release(e, ops, w->released, &w->stamp, now);
	return why;
}

enum asa_drop engine_dry(struct engine *e, struct worker_ops *ops, struct frame *f, __u32 now,
			 struct trace *t)
{
	return engine_frame(e, ops, f, now, t, false, false, false);
}

enum asa_drop engine_made(struct engine *e, struct worker_ops *ops, struct frame *f, __u32 now,
			  bool cookie)
{
	return engine_frame(e, ops, f, now, NULL, true, cookie, false);
}

void engine_ordered(struct engine *e, struct worker_ops *ops, struct frame *f, __u32 now, bool made)
{
	(void)engine_frame(e, ops, f, now, NULL, made, false, true);
}

/* The real engine only: a scratch one must not touch the driver's rows. => false: out of memory */
static bool intercept_ready(struct engine *e)
{
	if (!e->intercepts)
		e->intercepts = intercepts_new(e->asa);
	if (!e->joins)
		e->joins = joins_new();
	return e->intercepts && e->joins;
}

void engine_batch(struct engine *e, struct worker_ops *ops, struct frame **frames, int n, __u32 now)
{
	int i;

	if (asa_unlikely(!e->joins))
		(void)intercept_ready(e);
	for (i = 0; i < n; i++)
		(void)engine_frame(e, ops, frames[i], now, NULL, false, false, false);
}

/* ------------------------------------------------------------------ stages */

enum asa_drop stage_parse(struct walk *w)
{
	const struct dp_tables *t = sessions_tables(w->e->asa->sessions);
	enum asa_drop why;

	why = asa_parse(w->p, w->f->data, w->f->data + w->f->len, 1);
	w->in = policy_if_find(w->policy, w->f->in_ifindex, module_gave(w) ? 0 : w->p->vlan);
	if (!w->in)
		return why ? why : DROP_L2_INTERFACE;
	if (why) {
		deny_parse(w, why);
		return why;
	}
	if (!w->in->up)
		return DROP_ROUTE_INTERFACE;
	/* The XDP program gives these to Linux; nobody can from here. */
	if (w->p->flags & ASA_PKT_HOST)
		return DROP_ROUTE_NONE;
	if (w->f->in_ifindex < ASA_IFINDEX_MAX)
		w->p->key.ctx = t->ifaces[w->f->in_ifindex].ctx;
	w->bytes = w->p->l3_size;
	w->n_frames = 1;
	if (w->made) /* nothing was received: see account_forward() */
		w->f->in_ifindex = 0;
	return DROP_NONE;
}

/* The first fragment speaks for the datagram: its sizes become the whole's. */
static enum asa_drop whole_datagram(struct walk *w, struct frame *chain)
{
	struct frame *f;
	__u32 payload = 0;

	w->f = chain;
	w->p = &chain->pkt;
	w->bytes = 0;
	w->n_frames = 0;
	for (f = chain; f; f = f->next) {
		w->bytes += f->pkt.l3_size;
		w->n_frames++;
		payload += f->pkt.l4_size;
	}
	if (w->p->proto == ASA_PROTO_TCP)
		w->p->tcp.size = (__u16)(payload - w->p->tcp.header);
	if (w->p->proto == ASA_PROTO_UDP && asa_ldn16((__u8 *)w->p->l4 + ASA_UDP_LENGTH) > payload)
		return DROP_UDP_LENGTH;
	return DROP_NONE;
}

enum asa_drop stage_fragments(struct walk *w)
{
	struct ip_frag_limits limits = {
		.size = w->in->fragment_size,
		.chain = w->in->fragment_chain,
		.timeout = asa_ticks_from_ms((__u64)w->in->fragment_timeout_s * 1000),
	};
	enum ip_frag_note note = IP_FRAG_NOTE_NONE;
	struct frame *chain = NULL;
	enum asa_drop why = DROP_NONE;

	if (!(w->p->flags & ASA_PKT_FRAGMENT))
		return DROP_NONE;
	if (!w->p->frag_off && !w->p->more_fragments) /* atomic, RFC 6946 */
		return DROP_NONE;
	switch (ip_frag_add(w->e->frags, &limits, w->ops, w->f, w->now, &chain, &why,
			    &note)) {
	case IP_FRAG_HELD:
		if (w->trace)
			w->trace->held = true;
		w->done = true;
		return DROP_NONE;
	case IP_FRAG_WHOLE: return whole_datagram(w, chain);
	case IP_FRAG_DROP: break;
	}
	w->f = chain;
	w->p = &chain->pkt;
	deny_fragment(w, &limits, note);
	return why ? why : DROP_FRAG_FAILED;
}

enum asa_drop stage_ip_options(struct walk *w)
{
	enum asa_drop why;
	struct frame *f;

	for (f = w->f; f; f = f->next) { /* a later fragment may have its own */
		if (!(f->pkt.flags & (ASA_PKT_OPTIONS | ASA_PKT_EXTHDR)))
			continue;
		why = ip_options_check(&f->pkt, NULL);
		if (!why || (why == DROP_IP_OPTION && f->pkt.flags & ASA_PKT_OPTIONS && options_inspected(w)))
			continue;
		deny_options(w, &f->pkt);
		return why;
	}
	return DROP_NONE;
}

/* The window scale option is looked for where it can be, on SYN and SYN-ACK. */
static void find_wscale(struct asa_pkt *p)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = {0};
	__u32 size = p->tcp.header - ASA_TCP_SIZE;
	int shift;

	memcpy(options, (__u8 *)p->l4 + ASA_TCP_SIZE, size);
	shift = asa_tcp_find_wscale(options, size);
	p->tcp.has_wscale = shift >= 0;
	p->tcp.wscale = shift >= 0 ? (__u8)shift : 0;
}

enum asa_drop stage_find(struct walk *w)
{
	struct sessions *s = w->e->asa->sessions;
	__u32 ref = session_find(s, &w->p->key);

	if (w->p->proto == ASA_PROTO_TCP && w->p->tcp.flags & ASA_TCP_SYN)
		find_wscale(w->p);
	w->conn = walk_conn(w, ASA_REF_SLOT(ref));
	if (!w->conn)
		return DROP_NONE;
	w->slot = ASA_REF_SLOT(ref);
	w->dir = ASA_REF_DIR(ref);
	if (w->p->proto == ASA_PROTO_TCP && !(w->conn->dir[w->dir].flags & ASA_DIR_BYPASS))
		normalize_existing(w); /* before a SYN may reopen it: a window scale may be cleared */
	return DROP_NONE;
}

/* ------------------------------------------------------------------ life cycle, timers */

int engine_new(struct asa *a, struct engine **out)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return -1;
	e->asa = a;
	e->frags = ip_frag_new();
	e->acl_log = acl_log_new();
	if (!e->frags || !e->acl_log || account_new(&e->account)) {
		engine_free(e);
		return -1;
	}
	*out = e;
	return 0;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	ip_frag_free(e->frags);
	acl_log_free(e->acl_log);
	intercepts_free(e->intercepts);
	joins_free(e->joins);
	order_table_free(e->order);
	account_free(&e->account);
	free(e);
}

void engine_neigh_done(struct engine *e, struct worker_ops *ops, __u16 row, bool resolved)
{
	hold_done(e, ops, row, resolved);
}

void engine_tick(struct engine *e, struct worker_ops *ops, __u32 now)
{
	struct frame *chain;

	hold_expire(e, ops, now);
	order_tick(e, now);
	if (intercept_ready(e)) {
		joins_tick(e, ops, now);
		intercepts_tick(e->intercepts, now);
	}
	while ((chain = ip_frag_expire(e->frags, ops, now)) != NULL)
		frames_drop(e, ops, chain, DROP_FRAG_TIMEOUT);
	probe_tick(e, ops, now);
	module_tick(e, ops, now);
	deny_log_tick(e, now);
	account_flush(e);
}

void engine_held(const struct engine *e, __u32 *neighbour, __u32 *fragments)
{
	*neighbour = e->n_hold;
	*fragments = ip_frag_held(e->frags) + order_held(e);
}

struct ip_frags *engine_fragments(const struct engine *e)
{
	return e->frags;
}

struct intercepts *engine_intercepts(const struct engine *e)
{
	return e->intercepts;
}
