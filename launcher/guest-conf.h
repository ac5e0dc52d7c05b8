/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * guest.conf, the host's side: what the guest's PID 1 must know of the user.
 */
#pragma once

#include <gio/gio.h>

#define VK_GUEST_ADDRESS "10.0.2.100/24"
#define VK_GUEST_GATEWAY "10.0.2.2"
#define VK_GUEST_DNS	 "10.0.2.3"

/** What the caller does not know of itself. All borrowed. */
typedef struct {
	const char *session;		 /* its name; the guest's host name, too */
	const char *vkdisplay;		 /* path of the display starter; NULL: no display */
	const char *root_program;	 /* path of a program for the guest's root; NULL: none */
	gboolean network;		 /* there is a network helper */
	guint disks;			 /* how many it has */
	const char *const *private_dirs; /* to be copied into its memory; may be NULL */
	const char *const *environment;	 /* "NAME=value", over those passed on from our own; may be
					    NULL */
} VkGuestConf;

/**
 * Composes guest.conf for the calling user.
 *
 * @return text, free with g_free(); NULL with error if a value has a newline in it
 */
char *vk_guest_conf_build(const VkGuestConf *conf, GError **error);
