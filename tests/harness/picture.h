/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Looking at pictures (PNG files) from tests.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

/** A picture in memory. Free with picture_clear(). */
typedef struct {
	guint width, height; /* pixels */
	guint8 *pixels;	     /* red, green, blue, alpha of each */
} Picture;

/** Reads a file. @return false if it is no PNG file */
bool picture_read(const char *path, Picture *picture);

/** @return how many pixels are of a colour (0xRRGGBB), within 8 of 256 steps each, and opaque */
guint picture_count(const Picture *picture, guint32 colour);

/** Frees the pixels. */
void picture_clear(Picture *picture);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Picture, picture_clear)
