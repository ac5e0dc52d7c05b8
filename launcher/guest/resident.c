/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/resident.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/guest/config.h"
#include "launcher/guest/mounts.h"

bool resident_is_self(void)
{
	char path[sizeof(RESIDENT_VKINIT)];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path));

	return length == (ssize_t)strlen(RESIDENT_VKINIT) &&
	       memcmp(path, RESIDENT_VKINIT, (size_t)length) == 0;
}

static int open_source(const char *path, struct failure *failure)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? failure_set(failure, errno, "open %s", path) : fd;
}

static int copy_in(int from, const char *path, mode_t mode, struct failure *failure)
{
	autofd to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t sent;

	if (to < 0)
		return failure_set(failure, errno, "create %s", path);
	do {
		sent = sendfile(to, from, NULL, 1 << 20);
	} while (sent > 0);
	if (sent < 0 || fchmod(to, mode) < 0)
		return failure_set(failure, errno, "copy to %s", path);
	return 0;
}

/* Sources are opened first: the new file systems may hide the host's /tmp and /run. */
static int move(const struct config *config, const char *self, const char *config_path,
		struct failure *failure)
{
	autofd vkinit = open_source(self, failure);
	autofd conf = vkinit < 0 ? -1 : open_source(config_path, failure);
	autofd vkdisplay = -1;
	autofd root_program = -1;
	int error;

	if (vkinit < 0 || conf < 0)
		return vkinit < 0 ? vkinit : conf;
	if (config->vkdisplay) {
		vkdisplay = open_source(config->vkdisplay, failure);
		if (vkdisplay < 0)
			return vkdisplay;
	}
	if (config->root_program) {
		root_program = open_source(config->root_program, failure);
		if (root_program < 0)
			return root_program;
	}
	error = mounts_build(config, failure);
	if (error == 0)
		error = copy_in(vkinit, RESIDENT_VKINIT, 0755, failure);
	if (error == 0)
		error = copy_in(conf, RESIDENT_CONFIG, 0600, failure);
	if (error == 0 && vkdisplay >= 0)
		error = copy_in(vkdisplay, RESIDENT_VKDISPLAY, 0755, failure);
	if (error == 0 && root_program >= 0)
		error = copy_in(root_program, RESIDENT_ROOT_PROGRAM, 0755, failure);
	return error;
}

int resident_move_in(const char *self, const char *config_path, struct failure *failure)
{
	char *const arguments[] = { (char *)"vkinit", (char *)RESIDENT_CONFIG, NULL };
	char *const environment[] = { (char *)"PATH=/usr/bin:/bin", NULL };
	struct config config;
	int error = config_read(&config, config_path, failure);

	if (error == 0)
		error = move(&config, self, config_path, failure);
	config_finish(&config);
	if (error < 0)
		return error;
	execve(RESIDENT_VKINIT, arguments, environment);
	return failure_set(failure, errno, "execute %s", RESIDENT_VKINIT);
}
