/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/disks.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE "/media"

static int make_directory(const char *path, struct failure *failure)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return failure_set(failure, errno, "mkdir %s", path);
	return 0;
}

/* What is no file system of ours is the user's own affair. */
static int give_device(const struct config *config, const char *device, const char *place,
		       struct failure *failure)
{
	rmdir(place);
	if (chown(device, config->uid, config->gid) < 0 || chmod(device, 0600) < 0)
		return failure_set(failure, errno, "give %s to the user", device);
	return 0;
}

static int mount_one(const struct config *config, unsigned int number, struct failure *failure)
{
	char device[32], place[32];
	int error;

	snprintf(device, sizeof(device), "/dev/ubd%c", 'a' + (char)number);
	snprintf(place, sizeof(place), PLACE "/disk-%u", number);
	error = make_directory(place, failure);
	if (error < 0 || mount(device, place, "ext4", MS_NOSUID | MS_NODEV, NULL) == 0)
		return error;
	if (errno == EINVAL)
		return give_device(config, device, place, failure);
	return failure_set(failure, errno, "mount disk %u", number);
}

int disks_mount(const struct config *config, struct failure *failure)
{
	int error = config->disks ? make_directory(PLACE, failure) : 0;

	for (unsigned int i = 0; i < config->disks && error == 0; i++)
		error = mount_one(config, i, failure);
	return error;
}
