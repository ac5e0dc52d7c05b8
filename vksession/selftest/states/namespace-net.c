/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network namespace with its own loopback and sockets in it. */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "vksession/selftest/states/state.h"

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = (int)must(socket(AF_INET, SOCK_DGRAM, 0));

	must(ioctl(fd, SIOCSIFFLAGS, &request));
	close(fd);
}

static void run(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(7),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int server, client;
	char text[5];

	enter_user_namespace(CLONE_NEWNET | CLONE_NEWIPC);
	raise_loopback();
	server = (int)must(socket(AF_INET, SOCK_DGRAM, 0));
	client = (int)must(socket(AF_INET, SOCK_DGRAM, 0));
	must(bind(server, (struct sockaddr *)&address, sizeof(address)));
	must(connect(client, (struct sockaddr *)&address, sizeof(address)));
	must(send(client, "first", 5, 0));
	ready();
	must(recv(server, text, sizeof(text), MSG_DONTWAIT));
	expect(memcmp(text, "first", 5) == 0, "the datagram has changed");
	must(send(client, "again", 5, 0));
	must(recv(server, text, sizeof(text), 0));
	expect(memcmp(text, "again", 5) == 0, "the next datagram has changed");
}

const struct state state_namespace_net = {
	.name = "namespace-net",
	.summary = "network and IPC namespaces",
	.run = run,
};
