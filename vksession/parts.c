/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/sparse.h"

/** What sealing adds to a part: less than this, and less than a thousandth. */
#define SEALED_LENGTH(length) ((length) + (length) / 1024 + 4096)

static char *context_of(const VksManifest *manifest, const char *name)
{
	return g_strdup_printf("%s/%s", manifest->seal.id, name);
}

static int open_file(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		vks_error_errno(error, errno, "cannot open %s", path);
	return fd;
}

static int create_file(const char *path, GError **error)
{
	autofd fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, 0600) < 0) {
		vks_error_errno(error, errno, "cannot make %s", path);
		return -1;
	}
	return steal_fd(&fd);
}

static gssize give_from_file(gpointer data, guint8 *bytes, gsize length)
{
	return vks_read_all(GPOINTER_TO_INT(data), bytes, length);
}

static int take_to_file(gpointer data, const guint8 *bytes, gsize length)
{
	return vks_write_all(GPOINTER_TO_INT(data), bytes, length) ? 0 : errno;
}

static int take_nowhere(gpointer data, const guint8 *bytes, gsize length)
{
	return 0;
}

static gboolean need_unlocked(const VksManifest *manifest, GError **error)
{
	if (!vks_manifest_is_locked(manifest))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "save %u is encrypted, and locked",
		    manifest->generation);
	return FALSE;
}

/* Opens what a file holds and gives it to somebody who takes it. */
static gboolean open_stream(int from, const VksManifest *manifest, const char *name,
			    VksTakeBytes take, gpointer to, GError **error)
{
	g_autofree char *context = context_of(manifest, name);
	VksStream stream = { give_from_file, GINT_TO_POINTER(from), take, to };

	if (!need_unlocked(manifest, error))
		return FALSE;
	if (vks_sealing_open_stream(manifest->seal.sealing, context, &stream, error))
		return TRUE;
	g_prefix_error(error, "%s: ", name);
	return FALSE;
}

gboolean vks_part_put(const char *dir, const VksManifest *manifest, const char *name,
		      const void *data, gsize length, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *context = NULL;
	g_autoptr(GByteArray) sealed = NULL;

	if (!manifest->seal.id)
		return vks_file_create(path, data, length, error);
	context = context_of(manifest, name);
	if (!need_unlocked(manifest, error))
		return FALSE;
	sealed = vks_sealing_close_bytes(manifest->seal.sealing, context, data, length, error);
	return sealed && vks_file_create(path, (const char *)sealed->data, sealed->len, error);
}

static gboolean copy_fd(int from, int to, const char *name, GError **error)
{
	if (vks_copy_content(from, to))
		return TRUE;
	vks_error_errno(error, errno, "cannot copy %s", name);
	return FALSE;
}

gboolean vks_part_put_fd(const char *dir, const VksManifest *manifest, const char *name, int from,
			 GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	autofd to = need_unlocked(manifest, error) ? create_file(path, error) : -1;
	VksStream stream = { give_from_file, GINT_TO_POINTER(from), take_to_file,
			     GINT_TO_POINTER(to) };
	g_autofree char *context = NULL;

	if (to < 0 || !manifest->seal.id)
		return to >= 0 && copy_fd(from, to, name, error);
	context = context_of(manifest, name);
	return vks_sealing_close_stream(manifest->seal.sealing, context, &stream, error);
}

gboolean vks_part_put_file(const char *dir, const VksManifest *manifest, const char *name,
			   const char *from, GError **error)
{
	g_autofree char *to = g_build_filename(dir, name, NULL);
	autofd in = -1;

	if (!manifest->seal.id)
		return vks_file_move(from, to, error);
	in = open_file(from, error);
	if (in < 0 || !vks_part_put_fd(dir, manifest, name, in, error))
		return FALSE;
	if (unlink(from) == 0 || errno == ENOENT)
		return TRUE;
	vks_error_errno(error, errno, "cannot remove %s", from);
	return FALSE;
}

char *vks_part_get(const char *dir, const VksManifest *manifest, const char *name, gsize max_length,
		   gsize *length, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *context = NULL;
	g_autofree char *sealed = NULL;
	g_autoptr(GByteArray) plain = NULL;
	gsize sealed_length = 0;

	if (!manifest->seal.id)
		return vks_file_read(path, max_length, length, error);
	if (!need_unlocked(manifest, error))
		return NULL;
	sealed = vks_file_read(path, SEALED_LENGTH(max_length), &sealed_length, error);
	if (!sealed)
		return NULL;
	context = context_of(manifest, name);
	plain = vks_sealing_open_bytes(manifest->seal.sealing, context, sealed, sealed_length,
				       error);
	if (!plain) {
		g_prefix_error(error, "%s: ", name);
		return NULL;
	}
	if (plain->len > max_length) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: it is too long", name);
		return NULL;
	}
	if (length)
		*length = plain->len;
	g_byte_array_append(plain, (const guint8 *)"", 1);
	return (char *)g_byte_array_free(g_steal_pointer(&plain), FALSE);
}

int vks_part_open(const char *dir, const VksManifest *manifest, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	autofd from = open_file(path, error);
	autofd to = -1;

	if (from < 0 || !manifest->seal.id)
		return steal_fd(&from);
	to = memfd_create("vksession-part", MFD_CLOEXEC);
	if (to < 0) {
		vks_error_errno(error, errno, "no memory for %s", name);
		return -1;
	}
	if (!open_stream(from, manifest, name, take_to_file, GINT_TO_POINTER(to), error))
		return -1;
	if (lseek(to, 0, SEEK_SET) < 0) {
		vks_error_errno(error, errno, "cannot read %s", name);
		return -1;
	}
	return steal_fd(&to);
}

gboolean vks_part_extract(const char *dir, const VksManifest *manifest, const char *name,
			  const char *to, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	autofd in = -1;
	autofd out = -1;

	if (!manifest->seal.id)
		return vks_file_copy(path, to, error);
	in = open_file(path, error);
	out = in < 0 ? -1 : create_file(to, error);
	return out >= 0 &&
	       open_stream(in, manifest, name, take_to_file, GINT_TO_POINTER(out), error);
}

gboolean vks_part_check(const char *dir, const VksManifest *manifest, const char *name,
			GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	autofd from = -1;

	if (!manifest->seal.id || vks_manifest_is_locked(manifest))
		return TRUE;
	from = open_file(path, error);
	return from >= 0 && open_stream(from, manifest, name, take_nowhere, NULL, error);
}
