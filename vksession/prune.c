/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   keep pins   - Programs and libraries that saves need are copied (see pins.c).
 *   thin        - The saves that the policy does not keep are removed. That takes a rename each, so
 *                 it is done by each save, too.
 *   consolidate - What was built on them is rewritten (see consolidate.c). That may take longer.
 *   collect     - Kernels that no save needs any more are removed.
 */
#include <string.h>

#include "launcher/autofd.h"
#include "vksession/consolidate.h"
#include "vksession/durable.h"
#include "vksession/encryption.h"
#include "vksession/kernels.h"
#include "vksession/operations.h"
#include "vksession/pins.h"
#include "vksession/store.h"

/* Good saves only: one that is damaged may be repaired from a backup, and is a person's business. */
static GArray *list_good(const VksSession *session, GError **error)
{
	const char *saves_dir = session->saves_dir;
	const VksRecord *record = session->record;
	g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(VksKeepItem));
	g_autoptr(GArray) numbers = vks_store_numbers(saves_dir, error);
	gboolean has_own = FALSE;

	for (guint i = 0; numbers && i < numbers->len; i++) {
		guint number = g_array_index(numbers, guint, i);
		g_autoptr(VksManifest) manifest = vks_store_load(saves_dir, number, NULL);
		g_autofree char *path = vks_store_path(saves_dir, number, NULL);
		VksKeepItem item = { .number = number };

		if (!manifest)
			continue;
		has_own |= record && strcmp(manifest->run_id, record->run_id) == 0;
		item.keep = record && record->running && record->base == number;
		item.utc_us = manifest->utc_us;
		item.bytes = vks_tree_usage(path);
		g_array_append_val(items, item);
	}
	/* What a running session came from is its last good save until it has one of its own. */
	for (guint i = 0; has_own && i < items->len; i++)
		g_array_index(items, VksKeepItem, i).keep = FALSE;
	return numbers ? g_steal_pointer(&items) : NULL;
}

static gboolean thin(const VksSession *session, const VksPolicy *policy, guint *removed,
		     GError **error)
{
	g_autoptr(GArray) items = list_good(session, error);

	if (!items)
		return FALSE;
	vks_policy_choose(policy, (VksKeepItem *)(gpointer)items->data, items->len);
	for (guint i = 0; i < items->len; i++) {
		const VksKeepItem *item = &g_array_index(items, VksKeepItem, i);

		if (item->keep)
			continue;
		if (!vks_saves_remove(session->saves_dir, item->number, FALSE, error))
			return FALSE;
		(*removed)++;
	}
	return vks_bases_collect(session->saves_dir, error);
}

gboolean vks_session_thin(VksSession *session, const VksPolicy *policy, guint *removed,
			  GError **error)
{
	autofd lock = vks_session_lock_saves(session, "save", TRUE, error);

	*removed = 0;
	return lock >= 0 && thin(session, policy, removed, error);
}

static gboolean prune(VksSession *session, const VksPolicy *policy, const VksControl *control,
		      VksPruneResult *result, GError **error)
{
	autofd lock = vks_session_lock_saves(session, "prune", TRUE, error);

	if (lock < 0)
		return FALSE;
	vks_control_report(control, "removing saves", 0, 0);
	if (!thin(session, policy, &result->removed, error))
		return FALSE;
	/* The next one does it. */
	if (session->reads_save)
		return vks_kernels_collect_unused(session->vks, error);
	vks_control_report(control, "rewriting saves", 0, 0);
	vks_session_unlock_quietly(session);
	return vks_consolidate(session->saves_dir, session->sealing,
			       vks_control_cancellable(control), &result->consolidated, error) &&
	       vks_kernels_collect_unused(session->vks, error);
}

/* Without the session's lock: a copy may take long, and what is copied is not the session's. */
static gboolean keep_pins(Vks *vks, const char *name, const VksControl *control,
			  VksPruneResult *result, GError **error)
{
	g_autoptr(VksSession)
		session = vks_session_find(vks, name, VKS_SESSION_RECORD_OPTIONAL, NULL);
	g_autoptr(GArray) numbers = NULL;

	if (!session)
		return TRUE;
	vks_control_report(control, "keeping copies of programs", 0, 0);
	numbers = vks_store_numbers(session->saves_dir, error);
	for (guint i = numbers ? numbers->len : 0; i > 0; i--) {
		guint number = g_array_index(numbers, guint, i - 1);
		g_autoptr(VksManifest) manifest = vks_store_load(session->saves_dir, number, NULL);
		VksPinsResult pins;

		if (!manifest)
			continue;
		if (!vks_pins_keep(vks->store_dir, manifest, &pins,
				   vks_control_cancellable(control), error))
			return FALSE;
		result->pinned += pins.copied;
	}
	return numbers != NULL;
}

/* The lock for work in the background is held. */
static gboolean prune_in_background(Vks *vks, const char *name, const VksControl *control,
				    VksPruneResult *result, GError **error)
{
	g_autoptr(VksSession) session = NULL;
	g_autoptr(GError) unpinned = NULL;
	g_autoptr(GError) cause = NULL;
	VksPolicy policy;
	guint64 before, after;
	gboolean pinned;

	pinned = keep_pins(vks, name, control, result, &unpinned);
	session = vks_session_lock(vks, name, "prune", VKS_SESSION_BACKGROUND, error);
	if (!session)
		return FALSE;
	if (!vks_session_policy(session, &policy, &cause)) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was removed; put the setting right");
		return FALSE;
	}
	before = vks_tree_usage(session->dir);
	if (!prune(session, &policy, control, result, &cause)) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "saves that the policy keeps are as they were; try again, or "
				   "see: vksession verify %s",
				   name);
		return FALSE;
	}
	after = vks_tree_usage(session->dir);
	result->freed_bytes = before > after ? before - after : 0;
	if (pinned)
		return TRUE;
	vks_error_complete(error, g_steal_pointer(&unpinned),
			   "saves are intact, but programs that are upgraded before the next thaw "
			   "may fail in it; make room and try again: vksession prune %s",
			   name);
	return FALSE;
}

/* Giving way: whoever waits for us cancels us, and what is left to do is done afterwards. */

#define LOOK_US 20000 /* how often to look whether somebody waits */

typedef struct {
	Vks *vks;
	const char *name;
	GCancellable *cancellable; /* what the work is told by */
	GMutex mutex;
	GCond cond;
	gboolean over;
	GThread *thread; /* NULL: could not be had */
} Yield;

static gpointer look_who_waits(gpointer data)
{
	Yield *yield = data;

	g_mutex_lock(&yield->mutex);
	while (!yield->over) {
		if (vks_session_background_is_awaited(yield->vks, yield->name))
			g_cancellable_cancel(yield->cancellable);
		g_cond_wait_until(&yield->cond, &yield->mutex, g_get_monotonic_time() + LOOK_US);
	}
	g_mutex_unlock(&yield->mutex);
	return NULL;
}

static void yield_begin(Yield *yield, Vks *vks, const char *name)
{
	*yield = (Yield){ .vks = vks, .name = name, .cancellable = g_cancellable_new() };
	g_mutex_init(&yield->mutex);
	g_cond_init(&yield->cond);
	yield->thread = g_thread_try_new("yield", look_who_waits, yield, NULL);
}

static void yield_end(Yield *yield)
{
	g_mutex_lock(&yield->mutex);
	yield->over = TRUE;
	g_cond_signal(&yield->cond);
	g_mutex_unlock(&yield->mutex);
	if (yield->thread)
		g_thread_join(yield->thread);
	g_mutex_clear(&yield->mutex);
	g_cond_clear(&yield->cond);
	g_object_unref(yield->cancellable);
}

static void cancel_too(GCancellable *cancelled, gpointer cancellable)
{
	g_cancellable_cancel(cancellable);
}

/* @param[out] gave_way  it was not done because somebody waited */
static gboolean prune_until_awaited(Vks *vks, const char *name, const VksControl *control,
				    gboolean *gave_way, VksPruneResult *result, GError **error)
{
	autofd background = vks_session_lock_background(vks, name, error);
	GCancellable *outer = vks_control_cancellable(control);
	VksControl inner = control ? *control : (VksControl){ 0 };
	gulong handler;
	Yield yield;
	gboolean ok;

	*gave_way = FALSE;
	if (background < 0)
		return FALSE;
	yield_begin(&yield, vks, name);
	handler = outer ? g_cancellable_connect(outer, G_CALLBACK(cancel_too), yield.cancellable,
						NULL)
			: 0;
	inner.cancellable = yield.cancellable;
	ok = prune_in_background(vks, name, &inner, result, error);
	if (handler)
		g_cancellable_disconnect(outer, handler);
	*gave_way = !ok && g_cancellable_is_cancelled(yield.cancellable) &&
		    !(outer && g_cancellable_is_cancelled(outer));
	yield_end(&yield);
	return ok;
}

gboolean vks_prune(Vks *vks, const char *name, const VksControl *control, VksPruneResult *result,
		   GError **error)
{
	g_autoptr(GError) cause = NULL;
	gboolean gave_way = TRUE;
	gboolean ok = FALSE;

	*result = (VksPruneResult){ 0 };
	/* Those who were waited for have had their turn when the lock can be had again. */
	while (gave_way) {
		g_clear_error(&cause);
		ok = prune_until_awaited(vks, name, control, &gave_way, result, &cause);
	}
	if (cause)
		g_propagate_error(error, g_steal_pointer(&cause));
	return ok;
}

/* Settings */

char **vks_get_policy(Vks *vks, const char *name, GError **error)
{
	g_autoptr(VksSession) session = vks_session_find(vks, name, 0, error);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autoptr(GError) cause = NULL;
	VksPolicy policy;

	if (!session)
		return NULL;
	if (!vks_session_policy(session, &policy, &cause)) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "saves are made and none is removed by the policy; put the "
				   "setting right");
		return NULL;
	}
	policy.encrypt = session->encryption;
	for (const char *const *setting = vks_policy_names(); *setting; setting++) {
		g_autofree char *value = vks_policy_get(&policy, *setting);
		g_autofree char *text = g_strdup_printf("%s=%s", *setting, value);

		g_strv_builder_add(builder, text);
	}
	return g_strv_builder_end(builder);
}

static gboolean check_setting(const char *text, GError **error)
{
	g_auto(GStrv) pair = g_strsplit(text, "=", 2);
	g_autofree char *known = NULL;
	VksPolicy scratch;

	if (g_str_has_prefix(text, "encrypt=")) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "a session is encrypted or decrypted by the verbs encrypt and decrypt");
		return FALSE;
	}
	vks_policy_init(&scratch);
	known = pair[0] ? vks_policy_get(&scratch, pair[0]) : NULL;
	if (known && pair[1] && !*pair[1])
		return TRUE;
	if (pair[0] && pair[1])
		return vks_policy_set(&scratch, pair[0], pair[1], error);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "\"%s\" is no NAME=VALUE",
		    text);
	return FALSE;
}

/* The settings before without those of the same names, and the new ones. */
static char **merge_settings(char *const *before, const char *const *changes)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	for (; *before; before++) {
		gsize length = strcspn(*before, "=") + 1;
		gboolean replaced = FALSE;

		for (gsize i = 0; changes[i]; i++)
			replaced |= strncmp(*before, changes[i], length) == 0;
		if (!replaced)
			g_strv_builder_add(builder, *before);
	}
	for (; *changes; changes++) {
		if (!g_str_has_suffix(*changes, "="))
			g_strv_builder_add(builder, *changes);
	}
	return g_strv_builder_end(builder);
}

gboolean vks_set_policy(Vks *vks, const char *name, const char *const *settings, GError **error)
{
	g_autoptr(VksSession) session = vks_session_lock(vks, name, "policy", 0, error);
	g_autoptr(GError) cause = NULL;
	char **merged;

	if (!session)
		return FALSE;
	for (gsize i = 0; settings[i]; i++) {
		if (check_setting(settings[i], &cause))
			continue;
		g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
			    "%s; nothing was changed; see the settings with: vksession policy %s",
			    cause->message, name);
		return FALSE;
	}
	merged = merge_settings(session->record->settings, settings);
	g_strfreev(session->record->settings);
	session->record->settings = merged;
	if (vks_record_store(session->record, session->record_path, &cause))
		return TRUE;
	vks_error_complete(error, g_steal_pointer(&cause),
			   "nothing was changed; make room or check the store");
	return FALSE;
}
