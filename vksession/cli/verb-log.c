/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/cli/verb.h"

static struct {
	gboolean follow;
} options;

static const GOptionEntry entries[] = {
	{ "follow", 'f', 0, G_OPTION_ARG_NONE, &options.follow, "Go on as it grows", NULL },
	G_OPTION_ENTRY_NULL,
};

/* Copies what there is. @return FALSE if nobody reads it any more, or it can't be read */
static gboolean copy_out(int fd)
{
	char buffer[65536];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t done = 0; done < n;) {
			ssize_t written = write(STDOUT_FILENO, buffer + done, (gsize)(n - done));

			if (written < 0 && errno != EINTR)
				return FALSE;
			done += MAX(written, 0);
		}
	}
	return n == 0;
}

/* A log that became shorter was begun anew. */
static void rewind_if_cut(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && lseek(fd, 0, SEEK_CUR) > st.st_size)
		lseek(fd, 0, SEEK_SET);
}

static gboolean follow(int fd, const char *path, GError **error)
{
	autofd watch = inotify_init1(IN_CLOEXEC);
	char event[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	if (watch < 0 || inotify_add_watch(watch, path, IN_MODIFY | IN_DELETE_SELF) < 0) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_UNSUPPORTED,
			    "cannot watch the log (inotify: %s); the session is untouched; see it "
			    "without -f",
			    g_strerror(errno));
		return FALSE;
	}
	while (copy_out(fd)) {
		ssize_t n = read(watch, event, sizeof(event));

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0 && (((struct inotify_event *)event)->mask & IN_IGNORED))
			break;
		rewind_if_cut(fd);
	}
	return TRUE;
}

static int verb_log(Cli *cli, int argc, char **argv, GError **error)
{
	g_autofree char *path = NULL;
	autofd fd = -1;

	if (!cli_parse(&cli_verb_log, entries, FALSE, &argc, argv, 1, 1, error) ||
	    !cli_open(cli, error))
		return VKS_ERROR_USAGE;
	path = vks_log_path(cli->vks, argv[1], error);
	if (!path)
		return VKS_ERROR_NOT_FOUND;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_FAILED,
			    "cannot read the log of session %s (%s); the session is untouched; "
			    "look for it at %s",
			    argv[1], g_strerror(errno), path);
		return VKS_ERROR_FAILED;
	}
	if (options.follow)
		return follow(fd, path, error) ? 0 : VKS_ERROR_FAILED;
	return copy_out(fd) ? 0 : VKS_ERROR_FAILED;
}

const CliVerb cli_verb_log = {
	.name = "log",
	.arguments = "[OPTION...] NAME",
	.summary = "Show the console and the programs' output of a session",
	.run = verb_log,
};
