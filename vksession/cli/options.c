/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "vksession/cli/verb.h"

#define MIB	   (G_GUINT64_CONSTANT(1) << 20)
#define MIN_MEMORY (64 * MIB)

void cli_set_usage(const CliVerb *verb, const char *what, GError **error)
{
	g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
		    "%s; nothing was done; usage: vksession %s %s", what, verb->name,
		    verb->arguments);
}

/* Takes "--" out: what comes after it is no option, which the caller knows by now. */
static void remove_separator(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		memmove(&argv[i], &argv[i + 1], (gsize)(*argc - i) * sizeof(*argv));
		(*argc)--;
		return;
	}
}

gboolean cli_parse(const CliVerb *verb, const GOptionEntry *entries, gboolean rest_is_program,
		   int *argc, char **argv, int min, int max, GError **error)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) cause = NULL;
	char *verb_name = argv[0];
	g_autofree char *program = g_strdup_printf("vksession %s", verb->name);

	g_option_context_set_summary(context, verb->summary);
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_strict_posix(context, rest_is_program);
	g_set_prgname(program);
	argv[0] = program;
	if (!g_option_context_parse(context, argc, &argv, &cause)) {
		g_strdelimit(cause->message, ";\n", ',');
		cli_set_usage(verb, cause->message, error);
		return FALSE;
	}
	argv[0] = verb_name;
	remove_separator(argc, argv);
	if (*argc - 1 < min || *argc - 1 > max) {
		cli_set_usage(verb,
			      *argc - 1 < min ? "an argument is missing" : "too many arguments",
			      error);
		return FALSE;
	}
	return TRUE;
}

gboolean cli_parse_number(const char *text, guint *number, GError **error)
{
	guint64 value;

	if (g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT32, &value, NULL)) {
		*number = (guint)value;
		return TRUE;
	}
	g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
		    "\"%s\" is no number of a save; nothing was done; use a number from: vksession "
		    "saves NAME",
		    text);
	return FALSE;
}

static guint64 unit_of(const char *suffix)
{
	static const struct {
		const char *suffix;
		guint64 bytes;
	} units[] = {
		{ "K", 1024 },	{ "KiB", 1024 },     { "M", MIB },
		{ "MiB", MIB }, { "G", 1024 * MIB }, { "GiB", 1024 * MIB },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		if (g_ascii_strcasecmp(suffix, units[i].suffix) == 0)
			return units[i].bytes;
	}
	return 0;
}

gboolean cli_parse_size(const char *text, guint64 *bytes, GError **error)
{
	char *end = NULL;
	guint64 value = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0;
	guint64 unit = end ? unit_of(end) : 0;

	if (unit && value <= VKS_MAX_MEMORY / unit && value * unit >= MIN_MEMORY) {
		*bytes = (value * unit + MIB - 1) / MIB * MIB;
		return TRUE;
	}
	g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
		    "\"%s\" is no size of memory; nothing was done; use 64M or more, for example "
		    "512M or 2G",
		    text);
	return FALSE;
}

gboolean cli_open(Cli *cli, GError **error)
{
	cli->vks = vks_open(cli->backend, error);
	if (cli->vks)
		cli_ask_passphrases(cli);
	return cli->vks != NULL;
}
