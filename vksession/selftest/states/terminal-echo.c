/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends of a terminal with data in both directions, modes and a hang-up. */
#include <termios.h>

#include "vksession/selftest/states/state.h"

static int open_master(void)
{
	int master = (int)must(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));

	must(grantpt(master));
	must(unlockpt(master));
	return master;
}

static void run(void)
{
	int master = open_master();
	int slave = (int)must(open(ptsname(master), O_RDWR | O_NOCTTY));
	struct termios mode;
	char text[32];

	must(tcgetattr(slave, &mode));
	mode.c_lflag &= ~(tcflag_t)ECHO;
	mode.c_cc[VERASE] = 'z';
	cfsetspeed(&mode, B9600);
	must(tcsetattr(slave, TCSANOW, &mode));
	must(write(slave, "output\n", 7));
	must(write(master, "inpz", 4));
	ready();
	must(write(master, "put\n", 4));
	expect(read(slave, text, sizeof(text)) == 6 && memcmp(text, "input\n", 6) == 0,
	       "the line that was half typed has changed");
	expect(read(master, text, sizeof(text)) == 8 && memcmp(text, "output\r\n", 8) == 0,
	       "the output that waited has changed");
	must(tcgetattr(slave, &mode));
	expect(mode.c_cc[VERASE] == 'z' && !(mode.c_lflag & ECHO) && cfgetospeed(&mode) == B9600,
	       "the modes have changed");
	close(master);
	expect(read(slave, text, sizeof(text)) == 0, "the hang-up is not told");
}

const struct state state_terminal_echo = {
	.name = "terminal-echo",
	.summary = "data and modes of a pseudoterminal",
	.run = run,
};
