/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locked memory. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "vksession/selftest/states/state.h"

#define SIZE (32 * 4096)

static long locked_kib(void)
{
	const char *line = strstr(read_text("/proc/self/status"), "VmLck:");

	return line ? atol(line + 6) : -1;
}

static void run(void)
{
	unsigned char *map =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char resident[SIZE / 4096];
	long before;

	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	must(mlock(map, SIZE));
	pattern_fill(map, SIZE, 41);
	before = locked_kib();
	ready();
	expect(locked_kib() == before && before == SIZE / 1024, "%ld KiB were locked, %ld are",
	       before, locked_kib());
	must(mincore(map, SIZE, resident));
	for (size_t i = 0; i < sizeof(resident); i++)
		expect(resident[i] & 1, "page %zu is not in memory", i);
	expect(pattern_differs(map, SIZE, 41) < 0, "the memory has changed");
}

const struct state state_memory_lock = {
	.name = "memory-lock",
	.summary = "locked memory",
	.run = run,
};
