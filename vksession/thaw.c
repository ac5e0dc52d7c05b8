/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   choose save   - The one asked for, or the newest. A damaged newest one is an error that names
 *                   the good ones; nobody is given an old state without having asked for it.
 *   unlock        - The key of an encrypted session is had from where it is kept, or asked for.
 *   check disks   - Images that the session has as disks are those of the save (see disks.c).
 *   check machine - Processor, memory and kernel that the save needs, by its manifest and image.
 *   show          - The viewer takes longest to start, so it is started first; it waits.
 *   check content - Every byte of the save is compared with its checksum. A memory that lies in
 *                   several saves, or is encrypted, is put together in a private directory for it,
 *                   in memory if there is room (an encrypted one nowhere else); what is compared is
 *                   the result.
 *   start guest   - The vkernel reads the save, with kept copies in the place of programs and
 *                   libraries that were replaced on the host; then the guest is told the time, and
 *                   what has changed on the host is written down.
 *   undo          - Whatever fails: viewer and vkernel are ended, the record is as before.
 *
 * With quick-thaw (vksession.conf(5)) the vkernel does not copy the memory before the guest runs:
 * it maps the file privately, and copies it while the guest runs, 50 MB in a second. For that long
 * it reads from the save, after the check. So:
 *
 *   - The guest can't change the file. It may be removed, with the save or with the directory that
 *     it was put together in: the mapping keeps it. Nobody may write to it. Those who do that to
 *     files of saves, consolidate.c and shredding, wait for the copy (reads_save in session.h).
 *   - The next save copies what is left first.
 *   - A server or a program that a file system depends on may go away, or give something else for
 *     the same page: from such a one the memory is copied first.
 *   - If the disk does not give a page again that it gave for the check, the vkernel ends, as any
 *     program whose file can't be read (SIGBUS). What was done since the thaw, some seconds, is
 *     lost. The save is not: nothing was written to it, and the policy keeps it until the session
 *     has another one, which takes the whole copy. With the memory copied first, the same error
 *     would have refused the thaw.
 */
#include <string.h>

#include "vksession/activity.h"
#include "vksession/changes.h"
#include "vksession/disks.h"
#include "vksession/durable.h"
#include "vksession/image-fit.h"
#include "vksession/kernels.h"
#include "vksession/machine.h"
#include "vksession/encryption.h"
#include "vksession/operations.h"
#include "vksession/parts.h"
#include "vksession/staging.h"
#include "vksession/store.h"

/* So many intact saves are enough to know about when one is damaged. */
#define ENOUGH_INTACT	 3u
#define MAX_LAYOUT_BYTES (4u << 20)
#define MAX_REPORT_BYTES (64u << 20)
/* In the runtime directory: links to the copies that the vkernel is to use. */
#define PINS_DIR	 "pins"

/** One thaw under way. */
typedef struct {
	VksSession *session;
	const VksThawOptions *options;
	const VksControl *control;
	guint number;
	VksManifest *manifest;
	char *kernel;
	VksImage *image;
	guint64 verify_us;
	VksThawReport *report; /* what has changed on the host */
	VksStaging *composed;  /* NULL: the save can be read where it is */
} Thaw;

/* "saves 3, 2 are intact; use one with ...", after reading them whole. */
static char *describe_others(const Thaw *thaw)
{
	const char *saves_dir = thaw->session->saves_dir;
	g_autoptr(GArray) numbers = vks_store_numbers(saves_dir, NULL);
	g_autoptr(GString) list = g_string_new(NULL);
	guint intact = 0, newest = 0;

	for (guint i = numbers ? numbers->len : 0; i > 0 && intact < ENOUGH_INTACT; i--) {
		guint number = g_array_index(numbers, guint, i - 1);
		g_autoptr(VksManifest) manifest = NULL;

		if (number == thaw->number)
			continue;
		manifest = vks_store_load(saves_dir, number, NULL);
		if (!manifest || !vks_session_unlock_save(thaw->session, manifest, NULL) ||
		    !vks_store_verify(saves_dir, manifest, NULL, NULL,
				      vks_control_cancellable(thaw->control), NULL))
			continue;
		g_string_append_printf(list, "%s%u", intact ? ", " : "", number);
		newest = intact++ ? newest : number;
	}
	if (intact == 0)
		return g_strdup_printf("no other save is intact; see: vksession verify %s",
				       thaw->session->name);
	return g_strdup_printf("save%s %s %s intact; try: vksession thaw %s --save %u",
			       intact > 1 ? "s" : "", list->str, intact > 1 ? "are" : "is",
			       thaw->session->name, newest);
}

/* Turns a low-level INVALID_DATA about the chosen save into the error for the user. */
static void set_damaged(const Thaw *thaw, GError *cause, GError **error)
{
	g_autofree char *others = NULL;
	char *what;

	if (vks_error_code(cause) != VKS_ERROR_DAMAGED || cause->domain == VKS_ERROR) {
		vks_error_complete(
			error, cause,
			"nothing is left running and saves are untouched; see: vksession "
			"log %s, or: vksession doctor",
			thaw->session->name);
		return;
	}
	others = describe_others(thaw);
	what = g_strdup_printf("save %u is damaged (%s)", thaw->number, cause->message);
	g_free(cause->message);
	cause->message = what;
	vks_error_complete(error, cause, "%s", others);
}

/*
 * The newest. One that a rollback made for the way back is not what the person wanted last: that is
 * the save that was gone back to, as long as nothing was saved since. If the rollback did not come
 * that far, the run that it saved is still the last one.
 */
static guint newest_wanted(const VksSession *session, const GArray *numbers)
{
	guint newest = g_array_index(numbers, guint, numbers->len - 1);
	g_autoptr(VksManifest) manifest = vks_store_load(session->saves_dir, newest, NULL);
	const VksRecord *record = session->record;

	if (!manifest || !record || strcmp(manifest->reason, VKS_REASON_ROLLBACK) != 0 ||
	    strcmp(manifest->run_id, record->run_id) == 0)
		return newest;
	for (guint i = 0; i < numbers->len; i++) {
		if (g_array_index(numbers, guint, i) == record->base)
			return record->base;
	}
	return newest;
}

static gboolean choose_save(Thaw *thaw, GError **error)
{
	VksSession *session = thaw->session;
	g_autoptr(GArray) numbers = vks_store_numbers(session->saves_dir, NULL);
	g_autoptr(GError) cause = NULL;

	if (!numbers || numbers->len == 0) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_NOT_FOUND,
			    "session %s has no saves; nothing was changed; start a program in it "
			    "with: vksession run -s %s PROGRAM",
			    session->name, session->name);
		return FALSE;
	}
	thaw->number = thaw->options->number;
	if (thaw->number == 0)
		thaw->number = newest_wanted(session, numbers);
	thaw->manifest = vks_store_load(session->saves_dir, thaw->number, &cause);
	if (thaw->manifest)
		return TRUE;
	if (!g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
		set_damaged(thaw, g_steal_pointer(&cause), error);
		return FALSE;
	}
	return vks_session_set_no_save(session, thaw->number, error);
}

static gboolean unlock(Thaw *thaw, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (vks_session_unlock_save(thaw->session, thaw->manifest, &cause))
		return TRUE;
	set_damaged(thaw, g_steal_pointer(&cause), error);
	return FALSE;
}

static gboolean check_machine(Thaw *thaw, GError **error)
{
	g_auto(GStrv) present = vks_cpu_features();
	g_autofree char *missing = vks_missing_features(thaw->manifest->cpu_features, present);
	g_autoptr(GError) cause = NULL;

	if (missing) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_UNSUPPORTED,
			    "this machine's processor lacks %s, which save %u needs; the save is "
			    "untouched; thaw it on a machine that has them",
			    missing, thaw->number);
		return FALSE;
	}
	thaw->kernel =
		vks_kernels_get(thaw->session->vks->store_dir, thaw->manifest->kernel_hash, &cause);
	if (thaw->kernel)
		thaw->image = vks_image_fit(thaw->session->saves_dir, thaw->manifest, thaw->kernel,
					    &cause);
	if (thaw->image)
		return TRUE;
	set_damaged(thaw, g_steal_pointer(&cause), error);
	return FALSE;
}

/*
 * What is of the viewer goes to where it looks for it, so that it is known also to a viewer that is
 * attached later, and to the next save if none is.
 */
static gboolean place_part(const Thaw *thaw, const char *name, GError **error)
{
	g_autofree char *dir = NULL, *placed = NULL, *content = NULL;
	gsize length = 0;

	if (!vks_manifest_part(thaw->manifest, name))
		return TRUE;
	dir = vks_store_path(thaw->session->saves_dir, thaw->number, NULL);
	placed = g_build_filename(thaw->session->run_dir, name, NULL);
	content = vks_part_get(dir, thaw->manifest, name, MAX_LAYOUT_BYTES, &length, error);
	return content && vks_file_replace(placed, content, length, error);
}

static gboolean place_layout(const Thaw *thaw, GError **error)
{
	return vks_private_dir_ensure(thaw->session->run_dir, error) &&
	       place_part(thaw, VKS_PART_LAYOUT, error) &&
	       place_part(thaw, VKS_PART_THUMBNAIL, error);
}

static gboolean show(const Thaw *thaw, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (!place_layout(thaw, &cause)) {
		set_damaged(thaw, g_steal_pointer(&cause), error);
		return FALSE;
	}
	return thaw->options->detach || vks_session_show(thaw->session, thaw->options->display,
							 thaw->options->environment, error);
}

static void report_verify(guint64 bytes, gpointer user_data)
{
	const Thaw *thaw = user_data;
	guint64 total = 0;

	for (guint i = 0; i < thaw->manifest->parts->len; i++)
		total += ((const VksPart *)thaw->manifest->parts->pdata[i])->size;
	vks_control_report(thaw->control, "checking the save", bytes, total);
}

static guint64 memory_data_bytes(const VksManifest *manifest)
{
	return manifest->delta.parent ? manifest->delta.whole.data_bytes
				      : vks_manifest_part(manifest, VKS_PART_MEMORY)->data_bytes;
}

static gboolean read_content(Thaw *thaw, GError **error)
{
	VksSession *session = thaw->session;
	VksPolicy policy;

	if (!thaw->manifest->delta.parent && !thaw->manifest->seal.id)
		return vks_store_verify(session->saves_dir, thaw->manifest, report_verify, thaw,
					vks_control_cancellable(thaw->control), error);
	vks_session_policy(session, &policy, NULL);
	thaw->composed = vks_staging_new(session->saves_dir, memory_data_bytes(thaw->manifest),
					 vks_session_staging_mode(session, &policy), error);
	return thaw->composed && vks_store_compose(session->saves_dir, thaw->manifest,
						   thaw->composed->dir, report_verify, thaw,
						   vks_control_cancellable(thaw->control), error);
}

static gboolean check_content(Thaw *thaw, GError **error)
{
	g_autoptr(GError) cause = NULL;
	gint64 started = g_get_monotonic_time();

	if (read_content(thaw, &cause)) {
		thaw->verify_us = (guint64)(g_get_monotonic_time() - started);
		return TRUE;
	}
	set_damaged(thaw, g_steal_pointer(&cause), error);
	return FALSE;
}

/* The record of the run that is about to begin, durable before the guest is there. */
static gboolean note_run(const Thaw *thaw, GError **error)
{
	VksRecord *record = thaw->session->record;

	record->running = TRUE;
	record->base = thaw->number;
	g_free(record->run_id);
	record->run_id = g_uuid_string_random();
	g_free(record->kernel_hash);
	record->kernel_hash = g_strdup(thaw->manifest->kernel_hash);
	record->memory_bytes = thaw->manifest->memory_bytes;
	record->cpus = thaw->manifest->cpus;
	record->network = thaw->manifest->network;
	return vks_record_store(record, thaw->session->record_path, error);
}

/* Copies of programs and libraries that are not on the host any more as the guest had them. */
static gboolean place_pins(Thaw *thaw, GStrvBuilder *arguments, GError **error)
{
	const VksSession *session = thaw->session;
	g_autofree char *directory = g_build_filename(session->run_dir, PINS_DIR, NULL);
	g_autofree char *argument = g_strdup_printf("thaw_pins=%s", directory);
	gboolean any;

	thaw->report = vks_changes_look(session->vks->store_dir, thaw->manifest);
	if (!vks_changes_place_pins(thaw->report, directory, &any, error))
		return FALSE;
	if (any)
		g_strv_builder_add(arguments, argument);
	return TRUE;
}

/* The guest runs: what can't be written down now is no reason to end it. */
static void report_changes(Thaw *thaw)
{
	g_autofree char *path =
		g_build_filename(thaw->session->run_dir, "uml", "thaw-report", NULL);
	g_autofree char *text = vks_file_read(path, MAX_REPORT_BYTES, NULL, NULL);

	if (text)
		vks_changes_merge(thaw->report, text);
	thaw->report->thawed_us = g_get_real_time();
	vks_changes_store(thaw->report, thaw->session->report_path, NULL);
}

/* A setting that can't be read is no reason not to thaw. */
static gboolean may_map_memory(const Thaw *thaw, const char *save_dir)
{
	VksPolicy policy;

	vks_session_policy(thaw->session, &policy, NULL);
	return policy.quick_thaw && vks_is_local(thaw->composed ? thaw->composed->dir : save_dir);
}

static gboolean start_guest(Thaw *thaw, GError **error)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) arguments = NULL;
	VksSession *session = thaw->session;
	g_autofree char *save_dir = vks_store_path(session->saves_dir, thaw->number, NULL);
	g_autoptr(GError) cause = NULL;
	const char *const save_command[] = VKS_SAVE_COMMAND(session->name);
	VkLauncherConfig config = {
		.session = session->name,
		.runtime_dir = session->run_dir,
		.log_path = session->log_path,
		.kernel_path = thaw->kernel,
		.save_dir = thaw->composed ? thaw->composed->dir : save_dir,
		.memory_bytes = thaw->manifest->memory_bytes,
		.cpus = thaw->manifest->cpus,
		.network = thaw->manifest->network,
		.map_memory = may_map_memory(thaw, save_dir),
		.save_command = save_command,
	};

	vks_control_report(thaw->control, "starting the session", 0, 0);
	if (vks_session_keep_key(session, &cause) && place_pins(thaw, builder, &cause) &&
	    vks_disks_restore(session, thaw->manifest, builder,
			      vks_control_cancellable(thaw->control), &cause) &&
	    note_run(thaw, &cause)) {
		arguments = g_strv_builder_end(builder);
		config.kernel_arguments = (const char *const *)arguments;
		if (session->backend->start(&config, &cause) &&
		    session->backend->thawed(session->run_dir, &cause)) {
			session->reads_save = config.map_memory;
			report_changes(thaw);
			vks_session_refresh(session);
			vks_activity_note(session->run_dir, vks_session_cpu_us(session));
			return TRUE;
		}
	}
	set_damaged(thaw, g_steal_pointer(&cause), error);
	return FALSE;
}

static gboolean thaw_shown(Thaw *thaw, GError **error)
{
	g_autofree char *before = vks_record_print(thaw->session->record);

	if (show(thaw, error) && check_content(thaw, error) && start_guest(thaw, error))
		return TRUE;
	vks_session_end(thaw->session, NULL);
	vks_file_replace(thaw->session->record_path, before, strlen(before), NULL);
	return FALSE;
}

static gboolean need_not_running(const VksSession *session, GError **error)
{
	if (!session->running)
		return TRUE;
	g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
		    "session %s is running already; it goes on; show it with: vksession attach %s",
		    session->name, session->name);
	return FALSE;
}

gboolean vks_session_thaw(VksSession *session, const VksThawOptions *options,
			  const VksControl *control, VksThawResult *result, GError **error)
{
	gint64 started = g_get_monotonic_time();
	Thaw thaw = { .session = session, .options = options, .control = control };
	gboolean ok;

	ok = need_not_running(session, error) && choose_save(&thaw, error) &&
	     vks_session_need_display(options->display, options->detach, error) &&
	     unlock(&thaw, error) && vks_disks_check(thaw.manifest, error) &&
	     check_machine(&thaw, error) && thaw_shown(&thaw, error);
	if (ok)
		*result = (VksThawResult){
			.number = thaw.number,
			.verify_us = thaw.verify_us,
			.running_us = (guint64)(g_get_monotonic_time() - started),
			.changed = thaw.report->files->len,
		};
	vks_staging_free(thaw.composed);
	vks_manifest_free(thaw.manifest);
	vks_image_free(thaw.image);
	vks_thaw_report_free(thaw.report);
	g_free(thaw.kernel);
	return ok;
}

gboolean vks_thaw(Vks *vks, const VksThawOptions *options, const VksControl *control,
		  VksThawResult *result, GError **error)
{
	g_autoptr(VksSession) session = vks_session_lock(vks, options->name, "thaw", 0, error);

	return session && vks_session_thaw(session, options, control, result, error);
}
