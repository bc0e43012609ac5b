// SPDX-License-Identifier: GPL-2.0-only
/*
 * show service-policy flow: which rules of the service policies a flow would match (MPF-15).
 *
 * Responsible for: the ends of the flow, and so its interfaces by the routes of now; printing the
 * class of each feature. Not responsible for: matching (policy/service_policy.c), whether the flow
 * is permitted at all (packet-tracer).
 *
 * Callers: config/ through the table at the end. Threads: main thread; asa->lock for the routes.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "config/value.h"
#include "control/commands.h"
#include "datapath/net.h"

struct feature {
	const char *key, *words;
	int row;
};

static const struct policy_if *interface_towards(const struct asa *a, const struct asa_addr *to)
{
	struct net_route r = {0};
	bool local = false;

	if (net_route(a->net, to, &r, &local))
		return NULL;
	return session_route_if(a->sessions, &r);
}

static int read_flow(struct cmd_args *args, struct policy_tuple *t)
{
	const char *port, *proto = cmd_get(args, "PROTOCOL");
	bool ip, v6_src, v6_dst;

	memset(t, 0, sizeof(*t));
	if (value_proto(proto, &t->proto, &ip) || ip)
		return cmd_error(args, "%s is not the protocol of a flow", proto);
	if (value_addr(cmd_get(args, "SOURCE"), &t->src, &v6_src) ||
	    value_addr(cmd_get(args, "DESTINATION"), &t->dst, &v6_dst) || v6_src != v6_dst)
		return cmd_error(args, "the two addresses are not of one family");
	port = cmd_get(args, "SPORT");
	if (port && value_port(port, t->proto, &t->sport))
		return cmd_error(args, "%s is not a port of %s", port, proto);
	port = cmd_get(args, "PORT");
	if (port && value_port(port, t->proto, &t->dport))
		return cmd_error(args, "%s is not a port of %s", port, proto);
	return 0;
}

static void put_match(struct output *o, const struct model *m, const char *name)
{
	const struct model_class *c = model_class_find(m, name);

	if (c && c->acl[0])
		output_text(o, "      Match: access-list %s\n", c->acl);
	else if (!c || c->match == MODEL_MATCH_ANY)
		output_text(o, "      Match: any\n");
	output_str(o, "access_list", c && c->acl[0] ? c->acl : NULL);
}

static void put_row(struct output *o, const struct policy *p, const struct feature *f)
{
	struct policy_class_row r;

	if (f->row < 0 || !policy_class_row(p, (size_t)f->row, &r))
		return;
	if (r.global)
		output_text(o, "Global policy:\n");
	else
		output_text(o, "Interface %s:\n", r.ifname);
	output_text(o, "  Service-policy: %s\n    Class-map: %s\n", r.policy_map, r.class_name);
	output_object_begin(o, NULL);
	output_bool(o, "global", r.global);
	output_str(o, "interface", r.global ? NULL : r.ifname);
	output_str(o, "policy_map", r.policy_map);
	output_str(o, "class_map", r.class_name);
	output_str(o, "feature", f->key);
	put_match(o, policy_model(p), r.class_name);
	output_text(o, "      Action:\n        %s\n", f->words);
	output_object_end(o);
}

static int show_flow(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	const struct policy_if *in, *to;
	struct policy_service s;
	struct policy_tuple t;

	if (read_flow(args, &t))
		return -EINVAL;
	pthread_mutex_lock(&a->lock);
	in = interface_towards(a, &t.src);
	to = interface_towards(a, &t.dst);
	pthread_mutex_unlock(&a->lock);
	if (!in)
		return cmd_error(args, "%s is behind no interface of the firewall",
				 cmd_get(args, "SOURCE"));
	policy_service_match(a->policy, in, to, &t, &s);
	{
		const struct feature features[] = {
			/* what it is	words			row */
			{"set_connection", "Input flow:  set connection",
			 s.class_row == s.bypass_row ? -1 : s.class_row},
			{"tcp_state_bypass",
			 "Input flow:  set connection advanced-options tcp-state-bypass",
			 s.bypass_row},
			{"inspect_icmp", "Input flow:  inspect icmp", s.icmp_row},
		};

		output_str(out, "input_interface", in->name);
		output_str(out, "output_interface", to ? to->name : NULL);
		output_list_begin(out, "matches");
		for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
			put_row(out, a->policy, &features[i]);
		output_list_end(out);
	}
	return 0;
}

COMMANDS_DEFINE(flow,
		{CONFIG_IN_EXEC,
		 "show service-policy flow <PROTOCOL:proto> host <SOURCE:addr> [ eq <SPORT:word> ] "
		 "host <DESTINATION:addr> [ eq <PORT:word> ]",
		 NULL, "Rules of the service policies that a flow would match", show_flow}, );
