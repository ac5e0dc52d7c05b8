/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A memfd with data, a hole and seals. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

#define HOLE 65536

static void run(void)
{
	char text[PATTERN_SIZE];
	int fd = (int)must(memfd_create("selftest", MFD_ALLOW_SEALING));
	char *map;

	pattern_fill(text, sizeof(text), PATTERN_MEMFD);
	must(pwrite(fd, text, sizeof(text), HOLE));
	memset(text, 0, sizeof(text));
	map = mmap(NULL, HOLE + 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW));
	ready();
	expect(fcntl(fd, F_GET_SEALS) == (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW),
	       "the seals are %x", (unsigned int)fcntl(fd, F_GET_SEALS));
	expect(pwrite(fd, "x", 1, 0) < 0 && errno == EPERM, "a sealed file can be written");
	expect(ftruncate(fd, 0) < 0 && errno == EPERM, "a sealed file can be cut");
	must(pread(fd, text, sizeof(text), HOLE));
	expect(pattern_differs(text, sizeof(text), PATTERN_MEMFD) < 0 &&
		       pattern_differs(map + HOLE, sizeof(text), PATTERN_MEMFD) < 0,
	       "the data has changed");
	expect(lseek(fd, 0, SEEK_DATA) == HOLE, "the hole is at another place");
}

const struct state state_memory_memfd = {
	.name = "memory-memfd",
	.summary = "a sealed memfd",
	.run = run,
};
