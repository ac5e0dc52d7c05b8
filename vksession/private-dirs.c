/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/private-dirs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vksession/durable.h"
#include "vksession/error.h"

static gboolean is_below(const char *path, const char *dir)
{
	gsize length = strlen(dir);

	return strncmp(path, dir, length) == 0 && path[length] == '/';
}

static gboolean refuse(const char *name, const char *problem, const char *advice, GError **error)
{
	g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
		    "%s can't be a private directory: %s; nothing was started; %s", name, problem,
		    advice);
	return FALSE;
}

/*
 * Elsewhere a session changes nothing of the host's anyway. And what is written to a file of lines
 * and to JSON must be such text.
 */
static gboolean check_place(const char *path, GError **error)
{
	char *home = realpath(g_get_home_dir(), NULL);
	gboolean below = home && is_below(path, home);

	free(home);
	if (!below)
		return refuse(path, "it is not inside the home directory",
			      "outside of it all changes are the session's own already", error);
	if (strchr(path, '\n') || !g_utf8_validate(path, -1, NULL))
		return refuse(path, "its name is not one line of UTF-8", "use another name", error);
	return TRUE;
}

static char *find_one(const char *name, const char *cwd, GError **error)
{
	g_autofree char *given = g_canonicalize_filename(name, cwd);
	char *real = realpath(given, NULL);
	g_autofree char *path = g_strdup(real);

	free(real);
	if (!path || !g_file_test(path, G_FILE_TEST_IS_DIR)) {
		refuse(given, path ? "it is no directory" : g_strerror(errno),
		       "make it first, or leave it out", error);
		return NULL;
	}
	return check_place(path, error) ? g_steal_pointer(&path) : NULL;
}

static int compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* With one in another, it would not be clear which of the two copies is meant. */
static gboolean check_apart(const GPtrArray *paths, GError **error)
{
	for (guint i = 0; i < paths->len; i++) {
		for (guint j = i + 1; j < paths->len; j++) {
			if (is_below(paths->pdata[j], paths->pdata[i]))
				return refuse(paths->pdata[j], "it is inside another one",
					      "leave out one of the two", error);
		}
	}
	return TRUE;
}

static gboolean check_size(const GPtrArray *paths, guint64 memory_bytes, GError **error)
{
	g_autofree char *memory_text = g_format_size_full(memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *need_text = NULL;
	guint64 need = 0;

	for (guint i = 0; i < paths->len; i++)
		need += vks_tree_usage(paths->pdata[i]);
	if (need <= memory_bytes / 2)
		return TRUE;
	need_text = g_format_size_full(need, G_FORMAT_SIZE_IEC_UNITS);
	g_set_error(error, VKS_ERROR, VKS_ERROR_NO_SPACE,
		    "private directories with %s do not fit into half of the session's memory of "
		    "%s; nothing was started; give it more with --memory",
		    need_text, memory_text);
	return FALSE;
}

char **vks_private_dirs_find(const char *const *names, const char *cwd, guint64 memory_bytes,
			     GError **error)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

	for (; names && *names; names++) {
		g_autofree char *path = find_one(*names, cwd, error);

		if (!path)
			return NULL;
		if (!g_ptr_array_find_with_equal_func(paths, path, g_str_equal, NULL))
			g_ptr_array_add(paths, g_steal_pointer(&path));
	}
	if (paths->len > VKS_MAX_PRIVATE_DIRS) {
		refuse(paths->pdata[VKS_MAX_PRIVATE_DIRS], "there are 16 already",
		       "name a directory that several are in", error);
		return NULL;
	}
	g_ptr_array_sort(paths, compare);
	if (!check_apart(paths, error) || !check_size(paths, memory_bytes, error))
		return NULL;
	g_ptr_array_add(paths, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&paths), FALSE);
}
