/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A frame of a known connection: check, rewrite, send.
 *
 * Responsible for: the order of the checks, and that a frame which does not leave here changes
 * nothing: neither the connection's state nor its counters.
 * Not responsible for: finding the connection (lookup.bpf.h), the rules of TCP (tcp_track.h), how
 * bytes change (rewrite.h), what a verdict counts (verdict.bpf.h).
 *
 * Steps, each with its way out:
 *	1. instructions		punt interface, inspect, tcp-syn, probe
 *	2. input policing, TCP	drop rate-exceeded; drop with the reason of tcp_track_check() or of the
 *				normalizer; punt normalize, inspect (hold)
 *	3. way out		punt nexthop, mtu, ttl; drop interface-down, rate-exceeded (output policing)
 *	4. rewrite		drop internal-error (no room for a VLAN tag)
 *	5. commit		state, counters, events
 */
#ifndef ASA_FORWARD_BPF_H
#define ASA_FORWARD_BPF_H

#include <asa/police.h>
#include <asa/rewrite.h>
#include <asa/tcp_track.h>

#include "host.bpf.h"
#include "lookup.bpf.h"
#include "tcp_options.bpf.h"
#include "verdict.bpf.h"

#ifndef AF_INET
#define AF_INET 2
#define AF_INET6 10
#endif

/* Frames for another station reach us over a bridge that floods them; Linux discards them. */
asa_inline int other_station(const struct asa_iface *iface, const void *data)
{
	return (iface->flags & ASA_IFACE_MAC) &&
	       (asa_ld32(data) != *(const __u32 *)iface->mac ||
		asa_ld16(data + 4) != *(const __u16 *)(iface->mac + 4));
}

/* A frame and the connection it belongs to. */
struct asa_flow {
	struct asa_pkt *pkt;
	struct asa_dir *own; /* the frame's direction */
	struct asa_dir *other;
	struct asa_half *half;
	struct asa_half *peer;
	__u32 ref;
	__u32 tick;
};

/*
 * Ask the kernel's routing table about a packet from 'src' to 'dst'.
 * => the answer of bpf_fib_lookup(), with the MAC addresses in *fib
 */
asa_inline long fib_ask(const struct asa_run *r, const struct asa_pkt *p, struct bpf_fib_lookup *fib,
			const struct asa_addr *src, const struct asa_addr *dst)
{
	asa_memset(fib, 0, sizeof(*fib));
	fib->ifindex = r->ifindex;
	fib->l4_protocol = p->proto;
	fib->tot_len = p->l3_size;
	if (p->flags & ASA_PKT_IPV4) {
		fib->family = AF_INET;
		fib->ipv4_src = src->w[3];
		fib->ipv4_dst = dst->w[3];
	} else {
		fib->family = AF_INET6;
		asa_memcpy(fib->ipv6_src, src, sizeof(*src));
		asa_memcpy(fib->ipv6_dst, dst, sizeof(*dst));
	}
	return bpf_fib_lookup(r->ctx, fib, sizeof(*fib), 0);
}

/* A question to the routing table becomes a next hop in place: stack is short. */
union asa_route {
	struct bpf_fib_lookup fib;
	struct asa_nexthop nh;
};

/* The daemon's row of a connection. => NULL: there is none */
asa_inline struct asa_session *session_of(__u32 ref)
{
	__u32 slot = ASA_REF_SLOT(ref);

	return bpf_map_lookup_elem(&asa_sessions, &slot);
}

asa_inline struct asa_rest *rest_of(struct asa_session *s, __u32 ref)
{
	return ASA_REF_DIR(ref) ? &s->rest[1] : &s->rest[0];
}

/* What happened to a TCP connection: 1 << ASA_EVENT_*.  Global, so that the verifier walks it once. */
__noinline int events_tell(__u32 ref, __u32 events, __u32 tick)
{
	struct asa_session *s = session_of(ref);
	__u32 type;

#pragma clang loop unroll(disable)
	for (type = ASA_EVENT_ESTABLISHED; s && type <= ASA_EVENT_RST; type++)
		if (events & (1u << type))
			event_submit((__u8)type, ref, (__u16)s->id, tick);
	return 0;
}

/* The next hop of a direction is older than the routes: the daemon hears once for each generation. */
__noinline int reroute_tell(__u32 ref, __u32 gen, __u32 tick)
{
	struct asa_session *s = session_of(ref);
	struct asa_rest *rest;

	if (!s)
		return 0;
	rest = rest_of(s, ref);
	if (rest->rerouted_gen == (__u16)gen)
		return 0;
	rest->rerouted_gen = (__u16)gen;
	event_submit(ASA_EVENT_REROUTE, ref, (__u16)s->id, tick);
	return 0;
}

/*
 * The routes have changed since this direction's next hop was resolved: ask for this frame, and
 * tell the daemon once, so that the slot gets a new next hop.
 * => PUNT_NONE and way->nh filled in (no tag), or the cause to punt
 * => post-translation addresses decide, as they do for the daemon
 */
asa_inline enum asa_punt reroute(const struct asa_run *r, const struct asa_flow *f, __u16 gen,
				 union asa_route *way)
{
	__u32 ifindex;
	__u8 mac[12];
	long answer;

	reroute_tell(f->ref, gen, f->tick);
	answer = fib_ask(r, f->pkt, &way->fib, &f->other->key.dst, &f->other->key.src);
	if (answer == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return PUNT_MTU;
	if (answer != BPF_FIB_LKUP_RET_SUCCESS)
		return PUNT_NEXTHOP;
	ifindex = way->fib.ifindex;
	asa_memcpy(mac, way->fib.dmac, 6);
	asa_memcpy(mac + 6, way->fib.smac, 6);
	way->nh.ifindex = ifindex;
	way->nh.flags = ASA_NH_VALID;
	asa_memcpy(way->nh.dmac, mac, 12);
	count_stat(STAT_FIB, r->bytes);
	return PUNT_NONE;
}

/*
 * A segment with SYN: does the daemon want it?
 * => a SYN may open a new connection in the old one's place (not on bypass: BYP-5); SYN and SYN-ACK
 *    may have their MSS clamped; impossible combinations are for tcp_track_check() to name
 */
asa_inline int syn_is_the_daemons(const struct asa_pkt *p, __u16 flags)
{
	if (!asa_tcp_flags_valid(p->tcp.flags))
		return 0;
	if (flags & ASA_DIR_PUNT_SYN)
		return 1;
	return !(flags & ASA_DIR_BYPASS) && !(p->tcp.flags & ASA_TCP_ACKF);
}

/* Not quite the usual segment.  A copy is shown, so that the parser's stays in registers. */
asa_inline enum asa_drop look(const struct asa_run *r, const struct asa_flow *f)
{
	struct asa_tcp_seg s = f->pkt->tcp;
	int drop = tcp_options_look(r->ctx, f->pkt->l4_off, &s, f->half);

	f->pkt->tcp = s;
	if (s.edits & ASA_NORM_TTL)
		f->pkt->ttl = f->half->ttl;
	return drop;
}

/* Do the options begin with timestamps the way that hosts write them? => notes them */
asa_inline int options_timestamps(struct asa_pkt *p, const void *data_end)
{
	const void *options = p->l4 + ASA_TCP_SIZE;

	if (!asa_fits(options, ASA_TS_USUAL_SIZE, data_end) ||
	    asa_ld32(options) != ASA_TS_USUAL_START)
		return 0;
	p->tcp.ts = asa_ldn32(options + 4);
	p->tcp.options = ASA_OPT_TS;
	p->tcp.looked = 1;
	return 1;
}

/*
 * Are the options of an ordinary segment none, or nothing but timestamps and SACK blocks the way that
 * hosts write them: "NOP, NOP, option" (RFC 7323 appendix A, RFC 2018 section 3)?
 * => notes the timestamp
 */
asa_inline int options_usual(struct asa_pkt *p, const void *data_end)
{
	__u32 at = ASA_TCP_SIZE;

	if (p->tcp.header == at)
		return 1;
	if (options_timestamps(p, data_end))
		at = ASA_NORM_TS_HEADER;
	return p->tcp.header == at || (asa_fits(p->l4, at + 4, data_end) &&
				       asa_sack_usual(asa_ld32(p->l4 + at), p->tcp.header - at));
}

/* More data than the receiver announced?  Global, so that the verifier walks it once. */
__noinline int mss_exceeded(__u32 ref, __u32 size)
{
	struct asa_session *s = session_of(ref);

	return s && tcp_norm_exceeds(size, rest_of(s, ref ^ 1)->mss);
}

/* Step 2: TCP of a connection that is not bypassed. */
asa_inline enum asa_drop check_tcp(const struct asa_run *r, const struct asa_flow *f)
{
	struct asa_pkt *p = f->pkt;
	enum asa_drop drop;

	if (asa_unlikely(!tcp_norm_usual(f->half, &p->tcp) ||
			 !options_usual(p, (void *)(long)r->ctx->data_end))) {
		drop = look(r, f);
		if (drop)
			return drop;
	}
	drop = tcp_track_check(f->half, f->peer, f->peer->seq_add, &p->tcp);
	if (!drop)
		drop = tcp_norm_check(f->half, f->peer, f->peer->seq_add, &p->tcp, f->tick - f->own->seen);
	if (asa_unlikely(p->tcp.allow & ASA_TM_MSS_DROP) && !drop && mss_exceeded(f->ref, p->tcp.size))
		return DROP_TCP_MSS;
	return drop;
}

/* What a SYN-ACK announces.  Global, so that the verifier walks it once. */
__noinline int mss_note(__u32 ref, __u32 mss)
{
	struct asa_session *s = session_of(ref);

	if (s)
		rest_of(s, ref)->mss = (__u16)mss;
	return 0;
}

/* Step 5: the frame leaves; only now the connection may know of it. */
asa_inline void commit_count(const struct asa_flow *f)
{
	struct asa_dir *own = f->own;

	asa_count_add(&own->packets, &own->bytes, 1, f->pkt->l3_size);
	if (own->seen != f->tick)
		own->seen = f->tick;
}

asa_inline void commit(const struct asa_flow *f)
{
	struct asa_dir *own = f->own;
	__u32 events = 0;

	commit_count(f);
	if (!(f->pkt->flags & ASA_PKT_TCP) || (own->flags & ASA_DIR_BYPASS))
		return;
	if (asa_unlikely(f->pkt->tcp.flags & ASA_TCP_SYN))
		mss_note(f->ref, f->pkt->tcp.mss);
	tcp_norm_commit(f->half, f->peer, &f->pkt->tcp);
	tcp_track_commit(f->half, f->peer, f->peer->seq_add, &f->pkt->tcp, &events);
	if (asa_unlikely(events))
		events_tell(f->ref, events, f->tick);
}

static volatile __u32 urgent_told; /* tick of the last event; worst race: one for each CPU */

/* An urgent flag is cleared (419003): global, so that the verifier walks it once. */
__noinline int urgent_tell(__u32 ref)
{
	struct asa_session *s = session_of(ref);
	__u32 tick = tick_now();

	if (s && urgent_told != tick) {
		urgent_told = tick;
		event_submit(ASA_EVENT_URGENT, ref, (__u16)s->id, tick);
	}
	return 0;
}

/* Step 4, what the normalizer changes. */
asa_inline void edit(const struct asa_run *r, const struct asa_flow *f)
{
	struct asa_pkt *p = f->pkt;
	__u16 delta;

	if (p->tcp.edits & ASA_NORM_OPTIONS) {
		delta = (__u16)tcp_options_replace(r->ctx, p->l4_off + ASA_TCP_SIZE,
						   p->tcp.header - ASA_TCP_SIZE, f->half->tcp_map);
		asa_st16(p->l4 + ASA_TCP_CHECK,
			 asa_csum_apply(asa_ld16(p->l4 + ASA_TCP_CHECK), delta));
	}
	if (p->tcp.edits & ASA_NORM_URGENT)
		urgent_tell(f->ref);
	tcp_norm_edit(p);
}

/*
 * Policing where a frame enters (out 0) or leaves (1): global, so that the verifier walks it once.
 * => 0: beyond the rate of its class, to be dropped
 */
__noinline __u32 police(__u32 ref, __u32 bytes, __u32 out)
{
	__u32 slot = ASA_REF_SLOT(ref), row;
	struct asa_police_refs *refs = bpf_map_lookup_elem(&asa_police_refs, &slot);
	struct asa_police *p;

	if (!refs)
		return 1;
	if (ASA_REF_DIR(ref))
		row = out ? refs->dir[1].out : refs->dir[1].in;
	else
		row = out ? refs->dir[0].out : refs->dir[0].in;
	p = row ? bpf_map_lookup_elem(&asa_police, &row) : NULL;
	return !p || asa_police_pass(p, bytes, bpf_ktime_get_ns());
}

/*
 * Timestamps of what TCP intercept has joined: the server's clock is shown as the cookie's went on.
 * => off: the TCP header; echo: the number is one that comes back
 */
asa_inline void timestamps(struct xdp_md *ctx, __u32 off, __u32 size, __u32 add, int echo)
{
	struct asa_tcp_list *o = tcp_options_buffer();
	__u32 value, place;
	__u16 check;
	int at;

	if (!o || tcp_options_load(ctx, off + ASA_TCP_SIZE, o->bytes, size))
		return;
	o->size = size;
	at = tcp_options_find(o, ASA_TCPOPT_TIMESTAMP, 10);
	if (at < 0 || bpf_xdp_load_bytes(ctx, off + ASA_TCP_CHECK, &check, sizeof(check)))
		return;
	place = asa_ts_place(at, echo);
	value = asa_tcp_options_ld32(o->bytes, place);
	check = asa_csum_apply(check, asa_ts_delta(value, value + add, place));
	value = asa_htonl(value + add);
	if (!bpf_xdp_store_bytes(ctx, off + ASA_TCP_SIZE + place, &value, sizeof(value)))
		bpf_xdp_store_bytes(ctx, off + ASA_TCP_CHECK, &check, sizeof(check));
}

/*
 * What few directions need before they leave: output policing, timestamps.  In one global function, so
 * that the paths behind it stay one to the verifier.
 * => 0: beyond the rate of its class, to be dropped
 */
__noinline __u32 leave(struct xdp_md *ctx, __u32 ref, __u32 bytes, __u32 l4_off, __u32 header)
{
	__u32 slot = ASA_REF_SLOT(ref);
	struct asa_conn *c = bpf_map_lookup_elem(&asa_conns, &slot);
	struct asa_session *s;
	struct asa_dir *d;

	if (!c)
		return 1;
	d = ASA_REF_DIR(ref) ? &c->dir[1] : &c->dir[0];
	if ((d->flags & ASA_DIR_POLICE) && !police(ref, bytes, 1))
		return 0;
	s = (d->flags & ASA_DIR_TS) && header > ASA_TCP_SIZE ? session_of(ref) : NULL;
	if (s)
		timestamps(ctx, l4_off, header - ASA_TCP_SIZE, rest_of(s, ref)->ts_add, !ASA_REF_DIR(ref));
	return 1;
}

/* Steps 3 to 5 behind the choice of the next hop. */
asa_inline int send(const struct asa_run *r, const struct asa_flow *f, const struct asa_nexthop *nh)
{
	void *data = (void *)(long)r->ctx->data, *data_end = (void *)(long)r->ctx->data_end;
	__u32 l2 = asa_l2_size(nh), out = nh->ifindex;
	struct asa_pkt *p = f->pkt;
	__u16 delta;

	/* The VLAN path below looks again; plain Ethernet was checked by the parser. */
	if (!asa_fits(data, ASA_ETH_SIZE, data_end))
		return verdict_drop(r, DROP_INTERNAL_ERROR);
	/* Only notes the target: nothing is sent unless XDP_REDIRECT is returned. */
	if (asa_unlikely(bpf_redirect_map(&asa_tx, out, 0) != XDP_REDIRECT))
		return verdict_drop(r, DROP_ROUTE_INTERFACE);
	if (asa_unlikely((f->own->flags & (ASA_DIR_POLICE | ASA_DIR_TS)) &&
			 !leave(r->ctx, f->ref, p->l3_size, p->l4_off, p->tcp.header)))
		return verdict_drop(r, DROP_POLICE);
	if (asa_unlikely(p->tcp.looked && p->tcp.edits))
		edit(r, f);
	if (asa_unlikely((f->own->flags & ASA_DIR_SEQ) && (p->flags & ASA_PKT_TCP) &&
			 p->tcp.header > ASA_TCP_SIZE)) {
		delta = (__u16)tcp_options_shift(r->ctx, p->l4_off + ASA_TCP_SIZE,
						 p->tcp.header - ASA_TCP_SIZE, f->peer->seq_add);
		asa_st16(p->l4 + ASA_TCP_CHECK,
			 asa_csum_apply(asa_ld16(p->l4 + ASA_TCP_CHECK), delta));
	}
	asa_rewrite(p, f->own, f->other, f->half, f->peer);
	if (asa_unlikely(l2 != p->l3_off || l2 != ASA_ETH_SIZE)) {
		if (l2 != p->l3_off && bpf_xdp_adjust_head(r->ctx, (int)p->l3_off - (int)l2))
			return verdict_drop(r, DROP_INTERNAL_ERROR);
		data = (void *)(long)r->ctx->data;
		data_end = (void *)(long)r->ctx->data_end;
		if (!asa_fits(data, ASA_ETH_SIZE + ASA_VLAN_TAGS_MAX * ASA_VLAN_SIZE, data_end))
			return verdict_drop(r, DROP_INTERNAL_ERROR);
		asa_l2_write(data, nh, p->ethertype);
	} else {
		asa_st64(data, *(const __u64 *)nh->dmac);
		asa_st32(data + 8, *(const __u32 *)(nh->dmac + 8));
	}
	commit(f);
	return verdict_forward(r, out, p->l3_size + l2,
			       f->own->flags & ASA_DIR_BYPASS ? STAT_HIT_BYPASS : STAT_HIT);
}

/* Step 3: where to. */
asa_inline int route(const struct asa_run *r, const struct asa_config *cfg, const struct asa_flow *f)
{
	__u32 row = f->own->nexthop;
	union asa_route fresh;
	enum asa_punt cause;
	struct asa_nexthop *nh;

	if (asa_unlikely(f->pkt->ttl <= 1 && (!f->pkt->ttl || (f->own->flags & ASA_DIR_DEC_TTL))))
		return verdict_punt(r, cfg, PUNT_TTL, f->ref);
	nh = bpf_map_lookup_elem(&asa_nexthops, &row);
	if (asa_unlikely(!row || !nh))
		return verdict_punt(r, cfg, PUNT_NEXTHOP, f->ref);
	if (asa_unlikely(f->own->gen != (__u16)cfg->route_gen)) {
		cause = reroute(r, f, (__u16)cfg->route_gen, &fresh);
		if (cause)
			return verdict_punt(r, cfg, cause, f->ref);
		return send(r, f, &fresh.nh);
	}
	if (asa_unlikely(!(nh->flags & ASA_NH_VALID)))
		return verdict_punt(r, cfg, PUNT_NEXTHOP, f->ref);
	if (asa_unlikely(nh->mtu && f->pkt->l3_size > nh->mtu))
		return verdict_punt(r, cfg, PUNT_MTU, f->ref);
	return send(r, f, nh);
}

/*
 * Is a segment the daemon's, for a while?  Global, so that the verifier walks it once.
 * => length: the numbers it occupies; end: the one behind them
 * => PUNT_NONE or the cause
 */
__noinline __u32 held_back(__u32 ref, __u32 flags, __u32 tcp_flags, __u32 length, __u32 end)
{
	struct asa_session *s = flags & ASA_DIR_HOLD ? session_of(ref) : NULL;

	if (s && asa_seq_after(end, rest_of(s, ref)->hold_seq))
		return PUNT_INSPECT;
	/* A RST ends the connection, which the driver can do. */
	if ((flags & ASA_DIR_PROBE) && !length && !(tcp_flags & ASA_TCP_RST))
		return PUNT_PROBE;
	return PUNT_NONE;
}

/* A frame of connection 'found'. */
asa_inline int forward(const struct asa_run *r, const struct asa_config *cfg, struct asa_pkt *p,
		       const struct asa_found *found)
{
	__u32 d = ASA_REF_DIR(found->ref);
	struct asa_flow f = {
		.pkt = p,
		.own = &found->conn->dir[d],
		.other = &found->conn->dir[d ^ 1],
		.half = &found->conn->half[d],
		.peer = &found->conn->half[d ^ 1],
		.ref = found->ref,
	};
	__u16 flags = f.own->flags;
	enum asa_drop drop;
	__u32 cause;

	if (asa_unlikely(!(flags & ASA_DIR_VALID)))
		return verdict_punt(r, cfg, PUNT_NO_FLOW, 0);
	if (asa_unlikely(f.own->in_if &&
			 (f.own->in_if != r->ifindex || f.own->key.vlan != p->vlan)))
		return verdict_punt(r, cfg, PUNT_INTERFACE, f.ref);
	if (asa_unlikely(flags & (ASA_DIR_INSPECT | ASA_DIR_ORDER | ASA_DIR_TCPMAP)))
		return verdict_punt(r, cfg,
				    flags & ASA_DIR_TCPMAP ? PUNT_NORMALIZE : PUNT_INSPECT, f.ref);
	f.tick = tick_now();
	if (p->flags & ASA_PKT_TCP) {
		if (asa_unlikely((p->tcp.flags & ASA_TCP_SYN) && syn_is_the_daemons(p, flags)))
			return verdict_punt(r, cfg, PUNT_TCP_SYN, f.ref);
		if (asa_unlikely(flags & (ASA_DIR_HOLD | ASA_DIR_PROBE))) {
			cause = held_back(f.ref, flags, p->tcp.flags, asa_tcp_length(&p->tcp),
					  asa_tcp_end(&p->tcp));
			if (cause)
				return verdict_punt(r, cfg, cause, f.ref);
		}
	}
	/* Behind everything that sends a frame to the daemon but the way out: see stage_police_in(). */
	if (asa_unlikely((flags & ASA_DIR_POLICE) && !police(f.ref, p->l3_size, 0)))
		return verdict_drop(r, DROP_POLICE);
	if ((p->flags & ASA_PKT_TCP) && !(flags & ASA_DIR_BYPASS)) {
		drop = check_tcp(r, &f);
		/* ends the connection; has a message (419001) */
		if (asa_unlikely(drop == DROP_TCP_WINDOW || (drop == DROP_TCP_MSS && tell_wanted(r->ctx))))
			return verdict_punt(r, cfg, PUNT_NORMALIZE, f.ref);
		if (asa_unlikely(drop))
			return verdict_drop(r, drop);
	}
	return route(r, cfg, &f);
}

#endif
