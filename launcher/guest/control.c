/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A connection carries one request. It is read whole, then its handler (a table, by frame type)
 * does one of three things:
 *
 * - connection_reply: the answer is written as the host takes it, then the connection is closed;
 * - connection_wait: the request stays, and is handled again when the display's state changes;
 * - connection_fork: a process of its own serves the connection, for what takes long (EXEC,
 *   PREPARE_SAVE, THAWED), and this one closes its copy.
 *
 * PID 1 itself thus never waits for a host, a file system or a program.
 */
#include "launcher/guest/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/frame.h"
#include "launcher/guest/exec.h"
#include "launcher/guest/hostsock.h"
#include "launcher/guest/isolate.h"
#include "launcher/guest/network.h"

#define MAX_ARGUMENTS 4096
#define MAX_GRACE_MS  600000

enum connection_state { STATE_READING, STATE_WAITING, STATE_WRITING };

struct connection {
	struct event_handler handler;
	struct connection *next;
	struct control *control;
	int fd;
	enum connection_state state;
	struct vk_frame_header header;
	size_t length; /* of the bytes in buffer */
	size_t sent;
	bool stop; /* begin to stop when the reply is out, or the host has gone */
	unsigned int grace_ms;
	uint8_t buffer[VK_FRAME_HEADER_SIZE + VK_FRAME_MAX_PAYLOAD];
};

/* The payload of RUN and EXEC, taken apart. */
struct command {
	const char *cwd;
	const char *arguments[MAX_ARGUMENTS + 1];
	struct environment environment;
};

/* Composed and used within one handler. */
static struct vk_payload reply;
static struct command command;

static void connection_close(struct connection *connection)
{
	struct control *control = connection->control;
	struct connection **link = &control->first;
	bool stop = connection->stop;
	unsigned int grace_ms = connection->grace_ms;

	while (*link != connection)
		link = &(*link)->next;
	*link = connection->next;
	events_remove(control->events, connection->fd);
	close(connection->fd);
	free(connection);
	if (stop)
		control->stop(control, grace_ms);
}

/* ---- the three ways to go on with a request ---- */

/* Sends the composed reply; the connection may be gone afterwards. */
static void connection_reply(struct connection *connection, uint16_t type)
{
	size_t length = reply.length;

	if (reply.overflow) {
		static const char text[] = "7\0reply too long";

		type = VK_FRAME_ERROR;
		length = sizeof(text);
		memcpy(reply.data, text, length);
	}
	vk_frame_encode_header(connection->buffer, type, (uint32_t)length);
	memcpy(connection->buffer + VK_FRAME_HEADER_SIZE, reply.data, length);
	connection->length = VK_FRAME_HEADER_SIZE + length;
	connection->sent = 0;
	connection->state = STATE_WRITING;
	if (events_modify(connection->control->events, connection->fd, EPOLLOUT,
			  &connection->handler) < 0)
		connection_close(connection);
}

static void reply_error(struct connection *connection, int number, const char *text)
{
	vk_payload_init(&reply);
	vk_payload_addf(&reply, "%d", number);
	vk_payload_add(&reply, text);
	connection_reply(connection, VK_FRAME_ERROR);
}

static void connection_wait(struct connection *connection)
{
	connection->state = STATE_WAITING;
}

/* Serves the connection in a new process, with the function's result as the process's last word. */
static void connection_fork(struct connection *connection,
			    int (*serve)(const struct control *control))
{
	pid_t pid = fork();

	if (pid == 0) {
		int error = isolate_child(connection->fd);

		_exit(error < 0 || serve(connection->control) < 0);
	}
	if (pid < 0)
		reply_error(connection, errno, strerror(errno));
	else
		connection_close(connection);
}

/* For the processes of connection_fork(): an OK without payload. */
static int send_ok(void)
{
	uint8_t frame[VK_FRAME_HEADER_SIZE];
	size_t sent = 0;

	vk_frame_encode_header(frame, VK_FRAME_OK, 0);
	while (sent < sizeof(frame)) {
		struct pollfd fd = { .fd = ISOLATED_STREAM, .events = POLLOUT };
		ssize_t written = write(ISOLATED_STREAM, frame + sent, sizeof(frame) - sent);

		if (written > 0)
			sent += (size_t)written;
		else if (errno == EAGAIN)
			poll(&fd, 1, -1);
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* ---- handlers ---- */

static const char *display_state_name(const struct display *display)
{
	static const char *const names[] = {
		[DISPLAY_NONE] = "none",   [DISPLAY_STARTING] = "starting", [DISPLAY_UP] = "up",
		[DISPLAY_READY] = "ready", [DISPLAY_FAILED] = "failed",
	};

	return names[display->state];
}

/* What tells one thaw of a save from another */
static void add_generation(const struct checkpoint *checkpoint)
{
	struct checkpoint_status status;
	char id[2 * CHECKPOINT_ID_LEN + 1];

	if (!checkpoint || checkpoint->fd < 0 ||
	    ioctl(checkpoint->fd, CHECKPOINT_IOC_STATUS, &status) < 0)
		return;
	for (size_t i = 0; i < CHECKPOINT_ID_LEN; i++)
		snprintf(id + 2 * i, 3, "%02x", status.id[i]);
	vk_payload_addf(&reply, "generation=%llu", (unsigned long long)status.generation);
	vk_payload_addf(&reply, "generation_id=%s", id);
}

static void handle_hello(struct connection *connection)
{
	const struct control *control = connection->control;
	char boot_id[64] = "";
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (file) {
		if (!fgets(boot_id, sizeof(boot_id), file))
			boot_id[0] = '\0';
		fclose(file);
		boot_id[strcspn(boot_id, "\n")] = '\0';
	}
	vk_payload_init(&reply);
	vk_payload_addf(&reply, "version=%d", VK_CONTROL_VERSION);
	vk_payload_addf(&reply, "release=%s", VKSESSION_VERSION);
	vk_payload_addf(&reply, "session=%s", control->config->session ?: "");
	vk_payload_addf(&reply, "boot_id=%s", boot_id);
	vk_payload_addf(&reply, "programs=%zu", control->programs->count);
	vk_payload_addf(&reply, "thaws=%u", control->thaws);
	vk_payload_addf(&reply, "display=%s", display_state_name(control->display));
	add_generation(control->checkpoint);
	connection_reply(connection, VK_FRAME_OK);
}

/* cwd, count, environment strings, arguments */
static int parse_command(const struct connection *connection)
{
	const struct control *control = connection->control;
	struct vk_strings strings;
	uint64_t count;
	size_t argument = 0;
	const char *string;

	if (vk_strings_init(&strings, connection->buffer + VK_FRAME_HEADER_SIZE,
			    connection->header.length) < 0)
		return -EPROTO;
	command.cwd = vk_strings_next(&strings);
	if (!command.cwd || vk_parse_number(vk_strings_next(&strings), ENVIRONMENT_MAX, &count) < 0)
		return -EPROTO;
	environment_init(&command.environment, control->config);
	for (; count > 0; count--) {
		string = vk_strings_next(&strings);
		if (!string)
			return -EPROTO;
		if (!environment_is_guest_owned(string))
			environment_set(&command.environment, string);
	}
	display_add_environment(control->display, &command.environment);
	while ((string = vk_strings_next(&strings)) && argument < MAX_ARGUMENTS)
		command.arguments[argument++] = string;
	command.arguments[argument] = NULL;
	return argument > 0 && !string ? 0 : -EPROTO;
}

/* @return whether the request can go on; it has been dealt with otherwise */
static bool need_display(struct connection *connection, enum display_state least)
{
	const struct display *display = connection->control->display;

	if (display->state == DISPLAY_FAILED)
		reply_error(connection, EIO, display->failure);
	else if (display->state != DISPLAY_NONE && display->state < least)
		connection_wait(connection);
	else
		return true;
	return false;
}

static void handle_run(struct connection *connection)
{
	struct control *control = connection->control;
	struct program program = {
		.arguments = command.arguments,
		.environment = &command.environment,
		.fd_count = 3,
	};
	autofd null = -1;
	pid_t pid;

	if (!need_display(connection, DISPLAY_UP))
		return;
	if (parse_command(connection) < 0) {
		reply_error(connection, EPROTO, "malformed command");
		return;
	}
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	program.cwd = command.cwd;
	program.fds[0] = null;
	program.fds[1] = program.fds[2] = control->console->write_fd;
	pid = null < 0 ? -errno : program_start(control->config, &program);
	if (pid < 0) {
		reply_error(connection, -pid, strerror(-pid));
		return;
	}
	programs_add(control->programs, pid, command.arguments);
	vk_payload_init(&reply);
	vk_payload_addf(&reply, "%d", pid);
	connection_reply(connection, VK_FRAME_OK);
}

static int serve_exec(const struct control *control)
{
	return exec_serve(ISOLATED_STREAM, control->config, command.cwd, command.arguments,
			  &command.environment);
}

static void handle_exec(struct connection *connection)
{
	if (parse_command(connection) < 0)
		reply_error(connection, EPROTO, "malformed command");
	else
		connection_fork(connection, serve_exec);
}

static void handle_list(struct connection *connection)
{
	vk_payload_init(&reply);
	programs_list(connection->control->programs, &reply);
	connection_reply(connection, VK_FRAME_OK);
}

static int serve_prepare_save(const struct control *control)
{
	sync();
	return send_ok();
}

static void handle_prepare_save(struct connection *connection)
{
	connection_fork(connection, serve_prepare_save);
}

static int serve_new_helper(const struct control *control)
{
	struct failure failure;

	if (network_renew(control->config, &failure) < 0)
		console_say("%s; going on without network", failure.text);
	return send_ok();
}

/* The driver may have found the new helper by itself. */
static int serve_thawed(const struct control *control)
{
	return network_is_connected() ? send_ok() : serve_new_helper(control);
}

static bool is_thaw(const struct connection *connection)
{
	struct vk_strings facts;
	const char *fact;

	if (vk_strings_init(&facts, connection->buffer + VK_FRAME_HEADER_SIZE,
			    connection->header.length) < 0)
		return false;
	while ((fact = vk_strings_next(&facts))) {
		if (strcmp(fact, "reason=thaw") == 0)
			return true;
	}
	return false;
}

static void handle_thawed(struct connection *connection)
{
	if (!is_thaw(connection)) {
		connection_fork(connection, serve_new_helper);
		return;
	}
	/* Else the device tells. */
	if (!connection->control->checkpoint || connection->control->checkpoint->fd < 0)
		connection->control->thaws++;
	connection_fork(connection, serve_thawed);
}

static void handle_wait_display(struct connection *connection)
{
	const struct display *display = connection->control->display;

	if (!need_display(connection, DISPLAY_READY))
		return;
	if (display->state == DISPLAY_NONE) {
		reply_error(connection, ENODEV, "the session has no display");
		return;
	}
	vk_payload_init(&reply);
	vk_payload_add(&reply, display->name);
	connection_reply(connection, VK_FRAME_OK);
}

static void handle_stop(struct connection *connection)
{
	struct vk_strings strings;
	uint64_t grace;

	if (vk_strings_init(&strings, connection->buffer + VK_FRAME_HEADER_SIZE,
			    connection->header.length) < 0 ||
	    vk_parse_number(vk_strings_next(&strings), MAX_GRACE_MS, &grace) < 0) {
		reply_error(connection, EPROTO, "malformed grace period");
		return;
	}
	connection->stop = true;
	connection->grace_ms = (unsigned int)grace;
	vk_payload_init(&reply);
	connection_reply(connection, VK_FRAME_OK);
}

static void (*const handlers[])(struct connection *connection) = {
	[VK_FRAME_HELLO] = handle_hello,
	[VK_FRAME_RUN] = handle_run,
	[VK_FRAME_EXEC] = handle_exec,
	[VK_FRAME_LIST] = handle_list,
	[VK_FRAME_PREPARE_SAVE] = handle_prepare_save,
	[VK_FRAME_THAWED] = handle_thawed,
	[VK_FRAME_WAIT_DISPLAY] = handle_wait_display,
	[VK_FRAME_STOP] = handle_stop,
};

static void handle_request(struct connection *connection)
{
	uint16_t type = connection->header.type;

	if (type < sizeof(handlers) / sizeof(handlers[0]) && handlers[type])
		handlers[type](connection);
	else
		reply_error(connection, ENOSYS, "unknown request");
}

/* ---- bytes ---- */

/* @return whether a whole request is there; -errno if the connection is of no use any more */
static int read_request(struct connection *connection)
{
	size_t need = VK_FRAME_HEADER_SIZE;
	ssize_t got;

	if (connection->length >= VK_FRAME_HEADER_SIZE)
		need += connection->header.length;
	got = read(connection->fd, connection->buffer + connection->length,
		   need - connection->length);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0)
		return -EPIPE;
	connection->length += (size_t)got;
	if (connection->length < need)
		return 0;
	if (need > VK_FRAME_HEADER_SIZE)
		return 1;
	if (vk_frame_decode_header(connection->buffer, &connection->header) < 0)
		return -EPROTO;
	return connection->header.length == 0;
}

static int write_reply(struct connection *connection)
{
	ssize_t written = write(connection->fd, connection->buffer + connection->sent,
				connection->length - connection->sent);

	if (written < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	connection->sent += (size_t)written;
	return connection->sent == connection->length;
}

static void connection_ready(struct event_handler *handler, uint32_t events)
{
	struct connection *connection = event_owner(handler, struct connection, handler);
	char byte;
	int result;

	switch (connection->state) {
	case STATE_READING:
		result = read_request(connection);
		if (result < 0)
			connection_close(connection);
		else if (result > 0)
			handle_request(connection);
		break;
	case STATE_WAITING:
		/* Nothing may come now: the host has given up, or does not keep the rules. */
		if (read(connection->fd, &byte, 1) >= 0 || errno != EAGAIN)
			connection_close(connection);
		break;
	case STATE_WRITING:
		if (write_reply(connection) != 0)
			connection_close(connection);
		break;
	}
}

static void accept_connection(struct event_handler *handler, uint32_t events)
{
	struct control *control = event_owner(handler, struct control, handler);
	autofd fd = hostsock_accept(control->listener);
	struct connection *connection;

	if (fd < 0)
		return;
	connection = calloc(1, sizeof(*connection));
	if (!connection || events_add(control->events, fd, EPOLLIN, &connection->handler) < 0) {
		free(connection);
		return;
	}
	connection->handler.ready = connection_ready;
	connection->control = control;
	connection->fd = steal_fd(&fd);
	connection->next = control->first;
	control->first = connection;
}

void control_display_changed(struct control *control)
{
	struct connection *next;

	for (struct connection *connection = control->first; connection; connection = next) {
		next = connection->next;
		if (connection->state == STATE_WAITING)
			handle_request(connection);
	}
}

int control_init(struct control *control, struct failure *failure)
{
	int error;

	control->handler.ready = accept_connection;
	control->listener = hostsock_listen("control");
	if (control->listener < 0)
		return failure_set(failure, -control->listener, "open the control listener");
	error = events_add(control->events, control->listener, EPOLLIN, &control->handler);
	return error < 0 ? failure_set(failure, -error, "watch the control listener") : 0;
}
