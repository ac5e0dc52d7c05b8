/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/machine.h"

#include <linux/magic.h>
#include <signal.h>
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

/*
 * What a program in user mode can have chosen its code by. Other flags of /proc/cpuinfo come and go
 * with the host's kernel and its mitigations, and must not keep a save from being thawed. A name
 * that ends in '*' stands for all that begin so.
 */
static const char *const user_features[] = {
	"3dnow*",     "abm",	  "adx",	"aes",	    "amx_*",	"avx*",	   "bmi1",
	"bmi2",	      "cldemote", "clflushopt", "clwb",	    "clzero",	"cmov",	   "cx16",
	"cx8",	      "erms",	  "f16c",	"fma*",	    "fsgsbase", "fsrm",	   "fxsr",
	"gfni",	      "lahf_lm",  "mmx*",	"monitorx", "movbe",	"movdir*", "ospke",
	"pclmulqdq",  "popcnt",	  "rdpid",	"rdrand",   "rdseed",	"rdtscp",  "serialize",
	"sha*",	      "sm3",	  "sm4",	"sse*",	    "ssse3",	"tbm",	   "vaes",
	"vpclmulqdq", "waitpkg",  "xgetbv1",	"xop",	    "xsave*",
};

static gboolean is_user_feature(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(user_features); i++) {
		const char *pattern = user_features[i];
		const char *star = strchr(pattern, '*');

		if (star ? strncmp(name, pattern, (gsize)(star - pattern)) == 0
			 : strcmp(name, pattern) == 0)
			return TRUE;
	}
	return FALSE;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **vks_cpu_features(void)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	g_autofree char *text = NULL;
	g_auto(GStrv) names = NULL;
	char *start, *end;

	g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL);
	start = text ? strstr(text, "\nflags") : NULL;
	start = start ? strchr(start, ':') : NULL;
	end = start ? strchr(start, '\n') : NULL;
	if (end)
		*end = '\0';
	names = g_strsplit(start ? start + 1 : "", " ", -1);
	for (char **name = names; *name; name++) {
		if (is_user_feature(*name))
			g_ptr_array_add(list, g_strdup(*name));
	}
	g_ptr_array_sort(list, compare_names);
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
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

guint64 vks_available_memory(void)
{
	g_autofree char *text = NULL;
	const char *line;

	if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL))
		return G_MAXUINT64;
	line = strstr(text, "MemAvailable:");
	return line ? g_ascii_strtoull(line + strlen("MemAvailable:"), NULL, 10) * 1024
		    : G_MAXUINT64;
}

guint64 vks_free_space(const char *path)
{
	struct statvfs st;

	if (statvfs(path, &st) < 0)
		return G_MAXUINT64;
	return (guint64)st.f_bavail * st.f_frsize;
}

gboolean vks_is_in_memory(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

gboolean vks_is_local(const char *path)
{
	/* Not in linux/magic.h: XFS, ZFS, bcachefs. */
	static const guint32 local[] = {
		EXT4_SUPER_MAGIC, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
		TMPFS_MAGIC,	  RAMFS_MAGIC,	     OVERLAYFS_SUPER_MAGIC,
		0x58465342,	  0x2fc12fc1,	     0xca451a4e,
	};
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(local); i++) {
		if ((guint32)fs.f_type == local[i])
			return TRUE;
	}
	return FALSE;
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

/* Whether SIGKILL is on its way to a process: it may take a while until it has ended. */
static gboolean is_being_killed(const char *status, const char *field)
{
	const char *line = strstr(status, field);

	return line && g_ascii_strtoull(line + strlen(field), NULL, 16) >> (SIGKILL - 1) & 1;
}

gboolean vks_process_is_alive(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
	g_autofree char *text = NULL;
	const char *state;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return FALSE;
	state = strstr(text, "State:\t");
	if (!state || strchr("ZX", state[strlen("State:\t")]))
		return FALSE;
	return !is_being_killed(text, "\nSigPnd:\t") && !is_being_killed(text, "\nShdPnd:\t");
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
		struct stat st;

		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && vks_is_in_memory(path))
			largest = MAX(largest, (guint64)st.st_blocks * 512);
	}
	return largest;
}
