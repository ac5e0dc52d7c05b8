/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/image-fit.h"

#include "launcher/autofd.h"
#include "vksession/parts.h"
#include "vksession/store.h"

static gboolean check_manifest(const VksImage *image, const VksManifest *manifest, GError **error)
{
	if (vks_image_guest_memory(image) != manifest->memory_bytes) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "state: it is of a guest with %" G_GUINT64_FORMAT
			    " bytes of memory, not %" G_GUINT64_FORMAT,
			    vks_image_guest_memory(image), manifest->memory_bytes);
		return FALSE;
	}
	return TRUE;
}

VksImage *vks_image_load_at(const char *dir, const VksManifest *manifest, GError **error)
{
	g_autofree char *memory = g_build_filename(dir, VKS_PART_MEMORY, NULL);
	autofd state = vks_part_open(dir, manifest, VKS_PART_STATE, error);
	g_autoptr(VksImage) image = state >= 0 ? vks_image_parse_fd(state, error) : NULL;

	if (image && vks_image_check_memory(image, memory, error) &&
	    check_manifest(image, manifest, error))
		return g_steal_pointer(&image);
	return NULL;
}

VksImage *vks_image_load(const char *saves_dir, const VksManifest *manifest, GError **error)
{
	g_autofree char *dir = vks_store_path(saves_dir, manifest->generation, NULL);

	return vks_image_load_at(dir, manifest, error);
}

VksImage *vks_image_fit(const char *saves_dir, const VksManifest *manifest, const char *kernel,
			GError **error)
{
	g_autoptr(VksImage) image = vks_image_load(saves_dir, manifest, error);
	VksImageMachine machine;

	if (!image || !vks_image_check_kernel(image, kernel, error))
		return NULL;
	vks_image_machine(&machine);
	return vks_image_check_machine(image, &machine, error) ? g_steal_pointer(&image) : NULL;
}
