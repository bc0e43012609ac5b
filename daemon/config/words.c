// SPDX-License-Identifier: GPL-2.0-only
/*
 * Named parts of the grammar and the help of its words.
 *
 * Responsible for: the terms that many commands share (addresses, ports, log options), each once,
 * and one line of help per keyword. Not responsible for: the commands themselves (cmd_*.c).
 * Constant tables. Callers: grammar.c, help.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/grammar.h"

const struct grammar_fragment grammar_fragments[] = {
	/* name        syntax */
	{ "addr", "{any | any4 | any6 | host <HOST:addr> | <IP:ip> <MASK:mask> | <NET6:prefix6> | "
		  "interface <IF:name> | object <OBJ:name> | object-group <GROUP:name>}" },
	{ "statistics", "Statistics" },
	{ "stdaddr", "{any | any4 | host <HOST:ip> | <IP:ip> <MASK:mask>}" },
	{ "tport", "{eq <PORT:tport> | neq <PORT:tport> | lt <PORT:tport> | gt <PORT:tport> | "
		   "range <PORT:tport> <PORT:tport>}" },
	{ "uport", "{eq <PORT:uport> | neq <PORT:uport> | lt <PORT:uport> | gt <PORT:uport> | "
		   "range <PORT:uport> <PORT:uport>}" },
	{ "anyport", "{eq <PORT:port> | neq <PORT:port> | lt <PORT:port> | gt <PORT:port> | "
		     "range <PORT:port> <PORT:port>}" },
	{ "tcp-intercept", "Servers protected by TCP intercept" },
	{ "top", "Those under most attack" },
	{ "tportg", "{@tport | object-group <PGROUP:name>}" },
	{ "uportg", "{@uport | object-group <PGROUP:name>}" },
	{ "anyportg", "{@anyport | object-group <PGROUP:name>}" },
	{ "icmpterm", "{<ICMP:icmp> [<CODE:n:0-255>] | object-group <IGROUP:name>}" },
	{ "icmp6term", "{<ICMP6:icmp6> [<CODE:n:0-255>] | object-group <IGROUP:name>}" },
	{ "aceend", "[log [{disable | default | <LEVEL:level>}] [interval <SECONDS:n:1-600>] | "
		    "time-range <RANGE:name> | inactive]*" },
	{ "ace", "{permit | deny} "
		 "{{tcp | <6:exact>} @addr [@tportg] @addr [@tportg] | "
		 "{udp | <17:exact>} @addr [@uportg] @addr [@uportg] | "
		 "{sctp | <132:exact>} @addr [@anyportg] @addr [@anyportg] | "
		 "{icmp | <1:exact>} @addr @addr [@icmpterm] | "
		 "{icmp6 | <58:exact>} @addr @addr [@icmp6term] | "
		 "object-group <PROTOGROUP:name> @addr [@anyportg] @addr [@anyportg] | "
		 "object <SERVICE:name> @addr @addr | "
		 "<PROTO:proto> @addr @addr} @aceend" },
	{ "service", "{{tcp | <6:exact>} [source @tport] [[destination] @tport] | "
		     "{udp | <17:exact>} [source @uport] [[destination] @uport] | "
		     "{sctp | <132:exact>} [source @anyport] [[destination] @anyport] | "
		     "{icmp | <1:exact>} [<ICMP:icmp> [<CODE:n:0-255>]] | "
		     "{icmp6 | <58:exact>} [<ICMP6:icmp6> [<CODE:n:0-255>]] | "
		     "<PROTO:proto>}" },
	{ "limits", "[<MAXCONNS:n:0-65535> [<EMBRYONIC:n:0-65535>]] [tcp <MAXCONNS:n:0-65535> "
		    "[<EMBRYONIC:n:0-65535>]] [udp <UDPMAX:n:0-65535>] [norandomseq]" },
	{ NULL, NULL },
};

/* Sorted by word (a test checks it); a word absent here shows the help of its command. */
const struct grammar_word_help grammar_word_helps[] = {
	{ "access-list", "Access lists" },
	{ "address", "Address A or range A-B of either end" },
	{ "advanced-options", "Options of TCP handling for the class" },
	{ "after-auto", "Rule of section 3, after the rules of network objects" },
	{ "all", "With default values" },
	{ "any", "Any address, IPv4 and IPv6" },
	{ "any4", "Any IPv4 address" },
	{ "any6", "Any IPv6 address" },
	{ "arp", "Resolved IPv4 neighbours" },
	{ "asp", "Fast path: drops and punts" },
	{ "block-allocation", "Blocks of ports for each host" },
	{ "brief", "Short form" },
	{ "buffer-size", "Bytes of messages kept in memory" },
	{ "buffered", "Messages kept in memory" },
	{ "check", "Check a file, changing nothing" },
	{ "clock", "Time of day" },
	{ "conn", "Connections" },
	{ "conn-max", "Most simultaneous connections" },
	{ "console", "Messages to the console" },
	{ "count", "Numbers only" },
	{ "counters", "Hit counts" },
	{ "dcd", "Dead connection detection" },
	{ "deny", "Drop what matches" },
	{ "destination", "Destination" },
	{ "detail", "With all details" },
	{ "disable", "Turn off" },
	{ "dns", "Translate addresses in DNS answers" },
	{ "domain-name", "Domain of the group" },
	{ "drop", "Drop counters by reason" },
	{ "dynamic", "Address chosen when the connection is made" },
	{ "embryonic", "Half-open connections" },
	{ "embryonic-conn-max", "Most half-open connections before TCP intercept" },
	{ "enable", "Turn on" },
	{ "eq", "Port equal to" },
	{ "expire-entry-timer", "How long an address is good beyond its TTL" },
	{ "extended", "With source and destination" },
	{ "facility", "Syslog facility, 16 to 23" },
	{ "file", "File of the daemon's machine" },
	{ "flat", "One range of ports" },
	{ "flow", "Connections refused or ended" },
	{ "fragment", "Reassembly of fragments" },
	{ "frame", "Packets" },
	{ "global", "For all interfaces" },
	{ "gport", "Mapped port or range of ports" },
	{ "gt", "Port greater than" },
	{ "half-closed", "Connections closed by one end" },
	{ "host", "A single address" },
	{ "idle", "Idle connections" },
	{ "in", "Traffic that enters" },
	{ "inactive", "Keep the line without using it" },
	{ "include-reserve", "Ports below 1024, too" },
	{ "inter-interface", "Between interfaces of the same security level" },
	{ "interface", "Interface" },
	{ "intra-interface", "Out of the interface it came in by" },
	{ "ip", "IPv4 settings" },
	{ "line", "Position in the list" },
	{ "local", "Real address or range of addresses" },
	{ "local-host", "Hosts that have connections" },
	{ "log", "Log matching packets" },
	{ "logging", "Messages" },
	{ "long", "With real and mapped addresses of both ends" },
	{ "lport", "Real port or range of ports" },
	{ "lt", "Port less than" },
	{ "mapped", "Mapped address" },
	{ "match", "What the class matches" },
	{ "maximum-per-host", "Most blocks that a host has for a protocol" },
	{ "memory", "The start-up configuration" },
	{ "message", "One message: its level, or none" },
	{ "metrics", "All counters in OpenMetrics text" },
	{ "minutes", "Time in minutes" },
	{ "monitor", "Messages to terminals" },
	{ "name-server", "DNS servers" },
	{ "nameif", "Name of the interface" },
	{ "nat", "Address translation" },
	{ "neq", "Port not equal to" },
	{ "netmask", "Mask for the address" },
	{ "network", "Addresses" },
	{ "no-proxy-arp", "Do not answer ARP for the mapped addresses" },
	{ "object", "Named object" },
	{ "object-group", "Named group of objects" },
	{ "on", "Turn on" },
	{ "out", "Traffic that leaves" },
	{ "pager", "Lines of a page, 0 for no paging" },
	{ "pat-pool", "Addresses that are shared, with ports" },
	{ "per-client-embryonic-max", "Most half-open connections of one client" },
	{ "per-client-max", "Most connections of one client" },
	{ "per-session", "Translations that end with their connection" },
	{ "perfmon", "Rates of connections and translations" },
	{ "permit", "Let through what matches" },
	{ "permitfrom", "Protocol and port that the connection back comes from" },
	{ "permitto", "Protocol and port that the connection back goes to" },
	{ "poll-timer", "How often a name is asked for at least" },
	{ "pool", "Ports of PAT addresses in use" },
	{ "port", "Port P or range P-Q of either end" },
	{ "protocol", "IP protocol" },
	{ "punt", "Packets handed to the daemon, by cause" },
	{ "random-sequence-number", "Randomize initial sequence numbers" },
	{ "range", "From the first to the last" },
	{ "rate-limit", "Most messages in a time" },
	{ "remark", "Comment" },
	{ "replace", "Make a file the configuration, applying the difference" },
	{ "reset", "Send RST when the time is over" },
	{ "resource", "Use of connections and translations" },
	{ "rollback", "Back to the configuration before the last change" },
	{ "round-robin", "One host after the other gets another address" },
	{ "route", "Routes" },
	{ "route-lookup", "Find the egress interface by route" },
	{ "running-config", "Configuration in force" },
	{ "server-group", "Group of DNS servers" },
	{ "service", "Protocol and ports" },
	{ "service-policy", "Service policies" },
	{ "size", "Number of ports, or bytes" },
	{ "source", "Source" },
	{ "standard", "Access list with destination networks only" },
	{ "startup-config", "Saved configuration" },
	{ "state", "States, separated by commas" },
	{ "static", "Fixed translation" },
	{ "subnet", "Network address and mask, or IPv6 prefix" },
	{ "tcp", "Transmission Control Protocol" },
	{ "tcp-state-bypass", "Treat TCP of the class without state checks" },
	{ "threat-detection", "Statistics of attacks" },
	{ "time-range", "Only at these times" },
	{ "timeout", "Idle times" },
	{ "timestamp", "Date and time in messages" },
	{ "traffic", "Packets and bytes by interface, with rates" },
	{ "trap", "Messages to syslog servers" },
	{ "udp", "User Datagram Protocol" },
	{ "usage", "Present, peak and largest possible use" },
	{ "version", "Version, time since start, sizes" },
	{ "xlate", "Translations in use" },
};
const size_t grammar_n_word_helps = sizeof(grammar_word_helps) / sizeof(*grammar_word_helps);

static int help_compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct grammar_word_help *)row)->word);
}

const char *grammar_node_help(const struct grammar *g, const struct gnode *node, bool first)
{
	const struct grammar_word_help *h;

	if (node->kind == G_ACCEPT)
		return "";
	if (node->kind == G_KEYWORD) {
		if (first)
			return g->rows[node->row].command->help;
		h = bsearch(node->text, grammar_word_helps, grammar_n_word_helps,
			    sizeof(*grammar_word_helps), help_compare);
		return h ? h->help : "";
	}
	switch (node->type) {
	case GT_NAME:
	case GT_WORD:
		return "Name";
	case GT_LINE:
		return "Text to the end of the line";
	case GT_NUMBER:
		return "Number";
	case GT_IP:
		return "IPv4 address";
	case GT_MASK:
		return "Netmask";
	case GT_IP6:
	case GT_PREFIX6:
		return "IPv6 address";
	case GT_ADDR:
		return "IPv4 or IPv6 address";
	case GT_PROTO:
		return "Protocol name or number 0-255";
	case GT_PORT:
	case GT_TCP_PORT:
	case GT_UDP_PORT:
		return "Port name or number 0-65535";
	case GT_TIME:
		return "Hours, minutes, seconds; 0: never";
	case GT_PAIR:
		return "Real and mapped interface";
	case GT_SINGLE:
		return "Interface";
	default:
		return "";
	}
}

const char *grammar_node_label(const struct gnode *node, char *buf, size_t size)
{
	if (node->kind == G_ACCEPT)
		return "<cr>";
	if (node->kind == G_KEYWORD)
		return node->text;
	switch (node->type) {
	case GT_LINE:
		return "LINE";
	case GT_NUMBER:
		snprintf(buf, size, "<%u-%u>", node->lo, node->hi);
		return buf;
	case GT_IP:
	case GT_MASK:
		return "A.B.C.D";
	case GT_IP6:
		return "X:X:X:X::X";
	case GT_PREFIX4:
		return "A.B.C.D/<0-32>";
	case GT_PREFIX6:
		return "X:X:X:X::X/<0-128>";
	case GT_ADDR:
		return "A.B.C.D or X:X:X:X::X";
	case GT_PROTO:
		return "PROTOCOL";
	case GT_PORT:
	case GT_TCP_PORT:
	case GT_UDP_PORT:
		return "PORT";
	case GT_ICMP:
	case GT_ICMP6:
		return "ICMP-TYPE";
	case GT_LEVEL:
		return "LEVEL";
	case GT_TIME:
		return "h:mm:ss";
	case GT_PAIR:
		return "(real-interface,mapped-interface)";
	case GT_SINGLE:
		return "(interface)";
	case GT_EXACT:
		/* "0" is a value; a number may also be another spelling of the keyword beside it. */
		return strcmp(node->text, "0") ? "" : node->text;
	default:
		return node->text;
	}
}
