/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   notice - The watch tells that something of a session changed, or a job has touched it. What
 *            comes within a moment is one change.
 *   look   - In a thread, one session at a time (see view.c). What changes meanwhile makes it look
 *            again.
 *   show   - In the main loop: the object is made, its properties are set (GDBus sends only those
 *            that differ), or it goes with its session.
 */
#include "vksession/daemon/registry.h"

#include "vksession/daemon/bus.h"
#include "vksession/daemon/session-bus.h"
#include "vksession/daemon/watch.h"
#include "vksession/session.h"

#define LOOK_DELAY_MS 50u
/* What costs nothing to notice is noticed at once; memory in use and work done have no event. */
#define LOOK_AGAIN_S  15u

struct Registry {
	Daemon *daemon;
	Watch *watch;
	GThreadPool *lookers;
	GHashTable *entries; /* name -> Entry */
	guint periodic_source;
};

/** A name that is or may be a session. */
typedef struct {
	Registry *registry;
	char *name;
	VksBusObjectSkeleton *object; /* NULL: not shown */
	gint64 shown_us;	      /* when what is shown was looked at */
	guint last_save;	      /* that is shown */
	AutosaveFacts facts;
	char *activity;	     /* of our own jobs; NULL or "": none */
	char *seen_activity; /* of others */
	gboolean running;
	gboolean looking, look_again;
	guint look_source;
} Entry;

static void hide(Entry *entry)
{
	GDBusObjectManagerServer *objects = entry->registry->daemon->objects;
	g_autofree char *path = NULL;

	if (!entry->object)
		return;
	path = vks_bus_session_path(entry->name);
	g_dbus_object_manager_server_unexport(objects, path);
	g_clear_object(&entry->object);
	entry->running = FALSE;
}

static void entry_free(gpointer data)
{
	Entry *entry = data;

	g_clear_handle_id(&entry->look_source, g_source_remove);
	hide(entry);
	g_free(entry->activity);
	g_free(entry->seen_activity);
	g_free(entry->name);
	g_free(entry);
}

static Entry *get_entry(Registry *registry, const char *name)
{
	Entry *entry = g_hash_table_lookup(registry->entries, name);

	if (entry)
		return entry;
	entry = g_new0(Entry, 1);
	entry->registry = registry;
	entry->name = g_strdup(name);
	g_hash_table_insert(registry->entries, entry->name, entry);
	return entry;
}

/* --- show --- */

static void show_activity(Entry *entry)
{
	const char *activity = entry->activity && *entry->activity ? entry->activity
								   : entry->seen_activity;

	if (entry->object)
		session_bus_set_activity(entry->object, activity ? activity : "");
}

/* The monotonic time of the last save, as far as the other clock tells it. */
static gint64 time_of_save(const View *view)
{
	gint64 age_us = g_get_real_time() - view->info->last_save_us;

	return view->looked_us - (view->info->last_save_us ? MAX(age_us, 0) : 0);
}

static void note_facts(Entry *entry, const View *view)
{
	AutosaveFacts *facts = &entry->facts;
	gboolean saved = entry->running && entry->last_save != view->info->last_save;

	if (view->state != VKS_STATE_RUNNING) {
		*facts = (AutosaveFacts){ 0 };
		return;
	}
	if (!entry->running)
		facts->since_us = time_of_save(view);
	autosave_note(facts, view->looked_us, view->work_us, saved);
	entry->last_save = view->info->last_save;
}

static void show_session(Entry *entry, const View *view)
{
	Registry *registry = entry->registry;
	gboolean is_new = entry->object == NULL;

	if (is_new)
		entry->object = session_bus_new(registry->daemon, entry->name);
	session_bus_show(entry->object, view);
	g_free(entry->seen_activity);
	entry->seen_activity = g_strdup(view->activity);
	show_activity(entry);
	note_facts(entry, view);
	entry->running = view->state == VKS_STATE_RUNNING;
	session_bus_set_unsaved(entry->object,
				entry->running && (view->info->n_saves == 0 ||
						   autosave_has_changes(&entry->facts)));
	if (is_new)
		g_dbus_object_manager_server_export(registry->daemon->objects,
						    G_DBUS_OBJECT_SKELETON(entry->object));
	watch_add_process(registry->watch, entry->name, view->launcher_pid);
	watch_add_process(registry->watch, entry->name, view->viewer_pid);
}

static void show_view(Registry *registry, const View *view)
{
	Entry *entry = get_entry(registry, view->name);

	if (view->looked_us < entry->shown_us)
		return;
	entry->shown_us = view->looked_us;
	if (view->info) {
		show_session(entry, view);
		return;
	}
	hide(entry);
	/* While a look or work is under way somebody will come back to the entry. */
	if (!entry->looking && !entry->look_source && !(entry->activity && *entry->activity))
		g_hash_table_remove(registry->entries, entry->name);
}

void registry_show(Registry *registry, View *view)
{
	show_view(registry, view);
	view_free(view);
}

/* --- look --- */

static void start_look(Entry *entry);

static gboolean take_view(gpointer user_data)
{
	/* The registry travels beside: a view knows nothing of it. */
	gpointer *pair = user_data;
	Registry *registry = pair[0];
	View *view = pair[1];
	Entry *entry = get_entry(registry, view->name);

	g_free(pair);
	entry->looking = FALSE;
	if (entry->look_again)
		start_look(entry);
	registry_show(registry, view);
	return G_SOURCE_REMOVE;
}

static void look(gpointer data, gpointer user_data)
{
	Registry *registry = user_data;
	g_autofree char *name = data;
	gpointer *pair = g_new(gpointer, 2);

	pair[0] = registry;
	pair[1] = view_new(registry->daemon->vks, name);
	g_idle_add_full(G_PRIORITY_DEFAULT, take_view, pair, NULL);
}

static void start_look(Entry *entry)
{
	Registry *registry = entry->registry;

	entry->look_again = entry->looking;
	if (entry->looking || !registry->watch)
		return;
	entry->looking = TRUE;
	/* Before looking: what changes between the two is noticed. */
	watch_add_session(registry->watch, entry->name);
	g_thread_pool_push(registry->lookers, g_strdup(entry->name), NULL);
}

static gboolean look_now(gpointer user_data)
{
	Entry *entry = user_data;

	entry->look_source = 0;
	start_look(entry);
	return G_SOURCE_REMOVE;
}

static void look_soon(Entry *entry)
{
	if (!entry->look_source)
		entry->look_source = g_timeout_add(LOOK_DELAY_MS, look_now, entry);
}

void registry_look(Registry *registry, const char *name)
{
	g_autoptr(GPtrArray) names = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GList) known = NULL;

	if (name) {
		if (vks_check_name(name, NULL))
			look_soon(get_entry(registry, name));
		return;
	}
	names = vks_session_names(registry->daemon->vks, &error);
	if (!names)
		g_warning("%s, ignoring", error->message);
	for (guint i = 0; names && i < names->len; i++)
		look_soon(get_entry(registry, names->pdata[i]));
	known = g_hash_table_get_values(registry->entries);
	for (GList *link = known; link; link = link->next)
		look_soon(link->data);
}

static void on_change(const char *name, gpointer user_data)
{
	registry_look(user_data, name);
}

static gboolean look_periodically(gpointer user_data)
{
	Registry *registry = user_data;
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, registry->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		if (((Entry *)value)->running)
			look_soon(value);
	}
	return G_SOURCE_CONTINUE;
}

char **registry_adopt(Registry *registry)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) names = vks_session_names(registry->daemon->vks, &error);
	g_autoptr(GStrvBuilder) running = g_strv_builder_new();

	if (!names)
		g_warning("%s, ignoring", error->message);
	for (guint i = 0; names && i < names->len; i++) {
		View *view;

		watch_add_session(registry->watch, names->pdata[i]);
		view = view_new(registry->daemon->vks, names->pdata[i]);
		if (view->info && view->info->state == VKS_STATE_RUNNING)
			g_strv_builder_add(running, names->pdata[i]);
		registry_show(registry, view);
	}
	return g_strv_builder_end(running);
}

/* --- the rest --- */

Registry *registry_new(Daemon *daemon, GError **error)
{
	Registry *registry = g_new0(Registry, 1);

	registry->daemon = daemon;
	registry->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
	registry->watch = watch_new(daemon->vks->store_dir, daemon->vks->runtime_dir, on_change,
				    registry, error);
	if (!registry->watch) {
		registry_free(registry);
		return NULL;
	}
	registry->lookers = g_thread_pool_new(look, registry, 1, FALSE, NULL);
	registry->periodic_source =
		g_timeout_add_seconds(LOOK_AGAIN_S, look_periodically, registry);
	g_strfreev(registry_adopt(registry));
	return registry;
}

static gboolean is_looking(Registry *registry)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, registry->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		if (((Entry *)value)->looking)
			return TRUE;
	}
	return FALSE;
}

void registry_free(Registry *registry)
{
	if (!registry)
		return;
	g_clear_handle_id(&registry->periodic_source, g_source_remove);
	g_clear_pointer(&registry->watch, watch_free);
	while (is_looking(registry))
		g_main_context_iteration(NULL, TRUE);
	if (registry->lookers)
		g_thread_pool_free(registry->lookers, FALSE, TRUE);
	g_hash_table_unref(registry->entries);
	g_free(registry);
}

void registry_set_activity(Registry *registry, const char *name, const char *activity)
{
	Entry *entry = *activity ? get_entry(registry, name)
				 : g_hash_table_lookup(registry->entries, name);

	if (!entry)
		return;
	g_free(entry->activity);
	entry->activity = g_strdup(activity);
	show_activity(entry);
}

void registry_flush(Registry *registry, const char *name)
{
	Entry *entry = g_hash_table_lookup(registry->entries, name);

	if (entry && entry->object)
		g_dbus_object_skeleton_flush(G_DBUS_OBJECT_SKELETON(entry->object));
}

GPtrArray *registry_list_running(const Registry *registry)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, registry->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Entry *entry = value;

		if (entry->running)
			g_ptr_array_add(names, g_strdup(entry->name));
	}
	return names;
}

const AutosaveFacts *registry_get_facts(const Registry *registry, const char *name)
{
	const Entry *entry = g_hash_table_lookup(registry->entries, name);

	return entry && entry->running ? &entry->facts : NULL;
}

void registry_note_try(Registry *registry, const char *name)
{
	Entry *entry = g_hash_table_lookup(registry->entries, name);

	if (entry)
		entry->facts.since_us = g_get_monotonic_time();
}
