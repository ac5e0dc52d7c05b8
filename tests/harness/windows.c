/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "windows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>

#include "process.h"
#include "wait.h"

#define TOOL_MS 20000

/* Windows come and go while they are looked at: errors about them mean "gone". */
static int ignore_error(Display *display, XErrorEvent *error)
{
	return 0;
}

static Display *open_display(const struct xserver *x)
{
	Display *display = XOpenDisplay(x->name);

	if (!display)
		g_error("no connection to the X server on %s", x->name);
	XSetErrorHandler(ignore_error);
	XSelectInput(display, DefaultRootWindow(display),
		     PropertyChangeMask | SubstructureNotifyMask);
	return display;
}

/* The ids of the managed windows. Return: array of unsigned long. */
static GArray *client_list(Display *display)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(unsigned long));
	Atom list = XInternAtom(display, "_NET_CLIENT_LIST", False);
	unsigned char *value = NULL;
	unsigned long items, rest;
	Atom type;
	int format;

	if (!XGetWindowProperty(display, DefaultRootWindow(display), list, 0, 1024, False,
				XA_WINDOW, &type, &format, &items, &rest, &value) &&
	    type == XA_WINDOW)
		g_array_append_vals(ids, value, (guint)items);
	if (value)
		XFree(value);
	return ids;
}

/* Old programs set WM_NAME only. */
static void read_title(Display *display, unsigned long id, char *title, size_t size)
{
	Atom names[] = { XInternAtom(display, "_NET_WM_NAME", False), XA_WM_NAME };

	title[0] = '\0';
	for (guint i = 0; i < G_N_ELEMENTS(names) && !title[0]; i++) {
		unsigned char *value = NULL;
		unsigned long items, rest;
		Atom type;
		int format;

		if (!XGetWindowProperty(display, id, names[i], 0, 64, False, AnyPropertyType, &type,
					&format, &items, &rest, &value) &&
		    value)
			g_strlcpy(title, (char *)value, size);
		if (value)
			XFree(value);
	}
}

/* Return: false if the window has gone or is not mapped. */
static bool read_window(Display *display, unsigned long id, struct window *window)
{
	XWindowAttributes attributes;
	Window child;

	if (!XGetWindowAttributes(display, id, &attributes) || attributes.map_state != IsViewable)
		return false;
	if (!XTranslateCoordinates(display, id, DefaultRootWindow(display), 0, 0, &window->x,
				   &window->y, &child))
		return false;
	window->id = id;
	window->width = attributes.width;
	window->height = attributes.height;
	read_title(display, id, window->title, sizeof(window->title));
	return true;
}

/* Tells whether a window shows something: more than one colour in the part that is on the screen. */
static bool is_drawn(Display *display, const struct window *window)
{
	int right = MIN(window->x + window->width, DisplayWidth(display, DefaultScreen(display)));
	int bottom =
		MIN(window->y + window->height, DisplayHeight(display, DefaultScreen(display)));
	int left = MAX(window->x, 0), top = MAX(window->y, 0);
	bool drawn = false;
	unsigned long first;
	XImage *image;

	if (right - left < 2 || bottom - top < 2)
		return false;
	image = XGetImage(display, window->id, left - window->x, top - window->y,
			  (unsigned int)(right - left), (unsigned int)(bottom - top), AllPlanes,
			  ZPixmap);
	if (!image)
		return false;
	first = XGetPixel(image, 0, 0);
	for (int y = 0; y < image->height && !drawn; y++)
		for (int x = 0; x < image->width && !drawn; x++)
			drawn = XGetPixel(image, x, y) != first;
	XDestroyImage(image);
	return drawn;
}

struct window_search {
	Display *display;
	const char *title;
	struct window wanted, seen;
	int slack;
	unsigned long workspace;
};

static void take_events(Display *display)
{
	XEvent event;

	while (XPending(display))
		XNextEvent(display, &event);
}

static bool find_by_title(void *data)
{
	struct window_search *search = data;
	g_autoptr(GArray) ids = NULL;

	take_events(search->display);
	ids = client_list(search->display);
	for (guint i = 0; i < ids->len; i++)
		if (read_window(search->display, g_array_index(ids, unsigned long, i),
				&search->seen) &&
		    strstr(search->seen.title, search->title) &&
		    is_drawn(search->display, &search->seen))
			return true;
	return false;
}

static bool find_none(void *data)
{
	struct window_search *search = data;
	g_autoptr(GArray) ids = NULL;

	take_events(search->display);
	ids = client_list(search->display);
	return ids->len == 0;
}

static bool geometry_matches(void *data)
{
	struct window_search *search = data;
	const struct window *wanted = &search->wanted;
	struct window *seen = &search->seen;

	take_events(search->display);
	return read_window(search->display, wanted->id, seen) &&
	       abs(seen->x - wanted->x) <= search->slack &&
	       abs(seen->y - wanted->y) <= search->slack &&
	       abs(seen->width - wanted->width) <= search->slack &&
	       abs(seen->height - wanted->height) <= search->slack;
}

static bool is_on_workspace(void *data)
{
	struct window_search *search = data;
	Atom key = XInternAtom(search->display, "_NET_WM_DESKTOP", False), type;
	unsigned char *value = NULL;
	unsigned long items, rest;
	bool is = false;
	int format;

	take_events(search->display);
	XSelectInput(search->display, search->wanted.id, PropertyChangeMask);
	if (!XGetWindowProperty(search->display, search->wanted.id, key, 0, 1, False, XA_CARDINAL,
				&type, &format, &items, &rest, &value) &&
	    items == 1)
		is = *(unsigned long *)(void *)value == search->workspace;
	if (value)
		XFree(value);
	return is;
}

/* Waits for a condition on the windows of a display; search->display is set here. */
static bool wait_windows(const struct xserver *x, wait_condition condition,
			 struct window_search *search, int timeout_ms)
{
	bool held;

	search->display = open_display(x);
	held = wait_until(condition, search, ConnectionNumber(search->display), timeout_ms);
	XCloseDisplay(search->display);
	return held;
}

bool window_wait(const struct xserver *x, const char *title, struct window *found, int timeout_ms)
{
	struct window_search search = { .title = title };

	if (!wait_windows(x, find_by_title, &search, timeout_ms))
		return false;
	if (found)
		*found = search.seen;
	return true;
}

bool window_wait_none(const struct xserver *x, int timeout_ms)
{
	struct window_search search = { 0 };

	return wait_windows(x, find_none, &search, timeout_ms);
}

bool window_wait_geometry(const struct xserver *x, const struct window *wanted, int slack,
			  struct window *last, int timeout_ms)
{
	struct window_search search = { .wanted = *wanted, .slack = slack };
	bool held = wait_windows(x, geometry_matches, &search, timeout_ms);

	*last = search.seen;
	return held;
}

/* Runs an X tool on a display. out may be NULL. */
static bool run_tool(const struct xserver *x, const char *const *argv, const char *input,
		     char **out)
{
	g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "DISPLAY", x->name, TRUE);
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = {
		.argv = argv,
		.environment = environment,
		.input = input,
		.timeout_ms = TOOL_MS,
	};

	run_process(&request, &result);
	if (out)
		*out = g_steal_pointer(&result.out);
	return result.status == 0;
}

#define XDOTOOL(x, ...)                                                                            \
	run_tool(x, (const char *const[]){ "xdotool", __VA_ARGS__, NULL }, NULL, NULL)

bool window_place(const struct xserver *x, struct window *window, int x_to, int y_to, int width,
		  int height)
{
	g_autofree char *id = g_strdup_printf("%lu", window->id);
	g_autofree char *left = g_strdup_printf("%d", x_to);
	g_autofree char *top = g_strdup_printf("%d", y_to);
	g_autofree char *wide = g_strdup_printf("%d", width);
	g_autofree char *high = g_strdup_printf("%d", height);
	struct window wanted = {
		.id = window->id, .x = x_to, .y = y_to, .width = width, .height = height
	};

	/* The frame has a border and a title bar, and a terminal's size goes by characters. */
	return XDOTOOL(x, "windowsize", id, wide, high, "windowmove", id, left, top) &&
	       window_wait_geometry(x, &wanted, 40, window, 10000);
}

void window_maximize(const struct xserver *x, const struct window *window)
{
	Display *display = open_display(x);
	XEvent event = { .xclient = { .type = ClientMessage, .format = 32 } };

	event.xclient.window = window->id;
	event.xclient.message_type = XInternAtom(display, "_NET_WM_STATE", False);
	event.xclient.data.l[0] = 1; /* add */
	event.xclient.data.l[1] = (long)XInternAtom(display, "_NET_WM_STATE_MAXIMIZED_VERT", False);
	event.xclient.data.l[2] = (long)XInternAtom(display, "_NET_WM_STATE_MAXIMIZED_HORZ", False);
	XSendEvent(display, DefaultRootWindow(display), False,
		   SubstructureNotifyMask | SubstructureRedirectMask, &event);
	XCloseDisplay(display);
}

bool window_wait_workspace(const struct xserver *x, const struct window *window, int workspace)
{
	struct window_search search = { .wanted = *window, .workspace = (unsigned long)workspace };

	return wait_windows(x, is_on_workspace, &search, 10000);
}

bool window_send_to_workspace(const struct xserver *x, const struct window *window, int workspace)
{
	g_autofree char *id = g_strdup_printf("%lu", window->id);
	g_autofree char *number = g_strdup_printf("%d", workspace);

	return XDOTOOL(x, "set_desktop_for_window", id, number) &&
	       window_wait_workspace(x, window, workspace);
}

bool workspace_show(const struct xserver *x, int workspace)
{
	g_autofree char *number = g_strdup_printf("%d", workspace);

	return XDOTOOL(x, "set_desktop", number);
}

static bool activate(const struct xserver *x, const struct window *window)
{
	g_autofree char *id = g_strdup_printf("%lu", window->id);

	return XDOTOOL(x, "windowactivate", "--sync", id);
}

bool window_type(const struct xserver *x, const struct window *window, const char *text)
{
	return activate(x, window) && XDOTOOL(x, "type", "--delay", "30", text);
}

bool window_keys(const struct xserver *x, const struct window *window, const char *keys)
{
	return activate(x, window) && XDOTOOL(x, "key", "--clearmodifiers", keys);
}

bool window_hold_key(const struct xserver *x, const struct window *window, const char *key)
{
	return activate(x, window) && XDOTOOL(x, "keydown", key);
}

bool release_key(const struct xserver *x, const char *key)
{
	return XDOTOOL(x, "keyup", key);
}

char *clipboard_get(const struct xserver *x)
{
	char *text = NULL;

	if (!run_tool(x, (const char *const[]){ "xclip", "-o", "-selection", "clipboard", NULL },
		      NULL, &text))
		g_clear_pointer(&text, g_free);
	return text;
}

bool clipboard_set(const struct xserver *x, const char *text)
{
	return run_tool(x, (const char *const[]){ "xclip", "-i", "-selection", "clipboard", NULL },
			text, NULL);
}
