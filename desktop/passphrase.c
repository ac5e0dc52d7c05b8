/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/passphrase.h"

#include <glib/gi18n.h>

#include "desktop/requests.h"

#define SPACE	   12
#define CHARACTERS 32

typedef struct {
	char *session;
	GtkWidget *entry;
} Question;

static void question_free(gpointer data)
{
	Question *question = data;

	g_free(question->session);
	g_free(question);
}

/* The entry overwrites what it held when it goes. */
static void on_answered(GtkDialog *dialog, int response, Question *question)
{
	if (response == GTK_RESPONSE_OK)
		request_unlock(question->session, gtk_entry_get_text(GTK_ENTRY(question->entry)));
	gtk_widget_destroy(GTK_WIDGET(dialog));
}

static void on_typed(GtkEditable *entry, GtkDialog *dialog)
{
	gtk_dialog_set_response_sensitive(dialog, GTK_RESPONSE_OK,
					  gtk_entry_get_text_length(GTK_ENTRY(entry)) > 0);
}

static GtkWidget *entry_new(GtkWidget *dialog)
{
	GtkWidget *entry = gtk_entry_new();

	gtk_entry_set_visibility(GTK_ENTRY(entry), FALSE);
	gtk_entry_set_input_purpose(GTK_ENTRY(entry), GTK_INPUT_PURPOSE_PASSWORD);
	gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
	gtk_entry_set_width_chars(GTK_ENTRY(entry), CHARACTERS);
	atk_object_set_name(gtk_widget_get_accessible(entry), _("Passphrase"));
	g_signal_connect(entry, "changed", G_CALLBACK(on_typed), dialog);
	return entry;
}

GtkWidget *passphrase_ask(GtkWindow *parent, const char *session, const char *why)
{
	g_autofree char *title = g_strdup_printf(_("Passphrase of “%s”"), session);
	GtkWidget *dialog = gtk_dialog_new_with_buttons(
		title, parent, GTK_DIALOG_DESTROY_WITH_PARENT, _("_Cancel"), GTK_RESPONSE_CANCEL,
		_("_Bring it back"), GTK_RESPONSE_OK, NULL);
	GtkWidget *area = gtk_dialog_get_content_area(GTK_DIALOG(dialog));
	GtkWidget *label = gtk_label_new(why ? why : _("Its saves are encrypted."));
	Question *question = g_new(Question, 1);

	*question = (Question){ g_strdup(session), entry_new(dialog) };
	g_object_set_data_full(G_OBJECT(dialog), "vksession-question", question, question_free);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_max_width_chars(GTK_LABEL(label), 2 * CHARACTERS);
	gtk_container_set_border_width(GTK_CONTAINER(area), SPACE);
	gtk_box_set_spacing(GTK_BOX(area), SPACE);
	gtk_box_pack_start(GTK_BOX(area), label, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(area), question->entry, FALSE, FALSE, 0);
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_OK);
	gtk_dialog_set_response_sensitive(GTK_DIALOG(dialog), GTK_RESPONSE_OK, FALSE);
	g_signal_connect(dialog, "response", G_CALLBACK(on_answered), question);
	gtk_widget_show_all(dialog);
	return dialog;
}
