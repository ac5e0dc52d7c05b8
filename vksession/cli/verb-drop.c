/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <unistd.h>

#include "vksession/cli/verb.h"

static struct {
	gboolean yes;
	gboolean shred;
} options;

static const GOptionEntry entries[] = {
	{ "yes", 'y', 0, G_OPTION_ARG_NONE, &options.yes, "Do not ask", NULL },
	{ "shred", 0, 0, G_OPTION_ARG_NONE, &options.shred,
	  "Overwrite the files first; that can't reach what an SSD or the file system copied",
	  NULL },
	G_OPTION_ENTRY_NULL,
};

static gboolean ask(const char *name, guint number)
{
	char answer[16] = "";

	if (number)
		fprintf(stderr, "Remove save %u of session %s for good? [y/N] ", number, name);
	else
		fprintf(stderr, "Remove session %s with all its saves for good? [y/N] ", name);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* A person is always asked; a script is believed unless the last good save would be lost. */
static gboolean may_drop(Cli *cli, const char *name, guint number, GError **error)
{
	gboolean loses = FALSE;

	if (options.yes)
		return TRUE;
	if (!vks_drop_loses_last(cli->vks, name, number, &loses, error))
		return FALSE;
	if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) {
		if (ask(name, number))
			return TRUE;
		g_set_error(error, VKS_ERROR, VKS_ERROR_FAILED,
			    "not confirmed; nothing was removed; answer y, or use --yes");
		return FALSE;
	}
	if (!loses)
		return TRUE;
	g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
		    "that would remove the last good save of session %s; nothing was removed; "
		    "use --yes if that is meant",
		    name);
	return FALSE;
}

static gboolean is_encrypted(Cli *cli, const char *name)
{
	g_autoptr(GPtrArray) list = vks_list(cli->vks, name, FALSE, NULL);

	return list && list->len > 0 && ((const VksSessionInfo *)list->pdata[0])->encryption;
}

static int verb_drop(Cli *cli, int argc, char **argv, GError **error)
{
	gboolean encrypted = FALSE;
	guint number = 0;

	if (!cli_parse(&cli_verb_drop, entries, FALSE, &argc, argv, 1, 2, error) ||
	    (argc > 2 && !cli_parse_number(argv[2], &number, error)))
		return VKS_ERROR_USAGE;
	if (!cli_open(cli, error) || !may_drop(cli, argv[1], number, error))
		return VKS_ERROR_FAILED;
	encrypted = options.shred && number == 0 && is_encrypted(cli, argv[1]);
	if (!(options.shred ? vks_shred(cli->vks, argv[1], number, error)
			    : cli_drop(cli, argv[1], number, error)))
		return VKS_ERROR_FAILED;
	if (options.shred && encrypted)
		fputs("vksession: its key is destroyed: what an SSD, the file system or a backup "
		      "may still hold of its saves can't be read, unless a backup has key.json, "
		      "too\n",
		      stderr);
	else if (options.shred)
		fputs("vksession: overwritten and removed; an SSD, a copy-on-write or journaling "
		      "file system, swap and backups may still hold copies\n",
		      stderr);
	return 0;
}

const CliVerb cli_verb_drop = {
	.name = "drop",
	.arguments = "[OPTION...] NAME [NUMBER]",
	.summary = "Remove a save, or a session with all its saves",
	.run = verb_drop,
};
