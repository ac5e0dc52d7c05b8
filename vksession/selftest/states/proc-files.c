/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of /proc and /sys that are half read. */
#include "vksession/selftest/states/state.h"

static void run(void)
{
	char first[64], again[64], whole[8192] = { 0 };
	ssize_t got = 0, step;
	int maps = (int)must(open("/proc/self/maps", O_RDONLY));
	int mounts = (int)must(open("/proc/self/mounts", O_RDONLY));

	read_all(maps, first, sizeof(first));
	read_all(mounts, whole, 10);
	ready();
	must(pread(maps, again, sizeof(again), 0));
	expect(memcmp(first, again, sizeof(first)) == 0, "the memory's map has changed");
	while ((step = read(mounts, whole + 10 + got, sizeof(whole) - 11 - (size_t)got)) > 0)
		got += step;
	expect(strstr(whole, " /proc proc ") != NULL, "the list of mounts has another end");
	expect(atoi(read_text("/proc/self/stat")) == getpid(), "/proc/self is another process");
}

const struct state state_proc_files = {
	.name = "proc-files",
	.summary = "half read files of /proc",
	.run = run,
};
