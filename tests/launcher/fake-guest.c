/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-guest.h"

#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct FakeGuest {
	char *dir;
	char *path;
	int listener;
	GThread *thread;
	FakeGuestServe serve;
	gpointer data;
};

static gpointer accept_one(gpointer data)
{
	FakeGuest *guest = data;
	int fd = accept4(guest->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0) {
		guest->serve(fd, guest->data);
		close(fd);
	}
	return NULL;
}

FakeGuest *fake_guest_new(FakeGuestServe serve, gpointer data)
{
	FakeGuest *guest = g_new0(FakeGuest, 1);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	guest->serve = serve;
	guest->data = data;
	guest->dir = g_dir_make_tmp("guest-XXXXXX", NULL);
	guest->path = g_build_filename(guest->dir, "control.sock", NULL);
	guest->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_strlcpy(address.sun_path, guest->path, sizeof(address.sun_path));
	g_assert_cmpint(bind(guest->listener, (struct sockaddr *)&address, sizeof(address)), ==, 0);
	g_assert_cmpint(listen(guest->listener, 1), ==, 0);
	guest->thread = g_thread_new("guest", accept_one, guest);
	return guest;
}

const char *fake_guest_runtime_dir(FakeGuest *guest)
{
	return guest->dir;
}

void fake_guest_free(FakeGuest *guest)
{
	if (!guest)
		return;
	g_thread_join(guest->thread);
	close(guest->listener);
	g_remove(guest->path);
	g_rmdir(guest->dir);
	g_free(guest->path);
	g_free(guest->dir);
	g_free(guest);
}
