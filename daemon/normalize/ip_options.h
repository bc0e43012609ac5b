/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPv4 options and IPv6 extension headers: which of them pass.
 *
 * Responsible for: ASA's default without an inspection policy for them. IPv4: end of list, no
 * operation and router alert pass, everything else (source routes, record route, timestamp …) is
 * refused (DROP_IP_OPTION). IPv6: hop-by-hop, destination options and fragment headers pass in the
 * order of RFC 8200 and once each; a routing header of type 0 (RFC 5095) or a jumbo payload option
 * does not, nor do options that do not fit, nor more headers than asa_parse() walks.
 * Callers: the engine, for packets with ASA_PKT_OPTIONS or ASA_PKT_EXTHDR. No state, any thread.
 */
#ifndef NORMALIZE_IP_OPTIONS_H
#define NORMALIZE_IP_OPTIONS_H

#include "asa/parse.h"

/* => DROP_NONE, DROP_IP_OPTION, DROP_IP_HEADER (an option or header that does not fit). */
enum asa_drop ip_options_check(const struct asa_pkt *p);

#endif
