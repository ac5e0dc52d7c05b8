/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <fcntl.h>
#include <string.h>

#include "launcher/autofd.h"
#include "tests/vksession/fake-backend.h"
#include "vksession/durable.h"
#include "vksession/paths.h"

static int not_shared;
int *scenario_paused = &not_shared;

/* The session's memory: small, for it is copied thousands of times. */
#define MEMORY_BYTES (32u << 20)

/*
 * What stands for the kernel and the display: a fault of a system call of ours can't reach it.
 */
#define QUIETLY(call)                                                                              \
	({                                                                                         \
		*scenario_paused = 1;                                                              \
		gboolean result = (call);                                                          \
		*scenario_paused = 0;                                                              \
		result;                                                                            \
	})

static gboolean quiet_start(const VkLauncherConfig *config, GError **error)
{
	return QUIETLY(fake_backend()->start(config, error));
}

static gboolean quiet_get_status(const char *runtime_dir, VkLauncherStatus *status)
{
	return QUIETLY(fake_backend()->get_status(runtime_dir, status));
}

static gboolean quiet_kill(const char *runtime_dir, guint timeout_ms, GError **error)
{
	return QUIETLY(fake_backend()->kill(runtime_dir, timeout_ms, error));
}

static gboolean quiet_go(const char *runtime_dir, GError **error)
{
	return QUIETLY(fake_backend()->go(runtime_dir, error));
}

static gboolean quiet_viewer_start(const char *runtime_dir, const char *session,
				   const char *display, const char *const *environment,
				   const char *layout_path, const char *log_path, GError **error)
{
	return QUIETLY(fake_backend()->viewer_start(runtime_dir, session, display, environment,
						    layout_path, log_path, error));
}

static void quiet_request_thumbnail(const char *runtime_dir)
{
	(void)QUIETLY((fake_backend()->request_thumbnail(runtime_dir), TRUE));
}

static gboolean quiet_viewer_stop(const char *runtime_dir, guint timeout_ms, GError **error)
{
	return QUIETLY(fake_backend()->viewer_stop(runtime_dir, timeout_ms, error));
}

const VksBackend *scenario_backend(void)
{
	static VksBackend backend;

	backend = *fake_backend();
	backend.start = quiet_start;
	backend.get_status = quiet_get_status;
	backend.kill = quiet_kill;
	backend.go = quiet_go;
	backend.viewer_start = quiet_viewer_start;
	backend.request_thumbnail = quiet_request_thumbnail;
	backend.viewer_stop = quiet_viewer_stop;
	return &backend;
}

static void set_directory(const char *variable, const char *directory, const char *name)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);

	if (g_mkdir_with_parents(path, 0700) < 0)
		g_error("cannot make %s", path);
	g_setenv(variable, path, TRUE);
}

void scenario_enter(const char *directory)
{
	g_autofree char *kernel = g_build_filename(directory, "libexec", "vkernel", NULL);
	g_autofree char *private_dir = g_build_filename(directory, "home", "private", NULL);

	set_directory("HOME", directory, "home");
	if (g_mkdir_with_parents(private_dir, 0700) < 0)
		g_error("cannot make %s", private_dir);
	set_directory("XDG_STATE_HOME", directory, "state");
	set_directory("XDG_RUNTIME_DIR", directory, "run");
	set_directory("VKSESSION_LIBEXECDIR", directory, "libexec");
	if (!g_file_test(kernel, G_FILE_TEST_EXISTS) &&
	    !g_file_set_contents_full(kernel, "the kernel\n", -1, G_FILE_SET_CONTENTS_NONE, 0700,
				      NULL))
		g_error("cannot write %s", kernel);
}

static VksSecret *answer(const char *session, gboolean is_new, gpointer data, GError **error)
{
	static const char passphrase[] = "correct horse";
	VksSecret *secret = vks_secret_new(sizeof(passphrase), error);

	if (secret) {
		memcpy(vks_secret_bytes(secret), passphrase, sizeof(passphrase));
		vks_secret_set_length(secret, sizeof(passphrase));
	}
	return secret;
}

void scenario_answer(Vks *vks)
{
	vks_set_ask(vks, answer, NULL);
	/* It is asked thousands of times. */
	vks->key_cost = (VksKeyCost){ 1, 8192 };
}

Vks *scenario_open(void)
{
	g_autoptr(GError) error = NULL;
	Vks *vks = vks_open(scenario_backend(), &error);

	if (!vks)
		g_error("%s", error->message);
	scenario_answer(vks);
	return vks;
}

/* Operations */

static gboolean run_with(Vks *vks, const char *encrypt, const char *disk, GError **error)
{
	const char *const disks[] = { disk, NULL };
	static const char *const argv[] = { "xterm", NULL };
	static const char *const private_dirs[] = { "private", NULL };
	VksRunOptions options = {
		.name = SCENARIO_SESSION,
		.argv = argv,
		.cwd = g_getenv("HOME"),
		.private_dirs = private_dirs,
		.display = ":9",
		.memory_bytes = MEMORY_BYTES,
		.encrypt = encrypt,
		.disks = disk ? disks : NULL,
	};
	VksRunResult result;

	return vks_run(vks, &options, NULL, &result, error);
}

static gboolean run_program(Vks *vks, GError **error)
{
	return run_with(vks, NULL, NULL, error);
}

static gboolean run_encrypted(Vks *vks, GError **error)
{
	return run_with(vks, "passphrase", NULL, error);
}

static gboolean run_with_disk(Vks *vks, GError **error)
{
	return run_with(vks, NULL, "../../disk", error);
}

static gboolean save(Vks *vks, gboolean stop, GError **error)
{
	VksSaveOptions options = { .name = SCENARIO_SESSION, .stop = stop };
	VksSaveResult result;

	return vks_save(vks, &options, NULL, &result, error);
}

static gboolean save_live(Vks *vks, GError **error)
{
	return save(vks, FALSE, error);
}

static gboolean save_stop(Vks *vks, GError **error)
{
	return save(vks, TRUE, error);
}

static gboolean thaw_newest(Vks *vks, GError **error)
{
	VksThawOptions options = { .name = SCENARIO_SESSION, .display = ":9" };
	VksThawResult result;

	return vks_thaw(vks, &options, NULL, &result, error);
}

static gboolean drop_first(Vks *vks, GError **error)
{
	return vks_drop(vks, SCENARIO_SESSION, 1, error);
}

static gboolean drop_all(Vks *vks, GError **error)
{
	return vks_drop(vks, SCENARIO_SESSION, 0, error);
}

static gboolean prune(Vks *vks, GError **error)
{
	VksPruneResult result;

	return vks_prune(vks, SCENARIO_SESSION, NULL, &result, error);
}

static gboolean roll_back(Vks *vks, GError **error)
{
	VksRollbackOptions options = { .name = SCENARIO_SESSION, .number = 1, .display = ":9" };
	VksRollbackResult result;

	return vks_rollback(vks, &options, NULL, &result, error);
}

/* What an export writes lies beside the tree that is put back for each fault. */
static char *archive_path(void)
{
	return g_build_filename(g_getenv("HOME"), "..", "..", "archive", NULL);
}

static gboolean import(Vks *vks, GError **error)
{
	g_autofree char *path = archive_path();
	autofd fd = -1;
	guint number;

	if (!QUIETLY((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0))
		g_error("cannot open %s", path);
	return vks_import(vks, SCENARIO_SESSION, fd, NULL, &number, error);
}

/* From nothing to a save: none of the directories are there. */
static gboolean run_and_save(Vks *vks, GError **error)
{
	return run_program(vks, error) && save_live(vks, error);
}

static gboolean encrypt(Vks *vks, GError **error)
{
	return vks_encrypt(vks, SCENARIO_SESSION, VKS_ENCRYPTION_PASSPHRASE, NULL, error);
}

static gboolean decrypt(Vks *vks, GError **error)
{
	return vks_decrypt(vks, SCENARIO_SESSION, NULL, error);
}

/* Stores: what is done before, in this order. Each act is one of a person's, or one of these. */

/* From here on programs run that are to be pinned. */
static gboolean have_programs(Vks *vks, GError **error)
{
	const char *directory = g_getenv("VKSESSION_LIBEXECDIR");
	g_autofree char *program = g_build_filename(directory, "program", NULL);
	g_autofree char *library = g_build_filename(directory, "library", NULL);
	g_autofree char *files = g_strdup_printf("%s=3\n%s=2\n", program, library);

	g_setenv("VKS_FAKE_FILES", files, TRUE);
	return g_file_set_contents(program, "a program\n", -1, error) &&
	       g_file_set_contents(library, "a library\n", -1, error);
}

static gboolean have_no_programs(Vks *vks, GError **error)
{
	g_unsetenv("VKS_FAKE_FILES");
	return TRUE;
}

/* The first save is gone, but others are built on it, and nothing was rewritten yet. */
static gboolean retire_first(Vks *vks, GError **error)
{
	g_autofree char *saves = g_build_filename(vks->store_dir, SCENARIO_SESSION, "saves", NULL);
	g_autofree char *first = g_build_filename(saves, "1", NULL);
	g_autofree char *base = g_build_filename(saves, ".base-1", NULL);

	return vks_rename_new(first, base, error);
}

/* The image is beside the tree that is put back for each fault: it has to stay the same file. */
static gboolean have_disk(Vks *vks, GError **error)
{
	g_autofree char *sector = g_strnfill(512, 'd');
	g_autofree char *path = g_build_filename(g_getenv("HOME"), "..", "..", "disk", NULL);

	return g_file_set_contents(path, sector, -1, error);
}

static gboolean export(Vks *vks, GError **error)
{
	g_autofree char *path = archive_path();
	autofd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd >= 0 && vks_export(vks, SCENARIO_SESSION, 0, FALSE, fd, NULL, error);
}

static gboolean read_back(Vks *vks, GError **error)
{
	static const char *const settings[] = { "verify=yes", NULL };

	return vks_set_policy(vks, SCENARIO_SESSION, settings, error);
}

static const ScenarioAct nothing[] = { NULL };
static const ScenarioAct running[] = { run_program, NULL };
static const ScenarioAct running_saved[] = { run_program, save_live, save_live, NULL };
static const ScenarioAct saved[] = { run_program, save_live, save_stop, NULL };
static const ScenarioAct verified[] = { run_program, read_back, save_live, save_live, NULL };
/* A run that came from save 2; the last save is another. */
static const ScenarioAct thawed[] = { run_program, save_live, save_stop,
				      thaw_newest, save_live, NULL };
static const ScenarioAct exported[] = { run_program, save_live, save_stop, export, drop_all, NULL };
static const ScenarioAct unpruned[] = { have_programs, run_program,	 save_live,  save_live,
					save_live,     have_no_programs, drop_first, NULL };
static const ScenarioAct disk[] = { have_disk, run_with_disk, save_live, NULL };
static const ScenarioAct disk_saved[] = { have_disk, run_with_disk, save_live, save_stop, NULL };
static const ScenarioAct encrypted[] = { run_encrypted, save_live, save_live, NULL };
static const ScenarioAct encrypted_saved[] = { run_encrypted, save_live, save_live, save_stop,
					       NULL };
static const ScenarioAct encrypted_unpruned[] = { run_encrypted, save_live, save_live, retire_first,
						  NULL };

void scenario_prepare(const Scenario *scenario, Vks *vks)
{
	for (const ScenarioAct *act = scenario->before; *act; act++) {
		g_autoptr(GError) error = NULL;

		if (!(*act)(vks, &error))
			g_error("preparing %s: %s", scenario->name, error->message);
	}
}

/* The next start */

static VksState state_of(Vks *vks)
{
	g_autoptr(GPtrArray) list = vks_list(vks, SCENARIO_SESSION, FALSE, NULL);

	return list ? ((const VksSessionInfo *)list->pdata[0])->state : VKS_STATE_STOPPED;
}

static gboolean has_saves(Vks *vks)
{
	g_autoptr(GPtrArray) saves = vks_list_saves(vks, SCENARIO_SESSION, NULL);

	return saves && saves->len > 0;
}

/* A save that was to end the session may have been carried through by the next command. */
static gboolean save_again(Vks *vks, GError **error)
{
	if (state_of(vks) == VKS_STATE_RUNNING && save_live(vks, NULL))
		return TRUE;
	if (state_of(vks) != VKS_STATE_RUNNING &&
	    !(has_saves(vks) ? thaw_newest(vks, error) : run_program(vks, error)))
		return FALSE;
	return save_live(vks, error);
}

/* Where a rollback to save 1 was cut, that is the last state of the session, or what ran is. */
static gboolean roll_back_again(Vks *vks, GError **error)
{
	VksThawOptions options = { .name = SCENARIO_SESSION, .display = ":9" };
	VksThawResult result = { .number = 1 };

	if (state_of(vks) == VKS_STATE_RUNNING && save_live(vks, NULL))
		return TRUE;
	if (state_of(vks) != VKS_STATE_RUNNING && !vks_thaw(vks, &options, NULL, &result, error))
		return FALSE;
	if (result.number != 1 && result.number < 3) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_FAILED, "save %u is an older state",
			    result.number);
		return FALSE;
	}
	return save_live(vks, error);
}

static gboolean import_again(Vks *vks, GError **error)
{
	return (has_saves(vks) || import(vks, error)) && thaw_newest(vks, error);
}

static gboolean run_or_save_again(Vks *vks, GError **error)
{
	return (state_of(vks) == VKS_STATE_RUNNING || has_saves(vks) || run_program(vks, error)) &&
	       save_again(vks, error);
}

static gboolean prune_again(Vks *vks, GError **error)
{
	return prune(vks, error) && save_again(vks, error);
}

/* One that was done finds nothing to be done. */
static gboolean convert_again(Vks *vks, gboolean (*convert)(Vks *vks, GError **error),
			      GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (convert(vks, &cause) || g_error_matches(cause, VKS_ERROR, VKS_ERROR_STATE))
		return thaw_newest(vks, error);
	g_propagate_error(error, g_steal_pointer(&cause));
	return FALSE;
}

static gboolean encrypt_again(Vks *vks, GError **error)
{
	return convert_again(vks, encrypt, error);
}

static gboolean decrypt_again(Vks *vks, GError **error)
{
	return convert_again(vks, decrypt, error);
}

static gboolean thaw_again(Vks *vks, GError **error)
{
	if (state_of(vks) == VKS_STATE_RUNNING && !vks_stop(vks, SCENARIO_SESSION, 0, error))
		return FALSE;
	return thaw_newest(vks, error);
}

/* With its size of memory only if it is to start: a running session's can't be changed. */
static gboolean run_again(Vks *vks, GError **error)
{
	return (state_of(vks) != VKS_STATE_RUNNING || vks_stop(vks, SCENARIO_SESSION, 0, error)) &&
	       run_program(vks, error);
}

/* A drop that was interrupted is done again; one that was done has nothing to find. */
static gboolean drop_again(Vks *vks, guint number, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (vks_drop(vks, SCENARIO_SESSION, number, &cause) ||
	    g_error_matches(cause, VKS_ERROR, VKS_ERROR_NOT_FOUND))
		return number == 0 ? run_program(vks, error) : thaw_newest(vks, error);
	g_propagate_error(error, g_steal_pointer(&cause));
	return FALSE;
}

static gboolean drop_first_again(Vks *vks, GError **error)
{
	return drop_again(vks, 1, error);
}

static gboolean drop_all_again(Vks *vks, GError **error)
{
	return drop_again(vks, 0, error);
}

const Scenario scenarios[] = {
	{ "run", nothing, run_program, 0, FALSE, FALSE, run_again },
	{ "run-and-save", nothing, run_and_save, 1, FALSE, FALSE, run_or_save_again },
	{ "first-save", running, save_live, 1, FALSE, TRUE, save_again },
	{ "save", running_saved, save_live, 1, FALSE, TRUE, save_again },
	{ "save-verified", verified, save_live, 1, FALSE, TRUE, save_again },
	{ "save-stop", running_saved, save_stop, 1, FALSE, TRUE, save_again },
	{ "prune", unpruned, prune, 0, FALSE, FALSE, prune_again },
	{ "rollback", thawed, roll_back, 1, FALSE, TRUE, roll_back_again },
	{ "thaw", saved, thaw_newest, 0, FALSE, FALSE, thaw_again },
	{ "import", exported, import, 1, FALSE, FALSE, import_again },
	{ "drop", saved, drop_first, -1, FALSE, FALSE, drop_first_again },
	{ "drop-session", saved, drop_all, 0, TRUE, FALSE, drop_all_again },
	{ "run-encrypted", nothing, run_encrypted, 0, FALSE, FALSE, run_again },
	{ "save-encrypted", encrypted, save_live, 1, FALSE, TRUE, save_again },
	{ "prune-encrypted", encrypted_unpruned, prune, 0, FALSE, FALSE, prune_again },
	{ "thaw-encrypted", encrypted_saved, thaw_newest, 0, FALSE, FALSE, thaw_again },
	{ "encrypt", saved, encrypt, 0, FALSE, FALSE, encrypt_again },
	{ "decrypt", encrypted_saved, decrypt, 0, FALSE, FALSE, decrypt_again },
	{ "save-disk", disk, save_live, 1, FALSE, TRUE, save_again },
	{ "thaw-disk", disk_saved, thaw_newest, 0, FALSE, FALSE, thaw_again },
	{ "drop-encrypted", encrypted_saved, drop_all, 0, TRUE, FALSE, drop_all_again },
};
const gsize n_scenarios = G_N_ELEMENTS(scenarios);
