/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks of all kinds: of a process, of a description, of a whole file; and one waited for. */
#include <sys/file.h>

#include "vksession/selftest/states/state.h"

static struct flock region(short type, off_t start)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 10 };
}

/* Whether another process finds a region locked. */
static bool is_locked(const char *path, off_t start)
{
	pid_t child = fork_child();
	int status = 0;

	if (child == 0) {
		struct flock lock = region(F_WRLCK, start);
		int fd = open(path, O_RDWR);

		_exit(fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 ? 2 : lock.l_type != F_UNLCK);
	}
	waitpid(child, &status, 0);
	expect(WIFEXITED(status) && WEXITSTATUS(status) < 2, "the locks can't be looked at");
	return WEXITSTATUS(status) == 1;
}

static void run(void)
{
	struct flock process = region(F_WRLCK, 0), description = region(F_RDLCK, 100);
	struct flock wanted = region(F_WRLCK, 0);
	char path[4200];
	int fd, again;
	pid_t waiter;

	snprintf(path, sizeof(path), "%s", here("file"));
	fd = (int)must(open(path, O_CREAT | O_RDWR, 0600));
	again = (int)must(open(path, O_RDWR));
	must(fcntl(fd, F_SETLK, &process));
	must(fcntl(fd, F_OFD_SETLK, &description));
	must(flock(fd, LOCK_EX));
	waiter = fork_child();
	if (waiter == 0) {
		int own = open(path, O_RDWR);

		_exit(fcntl(own, F_SETLKW, &wanted) < 0);
	}
	await_process_state(waiter, 'S');
	ready();
	expect(is_locked(path, 0), "the lock of the process is lost");
	expect(is_locked(path, 100), "the lock of the description is lost");
	expect(!is_locked(path, 50), "there is a lock too many");
	expect(flock(again, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK, "the flock is lost");
	expect(waitpid(waiter, NULL, WNOHANG) == 0, "a lock that is held was given to another");
	process.l_type = F_UNLCK;
	must(fcntl(fd, F_SETLK, &process));
	expect_child(waiter, "who waited for the lock");
	must(unlink(path));
}

const struct state state_file_locks = {
	.name = "file-locks",
	.summary = "POSIX, OFD and flock locks",
	.flags = STATE_PLACES,
	.run = run,
};
