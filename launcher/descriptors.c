/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/descriptors.h"

#include <string.h>
#include <sys/stat.h>

/* Neither a device nor what guest memory is in. */
static gboolean is_cached_file(const char *path, const char *target)
{
	struct stat st;

	return target[0] == '/' && !g_str_has_prefix(target, "/dev/") &&
	       !g_str_has_prefix(target, "/memfd:") && stat(path, &st) == 0 &&
	       (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

/* "socket:[4711]" is another one after each thaw; "anon_inode:[eventpoll]" tells what it is. */
static void drop_number(char *target)
{
	char *bracket = strchr(target, '[');

	if (bracket && g_ascii_isdigit(bracket[1]))
		*bracket = 0;
}

static int compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **vk_descriptors(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)pid);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	GPtrArray *targets = g_ptr_array_new();
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *link = g_build_filename(path, name, NULL);
		g_autofree char *target = g_file_read_link(link, NULL);

		if (!target || is_cached_file(link, target))
			continue;
		drop_number(target);
		g_ptr_array_add(targets, g_steal_pointer(&target));
	}
	g_ptr_array_sort(targets, compare);
	g_ptr_array_add(targets, NULL);
	return (char **)g_ptr_array_free(targets, FALSE);
}
