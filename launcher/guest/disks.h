/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file The session's disks, in the guest. */
#pragma once

#include "launcher/guest/config.h"
#include "launcher/guest/failure.h"

/**
 * Mounts each disk that has an ext4 file system on /media/disk-NUMBER; any other is given to the
 * user as a device.
 *
 * @return 0, or a negative errno with the failure set; the guest is then of no use
 */
int disks_mount(const struct config *config, struct failure *failure);
