/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drop reasons: the one list behind the enum, the BPF counters (row = number), the texts of
 * "show asp drop", JSON keys, the manual and the tests.
 *
 * FRAME reasons are about one packet, FLOW reasons about a connection that was refused or ended.
 * Keywords are ASA's own where the meaning is the same. Numbers are append-only within a release.
 * RESOURCE and INTERNAL stages tell "could not" from "decided not to".
 */
#ifndef ASA_DROP_H
#define ASA_DROP_H

/* clang-format off */
/*	SYMBOL				keyword				kind	stage		sentence */
#define ASA_DROP_LIST(X) \
	X(DROP_L2_ENCAP,		"invalid-encap",		FRAME,	L2,		"Invalid encapsulation") \
	X(DROP_L2_INTERFACE,		"ifc-classify",			FRAME,	L2,		"Virtual firewall classification failed") \
	X(DROP_IP_VERSION,		"unsupported-ip-version",	FRAME,	IP,		"Unsupported IP version") \
	X(DROP_IP_HEADER,		"invalid-ip-header",		FRAME,	IP,		"Invalid IP header") \
	X(DROP_IP_LENGTH,		"invalid-ip-length",		FRAME,	IP,		"Invalid IP length") \
	X(DROP_IP_OPTION,		"invalid-ip-option",		FRAME,	IP,		"IP option drop") \
	X(DROP_IP_TTL,			"ttl-exceeded",			FRAME,	IP,		"TTL exceeded") \
	X(DROP_IP_LAND,			"land-attack",			FRAME,	IP,		"Source and destination address are the same") \
	X(DROP_IP_SPOOF,		"invalid-ip-address",		FRAME,	IP,		"Source address cannot be a sender") \
	X(DROP_FRAG_FAILED,		"fragment-reassembly-failed",	FRAME,	FRAG,		"Fragment reassembly failed") \
	X(DROP_FRAG_OVERLAP,		"fragment-overlap",		FRAME,	FRAG,		"Overlapping fragments") \
	X(DROP_FRAG_LIMIT,		"fragment-limit",		FRAME,	FRAG,		"Fragment database limit exceeded") \
	X(DROP_FRAG_TIMEOUT,		"fragment-timeout",		FRAME,	FRAG,		"Fragments not completed in time") \
	X(DROP_TCP_HEADER,		"invalid-tcp-hdr-length",	FRAME,	TCP_NORM,	"Invalid TCP Length") \
	X(DROP_TCP_FLAGS,		"bad-tcp-flags",		FRAME,	TCP_NORM,	"Bad TCP flags") \
	X(DROP_UDP_LENGTH,		"invalid-udp-length",		FRAME,	TCP_NORM,	"Invalid UDP Length") \
	X(DROP_TCP_NOT_SYN,		"tcp-not-syn",			FRAME,	TCP_STATE,	"First TCP packet not SYN") \
	X(DROP_TCP_3WHS,		"tcp-3whs-failed",		FRAME,	TCP_STATE,	"TCP failed 3 way handshake") \
	X(DROP_TCP_DUAL_OPEN,		"tcp-dual-open",		FRAME,	TCP_STATE,	"TCP dual open denied") \
	X(DROP_TCP_SYN_DIFF,		"tcp-seq-syn-diff",		FRAME,	TCP_STATE,	"TCP SEQ in SYN/SYNACK invalid") \
	X(DROP_TCP_ACK_SYN_DIFF,	"tcp-ack-syn-diff",		FRAME,	TCP_STATE,	"TCP ACK in SYNACK invalid") \
	X(DROP_TCP_SYNACK_OOO,		"tcp-synack-ooo",		FRAME,	TCP_STATE,	"TCP SYNACK on established conn") \
	X(DROP_TCP_SEQ_PAST_WIN,	"tcp-seq-past-win",		FRAME,	TCP_STATE,	"TCP packet SEQ past window") \
	X(DROP_TCP_INVALID_ACK,		"tcp-invalid-ack",		FRAME,	TCP_STATE,	"TCP invalid ACK") \
	X(DROP_TCP_RSTFIN_OOO,		"tcp-rstfin-ooo",		FRAME,	TCP_STATE,	"TCP RST/FIN out of order") \
	X(DROP_TCP_PAST_FIN,		"tcp-data-past-fin",		FRAME,	TCP_STATE,	"TCP data send after FIN") \
	X(DROP_SESSION_ICMP,		"inspect-icmp-seq-num-not-matched", FRAME, SESSION,	"ICMP Inspect seq num not matched") \
	X(DROP_SESSION_ICMP_ERROR,	"inspect-icmp-error-no-existing-conn", FRAME, SESSION,	"ICMP Error Inspect no existing conn") \
	X(DROP_SESSION_ICMP_BAD,	"inspect-icmp-bad-code",	FRAME,	SESSION,	"ICMP Inspect bad icmp code") \
	X(DROP_SESSION_INTERFACE,	"flow-wrong-interface",		FRAME,	SESSION,	"Packet of a connection on an interface it does not use") \
	X(DROP_POLICY_ACL,		"acl-drop",			FRAME,	POLICY,		"Flow is denied by configured rule") \
	X(DROP_POLICY_INTRA,		"intra-interface-denied",	FRAME,	POLICY,		"Same interface in and out without same-security-traffic permit intra-interface") \
	X(DROP_POLICY_INTER,		"inter-interface-denied",	FRAME,	POLICY,		"Equal security levels without same-security-traffic permit inter-interface") \
	X(DROP_POLICY_LIMIT,		"conn-limit",			FRAME,	POLICY,		"Connection limit reached") \
	X(DROP_NAT_FAILED,		"nat-xlate-failed",		FRAME,	NAT,		"NAT failed") \
	X(DROP_NAT_RPF,			"nat-rpf-failed",		FRAME,	NAT,		"NAT reverse path failed") \
	X(DROP_NAT_NO_XLATE,		"nat-no-xlate-to-pat-pool",	FRAME,	NAT,		"Connection to PAT address without pre-existing xlate") \
	X(DROP_ROUTE_NONE,		"no-route",			FRAME,	ROUTE,		"No route to host") \
	X(DROP_ROUTE_ADJACENCY,		"no-adjacency",			FRAME,	ROUTE,		"No valid adjacency") \
	X(DROP_ROUTE_INTERFACE,		"interface-down",		FRAME,	ROUTE,		"Interface is down") \
	X(DROP_ROUTE_MTU,		"fragmentation-needed",		FRAME,	ROUTE,		"Packet larger than the MTU of the way out") \
	X(DROP_RESOURCE_FLOW,		"unable-to-create-flow",	FRAME,	RESOURCE,	"Flow denied due to resource limitation") \
	X(DROP_RESOURCE_NO_DAEMON,	"punt-no-daemon",		FRAME,	RESOURCE,	"No daemon to hand the packet to") \
	X(DROP_RESOURCE_RX_QUEUE,	"dispatch-queue-limit",		FRAME,	RESOURCE,	"Dispatch queue tail drops") \
	X(DROP_RESOURCE_TX_QUEUE,	"dispatch-block-alloc",		FRAME,	RESOURCE,	"Dispatch block unavailable") \
	X(DROP_INTERNAL_ERROR,		"internal-error",		FRAME,	INTERNAL,	"Internal error") \
	X(FLOW_ACL,			"flow-acl-drop",		FLOW,	POLICY,		"Flow is denied by access rule") \
	X(FLOW_NAT,			"nat-failed",			FLOW,	NAT,		"NAT failed") \
	X(FLOW_CONN_TIMEOUT,		"conn-timeout",			FLOW,	SESSION,	"Connection timeout") \
	X(FLOW_SYN_TIMEOUT,		"syn-timeout",			FLOW,	SESSION,	"SYN timeout") \
	X(FLOW_FIN_TIMEOUT,		"fin-timeout",			FLOW,	SESSION,	"FIN timeout") \
	X(FLOW_CLEARED,			"xlate-clear",			FLOW,	SESSION,	"Connection cleared") \
	X(FLOW_EVICTED,			"embryonic-evicted",		FLOW,	RESOURCE,	"Embryonic connection gave way to a new one") \
	X(DROP_TCP_INTERCEPT_COOKIE,	"tcp-intercept-bad-cookie",	FRAME,	TCP_STATE,	"TCP intercept: cookie invalid or too old") \
	X(DROP_TCP_INTERCEPT_WAIT,	"intercept-unexpected",		FRAME,	TCP_STATE,	"TCP intercept: packet not expected before the server has answered") \
	X(DROP_POLICY_HOST,		"sp-security-failed",		FRAME,	POLICY,		"To the box, and a management rule forbids it") \
	X(DROP_ROUTE_RPF,		"rpf-violated",			FRAME,	ROUTE,		"Reverse-path verify failed") \
	X(DROP_TCP_CHECKSUM,		"bad-tcp-cksum",		FRAME,	TCP_NORM,	"Bad TCP checksum") \
	X(DROP_TCP_BUFFER_FULL,		"tcp-buffer-full",		FRAME,	TCP_NORM,	"TCP packet buffer full") \
	X(DROP_TCP_GLOBAL_BUFFER_FULL,	"tcp-global-buffer-full",	FRAME,	TCP_NORM,	"TCP global buffer full") \
	X(DROP_TCP_BUFFER_TIMEOUT,	"tcp-buffer-timeout",		FRAME,	TCP_NORM,	"TCP packet buffer timeout") \
	X(DROP_TCP_DUP_IN_QUEUE,	"tcp-dup-in-queue",		FRAME,	TCP_NORM,	"TCP dup of packet in Out-of-Order queue") \
	X(DROP_TCP_DUP_DATA,		"tcp-dup-data-mismatch",	FRAME,	TCP_NORM,	"TCP retransmission with other bytes than the original") \
	X(DROP_TCP_DISCARDED_OOO,	"tcp-discarded-ooo",		FRAME,	TCP_STATE,	"TCP ACK in 3 way handshake invalid") \
	X(DROP_TCP_OPTIONS,		"tcp-bad-option-list",		FRAME,	TCP_NORM,	"TCP option list invalid") \
	X(DROP_TCP_RESERVED,		"tcp-reserved-set",		FRAME,	TCP_NORM,	"TCP reserved flags set") \
	X(DROP_TCP_SYN_DATA,		"tcp-syn-data",			FRAME,	TCP_NORM,	"TCP SYN with data") \
	X(DROP_TCP_SYNACK_DATA,		"tcp-synack-data",		FRAME,	TCP_NORM,	"TCP SYNACK with data") \
	X(DROP_TCP_MSS,			"tcp-mss-exceeded",		FRAME,	TCP_NORM,	"TCP data exceeded MSS") \
	X(DROP_TCP_PAWS,		"tcp-paws-fail",		FRAME,	TCP_STATE,	"TCP packet failed PAWS test") \
	X(DROP_TCP_RST_SYN_IN_WIN,	"tcp-rst-syn-in-win",		FRAME,	TCP_STATE,	"TCP RST/SYN in window") \
	X(DROP_TCP_WINDOW,		"tcpnorm-win-variation",	FRAME,	TCP_STATE,	"TCP unexpected window size variation") \
	X(DROP_SESSION_PROBE,		"dcd-probe-answer",		FRAME,	SESSION,	"Answer of a host to dead connection detection, consumed") \
	X(DROP_POLICE,			"rate-exceeded",		FRAME,	POLICY,		"QoS rate exceeded") \
	X(DROP_TCP_SYN_OOO,		"tcp-syn-ooo",			FRAME,	TCP_STATE,	"TCP SYN on established conn") \
	X(DROP_TCP_ACKED,		"tcp-acked",			FRAME,	TCP_STATE,	"TCP DUP and has been ACKed") \
	X(DROP_SESSION_EXPIRED,		"flow-expired",			FRAME,	SESSION,	"Expired flow") \
	X(DROP_MODULE_IPS,		"ips-fail-close",		FRAME,	INSPECT,	"IPS card is down") \
	X(DROP_MODULE_CSC,		"csc-fail-close",		FRAME,	INSPECT,	"CSC card is down") \
	X(DROP_MODULE_INVALID,		"ssm-dpp-invalid",		FRAME,	INSPECT,	"Invalid packet received from SSM card") \
	X(DROP_MODULE_ALIVE,		"ssm-alive",			FRAME,	INSPECT,	"Question whether a service module is there, come back")
/* clang-format on */

enum asa_drop {
	DROP_NONE = 0, /* go on */
#define ASA_DROP_ENUM(sym, kw, kind, stage, text) sym,
	ASA_DROP_LIST(ASA_DROP_ENUM)
#undef ASA_DROP_ENUM
		ASA_DROP_MAX
};

#endif
