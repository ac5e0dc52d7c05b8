/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A stream is a magic, entries and an end. An entry is a header, a name, and runs of data, the last
 * of which has no bytes and lies at the end of the file. The end is a header without a name, and
 * the XXH3-128 of all bytes before it. All numbers are little-endian.
 */
#include "vksession/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/manifest.h"
#include "vksession/sparse.h"

#define MAGIC	  "VKSEXP1\n"
#define MAX_NAME  255u
#define MAX_FILES 65536u
#define MAX_RUN	  (1u << 20)

typedef struct {
	guint64 size; /* of the file, bytes */
	guint64 name_length;
} Header;

typedef struct {
	guint64 offset;
	guint64 length; /* at most MAX_RUN; 0: the last one */
} Run;

struct VksArchive {
	int fd;
	XXH3_state_t *hash; /* of all that was written or read so far */
	guint8 *block;	    /* MAX_RUN bytes */
	GCancellable *cancellable;
};

static VksArchive *archive_new(int fd, GCancellable *cancellable)
{
	VksArchive *archive = g_new0(VksArchive, 1);

	archive->fd = fd;
	archive->cancellable = cancellable;
	archive->hash = XXH3_createState();
	archive->block = g_malloc(MAX_RUN);
	XXH3_128bits_reset(archive->hash);
	return archive;
}

void vks_archive_free(VksArchive *archive)
{
	if (!archive)
		return;
	XXH3_freeState(archive->hash);
	g_free(archive->block);
	g_free(archive);
}

static XXH128_canonical_t digest(const VksArchive *archive)
{
	XXH128_canonical_t sum;

	XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(archive->hash));
	return sum;
}

/* Writing */

static gboolean put(VksArchive *archive, const void *bytes, gsize length, GError **error)
{
	XXH3_128bits_update(archive->hash, bytes, length);
	if (vks_write_all(archive->fd, bytes, length))
		return TRUE;
	vks_error_errno(error, errno, "cannot write the stream");
	return FALSE;
}

static gboolean put_header(VksArchive *archive, guint64 size, gsize name_length, GError **error)
{
	Header header = { GUINT64_TO_LE(size), GUINT64_TO_LE(name_length) };

	return put(archive, &header, sizeof(header), error);
}

static gboolean put_run(VksArchive *archive, guint64 offset, gsize length, GError **error)
{
	Run run = { GUINT64_TO_LE(offset), GUINT64_TO_LE(length) };

	return put(archive, &run, sizeof(run), error) &&
	       put(archive, archive->block, length, error);
}

VksArchive *vks_archive_new(int fd, GCancellable *cancellable, GError **error)
{
	g_autoptr(VksArchive) archive = archive_new(fd, cancellable);

	if (!put(archive, MAGIC, strlen(MAGIC), error))
		return NULL;
	return g_steal_pointer(&archive);
}

static gboolean put_data(VksArchive *archive, int from, guint64 size, GError **error)
{
	guint64 at = vks_sparse_next(from, 0, size);

	while (at < size) {
		guint64 end = MIN(vks_sparse_hole(from, at, size), at + MAX_RUN);
		int err = vks_sparse_read(from, archive->block, end - at, at);

		if (err) {
			vks_error_errno(error, err, "cannot read");
			return FALSE;
		}
		if (g_cancellable_set_error_if_cancelled(archive->cancellable, error) ||
		    !put_run(archive, at, end - at, error))
			return FALSE;
		at = MAX(vks_sparse_next(from, end, size), end);
	}
	return put_run(archive, size, 0, error);
}

gboolean vks_archive_add(VksArchive *archive, const char *name, const char *path, GError **error)
{
	autofd from = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0) {
		vks_error_errno(error, errno, "cannot open %s", path);
		return FALSE;
	}
	return put_header(archive, (guint64)st.st_size, strlen(name), error) &&
	       put(archive, name, strlen(name), error) &&
	       put_data(archive, from, (guint64)st.st_size, error);
}

gboolean vks_archive_finish(VksArchive *archive, GError **error)
{
	XXH128_canonical_t sum;

	if (!put_header(archive, 0, 0, error))
		return FALSE;
	sum = digest(archive);
	return put(archive, &sum, sizeof(sum), error);
}

/* Reading */

static gboolean set_bad(GError **error, const char *what)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the stream %s", what);
	return FALSE;
}

static gboolean take(VksArchive *archive, void *bytes, gsize length, GError **error)
{
	gssize got = vks_read_all(archive->fd, bytes, length);

	if (got < 0) {
		vks_error_errno(error, (int)-got, "cannot read the stream");
		return FALSE;
	}
	if ((gsize)got < length)
		return set_bad(error, "ends too early");
	XXH3_128bits_update(archive->hash, bytes, length);
	return TRUE;
}

static gboolean take_header(VksArchive *archive, Header *header, GError **error)
{
	if (!take(archive, header, sizeof(*header), error))
		return FALSE;
	header->size = GUINT64_FROM_LE(header->size);
	header->name_length = GUINT64_FROM_LE(header->name_length);
	if (header->size > VKS_MAX_MEMORY || header->name_length > MAX_NAME)
		return set_bad(error, "is damaged");
	return TRUE;
}

/* Runs lie one behind the other. @param end  of the one before */
static gboolean take_run(VksArchive *archive, Run *run, guint64 end, guint64 size, GError **error)
{
	if (!take(archive, run, sizeof(*run), error))
		return FALSE;
	run->offset = GUINT64_FROM_LE(run->offset);
	run->length = GUINT64_FROM_LE(run->length);
	if (run->length > MAX_RUN || run->offset < end || run->offset > size ||
	    run->length > size - run->offset || (run->length == 0 && run->offset != size))
		return set_bad(error, "is damaged");
	return take(archive, archive->block, run->length, error);
}

static gboolean take_data(VksArchive *archive, int to, guint64 size, GError **error)
{
	Run run = { 0 };

	do {
		if (g_cancellable_set_error_if_cancelled(archive->cancellable, error) ||
		    !take_run(archive, &run, run.offset + run.length, size, error))
			return FALSE;
		if (lseek(to, (off_t)run.offset, SEEK_SET) < 0 ||
		    !vks_write_all(to, archive->block, run.length)) {
			vks_error_errno(error, errno, "cannot write");
			return FALSE;
		}
	} while (run.length > 0);
	return TRUE;
}

/* A new file; one that was there before would be a second one of that name in the stream. */
static int create_file(const char *path, guint64 size, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);
	autofd fd = -1;

	if (!vks_private_dir_ensure(parent, error))
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) {
		set_bad(error, "has a file twice");
		return -1;
	}
	if (fd < 0 || fchmod(fd, 0600) < 0 || ftruncate(fd, (off_t)size) < 0) {
		vks_error_errno(error, errno, "cannot make %s", path);
		return -1;
	}
	return steal_fd(&fd);
}

static gboolean take_file(VksArchive *archive, const Header *header, const char *dir,
			  const GRegex *names, GError **error)
{
	char name[MAX_NAME + 1] = "";
	g_autofree char *path = NULL;
	autofd to = -1;

	if (!take(archive, name, header->name_length, error))
		return FALSE;
	/* A name with a NUL inside is not matched in full. */
	if (strlen(name) != header->name_length || !g_utf8_validate(name, -1, NULL) ||
	    !g_regex_match(names, name, 0, NULL))
		return set_bad(error, "has a file that is not wanted");
	path = g_build_filename(dir, name, NULL);
	to = create_file(path, header->size, error);
	return to >= 0 && take_data(archive, to, header->size, error);
}

static gboolean take_end(VksArchive *archive, const Header *header, GError **error)
{
	XXH128_canonical_t expected = digest(archive), found;
	guint8 more;

	if (header->size != 0)
		return set_bad(error, "is damaged");
	if (!take(archive, &found, sizeof(found), error))
		return FALSE;
	if (memcmp(&found, &expected, sizeof(found)) != 0)
		return set_bad(error, "is damaged: its checksum is another one");
	return vks_read_all(archive->fd, &more, 1) == 0 ||
	       set_bad(error, "has something behind its end");
}

static gboolean take_magic(VksArchive *archive, GError **error)
{
	char magic[sizeof(MAGIC)] = "";

	if (!take(archive, magic, strlen(MAGIC), error))
		return FALSE;
	return strcmp(magic, MAGIC) == 0 || set_bad(error, "is no exported session");
}

gboolean vks_archive_unpack(int fd, const char *dir, const char *names, GCancellable *cancellable,
			    GError **error)
{
	g_autoptr(VksArchive) archive = archive_new(fd, cancellable);
	g_autofree char *whole = g_strdup_printf("^(?:%s)$", names);
	g_autoptr(GRegex) wanted = g_regex_new(whole, G_REGEX_DOLLAR_ENDONLY, 0, error);
	Header header;

	if (!wanted || !take_magic(archive, error))
		return FALSE;
	for (guint files = 0; files < MAX_FILES; files++) {
		if (!take_header(archive, &header, error))
			return FALSE;
		if (header.name_length == 0)
			return take_end(archive, &header, error);
		if (!take_file(archive, &header, dir, wanted, error))
			return FALSE;
	}
	return set_bad(error, "has too many files");
}
