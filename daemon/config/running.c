// SPDX-License-Identifier: GPL-2.0-only
/*
 * The running configuration: all sections in ASA's order, one of them, or none of them.
 *
 * Responsible for: the table of sections, which is what "show running-config SECTION" and "clear
 * configure SECTION" know; the separators between sections. Not responsible for: the text of a
 * section (next to its commands in cmd_*.c).
 *
 * Whatever is printed here is read back as the same configuration (CFG-2): a section comes after
 * all that its lines name. Callers: control, config_write. Control thread only.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/impl.h"

void put(struct config_sink *s, const char *fmt, ...)
{
	char buf[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n > 0)
		s->put(s, buf, (size_t)n < sizeof(buf) ? (size_t)n : sizeof(buf) - 1);
}

/*
 * In the order of the running configuration. words: first words of the lines, NULL: only part of
 * the whole. A section may have several printers, then its words are in several rows.
 */
static const struct section {
	const char *words;
	show_fn *show;
	clear_fn *clear;
} sections[] = {
	/* words                   show                  clear */
	{ NULL,			   show_version_line,	 NULL },
	{ "access-list-semantics", show_semantics,	 NULL },
	{ "hostname",		   show_hostname,	 clear_hostname },
	{ NULL,			   show_head,		 NULL },
	{ "timeout",		   show_timeout_floor,	 NULL },
	{ "fail-mode",		   show_fail_mode,	 NULL },
	{ "interface",		   show_interfaces,	 clear_interfaces },
	{ "dns",		   show_dns,		 clear_dns },
	{ "same-security-traffic", show_same_security,	 clear_same_security },
	{ "time-range",		   show_time_ranges,	 NULL },
	{ "object",		   show_objects,	 clear_objects },
	{ "object-group",	   show_groups,		 clear_groups },
	{ "access-list",	   show_access_lists,	 clear_access_lists },
	{ "logging",		   show_logging,	 clear_logging },
	{ "fragment",		   show_fragment,	 clear_fragment },
	{ "ip verify reverse-path", show_verify,	 clear_verify },
	{ "service-module",	 show_service_module,	 clear_service_module },
	{ "xlate",		   show_xlate_blocks,	 clear_xlate_blocks },
	{ "global",		   show_pix_global,	 clear_global },
	{ "nat",		   show_pix_nat,	 clear_nat },
	{ "static",		   show_pix_static,	 clear_static },
	{ "nat",		   show_twice_nat,	 NULL },
	{ "nat",		   show_object_nat,	 NULL },
	{ "nat",		   show_after_auto,	 NULL },
	{ "access-group",	   show_access_groups,	 clear_access_groups },
	{ "established",	   show_established,	 clear_established },
	{ "route",		   show_routes,		 clear_routes },
	{ "timeout",		   show_timeouts,	 clear_timeouts },
	{ NULL,			   show_mgmt,		 clear_mgmt },
	{ "ssh",		   NULL,		 NULL }, /* these four: cfg_show_mgmt_word() */
	{ "telnet",		   NULL,		 NULL },
	{ "http",		   NULL,		 NULL },
	{ "icmp",		   NULL,		 NULL },
	{ "sysopt",		   show_sysopt,		 clear_sysopt },
	{ NULL,			   show_tail,		 NULL },
	{ "tcp-map",		   show_tcp_maps,	 clear_tcp_maps },
	{ "regex",		   show_regexes,	 clear_regexes },
	{ "snmp-map",		   show_snmp_maps,	 clear_snmp_maps },
	{ "class-map",		   show_class_maps,	 clear_class_maps },
	{ "policy-map",		   show_policy_maps,	 clear_policy_maps },
	{ "service-policy",	   show_service_policies, clear_service_policies },
};

static bool words_match(const char *section, const char *words, const char **rest)
{
	size_t len = strlen(words);

	if (strncasecmp(section, words, len) || (section[len] && section[len] != ' '))
		return false;
	*rest = section + len + strspn(section + len, " ");
	return true;
}

/* Kept lines that begin with these words, for sections that no row has. */
static bool show_kept(const struct model *m, const char *section, struct config_sink *sink)
{
	bool print = false, any = false;
	const char *rest;

	for (size_t i = 0; i < m->opaque.n; i++) {
		const char *line = m->opaque.v[i];

		if (*line != ' ')
			print = words_match(line, section, &rest);
		if (print)
			put(sink, "%s\n", line);
		any |= print;
	}
	return any;
}

/* Words that may stand between a section and a name: "object network NAME". */
static const char *skip_kind(const char *rest)
{
	static const char *const kinds[] = { "network", "service", "protocol", "icmp-type" };
	const char *after;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (words_match(rest, kinds[i], &after))
			return after;
	}
	return rest;
}

const char *config_section_at(size_t i)
{
	size_t named = 0;

	for (size_t k = 0; k < ARRAY_SIZE(sections); k++) {
		if (sections[k].words && named++ == i)
			return sections[k].words;
	}
	return NULL;
}

/* The section that a shortened first word means ("acc" is none: three begin so). */
static const char *section_expand(const char *section, char *buf, size_t size)
{
	size_t len = strcspn(section, " ");
	const char *found = NULL, *words;

	for (size_t i = 0; (words = config_section_at(i)); i++) {
		if (strncasecmp(words, section, len))
			continue;
		if (!words[len])
			return section;
		/* two that begin so: ambiguous, but for "access-list" and "access-list-semantics" */
		if (found && strncmp(words, found, strlen(found)) && strncmp(words, found, strlen(words)))
			return section;
		if (!found || strlen(words) < strlen(found))
			found = words;
	}
	if (!found)
		return section;
	snprintf(buf, size, "%s%s", found, section + len);
	return buf;
}

static int show_section(const struct model *m, const char *section, bool all,
			struct config_sink *sink)
{
	struct show sh = { .m = m, .sink = sink, .all = all, .filter = "" };
	char expanded[MODEL_TEXT_MAX];
	bool known = false;

	section = section_expand(section, expanded, sizeof(expanded));
	if (cfg_show_mgmt_word(&sh, section)) {
		(void)show_kept(m, section, sink);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		const char *rest;

		if (!sections[i].words || !words_match(section, sections[i].words, &rest))
			continue;
		known = true;
		sh.filter = skip_kind(rest);
		if (sections[i].show)
			sections[i].show(&sh);
	}
	if (known)
		return 0;
	return show_kept(m, section, sink) ? 0 : -ENOENT;
}

int config_running(const struct model *m, const char *section, bool all, struct config_sink *sink)
{
	struct show sh = { .m = m, .sink = sink, .all = all, .filter = "" };

	if (section && *section)
		return show_section(m, section, all, sink);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (sections[i].show)
			sections[i].show(&sh);
		if (sections[i].show == show_head || sections[i].show == show_timeouts)
			put(sink, "!\n");
	}
	put(sink, ": end\n");
	return 0;
}

struct memory_sink {
	struct config_sink sink;
	char *text;
	size_t len, cap;
	bool failed;
};

static void memory_put(struct config_sink *s, const char *text, size_t len)
{
	struct memory_sink *ms = (struct memory_sink *)s;

	if (ms->failed)
		return;
	if (ms->len + len + 1 > ms->cap) {
		size_t cap = ms->cap ? ms->cap * 2 : 4096;
		char *grown;

		while (cap < ms->len + len + 1)
			cap *= 2;
		grown = realloc(ms->text, cap);
		if (!grown) {
			ms->failed = true;
			return;
		}
		ms->text = grown;
		ms->cap = cap;
	}
	memcpy(ms->text + ms->len, text, len);
	ms->len += len;
	ms->text[ms->len] = '\0';
}

char *config_running_text(const struct model *m, const char *section, bool all, size_t *len)
{
	struct memory_sink ms = { .sink = { memory_put } };
	int err = config_running(m, section, all, &ms.sink);

	if (!err && !ms.text)
		memory_put(&ms.sink, "", 0);
	if (err || ms.failed) {
		free(ms.text);
		return NULL;
	}
	if (len)
		*len = ms.len;
	return ms.text;
}

/* ------------------------------------------------------------------ clear configure */

/* Everything that a section can name goes before the section itself. */
static int clear_all(struct model *m, const struct model *empty)
{
	for (size_t i = ARRAY_SIZE(sections); i-- > 0;) {
		if (sections[i].clear)
			sections[i].clear(m, empty);
	}
	while (m->opaque.n)
		free(m->opaque.v[--m->opaque.n]);
	m->version_line[0] = '\0';
	m->acl_mapped = empty->acl_mapped;
	m->fail_open = empty->fail_open;
	return 0;
}

static bool kept_any(const struct model *m, const char *words)
{
	const char *rest;

	for (size_t i = 0; i < m->opaque.n; i++) {
		if (words_match(m->opaque.v[i], words, &rest))
			return true;
	}
	return false;
}

/* "clear configure access-list NAME" and the like. */
static int clear_named(struct cmd_args *a, const char *kind, const char *name)
{
	char line[MODEL_TEXT_MAX];
	struct config_result r;
	struct config_session *s = a->session;
	struct cfg_place saved = s->place;
	enum config_status st;

	snprintf(line, sizeof(line), "no %s %s", kind, name);
	config_result_init(&r);
	st = cfg_execute(s, line, NULL, &r);
	if (st != CONFIG_OK)
		memcpy(a->result->error, r.error, sizeof(r.error));
	a->result->status = st;
	s->place = saved;
	config_result_fini(&r);
	return st == CONFIG_OK ? 0 : -EINVAL;
}

int cfg_clear_section(struct cmd_args *a, const char *section)
{
	static const char *const named[] = { "access-list", "object-group", "class-map", "policy-map",
					     "object",	    "tcp-map",	    "interface",  "regex",
					     "snmp-map" };
	struct model *empty, *m;
	bool known = false;
	const char *rest;

	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		if (words_match(section, named[i], &rest) && *skip_kind(rest))
			return clear_named(a, named[i], strcmp(named[i], "object-group") ? rest :
											   skip_kind(rest));
	}
	empty = model_new();
	m = empty ? cfg_edit(a) : NULL;
	if (!m) {
		model_free(empty);
		return cfg_no_memory(a);
	}
	cfg_ace_index_drop(a->session);
	if (!strcasecmp(section, "all"))
		known = !clear_all(m, empty);
	for (size_t i = 0; !known && i < ARRAY_SIZE(sections); i++) {
		if (sections[i].words && sections[i].clear && !strcasecmp(section, sections[i].words))
			known = !sections[i].clear(m, empty);
	}
	if (!known && !strcasecmp(section, "access-list-semantics")) {
		m->acl_mapped = empty->acl_mapped;
		known = true;
	}
	if (!known && !strcasecmp(section, "fail-mode")) {
		m->fail_open = empty->fail_open;
		known = true;
	}
	if (!known)
		known = cfg_clear_mgmt_word(m, section);
	if (!known && kept_any(m, section)) {
		opaque_clear(m, section);
		known = true;
	}
	model_free(empty);
	if (!known)
		return cmd_error(a, "there is no section \"%s\" to clear", section);
	return cfg_check_references(a);
}

enum config_status config_clear(struct config_session *s, const char *section,
				struct config_result *r)
{
	struct cfg_place saved = s->place;
	char line[MODEL_TEXT_MAX];
	enum config_status st;

	snprintf(line, sizeof(line), "clear configure %s", section && *section ? section : "all");
	s->place = (struct cfg_place){ .mode = CONFIG_MODE_GLOBAL };
	st = config_line(s, line, NULL, r);
	s->place = saved;
	return st;
}
