// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: interfaces, routes, security levels.
 *
 * Responsible for: "interface" and its mode, "same-security-traffic", "route", "ipv6 route"
 * (SES-1, SES-2), and printing and clearing them. Not responsible for: doing it on Linux.
 *
 * An interface is a Linux interface; "eth0.10" is frames of eth0 with the tag that "vlan" names
 * (the number behind the dot until then). Two interfaces cannot have one name.
 * Callers: the grammar; running.c. Control thread only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

static struct model_if *if_by_dev(const struct model *m, const char *dev)
{
	for (size_t i = 0; i < m->ifs.n; i++) {
		if (!strcmp(m->ifs.v[i].dev, dev))
			return &m->ifs.v[i];
	}
	return NULL;
}

/* The interface of the session's mode, in the copy. */
static struct model_if *if_edit(struct cmd_args *a)
{
	struct model *m = cfg_edit(a);
	struct model_if *f = m ? if_by_dev(m, a->session->place.name) : NULL;

	if (m && !f)
		cmd_error(a, "interface %s was removed", a->session->place.name);
	return f;
}

static int do_interface(void *ctx, struct cmd_args *a, void *out)
{
	const char *dev = cmd_get(a, "IF"), *dot = strrchr(dev, '.');
	struct model *m;
	struct model_if *f = if_by_dev(cfg_model(a), dev);
	uint32_t unit = 0;

	(void)ctx;
	(void)out;
	if (a->no) {
		if (!f)
			return cmd_error(a, "interface %s is not configured", dev);
		m = cfg_edit(a);
		if (!m)
			return -ENOMEM;
		f = if_by_dev(m, dev);
		model_if_clear(f);
		MODEL_REMOVE(&m->ifs, (size_t)(f - m->ifs.v));
		return 0;
	}
	if (strlen(dev) >= MODEL_IF_MAX)
		return cmd_error(a, "the interface name is too long");
	if (!f) {
		m = cfg_edit(a);
		f = m ? MODEL_PUSH(&m->ifs) : NULL;
		if (!f)
			return cfg_no_memory(a);
		snprintf(f->dev, sizeof(f->dev), "%s", dev);
		f->level = -1;
		/* DEVIATION: an ASA's new interface is shut down; ours is up, as Linux has it. */
		if (dot && dot > dev && !value_u32(dot + 1, 1, 4094, &unit)) {
			snprintf(f->parent, sizeof(f->parent), "%.*s", (int)(dot - dev), dev);
			f->vlan = (int)unit;
		}
	}
	cfg_enter(a, CONFIG_MODE_IF, dev);
	return 0;
}

static int do_nameif(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = a->no ? "" : cmd_get(a, "NAME");
	const struct model_if *other = model_if_by_name(cfg_model(a), name);
	struct model_if *f;

	(void)ctx;
	(void)out;
	if (other && strcmp(other->dev, a->session->place.name))
		return cmd_error(a, "interface name %s is already used by %s", name, other->dev);
	if (!strcmp(name, "any") || strpbrk(name, "(),"))
		return cmd_error(a, "%s cannot be the name of an interface", name);
	f = if_edit(a);
	if (!f)
		return -EINVAL;
	if (*name && !*f->nameif && f->level < 0 && !a->session->in_text)
		cmd_warn(a, "INFO: Security level for \"%s\" set to %d by default.", name,
			 strcmp(name, "inside") ? 0 : 100);
	name_copy(f->nameif, name);
	return 0;
}

static int do_level(void *ctx, struct cmd_args *a, void *out)
{
	struct model_if *f = if_edit(a);

	(void)ctx;
	(void)out;
	if (!f)
		return -EINVAL;
	f->level = a->no ? -1 : (int)cmd_u32(a, "LEVEL", 0);
	return 0;
}

static int do_shutdown(void *ctx, struct cmd_args *a, void *out)
{
	struct model_if *f = if_edit(a);

	(void)ctx;
	(void)out;
	if (!f)
		return -EINVAL;
	f->shutdown = !a->no;
	return 0;
}

static int do_description(void *ctx, struct cmd_args *a, void *out)
{
	const char *text = a->no ? "" : cmd_get(a, "TEXT");
	struct model_if *f;

	(void)ctx;
	(void)out;
	if (strlen(text) >= MODEL_TEXT_MAX)
		return cmd_error(a, "the description is longer than %d characters",
				 MODEL_TEXT_MAX - 1);
	f = if_edit(a);
	if (!f)
		return -EINVAL;
	snprintf(f->description, sizeof(f->description), "%s", text);
	return 0;
}

static int do_vlan(void *ctx, struct cmd_args *a, void *out)
{
	const char *dot = strrchr(a->session->place.name, '.');
	struct model_if *f;

	(void)ctx;
	(void)out;
	if (!dot || dot == a->session->place.name)
		return cmd_error(a, "vlan belongs to a sub-interface (interface %s.N)",
				 a->session->place.name);
	f = if_edit(a);
	if (!f)
		return -EINVAL;
	f->vlan = a->no ? 0 : (int)cmd_u32(a, "VLAN", 0);
	snprintf(f->parent, sizeof(f->parent), "%.*s",
		 f->vlan ? (int)(dot - a->session->place.name) : 0, a->session->place.name);
	return 0;
}

/* IPv4: one address, a new one replaces it. IPv6: any number. */
static int do_address(void *ctx, struct cmd_args *a, void *out)
{
	const char *v4 = cmd_get(a, "IP"), *v6 = cmd_get(a, "PREFIX");
	struct model_if_addr addr = { .v6 = v6 != NULL };
	struct model_if_addr *row;
	struct model_if *f;

	(void)ctx;
	(void)out;
	if (cmd_has(a, "dhcp") || cmd_has(a, "autoconfig")) {
		if (!a->no)
			cmd_warn(a, "address from the network: the addresses that Linux has on %s are used",
				 a->session->place.name);
		return 0;
	}
	if (cmd_has(a, "standby") || cmd_has(a, "eui-64"))
		cmd_warn(a, "\"standby\" and \"eui-64\" are not active yet and are left out");
	if (v6)
		value_prefix(v6, true, &addr.addr, &addr.plen);
	if (v4) {
		value_ip4(v4, &addr.addr);
		value_mask(cmd_get(a, "MASK"), &addr.plen);
	}
	f = if_edit(a);
	if (!f)
		return -EINVAL;
	for (size_t i = f->addrs.n; i-- > 0;) {
		row = &f->addrs.v[i];
		if (row->v6 != addr.v6)
			continue;
		if (!v4 && v6 && (row->plen != addr.plen || !asa_addr_equal(&row->addr, &addr.addr)))
			continue;
		MODEL_REMOVE(&f->addrs, i);
	}
	if (a->no)
		return 0;
	row = MODEL_PUSH(&f->addrs);
	if (!row)
		return cfg_no_memory(a);
	*row = addr;
	return 0;
}

static int do_ignored(void *ctx, struct cmd_args *a, void *out)
{
	(void)ctx;
	(void)out;
	if (!a->no)
		cmd_warn(a, "\"%s\" is left to Linux on this firewall and is not kept", a->v[0].text);
	return 0;
}

static int do_same_security(void *ctx, struct cmd_args *a, void *out)
{
	struct model *m = cfg_edit(a);

	(void)ctx;
	(void)out;
	if (!m)
		return -ENOMEM;
	if (cmd_has(a, "inter-interface"))
		m->same_security_inter = !a->no;
	else
		m->same_security_intra = !a->no;
	return 0;
}

static int do_route(void *ctx, struct cmd_args *a, void *out)
{
	struct model_route r = { .metric = (int)cmd_u32(a, "METRIC", 1) };
	const char *prefix = cmd_get(a, "PREFIX"), *net = cmd_get(a, "NET"), *mask = cmd_get(a, "MASK");
	struct model_route *row;
	struct model *m;
	bool v6;

	(void)ctx;
	(void)out;
	name_copy(r.ifname, cmd_get(a, "IF"));
	r.v6 = prefix != NULL;
	if (prefix) {
		value_prefix(prefix, true, &r.dst, &r.plen);
		mask = strchr(prefix, '/');
	} else {
		/* "0" is short for 0.0.0.0 and is no parameter. */
		mask = mask ? mask : "0.0.0.0";
		value_ip4(net ? net : "0.0.0.0", &r.dst);
		value_mask(mask, &r.plen);
	}
	value_addr(cmd_get(a, "GATEWAY"), &r.gw, &v6);
	if (network_check(a, &r.dst, r.v6, r.plen, mask))
		return -EINVAL;
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	for (size_t i = m->routes.n; i-- > 0;) {
		row = &m->routes.v[i];
		if (row->v6 == r.v6 && row->plen == r.plen && !strcmp(row->ifname, r.ifname) &&
		    asa_addr_equal(&row->dst, &r.dst) && asa_addr_equal(&row->gw, &r.gw)) {
			MODEL_REMOVE(&m->routes, i);
			if (a->no)
				return 0;
		}
	}
	if (a->no)
		return cmd_error(a, "there is no such route");
	row = MODEL_PUSH(&m->routes);
	if (!row)
		return cfg_no_memory(a);
	*row = r;
	return 0;
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define I CONFIG_IN(CONFIG_MODE_IF)
#define ROUTE4 "route <IF:name> {<NET:ip> | <0:exact>} {<MASK:mask> | <0:exact>} <GATEWAY:ip>"

const struct config_command cmd_if_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ G, "interface <IF:name>", "=", "Configure an interface", do_interface },
	{ I, "nameif <NAME:name>", "nameif [<NAME:name>]", "Name of the interface", do_nameif },
	{ I, "security-level <LEVEL:n:0-100>", "security-level [<LEVEL:n:0-100>]",
	  "Security level, 100 is the most trusted", do_level },
	{ I, "ip address {<IP:ip> <MASK:mask> [standby <STANDBY:ip>] | dhcp [setroute]}",
	  "ip address [{<IP:ip> <MASK:mask> [standby <STANDBY:ip>] | dhcp [setroute]}]",
	  "IPv4 address", do_address },
	{ I, "ipv6 address {<PREFIX:prefix6> [eui-64] [standby <STANDBY:ip6>] | autoconfig}",
	  "ipv6 address {<PREFIX:prefix6> | autoconfig}", "IPv6 address", do_address },
	{ I, "shutdown", "=", "Turn the interface off", do_shutdown },
	{ I, "description <TEXT:line>", "description [<TEXT:line>]", "Description", do_description },
	{ I, "vlan <VLAN:n:1-4094>", "vlan [<VLAN:n:1-4094>]", "VLAN tag of a sub-interface", do_vlan },
	{ I | CONFIG_WHOLE_WORDS, "{speed | duplex | media-type | flowcontrol | management-only | cts | "
	     "delay | lacp | mac-address | authentication | ospf | igmp | pim | multicast | dhcprelay | "
	     "channel-group | zone-member | bridge-group} [<TEXT:line>]",
	  "{speed | duplex | media-type | flowcontrol | management-only | mac-address | "
	  "channel-group | zone-member | bridge-group} [<TEXT:line>]",
	  "Left to Linux", do_ignored },
	{ I, "ipv6 {enable | nd <TEXT:line>}", "=", "Left to Linux", do_ignored },
	{ G, "same-security-traffic permit {inter-interface | intra-interface}", "=",
	  "Permit traffic between equal security levels", do_same_security },
	{ G, ROUTE4 " [<METRIC:n:1-255>]", ROUTE4 " [<METRIC:n:1-255>]", "Static IPv4 route", do_route },
	{ G, "ipv6 route <IF:name> <PREFIX:prefix6> <GATEWAY:ip6> [<METRIC:n:1-255>]", "=",
	  "Static IPv6 route", do_route },
};
const size_t n_cmd_if_rows = ARRAY_SIZE(cmd_if_rows);

/* ------------------------------------------------------------------ printing, clearing */

void show_interfaces(const struct show *sh)
{
	char x[VALUE_TEXT_MAX], y[VALUE_TEXT_MAX];

	for (size_t i = 0; i < sh->m->ifs.n; i++) {
		const struct model_if *f = &sh->m->ifs.v[i];
		const char *dot = strrchr(f->dev, '.');
		uint32_t unit = 0;

		if (*sh->filter && strcmp(sh->filter, f->dev))
			continue;
		put(sh->sink, "interface %s\n", f->dev);
		if (*f->description)
			put(sh->sink, " description %s\n", f->description);
		if (f->shutdown)
			put(sh->sink, " shutdown\n");
		if (dot && dot > f->dev)
			(void)value_u32(dot + 1, 1, 4094, &unit);
		if (f->vlan)
			put(sh->sink, " vlan %d\n", f->vlan);
		else if (unit)
			put(sh->sink, " no vlan\n");
		if (*f->nameif)
			put(sh->sink, " nameif %s\n", f->nameif);
		else
			put(sh->sink, " no nameif\n");
		if (f->level >= 0)
			put(sh->sink, " security-level %d\n", f->level);
		else if (*f->nameif)
			put(sh->sink, " security-level %d\n", strcmp(f->nameif, "inside") ? 0 : 100);
		else
			put(sh->sink, " no security-level\n");
		for (size_t k = 0; k < f->addrs.n; k++) {
			const struct model_if_addr *a = &f->addrs.v[k];

			if (a->v6)
				put(sh->sink, " ipv6 address %s/%u\n", value_addr_text(&a->addr, x),
				    a->plen);
			else
				put(sh->sink, " ip address %s %s\n", value_addr_text(&a->addr, x),
				    value_mask_text(a->plen, y));
		}
		put(sh->sink, "!\n");
	}
}

void show_same_security(const struct show *sh)
{
	if (sh->m->same_security_inter)
		put(sh->sink, "same-security-traffic permit inter-interface\n");
	if (sh->m->same_security_intra)
		put(sh->sink, "same-security-traffic permit intra-interface\n");
}

void show_routes(const struct show *sh)
{
	char x[VALUE_TEXT_MAX], y[VALUE_TEXT_MAX], z[VALUE_TEXT_MAX];

	for (size_t i = 0; i < sh->m->routes.n; i++) {
		const struct model_route *r = &sh->m->routes.v[i];

		if (r->v6)
			put(sh->sink, "ipv6 route %s %s/%u %s", r->ifname, value_addr_text(&r->dst, x),
			    r->plen, value_addr_text(&r->gw, z));
		else
			put(sh->sink, "route %s %s %s %s", r->ifname, value_addr_text(&r->dst, x),
			    value_mask_text(r->plen, y), value_addr_text(&r->gw, z));
		put(sh->sink, " %d\n", r->metric);
	}
}

int clear_interfaces(struct model *m, const struct model *empty)
{
	(void)empty;
	for (size_t i = 0; i < m->ifs.n; i++)
		model_if_clear(&m->ifs.v[i]);
	m->ifs.n = 0;
	return 0;
}

int clear_routes(struct model *m, const struct model *empty)
{
	(void)empty;
	m->routes.n = 0;
	return 0;
}

int clear_same_security(struct model *m, const struct model *empty)
{
	m->same_security_inter = empty->same_security_inter;
	m->same_security_intra = empty->same_security_intra;
	return 0;
}
