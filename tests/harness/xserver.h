/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A person's desktop, for tests: an X server of its own (Xvfb) with a window manager. That is
 * openbox, or what VKSESSION_TEST_WINDOW_MANAGER says: xfwm4.
 */
#pragma once

#include <sys/types.h>

/** One running X server. Zeroed: none. */
struct xserver {
	pid_t server;
	pid_t manager;
	char name[16]; /* as in $DISPLAY */
};

/**
 * Starts an X server on the next free display, and a window manager on it, and waits for both.
 * The test fails if that takes too long.
 *
 * @param log  descriptor for what the two programs print
 */
void xserver_start(struct xserver *x, int log);

/** The size of the second monitor, which is to the right of the first, of 1280x800. */
#define SECOND_MONITOR_X      1280
#define SECOND_MONITOR_WIDTH  1024
#define SECOND_MONITOR_HEIGHT 768

/** The same with two monitors: an X server as on real screens (Xorg), whose graphics go nowhere. */
void xserver_start_two_monitors(struct xserver *x, int log);

/** Ends both programs. Nothing happens if none runs. */
void xserver_stop(struct xserver *x);

/** Kills both at once, without a word to anybody. */
void xserver_kill(struct xserver *x);

/**
 * Writes what the screen shows to a PNG file.
 * @return 0, or -1 if the picture could not be taken
 */
int xserver_screenshot(const struct xserver *x, const char *path);
