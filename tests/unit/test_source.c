// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * Where packets come from: ip verify reverse-path, sources that cannot be (SES-5), connections on
 * another interface, packets at the end of their life; through the slow path.
 */
#include "lib/dialogue.h"

/* clang-format off: tables of packets */

static void verify(struct fake *f, const char *ifname)
{
	struct model_ip *row = MODEL_PUSH(&f->fw.m->ip);

	snprintf(row->ifname, sizeof(row->ifname), "%s", ifname);
	row->reverse_path = true;
}

#define UDP_FROM(in_, src_, dst_) \
	{ .in = (in_), .proto = 17, .src = (src_), .dst = (dst_), .sport = 5, .dport = 6 }

static void ses5_reverse_path_of_first_packets(void)
{
	struct fake *f = fake_new(64);

	verify(f, "inside");
	verify(f, "outside");
	fw_ace(&f->fw, "all", "permit ip any any");
	fw_access_group(&f->fw, "all", "in", "outside");
	fake_start(f);
	DIALOGUE(f,
		 { UDP_FROM(IF_INSIDE, INSIDE_HOST, OUTSIDE_HOST), DROP_NONE,
		   "outside 10.1.1.5:5 > 198.51.100.7:6", "-", NULL },
		 /* no route but the default one, which leaves by outside */
		 { UDP_FROM(IF_INSIDE, "172.16.0.1", OUTSIDE_HOST), DROP_ROUTE_RPF, NULL, NULL,
		   "106021: Deny UDP reverse path check from 172.16.0.1 to 198.51.100.7 on interface inside" },
		 { UDP_FROM(IF_OUTSIDE, "203.0.113.9", INSIDE_HOST), DROP_NONE,
		   "inside 203.0.113.9:5 > 10.1.1.5:6", NULL, NULL },
		 { UDP_FROM(IF_OUTSIDE, "10.1.1.77", INSIDE_HOST), DROP_ROUTE_RPF, NULL, NULL,
		   "106021: Deny UDP reverse path check from 10.1.1.77 to 10.1.1.5 on interface outside" },
		 { UDP_FROM(IF_OUTSIDE, "2001:db8:1::77", "2001:db8:1::5"), DROP_ROUTE_RPF, NULL, NULL,
		   "106021: Deny UDP reverse path check from 2001:db8:1::77 to 2001:db8:1::5 on interface outside" },
		 /* a segment that opens nothing is judged by its source first */
		 { { .in = IF_OUTSIDE, .src = "10.1.1.77", .dst = INSIDE_HOST, .sport = 5, .dport = 6,
		     .flags = ASA_TCP_ACKF }, DROP_ROUTE_RPF, NULL, NULL, "106021: Deny TCP reverse path" },
		 /* not asked for on dmz */
		 { UDP_FROM(IF_DMZ, "172.16.0.1", OUTSIDE_HOST), DROP_NONE,
		   "outside 172.16.0.1:5 > 198.51.100.7:6", NULL, NULL });
	CU_ASSERT_EQUAL(engine_source_drops(f->asa.engine, IF_INSIDE, 0), 1);
	CU_ASSERT_EQUAL(engine_source_drops(f->asa.engine, IF_OUTSIDE, 0), 3);
	CU_ASSERT_EQUAL(engine_source_drops(f->asa.engine, IF_DMZ, 0), 0);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_ROUTE_RPF), 4);
	engine_source_clear(f->asa.engine);
	CU_ASSERT_EQUAL(engine_source_drops(f->asa.engine, IF_INSIDE, 0), 0);
	fake_end(f);
}

/* A connection may move to an interface of the same level (BYP-15), but not where it cannot be. */
static void ses5_reverse_path_of_connections(void)
{
	for (int on = 0; on < 2; on++) {
		struct fake *f = fake_new(64);

		if (on)
			verify(f, "dmz");
		model_if_by_name(f->fw.m, "dmz")->level = 0;
		f->fw.m->same_security_inter = true;
		fake_start(f);
		DIALOGUE(f,
			 { UDP_FROM(IF_INSIDE, INSIDE_HOST, OUTSIDE_HOST), DROP_NONE,
			   "outside 10.1.1.5:5 > 198.51.100.7:6", "-", NULL });
		/* the answer comes by the other interface, where its source is not */
		CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_DMZ, .proto = 17, .src = OUTSIDE_HOST,
					.dst = INSIDE_HOST, .sport = 6, .dport = 5),
				on ? DROP_ROUTE_RPF : DROP_NONE);
		CU_ASSERT_EQUAL(engine_source_drops(f->asa.engine, IF_DMZ, 0), (unsigned)on);
		CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST,
					.dst = INSIDE_HOST, .sport = 6, .dport = 5),
				DROP_NONE);
		fake_end(f);
	}
}

static void ses5_connection_on_another_level_is_a_spoof(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f,
		 { UDP_FROM(IF_INSIDE, INSIDE_HOST, OUTSIDE_HOST), DROP_NONE,
		   "outside 10.1.1.5:5 > 198.51.100.7:6", "-", NULL },
		 { UDP_FROM(IF_DMZ, INSIDE_HOST, OUTSIDE_HOST), DROP_SESSION_INTERFACE, NULL, "-",
		   "106022: Deny UDP connection spoof from 10.1.1.5 to 198.51.100.7 on interface dmz" });
	fake_end(f);
}

/* Always on: 106016 and 106017. */
static void ses5_sources_that_cannot_be(void)
{
	struct fake *f = fake_new(64);

	fw_ace(&f->fw, "all", "permit ip any any");
	fw_access_group(&f->fw, "all", "in", "inside");
	fake_start(f);
	DIALOGUE(f,
		 { UDP_FROM(IF_INSIDE, "127.0.0.1", OUTSIDE_HOST), DROP_IP_SPOOF, NULL, "",
		   "106016: Deny IP spoof from (127.0.0.1) to 198.51.100.7 on interface inside" },
		 { UDP_FROM(IF_INSIDE, "0.0.0.0", OUTSIDE_HOST), DROP_IP_SPOOF, NULL, "",
		   "106016: Deny IP spoof from (0.0.0.0) to 198.51.100.7 on interface inside" },
		 { UDP_FROM(IF_INSIDE, "255.255.255.255", OUTSIDE_HOST), DROP_IP_SPOOF, NULL, "",
		   "106016: Deny IP spoof from (255.255.255.255)" },
		 { UDP_FROM(IF_INSIDE, "10.1.1.255", OUTSIDE_HOST), DROP_IP_SPOOF, NULL, "",
		   "106016: Deny IP spoof from (10.1.1.255) to 198.51.100.7 on interface inside" },
		 { UDP_FROM(IF_INSIDE, "10.1.1.254", OUTSIDE_HOST), DROP_IP_SPOOF, NULL, "",
		   "106016: Deny IP spoof from (10.1.1.254)" }, /* the firewall's own */
		 { UDP_FROM(IF_INSIDE, "2001:db8:1::fe", "2001:db8:9::7"), DROP_IP_SPOOF, NULL, "",
		   "106016: Deny IP spoof from (2001:db8:1::fe)" },
		 { UDP_FROM(IF_INSIDE, "10.1.1.5", "10.1.1.5"), DROP_IP_LAND, NULL, "",
		   "106017: Deny IP due to Land Attack from 10.1.1.5 to 10.1.1.5" },
		 { UDP_FROM(IF_INSIDE, "10.1.1.253", OUTSIDE_HOST), DROP_NONE,
		   "outside 10.1.1.253:5 > 198.51.100.7:6", "-", NULL });
	fake_end(f);
}

/* Bytes of the IPv4 header that fake_pkt cannot make: time to live 0. */
static void ses5_no_packet_with_ttl_0_passes(void)
{
	struct fake *f = fake_new(64);
	const struct fake_pkt p = UDP_FROM(IF_INSIDE, INSIDE_HOST, OUTSIDE_HOST);
	struct frame *frame;
	int i;

	fake_start(f);
	for (i = 0; i < 2; i++) { /* the first packet, and one of a connection */
		if (i)
			CU_ASSERT_EQUAL(fake_in(f, &p), DROP_NONE);
		fake_forget_sent(f);
		frame = fake_frame(f, &p);
		frame->data[14 + ASA_IP4_TTL] = 0;
		f->received[IF_INSIDE]++;
		engine_batch(f->asa.engine, &f->ops, &frame, 1, f->now);
		CU_ASSERT_EQUAL(f->n_sent, 0); /* neither the packet nor a message about it */
		CU_ASSERT_EQUAL(fake_drops(f, DROP_IP_TTL), (unsigned)i + 1);
	}
	fake_end(f);
}

static void line(struct fake *f, const char *text)
{
	struct model_mgmt *row = MODEL_PUSH(&f->fw.m->mgmt);

	snprintf(row->text, sizeof(row->text), "%s", text);
}

/* What the XDP program hands up of packets that the rules of the box refuse. */
static void ses4_refused_at_the_box(void)
{
	struct fake *f = fake_new(64);

	fake_route(f, "10.1.1.254", 32, 0, NULL);
	fake_route(f, "2001:db8:1::fe", 128, 0, NULL);
	line(f, "ssh 10.1.1.5 255.255.255.255 inside");
	line(f, "icmp permit any echo inside");
	line(f, "ipv6 icmp deny any inside");
	fake_start(f);
	DIALOGUE(f,
		 { { .in = IF_INSIDE, .src = "10.1.1.6", .dst = "10.1.1.254", .sport = 1000, .dport = 22,
		     .flags = ASA_TCP_SYN }, DROP_POLICY_HOST, NULL, "",
		   "710003: TCP access denied by ACL from 10.1.1.6/1000 to inside:10.1.1.254/22" },
		 /* whoever sends it, and whatever the segment */
		 { { .in = IF_INSIDE, .src = "127.0.0.1", .dst = "10.1.1.254", .sport = 1000, .dport = 22,
		     .flags = ASA_TCP_ACKF }, DROP_IP_SPOOF, NULL, "", "106016" },
		 { { .in = IF_INSIDE, .src = "10.1.1.255", .dst = "10.1.1.254", .sport = 1000, .dport = 22,
		     .flags = ASA_TCP_ACKF }, DROP_POLICY_HOST, NULL, "", "710003" },
		 { { .in = IF_INSIDE, .proto = 1, .src = "10.1.1.6", .dst = "10.1.1.254", .type = 13,
		     .id = 7 }, DROP_POLICY_HOST, NULL, "",
		   "313001: Denied ICMP type=13, code=0 from 10.1.1.6 on interface inside" },
		 { { .in = IF_INSIDE, .proto = 58, .src = "2001:db8:1::6", .dst = "2001:db8:1::fe",
		     .type = 128, .id = 7 }, DROP_POLICY_HOST, NULL, "",
		   "313008: Denied ICMPv6 type=128, code=0 from 2001:db8:1::6 on interface inside" },
		 /* not against the rules: nobody knows why it came up */
		 { { .in = IF_INSIDE, .src = "10.1.1.5", .dst = "10.1.1.254", .sport = 1000, .dport = 22,
		     .flags = ASA_TCP_SYN }, DROP_NAT_NO_XLATE, NULL, "", NULL },
		 /* through the box, or on an interface without rules */
		 { { .in = IF_INSIDE, .src = "10.1.1.6", .dst = OUTSIDE_HOST, .sport = 1000, .dport = 22,
		     .flags = ASA_TCP_SYN }, DROP_NONE, "outside 10.1.1.6:1000 > 198.51.100.7:22", NULL, NULL },
		 { { .in = IF_DMZ, .src = "172.16.0.1", .dst = "10.1.1.254", .sport = 1000, .dport = 22,
		     .flags = ASA_TCP_SYN }, DROP_NAT_NO_XLATE, NULL, NULL, NULL });
	CU_ASSERT_EQUAL(fake_drops(f, DROP_POLICY_HOST), 4);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-5 rpf-violated 106021: first packets", ses5_reverse_path_of_first_packets },
		{ "SES-5 rpf-violated: packets of a connection", ses5_reverse_path_of_connections },
		{ "SES-5 106022: connection on another level", ses5_connection_on_another_level_is_a_spoof },
		{ "SES-5 106016 106017: sources that cannot be", ses5_sources_that_cannot_be },
		{ "SES-5 ttl-exceeded: time to live 0", ses5_no_packet_with_ttl_0_passes },
		{ "SES-4 OBS-3 710003 313001 313008: refused at the box", ses4_refused_at_the_box },
		{ NULL, NULL },
	};

	return asa_cunit_main("source", tests);
}
