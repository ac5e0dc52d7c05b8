/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lease, and who is told when another program opens the file. */
#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct timespec limit = { .tv_sec = 10 };
	char path[4200];
	int fd = (int)must(open(here("file"), O_CREAT | O_RDWR, 0600));
	sigset_t set;
	pid_t child;

	snprintf(path, sizeof(path), "%s", here("file"));
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0) {
		if (errno == EINVAL || errno == EAGAIN)
			skip("leases: %s", strerror(errno));
		fail("F_SETLEASE: %s", strerror(errno));
	}
	ready();
	expect(fcntl(fd, F_GETLEASE) == F_WRLCK, "the lease is lost");
	child = (pid_t)must(fork());
	if (child == 0)
		_exit(open(path, O_RDONLY | O_NONBLOCK) >= 0 || errno != EWOULDBLOCK);
	expect(sigtimedwait(&set, NULL, &limit) == SIGIO, "the holder is not told");
	expect_child(child, "who opened the file");
	must(fcntl(fd, F_SETLEASE, F_UNLCK));
	must(unlink(path));
}

const struct state state_file_lease = {
	.name = "file-lease",
	.summary = "a lease",
	.flags = STATE_PLACES,
	.run = run,
};
