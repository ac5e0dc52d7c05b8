/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Errors of the session library.
 *
 * Two levels. Low-level modules report G_IO_ERROR errors that say only what happened. Operations
 * (run, save, thaw, ...) report VKS_ERROR errors, whose codes are the exit statuses of the command
 * line, and whose messages have three parts: `what happened; what is safe; what to do`.
 * Nothing in the library prints.
 */
#pragma once

#include <gio/gio.h>

#define VKS_ERROR (vks_error_quark())
GQuark vks_error_quark(void);

/** Codes of VKS_ERROR; the numbers are the exit statuses of the command line. */
typedef enum {
	VKS_ERROR_FAILED = 1, /* anything else */
	VKS_ERROR_USAGE = 2,
	VKS_ERROR_NOT_FOUND = 3,   /* no such session or save */
	VKS_ERROR_STATE = 4,	   /* running, not running, busy */
	VKS_ERROR_DAMAGED = 5,	   /* damaged or foreign save */
	VKS_ERROR_UNSUPPORTED = 6, /* missing feature or dependency of this machine */
	VKS_ERROR_NO_SPACE = 7,
	VKS_ERROR_LOCKED = 8, /* encrypted, and the key or passphrase is missing or wrong */
	VKS_ERROR_DISK = 9,   /* a disk image is not that of the save */
} VksErrorCode;

/**
 * Tells the code, and so the exit status, that an error of any domain stands for.
 *
 * @param error  an error; not NULL
 * @return its own code for VKS_ERROR; for others the nearest code, VKS_ERROR_FAILED if none fits
 */
VksErrorCode vks_error_code(const GError *error);

/**
 * Completes a low-level error: maps its code and appends what is safe and what to do.
 *
 * @param error   where the result goes; may be NULL
 * @param cause   consumed. An error that is already a VKS_ERROR is passed on unchanged
 * @param format  `what is safe; what to do`
 */
void vks_error_complete(GError **error, GError *cause, const char *format, ...) G_GNUC_PRINTF(3, 4);

/**
 * Sets a G_IO_ERROR from an errno: `<text>: <strerror>`. A quota counts as no space.
 *
 * @param errnum  positive errno
 * @param format  what happened
 */
void vks_error_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);
