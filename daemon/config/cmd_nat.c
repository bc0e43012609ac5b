// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: address translation in all its spellings (NAT-1).
 *
 * Responsible for: "nat" of network objects, twice NAT and after-auto, the PIX forms "static",
 * "nat ID", "nat 0", "global", and printing and clearing them as entered. Not responsible for: the
 * order of evaluation and translating (policy/nat.c); "alias" is kept without effect (cmd_opaque.c).
 *
 * Every rule keeps its line in full words; "no" with the same words removes it. A network object
 * has at most one rule, a new one replaces it.
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "config/impl.h"

static int nat_text(struct cmd_args *a, struct model_nat *n)
{
	struct text t;

	text_init(&t, n->text, sizeof(n->text));
	for (size_t i = 0; i < a->n; i++) {
		/* The position says where the rule went; it is no part of the rule. */
		if (a->v[i].label && !strcmp(a->v[i].label, "POSITION"))
			continue;
		text_add(&t, "%s%s", t.len ? " " : "", a->v[i].text);
	}
	return t.full ? cmd_error(a, "the rule is too long") : 0;
}

/* An object or group by name, an address, or "any". */
static int nat_term(struct cmd_args *a, const char *w, struct model_addr *out)
{
	const struct model_group *g;
	bool v6;

	memset(out, 0, sizeof(*out));
	if (!strcmp(w, "any"))
		return 0;
	if (!value_addr(w, &out->addr, &v6)) {
		out->kind = MODEL_ADDR_HOST;
		out->v6 = v6;
		out->plen = v6 ? 128 : 32;
		return 0;
	}
	if (!value_prefix(w, true, &out->addr, &out->plen)) {
		out->kind = MODEL_ADDR_SUBNET;
		out->v6 = 1;
		return network_check(a, &out->addr, true, out->plen, strchr(w, '/'));
	}
	name_copy(out->name, w);
	if (model_object_find(cfg_model(a), w, false)) {
		out->kind = MODEL_ADDR_OBJECT;
		return 0;
	}
	g = model_group_find(cfg_model(a), w);
	if (!g || g->kind != MODEL_GROUP_NETWORK)
		return cmd_error(a, "there is no network object or object-group named %s", w);
	out->kind = MODEL_ADDR_GROUP;
	return 0;
}

/* A pool of one address serves many hosts by ports. */
static bool is_one_address(const struct model *m, const struct model_addr *v)
{
	const struct model_object *o;

	if (v->kind == MODEL_ADDR_HOST)
		return true;
	if (v->kind != MODEL_ADDR_OBJECT)
		return false;
	o = model_object_find(m, v->name, false);
	return o && o->addr.kind == MODEL_ADDR_HOST;
}

static void set_interface(struct model_nat *n)
{
	n->mapped.kind = MODEL_ADDR_INTERFACE;
	n->mapped_interface = true;
	n->pat = n->dynamic;
}

/* "static X", "dynamic X [interface]", "dynamic interface", "dynamic pat-pool X [interface]" */
static int nat_mapped(struct cmd_args *a, struct cursor *c, struct model_nat *n)
{
	if (cur_take(c, "interface")) {
		set_interface(n);
		cur_take(c, "ipv6");
		return 0;
	}
	if (cur_take(c, "pat-pool"))
		n->pat = true;
	if (nat_term(a, cur_next(c), &n->mapped))
		return -EINVAL;
	if (n->dynamic && is_one_address(cfg_model(a), &n->mapped))
		n->pat = true;
	if (cur_take(c, "pat-pool")) {
		/* Addresses first, then ports of the pool. */
		n->has_first = true;
		n->first = n->mapped;
		n->pat = true;
		if (nat_term(a, cur_next(c), &n->mapped))
			return -EINVAL;
	}
	/* round-robin: hosts are spread over the pool anyway, each staying with its address */
	for (bool more = true; more;) {
		more = true;
		if (cur_take(c, "flat"))
			n->flat = true;
		else if (cur_take(c, "include-reserve"))
			n->include_reserve = true;
		else if (cur_take(c, "extended"))
			n->extended = true;
		else if (cur_take(c, "block-allocation"))
			n->block_allocation = true;
		else
			more = cur_take(c, "round-robin");
	}
	if (n->include_reserve && !n->flat)
		return cmd_error(a, "include-reserve needs flat");
	if (n->extended && n->block_allocation)
		return cmd_error(a, "a pool is extended or has block-allocation, not both");
	if (n->dynamic && cur_take(c, "interface")) {
		if (n->block_allocation)
			return cmd_error(a, "a pool with block-allocation has no interface behind it");
		n->mapped_interface = true;
		cur_take(c, "ipv6");
	}
	return 0;
}

static void nat_flags(const struct cmd_args *a, struct model_nat *n)
{
	n->dns = cmd_has(a, "dns");
	n->no_proxy_arp = cmd_has(a, "no-proxy-arp");
	n->route_lookup = cmd_has(a, "route-lookup");
	n->unidirectional = cmd_has(a, "unidirectional");
	n->inactive = cmd_has(a, "inactive");
}

static int nat_remove(struct cmd_args *a, const struct model_nat *n)
{
	const struct model *now = cfg_model(a);
	struct model *m;

	for (size_t i = 0; i < now->nats.n; i++) {
		const struct model_nat *row = &now->nats.v[i];

		if (row->form != n->form || strcmp(row->text, n->text))
			continue;
		m = cfg_edit(a);
		if (!m)
			return -ENOMEM;
		MODEL_REMOVE(&m->nats, i);
		return 0;
	}
	return cmd_error(a, "there is no such rule");
}

static int nat_add(struct cmd_args *a, const struct model_nat *n, uint32_t position)
{
	struct model *m = cfg_edit(a);
	struct model_nat *row;
	size_t at;

	if (!m)
		return -ENOMEM;
	at = m->nats.n;
	for (size_t i = 0; i < m->nats.n; i++) {
		if (m->nats.v[i].form != n->form)
			continue;
		if (!strcmp(m->nats.v[i].text, n->text)) {
			cmd_warn(a, "the same rule exists already");
			return 0;
		}
		/* The position counts the rules of the same section. */
		if (position && --position == 0 && at == m->nats.n)
			at = i;
	}
	row = MODEL_INSERT(&m->nats, at);
	if (!row)
		return cfg_no_memory(a);
	*row = *n;
	return 0;
}

/* ------------------------------------------------------------------ object NAT */

static int object_nat_remove(struct cmd_args *a, const char *object)
{
	struct model *m = cfg_edit(a);

	if (!m)
		return -ENOMEM;
	for (size_t i = m->nats.n; i-- > 0;) {
		if (m->nats.v[i].form == MODEL_NAT_OBJECT && !strcmp(m->nats.v[i].object, object)) {
			MODEL_REMOVE(&m->nats, i);
			return 0;
		}
	}
	return cmd_error(a, "object %s has no translation", object);
}

static int do_object_nat(void *ctx, struct cmd_args *a, void *out)
{
	const char *pair = cmd_get(a, "INTERFACES"), *object = a->session->place.name;
	struct model_nat n = { .form = MODEL_NAT_OBJECT, .dynamic = cmd_has(a, "dynamic") };
	struct cursor c = { a, pair ? 3 : 2 };
	struct model *m;
	struct model_nat *row;

	(void)ctx;
	(void)out;
	if (a->no)
		return object_nat_remove(a, object);
	name_copy(n.object, object);
	snprintf(n.real_if, sizeof(n.real_if), "any");
	snprintf(n.mapped_if, sizeof(n.mapped_if), "any");
	if (pair)
		pair_split(pair, n.real_if, n.mapped_if);
	n.real.kind = MODEL_ADDR_OBJECT;
	name_copy(n.real.name, object);
	if (nat_mapped(a, &c, &n) || nat_text(a, &n))
		return -EINVAL;
	nat_flags(a, &n);
	if (cmd_has(a, "service")) {
		n.has_service = true;
		n.proto = cmd_has(a, "tcp") ? IPPROTO_TCP :
			  cmd_has(a, "udp") ? IPPROTO_UDP :
					      IPPROTO_SCTP;
		value_port(cmd_get(a, "REALPORT"), n.proto, &n.real_port);
		value_port(cmd_get(a, "MAPPEDPORT"), n.proto, &n.mapped_port);
	} else if (!n.dynamic && n.mapped_interface) {
		cmd_warn(a, "All traffic destined to the IP address of the %s interface is being "
			    "redirected.", n.mapped_if);
	}
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	for (size_t i = 0; i < m->nats.n; i++) {
		row = &m->nats.v[i];
		if (row->form == MODEL_NAT_OBJECT && !strcmp(row->object, object)) {
			*row = n;
			return 0;
		}
	}
	row = MODEL_PUSH(&m->nats);
	if (!row)
		return cfg_no_memory(a);
	*row = n;
	return 0;
}

/* ------------------------------------------------------------------ twice NAT */

static int service_check(struct cmd_args *a, const char *name)
{
	if (model_object_find(cfg_model(a), name, true))
		return 0;
	return cmd_error(a, "object service %s does not exist", name);
}

static int do_twice_nat(void *ctx, struct cmd_args *a, void *out)
{
	const char *pair = cmd_get(a, "INTERFACES");
	struct model_nat n = { .form = MODEL_NAT_TWICE, .dynamic = cmd_has(a, "dynamic") };
	struct cursor c = { a, 1 };

	(void)ctx;
	(void)out;
	snprintf(n.real_if, sizeof(n.real_if), "any");
	snprintf(n.mapped_if, sizeof(n.mapped_if), "any");
	if (pair) {
		cur_next(&c);
		pair_split(pair, n.real_if, n.mapped_if);
	}
	if (cur_take(&c, "after-auto"))
		n.form = MODEL_NAT_TWICE_AFTER;
	if (!cur_take(&c, "source")) {
		cur_next(&c); /* the position */
		cur_take(&c, "source");
	}
	cur_next(&c); /* static or dynamic */
	if (nat_term(a, cur_next(&c), &n.real) || nat_mapped(a, &c, &n))
		return -EINVAL;
	if (cur_take(&c, "destination")) {
		cur_take(&c, "static");
		n.has_dst = true;
		if (cur_take(&c, "interface"))
			n.dst_mapped.kind = MODEL_ADDR_INTERFACE;
		else if (nat_term(a, cur_next(&c), &n.dst_mapped))
			return -EINVAL;
		if (nat_term(a, cur_next(&c), &n.dst_real))
			return -EINVAL;
	}
	if (cur_take(&c, "service")) {
		if (service_check(a, cur_peek(&c)))
			return -EINVAL;
		name_copy(n.svc_real, cur_next(&c));
		if (service_check(a, cur_peek(&c)))
			return -EINVAL;
		name_copy(n.svc_mapped, cur_next(&c));
	}
	nat_flags(a, &n);
	if (nat_text(a, &n))
		return -EINVAL;
	return a->no ? nat_remove(a, &n) : nat_add(a, &n, cmd_u32(a, "POSITION", 0));
}

/* ------------------------------------------------------------------ PIX forms */

/* An address, with its mask if that was given. */
static int pix_network(struct cmd_args *a, const char *ip, const char *mask, struct model_addr *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = MODEL_ADDR_HOST;
	out->plen = 32;
	value_ip4(ip, &out->addr);
	if (!mask)
		return 0;
	value_mask(mask, &out->plen);
	if (network_check(a, &out->addr, false, out->plen, mask))
		return -EINVAL;
	if (!out->plen)
		out->kind = MODEL_ADDR_ANY4;
	else if (out->plen < 32)
		out->kind = MODEL_ADDR_SUBNET;
	return 0;
}

static void pix_limits(const struct cmd_args *a, struct model_nat *n)
{
	n->dns = cmd_has(a, "dns");
	n->norandomseq = cmd_has(a, "norandomseq");
	n->max_conns = cmd_u32(a, "MAXCONNS", 0);
	n->emb_limit = cmd_u32(a, "EMBRYONIC", 0);
	n->udp_max = cmd_u32(a, "UDPMAX", 0);
}

static int pix_acl(struct cmd_args *a, struct model_nat *n)
{
	const char *acl = cmd_get(a, "ACL");

	if (!acl)
		return 0;
	if (!a->no && !model_acl_find(cfg_model(a), acl))
		return cmd_error(a, "access-list %s does not exist", acl);
	name_copy(n->acl, acl);
	return 0;
}

static int do_pix_nat(void *ctx, struct cmd_args *a, void *out)
{
	struct model_nat n = { .form = MODEL_NAT_PIX_NAT, .dynamic = true };
	const char *ip = cmd_get(a, "IP"), *mask = cmd_get(a, "MASK");

	(void)ctx;
	(void)out;
	/* "0" is short for 0.0.0.0, as address and as mask. */
	if (!mask && cmd_get(a, "0"))
		mask = "0.0.0.0";
	pair_split(cmd_get(a, "INTERFACE"), n.real_if, NULL);
	n.nat_id = cmd_u32(a, "ID", 0);
	if (!n.nat_id) {
		n.form = MODEL_NAT_PIX_NAT0;
		n.dynamic = false;
	}
	if (pix_acl(a, &n) || nat_text(a, &n))
		return -EINVAL;
	if (!*n.acl && pix_network(a, ip ? ip : "0.0.0.0", mask, &n.real))
		return -EINVAL;
	if (cmd_has(a, "outside"))
		cmd_warn(a, "\"outside\" is not active yet: the rule translates hosts of %s", n.real_if);
	pix_limits(a, &n);
	return a->no ? nat_remove(a, &n) : nat_add(a, &n, 0);
}

static int do_pix_global(void *ctx, struct cmd_args *a, void *out)
{
	struct model_nat n = { .form = MODEL_NAT_PIX_GLOBAL, .dynamic = true };
	const char *pool = cmd_get(a, "POOL"), *dash;
	char first[VALUE_TEXT_MAX];

	(void)ctx;
	(void)out;
	pair_split(cmd_get(a, "INTERFACE"), n.mapped_if, NULL);
	n.nat_id = cmd_u32(a, "ID", 0);
	if (!pool) {
		set_interface(&n);
	} else {
		dash = strchr(pool, '-');
		snprintf(first, sizeof(first), "%.*s", (int)strcspn(pool, "-"), pool);
		n.mapped.kind = dash ? MODEL_ADDR_RANGE : MODEL_ADDR_HOST;
		n.mapped.plen = 32;
		n.pat = !dash;
		if (value_ip4(first, &n.mapped.addr) ||
		    (dash && value_ip4(dash + 1, &n.mapped.addr_end)) ||
		    (dash && memcmp(&n.mapped.addr, &n.mapped.addr_end, sizeof(n.mapped.addr)) > 0))
			return cmd_error(a, "%s is not an address or a range A.B.C.D-A.B.C.D", pool);
	}
	if (nat_text(a, &n))
		return -EINVAL;
	return a->no ? nat_remove(a, &n) : nat_add(a, &n, 0);
}

static int do_pix_static(void *ctx, struct cmd_args *a, void *out)
{
	struct model_nat n = { .form = MODEL_NAT_PIX_STATIC };
	const char *real = cmd_get(a, "REAL"), *mapped = cmd_get(a, "MAPPED");
	const char *mask = cmd_get(a, "MASK");

	(void)ctx;
	(void)out;
	pair_split(cmd_get(a, "INTERFACES"), n.real_if, n.mapped_if);
	if (cmd_get(a, "MAPPEDPORT")) {
		n.has_service = true;
		n.proto = cmd_has(a, "tcp") && a->v[2].text[0] == 't' ? IPPROTO_TCP : IPPROTO_UDP;
		value_port(cmd_get(a, "MAPPEDPORT"), n.proto, &n.mapped_port);
		value_port(cmd_get(a, "REALPORT"), n.proto, &n.real_port);
	}
	if (mapped && pix_network(a, mapped, mask, &n.mapped))
		return -EINVAL;
	if (!mapped)
		set_interface(&n);
	if (real && pix_network(a, real, mask, &n.real))
		return -EINVAL;
	if (pix_acl(a, &n) || nat_text(a, &n))
		return -EINVAL;
	pix_limits(a, &n);
	return a->no ? nat_remove(a, &n) : nat_add(a, &n, 0);
}

/* ------------------------------------------------------------------ blocks of ports */

static int do_xlate_blocks(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m = cfg_edit(a), *empty = a->no ? model_new() : NULL;

	(void)ctx;
	(void)out;
	if (!m || (a->no && !empty)) {
		model_free(empty);
		return cfg_no_memory(a);
	}
	if (cmd_has(a, "size"))
		m->xlate_block_size = a->no ? empty->xlate_block_size : (int)cmd_u32(a, "PORTS", 0);
	else
		m->xlate_block_max = a->no ? empty->xlate_block_max : (int)cmd_u32(a, "BLOCKS", 0);
	model_free(empty);
	return 0;
}

void show_xlate_blocks(const struct show *sh)
{
	static const struct {
		size_t offset;
		const char *words;
		int usual;
	} rows[] = { { offsetof(struct model, xlate_block_size), "size", 512 },
		     { offsetof(struct model, xlate_block_max), "maximum-per-host", 4 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int v = *(const int *)((const char *)sh->m + rows[i].offset);

		if (v != rows[i].usual || sh->all)
			put(sh->sink, "xlate block-allocation %s %d\n", rows[i].words, v);
	}
	show_opaque(sh, OPAQUE_XLATE);
}

int clear_xlate_blocks(struct model *m, const struct model *empty)
{
	m->xlate_block_size = empty->xlate_block_size;
	m->xlate_block_max = empty->xlate_block_max;
	return opaque_clear(m, "xlate");
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define ON CONFIG_IN(CONFIG_MODE_OBJECT_NETWORK)
#define POOL_FLAGS "[{round-robin | extended | flat | include-reserve | block-allocation}]*"
#define OBJECT_NAT                                                                                \
	"nat [<INTERFACES:pair>] {"                                                               \
	"static {interface [ipv6] | <MAPPED:name>} [service {tcp | udp | sctp} <REALPORT:port> "  \
	"<MAPPEDPORT:port>] | "                                                                   \
	"dynamic {interface [ipv6] | <MAPPED:name> [interface [ipv6]] | "                         \
	"pat-pool <MAPPED:name> " POOL_FLAGS " [interface [ipv6]]}} "                             \
	"[{dns | no-proxy-arp | route-lookup | net-to-net}]*"
#define TWICE_NAT                                                                                 \
	"nat [<INTERFACES:pair>] [after-auto] [<POSITION:n:1-2147483647>] source {"               \
	"static {any | <REAL:name>} {any | interface [ipv6] | <MAPPED:name>} | "                  \
	"dynamic {any | <REAL:name>} {interface [ipv6] | <MAPPED:name> [pat-pool <POOL:name> "    \
	POOL_FLAGS "] [interface [ipv6]] | pat-pool <POOL:name> " POOL_FLAGS                      \
	" [interface [ipv6]]}} "                                                                  \
	"[destination static {any | interface [ipv6] | <DSTMAPPED:name>} {any | <DSTREAL:name>}] " \
	"[service <SVC:name> <SVC:name>] "                                                        \
	"[{dns | no-proxy-arp | route-lookup | net-to-net | unidirectional | inactive}]* "        \
	"[description <TEXT:line>]"
#define PIX_NAT                                                                                   \
	"nat <INTERFACE:single> <ID:n:0-65535> {access-list <ACL:name> | "                        \
	"{<IP:ip> | <0:exact>} [{<MASK:mask> | <0:exact>}]} [dns] [outside] @limits"
#define PIX_STATIC                                                                                \
	"static <INTERFACES:pair> {"                                                              \
	"{interface | <MAPPED:ip>} {<REAL:ip> [netmask <MASK:mask>] | access-list <ACL:name>} | " \
	"tcp {interface | <MAPPED:ip>} <MAPPEDPORT:tport> {<REAL:ip> <REALPORT:tport> "           \
	"[netmask <MASK:mask>] | access-list <ACL:name>} | "                                      \
	"udp {interface | <MAPPED:ip>} <MAPPEDPORT:uport> {<REAL:ip> <REALPORT:uport> "           \
	"[netmask <MASK:mask>] | access-list <ACL:name>}} [dns] @limits"

const struct config_command cmd_nat_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ ON, OBJECT_NAT, "nat [<INTERFACES:pair>] [{static | dynamic} <TEXT:line>]",
	  "Translation of the object", do_object_nat },
	{ G, TWICE_NAT, "=", "Address translation", do_twice_nat },
	{ G, PIX_NAT, "=", "Address translation", do_pix_nat },
	{ G, "global <INTERFACE:single> <ID:n:1-2147483647> {interface | <POOL:word>} "
	     "[netmask <MASK:mask>]",
	  "=", "Mapped addresses of \"nat\" with the same number", do_pix_global },
	{ G, PIX_STATIC, "=", "Static translation", do_pix_static },
	{ G, "xlate block-allocation {size <PORTS:n:32-4096> | maximum-per-host <BLOCKS:n:1-8>}",
	  "xlate block-allocation {size [<PORTS:n:32-4096>] | maximum-per-host [<BLOCKS:n:1-8>]}",
	  "Blocks of ports that hosts get of pools", do_xlate_blocks },
};
const size_t n_cmd_nat_rows = ARRAY_SIZE(cmd_nat_rows);

/* ------------------------------------------------------------------ printing, clearing */

static void show_form(const struct show *sh, enum model_nat_form form)
{
	for (size_t i = 0; i < sh->m->nats.n; i++) {
		if (sh->m->nats.v[i].form == form)
			put(sh->sink, "%s\n", sh->m->nats.v[i].text);
	}
}

void show_pix_global(const struct show *sh)
{
	show_form(sh, MODEL_NAT_PIX_GLOBAL);
}

void show_pix_nat(const struct show *sh)
{
	show_form(sh, MODEL_NAT_PIX_NAT0);
	show_form(sh, MODEL_NAT_PIX_NAT);
}

void show_pix_static(const struct show *sh)
{
	show_form(sh, MODEL_NAT_PIX_STATIC);
}

void show_twice_nat(const struct show *sh)
{
	show_form(sh, MODEL_NAT_TWICE);
}

void show_object_nat(const struct show *sh)
{
	bool any = false;

	for (size_t i = 0; i < sh->m->nats.n; i++) {
		const struct model_nat *n = &sh->m->nats.v[i];

		if (n->form != MODEL_NAT_OBJECT || (*sh->filter && strcmp(sh->filter, n->object)))
			continue;
		if (!any)
			put(sh->sink, "!\n");
		any = true;
		put(sh->sink, "object network %s\n %s\n", n->object, n->text);
	}
	if (any)
		put(sh->sink, "!\n");
}

void show_after_auto(const struct show *sh)
{
	show_form(sh, MODEL_NAT_TWICE_AFTER);
}

static int clear_forms(struct model *m, unsigned int forms)
{
	for (size_t i = m->nats.n; i-- > 0;) {
		if (forms & (1u << m->nats.v[i].form))
			MODEL_REMOVE(&m->nats, i);
	}
	return 0;
}

int clear_nat(struct model *m, const struct model *empty)
{
	(void)empty;
	return clear_forms(m, 1u << MODEL_NAT_OBJECT | 1u << MODEL_NAT_TWICE |
				      1u << MODEL_NAT_TWICE_AFTER | 1u << MODEL_NAT_PIX_NAT |
				      1u << MODEL_NAT_PIX_NAT0);
}

int clear_static(struct model *m, const struct model *empty)
{
	(void)empty;
	return clear_forms(m, 1u << MODEL_NAT_PIX_STATIC);
}

int clear_global(struct model *m, const struct model *empty)
{
	(void)empty;
	return clear_forms(m, 1u << MODEL_NAT_PIX_GLOBAL);
}
