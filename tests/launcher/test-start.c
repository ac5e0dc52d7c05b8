/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vk_launcher_start() and the real vksession-launcher, with a program that plays the vkernel. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "launcher/launcher.h"
#include "launcher/runtime-dir.h"

#define TIMEOUT_MS 20000

typedef struct {
	char *base;
	char *runtime_dir;
	char *log_path;
	VkLauncherConfig config;
} Session;

static char *in_base(const Session *session, const char *name)
{
	return g_build_filename(session->base, name, NULL);
}

static void behave(const Session *session, const char *how)
{
	g_autofree char *path = in_base(session, "behaviour");

	assert_true(g_file_set_contents(path, how, -1, NULL));
}

static int setup(void **state)
{
	static const char *const programs[] = { "vkinit", "vkdisplay" };
	Session *session = g_new0(Session, 1);
	g_autofree char *launcher = NULL;
	g_autofree char *vkernel = NULL;

	session->base = g_dir_make_tmp("start-XXXXXX", NULL);
	session->runtime_dir = in_base(session, "run");
	session->log_path = in_base(session, "log");
	launcher = in_base(session, "vksession-launcher");
	vkernel = in_base(session, "vkernel");
	g_setenv("VKSESSION_LIBEXECDIR", session->base, TRUE);
	for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autofree char *path = in_base(session, programs[i]);

		if (symlink("/bin/true", path) < 0)
			return -1;
	}
	if (symlink(g_getenv("VKSESSION_TEST_LAUNCHER"), launcher) < 0 ||
	    symlink(g_getenv("VKSESSION_TEST_VKERNEL"), vkernel) < 0)
		return -1;
	session->config = (VkLauncherConfig){
		.session = "test",
		.runtime_dir = session->runtime_dir,
		.log_path = session->log_path,
		.memory_bytes = 64 << 20,
	};
	behave(session, "serve");
	*state = session;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "vkinit",	"vkdisplay",  "vksession-launcher",
					     "vkernel", "behaviour",  "log",
					     "orphan",	"slirp4netns" };
	Session *session = *state;

	vk_launcher_kill(session->runtime_dir, TIMEOUT_MS, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = in_base(session, names[i]);

		g_remove(path);
	}
	/* Fails if the launcher has left anything in its directory, or the directory itself. */
	assert_int_equal(g_rmdir(session->base), 0);
	g_free(session->base);
	g_free(session->runtime_dir);
	g_free(session->log_path);
	g_free(session);
	return 0;
}

static void start(Session *session)
{
	g_autoptr(GError) error = NULL;

	if (!vk_launcher_start(&session->config, &error))
		fail_msg("%s", error->message);
}

static void expect_failure(Session *session, int code, const char *message)
{
	g_autoptr(GError) error = NULL;

	assert_false(vk_launcher_start(&session->config, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, code));
	if (message)
		assert_string_equal(error->message, message);
}

static int open_process(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	assert_true(fd >= 0);
	return fd;
}

static void expect_ended(int pidfd)
{
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };

	assert_int_equal(poll(&fd, 1, TIMEOUT_MS), 1);
	close(pidfd);
}

static void started_with_what_it_needs(void **state)
{
	Session *session = *state;
	g_autofree char *log = NULL;
	VkLauncherStatus status;

	start(session);
	assert_true(vk_launcher_get_status(session->runtime_dir, &status));
	assert_true(status.launcher_pid > 1 && status.vkernel_pid > 1);
	assert_int_equal(status.memory_bytes, 64 << 20);
	assert_true(g_file_get_contents(session->log_path, &log, NULL, NULL));
	assert_true(g_str_has_prefix(log, "fds=5 umask=0 cpus=1 files=max "
					  "env=PATH=/usr/bin:/bin;TMPDIR=/"));
	assert_true(vk_control_hello(session->runtime_dir, NULL, NULL));
}

static void killed_with_everything(void **state)
{
	Session *session = *state;
	g_autofree char *path = in_base(session, "orphan");
	g_autofree char *orphan = NULL;
	VkLauncherStatus status;
	int vkernel;

	behave(session, "orphan");
	start(session);
	assert_true(vk_launcher_get_status(session->runtime_dir, &status));
	vkernel = open_process(status.vkernel_pid);
	assert_true(g_file_get_contents(path, &orphan, NULL, NULL));
	assert_true(vk_launcher_kill(session->runtime_dir, TIMEOUT_MS, NULL));
	expect_ended(vkernel);
	assert_int_equal(kill(-(pid_t)g_ascii_strtoll(orphan, NULL, 10), 0), -1);
	assert_false(vk_launcher_get_status(session->runtime_dir, NULL));
	assert_int_equal(g_access(session->runtime_dir, F_OK), -1);
	assert_true(vk_launcher_kill(session->runtime_dir, TIMEOUT_MS, NULL));
	assert_true(vk_launcher_wait_gone(session->runtime_dir, TIMEOUT_MS, NULL));
}

static void one_at_a_time(void **state)
{
	Session *session = *state;

	start(session);
	expect_failure(session, G_IO_ERROR_EXISTS, NULL);
	assert_true(vk_control_hello(session->runtime_dir, NULL, NULL));
	assert_true(vk_launcher_kill(session->runtime_dir, TIMEOUT_MS, NULL));
	start(session);
}

static void end_of_the_vkernel_is_the_end(void **state)
{
	Session *session = *state;
	g_autoptr(GError) error = NULL;
	VkLauncherStatus status;

	start(session);
	assert_true(vk_launcher_get_status(session->runtime_dir, &status));
	assert_false(vk_launcher_wait_gone(session->runtime_dir, 10, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
	kill(status.vkernel_pid, SIGKILL);
	assert_true(vk_launcher_wait_gone(session->runtime_dir, TIMEOUT_MS, NULL));
	assert_int_equal(g_access(session->runtime_dir, F_OK), -1);
}

/* Nobody cleans up; the files that are left must not be in the way. */
static void killed_launcher_takes_all_with_it(void **state)
{
	Session *session = *state;

	for (int i = 0; i < 3; i++) {
		VkLauncherStatus status;
		int vkernel;

		start(session);
		assert_true(vk_launcher_get_status(session->runtime_dir, &status));
		vkernel = open_process(status.vkernel_pid);
		kill(status.launcher_pid, SIGKILL);
		expect_ended(vkernel);
		assert_false(vk_launcher_get_status(session->runtime_dir, NULL));
	}
	start(session);
}

static void stopped_launcher_is_killed(void **state)
{
	Session *session = *state;
	VkLauncherStatus status;

	start(session);
	assert_true(vk_launcher_get_status(session->runtime_dir, &status));
	kill(status.launcher_pid, SIGSTOP);
	assert_true(vk_launcher_kill(session->runtime_dir, 200, NULL));
	assert_int_equal(g_access(session->runtime_dir, F_OK), -1);
}

static void refused_save(void **state)
{
	Session *session = *state;

	behave(session, "refuse");
	session->config.save_dir = "/somewhere";
	expect_failure(session, G_IO_ERROR_INVALID_DATA, "state: checksum differs");
	assert_false(vk_launcher_get_status(session->runtime_dir, NULL));
	assert_int_equal(g_access(session->runtime_dir, F_OK), -1);
}

/* Words of an earlier run in the same log are not taken for this one's. */
static void guest_that_does_not_come_up(void **state)
{
	Session *session = *state;

	assert_true(g_file_set_contents(session->log_path, "thaw: old\n", -1, NULL));
	behave(session, "die");
	expect_failure(session, G_IO_ERROR_FAILED,
		       "the vkernel ended with status 1: mount hostfs on /home/u: gone");
}

static void network_helper_is_started_again(void **state)
{
	Session *session = *state;
	g_autofree char *helper = in_base(session, "slirp4netns");
	g_autofree char *old_path = g_strdup(g_getenv("PATH"));
	g_autofree char *path = g_strdup_printf("%s:%s", session->base, old_path);
	VkLauncherRecord record;

	assert_true(g_file_set_contents_full(helper, "#!/bin/sh\nexec sleep 1000\n", -1,
					     G_FILE_SET_CONTENTS_NONE, 0755, NULL));
	g_setenv("PATH", path, TRUE);
	session->config.network = TRUE;
	start(session);
	assert_true(vk_runtime_read_record(session->runtime_dir, &record));
	assert_true(record.network_pid > 1);
	kill(record.network_pid, SIGKILL);
	/* The vkernel ends when it hears of the new helper. */
	assert_true(vk_launcher_wait_gone(session->runtime_dir, TIMEOUT_MS, NULL));
	g_setenv("PATH", "/nonexistent", TRUE);
	expect_failure(session, G_IO_ERROR_NOT_SUPPORTED,
		       "slirp4netns is missing (package slirp4netns)");
	g_setenv("PATH", old_path, TRUE);
}

static void impossible_requests(void **state)
{
	Session *session = *state;
	g_autofree char *vkinit = in_base(session, "vkinit");

	session->config.memory_bytes = 1ULL << 50;
	expect_failure(session, G_IO_ERROR_NOT_SUPPORTED, NULL);
	session->config.memory_bytes = (64 << 20) + 1;
	expect_failure(session, G_IO_ERROR_INVALID_ARGUMENT, NULL);
	session->config.memory_bytes = 64 << 20;
	session->config.log_path = "relative";
	expect_failure(session, G_IO_ERROR_INVALID_ARGUMENT, NULL);
	session->config.log_path = "/nonexistent/log";
	expect_failure(session, G_IO_ERROR_NOT_FOUND, NULL);
	session->config.log_path = session->log_path;
	session->config.kernel_path = "/nonexistent/vkernel";
	expect_failure(session, G_IO_ERROR_NOT_SUPPORTED, NULL);
	session->config.kernel_path = NULL;
	g_remove(vkinit);
	expect_failure(session, G_IO_ERROR_NOT_SUPPORTED, NULL);
	assert_int_equal(g_access(session->runtime_dir, F_OK), -1);
}

#define SESSION_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(started_with_what_it_needs),
		SESSION_TEST(killed_with_everything),
		SESSION_TEST(one_at_a_time),
		SESSION_TEST(end_of_the_vkernel_is_the_end),
		SESSION_TEST(killed_launcher_takes_all_with_it),
		SESSION_TEST(stopped_launcher_is_killed),
		SESSION_TEST(refused_save),
		SESSION_TEST(guest_that_does_not_come_up),
		SESSION_TEST(network_helper_is_started_again),
		SESSION_TEST(impossible_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
