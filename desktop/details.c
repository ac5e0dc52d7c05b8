/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/details.h"

#include <glib/gi18n.h>

#include "desktop/actions.h"
#include "desktop/requests.h"
#include "desktop/saves-view.h"
#include "desktop/words.h"

#define SPACE 8

struct Details {
	GtkWidget *box, *title, *end, *state, *facts, *windows, *restore;
	SavesView *saves;
	GPtrArray *buttons; /* in the order of desktop_actions */
	VksBusSession1 *session;
	gboolean filling; /* changes of widgets are our own */
	void (*end_session)(const char *session, gpointer user_data);
	gpointer user_data;
};

static const char *const restore_policies[] = { "always", "ask", "never" };

/* What can be done */

static void on_button(GtkButton *button, Details *details)
{
	guint i;

	if (details->session && g_ptr_array_find(details->buttons, button, &i))
		desktop_actions[i].act(vks_bus_session1_get_name(details->session));
}

static void on_end(GtkButton *button, Details *details)
{
	if (details->session)
		details->end_session(vks_bus_session1_get_name(details->session),
				     details->user_data);
}

static void on_go_back(guint number, gpointer user_data)
{
	Details *details = user_data;

	if (details->session)
		request_rollback(vks_bus_session1_get_name(details->session), number);
}

static void on_restore(GtkComboBox *combo, Details *details)
{
	int i = gtk_combo_box_get_active(combo);

	if (details->session && !details->filling && i >= 0)
		request_restore_policy(details->session, restore_policies[i]);
}

/* Filling */

static char *describe_windows(VksBusSession1 *session)
{
	GVariant *windows = vks_bus_session1_get_windows(session);
	g_autoptr(GString) text = g_string_new(NULL);
	GVariantIter iter;
	const char *title;

	if (!windows || g_variant_n_children(windows) == 0)
		return g_strjoinv("\n", (char **)vks_bus_session1_get_commands(session));
	g_variant_iter_init(&iter, windows);
	while (g_variant_iter_next(&iter, "(&s&siiuu)", &title, NULL, NULL, NULL, NULL, NULL))
		g_string_append_printf(text, "%s%s", text->len ? "\n" : "", title);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *describe_cost(VksBusSession1 *session)
{
	g_autofree char *memory = g_format_size(vks_bus_session1_get_memory_used_bytes(session));
	g_autofree char *disk = g_format_size(vks_bus_session1_get_disk_bytes(session));

	if (desktop_session_runs(session))
		return g_strdup_printf(_("%s of memory, %s on the disk"), memory, disk);
	return g_strdup_printf(_("%s on the disk"), disk);
}

static void fill_restore(Details *details)
{
	const char *policy = vks_bus_session1_get_restore(details->session);

	details->filling = TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(restore_policies); i++) {
		if (g_strcmp0(policy, restore_policies[i]) == 0)
			gtk_combo_box_set_active(GTK_COMBO_BOX(details->restore), (int)i);
	}
	details->filling = FALSE;
}

void details_show(Details *details, VksBusSession1 *session)
{
	g_autofree char *state = NULL, *windows = NULL, *cost = NULL;
	WordsSession words;

	g_set_object(&details->session, session);
	gtk_widget_set_visible(details->box, session != NULL);
	if (!session)
		return;
	desktop_session_words(session, &words);
	state = words_session(&words, g_get_real_time());
	windows = describe_windows(session);
	cost = describe_cost(session);
	gtk_label_set_text(GTK_LABEL(details->title), words.name);
	gtk_label_set_text(GTK_LABEL(details->state), state);
	gtk_label_set_text(GTK_LABEL(details->facts), cost);
	gtk_label_set_text(GTK_LABEL(details->windows), windows);
	for (guint i = 0; i < DESKTOP_ACTIONS; i++)
		gtk_widget_set_visible(details->buttons->pdata[i],
				       desktop_actions[i].offered(session));
	gtk_widget_set_visible(details->end, desktop_session_runs(session));
	fill_restore(details);
	saves_view_show(details->saves, vks_bus_session1_get_saves(session));
}

/* Making */

static GtkWidget *add_label(Details *details)
{
	GtkWidget *label = gtk_label_new(NULL);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_selectable(GTK_LABEL(label), FALSE);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_box_pack_start(GTK_BOX(details->box), label, FALSE, FALSE, 0);
	return label;
}

static void make_title(Details *details)
{
	PangoAttrList *attributes = pango_attr_list_new();

	details->title = add_label(details);
	pango_attr_list_insert(attributes, pango_attr_weight_new(PANGO_WEIGHT_BOLD));
	pango_attr_list_insert(attributes, pango_attr_scale_new(PANGO_SCALE_X_LARGE));
	gtk_label_set_attributes(GTK_LABEL(details->title), attributes);
	pango_attr_list_unref(attributes);
}

static GtkWidget *add_button(Details *details, GtkWidget *row, const char *label,
			     void (*clicked)(GtkButton *, Details *))
{
	GtkWidget *button = gtk_button_new_with_mnemonic(label);

	g_signal_connect(button, "clicked", G_CALLBACK(clicked), details);
	gtk_widget_set_no_show_all(button, TRUE);
	gtk_box_pack_start(GTK_BOX(row), button, FALSE, FALSE, 0);
	return button;
}

static void make_buttons(Details *details)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACE);

	for (guint i = 0; i < DESKTOP_ACTIONS; i++)
		g_ptr_array_add(details->buttons,
				add_button(details, row, _(desktop_actions[i].label), on_button));
	details->end = add_button(details, row, _("_End…"), on_end);
	gtk_box_pack_start(GTK_BOX(details->box), row, FALSE, FALSE, 0);
}

static void make_restore(Details *details)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACE);
	GtkWidget *label = gtk_label_new_with_mnemonic(_("At _login, bring it back:"));

	details->restore = gtk_combo_box_text_new();
	gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(details->restore), _("always"));
	gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(details->restore), _("after asking"));
	gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(details->restore), _("never"));
	gtk_label_set_mnemonic_widget(GTK_LABEL(label), details->restore);
	g_signal_connect(details->restore, "changed", G_CALLBACK(on_restore), details);
	gtk_box_pack_start(GTK_BOX(row), label, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(row), details->restore, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(details->box), row, FALSE, FALSE, 0);
}

static void details_free(gpointer data)
{
	Details *details = data;

	g_clear_object(&details->session);
	g_ptr_array_unref(details->buttons);
	g_free(details);
}

Details *details_new(void (*end_session)(const char *session, gpointer), gpointer user_data)
{
	Details *details = g_new0(Details, 1);

	*details = (Details){
		.box = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACE),
		.buttons = g_ptr_array_new(),
		.saves = saves_view_new(on_go_back, details),
		.end_session = end_session,
		.user_data = user_data,
	};
	gtk_container_set_border_width(GTK_CONTAINER(details->box), 2 * SPACE);
	make_title(details);
	details->state = add_label(details);
	make_buttons(details);
	details->windows = add_label(details);
	details->facts = add_label(details);
	make_restore(details);
	gtk_box_pack_start(GTK_BOX(details->box), saves_view_widget(details->saves), TRUE, TRUE, 0);
	gtk_widget_show_all(details->box);
	g_object_set_data_full(G_OBJECT(details->box), "vksession-details", details, details_free);
	return details;
}

GtkWidget *details_widget(Details *details)
{
	return details->box;
}
