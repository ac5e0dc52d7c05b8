/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * PID 1 moves into guest memory before it does anything for long: the host may upgrade or remove
 * the files it was started from while the session lives, or while it is frozen.
 */
#pragma once

#include <stdbool.h>

#include "launcher/guest/failure.h"

#define RESIDENT_VKINIT	      "/run/vkinit/vkinit"
#define RESIDENT_VKDISPLAY    "/run/vkinit/vkdisplay"
#define RESIDENT_CONFIG	      "/run/vkinit/guest.conf"
#define RESIDENT_ROOT_PROGRAM "/run/vkinit/root-program"

/** @return TRUE in the copy that runs from guest memory */
bool resident_is_self(void);

/**
 * Builds the guest's file systems, copies vkinit, vkdisplay, guest.conf and the root program into
 * guest memory, and executes the copy.
 *
 * @param self         path that this program was started from
 * @param config_path  guest.conf, on the host
 * @return only on failure: a negative errno with the failure set
 */
int resident_move_in(const char *self, const char *config_path, struct failure *failure);
