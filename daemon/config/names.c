// SPDX-License-Identifier: GPL-2.0-only
/*
 * Well-known names of the configuration language: ports, protocols, ICMP types, severities.
 *
 * Responsible for: ASA's literal names and which of two names for one number is printed (the one
 * that stands first in its table). Not responsible for: where a name may stand (grammar.c).
 * A name is accepted in any case, a number always. Constant tables; any thread.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/value.h"

struct name {
	const char *text;
	uint16_t value;
};

static const struct name tcp_ports[] = {
	{ "aol", 5190 },	{ "bgp", 179 },		{ "chargen", 19 },
	{ "cifs", 3020 },	{ "citrix-ica", 1494 }, { "rsh", 514 },
	{ "cmd", 514 },		{ "ctiqbe", 2748 },	{ "daytime", 13 },
	{ "discard", 9 },	{ "domain", 53 },	{ "echo", 7 },
	{ "exec", 512 },	{ "finger", 79 },	{ "ftp", 21 },
	{ "ftp-data", 20 },	{ "gopher", 70 },	{ "h323", 1720 },
	{ "hostname", 101 },	{ "www", 80 },		{ "http", 80 },
	{ "https", 443 },	{ "ident", 113 },	{ "imap4", 143 },
	{ "irc", 194 },		{ "kerberos", 750 },	{ "klogin", 543 },
	{ "kshell", 544 },	{ "ldap", 389 },	{ "ldaps", 636 },
	{ "login", 513 },	{ "lotusnotes", 1352 }, { "lpd", 515 },
	{ "netbios-ssn", 139 }, { "nfs", 2049 },	{ "nntp", 119 },
	{ "pcanywhere-data", 5631 }, { "pim-auto-rp", 496 }, { "pop2", 109 },
	{ "pop3", 110 },	{ "pptp", 1723 },	{ "rtsp", 554 },
	{ "sip", 5060 },	{ "smtp", 25 },		{ "sqlnet", 1521 },
	{ "ssh", 22 },		{ "sunrpc", 111 },	{ "rpc", 111 },
	{ "tacacs", 49 },	{ "talk", 517 },	{ "telnet", 23 },
	{ "uucp", 540 },	{ "whois", 43 },	{ NULL, 0 },
};

static const struct name udp_ports[] = {
	{ "biff", 512 },	{ "bootpc", 68 },	{ "bootps", 67 },
	{ "cifs", 3020 },	{ "discard", 9 },	{ "dnsix", 195 },
	{ "domain", 53 },	{ "echo", 7 },		{ "www", 80 },
	{ "http", 80 },		{ "isakmp", 500 },	{ "kerberos", 750 },
	{ "mobile-ip", 434 },	{ "nameserver", 42 },	{ "netbios-dgm", 138 },
	{ "netbios-ns", 137 },	{ "nfs", 2049 },	{ "ntp", 123 },
	{ "pcanywhere-status", 5632 }, { "pim-auto-rp", 496 }, { "radius", 1645 },
	{ "radius-acct", 1646 }, { "rip", 520 },	{ "rtsp", 554 },
	{ "secureid-udp", 5510 }, { "sip", 5060 },	{ "snmp", 161 },
	{ "snmptrap", 162 },	{ "sunrpc", 111 },	{ "rpc", 111 },
	{ "syslog", 514 },	{ "tacacs", 49 },	{ "talk", 517 },
	{ "tftp", 69 },		{ "time", 37 },		{ "vxlan", 4789 },
	{ "who", 513 },		{ "xdmcp", 177 },	{ NULL, 0 },
};

static const struct name protocols[] = {
	{ "ip", 0 },	  { "icmp", 1 },  { "igmp", 2 },   { "ipinip", 4 }, { "tcp", 6 },
	{ "igrp", 9 },	  { "udp", 17 },  { "gre", 47 },   { "pptp", 47 },  { "esp", 50 },
	{ "ipsec", 50 },  { "ah", 51 },	  { "icmp6", 58 }, { "eigrp", 88 }, { "ospf", 89 },
	{ "nos", 94 },	  { "pim", 103 }, { "pcp", 108 },  { "snp", 109 },  { "sctp", 132 },
	{ NULL, 0 },
};

static const struct name icmp_types[] = {
	{ "echo-reply", 0 },	      { "unreachable", 3 },	 { "source-quench", 4 },
	{ "redirect", 5 },	      { "alternate-address", 6 }, { "echo", 8 },
	{ "router-advertisement", 9 }, { "router-solicitation", 10 }, { "time-exceeded", 11 },
	{ "parameter-problem", 12 },  { "timestamp-request", 13 }, { "timestamp-reply", 14 },
	{ "information-request", 15 }, { "information-reply", 16 }, { "mask-request", 17 },
	{ "mask-reply", 18 },	      { "traceroute", 30 },	 { "conversion-error", 31 },
	{ "mobile-redirect", 32 },    { NULL, 0 },
};

static const struct name icmp6_types[] = {
	{ "unreachable", 1 },		{ "packet-too-big", 2 },
	{ "time-exceeded", 3 },		{ "parameter-problem", 4 },
	{ "echo", 128 },		{ "echo-reply", 129 },
	{ "membership-query", 130 },	{ "membership-report", 131 },
	{ "membership-reduction", 132 }, { "router-solicitation", 133 },
	{ "router-advertisement", 134 }, { "neighbor-solicitation", 135 },
	{ "neighbor-advertisement", 136 }, { "neighbor-redirect", 137 },
	{ "router-renumbering", 138 },	{ NULL, 0 },
};

static const struct name levels[] = {
	{ "emergencies", 0 }, { "alerts", 1 },	      { "critical", 2 },      { "errors", 3 },
	{ "warnings", 4 },    { "notifications", 5 }, { "informational", 6 }, { "debugging", 7 },
	{ NULL, 0 },
};

static const struct name *name_find(const struct name *t, const char *s)
{
	for (; t->text; t++) {
		if (!strcasecmp(t->text, s))
			return t;
	}
	return NULL;
}

static const char *name_of(const struct name *t, unsigned int value)
{
	for (; t->text; t++) {
		if (t->value == value)
			return t->text;
	}
	return NULL;
}

static const char *number_text(unsigned int value, char buf[VALUE_TEXT_MAX])
{
	snprintf(buf, VALUE_TEXT_MAX, "%u", value);
	return buf;
}

int value_port(const char *s, int proto, uint16_t *port)
{
	const struct name *t = NULL, *u = NULL;
	uint32_t v;

	if (!value_u32(s, 0, 65535, &v)) {
		*port = (uint16_t)v;
		return 0;
	}
	if (proto != IPPROTO_UDP)
		t = name_find(tcp_ports, s);
	if (proto != IPPROTO_TCP)
		u = name_find(udp_ports, s);
	/* A rule for both protocols takes only the names that mean the same in both. */
	if (proto ? !t && !u : !t || !u || t->value != u->value)
		return -EINVAL;
	*port = t ? t->value : u->value;
	return 0;
}

const char *value_port_text(uint16_t port, int proto, char buf[VALUE_TEXT_MAX])
{
	const char *t = NULL;
	uint16_t same;

	if (proto == IPPROTO_TCP)
		t = name_of(tcp_ports, port);
	else if (proto == IPPROTO_UDP)
		t = name_of(udp_ports, port);
	else if (!proto)
		t = name_of(tcp_ports, port);
	if (t && !proto && (value_port(t, 0, &same) || same != port))
		t = NULL;
	return t ? t : number_text(port, buf);
}

int value_proto(const char *s, uint8_t *proto, bool *ip)
{
	const struct name *t = name_find(protocols, s);
	uint32_t v;

	if (t)
		v = t->value;
	else if (value_u32(s, 0, 255, &v))
		return -EINVAL;
	*proto = (uint8_t)v;
	*ip = v == 0;
	return 0;
}

const char *value_proto_text(uint8_t proto, char buf[VALUE_TEXT_MAX])
{
	const char *t = name_of(protocols, proto);

	return t ? t : number_text(proto, buf);
}

int value_icmp(const char *s, bool v6, uint8_t *type)
{
	const struct name *t = name_find(v6 ? icmp6_types : icmp_types, s);
	uint32_t v;

	if (t)
		v = t->value;
	else if (value_u32(s, 0, 255, &v))
		return -EINVAL;
	*type = (uint8_t)v;
	return 0;
}

const char *value_icmp_text(uint8_t type, bool v6, char buf[VALUE_TEXT_MAX])
{
	const char *t = name_of(v6 ? icmp6_types : icmp_types, type);

	return t ? t : number_text(type, buf);
}

int value_level(const char *s, int *level)
{
	const struct name *t = name_find(levels, s);
	uint32_t v;

	if (t)
		v = t->value;
	else if (value_u32(s, 0, 7, &v))
		return -EINVAL;
	*level = (int)v;
	return 0;
}

const char *value_level_text(int level)
{
	return level >= 0 && level < 8 ? levels[level].text : "disabled";
}

const char *value_name_at(char kind, size_t i)
{
	static const struct {
		char kind;
		const struct name *table;
		size_t n;
	} tables[] = {
		{ 't', tcp_ports, sizeof(tcp_ports) / sizeof(*tcp_ports) },
		{ 'u', udp_ports, sizeof(udp_ports) / sizeof(*udp_ports) },
		{ 'p', protocols, sizeof(protocols) / sizeof(*protocols) },
		{ 'i', icmp_types, sizeof(icmp_types) / sizeof(*icmp_types) },
		{ '6', icmp6_types, sizeof(icmp6_types) / sizeof(*icmp6_types) },
		{ 'l', levels, sizeof(levels) / sizeof(*levels) },
	};

	for (size_t k = 0; k < sizeof(tables) / sizeof(*tables); k++) {
		if (tables[k].kind == kind)
			return i < tables[k].n ? tables[k].table[i].text : NULL;
	}
	return NULL;
}
