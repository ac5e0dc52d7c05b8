/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <X11/Xutil.h>

#include "xproxy/content.h"

#define STRIP_ROWS 64
#define RGB	   0xffffffUL

static gboolean row_is_plain_32(const XImage *image, int row, guint32 colour)
{
	const guint32 *pixels =
		(const void *)(image->data + (gsize)row * (gsize)image->bytes_per_line);

	for (int x = 0; x < image->width; x++)
		if ((pixels[x] & RGB) != colour)
			return FALSE;
	return TRUE;
}

static gboolean row_is_plain(XImage *image, int row, gulong colour)
{
	for (int x = 0; x < image->width; x++)
		if ((XGetPixel(image, x, row) & RGB) != colour)
			return FALSE;
	return TRUE;
}

gboolean xp_content_has_colours(XImage *image)
{
	gboolean direct = image->bits_per_pixel == 32 && image->byte_order == LSBFirst &&
			  G_BYTE_ORDER == G_LITTLE_ENDIAN;
	gulong colour = XGetPixel(image, 0, 0) & RGB;

	for (int y = 0; y < image->height; y++)
		if (direct ? !row_is_plain_32(image, y, (guint32)colour) :
			     !row_is_plain(image, y, colour))
			return TRUE;
	return FALSE;
}

/* Reads a strip; keeps the first strip's first colour to compare later strips with. */
static gboolean strip_differs(Display *display, Window window, const XRectangle *strip,
			      gulong *colour, gboolean *first)
{
	XImage *image = XGetImage(display, window, strip->x, strip->y, strip->width, strip->height,
				  AllPlanes, ZPixmap);
	gboolean differs;

	if (!image)
		return FALSE;
	if (*first)
		*colour = XGetPixel(image, 0, 0) & RGB;
	*first = FALSE;
	differs = (XGetPixel(image, 0, 0) & RGB) != *colour || xp_content_has_colours(image);
	XDestroyImage(image);
	return differs;
}

gboolean xp_content_is_drawn(Display *display, Window window, int x, int y, int width, int height)
{
	Screen *screen = DefaultScreenOfDisplay(display);
	int left = MAX(0, -x), right = MIN(width, WidthOfScreen(screen) - x);
	int top = MAX(0, -y), bottom = MIN(height, HeightOfScreen(screen) - y);
	gboolean first = TRUE;
	gulong colour = 0;

	if (left >= right)
		return FALSE;
	for (int row = top; row < bottom; row += STRIP_ROWS) {
		XRectangle strip = {
			.x = (short)left,
			.y = (short)row,
			.width = (unsigned short)(right - left),
			.height = (unsigned short)MIN(STRIP_ROWS, bottom - row),
		};

		if (strip_differs(display, window, &strip, &colour, &first))
			return TRUE;
	}
	return FALSE;
}
