// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/world.o tests/lib/pkt.o */
/*
 * The short way of usual frames (bpf/usual.bpf.h) against the full path: SES-8, BYP-5, NRM-31.
 *
 * The object is loaded twice, once without the short way. Both get the same random connections and
 * the same random frames, most of them nearly usual; the verdict, the bytes, every counter, the
 * connection and the events must be the same. A row of the census at the end says how often each
 * thing happened, so that the comparison is known to have compared something.
 */
#include <stdlib.h>

#include <asa/tcp_norm.h>

#include "lib/cunit.h"
#include "lib/world.h"

enum { CASES = 2000, FRAMES = 4 };

static struct world shortcut, reference;
static uint64_t state = 0x853c49e6748fea9bull;
static struct { int forwarded, bypassed, dropped, punted, others, nat, seq, v6, options; } census;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % n;
}

/* True once in n times. */
static bool rarely(uint32_t n)
{
	return !rnd(n);
}

static uint32_t around(uint32_t x)
{
	static const uint32_t off[] = { 0, 0, 0, 0, 0, 1, 5, 100, 1000, 9000, 70000, 1u << 31 };
	uint32_t d = off[rnd(sizeof(off) / sizeof(off[0]))];

	return rnd(2) ? x + d : x - d;
}

static const char *const options[] = {
	"\1\1\10\12\0\0\0\5\0\0\0\2", /* timestamp: 12 */
	"\1\1\10\12\0\0\0\1\0\0\0\2\1\1\5\12\0\0\23\211\0\0\23\222", /* and SACK: 24 */
	"\1\1\5\12\0\0\23\211\0\0\23\222", /* SACK alone: 12 */
	"\36\4ab", /* unknown: 4 */
	"\1\1\1\0", /* 4 */
	"\23\22abcdefghijklmnop\1\1", /* MD5: 20 */
};
static const uint8_t options_size[] = { 12, 24, 12, 4, 4, 20 };

static void frame_random(struct pkt *p, const struct asa_conn *c, int d)
{
	static const uint8_t flags[] = { 0x10, 0x18, 0x10, 0x18, 0x10, 0x50, 0x90, 0x11, 0x04,
					 0x14, 0x02, 0x12, 0x30, 0x00, 0x29 };
	int o;

	p->payload = (uint16_t)(rarely(8) ? 0 : rarely(20) ? 1450 : rnd(60));
	p->ttl = (uint8_t)(rarely(10) ? 1 + rnd(3) : 64);
	p->df = rnd(2);
	p->pad = (uint16_t)(rarely(6) ? rnd(12) : 0);
	if (rarely(25))
		p->frag = (uint16_t)(rarely(2) ? 0x2000 : 0x00b9);
	if (rarely(25))
		p->ip_options = 8;
	if (rarely(25)) {
		p->n_tags = 1;
		p->vlan[0] = 12;
	}
	if (p->proto == 17) {
		p->no_checksum = rarely(10);
		return;
	}
	p->flags = flags[rarely(3) ? rnd(sizeof(flags)) : rnd(7)];
	p->seq = around(c->half[d].seq_end);
	p->ack = around(c->half[!d].seq_end) + c->half[!d].seq_add;
	p->window = (uint16_t)(rarely(5) ? rnd(65536) : 8192);
	if (rarely(3)) {
		o = (int)rnd(sizeof(options_size));
		p->options = options[rarely(2) ? 0 : o];
		p->options_size = options_size[p->options == options[0] ? 0 : o];
	}
}

static void conn_random(struct asa_conn *c, const struct world *w, bool tcp)
{
	static const uint16_t some[] = { ASA_DIR_BYPASS, ASA_DIR_SEQ, ASA_DIR_DEC_TTL,
					 ASA_DIR_PUNT_SYN, ASA_DIR_INSPECT, ASA_DIR_HOLD,
					 ASA_DIR_TCPMAP, ASA_DIR_ORDER, ASA_DIR_POLICE,
					 ASA_DIR_PROBE, ASA_DIR_TS };

	for (int d = 0; d < 2; d++) {
		struct asa_dir *dir = &c->dir[d];
		struct asa_half *h = &c->half[d];

		for (uint32_t i = 0; i < 11; i++)
			if (rarely(i < 4 ? 4 : 40))
				dir->flags |= some[i];
		if (!tcp)
			dir->flags &= (uint16_t)~(ASA_DIR_SEQ | ASA_DIR_BYPASS);
		if (rarely(30))
			dir->flags &= (uint16_t)~ASA_DIR_VALID;
		dir->nexthop = (uint16_t)(rarely(20) ? rnd(6) : 1);
		dir->gen = (uint16_t)(w->cfg.route_gen - rarely(20));
		dir->in_if = (uint16_t)(rarely(3) ? rarely(5) ? 9 : LO : 0);
		dir->key.vlan = (uint16_t)(rarely(10) ? 12 : 0);
		h->seq_add = dir->flags & ASA_DIR_SEQ ? rnd(0xffffffff) : 0;
		h->isn = rnd(0xffffffff);
		h->seq_end = h->isn + 1 + (rarely(3) ? 0 : rnd(100000));
		h->win_max = rarely(5) ? 1 : 8192;
		h->wscale = (uint8_t)rnd(16);
		h->ttl = rarely(2) ? 64 : (uint8_t)(rarely(3) ? 63 : 0);
		h->tcp_map = (uint8_t)(rarely(20) ? 1 + rnd(3) : 0);
		h->ts_recent = rarely(2) ? 3 : 0;
		h->tcp = (uint8_t)(rarely(8) ? rnd(256) : ASA_HALF_SYN | ASA_HALF_ACKED);
		if (rarely(3))
			h->tcp |= ASA_HALF_WSCALE;
	}
	for (int d = 0; d < 2; d++) {
		c->half[d].ack = around(c->half[!d].seq_end);
		c->half[d].edge = c->half[d].ack + c->half[d].win_max;
	}
}

static void worlds_prepare(void)
{
	struct world *both[2] = { &shortcut, &reference };

	for (int i = 0; i < 2; i++) {
		struct asa_nexthop nh = { .ifindex = OUT_A, .flags = ASA_NH_VALID, .mtu = 1000,
					  .dmac = { 2, 0, 0, 0, 2, 0x80 },
					  .smac = { 2, 0, 0, 0, 1, 1 } };

		world_reset(both[i]);
		world_nexthop(both[i], 2, &nh);
		nh.flags = ASA_NH_VALID | ASA_NH_VLAN;
		nh.vlan_proto = asa_htons(0x8100);
		nh.vlan_tci = asa_htons(7);
		world_nexthop(both[i], 3, &nh);
		nh.flags = 0;
		world_nexthop(both[i], 4, &nh);
		nh.flags = ASA_NH_VALID;
		nh.ifindex = 999; /* no such device */
		world_nexthop(both[i], 5, &nh);
		world_tcp_map(both[i], 2, &(struct asa_tcp_map){ .flags = ASA_TM_RESERVED_DROP });
	}
}

/* Times are those of two runs, one after the other; of urgent flags one in a tick is told. */
static void times_forget(struct result *r, struct asa_conn *c, struct world *w)
{
	int n = 0;

	r->meta.tick = 0;
	for (int d = 0; d < 2; d++)
		c->dir[d].seen = 0;
	for (int i = 0; i < w->n_events; i++)
		if (w->events[i].type != ASA_EVENT_URGENT)
			w->events[n++] = w->events[i];
	w->n_events = n;
	for (int i = 0; i < n; i++)
		w->events[i].tick = 0;
}

static void census_take(const struct result *r, const struct asa_conn *c, const struct pkt *p)
{
	if (r->delta.punts[PUNT_NO_FLOW].packets || r->verdict == XDP_PASS)
		census.others++;
	else if (r->delta.stats[STAT_HIT].packets)
		census.forwarded++;
	else if (r->delta.stats[STAT_HIT_BYPASS].packets)
		census.bypassed++;
	else if (r->verdict == XDP_DROP)
		census.dropped++;
	else
		census.punted++;
	if (!r->delta.stats[STAT_HIT].packets)
		return;
	census.nat += (c->dir[0].flags & ASA_DIR_NAT) != 0;
	census.seq += ((c->dir[0].flags | c->dir[1].flags) & ASA_DIR_SEQ) != 0;
	census.v6 += strchr(p->src, ':') != NULL;
	census.options += p->options_size != 0;
}

/* => what differs, or NULL */
static const char *both_run(const uint8_t *frame, uint32_t size, uint32_t slot, const struct pkt *p)
{
	struct asa_session ss, sr;
	struct asa_conn cs, cr;
	struct result s, r;

	if (world_run(&shortcut, frame, size, LO, &s) || world_run(&reference, frame, size, LO, &r))
		return "test run";
	cs = world_slot(&shortcut, slot);
	cr = world_slot(&reference, slot);
	ss = world_session(&shortcut, slot);
	sr = world_session(&reference, slot);
	times_forget(&s, &cs, &shortcut);
	times_forget(&r, &cr, &reference);
	census_take(&r, &cr, p);
	/* one forged frame in a tick goes to the daemon */
	if (r.delta.punts[PUNT_ADDRESS].packets || s.delta.punts[PUNT_ADDRESS].packets)
		return NULL;
	if (s.verdict != r.verdict)
		return "verdict";
	if (s.size != r.size || memcmp(s.frame, r.frame, r.size))
		return "bytes";
	if (memcmp(&s.meta, &r.meta, sizeof(r.meta)))
		return "metadata";
	if (memcmp(&s.delta, &r.delta, sizeof(r.delta)))
		return "counters";
	if (memcmp(&cs, &cr, sizeof(cr)))
		return "connection";
	if (memcmp(&ss, &sr, sizeof(sr)))
		return "the daemon's row";
	if (shortcut.n_events != reference.n_events ||
	    memcmp(shortcut.events, reference.events,
		   (size_t)reference.n_events * sizeof(reference.events[0])))
		return "events";
	return NULL;
}

/* The same connection in both, at home or not, homes in use or not. => its slot */
static uint32_t conn_make(const struct pkt *in, const struct pkt *out)
{
	uint32_t homes = rarely(2) ? (WORLD_SLOTS - ASA_DENSE_SLOTS) / ASA_SET_SLOTS : 0, slot = 1 + rnd(50);
	struct world *both[2] = { &shortcut, &reference };
	struct asa_session s = { .id = WORLD_ID };
	struct asa_conn c;

	for (int i = 0; i < 2; i++) {
		both[i]->cfg.homes = homes;
		world_config(both[i]);
		if (!i && homes && !rarely(3))
			slot = world_home(both[i], in, rnd(2));
		world_conn(both[i], slot, in, out, 0);
	}
	c = world_slot(&shortcut, slot);
	conn_random(&c, &shortcut, in->proto == 6);
	for (int d = 0; d < 2; d++) {
		s.rest[d].ts_add = rnd(2) ? c.half[d].seq_end : rnd(0xffffffff); /* or hold_seq */
		s.rest[d].mss = 1460;
	}
	for (int i = 0; i < 2; i++) {
		world_slot_set(both[i], slot, &c);
		world_session_set(both[i], slot, &s);
	}
	return slot;
}

static void random_frames_agree(void)
{
	static const char *const address[2][4] = {
		{ "10.1.1.10", "198.51.100.80", "192.0.2.10", "203.0.113.9" },
		{ "2001:db8:1::10", "2001:db8:2::80", "2001:db8:3::10", "2001:db8:4::9" },
	};
	static struct pkt in, out, p;
	uint8_t frame[PKT_MAX];
	const char *differs;
	int wrong = 0;

	worlds_prepare();
	for (int i = 0; i < CASES && wrong < 5; i++) {
		const char *const *a = address[rarely(3)];
		bool nat = rnd(2);
		uint32_t slot;

		in = (struct pkt){ .src = a[0], .dst = a[1], .proto = rarely(3) ? 17 : 6,
				   .sport = (uint16_t)(1024 + i), .dport = 80 };
		out = in;
		out.src = a[2];
		out.sport = (uint16_t)(2000 + rnd(1000));
		if (i % 24 == 0)
			worlds_prepare(); /* the small index is full */
		slot = conn_make(&in, nat ? &out : NULL);
		for (int k = 0; k < FRAMES && wrong < 5; k++) {
			struct asa_conn c = world_slot(&shortcut, slot);
			int d = rarely(2);
			uint32_t size;

			p = in;
			if (d) {
				const struct pkt *o = nat ? &out : &in;

				p = (struct pkt){ .src = o->dst, .dst = o->src, .proto = o->proto,
						  .sport = o->dport, .dport = o->sport };
			}
			frame_random(&p, &c, d);
			size = (uint32_t)pkt_build(frame, &p);
			if (rarely(15))
				frame[rnd(size < 70 ? size : 70)] ^= (uint8_t)(1u << rnd(8));
			if (rarely(30) && size > 20)
				size = 15 + rnd(size - 15);
			differs = both_run(frame, size, slot, &p);
			if (!differs)
				continue;
			wrong++;
			printf("case %d frame %d: %s (proto %d flags %#x slot flags %#x %#x)\n", i, k,
			       differs, p.proto, p.flags, c.dir[0].flags, c.dir[1].flags);
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	printf("    forwarded %d (NAT %d, randomized %d, IPv6 %d, options %d), bypassed %d, dropped %d, "
	       "punted %d, other %d\n", census.forwarded, census.nat, census.seq, census.v6,
	       census.options, census.bypassed, census.dropped, census.punted, census.others);
	CU_ASSERT(census.forwarded > CASES && census.nat > 500 && census.seq > 100);
	CU_ASSERT(census.v6 > 500 && census.options > 100 && census.bypassed > 300);
	CU_ASSERT(census.dropped > 500 && census.punted > 500 && census.others > 200);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-8 BYP-5 NRM-31: the short way does what the full path does", random_frames_agree },
		{ NULL, NULL },
	};
	const char *why = world_open(&shortcut, "build/asa_xdp.bpf.o");
	int status;

	if (!why)
		why = world_open_beside(&reference, &shortcut, "build/tests/full.bpf.o");
	if (why) {
		printf("SKIP  usual: %s\n0 passed, 0 failed, 1 skipped\n", why);
		return 0;
	}
	status = asa_cunit_main("usual", tests);
	world_close(&reference);
	world_close(&shortcut);
	return status;
}
