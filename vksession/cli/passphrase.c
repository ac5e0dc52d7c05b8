/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where passphrases come from: a descriptor that the caller names, else the terminal. Never a
 * command line or the environment: others can read those.
 */
#include <fcntl.h>
#include <string.h>
#include <sodium.h>
#include <termios.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/cli/verb.h"

static int given_fd = -1;

gboolean cli_take_passphrase_fd(const char *name, const char *value, gpointer data, GError **error)
{
	guint64 number;

	if (g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT, &number, NULL) &&
	    fcntl((int)number, F_GETFD) >= 0) {
		given_fd = (int)number;
		fcntl(given_fd, F_SETFD, FD_CLOEXEC);
		return TRUE;
	}
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		    "%s wants the number of an open descriptor", name);
	return FALSE;
}

static gboolean set_cancelled(GError **error)
{
	g_set_error(error, VKS_ERROR, VKS_ERROR_LOCKED,
		    "no passphrase was given; the session and its saves are untouched; try again "
		    "with it");
	return FALSE;
}

static VksSecret *read_secret(const Cli *cli, int fd, GError **error)
{
	g_autoptr(GError) cause = NULL;
	int cancel_fd = g_cancellable_get_fd(cli->control.cancellable);
	VksSecret *secret = vks_secret_read(fd, cancel_fd, &cause);

	g_cancellable_release_fd(cli->control.cancellable);
	if (cause)
		g_propagate_error(error, g_steal_pointer(&cause));
	else if (!secret)
		set_cancelled(error);
	return secret;
}

/* Without an echo, whatever happens meanwhile. */
static VksSecret *ask_terminal(const Cli *cli, int terminal, const char *question, GError **error)
{
	struct termios before, quiet;
	VksSecret *secret;

	if (tcgetattr(terminal, &before) < 0) {
		set_cancelled(error);
		return NULL;
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(terminal, TCSAFLUSH, &quiet);
	dprintf(terminal, "%s: ", question);
	secret = read_secret(cli, terminal, error);
	tcsetattr(terminal, TCSAFLUSH, &before);
	dprintf(terminal, "\n");
	return secret;
}

static gboolean is_equal(VksSecret *a, VksSecret *b)
{
	return vks_secret_length(a) == vks_secret_length(b) &&
	       sodium_memcmp(vks_secret_bytes(a), vks_secret_bytes(b), vks_secret_length(a)) == 0;
}

static VksSecret *ask(const Cli *cli, int terminal, const char *session, gboolean is_new,
		      GError **error)
{
	g_autofree char *question = g_strdup_printf(
		is_new ? "New passphrase for session %s" : "Passphrase of session %s", session);
	g_autoptr(VksSecret) secret = ask_terminal(cli, terminal, question, error);
	g_autoptr(VksSecret) again = NULL;

	if (!secret || !is_new)
		return g_steal_pointer(&secret);
	again = ask_terminal(cli, terminal, "The same again", error);
	if (!again || is_equal(secret, again))
		return again ? g_steal_pointer(&secret) : NULL;
	g_set_error(error, VKS_ERROR, VKS_ERROR_LOCKED,
		    "the two passphrases differ; nothing was changed; try again");
	return NULL;
}

static VksSecret *get_passphrase(const char *session, gboolean is_new, gpointer data,
				 GError **error)
{
	const Cli *cli = data;
	autofd terminal = -1;

	if (given_fd >= 0)
		return read_secret(cli, given_fd, error);
	terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal < 0 || !isatty(STDIN_FILENO))
		return NULL;
	cli_progress_end();
	cli_catch_interrupts(cli->control.cancellable);
	return ask(cli, terminal, session, is_new, error);
}

void cli_ask_passphrases(Cli *cli)
{
	vks_set_ask(cli->vks, get_passphrase, cli);
}
