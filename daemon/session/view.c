// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the operator sees of a connection, and the walks over the table.
 *
 * Responsible for: struct session_view (one place computes ends, flags and times, for text, JSON
 * and log messages alike), filters, bounded walks, clear conn.
 * Not responsible for: drawing (control/show_*.c).
 *
 * Connections that are CLOSING are over for the operator and not shown.
 *
 * Threads: asa->lock, given up between two calls of a walk.
 */
#include <string.h>

#include "asa/bytes.h"
#include "session/session_impl.h"

/* ------------------------------------------------------------------ flags */

/*
 * The letters of "show conn", in ASA's order:
 *
 *	b			bypass, alone
 *	-			no TCP
 *	s S			the outside (s), the inside (S) has not sent its SYN
 *	a A			the outside (a), the inside (A) has not acknowledged the other's SYN
 *	U			up: both have
 *	f F r R			FIN from inside, from outside; each acknowledged (r: inside's)
 *	I O			data inbound, outbound
 *	B			opened from outside
 */
static int flags_text(const struct asa_conn *c, const struct asa_session *r, char *buf)
{
	const struct asa_half *in = &c->half[session_inside(r)];
	const struct asa_half *out = &c->half[!session_inside(r)];
	int n = 0;

	if (r->flags & ASA_SESSION_BYPASS) {
		buf[n++] = 'b';
		return n;
	}
	if (c->dir[0].key.proto != ASA_PROTO_TCP) {
		buf[n++] = '-';
		return n;
	}
	if (in->tcp & out->tcp & ASA_HALF_ACKED) {
		buf[n++] = 'U';
	} else {
		if (!(out->tcp & ASA_HALF_SYN))
			buf[n++] = 's';
		if (!(in->tcp & ASA_HALF_SYN))
			buf[n++] = 'S';
		if (!(out->tcp & ASA_HALF_ACKED))
			buf[n++] = 'a';
		if (!(in->tcp & ASA_HALF_ACKED))
			buf[n++] = 'A';
	}
	if (in->tcp & ASA_HALF_FIN)
		buf[n++] = 'f';
	if (out->tcp & ASA_HALF_FIN)
		buf[n++] = 'F';
	if (out->tcp & ASA_HALF_FIN_ACKED)
		buf[n++] = 'r';
	if (in->tcp & ASA_HALF_FIN_ACKED)
		buf[n++] = 'R';
	if (out->tcp & ASA_HALF_DATA)
		buf[n++] = 'I';
	if (in->tcp & ASA_HALF_DATA)
		buf[n++] = 'O';
	if (r->flags & ASA_SESSION_INBOUND)
		buf[n++] = 'B';
	return n;
}

int session_flags(const struct sessions *s, __u32 slot, char *buf, size_t size)
{
	char text[SESSION_FLAGS_MAX];
	const struct asa_session *r = session_row(s, slot);
	int n;

	if (!size)
		return 0;
	n = r ? flags_text(&s->t.conns[slot], r, text) : 0;
	if ((size_t)n >= size)
		n = (int)size - 1;
	memcpy(buf, text, (size_t)n);
	buf[n] = '\0';
	return n;
}

/* ------------------------------------------------------------------ one connection */

static void view_if(const struct sessions *s, const struct asa_session *r, int i,
		    struct session_end *e)
{
	const struct policy *p = session_policy(s);
	const struct policy_if *pif = NULL;

	if (p)
		pif = policy_if_find(p, r->if_ifindex[i], r->if_vlan[i]);
	e->if_name[0] = '\0';
	e->level = -1;
	if (pif) {
		memcpy(e->if_name, pif->name, sizeof(e->if_name));
		e->level = pif->level;
	}
}

static __u32 seconds_since(__u32 now, __u32 then)
{
	/* XDP's clock is a tick coarser than ours: never negative. */
	return (__s32)(now - then) > 0 ? (__u32)(asa_ms_from_ticks(now - then) / 1000) : 0;
}

static void view_traffic(const struct sessions *s, const struct asa_conn *c, struct session_view *v)
{
	int d;

	for (d = 0; d < 2; d++) {
		const struct asa_rest *rest = &s->t.sessions[v->slot].rest[d];
		const struct asa_dir *dir = &c->dir[d];

		v->driver_packets[d] = asa_count_packets(dir->packets, dir->bytes);
		v->daemon_packets[d] = asa_count_packets(rest->slow_packets, rest->slow_bytes);
		v->dir_packets[d] = v->driver_packets[d] + v->daemon_packets[d];
		v->dir_bytes[d] = asa_count_bytes(dir->bytes) + asa_count_bytes(rest->slow_bytes);
		v->seq_add[d] = c->half[d].seq_add;
		v->nexthop_if[d] = s->t.nexthops[c->dir[d].nexthop].ifindex;
		if (!c->dir[d].nexthop)
			v->nexthop_if[d] = 0;
	}
	v->bytes = v->dir_bytes[0] + v->dir_bytes[1];
}

bool session_view(const struct sessions *s, __u32 slot, __u32 now, struct session_view *v)
{
	const struct asa_session *r;
	const struct asa_conn *c;

	memset(v, 0, sizeof(*v));
	if (!slot || slot >= s->t.n_slots)
		return false;
	r = &s->t.sessions[slot];
	if (!session_state_live(r->state))
		return false;
	c = &s->t.conns[slot];
	v->slot = slot;
	v->id = r->id;
	v->proto = c->dir[0].key.proto;
	v->ctx = c->dir[0].key.ctx;
	v->v6 = !asa_addr_is_v4(&c->dir[0].key.src);
	v->state = r->state;
	v->bypass = r->flags & ASA_SESSION_BYPASS;
	v->inbound = r->flags & ASA_SESSION_INBOUND;
	v->low = v->inbound ? 0 : 1;
	/* Real: as the end itself writes its address; mapped: as the other end writes it. */
	v->end[0].real = c->dir[0].key.src;
	v->end[0].real_port = asa_ntohs(c->dir[0].key.sport);
	v->end[0].mapped = c->dir[1].key.dst;
	v->end[0].mapped_port = asa_ntohs(c->dir[1].key.dport);
	v->end[1].real = c->dir[1].key.src;
	v->end[1].real_port = asa_ntohs(c->dir[1].key.sport);
	v->end[1].mapped = c->dir[0].key.dst;
	v->end[1].mapped_port = asa_ntohs(c->dir[0].key.dport);
	view_if(s, r, 0, &v->end[0]);
	view_if(s, r, 1, &v->end[1]);
	v->flags[flags_text(c, r, v->flags)] = '\0';
	v->idle_s = seconds_since(now, session_last_seen(c));
	v->uptime_s = seconds_since(now, r->created);
	v->timeout_s = (__u32)(asa_ms_from_ticks(session_timeout_ticks(r)) / 1000);
	v->nat_ref = r->nat_ref;
	v->policy_class = r->policy_class;
	view_traffic(s, c, v);
	return true;
}

/* ------------------------------------------------------------------ filters and walks */

static int addr_compare(const struct asa_addr *a, const struct asa_addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)); /* wire order */
}

static bool addr_matches(const struct session_filter *f, const struct asa_addr *a)
{
	struct asa_addr x, y;

	if (!f->has_mask)
		return addr_compare(a, &f->addr_lo) >= 0 && addr_compare(a, &f->addr_hi) <= 0;
	x.d[0] = a->d[0] & f->mask.d[0];
	x.d[1] = a->d[1] & f->mask.d[1];
	y.d[0] = f->addr_lo.d[0] & f->mask.d[0];
	y.d[1] = f->addr_lo.d[1] & f->mask.d[1];
	return asa_addr_equal(&x, &y);
}

static bool port_matches(const struct session_filter *f, __u16 port)
{
	return port >= f->port_lo && port <= f->port_hi;
}

static __u32 state_bits(const struct session_view *v)
{
	__u32 bits = 0;

	if (v->state == ASA_SESSION_EMBRYONIC)
		bits |= SESSION_STATE_EMBRYONIC;
	else
		bits |= SESSION_STATE_UP;
	if (v->state == ASA_SESSION_HALF_CLOSED)
		bits |= SESSION_STATE_FIN;
	if (v->bypass)
		bits |= SESSION_STATE_BYPASS;
	return bits;
}

static bool view_matches(const struct session_filter *f, const struct session_view *v)
{
	const struct session_end *a = &v->end[0], *b = &v->end[1];

	if (f->proto && f->proto != v->proto)
		return false;
	if (f->states && !(f->states & state_bits(v)))
		return false;
	if (f->nat_ref && f->nat_ref != v->nat_ref)
		return false;
	if (f->has_addr && !addr_matches(f, &a->real) && !addr_matches(f, &a->mapped) &&
	    !addr_matches(f, &b->real) && !addr_matches(f, &b->mapped))
		return false;
	if (f->has_port && !port_matches(f, a->real_port) && !port_matches(f, a->mapped_port) &&
	    !port_matches(f, b->real_port) && !port_matches(f, b->mapped_port))
		return false;
	if (f->if_name[0] && strcmp(f->if_name, a->if_name) && strcmp(f->if_name, b->if_name))
		return false;
	return true;
}

bool session_walk(const struct sessions *s, __u32 *pos, __u32 max, __u32 now,
		  const struct session_filter *f, session_walk_cb cb, void *arg)
{
	struct session_view v;

	if (!*pos)
		*pos = 1;
	for (; max; max--) {
		__u32 slot = sessions_next(s, *pos);

		*pos = slot;
		if (slot == s->t.n_slots)
			return false;
		++*pos;
		if (!session_view(s, slot, now, &v) || (f && !view_matches(f, &v)))
			continue;
		if (!cb(arg, &v))
			return false;
	}
	return *pos < s->t.n_slots;
}

struct clear_args {
	struct sessions *s;
	__u32 now;
	__u32 closed;
};

static bool clear_one(void *arg, const struct session_view *v)
{
	struct clear_args *a = arg;

	session_close(a->s, v->slot, SESSION_CLOSE_CLEARED, a->now);
	a->closed++;
	return true;
}

bool sessions_clear(struct sessions *s, __u32 *pos, __u32 max, __u32 now,
		    const struct session_filter *f, __u32 *closed)
{
	struct clear_args a = {s, now, 0};
	bool more = session_walk(s, pos, max, now, f, clear_one, &a);

	*closed += a.closed;
	return more;
}

static void on_xlate_cleared(void *arg, const struct xlate *x)
{
	struct clear_args *a = arg;

	session_log_xlate(a->s, x, false, a->now);
}

void sessions_clear_xlates_if(struct sessions *s, bool (*fits)(void *arg, const struct xlate *t),
			      void *arg, __u32 now)
{
	struct clear_args a = {s, now, 0};

	if (s->asa->xlates)
		xlate_clear_if(s->asa->xlates, fits, arg, on_xlate_cleared, &a);
}

void sessions_clear_xlates(struct sessions *s, __u32 now)
{
	sessions_clear_xlates_if(s, NULL, NULL, now);
}
