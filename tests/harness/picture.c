/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>

#define RGBA	  4 /* bytes a pixel */
#define TOLERANCE 8 /* scaling and conversion round */

bool picture_read(const char *path, Picture *picture)
{
	png_image image = { .version = PNG_IMAGE_VERSION };

	memset(picture, 0, sizeof(*picture));
	if (!png_image_begin_read_from_file(&image, path))
		return false;
	image.format = PNG_FORMAT_RGBA;
	picture->width = image.width;
	picture->height = image.height;
	picture->pixels = g_malloc(PNG_IMAGE_SIZE(image));
	if (png_image_finish_read(&image, NULL, picture->pixels, 0, NULL))
		return true;
	picture_clear(picture);
	return false;
}

static bool is_colour(const guint8 *pixel, guint32 colour)
{
	for (int i = 0; i < 3; i++)
		if (abs(pixel[i] - (int)(colour >> (16 - 8 * i) & 0xff)) > TOLERANCE)
			return false;
	return pixel[3] == 0xff;
}

guint picture_count(const Picture *picture, guint32 colour)
{
	guint count = 0;

	for (guint i = 0; i < picture->width * picture->height; i++)
		count += is_colour(picture->pixels + (gsize)RGBA * i, colour);
	return count;
}

void picture_clear(Picture *picture)
{
	g_clear_pointer(&picture->pixels, g_free);
}
