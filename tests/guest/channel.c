/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's end of a channel, for tests: takes one connection after the other on
 * /dev/hostsock/display, and moves one frame for each byte that it is sent: 'w' writes it, 's'
 * splices it from a pipe, 'r' reads one, checks it and answers with a byte. The host may close the
 * connection in the middle. Runs as the guest's root. Each error ends it with a line that names it.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"
#include "launcher/guest/hostsock.h"

static unsigned char frame[FRAME_BYTES];

/* Has the other side closed the connection? Any other error ends the program. */
static bool peer_left(const char *call)
{
	if (errno != EPIPE && errno != ECONNRESET)
		err(1, "channel: %s", call);
	return true;
}

static void write_frame(int to)
{
	size_t done = 0;

	while (done < sizeof(frame)) {
		size_t left = sizeof(frame) - done;
		ssize_t n = write(to, frame + done, left < CHUNK ? left : CHUNK);

		if (n < 0 && peer_left("write"))
			return;
		done += (size_t)n;
	}
}

/* Another process fills the pipe, as the display server does with its socket. */
static void splice_frame(int to)
{
	size_t done = 0;
	int ends[2];
	pid_t writer;

	if (pipe2(ends, O_CLOEXEC))
		err(1, "channel: pipe");
	writer = fork();
	if (writer < 0)
		err(1, "channel: fork");
	if (writer == 0) {
		write_frame(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	while (done < sizeof(frame)) {
		ssize_t n = splice(ends[0], NULL, to, NULL, CHUNK, SPLICE_F_MOVE);

		if (n < 0 && peer_left("splice"))
			break;
		done += (size_t)n;
	}
	close(ends[0]);
	waitpid(writer, NULL, 0);
}

static void read_frame(int from)
{
	static unsigned char got[FRAME_BYTES];
	size_t done = 0;

	while (done < sizeof(got)) {
		ssize_t n = read(from, got + done, sizeof(got) - done);

		if (n == 0 || (n < 0 && peer_left("read")))
			return;
		done += (size_t)n;
	}
	if (!frame_is_right(got))
		errx(1, "channel: a frame from the host is not what it was");
	if (write(from, "k", 1) < 0)
		peer_left("answer");
}

static void serve(int stream)
{
	char wanted;

	while (read(stream, &wanted, 1) == 1) {
		if (wanted == 'w')
			write_frame(stream);
		else if (wanted == 's')
			splice_frame(stream);
		else
			read_frame(stream);
	}
	close(stream);
}

int main(void)
{
	int listener = open("/dev/hostsock/display", O_RDWR | O_CLOEXEC);

	if (listener < 0)
		err(1, "channel: /dev/hostsock/display");
	signal(SIGPIPE, SIG_IGN);
	frame_fill(frame);
	for (;;) {
		int stream = ioctl(listener, HOSTSOCK_IOC_ACCEPT, 0);

		if (stream < 0)
			err(1, "channel: accept");
		serve(stream);
	}
}
