// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fast path: parse once, find the connection, check, rewrite, forward; otherwise drop with a
 * reason, leave to Linux, or punt to the daemon with a cause.
 *
 * Nearly every frame of a known connection is done by the short way (usual.bpf.h), which leaves alone
 * whatever is odd; full() looks at everything.
 *
 * Responsible for: the order of these, and what is the host's.
 * Not responsible for: creating connections, policy, payload: the daemon's business.  Rules are
 * never evaluated here, and nothing is guessed.
 *
 * Life cycle: loaded by the daemon or by `ip link set dev IF xdp obj asa_xdp.bpf.o sec xdp`; works
 * with the maps alone, whether or not a daemon is running.  While asa_config.version is not this
 * object's, no daemon has prepared the maps and there are no connections.
 * Threads: any number of CPUs; maps.bpf.h and flow.h say what is shared.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "account.bpf.h"
#include "forward.bpf.h"
#include "host.bpf.h"
#include "usual.bpf.h"

/* Whose is an address?  Most frames that miss are not for the box: one lookup tells. */
asa_inline __u32 local_verdict(const struct asa_addr *addr, __u8 proto, __be16 port)
{
	struct asa_local_key key = { .addr = *addr };
	struct asa_local *row = bpf_map_lookup_elem(&asa_local, &key);
	struct asa_local *exception;

	if (asa_likely(!row))
		return 0;
	key.proto = proto;
	key.port = port;
	exception = bpf_map_lookup_elem(&asa_local, &key);
	return exception ? exception->verdict : row->verdict;
}

/* No daemon has ever prepared the maps: what is not the host's goes by the fail mode. */
asa_inline int unprepared(const struct asa_run *r, const struct asa_config *cfg,
			  const struct asa_pkt *p)
{
	struct bpf_fib_lookup fib;
	long answer = fib_ask(r, p, &fib, &p->key.src, &p->key.dst);

	/* With forwarding off the kernel does not say which it is, and will not forward it either. */
	if (answer == BPF_FIB_LKUP_RET_NOT_FWDED || answer == BPF_FIB_LKUP_RET_FWD_DISABLED)
		return verdict_host(r);
	return verdict_punt(r, cfg, PUNT_NO_FLOW, 0);
}

/*
 * Fragments, IPv4 options, IPv6 extension headers: never the fast path's.  For the host's own
 * address they are Linux's, unless they belong to a connection or an exception says that this
 * protocol (port 0: its fragments) may.
 */
asa_inline int unusual(const struct asa_run *r, const struct asa_iface *iface,
		       const struct asa_config *cfg, const struct asa_pkt *p)
{
	enum asa_punt cause = p->flags & ASA_PKT_FRAGMENT ? PUNT_FRAGMENT : PUNT_IP_OPTION;
	__u32 ref = 0;

	if (local_verdict(&p->key.dst, p->proto, p->key.dport) != ASA_LOCAL_HOST)
		return verdict_punt(r, cfg, cause, 0);
	if (p->flags & ASA_PKT_L4)
		ref = lookup_key(&p->key);
	return ref ? verdict_punt(r, cfg, cause, ref) : to_host(r, iface, p);
}

/* ICMP errors: the daemon's, except those about the host's own traffic. */
asa_inline int icmp_error(const struct asa_run *r, const struct asa_iface *iface,
			  const struct asa_config *cfg, const struct asa_pkt *p, void *data_end)
{
	struct asa_key quoted;
	__u32 ref = 0;

	if (local_verdict(&p->key.dst, p->proto, 0) != ASA_LOCAL_HOST)
		return verdict_punt(r, cfg, PUNT_ICMP_ERROR, 0);
	if (asa_parse_quoted(p, data_end, &quoted)) {
		quoted.ctx = p->key.ctx;
		ref = lookup_key(&quoted);
	}
	return ref ? verdict_punt(r, cfg, PUNT_ICMP_ERROR, ref) : to_host(r, iface, p);
}

/* Belongs to no connection. */
asa_inline int miss(const struct asa_run *r, const struct asa_config *cfg)
{
	if (asa_unlikely(cfg->intercept)) /* comes back only if there is no such program */
		bpf_tail_call(r->ctx, &asa_jump, ASA_JUMP_SYNCOOKIE);
	return verdict_punt(r, cfg, PUNT_NO_FLOW, 0);
}

/*
 * A frame that is certainly bad.  Of one who lies about who he is the daemon hears (106016, 106017),
 * and of transport headers that cannot be (500003, 500004).
 */
asa_inline int bad(const struct asa_run *r, enum asa_drop drop)
{
	if (drop == DROP_IP_SPOOF || drop == DROP_IP_LAND || drop == DROP_TCP_HEADER ||
	    drop == DROP_UDP_LENGTH)
		return drop_told(r, drop);
	return verdict_drop(r, drop);
}

/*
 * Any frame: looks at everything.
 * => unknown: it is known to belong to no connection
 */
__noinline int full(struct xdp_md *ctx, int unknown)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct asa_found found;
	struct asa_config *cfg;
	struct asa_iface *iface;
	struct asa_run r;
	struct asa_pkt p;
	enum asa_drop drop;
	__u32 row = 0;

	run_set(&r, ctx);
	drop = asa_parse(&p, data, data_end, 0);
	if (asa_unlikely(drop))
		return bad(&r, drop);
	cfg = bpf_map_lookup_elem(&asa_config, &row);
	iface = bpf_map_lookup_elem(&asa_ifaces, &r.ifindex);
	if (asa_unlikely(!cfg || !iface))
		return verdict_drop(&r, DROP_L2_INTERFACE);
	if (asa_unlikely(other_station(iface, data)))
		return verdict_host(&r);
	if (asa_unlikely(p.flags & ASA_PKT_HOST)) /* link-local IPv6: a way to the box like any other */
		return p.flags & ASA_PKT_IPV6 ? to_host(&r, iface, &p) : verdict_host(&r);
	if (asa_unlikely(cfg->version != ASA_CONTRACT_VERSION))
		return unprepared(&r, cfg, &p);
	p.key.ctx = iface->ctx;
	if (asa_unlikely(p.flags & ASA_PKT_UNUSUAL))
		return unusual(&r, iface, cfg, &p);
	if (asa_unlikely(p.flags & ASA_PKT_ICMP_ERROR))
		return icmp_error(&r, iface, cfg, &p, data_end);

	if (!unknown) {
		lookup_conn(&found, &p.key);
		if (asa_likely(found.conn != NULL))
			return forward(&r, cfg, &p, &found);
	}
	if (local_verdict(&p.key.dst, p.proto, p.key.dport) == ASA_LOCAL_HOST)
		return to_host(&r, iface, &p);
	return miss(&r, cfg);
}

SEC("xdp")
int asa_xdp(struct xdp_md *ctx)
{
#ifdef ASA_FULL_ONLY /* for the test that compares */
	struct asa_run r;

	run_set(&r, ctx);
	count_arrival(&r);
	return full(ctx, 0);
#else
	int verdict = usual(ctx);

	if (asa_likely(verdict >= 0))
		return verdict;
	if (verdict == USUAL_SYN) /* comes back only if there is no such program */
		bpf_tail_call(ctx, &asa_jump, ASA_JUMP_SYNCOOKIE);
	return full(ctx, verdict == USUAL_UNKNOWN);
#endif
}

/* Behind asa_xdp: `ip link … sec xdp` attaches the first program of the section. */
#include "syncookie.bpf.h"
#include "host_limit.bpf.h"

char LICENSE[] SEC("license") = "GPL";
