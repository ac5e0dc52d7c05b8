/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that talk to each other all the time through a socket, a pipe and a futex. */
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

struct shared {
	volatile int rounds, stop, bad, turn;
};

static void wait_turn(struct shared *shared, int turn)
{
	while (shared->turn != turn && !shared->stop)
		syscall(SYS_futex, &shared->turn, FUTEX_WAIT, !turn, NULL, NULL, 0);
}

static void pass_turn(struct shared *shared, int turn)
{
	shared->turn = turn;
	syscall(SYS_futex, &shared->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* One number goes round: socket there, pipe back, and the word that says whose turn it is. */
static void answer(struct shared *shared, int socket, int out)
{
	for (;;) {
		int number;

		wait_turn(shared, 1);
		if (recv(socket, &number, sizeof(number), 0) != sizeof(number))
			_exit(0);
		number += 1000;
		if (write(out, &number, sizeof(number)) != sizeof(number))
			_exit(0);
		pass_turn(shared, 0);
	}
}

static void ask(struct shared *shared, int socket, int in)
{
	for (int i = 0; !shared->stop; i++) {
		int number = i;

		if (send(socket, &number, sizeof(number), 0) != sizeof(number))
			shared->bad = 1;
		pass_turn(shared, 1);
		if (read(in, &number, sizeof(number)) != sizeof(number) || number != i + 1000)
			shared->bad = 1;
		wait_turn(shared, 0);
		shared->rounds = 1;
	}
	_exit(0);
}

static void run(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int sockets[2], pipes[2];
	pid_t asker, answerer;

	expect(shared != MAP_FAILED, "mmap: %s", strerror(errno));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	must(pipe(pipes));
	answerer = fork_child();
	if (answerer == 0)
		answer(shared, sockets[1], pipes[1]);
	asker = fork_child();
	if (asker == 0)
		ask(shared, sockets[0], pipes[0]);
	await_word(&shared->rounds, "the conversation");
	ready();
	shared->rounds = 0;
	await_word(&shared->rounds, "the conversation");
	shared->stop = 1;
	expect_child(asker, "who asks");
	must(kill(answerer, SIGKILL));
	expect(!shared->bad, "an answer was wrong");
}

const struct state state_conversation = {
	.name = "conversation",
	.summary = "programs that talk all the time",
	.flags = STATE_SPINS,
	.run = run,
};
