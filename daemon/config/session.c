// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: modes, prompts, and one line at a time.
 *
 * Responsible for: in which modes a line is looked for, running its handler on a copy of the
 * model, and the text of syntax errors (CFG-3). Not responsible for: the grammar (match.c), many
 * lines (text.c), what commands do (cmd_*.c).
 *
 * A line is tried in the session's mode, then in the modes around it (class -> policy map ->
 * global), then among the commands of privileged mode; the first that fits wins, and a
 * configuration command found further out moves the session there, as on an ASA.
 *
 * Callers: control, text.c. Control thread only.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/impl.h"

/* ------------------------------------------------------------------ results */

void config_result_init(struct config_result *r)
{
	memset(r, 0, sizeof(*r));
}

void config_result_fini(struct config_result *r)
{
	free(r->warnings);
	memset(r, 0, sizeof(*r));
}

static void result_warn_va(struct config_result *r, const char *fmt, va_list ap)
{
	char line[1024];
	size_t len;
	char *grown;

	vsnprintf(line, sizeof(line), fmt, ap);
	len = strlen(line) + sizeof("WARNING: \n");
	grown = realloc(r->warnings, r->warnings_size + len + 1);
	if (!grown)
		return;
	r->warnings = grown;
	r->warnings_size += (size_t)snprintf(grown + r->warnings_size, len + 1, "%s%s\n",
					     strncmp(line, "WARNING", 7) && strncmp(line, "INFO", 4) ?
							     "WARNING: " :
							     "", line);
}

void config_result_warn(struct config_result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result_warn_va(r, fmt, ap);
	va_end(ap);
}

static void refuse_va(struct config_result *r, const char *fmt, va_list ap)
{
	size_t n = 0;

	if (strncmp(fmt, "ERROR", 5))
		n = (size_t)snprintf(r->error, sizeof(r->error), "ERROR: ");
	vsnprintf(r->error + n, sizeof(r->error) - n, fmt, ap);
	r->status = CONFIG_REFUSED;
}

enum config_status cfg_refuse(struct config_result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	refuse_va(r, fmt, ap);
	va_end(ap);
	return r->status;
}

int cmd_error(struct cmd_args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	refuse_va(a->result, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void cmd_warn(struct cmd_args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result_warn_va(a->result, fmt, ap);
	va_end(ap);
}

/* ------------------------------------------------------------------ words of a command */

const char *cmd_get(const struct cmd_args *a, const char *label)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].label && !strcmp(a->v[i].label, label))
			return a->v[i].text;
	}
	return NULL;
}

uint32_t cmd_u32(const struct cmd_args *a, const char *label, uint32_t fallback)
{
	const char *text = cmd_get(a, label);
	uint32_t v;

	return text && !value_u32(text, 0, UINT32_MAX, &v) ? v : fallback;
}

bool cmd_has(const struct cmd_args *a, const char *keyword)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!a->v[i].label && !strcmp(a->v[i].text, keyword))
			return true;
	}
	return false;
}

const struct model *cfg_model(const struct cmd_args *a)
{
	const struct config_session *s = a->session;

	return s->work ? s->work : s->cfg->current;
}

int cfg_no_memory(struct cmd_args *a)
{
	cmd_error(a, "out of memory, nothing was changed");
	return -ENOMEM;
}

struct model *cfg_edit(struct cmd_args *a)
{
	struct config_session *s = a->session;

	if (!s->work) {
		s->work = model_clone(s->cfg->current);
		if (!s->work)
			cfg_no_memory(a);
	}
	s->edited = true;
	return s->work;
}

void cfg_enter(struct cmd_args *a, enum config_mode mode, const char *name)
{
	struct cfg_place *p = &a->session->place;

	p->mode = mode;
	if (mode == CONFIG_MODE_POLICY_CLASS)
		name_copy(p->class_name, name);
	else if (mode == CONFIG_MODE_BLOCK || mode == CONFIG_MODE_TIME_RANGE)
		snprintf(p->block, sizeof(p->block), "%s", name);
	else
		name_copy(p->name, name);
}

/* ------------------------------------------------------------------ modes */

static const char *const prompts[CONFIG_MODE_COUNT] = {
	[CONFIG_MODE_EXEC] = "> ",
	[CONFIG_MODE_PRIV] = "# ",
	[CONFIG_MODE_GLOBAL] = "(config)# ",
	[CONFIG_MODE_IF] = "(config-if)# ",
	[CONFIG_MODE_OBJECT_NETWORK] = "(config-network-object)# ",
	[CONFIG_MODE_OBJECT_SERVICE] = "(config-service-object)# ",
	[CONFIG_MODE_GROUP_NETWORK] = "(config-network-object-group)# ",
	[CONFIG_MODE_GROUP_SERVICE] = "(config-service-object-group)# ",
	[CONFIG_MODE_GROUP_PROTOCOL] = "(config-protocol-object-group)# ",
	[CONFIG_MODE_GROUP_ICMP] = "(config-icmp-object-group)# ",
	[CONFIG_MODE_CLASS_MAP] = "(config-cmap)# ",
	[CONFIG_MODE_POLICY_MAP] = "(config-pmap)# ",
	[CONFIG_MODE_POLICY_CLASS] = "(config-pmap-c)# ",
	[CONFIG_MODE_TCP_MAP] = "(config-tcp-map)# ",
	[CONFIG_MODE_TIME_RANGE] = "(config-time-range)# ",
	[CONFIG_MODE_INSPECT_CLASS] = "(config-cmap)# ",
	[CONFIG_MODE_REGEX_CLASS] = "(config-cmap)# ",
	[CONFIG_MODE_INSPECT_MAP] = "(config-pmap)# ",
	[CONFIG_MODE_INSPECT_PARAM] = "(config-pmap-p)# ",
	[CONFIG_MODE_INSPECT_ACTION] = "(config-pmap-c)# ",
	[CONFIG_MODE_SNMP_MAP] = "(config-snmp-map)# ",
	[CONFIG_MODE_DNS_GROUP] = "(config-dns-server-group)# ",
};

struct config_session *config_session_new(struct config *c, enum config_mode mode)
{
	struct config_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->cfg = c;
	s->place.mode = mode;
	return s;
}

void config_session_free(struct config_session *s)
{
	if (!s)
		return;
	model_free(s->work);
	cfg_ace_index_drop(s);
	gmatch_fini(&s->match);
	free(s);
}

struct config *config_session_config(struct config_session *s)
{
	return s->cfg;
}

enum config_mode config_session_mode(const struct config_session *s)
{
	return s->place.mode;
}

size_t config_prompt(const struct config_session *s, char *buf, size_t size)
{
	const char *host = s->cfg->current->hostname, *block = s->place.block;
	int n;

	if (s->place.mode != CONFIG_MODE_BLOCK)
		n = snprintf(buf, size, "%s%s", host, prompts[s->place.mode]);
	else if (!strncmp(block, "policy-map", 10) || !strncmp(block, "class-map", 9))
		n = snprintf(buf, size, "%s(config-%cmap)# ", host, *block);
	else
		n = snprintf(buf, size, "%s(config-%.*s)# ", host, (int)strcspn(block, " "), block);

	return n < 0 ? 0 : (size_t)n >= size ? size - 1 : (size_t)n;
}

size_t cfg_mode_chain(const struct cfg_place *p, uint64_t chain[6])
{
	uint64_t kinds = (uint64_t)p->kinds << 32;
	enum config_mode mode = p->mode;
	size_t n = 0;

	chain[n++] = CONFIG_IN(mode) | kinds;
	if (mode == CONFIG_MODE_POLICY_CLASS)
		chain[n++] = CONFIG_IN(CONFIG_MODE_POLICY_MAP);
	if (mode == CONFIG_MODE_INSPECT_PARAM || mode == CONFIG_MODE_INSPECT_ACTION)
		chain[n++] = CONFIG_IN(CONFIG_MODE_INSPECT_MAP) | kinds;
	if (mode > CONFIG_MODE_GLOBAL)
		chain[n++] = CONFIG_IN(CONFIG_MODE_GLOBAL);
	if (mode >= CONFIG_MODE_GLOBAL)
		chain[n++] = CONFIG_IN_PRIV;
	return n;
}

static void failure_note(struct config_session *s, bool first)
{
	const struct gmatch *m = &s->match;
	struct cfg_failure *f = &s->failure;
	bool fresh = first || m->at > f->at;

	if (!fresh && m->at < f->at)
		return;
	if (fresh) {
		f->result = m->result;
		f->at = m->at;
		f->n_expected = 0;
	}
	/* Words typed so far fit in several modes: show what any of them expects, but for the */
	/* first word only what the mode itself has. */
	if (!fresh && !m->at)
		return;
	for (size_t i = m->expect_lo; i < m->expect_hi && f->n_expected < CONFIG_EXPECTED_MAX; i++)
		f->expected[f->n_expected++] = m->threads[i].node;
}

bool cfg_resolve(struct config_session *s, enum config_mode *mode)
{
	uint64_t chain[6];
	size_t n = cfg_mode_chain(&s->place, chain);
	bool whole = false;

	/* Kept blocks take any line: only what no command takes, unless it is indented. */
	if (s->place.mode == CONFIG_MODE_BLOCK && !s->line.indented) {
		memmove(chain, chain + 1, (n - 1) * sizeof(*chain));
		chain[n - 1] = CONFIG_IN(CONFIG_MODE_BLOCK);
	}
	for (size_t i = 0; i < n; i++) {
		if (grammar_match(&s->cfg->grammar, chain[i], &s->line, s->line.n, whole, &s->match) ==
		    GR_OK) {
			*mode = (enum config_mode)__builtin_ctzll(chain[i]);
			return true;
		}
		failure_note(s, i == 0);
		/* A command of this mode with a mistake in it is not short for another one further */
		/* out: "host 10.0.0.300" in an object is no new hostname. */
		whole |= s->match.first_exact;
	}
	return false;
}

/* ------------------------------------------------------------------ errors */

static void error_add(struct config_result *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void error_add(struct config_result *r, const char *fmt, ...)
{
	size_t len = strlen(r->error);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error + len, sizeof(r->error) - len, fmt, ap);
	va_end(ap);
}

/* Does the list of expected words up to i have this label already? */
static bool label_repeats(const struct config_session *s, size_t i, const char *label)
{
	char other[64];

	for (size_t k = 0; k < i; k++) {
		const struct gnode *n = &s->cfg->grammar.nodes[s->failure.expected[k]];

		if (!strcmp(grammar_node_label(n, other, sizeof(other)), label))
			return true;
	}
	return false;
}

static void error_add_expected(const struct config_session *s, struct config_result *r,
			       const char *head, const char *prefix)
{
	bool any = false;

	for (size_t i = 0; i < s->failure.n_expected; i++) {
		const struct gnode *n = &s->cfg->grammar.nodes[s->failure.expected[i]];
		char buf[64];
		const char *label = grammar_node_label(n, buf, sizeof(buf));

		/* What is only kept would bury what acts. */
		if (!*label || n->whole || label_repeats(s, i, label))
			continue;
		if (prefix && (n->kind != G_KEYWORD || strncasecmp(label, prefix, strlen(prefix))))
			continue;
		if (strlen(r->error) + 80 > sizeof(r->error)) {
			error_add(r, " ...");
			return;
		}
		error_add(r, "%s%s", any ? " " : head, label);
		any = true;
	}
}

static enum config_status syntax_error(struct config_session *s, struct config_result *r)
{
	const struct gline *l = &s->line;
	const struct cfg_failure *f = &s->failure;
	size_t at = f->at < l->n ? f->at : l->n - 1;
	unsigned int column = l->words[at].column;

	r->status = CONFIG_SYNTAX;
	r->error[0] = '\0';
	if (f->result == GR_INCOMPLETE) {
		r->column = l->offset + (unsigned int)strlen(l->line) + 1;
		error_add(r, "ERROR: %% Incomplete command");
		error_add_expected(s, r, "\nValid next: ", NULL);
		return r->status;
	}
	r->column = l->offset + column;
	if (f->result == GR_AMBIGUOUS) {
		error_add(r, "ERROR: %% Ambiguous command:  \"%.*s\"", 400, l->line);
		error_add_expected(s, r, "\nPossible: ", l->words[at].text);
		return r->status;
	}
	if (strlen(l->line) < 1000) {
		unsigned int blanks = 0;

		/* The caret stands under a character, not under a byte of one. */
		for (unsigned int i = 0; i + 1 < column; i++)
			blanks += ((unsigned char)l->line[i] & 0xc0) != 0x80;
		error_add(r, "%s\n%*s^\n", l->line, (int)blanks, "");
	}
	error_add(r, "ERROR: %% Invalid input detected at '^' marker.");
	error_add_expected(s, r, "\nValid here: ", NULL);
	return r->status;
}

/* ------------------------------------------------------------------ one line */

void cfg_discard(struct config_session *s)
{
	model_free(s->work);
	s->work = NULL;
	cfg_ace_index_drop(s);
}

enum config_status cfg_execute(struct config_session *s, const char *text, void *out,
			       struct config_result *r)
{
	struct cfg_place saved = s->place;
	enum config_mode mode = CONFIG_MODE_EXEC;
	const struct grow *row;
	struct cmd_args a;
	int err;

	r->status = CONFIG_OK;
	r->error[0] = '\0';
	r->column = 0;
	s->edited = false;
	err = gline_read(&s->line, text);
	if (err == -E2BIG)
		cfg_refuse(r, "the line is too long: %d characters and %d words at most",
			   GRAMMAR_LINE_MAX - 1, GRAMMAR_WORDS_MAX);
	else if (err)
		cfg_refuse(r, "the line has control characters in it");
	if (err) {
		s->failure.result = GR_INVALID;
		r->status = CONFIG_SYNTAX;
		return r->status;
	}
	if (s->line.comment)
		return CONFIG_OK;
	if (s->empty_start && !s->work) {
		s->work = model_new();
		if (!s->work)
			return cfg_refuse(r, "out of memory, nothing was changed");
	}
	if (!cfg_resolve(s, &mode))
		return syntax_error(s, r);
	row = s->match.row;
	if (!row->own && s->skip_registered) {
		config_result_warn(r, "\"%s\" is no configuration command and was not run",
				   s->line.line);
		return CONFIG_OK;
	}
	if (mode >= CONFIG_MODE_GLOBAL)
		s->place.mode = mode;
	a = (struct cmd_args){
		.session = s,
		.command = row->command,
		.result = r,
		.no = s->match.no,
		.n = s->match.n_args,
		.v = s->match.args,
	};
	err = row->command->handler(row->own ? (void *)s : row->ctx, &a, out);
	if (!err)
		return CONFIG_OK;
	s->place = saved;
	if (r->status == CONFIG_OK)
		cfg_refuse(r, "%s", strerror(err < 0 ? -err : err));
	return r->status;
}

enum config_status cfg_commit(struct config_session *s, bool check, struct config_result *r)
{
	int err;

	if (!s->work && s->empty_start) {
		s->work = model_new();
		if (!s->work)
			return cfg_refuse(r, "out of memory, nothing was changed");
	}
	if (!s->work)
		return CONFIG_OK;
	err = cfg_model_apply(s->cfg, s->work, check, r);
	if (err || check) {
		cfg_discard(s);
		return err ? r->status : CONFIG_OK;
	}
	cfg_model_commit(s->cfg, s->work);
	s->work = NULL;
	cfg_ace_index_drop(s);
	return CONFIG_OK;
}

enum config_status config_line(struct config_session *s, const char *line, void *out,
			       struct config_result *r)
{
	struct cfg_place saved = s->place;

	if (cfg_execute(s, line, out, r) != CONFIG_OK) {
		cfg_discard(s);
		return r->status;
	}
	if (cfg_commit(s, false, r) != CONFIG_OK)
		s->place = saved;
	return r->status;
}

/* ------------------------------------------------------------------ moving between modes */

static int do_exit(void *ctx, struct cmd_args *a, void *out)
{
	struct cfg_place *p = &((struct config_session *)ctx)->place;

	(void)out;
	if (p->mode == CONFIG_MODE_POLICY_CLASS)
		p->mode = CONFIG_MODE_POLICY_MAP;
	else if (p->mode == CONFIG_MODE_INSPECT_PARAM || p->mode == CONFIG_MODE_INSPECT_ACTION)
		p->mode = CONFIG_MODE_INSPECT_MAP;
	else if (p->mode > CONFIG_MODE_GLOBAL)
		p->mode = CONFIG_MODE_GLOBAL;
	else if (p->mode == CONFIG_MODE_GLOBAL)
		p->mode = CONFIG_MODE_PRIV;
	else
		a->result->closed = true;
	return 0;
}

static int do_end(void *ctx, struct cmd_args *a, void *out)
{
	(void)a;
	(void)out;
	((struct config_session *)ctx)->place.mode = CONFIG_MODE_PRIV;
	return 0;
}

static int do_configure(void *ctx, struct cmd_args *a, void *out)
{
	struct cfg_place *p = &((struct config_session *)ctx)->place;

	(void)a;
	(void)out;
	if (p->mode < CONFIG_MODE_GLOBAL)
		p->mode = CONFIG_MODE_GLOBAL;
	return 0;
}

static int do_enable(void *ctx, struct cmd_args *a, void *out)
{
	struct cfg_place *p = &((struct config_session *)ctx)->place;

	(void)out;
	if (p->mode < CONFIG_MODE_GLOBAL)
		p->mode = cmd_has(a, "disable") ? CONFIG_MODE_EXEC : CONFIG_MODE_PRIV;
	return 0;
}

#define IN_CONFIG (((1u << CONFIG_MODE_COUNT) - 1) & ~CONFIG_IN_EXEC)

const struct config_command cmd_session_rows[] = {
	/* modes                       syntax                no    help                              handler */
	{ IN_CONFIG | CONFIG_IN_EXEC, "exit",		     NULL, "Leave the present mode",	      do_exit },
	{ IN_CONFIG | CONFIG_IN_EXEC, "quit",		     NULL, "Leave the present mode",	      do_exit },
	/* Not to be shortened: "log" in a configuration is the beginning of logging. */
	{ CONFIG_IN_EXEC | CONFIG_WHOLE_WORDS, "logout",     NULL, "End the session",		      do_exit },
	{ IN_CONFIG,		      "end",		     NULL, "Back to privileged mode",	      do_end },
	{ CONFIG_IN_PRIV,	      "configure terminal",  NULL, "Change the configuration",	      do_configure },
	{ CONFIG_IN_EXEC,	      "enable [<LEVEL:n:0-15>]", NULL, "Enter privileged mode",	      do_enable },
	{ CONFIG_IN_PRIV,	      "disable",	     NULL, "Leave privileged mode",	      do_enable },
};
const size_t n_cmd_session_rows = ARRAY_SIZE(cmd_session_rows);
