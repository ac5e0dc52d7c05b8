/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Why a vkernel ended before its guest answered: its exit status and its last words. */
#pragma once

#include <gio/gio.h>

/** The vkernel's exit status for "this save is refused, nothing has been touched". */
#define VK_EXIT_SAVE_REFUSED 3

/**
 * Makes an error of it.
 *
 * @param wait_status  as of wait(2)
 * @param output       what the vkernel has written since it was started
 * @return INVALID_DATA with the kernel's reason if it refused a save; else FAILED with the most
 *         telling line
 */
GError *vk_end_reason(int wait_status, const char *output);

/** Reads a file from an offset on, at most the last 64 KiB. @return text, free with g_free() */
char *vk_end_reason_read_log(int log_fd, off_t from);
