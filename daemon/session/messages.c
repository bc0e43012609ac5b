// SPDX-License-Identifier: GPL-2.0-only
/*
 * The messages of a connection's life: built, torn down, translations.
 *
 * Responsible for: which message id, the order of the ends, the words. Not responsible for:
 * filtering, time stamps, delivery (services/syslog); messages about packets that were refused
 * (engine/deny.c).
 *
 * Order of the ends: 302013-302016 name the foreign end (lower security) first, whoever opened
 * the connection; the word inbound/outbound tells that. The bypass messages 302303/302304 name the
 * initiator first. ICMP messages have faddr (foreign), gaddr (local, as seen from outside) and
 * laddr (local, real).
 *
 * Threads: asa->lock; a message nobody wants costs one table look-up, see syslog_wants().
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "asa/bytes.h"
#include "services/syslog.h"
#include "session/session_impl.h"

#define ADDR_TEXT INET6_ADDRSTRLEN

static const char *addr_text(const struct asa_addr *a, char *buf)
{
	if (asa_addr_is_v4(a))
		inet_ntop(AF_INET, &a->w[3], buf, ADDR_TEXT);
	else
		inet_ntop(AF_INET6, a->b, buf, ADDR_TEXT);
	return buf;
}

const char *session_close_text(enum session_close why)
{
	static const char *const text[SESSION_CLOSE_MAX] = {
		[SESSION_CLOSE_NONE] = "Unknown",
		[SESSION_CLOSE_FINS] = "TCP FINs",
		[SESSION_CLOSE_RESET_I] = "TCP Reset-I",
		[SESSION_CLOSE_RESET_O] = "TCP Reset-O",
		[SESSION_CLOSE_SYN_TIMEOUT] = "SYN Timeout",
		[SESSION_CLOSE_FIN_TIMEOUT] = "FIN Timeout",
		[SESSION_CLOSE_IDLE] = "Connection timeout",
		[SESSION_CLOSE_CLEARED] = "Xlate Clear",
		[SESSION_CLOSE_EVICTED] = "SYN Control",
		[SESSION_CLOSE_REPLACED] = "Unknown",
		[SESSION_CLOSE_ROUTE] = "Route change",
		[SESSION_CLOSE_WINDOW] = "TCP unexpected window size variation",
	};

	return why < SESSION_CLOSE_MAX ? text[why] : text[SESSION_CLOSE_NONE];
}

/* "outside:203.0.113.9/80", and with 'mapped' also " (203.0.113.9/80)". */
static const char *end_text(const struct session_end *e, bool mapped, char *buf, size_t size)
{
	char real[ADDR_TEXT], map[ADDR_TEXT];

	addr_text(&e->real, real);
	if (mapped)
		snprintf(buf, size, "%s:%s/%u (%s/%u)", e->if_name, real, e->real_port,
			 addr_text(&e->mapped, map), e->mapped_port);
	else
		snprintf(buf, size, "%s:%s/%u", e->if_name, real, e->real_port);
	return buf;
}

#define END_TEXT (MODEL_NAME_MAX + 2 * ADDR_TEXT + 20)
#define DURATION_TEXT 24

static const char *duration_text(__u32 seconds, char *buf)
{
	snprintf(buf, DURATION_TEXT, "%u:%02u:%02u", seconds / 3600, seconds / 60 % 60,
		 seconds % 60);
	return buf;
}

/* Message ids of a protocol: built, torn down; 0: none. */
static void message_ids(const struct session_view *v, __u32 *built, __u32 *torn)
{
	*built = 0;
	if (v->bypass)
		*built = 302303;
	else if (v->proto == ASA_PROTO_TCP)
		*built = 302013;
	else if (v->proto == ASA_PROTO_UDP)
		*built = 302015;
	else if (v->proto == ASA_PROTO_ICMP || v->proto == ASA_PROTO_ICMPV6)
		*built = 302020;
	else if (v->proto == 47) /* GRE */
		*built = 302017;
	*torn = *built ? *built + 1 : 0;
}

static void icmp_ends(const struct session_view *v, char *buf, size_t size)
{
	const struct session_end *f = &v->end[v->low], *l = &v->end[!v->low];
	char faddr[ADDR_TEXT], gaddr[ADDR_TEXT], laddr[ADDR_TEXT];

	snprintf(buf, size, "faddr %s/%u gaddr %s/%u laddr %s/%u", addr_text(&f->real, faddr),
		 f->real_port, addr_text(&l->mapped, gaddr), l->mapped_port,
		 addr_text(&l->real, laddr), l->real_port);
}

void session_log_built(const struct sessions *s, __u32 slot, __u32 now)
{
	struct asa_session *r = &s->t.sessions[slot];
	char first[END_TEXT], second[END_TEXT], icmp[3 * END_TEXT];
	const char *way = r->flags & ASA_SESSION_INBOUND ? "inbound" : "outbound";
	struct session_view v;
	__u32 id, torn;
	int low;

	/* Which of the two directions it is may be looked up cheaply before all the rest. */
	memset(&v, 0, sizeof(v));
	v.proto = s->t.conns[slot].dir[0].key.proto;
	v.bypass = r->flags & ASA_SESSION_BYPASS;
	message_ids(&v, &id, &torn);
	if (!id)
		return;
	r->flags |= ASA_SESSION_LOGGED; /* whoever wants messages later gets the teardown */
	if (!syslog_wants(s->asa->syslog, id) || !session_view(s, slot, now, &v))
		return;
	low = v.bypass ? 0 : v.low;
	end_text(&v.end[low], true, first, sizeof(first));
	end_text(&v.end[!low], true, second, sizeof(second));
	switch (id) {
	case 302303:
		syslog_msg(s->asa->syslog, id,
			   "Built TCP state-bypass connection %llu from %s to %s",
			   (unsigned long long)v.id, first, second);
		break;
	case 302020:
		icmp_ends(&v, icmp, sizeof(icmp));
		syslog_msg(s->asa->syslog, id, "Built %s ICMP connection for %s", way, icmp);
		break;
	case 302017:
		syslog_msg(s->asa->syslog, id, "Built %s GRE connection %llu from %s to %s", way,
			   (unsigned long long)v.id, first, second);
		break;
	default:
		syslog_msg(s->asa->syslog, id, "Built %s %s connection %llu for %s to %s", way,
			   v.proto == ASA_PROTO_TCP ? "TCP" : "UDP", (unsigned long long)v.id,
			   first, second);
		break;
	}
}

void session_log_teardown(const struct sessions *s, __u32 slot, enum session_close why, __u32 now)
{
	char first[END_TEXT], second[END_TEXT], icmp[3 * END_TEXT], duration[DURATION_TEXT];
	struct session_view v;
	__u32 built, id;
	int low;

	memset(&v, 0, sizeof(v));
	v.proto = s->t.conns[slot].dir[0].key.proto;
	v.bypass = s->t.sessions[slot].flags & ASA_SESSION_BYPASS;
	message_ids(&v, &built, &id);
	if (!id || !syslog_wants(s->asa->syslog, id) || !session_view(s, slot, now, &v))
		return;
	low = v.bypass ? 0 : v.low;
	end_text(&v.end[low], false, first, sizeof(first));
	end_text(&v.end[!low], false, second, sizeof(second));
	duration_text(v.uptime_s, duration);
	switch (id) {
	case 302304:
		syslog_msg(s->asa->syslog, id,
			   "Teardown TCP state-bypass connection %llu from %s to %s duration %s "
			   "bytes %llu %s",
			   (unsigned long long)v.id, first, second, duration,
			   (unsigned long long)v.bytes, session_close_text(why));
		break;
	case 302021:
		icmp_ends(&v, icmp, sizeof(icmp));
		syslog_msg(s->asa->syslog, id, "Teardown ICMP connection for %s", icmp);
		break;
	case 302018:
		syslog_msg(s->asa->syslog, id,
			   "Teardown GRE connection %llu from %s to %s duration %s bytes %llu",
			   (unsigned long long)v.id, first, second, duration,
			   (unsigned long long)v.bytes);
		break;
	case 302016:
		syslog_msg(s->asa->syslog, id,
			   "Teardown UDP connection %llu for %s to %s duration %s bytes %llu",
			   (unsigned long long)v.id, first, second, duration,
			   (unsigned long long)v.bytes);
		break;
	default:
		syslog_msg(s->asa->syslog, id,
			   "Teardown TCP connection %llu for %s to %s duration %s bytes %llu %s",
			   (unsigned long long)v.id, first, second, duration,
			   (unsigned long long)v.bytes, session_close_text(why));
		break;
	}
}

void session_log_urgent(const struct sessions *s, __u32 slot, int dir, __u32 now)
{
	char from[END_TEXT], to[END_TEXT];
	struct session_view v;

	if (!syslog_wants(s->asa->syslog, 419003) || !session_view(s, slot, now, &v))
		return;
	syslog_msg(s->asa->syslog, 419003, "Cleared TCP urgent flag from %s to %s",
		   end_text(&v.end[dir], false, from, sizeof(from)),
		   end_text(&v.end[!dir], false, to, sizeof(to)));
}

static const char *xlate_proto_text(__u8 proto)
{
	return proto == ASA_PROTO_TCP ? "TCP" : proto == ASA_PROTO_UDP ? "UDP" : "ICMP";
}

/* 305009-305012: a dynamic translation came or went. */
void session_log_xlate(const struct sessions *s, const struct xlate *x, bool built, __u32 now)
{
	__u32 id = (x->proto ? 305011 : 305009) + (built ? 0 : 1);
	char from[ADDR_TEXT], to[ADDR_TEXT], duration[DURATION_TEXT], tail[DURATION_TEXT + 16];
	const char *proto;

	if (!syslog_wants(s->asa->syslog, id))
		return;
	addr_text(&x->real, from);
	addr_text(&x->mapped, to);
	tail[0] = '\0';
	if (!built)
		snprintf(tail, sizeof(tail), " duration %s",
			 duration_text((__u32)(asa_ms_from_ticks(now - x->created) / 1000),
				       duration));
	if (!x->proto) {
		syslog_msg(s->asa->syslog, id, "%s dynamic translation from %s:%s to %s:%s%s",
			   built ? "Built" : "Teardown", x->real_if_name, from, x->mapped_if_name,
			   to, tail);
		return;
	}
	proto = xlate_proto_text(x->proto);
	syslog_msg(s->asa->syslog, id, "%s dynamic %s translation from %s:%s/%u to %s:%s/%u%s",
		   built ? "Built" : "Teardown", proto, x->real_if_name, from,
		   asa_ntohs(x->real_port), x->mapped_if_name, to, asa_ntohs(x->mapped_port), tail);
}

/* 305014, 305015: a host got a block of ports or gave it back. */
void session_log_lease(void *sessions, const struct xlate_lease *l, bool got)
{
	const struct sessions *s = sessions;
	__u32 id = got ? 305014 : 305015;
	char from[ADDR_TEXT], to[ADDR_TEXT];

	if (!syslog_wants(s->asa->syslog, id))
		return;
	syslog_msg(s->asa->syslog, id,
		   "%s %s block of ports for translation from %s:%s to %s:%s/%u-%u",
		   got ? "Allocated" : "Released", xlate_proto_text(l->proto), l->real_if_name,
		   addr_text(&l->real, from), l->mapped_if_name, addr_text(&l->mapped, to), l->lo,
		   l->hi);
}

void session_xlate_built(const struct sessions *s, __u32 nat_ref, __u32 now)
{
	const struct xlate *x = xlate_get(s->asa->xlates, nat_ref);

	if (x)
		session_log_xlate(s, x, true, now);
}
