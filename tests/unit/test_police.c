// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * Policing (MPF-5, MPF-8, MPF-12): the token bucket, and which rows the directions of a connection
 * get and give back.
 */
#include <stdlib.h>
#include <string.h>

#include "asa/police.h"
#include "lib/dialogue.h"

static struct asa_police bucket(__u32 rate, __u32 burst)
{
	return (struct asa_police){ .ns_per_byte = asa_police_ns_per_byte(rate),
				    .burst_us = asa_police_burst_us(burst, rate),
				    .flags = ASA_POLICE_EXCEED_DROP };
}

/* What passes of a stream of packets in ten seconds, in bits per second, the burst left out. */
static double carried(__u32 rate, __u32 burst, __u32 offered, __u32 bytes)
{
	struct asa_police p = bucket(rate, burst);
	__u64 step = (__u64)bytes * 8000000000ull / offered, start = 5000000000000ull, passed = 0;

	for (__u64 t = 0; t < 10000000000ull; t += step)
		if (asa_police_pass(&p, bytes, start + t))
			passed += bytes;
	CU_ASSERT_EQUAL(p.conformed_bytes, passed);
	CU_ASSERT_EQUAL((p.conformed_packets + p.exceeded_packets) * bytes, p.conformed_bytes + p.exceeded_bytes);
	return ((double)passed - (passed > burst ? burst : 0)) * 8 / 10;
}

static void mpf8_the_rate_holds(void)
{
	static const struct {
		__u32 rate, burst, offered, bytes;
		double least, most; /* share of the rate */
	} rows[] = {
		/* rate         burst      offered        bytes   least  most */
		{ 1000000,      10000,     5000000,       1000,   0.99,  1.01 },
		{ 56000,        10500,     1000000,       100,    0.99,  1.01 },
		{ 2000000000u,  375000000u,4000000000u,   60000,  0.99,  1.01 },
		{ 8000,         1500,      100000,        100,    0.99,  1.02 },
		/* below the rate all of it passes, but for what the row's burst hides */
		{ 1000000,      10000,     500000,        1000,   0.49,  0.51 },
		/* a packet larger than the bucket never does */
		{ 1000000,      1000,      500000,        1500,   0,     0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double share = carried(rows[i].rate, rows[i].burst, rows[i].offered, rows[i].bytes) /
			       rows[i].rate;

		if (share < rows[i].least || share > rows[i].most) {
			fprintf(stderr, "row %zu: %.4f of the rate\n", i, share);
			CU_FAIL("row");
		}
	}
}

static void mpf8_actions(void)
{
	struct asa_police p = bucket(8000, 1000);
	__u64 now = 1000000000000ull;

	CU_ASSERT_TRUE(asa_police_pass(&p, 1000, now));
	CU_ASSERT_FALSE(asa_police_pass(&p, 100, now));
	p.flags = 0; /* exceed-action transmit */
	CU_ASSERT_TRUE(asa_police_pass(&p, 100, now));
	p.flags = ASA_POLICE_CONFORM_DROP | ASA_POLICE_EXCEED_DROP;
	CU_ASSERT_FALSE(asa_police_pass(&p, 100, now + 10000000000ull));
	CU_ASSERT_EQUAL(p.conformed_packets, 2);
	CU_ASSERT_EQUAL(p.exceeded_packets, 2);
	CU_ASSERT_EQUAL(p.exceeded_bytes, 200);
}

/* ------------------------------------------------------------------ rows */

static struct model_class *any_class(struct fw *fw, const char *name, const char *acl)
{
	struct model_class *c = MODEL_PUSH(&fw->m->classes);

	snprintf(c->name, sizeof(c->name), "%s", name);
	c->match = acl ? MODEL_MATCH_ACL : MODEL_MATCH_ANY;
	snprintf(c->acl, sizeof(c->acl), "%s", acl ? acl : "");
	return c;
}

static struct model_police *policed(struct fw *fw, const char *map, const char *class_name, const char *ifname,
				    int out, __u32 rate)
{
	struct model_policy_map *pm = MODEL_PUSH(&fw->m->policy_maps);
	struct model_service_policy *sp = MODEL_PUSH(&fw->m->service_policies);
	struct model_policy_class *pc = MODEL_PUSH(&pm->classes);

	snprintf(pm->name, sizeof(pm->name), "%s", map);
	snprintf(pc->class_name, sizeof(pc->class_name), "%s", class_name);
	model_conn_settings_init(&pc->conn);
	pc->police[out].rate = rate;
	snprintf(sp->policy_map, sizeof(sp->policy_map), "%s", map);
	snprintf(sp->ifname, sizeof(sp->ifname), "%s", ifname ? ifname : "");
	sp->global = !ifname;
	return &pc->police[out];
}

static struct policy_service ask(const struct fw *fw, const char *in, const char *out, const char *packet)
{
	struct policy_tuple t = mb_tuple(packet);
	struct policy_service s;

	policy_service_match(fw->p, fw_named(fw, in), fw_named(fw, out), &t, &s);
	return s;
}

/* MPF-5, MPF-8: where it enters, where it leaves, and the answers the other way round. */
static void mpf5_mpf8_directions(void)
{
	struct fw fw = fw_new();
	struct policy_service s;

	any_class(&fw, "all", NULL);
	fw_ace(&fw, "from-net", "permit udp 10.1.1.0/24 any");
	any_class(&fw, "from-net", "from-net");
	policed(&fw, "IN", "from-net", "inside", 0, 64000);
	policed(&fw, "OUT", "all", "outside", 1, 128000);
	CU_ASSERT_EQUAL_FATAL(fw_compile(&fw), 0);
	policy_police_set(fw.p, 0, 0, 7);
	policy_police_set(fw.p, 1, 1, 9);
	s = ask(&fw, "inside", "outside", "udp 10.1.1.5:1 203.0.113.1:2");
	CU_ASSERT_EQUAL(s.police[0][0], 7);
	CU_ASSERT_EQUAL(s.police[0][1], 9);
	CU_ASSERT_EQUAL(s.police[1][0], 0); /* outside has no input policing */
	CU_ASSERT_EQUAL(s.police[1][1], 0); /* inside none of what leaves */
	/* the other way: its answers enter inside, and their source is in the list */
	s = ask(&fw, "outside", "inside", "udp 203.0.113.1:2 10.1.1.5:1");
	CU_ASSERT_EQUAL(s.police[0][0], 0);
	CU_ASSERT_EQUAL(s.police[0][1], 0);
	CU_ASSERT_EQUAL(s.police[1][0], 7);
	CU_ASSERT_EQUAL(s.police[1][1], 9);
	/* neither interface */
	s = ask(&fw, "dmz", "inside", "tcp 10.2.2.2:2 10.1.1.5:1");
	CU_ASSERT_EQUAL(s.police[0][0] | s.police[0][1] | s.police[1][0] | s.police[1][1], 0);
	fw_free(&fw);
}

static __u16 row_of(const struct fake *f, int out)
{
	struct policy_class_row r;

	CU_ASSERT_TRUE_FATAL(policy_class_row(f->fw.p, 0, &r));
	return r.police_row[out];
}

static enum asa_drop udp(struct fake *f, __u16 sport, __u32 payload)
{
	return FAKE_IN(f, .in = IF_INSIDE, .proto = 17, .src = "10.1.1.5", .dst = "203.0.113.1", .sport = sport, .dport = 9,
		       .payload = payload);
}

static struct fake *fake_policed(__u32 rate, __u32 burst, int out)
{
	struct fake *f = fake_new(64);
	struct model_police *p;

	any_class(&f->fw, "all", NULL);
	p = policed(&f->fw, "P", "all", out ? "outside" : "inside", out, rate);
	p->burst = burst;
	fake_route(f, "203.0.113.0", 24, IF_OUTSIDE, "192.0.2.254");
	fake_route(f, "10.1.1.0", 24, IF_INSIDE, NULL);
	fake_start(f);
	return f;
}

/* MPF-8, OBS-1: packets of the slow path take from the same buckets; "rate-exceeded" is counted. */
static void mpf8_slow_path(void)
{
	for (int out = 0; out < 2; out++) {
		struct fake *f = fake_policed(8000, 2100, out);
		const struct asa_police *p = &f->t.police[row_of(f, out)];

		CU_ASSERT_EQUAL(udp(f, 1, 1000), DROP_NONE); /* 1028 bytes, a new connection */
		fake_neigh(f, true);
		CU_ASSERT_EQUAL(p->users, 1);
		CU_ASSERT_EQUAL(udp(f, 1, 1000), DROP_NONE);
		CU_ASSERT_EQUAL(udp(f, 1, 1000), DROP_POLICE);
		CU_ASSERT_EQUAL(udp(f, 2, 1000), DROP_POLICE); /* the bucket is the class's */
		CU_ASSERT_EQUAL(p->conformed_packets, 2);
		CU_ASSERT_EQUAL(p->conformed_bytes, 2 * 1028);
		CU_ASSERT_EQUAL(p->exceeded_packets, 2);
		fake_flush(f);
		CU_ASSERT_EQUAL(fake_drops(f, DROP_POLICE), 2);
		/* a packet dropped where it enters makes no connection; where it leaves it has made one */
		CU_ASSERT_EQUAL(fake_in_use(f), out ? 2 : 1);
		fake_end(f);
	}
}

static void mpf12_rows_and_their_users(void)
{
	struct fake *f = fake_policed(64000, 2000, 0);
	__u16 first = row_of(f, 0), second;

	CU_ASSERT_NOT_EQUAL(first, 0);
	CU_ASSERT_EQUAL(f->t.police[first].flags, ASA_POLICE_EXCEED_DROP);
	CU_ASSERT_EQUAL(f->t.police[first].burst_us, 250000);
	CU_ASSERT_EQUAL(udp(f, 1, 100), DROP_NONE);
	/* a change of something else: the same row with its numbers */
	any_class(&f->fw, "other", NULL);
	fake_recompile(f);
	CU_ASSERT_EQUAL(row_of(f, 0), first);
	CU_ASSERT_EQUAL(f->t.police[first].conformed_packets, 1);
	/* a restart, too, with its users */
	fake_restart(f);
	CU_ASSERT_EQUAL(row_of(f, 0), first);
	CU_ASSERT_EQUAL(f->t.police[first].users, 1);
	CU_ASSERT_EQUAL(f->t.police[first].conformed_packets, 1);
	/* a connection keeps its row when the rate changes, a new one gets the new row */
	f->fw.m->policy_maps.v[0].classes.v[0].police[0].rate = 32000;
	fake_recompile(f);
	second = row_of(f, 0);
	CU_ASSERT_NOT_EQUAL(second, first);
	CU_ASSERT_EQUAL(f->t.police[first].ns_per_byte, asa_police_ns_per_byte(64000));
	CU_ASSERT_EQUAL(udp(f, 2, 100), DROP_NONE);
	CU_ASSERT_EQUAL(f->t.police[second].users, 1);
	CU_ASSERT_EQUAL(udp(f, 1, 100), DROP_NONE);
	CU_ASSERT_EQUAL(f->t.police[first].conformed_packets, 2);
	/* no police any more: both go on as they began, and the rows are nobody's after them */
	f->fw.m->policy_maps.v[0].classes.v[0].police[0].rate = 0;
	fake_recompile(f);
	CU_ASSERT_EQUAL(udp(f, 2, 100), DROP_NONE);
	CU_ASSERT_EQUAL(f->t.police[second].conformed_packets, 2);
	CU_ASSERT_EQUAL(udp(f, 3, 100), DROP_NONE);
	CU_ASSERT_EQUAL(f->t.police[first].users + f->t.police[second].users, 2);
	fake_end(f);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "MPF-8 the rate holds", mpf8_the_rate_holds },
		{ "MPF-8 actions", mpf8_actions },
		{ "MPF-5 MPF-8 directions", mpf5_mpf8_directions },
		{ "MPF-8 OBS-1 slow path", mpf8_slow_path },
		{ "MPF-12 rows and their users", mpf12_rows_and_their_users },
		{ NULL, NULL },
	};

	return asa_cunit_main("police", tests);
}
