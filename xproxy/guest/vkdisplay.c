/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * vkdisplay: runs a session's display stack inside the guest, as the user.
 *
 * Started by vkinit without arguments; the options place it elsewhere for tests. What it tells on
 * descriptor 3 is described in announce.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "xproxy/guest/stack.h"

#define DEFAULT_DIR	"/run/vksession"
#define DEFAULT_DISPLAY "100"
#define DEFAULT_SCREEN	"3840x2160"
#define DEFAULT_NOTIFY	3

static const struct option options[] = {
	{ "dir", required_argument, NULL, 'd' },     /* for sockets and the authority file */
	{ "display", required_argument, NULL, 'n' }, /* number of the X display */
	{ "screen", required_argument, NULL, 's' },  /* frame buffer, WIDTHxHEIGHT */
	{ "mode", required_argument, NULL, 'm' },    /* screen at first, WIDTHxHEIGHT */
	{ "notify", required_argument, NULL, 'f' },  /* descriptor to tell on */
	{ NULL, 0, NULL, 0 },
};

static int parse_size(const char *text, uint16_t *width, uint16_t *height)
{
	unsigned int w, h;
	char rest;

	if (sscanf(text, "%5ux%5u%c", &w, &h, &rest) != 2 || !w || !h || w > 32767 || h > 32767)
		return -EINVAL;
	*width = (uint16_t)w;
	*height = (uint16_t)h;
	return 0;
}

/* The size of the host's screen, which the session's owner puts into the guest's environment. */
static void apply_environment(struct stack *stack)
{
	const char *screen = getenv("VKSESSION_SCREEN");
	const char *mode = getenv("VKSESSION_MODE");
	uint16_t width, height;

	if (screen && parse_size(screen, &width, &height) == 0)
		stack->config.screen = screen;
	if (mode)
		parse_size(mode, &stack->mode_width, &stack->mode_height);
}

static int apply_option(struct stack *stack, int option, const char *value)
{
	uint16_t width, height;

	switch (option) {
	case 'd':
		stack->config.dir = value;
		return 0;
	case 'n':
		stack->config.display = value;
		return 0;
	case 's':
		stack->config.screen = value;
		return parse_size(value, &width, &height);
	case 'm':
		return parse_size(value, &stack->mode_width, &stack->mode_height);
	case 'f':
		stack->notify = atoi(value);
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse_arguments(struct stack *stack, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (apply_option(stack, option, optarg) < 0)
			return -EINVAL;
	return optind == argc ? 0 : -EINVAL;
}

/* A bus in the stack's directory if this machine has dbus-daemon. */
static const char *bus_address(const char *dir, char *out, size_t size)
{
	if (access(command_path(PROGRAM_BUS), X_OK) < 0)
		return "";
	snprintf(out, size, "unix:path=%s/bus", dir);
	return out;
}

int main(int argc, char **argv)
{
	struct stack stack = {
		.config = { DEFAULT_DIR, DEFAULT_DISPLAY, DEFAULT_SCREEN, "" },
		.socket_dir = "/tmp/.X11-unix",
		.notify = DEFAULT_NOTIFY,
	};
	char bus[128];
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	apply_environment(&stack);
	if (parse_arguments(&stack, argc, argv) < 0) {
		fprintf(stderr, "usage: vkdisplay [--dir=DIR] [--display=N] [--screen=WxH] "
				"[--mode=WxH] [--notify=FD]\n");
		return 2;
	}
	if (fcntl(stack.notify, F_SETFD, FD_CLOEXEC) < 0) {
		fprintf(stderr, "vkdisplay: notification descriptor: %s\n", strerror(errno));
		return 2;
	}
	stack.config.bus = bus_address(stack.config.dir, bus, sizeof(bus));
	ret = stack_start(&stack);
	if (ret == 0)
		ret = stack_run(&stack);
	stack_stop(&stack);
	if (ret < 0)
		fprintf(stderr, "vkdisplay: %s\n", strerror(-ret));
	return ret < 0;
}
