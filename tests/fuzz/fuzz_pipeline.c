// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * The slow path on hostile frames: every frame ends exactly once, nothing leaks, nothing is read
 * past its end (SES-5, OBS-1).
 *
 * Input: records of interface and time (1 byte), length (2 bytes), frame. The firewall has an
 * access list that lets everything in, a PAT rule and a bypass class; it lives for one input.
 */
#include <stdlib.h>

#include "tests/lib/dialogue.h"

static struct fake *firewall(void)
{
	struct fake *f = fake_new(32);
	struct model_nat *n = MODEL_PUSH(&f->fw.m->nats);

	fw_ace(&f->fw, "all", "permit ip any any");
	fw_access_group(&f->fw, "all", "global", "");
	fw_ace(&f->fw, "bypass", "permit tcp any any eq 99");
	bypass_class(f, NULL, "bypass");
	f->fw.m->policy_maps.v[0].classes.v[0].conn.decrement_ttl = true;
	fw_object(&f->fw, "net", "10.1.1.0/25");
	n->form = MODEL_NAT_OBJECT;
	snprintf(n->object, sizeof(n->object), "net");
	snprintf(n->real_if, sizeof(n->real_if), "inside");
	snprintf(n->mapped_if, sizeof(n->mapped_if), "outside");
	n->dynamic = n->pat = true;
	n->real = mb_term("obj:net");
	n->mapped = mb_term("192.0.2.60");
	f->fw.m->tcpmss = 1380;
	f->fw.sys->ifs[1].mtu = 576;
	fake_start(f);
	return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const __u32 ifs[] = { IF_INSIDE, IF_DMZ, IF_OUTSIDE, 20 };
	struct fake *f = firewall();

	while (size > 3) {
		struct frame *frame = frame_get(f->ops.pool);
		__u32 n = (__u32)data[1] | (__u32)(data[2] & 7) << 8;
		__u8 what = data[0];

		data += 3;
		size -= 3;
		if (n > size)
			n = (__u32)size;
		if (!frame) /* all held: let time free them */
			break;
		/* frames start behind the headroom, where the engine may write a header */
		memcpy(frame->data, data, n);
		frame->len = n;
		frame->in_ifindex = ifs[what & 3];
		f->received[frame->in_ifindex]++;
		engine_batch(f->asa.engine, &f->ops, &frame, 1, f->now);
		fake_forget_sent(f);
		if (what & 0x40)
			fake_wait(f, 300);
		f->now++;
		data += n;
		size -= n;
	}
	fake_end(f);
	return 0;
}
