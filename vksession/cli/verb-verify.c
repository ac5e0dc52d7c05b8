/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "vksession/cli/saves-output.h"

static struct {
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	CLI_PASSPHRASE_FD_OPTION,
	G_OPTION_ENTRY_NULL,
};

static char *join_numbers(const GPtrArray *saves, gboolean damaged)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < saves->len; i++) {
		const VksSaveInfo *info = saves->pdata[i];

		if ((info->problem != NULL) == damaged)
			g_string_append_printf(text, "%s%u", text->len ? ", " : "", info->number);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static int judge(const char *name, const GPtrArray *saves, GError **error)
{
	g_autofree char *damaged = join_numbers(saves, TRUE);
	g_autofree char *intact = join_numbers(saves, FALSE);

	if (!*damaged)
		return 0;
	g_set_error(error, VKS_ERROR, VKS_ERROR_DAMAGED,
		    "damaged saves of session %s: %s; intact: %s; remove a damaged one with: "
		    "vksession drop %s NUMBER",
		    name, damaged, *intact ? intact : "none of those looked at", name);
	return VKS_ERROR_DAMAGED;
}

/* What could not be opened was not checked as it might be. */
static void tell_locked(const GPtrArray *saves)
{
	for (guint i = 0; i < saves->len; i++) {
		const VksSaveInfo *info = saves->pdata[i];

		if (!info->locked)
			continue;
		fprintf(stderr, "vksession: only checksums were compared: %s\n", info->locked);
		return;
	}
}

static int verb_verify(Cli *cli, int argc, char **argv, GError **error)
{
	g_autoptr(GPtrArray) saves = NULL;
	guint number = 0;

	if (!cli_parse(&cli_verb_verify, entries, FALSE, &argc, argv, 1, 2, error) ||
	    (argc > 2 && !cli_parse_number(argv[2], &number, error)))
		return VKS_ERROR_USAGE;
	cli_catch_interrupts(cli->control.cancellable);
	if (!cli_open(cli, error))
		return VKS_ERROR_FAILED;
	saves = vks_verify(cli->vks, argv[1], number, &cli->control, error);
	if (!saves)
		return VKS_ERROR_FAILED;
	cli_progress_end();
	if (options.json)
		cli_print_saves_json(saves);
	else if (saves->len == 0)
		printf("session %s has no saves\n", argv[1]);
	else
		cli_print_saves(saves);
	tell_locked(saves);
	return judge(argv[1], saves, error);
}

const CliVerb cli_verb_verify = {
	.name = "verify",
	.arguments = "[OPTION...] NAME [NUMBER]",
	.summary = "Read saves whole and compare their checksums",
	.run = verb_verify,
};
