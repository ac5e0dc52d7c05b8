/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "vksession/cli/verb.h"

static struct {
	gboolean stop;
	gboolean force;
	gboolean queue;
	char *reason;
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "stop", 0, 0, G_OPTION_ARG_NONE, &options.stop,
	  "End the session once the save is safe on the disk", NULL },
	{ "force", 0, 0, G_OPTION_ARG_NONE, &options.force,
	  "Try even if the save does not seem to fit on the disk", NULL },
	{ "queue", 0, 0, G_OPTION_ARG_NONE, &options.queue,
	  "If there is other work on the session, wait until it is done", NULL },
	{ "reason", 0, 0, G_OPTION_ARG_STRING, &options.reason,
	  "Why, one word to be recorded with the save (default: manual)", "WORD" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	G_OPTION_ENTRY_NULL,
};

static guint64 pause_us(const VksFigures *figures)
{
	return figures->quiesce_us + figures->dump_us + figures->resume_us;
}

static void print_json(const char *name, const VksSaveResult *result)
{
	const VksFigures *figures = &result->figures;
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	cli_json_string(builder, "session", name);
	cli_json_int(builder, "save", result->number);
	cli_json_bool(builder, "stopped", options.stop);
	cli_json_int(builder, "memory_bytes", (gint64)figures->memory_bytes);
	cli_json_int(builder, "state_bytes", (gint64)figures->state_bytes);
	cli_json_int(builder, "disk_bytes", (gint64)result->disk_bytes);
	cli_json_int(builder, "written_bytes", (gint64)result->written_bytes);
	cli_json_int(builder, "base", result->base);
	cli_json_int(builder, "pruned", result->pruned);
	cli_json_int(builder, "quiesce_us", (gint64)figures->quiesce_us);
	cli_json_int(builder, "dump_us", (gint64)figures->dump_us);
	cli_json_int(builder, "resume_us", (gint64)figures->resume_us);
	cli_json_int(builder, "pause_us", (gint64)pause_us(figures));
	cli_json_int(builder, "durable_us", (gint64)result->total_us);
	json_builder_end_object(builder);
	cli_print_json(builder);
}

static void print(const char *name, const VksSaveResult *result)
{
	g_autofree char *size =
		cli_format_size(result->written_bytes ? result->written_bytes : result->disk_bytes);
	g_autofree char *pause = cli_format_duration(pause_us(&result->figures));
	g_autofree char *total = cli_format_duration(result->total_us);

	cli_progress_end();
	if (options.json)
		print_json(name, result);
	else if (options.stop)
		printf("session %s ended with save %u: %s, safe on the disk after %s\n", name,
		       result->number, size, total);
	else
		printf("session %s: save %u: %s, stood still for %s, safe on the disk after %s\n",
		       name, result->number, size, pause, total);
}

/* It is shown in tables and goes into a manifest. */
static gboolean check_reason(GError **error)
{
	const char *reason = options.reason;

	if (!reason || (*reason && strlen(reason) <= 32 &&
			strspn(reason, "abcdefghijklmnopqrstuvwxyz-") == strlen(reason)))
		return TRUE;
	cli_set_usage(&cli_verb_save, "the reason is no word of small letters", error);
	return FALSE;
}

static int verb_save(Cli *cli, int argc, char **argv, GError **error)
{
	VksSaveOptions save = { 0 };
	VksSaveResult result = { 0 };

	if (!cli_parse(&cli_verb_save, entries, FALSE, &argc, argv, 0, 1, error) ||
	    !check_reason(error))
		return VKS_ERROR_USAGE;
	save.name = argc > 1 ? argv[1] : VKS_DEFAULT_SESSION;
	save.stop = options.stop;
	save.force = options.force;
	save.wait = options.queue;
	save.reason = options.reason;
	cli_catch_interrupts(cli->control.cancellable);
	if (!cli_open(cli, error) || !cli_save(cli, &save, &result, error))
		return VKS_ERROR_FAILED;
	cli_prune_in_background(save.name);
	print(save.name, &result);
	return 0;
}

const CliVerb cli_verb_save = {
	.name = "save",
	.arguments = "[OPTION...] [NAME]",
	.summary = "Save a running session; it goes on, or ends with --stop",
	.run = verb_save,
};
