/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/machine.h"

#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

char *vks_boot_id(void)
{
	char *text = NULL;

	if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
		return g_strdup("");
	return g_strstrip(text);
}

guint64 vks_boottime_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (guint64)now.tv_sec * G_USEC_PER_SEC + (guint64)now.tv_nsec / 1000;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **vks_cpu_features(void)
{
	g_autofree char *text = NULL;
	char *start, *end;
	char **names;

	if (!g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL))
		return g_new0(char *, 1);
	start = strstr(text, "\nflags");
	start = start ? strchr(start, ':') : NULL;
	if (!start)
		return g_new0(char *, 1);
	end = strchr(start, '\n');
	if (end)
		*end = '\0';
	names = g_strsplit(g_strstrip(start + 1), " ", -1);
	qsort(names, g_strv_length(names), sizeof(*names), compare_names);
	return names;
}

char *vks_missing_features(char *const *wanted, char *const *present)
{
	g_autoptr(GString) missing = g_string_new(NULL);

	for (; wanted && *wanted; wanted++) {
		if (!g_strv_contains((const char *const *)present, *wanted))
			g_string_append_printf(missing, "%s%s", missing->len ? " " : "", *wanted);
	}
	return missing->len ? g_string_free(g_steal_pointer(&missing), FALSE) : NULL;
}

guint64 vks_machine_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	long page_size = sysconf(_SC_PAGESIZE);

	return pages > 0 && page_size > 0 ? (guint64)pages * (guint64)page_size : 0;
}

guint64 vks_free_space(const char *path)
{
	struct statvfs st;

	if (statvfs(path, &st) < 0)
		return G_MAXUINT64;
	return (guint64)st.f_bavail * st.f_frsize;
}

char *vks_process_command_line(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid);
	char *text = NULL;
	gsize length = 0;

	if (!g_file_get_contents(path, &text, &length, NULL))
		return g_strdup("");
	for (gsize i = 0; i + 1 < length; i++) {
		if (text[i] == '\0')
			text[i] = ' ';
	}
	return text;
}

/* Guest memory is a file in a tmpfs (or a memfd) that the vkernel has open; how much of it is there
 * is what the guest ever touched and did not give back. */
guint64 vks_vkernel_memory_in_use(pid_t pid)
{
	g_autofree char *fds = g_strdup_printf("/proc/%d/fd", (int)pid);
	g_autoptr(GDir) dir = g_dir_open(fds, 0, NULL);
	guint64 largest = 0;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(fds, name, NULL);
		struct statfs fs;
		struct stat st;

		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && statfs(path, &fs) == 0 &&
		    fs.f_type == TMPFS_MAGIC)
			largest = MAX(largest, (guint64)st.st_blocks * 512);
	}
	return largest;
}
