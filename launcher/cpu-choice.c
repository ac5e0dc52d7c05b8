/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/cpu-choice.h"

#include <sched.h>
#include <string.h>

#include "launcher/runtime-dir.h"

#define CPU_DIR "/sys/devices/system/cpu"

int vk_cpu_pick(const guint *load, const guint *speed, const gboolean *allowed, guint count)
{
	int best = -1;

	for (guint cpu = 0; cpu < count; cpu++) {
		if (!allowed[cpu])
			continue;
		if (best < 0 || load[cpu] < load[best] ||
		    (load[cpu] == load[best] && speed[cpu] >= speed[best]))
			best = (int)cpu;
	}
	return best;
}

/* A number that the kernel tells of a CPU; 0 if it does not. */
static guint read_number(const char *dir, guint cpu, const char *name)
{
	g_autofree char *path = g_strdup_printf("%s/cpu%u/%s", dir, cpu, name);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	return (guint)g_ascii_strtoull(text, NULL, 10);
}

/* Older kernels tell the capacity on ARM only. */
void vk_cpu_speeds(const char *dir, const gboolean *allowed, guint *speed, guint count)
{
	static const char *const sources[] = { "cpu_capacity", "cpufreq/cpuinfo_max_freq" };
	gboolean complete = FALSE;

	for (guint i = 0; i < G_N_ELEMENTS(sources) && !complete; i++) {
		complete = TRUE;
		for (guint cpu = 0; cpu < count; cpu++) {
			speed[cpu] = allowed[cpu] ? read_number(dir, cpu, sources[i]) : 0;
			if (allowed[cpu] && speed[cpu] == 0)
				complete = FALSE;
		}
	}
	if (!complete)
		memset(speed, 0, count * sizeof(*speed));
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
	guint speed[CPU_SETSIZE];
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
	vk_cpu_speeds(CPU_DIR, allowed, speed, CPU_SETSIZE);
	return vk_cpu_pick(load, speed, allowed, CPU_SETSIZE);
}
