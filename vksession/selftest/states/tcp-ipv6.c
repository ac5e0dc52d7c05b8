/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TCP connection over IPv6, half closed, with urgent data. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
					.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET6, SOCK_STREAM, 0);
	int client, server, one = 1;
	char text[8];

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0)
		skip("IPv6 loopback: %s", strerror(errno));
	must(listen(listener, 1));
	must(getsockname(listener, (struct sockaddr *)&address, &length));
	client = (int)must(socket(AF_INET6, SOCK_STREAM, 0));
	must(connect(client, (struct sockaddr *)&address, length));
	server = (int)must(accept(listener, NULL, NULL));
	must(setsockopt(server, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one)));
	must(send(client, "last", 4, 0));
	must(send(client, "!", 1, MSG_OOB));
	must(shutdown(client, SHUT_WR));
	ready();
	read_all(server, text, 5);
	expect(memcmp(text, "last!", 5) == 0, "the data has changed");
	expect(recv(server, text, 1, 0) == 0, "the half close is lost");
	must(send(server, "reply", 5, 0));
	read_all(client, text, 5);
}

const struct state state_tcp_ipv6 = {
	.name = "tcp-ipv6",
	.summary = "TCP over IPv6, half closed",
	.run = run,
};
