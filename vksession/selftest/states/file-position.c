/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open files: position, flags, and duplicates that share them. */
#include "vksession/selftest/states/state.h"

/* Another position at each place. */
static off_t far_away(void)
{
	return (off_t)pattern_number(PATTERN_POSITION + place_number(), POSITION_BITS);
}

static void run(void)
{
	char text[16] = { 0 };
	int fd = (int)must(open(here("file"), O_CREAT | O_RDWR | O_TRUNC, 0600));
	int shared, own, reader, far;

	must(write(fd, "0123456789abcdef", 16));
	reader = (int)must(open(here("file"), O_RDONLY));
	own = (int)must(open(here("file"), O_RDWR | O_CLOEXEC));
	far = (int)must(open(here("file"), O_RDWR));
	shared = (int)must(dup(fd));
	must(lseek(fd, 4, SEEK_SET));
	must(lseek(own, 9, SEEK_SET));
	must(lseek(far, far_away(), SEEK_SET));
	must(fcntl(shared, F_SETFL, O_NONBLOCK));
	ready();
	expect(lseek(fd, 0, SEEK_CUR) == 4, "the position was 4 and is %ld",
	       (long)lseek(fd, 0, SEEK_CUR));
	must(read(shared, text, 2));
	expect(memcmp(text, "45", 2) == 0, "'%s' was read instead of '45'", text);
	expect(lseek(fd, 0, SEEK_CUR) == 6, "a duplicate has a position of its own");
	expect(lseek(own, 0, SEEK_CUR) == 9, "the other file's position is %ld",
	       (long)lseek(own, 0, SEEK_CUR));
	expect(lseek(far, 0, SEEK_CUR) == far_away(), "the position far away is %lld",
	       (long long)lseek(far, 0, SEEK_CUR));
	expect(fcntl(fd, F_GETFL) & O_NONBLOCK, "the flags of a file have changed");
	expect(fcntl(own, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_GETFD) == 0,
	       "the flags of a descriptor have changed");
	expect((fcntl(reader, F_GETFL) & O_ACCMODE) == O_RDONLY && write(reader, "x", 1) < 0,
	       "a file that was opened to be read can be written");
	must(pwrite(own, "X", 1, 0));
	must(pread(reader, text, 1, 0));
	expect(text[0] == 'X', "two descriptors show two files");
	must(unlink(here("file")));
}

const struct state state_file_position = {
	.name = "file-position",
	.summary = "position and flags of open files",
	.flags = STATE_PLACES,
	.run = run,
};
