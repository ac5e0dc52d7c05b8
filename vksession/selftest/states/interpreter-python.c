/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Python program with a thread that computes; each line it prints can be checked. */
#include "vksession/selftest/states/interpreter.h"
#include "vksession/selftest/states/state.h"

static const char script[] = "import hashlib, sys, threading\n"
			     "x = 0\n"
			     "n = 0\n"
			     "box = {}\n"
			     "def other():\n"
			     "    while True:\n"
			     "        box[len(box) % 1000] = str(len(box))\n"
			     "threading.Thread(target=other, daemon=True).start()\n"
			     "while True:\n"
			     "    x = (x * 6364136223846793005 + 1442695040888963407) % 2**64\n"
			     "    n += 1\n"
			     "    if n % 20000 == 0:\n"
			     "        print(n, x, flush=True)\n";

static void run(void)
{
	interpret("python3", (const char *const[]){ "-c", script, NULL }, NULL, NULL);
}

const struct state state_interpreter_python = {
	.name = "interpreter-python",
	.summary = "a python3 program that computes",
	.flags = STATE_SPINS,
	.run = run,
};
