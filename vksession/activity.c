/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/activity.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vksession/durable.h"

#define NOTE_FILE "saved-activity"

/* Fields of /proc/PID/stat, counted from the one behind the name, see proc(5). */
#define STAT_UTIME 11
#define STAT_TIMES 4 /* utime, stime, cutime, cstime */

static char *read_proc(pid_t pid, const char *file)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

static void add_children(GArray *pids, pid_t pid)
{
	g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int)pid);
	g_autoptr(GDir) dir = g_dir_open(tasks, 0, NULL);
	const char *task;

	while (dir && (task = g_dir_read_name(dir))) {
		g_autofree char *file = g_strdup_printf("task/%s/children", task);
		g_autofree char *text = read_proc(pid, file);
		g_auto(GStrv) words = g_strsplit(text ? text : "", " ", -1);

		for (char **word = words; *word; word++) {
			pid_t child = (pid_t)g_ascii_strtoll(*word, NULL, 10);

			if (child > 0)
				g_array_append_val(pids, child);
		}
	}
}

GArray *vks_process_tree(pid_t root)
{
	GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));

	if (root <= 0)
		return pids;
	g_array_append_val(pids, root);
	for (guint i = 0; i < pids->len; i++)
		add_children(pids, g_array_index(pids, pid_t, i));
	return pids;
}

static guint64 process_cpu_ticks(pid_t pid)
{
	g_autofree char *text = read_proc(pid, "stat");
	/* The name is in parentheses and may hold anything. */
	const char *rest = text ? strrchr(text, ')') : NULL;
	g_auto(GStrv) fields = g_strsplit(rest ? rest + 1 : "", " ", -1);
	guint64 ticks = 0;

	if (g_strv_length(fields) <= STAT_UTIME + STAT_TIMES)
		return 0;
	for (guint i = 0; i < STAT_TIMES; i++)
		ticks += g_ascii_strtoull(fields[1 + STAT_UTIME + i], NULL, 10);
	return ticks;
}

guint64 vks_processes_cpu_us(const GArray *pids)
{
	long per_second = sysconf(_SC_CLK_TCK);
	guint64 ticks = 0;

	for (guint i = 0; i < pids->len; i++)
		ticks += process_cpu_ticks(g_array_index(pids, pid_t, i));
	return ticks * G_USEC_PER_SEC / (guint64)MAX(per_second, 1);
}

guint64 vks_processes_memory(const GArray *pids)
{
	guint64 kib = 0;

	for (guint i = 0; i < pids->len; i++) {
		g_autofree char *text = read_proc(g_array_index(pids, pid_t, i), "smaps_rollup");
		const char *pss = text ? strstr(text, "\nPss:") : NULL;

		if (pss)
			kib += g_ascii_strtoull(pss + strlen("\nPss:"), NULL, 10);
	}
	return kib * 1024;
}

void vks_activity_note(const char *run_dir, guint64 cpu_us)
{
	g_autofree char *path = g_build_filename(run_dir, NOTE_FILE, NULL);
	g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT "\n", cpu_us);

	if (!vks_file_replace(path, text, strlen(text), NULL))
		unlink(path);
}

guint64 vks_activity_since_note(const char *run_dir, guint64 cpu_us)
{
	g_autofree char *path = g_build_filename(run_dir, NOTE_FILE, NULL);
	g_autofree char *text = NULL;
	guint64 noted;

	if (!g_file_get_contents(path, &text, NULL, NULL) ||
	    !g_ascii_string_to_unsigned(g_strchomp(text), 10, 0, G_MAXUINT64, &noted, NULL))
		return cpu_us;
	/* A process that ended without anyone waiting for it takes its time with it. */
	return cpu_us > noted ? cpu_us - noted : 0;
}
