/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of a compiled policy, shared by the files of daemon/policy only.
 *
 * Responsible for: struct policy and its parts, the counters that survive a recompile, and the
 * interface of each compiling step. Each step fills its part of a zeroed struct policy and has a
 * _fini that frees what was filled, also after a step that failed half way.
 *
 * Order of compilation (policy_compile): interfaces, name index, access lists and groups,
 * translation rules, service policies, management rules.
 *
 * Threads: compiled by the control thread; afterwards read-only but for the counters, which are
 * shared with the snapshot before and after and are only ever added to with relaxed atomics.
 */
#ifndef POLICY_POLICY_IMPL_H
#define POLICY_POLICY_IMPL_H

#include <stdarg.h>
#include <time.h>

#include "policy/addr.h"
#include "policy/classifier.h"
#include "policy/policy.h"

/* Bounds on what one configuration may expand to, so that a bad one is refused, not swapped. */
#define POLICY_ELEMENTS_MAX 2000000
#define POLICY_NAT_SEGMENTS_MAX 500000
#define POLICY_NEST_MAX 32
#define POLICY_VISITS_MAX 20000000 /* of object-groups, in one compile */

/* ------------------------------------------------------------------ counters */

/* Numbers of one rule. Snapshots, or lists, that hold the same rule share it. */
struct policy_counter {
	__u64 key; /* stable id of the rule */
	__u32 refs; /* snapshots that hold it */
	__u16 n;
	__u16 block; /* 1 + its row in a counter_block, 0: stands alone */
	__u64 value[]; /* enum counter_* of its kind */
};
enum counter_acl { COUNTER_ACL_HITS, COUNTER_ACL_N };
enum counter_nat { COUNTER_NAT_TRANSLATE, COUNTER_NAT_UNTRANSLATE, COUNTER_NAT_N };
enum counter_class {
	COUNTER_CLASS_PACKETS,
	COUNTER_CLASS_DROPS,
	COUNTER_CLASS_CONNS,
	COUNTER_CLASS_EMBRYONIC,
	COUNTER_CLASS_CLIENT_DROPS,
	COUNTER_CLASS_DCD_CLIENT,
	COUNTER_CLASS_DCD_SERVER,
	COUNTER_CLASS_DCD_EXPIRED,
	COUNTER_CLASS_OPTION_PACKETS,
	COUNTER_CLASS_OPTION_DROPS,
	COUNTER_CLASS_N
};

struct counter_set {
	struct policy_counter **slots;
	size_t n, size;
};

/* The counter of 'key': the old snapshot's one when it has it. => NULL when out of memory. */
struct policy_counter *counter_get(struct counter_set *s, const struct counter_set *old, __u64 key,
				   __u32 n);
void counter_set_fini(struct counter_set *s);
/*
 * Counters of one number that are made together lie together: what a look-up counts in is near to
 * what others count in, in large pages.
 */
struct counter_block;
struct counter_pool {
	struct counter_block *block; /* NULL: none yet */
	__u32 next; /* size of the block after this one */
};
struct policy_counter *counter_pool_get(struct counter_pool *p, __u64 key);
void counter_pool_fini(struct counter_pool *p); /* the counters stay */
/* A counter outside of any set. */
struct policy_counter *counter_new(__u64 key, __u32 n);
struct policy_counter *counter_hold(struct policy_counter *c);
void counter_put(struct policy_counter *c);
/* A set that only finds: add what is there, take each at most once (held), drop the set. */
int counter_set_offer(struct counter_set *s, struct policy_counter *c);
struct policy_counter *counter_set_take(struct counter_set *s, __u64 key);
void counter_set_drop(struct counter_set *s);

static inline void counter_add(struct policy_counter *c, unsigned int what)
{
	__atomic_fetch_add(&c->value[what], 1, __ATOMIC_RELAXED);
}

static inline __u64 counter_read(const struct policy_counter *c, unsigned int what)
{
	return __atomic_load_n(&c->value[what], __ATOMIC_RELAXED);
}

/* FNV-1a over a string, continued from h. */
#define POLICY_HASH_START 0xcbf29ce484222325ull
__u64 policy_hash_text(__u64 h, const char *text);

/* ------------------------------------------------------------------ names and terms */

/* Names of one kind -> row, so that 100,000 rules that name an object do not scan for it. */
struct name_index {
	__u32 *rows; /* row + 1, 0 empty */
	size_t size;
};

/* A resolved address term. */
enum term_kind { TERM_RANGE, TERM_ANY6, TERM_NOTHING };
struct addr_term {
	enum term_kind kind;
	struct addr_range r; /* TERM_RANGE */
	const char *name; /* the domain name, of TERM_NOTHING and of the addresses it has */
	bool resolved; /* TERM_NOTHING: rows with the addresses follow */
};
struct addr_terms {
	struct addr_term *v;
	size_t n, cap;
};

/* A resolved port term. */
struct port_term {
	__u16 lo, hi;
	bool not; /* outside of lo..hi */
	bool nothing; /* "lt 0": matches no port */
};
struct port_terms {
	struct port_term *v;
	size_t n, cap;
};

/* A resolved protocol with its ports or ICMP type. */
struct svc_term {
	__u8 proto;
	bool any_proto;
	struct port_term sport, dport;
	int icmp_type, icmp_code;
};
struct svc_terms {
	struct svc_term *v;
	size_t n, cap;
};

/* What a compiling step works with. */
struct compile {
	struct policy *p;
	const struct model *m;
	const struct sys_info *sys;
	const struct policy *old;
	struct policy_error *e;
	struct name_index objects, services, groups, acls;
	__u32 group_visits;
	time_t now;
	struct acl_deps *deps; /* of the access list being compiled, else NULL */
	struct counter_pool counters; /* for entries of access lists */
};

/* Set the error sentence. => -EINVAL always. */
int compile_fail(struct compile *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Keep a warning sentence, once. => 0 or -ENOMEM. */
int compile_warn(struct compile *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int names_init(struct compile *c);
void names_fini(struct compile *c);
const struct model_object *names_object(const struct compile *c, const char *name, bool service);
const struct model_group *names_group(const struct compile *c, const char *name);
int names_acl(const struct compile *c, const char *name); /* row, -1 absent */

/* Expand a term; 'who' names the rule in errors. => 0, -EINVAL, -ENOMEM; appends to out. */
int resolve_addr(struct compile *c, const char *who, const struct model_addr *a,
		 struct addr_terms *out);
int resolve_port(struct compile *c, const char *who, const struct model_port *p, __u8 proto,
		 struct port_terms *out);
int resolve_service(struct compile *c, const char *who, const struct model_proto *proto,
		    const struct model_port *sport, const struct model_port *dport,
		    const struct model_icmp *icmp, struct svc_terms *out);
struct addr_range resolve_literal(const struct model_addr *a);
/* What DNS says of a name. => NULL when it is not resolved */
const struct sys_name *resolve_name(const struct compile *c, const char *name);

/* ------------------------------------------------------------------ parts of a snapshot */

#define IF_SLOTS 1024 /* more than twice POLICY_IFS_MAX, a power of two */
struct policy_ifs {
	size_t n;
	struct policy_if v[POLICY_IFS_MAX];
	size_t n_addrs[POLICY_IFS_MAX];
	struct model_if_addr *addrs[POLICY_IFS_MAX]; /* own addresses: configured and found */
	__u16 slots[IF_SLOTS]; /* hash of (ifindex, vlan) -> number + 1 */
};

int ifaces_compile(struct compile *c);
void ifaces_fini(struct policy *p);
/* The first own address of a family. => false when the interface has none. */
bool ifaces_address(const struct policy *p, __u16 num, bool v6, struct asa_addr *a);

/* One element of an access-list entry: what "show access-list" prints and counts. */
struct acl_element {
	struct addr_term src, dst;
	struct svc_term svc;
	struct policy_counter *counter;
};
struct acl_entry {
	const struct model_ace *ace; /* in acl_leaf.source */
	__u32 hash;
	bool active;
	bool expanded; /* its elements are printed below it */
	/* counted from the start of its leaf */
	__u32 first_element, n_elements;
	__u32 first_row; /* of "show access-list" */
	__u32 first_rule, n_rules; /* of the classifier */
};
/* All that a packet needs to know of the entry that decides, in one cache line. */
struct acl_verdict {
	struct policy_counter *counter;
	__u32 line, hash;
	__s16 log_interval;
	__s8 log_level;
	bool permit, log;
};

/* What a list was compiled from besides its own entries, and what that looked like. */
enum acl_dep_kind { DEP_OBJECT, DEP_SERVICE, DEP_GROUP, DEP_INTERFACE, DEP_TIME, DEP_NAME };
struct acl_dep {
	enum acl_dep_kind kind;
	char *name; /* NULL: empty place */
	__u64 content;
};
struct acl_deps {
	struct acl_dep *v;
	size_t n, size;
};

/*
 * A stretch of entries, compiled. Immutable; lists in which the stretch and all it names are the
 * same share it, hits included. Nothing in it depends on where in the list it stands.
 */
struct acl_warning {
	__u32 entry;
	char *text; /* what follows "access-list NAME line N: " */
};
struct acl_leaf {
	__u32 refs;
	__u32 n_entries, n_elements, n_rows, n_rules;
	struct model_stretch *source;
	struct acl_entry *entries;
	struct acl_element *elements;
	struct acl_deps deps;
	MODEL_VEC(char *) names; /* that terms point to */
	MODEL_VEC(struct acl_warning) warnings;
};

/* Rules with what to do about a packet that meets them. */
struct acl_rules {
	size_t n;
	struct classifier *classifier;
	struct acl_verdict *verdicts; /* by rule */
};

/* The rules that a list had when all of it was arranged; later versions of the list share them. */
struct acl_base {
	__u32 refs;
	struct acl_rules rules;
};

#define ACL_RULE_NONE 0xffffffffu
/* A leaf in its list. */
struct acl_place {
	struct acl_leaf *leaf;
	__u32 first_entry, first_element, first_row;
	__u32 base_rule; /* all of its rules are in the base, from this one on; ACL_RULE_NONE: see own */
	__u32 *own; /* by entry: its first rule in the base, ACL_RULE_NONE when it came later */
};

/* From this rule of the base on, entries stand so many lines lower than when the base was made. */
struct acl_shift {
	__u32 rule;
	int lines;
};

/*
 * A compiled access list: leaves for what is shown and counted; for packets a base, the rules of
 * it that are no more ('dead'), and those that came later ('delta': searched beside the base; rule
 * i of them stands in front of rule anchors[i] of the base). Immutable; snapshots in which the
 * list and all it names are the same share it.
 */
struct acl {
	__u32 refs;
	char name[MODEL_NAME_MAX];
	__u32 hash;
	struct model_aces *source;
	size_t n_entries, n_elements, n_rows, n_rules, n_places;
	struct acl_place *places;
	struct acl_base *base;
	__u64 *dead; /* NULL: none */
	struct acl_rules delta;
	__u32 *anchors;
	struct acl_shift *shifts;
	size_t n_shifts;
};
struct policy_acls {
	size_t n;
	struct acl **v;
	int global; /* row, -1 none */
	int in[POLICY_IFS_MAX], out[POLICY_IFS_MAX];
};

int acls_compile(struct compile *c);
void acls_fini(struct policy *p);
/* Compile one list, or share the old snapshot's. => 0 or an error; '*out' to be acl_put(). */
int acl_compile(struct compile *c, const struct model_acl *ma, struct acl *old, struct acl **out);
void acl_put(struct acl *a); /* NULL accepted */
/* => what list 'row' says of the packet, NULL when no entry matches; *line: of the entry. */
const struct acl_verdict *acl_classify(const struct policy *p, int row, const struct cls_key *k,
				       __u32 *line);
bool acl_permits(const struct policy *p, int row, const struct cls_key *k);
/* Visit the elements of active entries: zero '*at' first. => NULL at the end. */
struct acl_cursor {
	size_t place, entry, element;
};
const struct acl_element *acl_next_element(const struct acl *a, struct acl_cursor *at,
					   const struct acl_entry **entry);

/* acl_deps.c: what a stretch of entries was compiled from besides itself. */
/* Note that the list being compiled looks at a name; without such a list: nothing. => 0, -ENOMEM */
int acl_depends(struct compile *c, enum acl_dep_kind kind, const char *name);
bool acl_deps_hold(const struct compile *c, const struct acl_deps *d);
int acl_deps_copy(struct acl_deps *to, const struct acl_deps *from);
void acl_deps_fini(struct acl_deps *d);

/*
 * acl_leaf.c: compile one stretch of list 'name', whose first entry is line 'line'. was[i]: the
 * compiled entry i if the older list has it, and in which leaf; 'counters' of what is gone.
 * => 0 or an error; '*out' to be acl_leaf_put().
 */
struct acl_was {
	const struct acl_leaf *leaf; /* NULL: new */
	const struct acl_entry *entry;
	__u32 base_rule; /* for acl_compile.c: its first rule in the base */
	bool holds; /* what the entry names is what it was */
};
int acl_leaf_compile(struct compile *c, const char *name, struct model_stretch *source, __u32 line,
		     const struct acl_was *was, struct counter_set *counters, struct acl_leaf **out);
struct acl_leaf *acl_leaf_get(struct acl_leaf *l);
void acl_leaf_put(struct acl_leaf *l);
/* Is entry i of the leaf the older entry, unchanged? */
bool acl_leaf_same(const struct acl_leaf *l, __u32 i, const struct acl_was *was);
/* The rules of one entry into r[] and v[] (either may be NULL). => how many. */
__u32 acl_entry_rules(const struct acl_leaf *l, const struct acl_entry *e, __u32 line,
		      struct cls_rule *r, struct acl_verdict *v);

struct policy_nats;
int nats_compile(struct compile *c);
void nats_fini(struct policy *p);
/* BYP-11: the first dynamic rule that could translate traffic a -> b, -1 none. */
int nats_dynamic_for(const struct policy *p, struct addr_range a, struct addr_range b, int num);
const char *nats_config_text(const struct policy *p, int rule);

struct policy_services;
int services_compile(struct compile *c);
void services_fini(struct policy *p);
int bypass_nat_check(struct compile *c); /* BYP-11 */

/* service_inspect.c: is the packet one of "match default-inspection-traffic" (MPF-10)? */
bool inspect_default_matches(const struct cls_key *k);
/*
 * The i-th inspection that the lines of a class mean for a packet that the class matches, in the
 * fixed order of inspectors; by_port: its destination port chooses. => words after "inspect", NULL
 * behind the last; *combines: goes with any other (MPF-7).
 */
const char *inspect_choose(const struct model_policy_class *pc, bool by_port,
			   const struct policy_tuple *t, size_t i, bool *combines);
/* Several inspections in a class that does not choose by port are an error (MPF-9). */
int inspect_class_check(struct compile *c, const struct model_policy_map *pm,
			const struct model_policy_class *pc, const struct model_class *mc);

/* service_options.c: "ip-options …" of a class. => NULL: none */
const char *options_inspect_line(const struct model_policy_class *pc);
/* What its map says of options; *options NULL: the built-in one. => 0, -ENOMEM */
int options_compile(struct compile *c, const struct model_policy_class *pc,
		    struct policy_ip_options **options);

/* Who may reach the box. */
struct host_rule {
	bool permit, v6;
	__u8 proto; /* TCP or ICMP */
	__u16 port;
	int icmp_type; /* -1 any */
	__u16 num;
	struct addr_range from;
};
struct policy_host {
	struct host_rule *v;
	size_t n, cap;
};
int host_compile(struct compile *c);

struct policy {
	__u32 generation;
	__u64 times; /* time_ranges_state() when it was compiled */
	struct model *model;
	struct policy_ifs ifs;
	struct policy_acls acls;
	struct policy_nats *nats;
	struct policy_services *services;
	struct policy_host host;
	struct counter_set counters;
	MODEL_VEC(char *) warnings;
};

#endif
