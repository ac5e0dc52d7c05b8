/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The guest's file systems.
 */
#pragma once

#include "launcher/guest/config.h"
#include "launcher/guest/failure.h"

/** Where PID 1 keeps what is its own: readable by all, written by root only. */
#define MOUNTS_PRIVATE_DIR "/run/vkinit"
/** Where the display stack keeps its sockets: the user's own, 0700. */
#define MOUNTS_DISPLAY_DIR "/run/vksession"

/**
 * Builds the guest's world on top of the read-only root that the kernel has mounted, and moves into
 * it: overlay, /proc, /sys, /dev, fresh /run, /tmp, /var/tmp, /dev/shm, and the user's home.
 *
 * @return 0, or a negative errno with the failure set; the guest is then of no use
 */
int mounts_build(const struct config *config, struct failure *failure);

/** Detaches what could hold unwritten data, before power-off. Failures are of no interest then. */
void mounts_detach(const struct config *config);
