// SPDX-License-Identifier: GPL-2.0-only
/*
 * write, copy, configure replace|confirm|check|rollback: configurations as files.
 *
 * Responsible for: the commands and what they say. Not responsible for: reading and writing
 * (config_load(), config_write()), applying (the daemon's config_ops).
 *
 * Callers: config/ through the table at the end. Threads: main thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "control/commands.h"

static int save(struct cmd_args *args, struct output *o, const char *path)
{
	struct config_result r;
	struct stat st = {0};
	int ret;

	config_result_init(&r);
	output_text(o, "Building configuration...\n");
	ret = config_write(config_session_config(args->session), path, &r);
	if (ret && r.status == CONFIG_OK) {
		config_result_fini(&r);
		return cmd_error(args, "%s cannot be written: %s", path, strerror(-ret));
	}
	if (commands_result(args, &r))
		return -EINVAL;
	stat(path, &st);
	output_text(o, "%lld bytes copied to %s\n[OK]\n", (long long)st.st_size, path);
	output_str(o, "file", path);
	output_int(o, "bytes", st.st_size);
	return 0;
}

static int write_memory(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	return save(args, out, a->opt.config_path);
}

static int copy_to_file(void *ctx, struct cmd_args *args, void *out)
{
	return save(args, out, cmd_get(args, "FILE"));
}

/* Replace the configuration by a file's, or only say whether that would be possible. */
static int load(struct cmd_args *args, struct output *o, const char *path, unsigned int flags)
{
	struct config_result r;
	int ret;

	config_result_init(&r);
	ret = config_load(config_session_config(args->session), path, flags, &r);
	if (ret && r.status == CONFIG_OK) {
		config_result_fini(&r);
		return cmd_error(args, "%s: %s", path, strerror(-ret));
	}
	if (ret)
		r.status = CONFIG_REFUSED;
	if (commands_result(args, &r))
		return -EINVAL;
	if (flags & CONFIG_TEXT_CHECK)
		output_text(o, "%s: no errors\n", path);
	output_str(o, "file", path);
	return 0;
}

/* The clock of trials: main.c's too. */
static int64_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static int configure_replace(void *ctx, struct cmd_args *args, void *out)
{
	struct config *c = config_session_config(args->session);
	unsigned int minutes = cmd_u32(args, "MINUTES", 0);
	bool before = config_on_trial(c);
	int ret;

	/* First the way back, then the change. */
	if (minutes && config_trial(c, now_s() + 60ll * minutes))
		return cmd_error(args, "out of memory, nothing was changed");
	ret = load(args, out, cmd_get(args, "FILE"), CONFIG_TEXT_REPLACE | CONFIG_TEXT_ATOMIC);
	if (ret && minutes && !before)
		config_confirm(c);
	if (!ret && minutes)
		output_text(out, "The former configuration comes back in %u minute%s unless you enter "
				 "\"configure confirm\"\n", minutes, minutes == 1 ? "" : "s");
	return ret;
}

static int configure_confirm(void *ctx, struct cmd_args *args, void *out)
{
	if (config_confirm(config_session_config(args->session)))
		return cmd_error(args, "no configuration waits for being confirmed");
	return 0;
}

static int configure_check(void *ctx, struct cmd_args *args, void *out)
{
	return load(args, out, cmd_get(args, "FILE"),
		    CONFIG_TEXT_REPLACE | CONFIG_TEXT_CHECK | CONFIG_TEXT_ATOMIC);
}

static int copy_startup_running(void *ctx, struct cmd_args *args, void *out)
{
	struct asa *a = ctx;

	return load(args, out, a->opt.config_path, CONFIG_TEXT_ATOMIC);
}

/* On top of the configuration in force, all lines or none. */
static int copy_file_running(void *ctx, struct cmd_args *args, void *out)
{
	return load(args, out, cmd_get(args, "FILE"), CONFIG_TEXT_ATOMIC);
}

static int configure_rollback(void *ctx, struct cmd_args *args, void *out)
{
	struct config_result r;
	int ret;

	config_result_init(&r);
	ret = config_rollback(config_session_config(args->session), cmd_u32(args, "STEPS", 1), &r);
	if (ret && r.status == CONFIG_OK) {
		config_result_fini(&r);
		return cmd_error(args, "there is no configuration that many changes ago");
	}
	return commands_result(args, &r);
}

COMMANDS_DEFINE(files,
		{CONFIG_IN_PRIV, "write [ memory ]", NULL, "Save the configuration", write_memory},
		{CONFIG_IN_PRIV, "copy running-config startup-config", NULL,
		 "Save the configuration", write_memory},
		{CONFIG_IN_PRIV, "copy running-config file <FILE:word>", NULL,
		 "Write the configuration to a file of the daemon's machine", copy_to_file},
		{CONFIG_IN_PRIV, "copy startup-config running-config", NULL,
		 "Make the saved configuration the one in force", copy_startup_running},
		{CONFIG_IN_PRIV, "copy file <FILE:word> running-config", NULL,
		 "Add the lines of a file to the configuration in force", copy_file_running},
		{CONFIG_IN_PRIV, "configure replace <FILE:word> [ confirm-in <MINUTES:n:1-1440> ]",
		 NULL, "Make a file the configuration, applying the difference", configure_replace},
		{CONFIG_IN_PRIV, "configure confirm", NULL,
		 "Keep the configuration that \"configure replace\" put on trial",
		 configure_confirm},
		{CONFIG_IN_PRIV, "configure check <FILE:word>", NULL,
		 "Check a file, changing nothing", configure_check},
		{CONFIG_IN_PRIV, "configure rollback [ <STEPS:n:1-8> ]", NULL,
		 "Back to the configuration before the last change", configure_rollback}, );
