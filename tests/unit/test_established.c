// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * ACL-5: "established": connections back from a host that one inside is connected to.
 */
#include "lib/dialogue.h"

/* clang-format off: tables of packets */

/* "PROTO DPORT SPORT PROTO TO-TO PROTO FROM-FROM" without the words. */
static void line(struct fake *f, __u8 proto, __u16 dport, __u16 sport, __u8 back, __u16 to_lo,
		 __u16 to_hi, __u16 from_lo, __u16 from_hi)
{
	struct model_established *e = MODEL_PUSH(&f->fw.m->established);

	*e = (struct model_established){ proto, back, back, dport, sport, to_lo, to_hi,
					 from_lo, from_hi, "tcp" };
}

#define UDP_BACK(sp, dp)                                                                        \
	{ .in = IF_OUTSIDE, .proto = ASA_PROTO_UDP, .src = OUTSIDE_HOST, .dst = INSIDE_HOST,    \
	  .sport = sp, .dport = dp }
#define TCP_BACK(host, sp, dp)                                                                  \
	{ .in = IF_OUTSIDE, .src = host, .dst = INSIDE_HOST, .sport = sp, .dport = dp,          \
	  .flags = S, .seq = 9 }

/* established tcp 80 permitto tcp 6000-6063 permitfrom tcp 1024-65535 */
static void acl5_a_connection_back_is_permitted(void)
{
	struct fake *f = fake_new(64);

	line(f, ASA_PROTO_TCP, 80, 0, ASA_PROTO_TCP, 6000, 6063, 1024, 65535);
	fake_start(f);
	fake_wait(f, 50);
	DIALOGUE(f, /* nobody inside is connected: as ever */
		 { TCP_BACK(OUTSIDE_HOST, 2000, 6000), DROP_POLICY_ACL, NULL, "",
		   "106001: Inbound TCP connection denied" },
		 { TCP_OUT(S, 1000, 0, 0), 0, OUT_TEXT, "saA", NULL },
		 /* only a SYN: not established */
		 { TCP_BACK(OUTSIDE_HOST, 2000, 6000), DROP_POLICY_ACL, NULL, NULL, NULL },
		 { TCP_IN(S | A, 7000, 1001, 0), 0, IN_TEXT, "A", NULL },
		 { TCP_OUT(A, 1001, 7001, 0), 0, OUT_TEXT, "U", NULL },
		 { TCP_BACK(OUTSIDE_HOST, 2000, 6000), 0,
		   "inside 198.51.100.7:2000 > 10.1.1.5:6000", NULL,
		   "Built inbound TCP connection 2 for outside:198.51.100.7/2000" },
		 { TCP_BACK(OUTSIDE_HOST, 2001, 6063), 0,
		   "inside 198.51.100.7:2001 > 10.1.1.5:6063", NULL, NULL },
		 { TCP_BACK(OUTSIDE_HOST, 2000, 5999), DROP_POLICY_ACL, NULL, NULL, NULL },
		 { TCP_BACK(OUTSIDE_HOST, 2000, 6064), DROP_POLICY_ACL, NULL, NULL, NULL },
		 { TCP_BACK(OUTSIDE_HOST, 1023, 6000), DROP_POLICY_ACL, NULL, NULL, NULL },
		 { UDP_BACK(2000, 6000), DROP_POLICY_ACL, NULL, NULL, NULL },
		 /* another host is not the one that is connected to */
		 { TCP_BACK("198.51.100.8", 2000, 6000), DROP_POLICY_ACL, NULL, NULL, NULL },
		 /* the connection ends, and with it what it permits */
		 { TCP_OUT(R, 1001, 0, 0), 0, OUT_TEXT, NULL, NULL },
		 { TCP_BACK(OUTSIDE_HOST, 2002, 6001), DROP_POLICY_ACL, NULL, NULL, NULL });
	fake_end(f);
}

/* established udp 5060 permitto udp 5060 permitfrom udp 0, as the guide has it for SIP */
static void acl5_the_example_of_sip(void)
{
	struct fake *f = fake_new(64);

	line(f, ASA_PROTO_UDP, 5060, 0, ASA_PROTO_UDP, 5060, 5060, 0, 0);
	fake_start(f);
	fake_wait(f, 50);
	DIALOGUE(f, { UDP_BACK(7000, 5060), DROP_POLICY_ACL, NULL, "", NULL },
		 { { .in = IF_INSIDE, .proto = ASA_PROTO_UDP, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
		     .sport = 9999, .dport = 5061 }, 0, NULL, NULL, NULL },
		 { UDP_BACK(7000, 5060), DROP_POLICY_ACL, NULL, NULL, NULL }, /* another port */
		 { { .in = IF_INSIDE, .proto = ASA_PROTO_UDP, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
		     .sport = 9999, .dport = 5060 }, 0, NULL, NULL, NULL },
		 { UDP_BACK(7000, 5060), 0, "inside 198.51.100.7:7000 > 10.1.1.5:5060", NULL, NULL },
		 { UDP_BACK(7000, 5062), DROP_POLICY_ACL, NULL, NULL, NULL });
	fake_end(f);
}

/* The port of the inside end is part of the line; a list that denies is overruled and says so. */
static void acl5_source_port_and_message(void)
{
	struct fake *f = fake_new(64);
	struct model_ace *ace;

	line(f, ASA_PROTO_UDP, 0, 4000, ASA_PROTO_TCP, 0, 0, 0, 0);
	ace = fw_ace(&f->fw, "out-in", "deny tcp any any");
	ace->log = true;
	ace->log_level = 6;
	fw_access_group(&f->fw, "out-in", "in", "outside");
	fake_start(f);
	fake_wait(f, 50);
	DIALOGUE(f,
		 { { .in = IF_INSIDE, .proto = ASA_PROTO_UDP, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
		     .sport = 4001, .dport = 53 }, 0, NULL, NULL, NULL },
		 { TCP_BACK(OUTSIDE_HOST, 1, 2), DROP_POLICY_ACL, NULL, NULL, "out-in denied tcp" },
		 { { .in = IF_INSIDE, .proto = ASA_PROTO_UDP, .src = INSIDE_HOST, .dst = OUTSIDE_HOST,
		     .sport = 4000, .dport = 53 }, 0, NULL, NULL, NULL },
		 { TCP_BACK(OUTSIDE_HOST, 1, 3), 0, "inside 198.51.100.7:1 > 10.1.1.5:3", NULL,
		   "106100: access-list out-in est-allowed tcp outside/198.51.100.7(1) -> "
		   "inside/10.1.1.5(3) hit-cnt 1 first hit" });
	fake_end(f);
}

/* A line that comes later counts for connections that are there, and goes with all it permitted. */
static void acl5_lines_act_on_connections_that_exist(void)
{
	struct fake *f = fake_new(4096);
	int i;

	fake_start(f);
	for (i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .proto = ASA_PROTO_UDP, .src = INSIDE_HOST,
					.dst = OUTSIDE_HOST, .sport = (__u16)(1000 + i), .dport = 69), 0);
	fake_forget_sent(f);
	line(f, ASA_PROTO_UDP, 69, 1000, ASA_PROTO_UDP, 1000, 1000, 0, 0);
	fake_recompile(f);
	fake_wait(f, 50);
	DIALOGUE(f, { UDP_BACK(3000, 1000), 0, "inside 198.51.100.7:3000 > 10.1.1.5:1000", NULL, NULL });
	/* a restart of the daemon finds them, too */
	fake_restart(f);
	fake_wait(f, 50);
	DIALOGUE(f, { UDP_BACK(3001, 1000), 0, "inside 198.51.100.7:3001 > 10.1.1.5:1000", NULL, NULL });
	f->fw.m->established.n = 0;
	fake_recompile(f);
	fake_wait(f, 50);
	DIALOGUE(f, { UDP_BACK(3002, 1000), DROP_POLICY_ACL, NULL, NULL, NULL });
	fake_end(f);
}

/* Inbound connections permit nothing: the command is for those that somebody inside opened. */
static void acl5_inbound_connections_permit_nothing(void)
{
	struct fake *f = fake_new(64);

	line(f, ASA_PROTO_UDP, 0, 0, ASA_PROTO_UDP, 0, 0, 0, 0);
	fw_ace(&f->fw, "in", "permit udp any 10.1.1.5 eq 53");
	fw_access_group(&f->fw, "in", "in", "outside");
	fake_start(f);
	fake_wait(f, 50);
	DIALOGUE(f, { UDP_BACK(3000, 53), 0, "inside 198.51.100.7:3000 > 10.1.1.5:53", NULL, NULL },
		 { UDP_BACK(3000, 54), DROP_POLICY_ACL, NULL, NULL, NULL });
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "ACL-5 a connection back is permitted", acl5_a_connection_back_is_permitted },
		{ "ACL-5 the example of SIP", acl5_the_example_of_sip },
		{ "ACL-5 source port and message 106100", acl5_source_port_and_message },
		{ "ACL-5 lines act on connections that exist", acl5_lines_act_on_connections_that_exist },
		{ "ACL-5 inbound connections permit nothing", acl5_inbound_connections_permit_nothing },
		{ NULL, NULL },
	};

	return asa_cunit_main("established", tests);
}
