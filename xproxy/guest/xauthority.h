/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The authority file of the guest's X server: one MIT-MAGIC-COOKIE-1 record.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define XAUTH_COOKIE_SIZE 16
#define XAUTH_NAME	  "MIT-MAGIC-COOKIE-1"
#define XAUTH_RECORD_MAX  256

/**
 * Encodes a record in the format of Xauthority files (Xau's AuFileIO.c): family, address, display
 * number, name and data, each counted in big-endian 16 bit. The family is FamilyWild, which
 * fits every way of reaching the server and survives a change of the host name.
 *
 * @param out      at least XAUTH_RECORD_MAX bytes
 * @param display  number of the display
 * @param cookie   XAUTH_COOKIE_SIZE bytes
 * @return length of the record in bytes
 */
size_t xauth_encode(uint8_t *out, unsigned int display, const uint8_t *cookie);

/**
 * Draws a cookie and writes it as the only record of a file of mode 0600, replacing the file.
 *
 * @param path     of the file; its directory must exist
 * @param display  number of the display
 * @param cookie   receives XAUTH_COOKIE_SIZE random bytes
 * @return 0, or a negative errno
 */
int xauth_create(const char *path, unsigned int display, uint8_t *cookie);
