/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "vksession/cli/verb.h"

static struct {
	char *save;
	gboolean detach;
	gboolean wait;
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "save", 0, 0, G_OPTION_ARG_STRING, &options.save,
	  "Save to start from (default: the newest)", "NUMBER" },
	{ "detach", 0, 0, G_OPTION_ARG_NONE, &options.detach, "Show no windows", NULL },
	{ "wait", 0, 0, G_OPTION_ARG_NONE, &options.wait,
	  "Return when the first window is drawn, and tell the time it took", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	G_OPTION_ENTRY_NULL,
};

static void print_json(const char *name, const VksThawResult *result, double seconds)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	cli_json_string(builder, "session", name);
	cli_json_int(builder, "save", result->number);
	cli_json_int(builder, "verify_us", (gint64)result->verify_us);
	cli_json_int(builder, "running_us", (gint64)result->running_us);
	cli_json_seconds(builder, "window_seconds", seconds);
	json_builder_end_object(builder);
	cli_print_json(builder);
}

static void print(const char *name, const VksThawResult *result, double seconds)
{
	g_autofree char *running = cli_format_duration(result->running_us);

	cli_progress_end();
	if (options.json) {
		print_json(name, result, seconds);
		return;
	}
	printf("session %s runs again from save %u, after %s\n", name, result->number, running);
	if (seconds >= 0)
		printf("first window drawn after %.2f s\n", seconds);
}

static int verb_thaw(Cli *cli, int argc, char **argv, GError **error)
{
	VksThawOptions thaw = { .display = g_getenv("DISPLAY") };
	VksThawResult result = { 0 };
	double seconds;

	if (!cli_parse(&cli_verb_thaw, entries, FALSE, &argc, argv, 0, 1, error))
		return VKS_ERROR_USAGE;
	if (options.wait && options.detach) {
		cli_set_usage(&cli_verb_thaw, "--wait and --detach exclude each other", error);
		return VKS_ERROR_USAGE;
	}
	if (options.save && !cli_parse_number(options.save, &thaw.number, error))
		return VKS_ERROR_USAGE;
	thaw.name = argc > 1 ? argv[1] : VKS_DEFAULT_SESSION;
	thaw.detach = options.detach;
	cli_catch_interrupts(cli->control.cancellable);
	if (!cli_open(cli, error) || !cli_thaw(cli, &thaw, &result, error) ||
	    !cli_wait_window(cli, thaw.name, options.wait, &seconds, error))
		return VKS_ERROR_FAILED;
	print(thaw.name, &result, seconds);
	return 0;
}

const CliVerb cli_verb_thaw = {
	.name = "thaw",
	.arguments = "[OPTION...] [NAME]",
	.summary = "Start a session from a save",
	.run = verb_thaw,
};
