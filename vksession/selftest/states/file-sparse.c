/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file with holes. */
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

#define STEP 1048576

static void run(void)
{
	struct stat before, after;
	char byte;
	int fd = (int)must(open(here("file"), O_CREAT | O_RDWR | O_TRUNC, 0600));

	for (int i = 0; i < 4; i++)
		must(pwrite(fd, "d", 1, (off_t)i * STEP));
	must(ftruncate(fd, 4 * STEP));
	must(fsync(fd));
	must(fstat(fd, &before));
	ready();
	must(fstat(fd, &after));
	expect(after.st_size == 4 * STEP && after.st_ino == before.st_ino, "the file has changed");
	expect(after.st_blocks <= before.st_blocks, "the file had %ld blocks and has %ld",
	       (long)before.st_blocks, (long)after.st_blocks);
	for (int i = 0; i < 4; i++) {
		must(pread(fd, &byte, 1, (off_t)i * STEP));
		expect(byte == 'd', "the data at %d MiB has changed", i);
		must(pread(fd, &byte, 1, (off_t)i * STEP + STEP / 2));
		expect(byte == 0, "the hole at %d MiB holds data", i);
	}
	must(unlink(here("file")));
}

const struct state state_file_sparse = {
	.name = "file-sparse",
	.summary = "a sparse file",
	.flags = STATE_PLACES,
	.run = run,
};
