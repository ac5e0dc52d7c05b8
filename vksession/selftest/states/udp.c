/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams over the loopback that nobody has taken yet. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "vksession/selftest/states/state.h"

#define COUNT 10

static void run(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	int server = (int)must(socket(AF_INET, SOCK_DGRAM, 0));
	int client = (int)must(socket(AF_INET, SOCK_DGRAM, 0));
	char text[200];

	must(bind(server, (struct sockaddr *)&address, sizeof(address)));
	must(getsockname(server, (struct sockaddr *)&address, &length));
	must(connect(client, (struct sockaddr *)&address, sizeof(address)));
	for (int i = 0; i < COUNT; i++) {
		pattern_fill(text, sizeof(text), (unsigned int)i);
		must(send(client, text, (size_t)(100 + i), 0));
	}
	ready();
	for (int i = 0; i < COUNT; i++) {
		long got = must(recv(server, text, sizeof(text), MSG_DONTWAIT));

		expect(got == 100 + i, "datagram %d has %ld bytes", i, got);
		expect(pattern_differs(text, (size_t)got, (unsigned int)i) < 0,
		       "datagram %d has changed", i);
	}
	must(send(client, "new", 3, 0));
	expect(recv(server, text, sizeof(text), 0) == 3, "the next datagram is lost");
}

const struct state state_udp = {
	.name = "udp",
	.summary = "UDP datagrams under way",
	.run = run,
};
