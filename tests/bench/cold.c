/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cold.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	autofd fd = -1;

	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOATIME);
	if (fd < 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return 0;
}

void make_cold(const char *dir)
{
	nftw(dir, drop, 64, FTW_PHYS);
}
