/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own code that reads a state file; see thaw.sh. Each input is read from a directory
 * and from a stream.
 */
#include "target.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/thaw/kernel.h"
#include "tests/vksession/image-builder.h"

#define STREAM_FD      100 /* above what the examples have */
#define KNOWN_IDENTITY 496u
#define IDENTITY_SIZE  (KNOWN_IDENTITY + 24 * 8)

/* A directory in memory, for the files "state" and "memory". */
static const char *directory(void)
{
	static char path[64];

	g_snprintf(path, sizeof(path), "/dev/shm/fuzz-thaw-%d", getpid());
	return path;
}

static void write_part(const char *name, const guint8 *data, gsize length, gsize size)
{
	g_autofree char *path = g_build_filename(directory(), name, NULL);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_assert(fd >= 0 && write(fd, data, length) == (ssize_t)length);
	fuzz_assert(ftruncate(fd, (off_t)size) == 0);
	close(fd);
}

static void remove_parts(void)
{
	static const char *const names[] = { "state", "memory", "" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(directory(), names[i], NULL);

		remove(path);
	}
}

static gboolean run_stream(const guint8 *data, gsize length)
{
	g_autofree char *path = g_strdup_printf("fd:%d", STREAM_FD);
	int fd = memfd_create("stream", MFD_CLOEXEC);

	fuzz_assert(fd >= 0 && write(fd, data, length) == (ssize_t)length);
	fuzz_assert(lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STREAM_FD) == STREAM_FD);
	close(fd);
	return thaw_kernel_run(path);
}

static gboolean run(const guint8 *data, gsize length)
{
	gboolean taken;

	fuzz_assert(mkdir(directory(), 0700) == 0);
	write_part("state", data, length, length);
	write_part("memory", NULL, 0, BUILDER_MEMORY);
	taken = thaw_kernel_run(directory());
	remove_parts();
	return run_stream(data, length) || taken;
}

/* Files of all kinds but disks, which would have to be there. */
static void add_files(ImageBuilder *builder)
{
	image_builder_file(builder, 1, "/usr/bin/env", 700, 3);
	image_builder_file(builder, 1, "/nonexistent", 7, 12);
	image_builder_file(builder, 2, "/", 4096, 0);
	image_builder_file(builder, 3, "/dev/null", 0, 0);
	image_builder_file(builder, 4, "/tmp/gone (deleted)", 8, 0);
	image_builder_file(builder, 5, NULL, 0, 0);
	image_builder_file(builder, 7, NULL, 0, 0);
}

static GByteArray *example(guint extents)
{
	static const guint8 content[16] = "deleted";
	ImageBuilder builder;
	GByteArray *image;

	image_builder_init(&builder, 2);
	/* The places of the parts of the extended state, which are not looked at elsewhere. */
	g_byte_array_set_size(builder.identity, IDENTITY_SIZE);
	memset(builder.identity->data + KNOWN_IDENTITY, 0, IDENTITY_SIZE - KNOWN_IDENTITY);
	image_builder_extent(&builder, BUILDER_DATA, 2 * BUILDER_PAGE);
	for (guint i = 0; i < extents; i++)
		image_builder_extent(&builder, BUILDER_RESERVED + i * 2 * BUILDER_PAGE,
				     BUILDER_PAGE);
	add_files(&builder);
	g_byte_array_append(builder.contents, content, sizeof(content));
	image = image_builder_finish(&builder);
	image_builder_clear(&builder);
	return image;
}

static GPtrArray *seeds(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);

	g_ptr_array_add(list, example(1));
	g_ptr_array_add(list, example(20));
	return list;
}

static void repair(GByteArray *input)
{
	if (input->len < BUILDER_HEADER_SIZE)
		return;
	memcpy(input->data, "UMLCKPT", 8);
	image_put32(input->data + 8, 2);
	image_put64(input->data + 16, input->len);
	image_seal(input->data, input->len);
}

const FuzzTarget fuzz_thaw = {
	.name = "thaw",
	.plural = "states for the kernel",
	.run = run,
	.seeds = seeds,
	.repair = repair,
};
