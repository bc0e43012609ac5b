/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysopt connection tcpmss: the maximum segment size that SYN and SYN-ACK announce (SES-17).
 *
 * Responsible for: finding the option, changing it and the TCP checksum. Not responsible for:
 * getting both segments into the daemon (ASA_DIR_PUNT_SYN), bypass connections (untouched).
 * A segment without the option stays without it. No state, any thread.
 */
#ifndef NORMALIZE_TCP_MSS_H
#define NORMALIZE_TCP_MSS_H

#include "asa/parse.h"

/*
 * Clamp the MSS of a SYN or SYN-ACK to at most 'max' and at least 'min'; 0: no such bound.
 * => writes the option and the checksum in place; true when it changed something
 */
int tcp_mss_clamp(struct asa_pkt *p, __u32 max, __u32 min);

#endif
