/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "vksession/cli/verb.h"

static struct {
	char *save;
	gboolean without_programs;
	gboolean json;
} options;

static const GOptionEntry export_entries[] = {
	{ "save", 0, 0, G_OPTION_ARG_STRING, &options.save, "Export this save, not the newest",
	  "NUMBER" },
	{ "without-programs", 0, 0, G_OPTION_ARG_NONE, &options.without_programs,
	  "Leave out copies of programs and libraries: for a machine that has the same ones",
	  NULL },
	G_OPTION_ENTRY_NULL,
};

static int verb_export(Cli *cli, int argc, char **argv, GError **error)
{
	guint number = 0;

	if (!cli_parse(&cli_verb_export, export_entries, FALSE, &argc, argv, 1, 1, error) ||
	    (options.save && !cli_parse_number(options.save, &number, error)))
		return VKS_ERROR_USAGE;
	if (isatty(STDOUT_FILENO)) {
		cli_set_usage(&cli_verb_export, "it writes to standard output, which is a terminal",
			      error);
		return VKS_ERROR_USAGE;
	}
	cli_catch_interrupts(cli->control.cancellable);
	/* A reader that has gone is an error like others. */
	signal(SIGPIPE, SIG_IGN);
	if (!cli_open(cli, error) ||
	    !vks_export(cli->vks, argv[1], number, !options.without_programs, STDOUT_FILENO,
			&cli->control, error))
		return VKS_ERROR_FAILED;
	cli_progress_end();
	return 0;
}

const CliVerb cli_verb_export = {
	.name = "export",
	.arguments = "[OPTION...] NAME >FILE",
	.summary = "Write a save as one stream, for another machine or an archive",
	.run = verb_export,
};

static const GOptionEntry import_entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	G_OPTION_ENTRY_NULL,
};

static void print_imported(const char *name, guint number)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	if (!options.json) {
		printf("session %s: imported save %u\n", name, number);
		return;
	}
	json_builder_begin_object(builder);
	cli_json_string(builder, "session", name);
	cli_json_int(builder, "save", number);
	json_builder_end_object(builder);
	cli_print_json(g_steal_pointer(&builder));
}

static int verb_import(Cli *cli, int argc, char **argv, GError **error)
{
	guint number = 0;

	if (!cli_parse(&cli_verb_import, import_entries, FALSE, &argc, argv, 1, 1, error))
		return VKS_ERROR_USAGE;
	if (isatty(STDIN_FILENO)) {
		cli_set_usage(&cli_verb_import, "it reads from standard input, which is a terminal",
			      error);
		return VKS_ERROR_USAGE;
	}
	cli_catch_interrupts(cli->control.cancellable);
	if (!cli_open(cli, error) ||
	    !vks_import(cli->vks, argv[1], STDIN_FILENO, &cli->control, &number, error))
		return VKS_ERROR_FAILED;
	cli_progress_end();
	print_imported(argv[1], number);
	return 0;
}

const CliVerb cli_verb_import = {
	.name = "import",
	.arguments = "[OPTION...] NAME <FILE",
	.summary = "Make a session of what export wrote",
	.run = verb_import,
};
