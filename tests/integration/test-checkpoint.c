/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checkpoint itself, with small guests: on one and on several CPUs, held, told to go on too
 * early, and failing a hundred times in all ways that can be had without being root.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "launcher/autofd.h"
#include "launcher/descriptors.h"
#include "launcher/mconsole.h"
#include "tests/harness/descriptors.h"
#include "tests/harness/guest.h"
#include "tests/harness/person.h"
#include "tests/harness/story.h"
#include "tests/harness/supervise.h"
#include "tests/harness/wait.h"

#define MEMORY	     ((guint64)256 << 20)
#define COUNTERS     "/tmp/cpus"
#define GROWTH_MS    30000
#define THAWS	     3
#define FAILED_SAVES 100
#define WARM_UP	     10 /* failures until all is there that will be */
#define SETTLE_MS    30000

static struct {
	struct guest guest;
	char *disk; /* a small one */
} story;

static void save(gboolean hold, VkCheckpointStats *stats)
{
	g_autoptr(GError) error = NULL;

	guest_make_save_dir(&story.guest);
	if (!vk_launcher_checkpoint(story.guest.config.runtime_dir, story.guest.save, hold, stats,
				    &error))
		fail_msg("save: %s", error->message);
}

static void go(void)
{
	g_autoptr(GError) error = NULL;

	if (!vk_launcher_go(story.guest.config.runtime_dir, &error))
		fail_msg("go: %s", error->message);
}

static VkMconsoleAnswer *ask(const char *command)
{
	g_autofree char *path =
		g_build_filename(story.guest.config.runtime_dir, "uml/mconsole", NULL);
	g_autoptr(GError) error = NULL;
	VkMconsoleAnswer *answer =
		vk_mconsole_call(path, command, story.guest.vkernel, 20000, &error);

	if (!answer)
		fail_msg("%s: %s", command, error->message);
	return answer;
}

/* ---- several CPUs ---- */

static guint64 counter(guint cpu)
{
	g_autofree char *path = g_strdup_printf(COUNTERS "/%u", cpu);
	g_autofree char *text = guest_output(&story.guest, "cat", path);

	return g_ascii_strtoull(text, NULL, 10);
}

struct growth {
	guint cpu;
	guint64 from;
};

static bool has_grown(void *data)
{
	const struct growth *growth = data;

	return counter(growth->cpu) > growth->from + 1;
}

/* Every CPU of the guest runs programs, and its clock wakes them. */
static void assert_all_cpus_work(guint cpus, const guint64 *from)
{
	for (guint cpu = 0; cpu < cpus; cpu++) {
		struct growth growth = { .cpu = cpu, .from = from ? from[cpu] : 0 };

		if (!wait_until(has_grown, &growth, -1, GROWTH_MS))
			fail_msg("nothing goes on on CPU %u of %u", cpu, cpus);
	}
}

static void start_counters(guint cpus)
{
	g_autofree char *program = guest_program("cpus.py");
	g_autofree char *online = guest_output(&story.guest, "nproc");
	g_autofree char *nothing = NULL;

	assert_int_equal(g_ascii_strtoull(online, NULL, 10), cpus);
	nothing = guest_output(&story.guest, "python3", program, COUNTERS);
	assert_all_cpus_work(cpus, NULL);
}

/* Held, a guest takes no time at all of the host's CPUs, whatever is asked meanwhile. */
static void assert_waits_when_held(void)
{
	struct guest_costs before, after;

	guest_get_costs(&story.guest, &before);
	for (int i = 0; i < 50; i++) {
		g_autoptr(VkMconsoleAnswer) answer = ask(i % 2 ? "version" : "nonsense");

		assert_true(answer->failed);
		assert_string_equal(answer->text->str, "held");
	}
	let_time_pass(500);
	guest_get_costs(&story.guest, &after);
	/* 500 ms are 50 ticks of a CPU that spins. */
	assert_true(after.cpu_ticks - before.cpu_ticks < 20);
}

static void go_on_elsewhere(guint cpus)
{
	guint64 from[64] = { 0 };

	for (guint cpu = 0; cpu < cpus; cpu++)
		from[cpu] = counter(cpu);
	save(TRUE, NULL);
	assert_waits_when_held();
	guest_kill(&story.guest);
	guest_thaw(&story.guest);
	assert_int_equal(guest_logged_number(&story.guest, "cpus"), cpus);
	assert_true(guest_logged_number(&story.guest, "total_us") > 0);
	assert_all_cpus_work(cpus, from);
}

static void with_cpus(guint cpus)
{
	VkCheckpointStats stats;

	guest_init(&story.guest, MEMORY, cpus);
	story.guest.config.copy_while_running = TRUE;
	guest_start(&story.guest);
	start_counters(cpus);
	for (int i = 0; i < THAWS; i++) {
		/* Which of these it may be depends on the number of CPUs, too. */
		story.guest.config.map_memory = i % 2 == 0;
		save(FALSE, &stats);
		assert_true(stats.dump_us > 0 && stats.memory_bytes > 0);
		assert_all_cpus_work(cpus, NULL);
		go_on_elsewhere(cpus);
	}
	save(TRUE, NULL);
	go();
	guest_assert_alive(&story.guest);
	guest_kill(&story.guest);
	guest_finish(&story.guest, true);
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

static void test_four_cpus(void **state)
{
	with_cpus(4);
}

/* ---- a small disk ---- */

static void write_text(const char *path, const char *text)
{
	autofd fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail_msg("%s: %s: are user namespaces allowed here?", path, g_strerror(errno));
}

/* In namespaces that any user may have, with the same user id, directories can be small disks. */
static void enter_namespaces(void)
{
	g_autofree char *users = g_strdup_printf("%u %u 1", getuid(), getuid());
	g_autofree char *groups = g_strdup_printf("%u %u 1", getgid(), getgid());

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		fail_msg("unshare: %s", g_strerror(errno));
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", users);
	write_text("/proc/self/gid_map", groups);
}

/* A disk of 4 MiB in the place of a directory of the guest's. */
static void start_disk(void)
{
	story.disk = g_build_filename(story.guest.base, "small", NULL);
	assert_int_equal(g_mkdir(story.disk, 0700), 0);
	if (mount("save", story.disk, "tmpfs", 0, "size=4m,mode=700") < 0)
		fail_msg("mount: %s", g_strerror(errno));
}

/* ---- told to go on ---- */

static void test_start_for_failures(void **state)
{
	guest_init(&story.guest, MEMORY, 1);
	start_disk();
	guest_start(&story.guest);
	story_step_done();
}

/* Whoever asked for the save is killed at once; whoever comes next tells the guest to go on. */
static void save_and_die(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(60);
		vk_launcher_checkpoint(story.guest.config.runtime_dir, story.guest.save, TRUE, NULL,
				       NULL);
		_exit(0);
	}
	/* Anywhere between its start and the end of the save. */
	let_time_pass((int)g_random_int_range(0, 60));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_asker_killed(void **state)
{
	for (int i = 0; i < 30; i++) {
		guest_make_save_dir(&story.guest);
		save_and_die();
		go();
		guest_assert_alive(&story.guest);
	}
	story_step_done();
}

/* ---- failures ---- */

static void limit(int resource, rlim_t value)
{
	struct rlimit limits;

	assert_int_equal(prlimit(story.guest.vkernel, (__rlimit_resource_t)resource, NULL, &limits),
			 0);
	limits.rlim_cur = MIN(value, limits.rlim_max);
	assert_int_equal(prlimit(story.guest.vkernel, (__rlimit_resource_t)resource, &limits, NULL),
			 0);
}

static void expect_failure(const char *dir, int code, const char *word)
{
	g_autoptr(GError) error = NULL;

	assert_false(
		vk_launcher_checkpoint(story.guest.config.runtime_dir, dir, FALSE, NULL, &error));
	if (!g_error_matches(error, G_IO_ERROR, code) || !strstr(error->message, word))
		fail_msg("unexpected: %s", error->message);
}

static void fail_without_directory(void)
{
	expect_failure("/nonexistent/save", G_IO_ERROR_FAILED, "step=open");
}

static void fail_with_old_file(void)
{
	g_autofree char *path = g_build_filename(story.guest.save, "state", NULL);
	g_autofree char *content = NULL;

	assert_true(g_file_set_contents(path, "mine", -1, NULL));
	expect_failure(story.guest.save, G_IO_ERROR_FAILED, "step=open");
	/* What was there before is not ours to remove. */
	assert_true(g_file_get_contents(path, &content, NULL, NULL));
	assert_string_equal(content, "mine");
	g_remove(path);
}

static void fail_for_file_size(void)
{
	limit(RLIMIT_FSIZE, 1 << 20);
	expect_failure(story.guest.save, G_IO_ERROR_FAILED, "step=open");
	limit(RLIMIT_FSIZE, RLIM_INFINITY);
}

static void fail_for_descriptors(void)
{
	limit(RLIMIT_NOFILE, 3);
	expect_failure(story.guest.save, G_IO_ERROR_FAILED, "step=");
	limit(RLIMIT_NOFILE, RLIM_INFINITY);
}

static void fail_for_space(void)
{
	expect_failure(story.disk, G_IO_ERROR_NO_SPACE, "step=memory");
}

static void assert_no_files(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name = dir ? g_dir_read_name(dir) : NULL;

	assert_non_null(dir);
	if (name)
		fail_msg("%s is left in %s", name, path);
}

/* The guest's last program may still be ending. */
static bool is_no_more(void *data)
{
	const struct guest_costs *before = data;
	struct guest_costs now;

	guest_get_costs(&story.guest, &now);
	return now.threads <= before->threads &&
	       now.address_space_kib <= before->address_space_kib &&
	       now.anonymous_kib <= before->anonymous_kib;
}

static void await_costs(struct guest_costs *before)
{
	struct guest_costs now;

	if (wait_until(is_no_more, before, -1, SETTLE_MS))
		return;
	guest_get_costs(&story.guest, &now);
	fail_msg("%u -> %u threads, %" G_GUINT64_FORMAT " -> %" G_GUINT64_FORMAT
		 " KiB of addresses, %" G_GUINT64_FORMAT " -> %" G_GUINT64_FORMAT " KiB of memory",
		 before->threads, now.threads, before->address_space_kib, now.address_space_kib,
		 before->anonymous_kib, now.anonymous_kib);
}

static void test_hundred_failures(void **state)
{
	static void (*const failures[])(void) = {
		fail_without_directory, fail_with_old_file, fail_for_file_size,
		fail_for_descriptors,	fail_for_space,
	};
	struct guest_costs before = { 0 };
	g_auto(GStrv) open = NULL;

	guest_make_save_dir(&story.guest);
	for (guint i = 0; i < WARM_UP + FAILED_SAVES; i++) {
		if (i == WARM_UP) {
			guest_get_costs(&story.guest, &before);
			open = vk_descriptors(story.guest.vkernel);
		}
		failures[i % G_N_ELEMENTS(failures)]();
		guest_assert_alive(&story.guest);
		assert_no_files(story.guest.save);
		assert_no_files(story.disk);
	}
	await_costs(&before);
	await_descriptors(story.guest.vkernel, open);
	story_step_done();
}

static void test_good_after_failures(void **state)
{
	g_autofree char *said = NULL;

	save(TRUE, NULL);
	guest_kill(&story.guest);
	guest_thaw(&story.guest);
	said = guest_output(&story.guest, "echo", "alive");
	assert_string_equal(said, "alive\n");
	guest_kill(&story.guest);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_one_cpu),
	STORY_STEP(test_two_cpus),
	STORY_STEP(test_four_cpus),
	STORY_STEP(test_start_for_failures),
	STORY_STEP(test_asker_killed),
	STORY_STEP(test_hundred_failures),
	STORY_STEP(test_good_after_failures),
};

static int set_up(void **state)
{
	enter_namespaces();
	return 0;
}

static int tear_down(void **state)
{
	if (story.disk) {
		umount2(story.disk, MNT_DETACH);
		g_rmdir(story.disk);
	}
	guest_finish(&story.guest, story_is_well());
	g_free(story.disk);
	return 0;
}

static int run_story(void)
{
	return cmocka_run_group_tests_name("checkpoint", steps, set_up, tear_down);
}

int main(void)
{
	return supervise(run_story, 400);
}
