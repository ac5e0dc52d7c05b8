/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vksession-launcher: started by vk_launcher_start(), with the report pipe as descriptor 3. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "launcher/isolation.h"
#include "launcher/report.h"
#include "launcher/supervisor.h"

static gboolean parse(VkSupervisor *supervisor, int argc, char **argv, GError **error)
{
	gint64 memory = 0;
	int cpus = 1;
	const GOptionEntry entries[] = {
		{ "session", 0, 0, G_OPTION_ARG_STRING, &supervisor->session, "name", "NAME" },
		{ "runtime-dir", 0, 0, G_OPTION_ARG_FILENAME, &supervisor->runtime_dir,
		  "sockets and lock", "DIR" },
		{ "log", 0, 0, G_OPTION_ARG_FILENAME, &supervisor->log_path, "output", "FILE" },
		{ "kernel", 0, 0, G_OPTION_ARG_FILENAME, &supervisor->kernel_path, "vkernel",
		  "FILE" },
		{ "thaw", 0, 0, G_OPTION_ARG_FILENAME, &supervisor->save_dir, "save", "DIR" },
		{ "memory", 0, 0, G_OPTION_ARG_INT64, &memory, "of the guest", "BYTES" },
		{ "cpus", 0, 0, G_OPTION_ARG_INT, &cpus, "of the guest", "NUMBER" },
		{ "network", 0, 0, G_OPTION_ARG_NONE, &supervisor->network, "outgoing network",
		  NULL },
		{ "save-command", 0, 0, G_OPTION_ARG_STRING_ARRAY, &supervisor->save_command,
		  "to run when a guest program asks for a save", "WORD" },
		{ "environment", 0, 0, G_OPTION_ARG_STRING_ARRAY, &supervisor->environment,
		  "for all programs of the guest", "NAME=VALUE" },
		{ "disk", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &supervisor->disks,
		  "image, and a layer over it", "LAYER,IMAGE" },
		{ "private", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &supervisor->private_dirs,
		  "directory that is copied into the guest's memory", "DIR" },
		{ "no-display", 0, 0, G_OPTION_ARG_NONE, &supervisor->no_display,
		  "no display stack", NULL },
		{ "map-memory", 0, 0, G_OPTION_ARG_NONE, &supervisor->map_memory,
		  "run before the memory was copied from the save", NULL },
		{ "copy-while-running", 0, 0, G_OPTION_ARG_NONE, &supervisor->copy_while_running,
		  "stop for what changed while a checkpoint copied", NULL },
		{ "root-program", 0, 0, G_OPTION_ARG_FILENAME, &supervisor->root_program,
		  "run as the guest's root", "FILE" },
		{ "kernel-argument", 0, 0, G_OPTION_ARG_STRING_ARRAY, &supervisor->kernel_arguments,
		  "for the vkernel", "ARGUMENT" },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return FALSE;
	supervisor->memory_bytes = (guint64)memory;
	supervisor->cpus = (guint)MAX(cpus, 1);
	if (supervisor->session && supervisor->runtime_dir && supervisor->log_path &&
	    supervisor->kernel_path)
		return TRUE;
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "vksession-launcher lacks an option");
	return FALSE;
}

/* The caller's end tells it apart from any other descriptor 3 that may be open by accident. */
static int find_report(void)
{
	struct stat st;

	if (fstat(VK_REPORT_FD, &st) < 0 || !S_ISFIFO(st.st_mode))
		return -1;
	fcntl(VK_REPORT_FD, F_SETFD, FD_CLOEXEC);
	return VK_REPORT_FD;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) failure = NULL;
	VkSupervisor supervisor;

	vk_isolation_forbid_core(); /* what passes through here is of the guest */
	vk_supervisor_init(&supervisor);
	supervisor.report_fd = find_report();
	if (parse(&supervisor, argc, argv, &failure) && vk_supervisor_start(&supervisor, &failure))
		vk_supervisor_run(&supervisor);
	vk_supervisor_end(&supervisor, failure);
	return failure ? EXIT_FAILURE : EXIT_SUCCESS;
}
