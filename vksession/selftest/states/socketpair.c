/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data in pairs of sockets of each type. */
#include <sys/socket.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	static const char *const names[] = { "stream", "datagram", "packet" };
	int ends[3][2];
	char text[PATTERN_SIZE];

	for (int i = 0; i < 3; i++) {
		must(socketpair(AF_UNIX, types[i], 0, ends[i]));
		must(send(ends[i][0], "first", 5, 0));
		must(send(ends[i][0], "second", 6, 0));
		pattern_fill(text, sizeof(text), PATTERN_SOCKET);
		must(send(ends[i][1], text, sizeof(text), 0));
		memset(text, 0, sizeof(text));
	}
	must(shutdown(ends[0][0], SHUT_WR));
	ready();
	for (int i = 0; i < 3; i++) {
		ssize_t wanted = types[i] == SOCK_STREAM ? 11 : 5;

		expect(recv(ends[i][1], text, sizeof(text), 0) == wanted &&
			       memcmp(text, "first", 5) == 0,
		       "the %s socket has lost data or its boundaries", names[i]);
		expect(recv(ends[i][0], text, sizeof(text), 0) == PATTERN_SIZE &&
			       pattern_differs(text, sizeof(text), PATTERN_SOCKET) < 0,
		       "what went back in the %s socket has changed", names[i]);
	}
	expect(recv(ends[0][1], text, sizeof(text), 0) == 0, "the end of the stream is not told");
	expect(recv(ends[1][1], text, sizeof(text), 0) == 6, "the second datagram is lost");
	expect(recv(ends[2][1], text, sizeof(text), 0) == 6, "the second packet is lost");
}

const struct state state_socketpair = {
	.name = "socketpair",
	.summary = "data in socket pairs",
	.run = run,
};
