/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vksession-menu-entry: behind `vksession desktop add|remove|list`. */
#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "desktop/menu-entry.h"

#define USAGE_STATUS	 2
#define NOT_FOUND_STATUS 3

static char *session_option;

static int add(const char *program, GError **error)
{
	g_autofree char *path = menu_entry_add(program, session_option, VKSESSION_COMMAND, error);

	if (path)
		printf(_("The menu has it now: %s\n"), path);
	return 0;
}

static int remove_entry(const char *program, GError **error)
{
	if (menu_entry_remove(program, error))
		printf(_("The entry of “%s” is gone; its session stays as it is\n"), program);
	return 0;
}

static int list(const char *program, GError **error)
{
	g_auto(GStrv) names = menu_entry_list();

	for (char **name = names; *name; name++)
		puts(*name);
	return 0;
}

static const struct {
	const char *name;
	int arguments; /* besides the name */
	int (*run)(const char *program, GError **error);
} commands[] = {
	{ "add", 1, add },
	{ "remove", 1, remove_entry },
	{ "list", 0, list },
};

static int run_command(int argc, char **argv, GError **error)
{
	for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0 && argc == 2 + commands[i].arguments)
			return commands[i].run(argv[2], error);
	}
	fputs(_("vksession: desktop takes: add PROGRAM, remove PROGRAM, or list; nothing was "
		"done\n"),
	      stderr);
	return USAGE_STATUS;
}

int main(int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{ "session", 's', 0, G_OPTION_ARG_STRING, &session_option,
		  N_("Session that the program is to run in"), N_("NAME") },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	setlocale(LC_ALL, "");
	bindtextdomain(GETTEXT_PACKAGE, VKSESSION_LOCALEDIR);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	textdomain(GETTEXT_PACKAGE);
	context = g_option_context_new(_("add PROGRAM | remove PROGRAM | list"));
	g_option_context_add_main_entries(context, entries, GETTEXT_PACKAGE);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, _("vksession: %s; nothing was done\n"), error->message);
		return USAGE_STATUS;
	}
	status = run_command(argc, argv, &error);
	if (error) {
		fprintf(stderr, _("vksession: %s; nothing was done\n"), error->message);
		status = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ? NOT_FOUND_STATUS
										  : 1;
	}
	return status;
}
