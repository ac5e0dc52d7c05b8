/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/launcher.h"
#include "launcher/report.h"
#include "launcher/requirements.h"
#include "launcher/runtime-dir.h"

static gboolean check_config(const VkLauncherConfig *config, GError **error)
{
	const char *const paths[] = { config->runtime_dir, config->log_path, config->kernel_path,
				      config->save_dir, config->root_program };

	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		if (!paths[i] || g_path_is_absolute(paths[i]))
			continue;
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "%s is not an absolute path", paths[i]);
		return FALSE;
	}
	if (config->memory_bytes % (1 << 20) == 0)
		return TRUE;
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "guest memory is not a whole number of MiB");
	return FALSE;
}

/* Everything that can be known to fail before a process is started. */
static gboolean check_requirements(const VkLauncherConfig *config, const char *kernel_path,
				   GError **error)
{
	static const char *const programs[] = { "vkinit", "vkdisplay", "vksession-launcher" };
	g_autofree char *helper = NULL;

	if (!vk_require_own_program(kernel_path, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autofree char *path = vk_libexec_path(programs[i]);

		if (!vk_require_own_program(path, error))
			return FALSE;
	}
	if (config->network && !(helper = vk_require_network_helper(error)))
		return FALSE;
	/* A thaw goes on with what it has, if more slowly. */
	if (!config->save_dir && !vk_require_cpus(config->cpus, error))
		return FALSE;
	return vk_require_memory(config->memory_bytes, error) != NULL;
}

static void add_each(GStrvBuilder *builder, const char *option, const char *const *values)
{
	for (; values && *values; values++)
		g_strv_builder_add_many(builder, option, *values, NULL);
}

static char **build_arguments(const VkLauncherConfig *config, const char *kernel_path)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *program = vk_libexec_path("vksession-launcher");
	g_autofree char *memory = g_strdup_printf("%" G_GUINT64_FORMAT, config->memory_bytes);
	g_autofree char *cpus = g_strdup_printf("%u", MAX(config->cpus, 1));

	g_strv_builder_add_many(builder, program, "--session", config->session, "--runtime-dir",
				config->runtime_dir, "--log", config->log_path, "--kernel",
				kernel_path, "--memory", memory, "--cpus", cpus, NULL);
	if (config->save_dir)
		g_strv_builder_add_many(builder, "--thaw", config->save_dir, NULL);
	if (config->network)
		g_strv_builder_add(builder, "--network");
	if (config->no_display)
		g_strv_builder_add(builder, "--no-display");
	if (config->map_memory)
		g_strv_builder_add(builder, "--map-memory");
	if (config->copy_while_running)
		g_strv_builder_add(builder, "--copy-while-running");
	if (config->root_program)
		g_strv_builder_add_many(builder, "--root-program", config->root_program, NULL);
	add_each(builder, "--save-command", config->save_command);
	add_each(builder, "--environment", config->environment);
	add_each(builder, "--private", config->private_dirs);
	add_each(builder, "--disk", config->disks);
	add_each(builder, "--kernel-argument", config->kernel_arguments);
	return g_strv_builder_end(builder);
}

/* @return reading end of the report pipe, or -1 */
static int spawn_launcher(char **arguments, GError **error)
{
	const int target = VK_REPORT_FD;
	gboolean spawned;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "pipe: %s", g_strerror(errno));
		return -1;
	}
	/* GLib forks twice: the launcher is never our child, so never our zombie either. */
	spawned = g_spawn_async_with_pipes_and_fds(
		"/", (const char *const *)arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, -1, -1, -1,
		&ends[1], &target, 1, NULL, NULL, NULL, NULL, error);
	close(ends[1]);
	if (spawned)
		return ends[0];
	close(ends[0]);
	return -1;
}

gboolean vk_launcher_start(const VkLauncherConfig *config, GError **error)
{
	g_autofree char *kernel_path = config->kernel_path ? g_strdup(config->kernel_path)
							   : vk_libexec_path("vkernel");
	g_auto(GStrv) arguments = NULL;
	autofd report = -1;

	if (!check_config(config, error) || !check_requirements(config, kernel_path, error) ||
	    !vk_runtime_make(config->runtime_dir, error))
		return FALSE;
	arguments = build_arguments(config, kernel_path);
	report = spawn_launcher(arguments, error);
	return report >= 0 && vk_report_read(report, error);
}
