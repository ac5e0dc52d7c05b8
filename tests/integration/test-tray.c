/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tray, by mouse and keyboard in a real panel: each entry of its menu, each state of its icon,
 * notifications of a real server and their buttons. Pictures of each are kept with the tests'
 * output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "panel.h"
#include "popups.h"
#include "tests/harness/person.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"
#include "tests/harness/windows.h"

#define WAIT_MS	       60000
#define ICON_PLACE     14 /* pixels from the corner: the panel has nothing else */
#define ICON_WIDTH     26
#define CLICKS	       3
#define CLICK_MS       5000
#define LAST_BUTTON    80  /* a button's middle, from the notification's right edge */
#define OTHER_BUTTON   220 /* of the one before */
#define BUTTONS_BOTTOM 37
#define BUTTONS_HEIGHT 100 /* of a notification, at least, if it has buttons */

static struct {
	struct person person;
	pid_t programs[5];
	guint n_programs;
	Display *display;
	GDBusConnection *bus;
	int embedded; /* windows of the panel alone */
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

static bool menus_are(void *data)
{
	XWindowAttributes last;

	return count_popups(story.display, MENU, &last) == *(int *)data;
}

static void await_menus(int wanted)
{
	if (!wait_until(menus_are, &wanted, -1, WAIT_MS))
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

/* A property of something on the desktop's bus; NULL if it is not there. */
static GVariant *get_property(const char *name, const char *path, const char *interface,
			      const char *property)
{
	GVariant *value = NULL;
	g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
		story.bus, name, path, "org.freedesktop.DBus.Properties", "Get",
		g_variant_new("(ss)", interface, property), G_VARIANT_TYPE("(v)"),
		G_DBUS_CALL_FLAGS_NO_AUTO_START, WAIT_MS, NULL, NULL);

	if (answer)
		g_variant_get(answer, "(v)", &value);
	return value;
}

struct wanted {
	const char *property;
	GVariant *value;
};

static bool session_has(void *data)
{
	const struct wanted *wanted = data;
	g_autoptr(GVariant) value = get_property("org.vksession", "/org/vksession/session/work",
						 "org.vksession.Session1", wanted->property);

	return value && g_variant_equal(value, wanted->value);
}

/* Waits until the daemon tells this of the session. value: floating */
static void await_session(const char *property, GVariant *value)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(value);
	struct wanted wanted = { property, owned };
	g_autofree char *text = g_variant_print(owned, FALSE);

	if (!wait_until(session_has, &wanted, -1, WAIT_MS))
		fail_msg("%s of the session is not %s", property, text);
}

static void await_state(const char *state)
{
	await_session("State", g_variant_new_string(state));
}

/* Runs and is on the display again: a window that comes takes the focus from what is typed next. */
static void await_back(void)
{
	await_state("running");
	assert_true(window_wait(&story.person.x, "xclock", NULL, WAIT_MS));
}

static void await_save(guint number)
{
	await_session("LastSave", g_variant_new_uint32(number));
}

/* What was begun has come to its end. */
static void await_idle(void)
{
	await_session("Activity", g_variant_new_string(""));
}

static void await_attached(bool attached)
{
	await_session("Attached", g_variant_new_boolean(attached));
}

#define KEYS(...) TOOL("xdotool", "key", __VA_ARGS__)

/* Windows on the screen that are embedded in others: the panel's plugin, and icons of the old kind.
 */
static int count_embedded(Window window)
{
	Atom info = XInternAtom(story.display, "_XEMBED_INFO", False), type;
	Window root, parent, *children = NULL;
	unsigned long items, rest;
	unsigned char *value = NULL;
	XWindowAttributes attributes;
	unsigned int n = 0;
	int count = 0, format;

	if (XGetWindowAttributes(story.display, window, &attributes) &&
	    attributes.map_state == IsViewable &&
	    !XGetWindowProperty(story.display, window, info, 0, 2, False, info, &type, &format,
				&items, &rest, &value))
		count = type == info;
	if (value)
		XFree(value);
	if (!XQueryTree(story.display, window, &root, &parent, &children, &n))
		return count;
	for (unsigned int i = 0; i < n; i++)
		count += count_embedded(children[i]);
	XFree(children);
	return count;
}

/* The notification server has an icon, too, while there are notifications; it comes before ours. */
static void open_menu(void)
{
	int others = count_embedded(DefaultRootWindow(story.display)) - story.embedded;
	g_autofree char *x = g_strdup_printf("%d", ICON_PLACE + others * ICON_WIDTH);

	int wanted = 1;

	/* A panel that has just closed a menu does not hear a click for a moment. */
	for (int i = 0; i < CLICKS; i++) {
		TOOL("xdotool", "mousemove", x, G_STRINGIFY(ICON_PLACE), "click", "1");
		if (wait_until(menus_are, &wanted, -1, CLICK_MS))
			return;
	}
	fail_msg("the menu does not open");
}

static bool menu_offers(void *data)
{
	return panel_menu_offers(story.bus, data);
}

/*
 * Opens the menu, and in it that of the only session, as soon as an entry is there: the tray hears
 * of a change after us, and a person looks before pressing a key.
 */
static void open_session_menu(const char *entry)
{
	char *wanted = (char *)entry;

	if (!wait_until(menu_offers, wanted, -1, WAIT_MS))
		fail_msg("the menu has no %s", entry);
	open_menu();
	KEYS("Down", "Right");
	await_menus(2);
}

/* What the panel is told of the icon; "" if there is none. */
static char *icon_property(const char *name)
{
	g_autoptr(GVariant) value = get_property("org.vksession.Tray",
						 "/org/ayatana/NotificationItem/vksession",
						 "org.kde.StatusNotifierItem", name);

	return g_strdup(value ? g_variant_get_string(value, NULL) : "");
}

static bool icon_is(void *data)
{
	g_autofree char *status = icon_property("Status");
	g_autofree char *icon = icon_property(
		strcmp(status, "NeedsAttention") == 0 ? "AttentionIconName" : "IconName");

	return strcmp(icon, data) == 0;
}

static void await_icon(const char *state)
{
	g_autofree char *icon = g_strdup_printf("vksession-%s-symbolic", state);
	g_autofree char *seen = NULL;

	if (wait_until(icon_is, icon, -1, WAIT_MS))
		return;
	seen = icon_property("IconName");
	fail_msg("the icon is %s, not %s", seen, icon);
}

/*
 * Whether work that takes long, as on a busy machine, shows its progress. The notification server
 * has an icon in the panel meanwhile, and the panel's plugin may end with an X error if that goes
 * while a menu is open.
 */
static void set_progress(bool shown)
{
	g_autofree char *dir = person_path(&story.person, ".config/vksession");
	g_autofree char *path = g_build_filename(dir, "desktop.conf", NULL);
	g_autofree char *text =
		g_strdup_printf("[desktop]\nprogress=%s\n", shown ? "true" : "false");

	assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* What a program of the session has open. */
static void write_notes(const char *text)
{
	g_autofree char *path = person_path(&story.person, "notes");

	assert_true(g_file_set_contents(path, text, -1, NULL));
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

static void connect_to_bus(void)
{
	g_autoptr(GError) error = NULL;

	story.bus = g_dbus_connection_new_for_address_sync(
		g_environ_getenv(story.person.environment, "DBUS_SESSION_BUS_ADDRESS"),
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL, NULL, &error);
	if (!story.bus)
		fail_msg("%s", error->message);
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
	panel_configure(&story.person);
	start("/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd", NULL);
	await_name("org.xfce.Xfconf");
	connect_to_bus();
	start("xfce4-panel", "--disable-wm-check");
	await_name("org.kde.StatusNotifierWatcher");
	start("/usr/lib/notification-daemon/notification-daemon", NULL);
	await_name("org.freedesktop.Notifications");
	start(daemon, NULL);
	await_name("org.vksession");
	start(tray, NULL);
	await_name("org.vksession.Tray");
	write_notes("as they were\n");
	vksession_ok(&story.person, "run", "--wait", "-s", "work", "--", "sh", "-c",
		     "exec 3<~/notes; exec xclock");
	await_icon("unsaved");
	story.embedded = count_embedded(DefaultRootWindow(story.display));
	story_step_done();
}

/* A save changes what is in the menu: under the pointer, without a flicker. */
static void test_menu_stays_open(void **state)
{
	XWindowAttributes last;

	open_session_menu("_Detach");
	vksession_ok(&story.person, "save", "work");
	await_save(2);
	await_icon("saved");
	assert_int_equal(count_popups(story.display, MENU, &last), 2);
	keep_picture("menu");
	KEYS("Escape", "Escape");
	await_menus(0);
	story_step_done();
}

static bool notification_is_there(void *data)
{
	return count_popups(story.display, NOTIFICATION, data) == 1;
}

static bool no_notification_is_there(void *data)
{
	XWindowAttributes last;

	return count_popups(story.display, NOTIFICATION, &last) == 0;
}

/* The vkernel is stopped, so that a save takes as long as we like. */
static void test_saving_and_progress(void **state)
{
	pid_t vkernel = session_vkernel(&story.person, "work");
	XWindowAttributes place;

	set_progress(true);
	open_session_menu("_Save now");
	assert_int_equal(kill(vkernel, SIGSTOP), 0);
	KEYS("s");
	await_icon("saving");
	assert_true(wait_until(notification_is_there, &place, -1, WAIT_MS));
	keep_picture("progress");
	assert_int_equal(kill(vkernel, SIGCONT), 0);
	await_save(1);
	await_icon("saved");
	assert_true(wait_until(no_notification_is_there, NULL, -1, WAIT_MS));
	set_progress(false);
	story_step_done();
}

static void test_detach_and_attach(void **state)
{
	open_session_menu("_Detach");
	KEYS("d");
	await_attached(false);
	open_session_menu("_Attach here");
	keep_picture("detached");
	KEYS("a");
	await_attached(true);
	story_step_done();
}

/* The one that says what came of it has a row of buttons; that of the progress has none. */
static bool notification_has_button(void *data)
{
	XWindowAttributes *attributes = data;

	return count_popups(story.display, NOTIFICATION, attributes) == 1 &&
	       attributes->height > BUTTONS_HEIGHT && popup_is_drawn(story.display, attributes);
}

static void press_button(const char *picture, int from_right)
{
	g_autofree char *x = NULL, *y = NULL;
	XWindowAttributes attributes;

	assert_true(wait_until(notification_has_button, &attributes, -1, WAIT_MS));
	keep_picture(picture);
	x = g_strdup_printf("%d", attributes.x + attributes.width - from_right);
	y = g_strdup_printf("%d", attributes.y + attributes.height - BUTTONS_BOTTOM);
	TOOL("xdotool", "mousemove", x, y, "click", "1");
}

/* A save that can't be written, for there is something else in its place; and once more. */
static void test_failure_and_try_again(void **state)
{
	g_autofree char *saves = person_path(&story.person, ".local/state/vksession/work/saves");
	g_autofree char *away = g_strconcat(saves, ".away", NULL);
	XWindowAttributes place;

	await_back();
	await_idle();
	assert_int_equal(g_rename(saves, away), 0);
	assert_true(g_file_set_contents(saves, "", -1, NULL));
	open_session_menu("_Save now");
	KEYS("s");
	assert_true(wait_until(notification_has_button, &place, -1, WAIT_MS));
	assert_int_equal(g_unlink(saves), 0);
	assert_int_equal(g_rename(away, saves), 0);
	press_button("failure", LAST_BUTTON);
	await_save(3);
	await_idle();
	story_step_done();
}

/* At once: notifications go by themselves after some seconds. */
static void show_changes(void)
{
	struct window dialog;

	press_button("changed", OTHER_BUTTON);
	assert_true(window_wait(&story.person.x, "What changed while “work” was away", &dialog,
				WAIT_MS));
	keep_picture("changes");
	/* Off the session's window, which takes the focus when it comes. */
	assert_true(window_place(&story.person.x, &dialog, 20, 60, 500, 220));
	await_back();
	assert_true(window_keys(&story.person.x, &dialog, "Escape"));
}

/* Saved and ended, brought back, and that undone by the button of the notification. */
static void test_stop_and_bring_back(void **state)
{
	open_session_menu("Save and s_top");
	KEYS("t");
	await_state("saved");
	await_save(4);
	await_icon("idle");
	open_session_menu("_Bring it back");
	keep_picture("stopped");
	KEYS("b");
	await_state("running");
	press_button("back", LAST_BUTTON);
	await_state("saved");
	await_save(5);
	write_notes("changed while nobody was there\n");
	open_session_menu("_Bring it back");
	KEYS("b");
	await_state("running");
	show_changes();
	story_step_done();
}

static void test_go_back_and_undo(void **state)
{
	vksession_ok(&story.person, "save", "--queue", "work");
	/* That of the thaw has a button, too. */
	assert_true(wait_until(no_notification_is_there, NULL, -1, WAIT_MS));
	open_session_menu("_Go back to…");
	KEYS("g");
	await_menus(3);
	keep_picture("go-back");
	KEYS("Return");
	await_save(7);
	press_button("notification", LAST_BUTTON);
	/* Going back to save 7 saves what was running first. */
	await_save(8);
	await_idle();
	await_back();
	story_step_done();
}

static void test_all(void **state)
{
	struct window window;

	await_icon("saved");
	open_menu();
	KEYS("a");
	await_menus(0);
	open_menu();
	KEYS("v");
	assert_true(window_wait(&story.person.x, "Sessions", &window, WAIT_MS));
	keep_picture("window");
	open_menu();
	KEYS("e");
	assert_true(window_wait(&story.person.x, "Settings of vksession", &window, WAIT_MS));
	keep_picture("settings");
	assert_true(window_keys(&story.person.x, &window, "Escape"));
	story_step_done();
}

static void test_problem(void **state)
{
	await_idle();
	assert_int_equal(kill(session_vkernel(&story.person, "work"), SIGKILL), 0);
	await_icon("problem");
	open_session_menu("_Bring it back");
	keep_picture("problem");
	KEYS("b");
	await_back();
	story_step_done();
}

static bool tray_has_gone(void *data)
{
	g_autofree char *status = icon_property("Status");

	return *status == '\0';
}

static void test_end_and_quit(void **state)
{
	struct window dialog;

	open_session_menu("_End without saving…");
	KEYS("e");
	assert_true(window_wait(&story.person.x, "End “work” without saving?", &dialog, WAIT_MS));
	keep_picture("end");
	assert_true(window_keys(&story.person.x, &dialog, "alt+e"));
	await_state("stopped");
	open_menu();
	KEYS("q");
	assert_true(wait_until(tray_has_gone, NULL, -1, WAIT_MS));
	while (story.n_programs > 0)
		stop_process(story.programs[--story.n_programs]);
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_saving_and_progress),
	STORY_STEP(test_menu_stays_open),
	STORY_STEP(test_detach_and_attach),
	STORY_STEP(test_failure_and_try_again),
	STORY_STEP(test_stop_and_bring_back),
	STORY_STEP(test_go_back_and_undo),
	STORY_STEP(test_all),
	STORY_STEP(test_problem),
	STORY_STEP(test_end_and_quit),
};

static void end(void)
{
	while (story.n_programs > 0)
		stop_process(story.programs[--story.n_programs]);
}

STORY_MAIN("tray", story.person, steps, 300, .end = end)
