/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The guest's display stack: session bus, X server, xpra server.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "xproxy/guest/commands.h"
#include "xproxy/guest/xauthority.h"

#define STACK_LINE_MAX 512

/** One running program. */
struct stack_child {
	pid_t pid;	       /* 0: not running */
	int output;	       /* its standard output, -1: none */
	int64_t started_ms;    /* CLOCK_MONOTONIC */
	int64_t restart_ms;    /* when to start it again, 0: not planned */
	unsigned int failures; /* short lives in a row */
	char line[STACK_LINE_MAX];
	size_t line_len;
};

struct stack {
	struct stack_config config;
	const char *socket_dir; /* of X servers: /tmp/.X11-unix */
	uint16_t mode_width;	/* screen size to start with, pixels; 0: the frame buffer's */
	uint16_t mode_height;
	int notify;   /* our parent listens here */
	int listener; /* of viewers, handed to xpra */
	int signals;  /* signalfd: SIGCHLD, SIGTERM, SIGINT */
	bool bus_ready;
	bool x_ready;
	bool displayed; /* `display` has been announced */
	bool viewable;	/* `ready` has been announced */
	uint8_t cookie[XAUTH_COOKIE_SIZE];
	struct stack_child children[PROGRAM_COUNT];
};

/**
 * Makes the directory's contents (authority file, viewers' socket) and starts bus and X server.
 *
 * @param stack  with config, socket_dir, mode and notify filled in, the rest zero
 * @return 0, or a negative errno
 */
int stack_start(struct stack *stack);

/**
 * Serves the stack until SIGTERM or until the X server is gone.
 *
 * @return 0 after SIGTERM, else a negative errno
 */
int stack_run(struct stack *stack);

/** Ends all programs and waits for them. */
void stack_stop(struct stack *stack);
