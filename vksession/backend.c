/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/backend.h"

#include "vksession/activity.h"
#include "vksession/scope.h"

/*
 * Whoever started a session or its viewer, a terminal or the daemon, may end before it: what has
 * been started is moved out of the starter's control group.
 */
static void leave_starter(const char *runtime_dir)
{
	g_autofree char *session = g_path_get_basename(runtime_dir);
	g_autoptr(GArray) pids = NULL;
	g_autoptr(GArray) viewer_pids = NULL;
	g_autoptr(XpViewerStatus) viewer = xp_viewer_get_status(runtime_dir);
	VkLauncherStatus status = { 0 };

	/* A viewer that waits for its session is moved when that has come. */
	if (!vk_launcher_get_status(runtime_dir, &status) || status.launcher_pid == 0)
		return;
	pids = vks_process_tree(status.launcher_pid);
	viewer_pids = vks_process_tree(viewer ? viewer->viewer_pid : 0);
	g_array_append_vals(pids, viewer_pids->data, viewer_pids->len);
	vks_scope_enter(session, status.memory_bytes, pids);
}

static gboolean start(const VkLauncherConfig *config, GError **error)
{
	if (!vk_launcher_start(config, error))
		return FALSE;
	leave_starter(config->runtime_dir);
	return TRUE;
}

static gboolean viewer_start(const char *runtime_dir, const char *session, const char *display,
			     const char *const *environment, const char *layout_path,
			     const char *log_path, GError **error)
{
	if (!xp_viewer_start(runtime_dir, session, display, environment, layout_path, log_path,
			     error))
		return FALSE;
	leave_starter(runtime_dir);
	return TRUE;
}
static const VksBackend real = {
	.start = start,
	.get_status = vk_launcher_get_status,
	.kill = vk_launcher_kill,
	.wait_gone = vk_launcher_wait_gone,
	.checkpoint = vk_launcher_checkpoint,
	.go = vk_launcher_go,
	.libexec_path = vk_libexec_path,
	.check_vkernel = vk_launcher_check_host,
	.run = vk_control_run,
	.exec = vk_control_exec,
	.list = vk_control_list,
	.prepare_save = vk_control_prepare_save,
	.thawed = vk_control_thawed,
	.stop = vk_control_stop,
	.viewer_start = viewer_start,
	.viewer_status = xp_viewer_get_status,
	.viewer_status_free = xp_viewer_status_free,
	.request_thumbnail = xp_viewer_request_thumbnail,
	.viewer_stop = xp_viewer_stop,
	.viewer_wait_drawn = xp_viewer_wait_drawn,
	.layout_save = xp_layout_save,
	.guest_environment = xp_guest_environment,
	.check_display = xp_check_host,
};

const VksBackend *vks_backend_real(void)
{
	return &real;
}
