/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Where files can be: one directory for each kind of file system that a guest has. */
#pragma once

#define PLACE_TMPFS	      "/tmp/states"
#define PLACE_OVERLAY	      "/states"
#define PLACE_DISK	      "/states-disk"
#define PLACE_HOSTFS_VARIABLE "STATES_HOSTFS"

/** Number of the place on the host, see below. */
#define PLACE_NUMBER_HOSTFS 2

/** Names of the places, NULL-terminated. */
extern const char *const place_names[];
