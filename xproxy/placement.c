/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <X11/Xatom.h>
#include <X11/Xutil.h>

#include "xproxy/placement.h"

/* _NET_MOVERESIZE_WINDOW, EWMH 1.5: gravity, which of x, y, width, height are given, the source. */
#define MOVERESIZE_ALL	 (0xfL << 8)
#define MOVERESIZE_PAGER (2L << 12)
#define PROPERTY_MAX	 1024
#define HOLD		 32 /* pixels of a window that must stay on the screen */

gboolean xp_placement_matches(const XpPlace *place, const XpWindow *window)
{
	return place->x == window->x && place->y == window->y && place->width == window->width &&
	       place->height == window->height;
}

void xp_placement_fit(XpPlace *place, int screen_width, int screen_height)
{
	if (place->x + place->width < HOLD)
		place->x = 0;
	if (place->x > screen_width - HOLD)
		place->x = MAX(0, screen_width - place->width);
	if (place->y + place->height < HOLD)
		place->y = 0;
	if (place->y > screen_height - HOLD)
		place->y = MAX(0, screen_height - place->height);
}

/* Reads a property of 32 bit items; the result is freed with XFree(). */
static gulong *get_property(Display *display, Window window, const char *name, Atom type,
			    gulong *count)
{
	Atom atom = XInternAtom(display, name, False), actual;
	unsigned char *data = NULL;
	gulong rest;
	int format;

	*count = 0;
	if (XGetWindowProperty(display, window, atom, 0, PROPERTY_MAX, False, type, &actual,
			       &format, count, &rest, &data) != Success)
		return NULL;
	if (data && format == 32)
		return (gulong *)(void *)data;
	*count = 0;
	if (data)
		XFree(data);
	return NULL;
}

static gboolean manager_moves(Display *display)
{
	Atom wanted = XInternAtom(display, "_NET_MOVERESIZE_WINDOW", False);
	gulong count, value = 0;
	gulong *check = get_property(display, DefaultRootWindow(display),
				     "_NET_SUPPORTING_WM_CHECK", XA_WINDOW, &count);
	gulong *supported = NULL;
	gboolean found = FALSE;

	/* What a dead window manager leaves on the root window names a window that is gone. */
	if (check && count == 1)
		value = *check;
	if (check)
		XFree(check);
	check = value ? get_property(display, value, "_NET_SUPPORTING_WM_CHECK", XA_WINDOW, &count)
		      : NULL;
	if (!check)
		return FALSE;
	XFree(check);
	supported = get_property(display, DefaultRootWindow(display), "_NET_SUPPORTED", XA_ATOM,
				 &count);
	for (gulong i = 0; supported && i < count && !found; i++)
		found = supported[i] == wanted;
	if (supported)
		XFree(supported);
	return found;
}

static XpFrame get_frame(Display *display, Window window)
{
	gulong count;
	gulong *values = get_property(display, window, "_NET_FRAME_EXTENTS", XA_CARDINAL, &count);
	XpFrame frame = { 0 };

	if (values && count == 4)
		frame = (XpFrame){ (int)values[0], (int)values[1], (int)values[2], (int)values[3] };
	if (values)
		XFree(values);
	return frame;
}

static void ask_manager(Display *display, Window window, const XpPlace *place)
{
	XEvent event = { .xclient = {
				 .type = ClientMessage,
				 .window = window,
				 .message_type =
					 XInternAtom(display, "_NET_MOVERESIZE_WINDOW", False),
				 .format = 32,
				 .data.l = { StaticGravity | MOVERESIZE_ALL | MOVERESIZE_PAGER,
					     place->x, place->y, place->width, place->height },
			 } };

	XSendEvent(display, DefaultRootWindow(display), False,
		   SubstructureNotifyMask | SubstructureRedirectMask, &event);
}

void xp_placement_move(Display *display, Window window, const XpPlace *place)
{
	XpFrame frame;

	if (manager_moves(display)) {
		ask_manager(display, window, place);
		return;
	}
	frame = get_frame(display, window);
	XMoveResizeWindow(display, window, place->x - frame.left, place->y - frame.top,
			  (unsigned int)place->width, (unsigned int)place->height);
}
