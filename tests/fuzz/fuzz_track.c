// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any sequence of segments through TCP tracking (SES-12).
 *
 * The input is a list of 16-byte records.  Numbers are small steps from what the connection expects,
 * or anything, as a bit of the record says, so that deep states are reached.  Checked: a refused
 * segment changes nothing; a segment never writes the peer's half; the model's numbers stay in
 * order; events are told once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <asa/tcp_track.h>

#define CHECK(cond)              \
	do {                     \
		if (!(cond))     \
			abort(); \
	} while (0)

struct record {
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint16_t size;
	uint8_t flags;
	uint8_t wscale;
	uint8_t mode; /* bit 0: from the server; 1: seq, 2: ack relative to what is expected */
	uint8_t pad;
};
_Static_assert(sizeof(struct record) == 16, "record is 16 bytes");

static void check_half(const struct asa_half *now, const struct asa_half *before)
{
	CHECK(now->win_max >= before->win_max || !(before->tcp & ASA_HALF_SYN));
	if (before->tcp & ASA_HALF_SYN) {
		CHECK(now->isn == before->isn);
		CHECK(!asa_seq_after(before->seq_end, now->seq_end));
	}
	if (before->tcp & ASA_HALF_ACKED) {
		CHECK(!asa_seq_after(before->ack, now->ack));
		CHECK(!asa_seq_after(before->edge, now->edge));
	}
	if (before->tcp & ASA_HALF_FIN)
		CHECK(now->seq_end == before->seq_end);
	CHECK((now->tcp & before->tcp) == before->tcp || !(before->tcp & ASA_HALF_SYN));
	if (now->tcp & ASA_HALF_SYN)
		CHECK(now->win_max >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct asa_half half[2], before[2];
	uint32_t add[2] = { 0, 0 }, seen = 0;
	struct record r;

	memset(half, 0, sizeof(half));
	if (size >= 8) {
		memcpy(add, data, 8);
		data += 8;
		size -= 8;
	}
	for (int n = 0; size >= sizeof(r); data += sizeof(r), size -= sizeof(r), n++) {
		struct asa_tcp_seg s = { 0 };
		uint32_t events = 0;
		enum asa_drop drop;
		int d;

		memcpy(&r, data, sizeof(r));
		d = r.mode & 1;
		s.seq = r.mode & 2 ? half[d].seq_end + (uint32_t)(int8_t)r.seq : r.seq;
		s.ack = (r.mode & 4 ? half[!d].seq_end + (uint32_t)(int8_t)r.ack : r.ack) + add[!d];
		s.window = r.window;
		s.size = r.mode & 8 ? r.size & 15 : r.size;
		s.flags = r.flags;
		s.has_wscale = r.wscale & 1;
		s.wscale = r.wscale >> 1;
		if (n == 0) {
			s.flags = ASA_TCP_SYN;
			tcp_track_start(&half[d], &s);
			continue;
		}
		memcpy(before, half, sizeof(half));
		drop = tcp_track_full(&half[d], &half[!d], add[!d], &s, &events);
		CHECK(!memcmp(&before[!d], &half[!d], sizeof(half[0])));
		if (drop) {
			CHECK(drop < ASA_DROP_MAX && !events);
			CHECK(!memcmp(before, half, sizeof(half)));
			continue;
		}
		check_half(&half[d], &before[d]);
		/* FIN and RST may be told once for each side */
		CHECK(!(seen & events & (1u << ASA_EVENT_ESTABLISHED | 1u << ASA_EVENT_CLOSED)));
		seen |= events;
	}
	return 0;
}
