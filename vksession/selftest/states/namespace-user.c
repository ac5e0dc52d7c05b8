/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user namespace with its map, and a host name of its own. */
#include <sched.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	uid_t outside = getuid();

	enter_user_namespace(CLONE_NEWUTS);
	must(sethostname("elsewhere", 9));
	ready();
	expect(getuid() == 0, "the user in the namespace is %u", getuid());
	expect(strstr(read_text("/proc/self/uid_map"), "         0") != NULL, "the map is lost");
	expect((uid_t)atoi(strchr(read_text("/proc/self/uid_map"), '0') + 1) == outside,
	       "the map leads elsewhere");
	expect(strcmp(read_text("/proc/sys/kernel/hostname"), "elsewhere\n") == 0,
	       "the host name in the namespace is lost");
}

const struct state state_namespace_user = {
	.name = "namespace-user",
	.summary = "user and UTS namespaces",
	.run = run,
};
