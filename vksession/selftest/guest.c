/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/guest.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/descriptors.h"
#include "vksession/durable.h"
#include "vksession/selftest/states/conductor.h"

#define MEMORY_BYTES   (768ULL << 20)
#define KILL_MS	       30000
#define ANSWER_MS      300000 /* above the conductor's own limit */
#define GUEST_PROGRAM  "/run/vkinit/root-program"
#define DISK_SIZE      "64M"
#define RUNTIME_PREFIX ".selftest."

SelftestGuest *selftest_guest_new(GError **error)
{
	g_autofree char *cache = g_build_filename(g_get_home_dir(), ".cache", "vksession", NULL);
	g_autofree char *pattern = g_build_filename(cache, "selftest-XXXXXX", NULL);
	g_autofree char *name = g_strdup_printf(RUNTIME_PREFIX "%d", getpid());
	SelftestGuest *guest;

	/* Below the home directory, which is what host and guest share. */
	if (g_mkdir_with_parents(cache, 0700) < 0 || !g_mkdtemp(pattern)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot make a directory in %s",
			    cache);
		return NULL;
	}
	guest = g_new0(SelftestGuest, 1);
	guest->scratch = g_steal_pointer(&pattern);
	guest->shared = g_build_filename(guest->scratch, "shared", NULL);
	guest->log = g_build_filename(guest->scratch, "log", NULL);
	guest->runtime_dir = g_build_filename(g_get_user_runtime_dir(), "vksession", name, NULL);
	return guest;
}

static void remove_save(SelftestGuest *guest)
{
	if (guest->save_dir)
		vks_tree_remove(guest->save_dir, NULL);
	g_clear_pointer(&guest->save_dir, g_free);
}

void selftest_guest_kill(SelftestGuest *guest)
{
	vk_launcher_kill(guest->runtime_dir, KILL_MS, NULL);
}

void selftest_guest_end(SelftestGuest *guest)
{
	selftest_guest_kill(guest);
	remove_save(guest);
	vks_tree_remove(guest->shared, NULL);
	if (guest->disk)
		g_remove(guest->disk);
}

void selftest_guest_free(SelftestGuest *guest, gboolean keep_log)
{
	if (!guest)
		return;
	selftest_guest_end(guest);
	if (!keep_log)
		vks_tree_remove(guest->scratch, NULL);
	g_free(guest->scratch);
	g_free(guest->shared);
	g_free(guest->runtime_dir);
	g_free(guest->log);
	g_free(guest->disk);
	g_free(guest);
}

/* A sparse file with an empty file system; without mke2fs(8), states with files on a disk are
   skipped. */
static void make_disk(SelftestGuest *guest)
{
	static const char *const programs[] = { "/usr/sbin/mke2fs", "/sbin/mke2fs" };
	g_autofree char *disk = g_build_filename(guest->scratch, "disk", NULL);
	int status = -1;

	g_remove(disk);
	for (gsize i = 0; i < G_N_ELEMENTS(programs) && status != 0; i++) {
		char *argv[] = { (char *)programs[i], (char *)"-q", (char *)"-F",      (char *)"-t",
				 (char *)"ext4",      disk,	    (char *)DISK_SIZE, NULL };

		if (!g_spawn_sync(NULL, argv, NULL,
				  G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
				  NULL, NULL, NULL, &status, NULL))
			status = -1;
	}
	if (status == 0)
		guest->disk = g_steal_pointer(&disk);
}

static gboolean launch(SelftestGuest *guest, const char *save_dir, GError **error)
{
	g_autofree char *program = vk_libexec_path("vkstates");
	g_autofree char *disk = guest->disk ? g_strdup_printf("ubd0=%s", guest->disk) : NULL;
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) arguments = NULL;
	VkLauncherConfig config = {
		.session = "selftest",
		.runtime_dir = guest->runtime_dir,
		.log_path = guest->log,
		.save_dir = save_dir,
		.memory_bytes = MEMORY_BYTES,
		.cpus = guest->cpus,
		.map_memory = guest->quick,
		.copy_while_running = guest->quick,
		.no_display = TRUE,
		.root_program = program,
	};
	g_autofree char *parent = g_path_get_dirname(guest->runtime_dir);

	if (disk)
		g_strv_builder_add(builder, disk);
	if (guest->parameters)
		g_strv_builder_addv(builder, (const char **)guest->parameters);
	arguments = g_strv_builder_end(builder);
	config.kernel_arguments = (const char *const *)arguments;
	g_mkdir_with_parents(parent, 0700);
	return vk_launcher_start(&config, error);
}

gboolean selftest_guest_start(SelftestGuest *guest, gboolean with_disk, GError **error)
{
	if (g_mkdir_with_parents(guest->shared, 0700) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot make %s", guest->shared);
		return FALSE;
	}
	g_clear_pointer(&guest->disk, g_free);
	if (with_disk)
		make_disk(guest);
	return launch(guest, NULL, error);
}

char *selftest_guest_ask(SelftestGuest *guest, const char *const *words, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GString) answer = g_string_new(NULL);
	int status = 0;

	g_ptr_array_add(argv, (gpointer)GUEST_PROGRAM);
	g_ptr_array_add(argv, (gpointer) "ask");
	for (; *words; words++)
		g_ptr_array_add(argv, (gpointer)*words);
	g_ptr_array_add(argv, NULL);
	if (!vk_control_capture(guest->runtime_dir, (const char *const *)argv->pdata, ANSWER_MS,
				answer, &status, error))
		return NULL;
	if (status == 0 && g_str_has_suffix(answer->str, "end\n"))
		return g_string_free(g_steal_pointer(&answer), FALSE);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		    "the conductor in the guest gives no whole answer (status %x): %.200s",
		    (unsigned int)status, answer->str);
	return NULL;
}

/* As `vksession save` does, without what makes it durable. */
static gboolean checkpoint(SelftestGuest *guest, gboolean hold, VkCheckpointStats *stats,
			   GError **error)
{
	g_autofree char *name = g_strdup_printf("save-%u", ++guest->saves);
	g_autofree char *dir = g_build_filename(guest->scratch, name, NULL);

	if (g_mkdir(dir, 0700) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot make %s", dir);
		return FALSE;
	}
	if (!vk_control_prepare_save(guest->runtime_dir, error) ||
	    !vk_launcher_checkpoint(guest->runtime_dir, dir, hold, stats, error)) {
		vks_tree_remove(dir, NULL);
		return FALSE;
	}
	remove_save(guest);
	guest->save_dir = g_steal_pointer(&dir);
	return TRUE;
}

gboolean selftest_guest_save(SelftestGuest *guest, VkCheckpointStats *stats, GError **error)
{
	return checkpoint(guest, FALSE, stats, error);
}

gboolean selftest_guest_stop(SelftestGuest *guest, VkCheckpointStats *stats, GError **error)
{
	return checkpoint(guest, TRUE, stats, error) &&
	       vk_launcher_kill(guest->runtime_dir, KILL_MS, error);
}

/** What is to be launched by a thread that lacks something. */
typedef struct {
	SelftestGuest *guest;
	gboolean ok;
	GError *error;
} Launch;

static gpointer launch_deprived(gpointer data)
{
	Launch *thaw = data;

	thaw->ok = selftest_break_thread(&thaw->error) &&
		   launch(thaw->guest, thaw->guest->save_dir, &thaw->error);
	return NULL;
}

static gboolean thaw_deprived(SelftestGuest *guest, GError **error)
{
	Launch thaw = { .guest = guest };

	g_thread_join(g_thread_new("deprived", launch_deprived, &thaw));
	if (!thaw.ok)
		g_propagate_error(error, thaw.error);
	return thaw.ok;
}

gboolean selftest_guest_thaw(SelftestGuest *guest, GError **error)
{
	const SelftestVictim victim = { .image = guest->save_dir, .disk = guest->disk };
	gboolean deprived = FALSE;

	for (const SelftestPart *const *part = guest->broken; part && *part; part++) {
		if (!selftest_break(&victim, *part, error))
			return FALSE;
		deprived |= (*part)->twice;
	}
	return (deprived ? thaw_deprived(guest, error) : launch(guest, guest->save_dir, error)) &&
	       vk_control_thawed(guest->runtime_dir, error);
}

/* What of its memory is neither the guest's nor of a file. */
static guint64 own_kib(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
	g_autofree char *text = NULL;
	const char *line = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL))
		line = strstr(text, "\nRssAnon:");
	return line ? g_ascii_strtoull(line + strlen("\nRssAnon:"), NULL, 10) : 0;
}

void selftest_guest_measure(SelftestGuest *guest, SelftestSize *size)
{
	VkLauncherStatus status = { 0 };
	g_auto(GStrv) open = NULL;

	/* Until all is copied, what the guest has written to its memory looks like the vkernel's. */
	if ((guest->quick && !vk_launcher_go(guest->runtime_dir, NULL)) ||
	    !vk_launcher_get_status(guest->runtime_dir, &status))
		return;
	open = vk_descriptors(status.vkernel_pid);
	size->of[SELFTEST_DESCRIPTORS] = g_strv_length(open);
	size->of[SELFTEST_OWN_KIB] = own_kib(status.vkernel_pid);
}
