/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   check space - A save that can't fit is refused before anything is touched.
 *   prepare     - A temporary directory beside the other saves, and a staging directory, in memory
 *                 if there is room; the guest writes back its dirty pages of host files; positions
 *                 of windows are noted.
 *   checkpoint  - The kernel writes memory and state to the staging directory, the only time that
 *                 the guest stands still. A save that is to end the session leaves it held there;
 *                 with disks it goes on when their layers are copied (see disks.c).
 *   collect     - The image is checked. What is new of the memory goes to the store (see memory.c),
 *                 and the state. Now it is known what the save takes: if that does not fit, nothing
 *                 has been written yet.
 *   secure      - Checksums are computed while a thread syncs the parts to the disk. The guest of a
 *                 live save runs on since the checkpoint.
 *   describe    - The manifest.
 *   publish     - One rename makes it a save (see store.c).
 *   finish      - A guest that was held is killed, now that the save is safe. Whatever fails
 *                 before: it goes on, the temporary directories are removed, earlier saves are as
 *                 they were.
 *   thin        - Saves that the policy does not keep are removed (see prune.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/activity.h"
#include "vksession/disks.h"
#include "vksession/durable.h"
#include "vksession/image-fit.h"
#include "vksession/machine.h"
#include "vksession/memory.h"
#include "vksession/encryption.h"
#include "vksession/operations.h"
#include "vksession/parts.h"
#include "vksession/resources.h"
#include "vksession/session.h"
#include "vksession/staging.h"
#include "vksession/store.h"

/* Beyond guest memory: state, manifest, directories. */
#define SPACE_MARGIN	    (8u << 20)
#define MAX_THUMBNAIL_BYTES (1u << 20)

/** One save under way. */
typedef struct {
	VksSession *session;
	const VksSaveOptions *options;
	const VksControl *control;
	VksPolicy policy;
	gboolean policy_known;	/* not the built-in one in the place of one that is damaged */
	char *temporary;	/* NULL before prepare and after publish */
	VksStaging *staging;	/* NULL before prepare and after collect */
	guint parent_number;	/* the save that this one descends from; 0: none */
	VksManifest *parent;	/* NULL: none, or damaged */
	VksMemoryResult memory; /* after collect */
	gboolean has_layout, has_thumbnail;
	gint64 started_us; /* CLOCK_MONOTONIC */
	gboolean held;	   /* the guest stands still until finish */
	VksManifest *manifest;
	guint64 cpu_us; /* that the session had used at the checkpoint */
} Save;

/*
 * The most that it may take is what the guest has in use. One that is built on another may take
 * much less: what, is known after the comparison (see vks_memory_put()).
 */
static gboolean check_space(Save *save, GError **error)
{
	gboolean may_be_less = save->parent && save->policy.incremental;
	guint64 memory = may_be_less ? 0
				     : vks_vkernel_memory_in_use(save->session->status.vkernel_pid);
	guint64 need = memory + vks_disks_usage(save->session);
	guint64 free_bytes = vks_free_space(save->session->dir);
	g_autofree char *need_text = g_format_size_full(need, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *free_text = g_format_size_full(free_bytes, G_FORMAT_SIZE_IEC_UNITS);

	if (save->options->force || free_bytes >= need + SPACE_MARGIN)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
		    "a save may take %s, and the store's disk has %s free (--force tries all the "
		    "same)",
		    need_text, free_text);
	return FALSE;
}

static gboolean prepare(Save *save, GError **error)
{
	VksSession *session = save->session;
	g_autofree char *layout = NULL;

	vks_control_report(save->control, "writing back files", 0, 0);
	save->temporary = vks_store_begin(session->saves_dir, error);
	if (!save->temporary)
		return FALSE;
	save->staging = vks_staging_new(session->saves_dir,
					vks_vkernel_memory_in_use(session->status.vkernel_pid),
					vks_session_staging_mode(session, &save->policy), error);
	if (!save->staging || !session->backend->prepare_save(session->run_dir, error))
		return FALSE;
	layout = g_build_filename(save->staging->dir, VKS_PART_LAYOUT, NULL);
	/* A session that never had a window has no layout, and a save is worth having without. */
	save->has_layout = session->backend->layout_save(session->run_dir, layout, NULL);
	if (!save->has_layout && unlink(layout) < 0 && errno != ENOENT) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot remove %s", layout);
		return FALSE;
	}
	return TRUE;
}

/* The guest stands still until it is done. */
static gboolean copy_disks(Save *save, GError **error)
{
	const VksSession *session = save->session;
	gint64 started = g_get_monotonic_time();

	if (!vks_disks_copy(session, save->temporary, vks_control_cancellable(save->control),
			    error))
		return FALSE;
	if (!save->held || save->options->stop)
		return TRUE;
	if (!session->backend->go(session->run_dir, error))
		return FALSE;
	save->held = FALSE;
	save->manifest->figures.resume_us = (guint64)(g_get_monotonic_time() - started);
	return TRUE;
}

static gboolean checkpoint(Save *save, GError **error)
{
	VksFigures *figures = &save->manifest->figures;
	VksSession *session = save->session;
	VkCheckpointStats stats = { 0 };

	vks_control_report(save->control, "writing memory", 0, 0);
	/* Held from the request on: if the reply is lost, the guest may be. */
	save->held = save->options->stop || *session->record->disks;
	if (!session->backend->checkpoint(session->run_dir, save->staging->dir, save->held, &stats,
					  error))
		return FALSE;
	figures->memory_bytes = stats.memory_bytes;
	figures->state_bytes = stats.state_bytes;
	figures->quiesce_us = stats.quiesce_us;
	figures->dump_us = stats.dump_us;
	figures->resume_us = stats.resume_us;
	save->cpu_us = vks_session_cpu_us(session);
	return copy_disks(save, error);
}

static void report_compared(guint64 bytes, gpointer user_data)
{
	const Save *save = user_data;

	vks_control_report(save->control, "computing checksums", bytes,
			   save->session->status.memory_bytes);
}

/*
 * The last picture that the viewer made, which it was asked for at the beginning. It is not waited
 * for, and a save is as good without.
 */
static void take_thumbnail(Save *save)
{
	g_autofree char *from = g_build_filename(save->session->run_dir, VKS_PART_THUMBNAIL, NULL);
	g_autofree char *to = g_build_filename(save->temporary, VKS_PART_THUMBNAIL, NULL);
	gsize length = 0;
	g_autofree char *picture = vks_file_read(from, MAX_THUMBNAIL_BYTES, &length, NULL);

	save->has_thumbnail = picture && vks_part_put(save->temporary, save->manifest,
						      VKS_PART_THUMBNAIL, picture, length, NULL);
	if (!save->has_thumbnail)
		unlink(to);
}

static gboolean collect(Save *save, GError **error)
{
	static const char *const written[] = { VKS_PART_STATE, VKS_PART_LAYOUT };
	VksMemoryPut put = {
		.saves_dir = save->session->saves_dir,
		.staging = save->staging->dir,
		.target = save->temporary,
		.save = save->manifest,
		.parent = save->parent,
		.policy = &save->policy,
		.spare_bytes = save->options->force ? G_MAXUINT64 : SPACE_MARGIN,
		.progress = report_compared,
		.user_data = save,
		.cancellable = vks_control_cancellable(save->control),
	};

	vks_control_report(save->control, "looking for what is new", 0, 0);
	if (!vks_memory_put(&put, &save->memory, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(written) - !save->has_layout; i++) {
		g_autofree char *from = g_build_filename(save->staging->dir, written[i], NULL);

		if (!vks_part_put_file(save->temporary, save->manifest, written[i], from, error))
			return FALSE;
	}
	save->manifest->delta = save->memory.delta;
	g_strlcpy(save->manifest->seal.memory, save->memory.hidden,
		  sizeof(save->manifest->seal.memory));
	take_thumbnail(save);
	g_clear_pointer(&save->staging, vks_staging_free);
	return TRUE;
}

static const struct {
	const char *name;
	gboolean required;
} part_table[] = {
	{ VKS_PART_MEMORY, TRUE },   { VKS_PART_SAME, TRUE },	  { VKS_PART_SEALS, TRUE },
	{ VKS_PART_STATE, TRUE },    { VKS_PART_LAYOUT, FALSE },  { VKS_PART_THUMBNAIL, FALSE },
	{ VKS_PART_DISK "0", TRUE }, { VKS_PART_DISK "1", TRUE }, { VKS_PART_DISK "2", TRUE },
	{ VKS_PART_DISK "3", TRUE },
};
G_STATIC_ASSERT(VKS_MAX_DISKS == 4);

static gboolean disk_exists(const Save *save, const char *number)
{
	return g_ascii_strtoull(number, NULL, 10) < g_strv_length(save->session->record->disks);
}

static gboolean part_exists(const Save *save, gsize i)
{
	if (strcmp(part_table[i].name, VKS_PART_SAME) == 0)
		return save->memory.delta.parent != 0;
	if (strcmp(part_table[i].name, VKS_PART_SEALS) == 0)
		return save->manifest->seal.id != NULL;
	if (strcmp(part_table[i].name, VKS_PART_THUMBNAIL) == 0)
		return save->has_thumbnail;
	if (g_str_has_prefix(part_table[i].name, VKS_PART_DISK))
		return disk_exists(save, part_table[i].name + strlen(VKS_PART_DISK));
	return part_table[i].required || save->has_layout;
}

/* That of the memory is known already if it was computed while it was copied. */
static gboolean hash_part(const Save *save, const char *name, VksChecksum *sum, GError **error)
{
	g_autofree char *path = g_build_filename(save->temporary, name, NULL);

	if (strcmp(name, VKS_PART_MEMORY) == 0 && save->memory.part.size) {
		*sum = save->memory.part;
		return TRUE;
	}
	return vks_checksum_path(path, sum, report_compared, (gpointer)save,
				 vks_control_cancellable(save->control), error);
}

/* Thread: writes the parts to the disk. Returns a GError, or NULL. */
static gpointer sync_parts(gpointer data)
{
	const Save *save = data;
	GError *error = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(part_table) && !error; i++) {
		g_autofree char *path = NULL;

		if (!part_exists(save, i))
			continue;
		path = g_build_filename(save->temporary, part_table[i].name, NULL);
		vks_path_sync(path, &error);
	}
	return error;
}

static gboolean hash_parts(Save *save, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(part_table); i++) {
		VksChecksum sum;

		if (!part_exists(save, i))
			continue;
		if (!hash_part(save, part_table[i].name, &sum, error))
			return FALSE;
		vks_manifest_add_part(save->manifest, part_table[i].name, part_table[i].required,
				      &sum);
	}
	return TRUE;
}

/* What the kernel wrote is read as a thaw would, before it is called a save. */
static gboolean check_image(Save *save, GError **error)
{
	g_autoptr(VksImage) image = vks_image_load_at(save->temporary, save->manifest, error);

	if (!image)
		return FALSE;
	vks_resources_note(image, save->manifest);
	return vks_disks_note(save->session, save->manifest, error);
}

static gboolean secure(Save *save, GError **error)
{
	GThread *thread = g_thread_try_new("sync", sync_parts, save, NULL);
	gboolean hashed = check_image(save, error) && hash_parts(save, error);
	GError *failure;

	vks_control_report(save->control, "writing to the disk", 0, 0);
	failure = thread ? g_thread_join(thread) : sync_parts(save);
	if (failure && hashed)
		g_propagate_error(error, failure);
	else
		g_clear_error(&failure);
	return hashed && !failure;
}

static gboolean read_part_back(const Save *save, const VksPart *part, GError **error)
{
	g_autofree char *path = g_build_filename(save->temporary, part->name, NULL);
	autofd fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	VksChecksum sum;

	if (fd < 0) {
		vks_error_errno(error, errno, "cannot open %s", path);
		return FALSE;
	}
	/* It is on the disk by now: what is read next comes from there. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (!vks_checksum_fd(fd, &sum, NULL, NULL, vks_control_cancellable(save->control), error))
		return FALSE;
	if (strcmp(sum.hex, part->checksum) == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		    "%s reads back from the disk otherwise than it was written", part->name);
	return FALSE;
}

static gboolean read_back(const Save *save, GError **error)
{
	if (!save->policy.verify)
		return TRUE;
	vks_control_report(save->control, "reading back", 0, 0);
	for (guint i = 0; i < save->manifest->parts->len; i++) {
		if (!read_part_back(save, save->manifest->parts->pdata[i], error))
			return FALSE;
	}
	return TRUE;
}

/* The save that this one descends from: the last one of this run, else what the run came from. */
static guint parent_of(const VksSession *session)
{
	g_autoptr(GArray) numbers = vks_store_numbers(session->saves_dir, NULL);

	for (guint i = numbers ? numbers->len : 0; i > 0; i--) {
		guint number = g_array_index(numbers, guint, i - 1);
		g_autoptr(VksManifest) manifest = vks_store_load(session->saves_dir, number, NULL);

		if (manifest && strcmp(manifest->run_id, session->record->run_id) == 0)
			return number;
	}
	return session->record->base;
}

static gboolean choose_number(const VksSession *session, guint *number, GError **error)
{
	g_autoptr(GArray) numbers = vks_store_numbers(session->saves_dir, error);
	guint last = session->record->last_number;

	if (!numbers)
		return FALSE;
	if (numbers->len > 0)
		last = MAX(last, g_array_index(numbers, guint, numbers->len - 1));
	*number = last + 1;
	return TRUE;
}

static void note_windows(Save *save)
{
	const VksBackend *backend = save->session->backend;
	XpViewerStatus *viewer = backend->viewer_status(save->session->run_dir);

	for (guint i = 0; viewer && viewer->windows && i < viewer->windows->len; i++) {
		const XpWindow *window = viewer->windows->pdata[i];

		if (xp_window_is_up(window))
			vks_manifest_add_window(save->manifest, window->title, window->wm_class,
						window->x, window->y, window->width,
						window->height);
	}
	backend->viewer_status_free(viewer);
}

/* All of the manifest that is known before the checkpoint. */
static gboolean describe(Save *save, GError **error)
{
	const VksSession *session = save->session;
	const VksRecord *record = session->record;
	VksManifest *manifest = save->manifest;

	if (!choose_number(session, &manifest->generation, error))
		return FALSE;
	manifest->parent = save->parent_number;
	if (save->options->reason && *save->options->reason) {
		g_free(manifest->reason);
		manifest->reason = g_strdup(save->options->reason);
	}
	if (session->encryption)
		vks_manifest_encrypt(manifest, session->sealing);
	manifest->session_id = g_strdup(record->id);
	manifest->session_name = g_strdup(session->name);
	manifest->run_id = g_strdup(record->run_id);
	manifest->stopped = save->options->stop;
	manifest->boot_id = vks_boot_id();
	manifest->kernel_hash = g_strdup(record->kernel_hash);
	manifest->kernel_command_line = vks_process_command_line(session->status.vkernel_pid);
	manifest->memory_bytes = record->memory_bytes;
	manifest->cpus = record->cpus;
	manifest->network = record->network;
	manifest->private_dirs = g_strdupv(record->private_dirs);
	manifest->cpu_features = vks_cpu_features();
	manifest->utc_us = g_get_real_time();
	manifest->boottime_us = vks_boottime_us();
	note_windows(save);
	return TRUE;
}

/* What it took, as far as that can be known before the manifest is written. */
static void note_cost(Save *save)
{
	VksFigures *figures = &save->manifest->figures;

	figures->written_bytes = save->memory.written_bytes;
	for (guint i = 0; i < save->manifest->parts->len; i++) {
		const VksPart *part = save->manifest->parts->pdata[i];

		if (strcmp(part->name, VKS_PART_MEMORY) != 0)
			figures->written_bytes += part->data_bytes;
	}
	figures->total_us = (guint64)(g_get_monotonic_time() - save->started_us);
}

static gboolean publish(Save *save, GError **error)
{
	note_cost(save);
	if (g_cancellable_set_error_if_cancelled(vks_control_cancellable(save->control), error) ||
	    !vks_store_publish(save->session->saves_dir, save->temporary, save->manifest, error))
		return FALSE;
	g_clear_pointer(&save->temporary, g_free);
	return TRUE;
}

/* After a failure: the guest goes on, and what was written is removed. */
static void abandon(Save *save)
{
	if (save->held)
		save->session->backend->go(save->session->run_dir, NULL);
	if (save->temporary)
		vks_tree_remove(save->temporary, NULL);
	g_clear_pointer(&save->staging, vks_staging_free);
}

static gboolean finish(Save *save, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (!save->options->stop || vks_session_end(save->session, &cause))
		return TRUE;
	vks_error_complete(
		error, g_steal_pointer(&cause),
		"save %u is complete and safe, but the session did not end; end it with: "
		"vksession stop %s",
		save->manifest->generation, save->session->name);
	return FALSE;
}

static void fill_result(const Save *save, VksSaveResult *result)
{
	*result = (VksSaveResult){
		.number = save->manifest->generation,
		.figures = save->manifest->figures,
		.written_bytes = save->manifest->figures.written_bytes,
		.base = save->memory.delta.parent,
		.total_us = (guint64)(g_get_monotonic_time() - save->started_us),
	};
	for (guint i = 0; i < save->manifest->parts->len; i++)
		result->disk_bytes += ((VksPart *)save->manifest->parts->pdata[i])->data_bytes;
}

static void complete_failure(const VksSession *session, GError *cause, GError **error)
{
	const char *name = session->name;
	g_autofree char *advice = NULL;

	g_prefix_error(&cause, "not saved: ");
	if (!vks_process_is_alive(session->status.vkernel_pid)) {
		vks_error_complete(error, cause,
				   "session %s has ended and earlier saves are intact; bring the "
				   "last one back with: vksession thaw %s",
				   name, name);
		return;
	}
	if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		advice = g_strdup_printf("save again with: vksession save %s", name);
	else if (vks_error_code(cause) == VKS_ERROR_NO_SPACE)
		advice = g_strdup_printf("make room, for example with: vksession drop %s NUMBER",
					 name);
	else
		advice = g_strdup_printf("try again, or see: vksession log %s", name);
	vks_error_complete(error, cause, "session %s goes on and earlier saves are intact; %s",
			   name, advice);
}

static void find_parent(Save *save)
{
	save->parent_number = parent_of(save->session);
	if (save->parent_number)
		save->parent = vks_store_load(save->session->saves_dir, save->parent_number, NULL);
	/* One that is not what was saved is nothing to build on. */
	if (save->parent && save->session->sealing &&
	    !vks_manifest_unlock(save->parent, save->session->sealing, NULL))
		g_clear_pointer(&save->parent, vks_manifest_free);
}

static gboolean run_stages(Save *save, GError **error)
{
	return check_space(save, error) && prepare(save, error) && describe(save, error) &&
	       checkpoint(save, error) && collect(save, error) && secure(save, error) &&
	       read_back(save, error) && publish(save, error);
}

gboolean vks_session_save(VksSession *session, const VksSaveOptions *options,
			  const VksControl *control, VksSaveResult *result, GError **error)
{
	g_autoptr(VksManifest) manifest = vks_manifest_new();
	g_autoptr(GError) cause = NULL;
	Save save = {
		.session = session,
		.options = options,
		.control = control,
		.manifest = manifest,
		.started_us = g_get_monotonic_time(),
	};
	gboolean ok;

	if (!vks_session_need_running(session, error) || !vks_session_unlock(session, error))
		return FALSE;
	save.policy_known = vks_session_policy(session, &save.policy, NULL);
	session->backend->request_thumbnail(session->run_dir);
	find_parent(&save);
	if (run_stages(&save, &cause)) {
		fill_result(&save, result);
		vks_activity_note(session->run_dir, save.cpu_us);
		ok = finish(&save, error);
		/* With a policy that can't be read, nothing is removed by another in its place. And
		   the save that a rollback goes to must still be there afterwards. */
		if (save.policy_known && strcmp(manifest->reason, VKS_REASON_ROLLBACK) != 0)
			vks_session_thin(session, &save.policy, &result->pruned, NULL);
	} else {
		abandon(&save);
		complete_failure(session, g_steal_pointer(&cause), error);
		ok = FALSE;
	}
	vks_manifest_free(save.parent);
	g_free(save.temporary);
	return ok;
}

gboolean vks_save(Vks *vks, const VksSaveOptions *options, const VksControl *control,
		  VksSaveResult *result, GError **error)
{
	g_autoptr(VksSession) session = vks_session_lock(
		vks, options->name, "save", options->wait ? VKS_SESSION_WAIT : 0, error);

	return session && vks_session_save(session, options, control, result, error);
}
