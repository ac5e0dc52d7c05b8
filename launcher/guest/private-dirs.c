/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * For each private directory:
 *   show_original - It is mounted read-only through a hostfs of its own: when that is unmounted,
 *                   the guest has none of its files open any more, which else a save would list.
 *   copy_content  - Into a tmpfs, by cp(1), with owners, modes, times and links. A copy that is not
 *                   complete is no copy: the session does not start.
 *   place_copy    - The tmpfs moves over the directory: it is never there half filled.
 */
#include "launcher/guest/private-dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/guest/mounts.h"
#include "launcher/guest/programs.h"

#define ORIGINAL MOUNTS_PRIVATE_DIR "/original"
#define COPY	 MOUNTS_PRIVATE_DIR "/copy"

static int show_original(const char *dir, struct failure *failure)
{
	if (mount("private", ORIGINAL, "hostfs", MS_RDONLY | MS_NOSUID | MS_NODEV, dir) < 0)
		return failure_set(failure, errno, "mount hostfs of %s", dir);
	return 0;
}

/* Reads all that a program says, until its end, and keeps the first line. */
static void read_first_line(int fd, char *line, size_t size)
{
	size_t length = 0;
	char rest[512];
	ssize_t got;

	while ((got = read(fd, rest, sizeof(rest))) > 0 || (got < 0 && errno == EINTR)) {
		for (ssize_t i = 0; i < got && length < size - 1; i++)
			line[length++] = rest[i];
	}
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static int copy_content(const struct config *config, const char *dir, struct failure *failure)
{
	static const char *const arguments[] = { "/bin/cp", "-a", ORIGINAL "/.", COPY, NULL };
	autofd null = open("/dev/null", O_RDWR | O_CLOEXEC);
	autofd said = -1;
	char line[256];
	int ends[2];
	int status;
	pid_t pid;

	if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return failure_set(failure, errno, "copy %s", dir);
	said = ends[0];
	pid = program_start_root(config, arguments, (const int[]){ null, null, ends[1] });
	close(ends[1]);
	if (pid < 0)
		return failure_set(failure, -pid, "start %s", arguments[0]);
	read_first_line(said, line, sizeof(line));
	if (waitpid(pid, &status, 0) == pid && status == 0)
		return 0;
	return failure_set(failure, EIO, "private directory %s: %s", dir, line);
}

static int place_copy(const char *dir, struct failure *failure)
{
	if (mount(COPY, dir, NULL, MS_MOVE, NULL) < 0)
		return failure_set(failure, errno, "mount the copy on %s", dir);
	return 0;
}

static int mount_one(const struct config *config, const char *dir, struct failure *failure)
{
	int error = show_original(dir, failure);

	if (error == 0 && mount("private", COPY, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") < 0)
		error = failure_set(failure, errno, "mount tmpfs for %s", dir);
	if (error == 0)
		error = copy_content(config, dir, failure);
	if (error == 0 && umount2(ORIGINAL, 0) < 0)
		error = failure_set(failure, errno, "unmount the host's %s", dir);
	return error == 0 ? place_copy(dir, failure) : error;
}

int private_dirs_mount(const struct config *config, struct failure *failure)
{
	int error = 0;

	if (config->private_count == 0)
		return 0;
	if (mkdir(ORIGINAL, 0700) < 0 || mkdir(COPY, 0700) < 0)
		return failure_set(failure, errno, "make directories for copies");
	for (size_t i = 0; i < config->private_count && error == 0; i++)
		error = mount_one(config, config->private_dirs[i], failure);
	return error;
}

void private_dirs_detach(const struct config *config)
{
	for (size_t i = 0; i < config->private_count; i++)
		umount2(config->private_dirs[i], MNT_DETACH);
}
