/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What the session library needs of the launcher and of the display, as a table of functions, so
 * that its own logic can be tested against a fake. The members mean what the functions of the same
 * names in launcher/launcher.h and xproxy/xproxy.h mean.
 */
#pragma once

#include "launcher/launcher.h"
#include "xproxy/xproxy.h"

typedef struct {
	/* launcher/launcher.h: the vkernel */
	gboolean (*start)(const VkLauncherConfig *config, GError **error);
	gboolean (*get_status)(const char *runtime_dir, VkLauncherStatus *status);
	gboolean (*kill)(const char *runtime_dir, guint timeout_ms, GError **error);
	gboolean (*wait_gone)(const char *runtime_dir, guint timeout_ms, GError **error);
	gboolean (*checkpoint)(const char *runtime_dir, const char *dir, gboolean hold,
			       VkCheckpointStats *stats, GError **error);
	gboolean (*go)(const char *runtime_dir, GError **error);
	char *(*libexec_path)(const char *name);
	GPtrArray *(*check_vkernel)(void);

	/* launcher/launcher.h: the guest */
	gboolean (*run)(const char *runtime_dir, const char *cwd, const char *const *environment,
			const char *const *argv, pid_t *pid, GError **error);
	gboolean (*exec)(const char *runtime_dir, const char *cwd, const char *const *environment,
			 const char *const *argv, int *status, GError **error);
	GPtrArray *(*list)(const char *runtime_dir, GError **error);
	gboolean (*prepare_save)(const char *runtime_dir, GError **error);
	gboolean (*thawed)(const char *runtime_dir, GError **error);
	gboolean (*stop)(const char *runtime_dir, guint grace_ms, GError **error);

	/* xproxy/xproxy.h: the viewer */
	gboolean (*viewer_start)(const char *runtime_dir, const char *session, const char *display,
				 const char *const *environment, const char *layout_path,
				 const char *log_path, GError **error);
	XpViewerStatus *(*viewer_status)(const char *runtime_dir);
	void (*viewer_status_free)(XpViewerStatus *status);
	void (*request_thumbnail)(const char *runtime_dir);
	gboolean (*viewer_stop)(const char *runtime_dir, guint timeout_ms, GError **error);
	gboolean (*viewer_wait_drawn)(const char *runtime_dir, guint timeout_ms, GError **error);
	gboolean (*layout_save)(const char *runtime_dir, const char *path, GError **error);
	char **(*guest_environment)(const char *display);
	GPtrArray *(*check_display)(void);
} VksBackend;

/** @return the real thing */
const VksBackend *vks_backend_real(void);
