// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: network and service objects, object groups.
 *
 * Responsible for: "object network|service", "object-group network|service|protocol|icmp-type"
 * and their modes, nesting, printing and clearing. Not responsible for: the translation rule of an
 * object (cmd_nat.c), expanding groups (the policy compiler).
 *
 * Objects and groups share one space of names, as on an ASA. An object exists from the moment its
 * mode is entered. A group that contains itself, however deep, is refused.
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

/* ------------------------------------------------------------------ objects */

/* The model for changing its objects. => NULL: out of memory, error is set */
static struct model *objects_edit(struct cmd_args *a)
{
	struct model *m = cfg_edit(a);

	if (m && model_objects_own(m)) {
		cfg_no_memory(a);
		return NULL;
	}
	return m;
}

static bool name_taken(const struct model *m, const char *name)
{
	return model_object_find(m, name, false) || model_object_find(m, name, true) ||
	       model_group_find(m, name);
}

static int do_object(void *ctx, struct cmd_args *a, void *out)
{
	bool service = cmd_has(a, "service");
	const char *name = cmd_get(a, "NAME");
	struct model_object *o = model_object_find(cfg_model(a), name, service);
	struct model *m;

	(void)ctx;
	(void)out;
	if (a->no) {
		if (!o)
			return cmd_error(a, "object %s does not exist", name);
		m = objects_edit(a);
		if (!m)
			return -ENOMEM;
		for (size_t i = m->nats.n; i-- > 0;) {
			if (!service && m->nats.v[i].form == MODEL_NAT_OBJECT &&
			    !strcmp(m->nats.v[i].object, name))
				MODEL_REMOVE(&m->nats, i);
		}
		MODEL_REMOVE(&m->objects, (size_t)(model_object_find(m, name, service) - m->objects.v));
		model_names_forget(m);
		return cfg_check_references(a);
	}
	if (!o) {
		if (name_taken(cfg_model(a), name))
			return cmd_error(a, "an object or object-group named %s exists already", name);
		m = objects_edit(a);
		o = m ? MODEL_PUSH(&m->objects) : NULL;
		if (!o)
			return cfg_no_memory(a);
		name_copy(o->name, name);
		o->service = service;
		o->icmp.type = o->icmp.code = -1;
	}
	cfg_enter(a, service ? CONFIG_MODE_OBJECT_SERVICE : CONFIG_MODE_OBJECT_NETWORK, name);
	return 0;
}

static struct model_object *object_edit(struct cmd_args *a)
{
	bool service = a->session->place.mode == CONFIG_MODE_OBJECT_SERVICE;
	struct model *m = objects_edit(a);
	struct model_object *o = m ? model_object_find(m, a->session->place.name, service) : NULL;

	if (m && !o)
		cmd_error(a, "object %s was removed", a->session->place.name);
	return o;
}

static int object_value(struct cmd_args *a, struct model_addr *v)
{
	struct cursor c = { a, 1 };
	struct model_addr end;
	bool v6, v6_end;

	memset(v, 0, sizeof(*v));
	if (cmd_has(a, "host")) {
		c.i = 0;
		return term_addr(a, &c, v);
	}
	if (cmd_has(a, "subnet"))
		return term_addr(a, &c, v);
	if (cmd_has(a, "fqdn")) {
		v->kind = MODEL_ADDR_FQDN;
		name_copy(v->name, cmd_get(a, "DOMAIN"));
		v->plen = cmd_has(a, "v6") ? 6 : cmd_has(a, "v4") ? 4 : 0;
		return 0;
	}
	v->kind = MODEL_ADDR_RANGE;
	value_addr(cmd_get(a, "FIRST"), &v->addr, &v6);
	value_addr(cmd_get(a, "LAST"), &end.addr, &v6_end);
	v->addr_end = end.addr;
	v->v6 = v6;
	if (v6 != v6_end || memcmp(&v->addr, &v->addr_end, sizeof(v->addr)) > 0)
		return cmd_error(a, "the range %s - %s is empty: the lower address comes first",
				 cmd_get(a, "FIRST"), cmd_get(a, "LAST"));
	return 0;
}

static int do_object_value(void *ctx, struct cmd_args *a, void *out)
{
	struct model_object *o;
	struct model_addr v;

	(void)ctx;
	(void)out;
	if (!a->no && object_value(a, &v))
		return -EINVAL;
	o = object_edit(a);
	if (!o)
		return -EINVAL;
	o->set = !a->no;
	if (a->no)
		memset(&o->addr, 0, sizeof(o->addr));
	else
		o->addr = v;
	return 0;
}

static int do_object_service(void *ctx, struct cmd_args *a, void *out)
{
	struct cursor c = { a, 1 };
	struct model_object v, *o;

	(void)ctx;
	(void)out;
	memset(&v, 0, sizeof(v));
	if (!a->no && term_service(a, &c, &v.proto, &v.sport, &v.dport, &v.icmp))
		return -EINVAL;
	o = object_edit(a);
	if (!o)
		return -EINVAL;
	o->set = !a->no;
	o->proto = v.proto;
	o->sport = v.sport;
	o->dport = v.dport;
	o->icmp = v.icmp;
	return 0;
}

static int do_object_description(void *ctx, struct cmd_args *a, void *out)
{
	const char *text = a->no ? "" : cmd_get(a, "TEXT");
	struct model_object *o;

	(void)ctx;
	(void)out;
	if (strlen(text) >= MODEL_TEXT_MAX)
		return cmd_error(a, "the description is longer than %d characters",
				 MODEL_TEXT_MAX - 1);
	o = object_edit(a);
	if (!o)
		return -EINVAL;
	snprintf(o->description, sizeof(o->description), "%s", text);
	return 0;
}

/* ------------------------------------------------------------------ groups */

static const char *const group_words[] = {
	[MODEL_GROUP_NETWORK] = "network",
	[MODEL_GROUP_SERVICE] = "service",
	[MODEL_GROUP_PROTOCOL] = "protocol",
	[MODEL_GROUP_ICMP] = "icmp-type",
};
static const enum config_mode group_modes[] = {
	[MODEL_GROUP_NETWORK] = CONFIG_MODE_GROUP_NETWORK,
	[MODEL_GROUP_SERVICE] = CONFIG_MODE_GROUP_SERVICE,
	[MODEL_GROUP_PROTOCOL] = CONFIG_MODE_GROUP_PROTOCOL,
	[MODEL_GROUP_ICMP] = CONFIG_MODE_GROUP_ICMP,
};

static int do_group(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = cmd_get(a, "NAME"), *last = a->v[a->n - 1].text, *proto = "";
	struct model_group *g = model_group_find(cfg_model(a), name);
	enum model_group_kind kind = MODEL_GROUP_NETWORK;
	struct model *m;

	(void)ctx;
	(void)out;
	while (kind < MODEL_GROUP_ICMP && !cmd_has(a, group_words[kind]))
		kind++;
	if (!a->v[a->n - 1].label)
		proto = last;
	if (a->no) {
		if (!g)
			return cmd_error(a, "object-group %s does not exist", name);
		m = cfg_edit(a);
		if (!m)
			return -ENOMEM;
		g = model_group_find(m, name);
		model_group_clear(g);
		MODEL_REMOVE(&m->groups, (size_t)(g - m->groups.v));
		model_names_forget(m);
		return cfg_check_references(a);
	}
	if (g && (g->kind != kind || (*proto && strcmp(g->svc_proto, proto))))
		return cmd_error(a, "object-group %s exists already as %s %s", name,
				 group_words[g->kind], g->svc_proto);
	if (!g) {
		if (name_taken(cfg_model(a), name))
			return cmd_error(a, "an object named %s exists already", name);
		m = cfg_edit(a);
		g = m ? MODEL_PUSH(&m->groups) : NULL;
		if (!g)
			return cfg_no_memory(a);
		name_copy(g->name, name);
		g->kind = kind;
		snprintf(g->svc_proto, sizeof(g->svc_proto), "%s", proto);
	}
	cfg_enter(a, group_modes[kind], name);
	return 0;
}

/* Is 'name' among the groups below g? The nesting of a valid model is finite. */
static bool group_contains(const struct model *m, const struct model_group *g, const char *name,
			   int depth)
{
	if (!strcmp(g->name, name))
		return true;
	for (size_t i = 0; depth < 64 && i < g->items.n; i++) {
		const struct model_group *sub;

		if (!g->items.v[i].nested)
			continue;
		sub = model_group_find(m, g->items.v[i].addr.name);
		if (sub && group_contains(m, sub, name, depth + 1))
			return true;
	}
	return false;
}

static int item_nested(struct cmd_args *a, const struct model_group *g, struct model_group_item *it)
{
	const char *name = cmd_get(a, "GROUP");
	const struct model_group *sub = model_group_find(cfg_model(a), name);

	if (!sub)
		return cmd_error(a, "object-group %s does not exist", name);
	if (sub->kind != g->kind || (*g->svc_proto && strcmp(sub->svc_proto, g->svc_proto)))
		return cmd_error(a, "object-group %s is of another type than %s", name, g->name);
	if (group_contains(cfg_model(a), sub, g->name, 0))
		return cmd_error(a, "adding %s to %s would make a loop", name, g->name);
	it->nested = true;
	name_copy(it->addr.name, name);
	snprintf(it->text, sizeof(it->text), "group-object %s", name);
	return 0;
}

static int item_network(struct cmd_args *a, struct model_group_item *it)
{
	struct cursor c = { a, 1 };
	struct text t;

	if (term_addr(a, &c, &it->addr))
		return -EINVAL;
	text_init(&t, it->text, sizeof(it->text));
	text_add(&t, "network-object");
	/* "any4" is the canonical word of a rule, but not of a group's line. */
	if (it->addr.kind == MODEL_ADDR_ANY4)
		text_add(&t, " 0.0.0.0 0.0.0.0");
	else if (it->addr.kind == MODEL_ADDR_ANY6)
		text_add(&t, " ::/0");
	else
		text_addr(&t, &it->addr);
	return 0;
}

static int item_port(struct cmd_args *a, const struct model_group *g, struct model_group_item *it)
{
	int proto = !strcmp(g->svc_proto, "tcp") ? IPPROTO_TCP :
		    !strcmp(g->svc_proto, "udp") ? IPPROTO_UDP :
						   0;
	struct cursor c = { a, 1 };
	struct text t;

	if (!*g->svc_proto)
		return cmd_error(a, "object-group %s is not of tcp, udp or tcp-udp: use service-object",
				 g->name);
	if (term_port(a, &c, proto, &it->dport))
		return -EINVAL;
	text_init(&t, it->text, sizeof(it->text));
	text_add(&t, "port-object");
	text_port(&t, &it->dport, proto);
	return 0;
}

static int item_service(struct cmd_args *a, const struct model_group *g, struct model_group_item *it)
{
	const char *name = cmd_get(a, "OBJ");
	struct cursor c = { a, 1 };
	struct text t;

	if (*g->svc_proto)
		return cmd_error(a, "object-group %s is of %s ports: use port-object", g->name,
				 g->svc_proto);
	text_init(&t, it->text, sizeof(it->text));
	text_add(&t, "service-object");
	if (name) {
		if (!model_object_find(cfg_model(a), name, true))
			return cmd_error(a, "object service %s does not exist", name);
		it->proto.kind = MODEL_PROTO_SVC_OBJECT;
		name_copy(it->proto.name, name);
		text_add(&t, " object %s", name);
		return 0;
	}
	if (term_service(a, &c, &it->proto, &it->sport, &it->dport, &it->icmp))
		return -EINVAL;
	text_service(&t, &it->proto, &it->sport, &it->dport, &it->icmp);
	return 0;
}

static int item_read(struct cmd_args *a, const struct model_group *g, struct model_group_item *it)
{
	const char *word = a->v[0].text;
	struct cursor c = { a, 1 };
	char x[VALUE_TEXT_MAX];

	it->icmp.type = it->icmp.code = -1;
	if (!strcmp(word, "description")) {
		it->description = true;
		if (strlen(cmd_get(a, "TEXT")) > 200)
			return cmd_error(a, "the description is longer than 200 characters");
		snprintf(it->text, sizeof(it->text), "description %s", cmd_get(a, "TEXT"));
		return 0;
	}
	if (!strcmp(word, "group-object"))
		return item_nested(a, g, it);
	if (!strcmp(word, "network-object"))
		return item_network(a, it);
	if (!strcmp(word, "port-object"))
		return item_port(a, g, it);
	if (!strcmp(word, "service-object"))
		return item_service(a, g, it);
	if (!strcmp(word, "protocol-object")) {
		term_proto(&c, &it->proto);
		snprintf(it->text, sizeof(it->text), "protocol-object %s",
			 value_proto_text(it->proto.num, x));
		return 0;
	}
	term_icmp(&c, false, &it->icmp);
	snprintf(it->text, sizeof(it->text), "icmp-object %s",
		 value_icmp_text((uint8_t)it->icmp.type, false, x));
	return 0;
}

static int item_apply(struct cmd_args *a, const struct model_group_item *it)
{
	struct model *m = cfg_edit(a);
	struct model_group *g = m ? model_group_find(m, a->session->place.name) : NULL;
	struct model_group_item *row;

	if (!g)
		return m ? cmd_error(a, "object-group %s was removed", a->session->place.name) :
			   -ENOMEM;
	for (size_t i = 0; i < g->items.n; i++) {
		row = &g->items.v[i];
		if (it->description ? !row->description : strcmp(row->text, it->text) != 0)
			continue;
		if (a->no)
			MODEL_REMOVE(&g->items, i);
		else if (it->description)
			*row = *it;
		else
			cmd_warn(a, "object-group %s already has \"%s\"", g->name, it->text);
		return 0;
	}
	if (a->no)
		return cmd_error(a, "object-group %s has no \"%s\"", g->name, it->text);
	row = it->description ? MODEL_INSERT(&g->items, 0) : MODEL_PUSH(&g->items);
	if (!row)
		return cfg_no_memory(a);
	*row = *it;
	return 0;
}

static int do_item(void *ctx, struct cmd_args *a, void *out)
{
	const struct model_group *g = model_group_find(cfg_model(a), a->session->place.name);
	struct model_group_item it, udp;
	int err;

	(void)ctx;
	(void)out;
	if (!g)
		return cmd_error(a, "object-group %s was removed", a->session->place.name);
	memset(&it, 0, sizeof(it));
	if (a->no && !strcmp(a->v[0].text, "description"))
		it.description = true;
	else if (item_read(a, g, &it))
		return -EINVAL;
	if (!cmd_has(a, "tcp-udp"))
		return item_apply(a, &it);
	/* "tcp-udp" is two services in one line: they are kept, and shown, as two. */
	udp = it;
	it.proto = (struct model_proto){ .kind = MODEL_PROTO_NUM, .num = IPPROTO_TCP };
	udp.proto = (struct model_proto){ .kind = MODEL_PROTO_NUM, .num = IPPROTO_UDP };
	for (int i = 0; i < 2; i++) {
		struct model_group_item *v = i ? &udp : &it;
		struct text t;

		text_init(&t, v->text, sizeof(v->text));
		text_add(&t, "service-object");
		text_service(&t, &v->proto, &v->sport, &v->dport, &v->icmp);
	}
	err = item_apply(a, &it);
	return err ? err : item_apply(a, &udp);
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define ON CONFIG_IN(CONFIG_MODE_OBJECT_NETWORK)
#define OS CONFIG_IN(CONFIG_MODE_OBJECT_SERVICE)
#define GN CONFIG_IN(CONFIG_MODE_GROUP_NETWORK)
#define GS CONFIG_IN(CONFIG_MODE_GROUP_SERVICE)
#define GP CONFIG_IN(CONFIG_MODE_GROUP_PROTOCOL)
#define GI CONFIG_IN(CONFIG_MODE_GROUP_ICMP)
#define FQDN "fqdn [{v4 | v6}] <DOMAIN:name>"

const struct config_command cmd_object_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ G, "object {network | service} <NAME:name>", "=", "Named address or service", do_object },
	{ ON, "host <HOST:addr>", "host [<HOST:addr>]", "A single address", do_object_value },
	{ ON, "subnet {<IP:ip> <MASK:mask> | <NET6:prefix6>}",
	  "subnet [{<IP:ip> <MASK:mask> | <NET6:prefix6>}]", "A network", do_object_value },
	{ ON, "range <FIRST:addr> <LAST:addr>", "range [<FIRST:addr> <LAST:addr>]",
	  "A range of addresses", do_object_value },
	{ ON, FQDN, "fqdn [[{v4 | v6}] <DOMAIN:name>]", "A domain name", do_object_value },
	{ OS, "service @service", "service [@service]", "Protocol and ports", do_object_service },
	{ ON | OS, "description <TEXT:line>", "description [<TEXT:line>]", "Description",
	  do_object_description },
	{ G, "object-group network <NAME:name>", "=", "Group of objects", do_group },
	{ G, "object-group service <NAME:name> [{tcp | udp | tcp-udp}]", "=", "Group of objects",
	  do_group },
	{ G, "object-group {protocol | icmp-type} <NAME:name>", "=", "Group of objects", do_group },
	{ G, "", "object-group <NAME:name>", "Group of objects", do_group },
	{ GN, "network-object {host <HOST:addr> | <IP:ip> <MASK:mask> | <NET6:prefix6> | "
	      "object <OBJ:name>}",
	  "=", "Add addresses to the group", do_item },
	{ GS, "port-object {eq <PORT:port> | range <PORT:port> <PORT:port>}", "=",
	  "Add ports to the group", do_item },
	{ GS, "service-object {@service | tcp-udp [source @anyport] [[destination] @anyport] | "
	      "object <OBJ:name>}",
	  "=", "Add a service to the group", do_item },
	{ GP, "protocol-object <PROTO:proto>", "=", "Add a protocol to the group", do_item },
	{ GI, "icmp-object <ICMP:icmp>", "=", "Add an ICMP type to the group", do_item },
	{ GN | GS | GP | GI, "group-object <GROUP:name>", "=", "Add the members of another group",
	  do_item },
	{ GN | GS | GP | GI, "description <TEXT:line>", "description [<TEXT:line>]", "Description",
	  do_item },
};
const size_t n_cmd_object_rows = ARRAY_SIZE(cmd_object_rows);

/* ------------------------------------------------------------------ printing, clearing */

void show_objects(const struct show *sh)
{
	for (size_t i = 0; i < sh->m->objects.n; i++) {
		const struct model_object *o = &sh->m->objects.v[i];
		char buf[MODEL_TEXT_MAX];
		struct text t;

		if (*sh->filter && strcmp(sh->filter, o->name))
			continue;
		put(sh->sink, "object %s %s\n", o->service ? "service" : "network", o->name);
		text_init(&t, buf, sizeof(buf));
		if (o->set && o->service) {
			text_add(&t, " service");
			text_service(&t, &o->proto, &o->sport, &o->dport, &o->icmp);
		} else if (o->set && o->addr.kind == MODEL_ADDR_SUBNET) {
			text_add(&t, " subnet");
			text_addr(&t, &o->addr);
		} else if (o->set && o->addr.kind == MODEL_ADDR_ANY4) {
			text_add(&t, " subnet 0.0.0.0 0.0.0.0");
		} else if (o->set && o->addr.kind == MODEL_ADDR_ANY6) {
			text_add(&t, " subnet ::/0");
		} else if (o->set && o->addr.kind == MODEL_ADDR_FQDN && o->addr.plen) {
			text_add(&t, " fqdn v%d %s", o->addr.plen, o->addr.name);
		} else if (o->set) {
			text_addr(&t, &o->addr);
		}
		if (t.len)
			put(sh->sink, "%s\n", buf);
		if (*o->description)
			put(sh->sink, " description %s\n", o->description);
	}
}

/* A group after those that it contains, so that it can be read back. done: by number of group. */
static void show_group(const struct show *sh, size_t i, bool *done, int depth)
{
	const struct model_group *g = &sh->m->groups.v[i];

	if (done[i])
		return;
	done[i] = true;
	for (size_t k = 0; !*sh->filter && depth < 64 && k < g->items.n; k++) {
		const struct model_group *sub = g->items.v[k].nested ?
			model_group_find(sh->m, g->items.v[k].addr.name) : NULL;

		if (sub)
			show_group(sh, (size_t)(sub - sh->m->groups.v), done, depth + 1);
	}
	put(sh->sink, "object-group %s %s%s%s\n", group_words[g->kind], g->name,
	    *g->svc_proto ? " " : "", g->svc_proto);
	for (size_t k = 0; k < g->items.n; k++)
		put(sh->sink, " %s\n", g->items.v[k].text);
}

void show_groups(const struct show *sh)
{
	bool *done = calloc(sh->m->groups.n + 1, sizeof(*done));

	for (size_t i = 0; done && i < sh->m->groups.n; i++) {
		if (!*sh->filter || !strcmp(sh->filter, sh->m->groups.v[i].name))
			show_group(sh, i, done, 0);
	}
	free(done);
}

int clear_objects(struct model *m, const struct model *empty)
{
	(void)empty;
	if (model_objects_own(m))
		return -ENOMEM;
	m->objects.n = 0;
	model_names_forget(m);
	for (size_t i = m->nats.n; i-- > 0;) {
		if (m->nats.v[i].form == MODEL_NAT_OBJECT)
			MODEL_REMOVE(&m->nats, i);
	}
	return 0;
}

int clear_groups(struct model *m, const struct model *empty)
{
	(void)empty;
	for (size_t i = 0; i < m->groups.n; i++)
		model_group_clear(&m->groups.v[i]);
	m->groups.n = 0;
	model_names_forget(m);
	return 0;
}
