// SPDX-License-Identifier: GPL-2.0-only
/*
 * show conn, clear conn, show local-host, clear local-host.
 *
 * Responsible for: the forms of a connection in text and JSON, walking the table in pieces with
 * the lock given up in between, so that neither packets nor other clients wait for a long list.
 * Not responsible for: what a connection is (session/), its flags (session_flags()).
 *
 * Callers: config/ through the table at the end. Threads: main thread; asa->lock per piece.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/commands.h"

#define SLOTS_PER_LOCK 1024
#define LOCKS_PER_STEP 64

struct walk {
	struct asa *a;
	struct output *o;
	struct session_filter filter;
	char letters[COMMANDS_LETTERS]; /* "state": flags of which a connection has one … */
	__u32 states; /* … or that it is in one of these states */
	enum conn_form form;
	__u32 pos;
	__u32 closed;
};

/* ------------------------------------------------------------------ forms */

/* "ADDR" or "ADDR(MAPPED)". */
static void end_text(const struct session_end *e, char buf[160])
{
	char real[64], mapped[64];

	output_format_addr(&e->real, real, sizeof(real));
	if (asa_addr_equal(&e->real, &e->mapped)) {
		snprintf(buf, 160, "%s", real);
		return;
	}
	output_format_addr(&e->mapped, mapped, sizeof(mapped));
	snprintf(buf, 160, "%s(%s)", real, mapped);
}

/* "7s", "3m14s", "1h0m", "1d19h": the two largest units. */
static const char *duration_text(__u32 s, char *buf, size_t size)
{
	if (s < 60)
		snprintf(buf, size, "%us", s);
	else if (s < 3600)
		snprintf(buf, size, "%um%us", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, size, "%uh%um", s / 3600, s / 60 % 60);
	else
		snprintf(buf, size, "%ud%uh", s / 86400, s / 3600 % 24);
	return buf;
}

static void conn_print_short(struct output *o, const struct session_view *v)
{
	const struct session_end *low = &v->end[v->low], *high = &v->end[!v->low];
	char low_text[160], high_text[160], idle[32], proto[8];

	end_text(low, low_text);
	end_text(high, high_text);
	output_text(o, "%s %s %s:%u %s %s:%u, idle %s, bytes %llu, flags %s\n",
		    commands_proto(v->proto, true, proto, sizeof(proto)), low->if_name, low_text,
		    low->real_port, high->if_name, high_text, high->real_port,
		    output_format_time(v->idle_s, idle, sizeof(idle)), (unsigned long long)v->bytes,
		    v->flags);
}

static void conn_print_long(struct output *o, const struct session_view *v)
{
	char addr[64], mapped[64], proto[8], idle[32], up[32], timeout[32];

	output_text(o, "%s ", commands_proto(v->proto, true, proto, sizeof(proto)));
	for (int i = 0; i < 2; i++) {
		const struct session_end *e = &v->end[i ? !v->low : v->low];

		output_text(o, "%s: %s/%u (%s/%u)%s", e->if_name,
			    output_format_addr(&e->real, addr, sizeof(addr)), e->real_port,
			    output_format_addr(&e->mapped, mapped, sizeof(mapped)), e->mapped_port,
			    i ? "" : " ");
	}
	output_text(o, ", flags %s , idle %s, uptime %s, timeout %s, bytes %llu\n", v->flags,
		    duration_text(v->idle_s, idle, sizeof(idle)),
		    duration_text(v->uptime_s, up, sizeof(up)),
		    v->timeout_s ? duration_text(v->timeout_s, timeout, sizeof(timeout)) : "-",
		    (unsigned long long)v->bytes);
	output_text(o, "  Initiator: %s, Responder: %s\n",
		    output_format_addr(&v->end[0].real, addr, sizeof(addr)),
		    output_format_addr(&v->end[1].real, mapped, sizeof(mapped)));
}

static void conn_print_detail(struct output *o, const struct session_view *v)
{
	char addr[64], proto[8], idle[32], up[32], timeout[32];

	output_text(o, "%s ", commands_proto(v->proto, true, proto, sizeof(proto)));
	for (int i = 0; i < 2; i++) {
		const struct session_end *e = &v->end[i ? !v->low : v->low];

		output_text(o, "%s:%s/%u%s", e->if_name,
			    output_format_addr(&e->real, addr, sizeof(addr)), e->real_port,
			    i ? "," : " ");
		if (!asa_addr_equal(&e->real, &e->mapped) || e->real_port != e->mapped_port)
			output_text(o, "(%s/%u)%s",
				    output_format_addr(&e->mapped, addr, sizeof(addr)),
				    e->mapped_port, i ? "," : " ");
	}
	output_text(o,
		    "\n    flags %s, idle %s, uptime %s, timeout %s, bytes %llu, conn id %llu, "
		    "xlate id 0x%x\n",
		    v->flags, duration_text(v->idle_s, idle, sizeof(idle)),
		    duration_text(v->uptime_s, up, sizeof(up)),
		    v->timeout_s ? duration_text(v->timeout_s, timeout, sizeof(timeout)) : "-",
		    (unsigned long long)v->bytes, (unsigned long long)v->id, v->nat_ref);
	output_text(
		o,
		"    driver packets %llu (forward %llu, reverse %llu), daemon packets %llu "
		"(forward %llu, reverse %llu)\n",
		(unsigned long long)(v->driver_packets[0] + v->driver_packets[1]),
		(unsigned long long)v->driver_packets[0], (unsigned long long)v->driver_packets[1],
		(unsigned long long)(v->daemon_packets[0] + v->daemon_packets[1]),
		(unsigned long long)v->daemon_packets[0], (unsigned long long)v->daemon_packets[1]);
	output_text(o, "    Initiator: %s, bytes %llu, sequence offset %u\n",
		    output_format_addr(&v->end[0].real, addr, sizeof(addr)),
		    (unsigned long long)v->dir_bytes[0], v->seq_add[0]);
	output_text(o, "    Responder: %s, bytes %llu, sequence offset %u\n",
		    output_format_addr(&v->end[1].real, addr, sizeof(addr)),
		    (unsigned long long)v->dir_bytes[1], v->seq_add[1]);
}

static void conn_json_end(struct output *o, const char *key, const struct session_end *e)
{
	char addr[64];

	output_object_begin(o, key);
	output_str(o, "interface", e->if_name);
	output_str(o, "address", output_format_addr(&e->real, addr, sizeof(addr)));
	output_u64(o, "port", e->real_port);
	output_str(o, "mapped_address", output_format_addr(&e->mapped, addr, sizeof(addr)));
	output_u64(o, "mapped_port", e->mapped_port);
	output_object_end(o);
}

static const char *state_text(__u8 state)
{
	static const char *const names[] = {
		[ASA_SESSION_FREE] = "free",
		[ASA_SESSION_QUARANTINE] = "free",
		[ASA_SESSION_EMBRYONIC] = "embryonic",
		[ASA_SESSION_OPEN] = "up",
		[ASA_SESSION_HALF_CLOSED] = "half-closed",
		[ASA_SESSION_CLOSING] = "closing",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static void conn_json(struct output *o, const struct session_view *v)
{
	static const char *const directions[] = {"forward", "reverse"};
	char proto[8];

	output_object_begin(o, NULL);
	output_u64(o, "id", v->id);
	output_str(o, "protocol", commands_proto(v->proto, false, proto, sizeof(proto)));
	output_int(o, "ip_version", v->v6 ? 6 : 4);
	output_str(o, "state", state_text(v->state));
	output_str(o, "flags", v->flags);
	output_bool(o, "bypass", v->bypass);
	output_str(o, "direction", v->inbound ? "inbound" : "outbound");
	conn_json_end(o, "initiator", &v->end[0]);
	conn_json_end(o, "responder", &v->end[1]);
	output_u64(o, "idle", v->idle_s);
	output_u64(o, "uptime", v->uptime_s);
	output_u64(o, "timeout", v->timeout_s);
	output_u64(o, "bytes", v->bytes);
	output_u64(o, "driver_packets", v->driver_packets[0] + v->driver_packets[1]);
	output_u64(o, "daemon_packets", v->daemon_packets[0] + v->daemon_packets[1]);
	for (int i = 0; i < 2; i++) {
		output_object_begin(o, directions[i]);
		output_u64(o, "packets", v->dir_packets[i]);
		output_u64(o, "bytes", v->dir_bytes[i]);
		output_u64(o, "driver_packets", v->driver_packets[i]);
		output_u64(o, "daemon_packets", v->daemon_packets[i]);
		output_u64(o, "sequence_offset", v->seq_add[i]);
		output_u64(o, "egress_ifindex", v->nexthop_if[i]);
		output_object_end(o);
	}
	output_u64(o, "xlate_id", v->nat_ref);
	output_object_end(o);
}

void conn_print(struct output *o, const struct session_view *v, enum conn_form form)
{
	if (output_is_json(o))
		conn_json(o, v);
	else if (form == CONN_LONG)
		conn_print_long(o, v);
	else if (form == CONN_DETAIL)
		conn_print_detail(o, v);
	else
		conn_print_short(o, v);
}

/* ------------------------------------------------------------------ show conn */

static bool walk_wants(const struct walk *w, const struct session_view *v)
{
	bool embryonic = v->state == ASA_SESSION_EMBRYONIC;

	if (!w->letters[0])
		return true;
	return strpbrk(v->flags, w->letters) || (w->states & SESSION_STATE_UP && !embryonic) ||
	       (w->states & SESSION_STATE_EMBRYONIC && embryonic) ||
	       (w->states & SESSION_STATE_BYPASS && v->bypass);
}

static bool show_conn_row(void *arg, const struct session_view *v)
{
	struct walk *w = arg;

	if (!walk_wants(w, v))
		return true;
	conn_print(w->o, v, w->form);
	return true;
}

static bool show_conn_step(struct output *o, void *state)
{
	struct walk *w = state;
	size_t len = 0;
	bool more = true;

	w->o = o;
	for (int i = 0; i < LOCKS_PER_STEP && more && len < OUTPUT_CHUNK; i++) {
		pthread_mutex_lock(&w->a->lock);
		more = session_walk(w->a->sessions, &w->pos, SLOTS_PER_LOCK, commands_now(),
				    &w->filter, show_conn_row, w);
		pthread_mutex_unlock(&w->a->lock);
		output_data(o, &len);
	}
	if (!more)
		output_list_end(o);
	return more;
}

static void conn_legend(struct output *o)
{
	output_text(o,
		    "Flags: A - awaiting inside ACK to SYN, a - awaiting outside ACK to SYN,\n"
		    "       B - initial SYN from outside, b - TCP state-bypass or nailed,\n"
		    "       F - outside FIN, f - inside FIN, I - inbound data, O - outbound data,\n"
		    "       R - outside acknowledged FIN, r - inside acknowledged FIN,\n"
		    "       S - awaiting inside SYN, s - awaiting outside SYN, U - up\n\n");
}

static void conn_counts(struct asa *a, struct output *o)
{
	struct session_counts c;

	pthread_mutex_lock(&a->lock);
	sessions_counts(a->sessions, &c);
	pthread_mutex_unlock(&a->lock);
	output_text(o, "%u in use, %u most used\n", c.in_use, c.most_used);
	output_u64(o, "in_use", c.in_use);
	output_u64(o, "most_used", c.most_used);
	output_u64(o, "embryonic", c.embryonic);
	output_u64(o, "half_closed", c.half_closed);
	output_u64(o, "bypass", c.bypass);
}

static int show_conn(void *ctx, struct cmd_args *args, void *out)
{
	struct walk *w = calloc(1, sizeof(*w));

	if (!w)
		return cmd_error(args, "out of memory");
	w->a = ctx;
	if (commands_filter(args, &w->filter, w->letters)) {
		free(w);
		return -EINVAL;
	}
	if (w->letters[0]) {
		w->states = w->filter.states;
		w->filter.states = 0;
	}
	w->form = cmd_has(args, "detail") ? CONN_DETAIL
		  : cmd_has(args, "long") ? CONN_LONG
					  : CONN_SHORT;
	conn_counts(ctx, out);
	if (cmd_has(args, "count")) {
		free(w);
		return 0;
	}
	if (w->form != CONN_SHORT)
		conn_legend(out);
	output_list_begin(out, "connections");
	output_defer(out, show_conn_step, w, free);
	return 0;
}

/* ------------------------------------------------------------------ clear conn */

static bool clear_conn_step(struct output *o, void *state)
{
	struct walk *w = state;
	bool more = true;

	for (int i = 0; i < LOCKS_PER_STEP && more; i++) {
		pthread_mutex_lock(&w->a->lock);
		more = sessions_clear(w->a->sessions, &w->pos, SLOTS_PER_LOCK, commands_now(),
				      &w->filter, &w->closed);
		pthread_mutex_unlock(&w->a->lock);
	}
	if (!more) {
		output_text(o, "%u connection(s) deleted.\n", w->closed);
		output_u64(o, "deleted", w->closed);
	}
	return more;
}

/* "clear conn" without a filter clears nothing on an ASA without "all"; here it clears all, too. */
static int clear_conn(void *ctx, struct cmd_args *args, void *out)
{
	struct walk *w = calloc(1, sizeof(*w));

	if (!w)
		return cmd_error(args, "out of memory");
	w->a = ctx;
	if (commands_filter(args, &w->filter, NULL)) {
		free(w);
		return -EINVAL;
	}
	output_defer(out, clear_conn_step, w, free);
	return 0;
}

/* ------------------------------------------------------------------ show local-host */

#define HOSTS_MAX 65536
#define HOSTS_TABLE (HOSTS_MAX * 2)

struct host {
	struct asa_addr addr;
	char if_name[MODEL_NAME_MAX];
	__u32 tcp, udp, other, embryonic;
	bool used;
};
struct hosts {
	struct walk w;
	struct host *table;
	__u32 n, more; /* more: hosts that did not fit */
	__u32 row;
	bool listing;
};

static void hosts_free(void *state)
{
	struct hosts *h = state;

	free(h->table);
	free(h);
}

static void hosts_count(struct hosts *h, const struct session_view *v, const struct session_end *e)
{
	__u64 hash = (e->real.d[0] ^ e->real.d[1] * 31) * 0x9e3779b97f4a7c15ull;
	struct host *row;

	for (__u32 i = (__u32)(hash >> 40);; i++) {
		row = &h->table[i % HOSTS_TABLE];
		if (!row->used ||
		    (asa_addr_equal(&row->addr, &e->real) && !strcmp(row->if_name, e->if_name)))
			break;
	}
	if (!row->used) {
		if (h->n == HOSTS_MAX) {
			h->more++;
			return;
		}
		row->used = true;
		row->addr = e->real;
		memcpy(row->if_name, e->if_name, sizeof(row->if_name));
		h->n++;
	}
	*(v->proto == IPPROTO_TCP   ? &row->tcp
	  : v->proto == IPPROTO_UDP ? &row->udp
				    : &row->other) += 1;
	if (v->state == ASA_SESSION_EMBRYONIC)
		row->embryonic++;
}

static bool hosts_row(void *arg, const struct session_view *v)
{
	struct hosts *h = arg;

	for (int i = 0; i < 2; i++) {
		const struct session_filter *f = &h->w.filter;

		if (f->has_addr && (memcmp(&v->end[i].real, &f->addr_lo, sizeof(f->addr_lo)) < 0 ||
				    memcmp(&v->end[i].real, &f->addr_hi, sizeof(f->addr_hi)) > 0))
			continue;
		if (f->if_name[0] && strcmp(f->if_name, v->end[i].if_name) != 0)
			continue;
		hosts_count(h, v, &v->end[i]);
	}
	return true;
}

static void host_print(struct output *o, const struct host *r)
{
	char addr[64];

	output_format_addr(&r->addr, addr, sizeof(addr));
	output_text(o, "local host: <%s>, interface %s\n", addr, r->if_name);
	output_text(o, "    TCP flow count/limit = %u/unlimited\n", r->tcp);
	output_text(o, "    TCP embryonic count to host = %u\n", r->embryonic);
	output_text(o, "    UDP flow count/limit = %u/unlimited\n", r->udp);
	output_text(o, "    Other flow count = %u\n", r->other);
	output_object_begin(o, NULL);
	output_str(o, "address", addr);
	output_str(o, "interface", r->if_name);
	output_u64(o, "tcp", r->tcp);
	output_u64(o, "udp", r->udp);
	output_u64(o, "other", r->other);
	output_u64(o, "embryonic", r->embryonic);
	output_object_end(o);
}

static bool hosts_list(struct output *o, struct hosts *h)
{
	size_t len = 0;

	while (h->row < HOSTS_TABLE && len < OUTPUT_CHUNK) {
		if (h->table[h->row].used)
			host_print(o, &h->table[h->row]);
		h->row++;
		output_data(o, &len);
	}
	if (h->row < HOSTS_TABLE)
		return true;
	output_list_end(o);
	if (h->more)
		output_text(o, "Further hosts are not listed: more than %u are active\n",
			    HOSTS_MAX);
	output_bool(o, "complete", !h->more);
	return false;
}

static bool hosts_step(struct output *o, void *state)
{
	struct hosts *h = state;
	bool more = true;

	if (h->listing)
		return hosts_list(o, h);
	for (int i = 0; i < LOCKS_PER_STEP && more; i++) {
		pthread_mutex_lock(&h->w.a->lock);
		more = session_walk(h->w.a->sessions, &h->w.pos, SLOTS_PER_LOCK, commands_now(),
				    &h->w.filter, hosts_row, h);
		pthread_mutex_unlock(&h->w.a->lock);
	}
	if (more)
		return true;
	h->listing = true;
	output_text(o, "%u active hosts\n", h->n);
	output_u64(o, "active", h->n);
	output_list_begin(o, "hosts");
	return true;
}

static int show_local_host(void *ctx, struct cmd_args *args, void *out)
{
	struct hosts *h = calloc(1, sizeof(*h));

	if (h)
		h->table = calloc(HOSTS_TABLE, sizeof(*h->table));
	if (!h || !h->table) {
		free(h);
		return cmd_error(args, "out of memory");
	}
	h->w.a = ctx;
	if (commands_filter(args, &h->w.filter, NULL)) {
		hosts_free(h);
		return -EINVAL;
	}
	output_defer(out, hosts_step, h, hosts_free);
	return 0;
}

#define FILTERS                                                                                    \
	" address <ADDRESS:word> | netmask <MASK:mask> | port <PORT:word> |"                       \
	" protocol <PROTOCOL:proto> | state <STATE:word> | interface <INTERFACE:name> "

COMMANDS_DEFINE(conn,
		{CONFIG_IN_EXEC, "show conn [ { count | all | long | detail |" FILTERS "} ]*", NULL,
		 "Connections", show_conn},
		{CONFIG_IN_PRIV, "clear conn [ { all |" FILTERS "} ]*", NULL, "Close connections",
		 clear_conn},
		{CONFIG_IN_EXEC,
		 "show local-host [ <ADDRESS:addr> ] [ interface <INTERFACE:name> ]", NULL,
		 "Hosts that have connections", show_local_host},
		{CONFIG_IN_PRIV, "clear local-host [ { all | <ADDRESS:addr> } ]", NULL,
		 "Close the connections of hosts", clear_conn}, );
