/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A library of the host: mapped, private, with pages that are read only after the save. */
#include <sys/mman.h>
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static const char *const candidates[] = { "/usr/lib/x86_64-linux-gnu/libc.so.6",
					  "/lib/x86_64-linux-gnu/libc.so.6", "/bin/sh" };

static uint64_t sum(const unsigned char *data, size_t length)
{
	uint64_t hash = 14695981039346656037ull;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ data[i]) * 1099511628211ull;
	return hash;
}

static void run(void)
{
	const unsigned char *map;
	struct stat st;
	uint64_t half;
	size_t length;
	int fd = -1, again;

	for (size_t i = 0; i < 3 && fd < 0; i++)
		fd = open(candidates[i], O_RDONLY);
	if (fd < 0)
		skip("no library of the host");
	must(fstat(fd, &st));
	length = (size_t)st.st_size;
	map = mmap(NULL, length, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	half = sum(map, length / 2);
	ready();
	expect(sum(map, length / 2) == half, "what was read before has changed");
	again = (int)must(open("copy", O_CREAT | O_RDWR, 0600));
	for (size_t done = 0; done < length;)
		done += (size_t)must(write(again, map + done, length - done));
	map = mmap(NULL, length, PROT_READ, MAP_PRIVATE, again, 0);
	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	for (size_t done = 0; done < length;) {
		static unsigned char piece[65536];
		ssize_t got = pread(fd, piece, sizeof(piece), (off_t)done);

		expect(got > 0 && memcmp(piece, map + done, (size_t)got) == 0,
		       "the file and its mapping differ at %zu", done);
		done += (size_t)got;
	}
}

const struct state state_file_host_library = {
	.name = "file-host-library",
	.summary = "a mapped library of the host",
	.run = run,
};
