/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that writes, syncs and verifies files all the time. */

#include "vksession/selftest/states/state.h"

#define FILES 6
#define MOST  60000

static char base[4200];

static void verify(struct work *work, const char *path, size_t size, unsigned int seed)
{
	static unsigned char content[MOST];
	int fd = open(path, O_RDONLY);

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (fd < 0 || read(fd, content, sizeof(content)) != (ssize_t)size ||
	    pattern_differs(content, size, seed) >= 0)
		work->bad = 1;
	close(fd);
}

static void write_on(struct work *work)
{
	static unsigned char content[MOST];
	size_t sizes[FILES] = { 0 };
	unsigned int seeds[FILES] = { 0 };
	char path[4300];

	for (unsigned int round = 1; !work->stop; round++) {
		unsigned int i = round * 7 % FILES;
		int fd;

		snprintf(path, sizeof(path), "%s-%u", base, i);
		if (sizes[i])
			verify(work, path, sizes[i], seeds[i]);
		sizes[i] = 1 + round * 7919 % MOST;
		seeds[i] = round;
		pattern_fill(content, sizes[i], seeds[i]);
		fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
		if (fd < 0 || write(fd, content, sizes[i]) != (ssize_t)sizes[i] ||
		    (round % 4 == 0 && fsync(fd) < 0))
			work->bad = 2;
		close(fd);
		work->rounds = 1;
	}
	for (unsigned int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s-%u", base, i);
		if (sizes[i])
			verify(work, path, sizes[i], seeds[i]);
		unlink(path);
	}
}

static void run(void)
{
	int bad;

	snprintf(base, sizeof(base), "%s", here("file"));
	bad = work_through(write_on, "writing");
	expect(bad != 1, "a file held something else than what was written");
	expect(!bad, "a file could not be written");
}

const struct state state_file_writer = {
	.name = "file-writer",
	.summary = "files written and verified all the time",
	.flags = STATE_PLACES | STATE_SPINS,
	.run = run,
};
