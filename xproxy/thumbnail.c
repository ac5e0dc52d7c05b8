/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * 1. stack: windows are put in the order in which the window manager has them on the screen.
 * 2. compose: the X server draws them on a canvas that is as large as the windows together.
 * 3. shrink: the X server halves the canvas again and again, which gives each pixel its share in
 *    the result, and scales the rest of the way at the end.
 * 4. write: only the small result is read from the X server.
 */
#include <X11/Xatom.h>
#include <X11/Xutil.h>
#include <X11/extensions/Xcomposite.h>
#include <X11/extensions/Xrender.h>
#include <png.h>

#include "xproxy/property.h"
#include "xproxy/thumbnail.h"
#include "xproxy/xproxy.h"

#define RGBA 4 /* bytes a pixel */

/** Something that the X server draws on and from. */
typedef struct {
	Display *display;
	Pixmap pixmap;
	Picture picture;
	int width, height;
} Canvas;

static void canvas_init(Canvas *canvas, Display *display, int width, int height)
{
	static const XRenderColor transparent;
	XRenderPictFormat *format = XRenderFindStandardFormat(display, PictStandardARGB32);

	*canvas = (Canvas){ .display = display, .width = width, .height = height };
	canvas->pixmap = XCreatePixmap(display, DefaultRootWindow(display), (guint)width,
				       (guint)height, (guint)format->depth);
	canvas->picture = XRenderCreatePicture(display, canvas->pixmap, format, 0, NULL);
	XRenderFillRectangle(display, PictOpSrc, canvas->picture, &transparent, 0, 0, (guint)width,
			     (guint)height);
}

static void canvas_finish(Canvas *canvas)
{
	XRenderFreePicture(canvas->display, canvas->picture);
	XFreePixmap(canvas->display, canvas->pixmap);
}

/* --- stage 1: stack --- */

typedef struct {
	gulong *windows; /* lowest first */
	gulong count;
} Stacking;

/* Windows that the manager does not know are the lowest. */
static gulong rank(const Stacking *stacking, const XpWindow *window)
{
	for (gulong i = 0; i < stacking->count; i++)
		if (stacking->windows[i] == window->xid)
			return i + 1;
	return 0;
}

static int compare_ranks(gconstpointer a, gconstpointer b, gpointer stacking)
{
	gulong first = rank(stacking, *(XpWindow *const *)a);
	gulong second = rank(stacking, *(XpWindow *const *)b);

	return (first > second) - (first < second);
}

static GPtrArray *stack(Display *display, const GPtrArray *windows)
{
	GPtrArray *drawn = g_ptr_array_new();
	Stacking stacking;

	for (guint i = 0; i < windows->len; i++) {
		XpWindow *window = windows->pdata[i];

		if (window->mapped && window->drawn)
			g_ptr_array_add(drawn, window);
	}
	stacking.windows = xp_property_get(display, DefaultRootWindow(display),
					   "_NET_CLIENT_LIST_STACKING", XA_WINDOW, &stacking.count);
	g_ptr_array_sort_with_data(drawn, compare_ranks, &stacking);
	if (stacking.windows)
		XFree(stacking.windows);
	return drawn;
}

/* --- stage 2: compose --- */

typedef struct {
	int left, top, right, bottom;
} Bounds;

static Bounds find_bounds(const GPtrArray *windows)
{
	Bounds bounds = { G_MAXINT, G_MAXINT, G_MININT, G_MININT };

	for (guint i = 0; i < windows->len; i++) {
		const XpWindow *window = windows->pdata[i];

		bounds.left = MIN(bounds.left, window->x);
		bounds.top = MIN(bounds.top, window->y);
		bounds.right = MAX(bounds.right, window->x + window->width);
		bounds.bottom = MAX(bounds.bottom, window->y + window->height);
	}
	return bounds;
}

static void draw_window(const Canvas *canvas, const XpWindow *window, int x, int y)
{
	XWindowAttributes attributes;
	XRenderPictFormat *format;
	Picture picture;
	Pixmap pixmap;

	if (!XGetWindowAttributes(canvas->display, window->xid, &attributes))
		return;
	format = XRenderFindVisualFormat(canvas->display, attributes.visual);
	if (!format)
		return;
	pixmap = XCompositeNameWindowPixmap(canvas->display, window->xid);
	picture = XRenderCreatePicture(canvas->display, pixmap, format, 0, NULL);
	XRenderComposite(canvas->display, PictOpOver, picture, None, canvas->picture, 0, 0, 0, 0, x,
			 y, (guint)window->width, (guint)window->height);
	XRenderFreePicture(canvas->display, picture);
	XFreePixmap(canvas->display, pixmap);
}

static void compose(Canvas *canvas, Display *display, const GPtrArray *windows)
{
	Bounds bounds = find_bounds(windows);

	canvas_init(canvas, display, bounds.right - bounds.left, bounds.bottom - bounds.top);
	for (guint i = 0; i < windows->len; i++) {
		const XpWindow *window = windows->pdata[i];

		draw_window(canvas, window, window->x - bounds.left, window->y - bounds.top);
	}
}

/* --- stage 3: shrink --- */

static void scale_to(Canvas *canvas, int width, int height)
{
	XTransform transform = { {
		{ XDoubleToFixed((double)canvas->width / width), 0, 0 },
		{ 0, XDoubleToFixed((double)canvas->height / height), 0 },
		{ 0, 0, XDoubleToFixed(1) },
	} };
	Canvas smaller;

	canvas_init(&smaller, canvas->display, width, height);
	XRenderSetPictureTransform(canvas->display, canvas->picture, &transform);
	XRenderSetPictureFilter(canvas->display, canvas->picture, FilterBilinear, NULL, 0);
	XRenderComposite(canvas->display, PictOpSrc, canvas->picture, None, smaller.picture, 0, 0,
			 0, 0, 0, 0, (guint)width, (guint)height);
	canvas_finish(canvas);
	*canvas = smaller;
}

static void shrink(Canvas *canvas)
{
	double scale = MIN((double)XP_THUMBNAIL_WIDTH / canvas->width,
			   (double)XP_THUMBNAIL_HEIGHT / canvas->height);
	int width = MAX(1, (int)(canvas->width * scale));
	int height = MAX(1, (int)(canvas->height * scale));

	if (scale >= 1)
		return;
	while (canvas->width >= 2 * width && canvas->height >= 2 * height)
		scale_to(canvas, canvas->width / 2, canvas->height / 2);
	scale_to(canvas, width, height);
}

/* --- stage 4: write --- */

/* From X's pixels, which are multiplied by their alpha, to PNG's, which are not. */
static void convert_pixel(gulong pixel, guchar *bytes)
{
	guint alpha = pixel >> 24 & 0xff;

	for (guint i = 0; i < 3; i++) {
		guint value = pixel >> (16 - 8 * i) & 0xff;

		bytes[i] = (guchar)(alpha ? MIN(value * 0xff / alpha, 0xff) : 0);
	}
	bytes[3] = (guchar)alpha;
}

static guchar *read_pixels(const Canvas *canvas)
{
	XImage *image = XGetImage(canvas->display, canvas->pixmap, 0, 0, (guint)canvas->width,
				  (guint)canvas->height, AllPlanes, ZPixmap);
	guchar *pixels, *at;

	if (!image)
		return NULL;
	pixels = at = g_new(guchar, (gsize)RGBA * (gsize)canvas->width * (gsize)canvas->height);
	for (int y = 0; y < canvas->height; y++)
		for (int x = 0; x < canvas->width; x++, at += RGBA)
			convert_pixel(XGetPixel(image, x, y), at);
	XDestroyImage(image);
	return pixels;
}

static gboolean write_png(const Canvas *canvas, const char *path, GError **error)
{
	g_autofree guchar *pixels = read_pixels(canvas);
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = (guint32)canvas->width,
		.height = (guint32)canvas->height,
		.format = PNG_FORMAT_RGBA,
	};
	png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
	g_autofree char *png = g_malloc(size);

	if (!pixels || !png_image_write_to_memory(&image, png, &size, 0, pixels, 0, NULL)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no picture of the windows: %s",
			    pixels ? image.message : "the X server does not give it");
		return FALSE;
	}
	return g_file_set_contents_full(path, png, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT,
					0600, error);
}

gboolean xp_thumbnail_write(Display *display, const GPtrArray *windows, const char *path,
			    GError **error)
{
	g_autoptr(GPtrArray) stacked = stack(display, windows);
	int event_base, error_base;
	gboolean written;
	Canvas canvas;

	if (stacked->len == 0) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no window is drawn");
		return FALSE;
	}
	if (!XRenderQueryExtension(display, &event_base, &error_base)) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
				    "the X display lacks the RENDER extension");
		return FALSE;
	}
	compose(&canvas, display, stacked);
	shrink(&canvas);
	written = write_png(&canvas, path, error);
	canvas_finish(&canvas);
	return written;
}
