/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file with data beyond 4 GiB. */
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

#define FAR (5LL << 30)

static void run(void)
{
	char text[8] = { 0 };
	struct stat st;
	int fd = (int)must(open(here("file"), O_CREAT | O_RDWR | O_TRUNC, 0600));

	if (pwrite(fd, "far away", 8, FAR) < 0) {
		unlink(here("file"));
		if (errno == EFBIG || errno == ENOSPC)
			skip("a file of 5 GiB: %s", strerror(errno));
		fail("write beyond 4 GiB: %s", strerror(errno));
	}
	must(lseek(fd, FAR + 4, SEEK_SET));
	ready();
	must(fstat(fd, &st));
	expect(st.st_size == FAR + 8, "the size is %lld", (long long)st.st_size);
	must(read(fd, text, 4));
	expect(memcmp(text, "away", 4) == 0, "'%s' was read", text);
	must(pread(fd, text, 8, FAR));
	expect(memcmp(text, "far away", 8) == 0, "the data has changed");
	must(pread(fd, text, 8, FAR / 2));
	expect(text[0] == 0, "the hole holds data");
	must(unlink(here("file")));
}

const struct state state_file_large = {
	.name = "file-large",
	.summary = "a file beyond 4 GiB",
	.flags = STATE_PLACES,
	.run = run,
};
