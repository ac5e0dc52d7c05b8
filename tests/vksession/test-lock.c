/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/lock.h"

#include <gio/gio.h>

static void test_second_is_told(void **state)
{
	g_autofree char *path = sandbox_path(state, "lock");
	autofd first = vks_lock_take(path, "save", FALSE, NULL);
	g_autoptr(GError) error = NULL;

	assert_true(first >= 0);
	assert_int_equal(vks_lock_take(path, "thaw", FALSE, &error), -1);
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_BUSY));
	assert_non_null(strstr(error->message, "save, process "));
	close(steal_fd(&first));
	first = vks_lock_take(path, "thaw", FALSE, NULL);
	assert_true(first >= 0);
}

/* A holder that dies, however, is no obstacle. */
static void test_dead_holder(void **state)
{
	g_autofree char *path = sandbox_path(state, "lock");
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		autofd fd = vks_lock_take(path, "save", FALSE, NULL);

		if (fd < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(vks_lock_take(path, "thaw", FALSE, NULL), -1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	autofd fd = vks_lock_take(path, "thaw", FALSE, NULL);
	assert_true(fd >= 0);
	close(ready[0]);
	close(ready[1]);
}

/* A lock whose file a drop took away protects nothing: the next one makes a file of its own. */
static void test_removed_file(void **state)
{
	g_autofree char *path = sandbox_path(state, "lock");
	autofd first = vks_lock_take(path, "drop", FALSE, NULL);
	autofd second = -1;

	assert_int_equal(unlink(path), 0);
	second = vks_lock_take(path, "run", FALSE, NULL);
	assert_true(second >= 0);
	assert_int_equal(vks_lock_take(path, "run", FALSE, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_second_is_told, sandbox_setup,
						sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_dead_holder, sandbox_setup, sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_removed_file, sandbox_setup, sandbox_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
