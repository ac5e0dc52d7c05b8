/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/staging.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/checksum.h"
#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/machine.h"
#include "vksession/store.h"

#define MEMORY_PLACE "/dev/shm"
/* Left to others of the memory that is available. */
#define MEMORY_SPARE (G_GUINT64_CONSTANT(256) << 20)

char *vks_memory_dir(const char *path, const char *kind)
{
	char hex[VKS_CHECKSUM_HEX + 1];

	vks_checksum_buffer(path, strlen(path), hex);
	return g_strdup_printf(MEMORY_PLACE "/vksession-%u/%s%s", (unsigned int)geteuid(), hex,
			       kind);
}

/* One directory for each session, wherever its store is: so that its leftovers can be found. */
static char *place_of(const char *saves_dir)
{
	return vks_memory_dir(saves_dir, "");
}

static gboolean has_room(guint64 need)
{
	return vks_is_in_memory(MEMORY_PLACE) &&
	       vks_free_space(MEMORY_PLACE) >= need + MEMORY_SPARE &&
	       vks_available_memory() >= need + MEMORY_SPARE;
}

static VksStaging *staging_take(char *dir, gboolean in_memory)
{
	VksStaging *staging = g_new0(VksStaging, 1);

	staging->dir = dir;
	staging->in_memory = in_memory;
	return staging;
}

/* For those who archive memory file systems, too: what is here is on its way to somewhere else. */
static void tag_as_cache(const char *dir)
{
	static const char tag[] =
		"Signature: 8a477f597d28d172789f06886806bc55\n"
		"# Working files of vksession; see https://bford.info/cachedir/\n";
	g_autofree char *path = g_build_filename(dir, "CACHEDIR.TAG", NULL);

	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		vks_file_create(path, tag, strlen(tag), NULL);
}

gboolean vks_memory_dir_ensure(const char *dir, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(dir);

	if (!vks_is_in_memory(MEMORY_PLACE)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    MEMORY_PLACE " is not in memory");
		return FALSE;
	}
	/* Everybody may write to /dev/shm: one that is there must be ours. */
	if (!vks_private_dir_ensure(parent, error) || !vks_private_dir_ensure(dir, error))
		return FALSE;
	tag_as_cache(parent);
	return TRUE;
}

static VksStaging *make_in_memory(const char *saves_dir, GError **error)
{
	g_autofree char *place = place_of(saves_dir);
	g_autofree char *dir = g_build_filename(place, "XXXXXX", NULL);

	if (!vks_memory_dir_ensure(place, error))
		return NULL;
	if (!g_mkdtemp_full(dir, 0700) || !vks_private_dir_ensure(dir, error)) {
		if (error && !*error)
			vks_error_errno(error, errno, "cannot make a directory in %s", place);
		return NULL;
	}
	return staging_take(g_steal_pointer(&dir), TRUE);
}

VksStaging *vks_staging_new(const char *saves_dir, guint64 need, VksStagingMode mode,
			    GError **error)
{
	g_autoptr(VksStaging) staging = NULL;
	char *dir;

	if (mode != VKS_STAGING_DISK && has_room(need))
		staging = make_in_memory(saves_dir, mode == VKS_STAGING_MEMORY ? error : NULL);
	if (staging)
		return g_steal_pointer(&staging);
	if (mode == VKS_STAGING_MEMORY) {
		if (error && !*error)
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
				    "no room in memory (" MEMORY_PLACE ") for the guest's memory");
		return NULL;
	}
	dir = vks_store_begin(saves_dir, error);
	return dir ? staging_take(dir, FALSE) : NULL;
}

void vks_staging_free(VksStaging *staging)
{
	if (!staging)
		return;
	vks_tree_remove(staging->dir, NULL);
	g_free(staging->dir);
	g_free(staging);
}

void vks_staging_clean(const char *saves_dir)
{
	g_autofree char *place = place_of(saves_dir);
	g_autofree char *parent = g_path_get_dirname(place);
	autofd fd = vks_private_dir_open(parent, FALSE, NULL);

	if (fd >= 0)
		vks_tree_remove(place, NULL);
}
