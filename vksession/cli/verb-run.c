/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <unistd.h>

#include "vksession/cli/verb.h"

static struct {
	char *session;
	char *memory;
	int cpus;
	char *encrypt;
	char **private_dirs;
	char **disks;
	gboolean no_network;
	gboolean new_only;
	gboolean detach;
	gboolean wait;
	gboolean json;
} options;

static gboolean take_encrypt(const char *name, const char *value, gpointer data, GError **error)
{
	g_free(options.encrypt);
	options.encrypt = g_strdup(value ? value : "keyring");
	return TRUE;
}

static const GOptionEntry entries[] = {
	{ "session", 's', 0, G_OPTION_ARG_STRING, &options.session,
	  "Session to run it in (default: " VKS_DEFAULT_SESSION ")", "NAME" },
	{ "memory", 0, 0, G_OPTION_ARG_STRING, &options.memory,
	  "Memory of a new session, for example 2G", "SIZE" },
	{ "cpus", 0, 0, G_OPTION_ARG_INT, &options.cpus,
	  "CPUs of a new session, at most those of this machine", "N" },
	{ "encrypt", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, (gpointer)take_encrypt,
	  "Encrypt the saves of a new session; the key is kept in the keyring (default), or opened "
	  "by "
	  "a passphrase; none: whatever vksession.conf says",
	  "keyring|passphrase|none" },
	CLI_PASSPHRASE_FD_OPTION,
	{ "private", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.private_dirs,
	  "A directory in your home that a new session has a copy of in its memory: what it holds "
	  "is "
	  "that of the save that is thawed; can be given several times",
	  "DIR" },
	{ "disk", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.disks,
	  "A disk image for a new session, which is not written: what the session writes belongs "
	  "to "
	  "it and its saves; can be given several times",
	  "FILE" },
	{ "no-network", 0, 0, G_OPTION_ARG_NONE, &options.no_network,
	  "A new session gets no network", NULL },
	{ "new", 0, 0, G_OPTION_ARG_NONE, &options.new_only, "It is an error if the session exists",
	  NULL },
	{ "detach", 0, 0, G_OPTION_ARG_NONE, &options.detach, "Show no windows", NULL },
	{ "wait", 0, 0, G_OPTION_ARG_NONE, &options.wait,
	  "Return when the first window is drawn, and tell the time it took", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	G_OPTION_ENTRY_NULL,
};

static void print_json(const char *name, const VksRunResult *result, double seconds)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	cli_json_string(builder, "session", name);
	cli_json_bool(builder, "created", result->created);
	cli_json_int(builder, "pid", result->pid);
	cli_json_seconds(builder, "window_seconds", seconds);
	json_builder_end_object(builder);
	cli_print_json(builder);
}

static void print(const char *name, const VksRunResult *result, double seconds)
{
	cli_progress_end();
	if (options.json) {
		print_json(name, result, seconds);
		return;
	}
	if (result->created)
		printf("session %s started\n", name);
	if (seconds >= 0)
		printf("first window drawn after %.2f s\n", seconds);
}

/* They go through JSON and D-Bus. */
static gboolean check_names(char *const *names, GError **error)
{
	for (; names && *names; names++) {
		if (g_utf8_validate(*names, -1, NULL))
			continue;
		cli_set_usage(&cli_verb_run, "a name of a directory or disk is not UTF-8", error);
		return FALSE;
	}
	return TRUE;
}

static int verb_run(Cli *cli, int argc, char **argv, GError **error)
{
	VksRunOptions run = { 0 };
	VksRunResult result = { 0 };
	g_auto(GStrv) environment = g_get_environ();
	g_autofree char *cwd = g_get_current_dir();
	double seconds;

	if (!cli_parse(&cli_verb_run, entries, TRUE, &argc, argv, 1, G_MAXINT, error))
		return VKS_ERROR_USAGE;
	if (options.wait && options.detach) {
		cli_set_usage(&cli_verb_run, "--wait and --detach exclude each other", error);
		return VKS_ERROR_USAGE;
	}
	if (!check_names(options.private_dirs, error) || !check_names(options.disks, error))
		return VKS_ERROR_USAGE;
	if (options.memory && !cli_parse_size(options.memory, &run.memory_bytes, error))
		return VKS_ERROR_USAGE;
	if (options.cpus < 0) {
		cli_set_usage(&cli_verb_run, "--cpus wants a number from 1 on", error);
		return VKS_ERROR_USAGE;
	}
	run.cpus = (guint)options.cpus;
	run.name = options.session ? options.session : VKS_DEFAULT_SESSION;
	run.argv = (const char *const *)argv + 1;
	run.environment = (const char *const *)environment;
	run.cwd = cwd;
	run.display = g_getenv("DISPLAY");
	run.detach = options.detach;
	run.new_only = options.new_only;
	run.no_network = options.no_network;
	run.encrypt = options.encrypt;
	run.private_dirs = (const char *const *)options.private_dirs;
	run.disks = (const char *const *)options.disks;
	if (!cli_open(cli, error) || !cli_run(cli, &run, &result, error) ||
	    !cli_wait_window(cli, run.name, options.wait, &seconds, error))
		return VKS_ERROR_FAILED;
	print(run.name, &result, seconds);
	return 0;
}

const CliVerb cli_verb_run = {
	.name = "run",
	.arguments = "[OPTION...] [-s NAME] [--] PROGRAM [ARGUMENT...]",
	.summary = "Run a program in a session, and start the session if it is not there",
	.run = verb_run,
};
