/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that programs of a guest give up goes back to the host, before and after a thaw, on one
 * CPU and on two, while another program checks that what it keeps is as it left it.
 */
#include <stdio.h>

#include "tests/harness/guest.h"
#include "tests/harness/story.h"
#include "tests/harness/supervise.h"
#include "tests/harness/wait.h"

#define KIB_PER_MIB 1024
#define MEMORY	    ((guint64)512 << 20)
#define FILL_MIB    200
#define SLACK_MIB   24 /* pages that the guest keeps ready for each CPU, and pieces below 64 KiB */
#define BACK_MS	    30000
#define STATUS	    "/tmp/churn"

/* By itself the guest looks for free memory every 2 s and gives a part of it back each time, so
 * that it costs little. A test need not wait that long. */
#define SOON "page_reporting.page_reporting_delay_ms=10"

static struct guest guest;

/* ---- a program that keeps some memory, and checks it ---- */

struct churn {
	guint64 steps, wrong;
};

static struct churn churn_look(void)
{
	g_autofree char *text =
		guest_output(&guest, "sh", "-c", "[ ! -e " STATUS " ] || cat " STATUS);
	struct churn churn = { 0 };

	if (*text)
		assert_int_equal(sscanf(text, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
					&churn.steps, &churn.wrong),
				 2);
	assert_int_equal(churn.wrong, 0);
	return churn;
}

static bool churn_goes_on(void *data)
{
	return churn_look().steps > *(const guint64 *)data;
}

static void assert_churn_goes_on(void)
{
	guint64 steps = churn_look().steps + 10;

	if (!wait_until(churn_goes_on, &steps, -1, BACK_MS))
		fail_msg("the program in the guest stands still");
}

static void churn_start(void)
{
	g_autofree char *program = guest_program("churn.py");
	g_autofree char *said = guest_output(&guest, "sh", "-c",
					     "setsid \"$0\" " STATUS " 32 <&- >&- 2>&- &", program);

	assert_churn_goes_on();
}

/* ---- memory ---- */

static guint64 memory_mib(void)
{
	struct guest_costs costs;

	guest_get_costs(&guest, &costs);
	return costs.memory_kib / KIB_PER_MIB;
}

static bool is_back(void *data)
{
	return memory_mib() <= *(const guint64 *)data;
}

/* Return: what a save of the guest holds, in MiB */
static guint64 save(gboolean hold)
{
	g_autoptr(GError) error = NULL;
	VkCheckpointStats stats;

	guest_make_save_dir(&guest);
	if (!vk_launcher_checkpoint(guest.config.runtime_dir, guest.save, hold, &stats, &error))
		fail_msg("save: %s", error->message);
	return stats.memory_bytes >> 20;
}

static void fill(const char *mib)
{
	g_autofree char *program = guest_program("fill.py");
	g_autofree char *said = guest_output(&guest, "python3", program, mib);
}

static void release(void)
{
	g_autofree char *said = guest_output(&guest, "pkill", "-f", "fill.py");
}

static void fill_and_release(void)
{
	guint64 before, limit, full;

	/* What these programs read of the host's files stays in the guest's cache. */
	fill("1");
	release();
	before = memory_mib();
	limit = before + SLACK_MIB;
	fill(G_STRINGIFY(FILL_MIB));
	full = save(FALSE);
	assert_true(memory_mib() >= FILL_MIB);
	release();
	if (!wait_until(is_back, &limit, -1, BACK_MS))
		fail_msg("%" G_GUINT64_FORMAT " MiB before, %" G_GUINT64_FORMAT " MiB now", before,
			 memory_mib());
	assert_true(save(FALSE) <= full - FILL_MIB + SLACK_MIB);
	assert_churn_goes_on();
}

static void with_cpus(guint cpus)
{
	guest_init(&guest, MEMORY, cpus);
	guest_add_argument(&guest, SOON);
	guest_start(&guest);
	churn_start();
	fill_and_release();
	save(TRUE);
	guest_kill(&guest);
	guest_thaw(&guest);
	assert_churn_goes_on();
	fill_and_release();
	guest_kill(&guest);
	guest_finish(&guest, true);
	story_step_done();
}

static void test_one_cpu(void **state)
{
	with_cpus(1);
}

static void test_two_cpus(void **state)
{
	with_cpus(2);
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_one_cpu),
	STORY_STEP(test_two_cpus),
};

static int tear_down(void **state)
{
	guest_finish(&guest, story_is_well());
	return 0;
}

static int run_story(void)
{
	return cmocka_run_group_tests_name("memory", steps, NULL, tear_down);
}

int main(void)
{
	return supervise(run_story, 150);
}
