/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an isolated process can and can't do, tried by children that are isolated. Each attempt that
 * must fail is made without isolation, too, where it must succeed: so that it is known to fail for
 * the right reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/isolation.h"
#include "tests/harness/old-host.h"

/* Of Linux 6.3 */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/** Where the attempts are made: `inside` may be written to, `outside` not. */
static struct {
	char *inside, *outside;
	pid_t victim; /* a process that is not isolated */
} place;

typedef int (*Attempt)(void);

static int result_of(int ret)
{
	return ret < 0 ? errno : 0;
}

static int write_outside(void)
{
	g_autofree char *path = g_build_filename(place.outside, "file", NULL);

	return result_of(open(path, O_WRONLY | O_CREAT, 0600));
}

static int truncate_outside(void)
{
	g_autofree char *path = g_build_filename(place.outside, "file", NULL);

	return result_of(truncate(path, 0));
}

static int make_dir_outside(void)
{
	g_autofree char *path = g_build_filename(place.outside, "dir", NULL);

	if (mkdir(path, 0700) < 0)
		return errno;
	return result_of(rmdir(path));
}

static int move_outside(void)
{
	g_autofree char *from = g_build_filename(place.inside, "moved", NULL);
	g_autofree char *to = g_build_filename(place.outside, "moved", NULL);

	close(open(from, O_WRONLY | O_CREAT, 0600));
	return result_of(rename(from, to));
}

static int open_inet(void)
{
	return result_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int open_udp(void)
{
	return result_of(socket(AF_INET, SOCK_DGRAM, 0));
}

static int open_netlink(void)
{
	return result_of(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}

/* As D-Bus, X11 and Wayland need it. */
static int open_unix_stream(void)
{
	return result_of(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

static int run(const char *path)
{
	const char *const argv[] = { path, NULL };
	pid_t pid = vfork();
	int status;

	if (pid == 0) {
		execv(argv[0], (char *const *)argv);
		_exit(errno == EACCES ? 13 : 1);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int run_program(void)
{
	return run("/bin/true");
}

/* See test_own_programs(). */
static int run_own_program(void)
{
	g_autofree char *path = g_build_filename(place.inside, "program", NULL);

	return run(path);
}

static int signal_other(void)
{
	return result_of(kill(place.victim, 0));
}

static int read_other_memory(void)
{
	char byte;
	struct iovec ours = { &byte, 1 }, theirs = { &place, 1 };

	return result_of((int)syscall(SYS_process_vm_readv, place.victim, &ours, 1, &theirs, 1, 0));
}

static int make_namespace(void)
{
	return result_of(unshare(CLONE_FILES));
}

static int make_queue(void)
{
	int id = (int)syscall(SYS_msgget, 0, 0600);

	if (id >= 0)
		syscall(SYS_msgctl, id, 0, NULL);
	return result_of(id);
}

/* What must go on working. */

static int write_inside(void)
{
	g_autofree char *dir = g_build_filename(place.inside, "dir", NULL);
	g_autofree char *from = g_build_filename(place.inside, "file", NULL);
	g_autofree char *to = g_build_filename(dir, "file", NULL);

	g_mkdir(dir, 0700);
	if (open(from, O_RDWR | O_CREAT | O_TRUNC, 0600) < 0 || rename(from, to) < 0)
		return errno;
	return result_of(g_unlink(to));
}

static int read_outside(void)
{
	return result_of(open("/etc/passwd", O_RDONLY));
}

static int write_null(void)
{
	return result_of(open("/dev/null", O_RDWR));
}

static int use_local_sockets(void)
{
	int ends[2];

	if (socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 ||
	    socket(AF_UNIX, SOCK_SEQPACKET, 0) < 0)
		return errno;
	return result_of(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}

static int map_code(void)
{
	int fd = memfd_create("code", 0);

	if (fd < 0 || ftruncate(fd, 4096) < 0)
		return errno;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0) == MAP_FAILED ? errno : 0;
}

/* Makes an attempt in a child. @return its errno, 0: it worked */
static int attempt(Attempt function, const VkIsolation *isolation)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int error = isolation ? -vk_isolation_enter(isolation) : 0;

		_exit(error ? 255 : function());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status);
}

static VkIsolation *isolate(void)
{
	const char *const writable[] = { place.inside, "/does/not/exist", NULL };
	VkIsolationNeeds needs = { .writable = writable,
				   .program = "/proc/self/exe",
				   .programs = place.inside };
	g_autoptr(GError) error = NULL;
	VkIsolation *isolation = vk_isolation_new(&needs, &error);

	if (!isolation)
		fail_msg("%s", error->message);
	return isolation;
}

static int landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static void assert_denied(const char *name, Attempt function, const VkIsolation *isolation)
{
	int free_errno = attempt(function, NULL);
	int denied_errno = attempt(function, isolation);

	if (free_errno != 0)
		fail_msg("%s: fails without isolation, too (%s)", name, g_strerror(free_errno));
	if (denied_errno != EPERM && denied_errno != EACCES)
		fail_msg("%s: is not refused (%s)", name, g_strerror(denied_errno));
}

#define DENIED(function)  assert_denied(#function, function, isolation)
#define ALLOWED(function) assert_int_equal(attempt(function, isolation), 0)

static void test_system_calls(void **state)
{
	g_autoptr(VkIsolation) isolation = isolate();

	DENIED(open_inet);
	DENIED(open_udp);
	DENIED(open_netlink);
	DENIED(open_unix_stream);
	DENIED(make_namespace);
	DENIED(make_queue);
	assert_int_equal(attempt(read_other_memory, isolation), EPERM);
}

static void test_files(void **state)
{
	g_autoptr(VkIsolation) isolation = isolate();

	if (landlock_version() < 2)
		skip();
	DENIED(write_outside);
	DENIED(make_dir_outside);
	DENIED(run_program);
	if (landlock_version() >= 3)
		DENIED(truncate_outside);
	if (landlock_version() >= 6)
		DENIED(signal_other);
	assert_true(attempt(move_outside, isolation) != 0);
}

/* @return 0, or what _exit() is to tell */
static int isolate_on_old_host(void)
{
	g_autoptr(VkIsolation) isolation = old_host_become() < 0 ? NULL : isolate();

	return isolation && vk_isolation_enter(isolation) == 0 ? 0 : 254;
}

static int run_own_program_on_old_host(void)
{
	int error = isolate_on_old_host();

	return error ? error : run_own_program();
}

static int run_program_on_old_host(void)
{
	int error = isolate_on_old_host();

	return error ? error : run_program();
}

static gboolean knows_mfd_exec(void)
{
	int fd = memfd_create("probe", MFD_EXEC | MFD_CLOEXEC);

	return fd >= 0 && close(fd) == 0;
}

/* The vkernel has a program that its guest's processes begin with. Where that can't be a file in
 * memory, it is one in the directory that is named for it; and elsewhere nothing is executed there.
 */
static void test_own_programs(void **state)
{
	g_autofree char *path = g_build_filename(place.inside, "program", NULL);
	const char *argv[] = { "cp", "/bin/true", path, NULL };
	g_autoptr(VkIsolation) isolation = isolate();

	if (landlock_version() < 2)
		skip();
	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
				 NULL, NULL, NULL));
	if (knows_mfd_exec())
		DENIED(run_own_program);
	assert_int_equal(attempt(run_own_program_on_old_host, NULL), 0);
	assert_int_equal(attempt(run_program_on_old_host, NULL), EACCES);
}

static void test_allowed(void **state)
{
	g_autoptr(VkIsolation) isolation = isolate();

	ALLOWED(write_inside);
	ALLOWED(read_outside);
	ALLOWED(write_null);
	ALLOWED(use_local_sockets);
	ALLOWED(map_code);
}

static int look_at_limits(void)
{
	struct rlimit core;

	return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max <= 1 ? 0 : 1;
}

static void test_no_core(void **state)
{
	g_autoptr(VkIsolation) isolation = isolate();

	assert_int_equal(attempt(look_at_limits, isolation), 0);
}

/* Whether a core dump would be a file of ours, so that the control below means something. */
static gboolean core_is_a_file(void)
{
	g_autofree char *pattern = NULL;
	struct rlimit core;

	return g_file_get_contents("/proc/sys/kernel/core_pattern", &pattern, NULL, NULL) &&
	       g_ascii_isalnum(*pattern) && getrlimit(RLIMIT_CORE, &core) == 0 &&
	       core.rlim_max == RLIM_INFINITY;
}

/* A child that may dump core as the machine allows, ended by a signal. */
static gboolean dumps_core(int signal_number, const VkIsolation *isolation)
{
	pid_t pid = fork();
	struct rlimit core;
	int status;

	if (pid == 0) {
		signal(signal_number, SIG_DFL);
		getrlimit(RLIMIT_CORE, &core);
		core.rlim_cur = core.rlim_max;
		if (chdir(place.inside) < 0 || setrlimit(RLIMIT_CORE, &core) < 0 ||
		    (isolation && vk_isolation_enter(isolation) < 0))
			_exit(255);
		raise(signal_number);
		_exit(255);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), signal_number);
	return WCOREDUMP(status);
}

/* All signals that end a process with a core dump; see signal(7). */
static void test_no_core_of_any_signal(void **state)
{
	static const int signals[] = { SIGQUIT, SIGILL,	 SIGTRAP, SIGABRT, SIGBUS,
				       SIGFPE,	SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS };
	g_autoptr(VkIsolation) isolation = isolate();

	for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
		if (dumps_core(signals[i], isolation))
			fail_msg("%s: a core dump", strsignal(signals[i]));
		if (core_is_a_file() && !dumps_core(signals[i], NULL))
			fail_msg("%s: none without isolation, too", strsignal(signals[i]));
	}
}

/* Where the kernel has only one of the two, the other still works; and with none, a session does. */
static void test_fallbacks(void **state)
{
	g_autofree char *all = NULL, *one = NULL, *none = NULL;
	g_autoptr(VkIsolation) isolation = NULL;

	isolation = isolate();
	all = vk_isolation_parts(isolation);
	assert_non_null(strstr(all, "seccomp"));
	g_clear_pointer(&isolation, vk_isolation_free);
	g_setenv("VKSESSION_ISOLATION", "seccomp", TRUE);
	isolation = isolate();
	one = vk_isolation_parts(isolation);
	assert_string_equal(one, "no new privileges, seccomp");
	DENIED(open_inet);
	ALLOWED(write_outside);
	g_clear_pointer(&isolation, vk_isolation_free);
	g_setenv("VKSESSION_ISOLATION", "", TRUE);
	isolation = isolate();
	none = vk_isolation_parts(isolation);
	assert_string_equal(none, "no new privileges");
	ALLOWED(open_unix_stream);
	g_unsetenv("VKSESSION_ISOLATION");
}

static int make_place(void **state)
{
	place.inside = g_dir_make_tmp("isolation-inside-XXXXXX", NULL);
	place.outside = g_dir_make_tmp("isolation-outside-XXXXXX", NULL);
	place.victim = fork();
	if (place.victim == 0) {
		pause();
		_exit(0);
	}
	return place.inside && place.outside && place.victim > 0 ? 0 : -1;
}

static int remove_place(void **state)
{
	const char *argv[] = { "rm", "-rf", place.inside, place.outside, NULL };

	kill(place.victim, SIGKILL);
	waitpid(place.victim, NULL, 0);
	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
		     NULL);
	g_free(place.inside);
	g_free(place.outside);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system_calls), cmocka_unit_test(test_files),
		cmocka_unit_test(test_own_programs), cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_no_core),	     cmocka_unit_test(test_no_core_of_any_signal),
		cmocka_unit_test(test_fallbacks),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
