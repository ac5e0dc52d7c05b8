/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/requirements.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "launcher/launcher.h"

/* A vkernel's code, stubs and page tables need some memory besides the guest's. */
#define MINIMUM_MEMORY (64ULL << 20)
/* CONFIG_NR_CPUS of the vkernel */
#define MAXIMUM_CPUS   64

char *vk_libexec_path(const char *name)
{
	const char *dir = g_getenv("VKSESSION_LIBEXECDIR");

	return g_build_filename(dir && *dir ? dir : VKSESSION_LIBEXECDIR, name, NULL);
}

gboolean vk_require_own_program(const char *path, GError **error)
{
	if (access(path, X_OK) == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s (of package vksession): %s",
		    path, g_strerror(errno));
	return FALSE;
}

char *vk_require_network_helper(GError **error)
{
	char *path = g_find_program_in_path("slirp4netns");

	if (!path)
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
				    "slirp4netns is missing (package slirp4netns)");
	return path;
}

static gboolean fits_machine(guint64 memory_bytes, GError **error)
{
	g_autofree char *wanted = g_format_size_full(memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *present = NULL;
	struct sysinfo info;
	guint64 total;

	if (memory_bytes < MINIMUM_MEMORY) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "guest memory of %s is too small", wanted);
		return FALSE;
	}
	sysinfo(&info);
	total = (guint64)info.totalram * info.mem_unit;
	if (memory_bytes <= total)
		return TRUE;
	present = g_format_size_full(total, G_FORMAT_SIZE_IEC_UNITS);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
		    "guest memory of %s is more than this machine's %s", wanted, present);
	return FALSE;
}

guint vk_launcher_max_cpus(void)
{
	return CLAMP(g_get_num_processors(), 1, MAXIMUM_CPUS);
}

gboolean vk_require_cpus(guint cpus, GError **error)
{
	if (cpus <= vk_launcher_max_cpus())
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
		    "%u CPUs are more than the %u that a session can have on this machine", cpus,
		    vk_launcher_max_cpus());
	return FALSE;
}

/* A directory in which files can be made and mapped executable. */
static gboolean is_usable(const char *dir, gboolean *is_tmpfs, guint64 *free_bytes)
{
	struct statvfs space;
	struct statfs type;

	if (access(dir, W_OK | X_OK) < 0 || statvfs(dir, &space) < 0 || statfs(dir, &type) < 0)
		return FALSE;
	if (space.f_flag & ST_NOEXEC)
		return FALSE;
	*is_tmpfs = type.f_type == TMPFS_MAGIC;
	*free_bytes = (guint64)space.f_bavail * space.f_frsize;
	return TRUE;
}

const char *vk_require_memory(guint64 memory_bytes, GError **error)
{
	static const char *const places[] = { "/dev/shm", "/tmp", "/var/tmp" };
	g_autofree char *wanted = NULL;
	const char *on_disk = NULL;
	gboolean any = FALSE;

	if (!fits_machine(memory_bytes, error))
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
		gboolean is_tmpfs;
		guint64 free_bytes;

		if (!is_usable(places[i], &is_tmpfs, &free_bytes))
			continue;
		any = TRUE;
		if (free_bytes < memory_bytes)
			continue;
		if (is_tmpfs)
			return places[i];
		if (!on_disk)
			on_disk = places[i];
	}
	if (on_disk)
		return on_disk;
	wanted = g_format_size_full(memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
	if (any)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
			    "no room for a guest memory of %s in /dev/shm, /tmp or /var/tmp",
			    wanted);
	else
		g_set_error_literal(
			error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			"/dev/shm, /tmp and /var/tmp are all mounted noexec or read-only");
	return NULL;
}

char *vk_private_memory_dir(const char *place)
{
	g_autofree char *path = g_strdup_printf("%s/vksession-%u", place, (unsigned int)geteuid());
	struct stat st;

	/* Everybody may write there: one that is not ours is of no use. */
	if ((mkdir(path, 0700) < 0 && errno != EEXIST) || lstat(path, &st) < 0 ||
	    !S_ISDIR(st.st_mode) || st.st_uid != geteuid() || chmod(path, 0700) < 0)
		return g_strdup(place);
	return g_steal_pointer(&path);
}

static void take_problem(GPtrArray *problems, GError *error)
{
	if (!error)
		return;
	g_ptr_array_add(problems, g_strdup(error->message));
	g_error_free(error);
}

GPtrArray *vk_launcher_check_host(void)
{
	static const char *const programs[] = { "vkernel", "vkinit", "vkdisplay",
						"vksession-launcher" };
	GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *helper = NULL;
	GError *error = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autofree char *path = vk_libexec_path(programs[i]);

		error = NULL;
		vk_require_own_program(path, &error);
		take_problem(problems, error);
	}
	error = NULL;
	helper = vk_require_network_helper(&error);
	take_problem(problems, error);
	error = NULL;
	vk_require_memory(MINIMUM_MEMORY, &error);
	take_problem(problems, error);
	return problems;
}
