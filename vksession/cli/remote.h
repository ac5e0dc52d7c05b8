/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The daemon as a client sees it: the operations of the session library that change something, by
 * D-Bus. They mean the same, report the same progress and fail with the same errors.
 */
#pragma once

#include "vksession/vksession.h"

typedef struct CliRemote CliRemote;

/**
 * Looks for a daemon that runs, of this version, with the same store and runtime directory. None is
 * started for it.
 *
 * @return free with cli_remote_free(); NULL if there is none, which is no error
 */
CliRemote *cli_remote_find(void);
void cli_remote_free(CliRemote *remote);

gboolean cli_remote_run(CliRemote *remote, const VksRunOptions *options, const VksControl *control,
			VksRunResult *result, GError **error);
gboolean cli_remote_save(CliRemote *remote, const VksSaveOptions *options,
			 const VksControl *control, VksSaveResult *result, GError **error);
gboolean cli_remote_thaw(CliRemote *remote, const VksThawOptions *options,
			 const VksControl *control, VksThawResult *result, GError **error);
gboolean cli_remote_rollback(CliRemote *remote, const VksRollbackOptions *options,
			     const VksControl *control, VksRollbackResult *result, GError **error);
gboolean cli_remote_stop(CliRemote *remote, const char *name, const VksControl *control,
			 GError **error);
gboolean cli_remote_attach(CliRemote *remote, const char *name, const char *display,
			   GError **error);
gboolean cli_remote_detach(CliRemote *remote, const char *name, GError **error);
gboolean cli_remote_drop(CliRemote *remote, const char *name, guint number, GError **error);
