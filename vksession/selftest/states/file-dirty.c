/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data that was written and not yet synced, and renamed files. */
#include "vksession/selftest/states/state.h"

#define SIZE 300000

static void run(void)
{
	static unsigned char content[SIZE], found[SIZE];
	char path[4200], renamed[4300];
	int fd;

	snprintf(path, sizeof(path), "%s", here("file"));
	snprintf(renamed, sizeof(renamed), "%s-renamed", path);
	fd = (int)must(open(path, O_CREAT | O_RDWR | O_TRUNC, 0600));
	pattern_fill(content, sizeof(content), 91);
	must(write(fd, content, sizeof(content)));
	must(rename(path, renamed));
	ready();
	expect(must(pread(fd, found, sizeof(found), 0)) == SIZE, "the file is shorter");
	expect(pattern_differs(found, sizeof(found), 91) < 0, "the data has changed");
	must(pwrite(fd, "tail", 4, SIZE - 4));
	must(fsync(fd));
	close(fd);
	expect(access(path, F_OK) < 0, "the old name is back");
	fd = (int)must(open(renamed, O_RDONLY));
	expect(must(read(fd, found, sizeof(found))) == SIZE, "the file is shorter under its name");
	expect(memcmp(found + SIZE - 4, "tail", 4) == 0 && memcmp(found, content, SIZE - 4) == 0,
	       "the data has changed under its name");
	must(unlink(renamed));
}

const struct state state_file_dirty = {
	.name = "file-dirty",
	.summary = "data that is not synced yet, a renamed file",
	.flags = STATE_PLACES,
	.run = run,
};
