/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/backend.h"

static const VksBackend real = {
	.start = vk_launcher_start,
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
	.viewer_start = xp_viewer_start,
	.viewer_status = xp_viewer_get_status,
	.viewer_status_free = xp_viewer_status_free,
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
