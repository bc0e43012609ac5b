// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages about packets that were refused, in ASA's words.
 *
 * Responsible for: choosing id and text, addresses as the packet had them. Not responsible for:
 * counting (the reason does that), delivery and filters (services/syslog); a message nobody wants
 * costs one table look-up.
 *
 * Threads: asa->lock; syslog_msg() only fills a ring.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine_impl.h"
#include "policy/acl_log.h"
#include "services/syslog.h"

#define ADDR_TEXT INET6_ADDRSTRLEN
#define LOG_ROWS_PER_TICK 1024 /* of 8,192, ten times a second */
#define END_TEXT (MODEL_NAME_MAX + ADDR_TEXT + 8)

static const char *addr_text(const struct asa_addr *a, char *buf)
{
	if (asa_addr_is_v4(a))
		inet_ntop(AF_INET, &a->w[3], buf, ADDR_TEXT);
	else
		inet_ntop(AF_INET6, a->b, buf, ADDR_TEXT);
	return buf;
}

static const char *proto_text(__u8 proto, char buf[8])
{
	static const struct {
		__u8 proto;
		const char *name;
	} names[] = {
		{1, "icmp"},   {2, "igmp"},  {6, "tcp"},   {17, "udp"},
		{47, "gre"},   {50, "esp"},  {51, "ah"},   {58, "icmp6"},
		{88, "eigrp"}, {89, "ospf"}, {103, "pim"}, {132, "sctp"},
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].proto == proto)
			return names[i].name;
	snprintf(buf, 8, "%u", proto);
	return buf;
}

static bool has_ports(__u8 proto)
{
	return proto == ASA_PROTO_TCP || proto == ASA_PROTO_UDP;
}

static bool is_icmp(__u8 proto)
{
	return proto == ASA_PROTO_ICMP || proto == ASA_PROTO_ICMPV6;
}

/* "TCP"; the name of another protocol as access rules have it. */
static const char *proto_upper(__u8 proto, char buf[8])
{
	return proto == ASA_PROTO_TCP	? "TCP" :
	       proto == ASA_PROTO_UDP	? "UDP" :
	       is_icmp(proto)		? "ICMP" : proto_text(proto, buf);
}

/* "outside:198.51.100.1/80"; the port only where the protocol has one. */
static const char *end_text(const char *name, const struct asa_addr *a, __be16 port, __u8 proto,
			    char buf[END_TEXT])
{
	char addr[ADDR_TEXT];

	addr_text(a, addr);
	if (has_ports(proto))
		snprintf(buf, END_TEXT, "%s:%s/%u", name, addr, asa_ntohs(port));
	else
		snprintf(buf, END_TEXT, "%s:%s", name, addr);
	return buf;
}

/* "SYN ACK", the words in ASA's order. */
static const char *flags_text(__u8 flags, char buf[32])
{
	static const struct {
		__u8 bit;
		const char *word;
	} words[] = {
		{ASA_TCP_FIN, "FIN"}, {ASA_TCP_SYN, "SYN"},  {ASA_TCP_RST, "RST"},
		{ASA_TCP_PSH, "PSH"}, {ASA_TCP_ACKF, "ACK"}, {ASA_TCP_URG, "URG"},
	};
	size_t i, n = 0;

	buf[0] = '\0';
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (flags & words[i].bit)
			n += (size_t)snprintf(buf + n, 32 - n, "%s%s", n ? " " : "", words[i].word);
	return buf;
}

static struct syslog *log_of(const struct walk *w)
{
	return w->trace ? NULL : w->e->asa->syslog; /* a dry walk says nothing */
}

static const char *out_name(const struct walk *w)
{
	return w->out ? w->out->name : "unknown";
}

/* ------------------------------------------------------------------ access rules */

/* Refused by a line of an access list, or by the end of one. */
static void deny_by_list(const struct walk *w, const struct policy_acl_match *m)
{
	const struct asa_key *k = &w->p->key;
	char src[END_TEXT], dst[END_TEXT], proto[8], icmp[32] = "";

	if (!syslog_wants(log_of(w), 106023))
		return;
	if (is_icmp(k->proto))
		snprintf(icmp, sizeof(icmp), " (type %u, code %u)", w->p->icmp_type,
			 w->p->icmp_code);
	syslog_msg(log_of(w), 106023, "Deny %s src %s dst %s%s by access-group \"%s\" [0x%x, 0x0]",
		   proto_text(k->proto, proto),
		   end_text(w->in->name, &k->src, k->sport, k->proto, src),
		   end_text(out_name(w), &k->dst, k->dport, k->proto, dst), icmp, m->acl, m->hash);
}

static void msg_106100(struct syslog *s, const struct acl_log_flow *f, const char *hits)
{
	char src[ADDR_TEXT], dst[ADDR_TEXT], proto[8];

	syslog_msg_level(s, 106100, f->level,
			 "access-list %s %s %s %s/%s(%u) -> %s/%s(%u) hit-cnt %s [0x%x, 0x0]", f->acl,
			 f->established ? "est-allowed" :
			 f->permitted   ? "permitted" :
					  "denied", proto_text(f->key.proto, proto), f->in,
			 addr_text(&f->key.src, src), f->from, f->out, addr_text(&f->key.dst, dst),
			 f->to, hits, f->hash);
}

/* The first hit of a flow is told at once, the others by deny_log_tick() after the interval. */
static void log_106100(const struct walk *w, const struct policy_acl_match *m, bool permitted)
{
	const struct model *model = policy_model(w->policy);
	struct acl_log_flow f = {
		.key = w->p->key,
		.from = asa_ntohs(w->p->key.sport),
		.to = asa_ntohs(w->p->key.dport),
		.hash = m->hash,
		.level = m->log_level,
		.permitted = permitted,
		.established = permitted && w->established,
		.interval_s = m->log_interval > 0 ? m->log_interval : 300,
	};

	/* level 8 is "log disable" */
	if (m->log_level > 7 || !syslog_wants_level(log_of(w), 106100, m->log_level))
		return;
	if (is_icmp(f.key.proto)) {
		f.from = w->p->icmp_type;
		f.to = w->p->icmp_code;
	}
	memcpy(f.in, w->in->name, sizeof(f.in));
	snprintf(f.out, sizeof(f.out), "%s", out_name(w));
	snprintf(f.acl, sizeof(f.acl), "%s", m->acl);
	switch (acl_log_hit(w->e->acl_log, &f, w->now,
			    model->deny_flow_max ? model->deny_flow_max : ACL_LOG_DENY_MAX,
			    model->alert_interval ? model->alert_interval : ACL_LOG_ALERT_S)) {
	case ACL_LOG_NOTHING:
		break;
	case ACL_LOG_FIRST:
		msg_106100(log_of(w), &f, "1 first hit");
		break;
	case ACL_LOG_FULL:
		syslog_msg(log_of(w), 106101,
			   "Number of cached deny-flows for ACL log has reached limit (%zu)",
			   acl_log_count(w->e->acl_log, false));
		break;
	}
}

void deny_log_tick(struct engine *e, __u32 now)
{
	__u32 budget = LOG_ROWS_PER_TICK;
	struct acl_log_flow f;
	char hits[48];

	while (acl_log_due(e->acl_log, now, &budget, &f)) {
		snprintf(hits, sizeof(hits), "%u %u-second interval", f.hits, f.interval_s);
		msg_106100(e->asa->syslog, &f, hits);
	}
}

/* Refused by the security levels, no list involved. */
static void deny_by_level(const struct walk *w)
{
	const struct asa_key *k = &w->p->key;
	char a[END_TEXT], b[END_TEXT], proto[8], flags[32];

	switch (k->proto) {
	case ASA_PROTO_TCP:
		syslog_msg(log_of(w), 106001,
			   "Inbound TCP connection denied from %s/%u to %s/%u flags %s  on "
			   "interface %s",
			   addr_text(&k->src, a), asa_ntohs(k->sport), addr_text(&k->dst, b),
			   asa_ntohs(k->dport), flags_text(w->p->tcp.flags, flags), w->in->name);
		break;
	case ASA_PROTO_UDP:
		syslog_msg(log_of(w), 106006,
			   "Deny inbound UDP from %s/%u to %s/%u on interface %s",
			   addr_text(&k->src, a), asa_ntohs(k->sport), addr_text(&k->dst, b),
			   asa_ntohs(k->dport), w->in->name);
		break;
	case ASA_PROTO_ICMP:
	case ASA_PROTO_ICMPV6:
		syslog_msg(log_of(w), 106014, "Deny inbound icmp src %s dst %s (type %u, code %u)",
			   end_text(w->in->name, &k->src, 0, k->proto, a),
			   end_text(out_name(w), &k->dst, 0, k->proto, b), w->p->icmp_type,
			   w->p->icmp_code);
		break;
	default:
		syslog_msg(log_of(w), 106010, "Deny inbound protocol %s src %s dst %s",
			   proto_text(k->proto, proto),
			   end_text(w->in->name, &k->src, 0, k->proto, a),
			   end_text(out_name(w), &k->dst, 0, k->proto, b));
		break;
	}
}

void deny_access(const struct walk *w, const struct policy_acl_match *m, bool outbound)
{
	(void)outbound; /* ASA names the list, not its direction */
	if (m->acl && m->log)
		log_106100(w, m, false);
	else if (m->acl)
		deny_by_list(w, m);
	else
		deny_by_level(w);
}

void permit_access(const struct walk *w, const struct policy_acl_match *m)
{
	log_106100(w, m, true);
}

/* ------------------------------------------------------------------ no connection */

void deny_not_syn(const struct walk *w)
{
	const struct asa_key *k = &w->p->key;
	char src[ADDR_TEXT], dst[ADDR_TEXT], flags[32];

	if (!syslog_wants(log_of(w), 106015))
		return;
	syslog_msg(log_of(w), 106015,
		   "Deny TCP (no connection) from %s/%u to %s/%u flags %s  on interface %s",
		   addr_text(&k->src, src), asa_ntohs(k->sport), addr_text(&k->dst, dst),
		   asa_ntohs(k->dport), flags_text(w->p->tcp.flags, flags), w->in->name);
}

void deny_icmp_reply(const struct walk *w)
{
	const struct asa_key *k = &w->p->key;
	char src[ADDR_TEXT], dst[ADDR_TEXT];

	if (!syslog_wants(log_of(w), 313004))
		return;
	syslog_msg(log_of(w), 313004,
		   "Denied ICMP type=%u, from laddr %s on interface %s to %s: no matching session",
		   w->p->icmp_type, addr_text(&k->src, src), w->in->name, addr_text(&k->dst, dst));
}

void deny_icmp_error(const struct walk *w, const struct asa_key *quoted)
{
	const struct asa_key *k = &w->p->key;
	char src[END_TEXT], dst[END_TEXT], qsrc[ADDR_TEXT], qdst[ADDR_TEXT], proto[8];

	if (!syslog_wants(log_of(w), 313005))
		return;
	/* 'quoted' is the key of the answers: the quoted packet went the other way. */
	syslog_msg(log_of(w), 313005,
		   "No matching connection for ICMP error message: icmp src %s dst %s (type %u, "
		   "code %u) on %s interface. Original IP payload: %s src %s/%u dst %s/%u.",
		   end_text(w->in->name, &k->src, 0, k->proto, src),
		   end_text(out_name(w), &k->dst, 0, k->proto, dst), w->p->icmp_type,
		   w->p->icmp_code, w->in->name, proto_text(quoted->proto, proto),
		   addr_text(&quoted->dst, qsrc), asa_ntohs(quoted->dport),
		   addr_text(&quoted->src, qdst), asa_ntohs(quoted->sport));
}

void deny_syn_diff(const struct walk *w)
{
	const struct asa_key *k = &w->p->key;
	char src[END_TEXT], dst[END_TEXT];
	const struct policy_if *out;

	if (!syslog_wants(log_of(w), 419002))
		return;
	out = policy_if_find(w->policy, w->conn->dir[!w->dir].in_if, w->conn->dir[!w->dir].key.vlan);
	syslog_msg(log_of(w), 419002,
		   "Duplicate TCP SYN from %s to %s with different initial sequence number",
		   end_text(w->in->name, &k->src, k->sport, k->proto, src),
		   end_text(out ? out->name : "unknown", &k->dst, k->dport, k->proto, dst));
}

void deny_limit(const struct walk *w, const struct session_limit *l)
{
	const struct asa_key *k = &w->p->key;
	__u32 id = l->per_client ? 201013 : 201011;
	char src[ADDR_TEXT], dst[ADDR_TEXT];

	if (!syslog_wants(log_of(w), id))
		return;
	syslog_msg(log_of(w), id,
		   "%s limit exceeded %u/%u for input packet from %s/%u to %s/%u on interface %s",
		   l->per_client ? "Per-client connection" : "Connection", l->count, l->max,
		   addr_text(&k->src, src), asa_ntohs(k->sport), addr_text(&k->dst, dst),
		   asa_ntohs(k->dport), w->in->name);
}

void deny_embryonic(const struct walk *w, const struct session_limit *l)
{
	const struct asa_key *k = &w->p->key;
	__u32 id = l->per_client ? 201012 : 201010;
	char src[ADDR_TEXT], dst[ADDR_TEXT];
	const char *dir = l->per_client ? "input" :
			  w->out && w->in->level > w->out->level ? "outbound" : "inbound";

	if (!syslog_wants(log_of(w), id))
		return;
	syslog_msg(log_of(w), id,
		   "%smbryonic connection limit exceeded %u/%u for %s packet from %s/%u to %s/%u on interface %s",
		   l->per_client ? "Per-client e" : "E", l->count, l->max, dir,
		   addr_text(&k->src, src), asa_ntohs(k->sport), addr_text(&k->dst, dst),
		   asa_ntohs(k->dport), w->in->name);
}

/* ------------------------------------------------------------------ translation */

static void deny_nat(const struct walk *w, __u32 id, const char *before, const char *after)
{
	const struct asa_key *k = &w->p->key;
	char src[END_TEXT], dst[END_TEXT], proto[8];

	if (!syslog_wants(log_of(w), id))
		return;
	syslog_msg(log_of(w), id, "%s%s src %s dst %s%s", before, proto_text(k->proto, proto),
		   end_text(w->in->name, &k->src, k->sport, k->proto, src),
		   end_text(out_name(w), &k->dst, k->dport, k->proto, dst), after);
}

/* 305016: no block of ports, of the host's share or of the pool's. */
static void deny_block(const struct walk *w, const struct nat_pool *pool)
{
	const struct asa_key *k = &w->real;
	char src[END_TEXT], dst[END_TEXT], proto[8], why[MODEL_NAME_MAX + 48];

	if (!syslog_wants(log_of(w), 305016))
		return;
	if (xlate_leases_of(w->e->asa->xlates, &k->src, k->proto) >= pool->block_max)
		snprintf(why, sizeof(why), "reaching per-host PAT port block limit of %u",
			 pool->block_max);
	else
		snprintf(why, sizeof(why), "port block exhaustion in PAT pool %s",
			 pool->name ? pool->name : "");
	syslog_msg(log_of(w), 305016, "Unable to create %s connection from %s to %s due to %s",
		   proto_upper(k->proto, proto),
		   end_text(w->in->name, &k->src, k->sport, k->proto, src),
		   end_text(out_name(w), &k->dst, k->dport, k->proto, dst), why);
}

void deny_translation(const struct walk *w, const struct nat_pool *pool)
{
	if (pool->block_size) {
		deny_block(w, pool);
		return;
	}
	deny_nat(w, 305006,
		 pool->pat ? "portmap translation creation failed for "
		     : "regular translation creation failed for ",
		 "");
}

void deny_rpf(const struct walk *w)
{
	deny_nat(w, 305013,
		 "Asymmetric NAT rules matched for forward and reverse flows; Connection for ",
		 " denied due to NAT reverse path failure");
}

/* ------------------------------------------------------------------ bad packets */

void deny_options(const struct walk *w, const struct asa_pkt *p)
{
	const struct asa_key *k = &p->key;
	char src[ADDR_TEXT], dst[ADDR_TEXT], hex[2 * 40 + 1];
	const __u8 *l3 = p->l3;
	__u32 i, size;

	if (!(p->flags & ASA_PKT_OPTIONS) || !syslog_wants(log_of(w), 106012))
		return;
	size = (l3[0] & 15) * 4u - ASA_IP4_SIZE;
	for (i = 0; i < size && i < 40; i++)
		snprintf(hex + 2 * i, 3, "%02x", l3[ASA_IP4_SIZE + i]);
	syslog_msg(log_of(w), 106012, "Deny IP from %s to %s, IP options: \"%s\"",
		   addr_text(&k->src, src), addr_text(&k->dst, dst), hex);
}

/* Transport headers that cannot be, as far as they are there. */
static void deny_transport(const struct walk *w)
{
	const struct asa_pkt *p = w->p;
	const __u8 *l4 = w->f->data + p->l4_off;
	__u32 left = w->f->len > p->l4_off ? w->f->len - p->l4_off : 0;
	char src[ADDR_TEXT], dst[ADDR_TEXT], flags[32];
	__u32 sport = left >= 4 ? asa_ldn16(l4) : 0, dport = left >= 4 ? asa_ldn16(l4 + 2) : 0;
	bool tcp = p->key.proto == ASA_PROTO_TCP;

	addr_text(&p->key.src, src);
	addr_text(&p->key.dst, dst);
	if (left >= 4 && (!dport || (tcp && !sport)))
		syslog_msg(log_of(w), 500004, "Invalid transport field for protocol=%u, from %s/%u to %s/%u",
			   p->key.proto, src, sport, dst, dport);
	else if (tcp)
		syslog_msg(log_of(w), 500003,
			   "Bad TCP hdr length (hdrlen=%u, pktlen=%u) from %s/%u to %s/%u, flags: %s, on interface %s",
			   left > ASA_TCP_DOFF ? (asa_ld8(l4 + ASA_TCP_DOFF) >> 4) * 4u : 0, p->l4_size, src, sport,
			   dst, dport, flags_text(left > ASA_TCP_FLAGS ? l4[ASA_TCP_FLAGS] : 0, flags),
			   w->in->name);
}

void deny_mss(const struct walk *w, __u32 mss)
{
	const struct asa_dir *back = &w->conn->dir[!w->dir];
	const struct policy_if *out = policy_if_find(w->policy, back->in_if, back->key.vlan);
	char src[END_TEXT], dst[END_TEXT];

	if (w->trace || !syslog_wants(log_of(w), 419001))
		return;
	syslog_msg(log_of(w), 419001, "Dropping TCP packet from %s to %s, reason: MSS exceeded, MSS %u, data %u",
		   end_text(w->in->name, &w->p->key.src, w->p->key.sport, ASA_PROTO_TCP, src),
		   end_text(out ? out->name : "unknown", &w->p->key.dst, w->p->key.dport, ASA_PROTO_TCP, dst),
		   mss, w->p->tcp.size);
}

void deny_parse(const struct walk *w, enum asa_drop why)
{
	const struct asa_key *k = &w->p->key;
	char src[ADDR_TEXT], dst[ADDR_TEXT];

	if (why == DROP_IP_SPOOF)
		syslog_msg(log_of(w), 106016, "Deny IP spoof from (%s) to %s on interface %s",
			   addr_text(&k->src, src), addr_text(&k->dst, dst), w->in->name);
	else if (why == DROP_TCP_HEADER || why == DROP_UDP_LENGTH)
		deny_transport(w);
	else if (why == DROP_IP_LAND)
		syslog_msg(log_of(w), 106017, "Deny IP due to Land Attack from %s to %s",
			   addr_text(&k->src, src), addr_text(&k->dst, dst));
}

/* ------------------------------------------------------------------ to the box */

void deny_host(const struct walk *w)
{
	const struct asa_key *k = &w->p->key;
	__u32 id = k->proto == ASA_PROTO_ICMP ? 313001 : k->proto == ASA_PROTO_ICMPV6 ? 313008 : 710003;
	char src[ADDR_TEXT], dst[END_TEXT], proto[8];

	if (!syslog_wants(log_of(w), id))
		return;
	addr_text(&k->src, src);
	if (id == 710003)
		syslog_msg(log_of(w), id, "%s access denied by ACL from %s/%u to %s",
			   proto_upper(k->proto, proto), src, asa_ntohs(k->sport),
			   end_text(w->in->name, &k->dst, k->dport, k->proto, dst));
	else
		syslog_msg(log_of(w), id, "Denied %s type=%u, code=%u from %s on interface %s",
			   id == 313001 ? "ICMP" : "ICMPv6", w->p->icmp_type, w->p->icmp_code, src,
			   w->in->name);
}

/* ------------------------------------------------------------------ where it came from */

static void deny_origin(const struct walk *w, __u32 id, const char *what)
{
	const struct asa_key *k = &w->p->key;
	char src[ADDR_TEXT], dst[ADDR_TEXT], proto[8];

	if (!syslog_wants(log_of(w), id))
		return;
	syslog_msg(log_of(w), id, "Deny %s %s from %s to %s on interface %s",
		   proto_upper(k->proto, proto), what, addr_text(&k->src, src),
		   addr_text(&k->dst, dst), w->in->name);
}

void deny_reverse_path(const struct walk *w)
{
	deny_origin(w, 106021, "reverse path check");
}

void deny_interface(const struct walk *w)
{
	deny_origin(w, 106022, "connection spoof");
}

/* ------------------------------------------------------------------ fragments */

static void fragment_msg(const struct walk *w, __u32 id, const char *what, __u32 n)
{
	const struct asa_pkt *p = w->p;
	char src[ADDR_TEXT], dst[ADDR_TEXT], proto[8];

	syslog_msg(log_of(w), id, "%s %u%s: src = %s, dest = %s, proto = %s, id = %u", what, n,
		   id == 209003 ? " exceeded" : id == 209005 ? " elements" : "",
		   addr_text(&p->key.src, src), addr_text(&p->key.dst, dst),
		   proto_text(p->proto, proto),
		   p->flags & ASA_PKT_IPV4 ? asa_ntohs((__be16)p->frag_id) : asa_ntohl(p->frag_id));
}

void deny_fragment(const struct walk *w, const struct ip_frag_limits *limits,
		   enum ip_frag_note note)
{
	const struct asa_pkt *p = w->p;
	char src[ADDR_TEXT], dst[ADDR_TEXT], proto[8], what[64];

	switch (note) {
	case IP_FRAG_NOTE_NONE: break;
	case IP_FRAG_NOTE_SIZE:
		fragment_msg(w, 209003, "Fragment database limit of", limits->size);
		break;
	case IP_FRAG_NOTE_TOO_BIG:
		snprintf(what, sizeof(what), "Invalid IP fragment, size = %u exceeds maximum size =",
			 p->frag_off + (__u32)p->frag_size);
		fragment_msg(w, 209004, what, 65535);
		break;
	case IP_FRAG_NOTE_CHAIN:
		fragment_msg(w, 209005, "Discard IP fragment set with more than", limits->chain);
		break;
	case IP_FRAG_NOTE_THRESHOLD:
		syslog_msg(log_of(w), 209006,
			   "Fragment queue threshold exceeded, dropped %s fragment from %s to %s "
			   "on %s interface.",
			   proto_text(p->proto, proto), addr_text(&p->key.src, src),
			   addr_text(&p->key.dst, dst), w->in->name);
		break;
	case IP_FRAG_NOTE_TEARDROP:
		syslog_msg(log_of(w), 106020,
			   "Deny IP teardrop fragment (size = %u, offset = %u) from %s to %s",
			   p->frag_size, p->frag_off, addr_text(&p->key.src, src),
			   addr_text(&p->key.dst, dst));
		break;
	}
}
