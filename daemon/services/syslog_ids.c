// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of message ids: number, default severity and form, one row each.
 *
 * Responsible for: what "%ASA-sev-id" says when the configuration says nothing else; the rows of
 * asa-messages(7). Not responsible for: filtering and sending (syslog.c), composing texts (the
 * modules that log).
 *
 * Callers: syslog.c, tests. Constant data, any thread. Rows are in order of id.
 */
#include "services/syslog.h"

#define ENDS "<if>:<ip>/<port> (<mapped>/<port>) to <if>:<ip>/<port> (<mapped>/<port>)"
#define PAIR "<if>:<ip>/<port> to <if>:<ip>/<port>"

static const struct syslog_row {
	uint32_t id;
	int severity;
	const char *form;
} rows[] = {
	/* id	sev	form */
	{106001, 2,
	 "Inbound TCP connection denied from <ip>/<port> to <ip>/<port> flags <flags>  on "
	 "interface <if>"},
	{106006, 2, "Deny inbound UDP from <ip>/<port> to <ip>/<port> on interface <if>"},
	{106010, 3, "Deny inbound <protocol> src <if>:<ip>[/<port>] dst <if>:<ip>[/<port>]"},
	{106011, 3, "Deny inbound (No xlate) <protocol> src <if>:<ip>/<port> dst <if>:<ip>/<port>"},
	{106012, 6, "Deny IP from <ip> to <ip>, IP options: \"<hex>\""},
	{106013, 2, "Dropping echo request from <ip> to PAT address <ip>"},
	{106014, 3, "Deny inbound icmp src <if>:<ip> dst <if>:<ip> (type <n>, code <n>)"},
	{106015, 6,
	 "Deny TCP (no connection) from <ip>/<port> to <ip>/<port> flags <flags>  on interface "
	 "<if>"},
	{106016, 2, "Deny IP spoof from (<ip>) to <ip> on interface <if>"},
	{106017, 2, "Deny IP due to Land Attack from <ip> to <ip>"},
	{106020, 2, "Deny IP teardrop fragment (size = <n>, offset = <n>) from <ip> to <ip>"},
	{106021, 1, "Deny <protocol> reverse path check from <ip> to <ip> on interface <if>"},
	{106022, 1, "Deny <protocol> connection spoof from <ip> to <ip> on interface <if>"},
	{106023, 4,
	 "Deny <protocol> src <if>:<ip>[/<port>] dst <if>:<ip>[/<port>] [(type <n>, code <n>)] by "
	 "access-group \"<acl>\" [<hash>, <hash>]"},
	{106100, 6,
	 "access-list <acl> {permitted|denied|est-allowed} <protocol> <if>/<ip>(<port>) -> "
	 "<if>/<ip>(<port>) hit-cnt <n> {first hit|<n>-second interval} [<hash>, <hash>]"},
	{106101, 1, "Number of cached deny-flows for ACL log has reached limit (<n>)"},
	{108003, 2,
	 "Terminating ESMTP/SMTP connection; malicious pattern detected in the mail address"},
	{111008, 5, "User '<user>' executed the '<command>' command."},
	{111010, 5, "User '<user>', running '<application>' from IP <ip>, executed '<command>'"},
	{201003, 2,
	 "Embryonic limit exceeded <n>/<limit> for <ip>/<port> to <ip>(<mapped>)/<port> on "
	 "interface <if>"},
	{201008, 3, "Disallowing new connections."},
	{201009, 3, "TCP connection limit of <n> for host <ip> on <if> exceeded"},
	{201010, 6,
	 "Embryonic connection limit exceeded <n>/<limit> for <dir> packet from <ip>/<port> to "
	 "<ip>/<port> on interface <if>"},
	{201011, 3,
	 "Connection limit exceeded <n>/<limit> for <dir> packet from <ip>/<port> to <ip>/<port> "
	 "on interface <if>"},
	{201012, 6,
	 "Per-client embryonic connection limit exceeded <n>/<limit> for <dir> packet from "
	 "<ip>/<port> to <ip>/<port> on interface <if>"},
	{201013, 3,
	 "Per-client connection limit exceeded <n>/<limit> for <dir> packet from <ip>/<port> to "
	 "<ip>/<port> on interface <if>"},
	{202001, 3, "Out of address translation slots!"},
	{202010, 3,
	 "{NAT|PAT} pool exhausted. Unable to create {TCP|UDP} connection from <if>:<ip>/<port> to "
	 "<if>:<ip>/<port>"},
	{209003, 4,
	 "Fragment database limit of <n> exceeded: src = <ip>, dest = <ip>, proto = <protocol>, id "
	 "= <n>"},
	{209004, 4,
	 "Invalid IP fragment, size = <n> exceeds maximum size = <n>: src = <ip>, dest = <ip>, "
	 "proto = <protocol>, id = <n>"},
	{209005, 4,
	 "Discard IP fragment set with more than <n> elements: src = <ip>, dest = <ip>, proto = "
	 "<protocol>, id = <n>"},
	{209006, 4,
	 "Fragment queue threshold exceeded, dropped <protocol> fragment from <ip> to <ip> on <if> "
	 "interface."},
	{302003, 6, "Built H245 connection for faddr <ip>[/<port>] laddr <ip>[/<port>]"},
	{302004, 6,
	 "Pre-allocate H323 {TCP|UDP} backconnection for faddr <ip>[/<port>] to laddr "
	 "<ip>[/<port>]"},
	{302010, 6, "<n> in use, <n> most used"},
	{302012, 6,
	 "Pre-allocate H225 Call Signalling Connection for faddr <ip>[/<port>] to laddr "
	 "<ip>[/<port>]"},
	{302013, 6, "Built {inbound|outbound} TCP connection <id> for " ENDS},
	{302014, 6,
	 "Teardown TCP connection <id> for " PAIR " duration <h:mm:ss> bytes <n> <reason>"},
	{302015, 6, "Built {inbound|outbound} UDP connection <id> for " ENDS},
	{302016, 6, "Teardown UDP connection <id> for " PAIR " duration <h:mm:ss> bytes <n>"},
	{302017, 6,
	 "Built {inbound|outbound} GRE connection <id> from <if>:<ip> (<mapped>) to "
	 "<if>:<ip>/<call> (<mapped>/<call>)"},
	{302018, 6,
	 "Teardown GRE connection <id> from <if>:<ip> to <if>:<ip>/<call> duration <h:mm:ss> bytes "
	 "<n>"},
	{302020, 6,
	 "Built {inbound|outbound} ICMP connection for faddr <ip>/<n> gaddr <ip>/<n> laddr "
	 "<ip>/<n>"},
	{302021, 6, "Teardown ICMP connection for faddr <ip>/<n> gaddr <ip>/<n> laddr <ip>/<n>"},
	{302303, 6, "Built TCP state-bypass connection <id> from " ENDS},
	{302304, 6,
	 "Teardown TCP state-bypass connection <id> from " PAIR
	 " duration <h:mm:ss> bytes <n> <reason>"},
	{303002, 6, "FTP connection from " PAIR ", user <user> {Stored|Retrieved} file <file>"},
	{303004, 5,
	 "FTP <command> command unsupported - failed strict inspection, terminating connection "
	 "from " PAIR},
	{303005, 5,
	 "Strict FTP inspection matched <what> in policy-map <name>, <action> from " PAIR},
	{304001, 5, "<ip> Accessed URL <ip>:<url>"},
	{304002, 5, "Access denied URL <url> SRC <ip> DEST <ip> on interface <if>"},
	{305005, 3,
	 "No translation group found for <protocol> src <if>: <ip>/<port> dst <if>: <ip>/<port>"},
	{305006, 3,
	 "{outbound static|identity|portmap|regular} translation creation failed for <protocol> "
	 "src <if>:<ip>/<port> dst <if>:<ip>/<port>"},
	{305009, 6, "Built {dynamic|static} translation from <if>:<ip> to <if>:<ip>"},
	{305010, 6,
	 "Teardown {dynamic|static} translation from <if>:<ip> to <if>:<ip> duration <h:mm:ss>"},
	{305011, 6, "Built {dynamic|static} {TCP|UDP|ICMP} translation from " PAIR},
	{305012, 6,
	 "Teardown {dynamic|static} {TCP|UDP|ICMP} translation from " PAIR " duration <h:mm:ss>"},
	{305013, 5,
	 "Asymmetric NAT rules matched for forward and reverse flows; Connection for <protocol> "
	 "src <if>:<ip>/<port> dst <if>:<ip>/<port> denied due to NAT reverse path failure"},
	{305014, 6,
	 "Allocated {TCP|UDP|ICMP} block of ports for translation from <if>:<ip> to "
	 "<if>:<ip>/<port>-<port>"},
	{305015, 6,
	 "Released {TCP|UDP|ICMP} block of ports for translation from <if>:<ip> to "
	 "<if>:<ip>/<port>-<port>"},
	{305016, 3,
	 "Unable to create <protocol> connection from " PAIR " due to {reaching per-host PAT port "
	 "block limit of <n>|port block exhaustion in PAT pool <name>}"},
	{313001, 3, "Denied ICMP type=<n>, code=<n> from <ip> on interface <if>"},
	{313004, 4,
	 "Denied ICMP type=<n>, from laddr <ip> on interface <if> to <ip>: no matching session"},
	{313005, 4,
	 "No matching connection for ICMP error message: icmp src <if>:<ip> dst <if>:<ip> (type "
	 "<n>, code <n>) on <if> interface. Original IP payload: <protocol> src <ip>/<port> dst "
	 "<ip>/<port>."},
	{313008, 3, "Denied ICMPv6 type=<n>, code=<n> from <ip> on interface <if>"},
	{313009, 4,
	 "Denied invalid ICMP code <n>, for <if>:<ip>/<n> (<mapped>/<n>) to <if>:<ip>/<n> "
	 "(<mapped>/<n>), ICMP id <n>, ICMP type <n>"},
	{406001, 4, "FTP port command low port: <ip>/<port> to <ip> on interface <if>"},
	{406002, 4, "FTP port command different address: <ip>(<ip>) to <ip> on interface <if>"},
	{410001, 4,
	 "Dropped UDP DNS {request|reply} from " PAIR
	 "; <what> length <n> bytes exceeds <what> limit of <n> bytes"},
	{410002, 2,
	 "Dropped <n> DNS responses with mis-matched id in the past <n> second(s): from " PAIR},
	{414003, 3,
	 "TCP Syslog Server <if>:<ip>/<port> not responding. New connections are permitted based "
	 "on logging permit-hostdown policy"},
	{419001, 4, "Dropping TCP packet from " PAIR ", reason: <reason>, MSS <n>, data <n>"},
	{419002, 4, "Duplicate TCP SYN from " PAIR " with different initial sequence number"},
	{419003, 4, "Cleared TCP urgent flag from " PAIR},
	{500003, 5,
	 "Bad TCP hdr length (hdrlen=<n>, pktlen=<n>) from <ip>/<port> to <ip>/<port>, flags: "
	 "<flags>, on interface <if>"},
	{500004, 4, "Invalid transport field for protocol=<n>, from <ip>/<port> to <ip>/<port>"},
	{507003, 3, "tcp flow from " PAIR " terminated by inspection engine, reason - <reason>."},
	{607001, 6,
	 "Pre-allocate SIP <what> secondary channel for " PAIR " from <message> message"},
	{608001, 6,
	 "Pre-allocate Skinny <what> secondary channel for <if>:<ip> to <if>:<ip> from <message> "
	 "message"},
	{609001, 7, "Built local-host <if>:<ip>"},
	{609002, 7, "Teardown local-host <if>:<ip> duration <h:mm:ss>"},
	{710001, 7, "TCP access requested from <ip>/<port> to <if>:<ip>/<service>"},
	{710002, 7, "{TCP|UDP} access permitted from <ip>/<port> to <if>:<ip>/<service>"},
	{710003, 3, "{TCP|UDP} access denied by ACL from <ip>/<port> to <if>:<ip>/<service>"},
	{710005, 7, "{TCP|UDP} request discarded from <ip>/<port> to <if>:<ip>/<service>"},
	{733100, 4,
	 "[<object>] drop rate-<n> exceeded. Current burst rate is <n> per second, max configured "
	 "rate is <n>; Current average rate is <n> per second, max configured rate is <n>; "
	 "Cumulative total count is <n>"},
	{805001, 6, "Offloaded TCP Flow for connection <id> from " ENDS},
	{805002, 6, "TCP Flow is no longer offloaded for connection <id> from " ENDS},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

bool syslog_message_at(size_t i, uint32_t *id, int *severity, const char **form)
{
	if (i >= N_ROWS)
		return false;
	*id = rows[i].id;
	*severity = rows[i].severity;
	*form = rows[i].form;
	return true;
}

int syslog_severity(uint32_t id)
{
	size_t lo = 0, hi = N_ROWS;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (rows[mid].id == id)
			return rows[mid].severity;
		if (rows[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}
