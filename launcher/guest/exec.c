/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Four byte streams meet here: frames from the host, frames to the host, the program's input, and
 * its output and error. None of them may ever wait for another in a circle:
 *
 * - take_frames: frames from the host are always read. Input goes into a queue that is as large as
 *   the window the protocol grants, so it can't overflow; SIGNAL frames take effect at once.
 * - feed_program: the queue is written to the program's input as it takes it, and what it has taken
 *   is reported with STDIN_ROOM. When the program closes its input, the rest is thrown away and
 *   reported as taken.
 * - fill_frame: one frame at a time is made of whatever there is to tell: room, output, error, and
 *   last of all the exit status; the next one only after flush_frame has got rid of it. A slow host
 *   thus stops the program at its output pipe, and nothing else.
 *
 * When the program itself has ended, what it has written is still in its pipes: they are read until
 * they are empty, not until they are closed, as its children may hold them open for ever.
 */
#include "launcher/guest/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/frame.h"
#include "launcher/guest/programs.h"

enum source { SOURCE_OUT, SOURCE_ERR, SOURCE_COUNT };

struct exec {
	int stream;
	pid_t pid;
	int pidfd;
	int input;		  /* write end; -1: closed */
	int output[SOURCE_COUNT]; /* read ends; -1: closed */
	bool input_ended;	  /* STDIN_EOF has come */
	bool ended;		  /* the program */
	bool exit_sent;
	uint32_t status;
	uint32_t room; /* bytes taken by the program, not yet reported */

	uint8_t frame_in[VK_FRAME_HEADER_SIZE + VK_FRAME_MAX_PAYLOAD];
	size_t frame_in_length;
	uint8_t frame_out[VK_FRAME_HEADER_SIZE + VK_FRAME_MAX_PAYLOAD];
	size_t frame_out_length;
	size_t frame_out_sent;
	uint8_t queue[VK_EXEC_STDIN_WINDOW]; /* ring */
	size_t queue_start;
	size_t queue_length;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- frames from the host ---- */

static int take_stdin(struct exec *exec, const uint8_t *data, size_t length)
{
	size_t end = (exec->queue_start + exec->queue_length) % sizeof(exec->queue);
	size_t first = sizeof(exec->queue) - end;

	if (exec->input < 0) {
		exec->room += (uint32_t)length;
		return 0;
	}
	if (exec->input_ended || length > sizeof(exec->queue) - exec->queue_length)
		return -EPROTO;
	if (first > length)
		first = length;
	memcpy(exec->queue + end, data, first);
	memcpy(exec->queue, data + first, length - first);
	exec->queue_length += length;
	return 0;
}

static int take_stdin_eof(struct exec *exec, const uint8_t *data, size_t length)
{
	exec->input_ended = true;
	if (exec->queue_length == 0)
		close_fd(&exec->input);
	return 0;
}

static int take_signal(struct exec *exec, const uint8_t *data, size_t length)
{
	uint32_t number;

	if (length != 4)
		return -EPROTO;
	number = vk_decode_u32(data);
	if (number < 1 || number > (uint32_t)SIGRTMAX)
		return -EPROTO;
	if (!exec->ended)
		kill(-exec->pid, (int)number);
	return 0;
}

static int take_frame(struct exec *exec, uint16_t type, const uint8_t *data, size_t length)
{
	switch (type) {
	case VK_FRAME_STDIN:
		return take_stdin(exec, data, length);
	case VK_FRAME_STDIN_EOF:
		return take_stdin_eof(exec, data, length);
	case VK_FRAME_SIGNAL:
		return take_signal(exec, data, length);
	default:
		return -EPROTO;
	}
}

/* Handles the whole frames that have come; a part of one stays for the next time. */
static int take_frames(struct exec *exec)
{
	ssize_t got = read(exec->stream, exec->frame_in + exec->frame_in_length,
			   sizeof(exec->frame_in) - exec->frame_in_length);
	size_t used = 0;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (got == 0)
		return -EPIPE;
	exec->frame_in_length += (size_t)got;
	while (exec->frame_in_length - used >= VK_FRAME_HEADER_SIZE) {
		const uint8_t *frame = exec->frame_in + used;
		struct vk_frame_header header;
		int error = vk_frame_decode_header(frame, &header);

		if (error < 0)
			return error;
		if (exec->frame_in_length - used < VK_FRAME_HEADER_SIZE + header.length)
			break;
		error = take_frame(exec, header.type, frame + VK_FRAME_HEADER_SIZE, header.length);
		if (error < 0)
			return error;
		used += VK_FRAME_HEADER_SIZE + header.length;
	}
	exec->frame_in_length -= used;
	memmove(exec->frame_in, exec->frame_in + used, exec->frame_in_length);
	return 0;
}

/* ---- the program's input ---- */

static void feed_program(struct exec *exec)
{
	size_t length = sizeof(exec->queue) - exec->queue_start;
	ssize_t written;

	if (length > exec->queue_length)
		length = exec->queue_length;
	written = write(exec->input, exec->queue + exec->queue_start, length);
	if (written < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (written < 0) {
		exec->room += (uint32_t)exec->queue_length;
		exec->queue_length = 0;
		close_fd(&exec->input);
		return;
	}
	exec->room += (uint32_t)written;
	exec->queue_start = (exec->queue_start + (size_t)written) % sizeof(exec->queue);
	exec->queue_length -= (size_t)written;
	if (exec->queue_length == 0 && exec->input_ended)
		close_fd(&exec->input);
}

/* ---- frames to the host ---- */

static void begin_frame(struct exec *exec, uint16_t type, size_t length)
{
	vk_frame_encode_header(exec->frame_out, type, (uint32_t)length);
	exec->frame_out_length = VK_FRAME_HEADER_SIZE + length;
	exec->frame_out_sent = 0;
}

static void begin_number_frame(struct exec *exec, uint16_t type, uint32_t number)
{
	vk_encode_u32(exec->frame_out + VK_FRAME_HEADER_SIZE, number);
	begin_frame(exec, type, 4);
}

/* @return whether there is a frame now */
static bool fill_from_program(struct exec *exec, enum source source)
{
	static const uint16_t types[SOURCE_COUNT] = { VK_FRAME_STDOUT, VK_FRAME_STDERR };
	ssize_t got;

	if (exec->output[source] < 0)
		return false;
	got = read(exec->output[source], exec->frame_out + VK_FRAME_HEADER_SIZE,
		   VK_FRAME_MAX_PAYLOAD);
	if (got > 0) {
		begin_frame(exec, types[source], (size_t)got);
		return true;
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		close_fd(&exec->output[source]);
	return false;
}

static void fill_frame(struct exec *exec)
{
	if (exec->room > 0) {
		begin_number_frame(exec, VK_FRAME_STDIN_ROOM, exec->room);
		exec->room = 0;
		return;
	}
	if (fill_from_program(exec, SOURCE_ERR) || fill_from_program(exec, SOURCE_OUT))
		return;
	if (exec->ended && !exec->exit_sent) {
		begin_number_frame(exec, VK_FRAME_EXIT, exec->status);
		exec->exit_sent = true;
	}
}

static int flush_frame(struct exec *exec)
{
	ssize_t written = write(exec->stream, exec->frame_out + exec->frame_out_sent,
				exec->frame_out_length - exec->frame_out_sent);

	if (written < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	exec->frame_out_sent += (size_t)written;
	if (exec->frame_out_sent == exec->frame_out_length)
		exec->frame_out_length = 0;
	return 0;
}

static void collect_status(struct exec *exec)
{
	int status;

	if (waitpid(exec->pid, &status, 0) == exec->pid) {
		exec->status = (uint32_t)status;
		exec->ended = true;
		close_fd(&exec->pidfd);
	}
}

/* ---- the loop ---- */

enum { WAIT_STREAM, WAIT_CHILD, WAIT_INPUT, WAIT_OUT, WAIT_ERR, WAIT_COUNT };

static void prepare_poll(const struct exec *exec, struct pollfd fds[WAIT_COUNT])
{
	bool idle = exec->frame_out_length == 0;

	fds[WAIT_STREAM] = (struct pollfd){ .fd = exec->stream, .events = POLLIN };
	if (!idle)
		fds[WAIT_STREAM].events |= POLLOUT;
	fds[WAIT_CHILD] = (struct pollfd){ .fd = exec->pidfd, .events = POLLIN };
	fds[WAIT_INPUT] = (struct pollfd){ .fd = exec->queue_length > 0 ? exec->input : -1,
					   .events = POLLOUT };
	fds[WAIT_OUT] =
		(struct pollfd){ .fd = idle ? exec->output[SOURCE_OUT] : -1, .events = POLLIN };
	fds[WAIT_ERR] =
		(struct pollfd){ .fd = idle ? exec->output[SOURCE_ERR] : -1, .events = POLLIN };
}

/* One turn: wait, then do whatever can be done. */
static int turn(struct exec *exec)
{
	struct pollfd fds[WAIT_COUNT];
	/* Once the program has ended, what is left is to be told without waiting for more. */
	bool more_to_tell = exec->ended && exec->frame_out_length == 0;
	int error = 0;

	prepare_poll(exec, fds);
	if (poll(fds, WAIT_COUNT, more_to_tell ? 0 : -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[WAIT_STREAM].revents & (POLLIN | POLLHUP | POLLERR))
		error = take_frames(exec);
	if (error < 0)
		return error;
	if (fds[WAIT_INPUT].revents && exec->input >= 0)
		feed_program(exec);
	if (fds[WAIT_CHILD].revents)
		collect_status(exec);
	if (exec->frame_out_length == 0)
		fill_frame(exec);
	return exec->frame_out_length > 0 ? flush_frame(exec) : 0;
}

static int serve(struct exec *exec)
{
	while (!exec->exit_sent || exec->frame_out_length > 0) {
		int error = turn(exec);

		if (error < 0) {
			if (!exec->ended)
				kill(-exec->pid, SIGHUP);
			return error;
		}
	}
	return 0;
}

/* Pipes and the program; our ends are non-blocking, the program's are as it expects them. */
static int start(struct exec *exec, const struct config *config, struct program *program)
{
	int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	int error = 0;

	for (int i = 0; i < 3 && error == 0; i++) {
		error = pipe2(pipes[i], O_CLOEXEC) < 0 ? -errno : 0;
		/* The user owns them, so that opening /dev/stdout works. */
		if (error == 0 && fchown(pipes[i][0], config->uid, config->gid) < 0)
			error = -errno;
		if (error == 0 && fcntl(pipes[i][i == 0], F_SETFL, O_NONBLOCK) < 0)
			error = -errno;
		program->fds[i] = pipes[i][i != 0];
	}
	program->fd_count = 3;
	if (error == 0)
		error = exec->pid = program_start(config, program);
	for (int i = 0; i < 3; i++)
		close_fd(&pipes[i][i != 0]);
	exec->input = pipes[0][1];
	exec->output[SOURCE_OUT] = pipes[1][0];
	exec->output[SOURCE_ERR] = pipes[2][0];
	if (error < 0)
		return error;
	exec->pidfd = (int)syscall(SYS_pidfd_open, exec->pid, 0);
	return exec->pidfd < 0 ? -errno : 0;
}

static void begin_reply(struct exec *exec, int error)
{
	struct vk_strings strings;
	static struct vk_payload payload;

	vk_payload_init(&payload);
	if (error < 0) {
		vk_payload_addf(&payload, "%d", -error);
		vk_payload_add(&payload, strerror(-error));
	} else {
		vk_payload_addf(&payload, "%d", exec->pid);
	}
	vk_strings_init(&strings, payload.data, payload.length);
	memcpy(exec->frame_out + VK_FRAME_HEADER_SIZE, payload.data, payload.length);
	begin_frame(exec, error < 0 ? VK_FRAME_ERROR : VK_FRAME_OK, payload.length);
}

/* For an ERROR reply, after which nothing else is sent. */
static int flush_all(struct exec *exec)
{
	while (exec->frame_out_length > 0) {
		struct pollfd fd = { .fd = exec->stream, .events = POLLOUT };
		int error;

		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			return -errno;
		error = flush_frame(exec);
		if (error < 0)
			return error;
	}
	return 0;
}

int exec_serve(int stream, const struct config *config, const char *cwd,
	       const char *const *arguments, const struct environment *environment)
{
	struct exec *exec = calloc(1, sizeof(*exec));
	struct program program = { .cwd = cwd, .arguments = arguments, .environment = environment };
	int error;

	if (!exec)
		return -ENOMEM;
	exec->stream = stream;
	exec->pidfd = -1;
	error = start(exec, config, &program);
	begin_reply(exec, error);
	error = error < 0 ? flush_all(exec) : serve(exec);
	close_fd(&exec->pidfd);
	close_fd(&exec->input);
	close_fd(&exec->output[SOURCE_OUT]);
	close_fd(&exec->output[SOURCE_ERR]);
	free(exec);
	return error;
}
