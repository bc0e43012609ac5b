// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: regular expressions and the maps of inspectors.
 *
 * Responsible for: "regex", "class-map type regex", "class-map type inspect", "policy-map type
 * inspect" with its parameters, matches and actions, "snmp-map" (MPF-16): checked, stored, printed,
 * and everything that they name existing. Not responsible for: which lines an inspector has
 * (inspect_rows.c), inspecting (inspect/).
 *
 * A parameter has one value: a new line takes the place of the old one with the same first words.
 * Parameters that are on by default are stored only when they are turned off.
 * Callers: the grammar; running.c, refs.c, cmd_mpf.c. Control thread only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"
#include "inspect/regex.h"

static const char *const inspectors[CFG_INSPECTORS] = {
	[CFG_DCERPC] = "dcerpc",   [CFG_DNS] = "dns",
	[CFG_ESMTP] = "esmtp",	   [CFG_FTP] = "ftp",
	[CFG_GTP] = "gtp",	   [CFG_H323] = "h323",
	[CFG_HTTP] = "http",	   [CFG_IM] = "im",
	[CFG_IP_OPTIONS] = "ip-options", [CFG_IPSEC] = "ipsec-pass-thru",
	[CFG_IPV6] = "ipv6",	   [CFG_MGCP] = "mgcp",
	[CFG_NETBIOS] = "netbios", [CFG_RADIUS] = "radius-accounting",
	[CFG_RTSP] = "rtsp",	   [CFG_SIP] = "sip",
	[CFG_SKINNY] = "skinny",
};

/* On unless turned off; only "no …" is stored, and "all" prints the others, too. */
static const struct {
	const char *proto, *text;
} default_on[] = {
	{ "dns", "dns-guard" },	      { "dns", "nat-rewrite" }, { "dns", "protocol-enforcement" },
	{ "sip", "im" },	      { "sip", "traffic-non-sip" },
};

static bool is_default_on(const char *proto, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(default_on); i++) {
		if (!strcmp(default_on[i].proto, proto) && !strcmp(default_on[i].text, text))
			return true;
	}
	return false;
}

static int inspector_find(const char *name)
{
	for (int i = 0; i < CFG_INSPECTORS; i++) {
		if (!strcmp(inspectors[i], name))
			return i;
	}
	return -1;
}

/* ------------------------------------------------------------------ what names what */

static bool starts_with(const char *text, const char *words, const char **rest)
{
	size_t len = strlen(words);

	if (strncmp(text, words, len) || (text[len] && text[len] != ' '))
		return false;
	*rest = text + len + (text[len] == ' ');
	return true;
}

void cfg_inspect_parts(const char *words, char key[MODEL_NAME_MAX], char map[MODEL_NAME_MAX])
{
	/* Inspectors that are two, each with a map of its own; words that are no name of a map. */
	static const char *const two[] = { "h323 h225", "h323 ras", "icmp error" };
	static const char *const options[] = { "strict", "dynamic-filter-snoop" };
	const char *rest = strchrnul(words, ' ');

	for (size_t i = 0; i < ARRAY_SIZE(two); i++)
		starts_with(words, two[i], &rest);
	snprintf(key, MODEL_NAME_MAX, "%.*s", (int)(rest - words) - (rest > words && rest[-1] == ' '), words);
	rest += strspn(rest, " ");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		starts_with(rest, options[i], &rest);
	snprintf(map, MODEL_NAME_MAX, "%.*s", (int)strcspn(rest, " "), rest);
}

/* Maps that are always there; they say what an inspector does without a map of its own. */
static bool is_built_in(const char *proto, const char *name)
{
	char built_in[64];

	for (char *c = built_in + (size_t)snprintf(built_in, sizeof(built_in), "_default_%s_map", proto);
	     c-- > built_in;) {
		if (*c == '-')
			*c = '_';
	}
	return !strcmp(name, built_in);
}

bool cfg_inspect_map_exists(const struct model *m, const char *words)
{
	char key[MODEL_NAME_MAX], name[MODEL_NAME_MAX];
	const struct model_imap *i;

	cfg_inspect_parts(words, key, name);
	key[strcspn(key, " ")] = '\0';
	if (!*name || is_built_in(key, name))
		return true;
	if (!strcmp(key, "snmp"))
		return model_imap_find(m, MODEL_IMAP_SNMP, name);
	i = model_imap_find(m, MODEL_IMAP_POLICY, name);
	return inspector_find(key) < 0 || (i && !strcmp(i->proto, key));
}

bool cfg_iline_regex(const char *text, size_t i, char name[MODEL_NAME_MAX], bool *is_class)
{
	const char *p = text, *rest;

	for (;;) {
		p = strstr(p, "regex ");
		if (!p)
			return false;
		if (p == text || p[-1] == ' ') {
			*is_class = starts_with(p + 6, "class", &rest);
			rest = *is_class ? rest : p + 6;
			if (!i--) {
				snprintf(name, MODEL_NAME_MAX, "%.*s", (int)strcspn(rest, " "), rest);
				return true;
			}
		}
		p += 6;
	}
}

static int regexes_check(struct cmd_args *a, const char *text)
{
	char name[MODEL_NAME_MAX];
	bool is_class;

	for (size_t i = 0; cfg_iline_regex(text, i, name, &is_class); i++) {
		if (is_class && !model_imap_find(cfg_model(a), MODEL_IMAP_REGEX, name))
			return cmd_error(a, "%% class-map type regex %s not configured", name);
		if (!is_class && !model_regex_find(cfg_model(a), name))
			return cmd_error(a, "%% regex %s not configured", name);
	}
	return 0;
}

/* Words of the command from 'from' on, joined by single blanks. */
static int words_join(struct cmd_args *a, size_t from, char *buf, size_t size)
{
	struct text t;

	text_init(&t, buf, size);
	for (size_t i = from; i < a->n; i++)
		text_add(&t, "%s%s", t.len ? " " : "", a->v[i].text);
	return t.full ? cmd_error(a, "the line is longer than %zu characters", size - 1) : 0;
}

/* ------------------------------------------------------------------ regex */

static int do_regex(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = cmd_get(a, "NAME"), *pattern = cmd_get(a, "PATTERN");
	struct model_regex *r = model_regex_find(cfg_model(a), name);
	char why[128];
	struct regex *compiled;
	struct model *m;

	(void)ctx;
	(void)out;
	if (a->no) {
		if (!r || (pattern && strcmp(pattern, r->pattern)))
			return cmd_error(a, "%% regex %s not configured", name);
		m = cfg_edit(a);
		if (!m)
			return -ENOMEM;
		MODEL_REMOVE(&m->regexes, (size_t)(model_regex_find(m, name) - m->regexes.v));
		return cfg_check_references(a);
	}
	compiled = regex_new(pattern, why, sizeof(why));
	if (!compiled)
		return cmd_error(a, "%% Invalid regular expression: %s", why);
	regex_free(compiled);
	m = cfg_edit(a);
	r = m ? model_regex_find(m, name) : NULL;
	if (m && !r)
		r = MODEL_PUSH(&m->regexes);
	if (!r)
		return cfg_no_memory(a);
	name_copy(r->name, name);
	snprintf(r->pattern, sizeof(r->pattern), "%s", pattern);
	return 0;
}

/* ------------------------------------------------------------------ maps */

static const char *kind_words(const struct model_imap *i, char *buf, size_t size)
{
	switch (i->kind) {
	case MODEL_IMAP_REGEX:
		return "class-map type regex";
	case MODEL_IMAP_CLASS:
		snprintf(buf, size, "class-map type inspect %s", i->proto);
		break;
	case MODEL_IMAP_POLICY:
		snprintf(buf, size, "policy-map type inspect %s", i->proto);
		break;
	case MODEL_IMAP_SNMP:
		return "snmp-map";
	}
	return buf;
}

/* The map of that name among all that share its names; a map of traffic is an error. */
static int map_find(struct cmd_args *a, enum model_imap_kind kind, const char *name,
		    const struct model_imap **found)
{
	const struct model *m = cfg_model(a);

	*found = model_imap_find(m, kind, name);
	if (kind == MODEL_IMAP_REGEX || kind == MODEL_IMAP_CLASS) {
		if (!*found)
			*found = model_imap_find(m, kind == MODEL_IMAP_REGEX ? MODEL_IMAP_CLASS :
									       MODEL_IMAP_REGEX, name);
		if (model_class_find(m, name) || !strcmp(name, "class-default"))
			return cmd_error(a, "%% class-map %s exists already and is of another type", name);
	}
	if (kind == MODEL_IMAP_POLICY && model_policy_map_find(m, name))
		return cmd_error(a, "%% policy-map %s exists already and is of another type", name);
	return 0;
}

static void map_enter(struct cmd_args *a, const struct model_imap *i)
{
	static const enum config_mode modes[] = {
		[MODEL_IMAP_REGEX] = CONFIG_MODE_REGEX_CLASS,
		[MODEL_IMAP_CLASS] = CONFIG_MODE_INSPECT_CLASS,
		[MODEL_IMAP_POLICY] = CONFIG_MODE_INSPECT_MAP,
		[MODEL_IMAP_SNMP] = CONFIG_MODE_SNMP_MAP,
	};
	int inspector = inspector_find(i->proto);

	cfg_enter(a, modes[i->kind], i->name);
	a->session->place.kinds = inspector < 0 ? 0 : 1u << inspector;
}

static int do_map(struct cmd_args *a, enum model_imap_kind kind, const char *proto)
{
	const char *name = cmd_get(a, "NAME");
	const struct model_imap *now;
	bool any = cmd_has(a, "match-any");
	char words[64];
	struct model_imap *i;
	struct model *m;

	if (map_find(a, kind, name, &now))
		return -EINVAL;
	if (is_built_in(proto, name))
		return cmd_error(a, "%% policy-map %s is built in and cannot be changed", name);
	if (now && (now->kind != kind || strcmp(now->proto, proto)))
		return cmd_error(a, "%% %s %s exists already and is of another type",
				 kind == MODEL_IMAP_POLICY ? "policy-map" : "class-map", name);
	if (a->no && !now)
		return cmd_error(a, "%% %s %s not configured",
				 kind_words(&(struct model_imap){ .kind = kind }, words, sizeof(words)), name);
	if (a->no) {
		m = cfg_edit(a);
		if (!m)
			return -ENOMEM;
		i = model_imap_find(m, kind, name);
		model_imap_clear(i);
		MODEL_REMOVE(&m->imaps, (size_t)(i - m->imaps.v));
		return cfg_check_references(a);
	}
	if (now && now->lines.n && kind == MODEL_IMAP_CLASS &&
	    (any || cmd_has(a, "match-all")) && any != now->match_any)
		return cmd_error(a, "%% class-map %s exists already and is match-%s", name,
				 now->match_any ? "any" : "all");
	if (!now || (kind == MODEL_IMAP_CLASS && any != now->match_any && !now->lines.n)) {
		m = cfg_edit(a);
		i = !m ? NULL : now ? model_imap_find(m, kind, name) : MODEL_PUSH(&m->imaps);
		if (!i)
			return cfg_no_memory(a);
		i->kind = kind;
		i->match_any = any || kind == MODEL_IMAP_REGEX;
		name_copy(i->name, name);
		snprintf(i->proto, sizeof(i->proto), "%s", proto);
		if (!now && (kind == MODEL_IMAP_POLICY || kind == MODEL_IMAP_SNMP) && strcmp(proto, "ip-options"))
			cmd_warn(a, "\"%s %s\" is kept but has no effect yet",
				 kind_words(i, words, sizeof(words)), name);
		now = i;
	}
	map_enter(a, now);
	return 0;
}

static int do_regex_class(void *ctx, struct cmd_args *a, void *out)
{
	(void)ctx;
	(void)out;
	return do_map(a, MODEL_IMAP_REGEX, "");
}

/* "{class-map|policy-map} type inspect PROTO …" */
static int do_inspect_map(void *ctx, struct cmd_args *a, void *out)
{
	(void)ctx;
	(void)out;
	return do_map(a, cmd_has(a, "policy-map") ? MODEL_IMAP_POLICY : MODEL_IMAP_CLASS, a->v[3].text);
}

static int do_snmp_map(void *ctx, struct cmd_args *a, void *out)
{
	(void)ctx;
	(void)out;
	return do_map(a, MODEL_IMAP_SNMP, "");
}

/* ------------------------------------------------------------------ lines of a map */

static enum model_imap_kind kind_of_mode(enum config_mode mode)
{
	return mode == CONFIG_MODE_REGEX_CLASS	 ? MODEL_IMAP_REGEX :
	       mode == CONFIG_MODE_INSPECT_CLASS ? MODEL_IMAP_CLASS :
	       mode == CONFIG_MODE_SNMP_MAP	 ? MODEL_IMAP_SNMP :
						   MODEL_IMAP_POLICY;
}

static const struct model_imap *map_now(struct cmd_args *a)
{
	const struct cfg_place *p = &a->session->place;
	const struct model_imap *i = model_imap_find(cfg_model(a), kind_of_mode(p->mode), p->name);

	if (!i)
		cmd_error(a, "%% %s was removed", p->name);
	return i;
}

static struct model_imap *map_edit(struct cmd_args *a)
{
	const struct cfg_place *p = &a->session->place;
	struct model *m = cfg_edit(a);

	return m ? model_imap_find(m, kind_of_mode(p->mode), p->name) : NULL;
}

static size_t line_find(const struct model_imap *i, enum model_iline_kind kind, const char *text)
{
	size_t k = 0;

	while (k < i->lines.n && (i->lines.v[k].kind != kind || strcmp(i->lines.v[k].text, text)))
		k++;
	return k;
}

/* At row 'at', or at the end if there are not so many. */
static int line_add(struct cmd_args *a, enum model_iline_kind kind, bool no, const char *text,
		    size_t at)
{
	struct model_imap *i = map_edit(a);
	struct model_iline *l = i ? MODEL_INSERT(&i->lines, at < i->lines.n ? at : i->lines.n) : NULL;

	if (!l)
		return cfg_no_memory(a);
	l->kind = kind;
	l->no = no;
	snprintf(l->text, sizeof(l->text), "%s", text);
	return 0;
}

static int line_remove(struct cmd_args *a, size_t at)
{
	struct model_imap *i = map_edit(a);

	if (!i)
		return -ENOMEM;
	MODEL_REMOVE(&i->lines, at);
	return 0;
}

/* "match [not] …" and, in a policy map, "class NAME". */
static int line_match(struct cmd_args *a, enum model_iline_kind kind, size_t from)
{
	const struct model_imap *i = map_now(a);
	bool not = kind == MODEL_ILINE_MATCH && cmd_has(a, "not");
	char text[MODEL_TEXT_MAX];
	size_t at;

	if (!i || words_join(a, from + not, text, sizeof(text)))
		return -EINVAL;
	at = line_find(i, kind, text);
	if (a->no) {
		if (at == i->lines.n || i->lines.v[at].no != not)
			return cmd_error(a, "%% %s has no such line", i->name);
		return line_remove(a, at);
	}
	if (regexes_check(a, text))
		return -EINVAL;
	if (at < i->lines.n && i->lines.v[at].no != not)
		return cmd_error(a, "%% %s has the opposite of this line", i->name);
	if (at == i->lines.n && line_add(a, kind, not, text, SIZE_MAX))
		return -ENOMEM;
	if (a->session->place.mode == CONFIG_MODE_INSPECT_MAP) {
		a->session->place.mode = CONFIG_MODE_INSPECT_ACTION;
		a->session->place.iline = at;
	}
	return 0;
}

int cfg_do_imap_match(void *ctx, struct cmd_args *a, void *out)
{
	(void)ctx;
	(void)out;
	return line_match(a, MODEL_ILINE_MATCH, 1);
}

static int do_class(void *ctx, struct cmd_args *a, void *out)
{
	const char *name = cmd_get(a, "NAME");
	const struct model_imap *i = map_now(a), *c = model_imap_find(cfg_model(a), MODEL_IMAP_CLASS, name);

	(void)ctx;
	(void)out;
	if (!i)
		return -EINVAL;
	if (!a->no && (!c || strcmp(c->proto, i->proto)))
		return cmd_error(a, "%% class-map type inspect %s %s not configured", i->proto, name);
	return line_match(a, MODEL_ILINE_CLASS, 1);
}

static int do_parameters(void *ctx, struct cmd_args *a, void *out)
{
	struct model_imap *i;
	size_t k = 0;

	(void)ctx;
	(void)out;
	if (!map_now(a))
		return -EINVAL;
	if (!a->no) {
		a->session->place.mode = CONFIG_MODE_INSPECT_PARAM;
		return 0;
	}
	i = map_edit(a);
	while (i && k < i->lines.n) {
		if (i->lines.v[k].kind == MODEL_ILINE_PARAMETER)
			MODEL_REMOVE(&i->lines, k);
		else
			k++;
	}
	return i ? 0 : -ENOMEM;
}

/*
 * How many characters of the line name the parameter: its first word, and the keywords that follow
 * until a value or a word that is one. Parameters that may be given many times: all of the line.
 */
static size_t key_length(const struct cmd_args *a, const char *text)
{
	static const char *const many[] = { "call-agent", "gateway", "host", "validate-attribute",
					    "mcc", "permit" };
	static const char *const values[] = { "action", "auto", "count", "enforce-payloadtype",
					      "per-client-max", "allow", "clear" };
	size_t len = strlen(a->v[0].text);

	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		if (!strcmp(a->v[0].text, many[i]))
			return strlen(text);
	}
	for (size_t i = 1; i < a->n && !a->v[i].label; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
			if (!strcmp(a->v[i].text, values[k]))
				return len;
		}
		len += 1 + strlen(a->v[i].text);
	}
	return len;
}

int cfg_do_imap_parameter(void *ctx, struct cmd_args *a, void *out)
{
	const struct model_imap *i = map_now(a);
	char text[MODEL_TEXT_MAX];
	size_t key, at = SIZE_MAX;
	bool on;

	(void)ctx;
	(void)out;
	if (!i || words_join(a, 0, text, sizeof(text)))
		return -EINVAL;
	on = is_default_on(i->proto, text);
	key = a->no ? strlen(text) : key_length(a, text);
	for (size_t k = i->lines.n; k-- > 0;) {
		const struct model_iline *l = &i->lines.v[k];

		if (l->kind != MODEL_ILINE_PARAMETER || strncmp(l->text, text, key) ||
		    (l->text[key] && l->text[key] != ' '))
			continue;
		if (!strcmp(l->text, text) && l->no == a->no)
			return 0; /* as it is, and where it is */
		/* "message-length maximum 512" is not the one of "message-length maximum client" */
		if (!a->no && l->text[key] == ' ' && strncmp(l->text + key, text + key, 4) &&
		    (!strncmp(l->text + key, " client", 7) || !strncmp(l->text + key, " server", 7)))
			continue;
		if (line_remove(a, k))
			return -ENOMEM;
		at = k;
		i = map_now(a);
	}
	if (a->no != on)
		return 0;
	return line_add(a, MODEL_ILINE_PARAMETER, a->no, text, at); /* a new value in the old place */
}

/* What to do with what a match or a class found: one of drop, drop-connection, mask, reset; log; a rate. */
static int do_action(void *ctx, struct cmd_args *a, void *out)
{
	const char *first = a->v[0].text;
	struct model_imap *i;
	struct model_iline *l;

	(void)ctx;
	(void)out;
	if (!map_now(a))
		return -EINVAL;
	i = map_edit(a);
	if (!i)
		return -ENOMEM;
	if (a->session->place.iline >= i->lines.n ||
	    i->lines.v[a->session->place.iline].kind == MODEL_ILINE_PARAMETER)
		return cmd_error(a, "%% the line that the action belongs to was removed");
	l = &i->lines.v[a->session->place.iline];
	if (!strcmp(first, "rate-limit")) {
		l->rate = a->no ? 0 : cmd_u32(a, "N", 0);
		return 0;
	}
	if (strcmp(first, "log")) {
		if (!a->no && *l->action && strcmp(l->action, first) &&
		    (strncmp(l->action, first, strlen(first)) || l->action[strlen(first)] != ' '))
			return cmd_error(a, "%% the line has the action %s already: remove it first", l->action);
		snprintf(l->action, sizeof(l->action), "%s%s", a->no ? "" : first,
			 !a->no && cmd_has(a, "send-protocol-error") ? " send-protocol-error" : "");
	}
	if (!strcmp(first, "log") || cmd_has(a, "log") || a->no)
		l->log = !a->no;
	return 0;
}

static int do_description(void *ctx, struct cmd_args *a, void *out)
{
	const char *text = a->no ? "" : cmd_get(a, "TEXT");
	struct model_imap *i;

	(void)ctx;
	(void)out;
	if (strlen(text) >= MODEL_TEXT_MAX)
		return cmd_error(a, "the description is longer than %d characters", MODEL_TEXT_MAX - 1);
	if (!map_now(a))
		return -EINVAL;
	i = map_edit(a);
	if (!i)
		return -ENOMEM;
	snprintf(i->description, sizeof(i->description), "%s", text);
	return 0;
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define IM CONFIG_IN(CONFIG_MODE_INSPECT_MAP)
#define IA CONFIG_IN(CONFIG_MODE_INSPECT_ACTION)
#define IC CONFIG_IN(CONFIG_MODE_INSPECT_CLASS)
#define RC CONFIG_IN(CONFIG_MODE_REGEX_CLASS)
#define SM CONFIG_IN(CONFIG_MODE_SNMP_MAP)
#define CLASS_PROTOS "{dcerpc | dns | ftp | h323 | http | im | rtsp | sip}"
#define MAP_PROTOS                                                                                \
	"{dcerpc | dns | esmtp | ftp | gtp | h323 | http | im | ip-options | ipsec-pass-thru | "  \
	"ipv6 | mgcp | netbios | radius-accounting | rtsp | sip | skinny}"

const struct config_command cmd_inspect_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ G, "regex <NAME:name> <PATTERN:line>", "regex <NAME:name> [<PATTERN:line>]",
	  "Regular expression of inspection maps", do_regex },
	{ G, "class-map type regex match-any <NAME:name>", "class-map type regex [match-any] <NAME:name>",
	  "Class of regular expressions", do_regex_class },
	{ RC, "match regex <REGEX:name>", "=", "Expression of the class", cfg_do_imap_match },
	{ G, "class-map type inspect " CLASS_PROTOS " [{match-any | match-all}] <NAME:name>", "=",
	  "Class of messages of a protocol", do_inspect_map },
	{ G, "policy-map type inspect " MAP_PROTOS " <NAME:name>", "=", "Parameters of an inspection",
	  do_inspect_map },
	{ IM, "parameters", "=", "Parameters of the inspection", do_parameters },
	{ IM, "class <NAME:name>", "=", "Class of messages and what to do with them", do_class },
	{ IA, "{drop [send-protocol-error] | drop-connection [send-protocol-error] | mask | reset} [log]",
	  "=", "What to do with the message", do_action },
	{ IA, "log", "=", "Log the message", do_action },
	{ IA, "rate-limit <N:n:1-4294967295>", "rate-limit [<N:n:1-4294967295>]",
	  "Messages per second that may pass", do_action },
	{ RC | IC | IM, "description <TEXT:line>", "description [<TEXT:line>]", "Description",
	  do_description },
	{ G, "snmp-map <NAME:name>", "=", "Versions of SNMP that inspection denies", do_snmp_map },
	{ SM, "deny version {1 | 2 | 2c | 3}", "=", "Version of SNMP that is denied", cfg_do_imap_parameter },
};
const size_t n_cmd_inspect_rows = ARRAY_SIZE(cmd_inspect_rows);

/* ------------------------------------------------------------------ printing, clearing */

/* "", "NAME", "type regex [NAME]", "type inspect [PROTO [NAME]]" after "show running-config class-map" */
static bool wanted(const struct show *sh, const struct model_imap *i)
{
	const char *rest;

	if (!*sh->filter)
		return true;
	if (!starts_with(sh->filter, "type", &rest))
		return !strcmp(sh->filter, i->name);
	if (!starts_with(rest, i->kind == MODEL_IMAP_REGEX ? "regex" : "inspect", &rest))
		return false;
	if (*rest && i->kind != MODEL_IMAP_REGEX && !starts_with(rest, i->proto, &rest))
		return false;
	return !*rest || !strcmp(rest, i->name);
}

static void show_head_line(const struct show *sh, const struct model_imap *i)
{
	char words[64];

	put(sh->sink, "%s%s %s\n", kind_words(i, words, sizeof(words)),
	    i->kind == MODEL_IMAP_POLICY || i->kind == MODEL_IMAP_SNMP ? "" :
	    i->match_any					       ? " match-any" :
									 " match-all", i->name);
	if (*i->description)
		put(sh->sink, " description %s\n", i->description);
}

static void show_class(const struct show *sh, const struct model_imap *i)
{
	show_head_line(sh, i);
	for (size_t k = 0; k < i->lines.n; k++)
		put(sh->sink, " match %s%s\n", i->lines.v[k].no ? "not " : "", i->lines.v[k].text);
}

static void show_parameters(const struct show *sh, const struct model_imap *i)
{
	bool any = false;

	for (size_t k = 0; k < i->lines.n; k++)
		any |= i->lines.v[k].kind == MODEL_ILINE_PARAMETER;
	if (any || sh->all)
		put(sh->sink, " parameters\n");
	for (size_t k = 0; k < i->lines.n; k++) {
		const struct model_iline *l = &i->lines.v[k];

		if (l->kind == MODEL_ILINE_PARAMETER)
			put(sh->sink, "  %s%s\n", l->no ? "no " : "", l->text);
	}
	for (size_t d = 0; sh->all && d < ARRAY_SIZE(default_on); d++) {
		if (!strcmp(default_on[d].proto, i->proto) &&
		    line_find(i, MODEL_ILINE_PARAMETER, default_on[d].text) == i->lines.n)
			put(sh->sink, "  %s\n", default_on[d].text);
	}
}

static void show_policy(const struct show *sh, const struct model_imap *i)
{
	show_head_line(sh, i);
	show_parameters(sh, i);
	for (size_t k = 0; k < i->lines.n; k++) {
		const struct model_iline *l = &i->lines.v[k];

		if (l->kind == MODEL_ILINE_PARAMETER)
			continue;
		put(sh->sink, " %s %s%s\n", l->kind == MODEL_ILINE_MATCH ? "match" : "class",
		    l->no ? "not " : "", l->text);
		if (*l->action)
			put(sh->sink, "  %s%s\n", l->action, l->log ? " log" : "");
		else if (l->log)
			put(sh->sink, "  log\n");
		if (l->rate)
			put(sh->sink, "  rate-limit %u\n", l->rate);
	}
}

void show_inspect_classes(const struct show *sh)
{
	/* Classes of expressions first: the others name them. */
	for (int regex = 1; regex >= 0; regex--) {
		for (size_t i = 0; i < sh->m->imaps.n; i++) {
			const struct model_imap *im = &sh->m->imaps.v[i];

			if (im->kind == (regex ? MODEL_IMAP_REGEX : MODEL_IMAP_CLASS) && wanted(sh, im))
				show_class(sh, im);
		}
	}
}

void show_inspect_maps(const struct show *sh)
{
	show_built_in_maps(sh);
	for (size_t i = 0; i < sh->m->imaps.n; i++) {
		if (sh->m->imaps.v[i].kind == MODEL_IMAP_POLICY && wanted(sh, &sh->m->imaps.v[i]))
			show_policy(sh, &sh->m->imaps.v[i]);
	}
}

void show_regexes(const struct show *sh)
{
	for (size_t i = 0; i < sh->m->regexes.n; i++) {
		const struct model_regex *r = &sh->m->regexes.v[i];

		if (!*sh->filter || !strcmp(sh->filter, r->name))
			put(sh->sink, "regex %s %s\n", r->name, r->pattern);
	}
}

void show_snmp_maps(const struct show *sh)
{
	for (size_t i = 0; i < sh->m->imaps.n; i++) {
		const struct model_imap *im = &sh->m->imaps.v[i];

		if (im->kind != MODEL_IMAP_SNMP || (*sh->filter && strcmp(sh->filter, im->name)))
			continue;
		show_head_line(sh, im);
		for (size_t k = 0; k < im->lines.n; k++)
			put(sh->sink, " %s\n", im->lines.v[k].text);
	}
}

void cfg_imaps_clear(struct model *m, enum model_imap_kind kind)
{
	for (size_t i = m->imaps.n; i-- > 0;) {
		if (m->imaps.v[i].kind != kind)
			continue;
		model_imap_clear(&m->imaps.v[i]);
		MODEL_REMOVE(&m->imaps, i);
	}
}

int clear_regexes(struct model *m, const struct model *empty)
{
	(void)empty;
	m->regexes.n = 0;
	return 0;
}

int clear_snmp_maps(struct model *m, const struct model *empty)
{
	(void)empty;
	cfg_imaps_clear(m, MODEL_IMAP_SNMP);
	return 0;
}
