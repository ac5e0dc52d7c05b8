/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "panel.h"

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

void panel_configure(const struct person *person)
{
	g_autofree char *dir = person_path(person, ".config/xfce4/xfconf/xfce-perchannel-xml");
	g_autofree char *path = g_build_filename(dir, "xfce4-panel.xml", NULL);

	assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
	assert_true(g_file_set_contents(path, panel_config, -1, NULL));
}

/* An item of com.canonical.dbusmenu: (number, properties, children). */
static bool item_offers(GVariant *item, const char *label)
{
	g_autoptr(GVariant) properties = g_variant_get_child_value(item, 1);
	g_autoptr(GVariant) children = g_variant_get_child_value(item, 2);
	gboolean visible = TRUE, enabled = TRUE;
	const char *text = "";

	g_variant_lookup(properties, "visible", "b", &visible);
	g_variant_lookup(properties, "enabled", "b", &enabled);
	g_variant_lookup(properties, "label", "&s", &text);
	if (!visible || !enabled)
		return false;
	if (strcmp(text, label) == 0)
		return true;
	for (gsize i = 0; i < g_variant_n_children(children); i++) {
		g_autoptr(GVariant) boxed = g_variant_get_child_value(children, i);
		g_autoptr(GVariant) child = g_variant_get_variant(boxed);

		if (item_offers(child, label))
			return true;
	}
	return false;
}

bool panel_menu_offers(GDBusConnection *bus, const char *label)
{
	g_autoptr(GVariant) root = NULL;
	g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
		bus, "org.vksession.Tray", "/org/ayatana/NotificationItem/vksession/Menu",
		"com.canonical.dbusmenu", "GetLayout", g_variant_new_parsed("(0, -1, @as [])"),
		G_VARIANT_TYPE("(u(ia{sv}av))"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL);

	if (!answer)
		return false;
	root = g_variant_get_child_value(answer, 1);
	return item_offers(root, label);
}
