/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/dialogs.h"

#include <glib/gi18n.h>

#include "desktop/requests.h"
#include "desktop/settings.h"

#define SPACE 12

enum { RESPONSE_SAVE = 1, RESPONSE_END };

static void on_end_answered(GtkDialog *dialog, int response, gpointer user_data)
{
	const char *session = g_object_get_data(G_OBJECT(dialog), "vksession-name");

	if (response == RESPONSE_SAVE)
		request_save(session, TRUE);
	else if (response == RESPONSE_END)
		request_stop(session);
	gtk_widget_destroy(GTK_WIDGET(dialog));
}

void dialog_end_session(GtkWindow *parent, const char *session)
{
	g_autofree char *question = g_strdup_printf(_("End “%s” without saving?"), session);
	GtkWidget *dialog = gtk_message_dialog_new(parent, GTK_DIALOG_DESTROY_WITH_PARENT,
						   GTK_MESSAGE_WARNING, GTK_BUTTONS_NONE, "%s",
						   question);

	gtk_window_set_title(GTK_WINDOW(dialog), question);
	gtk_message_dialog_format_secondary_text(
		GTK_MESSAGE_DIALOG(dialog), "%s",
		_("What its programs hold and have not written to files is lost. Its saves stay."));
	gtk_dialog_add_button(GTK_DIALOG(dialog), _("_Cancel"), GTK_RESPONSE_CANCEL);
	gtk_dialog_add_button(GTK_DIALOG(dialog), _("_End without saving"), RESPONSE_END);
	gtk_dialog_add_button(GTK_DIALOG(dialog), _("_Save and end"), RESPONSE_SAVE);
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), RESPONSE_SAVE);
	g_object_set_data_full(G_OBJECT(dialog), "vksession-name", g_strdup(session), g_free);
	g_signal_connect(dialog, "response", G_CALLBACK(on_end_answered), NULL);
	gtk_widget_show(dialog);
}

/* What changed */

static GtkWidget *changes_list(GVariant *entries)
{
	GtkListStore *store = gtk_list_store_new(3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
	GtkWidget *view = gtk_tree_view_new_with_model(GTK_TREE_MODEL(store));
	const char *const titles[] = { _("File"), _("What happened"), _("What was done") };
	const char *path, *what, *done;
	GVariantIter iter;

	for (int i = 0; i < 3; i++) {
		GtkCellRenderer *cell = gtk_cell_renderer_text_new();
		GtkTreeViewColumn *column =
			gtk_tree_view_column_new_with_attributes(titles[i], cell, "text", i, NULL);

		/* A long path must not push what happened out of sight. */
		if (i == 0)
			g_object_set(cell, "ellipsize", PANGO_ELLIPSIZE_MIDDLE, "width-chars", 30,
				     NULL);
		gtk_tree_view_column_set_expand(column, i == 0);
		gtk_tree_view_column_set_resizable(column, TRUE);
		gtk_tree_view_append_column(GTK_TREE_VIEW(view), column);
	}
	g_variant_iter_init(&iter, entries);
	while (g_variant_iter_next(&iter, "(&s&s&s)", &path, &what, &done))
		gtk_list_store_insert_with_values(store, NULL, -1, 0, path, 1, what, 2, done, -1);
	g_object_unref(store);
	return view;
}

static void on_changes(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);
	g_autoptr(GVariant) entries = reply ? g_variant_get_child_value(reply, 0) : NULL;
	VksBusSession1 *session = VKS_BUS_SESSION1(source);
	g_autofree char *title = g_strdup_printf(_("What changed while “%s” was away"),
						 vks_bus_session1_get_name(session));
	GtkWidget *dialog =
		gtk_dialog_new_with_buttons(title, NULL, 0, _("_Close"), GTK_RESPONSE_CLOSE, NULL);
	GtkWidget *scrolled = gtk_scrolled_window_new(NULL, NULL), *content;

	if (entries)
		content = changes_list(entries);
	else
		content = gtk_label_new(error->message);
	gtk_container_add(GTK_CONTAINER(scrolled), content);
	gtk_box_pack_start(GTK_BOX(gtk_dialog_get_content_area(GTK_DIALOG(dialog))), scrolled, TRUE,
			   TRUE, 0);
	gtk_window_set_default_size(GTK_WINDOW(dialog), 800, 320);
	g_signal_connect(dialog, "response", G_CALLBACK(gtk_widget_destroy), NULL);
	gtk_widget_show_all(dialog);
}

void dialog_changes(GtkWindow *parent, VksBusSession1 *session)
{
	desktop_session_get_changes(session, on_changes, NULL);
}

/* Settings */

static void on_setting_toggled(GtkToggleButton *button, gpointer user_data)
{
	Setting setting = GPOINTER_TO_UINT(user_data);
	g_autoptr(GError) error = NULL;

	if (!settings_set(setting, gtk_toggle_button_get_active(button), &error))
		g_warning("%s", error->message);
}

void dialog_settings(GtkWindow *parent)
{
	static const char *const labels[N_SETTINGS] = {
		[SETTING_PROGRESS] =
			N_("Show the _progress of work that takes longer than a second"),
		[SETTING_REPORTS] = N_("Tell what became of it, and what changed meanwhile"),
		[SETTING_AUTOSTART] = N_("Show the icon after _login"),
	};
	GtkWidget *dialog = gtk_dialog_new_with_buttons(_("Settings of vksession"), parent,
							GTK_DIALOG_DESTROY_WITH_PARENT, _("_Close"),
							GTK_RESPONSE_CLOSE, NULL);
	GtkWidget *area = gtk_dialog_get_content_area(GTK_DIALOG(dialog));

	gtk_container_set_border_width(GTK_CONTAINER(area), SPACE);
	gtk_box_set_spacing(GTK_BOX(area), SPACE);
	for (guint i = 0; i < N_SETTINGS; i++) {
		GtkWidget *button = gtk_check_button_new_with_mnemonic(_(labels[i]));

		gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(button), settings_get(i));
		g_signal_connect(button, "toggled", G_CALLBACK(on_setting_toggled),
				 GUINT_TO_POINTER(i));
		gtk_box_pack_start(GTK_BOX(area), button, FALSE, FALSE, 0);
	}
	g_signal_connect(dialog, "response", G_CALLBACK(gtk_widget_destroy), NULL);
	gtk_widget_show_all(dialog);
}
