/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

int isolate_child(int stream)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(stream, ISOLATED_STREAM) < 0 || fcntl(ISOLATED_STREAM, F_SETFD, FD_CLOEXEC) < 0 ||
	    close_range(ISOLATED_STREAM + 1, ~0U, 0) < 0)
		return -errno;
	return 0;
}
