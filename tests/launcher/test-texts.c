/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read from the kernel's and the launcher's words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "launcher/checkpoint.h"
#include "launcher/end-reason.h"
#include "launcher/report.h"

#define EXITED(status)	 ((status) << 8)
#define SIGNALED(signal) (signal)

static void figures_of_a_save(void **state)
{
	VkCheckpointStats stats;

	assert_true(vk_checkpoint_parse_stats("saved memory=8388608 state=70000 quiesce_us=12 "
					      "dump_us=3456 resume_us=7\n",
					      &stats));
	assert_int_equal(stats.memory_bytes, 8388608);
	assert_int_equal(stats.state_bytes, 70000);
	assert_int_equal(stats.quiesce_us, 12);
	assert_int_equal(stats.dump_us, 3456);
	assert_int_equal(stats.resume_us, 7);
	assert_true(vk_checkpoint_parse_stats("saved new=1 memory=5", &stats));
	assert_int_equal(stats.memory_bytes, 5);
	assert_int_equal(stats.resume_us, 0);
	assert_false(vk_checkpoint_parse_stats("", &stats));
	assert_false(vk_checkpoint_parse_stats("savedmemory=5", &stats));
	assert_false(vk_checkpoint_parse_stats("held", &stats));
}

static void check_failure(const char *text, int code)
{
	g_autoptr(GError) error = vk_checkpoint_parse_failure(text);

	assert_true(g_error_matches(error, G_IO_ERROR, code));
	assert_null(strchr(error->message, '\n'));
}

static void failures_of_a_save(void **state)
{
	check_failure("errno=28 step=memory No space left\n", G_IO_ERROR_NO_SPACE);
	check_failure("errno=-28 step=memory", G_IO_ERROR_NO_SPACE);
	check_failure("errno=122 step=state quota", G_IO_ERROR_NO_SPACE);
	check_failure("errno=5 step=state", G_IO_ERROR_FAILED);
	check_failure("errno=999999999999999999999 step=state", G_IO_ERROR_FAILED);
	check_failure("held", G_IO_ERROR_FAILED);
	check_failure("", G_IO_ERROR_FAILED);
}

static void check_end(int status, const char *output, int code, const char *message)
{
	g_autoptr(GError) error = vk_end_reason(status, output);

	assert_true(g_error_matches(error, G_IO_ERROR, code));
	assert_string_equal(error->message, message);
}

static void reasons_of_an_end(void **state)
{
	check_end(EXITED(3), "noise\nthaw: state: bad checksum\nmore\n", G_IO_ERROR_INVALID_DATA,
		  "state: bad checksum");
	check_end(EXITED(3), "thaw: CPU feature avx is missing\n", G_IO_ERROR_NOT_SUPPORTED,
		  "CPU feature avx is missing");
	check_end(EXITED(3), "", G_IO_ERROR_INVALID_DATA, "the vkernel refuses the save");
	check_end(EXITED(1), "thaw: no memory\n", G_IO_ERROR_FAILED,
		  "the vkernel ended with status 1: no memory");
	check_end(EXITED(0), "vkinit: a\nvkinit: mount home: gone\r\n[1.0] reboot: Power down\n",
		  G_IO_ERROR_FAILED, "the vkernel ended with status 0: mount home: gone");
	check_end(SIGNALED(9), "", G_IO_ERROR_FAILED, "the vkernel ended with signal 9");
	check_end(SIGNALED(6), "[0.1] Kernel panic - not syncing: VFS\n[0.2] x\n",
		  G_IO_ERROR_FAILED, "the vkernel ended with signal 6: not syncing: VFS");
	check_end(EXITED(1), "last words\n\n", G_IO_ERROR_FAILED,
		  "the vkernel ended with status 1: last words");
}

static void check_report(const char *text, int code, const char *message)
{
	g_autoptr(GError) error = NULL;

	assert_false(vk_report_parse(text, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, code));
	assert_string_equal(error->message, message);
}

static void reports(void **state)
{
	assert_true(vk_report_parse("ready\n", NULL));
	check_report("error 15 slirp4netns is missing\n", 15, "slirp4netns is missing");
	check_report("error 2 \n", 2, "");
	check_report("error 2\n", 2, "");
	check_report("", G_IO_ERROR_FAILED, "vksession-launcher ended without a word");
	check_report("error 15 cut of", G_IO_ERROR_FAILED,
		     "vksession-launcher ended without a word");
}

static void report_through_a_pipe(void **state)
{
	g_autoptr(GError) sent = g_error_new(G_IO_ERROR, G_IO_ERROR_NO_SPACE, "two\nlines");
	g_autoptr(GError) got = NULL;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	vk_report_write(ends[1], sent);
	close(ends[1]);
	assert_false(vk_report_read(ends[0], &got));
	close(ends[0]);
	assert_true(g_error_matches(got, G_IO_ERROR, G_IO_ERROR_NO_SPACE));
	assert_string_equal(got->message, "two lines");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_of_a_save),	 cmocka_unit_test(failures_of_a_save),
		cmocka_unit_test(reasons_of_an_end),	 cmocka_unit_test(reports),
		cmocka_unit_test(report_through_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
