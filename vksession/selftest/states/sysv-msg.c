/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A System V message queue with messages of several types. */
#include <sys/ipc.h>
#include <sys/msg.h>

#include "vksession/selftest/states/state.h"

struct message {
	long type;
	char text[32];
};

static void run(void)
{
	struct message message;
	int queue = (int)must(msgget(IPC_PRIVATE, IPC_CREAT | 0600));

	for (int i = 1; i <= 4; i++) {
		message.type = i;
		snprintf(message.text, sizeof(message.text), "message %d", i);
		must(msgsnd(queue, &message, sizeof(message.text), 0));
	}
	ready();
	for (int i = 4; i >= 1; i--) {
		must(msgrcv(queue, &message, sizeof(message.text), i, IPC_NOWAIT));
		expect(atoi(message.text + 8) == i, "message %d is '%s'", i, message.text);
	}
	expect(msgrcv(queue, &message, sizeof(message.text), 0, IPC_NOWAIT) < 0 && errno == ENOMSG,
	       "there is a message too many");
	must(msgctl(queue, IPC_RMID, NULL));
}

const struct state state_sysv_msg = {
	.name = "sysv-msg",
	.summary = "a System V message queue",
	.run = run,
};
