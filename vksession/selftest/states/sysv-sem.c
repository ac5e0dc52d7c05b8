/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System V semaphores, one waited for, and what is to be undone. */
#include <sys/ipc.h>
#include <sys/sem.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct sembuf take = { .sem_num = 0, .sem_op = -5 };
	struct sembuf undone = { .sem_num = 1, .sem_op = -3, .sem_flg = SEM_UNDO };
	struct sembuf give = { .sem_num = 0, .sem_op = 3 };
	int set = (int)must(semget(IPC_PRIVATE, 2, IPC_CREAT | 0600));
	pid_t waiter, undoer;

	must(semctl(set, 0, SETVAL, 2));
	must(semctl(set, 1, SETVAL, 10));
	waiter = fork_child();
	if (waiter == 0)
		_exit(semop(set, &take, 1) < 0);
	undoer = fork_child();
	if (undoer == 0) {
		semop(set, &undone, 1);
		for (;;)
			pause();
	}
	while (semctl(set, 1, GETVAL) != 7 || semctl(set, 0, GETNCNT) != 1)
		pass_time(1);
	ready();
	expect(semctl(set, 0, GETVAL) == 2 && semctl(set, 1, GETVAL) == 7,
	       "the values were 2 and 7 and are %d and %d", semctl(set, 0, GETVAL),
	       semctl(set, 1, GETVAL));
	expect(semctl(set, 0, GETNCNT) == 1, "nobody waits any more");
	must(semop(set, &give, 1));
	expect_child(waiter, "who waited");
	must(kill(undoer, SIGKILL));
	must(waitpid(undoer, NULL, 0));
	expect(semctl(set, 1, GETVAL) == 10, "nothing was undone: %d", semctl(set, 1, GETVAL));
	must(semctl(set, 0, IPC_RMID));
}

const struct state state_sysv_sem = {
	.name = "sysv-sem",
	.summary = "System V semaphores with undo",
	.run = run,
};
