/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process in a root directory of its own, whose working directory is deleted. */
#include <sched.h>
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	char path[64];
	int outside = (int)must(open("/", O_RDONLY | O_DIRECTORY));

	enter_user_namespace(0);
	must(mkdir("jail", 0755));
	must(mkdir("jail/gone", 0755));
	close((int)must(open("jail/marker", O_CREAT | O_WRONLY, 0600)));
	must(chroot("jail"));
	must(chdir("/gone"));
	must(rmdir("/gone"));
	ready();
	expect(access("/marker", F_OK) == 0, "the root directory is another one");
	expect(access("/proc", F_OK) < 0, "/proc can be seen from within");
	expect(getcwd(path, sizeof(path)) == NULL && errno == ENOENT,
	       "the deleted working directory has a path: %s", strerror(errno));
	must(fchdir(outside));
	expect(access("proc/self", F_OK) == 0, "the directory outside is another one");
}

const struct state state_chroot = {
	.name = "chroot",
	.summary = "a chroot, a deleted working directory",
	.run = run,
};
