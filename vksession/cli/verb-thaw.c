/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "vksession/cli/thaw-output.h"

static struct {
	char *save;
	gboolean detach;
	gboolean wait;
	gboolean check;
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "save", 0, 0, G_OPTION_ARG_STRING, &options.save,
	  "Save to start from (default: the newest)", "NUMBER" },
	{ "detach", 0, 0, G_OPTION_ARG_NONE, &options.detach, "Show no windows", NULL },
	{ "wait", 0, 0, G_OPTION_ARG_NONE, &options.wait,
	  "Return when the first window is drawn, and tell the time it took", NULL },
	{ "check", 0, 0, G_OPTION_ARG_NONE, &options.check,
	  "Only tell what has changed on the host since the save; change nothing", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	CLI_PASSPHRASE_FD_OPTION,
	G_OPTION_ENTRY_NULL,
};

static void print_json(const char *name, const VksThawResult *result, const VksThawReport *report,
		       double seconds)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	cli_json_string(builder, "session", name);
	cli_json_int(builder, "save", result->number);
	cli_json_int(builder, "verify_us", (gint64)result->verify_us);
	cli_json_int(builder, "running_us", (gint64)result->running_us);
	cli_json_seconds(builder, "window_seconds", seconds);
	cli_json_changes(builder, report);
	json_builder_end_object(builder);
	cli_print_json(builder);
}

static void print(const char *name, const VksThawResult *result, const VksThawReport *report,
		  double seconds)
{
	g_autofree char *running = cli_format_duration(result->running_us);
	g_autofree char *age = NULL;

	cli_progress_end();
	if (options.json) {
		print_json(name, result, report, seconds);
		return;
	}
	age = report ? cli_format_age(report->save_us) : g_strdup("of unknown age");
	printf("session %s runs again from save %u (%s), after %s\n", name, result->number, age,
	       running);
	if (seconds >= 0)
		printf("first window drawn after %.2f s\n", seconds);
	if (report)
		cli_print_changes(report);
}

static void print_preview_json(const char *name, const VksThawReport *report)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	cli_json_string(builder, "session", name);
	cli_json_int(builder, "save", report->save);
	cli_json_changes(builder, report);
	json_builder_end_object(builder);
	cli_print_json(builder);
}

static int preview(Cli *cli, const VksThawOptions *thaw, GError **error)
{
	g_autoptr(VksThawReport) report = NULL;
	g_autofree char *age = NULL;

	if (!cli_open(cli, error))
		return VKS_ERROR_FAILED;
	report = vks_thaw_preview(cli->vks, thaw->name, thaw->number, error);
	if (!report)
		return VKS_ERROR_FAILED;
	if (options.json) {
		print_preview_json(thaw->name, report);
		return 0;
	}
	age = cli_format_age(report->save_us);
	printf("save %u of session %s is from %s; of %u files that it had open, %u are not what "
	       "they were\n",
	       report->save, thaw->name, age, report->looked_at, report->files->len);
	cli_print_changes(report);
	return 0;
}

static int verb_thaw(Cli *cli, int argc, char **argv, GError **error)
{
	VksThawOptions thaw = { .display = g_getenv("DISPLAY") };
	g_autoptr(VksThawReport) report = NULL;
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
	if (options.check)
		return preview(cli, &thaw, error);
	cli_catch_interrupts(cli->control.cancellable);
	if (!cli_open(cli, error) || !cli_thaw(cli, &thaw, &result, error) ||
	    !cli_wait_window(cli, thaw.name, options.wait, &seconds, error))
		return VKS_ERROR_FAILED;
	report = vks_thaw_report(cli->vks, thaw.name, NULL);
	print(thaw.name, &result, report, seconds);
	return 0;
}

const CliVerb cli_verb_thaw = {
	.name = "thaw",
	.arguments = "[OPTION...] [NAME]",
	.summary = "Start a session from a save",
	.run = verb_thaw,
};
