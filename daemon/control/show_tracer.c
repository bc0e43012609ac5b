// SPDX-License-Identifier: GPL-2.0-only
/*
 * packet-tracer: a made-up packet on its way through the firewall, phase by phase (OBS-4).
 *
 * Responsible for: the command, the frame, asking first the XDP program (dp_test_run) and then, for
 * what it hands to the daemon or forwards, the pipeline (tracer_run), and ASA's layout of what they
 * say. Not responsible for: any of the answers; nothing changes by asking.
 *
 * What the XDP program drops or leaves to Linux never comes to the pipeline, so the trace ends
 * there, too. What it forwards is a connection's, and the pipeline says which: it applies the same
 * rules.
 *
 * Callers: config/ through the table at the end. Threads: main thread, asa->lock for a trace.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "asa/csum.h"
#include "asa/parse.h"
#include "config/value.h"
#include "control/commands.h"
#include "datapath/dp.h"
#include "engine/packet_tracer.h"

#define FRAME_MAX 128
#define PACKET_TTL 64

/* What is to be traced. */
struct packet {
	const struct policy_if *in;
	struct asa_addr src, dst;
	bool v6;
	__u8 proto;
	__u16 sport, dport; /* ICMP: type and code */
	__u16 id;
};

static const struct {
	const char *keyword, *text;
} reasons[ASA_DROP_MAX] = {
#define REASON_ROW(sym, kw, kind, stage, sentence) [sym] = {kw, sentence},
	ASA_DROP_LIST(REASON_ROW)
#undef REASON_ROW
};

static const struct {
	const char *keyword, *text;
} punts[ASA_PUNT_MAX] = {
#define PUNT_ROW(sym, kw, sentence) [sym] = {kw, sentence},
	ASA_PUNT_LIST(PUNT_ROW)
#undef PUNT_ROW
};

/* ------------------------------------------------------------------ the frame */

/* => bytes of the transport part, its checksum not filled in */
static __u32 put_transport(const struct packet *p, __u8 *l4, __u32 *check_off)
{
	*check_off = 0;
	switch (p->proto) {
	case IPPROTO_TCP:
		asa_stn16(l4, p->sport);
		asa_stn16(l4 + 2, p->dport);
		asa_stn32(l4 + ASA_TCP_SEQ, 1);
		l4[ASA_TCP_DOFF] = ASA_TCP_SIZE / 4 << 4;
		l4[ASA_TCP_FLAGS] = ASA_TCP_SYN;
		asa_stn16(l4 + ASA_TCP_WINDOW, 8192);
		*check_off = ASA_TCP_CHECK;
		return ASA_TCP_SIZE;
	case IPPROTO_UDP:
		asa_stn16(l4, p->sport);
		asa_stn16(l4 + 2, p->dport);
		asa_stn16(l4 + ASA_UDP_LENGTH, ASA_UDP_SIZE);
		*check_off = ASA_UDP_CHECK;
		return ASA_UDP_SIZE;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		l4[ASA_ICMP_TYPE] = (__u8)p->sport;
		l4[ASA_ICMP_CODE] = (__u8)p->dport;
		asa_stn16(l4 + ASA_ICMP_ID, p->id);
		*check_off = ASA_ICMP_CHECK;
		return ASA_ICMP_SIZE;
	default:
		return 20; /* zeros: nobody looks into other protocols */
	}
}

static void put_checksum(const struct packet *p, __u8 *l4, __u32 size, __u32 check_off)
{
	__u64 sum = 0;
	__u16 check;

	if (!check_off)
		return;
	if (p->proto != IPPROTO_ICMP) { /* pseudo-header */
		if (p->v6)
			sum = asa_csum_add_bytes(asa_csum_add_bytes(0, p->src.b, 16), p->dst.b, 16);
		else
			sum = (__u64)p->src.w[3] + p->dst.w[3];
		sum += (__u64)asa_htonl(size) + asa_htonl(p->proto);
	}
	check = (__u16)~asa_csum_fold(asa_csum_add_bytes(sum, l4, size));
	asa_st16(l4 + check_off, p->proto == IPPROTO_UDP && !check ? 0xffff : check);
}

static __u32 build(const struct packet *p, __u8 *frame)
{
	static const __u8 station[6] = {2, 0, 0, 0, 0, 1};
	__u32 header = p->v6 ? ASA_IP6_SIZE : ASA_IP4_SIZE, size, check_off;
	__u8 *l3 = frame + ASA_ETH_SIZE;

	memset(frame, 0, FRAME_MAX);
	memcpy(frame + ASA_ETH_DST, p->in->mac, 6);
	memcpy(frame + ASA_ETH_SRC, station, 6);
	if (p->in->vlan) {
		asa_stn16(l3 - 2, ASA_ETHERTYPE_VLAN);
		asa_stn16(l3, p->in->vlan);
		l3 += ASA_VLAN_SIZE;
	}
	asa_stn16(l3 - 2, p->v6 ? ASA_ETHERTYPE_IPV6 : ASA_ETHERTYPE_IPV4);
	size = put_transport(p, l3 + header, &check_off);
	put_checksum(p, l3 + header, size, check_off);
	if (p->v6) {
		l3[0] = 0x60;
		asa_stn16(l3 + ASA_IP6_LENGTH, (__u16)size);
		l3[ASA_IP6_NEXT] = p->proto;
		l3[ASA_IP6_HOPS] = PACKET_TTL;
		memcpy(l3 + ASA_IP6_SRC, p->src.b, 16);
		memcpy(l3 + ASA_IP6_DST, p->dst.b, 16);
	} else {
		l3[ASA_IP4_VIHL] = 0x45;
		asa_stn16(l3 + ASA_IP4_LENGTH, (__u16)(header + size));
		l3[ASA_IP4_TTL] = PACKET_TTL;
		l3[ASA_IP4_PROTO] = p->proto;
		asa_st32(l3 + ASA_IP4_SRC, p->src.w[3]);
		asa_st32(l3 + ASA_IP4_DST, p->dst.w[3]);
		asa_st16(l3 + ASA_IP4_CHECK,
			 (__u16)~asa_csum_fold(asa_csum_add_bytes(0, l3, ASA_IP4_SIZE)));
	}
	return (__u32)(l3 - frame) + header + size;
}

/* ------------------------------------------------------------------ printing */

static void put_lines(struct output *o, const char *key, const char *lines)
{
	const char *end;

	output_list_begin(o, key);
	for (; *lines; lines = *end ? end + 1 : end) {
		end = strchrnul(lines, '\n');
		output_strf(o, NULL, "%.*s", (int)(end - lines), lines);
	}
	output_list_end(o);
}

static void put_phase(struct output *o, int n, const struct tracer_phase *ph)
{
	const char *result = ph->why ? "DROP" : "ALLOW";

	output_text(o, "Phase: %d\nType: %s\nSubtype: %s\nResult: %s\nConfig:\n%s", n, ph->type,
		    ph->subtype, result, ph->config);
	output_text(o, "Additional Information:\n%s\n", ph->info);
	output_object_begin(o, NULL);
	output_int(o, "phase", n);
	output_str(o, "type", ph->type);
	output_str(o, "subtype", ph->subtype);
	output_str(o, "result", result);
	put_lines(o, "config", ph->config);
	put_lines(o, "information", ph->info);
	output_object_end(o);
}

static void put_interface(struct output *o, const char *which, const char *name, bool up)
{
	const char *state = up ? "up" : "down";
	char key[32];

	if (!*name)
		return;
	output_text(o, "%s-interface: %s\n%s-status: %s\n%s-line-status: %s\n", which, name, which,
		    state, which, state);
	snprintf(key, sizeof(key), "%s_interface", which);
	output_str(o, key, name);
	snprintf(key, sizeof(key), "%s_status", which);
	output_str(o, key, state);
}

/* The frames that would leave, for "detailed". */
static void put_frames(struct output *o, const struct tracer *t)
{
	int i;

	for (i = 0; t && i < t->n_frames; i++) {
		const struct frame *f = t->frames[i];
		__u32 k;

		output_text(o, "Frame %d, %u bytes:\n", i + 1, f->len);
		for (k = 0; k < f->len; k++)
			output_text(o, "%s%02x%s", k % 16 ? "" : "  ", f->data[k],
				    k % 16 == 15 || k + 1 == f->len ? "\n" : " ");
	}
}

/* ------------------------------------------------------------------ the trace */

struct run {
	struct packet packet;
	struct dp_test_result xdp;
	bool has_xdp, to_box;
	struct tracer_phase phase; /* the XDP program's */
	struct tracer *t;
	enum asa_drop why;
};

__attribute__((format(printf, 2, 3))) static void phase_info(struct tracer_phase *ph,
							     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ph->info, sizeof(ph->info), fmt, ap);
	va_end(ap);
}

/* What the XDP program says. => true when the pipeline is to be asked */
static bool run_xdp(struct run *r)
{
	struct tracer_phase *ph = &r->phase;

	*ph = (struct tracer_phase){.type = "XDP", .subtype = "test-run"};
	switch (r->xdp.verdict) {
	case XDP_REDIRECT:
		if (r->xdp.punt > PUNT_NONE && r->xdp.punt < ASA_PUNT_MAX)
			phase_info(ph, "Handed to the daemon: (%s) %s\n",
				   punts[r->xdp.punt].keyword, punts[r->xdp.punt].text);
		else
			phase_info(ph, "Forwarded by the XDP program\n");
		return true;
	case XDP_PASS:
		phase_info(ph, "Passed to the Linux stack\n");
		r->to_box = true;
		return false;
	case XDP_TX:
		phase_info(ph, "Answered by the XDP program\n");
		return false;
	default:
		r->why = r->xdp.why ? r->xdp.why : DROP_INTERNAL_ERROR;
		ph->why = r->why;
		phase_info(ph, "Dropped by the XDP program\n");
		return false;
	}
}

static int run_trace(struct asa *a, struct run *r, __u32 ifindex, const __u8 *frame, __u32 len)
{
	bool walk = true;
	int err = 0;

	pthread_mutex_lock(&a->lock);
	r->has_xdp = dp_test_run(a->dp, ifindex, frame, len, &r->xdp) == 0;
	if (r->has_xdp)
		walk = run_xdp(r);
	if (walk)
		err = tracer_run(a, ifindex, frame, len, commands_now(), &r->t);
	/* What the driver forwards is forwarded: the pipeline only tells the connection then. */
	if (r->t && (!r->has_xdp || r->xdp.punt))
		r->why = r->t->why;
	pthread_mutex_unlock(&a->lock);
	return err;
}

static void put_run(struct output *o, const struct run *r, bool detailed)
{
	int i, n = 0;

	output_list_begin(o, "phases");
	if (r->has_xdp)
		put_phase(o, ++n, &r->phase);
	for (i = 0; r->t && i < r->t->n_phases; i++)
		put_phase(o, ++n, &r->t->phases[i]);
	output_list_end(o);
	if (detailed)
		put_frames(o, r->t);
	output_text(o, "Result:\n");
	output_object_begin(o, "result");
	put_interface(o, "input", r->packet.in->name, r->packet.in->up);
	if (r->to_box)
		put_interface(o, "output", "NP Identity Ifc", true);
	else if (r->t)
		put_interface(o, "output", r->t->out, r->t->out_up);
	output_text(o, "Action: %s\n", r->why ? "drop" : "allow");
	output_str(o, "action", r->why ? "drop" : "allow");
	if (r->why) {
		output_text(o, "Drop-reason: (%s) %s\n", reasons[r->why].keyword,
			    reasons[r->why].text);
		output_str(o, "drop_reason", reasons[r->why].keyword);
		output_str(o, "drop_text", reasons[r->why].text);
	}
	output_object_end(o);
}

/* ------------------------------------------------------------------ the command */

static int read_ends(struct asa *a, struct cmd_args *args, struct packet *p)
{
	const char *name = cmd_get(args, "INTERFACE");
	bool v6;

	p->in = policy_if_named(a->policy, name);
	if (!p->in)
		return cmd_error(args, "no interface has the name %s", name);
	if (!p->in->ifindex)
		return cmd_error(args, "the Linux interface of %s is absent", name);
	if (value_addr(cmd_get(args, "SOURCE"), &p->src, &p->v6) ||
	    value_addr(cmd_get(args, "DESTINATION"), &p->dst, &v6) || v6 != p->v6)
		return cmd_error(args, "the two addresses are not of one family");
	return 0;
}

static int read_port(struct cmd_args *args, const char *label, __u8 proto, __u16 *port)
{
	const char *word = cmd_get(args, label);

	if (value_port(word, proto, port))
		return cmd_error(args, "%s is not a port", word);
	return 0;
}

static int read_packet(struct asa *a, struct cmd_args *args, struct packet *p)
{
	if (read_ends(a, args, p))
		return -EINVAL;
	if (cmd_get(args, "TYPE")) {
		p->proto = p->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		p->sport = (__u16)cmd_u32(args, "TYPE", 0);
		p->dport = (__u16)cmd_u32(args, "CODE", 0);
		p->id = (__u16)cmd_u32(args, "ID", 0);
		return 0;
	}
	if (cmd_get(args, "PROTOCOL")) {
		p->proto = (__u8)cmd_u32(args, "PROTOCOL", 0);
		return 0;
	}
	p->proto = cmd_has(args, "tcp") ? IPPROTO_TCP : IPPROTO_UDP;
	if (read_port(args, "SPORT", p->proto, &p->sport) ||
	    read_port(args, "PORT", p->proto, &p->dport))
		return -EINVAL;
	return 0;
}

static int packet_tracer(void *ctx, struct cmd_args *args, void *out)
{
	struct run r = {.t = NULL};
	struct asa *a = ctx;
	__u8 frame[FRAME_MAX];
	__u32 len;
	int err;

	if (!out)
		return 0;
	if (read_packet(a, args, &r.packet))
		return -EINVAL;
	len = build(&r.packet, frame);
	err = run_trace(a, &r, r.packet.in->ifindex, frame, len);
	if (err)
		return cmd_error(args, "the trace failed: %s", strerror(-err));
	put_run(out, &r, cmd_has(args, "detailed"));
	tracer_free(r.t);
	return 0;
}

COMMANDS_DEFINE(tracer,
		{CONFIG_IN_PRIV,
		 "packet-tracer input <INTERFACE:name> { tcp | udp } <SOURCE:addr> <SPORT:word> "
		 "<DESTINATION:addr> <PORT:word> [ detailed ]",
		 NULL, "Show what would become of a packet", packet_tracer},
		{CONFIG_IN_PRIV,
		 "packet-tracer input <INTERFACE:name> icmp <SOURCE:addr> <TYPE:n:0-255> "
		 "<CODE:n:0-255> [ <ID:n:0-65535> ] <DESTINATION:addr> [ detailed ]",
		 NULL, "Show what would become of a packet", packet_tracer},
		{CONFIG_IN_PRIV,
		 "packet-tracer input <INTERFACE:name> rawip <SOURCE:addr> <PROTOCOL:n:0-255> "
		 "<DESTINATION:addr> [ detailed ]",
		 NULL, "Show what would become of a packet", packet_tracer}, );
