/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <X11/Xatom.h>
#include <X11/Xutil.h>
#include <string.h>

#include "xproxy/placement.h"
#include "xproxy/property.h"

/* _NET_MOVERESIZE_WINDOW, EWMH 1.5: gravity, which of x, y, width, height are given, the source. */
#define MOVERESIZE_ALL	 (0xfL << 8)
#define SOURCE_PAGER	 2L
#define MOVERESIZE_PAGER (SOURCE_PAGER << 12)
#define HOLD		 32 /* pixels of a window that must stay on the screen */

/* Without a window manager there is none to be on; nor before it has told. */
static gboolean workspace_matches(const XpPlace *place, const XpWindow *window)
{
	return place->workspace == XP_WORKSPACE_UNKNOWN ||
	       window->workspace == XP_WORKSPACE_UNKNOWN || place->workspace == window->workspace;
}

gboolean xp_placement_matches(const XpPlace *place, const XpWindow *window)
{
	return place->x == window->x && place->y == window->y && place->width == window->width &&
	       place->height == window->height && workspace_matches(place, window);
}

void xp_placement_fit(XpPlace *place, int screen_width, int screen_height, gulong workspaces)
{
	if (place->workspace >= 0 && (gulong)place->workspace >= workspaces)
		place->workspace = XP_WORKSPACE_UNKNOWN;
	if (place->x + place->width < HOLD)
		place->x = 0;
	if (place->x > screen_width - HOLD)
		place->x = MAX(0, screen_width - place->width);
	if (place->y + place->height < HOLD)
		place->y = 0;
	if (place->y > screen_height - HOLD)
		place->y = MAX(0, screen_height - place->height);
}

static XpFrame get_frame(Display *display, Window window)
{
	gulong count;
	gulong *values =
		xp_property_get(display, window, "_NET_FRAME_EXTENTS", XA_CARDINAL, &count);
	XpFrame frame = { 0 };

	if (values && count == 4)
		frame = (XpFrame){ (int)values[0], (int)values[1], (int)values[2], (int)values[3] };
	if (values)
		XFree(values);
	return frame;
}

/* A client message for the window manager, about a window. */
static void ask_manager(Display *display, Window window, const char *name, const long *data)
{
	XEvent event = { .xclient = {
				 .type = ClientMessage,
				 .window = window,
				 .message_type = XInternAtom(display, name, False),
				 .format = 32,
			 } };

	memcpy(event.xclient.data.l, data, sizeof(event.xclient.data.l));
	XSendEvent(display, DefaultRootWindow(display), False,
		   SubstructureNotifyMask | SubstructureRedirectMask, &event);
}

static void move_to_workspace(Display *display, Window window, int workspace)
{
	long number = workspace == XP_WORKSPACE_ALL ? (long)XP_NET_ALL_DESKTOPS : workspace;

	ask_manager(display, window, "_NET_WM_DESKTOP",
		    (const long[5]){ number, SOURCE_PAGER, 0, 0, 0 });
}

void xp_placement_move(Display *display, const XpWindow *window, const XpPlace *place)
{
	XpFrame frame;

	if (xp_manager_supports(display, "_NET_MOVERESIZE_WINDOW")) {
		ask_manager(display, window->xid, "_NET_MOVERESIZE_WINDOW",
			    (const long[5]){ StaticGravity | MOVERESIZE_ALL | MOVERESIZE_PAGER,
					     place->x, place->y, place->width, place->height });
	} else {
		frame = get_frame(display, window->xid);
		XMoveResizeWindow(display, window->xid, place->x - frame.left, place->y - frame.top,
				  (unsigned int)place->width, (unsigned int)place->height);
	}
	/* Last: the manager hides the window if it is not the workspace that is shown. */
	if (!workspace_matches(place, window))
		move_to_workspace(display, window->xid, place->workspace);
}
