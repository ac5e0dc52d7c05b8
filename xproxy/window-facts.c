/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <X11/Xatom.h>
#include <X11/Xutil.h>

#include "xproxy/property.h"
#include "xproxy/window-facts.h"
#include "xproxy/xproxy.h"

char *xp_facts_title(Display *display, Window window)
{
	unsigned char *data = NULL;
	gulong count, rest;
	char *name = NULL;
	char *title;
	Atom type;
	int format;

	if (XGetWindowProperty(display, window, XInternAtom(display, "_NET_WM_NAME", False), 0,
			       1024, False, XInternAtom(display, "UTF8_STRING", False), &type,
			       &format, &count, &rest, &data) == Success &&
	    data) {
		title = g_utf8_make_valid((char *)data, -1);
		XFree(data);
		return title;
	}
	if (!XFetchName(display, window, &name) || !name)
		return g_strdup("");
	title = g_utf8_make_valid(name, -1);
	XFree(name);
	return title;
}

char *xp_facts_class(Display *display, Window window)
{
	XClassHint hint = { 0 };
	char *class;

	if (!XGetClassHint(display, window, &hint))
		return g_strdup("");
	class = g_utf8_make_valid(hint.res_class ? hint.res_class : "", -1);
	XFree(hint.res_name);
	XFree(hint.res_class);
	return class;
}

int xp_facts_workspace(Display *display, Window window)
{
	gulong number;

	if (!xp_property_get_cardinal(display, window, "_NET_WM_DESKTOP", &number))
		return XP_WORKSPACE_UNKNOWN;
	return number == XP_NET_ALL_DESKTOPS ? XP_WORKSPACE_ALL : (int)MIN(number, G_MAXINT);
}

/* Whether a window is on a workspace that is not shown. */
static gboolean is_elsewhere(Display *display, Window window)
{
	int workspace = xp_facts_workspace(display, window);
	gulong shown;

	return workspace >= 0 &&
	       xp_property_get_cardinal(display, DefaultRootWindow(display), "_NET_CURRENT_DESKTOP",
					&shown) &&
	       (gulong)workspace != shown;
}

gboolean xp_facts_hidden(Display *display, Window window)
{
	gulong count;
	gulong *state = xp_property_get(display, window, "WM_STATE",
					XInternAtom(display, "WM_STATE", False), &count);
	gulong is = state && count > 0 ? *state : WithdrawnState;

	if (state)
		XFree(state);
	return is == IconicState || (is == NormalState && is_elsewhere(display, window));
}
