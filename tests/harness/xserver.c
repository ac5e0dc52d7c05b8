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
#include <glib/gstdio.h>

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

/*
 * What toolkits take for monitors are a graphics card's outputs: two screens of Xvfb, its Xinerama
 * and monitors that are only declared (RandR 1.5) are one to them.
 */
static const char two_monitors[] =
	"Section \"Device\"\n"
	"  Identifier \"card\"\n"
	"  Driver \"dummy\"\n"
	"  VideoRam 32768\n"
	"  Option \"Monitor-DUMMY0\" \"left\"\n"
	"  Option \"Monitor-DUMMY1\" \"right\"\n"
	"EndSection\n"
	"Section \"Monitor\"\n"
	"  Identifier \"left\"\n"
	"  HorizSync 5-1000\n"
	"  VertRefresh 5-200\n"
	"  Modeline \"1280x800\" 83.50 1280 1352 1480 1680 800 803 809 831\n"
	"  Option \"PreferredMode\" \"1280x800\"\n"
	"EndSection\n"
	"Section \"Monitor\"\n"
	"  Identifier \"right\"\n"
	"  HorizSync 5-1000\n"
	"  VertRefresh 5-200\n"
	"  Modeline \"1024x768\" 63.50 1024 1072 1176 1328 768 771 775 798\n"
	"  Option \"PreferredMode\" \"1024x768\"\n"
	"  Option \"RightOf\" \"left\"\n"
	"  Option \"Enable\" \"true\"\n"
	"EndSection\n"
	"Section \"Screen\"\n"
	"  Identifier \"screen\"\n"
	"  Device \"card\"\n"
	"  DefaultDepth 24\n"
	"  SubSection \"Display\"\n"
	"    Depth 24\n"
	"    Virtual 2304 800\n"
	"  EndSubSection\n"
	"EndSection\n"
	"Section \"ServerFlags\"\n"
	"  Option \"AutoAddDevices\" \"false\"\n"
	"  Option \"AutoEnableDevices\" \"false\"\n"
	"EndSection\n";

void xserver_start_two_monitors(struct xserver *x, int log)
{
	g_autofree char *dir = g_dir_make_tmp("two-monitors-XXXXXX", NULL);
	g_autofree char *config = dir ? g_build_filename(dir, "xorg.conf", NULL) : NULL;
	g_autofree char *its_log = dir ? g_build_filename(dir, "log", NULL) : NULL;
	char number[12];

	if (!config || !g_file_set_contents(config, two_monitors, -1, NULL))
		g_error("no file for the X server's configuration");
	/* Not what is in PATH, which on some machines takes root's rights. */
	x->server = start_until_ready(
		(const char *const[]){ "/usr/lib/xorg/Xorg", "-config", config, "-logfile", its_log,
				       "-novtswitch", "-sharevts", "-nolisten", "tcp", "-noreset",
				       "-dpi", "96", "-r", NULL },
		"-displayfd", NULL, log, number, sizeof(number));
	snprintf(x->name, sizeof(x->name), ":%s", number);
	g_unlink(config);
	g_unlink(its_log);
	g_rmdir(dir);
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
