// SPDX-License-Identifier: GPL-2.0-only
/*
 * show and clear fragment (SES-5), show and clear ip verify statistics.
 *
 * Responsible for: ASA's layout, one paragraph or line for each interface. Not responsible for:
 * the numbers (normalize/ip_frag.c, engine/source.c).
 *
 * Callers: config/ through the table at the end. Threads: main thread; asa->lock for the numbers.
 */
#include <string.h>

#include "control/commands.h"
#include "engine/pipeline.h"
#include "policy/policy.h"

static bool is_asked(const struct cmd_args *args, const struct policy_if *pi)
{
	const char *name = cmd_get(args, "IF");

	return !name || !strcmp(name, pi->name);
}

/* => 0, or -EINVAL after cmd_error(). */
static int check_name(const struct asa *a, struct cmd_args *args)
{
	const char *name = cmd_get(args, "IF");

	if (name && !policy_if_named(a->policy, name))
		return cmd_error(args, "there is no interface named %s", name);
	return 0;
}

static void fragment_row(struct output *o, const struct policy_if *pi, const struct ip_frag_stats *s)
{
	__u32 threshold = pi->fragment_size * 2 / 3;

	output_text(o, "Interface: %s\n", pi->name);
	output_text(o, "    Size: %u, Chain: %u, Timeout: %u, Threshold: %u\n", pi->fragment_size,
		    pi->fragment_chain, pi->fragment_timeout_s, threshold);
	output_text(o, "    Queue: %u, Assembled: %llu, Fail: %llu, Overflow: %llu\n", s->queue,
		    (unsigned long long)s->assembled, (unsigned long long)s->failed,
		    (unsigned long long)s->overflow);
	output_object_begin(o, NULL);
	output_str(o, "interface", pi->name);
	output_u64(o, "size", pi->fragment_size);
	output_u64(o, "chain", pi->fragment_chain);
	output_u64(o, "timeout", pi->fragment_timeout_s);
	output_u64(o, "threshold", threshold);
	output_u64(o, "queue", s->queue);
	output_u64(o, "assembled", s->assembled);
	output_u64(o, "fail", s->failed);
	output_u64(o, "overflow", s->overflow);
	output_object_end(o);
}

static int show_fragments(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;
	int ret = check_name(a, args);

	if (ret)
		return ret;
	output_list_begin(out, "fragment");
	for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
		const struct policy_if *pi = policy_if_at(a->policy, (__u16)i);
		struct ip_frag_stats s = {0};

		if (!is_asked(args, pi))
			continue;
		pthread_mutex_lock(&a->lock);
		if (pi->ifindex)
			ip_frag_stats(engine_fragments(a->engine), pi->ifindex, pi->vlan, &s);
		pthread_mutex_unlock(&a->lock);
		fragment_row(out, pi, &s);
	}
	output_list_end(out);
	return 0;
}

static int clear_fragments(void *ctx, struct cmd_args *args, void *out)
{
	bool queue = cmd_has(args, "queue"), statistics = cmd_has(args, "statistics");
	struct asa *a = ctx;
	int ret = check_name(a, args);

	(void)out;
	if (ret)
		return ret;
	for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
		const struct policy_if *pi = policy_if_at(a->policy, (__u16)i);

		if (!pi->ifindex || !is_asked(args, pi))
			continue;
		pthread_mutex_lock(&a->lock);
		if (queue || !statistics)
			ip_frag_clear_queue(engine_fragments(a->engine), pi->ifindex, pi->vlan,
					    commands_now());
		if (statistics || !queue)
			ip_frag_clear_stats(engine_fragments(a->engine), pi->ifindex, pi->vlan);
		pthread_mutex_unlock(&a->lock);
	}
	return 0;
}

static int show_verify_statistics(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	(void)args;
	output_list_begin(out, "interfaces");
	for (size_t i = 0; i < policy_n_ifs(a->policy); i++) {
		const struct policy_if *pi = policy_if_at(a->policy, (__u16)i);
		__u64 drops;

		if (!pi->reverse_path)
			continue;
		pthread_mutex_lock(&a->lock);
		drops = engine_source_drops(a->engine, pi->ifindex, pi->vlan);
		pthread_mutex_unlock(&a->lock);
		output_text(out, "interface %s: %llu unicast rpf drops\n", pi->name,
			    (unsigned long long)drops);
		output_object_begin(out, NULL);
		output_str(out, "interface", pi->name);
		output_u64(out, "unicast_rpf_drops", drops);
		output_object_end(out);
	}
	output_list_end(out);
	return 0;
}

static int clear_verify_statistics(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	(void)args;
	(void)out;
	pthread_mutex_lock(&a->lock);
	engine_source_clear(a->engine);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

COMMANDS_DEFINE(
	ip,
	{CONFIG_IN_EXEC, "show fragment [ <IF:name> ]", NULL,
	 "Reassembly of fragments, by interface", show_fragments},
	{CONFIG_IN_PRIV, "clear fragment [ { queue | statistics } ] [ <IF:name> ]", NULL,
	 "Drop waiting fragments, set their statistics to zero", clear_fragments},
	{CONFIG_IN_EXEC, "show ip verify statistics", NULL,
	 "Packets that ip verify reverse-path refused", show_verify_statistics},
	{CONFIG_IN_PRIV, "clear ip verify statistics", NULL,
	 "Set the counters of ip verify to zero", clear_verify_statistics}, );
