/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private pages of a file: those written stay private, the others show the file. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

#define PAGES 8

static void run(void)
{
	static unsigned char content[PAGES * 4096];
	unsigned char *map;
	int fd = (int)must(open("file", O_CREAT | O_RDWR, 0600));

	pattern_fill(content, sizeof(content), 31);
	must(write(fd, content, sizeof(content)));
	map = mmap(NULL, sizeof(content), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	for (int i = 0; i < PAGES; i += 2)
		memset(map + i * 4096, i + 1, 4096);
	ready();
	for (int i = 0; i < PAGES; i++) {
		const unsigned char *page = map + i * 4096;

		if (i % 2 == 0)
			expect(page[0] == i + 1 && page[4095] == i + 1,
			       "written page %d has changed", i);
		else
			expect(memcmp(page, content + i * 4096, 4096) == 0,
			       "page %d does not show the file", i);
	}
	must(pread(fd, content, sizeof(content), 0));
	expect(pattern_differs(content, sizeof(content), 31) < 0, "the file has changed");
}

const struct state state_memory_private = {
	.name = "memory-private",
	.summary = "private pages of a file",
	.run = run,
};
