/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   read header   - Magic, version, size of the file and checksum; then what it says of the table.
 *   read table    - Sections of known types are noted by type; an unknown one is skipped, or
 *                   refused if it is required.
 *   read identity, read command line, read extents, read files
 *                 - Each section is copied within its limits and checked by itself and against the
 *                   identity, which says what memory there is.
 *
 * The order is the kernel's own, so that both refuse a damaged image for the same reason.
 */
#include "vksession/image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "launcher/autofd.h"
#include "vksession/error.h"
#include "vksession/image/source.h"

#define MAGIC	     "UMLCKPT" /* with its NUL: eight bytes */
#define HEADER_SIZE  40u
#define CRC_OFFSET   36u
#define ENTRY_SIZE   24u
#define ALIGNMENT    8u
#define MIN_IDENTITY (368u + 4u * VKS_IMAGE_MAX_CAPS)
#define EXTENT_SIZE  16u
#define FILE_SIZE_1  88u /* of a record without the path, in version 1 */
#define FILE_SIZE_2  96u
#define MAX_FD	     (1 << 26) /* fs.nr_open cannot be more */
#define MAX_CPUS     1024u
#define MAX_MEMORY   (G_GUINT64_CONSTANT(1) << 42)
#define MAX_ADDRESS  (G_GUINT64_CONSTANT(1) << 57)

/** The known sections of a file that is being read. */
typedef struct {
	VksSource source;
	VksImage *image;
	const VksSection *section[VKS_SECTION_TYPES];
} Reader;

static void file_free(gpointer data)
{
	VksImageFile *file = data;

	g_free(file->path);
	g_free(file);
}

void vks_image_free(VksImage *image)
{
	if (!image)
		return;
	g_free(image->command_line);
	g_array_unref(image->extents);
	g_ptr_array_unref(image->files);
	g_free(image);
}

G_GNUC_PRINTF(2, 3) static gboolean fail(GError **error, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "state: %s", text);
	return FALSE;
}

static gboolean check_seal(const Reader *reader, const guint8 *header, GError **error)
{
	VksImage *image = reader->image;
	guint32 crc;

	image->version = vks_get_le32(header + 8);
	image->file_size = vks_get_le64(header + 16);
	image->checksum = vks_get_le32(header + CRC_OFFSET);
	if (memcmp(header, MAGIC, sizeof(MAGIC)) != 0)
		return fail(error, "not a checkpoint");
	if (image->version == 0 || image->version > VKS_IMAGE_VERSION) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "state: format version %u is not known here", image->version);
		return FALSE;
	}
	if (image->file_size != reader->source.size)
		return fail(error, "truncated");
	if (!vks_source_crc(&reader->source, CRC_OFFSET, &crc, error))
		return FALSE;
	return crc == image->checksum || fail(error, "damaged (its checksum differs)");
}

static gboolean note_section(Reader *reader, const guint8 *entry, guint index, GError **error)
{
	VksSection *section = &reader->image->sections[index];

	section->type = vks_get_le32(entry);
	section->flags = vks_get_le32(entry + 4);
	section->offset = vks_get_le64(entry + 8);
	section->length = vks_get_le64(entry + 16);
	if (section->offset % ALIGNMENT || section->offset > reader->source.size ||
	    section->length > reader->source.size - section->offset)
		return fail(error, "bad section %u", index);
	if (section->type >= VKS_SECTION_TYPES || section->type == 0) {
		if (!(section->flags & VKS_SECTION_REQUIRED))
			return TRUE;
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "state: a section of type %u is needed, and not known here",
			    section->type);
		return FALSE;
	}
	if (reader->section[section->type])
		return fail(error, "section type %u found twice", section->type);
	reader->section[section->type] = section;
	return TRUE;
}

static gboolean read_table(Reader *reader, guint32 offset, guint32 count, guint32 entry_size,
			   GError **error)
{
	guint8 entry[ENTRY_SIZE];

	for (guint32 i = 0; i < count; i++) {
		if (!vks_source_read(&reader->source, offset + (guint64)i * entry_size, entry,
				     sizeof(entry), error) ||
		    !note_section(reader, entry, i, error))
			return FALSE;
		reader->image->n_sections = i + 1;
	}
	for (guint type = VKS_SECTION_IDENTITY; type <= VKS_SECTION_CONTENTS; type++) {
		if (!reader->section[type])
			return fail(error, "section type %u is missing", type);
	}
	return TRUE;
}

static gboolean read_header(Reader *reader, GError **error)
{
	guint32 header_size, flags, count, entry_size;
	guint8 header[HEADER_SIZE];

	if (!vks_source_read(&reader->source, 0, header, sizeof(header), error) ||
	    !check_seal(reader, header, error))
		return FALSE;
	header_size = vks_get_le32(header + 12);
	flags = vks_get_le32(header + 24);
	count = vks_get_le32(header + 28);
	entry_size = vks_get_le32(header + 32);
	if (flags != 0)
		return fail(error, "unknown flags 0x%x", flags);
	if (header_size < HEADER_SIZE || header_size % ALIGNMENT || entry_size < ENTRY_SIZE ||
	    entry_size % ALIGNMENT || count > VKS_IMAGE_MAX_SECTIONS ||
	    header_size > reader->source.size ||
	    (guint64)count * entry_size > reader->source.size - header_size)
		return fail(error, "bad header");
	return read_table(reader, header_size, count, entry_size, error);
}

static guint8 *dup_section(const Reader *reader, VksSectionType type, GError **error)
{
	const VksSection *section = reader->section[type];

	return vks_source_dup(&reader->source, section->offset, section->length,
			      VKS_IMAGE_MAX_SECTION, error);
}

/* The layout of addresses that everything else is checked against. */
static gboolean check_layout(const VksImageIdentity *id, GError **error)
{
	guint64 mask = id->page_size - 1;

	if (id->page_size < 4096 || id->page_size > 65536 || id->page_size & mask)
		return fail(error, "bad page size %u", id->page_size);
	if ((id->physmem | id->data_start | id->reserved | id->high_physmem | id->stub_start) &
		    mask ||
	    id->physmem > id->data_start || id->data_start >= id->data_end ||
	    id->data_end > id->reserved || id->reserved >= id->high_physmem ||
	    id->high_physmem > id->task_size || id->task_size > MAX_ADDRESS ||
	    id->high_physmem - id->physmem > MAX_MEMORY)
		return fail(error, "bad memory layout");
	return TRUE;
}

static void decode_identity(const guint8 *data, VksImageIdentity *id)
{
	memcpy(id->banner, data, sizeof(id->banner));
	memcpy(id->build_id, data + 256, sizeof(id->build_id));
	id->page_size = vks_get_le32(data + 276);
	id->data_start = vks_get_le64(data + 280);
	id->data_end = vks_get_le64(data + 288);
	id->physmem = vks_get_le64(data + 296);
	id->reserved = vks_get_le64(data + 304);
	id->high_physmem = vks_get_le64(data + 312);
	id->stub_start = vks_get_le64(data + 320);
	id->task_size = vks_get_le64(data + 328);
	id->realtime_ns = (gint64)vks_get_le64(data + 336);
	id->xcr0 = vks_get_le64(data + 344);
	id->xstate_size = vks_get_le32(data + 352);
	id->seccomp = vks_get_le32(data + 356);
	id->cpus = vks_get_le32(data + 360);
	id->ncaps = vks_get_le32(data + 364);
	for (guint i = 0; i < VKS_IMAGE_MAX_CAPS; i++)
		id->caps[i] = vks_get_le32(data + 368 + 4 * (gsize)i);
}

static gboolean read_identity(Reader *reader, GError **error)
{
	VksImageIdentity *id = &reader->image->identity;
	g_autofree guint8 *data = NULL;

	if (reader->section[VKS_SECTION_IDENTITY]->length < MIN_IDENTITY)
		return fail(error, "bad identity");
	data = dup_section(reader, VKS_SECTION_IDENTITY, error);
	if (!data)
		return FALSE;
	decode_identity(data, id);
	if (!memchr(id->banner, '\0', sizeof(id->banner)) || id->cpus == 0 || id->cpus > MAX_CPUS ||
	    id->ncaps > VKS_IMAGE_MAX_CAPS)
		return fail(error, "bad identity");
	return check_layout(id, error);
}

static gboolean read_command_line(Reader *reader, GError **error)
{
	guint64 length = reader->section[VKS_SECTION_COMMAND_LINE]->length;
	g_autofree guint8 *data = dup_section(reader, VKS_SECTION_COMMAND_LINE, error);

	if (!data)
		return FALSE;
	if (length == 0 || memchr(data, '\0', length) != data + length - 1)
		return fail(error, "bad command line");
	reader->image->command_line = (char *)g_steal_pointer(&data);
	return TRUE;
}

/* Whether a run of pages lies in the guest's own memory or in the kernel's data. */
static gboolean is_memory(const VksImageIdentity *id, const VksExtent *extent)
{
	guint64 start = id->physmem + extent->start;
	guint64 end = start + extent->length;
	guint64 mask = id->page_size - 1;

	return (start >= id->reserved && end <= id->high_physmem) ||
	       (start >= id->data_start && end <= ((id->data_end + mask) & ~mask));
}

static gboolean read_extents(Reader *reader, GError **error)
{
	VksImage *image = reader->image;
	guint64 length = reader->section[VKS_SECTION_EXTENTS]->length;
	g_autofree guint8 *data = dup_section(reader, VKS_SECTION_EXTENTS, error);
	guint64 size = vks_image_guest_memory(image), mask = image->identity.page_size - 1;
	guint64 last = 0;

	if (!data)
		return FALSE;
	if (length % EXTENT_SIZE)
		return fail(error, "bad extents");
	for (guint64 at = 0; at < length; at += EXTENT_SIZE) {
		VksExtent extent = { vks_get_le64(data + at), vks_get_le64(data + at + 8) };

		if (extent.length == 0 || (extent.start | extent.length) & mask ||
		    extent.start < last || extent.start > size ||
		    extent.length > size - extent.start || !is_memory(&image->identity, &extent))
			return fail(error, "bad extent %" G_GUINT64_FORMAT, at / EXTENT_SIZE);
		last = extent.start + extent.length;
		image->memory_bytes += extent.length;
		g_array_append_val(image->extents, extent);
	}
	return TRUE;
}

/* Length of a record without its path. */
static guint32 record_size(const Reader *reader)
{
	return reader->image->version == 1 ? FILE_SIZE_1 : FILE_SIZE_2;
}

static void decode_file(const Reader *reader, const guint8 *data, VksImageFile *file)
{
	file->fd = (gint32)vks_get_le32(data + 4);
	file->kind = vks_get_le32(data + 8);
	file->open_flags = vks_get_le32(data + 12);
	file->fd_flags = vks_get_le32(data + 16);
	file->mode = vks_get_le32(data + 20);
	file->dev = vks_get_le64(data + 24);
	file->ino = vks_get_le64(data + 32);
	file->rdev = vks_get_le64(data + 40);
	file->size = vks_get_le64(data + 48);
	file->mtime_sec = (gint64)vks_get_le64(data + 56);
	file->mtime_nsec = vks_get_le32(data + 64);
	file->position = vks_get_le64(data + 72);
	file->content = vks_get_le64(data + 80);
	if (record_size(reader) >= FILE_SIZE_2)
		file->use = vks_get_le32(data + 88);
}

static gboolean path_is_good(const guint8 *path, guint32 length)
{
	return length <= VKS_IMAGE_MAX_PATH && path[0] == '/' &&
	       memchr(path, '\0', length) == path + length - 1;
}

/* @param record  a whole record, @param path_length  of its path, with the NUL */
static gboolean file_is_good(const Reader *reader, const VksImageFile *file, const guint8 *record,
			     guint32 path_length)
{
	guint64 contents = reader->section[VKS_SECTION_CONTENTS]->length;
	const GPtrArray *files = reader->image->files;
	const VksImageFile *last = files->len > 0 ? files->pdata[files->len - 1] : NULL;
	gboolean has_path = vks_image_kind_has_path(file->kind);

	if (file->fd <= (last ? last->fd : 2) || file->fd > MAX_FD ||
	    file->kind < VKS_FILE_REGULAR || file->kind >= VKS_FILE_KINDS ||
	    file->mtime_nsec >= 1000000000u || has_path != (path_length > 0))
		return FALSE;
	if (has_path && !path_is_good(record + record_size(reader), path_length))
		return FALSE;
	return file->kind != VKS_FILE_DELETED ||
	       (file->content <= contents && file->size <= contents - file->content);
}

/* @return length of the record, 0 if it is bad */
static guint32 add_file(Reader *reader, const guint8 *record, guint64 left)
{
	guint32 length, path_length, fixed = record_size(reader);
	VksImageFile *file;

	if (left < fixed)
		return 0;
	length = vks_get_le32(record);
	path_length = vks_get_le32(record + 68);
	if (length < fixed || length > left || length % ALIGNMENT || path_length > length - fixed)
		return 0;
	file = g_new0(VksImageFile, 1);
	decode_file(reader, record, file);
	if (!file_is_good(reader, file, record, path_length)) {
		file_free(file);
		return 0;
	}
	if (path_length > 0)
		file->path = g_strndup((const char *)record + fixed, path_length);
	g_ptr_array_add(reader->image->files, file);
	return length;
}

static gboolean read_files(Reader *reader, GError **error)
{
	guint64 length = reader->section[VKS_SECTION_FILES]->length;
	g_autofree guint8 *data = dup_section(reader, VKS_SECTION_FILES, error);

	if (!data)
		return FALSE;
	for (guint64 at = 0; at < length;) {
		guint32 taken = add_file(reader, data + at, length - at);

		if (taken == 0)
			return fail(error, "bad file at %" G_GUINT64_FORMAT, at);
		at += taken;
	}
	return TRUE;
}

static VksImage *read_image(const VksSource *source, GError **error)
{
	g_autoptr(VksImage) image = g_new0(VksImage, 1);
	Reader reader = { .source = *source, .image = image };

	image->extents = g_array_new(FALSE, FALSE, sizeof(VksExtent));
	image->files = g_ptr_array_new_with_free_func(file_free);
	if (read_header(&reader, error) && read_identity(&reader, error) &&
	    read_command_line(&reader, error) && read_extents(&reader, error) &&
	    read_files(&reader, error))
		return g_steal_pointer(&image);
	return NULL;
}

VksImage *vks_image_parse(const void *data, gsize length, GError **error)
{
	VksSource source = { .data = data, .fd = -1, .size = length };

	return read_image(&source, error);
}

VksImage *vks_image_parse_fd(int fd, GError **error)
{
	VksSource source = { .fd = fd };
	struct stat st;

	if (fstat(fd, &st) < 0) {
		vks_error_errno(error, errno, "cannot read the state");
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		fail(error, "not a regular file");
		return NULL;
	}
	source.size = (guint64)st.st_size;
	return read_image(&source, error);
}

VksImage *vks_image_read(const char *path, GError **error)
{
	autofd fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		vks_error_errno(error, errno, "cannot read %s", path);
		return NULL;
	}
	return vks_image_parse_fd(fd, error);
}

guint64 vks_image_guest_memory(const VksImage *image)
{
	return image->identity.high_physmem - image->identity.physmem;
}

gboolean vks_image_kind_has_path(guint32 kind)
{
	return (kind >= VKS_FILE_REGULAR && kind <= VKS_FILE_DELETED) || kind == VKS_FILE_DISK ||
	       kind == VKS_FILE_SHARED_DISK;
}

const char *vks_image_kind_name(guint32 kind)
{
	static const char *const names[VKS_FILE_KINDS] = {
		"unknown",  "file",	 "directory", "device", "deleted",
		"reopened", "inherited", "hangup",    "disk",	"shared-disk",
	};

	return names[kind < VKS_FILE_KINDS ? kind : 0];
}

char *vks_image_build_id(const VksImage *image)
{
	GString *text = g_string_new(NULL);
	guint8 any = 0;

	for (guint i = 0; i < VKS_IMAGE_BUILD_ID; i++) {
		any |= image->identity.build_id[i];
		g_string_append_printf(text, "%02x", image->identity.build_id[i]);
	}
	if (!any)
		g_string_truncate(text, 0);
	return g_string_free(text, FALSE);
}

VksImageFile *vks_image_file_by_fd(const VksImage *image, gint32 fd)
{
	guint low = 0, high = image->files->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;
		VksImageFile *file = image->files->pdata[middle];

		if (file->fd == fd)
			return file;
		if (file->fd < fd)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
