/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is mapped, shared, with pages written and not written back. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

#define SIZE 65536

static void run(void)
{
	static unsigned char content[SIZE];
	unsigned char *map;
	int fd = (int)must(open(here("file"), O_CREAT | O_RDWR | O_TRUNC, 0600));

	must(ftruncate(fd, SIZE));
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	pattern_fill(map, SIZE / 2, 81);
	must(msync(map, SIZE / 2, MS_SYNC));
	pattern_fill(map + SIZE / 2, SIZE / 2, 82);
	ready();
	expect(pattern_differs(map, SIZE / 2, 81) < 0, "what was written back has changed");
	expect(pattern_differs(map + SIZE / 2, SIZE / 2, 82) < 0,
	       "what was not written back has changed");
	map[0] = 'X';
	must(msync(map, SIZE, MS_SYNC));
	must(pread(fd, content, SIZE, 0));
	expect(content[0] == 'X' && memcmp(content + 1, map + 1, SIZE - 1) == 0,
	       "the file is not what is mapped");
	must(munmap(map, SIZE));
	must(unlink(here("file")));
}

const struct state state_file_mapped = {
	.name = "file-mapped",
	.summary = "a shared mapping of a file",
	.flags = STATE_PLACES,
	.run = run,
};
