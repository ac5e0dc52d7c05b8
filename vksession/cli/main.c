/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "launcher/isolation.h"
#include "vksession/cli/remote.h"
#include "vksession/cli/verb.h"

static const CliVerb *const verbs[] = {
	&cli_verb_run,	    &cli_verb_list,    &cli_verb_save,	   &cli_verb_thaw,
	&cli_verb_attach,   &cli_verb_detach,  &cli_verb_stop,	   &cli_verb_exec,
	&cli_verb_saves,    &cli_verb_verify,  &cli_verb_rollback, &cli_verb_drop,
	&cli_verb_prune,    &cli_verb_policy,  &cli_verb_log,	   &cli_verb_doctor,
	&cli_verb_selftest, &cli_verb_desktop, &cli_verb_encrypt,  &cli_verb_decrypt,
	&cli_verb_export,   &cli_verb_import,
};

static void print_help(void)
{
	puts("Usage: vksession VERB [ARGUMENT...]\n"
	     "Keep running X11 programs across power-off.\n\nVerbs:");
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
		printf("  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
	puts("\n`vksession VERB --help` tells more, the manual page vksession(1) all.");
}

static int find_and_run(Cli *cli, int argc, char **argv, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (strcmp(argv[1], verbs[i]->name) == 0)
			return verbs[i]->run(cli, argc - 1, argv + 1, error);
	}
	g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
		    "there is no verb \"%s\"; nothing was done; see: vksession --help", argv[1]);
	return VKS_ERROR_USAGE;
}

int main(int argc, char **argv)
{
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	Cli cli = {
		.backend = vks_backend_real(),
		.started_us = g_get_monotonic_time(),
		.control = { .progress = cli_progress, .cancellable = cancellable },
	};
	int status;

	umask(077); /* nothing that we make is for others, whatever the caller's is */
	vk_isolation_forbid_core();
	setlocale(LC_ALL, "");
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help();
		return argc < 2 ? VKS_ERROR_USAGE : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("vksession " VKSESSION_VERSION);
		return 0;
	}
	status = find_and_run(&cli, argc, argv, &error);
	cli_progress_end();
	if (error) {
		fprintf(stderr, "vksession: %s\n", error->message);
		status = vks_error_code(error);
	}
	cli_remote_free(cli.remote);
	vks_close(cli.vks);
	return status;
}
