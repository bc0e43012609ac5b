// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any frame through parsing and rewriting with any instructions (SES-5).
 *
 * Input: 64 bytes of instructions, then the frame, which is copied to a block of its exact size.
 * Checked: ASan; and that the ones-complement sum over what each checksum covers, the checksum
 * included, is the same before and after, whatever it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <asa/hash.h>
#include <asa/rewrite.h>

#define CHECK(cond)              \
	do {                     \
		if (!(cond))     \
			abort(); \
	} while (0)

struct instructions {
	uint16_t flags;
	uint16_t sport;
	uint16_t dport;
	uint8_t pad[2];
	uint32_t own_add;
	uint32_t other_add;
	struct asa_addr src;
	struct asa_addr dst;
	uint8_t pad2[16];
};
_Static_assert(sizeof(struct instructions) == 64, "instructions are 64 bytes");

/* Sums modulo 0xffff: 0 and 0xffff are the same number. */
static uint16_t sum_of(uint32_t sum, const uint8_t *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? 0 : (uint16_t)sum;
}

static uint16_t l3_sum(const struct asa_pkt *p)
{
	return p->flags & ASA_PKT_IPV4 ? sum_of(0, p->l3, (size_t)(p->l4_off - p->l3_off)) : 0;
}

static uint16_t l4_sum(const struct asa_pkt *p)
{
	uint32_t pseudo = 0;

	if (!(p->flags & (ASA_PKT_TCP | ASA_PKT_UDP | ASA_PKT_ICMP)))
		return 0;
	if ((p->flags & ASA_PKT_UDP) && !asa_ld16(p->l4 + ASA_UDP_CHECK))
		return 0;
	if (p->flags & ASA_PKT_IPV6)
		pseudo = sum_of(0, (uint8_t *)p->l3 + ASA_IP6_SRC, 32);
	else if (!(p->flags & ASA_PKT_ICMP))
		pseudo = sum_of(0, (uint8_t *)p->l3 + ASA_IP4_SRC, 8);
	return sum_of(pseudo, p->l4, p->l4_size);
}

static void instruct(struct asa_conn *c, const struct instructions *in, const struct asa_pkt *p)
{
	struct asa_dir *dir = c->dir;

	memset(c, 0, sizeof(*c));
	dir[0].key = p->key;
	asa_key_reverse(&dir[1].key, &p->key);
	if (p->flags & ASA_PKT_IPV4) {
		asa_addr_set_v4(&dir[1].key.dst, in->src.w[0]);
		asa_addr_set_v4(&dir[1].key.src, in->dst.w[0]);
	} else {
		dir[1].key.dst = in->src;
		dir[1].key.src = in->dst;
	}
	/* What has no ports must not get any: the daemon copies them from the key. */
	if (p->flags & (ASA_PKT_TCP | ASA_PKT_UDP)) {
		dir[1].key.dport = in->sport;
		dir[1].key.sport = in->dport;
	} else if (p->flags & ASA_PKT_ICMP_REQUEST) {
		dir[1].key.dport = in->sport;
	} else if (p->flags & ASA_PKT_ICMP_REPLY) {
		dir[1].key.sport = in->dport;
	}
	dir[0].flags = in->flags & (ASA_DIR_NAT | ASA_DIR_SEQ | ASA_DIR_DEC_TTL);
	c->half[0].seq_add = in->own_add;
	c->half[1].seq_add = in->other_add;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct instructions in;
	struct asa_conn c;
	struct asa_pkt p;
	uint8_t *frame;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	size -= sizeof(in);
	frame = malloc(size ? size : 1);
	memcpy(frame, data + sizeof(in), size);
	if (!asa_parse(&p, frame, frame + size, 1) && p.l3) {
		uint16_t l3 = l3_sum(&p), l4 = l4_sum(&p);

		instruct(&c, &in, &p);
		if ((c.dir[0].flags & ASA_DIR_SEQ) && (p.flags & ASA_PKT_TCP))
			asa_rewrite_sack(&p, in.other_add);
		asa_rewrite(&p, &c.dir[0], &c.dir[1], &c.half[0], &c.half[1]);
		CHECK(l3_sum(&p) == l3);
		CHECK(l4_sum(&p) == l4);
	}
	free(frame);
	return 0;
}
