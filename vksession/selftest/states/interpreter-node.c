/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A JavaScript program (Node, with its compiler) that computes; each line it prints can be checked.
 */
#include "vksession/selftest/states/interpreter.h"
#include "vksession/selftest/states/state.h"

static const char script[] =
	"let x = 0n, n = 0;\n"
	"function some() {\n"
	"    for (let i = 0; i < 20000; i++) {\n"
	"        x = BigInt.asUintN(64, x * 6364136223846793005n + 1442695040888963407n);\n"
	"        n++;\n"
	"    }\n"
	"    process.stdout.write(n + ' ' + x + '\\n', () => setImmediate(some));\n"
	"}\n"
	"some();\n";

static void run(void)
{
	interpret("node", (const char *const[]){ "-e", script, NULL }, NULL, NULL);
}

const struct state state_interpreter_node = {
	.name = "interpreter-node",
	.summary = "a node program that computes",
	.flags = STATE_SPINS,
	.run = run,
};
