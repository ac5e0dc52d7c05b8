/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Directories of the user's home that the session has for itself, in guest memory.
 */
#pragma once

#include "launcher/guest/config.h"
#include "launcher/guest/failure.h"

/**
 * Copies each private directory of the configuration into guest memory, and mounts the copy in its
 * place. The home must be mounted.
 *
 * @return 0, or a negative errno with the failure set; the guest is then of no use
 */
int private_dirs_mount(const struct config *config, struct failure *failure);

/** Takes them away again, before the home is detached. */
void private_dirs_detach(const struct config *config);
