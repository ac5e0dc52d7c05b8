/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The format is the vkernel's: arch/um/include/shared/ckpt-format.h in its sources, described in
 * Documentation/virt/uml/checkpoint.rst. A header is followed by a table of sections; the section
 * CKPT_FILES has one record a descriptor. Of all that only the names, sizes and times are of
 * interest here, so that a person (or a later thaw) can see what a save depends on.
 */
#include "vksession/resources.h"

#include <string.h>

#include "vksession/durable.h"

#define MAGIC		"UMLCKPT"
#define VERSION		1u
#define SECTION_FILES	4u
#define MAX_STATE_BYTES (256u << 20)
#define MAX_FILES	65536u

/* struct ckpt_header */
struct header {
	char magic[8];
	guint32 version;
	guint32 header_size;
	guint64 file_size;
	guint32 flags;
	guint32 sections;
	guint32 section_size;
	guint32 crc;
};

/* struct ckpt_section */
struct section {
	guint32 type;
	guint32 flags;
	guint64 offset;
	guint64 length;
};

/* struct ckpt_file, without the path that follows */
struct file {
	guint32 length;
	gint32 fd;
	guint32 kind;
	guint32 open_flags;
	guint32 fd_flags;
	guint32 mode;
	guint64 dev;
	guint64 ino;
	guint64 rdev;
	guint64 size;
	gint64 mtime_sec;
	guint32 mtime_nsec;
	guint32 path_length;
	guint64 position;
	guint64 content;
};

static const char *kind_name(guint32 kind)
{
	static const char *const names[] = { "unknown", "file",	    "directory", "device",
					     "deleted", "reopened", "inherited", "hangup" };

	return names[kind < G_N_ELEMENTS(names) ? kind : 0];
}

static gboolean set_malformed(GError **error)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the list of files is malformed");
	return FALSE;
}

/* Finds the section of files. @return FALSE if the table does not lie within the text */
static gboolean find_files(const char *text, gsize length, struct section *files)
{
	struct header header;

	memcpy(&header, text, sizeof(header));
	if (header.section_size < sizeof(*files) || header.header_size < sizeof(header) ||
	    header.header_size > length || header.sections > 64 ||
	    (guint64)header.section_size * header.sections > length - header.header_size)
		return FALSE;
	for (guint32 i = 0; i < header.sections; i++) {
		memcpy(files, text + header.header_size + (gsize)i * header.section_size,
		       sizeof(*files));
		if (files->type == SECTION_FILES)
			return files->offset <= length && files->length <= length - files->offset;
	}
	return FALSE;
}

static void add_file(VksManifest *manifest, const struct file *file, const char *path)
{
	guint64 size = MIN(file->size, (guint64)G_MAXINT64);
	guint64 inode = MIN(file->ino, (guint64)G_MAXINT64);
	gint64 seconds = CLAMP(file->mtime_sec, -G_MAXINT32, (gint64)G_MAXUINT32);
	g_autofree char *copy = g_strndup(path, file->path_length);

	vks_manifest_add_resource(manifest, kind_name(file->kind), copy, size,
				  seconds * 1000000000 + file->mtime_nsec, inode);
}

static gboolean add_files(VksManifest *manifest, const char *records, gsize length)
{
	struct file file;

	for (guint count = 0; length > 0; count++) {
		if (length < sizeof(file) || count == MAX_FILES)
			return FALSE;
		memcpy(&file, records, sizeof(file));
		if (file.length < sizeof(file) || file.length > length ||
		    file.path_length > file.length - sizeof(file) || file.path_length > 4096)
			return FALSE;
		if (file.path_length > 0)
			add_file(manifest, &file, records + sizeof(file));
		records += file.length;
		length -= file.length;
	}
	return TRUE;
}

gboolean vks_resources_read(const char *path, VksManifest *manifest, GError **error)
{
	gsize length = 0;
	g_autofree char *text = vks_file_read(path, MAX_STATE_BYTES, &length, error);
	struct header header;
	struct section files;

	if (!text)
		return FALSE;
	memcpy(&header, text, MIN(length, sizeof(header)));
	if (length < sizeof(header) || memcmp(header.magic, MAGIC, sizeof(header.magic)) != 0 ||
	    header.version != VERSION) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "%s is of a format that is not known here", path);
		return FALSE;
	}
	if (!find_files(text, length, &files))
		return set_malformed(error);
	if (add_files(manifest, text + files.offset, (gsize)files.length))
		return TRUE;
	g_ptr_array_set_size(manifest->host_resources, 0);
	return set_malformed(error);
}
