/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/place.h"

#include <sys/vfs.h>

#include <linux/magic.h>

#include "vksession/selftest/states/state.h"

const char *const place_names[] = { "tmpfs", "overlay", [PLACE_NUMBER_HOSTFS] = "hostfs", "disk",
				    NULL };
const char *place_name = "";

unsigned int place_number(void)
{
	unsigned int number = 0;

	while (strcmp(place_names[number], place_name) != 0)
		number++;
	return number;
}

static const char *directory(const char *place)
{
	struct statfs disk;

	if (strcmp(place, "overlay") == 0)
		return PLACE_OVERLAY;
	if (strcmp(place, "hostfs") == 0)
		return getenv(PLACE_HOSTFS_VARIABLE);
	if (strcmp(place, "disk") != 0)
		return ".";
	if (statfs(PLACE_DISK, &disk) < 0 || disk.f_type != EXT4_SUPER_MAGIC)
		skip("this vkernel has no disk");
	return PLACE_DISK;
}

const char *at_place(const char *place, const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s-%d", directory(place), name, getpid());
	return path;
}

const char *here(const char *name)
{
	return at_place(place_name, name);
}
