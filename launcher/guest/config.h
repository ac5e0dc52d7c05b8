/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * guest.conf: what the host's launcher tells PID 1 about the user, the display and the network.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "launcher/guest/failure.h"

#define CONFIG_MAX_SIZE	       65536
#define CONFIG_MAX_GROUPS      64
#define CONFIG_MAX_ENVIRONMENT 64
#define CONFIG_MAX_PRIVATE     16
#define CONFIG_MAX_DISKS       8

struct config {
	char *text; /* owned; all strings below point into it */
	uid_t uid;
	gid_t gid;
	gid_t groups[CONFIG_MAX_GROUPS];
	size_t group_count;
	const char *user;
	const char *home;
	const char *shell;
	const char *hostname;
	const char *session;
	const char *vkdisplay;	  /* host path of the display starter; NULL: no display */
	const char *root_program; /* host path; runs as guest root once all else is up; NULL: none */
	const char *private_dirs[CONFIG_MAX_PRIVATE]; /* in the home, to be copied into memory */
	size_t private_count;
	unsigned int disks; /* how many: /dev/ubda and so on */
	bool network;
	struct in_addr address;
	unsigned int prefix; /* length of the network part, bits */
	struct in_addr gateway;
	struct in_addr dns;
	const char *environment[CONFIG_MAX_ENVIRONMENT]; /* "NAME=value" */
	size_t environment_count;
};

/**
 * Parses the text of a guest.conf. Values are literal to the end of the line; empty lines and lines
 * that start with '#' are skipped; unknown keys are skipped, so that an older PID 1 works with a
 * newer launcher.
 *
 * @param config  filled; config_finish() when done, also after a failure
 * @param text    NUL-terminated, allocated with malloc; owned by the configuration afterwards
 * @return 0, or -EINVAL with the failure set
 */
int config_parse(struct config *config, char *text, struct failure *failure);

/**
 * Reads and parses a guest.conf.
 *
 * @return 0, or a negative errno with the failure set
 */
int config_read(struct config *config, const char *path, struct failure *failure);

/** Frees what the configuration owns. */
void config_finish(struct config *config);
