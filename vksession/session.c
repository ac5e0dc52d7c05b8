/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/session.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/activity.h"
#include "vksession/disks.h"
#include "vksession/durable.h"
#include "vksession/encryption.h"
#include "vksession/environment.h"
#include "vksession/lock.h"
#include "vksession/machine.h"
#include "vksession/staging.h"
#include "vksession/store.h"

#define KILL_TIMEOUT_MS	  10000u
#define VIEWER_TIMEOUT_MS 10000u
/* A session's further locks; ':' is in no name of a session. */
#define LOCK_SAVES	  ":saves"
#define LOCK_BACKGROUND	  ":prune"
#define DROP_PREFIX	  ".drop-"
#define SHRED_PREFIX	  ".shred-"
#define GRAVE		  "session"

static void set_log_paths(VksSession *session, const char *dir)
{
	g_free(session->log_path);
	g_free(session->report_path);
	g_free(session->viewer_log_path);
	session->log_path = g_build_filename(dir, "log", NULL);
	session->report_path = g_build_filename(dir, "thaw-report.json", NULL);
	session->viewer_log_path = g_build_filename(dir, "viewer.log", NULL);
}

gboolean vks_session_place_logs(VksSession *session, gboolean in_memory, GError **error)
{
	set_log_paths(session, in_memory ? session->memory_dir : session->dir);
	return !in_memory || vks_memory_dir_ensure(session->memory_dir, error);
}

static VksSession *session_new(Vks *vks, const char *name)
{
	VksSession *session = g_new0(VksSession, 1);

	session->vks = vks;
	session->backend = vks->backend;
	session->lock_fd = -1;
	session->name = g_strdup(name);
	session->dir = g_build_filename(vks->store_dir, name, NULL);
	session->saves_dir = g_build_filename(session->dir, "saves", NULL);
	session->record_path = g_build_filename(session->dir, "session.json", NULL);
	set_log_paths(session, session->dir);
	session->run_dir = g_build_filename(vks->runtime_dir, name, NULL);
	session->import_dir = g_strdup_printf("%s/.import-%s", vks->store_dir, name);
	session->memory_dir = vks_memory_dir(session->dir, ".session");
	return session;
}

void vks_session_free(VksSession *session)
{
	if (!session)
		return;
	if (session->lock_fd >= 0)
		close(session->lock_fd);
	vks_record_free(session->record);
	g_free(session->name);
	g_free(session->dir);
	g_free(session->saves_dir);
	g_free(session->record_path);
	g_free(session->log_path);
	g_free(session->viewer_log_path);
	g_free(session->report_path);
	g_free(session->run_dir);
	g_free(session->import_dir);
	g_free(session->memory_dir);
	g_free(session->key_path);
	vks_sealing_unref(session->sealing);
	g_free(session);
}

static gboolean directory_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static gboolean has_saves(const VksSession *session)
{
	g_autoptr(GArray) numbers = vks_store_numbers(session->saves_dir, NULL);

	return numbers && numbers->len > 0;
}

/* A session.json that is lost or damaged must not cost the saves: they know enough. */
static VksRecord *record_from_saves(const VksSession *session)
{
	g_autoptr(GArray) numbers = vks_store_numbers(session->saves_dir, NULL);

	for (guint i = numbers ? numbers->len : 0; i > 0; i--) {
		guint number = g_array_index(numbers, guint, i - 1);
		g_autoptr(VksManifest) manifest = vks_store_load(session->saves_dir, number, NULL);
		VksRecord *record;

		if (!manifest)
			continue;
		record = vks_record_new();
		g_free(record->id);
		record->id = g_strdup(manifest->session_id);
		record->created_us = manifest->utc_us;
		record->memory_bytes = manifest->memory_bytes;
		record->cpus = manifest->cpus;
		record->network = manifest->network;
		g_strfreev(record->private_dirs);
		if (manifest->private_dirs)
			record->private_dirs = g_strdupv(manifest->private_dirs);
		else
			record->private_dirs = g_new0(char *, 1);
		g_strfreev(record->disks);
		record->disks = vks_disks_of_save(manifest);
		record->running = !manifest->stopped;
		record->base = number;
		g_free(record->run_id);
		record->run_id = g_strdup(manifest->run_id);
		g_free(record->kernel_hash);
		record->kernel_hash = g_strdup(manifest->kernel_hash);
		return record;
	}
	return NULL;
}

/* Reads the record. A session is there if it has one, or saves. */
static gboolean load_record(VksSession *session, VksSessionFlags flags, GError **error)
{
	g_autoptr(GError) cause = NULL;
	gboolean absent;

	session->record = vks_record_load(session->record_path, &cause);
	if (session->record)
		return TRUE;
	absent = g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
	if (absent || g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
		session->record = record_from_saves(session);
	if (session->record)
		return TRUE;
	if (absent && !has_saves(session)) {
		if (flags & VKS_SESSION_MAY_BE_NEW)
			return TRUE;
		g_set_error(error, VKS_ERROR, VKS_ERROR_NOT_FOUND,
			    "there is no session %s; nothing was done; see those that there are "
			    "with: vksession list",
			    session->name);
		return FALSE;
	}
	if (flags & VKS_SESSION_RECORD_OPTIONAL)
		return TRUE;
	vks_error_complete(error, g_steal_pointer(&cause),
			   "nothing was done; remove the session with: vksession drop %s",
			   session->name);
	return FALSE;
}

void vks_session_refresh(VksSession *session)
{
	session->running = session->backend->get_status(session->run_dir, &session->status);
}

static VksSession *session_load(VksSession *session, VksSessionFlags flags, GError **error)
{
	g_autoptr(VksSession) owned = session;
	g_autoptr(GError) cause = NULL;

	if (directory_exists(session->dir) && !vks_private_dir_ensure(session->dir, &cause)) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was done; check who put it there");
		return NULL;
	}
	if (!load_record(session, flags, error))
		return NULL;
	vks_session_refresh(session);
	vks_session_look_for_key(session);
	if (session->encryption && !vks_session_place_logs(session, TRUE, &cause)) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was done; see what is missing with: vksession doctor");
		return NULL;
	}
	return g_steal_pointer(&owned);
}

VksSession *vks_session_find(Vks *vks, const char *name, VksSessionFlags flags, GError **error)
{
	if (!vks_check_name(name, error))
		return NULL;
	return session_load(session_new(vks, name), flags, error);
}

VksManifest *vks_session_newest(const VksSession *session)
{
	g_autoptr(GArray) numbers = vks_store_numbers(session->saves_dir, NULL);

	if (!numbers || numbers->len == 0)
		return NULL;
	return vks_store_load(session->saves_dir, g_array_index(numbers, guint, numbers->len - 1),
			      NULL);
}

/* Whether the newest save was meant to be the end of the run that the record is of. */
static gboolean ended_by_save(const VksSession *session)
{
	g_autoptr(VksManifest) newest = vks_session_newest(session);

	return newest && session->record && newest->stopped &&
	       strcmp(newest->run_id, session->record->run_id) == 0;
}

guint64 vks_session_cpu_us(const VksSession *session)
{
	g_autoptr(GArray) pids = vks_process_tree(session->status.launcher_pid);

	return vks_processes_cpu_us(pids);
}

/* A vkernel that was killed a moment ago: its launcher is about to see that, and to end. */
static gboolean vkernel_is_dead(const VksSession *session)
{
	return session->running && session->status.vkernel_pid > 0 &&
	       !vks_process_is_alive(session->status.vkernel_pid);
}

VksState vks_session_state(const VksSession *session)
{
	if (session->running && !vkernel_is_dead(session))
		return VKS_STATE_RUNNING;
	if (ended_by_save(session))
		return VKS_STATE_SAVED;
	return session->record && session->record->running ? VKS_STATE_CRASHED : VKS_STATE_STOPPED;
}

const char *vks_state_name(VksState state)
{
	static const char *const names[] = {
		[VKS_STATE_RUNNING] = "running",
		[VKS_STATE_SAVED] = "saved",
		[VKS_STATE_CRASHED] = "crashed",
		[VKS_STATE_STOPPED] = "stopped",
	};

	return names[state];
}

/*
 * Nobody else is at work on the session, so what looks unfinished was interrupted. A save that was
 * to end the session and was published is carried through; otherwise a held guest goes on, and one
 * that was thawed a moment ago has its memory for itself from then on. What can't be put right here
 * is no error: the operation itself will meet it, or (stop) does not mind.
 */
static void recover(VksSession *session)
{
	if (vkernel_is_dead(session)) {
		session->backend->wait_gone(session->run_dir, KILL_TIMEOUT_MS, NULL);
		vks_session_refresh(session);
	}
	vks_store_clean(session->saves_dir, NULL);
	vks_store_clean(session->dir, NULL);
	vks_tree_remove(session->import_dir, NULL);
	vks_staging_clean(session->saves_dir);
	if (!session->running) {
		/* A thaw that did not get further than its viewer, or a run that crashed. */
		vks_session_forget_key(session);
		vks_disks_discard(session);
		session->backend->viewer_stop(session->run_dir, VIEWER_TIMEOUT_MS, NULL);
		return;
	}
	if (ended_by_save(session))
		vks_session_end(session, NULL);
	else
		session->reads_save = !session->backend->go(session->run_dir, NULL);
	vks_session_refresh(session);
}

static char *lock_path(Vks *vks, const char *name, const char *which)
{
	g_autofree char *file = g_strdup_printf("%s%s", name, which);

	return g_build_filename(vks->store_dir, ".locks", file, NULL);
}

int vks_session_lock_background(Vks *vks, const char *name, GError **error)
{
	g_autoptr(VksSession) session = vks_session_find(vks, name, 0, error);
	g_autofree char *path = lock_path(vks, name, LOCK_BACKGROUND);
	g_autoptr(GError) cause = NULL;
	int fd = session ? vks_lock_take(path, "prune", TRUE, &cause) : -1;

	if (cause)
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was changed; check the store");
	return fd;
}

gboolean vks_session_background_is_awaited(Vks *vks, const char *name)
{
	g_autofree char *path = lock_path(vks, name, LOCK_BACKGROUND);

	return vks_lock_is_awaited(path);
}

/* As vks_lock_take() without waiting, but those who work in the background are waited for. */
static int take_lock(Vks *vks, const char *name, const char *holder, VksSessionFlags flags,
		     GError **error)
{
	g_autofree char *path = lock_path(vks, name, "");
	g_autofree char *background_path = lock_path(vks, name, LOCK_BACKGROUND);
	g_autoptr(GError) cause = NULL;
	int fd = vks_lock_take(path, holder, flags & VKS_SESSION_WAIT, &cause);
	autofd background = -1;

	/* One that is in the background itself would wait for itself. */
	if (fd < 0 && !(flags & (VKS_SESSION_BACKGROUND | VKS_SESSION_ASIDE)) &&
	    g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_BUSY)) {
		g_clear_error(&cause);
		background = vks_lock_share(background_path, holder, &cause);
		if (background >= 0)
			fd = vks_lock_take(path, holder, FALSE, &cause);
	}
	if (fd < 0)
		g_propagate_error(error, g_steal_pointer(&cause));
	return fd;
}

VksSession *vks_session_lock(Vks *vks, const char *name, const char *holder, VksSessionFlags flags,
			     GError **error)
{
	g_autoptr(VksSession) session = NULL;
	g_autoptr(GError) cause = NULL;

	/* So that a name that was never used leaves no lock file. */
	session = vks_session_find(vks, name, flags, error);
	if (!session)
		return NULL;
	g_clear_pointer(&session, vks_session_free);
	session = session_new(vks, name);
	session->lock_fd = take_lock(vks, name, holder, flags, &cause);
	if (session->lock_fd < 0) {
		g_prefix_error(&cause, "session %s: ", name);
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was changed; try again when it is done");
		return NULL;
	}
	session = session_load(g_steal_pointer(&session), flags, error);
	if (session)
		recover(session);
	return g_steal_pointer(&session);
}

int vks_session_lock_saves(const VksSession *session, const char *holder, gboolean exclusive,
			   GError **error)
{
	g_autofree char *path = lock_path(session->vks, session->name, LOCK_SAVES);

	return exclusive ? vks_lock_take(path, holder, FALSE, error)
			 : vks_lock_share(path, holder, error);
}

gboolean vks_session_policy(const VksSession *session, VksPolicy *policy, GError **error)
{
	g_autofree char *path = vks_policy_path();
	VksPolicy found;

	vks_policy_init(policy);
	vks_policy_init(&found);
	if (!vks_policy_load_file(&found, path, error))
		return FALSE;
	for (char **text = session->record ? session->record->settings : NULL; text && *text;
	     text++) {
		g_auto(GStrv) pair = g_strsplit(*text, "=", 2);

		if (!pair[0] || !pair[1] || !vks_policy_set(&found, pair[0], pair[1], error)) {
			if (error && !*error)
				g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
					    "\"%s\" is no setting", *text);
			return FALSE;
		}
	}
	*policy = found;
	return TRUE;
}

gboolean vks_session_need_running(const VksSession *session, GError **error)
{
	if (session->running)
		return TRUE;
	if (has_saves(session))
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s is not running; its saves are untouched; start it from the "
			    "last one with: vksession thaw %s",
			    session->name, session->name);
	else
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s is not running; nothing was changed; start a program in it "
			    "with: vksession run -s %s PROGRAM",
			    session->name, session->name);
	return FALSE;
}

gboolean vks_session_set_no_save(const VksSession *session, guint number, GError **error)
{
	g_set_error(error, VKS_ERROR, VKS_ERROR_NOT_FOUND,
		    "session %s has no save %u; nothing was changed; see those that it has with: "
		    "vksession saves %s",
		    session->name, number, session->name);
	return FALSE;
}

gboolean vks_session_need_display(const char *display, gboolean detach, GError **error)
{
	if (detach || (display && *display))
		return TRUE;
	g_set_error(error, VKS_ERROR, VKS_ERROR_UNSUPPORTED,
		    "there is no X display to show windows on (DISPLAY is not set); nothing was "
		    "changed; set DISPLAY, or leave the session without windows with --detach");
	return FALSE;
}

gboolean vks_session_show(const VksSession *session, const char *display,
			  const char *const *environment, GError **error)
{
	g_auto(GStrv) surroundings = vks_environment_of_viewer(environment);
	g_autoptr(GError) cause = NULL;

	if (session->backend->viewer_start(session->run_dir, session->name, display,
					   (const char *const *)surroundings, NULL,
					   session->viewer_log_path, &cause))
		return TRUE;
	if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_EXISTS)) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s is shown already; nothing was changed; take it from where "
			    "it is with: vksession detach %s",
			    session->name, session->name);
		return FALSE;
	}
	vks_error_complete(error, g_steal_pointer(&cause),
			   "programs and saves are untouched; see what is missing with: "
			   "vksession doctor");
	return FALSE;
}

gboolean vks_session_end(const VksSession *session, GError **error)
{
	const VksBackend *backend = session->backend;
	VkLauncherStatus status;

	/* The viewer last: its end is no news to anyone, a vkernel left over would be. */
	gboolean ok = !backend->get_status(session->run_dir, &status) ||
		      backend->kill(session->run_dir, KILL_TIMEOUT_MS, error);

	if (!backend->viewer_stop(session->run_dir, VIEWER_TIMEOUT_MS, ok ? error : NULL))
		ok = FALSE;
	/* What is left there is of this run, and must not be taken for that of the next. */
	if (ok) {
		vks_tree_remove(session->run_dir, NULL);
		vks_session_forget_key(session);
		vks_disks_discard(session);
	}
	return ok;
}

/* Moves a session to a grave in the store, from where it is removed at leisure. */
static gboolean bury(const VksSession *session, const char *grave, GError **error)
{
	g_autofree char *inside = g_build_filename(grave, GRAVE, NULL);

	if (vks_rename_new(session->dir, inside, error))
		return vks_path_sync(session->vks->store_dir, error);
	rmdir(grave);
	return FALSE;
}

gboolean vks_session_erase(const VksSession *session, gboolean shred, GError **error)
{
	g_autofree char *grave = g_strdup_printf("%s/%sXXXXXX", session->vks->store_dir,
						 shred ? SHRED_PREFIX : DROP_PREFIX);
	static const char *const locks[] = { "", LOCK_SAVES, LOCK_BACKGROUND };
	g_autofree char *inside = NULL;
	/* Keeps the grave from those who remove what others left behind. */
	autofd store_lock = vks_store_lock(session->vks, error);

	if (store_lock < 0)
		return FALSE;
	if (!g_mkdtemp_full(grave, 0700)) {
		vks_error_errno(error, errno, "cannot make a directory in %s",
				session->vks->store_dir);
		return FALSE;
	}
	if (!bury(session, grave, error))
		return FALSE;
	inside = g_build_filename(grave, GRAVE, NULL);
	/* Without its key, what an encrypted session leaves is noise: no need to write over it. */
	if (!vks_session_destroy_key(session, inside, error))
		return FALSE;
	shred = shred && (!session->encryption || session->changing);
	for (gsize i = 0; i < G_N_ELEMENTS(locks); i++) {
		g_autofree char *lock = lock_path(session->vks, session->name, locks[i]);

		unlink(lock);
	}
	vks_staging_clean(session->saves_dir);
	vks_tree_remove(session->memory_dir, NULL);
	return (shred ? vks_tree_shred(grave, error) : vks_tree_remove(grave, error)) &&
	       vks_tree_remove(session->run_dir, error);
}

void vks_session_clean_graves(Vks *vks)
{
	g_autoptr(GPtrArray) names = vks_dir_names(vks->store_dir, NULL);

	for (guint i = 0; names && i < names->len; i++) {
		g_autofree char *path = g_build_filename(vks->store_dir, names->pdata[i], NULL);

		if (g_str_has_prefix(names->pdata[i], DROP_PREFIX))
			vks_tree_remove(path, NULL);
		else if (g_str_has_prefix(names->pdata[i], SHRED_PREFIX))
			vks_tree_shred(path, NULL);
	}
}

/* A directory is that of a session if it has a record, or saves. */
static gboolean is_session(Vks *vks, const char *name, gboolean *is, GError **error)
{
	g_autoptr(VksSession) session = session_new(vks, name);
	g_autoptr(GArray) numbers = NULL;
	struct stat st;

	if (!vks_dir_exists(session->dir, is, error))
		return FALSE;
	if (!*is || lstat(session->record_path, &st) == 0)
		return TRUE;
	numbers = vks_store_numbers(session->saves_dir, error);
	*is = numbers && numbers->len > 0;
	return numbers != NULL;
}

GPtrArray *vks_session_names(Vks *vks, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) entries = vks_dir_names(vks->store_dir, error);

	if (!entries)
		return NULL;
	for (guint i = 0; i < entries->len; i++) {
		const char *name = entries->pdata[i];
		gboolean is = FALSE;

		if (!vks_check_name(name, NULL))
			continue;
		if (!is_session(vks, name, &is, error))
			return NULL;
		if (is)
			g_ptr_array_add(names, g_strdup(name));
	}
	return g_steal_pointer(&names);
}

void vks_control_report(const VksControl *control, const char *stage, guint64 done, guint64 total)
{
	if (control && control->progress)
		control->progress(stage, done, total, control->user_data);
}

GCancellable *vks_control_cancellable(const VksControl *control)
{
	return control ? control->cancellable : NULL;
}
