/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "popups.h"

#include <glib.h>

#include <X11/Xatom.h>
#include <X11/Xutil.h>

static Atom type_of_window(Display *display, Window window)
{
	Atom key = XInternAtom(display, "_NET_WM_WINDOW_TYPE", False), found = None;
	unsigned long items = 0, rest;
	unsigned char *value = NULL;
	Atom type;
	int format;

	if (!XGetWindowProperty(display, window, key, 0, 1, False, XA_ATOM, &type, &format, &items,
				&rest, &value) &&
	    items == 1)
		found = *(Atom *)(void *)value;
	if (value)
		XFree(value);
	return found;
}

static bool is_popup(Display *display, Window window, enum popup kind)
{
	static const char *const menus[] = { "_NET_WM_WINDOW_TYPE_POPUP_MENU",
					     "_NET_WM_WINDOW_TYPE_DROPDOWN_MENU" };
	Atom type = type_of_window(display, window);

	if (kind == NOTIFICATION)
		return type == XInternAtom(display, "_NET_WM_WINDOW_TYPE_NOTIFICATION", False);
	for (guint i = 0; i < G_N_ELEMENTS(menus); i++)
		if (type == XInternAtom(display, menus[i], False))
			return true;
	return false;
}

int count_popups(Display *display, enum popup kind, XWindowAttributes *last)
{
	Window root, parent, *children = NULL;
	unsigned int n = 0;
	int count = 0;

	if (!XQueryTree(display, DefaultRootWindow(display), &root, &parent, &children, &n))
		return 0;
	for (unsigned int i = 0; i < n; i++) {
		XWindowAttributes attributes;

		if (XGetWindowAttributes(display, children[i], &attributes) &&
		    attributes.map_state == IsViewable && is_popup(display, children[i], kind)) {
			*last = attributes;
			count++;
		}
	}
	XFree(children);
	return count;
}

bool popup_is_drawn(Display *display, const XWindowAttributes *place)
{
	XImage *image = XGetImage(display, DefaultRootWindow(display), place->x, place->y,
				  (unsigned int)place->width, (unsigned int)place->height,
				  AllPlanes, ZPixmap);
	unsigned long first;
	bool found = false;

	if (!image)
		return false;
	first = XGetPixel(image, 0, 0);
	for (int i = 0; !found && i < MIN(image->width, image->height); i++)
		found = XGetPixel(image, i, i) != first;
	XDestroyImage(image);
	return found;
}
