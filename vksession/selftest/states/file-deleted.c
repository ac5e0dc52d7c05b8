/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A deleted file that two descriptors hold. */
#include <sys/mman.h>
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

#define SIZE 20000

static void run(void)
{
	static unsigned char content[SIZE];
	struct stat st;
	const unsigned char *map;
	int fd = (int)must(open(here("file"), O_CREAT | O_RDWR | O_TRUNC, 0600));
	int other = (int)must(open(here("file"), O_RDONLY));

	pattern_fill(content, sizeof(content), 71);
	must(write(fd, content, sizeof(content)));
	must(lseek(fd, 100, SEEK_SET));
	must(unlink(here("file")));
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, other, 0);
	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	ready();
	must(fstat(fd, &st));
	expect(st.st_size == SIZE, "the file has %ld bytes instead of %d", (long)st.st_size, SIZE);
	expect(lseek(fd, 0, SEEK_CUR) == 100, "the position has changed");
	memset(content, 0, sizeof(content));
	expect(must(pread(other, content, SIZE, 0)) == SIZE, "less can be read");
	expect(pattern_differs(content, SIZE, 71) < 0, "the content has changed");
	expect(pattern_differs(map, SIZE, 71) < 0, "the mapped content has changed");
	must(pwrite(fd, "new", 3, 0));
	must(pread(other, content, 3, 0));
	expect(memcmp(content, "new", 3) == 0, "the two descriptors show two files");
	expect(access(here("file"), F_OK) < 0, "the file has a name again");
}

const struct state state_file_deleted = {
	.name = "file-deleted",
	.summary = "a deleted file, open twice",
	.flags = STATE_PLACES,
	.run = run,
};
