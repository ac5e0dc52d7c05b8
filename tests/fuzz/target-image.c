/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target.h"

#include <string.h>

#include "tests/vksession/image-builder.h"
#include "vksession/image/check.h"
#include "vksession/image/image.h"
#include "vksession/image/source.h"
#include "vksession/resources.h"

/* What an accepted image promises to those who use it. */
static void check_extents(const VksImage *image)
{
	guint64 last = 0, sum = 0;

	for (guint i = 0; i < image->extents->len; i++) {
		const VksExtent *extent = &g_array_index(image->extents, VksExtent, i);

		fuzz_assert(extent->length > 0 && extent->start >= last);
		last = extent->start + extent->length;
		fuzz_assert(last > extent->start && last <= vks_image_guest_memory(image));
		sum += extent->length;
	}
	fuzz_assert(sum == image->memory_bytes);
}

static void check_files(const VksImage *image)
{
	gint32 last = 2;

	for (guint i = 0; i < image->files->len; i++) {
		VksImageFile *file = image->files->pdata[i];

		fuzz_assert(file->fd > last);
		last = file->fd;
		fuzz_assert(vks_image_file_by_fd(image, file->fd) == file);
		fuzz_assert((file->path != NULL) == (vks_image_kind_has_path(file->kind)));
		fuzz_assert(!file->path ||
			    (*file->path == '/' && strlen(file->path) < VKS_IMAGE_MAX_PATH));
		fuzz_assert(*vks_image_kind_name(file->kind));
	}
}

static void use_image(const VksImage *image)
{
	const VksImageMachine machine = { .xcr0 = 3, .page_size = 4096, .memory_bytes = 1 << 20 };
	g_autofree char *build_id = vks_image_build_id(image);
	g_autoptr(VksManifest) manifest = vks_manifest_new();

	fuzz_assert(strlen(image->identity.banner) < VKS_IMAGE_BANNER_SIZE);
	fuzz_assert(image->n_sections <= VKS_IMAGE_MAX_SECTIONS);
	check_extents(image);
	check_files(image);
	vks_image_check_machine(image, &machine, NULL);
	vks_resources_note(image, manifest);
}

static gboolean run(const guint8 *data, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VksImage) image = vks_image_parse(data, length, &error);

	fuzz_assert((image == NULL) == (error != NULL));
	if (image)
		use_image(image);
	return image != NULL;
}

/* Many extents and files, and long paths. */
static GByteArray *large_example(void)
{
	g_autofree char *name = g_strnfill(300, 'n');
	ImageBuilder builder;
	GByteArray *image;

	image_builder_init(&builder, 2);
	for (guint i = 0; i < 20; i++)
		image_builder_extent(&builder, BUILDER_RESERVED + i * 2 * BUILDER_PAGE,
				     BUILDER_PAGE);
	for (guint i = 0; i < 12; i++) {
		g_autofree char *path = g_strdup_printf("/usr/lib/%s/%u", name + i * 20, i);

		image_builder_file(&builder, i % 3 + 1, path, i * 1000, i % 16);
	}
	image = image_builder_finish(&builder);
	image_builder_clear(&builder);
	return image;
}

static GPtrArray *seeds(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);

	g_ptr_array_add(list, image_example(1));
	g_ptr_array_add(list, image_example(2));
	g_ptr_array_add(list, large_example());
	return list;
}

static void repair(GByteArray *input)
{
	guint8 zeros[4] = { 0 };

	if (input->len < BUILDER_HEADER_SIZE)
		return;
	memcpy(input->data, "UMLCKPT", 8);
	if (input->data[8] != 1)
		image_put32(input->data + 8, VKS_IMAGE_VERSION);
	image_put64(input->data + 16, input->len);
	memcpy(input->data + 36, zeros, sizeof(zeros));
	/* The reader's own sum here, for speed; that it is the right one is another test's concern.
	 */
	image_put32(input->data + 36, ~vks_crc32c(~0u, input->data, input->len));
}

const FuzzTarget fuzz_image = {
	.name = "image",
	.plural = "images",
	.run = run,
	.seeds = seeds,
	.repair = repair,
};
