/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's end of an EXEC: this process's standard input goes to the program in the guest, within
 * the window the protocol grants; its output comes back; signals are passed on, not taken.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/control-connection.h"
#include "launcher/launcher.h"

#define START_TIMEOUT_MS 30000

typedef struct {
	int fd;
	int signal_fd;
	gboolean input_ended;
	gboolean output_closed[2]; /* ours, by number - 1: what comes is thrown away */
	gsize ahead;		   /* bytes of input sent that the program has not taken yet */
	gboolean exited;
	int status;
	VkFrame frame;
	guint8 input[VK_FRAME_MAX_PAYLOAD];
} Exec;

static gboolean malformed(GError **error)
{
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "malformed frame from the guest");
	return FALSE;
}

static gboolean send_signal(Exec *exec, guint32 number, GError **error)
{
	guint8 payload[4];

	vk_encode_u32(payload, number);
	return vk_control_send(exec->fd, VK_FRAME_SIGNAL, payload, sizeof(payload), error);
}

static gboolean send_input(Exec *exec, GError **error)
{
	gsize room = MIN(sizeof(exec->input), VK_EXEC_STDIN_WINDOW - exec->ahead);
	ssize_t got = read(STDIN_FILENO, exec->input, room);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return TRUE;
	if (got <= 0) {
		exec->input_ended = TRUE;
		return vk_control_send(exec->fd, VK_FRAME_STDIN_EOF, NULL, 0, error);
	}
	exec->ahead += (gsize)got;
	return vk_control_send(exec->fd, VK_FRAME_STDIN, exec->input, (gsize)got, error);
}

static gboolean pass_signal(Exec *exec, GError **error)
{
	struct signalfd_siginfo info;

	if (read(exec->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return TRUE;
	return send_signal(exec, info.ssi_signo, error);
}

/* Our reader has gone: the program shall notice as if it had written to a broken pipe itself. */
static gboolean write_output(Exec *exec, int number, GError **error)
{
	const guint8 *data = exec->frame.payload;
	gsize length = exec->frame.length;

	while (length > 0 && !exec->output_closed[number - 1]) {
		ssize_t written = write(number, data, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN) {
			struct pollfd pollfd = { .fd = number, .events = POLLOUT };

			poll(&pollfd, 1, -1);
			continue;
		}
		if (written < 0) {
			exec->output_closed[number - 1] = TRUE;
			return send_signal(exec, SIGPIPE, error);
		}
		data += written;
		length -= (gsize)written;
	}
	return TRUE;
}

static gboolean take_number(Exec *exec, guint32 *number, GError **error)
{
	if (exec->frame.length != 4)
		return malformed(error);
	*number = vk_decode_u32(exec->frame.payload);
	return TRUE;
}

static gboolean take_room(Exec *exec, GError **error)
{
	guint32 bytes;

	if (!take_number(exec, &bytes, error))
		return FALSE;
	if (bytes > exec->ahead)
		return malformed(error);
	exec->ahead -= bytes;
	return TRUE;
}

static gboolean take_exit(Exec *exec, GError **error)
{
	guint32 status;

	if (!take_number(exec, &status, error))
		return FALSE;
	exec->status = (int)status;
	exec->exited = TRUE;
	return TRUE;
}

static gboolean take_frame(Exec *exec, GError **error)
{
	if (!vk_control_receive(exec->fd, -1, &exec->frame, error))
		return FALSE;
	switch (exec->frame.type) {
	case VK_FRAME_STDOUT:
		return write_output(exec, STDOUT_FILENO, error);
	case VK_FRAME_STDERR:
		return write_output(exec, STDERR_FILENO, error);
	case VK_FRAME_STDIN_ROOM:
		return take_room(exec, error);
	case VK_FRAME_EXIT:
		return take_exit(exec, error);
	default:
		return malformed(error);
	}
}

static gboolean turn(Exec *exec, GError **error)
{
	gboolean may_send = !exec->input_ended && exec->ahead < VK_EXEC_STDIN_WINDOW;
	struct pollfd fds[] = {
		{ .fd = exec->fd, .events = POLLIN },
		{ .fd = exec->signal_fd, .events = POLLIN },
		{ .fd = may_send ? STDIN_FILENO : -1, .events = POLLIN },
	};

	if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
		return TRUE;
	if (fds[1].revents && !pass_signal(exec, error))
		return FALSE;
	if (fds[0].revents && !take_frame(exec, error))
		return FALSE;
	if (fds[2].revents && !exec->exited && !send_input(exec, error)) {
		/* The guest may have ended the exchange: what it said last is still to be read. */
		exec->input_ended = TRUE;
		g_clear_error(error);
	}
	return TRUE;
}

static gboolean start(Exec *exec, const char *runtime_dir, const char *cwd,
		      const char *const *environment, const char *const *argv, GError **error)
{
	g_autofree struct vk_payload *payload = g_new(struct vk_payload, 1);
	pid_t pid;

	if (!vk_control_compose_command(payload, cwd, environment, argv, error))
		return FALSE;
	exec->fd = vk_control_connect(runtime_dir, error);
	if (exec->fd < 0 ||
	    !vk_control_send(exec->fd, VK_FRAME_EXEC, payload->data, payload->length, error) ||
	    !vk_control_receive(exec->fd, START_TIMEOUT_MS, &exec->frame, error))
		return FALSE;
	if (exec->frame.type == VK_FRAME_OK)
		return vk_control_parse_pid(&exec->frame, &pid, error);
	if (exec->frame.type == VK_FRAME_ERROR)
		g_propagate_error(error, vk_control_parse_error(argv[0], &exec->frame));
	else
		malformed(error);
	return FALSE;
}

static void exec_free(Exec *exec)
{
	autofd_close(&exec->fd);
	autofd_close(&exec->signal_fd);
	g_free(exec);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Exec, exec_free)

static void passed_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGQUIT);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGUSR2);
}

gboolean vk_control_exec(const char *runtime_dir, const char *cwd, const char *const *environment,
			 const char *const *argv, int *status, GError **error)
{
	g_autoptr(Exec) exec = g_new0(Exec, 1);
	gboolean ok;
	sigset_t passed;
	sigset_t before;

	exec->fd = exec->signal_fd = -1;
	passed_signals(&passed);
	if (!start(exec, runtime_dir, cwd, environment, argv, error))
		return FALSE;
	exec->signal_fd = signalfd(-1, &passed, SFD_CLOEXEC | SFD_NONBLOCK);
	pthread_sigmask(SIG_BLOCK, &passed, &before);
	do {
		ok = turn(exec, error);
	} while (ok && !exec->exited);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ok)
		*status = exec->status;
	return ok;
}
