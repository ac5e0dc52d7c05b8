/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

static void write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, data, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		data += written;
		length -= (size_t)written;
	}
}

void console_say(const char *format, ...)
{
	char line[1024] = "vkinit: ";
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	vsnprintf(line + strlen(line), sizeof(line) - strlen(line) - 1, format, arguments);
	va_end(arguments);
	length = strlen(line);
	line[length] = '\n';
	write_all(STDERR_FILENO, line, length + 1);
}

void console_flush(struct console *console)
{
	char data[16384];
	ssize_t got;

	while ((got = read(console->read_fd, data, sizeof(data))) > 0)
		write_all(console->console_fd, data, (size_t)got);
}

static void forward(struct event_handler *handler, uint32_t events)
{
	struct console *console = event_owner(handler, struct console, handler);
	char data[16384];
	ssize_t got = read(console->read_fd, data, sizeof(data));

	if (got > 0)
		write_all(console->console_fd, data, (size_t)got);
}

/* PID 1's own descriptors 0 to 2 become the new /dev's, output without CR before LF. */
static int open_console(struct console *console, struct failure *failure)
{
	struct termios settings;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	console->console_fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (console->console_fd < 0 || null < 0)
		return failure_set(failure, errno, "open /dev/console");
	if (tcgetattr(console->console_fd, &settings) == 0) {
		settings.c_oflag &= ~(tcflag_t)OPOST;
		tcsetattr(console->console_fd, TCSANOW, &settings);
	}
	dup2(null, STDIN_FILENO);
	dup2(console->console_fd, STDOUT_FILENO);
	dup2(console->console_fd, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
	return 0;
}

int console_init(struct console *console, const struct config *config, struct events *events,
		 struct failure *failure)
{
	int ends[2];
	int error = open_console(console, failure);

	if (error < 0)
		return error;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return failure_set(failure, errno, "pipe for the log");
	console->read_fd = ends[0];
	console->write_fd = ends[1];
	console->handler.ready = forward;
	/* The user owns it, so that opening /dev/stdout works. */
	if (fchown(ends[1], config->uid, config->gid) < 0 ||
	    fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		return failure_set(failure, errno, "pipe for the log");
	error = events_add(events, ends[0], EPOLLIN, &console->handler);
	return error < 0 ? failure_set(failure, -error, "watch the log") : 0;
}
