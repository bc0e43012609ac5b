// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines of inspection maps, protocol by protocol.
 *
 * Responsible for: the table of "match" lines and parameters that each inspector has, so that
 * parsing, help and completion inside of a map know its protocol. Not responsible for: storing
 * them (cmd_inspect.c), what they do (inspect/).
 *
 * A row says in 'kinds' whose maps it belongs to. Match lines stand in policy maps and, where the
 * protocol has class maps, in these, too. Rows are in the order of protocols.
 * Callers: the grammar. Control thread only.
 */
#include "config/impl.h"

int cfg_do_imap_match(void *ctx, struct cmd_args *a, void *out);
int cfg_do_imap_parameter(void *ctx, struct cmd_args *a, void *out);

#define K(proto) (1u << CFG_##proto)
#define P CONFIG_IN(CONFIG_MODE_INSPECT_PARAM)
#define M CONFIG_IN(CONFIG_MODE_INSPECT_MAP)
#define MC (CONFIG_IN(CONFIG_MODE_INSPECT_MAP) | CONFIG_IN(CONFIG_MODE_INSPECT_CLASS))

#define MATCH(modes, proto, syntax)                                                               \
	{ modes, "match [not] " syntax, "=", "Messages that the map is about", cfg_do_imap_match, \
	  K(proto) }
/* 'words': how the line begins, for "no" */
#define PARAM(protos, words, syntax)                                                           \
	{ P, words " " syntax, words " [<TEXT:line>]", "Parameter of the inspection",          \
	  cfg_do_imap_parameter, protos }
#define PARAM_ON(protos, words)                                                                \
	{ P, words, "=", "Parameter of the inspection", cfg_do_imap_parameter, protos }

#define RX "regex {class <RCLASS:name> | <REGEX:name>}"
#define N16 "<N:n:0-65535>"
#define N32 "<N:n:0-4294967295>"
#define GT "gt " N32
#define A_DROP "action {{drop | drop-connection | reset} [log] | log}"
#define A_MASK "action {mask [log] | log}"
#define A_CLOSE "action {drop-connection [log] | log}"

#define HTTP_METHODS                                                                               \
	"bcopy | bdelete | bmove | bpropfind | bproppatch | connect | copy | delete | edit | get | " \
	"getattribute | getattributenames | getproperties | head | index | lock | mkcol | "          \
	"mkdir | move | notify | options | poll | post | propfind | proppatch | put | revadd | "     \
	"revlabel | revlog | revnum | save | search | setattribute | startrev | stoprev | "          \
	"subscribe | trace | unedit | unlock | unsubscribe"
#define HTTP_HEADER                                                                                \
	"header {" RX " [" RX "] | {count | length} " GT " | non-ascii | "                           \
	"<FIELD:name> {" RX " | {count | length} " GT "}}"

const struct config_command cmd_inspect_line_rows[] = {
	/* ---- dcerpc */
	MATCH(MC, DCERPC, "uuid {ms-rpc-epm | ms-rpc-isystemactivator | ms-rpc-oxidresolver}"),
	PARAM(K(DCERPC), "timeout pinhole", "<T:time>"),
	PARAM(K(DCERPC), "endpoint-mapper", "{epm-service-only | lookup-operation [timeout <T:time>]}"),

	/* ---- dns */
	MATCH(MC, DNS, "dns-class {eq {in | " N16 "} | range " N16 " " N16 "}"),
	MATCH(MC, DNS, "dns-type {eq {a | axfr | cname | ixfr | ns | soa | tsig | " N16 "} | "
		       "range " N16 " " N16 "}"),
	MATCH(MC, DNS, "domain-name " RX),
	MATCH(MC, DNS, "header-flag [eq] {AA | QR | RA | RD | TC}+"),
	MATCH(MC, DNS, "question"),
	MATCH(MC, DNS, "resource-record {additional | answer | authority}"),
	PARAM_ON(K(DNS), "{dns-guard | id-randomization | nat-rewrite | protocol-enforcement}"),
	PARAM(K(DNS), "id-mismatch", "[count " N32 " duration <S:n:0-4294967295>] action log"),
	PARAM(K(DNS), "message-length maximum",
	      "{<N:n:512-65535> | client {auto | <N:n:512-65535>} | server {auto | <N:n:512-65535>}}"),
	PARAM(K(DNS), "tsig enforced", "action {drop [log] | log}"),

	/* ---- esmtp */
	MATCH(M, ESMTP, "body [line] length " GT),
	MATCH(M, ESMTP, "cmd {RCPT count " GT " | line length " GT " | verb {AUTH | DATA | EHLO | ETRN | "
			"EXPN | HELO | HELP | MAIL | NOOP | QUIT | RCPT | RSET | SAML | SEND | SOML | "
			"STARTTLS | VRFY | unknown}+}"),
	MATCH(M, ESMTP, "ehlo-reply-parameter {8bitmime | auth | binaryname | checkpoint | dsn | etrn | "
			"others | pipelining | size | vrfy}+"),
	MATCH(M, ESMTP, "header {[line] length " GT " | to-fields count " GT "}"),
	MATCH(M, ESMTP, "invalid-recipients count " GT),
	MATCH(M, ESMTP, "MIME {encoding {7bit | 8bit | base64 | binary | others | quoted-printable}+ | "
			"filename length " GT " | filetype " RX "}"),
	MATCH(M, ESMTP, "sender-address {length " GT " | " RX "}"),
	PARAM_ON(K(ESMTP), "allow-tls [action log]"),
	PARAM(K(ESMTP), "mail-relay", "<DOMAIN:word> " A_CLOSE),
	PARAM(K(ESMTP), "special-character", A_CLOSE),

	/* ---- ftp */
	MATCH(MC, FTP, "{filename | filetype | server | username} " RX),
	MATCH(MC, FTP, "request-command {appe | cdup | dele | get | help | mkd | put | rmd | rnfr | rnto | "
		       "site | stou}+"),
	PARAM_ON(K(FTP) | K(ESMTP), "mask-banner"),
	PARAM_ON(K(FTP), "mask-syst-reply"),

	/* ---- gtp */
	MATCH(M, GTP, "apn " RX),
	MATCH(M, GTP, "message id {<N:n:1-255> | range <N:n:1-255> <N:n:1-255>}"),
	MATCH(M, GTP, "message length min <N:n:1-65536> max <N:n:1-65536>"),
	MATCH(M, GTP, "version {<N:n:0-255> | range <N:n:0-255> <N:n:0-255>}"),
	PARAM(K(GTP), "permit", "{errors | response to-object-group <TO:name> from-object-group <FROM:name>}"),
	PARAM(K(GTP), "mcc", "<N:n:0-999> mnc <N:n:0-999>"),
	PARAM(K(GTP), "{request-queue | tunnel-limit}", "<N:n:1-4294967295>"),
	PARAM(K(GTP), "timeout {endpoint | gsn | pdp-context | request | signaling | t3-response | tunnel}",
	      "<T:time>"),

	/* ---- h323 */
	MATCH(MC, H323, "{called-party | calling-party} " RX),
	MATCH(MC, H323, "media-type {audio | data | video}"),
	PARAM(K(H323), "call-duration-limit", "<T:time>"),
	PARAM_ON(K(H323), "call-party-numbers"),
	PARAM(K(H323), "h245-tunnel-block", "action {drop-connection | log}"),
	PARAM_ON(K(H323), "ras-rcf-pinholes enable"),
	PARAM_ON(K(H323), "state-checking {h225 | ras}"),

	/* ---- http */
	MATCH(MC, HTTP, "req-resp content-type mismatch"),
	MATCH(MC, HTTP, "request args " RX),
	MATCH(MC, HTTP, "request body {length " GT " | " RX "}"),
	MATCH(MC, HTTP, "request " HTTP_HEADER),
	MATCH(MC, HTTP, "request method {" RX " | " HTTP_METHODS "}"),
	MATCH(MC, HTTP, "request uri {length " GT " | " RX "}"),
	MATCH(MC, HTTP, "response body {active-x | java-applet | length " GT " | " RX "}"),
	MATCH(MC, HTTP, "response " HTTP_HEADER),
	MATCH(MC, HTTP, "response status-line " RX),
	PARAM(K(HTTP), "body-match-maximum", N32),
	PARAM(K(HTTP), "protocol-violation", A_DROP),
	PARAM(K(HTTP), "spoof-server", "<STRING:line>"),

	/* ---- im */
	MATCH(MC, IM, "{filename | login-name | peer-login-name | version} " RX),
	MATCH(MC, IM, "{ip-address | peer-ip-address} <A:ip> <MASK:mask>"),
	MATCH(MC, IM, "protocol {msn-im | yahoo-im}+"),
	MATCH(MC, IM, "service {chat | conference | file-transfer | games | voice-chat | webcam}+"),

	/* ---- ip-options */
	PARAM(K(IP_OPTIONS), "{basic-security | commercial-security | default | eool | exp-measure | "
	      "extended-security | imi-traffic-descriptor | nop | quick-start | record-route | router-alert | "
	      "timestamp}", "action {allow | clear}"),

	/* ---- ipsec-pass-thru */
	PARAM_ON(K(IPSEC), "{ah | esp} [per-client-max " N16 "] [timeout <T:time>]"),

	/* ---- ipv6 */
	MATCH(M, IPV6, "header {ah | count " GT " | destination-option | esp | fragment | hop-by-hop | "
		       "routing-address count " GT " | routing-type {eq <N:n:0-255> | "
		       "range <N:n:0-255> <N:n:0-255>}}"),
	PARAM_ON(K(IPV6), "verify-header {order | type}"),

	/* ---- mgcp */
	PARAM(K(MGCP), "{call-agent | gateway}", "<A:ip> <GROUP:n:0-4294967295>"),
	PARAM(K(MGCP), "command-queue", "<N:n:1-4294967295>"),

	/* ---- netbios */
	PARAM(K(NETBIOS), "protocol-violation", "action {drop [log] | log}"),

	/* ---- radius-accounting */
	PARAM_ON(K(RADIUS), "{enable gprs | send response}"),
	PARAM(K(RADIUS), "host", "<A:addr> [key <KEY:word>]"),
	PARAM(K(RADIUS), "timeout users", "<T:time>"),
	PARAM(K(RADIUS), "validate-attribute", "<N:n:1-191>"),

	/* ---- rtsp */
	MATCH(MC, RTSP, "request-method {announce | describe | get_parameter | options | pause | play | "
			"record | redirect | setup | set_parameter | teardown}"),
	MATCH(MC, RTSP, "url-filter " RX),
	PARAM_ON(K(RTSP), "reserve-port-protect"),
	PARAM(K(RTSP), "url-length-limit", "<N:n:0-6000>"),

	/* ---- sip */
	MATCH(MC, SIP, "{called-party | calling-party | im-subscriber | message-path | "
		       "third-party-registration} " RX),
	MATCH(MC, SIP, "content {length " GT " | type {sdp | " RX "}}"),
	MATCH(MC, SIP, "request-method {ack | bye | cancel | info | invite | message | notify | options | "
		       "prack | refer | register | subscribe | unknown | update}"),
	MATCH(MC, SIP, "uri {sip | tel} length " GT),
	PARAM_ON(K(SIP), "{im | ip-address-privacy | traffic-non-sip}"),
	PARAM_ON(K(SIP) | K(H323) | K(SKINNY), "rtp-conformance [enforce-payloadtype]"),
	PARAM(K(SIP), "{software-version | uri-non-sip}", A_MASK),
	PARAM(K(SIP), "{max-forwards-validation | state-checking | strict-header-validation}", A_DROP),
	PARAM(K(SIP), "trust-verification-server", "{ip <A:addr> | port <N:n:1026-32768>}"),

	/* ---- skinny */
	MATCH(M, SKINNY, "message-id {<ID:word> | range <ID:word> <ID:word>}"),
	PARAM_ON(K(SKINNY), "enforce-registration"),
	PARAM(K(SKINNY), "message-id max", "<ID:word>"),
	PARAM(K(SKINNY), "sccp-prefix-len {max | min}", "<N:n:4-4294967295>"),
	PARAM(K(SKINNY), "timeout {media | signaling}", "<T:time>"),
};
const size_t n_cmd_inspect_line_rows = ARRAY_SIZE(cmd_inspect_line_rows);
