/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"

#define IN_MEMORY "/dev/shm"

void tree_remove(const char *path)
{
	g_autoptr(GError) error = NULL;

	if (!vks_tree_remove(path, &error))
		g_error("%s", error->message);
}

char *tree_make_place(void)
{
	char *path = g_strdup(IN_MEMORY "/vksession-faults-XXXXXX");

	if (g_mkdtemp(path))
		return path;
	g_free(path);
	path = g_dir_make_tmp("vksession-faults-XXXXXX", NULL);
	if (!path)
		g_error("cannot make a directory for the test");
	return path;
}

static void copy_data(int from, int to, off_t size)
{
	static char buffer[65536];
	off_t at = 0;

	if (ftruncate(to, size) < 0)
		g_error("ftruncate: %m");
	while ((at = lseek(from, at, SEEK_DATA)) >= 0 && at < size) {
		ssize_t n = pread(from, buffer, sizeof(buffer), at);

		if (n <= 0 || pwrite(to, buffer, (gsize)n, at) != n)
			g_error("copying: %m");
		at += n;
	}
}

static void copy_file(const char *from, const char *to, const struct stat *st)
{
	autofd source = open(from, O_RDONLY | O_CLOEXEC);
	autofd target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st->st_mode & 07777);
	struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (source < 0 || target < 0)
		g_error("cannot copy %s to %s: %m", from, to);
	copy_data(source, target, st->st_size);
	futimens(target, times);
}

static void copy_entry(const char *from, const char *to)
{
	struct stat st;

	if (lstat(from, &st) < 0)
		g_error("lstat %s: %m", from);
	if (S_ISREG(st.st_mode)) {
		copy_file(from, to, &st);
	} else if (S_ISLNK(st.st_mode)) {
		g_autofree char *target = g_file_read_link(from, NULL);

		if (symlink(target, to) < 0)
			g_error("symlink %s: %m", to);
	} else if (S_ISDIR(st.st_mode)) {
		g_autoptr(GDir) dir = g_dir_open(from, 0, NULL);
		const char *name;

		if (mkdir(to, st.st_mode & 07777) < 0)
			g_error("mkdir %s: %m", to);
		while (dir && (name = g_dir_read_name(dir))) {
			g_autofree char *source = g_build_filename(from, name, NULL);
			g_autofree char *target = g_build_filename(to, name, NULL);

			copy_entry(source, target);
		}
	}
}

void tree_copy(const char *from, const char *to)
{
	tree_remove(to);
	copy_entry(from, to);
}
