/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <X11/Xatom.h>
#include <X11/Xutil.h>
#include <X11/extensions/Xrandr.h>
#include <stdlib.h>
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

static gboolean has_monitors(Display *display)
{
	int event, error, major = 0, minor = 0;

	return XRRQueryExtension(display, &event, &error) &&
	       XRRQueryVersion(display, &major, &minor) &&
	       (major > 1 || (major == 1 && minor >= 5));
}

static void add_rectangle(GArray *list, int x, int y, int width, int height)
{
	XRectangle rectangle = { (short)x, (short)y, (unsigned short)width,
				 (unsigned short)height };

	g_array_append_val(list, rectangle);
}

GArray *xp_placement_monitors(Display *display)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(XRectangle));
	Screen *screen = DefaultScreenOfDisplay(display);
	int count = 0;
	XRRMonitorInfo *infos = NULL;

	if (has_monitors(display))
		infos = XRRGetMonitors(display, RootWindowOfScreen(screen), True, &count);
	for (int i = 0; i < count; i++)
		add_rectangle(list, infos[i].x, infos[i].y, infos[i].width, infos[i].height);
	if (infos)
		XRRFreeMonitors(infos);
	if (!list->len)
		add_rectangle(list, 0, 0, WidthOfScreen(screen), HeightOfScreen(screen));
	return list;
}

/* One dimension of a place on one of a monitor. */
static int fit_span(int start, int length, int from, int size)
{
	if (start + length < from + HOLD)
		return from;
	if (start > from + size - HOLD)
		return MAX(from, from + size - length);
	return start;
}

void xp_placement_fit(XpPlace *place, const GArray *monitors, gulong workspaces)
{
	int best = G_MAXINT, best_x = place->x, best_y = place->y;

	if (place->workspace >= 0 && (gulong)place->workspace >= workspaces)
		place->workspace = XP_WORKSPACE_UNKNOWN;
	for (guint i = 0; i < monitors->len; i++) {
		const XRectangle *monitor = &g_array_index(monitors, XRectangle, i);
		int x = fit_span(place->x, place->width, monitor->x, monitor->width);
		int y = fit_span(place->y, place->height, monitor->y, monitor->height);
		int way = abs(x - place->x) + abs(y - place->y);

		if (way < best) {
			best = way;
			best_x = x;
			best_y = y;
		}
	}
	place->x = best_x;
	place->y = best_y;
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
