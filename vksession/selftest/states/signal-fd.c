/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals that wait in a signalfd. */
#include <sys/signalfd.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct signalfd_siginfo info;
	union sigval value = { .sival_int = 4711 };
	uint64_t mask = pattern_signals(PATTERN_SIGNALFD);
	char path[64], line[64];
	sigset_t set;
	int fd;

	sigemptyset(&set);
	memcpy(&set, &mask, sizeof(mask));
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	fd = (int)must(signalfd(-1, &set, SFD_CLOEXEC));
	must(sigqueue(getpid(), SIGRTMIN + 3, value));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	ready();
	snprintf(line, sizeof(line), "sigmask:\t%016llx",
		 (unsigned long long)pattern_signals(PATTERN_SIGNALFD));
	expect(strstr(read_text(path), line) != NULL, "the set has changed: '%s' is not in '%s'",
	       line, read_text(path));
	expect(becomes_readable(fd, 0), "the signal is lost");
	read_all(fd, &info, sizeof(info));
	expect(info.ssi_signo == (uint32_t)SIGRTMIN + 3 && info.ssi_int == 4711,
	       "signal %u with %d came", info.ssi_signo, info.ssi_int);
	must(kill(getpid(), SIGUSR1));
	read_all(fd, &info, sizeof(info));
	expect(info.ssi_signo == SIGUSR1, "signal %u came after the save", info.ssi_signo);
}

const struct state state_signal_fd = {
	.name = "signal-fd",
	.summary = "a signal that waits in a signalfd",
	.run = run,
};
