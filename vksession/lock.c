/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "launcher/autofd.h"
#include "vksession/error.h"

static int flock_retry(int fd, int operation)
{
	int ret;

	do
		ret = flock(fd, operation);
	while (ret < 0 && errno == EINTR);
	return ret;
}

/* Whether the path still names the file that we have locked: a drop removes lock files. */
static gboolean still_there(int fd, const char *path)
{
	struct stat ours, theirs;

	return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino &&
	       ours.st_dev == theirs.st_dev;
}

static void set_busy(GError **error, int fd)
{
	char text[64] = "";
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	g_strstrip(text);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_BUSY, "another vksession is at work on it (%s)",
		    *text ? text : "just starting");
}

/*
 * Whether a line of /proc/locks, see proc(5), is of an flock(2) on a file: one that is held, or,
 * with "->" after its number, one that is waited for, to be shared. Who waits for it alone does the
 * same kind of work, and may as well wait.
 */
static gboolean is_lock_on(const char *line, ino_t inode, gboolean awaited)
{
	const char *kind = strstr(line, awaited ? "-> FLOCK" : ": FLOCK");
	guint64 found;

	return kind && (!awaited || strstr(kind, " READ ")) &&
	       sscanf(strstr(kind, "FLOCK"), "%*s %*s %*s %*d %*x:%*x:%" G_GUINT64_FORMAT,
		      &found) == 1 &&
	       found == (guint64)inode;
}

static gboolean has_lock(const char *path, gboolean awaited)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	struct stat st;

	if (stat(path, &st) < 0 || !g_file_get_contents("/proc/locks", &text, NULL, NULL))
		return FALSE;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		if (is_lock_on(*line, st.st_ino, awaited))
			return TRUE;
	}
	return FALSE;
}

char *vks_lock_holder(const char *path)
{
	g_autofree char *text = NULL;
	char *comma;

	if (!has_lock(path, FALSE) || !g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	comma = strchr(text, ',');
	if (comma)
		*comma = '\0';
	return g_steal_pointer(&text);
}

static void note_holder(int fd, const char *holder)
{
	g_autofree char *text = g_strdup_printf("%s, process %d\n", holder, (int)getpid());

	/* Only for the message above: a file that can't be written to is no reason to fail. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, strlen(text), 0) < 0)
		return;
}

/* A session whose store can't be written to any more can still be looked at, and ended. */
static int open_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 && errno == EROFS ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : fd;
}

static int take(const char *path, const char *holder, int operation, gboolean wait, GError **error)
{
	for (;;) {
		autofd fd = open_lock(path);

		if (fd < 0) {
			vks_error_errno(error, errno, "cannot open lock file %s", path);
			return -1;
		}
		if (flock_retry(fd, wait ? operation : operation | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				set_busy(error, fd);
			else
				vks_error_errno(error, errno, "cannot lock %s", path);
			return -1;
		}
		if (still_there(fd, path)) {
			note_holder(fd, holder);
			return steal_fd(&fd);
		}
	}
}

int vks_lock_take(const char *path, const char *holder, gboolean wait, GError **error)
{
	return take(path, holder, LOCK_EX, wait, error);
}

int vks_lock_share(const char *path, const char *holder, GError **error)
{
	return take(path, holder, LOCK_SH, TRUE, error);
}

gboolean vks_lock_is_awaited(const char *path)
{
	return has_lock(path, TRUE);
}
