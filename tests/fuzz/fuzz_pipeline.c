// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * The slow path on hostile frames: every frame ends exactly once, nothing leaks, nothing is read
 * past its end (SES-5, OBS-1).
 *
 * Input: records of interface and time (1 byte), length (2 bytes), frame. The firewall has an
 * access list that lets everything in, a PAT rule, a bypass class and one whose segments are put in
 * order; it lives for one input. With bit 5 of the first byte the TCP checksum is made right.
 */
#include <stdlib.h>

#include "tests/lib/dialogue.h"

/* All other TCP: segments wait, and are compared. */
static void order_class(struct fake *f)
{
	struct model_tcp_map *map = MODEL_PUSH(&f->fw.m->tcp_maps);
	struct model_policy_class *pc = MODEL_PUSH(&f->fw.m->policy_maps.v[0].classes);
	struct model_class *c = MODEL_PUSH(&f->fw.m->classes);

	fw_ace(&f->fw, "tcp", "permit tcp any any");
	snprintf(c->name, sizeof(c->name), "tcp");
	c->match = MODEL_MATCH_ACL;
	snprintf(c->acl, sizeof(c->acl), "tcp");
	snprintf(pc->class_name, sizeof(pc->class_name), "tcp");
	model_conn_settings_init(&pc->conn);
	pc->conn.random_seq = 0;
	snprintf(pc->conn.tcp_map, sizeof(pc->conn.tcp_map), "order");
	snprintf(map->name, sizeof(map->name), "order");
	asa_tcp_map_default(&map->map);
	map->map.queue_limit = 5;
	map->map.flags |= ASA_TM_CHECK_RETRANSMISSION;
}

static void checksum_right(struct frame *f)
{
	struct asa_pkt p;
	__u64 sum;

	if (asa_parse(&p, f->data, f->data + f->len, 1) || p.proto != ASA_PROTO_TCP ||
	    !(p.flags & ASA_PKT_L4))
		return;
	asa_st16((__u8 *)p.l4 + ASA_TCP_CHECK, 0);
	sum = asa_htonl(p.l4_size) + (__u64)asa_htonl(ASA_PROTO_TCP);
	sum = p.flags & ASA_PKT_IPV4 ? asa_csum_add_bytes(sum, (__u8 *)p.l3 + ASA_IP4_SRC, 8) :
				       asa_csum_add_bytes(sum, (__u8 *)p.l3 + ASA_IP6_SRC, 32);
	sum = asa_csum_add_bytes(sum, p.l4, p.l4_size);
	asa_st16((__u8 *)p.l4 + ASA_TCP_CHECK, (__u16)~asa_csum_fold(sum));
}

static struct fake *firewall(void)
{
	struct fake *f = fake_new(32);
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);

	fw_ace(&f->fw, "all", "permit ip any any");
	fw_access_group(&f->fw, "all", "global", "");
	fw_ace(&f->fw, "bypass", "permit tcp any any eq 99");
	bypass_class(f, NULL, "bypass");
	f->fw.m->policy_maps.v[0].classes.v[0].conn.decrement_ttl = true;
	order_class(f);
	fw_object(&f->fw, "net", "10.1.1.0/25");
	n->form = MODEL_NAT_OBJECT;
	snprintf(n->object, sizeof(n->object), "net");
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->dynamic = n->pat = true;
	n->real = mb_term("obj:net");
	n->mapped = mb_term("192.0.2.60");
	f->fw.m->tcpmss = 1380;
	f->fw.sys->ifs[1].mtu = 576;
	fake_start(f);
	return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const __u32 ifs[] = { IF_INSIDE, IF_DMZ, IF_OUTSIDE, 20 };
	struct fake *f = firewall();

	while (size > 3) {
		struct frame *frame = frame_get(f->ops.pool);
		__u32 n = (__u32)data[1] | (__u32)(data[2] & 7) << 8;
		__u8 what = data[0];

		data += 3;
		size -= 3;
		if (n > size)
			n = (__u32)size;
		if (!frame) /* all held: let time free them */
			break;
		/* frames start behind the headroom, where the engine may write a header */
		memcpy(frame->data, data, n);
		frame->len = n;
		frame->in_ifindex = ifs[what & 3];
		if (what & 0x20)
			checksum_right(frame);
		f->received[frame->in_ifindex]++;
		engine_batch(f->asa.engine, &f->ops, &frame, 1, f->now);
		fake_forget_sent(f);
		if (what & 0x40)
			fake_wait(f, 300);
		f->now++;
		data += n;
		size -= n;
	}
	fake_end(f);
	return 0;
}
