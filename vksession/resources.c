/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/resources.h"

static gint64 modification_ns(const VksImageFile *file)
{
	gint64 seconds = CLAMP(file->mtime_sec, -(gint64)G_MAXINT32, (gint64)G_MAXUINT32);

	return seconds * 1000000000 + file->mtime_nsec;
}

void vks_resources_note(const VksImage *image, VksManifest *manifest)
{
	for (guint i = 0; i < image->files->len; i++) {
		const VksImageFile *file = image->files->pdata[i];
		VksHostResource *resource;

		if (!file->path)
			continue;
		resource = vks_manifest_add_resource(
			manifest, vks_image_kind_name(file->kind), file->path,
			MIN(file->size, (guint64)G_MAXINT64), modification_ns(file),
			MIN(file->ino, (guint64)G_MAXINT64));
		resource->device = MIN(file->dev, (guint64)G_MAXINT64);
		resource->use = file->use;
	}
}
