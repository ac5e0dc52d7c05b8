/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that writes, syncs and verifies files all the time. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

#define FILES 6
#define MOST  60000

struct shared {
	volatile int rounds, stop, bad;
};

static void verify(struct shared *shared, const char *path, size_t size, unsigned int seed)
{
	static unsigned char content[MOST];
	int fd = open(path, O_RDONLY);

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (fd < 0 || read(fd, content, sizeof(content)) != (ssize_t)size ||
	    pattern_differs(content, size, seed) >= 0)
		shared->bad = 1;
	close(fd);
}

static void write_on(struct shared *shared, const char *base)
{
	static unsigned char content[MOST];
	size_t sizes[FILES] = { 0 };
	unsigned int seeds[FILES] = { 0 };
	char path[4300];

	for (unsigned int round = 1; !shared->stop; round++) {
		unsigned int i = round * 7 % FILES;
		int fd;

		snprintf(path, sizeof(path), "%s-%u", base, i);
		if (sizes[i])
			verify(shared, path, sizes[i], seeds[i]);
		sizes[i] = 1 + round * 7919 % MOST;
		seeds[i] = round;
		pattern_fill(content, sizes[i], seeds[i]);
		fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
		if (fd < 0 || write(fd, content, sizes[i]) != (ssize_t)sizes[i] ||
		    (round % 4 == 0 && fsync(fd) < 0))
			shared->bad = 2;
		close(fd);
		shared->rounds = 1;
	}
	for (unsigned int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s-%u", base, i);
		if (sizes[i])
			verify(shared, path, sizes[i], seeds[i]);
		unlink(path);
	}
	_exit(0);
}

static void run(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char base[4200];
	pid_t child;

	expect(shared != MAP_FAILED, "mmap: %s", strerror(errno));
	snprintf(base, sizeof(base), "%s", here("file"));
	child = fork_child();
	if (child == 0)
		write_on(shared, base);
	await_word(&shared->rounds, "writing");
	ready();
	shared->rounds = 0;
	await_word(&shared->rounds, "writing");
	shared->stop = 1;
	expect_child(child, "the writer");
	expect(shared->bad != 1, "a file held something else than what was written");
	expect(!shared->bad, "a file could not be written");
}

const struct state state_file_writer = {
	.name = "file-writer",
	.summary = "files written and verified all the time",
	.flags = STATE_PLACES | STATE_SPINS,
	.run = run,
};
