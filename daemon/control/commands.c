// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registration of the show, clear and file commands, and the helpers their handlers share.
 *
 * Responsible for: the list of tables, connection filters, names of protocols, time.
 * Not responsible for: the commands themselves (show_*.c, files.c), the grammar (config/).
 *
 * Life cycle: control_register once, before the first session. Threads: main thread.
 */
#include "control/commands.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "control/control.h"

int control_register(struct asa *a, struct config *c)
{
	static const struct {
		const struct config_command *rows;
		const size_t *n;
	} tables[] = {
		{conn_commands, &conn_n_commands},
		{xlate_commands, &xlate_n_commands},
		{policy_commands, &policy_n_commands},
		{service_commands, &service_n_commands},
		{interface_commands, &interface_n_commands},
		{ip_commands, &ip_n_commands},
		{stats_commands, &stats_n_commands},
		{threat_commands, &threat_n_commands},
		{system_commands, &system_n_commands},
		{logging_commands, &logging_n_commands},
		{tracer_commands, &tracer_n_commands},
		{dns_commands, &dns_n_commands},
		{files_commands, &files_n_commands},
	};
	int ret = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !ret; i++)
		ret = config_register(c, tables[i].rows, *tables[i].n, a);
	return ret;
}

__u32 commands_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return asa_tick_from_ns((__u64)t.tv_sec * 1000000000ull + (__u64)t.tv_nsec);
}

const char *commands_proto(__u8 proto, bool upper, char *buf, size_t size)
{
	static const struct {
		__u8 proto;
		const char *upper, *lower;
	} names[] = {
		{IPPROTO_TCP, "TCP", "tcp"},	{IPPROTO_UDP, "UDP", "udp"},
		{IPPROTO_ICMP, "ICMP", "icmp"}, {IPPROTO_ICMPV6, "ICMP6", "icmp6"},
		{IPPROTO_GRE, "GRE", "gre"},	{IPPROTO_ESP, "ESP", "esp"},
		{IPPROTO_AH, "AH", "ah"},	{IPPROTO_SCTP, "SCTP", "sctp"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].proto == proto)
			return upper ? names[i].upper : names[i].lower;
	snprintf(buf, size, "%u", proto);
	return buf;
}

/* "A" or "A-B". */
static int filter_address(struct cmd_args *args, const char *word, struct session_filter *f)
{
	const char *dash = strchr(word, '-');
	char low[VALUE_TEXT_MAX];
	bool v6;

	snprintf(low, sizeof(low), "%.*s", dash ? (int)(dash - word) : (int)strlen(word), word);
	if (value_addr(low, &f->addr_lo, &v6) || (dash && value_addr(dash + 1, &f->addr_hi, &v6)))
		return cmd_error(args, "%s is not an address or a range of addresses (A-B)", word);
	if (!dash)
		f->addr_hi = f->addr_lo;
	if (memcmp(&f->addr_lo, &f->addr_hi, sizeof(f->addr_lo)) > 0)
		return cmd_error(args, "the range %s ends before it begins", word);
	f->has_addr = true;
	return 0;
}

static int filter_mask(struct cmd_args *args, const char *word, struct session_filter *f)
{
	uint8_t plen;

	if (value_mask(word, &plen))
		return cmd_error(args, "%s is not a network mask", word);
	memset(f->mask.b, 0xff, 12);
	f->mask.w[3] = asa_htonl(plen ? ~0u << (32 - plen) : 0);
	f->has_mask = true;
	return 0;
}

static int port_value(const char *word, __u16 *port)
{
	return value_port(word, IPPROTO_TCP, port) && value_port(word, IPPROTO_UDP, port);
}

/* "P" or "P-Q", numbers or well-known names (which may contain a dash themselves). */
static int filter_port(struct cmd_args *args, const char *word, struct session_filter *f)
{
	const char *dash = strchr(word, '-');
	char low[VALUE_TEXT_MAX];

	if (port_value(word, &f->port_lo) == 0) {
		f->port_hi = f->port_lo;
	} else {
		snprintf(low, sizeof(low), "%.*s", dash ? (int)(dash - word) : 0, word);
		if (!dash || port_value(low, &f->port_lo) || port_value(dash + 1, &f->port_hi))
			return cmd_error(args, "%s is not a port or a range of ports (P-Q)", word);
	}
	if (f->port_lo > f->port_hi)
		return cmd_error(args, "the range %s ends before it begins", word);
	f->has_port = true;
	return 0;
}

/*
 * "up,finin": any of them. The session table knows the first ones; the others are flags of the
 * connection (asactl(8)), which only the list that prints them can look at.
 */
static int filter_states(struct cmd_args *args, const char *words, struct session_filter *f,
			 char *letters)
{
	static const struct {
		const char *name;
		__u32 bits;
		char letter;
	} states[] = {
		/* name			bits			flag */
		{"up", SESSION_STATE_UP, 0},
		{"embryonic", SESSION_STATE_EMBRYONIC, 0},
		{"tcp_embryonic", SESSION_STATE_EMBRYONIC, 0},
		{"tcp_state_bypass", SESSION_STATE_BYPASS, 0},
		{"bypass", SESSION_STATE_BYPASS, 0},
		{"finin", 0, 'F'},
		{"finout", 0, 'f'},
		{"data_in", 0, 'I'},
		{"data_out", 0, 'O'},
		{"conn_inbound", 0, 'B'},
		{"ctiqbe", 0, 'C'},
		{"h225", 0, 'h'},
		{"h323", 0, 'H'},
		{"mgcp", 0, 'g'},
		{"sip", 0, 'T'},
		{"skinny", 0, 'k'},
		{"smtp_data", 0, 'M'},
		{"sqlnet_fixup_data", 0, 'q'},
	};
	const char *word = words;
	size_t n_letters = 0;

	while (*word) {
		size_t n = strcspn(word, ","), i;

		for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
			if (strlen(states[i].name) == n && strncmp(states[i].name, word, n) == 0)
				break;
		if (i == sizeof(states) / sizeof(states[0]))
			return cmd_error(
				args,
				"%.*s is not a state; states are up, embryonic, finin, finout, "
				"data_in, "
				"data_out, conn_inbound, tcp_state_bypass and names of inspections",
				(int)n, word);
		f->states |= states[i].bits;
		if (states[i].letter && !letters)
			return cmd_error(args, "connections cannot be chosen by the state %s here",
					 states[i].name);
		if (states[i].letter && !memchr(letters, states[i].letter, n_letters))
			letters[n_letters++] = states[i].letter;
		word += n + (word[n] == ',');
	}
	return 0;
}

int commands_filter(struct cmd_args *args, struct session_filter *f, char *letters)
{
	const char *word;
	bool ip;

	memset(f, 0, sizeof(*f));
	word = cmd_get(args, "ADDRESS");
	if (word && filter_address(args, word, f))
		return -EINVAL;
	word = cmd_get(args, "MASK");
	if (word && !f->has_addr)
		return cmd_error(args, "netmask needs an address in front of it");
	if (word && filter_mask(args, word, f))
		return -EINVAL;
	word = cmd_get(args, "PORT");
	if (word && filter_port(args, word, f))
		return -EINVAL;
	word = cmd_get(args, "STATE");
	if (word && filter_states(args, word, f, letters))
		return -EINVAL;
	word = cmd_get(args, "PROTOCOL");
	if (word && value_proto(word, &f->proto, &ip))
		return cmd_error(args, "%s is not a protocol", word);
	word = cmd_get(args, "INTERFACE");
	if (word)
		snprintf(f->if_name, sizeof(f->if_name), "%s", word);
	return 0;
}

int commands_result(struct cmd_args *args, struct config_result *r)
{
	const char *text = r->error;
	int ret = 0;

	for (char *line = r->warnings, *end; line && *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = 0;
		if (*line)
			cmd_warn(args, "%s", line);
	}
	if (r->status != CONFIG_OK) {
		if (strncmp(text, "ERROR: ", 7) == 0)
			text += 7;
		if (r->line)
			ret = cmd_error(args, "line %u:%c%s", r->line,
					strchr(text, '\n') ? '\n' : ' ', text);
		else
			ret = cmd_error(args, "%s", text);
	}
	config_result_fini(r);
	return ret;
}
