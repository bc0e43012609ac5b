/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The compiled policy: an immutable snapshot that workers read under RCU.
 *
 * Responsible for: answering the questions of the pipeline about interfaces, access lists,
 * translation rules and service policies, with no allocation and no lock. Not responsible for:
 * state that outlives a snapshot (translations in use: session/xlate; counters of rules: the
 * struct policy_counter rows, kept across recompiles by the stable id of the rule).
 *
 * Life cycle: policy_compile() in the control thread, published with rcu_assign_pointer, freed by
 * policy_free() after a grace period. All query functions are pure except for relaxed counter
 * increments, and may be called by several threads at once.
 *
 * Addresses and keys are in wire order (asa_key); "real" is before, "mapped" after translation on
 * the mapped side. Interfaces are numbered densely (pol_if.num) within a snapshot.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "asa/drop.h"
#include "asa/flow.h"
#include "asa/host_limit.h"
#include "policy/model.h"

struct policy;

#define POLICY_IFS_MAX 256
#define POLICY_NUM_NONE 0xffff

/* What the system says of Linux interfaces; input of the compiler (own addresses for PAT). */
struct sys_if {
	char dev[MODEL_IF_MAX];
	__u32 ifindex;
	__u32 mtu;
	__u8 mac[6];
	bool up;
	size_t n_addrs;
	struct model_if_addr addrs[16];
};
/* Domain names and their addresses of now, sorted by name (strcasecmp). */
#define SYS_NAME_ADDRS 32
struct sys_name {
	char name[MODEL_NAME_MAX];
	size_t n; /* 0: unresolved */
	struct asa_addr addrs[SYS_NAME_ADDRS];
};
struct sys_names {
	size_t n;
	const struct sys_name *const *v;
};
struct sys_info {
	const struct sys_names *names; /* NULL: none is resolved */
	time_t now; /* for time ranges; 0: the clock's */
	size_t n_ifs;
	struct sys_if ifs[POLICY_IFS_MAX];
};

struct policy_if {
	__u16 num;
	__u16 vlan; /* 0: untagged frames of ifindex */
	__u32 ifindex; /* 0: the Linux interface is absent now */
	__u32 mtu;
	__u8 mac[6];
	__u8 level; /* security level */
	bool up; /* not shut down, present */
	bool reverse_path; /* ip verify reverse-path */
	__u8 module; /* bits of enum model_module: an end of a service module */
	__u32 fragment_size, fragment_chain, fragment_timeout_s;
	char name[MODEL_NAME_MAX]; /* nameif */
	char dev[MODEL_IF_MAX];
};

/* Error text of the compiler: a sentence for the operator. */
struct policy_error {
	char text[MODEL_TEXT_MAX];
};

/*
 * Compile 'm' against 'sys' into '*out', carrying counters over from 'old' (may be NULL).
 * => 0, or -EINVAL with e->text (nothing changes), -ENOMEM.
 */
int policy_compile(const struct model *m, const struct sys_info *sys, struct policy *old,
		   struct policy **out, struct policy_error *e);
/* => NULL accepted. */
void policy_free(struct policy *p);
__u32 policy_generation(const struct policy *p); /* increases with every compile of a process */
const struct model *policy_model(const struct policy *p); /* the model it came from (for settings like timeouts) */

/* Did a time range begin or end since p was compiled? Then it should be compiled again (ACL-1). */
bool policy_times_changed(const struct policy *p, time_t now);

/* Interfaces */
size_t policy_n_ifs(const struct policy *p);
const struct policy_if *policy_if_at(const struct policy *p, __u16 num);
const struct policy_if *policy_if_find(const struct policy *p, __u32 ifindex, __u16 vlan);
/* The interface that leads to a service module (0 IPS, 1 CSC), or back from it. => NULL: none */
const struct policy_if *policy_if_module(const struct policy *p, int kind, int from);
const struct policy_if *policy_if_named(const struct policy *p, const char *nameif);
/* An own address of the interface that other networks can answer to. => false: none of that family */
bool policy_if_address(const struct policy *p, const struct policy_if *pi, bool v6,
		       struct asa_addr *a);
/* Can 'src' not be the sender of a packet that came in by 'in'? An own address, a directed broadcast. */
bool policy_source_forged(const struct policy *p, const struct policy_if *in,
			  const struct asa_addr *src);

/* ------------------------------------------------------------------ access lists */

/* A packet as the access rules see it: real addresses (or mapped, by the configured semantics). */
struct policy_tuple {
	struct asa_addr src, dst;
	__u16 sport, dport; /* host order; 0 when the protocol has none */
	__u8 proto;
	__u8 icmp_type, icmp_code;
	__u8 tos; /* IPv4 TOS or IPv6 traffic class: DSCP in the upper 6 bits; classes only */
};

/* Which rule decided; for logging and packet-tracer. */
struct policy_acl_match {
	const char *acl; /* name; NULL: no access list applied (security levels decided) */
	int line; /* 1-based ACE number; 0: the implicit deny at the end */
	__u32 hash; /* ASA-style rule hash */
	bool log; /* rule asks for message 106100 */
	int log_level, log_interval;
	__u64 *hit; /* the counter that was stepped, NULL none */
};

/*
 * Ingress decision for a first packet: interface list, global list, then security levels
 * (a list on the interface of entry replaces the implicit permit of higher to lower).
 * 'out' may be NULL when the route is not known yet (then levels are not looked at).
 * => DROP_NONE or DROP_POLICY_ACL / DROP_POLICY_INTRA / DROP_POLICY_INTER (SES-2).
 */
enum asa_drop policy_access_in(const struct policy *p, const struct policy_if *in,
			       const struct policy_if *out, const struct policy_tuple *t,
			       struct policy_acl_match *m);
/*
 * The levels alone (SES-2, BYP-16), for a caller that asked policy_access_in() before it knew
 * 'out'; 'listed': an access list decided (match.acl != NULL). Counts nothing.
 * => DROP_NONE, DROP_POLICY_INTRA, DROP_POLICY_INTER, DROP_POLICY_ACL (lower to higher level).
 */
enum asa_drop policy_access_levels(const struct policy *p, const struct policy_if *in,
				   const struct policy_if *out, bool listed);
/* Egress list of 'out', if any. */
enum asa_drop policy_access_out(const struct policy *p, const struct policy_if *out,
				const struct policy_tuple *t, struct policy_acl_match *m);
bool policy_acl_mapped(const struct policy *p); /* ACL-3 */
/* Result of access list 'name' for t (class maps, NAT): 1 permit, 0 deny or no match, -1 no such list. */
int policy_acl_test(const struct policy *p, const char *name, const struct policy_tuple *t);

/*
 * Rows of "show access-list", one per call; i from 0 until false. 'text' points into the row
 * itself: use it before the row is copied or gone.
 */
struct policy_acl_row {
	const char *acl;
	int line; /* 0: the list's heading */
	int n_elements; /* of the list (heading) or of the entry */
	bool remark, expanded; /* expanded: a row of an object-group expansion, printed indented */
	bool inactive;
	const char *text; /* "extended permit tcp any any eq www", "remark …", "" for a heading */
	__u32 hash;
	__u64 hits; /* of an entry: the sum over its elements */
	char buf[MODEL_TEXT_MAX + 16];
};
bool policy_acl_row(const struct policy *p, const char *acl /* NULL all */, size_t i, struct policy_acl_row *r);
void policy_acl_clear_counters(const struct policy *p, const char *acl);

/* ------------------------------------------------------------------ translation */

/* A rule that applies to a packet. Row numbers are valid for this snapshot only. */
struct nat_match {
	int rule; /* index for policy_nat_row(), -1 none */
	bool identity, is_static, dynamic, pat;
	bool norandomseq;
	__u32 max_conns, emb_limit, udp_max; /* 0 none */
	__u64 *hit; /* the counter that was stepped, NULL none */
};

/*
 * Un-translate the destination of a first packet that enters at 'in': mapped -> real.
 * => changes key->dst/dport to the real ones and sets m and '*real_if' (num of the interface the
 *    rule names as real, POLICY_NUM_NONE for any); m->rule = -1 when no rule matches.
 * => DROP_NAT_NO_XLATE: the address is in the pool of dynamic rule m->rule and no connection
 *    exists; a one-to-one translation in use can be looked for with xlate_find_mapped().
 */
enum asa_drop policy_nat_untranslate(const struct policy *p, const struct policy_if *in,
				     struct asa_key *key, struct nat_match *m, __u16 *real_if);

/*
 * What the source of a first packet from 'in' to 'out' must become: real -> mapped.
 * 'key' has the real addresses of both ends. => for static and identity rules 'mapped' and
 * 'mapped_port' are final; for dynamic rules choice comes from xlate_allocate() with the pool
 * returned here. m->rule = -1: no rule, leave as it is ('mapped' is the source).
 * => DROP_NAT_FAILED: a dynamic rule applies but its interface has no address to give.
 */
struct nat_range {
	struct asa_addr first, last;
	bool pat;
};
struct nat_pool {
	struct asa_addr first, last; /* mapped addresses */
	bool pat; /* one address for many: ports are translated */
	__u16 flat_lo; /* ports are one range from here to 65535; 0: three, a port stays in its own (NAT-3) */
	bool extended; /* a port serves several connections that go to different destinations */
	__u16 block_size, block_max; /* a host has that many ports at a time, so often; 0: no blocks */
	const char *name; /* of the pat-pool, for messages; NULL none. Lives as long as the snapshot */
	bool interface_fallback; /* when all is used up, PAT to interface_addr */
	struct asa_addr interface_addr;
	const struct nat_range *more; /* tried after first-last; lives as long as the snapshot */
	size_t n_more;
};
enum asa_drop policy_nat_translate(const struct policy *p, const struct policy_if *in,
				   const struct policy_if *out, const struct asa_key *key,
				   struct nat_match *m, struct asa_addr *mapped, __be16 *mapped_port,
				   struct nat_pool *pool);

/*
 * NAT-6: would the reverse direction of this connection be translated consistently?
 * Called for connections whose destination was not un-translated.
 * => DROP_NONE or DROP_NAT_RPF.
 */
enum asa_drop policy_nat_rpf_check(const struct policy *p, const struct policy_if *in,
				   const struct policy_if *out, const struct asa_key *real,
				   const struct nat_match *src_match);

/*
 * The "dns" keyword: what an address inside a DNS answer that goes from 'in' to 'out' becomes. The
 * first static rule with the keyword that has it decides: an answer from the mapped side gets the
 * real address, one that goes there the mapped one. Static PAT translates no address.
 * => false: it stays as it is
 */
bool policy_nat_dns(const struct policy *p, const struct policy_if *in, const struct policy_if *out,
		    const struct asa_addr *a, struct asa_addr *to);

/* Does the firewall answer ARP/ND for 'a' on interface 'in' (NAT-4)? */
bool policy_proxy_arp(const struct policy *p, const struct policy_if *in, const struct asa_addr *a);

/* Rows of "show nat" in order of evaluation. */
struct policy_nat_row {
	int section; /* 1 manual, 2 auto, 3 manual after */
	int index; /* 1-based in its section */
	const char *real_if, *mapped_if; /* "any" possible */
	bool is_static, inactive;
	const char *text; /* "source static A B …" */
	const char *config; /* line as entered */
	__u64 translate_hits, untranslate_hits;
};
bool policy_nat_row(const struct policy *p, size_t i, struct policy_nat_row *r);
/* The addresses and ports that a rule has now, as "show nat detail" says it; "": no such part. */
struct policy_nat_detail {
	char origin[256], translated[256];
	char dst_origin[256], dst_translated[256];
	char service[128];
};
bool policy_nat_detail(const struct policy *p, size_t i, struct policy_nat_detail *d);
void policy_nat_clear_counters(const struct policy *p);

/* Whose pool a mapped address is in: the interface and the object, if it has a name. => false: nobody's */
bool policy_pool_of(const struct policy *p, const struct asa_addr *a, const char **mapped_if,
		    const char **name);

/* Static translations, for "show xlate": i from 0 until false. */
struct policy_static_xlate {
	const char *real_if, *mapped_if;
	struct asa_addr real, mapped;
	__u8 plen; /* network static: prefix length in the 128-bit form */
	__u8 proto; /* static PAT */
	__u16 real_port, mapped_port;
	bool identity, twice, dns;
};
bool policy_static_xlate(const struct policy *p, size_t i, struct policy_static_xlate *x);

/*
 * Mapped ports that static PAT uses, which dynamic PAT on the same addresses must not give out:
 * i from 0 until false.
 */
struct nat_reserved {
	struct asa_addr first, last;
	__u8 proto;
	__u16 port_lo, port_hi;
};
bool policy_nat_reserved(const struct policy *p, size_t i, struct nat_reserved *r);

/* Ports and addresses of the box that must come to the daemon first: rows for asa_local (PUNT). */
bool policy_local_punt(const struct policy *p, size_t i, struct asa_addr *addr, __u8 *proto, __u16 *port);

/* ------------------------------------------------------------------ service policies */

/* What the matching classes ask of a new connection. Times in seconds, -1: not set by a class. */
struct policy_service {
	int class_row; /* row of policy_class_row() with the connection settings, -1 none */
	int bypass_row; /* the row that says bypass, -1 none */
	bool bypass; /* BYP-1 */
	bool decrement_ttl;
	bool idle_reset;
	int idle_s, half_closed_s, embryonic_s;
	int conn_max, per_client_max, embryonic_max, per_client_embryonic_max;
	int random_seq; /* -1 not set */
	const struct asa_tcp_map *tcp_map; /* of the normalizer; NULL: the default. Lives as long as the snapshot */
	bool invalid_ack; /* allowed whatever the map says: "inspect waas" (NRM-21) */
	__u16 police[2][2]; /* rows of asa_police: forward and reverse, where it enters and leaves; 0 none */
	int inspect; /* number of the inspector, -1 none */
	bool inspect_icmp, inspect_icmp_error; /* "inspect icmp", "inspect icmp error" (SES-10) */
	bool module; /* to a service module (MPF-13), of this kind: */
	bool module_csc, module_promiscuous, module_fail_close;
};
/*
 * First matching class per feature, interface policy before global, by MPF-5/6 directions:
 * on 'in' and on 'out' (bidirectional features), global at ingress. 't' has real addresses.
 */
void policy_service_match(const struct policy *p, const struct policy_if *in,
			  const struct policy_if *out, const struct policy_tuple *t,
			  struct policy_service *s);

/*
 * What would be inspected: the one inspection that excludes others, from the first class that has
 * one for the packet, and those that go with any other (MPF-7, MPF-9); interface before global as
 * above. Words as after "inspect"; they live as long as the snapshot.
 */
#define POLICY_COMBINED_MAX 4
struct policy_inspections {
	const char *exclusive; /* NULL: none */
	int exclusive_row; /* of policy_class_row(), -1 none */
	size_t n_combined;
	const char *combined[POLICY_COMBINED_MAX];
};
void policy_inspect_match(const struct policy *p, const struct policy_if *in,
			  const struct policy_if *out, const struct policy_tuple *t,
			  struct policy_inspections *r);
/* The i-th inspection of the class of row 'row' alone, for a packet that it matches. => NULL */
const char *policy_class_inspect(const struct policy *p, size_t row, const struct policy_tuple *t,
				 size_t i, bool *combines);

/* Rows of "show service-policy". Counters may be changed by the session module. */
struct policy_class_row {
	const char *policy_map, *class_name;
	bool global;
	const char *ifname; /* nameif, NULL for global */
	const struct model_policy_class *config;
	__u64 *packets; /* of connections that have ended; sessions_class_packets() has the others */
	__u64 *drops; /* by action of connection settings */
	__u64 *client_drops; /* those of 'drops' that per-client-max asked for */
	__u64 *conns, *embryonic; /* current counts */
	__u64 *dcd_client, *dcd_server, *dcd_expired; /* DCD-6: probes sent, connections ended */
	const struct policy_ip_options *ip_options; /* of "inspect ip-options"; NULL: the built-in map, or none */
	__u64 *option_packets, *option_drops;
	__u16 police_row[2]; /* of asa_police: input, output; 0 none */
};
bool policy_class_row(const struct policy *p, size_t i, struct policy_class_row *r);
/* What is done with an IPv4 option, by its type. */
enum policy_option { POLICY_OPTION_DROP, POLICY_OPTION_ALLOW, POLICY_OPTION_CLEAR };
struct policy_ip_options {
	__u8 action[256]; /* enum policy_option */
};
/* Does any class inspect them? */
bool policy_has_ip_options(const struct policy *p);
/* The first class of the packet that does; 'in', 'out', 't' as above. => row, -1 none */
int policy_ip_options_row(const struct policy *p, const struct policy_if *in,
			  const struct policy_if *out, const struct policy_tuple *t);
/* Before the snapshot is in force: the row of asa_police that polices the class of row i. */
void policy_police_set(struct policy *p, size_t i, int out, __u16 row);
/* Depth of the bucket in bytes: as configured, or what the rate gives in 1.5 seconds. */
__u32 policy_police_burst(const struct model_police *c);
/* Would the class of row i match a packet like t (real addresses), whatever classes stand before it? */
bool policy_class_matches(const struct policy *p, size_t i, const struct policy_tuple *t);

/* Warnings that a compile produced (BYP-6, BYP-11 …): sentences, i from 0 until NULL. */
const char *policy_warning(const struct policy *p, size_t i);

/*
 * The rows of asa_mgmt that say the same as policy_host_access(); interfaces that are absent have
 * none. => 0 and *rows (caller frees), or -ENOMEM.
 */
int policy_mgmt_rows(const struct policy *p, struct asa_mgmt_row **rows, size_t *n);

/*
 * Management classes with limits: rules for the driver, whose 'limit' is the number of a class from 1
 * (asa/host_limit.h). => false: there are too many, and none is given
 */
struct policy_host_classes {
	size_t n, n_rules;
	size_t class_row[ASA_HOST_LIMITS_MAX]; /* policy_class_row() of class i + 1 */
	struct asa_host_rule rules[ASA_HOST_RULES_MAX];
};
bool policy_host_classes(const struct policy *p, struct policy_host_classes *out);

/* To-the-box traffic: may t be handed to Linux (SES-4)? true when no management rule forbids it. */
bool policy_host_access(const struct policy *p, const struct policy_if *in, const struct policy_tuple *t);

#endif
