/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections over the loopback: data both ways, a waiting reader, a backlog. */
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "vksession/selftest/states/state.h"

#define PIECE	    50000
#define MOST_PIECES 1000

static volatile int reader_tid, got_bytes;
static unsigned char content[PIECE];

static void *reader(void *data)
{
	const int *fd = data;
	char text[4];

	reader_tid = gettid();
	got_bytes = (int)recv(*fd, text, sizeof(text), MSG_WAITALL);
	return NULL;
}

static int connect_to(const struct sockaddr_in *address)
{
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0));

	must(connect(fd, (const struct sockaddr *)address, sizeof(*address)));
	return fd;
}

static void check_options(int fd)
{
	int value = 0;
	socklen_t length = sizeof(value);

	must(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &length));
	expect(value != 0, "TCP_NODELAY is lost");
	must(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &length));
	expect(value == 77, "TCP_KEEPIDLE is %d", value);
}

/* As much as goes in without a reader, so that some is in the sender's queue still. */
static size_t fill(int fd)
{
	size_t total = 0;
	int unsent = 0;

	for (unsigned int i = 0; i < MOST_PIECES; i++) {
		ssize_t sent;

		pattern_fill(content, PIECE, PATTERN_TCP + i);
		sent = send(fd, content, PIECE, MSG_DONTWAIT);
		total += sent > 0 ? (size_t)sent : 0;
		if (sent != PIECE)
			break;
	}
	memset(content, 0, PIECE);
	must(ioctl(fd, SIOCOUTQNSD, &unsent));
	expect(unsent > 0, "all of %zu bytes went to the receiver", total);
	return total;
}

static void check(int fd, size_t length)
{
	for (unsigned int i = 0; length > 0; i++) {
		size_t size = length < PIECE ? length : PIECE;

		read_all(fd, content, size);
		expect(pattern_differs(content, size, PATTERN_TCP + i) < 0,
		       "the data under way has changed");
		length -= size;
	}
}

static void run(void)
{
	char text[4];
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	int listener = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	int client, server, waiting, one = 1, idle = 77;
	size_t sent;

	must(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	must(listen(listener, 5));
	must(getsockname(listener, (struct sockaddr *)&address, &length));
	client = connect_to(&address);
	server = (int)must(accept(listener, NULL, NULL));
	must(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	must(setsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)));
	sent = fill(client);
	waiting = connect_to(&address);
	must(send(waiting, "wait", 4, 0));
	start_thread(reader, &client);
	await_word(&reader_tid, "the reader's start");
	await_process_state(reader_tid, 'S');
	ready();
	check_options(client);
	must(send(server, "back", 4, 0));
	await_word(&got_bytes, "the reader's data");
	expect(got_bytes == 4, "the reader got %d bytes", got_bytes);
	check(server, sent);
	server = (int)must(accept(listener, NULL, NULL));
	read_all(server, text, 4);
	expect(memcmp(text, "wait", 4) == 0, "what waited in the backlog has changed");
	close(connect_to(&address));
	must(shutdown(client, SHUT_WR));
}

const struct state state_tcp = {
	.name = "tcp",
	.summary = "TCP over the loopback, data under way",
	.run = run,
};
