/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends of a terminal with data in both directions, modes and a hang-up. */
#include <termios.h>

#include "vksession/selftest/states/state.h"
#include "vksession/selftest/states/terminal.h"

static void run(void)
{
	int master = terminal_open();
	int slave = (int)must(open(ptsname(master), O_RDWR | O_NOCTTY));
	struct termios mode;
	char text[PATTERN_SIZE + 1], wanted[PATTERN_SIZE + 1];

	must(tcgetattr(slave, &mode));
	mode.c_lflag &= ~(tcflag_t)ECHO;
	mode.c_cc[VERASE] = 'z';
	cfsetspeed(&mode, B9600);
	must(tcsetattr(slave, TCSANOW, &mode));
	pattern_text(text, PATTERN_SIZE, PATTERN_TERMINAL);
	must(write(slave, text, PATTERN_SIZE));
	memset(text, 0, sizeof(text));
	must(write(master, "inpz", 4));
	ready();
	must(write(master, "put\n", 4));
	expect(read(slave, text, sizeof(text)) == 6 && memcmp(text, "input\n", 6) == 0,
	       "the line that was half typed has changed");
	pattern_text(wanted, PATTERN_SIZE, PATTERN_TERMINAL);
	read_all(master, text, PATTERN_SIZE);
	expect(memcmp(text, wanted, PATTERN_SIZE) == 0, "the output that waited has changed");
	must(write(slave, "more\n", 5));
	expect(read(master, text, sizeof(text)) == 6 && memcmp(text, "more\r\n", 6) == 0,
	       "output is another after the save");
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
