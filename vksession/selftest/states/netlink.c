/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A netlink socket in the middle of a list of addresses, and one that hears of changes. */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct {
		struct nlmsghdr header;
		struct rtgenmsg message;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = RTM_GETADDR,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			    .nlmsg_seq = 4711 },
		.message = { .rtgen_family = AF_INET },
	};
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	struct sockaddr_nl own = { 0 };
	socklen_t length = sizeof(own);
	char buffer[8192] __attribute__((aligned(8)));
	const struct nlmsghdr *reply = (const struct nlmsghdr *)buffer;
	int fd = (int)must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	uint32_t port;

	must(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	must(getsockname(fd, (struct sockaddr *)&own, &length));
	port = own.nl_pid;
	must(send(fd, &request, sizeof(request), 0));
	ready();
	must(getsockname(fd, (struct sockaddr *)&own, &length));
	expect(own.nl_pid == port && own.nl_groups == RTMGRP_LINK, "the address has changed");
	must(recv(fd, buffer, sizeof(buffer), 0));
	expect(reply->nlmsg_seq == 4711 && reply->nlmsg_type == RTM_NEWADDR,
	       "another reply came: type %u, number %u", reply->nlmsg_type, reply->nlmsg_seq);
	for (int i = 0; reply->nlmsg_type != NLMSG_DONE; i++) {
		expect(i < 100, "the list has no end");
		must(recv(fd, buffer, sizeof(buffer), 0));
	}
}

const struct state state_netlink = {
	.name = "netlink",
	.summary = "netlink, a list that is half read",
	.run = run,
};
