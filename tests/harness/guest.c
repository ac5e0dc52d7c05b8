/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "launcher/autofd.h"
#include "story.h"
#include "wait.h"

#define LOG_MS 20000
#define END_MS 20000

static char *in_base(const struct guest *guest, const char *name)
{
	return g_build_filename(guest->base, name, NULL);
}

void guest_init(struct guest *guest, guint64 memory_bytes, guint cpus)
{
	guint host_cpus = vk_launcher_max_cpus();

	memset(guest, 0, sizeof(*guest));
	guest->base = g_dir_make_tmp("guest-XXXXXX", NULL);
	assert_non_null(guest->base);
	guest->save = in_base(guest, "save");
	guest->strings[0] = in_base(guest, "run");
	guest->strings[1] = in_base(guest, "log");
	guest->config = (VkLauncherConfig){
		.session = "test",
		.runtime_dir = guest->strings[0],
		.log_path = guest->strings[1],
		.memory_bytes = memory_bytes,
		.cpus = MIN(cpus, host_cpus),
		.no_display = TRUE,
	};
	/* The launcher refuses what is slow, but it has to work. */
	if (cpus > host_cpus) {
		g_autofree char *argument = g_strdup_printf("ncpus=%u", cpus);

		guest->config.cpus = 1;
		guest_add_argument(guest, argument);
	}
}

void guest_add_argument(struct guest *guest, const char *argument)
{
	guint n = g_strv_length(guest->arguments);

	assert_true(n + 1 < G_N_ELEMENTS(guest->arguments));
	guest->arguments[n] = g_strdup(argument);
	guest->config.kernel_arguments = (const char *const *)guest->arguments;
}

static void print_log(const struct guest *guest)
{
	g_autofree char *log = NULL;

	if (g_file_get_contents(guest->config.log_path, &log, NULL, NULL))
		fprintf(stderr, "# log of the guest:\n%s\n", log);
}

void guest_make_save_dir(struct guest *guest)
{
	static const char *const parts[] = { "memory", "state" };

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = g_build_filename(guest->save, parts[i], NULL);

		g_remove(path);
	}
	g_rmdir(guest->save);
	assert_int_equal(g_mkdir(guest->save, 0700), 0);
}

void guest_finish(struct guest *guest, bool well)
{
	if (!guest->base)
		return;
	if (!well)
		print_log(guest);
	vk_launcher_kill(guest->config.runtime_dir, END_MS, NULL);
	guest_make_save_dir(guest);
	g_rmdir(guest->save);
	g_remove(guest->config.log_path);
	g_rmdir(guest->base);
	for (gsize i = 0; i < G_N_ELEMENTS(guest->strings); i++)
		g_free(guest->strings[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(guest->arguments); i++)
		g_free(guest->arguments[i]);
	g_free(guest->save);
	g_free(guest->base);
	memset(guest, 0, sizeof(*guest));
}

static void start(struct guest *guest)
{
	g_autoptr(GError) error = NULL;
	VkLauncherStatus status;

	if (!vk_launcher_start(&guest->config, &error))
		fail_msg("start: %s", error->message);
	assert_true(vk_launcher_get_status(guest->config.runtime_dir, &status));
	guest->vkernel = status.vkernel_pid;
}

void guest_start(struct guest *guest)
{
	guest->config.save_dir = NULL;
	start(guest);
}

void guest_thaw(struct guest *guest)
{
	g_autoptr(GError) error = NULL;

	guest->config.save_dir = guest->save;
	guest->thaw_started = g_get_monotonic_time();
	start(guest);
	if (!vk_control_thawed(guest->config.runtime_dir, &error))
		fail_msg("thawed: %s", error->message);
}

void guest_kill(struct guest *guest)
{
	g_autoptr(GError) error = NULL;

	if (!vk_launcher_kill(guest->config.runtime_dir, END_MS, &error))
		fail_msg("kill: %s", error->message);
}

void guest_assert_alive(struct guest *guest)
{
	g_autoptr(GError) error = NULL;

	if (!vk_control_hello(guest->config.runtime_dir, NULL, &error))
		fail_msg("hello: %s", error->message);
}

/* In a child, since the program of the guest gets the standard output of whoever runs it. */
static G_NORETURN void exec_in_child(struct guest *guest, const char *const *argv, int output)
{
	g_autoptr(GError) error = NULL;
	int status = 0;

	dup2(output, STDOUT_FILENO);
	if (!vk_control_exec(guest->config.runtime_dir, "/", NULL, argv, &status, &error)) {
		fprintf(stderr, "# exec: %s\n", error->message);
		_exit(127);
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

char *guest_output_argv(struct guest *guest, const char *const *argv)
{
	GString *text = g_string_new(NULL);
	char block[4096];
	int ends[2];
	int status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		exec_in_child(guest, argv, ends[1]);
	}
	close(ends[1]);
	while ((n = read(ends[0], block, sizeof(block))) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0)
			g_string_append_len(text, block, n);
	}
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s in the guest: status 0x%x, printed: %s", argv[0], (guint)status,
			 text->str);
	return g_string_free(text, FALSE);
}

/* Finds the file of the guest's memory: it has no name, and no other is as large. */
static void memory_file(const struct guest *guest, struct stat *file)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/fd", guest->vkernel);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	assert_non_null(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *link = g_build_filename(path, name, NULL);

		if (!stat(link, file) && S_ISREG(file->st_mode) && !file->st_nlink &&
		    (guint64)file->st_size >= guest->config.memory_bytes)
			return;
	}
	fail_msg("the vkernel has no file of memory");
}

/* What a vkernel has mapped, but for its guest's memory: of that, stacks of the threads of the
 * guest's kernel come and go. */
static guint64 address_space_kib(const struct guest *guest, ino_t memory)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/maps", guest->vkernel);
	g_autofree char *maps = NULL;
	g_auto(GStrv) lines = NULL;
	guint64 bytes = 0;

	assert_true(g_file_get_contents(path, &maps, NULL, NULL));
	lines = g_strsplit(maps, "\n", -1);
	for (char **line = lines; **line; line++) {
		unsigned long start, end, inode;

		assert_int_equal(sscanf(*line, "%lx-%lx %*s %*s %*s %lu", &start, &end, &inode), 3);
		if (inode != memory)
			bytes += end - start;
	}
	return bytes / 1024;
}

void guest_get_costs(const struct guest *guest, struct guest_costs *costs)
{
	g_autofree char *stat_path = g_strdup_printf("/proc/%d/stat", guest->vkernel);
	g_autofree char *stat = NULL;
	g_auto(GStrv) fields = NULL;
	struct stat memory;

	memory_file(guest, &memory);
	assert_true(g_file_get_contents(stat_path, &stat, NULL, NULL));
	/* proc(5): the state is field 3, the times are fields 14 and 15. */
	fields = g_strsplit(strrchr(stat, ')') + 2, " ", -1);
	*costs = (struct guest_costs){
		.threads = (guint)process_status(guest->vkernel, "Threads"),
		.address_space_kib = address_space_kib(guest, memory.st_ino),
		.anonymous_kib = process_status(guest->vkernel, "RssAnon"),
		.shared_kib = process_status(guest->vkernel, "RssShmem"),
		.memory_kib = (guint64)memory.st_blocks / 2,
		.cpu_ticks = g_ascii_strtoull(fields[11], NULL, 10) +
			     g_ascii_strtoull(fields[12], NULL, 10),
	};
}

guint64 guest_logged_number(const struct guest *guest, const char *name)
{
	g_autofree char *key = g_strdup_printf(" %s=", name);
	g_autofree char *log = NULL;
	const char *place;

	/* The guest runs again a moment before the vkernel says so. */
	if (!wait_for_file(guest->config.log_path, key, LOG_MS))
		fail_msg("no %s= in the log", name);
	assert_true(g_file_get_contents(guest->config.log_path, &log, NULL, NULL));
	place = g_strrstr(log, key);
	assert_non_null(place);
	return g_ascii_strtoull(place + strlen(key), NULL, 10);
}
