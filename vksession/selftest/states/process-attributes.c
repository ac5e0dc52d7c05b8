/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Name, arguments and limits of a process. */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	const struct rlimit limit = { .rlim_cur = 77, .rlim_max = 99 };
	struct rlimit found;
	char name[16];

	must(setrlimit(RLIMIT_NOFILE, &limit));
	must(prctl(PR_SET_NAME, "a plain name"));
	must(prctl(PR_SET_TIMERSLACK, 123456));
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(prctl(PR_SET_CHILD_SUBREAPER, 1));
	umask(0137);
	ready();
	must(getrlimit(RLIMIT_NOFILE, &found));
	expect(found.rlim_cur == 77 && found.rlim_max == 99, "the limit of open files has changed");
	must(prctl(PR_GET_NAME, name));
	expect(strcmp(name, "a plain name") == 0, "the name is '%s'", name);
	expect(prctl(PR_GET_TIMERSLACK) == 123456, "the timer slack has changed");
	expect(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs is gone");
	expect(umask(0) == 0137, "the umask has changed");
}

const struct state state_process_attributes = {
	.name = "process-attributes",
	.summary = "name, limits, umask, flags of a process",
	.run = run,
};
