/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The small dialogs: asking before something is lost, what changed while a session was down, and
 * the settings of the desktop's part.
 */
#pragma once

#include <gtk/gtk.h>

#include "desktop/sessions.h"

/** Asks whether to end a session without saving, offers to save it instead, and does so. */
void dialog_end_session(GtkWindow *parent, const char *session);

/** Shows what the last thaw of a session found changed on the disk. */
void dialog_changes(GtkWindow *parent, VksBusSession1 *session);

/** Shows the settings. Changes are kept at once. */
void dialog_settings(GtkWindow *parent);
