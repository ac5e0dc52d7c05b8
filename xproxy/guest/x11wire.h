/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The few requests that the display stack itself sends to its X server, without libX11, which a
 * static program can't load. Encodings follow "X Window System Protocol" and randrproto.txt.
 */
#pragma once

#include <stdint.h>

struct x11_wire {
	int fd;
	uint32_t root;	   /* window */
	uint32_t resource; /* next free id of ours */
};

/**
 * Connects to a display of this machine through its unix socket.
 *
 * @param wire        filled in; to be closed with x11_close()
 * @param socket_dir  normally /tmp/.X11-unix
 * @param display     number, decimal
 * @param cookie      XAUTH_COOKIE_SIZE bytes
 * @return 0, or a negative errno (EACCES: the server refused us, EPROTO: no sense in its answer)
 */
int x11_open(struct x11_wire *wire, const char *socket_dir, const char *display,
	     const uint8_t *cookie);

/** Sets a property of type STRING on the root window. @return 0, or a negative errno */
int x11_set_root_string(struct x11_wire *wire, const char *name, const char *value);

/**
 * Makes the screen smaller than its frame buffer with RandR: adds a mode of that size and switches
 * to it.
 *
 * @param width   pixels, at most that of the frame buffer
 * @param height  pixels, at most that of the frame buffer
 * @return 0, or a negative errno (ENODEV: server without RandR or output)
 */
int x11_set_screen_size(struct x11_wire *wire, uint16_t width, uint16_t height);

/** Has keys that are held repeat no more by themselves. @return 0, or a negative errno */
int x11_stop_key_repeat(struct x11_wire *wire);

/** Closes the connection; allowed on one that failed to open. */
void x11_close(struct x11_wire *wire);
