/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that a parent and a child share, anonymous and of a deleted file. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

static volatile int *share(int fd)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	return map;
}

static void run(void)
{
	int fd = (int)must(open("file", O_CREAT | O_RDWR, 0600));
	volatile int *maps[2];
	pid_t child;

	must(ftruncate(fd, 4096));
	maps[0] = share(-1);
	maps[1] = share(fd);
	close(fd);
	must(unlink("file"));
	child = fork_child();
	if (child == 0) {
		for (;;) {
			for (int i = 0; i < 2; i++) {
				if (maps[i][0])
					maps[i][1] = maps[i][0] + 1;
			}
			pass_time(2);
		}
	}
	maps[0][2] = maps[1][2] = 77;
	ready();
	for (int i = 0; i < 2; i++) {
		const char *kind = i ? "of a file" : "anonymous";

		expect(maps[i][2] == 77, "memory %s has changed", kind);
		maps[i][0] = 1000 + i;
		await_word(&maps[i][1], i ? "the child's answer through a file"
					  : "the child's answer through memory");
		expect(maps[i][1] == 1001 + i, "memory %s is not shared any more", kind);
	}
}

const struct state state_memory_shared = {
	.name = "memory-shared",
	.summary = "shared memory of parent and child",
	.run = run,
};
