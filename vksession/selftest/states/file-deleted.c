/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A deleted file that two descriptors hold. */
#include <sys/mman.h>
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	static unsigned char content[DELETED_SIZE];
	struct stat st;
	const unsigned char *map;
	int fd = (int)must(open(here("file"), O_CREAT | O_RDWR | O_TRUNC, 0600));
	int other = (int)must(open(here("file"), O_RDONLY));

	pattern_fill(content, sizeof(content), PATTERN_DELETED);
	must(write(fd, content, sizeof(content)));
	must(lseek(fd, 100, SEEK_SET));
	must(fsync(fd));
	must(unlink(here("file")));
	map = mmap(NULL, DELETED_SIZE, PROT_READ, MAP_SHARED, other, 0);
	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	ready();
	/* From where the file is, not from the guest's cache. */
	posix_fadvise(other, 0, 0, POSIX_FADV_DONTNEED);
	must(fstat(fd, &st));
	expect(st.st_size == DELETED_SIZE, "the file has %ld bytes instead of %d", (long)st.st_size,
	       DELETED_SIZE);
	expect(lseek(fd, 0, SEEK_CUR) == 100, "the position has changed");
	memset(content, 0, sizeof(content));
	expect(must(pread(other, content, DELETED_SIZE, 0)) == DELETED_SIZE, "less can be read");
	expect(pattern_differs(content, DELETED_SIZE, PATTERN_DELETED) < 0,
	       "the content has changed");
	expect(pattern_differs(map, DELETED_SIZE, PATTERN_DELETED) < 0,
	       "the mapped content has changed");
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
