/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xserver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <X11/Xlib.h>
#include <glib.h>

#include "launcher/autofd.h"
#include "process.h"
#include "wait.h"

#define START_MS 15000

/** A window manager. */
struct manager {
	const char *name;
	const char *const *argv;
	const char *ready; /* property of the root window that is there when the manager is */
};

static const struct manager managers[] = {
	/* A window that is mapped while openbox starts can be left unmanaged for ever, and the
	   usual sign of a window manager (_NET_SUPPORTING_WM_CHECK) comes too early. Its start-up
	   command runs after all. */
	{ "openbox",
	  (const char *const[]){ "openbox", "--startup",
				 "xprop -root -f HARNESS_READY 8s -set HARNESS_READY yes", NULL },
	  "HARNESS_READY" },
	/* Its settings come from a daemon, which would not be seen to be the desktop's if the bus
	   had started it. */
	{ "xfwm4",
	  (const char *const[]){ "dbus-run-session", "--", "sh", "-c",
				 "export NO_AT_BRIDGE=1; /usr/lib/*/xfce4/xfconf/xfconfd & "
				 "exec xfwm4 --compositor=off",
				 NULL },
	  "_NET_WORKAREA" },
};

static const struct manager *chosen_manager(void)
{
	const char *name = g_getenv("VKSESSION_TEST_WINDOW_MANAGER");

	if (!name)
		return &managers[0];
	for (gsize i = 0; i < G_N_ELEMENTS(managers); i++)
		if (g_str_equal(name, managers[i].name))
			return &managers[i];
	g_error("VKSESSION_TEST_WINDOW_MANAGER=%s is none that is known", name);
}

struct manager_wait {
	Display *display;
	Atom ready;
};

static bool manager_ready(void *data)
{
	struct manager_wait *wait = data;
	unsigned char *value = NULL;
	unsigned long items, rest;
	Atom type;
	XEvent event;
	int format;

	while (XPending(wait->display))
		XNextEvent(wait->display, &event);
	XGetWindowProperty(wait->display, DefaultRootWindow(wait->display), wait->ready, 0, 1,
			   False, AnyPropertyType, &type, &format, &items, &rest, &value);
	if (value)
		XFree(value);
	return type != None;
}

static pid_t start_manager(const struct xserver *x, const struct manager *chosen, int log)
{
	g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "DISPLAY", x->name, TRUE);
	struct manager_wait wait = { .display = XOpenDisplay(x->name) };
	pid_t manager;

	if (!wait.display)
		g_error("no connection to the X server on %s", x->name);
	wait.ready = XInternAtom(wait.display, chosen->ready, False);
	XSelectInput(wait.display, DefaultRootWindow(wait.display), PropertyChangeMask);
	manager = start_process(chosen->argv, environment, -1, log);
	if (!wait_until(manager_ready, &wait, ConnectionNumber(wait.display), START_MS))
		g_error("%s did not start on %s", chosen->name, x->name);
	XCloseDisplay(wait.display);
	return manager;
}

void xserver_start(struct xserver *x, int log)
{
	char number[12];

	/* -r: a key whose release is late on a busy machine is not typed again and again. */
	x->server = start_until_ready((const char *const[]){ "Xvfb", "-screen", "0", "1280x800x24",
							     "-nolisten", "tcp", "-noreset", "-dpi",
							     "96", "-r", NULL },
				      "-displayfd", NULL, log, number, sizeof(number));
	snprintf(x->name, sizeof(x->name), ":%s", number);
	x->manager = start_manager(x, chosen_manager(), log);
}

void xserver_stop(struct xserver *x)
{
	stop_process(x->manager);
	stop_process(x->server);
	memset(x, 0, sizeof(*x));
}

void xserver_kill(struct xserver *x)
{
	kill(x->server, SIGKILL);
	kill(x->manager, SIGKILL);
	waitpid(x->server, NULL, 0);
	waitpid(x->manager, NULL, 0);
	memset(x, 0, sizeof(*x));
}

int xserver_screenshot(const struct xserver *x, const char *path)
{
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = {
		.argv = (const char *const[]){ "import", "-display", x->name, "-window", "root",
					       path, NULL },
		.timeout_ms = 15000,
	};

	run_process(&request, &result);
	return result.status ? -1 : 0;
}
