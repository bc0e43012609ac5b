// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * VLAN tags through the slow path (SES-1, SES-5): a sub-interface is the tagged frames of its
 * parent. Tags in, out, exchanged; two tags; pieces and messages of the firewall's own.
 */
#include "lib/dialogue.h"

/* clang-format off: tables of packets */

#define V7_HOST "10.7.7.5"
#define V8_HOST "10.8.8.5"

/* A sub-interface of eth1 (dmz). */
static void sub_interface(struct fake *f, const char *dev, const char *name, __u16 vlan, const char *own,
			  const char *net)
{
	fw_if(&f->fw, dev, name, 60, own, NULL);
	f->fw.sys->n_ifs--; /* Linux has the parent only */
	f->fw.m->ifs.v[f->fw.m->ifs.n - 1].vlan = vlan;
	snprintf(f->fw.m->ifs.v[f->fw.m->ifs.n - 1].parent, MODEL_IF_MAX, "eth1");
	fake_route(f, net, 24, IF_DMZ, NULL);
	f->routes[f->n_routes - 1].vlan = vlan;
}

static struct fake *vlan_world(void)
{
	struct fake *f = fake_new(64);

	sub_interface(f, "eth1.7", "v7", 7, "10.7.7.254", "10.7.7.0");
	sub_interface(f, "eth1.8", "v8", 8, "10.8.8.254", "10.8.8.0");
	f->fw.m->same_security_inter = true;
	fake_start(f);
	return f;
}

/* => the Ethernet types and tags of the last frame sent: "8100:7 0800" */
static const char *tags(const struct fake *f)
{
	static char text[64];
	const __u8 *d;
	size_t n = 0;

	text[0] = 0;
	if (!f->n_sent)
		return "nothing";
	d = f->sent[f->n_sent - 1]->data + ASA_ETH_TYPE;
	for (; asa_is_tag(asa_ldn16(d)) && n < 40; d += 4)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%04x:%u ", asa_ldn16(d), asa_ldn16(d + 2));
	snprintf(text + n, sizeof(text) - n, "%04x", asa_ldn16(d));
	return text;
}

#define UDP(in_, vlan_, src_, dst_, sport_, dport_) \
	FAKE_IN(f, .in = (in_), .vlan = (vlan_), .proto = 17, .src = (src_), .dst = (dst_), \
		.sport = (sport_), .dport = (dport_), .payload = 8)
#define CHECK_TAGS(want) \
	do { \
		if (strcmp(tags(f), want)) \
			printf("      tags \"%s\", wanted \"%s\"\n", tags(f), want); \
		CU_ASSERT_STRING_EQUAL(tags(f), want); \
		CU_ASSERT_PTR_NOT_NULL(fake_last(f, NULL)); \
		fake_forget_sent(f); \
	} while (0)

static void ses5_tags_are_put_on_taken_off_and_exchanged(void)
{
	struct fake *f = vlan_world();

	CU_ASSERT_EQUAL(UDP(IF_INSIDE, 0, INSIDE_HOST, V7_HOST, 1, 2), DROP_NONE);
	CHECK_TAGS("8100:7 0800");
	CU_ASSERT_EQUAL(UDP(IF_DMZ, 7, V7_HOST, INSIDE_HOST, 2, 1), DROP_NONE);
	CHECK_TAGS("0800");
	CU_ASSERT_EQUAL(UDP(IF_DMZ, 7, V7_HOST, V8_HOST, 3, 4), DROP_NONE);
	CHECK_TAGS("8100:8 0800");
	CU_ASSERT_EQUAL(UDP(IF_DMZ, 8, V8_HOST, V7_HOST, 4, 3), DROP_NONE);
	CHECK_TAGS("8100:7 0800");
	CU_ASSERT_EQUAL(fake_in_use(f), 2);
	fake_end(f);
}

/* A tag that nobody configured is no interface; the tag of a connection is part of where it is. */
static void ses5_tags_tell_interfaces_apart(void)
{
	struct fake *f = vlan_world();

	CU_ASSERT_EQUAL(UDP(IF_DMZ, 9, "10.9.9.9", INSIDE_HOST, 1, 2), DROP_L2_INTERFACE);
	CU_ASSERT_EQUAL(UDP(IF_INSIDE, 7, INSIDE_HOST, V7_HOST, 1, 2), DROP_L2_INTERFACE);
	CU_ASSERT_EQUAL(UDP(IF_INSIDE, 0, INSIDE_HOST, V7_HOST, 1, 2), DROP_NONE);
	fake_forget_sent(f);
	/* dmz, untagged, has another level; v8 the same one (BYP-15) */
	CU_ASSERT_EQUAL(UDP(IF_DMZ, 0, V7_HOST, INSIDE_HOST, 2, 1), DROP_SESSION_INTERFACE);
	CU_ASSERT_EQUAL(UDP(IF_DMZ, 8, V7_HOST, INSIDE_HOST, 2, 1), DROP_NONE);
	fake_end(f);
}

/* Two tags out: the row of the next hop says so; in, both are taken off. */
static void ses5_two_tags(void)
{
	struct fake *f = vlan_world();
	const struct fake_pkt p = { .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = V7_HOST,
				    .sport = 1, .dport = 2, .payload = 30 };
	struct asa_nexthop *nh;
	struct frame *frame;

	CU_ASSERT_EQUAL(fake_in(f, &p), DROP_NONE);
	CHECK_TAGS("8100:7 0800");
	nh = &f->t.nexthops[f->t.conns[1].dir[0].nexthop];
	nh->flags |= ASA_NH_QINQ;
	nh->vlan_proto = asa_htons(0x88a8);
	nh->vlan_inner_tci = asa_htons(0x6064); /* priority 3 */
	CU_ASSERT_EQUAL(fake_in(f, &p), DROP_NONE);
	CHECK_TAGS("88a8:7 8100:24676 0800");
	nh->flags &= (__u16)~ASA_NH_QINQ;
	nh->vlan_proto = asa_htons(0x8100);
	/* the answer with two tags */
	frame = fake_frame(f, &(struct fake_pkt){ .in = IF_DMZ, .vlan = 7, .proto = 17, .src = V7_HOST,
						  .dst = INSIDE_HOST, .sport = 2, .dport = 1, .payload = 30 });
	memmove(frame->data + 20, frame->data + 16, frame->len - 16);
	asa_stn16(frame->data + 16, 0x8100);
	asa_stn16(frame->data + 18, 99);
	frame->len += 4;
	f->received[IF_DMZ]++;
	engine_batch(f->asa.engine, &f->ops, &frame, 1, f->now);
	CHECK_TAGS("0800");
	fake_end(f);
}

static void ses5_pieces_and_messages_have_the_tag(void)
{
	struct fake *f = vlan_world();
	int i;

	f->t.nexthops[1].mtu = 0;
	CU_ASSERT_EQUAL(UDP(IF_INSIDE, 0, INSIDE_HOST, V7_HOST, 1, 2), DROP_NONE);
	fake_forget_sent(f);
	f->t.nexthops[f->t.conns[1].dir[0].nexthop].mtu = 600;
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = V7_HOST, .sport = 1,
				.dport = 2, .payload = 1000), DROP_NONE);
	CU_ASSERT_EQUAL(f->n_sent, 2);
	for (i = 0; i < f->n_sent; i++) {
		CU_ASSERT_EQUAL(asa_ldn16(f->sent[i]->data + ASA_ETH_TYPE), 0x8100);
		CU_ASSERT_EQUAL(asa_ldn16(f->sent[i]->data + 14), 7);
	}
	fake_forget_sent(f);
	/* "fragmentation needed" goes back with the tag of the packet that it is about */
	CU_ASSERT_EQUAL(UDP(IF_DMZ, 8, V8_HOST, V7_HOST, 3, 4), DROP_NONE);
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_DMZ, .vlan = 8, .proto = 17, .src = V8_HOST, .dst = V7_HOST, .sport = 3,
				.dport = 4, .payload = 1000, .df = true), DROP_ROUTE_MTU);
	CHECK_TAGS("8100:8 0800");
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_DMZ, .vlan = 8, .proto = 17, .src = V8_HOST, .dst = V7_HOST, .sport = 3,
				.dport = 4, .payload = 1000, .df = true), DROP_ROUTE_MTU);
	CU_ASSERT_EQUAL(fake_last(f, NULL)->key.src.w[3], mb_addr("10.8.8.254").w[3]);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-5 VLAN: put on, taken off, exchanged", ses5_tags_are_put_on_taken_off_and_exchanged },
		{ "SES-1 SES-5 VLAN: tags tell interfaces apart", ses5_tags_tell_interfaces_apart },
		{ "SES-5 VLAN: two tags", ses5_two_tags },
		{ "SES-5 VLAN: pieces and messages", ses5_pieces_and_messages_have_the_tag },
		{ NULL, NULL },
	};

	return asa_cunit_main("vlan", tests);
}
