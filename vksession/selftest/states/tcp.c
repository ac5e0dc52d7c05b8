/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections over the loopback: data both ways, a waiting reader, a backlog. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "vksession/selftest/states/state.h"

static volatile int reader_tid, got_bytes;
static unsigned char content[150000];

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

static void run(void)
{
	static unsigned char found[sizeof(content)];
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	int listener = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	int client, server, waiting, one = 1, idle = 77;
	size_t sent = 0;
	ssize_t step;

	must(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	must(listen(listener, 5));
	must(getsockname(listener, (struct sockaddr *)&address, &length));
	client = connect_to(&address);
	server = (int)must(accept(listener, NULL, NULL));
	must(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	must(setsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)));
	pattern_fill(content, sizeof(content), 5);
	/* As much as goes in without a reader: some is in the sender's queue still. */
	while (sent < sizeof(content) &&
	       (step = send(client, content + sent, sizeof(content) - sent, MSG_DONTWAIT)) > 0)
		sent += (size_t)step;
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
	read_all(server, found, sent);
	expect(pattern_differs(found, sent, 5) < 0, "the data under way has changed");
	server = (int)must(accept(listener, NULL, NULL));
	read_all(server, found, 4);
	expect(memcmp(found, "wait", 4) == 0, "what waited in the backlog has changed");
	close(connect_to(&address));
	must(shutdown(client, SHUT_WR));
}

const struct state state_tcp = {
	.name = "tcp",
	.summary = "TCP over the loopback, data under way",
	.run = run,
};
