/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is written at its end by two programs. */
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct stat st;
	char text[16] = { 0 };
	int first = (int)must(open(here("file"), O_CREAT | O_WRONLY | O_APPEND | O_TRUNC, 0600));
	int second = (int)must(open(here("file"), O_WRONLY | O_APPEND));
	int reader = (int)must(open(here("file"), O_RDONLY));

	must(write(first, "one ", 4));
	must(write(second, "two ", 4));
	/* No matter where, what is appended goes to the end. */
	must(lseek(first, (off_t)pattern_number(PATTERN_APPEND + place_number(), POSITION_BITS),
		   SEEK_SET));
	ready();
	must(write(first, "three ", 6));
	must(lseek(second, 0, SEEK_SET));
	must(write(second, "4", 1));
	must(fstat(first, &st));
	expect(st.st_size == 15, "the file has %ld bytes instead of 15", (long)st.st_size);
	must(pread(reader, text, 15, 0));
	expect(memcmp(text, "one two three 4", 15) == 0, "the file is '%s'", text);
	must(unlink(here("file")));
}

const struct state state_file_append = {
	.name = "file-append",
	.summary = "O_APPEND",
	.flags = STATE_PLACES,
	.run = run,
};
