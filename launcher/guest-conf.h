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

/**
 * Composes guest.conf for the calling user.
 *
 * @param session    name of the session; the guest's host name, too
 * @param vkdisplay  path of the display starter; NULL: a guest without a display
 * @param network    whether there is a network helper
 * @param environment  "NAME=value" strings, over those passed on from our own; may be NULL
 * @return text, free with g_free(); NULL with error if a value has a newline in it
 */
char *vk_guest_conf_build(const char *session, const char *vkdisplay, gboolean network,
			  const char *const *environment, GError **error);
