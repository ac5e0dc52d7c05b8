/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/cli/verb.h"

static struct {
	char *method;
} options = { NULL };

static const GOptionEntry entries[] = {
	{ "method", 0, 0, G_OPTION_ARG_STRING, &options.method,
	  "Where the key is kept: keyring (default) or passphrase", "METHOD" },
	CLI_PASSPHRASE_FD_OPTION,
	G_OPTION_ENTRY_NULL,
};

static int verb_encrypt(Cli *cli, int argc, char **argv, GError **error)
{
	VksEncryption method = VKS_ENCRYPTION_KEYRING;

	if (!cli_parse(&cli_verb_encrypt, entries, FALSE, &argc, argv, 1, 1, error))
		return VKS_ERROR_USAGE;
	if (options.method &&
	    (!vks_encryption_parse(options.method, &method) || method == VKS_ENCRYPTION_NONE)) {
		cli_set_usage(&cli_verb_encrypt, "--method wants keyring or passphrase", error);
		return VKS_ERROR_USAGE;
	}
	cli_catch_interrupts(cli->control.cancellable);
	if (!cli_open(cli, error) || !vks_encrypt(cli->vks, argv[1], method, &cli->control, error))
		return VKS_ERROR_FAILED;
	return 0;
}

const CliVerb cli_verb_encrypt = {
	.name = "encrypt",
	.arguments = "[OPTION...] NAME",
	.summary = "Encrypt a session and its saves, or change what opens them",
	.run = verb_encrypt,
};

static const GOptionEntry decrypt_entries[] = {
	CLI_PASSPHRASE_FD_OPTION,
	G_OPTION_ENTRY_NULL,
};

static int verb_decrypt(Cli *cli, int argc, char **argv, GError **error)
{
	if (!cli_parse(&cli_verb_decrypt, decrypt_entries, FALSE, &argc, argv, 1, 1, error))
		return VKS_ERROR_USAGE;
	cli_catch_interrupts(cli->control.cancellable);
	if (!cli_open(cli, error) || !vks_decrypt(cli->vks, argv[1], &cli->control, error))
		return VKS_ERROR_FAILED;
	return 0;
}

const CliVerb cli_verb_decrypt = {
	.name = "decrypt",
	.arguments = "[OPTION...] NAME",
	.summary = "Turn an encrypted session into one that is not",
	.run = verb_decrypt,
};
