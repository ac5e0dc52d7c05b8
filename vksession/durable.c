/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/durable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "launcher/autofd.h"
#include "vksession/error.h"
#include "vksession/sparse.h"

/* A parent may be reached by a link, and need not be one that we can read. */
static gboolean sync_names(const char *directory, GError **error)
{
	autofd fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if ((fd >= 0 && fsync(fd) == 0) || errno == EACCES || errno == EINVAL)
		return TRUE;
	vks_error_errno(error, errno, "cannot sync %s to the disk", directory);
	return FALSE;
}

/* Makes a directory and those above it; what is made survives a power failure. */
static gboolean make_durable(const char *path, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);

	/* Whatever the umask, what comes below must be possible. */
	if (mkdir(path, 0700) == 0 && chmod(path, 0700) == 0)
		return sync_names(parent, error);
	if (errno == EEXIST)
		return TRUE;
	if (errno == ENOENT && strcmp(parent, path) != 0)
		return make_durable(parent, error) && make_durable(path, error);
	vks_error_errno(error, errno, "cannot make directory %s", path);
	return FALSE;
}

int vks_private_dir_open(const char *path, gboolean create, GError **error)
{
	autofd fd = -1;
	struct stat st;

	if (create && !make_durable(path, error))
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		int errnum = errno;

		/* A mode taken away by a umask of 0777: ours to give back, if it is ours. */
		if (errnum == EACCES && lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
		    st.st_uid == geteuid() && (st.st_mode & 0700) != 0700 && chmod(path, 0700) == 0)
			return vks_private_dir_open(path, FALSE, error);
		vks_error_errno(error, errnum, "cannot use directory %s", path);
		return -1;
	}
	if (st.st_uid != geteuid()) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
			    "directory %s belongs to another user (uid %u)", path,
			    (unsigned int)st.st_uid);
		return -1;
	}
	if ((st.st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0) {
		vks_error_errno(error, errno, "cannot make directory %s private", path);
		return -1;
	}
	return steal_fd(&fd);
}

gboolean vks_private_dir_ensure(const char *path, GError **error)
{
	autofd fd = vks_private_dir_open(path, TRUE, error);

	return fd >= 0;
}

/* Checks one prefix of a path; a link's target is checked in turn. */
static gboolean check_links_below(const char *path, guint depth, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);
	g_autoptr(GString) prefix = g_string_new(NULL);

	for (guint i = 0; parts[i]; i++) {
		g_autofree char *target = NULL;
		g_autofree char *absolute = NULL;
		struct stat st;

		if (!*parts[i])
			continue;
		g_string_append_printf(prefix, "/%s", parts[i]);
		if (lstat(prefix->str, &st) < 0)
			return TRUE;
		if (!S_ISLNK(st.st_mode))
			continue;
		if ((st.st_uid != 0 && st.st_uid != geteuid()) || depth == 0) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
				    "%s leads through the symbolic link %s of another user", path,
				    prefix->str);
			return FALSE;
		}
		target = g_file_read_link(prefix->str, NULL);
		if (!target)
			return TRUE;
		g_string_truncate(prefix, prefix->len - strlen(parts[i]) - 1);
		absolute = g_canonicalize_filename(target, prefix->len ? prefix->str : "/");
		if (!check_links_below(absolute, depth - 1, error))
			return FALSE;
		g_string_assign(prefix, absolute);
	}
	return TRUE;
}

gboolean vks_path_check_links(const char *path, GError **error)
{
	return check_links_below(path, 40, error);
}

gboolean vks_write_all(int fd, const void *bytes, gsize length)
{
	const char *data = bytes;

	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FALSE;
		data += n;
		length -= (gsize)n;
	}
	return TRUE;
}

gboolean vks_file_create(const char *path, const char *text, gsize length, GError **error)
{
	autofd fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, 0600) < 0 || !vks_write_all(fd, text, length) || fsync(fd) < 0) {
		vks_error_errno(error, errno, "cannot write %s", path);
		return FALSE;
	}
	return TRUE;
}

gboolean vks_copy_content(int from, int to)
{
	ssize_t n;

	if (ioctl(to, FICLONE, from) == 0)
		return TRUE;
	do {
		n = copy_file_range(from, NULL, to, NULL, 1u << 30, 0);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 &&
	    (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
		char buffer[65536];

		while ((n = read(from, buffer, sizeof(buffer))) != 0) {
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0 || !vks_write_all(to, buffer, (gsize)n))
				return FALSE;
		}
	}
	return n == 0;
}

gboolean vks_path_sync(const char *path, GError **error)
{
	autofd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || fsync(fd) < 0) {
		vks_error_errno(error, errno, "cannot sync %s to the disk", path);
		return FALSE;
	}
	return TRUE;
}

static gboolean parent_sync(const char *path, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);

	return vks_path_sync(parent, error);
}

gboolean vks_file_replace(const char *path, const char *text, gsize length, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *temporary = g_strdup_printf("%s/.new-%s", parent, base);

	if (unlink(temporary) < 0 && errno != ENOENT) {
		vks_error_errno(error, errno, "cannot remove %s", temporary);
		return FALSE;
	}
	if (!vks_file_create(temporary, text, length, error)) {
		unlink(temporary);
		return FALSE;
	}
	if (rename(temporary, path) < 0) {
		vks_error_errno(error, errno, "cannot write %s", path);
		unlink(temporary);
		return FALSE;
	}
	return vks_path_sync(parent, error);
}

char *vks_file_read(const char *path, gsize max_length, gsize *length, GError **error)
{
	autofd fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	g_autofree char *text = NULL;
	gssize done;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		vks_error_errno(error, errno, "cannot read %s", path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || (guint64)st.st_size > max_length) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "%s is no regular file of at most %" G_GSIZE_FORMAT " bytes", path,
			    max_length);
		return NULL;
	}
	text = g_malloc((gsize)st.st_size + 1);
	done = vks_read_all(fd, text, (gsize)st.st_size);
	if (done < 0) {
		vks_error_errno(error, (int)-done, "cannot read %s", path);
		return NULL;
	}
	text[done] = '\0';
	if (length)
		*length = (gsize)done;
	return g_steal_pointer(&text);
}

/* Plain copy: what is moved between file systems is small, or goes another way (memory.c). */
gboolean vks_file_copy(const char *from, const char *to, GError **error)
{
	autofd in = open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	autofd out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	char buffer[65536];
	ssize_t n = -1;

	if (in >= 0 && out >= 0 && fchmod(out, 0600) == 0) {
		while ((n = read(in, buffer, sizeof(buffer))) != 0) {
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0 || !vks_write_all(out, buffer, (gsize)n))
				break;
		}
	}
	if (n != 0)
		vks_error_errno(error, errno, "cannot copy %s to %s", from, to);
	return n == 0;
}

gboolean vks_file_move(const char *from, const char *to, GError **error)
{
	if (rename(from, to) == 0)
		return TRUE;
	if (errno != EXDEV) {
		vks_error_errno(error, errno, "cannot move %s to %s", from, to);
		return FALSE;
	}
	return vks_file_copy(from, to, error) && (unlink(from) == 0 || errno == ENOENT);
}

gboolean vks_rename_new(const char *from, const char *to, GError **error)
{
	int ret = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	/* File systems without the flag; our callers hold the lock, so looking first is enough. */
	if (ret < 0 && (errno == EINVAL || errno == ENOSYS)) {
		if (access(to, F_OK) == 0)
			errno = EEXIST;
		else
			ret = rename(from, to);
	}
	if (ret < 0) {
		vks_error_errno(error, errno, "cannot rename %s to %s", from, to);
		return FALSE;
	}
	return parent_sync(to, error);
}

gboolean vks_rename_exchange(const char *from, const char *to, GError **error)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0)
		return parent_sync(to, error);
	if (errno == EINVAL || errno == ENOSYS)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "the file system of %s can't exchange names", to);
	else
		vks_error_errno(error, errno, "cannot exchange %s and %s", from, to);
	return FALSE;
}

static int compare_strings(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

GPtrArray *vks_dir_names(const char *path, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(path);
	const struct dirent *entry = NULL;

	if (!dir) {
		vks_error_errno(error, errno, "cannot list %s", path);
		return NULL;
	}
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			g_ptr_array_add(names, g_strdup(entry->d_name));
	}
	if (errno != 0) {
		vks_error_errno(error, errno, "cannot list %s", path);
		return NULL;
	}
	g_ptr_array_sort(names, compare_strings);
	return g_steal_pointer(&names);
}

gboolean vks_dir_exists(const char *path, gboolean *there, GError **error)
{
	struct stat st;

	*there = FALSE;
	if (lstat(path, &st) == 0) {
		*there = S_ISDIR(st.st_mode);
		return TRUE;
	}
	if (errno == ENOENT || errno == ENOTDIR)
		return TRUE;
	vks_error_errno(error, errno, "cannot look at %s", path);
	return FALSE;
}

static int sync_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	autofd fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -1 : 0;
}

gboolean vks_tree_sync(const char *path, GError **error)
{
	if (nftw(path, sync_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0)
		return TRUE;
	vks_error_errno(error, errno, "cannot sync %s to the disk", path);
	return FALSE;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return remove(path);
}

gboolean vks_tree_remove(const char *path, GError **error)
{
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT) {
		vks_error_errno(error, errno, "cannot remove %s", path);
		return FALSE;
	}
	return TRUE;
}

/* Overwrites [from, to) of a file. */
static gboolean overwrite(int fd, off_t from, off_t to)
{
	guint8 noise[65536];

	while (from < to) {
		gsize length = (gsize)MIN((guint64)(to - from), sizeof(noise));
		ssize_t n;

		/* In pieces of at most 256 bytes, as getrandom() promises. */
		for (gsize done = 0; done < length; done += 256) {
			if (getrandom(noise + done, MIN(256, length - done), 0) < 0)
				return FALSE;
		}
		n = pwrite(fd, noise, length, from);
		if (n < 0 && errno != EINTR)
			return FALSE;
		from += MAX(n, 0);
	}
	return TRUE;
}

/* Holes have never been written: they stay. */
static gboolean overwrite_data(int fd, off_t size)
{
	off_t start = 0;

	while (start < size) {
		off_t data = lseek(fd, start, SEEK_DATA);
		off_t end = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);

		if (data < 0 && errno == ENXIO)
			break;
		if (data < 0 || end < 0)
			return FALSE;
		if (!overwrite(fd, data, end))
			return FALSE;
		start = end;
	}
	return fsync(fd) == 0;
}

static int shred_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	if (type == FTW_F && S_ISREG(st->st_mode) && st->st_nlink == 1) {
		autofd fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 || !overwrite_data(fd, st->st_size))
			return -1;
	}
	return remove(path);
}

gboolean vks_tree_shred(const char *path, GError **error)
{
	if (nftw(path, shred_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT) {
		vks_error_errno(error, errno, "cannot overwrite and remove %s", path);
		return FALSE;
	}
	return TRUE;
}

/* nftw() has no argument for its caller; a thread has one walk at a time. */
static _Thread_local guint64 usage_sum;

static int add_usage(const char *path, const struct stat *st, int type, struct FTW *where)
{
	if (type == FTW_F || type == FTW_D)
		usage_sum += (guint64)st->st_blocks * 512;
	return 0;
}

guint64 vks_tree_usage(const char *path)
{
	usage_sum = 0;
	if (nftw(path, add_usage, 16, FTW_PHYS | FTW_MOUNT) < 0)
		return 0;
	return usage_sum;
}
