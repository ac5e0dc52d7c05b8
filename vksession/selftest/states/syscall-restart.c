/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that a stop and a signal interrupt and that must go on. */
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

struct shared {
	volatile int result;
	volatile int64_t took;
};

static void do_sleep(struct shared *shared, int fd)
{
	const struct timespec time = { 2, 0 };

	shared->result = nanosleep(&time, NULL) == 0 ? 1 : -errno;
}

static void do_poll(struct shared *shared, int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	shared->result = poll(&pollfd, 1, 2000) == 0 ? 1 : -errno;
}

static void do_read(struct shared *shared, int fd)
{
	char byte;

	shared->result = read(fd, &byte, 1) == 1 ? 1 : -errno;
}

static void do_futex(struct shared *shared, int fd)
{
	static int word;
	const struct timespec time = { 2, 0 };

	shared->result = syscall(SYS_futex, &word, 0, 0, &time, NULL, 0) < 0 && errno == ETIMEDOUT
				 ? 1
				 : -errno;
}

static const struct {
	const char *name;
	void (*call)(struct shared *shared, int fd);
} calls[] = { { "nanosleep", do_sleep },
	      { "poll", do_poll },
	      { "read", do_read },
	      { "futex", do_futex } };

#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* A stop and SIGCONT leave each call waiting in restart_syscall, or as a call to be made again. */
static void interrupt(pid_t pid)
{
	int status;

	must(kill(pid, SIGSTOP));
	must(waitpid(pid, &status, WUNTRACED));
	must(kill(pid, SIGCONT));
}

static void run(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared) * CALLS, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[CALLS];
	int ends[2];

	expect(shared != MAP_FAILED, "mmap: %s", strerror(errno));
	must(pipe(ends));
	for (size_t i = 0; i < CALLS; i++) {
		pids[i] = fork_child();
		if (pids[i] == 0) {
			int64_t start = now_ns(CLOCK_MONOTONIC);

			calls[i].call(&shared[i], ends[0]);
			shared[i].took = now_ns(CLOCK_MONOTONIC) - start;
			_exit(0);
		}
		await_process_state(pids[i], 'S');
		interrupt(pids[i]);
	}
	/* One more is stopped while it is saved. */
	must(kill(pids[0], SIGSTOP));
	ready();
	must(kill(pids[0], SIGCONT));
	expect(!shared[2].result, "read has returned by itself");
	for (size_t i = 0; i < CALLS; i++) {
		if (i == 2)
			continue;
		expect_child(pids[i], calls[i].name);
		expect(shared[i].result == 1, "%s: %s", calls[i].name, strerror(-shared[i].result));
		expect(shared[i].took >= 2000 * MS - 1 * MS,
		       "%s ended after %lld ms instead of 2000", calls[i].name,
		       (long long)(shared[i].took / MS));
	}
	interrupt(pids[2]);
	must(write(ends[1], "x", 1));
	expect_child(pids[2], "read");
	expect(shared[2].result == 1, "read: %s", strerror(-shared[2].result));
}

const struct state state_syscall_restart = {
	.name = "syscall-restart",
	.summary = "interrupted system calls that go on",
	.run = run,
};
