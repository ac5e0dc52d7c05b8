/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The kernel starts PID 1 on the host's root directory, mounted through hostfs, read-only.
 *
 * 1. stack_overlay: a tmpfs (on /tmp, hiding the host's) takes the writable layer; overlayfs shows
 *    the host's root with that layer on top. Nothing on the host is written.
 * 2. enter_overlay: pivot_root(2) into it. The old root stays as the overlay's lower layer, but
 *    has no path any more.
 * 3. mount_system: the file systems that every Linux has, all of them the guest's own.
 * 4. mount_home: the user's home directory through hostfs, read-write: the only place where the
 *    guest and the host share files.
 * 5. make_directories: what a login would have made in /run and /tmp.
 * 6. private_dirs_mount: directories of the home that the session has for itself.
 * 7. disks_mount: its disks.
 *
 * All mounts are nosuid: programs never become guest root.
 */
#include "launcher/guest/mounts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/guest/disks.h"
#include "launcher/guest/private-dirs.h"

#define STAGE	   "/tmp"
#define STAGE_ROOT STAGE "/root"
#define OLD_ROOT   "/run/old-root"

struct mount_entry {
	const char *type;
	const char *target;
	unsigned long flags;
	const char *options;
	bool optional; /* the host may lack the directory */
};

static const struct mount_entry system_mounts[] = {
	{ "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false },
	{ "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false },
	{ "devtmpfs", "/dev", MS_NOSUID, "mode=0755", false },
	{ "devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666", false },
	{ "tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777", false },
	{ "tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777", false },
	{ "tmpfs", "/var/tmp", MS_NOSUID | MS_NODEV, "mode=1777", true },
};

/* Makes a directory with exactly this mode; an existing one is fine. */
static int make_directory(const char *path, mode_t mode, struct failure *failure)
{
	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 0 : failure_set(failure, errno, "mkdir %s", path);
	if (chmod(path, mode) < 0)
		return failure_set(failure, errno, "chmod %s", path);
	return 0;
}

/* Makes a directory and those above it, 0755. */
static int make_path(const char *path, struct failure *failure)
{
	char part[PATH_MAX];

	if ((size_t)snprintf(part, sizeof(part), "%s", path) >= sizeof(part))
		return failure_set(failure, ENAMETOOLONG, "mkdir %s", path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int error;

		*slash = '\0';
		error = make_directory(part, 0755, failure);
		*slash = '/';
		if (error < 0)
			return error;
	}
	return make_directory(part, 0755, failure);
}

static int mount_one(const struct mount_entry *entry, struct failure *failure)
{
	if (mount(entry->type, entry->target, entry->type, entry->flags, entry->options) == 0)
		return 0;
	if (errno == ENOENT && entry->optional)
		return 0;
	return failure_set(failure, errno, "mount %s on %s", entry->type, entry->target);
}

static int stack_overlay(struct failure *failure)
{
	const struct mount_entry stage = { "tmpfs", STAGE, MS_NODEV, "mode=0755", false };
	const struct mount_entry overlay = { "overlay", STAGE_ROOT, MS_NOSUID | MS_NODEV,
					     "lowerdir=/,upperdir=" STAGE "/upper,workdir=" STAGE
					     "/work,volatile",
					     false };
	int error = mount_one(&stage, failure);

	if (error == 0)
		error = make_directory(STAGE "/upper", 0755, failure);
	if (error == 0)
		error = make_directory(STAGE "/work", 0755, failure);
	if (error == 0)
		error = make_directory(STAGE_ROOT, 0755, failure);
	return error == 0 ? mount_one(&overlay, failure) : error;
}

static int enter_overlay(struct failure *failure)
{
	const struct mount_entry run = { "tmpfs", STAGE_ROOT "/run", MS_NOSUID | MS_NODEV,
					 "mode=0755", false };
	int error = mount_one(&run, failure);

	if (error == 0)
		error = make_directory(STAGE_ROOT OLD_ROOT, 0700, failure);
	if (error < 0)
		return error;
	if (syscall(SYS_pivot_root, STAGE_ROOT, STAGE_ROOT OLD_ROOT) < 0)
		return failure_set(failure, errno, "pivot_root");
	if (chdir("/") < 0 || umount2(OLD_ROOT, MNT_DETACH) < 0 || rmdir(OLD_ROOT) < 0)
		return failure_set(failure, errno, "leave the old root");
	return 0;
}

static int mount_system(struct failure *failure)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};

	for (size_t i = 0; i < sizeof(system_mounts) / sizeof(system_mounts[0]); i++) {
		const struct mount_entry *entry = &system_mounts[i];
		int error = 0;

		if (strncmp(entry->target, "/dev/", 5) == 0)
			error = make_directory(entry->target, 0755, failure);
		if (error == 0)
			error = mount_one(entry, failure);
		if (error < 0)
			return error;
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlink(links[i][0], links[i][1]) < 0 && errno != EEXIST)
			return failure_set(failure, errno, "symlink %s", links[i][1]);
	}
	return 0;
}

static int mount_home(const struct config *config, struct failure *failure)
{
	int error = make_path(config->home, failure);

	if (error < 0)
		return error;
	if (mount("home", config->home, "hostfs", MS_NOSUID | MS_NODEV, config->home) < 0)
		return failure_set(failure, errno, "mount hostfs on %s", config->home);
	return 0;
}

/* A directory of the user's own. */
static int make_user_directory(const struct config *config, const char *path,
			       struct failure *failure)
{
	int error = make_directory(path, 0700, failure);

	if (error < 0)
		return error;
	if (chown(path, config->uid, config->gid) < 0)
		return failure_set(failure, errno, "chown %s", path);
	return 0;
}

static int make_directories(const struct config *config, struct failure *failure)
{
	static const struct {
		const char *path;
		mode_t mode;
	} directories[] = {
		{ "/run/lock", 01777 },	      { "/run/user", 0755 },
		{ "/tmp/.X11-unix", 01777 },  { "/tmp/.ICE-unix", 01777 },
		{ MOUNTS_PRIVATE_DIR, 0755 },
	};
	char runtime[64];
	int error = 0;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]) && error == 0; i++)
		error = make_directory(directories[i].path, directories[i].mode, failure);
	snprintf(runtime, sizeof(runtime), "/run/user/%u", config->uid);
	if (error == 0)
		error = make_user_directory(config, runtime, failure);
	if (error == 0)
		error = make_user_directory(config, MOUNTS_DISPLAY_DIR, failure);
	return error;
}

int mounts_build(const struct config *config, struct failure *failure)
{
	int error = stack_overlay(failure);

	if (error == 0)
		error = enter_overlay(failure);
	if (error == 0)
		error = mount_system(failure);
	if (error == 0)
		error = mount_home(config, failure);
	if (error == 0)
		error = make_directories(config, failure);
	if (error == 0)
		error = private_dirs_mount(config, failure);
	if (error == 0)
		error = disks_mount(config, failure);
	return error;
}

void mounts_detach(const struct config *config)
{
	private_dirs_detach(config);
	if (umount2(config->home, 0) < 0)
		umount2(config->home, MNT_DETACH);
}
