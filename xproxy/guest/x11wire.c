/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "xproxy/guest/x11wire.h"
#include "xproxy/guest/xauthority.h"

#define PAD4(n)	       (((n) + 3u) & ~3u)
#define ANSWER_TIMEOUT 10 /* seconds */
#define SETUP_MAX      65536
#define REPLY_SIZE     32
#define ATOM_STRING    31
#define DOTS_PER_INCH  96

enum {
	CORE_INTERN_ATOM = 16,
	CORE_CHANGE_PROPERTY = 18,
	CORE_QUERY_EXTENSION = 98,
	CORE_CHANGE_KEYBOARD_CONTROL = 102,
	CORE_GET_KEYBOARD_CONTROL = 103,
};

enum {
	RANDR_SET_SCREEN_SIZE = 7,
	RANDR_CREATE_MODE = 16,
	RANDR_ADD_OUTPUT_MODE = 18,
	RANDR_SET_CRTC_CONFIG = 21,
	RANDR_GET_SCREEN_RESOURCES_CURRENT = 25,
};

struct setup_request {
	uint8_t byte_order, pad0;
	uint16_t major, minor, name_len, data_len, pad1;
	char name[PAD4(sizeof(XAUTH_NAME) - 1)];
	uint8_t data[XAUTH_COOKIE_SIZE];
};

static int write_all(int fd, const void *data, size_t size)
{
	const uint8_t *p = data;

	while (size) {
		ssize_t n = send(fd, p, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

static int read_all(int fd, void *data, size_t size)
{
	uint8_t *p = data;

	while (size) {
		ssize_t n = recv(fd, p, size, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return -EPIPE;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

static int connect_unix(const char *path)
{
	struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		return -errno;
	return steal_fd(&fd);
}

static uint16_t get16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/* Takes the first screen's root window and our range of ids out of the server's greeting. */
static int parse_setup(struct x11_wire *wire, const uint8_t *setup, size_t size)
{
	size_t screen;

	if (size < 32)
		return -EPROTO;
	screen = 32 + PAD4(get16(setup + 16)) + 8u * setup[21];
	if (screen + 4 > size)
		return -EPROTO;
	wire->resource = get32(setup + 4);
	wire->root = get32(setup + screen);
	return 0;
}

static int greet(struct x11_wire *wire, const uint8_t *cookie)
{
	struct setup_request request = {
		.byte_order = 'l',
		.major = 11,
		.name_len = sizeof(XAUTH_NAME) - 1,
		.data_len = XAUTH_COOKIE_SIZE,
	};
	uint8_t head[8] = { 0 };
	uint8_t *setup;
	size_t size;
	int ret;

	memcpy(request.name, XAUTH_NAME, sizeof(XAUTH_NAME) - 1);
	memcpy(request.data, cookie, XAUTH_COOKIE_SIZE);
	ret = write_all(wire->fd, &request, sizeof(request));
	if (ret == 0)
		ret = read_all(wire->fd, head, sizeof(head));
	if (ret < 0)
		return ret;
	if (head[0] != 1)
		return -EACCES;
	size = 4u * get16(head + 6);
	setup = malloc(size ? size : 1);
	if (!setup)
		return -ENOMEM;
	ret = read_all(wire->fd, setup, size);
	if (ret == 0)
		ret = parse_setup(wire, setup, size);
	free(setup);
	return ret;
}

int x11_open(struct x11_wire *wire, const char *socket_dir, const char *display,
	     const uint8_t *cookie)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int ret;

	snprintf(path, sizeof(path), "%s/X%s", socket_dir, display);
	wire->fd = connect_unix(path);
	if (wire->fd < 0)
		return wire->fd;
	ret = greet(wire, cookie);
	if (ret < 0)
		x11_close(wire);
	return ret;
}

void x11_close(struct x11_wire *wire)
{
	autofd_close(&wire->fd);
	wire->fd = -1;
}

/* Sends a request; the words are its body after the first four bytes. */
static int send_request(struct x11_wire *wire, uint8_t opcode, uint8_t minor, const void *body,
			size_t size)
{
	uint8_t buffer[512] = { opcode, minor };
	uint16_t length = (uint16_t)(1 + PAD4(size) / 4);

	if (size > sizeof(buffer) - 4)
		return -EMSGSIZE;
	memcpy(buffer + 2, &length, sizeof(length));
	if (size)
		memcpy(buffer + 4, body, size);
	return write_all(wire->fd, buffer, 4u * length);
}

/* Reads up to the next reply; the data behind its first 32 bytes is stored in a new buffer. */
static int read_reply(struct x11_wire *wire, uint8_t *reply, uint8_t **more)
{
	size_t size;
	int ret;

	do {
		ret = read_all(wire->fd, reply, REPLY_SIZE);
		if (ret < 0)
			return ret;
		if (reply[0] == 0)
			return -EPROTO;
	} while (reply[0] != 1);
	size = 4u * get32(reply + 4);
	if (size > SETUP_MAX)
		return -EPROTO;
	*more = malloc(size ? size : 1);
	if (!*more)
		return -ENOMEM;
	return read_all(wire->fd, *more, size);
}

/* A request whose reply is all in its first 32 bytes. */
static int ask(struct x11_wire *wire, uint8_t opcode, uint8_t minor, const void *body, size_t size,
	       uint8_t *reply)
{
	uint8_t *more = NULL;
	int ret = send_request(wire, opcode, minor, body, size);

	if (ret == 0)
		ret = read_reply(wire, reply, &more);
	free(more);
	return ret;
}

/* For InternAtom and QueryExtension, whose bodies are alike. */
static int ask_name(struct x11_wire *wire, uint8_t opcode, const char *name, uint8_t *reply)
{
	uint8_t body[256] = { 0 };
	uint16_t len = (uint16_t)strlen(name);

	if (len > sizeof(body) - 4)
		return -EMSGSIZE;
	memcpy(body, &len, sizeof(len));
	memcpy(body + 4, name, len);
	return ask(wire, opcode, 0, body, 4 + PAD4(len), reply);
}

int x11_set_root_string(struct x11_wire *wire, const char *name, const char *value)
{
	struct {
		uint32_t window, property, type;
		uint8_t format, pad[3];
		uint32_t length;
		char data[256];
	} body = { .window = wire->root, .type = ATOM_STRING, .format = 8 };
	uint8_t reply[REPLY_SIZE];
	int ret;

	body.length = (uint32_t)strlen(value);
	if (body.length > sizeof(body.data))
		return -EMSGSIZE;
	memcpy(body.data, value, body.length);
	ret = ask_name(wire, CORE_INTERN_ATOM, name, reply);
	if (ret < 0)
		return ret;
	body.property = get32(reply + 8);
	ret = send_request(wire, CORE_CHANGE_PROPERTY, 0, &body,
			   sizeof(body) - sizeof(body.data) + PAD4(body.length));
	/* The answer to a further request shows that this one has been carried out. */
	return ret < 0 ? ret : ask_name(wire, CORE_INTERN_ATOM, name, reply);
}

int x11_stop_key_repeat(struct x11_wire *wire)
{
	const uint32_t change[] = { 1 << 7 /* the mode of repeating */, 0 /* off */ };
	uint8_t reply[REPLY_SIZE] = { 0 };
	int ret = send_request(wire, CORE_CHANGE_KEYBOARD_CONTROL, 0, change, sizeof(change));

	if (ret == 0)
		ret = ask(wire, CORE_GET_KEYBOARD_CONTROL, 0, NULL, 0, reply);
	return ret == 0 && reply[1] ? -EPROTO : ret;
}

struct randr_output {
	uint8_t opcode;
	uint32_t timestamp, config_timestamp, crtc, output;
};

/* Finds the extension, its first CRTC and its first output: Xvfb has one of each. */
static int find_output(struct x11_wire *wire, struct randr_output *found)
{
	uint8_t reply[REPLY_SIZE] = { 0 };
	uint8_t *more = NULL;
	uint16_t crtcs = 0, outputs = 0;
	int ret = ask_name(wire, CORE_QUERY_EXTENSION, "RANDR", reply);

	if (ret < 0)
		return ret;
	if (!reply[8])
		return -ENODEV;
	found->opcode = reply[9];
	ret = send_request(wire, found->opcode, RANDR_GET_SCREEN_RESOURCES_CURRENT, &wire->root, 4);
	if (ret == 0)
		ret = read_reply(wire, reply, &more);
	if (ret == 0) {
		crtcs = get16(reply + 16);
		outputs = get16(reply + 18);
		if (!crtcs || !outputs || 4u * get32(reply + 4) < 4u * (crtcs + outputs))
			ret = -ENODEV;
	}
	if (ret == 0) {
		found->timestamp = get32(reply + 8);
		found->config_timestamp = get32(reply + 12);
		found->crtc = get32(more);
		found->output = get32(more + 4u * crtcs);
	}
	free(more);
	return ret;
}

static int create_mode(struct x11_wire *wire, uint8_t opcode, uint16_t width, uint16_t height,
		       uint32_t *mode)
{
	struct {
		uint32_t window, id;
		uint16_t width, height;
		uint32_t dot_clock;
		uint16_t hsync_start, hsync_end, htotal, hskew;
		uint16_t vsync_start, vsync_end, vtotal, name_len;
		uint32_t flags;
		char name[16];
	} body = {
		.window = wire->root,
		.width = width,
		.height = height,
		.dot_clock = 60u * width * height,
		.hsync_start = width,
		.hsync_end = width,
		.htotal = width,
		.vsync_start = height,
		.vsync_end = height,
		.vtotal = height,
	};
	uint8_t reply[REPLY_SIZE];
	int ret;

	/* The name under which xpra looks for a mode of this size. */
	body.name_len = (uint16_t)snprintf(body.name, sizeof(body.name), "%ux%u", width, height);
	ret = ask(wire, opcode, RANDR_CREATE_MODE, &body,
		  sizeof(body) - sizeof(body.name) + PAD4(body.name_len), reply);
	if (ret == 0)
		*mode = get32(reply + 8);
	return ret;
}

static uint32_t millimetres(uint16_t pixels)
{
	return (uint32_t)(pixels * 254u / (10u * DOTS_PER_INCH));
}

int x11_set_screen_size(struct x11_wire *wire, uint16_t width, uint16_t height)
{
	struct randr_output found = { 0 };
	uint8_t reply[REPLY_SIZE];
	uint32_t mode = 0;
	int ret = find_output(wire, &found);

	if (ret == 0)
		ret = create_mode(wire, found.opcode, width, height, &mode);
	if (ret < 0)
		return ret;
	uint32_t add[] = { found.output, mode };
	uint32_t crtc[] = { found.crtc,		 found.timestamp, found.config_timestamp, 0, mode,
			    1 /* no rotation */, found.output };
	uint32_t size[] = { wire->root, width | (uint32_t)height << 16, millimetres(width),
			    millimetres(height) };

	ret = send_request(wire, found.opcode, RANDR_ADD_OUTPUT_MODE, add, sizeof(add));
	if (ret == 0)
		ret = ask(wire, found.opcode, RANDR_SET_CRTC_CONFIG, crtc, sizeof(crtc), reply);
	if (ret == 0 && reply[1])
		ret = -EBUSY;
	if (ret == 0)
		ret = send_request(wire, found.opcode, RANDR_SET_SCREEN_SIZE, size, sizeof(size));
	return ret < 0 ? ret : ask_name(wire, CORE_QUERY_EXTENSION, "RANDR", reply);
}
