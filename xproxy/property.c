/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xproxy/property.h"

#include <X11/Xatom.h>

#define PROPERTY_MAX 1024

gulong *xp_property_get(Display *display, Window window, const char *name, Atom type, gulong *count)
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

gboolean xp_property_get_cardinal(Display *display, Window window, const char *name, gulong *value)
{
	gulong count;
	gulong *items = xp_property_get(display, window, name, XA_CARDINAL, &count);

	if (items && count == 1)
		*value = *items;
	if (items)
		XFree(items);
	return count == 1;
}

/* What a dead window manager leaves on the root window names a window that is gone. */
static gboolean manager_runs(Display *display)
{
	gulong count, window = 0;
	gulong *check = xp_property_get(display, DefaultRootWindow(display),
					"_NET_SUPPORTING_WM_CHECK", XA_WINDOW, &count);

	if (check && count == 1)
		window = *check;
	if (check)
		XFree(check);
	check = window ? xp_property_get(display, window, "_NET_SUPPORTING_WM_CHECK", XA_WINDOW,
					 &count)
		       : NULL;
	if (!check)
		return FALSE;
	XFree(check);
	return TRUE;
}

gboolean xp_manager_supports(Display *display, const char *name)
{
	Atom wanted = XInternAtom(display, name, False);
	gboolean found = FALSE;
	gulong *supported;
	gulong count;

	if (!manager_runs(display))
		return FALSE;
	supported = xp_property_get(display, DefaultRootWindow(display), "_NET_SUPPORTED", XA_ATOM,
				    &count);
	for (gulong i = 0; supported && i < count && !found; i++)
		found = supported[i] == wanted;
	if (supported)
		XFree(supported);
	return found;
}
