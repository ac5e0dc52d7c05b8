/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process per viewer: it connects to the display stack as the user, and splices. After a thaw the
 * host's side of old connections reads as ended, so their processes end by themselves, when the
 * display stack has closed its side. A new viewer waits for that: the next one may be there before
 * the display stack has noticed, and when that then clears up after the old one, it takes from the
 * new one what both had, such as the clipboard.
 */
#include "launcher/guest/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/guest/console.h"
#include "launcher/guest/hostsock.h"
#include "launcher/guest/isolate.h"

#define PIPE_SIZE (1 << 20)
#define CHUNK	  (1 << 20)
#define FORMER_MS                                                                                  \
	3000 /* a display stack that does not close its side must not cost the new viewer */

/* One way of the two. Bytes are in the pipe between reading and writing. */
struct direction {
	int from;
	int to;
	int pipe[2];
	size_t in_pipe;
	int error; /* negative errno of what ended it before its time */
	bool from_ended;
	bool to_ended; /* the end has been passed on, or the receiver has gone */
};

static int direction_init(struct direction *direction, int from, int to)
{
	*direction = (struct direction){ .from = from, .to = to };
	if (pipe2(direction->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	/* Larger than the default saves system calls; the default works, too. */
	fcntl(direction->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	return 0;
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* That the other side goes away is no error: viewers come and go. */
static void note_error(struct direction *direction)
{
	if (errno != EPIPE && errno != ECONNRESET)
		direction->error = -errno;
}

static void fill_pipe(struct direction *direction)
{
	ssize_t got = splice(direction->from, NULL, direction->pipe[1], NULL, CHUNK,
			     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (got > 0) {
		direction->in_pipe += (size_t)got;
	} else if (got == 0) {
		direction->from_ended = true;
	} else if (!would_block()) {
		note_error(direction);
		direction->from_ended = true;
	}
}

static void drain_pipe(struct direction *direction)
{
	ssize_t put = splice(direction->pipe[0], NULL, direction->to, NULL, direction->in_pipe,
			     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (put > 0) {
		direction->in_pipe -= (size_t)put;
	} else if (put < 0 && !would_block()) {
		note_error(direction);
		direction->to_ended = direction->from_ended = true;
	}
}

/* What this direction waits for: input while its pipe is empty, else a place for the output. */
static void want(const struct direction *direction, struct pollfd *from, struct pollfd *to)
{
	if (direction->to_ended)
		return;
	if (direction->in_pipe > 0)
		to->events |= POLLOUT;
	else if (!direction->from_ended)
		from->events |= POLLIN;
}

static void advance(struct direction *direction, short from_events, short to_events)
{
	if (direction->to_ended)
		return;
	if (direction->in_pipe == 0 && !direction->from_ended &&
	    from_events & (POLLIN | POLLHUP | POLLERR))
		fill_pipe(direction);
	if (direction->in_pipe > 0)
		drain_pipe(direction);
	if (direction->from_ended && direction->in_pipe == 0 && !direction->to_ended) {
		hostsock_shutdown_write(direction->to);
		direction->to_ended = true;
	}
	if (to_events & POLLERR)
		direction->to_ended = direction->from_ended = true;
}

int relay_pump(int stream, int socket)
{
	struct direction in;
	struct direction out;
	int error = direction_init(&in, stream, socket);

	if (error == 0)
		error = direction_init(&out, socket, stream);
	while (error == 0 && !(in.to_ended && out.to_ended)) {
		struct pollfd fds[2] = { { .fd = stream }, { .fd = socket } };

		want(&in, &fds[0], &fds[1]);
		want(&out, &fds[1], &fds[0]);
		for (int i = 0; i < 2; i++) {
			if (fds[i].events == 0)
				fds[i].fd = -1;
		}
		if (poll(fds, 2, -1) < 0) {
			error = errno == EINTR ? 0 : -errno;
			continue;
		}
		advance(&in, fds[0].revents, fds[1].revents);
		advance(&out, fds[1].revents, fds[0].revents);
	}
	if (error == 0)
		error = in.error < 0 ? in.error : out.error;
	return error;
}

static int connect_display(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return steal_fd(&fd);
}

static uint64_t generation_now(const struct relay *relay)
{
	struct checkpoint_status status;

	if (relay->checkpoint->fd < 0 ||
	    ioctl(relay->checkpoint->fd, CHECKPOINT_IOC_STATUS, &status) < 0)
		return 0;
	return status.generation;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the processes of viewers of before the last thaw have ended. */
static void await_former(const struct relay *relay, uint64_t generation)
{
	const int64_t end = now_ms() + FORMER_MS;

	for (size_t i = 0; i < relay->viewer_count; i++) {
		const struct relay_viewer *viewer = &relay->viewers[i];
		struct pollfd ended = { .fd = -1, .events = POLLIN };
		const int64_t left = end - now_ms();

		if (viewer->generation == generation)
			continue;
		ended.fd = (int)syscall(SYS_pidfd_open, viewer->pid, 0);
		if (ended.fd < 0)
			continue;
		poll(&ended, 1, left > 0 ? (int)left : 0);
		close(ended.fd);
	}
}

/* The viewer's process. It needs no right that the user does not have. */
static int serve_viewer(const struct relay *relay, uint64_t generation, int stream)
{
	const struct config *config = relay->config;
	int error = isolate_child(stream);
	autofd socket = -1;

	if (error < 0)
		return error;
	if (setgroups(config->group_count, config->groups) < 0 ||
	    setresgid(config->gid, config->gid, config->gid) < 0 ||
	    setresuid(config->uid, config->uid, config->uid) < 0)
		return -errno;
	await_former(relay, generation);
	socket = connect_display(relay->display->socket);
	return socket < 0 ? socket : relay_pump(ISOLATED_STREAM, socket);
}

bool relay_child_ended(struct relay *relay, pid_t pid)
{
	for (size_t i = 0; i < relay->viewer_count; i++) {
		if (relay->viewers[i].pid != pid)
			continue;
		relay->viewers[i] = relay->viewers[--relay->viewer_count];
		return true;
	}
	return false;
}

static void accept_viewer(struct event_handler *handler, uint32_t events)
{
	struct relay *relay = event_owner(handler, struct relay, handler);
	autofd stream = hostsock_accept(relay->listener);
	const uint64_t generation = generation_now(relay);
	pid_t pid;

	if (stream < 0)
		return;
	pid = fork();
	if (pid == 0) {
		int error = serve_viewer(relay, generation, stream);

		if (error < 0)
			console_say("the connection of a viewer broke: %s", strerror(-error));
		_exit(error < 0);
	}
	if (pid < 0)
		console_say("no process for a viewer: %s; dropping it", strerror(errno));
	else if (relay->viewer_count < RELAY_MAX_VIEWERS)
		relay->viewers[relay->viewer_count++] = (struct relay_viewer){ pid, generation };
}

int relay_init(struct relay *relay, const struct config *config, const struct display *display,
	       const struct checkpoint *checkpoint, struct events *events, struct failure *failure)
{
	*relay = (struct relay){
		.handler.ready = accept_viewer,
		.config = config,
		.display = display,
		.checkpoint = checkpoint,
		.events = events,
		.listener = hostsock_listen("display"),
	};
	if (relay->listener < 0)
		return failure_set(failure, -relay->listener, "open the display listener");
	return 0;
}

void relay_start_accepting(struct relay *relay)
{
	if (!relay->accepting &&
	    events_add(relay->events, relay->listener, EPOLLIN, &relay->handler) == 0)
		relay->accepting = true;
}
