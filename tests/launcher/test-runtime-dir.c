/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "launcher/cpu-choice.h"
#include "launcher/runtime-dir.h"

static int setup(void **state)
{
	*state = g_dir_make_tmp("runtime-XXXXXX", NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	g_rmdir(*state);
	g_free(*state);
	return 0;
}

static void lock_is_exclusive_and_visible(void **state)
{
	g_autoptr(GError) error = NULL;
	int fd;

	assert_false(vk_runtime_is_locked(*state));
	fd = vk_runtime_lock(*state, &error);
	assert_true(fd >= 0);
	assert_true(vk_runtime_is_locked(*state));
	assert_int_equal(vk_runtime_lock(*state, &error), -1);
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS));
	close(fd);
	assert_false(vk_runtime_is_locked(*state));
	fd = vk_runtime_lock(*state, NULL);
	assert_true(fd >= 0);
	vk_runtime_remove(*state, fd);
	close(fd);
	assert_int_equal(g_mkdir(*state, 0700), 0);
}

static void record_survives(void **state)
{
	const VkLauncherRecord written = {
		.status = { .launcher_pid = 12,
			    .vkernel_pid = 34,
			    .started_us = 1795000000000000,
			    .memory_bytes = 8ULL << 30 },
		.network_pid = 56,
		.vkernel_start_ticks = 1ULL << 40,
		.cpu = 1,
	};
	VkLauncherRecord read;

	assert_false(vk_runtime_read_record(*state, &read));
	assert_true(vk_runtime_write_record(*state, &written, NULL));
	assert_true(vk_runtime_read_record(*state, &read));
	assert_int_equal(read.status.launcher_pid, 12);
	assert_int_equal(read.status.vkernel_pid, 34);
	assert_int_equal(read.status.started_us, written.status.started_us);
	assert_int_equal(read.status.memory_bytes, written.status.memory_bytes);
	assert_int_equal(read.network_pid, 56);
	assert_int_equal(read.vkernel_start_ticks, written.vkernel_start_ticks);
	assert_int_equal(read.cpu, 1);
	vk_runtime_remove(*state, -1);
	assert_int_equal(g_mkdir(*state, 0700), 0);
}

static gpointer lock_in_thread(gpointer runtime_dir)
{
	return GINT_TO_POINTER(vk_runtime_lock(runtime_dir, NULL));
}

/* Between the end of its session and that of its process a launcher is none. */
static void ending_launcher_is_none(void **state)
{
	g_autofree char *path = vk_runtime_path(*state, "launcher.lock");
	int fd = vk_runtime_lock(*state, NULL), successor;
	VkLauncherStatus status;
	GThread *thread;
	struct stat st;

	assert_true(vk_launcher_get_status(*state, &status));
	assert_int_equal(status.launcher_pid, 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_false(vk_launcher_get_status(*state, &status));
	thread = g_thread_new("successor", lock_in_thread, *state);
	close(fd);
	successor = GPOINTER_TO_INT(g_thread_join(thread));
	assert_true(successor >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_true(vk_launcher_get_status(*state, &status));
	vk_runtime_remove(*state, successor);
	close(successor);
	assert_int_equal(g_mkdir(*state, 0700), 0);
}

static void damaged_record_is_none(void **state)
{
	g_autofree char *path = vk_runtime_path(*state, "launcher.json");
	VkLauncherRecord record;

	for (const char *const *text = (const char *const[]){ "", "{", "[]", "7", NULL }; *text;
	     text++) {
		assert_true(g_file_set_contents(path, *text, -1, NULL));
		assert_false(vk_runtime_read_record(*state, &record));
	}
	/* Members of another type count as missing. */
	assert_true(g_file_set_contents(path, "{\"cpu\": \"x\", \"launcher_pid\": 3}", -1, NULL));
	assert_true(vk_runtime_read_record(*state, &record));
	assert_int_equal(record.status.launcher_pid, 3);
	g_remove(path);
}

static void foreign_files_stay(void **state)
{
	g_autofree char *path = vk_runtime_path(*state, "viewer.json");
	int fd = vk_runtime_lock(*state, NULL);

	assert_true(g_file_set_contents(path, "{}", -1, NULL));
	vk_runtime_remove(*state, fd);
	close(fd);
	assert_int_equal(g_access(path, F_OK), 0);
	g_remove(path);
}

static void directory_must_be_the_users_alone(void **state)
{
	g_autofree char *dir = g_build_filename(*state, "a", "b", NULL);
	g_autofree char *parent = g_build_filename(*state, "a", NULL);
	g_autofree char *name = g_strnfill(120, 'x');
	g_autofree char *too_long = g_build_filename(*state, name, NULL);
	g_autoptr(GError) error = NULL;
	struct stat st;

	assert_true(vk_runtime_make(dir, NULL));
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(g_chmod(dir, 0750), 0);
	assert_false(vk_runtime_make(dir, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED));
	g_clear_error(&error);
	assert_false(vk_runtime_make(too_long, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG));
	g_rmdir(dir);
	g_rmdir(parent);
}

static void start_ticks_tell_processes_apart(void **state)
{
	assert_true(vk_process_start_ticks(getpid()) > 0);
	assert_int_equal(vk_process_start_ticks(G_MAXINT32), 0);
}

static void cpu_with_the_fewest_sessions(void **state)
{
	const guint load[] = { 1, 0, 0, 0 };
	const gboolean all[] = { TRUE, TRUE, TRUE, TRUE };
	const gboolean some[] = { TRUE, TRUE, FALSE, FALSE };
	const gboolean first[] = { TRUE, FALSE, FALSE, FALSE };
	const gboolean none[] = { FALSE, FALSE, FALSE, FALSE };
	const guint alike[] = { 0, 0, 0, 0 };

	assert_int_equal(vk_cpu_pick(load, alike, all, 4), 3);
	assert_int_equal(vk_cpu_pick(load, alike, some, 4), 1);
	assert_int_equal(vk_cpu_pick(load, alike, first, 4), 0);
	assert_int_equal(vk_cpu_pick(load, alike, none, 4), -1);
}

static void large_cores_come_first(void **state)
{
	const guint speed[] = { 1024, 1024, 500, 500 };
	const gboolean all[] = { TRUE, TRUE, TRUE, TRUE };
	const gboolean small[] = { FALSE, FALSE, TRUE, TRUE };
	guint load[] = { 0, 0, 0, 0 };
	static const int order[] = { 1, 0, 3, 2, 1 };

	assert_int_equal(vk_cpu_pick(load, speed, small, 4), 3);
	for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
		assert_int_equal(vk_cpu_pick(load, speed, all, 4), order[i]);
		load[order[i]]++;
	}
}

/* Writes a number as sysfs shows it of a CPU. */
static void tell(const char *dir, guint cpu, const char *name, const char *number)
{
	g_autofree char *path = g_strdup_printf("%s/cpu%u/%s", dir, cpu, name);
	g_autofree char *parent = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(parent, 0700), 0);
	assert_true(g_file_set_contents(path, number, -1, NULL));
}

static void forget_all(const char *dir, guint cpu)
{
	static const char *const names[] = { "cpufreq/cpuinfo_max_freq", "cpufreq", "cpu_capacity",
					     "" };

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_strdup_printf("%s/cpu%u/%s", dir, cpu, names[i]);

		assert_int_equal(g_remove(path), 0);
	}
}

static void expect_speeds(const char *dir, guint first, guint second)
{
	const gboolean two[] = { TRUE, TRUE, FALSE };
	guint speed[3] = { 7, 7, 7 };

	vk_cpu_speeds(dir, two, speed, G_N_ELEMENTS(speed));
	assert_int_equal(speed[0], first);
	assert_int_equal(speed[1], second);
	assert_int_equal(speed[2], 0);
}

static void speed_is_what_the_kernel_tells(void **state)
{
	const char *dir = *state;

	expect_speeds(dir, 0, 0);
	tell(dir, 0, "cpufreq/cpuinfo_max_freq", "5300000\n");
	expect_speeds(dir, 0, 0);
	tell(dir, 1, "cpufreq/cpuinfo_max_freq", "3900000\n");
	expect_speeds(dir, 5300000, 3900000);
	tell(dir, 0, "cpu_capacity", "1024\n");
	expect_speeds(dir, 5300000, 3900000);
	tell(dir, 1, "cpu_capacity", "623\n");
	expect_speeds(dir, 1024, 623);
	forget_all(dir, 0);
	forget_all(dir, 1);
}

static void cpu_can_be_overridden(void **state)
{
	g_autofree char *dir = g_build_filename(*state, "session", NULL);
	int chosen;

	g_setenv("VKSESSION_CPU", "none", TRUE);
	assert_int_equal(vk_cpu_choose(dir, 1), -1);
	g_setenv("VKSESSION_CPU", "nonsense", TRUE);
	chosen = vk_cpu_choose(dir, 1);
	assert_true(chosen >= 0);
	g_unsetenv("VKSESSION_CPU");
	assert_int_equal(vk_cpu_choose(dir, 1), chosen);
	/* Several CPUs of a guest are meant to run side by side. */
	assert_int_equal(vk_cpu_choose(dir, 2), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lock_is_exclusive_and_visible, setup, teardown),
		cmocka_unit_test_setup_teardown(record_survives, setup, teardown),
		cmocka_unit_test_setup_teardown(ending_launcher_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_record_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(foreign_files_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(directory_must_be_the_users_alone, setup, teardown),
		cmocka_unit_test(start_ticks_tell_processes_apart),
		cmocka_unit_test(cpu_with_the_fewest_sessions),
		cmocka_unit_test(large_cores_come_first),
		cmocka_unit_test_setup_teardown(speed_is_what_the_kernel_tells, setup, teardown),
		cmocka_unit_test_setup_teardown(cpu_can_be_overridden, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
