/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mount namespace with a tmpfs, a bind mount and an overlay of its own. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct stat before, after;
	int fd;

	enter_user_namespace(CLONE_NEWNS);
	must(mkdir("mnt", 0700));
	must(mount("none", "mnt", "tmpfs", 0, "size=4m"));
	must(mkdir("mnt/lower", 0700));
	must(mkdir("mnt/upper", 0700));
	must(mkdir("mnt/work", 0700));
	must(mkdir("mnt/all", 0700));
	must(mkdir("mnt/bound", 0700));
	close((int)must(open("mnt/lower/file", O_CREAT | O_WRONLY, 0600)));
	write_text("mnt/lower/file", "below");
	must(mount("mnt/lower", "mnt/bound", NULL, MS_BIND, NULL));
	must(mount(NULL, "mnt/bound", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
	must(mount("none", "mnt/all", "overlay", 0,
		   "lowerdir=mnt/lower,upperdir=mnt/upper,workdir=mnt/work"));
	fd = (int)must(open("mnt/all/file", O_RDWR));
	must(pwrite(fd, "above", 5, 0));
	must(fstat(fd, &before));
	ready();
	must(fstat(fd, &after));
	expect(before.st_ino == after.st_ino, "the file in the overlay is another one");
	expect(strcmp(read_text("mnt/all/file"), "above") == 0, "the overlay's file has changed");
	expect(strcmp(read_text("mnt/bound/file"), "below") == 0, "the bound file has changed");
	expect(open("mnt/bound/file", O_RDWR) < 0 && errno == EROFS,
	       "the bind mount is not read-only any more");
	close((int)must(open("mnt/all/new", O_CREAT | O_WRONLY, 0600)));
	expect(access("mnt/upper/new", F_OK) == 0, "the overlay's upper layer is another one");
}

const struct state state_namespace_mount = {
	.name = "namespace-mount",
	.summary = "tmpfs, bind and overlay mounts of a namespace",
	.run = run,
};
