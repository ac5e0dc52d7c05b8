/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * 1. prepare: authority file, listening socket for viewers.
 * 2. start bus and X server together; each writes a line to its standard output when it serves.
 * 3. show: when both do, write the bus's address on the root window (where an xpra server that is
 *    given an existing display looks for it), set the screen size, announce `display`, start xpra.
 *    Programs may map windows from here on; xpra adopts those that it finds.
 * 4. serve: pass xpra's log on, announce `ready` at its line "xpra is ready".
 * 5. supervise: bus and xpra are started again when they end, after a delay that grows while their
 *    lives are short. The X server holds the state of all programs: with it the stack ends.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "xproxy/guest/announce.h"
#include "xproxy/guest/spawn.h"
#include "xproxy/guest/stack.h"
#include "xproxy/guest/x11wire.h"

#define SHORT_LIFE_MS	10000
#define RESTART_STEP_MS 250
#define RESTART_MAX_MS	8000
#define HOPELESS	5 /* short lives of xpra before its first service */
#define VIEWER_BACKLOG	16
#define READY_LINE	"xpra is ready."

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void announce_failed(struct stack *stack, const char *text)
{
	char line[ANNOUNCE_MAX];

	announce_write(stack->notify, line, announce_format_failed(line, sizeof(line), text));
}

static int start_program(struct stack *stack, enum stack_program program)
{
	struct stack_child *child = &stack->children[program];
	char **argv = command_argv(program, &stack->config);
	char **environment = command_environment(program, &stack->config, environ);
	struct spawn_request request = {
		.path = command_path(program),
		.argv = argv,
		.environment = environment,
		.listener = program == PROGRAM_XPRA ? stack->listener : -1,
		.merge_stderr = program == PROGRAM_XPRA,
	};
	pid_t pid = -ENOMEM;

	if (argv && environment)
		pid = spawn_program(&request, &child->output);
	free_list(argv);
	free_list(environment);
	child->restart_ms = 0;
	if (pid < 0)
		return (int)pid;
	child->pid = pid;
	child->started_ms = now_ms();
	child->line_len = 0;
	return 0;
}

/* --- stage 1: prepare --- */

static int listen_for_viewers(struct stack *stack)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/xpra.sock",
			   stack->config.dir);

	if (fd < 0)
		return -errno;
	if ((size_t)len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (unlink(address.sun_path) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(address.sun_path, 0600) < 0 || listen(fd, VIEWER_BACKLOG) < 0)
		return -errno;
	stack->listener = steal_fd(&fd);
	return 0;
}

static int make_directories(const struct stack_config *config)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];

	if (mkdir(config->dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	if ((size_t)snprintf(path, sizeof(path), "%s/xpra", config->dir) >= sizeof(path))
		return -ENAMETOOLONG;
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int prepare(struct stack *stack)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int ret = make_directories(&stack->config);

	if (ret < 0)
		return ret;
	snprintf(path, sizeof(path), "%s/Xauthority", stack->config.dir);
	ret = xauth_create(path, (unsigned int)atoi(stack->config.display), stack->cookie);
	return ret < 0 ? ret : listen_for_viewers(stack);
}

static int watch_signals(struct stack *stack)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	stack->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return stack->signals < 0 ? -errno : 0;
}

int stack_start(struct stack *stack)
{
	int ret;

	for (int i = 0; i < PROGRAM_COUNT; i++)
		stack->children[i].output = -1;
	stack->listener = -1;
	stack->bus_ready = !*stack->config.bus;
	ret = watch_signals(stack);
	if (ret == 0)
		ret = prepare(stack);
	if (ret == 0)
		ret = start_program(stack, PROGRAM_X_SERVER);
	if (ret == 0 && !stack->bus_ready)
		ret = start_program(stack, PROGRAM_BUS);
	if (ret < 0)
		announce_failed(stack, strerror(-ret));
	return ret;
}

/* --- stage 3: show --- */

static int prepare_screen(struct stack *stack)
{
	struct x11_wire wire;
	int ret = x11_open(&wire, stack->socket_dir, stack->config.display, stack->cookie);

	if (ret < 0)
		return ret;
	if (*stack->config.bus)
		ret = x11_set_root_string(&wire, "DBUS_SESSION_BUS_ADDRESS", stack->config.bus);
	if (ret == 0 && stack->mode_width) {
		ret = x11_set_screen_size(&wire, stack->mode_width, stack->mode_height);
		if (ret < 0)
			fprintf(stderr, "vkdisplay: screen size not set: %s, ignoring\n",
				strerror(-ret));
		ret = 0;
	}
	x11_close(&wire);
	return ret;
}

static int show(struct stack *stack)
{
	char line[ANNOUNCE_MAX];
	size_t len = announce_format_display(line, sizeof(line), &stack->config);
	int ret = prepare_screen(stack);

	if (ret == 0 && !len)
		ret = -ENAMETOOLONG;
	if (ret == 0)
		ret = announce_write(stack->notify, line, len);
	if (ret < 0)
		return ret;
	stack->displayed = true;
	return start_program(stack, PROGRAM_XPRA);
}

/* --- stage 4: serve --- */

static int on_bus_line(struct stack *stack, const char *line)
{
	stack->bus_ready = true;
	return 0;
}

static int on_x_server_line(struct stack *stack, const char *line)
{
	stack->x_ready = true;
	return 0;
}

static void stop_key_repeat(const struct stack *stack)
{
	struct x11_wire wire;
	int ret = x11_open(&wire, stack->socket_dir, stack->config.display, stack->cookie);

	if (ret == 0) {
		ret = x11_stop_key_repeat(&wire);
		x11_close(&wire);
	}
	if (ret < 0)
		fprintf(stderr, "vkdisplay: keys repeat twice: %s, ignoring\n", strerror(-ret));
}

static int on_xpra_line(struct stack *stack, const char *text)
{
	char line[ANNOUNCE_MAX];

	if (*text)
		fprintf(stderr, "xpra: %s\n", text);
	if (!strcmp(text, KEYS_ARE_HELD))
		stop_key_repeat(stack);
	if (stack->viewable || !strstr(text, READY_LINE))
		return 0;
	stack->viewable = true;
	return announce_write(stack->notify, line,
			      announce_format_ready(line, sizeof(line), &stack->config));
}

static int (*const line_handlers[PROGRAM_COUNT])(struct stack *, const char *) = {
	[PROGRAM_BUS] = on_bus_line,
	[PROGRAM_X_SERVER] = on_x_server_line,
	[PROGRAM_XPRA] = on_xpra_line,
};

static int handle_lines(struct stack *stack, enum stack_program program)
{
	struct stack_child *child = &stack->children[program];
	char *end;
	int ret = 0;

	child->line[child->line_len] = '\0';
	while (ret == 0 && (end = strchr(child->line, '\n'))) {
		*end++ = '\0';
		ret = line_handlers[program](stack, child->line);
		child->line_len -= (size_t)(end - child->line);
		memmove(child->line, end, child->line_len + 1);
	}
	if (child->line_len == sizeof(child->line) - 1)
		child->line_len = 0;
	return ret;
}

static int read_output(struct stack *stack, enum stack_program program)
{
	struct stack_child *child = &stack->children[program];
	ssize_t n = read(child->output, child->line + child->line_len,
			 sizeof(child->line) - 1 - child->line_len);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0) {
		autofd_close(&child->output);
		child->output = -1;
		return 0;
	}
	child->line_len += (size_t)n;
	return handle_lines(stack, program);
}

/* --- stage 5: supervise --- */

static void plan_restart(struct stack *stack, enum stack_program program)
{
	struct stack_child *child = &stack->children[program];
	int64_t now = now_ms(), delay;

	if (now - child->started_ms > SHORT_LIFE_MS)
		child->failures = 0;
	child->failures++;
	delay = (int64_t)RESTART_STEP_MS * child->failures;
	child->restart_ms = now + (delay > RESTART_MAX_MS ? RESTART_MAX_MS : delay);
	if (program == PROGRAM_XPRA && !stack->viewable && child->failures == HOPELESS)
		announce_failed(stack,
				"the xpra server ends as soon as it is started, see the log");
}

static int on_exit_of(struct stack *stack, enum stack_program program, int status)
{
	struct stack_child *child = &stack->children[program];

	fprintf(stderr, "vkdisplay: %s ended (%s %d)\n", command_path(program),
		WIFEXITED(status) ? "status" : "signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	while (child->output >= 0 && read_output(stack, program) == 0 && child->line_len)
		continue;
	autofd_close(&child->output);
	child->output = -1;
	child->pid = 0;
	if (program != PROGRAM_X_SERVER) {
		plan_restart(stack, program);
		return 0;
	}
	announce_failed(stack, "the X server has ended");
	return -EPIPE;
}

static int reap(struct stack *stack)
{
	int status, ret = 0;
	pid_t pid;

	while (ret == 0 && (pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < PROGRAM_COUNT; i++)
			if (stack->children[i].pid == pid)
				ret = on_exit_of(stack, i, status);
	return ret;
}

static int handle_signals(struct stack *stack, bool *stop)
{
	struct signalfd_siginfo info;
	int ret = 0;

	while (ret == 0 && read(stack->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			ret = reap(stack);
		else
			*stop = true;
	}
	return ret;
}

/* Starts what is due. @return milliseconds until the next restart, -1: none is planned */
static int restart_due(struct stack *stack)
{
	int64_t now = now_ms(), wait = -1;

	for (int i = 0; i < PROGRAM_COUNT; i++) {
		struct stack_child *child = &stack->children[i];

		if (child->restart_ms && child->restart_ms <= now && start_program(stack, i) < 0)
			plan_restart(stack, i);
		if (child->restart_ms && (wait < 0 || child->restart_ms - now < wait))
			wait = child->restart_ms - now;
	}
	return (int)wait;
}

static int wait_and_handle(struct stack *stack, bool *stop)
{
	struct pollfd fds[PROGRAM_COUNT + 1];
	int ret = 0;

	for (int i = 0; i < PROGRAM_COUNT; i++)
		fds[i] = (struct pollfd){ .fd = stack->children[i].output, .events = POLLIN };
	fds[PROGRAM_COUNT] = (struct pollfd){ .fd = stack->signals, .events = POLLIN };
	if (poll(fds, PROGRAM_COUNT + 1, restart_due(stack)) < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; ret == 0 && i < PROGRAM_COUNT; i++)
		if (fds[i].revents)
			ret = read_output(stack, i);
	if (ret == 0 && fds[PROGRAM_COUNT].revents)
		ret = handle_signals(stack, stop);
	return ret;
}

int stack_run(struct stack *stack)
{
	bool stop = false;
	int ret = 0;

	while (ret == 0 && !stop) {
		ret = wait_and_handle(stack, &stop);
		if (ret == 0 && !stack->displayed && stack->bus_ready && stack->x_ready)
			ret = show(stack);
	}
	if (ret < 0 && !stack->displayed)
		announce_failed(stack, strerror(-ret));
	return ret;
}

void stack_stop(struct stack *stack)
{
	static const enum stack_program order[] = { PROGRAM_XPRA, PROGRAM_BUS, PROGRAM_X_SERVER };

	for (size_t i = 0; i < PROGRAM_COUNT; i++) {
		struct stack_child *child = &stack->children[order[i]];

		if (child->pid > 0) {
			kill(child->pid, SIGKILL);
			waitpid(child->pid, NULL, 0);
		}
		autofd_close(&child->output);
	}
	autofd_close(&stack->listener);
	autofd_close(&stack->signals);
}
