/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that was given back, that a child gets wiped, and that has been moved. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

#define SIZE (16 * 4096)

static unsigned char *map_pages(unsigned int seed)
{
	unsigned char *map =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	pattern_fill(map, SIZE, seed);
	return map;
}

static void run(void)
{
	unsigned char *given_back = map_pages(1), *wiped = map_pages(2), *moved = map_pages(3);
	pid_t child;

	must(madvise(given_back, SIZE / 2, MADV_DONTNEED));
	must(madvise(wiped, SIZE, MADV_WIPEONFORK));
	moved = mremap(moved, SIZE, 4 * SIZE, MREMAP_MAYMOVE);
	expect(moved != MAP_FAILED, "mremap: %s", strerror(errno));
	ready();
	for (size_t i = 0; i < SIZE / 2; i++)
		expect(given_back[i] == 0, "memory that was given back holds data");
	expect(pattern_differs(wiped, SIZE, 2) < 0, "memory has changed");
	expect(pattern_differs(moved, SIZE, 3) < 0, "memory that was moved has changed");
	moved = mremap(moved, 4 * SIZE, SIZE / 2, 0);
	expect(moved != MAP_FAILED && pattern_differs(moved, SIZE / 2, 3) < 0,
	       "memory that shrank has changed");
	child = fork_child();
	if (child == 0) {
		for (size_t i = 0; i < SIZE; i++) {
			if (wiped[i])
				_exit(1);
		}
		_exit(0);
	}
	expect_child(child, "the child whose memory is to be wiped");
}

const struct state state_memory_advice = {
	.name = "memory-advice",
	.summary = "memory given back, wiped, moved",
	.run = run,
};
