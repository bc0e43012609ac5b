// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o tests/lib/pcap.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * The TCP of the shared corpus through connections that are put in order, with a recorder in the
 * place of an inspector (NRM-33): no byte may leave that the recorder did not see before, and it must
 * be the same byte. Two ways: with check-retransmission, where different copies are dropped, and
 * without, where they are replaced by the first.
 *
 * Checksums are made right before, but in captures that are about checksums: many were taken in
 * front of a network card that would have filled them in. Every byte sequence is a capture's; the
 * clock is not, so that nothing times out.
 */
#include <stdlib.h>

#include "inspect/inspect.h"
#include "lib/dialogue.h"
#include "tests/lib/pcap.h"

#define FILES_MAX 4096
#define SLOTS 1024
#define STREAM_MAX (1u << 20)
#define ROOM (FRAME_SIZE - FRAME_HEADROOM)

struct stream {
	__u64 id; /* of the connection */
	__u32 first, n;
	__u8 *bytes; /* STREAM_MAX */
};

struct recorder {
	struct fake *f;
	struct stream s[SLOTS][2];
	unsigned shown, compared, frames;
};

static __u64 slot_id(const struct fake *f, __u32 slot)
{
	return f->t.sessions[slot].id;
}

static enum asa_drop record(void *arg, __u32 slot, int dir, __u32 seq, const __u8 *p, __u32 n)
{
	struct recorder *r = arg;
	struct stream *s = &r->s[slot][dir];

	if (s->id != slot_id(r->f, slot)) {
		s->id = slot_id(r->f, slot);
		s->first = seq;
		s->n = 0;
		if (!s->bytes)
			s->bytes = malloc(STREAM_MAX);
	}
	if (seq != s->first + s->n) {
		/* a handshake that began again with another number */
		CU_ASSERT_FALSE(r->f->t.conns[slot].half[!dir].tcp & ASA_HALF_ACKED);
		s->first = seq;
		s->n = 0;
	}
	if (s->n + n > STREAM_MAX)
		return DROP_INTERNAL_ERROR;
	memcpy(s->bytes + s->n, p, n);
	s->n += n;
	r->shown += n;
	return DROP_NONE;
}

static void record_fin(void *arg, __u32 slot, int dir)
{
}

/* What has left: all of it shown before, and the same. */
static bool left_was_shown(struct recorder *r)
{
	struct fake *f = r->f;
	bool good = true;
	int i;

	for (i = 0; i < f->n_sent; i++) {
		struct frame *fr = f->sent[i];
		const struct stream *s;
		const struct asa_half *peer;
		struct asa_pkt p;
		__u32 ref, at, k;

		if (asa_parse(&p, fr->data, fr->data + fr->len, 1) || p.proto != ASA_PROTO_TCP ||
		    !(p.flags & ASA_PKT_L4) || p.flags & ASA_PKT_FRAGMENT || p.tcp.flags & R)
			continue;
		good &= fake_checksums_good(&p);
		ref = session_find(f->asa.sessions, &p.key);
		if (!p.tcp.size || !ref || !session_row(f->asa.sessions, ASA_REF_SLOT(ref)))
			continue;
		s = &r->s[ASA_REF_SLOT(ref)][ASA_REF_DIR(ref)];
		peer = &f->t.conns[ASA_REF_SLOT(ref)].half[!ASA_REF_DIR(ref)];
		if (s->id != slot_id(f, ASA_REF_SLOT(ref))) {
			printf("      bytes left of a stream that was never shown\n");
			good = false;
			continue;
		}
		for (k = 0; k < p.tcp.size; k++) {
			at = p.tcp.seq + ((p.tcp.flags & S) != 0) + k - s->first;
			/* the receiver has it, and does not look at another copy */
			if ((__s32)at < 0 ||
			    (peer->tcp & ASA_HALF_ACKED && (__s32)(s->first + at - peer->ack) < 0))
				continue;
			r->compared++;
			if (at < s->n && s->bytes[at] == ((__u8 *)p.l4)[p.tcp.header + k])
				continue;
			printf("      byte %u of %u: %s\n", at, s->n, at < s->n ? "another" : "not shown");
			good = false;
			break;
		}
	}
	fake_forget_sent(f);
	return good;
}

static void checksum_right(__u8 *frame, __u32 size)
{
	struct asa_pkt p;
	__u64 sum;

	if (asa_parse(&p, frame, frame + size, 1) || p.proto != ASA_PROTO_TCP ||
	    p.flags & ASA_PKT_FRAGMENT || !(p.flags & ASA_PKT_L4))
		return;
	if (p.flags & ASA_PKT_IPV4) {
		asa_st16((__u8 *)p.l3 + ASA_IP4_CHECK, 0);
		sum = asa_csum_add_bytes(0, p.l3, (asa_ld8(p.l3) & 15) * 4u);
		asa_st16((__u8 *)p.l3 + ASA_IP4_CHECK, (__u16)~asa_csum_fold(sum));
	}
	asa_st16((__u8 *)p.l4 + ASA_TCP_CHECK, 0);
	sum = asa_htonl(p.l4_size) + (__u64)asa_htonl(ASA_PROTO_TCP);
	if (p.flags & ASA_PKT_IPV4)
		sum = asa_csum_add_bytes(sum, (__u8 *)p.l3 + ASA_IP4_SRC, 8);
	else
		sum = asa_csum_add_bytes(sum, (__u8 *)p.l3 + ASA_IP6_SRC, 32);
	sum = asa_csum_add_bytes(sum, p.l4, p.l4_size);
	asa_st16((__u8 *)p.l4 + ASA_TCP_CHECK, (__u16)~asa_csum_fold(sum));
}

/* Who speaks first is inside. */
static __u32 side_of(struct fake *f, const struct asa_key *k, struct asa_addr *inside, int *n)
{
	int i;

	for (i = 0; i < *n; i++)
		if (asa_addr_equal(&inside[i], &k->src) || asa_addr_equal(&inside[i], &k->dst))
			return asa_addr_equal(&inside[i], &k->src) ? IF_INSIDE : IF_OUTSIDE;
	if (*n == 6)
		return IF_INSIDE;
	inside[(*n)++] = k->src;
	fake_route(f, mb_text(&k->src), asa_addr_is_v4(&k->src) ? 32 : 128, IF_INSIDE, NULL);
	return IF_INSIDE;
}

static void ordered_class(struct fake *f, __u32 flags)
{
	struct model_tcp_map *map = MODEL_PUSH(&f->fw.m->tcp_maps);
	struct model_policy_class *pc;

	fw_ace(&f->fw, "all", "permit ip any any");
	fw_access_group(&f->fw, "all", "in", "inside");
	fw_access_group(&f->fw, "all", "in", "outside");
	f->fw.m->same_security_intra = true;
	fw_ace(&f->fw, "tcp", "permit tcp any any");
	bypass_class(f, NULL, "tcp");
	pc = &f->fw.m->policy_maps.v[0].classes.v[0];
	pc->conn.bypass = false;
	pc->conn.random_seq = 0;
	snprintf(pc->conn.tcp_map, sizeof(pc->conn.tcp_map), "order");
	snprintf(map->name, sizeof(map->name), "order");
	asa_tcp_map_default(&map->map);
	map->map.queue_limit = 50;
	map->map.flags |= flags | ASA_TM_SYNACK_DATA_ALLOW | ASA_TM_URGENT_ALLOW;
}

static void run_file(struct recorder *r, const char *path, __u32 flags)
{
	struct pcap_file *p = malloc(sizeof(*p));
	const struct inspect_stream watch = { record, record_fin, r };
	struct fake *f = fake_new(SLOTS);
	struct asa_addr inside[6];
	int size, n_inside = 0;
	unsigned n = 0;

	r->f = f;
	ordered_class(f, flags);
	f->no_log = true;
	fake_start(f);
	engine_watch_streams(f->asa.engine, &watch);
	CU_ASSERT_FATAL(pcap_open(p, path) == 0);
	while ((size = pcap_next(p)) > 0) {
		struct frame *fr;
		struct asa_pkt q;

		n++;
		if ((__u32)size > ROOM || asa_parse(&q, p->frame, p->frame + size, 1) ||
		    q.flags & ASA_PKT_HOST || q.proto != ASA_PROTO_TCP)
			continue;
		if (!strstr(path, "chksum"))
			checksum_right(p->frame, (__u32)size);
		fr = frame_get(f->ops.pool);
		memcpy(fr->data, p->frame, (size_t)size);
		fr->len = (__u32)size;
		fr->in_ifindex = side_of(f, &q.key, inside, &n_inside);
		f->received[fr->in_ifindex]++;
		r->frames++;
		engine_batch(f->asa.engine, &f->ops, &fr, 1, f->now);
		f->now++;
		if (!left_was_shown(r)) {
			printf("      %s, frame %u\n", path, n);
			CU_FAIL("what left is not what was shown");
		}
	}
	pcap_close(p);
	free(p);
	fake_end(f);
}

static void run_corpus(__u32 flags)
{
	static char *files[FILES_MAX];
	static const char *dir;
	static int n_files;
	struct recorder *r;
	int i, k;

	if (!n_files)
		n_files = pcap_corpus(files, FILES_MAX, &dir);
	if (!n_files) {
		ASA_SKIP("there are no captures at ASA_CORPUS or ../shared/corpus");
		return;
	}
	r = calloc(1, sizeof(*r));
	for (i = 0; i < n_files; i++) {
		for (k = 0; k < SLOTS; k++)
			r->s[k][0].id = r->s[k][1].id = 0;
		run_file(r, files[i], flags);
	}
	printf("      %u TCP frames of %d captures: %u bytes shown, %u compared as they left\n", r->frames,
	       n_files, r->shown, r->compared);
	CU_ASSERT_TRUE(r->shown > 100000 && r->compared > 100000);
	for (k = 0; k < SLOTS; k++) {
		free(r->s[k][0].bytes);
		free(r->s[k][1].bytes);
	}
	free(r);
}

static void nrm33_no_byte_leaves_that_was_not_shown(void)
{
	run_corpus(0);
}

static void nrm15_no_byte_leaves_that_was_not_shown(void)
{
	run_corpus(ASA_TM_CHECK_RETRANSMISSION);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "nrm33_no_byte_leaves_that_was_not_shown", nrm33_no_byte_leaves_that_was_not_shown },
		{ "nrm15_no_byte_leaves_that_was_not_shown", nrm15_no_byte_leaves_that_was_not_shown },
		{ NULL, NULL },
	};

	return asa_cunit_main("order_corpus", tests);
}
