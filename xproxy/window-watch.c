/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * 1. track: every top-level window that is created on the root window is tracked; window managers
 *    reparent windows later, which keeps their ids.
 * 2. recognise: a window is the session's when the client's process id is on it, and xpra's
 * property XID, the window's id in the guest. Xpra sets it before it maps the window; windows of
 * its own (clipboard, group leader) don't have it.
 * 3. refresh: on each event title, class, geometry and state are read anew.
 * 4. place: when a window is first mapped, its goal is looked up. Xpra asks for the old position
 *    itself, so as a rule nothing needs moving; where it ends up elsewhere within SETTLE_MS (its
 *    position was 0,0, which xpra takes for none; the window manager had its own idea) it is moved.
 *    Once it has stayed there for CALM_MS it has settled and belongs to the user.
 * 5. inspect: until a window is known to be drawn, the server is asked to keep its content, so that
 *    windows that cover it don't matter, and to tell when it is drawn in; its pixels are looked at
 *    then, first at once, later at growing intervals.
 * 6. picture: all windows are kept whole again for a while, and drawn small (see thumbnail.c).
 *
 * A window that the manager hides (minimised, on a workspace that is not shown) is unmapped. Where
 * it will be when it is shown is what was seen last; its workspace is still told.
 *
 * A window may vanish between an event and a request: such errors are expected and dropped. When
 * the server goes, Xlib would end the process; the exit handler only notes it.
 */
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/Xcomposite.h>
#include <X11/extensions/Xdamage.h>

#include "xproxy/content.h"
#include "xproxy/placement.h"
#include "xproxy/property.h"
#include "xproxy/thumbnail.h"
#include "xproxy/window-facts.h"
#include "xproxy/window-watch.h"

#define SETTLE_MS	1000 /* after a window was mapped or moved by us */
#define CALM_MS		200  /* after it was seen where it should be */
#define MOVES_MAX	3
#define INSPECT_STEP_MS 20
#define INSPECT_MAX_MS	640

typedef struct {
	XpWatch *watch;
	XpWindow info;
	gboolean ours;
	gboolean placed; /* its goal has been looked up */
	XpPlace *goal;	 /* of the watch's goals; NULL: none, or settled */
	guint moves;
	gboolean calm; /* seen at its goal since it was last moved */
	guint settle_timer, inspect_timer;
	guint inspect_ms;
	gboolean damaged;  /* since it was last inspected */
	gboolean retained; /* for a picture */
	Damage damage;
} Tracked;

struct _XpWatch {
	Display *display;
	Window root;
	Atom guest_xid, net_wm_name, net_wm_desktop, net_current_desktop, wm_state;
	int damage_event;
	GSource *source;
	gpointer fd_tag;
	GPtrArray *windows; /* of Tracked, in order of creation */
	XpLayout *goals;
	pid_t client;
	gboolean is_lost;
	XpWatchCallbacks callbacks;
	gpointer data;
};

typedef struct {
	GSource base;
	XpWatch *watch;
} WatchSource;

static void tracked_free(Tracked *tracked)
{
	g_clear_handle_id(&tracked->settle_timer, g_source_remove);
	g_clear_handle_id(&tracked->inspect_timer, g_source_remove);
	g_free(tracked->info.title);
	g_free(tracked->info.wm_class);
	g_free(tracked);
}

static Tracked *find(XpWatch *watch, Window window)
{
	for (guint i = 0; i < watch->windows->len; i++) {
		Tracked *tracked = watch->windows->pdata[i];

		if (tracked->info.xid == window)
			return tracked;
	}
	return NULL;
}

/* --- errors --- */

static int on_x_error(Display *display, XErrorEvent *event)
{
	return 0;
}

static int on_io_error(Display *display)
{
	return 0;
}

static void on_io_error_exit(Display *display, void *data)
{
	XpWatch *watch = data;

	watch->is_lost = TRUE;
}

/* --- stage 2: recognise --- */

static void begin_inspection(Tracked *tracked)
{
	Display *display = tracked->watch->display;

	tracked->info.drawn = FALSE;
	tracked->inspect_ms = 0;
	xp_content_retain(display, tracked->info.xid);
	tracked->damage = XDamageCreate(display, tracked->info.xid, XDamageReportNonEmpty);
}

static gboolean recognise(Tracked *tracked)
{
	XpWatch *watch = tracked->watch;
	gulong pid, guest_xid;

	if (tracked->ours)
		return TRUE;
	if (!watch->client ||
	    !xp_property_get_cardinal(watch->display, tracked->info.xid, "_NET_WM_PID", &pid) ||
	    (pid_t)pid != watch->client ||
	    !xp_property_get_cardinal(watch->display, tracked->info.xid, "XID", &guest_xid))
		return FALSE;
	tracked->ours = TRUE;
	tracked->info.guest_xid = guest_xid;
	begin_inspection(tracked);
	return TRUE;
}

/* --- stage 3: refresh --- */

static gboolean refresh_geometry(Tracked *tracked)
{
	XWindowAttributes attributes;
	Window child;
	int x, y;

	if (!XGetWindowAttributes(tracked->watch->display, tracked->info.xid, &attributes))
		return FALSE;
	if (!XTranslateCoordinates(tracked->watch->display, tracked->info.xid, tracked->watch->root,
				   0, 0, &x, &y, &child))
		return FALSE;
	tracked->info.mapped = attributes.map_state == IsViewable;
	tracked->info.hidden = !tracked->info.mapped &&
			       xp_facts_hidden(tracked->watch->display, tracked->info.xid);
	if (tracked->placed && !tracked->info.mapped)
		return TRUE;
	tracked->info.x = x;
	tracked->info.y = y;
	tracked->info.width = attributes.width;
	tracked->info.height = attributes.height;
	return TRUE;
}

static void place(Tracked *tracked);
static void inspect(Tracked *tracked);

static void refresh(Tracked *tracked)
{
	XpWatch *watch = tracked->watch;

	if (!recognise(tracked) || !refresh_geometry(tracked))
		return;
	g_free(tracked->info.title);
	tracked->info.title = xp_facts_title(watch->display, tracked->info.xid);
	g_free(tracked->info.wm_class);
	tracked->info.wm_class = xp_facts_class(watch->display, tracked->info.xid);
	tracked->info.workspace = xp_facts_workspace(watch->display, tracked->info.xid);
	if (!tracked->info.mapped && tracked->info.drawn)
		begin_inspection(tracked);
	place(tracked);
	if (tracked->info.mapped && !tracked->info.drawn && !tracked->inspect_timer)
		inspect(tracked);
	watch->callbacks.changed(watch->data);
	if (tracked->placed && !tracked->settle_timer && xp_window_is_up(&tracked->info))
		watch->callbacks.settled(watch->data, &tracked->info);
}

/* --- stage 4: place --- */

static gboolean on_settled(gpointer data)
{
	Tracked *tracked = data;

	tracked->settle_timer = 0;
	tracked->goal = NULL;
	tracked->info.settled = TRUE;
	tracked->watch->callbacks.changed(tracked->watch->data);
	if (xp_window_is_up(&tracked->info))
		tracked->watch->callbacks.settled(tracked->watch->data, &tracked->info);
	return G_SOURCE_REMOVE;
}

static void settle_in(Tracked *tracked, guint delay_ms)
{
	g_clear_handle_id(&tracked->settle_timer, g_source_remove);
	tracked->info.settled = FALSE;
	tracked->settle_timer = g_timeout_add(delay_ms, on_settled, tracked);
}

static void look_up_goal(Tracked *tracked)
{
	XpWatch *watch = tracked->watch;
	g_autoptr(GArray) monitors = NULL;
	gulong workspaces = 0;

	tracked->placed = TRUE;
	settle_in(tracked, SETTLE_MS);
	if (!watch->goals)
		return;
	tracked->goal = xp_layout_take(watch->goals, &tracked->info);
	if (!tracked->goal)
		return;
	if (xp_manager_supports(watch->display, "_NET_WM_DESKTOP"))
		xp_property_get_cardinal(watch->display, watch->root, "_NET_NUMBER_OF_DESKTOPS",
					 &workspaces);
	monitors = xp_placement_monitors(watch->display);
	xp_placement_fit(tracked->goal, monitors, workspaces);
}

static void place(Tracked *tracked)
{
	if (!tracked->info.mapped)
		return;
	if (!tracked->placed)
		look_up_goal(tracked);
	if (!tracked->goal)
		return;
	if (xp_placement_matches(tracked->goal, &tracked->info)) {
		if (!tracked->calm)
			settle_in(tracked, CALM_MS);
		tracked->calm = TRUE;
	} else if (tracked->moves < MOVES_MAX) {
		tracked->moves++;
		tracked->calm = FALSE;
		settle_in(tracked, SETTLE_MS);
		xp_placement_move(tracked->watch->display, &tracked->info, tracked->goal);
	}
}

/* --- stage 5: inspect --- */

static gboolean on_inspect_timer(gpointer data)
{
	Tracked *tracked = data;

	tracked->inspect_timer = 0;
	if (tracked->damaged && tracked->info.mapped && !tracked->info.drawn)
		inspect(tracked);
	return G_SOURCE_REMOVE;
}

/* Looks now, and not again for a while; damage that comes meanwhile waits until then. */
static void inspect(Tracked *tracked)
{
	XpWatch *watch = tracked->watch;
	XpWindow *info = &tracked->info;

	tracked->damaged = FALSE;
	XDamageSubtract(watch->display, tracked->damage, None, None);
	info->drawn = xp_content_is_drawn(watch->display, info->xid);
	if (info->drawn) {
		xp_content_release(watch->display, info->xid);
		XDamageDestroy(watch->display, tracked->damage);
		tracked->damage = None;
		watch->callbacks.changed(watch->data);
		return;
	}
	tracked->inspect_ms = MIN(tracked->inspect_ms * 2 + INSPECT_STEP_MS, INSPECT_MAX_MS);
	tracked->inspect_timer = g_timeout_add(tracked->inspect_ms, on_inspect_timer, tracked);
}

static void on_damage(Tracked *tracked)
{
	tracked->damaged = TRUE;
	if (!tracked->inspect_timer && tracked->info.mapped && !tracked->info.drawn)
		inspect(tracked);
}

/* --- stage 6: picture --- */

void xp_watch_prepare_thumbnail(XpWatch *watch)
{
	for (guint i = 0; i < watch->windows->len; i++) {
		Tracked *tracked = watch->windows->pdata[i];

		if (tracked->retained || !tracked->info.mapped || !tracked->info.drawn)
			continue;
		tracked->retained = TRUE;
		xp_content_retain(watch->display, tracked->info.xid);
	}
	XFlush(watch->display);
}

gboolean xp_watch_write_thumbnail(XpWatch *watch, const char *path, GError **error)
{
	g_autoptr(GPtrArray) windows = xp_watch_list(watch);
	gboolean written = xp_thumbnail_write(watch->display, windows, path, error);

	for (guint i = 0; i < watch->windows->len; i++) {
		Tracked *tracked = watch->windows->pdata[i];

		if (tracked->retained)
			xp_content_release(watch->display, tracked->info.xid);
		tracked->retained = FALSE;
	}
	XFlush(watch->display);
	return written;
}

/* --- stage 1: track --- */

static void track(XpWatch *watch, Window window)
{
	Tracked *tracked;

	if (find(watch, window))
		return;
	tracked = g_new0(Tracked, 1);
	tracked->watch = watch;
	tracked->info.xid = window;
	tracked->info.title = g_strdup("");
	tracked->info.wm_class = g_strdup("");
	tracked->info.workspace = XP_WORKSPACE_UNKNOWN;
	g_ptr_array_add(watch->windows, tracked);
	XSelectInput(watch->display, window, StructureNotifyMask | PropertyChangeMask);
	refresh(tracked);
}

static void untrack(XpWatch *watch, Window window)
{
	Tracked *tracked = find(watch, window);

	if (!tracked)
		return;
	if (tracked->ours) {
		watch->callbacks.closed(watch->data, &tracked->info);
		g_ptr_array_remove(watch->windows, tracked);
		watch->callbacks.changed(watch->data);
		return;
	}
	g_ptr_array_remove(watch->windows, tracked);
}

static void on_structure(XpWatch *watch, const XEvent *event)
{
	/* Reported for the root's children, too; once is enough. */
	Tracked *tracked = event->xany.window == watch->root ? NULL
							     : find(watch, event->xany.window);

	if (tracked && (tracked->ours || event->type == MapNotify))
		refresh(tracked);
}

/* Which of them are hidden may be known only now that another workspace is shown. */
static void refresh_unmapped(XpWatch *watch)
{
	for (guint i = 0; i < watch->windows->len; i++) {
		Tracked *tracked = watch->windows->pdata[i];

		if (tracked->ours && !tracked->info.mapped)
			refresh(tracked);
	}
}

static void on_property(XpWatch *watch, const XPropertyEvent *event)
{
	Tracked *tracked = find(watch, event->window);

	if (event->window == watch->root && event->atom == watch->net_current_desktop)
		refresh_unmapped(watch);
	if (!tracked)
		return;
	if (tracked->ours
		    ? event->atom == watch->net_wm_name || event->atom == XA_WM_NAME ||
			      event->atom == XA_WM_CLASS || event->atom == watch->net_wm_desktop
		    : event->atom == watch->guest_xid)
		refresh(tracked);
}

static void handle_event(XpWatch *watch, const XEvent *event)
{
	Tracked *tracked;

	switch (event->type) {
	case CreateNotify:
		if (!event->xcreatewindow.override_redirect)
			track(watch, event->xcreatewindow.window);
		break;
	case DestroyNotify:
		untrack(watch, event->xdestroywindow.window);
		break;
	case MapNotify:
	case UnmapNotify:
	case ReparentNotify:
	case ConfigureNotify:
		on_structure(watch, event);
		break;
	case PropertyNotify:
		on_property(watch, &event->xproperty);
		break;
	default:
		if (event->type != watch->damage_event + XDamageNotify)
			break;
		tracked = find(watch, ((const XDamageNotifyEvent *)event)->drawable);
		if (tracked)
			on_damage(tracked);
	}
}

/* --- the connection as a source of the main loop --- */

static gboolean source_prepare(GSource *base, int *timeout)
{
	XpWatch *watch = ((WatchSource *)base)->watch;

	*timeout = -1;
	return watch->is_lost || XPending(watch->display) > 0 || watch->is_lost;
}

static gboolean source_check(GSource *base)
{
	XpWatch *watch = ((WatchSource *)base)->watch;

	return watch->is_lost || g_source_query_unix_fd(base, watch->fd_tag) != 0;
}

static void handle_events(XpWatch *watch)
{
	XEvent event;

	while (!watch->is_lost && XPending(watch->display) > 0) {
		XNextEvent(watch->display, &event);
		handle_event(watch, &event);
	}
}

static gboolean source_dispatch(GSource *base, GSourceFunc callback, gpointer data)
{
	XpWatch *watch = ((WatchSource *)base)->watch;

	handle_events(watch);
	if (!watch->is_lost)
		return G_SOURCE_CONTINUE;
	watch->callbacks.lost(watch->data);
	return G_SOURCE_REMOVE;
}

static GSourceFuncs source_functions = { source_prepare, source_check, source_dispatch,
					 NULL,		 NULL,	       NULL };

static void attach_source(XpWatch *watch)
{
	watch->source = g_source_new(&source_functions, sizeof(WatchSource));
	((WatchSource *)watch->source)->watch = watch;
	watch->fd_tag = g_source_add_unix_fd(watch->source, ConnectionNumber(watch->display),
					     G_IO_IN | G_IO_HUP | G_IO_ERR);
	g_source_attach(watch->source, NULL);
}

static Atom intern(Display *display, const char *name)
{
	return XInternAtom(display, name, False);
}

static gboolean find_extensions(Display *display, int *damage_event)
{
	int event, error, major = 0, minor = 2;

	return XCompositeQueryExtension(display, &event, &error) &&
	       XCompositeQueryVersion(display, &major, &minor) &&
	       XDamageQueryExtension(display, damage_event, &error);
}

XpWatch *xp_watch_new(const char *display, XpLayout *goals, const XpWatchCallbacks *callbacks,
		      gpointer data, GError **error)
{
	Display *connection = XOpenDisplay(display);
	XpWatch *watch;
	int damage_event;

	if (!connection) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "can't open X display %s",
			    display);
		return NULL;
	}
	if (!find_extensions(connection, &damage_event)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "X display %s lacks the Composite or the DAMAGE extension", display);
		XCloseDisplay(connection);
		return NULL;
	}
	watch = g_new0(XpWatch, 1);
	watch->display = connection;
	watch->damage_event = damage_event;
	watch->root = DefaultRootWindow(connection);
	watch->guest_xid = intern(connection, "XID");
	watch->net_wm_name = intern(connection, "_NET_WM_NAME");
	watch->net_wm_desktop = intern(connection, "_NET_WM_DESKTOP");
	watch->net_current_desktop = intern(connection, "_NET_CURRENT_DESKTOP");
	watch->wm_state = intern(connection, "WM_STATE");
	watch->windows = g_ptr_array_new_with_free_func((GDestroyNotify)tracked_free);
	watch->goals = goals;
	watch->callbacks = *callbacks;
	watch->data = data;
	XSetErrorHandler(on_x_error);
	XSetIOErrorHandler(on_io_error);
	XSetIOErrorExitHandler(connection, on_io_error_exit, watch);
	XSelectInput(connection, watch->root, SubstructureNotifyMask | PropertyChangeMask);
	attach_source(watch);
	return watch;
}

void xp_watch_refresh(XpWatch *watch)
{
	XSync(watch->display, False);
	handle_events(watch);
	for (guint i = 0; i < watch->windows->len && !watch->is_lost; i++) {
		Tracked *tracked = watch->windows->pdata[i];

		if (tracked->ours)
			refresh(tracked);
	}
}

void xp_watch_set_client(XpWatch *watch, pid_t pid)
{
	watch->client = pid;
}

static gpointer copy_window(const XpWindow *window)
{
	XpWindow *copy = g_new(XpWindow, 1);

	*copy = *window;
	copy->title = g_strdup(window->title);
	copy->wm_class = g_strdup(window->wm_class);
	return copy;
}

GPtrArray *xp_watch_list(const XpWatch *watch)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)xp_window_free);

	for (guint i = 0; i < watch->windows->len; i++) {
		const Tracked *tracked = watch->windows->pdata[i];

		if (tracked->ours)
			g_ptr_array_add(list, copy_window(&tracked->info));
	}
	return list;
}

void xp_watch_free(XpWatch *watch)
{
	if (!watch)
		return;
	g_source_destroy(watch->source);
	g_source_unref(watch->source);
	g_ptr_array_unref(watch->windows);
	XCloseDisplay(watch->display);
	g_free(watch);
}
