/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that wait in system calls: accept, recv, poll, flock, waitpid. */
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "vksession/selftest/states/state.h"

#define CALLS 5

static volatile int tids[CALLS], results[CALLS];
static int listener, pair[2], pipes[2];
static struct sockaddr_un address;

static void do_accept(int number)
{
	results[number] = accept(listener, NULL, NULL) >= 0 ? 1 : -errno;
}

static void do_recv(int number)
{
	char byte;

	results[number] = recv(pair[0], &byte, 1, 0) == 1 ? 1 : -errno;
}

static void do_poll(int number)
{
	struct pollfd pollfd = { .fd = pipes[0], .events = POLLIN };

	results[number] = poll(&pollfd, 1, -1) == 1 ? 1 : -errno;
}

static void do_flock(int number)
{
	int fd = open("lock", O_RDWR);

	results[number] = flock(fd, LOCK_EX) == 0 ? 1 : -errno;
}

static void do_wait(int number)
{
	pid_t child = fork();

	if (child == 0) {
		char byte;

		_exit(recv(pair[0], &byte, 1, MSG_PEEK) == 1 ? 0 : 1);
	}
	results[number] = waitpid(child, NULL, 0) == child ? 1 : -errno;
}

static const struct {
	const char *name;
	void (*call)(int number);
} calls[CALLS] = { { "accept", do_accept },
		   { "recv", do_recv },
		   { "poll", do_poll },
		   { "flock", do_flock },
		   { "waitpid", do_wait } };

static void *caller(void *data)
{
	long number = (long)data;

	tids[number] = gettid();
	calls[number].call((int)number);
	return NULL;
}

static void run(void)
{
	int lock, client;

	address.sun_family = AF_UNIX;
	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "blocked-%d", getpid());
	listener = (int)must(socket(AF_UNIX, SOCK_STREAM, 0));
	must(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	must(listen(listener, 1));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	must(pipe(pipes));
	lock = (int)must(open("lock", O_CREAT | O_RDWR, 0600));
	must(flock(lock, LOCK_EX));
	for (long i = 0; i < CALLS; i++) {
		start_thread(caller, (void *)i);
		await_word(&tids[i], "a thread's start");
		await_process_state(tids[i], 'S');
	}
	ready();
	for (int i = 0; i < CALLS; i++)
		expect(!results[i], "%s has returned by itself: %s", calls[i].name,
		       strerror(-results[i]));
	client = (int)must(socket(AF_UNIX, SOCK_STREAM, 0));
	must(connect(client, (struct sockaddr *)&address, sizeof(address)));
	must(send(pair[1], "xyz", 3, 0));
	must(write(pipes[1], "x", 1));
	must(flock(lock, LOCK_UN));
	for (int i = 0; i < CALLS; i++) {
		await_word(&results[i], calls[i].name);
		expect(results[i] == 1, "%s: %s", calls[i].name, strerror(-results[i]));
	}
}

const struct state state_syscall_blocked = {
	.name = "syscall-blocked",
	.summary = "threads that wait in system calls",
	.run = run,
};
