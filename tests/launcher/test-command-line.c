/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>

#include "launcher/command-line.h"

static char *join(const VkCommandLine *line)
{
	g_auto(GStrv) arguments = vk_command_line_build(line);

	return g_strjoinv(" ", arguments);
}

static void fresh_guest(void **state)
{
	const VkCommandLine line = { .kernel_path = "/k",
				     .runtime_dir = "/r",
				     .memory_bytes = 512ULL << 20 };
	g_autofree char *text = join(&line);

	assert_string_equal(text, "/k mem=524288K seccomp=on uml_dir=/r/ umid=uml con=null "
				  "con0=null,fd:1 console=tty0 root=/dev/root "
				  "rootfstype=hostfs rootflags=/ ro hostsock=control:3,display:4 "
				  "mconsole=notify:/r/notify.sock "
				  "quiet init=/r/vkinit -- /r/guest.conf");
}

static void network_and_thaw_are_added(void **state)
{
	const VkCommandLine line = { .kernel_path = "/k",
				     .runtime_dir = "/r",
				     .save_dir = "/s",
				     .memory_bytes = 512ULL << 20,
				     .cpus = 3,
				     .network = TRUE };
	g_autofree char *text = join(&line);

	assert_string_equal(text, "/k mem=524288K seccomp=on uml_dir=/r/ umid=uml con=null "
				  "con0=null,fd:1 console=tty0 root=/dev/root "
				  "rootfstype=hostfs rootflags=/ ro hostsock=control:3,display:4 "
				  "mconsole=notify:/r/notify.sock "
				  "ncpus=3 vec0:transport=bess,dst=/r/net.sock thaw=/s "
				  "quiet init=/r/vkinit -- /r/guest.conf");
}

/* Of a fresh guest the one, of a thawed one the other. */
static void parameters_of_the_checkpoint(void **state)
{
	VkCommandLine line = { .kernel_path = "/k",
			       .runtime_dir = "/r",
			       .map_memory = TRUE,
			       .copy_while_running = TRUE };
	g_auto(GStrv) fresh = vk_command_line_build(&line);
	g_auto(GStrv) thawed = NULL;

	line.save_dir = "/s";
	thawed = vk_command_line_build(&line);
	assert_true(g_strv_contains((const char *const *)fresh, "um_ckpt.live=1"));
	assert_false(g_strv_contains((const char *const *)fresh, "thaw_memory=map"));
	assert_false(g_strv_contains((const char *const *)thawed, "um_ckpt.live=1"));
	assert_true(g_strv_contains((const char *const *)thawed, "thaw_memory=map"));
}

static void blanks_stay_within_an_argument(void **state)
{
	const VkCommandLine line = { .kernel_path = "/a b",
				     .runtime_dir = "/c d",
				     .save_dir = "/e f" };
	g_auto(GStrv) arguments = vk_command_line_build(&line);

	assert_string_equal(arguments[0], "/a b");
	assert_true(g_strv_contains((const char *const *)arguments, "thaw=/e f"));
	assert_true(g_strv_contains((const char *const *)arguments, "init=/c d/vkinit"));
}

static void environment_is_fixed(void **state)
{
	g_auto(GStrv) environment = vk_command_line_environment("/dev/shm");
	g_autofree char *text = g_strjoinv(" ", environment);

	assert_string_equal(text, "PATH=/usr/bin:/bin TMPDIR=/dev/shm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_guest),
		cmocka_unit_test(network_and_thaw_are_added),
		cmocka_unit_test(parameters_of_the_checkpoint),
		cmocka_unit_test(blanks_stay_within_an_argument),
		cmocka_unit_test(environment_is_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
