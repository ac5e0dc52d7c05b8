/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control group with a limit of processes and a frozen process in it. */
#include <sys/mount.h>
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	char text[32];
	pid_t child;

	must(mkdir("mnt", 0755));
	if (mount("none", "mnt", "cgroup2", 0, NULL) < 0)
		skip("cgroup2: %s", strerror(errno));
	write_text("mnt/cgroup.subtree_control", "+pids");
	must(mkdir("mnt/selftest", 0755));
	write_text("mnt/selftest/pids.max", "13");
	child = fork_child();
	if (child == 0) {
		for (;;)
			pause();
	}
	snprintf(text, sizeof(text), "%d", child);
	write_text("mnt/selftest/cgroup.procs", text);
	write_text("mnt/selftest/cgroup.freeze", "1");
	while (!strstr(read_text("mnt/selftest/cgroup.events"), "frozen 1"))
		pass_time(2);
	ready();
	expect(atoi(read_text("mnt/selftest/cgroup.procs")) == child, "the group is empty");
	expect(strcmp(read_text("mnt/selftest/pids.max"), "13\n") == 0, "the limit has changed");
	expect(strcmp(read_text("mnt/selftest/pids.current"), "1\n") == 0, "the count has changed");
	expect(strstr(read_text("mnt/selftest/cgroup.events"), "frozen 1") != NULL,
	       "the group has thawed by itself");
	write_text("mnt/selftest/cgroup.freeze", "0");
	must(kill(child, SIGKILL));
	must(waitpid(child, NULL, 0));
}

const struct state state_cgroup = {
	.name = "cgroup",
	.summary = "a control group, frozen, with a limit",
	.flags = STATE_ROOT,
	.run = run,
};
