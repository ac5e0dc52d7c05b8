/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors and credentials that are under way in a socket. */
#include <sys/socket.h>
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static void send_descriptor(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec iovec = { (char *)"d", 1 };
	struct msghdr message = { .msg_iov = &iovec,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	must(sendmsg(socket, &message, 0));
}

static int receive_descriptor(int socket, struct ucred *sender)
{
	char control[256] __attribute__((aligned(8)));
	char byte;
	struct iovec iovec = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iovec,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fd = -1;

	must(recvmsg(socket, &message, 0));
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header)) {
		if (header->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		else if (header->cmsg_type == SCM_CREDENTIALS)
			memcpy(sender, CMSG_DATA(header), sizeof(*sender));
	}
	return fd;
}

static void run(void)
{
	struct ucred sender = { 0 };
	int ends[2], carried[2], one = 1, got;
	char text[6];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	must(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	must(pipe(carried));
	must(write(carried[1], "inside", 6));
	send_descriptor(ends[0], carried[0]);
	send_descriptor(ends[0], ends[1]);
	close(carried[0]);
	ready();
	got = receive_descriptor(ends[1], &sender);
	expect(got >= 0, "the descriptor under way is lost");
	expect(sender.pid == getpid() && sender.uid == getuid(), "the sender is told wrongly");
	read_all(got, text, sizeof(text));
	expect(memcmp(text, "inside", 6) == 0, "the pipe under way has lost its data");
	got = receive_descriptor(ends[1], &sender);
	expect(got >= 0, "a socket under way through itself is lost");
	must(send(ends[0], "x", 1, 0));
	must(recv(got, text, 1, 0));
}

const struct state state_descriptor_passing = {
	.name = "descriptor-passing",
	.summary = "descriptors and credentials under way",
	.run = run,
};
