/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "vksession/cli/verb.h"

/* Written by the handler, read by the thread. A signal handler has nowhere else to look. */
static int signal_pipe[2] = { -1, -1 };

static void on_signal(int number)
{
	int saved = errno;
	char byte = (char)number;

	while (write(signal_pipe[1], &byte, 1) < 0 && errno == EINTR)
		;
	errno = saved;
}

static gpointer cancel_on_signal(gpointer data)
{
	GCancellable *cancellable = data;
	char byte;

	while (read(signal_pipe[0], &byte, 1) < 0 && errno == EINTR)
		;
	g_cancellable_cancel(cancellable);
	g_object_unref(cancellable);
	return NULL;
}

void cli_catch_interrupts(GCancellable *cancellable)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_RESTART | SA_RESETHAND };

	if (signal_pipe[0] >= 0 || pipe2(signal_pipe, O_CLOEXEC) < 0)
		return;
	g_thread_unref(g_thread_new("signals", cancel_on_signal, g_object_ref(cancellable)));
	for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
		sigaction(signals[i], &action, NULL);
}
