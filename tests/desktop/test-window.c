/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window without a mouse and without eyes: everything in it that does something can be reached
 * by the Tab key and tells a screen reader what it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "desktop/passphrase.h"
#include "desktop/requests.h"
#include "desktop/window.h"
#include "fake-daemon.h"
#include "tests/harness/xserver.h"

#define TIMEOUT_S 30
#define TABS_MAX  100

static struct {
	struct xserver x;
	FakeDaemon daemon;
	DesktopSessions *sessions;
	GtkApplication *application;
	GtkWidget *window;
} scene;

static void on_end_session(const char *session, gpointer user_data)
{
}

static gboolean on_timeout(gpointer what)
{
	fail_msg("waited in vain for %s", (const char *)what);
	return G_SOURCE_REMOVE;
}

static GVariant *two_saves(void)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(uttsa{sv})"));
	for (guint number = 1; number <= 2; number++)
		g_variant_builder_add(&builder, "(utt@s@a{sv})", number, (guint64)g_get_real_time(),
				      (guint64)5000000, g_variant_new_string("shutdown"),
				      g_variant_new("a{sv}", NULL));
	return g_variant_builder_end(&builder);
}

static void make_daemon(void)
{
	static const char *const commands[] = { "editor letter.txt", NULL };
	VksBusSession1 *session;

	fake_daemon_start(&scene.daemon);
	session = scene.daemon.session;
	vks_bus_session1_set_attached(session, TRUE);
	vks_bus_session1_set_commands(session, commands);
	vks_bus_session1_set_restore(session, "always");
	vks_bus_session1_set_last_save(session, 2);
	vks_bus_session1_set_saves(session, two_saves());
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(session));
}

static void collect_focusable(GtkWidget *widget, gpointer list)
{
	if (!gtk_widget_get_mapped(widget))
		return;
	if (gtk_widget_get_can_focus(widget) && gtk_widget_get_sensitive(widget))
		g_ptr_array_add(list, widget);
	if (GTK_IS_CONTAINER(widget))
		gtk_container_forall(GTK_CONTAINER(widget), collect_focusable, list);
}

static GPtrArray *focusable(void)
{
	GPtrArray *list = g_ptr_array_new();

	collect_focusable(scene.window, list);
	return list;
}

/* What a screen reader would say of a widget: its name, or that of its label. */
static const char *spoken_name(GtkWidget *widget)
{
	AtkObject *object = gtk_widget_get_accessible(widget);
	AtkRelationSet *relations = atk_object_ref_relation_set(object);
	AtkRelation *label =
		atk_relation_set_get_relation_by_type(relations, ATK_RELATION_LABELLED_BY);
	const char *name = atk_object_get_name(object);

	if ((!name || !*name) && label)
		name = atk_object_get_name(atk_relation_get_target(label)->pdata[0]);
	g_object_unref(relations);
	return name ? name : "";
}

static gboolean has_buttons(void)
{
	g_autoptr(GPtrArray) list = focusable();

	for (guint i = 0; i < list->len; i++) {
		if (g_str_has_prefix(spoken_name(list->pdata[i]), "Go back to save 2"))
			return TRUE;
	}
	return FALSE;
}

/*
 * Tab goes on from the widget that has the focus, and none has it before the window manager has
 * given it to the window.
 */
static gboolean can_be_worked_with(void)
{
	return has_buttons() && desktop_sessions_manager(scene.sessions) &&
	       gtk_window_has_toplevel_focus(GTK_WINDOW(scene.window));
}

/* Lists, scrolled areas and the split are passed through; what one works with has a name. */
static gboolean is_worked_with(GtkWidget *widget)
{
	return GTK_IS_BUTTON(widget) || GTK_IS_COMBO_BOX(widget) || GTK_IS_LIST_BOX_ROW(widget) ||
	       GTK_IS_TOGGLE_BUTTON(widget);
}

static void test_names(void **state)
{
	g_autoptr(GPtrArray) list = focusable();
	guint n = 0;

	for (guint i = 0; i < list->len; i++) {
		GtkWidget *widget = list->pdata[i];
		GtkWidget *combo = gtk_widget_get_ancestor(widget, GTK_TYPE_COMBO_BOX);

		if (!is_worked_with(widget))
			continue;
		/* The focus is on its button; it is the whole that has the name. */
		widget = combo ? combo : widget;
		n++;
		if (!*spoken_name(widget))
			fail_msg("a %s has no name", G_OBJECT_TYPE_NAME(widget));
	}
	/* Save, save and stop, detach, end; at login; the session; two saves, a button each. */
	assert_int_equal(n, 10);
}

/* What the Tab key comes by, until it comes round. Inside of a list, the arrow keys go on. */
static GPtrArray *tab_round(void)
{
	GPtrArray *seen = g_ptr_array_new();

	for (int i = 0; i < TABS_MAX; i++) {
		GtkWidget *focus;

		gtk_widget_child_focus(scene.window, GTK_DIR_TAB_FORWARD);
		focus = gtk_window_get_focus(GTK_WINDOW(scene.window));
		if (!focus || g_ptr_array_find(seen, focus, NULL))
			continue;
		g_ptr_array_add(seen, focus);
	}
	return seen;
}

static void test_keyboard(void **state)
{
	g_autoptr(GPtrArray) seen = tab_round();
	g_autoptr(GPtrArray) list = focusable();

	for (guint i = 0; i < list->len; i++) {
		GtkWidget *widget = list->pdata[i];

		if (GTK_IS_BUTTON(widget) && !gtk_widget_get_ancestor(widget, GTK_TYPE_LIST_BOX) &&
		    !g_ptr_array_find(seen, widget, NULL))
			fail_msg("Tab does not come to %s", spoken_name(widget));
	}
}

/* The rows of the saves, and in a row its button, by the arrow keys. */
static void test_go_back_by_keyboard(void **state)
{
	g_autoptr(GPtrArray) list = focusable();
	guint n = 0;

	for (guint i = 0; i < list->len; i++) {
		GtkWidget *button = list->pdata[i];

		if (!g_str_has_prefix(spoken_name(button), "Go back to save"))
			continue;
		gtk_widget_grab_focus(gtk_widget_get_ancestor(button, GTK_TYPE_LIST_BOX_ROW));
		gtk_widget_child_focus(scene.window, GTK_DIR_TAB_FORWARD);
		assert_ptr_equal(gtk_window_get_focus(GTK_WINDOW(scene.window)), button);
		n++;
	}
	assert_int_equal(n, 2);
}

static GtkWidget *find_entry(GtkWidget *dialog)
{
	g_autoptr(GList) children = gtk_container_get_children(
		GTK_CONTAINER(gtk_dialog_get_content_area(GTK_DIALOG(dialog))));

	for (GList *l = children; l; l = l->next) {
		if (GTK_IS_ENTRY(l->data))
			return l->data;
	}
	return NULL;
}

static gboolean on_thaw(VksBusManager1 *manager, GDBusMethodInvocation *invocation,
			const char *session, GVariant *options, gpointer passed)
{
	*(char **)passed = fake_daemon_read_passed(invocation);
	vks_bus_manager1_complete_thaw(manager, invocation, "/org/vksession/job/1");
	return TRUE;
}

/* What is typed there goes to the daemon, through a pipe, and shows nowhere. */
static void test_passphrase(void **state)
{
	GtkWidget *dialog = passphrase_ask(GTK_WINDOW(scene.window), "work", NULL);
	GtkWidget *entry = find_entry(dialog);
	GtkWidget *answer = gtk_dialog_get_widget_for_response(GTK_DIALOG(dialog), GTK_RESPONSE_OK);
	g_autofree char *passed = NULL;
	guint timeout;

	assert_string_equal(spoken_name(entry), "Passphrase");
	assert_false(gtk_entry_get_visibility(GTK_ENTRY(entry)));
	assert_false(gtk_widget_get_sensitive(answer));
	g_signal_connect(scene.daemon.manager, "handle-thaw", G_CALLBACK(on_thaw), &passed);
	gtk_entry_set_text(GTK_ENTRY(entry), "correct horse");
	assert_true(gtk_widget_get_sensitive(answer));
	gtk_widget_activate(entry);
	timeout = g_timeout_add_seconds(TIMEOUT_S, on_timeout, (gpointer) "the thaw");
	while (!passed)
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(timeout);
	assert_string_equal(passed, "correct horse");
}

static void on_failed(const char *message, gpointer user_data)
{
	fail_msg("a request failed: %s", message);
}

static int set_up(void **state)
{
	static const RequestsAnswerer answerer = { .failed = on_failed };
	guint timeout;

	xserver_start(&scene.x, STDERR_FILENO);
	make_daemon();
	g_setenv("DISPLAY", scene.x.name, TRUE);
	g_setenv("NO_AT_BRIDGE", "1", TRUE);
	gtk_init(NULL, NULL);
	scene.application = gtk_application_new("org.vksession.Test", G_APPLICATION_NON_UNIQUE);
	assert_true(g_application_register(G_APPLICATION(scene.application), NULL, NULL));
	scene.sessions = desktop_sessions_new();
	requests_init(scene.sessions, &answerer);
	scene.window = window_new(scene.application, scene.sessions, on_end_session, NULL);
	gtk_widget_show(scene.window);
	timeout = g_timeout_add_seconds(TIMEOUT_S, on_timeout,
					(gpointer) "the session in the window, and the focus");
	while (!can_be_worked_with())
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(timeout);
	return 0;
}

static int tear_down(void **state)
{
	gtk_widget_destroy(scene.window);
	g_object_unref(scene.sessions);
	g_object_unref(scene.application);
	fake_daemon_stop(&scene.daemon);
	xserver_stop(&scene.x);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_keyboard),
		cmocka_unit_test(test_go_back_by_keyboard),
		cmocka_unit_test(test_passphrase),
	};

	g_setenv("LC_ALL", "C.UTF-8", TRUE);
	return cmocka_run_group_tests_name("window", tests, set_up, tear_down);
}
