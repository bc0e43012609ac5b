// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * The slow path behind the decision: options, TTL, MTU, MSS, neighbours, routes, translation.
 */
#include "lib/dialogue.h"

/* clang-format off: tables of packets */

static void ses5_ip_options(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f,
		 { { .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1,
		     .dport = 2, .ip_options = "\x94\x04\0\0", .n_ip_options = 4 },
		   0, "outside 10.1.1.5:1 > 198.51.100.7:2", "-", NULL }, /* router alert */
		 { { .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1,
		     .dport = 2, .ip_options = "\x01\x01\x01\0", .n_ip_options = 4 },
		   0, "outside 10.1.1.5:1 > 198.51.100.7:2", "-", NULL }, /* padding */
		 { { .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1,
		     .dport = 2, .ip_options = "\x83\x03\x04\0", .n_ip_options = 4 },
		   DROP_IP_OPTION, NULL, "-", "106012: Deny IP from 10.1.1.5 to 198.51.100.7, IP options: "
		   "\"83030400\"" }, /* loose source route */
		 { { .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1,
		     .dport = 2, .ip_options = "\x94\x09\0\0", .n_ip_options = 4 },
		   DROP_IP_HEADER, NULL, "-", NULL }); /* longer than the header */
	fake_end(f);
}

/* An IPv6 packet with one extension header of kind 'next' in front of UDP. */
static enum asa_drop v6_with_header(struct fake *f, __u8 next, __u8 type)
{
	__u8 raw[24] = { 17, 0, type, 0, 0, 0, 0, 0, /* UDP */ 0, 9, 0, 9, 0, 16, 0x12, 0x34 };

	fake_forget_sent(f);
	return FAKE_IN(f, .in = IF_INSIDE, .proto = next, .src = "2001:db8:1::5",
		       .dst = "2001:db8:9::7", .raw = raw, .n_raw = sizeof(raw));
}

static void ses5_ipv6_extension_headers(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	CU_ASSERT_EQUAL(v6_with_header(f, FAKE_PROTO_ZERO, 1), DROP_NONE);
	CU_ASSERT_EQUAL(v6_with_header(f, ASA_PROTO_DSTOPTS, 1), DROP_NONE);
	CU_ASSERT_EQUAL(f->n_sent, 1);
	CU_ASSERT_EQUAL(v6_with_header(f, ASA_PROTO_ROUTING, 0), DROP_IP_OPTION); /* RFC 5095 */
	CU_ASSERT_EQUAL(f->n_sent, 0);
	CU_ASSERT_EQUAL(v6_with_header(f, ASA_PROTO_ROUTING, 4), DROP_NONE);
	fake_end(f);
}

/* SES-5: several extension headers in front of UDP; what may stand where, and options that fit. */
static void ses5_ipv6_header_order_and_options(void)
{
	enum { H = 0, R = ASA_PROTO_ROUTING, D = ASA_PROTO_DSTOPTS, A = ASA_PROTO_FRAGMENT };
	static const struct {
		__u8 headers[4];
		__u8 n;
		__u8 option[4]; /* in the first header */
		enum asa_drop why;
	} rows[] = {
		{ { H, D }, 2, { 0 }, DROP_NONE },
		{ { H, D, R, D }, 4, { 0 }, DROP_NONE }, /* all in order */
		{ { D, H }, 2, { 0 }, DROP_IP_HEADER }, /* hop-by-hop is not first */
		{ { H, H }, 2, { 0 }, DROP_IP_HEADER },
		{ { R, R }, 2, { 0 }, DROP_IP_HEADER }, /* twice */
		{ { D, D, D }, 3, { 0 }, DROP_IP_HEADER },
		{ { A, R }, 2, { 0 }, DROP_IP_HEADER }, /* routing header behind the fragment header */
		{ { A, D }, 2, { 0 }, DROP_NONE },
		{ { H }, 1, { 5, 2, 0, 0 }, DROP_NONE }, /* router alert */
		{ { H }, 1, { 5, 9, 0, 0 }, DROP_IP_HEADER }, /* longer than the header */
		{ { D }, 1, { 0xc2, 4, 0, 1 }, DROP_IP_OPTION }, /* jumbo payload */
	};
	struct fake *f = fake_new(64);
	size_t i, k;

	fake_start(f);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		__u8 raw[4 * 8 + 16] = { 0 };
		__u8 *udp = raw + rows[i].n * 8;
		enum asa_drop why;

		for (k = 0; k < rows[i].n; k++) {
			raw[k * 8] = k + 1 < rows[i].n ? rows[i].headers[k + 1] : 17;
			if (rows[i].headers[k] == R)
				raw[k * 8 + 2] = 4; /* segment routing */
		}
		if (rows[i].option[0])
			memcpy(raw + 2, rows[i].option, 4);
		memcpy(udp, (const __u8[]){ 0, 9, 0, 9, 0, 16, 0x12, 0x34 }, 8);
		fake_forget_sent(f);
		why = FAKE_IN(f, .in = IF_INSIDE,
			      .proto = rows[i].headers[0] ? rows[i].headers[0] : FAKE_PROTO_ZERO,
			      .src = "2001:db8:1::5", .dst = "2001:db8:9::7", .raw = raw,
			      .n_raw = rows[i].n * 8 + 16u);
		if (why != rows[i].why)
			printf("      row %zu: reason %d, wanted %d\n", i, why, rows[i].why);
		CU_ASSERT_EQUAL(why, rows[i].why);
		CU_ASSERT_EQUAL(f->n_sent, why ? 0 : 1);
	}
	fake_end(f);
}

static void ses5_ttl_is_kept_or_exceeded(void)
{
	int dec;

	for (dec = 0; dec < 2; dec++) {
		struct fake *f = fake_new(64);
		const struct asa_pkt *p;

		fw_ace(&f->fw, "all", "permit ip any any");
		bypass_class(f, "outside", "all");
		f->fw.m->policy_maps.v[0].classes.v[0].conn.bypass = false;
		f->fw.m->policy_maps.v[0].classes.v[0].conn.decrement_ttl = dec;
		fake_start(f);
		CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
					.dst = OUTSIDE_HOST, .sport = 1, .dport = 2, .ttl = 9),
				DROP_NONE);
		p = fake_last(f, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT_EQUAL(p->ttl, dec ? 8 : 9);
		fake_forget_sent(f);
		CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
					.dst = OUTSIDE_HOST, .sport = 1, .dport = 2, .ttl = 1),
				dec ? DROP_IP_TTL : DROP_NONE);
		p = fake_last(f, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT_EQUAL(p->proto, dec ? ASA_PROTO_ICMP : ASA_PROTO_UDP);
		if (dec) {
			CU_ASSERT_EQUAL(p->icmp_type, 11);
			CU_ASSERT_STRING_EQUAL(mb_text(&p->key.src), "10.1.1.254");
			CU_ASSERT_STRING_EQUAL(mb_text(&p->key.dst), INSIDE_HOST);
		}
		fake_end(f);
	}
}

static void ses5_too_big_with_df(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;
	__u32 out;

	f->fw.sys->ifs[2].mtu = 1280;
	fake_start(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .sport = 1, .dport = 2, .payload = 1300,
				.df = true),
			DROP_ROUTE_MTU);
	p = fake_last(f, &out);
	CU_ASSERT_EQUAL(out, IF_INSIDE);
	CU_ASSERT_EQUAL(p->icmp_type, 3);
	CU_ASSERT_EQUAL(p->icmp_code, 4);
	CU_ASSERT_EQUAL(asa_ldn16((__u8 *)p->l4 + 6), 1280);
	CU_ASSERT_STRING_EQUAL(mb_text(&p->key.src), "10.1.1.254");
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = "2001:db8:1::5",
				.dst = "2001:db8:9::7", .sport = 1, .dport = 2, .payload = 1300),
			DROP_ROUTE_MTU);
	p = fake_last(f, &out);
	CU_ASSERT_EQUAL(p->icmp_type, 2);
	CU_ASSERT_EQUAL(asa_ldn32((__u8 *)p->l4 + 4), 1280);
	CU_ASSERT_STRING_EQUAL(mb_text(&p->key.src), "2001:db8:1::fe");
	fake_end(f);
}

static void ses5_too_big_without_df_leaves_in_pieces(void)
{
	struct fake *f = fake_new(64);
	struct asa_pkt p;
	__u32 sum = 0;
	int i;

	f->fw.sys->ifs[2].mtu = 576;
	fake_start(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .sport = 1, .dport = 2, .payload = 1300,
				.ip_id = 5),
			DROP_NONE);
	CU_ASSERT_EQUAL(f->n_sent, 3);
	for (i = 0; i < f->n_sent; i++) {
		struct frame *fr = f->sent[i];

		CU_ASSERT_EQUAL(asa_parse(&p, fr->data, fr->data + fr->len, 1), DROP_NONE);
		CU_ASSERT_TRUE(fake_checksums_good(&p));
		CU_ASSERT_TRUE(p.l3_size <= 576);
		CU_ASSERT_EQUAL(p.frag_off, sum);
		CU_ASSERT_EQUAL(p.more_fragments, i < 2);
		CU_ASSERT_EQUAL(p.frag_id, asa_htons(5));
		sum += p.l4_size;
	}
	CU_ASSERT_EQUAL(sum, 1308);
	CU_ASSERT_TRUE(fake_law(f)); /* OBS-1: one frame in, one forwarded */
	fake_end(f);
}

static void ses17_mss_is_clamped_both_ways(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;

	f->fw.m->tcpmss = 1380;
	f->fw.m->tcpmss_min = 600;
	fake_start(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
				.sport = 1, .dport = 2, .flags = S, .seq = 5,
				.options = "\x02\x04\x05\xb4\x01\x03\x03\x07", .n_options = 8),
			DROP_NONE);
	p = fake_last(f, NULL); /* checks the checksum */
	CU_ASSERT_EQUAL(asa_ldn16((__u8 *)p->l4 + 22), 1380);
	CU_ASSERT_EQUAL(f->t.conns[1].dir[1].flags & ASA_DIR_PUNT_SYN, ASA_DIR_PUNT_SYN);
	CU_ASSERT_EQUAL(f->t.conns[1].half[0].wscale, 7);
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
				.sport = 2, .dport = 1, .flags = S | A, .seq = 50, .ack = 6,
				.options = "\x01\x02\x04\x01\x00\x00\x00\x00", .n_options = 8),
			DROP_NONE);
	p = fake_last(f, NULL); /* option at an odd place, raised to the minimum */
	CU_ASSERT_EQUAL(asa_ldn16((__u8 *)p->l4 + 23), 600);
	fake_end(f);
}

static void neighbour_is_waited_for(void)
{
	struct fake *f = fake_new(64);
	int i;

	f->neigh_pending = true;
	fake_start(f);
	for (i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
					.dst = OUTSIDE_HOST, .sport = 1, .dport = 2),
				i < 8 ? DROP_NONE : DROP_ROUTE_ADJACENCY);
	CU_ASSERT_EQUAL(f->n_sent, 0);
	fake_neigh(f, true);
	CU_ASSERT_EQUAL(f->n_sent, 8);
	CU_ASSERT_TRUE(fake_law(f));
	/* nobody answers: dropped after a second */
	fake_forget_sent(f);
	fake_neigh(f, false);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .sport = 1, .dport = 2),
			DROP_NONE);
	fake_wait(f, 900);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_ROUTE_ADJACENCY), 2);
	fake_wait(f, 300);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_ROUTE_ADJACENCY), 3);
	/* Linux says that there is none */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .sport = 1, .dport = 2),
			DROP_NONE);
	fake_neigh(f, false);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_ROUTE_ADJACENCY), 4);
	CU_ASSERT_EQUAL(f->n_sent, 0);
	fake_end(f);
}

static void reroute_when_the_generation_changes(void)
{
	struct fake *f = fake_new(64);
	struct asa_event e = { .type = ASA_EVENT_REROUTE, .dir = 0, .slot = 1 };

	fake_start(f);
	DIALOGUE(f, { TCP_OUT(S, 1000, 0, 0), 0, OUT_TEXT, "saA", NULL });
	e.serial = (__u16)f->t.sessions[1].id;
	fake_route(f, "198.51.100.0", 24, IF_DMZ, "10.2.2.77");
	f->t.config->route_gen++;
	sessions_event(f->asa.sessions, &e, f->now);
	CU_ASSERT_EQUAL(f->t.conns[1].dir[0].gen, 2);
	CU_ASSERT_EQUAL(f->t.nexthops[f->t.conns[1].dir[0].nexthop].ifindex, IF_DMZ);
	/* the other direction at its next punted packet */
	CU_ASSERT_EQUAL(f->t.conns[1].dir[1].gen, 1);
	DIALOGUE(f, { TCP_IN(S | A, 7000, 1001, 0), 0, IN_TEXT, "A", NULL });
	CU_ASSERT_EQUAL(f->t.conns[1].dir[1].gen, 2);
	fake_end(f);
}

/* It disappears and comes back under another number: the connection goes on, from there only. */
static void interface_comes_back_under_another_number(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	DIALOGUE(f, { TCP_OUT(S, 1000, 0, 0), 0, OUT_TEXT, "saA", NULL },
		 { TCP_IN(S | A, 7000, 1001, 0), 0, IN_TEXT, "A", NULL });
	f->fw.sys->ifs[0].ifindex = 21;
	fake_recompile(f);
	f->n_routes = 0;
	fake_route(f, "10.1.1.0", 24, 21, NULL);
	fake_route(f, "0.0.0.0", 0, IF_OUTSIDE, "192.0.2.254");
	f->t.config->route_gen++;
	DIALOGUE(f, { { .in = IF_OUTSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 40000,
			.dport = 80, .flags = A, .seq = 1001, .ack = 7001 },
		      DROP_SESSION_INTERFACE, NULL, "A", NULL },
		 { { .in = 21, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 40000, .dport = 80,
		     .flags = A, .seq = 1001, .ack = 7001 },
		   0, OUT_TEXT, "U", NULL });
	CU_ASSERT_EQUAL(f->t.conns[1].dir[0].in_if, 21);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,
				.sport = 80, .dport = 40000, .flags = A, .seq = 7001, .ack = 1001),
			DROP_NONE);
	CU_ASSERT_EQUAL(f->sent[0]->out_ifindex, 21);
	fake_end(f);
}

/* ------------------------------------------------------------------ what the worker cannot do */

static void dispatch_queue_limit_counts_frames_lost_in_the_rings(void)
{
	struct fake *f = fake_new(64);

	fake_start(f);
	f->rx_lost = 7;
	f->received[IF_OUTSIDE] += 7; /* the XDP program saw and punted them */
	CU_ASSERT_EQUAL(fake_drops(f, DROP_RESOURCE_RX_QUEUE), 7);
	CU_ASSERT_EQUAL(f->ifs[IF_OUTSIDE].drop_packets, 7);
	fake_end(f); /* checks the law */
}

static void dispatch_block_alloc_no_room_to_send(void)
{
	struct fake *f = fake_new(64);
	struct frame *taken[FAKE_FRAMES];
	int n = 0;

	f->fw.sys->ifs[2].mtu = 576;
	fake_start(f);
	f->send_fails = true;
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .sport = 1, .dport = 2),
			DROP_RESOURCE_TX_QUEUE);
	CU_ASSERT_EQUAL(f->ifs[IF_INSIDE].fwd_packets, 0);
	CU_ASSERT_EQUAL(f->ifs[IF_INSIDE].drop_packets, 1);
	CU_ASSERT_EQUAL(f->ifs[IF_OUTSIDE].tx_packets, 0);
	f->send_fails = false;
	/* pieces need frames that are not there: the packet goes, not half of it */
	while (frame_pool_available(f->ops.pool) > 2)
		taken[n++] = frame_get(f->ops.pool);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .sport = 1, .dport = 2, .payload = 1300),
			DROP_RESOURCE_TX_QUEUE);
	CU_ASSERT_EQUAL(f->n_sent, 0);
	while (n)
		frame_put(f->ops.pool, taken[--n]);
	fake_end(f);
}

/* ------------------------------------------------------------------ translation */

static void nat_static(struct fake *f)
{
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);

	fw_object(&f->fw, "server", INSIDE_HOST);
	n->form = MODEL_NAT_OBJECT;
	snprintf(n->object, sizeof(n->object), "server");
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->real = mb_term("obj:server");
	n->mapped = mb_term("192.0.2.50");
	fw_ace(&f->fw, "in", "permit ip any 10.1.1.5"); /* ACL-3: real addresses */
	fw_access_group(&f->fw, "in", "in", "outside");
}

static void nat1_static_both_ways(void)
{
	struct fake *f = fake_new(64);

	nat_static(f);
	fake_start(f);
	DIALOGUE(f,
		 { { .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = "192.0.2.50", .sport = 999,
		     .dport = 80, .flags = S, .seq = 5 },
		   0, "inside 198.51.100.7:999 > 10.1.1.5:80", "SaAB",
		   "302013: Built inbound TCP connection 1 for outside:198.51.100.7/999 "
		   "(198.51.100.7/999) to inside:10.1.1.5/80 (192.0.2.50/80)" },
		 { { .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 80,
		     .dport = 999, .flags = S | A, .seq = 9, .ack = 6 },
		   0, "outside 192.0.2.50:80 > 198.51.100.7:999", "aB", NULL });
	DIALOGUE(f, { { .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
			.sport = 7, .dport = 8, .payload = 3 },
		      0, "outside 192.0.2.50:7 > 198.51.100.7:8", NULL, "302015" },
		 { { .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST, .dst = "192.0.2.50",
		     .sport = 8, .dport = 7, .payload = 3 },
		   0, "inside 198.51.100.7:8 > 10.1.1.5:7", NULL, NULL });
	fake_end(f);
}

static void nat6_real_address_from_outside_is_refused(void)
{
	struct fake *f = fake_new(64);

	nat_static(f);
	fake_start(f);
	DIALOGUE(f, { { .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 999,
			.dport = 80, .flags = S, .seq = 5 },
		      DROP_NAT_RPF, NULL, "",
		      "305013: Asymmetric NAT rules matched for forward and reverse flows; Connection for "
		      "tcp src outside:198.51.100.7/999 dst inside:10.1.1.5/80 denied due to NAT reverse "
		      "path failure" });
	CU_ASSERT_EQUAL(fake_drops(f, FLOW_NAT), 1);
	fake_end(f);
}

static void nat_pat(struct fake *f)
{
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);

	fw_object(&f->fw, "inside-net", "10.1.1.0/24");
	n->form = MODEL_NAT_OBJECT;
	snprintf(n->object, sizeof(n->object), "inside-net");
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->dynamic = true;
	n->real = mb_term("obj:inside-net");
	n->mapped = mb_term("192.0.2.60");
	n->pat = true;
}

static void nat3_pat_keeps_ports_and_gives_them_back(void)
{
	struct fake *f = fake_new(64);
	struct session_view v;

	nat_pat(f);
	fake_start(f);
	DIALOGUE(f,
		 { TCP_OUT(S, 1000, 0, 0), 0, "outside 192.0.2.60:40000 > 198.51.100.7:80", "saA",
		   "302013: Built outbound TCP connection 1 for outside:198.51.100.7/80 "
		   "(198.51.100.7/80) to inside:10.1.1.5/40000 (192.0.2.60/40000)" });
	DIALOGUE(f,
		 { { .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = "192.0.2.60", .sport = 80,
		     .dport = 40000, .flags = S | A, .seq = 7000, .ack = 1001 },
		   0, IN_TEXT, "A", NULL },
		 /* the same port of another host gets another one */
		 { { .in = IF_INSIDE, .src = "10.1.1.6", .dst = OUTSIDE_HOST, .sport = 40000,
		     .dport = 80, .flags = S },
		   0, NULL, NULL, "305011: Built dynamic TCP translation from inside:10.1.1.6/40000" },
		 /* nobody asked for this: no translation, no connection */
		 { { .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST, .dst = "192.0.2.60",
		     .sport = 80, .dport = 9 },
		   DROP_NAT_NO_XLATE, NULL, NULL, NULL },
		 { { .in = IF_OUTSIDE, .src = OUTSIDE_HOST, .dst = "192.0.2.60", .sport = 80,
		     .dport = 9, .flags = A },
		   DROP_TCP_NOT_SYN, NULL, NULL, "106015" });
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 2);
	CU_ASSERT_TRUE(fake_view(f, 1, &v));
	CU_ASSERT_NOT_EQUAL(v.end[0].mapped_port, 40000);
	CU_ASSERT_TRUE(v.end[0].mapped_port >= 1024); /* NAT-3: range kept */
	/* embryonic timeout, then pat-xlate: both come back */
	fake_log_clear(f);
	fake_wait(f, 31000);
	CU_ASSERT_EQUAL(fake_in_use(f), 0);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 2);
	CU_ASSERT_EQUAL(fake_drops(f, FLOW_SYN_TIMEOUT), 2);
	fake_wait(f, 32000);
	CU_ASSERT_EQUAL(xlate_count(f->asa.xlates), 0);
	CU_ASSERT_TRUE(fake_logged(f, "305012: Teardown dynamic TCP translation from "
				      "inside:10.1.1.5/40000 to outside:192.0.2.60/40000 duration "
				      "0:01:"));
	fake_end(f);
}

static void nat_ping_through_pat(void)
{
	struct fake *f = fake_new(64);
	const struct asa_pkt *p;
	char out[64];

	nat_pat(f);
	fake_start(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = 1, .src = INSIDE_HOST,
				.dst = OUTSIDE_HOST, .type = 8, .id = 9, .payload = 8),
			DROP_NONE);
	p = fake_last(f, NULL);
	CU_ASSERT_STRING_EQUAL(mb_text(&p->key.src), "192.0.2.60");
	snprintf(out, sizeof(out), "inside 198.51.100.7 > 10.1.1.5 id 9");
	{
		struct step s = { { .in = IF_OUTSIDE, .proto = 1, .src = OUTSIDE_HOST,
				    .dst = "192.0.2.60", .type = 0, .id = asa_ntohs(p->key.sport),
				    .payload = 8 },
				  0, out, "-", NULL };

		CU_ASSERT_TRUE(step_run(f, &s));
	}
	fake_end(f);
}

static void packet_to_the_box_without_translation(void)
{
	struct fake *f = fake_new(64);

	fw_ace(&f->fw, "all", "permit ip any any");
	fw_access_group(&f->fw, "all", "in", "outside");
	fake_start(f);
	DIALOGUE(f, { { .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST, .dst = "192.0.2.1",
			.sport = 1, .dport = 2 },
		      DROP_NAT_NO_XLATE, NULL, "", NULL });
	fake_end(f);
}

/* NAT-3: 511 low ports are all that one address has; the 512th flow is refused, counted and told. */
static void nat3_exhaustion_is_counted_and_told(void)
{
	struct fake *f = fake_new(1024);
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);
	__u64 before;
	__u16 port;

	n->form = MODEL_NAT_TWICE_AFTER;
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->dynamic = n->mapped_interface = true;
	n->real.kind = MODEL_ADDR_ANY;
	fake_start(f);
	for (port = 1; port < 512; port++) {
		CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = ASA_PROTO_UDP, .src = INSIDE_HOST,
					.dst = OUTSIDE_HOST, .sport = port, .dport = 53),
				DROP_NONE);
		fake_forget_sent(f);
	}
	before = fake_drops(f, DROP_NAT_FAILED);
	fake_log_clear(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = ASA_PROTO_UDP, .src = "10.1.1.6",
				.dst = OUTSIDE_HOST, .sport = 7, .dport = 53),
			DROP_NAT_FAILED);
	CU_ASSERT_EQUAL(fake_drops(f, DROP_NAT_FAILED), before + 1);
	CU_ASSERT_TRUE(fake_logged(f, "305006: portmap translation creation failed for udp src "
				      "inside:10.1.1.6/7 dst outside:198.51.100.7/53"));
	/* other ranges have room */
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = ASA_PROTO_UDP, .src = "10.1.1.6",
				.dst = OUTSIDE_HOST, .sport = 700, .dport = 53),
			DROP_NONE);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-5 IPv6 order of extension headers, their options", ses5_ipv6_header_order_and_options },
		{ "SES-5 IPv4 options", ses5_ip_options },
		{ "SES-5 IPv6 extension headers", ses5_ipv6_extension_headers },
		{ "SES-5 TTL is kept, or exceeded", ses5_ttl_is_kept_or_exceeded },
		{ "SES-5 too big with DF", ses5_too_big_with_df },
		{ "SES-5 too big without DF leaves in pieces", ses5_too_big_without_df_leaves_in_pieces },
		{ "SES-17 MSS is clamped both ways", ses17_mss_is_clamped_both_ways },
		{ "no-adjacency: neighbour is waited for", neighbour_is_waited_for },
		{ "SES-1 route generation re-resolves", reroute_when_the_generation_changes },
		{ "SES-3 interface comes back under another number", interface_comes_back_under_another_number },
		{ "OBS-1 dispatch-queue-limit", dispatch_queue_limit_counts_frames_lost_in_the_rings },
		{ "OBS-1 dispatch-block-alloc", dispatch_block_alloc_no_room_to_send },
		{ "NAT-1 static both ways", nat1_static_both_ways },
		{ "NAT-6 real address from outside is refused", nat6_real_address_from_outside_is_refused },
		{ "NAT-3 PAT keeps ports and gives them back", nat3_pat_keeps_ports_and_gives_them_back },
		{ "NAT-3 ping through PAT", nat_ping_through_pat },
		{ "NAT-3 exhaustion is counted and told (305006)", nat3_exhaustion_is_counted_and_told },
		{ "SES-4 packet to the box without translation", packet_to_the_box_without_translation },
		{ NULL, NULL },
	};

	return asa_cunit_main("forward", tests);
}
