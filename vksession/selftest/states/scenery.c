/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "vksession/selftest/states/conductor.h"
#include "vksession/selftest/states/state.h"

#define AWAIT_MS     30000
#define THREAD_STACK (256 << 10)

pid_t fork_child(void)
{
	pid_t parent = getpid();
	pid_t pid = (pid_t)must(fork());

	if (pid == 0) {
		close(REPORT_FD);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* In a PID namespace of its own, it sees no parent. */
		if (getppid() != parent && getppid() != 0)
			_exit(3);
	}
	return pid;
}

void start_thread(void *(*body)(void *), void *data)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	error = pthread_create(&thread, &attributes, body, data);
	expect(error == 0, "pthread_create: %s", strerror(error));
}

void expect_child(pid_t pid, const char *who)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		expect(errno == EINTR, "%s: waitpid: %s", who, strerror(errno));
	expect(!WIFSIGNALED(status), "%s was ended by signal %d", who, WTERMSIG(status));
	expect(WEXITSTATUS(status) == 0, "%s ended with exit status %d", who, WEXITSTATUS(status));
}

int work_through(void (*body)(struct work *work), const char *what)
{
	struct work *work = mmap(NULL, sizeof(*work), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	expect(work != MAP_FAILED, "mmap: %s", strerror(errno));
	child = fork_child();
	if (child == 0) {
		body(work);
		_exit(0);
	}
	await_word(&work->rounds, what);
	ready();
	work->rounds = 0;
	await_word(&work->rounds, what);
	work->stop = 1;
	expect_child(child, what);
	return work->bad;
}

bool becomes_readable(int fd, int timeout_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + timeout_ms * MS;

	for (;;) {
		int64_t left = (deadline - now_ns(CLOCK_MONOTONIC)) / MS;
		int count = poll(&pollfd, 1, left > 0 ? (int)left : 0);

		if (count > 0)
			return true;
		if (left <= 0)
			return false;
	}
}

void read_all(int fd, void *data, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t got = read(fd, (char *)data + done, length - done);

		if (got < 0 && errno == EINTR)
			continue;
		expect(got >= 0, "read: %s", strerror(errno));
		expect(got > 0, "read: the end after %zu of %zu bytes", done, length);
		done += (size_t)got;
	}
}

void await_word(const volatile int *word, const char *what)
{
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + AWAIT_MS * MS;

	while (!*word) {
		expect(now_ns(CLOCK_MONOTONIC) < deadline, "%s does not happen", what);
		pass_time(1);
	}
}

void await_process_state(pid_t pid, char letter)
{
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + AWAIT_MS * MS;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (;;) {
		const char *end = strrchr(read_text(path), ')');

		if (end && end[2] == letter)
			return;
		expect(now_ns(CLOCK_MONOTONIC) < deadline, "process %d does not come to state %c",
		       pid, letter);
		pass_time(1);
	}
}

int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		fail("clock %d: %s", (int)clock, strerror(errno));
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void pass_time(int ms)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += ms % 1000 * MS;
	end.tv_sec += ms / 1000 + end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
		;
}

bool kernel_has(const char *path)
{
	return access(path, F_OK) == 0;
}

void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	expect(fd >= 0, "open %s: %s", path, strerror(errno));
	expect(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write to %s: %s", path,
	       strerror(errno));
	close(fd);
}

const char *read_text(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	expect(fd >= 0, "open %s: %s", path, strerror(errno));
	got = read(fd, text, sizeof(text) - 1);
	expect(got >= 0, "read %s: %s", path, strerror(errno));
	close(fd);
	text[got] = '\0';
	return text;
}

void enter_user_namespace(int flags)
{
	unsigned int uid = getuid();
	unsigned int gid = getgid();
	char map[64];

	if (unshare(CLONE_NEWUSER | flags) < 0) {
		if (errno == EINVAL || errno == ENOSPC)
			skip("namespaces: %s", strerror(errno));
		fail("unshare: %s", strerror(errno));
	}
	if (uid != 0)
		write_text("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_text("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_text("/proc/self/gid_map", map);
}
