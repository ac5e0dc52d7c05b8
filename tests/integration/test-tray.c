/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tray, by mouse and keyboard in a real panel: save and go back from the menu, and undo that by
 * the button of the notification. Pictures of each are kept with the tests' output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>

#include "tests/harness/person.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"
#include "tests/harness/windows.h"

#define WAIT_MS	       60000
#define MENU_MS	       5000 /* for a menu that stays open */
#define MENU_TRIES     3
#define ICON_PLACE     14 /* pixels from the corner: the panel has nothing else */
#define UNDO_RIGHT     80 /* the button's middle, from the notification's lower right corner */
#define UNDO_BOTTOM    37
#define BUTTONS_HEIGHT 100 /* of a notification, at least, if it has buttons */

/* A panel with a system tray and nothing else, in the upper left corner. */
static const char panel_config[] =
	"<?xml version=\"1.0\"?>\n"
	"<channel name=\"xfce4-panel\" version=\"1.0\">\n"
	"<property name=\"configver\" type=\"int\" value=\"2\"/>\n"
	"<property name=\"panels\" type=\"array\"><value type=\"int\" value=\"1\"/>\n"
	"<property name=\"panel-1\" type=\"empty\">\n"
	"<property name=\"position\" type=\"string\" value=\"p=6;x=0;y=0\"/>\n"
	"<property name=\"position-locked\" type=\"bool\" value=\"true\"/>\n"
	"<property name=\"length\" type=\"uint\" value=\"100\"/>\n"
	"<property name=\"size\" type=\"uint\" value=\"26\"/>\n"
	"<property name=\"plugin-ids\" type=\"array\"><value type=\"int\" "
	"value=\"6\"/></property>\n"
	"</property></property>\n"
	"<property name=\"plugins\" type=\"empty\">\n"
	"<property name=\"plugin-6\" type=\"string\" value=\"systray\">\n"
	"<property name=\"square-icons\" type=\"bool\" value=\"true\"/>\n"
	"</property></property></channel>\n";

static struct {
	struct person person;
	pid_t programs[5];
	guint n_programs;
	Display *display;
} story;

static void start(const char *program, const char *argument)
{
	assert_true(story.n_programs < G_N_ELEMENTS(story.programs));
	story.programs[story.n_programs++] =
		start_process((const char *const[]){ program, argument, NULL },
			      story.person.environment, -1, story.person.log);
}

static void run_tool(const char *const *argv)
{
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = {
		.argv = argv,
		.environment = story.person.environment,
		.timeout_ms = WAIT_MS,
	};

	run_process(&request, &result);
	if (result.status)
		fail_msg("%s %s: %s", argv[0], argv[1], result.err);
}
#define TOOL(...) run_tool((const char *const[]){ __VA_ARGS__, NULL })

static void await_name(const char *name)
{
	TOOL("gdbus", "wait", "--session", "--timeout", "60", name);
}

static void write_panel_config(void)
{
	g_autofree char *dir =
		person_path(&story.person, ".config/xfce4/xfconf/xfce-perchannel-xml");
	g_autofree char *path = g_build_filename(dir, "xfce4-panel.xml", NULL);

	assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
	assert_true(g_file_set_contents(path, panel_config, -1, NULL));
}

static bool is_tooltip(Window window)
{
	Atom key = XInternAtom(story.display, "_NET_WM_WINDOW_TYPE", False);
	Atom tooltip = XInternAtom(story.display, "_NET_WM_WINDOW_TYPE_TOOLTIP", False);
	unsigned long items = 0, rest;
	unsigned char *value = NULL;
	bool is = false;
	Atom type;
	int format;

	if (!XGetWindowProperty(story.display, window, key, 0, 1, False, XA_ATOM, &type, &format,
				&items, &rest, &value) &&
	    items == 1)
		is = *(Atom *)(void *)value == tooltip;
	if (value)
		XFree(value);
	return is;
}

/* Windows that no window manager has: menus and notifications. */
static int count_popups(Window *last)
{
	Window root, parent, *children = NULL;
	unsigned int n = 0;
	int count = 0;

	if (!XQueryTree(story.display, DefaultRootWindow(story.display), &root, &parent, &children,
			&n))
		return 0;
	for (unsigned int i = 0; i < n; i++) {
		XWindowAttributes attributes;

		if (XGetWindowAttributes(story.display, children[i], &attributes) &&
		    attributes.override_redirect && attributes.map_state == IsViewable &&
		    attributes.width > 100 && attributes.height > 30 && !is_tooltip(children[i])) {
			*last = children[i];
			count++;
		}
	}
	XFree(children);
	return count;
}

static bool popups_are(void *data)
{
	Window last;

	return count_popups(&last) == *(int *)data;
}

static void await_popups(int wanted)
{
	if (!wait_until(popups_are, &wanted, -1, WAIT_MS))
		fail_msg("there are not %d menus open", wanted);
}

static void keep_picture(const char *name)
{
	g_autofree char *path =
		g_strdup_printf("%s/tray-%s.png", g_getenv("VKSESSION_TEST_OUTPUT"), name);
	g_autofree char *dir = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(dir, 0755), 0);
	assert_int_equal(xserver_screenshot(&story.person.x, path), 0);
}

static guint count_saves(void)
{
	g_autoptr(JsonNode) saves = vksession_json(&story.person, "saves", "--json", "work");

	return json_array_get_length(json_node_get_array(saves));
}

static bool saves_are(void *data)
{
	return count_saves() == *(guint *)data;
}

static void await_saves(guint wanted)
{
	if (!wait_until(saves_are, &wanted, -1, WAIT_MS))
		fail_msg("the session has %u saves, not %u", count_saves(), wanted);
}

static bool try_session_menu(void)
{
	int wanted = 2;

	TOOL("xdotool", "mousemove", G_STRINGIFY(ICON_PLACE), G_STRINGIFY(ICON_PLACE), "click",
	     "1");
	await_popups(1);
	TOOL("xdotool", "key", "Down", "Right");
	return wait_until(popups_are, &wanted, -1, MENU_MS);
}

/*
 * Opens the menu, and in it that of the only session. The panel closes the menu when something new
 * is to be in it, as after a save; then a person opens it again.
 */
static void open_session_menu(void)
{
	for (int i = 0; i < MENU_TRIES; i++) {
		if (try_session_menu())
			return;
		TOOL("xdotool", "key", "Escape");
		await_popups(0);
	}
	fail_msg("the session's menu does not open");
}

static void use_staged_icons(void)
{
	g_autofree char *bin = g_path_get_dirname(g_getenv("VKSESSION"));
	g_autofree char *prefix = g_path_get_dirname(bin);
	g_autofree char *dirs = g_strdup_printf("%s/share:/usr/local/share:/usr/share", prefix);

	person_setenv(&story.person, "XDG_DATA_DIRS", dirs);
}

static int ignore_error(Display *display, XErrorEvent *error)
{
	return 0; /* windows come and go while they are looked at */
}

static void test_start(void **state)
{
	const char *libexec = g_getenv("VKSESSION_LIBEXECDIR");
	g_autofree char *daemon = g_build_filename(libexec, "vksessiond", NULL);
	g_autofree char *tray = g_build_filename(libexec, "vksession-tray", NULL);

	use_staged_icons();
	story.display = XOpenDisplay(story.person.x.name);
	assert_non_null(story.display);
	XSetErrorHandler(ignore_error);
	write_panel_config();
	start("/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd", NULL);
	await_name("org.xfce.Xfconf");
	start("xfce4-panel", "--disable-wm-check");
	await_name("org.kde.StatusNotifierWatcher");
	start("/usr/lib/notification-daemon/notification-daemon", NULL);
	await_name("org.freedesktop.Notifications");
	start(daemon, NULL);
	await_name("org.vksession");
	start(tray, NULL);
	await_name("org.vksession.Tray");
	vksession_ok(&story.person, "run", "--wait", "-s", "work", "--", "xclock");
	story_step_done();
}

static void test_save_from_the_menu(void **state)
{
	open_session_menu();
	keep_picture("menu");
	TOOL("xdotool", "key", "Return");
	await_saves(1);
	await_popups(0);
	story_step_done();
}

/* The fourth entry: save, save and stop, detach, go back. */
static void test_go_back(void **state)
{
	open_session_menu();
	TOOL("xdotool", "key", "Down", "Down", "Down", "Right");
	await_popups(3);
	keep_picture("go-back");
	TOOL("xdotool", "key", "Return");
	await_saves(2);
	story_step_done();
}

/* The one that says what came of it has a row of buttons; that of the progress has none. */
static bool notification_has_button(void *data)
{
	XWindowAttributes *attributes = data;
	Window notification;

	return count_popups(&notification) == 1 &&
	       XGetWindowAttributes(story.display, notification, attributes) &&
	       attributes->height > BUTTONS_HEIGHT;
}

static void test_undo_by_the_notification(void **state)
{
	g_autofree char *x = NULL, *y = NULL;
	XWindowAttributes attributes;

	assert_true(wait_until(notification_has_button, &attributes, -1, WAIT_MS));
	keep_picture("notification");
	x = g_strdup_printf("%d", attributes.x + attributes.width - UNDO_RIGHT);
	y = g_strdup_printf("%d", attributes.y + attributes.height - UNDO_BOTTOM);
	TOOL("xdotool", "mousemove", x, y, "click", "1");
	/* Going back to save 2 saves what was running first. */
	await_saves(3);
	story_step_done();
}

static bool session_runs(void *data)
{
	g_autoptr(JsonNode) info = session_info(&story.person, "work");

	return strcmp(json_text(info, "state"), "running") == 0;
}

static void test_end(void **state)
{
	assert_true(wait_until(session_runs, NULL, -1, WAIT_MS));
	while (story.n_programs > 0)
		stop_process(story.programs[--story.n_programs]);
	vksession_ok(&story.person, "stop", "work");
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),	  STORY_STEP(test_save_from_the_menu),
	STORY_STEP(test_go_back), STORY_STEP(test_undo_by_the_notification),
	STORY_STEP(test_end),
};

static void end(void)
{
	while (story.n_programs > 0)
		stop_process(story.programs[--story.n_programs]);
}

STORY_MAIN("tray", story.person, steps, 300, .end = end)
