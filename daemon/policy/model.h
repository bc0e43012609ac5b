/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration model: what the operator entered, parsed but not yet compiled.
 *
 * Responsible for: plain data only. The config module (parser) fills a model; policy_compile()
 * turns it into an immutable snapshot; "show running-config" prints it back, so every row keeps
 * what is needed to print it as it was entered ('text' where a form can be written in two ways).
 *
 * Life cycle: a command copies the current model (model_clone), changes the copy, compiles it,
 * and commits both or neither. A model belongs to the control thread; workers never see one.
 *
 * Names are stored as entered (ASA names are case-sensitive). Vectors are grown with MODEL_PUSH;
 * order of rows is the order of the configuration. An empty string means "not set".
 */
#ifndef POLICY_MODEL_H
#define POLICY_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "asa/tcp_map.h"
#include "asa/types.h"

#define MODEL_NAME_MAX 64 /* with the terminating NUL; ASA allows 63 characters for most names */
#define MODEL_TEXT_MAX 512
#define MODEL_IF_MAX 64

#define MODEL_VEC(type)        \
	struct {               \
		type *v;       \
		size_t n, cap; \
	}

/* An address term of a rule. */
enum model_addr_kind {
	MODEL_ADDR_ANY, /* any: IPv4 and IPv6 */
	MODEL_ADDR_ANY4,
	MODEL_ADDR_ANY6,
	MODEL_ADDR_HOST, /* addr */
	MODEL_ADDR_SUBNET, /* addr / plen */
	MODEL_ADDR_RANGE, /* addr - addr_end */
	MODEL_ADDR_FQDN, /* name; plen 4 or 6: its addresses of that family only, 0 both */
	MODEL_ADDR_INTERFACE, /* own address of the interface named 'name' (empty: the mapped one) */
	MODEL_ADDR_OBJECT, /* object network 'name' */
	MODEL_ADDR_GROUP, /* object-group network 'name' */
};
struct model_addr {
	enum model_addr_kind kind;
	struct asa_addr addr, addr_end;
	__u8 plen; /* 0-128, counted in the 128-bit form for IPv6, 0-32 for IPv4 */
	__u8 v6;
	char name[MODEL_NAME_MAX];
};

enum model_port_op { MODEL_PORT_ANY, MODEL_PORT_EQ, MODEL_PORT_NEQ, MODEL_PORT_LT, MODEL_PORT_GT, MODEL_PORT_RANGE, MODEL_PORT_GROUP };
struct model_port {
	enum model_port_op op;
	__u16 lo, hi; /* host order */
	char group[MODEL_NAME_MAX]; /* object-group service (tcp/udp/tcp-udp form) */
};

/* Protocol term: a number, "ip" (any), or a named service/protocol object or group. */
enum model_proto_kind { MODEL_PROTO_IP, MODEL_PROTO_NUM, MODEL_PROTO_GROUP, MODEL_PROTO_SVC_OBJECT, MODEL_PROTO_SVC_GROUP };
struct model_proto {
	enum model_proto_kind kind;
	__u8 num;
	char name[MODEL_NAME_MAX];
};

struct model_icmp {
	bool set;
	int type; /* -1 any */
	int code; /* -1 any */
	char group[MODEL_NAME_MAX]; /* object-group icmp-type */
};

/*
 * One entry. Rows are immutable once they are in a list: models, histories and compiled lists
 * share them, so that a change of one line costs one row. 'text' ends the allocation.
 */
struct model_ace {
	__u32 refs; /* lists that hold the row */
	bool remark; /* text holds the remark */
	bool permit;
	bool standard; /* access-list NAME standard: src is the destination network */
	bool inactive;
	bool log; /* "log" given */
	int log_level; /* -1 default; 8 "log disable" */
	int log_interval; /* seconds; -1 default (300) */
	char time_range[MODEL_NAME_MAX];
	struct model_proto proto;
	struct model_addr src, dst;
	struct model_port sport, dport;
	struct model_icmp icmp;
	char text[]; /* canonical text after "extended|standard " or the remark */
};
/*
 * Entries that follow each other. Immutable once it is shared: lists that differ in one entry hold
 * the same stretches but one.
 */
#define MODEL_STRETCH_MAX 256
struct model_stretch {
	__u32 refs, n;
	__u32 hash[MODEL_STRETCH_MAX]; /* of the texts */
	struct model_ace *v[MODEL_STRETCH_MAX];
};
struct model_aces_place {
	struct model_stretch *stretch;
	size_t first; /* row of its first entry */
};
/* The entries of a list, shared by all models in which the list is the same. */
struct model_aces {
	__u32 refs;
	size_t n; /* entries */
	size_t n_places, cap;
	struct model_aces_place *places;
};
struct model_acl {
	char name[MODEL_NAME_MAX];
	struct model_aces *aces; /* NULL: empty; changed with model_acl_insert(), _remove() only */
};

struct model_access_group {
	char acl[MODEL_NAME_MAX];
	bool global, out;
	char ifname[MODEL_NAME_MAX]; /* nameif */
};

/* object network / object service */
struct model_object {
	char name[MODEL_NAME_MAX];
	char description[MODEL_TEXT_MAX];
	bool service;
	bool set; /* has its host/subnet/range/fqdn/service line */
	struct model_addr addr; /* network */
	struct model_proto proto; /* service */
	struct model_port sport, dport;
	struct model_icmp icmp;
};

enum model_group_kind { MODEL_GROUP_NETWORK, MODEL_GROUP_SERVICE, MODEL_GROUP_PROTOCOL, MODEL_GROUP_ICMP };
struct model_group_item {
	bool nested; /* group-object NAME (in addr.name) */
	struct model_addr addr; /* network-object */
	struct model_proto proto; /* service-object, protocol-object */
	struct model_port sport, dport; /* service-object; port-object uses dport */
	struct model_icmp icmp;
	bool description; /* text */
	char text[MODEL_TEXT_MAX]; /* canonical line */
};
struct model_group {
	char name[MODEL_NAME_MAX];
	enum model_group_kind kind;
	char svc_proto[8]; /* service groups of the port form: "tcp", "udp", "tcp-udp"; else empty */
	MODEL_VEC(struct model_group_item) items;
};

/*
 * One translation rule of any form. Order of evaluation is decided by the compiler:
 * TWICE (section 1, in order), OBJECT (section 2: static before dynamic, fewer addresses first),
 * TWICE_AFTER (section 3). PIX forms: PIX_NAT0, PIX_STATIC, PIX_NAT + PIX_GLOBAL (joined by nat_id).
 */
enum model_nat_form { MODEL_NAT_OBJECT, MODEL_NAT_TWICE, MODEL_NAT_TWICE_AFTER, MODEL_NAT_PIX_STATIC, MODEL_NAT_PIX_NAT, MODEL_NAT_PIX_NAT0, MODEL_NAT_PIX_GLOBAL };
struct model_nat {
	enum model_nat_form form;
	char object[MODEL_NAME_MAX]; /* MODEL_NAT_OBJECT: the object it stands in */
	char real_if[MODEL_NAME_MAX]; /* "any" or a nameif; PIX_GLOBAL: mapped_if only */
	char mapped_if[MODEL_NAME_MAX];
	bool dynamic; /* else static */
	struct model_addr real, mapped; /* identity: mapped equals real */
	bool has_first; /* twice, dynamic: addresses of 'first', and when they are used up the pat-pool */
	struct model_addr first;
	bool mapped_interface; /* PAT to (or fall back to) the mapped interface's address */
	bool pat; /* the mapped host is used with port translation (dynamic to a host, pat-pool) */
	bool has_service; /* static PAT: proto, real_port, mapped_port */
	__u8 proto;
	__u16 real_port, mapped_port;
	bool has_dst; /* twice: destination static dst_mapped dst_real */
	struct model_addr dst_mapped, dst_real;
	char svc_real[MODEL_NAME_MAX], svc_mapped[MODEL_NAME_MAX]; /* twice: service objects */
	bool dns, no_proxy_arp, route_lookup, norandomseq, inactive, unidirectional;
	bool flat, include_reserve; /* of a pat-pool: one range of ports, 1024 (1) to 65535 */
	bool extended, block_allocation; /* of a pat-pool: a port for each destination; blocks of ports */
	__u32 max_conns, emb_limit, udp_max; /* for each host behind it; 0 none (LIM-7) */
	__u32 nat_id; /* PIX nat/global */
	char acl[MODEL_NAME_MAX]; /* policy NAT, nat 0 access-list */
	char text[MODEL_TEXT_MAX]; /* the line as entered, canonical words */
};

enum model_match_kind { MODEL_MATCH_NONE, MODEL_MATCH_ANY, MODEL_MATCH_ACL, MODEL_MATCH_PORT, MODEL_MATCH_DEFAULT_INSPECTION, MODEL_MATCH_OTHER };
struct model_class {
	char name[MODEL_NAME_MAX];
	bool management;
	char description[MODEL_TEXT_MAX];
	enum model_match_kind match;
	char acl[MODEL_NAME_MAX]; /* ACL, or narrowing list of default-inspection-traffic */
	__u8 proto; /* PORT: tcp, udp, sctp */
	__u16 lo, hi;
	char other[MODEL_TEXT_MAX]; /* MODEL_MATCH_OTHER: "match {dscp|precedence|rtp} …" */
	/* goes with MODEL_MATCH_OTHER or none: traffic of a VPN tunnel, each destination by itself */
	char tunnel_group[MODEL_NAME_MAX];
	bool flow;
};

/* "set connection …" and friends of one class in one policy map; -1: not set. Times in seconds. */
struct model_conn_settings {
	int conn_max, embryonic_max, per_client_max, per_client_embryonic_max;
	int random_seq; /* 0 disable, 1 enable, -1 not set */
	int idle_s, half_closed_s, embryonic_s;
	bool idle_reset;
	int dcd_interval_s, dcd_retries; /* -1: no DCD */
	bool bypass;
	bool decrement_ttl;
	char tcp_map[MODEL_NAME_MAX];
};
/* "tcp-map NAME", in the form in which it acts. */
struct model_tcp_map {
	char name[MODEL_NAME_MAX];
	struct asa_tcp_map map;
};
/* "regex NAME PATTERN"; the pattern has been compiled once to check it (inspect/regex.h). */
#define MODEL_REGEX_MAX 104
struct model_regex {
	char name[MODEL_NAME_MAX];
	char pattern[MODEL_REGEX_MAX];
};

/*
 * Maps of inspectors: "class-map type regex", "class-map type inspect", "policy-map type inspect",
 * "snmp-map". Names of class maps of any type are one space, those of policy maps another.
 */
enum model_imap_kind { MODEL_IMAP_REGEX, MODEL_IMAP_CLASS, MODEL_IMAP_POLICY, MODEL_IMAP_SNMP };
enum model_iline_kind { MODEL_ILINE_PARAMETER, MODEL_ILINE_MATCH, MODEL_ILINE_CLASS };
struct model_iline {
	enum model_iline_kind kind;
	bool no; /* "match not …"; parameter: turned off what is on by default */
	char text[MODEL_TEXT_MAX]; /* words after "match [not]"; name of the class; parameter */
	/* of a policy map's match or class */
	char action[32]; /* "drop", "drop send-protocol-error", "drop-connection", "mask", "reset", "" */
	bool log;
	__u32 rate; /* messages per second, 0: no limit */
};
struct model_imap {
	enum model_imap_kind kind;
	char name[MODEL_NAME_MAX];
	char proto[24]; /* inspector; empty for regex and SNMP */
	bool match_any; /* class maps: one match is enough */
	char description[MODEL_TEXT_MAX];
	MODEL_VEC(struct model_iline) lines;
};

/* "police {input|output} RATE [BURST] …" */
struct model_police {
	__u32 rate; /* bits per second, 0: not policed */
	__u32 burst; /* bytes, 0: not said */
	bool conform_drop, exceed_transmit;
};
struct model_policy_class {
	char class_name[MODEL_NAME_MAX]; /* or class-default */
	struct model_police police[2]; /* input, output */
	struct model_conn_settings conn;
	MODEL_VEC(char *) inspects; /* "ftp strict", "sip", … canonical words after "inspect " */
	MODEL_VEC(char *) others; /* lines kept but not acted on yet */
};
struct model_policy_map {
	char name[MODEL_NAME_MAX];
	char description[MODEL_TEXT_MAX];
	MODEL_VEC(struct model_policy_class) classes;
};
struct model_service_policy {
	char policy_map[MODEL_NAME_MAX];
	bool global, fail_close;
	char ifname[MODEL_NAME_MAX];
};

struct model_if_addr {
	struct asa_addr addr;
	__u8 plen; /* 0-32 or 0-128 */
	bool v6;
};
struct model_if {
	char dev[MODEL_IF_MAX]; /* Linux interface, or "dev.unit" for a sub-interface */
	char nameif[MODEL_NAME_MAX];
	int level; /* -1 not set: 100 for inside, else 0 */
	bool shutdown;
	int vlan; /* 0 none: frames of 'parent' with this tag */
	char parent[MODEL_IF_MAX];
	char description[MODEL_TEXT_MAX];
	MODEL_VEC(struct model_if_addr) addrs;
};

struct model_route {
	char ifname[MODEL_NAME_MAX];
	bool v6;
	struct asa_addr dst;
	__u8 plen;
	struct asa_addr gw;
	int metric;
};

/*
 * "established PROTO PORT [SPORT] [permitto …] [permitfrom …]": a connection back (to, from) may
 * come from a host that one inside is connected to so (proto, dport, sport). Port 0 is any.
 */
struct model_established {
	__u8 proto, to_proto, from_proto;
	__u16 dport, sport;
	__u16 to_lo, to_hi, from_lo, from_hi;
	char text[128]; /* canonical words after "established" */
};

/* to-the-box permits: "ssh A M IF", "icmp permit …" kept and applied by policy_host_access() */
struct model_mgmt {
	char text[MODEL_TEXT_MAX];
};

/* Global timeouts in seconds; GTO defaults are set by model_new(). */
struct model_timeouts {
	int conn, half_closed, udp, icmp, xlate, pat_xlate, floating_conn, tcp_proxy_reassembly;
	int sctp, icmp_error, sunrpc, h323, h225, mgcp, mgcp_pat, sip, sip_media, sip_invite;
	int sip_disconnect, sip_provisional_media, uauth_absolute, uauth_inactivity;
	int conn_holddown, igp_stale_route;
};

/* "dns server-group": the group of this name is the one that names are resolved with. */
#define MODEL_DNS_DEFAULT "DefaultDNS"
#define MODEL_DNS_SERVERS 6
#define MODEL_DNS_POLL_MIN 240
#define MODEL_DNS_EXPIRE_MIN 1
struct model_dns_server {
	struct asa_addr addr;
	char ifname[MODEL_NAME_MAX];
};
struct model_dns_group {
	char name[MODEL_NAME_MAX], domain[MODEL_NAME_MAX];
	int timeout_s, retries, n_servers;
	struct model_dns_server servers[MODEL_DNS_SERVERS];
};

#define MODEL_LOG_HOSTS 8
struct model_log_host {
	char ifname[MODEL_NAME_MAX];
	struct asa_addr addr;
	bool tcp;
	bool rfc5424; /* format emblem is not this; "logging host … format rfc5424"-style option */
	__u16 port; /* 0: default 514 UDP, 1470 TCP */
};
/* "logging rate-limit N S message ID" (level -1) or "… level L" (id 0). */
#define MODEL_LOG_RATES 16
struct model_log_rate {
	__u32 id;
	int level;
	__u32 messages, interval_s;
};
struct model_logging {
	bool enable, timestamp, rfc5424_timestamp;
	int trap, buffered, console, monitor; /* level 0-7, -1 off */
	int facility; /* 16-23, default 20 */
	int buffer_size; /* bytes, default 4096 */
	char device_id[MODEL_TEXT_MAX]; /* words after "logging device-id " */
	int n_hosts;
	struct model_log_host hosts[MODEL_LOG_HOSTS];
	int n_rates;
	struct model_log_rate rates[MODEL_LOG_RATES];
	MODEL_VEC(struct model_log_msg { __u32 id; int level; bool disabled; }) messages; /* changes from the default */
};

/* "fragment … IF", "ip verify reverse-path interface IF": a row for each interface they name. */
/* What an interface is to a service module: packets go to it there, or come back there. */
enum model_module {
	MODEL_MODULE_IPS_TO = 1 << 0,
	MODEL_MODULE_IPS_FROM = 1 << 1,
	MODEL_MODULE_CSC_TO = 1 << 2,
	MODEL_MODULE_CSC_FROM = 1 << 3,
};
#define MODEL_MODULE(kind, from) (MODEL_MODULE_IPS_TO << (2 * (kind) + (from)))
struct model_ip {
	char ifname[MODEL_NAME_MAX]; /* nameif */
	int fragment_size, fragment_chain, fragment_timeout; /* 0: as for all interfaces */
	bool reverse_path;
	__u8 module; /* bits of enum model_module */
};

struct model {
	char hostname[MODEL_NAME_MAX];
	char version_line[MODEL_TEXT_MAX]; /* "ASA Version …" / "PIX Version …" as read, may be empty */
	bool acl_mapped; /* interface access lists name mapped addresses (ACL-3) */
	int deny_flow_max, alert_interval; /* "access-list deny-flow-max", "alert-interval"; 0: default */
	bool same_security_inter, same_security_intra;
	int xlate_block_size, xlate_block_max; /* block-allocation: ports of a block, blocks of a host */
	int tcpmss, tcpmss_min; /* sysopt connection tcpmss [minimum] N; 0 off */
	int fragment_size, fragment_chain, fragment_timeout; /* 200, 24, 5 */
	MODEL_VEC(struct model_ip) ip;
	bool fail_open; /* fail-mode of the fast path without a daemon */
	struct model_timeouts timeouts;
	bool timeout_floor_none; /* "timeout-floor none": class timeouts from one second (TMO-2) */
	struct model_logging logging;
	MODEL_VEC(struct model_if) ifs;
	MODEL_VEC(struct model_object) objects; /* shared by clones: model_objects_own() to change */
	__u32 *objects_refs; /* models that share them */
	MODEL_VEC(struct model_group) groups;
	MODEL_VEC(struct model_acl) acls;
	MODEL_VEC(struct model_access_group) access_groups;
	MODEL_VEC(struct model_nat) nats;
	MODEL_VEC(struct model_tcp_map) tcp_maps;
	MODEL_VEC(struct model_regex) regexes;
	MODEL_VEC(struct model_imap) imaps;
	MODEL_VEC(struct model_class) classes;
	MODEL_VEC(struct model_policy_map) policy_maps;
	MODEL_VEC(struct model_service_policy) service_policies;
	MODEL_VEC(struct model_route) routes;
	MODEL_VEC(struct model_mgmt) mgmt;
	int http_port; /* "http server enable [PORT]", 0: no such line */
	MODEL_VEC(struct model_established) established;
	MODEL_VEC(struct model_dns_group) dns_groups;
	int dns_poll_min, dns_expire_min; /* minutes */
	struct model_names *names; /* finds objects and groups; private to model.c */
	MODEL_VEC(char *) opaque; /* accepted lines without effect yet, printed back in place */
};

/* An empty model with ASA's defaults (no interfaces, no policy). => NULL when out of memory. */
struct model *model_new(void);
/* Deep copy. => NULL when out of memory. */
struct model *model_clone(const struct model *m);
/* => NULL accepted. */
void model_free(struct model *m);

/*
 * Put a copy of 'e' with 'text' before row i of the list (i = n: at its end); other holders of
 * the same entries keep theirs. => the row, NULL when out of memory or i is behind the end.
 */
struct model_ace *model_acl_insert(struct model_acl *a, size_t i, const struct model_ace *e,
				   const char *text);
/* => 0; -ENOMEM, nothing was changed. */
int model_acl_remove(struct model_acl *a, size_t i);
static inline size_t model_acl_n(const struct model_acl *a)
{
	return a->aces ? a->aces->n : 0;
}
/* => the place that holds row i, which the list must have. */
size_t model_aces_place(const struct model_aces *a, size_t i);
static inline struct model_ace *model_acl_at(const struct model_acl *a, size_t i)
{
	const struct model_aces_place *p = &a->aces->places[model_aces_place(a->aces, i)];

	return p->stretch->v[i - p->first];
}
/* => the first row from 'from' on with this text, -1 none. */
long model_acl_find_text(const struct model_acl *a, size_t from, const char *text);
static inline __u32 model_text_hash(const char *text)
{
	__u32 h = 2166136261u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}
/* Hold and release the entries of a list; any thread. NULL accepted. */
struct model_aces *model_aces_get(struct model_aces *a);
void model_aces_put(struct model_aces *a);
struct model_stretch *model_stretch_get(struct model_stretch *s); /* not NULL */
void model_stretch_put(struct model_stretch *s);

/* Free what a row owns; call before MODEL_REMOVE() of a row of these kinds. */
void model_acl_clear(struct model_acl *a);
void model_group_clear(struct model_group *g);
void model_if_clear(struct model_if *i);
void model_imap_clear(struct model_imap *i);
void model_policy_class_clear(struct model_policy_class *c);
void model_policy_map_clear(struct model_policy_map *pm);
/* Nothing set: every number -1, every switch off. Call for a new row of policy_map.classes. */
void model_conn_settings_init(struct model_conn_settings *c);

/*
 * Make the objects m's own before they, or their number, are changed. Pointers to rows that were
 * found before are not valid any more. => 0, -ENOMEM.
 */
int model_objects_own(struct model *m);

/* After an object or a group was removed or renamed: what was known of their places is forgotten. */
void model_names_forget(struct model *m);
/* Lookups by name. => NULL when absent; the pointer is valid until the vector grows. */
struct model_if *model_if_by_name(const struct model *m, const char *nameif);
struct model_object *model_object_find(const struct model *m, const char *name, bool service);
struct model_group *model_group_find(const struct model *m, const char *name);
struct model_acl *model_acl_find(const struct model *m, const char *name);
struct model_tcp_map *model_tcp_map_find(const struct model *m, const char *name);
struct model_class *model_class_find(const struct model *m, const char *name);
struct model_policy_map *model_policy_map_find(const struct model *m, const char *name);
struct model_regex *model_regex_find(const struct model *m, const char *name);
struct model_imap *model_imap_find(const struct model *m, enum model_imap_kind kind, const char *name);

/* Append a zeroed row to vector 'vec' of model code; yields a pointer to it, NULL without memory. */
#define MODEL_PUSH(vec) model_push_row((void **)&(vec)->v, &(vec)->n, &(vec)->cap, sizeof(*(vec)->v))
void *model_push_row(void **v, size_t *n, size_t *cap, size_t size);
/* Remove row i, keeping the order. */
#define MODEL_REMOVE(vec, i) model_remove_row((vec)->v, &(vec)->n, (i), sizeof(*(vec)->v))
void model_remove_row(void *v, size_t *n, size_t i, size_t size);
/* Insert a zeroed row at i. */
#define MODEL_INSERT(vec, i) model_insert_row((void **)&(vec)->v, &(vec)->n, &(vec)->cap, (i), sizeof(*(vec)->v))
void *model_insert_row(void **v, size_t *n, size_t *cap, size_t i, size_t size);

#endif
