/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Named and abstract sockets: a listener with waiting connections, a datagram queue. */
#include <sys/socket.h>
#include <sys/un.h>

#include "vksession/selftest/states/state.h"

static socklen_t name(struct sockaddr_un *address, bool abstract)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path + abstract, sizeof(address->sun_path) - 1, "selftest-%d",
		 getpid());
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract +
			   strlen(address->sun_path + abstract) + !abstract);
}

static void run(void)
{
	struct sockaddr_un address;
	socklen_t length;
	int listeners[2], clients[2], late[2];
	char text[5];

	for (int i = 0; i < 2; i++) {
		length = name(&address, i == 1);
		listeners[i] = (int)must(socket(AF_UNIX, SOCK_STREAM, 0));
		must(bind(listeners[i], (struct sockaddr *)&address, length));
		must(listen(listeners[i], 8));
		clients[i] = (int)must(socket(AF_UNIX, SOCK_STREAM, 0));
		must(connect(clients[i], (struct sockaddr *)&address, length));
		must(send(clients[i], "early", 5, 0));
	}
	ready();
	for (int i = 0; i < 2; i++) {
		const char *kind = i == 1 ? "abstract" : "named";
		int accepted = (int)must(accept(listeners[i], NULL, NULL));

		read_all(accepted, text, 5);
		expect(memcmp(text, "early", 5) == 0, "%s: the waiting data has changed", kind);
		length = name(&address, i == 1);
		late[i] = (int)must(socket(AF_UNIX, SOCK_STREAM, 0));
		expect(connect(late[i], (struct sockaddr *)&address, length) == 0,
		       "%s: connect after the save: %s", kind, strerror(errno));
		must(accept(listeners[i], NULL, NULL));
	}
}

const struct state state_socket_unix = {
	.name = "socket-unix",
	.summary = "named and abstract unix sockets",
	.run = run,
};
