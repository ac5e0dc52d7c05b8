/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A program is run in a session that runs (run in guest), or the session is started for it first:
 *   prepare key    - of an encrypted session: made, if it is new, else had from where it is kept.
 *   prepare record - the vkernel's copy in the store and session.json are there before the guest is.
 *   start guest    - the viewer is started at once and waits for the guest, which boots meanwhile.
 *   run in guest   - the program is started once the guest has a display for it.
 *   undo start     - what was started for a program that can't be started is ended and removed.
 */
#include <string.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/disks.h"
#include "vksession/durable.h"
#include "vksession/encryption.h"
#include "vksession/environment.h"
#include "vksession/kernels.h"
#include "vksession/machine.h"
#include "vksession/private-dirs.h"
#include "vksession/session.h"
#include "vksession/store.h"

#define MIB	       (1u << 20)
#define DEFAULT_MEMORY ((guint64)2048 * MIB)
#define DEFAULT_CPUS   1

static guint64 default_memory(void)
{
	guint64 half = vks_machine_memory() / 2;

	return half ? MIN(DEFAULT_MEMORY, half / MIB * MIB) : DEFAULT_MEMORY;
}

/* Refuses what the options ask for and the session's state does not allow. */
static gboolean check_state(const VksSession *session, const VksRunOptions *options, GError **error)
{
	g_autoptr(GArray) numbers = vks_store_numbers(session->saves_dir, NULL);

	if (options->new_only && session->record) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s exists already; nothing was changed; leave out --new, or "
			    "choose another name with -s",
			    session->name);
		return FALSE;
	}
	if (session->running && (options->memory_bytes || options->cpus || options->no_network ||
				 options->private_dirs || options->disks)) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s is running, and its memory, CPUs, network, private "
			    "directories and disks can't be changed now; it goes on; leave out "
			    "--memory, --cpus, --no-network, --private and --disk",
			    session->name);
		return FALSE;
	}
	if (session->record && options->encrypt) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s exists already; nothing was changed; leave out --encrypt, "
			    "or use: vksession encrypt %s",
			    session->name, session->name);
		return FALSE;
	}
	if (!session->running && numbers && numbers->len > 0) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s is not running and has saves; they are untouched; start it "
			    "from the last one with: vksession thaw %s, or remove it with: "
			    "vksession drop %s",
			    session->name, session->name, session->name);
		return FALSE;
	}
	return TRUE;
}

static gboolean choose_encryption(const VksSession *session, const VksRunOptions *options,
				  VksEncryption *method, GError **error)
{
	VksPolicy policy;

	if (!options->encrypt) {
		/* A setting that can't be read must not lead to a session in the open. */
		if (!vks_session_policy(session, &policy, error))
			return FALSE;
		*method = policy.encrypt;
		return TRUE;
	}
	if (vks_encryption_parse(options->encrypt, method))
		return TRUE;
	g_set_error(
		error, VKS_ERROR, VKS_ERROR_USAGE,
		"\"%s\" is no way to encrypt; nothing was done; use keyring, passphrase or none",
		options->encrypt);
	return FALSE;
}

/* The key is there before anything of the session is. */
static gboolean prepare_key(VksSession *session, const VksRunOptions *options, gboolean existed,
			    GError **error)
{
	VksEncryption method = VKS_ENCRYPTION_NONE;

	if (session->encryption)
		return vks_session_unlock(session, error);
	if (existed)
		return TRUE;
	if (!choose_encryption(session, options, &method, error))
		return FALSE;
	return !method || (vks_session_make_key(session, method, error) &&
			   vks_session_place_logs(session, TRUE, error));
}

/* Its memory is known by then. The content of the directories has to fit into it. */
static gboolean choose_private_dirs(VksRecord *record, const VksRunOptions *options, GError **error)
{
	const char *const *names = options->private_dirs
					   ? options->private_dirs
					   : (const char *const *)record->private_dirs;
	char **found = vks_private_dirs_find(names, options->cwd, record->memory_bytes, error);

	if (!found)
		return FALSE;
	g_strfreev(record->private_dirs);
	record->private_dirs = found;
	return TRUE;
}

static gboolean choose_disks(const VksSession *session, const VksRunOptions *options,
			     GError **error)
{
	VksRecord *record = session->record;
	const char *const *names = options->disks ? options->disks
						  : (const char *const *)record->disks;
	char **found = vks_disks_find(names, options->cwd, error);

	if (!found)
		return FALSE;
	g_strfreev(record->disks);
	record->disks = found;
	if (!*found || !session->encryption)
		return TRUE;
	g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
		    "what an encrypted session writes to a disk would not be encrypted; nothing "
		    "was started; use private directories, or leave out --disk or --encrypt");
	return FALSE;
}

/* Fills in the record of a run that is about to begin, and makes it durable with its vkernel. */
static char *prepare_record(VksSession *session, const VksRunOptions *options, GError **error)
{
	g_autofree char *source = session->backend->libexec_path("vkernel");
	g_autofree char *kernel = NULL;
	VksRecord *record = session->record;
	char hash[VKS_CHECKSUM_HEX + 1];
	autofd store_lock = -1;

	if (options->memory_bytes || !record->memory_bytes)
		record->memory_bytes = options->memory_bytes ? options->memory_bytes
							     : default_memory();
	if (options->cpus || !record->cpus)
		record->cpus = options->cpus ? options->cpus
					     : MIN(DEFAULT_CPUS, g_get_num_processors());
	if (!choose_private_dirs(record, options, error) || !choose_disks(session, options, error))
		return NULL;
	record->network = !options->no_network;
	record->running = TRUE;
	record->base = 0;
	g_ptr_array_set_size(record->commands, 0);
	g_free(record->run_id);
	record->run_id = g_uuid_string_random();
	if (!vks_private_dir_ensure(session->dir, error) ||
	    !vks_private_dir_ensure(session->run_dir, error) ||
	    !vks_session_keep_key(session, error))
		return NULL;
	store_lock = vks_store_lock(session->vks, error);
	if (store_lock < 0)
		return NULL;
	vks_session_clean_graves(session->vks);
	kernel = vks_kernels_put(session->vks->store_dir, source, hash, error);
	if (!kernel)
		return NULL;
	g_free(record->kernel_hash);
	record->kernel_hash = g_strdup(hash);
	if (!vks_record_store(record, session->record_path, error))
		return NULL;
	return g_steal_pointer(&kernel);
}

/* A setting that can't be read is no reason not to start. */
static gboolean may_copy_while_running(const VksSession *session)
{
	VksPolicy policy;

	vks_session_policy(session, &policy, NULL);
	return policy.short_pause;
}

static gboolean start_guest(VksSession *session, const VksRunOptions *options, const char *kernel,
			    GError **error)
{
	g_auto(GStrv) environment = session->backend->guest_environment(options->display);
	const char *const save_command[] = VKS_SAVE_COMMAND(session->name);
	g_auto(GStrv) disks = vks_disks_begin(session, error);
	VkLauncherConfig config = {
		.session = session->name,
		.runtime_dir = session->run_dir,
		.log_path = session->log_path,
		.kernel_path = kernel,
		.memory_bytes = session->record->memory_bytes,
		.cpus = session->record->cpus,
		.network = session->record->network,
		.copy_while_running = may_copy_while_running(session),
		.private_dirs = (const char *const *)session->record->private_dirs,
		.disks = (const char *const *)disks,
		.environment = (const char *const *)environment,
		.save_command = save_command,
	};

	if (!disks || (!options->detach &&
		       !vks_session_show(session, options->display, options->environment, error)))
		return FALSE;
	return session->backend->start(&config, error);
}

static gboolean run_in_guest(VksSession *session, const VksRunOptions *options, pid_t *pid,
			     GError **error)
{
	g_auto(GStrv) environment = vks_environment_filter(options->environment);

	return session->backend->run(session->run_dir,
				     vks_guest_cwd(options->cwd, g_get_home_dir()),
				     (const char *const *)environment, options->argv, pid, error);
}

/* Ends what was started in vain. The session itself stays only if it was there before. */
static void undo_start(VksSession *session, gboolean existed)
{
	vks_session_end(session, NULL);
	if (!existed) {
		vks_session_erase(session, FALSE, NULL);
		return;
	}
	session->record->running = FALSE;
	vks_record_store(session->record, session->record_path, NULL);
}

static gboolean start_and_run(VksSession *session, const VksRunOptions *options,
			      const VksControl *control, pid_t *pid, GError **error)
{
	gboolean existed = session->record != NULL;
	const char *advice = "see what is missing with: vksession doctor";
	g_autofree char *kernel = NULL;
	g_autoptr(GError) cause = NULL;

	if (!existed)
		session->record = vks_record_new();
	vks_control_report(control, "starting the session", 0, 0);
	if (prepare_key(session, options, existed, &cause))
		kernel = prepare_record(session, options, &cause);
	if (kernel && start_guest(session, options, kernel, &cause)) {
		vks_control_report(control, "starting the program", 0, 0);
		if (run_in_guest(session, options, pid, &cause))
			return TRUE;
		g_prefix_error(&cause, "cannot run %s: ", options->argv[0]);
		advice = "check the program's name";
	}
	undo_start(session, existed);
	vks_error_complete(error, g_steal_pointer(&cause), "nothing is left running; %s", advice);
	return FALSE;
}

static gboolean run_in_running(VksSession *session, const VksRunOptions *options, pid_t *pid,
			       GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (!options->detach) {
		XpViewerStatus *viewer = session->backend->viewer_status(session->run_dir);

		if (!viewer &&
		    !vks_session_show(session, options->display, options->environment, error))
			return FALSE;
		session->backend->viewer_status_free(viewer);
	}
	if (run_in_guest(session, options, pid, &cause))
		return TRUE;
	g_prefix_error(&cause, "cannot run %s: ", options->argv[0]);
	vks_error_complete(error, g_steal_pointer(&cause),
			   "session %s goes on; check the program's name", session->name);
	return FALSE;
}

gboolean vks_run(Vks *vks, const VksRunOptions *options, const VksControl *control,
		 VksRunResult *result, GError **error)
{
	g_autoptr(VksSession) session = NULL;
	g_autoptr(GError) ignored = NULL;

	if (!vks_check_name(options->name, error) ||
	    !vks_session_need_display(options->display, options->detach, error))
		return FALSE;
	session = vks_session_lock(vks, options->name, "run",
				   VKS_SESSION_MAY_BE_NEW | VKS_SESSION_WAIT, error);
	if (!session || !check_state(session, options, error))
		return FALSE;
	result->created = !session->running;
	if (session->running ? !run_in_running(session, options, &result->pid, error)
			     : !start_and_run(session, options, control, &result->pid, error))
		return FALSE;
	/* The list of programs is for people; the program runs whether or not it can be written. */
	vks_record_add_command(session->record, options->cwd ? options->cwd : "", options->argv);
	if (session->encryption)
		vks_record_hide_arguments(session->record);
	vks_record_store(session->record, session->record_path, &ignored);
	return TRUE;
}

gboolean vks_exec(Vks *vks, const VksRunOptions *options, int *status, GError **error)
{
	g_auto(GStrv) environment = vks_environment_filter(options->environment);
	g_autoptr(VksSession) session = NULL;
	g_autoptr(GError) cause = NULL;
	g_autofree char *run_dir = NULL;

	/* The lock is only for putting right what was interrupted; who holds it does that himself. */
	session = vks_session_lock(vks, options->name, "exec", VKS_SESSION_ASIDE, &cause);
	if (!session && cause->code == VKS_ERROR_STATE) {
		g_clear_error(&cause);
		session = vks_session_find(vks, options->name, 0, &cause);
	}
	if (!session) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	if (!vks_session_need_running(session, error))
		return FALSE;
	run_dir = g_strdup(session->run_dir);
	g_clear_pointer(&session, vks_session_free);
	if (vks->backend->exec(run_dir, vks_guest_cwd(options->cwd, g_get_home_dir()),
			       (const char *const *)environment, options->argv, status, &cause))
		return TRUE;
	g_prefix_error(&cause, "cannot run %s: ", options->argv[0]);
	vks_error_complete(error, g_steal_pointer(&cause),
			   "session %s is untouched; check the program's name, or see: vksession "
			   "log %s",
			   options->name, options->name);
	return FALSE;
}
