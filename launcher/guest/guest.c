/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/guest/environment.h"
#include "launcher/guest/mounts.h"
#include "launcher/guest/network.h"
#include "launcher/guest/resident.h"

#define SIGNAL_GRACE_MS 5000
#define MAX_OPEN_FILES	524288 /* the hard limit that programs expect nowadays */

static void display_changed(struct display *display)
{
	struct guest *guest = event_owner(display, struct guest, display);

	if (display->state == DISPLAY_FAILED && guest->shutdown.phase == SHUTDOWN_NONE)
		console_say("display: %s", display->failure);
	if (display->state == DISPLAY_READY)
		relay_start_accepting(&guest->relay);
	control_display_changed(&guest->control);
}

static void stop_requested(struct control *control, unsigned int grace_ms)
{
	struct guest *guest = event_owner(control, struct guest, control);

	shutdown_begin(&guest->shutdown, grace_ms);
}

static void reap(struct guest *guest)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		if (!display_child_ended(&guest->display, pid) &&
		    !relay_child_ended(&guest->relay, pid))
			programs_remove(&guest->programs, pid);
	}
	shutdown_check(&guest->shutdown);
}

static void take_signal(struct event_handler *handler, uint32_t events)
{
	struct guest *guest = event_owner(handler, struct guest, signal_handler);
	struct signalfd_siginfo info;

	if (read(guest->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		reap(guest);
	else
		shutdown_begin(&guest->shutdown, SIGNAL_GRACE_MS);
}

/* SIGINT is the kernel's Ctrl-Alt-Del; SIGTERM and SIGPWR what others send to an init. */
static int watch_signals(struct guest *guest, struct failure *failure)
{
	sigset_t set;
	int error;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGPWR);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	reboot(RB_DISABLE_CAD);
	guest->signal_handler.ready = take_signal;
	guest->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (guest->signal_fd < 0)
		return failure_set(failure, errno, "signal descriptor");
	error = events_add(&guest->events, guest->signal_fd, EPOLLIN, &guest->signal_handler);
	return error < 0 ? failure_set(failure, -error, "watch signals") : 0;
}

/* A session without network is better than none. */
static void start_network(const struct config *config)
{
	struct failure failure;

	if (network_up_loopback(&failure) < 0)
		console_say("%s; ignoring", failure.text);
	if (network_write_names(config, &failure) < 0)
		console_say("%s; ignoring", failure.text);
	if (network_renew(config, &failure) < 0)
		console_say("%s; going on without network", failure.text);
}

/* The clock and all devices are right already; what is left waits for the host's word. */
static void thaw_noticed(struct checkpoint *checkpoint)
{
	struct guest *guest = event_owner(checkpoint, struct guest, checkpoint);

	guest->control.thaws = (unsigned int)checkpoint->status.generation;
	console_say("thawed (generation %u)", guest->control.thaws);
}

static void watch_thaws(struct guest *guest)
{
	int error = checkpoint_init(&guest->checkpoint, &guest->config, &guest->events);

	guest->checkpoint.thawed = thaw_noticed;
	if (error < 0)
		console_say("%s: %s; ignoring", CHECKPOINT_DEVICE, strerror(-error));
}

static int open_control(struct guest *guest, struct failure *failure)
{
	guest->control = (struct control){
		.events = &guest->events,
		.config = &guest->config,
		.display = &guest->display,
		.console = &guest->console,
		.programs = &guest->programs,
		.checkpoint = &guest->checkpoint,
		.stop = stop_requested,
	};
	return control_init(&guest->control, failure);
}

/*
 * The self-test's: some states of programs can only be had with privileges. What the guest's root
 * may do on the host is what the user may.
 */
static int start_root_program(struct guest *guest, struct failure *failure)
{
	static const char *const arguments[] = { RESIDENT_ROOT_PROGRAM, NULL };
	autofd null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int console = guest->console.write_fd;
	const int fds[3] = { null, console, console };
	pid_t pid;

	if (!guest->config.root_program)
		return 0;
	pid = null < 0 ? -errno : program_start_root(&guest->config, arguments, fds);
	return pid < 0 ? failure_set(failure, -pid, "start the root program") : 0;
}

static void set_limits(void)
{
	const struct rlimit files = { .rlim_cur = 1024, .rlim_max = MAX_OPEN_FILES };

	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		console_say("limit of open files: %s; ignoring", strerror(errno));
}

static int init_loop(struct guest *guest, struct failure *failure)
{
	int error = events_init(&guest->events);

	if (error == 0)
		error = shutdown_init(&guest->shutdown, &guest->display, &guest->events);
	return error < 0 ? failure_set(failure, -error, "event loop") : 0;
}

int guest_init(struct guest *guest, const char *config_path, struct failure *failure)
{
	int error = config_read(&guest->config, config_path, failure);

	if (error == 0)
		error = init_loop(guest, failure);
	if (error == 0)
		error = console_init(&guest->console, &guest->config, &guest->events, failure);
	if (error == 0)
		error = watch_signals(guest, failure);
	if (error < 0)
		return error;
	set_limits();
	watch_thaws(guest);
	start_network(&guest->config);
	error = relay_init(&guest->relay, &guest->config, &guest->display, &guest->checkpoint,
			   &guest->events, failure);
	guest->display.changed = display_changed;
	if (error == 0)
		error = display_start(&guest->display, &guest->config, &guest->events,
				      guest->console.write_fd, failure);
	if (error == 0)
		error = start_root_program(guest, failure);
	return error == 0 ? open_control(guest, failure) : error;
}

void guest_run(struct guest *guest)
{
	while (guest->shutdown.phase != SHUTDOWN_DONE) {
		int error = events_dispatch(&guest->events);

		if (error < 0) {
			console_say("event loop: %s; stopping", strerror(-error));
			return;
		}
	}
}

void guest_power_off(struct guest *guest)
{
	console_flush(&guest->console);
	sync();
	mounts_detach(&guest->config);
	for (;;)
		reboot(RB_POWER_OFF);
}
