/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/cli/verb.h"

static struct {
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	G_OPTION_ENTRY_NULL,
};

static const char *const headings[] = { "WHAT", "STATE", "FOUND", "WHAT TO DO", NULL };

static const char *state_of(const VksCheck *check)
{
	if (check->ok)
		return "ok";
	return check->needed ? "problem" : "note";
}

static void print_table(const GPtrArray *checks)
{
	CliTable *table = cli_table_new(headings);

	for (guint i = 0; i < checks->len; i++) {
		const VksCheck *check = checks->pdata[i];
		char *cells[] = {
			g_strdup(check->name),
			g_strdup(state_of(check)),
			g_strdup(check->detail),
			g_strdup(check->advice ? check->advice : ""),
		};

		cli_table_add(table, cells);
	}
	cli_table_print(table);
}

static void print_json(const GPtrArray *checks)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_array(builder);
	for (guint i = 0; i < checks->len; i++) {
		const VksCheck *check = checks->pdata[i];

		json_builder_begin_object(builder);
		cli_json_string(builder, "check", check->name);
		cli_json_bool(builder, "needed", check->needed);
		cli_json_bool(builder, "ok", check->ok);
		cli_json_string(builder, "detail", check->detail);
		cli_json_string(builder, "advice", check->advice);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	cli_print_json(builder);
}

static int verb_doctor(Cli *cli, int argc, char **argv, GError **error)
{
	g_autoptr(GPtrArray) checks = NULL;

	if (!cli_parse(&cli_verb_doctor, entries, FALSE, &argc, argv, 0, 0, error))
		return VKS_ERROR_USAGE;
	checks = vks_doctor(cli->backend);
	if (options.json)
		print_json(checks);
	else
		print_table(checks);
	for (guint i = 0; i < checks->len; i++) {
		const VksCheck *check = checks->pdata[i];

		if (check->ok || !check->needed)
			continue;
		g_set_error(error, VKS_ERROR, VKS_ERROR_UNSUPPORTED,
			    "%s: %s; sessions can't run on this machine as it is; %s", check->name,
			    check->detail, check->advice);
		return VKS_ERROR_UNSUPPORTED;
	}
	return 0;
}

const CliVerb cli_verb_doctor = {
	.name = "doctor",
	.arguments = "[OPTION...]",
	.summary = "Check whether sessions can run on this machine",
	.run = verb_doctor,
};
