// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy of a firewall that nobody has configured yet, and the maps that are always there.
 *
 * Responsible for: ASA's default policy global_policy with its set of inspections (MPF-14), which a
 * fresh start without a start-up configuration has and which can be edited and removed like any
 * other; the built-in maps "_default_…_map", which cannot, and which "show running-config all"
 * prints. Not responsible for: what the inspections do.
 *
 * A start-up configuration that exists is the whole configuration, also an empty one: what was
 * removed from the default policy and saved stays removed.
 * Callers: main, once, before the first session; cmd_inspect.c. Control thread only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

static const char default_policy[] =
	"class-map inspection_default\n"
	" match default-inspection-traffic\n"
	"policy-map type inspect dns preset_dns_map\n"
	" parameters\n"
	"  message-length maximum client auto\n"
	"  message-length maximum 512\n"
	"policy-map global_policy\n"
	" class inspection_default\n"
	"  inspect dns preset_dns_map\n"
	"  inspect ftp\n"
	"  inspect h323 h225 _default_h323_map\n"
	"  inspect h323 ras _default_h323_map\n"
	"  inspect ip-options _default_ip_options_map\n"
	"  inspect netbios\n"
	"  inspect rsh\n"
	"  inspect rtsp\n"
	"  inspect skinny\n"
	"  inspect esmtp _default_esmtp_map\n"
	"  inspect sqlnet\n"
	"  inspect sunrpc\n"
	"  inspect tftp\n"
	"  inspect sip\n"
	"  inspect xdmcp\n"
	"service-policy global_policy global\n";

static const char built_in_maps[] =
	"policy-map type inspect rtsp _default_rtsp_map\n"
	" parameters\n"
	"policy-map type inspect ipv6 _default_ipv6_map\n"
	" parameters\n"
	"  verify-header type\n"
	"  verify-header order\n"
	" match header routing-type range 0 255\n"
	"  drop log\n"
	"policy-map type inspect h323 _default_h323_map\n"
	" parameters\n"
	"  no rtp-conformance\n"
	"policy-map type inspect esmtp _default_esmtp_map\n"
	" parameters\n"
	"  mask-banner\n"
	"  no mail-relay\n"
	"  no special-character\n"
	"  no allow-tls\n"
	" match cmd line length gt 512\n"
	"  drop-connection log\n"
	" match cmd RCPT count gt 100\n"
	"  drop-connection log\n"
	" match body line length gt 998\n"
	"  log\n"
	" match header line length gt 998\n"
	"  drop-connection log\n"
	" match sender-address length gt 320\n"
	"  drop-connection log\n"
	" match MIME filename length gt 255\n"
	"  drop-connection log\n"
	" match ehlo-reply-parameter others\n"
	"  mask\n"
	"policy-map type inspect ip-options _default_ip_options_map\n"
	" parameters\n"
	"  router-alert action allow\n";

void show_built_in_maps(const struct show *sh)
{
	if (sh->all && !*sh->filter)
		put(sh->sink, "%s", built_in_maps);
}

int config_load_default(struct config *c)
{
	struct config_session *s = config_session_new(c, CONFIG_MODE_GLOBAL);
	struct config_result r;
	int err = 0;

	if (!s)
		return -ENOMEM;
	config_result_init(&r);
	if (config_text(s, default_policy, CONFIG_TEXT_ATOMIC, NULL, &r) != CONFIG_OK)
		err = -EINVAL;
	/* That the inspections are not active is said when they are asked for, not at every start. */
	config_result_fini(&r);
	config_session_free(s);
	return err;
}
