// SPDX-License-Identifier: GPL-2.0-only
/*
 * Terms that several commands share: addresses, ports, ICMP types, services; read and written.
 *
 * Responsible for: turning the checked words of a command into model values, with the checks that
 * need the model (does the group exist?) or two words at once (do address and mask pair?), and
 * writing them back in canonical words. Not responsible for: the syntax (words.c).
 *
 * A cursor walks the words from left to right; the grammar has already made sure that they are
 * there, so that a missing word reads as "" and is never looked at. Callers: cmd_*.c.
 * Control thread only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>

#include "config/impl.h"

const char *cur_peek(const struct cursor *c)
{
	return c->i < c->a->n ? c->a->v[c->i].text : "";
}

const char *cur_next(struct cursor *c)
{
	return c->i < c->a->n ? c->a->v[c->i++].text : "";
}

bool cur_take(struct cursor *c, const char *keyword)
{
	if (c->i >= c->a->n || c->a->v[c->i].label || strcmp(c->a->v[c->i].text, keyword))
		return false;
	c->i++;
	return true;
}

bool cur_end(const struct cursor *c)
{
	return c->i >= c->a->n;
}

void name_copy(char dst[MODEL_NAME_MAX], const char *src)
{
	snprintf(dst, MODEL_NAME_MAX, "%s", src);
}

void pair_split(const char *pair, char a[MODEL_NAME_MAX], char b[MODEL_NAME_MAX])
{
	size_t len = strcspn(pair + 1, ",)");

	snprintf(a, MODEL_NAME_MAX, "%.*s", (int)len, pair + 1);
	pair += 1 + len;
	if (b)
		snprintf(b, MODEL_NAME_MAX, "%.*s", (int)strcspn(pair + 1, ")"), pair + 1);
}

int network_check(struct cmd_args *a, const struct asa_addr *addr, bool v6, uint8_t plen,
		  const char *mask)
{
	char text[VALUE_TEXT_MAX];

	if (!value_has_host_bits(addr, v6, plen))
		return 0;
	return cmd_error(a, "IP address,mask <%s,%s> doesn't pair", value_addr_text(addr, text),
			 mask);
}

static int subnet_set(struct cmd_args *a, struct model_addr *out, bool v6, const char *mask)
{
	uint8_t full = v6 ? 128 : 32;

	if (network_check(a, &out->addr, v6, out->plen, mask))
		return -EINVAL;
	out->v6 = v6;
	out->kind = MODEL_ADDR_SUBNET;
	if (out->plen == full)
		out->kind = MODEL_ADDR_HOST;
	else if (!out->plen)
		out->kind = v6 ? MODEL_ADDR_ANY6 : MODEL_ADDR_ANY4;
	return 0;
}

static int addr_group(struct cmd_args *a, const char *name, struct model_addr *out)
{
	const struct model_group *g = model_group_find(cfg_model(a), name);

	if (!g)
		return cmd_error(a, "object-group %s does not exist", name);
	if (g->kind != MODEL_GROUP_NETWORK)
		return cmd_error(a, "object-group %s is not of type network", name);
	out->kind = MODEL_ADDR_GROUP;
	name_copy(out->name, name);
	return 0;
}

int term_addr(struct cmd_args *a, struct cursor *c, struct model_addr *out)
{
	const char *w;
	bool v6;

	memset(out, 0, sizeof(*out));
	if (cur_take(c, "any"))
		return 0;
	if (cur_take(c, "any4")) {
		out->kind = MODEL_ADDR_ANY4;
		return 0;
	}
	if (cur_take(c, "any6")) {
		out->kind = MODEL_ADDR_ANY6;
		out->v6 = 1;
		return 0;
	}
	if (cur_take(c, "interface")) {
		out->kind = MODEL_ADDR_INTERFACE;
		name_copy(out->name, cur_next(c));
		return 0;
	}
	if (cur_take(c, "object")) {
		w = cur_next(c);
		if (!model_object_find(cfg_model(a), w, false))
			return cmd_error(a, "object network %s does not exist", w);
		out->kind = MODEL_ADDR_OBJECT;
		name_copy(out->name, w);
		return 0;
	}
	if (cur_take(c, "object-group"))
		return addr_group(a, cur_next(c), out);
	if (cur_take(c, "host")) {
		value_addr(cur_next(c), &out->addr, &v6);
		out->kind = MODEL_ADDR_HOST;
		out->v6 = v6;
		out->plen = v6 ? 128 : 32;
		return 0;
	}
	w = cur_next(c);
	if (!value_prefix(w, true, &out->addr, &out->plen))
		return subnet_set(a, out, true, strchr(w, '/'));
	value_ip4(w, &out->addr);
	w = cur_next(c);
	value_mask(w, &out->plen);
	return subnet_set(a, out, false, w);
}

/* A port word: where a rule stands for several protocols, a name of any of them will do. */
static uint16_t port_value(const char *w, int proto)
{
	uint16_t port = 0;

	if (value_port(w, proto, &port) && value_port(w, IPPROTO_TCP, &port))
		value_port(w, IPPROTO_UDP, &port);
	return port;
}

bool term_is_port(const struct model *m, const struct cursor *c)
{
	static const char *const ops[] = { "eq", "neq", "lt", "gt", "range" };
	const char *w = cur_peek(c);
	const struct model_group *g;

	if (cur_end(c) || c->a->v[c->i].label)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!strcmp(w, ops[i]))
			return true;
	}
	if (strcmp(w, "object-group") || c->i + 1 >= c->a->n)
		return false;
	g = model_group_find(m, c->a->v[c->i + 1].text);
	return g && g->kind == MODEL_GROUP_SERVICE;
}

int term_port(struct cmd_args *a, struct cursor *c, int proto, struct model_port *out)
{
	const char *op = cur_next(c), *w = cur_next(c);

	memset(out, 0, sizeof(*out));
	if (!strcmp(op, "object-group")) {
		const struct model_group *g = model_group_find(cfg_model(a), w);

		if (!g || !*g->svc_proto)
			return cmd_error(a, "object-group %s is not a group of ports", w);
		out->op = MODEL_PORT_GROUP;
		name_copy(out->group, w);
		return 0;
	}
	out->lo = out->hi = port_value(w, proto);
	if (!strcmp(op, "eq"))
		out->op = MODEL_PORT_EQ;
	else if (!strcmp(op, "neq"))
		out->op = MODEL_PORT_NEQ;
	else if (!strcmp(op, "lt"))
		out->op = MODEL_PORT_LT;
	else if (!strcmp(op, "gt"))
		out->op = MODEL_PORT_GT;
	else
		out->op = MODEL_PORT_RANGE;
	if (out->op != MODEL_PORT_RANGE)
		return 0;
	out->hi = port_value(cur_next(c), proto);
	if (out->lo > out->hi)
		return cmd_error(a, "the port range %u - %u is empty: the lower port comes first",
				 out->lo, out->hi);
	return 0;
}

int term_icmp(struct cursor *c, bool v6, struct model_icmp *out)
{
	uint8_t type;
	uint32_t code;

	*out = (struct model_icmp){ .type = -1, .code = -1 };
	if (cur_end(c) || value_icmp(cur_peek(c), v6, &type))
		return 0;
	cur_next(c);
	out->set = true;
	out->type = type;
	if (!cur_end(c) && c->a->v[c->i].label && !strcmp(c->a->v[c->i].label, "CODE") &&
	    !value_u32(cur_next(c), 0, 255, &code))
		out->code = (int)code;
	return 0;
}

void term_proto(struct cursor *c, struct model_proto *out)
{
	bool ip = true;

	memset(out, 0, sizeof(*out));
	value_proto(cur_next(c), &out->num, &ip);
	out->kind = ip ? MODEL_PROTO_IP : MODEL_PROTO_NUM;
}

int term_service(struct cmd_args *a, struct cursor *c, struct model_proto *p,
		 struct model_port *sport, struct model_port *dport, struct model_icmp *icmp)
{
	memset(sport, 0, sizeof(*sport));
	memset(dport, 0, sizeof(*dport));
	term_proto(c, p);
	if (p->num == IPPROTO_ICMP || p->num == IPPROTO_ICMPV6)
		return term_icmp(c, p->num == IPPROTO_ICMPV6, icmp);
	*icmp = (struct model_icmp){ .type = -1, .code = -1 };
	if (cur_take(c, "source") && term_port(a, c, p->num, sport))
		return -EINVAL;
	cur_take(c, "destination");
	if (term_is_port(cfg_model(a), c))
		return term_port(a, c, p->num, dport);
	return 0;
}

/* ------------------------------------------------------------------ back to words */

void text_init(struct text *t, char *buf, size_t size)
{
	*t = (struct text){ .buf = buf, .size = size };
	buf[0] = '\0';
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->size - t->len) {
		t->full = true;
		t->len = t->size - 1;
		return;
	}
	t->len += (size_t)n;
}

void text_addr(struct text *t, const struct model_addr *a)
{
	char x[VALUE_TEXT_MAX], y[VALUE_TEXT_MAX];

	switch (a->kind) {
	case MODEL_ADDR_ANY:
		text_add(t, " any");
		return;
	case MODEL_ADDR_ANY4:
		text_add(t, " any4");
		return;
	case MODEL_ADDR_ANY6:
		text_add(t, " any6");
		return;
	case MODEL_ADDR_HOST:
		text_add(t, " host %s", value_addr_text(&a->addr, x));
		return;
	case MODEL_ADDR_SUBNET:
		if (a->v6)
			text_add(t, " %s/%u", value_addr_text(&a->addr, x), a->plen);
		else
			text_add(t, " %s %s", value_addr_text(&a->addr, x),
				 value_mask_text(a->plen, y));
		return;
	case MODEL_ADDR_RANGE:
		text_add(t, " range %s %s", value_addr_text(&a->addr, x),
			 value_addr_text(&a->addr_end, y));
		return;
	case MODEL_ADDR_FQDN:
		text_add(t, " fqdn %s", a->name);
		return;
	case MODEL_ADDR_INTERFACE:
		text_add(t, " interface %s", a->name);
		return;
	case MODEL_ADDR_OBJECT:
		text_add(t, " object %s", a->name);
		return;
	case MODEL_ADDR_GROUP:
		text_add(t, " object-group %s", a->name);
		return;
	}
}

void text_port(struct text *t, const struct model_port *p, int proto)
{
	static const char *const ops[] = {
		[MODEL_PORT_EQ] = "eq", [MODEL_PORT_NEQ] = "neq",     [MODEL_PORT_LT] = "lt",
		[MODEL_PORT_GT] = "gt", [MODEL_PORT_RANGE] = "range",
	};
	char x[VALUE_TEXT_MAX];

	if (p->op == MODEL_PORT_ANY)
		return;
	if (p->op == MODEL_PORT_GROUP) {
		text_add(t, " object-group %s", p->group);
		return;
	}
	text_add(t, " %s %s", ops[p->op], value_port_text(p->lo, proto, x));
	if (p->op == MODEL_PORT_RANGE)
		text_add(t, " %s", value_port_text(p->hi, proto, x));
}

void text_icmp(struct text *t, const struct model_icmp *i, bool v6)
{
	char x[VALUE_TEXT_MAX];

	if (*i->group)
		text_add(t, " object-group %s", i->group);
	else if (i->set && i->type >= 0)
		text_add(t, " %s", value_icmp_text((uint8_t)i->type, v6, x));
	if (i->set && i->code >= 0)
		text_add(t, " %d", i->code);
}

void text_service(struct text *t, const struct model_proto *p, const struct model_port *sport,
		  const struct model_port *dport, const struct model_icmp *icmp)
{
	char x[VALUE_TEXT_MAX];

	text_add(t, " %s", value_proto_text(p->num, x));
	if (sport->op != MODEL_PORT_ANY) {
		text_add(t, " source");
		text_port(t, sport, p->num);
	}
	if (dport->op != MODEL_PORT_ANY) {
		text_add(t, " destination");
		text_port(t, dport, p->num);
	}
	text_icmp(t, icmp, p->num == IPPROTO_ICMPV6);
}
