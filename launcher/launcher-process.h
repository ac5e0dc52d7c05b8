/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file The launcher of a session, as a process to be waited for. Private to the library. */
#pragma once

#include <glib.h>

/** @return pidfd of the launcher that holds the directory; -1 if none does */
int vk_launcher_open_process(const char *runtime_dir);

/** Waits until a process has ended. @return FALSE after timeout_ms */
gboolean vk_process_wait(int pidfd, guint timeout_ms);
