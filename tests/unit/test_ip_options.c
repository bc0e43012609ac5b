// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * "inspect ip-options" (SES-5, MPF-7): each option under each action, bytes and counters, first
 * packets, packets of connections, fragments, both directions through NAT, classes that exclude.
 */
#include <stdlib.h>

#include "lib/dialogue.h"

#define OPTIONS_MAX 40

struct row {
	const char *parameter; /* of the map; NULL: none */
	const char *in; /* options, hex */
	const char *out; /* as they leave; NULL: refused */
	enum asa_drop why;
};

/* clang-format off: a table */
static const struct row rows[] = {
	/* nothing is named: nothing passes */
	{ NULL, "94040000", NULL, DROP_IP_OPTION },
	{ NULL, "01010101", NULL, DROP_IP_OPTION },
	{ NULL, "00000000", NULL, DROP_IP_OPTION },
	{ NULL, "07070400000000" "00", NULL, DROP_IP_OPTION },
	/* each by itself */
	{ "router-alert action allow", "94040000", "94040000" },
	{ "router-alert action clear", "94040000", "01010101" },
	{ "router-alert action allow", "94080000" "00000000", NULL, DROP_IP_OPTION }, /* not of RFC 2113's length */
	{ "router-alert action clear", "94080000" "00000000", "0101010101010101" },
	{ "router-alert action allow", "9404000001010100", NULL, DROP_IP_OPTION },
	{ "nop action allow", "01010101", "01010101" },
	{ "nop action clear", "01010101", "01010101" },
	{ "eool action allow", "00aabbcc", "00aabbcc" }, /* padding: nobody reads it */
	{ "eool action clear", "00aabbcc", "01010101" },
	{ "record-route action allow", "070704c0000201" "00", NULL, DROP_IP_OPTION }, /* ends with an eool */
	{ "record-route action allow", "070804c000020100", "070804c000020100" },
	{ "record-route action clear", "070804c000020100", "0101010101010101" },
	{ "timestamp action clear", "4408050000000000", "0101010101010101" },
	{ "timestamp action allow", "4408050000000000", "4408050000000000" },
	{ "basic-security action allow", "8204abcd", "8204abcd" },
	{ "extended-security action clear", "8504abcd", "01010101" },
	{ "commercial-security action allow", "8604abcd", "8604abcd" },
	{ "imi-traffic-descriptor action allow", "9004abcd", "9004abcd" },
	{ "exp-measure action clear", "0a04abcd", "01010101" },
	{ "quick-start action allow", "1908000000000000", "1908000000000000" },
	/* the rest */
	{ "default action allow", "5e04abcd", "5e04abcd" },
	{ "default action clear", "5e04abcd", "01010101" },
	{ "default action clear", "94040000", "01010101" },
	/* source routes: cleared at most */
	{ "default action allow", "8308040a01020300", NULL, DROP_IP_OPTION },
	{ "default action allow", "8908040a01020300", NULL, DROP_IP_OPTION },
	{ "default action clear", "8308040a01020300", "0101010101010101" },
	/* what does not fit is refused whatever the map */
	{ "default action allow", "94090000", NULL, DROP_IP_HEADER },
	{ "default action clear", "94010000", NULL, DROP_IP_HEADER },
	{ "default action allow", "01010194", NULL, DROP_IP_HEADER },
};
/* clang-format on */

static __u32 bytes(const char *hex, char *out)
{
	__u32 n = 0;
	unsigned int b;

	for (; sscanf(hex, "%2x", &b) == 1; hex += 2)
		out[n++] = (char)b;
	return n;
}

static struct model_imap *options_map(struct fake *f, const char *parameter)
{
	struct model_imap *i = MODEL_PUSH(&f->fw.m->imaps);
	struct model_iline *l;

	i->kind = MODEL_IMAP_POLICY;
	snprintf(i->name, sizeof(i->name), "m");
	snprintf(i->proto, sizeof(i->proto), "ip-options");
	if (!parameter)
		return i;
	l = MODEL_PUSH(&i->lines);
	l->kind = MODEL_ILINE_PARAMETER;
	snprintf(l->text, sizeof(l->text), "%s", parameter);
	return i;
}

/* A class of the traffic of an access list, or of the default inspections. */
static struct model_policy_class *options_class(struct fake *f, const char *words)
{
	struct model_policy_class *pc;

	fw_ace(&f->fw, "all", "permit ip any any");
	bypass_class(f, NULL, "all");
	f->fw.m->classes.v[0].match = MODEL_MATCH_ANY;
	pc = &f->fw.m->policy_maps.v[0].classes.v[0];
	pc->conn.bypass = false;
	*(char **)MODEL_PUSH(&pc->inspects) = strdup(words);
	return pc;
}

static struct policy_class_row first_row(const struct fake *f)
{
	struct policy_class_row r = { 0 };

	CU_ASSERT_TRUE_FATAL(policy_class_row(f->asa.policy, 0, &r));
	return r;
}

#define UDP_OUT(opts, n)                                                                     \
	FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 1, \
		.dport = 2, .payload = 9, .ip_options = (opts), .n_ip_options = (n))
#define UDP_IN(opts, n)                                                                      \
	FAKE_IN(f, .in = IF_OUTSIDE, .proto = 17, .src = OUTSIDE_HOST, .dst = INSIDE_HOST, .sport = 2, \
		.dport = 1, .payload = 9, .ip_options = (opts), .n_ip_options = (n))

static bool left_with(struct fake *f, const char *hex)
{
	char want[OPTIONS_MAX];
	__u32 n = bytes(hex, want);
	const struct asa_pkt *p = fake_last(f, NULL);
	bool good;

	if (!p)
		return false;
	good = (asa_ld8(p->l3) & 15) * 4u == ASA_IP4_SIZE + n && fake_checksums_good(p) &&
	       !memcmp((const __u8 *)p->l3 + ASA_IP4_SIZE, want, n);
	fake_forget_sent(f);
	return good;
}

/* First packets and packets of a connection, of both its ends. */
static void each_option_under_each_action(void)
{
	char in[OPTIONS_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct fake *f = fake_new(64);
		__u32 n = bytes(r->in, in);
		bool bad;

		options_map(f, r->parameter);
		options_class(f, "ip-options m");
		fake_start(f);
		bad = UDP_OUT(in, n) != r->why || (r->out && !left_with(f, r->out));
		/* what is refused opens no connection */
		if (!r->out)
			bad |= UDP_IN(NULL, 0) != DROP_POLICY_ACL || f->n_sent;
		bad |= UDP_OUT(NULL, 0) != 0;
		fake_forget_sent(f);
		bad |= UDP_OUT(in, n) != r->why || (r->out && !left_with(f, r->out));
		bad |= UDP_IN(in, n) != r->why || (r->out && !left_with(f, r->out));
		bad |= !fake_law(f);
		if (r->why != DROP_IP_HEADER)
			bad |= *first_row(f).option_packets != 3 || *first_row(f).option_drops != (r->out ? 0 : 3);
		if (bad)
			printf("      row %zu: %s, %s\n", i + 1, r->parameter ? r->parameter : "(none)", r->in);
		CU_ASSERT_FALSE(bad);
		fake_end(f);
	}
}

static void without_a_map_the_built_in_one(void)
{
	struct fake *f = fake_new(64);

	options_class(f, "ip-options");
	fake_start(f);
	CU_ASSERT_EQUAL(UDP_OUT("\x94\x04\0\0", 4), 0);
	CU_ASSERT_TRUE(left_with(f, "94040000"));
	CU_ASSERT_EQUAL(UDP_OUT("\1\1\1\0", 4), 0);
	fake_forget_sent(f);
	CU_ASSERT_EQUAL(UDP_OUT("\x44\4\5\0", 4), DROP_IP_OPTION);
	CU_ASSERT_EQUAL(*first_row(f).option_packets, 3);
	CU_ASSERT_EQUAL(*first_row(f).option_drops, 1);
	fake_end(f);
}

/* MPF-10: all traffic is the default traffic of this inspection; MPF-6: the first class of it wins. */
static void default_traffic_and_first_class(void)
{
	struct fake *f = fake_new(64);
	struct model_policy_class *pc;

	options_map(f, "default action clear");
	options_class(f, "ip-options m");
	f->fw.m->classes.v[0].match = MODEL_MATCH_DEFAULT_INSPECTION;
	f->fw.m->classes.v[0].acl[0] = '\0';
	pc = MODEL_PUSH(&f->fw.m->policy_maps.v[0].classes);
	snprintf(pc->class_name, sizeof(pc->class_name), "class-default");
	model_conn_settings_init(&pc->conn);
	*(char **)MODEL_PUSH(&pc->inspects) = strdup("ip-options");
	fake_start(f);
	CU_ASSERT_EQUAL(UDP_OUT("\x44\4\5\0", 4), 0);
	CU_ASSERT_TRUE(left_with(f, "01010101"));
	fake_end(f);
}

/* BYP-6: what is bypassed is not inspected; the built-in rules hold. */
static void bypassed_traffic_has_the_built_in_rules(void)
{
	struct fake *f = fake_new(64);
	struct model_policy_class *pc;

	options_map(f, "default action allow");
	pc = options_class(f, "ip-options m");
	pc->conn.bypass = true;
	fake_start(f);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 9,
				.dport = 80, .flags = A, .ip_options = "\x44\4\5\0", .n_ip_options = 4),
			DROP_IP_OPTION);
	CU_ASSERT_EQUAL(FAKE_IN(f, .in = IF_INSIDE, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .sport = 9,
				.dport = 80, .flags = A, .ip_options = "\x94\4\0\0", .n_ip_options = 4), 0);
	fake_forget_sent(f);
	fake_end(f);
}

/* Access rules speak first; a connection knows the new policy at once. */
static void order_and_changes(void)
{
	struct fake *f = fake_new(64);

	options_map(f, "timestamp action allow");
	options_class(f, "ip-options m");
	fake_start(f);
	CU_ASSERT_EQUAL(UDP_IN("\x44\4\5\0", 4), DROP_POLICY_ACL);
	CU_ASSERT_EQUAL(UDP_OUT("\x44\4\5\0", 4), 0);
	CU_ASSERT_TRUE(left_with(f, "44040500"));
	snprintf(f->fw.m->imaps.v[0].lines.v[0].text, MODEL_TEXT_MAX, "timestamp action clear");
	fake_recompile(f);
	CU_ASSERT_EQUAL(UDP_IN("\x44\4\5\0", 4), 0);
	CU_ASSERT_TRUE(left_with(f, "01010101"));
	fake_end(f);
}

/* A later fragment may have options of its own. */
static void options_of_each_fragment(void)
{
	static const __u8 udp[24] = { 0, 1, 0, 2, 0, 24, 0, 0 };
	struct fake *f = fake_new(64);
	int i;

	options_map(f, "timestamp action clear");
	options_class(f, "ip-options m");
	fake_start(f);
	FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .raw = udp,
		.n_raw = 16, .more = true, .ip_id = 7, .ip_options = "\x44\4\5\0", .n_ip_options = 4);
	FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .raw = udp + 16,
		.n_raw = 8, .frag_off = 16, .ip_id = 7, .ip_options = "\x44\4\5\1", .n_ip_options = 4);
	CU_ASSERT_EQUAL_FATAL(f->n_sent, 2);
	for (i = 0; i < 2; i++) {
		const __u8 *l3 = f->sent[i]->data + ASA_ETH_SIZE;

		CU_ASSERT_EQUAL(memcmp(l3 + ASA_IP4_SIZE, "\1\1\1\1", 4), 0);
		CU_ASSERT_EQUAL(asa_csum_fold(asa_csum_add_bytes(0, l3, 24)), 0xffff);
	}
	fake_forget_sent(f);
	FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .raw = udp,
		.n_raw = 16, .more = true, .ip_id = 8, .ip_options = "\x44\4\5\0", .n_ip_options = 4);
	FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = INSIDE_HOST, .dst = OUTSIDE_HOST, .raw = udp + 16,
		.n_raw = 8, .frag_off = 16, .ip_id = 8, .ip_options = "\x94\4\0\0", .n_ip_options = 4);
	CU_ASSERT_EQUAL(f->n_sent, 0);
	CU_ASSERT_TRUE(fake_law(f));
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-5 each option under each action", each_option_under_each_action },
		{ "SES-5 without a map the built-in one", without_a_map_the_built_in_one },
		{ "MPF-10 MPF-6 default traffic, first class", default_traffic_and_first_class },
		{ "BYP-6 bypassed traffic has the built-in rules", bypassed_traffic_has_the_built_in_rules },
		{ "SES-5 access rules first; changes count at once", order_and_changes },
		{ "SES-5 options of each fragment", options_of_each_fragment },
		{ NULL, NULL },
	};

	return asa_cunit_main("ip_options", tests);
}
