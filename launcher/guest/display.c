/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/display.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/guest/programs.h"
#include "launcher/guest/resident.h"

static void enter_state(struct display *display, enum display_state state)
{
	display->state = state;
	if (display->changed)
		display->changed(display);
}

static void fail(struct display *display, const char *text)
{
	snprintf(display->failure, sizeof(display->failure), "%s", text);
	enter_state(display, DISPLAY_FAILED);
}

/* "NAME=value NAME=value": kept as a string vector, DISPLAY first. */
static void keep_variables(struct display *display, const char *words)
{
	size_t size = sizeof(display->variables);
	int length = snprintf(display->variables, size, "DISPLAY=%s", display->name);

	display->variables_length = (size_t)length + 1;
	while (*words) {
		size_t word = strcspn(words, " ");

		if (word > 0 && word < size - display->variables_length) {
			memcpy(display->variables + display->variables_length, words, word);
			display->variables[display->variables_length + word] = '\0';
			display->variables_length += word + 1;
		}
		words += word;
		words += strspn(words, " ");
	}
}

static void take_display(struct display *display, const char *rest)
{
	size_t length = strcspn(rest, " ");

	if (length == 0 || length >= sizeof(display->name)) {
		fail(display, "no display name");
		return;
	}
	memcpy(display->name, rest, length);
	display->name[length] = '\0';
	keep_variables(display, rest + length);
	if (display->state == DISPLAY_STARTING)
		enter_state(display, DISPLAY_UP);
}

static void take_ready(struct display *display, const char *rest)
{
	if (*rest != '/' || strlen(rest) >= sizeof(display->socket)) {
		fail(display, "no socket for viewers");
		return;
	}
	memcpy(display->socket, rest, strlen(rest) + 1);
	enter_state(display, DISPLAY_READY);
}

void display_take_line(struct display *display, const char *line)
{
	static const struct {
		const char *word;
		void (*take)(struct display *display, const char *rest);
	} words[] = {
		{ "display ", take_display },
		{ "ready ", take_ready },
		{ "failed ", fail },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i].word);

		if (strncmp(line, words[i].word, length) == 0) {
			words[i].take(display, line + length);
			return;
		}
	}
}

static void take_bytes(struct display *display, const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (data[i] == '\n') {
			display->line[display->line_length] = '\0';
			display->line_length = 0;
			display_take_line(display, display->line);
		} else if (display->line_length < sizeof(display->line) - 1) {
			display->line[display->line_length++] = data[i];
		}
	}
}

static void read_notification(struct event_handler *handler, uint32_t events)
{
	struct display *display = event_owner(handler, struct display, handler);
	char data[1024];
	ssize_t got = read(display->notify_fd, data, sizeof(data));

	if (got > 0) {
		take_bytes(display, data, (size_t)got);
		return;
	}
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	events_remove(display->events, display->notify_fd);
	close(display->notify_fd);
	display->notify_fd = -1;
}

/* Starts the program; the reading end of its notification pipe goes to *notify_fd. */
static pid_t spawn(const struct config *config, int log_fd, int *notify_fd)
{
	static const char *const arguments[] = { RESIDENT_VKDISPLAY, NULL };
	static struct environment environment;
	struct program program = {
		.cwd = config->home,
		.arguments = arguments,
		.environment = &environment,
		.fd_count = 4,
	};
	autofd null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int ends[2];
	pid_t pid;

	if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	environment_init(&environment, config);
	program.fds[0] = null;
	program.fds[1] = log_fd;
	program.fds[2] = log_fd;
	program.fds[3] = ends[1];
	pid = program_start(config, &program);
	close(ends[1]);
	if (pid < 0)
		close(ends[0]);
	else
		*notify_fd = ends[0];
	return pid;
}

int display_start(struct display *display, const struct config *config, struct events *events,
		  int log_fd, struct failure *failure)
{
	int error;

	if (!config->vkdisplay)
		return 0;
	display->events = events;
	display->handler.ready = read_notification;
	display->pid = spawn(config, log_fd, &display->notify_fd);
	if (display->pid < 0)
		return failure_set(failure, -display->pid, "start vkdisplay");
	display->state = DISPLAY_STARTING;
	error = events_add(events, display->notify_fd, EPOLLIN, &display->handler);
	return error < 0 ? failure_set(failure, -error, "watch vkdisplay") : 0;
}

bool display_child_ended(struct display *display, pid_t pid)
{
	if (display->pid <= 0 || pid != display->pid)
		return false;
	display->pid = 0;
	if (display->state != DISPLAY_FAILED)
		fail(display, "the display stack has ended");
	return true;
}

void display_add_environment(const struct display *display, struct environment *environment)
{
	size_t offset = 0;

	while (offset < display->variables_length) {
		environment_set(environment, display->variables + offset);
		offset += strlen(display->variables + offset) + 1;
	}
}
