/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Perl program that computes with whole numbers; each line it prints can be checked. */
#include "vksession/selftest/states/interpreter.h"
#include "vksession/selftest/states/state.h"

static const char script[] = "use integer; $| = 1; my ($x, $n) = (0, 0);\n"
			     "while (1) {\n"
			     "    $x = $x * 6364136223846793005 + 1442695040888963407;\n"
			     "    printf(\"%d %u\\n\", $n, $x) if ++$n % 20000 == 0;\n"
			     "}\n";

static void run(void)
{
	interpret("perl", (const char *const[]){ "-e", script, NULL }, NULL, NULL);
}

const struct state state_interpreter_perl = {
	.name = "interpreter-perl",
	.summary = "a perl program that computes",
	.flags = STATE_SPINS,
	.run = run,
};
