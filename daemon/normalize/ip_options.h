/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPv4 options and IPv6 extension headers: which of them pass.
 *
 * Responsible for: what "inspect ip-options" says of IPv4 options, with the built-in map where no class
 * has another: end of list, no operation and router alert pass, everything else (source routes, record
 * route, timestamp …) is refused (DROP_IP_OPTION). IPv6: hop-by-hop, destination options and fragment headers pass in the
 * order of RFC 8200 and once each; a routing header of type 0 (RFC 5095) or a jumbo payload option
 * does not, nor do options that do not fit, nor more headers than asa_parse() walks.
 * Callers: the engine, for packets with ASA_PKT_OPTIONS or ASA_PKT_EXTHDR. No state, any thread.
 */
#ifndef NORMALIZE_IP_OPTIONS_H
#define NORMALIZE_IP_OPTIONS_H

#include "asa/parse.h"
#include "policy/policy.h"

/* m: NULL: the built-in map. => DROP_NONE, DROP_IP_OPTION, DROP_IP_HEADER (something does not fit). */
enum asa_drop ip_options_check(const struct asa_pkt *p, const struct policy_ip_options *m);
/*
 * Put no operation in the place of the options that are to be cleared, in a packet that passed the check.
 * => the header keeps its length, its checksum follows
 */
void ip_options_clear(struct asa_pkt *p, const struct policy_ip_options *m);

#endif
