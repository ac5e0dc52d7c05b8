/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image-builder.h"

#include <string.h>
#include <sys/stat.h>

#define IDENTITY_SIZE 496u

void image_put32(guint8 *at, guint32 value)
{
	value = GUINT32_TO_LE(value);
	memcpy(at, &value, sizeof(value));
}

void image_put64(guint8 *at, guint64 value)
{
	value = GUINT64_TO_LE(value);
	memcpy(at, &value, sizeof(value));
}

static guint8 *extend(GByteArray *bytes, guint length)
{
	guint at = bytes->len;

	g_byte_array_set_size(bytes, at + length);
	memset(bytes->data + at, 0, length);
	return bytes->data + at;
}

static void fill_identity(guint8 *id)
{
	strcpy((char *)id, "Linux version 7.3.4 (a test)");
	for (guint8 i = 0; i < 20; i++)
		id[256 + i] = (guint8)(i + 1);
	image_put32(id + 276, BUILDER_PAGE);
	image_put64(id + 280, BUILDER_PHYSMEM + BUILDER_DATA);
	image_put64(id + 288, BUILDER_PHYSMEM + BUILDER_DATA_END - 100);
	image_put64(id + 296, BUILDER_PHYSMEM);
	image_put64(id + 304, BUILDER_PHYSMEM + BUILDER_RESERVED);
	image_put64(id + 312, BUILDER_PHYSMEM + BUILDER_MEMORY);
	image_put64(id + 320, 0x7fffff000000);
	image_put64(id + 328, 0x7f8000000000);
	image_put64(id + 336, 1800000000000000000);
	image_put64(id + 344, 3);
	image_put32(id + 352, 576);
	image_put32(id + 356, 1);
	image_put32(id + 360, 1);
	image_put32(id + 364, 22);
}

void image_builder_init(ImageBuilder *builder, guint32 version)
{
	static const char command_line[] = "mem=32M";

	builder->identity = g_byte_array_new();
	fill_identity(extend(builder->identity, IDENTITY_SIZE));
	builder->command_line = g_byte_array_new();
	g_byte_array_append(builder->command_line, (const guint8 *)command_line,
			    sizeof(command_line));
	builder->extents = g_byte_array_new();
	builder->files = g_byte_array_new();
	builder->contents = g_byte_array_new();
	builder->version = version;
	builder->last_fd = 2;
}

void image_builder_clear(ImageBuilder *builder)
{
	g_byte_array_unref(builder->identity);
	g_byte_array_unref(builder->command_line);
	g_byte_array_unref(builder->extents);
	g_byte_array_unref(builder->files);
	g_byte_array_unref(builder->contents);
}

void image_builder_extent(ImageBuilder *builder, guint64 start, guint64 length)
{
	guint8 *at = extend(builder->extents, 16);

	image_put64(at, start);
	image_put64(at + 8, length);
}

static guint8 *add_file(ImageBuilder *builder, guint32 kind, const char *path, guint32 use)
{
	guint path_length = path ? (guint)strlen(path) + 1 : 0;
	guint fixed = builder->version == 1 ? 88 : 96;
	guint length = fixed + (path_length + 7) / 8 * 8;
	guint8 *at = extend(builder->files, length);

	image_put32(at, length);
	image_put32(at + 4, (guint32)++builder->last_fd);
	image_put32(at + 8, kind);
	image_put32(at + 68, path_length);
	if (builder->version > 1)
		image_put32(at + 88, use);
	if (path)
		memcpy(at + fixed, path, path_length);
	return at;
}

void image_builder_file(ImageBuilder *builder, guint32 kind, const char *path, guint64 size,
			guint32 use)
{
	guint8 *at = add_file(builder, kind, path, use);

	image_put64(at + 24, 2049);
	image_put64(at + 32, 1234);
	image_put64(at + 48, size);
	image_put64(at + 56, 1700000000);
	image_put32(at + 64, 5);
}

void image_builder_host_file(ImageBuilder *builder, const char *path, guint32 use)
{
	struct stat st = { 0 };
	guint8 *at;

	if (stat(path, &st) < 0)
		g_error("cannot stat %s", path);
	at = add_file(builder, 1, path, use);
	image_put32(at + 20, st.st_mode);
	image_put64(at + 24, st.st_dev);
	image_put64(at + 32, st.st_ino);
	image_put64(at + 48, (guint64)st.st_size);
	image_put64(at + 56, (guint64)st.st_mtim.tv_sec);
	image_put32(at + 64, (guint32)st.st_mtim.tv_nsec);
}

/* Bit by bit, for the reader does it otherwise. */
guint32 image_crc32c(guint32 crc, const guint8 *data, gsize length)
{
	for (gsize i = 0; i < length; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	return crc;
}

void image_seal(guint8 *data, gsize length)
{
	if (length < BUILDER_HEADER_SIZE)
		return;
	image_put32(data + 36, 0);
	image_put32(data + 36, ~image_crc32c(~0u, data, length));
}

GByteArray *image_builder_finish(const ImageBuilder *builder)
{
	const struct {
		guint32 type;
		guint32 flags;
		const GByteArray *bytes;
	} parts[] = {
		{ 1, 1, builder->identity }, { 2, 1, builder->command_line },
		{ 3, 1, builder->extents },  { 4, 1, builder->files },
		{ 5, 1, builder->contents },
	};
	const guint count = G_N_ELEMENTS(parts);
	GByteArray *image = g_byte_array_new();

	extend(image, BUILDER_HEADER_SIZE + count * BUILDER_ENTRY_SIZE);
	for (guint i = 0; i < count; i++) {
		guint at = image->len, length = parts[i].bytes->len;
		guint8 *entry;

		extend(image, (length + 7) / 8 * 8);
		if (length > 0)
			memcpy(image->data + at, parts[i].bytes->data, length);
		entry = image->data + BUILDER_HEADER_SIZE + i * BUILDER_ENTRY_SIZE;
		image_put32(entry, parts[i].type);
		image_put32(entry + 4, parts[i].flags);
		image_put64(entry + 8, at);
		image_put64(entry + 16, length);
	}
	memcpy(image->data, "UMLCKPT", 8);
	image_put32(image->data + 8, builder->version);
	image_put32(image->data + 12, BUILDER_HEADER_SIZE);
	image_put64(image->data + 16, image->len);
	image_put32(image->data + 28, count);
	image_put32(image->data + 32, BUILDER_ENTRY_SIZE);
	image_seal(image->data, image->len);
	return image;
}

GByteArray *image_example(guint32 version)
{
	ImageBuilder builder;
	GByteArray *image;

	image_builder_init(&builder, version);
	image_builder_extent(&builder, BUILDER_DATA, 2 * BUILDER_PAGE);
	image_builder_extent(&builder, BUILDER_RESERVED, BUILDER_PAGE);
	image_builder_file(&builder, 1, "/usr/bin/xterm", 700, 3);
	image_builder_file(&builder, 2, "/home/u", 4096, 0);
	image_builder_file(&builder, 3, "/dev/null", 0, 0);
	image_builder_file(&builder, 4, "/tmp/gone (deleted)", 8, 0);
	image_builder_file(&builder, 7, NULL, 0, 0);
	extend(builder.contents, 16);
	image = image_builder_finish(&builder);
	image_builder_clear(&builder);
	return image;
}
