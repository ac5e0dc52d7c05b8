/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The guest's network: loopback, and vec0 to the user-mode network helper on the host.
 */
#pragma once

#include "launcher/guest/config.h"
#include "launcher/guest/failure.h"

/** Brings up the loopback interface. @return 0, or a negative errno with the failure set */
int network_up_loopback(struct failure *failure);

/** Tells whether vec0 is up and its helper at the other end. */
bool network_is_connected(void);

/**
 * Connects vec0 to the host's helper, afresh if it was up, and sets address and default route.
 * Waits up to some seconds for the helper: call it from a process that may block.
 * A helper serves one connection only: one that is still good must not be given up for this.
 *
 * @return 0 (also if the session has no network), or a negative errno with the failure set
 */
int network_renew(const struct config *config, struct failure *failure);

/**
 * Writes host name and name server into the guest's own layer of /etc.
 *
 * @return 0, or a negative errno with the failure set
 */
int network_write_names(const struct config *config, struct failure *failure);
