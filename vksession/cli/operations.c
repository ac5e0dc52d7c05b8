/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations that change a session: by the daemon if one runs, so that whoever watches it sees
 * them with their progress; else by the library in this process. What can't be said on D-Bus (text
 * that is not UTF-8), and what needs no daemon because the display is missing anyway, is done here.
 */
#include "vksession/cli/remote.h"
#include "vksession/cli/verb.h"

static CliRemote *find(Cli *cli)
{
	if (!cli->looked) {
		cli->looked = TRUE;
		cli->remote = cli_remote_find();
	}
	return cli->remote;
}

static gboolean is_text(const char *string)
{
	return !string || g_utf8_validate(string, -1, NULL);
}

static gboolean are_texts(const char *const *strings)
{
	while (strings && *strings) {
		if (!is_text(*strings++))
			return FALSE;
	}
	return TRUE;
}

/* A display that was not given is not to become the daemon's. */
static gboolean is_shown_here(const char *display, gboolean detach)
{
	return (detach || (display && *display)) && is_text(display);
}

/* A passphrase is asked for here, and given to nobody else. */
static gboolean may_be_remote(Cli *cli, const char *name, const char *encrypt)
{
	return is_text(name) && !vks_needs_passphrase(cli->vks, name, encrypt) && find(cli);
}

gboolean cli_run(Cli *cli, const VksRunOptions *options, VksRunResult *result, GError **error)
{
	if (is_shown_here(options->display, options->detach) && is_text(options->cwd) &&
	    are_texts(options->argv) && are_texts(options->environment) &&
	    may_be_remote(cli, options->name, options->encrypt))
		return cli_remote_run(cli->remote, options, &cli->control, result, error);
	return vks_run(cli->vks, options, &cli->control, result, error);
}

gboolean cli_save(Cli *cli, const VksSaveOptions *options, VksSaveResult *result, GError **error)
{
	if (is_text(options->name) && find(cli))
		return cli_remote_save(cli->remote, options, &cli->control, result, error);
	return vks_save(cli->vks, options, &cli->control, result, error);
}

gboolean cli_thaw(Cli *cli, const VksThawOptions *options, VksThawResult *result, GError **error)
{
	if (is_shown_here(options->display, options->detach) &&
	    may_be_remote(cli, options->name, NULL))
		return cli_remote_thaw(cli->remote, options, &cli->control, result, error);
	return vks_thaw(cli->vks, options, &cli->control, result, error);
}

gboolean cli_rollback(Cli *cli, const VksRollbackOptions *options, VksRollbackResult *result,
		      GError **error)
{
	if (is_shown_here(options->display, options->detach) &&
	    may_be_remote(cli, options->name, NULL))
		return cli_remote_rollback(cli->remote, options, &cli->control, result, error);
	return vks_rollback(cli->vks, options, &cli->control, result, error);
}

gboolean cli_stop(Cli *cli, const char *name, guint grace_ms, GError **error)
{
	if (is_text(name) && find(cli))
		return cli_remote_stop(cli->remote, name, &cli->control, error);
	return vks_stop(cli->vks, name, grace_ms, error);
}

gboolean cli_attach(Cli *cli, const char *name, const char *display, GError **error)
{
	if (is_shown_here(display, FALSE) && is_text(name) && find(cli))
		return cli_remote_attach(cli->remote, name, display, error);
	return vks_attach(cli->vks, name, display, NULL, error);
}

gboolean cli_detach(Cli *cli, const char *name, GError **error)
{
	if (is_text(name) && find(cli))
		return cli_remote_detach(cli->remote, name, error);
	return vks_detach(cli->vks, name, error);
}

gboolean cli_drop(Cli *cli, const char *name, guint number, GError **error)
{
	if (is_text(name) && find(cli))
		return cli_remote_drop(cli->remote, name, number, error);
	return vks_drop(cli->vks, name, number, error);
}
