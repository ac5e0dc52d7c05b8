/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/cpu-choice.h"

#include <sched.h>
#include <string.h>

#include "launcher/runtime-dir.h"

int vk_cpu_pick(const guint *load, const gboolean *allowed, guint count)
{
	int best = -1;

	for (guint cpu = 0; cpu < count; cpu++) {
		if (allowed[cpu] && (best < 0 || load[cpu] <= load[best]))
			best = (int)cpu;
	}
	return best;
}

static void count_sessions(const char *runtime_dir, guint *load)
{
	g_autofree char *parent = g_path_get_dirname(runtime_dir);
	g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
	const char *name;

	if (!dir)
		return;
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(parent, name, NULL);
		VkLauncherRecord record;

		if (strcmp(path, runtime_dir) != 0 && vk_runtime_is_locked(path) &&
		    vk_runtime_read_record(path, &record) && record.cpu >= 0 &&
		    record.cpu < CPU_SETSIZE)
			load[record.cpu]++;
	}
}

int vk_cpu_choose(const char *runtime_dir, guint guest_cpus)
{
	const char *override = g_getenv("VKSESSION_CPU");
	gboolean allowed[CPU_SETSIZE];
	guint load[CPU_SETSIZE] = { 0 };
	guint64 number;
	cpu_set_t cpus;

	if (guest_cpus > 1 || g_strcmp0(override, "none") == 0 ||
	    sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return -1;
	if (override &&
	    g_ascii_string_to_unsigned(override, 10, 0, CPU_SETSIZE - 1, &number, NULL) &&
	    CPU_ISSET(number, &cpus))
		return (int)number;
	for (guint cpu = 0; cpu < CPU_SETSIZE; cpu++)
		allowed[cpu] = CPU_ISSET(cpu, &cpus) != 0;
	count_sessions(runtime_dir, load);
	return vk_cpu_pick(load, allowed, CPU_SETSIZE);
}
