/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/lifetime.h"

#include <string.h>

#include "vksession/durable.h"
#include "vksession/machine.h"
#include "vksession/paths.h"

#define NOTE_FILE ".daemon"
#define GROUP	  "daemon"
#define MAX_BYTES 4096u

static const char *const outcomes[] = { "unknown", "clean", "crash" };
enum { UNKNOWN, CLEAN, CRASH };

static char *note_path(const Vks *vks)
{
	return g_build_filename(vks->store_dir, NOTE_FILE, NULL);
}

static GKeyFile *load(const Vks *vks)
{
	g_autofree char *path = note_path(vks);
	gsize length = 0;
	g_autofree char *text = vks_file_read(path, MAX_BYTES, &length, NULL);
	g_autoptr(GKeyFile) note = g_key_file_new();

	if (!text || !g_key_file_load_from_data(note, text, length, G_KEY_FILE_NONE, NULL))
		return NULL;
	return g_steal_pointer(&note);
}

static void store(const Vks *vks, const char *last, gboolean clean)
{
	g_autofree char *path = note_path(vks);
	g_autofree char *boot = vks_boot_id();
	g_autoptr(GKeyFile) note = g_key_file_new();
	g_autofree char *text = NULL;

	g_key_file_set_string(note, GROUP, "boot", boot);
	g_key_file_set_string(note, GROUP, "last", last);
	g_key_file_set_boolean(note, GROUP, "clean", clean);
	text = g_key_file_to_data(note, NULL, NULL);
	vks_file_replace(path, text, strlen(text), NULL);
}

/* What was found out when this machine was started, if it has not been started again since. */
static const char *remembered(GKeyFile *note)
{
	g_autofree char *last = g_key_file_get_string(note, GROUP, "last", NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(outcomes); i++) {
		if (g_strcmp0(outcomes[i], last) == 0)
			return outcomes[i];
	}
	return outcomes[UNKNOWN];
}

static const char *judge(GKeyFile *note)
{
	g_autofree char *now = vks_boot_id();
	g_autofree char *then = g_key_file_get_string(note, GROUP, "boot", NULL);

	if (g_key_file_get_boolean(note, GROUP, "clean", NULL))
		return outcomes[CLEAN];
	/* A daemon that was killed says nothing of the machine. */
	return g_strcmp0(now, then) == 0 ? remembered(note) : outcomes[CRASH];
}

const char *lifetime_begin(Vks *vks)
{
	g_autoptr(GKeyFile) note = load(vks);
	const char *last = note ? judge(note) : outcomes[UNKNOWN];

	store(vks, last, FALSE);
	return last;
}

void lifetime_note(Vks *vks, gboolean clean)
{
	g_autoptr(GKeyFile) note = load(vks);

	if (!note || g_key_file_get_boolean(note, GROUP, "clean", NULL) != clean)
		store(vks, note ? remembered(note) : outcomes[UNKNOWN], clean);
}

gboolean lifetime_is_end(const char *reason)
{
	static const char *const ends[] = { "shutdown", "logout", "battery", NULL };

	return reason && g_strv_contains(ends, reason);
}
