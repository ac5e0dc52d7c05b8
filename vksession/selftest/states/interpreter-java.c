/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Java program (with its compiler and collector) that computes; each line it prints can be
 * checked. */
#include "vksession/selftest/states/interpreter.h"
#include "vksession/selftest/states/state.h"

static const char script[] = "public class Loop {\n"
			     "    public static void main(String[] args) {\n"
			     "        long x = 0, n = 0;\n"
			     "        StringBuilder garbage = new StringBuilder();\n"
			     "        while (true) {\n"
			     "            x = x * 6364136223846793005L + 1442695040888963407L;\n"
			     "            n++;\n"
			     "            if (n % 1000000 == 0) {\n"
			     "                garbage = new StringBuilder().append(n).append(' "
			     "').append(Long.toUnsignedString(x));\n"
			     "                System.out.println(garbage);\n"
			     "            }\n"
			     "        }\n"
			     "    }\n"
			     "}\n";

static void run(void)
{
	/* A runtime without a compiler can't run a program that is given as source. */
	if (!is_installed("javac"))
		skip("javac is not installed");
	interpret("java",
		  (const char *const[]){ "-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
					 "-XX:-UsePerfData", "Loop.java", NULL },
		  "Loop.java", script);
}

const struct state state_interpreter_java = {
	.name = "interpreter-java",
	.summary = "a java program that computes",
	.flags = STATE_SPINS,
	.run = run,
};
