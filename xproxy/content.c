/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <X11/Xutil.h>
#include <X11/extensions/Xcomposite.h>

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
		if (direct ? !row_is_plain_32(image, y, (guint32)colour)
			   : !row_is_plain(image, y, colour))
			return TRUE;
	return FALSE;
}

/* Reads a strip; keeps the first strip's first colour to compare later strips with. */
static gboolean strip_differs(Display *display, Drawable drawable, const XRectangle *strip,
			      gulong *colour, gboolean *first)
{
	XImage *image = XGetImage(display, drawable, strip->x, strip->y, strip->width,
				  strip->height, AllPlanes, ZPixmap);
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

void xp_content_retain(Display *display, Window window)
{
	XCompositeRedirectWindow(display, window, CompositeRedirectAutomatic);
}

void xp_content_release(Display *display, Window window)
{
	XCompositeUnredirectWindow(display, window, CompositeRedirectAutomatic);
}

static gboolean pixmap_is_drawn(Display *display, Pixmap pixmap)
{
	unsigned int width, height, border, depth;
	gboolean first = TRUE;
	gulong colour = 0;
	Window root;
	int x, y;

	if (!XGetGeometry(display, pixmap, &root, &x, &y, &width, &height, &border, &depth))
		return FALSE;
	for (unsigned int row = 0; row < height; row += STRIP_ROWS) {
		XRectangle strip = {
			.y = (short)row,
			.width = (unsigned short)width,
			.height = (unsigned short)MIN(STRIP_ROWS, height - row),
		};

		if (strip_differs(display, pixmap, &strip, &colour, &first))
			return TRUE;
	}
	return FALSE;
}

gboolean xp_content_is_drawn(Display *display, Window window)
{
	Pixmap pixmap = XCompositeNameWindowPixmap(display, window);
	gboolean drawn = pixmap_is_drawn(display, pixmap);

	XFreePixmap(display, pixmap);
	return drawn;
}
