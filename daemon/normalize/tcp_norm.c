// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TCP normalizer in the daemon: see tcp_norm.h.
 *
 * Responsible for: the two walks over options that the driver does in bpf/tcp_options.bpf.h, here
 * on a copy of a frame in memory. Callers: the engine. No state, any thread.
 */
#include "normalize/tcp_norm.h"

static void load(const struct asa_pkt *p, struct asa_tcp_list *o)
{
	memset(o, 0, sizeof(*o));
	o->size = p->tcp.header - ASA_TCP_SIZE;
	memcpy(o->bytes, (const __u8 *)p->l4 + ASA_TCP_SIZE, o->size);
}

enum asa_drop tcp_normalize_look(struct asa_pkt *p, const struct asa_half *own,
				 const struct asa_tcp_map *m)
{
	struct asa_tcp_list o;

	load(p, &o);
	tcp_norm_begin(&p->tcp, m);
	asa_tcp_options_read(&o, m, &p->tcp);
	return tcp_norm_look(own, &p->tcp, m);
}

void tcp_normalize_edit(struct asa_pkt *p, const struct asa_tcp_map *m)
{
	__u8 *l4 = (__u8 *)p->l4;
	struct asa_tcp_list o;
	__u16 delta;

	if (p->tcp.edits & ASA_NORM_OPTIONS) {
		load(p, &o);
		delta = asa_tcp_options_replace(&o, m);
		memcpy(l4 + ASA_TCP_SIZE, o.bytes, o.size);
		asa_st16(l4 + ASA_TCP_CHECK, asa_csum_apply(asa_ld16(l4 + ASA_TCP_CHECK), delta));
	}
	tcp_norm_edit(p);
}

__u64 tcp_normalize_sum(const struct asa_pkt *p, __u32 size)
{
	const __u8 *l3 = p->l3;
	__u64 sum = asa_htons(ASA_PROTO_TCP);

	/* lengths above 65535 do not fit an IP packet */
	sum += asa_htons((__u16)size);
	if (p->flags & ASA_PKT_IPV4)
		return asa_csum_add_bytes(sum, l3 + ASA_IP4_SRC, 8);
	return asa_csum_add_bytes(sum, l3 + ASA_IP6_SRC, 32);
}
