// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/policy/%.o */
/*
 * Management rules as rows of asa_mgmt (SES-4): the longest match over the rows says what the first
 * match over the lines says, for lists made by hand and at random.
 */
#include "lib/cunit.h"
#include "lib/model_build.h"

static __u32 seed = 7;
static __u32 rnd(__u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void line(struct fw *fw, const char *text)
{
	strcpy(((struct model_mgmt *)MODEL_PUSH(&fw->m->mgmt))->text, text);
}

static bool key_covers(const struct asa_mgmt_key *row, const struct asa_mgmt_key *k)
{
	const __u8 *a = (const __u8 *)&row->ifindex, *b = (const __u8 *)&k->ifindex;
	__u32 bytes = row->prefixlen / 8, bits = row->prefixlen % 8;

	return !memcmp(a, b, bytes) && (!bits || (a[bytes] ^ b[bytes]) >> (8 - bits) == 0);
}

/* What the kernel's trie answers. => the row's index, -1 none */
static int longest(const struct asa_mgmt_row *rows, size_t n, const struct asa_mgmt_key *k)
{
	int best = -1;

	for (size_t i = 0; i < n; i++)
		if (key_covers(&rows[i].key, k) &&
		    (best < 0 || rows[i].key.prefixlen > rows[best].key.prefixlen))
			best = (int)i;
	return best;
}

/* As bpf/host.bpf.h asks. */
static bool rows_permit(const struct asa_mgmt_row *rows, size_t n, const struct policy_if *in,
			const struct policy_tuple *t)
{
	struct asa_mgmt_key k = { .prefixlen = 224, .ifindex = in->ifindex, .vlan = in->vlan,
				  .proto = t->proto, .src = t->src };
	int row;

	if (t->proto == IPPROTO_TCP) {
		k.port = asa_htons(t->dport);
	} else {
		k.icmp_type = t->icmp_type;
		row = longest(rows, n, &k);
		if (row >= 0)
			return rows[row].value.verdict == ASA_MGMT_PERMIT;
		k.icmp_type = 0;
		k.port = ASA_MGMT_OTHER_TYPES;
	}
	row = longest(rows, n, &k);
	return row < 0 || rows[row].value.verdict == ASA_MGMT_PERMIT;
}

static void rows_by_hand(void)
{
	struct fw fw = fw_new();
	struct asa_mgmt_row *rows;
	size_t n;

	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL_FATAL(policy_mgmt_rows(fw.p, &rows, &n), 0);
	CU_ASSERT_EQUAL(n, 0);
	free(rows);
	line(&fw, "icmp deny host 10.1.1.9 inside");
	line(&fw, "icmp permit any inside");
	line(&fw, "icmp permit host 10.1.1.9 inside"); /* never reached, and makes no row */
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_EQUAL_FATAL(policy_mgmt_rows(fw.p, &rows, &n), 0);
	CU_ASSERT_EQUAL_FATAL(n, 3);
	CU_ASSERT_EQUAL(rows[0].key.prefixlen, 96 + 128);
	CU_ASSERT_EQUAL(rows[0].value.verdict, ASA_MGMT_DENY);
	CU_ASSERT_EQUAL(rows[1].key.prefixlen, 96 + 96);
	CU_ASSERT_EQUAL(rows[1].value.verdict, ASA_MGMT_PERMIT);
	CU_ASSERT_EQUAL(rows[2].key.prefixlen, 96);
	CU_ASSERT_EQUAL(rows[2].value.verdict, ASA_MGMT_DENY);
	free(rows);
	fw_free(&fw);
}

/* "http server enable PORT" moves what "http" lines are about. */
static void http_on_another_port(void)
{
	struct fw fw = fw_new();
	struct policy_tuple t = mb_tuple("tcp 192.0.2.9:1 10.1.1.254:443");

	line(&fw, "http 10.1.1.0 255.255.255.0 inside");
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_FALSE(policy_host_access(fw.p, fw_named(&fw, "inside"), &t));
	fw.m->http_port = 8443;
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	CU_ASSERT_TRUE(policy_host_access(fw.p, fw_named(&fw, "inside"), &t));
	t.dport = 8443;
	CU_ASSERT_FALSE(policy_host_access(fw.p, fw_named(&fw, "inside"), &t));
	fw_free(&fw);
}

static void random_lines(struct fw *fw)
{
	static const char *const from4[] = { "any", "host 10.1.1.9", "10.1.0.0 255.255.0.0",
					     "10.1.1.0 255.255.255.0", "host 192.0.2.9",
					     "10.1.1.8 255.255.255.252" };
	static const char *const from6[] = { "any", "2001:db8::/32", "2001:db8:1::/64",
					     "host 2001:db8:1::9" };
	static const char *const types4[] = { "", "echo ", "unreachable ", "13 " };
	static const char *const types6[] = { "", "echo ", "packet-too-big " };
	static const char *const ifs[] = { "inside", "outside" };
	static const char *const services[] = { "ssh", "telnet", "http" };
	char text[128];

	fw_free(fw);
	*fw = fw_new();
	for (int i = rnd(9); i > 0; i--) {
		const char *who = ifs[rnd(2)], *what = rnd(2) ? "permit" : "deny";

		switch (rnd(4)) {
		case 0:
			snprintf(text, sizeof(text), "%s %s %s", services[rnd(3)], from4[2 + rnd(2)], who);
			break;
		case 1:
			snprintf(text, sizeof(text), "%s %s %s", services[rnd(3)], from6[1 + rnd(2)], who);
			break;
		case 2:
			snprintf(text, sizeof(text), "ipv6 icmp %s %s %s%s", what, from6[rnd(4)],
				 types6[rnd(3)], who);
			break;
		default:
			snprintf(text, sizeof(text), "icmp %s %s %s%s", what, from4[rnd(6)],
				 types4[rnd(4)], who);
		}
		line(fw, text);
	}
}

static const char *const packets[] = {
	"tcp 10.1.1.9:1 10.1.1.254:22",	      "tcp 10.1.2.9:1 10.1.1.254:22",
	"tcp 192.0.2.9:1 10.1.1.254:23",      "tcp 10.1.1.9:1 10.1.1.254:443",
	"tcp 10.1.1.9:1 10.1.1.254:80",	      "tcp [2001:db8:1::9]:1 [2001:db8:1::fe]:22",
	"tcp [2001:db8:2::9]:1 [2001:db8:1::fe]:443", "icmp 10.1.1.9:8 10.1.1.254",
	"icmp 10.1.1.9:13 10.1.1.254",	      "icmp 10.1.1.77:3 10.1.1.254",
	"icmp 192.0.2.9:8 10.1.1.254",	      "icmp 192.0.2.10:0 10.1.1.254",
	"icmp6 [2001:db8:1::9]:128 [2001:db8:1::fe]", "icmp6 [2001:db8:1::9]:2 [2001:db8:1::fe]",
	"icmp6 [2001:db8:7::9]:129 [2001:db8:1::fe]", "udp 10.1.1.9:1 10.1.1.254:22",
};
#define N_PACKETS (sizeof(packets) / sizeof(packets[0]))

static void rows_say_what_the_lines_say(void)
{
	struct fw fw = fw_new();
	int denied = 0;

	for (int round = 0; round < 400; round++) {
		struct asa_mgmt_row *rows;
		size_t n;

		random_lines(&fw);
		CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
		CU_ASSERT_EQUAL_FATAL(policy_mgmt_rows(fw.p, &rows, &n), 0);
		for (size_t i = 0; i < N_PACKETS * 2; i++) {
			const struct policy_if *in = fw_named(&fw, i % 2 ? "inside" : "outside");
			struct policy_tuple t = mb_tuple(packets[i / 2]);
			bool lines = policy_host_access(fw.p, in, &t);

			CU_ASSERT_EQUAL(rows_permit(rows, n, in, &t), lines);
			denied += !lines;
		}
		free(rows);
	}
	CU_ASSERT_TRUE(denied > 1000);
	fw_free(&fw);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-4 rows made by hand", rows_by_hand },
		{ "SES-4 http on another port", http_on_another_port },
		{ "SES-4 rows say what the lines say", rows_say_what_the_lines_say },
		{ NULL, NULL },
	};

	return asa_cunit_main("host", tests);
}
