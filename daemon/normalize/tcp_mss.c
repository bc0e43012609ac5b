// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysopt connection tcpmss: see tcp_mss.h.
 */
#include "asa/tcp_options.h"
#include "normalize/tcp_mss.h"

static __u8 *mss_find(struct asa_pkt *p)
{
	__u8 options[ASA_TCP_OPTIONS_BUFFER] = {0};
	__u32 size = p->tcp.header - ASA_TCP_SIZE;
	__u8 *from = (__u8 *)p->l4 + ASA_TCP_SIZE;
	int at;

	memcpy(options, from, size);
	at = asa_tcp_find_option(options, size, ASA_TCPOPT_MSS, 4);
	return at < 0 ? NULL : from + at + 2;
}

int tcp_mss_clamp(struct asa_pkt *p, __u32 max, __u32 min)
{
	__u32 mss, wanted;
	__u8 *at, *check;
	__u16 delta;

	if (p->proto != ASA_PROTO_TCP || !p->l4 || !(p->tcp.flags & ASA_TCP_SYN))
		return 0;
	at = mss_find(p);
	if (!at)
		return 0;
	mss = asa_ldn16(at);
	wanted = mss;
	if (max && wanted > max)
		wanted = max;
	if (min && wanted < min)
		wanted = min;
	p->tcp.mss = (__u16)wanted; /* what its peer will know of it */
	if (wanted == mss)
		return 0;
	/* As the checksum sees the two bytes: swapped if the option starts at an odd offset. */
	delta = asa_csum_delta(asa_csum_diff16(asa_htons((__u16)mss), asa_htons((__u16)wanted)));
	if ((at - (__u8 *)p->l4) & 1)
		delta = (__u16)(delta << 8 | delta >> 8);
	asa_stn16(at, (__u16)wanted);
	check = (__u8 *)p->l4 + ASA_TCP_CHECK;
	asa_st16(check, asa_csum_apply(asa_ld16(check), delta));
	return 1;
}
