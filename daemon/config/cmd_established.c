// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: "established", connections back from a host that one inside is connected to (ACL-5).
 *
 * Responsible for: the line, its canonical words, printing and clearing. Not responsible for: the
 * decision (session/pairs.c, engine/first_packet.c).
 *
 * Port 0 is any port. Without "permitto" or "permitfrom" that end of the connection back may have
 * any port, and its protocol is the other part's, or else the one of the line.
 *
 * The guide's example of SIP has "dup" where it means udp: that word is read so, with a warning,
 * that the example loads as it is printed.
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "config/impl.h"

static __u8 proto_of(const char *word)
{
	return !strcmp(word, "tcp") ? IPPROTO_TCP : IPPROTO_UDP;
}

/* "6000-6063" or a port. => 0, -EINVAL after cmd_error() */
static int read_ports(struct cmd_args *a, const char *word, __u8 proto, __u16 *lo, __u16 *hi)
{
	const char *dash = strchr(word, '-');
	char first[VALUE_TEXT_MAX];

	/* Names of ports have dashes, too: the whole word first. */
	if (!value_port(word, proto, lo)) {
		*hi = *lo;
		return 0;
	}
	if (dash && (size_t)(dash - word) < sizeof(first)) {
		snprintf(first, sizeof(first), "%.*s", (int)(dash - word), word);
		if (!value_port(first, proto, lo) && !value_port(dash + 1, proto, hi) && *lo <= *hi)
			return 0;
	}
	return cmd_error(a, "%% %s is not a port or a range of ports LOW-HIGH", word);
}

static void text_ports(struct text *t, const char *word, __u8 proto, __u16 lo, __u16 hi)
{
	text_add(t, " %s %s %u", word, proto == IPPROTO_TCP ? "tcp" : "udp", lo);
	if (lo != hi)
		text_add(t, "-%u", hi);
}

static int read_line(struct cmd_args *a, struct model_established *e)
{
	struct cursor c = { a, 1 };
	bool to = false, from = false;
	struct text t;

	if (!strcmp(cur_peek(&c), "dup"))
		cmd_warn(a, "\"dup\" is taken for a misprint of udp");
	e->proto = e->to_proto = e->from_proto = proto_of(cur_next(&c));
	if (value_port(cmd_get(a, "PORT"), e->proto, &e->dport) ||
	    (cmd_get(a, "SPORT") && value_port(cmd_get(a, "SPORT"), e->proto, &e->sport)))
		return cmd_error(a, "%% that is not a port");
	while (!cur_end(&c)) {
		bool permitto = cur_take(&c, "permitto");
		__u8 proto;

		if (!permitto && !cur_take(&c, "permitfrom")) {
			cur_next(&c); /* the ports of the connection */
			continue;
		}
		if (permitto ? to : from)
			return cmd_error(a, "%% permitto and permitfrom can be given once each");
		proto = proto_of(cur_next(&c));
		if (permitto) {
			to = true;
			e->to_proto = proto;
			e->from_proto = from ? e->from_proto : proto;
		} else {
			from = true;
			e->from_proto = proto;
			e->to_proto = to ? e->to_proto : proto;
		}
		if (read_ports(a, cur_next(&c), proto, permitto ? &e->to_lo : &e->from_lo,
			       permitto ? &e->to_hi : &e->from_hi))
			return -EINVAL;
	}
	if (e->to_proto != e->from_proto)
		return cmd_error(a, "%% permitto and permitfrom name the two ends of one connection: "
				    "their protocol is the same");
	text_init(&t, e->text, sizeof(e->text));
	text_add(&t, "%s %u", e->proto == IPPROTO_TCP ? "tcp" : "udp", e->dport);
	if (cmd_get(a, "SPORT"))
		text_add(&t, " %u", e->sport);
	if (to)
		text_ports(&t, "permitto", e->to_proto, e->to_lo, e->to_hi);
	if (from)
		text_ports(&t, "permitfrom", e->from_proto, e->from_lo, e->from_hi);
	return 0;
}

static int do_established(void *ctx, struct cmd_args *a, void *out)
{
	struct model_established e = { .proto = 0 }, *row;
	struct model *m;

	(void)ctx;
	(void)out;
	if (read_line(a, &e))
		return -EINVAL;
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	for (size_t i = 0; i < m->established.n; i++) {
		if (strcmp(m->established.v[i].text, e.text))
			continue;
		if (a->no)
			MODEL_REMOVE(&m->established, i);
		return 0;
	}
	if (a->no)
		return cmd_error(a, "there is no line \"established %s\"", e.text);
	row = MODEL_PUSH(&m->established);
	if (!row)
		return cfg_no_memory(a);
	*row = e;
	return 0;
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define ESTABLISHED(PROTO)                                                                        \
	"established " PROTO " <PORT:port> [<SPORT:port>] "                               \
	"[permitto {tcp | udp} <TO:word> | permitfrom {tcp | udp} <FROM:word>]*"

const struct config_command cmd_established_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ G, ESTABLISHED("{tcp | udp}"), "=",
	  "Permit connections back from hosts that are connected to", do_established },
	/* the misprint is read, but not offered: help leaves rows of whole words out */
	{ G | CONFIG_WHOLE_WORDS, ESTABLISHED("dup"), "=",
	  "Permit connections back from hosts that are connected to", do_established },
};
const size_t n_cmd_established_rows = ARRAY_SIZE(cmd_established_rows);

void show_established(const struct show *sh)
{
	for (size_t i = 0; i < sh->m->established.n; i++)
		put(sh->sink, "established %s\n", sh->m->established.v[i].text);
}

int clear_established(struct model *m, const struct model *empty)
{
	(void)empty;
	m->established.n = 0;
	return 0;
}
