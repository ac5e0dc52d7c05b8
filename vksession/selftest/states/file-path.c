/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that stand for a place only: O_PATH, of a file, a directory, a link. */
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	char link_to[16] = { 0 }, self[64];
	char path[4200];
	struct stat before, after;
	int file, directory, link, opened;

	snprintf(path, sizeof(path), "%s", here("dir"));
	must(mkdir(path, 0700));
	directory = (int)must(open(path, O_PATH | O_DIRECTORY));
	close((int)must(openat(directory, "file", O_CREAT | O_WRONLY, 0600)));
	must(symlinkat("file", directory, "link"));
	file = (int)must(openat(directory, "file", O_PATH));
	link = (int)must(openat(directory, "link", O_PATH | O_NOFOLLOW));
	must(fstat(file, &before));
	ready();
	must(fstat(file, &after));
	expect(before.st_ino == after.st_ino && before.st_dev == after.st_dev,
	       "the file is another one");
	expect(write(file, "x", 1) < 0 && errno == EBADF, "a mere place can be written");
	must(readlinkat(link, "", link_to, sizeof(link_to) - 1));
	expect(strcmp(link_to, "file") == 0, "the link leads to '%s'", link_to);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", file);
	opened = (int)must(open(self, O_WRONLY));
	must(write(opened, "x", 1));
	must(unlinkat(directory, "link", 0));
	must(unlinkat(directory, "file", 0));
	must(rmdir(path));
}

const struct state state_file_path = {
	.name = "file-path",
	.summary = "O_PATH descriptors",
	.flags = STATE_PLACES,
	.run = run,
};
