/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file A host with a kernel as old as Debian 12's own, on any machine. */
#pragma once

/**
 * From here on, this process and what it starts have a kernel older than 6.3, which knows no
 * MFD_EXEC (memfd_create(2)).
 *
 * @return 0; -1 with errno
 */
int old_host_become(void);
