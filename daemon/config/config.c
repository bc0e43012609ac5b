// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration in force: its model, its history, its file.
 *
 * Responsible for: owning the current model, applying a new one through the daemon's callback,
 * rollback, reading and writing configuration files. Not responsible for: lines (session.c),
 * many lines (text.c), printing (running.c).
 *
 * Life cycle: config_new registers the language's own commands; other modules add theirs; every
 * change goes through cfg_model_apply() and cfg_model_commit(), in this order, so that the model
 * in force is always one that the daemon has accepted.
 *
 * Callers: main (start-up), control (sessions, files). Control thread only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/impl.h"

#define CONFIG_FILE_MAX (64u << 20)
#define TRIAL_AGAIN_S 10

int cfg_strings_add(struct cfg_strings *v, const char *text)
{
	char *copy = strdup(text);
	char **row = copy ? MODEL_PUSH(v) : NULL;

	if (!row) {
		free(copy);
		return -ENOMEM;
	}
	*row = copy;
	return 0;
}

void cfg_strings_clear(struct cfg_strings *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i]);
	free(v->v);
	memset(v, 0, sizeof(*v));
}

bool cfg_strings_have(const struct cfg_strings *v, const char *text)
{
	for (size_t i = 0; i < v->n; i++) {
		if (!strcmp(v->v[i], text))
			return true;
	}
	return false;
}

int config_register(struct config *c, const struct config_command *rows, size_t n, void *ctx)
{
	const char *where = "";

	for (size_t i = 0; i < n; i++) {
		int err = grammar_add(&c->grammar, &rows[i], ctx, false, &where);

		if (err == -EINVAL)
			fprintf(stderr, "config: bad syntax string: %s\n", where);
		if (err)
			return err;
	}
	return 0;
}

static int register_own(struct config *c)
{
	const struct {
		const struct config_command *rows;
		size_t n;
	} tables[] = {
		{ cmd_session_rows, n_cmd_session_rows }, { cmd_if_rows, n_cmd_if_rows },
		{ cmd_established_rows, n_cmd_established_rows },
		{ cmd_dns_rows, n_cmd_dns_rows },
		{ cmd_object_rows, n_cmd_object_rows },	  { cmd_acl_rows, n_cmd_acl_rows },
		{ cmd_nat_rows, n_cmd_nat_rows },	  { cmd_class_rows, n_cmd_class_rows },
		{ cmd_mpf_rows, n_cmd_mpf_rows },
		{ cmd_system_rows, n_cmd_system_rows },	  { cmd_logging_rows, n_cmd_logging_rows },
		{ cmd_conn_rows, n_cmd_conn_rows },	  { cmd_tcp_map_rows, n_cmd_tcp_map_rows },
		{ cmd_ip_rows, n_cmd_ip_rows },
		{ cmd_inspect_rows, n_cmd_inspect_rows }, { cmd_opaque_rows, n_cmd_opaque_rows },
		{ cmd_inspect_line_rows, n_cmd_inspect_line_rows },
	};
	const char *where = "";

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (size_t i = 0; i < tables[t].n; i++) {
			int err = grammar_add(&c->grammar, &tables[t].rows[i], NULL, true, &where);

			if (err == -EINVAL)
				fprintf(stderr, "config: bad syntax string: %s\n", where);
			if (err)
				return err;
		}
	}
	return 0;
}

struct config *config_new(const struct config_ops *ops)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	if (ops)
		c->ops = *ops;
	c->current = model_new();
	if (!c->current || grammar_init(&c->grammar) || register_own(c)) {
		config_free(c);
		return NULL;
	}
	return c;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_history; i++)
		model_free(c->history[i]);
	model_free(c->current);
	model_free(c->trusted);
	grammar_fini(&c->grammar);
	cfg_strings_clear(&c->warned);
	cfg_strings_clear(&c->warning);
	free(c);
}

const struct model *config_model(const struct config *c)
{
	return c->current;
}

void config_warn(struct config *c, const char *text)
{
	cfg_strings_add(&c->warning, text);
}

int cfg_model_apply(struct config *c, const struct model *m, bool check, struct config_result *r)
{
	int (*fn)(void *, const struct model *, struct policy_error *) =
		check ? c->ops.check : c->ops.apply;
	struct policy_error e = { .text = "" };
	int err;

	cfg_strings_clear(&c->warning);
	err = fn ? fn(c->ops.arg, m, &e) : 0;
	if (err) {
		cfg_refuse(r, "%s", *e.text ? e.text : strerror(-err));
		cfg_strings_clear(&c->warning);
		return err;
	}
	/* A warning is news once: when it was not true of the model before. */
	for (size_t i = 0; i < c->warning.n; i++) {
		if (!cfg_strings_have(&c->warned, c->warning.v[i]))
			config_result_warn(r, "%s", c->warning.v[i]);
	}
	if (check) {
		cfg_strings_clear(&c->warning);
		return 0;
	}
	cfg_strings_clear(&c->warned);
	c->warned = c->warning;
	memset(&c->warning, 0, sizeof(c->warning));
	return 0;
}

void cfg_model_commit(struct config *c, struct model *m)
{
	while (c->n_history >= CONFIG_HISTORY_MAX)
		model_free(c->history[--c->n_history]);
	memmove(c->history + 1, c->history, c->n_history * sizeof(*c->history));
	c->history[0] = c->current;
	c->n_history++;
	c->current = m;
}

int config_rollback(struct config *c, unsigned int steps, struct config_result *r)
{
	struct model *m;
	int err;

	if (!steps || steps > c->n_history) {
		cfg_refuse(r, "no earlier configuration is kept that far back (%zu kept)",
			   c->n_history);
		return -ENOENT;
	}
	m = c->history[steps - 1];
	err = cfg_model_apply(c, m, false, r);
	if (err)
		return err;
	/* What is undone is gone: a second rollback goes further back, not forth again. */
	model_free(c->current);
	for (size_t i = 0; i + 1 < steps; i++)
		model_free(c->history[i]);
	c->current = m;
	c->n_history -= steps;
	memmove(c->history, c->history + steps, c->n_history * sizeof(*c->history));
	return 0;
}

int config_trial(struct config *c, int64_t deadline)
{
	if (!c->trusted)
		c->trusted = model_clone(c->current);
	c->deadline = deadline;
	return c->trusted ? 0 : -ENOMEM;
}

bool config_on_trial(const struct config *c)
{
	return c->trusted;
}

int config_confirm(struct config *c)
{
	if (!c->trusted)
		return -ENOENT;
	model_free(c->trusted);
	c->trusted = NULL;
	return 0;
}

bool config_tick(struct config *c, int64_t now, struct config_result *r)
{
	struct model *m = c->trusted;

	if (!m || now < c->deadline)
		return false;
	/* The operator may be cut off: what cannot be done now is tried until it can be. */
	c->deadline = now + TRIAL_AGAIN_S;
	if (cfg_model_apply(c, m, false, r))
		return true;
	c->trusted = NULL;
	cfg_model_commit(c, m);
	return true;
}

static int file_error(struct config_result *r, const char *what, const char *path, int err)
{
	cfg_refuse(r, "cannot %s %s: %s", what, path, strerror(err));
	return -err;
}

static int file_read(const char *path, char **text, struct config_result *r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), err = 0;
	struct stat st;
	size_t n = 0;
	char *buf;

	if (fd < 0)
		return file_error(r, "open", path, errno);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > (off_t)CONFIG_FILE_MAX) {
		close(fd);
		cfg_refuse(r, "cannot read %s: not a regular file of at most %u MB", path,
			   CONFIG_FILE_MAX >> 20);
		return -EINVAL;
	}
	buf = malloc((size_t)st.st_size + 1);
	if (!buf)
		err = ENOMEM;
	while (!err && n < (size_t)st.st_size) {
		ssize_t got = read(fd, buf + n, (size_t)st.st_size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = errno;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd);
	if (!err && memchr(buf, '\0', n)) {
		free(buf);
		cfg_refuse(r, "cannot read %s: it holds NUL bytes, it is no text file", path);
		return -EINVAL;
	}
	if (err) {
		free(buf);
		return file_error(r, "read", path, err);
	}
	buf[n] = '\0';
	*text = buf;
	return 0;
}

int config_load(struct config *c, const char *path, unsigned int flags, struct config_result *r)
{
	struct config_session *s;
	char *text = NULL;
	int err = file_read(path, &text, r);

	if (err)
		return err;
	s = config_session_new(c, CONFIG_MODE_GLOBAL);
	if (!s)
		err = file_error(r, "read", path, ENOMEM);
	else if (config_text(s, text, flags | CONFIG_TEXT_REPLACE, NULL, r))
		err = -EINVAL;
	config_session_free(s);
	free(text);
	return err;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? errno : 0;
}

int config_write(const struct config *c, const char *path, struct config_result *r)
{
	size_t len = 0, size = strlen(path) + 16;
	char *text = config_running_text(c->current, NULL, false, &len);
	char *tmp = malloc(size);
	int fd, err;

	if (!text || !tmp) {
		free(text);
		free(tmp);
		return file_error(r, "write", path, ENOMEM);
	}
	snprintf(tmp, size, "%s.XXXXXX", path);
	fd = mkostemp(tmp, O_CLOEXEC);
	err = fd < 0 ? errno : write_all(fd, text, len);
	if (fd >= 0) {
		if (close(fd) && !err)
			err = errno;
		/* Readers see the old file or the new one, also after a power cut. */
		if (!err && rename(tmp, path))
			err = errno;
		if (err)
			unlink(tmp);
	}
	free(text);
	free(tmp);
	return err ? file_error(r, "write", path, err) : 0;
}
