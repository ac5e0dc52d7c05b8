/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System V shared memory, marked for removal while attached. */
#include <sys/ipc.h>
#include <sys/shm.h>

#include "vksession/selftest/states/state.h"

#define SIZE 40000

static void run(void)
{
	int kept = (int)must(shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0640));
	int removed = (int)must(shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600));
	unsigned char *first = shmat(kept, NULL, 0), *second = shmat(removed, NULL, 0);
	struct shmid_ds facts;
	pid_t child;

	expect(first != (void *)-1 && second != (void *)-1, "shmat: %s", strerror(errno));
	pattern_fill(first, SIZE, 51);
	pattern_fill(second, SIZE, 52);
	must(shmctl(removed, IPC_RMID, NULL));
	ready();
	must(shmctl(kept, IPC_STAT, &facts));
	expect(facts.shm_nattch == 1 && facts.shm_segsz == SIZE &&
		       (facts.shm_perm.mode & 0777) == 0640,
	       "the segment's facts have changed");
	expect(pattern_differs(first, SIZE, 51) < 0, "the segment has changed");
	expect(pattern_differs(second, SIZE, 52) < 0, "the removed segment has changed");
	child = fork_child();
	if (child == 0) {
		const unsigned char *again = shmat(kept, NULL, SHM_RDONLY);

		_exit(again == (void *)-1 || pattern_differs(again, SIZE, 51) >= 0);
	}
	expect_child(child, "a child that attaches");
	must(shmctl(kept, IPC_RMID, NULL));
}

const struct state state_sysv_shm = {
	.name = "sysv-shm",
	.summary = "System V shared memory",
	.run = run,
};
