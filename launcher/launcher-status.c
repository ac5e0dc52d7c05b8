/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/launcher-process.h"
#include "launcher/launcher.h"
#include "launcher/runtime-dir.h"

gboolean vk_launcher_get_status(const char *runtime_dir, VkLauncherStatus *status)
{
	VkLauncherRecord record = { 0 };

	if (!vk_runtime_is_locked(runtime_dir))
		return FALSE;
	/* Without a valid record it has only just begun, or has ended between the two. */
	if (!vk_runtime_read_record(runtime_dir, &record)) {
		if (!vk_runtime_is_locked(runtime_dir))
			return FALSE;
		record = (VkLauncherRecord){ 0 };
	}
	if (status)
		*status = record.status;
	return TRUE;
}

gboolean vk_process_wait(int pidfd, guint timeout_ms)
{
	gint64 deadline = g_get_monotonic_time() + timeout_ms * 1000LL;
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };
	int got;

	do {
		gint64 left = MAX(0, (deadline - g_get_monotonic_time() + 999) / 1000);

		got = poll(&fd, 1, (int)left);
	} while (got < 0 && errno == EINTR);
	return got > 0;
}

int vk_launcher_open_process(const char *runtime_dir)
{
	VkLauncherStatus status;
	autofd pidfd = -1;

	if (!vk_launcher_get_status(runtime_dir, &status) || status.launcher_pid == 0)
		return -1;
	pidfd = (int)syscall(SYS_pidfd_open, status.launcher_pid, 0);
	/* Still locked: so that pid was the launcher's when the descriptor was opened. */
	return vk_runtime_is_locked(runtime_dir) ? steal_fd(&pidfd) : -1;
}

gboolean vk_launcher_wait_gone(const char *runtime_dir, guint timeout_ms, GError **error)
{
	autofd pidfd = vk_launcher_open_process(runtime_dir);

	if (pidfd < 0 || vk_process_wait(pidfd, timeout_ms))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the session in %s still runs",
		    runtime_dir);
	return FALSE;
}
