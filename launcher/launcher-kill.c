/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/launcher-process.h"
#include "launcher/launcher.h"
#include "launcher/runtime-dir.h"

static void signal_process(int pidfd, int number)
{
	syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

/* Not if somebody has started the session anew meanwhile. */
static void remove_leftovers(const char *runtime_dir)
{
	autofd lock = vk_runtime_lock(runtime_dir, NULL);

	if (lock >= 0)
		vk_runtime_remove(runtime_dir, lock);
}

/*
 * The launcher does the work: it kills all its descendants and waits for them. One that does not
 * react is killed; its children's parent-death signal then kills the vkernel and its helpers.
 */
gboolean vk_launcher_kill(const char *runtime_dir, guint timeout_ms, GError **error)
{
	autofd launcher = vk_launcher_open_process(runtime_dir);
	autofd vkernel = -1;
	VkLauncherStatus status;

	if (launcher < 0)
		return TRUE;
	if (vk_launcher_get_status(runtime_dir, &status) && status.vkernel_pid > 0)
		vkernel = (int)syscall(SYS_pidfd_open, status.vkernel_pid, 0);
	signal_process(launcher, SIGTERM);
	if (vk_process_wait(launcher, timeout_ms))
		return TRUE;
	signal_process(launcher, SIGKILL);
	if (vk_process_wait(launcher, timeout_ms) &&
	    (vkernel < 0 || vk_process_wait(vkernel, timeout_ms))) {
		remove_leftovers(runtime_dir);
		return TRUE;
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
		    "processes of the session in %s can't be killed", runtime_dir);
	return FALSE;
}
